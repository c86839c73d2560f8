//! Whose token it is, and what the operator should know of it.

use std::sync::{MutexGuard, PoisonError};

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Whoami};
use connector_model::{Account, SiteKey};
use jiff::{SignedDuration, Timestamp};

use crate::answers::refusal;
use crate::call::Query;
use crate::wire::User;
use crate::{GitHub, TOOL, items, normalise};

/// A token that ends within this time is announced.
const EXPIRY_NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

impl GitHub {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let (account, response) = self.ask_account().await?;
        let tenant = String::new();
        let site = SiteKey { tool: TOOL.to_owned(), origin: self.origin.clone(), tenant };
        Ok(Whoami { site, account, warnings: warnings(&response, self.clock.now()) })
    }

    /// Id of the account we write as; asked once, and again with each whoami. `None`: GitHub does not tell, as with an installation's token.
    pub(crate) async fn own_account(&self) -> Result<Option<String>, ConnectorError> {
        if let Some(known) = self.own().clone() {
            return Ok(known);
        }
        let (account, _) = self.ask_account().await?;
        Ok(account.map(|account| account.ext))
    }

    fn own(&self) -> MutexGuard<'_, Option<Option<String>>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that stands for no user is told nothing of itself; then any answer at all shows that it is alive.
    async fn ask_account(&self) -> Result<(Option<Account>, Response), ConnectorError> {
        let response = self.get("user".to_owned(), Query::new(), None).await?;
        let (account, response) = match response.status {
            200 => (Some(normalise::account(&items::single::<User<'_>>(&response.body, "user")?)), response),
            403 | 404 => (None, self.ask_whether_alive().await?),
            _ => return Err(refusal(&response, "user")),
        };
        *self.own() = Some(account.as_ref().map(|account| account.ext.clone()));
        Ok((account, response))
    }

    /// An Enterprise Server without limits answers 404.
    async fn ask_whether_alive(&self) -> Result<Response, ConnectorError> {
        let response = self.get("rate_limit".to_owned(), Query::new(), None).await?;
        if matches!(response.status, 200 | 404) { Ok(response) } else { Err(refusal(&response, "rate_limit")) }
    }
}

fn warnings(response: &Response, now: Timestamp) -> Vec<String> {
    let header = |name| response.header(name);
    let mut warnings = Vec::new();
    if let Some(ends_at) = header("github-authentication-token-expiration").and_then(expiry) {
        let left = ends_at.duration_since(now);
        if left < EXPIRY_NOTICE {
            let days = left.as_hours().max(0) / 24;
            warnings.push(format!("the token ends at {ends_at}, in {days} days: make a new one"));
        }
    }
    let reads_issues = |scopes: &str| scopes.split(',').any(|scope| matches!(scope.trim(), "repo" | "public_repo"));
    let scopes = header("x-oauth-scopes").filter(|scopes| !scopes.trim().is_empty());
    if let Some(scopes) = scopes.filter(|scopes| !reads_issues(scopes)) {
        warnings.push(format!("the token has neither scope repo nor public_repo, only {scopes}"));
    }
    if let Some(end) = header("sunset") {
        warnings.push(format!("GitHub ends this version of its API at {end}: update gapwatch"));
    }
    warnings
}

/// `2026-07-02 09:51:24 UTC` or `2024-08-28 16:30:05 +0200`
fn expiry(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace("UTC", "+0000");
    Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_expiry_is_read_in_both_forms() {
        assert_eq!(expiry("2026-07-02 09:51:24 UTC"), Some("2026-07-02T09:51:24Z".parse().unwrap()));
        assert_eq!(expiry("2024-08-28 16:30:05 +0200"), Some("2024-08-28T14:30:05Z".parse().unwrap()));
        assert_eq!(expiry("2023-06-14 15:09:46 -0700"), Some("2023-06-14T22:09:46Z".parse().unwrap()));
        assert_eq!(expiry("soon"), None);
    }
}
