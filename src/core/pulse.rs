//! Whether the loop that decides still turns. It beats each time it has heard from the core, and after every round; whoever
//! doubts wakes it and waits for the next beat.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Stopwatch;

/// The pulse. Cheap to clone.
#[derive(Clone)]
pub struct Pulse(Arc<Inner>);

struct Inner {
    beats: watch::Sender<u64>,
    last: Mutex<Stopwatch>,
    agrees: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Pulse {
        let last = Mutex::new(Stopwatch::start());
        Pulse(Arc::new(Inner { beats: watch::Sender::new(0), last, agrees: AtomicBool::new(true) }))
    }
}

impl Pulse {
    /// The loop is there.
    pub fn beat(&self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::start();
        self.0.beats.send_modify(|count| *count += 1);
    }

    /// How long ago it last beat.
    pub fn silence(&self) -> Duration {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Tells of each beat from now on.
    pub fn beats(&self) -> watch::Receiver<u64> {
        self.0.beats.subscribe()
    }

    /// Notes whether judging everything agreed with what was known.
    pub fn judged_everything(&self, agrees: bool) {
        self.0.agrees.store(agrees, Ordering::Relaxed);
    }

    /// Whether it did the last time. True before the first time.
    pub fn agrees(&self) -> bool {
        self.0.agrees.load(Ordering::Relaxed)
    }
}
