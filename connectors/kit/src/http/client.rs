//! The client: one request out, one answer in, counted against its budget.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::{Bytes, BytesMut};
use http::header::{AGE, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use url::Url;

use super::origin::{AllowedWrite, check_base, compose, host_of, is_loopback};
use super::outcome::{Again, Failure, of_error, of_status, root_cause};
use super::{Authorization, Body, HttpConfig, Request, Response, blank};
use crate::limits::told_date;
use crate::{ConnectorError, Usage, WriteError};

/// The longest time to a connection, name look-up and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than the shortest polling interval, so that a quiet connection keeps its socket.
const IDLE_SOCKET: Duration = Duration::from_secs(75);

/// The longest a write waits here for what a tool asked for.
const SHORT_WAIT: SignedDuration = SignedDuration::from_secs(2);

/// How long, by our clock, what an answer said of it is believed.
const SKEW_HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// The client of one connection.
pub struct Http {
    config: HttpConfig,
    client: reqwest::Client,
    writes: Vec<AllowedWrite>,
    requests: AtomicU64,
    /// How many requests ended with each status; 0 stands for no answer.
    answers: Mutex<BTreeMap<u16, u64>>,
    /// The tool's clock minus ours, and when that was seen by ours.
    skew: Mutex<Option<(SignedDuration, Timestamp)>>,
}

impl Http {
    /// A client for these bases. It may read; which writes it may send is told by [`Http::allow_writes`].
    ///
    /// Misconfigured where a base is plain http to another machine or holds more than an address, or where the CA file or
    /// the proxy cannot be used.
    pub fn new(config: HttpConfig) -> Result<Http, ConnectorError> {
        let wrong = |what| ConnectorError::Misconfigured { tool: config.tool, what };
        for base in std::iter::once(&config.base).chain(&config.also) {
            check_base(base).map_err(wrong)?;
        }
        check_sides(&config).map_err(wrong)?;
        let client = build(&config, None).map_err(wrong)?;
        Ok(Http::of(config, client))
    }

    /// A client that connects to these addresses of its base's host and to no others, whatever the name is said to mean, and
    /// by no proxy. For none, whatever the name means is connected to.
    ///
    /// # Errors
    /// As for [`Http::new`].
    pub fn pinned(config: HttpConfig, addresses: &[SocketAddr]) -> Result<Http, ConnectorError> {
        let wrong = |what| ConnectorError::Misconfigured { tool: config.tool, what };
        check_base(&config.base).map_err(wrong)?;
        let client = build(&config, Some(addresses)).map_err(wrong)?;
        Ok(Http::of(config, client))
    }

    fn of(config: HttpConfig, client: reqwest::Client) -> Http {
        let (requests, answers) = (AtomicU64::new(0), Mutex::default());
        Http { config, client, writes: Vec::new(), requests, answers, skew: Mutex::default() }
    }

    /// Allows these writes: verb and path below the base, where `*` stands for one segment. Every other write is refused.
    pub fn allow_writes(mut self, writes: &[(Method, &str)]) -> Http {
        self.writes.extend(writes.iter().map(|(method, pattern)| AllowedWrite::new(method, pattern)));
        self
    }

    /// Reads: `GET`, `HEAD`, or a `POST` that changes nothing. Tried again by the table of [`http`](super).
    ///
    /// `Ok` for every status that is the connector's to interpret: 2xx, 3xx, 304, and 4xx but 401, 408 and limits.
    pub async fn read(&self, request: Request) -> Result<Response, ConnectorError> {
        let tool = self.config.tool;
        if !matches!(request.method, Method::GET | Method::HEAD | Method::POST) {
            let what = format!("{} is no reading verb", request.method);
            return Err(ConnectorError::Misconfigured { tool, what });
        }
        self.read_again_and_again(&request).await.map_err(|failure| failure.of_read(tool))
    }

    async fn read_again_and_again(&self, request: &Request) -> Result<Response, Failure> {
        let mut pauses = self.pauses();
        let mut let_once = true;
        loop {
            let failure = match self.send(request).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let Some(pause) = pauses.next() else { return Err(failure) };
            match failure.again() {
                Again::AfterBackOff => self.sleep(pause).await,
                // The budget itself waits before it lets the next one pass.
                Again::OnceWhenLet if std::mem::take(&mut let_once) => {}
                Again::OnceWhenLet | Again::Never => return Err(failure),
            }
        }
    }

    /// The pauses between the attempts of one read: about 0.5, 1, 2 … 8 s, up to twice as long by chance.
    fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(8))
            .with_max_times(self.config.read_attempts.saturating_sub(1))
            .build()
    }

    async fn sleep(&self, pause: Duration) {
        let until = self.config.clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
        self.config.clock.sleep_until(until).await;
    }

    /// Writes: exactly one attempt.
    ///
    /// `Ok` for every status that is the connector's to interpret: 2xx, 3xx, and 4xx but 401, 408 and limits. Refused
    /// where the write is not among the allowed ones; nothing is sent then.
    pub async fn write(&self, request: Request) -> Result<Response, WriteError> {
        if !self.writes.iter().any(|allowed| allowed.covers(&request.method, &request.path)) {
            tracing::warn!(tool = self.config.tool, method = %request.method, path = request.shown_path(), "write refused");
            return Err(WriteError::Refused { because: "not in the list of allowed writes".to_owned() });
        }
        // Whoever writes has a row that waits, and others to write to meanwhile.
        let now = self.config.clock.now();
        let wait = self.config.limits.until(&request.resource).map(|at| at.duration_since(now));
        if let Some(wait) = wait.filter(|wait| *wait > SHORT_WAIT) {
            let because = format!("{} asked to be left alone for a while", self.config.tool);
            return Err(WriteError::NotSent { retry_after: Some(wait), because });
        }
        self.send(&request).await.map_err(|failure| failure.of_write(self.config.tool))
    }

    /// The tool's clock minus ours at the last answer that carried a `Date` and did not come from a cache; good to about a
    /// second. `None`: no such answer within the last ten minutes, for our clock may have been set since.
    pub fn skew(&self) -> Option<SignedDuration> {
        let (skew, seen_at) = (*self.skew.lock().unwrap_or_else(PoisonError::into_inner))?;
        (self.config.clock.now().duration_since(seen_at).abs() <= SKEW_HOLDS).then_some(skew)
    }

    /// How many requests were sent since the start, failed ones and repetitions included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How those requests ended, and what the tool said is left.
    pub fn usage(&self) -> Usage {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let word = |status: u16| if status == 0 { "none".to_owned() } else { status.to_string() };
        Usage {
            answers: answers.iter().map(|(status, count)| (word(*status), *count)).collect(),
            remaining: self.config.limits.remaining(),
        }
    }

    fn count(&self, status: u16) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }

    /// One attempt: budget, request, answer, what it says of budget and clock.
    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let outgoing = self.outgoing(request).map_err(Failure::Request)?;
        self.config.limits.acquire(&request.resource).await.map_err(Failure::Budget)?;
        let asked_at = self.config.clock.now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.execute(outgoing).await.map_err(of_error);
        self.count(answer.as_ref().map_or(0, |answer| answer.status().as_u16()));
        let answer = match answer {
            Ok(answer) => self.receive(request, answer, asked_at).await,
            Err(failure) => Err(failure),
        };
        self.trace(request, &answer, asked_at);
        answer
    }

    async fn receive(
        &self,
        request: &Request,
        mut answer: reqwest::Response,
        asked_at: Timestamp,
    ) -> Result<Response, Failure> {
        let status = answer.status().as_u16();
        let mut headers = std::mem::take(answer.headers_mut());
        let secrets = request.authorization.as_ref().map(Authorization::secrets).unwrap_or_default();
        blank::headers(&mut headers, &secrets);
        let now = self.config.clock.now();
        self.note_date(&headers, asked_at, now);
        // Whether a 429 that is handed over is a limit at all stands in its body, unless it tells a time.
        if status != 429 || !request.heard.contains(&429) || headers.contains_key(RETRY_AFTER) {
            self.config.limits.note(&request.resource, status, &headers, now);
        }
        if let Some(other) = &request.held_with
            && (status == 429 || (status == 403 && headers.contains_key(RETRY_AFTER)))
        {
            self.config.limits.note(other, status, &headers, now);
        }
        let wait = self.config.limits.until(&request.resource).map(|at| at.duration_since(now));
        let failure = of_status(status, &headers, wait);
        if let Some(failure) = failure.filter(|_| !request.heard.contains(&status)) {
            return Err(failure);
        }
        let body = match status {
            204 | 304 => Bytes::new(),
            _ => blank::body(self.body(answer).await?, &secrets),
        };
        Ok(Response { status, headers, body, asked_at })
    }

    /// The body, counted while it comes: neither its announced length nor its compressed one is believed.
    async fn body(&self, mut answer: reqwest::Response) -> Result<Bytes, Failure> {
        let cap = self.config.max_body;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(of_error)? {
            if body.len() + chunk.len() > cap {
                return Err(Failure::TooLarge(cap));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The answer was made at some moment between question and answer; the middle is taken.
    fn note_date(&self, headers: &HeaderMap, asked_at: Timestamp, now: Timestamp) {
        let Some(there) = told_date(headers).filter(|_| !headers.contains_key(AGE)) else { return };
        let here = asked_at.saturating_add(now.duration_since(asked_at) / 2).unwrap_or(now);
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some((there.duration_since(here), now));
    }

    fn outgoing(&self, request: &Request) -> Result<reqwest::Request, String> {
        let base = self.base_of(request)?;
        let query = request.query.iter().map(|(name, value)| (*name, value.clone()));
        let more = request.more_query.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let query: Vec<(&str, String)> = query.chain(more).collect();
        let url = compose(base, &request.path, &query)?;
        let mut outgoing = reqwest::Request::new(request.method.clone(), url);
        *outgoing.headers_mut() = headers_of(request)?;
        *outgoing.body_mut() = match &request.body {
            Body::None => None,
            Body::Json(text) if text.is_empty() => return Err("the body cannot be written as JSON".to_owned()),
            Body::Json(text) => Some(text.clone().into()),
            Body::Form(fields) => {
                Some(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into())
            }
        };
        Ok(outgoing)
    }

    fn base_of(&self, request: &Request) -> Result<&Url, String> {
        let Some(wanted) = &request.base else { return Ok(&self.config.base) };
        let mut known = std::iter::once(&self.config.base).chain(&self.config.also);
        known
            .find(|base| *base == wanted)
            .ok_or_else(|| format!("{} is not among the configured addresses", host_of(wanted)))
    }

    fn trace(&self, request: &Request, answer: &Result<Response, Failure>, asked_at: Timestamp) {
        let ms = self.config.clock.now().duration_since(asked_at).as_millis();
        let (tool, method, path) = (self.config.tool, &request.method, request.shown_path());
        let status = match answer {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.label(),
        };
        tracing::debug!(tool, %method, path, status, ms = i64::try_from(ms).unwrap_or(i64::MAX), "request");
    }
}

/// The tool alone: the configuration may hold a proxy's password.
impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("tool", &self.config.tool).finish_non_exhaustive()
    }
}

