//! gapwatch watches itself; told to the operators only.

pub mod sys_cross_mismatch;
pub mod sys_delivery_failed;
pub mod sys_mass_change;
pub mod sys_mirror_stale;
pub mod sys_rule_useless;
pub mod sys_unmapped;
pub mod sys_volume;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, Stage};

/// A gap that the operators are told of, directly.
pub(super) fn to_operators(stage: Stage, evidence: Evidence) -> Reading {
    Reading::gap(Finding {
        stage,
        scope: String::new(),
        addressee: Addressee::Operators,
        first: Some(FirstWord::Direct),
        deadline: None,
        evidence,
    })
}
