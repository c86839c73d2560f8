//! When digests are to be thought of: worked out anew only after they had been, so that a round in between costs nothing.

use jiff::Timestamp;

use super::Core;
use crate::alerts::{self, DigestsDue};
use crate::domain::alert::Round;
use crate::domain::board::DueNow;
use crate::domain::digest::{DigestOf, DigestTurn};
use crate::domain::snapshot::Snapshot;

impl Core {
    /// What is due, digests with it only where their time has come.
    pub(super) fn due_now(&self, now: Timestamp, most: usize) -> DueNow {
        let mut due = self.board.due(now, most);
        due.rests &= now >= self.digests.quiet_until;
        due
    }

    /// Notes when digests are due next, once a round has looked at them. The first judgement of a place may have been the
    /// last of its connection, which is looked at once more.
    pub(super) fn digests_after(&mut self, looked: bool, judged_first: bool, now: Timestamp) -> Option<Timestamp> {
        if looked {
            let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
            self.digests = alerts::digests_due(&snapshot);
        }
        if judged_first {
            self.digests.quiet_until = Timestamp::MIN;
            return Some(now);
        }
        self.digests.wake_at
    }

    /// Forgets what was worked out: the board is another one.
    pub(super) fn forget_digests(&mut self) {
        self.digests = DigestsDue::UNKNOWN;
    }
}

/// Says in the log which digests a round made.
pub(super) fn log(round: &Round) {
    for turn in round.turns.iter().filter(|turn| turn.made_at.is_some() && turn.made_at == round.at) {
        let whose = turn.of.account().map(|account| account.0);
        tracing::info!(digest = turn.of.word(), whose, day = %turn.day, "digest.made");
    }
    let unsent = |turn: &&DigestTurn| turn.made_at.is_none() && matches!(turn.of, DigestOf::Baseline(_));
    if round.turns.iter().any(|turn| unsent(&turn)) {
        tracing::info!("baseline.read: `gapwatch preview digest baseline` is the report on what was found");
    }
}
