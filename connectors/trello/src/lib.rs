//! Trello: reads boards, cards and their history, and writes one living comment on a card.
//!
//! Trello tells no state of a card, only the list it lies in: what a list means is configured, or told by its name (`words`).
//! It has no list of what changed either: each poll asks for the open cards of a board and compares them with those it knows
//! (`tasks`), and asks for the board's actions since the last one, which are the history (`history`). Some changes have no
//! action, some cards no list of their own to vanish from, so that a full pass is made now and then and a census each day.
//!
//! Key and token go in a header and never into an address, which is why the token's end is asked for by its owner.

mod access;
mod answers;
mod board;
mod call;
mod census;
mod checklists;
mod comment;
mod config;
mod containers;
mod discover;
mod examine;
mod history;
mod hooks;
mod items;
mod listing;
mod look;
mod mark;
mod memory;
mod normalise;
mod reach;
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
use connector_model::{Account, Field, Mark};
use jiff::{SignedDuration, Timestamp};

pub use config::{Config, Fields, States};
pub use hooks::TrelloHooks;

use access::Access;
use memory::Memories;

/// The connector's name, in errors and in site keys.
pub(crate) const TOOL: &str = "trello";

/// The largest answer accepted: a thousand cards with everything on them.
const LARGEST_BODY: usize = 64 << 20;

/// Every request's deadline, body included. Trello itself gives up after 30 seconds.
const DEADLINE: SignedDuration = SignedDuration::from_secs(45);

/// Open tasks of a board that are taken up from the mirror; Trello has no more than 5,000 open cards on one.
const MOST_RECALLED: u32 = 100_000;

/// How often a read is tried in all.
const READ_ATTEMPTS: usize = 4;

/// The budget of everything together.
pub(crate) const CORE: &str = "core";

/// The budget of everything below `/members`, which has a limit of its own and counts for the whole as well.
pub(crate) const MEMBERS: &str = "core:members";

/// The budget of writes, paced beside.
pub(crate) const WRITES: &str = "core:write";

/// What this connector may write; the client refuses all else.
const ALLOWED: [(Method, &str); 3] = [
    (Method::POST, "cards/*/actions/comments"),
    (Method::PUT, "cards/*/actions/*/comments"),
    (Method::DELETE, "cards/*/actions/*/comments"),
];

/// One connection to Trello.
pub struct Trello {
    http: Http,
    access: Access,
    limits: Arc<Limits>,
    /// Who we are. `None`: not asked yet.
    me: Mutex<Option<Account>>,
    /// The boards that were listed last, and when.
    listed: Mutex<Option<(Vec<wire::BoardStub>, Timestamp)>>,
    /// What boards call things, by board.
    boards: Mutex<HashMap<String, Arc<board::Board>>>,
    /// What cards looked like, by board.
    memories: Memories,
    /// Cards on a page of boards whose cards are too large for the longest one, by board.
    page_sizes: Mutex<HashMap<String, usize>>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What it was made of; the credential is in `access` as well.
    pub(crate) config: Config,
}

impl Trello {
    /// A connection. Nothing is asked yet.
    ///
    /// Misconfigured where an address is unusable, or the CA file cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Trello, ConnectorError> {
        // Trello tells nothing of what is left. Its limits: 100 in 10 s a token, 100 in 15 min below `/members`; whoever is
        // refused 200 times in 10 s is locked out.
        let limits = Limits::new(clock.clone())
            .with_pace(CORE, SignedDuration::from_millis(125), 15)
            .with_pace(MEMBERS, SignedDuration::from_secs(12), 12)
            .with_pace(WRITES, SignedDuration::from_millis(500), 5);
        let limits = Arc::new(limits);
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base: config.url.clone(),
            also: Vec::new(),
            ca_file: config.ca_file.clone(),
            proxy: config.proxy.clone(),
            deadline: DEADLINE,
            max_body: LARGEST_BODY,
            read_attempts: READ_ATTEMPTS,
            clock: clock.clone(),
            limits: limits.clone(),
        })?;
        Ok(Trello {
            http: http.allow_writes(&ALLOWED),
            access: Access::new(config.key.clone(), config.token.clone()),
            limits,
            me: Mutex::default(),
            listed: Mutex::default(),
            boards: Mutex::default(),
            memories: Memories::default(),
            page_sizes: Mutex::default(),
            clock,
            config,
        })
    }

    /// Trello's clock minus ours, from the last answer's `Date`. `None`: nothing answered yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// What has been used of Trello so far.
    pub fn usage(&self) -> Usage {
        self.http.usage()
    }

    /// A text as it stands in a comment, without its reference.
    pub fn rendered(text: &Text) -> String {
        text::markdown(text)
    }

    /// How many requests were sent since the start, repetitions included.
    pub fn requests(&self) -> u64 {
        self.http.requests()
    }

    async fn pull_stream(&self, stream: &StreamKey, cursor: &Cursor) -> Result<Page, ConnectorError> {
        match (&stream.scope, stream.kind) {
            (_, StreamKind::Containers) => self.pull_containers(cursor).await,
            (Some(scope), StreamKind::Tasks) => self.pull_tasks(scope, cursor, &[]).await,
            (Some(scope), StreamKind::Census) => self.pull_census(scope, cursor).await,
            (_, kind) => {
                Err(ConnectorError::Misconfigured { tool: TOOL, what: format!("there is no stream {kind:?}") })
            }
        }
    }
}

impl Source for Trello {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        Box::pin(self.ask_whoami())
    }

    fn streams(&self) -> Vec<StreamSpec> {
        let spec = |kind, every| StreamSpec { kind, every };
        vec![
            spec(StreamKind::Containers, Every::Period(SignedDuration::from_hours(1))),
            spec(StreamKind::Tasks, Every::Poll),
            spec(StreamKind::Census, Every::Daily),
        ]
    }

    fn renewed(&self) -> bool {
        self.access.is_renewed()
    }

    /// A board's actions tell nothing of custom fields, of labels, nor of items added to a checklist.
    fn observed(&self) -> &'static [Field] {
        &[Field::Start, Field::Progress, Field::Estimate, Field::Priority]
    }

    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(self.pull_stream(stream, cursor))
    }

    /// What the mirror holds of a board of which nothing is remembered: what has gone meanwhile is missed at once.
    fn wants(&self, stream: &StreamKey, cursor: &Cursor) -> Option<Wanted> {
        let scope = stream.scope.as_ref().filter(|_| stream.kind == StreamKind::Tasks)?;
        self.is_forgotten(&scope.at.ext, cursor).then_some(Wanted { after: None, most: MOST_RECALLED })
    }

    fn refresh<'a>(
        &'a self,
        stream: &'a StreamKey,
        cursor: &'a Cursor,
        tasks: &'a [KnownTask],
    ) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        match &stream.scope {
            Some(scope) => Box::pin(self.pull_tasks(scope, cursor, tasks)),
            None => self.pull(stream, cursor),
        }
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        Box::pin(self.look_at_task(handle))
    }
}

impl Commenter for Trello {
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
