//! The forecast: how likely a task that is still open so many days before its date is to miss it, and what has to be known
//! before that may be said.
//!
//! Two facts make the score, as measured on public histories: how long nobody has touched the task, and whether it was begun.
//! A score from elsewhere may have the wrong sign for a team, so it ranks nothing before the team's own finished tasks show
//! that it orders them. That, and who belongs to the riskiest third, are norms: found out at fixed instants, stored, and
//! still in between.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::burndown::Weeks;
use super::ids::{ContainerId, TaskId};
use super::moved::Moved;

/// Calendar days before the date at which a task that is still open is looked at, the earliest first.
pub const CHECKPOINTS: [u32; 4] = [14, 7, 3, 1];
/// Those at which some are riskier than others; later, all of them are at risk.
pub const RANKED: [u32; 2] = [14, 7];
/// Fewer open tasks at a checkpoint have no riskiest third.
pub const FEWEST_RANKED: usize = 3;
/// A threshold that moved by this share of itself or less stays what it was.
const STILL: f64 = 0.1;

/// The score of a task that is open so many days before its date: the log-odds of missing it.
pub fn score(days: u32, idle_days: f64, started: bool) -> f64 {
    let (base, idle, begun) = match days {
        14.. => (-1.96, 0.50, -1.05),
        7..14 => (-1.04, 0.36, -0.99),
        _ => (-0.55, 0.30, -0.70),
    };
    base + idle * idle_days.max(0.0).ln_1p() + if started { begun } else { 0.0 }
}

/// A score as a share of tasks: so many of those like it miss their date.
pub fn risk(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}
/// What finished tasks show of the score at one checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// How many stood there.
    pub tasks: u32,
    /// How many of them missed their date.
    pub misses: u32,
    /// How often one that missed it had the higher score than one that did not. `None`: there were none of one of the two.
    pub auc: Option<f64>,
    /// What is to be added to the score for it to tell the share of those that miss their date here.
    pub shift: f64,
    /// When this was found out.
    pub as_of: Timestamp,
}

/// From how many tasks a threshold is, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Third {
    /// How many open tasks stood at the checkpoint.
    pub of: u32,
    /// From this risk on, by the score alone, a task belongs to the riskiest third. `None`: they are all alike.
    pub from: Option<f64>,
}

/// What is known beforehand about the dates of a container, or of the whole organisation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outlook {
    /// What finished tasks show, by checkpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub proofs: BTreeMap<u32, Proof>,
    /// Who belongs to the riskiest third, by checkpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub thirds: BTreeMap<u32, Third>,
    /// Of a plan: what happened in it in each whole week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weeks: Option<Weeks>,
    /// Open tasks whose date is that of this milestone, sprint or version.
    #[serde(skip_serializing_if = "is_none")]
    pub shared_by: u32,
}

fn is_none(many: &u32) -> bool {
    *many == 0
}

/// The outlook of each container by its row, of a task with parts by its row with a minus before it, and of the organisation
/// under 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    /// By row.
    pub outlooks: BTreeMap<i64, Outlook>,
}

impl Forecast {
    /// What finished tasks of a container show at a checkpoint, and those of the whole organisation.
    pub fn proofs(&self, container: ContainerId, days: u32) -> [Option<&Proof>; 2] {
        [container.0, 0].map(|about| self.outlooks.get(&about)?.proofs.get(&days))
    }

    /// Who belongs to the riskiest third of a container's open tasks at a checkpoint. `None`: too few stood there.
    pub fn third(&self, container: ContainerId, days: u32) -> Option<Third> {
        self.outlooks.get(&container.0)?.thirds.get(&days).copied()
    }

    /// What happened in a plan in each whole week. `None`: it was not looked at yet.
    pub fn weeks(&self, plan: i64) -> Option<&Weeks> {
        self.outlooks.get(&plan)?.weeks.as_ref()
    }

    /// How many open tasks have the date of a milestone, sprint or version, as of the start of the day.
    pub fn shared_by(&self, home: ContainerId) -> u32 {
        self.outlooks.get(&home.0).map_or(0, |outlook| outlook.shared_by)
    }

    /// With what happened in plans in each whole week.
    pub fn with_weeks(mut self, plans: BTreeMap<i64, Weeks>) -> Forecast {
        for (plan, weeks) in plans {
            self.outlooks.entry(plan).or_default().weeks = Some(weeks);
        }
        self
    }

    /// Takes this in the place of an older one: a threshold that stood still keeps its value. Says what moved.
    pub fn settle(&mut self, before: &Forecast) -> BTreeSet<Moved> {
        for (about, outlook) in &mut self.outlooks {
            let Some(old) = before.outlooks.get(about) else { continue };
            for (days, third) in &mut outlook.thirds {
                if let Some(old) = old.thirds.get(days).filter(|old| old.stands_still(third)) {
                    *third = *old;
                }
            }
        }
        let rows = before.outlooks.keys().chain(self.outlooks.keys());
        let moved = rows.filter(|about| before.outlooks.get(about) != self.outlooks.get(about));
        let moved = moved.map(|about| match *about {
            0 => Moved::Organisation,
            task if task < 0 => Moved::Task(TaskId(-task)),
            container => Moved::Container(ContainerId(container)),
        });
        moved.collect()
    }

    /// Puts what open tasks of a container show at a checkpoint.
    pub fn put_third(&mut self, container: ContainerId, days: u32, risks: Vec<f64>) {
        if let Some(third) = third(risks) {
            self.outlooks.entry(container.0).or_default().thirds.insert(days, third);
        }
    }
}

impl Third {
    fn stands_still(&self, now: &Third) -> bool {
        match (self.from, now.from) {
            (Some(before), Some(now)) => (now - before).abs() <= STILL * before,
            (before, now) => before == now,
        }
    }
}

/// The smallest risk that at most a third of them reach; of equal ones none is the riskier.
pub(super) fn third(mut risks: Vec<f64>) -> Option<Third> {
    if risks.len() < FEWEST_RANKED {
        return None;
    }
    risks.sort_by(|one, other| other.total_cmp(one));
    let most = risks.len() / 3;
    let from = (1..=most).rev().find(|count| risks[*count] < risks[count - 1]).map(|count| risks[count - 1]);
    Some(Third { of: u32::try_from(risks.len()).unwrap_or(u32::MAX), from })
}
