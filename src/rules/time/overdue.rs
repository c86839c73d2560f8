//! `overdue`: the deadline has passed. It waits for no history but that of a change that is known already.

use connector_model::{Due, DueSource, StatusCategory};
use jiff::Timestamp;

use crate::domain::finding::{Addressee, Deadline, Evidence, Finding, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::past::Asks;
use crate::domain::row::TaskRow;
use crate::rules::settings::Overdue;
use crate::rules::{OTHER_KIND, Rule, Subject, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("overdue");

/// A deadline that stood for less than a working day before it passed was a note of something that had happened, or a
/// slip of the pen: about such a task it speaks a working day later, if it is still open then. What is done but for a review
/// is its reviewer's to finish.
impl Rule for Overdue {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Task(task) = subject else { return OTHER_KIND };
        let Some(deadline) = look.deadline(task).filter(|deadline| deadline.source != DueSource::Parent) else {
            return not_about("it has no deadline");
        };
        let in_review = task.category() == StatusCategory::Review;
        let evidence = || Evidence::Overdue { deadline, first_due: first_due(task, &deadline, look), in_review };
        if !look.passed(counts_at(task, &deadline, look)) {
            return look.measured(evidence);
        }
        // Who moved the date, and when, is not known yet: what is known so far can only be too early.
        if look.facts(task).is_err_and(|why| why == Why::HistoryBehind) {
            return Reading::Unknown(Why::HistoryBehind);
        }
        Reading::gap(Finding {
            stage: Stage::Failure,
            scope: String::new(),
            addressee: if in_review { reviewer(task, look) } else { Addressee::Owners },
            first: None,
            deadline: Some(deadline),
            evidence: evidence(),
        })
    }
}

/// Who is asked to review it, where the task says so by name; else its owners, who can ask again.
fn reviewer<'a>(task: &'a TaskRow, look: &Look<'a>) -> Addressee {
    let asked = task.facts().asked().iter().filter(|asked| asked.how != Asks::Mention).map(|asked| asked.whom);
    let mut others = asked.filter(|whom| look.is_there(*whom) && !look.is_team(*whom) && !look.is_owner(task, *whom));
    others.next().map_or(Addressee::Owners, Addressee::Account)
}

/// The instant from which it counts as overdue.
fn counts_at<'a>(task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> Timestamp {
    let calendar = look.calendar(task);
    let set_at = stood_since(task, deadline, look);
    let day = calendar.day_secs();
    if calendar.working(set_at, deadline.at) >= day {
        return deadline.at;
    }
    calendar.after(deadline.at.max(set_at), day)
}

/// Since when it has had its date. One that was taken away and given back within a working day was never another. What is known
/// of the history so far can only be too early.
fn stood_since<'a>(task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> Timestamp {
    let (calendar, facts) = (look.calendar(task), task.facts());
    let moves = facts.due_moves();
    let gave = |before: usize| moves[..before].iter().rposition(|one| one.to == Some(deadline.due));
    let (mut set_at, mut back) = (facts.due_set_at(), gave(moves.len()));
    while let Some(nth) = back {
        let Some(away) = moves[..nth].iter().rposition(|one| one.from == Some(deadline.due)) else { break };
        if calendar.working(moves[away].at, moves[nth].at) >= calendar.day_secs() {
            break;
        }
        back = gave(away);
        set_at = back.map_or(facts.first_due_at(), |earlier| Some(moves[earlier].at));
    }
    set_at.map_or(task.created_at(), |set_at| set_at.max(task.created_at()))
}

/// The first deadline it had, if it had another of its own, as far as its history is known back to its beginning.
fn first_due<'a>(task: &'a TaskRow, deadline: &Deadline, look: &Look<'a>) -> Option<Due> {
    let own = matches!(deadline.source, DueSource::Item | DueSource::Field);
    let told = match look.facts(task) {
        Ok(facts) => facts.is_some(),
        Err(Why::HistoryBehind) => true,
        Err(_) => false,
    };
    task.facts().first_due().filter(|first| own && told && *first != deadline.due)
}
