//! The facts behind a reading.
//!
//! Instants and limits, never durations: a reading must stay the same until its `recheck_at`, and how many days something
//! is by now is computed by the words.

mod forecast;
mod itself;

use connector_model::{Due, DueSource, ProgressSource, StatusCategory};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, TaskId};
use super::norms::Source;
use super::past::Asks;
pub use forecast::{Outlook, Pace, RiskReason};
pub use itself::{Flood, Undelivered, Unheeded};

/// A deadline as it counts for one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// When it expires: for a day, the end of the owner's working day.
    pub at: Timestamp,
    /// As the tool says it.
    pub due: Due,
    /// Which field it comes from.
    pub source: DueSource,
}

/// The facts behind a reading, as instants and limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// `pace.behind`
    Pace {
        /// Declared share, 0 to 1.
        progress: f64,
        /// What declares it.
        source: ProgressSource,
        /// How many items it is counted from; 0: not a count.
        items: u32,
        /// From when time is counted.
        start_at: Timestamp,
        /// Until when.
        deadline: Deadline,
        /// Allowed shortfall: elapsed share from which it counts, and its size there and at the deadline.
        from: f64,
        /// See `from`.
        allowed_first: f64,
        /// See `from`.
        allowed_last: f64,
    },
    /// `start.never`
    NeverStarted {
        /// Since when the present owner has it. `None`: not told by the history.
        assigned_at: Option<Timestamp>,
        /// From when time is counted.
        start_at: Timestamp,
        /// Until when.
        deadline: Deadline,
    },
    /// `start.late`
    StartLate {
        /// The planned start, as the tool says it.
        start: Due,
        /// From when that counts: of a day, the beginning of the owner's working day.
        start_at: Timestamp,
        /// Working time after it from which it is flagged, seconds.
        limit_secs: i64,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `stalled`
    Stalled {
        /// Last act of a human.
        human_at: Timestamp,
        /// Working time without an act from which it is flagged with the days left now, seconds.
        limit_secs: i64,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
        /// What is normal set the limit, and this is where it comes from. `None`: the configuration did.
        #[serde(default)]
        norm: Option<Source>,
    },
    /// `pace.stuck_near_done`
    NearDone {
        /// Declared share, 0 to 1.
        progress: f64,
        /// What declares it.
        source: ProgressSource,
        /// How many items it is counted from; 0: not a count.
        items: u32,
        /// Since when it is that.
        since: Timestamp,
        /// Working time at that share from which it is flagged, seconds.
        limit_secs: i64,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `estimate.exceeded`
    Estimate {
        /// What was estimated, seconds.
        estimate_secs: i64,
        /// What was booked, on its parts as well, seconds.
        spent_secs: i64,
        /// Nothing is said to be left, and it is not done.
        nothing_left: bool,
        /// Since when it is worked on, where that alone is too long. `None`: it is not.
        active_since: Option<Timestamp>,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `aging`
    Aging {
        /// Its state.
        category: StatusCategory,
        /// Since when its age in it counts.
        since: Timestamp,
        /// Working time in it that 85 of 100 stay within, seconds.
        limit_secs: i64,
        /// Likewise of 70 of 100. `None`: not known.
        usual_secs: Option<i64>,
        /// Where that comes from.
        source: Source,
        /// From how many tasks.
        samples: u32,
    },
    /// `high_priority.silent`
    UrgentSilent {
        /// Last act of a human.
        human_at: Timestamp,
        /// Working time without an act from which it is flagged with the days left now, seconds.
        limit_secs: i64,
        /// 1 is the highest.
        priority: u8,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `high_priority.silent`, of a container where too much is called urgent.
    UrgentCrowd {
        /// Share of its open tasks in the top two priorities, 0 to 1.
        share: f64,
        /// Of how many.
        tasks: u32,
        /// Share beyond which that says nothing.
        most_share: f64,
    },
    /// `overdue`
    Overdue {
        /// The date that passed.
        deadline: Deadline,
        /// The first date it had, if that was another.
        first_due: Option<Due>,
        /// It is done but for a review.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_review: bool,
    },
    /// `owner.none`
    NoOwner {
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
        /// Its state.
        category: StatusCategory,
        /// It is assigned, to an account that was deactivated.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        left: bool,
    },
    /// `due.none`
    NoDue {
        /// Its state.
        category: StatusCategory,
    },
    /// `due.child_after_parent`
    ChildAfterParent {
        /// The task's own date.
        deadline: Deadline,
        /// The parent.
        parent: TaskId,
        /// The parent's date.
        parent_deadline: Deadline,
    },
    /// `state.parent_child`, about a whole: all of its parts are done.
    PartsDone {
        /// How many there are.
        parts: u32,
        /// When the last of them was closed.
        done_at: Timestamp,
    },
    /// `state.parent_child`, about a part: the whole is done.
    ParentDone {
        /// The whole.
        parent: TaskId,
        /// When it was closed. `None`: not told.
        done_at: Option<Timestamp>,
    },
    /// `state.parent_child`, about a whole: a part is being worked on, and it is not begun.
    PartBegun {
        /// The part.
        part: TaskId,
    },
    /// `blocker.resolved`
    BlockerDone {
        /// What it waited for last. `None`: its link was removed.
        blocker: Option<TaskId>,
        /// When that was done, or its link removed.
        free_at: Timestamp,
    },
    /// `blocker.unnamed`
    BlockerUnnamed {
        /// Since when it waits.
        since: Timestamp,
    },
    /// `blocker.stale`
    BlockerStale {
        /// What is the matter with it.
        still: Still,
        /// Open tasks that wait for it, the nearest date first.
        waiting: Vec<TaskId>,
        /// The nearest date of these. `None`: none of them has one.
        nearest: Option<Deadline>,
    },
    /// `dep.cycle`
    Circle {
        /// Its tasks, in a fixed order.
        tasks: Vec<TaskId>,
        /// They are parts of each other; else they wait for each other.
        nested: bool,
    },
    /// `dep.date_conflict`
    DateConflict {
        /// What it waits for.
        blocker: TaskId,
        /// When that is due.
        blocker_deadline: Deadline,
        /// When the task is due itself. `None`: it has no date.
        deadline: Option<Deadline>,
        /// When it is planned to begin. `None`: it is not.
        start: Option<Due>,
        /// Other tasks that it waits for in vain as well.
        others: u32,
    },
    /// `sys.cross_mismatch`
    CrossMismatch {
        /// The task of another tracker.
        other: TaskId,
        /// What the two disagree about.
        how: Mismatch,
    },
    /// `blocker.cascade`
    Cascade {
        /// When it is expected to be finished.
        finish_at: Timestamp,
        /// Open tasks that would miss their date, nearest date first.
        late: Vec<LateTask>,
        /// How many open tasks wait for it, directly or not.
        downstream: u32,
        /// Highest priority of those that would miss their date. `None`: none of them has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<u8>,
        /// Its own deadline. `None`: it has none.
        deadline: Option<Deadline>,
    },
    /// `ack.missing`
    NotAcknowledged {
        /// The owner there is no sign of.
        owner: AccountId,
        /// Who gave it to them.
        by: AccountId,
        /// When.
        assigned_at: Timestamp,
        /// Working time without a sign from which it is flagged, seconds.
        limit_secs: i64,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `ack.missing`, of somebody who was given many at once.
    PlanNotAcknowledged {
        /// What is open of it.
        tasks: Vec<TaskId>,
        /// Who gave it to them.
        by: AccountId,
        /// When the first of them.
        assigned_at: Timestamp,
        /// Working time without a sign from which it is flagged, seconds.
        limit_secs: i64,
    },
    /// `answer.waiting`
    Unanswered {
        /// Who is asked.
        whom: AccountId,
        /// Who asks. `None`: not known.
        by: Option<AccountId>,
        /// What asks.
        how: Asks,
        /// Since when.
        asked_at: Timestamp,
        /// Working time without an answer from which it is flagged with the days left now, seconds.
        limit_secs: i64,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `churn.reopened`
    Reopened {
        /// How often.
        times: u32,
        /// The last time.
        last_at: Timestamp,
        /// `None`: it has no deadline.
        deadline: Option<Deadline>,
    },
    /// `due.drift`
    Drift {
        /// How often the date was moved later.
        times: u32,
        /// The date that was promised. `None`: none stood for a working day.
        promised: Option<Due>,
        /// How much later it is due now, working time, seconds; without what was moved for many tasks at once.
        slip_secs: i64,
        /// Working time there was for it when the date was promised, seconds; 0: not known.
        span_secs: i64,
        /// When it was moved in the last day before the date it had then. `None`: never.
        late_move_at: Option<Timestamp>,
        /// Its date now.
        deadline: Deadline,
    },
    /// `due.unrealistic`
    Unrealistic {
        /// When the date was set.
        set_at: Timestamp,
        /// The date.
        deadline: Deadline,
        /// What is wrong with it.
        how: TooSoon,
        /// Half of such tasks take longer than this, working days.
        typical_days: f64,
    },
    /// `owner.absent`
    OwnerAbsent {
        /// Who is away.
        owner: AccountId,
        /// The first day.
        from_on: Date,
        /// The first day on which they are back.
        back_on: Date,
        /// The task's date.
        deadline: Deadline,
        /// The day on which it would be looked at next, where that falls into it. `None`: the date itself does.
        checkpoint: Option<Date>,
    },
    /// `owner.gone`
    OwnerGone {
        /// What belongs to them.
        tasks: Vec<TaskId>,
        /// When they were last seen to act. `None`: never.
        acted_at: Option<Timestamp>,
        /// True: the tool says that the account was deactivated.
        left: bool,
    },
    /// `wip.limit`
    WipLimit {
        /// Tasks in hand; one shared by two counts half.
        active: f64,
        /// What was agreed on.
        limit: u32,
    },
    /// `load.overloaded`
    Overloaded {
        /// By which measure.
        how: Overload,
        /// Tasks that could be moved with the least harm: the latest, and of these the least urgent.
        movable: Vec<TaskId>,
    },
    /// `due.at_risk`
    AtRisk {
        /// The checkpoint: so many calendar days before its date.
        days: u32,
        /// When that was.
        asked_at: Timestamp,
        /// Its date.
        deadline: Deadline,
        /// Not only at risk, but more so than not.
        red: bool,
        /// Share of tasks like it that miss their date, 0 to 1. `None`: nothing is foretold, it is asked of every task.
        risk: Option<f64>,
        /// What is known about it that speaks against its date; at most three.
        reasons: Vec<RiskReason>,
    },
    /// `due.at_risk`, where finished tasks do not show that some are riskier than others.
    RiskUnproven {
        /// The checkpoint: so many calendar days before its date.
        days: u32,
        /// Finished tasks that missed their date.
        misses: u32,
        /// So many have to be known.
        needed: u32,
        /// How often one that missed its date had the higher score. `None`: there is none to compare.
        auc: Option<f64>,
        /// At least so often it has to be.
        least: f64,
    },
    /// `due.at_risk`, of a task that shares its date with many others: `milestone.at_risk` speaks for all of them.
    DueTogether {
        /// What people call the milestone, sprint or version.
        with: String,
        /// How many open tasks have its date.
        tasks: u32,
        /// The date.
        deadline: Deadline,
    },
    /// `milestone.at_risk`
    Milestone(Box<Outlook>),
    /// `sys.mirror_stale`
    MirrorStale {
        /// First failed pass since the last good one.
        since: Timestamp,
        /// What the tool said.
        because: String,
        /// True when the credential itself is refused.
        refused: bool,
    },
    /// `sys.mirror_stale`, of tasks that are not to be seen although their place is.
    TasksUnseen {
        /// Since when the first of them is not.
        since: Timestamp,
        /// How many.
        tasks: u32,
    },
    /// `sys.unmapped`
    Unmapped {
        /// The tool's words for states that the configuration does not map.
        states: Vec<String>,
        /// Accounts that own open tasks and belong to no configured person.
        owners: Vec<String>,
        /// Of how many finished tasks hardly any was ever in progress. `None`: enough were, or it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unbegun: Option<u32>,
    },
    /// `sys.mass_change`, of tasks that were missing.
    MassMissing {
        /// When the count began that missed them.
        since: Timestamp,
        /// How many open tasks it missed.
        missing: u64,
        /// How many there were.
        of: u64,
    },
    /// A rule of the configuration.
    Own {
        /// What it is called there.
        rule: String,
        /// Its words with the task's values in them. Empty: it has none.
        says: String,
        /// `None`: the task has no deadline.
        deadline: Option<Deadline>,
    },
    /// `sys.mass_change`, of tasks that one account changed.
    MassEdit {
        /// First change.
        from_at: Timestamp,
        /// Last change.
        to_at: Timestamp,
        /// How many tasks.
        tasks: u32,
    },
    /// `sys.volume`
    Flood(Box<Flood>),
    /// `sys.delivery_failed`
    Undelivered {
        /// Each way by which something could not be told.
        ways: Vec<Undelivered>,
    },
    /// `sys.rule_useless`
    Unheeded {
        /// Rules whose words hardly anybody heeds, the least heeded first.
        rules: Vec<Unheeded>,
        /// Words were counted since this day.
        since: Date,
    },
}

/// Why a date is too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooSoon {
    /// It had passed when it was set.
    Past,
    /// It was a few days ahead, and nobody had begun.
    Unstarted,
    /// Half of such tasks take longer.
    Short,
}

/// By which measure somebody has too much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Overload {
    /// Effort beyond the hours there are.
    Effort {
        /// What is left to do of what is due, seconds of working time.
        planned_secs: i64,
        /// Working time there is until then, by the person's own hours and absences.
        room_secs: i64,
        /// Of how many tasks.
        tasks: u32,
        /// Until when.
        until_at: Timestamp,
    },
    /// More due soon than this person nearly ever had.
    Due {
        /// Tasks due; one shared by two counts half.
        due: f64,
        /// On 95 of 100 days they had at most so many.
        usual: f64,
        /// On 85 of 100 days somebody of the organisation had at most so many.
        common: f64,
        /// Until when.
        until_at: Timestamp,
    },
    /// More in hand than this person nearly ever had, and than was agreed on.
    Hands {
        /// Tasks in hand; one shared by two counts half.
        active: f64,
        /// What they have on 95 of 100 days, or what was agreed on, whichever is more.
        usual: f64,
    },
}

/// What is the matter with a task that others wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Still {
    /// Nobody can act on it.
    NoOwner,
    /// Nobody has begun.
    NeverStarted,
    /// No act of a human since then.
    Since(Timestamp),
}

/// What two trackers disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// The other one is done.
    Done {
        /// Since when.
        at: Timestamp,
    },
    /// Each is somebody else's.
    Owners,
    /// Each is due at another time.
    Dates {
        /// Here.
        deadline: Deadline,
        /// There.
        there: Deadline,
    },
}

/// A task that a blocker makes late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateTask {
    /// Which.
    pub task: TaskId,
    /// Its date.
    pub deadline: Deadline,
    /// The earliest it can be finished, given the blocker.
    pub finish_at: Timestamp,
}

impl Evidence {
    /// Which question it puts, where a rule asks again and again while a gap is open; each is a new word. `None`: there is
    /// only one.
    pub fn question(&self) -> Option<u32> {
        match self {
            Evidence::AtRisk { days, .. } => Some(*days),
            Evidence::Milestone(outlook) => outlook.pace.as_ref().map(|pace| pace.week).or(outlook.checkpoint_days),
            _ => None,
        }
    }
}
