//! Alerts, answers and rounds: the types. What happens to them is decided in `alerts/`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::DigestTurn;
use super::event::Event;
use super::finding::{Finding, GapId, RuleId, Stage, SubjectKey};
use super::heed::HeedChange;
use super::ids::{AccountId, AlertId, ContainerId, InboxId, TaskId};
use super::mover::Mover;
use super::notice::{Address, Message, Notice, Post};
use super::said::{About, Claim, Said};

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
    /// Highest rung of the ladder told: 0 nobody or digest, 1 owner, 2 manager, 3 whoever leads the manager.
    pub rung: u8,
    /// Counts repeats on a rung.
    pub round: u32,
    /// Silent until, because somebody said they are on it.
    pub acked_until: Option<Timestamp>,
    /// Silent until, by wish.
    pub snoozed_until: Option<Timestamp>,
    /// Why it is snoozed.
    pub snooze_reason: Option<String>,
    /// The last answer to it that still counts. `None`: none does.
    pub said: Option<Box<Said>>,
    /// When to think about it again. `None`: only when something changes.
    pub step_at: Option<Timestamp>,
    /// Why nothing is being said at present. `None`: nothing is held back.
    pub withheld: Option<Withheld>,
    /// The latest finding.
    pub finding: Finding,
    /// Everybody whom a channel surely told in this episode.
    pub told: Vec<Told>,
    /// By which change it resolved. `None`: it has not, or nothing tells.
    pub moved: Option<Mover>,
    /// What is known of an earlier episode. `None`: nobody was ever told that one was over.
    pub earlier: Option<Box<Earlier>>,
}

impl Alert {
    /// When the time is over that somebody asked for, and they are asked whether it still holds. `None`: nobody is.
    pub fn asks_again_at(&self) -> Option<Timestamp> {
        let said = self.said.as_ref().filter(|said| said.is_asked_again())?;
        if said.what == Claim::Later { self.snoozed_until } else { self.acked_until }
    }

    /// Forgets what was answered, but for a silence that somebody asked for with its end.
    pub fn unanswer(&mut self) {
        if self.snoozed_until.is_none() {
            self.unsay();
        }
    }

    /// What was answered counts no more, and is kept as what somebody said.
    pub fn lapse(&mut self) {
        let said = self.said.take();
        self.unsay();
        self.said = said.map(|said| Box::new(Said { lapsed: true, ..*said }));
    }

    /// Forgets what was answered.
    pub fn unsay(&mut self) {
        self.said = None;
        self.acked_until = None;
        self.snoozed_until = None;
        self.snooze_reason = None;
    }

    /// The earlier episode that the present one goes on with. `None`: it begins anew.
    pub fn resumed(&self) -> Option<&Earlier> {
        self.earlier.as_deref().filter(|earlier| earlier.resumes)
    }

    /// Notes that somebody was surely told; the first time counts.
    pub fn hears(&mut self, told: Told) {
        self.rung = self.rung.max(told.rung);
        let known = self.told.iter().any(|other| other.account == told.account && other.address == told.address);
        if !known {
            self.told.push(told);
        }
    }
}

/// What is known of an earlier episode that somebody was told of, and that it was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// When it was found; of several that the present one goes on with, the first.
    pub opened_at: Timestamp,
    /// When it resolved; of several, the last.
    pub over_at: Timestamp,
    /// True where the present episode goes on where it stood.
    pub resumes: bool,
    /// Who was told in those that the present one goes on with, each with when first.
    pub told: Vec<Told>,
}

/// Who was told, and when; only what a channel has confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Whom.
    pub account: AccountId,
    /// Where.
    pub address: Address,
    /// On which rung: 1 owner, 2 manager, 3 whoever leads the manager.
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
    /// Nothing was mended: its date has passed, and what is to be said now is said by another gap.
    Overtaken,
    /// The configuration no longer watches it.
    NoLongerWatched,
    /// The tool says that the task was deleted.
    Deleted,
    /// The tool says that the task lives where nobody looks.
    MovedAway,
}

impl Ending {
    /// True where whoever was told of the gap hears of its end.
    pub fn is_told(self) -> bool {
        matches!(self, Ending::Resolved | Ending::Deleted | Ending::MovedAway)
    }
}

