//! Small forms of text that several models write: instants, digests, encoded queries.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

/// `2026-03-09T08:00:00Z`, as GitHub writes an instant.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `Tue, 02 Jun 2026 10:03:50 GMT`, as HTTP writes one.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Cut to whole seconds, the grain of GitHub's instants.
pub(crate) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// A digest that is the same in every run.
pub(crate) fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Decodes `a=1&b=x%20y`; the last value of a name wins, as at GitHub.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}
