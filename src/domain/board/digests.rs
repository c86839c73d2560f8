//! Digests: the lines that wait for them, and which of them had their turn.

use super::Board;
use crate::domain::digest::{DigestOf, DigestTurn};
use crate::domain::notice::{Address, Notice, NoticeState};

impl Board {
    /// Lines that wait for a digest, in no order.
    pub fn waiting_lines(&self) -> impl Iterator<Item = &Notice> {
        let waits =
            |notice: &&Notice| notice.state == NoticeState::Open && matches!(notice.address, Address::Digest(_));
        self.notices.values().filter(waits)
    }

    /// The last turn of a digest. `None`: it never had one.
    pub fn turn(&self, of: DigestOf) -> Option<&DigestTurn> {
        self.turns.get(&of)
    }

    pub(super) fn put_turn(&mut self, turn: DigestTurn) {
        self.turns.insert(turn.of, turn);
    }
}
