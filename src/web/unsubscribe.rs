//! No more mails, by one click: a mail program posts to the address that stands in the mail's `List-Unsubscribe`. The address
//! carries the mail's own signed mark, so it speaks for whoever got the mail and for nobody else. Opening it changes nothing:
//! scanners of mail open every link.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use connector_model::Mark;

use super::Shared;

/// What opening the address shows.
pub(super) async fn explain() -> Response {
    let words =
        "Your mail program ends these mails with its own \"unsubscribe\". Without one, ask whoever runs gapwatch.\n";
    (StatusCode::OK, words).into_response()
}

/// Takes the wish in.
pub(super) async fn receive(State(shared): State<Arc<Shared>>, Path(mark): Path<String>) -> Response {
    let Some(mark) = Mark::from_text(&mark) else { return StatusCode::NOT_FOUND.into_response() };
    match shared.core.unsubscribe(mark, shared.clock.now()).await {
        Ok(true) => (StatusCode::OK, "Noted: nothing but your digest.\n").into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "unsubscribe.failed");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
