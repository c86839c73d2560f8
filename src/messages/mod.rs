//! From notices and names to words.

use std::collections::HashMap;

use connector_model::Mark;

use crate::alerts::Decided;
use crate::domain::alert::Round;
use crate::domain::board::NextIds;
use crate::domain::ids::TaskId;
use crate::domain::names::TaskName;
use crate::domain::snapshot::Snapshot;

pub mod retry;
pub mod wording;

/// Gives messages their marks.
pub struct Marks<'a> {
    /// Makes a random wire id.
    pub wire: &'a mut dyn FnMut() -> String,
    /// Signs it.
    pub sign: &'a dyn Fn(&str) -> Mark,
}

/// The tasks whose names are needed to word what was decided.
pub fn names_needed(decided: &Decided, snapshot: &Snapshot<'_>) -> Vec<TaskId> {
    let _ = (decided, snapshot);
    Vec::new()
}

/// Words and seals what was decided; the whole round, ready to be committed.
pub fn seal(
    decided: Decided,
    names: &HashMap<TaskId, TaskName>,
    snapshot: &Snapshot<'_>,
    marks: &mut Marks<'_>,
    ids: &mut NextIds,
) -> Round {
    let _ = (names, snapshot, marks, ids);
    Round { alerts: decided.alerts, notices: decided.notices, answered: decided.answered, ..Round::default() }
}
