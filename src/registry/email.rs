//! E-mail: what its table becomes.

use std::sync::Arc;

use connector_email::{Config, Email};
use connector_kit::{Clock, ConnectorError, Notifier};

use crate::config::{BaseUrl, EmailSettings, SecretRef};

/// Mails, by one server.
pub(super) fn built(
    table: &EmailSettings,
    public_url: Option<&BaseUrl>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Notifier>, ConnectorError> {
    let config = Config {
        from: table.from.text().to_owned(),
        server: table.smtp.server().clone(),
        password: table.password.as_ref().map(SecretRef::password),
        ca_file: table.ca_file.clone(),
        unsubscribe: public_url.map(|url| url.url().clone()),
    };
    Ok(Arc::new(Email::new(config, clock.clone())?))
}
