//! `sys.delivery_failed`: what could not be told. That the next channel takes it is decided where alerts are; this tells the
//! operators what waits for a channel that is down, and what nobody got by any.

use super::to_operators;
use crate::domain::finding::{Evidence, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::rules::settings::SysDeliveryFailed;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.delivery_failed");

/// What another channel took, or is about to be asked to take, is no failure, and neither is a first attempt that fails. It
/// ends with the data: once what waited was sent, or there is nothing left to be told.
impl Rule for SysDeliveryFailed {
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
        let ways = look.undelivered();
        if ways.is_empty() && look.seeks_a_way() {
            return Reading::edge(Evidence::Undelivered { ways });
        }
        if ways.is_empty() {
            return fine("everything that was to be told was told, or is on its way");
        }
        to_operators(Stage::Widens, Evidence::Undelivered { ways })
    }
}
