//! The budgets of one credential: when each resource of a tool may be asked again, and how fast.
//!
//! A resource is what the tool counts apart: `core`, `graphql`, `chat.postMessage`. A name may carry a part of its own
//! behind a colon (`core:comment`, `chat.postMessage:C1`): such a request counts for its family, the part before the
//! colon, and for itself. What a tool refuses or announces holds for the family; a pace can be set for either.
//!
//! Three things hold a request back: a *gate* (the tool said wait), the *set pace* (what we know of the tool, [`Limits::set_pace`])
//! and the *told pace* (what is left of a budget that runs short, spread over the time to its reset). Waits up to
//! [`LONGEST_SLEEP`] are slept; a longer one is told to the caller, who writes it down and comes back.
//!
//! Accepted: budgets live in memory, so a restarted program may meet a limit it had been told of; the tool tells it again.

mod headers;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use crate::Clock;
pub use headers::LONGEST_WAIT;
use headers::Told;
pub(crate) use headers::{date as told_date, is_limit, retry_after as told_wait};
use pace::Pacer;

/// The longest a call sleeps here; a longer wait is the caller's ([`Wait`]).
pub const LONGEST_SLEEP: SignedDuration = SignedDuration::from_secs(60);

/// The wait where a tool refuses without a word on how long; doubled with each further refusal.
const UNTOLD_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// The most that doubling makes of it.
const UNTOLD_WAIT_MOST: SignedDuration = SignedDuration::from_hours(1);

/// A request that has to wait longer than [`LONGEST_SLEEP`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long from now.
    pub retry_after: SignedDuration,
    /// Which budget, for people: `the budget "core"`.
    pub what: String,
}

/// The budgets of one credential. Shared by everything that uses it.
pub struct Limits {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    paces: Vec<SetPace>,
    budgets: HashMap<String, Arc<Budget>>,
}

/// A pace for resources that begin so.
struct SetPace {
    prefix: String,
    every: SignedDuration,
    burst: u32,
}

/// What is known of one resource, or of one family.
struct Budget {
    name: String,
    set: Option<Pacer>,
    told: arc_swap::ArcSwapOption<Pacer>,
    gate: Mutex<Gate>,
    /// What the tool last said is left. `None`: it never said.
    left: Mutex<Option<u64>>,
}

#[derive(Clone, Copy, Default)]
struct Gate {
    not_before: Option<Timestamp>,
    /// Refusals in a row without a told wait.
    strikes: u32,
}

impl Limits {
    /// Budgets nothing is known of yet: nothing is held back.
    pub fn new(clock: Arc<dyn Clock>) -> Limits {
        Limits { clock, state: Mutex::default() }
    }

    /// [`Limits::set_pace`], while building.
    pub fn with_pace(self, prefix: &str, every: SignedDuration, burst: u32) -> Limits {
        self.set_pace(prefix, every, burst);
        self
    }

    /// One request `every` so long, up to `burst` of them at once (at least 1), for each resource whose name begins with
    /// `prefix`, each counted apart; where several prefixes fit, the longest counts. `chat.postMessage:` paces each channel,
    /// `chat.postMessage` all of them together. Call it before the first request: a budget already in use keeps its pace.
    pub fn set_pace(&self, prefix: &str, every: SignedDuration, burst: u32) {
        let mut state = self.state();
        state.paces.retain(|pace| pace.prefix != prefix);
        state.paces.push(SetPace { prefix: prefix.to_owned(), every, burst });
    }

    /// Returns when a request on `resource` may be sent, and counts it as sent.
    ///
    /// Fails, without counting, where that is more than [`LONGEST_SLEEP`] away. Dropping the future gives up the place;
    /// at worst a request is counted that is not sent.
    pub async fn acquire(&self, resource: &str) -> Result<(), Wait> {
        let mut turn = Turn::new(self.budgets_of(resource));
        let latest = later(self.clock.now(), LONGEST_SLEEP);
        loop {
            let now = self.clock.now();
            let Some((at, name)) = turn.held_until(now) else { return Ok(()) };
            if at > latest {
                return Err(Wait { retry_after: at.duration_since(now), what: format!("the budget \"{name}\"") });
            }
            self.clock.sleep_until(at).await;
        }
    }

    /// Learns from an answer on `resource`, received at `now`.
    pub fn note(&self, resource: &str, status: u16, headers: &HeaderMap, now: Timestamp) {
        let family = self.budget(family_of(resource));
        match headers::told(status, headers, now) {
            Told::Refused { wait } if headers::is_of_endpoint(headers) => self.budget(resource).refuse(wait, now),
            Told::Refused { wait } => family.refuse(wait, now),
            Told::Left { calls, reset_in, short } => {
                family.forgive();
                *family.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(calls);
                family.pace_by(calls, reset_in, short, now, &self.clock);
            }
            Told::Nothing if status < 400 => family.forgive(),
            Told::Nothing => {}
        }
    }

    /// Asks nothing of `resource` (not of its family) for so long; for limits a tool tells in a body. Never shortens a wait.
    pub fn hold(&self, resource: &str, wait: SignedDuration) {
        self.budget(resource).hold_until(later(self.clock.now(), wait.min(LONGEST_WAIT)));
    }

    /// What the tool last said is left of each budget, by name; budgets it never spoke of are left out.
    pub fn remaining(&self) -> Vec<(String, u64)> {
        let state = self.state();
        let left = |budget: &Arc<Budget>| *budget.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(String, u64)> =
            state.budgets.iter().filter_map(|(name, budget)| Some((name.clone(), left(budget)?))).collect();
        all.sort();
        all
    }

