//! How telling people goes, as the store keeps it: when messages left, and which words were heeded.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::StoreError;
use super::events;
use super::values::{at_in, day_code, day_from, json_in, us};
use crate::domain::calendar::later;
use crate::domain::finding::RuleId;
use crate::domain::heed::{Count, Heed, HeedChange, Heeds, Verdict, day_of};
use crate::domain::ids::{AccountId, AlertId, MessageId, NoticeId};
use crate::domain::notice::Address;
use crate::domain::traffic::{LEFT_KEPT, TrafficImage};

/// Everything of it.
pub(super) fn image(
    db: &Connection,
    now: Timestamp,
    rule: fn(&str) -> Option<RuleId>,
) -> Result<TrafficImage, StoreError> {
    Ok(TrafficImage { left: left(db, now)?, hooks: events::troubles(db)?, heeds: heeds(db, rule)? })
}

/// When messages to persons left, of the last days.
fn left(db: &Connection, now: Timestamp) -> Result<Vec<(Timestamp, MessageId)>, StoreError> {
    let mut query = db.prepare(
        "SELECT m.attempt_at, m.id, m.address FROM messages m INDEXED BY messages_left CROSS JOIN posts p ON p.id = m.post
         WHERE m.attempt_at >= ? AND m.op <> 1 AND m.attempts > 0 AND m.let_go = 0 AND p.about_kind < 3",
    )?;
    let rows = query.query_map([us(later(now, -LEFT_KEPT))], |row| {
        Ok((at_in(row, 0)?, MessageId(row.get(1)?), json_in::<Address>(row, 2)?))
    })?;
    let mut left = Vec::new();
    for row in rows {
        let (at, id, address) = row?;
        if address.is_private() {
            left.push((at, id));
        }
    }
    Ok(left)
}

/// Which words were heeded; of rules that are known.
pub(super) fn heeds(db: &Connection, rule: fn(&str) -> Option<RuleId>) -> Result<Heeds, StoreError> {
    let mut query =
        db.prepare("SELECT notice, rule, alert, episode, account, told_at, until FROM heeds ORDER BY notice")?;
    let mut rows = query.query([])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(rule) = rule(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?) else { continue };
        waiting.push(Heed {
            notice: NoticeId(row.get(0)?),
            rule,
            alert: AlertId(row.get(2)?),
            episode: row.get(3)?,
            account: AccountId(row.get(4)?),
            told_at: at_in(row, 5)?,
            until: at_in(row, 6)?,
        });
    }
    let mut query = db.prepare("SELECT rule, day, told, acted, wrong FROM heeded ORDER BY rule, day")?;
    let mut rows = query.query([])?;
    let mut counts: Vec<(RuleId, Date, Count)> = Vec::new();
    while let Some(row) = rows.next()? {
        let rule = rule(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
        if let (Some(rule), Some(day)) = (rule, day_from(row.get(1)?)) {
            counts.push((rule, day, Count { told: row.get(2)?, acted: row.get(3)?, wrong: row.get(4)? }));
        }
    }
    Ok(Heeds::new(waiting, counts))
}

/// Writes what a round found out about words. A word counts once, however often that is written.
pub(super) fn put(db: &Connection, changes: &[HeedChange]) -> Result<(), StoreError> {
    for change in changes {
        match change {
            HeedChange::Waits(heed) => wait(db, heed)?,
            HeedChange::Ends(heed, verdict) => end(db, heed, *verdict)?,
        }
    }
    Ok(())
}

fn wait(db: &Connection, heed: &Heed) -> Result<(), StoreError> {
    let mut put = db.prepare_cached(
        "INSERT INTO heeds(notice, rule, alert, episode, account, told_at, until) VALUES (?,?,?,?,?,?,?)
         ON CONFLICT DO NOTHING",
    )?;
    let (told_at, until) = (us(heed.told_at), us(heed.until));
    put.execute(params![heed.notice.0, heed.rule.0, heed.alert.0, heed.episode, heed.account.0, told_at, until])?;
    Ok(())
}

fn end(db: &Connection, heed: &Heed, verdict: Verdict) -> Result<(), StoreError> {
    let waited = db
        .prepare_cached("DELETE FROM heeds WHERE notice = ? RETURNING notice")?
        .query_row([heed.notice.0], |row| row.get::<_, i64>(0))
        .optional()?;
    let count = Count::of(verdict);
    if waited.is_none() || count.told == 0 {
        return Ok(());
    }
    let mut add = db.prepare_cached(
        "INSERT INTO heeded(rule, day, told, acted, wrong) VALUES (?,?,?,?,?)
         ON CONFLICT DO UPDATE SET told = told + excluded.told, acted = acted + excluded.acted,
           wrong = wrong + excluded.wrong",
    )?;
    let day = day_code(day_of(heed.told_at));
    add.execute(params![heed.rule.0, day, count.told, count.acted, count.wrong])?;
    Ok(())
}
