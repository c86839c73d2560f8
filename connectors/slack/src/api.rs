//! One call of Slack's Web API: the address, the token, and reading `ok` out of the answer. Which calls to make is
//! `lib.rs`'s.
//!
//! Slack says no with HTTP 200, so the status decides nothing; an answer without `ok` is not Slack's.

use std::sync::Arc;

use connector_kit::http::{Http, HttpConfig, Request, Response};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::{Clock, ConnectorError, Usage, WriteError};
use http::Method;
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refusal::{Class, Refusal};
use crate::wire::Head;
use crate::{Config, TOOL};

/// Total deadline of one request.
const DEADLINE: SignedDuration = SignedDuration::from_secs(30);
/// Largest answer; a page of history is the largest there is.
const BODY_MAX: usize = 8 << 20;
/// How often a read is tried in all.
const READ_ATTEMPTS: usize = 3;
/// A pause Slack asks for in a body, without saying how long.
const UNTOLD_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Slack wants the character set named with every JSON body.
const JSON: &str = "application/json; charset=utf-8";

/// The Web API behind one token.
pub(crate) struct Api {
    http: Http,
    limits: Arc<Limits>,
    token: Secret,
}

/// How a call ended that did not bring what was asked for.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// Slack answered, and said no.
    Refused(Refusal),
    /// There is no answer of Slack's.
    Failed(E),
}

impl Failure<ConnectorError> {
    /// For callers to whom a refusal of `what` is one more reason not to have it.
    pub(crate) fn into_error(self, what: &str) -> ConnectorError {
        match self {
            Failure::Refused(refusal) => refusal.into_read_error(what),
            Failure::Failed(error) => error,
        }
    }
}

impl From<Failure<WriteError>> for WriteError {
    fn from(failure: Failure<WriteError>) -> WriteError {
        match failure {
            Failure::Refused(refusal) => refusal.into_write_error(),
            Failure::Failed(error) => error,
        }
    }
}

impl Api {
    pub(crate) fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Api, ConnectorError> {
        let limits = Arc::new(paces(Limits::new(clock.clone())));
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base: config.url,
            also: Vec::new(),
            ca_file: config.ca_file,
            proxy: config.proxy,
            deadline: DEADLINE,
            max_body: BODY_MAX,
            read_attempts: READ_ATTEMPTS,
            clock,
            limits: limits.clone(),
        })?;
        let http = http.allow_writes(&[
            (Method::POST, "chat.postMessage"),
            (Method::POST, "chat.update"),
            (Method::POST, "views.open"),
        ]);
        Ok(Api { http, limits, token: config.bot_token })
    }

    /// Slack's clock minus ours. `None`: not known yet.
    pub(crate) fn skew(&self) -> Option<SignedDuration> {
        self.http.skew()
    }

    /// What has been used of Slack so far.
    pub(crate) fn usage(&self) -> Usage {
        self.http.usage()
    }

    /// Asks with query arguments, as most reads want it: they do not understand JSON.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        method: &'static str,
        query: Vec<(&'static str, String)>,
    ) -> Result<T, Failure<ConnectorError>> {
        let mut request = Request::get(method, method);
        request.query = query;
        self.parsed(method, &self.read(method, request).await?)
    }

    /// Asks with a JSON body, for calls that may be repeated as often as needed. The answer comes whole, for its headers.
    pub(crate) async fn ask(
        &self,
        method: &'static str,
        body: &impl Serialize,
    ) -> Result<Response, Failure<ConnectorError>> {
        self.read(method, Request::post(method, method).json(body).header("content-type", JSON)).await
    }

    pub(crate) fn parsed<T: DeserializeOwned>(
        &self,
        method: &'static str,
        response: &Response,
    ) -> Result<T, Failure<ConnectorError>> {
        response.json(TOOL, method).map_err(Failure::Failed)
    }

    /// Writes, once. `resource` names the budget; the method alone, or with what is counted apart.
    pub(crate) async fn write(
        &self,
        method: &'static str,
        resource: String,
        body: &impl Serialize,
    ) -> Result<Response, Failure<WriteError>> {
        let token = self.token.read().map_err(|because| Failure::Failed(not_sent(because)))?;
        let request = Request::post(method, resource).json(body).header("content-type", JSON).bearer(token);
        let response = self.http.write(request).await.map_err(Failure::Failed)?;
        match serde_json::from_slice::<Head>(&response.body) {
            Ok(head) if head.ok => Ok(response),
            Ok(head) => Err(Failure::Refused(self.refusal(method, head, &response))),
            Err(_) => Err(Failure::Failed(no_answer(response.status))),
        }
    }

    async fn read(&self, method: &'static str, request: Request) -> Result<Response, Failure<ConnectorError>> {
        let token =
            self.token.read().map_err(|what| Failure::Failed(ConnectorError::Misconfigured { tool: TOOL, what }))?;
        let response = self.http.read(request.bearer(token)).await.map_err(Failure::Failed)?;
        match response.json::<Head>(TOOL, method) {
            Ok(head) if head.ok => Ok(response),
            Ok(head) => Err(Failure::Refused(self.refusal(method, head, &response))),
            Err(_) if response.status == 404 => Err(Failure::Failed(ConnectorError::Misconfigured {
                tool: TOOL,
                what: format!("HTTP 404 for {method}; `url` must be the API's base, https://slack.com/api/"),
            })),
            Err(error) => Err(Failure::Failed(error)),
        }
    }

    /// A pause told in the body holds for this method alone; the headers have been obeyed already.
    fn refusal(&self, method: &'static str, head: Head, response: &Response) -> Refusal {
        let seconds = response.header("retry-after").and_then(|value| value.parse::<u32>().ok());
        let retry_after = seconds.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
        let refusal = Refusal::of(head, retry_after);
        if refusal.class() == Class::Wait && refusal.is_limit() {
            self.limits.hold(method, retry_after.unwrap_or(UNTOLD_PAUSE));
        }
        refusal
    }
}

/// Slack's tiers, a little below what it promises; a burst passes at once. Messages count for each channel, and together.
fn paces(limits: Limits) -> Limits {
    let tier_3 = [
        "chat.update",
        "conversations.open",
        "conversations.history",
        "conversations.replies",
        "conversations.info",
        "conversations.join",
        "apps.connections.open",
        "users.lookupByEmail",
    ];
    for method in tier_3 {
        limits.set_pace(method, SignedDuration::from_millis(1_200), 30);
    }
    limits
        .with_pace("users.info", SignedDuration::from_millis(600), 30)
        .with_pace("users.list", SignedDuration::from_secs(3), 15)
        .with_pace("conversations.list", SignedDuration::from_secs(3), 15)
        .with_pace("chat.postMessage", SignedDuration::from_millis(250), 20)
        .with_pace("chat.postMessage:", SignedDuration::from_secs(1), 3)
}

fn not_sent(because: String) -> WriteError {
    WriteError::NotSent { retry_after: None, because }
}

/// Something else than Slack's JSON came back. With a good status it may stand behind a message that was written.
fn no_answer(status: u16) -> WriteError {
    let because = format!("HTTP {status} without an answer of Slack's");
    if (200..300).contains(&status) || status == 408 { WriteError::Unsure { because } } else { not_sent(because) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_status_with_a_strange_body_may_hide_a_written_message() {
        assert!(matches!(no_answer(200), WriteError::Unsure { .. }));
        assert!(matches!(no_answer(403), WriteError::NotSent { .. }));
    }
}
