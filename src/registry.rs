//! The one list of connectors: what a table of the configuration becomes.

use std::sync::Arc;

use connector_github::{Filter, GitHub, States};
use connector_kit::{Clock, Commenter, ConnectorError, Notifier, Source};
use connector_model::StatusCategory;
use connector_slack::Slack;
use jiff::SignedDuration;

use crate::config::{GithubConnection, Length, Settings, SlackSettings};
use crate::domain::policy::Mode;
use crate::rules::about::Need;

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
