//! What finished tasks leave behind, norms, and what people had at hand on past days.

use std::collections::{BTreeMap, BTreeSet};

use connector_model::{Due, StatusCategory};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::StoreError;
use super::chosen::Chosen;
use super::values::{at_in, code_in, id_list, json, json_in, us};
use super::{Store, Work, history};
use crate::domain::forecast::Forecast;
use crate::domain::ids::{AccountId, ContainerId, SiteId, TaskId};
use crate::domain::norms::{Book, MOST, Metric, Percentiles, RowKey, Rows, since};
use crate::domain::outcome::{Finished, Load, outcome};

/// Outcomes folded in one transaction.
const A_TIME: usize = 1000;

/// Which finished tasks count: the latest of each container and kind, of these containers, finished in the window.
const COUNTED: &str = "SELECT id, container, kind, closed_at FROM (
   SELECT t.id, t.container, coalesce(t.kind, '') AS kind, t.closed_at,
     row_number() OVER (PARTITION BY t.container, t.kind ORDER BY t.closed_at DESC, t.id) AS nth
   FROM tasks t WHERE t.closed_at >= ?1 AND t.closed_at < ?2 AND t.category = ?3 AND t.ineligible = 0
     AND t.gone_at IS NULL AND t.container IN (SELECT value FROM json_each(?4)))
 WHERE nth <= ?5";

/// The containers that count, as of an instant.
pub(super) struct Window<'a> {
    pub(super) counted: &'a BTreeSet<ContainerId>,
    pub(super) as_of: Timestamp,
}

impl Window<'_> {
    fn params(&self) -> (i64, i64, u8, String, u32) {
        let list = id_list(self.counted.iter().map(|id| id.0));
        (us(since(self.as_of)), us(self.as_of), StatusCategory::Done.code(), list, MOST)
    }
}

impl Store {
    /// Folds some of the finished tasks that count for norms of this instant and were not folded yet; true: there are more.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn fold_outcomes(
        &mut self,
        counted: &BTreeSet<ContainerId>,
        as_of: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(now, |work| fold_some(work, &Window { counted, as_of }))
    }

    /// What the finished tasks that count left behind, and what people had at hand on past days.
    ///
    /// # Errors
    /// `Failed`.
    pub fn finished(
        &self,
        counted: &BTreeSet<ContainerId>,
        as_of: Timestamp,
    ) -> Result<(Vec<Finished>, Vec<Load>), StoreError> {
        let finished = finished(&self.db, &Window { counted, as_of })?;
        Ok((finished, loads(&self.db, as_of)?))
    }

    /// Keeps new norms, and what people have at hand today.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn put_norms(&mut self, book: &Book, today: &[Load], now: Timestamp) -> Result<(), StoreError> {
        self.write(now, |work| put(work.db, book, today))
    }
}

/// A finished task that left nothing behind yet.
struct Unfolded {
    id: TaskId,
    container: ContainerId,
    kind: String,
    closed_at: Timestamp,
    site: SiteId,
    reporter: Option<AccountId>,
    created_at: Timestamp,
    due: Option<Due>,
}

/// Folds some of those that left nothing behind yet; true where there are more.
pub(super) fn fold_some(work: &mut Work<'_>, window: &Window<'_>) -> Result<bool, StoreError> {
    let (since, until, done, list, most) = window.params();
    let sql = format!(
        "SELECT c.id, c.container, c.kind, c.closed_at, t.site, t.created_at, t.reporter,
           coalesce(t.due, (SELECT min(home.due) FROM task_homes h JOIN containers home ON home.id = h.container
             WHERE h.task = t.id))
         FROM ({COUNTED}) c
         JOIN tasks t ON t.id = c.id WHERE NOT EXISTS(SELECT 1 FROM outcomes WHERE task = c.id) ORDER BY c.id LIMIT ?6"
    );
    let mut query = work.db.prepare_cached(&sql)?;
    let rows = query.query_map(params![since, until, done, list, most, A_TIME as i64], |row| {
        Ok(Unfolded {
            id: TaskId(row.get(0)?),
            container: ContainerId(row.get(1)?),
            kind: row.get(2)?,
            closed_at: at_in(row, 3)?,
            site: SiteId(row.get(4)?),
            created_at: at_in(row, 5)?,
            reporter: row.get::<_, Option<i64>>(6)?.map(AccountId),
            due: row.get_ref(7)?.as_str_or_null()?.and_then(Due::from_text),
        })
    })?;
    let tasks: Vec<Unfolded> = rows.collect::<Result<_, _>>()?;
    let ids: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
    let mut owners = history::owners_of(work.db, &Chosen::of(&ids))?;
    for task in &tasks {
        let changes = history::read(work.db, task.id)?;
        let owners = owners.remove(&task.id).unwrap_or_default();
        let spans =
            work.with_context(task.site, task.container, &owners, (task.reporter, task.created_at), |context| {
                outcome(&changes, task.closed_at, task.due, context)
            })?;
        let mut insert = work.db.prepare_cached("INSERT INTO outcomes VALUES (?,?,?,?,?)")?;
        insert.execute(params![task.id.0, task.container.0, task.kind, us(task.closed_at), json(&spans)?])?;
    }
    Ok(tasks.len() == A_TIME)
}

