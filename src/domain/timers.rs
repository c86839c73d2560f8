//! When to look again: a queue of instants, one a key. There may be a million of them, so both are kept as numbers, instants
//! as nanoseconds, exact until the year 2262, and once: the rows of the table by which a key is found are the queue.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    /// As a heap: none comes before the one it hangs on.
    at: Table<Timer>,
    keys: PhantomData<K>,
}

/// How many hang on each. With four, the queue is half as deep as with two, and they stand in one line of memory.
const EACH: usize = 4;

/// A key and its instant.
#[derive(Debug, Clone, Copy)]
struct Timer(i64, i64);

impl Timer {
    /// The order in which they are due.
    fn turn(self) -> (i64, i64) {
        (self.1, self.0)
    }
}

impl Keyed for Timer {
    fn key(&self) -> i64 {
        self.0
    }
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers { at: Table::default(), keys: PhantomData }
    }
}

impl<K: Timed> Timers<K> {
    pub(super) fn set(&mut self, key: K, at: Option<Timestamp>) {
        let (key, at) = (key.to_number(), at.map(nanos));
        match (self.at.nth_of(key), at) {
            (None, None) => {}
            (None, Some(at)) => {
                self.at.insert(Timer(key, at));
                self.settle(self.at.rows().len() - 1);
            }
            (Some(nth), None) => {
                let last = self.at.rows().len() - 1;
                self.at.swap(nth, last);
                self.at.remove(key);
                if nth < last {
                    self.settle(nth);
                }
            }
            (Some(nth), Some(at)) if self.at.rows()[nth].1 != at => {
                self.at.insert(Timer(key, at));
                self.settle(nth);
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// Moves one to where it belongs: up, or down.
    fn settle(&mut self, mut nth: usize) {
        while let Some(above) =
            nth.checked_sub(1).map(|before| before / EACH).filter(|above| self.is_before(nth, *above))
        {
            self.at.swap(nth, above);
            nth = above;
        }
        while let Some(first) = hanging(nth, self.at.rows()).min_by_key(|below| self.at.rows()[*below].turn()) {
            if !self.is_before(first, nth) {
                break;
            }
            self.at.swap(nth, first);
            nth = first;
        }
    }

    fn is_before(&self, one: usize, other: usize) -> bool {
        self.at.rows()[one].turn() < self.at.rows()[other].turn()
    }

    /// What is due, the earliest first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = K> {
        let (now, rows) = (nanos(now), self.at.rows());
        let turn = move |nth: usize| Reverse((rows[nth].turn(), nth));
        let is_due = move |nth: &usize| rows.get(*nth).is_some_and(|timer| timer.1 <= now);
        let mut next: BinaryHeap<_> = Some(0).filter(is_due).map(turn).into_iter().collect();
        std::iter::from_fn(move || {
            let Reverse(((_, key), nth)) = next.pop()?;
            next.extend(hanging(nth, rows).filter(is_due).map(turn));
            Some(key)
        })
        .filter_map(K::from_number)
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.at.rows().first().map(|timer| instant(timer.1))
    }

    pub(super) fn at(&self, key: K) -> Option<Timestamp> {
        self.at.get(key.to_number()).map(|timer| instant(timer.1))
    }
}

/// Those that hang on one.
fn hanging(nth: usize, rows: &[Timer]) -> std::ops::Range<usize> {
    let first = nth * EACH + 1;
    first.min(rows.len())..(first + EACH).min(rows.len())
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

    use std::collections::BTreeMap;

    use proptest::prelude::*;

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
    proptest! {
        #[test]
        fn whatever_was_set_last_is_due_in_its_turn(
            steps in proptest::collection::vec((0..40i64, proptest::option::of(0..60i64)), 0..300),
            now in 0..60i64,
        ) {
            let second = |at: i64| Timestamp::from_second(at).unwrap();
            let (mut timers, mut known) = (Timers::<AlertId>::default(), BTreeMap::new());
            for (key, at) in steps {
                timers.set(AlertId(key), at.map(second));
                match at {
                    Some(at) => drop(known.insert(key, at)),
                    None => drop(known.remove(&key)),
                }
                let mut turns: Vec<(i64, i64)> = known.iter().map(|(key, at)| (*at, *key)).collect();
                turns.sort_unstable();
                prop_assert_eq!(timers.next(), turns.first().map(|(at, _)| second(*at)));
                let due: Vec<i64> = timers.due(second(now)).map(|id| id.0).collect();
                turns.retain(|(at, _)| *at <= now);
                prop_assert_eq!(due, turns.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
                prop_assert!((0..40).all(|key| timers.at(AlertId(key)) == known.get(&key).map(|at| second(*at))));
            }
        }
    }
}
