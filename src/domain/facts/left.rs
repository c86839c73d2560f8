//! Milestones, sprints and versions that a task has left: one that it is put back into soon was never another, and whoever
//! set its date did so when they had put it there first.

use jiff::{SignedDuration, Timestamp};

use super::Facts;
use crate::domain::ids::AccountId;

/// A task that is back within this was never gone.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// The homes that a task has left.
#[derive(Default)]
pub(super) struct Departed(Vec<Left>);

struct Left {
    home: String,
    at: Timestamp,
    /// When its date had been set, and by whom.
    set_at: Option<Timestamp>,
    set_by: Option<AccountId>,
}

impl Departed {
    /// Notes that it leaves a home; `facts`: as they were before.
    pub(super) fn leave(&mut self, home: &str, at: Timestamp, facts: &Facts) {
        self.0.retain(|left| left.home != home);
        self.0.push(Left { home: home.to_owned(), at, set_at: facts.due_set_at, set_by: facts.due_set_by });
    }

    /// Where it comes back soon, its date is as it was.
    pub(super) fn enter(&mut self, home: &str, at: Timestamp, facts: &mut Facts) {
        let back = self.0.iter().position(|left| left.home == home && at.duration_since(left.at) <= SOON);
        if let Some(left) = back.map(|nth| self.0.swap_remove(nth)) {
            (facts.due_set_at, facts.due_set_by) = (left.set_at, left.set_by);
        }
    }
}
