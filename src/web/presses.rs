//! Presses of buttons that Slack posts here. Verified over the raw body; kept before Slack is told that it has arrived.
//! Whoever has not signed hears nothing but that.

use std::sync::{Arc, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use connector_kit::webhook::HookRefused;

use super::Shared;
use super::hooks::LARGEST_BODY;

/// Takes one press.
pub(super) async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(ear) = shared.live().ear.clone().filter(|ear| ear.is_posted_to()) else { return StatusCode::NOT_FOUND };
    // Counted apart from hooks: a flood of those takes no press away.
    if !shared.presses.lock().unwrap_or_else(PoisonError::into_inner).lets_in() {
        ear.count("too_many");
        return StatusCode::TOO_MANY_REQUESTS;
    }
    let Ok(_place) = shared.bodies.try_acquire() else {
        ear.count("too_many");
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        ear.count("too_large");
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let verifier = ear.clone();
    // Reads the secret's file.
    let verified = tokio::task::spawn_blocking(move || verifier.verify(&headers, &body)).await;
    match verified.unwrap_or(Err(HookRefused::Malformed)) {
        Ok(pressed) => match ear.take(pressed).await {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        },
        Err(HookRefused::Forged) => {
            ear.count("forged");
            StatusCode::UNAUTHORIZED
        }
        Err(HookRefused::Malformed) => {
            ear.count("malformed");
            StatusCode::BAD_REQUEST
        }
        Err(HookRefused::NoSecret) => {
            ear.count("no_secret");
            tracing::warn!("press.no_secret: the signing secret cannot be read at present");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
