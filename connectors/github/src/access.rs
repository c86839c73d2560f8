//! Under which credential a call is made: a token, read anew for each call, or the token of a GitHub App's installation, one
//! for each owner, renewed before it ends.
//!
//! After a 401 a call is made once more where that can help: with the token that has been put in place of the refused one,
//! or with a new token of the installation; a token that is seconds old is given a moment first, because not every server
//! of GitHub knows it yet. A write is repeated so as well: a 401 says that nothing was done.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_kit::secret::Secret;
use connector_kit::{Clock, ConnectorError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::app::{AppKey, Slot};
use crate::{GitHub, TOOL};

/// A token younger than this may not be known everywhere yet.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// What a fresh token that is refused is given, one after the other.
const PATIENCE: [SignedDuration; 2] = [SignedDuration::from_secs(1), SignedDuration::from_secs(2)];

/// What a connection logs in with.
#[derive(Clone)]
pub enum Credential {
    /// A personal access token, classic or fine-grained.
    Token {
        /// Reads, and writes unless there is a token for that.
        token: Secret,
        /// Writes comments, so that reading and writing can be two accounts. `None`: `token` does.
        comment_token: Option<Secret>,
    },
    /// A GitHub App, through its installations.
    App(AppKey),
}

/// What a call does; it decides which credential it is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Read,
    Write,
}

/// The credentials of a connection, and what is known of them.
pub(crate) struct Access {
    pub(crate) credential: Credential,
    /// Lower-case owners of the selection, each once.
    pub(crate) owners: Vec<String>,
    /// The installation of each owner.
    slots: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>,
    /// What was refused last, by what it is for; one that is for everything stands with reading.
    refused: Mutex<BTreeMap<Deed, SecretString>>,
    /// When the token ends, as the last answer told.
    ends_at: Mutex<Option<Timestamp>>,
}

/// A credential as one call carries it.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(crate) bearer: SecretString,
    /// When an installation's token was made. `None`: it is no such token.
    pub(crate) made_at: Option<Timestamp>,
    /// What the installation was granted.
    pub(crate) granted: Arc<BTreeMap<String, String>>,
}

/// What a call has already been given after a 401.
#[derive(Default)]
pub(crate) struct Tried {
    pauses: usize,
    renewed: bool,
}

impl Access {
    pub(crate) fn new(credential: Credential, owners: Vec<String>) -> Access {
        Access { credential, owners, slots: Mutex::default(), refused: Mutex::default(), ends_at: Mutex::default() }
    }

    /// The app, where it is one.
    pub(crate) fn app(&self) -> Option<&AppKey> {
        match &self.credential {
            Credential::App(app) => Some(app),
            Credential::Token { .. } => None,
        }
    }

    /// Whether each owner has a budget of its own.
    pub(crate) fn has_budgets_of_owners(&self) -> bool {
        self.app().is_some() && self.owners.len() > 1
    }

    /// Whether comments are written by another account than issues are read by.
    pub(crate) fn writes_as_another(&self) -> bool {
        matches!(&self.credential, Credential::Token { comment_token: Some(_), .. })
    }

    /// The secret behind a deed, as it is now. One that cannot be read (its file is being exchanged) counts as refused, so
    /// that it is tried again as soon as it is there.
    fn secret(&self, deed: Deed) -> Result<SecretString, ConnectorError> {
        let secret = match (&self.credential, deed) {
            (Credential::Token { comment_token: Some(token), .. }, Deed::Write)
            | (Credential::Token { token, .. }, _) => token,
            (Credential::App(app), _) => &app.private_key,
        };
        secret.read().map_err(|what| {
            self.note_refused(deed, Some(&SecretString::from("")));
            ConnectorError::Unauthorized { tool: TOOL, what }
        })
    }

    /// The App's private key, as it is now.
    pub(crate) fn private_key(&self) -> Result<SecretString, ConnectorError> {
        self.secret(Deed::Read)
    }

    /// One for each owner; one for all where the installation is given.
    pub(crate) fn slot(&self, owner: &str) -> Arc<tokio::sync::Mutex<Slot>> {
        let fixed = self.app().is_some_and(|app| app.installation_id.is_some());
        let owner = if fixed { String::new() } else { owner.to_ascii_lowercase() };
        lock(&self.slots).entry(owner).or_default().clone()
    }

