//! Heartbeat: calls an address as long as all is well, so that somebody else notices when it is not. Silence there means
//! trouble; a call that fails is told once and tried again at the next turn.

use std::sync::Arc;

use connector_kit::http::{Http, HttpConfig, Request};
use connector_kit::limits::Limits;
use connector_kit::secret::Secret;
use connector_kit::{Clock, ConnectorError};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::core::CoreHandle;
use crate::domain::calendar::later;
use crate::store::ConnectionState;

/// How many of its polls a connection may miss.
const POLLS: i32 = 3;
/// A poll that is due every few seconds may still take longer than three of them.
const LEAST_AGE: SignedDuration = SignedDuration::from_mins(5);
/// How long the loop that decides may take to answer.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// The tick is written every minute while rounds go on.
const TICKS: SignedDuration = SignedDuration::from_mins(5);

/// Whom to call, and how often.
#[derive(Clone)]
pub struct Heartbeat {
    /// The address.
    pub url: Secret,
    /// How often.
    pub every: SignedDuration,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}

/// Why it is not called. `None`: all is well.
async fn trouble(core: &CoreHandle, polls: &[(String, SignedDuration)], clock: &dyn Clock) -> Option<String> {
    if !core.is_alive(ANSWERS_WITHIN).await {
        return Some("the loop that decides does not answer".to_owned());
    }
    let now = clock.now();
    if now.duration_since(core.last_tick().await) > TICKS {
        return Some("nothing has been judged of late".to_owned());
    }
    if !core.pulse().agrees() {
        return Some("the last judgement of everything differed".to_owned());
    }
    match core.connections_now().await {
        Ok(states) => states.iter().find_map(|state| unread(state, polls, now)),
        Err(error) => Some(error.to_string()),
    }
}

fn unread(state: &ConnectionState, polls: &[(String, SignedDuration)], now: Timestamp) -> Option<String> {
    let poll = polls.iter().find(|(name, _)| *name == state.name).map_or(LEAST_AGE, |(_, poll)| *poll);
    let oldest = later(now, -(poll.saturating_mul(POLLS).max(LEAST_AGE)));
    match (state.last_success_at, &state.failure) {
        (Some(at), _) if at >= oldest => None,
        (_, Some((_, because))) => Some(format!("{} is not read: {because}", state.name)),
        (_, None) => Some(format!("{} has not been read completely of late", state.name)),
    }
}

/// One call.
async fn call(heartbeat: &Heartbeat, clock: &Arc<dyn Clock>) -> Result<(), String> {
    let (url, proxy, clock) = (heartbeat.url.clone(), heartbeat.proxy.clone(), clock.clone());
    // Reads a file, and the system's certificates.
    let made = tokio::task::spawn_blocking(move || prepared(&url, proxy, clock)).await;
    let (http, request) = made.map_err(|error| error.to_string())??;
    match http.read(request).await {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => Err(format!("HTTP {}", answer.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// A client for the address alone: nothing but its host is ever named.
fn prepared(url: &Secret, proxy: Option<Url>, clock: Arc<dyn Clock>) -> Result<(Http, Request), String> {
    let text = url.read()?;
    let url = Url::parse(text.expose_secret()).map_err(|_| "it is no address".to_owned())?;
    let mut base = url.clone();
    base.set_path("");
    base.set_query(None);
    base.set_fragment(None);
    let config = HttpConfig {
        tool: "heartbeat",
        base,
        also: Vec::new(),
        ca_file: None,
        proxy,
        deadline: SignedDuration::from_secs(10),
        max_body: 64 * 1024,
        read_attempts: 3,
        limits: Arc::new(Limits::new(clock.clone())),
        clock,
    };
    let http = Http::new(config).map_err(|error: ConnectorError| error.to_string())?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let request = Request::get(url.path().trim_start_matches('/'), "heartbeat").with_query(pairs).hide_path();
    Ok((http, request))
}

/// Calls for as long as the program runs.
pub async fn run(
    core: CoreHandle,
    heartbeat: Heartbeat,
    polls: Vec<(String, SignedDuration)>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut silent: Option<String> = None;
    loop {
        // First the wait: what has just started has read nothing yet.
        if !sleep_for(&*clock, heartbeat.every, &stop).await {
            return;
        }
        let why = tokio::select! {
            () = stop.cancelled() => return,
            why = async {
                match trouble(&core, &polls, &*clock).await {
                    Some(why) => Some(why),
                    None => call(&heartbeat, &clock).await.err().map(|why| format!("the call failed: {why}")),
                }
            } => why,
        };
        match (&why, &silent) {
            (Some(because), None) => tracing::warn!(because, "heartbeat.silent"),
            (None, Some(_)) => tracing::info!("heartbeat.again"),
            _ => {}
        }
        silent = why;
    }
}

/// Sleeps in pieces: a job's sleep is a minute at most.
async fn sleep_for(clock: &dyn Clock, length: SignedDuration, stop: &CancellationToken) -> bool {
    let until = later(clock.now(), length);
    let before = clock.now();
    while (before..until).contains(&clock.now()) {
        if !super::sleep(clock, Some(until), None, stop).await {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::ConnectionId;
    use crate::store::FailureKind;

    #[test]
    fn it_is_silent_as_soon_as_a_connection_misses_three_polls() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let polls = [("github.acme".to_owned(), SignedDuration::from_mins(4))];
        let state = |minutes: Option<i64>, failure: Option<&str>| ConnectionState {
            id: ConnectionId(1),
            name: "github.acme".to_owned(),
            last_success_at: minutes.map(|minutes| now - SignedDuration::from_mins(minutes)),
            failure: failure.map(|because| (FailureKind::Unavailable, because.to_owned())),
            cold: 0,
            containers: 1,
            tasks: 0,
            lacks: Vec::new(),
        };
        assert_eq!(unread(&state(Some(12), None), &polls, now), None);
        assert_eq!(unread(&state(Some(1), Some("HTTP 500")), &polls, now), None, "one failure is weather");
        assert!(unread(&state(Some(13), None), &polls, now).is_some());
        assert!(unread(&state(None, None), &polls, now).is_some());
        assert!(unread(&state(Some(13), Some("HTTP 500")), &polls, now).unwrap().contains("HTTP 500"));
    }

    #[test]
    fn only_the_host_of_the_address_is_ever_named() {
        let clock: Arc<dyn Clock> = Arc::new(connector_kit::clock::SetClock::leaping(Timestamp::UNIX_EPOCH));
        let secret = Secret::fixed("https://hc.example.org/ping/s3cret?status=up&key=s3cret");
        let (http, request) = prepared(&secret, None, clock.clone()).unwrap();
        assert!(!format!("{http:?} {request:?}").contains("s3cret"));
        assert_eq!((request.path.as_str(), request.more_query.len()), ("ping/s3cret", 2));
        for wrong in ["http://hc.example.org/s3cret", "ftp://hc.example.org/s3cret", "s3cret"] {
            let error = prepared(&Secret::fixed(wrong), None, clock.clone()).err().unwrap();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
