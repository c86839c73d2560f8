//! GraphQL: what GitHub tells only there, or elsewhere only one issue at a time.
//!
//! A call is a read, whatever its verb. The answer is 200 even where it failed: [`classify`] says what its `errors` mean.
//! What an error leaves out of an answer is unknown, never empty. A server, or a feature of it, that is not there is
//! remembered for a day; what else is in the way of one owner, for that owner alone and until it may be gone. Meanwhile the
//! REST way is taken.

mod error;
mod links;
mod projects;
mod timeline;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::http::{Body, Method, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::access::Deed;
use crate::answers::{UNTOLD_LIMIT, is_untold_limit, refusal};
use crate::{CORE, GitHub, TOOL, call, walk};
pub(crate) use error::Trouble;
use error::{Fault, classify};
pub(crate) use links::{Asked, Long};
pub use projects::{Fields, Project, Statuses};
use wire::{Envelope, Limit, RateLimit};

/// The budget of every call, counted in points apart from REST.
pub(crate) const GRAPHQL: &str = "graphql";

/// Something that is not there is asked for again after so long.
const ABSENT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Something that failed, whatever was tried, is left alone for so long.
const FAILED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The most ids GitHub takes in one call.
pub(crate) const MOST_IDS: u32 = 100;

/// So many things one after the other that fail each alone are no longer their own fault.
const MOST_PASSED_OVER: u32 = 3;

/// One operation of ours.
pub(crate) struct Operation {
    /// Its name in the document.
    name: &'static str,
    document: &'static str,
}

/// What is asked by GraphQL where it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feature {
    /// Parents, children and blockers of many issues at once.
    Links,
    /// History that the list of events does not tell, with the links.
    History,
    /// Projects and their items.
    Projects,
}

/// Where GraphQL is, and what is known not to be there.
pub(crate) struct Graph {
    /// All but the last segment of the address.
    base: Url,
    /// The last segment.
    path: String,
    state: Mutex<State>,
}

/// A feature as it is to be had for one lower-case owner; what was granted may differ from one to the next.
type Of = (String, Feature);

#[derive(Default)]
struct State {
    /// What no owner has.
    away: BTreeMap<Feature, Timestamp>,
    away_for: BTreeMap<Of, Timestamp>,
    /// How many things are asked for at once, where that had to be less than usual.
    batches: BTreeMap<Of, u32>,
    /// How many things failed alone since the last answer.
    passed_over: BTreeMap<Of, u32>,
}

fn of(owner: &str, feature: Feature) -> Of {
    (owner.to_ascii_lowercase(), feature)
}

impl Graph {
    /// At the configured address; else at what belongs to the API base: `https://HOST/api/graphql` beside
    /// `https://HOST/api/v3`, else `graphql` below the base.
    pub(crate) fn new(api: &Url, configured: Option<&Url>) -> Graph {
        let mut base = configured.unwrap_or(api).clone();
        let path = base.path().trim_end_matches('/').to_owned();
        let (above, last) = match configured {
            Some(_) => path.rsplit_once('/').unwrap_or(("", "")),
            None => (path.strip_suffix("/v3").unwrap_or(&path), "graphql"),
        };
        base.set_path(above);
        Graph { base, path: last.to_owned(), state: Mutex::default() }
    }

    /// The address below which it lies.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// False while something is known not to be there, whoever asks.
    pub(crate) fn has(&self, feature: Feature, now: Timestamp) -> bool {
        self.state().away.get(&feature).is_none_or(|until| *until <= now)
    }

    /// False while something is known not to be had for this owner.
    pub(crate) fn has_for(&self, owner: &str, feature: Feature, now: Timestamp) -> bool {
        let is_there = |until: Option<&Timestamp>| until.is_none_or(|until| *until <= now);
        let state = self.state();
        is_there(state.away.get(&feature)) && is_there(state.away_for.get(&of(owner, feature)))
    }

    /// How many things to ask for at once.
    pub(crate) fn batch(&self, owner: &str, feature: Feature) -> u32 {
        self.state().batches.get(&of(owner, feature)).copied().unwrap_or(MOST_IDS)
    }

    /// That was too much at once: half of it next time. False: it cannot be less.
    fn halve(&self, owner: &str, feature: Feature, asked: u32) -> bool {
        self.state().batches.insert(of(owner, feature), (asked / 2).max(1));
        asked > 1
    }

    /// Another pass begins, and tries a little more again.
    fn recover(&self, owner: &str, feature: Feature) {
        let mut state = self.state();
        if let Some(batch) = state.batches.get_mut(&of(owner, feature)) {
            *batch = batch.saturating_mul(2).min(MOST_IDS);
        }
    }

