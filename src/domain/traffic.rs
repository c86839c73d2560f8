//! How telling people goes: what left of late, what a flood holds back, what no channel took, and which words were heeded.
//!
//! It lives beside the board's tasks and follows from messages, notices and outcomes as they are put; nothing here is asked of
//! the clock. What it says changes only when one of them does, but for words that have had their time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::board::Board;
use super::calendar::later;
use super::finding::{Addressee, RuleId};
use super::heed::Heeds;
use super::ids::{AccountId, MessageId, NoticeId};
use super::look::Look;
use super::notice::{Gate, Message, MessageOp, Notice, NoticeState, Reason};
use super::policy::Mode;
use crate::domain::alert::AlertState;

/// Messages to persons are counted by the rolling hour.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Days from which it follows what is usual.
const USUAL_DAYS: i64 = 14;
/// Of fewer days with messages nothing is usual.
const FEWEST_DAYS: usize = 5;
/// More than so many times the usual is a flood.
const TIMES_USUAL: u32 = 3;
/// But never fewer messages than this, however little is usual.
const FLOOR: u32 = 20;
/// How long it is remembered when a message left.
pub const LEFT_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Failed attempts after which a channel is said to be down: the first, and those after 1, 5 and 30 minutes.
pub const DOWN_AFTER: u32 = 4;
/// An event that a webhook never took is no trouble any more after this.
const HOOK_TROUBLES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Names shown of whom something could not be told.
const SHOWN: usize = 10;

/// How telling people goes.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// When messages to persons were first tried, but for those that somebody let go after a flood.
    left: BTreeSet<(Timestamp, MessageId)>,
    /// Messages that a flood holds back.
    held: BTreeSet<MessageId>,
    /// Notices that no channel took.
    dead: BTreeSet<NoticeId>,
    /// Webhooks that take nothing, by name.
    hooks: BTreeMap<String, HookTrouble>,
    /// Which words were heeded.
    pub heeds: Heeds,
}

/// What the store knows of it at the start.
#[derive(Debug, Clone, Default)]
pub struct TrafficImage {
    /// When messages to persons left, of the last days.
    pub left: Vec<(Timestamp, MessageId)>,
    /// Webhooks that take nothing.
    pub hooks: Vec<(String, HookTrouble)>,
    /// Which words were heeded.
    pub heeds: Heeds,
}

/// A webhook that takes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookTrouble {
    /// Events that were given up.
    pub lost: u32,
    /// When the first of them was, or since when it wants no more.
    pub since: Timestamp,
    /// When the last of them was. `None`: it wants no more at all.
    pub last_at: Option<Timestamp>,
    /// The last reason, without secrets.
    pub because: String,
}

/// More messages to persons than are right in one hour: held back until somebody decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flood {
    /// Since when.
    pub since: Timestamp,
    /// How many are held back.
    pub held: u32,
    /// How many may leave in an hour.
    pub limit: u32,
    /// How many left in the busiest hour of a usual day. `None`: too little was sent so far to say.
    pub usual: Option<u32>,
    /// Whom they are to, with how many: most first.
    pub to: Vec<(String, u32)>,
    /// Of which rules, likewise.
    pub rules: Vec<(String, u32)>,
}

/// A way by which somebody could not be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undelivered {
    /// `slack`, `email`, the name of a connection, or `webhooks.NAME`.
    pub way: String,
    /// Messages that wait for it to work again.
    pub waiting: u32,
    /// Words that nobody got by this way nor by another.
    pub lost: u32,
    /// Since when.
    pub since: Timestamp,
    /// What was answered last, without secrets.
    pub because: String,
    /// Who did not hear.
    pub to: Vec<String>,
}

impl Traffic {
    /// As the store has it; what follows from messages and notices is added as they are put.
    pub(super) fn new(image: TrafficImage) -> Traffic {
        Traffic {
            left: image.left.into_iter().collect(),
            hooks: image.hooks.into_iter().collect(),
            heeds: image.heeds,
            ..Traffic::default()
        }
    }

    /// Takes note of a message as it is now. True where what is said of gapwatch itself may differ by it.
    pub(super) fn see_message(&mut self, before: Option<&Message>, message: &Message) -> bool {
        if message.is_to_person() && message.gate != Gate::LetGo && message.attempts == 1 {
            let began = message.attempt_at.filter(|_| before.is_some_and(|before| before.attempts == 0));
            if let Some(at) = began {
                self.left.insert((at, message.id));
                self.left = self.left.split_off(&(later(at, -LEFT_KEPT), MessageId(0)));
            }
        }
        let is_held = message.is_held() && message.state.is_live();
        let was_held = if is_held { !self.held.insert(message.id) } else { self.held.remove(&message.id) };
        let is_stuck = |message: &Message| message.state.is_live() && message.attempts >= DOWN_AFTER;
        is_held || was_held || is_stuck(message) || before.is_some_and(is_stuck)
    }

