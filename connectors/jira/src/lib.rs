//! Jira, Cloud and Data Center: reads projects, issues and their history, and writes one living comment on an issue.
//!
//! The two products are two different APIs. What differs between them (paths, pages, history) is told by `cloud` and
//! `dc`; what an issue means is the same and told by `normalise` and `history`, which are pure. Steady reading is one search
//! for the whole connection; histories and comments are asked for of changed issues alone.
//!
//! Jira answers a wrong credential with empty lists and status 200 where anonymous reading is allowed. So no answer is
//! believed that does not name our own account, unless `/myself` has just named it.

mod access;
mod again;
mod answers;
mod call;
mod census;
mod cloud;
mod comment;
mod config;
mod containers;
mod dc;
mod discover;
mod examine;
mod fill;
mod history;
mod homes;
mod hooks;
mod identity;
mod items;
mod jql;
mod look;
mod mark;
mod normalise;
mod plain;
mod pull;
mod said;
mod reach;
mod search;
mod site;
mod stand;
mod tasks;
mod text;
mod when;
mod whoami;
mod wire;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use connector_kit::http::{Http, HttpConfig, Method};
use connector_kit::limits::Limits;
use connector_kit::{
    BoxFuture, Clock, Commenter, ConnectorError, Cursor, Every, Found, KnownTask, MessageRef, Page, Source, StreamKey,
    StreamKind, StreamSpec, TaskLook, Text, Usage, Wanted, Whoami, WriteError,
};
use connector_model::{Container, Mark};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

pub use config::{Config, Edition, Fields, Login, States};
pub use hooks::JiraHooks;

use access::Access;
use identity::Identity;

/// The connector's name, in errors and in site keys.
pub(crate) const TOOL: &str = "jira";

/// The largest answer accepted: a page of issues with their whole histories.
const LARGEST_BODY: usize = 64 << 20;

/// Every request's deadline, body included. A search that expands histories takes long on a busy server.
const DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// How often a read is tried in all.
const READ_ATTEMPTS: usize = 4;

/// The budget of everything together.
pub(crate) const CORE: &str = "core";

/// The budget of reads that have none of their own.
pub(crate) const READ: &str = "core:read";

/// The budget of searches; the vendor counts each endpoint apart, and parts of [`CORE`] are what we count so.
pub(crate) const SEARCH: &str = "core:search";

/// The budget of new comments, paced beside.
pub(crate) const COMMENTS: &str = "core:comment";

/// The budget of edits and deletions, paced beside.
pub(crate) const EDITS: &str = "core:edit";

/// Where every tenant of Cloud is reached with a scoped token.
const GATEWAY: &str = "https://api.atlassian.com";

/// What this connector may write; the client refuses all else. Each once at the site and once behind the gateway.
const WRITES: [(Method, &str); 9] = [
    (Method::POST, "rest/api/3/issue/*/comment"),
    (Method::POST, "ex/jira/*/rest/api/3/issue/*/comment"),
    (Method::POST, "rest/api/2/issue/*/comment"),
    (Method::PUT, "rest/api/3/issue/*/comment/*"),
    (Method::PUT, "ex/jira/*/rest/api/3/issue/*/comment/*"),
    (Method::PUT, "rest/api/2/issue/*/comment/*"),
    (Method::DELETE, "rest/api/3/issue/*/comment/*"),
    (Method::DELETE, "ex/jira/*/rest/api/3/issue/*/comment/*"),
    (Method::DELETE, "rest/api/2/issue/*/comment/*"),
];

/// One connection to Jira.
pub struct Jira {
    http: Http,
    access: Access,
    identity: Identity,
    /// What the site calls things. `None`: not asked yet.
    names: Mutex<Option<Arc<site::Site>>>,
    /// Sprints by id, where issues name no more than that, and when each was asked for.
    sprints: Mutex<HashMap<String, (Option<Container>, Timestamp)>>,
    /// Whether histories of single issues bring anything here.
    singles: cloud::Singles,
    pub(crate) clock: Arc<dyn Clock>,
    /// The site as people open it.
    pub(crate) site: Url,
    /// What it was made of; the credential is in `access` as well.
    pub(crate) config: Config,
}

