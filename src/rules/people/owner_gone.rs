//! `owner.gone`: work that belongs to somebody who is not there any more.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, RuleId, Stage, Why};
use crate::domain::look::{Look, Reads};
use crate::domain::row::TaskRow;
use crate::domain::somebody::Somebody;
use crate::rules::settings::OwnerGone;
use crate::rules::{OTHER_KIND, Rule, Subject, SubjectKind, fine, not_about};

/// The rule's name.
pub const ID: RuleId = RuleId("owner.gone");

/// One gap a person, with everything they leave behind: their manager gets one list. Of an account that the tool calls
/// deactivated it is certain. Silence alone says it of nobody who never acted here (they look, or speak elsewhere), who is
/// known to be away, or while the place they work in cannot be read or rests as a whole.
impl Rule for OwnerGone {
    fn id(&self) -> RuleId {
        ID
    }

    fn reads(&self) -> Reads {
        Reads::MEMBERS.and(Reads::OWNERS).and(Reads::CONTAINERS)
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Person
    }

    fn judge<'a>(&self, subject: Subject<'a>, look: &Look<'a>) -> Reading {
        let Subject::Person(who) = subject else { return OTHER_KIND };
        let acted_at = look.acted_at(&who);
        // Most people were seen lately; what they have need not be looked through.
        if !look.has_gone_accounts(&who) && acted_at.is_some_and(|at| !look.passed(self.quiet_until(&who, at, look))) {
            return fine("they were at work lately, or are away");
        }
        let work = look.work_of(&who);
        if work.is_empty() {
            return not_about("nothing open belongs to them");
        }
        let left: Vec<&TaskRow> = work.iter().copied().filter(|task| look.is_of_the_gone(task, &who)).collect();
        if !left.is_empty() {
            return gap(&left, acted_at, true);
        }
        if look.absences(who.account).iter().any(|absence| {
            let begun = look.passed(absence.from_at);
            begun && !look.passed(self.quiet_until(&who, absence.back_at, look))
        }) {
            return fine("they were at work lately, or are away");
        }
        let Some(acted_at) = acted_at else { return not_about("they never acted here, so their silence says nothing") };
        if !look.passed(self.quiet_until(&who, acted_at, look)) {
            return fine("they were at work lately, or are away");
        }
        if work.iter().any(|task| look.is_blind(task)) {
            return Reading::Unknown(Why::NeighbourUnseen);
        }
        let active = look.colleagues_active_on(&who).map(|day| self.colleagues.after(day, look.hours_of(&who)));
        if active.is_none_or(|until| look.passed(until)) {
            return fine("nobody else is at work there either");
        }
        gap(&work, Some(acted_at), false)
    }

    fn thresholds(&self) -> Vec<(&'static str, Value)> {
        vec![("silent", self.silent.to_string().into()), ("colleagues", self.colleagues.to_string().into())]
    }
}

impl OwnerGone {
    /// Until when silence since this instant is nothing.
    fn quiet_until(&self, who: &Somebody<'_>, since: Timestamp, look: &Look<'_>) -> Timestamp {
        self.silent.after(since, look.hours_of(who))
    }
}

fn gap(tasks: &[&TaskRow], acted_at: Option<Timestamp>, left: bool) -> Reading {
    Reading::gap(Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Manager,
        first: Some(FirstWord::Direct),
        deadline: None,
        evidence: Evidence::OwnerGone { tasks: tasks.iter().map(|task| task.id).collect(), acted_at, left },
    })
}
