//! How reading goes, stream by stream, and what Slack said of people: for those who look after the program.

use connector_kit::StreamKind;
use rusqlite::Connection;

use super::super::{FailureKind, PersonSeen, StoreError, StreamState};
use super::values::{at_in, at_opt, code_in};

/// Every stream that is read, by connection, kind and part.
pub(super) fn streams(db: &Connection) -> Result<Vec<StreamState>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT n.name, s.kind, c.name, s.next_pull_at, s.not_before, s.good_at, s.failures, s.failing_since, s.failure_kind,
           s.failure, s.absent, s.backfilled
         FROM streams s JOIN connections n ON n.id = s.connection AND n.configured LEFT JOIN containers c ON c.id = s.scope
         WHERE s.scope = 0 OR (c.open AND c.reader = s.connection) ORDER BY n.name, c.name, s.kind",
    )?;
    let rows = query.query_map([], |row| {
        let Some(kind) = StreamKind::from_code(code_in(row, 1)?) else { return Ok(None) };
        let (next, not_before) = (at_in(row, 3)?, at_opt(row, 4)?);
        let failing = at_opt(row, 7)?;
        let failure: (Option<String>, Option<String>) = (row.get(8)?, row.get(9)?);
        Ok(Some(StreamState {
            connection: row.get(0)?,
            kind,
            part: row.get(2)?,
            next_pull_at: not_before.map_or(next, |at| at.max(next)),
            good_at: at_opt(row, 5)?,
            failures: row.get(6)?,
            failure: failing.map(|since| {
                let kind = FailureKind::from_word(&failure.0.unwrap_or_default());
                (since, kind, failure.1.unwrap_or_default())
            }),
            absent: row.get(10)?,
            backfilled: row.get(11)?,
        }))
    })?;
    let rows: Vec<Option<StreamState>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// What Slack said of each configured person, by handle.
pub(super) fn people(db: &Connection) -> Result<Vec<PersonSeen>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT handle, seen_slack, seen_zone FROM persons WHERE gone = 0 ORDER BY handle")?;
    let rows =
        query.query_map([], |row| Ok(PersonSeen { handle: row.get(0)?, slack: row.get(1)?, zone: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
