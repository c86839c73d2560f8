//! Tasks that a built-in rule says nothing about, because the configuration leaves them out: `exclude = "CONDITION"`.
//!
//! One mechanism around every rule. Like `match` of an override it may only ask for what the task is, so that it leads to
//! no other instant to look again.

use serde_json::Value;

use super::condition::Condition;
use super::{Rule, Subject, SubjectKind, not_about};
use crate::domain::finding::{Reading, RuleId};
use crate::domain::look::{Look, Reads};
use crate::domain::norms::Metric;
use crate::domain::row::TaskRow;

/// Why a task is left out.
pub(super) const LEFT_OUT: &str = "left out by `exclude`";

/// A rule that is not asked about some tasks.
struct Except {
    rule: Box<dyn Rule>,
    exclude: Condition,
}

/// The rule, without the tasks for which the condition holds. `None`: as it is.
pub(super) fn around(rule: Box<dyn Rule>, exclude: Option<&Condition>) -> Box<dyn Rule> {
    match exclude {
        Some(exclude) => Box::new(Except { rule, exclude: exclude.clone() }),
        None => rule,
    }
}

impl Rule for Except {
    fn id(&self) -> RuleId {
        self.rule.id()
    }

    fn reads(&self) -> Reads {
        self.exclude.fields().iter().fold(self.rule.reads(), |reads, field| reads.and(field.reads))
    }

    fn kind(&self) -> SubjectKind {
        self.rule.kind()
    }

    fn is_about(&self, kind: SubjectKind) -> bool {
        self.rule.is_about(kind)
    }

    fn measures(&self) -> &'static [Metric] {
        self.rule.measures()
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        // A condition that cannot be worked out leaves nothing out: too much is better said than too little.
        let is_out = |task: &'a TaskRow| self.exclude.holds(task, look, look.people()).unwrap_or(false);
        match subject {
            Subject::Task(task) if is_out(task) => not_about(LEFT_OUT),
            subject => self.rule.judge(subject, look),
        }
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let mut all = self.rule.thresholds();
        all.push(("exclude", self.exclude.text().into()));
        all
    }
}
