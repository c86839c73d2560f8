//! What is known of a task besides its own answer: its surroundings, asked for without it, and what boards say of it.

use connector_model::{Due, DueStated, Progress, Status, TaskRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A task of the mirror, as a stream that asks for known tasks needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTask {
    /// The tool's own stable id.
    pub ext: String,
    /// Its connector's handle ([`connector_model::Task::handle`]).
    pub handle: String,
    /// The tool's word for its state, as it was read last.
    pub status: String,
}

/// A run of open tasks of one container, in an order that does not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Those after the task with this id. `None`: from the first.
    pub after: Option<String>,
    /// So many at the most.
    pub most: u32,
}

/// Where a task stands among others, asked for without the task itself. What is `None` was not told, and stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRelations {
    /// Whose.
    pub task: TaskRef,
    /// Its parent. Inner `None`: it has none.
    pub parent: Option<Option<TaskRef>>,
    /// How many children it has, and how many of them the tool counts as done.
    pub children: Option<ChildCount>,
}

/// Children by the tool's own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildCount {
    /// Counted as done.
    pub done: u32,
    /// In all.
    pub all: u32,
}

/// What one board says of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplement {
    /// The task.
    pub task: TaskRef,
    /// The board, as its connector calls it: `acme/7`. Unique within the connection.
    pub source: String,
    /// Its place among the boards: where several say something, the lowest counts.
    pub rank: u32,
    /// When the board's entry was last changed, by the tool's clock: the date of what differs.
    pub at: Timestamp,
    /// What it says.
    pub values: Values,
}

/// Values a board can add to a task. What is `None` it does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Values {
    /// State of an open task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// It lies in the backlog: nobody is to work on it yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backlog: bool,
    /// Planned start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Due>,
    /// Deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<DueStated>,
    /// 1 is the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Declared progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Estimated work, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate_secs: Option<i64>,
}

/// A board was read to its end, and nothing of it was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRead {
    /// Which.
    pub source: String,
    /// When that began, by our clock: an entry not seen since is gone from the board.
    pub began_at: Timestamp,
}
