//! Reading the configuration again, for processes of this machine.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;

use super::Shared;
use super::guard::IsLocal;
use crate::jobs::reload::Reloaded;

/// A reload that takes longer (a whole history is read anew, a call is under way) goes on by itself.
const WAITS: SignedDuration = SignedDuration::from_secs(7);

/// Asks for it and says how it went.
pub(super) async fn reload(State(shared): State<Arc<Shared>>, IsLocal(local): IsLocal) -> Response {
    if !local {
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
