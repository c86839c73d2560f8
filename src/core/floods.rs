//! Floods: too many messages to persons at once are held back, and somebody decides what becomes of them.

use jiff::Timestamp;

use super::Core;
use crate::alerts;
use crate::domain::alert::{Round, Wish};
use crate::domain::board::DueNow;
use crate::domain::snapshot::Snapshot;
use crate::messages::flood;
use crate::store::StoreError;

impl Core {
    /// Holds back what would leave now, where that is too much.
    pub(super) fn hold_flood(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let round = flood::hold(&snapshot);
        if !round.messages.is_empty() {
            self.has_held = true;
            tracing::warn!(messages = round.messages.len(), "messages.held: too many at once, the operators are asked");
        }
        self.take_flood(round, now).map(drop)
    }

    /// Does what the operators wish with what is held back; true where anything was changed by it.
    pub(super) fn decide_flood(&mut self, due: &DueNow, now: Timestamp) -> Result<bool, StoreError> {
        let mut changed = false;
        for answer in &due.answers {
            let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
            let round = match answer.wish {
                Wish::Flood { .. } if !alerts::is_operator(answer.account, &snapshot) => continue,
                Wish::Flood { send: true, until } => flood::release(until, &snapshot),
                Wish::Flood { send: false, until } => flood::drop(until, &snapshot),
                _ => continue,
            };
            changed |= self.take_flood(round, now)?;
        }
        Ok(changed)
    }

    /// True where messages were held back since this was asked last: then a round has to tell the operators.
    pub fn took_hold(&mut self) -> bool {
        std::mem::take(&mut self.has_held)
    }

    fn take_flood(&mut self, round: Round, now: Timestamp) -> Result<bool, StoreError> {
        if round.is_empty() {
            return Ok(false);
        }
        self.guarded(now, |store| store.commit_round(&round, None, now))?;
        self.board.put_round(round);
        Ok(true)
    }
}