    /// Takes note of a notice, likewise.
    pub(super) fn see_notice(&mut self, notice: &Notice) -> bool {
        if notice.state == NoticeState::Dead { self.dead.insert(notice.id) } else { self.dead.remove(&notice.id) }
    }

    /// True where there is a word that no channel took.
    pub(super) fn has_dead(&self) -> bool {
        !self.dead.is_empty()
    }

    /// True for a word that no channel took.
    pub(super) fn is_dead(&self, notice: NoticeId) -> bool {
        self.dead.contains(&notice)
    }

    /// How many messages to persons left since an instant.
    pub fn left_since(&self, since: Timestamp) -> usize {
        self.left.range((since, MessageId(i64::MAX))..).count()
    }

    /// How many left in the busiest hour of a usual day: the middle one of those of the fourteen days before. `None`: there
    /// were too few days on which anything left.
    pub fn usual(&self, before: Timestamp) -> Option<u32> {
        let end = later(before, -HOUR);
        let peak = |day: i64| {
            let from = later(end, -SignedDuration::from_hours(24 * (day + 1)));
            let to = later(end, -SignedDuration::from_hours(24 * day));
            let times: Vec<Timestamp> =
                self.left.range((from, MessageId(i64::MAX))..=(to, MessageId(i64::MAX))).map(|(at, _)| *at).collect();
            busiest(&times)
        };
        let mut peaks: Vec<u32> = (0..USUAL_DAYS).map(peak).filter(|peak| *peak > 0).collect();
        peaks.sort_unstable();
        (peaks.len() >= FEWEST_DAYS).then(|| peaks[peaks.len() / 2])
    }

    /// How many messages to persons may leave in one hour.
    pub fn limit(&self, per_hour: u32, before: Timestamp) -> u32 {
        let usual = self.usual(before).map(|usual| usual.saturating_mul(TIMES_USUAL).max(FLOOR));
        usual.map_or(per_hour, |usual| usual.min(per_hour))
    }

    /// Messages that a flood holds back.
    pub fn held(&self) -> impl Iterator<Item = MessageId> {
        self.held.iter().copied()
    }

    /// Puts how the webhooks fare. True where that is another story than before.
    pub(super) fn put_hooks(&mut self, hooks: BTreeMap<String, HookTrouble>) -> bool {
        let differs = self.hooks != hooks;
        self.hooks = hooks;
        differs
    }
}

/// Most of these instants, in order, that lie within one hour.
fn busiest(times: &[Timestamp]) -> u32 {
    let mut first = 0;
    let within = |(nth, at): (usize, &Timestamp)| {
        while later(times[first], HOUR) <= *at {
            first += 1;
        }
        nth + 1 - first
    };
    u32::try_from(times.iter().enumerate().map(within).max().unwrap_or(0)).unwrap_or(u32::MAX)
}

/// The names with how often each came, most first.
fn counted(names: impl Iterator<Item = String>) -> Vec<(String, u32)> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts
}

impl Board {
    /// What a flood holds back. `None`: there is none.
    pub fn flood(&self, per_hour: u32) -> Option<Flood> {
        let held: Vec<&Message> = self.traffic.held().filter_map(|id| self.message(id)).collect();
        let since = held.iter().filter_map(|message| message.held_since()).min()?;
        let lines = |message: &&Message| {
            let lines = self.notices_in(message.post).into_iter();
            lines.filter(|notice| notice.message == Some(message.id)).collect::<Vec<&Notice>>()
        };
        let first = held.iter().filter_map(|message| lines(message).first().map(|notice| notice.account));
        let rules = held.iter().flat_map(lines).filter_map(|notice| self.alert(notice.alert));
        Some(Flood {
            since,
            held: u32::try_from(held.len()).unwrap_or(u32::MAX),
            limit: self.traffic.limit(per_hour, since),
            usual: self.traffic.usual(since),
            to: counted(first.map(|account| self.people.called(account))),
            rules: counted(rules.map(|alert| alert.rule.0.to_owned())),
        })
    }

