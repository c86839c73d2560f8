//! A GitHub App: it says who it is by a short text signed with its private key, finds the installation of an owner, and is
//! given a token of that installation for an hour.
//!
//! The key is read from its source whenever something has to be signed, and never kept. One owner's token is renewed by one
//! call at a time; the others wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_kit::http::{Method, Response};
use connector_kit::secret::Secret;
use connector_kit::{ConnectorError, WriteError};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::access::{Deed, Lease};
use crate::address::moved_to;
use crate::answers::{UNTOLD_LIMIT, date, is_redirect, is_suspended, is_untold_limit, refusal, said};
use crate::{GitHub, TOOL, items};

/// The budget of what is asked as the App itself.
const APP: &str = "app";

/// A signed text says that it was made so long ago, in case GitHub's clock is behind ours.
const BEFORE: SignedDuration = SignedDuration::from_secs(60);

/// And that it holds so long; GitHub allows ten minutes.
const HOLDS: SignedDuration = SignedDuration::from_mins(9);

/// A clock that is less wrong than this cannot have been the reason for a refusal.
const LEAST_SKEW: SignedDuration = SignedDuration::from_secs(30);

/// A token is renewed so long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// A GitHub App's way in.
#[derive(Clone)]
pub struct AppKey {
    /// App id or client id, as the App's settings show it.
    pub app_id: String,
    /// Its private key, PEM (PKCS#1 or PKCS#8); read anew whenever something is signed.
    pub private_key: Secret,
    /// The installation. `None`: found by the owners of the selection.
    pub installation_id: Option<u64>,
}

/// The installation of one owner.
#[derive(Default)]
pub(crate) struct Slot {
    id: Option<u64>,
    token: Option<Token>,
}

struct Token {
    lease: Lease,
    /// By our clock.
    renew_at: Timestamp,
}

impl Slot {
    /// Takes this token away, if it is the one.
    pub(crate) fn forget(&mut self, bearer: &SecretString) {
        let is_it = |token: &mut Token| token.lease.bearer.expose_secret() == bearer.expose_secret();
        self.token.take_if(is_it);
    }
}

/// What is signed.
#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: Issuer,
}

/// Older servers want the App's id as a number; a client id is text.
#[derive(Serialize)]
#[serde(untagged)]
enum Issuer {
    Number(u64),
    Text(String),
}

/// The App, as it is told of itself.
#[derive(Deserialize)]
pub(crate) struct AboutApp {
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    account: Option<Owner>,
    suspended_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Owner {
    login: Option<String>,
}

/// A token as it is given. Its length and form are nobody's business.
#[derive(Deserialize)]
struct Given {
    token: SecretString,
    expires_at: Timestamp,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

impl AppKey {
    /// Says who we are, as of `now`.
    fn sign(&self, pem: &SecretString, now: Timestamp) -> Result<SecretString, ConnectorError> {
        let unusable = |_| {
            let what = "the App's private_key is no RSA key in PEM form, as the App's settings give it".to_owned();
            ConnectorError::Misconfigured { tool: TOOL, what }
        };
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).map_err(unusable)?;
        let (iat, exp) = (now.saturating_sub(BEFORE).unwrap_or(now), now.saturating_add(HOLDS).unwrap_or(now));
        let iss = self.app_id.parse().map_or_else(|_| Issuer::Text(self.app_id.clone()), Issuer::Number);
        let claims = Claims { iat: iat.as_second(), exp: exp.as_second(), iss };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map(SecretString::from).map_err(unusable)
    }
}

impl GitHub {
    /// A token of the owner's installation: the one at hand, or a new one.
    pub(crate) async fn installation_lease(&self, app: &AppKey, owner: &str) -> Result<Lease, ConnectorError> {
        let slot = self.access.slot(owner);
        let mut slot = slot.lock().await;
        if let Some(token) = slot.token.as_ref().filter(|token| self.clock.now() < token.renew_at) {
            return Ok(token.lease.clone());
        }
        slot.token = None;
        let known = slot.id;
        let id = match known {
            Some(id) => id,
            None => self.find_installation(app, owner).await?,
        };
        let mut response = self.ask_for_token(app, id).await?;
        if response.status == 404 && known.is_some() {
            // It was taken away, and perhaps made anew since.
            slot.id = None;
            let id = self.find_installation(app, owner).await?;
            response = self.ask_for_token(app, id).await?;
            slot.id = Some(id);
        } else {
            slot.id = Some(id);
        }
        let token = self.read_token(&response, owner)?;
        let lease = token.lease.clone();
        slot.token = Some(token);
        Ok(lease)
    }

