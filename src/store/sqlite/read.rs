//! Read models: what words, commands and pages ask for by themselves, each one short query.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::super::{ConnectionState, NoticeFilter, NoticeRow, StoreError, TaskCount, TaskName, WithheldRow};
use super::lacks;
use super::round;
use super::streams;
use super::values::{at_in, at_opt, code_in, id_list, json_in, us};
use crate::domain::alert::{Alert, LogKind};
use crate::domain::finding::RuleId;
use crate::domain::ids::{AccountId, AlertId, ConnectionId, ContainerId, TaskId};
use crate::domain::notice::{MessageState, NoticeState, Reason};

/// What words need of these tasks; those that are not there are left out.
pub(super) fn names(db: &Connection, ids: &[TaskId]) -> Result<HashMap<TaskId, TaskName>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT t.id, t.key, t.title, t.url, t.handle, coalesce(n.name, ''), t.restricted FROM tasks t
         JOIN containers c ON c.id = t.container LEFT JOIN connections n ON n.id = c.reader
         WHERE t.id IN (SELECT value FROM json_each(?))",
    )?;
    let rows = query.query_map([id_list(ids.iter().map(|id| id.0))], |row| {
        let name = TaskName {
            key: row.get(1)?,
            title: row.get(2)?,
            url: row.get(3)?,
            handle: row.get(4)?,
            connection: row.get(5)?,
            restricted: row.get(6)?,
        };
        Ok((TaskId(row.get(0)?), name))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How each configured connection stands.
pub(super) fn connection_states(db: &Connection) -> Result<Vec<ConnectionState>, StoreError> {
    states(
        db,
        "(SELECT count(*) FROM tasks t JOIN containers r ON r.id = t.container WHERE r.reader = n.id AND t.gone_at IS NULL)",
    )
}

/// The same, without reading every task for a count.
pub(super) fn connections_now(db: &Connection) -> Result<Vec<ConnectionState>, StoreError> {
    states(db, "0")
}

fn states(db: &Connection, tasks: &str) -> Result<Vec<ConnectionState>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT n.id, n.name,
           count(c.id), count(c.id) FILTER (WHERE c.warm_at IS NULL), count(c.id) FILTER (WHERE c.fresh_at IS NULL),
           min(c.fresh_at),
           (SELECT s.good_at FROM streams s WHERE s.connection = n.id AND s.scope = 0 AND s.kind = 0), {tasks}
         FROM connections n LEFT JOIN containers c ON c.reader = n.id AND c.open AND c.kind < 3
         WHERE n.configured GROUP BY n.id ORDER BY n.name"
    ))?;
    let rows = query.query_map([], |row| {
        let (containers, unread): (u32, u32) = (row.get(2)?, row.get(4)?);
        let last = if containers == 0 { at_opt(row, 6)? } else { at_opt(row, 5)? };
        Ok(ConnectionState {
            id: ConnectionId(row.get(0)?),
            name: row.get(1)?,
            last_success_at: last.filter(|_| unread == 0),
            failure: None,
            cold: row.get(3)?,
            containers,
            tasks: count(row, 7)?,
            lacks: Vec::new(),
        })
    })?;
    let mut states: Vec<ConnectionState> = rows.collect::<Result<_, _>>()?;
    for state in &mut states {
        state.failure = streams::failing(db, state.id)?.worst;
        state.lacks = lacks::of_connection(db, state.id)?;
    }
    Ok(states)
}

