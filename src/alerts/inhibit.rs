//! Who silences whom: a weaker gap says nothing while a stronger one about the same work is open.

use std::collections::BTreeSet;

use super::draft::Draft;
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{Addressee, Evidence, RuleId, SubjectKey};
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::snapshot::Snapshot;

const OVERDUE: RuleId = RuleId("overdue");
const OWNER_NONE: RuleId = RuleId("owner.none");
const AT_RISK: RuleId = RuleId("due.at_risk");
const CASCADE: RuleId = RuleId("blocker.cascade");
const STALE: RuleId = RuleId("blocker.stale");
const PARENT_CHILD: RuleId = RuleId("state.parent_child");

/// How far up parents are followed: deeper than any tool nests, and an end to a cycle.
const PARENTS: usize = 64;

/// True for a rule that is named, or belongs to a family (`pace.`), in the list.
fn is_one_of(rule: RuleId, names: &[&str]) -> bool {
    names.iter().any(|name| rule.0 == *name || (name.ends_with('.') && rule.0.starts_with(name)))
}

/// Why a stronger gap keeps an alert from speaking. `None`: none does.
pub(super) fn inhibitor(alert: &Alert, draft: &Draft<'_>) -> Option<Withheld> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let by = |rule: RuleId| {
        let other = draft.open(alert.subject, rule).filter(|other| other.id != alert.id)?;
        Some(Withheld::Inhibited(other.gap.clone()))
    };
    if is_one_of(alert.rule, &["pace.", "start.", "stalled", "aging", "due.at_risk", "due.soon"])
        && let Some(overdue) = by(OVERDUE)
    {
        return Some(overdue);
    }
    if is_one_of(alert.rule, &["stalled", "aging", "pace.behind", "start.never"])
        && let Some(blocked) = blocker(task, draft)
    {
        return Some(blocked);
    }
    if is_one_of(alert.rule, &["stalled", "pace.", "start.", "blocker.stale"])
        && let Some(cascade) = by(CASCADE)
    {
        return Some(cascade);
    }
    // It is the reason why the date is asked about.
    if is_one_of(alert.rule, &["stalled", "start.never", "pace.behind"])
        && let Some(risk) = draft.open(alert.subject, AT_RISK)
        && may_speak(risk, draft.snapshot)
    {
        return Some(Withheld::Inhibited(risk.gap.clone()));
    }
    // That others wait is the reason to speak of its silence, not a second one.
    if is_one_of(alert.rule, &["stalled", "start.never"])
        && let Some(stale) = by(STALE)
    {
        return Some(stale);
    }
    // That all its parts are done says more than that it is nearly done.
    if is_one_of(alert.rule, &["pace.stuck_near_done"])
        && let Some(whole) = draft.open(alert.subject, PARENT_CHILD)
        && matches!(whole.finding.evidence, Evidence::PartsDone { .. })
        && may_speak(whole, draft.snapshot)
    {
        return Some(Withheld::Inhibited(whole.gap.clone()));
    }
    if alert.finding.addressee == Addressee::Owners
        && let Some(nobody) = draft.open(alert.subject, OWNER_NONE)
        && may_speak(nobody, draft.snapshot)
    {
        return Some(Withheld::Inhibited(nobody.gap.clone()));
    }
    parent(alert, task, draft)
}

/// An open task that this one waits for: whoever has that one can do something about it.
fn blocker(task: TaskId, draft: &Draft<'_>) -> Option<Withheld> {
    let blockers = draft.snapshot.board.blockers(task);
    let open: Vec<TaskId> = blockers.filter(|other| other.category.is_open()).map(|other| other.id).collect();
    let cascade = open.iter().find_map(|id| draft.open(SubjectKey::Task(*id), CASCADE));
    match cascade {
        Some(cascade) => Some(Withheld::Inhibited(cascade.gap.clone())),
        None => open.first().map(|id| Withheld::Blocked(*id)),
    }
}

/// The same rule open on the parent: one word about the whole is enough, if the parent may speak at all.
fn parent(alert: &Alert, task: TaskId, draft: &Draft<'_>) -> Option<Withheld> {
    let snapshot = draft.snapshot;
    let parent = snapshot.board.task(task)?.parent?;
    if is_above(task, parent, snapshot) && parent > task {
        // Parents in a circle: the smallest one speaks.
        return None;
    }
    let other = draft.open(SubjectKey::Task(parent), alert.rule)?;
    may_speak(other, snapshot).then(|| Withheld::Inhibited(other.gap.clone()))
}

/// False for what is kept silent itself: it speaks for nobody else either.
fn may_speak(other: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let silent = other.snoozed_until.is_some_and(|until| until > snapshot.now);
    !silent && (!other.backlog || snapshot.policy.tell_backlog)
}

/// True when `task` is an ancestor of `of`.
fn is_above(task: TaskId, of: TaskId, snapshot: &Snapshot<'_>) -> bool {
    let up = |id: &TaskId| snapshot.board.task(*id).and_then(|task| task.parent);
    std::iter::successors(Some(of), up).take(PARENTS).any(|id| id == task)
}

/// What was silenced by an alert that has just opened or gone has to be asked again.
pub(super) fn wake_neighbours(draft: &mut Draft<'_>) {
    let board = draft.snapshot.board;
    let mut near: BTreeSet<SubjectKey> = BTreeSet::new();
    for subject in draft.moved() {
        near.insert(subject);
        if let SubjectKey::Task(id) = subject {
            let around = board.children(id).chain(board.dependants(id));
            near.extend(around.map(|task| SubjectKey::Task(task.id)));
        }
    }
    let live = |alert: &&Alert| alert.state != AlertState::Resolved;
    let ids: Vec<AlertId> =
        near.into_iter().flat_map(|subject| draft.of(subject).filter(live).map(|alert| alert.id)).collect();
    draft.awake.extend(ids);
}
