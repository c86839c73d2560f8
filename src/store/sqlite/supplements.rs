//! What is told of a task besides its own answer: by boards, and by what stands around it.
//!
//! The columns of a task hold what it says itself together with what boards say of it. Beside them is kept, for such tasks
//! alone, what it says itself ([`Said`]), so that either side may change or go without the other being asked again.

use connector_kit::{ChildCount, SourceRead, Supplement, TaskRelations, Values};
use connector_model::{
    Due, DueStated, Ineligible, Progress, ProgressSource, Share, Status, StatusCategory, Task, TaskRef,
};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::super::{PageWrite, StoreError};
use super::tasks::{self, Origin};
use super::values::{at_in, code_in, id_list, json, json_in, us};
use super::{Work, links, streams};
use crate::domain::ids::{ConnectionId, ContainerId, SiteId, TaskId};

/// Children fewer than this declare no progress.
const FEWEST_CHILDREN: u32 = 2;

/// The part of a task that boards can add to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Said {
    status: Status,
    start: Option<Due>,
    due: Option<DueStated>,
    priority: Option<u8>,
    progress: Option<Progress>,
    estimate_secs: Option<i64>,
    ineligible: Option<Ineligible>,
}

impl Said {
    fn of(task: &Task) -> Said {
        Said {
            status: task.status.clone(),
            start: task.start,
            due: task.due,
            priority: task.priority,
            progress: task.progress,
            estimate_secs: task.estimate_secs,
            ineligible: task.ineligible,
        }
    }

    fn put_into(self, task: &mut Task) {
        task.status = self.status;
        task.start = self.start;
        task.due = self.due;
        task.priority = self.priority;
        task.progress = self.progress;
        task.estimate_secs = self.estimate_secs;
        task.ineligible = self.ineligible;
    }

    /// Together with what boards say, the first of them first. A task's own date, priority and estimate come before a
    /// board's; a board's state and declared progress come before what was made out of labels, lists and children. What is
    /// closed is closed, whatever a board says.
    fn with(&self, open: bool, boards: &[Values]) -> Said {
        let declared = boards.iter().find(|board| board.status.as_ref().is_some_and(|status| status.declared));
        let declared = declared.filter(|_| open);
        let undeclared = boards.iter().find_map(|board| board.status.clone()).filter(|_| open && !self.status.declared);
        let status = declared.and_then(|board| board.status.clone()).or(undeclared);
        let backlog = declared.is_some_and(|board| board.backlog).then_some(Ineligible::Backlog);
        Said {
            status: status.unwrap_or_else(|| self.status.clone()),
            start: self.start.or_else(|| boards.iter().find_map(|board| board.start)),
            due: self.due.or_else(|| boards.iter().find_map(|board| board.due)),
            priority: self.priority.or_else(|| boards.iter().find_map(|board| board.priority)),
            progress: boards.iter().find_map(|board| board.progress).or(self.progress),
            estimate_secs: self.estimate_secs.or_else(|| boards.iter().find_map(|board| board.estimate_secs)),
            ineligible: self.ineligible.or(backlog),
        }
    }

    /// As columns of `tasks`.
    fn columns(&self) -> Vec<(&'static str, Value)> {
        let progress = self.progress;
        vec![
            ("status_raw", self.status.raw.clone().into()),
            ("category", i64::from(self.status.category.code()).into()),
            ("declared", i64::from(self.status.declared).into()),
            ("start", self.start.map(Due::to_text).into()),
            ("due", self.due.map(|stated| stated.due.to_text()).into()),
            ("due_source", self.due.map(|stated| i64::from(stated.source.code())).into()),
            ("priority", self.priority.map(i64::from).into()),
            ("progress", progress.map(|progress| progress.share.get()).into()),
            ("progress_source", progress.map(|progress| i64::from(progress.source.code())).into()),
            ("progress_items", progress.map(|progress| i64::from(progress.items)).into()),
            ("estimate", self.estimate_secs.into()),
            ("ineligible", i64::from(Ineligible::code(self.ineligible)).into()),
        ]
    }

    fn counted(&mut self, children: ChildCount) {
        if self.progress.is_none_or(|progress| progress.source == ProgressSource::Children) {
            let share = Share::of(children.done, children.all);
            let progress = Progress { share, source: ProgressSource::Children, items: children.all };
            self.progress = (children.all >= FEWEST_CHILDREN).then_some(progress);
        }
    }
}

/// A task together with what boards say of it, and what it says itself. `None`: none speaks of it.
pub(super) fn joined(work: &Work<'_>, site: SiteId, task: &Task) -> Result<Option<(Task, Said)>, StoreError> {
    if !work.has_supplements {
        return Ok(None);
    }
    let boards = boards_of(work, site, &links::names(&task.ext, &task.key, &task.url))?;
    if boards.is_empty() {
        return Ok(None);
    }
    let said = Said::of(task);
    let mut joined = task.clone();
    said.with(task.closed_at.is_none(), &boards).put_into(&mut joined);
    Ok(Some((joined, said)))
}

