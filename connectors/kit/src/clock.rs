//! Time, handed in. The program's own clock lives in its `clock.rs`; here is the trait, and a clock that is set by hand.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The only way to learn what time it is, or to wait. The program's own lives in its `clock.rs`; tests and the demo set one.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns at `at` or later; at once if that has passed. Dropping the future cancels the wait.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()>;
}

/// A clock that is set by hand, for tests and the demo. It stands still until it is set; whoever sleeps on it wakes when
/// it is set to their instant or beyond. It may be set back.
pub struct SetClock {
    now: watch::Sender<Timestamp>,
    leaps: bool,
    sleepers: Mutex<Sleepers>,
}

/// How many sleep until when.
type Sleepers = BTreeMap<Timestamp, usize>;

impl SetClock {
    /// A clock that shows `at`.
    pub fn new(at: Timestamp) -> SetClock {
        SetClock { now: watch::Sender::new(at), leaps: false, sleepers: Mutex::default() }
    }

    /// A clock that shows `at`, and that every sleep moves on to its own end, so that nobody ever waits.
    pub fn leaping(at: Timestamp) -> SetClock {
        SetClock { leaps: true, ..SetClock::new(at) }
    }

    /// Shows `at` from now on.
    pub fn set(&self, at: Timestamp) {
        self.now.send_replace(at);
    }

    /// Moves on by `by`, or back where it is negative; stops at the ends of what a timestamp can hold.
    pub fn advance(&self, by: SignedDuration) {
        self.now.send_modify(|now| *now = now.saturating_add(by).unwrap_or(*now));
    }

    /// The earliest instant anybody sleeps until. `None`: nobody sleeps.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers().keys().next().copied()
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.leaps {
                self.now.send_modify(|now| *now = at.max(*now));
            }
            let _asleep = Asleep::new(self, at);
            let mut now = self.now.subscribe();
            // Fails only when the sender is gone, and `self` holds it.
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}

/// One entry among the sleepers, taken out when the sleep ends or is cancelled.
struct Asleep<'a> {
    clock: &'a SetClock,
    until: Timestamp,
}

impl<'a> Asleep<'a> {
    fn new(clock: &'a SetClock, until: Timestamp) -> Asleep<'a> {
        *clock.sleepers().entry(until).or_default() += 1;
        Asleep { clock, until }
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.clock.sleepers();
        if let Some(count) = sleepers.get_mut(&self.until) {
            *count -= 1;
            if *count == 0 {
                sleepers.remove(&self.until);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures_util::FutureExt;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn whoever_sleeps_wakes_when_the_clock_is_set_to_their_instant_and_not_before() {
        let clock = SetClock::new(at("2025-03-11T09:00:00Z"));
        let mut sleep = clock.sleep_until(at("2025-03-11T09:00:10Z"));
        assert!((&mut sleep).now_or_never().is_none());
        assert_eq!(clock.next_wake(), Some(at("2025-03-11T09:00:10Z")));
        clock.advance(SignedDuration::from_secs(9));
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(SignedDuration::from_secs(1));
        sleep.await;
        assert_eq!(clock.next_wake(), None);
        clock.sleep_until(at("2025-03-11T09:00:05Z")).await; // has passed: at once
    }

    #[tokio::test]
    async fn a_sleep_that_is_dropped_is_no_longer_waited_for() {
        let clock = SetClock::new(at("2025-03-11T09:00:00Z"));
        let mut sleep = clock.sleep_until(at("2025-03-11T10:00:00Z"));
        assert!((&mut sleep).now_or_never().is_none());
        drop(sleep);
        assert_eq!(clock.next_wake(), None);
    }
}
