//! The store in one SQLite file: one writer, any number of readers, every statement of the product below this folder.
//!
//! Each write is one transaction that first raises `org.seq` under the condition that nobody else has. After an error the
//! store forgets what it keeps at hand and looks whether it is still the owner, so that the caller may load and go on.

mod absences;
mod accounts;
mod acts;
mod batch;
mod board;
mod bots;
mod bulk;
mod cache;
mod census;
mod chosen;
mod config;
mod containers;
mod digests;
mod events;
mod facts;
mod given_up;
mod history;
mod inbox;
mod lacks;
mod links;
mod load;
mod looks;
mod norms;
mod observed;
mod open;
mod pages;
mod planned;
mod planning;
mod present;
mod read;
mod reader;
mod recollect;
mod round;
mod said;
mod status;
mod streams;
mod supplements;
mod tasks;
#[cfg(test)]
mod tests;
mod touched;
mod traffic;
mod values;

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use connector_kit::webhook::Wake;
use connector_kit::{KnownTask, Wanted};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{
    ConfigApplied, ConfigPlan, ConnectionState, NoticeFilter, NoticeRow, PageApplied, PageWrite, ProfileSeen,
    PullFailure, SiteSeen, StoreError, StorePath, StreamRow, TaskCount, TaskName,
};
use crate::domain::alert::{Answer, Round, Wish};
use crate::domain::facts::RawChange;
use crate::domain::finding::RuleId;
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, SiteId, TaskId};
use crate::domain::mark::InstanceKey;
use crate::domain::record::{BoardDelta, BoardImage};
use batch::{Batch, Write};
use cache::Cache;
pub use facts::facts_as_json;
pub use reader::Reader;
use touched::Touched;
use values::{at_in, us};

/// The writing half; there is one in the world for each file, held by whoever has the lock.
pub struct Store {
    db: Connection,
    path: StorePath,
    memory_name: String,
    key: InstanceKey,
    epoch: i64,
    seq: i64,
    last_tick: Timestamp,
    plan: Option<ConfigPlan>,
    cache: Option<Cache>,
    /// After an error: whether we are still the owner, and at which `seq`, is not known.
    doubtful: bool,
    /// False: nobody keeps a board of what is written.
    watched: bool,
    /// See [`Store::finish`].
    batch: Batch,
    /// Given back when the store is dropped. `None`: in memory.
    _lock: Option<File>,
}

/// One transaction under way.
struct Work<'a> {
    db: &'a Connection,
    cache: &'a mut Cache,
    plan: Option<&'a ConfigPlan>,
    key: &'a InstanceKey,
    now: Timestamp,
    touched: Touched,
    /// See [`Store::open_unwatched`].
    watched: bool,
    /// Whether there are any: see [`Work::look_around`].
    has_alias: bool,
    has_dangling: bool,
    has_orphans: bool,
    has_waiting: bool,
    has_supplements: bool,
}