/// Why nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// Somebody is still editing.
    Settling,
    /// Outside the recipient's working hours.
    QuietHours,
    /// The recipient is away.
    Away,
    /// The recipient touched it in the last hours.
    RecentAction,
    /// A stronger gap speaks.
    Inhibited(GapId),
    /// It waits for this task; its owner hears instead, if anybody.
    Blocked(TaskId),
    /// The connection has not been read of late.
    SourceStale,
    /// Too much of its container changed, or was missing, at once.
    MassChange,
    /// It is not to be seen any more, and nobody knows why.
    NotVisible,
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
    /// Somebody said that there is no problem.
    Dismissed,
    /// Nobody can be reached.
    NoAddressee,
    /// A limit on messages holds it back: of an hour, or of a person's day.
    Budget,
}

impl Withheld {
    /// As in `held_because`.
    pub fn word(&self) -> &'static str {
        match self {
            Withheld::Settling => "settling",
            Withheld::QuietHours => "quiet_hours",
            Withheld::Away => "away",
            Withheld::RecentAction => "recent_action",
            Withheld::Inhibited(_) => "inhibited",
            Withheld::Blocked(_) => "blocked",
            Withheld::SourceStale => "source_stale",
            Withheld::MassChange => "mass_change",
            Withheld::NotVisible => "not_visible",
            Withheld::Observing => "observing",
            Withheld::Backlog => "backlog",
            Withheld::Snoozed => "snoozed",
            Withheld::Acknowledged => "acknowledged",
            Withheld::Digest => "digest",
            Withheld::Answered => "answered",
            Withheld::Dismissed => "dismissed",
            Withheld::NoAddressee => "no_addressee",
            Withheld::Budget => "budget",
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
    /// Somebody answered, or what they answered no longer counts.
    Answered,
}

impl LogKind {
    /// As kept in the store.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// As it stands in the log.
    pub fn word(self) -> &'static str {
        match self {
            LogKind::Opened => "opened",
            LogKind::Rose => "rose",
            LogKind::Fired => "fired",
            LogKind::Cleared => "cleared",
            LogKind::Returned => "returned",
            LogKind::Resolved => "resolved",
            LogKind::NoLongerWatched => "no_longer_watched",
            LogKind::Withheld => "withheld",
            LogKind::Told => "told",
            LogKind::Snoozed => "snoozed",
            LogKind::Answered => "answered",
        }
    }
}

/// A wish from outside, deduplicated by (source, key).
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Row.
    pub id: InboxId,
    /// When it came.
    pub at: Timestamp,
    /// Who wishes it; [`AccountId::NOBODY`]: somebody unknown. `None`: the operator at the command line.
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
    /// End the hold of a container of which much was missing at once.
    Release {
        /// What people call it: `acme/web`.
        container: String,
    },
    /// Send once more what was given up.
    Resend {
        /// What: `m12` a message, `e12` an event for a webhook.
        id: String,
    },
    /// What becomes of the messages that a flood holds back.
    Flood {
        /// True: they are sent; false: they are not.
        send: bool,
        /// Only those of floods that had begun by then.
        until: Timestamp,
    },
    /// Whatever these words mean, from a comment or a button.
    Say {
        /// About what.
        about: About,
        /// As written, without what only calls us.
        words: String,
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
    /// What was told, for webhooks.
    pub events: Vec<Event>,
    /// Answers that were dealt with, and what to tell who asked.
    pub answered: Vec<(InboxId, String)>,
    /// Containers whose first full judgement is over.
    pub baselines: Vec<ContainerId>,
    /// Containers of which changed rules have still to say what they find: nothing could be concluded about them in the round
    /// that judged everything else.
    pub unsettled: Vec<ContainerId>,
    /// Containers whose hold was ended by wish.
    pub released: Vec<ContainerId>,
    /// Who wants to hear nothing but their digest, since when; `None`: who wants to hear again.
    pub mutes: Vec<(AccountId, Option<Timestamp>)>,
    /// Digests that had their turn.
    pub turns: Vec<DigestTurn>,
    /// What was found out about words: that somebody was told, and whether it helped.
    pub heeds: Vec<HeedChange>,
    /// When it was decided. `None`: nothing was.
    pub at: Option<Timestamp>,
}

impl Round {
    /// True when there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        *self == Round { at: self.at, ..Round::default() }
    }
}