    /// Whether another secret stands where a refused one stood. Of one that only writes it is told once: nothing may have to
    /// be written for long.
    pub(crate) fn is_renewed(&self) -> bool {
        let refused = lock(&self.refused).clone();
        let is_another = |deed: Deed| {
            let refused = refused.get(&deed)?;
            Some(self.secret(deed).is_ok_and(|now| now.expose_secret() != refused.expose_secret()))
        };
        let (reads, writes) = (is_another(Deed::Read) == Some(true), is_another(Deed::Write) == Some(true));
        if writes {
            self.note_refused(Deed::Write, None);
        }
        reads || writes
    }

    /// Notes what was refused; `None`: what was refused is good again.
    pub(crate) fn note_refused(&self, deed: Deed, secret: Option<&SecretString>) {
        let deed = if self.writes_as_another() { deed } else { Deed::Read };
        let mut refused = lock(&self.refused);
        match secret {
            Some(secret) => drop(refused.insert(deed, secret.clone())),
            None => drop(refused.remove(&deed)),
        }
    }

    /// Notes when the token that reads ends. `None`: never, as far as it is told.
    pub(crate) fn note_end(&self, ends_at: Option<Timestamp>) {
        *lock(&self.ends_at) = ends_at;
    }

    /// Why a token was refused, as far as we know. GitHub does not say.
    fn words(&self, now: Timestamp) -> String {
        match *lock(&self.ends_at) {
            Some(ends_at) if ends_at <= now => format!("the token ended at {ends_at}; make a new one (HTTP 401)"),
            _ => "the token is wrong, revoked or has ended (HTTP 401)".to_owned(),
        }
    }
}

impl GitHub {
    /// The credential for a call below `owner`.
    pub(crate) async fn lease(&self, owner: &str, deed: Deed) -> Result<Lease, ConnectorError> {
        if let Some(app) = self.access.app() {
            return self.installation_lease(app, owner).await;
        }
        let bearer = self.access.secret(deed)?;
        Ok(Lease { bearer, made_at: None, granted: Arc::default() })
    }

    /// With what a call that was refused may be made again. Fails where nothing is left to be tried.
    pub(crate) async fn lease_again(
        &self,
        owner: &str,
        deed: Deed,
        refused: Lease,
        tried: &mut Tried,
    ) -> Result<Lease, ConnectorError> {
        if let Some(made_at) = refused.made_at {
            let age = self.clock.now().duration_since(made_at);
            if let Some(pause) = PATIENCE.get(tried.pauses).filter(|_| age <= FRESH) {
                tried.pauses += 1;
                sleep(&*self.clock, *pause).await;
                return Ok(refused);
            }
            if !std::mem::replace(&mut tried.renewed, true) {
                self.forget_token(owner, &refused).await;
                return self.lease(owner, deed).await;
            }
            let what = format!("a new token of the App's installation on {owner} (HTTP 401)");
            return Err(ConnectorError::Unauthorized { tool: TOOL, what });
        }
        let now = self.lease(owner, deed).await?;
        let is_another = now.bearer.expose_secret() != refused.bearer.expose_secret();
        if is_another && !std::mem::replace(&mut tried.renewed, true) {
            return Ok(now);
        }
        self.access.note_refused(deed, Some(&now.bearer));
        let what = self.access.words(self.there_now());
        Err(ConnectorError::Unauthorized { tool: TOOL, what })
    }

    /// Takes a refused token away, unless another call has already done so.
    pub(crate) async fn forget_token(&self, owner: &str, refused: &Lease) {
        let slot = self.access.slot(owner);
        let mut slot = slot.lock().await;
        slot.forget(&refused.bearer);
    }

    /// What time it is at GitHub, as far as is known.
    pub(crate) fn there_now(&self) -> Timestamp {
        let now = self.clock.now();
        self.skew().and_then(|skew| now.checked_add(skew).ok()).unwrap_or(now)
    }
}

async fn sleep(clock: &dyn Clock, pause: SignedDuration) {
    let until = clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
    clock.sleep_until(until).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
