//! `aging`: begun, and longer in its state than nearly all tasks of its kind were before they were done.

use connector_model::StatusCategory;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::length::Length;
use crate::domain::look::{Look, Reads};
use crate::domain::norms::{Metric, Norm};
use crate::domain::row::TaskRow;
use crate::rules::settings::Aging;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("aging");

/// Share of the limit below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// Age is measured against finished tasks of the same kind in the same state: where there are too few of one's own, against
/// those of the organisation, then against what is typical elsewhere; where nothing is known, nothing is said.
impl Rule for Aging {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::CHILDREN).and(Reads::BLOCKERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("min_age", self.min_age.to_string().into()), ("subtract_blocked", self.subtract_blocked.into())]
    }

    fn measures(&self) -> &'static [Metric] {
        &[Metric::Active, Metric::Review, Metric::Waiting]
    }
}

impl Aging {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        // A whole is as old as its parts, and each of these is looked at by itself.
        if look.children(task).next().is_some() {
            return Ok(not_about("it has parts, which are looked at by themselves"));
        }
        let category = look.category(task)?;
        // How long work waits to be begun is a matter of plans, and other rules' concern.
        if category == StatusCategory::Todo {
            return Ok(not_about("it was not begun"));
        }
        let Some(metric) = Metric::of_state(category) else { return Ok(not_about("it is over")) };
        let norm = look.norms(task).of(metric);
        let Some(p85) = norm.p85 else {
            return Ok(not_about("too little is known of how long tasks stay in its state"));
        };
        let Some(mut since) = look.state_since(task)? else { return Ok(not_about("its history cannot be read")) };
        if self.subtract_blocked {
            let mut blockers = look.blockers(task);
            if blockers.any(|blocker| blocker.category().is_open()) {
                return Ok(fine("it waits for another task, and that time does not count"));
            }
            let freed = look.blockers(task).filter_map(|blocker| blocker.closed_at()).max();
            since = freed.map_or(since, |freed| since.max(freed));
        }
        Ok(self.measure(task, category, since, norm, p85, look))
    }

    fn measure<'a>(
        &self,
        task: &'a TaskRow,
        category: StatusCategory,
        since: Timestamp,
        norm: &Norm,
        p85: f64,
        look: &Look<'a>,
    ) -> Reading {
        let calendar = look.calendar(task);
        let least = self.min_age.working(since, calendar);
        let limit = |days: f64| Length::Workdays(days).working(since, calendar).max(least);
        let (red, amber) = (limit(p85), norm.p70.map(limit));
        let evidence = || Evidence::Aging {
            category,
            since,
            limit_secs: red,
            usual_secs: amber,
            source: norm.source,
            samples: norm.samples,
        };
        // Longer than that, not as long.
        let longer = |secs: i64| look.passed(calendar.after(since, secs + 1));
        let stage = match amber {
            _ if longer(red) => Stage::Widens,
            Some(amber) if longer(amber) => Stage::Opens,
            _ => {
                let first = amber.map_or(red, |amber| amber.min(red));
                let near = look.passed(calendar.after(since, (first as f64 * EDGE).round() as i64));
                return if near { Reading::edge(evidence()) } else { look.measured(evidence) };
            }
        };
        Reading::gap(Finding {
            stage,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Digest),
            deadline: look.deadline(task),
            evidence: evidence(),
        })
    }
}
