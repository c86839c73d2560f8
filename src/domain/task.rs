//! A task, whole.

use std::sync::Arc;

use connector_model::{Due, DueStated, Ineligible, Progress, StatusCategory};
use jiff::Timestamp;

use super::facts::Facts;
use super::ids::{AccountId, ContainerId, TaskId};

/// A task, as the store hands it over; the board keeps it as [`TaskRow`](super::row::TaskRow).
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRec {
    /// Row.
    pub id: TaskId,
    /// The tool's stable id.
    pub ext: Box<str>,
    /// Where it lives.
    pub container: ContainerId,
    /// The tool's word for what it is (`Bug`), shared by all tasks that have it. `None`: it has none.
    pub kind: Option<Arc<str>>,
    /// Milestones, sprints and other homes.
    pub homes: Box<[ContainerId]>,
    /// Our state; see `declared`.
    pub category: StatusCategory,
    /// False: the tool does not tell todo from active.
    pub declared: bool,
    /// The tool's word for its state, where that means nothing to us. `None`: it does.
    pub unmapped: Option<Box<str>>,
    /// Planned start.
    pub start: Option<Due>,
    /// Deadline of its own.
    pub due: Option<DueStated>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// 1 is the highest.
    pub priority: Option<u8>,
    /// Declared progress, but for that of its children.
    pub progress: Option<Progress>,
    /// Seconds.
    pub estimate_secs: Option<i64>,
    /// Seconds booked on it. `None`: the tool does not tell.
    pub spent_secs: Option<u32>,
    /// Seconds that are said to be left. `None`: nobody says.
    pub remaining_secs: Option<u32>,
    /// Its parent, if mirrored.
    pub parent: Option<TaskId>,
    /// Everybody assigned, bots included.
    pub owners: Box<[AccountId]>,
    /// Author.
    pub reporter: Option<AccountId>,
    /// Why no rule looks at it.
    pub ineligible: Option<Ineligible>,
    /// May not be shown in open places.
    pub restricted: bool,
    /// It is not to be seen any more although its container is: what is known of it stays, and nothing is concluded.
    pub unseen: bool,
    /// When it was last different from before, by the question that showed it.
    pub changed_at: Timestamp,
    /// What its history says.
    pub facts: Facts,
    /// What the tool calls things about it. `None`: no condition of the configuration reads any of it.
    pub words: Option<Box<TaskWords>>,
}

/// What the tool calls things about a task, for conditions of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskWords {
    /// As people call it: `acme/web#12`.
    pub key: String,
    /// The tool's word for its state.
    pub status: String,
    /// Its labels.
    pub labels: Vec<String>,
}
