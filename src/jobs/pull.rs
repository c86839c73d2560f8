//! Pull: one due stream, one request, one page handed to the core. One connection never has two requests in flight, and
//! never blocks another.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use connector_kit::{Clock, Commenter, ConnectorError, Page, Source, StreamKind};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::decide::{ClockDoubt, Skews, doubt, is_unconfirmed};
use super::guard;
use super::missing::{self, Asked, Looking};
use super::wake::Waker;
use crate::clock::Stopwatch;
use crate::core::{CoreHandle, Failed};
use crate::domain::calendar::later;
use crate::domain::ids::{ConnectionId, ContainerId};
use crate::store::{FailureKind, StoreError, StreamRow};

/// After a refused credential, or something that is not to be seen, nobody is asked again for so long.
const AFTER_REFUSAL: SignedDuration = SignedDuration::from_hours(1);
/// Longest pause between two tries of a stream that keeps failing.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// The same while a tool is down: so long it may take until we see that it is back.
const LONGEST_OUTAGE_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// So many containers in a row for which a tool fails are an outage: the others are not asked for in this pass.
const OUTAGE: usize = 3;

/// A connection at work.
#[derive(Clone)]
pub struct Connection {
    /// Row.
    pub id: ConnectionId,
    /// `github.acme`
    pub name: String,
    /// How often it is read.
    pub poll: SignedDuration,
    /// Reads.
    pub source: Arc<dyn Source>,
    /// Writes our comment.
    pub commenter: Arc<dyn Commenter>,
    /// How far the tools' clocks lie from ours.
    pub skews: Skews,
    /// What hooks say is new.
    pub waker: Arc<Waker>,
    /// Is told what is being read. `None`: nobody watches.
    pub watcher: Option<Watcher>,
}

/// Is told how many items of which stream have been read so far in a pass; true: there are more.
pub type Watcher = Arc<dyn Fn(&str, u64, bool) + Send + Sync>;

/// What a pass over a connection brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullReport {
    /// Requests that brought a page.
    pub pages: u32,
    /// Tasks written for the first time.
    pub new: u32,
    /// Tasks that differed.
    pub changed: u32,
    /// Items that are no tasks (pull requests).
    pub skipped: u32,
    /// History entries written.
    pub history: u32,
    /// Items that could not be read: which, and why.
    pub unreadable: Vec<(String, String)>,
    /// Answers that may lack items, in the tool's words.
    pub partial: Vec<String>,
    /// Streams that failed: which, what kind, why.
    pub failures: Vec<(String, FailureKind, String)>,
    /// The tools' clocks and ours lie apart: the answer was not kept, nothing more was asked.
    pub clock_doubted: bool,
    /// Containers for which the tool failed since it last answered.
    unanswered: BTreeSet<ContainerId>,
}

impl PullReport {
    /// The tool is down: to ask for one container more would only be one request more.
    fn is_outage(&self) -> bool {
        self.unanswered.len() >= OUTAGE
    }

    /// The tool has answered.
    pub(super) fn answered(&mut self) {
        self.unanswered.clear();
        self.pages += 1;
    }

    fn page(&mut self, kind: StreamKind, page: &Page) {
        // The other streams see the same items again: each is counted where its kind belongs.
        if kind == StreamKind::Tasks {
            self.skipped += page.skipped;
        }
        self.unreadable.extend(page.unreadable.iter().map(|item| (item.what.clone(), item.because.clone())));
        self.partial.extend(page.partial.clone());
    }
}

/// Pulls what is due of one connection, until nothing is. With `all`, or with a new credential in place of a refused one,
/// every stream counts as due once.
///
/// # Errors
/// Only the store's: a failure of the tool is recorded, and reported.
pub async fn pass(
    core: &CoreHandle,
    connection: &Connection,
    clock: &dyn Clock,
    all: bool,
    stop: &CancellationToken,
) -> Result<PullReport, StoreError> {
    let mut turn = Turn::new(core, connection, clock);
    // Whoever put a new credential in place of a refused one does not wait until the old one would have been tried again.
    let all = all || connection.source.renewed();
    loop {
        let due = core.due_streams(connection.id, clock.now(), all).await?;
        let Some(stream) = due.into_iter().find(|stream| turn.is_to_do(stream)) else {
            turn.look_for_missing(stop).await?;
            return Ok(turn.report);
        };
        let company = turn.company(&stream, all).await?;
        let asked = async {
            match company {
                Some(streams) => turn.together(streams).await,
                None => turn.one(stream).await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(turn.report),
            asked = asked => asked?,
        }
        if turn.report.clock_doubted {
            return Ok(turn.report);
        }
    }
}

/// A pass over a connection, under way.
pub(super) struct Turn<'a> {
    pub(super) core: &'a CoreHandle,
    pub(super) connection: &'a Connection,
    pub(super) clock: &'a dyn Clock,
    pub(super) report: PullReport,
    progress: Progress<'a>,
    done: HashSet<(ContainerId, StreamKind)>,
    /// What was asked for together failed for what may be the fault of one: for the rest of this pass each is asked for by
    /// itself.
    pub(super) apart: bool,
}

