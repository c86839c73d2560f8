//! Which words helped: of every gap that somebody was told of, whether anything was done about it within some working days.
//! Counted once, when that time is over or the gap is, and kept as a number for each rule and day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::finding::RuleId;
use super::ids::{AccountId, AlertId, NoticeId};

/// A word of which it is not known yet whether it helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heed {
    /// The notice that was told.
    pub notice: NoticeId,
    /// Of which rule.
    pub rule: RuleId,
    /// Of which gap.
    pub alert: AlertId,
    /// And which of its episodes.
    pub episode: u32,
    /// To whom.
    pub account: AccountId,
    /// When.
    pub told_at: Timestamp,
    /// Until when something has to be done.
    pub until: Timestamp,
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something was done: an act, an answer, or the gap closed.
    Acted,
    /// Nothing was.
    Ignored,
    /// Somebody said that there is no problem.
    Wrong,
    /// It cannot be told: nobody watches what it was about any more.
    Unknown,
}

/// What a round finds out about words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeedChange {
    /// Somebody was told.
    Waits(Heed),
    /// It is known what became of it. The day is that of the word.
    Ends(Heed, Verdict),
}

/// How the words of one rule fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Words that had their time.
    pub told: u32,
    /// Of these, those after which something was done.
    pub acted: u32,
    /// Of these, those that were called wrong.
    pub wrong: u32,
}

impl Count {
    /// What a verdict adds.
    pub fn of(verdict: Verdict) -> Count {
        match verdict {
            Verdict::Acted => Count { told: 1, acted: 1, wrong: 0 },
            Verdict::Ignored => Count { told: 1, acted: 0, wrong: 0 },
            Verdict::Wrong => Count { told: 1, acted: 0, wrong: 1 },
            Verdict::Unknown => Count::default(),
        }
    }

    /// Both.
    pub fn and(self, other: Count) -> Count {
        Count { told: self.told + other.told, acted: self.acted + other.acted, wrong: self.wrong + other.wrong }
    }

    /// The part after which something was done. `None`: nothing was told.
    pub fn action_ratio(self) -> Option<f64> {
        (self.told > 0).then(|| f64::from(self.acted) / f64::from(self.told))
    }

    /// The part that nobody called wrong. `None`: nothing was told.
    pub fn precision(self) -> Option<f64> {
        (self.told > 0).then(|| 1.0 - f64::from(self.wrong) / f64::from(self.told))
    }
}

/// All of it: what waits, and what was counted, by rule and day in UTC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heeds {
    waiting: BTreeMap<NoticeId, Heed>,
    due: BTreeSet<(Timestamp, NoticeId)>,
    by_alert: BTreeMap<AlertId, BTreeSet<NoticeId>>,
    counts: BTreeMap<RuleId, BTreeMap<Date, Count>>,
}

impl Heeds {
    /// As the store has it.
    pub fn new(waiting: Vec<Heed>, counts: Vec<(RuleId, Date, Count)>) -> Heeds {
        let mut heeds = Heeds::default();
        for heed in waiting {
            heeds.wait(heed);
        }
        for (rule, day, count) in counts {
            heeds.counts.entry(rule).or_default().insert(day, count);
        }
        heeds
    }

    fn wait(&mut self, heed: Heed) {
        self.due.insert((heed.until, heed.notice));
        self.by_alert.entry(heed.alert).or_default().insert(heed.notice);
        self.waiting.insert(heed.notice, heed);
    }

    /// Takes up what a committed round found out. True where a count differs by it.
    pub(super) fn put(&mut self, change: HeedChange) -> bool {
        match change {
            HeedChange::Waits(heed) => {
                self.wait(heed);
                false
            }
            HeedChange::Ends(heed, verdict) => {
                self.waiting.remove(&heed.notice);
                self.due.remove(&(heed.until, heed.notice));
                if let Some(others) = self.by_alert.get_mut(&heed.alert) {
                    others.remove(&heed.notice);
                    if others.is_empty() {
                        self.by_alert.remove(&heed.alert);
                    }
                }
                let count = self.counts.entry(heed.rule).or_default().entry(day_of(heed.told_at)).or_default();
                *count = count.and(Count::of(verdict));
                verdict != Verdict::Unknown
            }
        }
    }

    /// Words whose time is over.
    pub fn over(&self, now: Timestamp) -> impl Iterator<Item = &Heed> {
        let due = self.due.iter().take_while(move |(until, _)| *until <= now);
        due.filter_map(|(_, notice)| self.waiting.get(notice))
    }

    /// Words about a gap of which nothing is known yet.
    pub fn about(&self, alert: AlertId) -> impl Iterator<Item = &Heed> {
        let notices = self.by_alert.get(&alert).into_iter().flatten();
        notices.filter_map(|notice| self.waiting.get(notice))
    }

    /// When the next one has had its time. `None`: none waits.
    pub fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(until, _)| *until)
    }

    /// Every rule with its counts by day.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &BTreeMap<Date, Count>)> {
        self.counts.iter().map(|(rule, days)| (*rule, days))
    }

    /// How the words of a rule fared since a day.
    pub fn since(&self, rule: RuleId, day: Date) -> Count {
        let days = self.counts.get(&rule).into_iter().flat_map(|days| days.range(day..));
        days.fold(Count::default(), |sum, (_, count)| sum.and(*count))
    }
}

/// The day that a word is counted under.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
