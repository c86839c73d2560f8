//! What vanished: the pass that counts open tasks, and those it missed, until a direct look has settled what they are.
//!
//! Absence is a suspicion. A pass is judged only when it is complete and nothing was left out of it; whatever was seen since
//! it began is no suspect. More missing than vanishes in a day holds the container until direct looks have settled enough of
//! it, or the operator has.

use connector_kit::Page;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{StoreError, StreamRow, Suspect};
use super::values::{at_opt, us};
use super::{Work, links};
use crate::domain::absence::is_too_much;
use crate::domain::calendar::later;
use crate::domain::ids::{ConnectionId, ContainerId, SiteId, TaskId};

/// So many are asked for at once, and no more until [`PAUSE`] has passed: 120 an hour for each connection.
const SLICE: usize = 20;
/// See [`SLICE`].
const PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// What moved to a place that is watched is there by then.
pub(super) const ARRIVAL: SignedDuration = SignedDuration::from_mins(15);
/// `tasks.missing` beside `gone_at`: moved to where nobody looks.
pub(super) const MOVED_AWAY: i64 = 3;

/// Notes what a page of a census shows.
pub(super) fn note(work: &Work<'_>, stream: &StreamRow, site: SiteId, page: &Page) -> Result<(), StoreError> {
    if stream.cursor.at.is_none() {
        // What a pass that was given up had shown says nothing about this one.
        forget(work, stream.scope_id)?;
    }
    for shown in &page.present {
        if let Some(task) = links::resolve(work, site, shown)? {
            let mut insert =
                work.db.prepare_cached("INSERT INTO census(container, task) VALUES (?, ?) ON CONFLICT DO NOTHING")?;
            insert.execute([stream.scope_id.0, task.0])?;
        }
    }
    Ok(())
}

/// What a page says has left is asked for directly; whatever was read since is there.
pub(super) fn suspect(work: &Work<'_>, site: SiteId, page: &Page) -> Result<(), StoreError> {
    for missed in &page.missed {
        let Some(task) = links::resolve(work, site, missed)? else { continue };
        let mut insert = work.db.prepare_cached(
            "INSERT INTO suspects(task, since, look_at) SELECT id, ?1, ?2 FROM tasks
               WHERE id = ?3 AND closed_at IS NULL AND gone_at IS NULL AND asked_at < ?1 ON CONFLICT DO NOTHING",
        )?;
        insert.execute(params![us(page.asked_at), us(work.now), task.0])?;
    }
    Ok(())
}

/// Forgets what the pass under way has shown: it is over.
pub(super) fn forget(work: &Work<'_>, container: ContainerId) -> Result<(), StoreError> {
    work.db.prepare_cached("DELETE FROM census WHERE container = ?")?.execute([container.0])?;
    Ok(())
}

/// A complete pass over a container that began then: whatever is open, was there before and was not shown is a suspect.
pub(super) fn judge(work: &mut Work<'_>, container: ContainerId, began_at: Timestamp) -> Result<(), StoreError> {
    let of = open_before(work.db, container, began_at)?;
    let missing = missing_from(work.db, container, began_at)?;
    forget_found(work, container, &missing)?;
    let mut fresh = 0;
    for (nth, task) in missing.iter().enumerate() {
        let slices = i32::try_from(nth / SLICE).unwrap_or(i32::MAX);
        let look_at = later(work.now, PAUSE.saturating_mul(slices));
        let mut insert = work
            .db
            .prepare_cached("INSERT INTO suspects(task, since, look_at) VALUES (?,?,?) ON CONFLICT DO NOTHING")?;
        insert.execute(params![task.0, us(began_at), us(look_at)])?;
        let mut known = work.db.prepare_cached("SELECT NOT known FROM suspects WHERE task = ?")?;
        fresh += u64::from(known.query_row([task.0], |row| row.get::<_, bool>(0))?);
    }
    if is_too_much(fresh, of) {
        hold(work, container, began_at, fresh, of)
    } else {
        release_if_settled(work, container)
    }
}

