//! What an answer, or its absence, means: the table of [`http`](super), as code.

use std::error::Error;
use std::io;

use http::HeaderMap;
use jiff::SignedDuration;

use crate::error::BoxError;
use crate::limits::{Wait, is_limit};
use crate::{ConnectorError, WriteError};

/// The longest wait told by a tool that is slept and followed by one more try of a read.
pub(super) const SHORT_WAIT: SignedDuration = SignedDuration::from_secs(5);

/// Why there is no answer for the caller to interpret: one variant for each line of the table.
pub(super) enum Failure {
    /// The request cannot be made.
    Request(String),
    /// The budget is used up, and the wait is long; nothing was sent.
    Budget(Wait),
    /// Nothing was sent: no connection.
    Connect(BoxError),
    /// The other side's certificate is not trusted; nothing was sent.
    Certificate(String),
    /// Something was sent, no whole answer came.
    Cut { what: String, source: Option<BoxError> },
    /// The body is larger than allowed.
    TooLarge(usize),
    /// The tool refuses for a limit and is to be left alone so long.
    Limit { status: u16, wait: SignedDuration },
    /// The tool failed. `wait`: so long it wants to be left alone, `None` where it did not say.
    Server { status: u16, wait: Option<SignedDuration> },
    /// 401
    Unauthorized,
}

/// When a failed read is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Not.
    Never,
    /// After the back-off, as long as there are attempts.
    AfterBackOff,
    /// Once, as soon as the budget lets it pass: the told wait is short.
    OnceWhenLet,
}

/// What a status means before any connector sees the answer. `None`: it is the connector's to interpret.
pub(super) fn of_status(status: u16, headers: &HeaderMap, wait: Option<SignedDuration>) -> Option<Failure> {
    match status {
        401 => Some(Failure::Unauthorized),
        503 => Some(Failure::Server { status, wait: wait.filter(|_| is_limit(status, headers)) }),
        408 | 500.. => Some(Failure::Server { status, wait: None }),
        _ if is_limit(status, headers) => Some(Failure::Limit { status, wait: wait.unwrap_or_default() }),
        _ => None,
    }
}

/// What an error of the client means.
pub(super) fn of_error(error: reqwest::Error) -> Failure {
    // A query may hold what no log should.
    let error = error.without_url();
    if let Some(trouble) = certificate_trouble(&error) {
        return Failure::Certificate(trouble);
    }
    if error.is_builder() {
        return Failure::Request("the request cannot be built".to_owned());
    }
    if error.is_connect() {
        return Failure::Connect(Box::new(error));
    }
    let what = match &error {
        e if e.is_timeout() => "no whole answer within the deadline",
        e if e.is_decode() || e.is_body() => "the answer was cut or cannot be decompressed",
        _ => "the connection was cut",
    };
    Failure::Cut { what: what.to_owned(), source: Some(Box::new(error)) }
}

/// What rustls says of a certificate it does not trust, if that is among the causes.
fn certificate_trouble(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // An io::Error shows its inner error's source as its own, never the inner error itself.
        let inner = error.downcast_ref::<io::Error>().and_then(|io| io.get_ref()).map(|inner| inner as &dyn Error);
        match inner.unwrap_or(error).to_string() {
            text if text.starts_with("invalid peer certificate") => return Some(text),
            _ => cause = inner.map_or_else(|| error.source(), |inner| inner.source()),
        }
    }
    None
}

impl Failure {
    pub(super) fn again(&self) -> Again {
        match self {
            Failure::Connect(_) | Failure::Cut { .. } | Failure::Server { wait: None, .. } => Again::AfterBackOff,
            Failure::Limit { wait, .. } | Failure::Server { wait: Some(wait), .. } if *wait <= SHORT_WAIT => {
                Again::OnceWhenLet
            }
            _ => Again::Never,
        }
    }

    /// A word for the log.
    pub(super) fn label(&self) -> String {
        match self {
            Failure::Request(_) => "not sendable".to_owned(),
            Failure::Budget(_) => "no budget".to_owned(),
            Failure::Connect(_) => "no connection".to_owned(),
            Failure::Certificate(_) => "certificate not trusted".to_owned(),
            Failure::Cut { what, .. } => what.clone(),
            Failure::TooLarge(_) => "too large".to_owned(),
            Failure::Limit { status, .. } | Failure::Server { status, .. } => status.to_string(),
            Failure::Unauthorized => "401".to_owned(),
        }
    }

    /// As a read's caller hears it.
    pub(super) fn of_read(self, tool: &'static str) -> ConnectorError {
        let transient = |what, source| ConnectorError::Transient { tool, what, retry_after: None, source };
        match self {
            Failure::Request(what) => ConnectorError::Misconfigured { tool, what },
            Failure::Budget(Wait { retry_after, what }) => ConnectorError::Limited { tool, what, retry_after },
            Failure::Connect(source) => transient("no connection".to_owned(), Some(source)),
            Failure::Certificate(trouble) => ConnectorError::Misconfigured { tool, what: distrust(&trouble) },
            Failure::Cut { what, source } => transient(what, source),
            Failure::TooLarge(cap) => {
                ConnectorError::Malformed { tool, what: format!("an answer of more than {cap} bytes"), source: None }
            }
            Failure::Limit { status, wait } => {
                ConnectorError::Limited { tool, what: format!("HTTP {status}"), retry_after: wait }
            }
            Failure::Server { status, wait } => {
                ConnectorError::Transient { tool, what: format!("HTTP {status}"), retry_after: wait, source: None }
            }
            Failure::Unauthorized => ConnectorError::Unauthorized { tool, what: "HTTP 401".to_owned() },
        }
    }

    /// As a write's caller hears it.
    pub(super) fn of_write(self, tool: &'static str) -> WriteError {
        let not_sent = |because, retry_after| WriteError::NotSent { retry_after, because };
        let unsure = |what: String| WriteError::Unsure { because: format!("{tool}: {what}") };
        match self {
            Failure::Request(what) => not_sent(format!("{tool}: {what}"), None),
            Failure::Budget(wait) => not_sent(format!("{tool}: waiting for {}", wait.what), Some(wait.retry_after)),
            Failure::Connect(source) => not_sent(format!("{tool}: no connection ({})", root_cause(&*source)), None),
            Failure::Certificate(trouble) => not_sent(format!("{tool}: {}", distrust(&trouble)), None),
            Failure::Cut { what, .. } => unsure(what),
            Failure::TooLarge(cap) => unsure(format!("an answer of more than {cap} bytes")),
            Failure::Limit { status, wait } => not_sent(format!("{tool}: HTTP {status}"), Some(wait)),
            Failure::Server { status, .. } => unsure(format!("HTTP {status}")),
            Failure::Unauthorized => WriteError::Unauthorized { because: format!("{tool}: HTTP 401") },
        }
    }
}

fn distrust(trouble: &str) -> String {
    format!("its TLS certificate is not trusted ({trouble}); if the company has a CA of its own, name it in ca_file")
}

/// The innermost cause: `Connection refused (os error 111)`.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
