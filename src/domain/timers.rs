//! When to look again: a queue of instants, one a key. There may be a million of them, so they are kept as nanoseconds, exact
//! until the year 2262, in half the room.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ids::IdMap;

/// A queue of instants, one a key.
#[derive(Debug, Clone)]
pub(super) struct Timers<K: Copy + Ord + std::hash::Hash> {
    queue: BTreeSet<(i64, K)>,
    at: IdMap<K, i64>,
}

impl<K: Copy + Ord + std::hash::Hash> Default for Timers<K> {
    fn default() -> Self {
        Timers { queue: BTreeSet::new(), at: IdMap::default() }
    }
}

impl<K: Copy + Ord + std::hash::Hash> Timers<K> {
    pub(super) fn set(&mut self, key: K, at: Option<Timestamp>) {
        let at = at.map(nanos);
        let before = match at {
            Some(at) => self.at.insert(key, at),
            None => self.at.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.queue.remove(&(before, key));
        }
        if let Some(at) = at {
            self.queue.insert((at, key));
        }
    }

    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = K> {
        let now = nanos(now);
        self.queue.iter().take_while(move |(at, _)| *at <= now).map(|(_, key)| *key)
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| instant(*at))
    }

    pub(super) fn at(&self, key: K) -> Option<Timestamp> {
        self.at.get(&key).copied().map(instant)
    }
}

/// What lies beyond what fits is as far away as can be.
fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

fn instant(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::MAX)
}
