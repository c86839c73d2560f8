//! What takes no further line once it has left waits a while for reading that is behind: after a start, or a night on which
//! nobody looked, more of it is about to come.

use jiff::{SignedDuration, Timestamp};

use super::Core;
use crate::alerts;
use crate::domain::calendar::later;
use crate::domain::notice::{Message, MessageOp, MessageState, PostAbout};
use crate::domain::snapshot::Snapshot;

/// How long it waits at most.
const WAITS: SignedDuration = SignedDuration::from_mins(15);

impl Core {
    /// True while the message of a day that cannot be changed any more is due, and places are about to be read whose lines
    /// it could take. Whoever has no time to wait may ask as well.
    pub(super) fn waits_for_reading(&mut self, now: Timestamp) -> bool {
        let is_due = |message: &Message| message.due_at <= now && self.is_final(message);
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let waits = self.board.messages().any(is_due) && alerts::is_reading(&snapshot);
        self.reading_since = self.reading_since.or(Some(now)).filter(|_| waits);
        self.reading_since.is_some_and(|since| now < later(since, WAITS))
    }

    /// True for the message of a day that waits to leave, and cannot be changed once it has.
    pub(super) fn is_final(&self, message: &Message) -> bool {
        let about = || self.board.post(message.post).map(|post| post.about);
        message.state == MessageState::Sealed
            && message.op == MessageOp::Post
            && !self.policy.edits(&message.address)
            && matches!(about(), Some(PostAbout::Day(_)))
    }
}
