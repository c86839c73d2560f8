//! Bulk edits and imports: one account that changed much of a container within minutes. Found from what a page brings, counted
//! in the store, so that it does not matter how the pages were cut. The tasks concerned are folded anew: such an act is no
//! sign of work on any of them.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::Page;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::super::{StoreError, StreamRow};
use super::Work;
use super::values::{at_in, us};
use crate::domain::bulk::{Bulk, CALM, FEWEST, WITHIN, bulks};
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, ContainerId, SiteId, TaskId};

/// Tasks made longer ago than this were there before we began to look, or have been dealt with.
const FRESH: SignedDuration = SignedDuration::from_hours(48);

/// Bulks of each container: who, from when, to when.
pub(super) type Known = BTreeMap<ContainerId, Vec<(AccountId, Timestamp, Timestamp)>>;

/// All that were ever found.
pub(super) fn read(db: &Connection) -> Result<Known, StoreError> {
    let mut known = Known::new();
    let mut query = db.prepare("SELECT container, account, from_at, to_at FROM bulks ORDER BY container, from_at")?;
    let rows = query.query_map([], |row| {
        Ok((ContainerId(row.get(0)?), (AccountId(row.get(1)?), at_in(row, 2)?, at_in(row, 3)?)))
    })?;
    for row in rows {
        let (container, bulk) = row?;
        known.entry(container).or_default().push(bulk);
    }
    Ok(known)
}

/// See [`latest`].
pub(super) fn latest_sql(some: bool) -> String {
    let of = if some { "(SELECT value AS id FROM json_each(?1))" } else { "containers" };
    format!(
        "SELECT b.container, b.from_at, b.to_at, b.tasks FROM {of} c
         CROSS JOIN bulks b INDEXED BY bulks_latest
           ON b.container = c.id AND b.to_at >= (SELECT max(to_at) FROM bulks WHERE container = c.id) - ?2
         WHERE ?1 IS NOT NULL = {some} ORDER BY b.to_at, b.from_at, b.account"
    )
}

/// The bulks of each of some containers, or of all, that may still keep anything quiet while the latest of them does; those
/// that had none are left out.
pub(super) fn latest(db: &Connection, list: Option<&str>) -> Result<BTreeMap<ContainerId, Vec<Bulk>>, StoreError> {
    let mut query = db.prepare_cached(&latest_sql(list.is_some()))?;
    let day = i64::try_from(CALM.as_micros()).unwrap_or(i64::MAX);
    let rows = query.query_map(params![list, day], |row| {
        let bulk = Bulk { from_at: at_in(row, 1)?, to_at: at_in(row, 2)?, tasks: row.get(3)? };
        Ok((ContainerId(row.get(0)?), bulk))
    })?;
    let mut latest: BTreeMap<ContainerId, Vec<Bulk>> = BTreeMap::new();
    for row in rows {
        let (container, bulk) = row?;
        latest.entry(container).or_default().push(bulk);
    }
    Ok(latest)
}

/// Looks for bulks around what a page of a container brought.
pub(super) fn find(work: &mut Work<'_>, stream: &StreamRow, site: SiteId, page: &Page) -> Result<(), StoreError> {
    let container = stream.scope_id;
    for (ext, times) in crowded(page, work.now) {
        let account = work.account(site, &ext)?;
        if work.cache.accounts.get(&account).is_some_and(|rec| rec.bot) {
            continue;
        }
        let (Some(first), Some(last)) = (times.first(), times.last()) else { continue };
        let acts = acts(work.db, container, account, later(*first, -WITHIN), later(*last, WITHIN))?;
        for bulk in bulks(&acts, open(work.db, container)?) {
            put(work, container, account, bulk)?;
        }
    }
    Ok(())
}

