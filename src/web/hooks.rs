//! Hooks of the tools. Each is verified over its raw body, may come again, and does no more than bring a read forward; the
//! answer waits for nothing, and says nothing.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use connector_kit::webhook::{Delivery, Greeting, HookRefused};
use secrecy::ExposeSecret;

use super::Shared;
use crate::clock::Stopwatch;

/// The largest body read. What tells of an issue with the longest text and all its labels is below it.
pub(super) const LARGEST_BODY: usize = 1 << 20;
/// Most bodies in memory at once.
pub(super) const BODIES_AT_ONCE: usize = 8;
/// Most hooks looked at in a second; what is beyond is read at the next poll.
const A_SECOND: u32 = 100;
/// How many deliveries are remembered.
const REMEMBERED: usize = 10_000;
/// A tool's id of a delivery is shorter.
const LONGEST_ID: usize = 100;

/// What was delivered already, and how many came in this second.
#[derive(Default)]
pub(super) struct Memory {
    order: VecDeque<String>,
    seen: HashSet<String>,
    second: Option<Stopwatch>,
    count: u32,
}

impl Memory {
    /// False once too many have come within a second.
    pub(super) fn lets_in(&mut self) -> bool {
        let fresh = self.second.is_none_or(|second| second.elapsed() >= Duration::from_secs(1));
        if fresh {
            (self.second, self.count) = (Some(Stopwatch::start()), 0);
        }
        self.count = self.count.saturating_add(1);
        self.count <= A_SECOND
    }

    /// False when this delivery has come before.
    fn is_new(&mut self, id: &str) -> bool {
        if id.len() > LONGEST_ID || !self.seen.insert(id.to_owned()) {
            return id.len() > LONGEST_ID;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

/// Answers a tool that asks, without a signature, whether anybody is there.
pub(super) async fn knock(State(shared): State<Arc<Shared>>, Path((tool, name)): Path<(String, String)>) -> StatusCode {
    let live = shared.live();
    match live.doors.get(&format!("{tool}.{name}")) {
        Some(door) if door.hooks.is_knocked_at() => StatusCode::OK,
        Some(_) => StatusCode::METHOD_NOT_ALLOWED,
        None => StatusCode::NOT_FOUND,
    }
}

/// What a tool brought.
enum Received {
    Hook(Delivery),
    /// It only tries the address.
    Greeting(Greeting),
}

/// Takes one hook, or answers a tool that tries the address before it sends any.
pub(super) async fn receive(
    State(shared): State<Arc<Shared>>,
    Path((tool, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> (StatusCode, HeaderMap) {
    let without = |status: StatusCode| (status, HeaderMap::new());
    let connection = format!("{tool}.{name}");
    let Some(door) = shared.live().doors.get(&connection).cloned() else { return without(StatusCode::NOT_FOUND) };
    let count = |result: &str| shared.core.metrics().hook(&connection, result);
    if !shared.hooks.lock().unwrap_or_else(PoisonError::into_inner).lets_in() {
        count("too_many");
        return without(StatusCode::TOO_MANY_REQUESTS);
    }
    let Ok(_place) = shared.bodies.try_acquire() else {
        count("too_many");
        return without(StatusCode::SERVICE_UNAVAILABLE);
    };
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        count("too_large");
        return without(StatusCode::PAYLOAD_TOO_LARGE);
    };
    // Reads the secret's file.
    let hooks = door.hooks.clone();
    let received = tokio::task::spawn_blocking(move || match hooks.greet(query.as_deref(), &headers) {
        Some(greeted) => greeted.map(Received::Greeting),
        None => hooks.receive(&headers, &body).map(Received::Hook),
    })
    .await;
    without(match received.unwrap_or(Err(HookRefused::Malformed)) {
        Ok(Received::Greeting(greeting)) => {
            count("greeted");
            return (StatusCode::OK, answer_to(&greeting));
        }
        Ok(Received::Hook(Delivery { id, wakes })) => {
            let new = match &id {
                Some(id) => shared.hooks.lock().unwrap_or_else(PoisonError::into_inner).is_new(id),
                None => true,
            };
            match (new, wakes.is_empty()) {
                (false, _) => count("again"),
                (true, true) => count("of_no_concern"),
                (true, false) => {
                    count("taken");
                    door.waker.wake(wakes);
                }
            }
            StatusCode::ACCEPTED
        }
        Err(HookRefused::Forged) => {
            count("forged");
            StatusCode::UNAUTHORIZED
        }
        Err(HookRefused::Malformed) => {
            count("malformed");
            StatusCode::BAD_REQUEST
        }
        Err(HookRefused::NoSecret) => {
            count("no_secret");
            tracing::warn!(connection, "hook.no_secret: it cannot be read at present");
            StatusCode::SERVICE_UNAVAILABLE
        }
    })
}

/// The headers of the answer to a greeting.
fn answer_to(greeting: &Greeting) -> HeaderMap {
    let value = |value: &str| {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    let headers = greeting.headers.iter();
    headers.filter_map(|(name, secret)| Some((name.parse().ok()?, value(secret.expose_secret())?))).collect()
}

#[cfg(test)]
mod memory_tests {
    use super::*;

    #[test]
    fn a_delivery_is_known_again_and_memory_has_an_end() {
        let mut memory = Memory::default();
        assert!(memory.is_new("d-0"));
        assert!(!memory.is_new("d-0"));
        for at in 1..=REMEMBERED {
            assert!(memory.is_new(&format!("d-{at}")));
        }
        assert_eq!((memory.seen.len(), memory.order.len()), (REMEMBERED, REMEMBERED));
        assert!(!memory.is_new("d-1") && memory.is_new("d-0"), "the oldest is forgotten first");
        let long = "x".repeat(LONGEST_ID + 1);
        assert!(memory.is_new(&long) && memory.is_new(&long), "what is no id of a tool is not kept");
    }

    #[test]
    fn a_flood_is_let_in_so_much_a_second() {
        let mut memory = Memory::default();
        assert_eq!((0..10_000).filter(|_| memory.lets_in()).count(), A_SECOND as usize);
    }
}
