//! The one place that reads the machine's clock or waits for it.
//!
//! The models themselves live by the [`Now`] they are given. Real time is left for two things: the program
//! `gapwatch-simulator`, and a connection that is to hang, because the client's own time-out is real too.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// What time it is in the simulated world.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's own clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
pub fn system() -> Now {
    Arc::new(Timestamp::now)
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
pub async fn wait(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
pub(crate) async fn wait_millis(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
