//! Deliver: mark *sending*, one call, record. The next attempt is a row, never a loop here.

use std::collections::HashMap;
use std::sync::Arc;

use connector_kit::{Clock, Commenter, ConnectorError, Destination, Found, MessageRef, Notifier, WriteError};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::decide::{Skews, doubt, is_unconfirmed};
use super::guard;
use crate::core::{Claim, CoreHandle, lane};
use crate::domain::calendar::later;
use crate::domain::notice::{Address, MessageOp};
use crate::messages::retry::Outcome;
use crate::store::{FailureKind, StoreError};

/// How long a call that is under way is waited for at the end.
const LAST_CALLS: SignedDuration = SignedDuration::from_secs(1);
/// Shortest pause between two looks into the queue when there was nothing to do.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Everything that can be written to.
#[derive(Clone, Default)]
pub struct Channels {
    /// Slack. `None`: not configured.
    pub notifier: Option<Arc<dyn Notifier>>,
    /// E-mail. `None`: not configured.
    pub mailer: Option<Arc<dyn Notifier>>,
    /// Comments, by connection.
    pub commenters: HashMap<String, Arc<dyn Commenter>>,
}

impl Channels {
    /// The one call.
    async fn carry_out(&self, claim: &Claim) -> Outcome {
        match &claim.message.address {
            Address::Slack(to) => match &self.notifier {
                Some(notifier) => notify(&**notifier, to, claim).await,
                None => refused("Slack is not configured"),
            },
            Address::Email(to) => match &self.mailer {
                Some(mailer) => notify(&**mailer, &Destination::Email(to.clone()), claim).await,
                None => refused("e-mail is not configured"),
            },
            Address::Comment { .. } => match &claim.task {
                Some((handle, connection)) => match self.commenters.get(connection) {
                    Some(commenter) => comment(&**commenter, handle, claim).await,
                    None => refused("the connection is no longer configured"),
                },
                None => refused("the task is no longer mirrored"),
            },
            Address::Digest(_) | Address::Log => refused("nothing is sent there"),
        }
    }
}

async fn notify(notifier: &dyn Notifier, to: &Destination, claim: &Claim) -> Outcome {
    let message = &claim.message;
    let thread = claim.at.as_ref().filter(|_| message.op == MessageOp::Reply);
    match (message.op, &claim.at) {
        (MessageOp::Edit, Some(at)) => edited(notifier.edit(at, &message.body, &claim.post_mark).await),
        (MessageOp::Edit | MessageOp::Reply, None) => refused("what it belongs to was never sent"),
        _ if claim.look => looked(notifier.find(to, &message.mark, claim.since, thread).await),
        _ => written(notifier.send(to, &message.body, &message.mark, thread).await),
    }
}

async fn comment(commenter: &dyn Commenter, handle: &str, claim: &Claim) -> Outcome {
    let message = &claim.message;
    match (message.op, &claim.at) {
        (MessageOp::Edit, Some(at)) => edited(commenter.edit(handle, at, &message.body, &claim.post_mark).await),
        (MessageOp::Edit, None) => refused("what it belongs to was never sent"),
        // A tracker has no threads: an answer there is an edit of the comment, which is its own message.
        (MessageOp::Reply, _) => refused("comments are not answered"),
        (MessageOp::Post, _) if claim.look => looked(commenter.find(handle, &message.mark, claim.since).await),
        (MessageOp::Post, _) => written(commenter.post(handle, &message.body, &message.mark).await),
    }
}

fn refused(because: &str) -> Outcome {
    Outcome::Failed(WriteError::Refused { because: because.to_owned() })
}

fn written(result: Result<MessageRef, WriteError>) -> Outcome {
    result.map_or_else(Outcome::Failed, Outcome::Sent)
}

fn edited(result: Result<(), WriteError>) -> Outcome {
    result.map_or_else(Outcome::Failed, |()| Outcome::Edited)
}

fn looked(result: Result<Found, ConnectorError>) -> Outcome {
    result.map_or_else(|error| Outcome::CannotLook(error.to_string()), Outcome::Looked)
}

