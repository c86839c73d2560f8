//! What a task says itself, apart from what boards say of it, and how both are joined into its columns.

use connector_kit::{ChildCount, Values};
use connector_model::{Due, DueStated, Ineligible, Progress, ProgressSource, Share, Status, Task};
use rusqlite::params;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::values::{json, json_in};
use super::{Work, links};
use crate::domain::ids::{SiteId, TaskId};

/// Children fewer than this declare no progress.
const FEWEST_CHILDREN: u32 = 2;

/// The part of a task that boards can add to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) status: Status,
    pub(super) start: Option<Due>,
    pub(super) due: Option<DueStated>,
    pub(super) priority: Option<u8>,
    pub(super) progress: Option<Progress>,
    pub(super) estimate_secs: Option<i64>,
    pub(super) ineligible: Option<Ineligible>,
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
    pub(super) fn with(&self, open: bool, boards: &[Values]) -> Said {
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
    pub(super) fn columns(&self) -> Vec<(&'static str, Value)> {
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

    pub(super) fn counted(&mut self, children: ChildCount) {
        if self.progress.is_none_or(|progress| progress.source == ProgressSource::Children) {
            let share = Share::of(children.done, children.all);
            let progress = Progress { share, source: ProgressSource::Children, items: children.all };
            self.progress = (children.all >= FEWEST_CHILDREN).then_some(progress);
        }
    }
}

/// A task together with what boards say of it, and what it says itself. `None`: none speaks of it. Of one that is mirrored
/// they may speak under an id it had before, or has got since.
pub(super) fn joined(
    work: &Work<'_>,
    site: SiteId,
    task: &Task,
    stored: Option<TaskId>,
) -> Result<Option<(Task, Said)>, StoreError> {
    if !work.has_supplements {
        return Ok(None);
    }
    let names = links::names(&task.ext, &task.key, &task.url);
    let names = match stored {
        Some(id) if work.has_alias => links::all_names(work.db, id, names)?,
        _ => Vec::from(names),
    };
    let boards = boards_of(work, site, &names)?;
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

/// Forgets what a task says itself apart from its columns: no board speaks of it.
pub(super) fn forget(work: &Work<'_>, task: TaskId) -> Result<(), StoreError> {
    work.db.prepare_cached("DELETE FROM task_base WHERE task = ?")?.execute([task.0])?;
    Ok(())
}

/// What boards say under some names, those that count first; of one board, what was found there last.
pub(super) fn boards_of(work: &Work<'_>, site: SiteId, names: &[String]) -> Result<Vec<Values>, StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT said FROM supplements WHERE site = ?1 AND ref IN (SELECT value FROM json_each(?2))
         ORDER BY rank, connection, source, seen_at DESC, ref",
    )?;
    let rows = query.query_map(params![site.0, json(&names)?], |row| json_in(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_model::{DueSource, StatusCategory};

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
