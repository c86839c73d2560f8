//! What a flood holds back, and what could not be told, as the board has it.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::Board;
use crate::domain::alert::AlertState;
use crate::domain::calendar::later;
use crate::domain::finding::{Addressee, Evidence, Flood, Undelivered};
use crate::domain::ids::AccountId;
use crate::domain::notice::{Message, Notice, NoticeState};
use crate::domain::traffic::DOWN_AFTER;

/// An event that a webhook never took is no trouble any more after this.
const HOOK_TROUBLES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Names shown of whom something could not be told.
const SHOWN: usize = 10;

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
            if self.tells_of_this(message) {
                continue;
            }
            let carried = lines.filter(|notice| notice.message == Some(message.id)).max_by_key(|notice| notice.id);
            let since = carried.map_or(message.due_at, |notice| notice.decided_at);
            add(message.address.way(), (1, 0), since, because, carried.map(|notice| notice.account));
        }
        for notice in self.lost().filter(|notice| !self.is_due(notice, &passed)) {
            let because = notice.why.as_deref().unwrap_or_default();
            add(notice.address.way(), (0, 1), notice.decided_at, because, Some(notice.account));
        }
        let lasts = |at: Option<Timestamp>| at.is_none_or(|at| !passed(later(at, HOOK_TROUBLES)));
        for (name, trouble) in self.traffic.hooks().iter().filter(|(_, trouble)| lasts(trouble.last_at)) {
            add(format!("webhooks.{name}"), (0, trouble.lost), trouble.since, &trouble.because, None);
        }
        ways.into_values().collect()
    }

    /// True while it is not decided yet which other way takes what one did not.
    pub fn seeks_a_way(&self, passed: impl Fn(Timestamp) -> bool) -> bool {
        self.lost().any(|notice| self.is_due(notice, &passed))
    }

    /// Words that no channel took so far.
    fn lost(&self) -> impl Iterator<Item = &Notice> {
        self.traffic.dead().filter_map(|id| self.notice(id)).filter(|notice| self.is_lost(notice))
    }

    /// True where its alert is to be thought about at once: who hears next, and by which way.
    fn is_due(&self, notice: &Notice, passed: impl Fn(Timestamp) -> bool) -> bool {
        self.alert(notice.alert).and_then(|alert| alert.step_at).is_some_and(passed)
    }

    /// True for the word to the operators that something could not be told: it is no reason for itself.
    fn tells_of_this(&self, message: &Message) -> bool {
        let lines = self.notices_in(message.post).into_iter();
        let mut carried = lines.filter(|notice| notice.message == Some(message.id)).peekable();
        let of_this = |notice: &Notice| matches!(notice.finding.evidence, Evidence::Undelivered { .. });
        carried.peek().is_some() && carried.all(of_this)
    }

    /// True for a word that no channel took, while it is still to be said and nobody else of its reader's ways has it.
    fn is_lost(&self, notice: &Notice) -> bool {
        let Some(alert) = self.alert(notice.alert) else { return false };
        let matters = alert.state != AlertState::Resolved
            && alert.episode == notice.episode
            && alert.finding.addressee != Addressee::Operators
            && !notice.reason.is_farewell();
        let same = |other: &&Notice| {
            other.episode == notice.episode
                && !other.reason.is_farewell()
                && self.people.same(other.account, notice.account)
                && matches!(other.state, NoticeState::Told | NoticeState::Sealed | NoticeState::Unsure)
        };
        matters && !self.notices_of(notice.alert).any(|other| same(&other))
    }
}

/// The names with how often each came, most first.
fn counted(names: impl Iterator<Item = String>) -> Vec<(String, u32)> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts
}
