//! What kind of gap it is, where a rule has several, and the tasks that one makes late.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Deadline;
use crate::domain::ids::TaskId;

/// Why a date is too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooSoon {
    /// It had passed when it was set.
    Past,
    /// It was a few days ahead, and nobody had begun.
    Unstarted,
    /// Half of such tasks take longer.
    Short,
}

/// By which measure somebody has too much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Overload {
    /// Effort beyond the hours there are.
    Effort {
        /// What is left to do of what is due, seconds of working time.
        planned_secs: i64,
        /// Working time there is until then, by the person's own hours and absences.
        room_secs: i64,
        /// Of how many tasks.
        tasks: u32,
        /// Until when.
        until_at: Timestamp,
    },
    /// More due soon than this person nearly ever had.
    Due {
        /// Tasks due; one shared by two counts half.
        due: f64,
        /// On 95 of 100 days they had at most so many.
        usual: f64,
        /// On 85 of 100 days somebody of the organisation had at most so many.
        common: f64,
        /// Until when.
        until_at: Timestamp,
    },
    /// More in hand than this person nearly ever had, and than was agreed on.
    Hands {
        /// Tasks in hand; one shared by two counts half.
        active: f64,
        /// What they have on 95 of 100 days, or what was agreed on, whichever is more.
        usual: f64,
    },
}

/// What is the matter with a task that others wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Still {
    /// Nobody can act on it.
    NoOwner,
    /// Nobody has begun.
    NeverStarted,
    /// No act of a human since then.
    Since(Timestamp),
}

/// What two trackers disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// The other one is done.
    Done {
        /// Since when.
        at: Timestamp,
    },
    /// Each is somebody else's.
    Owners,
    /// Each is due at another time.
    Dates {
        /// Here.
        deadline: Deadline,
        /// There.
        there: Deadline,
    },
}

/// A task that a blocker makes late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateTask {
    /// Which.
    pub task: TaskId,
    /// Its date.
    pub deadline: Deadline,
    /// The earliest it can be finished, given the blocker.
    pub finish_at: Timestamp,
}
