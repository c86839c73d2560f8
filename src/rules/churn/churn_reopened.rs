//! `churn.reopened`: it was done, and is not.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::{TaskRow, Told};
use crate::rules::settings::ChurnReopened;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("churn.reopened");

/// Once is enough where the date is near. What was closed by mistake was not done, nor was what had parts that were not.
impl Rule for ChurnReopened {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::CHILDREN)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("times", self.times.into()), ("days_left", self.days_left.into())]
    }
}

impl ChurnReopened {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        let (1.., Some(last_at)) = (facts.reopened(), facts.reopened_at()) else {
            return Ok(fine("it was never reopened"));
        };
        let times = facts.reopened() - u32::from(is_for_its_parts(task, facts, last_at, look));
        if times == 0 {
            return Ok(fine("it was opened again for a part of it that was not done"));
        }
        let deadline = look.deadline(task);
        let evidence = Evidence::Reopened { times, last_at, deadline };
        let near = || deadline.is_some_and(|due| look.days_left_at_most(task, &due, days(self.days_left)));
        if times < self.times && !near() {
            return Ok(Reading::measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline,
            evidence,
        }))
    }
}

/// Whether it was opened again for a part of it that was open while it was done, or came meanwhile: what `state.parent_child` asks for.
fn is_for_its_parts(task: &TaskRow, facts: Told<'_>, reopened_at: Timestamp, look: &Look<'_>) -> bool {
    let done_at = facts.done_before().unwrap_or(reopened_at);
    let is_work = |part: &TaskRow| part.ineligible().is_none() && part.created_at() <= reopened_at;
    let came_back = |part: &TaskRow| {
        let facts = part.facts();
        facts.reopened() > 0 && facts.reopened_at().is_none_or(|at| at >= done_at)
    };
    let was_open = |part: &TaskRow| part.category().is_open() || part.closed_at().is_some_and(|at| at > reopened_at);
    look.children(task).any(|part| is_work(part) && was_open(part) && !came_back(part))
}
