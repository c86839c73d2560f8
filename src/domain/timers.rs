//! When to look again: a queue of instants, one a key. There may be a million of them, so both are kept as numbers, instants
//! as nanoseconds, exact until the year 2262, in a third of the room.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use jiff::Timestamp;

use super::finding::SubjectKey;
use super::ids::AlertId;
use super::table::{Keyed, Table};

/// What there is a timer of, as a number of its own.
pub(super) trait Timed: Copy {
    fn to_number(self) -> i64;
    /// The inverse.
    fn from_number(number: i64) -> Option<Self>;
}

/// A queue of instants, one a key.
#[derive(Debug, Clone)]
pub(super) struct Timers<K> {
    queue: BTreeSet<(i64, i64)>,
    at: Table<Timer>,
    keys: PhantomData<K>,
}

/// A key and its instant.
#[derive(Debug, Clone)]
struct Timer(i64, i64);

impl Keyed for Timer {
    fn key(&self) -> i64 {
        self.0
    }
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers { queue: BTreeSet::new(), at: Table::default(), keys: PhantomData }
    }
}

impl<K: Timed> Timers<K> {
    pub(super) fn set(&mut self, key: K, at: Option<Timestamp>) {
        let (key, at) = (key.to_number(), at.map(nanos));
        let before = match at {
            Some(at) => self.at.insert(Timer(key, at)),
            None => self.at.remove(key),
        };
        let before = before.map(|timer| timer.1);
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
        self.queue.iter().take_while(move |(at, _)| *at <= now).filter_map(|(_, key)| K::from_number(*key))
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| instant(*at))
    }

    pub(super) fn at(&self, key: K) -> Option<Timestamp> {
        self.at.get(key.to_number()).map(|timer| instant(timer.1))
    }
}

impl Timed for AlertId {
    fn to_number(self) -> i64 {
        self.0
    }

    fn from_number(number: i64) -> Option<AlertId> {
        Some(AlertId(number))
    }
}

/// Bits of a number that hold a row; those above say of what.
const ROW_BITS: u32 = 60;

impl Timed for SubjectKey {
    fn to_number(self) -> i64 {
        let (kind, row) = self.code();
        i64::from(kind) << ROW_BITS | row & ((1 << ROW_BITS) - 1)
    }

    fn from_number(number: i64) -> Option<SubjectKey> {
        let spare = i64::BITS - ROW_BITS;
        SubjectKey::from_code(u8::try_from(number >> ROW_BITS).ok()?, number << spare >> spare)
    }
}

/// What lies beyond what fits is as far away as can be.
fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

fn instant(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::ids::{ConnectionId, ContainerId, PersonId, TaskId};

    #[test]
    fn a_subject_is_the_same_after_it_was_a_number() {
        for subject in [
            SubjectKey::Task(TaskId(1_234_567)),
            SubjectKey::Container(ContainerId(1)),
            SubjectKey::Connection(ConnectionId(1 << 40)),
            SubjectKey::Person(PersonId(-7)),
            SubjectKey::Person(PersonId(7)),
            SubjectKey::System,
        ] {
            assert_eq!(SubjectKey::from_number(subject.to_number()), Some(subject));
        }
    }
}
