//! What a norm that moved concerns.

use super::ids::{AccountId, ContainerId, TaskId};

/// What has to be judged anew because of a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moved {
    /// Whatever falls back to the organisation's.
    Organisation,
    /// A container with its tasks.
    Container(ContainerId),
    /// A task alone.
    Task(TaskId),
    /// Whoever is behind an account.
    Account(AccountId),
}
