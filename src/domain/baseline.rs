//! The date that was promised: the first deadline that stood long enough for anybody to plan by. The fold tells when which
//! date was set; how long a working day is depends on whose it is, so the rest is found out here.

use connector_model::Due;
use jiff::Timestamp;

use super::finding::Why;
use super::look::Look;
use super::past::DueMove;
use super::row::TaskRow;
use super::row::Told;

/// The first deadline that stood for a working day after the task had an owner; it never changes again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// The date.
    pub due: Due,
    /// When that expires.
    pub at: Timestamp,
    /// From when it stood.
    pub since: Timestamp,
    /// When it had stood for a working day.
    pub stood_at: Timestamp,
}

/// A deadline, and from when to when it was the task's. `until`: `None`, it still is.
struct Stood {
    due: Due,
    since: Timestamp,
    until: Option<Timestamp>,
}

impl<'a> Look<'a> {
    /// The date that was promised. `Ok(None)`: none has stood long enough, nobody owned the task meanwhile, or there is no
    /// history.
    ///
    /// # Errors
    /// Where the history cannot be relied on.
    pub fn baseline(&self, task: &'a TaskRow) -> Result<Option<Baseline>, Why> {
        let Some(facts) = self.facts(task)? else { return Ok(None) };
        let owned = facts.first_owner_at().or_else(|| (task.owners().len() > 0).then_some(task.created_at()));
        let (Some(owned), calendar) = (owned, self.calendar(task)) else { return Ok(None) };
        for Stood { due, since, until } in stood(task, facts) {
            let since = since.max(owned);
            let stood_at = calendar.after(since, calendar.day_secs());
            let has_stood = match until {
                Some(until) => stood_at <= until,
                None => self.passed(stood_at),
            };
            if has_stood {
                return Ok(Some(Baseline { due, at: self.expires_at(task, due), since, stood_at }));
            }
        }
        Ok(None)
    }
}

/// Its deadlines, oldest first: what it had before the first move, what each move gave it, and what it has now.
fn stood(task: &TaskRow, facts: Told<'_>) -> Vec<Stood> {
    let moves = facts.due_moves();
    let own = task.due().map(|stated| stated.due);
    let first = match moves.first() {
        Some(first) => first.from,
        None => own,
    };
    let begins = facts.first_due_at().unwrap_or(task.created_at());
    let until = |nth: usize| moves.get(nth).map(|next: &DueMove| next.at);
    let before = first.map(|due| Stood { due, since: begins, until: until(0) });
    let after = moves
        .iter()
        .enumerate()
        .filter_map(|(nth, moved)| Some(Stood { due: moved.to?, since: moved.at, until: until(nth + 1) }));
    before.into_iter().chain(after).collect()
}
