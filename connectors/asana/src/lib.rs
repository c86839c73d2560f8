//! Asana: reads projects, tasks with all their subtasks, and their history, and writes one living comment on a task.
//!
//! A steady read is one question for a project's events. Events may get lost, so lists are read as well: hourly what was
//! modified, every six hours all that is open. What a task means is told by `normalise`, `fields` and `history`, which are
//! pure. A task in several projects is one task, which lives in the first watched one; a subtask lives where its parent does.

mod absences;
mod access;
mod answers;
mod call;
mod census;
mod comment;
mod config;
mod containers;
mod discover;
mod events;
mod examine;
mod fields;
mod fill;
mod history;
mod hooks;
mod items;
mod lacks;
mod look;
mod mark;
mod normalise;
mod places;
mod plans;
mod reach;
mod said;
mod stand;
mod tasks;
mod text;
mod whoami;
mod wire;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_kit::http::{Http, HttpConfig, Method};
use connector_kit::limits::Limits;
use connector_kit::{
    BoxFuture, Clock, Commenter, ConnectorError, Cursor, Every, Found, KnownTask, MessageRef, Page, Source, StreamKey,
    StreamKind, StreamSpec, TaskLook, Text, Usage, Wanted, Whoami, WriteError,
};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};

pub use config::{Config, Fields, States};
pub use hooks::{AsanaHooks, Keep, Keeper};

use access::Access;
use normalise::fingerprint;
use places::Places;
use plans::Plans;
use whoami::Myself;

/// The connector's name, in errors and in site keys.
pub(crate) const TOOL: &str = "asana";

/// The largest answer accepted: a hundred tasks with long descriptions, ten times over.
const LARGEST_BODY: usize = 64 << 20;

/// Every request's deadline, body included.
const DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// How often a read is tried in all.
const READ_ATTEMPTS: usize = 4;

/// The budget of a free workspace: 150 requests a minute, of which we leave a fifth to others.
pub(crate) const FREE: &str = "free";

/// The budget of a paid one: 1,500.
pub(crate) const PAID: &str = "paid";

/// Deleted tasks that are remembered.
const MOST_DELETED: usize = 10_000;

/// Open tasks of which it is remembered where they stood.
const MOST_STOOD: usize = 200_000;

/// Open tasks of one project that are taken up from the mirror.
const MOST_RECALLED: u32 = 100_000;

/// What this connector may write; the client refuses all else.
const WRITES: [(Method, &str); 3] =
    [(Method::POST, "tasks/*/stories"), (Method::PUT, "stories/*"), (Method::DELETE, "stories/*")];

/// One connection to Asana.
pub struct Asana {
    http: Http,
    limits: Arc<Limits>,
    access: Access,
    known: Mutex<Known>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

/// What was learned since the start.
#[derive(Default)]
struct Known {
    me: Option<Myself>,
    places: Option<Arc<Places>>,
    plans: Plans,
    no_batches: bool,
    /// Tasks that events said were deleted.
    deleted: BTreeSet<String>,
    /// Where open tasks stood when they were last read: a fingerprint of the word.
    stood: HashMap<String, u64>,
    /// The cursor of each project at which `stood` is what the mirror holds of it.
    recalled: HashMap<String, Option<String>>,
    /// What the operator should know.
    warnings: BTreeSet<String>,
}

impl Asana {
    /// A connection. Nothing is asked yet.
    ///
    /// Misconfigured where an address is unusable, or the CA file cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Asana, ConnectorError> {
        let limits = Limits::new(clock.clone()).with_pace(FREE, SignedDuration::from_millis(500), 10).with_pace(
            PAID,
            SignedDuration::from_millis(50),
            10,
        );
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
        Ok(Asana {
            http: http.allow_writes(&WRITES),
            limits,
            access: Access::new(config.token.clone()),
            known: Mutex::default(),
            clock,
            config,
        })
    }

    /// Asana's clock minus ours, from the last answer's `Date`. `None`: nothing answered yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// What has been used of Asana so far.
    pub fn usage(&self) -> Usage {
        self.http.usage()
    }

    /// A text as it stands in a comment, without its reference.
    pub fn rendered(text: &Text) -> String {
        text::rich(text, None)
    }

