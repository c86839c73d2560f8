//! The system's clock: the only place that reads the time or sleeps. The demo and tests set one of the kit's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_kit::{BoxFuture, Clock};
use jiff::{SignedDuration, Timestamp};

/// The longest single sleep: the wall clock may be set while we sleep, and no timer would notice.
const NAP: SignedDuration = SignedDuration::from_secs(30);

/// The clock of the program: the system's, or, with the feature `test-clock`, the one in the file that
/// `GAPWATCH_TEST_CLOCK` names.
pub fn system() -> Arc<dyn Clock> {
    #[cfg(feature = "test-clock")]
    if let Some(path) = std::env::var_os("GAPWATCH_TEST_CLOCK") {
        return Arc::new(FileClock { path: path.into() });
    }
    Arc::new(SystemClock)
}

/// The system's wall clock.
struct SystemClock;

impl Clock for SystemClock {
    /// To the millisecond, as tools tell theirs: what is remembered of a task is written shorter for it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let left = at.duration_since(self.now());
                if left <= SignedDuration::ZERO {
                    return;
                }
                nap(left.min(NAP)).await;
            }
        })
    }
}

/// Sleeps for real.
#[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
pub async fn nap(length: SignedDuration) {
    tokio::time::sleep(Duration::try_from(length).unwrap_or_default()).await;
}

/// Measures lengths of time; unmoved by whoever sets the clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// One that begins now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// How long ago it began.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// An instant in a file, for tests of the built program; never in a release.
#[cfg(feature = "test-clock")]
struct FileClock {
    path: std::path::PathBuf,
}

#[cfg(feature = "test-clock")]
impl Clock for FileClock {
    fn now(&self) -> Timestamp {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.trim().parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while self.now() < at {
                nap(SignedDuration::from_millis(20)).await;
            }
        })
    }
}