    /// One thing fails even alone. False: so did those before it, and it is not to be passed over any more.
    fn pass_over(&self, owner: &str, feature: Feature) -> bool {
        let mut state = self.state();
        let key = of(owner, feature);
        let count = state.passed_over.entry(key.clone()).or_default();
        *count += 1;
        let may = *count <= MOST_PASSED_OVER;
        if !may {
            state.passed_over.remove(&key);
        }
        may
    }

    /// Something was answered. If things were passed over, it was they that were too much, not how many were asked for.
    fn note_answer(&self, owner: &str, feature: Feature) {
        let mut state = self.state();
        let key = of(owner, feature);
        if state.passed_over.remove(&key).is_some() {
            state.batches.remove(&key);
        }
    }

    /// Remembers that a feature is not to be had for now: for anybody, where it is not there; else for this owner.
    fn note_away(&self, owner: &str, feature: Feature, trouble: &Trouble, now: Timestamp) {
        let (wait, is_for_all) = match trouble {
            Trouble::Absent(_) | Trouble::Unknown(_) => (ABSENT_FOR, true),
            Trouble::Limited(wait) => (*wait, false),
            Trouble::Heavy(_) | Trouble::Down(_) | Trouble::Refused(_) => (FAILED_FOR, false),
        };
        let until = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let mut state = self.state();
        match is_for_all {
            true => state.away.insert(feature, until),
            false => state.away_for.insert(of(owner, feature), until),
        };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer with data in it, perhaps not with all that was asked for.
pub(crate) struct Told<T> {
    pub(crate) data: T,
    /// What is missing in it.
    faults: Vec<Fault>,
    pub(crate) asked_at: Timestamp,
}

impl<T> Told<T> {
    /// False where an error stands for this place, for something in it, or for something it is part of.
    fn is_told(&self, path: &[&str]) -> bool {
        !self.faults.iter().any(|fault| fault.is_about(path))
    }
}

impl GitHub {
    /// One call of one operation, with what was granted for `owner`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        owner: &str,
        operation: &Operation,
        variables: &impl Serialize,
    ) -> Result<Told<T>, Trouble> {
        #[derive(Serialize)]
        struct Question<'a, V> {
            query: &'a str,
            #[serde(rename = "operationName")]
            name: &'a str,
            variables: &'a V,
        }
        let question = Question { query: operation.document, name: operation.name, variables };
        let body = call::json(&question).unwrap_or_default();
        let core = self.budget(owner, CORE);
        let budget = core.replacen(CORE, GRAPHQL, 1);
        // Points are counted apart, but whoever was asked to wait (`held_with`) is to leave both alone.
        if let Some(until) = self.limits.until(&core) {
            return Err(Trouble::Limited(until.duration_since(self.clock.now())));
        }
        let build = || {
            let mut request = GitHub::plain_request(Method::POST, self.graph.path.clone(), &budget);
            request.base = Some(self.graph.base.clone());
            request.held_with = Some(core.clone());
            request.body = Body::Json(body.clone());
            request
        };
        let response = self.read_as(owner, Deed::Read, build).await.map_err(Trouble::of)?;
        if is_untold_limit(&response) {
            self.limits.hold(&core, UNTOLD_LIMIT);
            return Err(self.limited(&budget, UNTOLD_LIMIT));
        }
        self.understand(&response, operation.name, &budget)
    }

    fn understand<T: DeserializeOwned>(
        &self,
        response: &Response,
        what: &str,
        budget: &str,
    ) -> Result<Told<T>, Trouble> {
        match response.status {
            200 => {}
            // A proxy that lets REST alone through, a server without it, or with it switched off.
            404 | 405 | 501 => return Err(Trouble::Absent(format!("HTTP {}", response.status))),
            _ => return Err(Trouble::of(refusal(response, what))),
        }
        let envelope: Envelope = response.json(TOOL, what).map_err(Trouble::Down)?;
        let rate = envelope.data.as_deref().and_then(|data| serde_json::from_str::<Limit>(data.get()).ok());
        let rate = rate.and_then(|limit| limit.rate_limit);
        let now = crate::answers::date(response).unwrap_or(response.asked_at);
        let faults = envelope.errors.unwrap_or_default();
        if let Some(trouble) = classify(&faults, envelope.data.is_some()) {
            return Err(match trouble {
                Trouble::Limited(_) => self.limited(budget, told_wait(response, rate.as_ref(), now)),
                other => other,
            });
        }
        if let Some(rate) = rate {
            self.heed(&rate, budget, now);
        }
        let malformed = |source: Option<connector_kit::error::BoxError>| {
            let what = format!("{what}: an answer in another shape");
            Trouble::Down(ConnectorError::Malformed { tool: TOOL, what, source })
        };
        let data = envelope.data.ok_or_else(|| malformed(None))?;
        let data = serde_json::from_str(data.get()).map_err(|error| malformed(Some(error.into())))?;
        Ok(Told { data, faults, asked_at: response.asked_at })
    }

