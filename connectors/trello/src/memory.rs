//! What a board's cards looked like when they were read last, so that a poll takes up again only those that differ.
//!
//! It is kept in memory alone and belongs to one cursor: where the cursor that comes back is another one (a restart, a page
//! that was not kept), nothing is known, and every card is taken up again.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A card as it was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Fingerprint of the answer's text.
    pub(crate) hash: u64,
    /// Listed among those that are not archived.
    pub(crate) open: bool,
    /// Items of its checklists that are tasks of their own.
    pub(crate) items: BTreeSet<String>,
    /// Cards that its checklists name, by short link.
    pub(crate) children: BTreeSet<String>,
}

/// What is known of a board's cards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// The cursor it belongs to.
    cursor: String,
    /// Fingerprint of what the board called things then.
    pub(crate) board: u64,
    /// Cards by id.
    pub(crate) cards: HashMap<String, Known>,
    /// Actions about lists that were heard of.
    of_lists: BTreeSet<String>,
}

impl Memory {
    /// Takes note of actions about lists; true where one of them is new.
    pub(crate) fn hear(&mut self, of_lists: BTreeSet<String>) -> bool {
        let before = self.of_lists.len();
        self.of_lists.extend(of_lists);
        self.of_lists.len() > before
    }

    /// The card in whose checklists each named card stands, by the named card's short link.
    pub(crate) fn parents(&self) -> HashMap<String, String> {
        let pairs = self
            .cards
            .iter()
            .flat_map(|(id, known)| known.children.iter().map(move |child| (child.as_str(), id.as_str())));
        let mut parents: HashMap<&str, &str> = HashMap::new();
        for (child, parent) in pairs {
            // Where two name it, the older one counts, whatever order they are met in.
            let first = parents.entry(child).or_insert(parent);
            *first = (*first).min(parent);
        }
        parents.into_iter().map(|(child, parent)| (child.to_owned(), parent.to_owned())).collect()
    }
}

/// Those of all boards.
#[derive(Default)]
pub(crate) struct Memories(Mutex<HashMap<String, Arc<Memory>>>);

impl Memories {
    /// What is known of a board at this cursor. `None`: nothing that belongs to it.
    pub(crate) fn at(&self, board: &str, cursor: &str) -> Option<Arc<Memory>> {
        lock(&self.0).get(board).filter(|memory| memory.cursor == cursor).cloned()
    }

    /// What was known of a board last, whatever cursor it belongs to. For what is only looked at.
    pub(crate) fn last(&self, board: &str) -> Option<Arc<Memory>> {
        lock(&self.0).get(board).cloned()
    }

    /// Keeps it as belonging to this cursor.
    pub(crate) fn keep(&self, board: &str, cursor: &str, mut memory: Memory) {
        cursor.clone_into(&mut memory.cursor);
        lock(&self.0).insert(board.to_owned(), Arc::new(memory));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
