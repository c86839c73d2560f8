//! The only HTTP client.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

use crate::limits::Limits;
use crate::{Clock, ConnectorError, WriteError};

/// What a client is built from. One client a connection.
pub struct HttpConfig {
    /// Name used in errors and logs.
    pub tool: &'static str,
    /// The API base; its scheme, host and port are the only ones ever contacted.
    pub base: Url,
    /// Further hosts of the same credential (GitHub Enterprise's GraphQL), each the operator's own word.
    pub also: Vec<Url>,
    /// PEM file with the company's own CA, used beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
    /// Total deadline of one request, body included.
    pub deadline: SignedDuration,
    /// Largest body accepted, after decompression.
    pub max_body: usize,
    /// How often a read is tried in all, the first time included (backon; jittered; 1 in tests of single answers).
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
    /// Headers. Those with a credential are marked sensitive by the caller through `bearer`.
    pub headers: Vec<(&'static str, String)>,
    /// Sent as `Authorization: Bearer …`, marked sensitive.
    pub bearer: Option<SecretString>,
    /// Body.
    pub body: Body,
    /// The budget it is taken from (`core`, `graphql`, `chat.postMessage:C1`).
    pub resource: String,
}

/// What a request carries.
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Vec<u8>),
    /// Form fields.
    Form(Vec<(&'static str, String)>),
}

/// An answer, whole.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, decompressed, within the size cap.
    pub body: Bytes,
    /// When the request was sent, by our clock.
    pub asked_at: Timestamp,
}
