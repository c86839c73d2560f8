//! Reading only: beside a running daemon, without its lock.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::super::{
    BoardSaid, ConnectionState, DisabledHook, GivenUp, NoticeFilter, NoticeRow, PersonSeen, StoreError, StorePath,
    StreamState, TaskCount, TaskName, WithheldRow,
};
use super::{events, given_up, history, load, open, read, status, supplements, traffic};
use crate::domain::alert::Alert;
use crate::domain::facts::RawChange;
use crate::domain::finding::RuleId;
use crate::domain::heed::Heeds;
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::record::BoardImage;

/// A store opened to be read.
pub struct Reader {
    db: Connection,
}

impl Reader {
    /// Opens a store read-only; works beside its owner and takes no lock.
    ///
    /// # Errors
    /// `Unusable`, in words for the operator, when there is no store yet, when it is of another version, or no store at all.
    pub fn open(path: &StorePath) -> Result<Reader, StoreError> {
        match path {
            StorePath::File(path) => Ok(Reader { db: open::reader(path)? }),
            StorePath::Memory => {
                let what = "a store in memory is read through its owner".to_owned();
                Err(StoreError::Unusable { what })
            }
        }
    }

    pub(super) fn of(db: Connection) -> Reader {
        Reader { db }
    }

    /// The whole board as it is now, all from one moment. `rule` gives the fixed name of a rule; alerts of rules it does
    /// not know are left out.
    ///
    /// # Errors
    /// `Failed`, also when a row cannot be read.
    pub fn load(&self, now: Timestamp, rule: fn(&str) -> Option<RuleId>) -> Result<BoardImage, StoreError> {
        let moment = self.db.unchecked_transaction()?;
        load::image(&moment, None, now, rule)
    }

    /// What was given up, the latest first.
    ///
    /// # Errors
    /// `Failed`.
    pub fn given_up(&self) -> Result<Vec<GivenUp>, StoreError> {
        given_up::all(&self.db)
    }

    /// How many events wait for a webhook.
    ///
    /// # Errors
    /// `Failed`.
    pub fn waiting_events(&self) -> Result<u64, StoreError> {
        events::waiting(&self.db)
    }

    /// Webhooks whose receiver wants no more events.
    ///
    /// # Errors
    /// `Failed`.
    pub fn disabled_hooks(&self) -> Result<Vec<DisabledHook>, StoreError> {
        events::disabled(&self.db)
    }

    /// See [`super::Store::names`].
    ///
    /// # Errors
    /// `Failed`.
    pub fn names(&self, ids: &[TaskId]) -> Result<HashMap<TaskId, TaskName>, StoreError> {
        read::names(&self.db, ids)
    }

    /// What boards say of a task, those that count first.
    ///
    /// # Errors
    /// `Failed`.
    pub fn boards(&self, task: TaskId) -> Result<Vec<BoardSaid>, StoreError> {
        supplements::read(&self.db, task)
    }

    /// How each configured connection stands, by name.
    ///
    /// # Errors
    /// `Failed`.
    pub fn connection_states(&self) -> Result<Vec<ConnectionState>, StoreError> {
        let moment = self.db.unchecked_transaction()?;
        read::connection_states(&moment)
    }

    /// The same without counting their tasks: `tasks` is 0.
    ///
    /// # Errors
    /// `Failed`.
    pub fn connections_now(&self) -> Result<Vec<ConnectionState>, StoreError> {
        let moment = self.db.unchecked_transaction()?;
        read::connections_now(&moment)
    }

    /// What was said, held back or taken back since an instant, newest first.
    ///
    /// # Errors
    /// `Failed`.
    pub fn notices(&self, filter: &NoticeFilter, since: Timestamp) -> Result<Vec<NoticeRow>, StoreError> {
        read::notices(&self.db, filter, since)
    }

    /// Why something about these gaps was held back since an instant, gap by gap, each in order.
    ///
    /// # Errors
    /// `Failed`.
    pub fn withheld(&self, ids: &[AlertId], since: Timestamp) -> Result<Vec<WithheldRow>, StoreError> {
        read::withheld(&self.db, ids, since)
    }

    /// Which words were heeded.
    ///
    /// # Errors
    /// `Failed`.
    pub fn heeds(&self, rule: fn(&str) -> Option<RuleId>) -> Result<Heeds, StoreError> {
        traffic::heeds(&self.db, rule)
    }

    /// Alerts that resolved since an instant, newest first; of rules that `rule` knows.
    ///
    /// # Errors
    /// `Failed`.
    pub fn alerts_resolved(
        &self,
        since: Timestamp,
        rule: fn(&str) -> Option<RuleId>,
    ) -> Result<Vec<Alert>, StoreError> {
        read::alerts_resolved(&self.db, since, rule)
    }

    /// Tasks that a text may mean: a browser address, a key (`acme/web#12`), `CONNECTION:KEY`, or the id of a gap. Empty:
    /// none; several: the same key on several sites.
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

    /// How reading goes, stream by stream.
    ///
    /// # Errors
    /// `Failed`.
    pub fn streams(&self) -> Result<Vec<StreamState>, StoreError> {
        status::streams(&self.db)
    }

    /// What Slack said of each configured person.
    ///
    /// # Errors
    /// `Failed`.
    pub fn people_seen(&self) -> Result<Vec<PersonSeen>, StoreError> {
        status::people(&self.db)
    }

    /// Copies the store into a new file while others go on using it.
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
}
