//! Buttons and forms over the wire: presses that come by HTTP or on a websocket (Socket Mode), forms that are opened, and
//! words that only one person sees.
//!
//! By HTTP a press is believed when Slack has signed it within the last five minutes; on a websocket, because it was opened
//! at an address that Slack gave for the app's own token. That address, and the ones that replies go to, are credentials:
//! each is believed only where it is Slack's, is kept in memory alone, and reaches no log.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::control::{Incoming, Line, Pressed, Presses, Question, ReplyTo};
use connector_kit::http::socket::{Frame, Socket};
use connector_kit::http::{Http, HttpConfig, Request};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::survey::{Finding, Verdict};
use connector_kit::webhook::{HookRefused, is_signed};
use connector_kit::{BoxFuture, Clock, ConnectorError, Text, WriteError};
use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::api::{Api, Failure};
use crate::press::{self, Understood};
use crate::refusal::{Class, quoted};
use crate::{Config, TOOL, blocks};

/// How old a signed request may be, and how far ahead of our clock.
const REPLAY_WINDOW: i64 = 300;
/// Total deadline of one request.
const DEADLINE: SignedDuration = SignedDuration::from_secs(30);
/// Largest answer to a reply; it is a word or two.
const REPLY_MAX: usize = 64 << 10;
/// Largest message on a websocket. A press carries the message it was made on, and that is below it.
const ENVELOPE_MAX: usize = 1 << 20;
/// Forms of which it is remembered where to reply.
const FORMS: usize = 500;
/// Where Slack's own addresses for replies are.
const REPLY_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Slack, and its cloud for governments; what is below them is theirs as well.
const DOMAINS: [&str; 2] = ["slack.com", "slack-gov.com"];

/// Presses of one app.
pub struct Buttons {
    /// By the bot's token: opens forms.
    api: Api,
    /// By the app's own token: asks where presses come in. `None`: they come by HTTP.
    app: Option<Api>,
    signing_secret: Option<Secret>,
    base: Url,
    ca_file: Option<PathBuf>,
    proxy: Option<Url>,
    clock: Arc<dyn Clock>,
    forms: Arc<Forms>,
}

/// Where to reply to whoever sends a form; lost with the process.
#[derive(Default)]
struct Forms(Mutex<VecDeque<(String, ReplyTo)>>);

impl Forms {
    fn remember(&self, view: String, reply_to: ReplyTo) {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if forms.len() >= FORMS {
            forms.pop_front();
        }
        forms.push_back((view, reply_to));
    }

    fn take(&self, view: &str) -> Option<ReplyTo> {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = forms.iter().position(|(known, _)| known == view)?;
        forms.remove(at).map(|(_, reply_to)| reply_to)
    }

    /// What was understood, with where to reply to a form.
    fn known(&self, understood: Understood) -> Pressed {
        match (understood.pressed, understood.view) {
            (Pressed::Said(mut press), Some(view)) => {
                press.reply_to = self.take(&view);
                Pressed::Said(press)
            }
            (pressed, _) => pressed,
        }
    }
}

/// `apps.connections.open`
#[derive(Debug, Deserialize)]
struct Opened {
    url: SecretString,
}

/// `views.open`
#[derive(Debug, Deserialize)]
struct FormOpened {
    view: FormView,
}

#[derive(Debug, Deserialize)]
struct FormView {
    id: String,
}

