//! A connector that panics is a connector that failed, and a job that panics ends the program: it must not go on as if it
//! had not.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use connector_kit::ConnectorError;
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

/// What is said of a call that panicked; the log names the place.
pub(super) const PANICKED: &str =
    "gapwatch's own code failed on it, which is an error of gapwatch; its log names the place";

/// Makes a call into a connector. `None`: it panicked, be it before it began to wait.
///
/// A connector keeps nothing between two calls but limits and what it knows of itself, so the next call may be made.
pub(super) async fn call<T, F: Future<Output = T>>(made: impl FnOnce() -> F) -> Option<T> {
    AssertUnwindSafe(async { made().await }).catch_unwind().await.ok()
}

/// Makes a call that waits for nothing. `None`: it panicked.
pub(super) fn run<T>(made: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(made)).ok()
}

/// What such a read is: the connector has met a form it does not know. The cursor stays, and the rest goes on.
pub(super) fn panicked() -> ConnectorError {
    ConnectorError::Malformed { tool: "the tool", what: PANICKED.to_owned(), source: None }
}

/// Keeps an eye on jobs. One that panics stops the whole program, in order, to be started again.
#[derive(Clone)]
pub struct Watch {
    stop: CancellationToken,
    panicked: CancellationToken,
}

impl Watch {
    /// Whoever panics cancels `stop`.
    pub fn new(stop: CancellationToken) -> Watch {
        Watch { stop, panicked: CancellationToken::new() }
    }

    /// Runs a job.
    pub async fn over(self, work: impl Future<Output = ()>) {
        let ended: Result<(), Box<dyn Any + Send>> = AssertUnwindSafe(work).catch_unwind().await;
        if ended.is_err() {
            tracing::error!("job.panicked: the program ends, and may be started again");
            self.panicked.cancel();
            self.stop.cancel();
        }
    }

    /// True once a job has panicked.
    pub fn has_panicked(&self) -> bool {
        self.panicked.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_that_panics_is_a_call_without_an_answer() {
        assert_eq!(call(|| async { 1 }).await, Some(1));
        assert_eq!(call::<u8, _>(|| async { panic!("a connector that fails") }).await, None);
        assert_eq!(call::<u8, std::future::Ready<u8>>(|| panic!("one that fails at once")).await, None);
        assert_eq!(run(|| 1), Some(1));
        assert_eq!(run::<u8>(|| panic!("a connector that fails")), None);
    }

    #[tokio::test]
    async fn a_job_that_panics_stops_the_program_and_one_that_ends_does_not() {
        let stop = CancellationToken::new();
        let watch = Watch::new(stop.clone());
        watch.clone().over(async {}).await;
        assert!(!stop.is_cancelled() && !watch.has_panicked());
        watch.clone().over(async { panic!("a job that fails") }).await;
        assert!(stop.is_cancelled() && watch.has_panicked());
    }
}
