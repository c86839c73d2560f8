//! What vanished: the pass that counts open tasks, those it missed, and what a direct look at one of them says.
//!
//! Absence is a suspicion. A pass is judged only when it is complete and nothing was left out of it; whatever was seen since
//! it began is no suspect. More missing than vanishes in a day holds the container until direct looks have settled enough of
//! it, or the operator has. Nothing is deleted: a task that is gone keeps its row and its history.

use connector_kit::{Page, StreamKind, TaskLook};
use connector_model::TaskRef;
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{LookWrite, Looked, StoreError, StreamRow, Suspect};
use super::tasks::{self, Origin, Seen};
use super::values::{at_opt, us};
use super::{Work, board, cache, containers, history, links, streams};
use crate::domain::absence::is_too_much;
use crate::domain::calendar::later;
use crate::domain::ids::{ConnectionId, ContainerId, SiteId, TaskId};

/// So many are asked for at once, and no more until [`PAUSE`] has passed: 120 an hour for each connection.
const SLICE: usize = 20;
/// See [`SLICE`].
const PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// What cannot be seen is looked at again a day later, so that an outage or a wrong grant has time to pass.
const SECOND_SIGHT: SignedDuration = SignedDuration::from_hours(24);
/// What moved to a place that is watched is there by then.
const ARRIVAL: SignedDuration = SignedDuration::from_mins(15);
/// `tasks.missing` at the first direct look that does not see it, and at the second.
const UNSEEN: i64 = 1;
const SURELY_UNSEEN: i64 = 2;
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

/// What was seen differently since the pass began may have come, gone or moved during it.
fn missing_from(db: &Connection, container: ContainerId, began_at: Timestamp) -> Result<Vec<TaskId>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id FROM tasks t WHERE container = ?1 AND closed_at IS NULL AND gone_at IS NULL
           AND created_at < ?2 AND asked_at < ?2 AND changed_at < ?2
           AND NOT EXISTS(SELECT 1 FROM census WHERE container = ?1 AND task = t.id) ORDER BY id",
    )?;
    let rows = query.query_map(params![container.0, us(began_at)], |row| Ok(TaskId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Earlier suspects that the pass has shown again are none any more.
fn forget_found(work: &mut Work<'_>, container: ContainerId, missing: &[TaskId]) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT s.task FROM suspects s JOIN tasks t ON t.id = s.task WHERE t.container = ? ORDER BY s.task",
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
fn acquit(work: &mut Work<'_>, task: TaskId) -> Result<(), StoreError> {
    work.db.prepare_cached("DELETE FROM suspects WHERE task = ?")?.execute([task.0])?;
    let mut update =
        work.db.prepare_cached("UPDATE tasks SET missing = 0 WHERE id = ? AND missing <> 0 AND gone_at IS NULL")?;
    if update.execute([task.0])? > 0 {
        touch(work, task)?;
    }
    Ok(())
}

/// What is known of the task, of its container and of its connection is looked at anew.
fn touch(work: &mut Work<'_>, task: TaskId) -> Result<(), StoreError> {
    work.touched.tasks.insert(task);
    if let Some(container) = container_of(work.db, task)? {
        work.touched.containers.insert(container);
        work.touched.connections.extend(work.cache.reader(container));
    }
    Ok(())
}

fn container_of(db: &Connection, task: TaskId) -> Result<Option<ContainerId>, StoreError> {
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
            "UPDATE containers SET hold = 'missing', hold_at = ?, missing = ?, missing_of = ? WHERE id = ?",
        )?
        .execute(params![us(since), count(missing), count(of), container.0])?;
    work.touched.containers.insert(container);
    Ok(())
}

/// The hold falls once no more is unsettled than may vanish in a day.
fn release_if_settled(work: &mut Work<'_>, container: ContainerId) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT missing_of, (SELECT count(*) FROM suspects s JOIN tasks t ON t.id = s.task
           WHERE t.container = c.id AND t.closed_at IS NULL AND t.gone_at IS NULL AND NOT s.known)
         FROM containers c WHERE id = ? AND hold IS NOT NULL",
    )?;
    let count =
        |row: &Row<'_>, column| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0));
    let held = query.query_row([container.0], |row| Ok((count(row, 0)?, count(row, 1)?))).optional()?;
    if held.is_some_and(|(of, left)| !is_too_much(left, of)) {
        release(work, container)?;
    }
    Ok(())
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
    db.prepare_cached("UPDATE suspects SET known = 1 WHERE task IN (SELECT id FROM tasks WHERE container = ?)")?
        .execute([container.0])?;
    db.prepare_cached("UPDATE containers SET hold = NULL, hold_at = NULL, missing = 0, missing_of = 0 WHERE id = ?")?
        .execute([container.0])?;
    Ok(())
}

