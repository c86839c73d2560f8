//! `pace.stuck_near_done`: nearly done, so it is declared, and that for longer than the last stretch takes.

use connector_model::{Progress, ProgressSource, StatusCategory};
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::length::Length;
use crate::domain::look::{Look, Reads};
use crate::domain::norms::Metric;
use crate::domain::row::TaskRow;
use crate::rules::settings::PaceStuckNearDone;
use crate::rules::{OTHER_KIND, Rule, Subject, days, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("pace.stuck_near_done");

/// Share of the limit below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// Work in review, or waiting for a release, has left its owner's hands: where the tool's states say so, nothing is flagged.
impl Rule for PaceStuckNearDone {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::CHILDREN)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("from", self.from.into()),
            ("still", self.still.to_string().into()),
            ("span_share", self.span_share.into()),
            ("direct_days_left", self.direct_days_left.into()),
        ]
    }

    fn measures(&self) -> &'static [Metric] {
        &[Metric::NearDone]
    }
}

impl PaceStuckNearDone {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(progress) = look.progress(task) else { return Ok(not_about("nothing declares its progress")) };
        if progress.share.get() < self.from {
            return Ok(not_about("it is not nearly done"));
        }
        if matches!(look.category(task)?, StatusCategory::Review | StatusCategory::Waiting) {
            return Ok(not_about("it waits for somebody or something else"));
        }
        let Some(since) = self.since(task, progress, look)? else {
            return Ok(not_about("its history cannot be read"));
        };
        let (calendar, norm) = (look.calendar(task), look.norms(task).of(Metric::NearDone));
        let secs = |length: Length| calendar.working(since, length.after(since, calendar));
        let usual = norm.p85.map_or(0, |days| secs(Length::Workdays(days)));
        // What the history does not tell of the span, the other limit makes good.
        let share = look.span(task).ok().flatten().map(|span| (span.work_secs as f64 * self.span_share).round() as i64);
        let limit_secs = secs(self.still).max(usual).min(share.unwrap_or(i64::MAX));
        let deadline = look.deadline(task);
        let evidence = Evidence::NearDone {
            progress: progress.share.get(),
            source: progress.source,
            items: progress.items,
            since,
            limit_secs,
            deadline,
        };
        // Longer than that, not as long.
        if look.passed(calendar.after(since, limit_secs + 1)) {
            let near =
                deadline.is_some_and(|deadline| look.days_left_at_most(task, &deadline, days(self.direct_days_left)));
            return Ok(Reading::gap(Finding {
                stage: Stage::Widens,
                scope: String::new(),
                addressee: Addressee::Owners,
                first: Some(if near { FirstWord::Direct } else { FirstWord::Digest }),
                deadline,
                evidence,
            }));
        }
        let near = look.passed(calendar.after(since, (limit_secs as f64 * EDGE).round() as i64));
        Ok(if near { Reading::edge(evidence) } else { Reading::measured(evidence) })
    }

    /// Since when its progress is what it is. Where the history does not tell, since the last act of a human, which it may
    /// have been. `Ok(None)`: there is no history.
    fn since<'a>(&self, task: &'a TaskRow, progress: Progress, look: &Look<'a>) -> Result<Option<Timestamp>, Why> {
        let Some(facts) = look.facts(task)? else { return Ok(None) };
        if progress.source == ProgressSource::Children {
            // A part that was closed, or added, moved it.
            let moved =
                look.children(task).flat_map(|child| [child.closed_at(), Some(child.created_at())]).flatten().max();
            return Ok(Some(moved.unwrap_or(task.created_at()).max(task.created_at())));
        }
        let moved = match progress.source {
            ProgressSource::Time => facts.booked_at(),
            _ => facts.progress_at(),
        };
        moved.map_or_else(|| look.human_at(task), |at| Ok(Some(at)))
    }
}