/// Accounts that touched many tasks of a page within a short time, and when.
fn crowded(page: &Page, now: Timestamp) -> Vec<(String, Vec<Timestamp>)> {
    let mut acts: BTreeMap<&str, Vec<(Timestamp, TaskId)>> = BTreeMap::new();
    let mut numbers: BTreeMap<String, i64> = BTreeMap::new();
    let mut number = |name: String| {
        let next = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        TaskId(*numbers.entry(name).or_insert(next))
    };
    let marked = |change: &&connector_model::Change| change.mark.is_none() && !change.observed;
    for change in page.changes.iter().filter(marked) {
        let Some(account) = change.account.as_deref() else { continue };
        acts.entry(account).or_default().push((change.at, number(change.task.to_text())));
    }
    for task in page.tasks.iter().filter(|task| later(task.created_at, FRESH) > now) {
        let Some(account) = task.reporter.as_deref() else { continue };
        acts.entry(account).or_default().push((task.created_at, number(format!("made:{}", task.ext))));
    }
    let crowd = |(account, acts): (&str, Vec<(Timestamp, TaskId)>)| {
        if acts.len() < FEWEST {
            return None;
        }
        // With so few open tasks as that, any crowd counts.
        let found = bulks(&acts, FEWEST);
        let mut times: Vec<Timestamp> = found.iter().flat_map(|bulk| [bulk.from_at, bulk.to_at]).collect();
        times.sort_unstable();
        (!times.is_empty()).then(|| (account.to_owned(), times))
    };
    acts.into_iter().filter_map(crowd).collect()
}

/// See [`acts`].
pub(super) const ACTS: &str = "WITH near AS MATERIALIZED (
       SELECT id, reporter, created_at FROM tasks WHERE container = ?1 AND closed_at IS NULL AND gone_at IS NULL
       UNION ALL SELECT id, reporter, created_at FROM tasks WHERE closed_at >= ?3 AND container = ?1 AND gone_at IS NULL)
     SELECT c.at, c.task FROM near CROSS JOIN changes c ON c.task = near.id AND c.at BETWEEN ?3 AND ?4
     WHERE c.account = ?2 AND c.origin = 0 AND c.mark IS NULL
     UNION ALL SELECT created_at, id FROM near WHERE reporter = ?2 AND created_at BETWEEN ?3 AND ?4";

/// What an account did in a container in a stretch of time: entries of the tool's own, but for our comments, and tasks it
/// made. Of tasks that were closed before nobody is told anything: they do not count, and need not be walked through.
fn acts(
    db: &Connection,
    container: ContainerId,
    account: AccountId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, TaskId)>, StoreError> {
    let mut query = db.prepare_cached(ACTS)?;
    let rows = query.query_map(params![container.0, account.0, us(from), us(to)], |row| {
        Ok((at_in(row, 0)?, TaskId(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn open(db: &Connection, container: ContainerId) -> Result<usize, StoreError> {
    let mut query =
        db.prepare_cached("SELECT count(*) FROM tasks WHERE container = ? AND closed_at IS NULL AND gone_at IS NULL")?;
    let count: i64 = query.query_row([container.0], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Notes a bulk; those it meets become one with it.
fn put(work: &mut Work<'_>, container: ContainerId, account: AccountId, found: Bulk) -> Result<(), StoreError> {
    let (mut from, mut to) = (found.from_at, found.to_at);
    let mut query = work.db.prepare_cached(
        "SELECT from_at, to_at FROM bulks WHERE container = ? AND account = ? AND from_at <= ? AND to_at >= ?",
    )?;
    let rows = query
        .query_map(params![container.0, account.0, us(to), us(from)], |row| Ok((at_in(row, 0)?, at_in(row, 1)?)))?;
    let met: Vec<(Timestamp, Timestamp)> = rows.collect::<Result<_, _>>()?;
    drop(query);
    if met.contains(&(from, to)) {
        return Ok(());
    }
    for (other_from, other_to) in &met {
        from = from.min(*other_from);
        to = to.max(*other_to);
        work.db
            .prepare_cached("DELETE FROM bulks WHERE container = ? AND account = ? AND from_at = ?")?
            .execute(params![container.0, account.0, us(*other_from)])?;
    }
    let tasks: BTreeSet<TaskId> =
        acts(work.db, container, account, from, to)?.into_iter().map(|(_, task)| task).collect();
    work.db
        .prepare_cached("INSERT INTO bulks(container, account, from_at, to_at, tasks) VALUES (?,?,?,?,?)")?
        .execute(params![container.0, account.0, us(from), us(to), i64::try_from(tasks.len()).unwrap_or(i64::MAX)])?;
    let known = work.cache.bulks.entry(container).or_default();
    known.retain(|(who, at, _)| !(*who == account && met.iter().any(|(other, _)| other == at)));
    known.push((account, from, to));
    work.touched.refold.extend(tasks);
    work.touched.containers.insert(container);
    Ok(())
}

/// True for an act that is part of a bulk.
pub(super) fn is_part(known: &Known, container: ContainerId, account: AccountId, at: Timestamp) -> bool {
    let found = known.get(&container);
    found.is_some_and(|all| all.iter().any(|(who, from, to)| *who == account && *from <= at && at <= *to))
}
