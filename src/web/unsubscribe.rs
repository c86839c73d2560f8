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

const ASK: &str = "<h1>Stop these e-mails?</h1>\
                   <p>gapwatch writes to you about your own tasks. If you stop these e-mails, you still get your daily \
                   digest, and your manager can see that you stopped them. To start them again, comment \
                   <code>/gapwatch start</code> on one of your tasks.</p>\
                   <form method=\"post\"><button>Stop these e-mails</button></form>";
const DONE: &str = "<h1>Stopped</h1>\
                    <p>You get no more e-mails about single tasks, only your digest. To start them again, comment \
                    <code>/gapwatch start</code> on one of your tasks.</p>";
const UNKNOWN: &str = "<h1>This link does not work</h1>\
                       <p>It does not belong to an e-mail that gapwatch sent. Open the link from the e-mail itself, or \
                       comment <code>/gapwatch stop</code> on one of your tasks.</p>";

/// A page that loads nothing, sends its address nowhere, and lies in no frame.
fn page(status: StatusCode, body: &str) -> Response {
    let policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>gapwatch e-mails</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"></head>\
         <body><main>{body}</main></body></html>\n"
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
