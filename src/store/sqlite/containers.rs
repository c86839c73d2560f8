//! Containers and homes as pages name them, and who reads them: the first connection that lists one keeps it.

use connector_kit::{Page, StreamKind};
use connector_model::{Container, ContainerKind, ContainerRef, Due, Field};
use jiff::Timestamp;
use rusqlite::params;

use super::super::{PageWrite, StoreError, StreamRow};
use super::cache::ContainerRow;
use super::history::{self, Entry};
use super::values::{code_in, us};
use super::{Work, census, streams};
use crate::domain::facts::HOME_MOVED;
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, SiteId, TaskId};

/// Takes up the containers a page names. On a page of the selection each is also listed, and read by this connection
/// unless another reads it already.
pub(super) fn see(work: &mut Work<'_>, stream: &StreamRow, site: SiteId, page: &Page) -> Result<(), StoreError> {
    let listed = stream.key.kind == StreamKind::Containers;
    for seen in &page.containers {
        let is_home = seen.at.kind.due_source().is_some();
        let id = see_one(work, site, seen, page.asked_at)?;
        let free = work.cache.reader(id).is_none();
        if free && (listed || is_home) {
            take(work, id, stream.connection)?;
        }
        if listed {
            work.db
                .prepare_cached("UPDATE containers SET listed_at = ? WHERE id = ?")?
                .execute(params![us(page.asked_at), id.0])?;
        }
    }
    Ok(())
}

/// The row of a container that a task names; a bare one if it was never described.
pub(super) fn id_of(work: &mut Work<'_>, site: SiteId, at: &ContainerRef) -> Result<ContainerId, StoreError> {
    if let Some(id) = work.cache.container_ids.get(&site).and_then(|ids| ids.get(at)) {
        return Ok(*id);
    }
    let bare = Container {
        at: at.clone(),
        name: at.ext.clone(),
        handle: String::new(),
        due: None,
        open: true,
        responsible: None,
    };
    insert(work, site, &bare, Timestamp::UNIX_EPOCH)
}

fn see_one(
    work: &mut Work<'_>,
    site: SiteId,
    seen: &Container,
    asked_at: Timestamp,
) -> Result<ContainerId, StoreError> {
    let known = work.cache.container_ids.get(&site).and_then(|ids| ids.get(&seen.at)).copied();
    let Some(id) = known else { return insert(work, site, seen, asked_at) };
    let responsible = responsible(work, site, seen)?;
    let before = work.cache.containers[&id].clone();
    let same = (&before.name, &before.handle, before.due, before.open, before.responsible)
        == (&seen.name, &seen.handle, seen.due, seen.open, responsible);
    if same || before.asked_at > asked_at {
        return Ok(id);
    }
    work.db
        .prepare_cached(
            "UPDATE containers SET name = ?, handle = ?, due = ?, open = ?, asked_at = ?, responsible = ? WHERE id = ?",
        )?
        .execute(params![
            seen.name,
            seen.handle,
            seen.due.map(Due::to_text),
            seen.open,
            us(asked_at),
            responsible.map(|account| account.0),
            id.0
        ])?;
    let (due_before, name_before) = (before.due, before.name.clone());
    let first = before.asked_at == Timestamp::UNIX_EPOCH;
    work.cache.put_container(ContainerRow {
        name: seen.name.clone(),
        handle: seen.handle.clone(),
        due: seen.due,
        open: seen.open,
        asked_at,
        responsible,
        ..before
    });
    work.touched.containers.insert(id);
    if due_before != seen.due && !first {
        move_due(work, id, seen, due_before, asked_at)?;
    }
    if due_before != seen.due || name_before != seen.name {
        fold_movers(work, id, &[&name_before, &seen.name])?;
    }
    Ok(id)
}

/// The account of whoever answers for it.
fn responsible(work: &mut Work<'_>, site: SiteId, seen: &Container) -> Result<Option<AccountId>, StoreError> {
    seen.responsible.as_ref().map(|ext| work.account(site, ext)).transpose()
}

fn insert(work: &mut Work<'_>, site: SiteId, seen: &Container, asked_at: Timestamp) -> Result<ContainerId, StoreError> {
    let responsible = responsible(work, site, seen)?;
    work.db
        .prepare_cached(
            "INSERT INTO containers(site, ext, kind, name, handle, due, open, asked_at, responsible)
             VALUES (?,?,?,?,?,?,?,?,?)",
        )?
        .execute(params![
            site.0,
            seen.at.ext,
            seen.at.kind.code(),
            seen.name,
            seen.handle,
            seen.due.map(Due::to_text),
            seen.open,
            us(asked_at),
            responsible.map(|account| account.0)
        ])?;
    let id = ContainerId(work.db.last_insert_rowid());
    work.cache.put_container(ContainerRow {
        id,
        site,
        at: seen.at.clone(),
        name: seen.name.clone(),
        handle: seen.handle.clone(),
        due: seen.due,
        open: seen.open,
        reader: None,
        asked_at,
        responsible,
    });
    work.touched.containers.insert(id);
    if seen.due.is_some() {
        fold_movers(work, id, &[&seen.name])?;
    }
    Ok(id)
}

