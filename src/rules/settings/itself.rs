//! Settings of the rules by which gapwatch watches how telling people goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::policy::Mode;

/// `sys.volume`: too many messages to persons within one hour. How many stands under `[limits]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysVolume {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: live as soon as anything is.
    pub mode: Option<Mode>,
}

/// `sys.delivery_failed`: something could not be told. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysDeliveryFailed {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: live as soon as anything is.
    pub mode: Option<Mode>,
}

/// `sys.rule_useless`: a rule whose words hardly ever lead to anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysRuleUseless {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: live as soon as anything is.
    pub mode: Option<Mode>,
    /// Words of which it is known what became of them, before anything is said.
    pub least: u32,
    /// Share of them that led to something, below which a rule is said to be of no use.
    pub below: f64,
    /// Days for which a word counts.
    pub days: u32,
}
