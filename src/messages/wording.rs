//! What a person reads.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
use crate::domain::finding::{Finding, Reading};
use crate::domain::ids::TaskId;
use crate::domain::names::TaskName;

/// What words are found with.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Names of the tasks that are spoken of.
    pub names: &'a HashMap<TaskId, TaskName>,
    /// The moment.
    pub now: Timestamp,
    /// Hours and zone of the reader.
    pub calendar: &'a Calendar,
}

/// A gap in one line without its subject: the `summary` of the gap list.
pub fn summary(finding: &Finding, scene: Scene<'_>) -> String {
    let _ = (finding, scene);
    String::new()
}

/// Why a reading is what it is, in one line: the `because` of `explain`.
pub fn because(reading: &Reading, scene: Scene<'_>) -> String {
    let _ = (reading, scene);
    String::new()
}

/// Tasks that the words of a finding name besides its subject.
pub fn named(finding: &Finding) -> Vec<TaskId> {
    let _ = finding;
    Vec::new()
}
