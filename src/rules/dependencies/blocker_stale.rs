//! `blocker.stale`: others wait for a task on which nothing happens.
//!
//! Whether nothing happens is asked of the rules that know: the same thresholds, the same edge.

use connector_model::StatusCategory;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, Grounds, Reading, RuleId, Stage, Still};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::{RuleSettings, Stalled, StartNever};
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("blocker.stale");

/// The rule, with those it asks.
pub struct BlockerStale {
    stalled: Stalled,
    never: StartNever,
}

impl BlockerStale {
    /// With the thresholds of the rules it asks, whether these speak themselves or not.
    pub fn new(settings: &RuleSettings) -> BlockerStale {
        BlockerStale { stalled: settings.stalled.clone(), never: settings.start.never.clone() }
    }
}

/// One word for the root of a chain: what waits itself is left alone.
impl Rule for BlockerStale {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        self.stalled.reads().and(self.never.reads()).and(Reads::BLOCKERS).and(Reads::DEPENDANTS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let circle = look.waiting_circle(task);
        let is_other = |other: &&TaskRow| look.counts(other) && !circle.contains(&other.id);
        let waiting: Vec<&'a TaskRow> = look.dependants(task).filter(is_other).collect();
        if waiting.is_empty() {
            return not_about("no open task waits for it");
        }
        if look.blockers(task).any(|other| is_other(&other)) {
            return not_about("it waits for another task itself");
        }
        self.read(task, &waiting, look)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

impl BlockerStale {
    fn read<'a>(&self, task: &'a TaskRow, waiting: &[&'a TaskRow], look: &Look<'a>) -> Reading {
        if look.owners(task).next().is_none() {
            return gap(task, waiting, Still::NoOwner, look);
        }
        let subject = Subject::Task(task);
        let (stalled, never) = (self.stalled.judge(subject, look), self.never.judge(subject, look));
        match (stalled, never) {
            (Reading::Gap(finding), _) => {
                let Evidence::Stalled { human_at, .. } = finding.evidence else { return OTHER_KIND };
                gap(task, waiting, Still::Since(human_at), look)
            }
            (_, Reading::Gap(_)) => gap(task, waiting, Still::NeverStarted, look),
            (Reading::Unknown(why), _) | (_, Reading::Unknown(why)) => Reading::Unknown(why),
            (Reading::Edge(evidence), _) | (_, Reading::Edge(evidence)) => Reading::Edge(evidence),
            (Reading::Clear(Grounds::Measured(_)), _) => fine("it moves"),
            _ if task.category() == StatusCategory::Review => fine("it is in review"),
            _ => fine("it is not too late to begin"),
        }
    }
}

fn gap<'a>(task: &'a TaskRow, waiting: &[&'a TaskRow], still: Still, look: &Look<'a>) -> Reading {
    let mut by_date: Vec<_> = waiting.iter().map(|other| (look.deadline(other), other.id)).collect();
    by_date.sort_by_key(|(deadline, id)| (deadline.is_none(), deadline.map(|deadline| deadline.at), *id));
    let nearest = by_date.first().and_then(|(deadline, _)| *deadline);
    let waiting = by_date.into_iter().map(|(_, id)| id).collect();
    let addressee = if still == Still::NoOwner { Addressee::Manager } else { Addressee::Owners };
    Reading::gap(Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee,
        first: None,
        deadline: look.deadline(task).or(nearest),
        evidence: Evidence::BlockerStale { still, waiting, nearest },
    })
}
