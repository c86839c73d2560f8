//! What Jira's answers mean, beyond what every tool's mean: refusals in words for the operator, logins that failed though
//! the status says otherwise.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, WriteError};
use jiff::Timestamp;
use serde_json::Value;

use crate::TOOL;

/// The most of Jira's own message that is passed on.
const LONGEST_MESSAGE: usize = 300;

/// What is wrong with the login of an answer, whatever its status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoginTrouble {
    /// A human has to log in through the browser first.
    Captcha,
    /// The credential was refused; the answer is an anonymous visitor's.
    Failed(String),
    /// A page for people: it asks for a login.
    LoginPage,
    /// A page for people, of whatever kind: maintenance, a proxy's.
    OtherPage,
}

/// Looks at an answer before anything in it is believed. `None`: nothing is wrong with it, as far as it tells.
pub(crate) fn login_trouble(response: &Response) -> Option<LoginTrouble> {
    let denied = response.headers.contains_key("x-authentication-denied-reason");
    if denied || values(response, "x-seraph-loginreason").any(|reason| reason == "AUTHENTICATION_DENIED") {
        return Some(LoginTrouble::Captcha);
    }
    let mut reasons = values(response, "x-seraph-loginreason").peekable();
    if reasons.peek().is_some() && !values(response, "x-seraph-loginreason").any(|reason| reason == "OK") {
        return Some(LoginTrouble::Failed(reasons.next().unwrap_or_default().to_owned()));
    }
    page(response)
}

/// The comma-separated values of a header that may come several times.
fn values<'a>(response: &'a Response, name: &str) -> impl Iterator<Item = &'a str> {
    let all = response.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
}

/// A page where data was expected.
fn page(response: &Response) -> Option<LoginTrouble> {
    let first = response.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'<') || !matches!(response.status, 200..=299 | 403) {
        return None;
    }
    let start = &response.body[..response.body.len().min(64 << 10)];
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let is_login = ["type=\"password\"", "name=\"os_password\"", "login.jsp", "log in", "sign in"];
    Some(match is_login.iter().any(|sign| text.contains(sign)) {
        true => LoginTrouble::LoginPage,
        false => LoginTrouble::OtherPage,
    })
}

impl LoginTrouble {
    /// Whether the credential is to blame.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, LoginTrouble::OtherPage)
    }

    /// In words for the operator.
    pub(crate) fn words(&self) -> String {
        match self {
            LoginTrouble::Captcha => {
                "too many failed logins: log in once through the browser as this user and solve the CAPTCHA".to_owned()
            }
            LoginTrouble::Failed(reason) => {
                format!("it was answered as to an anonymous visitor ({reason}): the token is wrong or has ended")
            }
            LoginTrouble::LoginPage => "a login page came instead of data: the token is wrong or has ended".to_owned(),
            LoginTrouble::OtherPage => "a page for people came instead of data (maintenance, or a proxy)".to_owned(),
        }
    }

    pub(crate) fn of_read(&self) -> ConnectorError {
        let what = self.words();
        match self.is_refusal() {
            true => ConnectorError::Unauthorized { tool: TOOL, what },
            false => ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None },
        }
    }

    /// A refusal by status wrote nothing; a page with a good status tells nothing of what was done.
    pub(crate) fn of_write(&self, response: &Response) -> WriteError {
        let because = self.words();
        match (self.is_refusal(), response.is_success()) {
            (_, true) => WriteError::Unsure { because },
            (true, false) => WriteError::Unauthorized { because },
            (false, false) => WriteError::Refused { because },
        }
    }
}

/// Who an answer says we are. `None`: nobody, or it does not tell.
pub(crate) fn named(response: &Response) -> Option<&str> {
    let told = |name: &str| response.header(name).map(str::trim).filter(|name| !name.is_empty());
    told("x-aaccountid").or_else(|| told("x-ausername")).filter(|name| !name.eq_ignore_ascii_case("anonymous"))
}

/// The answer itself says that it was given to nobody in particular.
pub(crate) fn is_anonymous(response: &Response) -> bool {
    response.header("x-ausername").is_some_and(|name| name.trim().eq_ignore_ascii_case("anonymous"))
}

/// Why a read brought nothing; `what` is what was asked for.
pub(crate) fn refusal(response: &Response, what: &str) -> ConnectorError {
    let said = said(response);
    match response.status {
        403 => ConnectorError::Forbidden { tool: TOOL, what: format!("{what}: HTTP 403{said}") },
        404 => ConnectorError::NotVisible { tool: TOOL, what: format!("{what}{said}") },
        410 => {
            let what = format!("{what}: this way of asking was taken away; update gapwatch (HTTP 410{said})");
            ConnectorError::Misconfigured { tool: TOOL, what }
        }
        400 => ConnectorError::Misconfigured { tool: TOOL, what: format!("{what}: HTTP 400{said}") },
        409 => {
            let what = format!("{what}: HTTP 409{said}");
            ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None }
        }
        300..=399 => {
            let what = format!(
                "{what}: HTTP {}; the address in `url` is redirected, name the one it leads to",
                response.status
            );
            ConnectorError::Misconfigured { tool: TOOL, what }
        }
        status => ConnectorError::Malformed { tool: TOOL, what: format!("{what}: HTTP {status}{said}"), source: None },
    }
}

/// Why a write was not done, for a destination that refuses for good.
pub(crate) fn refused(response: &Response) -> WriteError {
    let because = format!("HTTP {}{}", response.status, said(response));
    match response.status {
        300..500 => WriteError::Refused { because },
        // Neither the answer that was expected nor a refusal: it may be there.
        _ => WriteError::Unsure { because },
    }
}

/// The answer, if it is 200; else what its status means.
pub(crate) fn expect_ok(response: Response, what: &str) -> Result<Response, ConnectorError> {
    if response.status == 200 { Ok(response) } else { Err(refusal(&response, what)) }
}

/// When Jira says it is; by our clock where it does not say.
pub(crate) fn date(response: &Response) -> Timestamp {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let told = response.header("date").and_then(|date| parser.parse_timestamp(date).ok());
    told.unwrap_or(response.asked_at)
}

/// ` (Jira's own words)`, or nothing.
pub(crate) fn said(response: &Response) -> String {
    words(response).map_or_else(String::new, |words| format!(" ({words})"))
}

/// All that `errorMessages` and `errors` say; behind the gateway, its `message`.
pub(crate) fn words(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let listed = body.get("errorMessages").and_then(Value::as_array).into_iter().flatten();
    let mut parts: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    for (field, text) in body.get("errors").and_then(Value::as_object).into_iter().flatten() {
        parts.extend(text.as_str().map(|text| format!("{field}: {text}")));
    }
    if parts.is_empty() {
        let plain = body.get("message").or_else(|| body.get("errorMessage")).or_else(|| body.get("error"));
        parts.extend(plain.and_then(Value::as_str).map(str::to_owned));
    }
    let words: String = parts.join("; ").chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
    (!words.is_empty()).then_some(words)
}
