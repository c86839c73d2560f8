//! What was given up: for whoever asks, and to be sent once more by hand.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::super::{GivenUp, GivenUpMessage, StoreError};
use super::Store;
use super::events;
use super::round::{self, MESSAGE, NOTICE, POST};
use super::values::{at_in, at_opt, code_in};
use crate::domain::ids::MessageId;
use crate::domain::notice::Reason;

/// Rows shown of each kind.
const MOST: i64 = 200;

impl Store {
    /// A message that was given up, whole. `None`: it is not there, or stands otherwise.
    ///
    /// # Errors
    /// `Failed`.
    pub fn given_up_message(&self, id: MessageId) -> Result<Option<GivenUpMessage>, StoreError> {
        whole(&self.db, id)
    }
}

fn whole(db: &Connection, id: MessageId) -> Result<Option<GivenUpMessage>, StoreError> {
    let sql = format!("SELECT {MESSAGE} FROM messages WHERE id = ? AND state = 5");
    let Some(message) = db.query_row(&sql, [id.0], round::message).optional()? else { return Ok(None) };
    let mut carried =
        db.prepare(&format!("SELECT {NOTICE} FROM notices WHERE message = ? AND state = 5 ORDER BY id"))?;
    let notices = carried.query_map([id.0], round::notice)?.collect::<Result<Vec<_>, _>>()?;
    let sql = format!("SELECT {POST} FROM posts WHERE id = ?");
    let post = db.query_row(&sql, [message.post.0], round::post).optional()?.flatten();
    Ok(Some(GivenUpMessage { message, notices, post }))
}

/// What was given up, the latest first.
pub(super) fn all(db: &Connection) -> Result<Vec<GivenUp>, StoreError> {
    let mut all = messages(db)?;
    all.extend(events::given_up(db)?);
    all.sort_by(|one, other| other.given_up_at.cmp(&one.given_up_at).then_with(|| one.id.cmp(&other.id)));
    Ok(all)
}

fn messages(db: &Connection) -> Result<Vec<GivenUp>, StoreError> {
    let mut dead = db.prepare(
        "SELECT m.id, m.channel, m.attempts, m.attempt_at, m.due_at, coalesce(m.error, ''),
           (SELECT group_concat(DISTINCT a.gap) FROM notices n JOIN alerts a ON a.id = n.alert WHERE n.message = m.id),
           (SELECT min(n.decided_at) FROM notices n WHERE n.message = m.id),
           (SELECT min(n.reason) FROM notices n WHERE n.message = m.id)
         FROM messages m WHERE m.state = 5
           AND EXISTS (SELECT 1 FROM notices n WHERE n.message = m.id AND n.state = 5)
         ORDER BY m.id DESC LIMIT ?",
    )?;
    let rows = dead.query_map([MOST], |row| {
        let due_at = at_in(row, 4)?;
        let given_up_at: Timestamp = at_opt(row, 3)?.unwrap_or(due_at);
        let gaps: Option<String> = row.get(6)?;
        Ok(GivenUp {
            id: format!("m{}", row.get::<_, i64>(0)?),
            to: row.get(1)?,
            reason: Reason::from_code(code_in(row, 8)?).word().to_owned(),
            gaps: gaps.unwrap_or_default().split(',').filter(|gap| !gap.is_empty()).map(str::to_owned).collect(),
            made_at: at_opt(row, 7)?.unwrap_or(due_at),
            given_up_at,
            attempts: row.get(2)?,
            because: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
