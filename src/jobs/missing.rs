//! What a census missed is asked for directly, one task a request, some at a time. Part of a connection's pull: it never has
//! two requests in flight.

use connector_kit::{Clock, ConnectorError, Source, TaskLook};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::decide::{Skews, doubt};
use crate::core::CoreHandle;
use crate::domain::ids::ConnectionId;
use crate::store::StoreError;

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

/// Asks for the suspects that are due. A connection that does not answer, or tells another time than ours, is left alone:
/// they stay due.
pub(super) async fn look(
    core: &CoreHandle,
    connection: Asked<'_>,
    clock: &dyn Clock,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let due = core.due_suspects(connection.id, clock.now()).await?;
    let asked = due.len();
    for suspect in due {
        let answer = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            answer = connection.source.task(&suspect.handle) => answer,
        };
        let now = clock.now();
        if doubt(now, now, &(connection.skews)()).is_some() {
            return Ok(());
        }
        let look = match answer {
            Ok(look) => look,
            Err(error) => {
                tracing::warn!(connection = connection.name, task = suspect.key, because = %error, "look.failed");
                let again = (connection.again_at)(&error);
                let goes_on = matches!(error, ConnectorError::NotVisible { .. } | ConnectorError::Malformed { .. });
                core.looked(suspect, None, again, now).await?;
                if goes_on {
                    continue;
                }
                return Ok(());
            }
        };
        tracing::info!(connection = connection.name, task = suspect.key, found = word(&look), "look.done");
        core.looked(suspect, Some(look), now, now).await?;
    }
    core.pause_looks(connection.id, asked, clock.now()).await
}

fn word(look: &TaskLook) -> &'static str {
    match look {
        TaskLook::There(_) => "there",
        TaskLook::Moved(_) => "moved",
        TaskLook::Gone => "gone",
        TaskLook::Hidden => "hidden",
    }
}
