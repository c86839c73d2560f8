//! What had been so before a deed, and only had nobody to tell it to, each with its reason.

use super::super::testing::policy;
use super::page::Drawn;
use crate::domain::finding::{Evidence, Finding, Overload, Stage, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::look::Look;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// What followed from what.
pub(super) struct Case<'a> {
    pub(super) before: &'a Drawn,
    pub(super) after: &'a Drawn,
    pub(super) deed: &'static str,
    pub(super) subject: SubjectKey,
    pub(super) finding: &'a Finding,
}

impl Case<'_> {
    /// True where a task's date had passed before.
    fn was_past(&self, task: TaskId) -> bool {
        let (policy, before) = (policy(), self.before);
        let snapshot = Snapshot { board: &before.board, policy: &policy, now: before.now };
        let deadline = before.board.task(task).and_then(|task| Look::new(&snapshot).deadline(task));
        deadline.is_some_and(|deadline| deadline.at <= before.now)
    }

    fn task<'d>(&self, drawn: &'d Drawn) -> Option<&'d TaskRow> {
        match self.subject {
            SubjectKey::Task(id) => drawn.board.task(id),
            _ => None,
        }
    }

    /// The task waited for another one, and no longer does.
    fn was_freed(&self) -> bool {
        let waits = |drawn: &Drawn| {
            let SubjectKey::Task(id) = self.subject else { return false };
            let policy = policy();
            let snapshot = Snapshot { board: &drawn.board, policy: &policy, now: drawn.now };
            let look = Look::new(&snapshot);
            self.task(drawn)
                .is_some_and(|task| look.blockers(task).any(|other| other.id != id && other.category().is_open()))
        };
        waits(self.before) && !waits(self.after)
    }

    fn had_no_owner(&self) -> bool {
        let is_human = |account: AccountId| self.before.board.people.accounts.get(&account).is_some_and(|rec| !rec.bot);
        self.task(self.before).is_some_and(|task| !task.owners().any(is_human))
    }
}

/// A new gap that was there before the deed, and only had nobody it could be told to, or nothing it mattered for.
struct Stood {
    rules: &'static [&'static str],
    is_so: fn(&Case<'_>) -> bool,
}

const STOOD: &[Stood] = &[
    // It had no date before either; nobody had it, or was at it.
    Stood { rules: &["due.none"], is_so: |case| case.task(case.before).is_some_and(|task| task.due().is_none()) },
    // It belonged to nobody before either; it was not planned, or closed.
    Stood { rules: &["owner.none"], is_so: |case| case.had_no_owner() },
    // One task alone is more than anybody has time for.
    Stood {
        rules: &["load.overloaded"],
        is_so: |case| match &case.finding.evidence {
            Evidence::Overloaded { how: Overload::Effort { tasks, .. }, .. } => case.deed == "assign" && *tasks == 1,
            _ => false,
        },
    },
    // There was more before, by another measure; or whoever gave it had no time for it themselves.
    Stood { rules: &["load.overloaded"], is_so: |case| matches!(case.deed, "close" | "finish" | "hand back") },
    // There was as much left of it before, and nobody had said so.
    Stood { rules: &["load.overloaded", "blocker.cascade"], is_so: |case| case.deed == "estimate" },
    // It was late and still before, and nobody had said who waits for it.
    Stood { rules: &["blocker.stale", "blocker.cascade"], is_so: |case| case.deed == "link" },
    // Nothing but that link said what it waits for.
    Stood { rules: &["blocker.unnamed"], is_so: |case| case.deed == "unlink" },
    // Nobody had it who could have been told.
    Stood {
        rules: &[
            "due.at_risk",
            "start.never",
            "start.late",
            "stalled",
            "pace.behind",
            "aging",
            "estimate.exceeded",
            "answer.waiting",
        ],
        is_so: |case| matches!(case.deed, "assign" | "together") && case.had_no_owner(),
    },
    // What it waited for was asked in its place.
    Stood {
        rules: &[
            "blocker.stale",
            "blocker.cascade",
            "blocker.unnamed",
            "aging",
            "stalled",
            "start.never",
            "pace.behind",
        ],
        is_so: |case| case.was_freed(),
    },
    // As little of it was done before in as much time, counted from its creation; only a date was missing to say so.
    Stood { rules: &["pace.behind"], is_so: |case| case.deed == "another date" && case.finding.stage == Stage::Opens },
    // The date of what it waits for had passed: what waits was late before, and a date that has passed said nothing of it.
    Stood {
        rules: &["blocker.cascade", "dep.date_conflict"],
        is_so: |case| match (&case.finding.evidence, case.subject) {
            (Evidence::Cascade { .. }, SubjectKey::Task(task)) => case.was_past(task),
            (Evidence::DateConflict { blocker, .. }, _) => case.was_past(*blocker),
            _ => false,
        },
    },
    // The date had moved before, or so much of the time was lost that any honest date is far from the first.
    Stood {
        rules: &["due.drift"],
        is_so: |case| match case.finding.evidence {
            Evidence::Drift { times, slip_secs, span_secs, .. } => times >= 2 || 2 * slip_secs > span_secs,
            _ => false,
        },
    },
    // It was closed, so nobody was told.
    Stood {
        rules: &[
            "blocker.cascade",
            "blocker.stale",
            "dep.cycle",
            "dep.date_conflict",
            "due.at_risk",
            "due.child_after_parent",
            "due.drift",
            "due.unrealistic",
            "estimate.exceeded",
            "overdue",
            "pace.behind",
            "start.never",
            "start.late",
            "sys.cross_mismatch",
            "stalled",
            "state.parent_child",
            "load.overloaded",
            "aging",
            "pace.stuck_near_done",
            "answer.waiting",
            "owner.absent",
            "high_priority.silent",
            "ack.missing",
            "owner.gone",
        ],
        is_so: |case| case.deed == "reopen",
    },
];

pub(super) fn stood(case: &Case<'_>, rule: &str) -> bool {
    STOOD.iter().filter(|stood| stood.rules.contains(&rule)).any(|stood| (stood.is_so)(case))
}
