//! `ack.missing`: somebody was given a task by somebody else, and there is no sign of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::ids::AccountId;
use crate::domain::look::{Look, Reads};
use crate::domain::past::AssignedBy;
use crate::domain::row::TaskRow;
use crate::domain::row::Told;
use crate::rules::settings::AckMissing;
use crate::rules::{OTHER_KIND, Rule, Subject, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("ack.missing");

/// No tool tells who has looked at a task, so it speaks of a sign. What an owner took themselves, what a robot hands out in
/// turn, what is one of many assigned at once, and what a team has needs none.
impl Rule for AckMissing {
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
        vec![
            ("after", self.after.to_string().into()),
            ("share", self.share.into()),
            ("at_most", self.at_most.to_string().into()),
        ]
    }
}

/// An owner who was given the task by somebody else.
struct Given {
    owner: AccountId,
    by: AccountId,
    at: Timestamp,
}

impl AckMissing {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        if look.owners(task).next().is_none() {
            return Ok(not_about("nobody owns it"));
        }
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        if look.owner_at(task)?.is_some() {
            return Ok(fine("an owner has acted on it"));
        }
        let persons = look.owners(task).filter(|owner| !look.is_team(*owner));
        let all: Vec<Option<AssignedBy>> = persons.map(|owner| facts.assigned_by(owner)).collect();
        if all.is_empty() {
            return Ok(not_about("it is a team's, and nobody's in particular"));
        }
        let taken = |given: &Option<AssignedBy>| given.is_none_or(|given| look.same(given.by, given.owner));
        if all.iter().any(taken) {
            return Ok(not_about("an owner took it, or nobody is known to have given it"));
        }
        let given = all.into_iter().flatten();
        let meant = given.filter(|given| !given.planning).map(|given| since(given, task, facts));
        let Some(given) = meant.min_by_key(|given| (given.at, given.owner)) else {
            return Ok(not_about("it was assigned with many others at once"));
        };
        self.measure(task, &given, look)
    }

    fn measure<'a>(&self, task: &'a TaskRow, given: &Given, look: &Look<'a>) -> Result<Reading, Why> {
        let calendar = look.calendar_of(given.owner);
        let span = look.span(task)?;
        let at = |from: Timestamp, length: crate::domain::length::Length| length.after(from, calendar);
        let part = span.map_or(0, |span| (self.share * span.work_secs as f64).round() as i64);
        let longest = at(given.at, self.at_most).max(at(given.at, self.after));
        let from = at(given.at, self.after).max(calendar.after(given.at, part)).min(longest);
        let evidence = || Evidence::NotAcknowledged {
            owner: given.owner,
            by: given.by,
            assigned_at: given.at,
            limit_secs: calendar.working(given.at, from),
            deadline: look.deadline(task),
        };
        if !look.passed(from) {
            return Ok(look.measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Direct),
            deadline: look.deadline(task),
            evidence: evidence(),
        }))
    }
}

fn since(given: AssignedBy, task: &TaskRow, facts: Told<'_>) -> Given {
    let at = facts.assigned_since(given.owner).unwrap_or(task.created_at());
    Given { owner: given.owner, by: given.by, at }
}