/// What came into a milestone, or left it, moved its deadline by the date that the milestone has: which is another one now, or
/// is known only now.
fn fold_movers(work: &mut Work<'_>, id: ContainerId, names: &[&str]) -> Result<(), StoreError> {
    let Some(repository) = work.cache.repository_of(id) else { return Ok(()) };
    let mut query = work.db.prepare_cached(
        "SELECT DISTINCT c.task FROM tasks t CROSS JOIN changes c ON c.task = t.id
         WHERE t.container = ?1 AND c.field = ?2 AND (c.old IN (?3, ?4) OR c.new IN (?3, ?4))",
    )?;
    let (one, other) = (names.first(), names.last());
    let tasks =
        query.query_map(params![repository.0, Field::Home.code(), one, other], |row| Ok(TaskId(row.get(0)?)))?;
    work.touched.refold.extend(tasks.collect::<Result<Vec<_>, _>>()?);
    Ok(())
}

/// The date of a home is the deadline of the open tasks in it that have none of their own: moving it moves theirs, which
/// no tool writes into their history.
fn move_due(
    work: &mut Work<'_>,
    id: ContainerId,
    seen: &Container,
    before: Option<Due>,
    asked_at: Timestamp,
) -> Result<(), StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT t.id FROM task_homes h JOIN tasks t ON t.id = h.task
         WHERE h.container = ? AND t.closed_at IS NULL AND t.gone_at IS NULL AND t.due IS NULL",
    )?;
    let tasks: Vec<i64> = query.query_map([id.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for task in tasks {
        let entry = Entry {
            at: asked_at,
            vkey: &format!("{HOME_MOVED}{}:{}", id, us(asked_at)),
            field: Field::Due,
            from: before.map(Due::to_text),
            to: seen.due.map(Due::to_text),
            account: None,
            via: None,
            mentions: None,
            mark: None,
            observed: true,
        };
        history::insert(work, TaskId(task), &entry)?;
        work.touched.tasks.insert(TaskId(task));
    }
    Ok(())
}

/// Makes a connection the reader of a container nobody reads: it is read from the beginning, cold until that is done.
fn take(work: &mut Work<'_>, id: ContainerId, connection: ConnectionId) -> Result<(), StoreError> {
    census::start_anew(work, id)?;
    work.db
        .prepare_cached(
            "UPDATE containers SET reader = ?, warm_at = NULL, fresh_at = NULL, baseline_at = NULL WHERE id = ?",
        )?
        .execute(params![connection.0, id.0])?;
    if let Some(row) = work.cache.containers.get_mut(&id) {
        row.reader = Some(connection);
        if row.at.kind.due_source().is_none() {
            streams::add(work, connection, id)?;
        }
    }
    work.touched.containers.insert(id);
    let members = touch_members(work, id)?;
    // Which labels are states is the reader's to say.
    work.touched.refold.extend(members);
    Ok(())
}

/// Takes a container out of its reader's hands: its tasks leave the board and stay in the mirror.
pub(super) fn release(work: &mut Work<'_>, id: ContainerId) -> Result<(), StoreError> {
    touch_members(work, id)?;
    census::start_anew(work, id)?;
    work.db
        .prepare_cached(
            "UPDATE containers SET reader = NULL, warm_at = NULL, fresh_at = NULL, baseline_at = NULL WHERE id = ?",
        )?
        .execute([id.0])?;
    work.db.prepare_cached("DELETE FROM streams WHERE scope = ?")?.execute([id.0])?;
    if let Some(row) = work.cache.containers.get_mut(&id) {
        row.reader = None;
    }
    work.touched.containers.insert(id);
    Ok(())
}

/// After a complete pass over the selection: what it no longer lists is no longer read. A pass that listed nothing at all
/// concludes nothing, it is a suspicion and no fact.
pub(super) fn release_unlisted(
    work: &mut Work<'_>,
    connection: ConnectionId,
    since: Timestamp,
) -> Result<(), StoreError> {
    let mut query =
        work.db.prepare_cached("SELECT id, kind, listed_at >= ? FROM containers WHERE reader = ? ORDER BY id")?;
    let rows = query.query_map(params![us(since), connection.0], |row| {
        Ok((ContainerId(row.get(0)?), ContainerKind::from_code(code_in(row, 1)?), row.get::<_, bool>(2)?))
    })?;
    let mut rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    drop(query);
    rows.retain(|(_, kind, _)| kind.due_source().is_none());
    if !rows.iter().any(|(_, _, listed)| *listed) {
        return Ok(());
    }
    for (id, _, listed) in rows {
        if !listed {
            release(work, id)?;
        }
    }
    Ok(())
}

/// Where a container's own tasks tell that it was closed, it is no longer read. A pass over the selection takes it up again
/// if it is still named there.
pub(super) fn release_closed(work: &mut Work<'_>, write: &PageWrite<'_>) -> Result<(), StoreError> {
    let (key, id) = (&write.stream.key, write.stream.scope_id);
    let Some(scope) = key.scope.as_ref().filter(|_| key.kind == StreamKind::Tasks) else { return Ok(()) };
    let is_closed = write.page.containers.iter().any(|seen| seen.at == scope.at && !seen.open);
    match is_closed && work.cache.reader(id) == Some(write.stream.connection) {
        true => release(work, id),
        false => Ok(()),
    }
}

/// Its tasks come onto the board or leave it.
fn touch_members(work: &mut Work<'_>, id: ContainerId) -> Result<Vec<TaskId>, StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT id FROM tasks WHERE container = ?1 AND closed_at IS NULL AND gone_at IS NULL
         UNION ALL SELECT id FROM tasks WHERE container = ?1 AND closed_at >= ?2",
    )?;
    let rows = query.query_map(params![id.0, us(work.closed_since())], |row| Ok(TaskId(row.get(0)?)))?;
    let members: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
    work.touched.tasks.extend(&members);
    work.touched.around.extend(&members);
    Ok(members)
}
