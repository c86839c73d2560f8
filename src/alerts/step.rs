//! What time alone does to an alert: it settles, or has been clear for long enough.

use jiff::Timestamp;

use super::draft::Draft;
use super::is_held;
use super::lapse::lapses_at;
use super::reconcile::{end, resolves_at};
use super::speaks::may_send;
use super::whose::is_obeyed;
use crate::domain::alert::{Alert, AlertState, Ending, LogKind, Withheld};
use crate::domain::calendar::later;
use crate::domain::finding::{Evidence, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, TaskId};
use crate::domain::look::Look;
use crate::domain::record::HistoryReach;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// Moves an alert on as far as `now` allows.
pub(super) fn advance(id: AlertId, draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    let Some(alert) = draft.alert(id) else { return };
    if alert.state == AlertState::Resolved {
        return;
    }
    if began_to_speak(alert, snapshot)
        && let Some(change) = draft.change(id)
    {
        change.alert.backlog = true;
    }
    forget_answer(id, draft);
    let Some(alert) = draft.alert(id) else { return };
    if is_held(alert.subject, snapshot) {
        return;
    }
    match alert.state {
        AlertState::Pending if settles_at(alert, snapshot).is_none_or(|at| at <= snapshot.now) => fire(id, draft),
        AlertState::Firing if resolves_at(alert, snapshot).is_some_and(|at| at <= snapshot.now) => {
            end(id, if is_overtaken(alert, snapshot) { Ending::Overtaken } else { Ending::Resolved }, draft);
        }
        _ => {}
    }
}

/// True where a gap about a date ends because that date has passed, and the task is neither done nor moved: no good news.
fn is_overtaken(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let SubjectKey::Task(task) = alert.subject else { return false };
    let asks = ["due.at_risk", "owner.absent"].contains(&alert.rule.0);
    let Some(task) = snapshot.board.task(task).filter(|task| asks && task.is_work()) else { return false };
    let (now, told) = (Look::new(snapshot).deadline(task), alert.finding.deadline);
    now.zip(told).is_some_and(|(now, told)| now.at <= snapshot.now && now.due == told.due)
}

fn fire(id: AlertId, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    if let Some(change) = draft.change(id) {
        change.alert.state = AlertState::Firing;
        change.alert.fired_at = Some(now);
    }
    draft.log(id, LogKind::Fired, None, None);
}

/// What was answered counts for as long as whoever said it is asked, and no longer than they have a say in it.
fn forget_answer(id: AlertId, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    let Some((alert, said)) = draft.alert(id).and_then(|alert| Some((alert, alert.said.as_ref()?))) else { return };
    let has_say = said.by == AccountId::NOBODY || is_obeyed(said.by, alert, draft.snapshot);
    let why = if !has_say {
        "whoever answered has no say in it any more"
    } else if lapses_at(alert, draft).is_some_and(|at| at <= now) {
        "asked whether it still holds, nobody answered"
    } else {
        return;
    };
    if let Some(change) = draft.change(id) {
        if has_say { change.alert.lapse() } else { change.alert.unsay() }
    }
    draft.log(id, LogKind::Answered, Some(why.to_owned()), None);
}

/// It was found while we only observed, and sending has been switched on since: it is backlog, not news.
fn began_to_speak(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let live = may_send(alert, snapshot);
    let observed = alert.withheld == Some(Withheld::Observing) && alert.told.is_empty();
    observed && live && !alert.backlog && !snapshot.policy.tell_backlog
}

/// True while the history that belongs to a task as it is has not been read.
fn is_behind(task: &TaskRow, snapshot: &Snapshot<'_>) -> bool {
    match snapshot.board.container(task.container()).map(|container| container.history) {
        Some(HistoryReach::Known { read_at, .. }) => read_at < task.changed_at(),
        Some(HistoryReach::Pending) => true,
        Some(HistoryReach::Absent) | None => false,
    }
}

/// When the task, and the neighbours that caused the finding, will have been left alone for long enough.
/// `None`: there is nothing to wait for.
pub(super) fn settles_at(alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let mut causes = vec![task];
    match &alert.finding.evidence {
        Evidence::ChildAfterParent { parent, .. } => causes.push(*parent),
        Evidence::ParentDone { parent, .. } => causes.push(*parent),
        Evidence::PartBegun { part } => causes.push(*part),
        Evidence::BlockerDone { blocker, .. } => causes.extend(*blocker),
        Evidence::DateConflict { blocker, .. } => causes.push(*blocker),
        Evidence::CrossMismatch { other, .. } => causes.push(*other),
        Evidence::Circle { tasks, .. } => causes.extend(tasks),
        Evidence::Cascade { late, .. } => causes.extend(late.iter().map(|late| late.task)),
        _ => {}
    }
    let changed = |id: TaskId| {
        let task = snapshot.board.task(id)?;
        let told = task.facts().changed_at().map_or(task.created_at(), |at| at.max(task.created_at()));
        // What made it differ is in a history that is still to come: until then it differs since we saw it.
        Some(if is_behind(task, snapshot) { told.max(task.changed_at()) } else { told })
    };
    causes.into_iter().filter_map(changed).max().map(|at| later(at, snapshot.policy.settle))
}
