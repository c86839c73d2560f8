//! `wip.limit`: more at hand at once than the team has agreed on.

use serde_json::Value;

use super::load_overloaded::{at_hand, band};
use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::WipLimit;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("wip.limit");

/// An agreement of a team, and off until there is one. Work shared with others counts for its part.
impl Rule for WipLimit {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::MEMBERS.and(Reads::OWNERS).and(Reads::CONTAINERS).and(Reads::CHILDREN)
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Person
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Person(who) = subject else { return OTHER_KIND };
        let limit = f64::from(self.limit);
        let work = look.work_of(&who);
        if work.len() as f64 <= limit - band(limit) {
            return fine("no more is open than the limit allows at once");
        }
        let active = match at_hand(&work, &who, look) {
            Ok(active) => active,
            Err(why) => return Reading::Unknown(why),
        };
        let evidence = Evidence::WipLimit { active, limit: self.limit };
        if active > limit {
            return Reading::gap(Finding {
                stage: Stage::Opens,
                scope: String::new(),
                addressee: Addressee::Owners,
                first: None,
                deadline: None,
                evidence,
            });
        }
        if active > limit - band(limit) {
            Reading::edge(evidence)
        } else {
            fine("no more is at hand than the limit allows")
        }
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("limit", self.limit.into())]
    }
}
