//! The only HTTP client: one for each connection, locked to the origins its configuration names.
//!
//! One table says what is retried, and what an answer means before any connector sees it. A write is sent once: whether to
//! send it again is the caller's decision, and [`WriteError`](crate::WriteError) says what is known.
//!
//! | what came                                   | a read                                        | a write           |
//! |---------------------------------------------|-----------------------------------------------|-------------------|
//! | no connection (refused, DNS, time-out)      | tried again, then `Transient`                 | `NotSent`         |
//! | certificate not trusted                     | `Misconfigured`, at once                      | `NotSent`         |
//! | reset, deadline, cut or unreadable body     | tried again, then `Transient`                 | `Unsure`          |
//! | body above the cap                          | `Malformed`, at once                          | `Unsure`          |
//! | 429; 403 with limit headers                 | once more if told to wait <= 5 s; `Limited`   | `NotSent`         |
//! | 503 with `Retry-After`                      | once more if told to wait <= 5 s; `Transient` | `Unsure`          |
//! | 408, other 5xx                              | tried again, then `Transient`                 | `Unsure`          |
//! | 401                                         | `Unauthorized`                                | `Unauthorized`    |
//! | every other status                          | the answer                                    | the answer        |
//!
//! "Tried again" is jittered and exponential, `HttpConfig::read_attempts` times in all. "Once more" is one of these attempts,
//! made as soon as the budget lets it pass.
//!
//! Kept here for every connector: a credential reaches no host but the configured ones, whatever a path, a query or an
//! answer contains (no redirect is followed, no link of an answer is requested); bodies are capped; every request has a
//! deadline; no text that leaves this module carries a query, a header or a body.

mod blank;
mod client;
mod origin;
mod outcome;
pub mod reach;
mod response;
pub mod socket;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
pub use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use crate::Clock;
use crate::limits::Limits;

pub use client::Http;

/// What a client is built from. One client a connection.
pub struct HttpConfig {
    /// Name used in errors and logs.
    pub tool: &'static str,
    /// The API base; its scheme, host and port are the only ones ever contacted.
    pub base: Url,
    /// Further bases of the same credential (GitHub Enterprise's GraphQL), each the operator's own word.
    pub also: Vec<Url>,
    /// PEM file with the company's own CA, used beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Proxy, `http` or `https`. `None`: the system's. Never used towards this machine itself.
    pub proxy: Option<Url>,
    /// Total deadline of one request, body included.
    pub deadline: SignedDuration,
    /// Largest body accepted in bytes, after decompression.
    pub max_body: usize,
    /// How often a read is tried in all, the first time included (jittered; 1 in tests of single answers).
    pub read_attempts: usize,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The budget of this credential.
    pub limits: Arc<Limits>,
}

/// One request. The path is relative to the base; nothing else of an answer's links is ever requested.
pub struct Request {
    /// Verb.
    pub method: Method,
    /// Path below the base, already percent-encoded, without a leading slash: `repos/acme/web/issues`.
    pub path: String,
    /// Use this base instead of the configured one; must be one of `HttpConfig::also`.
    pub base: Option<Url>,
    /// Query pairs, encoded by the client. Never a credential.
    pub query: Vec<(&'static str, String)>,
    /// Headers. A credential goes into `authorization` instead; `Authorization` given here is marked sensitive as well.
    pub headers: Vec<(&'static str, String)>,
    /// What it logs in with.
    pub authorization: Option<Authorization>,
    /// Body.
    pub body: Body,
    /// The budget it is taken from (`core`, `graphql`, `chat.postMessage:C1`), as [`Limits`] understands it.
    pub resource: String,
    /// Another budget that is to be left alone as well where a limit of all (429, or 403 with `Retry-After`) is answered.
    pub held_with: Option<String>,
    /// Query pairs whose names the operator chose.
    pub more_query: Vec<(String, String)>,
    /// The path is a credential itself (a webhook's): it reaches no log and no `Debug`.
    pub secret_path: bool,
    /// Statuses that are handed over as answers whatever the table says: the tool tells in the body what is refused.
    pub heard: &'static [u16],
}

/// What a request logs in with: the value of its `Authorization` header, marked sensitive, and blanked in whatever comes
/// back.
#[derive(Clone)]
pub struct Authorization {
    scheme: Scheme,
    secret: SecretString,
}

#[derive(Clone)]
enum Scheme {
    Bearer,
    Basic { user: String },
    Own { secrets: Vec<SecretString> },
}

impl Authorization {
    /// The header's value.
    fn header(&self) -> SecretString {
        let secret = self.secret.expose_secret();
        SecretString::from(match &self.scheme {
            Scheme::Bearer => format!("Bearer {secret}"),
            Scheme::Basic { user } => format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))),
            Scheme::Own { .. } => secret.to_owned(),
        })
    }

    /// What must not come back: the secret, and the form it is sent in.
    fn secrets(&self) -> Vec<SecretString> {
        let more = match &self.scheme {
            Scheme::Bearer => Vec::new(),
            Scheme::Basic { .. } => {
                self.header().expose_secret().strip_prefix("Basic ").map(SecretString::from).into_iter().collect()
            }
            Scheme::Own { secrets } => secrets.clone(),
        };
        std::iter::once(self.secret.clone()).chain(more).collect()
    }
}

