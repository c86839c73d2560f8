//! Which tasks are on the board at start: all of them in one read, see [`super::board`].

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::StoreError;
use super::board::closed_since;
use super::values::{id_list, us};
use crate::domain::ids::TaskId;

/// Where there are so many rows of tasks for each that is open, neighbours are looked up for each open task; where there
/// are fewer, it costs less to go through everything that has neighbours.
const SPARSE: usize = 6;

const READ: &str = "container IN (SELECT id FROM containers WHERE reader IS NOT NULL)";

/// Rows of all tasks on the board, in order.
pub(super) fn task_ids(db: &Connection, now: Timestamp) -> Result<Vec<TaskId>, StoreError> {
    let rows: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM tasks", [], |row| row.get(0))?;
    let open = open(db)?;
    let is_sparse = usize::try_from(rows).unwrap_or_default() / SPARSE > open.len();
    present(db, now, open, is_sparse)
}

pub(super) fn present(
    db: &Connection,
    now: Timestamp,
    open: Vec<TaskId>,
    is_sparse: bool,
) -> Result<Vec<TaskId>, StoreError> {
    let since = us(closed_since(now));
    let closed = format!("SELECT id FROM tasks WHERE closed_at >= ? AND gone_at IS NULL AND {READ}");
    let mut here = ids(db, &closed, [since.into()])?;
    here.extend(&open);
    let here = sorted(here);
    let mut around = if is_sparse { looked_up(db, since)? } else { gone_through(db, &open, &here)? };
    around.extend(here);
    Ok(sorted(around))
}

/// Open tasks, in order.
pub(super) fn open(db: &Connection) -> Result<Vec<TaskId>, StoreError> {
    // Beginning with what is read and open, whose number does not grow with the years.
    const OPEN: &str = "SELECT t.id FROM containers c CROSS JOIN tasks t ON t.container = c.id
      WHERE c.reader IS NOT NULL AND t.closed_at IS NULL AND t.gone_at IS NULL";
    Ok(sorted(ids(db, OPEN, [])?))
}

/// Neighbours of open tasks that were closed before, looked up for each.
fn looked_up(db: &Connection, since: i64) -> Result<Vec<TaskId>, StoreError> {
    let sql = "WITH read AS MATERIALIZED (SELECT id FROM containers WHERE reader IS NOT NULL),
         open AS MATERIALIZED (SELECT t.id FROM read CROSS JOIN tasks t ON t.container = read.id
           WHERE t.closed_at IS NULL AND t.gone_at IS NULL)
         SELECT t.id FROM open CROSS JOIN tasks t ON t.parent = open.id
           WHERE t.closed_at < ?1 AND t.gone_at IS NULL AND t.container IN read
         UNION ALL SELECT t.id FROM open CROSS JOIN links l ON l.task = open.id AND l.kind <> 1 CROSS JOIN tasks t ON t.id = l.other
           WHERE t.closed_at < ?1 AND t.gone_at IS NULL AND t.container IN read
         UNION ALL SELECT t.id FROM open CROSS JOIN links l ON l.other = open.id AND l.kind <> 0 CROSS JOIN tasks t ON t.id = l.task
           WHERE t.closed_at < ?1 AND t.gone_at IS NULL AND t.container IN read
         UNION ALL SELECT t.id FROM open CROSS JOIN tasks child ON child.id = open.id CROSS JOIN tasks t ON t.id = child.parent
           WHERE t.closed_at < ?1 AND t.gone_at IS NULL AND t.container IN read";
    ids(db, sql, [since.into()])
}

/// The same, from all edges there are: two tables read from one end to the other.
fn gone_through(db: &Connection, open: &[TaskId], here: &[TaskId]) -> Result<Vec<TaskId>, StoreError> {
    let mut missing = Vec::new();
    let is_open = |id: &TaskId| open.binary_search(id).is_ok();
    let mut note = |from: TaskId, to: TaskId| {
        if is_open(&from) && here.binary_search(&to).is_err() {
            missing.push(to);
        }
    };
    let mut parents = db.prepare("SELECT parent, id FROM tasks WHERE parent IS NOT NULL")?;
    let mut rows = parents.query([])?;
    while let Some(row) = rows.next()? {
        let (parent, child) = (TaskId(row.get(0)?), TaskId(row.get(1)?));
        note(parent, child);
        note(child, parent);
    }
    let mut links = db.prepare("SELECT task, kind, other FROM links WHERE other IS NOT NULL")?;
    let mut rows = links.query([])?;
    while let Some(row) = rows.next()? {
        let (task, kind, other): (TaskId, i64, TaskId) = (TaskId(row.get(0)?), row.get(1)?, TaskId(row.get(2)?));
        if kind != 1 {
            note(task, other);
        }
        if kind != 0 {
            note(other, task);
        }
    }
    let sql =
        format!("SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?)) AND gone_at IS NULL AND {READ}");
    let mut found = Vec::new();
    for some in sorted(missing).chunks(10_000) {
        found.extend(ids(db, &sql, [id_list(some.iter().map(|id| id.0)).into()])?);
    }
    Ok(found)
}

fn ids<const N: usize>(db: &Connection, sql: &str, values: [Value; N]) -> Result<Vec<TaskId>, StoreError> {
    let mut query = db.prepare(sql)?;
    let rows = query.query_map(params_from_iter(values), |row| Ok(TaskId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn sorted(mut ids: Vec<TaskId>) -> Vec<TaskId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
