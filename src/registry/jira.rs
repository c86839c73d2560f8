//! Jira: what its table becomes, and what it tells.

use std::sync::Arc;

use connector_jira::{Config, Edition, Fields, Login};
use connector_kit::{Clock, ConnectorError};

use super::{Built, mapped};
use crate::config::{JiraConnection, JiraKind};
use crate::rules::about::Need;

/// What it tells of a task, and by what.
pub(super) const SUPPLIES: &[(Need, &str)] = &[
    (Need::Owner, "the assignee"),
    (Need::Due, "the due date, else the field named `due`, the sprint's end or the version's date"),
    (Need::Progress, "the field named `progress`, else sub-tasks done, else time spent of time planned"),
    (Need::History, "changes and comments"),
    (Need::Parent, "parents, epics and sub-tasks"),
    (Need::Blocking, "links that block"),
];

/// A connection to Jira.
pub(super) fn built(name: &str, table: &JiraConnection, _clock: &Arc<dyn Clock>) -> Result<Built, ConnectorError> {
    let _ = config(table);
    let what = format!("[jira.{name}] is understood, and this version cannot read it yet");
    Err(ConnectorError::Misconfigured { tool: "jira", what })
}

/// What the connector is made of.
fn config(table: &JiraConnection) -> Config {
    let fields = &table.fields;
    Config {
        url: table.url.url().clone(),
        gateway_url: table.gateway_url.as_ref().map(|url| url.url().clone()),
        edition: table.kind.map(|kind| match kind {
            JiraKind::Cloud => Edition::Cloud,
            JiraKind::Dc => Edition::DataCenter,
        }),
        login: Login { user: table.email.clone(), token: table.token.secret() },
        projects: table.projects.iter().map(|project| project.text().to_owned()).collect(),
        select: table.condition(),
        states: mapped(&table.states).into_iter().collect(),
        fields: Fields {
            start: fields.start.clone(),
            due: fields.due.clone(),
            progress: fields.progress.clone(),
            points: fields.points.clone(),
            sprint: fields.sprint.clone(),
            epic: fields.epic.clone(),
            flagged: fields.flagged.clone(),
        },
        blocking: table.blocking.clone(),
        comment_service_projects: table.comment_service_projects,
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    }
}
