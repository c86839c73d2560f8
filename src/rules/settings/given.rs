//! What can be set about rules on how work is given, asked about and planned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::length::Length;
use crate::domain::policy::Mode;
use crate::rules::condition::Condition;

/// Rules about what was given to somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AckRules {
    /// `ack.missing`
    pub missing: AckMissing,
}

/// Rules about who is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRules {
    /// `answer.waiting`
    pub waiting: AnswerWaiting,
}

/// Rules about what goes to and fro.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChurnRules {
    /// `churn.reopened`
    pub reopened: ChurnReopened,
}

/// `ack.missing`: no sign of whoever was given the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AckMissing {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Time without a sign from which it opens ...
    pub after: Length,
    /// ... or this share, 0 to 1, of the time planned for the task, if that is longer ...
    pub share: f64,
    /// ... but no longer than this.
    pub at_most: Length,
}

/// `answer.waiting`: somebody is asked something, and does nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerWaiting {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// Time without an answer from which it widens.
    pub after: Length,
    /// The same near the deadline.
    pub after_near: Length,
    /// Calendar days before the deadline from which that is so.
    pub near_days_left: u32,
}

/// `churn.reopened`: it was done, and is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChurnReopened {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// So many reopenings are a gap whatever the date.
    pub times: u32,
    /// Calendar days before the deadline from which one is.
    pub days_left: u32,
}

/// `due.drift`: the date moves later and later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueDrift {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// So many moves to a later date are a gap ...
    pub moves: u32,
    /// ... or a slip by more than this share, 0 to 10, of the time there was when the date was promised ...
    pub slip: f64,
    /// ... or a move so shortly before the date.
    pub late: Length,
}

/// `due.at_risk`: it is still open 14, 7, 3 or 1 calendar days before its date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueAtRiskSettings {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// So many finished tasks must have missed their date before some are called riskier than others, ...
    pub misses: u32,
    /// ... and so often, 0.5 to 1, a task that missed it must have had the higher score.
    pub auc: f64,
    /// From this share on, 0 to 1, of tasks like it that miss their date it is red.
    pub red_risk: f64,
    /// Time without an act from which it is red three days before its date.
    pub red_idle: Length,
}

/// `due.unrealistic`: a date that hardly anybody would meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueUnrealistic {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// At most so many calendar days ahead are too few for a task that nobody has begun.
    pub days_ahead: u32,
    /// Tasks of this priority or a higher one (1 is the highest) are left alone; 0: none.
    pub exempt_priority: u32,
}

/// Rules about what is to be done by one date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MilestoneRules {
    /// `milestone.at_risk`
    pub at_risk: MilestoneAtRiskSettings,
}

/// `milestone.at_risk`: a milestone, sprint, version, or task with parts will hardly be done by its date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MilestoneAtRiskSettings {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// The rule's own mode; `None`: that of the connection.
    pub mode: Option<Mode>,
    /// A condition for tasks with parts that the rule ignores; `None`: it ignores none.
    pub exclude: Option<Condition>,
    /// It is a gap where it is less likely than this, 0 to 1, that all is done by the date, ...
    pub amber: f64,
    /// ... and a failure where it is less likely than this.
    pub red: f64,
    /// The least whole weeks from which that is foretold, 1 to 12, ...
    pub weeks: u32,
    /// ... and the fewest tasks that were finished in them.
    pub finished: u32,
    /// Where more open tasks than this share its date, this rule asks about all of them, and `due.at_risk` about none.
    pub shared_by: u32,
}
