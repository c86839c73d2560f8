//! GitHub Issues: reads repositories, issues and their history, and writes one living comment on an issue.
//!
//! Each call of [`Source::pull`] is one request. Issues and comments are read as feeds sorted by their last change
//! (`feed`), events newest first down to the last known one. What GitHub changes without touching an issue's
//! `updated_at` (children, blockers) is read by a stream of its own, many issues a call, by GraphQL (`graph`) where that is
//! to be had; so are projects. What GitHub's JSON means is told by `normalise` and `history`, which are pure.
//!
//! A repository that was renamed answers with a redirect: of that only the repository's id is taken, and the same call is
//! made once more by id, on the configured origin. A write that is redirected was not done, so this is safe for it too.

mod access;
mod address;
mod answers;
mod backward;
mod app;
mod call;
mod census;
mod comment;
mod discover;
mod edition;
mod examine;
mod feed;
mod fields;
mod graph;
mod history;
mod hooks;
mod items;
mod look;
mod mark;
mod normalise;
mod past;
mod pull;
mod repos;
mod selection;
mod tasklist;
mod tasks;
mod text;
mod walk;
mod whoami;
mod wire;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use connector_kit::http::{Http, HttpConfig, Method};
use connector_kit::limits::Limits;
use connector_kit::{
    BoxFuture, Clock, Commenter, ConnectorError, Cursor, Every, Found, KnownTask, MessageRef, Page, Source, StreamKey,
    StreamKind, StreamSpec, TaskLook, Text, Usage, Wanted, Whoami, WriteError,
};
use connector_model::{Field, Mark};
use jiff::{SignedDuration, Timestamp};
use url::Url;

pub use access::Credential;
pub use app::AppKey;
pub use graph::{Fields, Project, Statuses};
pub use hooks::GithubHooks;
pub use selection::{Filter, States};

use access::Access;
use address::Wanted as Selected;
use edition::Edition;

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