impl<'a> Turn<'a> {
    fn new(core: &'a CoreHandle, connection: &'a Connection, clock: &'a dyn Clock) -> Turn<'a> {
        Turn {
            core,
            connection,
            clock,
            report: PullReport::default(),
            progress: Progress::new(connection),
            done: HashSet::new(),
            apart: false,
        }
    }

    /// True unless this pass has done with it.
    pub(super) fn is_to_do(&self, stream: &StreamRow) -> bool {
        !self.done.contains(&(stream.scope_id, stream.key.kind))
    }

    async fn look_for_missing(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        let (clock, Connection { id, name, source, skews, poll, .. }) = (self.clock, self.connection);
        let again_at = |error: &ConnectorError| failed(error, 0, *poll, clock.now()).next_pull_at;
        let asked = Asked { id: *id, name, source: &**source, skews, again_at: &again_at };
        self.report.clock_doubted = missing::look(self.core, asked, clock, stop).await? == Looking::ClockDoubted;
        Ok(())
    }

    /// One request of one stream.
    async fn one(&mut self, stream: StreamRow) -> Result<(), StoreError> {
        let answer = match self.report.is_outage() {
            true => Err(not_asked()),
            false => ask(self.core, self.connection, self.clock, &stream).await?,
        };
        if self.doubts_time(&stream_name(&stream)) {
            return Ok(());
        }
        if answer.is_ok() {
            self.report.answered();
        }
        self.take(stream, answer, self.clock.now()).await
    }

    /// True where the tools' clocks and ours lie apart: whatever is kept carries our time, and what is asked later would look
    /// older, so nothing is kept.
    pub(super) fn doubts_time(&mut self, name: &str) -> bool {
        let now = self.clock.now();
        let Some(ClockDoubt::ToolsDisagree(words)) = doubt(now, now, &(self.connection.skews)()) else { return false };
        let because = format!("this machine's clock and the trackers' disagree: {words}");
        tracing::warn!(connection = self.connection.name, stream = name, because, "sync.not_kept");
        self.report.failures.push((name.to_owned(), FailureKind::Unavailable, because));
        self.report.clock_doubted = true;
        true
    }

    /// Hands an answer of one stream to the core.
    pub(super) async fn take(
        &mut self,
        stream: StreamRow,
        answer: Result<Page, ConnectorError>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (kind, name, connection) = (stream.key.kind, stream_name(&stream), self.connection);
        let key = (stream.scope_id, kind);
        let more = match answer {
            Ok(page) => {
                self.report.page(kind, &page);
                self.progress.page(&name, &page);
                for item in &page.unreadable {
                    let (what, because) = (&item.what, &item.because);
                    tracing::warn!(connection = connection.name, stream = name, what, because, "item.unreadable");
                }
                let more = page.more;
                let applied = self.core.page(stream, page, now).await?;
                self.report.new += applied.new;
                self.report.changed += applied.changed;
                self.report.history += applied.changes;
                tracing::debug!(
                    connection = connection.name,
                    stream = name,
                    new = applied.new,
                    changed = applied.changed,
                    same = applied.same,
                    more,
                    "sync.page"
                );
                more
            }
            Err(error) => {
                let failed = failed(&error, stream.failures, connection.poll, now);
                tracing::warn!(connection = connection.name, stream = name, because = failed.because, "sync.failed");
                self.report.failures.push((name, failed.kind, failed.because.clone()));
                if matches!(error, ConnectorError::Transient { .. }) {
                    self.report.unanswered.insert(stream.scope_id);
                }
                self.core.pull_failed(stream, failed, now).await?;
                false
            }
        };
        if !more {
            self.done.insert(key);
        }
        Ok(())
    }
}

/// How often a long read says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// How far the stream that is being read has come.
struct Progress<'a> {
    connection: &'a Connection,
    stream: String,
    items: u64,
    since: Stopwatch,
}