    /// Every way by which something could not be told, by name: what waits for a channel that is down, and what nobody got
    /// by any. `passed` tells whether an instant has passed.
    pub fn undelivered(&self, passed: impl Fn(Timestamp) -> bool) -> Vec<Undelivered> {
        let mut ways: BTreeMap<String, Undelivered> = BTreeMap::new();
        let mut add =
            |way: String, (waiting, lost): (u32, u32), since: Timestamp, because: &str, to: Option<AccountId>| {
                let known = ways.entry(way.clone()).or_insert_with(|| Undelivered {
                    way,
                    waiting: 0,
                    lost: 0,
                    since,
                    because: String::new(),
                    to: Vec::new(),
                });
                (known.waiting, known.lost) = (known.waiting + waiting, known.lost + lost);
                if since <= known.since || known.because.is_empty() {
                    because.clone_into(&mut known.because);
                }
                known.since = known.since.min(since);
                let name = to.filter(|to| *to != AccountId::NOBODY).map(|to| self.people.called(to));
                if let Some(name) = name.filter(|name| known.to.len() < SHOWN && !known.to.contains(name)) {
                    known.to.push(name);
                }
            };
        let mut stuck: Vec<&Message> = self.messages().filter(|message| message.attempts >= DOWN_AFTER).collect();
        stuck.sort_by_key(|message| message.id);
        for message in stuck {
            let Some(because) = &message.error else { continue };
            let lines = self.notices_in(message.post).into_iter();
            let carried = lines.filter(|notice| notice.message == Some(message.id)).max_by_key(|notice| notice.id);
            let since = carried.map_or(message.due_at, |notice| notice.decided_at);
            add(message.address.way(), (1, 0), since, because, carried.map(|notice| notice.account));
        }
        for notice in self.traffic.dead.iter().filter_map(|id| self.notice(*id)).filter(|notice| self.is_lost(notice)) {
            let because = notice.why.as_deref().unwrap_or_default();
            add(notice.address.way(), (0, 1), notice.decided_at, because, Some(notice.account));
        }
        let lasts = |at: Option<Timestamp>| at.is_none_or(|at| !passed(later(at, HOOK_TROUBLES)));
        for (name, trouble) in self.traffic.hooks.iter().filter(|(_, trouble)| lasts(trouble.last_at)) {
            add(format!("webhooks.{name}"), (0, trouble.lost), trouble.since, &trouble.because, None);
        }
        ways.into_values().collect()
    }

    /// True for a word that no channel took, while it is still to be said and nobody else of its reader's ways has it.
    fn is_lost(&self, notice: &Notice) -> bool {
        let Some(alert) = self.alert(notice.alert) else { return false };
        let matters = alert.state != AlertState::Resolved
            && alert.episode == notice.episode
            && alert.finding.addressee != Addressee::Operators
            && notice.reason != Reason::Resolved;
        let same = |other: &&Notice| {
            other.episode == notice.episode
                && other.reason != Reason::Resolved
                && self.people.same(other.account, notice.account)
                && matches!(other.state, NoticeState::Told | NoticeState::Sealed | NoticeState::Unsure)
        };
        matters && !self.notices_of(notice.alert).any(|other| same(&other))
    }
}

impl<'a> Look<'a> {
    /// See [`Board::flood`].
    pub fn flood(&self) -> Option<Flood> {
        self.board().flood(self.policy().per_hour)
    }

    /// See [`Board::undelivered`].
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.board().undelivered(|at| self.passed(at))
    }

    /// Which words were heeded.
    pub fn heeds(&self) -> &'a Heeds {
        &self.board().traffic().heeds
    }

    /// False for a rule that is held back by the configuration.
    pub fn speaks(&self, rule: RuleId) -> bool {
        self.policy().rule_modes.get(&rule) != Some(&Mode::Observe)
    }
}

impl Message {
    /// True for what reaches one person in private and notifies them.
    pub fn is_to_person(&self) -> bool {
        self.op != MessageOp::Edit && self.address.is_private()
    }

    /// True while a flood holds it back.
    pub fn is_held(&self) -> bool {
        self.held_since().is_some()
    }

    /// Since when a flood holds it back. `None`: none does.
    pub fn held_since(&self) -> Option<Timestamp> {
        match self.gate {
            Gate::Held { since } => Some(since),
            Gate::Free | Gate::LetGo => None,
        }
    }
}

/// True for rules that watch gapwatch itself.
pub fn is_of_system(rule: RuleId) -> bool {
    rule.0.starts_with("sys.")
}