impl Store {
    /// Takes the lock, opens or makes the file, brings its schema up to date (with a copy beside it), and becomes its owner.
    ///
    /// # Errors
    /// `Locked` when another process has it; `Unusable`, in words for the operator, when the file is not ours, damaged,
    /// written by a newer program or not to be reached. Nothing is overwritten in any of these cases.
    pub fn open(path: &StorePath, now: Timestamp) -> Result<Store, StoreError> {
        let memory_name = format!("gapwatch-{}", uuid::Uuid::new_v4().simple());
        let (lock, mut db) = match path {
            StorePath::File(path) => (Some(open::lock(path)?), open::writer(path)?),
            StorePath::Memory => (None, open::memory(&memory_name)?),
        };
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let founded: bool = tx.query_row("SELECT EXISTS(SELECT 1 FROM org)", [], |row| row.get(0))?;
        if !founded {
            config::found(&tx, now)?;
        }
        tx.execute("UPDATE org SET epoch = epoch + 1", [])?;
        history::forget_waiting(&tx, now)?;
        let (key, seq, epoch, last_tick) = tx.query_row("SELECT key, seq, epoch, last_tick FROM org", [], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?, at_in(row, 3)?))
        })?;
        tx.commit()?;
        let Some(key) = InstanceKey::from_bytes(&key) else {
            return Err(StoreError::Unusable { what: "the store's key is damaged; restore a backup".to_owned() });
        };
        Ok(Store {
            db,
            path: path.clone(),
            memory_name,
            key,
            epoch,
            seq,
            last_tick,
            plan: None,
            cache: None,
            doubtful: false,
            watched: true,
            batch: Batch::default(),
            _lock: lock,
        })
    }

    /// The same for a command that only mirrors: it keeps no board. [`Store::load`] gives an empty one, and no write looks up
    /// what a board would have to learn. Several writes are one transaction, and the last ones wait for [`Store::finish`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_unwatched(path: &StorePath, now: Timestamp) -> Result<Store, StoreError> {
        let store = Store { watched: false, ..Store::open(path, now)? };
        open::save_memory(&store.db)?;
        Ok(store)
    }

    /// Counts the starts of this store; a message under way with a lower one is an orphan.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The key that signs our marks.
    pub fn key(&self) -> InstanceKey {
        self.key.clone()
    }

    /// The last instant at which this store was known to be alive; at the first start, the first start.
    pub fn last_tick(&self) -> Timestamp {
        self.last_tick
    }

    /// Takes up a configuration and keeps it for folding and for telling who is who. When what is read differs, the facts of
    /// all tasks are folded anew, a thousand in a transaction; a crash in between is made good by the next call.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`; the board is to be loaded anew in any case.
    pub fn apply_config(&mut self, plan: &ConfigPlan, now: Timestamp) -> Result<ConfigApplied, StoreError> {
        self.plan = Some(plan.clone());
        let (applied, fold) = self.write(now, |work| config::apply(work, plan))?;
        let mut folded = fold.then_some(TaskId(0));
        while let Some(last) = folded {
            folded = self.write(now, |work| config::fold_some(work, last))?;
        }
        Ok(applied)
    }

    /// Notes the site and the account a connection turned out to have: the site's row, its text as it goes into gap ids,
    /// and what the board must learn.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn set_site(
        &mut self,
        seen: &SiteSeen<'_>,
        now: Timestamp,
    ) -> Result<(SiteId, String, BoardDelta), StoreError> {
        self.write(now, |work| config::see_site(work, seen))
    }

    /// Notes what Slack says of persons. True: that changes who can be reached, or by which clock; the board is to be loaded
    /// anew.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn see_profiles(&mut self, seen: &[ProfileSeen], now: Timestamp) -> Result<bool, StoreError> {
        self.write(now, |work| config::see_profiles(work, seen))
    }

    /// The whole board, all from one moment. `rule` gives the fixed name of a rule; alerts of rules it does not know are
    /// left out.
    ///
    /// # Errors
    /// `Failed`, also when a row cannot be read.
    pub fn load(&self, now: Timestamp, rule: fn(&str) -> Option<RuleId>) -> Result<BoardImage, StoreError> {
        if !self.watched {
            return load::empty(&self.db, self.plan.as_ref());
        }
        let moment = self.db.unchecked_transaction()?;
        load::image(&moment, self.plan.as_ref(), now, rule)
    }

    /// Streams of a connection that are due (with `all`: every one), but for those that were asked to wait longer; in the
    /// order in which they are to be pulled: the selection, tasks, then what hangs on tasks.
    ///
    /// # Errors
    /// `Failed`.
    pub fn due_streams(
        &self,
        connection: ConnectionId,
        now: Timestamp,
        all: bool,
    ) -> Result<Vec<StreamRow>, StoreError> {
        streams::due(&self.db, connection, now, all)
    }

    /// Open tasks of a container, in an order that does not move: those a stream asks about by name.
    ///
    /// # Errors
    /// `Failed`.
    pub fn open_tasks(&self, container: ContainerId, wanted: &Wanted) -> Result<Vec<KnownTask>, StoreError> {
        streams::open_tasks(&self.db, container, wanted)
    }

    /// When a connection's next stream is due. `None`: there is nothing to read.
    ///
    /// # Errors
    /// `Failed`.
    pub fn next_pull_at(&self, connection: ConnectionId) -> Result<Option<Timestamp>, StoreError> {
        let stream = streams::next_due(&self.db, connection)?;
        Ok(stream.into_iter().chain(census::next_due(&self.db, connection)?).min())
    }

    /// Stores a page together with the cursor after it. The same page again changes nothing.
    ///
    /// # Errors
    /// `TakenOver`; `Failed`: nothing of the page is stored, as far as one can tell.
    pub fn apply_page(&mut self, write: &PageWrite<'_>) -> Result<PageApplied, StoreError> {
        self.write(write.now, |work| pages::apply(work, write))
    }

    /// Notes that a pull failed; the cursor stays where it is.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn pull_failed(&mut self, failure: &PullFailure<'_>) -> Result<BoardDelta, StoreError> {
        self.write(failure.now, |work| {
            streams::failed(work, failure)?;
            board::delta(work)
        })
    }

    /// Stores all that one round decided, or nothing of it; with `rules_rev`, also that everything has been judged by the
    /// rules of this revision.
    ///
    /// # Errors
    /// `TakenOver`; `Failed`: the board is to be loaded anew.
    pub fn commit_round(&mut self, round: &Round, rules_rev: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        self.write(now, |work| {
            if let Some(rules_rev) = rules_rev {
                work.db.execute("UPDATE org SET rules_rev = ?", [rules_rev])?;
            }
            round::commit(work.db, round, now)?;
            work.db.execute("UPDATE org SET last_tick = ?", [us(now)])?;
            Ok(())
        })?;
        self.last_tick = now;
        Ok(())
    }

    /// Notes that the store is alive; at most once a minute is enough.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let written = self.db.execute("UPDATE org SET last_tick = ? WHERE epoch = ?", params![us(now), self.epoch])?;
        if written == 0 {
            return Err(StoreError::TakenOver);
        }
        if now.as_second().div_euclid(86_400) != self.last_tick.as_second().div_euclid(86_400) {
            history::forget_waiting(&self.db, now)?;
        }
        self.last_tick = now;
        Ok(())
    }

    /// Takes in a wish. `None`: it was seen before, under the same key of the same source.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn put_answer(
        &mut self,
        source: &str,
        key: &str,
        at: Timestamp,
        account: Option<AccountId>,
        wish: &Wish,
    ) -> Result<Option<Answer>, StoreError> {
        self.write(at, |work| inbox::put(work.db, (source, key), at, account, wish))
    }

    /// A reader of this store, also of one in memory.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn reader(&self) -> Result<Reader, StoreError> {
        match &self.path {
            StorePath::File(_) => Reader::open(&self.path),
            StorePath::Memory => Ok(Reader::of(open::memory_reader(&self.memory_name)?)),
        }
    }

    /// What words need of these tasks, in one read; tasks that are not there are left out.
    ///
    /// # Errors
    /// `Failed`.
    pub fn names(&self, ids: &[TaskId]) -> Result<HashMap<TaskId, TaskName>, StoreError> {
        read::names(&self.db, ids)
    }

    /// How each configured connection stands, by name.
    ///
    /// # Errors
    /// `Failed`.
    pub fn connection_states(&self) -> Result<Vec<ConnectionState>, StoreError> {
        read::connection_states(&self.db)
    }

    /// The same without counting their tasks, which would read every row: `tasks` is 0.
    ///
    /// # Errors
    /// `Failed`.
    pub fn connections_now(&self) -> Result<Vec<ConnectionState>, StoreError> {
        read::connections_now(&self.db)
    }

    /// Makes streams due now, without waiting for their turn, but for those that failed or were asked to wait; says how
    /// many that were.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn bring_forward(
        &mut self,
        connection: ConnectionId,
        wakes: &[Wake],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(now, |work| streams::bring_forward(work, connection, wakes))
    }

    /// Reads everything of a connection from the beginning again, a census included. What is known stays known meanwhile.
    ///
    /// # Errors
    /// `TakenOver`, `Failed`.
    pub fn start_over(&mut self, connection: ConnectionId, now: Timestamp) -> Result<(), StoreError> {
        self.write(now, |work| streams::start_over(work, connection))
    }

    /// What was said, held back or taken back since an instant, newest first.
    ///
    /// # Errors
    /// `Failed`.
    pub fn notices(&self, filter: &NoticeFilter, since: Timestamp) -> Result<Vec<NoticeRow>, StoreError> {
        read::notices(&self.db, filter, since)
    }

    /// Tasks that a text may mean; see [`Reader::find_task`].
    ///
    /// # Errors
    /// `Failed`.
    pub fn find_task(&self, text: &str) -> Result<Vec<TaskId>, StoreError> {
        read::find_task(&self.db, text)
    }

    /// The history of one task, oldest first.
    ///
    /// # Errors
    /// `Failed`.
    pub fn changes(&self, task: TaskId) -> Result<Vec<RawChange>, StoreError> {
        history::read(&self.db, task)
    }

    /// How many tasks each container has in the mirror; containers without any are left out.
    ///
    /// # Errors
    /// `Failed`.
    pub fn counts(&self) -> Result<Vec<TaskCount>, StoreError> {
        read::counts(&self.db)
    }

    /// Copies the store into a new file, without stopping.
    ///
    /// # Errors
    /// `Unusable` when the file is there already or cannot be made.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        open::copy_to(&self.db, to, false)
    }

    /// What is wrong with the file, one line each; empty: nothing.
    ///
    /// # Errors
    /// `Failed`.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        open::check(&self.db)
    }

    /// Commits the writes of a store without a board that wait for more of them.
    ///
    /// # Errors
    /// `Failed`: nothing of them is stored.
    pub fn finish(&mut self) -> Result<(), StoreError> {
        self.batch = Batch::default();
        batch::commit(&self.db).inspect_err(|_| {
            self.cache = None;
            self.doubtful = true;
        })?;
        Ok(())
    }

    /// One board-visible transaction.
    fn write<T>(
        &mut self,
        now: Timestamp,
        deed: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.try_write(now, deed);
        if done.is_err() {
            self.cache = None;
            self.doubtful = true;
            // Only to know early; the next write asks again.
            self.resync().ok();
        }
        done
    }

    fn try_write<T>(
        &mut self,
        now: Timestamp,
        deed: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.resync()?;
        let tx = Write::begin(&mut self.db, self.watched)?;
        let mine = "UPDATE org SET seq = seq + 1 WHERE seq = ? AND epoch = ?";
        if tx.prepare_cached(mine)?.execute([self.seq, self.epoch])? == 0 {
            return Err(StoreError::TakenOver);
        }
        let cache = match &mut self.cache {
            Some(cache) => cache,
            none => none.insert(Cache::read(&tx)?),
        };
        let mut work = Work {
            db: &tx,
            cache,
            plan: self.plan.as_ref(),
            key: &self.key,
            now,
            touched: Touched::default(),
            watched: self.watched,
            has_alias: true,
            has_dangling: true,
            has_orphans: true,
            has_waiting: true,
            has_supplements: true,
        };
        let result = deed(&mut work)?;
        tx.end()?;
        self.seq += 1;
        if !self.watched && self.batch.add(now) {
            self.finish()?;
        }
        Ok(result)
    }

    /// After an error of doubtful outcome: reads where the store stands, if it is still ours.
    fn resync(&mut self) -> Result<(), StoreError> {
        if !self.doubtful {
            return Ok(());
        }
        let (seq, epoch): (i64, i64) =
            self.db.query_row("SELECT seq, epoch FROM org", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if epoch != self.epoch {
            return Err(StoreError::TakenOver);
        }
        self.seq = seq;
        self.doubtful = false;
        Ok(())
    }
}
