//! Another configuration while the program runs: taken up between two rounds, by the very steps of a start.

use jiff::Timestamp;

use super::{Core, Setup, policy_of};
use crate::domain::board::Board;
use crate::rules;
use crate::store::StoreError;

impl Core {
    /// Takes up another configuration. Everything is due, nothing is sent before everything was judged anew, and what a
    /// changed rule then finds is backlog. What is to be read anew is folded before this returns.
    ///
    /// # Errors
    /// Whatever the store says; doing it again does the rest, and so does a start.
    pub fn reconfigure(&mut self, setup: Setup, now: Timestamp) -> Result<(), StoreError> {
        let applied = self.guarded(now, |store| store.apply_config(&setup.plan, now))?;
        self.board = Board::new(self.store.load(now, rules::known)?);
        self.policy = policy_of(setup.policy, &setup.connection_modes, &setup.comments_on, &applied.connections);
        self.rules = setup.rules;
        self.rules_rev = (applied.rules_changed && !applied.first).then(|| setup.plan.rules_rev.clone());
        self.connections = applied.connections;
        self.judged = false;
        Ok(())
    }
}
