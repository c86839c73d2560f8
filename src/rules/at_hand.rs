//! How much people have at hand, and how much is called urgent, counted once a day for norms. Never a list of people by it.

use std::collections::BTreeMap;

use connector_model::StatusCategory;
use jiff::{SignedDuration, Timestamp};

use super::is_work;
use super::silence::high_priority_silent::TOP;
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, ContainerId};
use crate::domain::look::Look;
use crate::domain::norms::{FEWEST_OPEN, Metric, Percentiles, RowKey, Rows};
use crate::domain::outcome::Load;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// Deadlines within this are soon.
const SOON: SignedDuration = SignedDuration::from_hours(10 * 24);

fn work<'a>(snapshot: &Snapshot<'a>, look: &Look<'a>) -> impl Iterator<Item = &'a TaskRow> {
    snapshot.board.tasks().filter(|task| is_work(task) && look.watched(task))
}

/// What every account has at hand on the day that begins at `day`.
pub fn loads(snapshot: &Snapshot<'_>, day: Timestamp) -> Vec<Load> {
    let look = Look::new(snapshot);
    let mut counts: BTreeMap<AccountId, (u32, u32)> = BTreeMap::new();
    for task in work(snapshot, &look) {
        let soon = look.deadline(task).is_some_and(|deadline| deadline.at <= later(day, SOON));
        let active = look.category(task) == Ok(StatusCategory::Active);
        for owner in look.owners(task) {
            let (due_soon, in_hand) = counts.entry(owner).or_default();
            *due_soon += u32::from(soon);
            *in_hand += u32::from(active);
        }
    }
    let load = |(account, (due_soon, in_hand))| Load { account, day, due_soon, in_hand };
    counts.into_iter().map(load).collect()
}

/// The share of each container's open tasks that is in the top two priorities, where there are enough tasks to say.
pub fn top_priorities(snapshot: &Snapshot<'_>) -> Rows {
    let look = Look::new(snapshot);
    let mut counts: BTreeMap<ContainerId, (u32, u32)> = BTreeMap::new();
    for task in work(snapshot, &look) {
        let (top, all) = counts.entry(task.container()).or_default();
        *top += u32::from(task.priority().is_some_and(|priority| priority <= TOP));
        *all += 1;
    }
    let told = counts.into_iter().filter(|(_, (_, all))| *all >= FEWEST_OPEN);
    let row = |(container, (top, all)): (ContainerId, (u32, u32))| {
        let share = f64::from(top) / f64::from(all);
        let key = RowKey { about: container.0, kind: String::new(), metric: Metric::TopPriority };
        (key, Percentiles { p50: share, p70: share, p85: share, p95: share, samples: all })
    };
    told.map(row).collect()
}
