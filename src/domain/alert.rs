//! Alerts, notices, posts and messages: the types. What happens to them is decided in `alerts/` and `messages/`.

use connector_kit::{Destination, Text};
use connector_model::Mark;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::finding::{Finding, GapId, RuleId, Stage, SubjectKey};
use super::ids::{AccountId, AlertId, InboxId, MessageId, NoticeId, PostId, TaskId};

/// One gap over all its episodes, as the present episode stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Row.
    pub id: AlertId,
    /// What people see and type.
    pub gap: GapId,
    /// Which rule.
    pub rule: RuleId,
    /// About what.
    pub subject: SubjectKey,
    /// See [`Finding::scope`].
    pub scope: String,
    /// Counts from 1.
    pub episode: u32,
    /// Where it stands.
    pub state: AlertState,
    /// Only rises within an episode.
    pub stage: Stage,
    /// When the present stage was reached.
    pub stage_at: Timestamp,
    /// Was there already when its container became warm, when sending was switched on, or when its rule changed:
    /// nobody is told until its stage rises.
    pub backlog: bool,
    /// When this episode began.
    pub opened_at: Timestamp,
    /// When it settled. `None`: it is pending.
    pub fired_at: Option<Timestamp>,
    /// Since when its reading is clear in fresh data. `None`: it is not.
    pub clear_since: Option<Timestamp>,
    /// When it resolved. `None`: it has not.
    pub resolved_at: Option<Timestamp>,
    /// How it ended, once resolved.
    pub ending: Option<Ending>,
    /// Highest rung of the ladder told: 0 nobody or digest, 1 owner, 2 manager.
    pub rung: u8,
    /// Counts repeats on a rung.
    pub round: u32,
    /// Silent until, because somebody said they are on it.
    pub acked_until: Option<Timestamp>,
    /// Silent until, by wish.
    pub snoozed_until: Option<Timestamp>,
    /// Why it is snoozed.
    pub snooze_reason: Option<String>,
    /// When to think about it again. `None`: only when something changes.
    pub step_at: Option<Timestamp>,
    /// Why nothing is being said at present. `None`: nothing is held back.
    pub withheld: Option<Withheld>,
    /// The latest finding.
    pub finding: Finding,
    /// Everybody whom a channel surely told in this episode.
    pub told: Vec<Told>,
}

impl Alert {
    /// Notes that somebody was surely told; the first time counts.
    pub fn hears(&mut self, told: Told) {
        self.rung = self.rung.max(told.rung);
        let known = self.told.iter().any(|other| other.account == told.account && other.address == told.address);
        if !known {
            self.told.push(told);
        }
    }
}

/// Who was told, and when; only what a channel has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whom.
    pub account: AccountId,
    /// Where.
    pub address: Address,
    /// On which rung: 1 owner, 2 manager.
    pub rung: u8,
    /// When the channel confirmed it.
    pub at: Timestamp,
}

/// The state table's states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertState {
    /// Found, not yet settled: shown, not told.
    Pending,
    /// Settled.
    Firing,
    /// Over.
    Resolved,
}

impl AlertState {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`AlertState::code`]; anything else reads as resolved.
    pub fn from_code(code: u8) -> AlertState {
        match code {
            0 => AlertState::Pending,
            1 => AlertState::Firing,
            _ => AlertState::Resolved,
        }
    }

    /// `pending`, `firing` or `resolved`.
    pub fn word(self) -> &'static str {
        match self {
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
            AlertState::Resolved => "resolved",
        }
    }
}

/// How an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The reading was clear in fresh data.
    Resolved,
    /// It went before anybody was told.
    Vanished,
    /// The configuration no longer watches it.
    NoLongerWatched,
}

/// Why nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// Somebody is still editing.
    Settling,
    /// Outside the recipient's working hours.
    QuietHours,
    /// The recipient touched it in the last hours.
    RecentAction,
    /// A stronger gap speaks.
    Inhibited(GapId),
    /// It waits for this task; its owner hears instead, if anybody.
    Blocked(TaskId),
    /// The connection has not been read of late.
    SourceStale,
    /// Too much changed at once.
    MassChange,
    /// `mode = "observe"`.
    Observing,
    /// It was there before we began to speak.
    Backlog,
    /// By wish.
    Snoozed,
    /// Somebody said they are on it.
    Acknowledged,
    /// Waits for the daily digest.
    Digest,
    /// An answer was given; silent for a while.
    Answered,
    /// Nobody can be reached.
    NoAddressee,
}

