//! `ack.missing`: somebody was given a task by somebody else, and there is no sign of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::look::{Look, Reads};
use crate::domain::past::{AT_ONCE, AssignedBy};
use crate::domain::row::TaskRow;
use crate::domain::row::Told;
use crate::domain::somebody::Somebody;
use crate::rules::settings::AckMissing;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("ack.missing");

/// No tool tells who has looked at a task, so it speaks of a sign. What an owner took themselves, what a robot hands out in
/// turn, and what a team has needs none. Of many that are assigned at once, a plan, whoever got them is told in one word, and
/// any act of theirs since then is a sign.
impl Rule for AckMissing {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::OWNERS.and(Reads::CONTAINERS).and(Reads::MEMBERS)
    }

    fn is_about(&self, kind: SubjectKind) -> bool {
        matches!(kind, SubjectKind::Task | SubjectKind::Person)
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        match subject {
            Subject::Task(task) => self.read(task, look).unwrap_or_else(Reading::Unknown),
            Subject::Person(who) => self.plan(&who, look).unwrap_or_else(Reading::Unknown),
            _ => OTHER_KIND,
        }
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

/// What somebody was given by one account at once.
struct Plan {
    by: AccountId,
    at: Timestamp,
    wanted_by: Timestamp,
    tasks: Vec<TaskId>,
    /// There is a sign of them.
    seen: bool,
}

impl Plan {
    fn is_of(&self, given: &Given) -> bool {
        self.by == given.by && given.at.duration_since(self.at).abs() <= AT_ONCE
    }

    fn add(&mut self, more: Plan) {
        self.tasks.extend(more.tasks);
        self.at = self.at.min(more.at);
        self.wanted_by = self.wanted_by.min(more.wanted_by);
        self.seen |= more.seen;
    }
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

    /// When there should have been a sign by.
    fn wanted_by<'a>(&self, task: &'a TaskRow, given: &Given, look: &Look<'a>) -> Result<Timestamp, Why> {
        let calendar = look.calendar_of(given.owner);
        let at = |length: crate::domain::length::Length| length.after(given.at, calendar);
        let part = look.span(task)?.map_or(0, |span| (self.share * span.work_secs as f64).round() as i64);
        let longest = at(self.at_most).max(at(self.after));
        Ok(at(self.after).max(calendar.after(given.at, part)).min(longest))
    }

    /// What somebody was given with many others at once: the first plan of which there is no sign.
    fn plan<'a>(&self, who: &Somebody<'_>, look: &Look<'a>) -> Result<Reading, Why> {
        let acted_at = look.acted_at(who);
        // Most people were seen lately; what they have need not be looked through.
        if acted_at.is_some_and(|at| !look.passed(self.after.after(at, look.hours_of(who)))) {
            return Ok(fine("they were at work lately"));
        }
        let mut plans: Vec<Plan> = Vec::new();
        for task in look.work_of(who) {
            let Some(facts) = look.facts(task)? else { continue };
            let own = look.owners(task).filter(|owner| look.same(*owner, who.account) || *owner == who.account);
            let given = own.filter_map(|owner| facts.assigned_by(owner)).find(|given| given.planning);
            let Some(given) = given.map(|given| since(given, task, facts)) else { continue };
            let seen = acted_at.is_some_and(|at| at > given.at) || look.owner_at(task)?.is_some();
            let wanted_by = self.wanted_by(task, &given, look)?;
            let one = Plan { by: given.by, at: given.at, wanted_by, tasks: vec![task.id], seen };
            match plans.iter_mut().find(|plan| plan.is_of(&given)) {
                Some(plan) => plan.add(one),
                None => plans.push(one),
            }
        }
        if plans.is_empty() {
            return Ok(not_about("nothing was assigned to them with many others at once"));
        }
        let Some(plan) = plans.into_iter().filter(|plan| !plan.seen).min_by_key(|plan| (plan.wanted_by, plan.by))
        else {
            return Ok(fine("they have acted since it was assigned"));
        };
        let limit_secs = look.hours_of(who).working(plan.at, plan.wanted_by);
        let evidence =
            Evidence::PlanNotAcknowledged { tasks: plan.tasks, by: plan.by, assigned_at: plan.at, limit_secs };
        if !look.passed(plan.wanted_by) {
            return Ok(Reading::measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Opens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: Some(FirstWord::Direct),
            deadline: None,
            evidence,
        }))
    }

    fn measure<'a>(&self, task: &'a TaskRow, given: &Given, look: &Look<'a>) -> Result<Reading, Why> {
        let (calendar, from) = (look.calendar_of(given.owner), self.wanted_by(task, given, look)?);
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
