//! Who we are, and what the operator should know of the credential and of the configuration.

use connector_kit::{ConnectorError, Whoami};
use connector_model::SiteKey;

use crate::{Jira, TOOL};

impl Jira {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let me = self.ask_myself().await?;
        // Known once something was read; whoever only asks who we are needs no more.
        let warnings = self.known_site().map(|site| site.warnings.clone()).unwrap_or_default();
        Ok(Whoami { site: self.site_key(), account: Some(me.account), warnings })
    }

    /// The origin alone does not tell two servers under one host apart: their context path does.
    pub(crate) fn site_key(&self) -> SiteKey {
        let tenant = self.site.path().trim_matches('/').to_owned();
        SiteKey { tool: TOOL.to_owned(), origin: self.site.origin().ascii_serialization(), tenant }
    }
}
