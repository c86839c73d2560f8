//! An incoming webhook: an address that posts into one channel, and nothing more. The small variant for a workspace where
//! no app with a token may be installed.
//!
//! It tells no id of what it posted, so nothing is edited, answered or looked for: what is news is a new message, and what
//! was perhaps sent stays unknown. It reaches no person. Its answers are words, not JSON.
//!
//! The whole address is a credential: it is read anew for every message, kept out of every log, and believed only where it
//! is one of Slack's, or of this machine itself for tests.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::http::{Http, HttpConfig, Request, Response};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::{
    BoxFuture, Clock, ConnectorError, Destination, Found, MessageRef, Notifier, Profile, Text, Usage, WriteError,
};
use connector_model::Mark;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::refusal::quoted;
use crate::wire::{Content, HookCall};
use crate::{TOOL, blocks};

/// Total deadline of one request.
const DEADLINE: SignedDuration = SignedDuration::from_secs(30);
/// Largest answer; it is a word or two.
const BODY_MAX: usize = 64 << 10;
/// The budget.
const BUDGET: &str = "webhook";
/// Where Slack keeps incoming webhooks, and its cloud for governments.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Stands where the id of a message would.
const NO_ID: &str = "webhook";

/// What the notifier is made from.
#[derive(Clone)]
pub struct WebhookConfig {
    /// The address; read anew for every message.
    pub url: Secret,
    /// PEM file with the company's own CA, used beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}

/// One channel, by its incoming webhook.
pub struct Webhook {
    config: WebhookConfig,
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    /// The client for the address as it was last read.
    line: Mutex<Option<Arc<Line>>>,
}

/// A client that can post to one address.
struct Line {
    address: SecretString,
    path: SecretString,
    http: Http,
}

/// What an answer that is no `ok` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The webhook is gone: nothing goes through until there is another one.
    Dead,
    /// The form of the message was not liked: try the simpler one.
    Form,
    /// No, for good.
    No,
}

/// Whether this is the address of an incoming webhook; if not, why. No text of it holds any of the address.
///
/// # Errors
/// A sentence for the operator.
pub fn is_webhook(address: &str) -> Result<(), &'static str> {
    parse(address).map(drop)
}

fn parse(address: &str) -> Result<Url, &'static str> {
    const FORM: &str = "an incoming webhook's address begins with https://hooks.slack.com/services/";
    let url = Url::parse(address).map_err(|_| FORM)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !bare || url.fragment().is_some() || url.path().len() < 2 {
        return Err(FORM);
    }
    if is_loopback(&url) {
        return Ok(url);
    }
    let known = url.host_str().is_some_and(|host| HOSTS.contains(&host)) && url.port().is_none();
    match url.path() {
        _ if url.scheme() != "https" || !known => Err(FORM),
        path if path.starts_with("/workflows/") || path.starts_with("/triggers/") => {
            Err("this is a workflow's address, which takes no messages; make an incoming webhook in the app's settings")
        }
        path if path.starts_with("/services/") => Ok(url),
        _ => Err(FORM),
    }
}

fn is_loopback(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    here && matches!(url.scheme(), "http" | "https")
}

impl Webhook {
    /// A notifier; nothing is asked yet. Fails where the CA file or the proxy cannot be used.
    ///
    /// # Errors
    /// It cannot work as it is configured.
    pub fn new(config: WebhookConfig, clock: Arc<dyn Clock>) -> Result<Webhook, ConnectorError> {
        let limits = Limits::new(clock.clone()).with_pace(BUDGET, SignedDuration::from_secs(1), 3);
        let webhook = Webhook { config, clock, limits: Arc::new(limits), line: Mutex::default() };
        // An address that cannot be read now may be readable later; the rest is looked at once, here.
        match webhook.config.url.read() {
            Ok(address) => webhook.connect(address).map(drop)?,
            Err(because) => tracing::warn!(because, "slack.no_webhook"),
        }
        Ok(webhook)
    }

