//! What connections do not tell of tasks, though their tools could; noted with the page that shows it.

use std::collections::{BTreeMap, HashMap};

use connector_kit::Page;
use connector_model::{Lack, Need};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::super::{LackSeen, StoreError, StreamRow};
use super::Work;
use super::values::{at_in, code_in, us};
use crate::domain::ids::{ConnectionId, ContainerId};

/// Takes up what a page says of it. Where that differs, all that is read with it is judged anew.
pub(super) fn see(work: &mut Work<'_>, stream: &StreamRow, page: &Page) -> Result<(), StoreError> {
    let Some(told) = &page.lacks else { return Ok(()) };
    let key = (stream.connection.0, stream.key.kind.code(), stream.scope_id.0);
    let mut query = work.db.prepare_cached(
        "SELECT need, whole, because, since FROM lacks WHERE connection = ? AND kind = ? AND scope = ? ORDER BY need",
    )?;
    let rows = query.query_map(key, |row| Ok((row.get::<_, u8>(0)?, lack(row, 0)?, at_in(row, 3)?)))?;
    let before: Vec<(u8, Option<Lack>, Timestamp)> = rows.collect::<Result<_, _>>()?;
    // Where two reasons are given for one, the one that leaves nothing counts.
    let mut now: BTreeMap<u8, &Lack> = BTreeMap::new();
    for one in told {
        let kept = now.entry(one.need.code()).or_insert(one);
        if one.whole && !kept.whole {
            *kept = one;
        }
    }
    let is_same = before.iter().map(|(_, lack, _)| lack.as_ref()).eq(now.values().map(|lack| Some(*lack)));
    if is_same {
        return Ok(());
    }
    work.db.prepare_cached("DELETE FROM lacks WHERE connection = ? AND kind = ? AND scope = ?")?.execute(key)?;
    let mut insert = work.db.prepare_cached("INSERT INTO lacks VALUES (?,?,?,?,?,?,?)")?;
    for (need, lack) in now {
        let since = before.iter().find(|(known, ..)| *known == need).map_or(work.now, |(_, _, since)| *since);
        insert.execute(params![key.0, key.1, key.2, need, lack.whole, lack.because, us(since)])?;
    }
    work.touched.connections.insert(stream.connection);
    match stream.scope_id {
        ContainerId(0) => {
            let mut read = work.db.prepare_cached("SELECT id FROM containers WHERE reader = ?")?;
            for id in read.query_map([stream.connection.0], |row| row.get(0))? {
                work.touched.containers.insert(ContainerId(id?));
            }
        }
        place => drop(work.touched.containers.insert(place)),
    }
    Ok(())
}

/// From `need` on. `None`: of something that only a newer program knows.
fn lack(row: &Row<'_>, column: usize) -> Result<Option<Lack>, rusqlite::Error> {
    let need = Need::from_code(code_in(row, column)?);
    let (whole, because) = (row.get(column + 1)?, row.get(column + 2)?);
    Ok(need.map(|need| Lack { need, whole, because }))
}

/// Those that count: of streams that are read. A home with a date is no place of tasks.
const COUNTS: &str = "FROM lacks l
  JOIN streams s ON s.connection = l.connection AND s.kind = l.kind AND s.scope = l.scope AND NOT s.absent
  JOIN containers c ON c.reader = l.connection AND c.open AND c.kind < 3 AND (l.scope = 0 OR c.id = l.scope)";

/// What is not told of each container, of all or of some: each need once, by the reason that leaves least.
pub(super) fn of_containers(
    db: &Connection,
    list: Option<&str>,
) -> Result<HashMap<ContainerId, Vec<Lack>>, StoreError> {
    let only = if list.is_some() { "c.id IN (SELECT value FROM json_each(?1))" } else { "?1 IS NULL" };
    let mut query = db.prepare_cached(&format!(
        "SELECT c.id, l.need, l.whole, l.because {COUNTS} WHERE {only} ORDER BY c.id, l.need, l.whole DESC, l.kind, l.scope"
    ))?;
    let mut found: HashMap<ContainerId, Vec<Lack>> = HashMap::new();
    for row in query.query_map([list], |row| Ok((ContainerId(row.get(0)?), lack(row, 1)?)))? {
        let (container, Some(lack)) = row? else { continue };
        let all = found.entry(container).or_default();
        if !all.iter().any(|known| known.need == lack.need) {
            all.push(lack);
        }
    }
    Ok(found)
}

/// What a connection does not tell, for people: one entry for each thing and reason, with the places it is true of.
pub(super) fn of_connection(db: &Connection, connection: ConnectionId) -> Result<Vec<LackSeen>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT l.need, l.whole, l.because, min(l.since), json_group_array(DISTINCT c.name),
           count(DISTINCT c.id) = (SELECT count(*) FROM containers WHERE reader = ?1 AND open AND kind < 3)
         {COUNTS} WHERE l.connection = ?1 GROUP BY l.need, l.whole, l.because ORDER BY l.need, l.whole DESC, l.because"
    ))?;
    let rows = query.query_map([connection.0], |row| {
        let everywhere: bool = row.get(5)?;
        let mut parts: Vec<String> = super::values::json_in(row, 4)?;
        parts.sort_unstable();
        let parts = if everywhere { Vec::new() } else { parts };
        Ok(lack(row, 0)?.map(|lack| (lack, at_in(row, 3), parts)))
    })?;
    let mut seen = Vec::new();
    for row in rows {
        let Some((lack, since, parts)) = row? else { continue };
        seen.push(LackSeen { lack, since: since?, parts });
    }
    Ok(seen)
}
