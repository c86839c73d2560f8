//! What the configuration says of projects and fields.

use std::collections::{HashMap, HashSet};

use connector_model::StatusCategory;
use serde::{Deserialize, Serialize};

/// A project: `acme/7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The organisation or user it belongs to.
    pub owner: String,
    /// Its number there.
    pub number: u32,
}

impl Project {
    /// `acme/7`
    pub fn name(&self) -> String {
        format!("{}/{}", self.owner, self.number)
    }
}

/// What fields are called: the organisation's own on an issue, and those of projects. Of several names the first that is
/// there counts; upper and lower case are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// Planned start.
    pub start: Vec<String>,
    /// Deadline.
    pub due: Vec<String>,
    /// Column of a project.
    pub status: Vec<String>,
    /// Iteration of a project; its end is a deadline.
    pub iteration: Vec<String>,
    /// Estimated work.
    pub estimate: Vec<String>,
    /// Priority.
    pub priority: Vec<String>,
    /// Declared progress, 0 to 100.
    pub progress: Vec<String>,
    /// How much working time one unit of the estimate stands for, seconds. `None`: it stands for none.
    pub estimate_unit_secs: Option<f64>,
}

impl Fields {
    /// Whether two names mean the same field.
    pub(crate) fn same(one: &str, other: &str) -> bool {
        one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
    }

    /// Working time of an estimate. `None`: it is no time, or none that makes sense.
    pub(crate) fn seconds(&self, estimate: f64) -> Option<i64> {
        let seconds = estimate * self.estimate_unit_secs?;
        (seconds.is_finite() && seconds > 0.0 && seconds < 1e12).then_some(seconds as i64)
    }

    /// As GitHub calls them.
    #[cfg(test)]
    pub(crate) fn usual() -> Fields {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Fields {
            start: names(&["Start date"]),
            due: names(&["Target date"]),
            status: names(&["Status"]),
            iteration: names(&["Iteration"]),
            estimate: names(&["Effort", "Estimate"]),
            priority: names(&["Priority"]),
            progress: Vec::new(),
            estimate_unit_secs: None,
        }
    }
}

/// What a field of a project is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Status,
    Start,
    Target,
    Iteration,
    Estimate,
    Priority,
    Progress,
}

pub(super) const ROLES: [Role; 7] =
    [Role::Status, Role::Start, Role::Target, Role::Iteration, Role::Estimate, Role::Priority, Role::Progress];

impl Role {
    /// Its variable in the document.
    pub(super) fn word(self) -> &'static str {
        match self {
            Role::Status => "status",
            Role::Start => "start",
            Role::Target => "target",
            Role::Iteration => "iteration",
            Role::Estimate => "estimate",
            Role::Priority => "priority",
            Role::Progress => "progress",
        }
    }

    pub(super) fn names(self, fields: &Fields) -> &[String] {
        match self {
            Role::Status => &fields.status,
            Role::Start => &fields.start,
            Role::Target => &fields.due,
            Role::Iteration => &fields.iteration,
            Role::Estimate => &fields.estimate,
            Role::Priority => &fields.priority,
            Role::Progress => &fields.progress,
        }
    }
}

/// What a project's columns say of an open issue's state, by name or id of the option; upper and lower case are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statuses {
    states: HashMap<String, StatusCategory>,
    backlog: HashSet<String>,
}

impl Statuses {
    /// What each word says; words of a later pair count less. `backlog`: columns of work that nobody is to begin yet.
    pub fn new(states: impl IntoIterator<Item = (String, StatusCategory)>, backlog: &[String]) -> Statuses {
        let mut all = HashMap::new();
        for (word, category) in states {
            all.entry(word.to_lowercase()).or_insert(category);
        }
        let backlog = backlog.iter().map(|word| word.to_lowercase()).filter(|word| !all.contains_key(word)).collect();
        Statuses { states: all, backlog }
    }

    /// The state. `None`: nobody has said what this column means.
    pub(in crate::graph) fn of(&self, option: &str) -> Option<StatusCategory> {
        self.states.get(&option.to_lowercase()).copied()
    }

    pub(super) fn is_backlog(&self, option: &str) -> bool {
        self.backlog.contains(&option.to_lowercase())
    }
}
