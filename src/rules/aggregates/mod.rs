//! What many tasks say together.

pub mod milestone_at_risk;
