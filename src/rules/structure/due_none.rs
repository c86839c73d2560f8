//! `due.none`: somebody works on it, and nothing says until when.

use connector_model::StatusCategory;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::DueNone;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("due.none");

/// A date from anywhere will do: its own, its milestone's, its sprint's. A line of the digest, never more.
impl Rule for DueNone {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        if look.deadline(task).is_some() {
            return fine("it has a deadline");
        }
        if look.owners(task).next().is_none() {
            return not_about("nobody owns it");
        }
        let category = match (look.category(task), look.in_sprint(task)) {
            (Ok(category), planned) if planned || category == StatusCategory::Active => category,
            (Ok(_), _) => return not_about("it is neither begun nor in a sprint"),
            (Err(_), true) => task.category(),
            (Err(why), false) => return Reading::Unknown(why),
        };
        Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline: None,
            evidence: Evidence::NoDue { category },
        })
    }
}
