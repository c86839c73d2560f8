//! Events for webhooks: kept until they are taken, and for a while when they were given up.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::super::{DisabledHook, GivenUp, StoreError};
use super::Store;
use super::values::{at_in, at_opt, us};
use crate::domain::calendar::later;
use crate::domain::event::{Ended, Event, Waiting};
use crate::domain::ids::EventId;
use crate::domain::traffic::HookTrouble;

impl Store {
    /// Takes note of the webhooks there are, by name and address: one whose address changed is asked again.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn know_hooks(&mut self, hooks: &[(String, String)], now: Timestamp) -> Result<(), StoreError> {
        if disabled(&self.db)?.is_empty() {
            return Ok(());
        }
        self.write(now, |work| know(work.db, hooks))
    }

    /// The event that is due the longest, of a webhook that is not in `busy`. `None`: nothing is due.
    ///
    /// # Errors
    /// `Failed`.
    pub fn next_event(&self, busy: &[String], now: Timestamp) -> Result<Option<Waiting>, StoreError> {
        next(&self.db, busy, now)
    }

    /// When the next event of a webhook that is not in `busy` is due. `None`: none waits.
    ///
    /// # Errors
    /// `Failed`.
    pub fn next_event_at(&self, busy: &[String]) -> Result<Option<Timestamp>, StoreError> {
        next_at(&self.db, busy)
    }

    /// Records how an attempt ended; `address` stands for the webhook's.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`: the event will be posted once more, with the same id.
    pub fn event_ended(
        &mut self,
        waiting: &Waiting,
        ended: &Ended,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(now, |work| end(work.db, waiting, ended, address, now))
    }

    /// Posts an event that was given up once more, by the whole schedule. False: it is not there.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn retry_event(&mut self, id: EventId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(now, |work| retry(work.db, id, now))
    }

    /// How many events wait.
    ///
    /// # Errors
    /// `Failed`.
    pub fn waiting_events(&self) -> Result<u64, StoreError> {
        waiting(&self.db)
    }
}

/// How long an event that was given up can still be sent by hand.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Puts new events, but for webhooks whose receiver wants none.
pub(super) fn put(db: &Connection, events: &[Event], now: Timestamp) -> Result<(), StoreError> {
    let mut put = db.prepare_cached(
        "INSERT INTO events(webhook, wire, body, made_at, state, due_at, attempts)
         SELECT ?1, ?2, ?3, ?4, 1, ?4, 0 WHERE NOT EXISTS (SELECT 1 FROM webhooks WHERE name = ?1)
         ON CONFLICT(wire) DO NOTHING",
    )?;
    for event in events {
        put.execute(params![event.webhook, event.wire, event.body, us(now)])?;
    }
    Ok(())
}

/// Takes note of the webhooks there are, by name and address: one whose address changed is asked again.
fn know(db: &Connection, hooks: &[(String, String)]) -> Result<(), StoreError> {
    for disabled in disabled(db)? {
        if !hooks.iter().any(|(name, address)| *name == disabled.name && *address == disabled.address) {
            db.execute("DELETE FROM webhooks WHERE name = ?", [disabled.name])?;
        }
    }
    Ok(())
}

/// The event that is due the longest, of a webhook that is not in `busy`.
fn next(db: &Connection, busy: &[String], now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    let mut due = db.prepare_cached(
        "SELECT id, webhook, wire, body, attempts FROM events WHERE state = 1 AND due_at <= ? ORDER BY due_at, id",
    )?;
    let mut rows = due.query([us(now)])?;
    while let Some(row) = rows.next()? {
        let webhook: String = row.get(1)?;
        if !busy.contains(&webhook) {
            let event = Event { webhook, wire: row.get(2)?, body: row.get(3)? };
            return Ok(Some(Waiting { id: EventId(row.get(0)?), event, attempts: row.get(4)? }));
        }
    }
    Ok(None)
}

