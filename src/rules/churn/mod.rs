//! Rules about what goes to and fro: dates that move, tasks that come back.

pub mod churn_reopened;
pub mod due_drift;
