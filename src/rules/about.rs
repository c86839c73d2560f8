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
        what: "declared progress is behind the time used, for example 20 % done after 60 % of it",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Due, Need::Progress, Need::History],
    },
    About {
        id: "pace.stuck_near_done",
        what: "declared nearly done, and no progress since for longer than the last stretch usually takes",
        stages: "widens",
        first: "owner",
        needs: &[Need::Progress, Need::History],
    },
    About {
        id: "start.never",
        what: "half of the time is gone, and there is no sign that anybody has started",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Owner, Need::Due, Need::History],
    },
    About {
        id: "start.late",
        what: "its planned start has passed, and its state says that nobody has started",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::Start],
    },
    About {
        id: "due.at_risk",
        what: "still open 14, 7, 3 or 1 days before its date; 14 and 7 days before, only the riskiest third, and only where past work shows which these are",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Owner, Need::Due, Need::History],
    },
    About { id: "overdue", what: "the deadline has passed", stages: "failure", first: "owner", needs: &[Need::Due] },
    About {
        id: "due.unrealistic",
        what: "its date, or its milestone's, had passed when it was set, is a few days away though nobody has started, or leaves less time than half of such tasks take",
        stages: "opens",
        first: "whoever set the date",
        needs: &[Need::Due, Need::History],
    },
    About {
        id: "estimate.exceeded",
        what: "more time has gone into it than was estimated, or will",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::Estimate],
    },
    About {
        id: "stalled",
        what: "started, and nobody has worked on it for longer than the time left allows",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "aging",
        what: "longer in its state than nearly all finished tasks of its kind were",
        stages: "opens, widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "ack.missing",
        what: "somebody else assigned it, and there is no sign that its owner has seen it; many at once are one message",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::History],
    },
    About {
        id: "answer.waiting",
        what: "somebody was asked something in the task, and has done nothing since",
        stages: "widens",
        first: "whoever was asked",
        needs: &[Need::History],
    },
    About {
        id: "high_priority.silent",
        what: "top two priorities, and nobody has worked on it for longer than it can afford; not used where too much is urgent",
        stages: "opens, widens",
        first: "owner; operators where too much is urgent",
        needs: &[Need::Priority, Need::History],
    },
    About {
        id: "owner.none",
        what: "planned or in progress, and nobody is assigned",
        stages: "opens, widens",
        first: "whoever created it, else the manager",
        needs: &[Need::Owner],
    },
    About {
        id: "due.none",
        what: "somebody is working on it, and it has no date",
        stages: "opens",
        first: "owner",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "due.child_after_parent",
        what: "a part is due after the whole",
        stages: "opens, widens",
        first: "whoever set the later date, else the owner",
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
        what: "others wait for it, and it will be finished too late for them",
        stages: "widens, failure",
        first: "owner of the blocking task, else the manager",
        needs: &[Need::Due, Need::Blocking],
    },
    About {
        id: "blocker.resolved",
        what: "what it waited for is done, but it is still waiting",
        stages: "opens",
        first: "owner",
        needs: &[Need::Blocking],
    },
    About {
        id: "blocker.unnamed",
        what: "it is waiting, and nothing says for what",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "blocker.stale",
        what: "others wait for it, and nobody is working on it",
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
        what: "due before something that it waits for",
        stages: "opens",
        first: "owner of the task whose date was set last",
        needs: &[Need::Due, Need::Blocking],
    },
    About {
        id: "load.overloaded",
        what: "more work is due than there are hours, or this person has more due or in hand than almost ever before",
        stages: "widens",
        first: "the person",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "wip.limit",
        what: "more tasks in progress at once than the team has agreed on (off until you set it)",
        stages: "opens",
        first: "the person",
        needs: &[Need::Owner],
    },
    About {
        id: "owner.absent",
        what: "its owner is away when it is due or next checked, or until shortly before",
        stages: "opens, widens",
        first: "owner before leaving, then the deputy or the manager",
        needs: &[Need::Owner, Need::Due],
    },
    About {
        id: "owner.gone",
        what: "open work belongs to somebody whose account was deactivated, or who has not been seen for four weeks",
        stages: "widens",
        first: "manager, one list per person",
        needs: &[Need::Owner],
    },
    About {
        id: "churn.reopened",
        what: "it was done and is open again: for the second time, or with a week left",
        stages: "widens",
        first: "owner",
        needs: &[Need::History],
    },
    About {
        id: "due.drift",
        what: "its date was moved later twice, on the last day, or by more than half of the time there was",
        stages: "widens",
        first: "manager",
        needs: &[Need::Due, Need::History],
    },
    About {
        id: "milestone.at_risk",
        what: "a milestone, version, sprint or task with parts will probably miss its date, judging by its pace or its tasks",
        stages: "widens, failure",
        first: "manager and their manager",
        needs: &[Need::Due],
    },
    About {
        id: "sys.mirror_stale",
        what: "gapwatch can no longer read a connection, or some tasks in it",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.unmapped",
        what: "open work has a state or an owner that the configuration does not know; or hardly any task was ever in progress",
        stages: "opens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.mass_change",
        what: "much of a repository or project was missing at once, or was changed at once by one account; it is held back meanwhile",
        stages: "opens, widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.cross_mismatch",
        what: "linked tasks in two trackers disagree: done here and open there, different owners, different dates",
        stages: "opens",
        first: "owner of the open task, else the manager",
        needs: &[],
    },
    About {
        id: "sys.volume",
        what: "too many messages to people within an hour: they are held back until an operator decides",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.delivery_failed",
        what: "messages are waiting for a channel that is down, or could not be delivered at all",
        stages: "widens",
        first: "operators",
        needs: &[],
    },
    About {
        id: "sys.rule_useless",
        what: "what a rule reports hardly ever leads to anything: change it or switch it off",
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
