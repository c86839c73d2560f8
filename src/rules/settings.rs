//! What can be set about each rule: its thresholds, whether it is on, whether it speaks.
//!
//! Plain data, without defaults: those stand in `config/default.toml` with their reasons. Nothing here knows files or
//! lines; a value out of its range is named by its key, and the configuration finds the place.

mod given;
mod links;
mod people;
mod ranges;
mod itself;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, Words};
use crate::domain::finding::Stage;
use crate::domain::length::Length;
use crate::domain::policy::Mode;
pub use given::{
    AckMissing, AckRules, AnswerRules, AnswerWaiting, ChurnReopened, ChurnRules, DueAtRiskSettings, DueDrift,
    DueUnrealistic, MilestoneAtRiskSettings, MilestoneRules,
};
pub use itself::{SysDeliveryFailed, SysRuleUseless, SysVolume};
pub use links::*;
pub use people::{LoadOverloaded, LoadRules, OwnerAbsent, OwnerGone, WipLimit, WipRules};
pub use ranges::OutOfRange;

/// What the names of rules of one's own begin with.
pub const FAMILY: &str = "custom.";

/// The settings of every rule. Field names are the parts of the rule's id, so that `[rules.pace.behind]` is
/// `pace.behind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// `pace.*`
    pub pace: PaceRules,
    /// `start.*`
    pub start: StartRules,
    /// `stalled`
    pub stalled: Stalled,
    /// `aging`
    pub aging: Aging,
    /// `high_priority.*`
    pub high_priority: HighPriorityRules,
    /// `overdue`
    pub overdue: Overdue,
    /// `estimate.*`
    pub estimate: EstimateRules,
    /// `owner.*`
    pub owner: OwnerRules,
    /// `due.*`
    pub due: DueRules,
    /// `state.*`
    pub state: StateRules,
    /// `blocker.*`
    pub blocker: BlockerRules,
    /// `ack.*`
    pub ack: AckRules,
    /// `answer.*`
    pub answer: AnswerRules,
    /// `churn.*`
    pub churn: ChurnRules,
    /// `load.*`
    pub load: LoadRules,
    /// `wip.*`
    pub wip: WipRules,
    /// `dep.*`
    pub dep: DepRules,
    /// `milestone.*`
    pub milestone: MilestoneRules,
    /// `sys.*`
    pub sys: SysRules,
    /// `custom.*`: rules of one's own, by name.
    pub custom: BTreeMap<String, OwnRule>,
}

/// Rules about declared progress against elapsed time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceRules {
    /// `pace.behind`
    pub behind: PaceBehind,
    /// `pace.stuck_near_done`
    pub stuck_near_done: PaceStuckNearDone,
}

/// Rules about what is called urgent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HighPriorityRules {
    /// `high_priority.silent`
    pub silent: HighPrioritySilent,
}

/// Rules about estimates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateRules {
    /// `estimate.exceeded`
    pub exceeded: EstimateExceeded,
}

/// Rules about work that was not begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRules {
    /// `start.never`
    pub never: StartNever,
    /// `start.late`
    pub late: StartLate,
}

/// Rules about owners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerRules {
    /// `owner.none`
    pub none: OwnerNone,
    /// `owner.absent`
    pub absent: OwnerAbsent,
    /// `owner.gone`
    pub gone: OwnerGone,
}

/// Rules about deadlines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueRules {
    /// `due.none`
    pub none: DueNone,
    /// `due.child_after_parent`
    pub child_after_parent: DueChildAfterParent,
    /// `due.at_risk`
    pub at_risk: DueAtRiskSettings,
    /// `due.unrealistic`
    pub unrealistic: DueUnrealistic,
    /// `due.drift`
    pub drift: DueDrift,
}

/// Rules about what stands in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockerRules {
    /// `blocker.cascade`
    pub cascade: BlockerCascade,
    /// `blocker.resolved`
    pub resolved: BlockerResolved,
    /// `blocker.unnamed`
    pub unnamed: BlockerUnnamed,
    /// `blocker.stale`
    pub stale: BlockerStaleSwitch,
}

