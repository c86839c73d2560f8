//! What GitHub's answers mean, beyond what every tool's mean: refusals in words for the operator, and hints in headers.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, WriteError};
use jiff::{SignedDuration, Timestamp};

use crate::TOOL;
use crate::wire::Failure;

/// The most of GitHub's own message that is passed on.
const LONGEST_MESSAGE: usize = 200;

/// The wait where GitHub refuses for a limit and says only in the text that it is one.
pub(crate) const UNTOLD_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// Moved: the address is to be asked elsewhere, and nothing was done.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 307 | 308)
}

/// A limit that shows in the text alone.
pub(crate) fn is_untold_limit(response: &Response) -> bool {
    if !matches!(response.status, 403 | 429) {
        return false;
    }
    says(response, &["secondary rate limit", "api rate limit exceeded", "abuse"])
}

/// Whether GitHub's own message has one of these words in it.
fn says(response: &Response, signs: &[&str]) -> bool {
    let said = message(response).unwrap_or_default().to_ascii_lowercase();
    signs.iter().any(|sign| said.contains(sign))
}

/// Why a read brought nothing; `what` is what was asked for.
pub(crate) fn refusal(response: &Response, what: &str) -> ConnectorError {
    let said = said(response);
    if is_untold_limit(response) {
        let what = "secondary rate limit".to_owned();
        return ConnectorError::Limited { tool: TOOL, what, retry_after: UNTOLD_LIMIT };
    }
    match response.status {
        403 if is_account_suspended(response) => {
            ConnectorError::Unauthorized { tool: TOOL, what: missing(response, what) }
        }
        403 => ConnectorError::Forbidden { tool: TOOL, what: missing(response, what) },
        404 | 410 | 451 => ConnectorError::NotVisible { tool: TOOL, what: format!("{what}{said}") },
        400 => ConnectorError::Misconfigured { tool: TOOL, what: format!("{what}: HTTP 400{said}") },
        status => ConnectorError::Malformed { tool: TOOL, what: format!("{what}: HTTP {status}{said}"), source: None },
    }
}

/// The App's installation was suspended.
pub(crate) fn is_suspended(response: &Response) -> bool {
    response.status == 403 && says(response, &["installation has been suspended"])
}

/// Nothing is answered to this account any more, wherever it asks.
fn is_account_suspended(response: &Response) -> bool {
    says(response, &["account was suspended", "account has been suspended"])
}

/// When the token ends, in either form GitHub writes it: `2026-07-02 09:51:24 UTC`, `2024-08-28 16:30:05 +0200`.
pub(crate) fn ends_at(response: &Response) -> Option<Timestamp> {
    expiry(response.header("github-authentication-token-expiration")?)
}

fn expiry(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace("UTC", "+0000");
    Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok()
}

/// What a refused credential lacks, as exactly as GitHub tells it.
fn missing(response: &Response, what: &str) -> String {
    let said = said(response);
    if let Some(sso) = response.header("x-github-sso").and_then(|sso| sso.strip_prefix("required")) {
        let url = sso.split_once("url=").map_or("", |(_, url)| url.trim());
        return format!(
            "{what}: the token is not authorised for the organisation's single sign-on; authorise it: {url}"
        );
    }
    match response.header("x-accepted-github-permissions").filter(|needed| !needed.trim().is_empty()) {
        Some(needed) => format!("{what}: HTTP 403{said}; the token needs {needed}"),
        None => format!("{what}: HTTP 403{said}"),
    }
}

/// Why a write was not done, for a destination that refuses for good.
pub(crate) fn refused(response: &Response) -> WriteError {
    let because = format!("HTTP {}{}", response.status, said(response));
    match response.status {
        _ if is_untold_limit(response) => WriteError::NotSent { retry_after: Some(UNTOLD_LIMIT), because },
        403 if response.header("x-github-sso").is_some_and(|sso| sso.starts_with("required")) => {
            WriteError::Unauthorized { because: missing(response, "the comment") }
        }
        403 => WriteError::Refused { because: missing(response, "the comment") },
        400..500 => WriteError::Refused { because },
        // Neither the answer that was expected nor a refusal: it may be there.
        _ => WriteError::Unsure { because },
    }
}

/// Why the answer may silently lack items. `None`: it does not.
pub(crate) fn partial(response: &Response) -> Option<String> {
    let sso = response.header("x-github-sso")?;
    let rest = sso.strip_prefix("partial-results")?;
    let organisations = rest.trim_start_matches(';').trim();
    Some(format!("results are left out by single sign-on ({organisations}); authorise the token there"))
}

/// When GitHub says it is.
pub(crate) fn date(response: &Response) -> Option<Timestamp> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    parser.parse_timestamp(response.header("date")?).ok()
}

/// ` (GitHub's message)`, or nothing.
pub(crate) fn said(response: &Response) -> String {
    message(response).map_or_else(String::new, |message| format!(" ({message})"))
}

fn message(response: &Response) -> Option<String> {
    let failure: Failure<'_> = serde_json::from_slice(&response.body).ok()?;
    let message = failure.message?;
    let message: String = message.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    (!message.is_empty()).then_some(message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_expiry_is_read_in_both_forms() {
        assert_eq!(expiry("2026-07-02 09:51:24 UTC"), Some("2026-07-02T09:51:24Z".parse().unwrap()));
        assert_eq!(expiry("2024-08-28 16:30:05 +0200"), Some("2024-08-28T14:30:05Z".parse().unwrap()));
        assert_eq!(expiry("2023-06-14 15:09:46 -0700"), Some("2023-06-14T22:09:46Z".parse().unwrap()));
        assert_eq!(expiry("2026-11-01 00:00:00 +0900"), Some("2026-10-31T15:00:00Z".parse().unwrap()));
        assert_eq!(expiry("soon"), None);
    }
}
