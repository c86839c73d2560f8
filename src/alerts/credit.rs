//! Who mended what: found out once, from the history of the task, when a gap ends of which somebody was told.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Decided, home};
use crate::domain::alert::{Alert, AlertChange, AlertState, Ending};
use crate::domain::finding::{Evidence, SubjectKey};
use crate::domain::ids::TaskId;
use crate::domain::look::Look;
use crate::domain::mover::{Act, Deed, Mover, mended_by};
use crate::domain::record::HistoryReach;
use crate::domain::snapshot::Snapshot;

/// The tasks of which a gap has just ended that somebody was told of, each with since when what was done may have mended it.
pub fn mended(decided: &Decided) -> Vec<(TaskId, Timestamp)> {
    let mut since: HashMap<TaskId, Timestamp> = HashMap::new();
    for (task, alert) in decided.alerts.iter().filter_map(ends) {
        let at = since.entry(task).or_insert(alert.opened_at);
        *at = alert.opened_at.min(*at);
    }
    let mut since: Vec<(TaskId, Timestamp)> = since.into_iter().collect();
    since.sort_unstable();
    since
}

fn ends(change: &AlertChange) -> Option<(TaskId, &Alert)> {
    let alert = &change.alert;
    let SubjectKey::Task(task) = alert.subject else { return None };
    let is_over = alert.state == AlertState::Resolved && alert.ending == Some(Ending::Resolved);
    (is_over && alert.moved.is_none() && !alert.told.is_empty()).then_some((task, alert))
}

/// Notes by which change each of them was mended.
pub fn credit(decided: &mut Decided, acts: &HashMap<TaskId, Vec<Act>>, snapshot: &Snapshot<'_>) {
    for change in &mut decided.alerts {
        let Some((task, alert)) = ends(change) else { continue };
        let all = acts.get(&task).map_or(&[][..], Vec::as_slice);
        let since: Vec<Act> = all.iter().filter(|act| act.at >= alert.opened_at).cloned().collect();
        change.alert.moved = mover(alert, task, &since, snapshot);
    }
}

/// `None`: the tool's history does not tell.
fn mover(alert: &Alert, task: TaskId, acts: &[Act], snapshot: &Snapshot<'_>) -> Option<Mover> {
    let row = snapshot.board.task(task)?;
    let closed = !row.category().is_open();
    let mover = mended_by(&alert.finding.evidence, closed, acts);
    let told = home(alert.subject, snapshot).map(|home| home.history);
    let is_known = matches!(told, Some(HistoryReach::Known { read_at, .. }) if read_at >= row.changed_at());
    if let Evidence::Overdue { deadline, .. } = &alert.finding.evidence
        && !closed
        && mover.what != Deed::Date
        && Look::new(snapshot).deadline(row).is_none_or(|now| now.at > deadline.at)
    {
        // With its milestone, its sprint or its parent.
        return Some(Mover { what: Deed::Date, by: None, to: None });
    }
    if mover.what == Deed::Nothing && row.changed_at() > alert.opened_at {
        // It differs, and no history tells how: an edited text, a box that was ticked.
        return Some(Mover { what: Deed::Changed, ..mover });
    }
    (is_known || !acts.is_empty()).then_some(mover)
}