/// What a request carries.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON text. Empty (which no JSON is) where the value could not be written as JSON; such a request is refused.
    Json(Vec<u8>),
    /// Form fields, sent as `application/x-www-form-urlencoded`.
    Form(Vec<(&'static str, String)>),
}

impl Request {
    /// A request of any verb; `resource` names its budget.
    pub fn new(method: Method, path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request {
            method,
            path: path.into(),
            base: None,
            query: Vec::new(),
            headers: Vec::new(),
            authorization: None,
            body: Body::None,
            resource: resource.into(),
            held_with: None,
            more_query: Vec::new(),
            secret_path: false,
            heard: &[],
        }
    }

    /// `GET`
    pub fn get(path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request::new(Method::GET, path, resource)
    }

    /// `POST`: a write, or a read that the tool wants in a body (GraphQL).
    pub fn post(path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request::new(Method::POST, path, resource)
    }

    /// `PUT`
    pub fn put(path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request::new(Method::PUT, path, resource)
    }

    /// `PATCH`
    pub fn patch(path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request::new(Method::PATCH, path, resource)
    }

    /// `DELETE`
    pub fn delete(path: impl Into<String>, resource: impl Into<String>) -> Request {
        Request::new(Method::DELETE, path, resource)
    }

    /// Asks below this base, one of `HttpConfig::also`, instead of the configured one.
    pub fn at(mut self, base: &Url) -> Request {
        self.base = Some(base.clone());
        self
    }

    /// Keeps the path out of every log.
    pub fn hide_path(mut self) -> Request {
        self.secret_path = true;
        self
    }

    /// Hands these statuses (401, 429) over as answers: what they mean stands in the body. A limit that tells its time is noted
    /// all the same; of one that does not, the caller tells the limits what it was.
    pub fn hear(mut self, statuses: &'static [u16]) -> Request {
        self.heard = statuses;
        self
    }

    /// The path as it may be shown.
    pub(crate) fn shown_path(&self) -> &str {
        if self.secret_path { "…" } else { &self.path }
    }

    /// Adds a query pair.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.query.push((name, value.into()));
        self
    }

    /// Adds query pairs of the operator's own.
    pub fn with_query(mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Request {
        self.more_query.extend(pairs);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a header where there is a value (`If-None-Match`).
    pub fn header_if(self, name: &'static str, value: Option<&str>) -> Request {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Sends this as `Authorization: Bearer …`.
    pub fn bearer(mut self, token: SecretString) -> Request {
        self.authorization = Some(Authorization { scheme: Scheme::Bearer, secret: token });
        self
    }

    /// Sends this as `Authorization: Basic …`.
    pub fn basic(mut self, user: &str, password: SecretString) -> Request {
        self.authorization = Some(Authorization { scheme: Scheme::Basic { user: user.to_owned() }, secret: password });
        self
    }

    /// Sends `value` as `Authorization`, for a scheme of the tool's own; `secrets` are the parts of it that must not come back.
    pub fn authorization(mut self, value: SecretString, secrets: Vec<SecretString>) -> Request {
        self.authorization = Some(Authorization { scheme: Scheme::Own { secrets }, secret: value });
        self
    }

    /// Carries this value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Request {
        self.body = Body::Json(serde_json::to_vec(value).unwrap_or_default());
        self
    }

    /// Carries these form fields.
    pub fn form(mut self, fields: impl IntoIterator<Item = (&'static str, String)>) -> Request {
        self.body = Body::Form(fields.into_iter().collect());
        self
    }
}

/// Verb and path alone (not a secret one): query, headers and body may hold what no log should.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.shown_path())
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// An answer, whole.
#[derive(Clone)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed, within the size cap. Empty for 204 and 304.
    pub body: Bytes,
    /// When the request was sent, by our clock.
    pub asked_at: Timestamp,
}

/// Status and size alone: the body is the customer's.
impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("asked_at", &self.asked_at)
            .finish_non_exhaustive()
    }
}
