//! A governor limiter that runs on our clock: governor decides when the next request may go, waiting is done elsewhere.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};

use super::later;
use crate::Clock;

/// The longest pace between two requests; keeps governor's arithmetic within its 64 bits of nanoseconds.
const SLOWEST: Duration = Duration::from_secs(24 * 3600);

/// The most requests at once, for the same reason.
const LARGEST_BURST: u32 = 10_000;

/// One request every so long, with a burst.
pub(super) struct Pacer {
    limiter: RateLimiter<NotKeyed, InMemoryState, Since, governor::middleware::NoOpMiddleware<Nanos>>,
    start: Timestamp,
    /// The farthest off a turn can be while time runs forward.
    longest: SignedDuration,
}

impl Pacer {
    pub(super) fn new(every: SignedDuration, burst: u32, clock: Arc<dyn Clock>) -> Pacer {
        let every = Duration::try_from(every).unwrap_or_default().clamp(Duration::from_nanos(1), SLOWEST);
        let burst = NonZeroU32::new(burst.min(LARGEST_BURST)).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(every).expect("the period is above zero").allow_burst(burst);
        let start = clock.now();
        let longest = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
        Pacer { limiter: RateLimiter::direct_with_clock(quota, Since { clock, start }), start, longest }
    }

    /// Takes one turn if there is one at `now`; else says when there is.
    ///
    /// A turn farther off than one period stems from a clock that ran back: it is not waited for.
    pub(super) fn take(&self, now: Timestamp) -> Option<Timestamp> {
        let refused = self.limiter.check().err()?;
        let since =
            SignedDuration::try_from(Duration::from(refused.earliest_possible())).unwrap_or(SignedDuration::MAX);
        let at = later(self.start, since);
        (at.duration_since(now) <= self.longest).then_some(at)
    }
}

/// Our clock as governor reads it: nanoseconds since the limiter was made.
struct Since {
    clock: Arc<dyn Clock>,
    start: Timestamp,
}

impl GovernorClock for Since {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since = self.clock.now().duration_since(self.start).as_nanos();
        // Half the range leaves room for what governor adds; it is 292 years.
        Nanos::new(u64::try_from(since.max(0)).unwrap_or(u64::MAX).min(u64::MAX / 2))
    }
}

impl Clone for Since {
    fn clone(&self) -> Since {
        Since { clock: self.clock.clone(), start: self.start }
    }
}
