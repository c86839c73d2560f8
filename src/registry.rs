//! The one list of connectors: what a table of the configuration becomes.

use std::sync::Arc;

use connector_github::{Filter, GitHub, States};
use connector_kit::secret::Secret;
use connector_kit::{Clock, Commenter, ConnectorError, Notifier, Source};
use connector_model::StatusCategory;
use connector_slack::{Slack, Webhook, WebhookConfig};
use jiff::SignedDuration;

use crate::config::{GithubConnection, Length, SecretRef, Settings, SlackSettings};
use crate::domain::policy::Mode;

/// Asks how far a tool's clock lies from ours; `None`: it has not told yet.
pub type Skew = Arc<dyn Fn() -> Option<SignedDuration> + Send + Sync>;

/// A connection as the configuration describes it, ready to be used.
pub struct Built {
    /// `github.acme`
    pub name: String,
    /// Scheme, host and port it is configured for.
    pub origin: String,
    /// How often it is read.
    pub poll: SignedDuration,
    /// Its own mode.
    pub mode: Option<Mode>,
    /// Labels that the configuration maps to a state, in lower case.
    pub state_labels: Vec<String>,
    /// Reads.
    pub source: Arc<dyn Source>,
    /// Writes our comment.
    pub commenter: Arc<dyn Commenter>,
    /// Its tool's clock.
    pub skew: Skew,
}

/// Everything that can be told through.
pub struct BuiltNotifier {
    /// Tells people.
    pub notifier: Arc<dyn Notifier>,
    /// Its clock.
    pub skew: Skew,
}

/// Builds every connection of the configuration; asks nobody yet.
///
/// # Errors
/// A connection that cannot work as it is configured (an unusable CA file or proxy).
pub fn connections(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<Built>, ConnectorError> {
    settings.github.iter().map(|(name, table)| github(name, table, clock)).collect()
}

fn github(name: &str, table: &GithubConnection, clock: &Arc<dyn Clock>) -> Result<Built, ConnectorError> {
    let labels: Vec<(String, StatusCategory)> = table
        .states
        .all()
        .into_iter()
        .flat_map(|(state, labels)| labels.iter().map(move |label| (label.to_lowercase(), category(state))))
        .collect();
    let config = connector_github::Config {
        url: table.url.url().clone(),
        graphql_url: table.graphql_url.as_ref().map(|url| url.url().clone()),
        token: table.token.secret(),
        repos: table.repos.iter().map(ToString::to_string).collect(),
        filter: Filter {
            labels: table.filter.labels.clone(),
            assignee: table.filter.assignee.clone(),
            milestone: table.filter.milestone.clone(),
        },
        states: labels.iter().cloned().collect::<States>(),
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    };
    let github = Arc::new(GitHub::new(config, clock.clone())?);
    let skew = github.clone();
    Ok(Built {
        name: format!("github.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        state_labels: labels.into_iter().map(|(label, _)| label).collect(),
        source: github.clone(),
        commenter: github,
        skew: Arc::new(move || skew.skew()),
    })
}

/// Builds Slack, if it is configured; asks nobody yet.
///
/// # Errors
/// It cannot work as it is configured.
pub fn notifier(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<BuiltNotifier>, ConnectorError> {
    let operators = settings.operators.channel.as_ref();
    settings.slack.as_ref().map(|table| slack(table, operators, clock)).transpose()
}

fn slack(
    table: &SlackSettings,
    operators: Option<&String>,
    clock: &Arc<dyn Clock>,
) -> Result<BuiltNotifier, ConnectorError> {
    let (ca_file, proxy) = (table.ca_file.clone(), table.proxy.as_ref().map(|url| url.url().clone()));
    if let Some(url) = &table.webhook_url {
        let webhook = Arc::new(Webhook::new(WebhookConfig { url: url.secret(), ca_file, proxy }, clock.clone())?);
        let skew = webhook.clone();
        return Ok(BuiltNotifier { notifier: webhook, skew: Arc::new(move || skew.skew()) });
    }
    let missing = || Secret::new(|| Err("neither bot_token nor webhook_url is set".to_owned()));
    let config = connector_slack::Config {
        url: table.url.url().clone(),
        bot_token: table.bot_token.as_ref().map_or_else(missing, SecretRef::secret),
        ca_file,
        proxy,
        channels: table.channel.iter().chain(operators).cloned().collect(),
    };
    let slack = Arc::new(Slack::new(config, clock.clone())?);
    let skew = slack.clone();
    Ok(BuiltNotifier { notifier: slack, skew: Arc::new(move || skew.skew()) })
}

fn category(state: &str) -> StatusCategory {
    match state {
        "active" => StatusCategory::Active,
        "review" => StatusCategory::Review,
        "waiting" => StatusCategory::Waiting,
        "done" => StatusCategory::Done,
        "cancelled" => StatusCategory::Cancelled,
        _ => StatusCategory::Todo,
    }
}

/// Wall time; the configuration has refused anything else where this is asked.
pub fn elapsed(length: Length) -> SignedDuration {
    match length {
        Length::Elapsed(wall) => wall,
        Length::Workdays(days) => SignedDuration::from_secs((days * 24.0 * 3600.0) as i64),
        Length::Workhours(hours) => SignedDuration::from_secs((hours * 3600.0) as i64),
    }
}