    /// Nothing more is asked until then.
    fn limited(&self, budget: &str, wait: SignedDuration) -> Trouble {
        self.limits.hold(budget, wait);
        Trouble::Limited(wait)
    }

    /// A server may tell what is left in the answer alone, without headers.
    fn heed(&self, rate: &RateLimit, budget: &str, now: Timestamp) {
        if let (Some(remaining), Some(reset_at)) = (rate.remaining, rate.reset_at)
            && remaining < rate.cost.unwrap_or(1).max(1)
        {
            let wait = reset_at.duration_since(now);
            if wait.is_positive() {
                self.limits.hold(budget, wait);
            }
        }
    }
}

/// What a limit told with status 200 asks for: until the reset, where one is named; else a minute.
fn told_wait(response: &Response, rate: Option<&RateLimit>, now: Timestamp) -> SignedDuration {
    let reset = response.header("x-ratelimit-reset").and_then(|text| text.trim().parse().ok());
    let reset = reset.and_then(|secs| Timestamp::from_second(secs).ok()).or_else(|| rate?.reset_at);
    let wait = reset.map(|at| at.duration_since(now)).filter(SignedDuration::is_positive);
    wait.map_or(UNTOLD_LIMIT, |wait| wait.saturating_add(SignedDuration::from_secs(1)))
}

/// Where a pass by GraphQL stands, or began; history is asked from a little before the last one on.
fn history_since(known: Option<Timestamp>) -> Option<Timestamp> {
    const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
    known.map(|known| walk::earlier(known, OVERLAP))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_address_follows_from_the_api_base_or_is_the_configured_one() {
        let at = |api: &str, configured: Option<&str>| {
            let configured: Option<Url> = configured.map(|url| url.parse().unwrap());
            let graph = Graph::new(&api.parse().unwrap(), configured.as_ref());
            format!("{}{}{}", graph.base, if graph.base.path().ends_with('/') { "" } else { "/" }, graph.path)
        };
        assert_eq!(at("https://api.github.com", None), "https://api.github.com/graphql");
        assert_eq!(at("https://ghe.example/api/v3/", None), "https://ghe.example/api/graphql");
        assert_eq!(at("https://api.acme.ghe.com", None), "https://api.acme.ghe.com/graphql");
        assert_eq!(at("http://127.0.0.1:9/github", None), "http://127.0.0.1:9/github/graphql");
        let own = Some("https://proxy.example/x/gql");
        assert_eq!(at("https://api.github.com", own), "https://proxy.example/x/gql");
    }

    #[test]
    fn what_is_away_comes_back_after_its_time() {
        let graph = Graph::new(&"https://api.github.com".parse().unwrap(), None);
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let later = |hours| now + SignedDuration::from_hours(hours);
        graph.note_away("acme", Feature::Links, &Trouble::Absent("HTTP 404".to_owned()), now);
        assert!(!graph.has(Feature::Links, later(23)) && graph.has(Feature::Links, later(24)));
        assert!(!graph.has_for("umbrella", Feature::Links, now), "what is not there is there for nobody");
        assert!(graph.has(Feature::Projects, now));
        assert!(graph.halve("acme", Feature::Links, 100) && graph.batch("Acme", Feature::Links) == 50);
        assert_eq!(graph.batch("umbrella", Feature::Links), 100);
        graph.recover("acme", Feature::Links);
        assert_eq!(graph.batch("acme", Feature::Links), 100);
        assert!(!graph.halve("acme", Feature::Links, 1));
    }

    #[test]
    fn what_fails_for_one_owner_is_there_for_the_others() {
        let graph = Graph::new(&"https://api.github.com".parse().unwrap(), None);
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let forbidden = ConnectorError::Forbidden { tool: TOOL, what: "links".to_owned() };
        graph.note_away("Acme", Feature::Links, &Trouble::Down(forbidden), now);
        assert!(!graph.has_for("acme", Feature::Links, now) && graph.has_for("umbrella", Feature::Links, now));
        assert!(graph.has(Feature::Links, now));
        assert!(graph.has_for("acme", Feature::Links, now + SignedDuration::from_hours(1)));
    }

    #[test]
    fn a_few_things_are_passed_over_and_then_it_is_not_their_fault() {
        let graph = Graph::new(&"https://api.github.com".parse().unwrap(), None);
        let pass_over = || graph.pass_over("acme", Feature::Links);
        graph.halve("acme", Feature::Links, 2);
        assert!(pass_over() && pass_over());
        assert_eq!(graph.batch("acme", Feature::Links), 1, "not before something is answered");
        graph.note_answer("acme", Feature::Links);
        assert_eq!(graph.batch("acme", Feature::Links), MOST_IDS);
        assert!(pass_over() && pass_over() && pass_over() && !pass_over());
    }
}
