//! Who we are, and what the operator should know of the credential.

use connector_kit::{ConnectorError, Whoami};
use connector_model::SiteKey;

use crate::config::Edition;
use crate::{Jira, TOOL};

impl Jira {
    pub(crate) async fn ask_whoami(&self) -> Result<Whoami, ConnectorError> {
        let edition = self.edition().await?;
        let me = self.ask_myself().await?;
        let mut warnings = Vec::new();
        if edition == Edition::Cloud && self.access.has_user() && self.site.scheme() == "http" {
            warnings.push("the site is asked without TLS".to_owned());
        }
        Ok(Whoami { site: self.site_key(), account: Some(me.account), warnings })
    }

    /// The origin alone does not tell two servers under one host apart: their context path does.
    pub(crate) fn site_key(&self) -> SiteKey {
        let tenant = self.site.path().trim_matches('/').to_owned();
        SiteKey { tool: TOOL.to_owned(), origin: self.site.origin().ascii_serialization(), tenant }
    }
}