impl Withheld {
    /// As in `held_because`.
    pub fn word(&self) -> &'static str {
        match self {
            Withheld::Settling => "settling",
            Withheld::QuietHours => "quiet_hours",
            Withheld::RecentAction => "recent_action",
            Withheld::Inhibited(_) => "inhibited",
            Withheld::Blocked(_) => "blocked",
            Withheld::SourceStale => "source_stale",
            Withheld::MassChange => "mass_change",
            Withheld::Observing => "observing",
            Withheld::Backlog => "backlog",
            Withheld::Snoozed => "snoozed",
            Withheld::Acknowledged => "acknowledged",
            Withheld::Digest => "digest",
            Withheld::Answered => "answered",
            Withheld::NoAddressee => "no_addressee",
        }
    }
}

/// An alert as a round leaves it, and what is to be remembered of how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertChange {
    /// The whole row.
    pub alert: Alert,
    /// Entries of its log, in order.
    pub log: Vec<LogEntry>,
}

/// One entry of an alert's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// What happened.
    pub what: LogKind,
    /// Why, in words. `None`: it speaks for itself.
    pub reason: Option<String>,
    /// Whose doing, where somebody's.
    pub account: Option<AccountId>,
}

/// What a log entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// A new episode.
    Opened,
    /// The stage rose.
    Rose,
    /// It settled.
    Fired,
    /// The reading turned clear.
    Cleared,
    /// It turned back before it had resolved.
    Returned,
    /// It resolved.
    Resolved,
    /// Left the configuration.
    NoLongerWatched,
    /// The reason for not sending changed.
    Withheld,
    /// Somebody was told.
    Told,
    /// Snoozed, or the snooze ended.
    Snoozed,
}

impl LogKind {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// One decision to tell one account about one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Row.
    pub id: NoticeId,
    /// About what.
    pub alert: AlertId,
    /// Which episode.
    pub episode: u32,
    /// Why now.
    pub reason: Reason,
    /// 0 digest, 1 owner, 2 manager; for `Resolved` the rung that had been told.
    pub rung: u8,
    /// Counts repeats.
    pub round: u32,
    /// Whom.
    pub account: AccountId,
    /// Where.
    pub address: Address,
    /// Where it stands.
    pub state: NoticeState,
    /// Why it was withdrawn or died, in words.
    pub why: Option<String>,
    /// What carries it. `None`: it waits for a digest.
    pub message: Option<MessageId>,
    /// The post it is a line of. `None`: none (a digest line).
    pub post: Option<PostId>,
    /// The finding it was decided on.
    pub finding: Finding,
    /// When.
    pub decided_at: Timestamp,
    /// When the channel confirmed it. `None`: not, or not yet.
    pub told_at: Option<Timestamp>,
}

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The gap opened.
    Opened,
    /// It went a stage further.
    Worsened,
    /// It stays, so the next one hears.
    Escalated,
    /// It resolved.
    Resolved,
}

