//! `high_priority.silent`: of the highest priorities, and no act of a human on it for longer than such a task can afford.
//!
//! Where much of a container is called urgent, urgency says nothing: there the rule is silent about tasks, and tells the
//! operators so, once for the container.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::length::Length;
use crate::domain::look::{Look, Reads};
use crate::domain::record::ContainerRec;
use crate::domain::row::TaskRow;
use crate::rules::settings::HighPrioritySilent;
use crate::rules::system::to_operators;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("high_priority.silent");

/// Priorities down to this are the top two.
pub const TOP: u8 = 2;
/// Share of a limit below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// Without a deadline one allowance holds; with one, each stretch before it has its own. Unlike `stalled` it does not ask
/// whether the task was begun.
impl Rule for HighPrioritySilent {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn is_about(&self, kind: SubjectKind) -> bool {
        matches!(kind, SubjectKind::Task | SubjectKind::Container)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        match subject {
            Subject::Task(task) => self.read(task, look).unwrap_or_else(Reading::Unknown),
            Subject::Container(container) => self.crowd(container, look),
            _ => OTHER_KIND,
        }
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        let lengths = [
            ("idle", self.idle),
            ("idle_0d", self.idle_0d),
            ("idle_3d", self.idle_3d),
            ("idle_7d", self.idle_7d),
            ("idle_14d", self.idle_14d),
        ];
        let lengths = lengths.into_iter().map(|(key, length)| (key, length.to_string().into()));
        lengths.chain([("most_share", self.most_share.into())]).collect()
    }
}

/// A stretch before the deadline, with the silence allowed in it.
type Band = (Timestamp, i64);

impl HighPrioritySilent {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if task.priority().is_none_or(|priority| priority > TOP) {
            return Ok(not_about("it is not of the top two priorities"));
        }
        if look.top_priority(task.container()).is_some_and(|share| share.p50 > self.most_share) {
            return Ok(not_about("too much of its container is called urgent for that to mean anything"));
        }
        let Some(human_at) = look.human_at(task)? else { return Ok(not_about("its history cannot be read")) };
        let deadline = look.deadline(task);
        let bands = self.bands(task, human_at, deadline.as_ref(), look);
        let limit_secs = bands.iter().rfind(|(from, _)| look.passed(*from)).map_or(0, |(_, secs)| *secs);
        let evidence =
            || Evidence::UrgentSilent { human_at, limit_secs, priority: task.priority().unwrap_or(TOP), deadline };
        let passing = |share: f64| {
            let calendar = look.calendar(task);
            let passing = bands
                .iter()
                .map(|(from, secs)| calendar.after(human_at, (*secs as f64 * share).round() as i64).max(*from));
            passing.min().unwrap_or(Timestamp::MAX)
        };
        if !look.passed(passing(EDGE)) {
            return Ok(look.measured(evidence));
        }
        if !look.passed(passing(1.0)) {
            return Ok(Reading::edge(evidence()));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Direct),
            deadline,
            evidence: evidence(),
        }))
    }

    /// The stretches before the deadline, the farthest first.
    fn bands<'a>(
        &self,
        task: &'a TaskRow,
        human_at: Timestamp,
        deadline: Option<&Deadline>,
        look: &Look<'a>,
    ) -> Vec<Band> {
        let calendar = look.calendar(task);
        let secs = |length: Length| length.working(human_at, calendar);
        let Some(deadline) = deadline else { return vec![(Timestamp::MIN, secs(self.idle))] };
        let near = [(13, self.idle_7d), (6, self.idle_3d), (2, self.idle_0d)];
        let near = near.map(|(left, length)| (look.days_left_from(task, deadline, left), secs(length)));
        [(Timestamp::MIN, secs(self.idle_14d))].into_iter().chain(near).collect()
    }

    /// Whether so much of a container is urgent that nothing is. The share is as of the start of the day.
    fn crowd(&self, container: &ContainerRec, look: &Look<'_>) -> Reading {
        let Some(share) = look.top_priority(container.id) else {
            return fine("it has too few open tasks to say how many are urgent");
        };
        let evidence = Evidence::UrgentCrowd { share: share.p50, tasks: share.samples, most_share: self.most_share };
        if share.p50 > self.most_share {
            return to_operators(Stage::Opens, evidence);
        }
        let near = share.p50 > EDGE * self.most_share;
        if near { Reading::edge(evidence) } else { Reading::measured(evidence) }
    }
}