/// Suspects of a connection that are due to be asked for, as many as may be asked for at once.
pub(super) fn due(db: &Connection, connection: ConnectionId, now: Timestamp) -> Result<Vec<Suspect>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT t.id, t.handle, t.key FROM suspects s JOIN tasks t ON t.id = s.task JOIN containers c ON c.id = t.container
         WHERE c.reader = ? AND c.open AND t.closed_at IS NULL AND t.gone_at IS NULL AND s.look_at <= ?
         ORDER BY s.look_at, s.task LIMIT ?",
    )?;
    let limit = i64::try_from(SLICE).unwrap_or(i64::MAX);
    let rows = query.query_map(params![connection.0, us(now), limit], |row| {
        Ok(Suspect { connection, task: TaskId(row.get(0)?), handle: row.get(1)?, key: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next suspect of a connection is to be asked for. `None`: there is none.
pub(super) fn next_due(db: &Connection, connection: ConnectionId) -> Result<Option<Timestamp>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT min(s.look_at) FROM suspects s JOIN tasks t ON t.id = s.task JOIN containers c ON c.id = t.container
         WHERE c.reader = ? AND c.open AND t.closed_at IS NULL AND t.gone_at IS NULL",
    )?;
    Ok(query.query_row([connection.0], |row| at_opt(row, 0))?)
}

/// After a full slice the others wait, whenever they were due.
pub(super) fn pause(db: &Connection, connection: ConnectionId, now: Timestamp) -> Result<(), StoreError> {
    let mut update = db.prepare_cached(
        "UPDATE suspects SET look_at = max(look_at, ?) WHERE task IN (
           SELECT s.task FROM suspects s JOIN tasks t ON t.id = s.task JOIN containers c ON c.id = t.container
           WHERE c.reader = ?)",
    )?;
    update.execute(params![us(later(now, PAUSE)), connection.0])?;
    Ok(())
}

/// True for as many as may be asked for at once.
pub(super) fn is_slice(asked: usize) -> bool {
    asked >= SLICE
}

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
    let mut query = work.db.prepare_cached(
        "SELECT o.id FROM tasks o JOIN tasks n ON n.id = ?1 JOIN containers c ON c.id = n.container
         WHERE o.site = ?2 AND o.created_at = n.created_at AND o.title = n.title AND o.id <> n.id
           AND o.container <> n.container AND o.closed_at IS NULL AND o.gone_at IS NULL AND c.warm_at IS NOT NULL",
    )?;
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

/// Takes up what a direct look at a suspect said.
pub(super) fn looked(work: &mut Work<'_>, write: &LookWrite<'_>) -> Result<Looked, StoreError> {
    let task = write.suspect.task;
    let Some((site, container)) = place_of(work.db, task)? else { return Ok(Looked::default()) };
    work.look_around()?;
    let mut reload = false;
    match write.look {
        None => postpone(work.db, task, write.again_at)?,
        Some(TaskLook::There(page)) => there(work, write.suspect, site, page)?,
        Some(TaskLook::Gone) => leave(work, task, 0)?,
        Some(TaskLook::Hidden) => hidden(work, task)?,
        Some(TaskLook::Moved(to)) => reload = moved(work, site, task, to)?,
    }
    release_if_settled(work, container)?;
    history::refold_touched(work)?;
    Ok(Looked { delta: board::delta(work)?, reload })
}

fn place_of(db: &Connection, task: TaskId) -> Result<Option<(SiteId, ContainerId)>, StoreError> {
    let mut query = db.prepare_cached("SELECT site, container FROM tasks WHERE id = ?")?;
    Ok(query.query_row([task.0], |row| Ok((SiteId(row.get(0)?), ContainerId(row.get(1)?)))).optional()?)
}

fn postpone(db: &Connection, task: TaskId, to: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE suspects SET look_at = ? WHERE task = ?")?.execute(params![us(to), task.0])?;
    Ok(())
}

/// The list was behind, or it was closed and no increment showed that.
fn there(work: &mut Work<'_>, suspect: &Suspect, site: SiteId, page: &Page) -> Result<(), StoreError> {
    let name = work.cache.connections.get(&suspect.connection).map_or(String::new(), |row| row.name.clone());
    for account in &page.accounts {
        work.see_account(site, account)?;
    }
    let stream = StreamRow::of_census(suspect.connection);
    containers::see(work, &stream, site, page)?;
    let origin = Origin { site, asked_at: page.asked_at, observed: cache::observed(work.plan, &name) };
    for task in &page.tasks {
        if tasks::see(work, &origin, task)? == Seen::Changed
            && let Some(container) = container_of(work.db, suspect.task)?
        {
            streams::call_history(work, suspect.connection, container)?;
        }
    }
    acquit(work, suspect.task)
}

/// It leaves the board for good; what it was linked with stands without it.
fn leave(work: &mut Work<'_>, task: TaskId, missing: i64) -> Result<(), StoreError> {
    touch(work, task)?;
    work.touched.around.insert(task);
    work.db.prepare_cached("DELETE FROM suspects WHERE task = ?")?.execute([task.0])?;
    for sql in [
        "SELECT task FROM links WHERE other = ? UNION SELECT id FROM tasks WHERE parent = ?1",
        "SELECT other FROM links WHERE task = ? AND other IS NOT NULL",
    ] {
        let mut query = work.db.prepare_cached(sql)?;
        let others: Vec<TaskId> =
            query.query_map([task.0], |row| Ok(TaskId(row.get(0)?)))?.collect::<Result<_, _>>()?;
        work.touched.tasks.extend(others);
    }
    work.db.prepare_cached("DELETE FROM links WHERE task = ?1 OR other = ?1")?.execute([task.0])?;
    work.db.prepare_cached("UPDATE tasks SET parent = NULL, parent_ref = NULL WHERE parent = ?")?.execute([task.0])?;
    work.db
        .prepare_cached("UPDATE tasks SET gone_at = ?, missing = ?, links_hash = NULL WHERE id = ?")?
        .execute(params![us(work.now), missing, task.0])?;
    Ok(())
}

/// Nothing is concluded from one sight; from a second one on another day only that it is not to be seen.
fn hidden(work: &mut Work<'_>, task: TaskId) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached("SELECT hidden_at FROM suspects WHERE task = ?")?;
    let hidden_at = query.query_row([task.0], |row| at_opt(row, 0)).optional()?.flatten();
    drop(query);
    let again = hidden_at.is_some_and(|at| later(at, SECOND_SIGHT) <= work.now);
    work.db
        .prepare_cached(
            "UPDATE suspects SET hidden_at = coalesce(hidden_at, ?1), look_at = ?2, known = known OR ?3 WHERE task = ?4",
        )?
        .execute(params![us(work.now), us(later(work.now, SECOND_SIGHT)), again, task.0])?;
    work.db
        .prepare_cached("UPDATE tasks SET missing = max(missing, ?) WHERE id = ?")?
        .execute([if again { SURELY_UNSEEN } else { UNSEEN }, task.0])?;
    touch(work, task)
}

/// The same task under another name. True: two rows became one, and the board is to be loaded anew.
fn moved(work: &mut Work<'_>, site: SiteId, task: TaskId, to: &TaskRef) -> Result<bool, StoreError> {
    match links::resolve(work, site, to)? {
        Some(new) if new != task => merge(work, site, task, new).map(|()| true),
        // It has come under its new name already.
        Some(_) if is_elsewhere(work.db, task)? => acquit(work, task).map(|()| false),
        _ => await_arrival(work, site, task, to).map(|()| false),
    }
}

/// True once it was seen since it was first said to have moved.
fn is_elsewhere(db: &Connection, task: TaskId) -> Result<bool, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT t.changed_at > coalesce(s.moved_at, s.since) FROM suspects s JOIN tasks t ON t.id = s.task WHERE s.task = ?",
    )?;
    Ok(query.query_row([task.0], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Its new place may be watched and not read yet. Whenever it comes under its new name, it is this task.
fn await_arrival(work: &mut Work<'_>, site: SiteId, task: TaskId, to: &TaskRef) -> Result<(), StoreError> {
    if let TaskRef::Ext(ext) = to {
        let own: bool = work
            .db
            .prepare_cached("SELECT ext = ? FROM tasks WHERE id = ?")?
            .query_row(params![ext, task.0], |row| row.get(0))?;
        if !own {
            alias(work, site, ext, task)?;
        }
    }
    let mut query = work.db.prepare_cached("SELECT moved_at FROM suspects WHERE task = ?")?;
    let moved_at = query.query_row([task.0], |row| at_opt(row, 0)).optional()?.flatten();
    drop(query);
    if moved_at.is_some_and(|at| later(at, ARRIVAL) <= work.now) {
        return leave(work, task, MOVED_AWAY);
    }
    work.db
        .prepare_cached("UPDATE suspects SET moved_at = coalesce(moved_at, ?), look_at = ? WHERE task = ?")?
        .execute(params![us(work.now), us(later(work.now, ARRIVAL)), task.0])?;
    Ok(())
}

fn alias(work: &mut Work<'_>, site: SiteId, ext: &str, task: TaskId) -> Result<(), StoreError> {
    let mut insert = work.db.prepare_cached(
        "INSERT INTO task_alias(site, ext, task) VALUES (?,?,?) ON CONFLICT DO UPDATE SET task = excluded.task",
    )?;
    insert.execute(params![site.0, ext, task.0])?;
    work.has_alias = true;
    Ok(())
}

/// The older row stays and takes over all that the newer one says: a gap goes on, whatever its task is called.
fn merge(work: &mut Work<'_>, site: SiteId, old: TaskId, new: TaskId) -> Result<(), StoreError> {
    touch(work, old)?;
    touch(work, new)?;
    work.touched.around.insert(old);
    work.touched.refold.insert(old);
    let of = params![old.0, new.0];
    for sql in [
        "INSERT OR IGNORE INTO changes(task, at, vkey, field, old, new, account, via, mark, origin)
           SELECT ?1, at, vkey, field, old, new, account, via, mark, origin FROM changes WHERE task = ?2",
        "DELETE FROM changes WHERE task = ?2 AND ?1 = ?1",
        "DELETE FROM task_owners WHERE task = ?1 AND ?2 = ?2",
        "UPDATE task_owners SET task = ?1 WHERE task = ?2",
        "DELETE FROM task_homes WHERE task = ?1 AND ?2 = ?2",
        "UPDATE task_homes SET task = ?1 WHERE task = ?2",
        "DELETE FROM links WHERE task = ?1 AND ?2 = ?2",
        "UPDATE links SET task = ?1 WHERE task = ?2",
        "UPDATE links SET other = ?1 WHERE other = ?2",
        "DELETE FROM links WHERE task = other AND ?1 <> ?2",
        "UPDATE tasks SET parent = ?1 WHERE parent = ?2 AND id <> ?1",
        "UPDATE task_alias SET task = ?1 WHERE task = ?2",
        "DELETE FROM suspects WHERE task IN (?1, ?2)",
        "DELETE FROM census WHERE task IN (?1, ?2)",
    ] {
        work.db.prepare_cached(sql)?.execute(of)?;
    }
    let taken: Vec<&str> = tasks::COLUMNS.iter().copied().chain(tasks::STANDING).collect();
    let (names, ext) = (taken.join(","), "SELECT ext FROM tasks WHERE id = ?");
    let ext: String = work.db.prepare_cached(ext)?.query_row([new.0], |row| row.get(0))?;
    let row: Vec<Value> = work
        .db
        .prepare_cached(&format!("SELECT {names} FROM tasks WHERE id = ?"))?
        .query_row([new.0], |row| (0..taken.len()).map(|column| row.get(column)).collect())?;
    work.db.prepare_cached("DELETE FROM tasks WHERE id = ?")?.execute([new.0])?;
    let sets: Vec<String> = taken.iter().map(|name| format!("{name} = ?")).collect();
    let sql = format!("UPDATE tasks SET {}, missing = 0, gone_at = NULL WHERE id = ?", sets.join(", "));
    let values = row.into_iter().chain([Value::Integer(old.0)]);
    work.db.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values))?;
    alias(work, site, &ext, old)
}

/// True for the stream that counts.
pub(super) fn is_census(kind: StreamKind) -> bool {
    kind == StreamKind::Census
}
