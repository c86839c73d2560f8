//! Who we are, and what the operator should know of the credential.

use connector_kit::{ConnectorError, Whoami};
use connector_model::{Account, AccountKind, SiteKey};
use serde::Deserialize;

use crate::call::Ask;
use crate::wire::Named;
use crate::{Asana, TOOL, items};

/// `GET /users/me`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Myself {
    pub(crate) gid: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    pub(crate) workspaces: Option<Vec<Named>>,
}

impl Myself {
    /// In our words.
    pub(crate) fn account(&self) -> Account {
        Account {
            ext: self.gid.clone(),
            handle: Some(self.gid.clone()),
            name: self.name.clone(),
            email: self.email.clone(),
            kind: AccountKind::Human,
        }
    }
}

impl Asana {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let me = self.ask_myself().await?;
        Ok(Whoami { site: self.site_key(), account: Some(me.account()), warnings: self.warnings() })
    }

    /// Asks anew.
    pub(crate) async fn ask_myself(&self) -> Result<Myself, ConnectorError> {
        let answer = self.ask_ok(&Ask::one("users/me", "name,email,workspaces.name"), "the token's account").await?;
        let me: Myself = items::single(&answer, "the token's account")?;
        self.remember_myself(&me);
        Ok(me)
    }

    /// Asks once.
    pub(crate) async fn myself(&self) -> Result<Myself, ConnectorError> {
        match self.known_myself() {
            Some(me) => Ok(me),
            None => self.ask_myself().await,
        }
    }

    /// Ids are unique in all of Asana, so that the address alone tells the site.
    pub(crate) fn site_key(&self) -> SiteKey {
        let origin = self.config.url.origin().ascii_serialization();
        SiteKey { tool: TOOL.to_owned(), origin, tenant: String::new() }
    }
}
