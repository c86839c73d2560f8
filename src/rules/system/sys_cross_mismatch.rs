//! `sys.cross_mismatch`: two trackers tell different things about what is linked between them.

use std::cmp::Ordering;

use connector_model::{Due, Need, StatusCategory};
use jiff::civil::Date;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, Grounds, Mismatch, Reading, RuleId, Stage, Why};
use crate::domain::ids::AccountId;
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::SysCrossMismatch;
use crate::rules::told::untold;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("sys.cross_mismatch");
/// Why nothing is compared.
const NO_OTHER: &str = "it is linked with no task of another tracker";

/// About the open one of the two; where both are, about the one that is first by name, so that it is one gap. What was made
/// after the other was done follows on it and contradicts nothing. Owners are compared where it is known who they are.
impl Rule for SysCrossMismatch {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::LINKED)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let mut linked = look.linked(task).peekable();
        if linked.peek().is_none() {
            return not_about(NO_OTHER);
        }
        let own_site = look.site(task);
        let others = linked.filter(|other| look.site(other) != own_site && other.ineligible().is_none());
        let others: Vec<&'a TaskRow> = others.filter(|other| look.watched(other)).collect();
        if others.is_empty() {
            return not_about(NO_OTHER);
        }
        // All of them are asked: each *not yet* is an instant to look again.
        let mut found: Vec<Reading> = others.into_iter().map(|other| self.compare(task, other, look)).collect();
        let gap = found.iter().position(|reading| matches!(reading, Reading::Gap(_)));
        let doubt = || found.iter().position(|reading| matches!(reading, Reading::Unknown(_)));
        let measured = || found.iter().position(|reading| matches!(reading, Reading::Clear(Grounds::Measured(_))));
        found.swap_remove(gap.or_else(doubt).or_else(measured).unwrap_or(0))
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("after", self.after.to_string().into()), ("days_apart", self.days_apart.into())]
    }
}

impl SysCrossMismatch {
    fn compare<'a>(&self, task: &'a TaskRow, other: &'a TaskRow, look: &Look<'a>) -> Reading {
        if other.category() == StatusCategory::Done {
            return self.done_there(task, other, look);
        }
        if !other.category().is_open() {
            return fine("the other was given up");
        }
        if name(task, look).cmp(&name(other, look)) != Ordering::Less {
            return not_about("the task it is linked with stands for both");
        }
        let how =
            self.dates(task, other, look).or_else(|| has_other_owners(task, other, look).then_some(Mismatch::Owners));
        let untold = || [task, other].into_iter().find_map(|one| untold(&[Need::Owner, Need::Due], one, look));
        match how {
            Some(how) => gap(task, other, how, look),
            // What one of them does not tell does not contradict the other, and is not the same either.
            None => untold().map_or(fine("both trackers tell the same"), |need| Reading::Unknown(Why::NotTold(need))),
        }
    }

    fn done_there<'a>(&self, task: &'a TaskRow, other: &'a TaskRow, look: &Look<'a>) -> Reading {
        let Some(done_at) = other.closed_at() else { return fine("it is not known when the other was done") };
        let opened_at = task.facts().reopened_at().map_or(task.created_at(), |at| at.max(task.created_at()));
        if opened_at >= done_at {
            return fine("it was made, or opened again, after the other was done");
        }
        let how = Mismatch::Done { at: done_at };
        if look.passed(self.after.after(done_at, look.calendar(task))) {
            return gap(task, other, how, look);
        }
        Reading::measured(Evidence::CrossMismatch { other: other.id, how })
    }

    fn dates<'a>(&self, task: &'a TaskRow, other: &'a TaskRow, look: &Look<'a>) -> Option<Mismatch> {
        let (deadline, there) = (look.deadline(task)?, look.deadline(other)?);
        let day = |task: &'a TaskRow, due: Due| -> Date {
            match due {
                Due::On(date) => date,
                Due::At(at) => look.calendar(task).date(at),
            }
        };
        let apart = (day(other, there.due) - day(task, deadline.due)).get_days().abs();
        (apart > days(self.days_apart)).then_some(Mismatch::Dates { deadline, there })
    }
}

/// None of the one's owners is one of the other's, and it is known of all of them who they are.
fn has_other_owners<'a>(task: &'a TaskRow, other: &'a TaskRow, look: &Look<'a>) -> bool {
    let (here, there): (Vec<AccountId>, Vec<AccountId>) = (look.owners(task).collect(), look.owners(other).collect());
    let pairs = here.iter().flat_map(|one| there.iter().map(move |other| look.is_same_person(*one, *other)));
    let differ = pairs.map(|same| same == Some(false)).reduce(|all, differ| all && differ);
    differ.unwrap_or(false)
}

fn name<'a>(task: &'a TaskRow, look: &Look<'a>) -> (&'a str, usize, &'a str) {
    (look.site(task), task.ext().len(), task.ext())
}

fn gap<'a>(task: &'a TaskRow, other: &TaskRow, how: Mismatch, look: &Look<'a>) -> Reading {
    let owned = look.owners(task).next().is_some();
    Reading::gap(Finding {
        stage: Stage::Opens,
        scope: String::new(),
        addressee: if owned { Addressee::Owners } else { Addressee::Manager },
        first: None,
        deadline: look.deadline(task),
        evidence: Evidence::CrossMismatch { other: other.id, how },
    })
}
