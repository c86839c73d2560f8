//! `blocker.cascade`: a task that others wait for will be finished too late for them.
//!
//! One word for the root of a chain: a task that itself waits for another is left alone, the other one's owner is asked.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, Grounds, LateTask, Reading, RuleId, Stage};
use crate::domain::graph::Downstream;
use crate::domain::look::{Look, Reads};
use crate::domain::record::TaskRec;
use crate::rules::settings::BlockerCascade;
use crate::rules::{OTHER_KIND, Rule, Subject, is_work, not_about};

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
        let chain = Chain { task, downstream: downstream(task, look), calendar: look.calendar(task), look };
        if chain.downstream.count() == 0 {
            return not_about("no open task waits for it");
        }
        if chain.waits_itself() {
            return not_about("it waits for another task itself");
        }
        chain.read()
    }
}

/// What counts in a chain: open work of containers that are watched. What is not mirrored is left out.
fn counts(task: &TaskRec, look: &Look<'_>) -> bool {
    is_work(task) && look.watched(task)
}

fn downstream<'a>(task: &'a TaskRec, look: &Look<'a>) -> Downstream<'a> {
    Downstream::of(task, |task| look.dependants(task).filter(|other| counts(other, look)))
}

/// How the length of a task is told that nobody estimated.
#[derive(Clone, Copy, PartialEq)]
enum Unestimated {
    /// As long as is usual.
    Usual,
    /// No time at all.
    Nothing,
}

/// A task and everything that waits for it.
struct Chain<'l, 'a> {
    task: &'a TaskRec,
    downstream: Downstream<'a>,
    calendar: &'a Arc<Calendar>,
    look: &'l Look<'a>,
}

impl<'a> Chain<'_, 'a> {
    fn waits_itself(&self) -> bool {
        let mut blockers = self.look.blockers(self.task);
        blockers.any(|blocker| counts(blocker, self.look) && !self.downstream.in_cycle(blocker.id))
    }

    fn read(&self) -> Reading {
        let deadline = self.look.deadline(self.task);
        let finish_at = self.forecast(deadline.as_ref());
        let late = self.late(finish_at, Unestimated::Usual);
        let downstream = u32::try_from(self.downstream.count()).unwrap_or(u32::MAX);
        let nearest = late.first().map(|late| late.deadline);
        let hopeless = self.is_hopeless(&late);
        let evidence = Evidence::Cascade { finish_at, late, downstream, deadline };
        let Some(nearest) = nearest else { return Reading::Clear(Grounds::Measured(evidence)) };
        let owned = self.look.owners(self.task).next().is_some();
        Reading::Gap(Finding {
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
        self.calendar.after(today, self.left_secs(self.task, unestimated))
    }

    /// Working seconds still needed for a task.
    fn left_secs(&self, task: &'a TaskRec, unestimated: Unestimated) -> i64 {
        let whole = match (task.estimate_secs.filter(|secs| *secs > 0), unestimated) {
            (Some(secs), _) => secs as f64,
            (None, Unestimated::Nothing) => return 0,
            (None, Unestimated::Usual) => {
                self.look.norms(task).work_p50_days() * self.look.calendar(task).day_secs() as f64
            }
        };
        let done = self.look.progress(task).map_or(0.0, |progress| progress.share.get());
        (whole * (1.0 - done)).round() as i64
    }

    /// Those that would miss their date, the nearest date first.
    fn late(&self, finish_at: Timestamp, unestimated: Unestimated) -> Vec<LateTask> {
        let finish = |task: &'a TaskRec, from: Timestamp| {
            self.look.calendar(task).after(from, self.left_secs(task, unestimated))
        };
        let late = self.downstream.finishes(finish_at, finish).into_iter().filter_map(|(task, finish_at)| {
            let deadline = self.look.deadline(task)?;
            (finish_at > deadline.at).then_some(LateTask { task: task.id, deadline, finish_at })
        });
        let mut late: Vec<LateTask> = late.collect();
        late.sort_by_key(|late| (late.deadline.at, late.task));
        late
    }

    /// True when a date has passed, or cannot be met even if work begins today.
    fn is_hopeless(&self, late: &[LateTask]) -> bool {
        // All of them are asked: each *no* is an instant to look again.
        let passed = late.iter().filter(|late| self.look.passed(late.deadline.at)).count() > 0;
        passed || !self.late(self.soonest(Unestimated::Nothing), Unestimated::Nothing).is_empty()
    }
}
