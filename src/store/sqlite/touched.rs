//! What a transaction changed so far, and what follows from it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::alert::Answer;
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, TaskId};

/// What a transaction changed so far, and what follows from it.
#[derive(Default)]
pub(super) struct Touched {
    /// Tasks to be handed to the board.
    pub(super) tasks: BTreeSet<TaskId>,
    /// Tasks written for the first time.
    pub(super) new: BTreeSet<TaskId>,
    /// Tasks whose closed neighbours may come onto the board or leave it.
    pub(super) around: BTreeSet<TaskId>,
    /// Tasks that may come onto the board or leave it.
    pub(super) maybe: BTreeSet<TaskId>,
    /// Tasks whose facts are to be folded anew.
    pub(super) refold: BTreeSet<TaskId>,
    /// Accounts that turned out to be bots, or not to be.
    pub(super) judged_anew: BTreeSet<AccountId>,
    /// Who assigned something, and when.
    pub(super) assigned: BTreeSet<(AccountId, Timestamp)>,
    pub(super) accounts: BTreeSet<AccountId>,
    /// Somebody is away at other times, or somebody else is.
    pub(super) away: bool,
    pub(super) containers: BTreeSet<ContainerId>,
    pub(super) connections: BTreeSet<ConnectionId>,
    /// What people answered.
    pub(super) answers: Vec<Answer>,
}
