//! What can be set about the rules that follow links: blockers, parts and wholes, tasks of two trackers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::length::Length;
use crate::domain::policy::Mode;
use crate::rules::condition::Condition;

/// `blocker.resolved`: what it waited for is done, and it still waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockerResolved {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Time after which that is said.
    pub after: Length,
}

/// `blocker.unnamed`: it waits, and nothing says for what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockerUnnamed {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Waiting that is left alone.
    pub after: Length,
}

/// `blocker.stale`: others wait for it, and nothing happens. What *nothing happens* means is set for `stalled` and `start.never`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockerStaleSwitch {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
}

/// `dep.cycle`: tasks wait for each other, or are parts of each other, in a circle. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepCycle {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
}

/// `dep.date_conflict`: it is planned for before what it waits for is due. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepDateConflict {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
}

/// `state.parent_child`: a whole and its parts say different things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateParentChild {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Time after the last part was done, after which it is said that the whole is still open.
    pub after: Length,
}

/// `sys.cross_mismatch`: two trackers say different things about what is linked between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysCrossMismatch {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Time after the one was done, after which it is said that the other is still open.
    pub after: Length,
    /// Calendar days that the two dates may differ by.
    pub days_apart: u32,
}