/// What is known of a call whose connector panicked: nothing, so it is looked for before it is made again.
fn panicked(claim: &Claim) -> Outcome {
    let because = guard::PANICKED.to_owned();
    if claim.look { Outcome::CannotLook(because) } else { Outcome::Failed(WriteError::Unsure { because }) }
}

/// A lane that is in use until this goes, however the call ends: an attempt that panics is an orphan, and those behind it
/// must not wait for it.
struct Busy {
    lane: String,
    freed: mpsc::UnboundedSender<String>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Fails only when the loop has ended.
        let _ = self.freed.send(std::mem::take(&mut self.lane));
    }
}

/// How attempts went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many were made.
    pub attempts: u32,
    /// How many of them the tool took, or had taken before.
    pub sent: u32,
    /// The worst of what kept others from being taken. `None`: nothing that concerns a whole channel.
    pub failed: Option<FailureKind>,
}

impl Delivered {
    /// `is_comment`: where nobody else can be asked to take it.
    fn note(&mut self, outcome: &Outcome, is_comment: bool) {
        self.attempts += 1;
        let failed = match outcome {
            Outcome::Sent(_)
            | Outcome::Edited
            | Outcome::Looked(Found::There(_))
            | Outcome::Failed(WriteError::Unheard { at: Some(_), .. }) => {
                self.sent += 1;
                None
            }
            Outcome::Failed(WriteError::Unauthorized { .. }) => Some(FailureKind::Refused),
            Outcome::Failed(WriteError::NotSent { retry_after: Some(_), .. }) => Some(FailureKind::Limited),
            Outcome::Failed(WriteError::NotSent { .. } | WriteError::Unsure { .. }) | Outcome::CannotLook(_) => {
                Some(FailureKind::Unavailable)
            }
            // Whoever may not comment there has to be given the right.
            Outcome::Failed(WriteError::Refused { .. }) if is_comment => Some(FailureKind::Forbidden),
            // One destination refuses, or the thing is gone: the next channel takes it.
            Outcome::Failed(WriteError::Refused { .. } | WriteError::Gone { .. } | WriteError::Unheard { .. })
            | Outcome::Looked(_) => None,
        };
        self.failed = self.failed.max(failed);
    }

    /// Both together.
    pub fn and(self, other: Delivered) -> Delivered {
        Delivered {
            attempts: self.attempts + other.attempts,
            sent: self.sent + other.sent,
            failed: self.failed.max(other.failed),
        }
    }
}

/// Carries out one claim and records how it ended.
async fn attempt(
    core: &CoreHandle,
    channels: &Channels,
    clock: &dyn Clock,
    claim: Claim,
    delivered: &mut Delivered,
) -> Result<(), StoreError> {
    let outcome = guard::call(|| channels.carry_out(&claim)).await.unwrap_or_else(|| panicked(&claim));
    let channel = claim.message.address.channel();
    match &outcome {
        Outcome::Failed(error) => tracing::warn!(channel, message = %claim.message.id, %error, "message.failed"),
        Outcome::Looked(found) => tracing::info!(channel, message = %claim.message.id, ?found, "message.looked_up"),
        Outcome::CannotLook(because) => {
            tracing::warn!(channel, message = %claim.message.id, because, "message.not_looked_up")
        }
        _ => tracing::info!(channel, message = %claim.message.id, op = ?claim.message.op, "message.sent"),
    }
    let op = match claim.message.op {
        MessageOp::Post => "post",
        MessageOp::Edit => "edit",
        MessageOp::Reply => "reply",
    };
    core.metrics().message(channel, result(&outcome), op);
    delivered.note(&outcome, matches!(claim.message.address, Address::Comment { .. }));
    core.outcome(claim.message.id, outcome, clock.now()).await
}

