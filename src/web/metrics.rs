//! What is counted, for Prometheus.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::door::Peer;
use super::guard::is_local;
use crate::config::Audience;

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything, gathered now.
pub(super) async fn metrics(
    State(shared): State<Arc<Shared>>,
    peer: ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    let live = shared.live();
    let for_all = live.settings.as_ref().is_some_and(|settings| settings.metrics == Audience::All);
    if !for_all && !is_local(peer, &headers) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(figures) = shared.core.figures().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let usage: Vec<_> = live.usage.iter().map(|(name, usage)| (name.clone(), usage())).collect();
    let text = shared.core.metrics().text(&figures, &usage, shared.clock.now());
    ([(CONTENT_TYPE, FORMAT)], text).into_response()
}
