//! The one list of connectors: what a table of the configuration becomes.

use std::sync::Arc;

use connector_github::{Filter, GitHub, States};
use connector_kit::survey::{Examine, Members, Survey};
use connector_kit::{Clock, Commenter, ConnectorError, Notifier, Source, Text};
use connector_model::StatusCategory;
use connector_slack::Slack;
use jiff::SignedDuration;

use crate::config::{GithubConnection, Length, Settings, SlackSettings};
use crate::domain::notice::Address;
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
    /// Looks around, for `init`.
    pub survey: Arc<dyn Survey>,
    /// Looks at itself, for `doctor`.
    pub examine: Arc<dyn Examine>,
}

/// Everything that can be told through.
pub struct BuiltNotifier {
    /// Tells people.
    pub notifier: Arc<dyn Notifier>,
    /// Its clock.
    pub skew: Skew,
    /// Looks at itself, for `doctor`.
    pub examine: Arc<dyn Examine>,
    /// Who is there, for `init`.
    pub members: Arc<dyn Members>,
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
    let (survey, examine) = (github.clone(), github.clone());
    Ok(Built {
        name: format!("github.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        state_labels: labels.into_iter().map(|(label, _)| label).collect(),
        source: github.clone(),
        commenter: github,
        skew: Arc::new(move || skew.skew()),
        survey,
        examine,
    })
}

/// Builds Slack, if it is configured; asks nobody yet.
///
/// # Errors
/// It cannot work as it is configured.
pub fn notifier(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<BuiltNotifier>, ConnectorError> {
    settings.slack.as_ref().map(|table| slack(table, clock)).transpose()
}

fn slack(table: &SlackSettings, clock: &Arc<dyn Clock>) -> Result<BuiltNotifier, ConnectorError> {
    let config = connector_slack::Config {
        url: table.url.url().clone(),
        bot_token: table.bot_token.secret(),
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    };
    let slack = Arc::new(Slack::new(config, clock.clone())?);
    let (skew, examine, members) = (slack.clone(), slack.clone(), slack.clone());
    Ok(BuiltNotifier { notifier: slack, skew: Arc::new(move || skew.skew()), examine, members })
}

/// A text as it is written down where it goes: GitHub's Markdown, or Slack's text and blocks.
pub fn rendered(address: &Address, text: &Text) -> serde_json::Value {
    match address {
        Address::Comment { .. } => serde_json::json!({ "markdown": GitHub::rendered(text) }),
        Address::Slack(_) | Address::Digest(_) | Address::Log => Slack::rendered(text),
    }
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
