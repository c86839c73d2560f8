//! What a waiting task waits for, as far as its links tell: shared by the rules about it.

use jiff::Timestamp;

use crate::domain::ids::TaskId;
use crate::domain::look::Look;
use crate::domain::row::TaskRow;
use crate::domain::row::Told;

/// What became of that which a task waits for.
pub(super) enum Awaited {
    /// It is still to come.
    Open,
    /// It lives where we may not read.
    Elsewhere,
    /// The last of it was done, or its link removed, at this instant; which one it was, where that is known.
    Over(Timestamp, Option<TaskId>),
    /// No link has ever told.
    Nothing,
}

/// Asks the links of a task, and its history for those that were removed.
pub(super) fn awaited(task: &TaskRow, facts: Option<Told<'_>>, look: &Look<'_>) -> Awaited {
    let mut last: Option<(Timestamp, Option<TaskId>)> = facts.and_then(Told::unlinked_at).map(|at| (at, None));
    for blocker in look.blockers(task) {
        if blocker.category().is_open() {
            return Awaited::Open;
        }
        let over_at = blocker.closed_at().unwrap_or(blocker.created_at());
        if last.is_none_or(|(at, _)| at <= over_at) {
            last = Some((over_at, Some(blocker.id)));
        }
    }
    match last {
        _ if look.waits_elsewhere(task) => Awaited::Elsewhere,
        Some((at, blocker)) => Awaited::Over(at, blocker),
        None => Awaited::Nothing,
    }
}
