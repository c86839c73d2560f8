//! `sys.unmapped`: what the configuration says nothing about, where something depends on it: the tool's words for states, and
//! owners who are nobody in it; and that no state of a team's finished tasks ever counted as being in progress.

use super::to_operators;
use crate::domain::finding::{Evidence, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::SysUnmapped;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.unmapped");

/// Of fewer finished tasks than this share it is normal to have been in progress where people use such a state.
pub const HABIT: f64 = 0.3;

/// Only what open work uses is told. Where no person is configured at all, nobody expects to be told in person, and an
/// owner without one is no mistake.
impl Rule for SysUnmapped {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::MEMBERS.and(Reads::OWNERS)
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Container
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Container(container) = subject else { return OTHER_KIND };
        let states: Vec<String> = look.unmapped_states(container).map(str::to_owned).collect();
        let owners = look.strangers(container);
        let begun = look.begun(container.id).filter(|begun| begun.p50 < HABIT);
        let unbegun = begun.map(|begun| begun.samples);
        if states.is_empty() && owners.is_empty() && unbegun.is_none() {
            return fine("everything that open work uses is mapped");
        }
        to_operators(Stage::Opens, Evidence::Unmapped { states, owners, unbegun })
    }
}
