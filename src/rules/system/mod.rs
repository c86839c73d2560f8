//! gapwatch watches itself; told to the operators only.

pub mod sys_cross_mismatch;
pub mod sys_delivery_failed;
pub mod sys_mass_change;
pub mod sys_mirror_stale;
pub mod sys_rule_useless;
pub mod sys_unmapped;
pub mod sys_volume;
