//! Edges of the board, kept from both ends.

use std::collections::{BTreeSet, HashMap};

use super::ids::TaskId;

/// Adds one.
pub(super) fn edge(
    blockers: &mut HashMap<TaskId, BTreeSet<TaskId>>,
    dependants: &mut HashMap<TaskId, BTreeSet<TaskId>>,
    task: TaskId,
    blocker: TaskId,
) {
    blockers.entry(task).or_default().insert(blocker);
    dependants.entry(blocker).or_default().insert(task);
}

/// Takes one away.
pub(super) fn cut(
    blockers: &mut HashMap<TaskId, BTreeSet<TaskId>>,
    dependants: &mut HashMap<TaskId, BTreeSet<TaskId>>,
    task: TaskId,
    blocker: TaskId,
) {
    if let Some(edges) = blockers.get_mut(&task) {
        edges.remove(&blocker);
    }
    if let Some(edges) = dependants.get_mut(&blocker) {
        edges.remove(&task);
    }
}
