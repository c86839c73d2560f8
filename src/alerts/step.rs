//! What time alone does to an alert: it settles, or has been clear for long enough.

use jiff::Timestamp;

use super::draft::Draft;
use super::reconcile::{end, resolves_at};
use super::{is_held, reader};
use crate::domain::alert::{Alert, AlertState, Ending, LogKind, Withheld};
use crate::domain::calendar::later;
use crate::domain::finding::{Evidence, SubjectKey};
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::policy::Mode;
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
    let Some(alert) = draft.alert(id) else { return };
    if is_held(alert.subject, snapshot) {
        return;
    }
    match alert.state {
        AlertState::Pending if settles_at(alert, snapshot).is_none_or(|at| at <= snapshot.now) => fire(id, draft),
        AlertState::Firing if resolves_at(alert, snapshot).is_some_and(|at| at <= snapshot.now) => {
            end(id, Ending::Resolved, draft);
        }
        _ => {}
    }
}

fn fire(id: AlertId, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    if let Some(change) = draft.change(id) {
        change.alert.state = AlertState::Firing;
        change.alert.fired_at = Some(now);
    }
    draft.log(id, LogKind::Fired, None, None);
}

/// It was found while we only observed, and sending has been switched on since: it is backlog, not news.
fn began_to_speak(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let live = snapshot.policy.mode_of(alert.rule, reader(alert.subject, snapshot)) == Mode::Live;
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
