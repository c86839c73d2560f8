//! How long a task still takes, and until when it must be done so that nothing that waits for it is late.
//!
//! A projected finish counts from the start of the working day ([`Look::today`]): it moves when the task or what it waits for
//! changes and when a day begins, and stands still in between. Backwards along the chain nothing hangs on the day, so each
//! task of a chain is thought through once a round, whoever asks; tasks in a circle count as one.

use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;
use super::ids::TaskId;
use super::look::Look;
use super::row::TaskRow;

/// How the length of a task is told that nobody estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unestimated {
    /// As long as is usual for its kind.
    Usual,
    /// No time at all.
    Nothing,
}

impl<'a> Look<'a> {
    /// True for what counts in a chain: open work of containers that are watched. What is not mirrored is left out.
    pub fn counts(&self, task: &TaskRow) -> bool {
        task.is_work() && self.watched(task)
    }

    /// Working seconds still needed for a task: its estimate, else what is usual, less its declared progress.
    pub fn left_secs(&self, task: &'a TaskRow, unestimated: Unestimated) -> i64 {
        let whole = match (task.estimate_secs().filter(|secs| *secs > 0), unestimated) {
            (Some(secs), _) => secs as f64,
            (None, Unestimated::Nothing) => return 0,
            (None, Unestimated::Usual) => self.norms(task).work_p50_days() * self.calendar(task).day_secs() as f64,
        };
        let done = self.progress(task).map_or(0.0, |progress| progress.share.get());
        (whole * (1.0 - done)).round() as i64
    }

    /// Until when a task must be done so that nothing that waits for it, directly or not, misses its date. The last instant
    /// there is: nothing with a date waits for it.
    pub fn needed_by(&self, task: &'a TaskRow) -> Timestamp {
        let first = self.stands_for(task);
        self.think(first);
        self.next(first).into_iter().map(|next| self.known(next)).min().unwrap_or(Timestamp::MAX)
    }

    /// Thinks through whatever comes after a task, the last first. It does not recurse: chains may be long.
    fn think(&self, first: TaskId) {
        let mut open: Vec<TaskId> = self.next(first);
        while let Some(at) = open.last().copied() {
            let is_known = |id: &TaskId| self.chains().begin_by(*id).is_some();
            if is_known(&at) {
                open.pop();
                continue;
            }
            let next = self.next(at);
            let before = open.len();
            open.extend(next.iter().filter(|id| !is_known(id)));
            if open.len() > before {
                continue;
            }
            open.pop();
            let end = next.into_iter().map(|id| self.known(id)).min().unwrap_or(Timestamp::MAX);
            let begin = self.members(at).map(|task| {
                let due = self.deadline(task).map_or(Timestamp::MAX, |deadline| deadline.at).min(end);
                latest_start(self.calendar(task), due, self.left_secs(task, Unestimated::Usual))
            });
            let begin = begin.min().unwrap_or(Timestamp::MAX);
            self.chains().note(at, begin);
        }
    }

    fn known(&self, id: TaskId) -> Timestamp {
        self.chains().begin_by(id).unwrap_or(Timestamp::MAX)
    }

    /// The first of the circle a task stands in, else itself.
    fn stands_for(&self, task: &TaskRow) -> TaskId {
        self.waiting_circle(task).first().copied().unwrap_or(task.id)
    }

    /// A task, or all who stand in its circle; those that count.
    fn members(&self, id: TaskId) -> impl Iterator<Item = &'a TaskRow> {
        let circle = self.task(id).map_or(&[][..], |task| self.waiting_circle(task));
        let alone = circle.is_empty().then_some(id);
        let all = circle.iter().copied().chain(alone);
        all.filter_map(|id| self.task(id)).filter(|task| self.counts(task))
    }

    /// What waits for a task or its circle, a circle by its first.
    fn next(&self, id: TaskId) -> Vec<TaskId> {
        let after = self.members(id).flat_map(|task| self.dependants(task)).filter(|task| self.counts(task));
        let mut next: Vec<TaskId> = after.map(|task| self.stands_for(task)).filter(|next| *next != id).collect();
        next.sort_unstable();
        next.dedup();
        next
    }
}

/// The latest instant from which so much working time still fits in before `end`; `end` itself for none.
fn latest_start(calendar: &Calendar, end: Timestamp, work_secs: i64) -> Timestamp {
    if work_secs <= 0 || end == Timestamp::MAX {
        return end;
    }
    let fits = |from: Timestamp| calendar.working(from, end) >= work_secs;
    let mut late = end.as_second();
    let mut reach = work_secs;
    let mut early = loop {
        let from = end.checked_sub(SignedDuration::from_secs(reach)).unwrap_or(Timestamp::MIN);
        if fits(from) {
            break from.as_second();
        }
        if from < Timestamp::UNIX_EPOCH {
            return Timestamp::MIN;
        }
        late = from.as_second();
        reach = reach.saturating_mul(2);
    };
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        match Timestamp::from_second(middle) {
            Ok(at) if fits(at) => early = middle,
            _ => late = middle,
        }
    }
    Timestamp::from_second(early).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn the_latest_start_is_the_last_instant_from_which_the_work_fits() {
        let calendar = Calendar::usual(TimeZone::get("Europe/Berlin").unwrap());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (end, hours, start) in [
            ("2025-03-14T16:00:00Z", 8, "2025-03-14T08:00:00Z"), // a Friday
            ("2025-03-14T16:00:00Z", 9, "2025-03-13T15:00:00Z"),
            ("2025-03-16T12:00:00Z", 2, "2025-03-14T14:00:00Z"),
            ("2025-03-31T15:00:00Z", 16, "2025-03-28T08:00:00Z"), // over a change of the clock
            ("2025-03-14T16:00:00Z", 0, "2025-03-14T16:00:00Z"),
        ] {
            assert_eq!(latest_start(&calendar, at(end), hours * 3600), at(start), "{end} {hours}");
        }
        assert_eq!(latest_start(&calendar, at("2025-03-14T16:00:00Z"), i64::MAX), Timestamp::MIN);
    }
}
