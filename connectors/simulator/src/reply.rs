//! An answer before it meets the wire.

use bytes::Bytes;
use serde::Serialize;

/// Status, headers and body; what the wire does with them is decided elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Bytes) -> Reply {
        Reply { status, headers: Vec::new(), body }
    }

    /// JSON that is text already.
    pub(crate) fn json_text(status: u16, body: String) -> Reply {
        Reply::new(status, Bytes::from(body)).with("content-type", "application/json; charset=utf-8")
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Reply {
        let text = serde_json::to_string(body).expect("our own answers have string keys and finite numbers");
        Reply::json_text(status, text)
    }

    /// Sets a header, replacing one of the same name.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_string()));
        self
    }

    /// Sets a header unless it is set.
    pub(crate) fn or_with(self, name: &'static str, value: impl ToString) -> Reply {
        if self.headers.iter().any(|(known, _)| *known == name) { self } else { self.with(name, value) }
    }
}
