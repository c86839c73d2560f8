//! `owner.absent`: whoever has it is away when it is due, or when it is next looked at.

use connector_model::Due;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage};
use crate::domain::ids::AccountId;
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::domain::somebody::Absence;
use crate::rules::settings::OwnerAbsent;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("owner.absent");
/// Calendar days before a deadline on which it is asked whether it can be met, and the day itself.
const CHECKPOINTS: [i32; 5] = [14, 7, 3, 1, 0];

/// The owner hears before leaving, while they can still hand it over; once they are away, whoever acts in their place. Only
/// that they are away is known here, and until when: never why. Where another owner is there, nothing is missing.
impl Rule for OwnerAbsent {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let Some(first) = look.owners(task).next() else { return not_about("it has no owner") };
        let Some(deadline) = look.deadline(task) else { return not_about("it has no deadline") };
        if look.passed(deadline.at) {
            return not_about("its date has passed");
        }
        // Most people are not away at all.
        if look.owners(task).any(|owner| look.people().away(owner).is_empty()) {
            return fine("an owner is there when it matters");
        }
        let owners: Vec<AccountId> = look.owners(task).collect();
        let dates = next_dates(task, &deadline, look);
        let mut found = None;
        for owner in &owners {
            match self.missing(*owner, &dates, look) {
                Some(absence) if *owner == first => found = Some(absence),
                Some(_) => {}
                None => return fine("an owner is there when it matters"),
            }
        }
        let Some((absence, on)) = found else { return not_about("it has no owner") };
        let away = look.passed(absence.from_at);
        let deputy = look.deputy(first);
        Reading::gap(Finding {
            stage: if away { Stage::Widens } else { Stage::Opens },
            scope: String::new(),
            addressee: match (away, deputy) {
                (false, _) => Addressee::Owners,
                (true, Some(deputy)) => Addressee::Account(deputy),
                (true, None) => Addressee::Manager,
            },
            // They leave soon: tomorrow's digest may be one that they do not read.
            first: Some(FirstWord::Direct),
            deadline: Some(deadline),
            evidence: Evidence::OwnerAbsent {
                owner: first,
                from_on: absence.days.from,
                back_on: absence.back_on(),
                deadline,
                checkpoint: Some(on).filter(|on| *on != due_on(&deadline, task, look)),
            },
        })
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("away", self.away.to_string().into()),
            ("before", self.before.to_string().into()),
            ("after", self.after.to_string().into()),
        ]
    }
}

impl OwnerAbsent {
    /// The absence during which one of these days comes, or shortly after which: told from shortly before until its end.
    fn missing(&self, owner: AccountId, dates: &[Date], look: &Look<'_>) -> Option<(Absence, Date)> {
        let calendar = look.hours(owner);
        let least = self.away.work_secs(calendar).unwrap_or_default();
        for absence in look.absences(owner).into_iter().filter(|absence| absence.work_secs >= least) {
            let last = calendar.date(self.after.after(absence.back_at, calendar));
            let hit = dates.iter().find(|date| absence.days.from <= **date && **date <= last);
            if let Some(date) = hit
                && !look.passed(absence.back_at)
            {
                let told_from = calendar.before(absence.from_at, self.before.work_secs(calendar).unwrap_or_default());
                return look.passed(told_from).then_some((absence, *date));
            }
        }
        None
    }
}

/// The day it is due, and the next one on which it is looked at: both, for either may fall into an absence.
fn next_dates<'a>(task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> Vec<Date> {
    let due = due_on(deadline, task, look);
    let calendar = look.calendar(task);
    let day = |before: &i32| due.checked_sub(before.days()).ok();
    let over = |date: &Date| date.tomorrow().is_ok_and(|next| look.passed(calendar.day_begins(next)));
    let next = CHECKPOINTS.iter().filter_map(day).find(|date| !over(date));
    next.into_iter().filter(|next| *next != due).chain([due]).collect()
}

fn due_on<'a>(deadline: &Deadline, task: &'a TaskRow, look: &Look<'a>) -> Date {
    match deadline.due {
        Due::On(date) => date,
        Due::At(at) => look.calendar(task).date(at),
    }
}
