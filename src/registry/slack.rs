//! Slack: what its table becomes.

use std::sync::Arc;

use connector_kit::control::Presses;
use connector_kit::secret::Secret;
use connector_kit::{Clock, ConnectorError};
use connector_slack::{Buttons, Slack, Webhook, WebhookConfig};

use super::BuiltNotifier;
use crate::config::{SecretRef, SlackSettings};

/// Slack, by its app's token or by an incoming webhook.
pub(super) fn built(
    table: &SlackSettings,
    operators: Option<&String>,
    clock: &Arc<dyn Clock>,
) -> Result<BuiltNotifier, ConnectorError> {
    let (ca_file, proxy) = (table.ca_file.clone(), table.proxy.as_ref().map(|url| url.url().clone()));
    if let Some(url) = &table.webhook_url {
        let webhook = Arc::new(Webhook::new(WebhookConfig { url: url.secret(), ca_file, proxy }, clock.clone())?);
        let (skew, usage) = (webhook.clone(), webhook.clone());
        return Ok(BuiltNotifier {
            notifier: webhook,
            skew: Arc::new(move || skew.skew()),
            usage: Arc::new(move || usage.usage()),
            examine: None,
            members: None,
            presses: None,
        });
    }
    let missing = || Secret::new(|| Err("neither bot_token nor webhook_url is set".to_owned()));
    let config = connector_slack::Config {
        url: table.url.url().clone(),
        bot_token: table.bot_token.as_ref().map_or_else(missing, SecretRef::secret),
        app_token: table.app_token.as_ref().map(SecretRef::secret),
        signing_secret: table.signing_secret.as_ref().map(SecretRef::secret),
        ca_file,
        proxy,
        channels: table.channel.iter().chain(operators).cloned().collect(),
    };
    let buttons = Buttons::new(&config, clock.clone())?.map(Arc::new);
    let slack = Arc::new(Slack::new(config, clock.clone())?.with_buttons(buttons.clone()));
    let (skew, usage, examine, members) = (slack.clone(), slack.clone(), slack.clone(), slack.clone());
    Ok(BuiltNotifier {
        notifier: slack,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        examine: Some(examine),
        members: Some(members),
        presses: buttons.map(|buttons| -> Arc<dyn Presses> { buttons }),
    })
}
