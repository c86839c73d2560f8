//! `blocker.unnamed`: a task waits, and nothing says for what.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use super::waiting::{Awaited, awaited};
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Grounds, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::record::TaskRec;
use crate::rules::settings::BlockerUnnamed;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("blocker.unnamed");

/// A link names it, of whatever kind, and so does whoever is asked in the last word about it. That what it waited for is done
/// by now is another rule's news.
impl Rule for BlockerUnnamed {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::BLOCKERS).and(Reads::LINKED)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("after", self.after.to_string().into())]
    }
}

impl BlockerUnnamed {
    fn read<'a>(&self, task: &'a TaskRec, look: &Look<'a>) -> Result<Reading, Why> {
        if look.category(task)? != StatusCategory::Waiting {
            return Ok(not_about("it does not wait"));
        }
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        let since = facts.state_since.unwrap_or(task.created_at);
        match awaited(task, Some(facts), look) {
            Awaited::Open | Awaited::Elsewhere => return Ok(fine("a link says what it waits for")),
            Awaited::Over(at, _) if at >= since => return Ok(not_about("what it waited for is done")),
            Awaited::Over(..) | Awaited::Nothing => {}
        }
        if look.linked(task).any(|other| other.category.is_open()) {
            return Ok(fine("it is linked with an open task"));
        }
        if !facts.asked().is_empty() {
            return Ok(fine("somebody is named who is asked"));
        }
        let evidence = Evidence::BlockerUnnamed { since };
        // What it waited for has come: it takes a while to go on, or to say what else it waits for.
        let over = look.linked(task).filter_map(|other| other.closed_at).max();
        let named_until = [facts.asked_until(), over].into_iter().flatten().fold(since, Timestamp::max);
        if !look.passed(self.after.after(named_until, look.calendar(task))) {
            return Ok(Reading::Clear(Grounds::Measured(evidence)));
        }
        Ok(Reading::Gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline: look.deadline(task),
            evidence,
        }))
    }
}
