//! `estimate.exceeded`: more time went into it than was meant to, or is bound to.

use connector_model::StatusCategory;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::EstimateExceeded;
use crate::rules::{OTHER_KIND, Rule, Subject, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("estimate.exceeded");

/// Share of a limit below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// Three signs, each enough: the time booked, nothing left of the estimate while it is not done, and the time it has been
/// worked on. Time booked on parts is time booked on the whole; an estimate in points is none.
impl Rule for EstimateExceeded {
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
            ("red_from", self.red_from.into()),
            ("direct_from", self.direct_from.into()),
            ("age_factor", self.age_factor.into()),
        ]
    }
}

impl EstimateExceeded {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(estimate_secs) = task.estimate_secs().filter(|secs| *secs > 0) else {
            return Ok(not_about("it has no estimate"));
        };
        let has_parts = look.children(task).next().is_some();
        let booked =
            [task.spent_secs()].into_iter().chain(look.children(task).map(|child| child.spent_secs())).flatten();
        let spent_secs = booked.map(i64::from).sum::<i64>();
        let active = look.category(task);
        let out_of_hand = matches!(active, Ok(StatusCategory::Review | StatusCategory::Waiting));
        // What is left of a whole says nothing while its parts have something left.
        let parts_left = look.children(task).any(|child| child.category().is_open());
        let nothing_left = task.remaining_secs() == Some(0) && !out_of_hand && !parts_left;
        let share = spent_secs as f64 / estimate_secs as f64;
        let age = match active {
            Ok(StatusCategory::Active) if !has_parts => look.state_since(task),
            Ok(_) => Ok(None),
            Err(why) => Err(why),
        };
        let old_at = |share: f64| {
            let secs = estimate_secs as f64 * self.age_factor * share;
            age.ok().flatten().map(|since| look.calendar(task).after(since, secs.round() as i64 + 1))
        };
        let too_old = old_at(1.0).is_some_and(|at| look.passed(at));
        let evidence = Evidence::Estimate {
            estimate_secs,
            spent_secs,
            nothing_left,
            active_since: age.ok().flatten().filter(|_| too_old),
            deadline: look.deadline(task),
        };
        if share > self.red_from || nothing_left || too_old {
            return Ok(gap(Stage::Widens, share >= self.direct_from, task, evidence, look));
        }
        if share >= self.from {
            return Ok(gap(Stage::Opens, false, task, evidence, look));
        }
        let near = share >= EDGE * self.from || old_at(EDGE).is_some_and(|at| look.passed(at));
        match age {
            // Booked time alone does not exceed it, and how long it has been worked on is not known.
            Err(why) => Err(why),
            Ok(_) if near => Ok(Reading::edge(evidence)),
            Ok(_) => Ok(Reading::measured(evidence)),
        }
    }
}

fn gap<'a>(stage: Stage, direct: bool, task: &'a TaskRow, evidence: Evidence, look: &Look<'a>) -> Reading {
    Reading::gap(Finding {
        stage,
        scope: String::new(),
        addressee: Addressee::Owners,
        first: Some(if direct { FirstWord::Direct } else { FirstWord::Digest }),
        deadline: look.deadline(task),
        evidence,
    })
}
