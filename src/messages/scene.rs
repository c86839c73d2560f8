//! What words are found with.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::calendar::Calendar;
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
    /// The hours of everybody: how late something is does not depend on who reads it, nor on who was away meanwhile.
    pub common: &'a Calendar,
}
