//! Whether we live and are ready. Strangers hear `ok` or not; a process of this machine, with `?verbose`, what stands
//! behind it. A tool that does not answer makes neither fail: a restart would not help.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;

use super::Shared;
use super::guard::IsLocal;

/// A pulse this young needs no new one: whoever asks a thousand times a second wakes nobody.
const YOUNG: Duration = Duration::from_secs(2);
/// How long the loop that decides may take to answer.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// The process and its loop are alive.
pub(super) async fn livez(
    State(shared): State<Arc<Shared>>,
    IsLocal(local): IsLocal,
    RawQuery(query): RawQuery,
) -> Response {
    let alive = is_alive(&shared).await;
    let mut lines = vec![line("rounds", alive)];
    if is_verbose(query.as_deref()) && local {
        let silence = shared.core.pulse().silence();
        lines.push(format!("last round {} s ago", silence.as_secs()));
        return (status(alive), lines.join("\n") + "\n").into_response();
    }
    plain(alive)
}

/// The store is open and can be read, a configuration is loaded, rounds go on.
pub(super) async fn readyz(
    State(shared): State<Arc<Shared>>,
    IsLocal(local): IsLocal,
    RawQuery(query): RawQuery,
) -> Response {
    let alive = is_alive(&shared).await;
    let configured = shared.live().settings.is_some();
    let can_be_read = async || shared.core.connections_now().await.is_ok();
    if !(is_verbose(query.as_deref()) && local) {
        return plain(alive && configured && shared.readable.get(can_be_read).await);
    }
    let states = if alive { shared.core.connections_now().await.ok() } else { None };
    let ready = states.is_some() && configured;
    let mut lines = vec![line("rounds", alive), line("store", states.is_some()), line("configuration", configured)];
    for state in states.into_iter().flatten() {
        let read = state.last_success_at.map_or("never read completely".to_owned(), |at| format!("read at {at}"));
        let trouble = state.failure.map(|(kind, because)| format!(", {}: {because}", kind.word())).unwrap_or_default();
        lines.push(format!("{}: {read}{trouble}", state.name));
        lines.extend(state.lacks.iter().map(|seen| format!("{}: {}", state.name, seen.words())));
    }
    (status(ready), lines.join("\n") + "\n").into_response()
}

async fn is_alive(shared: &Shared) -> bool {
    shared.core.pulse().silence() < YOUNG || shared.core.is_alive(ANSWERS_WITHIN).await
}

fn is_verbose(query: Option<&str>) -> bool {
    query.is_some_and(|query| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "verbose"))
}

fn line(what: &str, well: bool) -> String {
    format!("{what}: {}", if well { "ok" } else { "not ok" })
}

fn plain(well: bool) -> Response {
    (status(well), if well { "ok\n" } else { "not ok\n" }).into_response()
}

fn status(well: bool) -> StatusCode {
    if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