impl Buttons {
    /// `None`: the configuration has neither the app's token nor a signing secret, so nothing would hear a press.
    ///
    /// # Errors
    /// The address, the CA file or the proxy cannot be used.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Option<Buttons>, ConnectorError> {
        if config.app_token.is_none() && config.signing_secret.is_none() {
            return Ok(None);
        }
        let app = config.app_token.clone().map(|app_token| Config { bot_token: app_token, ..config.clone() });
        Ok(Some(Buttons {
            api: Api::new(config.clone(), clock.clone())?,
            app: app.map(|config| Api::new(config, clock.clone())).transpose()?,
            signing_secret: config.signing_secret.clone(),
            base: config.url.clone(),
            ca_file: config.ca_file.clone(),
            proxy: config.proxy.clone(),
            clock,
            forms: Arc::default(),
        }))
    }

    fn http(&self, base: Url, max_body: usize) -> HttpConfig {
        HttpConfig {
            tool: TOOL,
            base,
            also: Vec::new(),
            ca_file: self.ca_file.clone(),
            proxy: self.proxy.clone(),
            deadline: DEADLINE,
            max_body,
            read_attempts: 1,
            clock: self.clock.clone(),
            limits: Arc::new(Limits::new(self.clock.clone())),
        }
    }

    /// The address of a websocket, for the app's token.
    async fn address(&self) -> Result<Url, ConnectorError> {
        const NO_TOKEN: &str = "there is no app token";
        let Some(app) = &self.app else {
            return Err(ConnectorError::Misconfigured { tool: TOOL, what: NO_TOKEN.to_owned() });
        };
        let opened = async {
            let answer = app.ask("apps.connections.open", &json!({})).await?;
            app.parsed::<Opened>("apps.connections.open", &answer)
        };
        let opened = opened.await.map_err(refused)?;
        let url = Url::parse(opened.url.expose_secret()).ok().filter(|url| is_slack_s(url, &self.base));
        url.ok_or_else(|| ConnectorError::Malformed {
            tool: TOOL,
            what: "apps.connections.open does not lead to Slack".to_owned(),
            source: None,
        })
    }

    async fn open_line(&self) -> Result<Box<dyn Line>, ConnectorError> {
        let address = self.address().await?;
        let socket = Socket::open(self.http(self.base.clone(), ENVELOPE_MAX), &address).await?;
        Ok(Box::new(SlackLine { socket, forms: self.forms.clone() }))
    }

    fn verified(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Pressed, HookRefused> {
        let secret = self.signing_secret.as_ref().ok_or(HookRefused::Forged)?;
        let secret = secret.read().map_err(|_| HookRefused::NoSecret)?;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let stamp = header("x-slack-request-timestamp");
        let signed_at: i64 = stamp.parse().map_err(|_| HookRefused::Forged)?;
        let given = header("x-slack-signature").strip_prefix("v0=").ok_or(HookRefused::Forged)?;
        let signed = [b"v0:", stamp.as_bytes(), b":", body].concat();
        let fresh = now.as_second().checked_sub(signed_at).is_some_and(|age| age.abs() <= REPLAY_WINDOW);
        if !is_signed(&secret, &signed, given) || !fresh {
            return Err(HookRefused::Forged);
        }
        let mut fields = url::form_urlencoded::parse(body);
        match fields.find(|(name, _)| name == "payload" || name == "ssl_check") {
            Some((name, payload)) if name == "payload" => {
                press::read(payload.as_bytes()).map(|one| self.forms.known(one))
            }
            // Slack looks whether our certificate is good.
            Some(_) => Ok(Pressed::Nothing),
            None => Err(HookRefused::Malformed),
        }
    }

    async fn open_form(&self, question: &Question, about: Option<&str>) -> Result<(), WriteError> {
        let view = press::form(&question.words, about);
        let call = json!({ "trigger_id": question.trigger.expose_secret(), "view": view });
        let answer = self.api.write("views.open", "views.open".to_owned(), &call).await?;
        let opened = serde_json::from_slice::<FormOpened>(&answer.body);
        if let (Ok(opened), Some(reply_to)) = (opened, &question.reply_to) {
            self.forms.remember(opened.view.id, reply_to.clone());
        }
        Ok(())
    }

    async fn whisper(&self, to: &ReplyTo, words: &str) -> Result<(), WriteError> {
        let refused = |because: &str| WriteError::Refused { because: because.to_owned() };
        let url = Url::parse(to.0.expose_secret()).ok().filter(|url| takes_replies(url, &self.base));
        let url = url.ok_or_else(|| refused("the address for replies is not one of Slack's"))?;
        let path = url.path().trim_start_matches('/').to_owned();
        let mut base = url;
        base.set_path("/");
        // Few are refused, so a client for one reply is no waste; it can go to this address alone.
        let http = Http::new(self.http(base, REPLY_MAX)).map_err(|error| refused(&error.to_string()))?;
        let http = http.allow_writes(&[(Method::POST, &path)]);
        let text = blocks::plain(&Text { summary: words.to_owned(), blocks: Vec::new() }).text;
        let call = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        let response = http.write(Request::post(path, "reply").json(&call).hide_path()).await?;
        match response.status {
            200..=299 => Ok(()),
            status => Err(refused(&format!("HTTP {status} for a reply"))),
        }
    }

    /// What `doctor` says of buttons.
    pub(crate) async fn look(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.app.is_some() {
            findings.push(match self.address().await {
                Ok(_) => Finding::good("the app token is taken: answers by buttons come in over a websocket"),
                Err(error) => Finding::failed(&error),
            });
        }
        if let Some(secret) = &self.signing_secret {
            findings.push(match secret.read() {
                Ok(_) => Finding::good("the signing secret is set: answers by buttons may come to /slack/interactions"),
                Err(because) => Finding::problem(
                    Verdict::Misconfigured,
                    format!("the signing secret cannot be read: {because}"),
                    "copy it from Basic Information in the app's settings",
                ),
            });
        }
        findings
    }
}