/// Open tasks that were there when the pass began.
fn open_before(db: &Connection, container: ContainerId, began_at: Timestamp) -> Result<u64, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT count(*) FROM tasks WHERE container = ? AND closed_at IS NULL AND gone_at IS NULL AND created_at < ?",
    )?;
    let count: i64 = query.query_row(params![container.0, us(began_at)], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// What was seen differently since the pass began may have come, gone or moved during it. What a board says of a task is no
/// sight of it.
fn missing_from(db: &Connection, container: ContainerId, began_at: Timestamp) -> Result<Vec<TaskId>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id FROM tasks t WHERE container = ?1 AND closed_at IS NULL AND gone_at IS NULL
           AND created_at < ?2 AND asked_at < ?2
           AND NOT EXISTS(SELECT 1 FROM census WHERE container = ?1 AND task = t.id) ORDER BY id",
    )?;
    let rows = query.query_map(params![container.0, us(began_at)], |row| Ok(TaskId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Earlier suspects that the pass has shown again are none any more.
fn forget_found(work: &mut Work<'_>, container: ContainerId, missing: &[TaskId]) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT s.task FROM suspects s CROSS JOIN tasks t ON t.id = s.task WHERE t.container = ? ORDER BY s.task",
    )?;
    let rows = query.query_map([container.0], |row| Ok(TaskId(row.get(0)?)))?;
    let suspects: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
    drop(query);
    for task in suspects.into_iter().filter(|task| missing.binary_search(task).is_err()) {
        acquit(work, task)?;
    }
    Ok(())
}

/// It is there, or surely gone: nothing more is asked about it.
pub(super) fn acquit(work: &mut Work<'_>, task: TaskId) -> Result<(), StoreError> {
    work.db.prepare_cached("DELETE FROM suspects WHERE task = ?")?.execute([task.0])?;
    let mut update =
        work.db.prepare_cached("UPDATE tasks SET missing = 0 WHERE id = ? AND missing <> 0 AND gone_at IS NULL")?;
    if update.execute([task.0])? > 0 {
        touch(work, task)?;
    }
    Ok(())
}

/// What is known of the task, of its container and of its connection is looked at anew.
pub(super) fn touch(work: &mut Work<'_>, task: TaskId) -> Result<(), StoreError> {
    work.touched.tasks.insert(task);
    if let Some(container) = container_of(work.db, task)? {
        work.touched.containers.insert(container);
        work.touched.connections.extend(work.cache.reader(container));
    }
    Ok(())
}

pub(super) fn container_of(db: &Connection, task: TaskId) -> Result<Option<ContainerId>, StoreError> {
    let mut query = db.prepare_cached("SELECT container FROM tasks WHERE id = ?")?;
    Ok(query.query_row([task.0], |row| Ok(ContainerId(row.get(0)?))).optional()?)
}

fn hold(
    work: &mut Work<'_>,
    container: ContainerId,
    since: Timestamp,
    missing: u64,
    of: u64,
) -> Result<(), StoreError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    work.db
        .prepare_cached(
            "UPDATE containers SET hold = 'missing', hold_at = coalesce(hold_at, ?), missing = ?, missing_of = ? WHERE id = ?",
        )?
        .execute(params![us(since), count(missing), count(of), container.0])?;
    work.touched.containers.insert(container);
    Ok(())
}

/// See [`release_if_settled`].
pub(super) const UNSETTLED: &str =
    "SELECT missing_of, (SELECT count(*) FROM suspects s CROSS JOIN tasks t ON t.id = s.task
       WHERE t.container = c.id AND t.closed_at IS NULL AND t.gone_at IS NULL AND NOT s.known)
     FROM containers c WHERE id = ? AND hold IS NOT NULL";

/// The hold falls once no more is unsettled than may vanish in a day.
pub(super) fn release_if_settled(work: &mut Work<'_>, container: ContainerId) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached(UNSETTLED)?;
    let count =
        |row: &Row<'_>, column| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0));
    let held = query.query_row([container.0], |row| Ok((count(row, 0)?, count(row, 1)?))).optional()?;
    if held.is_some_and(|(of, left)| !is_too_much(left, of)) {
        release(work, container)?;
    }
    Ok(())
}

/// Nobody reads the container any more, or somebody begins to: what was missing from it was missing from another's lists.
pub(super) fn start_anew(work: &mut Work<'_>, container: ContainerId) -> Result<(), StoreError> {
    forget(work, container)?;
    forget_found(work, container, &[])?;
    release(work, container)
}

fn release(work: &mut Work<'_>, container: ContainerId) -> Result<(), StoreError> {
    work.db
        .prepare_cached("UPDATE containers SET hold = NULL, hold_at = NULL, missing = 0, missing_of = 0 WHERE id = ?")?
        .execute([container.0])?;
    work.touched.containers.insert(container);
    Ok(())
}

