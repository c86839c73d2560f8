//! A receiver of events: verifies each as <https://www.standardwebhooks.com> says, keeps it, and fails where a test wants it
//! to. It stands alone, beside the tools.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::Value;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use crate::door::{self, Door, Wire};

/// Largest event.
const LARGEST: usize = 1 << 20;

/// What goes wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This status with these headers; the event is not kept.
    Answer(u16, Vec<(&'static str, String)>),
    /// The connection is reset; the event is not kept.
    Reset,
    /// The event is kept, and the connection is reset.
    KeepAndReset,
    /// No answer for so many real seconds, then the connection is reset; the event is not kept.
    Hang(u64),
    /// The event is kept; no answer for so many real seconds, then the connection is reset.
    KeepAndHang(u64),
}

/// An event that came in, kept or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Path and query.
    pub path: String,
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`
    pub timestamp: i64,
    /// Whether its signature is that of the secret.
    pub verified: bool,
    /// What it tells; `Null` where it is no JSON.
    pub body: Value,
    /// False: it came in, and was answered as if it had not.
    pub kept: bool,
}

#[derive(Debug, Default)]
struct State {
    received: Vec<Received>,
    plans: VecDeque<(Trouble, u32)>,
}

/// A running receiver. It ends when this is dropped.
pub struct Receiver {
    state: Arc<Mutex<State>>,
    at: SocketAddr,
    stop: CancellationToken,
}

/// What its events are signed with.
pub const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

impl Receiver {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Receiver> {
        let (listener, at) = door::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let receiver = Receiver { state: Arc::default(), at, stop: CancellationToken::new() };
        let app = Router::new().fallback(receive).with_state(receiver.state.clone());
        let stop = receiver.stop.clone();
        let door = Door::new(listener, stop.clone());
        let service = app.into_make_service_with_connect_info::<Wire>();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = axum::serve(door, service) => {}
            }
        });
        Ok(receiver)
    }

    /// `http://127.0.0.1:PORT/hooks/gapwatch`
    pub fn url(&self) -> String {
        format!("http://{}/hooks/gapwatch", self.at)
    }

    /// Plans a trouble for the next `times` events. Several plans wait for one another.
    pub fn fail_next(&self, trouble: Trouble, times: u32) {
        self.state().plans.push_back((trouble, times.max(1)));
    }

    /// Takes all planned troubles back.
    pub fn heal(&self) {
        self.state().plans.clear();
    }

    /// Everything that came in, the oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// How many events came in.
    pub fn calls(&self) -> usize {
        self.state().received.len()
    }

    /// Everything that was kept, each id once: what a receiver that knows the id makes of repeats.
    pub fn events(&self) -> Vec<Received> {
        let mut events: Vec<Received> = Vec::new();
        for one in self.received().into_iter().filter(|one| one.kept) {
            if !events.iter().any(|known| known.id == one.id) {
                events.push(one);
            }
        }
        events
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock(state: &Arc<Mutex<State>>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(
    Shared(state): Shared<Arc<Mutex<State>>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let trouble = trouble(&mut lock(&state));
    let kept = matches!(trouble, None | Some(Trouble::KeepAndReset | Trouble::KeepAndHang(_)));
    lock(&state).received.push(Received {
        path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        id: header("webhook-id").to_owned(),
        timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
        verified: parts.method == http::Method::POST && is_signed(&parts.headers, &body),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        kept,
    });
    let empty = |status: u16| Response::builder().status(status);
    let answer = match trouble {
        None => empty(204),
        Some(Trouble::Answer(status, headers)) => {
            headers.into_iter().fold(empty(status), |answer, (name, value)| answer.header(name, value))
        }
        Some(Trouble::Reset | Trouble::KeepAndReset) => {
            wire.cut();
            empty(200)
        }
        Some(Trouble::Hang(secs) | Trouble::KeepAndHang(secs)) => {
            crate::clock::wait(secs).await;
            wire.cut();
            empty(200)
        }
    };
    answer.body(Body::empty()).unwrap_or_default()
}

fn trouble(state: &mut State) -> Option<Trouble> {
    let (trouble, left) = state.plans.front_mut()?;
    let trouble = trouble.clone();
    *left -= 1;
    if *left == 0 {
        state.plans.pop_front();
    }
    Some(trouble)
}

/// `v1` signatures over `id.timestamp.body`; one of several is enough.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap_or_default();
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
    let content = [header("webhook-id").as_bytes(), b".", header("webhook-timestamp").as_bytes(), b".", body].concat();
    let mac = mac.chain_update(content);
    let signatures = header("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1,"));
    signatures.filter_map(|one| STANDARD.decode(one).ok()).any(|one| mac.clone().verify_slice(&one).is_ok())
}
