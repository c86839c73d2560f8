//! What a connector can tell before anything is watched, and of itself: for `init` and `doctor`. Nothing here writes, and
//! nothing goes into the store.

use connector_model::Account;
use futures_util::future::BoxFuture;

use crate::ConnectorError;

/// A container that a credential lets us see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    /// What the configuration calls it: `acme/web`.
    pub name: String,
    /// Open items, as the tool counts them; pull requests may be among them.
    pub open: u64,
    /// Why watching it would be of no use. `None`: it can be watched.
    pub unfit: Option<&'static str>,
}

/// Everything that a credential lets us see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// The containers, most recently used first.
    pub containers: Vec<Visible>,
    /// Why there may be more. `None`: that is all.
    pub partial: Option<String>,
}

/// Looks around in a tracker, for the first configuration.
pub trait Survey: Send + Sync {
    /// What could be watched.
    fn visible(&self) -> BoxFuture<'_, Result<Sight, ConnectorError>>;

    /// Who has open work in a container now, most of it first; people only.
    fn assignees<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<Account>, ConnectorError>>;

    /// The words that may say a state there: labels.
    fn labels<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<String>, ConnectorError>>;

    /// An account with everything that the tool shows of it. `None`: there is none of this name.
    fn profile<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<Option<Account>, ConnectorError>>;
}

/// Somebody in a notifier's workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The notifier's own id.
    pub id: String,
    /// What they are called there.
    pub names: Vec<String>,
}

/// Tells who is there, for the first configuration.
pub trait Members: Send + Sync {
    /// Everybody, as far as the tool lets us list them; no bots, nobody deactivated.
    fn members(&self) -> BoxFuture<'_, Result<Vec<Member>, ConnectorError>>;
}

/// How a finding is to be taken; a later one is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, and should be known.
    Warning,
    /// A service does not answer, or does not show what is asked for.
    Unavailable,
    /// A limit is used up; it passes.
    Limited,
    /// The credential is refused, or lacks what is needed.
    Refused,
    /// The configuration cannot work as it is.
    Misconfigured,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub verdict: Verdict,
    /// What was found: one line, no secret, no title, nobody's words.
    pub what: String,
    /// What to do about it. `None`: nothing.
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(what: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Good, what: what.into(), todo: None }
    }

    /// Works, and should be known.
    pub fn warning(what: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Warning, what: what.into(), todo: Some(todo.into()) }
    }

    /// Does not work.
    pub fn problem(verdict: Verdict, what: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { verdict, what: what.into(), todo: Some(todo.into()) }
    }

    /// A question that failed.
    pub fn failed(error: &ConnectorError) -> Finding {
        let (verdict, todo) = match error {
            ConnectorError::Transient { .. } => {
                (Verdict::Unavailable, "look whether the address, the network and the proxy are right; then wait")
            }
            ConnectorError::Limited { .. } => (Verdict::Limited, "wait; gapwatch does so by itself"),
            ConnectorError::Unauthorized { .. } => {
                (Verdict::Refused, "make a new token with the permissions that README.md names, and put it in place")
            }
            ConnectorError::Forbidden { .. } => {
                (Verdict::Refused, "give the token the permission that is named, for this repository or project")
            }
            ConnectorError::NotVisible { .. } => {
                (Verdict::Unavailable, "look for a wrong name, and whether the token was granted it")
            }
            ConnectorError::Malformed { .. } => (
                Verdict::Unavailable,
                "look whether `url` is the address of the API and nothing in between answers for it",
            ),
            ConnectorError::Misconfigured { .. } => (Verdict::Misconfigured, "correct the configuration"),
        };
        Finding::problem(verdict, error.to_string(), todo)
    }
}

/// Looks at itself, for `doctor`.
pub trait Examine: Send + Sync {
    /// Everything worth knowing of the credential and of these parts (repositories, channels). Reads only.
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>>;

    /// What the configuration calls states and fields, and nothing in any of these parts is called so; warnings alone. Reads
    /// only, and nothing where it names none.
    fn misnamed<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Result<Vec<Finding>, ConnectorError>> {
        let _ = parts;
        Box::pin(async { Ok(Vec::new()) })
    }
}
