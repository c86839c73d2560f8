//! What is missing, and how much of it at once is too much to be believed. Pure.

use jiff::{SignedDuration, Timestamp};

/// So many open tasks of a container may be missing in one census before it is held, however small it is.
const FEW: u64 = 5;
/// The same as a share: one in twenty.
const ONE_IN: u64 = 20;
/// A census comes at the earliest so long after the one before; it is half of its period.
const APART: SignedDuration = SignedDuration::from_hours(12);
const DAY_SECS: i64 = 24 * 60 * 60;

/// Why nothing is opened, resolved or said in a container: too much of it was missing at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// When the census began that missed them.
    pub since: Timestamp,
    /// How many open tasks it missed.
    pub missing: u64,
    /// How many there were.
    pub of: u64,
}

/// True when more is missing than vanishes in a day: more than five tasks, and more than one in twenty.
pub fn is_too_much(missing: u64, of: u64) -> bool {
    missing > FEW && missing.saturating_mul(ONE_IN) > of
}

/// When a container is counted next: once a day, at a time of day of its own that follows from its number, and at the
/// earliest half a day from now.
pub fn next_census(container: i64, now: Timestamp) -> Timestamp {
    // Consecutive numbers land far from each other, evenly over the day (the golden ratio of 2^64).
    let spread = (container.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).cast_signed();
    let slot = (spread * DAY_SECS) >> 32;
    let earliest = now.saturating_add(APART).unwrap_or(Timestamp::MAX);
    let wait = (slot - earliest.as_second()).rem_euclid(DAY_SECS);
    earliest.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_few_may_vanish_and_a_twentieth_may_not() {
        assert!(!is_too_much(1, 10));
        assert!(!is_too_much(5, 10), "five of ten are still few");
        assert!(is_too_much(6, 10));
        assert!(!is_too_much(39, 794));
        assert!(is_too_much(40, 794));
        assert!(is_too_much(794 - 658, 794));
        assert!(!is_too_much(0, 0));
    }

    #[test]
    fn each_container_has_a_time_of_day_of_its_own_and_keeps_it() {
        let now: Timestamp = "2026-03-02T10:17:23Z".parse().unwrap();
        let mut slots = BTreeSet::new();
        for container in 1..=48 {
            let first = next_census(container, now);
            let wait = first.duration_since(now);
            assert!(wait >= APART && wait <= APART + SignedDuration::from_hours(24));
            let again = next_census(container, first);
            assert_eq!(again.duration_since(first), SignedDuration::from_hours(24), "once a day");
            slots.insert(first.as_second().rem_euclid(DAY_SECS) / 1800);
        }
        assert!(slots.len() > 40, "spread over the day: {} half hours", slots.len());
    }
}
