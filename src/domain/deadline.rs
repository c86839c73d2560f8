//! When a task is due: by its own date, or by that of what it is planned into; and how many days are left.

use connector_model::{Due, DueStated};
use jiff::{Timestamp, ToSpan};

use super::finding::Deadline;
use super::look::{Look, Reads};
use super::record::ContainerRec;
use super::row::TaskRow;

impl<'a> Look<'a> {
    /// Its deadline: its own, else the end of its sprint, its milestone, its earliest release. `None`: it has none.
    pub fn deadline(&self, task: &'a TaskRow) -> Option<Deadline> {
        if let Some((known, reads, deadline)) = self.deadline.get()
            && known == task.id
        {
            self.note(reads);
            return deadline;
        }
        let before = self.reads.replace(Reads::SUBJECT);
        let stated = task.due().or_else(|| self.dated_home(task).map(|(stated, _)| stated));
        let deadline = stated.map(|stated| self.expires(task, stated));
        let reads = self.reads();
        self.deadline.set(Some((task.id, reads, deadline)));
        self.note(before);
        deadline
    }

    /// The sprint, milestone or version whose date is a task's own. `None`: it has another date, or none.
    pub fn home_of_date(&self, task: &TaskRow) -> Option<&'a ContainerRec> {
        if task.due().is_some() { None } else { self.dated_home(task).map(|(_, home)| home) }
    }

    fn dated_home(&self, task: &TaskRow) -> Option<(DueStated, &'a ContainerRec)> {
        self.note(Reads::CONTAINERS);
        let homes = task.homes().filter_map(|id| self.board().container(id));
        homes
            .filter_map(|home| Some((DueStated { due: home.due?, source: home.kind.due_source()? }, home)))
            .min_by_key(|(stated, _)| (stated.source, rank(stated.due)))
    }

    fn expires(&self, task: &'a TaskRow, stated: DueStated) -> Deadline {
        Deadline { at: self.expires_at(task, stated.due), due: stated.due, source: stated.source }
    }

    /// When a date expires: for a day, the end of the owner's working day.
    pub fn expires_at(&self, task: &'a TaskRow, due: Due) -> Timestamp {
        match due {
            Due::At(at) => at,
            Due::On(date) => self.calendar(task).day_ends(date),
        }
    }

    /// True when at most so many calendar days are left to the deadline, in the owner's zone; 0: it is the day itself.
    pub fn days_left_at_most(&self, task: &'a TaskRow, deadline: &Deadline, days: i32) -> bool {
        self.passed(self.days_left_from(task, deadline, days))
    }

    /// The instant from which at most so many calendar days are left.
    pub fn days_left_from(&self, task: &'a TaskRow, deadline: &Deadline, days: i32) -> Timestamp {
        let calendar = self.calendar(task);
        let date = match deadline.due {
            Due::On(date) => date,
            Due::At(at) => calendar.date(at),
        };
        date.checked_sub(days.days()).map_or(Timestamp::MIN, |date| calendar.day_begins(date))
    }

    /// Calendar days left to a deadline, in the owner's zone; 0: it is the day itself; less: it is past. Looks again at the
    /// next midnight.
    pub fn days_left(&self, task: &'a TaskRow, deadline: &Deadline) -> i64 {
        let calendar = self.calendar(task);
        let today = calendar.date(self.now());
        let date = match deadline.due {
            Due::On(date) => date,
            Due::At(at) => calendar.date(at),
        };
        if let Ok(tomorrow) = today.tomorrow() {
            self.passed(calendar.day_begins(tomorrow));
        }
        today.until(date).map_or(0, |span| i64::from(span.get_days()))
    }
}

fn rank(due: Due) -> i64 {
    match due {
        Due::At(at) => at.as_second(),
        Due::On(date) => date.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second()),
    }
}
