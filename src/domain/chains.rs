//! What is thought through once a round about chains of tasks, whoever asks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use jiff::Timestamp;

use super::ids::TaskId;

/// What the looks of one round have found out about chains.
#[derive(Debug, Default)]
pub struct Chains {
    /// Until when a task, or the circle it stands for, must be begun.
    begin_by: RefCell<HashMap<TaskId, Timestamp>>,
    /// How many tasks were thought through.
    steps: Cell<usize>,
}

impl Chains {
    pub(super) fn begin_by(&self, id: TaskId) -> Option<Timestamp> {
        self.begin_by.borrow().get(&id).copied()
    }

    pub(super) fn note(&self, id: TaskId, begin_by: Timestamp) {
        self.begin_by.borrow_mut().insert(id, begin_by);
        self.steps.set(self.steps.get() + 1);
    }

    /// How many tasks were thought through so far: what chains cost.
    pub fn steps(&self) -> usize {
        self.steps.get()
    }
}
