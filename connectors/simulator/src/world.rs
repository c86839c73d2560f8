//! What all simulated tools share: the time, the log of requests, the planned faults, and each tool's own state.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::faults::Plan;
use crate::github::Hub;
use crate::jira::Site;
use crate::slack::Workspace;
use crate::trello::Store;

/// Requests kept in the log; the oldest fall out.
const LOG_KEPT: usize = 100_000;

/// Which simulated tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// GitHub's REST API.
    Github,
    /// Slack's Web API.
    Slack,
    /// Jira's REST APIs, in both editions.
    Jira,
    /// Trello's REST API.
    Trello,
}

/// One request that reached a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// When, in the simulated world.
    pub at: Timestamp,
    /// Which tool it was meant for.
    pub tool: Tool,
    /// `GET`, `POST` …
    pub method: String,
    /// Path as sent, with the tool's base path.
    pub path: String,
    /// Query as sent; empty if there is none.
    pub query: String,
    /// Whether an `Authorization` header came with it. Its value is never kept.
    pub authorization_present: bool,
    /// Status of the answer. `None`: none was given (reset, hang), or it is still being made.
    pub status: Option<u16>,
}

/// One request that reached the foreign host, where nothing of ours should ever arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignHit {
    /// When, in the simulated world.
    pub at: Timestamp,
    /// Method and path with query: `GET /stolen?page=2`.
    pub request: String,
    /// True: a credential leaked.
    pub authorization_present: bool,
}

/// One request and its whole answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Which tool it was meant for.
    pub tool: Tool,
    /// `GET`, `POST` …
    pub method: String,
    /// Path as sent, with the tool's base path.
    pub path: String,
    /// Query as sent; empty if there is none.
    pub query: String,
    /// Body of the request.
    pub sent: bytes::Bytes,
    /// Status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub answer: bytes::Bytes,
}

#[derive(Debug, Default)]
struct Log {
    first: u64,
    kept: VecDeque<Logged>,
}

/// Everything behind the wire.
pub(crate) struct World {
    now: Now,
    log: Mutex<Log>,
    foreign: Mutex<Vec<ForeignHit>>,
    faults: Mutex<Plan>,
    github: Mutex<Hub>,
    slack: Mutex<Workspace>,
    jira: Mutex<Site>,
    trello: Mutex<Store>,
    after: Mutex<Option<Meddler>>,
    listener: Mutex<Option<Listener>>,
}

/// Hears each exchange that ended with a whole answer.
pub(crate) type Listener = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// Called after each answer of a tool was made, before it is sent.
pub(crate) type Meddler = Arc<dyn Fn(Tool) + Send + Sync>;

impl World {
    pub(crate) fn new(now: Now, hub: Hub, workspace: Workspace, site: Site) -> World {
        World {
            now,
            log: Mutex::default(),
            foreign: Mutex::default(),
            faults: Mutex::default(),
            github: Mutex::new(hub),
            slack: Mutex::new(workspace),
            jira: Mutex::new(site),
            trello: Mutex::new(Store::new()),
            after: Mutex::default(),
            listener: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    pub(crate) fn hub(&self) -> MutexGuard<'_, Hub> {
        lock(&self.github)
    }

    pub(crate) fn workspace(&self) -> MutexGuard<'_, Workspace> {
        lock(&self.slack)
    }

    pub(crate) fn site(&self) -> MutexGuard<'_, Site> {
        lock(&self.jira)
    }

    pub(crate) fn trello(&self) -> MutexGuard<'_, Store> {
        lock(&self.trello)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Plan> {
        lock(&self.faults)
    }

    /// Whom to call after each answer. `None`: nobody.
    pub(crate) fn meddle(&self, after: Option<Meddler>) {
        *lock(&self.after) = after;
    }

    /// Who hears each exchange.
    pub(crate) fn listen(&self, listener: Listener) {
        *lock(&self.listener) = Some(listener);
    }

    /// Says an exchange to whoever listens.
    pub(crate) fn heard(&self, exchange: impl FnOnce() -> Exchange) {
        let listener = lock(&self.listener).clone();
        if let Some(listener) = listener {
            listener(&exchange());
        }
    }

    /// An answer was made.
    pub(crate) fn answered(&self, tool: Tool) {
        let after = lock(&self.after).clone();
        if let Some(after) = after {
            after(tool);
        }
    }

    /// Notes a request; the number is for [`World::note_status`].
    pub(crate) fn note(&self, request: Logged) -> u64 {
        let mut log = lock(&self.log);
        if log.kept.len() == LOG_KEPT {
            log.kept.pop_front();
            log.first += 1;
        }
        log.kept.push_back(request);
        log.first + log.kept.len() as u64 - 1
    }

    pub(crate) fn note_status(&self, number: u64, status: u16) {
        let mut log = lock(&self.log);
        let at = number.checked_sub(log.first).and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| log.kept.get_mut(at)) {
            entry.status = Some(status);
        }
    }

    pub(crate) fn requests(&self) -> Vec<Logged> {
        lock(&self.log).kept.iter().cloned().collect()
    }

    pub(crate) fn forget_requests(&self) {
        let mut log = lock(&self.log);
        log.first += log.kept.len() as u64;
        log.kept.clear();
    }

    pub(crate) fn note_foreign(&self, hit: ForeignHit) {
        lock(&self.foreign).push(hit);
    }

    pub(crate) fn foreign_hits(&self) -> Vec<ForeignHit> {
        lock(&self.foreign).clone()
    }
}

/// A panic in a test must not hide behind a second one about the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
