//! What the service manager is told: ready, reloading, stopping, a few words, and that we live. Without one nothing happens.

use std::time::Duration;

use jiff::SignedDuration;
use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::core::CoreHandle;

/// Started, or done with a reload.
pub(super) fn ready(words: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(words)]);
}

/// A reload begins; [`ready`] ends it, however it went.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now, NotifyState::Status("reading the configuration again")]),
        Err(error) => tracing::warn!(%error, "systemd.not_told"),
    }
}

/// The end begins.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing the calls that are under way")]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd.not_told");
    }
}

/// How often within the time of the watchdog it is looked whether we live.
const LOOKS: u32 = 3;

/// Feeds the watchdog for as long as the loop that decides hears from the core when it is woken. A timer alone would feed
/// it for ever.
pub(super) async fn watch(core: CoreHandle, stop: CancellationToken) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let every = length(patience / LOOKS);
    loop {
        let alive = tokio::select! {
            () = stop.cancelled() => return,
            alive = core.is_alive(every) => alive,
        };
        if alive {
            tell(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("watchdog.not_fed: the loop that decides does not answer");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = crate::clock::nap(every) => {}
        }
    }
}

fn length(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::from_secs(60))
}
