//! `sys.volume`: more messages to persons than are right within one hour. They are held back where messages leave; this asks the
//! operators what is to become of them.

use super::to_operators;
use crate::domain::finding::{Evidence, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::SysVolume;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.volume");

/// How many are too many stands under `[limits]`: the hold is there whether it is told or not.
impl Rule for SysVolume {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::SUBJECT
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::System
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::System = subject else { return OTHER_KIND };
        let Some(flood) = look.flood() else { return fine("no messages are held back for being too many") };
        to_operators(Stage::Widens, Evidence::Flood(Box::new(flood)))
    }
}