impl Reason {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Reason::code`]; anything else reads as resolved.
    pub fn from_code(code: u8) -> Reason {
        match code {
            0 => Reason::Opened,
            1 => Reason::Worsened,
            2 => Reason::Escalated,
            _ => Reason::Resolved,
        }
    }

    /// `opened`, `worsened`, `escalated` or `resolved`.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Opened => "opened",
            Reason::Worsened => "worsened",
            Reason::Escalated => "escalated",
            Reason::Resolved => "resolved",
        }
    }
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeState {
    /// Decided; waits for its digest.
    Open,
    /// Part of a sealed message.
    Sealed,
    /// The channel confirmed it.
    Told,
    /// May or may not have arrived, and will not be repeated.
    Unsure,
    /// Every channel refused it.
    Dead,
    /// Taken back before it was sent.
    Withdrawn,
}

impl NoticeState {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        match self {
            NoticeState::Open => 0,
            NoticeState::Sealed => 1,
            NoticeState::Told => 2,
            NoticeState::Unsure => 3,
            NoticeState::Dead => 5,
            NoticeState::Withdrawn => 9,
        }
    }

    /// The inverse of [`NoticeState::code`]; anything else reads as withdrawn.
    pub fn from_code(code: u8) -> NoticeState {
        match code {
            0 => NoticeState::Open,
            1 => NoticeState::Sealed,
            2 => NoticeState::Told,
            3 => NoticeState::Unsure,
            5 => NoticeState::Dead,
            _ => NoticeState::Withdrawn,
        }
    }
}

/// Where a notice goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// Slack: a person or a channel.
    Slack(Destination),
    /// Our comment on the task, through this connection; with the login to mention, when it is the only channel.
    Comment {
        /// Name of the connection, `github.acme`.
        connection: String,
        /// The task.
        task: TaskId,
        /// `None`: nobody is mentioned.
        mention: Option<String>,
    },
    /// A line of somebody's daily digest: waits, until digests come. Holds the person's handle or `channel`.
    Digest(String),
    /// The log and `doctor`, where no operator is configured.
    Log,
}

impl Address {
    /// `slack`, `comment`, `digest` or `log`, as in `channel`.
    pub fn channel(&self) -> &'static str {
        match self {
            Address::Slack(_) => "slack",
            Address::Comment { .. } => "comment",
            Address::Digest(_) => "digest",
            Address::Log => "log",
        }
    }

    /// True when something is sent there now, false for a line that waits.
    pub fn is_sent(&self) -> bool {
        matches!(self, Address::Slack(_) | Address::Comment { .. })
    }
}

/// A comment or message of ours that is kept up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Row.
    pub id: PostId,
    /// Where it is, without a mention.
    pub place: Address,
    /// What it is about.
    pub about: PostAbout,
    /// Counts up when one had to be made anew.
    pub generation: u32,
    /// Its mark: that of the message that made it.
    pub mark: Mark,
    /// The channel's id for it. `None`: not sent yet.
    pub at: Option<String>,
    /// What it should say.
    pub want: Text,
    /// What it says. `None`: nothing yet.
    pub have: Option<Text>,
    /// False once a person took it away, or it could not be sent: nothing is made there again.
    pub open: bool,
}

/// What a post gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PostAbout {
    /// All gaps of a task: the living comment.
    Task(TaskId),
    /// All lines of one day for one address: the grouped direct message.
    Day(Date),
    /// One episode of one alert: what could not wait.
    Alert(AlertId, u32),
}

/// One thing to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Row.
    pub id: MessageId,
    /// Wire id and MAC; of an edit, those of its post.
    pub mark: Mark,
    /// What it does.
    pub op: MessageOp,
    /// Where it goes.
    pub address: Address,
    /// The post it makes, edits, or answers under.
    pub post: PostId,
    /// Frozen words.
    pub body: Text,
    /// Where it stands.
    pub state: MessageState,
    /// Not before.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried.
    pub attempt_at: Option<Timestamp>,
    /// By which epoch of the store's owner.
    pub attempt_epoch: Option<i64>,
    /// Last error, without secrets.
    pub error: Option<String>,
    /// True when losing it is worse than saying it twice (a failure stage).
    pub insist: bool,
}

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageOp {
    /// Makes its post.
    Post,
    /// Brings its post up to date.
    Edit,
    /// Answers under its post, so that the reader is notified.
    Reply,
}

impl MessageOp {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`MessageOp::code`]; anything else reads as an edit, which is harmless to repeat.
    pub fn from_code(code: u8) -> MessageOp {
        match code {
            0 => MessageOp::Post,
            2 => MessageOp::Reply,
            _ => MessageOp::Edit,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Worded and frozen.
    Sealed,
    /// A call is being made.
    Sending,
    /// A call was made, its outcome is not known.
    Unsure,
    /// The channel confirmed it.
    Sent,
    /// Given up.
    Dead,
    /// Taken back before it was sent.
    Withdrawn,
}

impl MessageState {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        match self {
            MessageState::Sealed => 1,
            MessageState::Sending => 2,
            MessageState::Unsure => 3,
            MessageState::Sent => 4,
            MessageState::Dead => 5,
            MessageState::Withdrawn => 9,
        }
    }

    /// The inverse of [`MessageState::code`]; anything else reads as withdrawn.
    pub fn from_code(code: u8) -> MessageState {
        match code {
            1 => MessageState::Sealed,
            2 => MessageState::Sending,
            3 => MessageState::Unsure,
            4 => MessageState::Sent,
            5 => MessageState::Dead,
            _ => MessageState::Withdrawn,
        }
    }

    /// True while something is still to be done.
    pub fn is_live(self) -> bool {
        matches!(self, MessageState::Sealed | MessageState::Sending | MessageState::Unsure)
    }
}

/// A wish from outside, deduplicated by (source, key).
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Row.
    pub id: InboxId,
    /// When it came.
    pub at: Timestamp,
    /// Who wishes it. `None`: the operator at the command line.
    pub account: Option<AccountId>,
    /// What.
    pub wish: Wish,
}

/// What can be wished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Wish {
    /// Keep a gap silent.
    Snooze {
        /// Which.
        gap: GapId,
        /// Until.
        until: Timestamp,
        /// Why.
        reason: Option<String>,
    },
    /// End the silence.
    Unsnooze {
        /// Which.
        gap: GapId,
    },
}

/// All that one round decided; committed whole, or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Round {
    /// Alerts as they are now.
    pub alerts: Vec<AlertChange>,
    /// Notices, new and changed, whole.
    pub notices: Vec<Notice>,
    /// Posts, new and changed, whole.
    pub posts: Vec<Post>,
    /// Messages, new and changed, whole.
    pub messages: Vec<Message>,
    /// Answers that were dealt with, and what to tell who asked.
    pub answered: Vec<(InboxId, String)>,
}

impl Round {
    /// True when there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        *self == Round::default()
    }
}