/// Keeps what a task says itself.
pub(super) fn keep(work: &Work<'_>, task: TaskId, said: &Said) -> Result<(), StoreError> {
    let said = json(said)?;
    work.db
        .prepare_cached("INSERT INTO task_base(task, said) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET said = ?2")?
        .execute(params![task.0, said])?;
    Ok(())
}

fn boards_of(work: &Work<'_>, site: SiteId, names: &[String; 3]) -> Result<Vec<Values>, StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT said FROM supplements WHERE site = ?1 AND ref IN (?2, ?3, ?4) ORDER BY rank, connection, source",
    )?;
    let rows = query.query_map(params![site.0, names[0], names[1], names[2]], |row| json_in(row, 0))?;
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
        let columns = [("parent", id.map(|id| id.0).into()), ("parent_ref", name.into())];
        if tasks::patch(work, origin, task, origin.asked_at, &columns)? {
            work.touched.around.insert(task);
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
    let boards = boards_of(work, site, &names)?;
    if !boards.is_empty() {
        keep(work, task, &said)?;
    } else if kept {
        work.db.prepare_cached("DELETE FROM task_base WHERE task = ?")?.execute([task.0])?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_model::DueSource;

    use super::*;

    fn status(raw: &str, category: StatusCategory, declared: bool) -> Status {
        Status { raw: raw.to_owned(), category, declared }
    }

    fn plain() -> Said {
        Said {
            status: status("open", StatusCategory::Todo, false),
            start: None,
            due: None,
            priority: None,
            progress: None,
            estimate_secs: None,
            ineligible: None,
        }
    }

    fn due(day: &str, source: DueSource) -> Option<DueStated> {
        Some(DueStated { due: Due::from_text(day).unwrap(), source })
    }

    #[test]
    fn the_first_board_that_says_something_counts_and_a_task_s_own_date_before_all() {
        let one = Values { due: due("2026-03-20", DueSource::Field), ..Values::default() };
        let two = Values { due: due("2026-03-10", DueSource::Field), priority: Some(2), ..Values::default() };
        let boards = [one, two];
        let joined = plain().with(true, &boards);
        assert_eq!((joined.due, joined.priority), (due("2026-03-20", DueSource::Field), Some(2)));
        let own = Said { due: due("2026-04-01", DueSource::Item), ..plain() };
        assert_eq!(own.with(true, &boards).due, due("2026-04-01", DueSource::Item));
        assert_eq!(plain().with(true, &[]), plain());
    }

    #[test]
    fn a_board_s_state_counts_for_what_is_open_and_where_it_has_a_meaning() {
        let on = |status: Status, backlog| Values { status: Some(status), backlog, ..Values::default() };
        let active = on(status("open [Doing]", StatusCategory::Active, true), false);
        let odd = on(status("open [Odd]", StatusCategory::Todo, false), false);
        let labelled = Said { status: status("open [blocked]", StatusCategory::Waiting, true), ..plain() };
        let closed = Said { status: status("closed", StatusCategory::Done, true), ..plain() };
        let of = |said: &Said, open, boards: &[Values]| said.with(open, boards).status.raw;
        assert_eq!(of(&labelled, true, std::slice::from_ref(&active)), "open [Doing]");
        assert_eq!(of(&labelled, true, std::slice::from_ref(&odd)), "open [blocked]");
        assert_eq!(of(&plain(), true, std::slice::from_ref(&odd)), "open [Odd]");
        assert_eq!(of(&plain(), true, &[odd, active.clone()]), "open [Doing]");
        assert_eq!(of(&closed, false, &[active]), "closed");
        let backlog = on(status("open [Backlog]", StatusCategory::Todo, true), true);
        assert_eq!(plain().with(true, &[backlog]).ineligible, Some(Ineligible::Backlog));
    }

    #[test]
    fn a_count_of_children_gives_way_to_a_list_that_people_keep() {
        let list = Progress { share: Share::new(0.5), source: ProgressSource::Checklist, items: 4 };
        let mut kept = Said { progress: Some(list), ..plain() };
        kept.counted(ChildCount { done: 1, all: 4 });
        assert_eq!(kept.progress, Some(list));
        let mut counted = plain();
        counted.counted(ChildCount { done: 1, all: 4 });
        assert_eq!(counted.progress.map(|progress| (progress.share.get(), progress.items)), Some((0.25, 4)));
        counted.counted(ChildCount { done: 1, all: 1 });
        assert_eq!(counted.progress, None);
    }
}
