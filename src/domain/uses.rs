//! What the open tasks of each container use, counted as tasks come and go: the tool's words for states that mean nothing to
//! us, and the accounts that own them. Kept up to date, so that nobody has to walk through all tasks.

use std::collections::BTreeMap;

use super::ids::{AccountId, ContainerId, IdMap};
use super::row::TaskRow;

/// How many open tasks use what, in each container.
#[derive(Default)]
pub(super) struct Uses {
    states: IdMap<ContainerId, BTreeMap<Box<str>, u32>>,
    owners: IdMap<ContainerId, BTreeMap<AccountId, u32>>,
}

impl Uses {
    /// Counts a task in; true when something is used that was not before.
    pub(super) fn add(&mut self, task: &TaskRow) -> bool {
        if !counts(task) {
            return false;
        }
        let mut new = false;
        if let Some(state) = task.unmapped() {
            let count = self.states.entry(task.container()).or_default().entry(state.into()).or_default();
            *count += 1;
            new |= *count == 1;
        }
        for owner in task.owners() {
            let count = self.owners.entry(task.container()).or_default().entry(owner).or_default();
            *count += 1;
            new |= *count == 1;
        }
        new
    }

    /// Counts a task out; true when something is not used any more.
    pub(super) fn remove(&mut self, task: &TaskRow) -> bool {
        if !counts(task) {
            return false;
        }
        let mut last = false;
        if let Some(state) = task.unmapped() {
            last |= self.states.get_mut(&task.container()).is_some_and(|uses| less(uses, state));
        }
        for owner in task.owners() {
            last |= self.owners.get_mut(&task.container()).is_some_and(|uses| less(uses, &owner));
        }
        last
    }

    /// Words for states, in a fixed order.
    pub(super) fn states(&self, container: ContainerId) -> impl Iterator<Item = &str> {
        self.states.get(&container).into_iter().flat_map(|uses| uses.keys().map(|state| &**state))
    }

    /// Owners, in a fixed order.
    pub(super) fn owners(&self, container: ContainerId) -> impl Iterator<Item = AccountId> {
        self.owners.get(&container).into_iter().flat_map(|uses| uses.keys().copied())
    }
}

/// True for open work.
fn counts(task: &TaskRow) -> bool {
    task.is_work()
}

fn less<K, Q>(uses: &mut BTreeMap<K, u32>, key: &Q) -> bool
where
    K: Ord + std::borrow::Borrow<Q>,
    Q: Ord + ?Sized,
{
    let Some(count) = uses.get_mut(key) else { return false };
    *count -= 1;
    let last = *count == 0;
    if last {
        uses.remove(key);
    }
    last
}
