//! What can be set about the rules about people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::length::Length;
use crate::domain::policy::Mode;
use crate::rules::condition::Condition;

/// Rules about how much somebody has to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadRules {
    /// `load.overloaded`
    pub overloaded: LoadOverloaded,
}

/// Rules about how much is in hand at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WipRules {
    /// `wip.limit`
    pub limit: WipLimit,
}

/// `owner.absent`: whoever has it is away when it is due, or when it is next looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerAbsent {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// The least working time that has to fall into an absence; working time.
    pub away: Length,
    /// So long before leaving the owner hears; working time.
    pub before: Length,
    /// So long after coming back a date is still one that the absence endangers; working time.
    pub after: Length,
}

/// `owner.gone`: work that belongs to somebody who is not there any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerGone {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// Silence of somebody, anywhere, from which they count as gone.
    pub silent: Length,
    /// Within this time somebody else has to have acted where they work.
    pub colleagues: Length,
}

/// `load.overloaded`: somebody has more than they can do, or than they ever had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadOverloaded {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// Effort due, as a part of the hours there are, beyond which it is too much; 1.1 is 110 %.
    pub over: f64,
    /// The same, below which it is no longer too much.
    pub clear: f64,
    /// How far ahead is looked.
    pub horizon: Length,
    /// Share of the tasks due, 0 to 1, that has to be estimated for effort to count.
    pub estimated: f64,
    /// So many tasks in hand are never too many, whatever is usual; 0: none.
    pub limit: u32,
}

/// `wip.limit`: more in hand at once than was agreed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WipLimit {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// Tasks in hand at once that are not too many.
    pub limit: u32,
}