/// What this connector may write; the client refuses all else. A token of an App's installation is no write to anybody's
/// work, but it is asked for in the same way.
const WRITES: [(Method, &str); 7] = [
    (Method::POST, "app/installations/*/access_tokens"),
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
    /// What it logs in with; read anew where it is needed, so that a changed file takes effect without a restart.
    pub credential: Credential,
    /// The repositories, as `owner/name`; `owner/*` for all of an owner.
    pub repos: Vec<String>,
    /// Which of their issues are covered.
    pub filter: Filter,
    /// What labels say of an open issue's state.
    pub states: States,
    /// Projects whose items say more of issues. Where several say something, the first counts.
    pub projects: Vec<Project>,
    /// What fields are called.
    pub fields: Fields,
    /// What the columns of projects say of an open issue's state.
    pub statuses: Statuses,
    /// PEM file with the company's own CA. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}

/// One connection to GitHub.
pub struct GitHub {
    http: Http,
    limits: Arc<Limits>,
    access: Access,
    edition: Edition,
    repos: Vec<Selected>,
    filter: Filter,
    states: States,
    graph: graph::Graph,
    projects: Vec<Project>,
    fields: Fields,
    statuses: Statuses,
    clock: Arc<dyn Clock>,
    /// The REST base.
    api: Url,
    /// Scheme, host and port of the API.
    origin: String,
    /// Where people see issues: `https://github.com`.
    web: String,
    /// The server knows repositories by their names alone.
    names_only: AtomicBool,
    /// Id of the account we write as. Outer `None`: not asked yet; inner: GitHub does not tell.
    own: Mutex<Option<Option<String>>>,
}

impl GitHub {
    /// A connection. Nothing is asked yet.
    ///
    /// Misconfigured where a repository is neither `owner/name` nor `owner/*`, the address is unusable, or the CA file cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<GitHub, ConnectorError> {
        let repos: Vec<Selected> = config.repos.iter().map(|text| wanted(text)).collect::<Result<_, _>>()?;
        let mut owners: Vec<String> = repos.iter().map(|wanted| wanted.owner.to_ascii_lowercase()).collect();
        owners.sort();
        owners.dedup();
        // A comment notifies people: one every 3 s, as GitHub's own client does, after a handful at once.
        let limits = Limits::new(clock.clone()).with_pace(COMMENTS, SignedDuration::from_secs(3), 3);
        for owner in &owners {
            let comments = COMMENTS.replacen(CORE, &call::budget_of(owner), 1);
            limits.set_pace(&comments, SignedDuration::from_secs(3), 3);
        }
        let limits = Arc::new(limits);
        let graph = graph::Graph::new(&config.url, config.graphql_url.as_ref());
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base: config.url.clone(),
            also: vec![graph.base().clone()],
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
            access: Access::new(config.credential, owners),
            edition: Edition::default(),
            repos,
            filter: config.filter,
            states: config.states,
            graph,
            projects: config.projects,
            fields: config.fields,
            statuses: config.statuses,
            clock,
            origin: config.url.origin().ascii_serialization(),
            web: address::web_of(&config.url),
            api: config.url,
            names_only: AtomicBool::default(),
            own: Mutex::default(),
        })
    }

    /// An owner of the selection, for what is no owner's own.
    pub(crate) fn any_owner(&self) -> &str {
        self.access.owners.first().map_or("", String::as_str)
    }

    /// GitHub's clock minus ours, from the last answer's `Date`. `None`: nothing answered yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// What has been used of GitHub so far.
    pub fn usage(&self) -> Usage {
        self.http.usage()
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

fn wanted(text: &str) -> Result<Selected, ConnectorError> {
    Selected::from_text(text).ok_or_else(|| {
        let what = format!("repository \"{text}\": write it as owner/name, or owner/* for all of an owner");
        ConnectorError::Misconfigured { tool: TOOL, what }
    })
}

impl Source for GitHub {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        Box::pin(self.ask_whoami())
    }

    fn streams(&self) -> Vec<StreamSpec> {
        let half_an_hour = SignedDuration::from_mins(30);
        let spec = |kind, every| StreamSpec { kind, every };
        let boards = (!self.projects.is_empty()).then(|| spec(StreamKind::Boards, Every::Period(half_an_hour)));
        let always = [
            spec(StreamKind::Containers, Every::Period(SignedDuration::from_hours(1))),
            spec(StreamKind::Homes, Every::Period(half_an_hour)),
            spec(StreamKind::Tasks, Every::Poll),
            spec(StreamKind::Comments, Every::AfterTasks(half_an_hour)),
            spec(StreamKind::Events, Every::AfterTasks(half_an_hour)),
            spec(StreamKind::Links, Every::Period(half_an_hour)),
            spec(StreamKind::Census, Every::Daily),
        ];
        always.into_iter().chain(boards).collect()
    }

    fn renewed(&self) -> bool {
        self.access.is_renewed()
    }

    /// GitHub keeps no history of the body: an edit of it, or a box that was ticked in it, shows only from read to read. Nor
    /// does it of the dates and numbers of projects and fields.
    fn observed(&self) -> &'static [Field] {
        &[Field::Description, Field::Progress, Field::Due, Field::Start, Field::Estimate]
    }

    fn wants(&self, stream: &StreamKey, cursor: &Cursor) -> Option<Wanted> {
        if stream.kind == StreamKind::Links { self.wanted_links(stream.scope.as_ref(), cursor) } else { None }
    }

    fn refresh<'a>(
        &'a self,
        stream: &'a StreamKey,
        cursor: &'a Cursor,
        tasks: &'a [KnownTask],
    ) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(async move {
            match &stream.scope {
                Some(scope) => self.refresh_links(scope, cursor, tasks).await,
                None => self.pull_stream(stream, cursor).await,
            }
        })
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
