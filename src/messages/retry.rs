//! From the outcome of a call to what happens next.

use connector_kit::{Found, MessageRef, WriteError};
use jiff::Timestamp;

use super::Marks;
use crate::domain::alert::{Message, Round};
use crate::domain::board::Board;
use crate::domain::ids::MessageId;
use crate::domain::snapshot::Snapshot;

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// Sent (a post, a reply): this is where it is.
    Sent(MessageRef),
    /// The post says now what the message says.
    Edited,
    /// The write did not succeed.
    Failed(WriteError),
    /// The answer to a look.
    Looked(Found),
    /// The look itself failed, with this reason: it is made again later.
    CannotLook(String),
}

/// What the deliverer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// [`begin`] it, commit that, make the call, then [`after`].
    Send(MessageId),
    /// Ask the channel whether it is there, then [`after`].
    Look(MessageId),
}

/// Everything to be done at `now`, oldest first.
pub fn due(board: &Board, epoch: i64, now: Timestamp) -> Vec<Job> {
    let _ = (board, epoch, now);
    Vec::new()
}

/// When the next thing is to be done. `None`: nothing is under way.
pub fn next_due(board: &Board, epoch: i64) -> Option<Timestamp> {
    let _ = (board, epoch);
    None
}

/// The message as it is while its call is being made; committed before the call.
pub fn begin(message: &Message, epoch: i64, now: Timestamp) -> Round {
    let _ = (message, epoch, now);
    Round::default()
}

/// What an outcome changes: the message, its post, its notices, their alerts. `step_at` of an alert is set to now where it has
/// to be thought about again.
pub fn after(message: &Message, outcome: &Outcome, snapshot: &Snapshot<'_>, marks: &mut Marks<'_>) -> Round {
    let _ = (message, outcome, snapshot, marks);
    Round::default()
}