    /// Slack's clock minus ours at the last answer. `None`: no answer yet.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.known().as_ref().and_then(|line| line.http.skew())
    }

    /// What was asked of it since the present address was first used.
    pub fn usage(&self) -> Usage {
        self.known().as_ref().map(|line| line.http.usage()).unwrap_or_default()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Arc<Line>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client for this address; the one of before while the address is the same.
    fn connect(&self, address: SecretString) -> Result<Arc<Line>, ConnectorError> {
        let mut known = self.known();
        if let Some(line) = known.as_ref().filter(|line| line.address.expose_secret() == address.expose_secret()) {
            return Ok(line.clone());
        }
        let wrong = |what: &str| ConnectorError::Misconfigured { tool: TOOL, what: what.to_owned() };
        let url = parse(address.expose_secret()).map_err(wrong)?;
        let path = url.path().trim_start_matches('/').to_owned();
        let mut base = url;
        base.set_path("/");
        let http = Http::new(HttpConfig {
            tool: TOOL,
            base,
            also: Vec::new(),
            ca_file: self.config.ca_file.clone(),
            proxy: self.config.proxy.clone(),
            deadline: DEADLINE,
            max_body: BODY_MAX,
            read_attempts: 1,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
        })?;
        let http = http.allow_writes(&[(Method::POST, &path)]);
        let line = Arc::new(Line { address, path: SecretString::from(path), http });
        *known = Some(line.clone());
        Ok(line)
    }

    async fn deliver(&self, to: &Destination, body: &Text) -> Result<MessageRef, WriteError> {
        if !matches!(to, Destination::Channel(_)) {
            let because = "an incoming webhook reaches a channel, and no person".to_owned();
            return Err(WriteError::Refused { because });
        }
        match self.post(&blocks::render(body)).await {
            Err((Some(Meaning::Form), because)) => {
                tracing::warn!(%because, "Slack refused the blocks; sending plain text");
                self.post(&blocks::plain(body)).await.map_err(|(_, error)| error)?;
            }
            posted => posted.map_err(|(_, error)| error)?,
        }
        Ok(MessageRef(NO_ID.to_owned()))
    }

    async fn post(&self, content: &Content) -> Result<(), (Option<Meaning>, WriteError)> {
        let not_sent = |because: String| (None, WriteError::NotSent { retry_after: None, because });
        let address = self.config.url.read().map_err(not_sent)?;
        let line = self.connect(address).map_err(|error| not_sent(error.to_string()))?;
        let call = HookCall { content, unfurl_links: false, unfurl_media: false };
        let request = Request::post(line.path.expose_secret(), BUDGET).json(&call).hide_path();
        let response = line.http.write(request).await.map_err(|error| (None, error))?;
        judged(&response)
    }
}

/// An answer, understood.
fn judged(response: &Response) -> Result<(), (Option<Meaning>, WriteError)> {
    let word = String::from_utf8_lossy(&response.body);
    let word = word.trim();
    match response.status {
        200..=299 if word == "ok" => Ok(()),
        // Something else stands between us and Slack, and may have let the message pass.
        200..=299 | 408 | 500.. => {
            let because = format!("HTTP {} without the answer of a webhook", response.status);
            Err((None, WriteError::Unsure { because }))
        }
        status => {
            let meaning = meaning(status, word);
            Err((Some(meaning), refusal(meaning, status, word)))
        }
    }
}

fn meaning(status: u16, word: &str) -> Meaning {
    match word {
        "no_service" | "no_service_id" | "no_team" | "team_disabled" | "invalid_token" | "no_active_hooks" => {
            Meaning::Dead
        }
        "channel_not_found"
        | "channel_is_archived"
        | "action_prohibited"
        | "posting_to_general_channel_denied"
        | "user_not_found" => Meaning::No,
        "invalid_payload" | "no_text" | "too_many_attachments" | "msg_too_long" | "msg_blocks_too_long" => {
            Meaning::Form
        }
        word if word.starts_with("invalid_blocks") => Meaning::Form,
        _ if matches!(status, 404 | 410) => Meaning::Dead,
        _ => Meaning::No,
    }
}

fn refusal(meaning: Meaning, status: u16, word: &str) -> WriteError {
    let advice = match (meaning, word) {
        (Meaning::Dead, "no_team" | "team_disabled") => "the workspace is gone or disabled",
        (Meaning::Dead, _) => {
            "the webhook is gone or was revoked; make another one in the app's settings and put its address in place"
        }
        (_, "channel_not_found") => "its channel was deleted; make a webhook for another one",
        (_, "channel_is_archived") => "its channel is archived; make a webhook for another one",
        (_, "action_prohibited") => "the workspace's settings do not let the webhook post; ask an administrator",
        (_, "posting_to_general_channel_denied") => "the workspace's settings do not let it post to its main channel",
        _ => "Slack refuses the message",
    };
    // A page of a proxy is no word of Slack's, and nothing of it is repeated.
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let said = if is_word { format!("HTTP {status} {}", quoted(word)) } else { format!("HTTP {status}") };
    let because = format!("{said}: {advice}");
    match meaning {
        Meaning::Dead => WriteError::Unauthorized { because },
        Meaning::Form | Meaning::No => WriteError::Refused { because },
    }
}

