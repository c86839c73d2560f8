//! The one list of connectors: what a table of the configuration becomes.

mod asana;
mod email;
mod github;
mod jira;
mod kept;
mod slack;
mod trello;
mod webhook;

use std::sync::Arc;

use connector_email::Email;
use connector_github::GitHub;
use connector_kit::control::Presses;
use connector_kit::survey::{Examine, Members, Survey};
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, Commenter, ConnectorError, Notifier, Source, Text, Usage};
use connector_model::StatusCategory;
use connector_slack::Slack;
use jiff::SignedDuration;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::config::{Length, Settings, States};
use crate::domain::notice::Address;
use crate::domain::policy::Mode;
use crate::rules::about::Need;

pub use webhook::Hook;

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
    /// Labels that the configuration maps to a state, in lower case, with that state.
    pub state_labels: Vec<(String, StatusCategory)>,
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
    /// What has been used of it.
    pub usage: UsageOf,
    /// Looks at itself, for `doctor`. `None`: it can only be written to.
    pub examine: Option<Arc<dyn Examine>>,
    /// Who is there, for `init`. `None`: it cannot tell.
    pub members: Option<Arc<dyn Members>>,
    /// Hears what is done with the controls of its messages. `None`: they have none.
    pub presses: Option<Arc<dyn Presses>>,
}

/// Builds every connection of the configuration; asks nobody yet.
///
/// # Errors
/// A connection that cannot work as it is configured (an unusable CA file or proxy).
pub fn connections(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<Built>, ConnectorError> {
    let github = settings.github.iter().map(|(name, table)| github::built(name, table, clock));
    let jira = settings.jira.iter().map(|(name, table)| jira::built(name, table, clock));
    let store = settings.store.url.path();
    let asana = settings.asana.iter().map(|(name, table)| asana::built(name, table, store, clock));
    let trello = settings.trello.iter().map(|(name, table)| trello::built(name, table, clock));
    github.chain(jira).chain(asana).chain(trello).collect()
}

/// Builds Slack, if it is configured; asks nobody yet.
///
/// # Errors
/// It cannot work as it is configured.
pub fn notifier(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<BuiltNotifier>, ConnectorError> {
    let operators = settings.operators.channel.as_ref();
    settings.slack.as_ref().map(|table| slack::built(table, operators, clock)).transpose()
}

/// Builds the way to the mail server, if one is configured; asks nobody yet.
///
/// # Errors
/// It cannot work as it is configured.
pub fn mailer(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Arc<dyn Notifier>>, ConnectorError> {
    settings.email.as_ref().map(|table| email::built(table, settings.server.public_url.as_ref(), clock)).transpose()
}

/// Builds every webhook that is posted to; asks nobody yet.
///
/// # Errors
/// One that cannot work as it is configured.
pub fn hooks(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<Hook>, ConnectorError> {
    settings.webhooks.iter().map(|(name, table)| webhook::built(name, table, clock)).collect()
}

/// A text as it is written down where it goes: GitHub's and Trello's Markdown, Jira's document or wiki text, Asana's HTML,
/// Slack's text and blocks, or a mail's subject, text and HTML.
pub fn rendered(settings: &Settings, address: &Address, text: &Text) -> serde_json::Value {
    match address {
        Address::Comment { connection, .. } => {
            let (tool, name) = connection.split_once('.').unwrap_or_default();
            match (tool, settings.jira.get(name)) {
                ("jira", Some(table)) => jira::rendered(table, text),
                ("asana", _) => asana::rendered(text),
                ("trello", _) => trello::rendered(text),
                _ => serde_json::json!({ "markdown": GitHub::rendered(text) }),
            }
        }
        Address::Email(_) => Email::rendered(text),
        Address::Slack(_) | Address::Digest(_) | Address::Log => Slack::rendered(text),
    }
}

/// The words of a configuration for each state, in lower case, with what they mean.
fn mapped(states: &States) -> Vec<(String, StatusCategory)> {
    let all = states.all().into_iter();
    all.flat_map(|(state, words)| words.iter().map(move |word| (word.to_lowercase(), category(state)))).collect()
}

fn category(state: &str) -> StatusCategory {
    StatusCategory::of_word(state).unwrap_or(StatusCategory::Todo)
}

/// What answers are read with, as a short text.
fn reading(read_with: &impl Serialize) -> String {
    let text = serde_json::to_vec(read_with).unwrap_or_default();
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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
        Some("github") => Some(github::SUPPLIES),
        Some("jira") => Some(jira::SUPPLIES),
        Some("asana") => Some(asana::SUPPLIES),
        Some("trello") => Some(trello::SUPPLIES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_can_be_configured_says_what_it_tells() {
        for connection in ["github.acme", "jira.acme", "asana.acme", "trello.acme"] {
            let told = supplies(connection).unwrap_or_default();
            assert!(told.iter().all(|(_, by)| !by.is_empty()) && told.len() == 9, "{connection}");
        }
        assert_eq!(supplies("gitlab.acme"), None);
    }
}
