//! What Asana's answers mean, beyond what every tool's mean.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, WriteError};
use jiff::Timestamp;
use serde_json::Value;

use crate::TOOL;

/// The most of Asana's own message that is passed on.
const LONGEST_MESSAGE: usize = 300;

/// An answer in the shape of one of our own: from the wire, or from inside a batch.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) asked_at: Timestamp,
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        self.status == 200
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Answer {
        Answer { status: response.status, body: response.body.to_vec(), asked_at: response.asked_at }
    }
}

/// Why a read brought nothing; `what` is what was asked for.
pub(crate) fn refusal(answer: &Answer, what: &str) -> ConnectorError {
    let said = said(&answer.body);
    match answer.status {
        402 => {
            let what = format!("{what}: the workspace's plan does not have it (HTTP 402{said})");
            ConnectorError::Forbidden { tool: TOOL, what }
        }
        403 => ConnectorError::Forbidden { tool: TOOL, what: format!("{what}: HTTP 403{said}") },
        404 | 410 => ConnectorError::NotVisible { tool: TOOL, what: format!("{what}{said}") },
        400 => ConnectorError::Misconfigured { tool: TOOL, what: format!("{what}: HTTP 400{said}") },
        451 => {
            let what = format!("{what}: blocked for legal reasons (HTTP 451{said})");
            ConnectorError::Forbidden { tool: TOOL, what }
        }
        300..=399 => {
            let status = answer.status;
            let what = format!("{what}: HTTP {status}; the address in `url` is redirected, name the one it leads to");
            ConnectorError::Misconfigured { tool: TOOL, what }
        }
        408 | 500.. => {
            let what = format!("{what}: HTTP {}{said}", answer.status);
            ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None }
        }
        status => ConnectorError::Malformed { tool: TOOL, what: format!("{what}: HTTP {status}{said}"), source: None },
    }
}

/// The answer, if it is 200; else what its status means.
pub(crate) fn expect_ok(answer: Answer, what: &str) -> Result<Answer, ConnectorError> {
    if answer.is_ok() { Ok(answer) } else { Err(refusal(&answer, what)) }
}

/// Why a write was not done, for a destination that refuses for good.
pub(crate) fn refused(response: &Response) -> WriteError {
    let because = format!("HTTP {}{}", response.status, said(&response.body));
    match response.status {
        300..500 => WriteError::Refused { because },
        // Neither the answer that was expected nor a refusal: it may be there.
        _ => WriteError::Unsure { because },
    }
}

/// The place in a list has expired: that list is to be read from its beginning.
pub(crate) fn is_expired_offset(answer: &Answer) -> bool {
    let says = |word: &str| words(&answer.body).is_some_and(|words| words.to_ascii_lowercase().contains(word));
    answer.status == 400 && (says("offset") || says("pagination token"))
}

/// ` (Asana's own words)`, or nothing.
pub(crate) fn said(body: &[u8]) -> String {
    words(body).map_or_else(String::new, |words| format!(" ({words})"))
}

/// All that `errors` say, and the phrase by which Asana's support finds a failure of theirs.
pub(crate) fn words(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let errors = body.get("errors").and_then(Value::as_array).into_iter().flatten();
    let told = |error: &Value, name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let parts: Vec<String> =
        errors.flat_map(|error| [told(error, "message"), told(error, "phrase")]).flatten().collect();
    let words: String = parts.join("; ").chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    (!words.is_empty()).then_some(words)
}

/// An answer that is not what it should be.
pub(crate) fn malformed(what: impl Into<String>) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: what.into(), source: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec(), asked_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_refusal_says_what_is_to_be_done_next() {
        let of = |status| refusal(&answer(status, r#"{"errors":[{"message":"Not the right time"}]}"#), "tasks of Web");
        assert!(matches!(of(402), ConnectorError::Forbidden { .. }));
        assert!(matches!(of(403), ConnectorError::Forbidden { .. }));
        assert!(matches!(of(404), ConnectorError::NotVisible { .. }));
        assert!(matches!(of(400), ConnectorError::Misconfigured { .. }));
        assert!(matches!(of(302), ConnectorError::Misconfigured { .. }));
        assert!(matches!(of(500), ConnectorError::Transient { .. }));
        assert!(matches!(of(418), ConnectorError::Malformed { .. }));
        assert!(of(403).to_string().contains("Not the right time"));
    }

    #[test]
    fn an_expired_place_in_a_list_is_known_by_asanas_words() {
        let said = r#"{"errors":[{"message":"offset: Your pagination token has expired."}]}"#;
        assert!(is_expired_offset(&answer(400, said)));
        assert!(!is_expired_offset(&answer(404, said)));
        assert!(!is_expired_offset(&answer(400, r#"{"errors":[{"message":"project: Missing input"}]}"#)));
        assert!(!is_expired_offset(&answer(400, "offset")));
    }
}
