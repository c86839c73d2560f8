//! GitHub: what its table becomes, and what it tells.

use std::sync::Arc;

use connector_github::{AppKey, Credential, Fields, Filter, GitHub, GithubHooks, Project, States, Statuses};
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, ConnectorError};

use super::{Built, category, elapsed, mapped, reading};
use crate::config::GithubConnection;
use crate::rules::about::Need;

/// What it tells of a task, and by what.
pub(super) const SUPPLIES: &[(Need, &str)] = &[
    (Need::Owner, "assignees"),
    (Need::Due, "the milestone's date"),
    (Need::Start, "the field named `start`, of the issue or of a project"),
    (Need::Progress, "the task list in the issue (three boxes or more), else its sub-issues"),
    (Need::Priority, "labels such as `P1` or `priority: high`, the issue's own field, or a project's"),
    (Need::Estimate, "the issue's own field, or a project's"),
    (Need::History, "events and comments"),
    (Need::Parent, "sub-issues"),
    (Need::Blocking, "blocked-by links"),
];

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

/// A connection to GitHub.
pub(super) fn built(name: &str, table: &GithubConnection, clock: &Arc<dyn Clock>) -> Result<Built, ConnectorError> {
    let labels = mapped(&table.states);
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
    let (skew, usage, survey, examine) = (github.clone(), github.clone(), github.clone(), github.clone());
    let hooks = table
        .webhook_secret
        .as_ref()
        .map(|secret| -> Arc<dyn Hooks> { Arc::new(GithubHooks { secret: secret.secret() }) });
    Ok(Built {
        name: format!("github.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        state_labels: labels,
        reading: reading(&(&table.states, &table.filter, &table.projects, &table.fields, &table.statuses)),
        source: github.clone(),
        commenter: github,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        hooks,
        survey,
        examine,
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
