//! Dependencies.

pub mod blocker_cascade;
pub mod blocker_resolved;
pub mod blocker_stale;
pub mod blocker_unnamed;
pub mod dep_cycle;
pub mod dep_date_conflict;
mod waiting;
