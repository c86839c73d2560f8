//! Who silences whom: a weaker gap says nothing while a stronger one about the same work is open.

use std::collections::BTreeSet;

use super::Judgement;
use super::draft::Draft;
use super::whose::heads;
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{Addressee, Evidence, RuleId, SubjectKey};
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

const OVERDUE: RuleId = RuleId("overdue");
const OWNER_NONE: RuleId = RuleId("owner.none");
const AT_RISK: RuleId = RuleId("due.at_risk");
const CASCADE: RuleId = RuleId("blocker.cascade");
const URGENT: RuleId = RuleId("high_priority.silent");
const STALE: RuleId = RuleId("blocker.stale");
const START_NEVER: RuleId = RuleId("start.never");
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
    stronger(alert, task, draft).or_else(|| whole(alert, task, draft))
}

/// A stronger gap about the task itself, or about what it waits for.
fn stronger(alert: &Alert, task: TaskId, draft: &Draft<'_>) -> Option<Withheld> {
    let by = |rule: RuleId| {
        let other = draft.open(alert.subject, rule).filter(|other| other.id != alert.id)?;
        Some(Withheld::Inhibited(other.gap.clone()))
    };
    if is_one_of(alert.rule, &["pace.", "start.", "stalled", "aging", "due.at_risk", "due.soon"])
        && let Some(overdue) = by(OVERDUE)
    {
        return Some(overdue);
    }
    if is_one_of(alert.rule, &["stalled", "aging", "pace.behind", "start."])
        && let Some(blocked) = blocker(task, draft)
    {
        return Some(blocked);
    }
    if is_one_of(alert.rule, &["stalled", "pace.", "start.", "blocker.stale"])
        && let Some(cascade) = by(CASCADE)
    {
        return Some(cascade);
    }
    // Whoever is first in a chain holds up all of it; who waits for them can do nothing yet.
    if is_one_of(alert.rule, &["blocker.cascade", "blocker.stale"])
        && let Some(root) = root(task, draft)
    {
        return Some(Withheld::Inhibited(root.gap.clone()));
    }
    // It is the reason why the date is asked about.
    if is_one_of(alert.rule, &["stalled", "start.", "pace.behind"])
        && let Some(risk) = draft.open(alert.subject, AT_RISK)
        && may_speak(risk, draft.snapshot)
    {
        return Some(Withheld::Inhibited(risk.gap.clone()));
    }
    // That others wait is the reason to speak of its silence, not a second one.
    if is_one_of(alert.rule, &["stalled", "start."])
        && let Some(stale) = by(STALE)
    {
        return Some(stale);
    }
    // That so much of the time is gone says more than that the plan was another.
    if is_one_of(alert.rule, &["start.late"])
        && let Some(never) = draft.open(alert.subject, START_NEVER)
        && may_speak(never, draft.snapshot)
    {
        return Some(Withheld::Inhibited(never.gap.clone()));
    }
    // That it is urgent says more than that it has not moved.
    if is_one_of(alert.rule, &["stalled"])
        && let Some(urgent) = draft.open(alert.subject, URGENT)
        && may_speak(urgent, draft.snapshot)
    {
        return Some(Withheld::Inhibited(urgent.gap.clone()));
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
    None
}

/// An open task that this one waits for: whoever has that one can do something about it.
fn blocker(task: TaskId, draft: &Draft<'_>) -> Option<Withheld> {
    let blockers = draft.snapshot.board.blockers(task);
    let open: Vec<TaskId> = blockers.filter(|other| other.category().is_open()).map(|other| other.id).collect();
    let cascade = open.iter().find_map(|id| draft.open(SubjectKey::Task(*id), CASCADE));
    match cascade {
        Some(cascade) => Some(Withheld::Inhibited(cascade.gap.clone())),
        None => open.first().map(|id| Withheld::Blocked(*id)),
    }
}

/// A cascade that begins at something this task waits for, however far along. `None`: none does that may be told.
fn root<'d>(task: TaskId, draft: &'d Draft<'_>) -> Option<&'d Alert> {
    let board = draft.snapshot.board;
    // In a circle each waits for each, and nobody is first.
    if !board.waiting_circle(task).is_empty() {
        return None;
    }
    let before = reached(task, |task| board.blockers(task).filter(|blocker| blocker.category().is_open()));
    let mut cascades = before.into_iter().filter_map(|id| draft.open(SubjectKey::Task(id), CASCADE));
    cascades.find(|cascade| may_speak(cascade, draft.snapshot))
}

/// The same rule open on what the task is a part of, as bad as here, and of the same people: one word about the whole is
/// enough, if it is said. Of a whole that is itself a part, the outermost speaks. Whoever else has a part hears of it.
fn whole(alert: &Alert, task: TaskId, draft: &Draft<'_>) -> Option<Withheld> {
    let snapshot = draft.snapshot;
    let (mut inner, mut speaks) = (task, None);
    for _ in 0..PARENTS {
        let Some(parent) = snapshot.board.task(inner).and_then(TaskRow::parent) else { break };
        // Parents in a circle: the smallest one speaks.
        if parent == task || is_above(inner, parent, snapshot) && parent > inner {
            break;
        }
        let Some(other) = draft.open(SubjectKey::Task(parent), alert.rule) else { break };
        if !may_speak(other, snapshot) || stronger(other, parent, draft).is_some() {
            break;
        }
        if other.stage >= alert.stage && is_theirs(alert, other, snapshot) {
            speaks = Some(other);
        }
        inner = parent;
    }
    speaks.map(|other| Withheld::Inhibited(other.gap.clone()))
}

/// True where everybody who would hear of a part hears of the whole.
fn is_theirs(part: &Alert, whole: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let hear = heads(whole, snapshot);
    let people = &snapshot.board.people;
    heads(part, snapshot).iter().all(|head| hear.iter().any(|other| people.same(*head, *other)))
}

/// False for what is kept silent itself: it speaks for nobody else either.
fn may_speak(other: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let silent = other.snoozed_until.is_some_and(|until| until > snapshot.now);
    !silent && (!other.backlog || snapshot.policy.tell_backlog)
}

/// True when `task` is an ancestor of `of`.
fn is_above(task: TaskId, of: TaskId, snapshot: &Snapshot<'_>) -> bool {
    let up = |id: &TaskId| snapshot.board.task(*id).and_then(|task| task.parent());
    std::iter::successors(Some(of), up).take(PARENTS).any(|id| id == task)
}

/// All parts of a task, and the parts of these.
pub(crate) fn parts(of: TaskId, snapshot: &Snapshot<'_>) -> BTreeSet<TaskId> {
    reached(of, |task| snapshot.board.children(task))
}

/// All that waits for a task, directly or not.
fn downstream(of: TaskId, snapshot: &Snapshot<'_>) -> BTreeSet<TaskId> {
    reached(of, |task| snapshot.board.dependants(task))
}

/// What is reached from a task step by step, itself left out.
fn reached<'a, I: Iterator<Item = &'a TaskRow>>(of: TaskId, next: impl Fn(TaskId) -> I) -> BTreeSet<TaskId> {
    let (mut found, mut open) = (BTreeSet::new(), vec![of]);
    while let Some(task) = open.pop() {
        let new = next(task).map(|other| other.id).filter(|other| *other != of);
        open.extend(new.filter(|other| found.insert(*other)));
    }
    found
}

/// What was silenced by an alert that has just opened or gone has to be asked again.
pub(super) fn wake_neighbours(judgements: &[Judgement], draft: &mut Draft<'_>) {
    let mut near: BTreeSet<SubjectKey> = BTreeSet::new();
    for subject in draft.moved() {
        near.insert(subject);
        if let SubjectKey::Task(id) = subject {
            let chain = draft.of(subject).any(|alert| alert.rule == CASCADE).then(|| downstream(id, draft.snapshot));
            near.extend(chain.into_iter().flatten().map(SubjectKey::Task));
            near.extend(draft.snapshot.board.dependants(id).map(|task| SubjectKey::Task(task.id)));
            near.extend(parts(id, draft.snapshot).into_iter().map(SubjectKey::Task));
        }
    }
    // Whose the whole is may have changed.
    for judgement in judgements {
        if let SubjectKey::Task(id) = judgement.subject
            && draft.live(judgement.subject).next().is_some()
        {
            near.extend(parts(id, draft.snapshot).into_iter().map(SubjectKey::Task));
        }
    }
    let live = |alert: &&Alert| alert.state != AlertState::Resolved;
    let ids: Vec<AlertId> =
        near.into_iter().flat_map(|subject| draft.of(subject).filter(live).map(|alert| alert.id)).collect();
    draft.awake.extend(ids);
}