fn headers_of(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let unusable = || format!("the header {name} cannot be sent");
        let name = HeaderName::try_from(*name).map_err(|_| unusable())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
        if name == HOST {
            return Err(unusable());
        }
        value.set_sensitive(name == AUTHORIZATION);
        headers.append(name, value);
    }
    if let Some(authorization) = &request.authorization {
        let mut value = HeaderValue::from_str(authorization.header().expose_secret())
            .map_err(|_| "the credential contains a character no credential has (a line break?)".to_owned())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let kind = match request.body {
        Body::None => None,
        Body::Json(_) => Some("application/json"),
        Body::Form(_) => Some("application/x-www-form-urlencoded"),
    };
    if let Some(kind) = kind {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    }
    Ok(headers)
}

fn build(config: &HttpConfig, pinned: Option<&[SocketAddr]>) -> Result<reqwest::Client, String> {
    finished(builder(config, pinned)?)
}

/// A client for one websocket: an upgrade needs HTTP/1.1.
pub(super) fn build_for_socket(config: &HttpConfig) -> Result<reqwest::Client, String> {
    check_base(&config.base)?;
    finished(builder(config, None)?.http1_only())
}

fn finished(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder.build().map_err(|error| format!("the client cannot be built: {}", root_cause(&error.without_url())))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes a client")]
fn builder(config: &HttpConfig, pinned: Option<&[SocketAddr]>) -> Result<reqwest::ClientBuilder, String> {
    let deadline = Duration::try_from(config.deadline).map_err(|_| "the deadline must be above zero".to_owned())?;
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("gapwatch/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(deadline)
        .pool_idle_timeout(IDLE_SOCKET)
        .https_only(config.base.scheme() == "https" && config.also.iter().all(|base| base.scheme() == "https"));
    if let Some(file) = &config.ca_file {
        builder = builder.tls_certs_merge(certificates(file)?);
    }
    Ok(match (&config.proxy, pinned) {
        (_, Some([])) => builder.no_proxy(),
        (_, Some(addresses)) => builder.no_proxy().resolve_to_addrs(host_of(&config.base), addresses),
        // Towards this machine a proxy would get to see what was never meant to leave it.
        _ if is_loopback(&config.base) => builder.no_proxy(),
        (Some(proxy), None) => builder.proxy(proxy_at(proxy)?),
        (None, None) => builder,
    })
}

/// A proxy is used for all of them or for none, so they must lie on the same side.
fn check_sides(config: &HttpConfig) -> Result<(), String> {
    let here = is_loopback(&config.base);
    match config.also.iter().find(|base| is_loopback(base) != here) {
        Some(base) => {
            let (one, other) = (host_of(&config.base), host_of(base));
            Err(format!("{one} and {other} cannot be used together: one of them is this machine itself"))
        }
        None => Ok(()),
    }
}

fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let trouble = |what: &str| format!("the CA file {} {what}", file.display());
    let pem = std::fs::read(file).map_err(|error| trouble(&format!("cannot be read: {error}")))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| trouble("is not PEM"))?;
    if certificates.is_empty() { Err(trouble("holds no certificate")) } else { Ok(certificates) }
}

/// A proxy address may hold a password, so no text names more than its host.
fn proxy_at(proxy: &Url) -> Result<reqwest::Proxy, String> {
    if !matches!(proxy.scheme(), "http" | "https") || proxy.host().is_none() {
        return Err("the proxy must be an http or https address".to_owned());
    }
    reqwest::Proxy::all(proxy.as_str()).map_err(|_| format!("the proxy at {} cannot be used", host_of(proxy)))
}
