//! How a call logs in and where it goes: the site itself, or for a scoped token of Cloud the gateway.
//!
//! The secret is read anew for each call. After a 401 a call is made once more where that can help: with the secret that
//! has been put in place of the refused one, or through the gateway. A password of a server that counts failed logins is
//! not shown to it again before it was changed or an hour has passed, whoever asks: three failures lock the account.

use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::http::Request;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::TOOL;
use crate::config::Login;

/// So long a refused password is kept back. A little less than the hour after which a refused connection is tried again.
const KEPT_BACK: SignedDuration = SignedDuration::from_mins(55);

/// Where calls go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// `None`: the site.
    pub(crate) base: Option<Url>,
    /// In front of every path: `ex/jira/CLOUD_ID/`.
    pub(crate) prefix: String,
}

impl Route {
    /// A tenant behind the gateway at `base`.
    pub(crate) fn behind(base: &Url, cloud_id: &str) -> Route {
        Route { base: Some(base.clone()), prefix: format!("ex/jira/{cloud_id}/") }
    }
}

/// The credential, and what is known of it.
pub(crate) struct Access {
    login: Login,
    /// Where a tenant is looked for when its site refuses the token. `None`: nowhere.
    pub(crate) gateway: Option<Url>,
    /// The route that was given or found. `None`: the site, as far as is known.
    route: Mutex<Route>,
    refused: Mutex<Option<Refused>>,
}

/// A secret that was refused.
struct Refused {
    secret: SecretString,
    /// Not to be shown to the server before this.
    not_before: Option<Timestamp>,
    because: String,
}

impl Access {
    pub(crate) fn new(login: Login, given: Option<Url>, gateway: Option<Url>) -> Access {
        let gateway = gateway.filter(|_| given.is_none());
        let route = Route { base: given, prefix: String::new() };
        Access { login, gateway, route: Mutex::new(route), refused: Mutex::default() }
    }

    /// Whether a user name goes with the secret.
    pub(crate) fn has_user(&self) -> bool {
        self.login.user.is_some()
    }

    /// The secret as it is now. One that cannot be read (its file is being exchanged) counts as refused, so that it is tried
    /// again as soon as it is there.
    pub(crate) fn secret(&self, now: Timestamp) -> Result<SecretString, ConnectorError> {
        let unauthorized = |what| ConnectorError::Unauthorized { tool: TOOL, what };
        let secret = self.login.token.read().map_err(|what| {
            self.refuse(&SecretString::from(""), None, &what);
            unauthorized(what)
        })?;
        if let Some(refused) = &*lock(&self.refused)
            && refused.secret.expose_secret() == secret.expose_secret()
            && refused.not_before.is_some_and(|at| now < at)
        {
            let because = &refused.because;
            return Err(unauthorized(format!("{because}; it is not tried again for an hour, unless it is changed")));
        }
        Ok(secret)
    }

    /// The request, logged in.
    pub(crate) fn sign(&self, request: Request, secret: SecretString) -> Request {
        match &self.login.user {
            Some(user) => request.basic(user, secret),
            None => request.bearer(secret),
        }
    }

    pub(crate) fn route(&self) -> Route {
        lock(&self.route).clone()
    }

    /// Whether the gateway is worth a try: calls go to the site.
    pub(crate) fn may_be_behind(&self) -> Option<&Url> {
        self.gateway.as_ref().filter(|_| lock(&self.route).base.is_none())
    }

    pub(crate) fn take(&self, route: Route) {
        *lock(&self.route) = route;
    }

    /// Notes a refused secret. `keep_back_from`: the server counts failed logins, so it is shown to it no more for a while.
    pub(crate) fn refuse(&self, secret: &SecretString, keep_back_from: Option<Timestamp>, because: &str) {
        let not_before = keep_back_from.map(|now| now.saturating_add(KEPT_BACK).unwrap_or(Timestamp::MAX));
        *lock(&self.refused) = Some(Refused { secret: secret.clone(), not_before, because: because.to_owned() });
    }

    /// What was refused is good again.
    pub(crate) fn note_good(&self) {
        lock(&self.refused).take();
    }

    /// Whether another secret stands where a refused one stood.
    pub(crate) fn is_renewed(&self) -> bool {
        let Some(refused) = lock(&self.refused).as_ref().map(|refused| refused.secret.clone()) else { return false };
        self.login.token.read().is_ok_and(|now| now.expose_secret() != refused.expose_secret())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
