//! Who we are, and what the operator should know of the credential.

use std::sync::{MutexGuard, PoisonError};

use connector_kit::http::{Method, Request, Response};
use connector_kit::{ConnectorError, Whoami};
use connector_model::{Account, AccountKind, SiteKey};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use crate::access::{Deed, Lease};
use crate::answers::{ends_at, refusal};
use crate::app::{AboutApp, AppKey};
use crate::call::Query;
use crate::edition::Feature;
use crate::wire::User;
use crate::{CORE, GitHub, TOOL, items, normalise};

/// A token that ends within this time is announced.
const EXPIRY_NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Who writes, and what there is to say about it.
type Told = (Option<Account>, Vec<String>);

impl GitHub {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let (account, mut warnings) = match self.access.app() {
            Some(app) => self.ask_app(app).await?,
            None => self.ask_tokens().await?,
        };
        *self.own() = Some(account.as_ref().map(|account| account.ext.clone()));
        let features = self.features().await?;
        if let Some(version) = &features.version {
            let lacking: Vec<&str> = features.lacking().map(Feature::words).collect();
            if !lacking.is_empty() {
                warnings.push(format!("Enterprise Server {version} has no {}", lacking.join(", ")));
            }
        }
        let site = SiteKey { tool: TOOL.to_owned(), origin: self.origin.clone(), tenant: String::new() };
        Ok(Whoami { site, account, warnings })
    }

    /// Id of the account we write as; asked once, and again with each whoami. `None`: GitHub does not tell.
    pub(crate) async fn own_account(&self) -> Result<Option<String>, ConnectorError> {
        if let Some(known) = self.own().clone() {
            return Ok(known);
        }
        let account = match self.access.app() {
            Some(app) => self.bot_of(&self.about_app(app).await?).await?,
            None => self.ask_account(Deed::Write).await?.0,
        };
        let own = account.map(|account| account.ext);
        self.own().clone_from(&Some(own.clone()));
        Ok(own)
    }

    fn own(&self) -> MutexGuard<'_, Option<Option<String>>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token that writes, and the one that reads where that is another.
    async fn ask_tokens(&self) -> Result<Told, ConnectorError> {
        let (account, response) = self.ask_account(Deed::Write).await?;
        let mut warnings = self.warnings_of(&response, Deed::Write).await?;
        if self.access.writes_as_another() {
            warnings = warnings.into_iter().map(|warning| format!("comment_token: {warning}")).collect();
            let (_, response) = self.ask_account(Deed::Read).await?;
            warnings.extend(self.warnings_of(&response, Deed::Read).await?);
        }
        Ok((account, warnings))
    }

    /// A token that stands for no user is told nothing of itself; then any answer at all shows that it is alive.
    async fn ask_account(&self, deed: Deed) -> Result<(Option<Account>, Response), ConnectorError> {
        let response = self.ask_plainly("user", deed).await?;
        match response.status {
            200 => {
                let account = normalise::account(&items::single::<User<'_>>(&response.body, "user")?);
                Ok((Some(account), response))
            }
            403 | 404 => Ok((None, self.ask_whether_alive(deed).await?)),
            _ => Err(refusal(&response, "user")),
        }
    }

    /// An Enterprise Server without limits answers 404. What is refused here concerns the credential as a whole.
    async fn ask_whether_alive(&self, deed: Deed) -> Result<Response, ConnectorError> {
        let response = self.ask_plainly("rate_limit", deed).await?;
        if matches!(response.status, 200 | 404) {
            return Ok(response);
        }
        Err(match refusal(&response, "rate_limit") {
            ConnectorError::Forbidden { tool, what } => ConnectorError::Unauthorized { tool, what },
            other => other,
        })
    }

    async fn ask_plainly(&self, path: &'static str, deed: Deed) -> Result<Response, ConnectorError> {
        let build = || -> Request { GitHub::plain_request(Method::GET, path.to_owned(), CORE) };
        self.read_as(self.any_owner(), deed, build).await
    }

    async fn warnings_of(&self, response: &Response, deed: Deed) -> Result<Vec<String>, ConnectorError> {
        let is_classic = self.lease(self.any_owner(), deed).await?.bearer.expose_secret().starts_with("ghp_");
        let mut found = warnings(response, self.clock.now());
        found.extend(about_scopes(response.header("x-oauth-scopes"), is_classic));
        Ok(found)
    }

    /// The App, its account, and what each owner has granted it.
    async fn ask_app(&self, app: &AppKey) -> Result<Told, ConnectorError> {
        let about = self.about_app(app).await?;
        let (mut warnings, mut trouble) = (Vec::new(), Vec::new());
        for owner in &self.access.owners {
            match self.lease(owner, Deed::Read).await {
                Ok(lease) => warnings.extend(about_grants(owner, &lease)),
                Err(ConnectorError::Forbidden { what, .. }) => trouble.push(what),
                Err(error) => return Err(error),
            }
        }
        if !trouble.is_empty() && trouble.len() == self.access.owners.len() {
            return Err(ConnectorError::Unauthorized { tool: TOOL, what: trouble.join("; ") });
        }
        warnings.extend(trouble);
        Ok((self.bot_of(&about).await?, warnings))
    }

    async fn about_app(&self, app: &AppKey) -> Result<AboutApp, ConnectorError> {
        let response = self.ask_as_app(app, Method::GET, "app").await?;
        match response.status {
            200 => {}
            404 => {
                let what = format!("GitHub knows no App {} with this private_key; compare app_id", app.app_id);
                return Err(ConnectorError::Unauthorized { tool: TOOL, what });
            }
            _ => return Err(refusal(&response, "the App")),
        }
        items::single(&response.body, "the App")
    }

    /// The account an App's comments stand under: `slug[bot]`. `None`: GitHub does not show it.
    async fn bot_of(&self, about: &AboutApp) -> Result<Option<Account>, ConnectorError> {
        let Some(slug) = about.slug.as_deref().filter(|slug| is_slug(slug)) else { return Ok(None) };
        let mut seen = None;
        for owner in &self.access.owners {
            match self.get(owner, format!("users/{slug}%5Bbot%5D"), Query::new(), None).await {
                Ok(response) => {
                    seen = Some(response);
                    break;
                }
                Err(ConnectorError::Forbidden { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let Some(response) = seen.filter(|response| response.status == 200) else { return Ok(None) };
        let mut account = normalise::account(&items::single::<User<'_>>(&response.body, "the App's account")?);
        account.kind = AccountKind::Bot;
        account.name = account.name.or_else(|| about.name.clone());
        Ok(Some(account))
    }
}

/// Safe in a path.
fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// What an installation's token lacks.
fn about_grants(owner: &str, lease: &Lease) -> Vec<String> {
    let granted = |name: &str| lease.granted.get(name).map(String::as_str);
    if lease.granted.is_empty() {
        return Vec::new(); // not told
    }
    let mut lacking = Vec::new();
    match granted("issues") {
        Some("write" | "admin") => {}
        Some(_) => lacking.push("Issues is read alone: comments need Issues: read and write"),
        None => lacking.push("the permission Issues is missing: no issue can be read"),
    }
    if granted("organization_projects").is_none() {
        lacking.push("without the permission Projects (organisation): read, what stands in Projects is not read");
    }
    lacking.into_iter().map(|lacking| format!("{owner}: {lacking}")).collect()
}

/// What a classic token's scopes do not cover. A fine-grained one tells none.
fn about_scopes(told: Option<&str>, is_classic: bool) -> Vec<String> {
    let scopes: Vec<&str> = told.unwrap_or("").split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
    let has = |wanted: &[&str]| scopes.iter().any(|scope| wanted.contains(scope));
    if scopes.is_empty() {
        let nothing = told.is_some() && is_classic;
        return nothing
            .then(|| "the token has no scope at all: it sees public repositories alone, and cannot comment".to_owned())
            .into_iter()
            .collect();
    }
    let mut found = Vec::new();
    if !has(&["repo", "public_repo"]) {
        found.push(format!("the token has neither scope repo nor public_repo, only {}", scopes.join(", ")));
    }
    if !has(&["project", "read:project"]) {
        found.push("the token has no scope read:project: what stands in Projects is not read".to_owned());
    }
    found
}

fn warnings(response: &Response, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(ends_at) = ends_at(response) {
        let left = ends_at.duration_since(now);
        let days = left.as_hours() / 24;
        match () {
            () if !left.is_positive() => warnings.push(format!("the token ended at {ends_at}: make a new one")),
            () if left < EXPIRY_NOTICE => {
                warnings.push(format!("the token ends at {ends_at}, in {days} days: make a new one"));
            }
            () => {}
        }
    }
    if let Some(end) = response.header("sunset") {
        warnings.push(format!("GitHub ends this version of its API at {end}: update gapwatch"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_judged_only_where_a_token_has_them() {
        assert_eq!(about_scopes(None, true), [""; 0]);
        assert_eq!(about_scopes(Some(""), false), [""; 0], "a fine-grained token");
        assert_eq!(about_scopes(Some("repo, read:project"), true), [""; 0]);
        assert!(about_scopes(Some(""), true)[0].contains("no scope at all"));
        let lacking = about_scopes(Some("read:org"), true);
        assert!(lacking[0].contains("only read:org") && lacking[1].contains("read:project"), "{lacking:?}");
        assert_eq!(about_scopes(Some("public_repo,project"), true), [""; 0]);
    }
}