/// What Slack says of the app's token, which is another one than the bot's.
fn refused(failure: Failure<ConnectorError>) -> ConnectorError {
    let Failure::Refused(no) = failure else { return failure.into_error("the app token") };
    let what = |advice: &str| format!("{}: {advice}", no.error);
    match no.class() {
        Class::Credential => ConnectorError::Unauthorized {
            tool: TOOL,
            what: what(
                "this is not a valid app token; copy the one that begins with xapp- from Basic Information, App-Level \
                 Tokens, and leave Socket Mode on",
            ),
        },
        Class::Scope => ConnectorError::Unauthorized {
            tool: TOOL,
            what: what("the app token needs connections:write; make another one with it"),
        },
        _ => Failure::Refused(no).into_error("Socket Mode"),
    }
}

/// Whether a websocket's address is one of Slack's. Where the API is on this machine itself, for tests, it is there as well.
fn is_slack_s(url: &Url, base: &Url) -> bool {
    if is_loopback(base) {
        return matches!(url.scheme(), "ws" | "wss") && same_place(url, base);
    }
    let Some(host) = url.host_str() else { return false };
    let below = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    url.scheme() == "wss"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && (DOMAINS.iter().any(|domain| below(domain)) || base.host_str() == Some(host))
}

/// Whether a reply may go there.
fn takes_replies(url: &Url, base: &Url) -> bool {
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !bare || url.path().len() < 2 {
        return false;
    }
    if is_loopback(base) {
        return url.scheme() == base.scheme() && same_place(url, base);
    }
    url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(|host| REPLY_HOSTS.contains(&host))
}

fn same_place(url: &Url, base: &Url) -> bool {
    url.host_str() == base.host_str() && url.port_or_known_default() == base.port_or_known_default()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Presses for Buttons {
    fn dials(&self) -> bool {
        self.app.is_some()
    }

    fn is_posted_to(&self) -> bool {
        self.signing_secret.is_some()
    }

    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Line>, ConnectorError>> {
        Box::pin(self.open_line())
    }

    fn receive(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Pressed, HookRefused> {
        self.verified(headers, body, now)
    }

    fn ask<'a>(&'a self, question: &'a Question, about: Option<&'a str>) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.open_form(question, about))
    }

    fn reply<'a>(&'a self, to: &'a ReplyTo, words: &'a str) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.whisper(to, words))
    }
}

/// What comes in on a websocket.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    reason: Option<String>,
    num_connections: Option<u32>,
    #[serde(default)]
    payload: Value,
}

struct SlackLine {
    socket: Socket,
    forms: Arc<Forms>,
}

impl SlackLine {
    fn understood(&self, text: &str) -> Incoming {
        let Ok(envelope) = serde_json::from_str::<Envelope>(text) else {
            tracing::debug!(bytes = text.len(), "slack.frame_not_understood");
            return Incoming::Alive;
        };
        let reason = envelope.reason.as_deref().unwrap_or_default();
        match (envelope.kind.as_str(), envelope.envelope_id) {
            ("hello", _) => Incoming::Open { connections: envelope.num_connections },
            ("disconnect", _) if reason == "link_disabled" => Incoming::Refused(quoted(reason)),
            ("disconnect", _) => Incoming::EndsSoon,
            ("interactive", Some(id)) => {
                let payload = serde_json::to_vec(&envelope.payload).unwrap_or_default();
                Incoming::Pressed { id, pressed: press::read(&payload).map(|one| self.forms.known(one)) }
            }
            // An event or a command that nobody asked for: taken, so that it does not come again.
            (_, Some(id)) => Incoming::Pressed { id, pressed: Ok(Pressed::Nothing) },
            (_, None) => Incoming::Alive,
        }
    }
}

impl Line for SlackLine {
    fn next(&mut self) -> BoxFuture<'_, Option<Incoming>> {
        Box::pin(async move {
            match self.socket.next().await? {
                Frame::Text(text) => Some(self.understood(&text)),
                Frame::Other => Some(Incoming::Alive),
            }
        })
    }

    fn acknowledge<'a>(&'a mut self, id: &'a str) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(self.socket.send(json!({ "envelope_id": id }).to_string()))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(self.socket.ping())
    }
}

#[cfg(test)]
mod tests;
