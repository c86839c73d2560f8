//! The facts about what is foretold: of a task, and of what is to be done by one date as a whole.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Deadline;
use crate::domain::ids::TaskId;

/// How a plan stands: what is to be done by one date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Its date.
    pub deadline: Deadline,
    /// What is open in it.
    pub open: u32,
    /// How much of that nobody has begun.
    pub todo: u32,
    /// The whole weeks since something was finished in it, up to twelve, and how much was in all of them.
    pub weeks: u32,
    /// See `weeks`.
    pub finished: u32,
    /// What these weeks foretell. `None`: they are too few, or tasks are closed in batches.
    pub pace: Option<Pace>,
    /// How many of its tasks are foretold to miss the date, by what is known of each. `None`: it is not proven here that this
    /// can be told, or it is not two weeks before the date yet.
    pub late: Option<f64>,
    /// The latest checkpoint: so many calendar days before the date. `None`: none has come yet.
    pub checkpoint_days: Option<u32>,
    /// Its open tasks, the first few of those that endanger the date most.
    pub worst: Vec<TaskId>,
}

/// What the weeks of a plan foretell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Which week it is foretold in: another number, another week.
    pub week: u32,
    /// How likely it is done by its date, 0 to 1.
    pub odds: f64,
    /// By how many tasks it gets smaller in a week, additions taken off.
    pub per_week: f64,
    /// The day on which it is done with a likelihood of 50, 85 and 95 in a hundred. `None`: there is no end in sight.
    pub days: [Option<Date>; 3],
}

/// What speaks against a task's date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum RiskReason {
    /// There is no sign of work.
    NotStarted,
    /// It waits for a task that is open.
    Blocked {
        /// Which.
        by: TaskId,
    },
    /// Less is declared to be done than time has passed.
    Behind {
        /// Declared share, 0 to 1.
        progress: f64,
        /// From when its time counts.
        start_at: Timestamp,
    },
    /// Its date was hard to meet when it was set.
    Unrealistic {
        /// When that was.
        set_at: Timestamp,
    },
    /// Nobody has touched it for days.
    Idle {
        /// Since when.
        human_at: Timestamp,
    },
}
