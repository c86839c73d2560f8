//! What each rule is for, in the words of `README.md`, and what a tool must tell for it to say anything.

pub use connector_model::Need;

use crate::domain::finding::RuleId;

/// What a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its fixed name.
    pub id: &'static str,
    /// In one line.
    pub what: &'static str,
    /// The stages its gaps may reach.
    pub stages: &'static str,
    /// Who hears first.
    pub first: &'static str,
    /// Without one of these it has nothing to say.
    pub needs: &'static [Need],
}

/// Every rule, in the order of the reference. `README.md` has the same rows.
const ABOUT: &[About] = &[
    About {
        id: "pace.behind",
        what: "declared progress trails the time used: 20 % done after 60 % of it",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Due, Need::Progress, Need::History],
    },
    About {
        id: "pace.stuck_near_done",
        what: "nearly done, so it is declared, and that for longer than the last stretch takes",
        stages: "widens",
        first: "owner",
        needs: &[Need::Progress, Need::History],
    },
    About {
        id: "start.never",
        what: "half of the time is gone, and no sign that anybody has begun",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Owner, Need::Due, Need::History],
    },
    About {
        id: "start.late",
        what: "its planned start has passed, and its state says that nobody has begun",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::Start],
    },
    About {
        id: "due.at_risk",
        what: "still open 14, 7, 3 or 1 days before its date; earlier than 3 days only the riskiest third, where that is proven",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Owner, Need::Due, Need::History],
    },
    About { id: "overdue", what: "the deadline has passed", stages: "failure", first: "owner", needs: &[Need::Due] },
    About {
        id: "due.unrealistic",
        what: "a date was set, its own or by a milestone, that has passed, is a few days ahead of a task nobody began, or is sooner than half of such tasks take",
        stages: "opens",
        first: "who set the date",
        needs: &[Need::Due, Need::History],
    },
    About {
        id: "estimate.exceeded",
        what: "more time went into it than was estimated, or is bound to",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Estimate],
    },
    About {
        id: "stalled",
        what: "begun, and no human act for longer than the time left allows",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "aging",
        what: "longer in its state than nearly all tasks of its kind were before they were done",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "ack.missing",
        what: "somebody was given the task by somebody else, and there is no sign of them; of many at once, one word",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::History],
    },
    About {
        id: "answer.waiting",
        what: "somebody is asked something in the task, and has done nothing since",
        stages: "widens",
        first: "who is asked",
        needs: &[Need::History],
    },
    About {
        id: "high_priority.silent",
        what: "of the top two priorities, and no human act for longer than it can afford; silent where too much is urgent",
        stages: "opens, widens",
        first: "owner; of a project where too much is urgent, operators",
        needs: &[Need::Priority, Need::History],
    },
    About {
        id: "owner.none",
        what: "planned or going on, and nobody is assigned",
        stages: "opens, widens",
        first: "who created it, else the manager",
        needs: &[Need::Owner],
    },
    About {
        id: "due.none",
        what: "somebody works on it, and nothing says until when",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "due.child_after_parent",
        what: "a part is due after the whole",
        stages: "opens, widens",
        first: "who set the later date, else the owner",
        needs: &[Need::Due, Need::Parent],
    },
    About {
        id: "state.parent_child",
        what: "all parts are done and the whole is open, or the other way round",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Parent, Need::History],
    },
    About {
        id: "blocker.cascade",
        what: "what others wait for will be finished too late for them",
        stages: "widens, failure",
        first: "owner of the blocking task, else the manager",
        needs: &[Need::Due, Need::Blocking],
    },
    About {
        id: "blocker.resolved",
        what: "what it waited for is done, and it still waits",
        stages: "opens",
        first: "owner",
        needs: &[Need::Blocking],
    },
    About {
        id: "blocker.unnamed",
        what: "it waits, and nothing says for what",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "blocker.stale",
        what: "others wait for it, and nothing happens on it",
        stages: "widens",
        first: "owner of the blocking task, else the manager",
        needs: &[Need::Blocking],
    },
    About {
        id: "dep.cycle",
        what: "tasks wait for each other, or are parts of each other, in a circle",
        stages: "opens",
        first: "the manager",
        needs: &[Need::Blocking],
    },
    About {
        id: "dep.date_conflict",
        what: "planned for before what it waits for is due",
        stages: "opens",
        first: "owner of the one that was dated last",
        needs: &[Need::Due, Need::Blocking],
    },
    About {
        id: "load.overloaded",
        what: "more effort is due than there are hours, or more is due or in hand than this person nearly ever had",
        stages: "widens",
        first: "the person",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "wip.limit",
        what: "more is in hand at once than the team has agreed on (off until it has)",
        stages: "opens",
        first: "the person",
        needs: &[Need::Owner],
    },
    About {
        id: "owner.absent",
        what: "whoever has it is away when it is due or is next looked at, or until shortly before",
        stages: "opens, widens",
        first: "owner before leaving, then the deputy, else the manager",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "owner.gone",
        what: "open work belongs to somebody whose account was deactivated, or who has not been seen for four weeks",
        stages: "widens",
        first: "manager, one list a person",
        needs: &[Need::Owner],
    },
    About {
        id: "churn.reopened",
        what: "it was done and is open again: twice, or with a week left",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "due.drift",
        what: "its date was moved later twice, in the last day, or by more than half of the time there was",
        stages: "widens",
        first: "manager",
        needs: &[Need::Due, Need::History],
    },
    About {
        id: "milestone.at_risk",
        what: "a milestone, version, sprint or task with parts will hardly be done by its date, by its own pace or by its tasks",
        stages: "widens, failure",
        first: "manager, and theirs",
        needs: &[Need::Due],
    },
    About {
        id: "sys.mirror_stale",
        what: "gapwatch itself cannot read a connection, or tasks in it any more",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.unmapped",
        what: "open work uses a state, or has an owner, that the configuration does not know; or hardly any task ever was in progress",
        stages: "opens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.mass_change",
        what: "much of a repository or project was missing, or changed by one account, at once; it is held meanwhile",
        stages: "opens, widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.cross_mismatch",
        what: "linked tasks of two trackers disagree: done here and open there, other owners, other dates",
        stages: "opens",
        first: "owner of the open one, else the manager",
        needs: &[],
    },
    About {
        id: "sys.volume",
        what: "more messages to persons within an hour than are right: they are held back until somebody decides",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.delivery_failed",
        what: "messages wait for a channel that is down, or nobody got them by any",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.rule_useless",
        what: "what a rule says hardly ever leads to anything: change it, or let it be quiet",
        stages: "opens",
        first: "operators",
        needs: &[],
    },
];

/// What a rule is for. `None`: nobody has written it down, which a test finds.
pub fn about(rule: RuleId) -> Option<&'static About> {
    ABOUT.iter().find(|about| about.id == rule.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ids;

    #[test]
    fn every_rule_is_told_about_in_the_order_of_the_reference() {
        let told: Vec<&str> = ABOUT.iter().map(|about| about.id).collect();
        assert_eq!(told, ids().map(|id| id.0).collect::<Vec<_>>());
    }
}
