//! `answer.waiting`: somebody is asked something, and does nothing.

use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::past::{Asked, Asks};
use crate::domain::row::TaskRow;
use crate::domain::row::Told;
use crate::rules::settings::AnswerWaiting;
use crate::rules::{OTHER_KIND, Rule, Subject, days, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("answer.waiting");

/// Only the last word of a talk counts, and only to somebody who is named: by a question, by the state of the task, or, to
/// an owner, by any comment of somebody who is none.
impl Rule for AnswerWaiting {
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
            ("after_near", self.after_near.to_string().into()),
            ("near_days_left", self.near_days_left.into()),
        ]
    }
}

impl AnswerWaiting {
    fn read<'a>(&self, task: &'a TaskRow, look: &Look<'a>) -> Result<Reading, Why> {
        let Some(facts) = look.facts(task)? else { return Ok(not_about("its history cannot be read")) };
        let open = facts.asked().iter().filter(|asked| is_open(asked, task, facts, look));
        let Some(asked) = open.min_by_key(|asked| (asked.at, asked.whom)) else {
            return Ok(fine("nobody is waited for"));
        };
        let calendar = look.calendar_of(asked.whom);
        let deadline = look.deadline(task);
        let near = deadline.is_some_and(|due| look.days_left_at_most(task, &due, days(self.near_days_left)));
        let from = if near { self.after_near } else { self.after }.after(asked.at, calendar);
        let evidence = Evidence::Unanswered {
            whom: asked.whom,
            by: asked.by,
            how: asked.how,
            asked_at: asked.at,
            limit_secs: calendar.working(asked.at, from),
            deadline,
        };
        if !look.passed(from) {
            return Ok(Reading::measured(evidence));
        }
        Ok(Reading::gap(Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Account(asked.whom),
            first: None,
            deadline,
            evidence,
        }))
    }
}

/// Whether an answer is still wanted, from somebody who can give one. The fold knows accounts; whoever answered through
/// another account of theirs is known only here.
fn is_open<'a>(asked: &Asked, task: &'a TaskRow, facts: Told<'_>, look: &Look<'a>) -> bool {
    let meant = match asked.how {
        Asks::Question | Asks::State => true,
        Asks::Mention => look.is_owner(task, asked.whom) && !asked.by.is_some_and(|by| look.is_owner(task, by)),
    };
    let himself = asked.by.is_some_and(|by| look.same(by, asked.whom));
    let answered = facts.acts().any(|(who, at)| at > asked.at && look.same(who, asked.whom));
    meant && !himself && !answered && look.is_there(asked.whom) && !look.is_team(asked.whom)
}
