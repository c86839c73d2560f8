//! What is counted, for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::guard::IsLocal;
use crate::config::Audience;

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything: what is counted as it is now, how things stand as of a few seconds ago.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>, IsLocal(local): IsLocal) -> Response {
    let live = shared.live();
    let for_all = live.settings.as_ref().is_some_and(|settings| settings.metrics == Audience::All);
    if !for_all && !local {
        return StatusCode::NOT_FOUND.into_response();
    }
    let figures = shared.figures.get(async || shared.core.figures().await.ok()).await;
    let Some(figures) = figures else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let usage: Vec<_> = live.usage.iter().map(|(name, usage)| (name.clone(), usage())).collect();
    let text = shared.core.metrics().text(&figures, &usage, shared.clock.now());
    ([(CONTENT_TYPE, FORMAT)], text).into_response()
}
