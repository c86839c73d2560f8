//! Reading the configuration again, for processes of this machine.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;

use super::Shared;
use super::door::Peer;
use super::guard::is_local;
use crate::jobs::reload::Reloaded;

/// A reload that takes longer (a whole history is read anew, a call is under way) goes on by itself.
const WAITS: SignedDuration = SignedDuration::from_secs(7);

/// Asks for it and says how it went.
pub(super) async fn reload(State(shared): State<Arc<Shared>>, peer: ConnectInfo<Peer>, headers: HeaderMap) -> Response {
    if !is_local(peer, &headers) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let reloaded = tokio::select! {
        reloaded = shared.reloads.ask() => reloaded,
        () = crate::clock::nap(WAITS) => return (StatusCode::ACCEPTED, "under way\n").into_response(),
    };
    match reloaded {
        Some(Reloaded::Done(_)) => (StatusCode::OK, "ok\n").into_response(),
        Some(Reloaded::Refused(words)) => (StatusCode::UNPROCESSABLE_ENTITY, words + "\n").into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