impl Jira {
    /// A connection. Nothing is asked yet.
    ///
    /// Misconfigured where an address is unusable, or the CA file cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Jira, ConnectorError> {
        let gateway = is_atlassian(&config.url).then(|| Url::parse(GATEWAY).expect("a constant address"));
        Jira::behind(config, gateway, clock)
    }

    /// A connection whose gateway, where its site refuses a token, is looked for at this address.
    pub(crate) fn behind(config: Config, gateway: Option<Url>, clock: Arc<dyn Clock>) -> Result<Jira, ConnectorError> {
        // Together never more than Jira lets one issue be written to: 20 times in 2 s, 100 times in 30 s.
        let limits = Limits::new(clock.clone()).with_pace(COMMENTS, SignedDuration::from_secs(2), 3).with_pace(
            EDITS,
            SignedDuration::from_millis(500),
            10,
        );
        if config.edition != Some(Edition::Cloud) && !is_atlassian(&config.url) {
            // Somebody's own server, usually without limits of its own.
            limits.set_pace(CORE, SignedDuration::from_millis(200), 5);
        }
        let limits = Arc::new(limits);
        let also: Vec<Url> = config.gateway_url.iter().chain(&gateway).cloned().collect();
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base: config.url.clone(),
            also,
            ca_file: config.ca_file.clone(),
            proxy: config.proxy.clone(),
            deadline: DEADLINE,
            max_body: LARGEST_BODY,
            read_attempts: READ_ATTEMPTS,
            clock: clock.clone(),
            limits,
        })?;
        Ok(Jira {
            http: http.allow_writes(&WRITES),
            access: Access::new(config.login.clone(), config.gateway_url.clone(), gateway),
            identity: Identity::new(known_edition(&config)),
            names: Mutex::default(),
            sprints: Mutex::default(),
            singles: cloud::Singles::default(),
            clock,
            site: config.url.clone(),
            config,
        })
    }

    /// Jira's clock minus ours, from the last answer's `Date`. `None`: nothing answered yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// What has been used of Jira so far.
    pub fn usage(&self) -> Usage {
        self.http.usage()
    }

    /// A text as it stands in a comment: a document for Cloud, wiki text for Data Center.
    pub fn rendered(edition: Edition, text: &Text) -> Value {
        match edition {
            Edition::Cloud => text::adf::document(text),
            Edition::DataCenter => text::wiki::wiki(text).into(),
        }
    }

    /// How many requests were sent since the start, repetitions included.
    pub fn requests(&self) -> u64 {
        self.http.requests()
    }
}

/// A site of the vendor's own cloud.
fn is_atlassian(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && (host.ends_with(".atlassian.net") || host.ends_with(".jira.com"))
}

/// What needs no question.
fn known_edition(config: &Config) -> Option<Edition> {
    config.edition.or_else(|| (is_atlassian(&config.url) || config.gateway_url.is_some()).then_some(Edition::Cloud))
}

impl Source for Jira {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        Box::pin(self.ask_whoami())
    }

    fn streams(&self) -> Vec<StreamSpec> {
        let hourly = Every::Period(SignedDuration::from_hours(1));
        let spec = |kind, every| StreamSpec { kind, every };
        vec![
            spec(StreamKind::Containers, hourly),
            spec(StreamKind::Homes, hourly),
            spec(StreamKind::Tasks, Every::Poll),
            spec(StreamKind::Links, Every::Period(SignedDuration::from_hours(24))),
            spec(StreamKind::Census, Every::Daily),
        ]
    }

    fn renewed(&self) -> bool {
        self.access.is_renewed()
    }

    fn wants(&self, stream: &StreamKey, cursor: &Cursor) -> Option<Wanted> {
        self.wanted_again(stream, cursor)
    }

    fn refresh<'a>(
        &'a self,
        stream: &'a StreamKey,
        cursor: &'a Cursor,
        tasks: &'a [KnownTask],
    ) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(async move {
            match &stream.scope {
                Some(scope) => self.read_again(scope, cursor, tasks).await,
                None => self.pull_stream(stream, cursor).await,
            }
        })
    }

    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(self.pull_stream(stream, cursor))
    }

    fn joins(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Tasks
    }

    fn pull_joint<'a>(
        &'a self,
        streams: &'a [(StreamKey, Cursor)],
    ) -> BoxFuture<'a, Result<Vec<Page>, ConnectorError>> {
        Box::pin(self.pull_streams(streams))
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        Box::pin(self.look_at_task(handle))
    }
}

impl Commenter for Jira {
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
