//! Outgoing webhook: one event, one `POST`, signed as <https://www.standardwebhooks.com> says.
//!
//! The id of an event is the same at every attempt, so a receiver that has seen it can leave it out, and a call whose answer
//! was lost is simply made again. An address is looked up at each attempt, and unless the operator allows it nothing inside
//! is connected to: what was looked at is what is connected to. No redirect is followed, and nothing of an answer is shown
//! but its status.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_kit::http::reach::{Unreachable, public_addresses};
use connector_kit::http::{Body, Http, HttpConfig, Request, Response};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::{Clock, ConnectorError, Usage, WriteError};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::{Host, Url};

pub use connector_kit::http::reach::may_be_public;

/// The name in errors and logs.
const TOOL: &str = "webhook";
/// Total deadline of one request.
const DEADLINE: SignedDuration = SignedDuration::from_secs(20);
/// Largest answer; nothing of it is read.
const BODY_MAX: usize = 64 << 10;
/// The budget.
const BUDGET: &str = "webhook";
/// How a secret begins.
const SECRET_START: &str = "whsec_";
/// Statuses whose meaning is told here.
const HEARD: &[u16] = &[401, 408, 429, 500, 501, 502, 503, 504, 505, 507, 508, 511];

/// What the connector is made from.
#[derive(Clone)]
pub struct Config {
    /// Where events are posted to; a query may stand in it.
    pub url: Url,
    /// What they are signed with, `whsec_…`; read anew for every attempt.
    pub secret: Secret,
    /// Whether the address may lie in a private network.
    pub allow_private: bool,
    /// PEM file with the company's own CA, used beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy, which looks the address up itself. `None`: none.
    pub proxy: Option<Url>,
}

/// One address.
pub struct Webhook {
    config: Config,
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    /// The client for the addresses as they were last looked up.
    line: Mutex<Option<(Vec<SocketAddr>, Arc<Http>)>>,
}

/// Why an event was not taken: one variant for each thing that is done next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// This one again, by the schedule, and not before `wait` is over.
    #[error("{because}")]
    Later {
        /// What the receiver asked for. `None`: the schedule alone.
        wait: Option<SignedDuration>,
        /// Why, without secrets and without a word of the answer.
        because: String,
    },
    /// The receiver is asked too much: this one again, and the others not before `wait` is over either.
    #[error("{because}")]
    Throttled {
        /// What the receiver asked for. `None`: it did not say.
        wait: Option<SignedDuration>,
        /// Why, likewise.
        because: String,
    },
    /// The receiver wants no more events (410): nothing is posted there until somebody acts.
    #[error("{because}")]
    Disabled {
        /// Why, likewise.
        because: String,
    },
}

/// The address of a webhook: https, or http to this machine.
///
/// # Errors
/// A fragment that says what is expected; it holds nothing of the address.
pub fn address(text: &str) -> Result<Url, &'static str> {
    const FORM: &str = "https://example.org/hooks/gapwatch";
    let url = Url::parse(text).map_err(|_| FORM)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !bare || url.host().is_none() {
        return Err(FORM);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(FORM),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether this is a secret that events can be signed with; if not, why. No text of it holds any of the secret.
///
/// # Errors
/// A sentence for the operator.
pub fn is_secret(text: &str) -> Result<(), &'static str> {
    key(text).map(drop)
}

fn key(text: &str) -> Result<Vec<u8>, &'static str> {
    let packed = text.strip_prefix(SECRET_START).ok_or("a secret of a webhook begins with whsec_")?;
    let key = STANDARD.decode(packed).map_err(|_| "what follows whsec_ is base64, with its = at the end")?;
    match key.len() {
        24..=64 => Ok(key),
        _ => Err("a secret of a webhook has 24 to 64 random bytes: whsec_ and `openssl rand -base64 32`"),
    }
}

/// `v1,…`: the signature of an event, over its id, the instant of the attempt and its body.
fn signature(secret: &SecretString, id: &str, at: Timestamp, body: &str) -> Result<String, String> {
    let key = key(secret.expose_secret()).map_err(str::to_owned)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "the secret cannot be used".to_owned())?;
    mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