    /// How many requests were sent since the start, repetitions included.
    pub fn requests(&self) -> u64 {
        self.http.requests()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember_myself(&self, me: &Myself) {
        self.known().me = Some(me.clone());
    }

    pub(crate) fn known_myself(&self) -> Option<Myself> {
        self.known().me.clone()
    }

    pub(crate) fn known_places(&self) -> Option<Arc<Places>> {
        self.known().places.clone()
    }

    pub(crate) fn remember_places(&self, places: Arc<Places>) {
        self.known().places = Some(places);
    }

    /// What is known of the plans of workspaces.
    pub(crate) fn plans<T>(&self, look: impl FnOnce(&mut Plans) -> T) -> T {
        look(&mut self.known().plans)
    }

    pub(crate) fn has_no_batches(&self) -> bool {
        self.known().no_batches
    }

    pub(crate) fn note_no_batches(&self) {
        self.known().no_batches = true;
    }

    pub(crate) fn note_deleted(&self, gid: &str, is_deleted: bool) {
        let mut known = self.known();
        match is_deleted && known.deleted.len() < MOST_DELETED {
            true => known.deleted.insert(gid.to_owned()),
            false => known.deleted.remove(gid),
        };
    }

    /// Whether an event said so.
    pub(crate) fn is_deleted(&self, gid: &str) -> bool {
        self.known().deleted.contains(gid)
    }

    /// Whether it stood elsewhere when it was last read.
    pub(crate) fn has_moved(&self, gid: &str, word: &str) -> bool {
        self.known().stood.get(gid).is_some_and(|before| *before != fingerprint(word))
    }

    /// Remembers where a task stands, once all that belongs to it was read.
    pub(crate) fn note_standing(&self, gid: &str, word: &str, is_open: bool) {
        let stood = &mut self.known().stood;
        if !is_open {
            stood.remove(gid);
        } else if stood.len() < MOST_STOOD || stood.contains_key(gid) {
            stood.insert(gid.to_owned(), fingerprint(word));
        }
    }

    /// Takes up where the mirror has a project's tasks.
    fn recall(&self, tasks: &[KnownTask]) {
        for task in tasks {
            self.note_standing(&task.ext, &task.status, true);
        }
    }

    /// True where the mirror may hold something else than what was read last: after a restart, or a page that was not kept.
    fn is_forgotten(&self, project: &str, cursor: &Cursor) -> bool {
        cursor.at.is_some() && self.known().recalled.get(project) != Some(&cursor.at)
    }

    pub(crate) fn warn(&self, warning: &str) {
        self.known().warnings.insert(warning.to_owned());
    }

    /// What was said by a warning is over.
    pub(crate) fn unwarn(&self, warning: &str) {
        self.known().warnings.remove(warning);
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.known().warnings.iter().cloned().collect()
    }
}

impl Source for Asana {
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

    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(async move {
            let scope = match (&stream.scope, stream.kind) {
                (_, StreamKind::Containers) => return self.pull_containers(cursor).await,
                (Some(scope), _) => scope,
                (None, kind) => return Err(no_stream(&format!("{kind:?} without a project"))),
            };
            match stream.kind {
                StreamKind::Tasks => {
                    let page = self.pull_tasks(scope, cursor).await?;
                    self.known().recalled.insert(scope.at.ext.clone(), page.next.at.clone());
                    Ok(page)
                }
                StreamKind::Census => self.pull_census(scope, cursor).await,
                kind => Err(no_stream(&format!("{kind:?}"))),
            }
        })
    }

    /// What the mirror holds of a project, where that is not known: a move may be found late, when nothing but the place of
    /// a task tells that it has a story that was never read.
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
        self.recall(tasks);
        self.pull(stream, cursor)
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        Box::pin(self.look_at_task(handle))
    }
}

fn no_stream(what: &str) -> ConnectorError {
    ConnectorError::Misconfigured { tool: TOOL, what: format!("there is no stream {what}") }
}

impl Commenter for Asana {
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
        _task: &'a str,
        at: &'a MessageRef,
        body: &'a Text,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.edit_comment(at, body, mark))
    }

    fn find<'a>(
        &'a self,
        task: &'a str,
        mark: &'a Mark,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        Box::pin(self.find_comment(task, mark, since))
    }

    fn delete<'a>(&'a self, _task: &'a str, at: &'a MessageRef) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.delete_comment(at))
    }
}
