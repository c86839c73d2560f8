//! What is normal: how long tasks take and how long they rest, as percentiles of finished ones.
//!
//! For now there is only what is typical elsewhere; a team's own norms are computed at fixed instants and never live, so
//! that a reading does not change because somebody else's task did.

/// Percentiles of finished tasks, in working days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norms {
    /// Where they come from, as `explain` prints it.
    pub source: &'static str,
    /// 85 of 100 pauses between two acts of people are at most this long.
    pub idle_p85_days: f64,
    /// Half of the tasks are finished within this after their start.
    pub work_p50_days: f64,
    /// 85 of 100 tasks are.
    pub work_p85_days: f64,
    /// 85 of 100 reviews take at most this long.
    pub review_p85_days: f64,
}

/// What holds where there is no history of one's own.
pub const ELSEWHERE: Norms = Norms {
    source: "typical elsewhere",
    idle_p85_days: 10.0,
    work_p50_days: 3.0,
    work_p85_days: 15.0,
    review_p85_days: 5.0,
};
