//! `owner.none`: work that is planned or going on, and nobody it belongs to.

use connector_model::StatusCategory;
use serde_json::Value;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::OwnerNone;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("owner.none");

/// A bot is no owner, nor is an account that was deactivated. A task that nobody has planned yet may wait for one: triage queues are full of them.
impl Rule for OwnerNone {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        if look.owners(task).next().is_some() {
            return fine("it has an owner");
        }
        if look.has_left(task) {
            return not_about("whoever has it has left, which `owner.gone` tells");
        }
        let deadline = look.deadline(task);
        // Where the tool does not tell, only an owner's act could make it active.
        let active = task.category() == StatusCategory::Active;
        if deadline.is_none() && !active && !look.in_sprint(task) {
            return not_about("it is not planned yet");
        }
        let (stage, first) = deadline.map_or((Stage::Opens, FirstWord::Digest), |date| self.urgency(task, &date, look));
        Reading::gap(Finding {
            stage,
            scope: String::new(),
            addressee: addressee(task, look),
            first: Some(first),
            deadline,
            evidence: Evidence::NoOwner { deadline, category: task.category(), left: look.has_left(task) },
        })
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("direct_days_left", self.direct_days_left.into()), ("red_days_left", self.red_days_left.into())]
    }
}

impl OwnerNone {
    fn urgency<'a>(&self, task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> (Stage, FirstWord) {
        let red = look.days_left_at_most(task, deadline, days(self.red_days_left));
        let direct = look.days_left_at_most(task, deadline, days(self.direct_days_left));
        (if red { Stage::Widens } else { Stage::Opens }, if direct { FirstWord::Direct } else { FirstWord::Digest })
    }
}

/// Whoever made it can say whose it is.
fn addressee(task: &TaskRow, look: &Look<'_>) -> Addressee {
    match task.reporter().filter(|reporter| look.is_human(*reporter)) {
        Some(reporter) => Addressee::Account(reporter),
        None => Addressee::Manager,
    }
}
