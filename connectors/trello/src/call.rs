//! One call: what it logs in with, and which kind of refusal came back.

use connector_kit::http::{Request, Response};
use connector_kit::{ConnectorError, WriteError};
use jiff::SignedDuration;
use serde_json::Value;

use crate::answers::{Refused, is_of_window, is_too_much, of_401, said_by, words_of_refusal};
use crate::{CORE, MEMBERS, TOOL, Trello};

/// Query pairs.
pub(crate) type Query = Vec<(&'static str, String)>;

/// What Trello tells in the body: which of its limits, whose permission.
const HEARD: &[u16] = &[401, 429];

/// The window of the limits of key and token.
const WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// The window of the limit of everything below `/members`.
const MEMBERS_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// One segment of a path, encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl Trello {
    /// Reads `path`. Any status but limits and a refused credential; a 401 that comes back is about what was asked for alone.
    pub(crate) async fn get(&self, path: impl Into<String>, query: Query) -> Result<Response, ConnectorError> {
        let path = path.into();
        let budget = if path.starts_with("members/") { MEMBERS } else { CORE };
        let mut credential = self.access.credential()?;
        let mut renewed = false;
        loop {
            let mut request = Request::get(path.clone(), budget).header("accept", "application/json").hear(HEARD);
            request.query.clone_from(&query);
            let mut response = self.http.read(credential.sign(request)).await?;
            if is_nothing(&response) {
                response.status = 404;
            }
            match response.status {
                401 if of_401(&response) == Refused::Credential => match self.access.instead_of(&credential) {
                    Some(now) if !std::mem::replace(&mut renewed, true) => credential = now,
                    _ => {
                        self.access.refuse(&credential);
                        return Err(ConnectorError::Unauthorized { tool: TOOL, what: words_of_refusal(&response) });
                    }
                },
                429 if !is_too_much(&response) => return Err(self.limited(budget, &response)),
                _ => {
                    self.access.note_good();
                    return Ok(response);
                }
            }
        }
    }

    /// Nothing says how long, as a rule; the windows of key, token and members are known.
    fn limited(&self, budget: &str, response: &Response) -> ConnectorError {
        if response.headers.contains_key("retry-after") || !(budget == MEMBERS || is_of_window(response)) {
            self.limits.note(budget, response.status, &response.headers, self.clock.now());
        }
        self.limits.hold(budget, if budget == MEMBERS { MEMBERS_WINDOW } else { WINDOW });
        let until = self.limits.until(budget).unwrap_or_else(|| self.clock.now());
        let retry_after = until.duration_since(self.clock.now()).max(WINDOW);
        ConnectorError::Limited { tool: TOOL, what: format!("HTTP 429{}", said_by(response)), retry_after }
    }

    /// Writes: one attempt, and one more where a refused credential was replaced meanwhile; nothing was done then.
    pub(crate) async fn write(&self, make: impl Fn() -> Request) -> Result<Response, WriteError> {
        let mut credential = self.access.credential().map_err(not_written)?;
        let mut renewed = false;
        loop {
            let request = make().header("accept", "application/json").hear(&[401]);
            let response = self.http.write(credential.sign(request)).await?;
            if response.status != 401 || of_401(&response) == Refused::Part {
                self.access.note_good();
                return Ok(response);
            }
            match self.access.instead_of(&credential) {
                Some(now) if !std::mem::replace(&mut renewed, true) => credential = now,
                _ => {
                    self.access.refuse(&credential);
                    return Err(WriteError::Unauthorized { because: words_of_refusal(&response) });
                }
            }
        }
    }
}

/// How Trello shows, with a good status, what was deleted: `{"_value":null}`.
fn is_nothing(response: &Response) -> bool {
    let body = response.body.trim_ascii();
    response.status == 200
        && body.starts_with(b"{\"_value\"")
        && serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("_value") == Some(&Value::Null))
}

/// Why no call could be made, to whoever wanted to write: nothing was sent.
pub(crate) fn not_written(error: ConnectorError) -> WriteError {
    let because = error.to_string();
    match error {
        ConnectorError::Unauthorized { .. } | ConnectorError::Misconfigured { .. } => {
            WriteError::Unauthorized { because }
        }
        ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. } => WriteError::Refused { because },
        ConnectorError::Limited { retry_after, .. } => WriteError::NotSent { retry_after: Some(retry_after), because },
        ConnectorError::Transient { retry_after, .. } => WriteError::NotSent { retry_after, because },
        ConnectorError::Malformed { .. } => WriteError::NotSent { retry_after: None, because },
    }
}
