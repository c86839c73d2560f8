//! `dep.date_conflict`: a task is to be done, or begun, before what it waits for is due.

use connector_model::{Due, DueSource};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::DepDateConflict;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("dep.date_conflict");

/// About the task that waits; told to the owner of whichever of the two was dated last. Nothing is said of those that wait
/// for each other.
impl Rule for DepDateConflict {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::BLOCKERS).and(Reads::DEPENDANTS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let plan = Plan { task, deadline: look.deadline(task), look };
        if plan.deadline.is_none() && task.start().is_none() {
            return not_about("nothing says when it is to be begun or done");
        }
        let mut blockers = look.blockers(task).filter(|other| look.counts(other)).peekable();
        if blockers.peek().is_none() {
            return not_about("it waits for no open task");
        }
        // In a circle no dates are right.
        let circle = look.waiting_circle(task);
        let conflicts = blockers.filter(|other| !circle.contains(&other.id)).filter_map(|other| {
            let deadline = look.deadline(other)?;
            plan.conflicts(other, &deadline).then_some((other, deadline))
        });
        let mut conflicts: Vec<(&TaskRow, Deadline)> = conflicts.collect();
        conflicts.sort_by_key(|(other, deadline)| (std::cmp::Reverse(deadline.at), other.id));
        match conflicts.first() {
            Some((other, deadline)) => plan.gap(other, *deadline, conflicts.len()),
            None => fine("it is planned for after what it waits for"),
        }
    }
}

/// When a task that waits is to be begun and done.
struct Plan<'l, 'a> {
    task: &'a TaskRow,
    deadline: Option<Deadline>,
    look: &'l Look<'a>,
}

impl<'a> Plan<'_, 'a> {
    /// Days are compared as days, whatever the owners' zones make of them. Two that share a sprint or a release are due on
    /// the same day without contradiction: it is no date of theirs.
    fn conflicts(&self, blocker: &'a TaskRow, due: &Deadline) -> bool {
        let ends = self.deadline.is_some_and(|own| match (due.due, own.due) {
            (Due::On(first), Due::On(then)) if is_own(due) && is_own(&own) => first >= then,
            (Due::On(first), Due::On(then)) => first > then,
            _ if is_own(due) && is_own(&own) => due.at >= own.at,
            _ => due.at > own.at,
        });
        let begins = self.task.start().is_some_and(|start| match (start, due.due) {
            (Due::At(start), Due::At(due)) => start < due,
            (start, due) => self.day(self.task, start) < self.day(blocker, due),
        });
        ends || begins
    }

    fn day(&self, task: &'a TaskRow, due: Due) -> Date {
        match due {
            Due::On(date) => date,
            Due::At(at) => self.look.calendar(task).date(at),
        }
    }

    fn gap(&self, blocker: &'a TaskRow, blocker_deadline: Deadline, conflicts: usize) -> Reading {
        let others = u32::try_from(conflicts - 1).unwrap_or(u32::MAX);
        let evidence = Evidence::DateConflict {
            blocker: blocker.id,
            blocker_deadline,
            deadline: self.deadline,
            start: self.task.start(),
            others,
        };
        let owner = self.look.owners(blocker).next().filter(|_| dated_at(blocker) > self.dated_at());
        Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: owner.map_or(Addressee::Owners, Addressee::Account),
            first: None,
            deadline: self.deadline,
            evidence,
        })
    }

    fn dated_at(&self) -> Timestamp {
        let begins = self.task.facts().start_set_at().filter(|_| self.task.start().is_some());
        dated_at(self.task).max(begins.unwrap_or(Timestamp::MIN))
    }
}

/// When a task got its present date: with its creation, where the history tells nothing later.
fn dated_at(task: &TaskRow) -> Timestamp {
    task.facts().due_set_at().unwrap_or(task.created_at())
}

/// A date of the task itself, and not that of a sprint, a milestone or a release.
fn is_own(deadline: &Deadline) -> bool {
    matches!(deadline.source, DueSource::Item | DueSource::Field)
}