/// When the next event of a webhook that is not in `busy` is due. `None`: none waits.
fn next_at(db: &Connection, busy: &[String]) -> Result<Option<Timestamp>, StoreError> {
    let mut waiting = db.prepare_cached("SELECT webhook, min(due_at) FROM events WHERE state = 1 GROUP BY webhook")?;
    let rows = waiting.query_map([], |row| Ok((row.get::<_, String>(0)?, at_in(row, 1)?)))?;
    let mut next: Option<Timestamp> = None;
    for row in rows {
        let (webhook, at) = row?;
        if !busy.contains(&webhook) {
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    Ok(next)
}

/// Records how an attempt ended; `address` is the webhook's.
fn end(db: &Connection, waiting: &Waiting, ended: &Ended, address: &str, now: Timestamp) -> Result<(), StoreError> {
    let (id, webhook) = (waiting.id.0, &waiting.event.webhook);
    let again = "UPDATE events SET attempts = attempts + 1, due_at = ?2, error = ?3 WHERE id = ?1";
    match ended {
        Ended::Taken => {
            db.execute("DELETE FROM events WHERE id = ?", [id])?;
        }
        Ended::Again { due_at, because } => {
            db.execute(again, params![id, us(*due_at), because])?;
        }
        Ended::Throttled { due_at, until, because } => {
            db.execute(again, params![id, us(*due_at), because])?;
            let others = "UPDATE events SET due_at = max(due_at, ?2) WHERE webhook = ?1 AND state = 1";
            db.execute(others, params![webhook, us(*until)])?;
        }
        Ended::GivenUp { because } => {
            let dead = "UPDATE events SET attempts = attempts + 1, state = 5, due_at = ?2, error = ?3 WHERE id = ?1";
            db.execute(dead, params![id, us(now), because])?;
            db.execute("DELETE FROM events WHERE state = 5 AND due_at < ?", [us(later(now, -KEPT))])?;
        }
        Ended::Disabled { because } => {
            let disable = "INSERT INTO webhooks(name, address, disabled_at, because) VALUES (?, ?, ?, ?)
                           ON CONFLICT(name) DO UPDATE SET address = excluded.address,
                             disabled_at = excluded.disabled_at, because = excluded.because";
            db.execute(disable, params![webhook, address, us(now), because])?;
            let dead = "UPDATE events SET state = 5, due_at = ?2, error = ?3 WHERE webhook = ?1 AND state = 1";
            db.execute(dead, params![webhook, us(now), because])?;
        }
    }
    Ok(())
}

/// Sends an event that was given up once more, by the whole schedule, and asks a webhook again that wanted none. False: it
/// is not there.
fn retry(db: &Connection, id: EventId, now: Timestamp) -> Result<bool, StoreError> {
    let enable = "DELETE FROM webhooks WHERE name = (SELECT webhook FROM events WHERE id = ? AND state = 5)";
    db.execute(enable, [id.0])?;
    let again = "UPDATE events SET state = 1, due_at = ?2, attempts = 0 WHERE id = ?1 AND state = 5";
    Ok(db.execute(again, params![id.0, us(now)])? > 0)
}

/// Events that were given up, the latest first.
pub(super) fn given_up(db: &Connection) -> Result<Vec<GivenUp>, StoreError> {
    let mut dead = db.prepare_cached(
        "SELECT id, webhook, made_at, due_at, attempts, coalesce(error, ''),
           coalesce(json_extract(body, '$.data.gap'), ''), coalesce(json_extract(body, '$.data.event'), '')
         FROM events WHERE state = 5 ORDER BY due_at DESC, id DESC",
    )?;
    let rows = dead.query_map([], |row| {
        Ok(GivenUp {
            id: format!("e{}", row.get::<_, i64>(0)?),
            to: format!("webhooks.{}", row.get::<_, String>(1)?),
            reason: row.get(7)?,
            gaps: vec![row.get(6)?],
            made_at: at_in(row, 2)?,
            given_up_at: at_in(row, 3)?,
            attempts: row.get(4)?,
            because: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Webhooks that take nothing: what was given up of each in the last days, and those that want no more.
pub(super) fn troubles(db: &Connection) -> Result<Vec<(String, HookTrouble)>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT w.webhook, count(e.id), coalesce(h.disabled_at, min(e.due_at)),
           CASE WHEN h.name IS NULL THEN max(e.due_at) END,
           coalesce(h.because, (SELECT error FROM events l WHERE l.webhook = w.webhook AND l.state = 5
             ORDER BY l.due_at DESC, l.id DESC LIMIT 1), '')
         FROM (SELECT webhook FROM events WHERE state = 5 UNION SELECT name FROM webhooks) w
         LEFT JOIN events e ON e.webhook = w.webhook AND e.state = 5 LEFT JOIN webhooks h ON h.name = w.webhook
         GROUP BY w.webhook ORDER BY w.webhook",
    )?;
    let rows = query.query_map([], |row| {
        let (lost, since, last_at, because) = (row.get(1)?, at_in(row, 2)?, at_opt(row, 3)?, row.get(4)?);
        let trouble = HookTrouble { lost, since, last_at, because };
        Ok((row.get(0)?, trouble))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Store {
    /// Webhooks that take nothing.
    ///
    /// # Errors
    /// `Failed`.
    pub fn hook_troubles(&self) -> Result<Vec<(String, HookTrouble)>, StoreError> {
        troubles(&self.db)
    }
}

/// How many events wait.
pub(super) fn waiting(db: &Connection) -> Result<u64, StoreError> {
    let count: i64 = db.query_row("SELECT count(*) FROM events WHERE state = 1", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Webhooks whose receiver wants no more events.
pub(super) fn disabled(db: &Connection) -> Result<Vec<DisabledHook>, StoreError> {
    let mut disabled = db.prepare_cached("SELECT name, address, disabled_at, because FROM webhooks ORDER BY name")?;
    let rows = disabled.query_map([], |row| {
        Ok(DisabledHook { name: row.get(0)?, address: row.get(1)?, disabled_at: at_in(row, 2)?, because: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
