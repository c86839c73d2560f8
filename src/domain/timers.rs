//! When to look again: a queue of instants, one a key.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

/// A queue of instants, one a key.
#[derive(Debug, Clone)]
pub(super) struct Timers<K: Copy + Ord + std::hash::Hash> {
    queue: BTreeSet<(Timestamp, K)>,
    at: HashMap<K, Timestamp>,
}

impl<K: Copy + Ord + std::hash::Hash> Default for Timers<K> {
    fn default() -> Self {
        Timers { queue: BTreeSet::new(), at: HashMap::new() }
    }
}

impl<K: Copy + Ord + std::hash::Hash> Timers<K> {
    pub(super) fn set(&mut self, key: K, at: Option<Timestamp>) {
        if let Some(before) = self.at.remove(&key) {
            self.queue.remove(&(before, key));
        }
        if let Some(at) = at {
            self.at.insert(key, at);
            self.queue.insert((at, key));
        }
    }

    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = K> {
        self.queue.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| *key)
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    pub(super) fn at(&self, key: K) -> Option<Timestamp> {
        self.at.get(&key).copied()
    }
}
