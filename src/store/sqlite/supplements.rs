//! What is told of a task besides its own answer: by boards, and by what stands around it.
//!
//! The columns of a task hold what it says itself together with what boards say of it. Beside them is kept, for such tasks
//! alone, what it says itself ([`Said`]), so that either side may change or go without the other being asked again.

use connector_kit::{SourceRead, Supplement, TaskRelations};
use connector_model::{Due, DueStated, Ineligible, Progress, ProgressSource, Share, Status, StatusCategory, TaskRef};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{BoardSaid, PageWrite, StoreError};
use super::said::{Said, boards_of, forget, keep};
use super::tasks::{self, Origin};
use super::values::{at_in, code_in, id_list, json, json_in, us};
use super::{Work, links, streams};
use crate::domain::ids::{ConnectionId, ContainerId, SiteId, TaskId};

/// What boards say of a task, those that count first.
pub(super) fn read(db: &Connection, task: TaskId) -> Result<Vec<BoardSaid>, StoreError> {
    let mut query = db.prepare_cached("SELECT site, ext, key, url FROM tasks WHERE id = ?")?;
    let named = query.query_row([task.0], |row| {
        let names = links::names(&row.get::<_, String>(1)?, &row.get::<_, String>(2)?, &row.get::<_, String>(3)?);
        Ok((row.get::<_, i64>(0)?, names))
    });
    let Some((site, names)) = named.optional()? else { return Ok(Vec::new()) };
    let names = links::all_names(db, task, names)?;
    let mut query = db.prepare_cached(
        "SELECT source, at, said FROM supplements WHERE site = ?1 AND ref IN (SELECT value FROM json_each(?2))
         ORDER BY rank, connection, source, seen_at DESC, ref",
    )?;
    let rows = query.query_map(params![site, json(&names)?], |row| {
        Ok(BoardSaid { source: row.get(0)?, at: at_in(row, 1)?, values: json_in(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes up what a page says of tasks that it does not bring; true when anything differed.
pub(super) fn see(work: &mut Work<'_>, write: &PageWrite<'_>, origin: &Origin) -> Result<bool, StoreError> {
    let (page, connection) = (write.page, write.stream.connection);
    let mut wrote = false;
    for relations in &page.relations {
        wrote |= relate(work, origin, relations)?;
    }
    for supplement in &page.supplements {
        wrote |= put(work, connection, origin, supplement)?;
    }
    if let Some(read) = &page.source_read {
        wrote |= drop_unseen(work, connection, origin, read)?;
    }
    if let Some(sources) = &page.sources {
        let kept = json(sources)?;
        let mut query = work.db.prepare_cached(
            "DELETE FROM supplements WHERE connection = ? AND source NOT IN (SELECT value FROM json_each(?))
             RETURNING site, ref",
        )?;
        let gone = query.query_map(params![connection.0, kept], place)?.collect::<Result<Vec<_>, _>>()?;
        drop(query);
        wrote |= forgotten(work, origin, gone)?;
    }
    if wrote && write.stream.key.scope.is_none() {
        call_history(work)?;
    }
    Ok(wrote)
}

/// What happened to the tasks of which a board says something else now is asked for at once.
fn call_history(work: &Work<'_>) -> Result<(), StoreError> {
    let list = id_list(work.touched.tasks.iter().map(|id| id.0));
    let mut query = work.db.prepare_cached(
        "SELECT DISTINCT t.container, c.reader FROM tasks t JOIN containers c ON c.id = t.container AND c.reader IS NOT NULL
         WHERE t.id IN (SELECT value FROM json_each(?))",
    )?;
    let rows = query.query_map([list], |row| Ok((ContainerId(row.get(0)?), ConnectionId(row.get(1)?))))?;
    for (container, reader) in rows.collect::<Result<Vec<_>, _>>()? {
        streams::call_history(work, reader, container)?;
    }
    Ok(())
}

fn place(row: &Row<'_>) -> Result<(SiteId, String), rusqlite::Error> {
    Ok((SiteId(row.get(0)?), row.get(1)?))
}

fn put(
    work: &mut Work<'_>,
    connection: ConnectionId,
    origin: &Origin,
    supplement: &Supplement,
) -> Result<bool, StoreError> {
    let (name, said) = (links::ref_text(&supplement.task), json(&supplement.values)?);
    let mut query = work.db.prepare_cached(
        "SELECT said, rank, seen_at FROM supplements WHERE connection = ? AND source = ? AND ref = ?",
    )?;
    let before = query
        .query_row(params![connection.0, supplement.source, name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, at_in(row, 2)?))
        })
        .optional()?;
    drop(query);
    if before.as_ref().is_some_and(|(_, _, seen_at)| *seen_at > origin.asked_at) {
        return Ok(false);
    }
    let mut write = work.db.prepare_cached(
        "INSERT INTO supplements(connection, source, ref, site, rank, at, said, seen_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)
         ON CONFLICT DO UPDATE SET site = ?4, rank = ?5, at = ?6, said = ?7, seen_at = ?8",
    )?;
    write.execute(params![
        connection.0,
        supplement.source,
        name,
        origin.site.0,
        supplement.rank,
        us(supplement.at),
        said,
        us(origin.asked_at)
    ])?;
    drop(write);
    if before.is_some_and(|(before, rank, _)| before == said && rank == supplement.rank) {
        return Ok(false);
    }
    work.has_supplements = true;
    match links::resolve(work, origin.site, &supplement.task)? {
        Some(task) => renew(work, origin, task, supplement.at, |_| {}),
        None => Ok(false),
    }
}

/// What was not seen since a complete reading of its board began is not there any more.
fn drop_unseen(
    work: &mut Work<'_>,
    connection: ConnectionId,
    origin: &Origin,
    read: &SourceRead,
) -> Result<bool, StoreError> {
    let mut query = work.db.prepare_cached(
        "DELETE FROM supplements WHERE connection = ? AND source = ? AND seen_at < ? RETURNING site, ref",
    )?;
    let of = params![connection.0, read.source, us(read.began_at)];
    let gone = query.query_map(of, place)?.collect::<Result<Vec<_>, _>>()?;
    drop(query);
    forgotten(work, origin, gone)
}

fn forgotten(work: &mut Work<'_>, origin: &Origin, gone: Vec<(SiteId, String)>) -> Result<bool, StoreError> {
    let mut wrote = false;
    for (site, name) in gone {
        let Some(task) = TaskRef::from_text(&name) else { continue };
        let Some(task) = links::resolve(work, site, &task)? else { continue };
        wrote |= renew(work, origin, task, origin.asked_at, |_| {})?;
    }
    Ok(wrote)
}

/// Nothing that a connection's boards said counts any more.
pub(super) fn drop_of(work: &mut Work<'_>, connection: ConnectionId) -> Result<(), StoreError> {
    let mut query = work.db.prepare("DELETE FROM supplements WHERE connection = ? RETURNING site, ref")?;
    let gone = query.query_map([connection.0], place)?.collect::<Result<Vec<_>, _>>()?;
    drop(query);
    let Some((site, _)) = gone.first() else { return Ok(()) };
    let origin = Origin { site: *site, asked_at: work.now, observed: &[] };
    forgotten(work, &origin, gone)?;
    Ok(())
}

/// Parent and children of a task that was not itself asked for.
fn relate(work: &mut Work<'_>, origin: &Origin, relations: &TaskRelations) -> Result<bool, StoreError> {
    let Some(task) = links::resolve(work, origin.site, &relations.task)? else { return Ok(false) };
    let mut query = work.db.prepare_cached("SELECT asked_at FROM tasks WHERE id = ?")?;
    let asked_at = query.query_row([task.0], |row| at_in(row, 0))?;
    drop(query);
    if asked_at > origin.asked_at {
        return Ok(false);
    }
    let mut wrote = false;
    if let Some(parent) = &relations.parent {
        let id = parent.as_ref().map(|parent| links::resolve(work, origin.site, parent)).transpose()?.flatten();
        let id = id.filter(|id| *id != task);
        let name = parent.as_ref().map(links::ref_text);
        let mut query = work.db.prepare_cached("SELECT parent FROM tasks WHERE id = ?")?;
        let before: Option<i64> = query.query_row([task.0], |row| row.get(0))?;
        drop(query);
        let columns = [("parent", id.map(|id| id.0).into()), ("parent_ref", name.into())];
        if tasks::patch(work, origin, task, origin.asked_at, &columns)? {
            work.touched.around.insert(task);
            work.touched.maybe.extend(before.map(TaskId));
            work.has_orphans |= parent.is_some() && id.is_none();
            wrote = true;
        }
    }
    if let Some(children) = relations.children {
        wrote |= renew(work, origin, task, origin.asked_at, |said| said.counted(children))?;
    }
    if wrote {
        // The next answer about the task itself is compared column by column: it may be older than what is known now.
        work.db.prepare_cached("UPDATE tasks SET hash = x'' WHERE id = ?")?.execute([task.0])?;
    }
    Ok(wrote)
}

/// What boards said of either of two rows that became one counts for it.
pub(super) fn rejoin(work: &mut Work<'_>, site: SiteId, task: TaskId) -> Result<(), StoreError> {
    let origin = Origin { site, asked_at: work.now, observed: &[] };
    renew(work, &origin, task, work.now, |_| {})?;
    Ok(())
}

/// Joins anew what a task says itself, after `change`, and what boards say of it; true when anything differed.
fn renew(
    work: &mut Work<'_>,
    origin: &Origin,
    task: TaskId,
    at: Timestamp,
    change: impl FnOnce(&mut Said),
) -> Result<bool, StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT t.ext, t.key, t.url, t.closed_at IS NULL, b.said, t.site, t.status_raw, t.category, t.declared, t.start, t.due,
           t.due_source, t.priority, t.progress, t.progress_source, t.progress_items, t.estimate, t.ineligible
         FROM tasks t LEFT JOIN task_base b ON b.task = t.id WHERE t.id = ?",
    )?;
    let (names, open, site, kept, mut said) = query.query_row([task.0], |row| {
        let names = links::names(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?, &row.get::<_, String>(2)?);
        let kept = row.get_ref(4)?.as_str_or_null()?.is_some();
        let said: Said = if kept { json_in(row, 4)? } else { said_in(row)? };
        Ok((names, row.get(3)?, SiteId(row.get(5)?), kept, said))
    })?;
    drop(query);
    change(&mut said);
    let boards = boards_of(work, site, &links::all_names(work.db, task, names)?)?;
    if !boards.is_empty() {
        keep(work, task, &said)?;
    } else if kept {
        forget(work, task)?;
    }
    let columns = said.with(open, &boards).columns();
    tasks::patch(work, origin, task, at, &columns)
}

/// What a task without boards says: its columns, from the seventh on.
fn said_in(row: &Row<'_>) -> Result<Said, rusqlite::Error> {
    let status =
        Status { raw: row.get(6)?, category: StatusCategory::from_code(code_in(row, 7)?), declared: row.get(8)? };
    let due = row.get_ref(10)?.as_str_or_null()?.and_then(Due::from_text);
    let share: Option<f64> = row.get(13)?;
    let (source, items): (Option<u8>, Option<u32>) = (row.get(14)?, row.get(15)?);
    let source_of = |code: Option<u8>| connector_model::DueSource::from_code(code.unwrap_or_default());
    Ok(Said {
        status,
        start: row.get_ref(9)?.as_str_or_null()?.and_then(Due::from_text),
        due: due.map(|due| Ok::<_, rusqlite::Error>(DueStated { due, source: source_of(row.get(11)?) })).transpose()?,
        priority: row.get(12)?,
        progress: share.map(|share| Progress {
            share: Share::new(share),
            source: ProgressSource::from_code(source.unwrap_or_default()),
            items: items.unwrap_or_default(),
        }),
        estimate_secs: row.get(16)?,
        ineligible: Ineligible::from_code(code_in(row, 17)?),
    })
}
