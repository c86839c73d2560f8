//! Projects of GitHub: which, what their fields are called, and what their columns mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Length, OneOrMany};

/// What fields are called, each with one name or several, of which the first that is there counts. A field's id is taken
/// as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubFields {
    /// Planned start.
    pub start: OneOrMany,
    /// Deadline.
    pub due: OneOrMany,
    /// Column of a project.
    pub status: OneOrMany,
    /// Iteration of a project.
    pub iteration: OneOrMany,
    /// Estimated work.
    pub estimate: OneOrMany,
    /// How much working time one unit of the estimate stands for. `None`: estimates are no time.
    pub estimate_unit: Option<Length>,
    /// Priority.
    pub priority: OneOrMany,
    /// Declared progress, 0 to 100.
    pub progress: OneOrMany,
}

impl GithubFields {
    /// Working time of one unit of the estimate, seconds; a working day has eight hours.
    pub fn unit_secs(&self) -> Option<f64> {
        Some(match self.estimate_unit? {
            Length::Elapsed(wall) => wall.as_secs_f64(),
            Length::Workdays(days) => days * 8.0 * 3600.0,
            Length::Workhours(hours) => hours * 3600.0,
        })
    }
}

/// What the columns of projects mean: names or ids of the options of their status field, upper and lower case being the
/// same. Words under `states` count first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statuses {
    /// Not begun, but to be done.
    pub todo: Vec<String>,
    /// Being worked on.
    pub active: Vec<String>,
    /// Waiting for a reviewer.
    pub review: Vec<String>,
    /// Waiting for somebody or something else.
    pub waiting: Vec<String>,
    /// Finished.
    pub done: Vec<String>,
    /// Given up.
    pub cancelled: Vec<String>,
    /// Nobody is to begin yet: no rule looks at it.
    pub backlog: Vec<String>,
}

impl Statuses {
    /// Each state with its words, in the order of work; the backlog apart.
    pub fn all(&self) -> [(&'static str, &[String]); 6] {
        [
            ("todo", &self.todo),
            ("active", &self.active),
            ("review", &self.review),
            ("waiting", &self.waiting),
            ("done", &self.done),
            ("cancelled", &self.cancelled),
        ]
    }
}
