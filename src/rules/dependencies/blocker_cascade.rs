//! `blocker.cascade`: a task that others wait for will be finished too late for them.
//!
//! One word for the root of a chain: a task that itself waits for another is left alone, the other one's owner is asked;
//! unless its own date is what comes too late.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, LateTask, Reading, RuleId, Stage};
use crate::domain::finish::Unestimated;
use crate::domain::graph::Downstream;
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::BlockerCascade;
use crate::rules::{OTHER_KIND, Rule, Subject, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("blocker.cascade");

/// The finish is forecast from the task's own deadline, else from what is left of it, counted from the start of the
/// working day; what is left of a task is its estimate, else what is usual, less its declared progress.
///
/// A date *cannot be met* only by what people declared: there, a task without an estimate counts as done in no time.
impl Rule for BlockerCascade {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::CHILDREN).and(Reads::BLOCKERS).and(Reads::DEPENDANTS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let chain = Chain { task, calendar: look.calendar(task), look };
        if !chain.is_waited_for() {
            return not_about("no open task waits for it");
        }
        if chain.waits_itself() && !chain.plans_too_late() {
            return not_about("it waits for another task itself");
        }
        chain.read()
    }
}

/// A task and everything that waits for it.
struct Chain<'l, 'a> {
    task: &'a TaskRow,
    calendar: &'a Arc<Calendar>,
    look: &'l Look<'a>,
}

impl<'a> Chain<'_, 'a> {
    /// Tasks that wait for each other are one: who waits for one of them waits for all.
    fn is_waited_for(&self) -> bool {
        let circle = self.look.waiting_circle(self.task);
        let others = circle.iter().filter(|id| **id != self.task.id).filter_map(|id| self.look.task(*id));
        let mut after = [self.task].into_iter().chain(others).flat_map(|task| self.look.dependants(task));
        after.any(|other| self.look.counts(other) && !circle.contains(&other.id))
    }

    fn waits_itself(&self) -> bool {
        let circle = self.look.waiting_circle(self.task);
        let mut blockers = self.look.blockers(self.task);
        blockers.any(|other| self.look.counts(other) && !circle.contains(&other.id))
    }

    /// Its own date, and not what it waits for, is too late for what waits for it.
    fn plans_too_late(&self) -> bool {
        let deadline = self.look.deadline(self.task).filter(|deadline| !self.look.passed(deadline.at));
        deadline.is_some_and(|deadline| deadline.at > self.look.needed_by(self.task))
    }

    fn read(&self) -> Reading {
        let deadline = self.look.deadline(self.task);
        let finish_at = self.forecast(deadline.as_ref());
        let after =
            Downstream::of(self.task, |task| self.look.dependants(task).filter(|other| self.look.counts(other)));
        let late = self.late(&after, finish_at, Unestimated::Usual);
        let downstream = u32::try_from(after.count()).unwrap_or(u32::MAX);
        let nearest = late.first().map(|late| late.deadline);
        let priority = late.iter().filter_map(|late| self.look.task(late.task)?.priority()).min();
        let hopeless = self.is_hopeless(&after, &late);
        let evidence = Evidence::Cascade { finish_at, late, downstream, priority, deadline };
        let Some(nearest) = nearest else { return Reading::measured(evidence) };
        let owned = self.look.owners(self.task).next().is_some();
        Reading::gap(Finding {
            stage: if hopeless { Stage::Failure } else { Stage::Widens },
            scope: String::new(),
            addressee: if owned { Addressee::Owners } else { Addressee::Manager },
            first: None,
            deadline: Some(deadline.unwrap_or(nearest)),
            evidence,
        })
    }

    /// When it is expected to be finished.
    fn forecast(&self, deadline: Option<&Deadline>) -> Timestamp {
        let soonest = self.soonest(Unestimated::Nothing);
        match deadline {
            Some(deadline) if !self.look.passed(deadline.at) => deadline.at.max(soonest),
            _ => self.soonest(Unestimated::Usual),
        }
    }

    /// When it is finished if it is worked on from today on.
    fn soonest(&self, unestimated: Unestimated) -> Timestamp {
        let today = self.look.today(self.calendar);
        self.calendar.after(today, self.look.left_secs(self.task, unestimated))
    }

    /// Those that would miss their date, the nearest date first.
    fn late(&self, after: &Downstream<'a>, finish_at: Timestamp, unestimated: Unestimated) -> Vec<LateTask> {
        let finish = |task: &'a TaskRow, from: Timestamp| {
            self.look.calendar(task).after(from, self.look.left_secs(task, unestimated))
        };
        let late = after.finishes(finish_at, finish).into_iter().filter_map(|(task, finish_at)| {
            let deadline = self.look.deadline(task)?;
            (finish_at > deadline.at).then_some(LateTask { task: task.id, deadline, finish_at })
        });
        let mut late: Vec<LateTask> = late.collect();
        late.sort_by_key(|late| (late.deadline.at, late.task));
        late
    }

    /// True when a date has passed, or cannot be met even if work begins today.
    fn is_hopeless(&self, after: &Downstream<'a>, late: &[LateTask]) -> bool {
        if late.is_empty() {
            return false;
        }
        // All of them are asked: each *no* is an instant to look again.
        let passed = late.iter().filter(|late| self.look.passed(late.deadline.at)).count() > 0;
        passed || !self.late(after, self.soonest(Unestimated::Nothing), Unestimated::Nothing).is_empty()
    }
}