/// How an attempt ended, for whoever counts.
fn result(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent(_) | Outcome::Edited => "sent",
        Outcome::Looked(Found::There(_)) => "found",
        Outcome::Looked(Found::Absent) => "absent",
        Outcome::Looked(Found::CannotTell(_)) => "cannot_tell",
        Outcome::CannotLook(_) => "not_looked_up",
        Outcome::Failed(error) => match error {
            WriteError::NotSent { .. } => "not_sent",
            WriteError::Unauthorized { .. } => "unauthorized",
            WriteError::Unsure { .. } => "unsure",
            WriteError::Refused { .. } => "refused",
            WriteError::Gone { .. } => "gone",
            WriteError::Unheard { .. } => "unheard",
        },
    }
}

/// Delivers what is due, one after another; says how that went.
///
/// # Errors
/// Only the store's.
pub async fn until_idle(core: &CoreHandle, channels: &Channels, clock: &dyn Clock) -> Result<Delivered, StoreError> {
    let mut delivered = Delivered::default();
    while let Some(claim) = core.claim(Vec::new(), false, clock.now()).await? {
        attempt(core, channels, clock, claim, &mut delivered).await?;
    }
    Ok(delivered)
}

/// Delivers for as long as the program runs: one call at a time in each lane, lanes side by side.
///
/// With `stop` no new call is begun, and one that is under way is waited for: it ends by its own deadline. When the whole
/// program ends (`end`) only a moment is left; a call that lasts longer is an orphan that the next start looks up.
pub async fn run(
    core: CoreHandle,
    channels: Channels,
    clock: Arc<dyn Clock>,
    skews: Skews,
    stop: CancellationToken,
    end: CancellationToken,
) {
    let calls = TaskTracker::new();
    let (freed, mut free) = mpsc::unbounded_channel::<String>();
    let mut busy: Vec<String> = Vec::new();
    let mut changes = core.changes();
    loop {
        changes.mark_unchanged();
        while let Ok(lane) = free.try_recv() {
            busy.retain(|other| *other != lane);
        }
        let now = clock.now();
        let (last_tick, told) = (core.last_tick().await, skews());
        // The round that ends the wait for a confirmation moves the tick.
        let believed = doubt(now, last_tick, &told).is_none() && !is_unconfirmed(now, last_tick, &told);
        let claim = if believed && !stop.is_cancelled() { core.claim(busy.clone(), true, now).await } else { Ok(None) };
        let next: Option<Timestamp> = match claim {
            Ok(Some(claim)) => {
                let lane = lane(&claim.message.address);
                busy.push(lane.clone());
                let (core, channels, clock, freed) = (core.clone(), channels.clone(), clock.clone(), freed.clone());
                let busy = Busy { lane, freed };
                calls.spawn(async move {
                    let _busy = busy;
                    if let Err(error) = attempt(&core, &channels, &*clock, claim, &mut Delivered::default()).await {
                        tracing::error!(%error, "message.not_recorded");
                    }
                });
                continue;
            }
            // What is due but waits for a round is woken by that round: no need to ask again at once.
            Ok(None) if believed && busy.is_empty() => core.next_message().await.map(|at| at.max(later(now, PAUSE))),
            Ok(None) => Some(later(now, super::AFTER_FAILURE)),
            Err(StoreError::TakenOver) => return stop.cancel(),
            Err(_) => Some(later(now, super::AFTER_FAILURE)),
        };
        let goes_on = tokio::select! {
            goes_on = super::sleep(&*clock, next, Some(&mut changes), &stop) => goes_on,
            Some(lane) = free.recv() => {
                busy.retain(|other| *other != lane);
                true
            }
        };
        if !goes_on {
            calls.close();
            // A tool that hangs must not keep us: its call is an orphan then, and is looked up by the next start.
            tokio::select! {
                () = calls.wait() => {}
                () = async {
                    end.cancelled().await;
                    crate::clock::nap(LAST_CALLS).await;
                } => tracing::warn!(calls = calls.len(), "message.left_under_way"),
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_call_that_panics_frees_its_lane() {
        let (freed, mut free) = mpsc::unbounded_channel();
        let busy = Busy { lane: "slack".to_owned(), freed };
        let call = tokio::spawn(async move {
            let _busy = busy;
            panic!("something that fails");
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(free.recv().await.as_deref(), Some("slack"));
    }
}
