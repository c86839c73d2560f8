//! Silence.

pub mod aging;
pub mod high_priority_silent;
pub mod stalled;