/// The operator has looked at it: the hold falls, and what is missing now does not bring it back. Each task is still asked
/// for before it is called gone.
pub(super) fn release_by_wish(db: &Connection, container: ContainerId) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE suspects SET known = 1 WHERE (SELECT container FROM tasks WHERE id = suspects.task) = ?",
    )?
    .execute([container.0])?;
    db.prepare_cached("UPDATE containers SET hold = NULL, hold_at = NULL, missing = 0, missing_of = 0 WHERE id = ?")?
        .execute([container.0])?;
    Ok(())
}

/// See [`due`]. Suspects are few: whatever is asked of them begins with them, and never with the tasks of a container.
pub(super) const DUE: &str = "SELECT t.id, t.handle, t.key FROM suspects s
     CROSS JOIN tasks t ON t.id = s.task CROSS JOIN containers c ON c.id = t.container
     WHERE c.reader = ? AND c.open AND t.closed_at IS NULL AND t.gone_at IS NULL AND s.look_at <= ?
     ORDER BY s.look_at, s.task LIMIT ?";

/// Suspects of a connection that are due to be asked for, as many as may be asked for at once.
pub(super) fn due(db: &Connection, connection: ConnectionId, now: Timestamp) -> Result<Vec<Suspect>, StoreError> {
    let mut query = db.prepare_cached(DUE)?;
    let limit = i64::try_from(SLICE).unwrap_or(i64::MAX);
    let rows = query.query_map(params![connection.0, us(now), limit], |row| {
        Ok(Suspect { connection, task: TaskId(row.get(0)?), handle: row.get(1)?, key: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// See [`next_due`].
pub(super) const NEXT_DUE: &str = "SELECT min(s.look_at) FROM suspects s
     CROSS JOIN tasks t ON t.id = s.task CROSS JOIN containers c ON c.id = t.container
     WHERE c.reader = ? AND c.open AND t.closed_at IS NULL AND t.gone_at IS NULL";

/// When the next suspect of a connection is to be asked for. `None`: there is none.
pub(super) fn next_due(db: &Connection, connection: ConnectionId) -> Result<Option<Timestamp>, StoreError> {
    let mut query = db.prepare_cached(NEXT_DUE)?;
    Ok(query.query_row([connection.0], |row| at_opt(row, 0))?)
}

/// After a full slice the others wait, whenever they were due.
pub(super) fn pause(db: &Connection, connection: ConnectionId, now: Timestamp) -> Result<(), StoreError> {
    let mut update = db.prepare_cached(
        "UPDATE suspects SET look_at = max(look_at, ?) WHERE task IN (
           SELECT s.task FROM suspects s CROSS JOIN tasks t ON t.id = s.task CROSS JOIN containers c ON c.id = t.container
           WHERE c.reader = ?)",
    )?;
    update.execute(params![us(later(now, PAUSE)), connection.0])?;
    Ok(())
}

/// True for as many as may be asked for at once.
pub(super) fn is_slice(asked: usize) -> bool {
    asked >= SLICE
}

/// See [`suspect_move`]. While a container is read for the first time it ends at the container.
pub(super) const ALIKE: &str =
    "SELECT o.id FROM tasks n CROSS JOIN containers c ON c.id = n.container AND c.warm_at IS NOT NULL
     CROSS JOIN tasks o ON o.site = ?2 AND o.created_at = n.created_at AND o.closed_at IS NULL AND o.gone_at IS NULL
     WHERE n.id = ?1 AND o.title = n.title AND o.id <> n.id AND o.container <> n.container";

/// A task that has just come into a warm container although it is old, under the name and birthday of an open one elsewhere,
/// has most likely been moved: that one is asked for at once, so that nobody hears of it as of another task.
pub(super) fn suspect_move(
    work: &Work<'_>,
    site: SiteId,
    task: &connector_model::Task,
    id: TaskId,
    asked_at: Timestamp,
) -> Result<(), StoreError> {
    if later(task.created_at, ARRIVAL) > asked_at {
        return Ok(());
    }
    let mut query = work.db.prepare_cached(ALIKE)?;
    let rows = query.query_map([id.0, site.0], |row| Ok(TaskId(row.get(0)?)))?;
    let alike: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
    for other in alike {
        let mut insert = work.db.prepare_cached(
            "INSERT INTO suspects(task, since, look_at, known) VALUES (?1, ?2, ?2, 1)
             ON CONFLICT DO UPDATE SET look_at = min(look_at, ?2)",
        )?;
        insert.execute(params![other.0, us(work.now)])?;
    }
    Ok(())
}
