//! `pace.behind`: declared progress against elapsed time. How progress is declared and time is counted is the look's.

use connector_model::{Progress, ProgressSource};
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads, Span};
use crate::rules::settings::PaceBehind;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("pace.behind");

/// Share of the allowed shortfall below which a gap that is open closes.
const EDGE: f64 = 0.9;
/// A checklist of fewer items says too little to turn a gap red.
const TRUSTED_ITEMS: u32 = 5;

/// Shortfall is elapsed share minus declared share, both 0.0 to 1.0; 20 % done after 60 % of the time (the founding text's
/// own case) is 0.4, where 0.27 is allowed. Time counts by the owner's calendar. A task without a deadline or declared
/// progress is left to other rules: nothing is flagged on a guess.
impl Rule for PaceBehind {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::CHILDREN)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let Some(progress) = look.progress(task) else { return not_about("nothing declares its progress") };
        let span = match look.span(task) {
            Ok(Some(span)) => span,
            Ok(None) if look.deadline(task).is_none() => return not_about("it has no deadline"),
            Ok(None) => return not_about("its deadline is not after its start"),
            Err(why) => return Reading::Unknown(why),
        };
        let calendar = look.calendar(task);
        if span.deadline.at < self.min_span.after(span.start_at, calendar) {
            return not_about("it is planned for too short a time");
        }
        if progress.share.get() >= 1.0 {
            return fine("all of it is declared done");
        }
        self.read(&Pace { rule: self, progress, span, calendar }, look)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("from", self.from.into()),
            ("allowed_first", self.allowed_first.into()),
            ("allowed_last", self.allowed_last.into()),
            ("red_extra", self.red_extra.into()),
            ("red_from", self.red_from.into()),
            ("min_span", self.min_span.to_string().into()),
        ]
    }
}

impl PaceBehind {
    fn read(&self, pace: &Pace<'_>, look: &Look<'_>) -> Reading {
        // Most are not even nearly short: that is asked first, and nothing is worth asking before.
        if !look.passed(pace.nearly_short_at()) {
            return look.measured(|| pace.evidence());
        }
        if !look.passed(pace.short_at()) {
            return Reading::edge(pace.evidence());
        }
        let red = pace.is_trusted() && (look.passed(pace.far_short_at()) || look.passed(pace.too_slow_at()));
        Reading::gap(pace.finding(if red { Stage::Widens } else { Stage::Opens }))
    }
}

/// Shortfall allowed at an elapsed share: a straight line from `first` at `from` to `last` at the deadline, and level
/// before and after.
pub fn allowed_at(elapsed: f64, from: f64, first: f64, last: f64) -> f64 {
    if from >= 1.0 {
        return last;
    }
    let way = ((elapsed - from) / (1.0 - from)).clamp(0.0, 1.0);
    first + (last - first) * way
}

/// One task's numbers.
struct Pace<'a> {
    rule: &'a PaceBehind,
    progress: Progress,
    span: Span,
    calendar: &'a Calendar,
}

impl Pace<'_> {
    /// Only amber, where progress or span are half guessed.
    fn is_trusted(&self) -> bool {
        let few = self.progress.source == ProgressSource::Checklist && self.progress.items < TRUSTED_ITEMS;
        !few && !self.span.guessed
    }

    fn short_at(&self) -> Timestamp {
        self.at(self.share_where_short(1.0, 0.0))
    }

    fn nearly_short_at(&self) -> Timestamp {
        self.at(self.share_where_short(EDGE, 0.0))
    }

    fn far_short_at(&self) -> Timestamp {
        self.at(self.share_where_short(1.0, self.rule.red_extra))
    }

    /// When a finish projected from progress and time so far passes the deadline by more than a tenth of the span, and by
    /// more than a day.
    fn too_slow_at(&self) -> Timestamp {
        let day = self.calendar.day_secs() as f64 / self.span.work_secs as f64;
        let slow = self.progress.share.get() * (1.0 + day.max(0.1));
        self.at(slow.max(self.rule.red_from))
    }

    /// Elapsed share from which the shortfall is at least `times` the allowed one and `extra`: where the rising line
    /// `elapsed - progress` meets the falling one of [`allowed_at`], or the level one after the deadline.
    fn share_where_short(&self, times: f64, extra: f64) -> f64 {
        let PaceBehind { from, allowed_first: first, allowed_last: last, .. } = *self.rule;
        let base = self.progress.share.get() + extra;
        let falls = if from < 1.0 { (first - last) / (1.0 - from) } else { 0.0 };
        let meets = (base + times * (first + falls * from)) / (1.0 + times * falls);
        let share = if from < 1.0 && meets <= 1.0 { meets } else { base + times * last };
        share.max(from)
    }

    fn at(&self, share: f64) -> Timestamp {
        self.calendar.after(self.span.start_at, (share * self.span.work_secs as f64).round() as i64)
    }

    fn finding(&self, stage: Stage) -> Finding {
        Finding {
            stage,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: None,
            deadline: Some(self.span.deadline),
            evidence: self.evidence(),
        }
    }

    fn evidence(&self) -> Evidence {
        Evidence::Pace {
            progress: self.progress.share.get(),
            source: self.progress.source,
            items: self.progress.items,
            start_at: self.span.start_at,
            deadline: self.span.deadline,
            from: self.rule.from,
            allowed_first: self.rule.allowed_first,
            allowed_last: self.rule.allowed_last,
        }
    }
}