/// Rules about dependencies as such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepRules {
    /// `dep.cycle`
    pub cycle: DepCycle,
    /// `dep.date_conflict`
    pub date_conflict: DepDateConflict,
}

/// Rules about states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRules {
    /// `state.parent_child`
    pub parent_child: StateParentChild,
}

/// Rules about gapwatch's own sight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysRules {
    /// `sys.mirror_stale`
    pub mirror_stale: SysMirrorStale,
    /// `sys.unmapped`
    pub unmapped: SysUnmapped,
    /// `sys.mass_change`
    pub mass_change: SysMassChange,
    /// `sys.cross_mismatch`
    pub cross_mismatch: SysCrossMismatch,
    /// `sys.volume`
    pub volume: SysVolume,
    /// `sys.delivery_failed`
    pub delivery_failed: SysDeliveryFailed,
    /// `sys.rule_useless`
    pub rule_useless: SysRuleUseless,
}

/// `pace.behind`: declared progress trails the time used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceBehind {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Elapsed share, 0 to 1, before which nothing is said.
    pub from: f64,
    /// Shortfall (elapsed share minus declared share, 0 to 1) allowed at `from`.
    pub allowed_first: f64,
    /// Shortfall allowed at the deadline; a straight line from `allowed_first`.
    pub allowed_last: f64,
    /// Shortfall beyond the allowed one, 0 to 1, from which the gap widens.
    pub red_extra: f64,
    /// Elapsed share, 0 to 1, from which a projected finish past the deadline widens the gap as well.
    pub red_from: f64,
    /// Tasks planned for less time than this are left alone.
    pub min_span: Length,
}

/// `pace.stuck_near_done`: nearly done for longer than the last stretch takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaceStuckNearDone {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Declared share, 0 to 1, from which a task is nearly done.
    pub from: f64,
    /// Working time without progress that is allowed; a floor under what is normal for tasks of this kind.
    pub still: Length,
    /// Share of the time between start and deadline, 0 to 1, that is allowed instead where it is shorter.
    pub span_share: f64,
    /// Calendar days before the deadline from which it is told directly, not only in the digest.
    pub direct_days_left: u32,
}

/// `start.never`: nobody has begun, or even looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartNever {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Elapsed share, 0 to 1, from which the gap opens.
    pub from: f64,
    /// Elapsed share, 0 to 1, from which it widens.
    pub red_from: f64,
    /// Calendar days before the deadline from which it widens whatever the share.
    pub red_days_left: u32,
    /// Tasks planned for less time than this are left alone.
    pub min_span: Length,
}

/// `start.late`: its planned start has passed, and nobody has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartLate {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Working time after the planned start that is allowed at least.
    pub after: Length,
    /// Share of the time between planned start and deadline, 0 to 1, that is allowed where it is longer.
    pub share: f64,
    /// Share of that time from which it is told directly, not only in the digest.
    pub direct_share: f64,
}

/// `stalled`: no sign of a person's work for longer than the task can afford. Each value is a floor under what is normal
/// for tasks of this kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stalled {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Silence allowed with less than 3 calendar days left.
    pub idle_0d: Length,
    /// Silence allowed with 3 to 7 calendar days left.
    pub idle_3d: Length,
    /// Silence allowed with 7 to 14 calendar days left.
    pub idle_7d: Length,
    /// Silence allowed with 14 to 30 calendar days left.
    pub idle_14d: Length,
    /// Silence allowed with 30 calendar days left or more, and without a deadline.
    pub idle_30d: Length,
}

/// `aging`: longer in its state than nearly all tasks of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aging {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Tasks that are in their state for less time than this are left alone.
    pub min_age: Length,
    /// Whether time in which it waited for another task is left out.
    pub subtract_blocked: bool,
}

