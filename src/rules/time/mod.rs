//! Time and pace.

pub mod due_unrealistic;
pub mod overdue;
pub mod pace_behind;
pub mod start_never;
