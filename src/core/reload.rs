//! Another configuration while the program runs: taken up between two rounds, by the very steps of a start.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Core, Setup};
use crate::domain::ids::ConnectionId;
use crate::domain::policy::{Mode, Policy};
use crate::store::StoreError;

impl Core {
    /// Takes up another configuration. Everything is due, nothing is sent before everything was judged anew, and what a
    /// changed rule then finds is backlog. What is to be read anew is folded before this returns.
    ///
    /// # Errors
    /// Whatever the store says; doing it again does the rest, and so does a start.
    pub fn reconfigure(&mut self, setup: Setup, now: Timestamp) -> Result<(), StoreError> {
        let applied = self.guarded(now, |store| store.apply_config(&setup.plan, now))?;
        self.reload(now)?;
        self.policy = policy_of(setup.policy, &setup.connection_modes, &setup.comments_on, &applied.connections);
        self.rules = setup.rules;
        self.rules_rev = (applied.rules_changed && !applied.first).then(|| setup.plan.rules_rev.clone());
        self.connections = applied.connections;
        self.judged = false;
        Ok(())
    }
}

/// What the policy says of connections, by their rows.
pub(super) fn policy_of(
    mut policy: Policy,
    modes: &HashMap<String, Mode>,
    comments_on: &[String],
    connections: &HashMap<String, ConnectionId>,
) -> Policy {
    let row = |name: &String| connections.get(name).copied();
    policy.connection_modes = modes.iter().filter_map(|(name, mode)| Some((row(name)?, *mode))).collect();
    policy.comments_on = comments_on.iter().filter_map(row).collect();
    policy
}
