//! Where each stream stands: what is due, a page taken up, a failure. A cursor moves only here, in the transaction that
//! stored what it covers; a failure never moves it.

use std::cmp::Reverse;

use connector_kit::webhook::Wake;
use connector_kit::{Cursor, Every, KnownTask, Scope, StreamKey, StreamKind, StreamSpec, Wanted};
use connector_model::{ContainerKind, ContainerRef};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{FailureKind, PageWrite, PullFailure, StoreError, StreamRow};
use super::values::{at_in, at_opt, code_in, us, us_of};
use super::{Work, cache, census};
use crate::domain::absence::next_census;
use crate::domain::calendar::later;
use crate::domain::ids::{ConnectionId, ContainerId};

/// A history stream that we are not let read is asked for again after so long.
const ABSENT_RETRY: SignedDuration = SignedDuration::from_hours(24);

/// Streams that are read at all: those of a connection, and those of open containers it is the reader of.
const READ: &str = "FROM streams s LEFT JOIN containers c ON c.id = s.scope
  JOIN connections n ON n.id = s.connection AND n.configured
  WHERE (s.scope = 0 OR (c.open AND c.reader = s.connection))";

/// See [`due`].
pub(super) fn due_sql() -> String {
    format!(
        "SELECT s.kind, s.scope, c.kind, c.ext, c.handle, c.name, s.cursor, s.etag, s.backfilled, s.next_pull_at, s.not_before,
           s.failures, s.pass_at IS NULL
         {READ} AND s.connection = ?1 AND ((?3 AND s.kind <> ?6) OR s.next_pull_at <= ?2)
           AND coalesce(s.not_before <= ?2, 1)
         ORDER BY s.kind <> ?4, s.kind <> ?5, s.kind, s.scope"
    )
}

/// Streams of a connection that are due, in the order in which they are to be pulled.
pub(super) fn due(
    db: &Connection,
    connection: ConnectionId,
    now: Timestamp,
    all: bool,
) -> Result<Vec<StreamRow>, StoreError> {
    let mut query = db.prepare_cached(&due_sql())?;
    // What boards say is read before the tasks they speak of, so that no task is judged without it.
    let (first, second) = (StreamKind::Containers.code(), StreamKind::Boards.code());
    let of = params![connection.0, us(now), all, first, second, StreamKind::Census.code()];
    let rows = query.query_map(of, |row| stream(row, connection))?;
    let rows: Vec<Option<StreamRow>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// `None` for a kind written by a newer program.
fn stream(row: &Row<'_>, connection: ConnectionId) -> Result<Option<StreamRow>, rusqlite::Error> {
    let Some(kind) = StreamKind::from_code(code_in(row, 0)?) else { return Ok(None) };
    let scope: i64 = row.get(1)?;
    let of = |row: &Row<'_>| -> Result<Scope, rusqlite::Error> {
        let at = ContainerRef { kind: ContainerKind::from_code(code_in(row, 2)?), ext: row.get(3)? };
        Ok(Scope { at, handle: row.get(4)?, name: row.get(5)? })
    };
    Ok(Some(StreamRow {
        connection,
        scope_id: ContainerId(scope),
        key: StreamKey { kind, scope: if scope == 0 { None } else { Some(of(row)?) } },
        cursor: Cursor { at: row.get(6)?, etag: row.get(7)?, backfilled: row.get(8)? },
        next_pull_at: at_in(row, 9)?,
        not_before: at_opt(row, 10)?,
        failures: row.get(11)?,
        rests: row.get::<_, bool>(8)? && row.get(12)?,
    }))
}

