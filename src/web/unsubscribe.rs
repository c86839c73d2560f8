//! No more mails, by one click: a mail program posts to the address that stands in the mail's `List-Unsubscribe`. The address
//! carries the mail's own signed mark, so it speaks for whoever got the mail and for nobody else. Opening it changes nothing,
//! for scanners of mail open every link: it shows a page with a button, the same for every mark.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use connector_model::Mark;

use super::Shared;

/// Where these pages lie. A browser that shows one posts from it; the mark in the address is all that counts.
pub(super) const PATH: &str = "/unsubscribe/";

const ASK: &str = "<p>gapwatch writes to you about your own tasks. The button ends these mails: what remains is your daily \
                   digest, and whoever leads you sees that. A comment \u{201c}/gapwatch start\u{201d} on one of your tasks \
                   begins them again.</p>\
                   <form method=\"post\"><button>No more mails</button></form>";
const DONE: &str = "<p>Noted: nothing but your digest.</p>";
const UNKNOWN: &str = "<p>No mail of ours carries this mark.</p>";

/// A page that loads nothing, sends its address nowhere, and lies in no frame.
fn page(status: StatusCode, body: &str) -> Response {
    let policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>gapwatch</title>{body}</html>\n"
    );
    (status, head, html).into_response()
}

/// What opening the address shows.
pub(super) async fn explain() -> Response {
    page(StatusCode::OK, ASK)
}

/// Takes the wish in.
pub(super) async fn receive(State(shared): State<Arc<Shared>>, Path(mark): Path<String>) -> Response {
    let Some(mark) = Mark::from_text(&mark) else { return page(StatusCode::NOT_FOUND, UNKNOWN) };
    match shared.core.unsubscribe(mark, shared.clock.now()).await {
        Ok(true) => page(StatusCode::OK, DONE),
        Ok(false) => page(StatusCode::NOT_FOUND, UNKNOWN),
        Err(error) => {
            tracing::error!(%error, "unsubscribe.failed");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
