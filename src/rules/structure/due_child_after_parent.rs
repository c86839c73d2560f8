//! `due.child_after_parent`: a part is due after the whole.

use connector_model::Due;
use serde_json::Value;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, FirstWord, Reading, RuleId, Stage};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::rules::settings::DueChildAfterParent;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, is_work, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("due.child_after_parent");

/// Both dates may come from anywhere but each other. Told to whoever set the later one, as far as that is known.
impl Rule for DueChildAfterParent {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::PARENT)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let Some(parent) = look.parent(task).filter(|parent| is_work(parent)) else {
            return not_about("it is no part of an open task");
        };
        let Some(deadline) = look.deadline(task) else { return not_about("it has no deadline") };
        let Some(parent_deadline) = look.deadline(parent) else {
            return not_about("the task it is part of has no deadline");
        };
        if !is_later((task, &deadline), (parent, &parent_deadline), look) {
            return fine("it is due in time for the task it is part of");
        }
        let red = look.days_left_at_most(parent, &parent_deadline, days(self.red_days_left));
        Reading::gap(Finding {
            stage: if red { Stage::Widens } else { Stage::Opens },
            scope: String::new(),
            addressee: addressee(task, look),
            first: (!red).then_some(FirstWord::Digest),
            deadline: Some(parent_deadline),
            evidence: Evidence::ChildAfterParent { deadline, parent: parent.id, parent_deadline },
        })
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("red_days_left", self.red_days_left.into())]
    }
}

/// Days are compared as days, whatever the owners' zones make of them. A day and an instant contradict each other only
/// when both the instants and the days do.
fn is_later<'a>(child: (&'a TaskRow, &Deadline), parent: (&'a TaskRow, &Deadline), look: &Look<'a>) -> bool {
    let day = |(task, deadline): (&'a TaskRow, &Deadline)| match deadline.due {
        Due::On(date) => date,
        Due::At(at) => look.calendar(task).date(at),
    };
    let later = child.1.at > parent.1.at;
    match (child.1.due, parent.1.due) {
        (Due::On(child), Due::On(parent)) => child > parent,
        (Due::At(_), Due::At(_)) => later,
        (Due::On(_), Due::At(_)) | (Due::At(_), Due::On(_)) => later && day(child) > day(parent),
    }
}

fn addressee(task: &TaskRow, look: &Look<'_>) -> Addressee {
    match task.facts().due_set_by().filter(|account| look.is_human(*account)) {
        Some(account) => Addressee::Account(account),
        None => Addressee::Owners,
    }
}
