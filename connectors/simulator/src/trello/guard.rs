//! Who is let in, and how often.
//!
//! Key and token stand in the header `Authorization: OAuth oauth_consumer_key="K", oauth_token="T"`, in the query, or in
//! the body. There is no word about what is left of a limit unless [`super::Trello::limit_headers`] asks for it.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::store::Store;
use super::text;
use crate::reply::Reply;
use crate::server::Asked;
use crate::text::pairs;

/// Requests of a key, and of a token, in ten seconds.
const KEY_LIMIT: usize = 300;
const TOKEN_LIMIT: usize = 100;
const WINDOW: i64 = 10;
/// Seconds over which requests about members are counted.
const MEMBER_WINDOW: i64 = 900;
/// Refusals of a key in ten seconds above which nothing of it is answered for the rest of them.
const REFUSALS: usize = 200;

/// As whom a request runs.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) key: String,
    pub(super) token: String,
    /// Member's id.
    pub(super) member: String,
    pub(super) write: bool,
}

/// Key and token as they were shown.
#[derive(Default)]
struct Shown {
    key: Option<String>,
    token: Option<String>,
}

fn shown(asked: &Asked) -> Shown {
    let mut shown = Shown::default();
    if let Some(rest) = asked.header("authorization").and_then(|value| value.trim().strip_prefix("OAuth ")) {
        for part in rest.split(',') {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = super::decoded(value.trim().trim_matches('"'));
            match name.trim() {
                "oauth_consumer_key" => shown.key = Some(value),
                "oauth_token" => shown.token = Some(value),
                _ => {}
            }
        }
    } else if let Some(token) = asked.token() {
        // The newer way, which this site knows no token of.
        return Shown { key: Some(String::new()), token: Some(token.to_owned()) };
    }
    let in_body = super::body_fields(asked);
    for (name, value) in pairs(asked.query.as_bytes()).into_iter().chain(in_body) {
        match name.as_str() {
            "key" => shown.key = shown.key.or(Some(value)),
            "token" => shown.token = shown.token.or(Some(value)),
            _ => {}
        }
    }
    shown.key = shown.key.filter(|key| !key.is_empty());
    shown.token = shown.token.filter(|token| !token.is_empty());
    shown
}

impl Store {
    /// As whom it runs; `Err` is the refusal.
    pub(super) fn admit(&self, asked: &Asked, now: Timestamp) -> Result<Who, Reply> {
        let shown = shown(asked);
        let Some(key) = shown.key else { return Err(text(401, "invalid key")) };
        let credentials = &self.settings.credentials;
        if !credentials.is_empty() && credentials.iter().all(|one| one.key != key) {
            // A token of the newer kind is shown without a key.
            return Err(text(401, if key.is_empty() { "invalid token" } else { "invalid key" }));
        }
        let Some(token) = shown.token else { return Err(text(401, "unauthorized permission requested")) };
        if credentials.is_empty() {
            return Ok(Who { key, token, member: self.settings.default_member.clone(), write: true });
        }
        let found = credentials.iter().find(|one| one.key == key && one.token == token && !one.revoked);
        let Some(found) = found else { return Err(text(401, "invalid token")) };
        if found.expires_at.is_some_and(|at| at <= now) {
            return Err(text(401, "expired token"));
        }
        Ok(Who { key, token, member: found.member.clone(), write: found.write })
    }

    /// Counts a request; `Err` is the refusal of one too many.
    pub(super) fn count(&mut self, who: &Who, path: &str, now: Timestamp) -> Result<(), Reply> {
        if !self.settings.limits {
            return Ok(());
        }
        let locked = lately(&mut self.counts.refusals, &who.key, WINDOW, now) > REFUSALS;
        let refusal = if locked || lately(&mut self.counts.keys, &who.key, WINDOW, now) >= KEY_LIMIT {
            Some(limited("API_KEY_LIMIT_EXCEEDED", "Rate limit exceeded"))
        } else if lately(&mut self.counts.tokens, &who.token, WINDOW, now) >= TOKEN_LIMIT {
            Some(limited("API_TOKEN_LIMIT_EXCEEDED", "Rate limit exceeded"))
        } else if is_about_members(path)
            && lately(&mut self.counts.members, &who.token, MEMBER_WINDOW, now) >= self.settings.member_limit
        {
            Some(limited("RATE_LIMIT_EXCEEDED", "Exceeded rate limit to /1/member…"))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            if !locked {
                push(&mut self.counts.refusals, &who.key, now);
            }
            return Err(refusal);
        }
        push(&mut self.counts.keys, &who.key, now);
        push(&mut self.counts.tokens, &who.token, now);
        if is_about_members(path) {
            push(&mut self.counts.members, &who.token, now);
        }
        Ok(())
    }

    /// Adds what every answer carries.
    pub(super) fn finish(&self, reply: Reply, who: Option<&Who>, now: Timestamp) -> Reply {
        let reply = reply
            .or_with("x-trello-environment", "Production")
            .or_with("x-trello-version", "1.3212.0")
            .or_with("x-server-time", now.as_millisecond())
            .or_with("cache-control", "max-age=0, must-revalidate, no-cache, no-store");
        let Some(who) = who.filter(|_| self.settings.limit_headers) else { return reply };
        let used =
            |counts: &HashMap<String, VecDeque<Timestamp>>, name: &str| counts.get(name).map_or(0, VecDeque::len);
        reply
            .with("x-rate-limit-api-key-interval-ms", WINDOW * 1_000)
            .with("x-rate-limit-api-key-max", KEY_LIMIT)
            .with("x-rate-limit-api-key-remaining", KEY_LIMIT.saturating_sub(used(&self.counts.keys, &who.key)))
            .with("x-rate-limit-api-token-interval-ms", WINDOW * 1_000)
            .with("x-rate-limit-api-token-max", TOKEN_LIMIT)
            .with("x-rate-limit-api-token-remaining", TOKEN_LIMIT.saturating_sub(used(&self.counts.tokens, &who.token)))
    }
}

fn is_about_members(path: &str) -> bool {
    path == "/members" || path.starts_with("/members/")
}

fn limited(error: &str, message: &str) -> Reply {
    Reply::json(429, &json!({ "error": error, "message": message }))
}

/// How many there were in the last so many seconds.
fn lately(counts: &mut HashMap<String, VecDeque<Timestamp>>, name: &str, secs: i64, now: Timestamp) -> usize {
    let Some(times) = counts.get_mut(name) else { return 0 };
    while times.front().is_some_and(|at| now.duration_since(*at) >= SignedDuration::from_secs(secs)) {
        times.pop_front();
    }
    times.len()
}

fn push(counts: &mut HashMap<String, VecDeque<Timestamp>>, name: &str, now: Timestamp) {
    counts.entry(name.to_owned()).or_default().push_back(now);
}
