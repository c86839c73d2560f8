//! Cases for rules: a short history of a few tasks, and the gaps that are expected at given instants.
//!
//! A case is drawn as the board that it would be at an instant, with the same fold of its history, and judged by the same
//! rules. Nothing here knows where a case was written: what is wrong with one is said with the path of its key.

mod drawing;
mod expected;
mod instants;
mod known;
mod story;

pub use expected::{Look, Shown, calendar, look};
pub use instants::Mistake;
pub use known::{Drawing, Setting, Somebody};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A file of cases.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// In which time zone instants without one are meant: `Europe/Berlin`. Left out: that of the usual calendar.
    #[serde(default)]
    pub zone: Option<String>,
    /// The cases, each for itself.
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    /// Rules that are looked at. Left out: all that are on.
    #[serde(default)]
    pub rules: Option<Vec<String>>,
    /// In which connection its tasks are. Left out: the first one of the configuration.
    #[serde(default)]
    pub connection: Option<String>,
    /// Sprints by name, and the day each ends.
    #[serde(default)]
    pub sprints: std::collections::BTreeMap<String, String>,
    /// Milestones by name, and the day each is due.
    #[serde(default)]
    pub milestones: std::collections::BTreeMap<String, String>,
    /// Its tasks, as they were made.
    #[serde(rename = "task")]
    pub tasks: Vec<Task>,
    /// What happened to them, in any order.
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
    /// What is expected, and when.
    #[serde(rename = "expect")]
    pub expects: Vec<Expect>,
}

/// A task or an event: what may be so of a task stands in both.
macro_rules! with_fields {
    ($(#[$of:meta])* pub struct $name:ident { $($(#[$meta:meta])* pub $own:ident: $kind:ty,)* }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$meta])* pub $own: $kind,)*
            /// `todo`, `active`, `review`, `waiting`, `done` or `cancelled`. A task begins as `todo`.
            pub state: Option<String>,
            /// The tool's word for its state. Left out: the same as `state`.
            pub status: Option<String>,
            /// Whose it is: names of `[people]` tables, or any other.
            pub owners: Option<Vec<String>>,
            /// Until when: a day, or an instant. Empty: no date any more.
            pub due: Option<String>,
            /// From when: a day, or an instant. Empty: no start any more.
            pub start: Option<String>,
            /// How far it is: `20%`, or `2/10` for boxes that are ticked.
            pub progress: Option<String>,
            /// How urgent: 1 is the most urgent.
            pub priority: Option<u8>,
            /// How many hours it was thought to take.
            pub estimate_hours: Option<f64>,
            /// Hours that were booked on it.
            pub spent_hours: Option<f64>,
            /// Hours that are left of it.
            pub remaining_hours: Option<f64>,
            /// Its labels.
            pub labels: Option<Vec<String>>,
            /// Tasks of the case that it waits for.
            pub blocked_by: Option<Vec<String>>,
            /// Tasks of the case that it is linked with, in no order between them.
            pub linked: Option<Vec<String>>,
            /// The task of the case that it is part of. Empty: of none any more.
            pub parent: Option<String>,
            /// Sprints and milestones of the case that it is in.
            #[serde(rename = "in")]
            pub homes: Option<Vec<String>>,
            /// It stands in a backlog, where nothing is judged.
            pub backlog: Option<bool>,
        }

        impl $name {
            fn fields(&self) -> Fields<'_> {
                Fields {
                    state: self.state.as_deref(),
                    status: self.status.as_deref(),
                    owners: self.owners.as_deref(),
                    due: self.due.as_deref(),
                    start: self.start.as_deref(),
                    progress: self.progress.as_deref(),
                    priority: self.priority,
                    estimate_hours: self.estimate_hours,
                    spent_hours: self.spent_hours,
                    remaining_hours: self.remaining_hours,
                    labels: self.labels.as_deref(),
                    blocked_by: self.blocked_by.as_deref(),
                    linked: self.linked.as_deref(),
                    parent: self.parent.as_deref(),
                    homes: self.homes.as_deref(),
                    backlog: self.backlog,
                }
            }
        }
    };
}

/// What is said of a task. `None`: it stays as it was.
struct Fields<'c> {
    state: Option<&'c str>,
    status: Option<&'c str>,
    owners: Option<&'c [String]>,
    due: Option<&'c str>,
    start: Option<&'c str>,
    progress: Option<&'c str>,
    priority: Option<u8>,
    estimate_hours: Option<f64>,
    spent_hours: Option<f64>,
    remaining_hours: Option<f64>,
    labels: Option<&'c [String]>,
    blocked_by: Option<&'c [String]>,
    linked: Option<&'c [String]>,
    parent: Option<&'c str>,
    homes: Option<&'c [String]>,
    backlog: Option<bool>,
}

with_fields! {
    /// A task, as it was made.
    pub struct Task {
        /// What it is called: `SHOP-1`.
        pub key: String,
        /// When it was made: `2025-03-03 09:00`.
        pub created: String,
        /// By whom. Left out: nobody is known.
        pub reporter: Option<String>,
        /// The repository, board or project it is in.
        pub project: Option<String>,
        /// What kind of task it is, in the tool's word: `Bug`.
        pub kind: Option<String>,
    }
}

with_fields! {
    /// Something that happened to a task: what of it changed, or what somebody said.
    pub struct Event {
        /// When.
        pub at: String,
        /// To which task. May be left out where there is one alone.
        pub task: Option<String>,
        /// Who did it. Left out: nobody is known.
        pub by: Option<String>,
        /// They said this in a comment.
        pub comment: Option<String>,
        /// Whom the comment names.
        #[serde(default)]
        pub names: Vec<String>,
        /// Whom the comment asks something.
        #[serde(default)]
        pub asks: Vec<String>,
        /// They changed its text.
        #[serde(default)]
        pub edit: bool,
        /// They named it in a commit, or linked a change to it.
        #[serde(default)]
        pub commit: bool,
    }
}

/// The gaps at an instant: these, and no others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// When.
    pub at: String,
    /// The gaps; none: `[]`.
    pub gaps: Vec<Gap>,
}

/// A gap that is expected.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Which rule's: `pace.behind`, `custom.review_stuck`.
    pub rule: String,
    /// About which task. May be left out where there is one alone.
    #[serde(default)]
    pub task: Option<String>,
    /// About whom, instead of a task.
    #[serde(default)]
    pub person: Option<String>,
    /// `opens`, `widens` or `failure`. Left out: any.
    #[serde(default)]
    pub stage: Option<String>,
    /// Numbers that it must have, as `gapwatch explain` prints them.
    #[serde(default)]
    pub numbers: std::collections::BTreeMap<String, Value>,
}
