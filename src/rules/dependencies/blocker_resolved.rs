//! `blocker.resolved`: what a task waited for is done, and the task still waits.

use connector_model::StatusCategory;
use serde_json::Value;

use super::waiting::{Awaited, awaited};
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::BlockerResolved;
use crate::rules::{OTHER_KIND, Rule, Subject, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("blocker.resolved");

/// Good news, told at once. What was set to wait after its last blocker was done waits for something else.
impl Rule for BlockerResolved {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::BLOCKERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("after", self.after.to_string().into())]
    }
}

impl BlockerResolved {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if look.category(task)? != StatusCategory::Waiting {
            return Ok(not_about("it does not wait"));
        }
        let facts = look.facts(task)?;
        let (free_at, blocker) = match awaited(task, facts, look) {
            Awaited::Open => return Ok(not_about("what it waits for is not done yet")),
            Awaited::Elsewhere => return Ok(not_about("it waits for a task that cannot be read")),
            Awaited::Nothing => return Ok(not_about("no link tells what it waited for")),
            Awaited::Over(at, blocker) => (at, blocker),
        };
        if facts.and_then(|facts| facts.waits_since()).is_some_and(|since| since > free_at) {
            return Ok(not_about("it was set to wait after that was done, for something else"));
        }
        let evidence = Evidence::BlockerDone { blocker, free_at };
        if !look.passed(self.after.after(free_at, look.calendar(task))) {
            return Ok(Reading::measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Direct),
            deadline: look.deadline(task),
            evidence,
        }))
    }
}
