//! Webhooks: what their tables become.

use std::sync::Arc;

use connector_kit::{Clock, ConnectorError};
use connector_webhook::{Config, Webhook};
use sha2::{Digest, Sha256};

use crate::config::WebhookSettings;

/// A webhook of the configuration.
#[derive(Clone)]
pub struct Hook {
    /// Name of its table.
    pub name: String,
    /// A short text that stands for its address, which may be a credential.
    pub address: String,
    /// Posts.
    pub webhook: Arc<Webhook>,
}

/// A webhook.
pub(super) fn built(name: &str, table: &WebhookSettings, clock: &Arc<dyn Clock>) -> Result<Hook, ConnectorError> {
    let url = table.url.url().clone();
    let address: String = Sha256::digest(url.as_str()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let config = Config {
        url,
        secret: table.secret.secret(),
        allow_private: table.allow_private,
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    };
    Ok(Hook { name: name.to_owned(), address, webhook: Arc::new(Webhook::new(config, clock.clone())?) })
}