    async fn ask_for_token(&self, app: &AppKey, installation: u64) -> Result<Response, ConnectorError> {
        self.ask_as_app(app, Method::POST, &format!("app/installations/{installation}/access_tokens")).await
    }

    fn read_token(&self, response: &Response, owner: &str) -> Result<Token, ConnectorError> {
        match response.status {
            201 | 200 => {}
            404 => {
                let what = format!("{owner}: the App's installation is gone; install it again");
                return Err(self.owner_trouble(owner, what));
            }
            _ if is_suspended(response) => return Err(self.owner_trouble(owner, suspended(owner, &said(response)))),
            _ => return Err(refusal(response, &format!("a token of the App's installation on {owner}"))),
        }
        let given: Given = items::single(&response.body, "a token of the App's installation")?;
        // The time it is given for, by the clock of whoever gave it; and no matter what it says, once an hour.
        let there = date(response).unwrap_or(response.asked_at);
        let lives = given.expires_at.duration_since(there).min(SignedDuration::from_hours(1));
        let renew_at = response.asked_at.saturating_add(lives - MARGIN).unwrap_or(response.asked_at);
        let lease =
            Lease { bearer: given.token, made_at: Some(self.clock.now()), granted: Arc::new(given.permissions) };
        Ok(Token { lease, renew_at })
    }

    /// The installation of an owner, however it can be found.
    async fn find_installation(&self, app: &AppKey, owner: &str) -> Result<u64, ConnectorError> {
        if let Some(id) = app.installation_id {
            return Ok(id);
        }
        let named = self.repos.iter().find(|wanted| wanted.name.is_some() && wanted.owner.eq_ignore_ascii_case(owner));
        let mut ways = vec![format!("orgs/{owner}/installation"), format!("users/{owner}/installation")];
        ways.extend(named.map(|wanted| format!("repos/{wanted}/installation")));
        for way in ways {
            let mut response = self.ask_as_app(app, Method::GET, &way).await?;
            if is_redirect(response.status)
                && let Some((id, _)) = response.header("location").and_then(moved_to)
            {
                response = self.ask_as_app(app, Method::GET, &format!("repositories/{id}/installation")).await?;
            }
            match response.status {
                200 => return self.usable(items::single(&response.body, &way)?, owner),
                404 | 410 | 451 => {}
                status if is_redirect(status) => {}
                _ => return Err(refusal(&response, &way)),
            }
        }
        self.find_among_all(app, owner).await
    }

    /// The only installation there is, if it is the owner's; else whom the App is installed for.
    async fn find_among_all(&self, app: &AppKey, owner: &str) -> Result<u64, ConnectorError> {
        let response = self.ask_as_app(app, Method::GET, "app/installations").await?;
        if response.status != 200 {
            return Err(refusal(&response, "the App's installations"));
        }
        let all = items::list::<Installation>(&response.body, "the App's installations")?.read;
        let login = |one: &Installation| one.account.as_ref().and_then(|account| account.login.clone());
        let is_owners = |one: &Installation| login(one).is_none_or(|login| login.eq_ignore_ascii_case(owner));
        if all.len() == 1 && is_owners(&all[0]) {
            let mut all = all;
            return self.usable(all.remove(0), owner);
        }
        let logins: Vec<String> = all.iter().filter_map(login).collect();
        let whom = if logins.is_empty() { "nobody yet".to_owned() } else { logins.join(", ") };
        Err(self.owner_trouble(owner, format!("{owner}: the App is installed for {whom}; install it for {owner}")))
    }

