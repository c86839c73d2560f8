//! What Trello's refusals mean, by what to do next. It tells them as plain text or as JSON, and one status (401) stands both
//! for a credential that is no good and for one board that this account may not see.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, WriteError};
use jiff::Timestamp;
use serde_json::Value;

use crate::TOOL;

/// The most of Trello's own message that is passed on.
const LONGEST_MESSAGE: usize = 300;

/// What a 401 is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Key or token.
    Credential,
    /// One board, card or right alone.
    Part,
}

/// Tells the two kinds of 401 apart by their words.
pub(crate) fn of_401(response: &Response) -> Refused {
    let words = words(response).unwrap_or_default().to_ascii_lowercase();
    if words.contains("permission") || words.contains("unauthorized to") || words.contains("not have access") {
        Refused::Part
    } else {
        Refused::Credential
    }
}

/// In words for the operator.
pub(crate) fn words_of_refusal(response: &Response) -> String {
    let said = words(response).unwrap_or_default().to_ascii_lowercase();
    let hint = match () {
        () if said.contains("expired") => "the token has expired: make a new one with expiration=never",
        () if said.contains("key") => "the API key is wrong",
        () => "the token is wrong or was revoked; the secret beside the key is no token",
    };
    format!("{hint} (HTTP {}{})", response.status, said_by(response))
}

/// Too much was asked for at once: the answer would have been too large.
pub(crate) fn is_too_much(response: &Response) -> bool {
    response.status == 429 && words(response).is_some_and(|words| words.contains("API_TOO_MANY_CARDS_REQUESTED"))
}

/// A limit of key or token that is counted anew every ten seconds. How long others last is told nowhere.
pub(crate) fn is_of_window(response: &Response) -> bool {
    let is = |limit: &str| words(response).is_some_and(|words| words.contains(limit));
    response.status == 429 && (is("API_KEY_LIMIT_EXCEEDED") || is("API_TOKEN_LIMIT_EXCEEDED"))
}

/// Why a read brought nothing; `what` is what was asked for.
pub(crate) fn refusal(response: &Response, what: &str) -> ConnectorError {
    let said = said_by(response);
    let status = response.status;
    match status {
        400 | 414 => ConnectorError::Misconfigured { tool: TOOL, what: format!("{what}: HTTP {status}{said}") },
        401 | 403 => ConnectorError::Forbidden { tool: TOOL, what: format!("{what}: HTTP {status}{said}") },
        404 | 410 => ConnectorError::NotVisible { tool: TOOL, what: format!("{what}{said}") },
        409 | 449 => {
            let what = format!("{what}: HTTP {status}{said}");
            ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None }
        }
        300..=399 => {
            let what = format!("{what}: HTTP {status}; the address in `url` is redirected, name the one it leads to");
            ConnectorError::Misconfigured { tool: TOOL, what }
        }
        _ => ConnectorError::Malformed { tool: TOOL, what: format!("{what}: HTTP {status}{said}"), source: None },
    }
}

/// Why a write was not done, for a destination that refuses for good.
pub(crate) fn refused(response: &Response) -> WriteError {
    let because = format!("HTTP {}{}", response.status, said_by(response));
    match response.status {
        // Somebody else wrote at the same moment.
        409 => WriteError::NotSent { retry_after: None, because },
        300..500 => WriteError::Refused { because },
        // Neither the answer that was expected nor a refusal: it may be there.
        _ => WriteError::Unsure { because },
    }
}

/// The answer, if it is 200; else what its status means.
pub(crate) fn expect_ok(response: Response, what: &str) -> Result<Response, ConnectorError> {
    if response.status == 200 { Ok(response) } else { Err(refusal(&response, what)) }
}

/// When Trello says it is; by our clock where it does not say.
pub(crate) fn date(response: &Response) -> Timestamp {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let told = response.header("date").and_then(|date| parser.parse_timestamp(date).ok());
    told.unwrap_or(response.asked_at)
}

/// ` (Trello's own words)`, or nothing.
pub(crate) fn said_by(response: &Response) -> String {
    words(response).map_or_else(String::new, |words| format!(" ({words})"))
}

/// What an answer says in words: `error` and `message` of JSON, or its plain text. `None`: nothing, or a page for people.
pub(crate) fn words(response: &Response) -> Option<String> {
    let text = std::str::from_utf8(&response.body).ok()?.trim();
    let said = match serde_json::from_str::<Value>(text) {
        Ok(Value::String(said)) => said,
        Ok(body) => {
            let part = |name: &str| body.get(name).and_then(Value::as_str).filter(|part| !part.is_empty());
            [part("error"), part("message")].into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        Err(_) if text.starts_with('<') => return None,
        Err(_) => text.to_owned(),
    };
    let words: String = said.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_kit::http::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        let body = body.to_owned().into();
        Response { status, headers: HeaderMap::new(), body, asked_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_401_is_about_the_credential_or_about_one_part() {
        for words in [
            "invalid token",
            "invalid key",
            "expired token",
            "invalid app token",
            "",
            "{\"message\":\"invalid token\"}",
        ] {
            assert_eq!(of_401(&answer(401, words)), Refused::Credential, "{words}");
        }
        for words in [
            "unauthorized permission requested",
            "unauthorized card permission requested",
            r#"{"message":"unauthorized permission requested","error":"UNAUTHORIZED"}"#,
        ] {
            assert_eq!(of_401(&answer(401, words)), Refused::Part, "{words}");
        }
        assert!(words_of_refusal(&answer(401, "expired token")).contains("expiration=never"));
        assert!(words_of_refusal(&answer(401, "invalid key")).starts_with("the API key is wrong"));
    }

    #[test]
    fn refusals_are_read_in_both_shapes() {
        let both = answer(429, r#"{"error":"API_TOO_MANY_CARDS_REQUESTED","message":"Too many cards"}"#);
        assert!(is_too_much(&both) && !is_too_much(&answer(429, r#"{"error":"API_KEY_LIMIT_EXCEEDED"}"#)));
        assert_eq!(words(&both).as_deref(), Some("API_TOO_MANY_CARDS_REQUESTED: Too many cards"));
        assert_eq!(words(&answer(404, "model not found")).as_deref(), Some("model not found"));
        assert_eq!(words(&answer(503, "<html>down</html>")), None);
        assert_eq!(words(&answer(404, "")), None);
        assert!(matches!(refusal(&answer(404, "model not found"), "x"), ConnectorError::NotVisible { .. }));
        assert!(matches!(refusal(&answer(400, "invalid id"), "x"), ConnectorError::Misconfigured { .. }));
    }
}
