//! `sys.rule_useless`: a rule whose words hardly ever lead to anything. Words are counted where rounds are decided; this
//! proposes to the operators to change the rule, or to let it be quiet.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::to_operators;
use crate::domain::finding::{Evidence, Reading, RuleId, Stage, Unheeded};
use crate::domain::heed::Count;
use crate::domain::look::{Look, Reads};
use crate::domain::traffic::is_of_system;
use crate::rules::settings::SysRuleUseless;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.rule_useless");

/// What is too few by this much is still too few once it was told.
const CLEARLY: f64 = 1.1;

/// Only words that had their time count, and only those of the last days, so that a rule that was changed starts anew. A rule
/// that does not speak any more has nothing to be proposed about it, and neither has one about gapwatch itself.
impl Rule for SysRuleUseless {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::SUBJECT
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::System
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::System = subject else { return OTHER_KIND };
        let (mut worst, mut near, mut since) = (Vec::new(), Vec::new(), None::<Date>);
        for (rule, days) in look.heeds().rules().filter(|(rule, _)| !is_of_system(*rule) && look.speaks(*rule)) {
            let (count, first) = self.counted(days, look);
            let Some(ratio) = count.action_ratio().filter(|_| count.told >= self.least) else { continue };
            let Count { told, acted, wrong } = count;
            let of = || Unheeded { rule: rule.0.to_owned(), told, acted, wrong };
            if ratio < self.below {
                worst.push(of());
            } else if ratio < self.below * CLEARLY {
                near.push(of());
            } else {
                continue;
            }
            since = since.into_iter().chain(first).min();
        }
        let Some(since) = since else { return fine("every rule that has told enough is heeded") };
        let ratio = |rule: &Unheeded| f64::from(rule.acted) / f64::from(rule.told);
        worst.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)).then_with(|| one.rule.cmp(&other.rule)));
        if worst.is_empty() {
            return Reading::edge(Evidence::Unheeded { rules: near, since });
        }
        to_operators(Stage::Opens, Evidence::Unheeded { rules: worst, since })
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("least", self.least.into()), ("below", self.below.into()), ("days", self.days.into())]
    }
}

impl SysRuleUseless {
    /// The words of the days that still count, and the first of these days.
    fn counted(&self, days: &BTreeMap<Date, Count>, look: &Look<'_>) -> (Count, Option<Date>) {
        let (mut sum, mut first) = (Count::default(), None);
        for (day, count) in days {
            if !look.passed(end_of(*day, self.days)) {
                sum = sum.and(*count);
                first = first.or(Some(*day));
            }
        }
        (sum, first)
    }
}

/// When a day is so many days old.
fn end_of(day: Date, days: u32) -> Timestamp {
    let end = day.checked_add(i64::from(days).saturating_add(1).days()).unwrap_or(Date::MAX);
    end.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