    fn usable(&self, installation: Installation, owner: &str) -> Result<u64, ConnectorError> {
        match installation.suspended_at {
            Some(_) => Err(self.owner_trouble(owner, suspended(owner, ""))),
            None => Ok(installation.id),
        }
    }

    /// What is wrong with one owner's installation concerns the whole connection only where the selection has no other
    /// owner. An owner of a project alone is none of the selection's.
    pub(crate) fn owner_trouble(&self, owner: &str, what: String) -> ConnectorError {
        match self.access.owners.as_slice() {
            [only] if only.eq_ignore_ascii_case(owner) => ConnectorError::Unauthorized { tool: TOOL, what },
            _ => ConnectorError::Forbidden { tool: TOOL, what },
        }
    }

    /// Asks as the App itself. Any status but 401 and limits.
    ///
    /// A refusal may be due to our clock: then once more by GitHub's.
    pub(crate) async fn ask_as_app(
        &self,
        app: &AppKey,
        method: Method,
        path: &str,
    ) -> Result<Response, ConnectorError> {
        let mut ahead = SignedDuration::ZERO;
        loop {
            let now = self.clock.now();
            let pem = self.access.private_key()?;
            let signed = app.sign(&pem, now.saturating_add(ahead).unwrap_or(now))?;
            let request = GitHub::plain_request(method.clone(), path.to_owned(), APP).bearer(signed);
            let answer = match method {
                Method::GET => self.http.read(request).await,
                _ => self.http.write(request).await.map_err(of_write),
            };
            match (answer, self.skew()) {
                (Err(ConnectorError::Unauthorized { .. }), Some(skew))
                    if ahead.is_zero() && skew.abs() >= LEAST_SKEW =>
                {
                    ahead = skew;
                }
                (Err(ConnectorError::Unauthorized { .. }), _) => {
                    self.access.note_refused(Deed::Read, Some(&pem));
                    let what = format!(
                        "the App {}: GitHub does not accept its private_key; compare app_id, and make a new key if need be (HTTP 401)",
                        app.app_id
                    );
                    return Err(ConnectorError::Unauthorized { tool: TOOL, what });
                }
                (answer, _) => {
                    let response = answer?;
                    self.access.note_refused(Deed::Read, None);
                    if is_untold_limit(&response) {
                        self.limits.hold(APP, UNTOLD_LIMIT);
                        return Err(refusal(&response, path));
                    }
                    return Ok(response);
                }
            }
        }
    }
}

/// Words for an installation that was suspended; `said` is what GitHub says.
pub(crate) fn suspended(owner: &str, said: &str) -> String {
    format!("{owner}: the App's installation is suspended{said}; an owner of {owner} can lift that in its settings")
}

/// A token that was asked for in vain can be asked for again: nothing but the token would have been made.
fn of_write(error: WriteError) -> ConnectorError {
    match error {
        WriteError::NotSent { retry_after: Some(retry_after), because } => {
            ConnectorError::Limited { tool: TOOL, what: because, retry_after }
        }
        WriteError::NotSent { retry_after: None, because } | WriteError::Unsure { because } => {
            ConnectorError::Transient { tool: TOOL, what: because, retry_after: None, source: None }
        }
        WriteError::Unauthorized { because } => ConnectorError::Unauthorized { tool: TOOL, what: because },
        WriteError::Refused { because } | WriteError::Gone { because } | WriteError::Unheard { because, .. } => {
            ConnectorError::Misconfigured { tool: TOOL, what: because }
        }
    }
}
