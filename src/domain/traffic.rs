//! How telling people goes: what left of late, what a flood holds back, what no channel took, and which words were heeded.
//!
//! It lives beside the board's tasks and follows from messages, notices and outcomes as they are put; nothing here is asked of
//! the clock. What it says changes only when one of them does, but for words that have had their time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::calendar::later;
use super::finding::RuleId;
use super::heed::Heeds;
use super::ids::{MessageId, NoticeId};
use super::notice::{Gate, Message, MessageOp, Notice, NoticeState};

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
/// Failed attempts after which a channel is said to be down: the first, and those after 1, 5 and 30 minutes.
pub const DOWN_AFTER: u32 = 4;
/// How long it is remembered when a message left.
pub const LEFT_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

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

    /// Takes note of a message as it is now; `counts`: it is one of those of which there may be too many. True where what is
    /// said of gapwatch itself may differ by it.
    pub(super) fn see_message(&mut self, before: Option<&Message>, message: &Message, counts: bool) -> bool {
        if counts && message.is_to_person() && message.gate != Gate::LetGo && message.attempts == 1 {
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

    /// Notices that no channel took.
    pub(super) fn dead(&self) -> impl Iterator<Item = NoticeId> {
        self.dead.iter().copied()
    }

    /// Webhooks that take nothing.
    pub(super) fn hooks(&self) -> &BTreeMap<String, HookTrouble> {
        &self.hooks
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
