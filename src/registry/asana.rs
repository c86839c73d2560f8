//! Asana: what its table becomes, and what it tells.

use std::path::Path;
use std::sync::Arc;

use connector_asana::{Asana, AsanaHooks, Config, Fields, Keeper};
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, ConnectorError, Text};
use serde_json::{Value, json};

use super::kept::Kept;
use super::{Built, elapsed, mapped, reading};
use crate::config::AsanaConnection;
use crate::rules::about::Need;

/// What it tells of a task, and by what.
pub(super) const SUPPLIES: &[(Need, &str)] = &[
    (Need::Owner, "the assignee"),
    (Need::Due, "the due date"),
    (Need::Start, "the start date, else the field named `start`"),
    (Need::Progress, "the field named `progress`, else one made from Asana's own template, else sub-tasks done"),
    (Need::Priority, "the field named `priority`"),
    (Need::Estimate, "the field named `estimate`, else estimated time, with the actual time"),
    (Need::History, "stories"),
    (Need::Parent, "sub-tasks"),
    (Need::Blocking, "dependencies, which paid plans have"),
];

/// A connection to Asana. `store`: what its webhooks are signed with is kept beside it.
pub(super) fn built(
    name: &str,
    table: &AsanaConnection,
    store: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Built, ConnectorError> {
    let asana = Arc::new(Asana::new(config(table), clock.clone())?);
    let (skew, usage, survey, examine) = (asana.clone(), asana.clone(), asana.clone(), asana.clone());
    let connection = format!("asana.{name}");
    let hooks = table.webhook_secret.as_ref().map(|door| -> Arc<dyn Hooks> {
        let kept = Kept::beside(store, &connection);
        let keeper = Keeper { kept: kept.all(), keep: Arc::new(move |secret| kept.add(secret)) };
        Arc::new(AsanaHooks { door: door.secret(), keeper })
    });
    Ok(Built {
        name: connection,
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        // Tags say nothing of a state.
        state_labels: Vec::new(),
        reading: reading(&(&table.states, &table.fields)),
        source: asana.clone(),
        commenter: asana,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        hooks,
        survey,
        examine,
    })
}

/// A text as it stands in a comment.
pub(super) fn rendered(text: &Text) -> Value {
    json!({ "html": Asana::rendered(text) })
}

/// What the connector is made of.
fn config(table: &AsanaConnection) -> Config {
    let fields = &table.fields;
    Config {
        url: table.url.url().clone(),
        token: table.token.secret(),
        workspace: table.workspace_name(),
        projects: table.project_names(),
        states: mapped(&table.states).into_iter().collect(),
        fields: Fields {
            start: fields.start.clone(),
            progress: fields.progress.clone(),
            estimate: fields.estimate.clone(),
            priority: fields.priority.clone(),
        },
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
        let env = [("T".to_owned(), "t0ken-of-sixteen".to_owned())].into();
        let sources = Sources { files: vec![("gapwatch.toml".into(), text.to_owned())], env, flags: Flags::default() };
        load(&sources).unwrap_or_else(|found| panic!("{}", found[0].render(false))).settings
    }

    const TABLE: &str = "[asana.hq]\ntoken = { env = 'T' }\nworkspace = 'Acme'\n\
                         projects = ['https://app.asana.com/0/1200000000000101/list', 'Spring']\n\
                         states.waiting = ['Stuck']\nfields.progress = 'Done'\n";

    #[test]
    fn a_table_becomes_what_the_connector_is_made_of() {
        let config = config(&settings(TABLE).asana["hq"]);
        assert_eq!(config.url.as_str(), "https://app.asana.com/api/1.0");
        assert_eq!(config.projects, ["1200000000000101", "Spring"]);
        assert_eq!((config.workspace.as_deref(), config.fields.progress.as_deref()), (Some("Acme"), Some("Done")));
        assert!(config.token.read().is_ok());
    }

    #[test]
    fn what_answers_are_read_with_follows_its_words_and_not_its_token() {
        let clock: Arc<dyn Clock> =
            Arc::new(connector_kit::clock::SetClock::leaping("2026-03-02T10:00:00Z".parse().unwrap()));
        let built = |text: &str| super::super::connections(&settings(text), &clock).unwrap().remove(0);
        let one = built(TABLE);
        assert_eq!((one.name.as_str(), one.origin.as_str()), ("asana.hq", "https://app.asana.com"));
        assert!(one.hooks.is_none() && one.state_labels.is_empty());
        assert_ne!(built(&TABLE.replace("Stuck", "Waits")).reading, one.reading);
        assert_ne!(built(&TABLE.replace("'Done'", "'Share'")).reading, one.reading);
        assert_eq!(built(&TABLE.replace("'Spring'", "'Autumn'")).reading, one.reading);
        assert!(built(&format!("{TABLE}webhook_secret = {{ env = 'T' }}\n")).hooks.is_some());
    }

    #[test]
    fn a_comment_is_shown_as_the_text_that_is_sent() {
        let blocks = vec![Block::Line(vec![Span::Plain("due <now>".to_owned())])];
        let shown = rendered(&Text { summary: "due".to_owned(), blocks });
        assert!(shown["html"].as_str().is_some_and(|html| html.contains("&lt;now&gt;")), "{shown}");
    }
}
