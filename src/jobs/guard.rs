//! A connector that panics is a connector that failed, and a job that panics ends the program: it must not go on as if it
//! had not.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

/// What is said of a call that panicked; the log names the place.
pub(super) const PANICKED: &str =
    "gapwatch's own code failed on it, which is an error of gapwatch; its log names the place";

/// Makes a call into a connector. `None`: it panicked.
///
/// A connector keeps nothing between two calls but limits and what it knows of itself, so the next call may be made.
pub(super) async fn call<T>(made: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(made).catch_unwind().await.ok()
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
        assert_eq!(call(async { 1 }).await, Some(1));
        assert_eq!(call::<u8>(async { panic!("a connector that fails") }).await, None);
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
