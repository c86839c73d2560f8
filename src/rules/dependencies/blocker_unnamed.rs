//! `blocker.unnamed`: a task waits, and nothing says for what.

use connector_model::StatusCategory;
use serde_json::Value;

use super::waiting::{Awaited, awaited};
use crate::domain::calendar::later;
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::past::SAID_NEAR;
use crate::domain::row::TaskRow;
use crate::rules::settings::BlockerUnnamed;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("blocker.unnamed");

/// A link names it, of whatever kind, and so does whoever was named since it waits, answered or not. That what it waited for
/// is done by now is another rule's news; a link that was taken away leaves a while to say what it waits for now.
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
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if look.category(task)? != StatusCategory::Waiting {
            return Ok(not_about("it does not wait"));
        }
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        let waits_since = facts.waits_since().unwrap_or(task.created_at());
        let since = match awaited(task, Some(facts), look) {
            Awaited::Open | Awaited::Elsewhere => return Ok(fine("a link says what it waits for")),
            Awaited::Over(at, Some(_)) if at >= waits_since => return Ok(not_about("what it waited for is done")),
            Awaited::Over(unlinked_at, None) => waits_since.max(unlinked_at),
            Awaited::Over(..) | Awaited::Nothing => waits_since,
        };
        if look.linked(task).any(|other| other.category().is_open()) {
            return Ok(fine("it is linked with an open task"));
        }
        let named = facts.named_at().is_some_and(|at| later(at, SAID_NEAR) >= waits_since);
        if named || !facts.asked().is_empty() {
            return Ok(fine("somebody is named whom it waits for"));
        }
        let evidence = Evidence::BlockerUnnamed { since };
        // What it waited for has come: it takes a while to go on, or to say what else it waits for.
        let over = look.linked(task).filter_map(|other| other.closed_at()).max();
        let named_until = over.map_or(since, |over| over.max(since));
        if !look.passed(self.after.after(named_until, look.calendar(task))) {
            return Ok(Reading::measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline: look.deadline(task),
            evidence,
        }))
    }
}
