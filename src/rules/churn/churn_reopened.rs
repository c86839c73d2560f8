//! `churn.reopened`: it was done, and is not.

use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Grounds, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::ChurnReopened;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("churn.reopened");

/// Once is enough where the date is near. What was closed by mistake was not done.
impl Rule for ChurnReopened {
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
        vec![("times", self.times.into()), ("days_left", self.days_left.into())]
    }
}

impl ChurnReopened {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        let (1.., Some(last_at)) = (facts.reopened(), facts.reopened_at()) else {
            return Ok(fine("it was never reopened"));
        };
        let deadline = look.deadline(task);
        let evidence = Evidence::Reopened { times: facts.reopened(), last_at, deadline };
        let near = || deadline.is_some_and(|due| look.days_left_at_most(task, &due, days(self.days_left)));
        if facts.reopened() < self.times && !near() {
            return Ok(Reading::Clear(Grounds::Measured(evidence)));
        }
        Ok(Reading::Gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline,
            evidence,
        }))
    }
}
