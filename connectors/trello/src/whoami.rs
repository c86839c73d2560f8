//! Who we are, and what the operator should know of the token.
//!
//! The call that tells of a token has the token itself for its address. Its owner's list of tokens tells the same without
//! it, though not which of them is ours: where that makes a difference the warning says so.

use std::sync::PoisonError;

use connector_kit::{ConnectorError, Whoami};
use connector_model::{Account, SiteKey};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::board::account;
use crate::call::Query;
use crate::wire::{Member, Token};
use crate::{TOOL, Trello, items};

/// A token that ends within this time is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(21 * 24);

impl Trello {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let account = self.ask_myself().await?;
        let warnings = match self.tokens().await? {
            Some(tokens) => warnings(&tokens, self.clock.now()),
            None => Vec::new(),
        };
        Ok(Whoami { site: self.site_key(), account: Some(account), warnings })
    }

    /// Who we are, asked now.
    async fn ask_myself(&self) -> Result<Account, ConnectorError> {
        let query = vec![("fields", "id,username,fullName".to_owned())];
        let response = expect_ok(self.get("members/me", query).await?, "the account")?;
        let member: Member = items::single(&response, "the account")?;
        let told = account(&member, false);
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(told.clone());
        Ok(told)
    }

    /// Who we are; asked once, and again with each whoami.
    pub(crate) async fn own_account(&self) -> Result<Account, ConnectorError> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(account) => Ok(account),
            None => self.ask_myself().await,
        }
    }

    /// The account's tokens. `None`: that is not told to us.
    pub(crate) async fn tokens(&self) -> Result<Option<Vec<Token>>, ConnectorError> {
        let response = self.get("members/me/tokens", Query::new()).await?;
        if response.status != 200 {
            return Ok(None);
        }
        let listed: Vec<&RawValue> = items::single(&response, "tokens of the account")?;
        let tokens: Vec<Token> = items::each(listed, &mut Vec::new());
        Ok((!tokens.is_empty()).then_some(tokens))
    }

    pub(crate) fn site_key(&self) -> SiteKey {
        let origin = self.config.url.origin().ascii_serialization();
        SiteKey { tool: TOOL.to_owned(), origin, tenant: String::new() }
    }
}

/// What is wrong with the tokens, or will be soon.
pub(crate) fn warnings(tokens: &[Token], now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    for token in tokens {
        let name = token.identifier.as_deref().unwrap_or("without a name");
        let which = match tokens.len() {
            1 => "the token".to_owned(),
            count => format!("the token \"{name}\", one of {count} of this account,"),
        };
        if let Some(end) = token.date_expires.0.filter(|end| *end > now) {
            let days = end.duration_since(now).as_hours() / 24;
            if end.duration_since(now) <= SOON {
                let day = end.strftime("%Y-%m-%d");
                warnings.push(format!("{which} ends on {day}, in {days} days: make one with expiration=never"));
            }
        }
        let writes = token.permissions.iter().flatten().filter(|one| one.model_type.as_deref() == Some("Board"));
        let mut writes = writes.map(|one| one.write).peekable();
        if tokens.len() == 1 && writes.peek().is_some() && !writes.any(|write| write == Some(true)) {
            warnings.push(format!("{which} may not write: no comment can be made with it"));
        }
    }
    warnings
}
