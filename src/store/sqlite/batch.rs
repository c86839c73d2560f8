//! Where a write begins and ends: in a transaction of its own, or, where nobody keeps a board, in one with its neighbours.
//!
//! A page that changes a hundred tasks touches several hundred pages of the file, most of them the same ones as the page
//! before. Each write stays whole: it is taken back alone when it fails. What a crash takes is read again, for the cursors go
//! with it.

use std::ops::Deref;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};

/// Most writes in one transaction.
const MOST: u32 = 16;
/// None is begun in a transaction older than this, so that an end without warning costs little of what was read.
const OLDEST: SignedDuration = SignedDuration::from_secs(2);

/// A write under way; taken back when it is dropped.
pub(super) enum Write<'c> {
    /// By itself.
    Alone(Transaction<'c>),
    /// With those before it that are not committed yet.
    Among(Savepoint<'c>),
}

impl<'c> Write<'c> {
    pub(super) fn begin(db: &'c mut Connection, alone: bool) -> Result<Write<'c>, rusqlite::Error> {
        if alone {
            return Ok(Write::Alone(db.transaction_with_behavior(TransactionBehavior::Immediate)?));
        }
        if db.is_autocommit() {
            db.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(Write::Among(db.savepoint()?))
    }

    /// Alone it is on the disk then, among others with the last of them.
    pub(super) fn end(self) -> Result<(), rusqlite::Error> {
        match self {
            Write::Alone(transaction) => transaction.commit(),
            Write::Among(savepoint) => savepoint.commit(),
        }
    }
}

impl Deref for Write<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Write::Alone(transaction) => transaction,
            Write::Among(savepoint) => savepoint,
        }
    }
}

/// The writes that are not committed yet.
#[derive(Default)]
pub(super) struct Batch {
    writes: u32,
    since: Option<Timestamp>,
}

impl Batch {
    /// Counts one more; true: it is time to commit them.
    pub(super) fn add(&mut self, now: Timestamp) -> bool {
        let since = *self.since.get_or_insert(now);
        self.writes += 1;
        // Also when the clock has run back.
        self.writes >= MOST || now.duration_since(since).abs() >= OLDEST
    }
}

/// Commits whatever is not yet; after an error nothing of it is there.
pub(super) fn commit(db: &Connection) -> Result<(), rusqlite::Error> {
    if db.is_autocommit() {
        return Ok(());
    }
    db.execute_batch("COMMIT").inspect_err(|_| {
        // Some errors have done so already.
        db.execute_batch("ROLLBACK").ok();
    })
}