/// `high_priority.silent`: urgent, and no sign of a person's work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HighPrioritySilent {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Silence allowed without a deadline.
    pub idle: Length,
    /// Silence allowed with less than 3 calendar days left.
    pub idle_0d: Length,
    /// Silence allowed with 3 to 7 calendar days left.
    pub idle_3d: Length,
    /// Silence allowed with 7 to 14 calendar days left.
    pub idle_7d: Length,
    /// Silence allowed with 14 calendar days left or more.
    pub idle_14d: Length,
    /// Share of a container's open tasks, 0 to 1, beyond which nothing in it counts as urgent.
    pub most_share: f64,
}

/// `estimate.exceeded`: more time went into it than was meant to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateExceeded {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Booked time as a share of the estimate from which the gap opens.
    pub from: f64,
    /// Share beyond which it widens.
    pub red_from: f64,
    /// Share from which it is told directly, not only in the digest.
    pub direct_from: f64,
    /// Times the estimate that it may be worked on, in working time.
    pub age_factor: f64,
}

/// `overdue`: the deadline has passed. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overdue {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
}

/// `owner.none`: nobody is assigned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerNone {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Calendar days before the deadline from which it is told directly, not only in the digest.
    pub direct_days_left: u32,
    /// Calendar days before the deadline from which it widens.
    pub red_days_left: u32,
}

/// `due.none`: no deadline. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueNone {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
}

/// `due.child_after_parent`: a part is due after the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueChildAfterParent {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
    /// Calendar days before the parent's deadline from which it widens.
    pub red_days_left: u32,
}

/// `blocker.cascade`: what it waits for will be late. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockerCascade {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Tasks it says nothing about, by what they are; `None`: it is about all.
    pub exclude: Option<Condition>,
}

/// `sys.mirror_stale`: a container was not read for too long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysMirrorStale {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// Poll periods without a success after which the operators are told.
    pub after_polls: u32,
}

/// `sys.unmapped`: states that nobody mapped, owners without a person. Nothing to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysUnmapped {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
}

/// `sys.mass_change`: much of a container changed, or was missing, at once. What that does holds whether it is told or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SysMassChange {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
}

/// `custom.NAME`: a rule of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnRule {
    /// Whether the rule is judged.
    pub enabled: bool,
    /// Whether it speaks; `None`: as its connection does.
    pub mode: Option<Mode>,
    /// When the gap is open.
    pub when: Condition,
    /// How far the gap has gone then.
    pub stage: Stage,
    /// Who hears first.
    pub tell: Tell,
    /// What is said about it. `None`: the rule's name alone.
    pub message: Option<Words>,
}

/// Who hears first of a rule of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    /// Everybody assigned.
    Owner,
    /// Whoever created it.
    Author,
    /// Who leads its owners.
    Manager,
    /// The operators.
    Operators,
}

impl Tell {
    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            Tell::Owner => "owner",
            Tell::Author => "who created it",
            Tell::Manager => "manager",
            Tell::Operators => "operators",
        }
    }
}

impl RuleSettings {
    /// Every rule of one's own as [`RuleSettings::switches`] has the built-in ones; ids with their family.
    pub fn own_switches(&self) -> impl Iterator<Item = (String, bool, Option<Mode>)> + '_ {
        self.custom.iter().map(|(name, rule)| (format!("{FAMILY}{name}"), rule.enabled, rule.mode))
    }

    /// Their own words on speaking, to be changed.
    pub fn own_modes_mut(&mut self) -> impl Iterator<Item = &mut Option<Mode>> {
        self.custom.values_mut().map(|rule| &mut rule.mode)
    }

    /// Whether anything reads what the tool calls things: labels, keys, words for states.
    pub fn read_words(&self) -> bool {
        let own = self.custom.values().flat_map(|rule| {
            let said = rule.message.iter().flat_map(|words| words.fields());
            rule.when.fields().iter().chain(said)
        });
        let left_out = self.exclusions().into_iter().filter_map(|(_, exclude)| exclude);
        own.chain(left_out.flat_map(|exclude| exclude.fields())).any(|field| field.is_word())
    }
}
