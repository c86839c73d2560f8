//! Jira: what its table becomes, and what it tells.

use std::sync::Arc;

use connector_jira::{Config, Edition, Fields, Jira, JiraHooks, Login};
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, ConnectorError, Text};
use serde_json::{Value, json};

use super::{Built, elapsed, mapped, reading};
use crate::config::{JiraConnection, JiraKind, is_jira_cloud};
use crate::rules::about::Need;

/// What it tells of a task, and by what.
pub(super) const SUPPLIES: &[(Need, &str)] = &[
    (Need::Owner, "the assignee"),
    (Need::Due, "the due date, else the field named `due`, the sprint's end or the version's date"),
    (Need::Start, "the field named `start`"),
    (Need::Progress, "the field named `progress`, else sub-tasks done, else time spent of time planned"),
    (Need::Priority, "the priority"),
    (Need::Estimate, "the original estimate, with the time booked and what is left"),
    (Need::History, "changes and comments"),
    (Need::Parent, "parents, epics and sub-tasks"),
    (Need::Blocking, "links that block"),
];

/// A connection to Jira.
pub(super) fn built(name: &str, table: &JiraConnection, clock: &Arc<dyn Clock>) -> Result<Built, ConnectorError> {
    let jira = Arc::new(Jira::new(config(table), clock.clone())?);
    let (skew, usage, survey, examine) = (jira.clone(), jira.clone(), jira.clone(), jira.clone());
    let hooks = table
        .webhook_secret
        .as_ref()
        .map(|secret| -> Arc<dyn Hooks> { Arc::new(JiraHooks { secret: secret.secret() }) });
    Ok(Built {
        name: format!("jira.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        // Labels of Jira say nothing of a state.
        state_labels: Vec::new(),
        reading: reading(&(&table.states, &table.fields, &table.blocking, table.condition())),
        source: jira.clone(),
        commenter: jira,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        hooks,
        survey,
        examine,
    })
}

/// A text as it stands in a comment. Where nobody has said which product it is and the address does not tell, it is taken for
/// a server of one's own; what is sent is written by what the server itself says.
pub(super) fn rendered(table: &JiraConnection, text: &Text) -> Value {
    let by_address = is_jira_cloud(table.url.url()) || table.gateway_url.is_some();
    let is_cloud = table.kind.map_or(by_address, |kind| kind == JiraKind::Cloud);
    if is_cloud {
        json!({ "adf": Jira::rendered(Edition::Cloud, text) })
    } else {
        json!({ "wiki": Jira::rendered(Edition::DataCenter, text) })
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use connector_kit::{Block, Span};

    use super::*;
    use crate::config::{Flags, Settings, Sources, load};

    fn settings(text: &str) -> Settings {
        let env = [("T".to_owned(), "t0ken".to_owned())].into();
        let sources = Sources { files: vec![("gapwatch.toml".into(), text.to_owned())], env, flags: Flags::default() };
        load(&sources).unwrap_or_else(|found| panic!("{}", found[0].render(false))).settings
    }

    const TABLE: &str = "[jira.acme]\nurl = 'https://acme.atlassian.net/'\nemail = 'g@acme.org'\ntoken = { env = 'T' }\n\
                         projects = ['OPS']\nselect = \"type != Epic ORDER BY rank\"\nstates.waiting = ['Blocked']\n\
                         fields.start = 'customfield_10015'\nblocking = ['Gates']\n";

    #[test]
    fn a_table_becomes_what_the_connector_is_made_of() {
        let config = config(&settings(TABLE).jira["acme"]);
        assert_eq!((config.edition, config.login.user.as_deref()), (None, Some("g@acme.org")));
        assert_eq!((config.projects, config.select.as_deref()), (vec!["OPS".to_owned()], Some("type != Epic")));
        assert_eq!(
            (config.fields.start.as_deref(), config.blocking),
            (Some("customfield_10015"), vec!["Gates".into()])
        );
        assert!(config.login.token.read().is_ok() && !config.comment_service_projects);
    }

    #[test]
    fn what_answers_are_read_with_follows_its_words_and_not_its_token() {
        let clock: Arc<dyn Clock> =
            Arc::new(connector_kit::clock::SetClock::leaping("2026-03-02T10:00:00Z".parse().unwrap()));
        let built = |text: &str| {
            let mut all = super::super::connections(&settings(text), &clock).unwrap();
            assert_eq!(all.len(), 1);
            all.remove(0)
        };
        let one = built(TABLE);
        assert_eq!((one.name.as_str(), one.origin.as_str()), ("jira.acme", "https://acme.atlassian.net"));
        assert!(one.hooks.is_none() && one.state_labels.is_empty());
        assert_ne!(built(&TABLE.replace("Blocked", "Stuck")).reading, one.reading);
        assert_ne!(built(&TABLE.replace("10015", "10016")).reading, one.reading);
        assert_eq!(built(&TABLE.replace(" ORDER BY rank", "")).reading, one.reading);
        assert_eq!(built(&TABLE.replace("g@acme.org", "h@acme.org")).reading, one.reading);
        let hooked = built(&format!("{TABLE}webhook_secret = {{ env = 'T' }}\n"));
        assert!(hooked.hooks.is_some());
    }

    #[test]
    fn a_comment_is_shown_in_the_form_of_its_product() {
        let blocks = vec![Block::Line(vec![Span::Plain("due *now*".to_owned())])];
        let text = Text { summary: "due".to_owned(), blocks };
        let shown = |table: &str| rendered(&settings(table).jira["acme"], &text);
        assert_eq!(shown(TABLE)["adf"]["type"], "doc");
        let server = TABLE.replace("acme.atlassian.net", "jira.acme.org");
        assert!(shown(&server)["wiki"].as_str().is_some_and(|wiki| !wiki.contains("due *now*")), "{}", shown(&server));
        assert_eq!(shown(&format!("{server}kind = 'cloud'\n"))["adf"]["type"], "doc");
    }
}
