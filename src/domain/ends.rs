//! The ends of edges: tasks by task. Most tasks have none, and are asked for them by nearly every rule.

use super::hint::Hint;
use super::ids::TaskId;
use super::sorted::Sorted;
use super::table::{Keyed, Table};

/// Tasks by task, in order.
#[derive(Default)]
pub(super) struct Ends {
    of: Table<(TaskId, Few)>,
    may: Hint,
}

/// Some tasks in order: most have one.
enum Few {
    One(TaskId),
    Many(Sorted),
}

impl Few {
    fn all(&self) -> &[TaskId] {
        match self {
            Few::One(id) => std::slice::from_ref(id),
            Few::Many(ids) => ids.all(),
        }
    }

    fn insert(&mut self, id: TaskId) {
        match self {
            Few::One(one) if *one == id => {}
            Few::One(one) => *self = Few::Many([*one, id].into_iter().collect()),
            Few::Many(ids) => ids.insert(id),
        }
    }

    /// Takes one out; true when none is left.
    fn remove(&mut self, id: TaskId) -> bool {
        match self {
            Few::One(one) => *one == id,
            Few::Many(ids) => {
                ids.remove(id);
                ids.all().is_empty()
            }
        }
    }
}

impl Ends {
    pub(super) fn of(&self, id: TaskId) -> &[TaskId] {
        let few = if self.may.may_hold(id.0) { self.of.get(id.0) } else { None };
        few.map_or(&[], |(_, others)| others.all())
    }

    pub(super) fn has(&self, id: TaskId) -> bool {
        self.may.may_hold(id.0) && self.of.contains(id.0)
    }

    /// Everybody with an end.
    pub(super) fn keys(&self) -> impl Iterator<Item = TaskId> {
        self.of.iter().map(|(id, _)| *id)
    }

    pub(super) fn insert(&mut self, id: TaskId, other: TaskId) {
        self.of.entry(id.0, || (id, Few::One(other))).1.insert(other);
        self.may.note(id.0, self.of.iter().map(|(id, _)| id.0));
    }

    pub(super) fn remove(&mut self, id: TaskId, other: TaskId) {
        if self.of.get_mut(id.0).is_some_and(|(_, others)| others.remove(other)) {
            self.of.remove(id.0);
        }
    }
}

impl<V> Keyed for (TaskId, V) {
    fn key(&self) -> i64 {
        self.0.0
    }
}
