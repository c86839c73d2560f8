//! Many tasks assigned by one account within an hour: planning, of which nobody is expected to say that they have seen
//! each. Counted in the store, so that it does not matter how the pages were cut; whatever turns out to be part of it is
//! folded anew.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::StoreError;
use super::Work;
use super::values::{at_in, us};
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::past::{AT_ONCE, PLANNED_AT_ONCE, is_planning};

/// See [`assigned`].
pub(super) const ASSIGNED: &str = "SELECT task, max(at) FROM changes INDEXED BY changes_assigned
     WHERE account = ? AND at BETWEEN ? AND ? AND field = 1 AND origin = 0 AND new IS NOT NULL
     GROUP BY task";

/// The tasks that an account assigned between two instants.
fn assigned(
    db: &Connection,
    account: AccountId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(TaskId, Timestamp)>, StoreError> {
    let mut query = db.prepare_cached(ASSIGNED)?;
    let rows =
        query.query_map(params![account.0, us(from), us(to)], |row| Ok((TaskId(row.get(0)?), at_in(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// True for an assignment that is one of many which the account made at once.
pub(super) fn is_part(db: &Connection, account: AccountId, at: Timestamp) -> Result<bool, StoreError> {
    let around = assigned(db, account, later(at, -AT_ONCE), later(at, AT_ONCE))?;
    let mut times: Vec<Timestamp> = around.into_iter().map(|(_, at)| at).collect();
    Ok(is_planning(&mut times, at))
}

/// Folds anew what assignments that have just come make part of a planning: the others of that hour.
pub(super) fn find(work: &mut Work<'_>) -> Result<(), StoreError> {
    let mut stretches: BTreeMap<AccountId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for (account, at) in std::mem::take(&mut work.touched.assigned) {
        let all = stretches.entry(account).or_default();
        match all.last_mut() {
            Some((_, end)) if at.duration_since(*end) <= AT_ONCE => *end = at,
            _ => all.push((at, at)),
        }
    }
    for (account, (from, to)) in stretches.into_iter().flat_map(|(who, all)| all.into_iter().map(move |one| (who, one)))
    {
        let around = assigned(work.db, account, later(from, -AT_ONCE), later(to, AT_ONCE))?;
        if around.len() > PLANNED_AT_ONCE {
            work.touched.refold.extend(around.into_iter().map(|(task, _)| task));
        }
    }
    Ok(())
}