/// What the finished tasks that count left behind.
pub(super) fn finished(db: &Connection, window: &Window<'_>) -> Result<Vec<Finished>, StoreError> {
    let (since, until, done, list, most) = window.params();
    let sql = format!(
        "SELECT o.container, o.kind, o.spans FROM ({COUNTED}) c JOIN outcomes o ON o.task = c.id ORDER BY o.task"
    );
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map(params![since, until, done, list, most], |row| {
        Ok(Finished { container: ContainerId(row.get(0)?), kind: row.get(1)?, outcome: json_in(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What people had at hand on the days of the window, by account.
pub(super) fn loads(db: &Connection, as_of: Timestamp) -> Result<Vec<Load>, StoreError> {
    let mut query =
        db.prepare("SELECT account, day, due_soon, in_hand FROM loads WHERE day >= ? ORDER BY account, day")?;
    let rows = query.query_map([us(since(as_of))], |row| {
        let account = AccountId(row.get(0)?);
        Ok(Load { account, day: at_in(row, 1)?, due_soon: row.get(2)?, in_hand: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps new norms, and what people have at hand on their day.
pub(super) fn put(db: &Connection, book: &Book, today: &[Load]) -> Result<(), StoreError> {
    let Some(as_of) = book.as_of else { return Ok(()) };
    let rev: i64 = db.query_row("SELECT coalesce(max(rev), 0) + 1 FROM norms_state", [], |row| row.get(0))?;
    let before = rows(db)?;
    for (key, percentiles) in book.rows() {
        if before.get(key) == Some(percentiles) {
            continue;
        }
        let mut put = db.prepare_cached("INSERT OR REPLACE INTO norms VALUES (?,?,?,?,?,?,?,?,?)")?;
        let Percentiles { p50, p70, p85, p95, samples } = *percentiles;
        put.execute(params![key.about, key.kind, key.metric.code(), p50, p70, p85, p95, samples, rev])?;
    }
    for key in before.keys().filter(|key| !book.rows().contains_key(key)) {
        let mut drop = db.prepare_cached("DELETE FROM norms WHERE about = ? AND kind = ? AND metric = ?")?;
        drop.execute(params![key.about, key.kind, key.metric.code()])?;
    }
    put_outlooks(db, &book.forecast, rev)?;
    let counted: Vec<i64> = book.counted.iter().map(|id| id.0).collect();
    db.execute("INSERT OR REPLACE INTO norms_state VALUES (1, ?, ?, ?)", params![us(as_of), rev, json(&counted)?])?;
    for load in today {
        let mut put = db.prepare_cached("INSERT OR REPLACE INTO loads VALUES (?,?,?,?)")?;
        put.execute(params![load.account.0, us(load.day), load.due_soon, load.in_hand])?;
    }
    db.execute("DELETE FROM loads WHERE day < ?", [us(since(as_of))])?;
    // What no window reaches any more.
    db.execute("DELETE FROM outcomes WHERE closed_at < ?", [us(since(as_of))])?;
    Ok(())
}

fn put_outlooks(db: &Connection, now: &Forecast, rev: i64) -> Result<(), StoreError> {
    let before = outlooks(db)?;
    for (about, outlook) in &now.outlooks {
        if before.outlooks.get(about) != Some(outlook) {
            let mut put = db.prepare_cached("INSERT OR REPLACE INTO outlooks VALUES (?,?,?)")?;
            put.execute(params![about, json(outlook)?, rev])?;
        }
    }
    for about in before.outlooks.keys().filter(|about| !now.outlooks.contains_key(about)) {
        db.prepare_cached("DELETE FROM outlooks WHERE about = ?")?.execute([about])?;
    }
    Ok(())
}

fn outlooks(db: &Connection) -> Result<Forecast, StoreError> {
    let mut query = db.prepare("SELECT about, outlook FROM outlooks")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, json_in(row, 1)?)))?;
    Ok(Forecast { outlooks: rows.collect::<Result<_, _>>()? })
}

/// Norms as they were computed last.
pub(super) fn book(db: &Connection) -> Result<Book, StoreError> {
    let mut query = db.prepare("SELECT as_of, counted FROM norms_state")?;
    let state = query.query_row([], |row| Ok((at_in(row, 0)?, json_in::<Vec<i64>>(row, 1)?))).optional()?;
    let Some((as_of, counted)) = state else { return Ok(Book::default()) };
    Ok(Book::new(Some(as_of), counted.into_iter().map(ContainerId).collect(), rows(db)?).with_forecast(outlooks(db)?))
}

fn rows(db: &Connection) -> Result<Rows, StoreError> {
    let mut query = db.prepare("SELECT about, kind, p50, p70, p85, p95, samples, metric FROM norms")?;
    let rows = query.query_map([], |row| {
        let metric = Metric::from_code(code_in(row, 7)?);
        let key =
            metric.map(|metric| Ok::<_, rusqlite::Error>(RowKey { about: row.get(0)?, kind: row.get(1)?, metric }));
        let percentiles = Percentiles {
            p50: row.get(2)?,
            p70: row.get(3)?,
            p85: row.get(4)?,
            p95: row.get(5)?,
            samples: row.get(6)?,
        };
        Ok((key.transpose()?, percentiles))
    })?;
    let mut all = BTreeMap::new();
    for row in rows {
        let (key, percentiles) = row?;
        all.extend(key.map(|key| (key, percentiles)));
    }
    Ok(all)
}
