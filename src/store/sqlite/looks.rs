//! What a direct look at a missing task says: there after all, deleted, moved, or not to be seen.
//!
//! Nothing is deleted here: a task that is gone keeps its row and its history, and comes back if it is ever seen again. Two
//! rows that turn out to be one task become the older one.

use connector_kit::{Page, TaskLook};
use connector_model::TaskRef;
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::{LookWrite, Looked, StoreError, StreamRow, Suspect};
use super::census::{self, ARRIVAL, MOVED_AWAY, acquit, container_of, release_if_settled, touch};
use super::tasks::{self, Origin, Seen};
use super::values::{at_opt, us};
use super::{Store, Work, board, cache, containers, history, links, streams, supplements};
use crate::domain::calendar::later;
use crate::domain::ids::{ConnectionId, ContainerId, SiteId, TaskId};

/// What cannot be seen is looked at again a day later, so that an outage or a wrong grant has time to pass.
const SECOND_SIGHT: SignedDuration = SignedDuration::from_hours(24);
/// `tasks.missing` at the first direct look that does not see it, and at the second.
const UNSEEN: i64 = 1;
const SURELY_UNSEEN: i64 = 2;

impl Store {
    /// Tasks of a connection that are missing from its lists and due to be asked for directly; as many as may be asked for
    /// at once.
    ///
    /// # Errors
    /// `Failed`.
    pub fn due_suspects(&self, connection: ConnectionId, now: Timestamp) -> Result<Vec<Suspect>, StoreError> {
        census::due(&self.db, connection, now)
    }

    /// Stores what a direct look at a missing task said.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn apply_look(&mut self, write: &LookWrite<'_>) -> Result<Looked, StoreError> {
        self.write(write.now, |work| looked(work, write))
    }

    /// Lets the other missing tasks of a connection wait after so many were asked for.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn pause_looks(&mut self, connection: ConnectionId, asked: usize, now: Timestamp) -> Result<(), StoreError> {
        if census::is_slice(asked) {
            self.write(now, |work| census::pause(work.db, connection, now))?;
        }
        Ok(())
    }
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
    history::see(work, site, &page.changes)?;
    acquit(work, suspect.task)
}

/// It leaves the board for good; what it was linked with stands without it.
fn leave(work: &mut Work<'_>, task: TaskId, missing: i64) -> Result<(), StoreError> {
    touch(work, task)?;
    work.touched.around.insert(task);
    work.db.prepare_cached("DELETE FROM suspects WHERE task = ?")?.execute([task.0])?;
    for sql in [
        "SELECT task FROM links WHERE other = ? UNION SELECT id FROM tasks WHERE parent = ?1
         UNION SELECT parent FROM tasks WHERE id = ?1 AND parent IS NOT NULL",
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
        "SELECT t.asked_at > coalesce(s.moved_at, s.since) FROM suspects s JOIN tasks t ON t.id = s.task WHERE s.task = ?",
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
        "INSERT OR IGNORE INTO changes(task, at, vkey, field, old, new, account, via, mark, origin, mentions)
           SELECT ?1, at, vkey, field, old, new, account, via, mark, origin, mentions FROM changes WHERE task = ?2",
        "DELETE FROM changes WHERE task = ?2 AND ?1 = ?1",
        "DELETE FROM task_owners WHERE task = ?1 AND ?2 = ?2",
        "UPDATE task_owners SET task = ?1 WHERE task = ?2",
        "DELETE FROM task_homes WHERE task = ?1 AND ?2 = ?2",
        "UPDATE task_homes SET task = ?1 WHERE task = ?2",
        "DELETE FROM links WHERE task = ?1 AND ?2 = ?2",
        "UPDATE links SET task = ?1 WHERE task = ?2",
        "UPDATE links SET other = ?1 WHERE other = ?2",
        "DELETE FROM links WHERE task = other AND ?1 <> ?2",
        "DELETE FROM task_base WHERE task = ?1 AND ?2 = ?2",
        "UPDATE task_base SET task = ?1 WHERE task = ?2",
        "UPDATE tasks SET parent = ?1 WHERE parent = ?2 AND id <> ?1",
        "UPDATE task_alias SET task = ?1 WHERE task = ?2",
        // What was said of the newer row goes on under the older one, unless that has said the same itself.
        "UPDATE OR IGNORE alerts SET subject = ?1 WHERE subject_kind = 0 AND subject = ?2",
        "UPDATE OR IGNORE posts SET about = ?1 WHERE about_kind = 0 AND about = ?2",
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
    alias(work, site, &ext, old)?;
    supplements::rejoin(work, site, old)
}
