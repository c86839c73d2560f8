//! Time, handed in.

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// The only way to learn what time it is, or to wait. The program's own lives in its `clock.rs`; tests and the demo set one.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns at `at` or later; at once if that has passed. Dropping the future cancels the wait.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()>;
}
