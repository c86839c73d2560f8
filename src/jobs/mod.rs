//! The shell around the core: each job takes what is due and `now`, nothing else. A timer, a signal or a commit only wakes
//! it, so a missed wake-up costs seconds, never correctness.

pub mod decide;
pub mod deliver;
pub mod events;
pub mod guard;
pub mod heartbeat;
mod joint;
pub mod listen;
mod missing;
pub mod people;
pub mod presses;
pub mod pull;
pub mod reload;
pub mod wake;

use connector_kit::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long a job sleeps at most without looking: its queue may have been filled by something that did not wake it.
const LONGEST_SLEEP: SignedDuration = SignedDuration::from_secs(60);
/// How long a job waits after the store failed before it looks again.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(5);

/// How often a sleeper looks, in real time, whether the clock was set back: it would sleep until that time comes again.
const SET_BACK_LOOK: SignedDuration = SignedDuration::from_secs(1);

/// Sleeps until `at` (at most a minute), a change, the clock being set back, or the end; false at the end.
async fn sleep(
    clock: &dyn Clock,
    at: Option<Timestamp>,
    changes: Option<&mut watch::Receiver<u64>>,
    stop: &CancellationToken,
) -> bool {
    let longest = crate::domain::calendar::later(clock.now(), LONGEST_SLEEP);
    let until = at.map_or(longest, |at| at.min(longest));
    let changed = async {
        match changes {
            // Fails only when the core is gone, and then the end is near anyway.
            Some(changes) => drop(changes.changed().await),
            None => std::future::pending().await,
        }
    };
    let began_at = clock.now();
    let set_back = async {
        while clock.now() >= began_at {
            crate::clock::nap(SET_BACK_LOOK).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => false,
        () = clock.sleep_until(until) => true,
        () = set_back => true,
        () = changed => true,
    }
}
