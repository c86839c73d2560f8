//! `due.drift`: the date moves, and nobody sees how far it has come.

use connector_model::DueSource;
use jiff::Timestamp;
use serde_json::Value;

use crate::domain::baseline::Baseline;
use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::past::DueMove;
use crate::domain::row::{TaskRow, Told};
use crate::rules::settings::{DueDrift, DueUnrealistic, RuleSettings};
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("due.drift");

/// Share of a threshold below which a gap that is open closes.
const EDGE: f64 = 0.9;

/// The rule, with the one whose advice makes a date move.
pub struct DateDrift {
    settings: DueDrift,
    unrealistic: DueUnrealistic,
}

impl DateDrift {
    /// With the thresholds of the rule it asks, whether that speaks itself or not.
    pub fn new(settings: &RuleSettings) -> DateDrift {
        DateDrift { settings: settings.due.drift.clone(), unrealistic: settings.due.unrealistic.clone() }
    }
}

/// Told to the manager as a matter of planning, and to nobody as a reproach. A date that never stood for a working day was
/// a note, and changing it is no move; what moves with many others at once, or with its milestone or sprint, did not drift by
/// itself, and what is taken to a later milestone did. Whoever
/// is asked in the last days whether the date holds, and says so before moving it, has hidden nothing. A date that hardly
/// anybody would have met was a mistake from the day on which it was set, and setting a better one mends it.
impl Rule for DateDrift {
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
        let settings = &self.settings;
        vec![
            ("moves", settings.moves.into()),
            ("slip", settings.slip.into()),
            ("late", settings.late.to_string().into()),
        ]
    }
}

impl DateDrift {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(deadline) = look.deadline(task) else { return Ok(not_about("it has no deadline of its own")) };
        if !matches!(deadline.source, DueSource::Item | DueSource::Field | DueSource::Milestone) {
            return Ok(not_about("its date is that of its sprint or release, which is followed as a whole"));
        }
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        if !facts.due_moves().iter().any(DueMove::is_later) {
            return Ok(fine("its date was never moved later"));
        }
        let promised = look.baseline(task)?;
        let mended = self.mended(task, facts, look);
        let is_mended = |one: &DueMove| mended.contains(&one.at);
        let moves = meant(task, facts, promised.as_ref(), look);
        let moves: Vec<&DueMove> = moves.into_iter().filter(|one| !is_mended(one)).collect();
        let late = |one: &&&DueMove| self.is_late(task, one, look);
        let late_move_at = moves.iter().filter(late).map(|one| one.at).max();
        let times = u32::try_from(moves.len()).unwrap_or(u32::MAX);
        let (slip_secs, span_secs) = match &promised {
            Some(promised) => slip(task, &deadline, promised, facts, &is_mended, look)?,
            None => (0, 0),
        };
        let promised = promised.map(|promised| promised.due);
        let evidence = Evidence::Drift { times, promised, slip_secs, span_secs, late_move_at, deadline };
        let beyond = |share: f64| span_secs > 0 && slip_secs as f64 > share * self.settings.slip * span_secs as f64;
        if times < self.settings.moves && late_move_at.is_none() && !beyond(1.0) {
            let edge = beyond(EDGE);
            return Ok(if edge { Reading::edge(evidence) } else { Reading::measured(evidence) });
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Manager,
            first: Some(FirstWord::Digest),
            deadline: Some(deadline),
            evidence,
        }))
    }

    /// When a date that was too soon when it was set was moved to one that was not.
    fn mended<'a>(&self, task: &'a TaskRow, facts: Told<'a>, look: &Look<'a>) -> Vec<Timestamp> {
        let mut set_at: Timestamp = facts.first_due_at().unwrap_or(task.created_at());
        let mut mended = Vec::new();
        for one in facts.due_moves() {
            if let (Some(from), Some(to)) = (one.from, one.to)
                && self.unrealistic.is_against(task, set_at, from, look)
                && !self.unrealistic.is_against(task, one.at, to, look)
            {
                mended.push(one.at);
            }
            set_at = one.at;
        }
        mended
    }

    /// Moved in the last day before the date it had, without a word in the task; once that has passed, a new date is what is
    /// asked for.
    fn is_late<'a>(&self, task: &'a TaskRow, one: &DueMove, look: &Look<'a>) -> bool {
        let Some(from) = one.from else { return false };
        let expires_at = look.expires_at(task, from);
        !one.said && one.at <= expires_at && self.settings.late.after(one.at, look.calendar(task)) >= expires_at
    }
}

/// The moves to a later date that count: of a date that was promised, or that had stood for a working day.
fn meant<'a>(task: &'a TaskRow, facts: Told<'a>, promised: Option<&Baseline>, look: &Look<'a>) -> Vec<&'a DueMove> {
    let calendar = look.calendar(task);
    let mut set_at: Timestamp = facts.first_due_at().unwrap_or(task.created_at());
    let mut meant = Vec::new();
    for one in facts.due_moves() {
        let stood = calendar.working(set_at, one.at) >= calendar.day_secs();
        let after = promised.is_some_and(|promised| promised.stood_at <= one.at);
        if one.is_later() && !one.bulk && (stood || after) {
            meant.push(one);
        }
        set_at = one.at;
    }
    meant
}

/// How far the date has come from the one that was promised, and how long there was for it then: working seconds.
fn slip<'a>(
    task: &'a TaskRow,
    deadline: &Deadline,
    promised: &Baseline,
    facts: Told<'_>,
    is_mended: &dyn Fn(&DueMove) -> bool,
    look: &Look<'a>,
) -> Result<(i64, i64), Why> {
    let calendar = look.calendar(task);
    let between = |from: Timestamp, to: Timestamp| calendar.working(from, to) - calendar.working(to, from);
    let at_once = facts.due_moves().iter().filter(|one| (one.bulk || is_mended(one)) && one.at > promised.since);
    let shifted: i64 =
        at_once.filter_map(|one| Some(between(look.expires_at(task, one.from?), look.expires_at(task, one.to?)))).sum();
    let (start_at, _) = look.start_origin(task)?;
    Ok((between(promised.at, deadline.at) - shifted, calendar.working(start_at, promised.at)))
}
