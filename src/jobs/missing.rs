//! What a census missed is asked for directly, one task a request, some at a time. Part of a connection's pull: it never has
//! two requests in flight.

use connector_kit::{Clock, ConnectorError, Source, TaskLook};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::decide::{Skews, doubt};
use super::guard;
use crate::core::CoreHandle;
use crate::domain::calendar::later;
use crate::domain::ids::ConnectionId;
use crate::store::{StoreError, Suspect};

/// So much later than the others is asked again for the one that failed: it must not keep them from being asked for.
const BEHIND: SignedDuration = SignedDuration::from_secs(1);

/// Who is asked.
pub(super) struct Asked<'a> {
    /// Row.
    pub(super) id: ConnectionId,
    /// `github.acme`
    pub(super) name: &'a str,
    /// Reads.
    pub(super) source: &'a dyn Source,
    /// How far the tools' clocks lie from ours.
    pub(super) skews: &'a Skews,
    /// When to ask again after such a failure.
    pub(super) again_at: &'a (dyn Fn(&ConnectorError) -> Timestamp + Send + Sync),
}

/// How looking at the suspects that are due went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    /// Nothing more is to be asked now.
    Over,
    /// The tools' clocks and ours lie apart: the answer was not kept, nothing more was asked, all of them stay due.
    ClockDoubted,
}

/// Asks for the suspects that are due. A connection that does not answer, or tells another time than ours, is left alone.
pub(super) async fn look(
    core: &CoreHandle,
    connection: Asked<'_>,
    clock: &dyn Clock,
    stop: &CancellationToken,
) -> Result<Looking, StoreError> {
    let due = core.due_suspects(connection.id, clock.now()).await?;
    if due.is_empty() {
        return Ok(Looking::Over);
    }
    let looked = each(core, &connection, due, clock, stop).await;
    // One round for all of them.
    core.tell();
    looked
}

async fn each(
    core: &CoreHandle,
    connection: &Asked<'_>,
    due: Vec<Suspect>,
    clock: &dyn Clock,
    stop: &CancellationToken,
) -> Result<Looking, StoreError> {
    let asked = due.len();
    let mut due = due.into_iter();
    while let Some(suspect) = due.next() {
        let answer = tokio::select! {
            () = stop.cancelled() => return Ok(Looking::Over),
            answer = guard::call(|| connection.source.task(&suspect.handle)) => answer.unwrap_or_else(|| Err(guard::panicked())),
        };
        let now = clock.now();
        if doubt(now, now, &(connection.skews)()).is_some() {
            return Ok(Looking::ClockDoubted);
        }
        match answer {
            Ok(look) => {
                tracing::info!(connection = connection.name, task = suspect.key, found = word(&look), "look.done");
                core.looked(suspect, Some(look), now, now).await?;
            }
            Err(error) => {
                tracing::warn!(connection = connection.name, task = suspect.key, because = %error, "look.failed");
                let again = (connection.again_at)(&error);
                let alone = is_its_own(&error);
                if !alone {
                    // Those that are not due yet, or beyond this slice, wait as after a full one.
                    core.pause_looks(connection.id, usize::MAX, now).await?;
                }
                core.looked(suspect, None, later(again, BEHIND), now).await?;
                if !alone {
                    for other in due {
                        core.looked(other, None, again, now).await?;
                    }
                    return Ok(Looking::Over);
                }
            }
        }
    }
    core.pause_looks(connection.id, asked, clock.now()).await.map(|()| Looking::Over)
}

/// True for a failure that says nothing of the others.
fn is_its_own(error: &ConnectorError) -> bool {
    use ConnectorError::{Forbidden, Limited, Malformed, Misconfigured, NotVisible, Transient, Unauthorized};
    match error {
        NotVisible { .. } | Malformed { .. } | Forbidden { .. } => true,
        Transient { .. } | Limited { .. } | Unauthorized { .. } | Misconfigured { .. } => false,
    }
}

fn word(look: &TaskLook) -> &'static str {
    match look {
        TaskLook::There(_) => "there",
        TaskLook::Moved(_) => "moved",
        TaskLook::Gone => "gone",
        TaskLook::Hidden => "hidden",
    }
}
