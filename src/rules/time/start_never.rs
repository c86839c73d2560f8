//! `start.never`: the time runs, and there is no sign that anybody has begun, or even looked.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads, Span};
use crate::domain::record::HistoryReach;
use crate::domain::row::TaskRow;
use crate::rules::settings::StartNever;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("start.never");

/// Share of the way to the threshold below which a gap that is open closes.
const EDGE: f64 = 0.9;
/// Calendar days left from which it is told directly; before, a line of the digest is enough.
const DIRECT_DAYS_LEFT: i32 = 3;

/// A task counts as begun when its tool says so, or when an owner has acted on it since the assignment: many teams never
/// move a task to "in progress". Where the tool tells neither, nothing is flagged.
impl Rule for StartNever {
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
            ("from", self.from.into()),
            ("red_from", self.red_from.into()),
            ("red_days_left", self.red_days_left.into()),
            ("min_span", self.min_span.to_string().into()),
        ]
    }
}

impl StartNever {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if look.owners(task).next().is_none() {
            return Ok(not_about("nobody owns it"));
        }
        if look.deadline(task).is_none() {
            return Ok(not_about("it has no deadline"));
        }
        if task.category() != StatusCategory::Todo {
            return Ok(fine("it was begun"));
        }
        if task.unmapped().is_some() {
            return Ok(not_about("nobody has said what its state means"));
        }
        let unread = look.container(task).is_some_and(|container| container.history == HistoryReach::Absent);
        if unread && !task.declared() {
            return Ok(not_about("its history cannot be read"));
        }
        if look.owner_at(task)?.is_some() || look.category(task)? != StatusCategory::Todo {
            return Ok(fine("an owner has acted on it"));
        }
        let Some(span) = look.span(task)? else { return Ok(not_about("its deadline is not after its start")) };
        if span.deadline.at < self.min_span.after(span.start_at, look.calendar(task)) {
            return Ok(not_about("it is planned for too short a time"));
        }
        Ok(self.measure(task, &span, look))
    }

    fn measure<'a>(&self, task: &'a TaskRow, span: &Span, look: &Look<'a>) -> Reading {
        let evidence = || evidence(task, span, look);
        let share_at = |share: f64| -> Timestamp {
            look.calendar(task).after(span.start_at, (share * span.work_secs as f64).round() as i64)
        };
        if !look.passed(share_at(EDGE * self.from)) {
            return look.measured(evidence);
        }
        if !look.passed(share_at(self.from)) {
            return Reading::edge(evidence());
        }
        let near = look.days_left_at_most(task, &span.deadline, days(self.red_days_left));
        let red = near || look.passed(share_at(self.red_from));
        let direct = look.days_left_at_most(task, &span.deadline, DIRECT_DAYS_LEFT);
        Reading::gap(Finding {
            stage: if red { Stage::Widens } else { Stage::Opens },
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(if direct { FirstWord::Direct } else { FirstWord::Digest }),
            deadline: Some(span.deadline),
            evidence: evidence(),
        })
    }
}

fn evidence<'a>(task: &'a TaskRow, span: &Span, look: &Look<'a>) -> Evidence {
    let facts = look.facts(task).ok().flatten();
    let assigned_at = facts.and_then(|facts| look.owners(task).filter_map(|owner| facts.assigned_since(owner)).min());
    Evidence::NeverStarted { assigned_at, start_at: span.start_at, deadline: span.deadline }
}