    /// Until when the tool wants nothing asked of `resource`. `None`: it may be asked now, as far as told.
    pub fn until(&self, resource: &str) -> Option<Timestamp> {
        let now = self.clock.now();
        let state = self.state();
        let own = state.budgets.get(resource).and_then(|budget| budget.closed_until(now));
        let family = state.budgets.get(family_of(resource)).and_then(|budget| budget.closed_until(now));
        own.max(family)
    }

    /// The resource itself and, where that is a part of one, its family: last, so that its count is true when it is sent.
    fn budgets_of(&self, resource: &str) -> Vec<Arc<Budget>> {
        let family = family_of(resource);
        let mut budgets = vec![self.budget(resource)];
        if family != resource {
            budgets.push(self.budget(family));
        }
        budgets
    }

    fn budget(&self, name: &str) -> Arc<Budget> {
        let mut state = self.state();
        if let Some(budget) = state.budgets.get(name) {
            return budget.clone();
        }
        let budget = Arc::new(Budget::new(name, state.pacer_for(name, &self.clock)));
        state.budgets.insert(name.to_owned(), budget.clone());
        budget
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pacer_for(&self, name: &str, clock: &Arc<dyn Clock>) -> Option<Pacer> {
        let fits = self.paces.iter().filter(|pace| name.starts_with(&pace.prefix));
        let pace = fits.max_by_key(|pace| pace.prefix.len())?;
        Some(Pacer::new(pace.every, pace.burst, clock.clone()))
    }
}

impl Budget {
    fn new(name: &str, set: Option<Pacer>) -> Budget {
        Budget {
            name: name.to_owned(),
            set,
            told: arc_swap::ArcSwapOption::empty(),
            gate: Mutex::default(),
            left: Mutex::default(),
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A gate farther off than any tool can have put it stems from a clock that ran back: it is taken down.
    fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let mut gate = self.gate();
        if gate.not_before.is_some_and(|at| at <= now || at > later(now, LONGEST_WAIT)) {
            gate.not_before = None;
        }
        gate.not_before
    }

    fn hold_until(&self, at: Timestamp) {
        let mut gate = self.gate();
        gate.not_before = gate.not_before.max(Some(at));
    }

    /// Several requests under way at once may be refused together; without a told wait that counts as one refusal.
    fn refuse(&self, wait: Option<SignedDuration>, now: Timestamp) {
        if wait.is_none() && self.closed_until(now).is_some() {
            return;
        }
        let wait = wait.unwrap_or_else(|| self.strike());
        self.hold_until(later(now, wait));
    }

    /// How long to wait where nothing is told: 1, 2, 4 … minutes.
    fn strike(&self) -> SignedDuration {
        let mut gate = self.gate();
        let wait = UNTOLD_WAIT.saturating_mul(1 << gate.strikes.min(10));
        gate.strikes = gate.strikes.saturating_add(1);
        wait.min(UNTOLD_WAIT_MOST)
    }

    fn forgive(&self) {
        self.gate().strikes = 0;
    }

    /// Spreads what is left until the reset once it runs short; closes the gate where nothing is left.
    fn pace_by(&self, calls: u64, reset_in: SignedDuration, short: bool, now: Timestamp, clock: &Arc<dyn Clock>) {
        if calls == 0 {
            self.hold_until(later(now, reset_in));
        }
        let Ok(left) = i32::try_from(calls) else { return self.told.store(None) };
        let pacer = (short && left > 0).then(|| {
            let pacer = Pacer::new(reset_in / left, 1, clock.clone());
            pacer.take(now); // the request just answered was the first of them
            Arc::new(pacer)
        });
        self.told.store(pacer);
    }
}

/// One request's way through its budgets: each is asked in turn, and one that has let it pass is not asked again.
struct Turn {
    budgets: Vec<Arc<Budget>>,
    passed: Vec<Passed>,
}

#[derive(Clone, Copy, Default)]
struct Passed {
    set: bool,
    told: bool,
}

impl Turn {
    fn new(budgets: Vec<Arc<Budget>>) -> Turn {
        let passed = vec![Passed::default(); budgets.len()];
        Turn { budgets, passed }
    }

    /// When to try again, and whose word that is. `None`: go. Gates first: they take nothing.
    fn held_until(&mut self, now: Timestamp) -> Option<(Timestamp, &str)> {
        let closed = |budget: &Arc<Budget>| budget.closed_until(now);
        let gate = self.budgets.iter().enumerate().filter_map(|(i, budget)| Some((closed(budget)?, i))).max();
        if let Some((at, i)) = gate {
            return Some((at, &self.budgets[i].name));
        }
        for (budget, passed) in self.budgets.iter().zip(&mut self.passed) {
            if let Some(at) = passed.held_until(budget, now) {
                return Some((at, &budget.name));
            }
        }
        None
    }
}

impl Passed {
    fn held_until(&mut self, budget: &Budget, now: Timestamp) -> Option<Timestamp> {
        if !self.told {
            if let Some(at) = budget.told.load().as_ref().and_then(|pacer| pacer.take(now)) {
                return Some(at);
            }
            self.told = true;
        }
        if !self.set {
            if let Some(at) = budget.set.as_ref().and_then(|pacer| pacer.take(now)) {
                return Some(at);
            }
            self.set = true;
        }
        None
    }
}

fn family_of(resource: &str) -> &str {
    resource.split_once(':').map_or(resource, |(family, _)| family)
}

/// `at + by`, held within what a timestamp can hold.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
