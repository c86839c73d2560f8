//! GitHub Issues: reads repositories, issues and their history, and writes one living comment on an issue.
//!
//! Each call of [`Source::pull`] is one request. Issues and comments are read as feeds sorted by their last change
//! (`feed`), events newest first down to the last known one. What GitHub changes without touching an issue's
//! `updated_at` (children, blockers) is read by a stream of its own. What GitHub's JSON means is told by `normalise` and
//! `history`, which are pure.
//!
//! A repository that was renamed answers with a redirect: of that only the repository's id is taken, and the same call is
//! made once more by id, on the configured origin. A write that is redirected was not done, so this is safe for it too.

mod address;
mod answers;
mod call;
mod comment;
mod discover;
mod examine;
mod feed;
mod history;
mod items;
mod mark;
mod normalise;
mod past;
mod pull;
mod selection;
mod tasklist;
mod tasks;
mod text;
mod whoami;
mod wire;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use connector_kit::http::{Http, HttpConfig, Method};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::{
    BoxFuture, Clock, Commenter, ConnectorError, Cursor, Every, Found, MessageRef, Page, Source, StreamKey, StreamKind,
    StreamSpec, TaskLook, Text, Whoami, WriteError,
};
use connector_model::{Field, Mark};
use jiff::{SignedDuration, Timestamp};
use url::Url;

pub use selection::{Filter, States};

/// The connector's name, in errors and in site keys.
pub(crate) const TOOL: &str = "github";

/// The largest answer accepted: a hundred issues with the longest bodies GitHub stores, escaped.
const LARGEST_BODY: usize = 64 << 20;

/// Every request's deadline, body included.
const DEADLINE: SignedDuration = SignedDuration::from_secs(30);

/// How often a read is tried in all.
const READ_ATTEMPTS: usize = 4;

/// The budget of everything read, and of writes that notify nobody.
pub(crate) const CORE: &str = "core";

/// The budget of new comments: part of `core`, and paced beside.
pub(crate) const COMMENTS: &str = "core:comment";

/// What this connector may write; the client refuses all else.
const WRITES: [(Method, &str); 6] = [
    (Method::POST, "repos/*/*/issues/*/comments"),
    (Method::POST, "repositories/*/issues/*/comments"),
    (Method::PATCH, "repos/*/*/issues/comments/*"),
    (Method::PATCH, "repositories/*/issues/comments/*"),
    (Method::DELETE, "repos/*/*/issues/comments/*"),
    (Method::DELETE, "repositories/*/issues/comments/*"),
];

/// What a connection to GitHub is made of. Not to be printed: a proxy's address may hold a password.
#[derive(Clone)]
pub struct Config {
    /// The REST base: `https://api.github.com`, or `https://HOST/api/v3` on Enterprise Server.
    pub url: Url,
    /// The GraphQL address where it does not follow from `url`. `None`: it does. A host the credential may go to.
    pub graphql_url: Option<Url>,
    /// A personal access token; read anew for each request, so that a changed file takes effect at once.
    pub token: Secret,
    /// The repositories, as `owner/name`.
    pub repos: Vec<String>,
    /// Which of their issues are covered.
    pub filter: Filter,
    /// What labels say of an open issue's state.
    pub states: States,
    /// PEM file with the company's own CA. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}

/// One connection to GitHub.
pub struct GitHub {
    http: Http,
    limits: Arc<Limits>,
    token: Secret,
    repos: Vec<String>,
    filter: Filter,
    states: States,
    clock: Arc<dyn Clock>,
    /// Scheme, host and port of the API.
    origin: String,
    /// Where people see issues: `https://github.com`.
    web: String,
    /// Id of the account we write as. Outer `None`: not asked yet; inner: GitHub does not tell.
    own: Mutex<Option<Option<String>>>,
}

impl GitHub {
    /// A connection. Nothing is asked yet.
    ///
    /// Misconfigured where a repository is not `owner/name`, the address is unusable, or the CA file cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<GitHub, ConnectorError> {
        if let Some(bad) = config.repos.iter().find(|repo| !address::is_repo_name(repo)) {
            let what = format!("repository \"{bad}\": write it as owner/name");
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        }
        // A comment notifies people: one every 3 s, as GitHub's own client does, after a handful at once.
        let limits = Limits::new(clock.clone()).with_pace(COMMENTS, SignedDuration::from_secs(3), 3);
        let limits = Arc::new(limits);
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base: config.url.clone(),
            also: config.graphql_url.into_iter().collect(),
            ca_file: config.ca_file,
            proxy: config.proxy,
            deadline: DEADLINE,
            max_body: LARGEST_BODY,
            read_attempts: READ_ATTEMPTS,
            clock: clock.clone(),
            limits: limits.clone(),
        })?;
        Ok(GitHub {
            http: http.allow_writes(&WRITES),
            limits,
            token: config.token,
            repos: config.repos,
            filter: config.filter,
            states: config.states,
            clock,
            origin: config.url.origin().ascii_serialization(),
            web: address::web_of(&config.url),
            own: Mutex::default(),
        })
    }

    /// GitHub's clock minus ours, from the last answer's `Date`. `None`: nothing answered yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// A text as it stands in a comment, without the mark.
    pub fn rendered(text: &Text) -> String {
        text::markdown(text)
    }

    /// How many requests were sent since the start, repetitions included.
    pub fn requests(&self) -> u64 {
        self.http.requests()
    }
}

impl Source for GitHub {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        Box::pin(self.ask_whoami())
    }

    fn streams(&self) -> Vec<StreamSpec> {
        let half_an_hour = SignedDuration::from_mins(30);
        let spec = |kind, every| StreamSpec { kind, every };
        vec![
            spec(StreamKind::Containers, Every::Period(SignedDuration::from_hours(1))),
            spec(StreamKind::Homes, Every::Period(half_an_hour)),
            spec(StreamKind::Tasks, Every::Poll),
            spec(StreamKind::Comments, Every::AfterTasks(half_an_hour)),
            spec(StreamKind::Events, Every::AfterTasks(half_an_hour)),
            spec(StreamKind::Links, Every::Period(half_an_hour)),
        ]
    }

    /// GitHub keeps no history of the body: an edit of it, or a box that was ticked in it, shows only from read to read.
    fn observed(&self) -> &'static [Field] {
        &[Field::Description, Field::Progress]
    }

    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(self.pull_stream(stream, cursor))
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        Box::pin(self.look_at_task(handle))
    }
}

impl Commenter for GitHub {
    fn post<'a>(
        &'a self,
        task: &'a str,
        body: &'a Text,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>> {
        Box::pin(self.post_comment(task, body, mark))
    }

    fn edit<'a>(
        &'a self,
        task: &'a str,
        at: &'a MessageRef,
        body: &'a Text,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.edit_comment(task, at, body, mark))
    }

    fn find<'a>(
        &'a self,
        task: &'a str,
        mark: &'a Mark,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        Box::pin(self.find_comment(task, mark, since))
    }

    fn delete<'a>(&'a self, task: &'a str, at: &'a MessageRef) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.delete_comment(task, at))
    }
}