impl Progress<'_> {
    fn new(connection: &Connection) -> Progress<'_> {
        Progress { connection, stream: String::new(), items: 0, since: Stopwatch::start() }
    }

    fn page(&mut self, stream: &str, page: &Page) {
        if self.stream != stream {
            (self.stream, self.items) = (stream.to_owned(), 0);
        }
        self.items += (page.tasks.len() + page.changes.len() + page.links.len()) as u64 + u64::from(page.skipped);
        if let Some(watcher) = &self.connection.watcher {
            watcher(stream, self.items, page.more);
        }
        if page.more && self.since.elapsed() >= SAY_EVERY {
            self.since = Stopwatch::start();
            tracing::info!(connection = self.connection.name, stream, items = self.items, "sync.progress");
        }
    }
}

/// The request itself; before a connection's containers are asked for, who we are there.
async fn ask(
    core: &CoreHandle,
    connection: &Connection,
    clock: &dyn Clock,
    stream: &StreamRow,
) -> Result<Result<Page, ConnectorError>, StoreError> {
    if stream.key.kind == StreamKind::Containers && (stream.cursor.at.is_none() || stream.rests) {
        match guard::call(|| connection.source.whoami()).await.unwrap_or_else(|| Err(guard::panicked())) {
            Ok(who) => {
                for warning in &who.warnings {
                    tracing::warn!(connection = connection.name, warning, "connection.warning");
                }
                core.connected(connection.id, who, clock.now()).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    let Some(wanted) = guard::run(|| connection.source.wants(&stream.key, &stream.cursor)) else {
        return Ok(Err(guard::panicked()));
    };
    let answer = match wanted {
        Some(wanted) => {
            let tasks = core.open_tasks(stream.scope_id, wanted).await?;
            guard::call(|| connection.source.refresh(&stream.key, &stream.cursor, &tasks)).await
        }
        None => guard::call(|| connection.source.pull(&stream.key, &stream.cursor)).await,
    };
    Ok(answer.unwrap_or_else(|| Err(guard::panicked())))
}

/// For a stream that waits for the end of an outage. It has failed like the others, so nothing is concluded from it.
fn not_asked() -> ConnectorError {
    let what = "not asked, because it failed for several others in a row".to_owned();
    ConnectorError::Transient { tool: "the tool", what, retry_after: None, source: None }
}

/// What a failure means, and when to try again: exponential pauses for what passes, an hour for what does not.
fn failed(error: &ConnectorError, failures: u32, poll: SignedDuration, now: Timestamp) -> Failed {
    let pause = |wait: SignedDuration| later(now, wait);
    let longest = match error {
        ConnectorError::Transient { .. } => LONGEST_OUTAGE_PAUSE,
        _ => LONGEST_PAUSE,
    };
    let growing = poll.saturating_mul(1 << failures.min(6)).min(longest).max(poll);
    let because = error.to_string();
    match error {
        ConnectorError::Transient { retry_after, .. } => {
            let asked = retry_after.map(pause);
            Failed {
                kind: FailureKind::Unavailable,
                because,
                next_pull_at: asked.unwrap_or(pause(growing)),
                not_before: asked,
            }
        }
        ConnectorError::Limited { retry_after, .. } => {
            let asked = pause(*retry_after);
            Failed { kind: FailureKind::Limited, because, next_pull_at: asked, not_before: Some(asked) }
        }
        ConnectorError::Malformed { .. } => {
            Failed { kind: FailureKind::Unavailable, because, next_pull_at: pause(growing), not_before: None }
        }
        ConnectorError::NotVisible { .. } => {
            Failed { kind: FailureKind::NotVisible, because, next_pull_at: pause(AFTER_REFUSAL), not_before: None }
        }
        ConnectorError::Forbidden { .. } => {
            Failed { kind: FailureKind::Forbidden, because, next_pull_at: pause(AFTER_REFUSAL), not_before: None }
        }
        ConnectorError::Unauthorized { .. } => {
            Failed { kind: FailureKind::Refused, because, next_pull_at: pause(AFTER_REFUSAL), not_before: None }
        }
        ConnectorError::Misconfigured { .. } => {
            Failed { kind: FailureKind::Misconfigured, because, next_pull_at: pause(AFTER_REFUSAL), not_before: None }
        }
    }
}

fn stream_name(stream: &StreamRow) -> String {
    let kind = match stream.key.kind {
        StreamKind::Containers => "containers",
        StreamKind::Tasks => "tasks",
        StreamKind::Comments => "comments",
        StreamKind::Events => "events",
        StreamKind::Homes => "milestones",
        StreamKind::Links => "links",
        StreamKind::Census => "census",
        StreamKind::Boards => "projects",
    };
    stream.key.scope.as_ref().map_or_else(|| kind.to_owned(), |scope| format!("{kind} of {}", scope.name))
}

/// Pulls every connection once, side by side.
///
/// # Errors
/// Only the store's.
pub async fn pass_all(
    core: &CoreHandle,
    connections: &[Connection],
    clock: &dyn Clock,
    all: bool,
    stop: &CancellationToken,
) -> Result<BTreeMap<String, PullReport>, StoreError> {
    let passes = connections.iter().map(async |connection| {
        pass(core, connection, clock, all, stop).await.map(|report| (connection.name.clone(), report))
    });
    futures_util::future::try_join_all(passes).await.map(|reports| reports.into_iter().collect())
}

/// After a leap of the clock nothing is judged until a tool has told the time; where nothing is due to be read, who we are
/// is asked for the sake of the answer's date.
async fn confirm_time(core: &CoreHandle, connection: &Connection, clock: &dyn Clock) {
    if is_unconfirmed(clock.now(), core.last_tick().await, &(connection.skews)()) {
        match guard::call(|| connection.source.whoami()).await.unwrap_or_else(|| Err(guard::panicked())) {
            // Wakes whoever waits for it.
            Ok(_) => core.tell(),
            Err(error) => tracing::debug!(connection = connection.name, %error, "clock.not_confirmed"),
        }
    }
}

/// Reads one connection for as long as the program runs.
pub async fn run(core: CoreHandle, connection: Connection, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut calls = connection.waker.calls();
    loop {
        calls.mark_unchanged();
        tokio::select! {
            () = stop.cancelled() => return,
            () = confirm_time(&core, &connection, &*clock) => {}
        }
        let next = match pass(&core, &connection, &*clock, false, &stop).await {
            Ok(report) if report.clock_doubted => Some(later(clock.now(), super::AFTER_FAILURE)),
            Ok(report) => {
                if report.pages > 0 && report.new + report.changed + report.history > 0 {
                    tracing::info!(
                        connection = connection.name,
                        new = report.new,
                        changed = report.changed,
                        history = report.history,
                        "sync.done"
                    );
                }
                core.next_pull_at(connection.id).await.unwrap_or_default()
            }
            Err(StoreError::TakenOver) => return stop.cancel(),
            Err(_) => Some(later(clock.now(), super::AFTER_FAILURE)),
        };
        if !super::sleep(&*clock, next, Some(&mut calls), &stop).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn next(error: &ConnectorError, failures: u32) -> (FailureKind, i64) {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let failed = failed(error, failures, SignedDuration::from_mins(2), now);
        (failed.kind, failed.next_pull_at.duration_since(now).as_secs())
    }

    #[test]
    fn what_passes_is_tried_again_with_growing_pauses_and_what_does_not_once_an_hour() {
        let down =
            ConnectorError::Transient { tool: "github", what: "HTTP 503".into(), retry_after: None, source: None };
        assert_eq!(next(&down, 0), (FailureKind::Unavailable, 120));
        assert_eq!(next(&down, 2), (FailureKind::Unavailable, 480));
        assert_eq!(next(&down, 60), (FailureKind::Unavailable, 600), "and it is seen soon that it is back");
        let strange = ConnectorError::Malformed { tool: "github", what: "a page".into(), source: None };
        assert_eq!(next(&strange, 60), (FailureKind::Unavailable, 3600));
        let distrusted = ConnectorError::Misconfigured { tool: "github", what: "its certificate".into() };
        assert_eq!(next(&distrusted, 0), (FailureKind::Misconfigured, 3600));
        let refused = ConnectorError::Unauthorized { tool: "github", what: "bad credentials".into() };
        assert_eq!(next(&refused, 0), (FailureKind::Refused, 3600));
        let forbidden = ConnectorError::Forbidden { tool: "github", what: "issues of acme/web".into() };
        assert_eq!(next(&forbidden, 4), (FailureKind::Forbidden, 3600));
        let limited =
            ConnectorError::Limited { tool: "github", what: "core".into(), retry_after: SignedDuration::from_secs(90) };
        assert_eq!(next(&limited, 5), (FailureKind::Limited, 90));
    }
}
