//! Events: posts what was told to webhooks, one event at a time to each, webhooks side by side. An event that was posted and
//! not recorded is posted again with the same id; the next attempt is a row.

use std::sync::Arc;

use connector_kit::Clock;
use connector_webhook::PostError;
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::decide::{Skews, doubt, is_unconfirmed};
use super::guard;
use crate::core::CoreHandle;
use crate::domain::calendar::later;
use crate::domain::event::{Ended, Waiting};
use crate::messages::events;
use crate::registry::Hook;
use crate::store::{FailureKind, StoreError};

/// Shortest pause between two looks into the queue when there was nothing to do.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// How posting went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posted {
    /// Attempts made.
    pub attempts: u32,
    /// Of these, those that were taken.
    pub taken: u32,
    /// The worst of what kept others from being taken. `None`: nothing did.
    pub failed: Option<FailureKind>,
}

/// Posts one event and records how that ended.
async fn attempt(
    core: &CoreHandle,
    hooks: &[Hook],
    clock: &dyn Clock,
    waiting: Waiting,
    posted: &mut Posted,
) -> Result<(), StoreError> {
    let hook = hooks.iter().find(|hook| hook.name == waiting.event.webhook);
    let ended = match hook {
        Some(hook) => post(hook, &waiting, clock).await,
        None => Ended::GivenUp { because: "the webhook is no longer configured".to_owned() },
    };
    let (webhook, event) = (waiting.event.webhook.as_str(), waiting.id);
    posted.attempts += 1;
    let result = match &ended {
        Ended::Taken => {
            posted.taken += 1;
            tracing::info!(webhook, %event, "event.taken");
            "sent"
        }
        Ended::Again { because, .. } | Ended::Throttled { because, .. } => {
            posted.failed = posted.failed.max(Some(FailureKind::Unavailable));
            tracing::warn!(webhook, %event, because, "event.failed");
            "not_sent"
        }
        Ended::GivenUp { because } => {
            tracing::error!(webhook, %event, because, "event.given_up: `gapwatch outbox list` shows it");
            "refused"
        }
        Ended::Disabled { because } => {
            posted.failed = posted.failed.max(Some(FailureKind::Refused));
            tracing::error!(webhook, %event, because, "webhook.disabled: nothing is posted there until its address changes");
            "gone"
        }
    };
    core.metrics().message("webhook", result, "event");
    let address = hook.map_or_else(String::new, |hook| hook.address.clone());
    core.event_ended(waiting, ended, address, clock.now()).await
}

async fn post(hook: &Hook, waiting: &Waiting, clock: &dyn Clock) -> Ended {
    let attempts = waiting.attempts.saturating_add(1);
    let again =
        |wait, throttled, because| events::again(&waiting.event, attempts, wait, throttled, because, clock.now());
    let posted = guard::call(|| hook.webhook.post(&waiting.event.wire, &waiting.event.body)).await;
    match posted {
        Some(Ok(())) => Ended::Taken,
        Some(Err(PostError::Later { wait, because })) => again(wait, false, because),
        Some(Err(PostError::Throttled { wait, because })) => again(wait, true, because),
        Some(Err(PostError::Disabled { because })) => Ended::Disabled { because },
        None => again(None, false, guard::PANICKED.to_owned()),
    }
}

fn known(hooks: &[Hook]) -> Vec<(String, String)> {
    hooks.iter().map(|hook| (hook.name.clone(), hook.address.clone())).collect()
}

/// Posts what is due, one after another; says how that went.
///
/// # Errors
/// Only the store's.
pub async fn until_idle(core: &CoreHandle, hooks: &[Hook], clock: &dyn Clock) -> Result<Posted, StoreError> {
    core.know_hooks(known(hooks), clock.now()).await?;
    let mut posted = Posted::default();
    while let Some(waiting) = core.next_event(Vec::new(), clock.now()).await? {
        attempt(core, hooks, clock, waiting, &mut posted).await?;
    }
    Ok(posted)
}

/// Posts for as long as the program runs. With `stop` no new call is begun; one that is under way may be cut off, and is made
/// again.
pub async fn run(core: CoreHandle, hooks: Vec<Hook>, clock: Arc<dyn Clock>, skews: Skews, stop: CancellationToken) {
    if let Err(error) = core.know_hooks(known(&hooks), clock.now()).await {
        tracing::error!(%error, "webhook.not_known");
    }
    let calls = TaskTracker::new();
    let (freed, mut free) = mpsc::unbounded_channel::<String>();
    let mut busy: Vec<String> = Vec::new();
    let mut changes = core.changes();
    loop {
        changes.mark_unchanged();
        while let Ok(name) = free.try_recv() {
            busy.retain(|other| *other != name);
        }
        let now = clock.now();
        let (last_tick, told) = (core.last_tick().await, skews());
        // A receiver refuses what was signed at a wrong time.
        let believed = doubt(now, last_tick, &told).is_none() && !is_unconfirmed(now, last_tick, &told);
        let may = believed && !stop.is_cancelled();
        let due = if may { core.next_event(busy.clone(), now).await } else { Ok(None) };
        let next = match due {
            Ok(Some(waiting)) => {
                let name = waiting.event.webhook.clone();
                busy.push(name.clone());
                let (core, hooks, clock, freed) = (core.clone(), hooks.clone(), clock.clone(), freed.clone());
                let stopped = stop.clone();
                calls.spawn(async move {
                    let mut posted = Posted::default();
                    tokio::select! {
                        done = attempt(&core, &hooks, &*clock, waiting, &mut posted) => {
                            if let Err(error) = done {
                                tracing::error!(%error, "event.not_recorded");
                            }
                        }
                        () = stopped.cancelled() => {}
                    }
                    // Fails only when the loop has ended.
                    let _ = freed.send(name);
                });
                continue;
            }
            Ok(None) if believed => match core.next_event_at(busy.clone()).await {
                Ok(at) => at.map(|at| at.max(later(now, PAUSE))),
                Err(_) => Some(later(now, super::AFTER_FAILURE)),
            },
            Ok(None) => Some(later(now, super::AFTER_FAILURE)),
            Err(StoreError::TakenOver) => return stop.cancel(),
            Err(_) => Some(later(now, super::AFTER_FAILURE)),
        };
        let goes_on = tokio::select! {
            goes_on = super::sleep(&*clock, next, Some(&mut changes), &stop) => goes_on,
            Some(name) = free.recv() => {
                busy.retain(|other| *other != name);
                true
            }
        };
        if !goes_on {
            calls.close();
            return calls.wait().await;
        }
    }
}
