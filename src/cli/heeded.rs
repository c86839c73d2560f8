//! How the words of rules fared, as `rules list` and `rules show` print it.

use jiff::ToSpan;
use serde::Serialize;

use crate::config::Settings;
use crate::domain::finding::RuleId;
use crate::domain::heed::{Heeds, day_of};
use crate::rules;
use crate::store::Reader;

/// How the words of one rule fared, of those that had their time.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Heeded {
    /// Words told.
    pub(super) told: u32,
    /// Of these, those after which something was done within 3 working days.
    pub(super) acted: u32,
    /// Of these, those that were called wrong.
    pub(super) wrong: u32,
    /// `acted` by `told`.
    pub(super) action_ratio: Option<f64>,
    /// The part that nobody called wrong.
    pub(super) precision: Option<f64>,
}

impl Heeded {
    /// `4 of 40 (10 %), 6 wrong`, or nothing.
    pub(super) fn words(self) -> String {
        let Some(ratio) = self.action_ratio else { return String::new() };
        let wrong = if self.wrong > 0 { format!(", {} wrong", self.wrong) } else { String::new() };
        format!("{} of {} ({:.0} %){wrong}", self.acted, self.told, ratio * 100.0)
    }
}

/// What the store has counted. Nothing where there is no store yet, or it cannot be read.
pub(super) struct Counts {
    heeds: Heeds,
    since: jiff::civil::Date,
}

impl Counts {
    /// Of the days for which words count.
    pub(super) fn read(settings: &Settings) -> Counts {
        let reader = Reader::open(&crate::daemon::store_path(settings));
        let heeds = reader.and_then(|reader| reader.heeds(rules::known)).unwrap_or_default();
        let days = i64::from(settings.rules.sys.rule_useless.days);
        let today = day_of(crate::clock::system().now());
        Counts { heeds, since: today.saturating_sub(days.days()) }
    }

    /// Of one rule.
    pub(super) fn of(&self, rule: RuleId) -> Heeded {
        let count = self.heeds.since(rule, self.since);
        Heeded {
            told: count.told,
            acted: count.acted,
            wrong: count.wrong,
            action_ratio: count.action_ratio(),
            precision: count.precision(),
        }
    }
}
