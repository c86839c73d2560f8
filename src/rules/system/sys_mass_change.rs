//! `sys.mass_change`: much of a container was missing, or changed by one account, at once. What is held meanwhile is decided
//! where alerts are, and what counts as work where history is folded; this tells the operators.

use super::to_operators;
use crate::domain::bulk::WITHIN;
use crate::domain::calendar::later;
use crate::domain::finding::{Evidence, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::SysMassChange;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.mass_change");

/// What is missing weighs more than what was edited: until it is settled nothing in the container is judged.
impl Rule for SysMassChange {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::SUBJECT
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Container
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Container(container) = subject else { return OTHER_KIND };
        if let Some(hold) = container.hold {
            let evidence = Evidence::MassMissing { since: hold.since, missing: hold.missing, of: hold.of };
            return to_operators(Stage::Widens, evidence);
        }
        let Some(bulk) = container.bulks.last() else { return fine("nothing was changed or missing at once") };
        if look.passed(bulk.calms_at()) {
            return fine("what was changed at once is a day old");
        }
        let evidence = Evidence::MassEdit { from_at: bulk.from_at, to_at: bulk.to_at, tasks: bulk.tasks };
        // While it goes on, and is read page by page, nobody knows yet how many there are.
        if look.passed(later(bulk.to_at, WITHIN)) {
            to_operators(Stage::Opens, evidence)
        } else {
            Reading::edge(evidence)
        }
    }
}
