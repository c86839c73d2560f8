//! Wishes of people, taken in once each however often they arrive.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::StoreError;
use super::Store;
use super::values::{at_in, json, json_in, us};
use crate::domain::alert::{Answer, Wish};
use crate::domain::finding::GapId;
use crate::domain::ids::{AccountId, InboxId};

/// `None`: the same key came from the same source before.
pub(super) fn put(
    db: &Connection,
    (source, key): (&str, &str),
    at: Timestamp,
    account: Option<AccountId>,
    wish: &Wish,
) -> Result<Option<Answer>, StoreError> {
    let verb = match wish {
        Wish::Snooze { .. } => "snooze",
        Wish::Unsnooze { .. } => "unsnooze",
        Wish::Release { .. } => "release",
        Wish::Resend { .. } => "resend",
        Wish::Flood { .. } => "flood",
        Wish::Say { .. } => "say",
    };
    let mut insert = db.prepare_cached(
        "INSERT INTO inbox(source, key, at, account, verb, args) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
    )?;
    let written = insert.execute(params![source, key, us(at), account.map(|id| id.0), verb, json(wish)?])?;
    let id = InboxId(db.last_insert_rowid());
    Ok((written > 0).then(|| Answer { id, at, account, wish: wish.clone() }))
}

impl Store {
    /// Whom a mail of this wire id told, and of which gap. `None`: none did.
    ///
    /// # Errors
    /// `Failed`.
    pub fn mailed(&self, wire: &str) -> Result<Option<(AccountId, GapId)>, StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT n.account, a.gap FROM messages m JOIN notices n ON n.message = m.id JOIN alerts a ON a.id = n.alert
             WHERE m.wire = ? AND m.channel = 'email' AND m.op <> 1 ORDER BY n.id LIMIT 1",
        )?;
        let found = query.query_row([wire], |row| Ok((AccountId(row.get(0)?), GapId(row.get(1)?))));
        Ok(found.optional()?)
    }
}

/// Those not dealt with, oldest first.
pub(super) fn waiting(db: &Connection) -> Result<Vec<Answer>, StoreError> {
    let mut query = db.prepare("SELECT id, at, account, args FROM inbox WHERE done_at IS NULL ORDER BY at, id")?;
    let rows = query.query_map([], answer)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn answer(row: &Row<'_>) -> Result<Answer, rusqlite::Error> {
    Ok(Answer {
        id: InboxId(row.get(0)?),
        at: at_in(row, 1)?,
        account: row.get::<_, Option<i64>>(2)?.map(AccountId),
        wish: json_in(row, 3)?,
    })
}
