//! `due.unrealistic`: a date was set that hardly anybody would meet.

use connector_model::{Due, DueSource, StatusCategory};
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage, TooSoon, Why};
use crate::domain::ids::AccountId;
use crate::domain::look::{Look, Reads};
use crate::domain::row::{TaskRow, Told};
use crate::rules::settings::DueUnrealistic;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("due.unrealistic");

/// Judged by the moment at which the date was set, and told to whoever set it; time alone changes nothing about it. What is
/// urgent is urgent, what is known to take an hour may be due today, and an import brings dates of long ago.
impl Rule for DueUnrealistic {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        self.read(task, look).unwrap_or_else(Reading::Unknown)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("days_ahead", self.days_ahead.into()), ("exempt_priority", self.exempt_priority.into())]
    }
}

/// When the date was set, and by whom.
struct Set {
    at: Timestamp,
    by: AccountId,
    /// It came with the task, when that was made.
    made: bool,
}

impl DueUnrealistic {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(deadline) = look.deadline(task) else { return Ok(not_about("it has no deadline")) };
        if matches!(deadline.source, DueSource::Sprint | DueSource::Release) {
            return Ok(not_about("its date is that of its sprint or release"));
        }
        if self.is_urgent(task) {
            return Ok(not_about("it is urgent"));
        }
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        if facts.due_moves().last().is_some_and(|last| last.bulk) {
            return Ok(not_about("its date was set with many others at once"));
        }
        // Whoever puts it into a milestone sets its date. Who made the milestone, or moved it, no tool tells.
        let told = deadline.source != DueSource::Milestone || facts.due_set_at().is_some();
        let Some(set) = set(task, facts).filter(|set| told && look.is_there(set.by)) else {
            return Ok(not_about("nobody is known to have set its date"));
        };
        if set.made && deadline.at <= set.at {
            return Ok(not_about("it was made with a date in the past, as imports are"));
        }
        if fits(task, set.at, deadline.at, look) {
            return Ok(not_about("its estimate fits into the time"));
        }
        let typical_days = look.norms(task).work_p50_days();
        let how = self.too_soon(task, set.at, deadline.at, look);
        let evidence = |how| Evidence::Unrealistic { set_at: set.at, deadline, how, typical_days };
        Ok(match how {
            None if begun(task, set.at).is_some() => fine("it had been begun early enough for its date"),
            None => fine("its date was set far enough ahead"),
            Some(how) => Reading::gap(Finding {
                stage: Stage::Opens,
                scope: String::new(),
                addressee: Addressee::Account(set.by),
                first: None,
                deadline: Some(deadline),
                evidence: evidence(how),
            }),
        })
    }

    fn is_urgent(&self, task: &TaskRow) -> bool {
        task.priority().is_some_and(|priority| u32::from(priority) <= self.exempt_priority)
    }

    /// Whether hardly anybody would have met a date that a task was given at an instant.
    pub fn is_against<'a>(&self, task: &'a TaskRow, set_at: Timestamp, due: Due, look: &Look<'a>) -> bool {
        let ends_at = look.expires_at(task, due);
        !self.is_urgent(task)
            && !fits(task, set_at, ends_at, look)
            && self.too_soon(task, set_at, ends_at, look).is_some()
    }

    fn too_soon<'a>(
        &self,
        task: &'a TaskRow,
        set_at: Timestamp,
        ends_at: Timestamp,
        look: &Look<'a>,
    ) -> Option<TooSoon> {
        if ends_at <= set_at {
            return Some(TooSoon::Past);
        }
        let calendar = look.calendar(task);
        let begun_at = begun(task, set_at);
        let ahead = (calendar.date(ends_at) - calendar.date(set_at)).get_days();
        if begun_at.is_none() && ahead <= crate::rules::days(self.days_ahead) {
            return Some(TooSoon::Unstarted);
        }
        let has = calendar.working(begun_at.unwrap_or(set_at), ends_at);
        let typical = (look.norms(task).work_p50_days() * calendar.day_secs() as f64).round() as i64;
        (has < typical).then_some(TooSoon::Short)
    }
}

/// Who set the date it has now: where no history tells, whoever made the task.
fn set(task: &TaskRow, facts: Told<'_>) -> Option<Set> {
    match facts.due_set_at() {
        Some(at) => Some(Set { at, by: facts.due_set_by()?, made: at <= task.created_at() }),
        None => Some(Set { at: task.created_at(), by: task.reporter()?, made: true }),
    }
}

/// True for what is known to take no longer than there is time.
fn fits<'a>(task: &'a TaskRow, set_at: Timestamp, ends_at: Timestamp, look: &Look<'a>) -> bool {
    task.estimate_secs().is_some_and(|secs| secs > 0 && secs <= look.calendar(task).working(set_at, ends_at))
}

/// Since when somebody had been at it when the date was set. `None`: nobody had.
fn begun(task: &TaskRow, set_at: Timestamp) -> Option<Timestamp> {
    let told = task.facts().started_at().filter(|at| *at <= set_at);
    let is_begun = task.unmapped().is_some() || !matches!(task.category(), StatusCategory::Todo);
    let says = task.facts().started_at().is_none() && is_begun;
    told.or_else(|| says.then_some(task.created_at()))
}