impl Webhook {
    /// A connector; nothing is asked yet. Fails where the CA file or the proxy cannot be used.
    ///
    /// # Errors
    /// It cannot work as it is configured.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Webhook, ConnectorError> {
        let limits = Arc::new(Limits::new(clock.clone()));
        let webhook = Webhook { config, clock, limits, line: Mutex::default() };
        webhook.client(&[])?;
        Ok(webhook)
    }

    /// What was asked of it since its addresses last changed.
    pub fn usage(&self) -> Usage {
        let known = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|(_, http)| http.usage()).unwrap_or_default()
    }

    /// Looks the address up and reads the secret; nothing is posted.
    ///
    /// # Errors
    /// Why nothing could be posted.
    pub async fn check(&self) -> Result<(), ConnectorError> {
        self.line().await?;
        let secret = self.config.secret.read().map_err(misconfigured)?;
        is_secret(secret.expose_secret()).map_err(|why| misconfigured(why.to_owned()))
    }

    /// Posts one event. Whatever is not known to have been taken may be posted again with the same id.
    ///
    /// # Errors
    /// See [`PostError`].
    pub async fn post(&self, id: &str, body: &str) -> Result<(), PostError> {
        let http = self.line().await.map_err(|error| later(error.to_string()))?;
        let now = self.clock.now();
        let secret = self.config.secret.read().map_err(later)?;
        let signature = signature(&secret, id, now, body).map_err(later)?;
        let url = &self.config.url;
        let query: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let mut request = Request::post(url.path().trim_start_matches('/'), BUDGET)
            .with_query(query)
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .hide_path()
            .hear(HEARD);
        request.body = Body::Json(body.as_bytes().to_vec());
        match http.write(request).await {
            Ok(answer) => judged(&answer, self.clock.now()),
            Err(WriteError::NotSent { retry_after, because }) => Err(PostError::Later { wait: retry_after, because }),
            Err(error) => Err(later(error.to_string())),
        }
    }

    /// A client that connects to what the address means now.
    async fn line(&self) -> Result<Arc<Http>, ConnectorError> {
        let addresses = if self.config.allow_private || self.config.proxy.is_some() {
            Vec::new()
        } else {
            public_addresses(&self.config.url).await.map_err(|error| match error {
                Unreachable::Unknown(_) => {
                    let what = error.to_string();
                    ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None }
                }
                Unreachable::Inside => {
                    misconfigured("its address lies in a private network; allow_private allows it".to_owned())
                }
            })?
        };
        let mut known = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, http)) = known.as_ref()
            && *before == addresses
        {
            return Ok(http.clone());
        }
        let http = Arc::new(self.client(&addresses)?);
        *known = Some((addresses, http.clone()));
        Ok(http)
    }

    /// A client for these addresses; for none, where the operator allows whatever the name means.
    fn client(&self, addresses: &[SocketAddr]) -> Result<Http, ConnectorError> {
        let mut base = self.config.url.clone();
        let path = base.path().trim_start_matches('/').to_owned();
        base.set_path("/");
        base.set_query(None);
        let config = HttpConfig {
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
        };
        let http = match self.config.proxy {
            Some(_) => Http::new(config)?,
            None => Http::pinned(config, addresses)?,
        };
        Ok(http.allow_writes(&[(Method::POST, &path)]))
    }
}

fn misconfigured(what: String) -> ConnectorError {
    ConnectorError::Misconfigured { tool: TOOL, what }
}

fn later(because: String) -> PostError {
    PostError::Later { wait: None, because }
}

/// An answer, understood.
fn judged(answer: &Response, now: Timestamp) -> Result<(), PostError> {
    let wait = answer.retry_after(now);
    let because = format!("HTTP {}", answer.status);
    match answer.status {
        200..=299 => Ok(()),
        410 => Err(PostError::Disabled { because: format!("{because}: the receiver wants no more events") }),
        429 | 502 | 504 => Err(PostError::Throttled { wait, because }),
        300..=399 => Err(PostError::Later { wait, because: format!("{because}: no redirect is followed") }),
        _ => Err(PostError::Later { wait, because }),
    }
}

#[cfg(test)]
mod tests;
