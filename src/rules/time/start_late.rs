//! `start.late`: the day on which it was to be begun has passed, and its state says that nobody has.

use connector_model::{Due, StatusCategory};
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::StartLate;
use crate::rules::system::sys_unmapped::HABIT;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("start.late");

/// Share of the limit below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// Only a planned start can be late: a task without one has another rule. A start that had passed when it was written down
/// came with an import, and is nobody's plan.
impl Rule for StartLate {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("after", self.after.to_string().into()),
            ("share", self.share.into()),
            ("direct_share", self.direct_share.into()),
        ]
    }
}

impl StartLate {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(start) = task.start() else { return Ok(not_about("it has no planned start")) };
        if look.owners(task).next().is_none() {
            return Ok(not_about("nobody owns it"));
        }
        if is_begun(task, look)? {
            return Ok(fine("it was begun"));
        }
        let told: Option<Timestamp> = look.facts(task)?.and_then(|facts| facts.start_set_at());
        let set_at = told.map_or(task.created_at(), |at| at.max(task.created_at()));
        let calendar = look.calendar(task);
        let (over, start_at) = match start {
            Due::At(at) => (at < set_at, at),
            Due::On(date) => (date < calendar.date(set_at), calendar.next_open(calendar.day_begins(date))),
        };
        if over {
            return Ok(not_about("its start had passed when it was written down, as those of imports have"));
        }
        Ok(self.measure(task, start, start_at.max(set_at), look))
    }

    fn measure<'a>(&self, task: &'a TaskRow, start: Due, start_at: Timestamp, look: &Look<'a>) -> Reading {
        let (calendar, deadline) = (look.calendar(task), look.deadline(task));
        let span_secs = deadline.map_or(0, |deadline| calendar.working(start_at, deadline.at));
        let share_of = |share: f64| (share * span_secs as f64).round() as i64;
        let limit_secs = self.after.working(start_at, calendar).max(share_of(self.share));
        let evidence = || Evidence::StartLate { start, start_at, limit_secs, deadline };
        let late_by = |secs: i64| look.passed(calendar.after(start_at, secs));
        if !late_by((limit_secs as f64 * EDGE).round() as i64) {
            return look.measured(evidence);
        }
        if !late_by(limit_secs) {
            return Reading::edge(evidence());
        }
        let direct = span_secs > 0 && late_by(share_of(self.direct_share).max(limit_secs));
        Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(if direct { FirstWord::Direct } else { FirstWord::Digest }),
            deadline,
            evidence: evidence(),
        })
    }
}

/// By its state; where hardly anybody ever moves a task to one of being worked on, by what its owners do as well.
fn is_begun<'a>(task: &'a TaskRow, look: &Look<'a>) -> Result<bool, Why> {
    if look.category(task)? != StatusCategory::Todo {
        return Ok(true);
    }
    let unused = look.begun(task.container()).is_some_and(|begun| begun.p50 < HABIT);
    Ok(unused && look.owner_at(task)?.is_some())
}
