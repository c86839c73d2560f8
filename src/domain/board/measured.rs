//! What is normal, as the board has it: when it is to be computed anew, and whom that concerns.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Board;
use crate::domain::finding::SubjectKey;
use crate::domain::ids::ContainerId;
use crate::domain::moved::Moved;
use crate::domain::norms::{self, Book};
use crate::domain::record::{ContainerRec, HistoryReach};

impl Board {
    /// What is normal.
    pub fn norms(&self) -> &Book {
        &self.norms
    }

    /// The containers whose finished tasks can be counted, when that is due: a day has begun, or one of them was read
    /// completely for the first time. `None`: it is not.
    pub fn norms_due(&self, now: Timestamp) -> Option<BTreeSet<ContainerId>> {
        let begun = self.norms.as_of.is_none_or(|as_of| as_of < norms::instant(now));
        let due = (begun || self.uncounted).then(|| self.countable().collect::<BTreeSet<_>>());
        due.filter(|countable| !countable.is_empty())
    }

    pub(super) fn countable(&self) -> impl Iterator<Item = ContainerId> {
        self.containers.values().filter(|rec| is_countable(rec)).map(|rec| rec.id)
    }

    /// Puts norms as they are now; what is measured against one that moved is judged anew.
    pub fn put_norms(&mut self, book: Book, moved: &BTreeSet<Moved>) {
        self.norms = book;
        self.uncounted = false;
        for moved in moved {
            match moved {
                Moved::Organisation => return self.touch_all(),
                Moved::Container(id) => {
                    self.touched.insert(SubjectKey::Container(*id));
                    self.touch_members(*id);
                }
                Moved::Task(id) => drop(self.touched.insert(SubjectKey::Task(*id))),
                Moved::Account(id) => {
                    self.touched.insert(SubjectKey::Person(self.stands_for(*id)));
                }
            }
        }
    }
}

/// Its tasks and their history are known.
pub(super) fn is_countable(rec: &ContainerRec) -> bool {
    let known = matches!(rec.history, HistoryReach::Known { .. });
    rec.reader.is_some() && rec.warm_at.is_some() && known && !rec.archived
}
