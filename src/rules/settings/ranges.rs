//! Which thresholds make no sense, alone or together.

use super::RuleSettings;

/// A threshold that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfRange {
    /// The key below `rules`: `pace.behind.from`.
    pub key: &'static str,
    /// What it is, as written: `1.5`.
    pub found: String,
    /// What it must be: "a share between 0 and 1".
    pub expected: &'static str,
}

impl RuleSettings {
    /// Every threshold that is outside its range, in the order of the reference.
    pub fn out_of_range(&self) -> Vec<OutOfRange> {
        let (pace, start) = (&self.pace.behind, &self.start.never);
        let shares = [
            ("pace.behind.from", pace.from),
            ("pace.behind.allowed_first", pace.allowed_first),
            ("pace.behind.allowed_last", pace.allowed_last),
            ("pace.behind.red_extra", pace.red_extra),
            ("pace.behind.red_from", pace.red_from),
            ("due.at_risk.auc", self.due.at_risk.auc),
            ("due.at_risk.red_risk", self.due.at_risk.red_risk),
            ("milestone.at_risk.amber", self.milestone.at_risk.amber),
            ("milestone.at_risk.red", self.milestone.at_risk.red),
            ("pace.stuck_near_done.from", self.pace.stuck_near_done.from),
            ("pace.stuck_near_done.span_share", self.pace.stuck_near_done.span_share),
            ("start.never.from", start.from),
            ("start.never.red_from", start.red_from),
            ("start.late.share", self.start.late.share),
            ("start.late.direct_share", self.start.late.direct_share),
            ("high_priority.silent.most_share", self.high_priority.silent.most_share),
            ("ack.missing.share", self.ack.missing.share),
            ("sys.rule_useless.below", self.sys.rule_useless.below),
        ];
        let estimate = &self.estimate.exceeded;
        let factors = [
            ("estimate.exceeded.from", estimate.from),
            ("estimate.exceeded.red_from", estimate.red_from),
            ("estimate.exceeded.direct_from", estimate.direct_from),
            ("estimate.exceeded.age_factor", estimate.age_factor),
        ];
        let factors = factors
            .into_iter()
            .filter(|(_, factor)| !(0.1..=100.0).contains(factor)) // also what is not a number
            .map(|(key, factor)| out_of_range(key, factor.to_string(), "a number between 0.1 and 100"));
        let days = [
            ("pace.stuck_near_done.direct_days_left", self.pace.stuck_near_done.direct_days_left),
            ("start.never.red_days_left", start.red_days_left),
            ("owner.none.direct_days_left", self.owner.none.direct_days_left),
            ("owner.none.red_days_left", self.owner.none.red_days_left),
            ("due.child_after_parent.red_days_left", self.due.child_after_parent.red_days_left),
            ("due.unrealistic.days_ahead", self.due.unrealistic.days_ahead),
            ("answer.waiting.near_days_left", self.answer.waiting.near_days_left),
            ("churn.reopened.days_left", self.churn.reopened.days_left),
            ("sys.cross_mismatch.days_apart", self.sys.cross_mismatch.days_apart),
            ("sys.rule_useless.days", self.sys.rule_useless.days),
        ];
        let shares = shares
            .into_iter()
            .chain([("load.overloaded.estimated", self.load.overloaded.estimated)])
            .filter(|(_, share)| !(0.0..=1.0).contains(share)) // also what is not a number
            .map(|(key, share)| out_of_range(key, share.to_string(), "a share between 0 and 1"));
        let days = days
            .into_iter()
            .filter(|(_, days)| *days > 365)
            .map(|(key, days)| out_of_range(key, days.to_string(), "a number of days from 0 to 365"));
        let polls = self.sys.mirror_stale.after_polls;
        let polls = (!(1..=1000).contains(&polls)).then(|| {
            out_of_range("sys.mirror_stale.after_polls", polls.to_string(), "a number of polls from 1 to 1000")
        });
        let slip = self.due.drift.slip;
        let slip = (!(0.0..=10.0).contains(&slip))
            .then(|| out_of_range("due.drift.slip", slip.to_string(), "a share between 0 and 10"));
        let counts = [
            ("due.drift.moves", self.due.drift.moves),
            ("churn.reopened.times", self.churn.reopened.times),
            ("due.at_risk.misses", self.due.at_risk.misses),
            ("milestone.at_risk.finished", self.milestone.at_risk.finished),
            ("milestone.at_risk.shared_by", self.milestone.at_risk.shared_by),
            ("sys.rule_useless.least", self.sys.rule_useless.least),
        ];
        let counts = counts
            .into_iter()
            .filter(|(_, count)| !(1..=1000).contains(count))
            .map(|(key, count)| out_of_range(key, count.to_string(), "a number from 1 to 1000"));
        let weeks = self.milestone.at_risk.weeks;
        let weeks = (!(1..=12).contains(&weeks))
            .then(|| out_of_range("milestone.at_risk.weeks", weeks.to_string(), "a number of weeks from 1 to 12"));
        let counts = counts.chain(weeks);
        let numbers = shares.chain(factors).chain(days).chain(slip).chain(counts).chain(polls);
        numbers.chain(self.contradictions()).collect()
    }

    /// Thresholds that are fine alone and make no sense together.
    fn contradictions(&self) -> Vec<OutOfRange> {
        let (pace, start) = (&self.pace.behind, &self.start.never);
        let mut found = Vec::new();
        let load = &self.load.overloaded;
        if !(0.1..=10.0).contains(&load.over) {
            found.push(out_of_range(
                "load.overloaded.over",
                load.over.to_string(),
                "a part of the hours from 0.1 to 10",
            ));
        } else if !(load.clear > 0.0 && load.clear <= load.over) {
            let expected = "a part of the hours of at most `over` (what is too much is not yet enough)";
            found.push(out_of_range("load.overloaded.clear", load.clear.to_string(), expected));
        }
        if pace.allowed_last > pace.allowed_first {
            let expected = "a share of at most `allowed_first` (what is allowed shrinks towards the deadline)";
            found.push(out_of_range("pace.behind.allowed_last", pace.allowed_last.to_string(), expected));
        }
        let estimate = &self.estimate.exceeded;
        if estimate.red_from < estimate.from {
            let expected = "a share of at least `from` (a gap widens after it has opened)";
            found.push(out_of_range("estimate.exceeded.red_from", estimate.red_from.to_string(), expected));
        }
        let milestone = &self.milestone.at_risk;
        if milestone.red > milestone.amber {
            let expected = "a share of at most `amber` (what fails was at risk before)";
            found.push(out_of_range("milestone.at_risk.red", milestone.red.to_string(), expected));
        }
        if start.red_from < start.from {
            let expected = "a share of at least `from` (a gap widens after it has opened)";
            found.push(out_of_range("start.never.red_from", start.red_from.to_string(), expected));
        }
        let late = &self.start.late;
        if late.direct_share < late.share {
            let expected = "a share of at least `share` (what is told directly was late before)";
            found.push(out_of_range("start.late.direct_share", late.direct_share.to_string(), expected));
        }
        found
    }
}

fn out_of_range(key: &'static str, found: String, expected: &'static str) -> OutOfRange {
    OutOfRange { key, found, expected }
}
