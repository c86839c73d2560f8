//! Time and pace.

pub mod due_at_risk;
pub mod due_unrealistic;
pub mod estimate_exceeded;
pub mod overdue;
pub mod pace_behind;
pub mod pace_stuck_near_done;
pub mod start_late;
pub mod start_never;
