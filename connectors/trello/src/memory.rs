//! What a board's cards looked like when they were read last, so that a poll takes up again only those that differ.
//!
//! It is kept in memory alone and belongs to one cursor: where the cursor that comes back is another one (a restart, a page
//! that was not kept), no more is known than the mirror tells, and every card is taken up again.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_kit::KnownTask;
use jiff::Timestamp;

use crate::look::Handle;
use crate::normalise::{cards_in, short_link};
use crate::wire::Card;

/// Actions that are remembered: more than are told of within some hours.
const MOST_HEARD: usize = 20_000;

/// A card as it was read last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Fingerprint of the answer's text.
    pub(crate) hash: u64,
    /// Listed among those that are not archived.
    pub(crate) open: bool,
    /// Items of its checklists that are tasks of their own: those with a date.
    pub(crate) items: BTreeSet<String>,
    /// Cards that its checklists name, by short link.
    pub(crate) children: BTreeSet<String>,
}

impl Known {
    /// What is remembered of a card. Where its checklists could not be read, what they said before stays.
    pub(crate) fn of(card: &Card, hash: u64, before: &Known) -> Known {
        let open = !card.closed;
        if card.checklists.is_none() && card.badges.check_items > 0 {
            return Known { hash, open, ..before.clone() };
        }
        let listed = || card.checklists.iter().flatten().flat_map(|list| &list.check_items);
        let own = short_link(card);
        let at = card.short_url.as_deref().unwrap_or_default();
        let named = listed().flat_map(|item| cards_in(&item.name, at));
        Known {
            hash,
            open,
            items: listed().filter(|item| item.due.0.is_some()).map(|item| item.id.clone()).collect(),
            children: named.filter(|link| *link != own).map(str::to_owned).collect(),
        }
    }
}

/// That an item of a checklist was ticked, or no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) at: Timestamp,
    pub(crate) is_done: bool,
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
    /// What was last done to items of checklists, by their ids.
    pub(crate) ticks: HashMap<String, Tick>,
    /// The latest actions that were heard of.
    heard: BTreeSet<String>,
    /// Cards that the pass over all of them has not shown yet. Empty: there is none under way, or it was not seen to begin.
    unseen: BTreeSet<String>,
}

impl Memory {
    /// What the mirror holds of a board: which cards are there, and which items of their checklists are tasks. What they look
    /// like is not known.
    pub(crate) fn recalled(tasks: &[KnownTask]) -> Memory {
        let mut memory = Memory::default();
        for handle in tasks.iter().filter_map(|task| Handle::from_text(&task.handle)) {
            let known = memory.cards.entry(handle.card.to_owned()).or_default();
            known.open = true;
            known.items.extend(handle.item.map(str::to_owned));
        }
        memory
    }

    /// A pass over all cards begins.
    pub(crate) fn await_all(&mut self) {
        self.unseen = self.cards.iter().filter(|(_, known)| known.open).map(|(id, _)| id.clone()).collect();
    }

    /// It has shown this one.
    pub(crate) fn show(&mut self, id: &str) {
        self.unseen.remove(id);
    }

    /// How many it has not shown.
    pub(crate) fn count_unseen(&self) -> usize {
        self.unseen.len()
    }

    /// It is over: what it has not shown is forgotten, and returned with the items that are tasks of their own.
    pub(crate) fn missed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unseen).iter().flat_map(|id| self.forget(id)).collect()
    }

    /// What is known of a card no more: itself, and the items that are tasks of their own.
    pub(crate) fn forget(&mut self, id: &str) -> Vec<String> {
        let items = self.cards.remove(id).map(|known| known.items).unwrap_or_default();
        std::iter::once(id.to_owned()).chain(items).collect()
    }

    /// Takes note of actions; true where one of them is new.
    pub(crate) fn hear(&mut self, actions: BTreeSet<String>) -> bool {
        let mut is_news = false;
        for action in actions {
            is_news |= self.heard.insert(action);
        }
        while self.heard.len() > MOST_HEARD {
            // An id begins with the instant at which it was made.
            self.heard.pop_first();
        }
        is_news
    }

    /// Takes note of what was done to items of checklists, in any order.
    pub(crate) fn note_ticks(&mut self, ticks: impl IntoIterator<Item = (String, Tick)>) {
        for (item, tick) in ticks {
            let known = self.ticks.entry(item).or_insert(tick);
            if tick.at >= known.at {
                *known = tick;
            }
        }
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