/// Open tasks of a container after one of them, by row number.
pub(super) fn open_tasks(
    db: &Connection,
    container: ContainerId,
    wanted: &Wanted,
) -> Result<Vec<KnownTask>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT ext, handle, status_raw FROM tasks WHERE container = ?1 AND closed_at IS NULL AND gone_at IS NULL AND id > coalesce(
           (SELECT a.id FROM tasks a JOIN containers c ON c.id = ?1 WHERE a.site = c.site AND a.ext = ?2), 0)
         ORDER BY id LIMIT ?3",
    )?;
    let rows = query.query_map(params![container.0, wanted.after, wanted.most], |row| {
        Ok(KnownTask { ext: row.get(0)?, handle: row.get(1)?, status: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// See [`next_due`].
pub(super) fn next_due_sql() -> String {
    format!("SELECT min(max(s.next_pull_at, coalesce(s.not_before, s.next_pull_at))) {READ} AND s.connection = ?")
}

/// When the next stream of a connection is due.
pub(super) fn next_due(db: &Connection, connection: ConnectionId) -> Result<Option<Timestamp>, StoreError> {
    Ok(db.prepare_cached(&next_due_sql())?.query_row([connection.0], |row| at_opt(row, 0))?)
}

/// The streams of a container that has just got a reader, due now; those that are there stay as they are.
pub(super) fn add(work: &Work<'_>, connection: ConnectionId, container: ContainerId) -> Result<(), StoreError> {
    let name = work.cache.connections.get(&connection).map_or("", |row| &row.name);
    for spec in cache::specs(work.plan, name) {
        if !spec.kind.is_of_connection() {
            put(work.db, connection, spec.kind, container, work.now)?;
        }
    }
    Ok(())
}

/// A stream from the beginning, due now (a census: at its time of day), unless it is there.
pub(super) fn put(
    db: &Connection,
    connection: ConnectionId,
    kind: StreamKind,
    scope: ContainerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    // What was just read whole need not be counted at once.
    let first_at = if kind == StreamKind::Census { next_census(scope.0, now) } else { now };
    db.prepare_cached(
        "INSERT INTO streams(connection, kind, scope, next_pull_at) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
    )?
    .execute(params![connection.0, kind.code(), scope.0, us(first_at)])?;
    Ok(())
}

/// Brings streams forward that were read when they were to be read less often: none waits longer than its present period.
/// Those that failed keep their pause, and a census its time of day.
pub(super) fn hurry(
    work: &Work<'_>,
    connection: ConnectionId,
    spec: &StreamSpec,
    poll: SignedDuration,
) -> Result<(), StoreError> {
    let period = match spec.every {
        Every::Poll => poll,
        Every::AfterTasks(period) | Every::Period(period) => period,
        Every::Daily => return Ok(()),
    };
    let mut update = work.db.prepare_cached(
        "UPDATE streams SET next_pull_at = ?1
         WHERE connection = ?2 AND kind = ?3 AND next_pull_at > ?1 AND failures = 0 AND NOT absent",
    )?;
    update.execute(params![us(later(work.now, period)), connection.0, spec.kind.code()])?;
    Ok(())
}

/// The pass that is under way.
struct Pass {
    at: Option<Timestamp>,
    wrote: bool,
    partial: bool,
    failing: bool,
    /// When the last whole pass before it began.
    before: Option<Timestamp>,
}

/// Notes that a page was stored: where the stream stands now, and what its completed pass means for its container.
///
/// Gives, where this page completes a pass over the whole selection, since when a container must have been listed to be still
/// part of it. That is the beginning of the pass before: a list may lag, or lack one for once, and what has not been seen
/// twice running is gone. After another selection was configured, it is the beginning of this pass.
pub(super) fn advance(
    work: &mut Work<'_>,
    write: &PageWrite<'_>,
    wrote: bool,
) -> Result<Option<Timestamp>, StoreError> {
    let (stream, page) = (write.stream, write.page);
    let Some(pass) = pass(work.db, stream)? else { return Ok(None) };
    let began_at = pass.at.unwrap_or(page.asked_at);
    let wrote = pass.wrote || wrote;
    let is_census = stream.key.kind == StreamKind::Census;
    let unread = is_census && !page.unreadable.is_empty();
    let partial = pass.partial || page.partial.is_some() || page.unchanged || unread;
    if pass.failing {
        work.touched.connections.insert(stream.connection);
        work.touched.containers.insert(stream.scope_id);
    }
    let before = pass.before;
    let is_of_use = !(partial && stream.key.kind == StreamKind::Containers);
    let over = (is_of_use && !page.more).then_some(began_at);
    save(work, write, over, Pass { at: Some(began_at).filter(|_| page.more), wrote, partial, failing: false, before })?;
    if page.more {
        return Ok(None);
    }
    work.db
        .prepare_cached("UPDATE connections SET fresh_at = ? WHERE id = ?")?
        .execute(params![us(work.now), stream.connection.0])?;
    work.touched.connections.insert(stream.connection);
    completed(work, write, wrote)?;
    if is_census {
        if !partial && may_be_judged(work.db, stream)? {
            census::judge(work, stream.scope_id, began_at)?;
        } else if !page.unchanged {
            from_the_beginning(work.db, stream)?;
        }
        census::forget(work, stream.scope_id)?;
    }
    Ok((stream.key.kind == StreamKind::Containers && !partial).then_some(before.unwrap_or(began_at)))
}

fn pass(db: &Connection, stream: &StreamRow) -> Result<Option<Pass>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT pass_at, pass_wrote, pass_partial, failing_since IS NOT NULL OR absent, read_at FROM streams
         WHERE connection = ? AND kind = ? AND scope = ?",
    )?;
    let read = |row: &Row<'_>| {
        Ok(Pass {
            at: at_opt(row, 0)?,
            wrote: row.get(1)?,
            partial: row.get(2)?,
            failing: row.get(3)?,
            before: at_opt(row, 4)?,
        })
    };
    Ok(query.query_row(params![stream.connection.0, stream.key.kind.code(), stream.scope_id.0], read).optional()?)
}

/// `read_at`: when the pass was asked for that this page completes.
fn save(work: &Work<'_>, write: &PageWrite<'_>, read_at: Option<Timestamp>, pass: Pass) -> Result<(), StoreError> {
    let (stream, page) = (write.stream, write.page);
    let next_pull_at = if page.more { work.now } else { again_at(work, stream) };
    let over = !page.more;
    let mut update = work.db.prepare_cached(
        "UPDATE streams SET cursor = ?1, etag = ?2, backfilled = ?3, next_pull_at = ?4, not_before = NULL, absent = 0,
           pass_at = ?5, pass_wrote = ?6, pass_partial = ?7, read_at = coalesce(?8, read_at), good_at = coalesce(?9, good_at),
           history_since = coalesce(?10, history_since), failures = 0, failing_since = NULL, failure_kind = NULL, failure = NULL
         WHERE connection = ?11 AND kind = ?12 AND scope = ?13",
    )?;
    update.execute(params![
        page.next.at,
        page.next.etag,
        page.next.backfilled,
        us(next_pull_at),
        us_of(pass.at),
        pass.wrote && !over,
        pass.partial && !over,
        us_of(read_at),
        over.then_some(us(work.now)),
        us_of(page.history_since),
        stream.connection.0,
        stream.key.kind.code(),
        stream.scope_id.0,
    ])?;
    Ok(())
}

/// When a stream is due again after a complete pass.
fn again_at(work: &Work<'_>, stream: &StreamRow) -> Timestamp {
    let name = work.cache.connections.get(&stream.connection).map_or("", |row| &row.name);
    let poll = cache::planned(work.plan, name).map_or(SignedDuration::from_mins(5), |planned| planned.poll);
    let spec = cache::specs(work.plan, name).iter().find(|spec| spec.kind == stream.key.kind);
    match spec.map(|spec| spec.every) {
        Some(Every::AfterTasks(period) | Every::Period(period)) => later(work.now, period),
        Some(Every::Daily) => next_census(stream.scope_id.0, work.now),
        Some(Every::Poll) | None => later(work.now, poll),
    }
}

fn completed(work: &mut Work<'_>, write: &PageWrite<'_>, wrote: bool) -> Result<(), StoreError> {
    let stream = write.stream;
    match stream.key.kind {
        StreamKind::Links if wrote => call_history(work, stream.connection, stream.scope_id),
        StreamKind::Tasks => {
            if wrote {
                call_history(work, stream.connection, stream.scope_id)?;
            }
            let warm = write.page.next.backfilled.then_some(us(work.now));
            work.db
                .prepare_cached("UPDATE containers SET fresh_at = ?, warm_at = coalesce(warm_at, ?) WHERE id = ?")?
                .execute(params![us(work.now), warm, stream.scope_id.0])?;
            work.touched.containers.insert(stream.scope_id);
            Ok(())
        }
        kind if kind.is_history() => {
            work.touched.containers.insert(stream.scope_id);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Something is new in the tasks: what happened to them is asked for at once. Failing streams keep their back-off.
pub(super) fn call_history(
    work: &Work<'_>,
    connection: ConnectionId,
    container: ContainerId,
) -> Result<(), StoreError> {
    let name = work.cache.connections.get(&connection).map_or("", |row| &row.name);
    let after = |spec: &&StreamSpec| matches!(spec.every, Every::AfterTasks(_));
    for spec in cache::specs(work.plan, name).iter().filter(after) {
        let mut update = work.db.prepare_cached(
            "UPDATE streams SET next_pull_at = min(next_pull_at, ?)
             WHERE connection = ? AND kind = ? AND scope = ? AND failures = 0 AND NOT absent",
        )?;
        update.execute(params![us(work.now), connection.0, spec.kind.code(), container.0])?;
    }
    Ok(())
}

/// Puts every stream of a connection back to its beginning, due now. A wait that the tool asked for stays.
pub(super) fn start_over(work: &Work<'_>, connection: ConnectionId) -> Result<(), StoreError> {
    work.db.execute(
        "UPDATE streams SET next_pull_at = ?, cursor = NULL, etag = NULL, pass_at = NULL, pass_wrote = 0, pass_partial = 0
         WHERE connection = ?",
        params![us(work.now), connection.0],
    )?;
    Ok(())
}

/// Lets the next pass of a stream read everything: what the tool calls unchanged by then was never taken for the truth.
fn from_the_beginning(db: &Connection, stream: &StreamRow) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE streams SET cursor = NULL, etag = NULL WHERE connection = ? AND kind = ? AND scope = ?")?
        .execute(params![stream.connection.0, stream.key.kind.code(), stream.scope_id.0])?;
    Ok(())
}

/// Makes streams due now that would be read later anyway. Cursors and waits stay; what is not read through this connection
/// is no concern of it.
pub(super) fn bring_forward(work: &Work<'_>, connection: ConnectionId, wakes: &[Wake]) -> Result<usize, StoreError> {
    let mut update = work.db.prepare_cached(
        "UPDATE streams SET next_pull_at = ?1
         WHERE connection = ?2 AND kind = ?3 AND next_pull_at > ?1 AND failures = 0 AND NOT absent AND
           (scope IN (SELECT id FROM containers WHERE reader = ?2 AND (?4 IS NULL OR ext = ?4)) OR
             (?4 IS NULL AND scope = 0))",
    )?;
    let mut moved = 0;
    for wake in wakes {
        moved += update.execute(params![us(work.now), connection.0, wake.kind.code(), wake.container])?;
    }
    Ok(moved)
}

/// Notes a failed pull; the cursor stays.
pub(super) fn failed(work: &mut Work<'_>, failure: &PullFailure<'_>) -> Result<(), StoreError> {
    let stream = failure.stream;
    if failure.kind == FailureKind::NotVisible && stream.key.kind.is_history() && tasks_are_fine(work.db, stream)? {
        absent(work.db, failure)?;
    } else {
        note(work.db, failure)?;
    }
    if failure.kind.is_of_connection() {
        work.db
            // A census keeps its time of day, or all of them would fall together.
            .prepare_cached(
                "UPDATE streams SET next_pull_at = CASE kind WHEN ?3 THEN max(next_pull_at, ?1) ELSE ?1 END
                 WHERE connection = ?2",
            )?
            .execute(params![us(failure.next_pull_at), stream.connection.0, StreamKind::Census.code()])?;
    }
    work.touched.connections.insert(stream.connection);
    work.touched.containers.insert(stream.scope_id);
    Ok(())
}

/// A container that is read for the first time, or whose tasks cannot be read at present, is not counted.
fn may_be_judged(db: &Connection, stream: &StreamRow) -> Result<bool, StoreError> {
    let mut query = db.prepare_cached("SELECT warm_at IS NOT NULL FROM containers WHERE id = ?")?;
    let warm = query.query_row([stream.scope_id.0], |row| row.get(0)).optional()?.unwrap_or(false);
    Ok(warm && tasks_are_fine(db, stream)?)
}

fn tasks_are_fine(db: &Connection, stream: &StreamRow) -> Result<bool, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT EXISTS(SELECT 1 FROM streams WHERE connection = ? AND kind = ? AND scope = ?
           AND failing_since IS NULL AND good_at IS NOT NULL)",
    )?;
    let of = params![stream.connection.0, StreamKind::Tasks.code(), stream.scope_id.0];
    Ok(query.query_row(of, |row| row.get(0))?)
}

/// The tool does not let us read this history: the container goes on without one.
fn absent(db: &Connection, failure: &PullFailure<'_>) -> Result<(), StoreError> {
    let stream = failure.stream;
    let next = failure.next_pull_at.max(later(failure.now, ABSENT_RETRY));
    let mut update = db.prepare_cached(
        "UPDATE streams SET absent = 1, next_pull_at = ?, not_before = ?, failures = 0, failing_since = NULL,
           failure_kind = NULL, failure = NULL WHERE connection = ? AND kind = ? AND scope = ?",
    )?;
    let of = (stream.connection.0, stream.key.kind.code(), stream.scope_id.0);
    update.execute(params![us(next), us_of(failure.not_before), of.0, of.1, of.2])?;
    Ok(())
}

fn note(db: &Connection, failure: &PullFailure<'_>) -> Result<(), StoreError> {
    let stream = failure.stream;
    let mut update = db.prepare_cached(
        "UPDATE streams SET failing_since = coalesce(failing_since, ?), failures = failures + 1, failure_kind = ?, failure = ?,
           next_pull_at = ?, not_before = ? WHERE connection = ? AND kind = ? AND scope = ?",
    )?;
    update.execute(params![
        us(failure.now),
        failure.kind.word(),
        failure.because,
        us(failure.next_pull_at),
        us_of(failure.not_before),
        stream.connection.0,
        stream.key.kind.code(),
        stream.scope_id.0,
    ])?;
    Ok(())
}

/// Present failures of a connection.
#[derive(Default)]
pub(super) struct Failing {
    pub(super) since: Option<Timestamp>,
    pub(super) worst: Option<(FailureKind, String)>,
}

pub(super) fn failing(db: &Connection, connection: ConnectionId) -> Result<Failing, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT failing_since, failure_kind, failure FROM streams WHERE connection = ? AND failing_since IS NOT NULL
         ORDER BY failing_since, kind, scope",
    )?;
    let rows = query.query_map([connection.0], |row| {
        let kind = FailureKind::from_word(&row.get::<_, Option<String>>(1)?.unwrap_or_default());
        Ok((at_in(row, 0)?, (kind, row.get::<_, Option<String>>(2)?.unwrap_or_default())))
    })?;
    let rows: Vec<(Timestamp, (FailureKind, String))> = rows.collect::<Result<_, _>>()?;
    let since = rows.first().map(|(since, _)| *since);
    // Of equals the first one that failed.
    let worst = rows.into_iter().map(|(_, failure)| failure).min_by_key(|(kind, _)| Reverse(severity(*kind)));
    Ok(Failing { since, worst })
}

/// How much the operator must do.
fn severity(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Misconfigured => 5,
        FailureKind::Refused => 4,
        FailureKind::Forbidden => 3,
        FailureKind::NotVisible => 2,
        FailureKind::Unavailable => 1,
        FailureKind::Limited => 0,
    }
}
