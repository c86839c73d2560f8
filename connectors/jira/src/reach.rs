//! Whom a mention on an issue reaches: whoever is active and may see it. Jira takes a mention of anybody, and tells those
//! others nothing.

use std::collections::BTreeSet;

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Text};
use connector_model::{Account, AccountKind};
use serde_json::Value;

use crate::call::Query;
use crate::config::Edition;
use crate::discover::account_of;
use crate::{Jira, TOOL};

/// Accounts a page of a search: names are found by their beginning on Data Center.
const MOST_FOUND: usize = 100;

/// Whether somebody may see an issue, as far as Jira tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Seen,
    NotSeen,
    NotTold,
}

impl Jira {
    /// Who of those mentioned does not hear of a comment on this issue, and why. Where that is not told, they count as
    /// reached: to look people up is a right of its own.
    pub(crate) async fn unreached(&self, key: &str, text: &Text) -> Result<(Vec<String>, String), ConnectorError> {
        let mut missed: Vec<String> = Vec::new();
        let mut why: BTreeSet<&str> = BTreeSet::new();
        for who in text.mentions() {
            if let Some(because) = self.why_unreached(key, who).await? {
                missed.push(who.to_owned());
                why.insert(because);
            }
        }
        Ok((missed, Vec::from_iter(why).join("; ")))
    }

    async fn why_unreached(&self, key: &str, who: &str) -> Result<Option<&'static str>, ConnectorError> {
        let sight = self.sight_of(key, who).await?;
        if sight == Sight::Seen {
            return Ok(None);
        }
        let by = self.account_query(who).await?;
        if let Some(response) = told(self.get("user", vec![by]).await)?
            && self.accounts_in(&response).await?.iter().any(|one| one.kind == AccountKind::Gone)
        {
            return Ok(Some("their account is deactivated"));
        }
        if sight == Sight::NotTold {
            return Ok(None);
        }
        // Whoever may not look people up is shown nobody: our own account surely sees what it has just read.
        let own = self.own_account().await?;
        let own = own.handle.unwrap_or(own.ext);
        let is_told = self.sight_of(key, &own).await? == Sight::Seen;
        Ok(is_told.then_some("their account may not see the issue"))
    }

    async fn sight_of(&self, key: &str, who: &str) -> Result<Sight, ConnectorError> {
        let by = self.account_query(who).await?;
        let query: Query = vec![("issueKey", key.to_owned()), by, ("maxResults", MOST_FOUND.to_string())];
        let Some(response) = told(self.get("user/viewissue/search", query).await)? else { return Ok(Sight::NotTold) };
        let Ok(Value::Array(_)) = response.json::<Value>(TOOL, "people who see an issue") else {
            return Ok(Sight::NotTold);
        };
        let found = self.accounts_in(&response).await?;
        let is_it = |one: &&Account| one.ext == who || one.handle.as_deref() == Some(who);
        Ok(match found.iter().find(is_it) {
            Some(one) if one.kind != AccountKind::Gone => Sight::Seen,
            _ => Sight::NotSeen,
        })
    }

    async fn account_query(&self, who: &str) -> Result<(&'static str, String), ConnectorError> {
        let by = match self.edition().await? {
            Edition::Cloud => "accountId",
            Edition::DataCenter => "username",
        };
        Ok((by, who.to_owned()))
    }

    /// The accounts that an answer names: one, or a list.
    async fn accounts_in(&self, response: &Response) -> Result<Vec<Account>, ConnectorError> {
        let edition = self.edition().await?;
        let listed = match response.json::<Value>(TOOL, "accounts") {
            Ok(Value::Array(all)) => all,
            Ok(one) => vec![one],
            Err(_) => Vec::new(),
        };
        Ok(listed.iter().filter_map(|one| account_of(one, edition)).collect())
    }
}

/// The answer, where it tells anything.
fn told(answer: Result<Response, ConnectorError>) -> Result<Option<Response>, ConnectorError> {
    match answer {
        Ok(response) => Ok(Some(response).filter(|response| response.status == 200)),
        Err(
            ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. } | ConnectorError::Malformed { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}