/// The log of words since an instant, newest first.
pub(super) fn notices(db: &Connection, filter: &NoticeFilter, since: Timestamp) -> Result<Vec<NoticeRow>, StoreError> {
    let (only, value) = match filter {
        NoticeFilter::All => ("?2 IS NULL", None),
        NoticeFilter::Task(task) => ("a.subject_kind = 0 AND a.subject = CAST(?2 AS INTEGER)", Some(task.to_string())),
        NoticeFilter::Itself => ("a.subject_kind = 4 AND ?2 IS NULL", None),
        NoticeFilter::Gap(gap) => ("a.gap = ?2", Some(gap.0.clone())),
        NoticeFilter::Accounts(ids) => {
            ("n.account IN (SELECT value FROM json_each(?2))", Some(id_list(ids.iter().map(|id| id.0))))
        }
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT a.gap, n.reason, n.account, n.address, n.state, m.state,
           coalesce(n.why, CASE WHEN n.state = 1 THEN m.error END), m.due_at, n.decided_at, n.told_at,
           a.subject_kind, a.subject, m.held_since
         FROM notices n JOIN alerts a ON a.id = n.alert LEFT JOIN messages m ON m.id = n.message
         WHERE n.decided_at >= ?1 AND {only} ORDER BY n.decided_at DESC, n.id DESC"
    ))?;
    let rows = query.query_map(params![us(since), value], notice_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Why something about these gaps was held back since an instant, each in order.
pub(super) fn withheld(db: &Connection, ids: &[AlertId], since: Timestamp) -> Result<Vec<WithheldRow>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT alert, at, coalesce(reason, '') FROM alert_log
         WHERE alert IN (SELECT value FROM json_each(?1)) AND what = ?2 AND at >= ?3 ORDER BY alert, n",
    )?;
    let list = id_list(ids.iter().map(|id| id.0));
    let rows = query.query_map(params![list, LogKind::Withheld.code(), us(since)], |row| {
        Ok(WithheldRow { alert: AlertId(row.get(0)?), at: at_in(row, 1)?, because: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn notice_row(row: &Row<'_>) -> Result<NoticeRow, rusqlite::Error> {
    let message: Option<u8> = row.get(5)?;
    let subject: (u8, i64) = (code_in(row, 10)?, row.get(11)?);
    Ok(NoticeRow {
        gap: row.get(0)?,
        reason: Reason::from_code(code_in(row, 1)?).word().to_owned(),
        account: AccountId(row.get(2)?),
        address: json_in(row, 3)?,
        state: NoticeState::from_code(code_in(row, 4)?),
        message: message.map(MessageState::from_code),
        why: row.get(6)?,
        due_at: at_opt(row, 7)?,
        held_since: at_opt(row, 12)?,
        decided_at: at_in(row, 8)?,
        told_at: at_opt(row, 9)?,
        task: (subject.0 == 0).then_some(TaskId(subject.1)),
    })
}

/// Alerts that resolved since an instant, newest first.
pub(super) fn alerts_resolved(
    db: &Connection,
    since: Timestamp,
    rule: fn(&str) -> Option<RuleId>,
) -> Result<Vec<Alert>, StoreError> {
    let sql = format!(
        "SELECT {} FROM alerts WHERE state = 2 AND resolved_at >= ? ORDER BY resolved_at DESC, id DESC",
        round::ALERT
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([us(since)])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some((rule, subject)) = round::alert_of(row, rule)? {
            alerts.push(round::alert(row, rule, subject)?);
        }
    }
    Ok(alerts)
}

/// Tasks that a person may mean: by key, by `connection:key`, by browser address, or by the id of a gap about them.
pub(super) fn find_task(db: &Connection, text: &str) -> Result<Vec<TaskId>, StoreError> {
    let text = text.trim();
    let address = text.split(['?', '#']).next().unwrap_or(text).trim_end_matches('/');
    for (sql, value) in [
        ("SELECT id, 1 FROM tasks WHERE url IN (?1, ?2) AND ?1 LIKE 'http%' ORDER BY id", [text, address]),
        (
            "SELECT DISTINCT t.id, t.key = ?1 COLLATE BINARY FROM sites s JOIN tasks t ON t.site = s.id
             WHERE t.key = ?1 AND ?2 = ?2 ORDER BY t.id",
            [text; 2],
        ),
        (
            "SELECT t.id, t.key = ?2 COLLATE BINARY FROM connections n JOIN tasks t ON t.site = n.site
               JOIN containers c ON c.id = t.container
             WHERE n.name = ?1 AND t.key = ?2 AND c.reader = n.id ORDER BY t.id",
            text.split_once(':').map_or([""; 2], |(connection, key)| [connection, key]),
        ),
        (
            "SELECT DISTINCT t.id, 1 FROM alerts a JOIN tasks t ON t.id = a.subject
             WHERE a.gap = lower(?1) AND a.subject_kind = 0 AND ?2 = ?2 ORDER BY t.id",
            [text; 2],
        ),
    ] {
        let mut query = db.prepare_cached(sql)?;
        let rows = query.query_map(value, |row| Ok((TaskId(row.get(0)?), row.get(1)?)))?;
        let mut found: Vec<(TaskId, bool)> = rows.collect::<Result<_, _>>()?;
        // People write a key as they like, and to some tools `aI4od6Yd` and `AI4OD6YD` are two things.
        if found.iter().any(|(_, exact)| *exact) {
            found.retain(|(_, exact)| *exact);
        }
        if !found.is_empty() {
            return Ok(found.into_iter().map(|(id, _)| id).collect());
        }
    }
    Ok(Vec::new())
}

/// How many tasks each container has in the mirror.
pub(super) fn counts(db: &Connection) -> Result<Vec<TaskCount>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT container, count(*) FILTER (WHERE closed_at IS NULL), count(closed_at) FROM tasks WHERE gone_at IS NULL
         GROUP BY container ORDER BY container",
    )?;
    let rows = query.query_map([], |row| {
        Ok(TaskCount { container: ContainerId(row.get(0)?), open: count(row, 1)?, closed: count(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn count(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}
