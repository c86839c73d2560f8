//! The one list of connectors: what a table of the configuration becomes.

use std::sync::Arc;

use connector_github::{AppKey, Credential, Fields, Filter, GitHub, GithubHooks, Project, States, Statuses};
use connector_kit::secret::Secret;
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, Commenter, ConnectorError, Notifier, Source, Usage};
use connector_model::StatusCategory;
use connector_slack::{Slack, Webhook, WebhookConfig};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::config::{GithubConnection, Length, SecretRef, Settings, SlackSettings};
use crate::domain::policy::Mode;
use crate::rules::about::Need;

/// Asks how far a tool's clock lies from ours; `None`: it has not told yet.
pub type Skew = Arc<dyn Fn() -> Option<SignedDuration> + Send + Sync>;

/// Asks what has been used of a tool.
pub type UsageOf = Arc<dyn Fn() -> Usage + Send + Sync>;

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
    /// What its answers are read with, as text; another one: they are read again.
    pub reading: String,
    /// Reads.
    pub source: Arc<dyn Source>,
    /// Writes our comment.
    pub commenter: Arc<dyn Commenter>,
    /// Its tool's clock.
    pub skew: Skew,
    /// What has been used of it.
    pub usage: UsageOf,
    /// Understands its webhooks. `None`: none are taken.
    pub hooks: Option<Arc<dyn Hooks>>,
}

/// Everything that can be told through.
pub struct BuiltNotifier {
    /// Tells people.
    pub notifier: Arc<dyn Notifier>,
    /// Its clock.
    pub skew: Skew,
    /// What has been used of it.
    pub usage: UsageOf,
}

/// Builds every connection of the configuration; asks nobody yet.
///
/// # Errors
/// A connection that cannot work as it is configured (an unusable CA file or proxy).
pub fn connections(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<Built>, ConnectorError> {
    settings.github.iter().map(|(name, table)| github(name, table, clock)).collect()
}

/// Which way in the table describes; that it is one and a whole one has been checked with the configuration.
fn credential(name: &str, table: &GithubConnection) -> Result<Credential, ConnectorError> {
    match (&table.token, &table.app_id, &table.private_key) {
        (Some(token), _, _) => Ok(Credential::Token {
            token: token.secret(),
            comment_token: table.comment_token.as_ref().map(|token| token.secret()),
        }),
        (None, Some(app_id), Some(private_key)) => Ok(Credential::App(AppKey {
            app_id: app_id.text().to_owned(),
            private_key: private_key.pem(),
            installation_id: table.installation_id.map(|id| id.number()),
        })),
        _ => {
            let what = format!("[github.{name}] has neither a token nor an App with its private_key");
            Err(ConnectorError::Misconfigured { tool: "github", what })
        }
    }
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
        credential: credential(name, table)?,
        repos: table.repos.iter().map(ToString::to_string).collect(),
        filter: Filter {
            labels: table.filter.labels.clone(),
            assignee: table.filter.assignee.clone(),
            milestone: table.filter.milestone.clone(),
        },
        states: labels.iter().cloned().collect::<States>(),
        projects: table
            .projects
            .iter()
            .map(|project| Project { owner: project.owner.clone(), number: project.number })
            .collect(),
        fields: fields(table),
        statuses: statuses(table),
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    };
    let github = Arc::new(GitHub::new(config, clock.clone())?);
    let (skew, usage) = (github.clone(), github.clone());
    let hooks = table
        .webhook_secret
        .as_ref()
        .map(|secret| -> Arc<dyn Hooks> { Arc::new(GithubHooks { secret: secret.secret() }) });
    Ok(Built {
        name: format!("github.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        state_labels: labels.into_iter().map(|(label, _)| label).collect(),
        reading: reading(table),
        source: github.clone(),
        commenter: github,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        hooks,
    })
}

fn fields(table: &GithubConnection) -> Fields {
    let fields = &table.fields;
    Fields {
        start: fields.start.0.clone(),
        due: fields.due.0.clone(),
        status: fields.status.0.clone(),
        iteration: fields.iteration.0.clone(),
        estimate: fields.estimate.0.clone(),
        priority: fields.priority.0.clone(),
        progress: fields.progress.0.clone(),
        estimate_unit_secs: fields.unit_secs(),
    }
}

/// Words under `states` count before those under `statuses`, which have defaults.
fn statuses(table: &GithubConnection) -> Statuses {
    let all = table.states.all().into_iter().chain(table.statuses.all());
    let words = all.flat_map(|(state, words)| words.iter().map(move |word| (word.clone(), category(state))));
    Statuses::new(words, &table.statuses.backlog)
}

fn reading(table: &GithubConnection) -> String {
    let read_with = (&table.states, &table.filter, &table.projects, &table.fields, &table.statuses);
    let text = serde_json::to_vec(&read_with).unwrap_or_default();
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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
        let (skew, usage) = (webhook.clone(), webhook.clone());
        return Ok(BuiltNotifier {
            notifier: webhook,
            skew: Arc::new(move || skew.skew()),
            usage: Arc::new(move || usage.usage()),
        });
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
    let (skew, usage) = (slack.clone(), slack.clone());
    Ok(BuiltNotifier { notifier: slack, skew: Arc::new(move || skew.skew()), usage: Arc::new(move || usage.usage()) })
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

/// What a connection's tool tells of a task, and by what; what is not in it, it does not tell. `None`: no such tool.
pub fn supplies(connection: &str) -> Option<&'static [(Need, &'static str)]> {
    match connection.split('.').next() {
        Some("github") => Some(&[
            (Need::Owner, "assignees"),
            (Need::Due, "the milestone's date"),
            (Need::Progress, "the task list in the issue (three boxes or more), else its sub-issues"),
            (Need::History, "events and comments"),
            (Need::Parent, "sub-issues"),
            (Need::Blocking, "blocked-by links"),
        ]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_can_be_configured_says_what_it_tells() {
        let told = supplies("github.acme").unwrap_or_default();
        assert!(told.iter().all(|(_, by)| !by.is_empty()) && told.len() == 6);
        assert_eq!(supplies("jira.acme"), None);
    }
}