impl Notifier for Webhook {
    /// Nothing can be asked without posting; whether the address has the right form is all there is to see.
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>> {
        Box::pin(async move {
            let address = self.config.url.read().map_err(|what| ConnectorError::Misconfigured { tool: TOOL, what })?;
            self.connect(address)?;
            Ok(Vec::new())
        })
    }

    fn lookup<'a>(&'a self, _who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>> {
        Box::pin(async { Ok(None) })
    }

    fn reaches_people(&self) -> bool {
        false
    }

    fn absence<'a>(&'a self, _who: &'a Destination) -> BoxFuture<'a, Result<String, ConnectorError>> {
        Box::pin(async { Ok("an incoming webhook reaches no person".to_owned()) })
    }

    /// A message of its own also where an answer was meant: there is no message it could stand under.
    fn send<'a>(
        &'a self,
        to: &'a Destination,
        body: &'a Text,
        _mark: &'a Mark,
        _thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>> {
        Box::pin(self.deliver(to, body))
    }

    fn edit<'a>(
        &'a self,
        _at: &'a MessageRef,
        _body: &'a Text,
        _mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        let because = "what an incoming webhook has posted cannot be edited".to_owned();
        Box::pin(async move { Err(WriteError::Refused { because }) })
    }

    fn find<'a>(
        &'a self,
        _to: &'a Destination,
        _mark: &'a Mark,
        _since: Timestamp,
        _thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        let because = "an incoming webhook does not show what it posted".to_owned();
        Box::pin(async move { Ok(Found::CannotTell(because)) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_address_of_an_incoming_webhook_is_taken() {
        for good in [
            "https://hooks.slack.com/services/T000/B000/xyz",
            "https://hooks.slack-gov.com/services/T000/B000/xyz",
            "http://127.0.0.1:9000/services/T/B/X",
            "http://localhost:9000/anything",
        ] {
            assert_eq!(is_webhook(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "hooks.slack.com/services/T/B/X",
            "http://hooks.slack.com/services/T/B/X",
            "https://hooks.slack.com/services/T/B/X?a=hush",
            "https://hooks.slack.com.evil.example/services/T/B/X",
            "https://evil.example/services/T/B/X",
            "https://hooks.slack.com:8443/services/T/B/X",
            "https://user:hush@hooks.slack.com/services/T/B/X",
            "https://hooks.slack.com/workflows/T/A/1/hush",
            "https://hooks.slack.com/triggers/T/1/hush",
            "https://hooks.slack.com/",
            "http://10.0.0.1/services/T/B/X",
            "xoxb-1-2",
        ] {
            let why = is_webhook(bad).unwrap_err();
            assert!(!why.contains("hush"), "{bad}: {why}");
        }
        assert!(is_webhook("https://hooks.slack.com/triggers/T/1/x").unwrap_err().contains("workflow"));
    }

    #[test]
    fn each_word_of_a_webhook_leads_to_its_own_next_step() {
        for (status, word) in [
            (404, "no_service"),
            (404, "no_team"),
            (403, "invalid_token"),
            (404, "no_active_hooks"),
            (403, "team_disabled"),
            (410, ""),
            (404, "<html>not found</html>"),
        ] {
            assert_eq!(meaning(status, word), Meaning::Dead, "{word}");
        }
        for (status, word) in [
            (403, "action_prohibited"),
            (404, "channel_not_found"),
            (410, "channel_is_archived"),
            (403, "posting_to_general_channel_denied"),
            (400, "user_not_found"),
            (400, "a_word_of_next_year"),
        ] {
            assert_eq!(meaning(status, word), Meaning::No, "{word}");
            let said = refusal(Meaning::No, status, word).to_string();
            assert!(said.contains(word) && said.len() > word.len() + 20, "{said}");
        }
        for word in ["invalid_payload", "no_text", "invalid_blocks", "invalid_blocks_format", "too_many_attachments"] {
            assert_eq!(meaning(400, word), Meaning::Form, "{word}");
        }
        let page = refusal(Meaning::Dead, 404, "<html>https://hooks.slack.com/services/T/B/hush</html>").to_string();
        assert!(!page.contains("hush") && page.contains("HTTP 404"), "{page}");
    }
}
