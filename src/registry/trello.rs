//! Trello: what its table becomes, and what it tells.

use std::sync::Arc;

use connector_kit::webhook::Hooks;
use connector_kit::{Clock, ConnectorError, Text};
use connector_trello::{Config, Fields, Trello, TrelloHooks};
use serde_json::{Value, json};

use super::{Built, elapsed, mapped, reading};
use crate::config::TrelloConnection;
use crate::rules::about::Need;

/// What it tells of a task, and by what.
pub(super) const SUPPLIES: &[(Need, &str)] = &[
    (Need::Owner, "members of the card"),
    (Need::Due, "the due date"),
    (Need::Start, "the start date, else the field named `start`"),
    (Need::Progress, "the field named `progress`, else ticked items of its checklists (three or more)"),
    (Need::Priority, "the field named `priority`, else labels"),
    (Need::Estimate, "the field named `estimate`"),
    (Need::History, "actions of the board"),
    (Need::Parent, "checklist items with a date, and cards that are linked from a checklist"),
    (Need::Blocking, "attached cards, where a label or list says that the card waits"),
];

/// A connection to Trello.
pub(super) fn built(name: &str, table: &TrelloConnection, clock: &Arc<dyn Clock>) -> Result<Built, ConnectorError> {
    let trello = Arc::new(Trello::new(config(table), clock.clone())?);
    let (skew, usage, survey, examine) = (trello.clone(), trello.clone(), trello.clone(), trello.clone());
    let both = table.webhook_secret.as_ref().zip(table.webhook_url.as_ref());
    let hooks = both.map(|(secret, url)| -> Arc<dyn Hooks> {
        Arc::new(TrelloHooks { secret: secret.secret(), callback_url: url.clone() })
    });
    Ok(Built {
        name: format!("trello.{name}"),
        origin: table.url.url().origin().ascii_serialization(),
        poll: elapsed(table.poll),
        mode: table.mode,
        state_labels: mapped(&table.states),
        reading: reading(&(&table.states, &table.fields)),
        source: trello.clone(),
        commenter: trello,
        skew: Arc::new(move || skew.skew()),
        usage: Arc::new(move || usage.usage()),
        hooks,
        survey,
        examine,
    })
}

/// A text as it stands in a comment.
pub(super) fn rendered(text: &Text) -> Value {
    json!({ "markdown": Trello::rendered(text) })
}

/// What the connector is made of.
fn config(table: &TrelloConnection) -> Config {
    let fields = &table.fields;
    Config {
        url: table.url.url().clone(),
        key: table.key.secret(),
        token: table.token.secret(),
        boards: table.board_names(),
        states: mapped(&table.states).into_iter().collect(),
        fields: Fields {
            start: fields.start.clone(),
            progress: fields.progress.clone(),
            estimate: fields.estimate.clone(),
        },
        ca_file: table.ca_file.clone(),
        proxy: table.proxy.as_ref().map(|url| url.url().clone()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use connector_kit::{Block, Span};
    use connector_model::StatusCategory;

    use super::*;
    use crate::config::{Flags, Settings, Sources, load};

    fn settings(text: &str) -> Settings {
        let env = [("K", "k3y"), ("T", "t0ken-of-sixteen")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let files = vec![("gapwatch.toml".into(), text.to_owned())];
        let loaded = load(&Sources { files, env: env.into(), flags: Flags::default() });
        loaded.unwrap_or_else(|found| panic!("{}", found[0].render(false))).settings
    }

    const TABLE: &str = "[trello.studio]\nkey = { env = 'K' }\ntoken = { env = 'T' }\n\
                         boards = ['https://trello.com/b/nC8QJJoZ/roadmap', 'Client work']\n\
                         states.waiting = ['Stuck']\nfields.progress = 'Done'\n";

    #[test]
    fn a_table_becomes_what_the_connector_is_made_of() {
        let config = config(&settings(TABLE).trello["studio"]);
        assert_eq!(config.url.as_str(), "https://api.trello.com/1");
        assert_eq!(config.boards, ["nC8QJJoZ", "Client work"]);
        assert_eq!(config.fields.progress.as_deref(), Some("Done"));
        assert!(config.key.read().is_ok() && config.token.read().is_ok());
    }

    #[test]
    fn what_answers_are_read_with_follows_its_words_and_not_its_token() {
        let clock: Arc<dyn Clock> =
            Arc::new(connector_kit::clock::SetClock::leaping("2026-03-02T10:00:00Z".parse().unwrap()));
        let built = |text: &str| super::super::connections(&settings(text), &clock).unwrap().remove(0);
        let one = built(TABLE);
        assert_eq!((one.name.as_str(), one.origin.as_str()), ("trello.studio", "https://api.trello.com"));
        assert!(one.hooks.is_none());
        assert_eq!(one.state_labels, [("stuck".to_owned(), StatusCategory::Waiting)]);
        assert_ne!(built(&TABLE.replace("Stuck", "Waits")).reading, one.reading);
        assert_ne!(built(&TABLE.replace("'Done'", "'Share'")).reading, one.reading);
        assert_eq!(built(&TABLE.replace("'Client work'", "'Other'")).reading, one.reading);
        let hooked = "webhook_secret = { env = 'T' }\nwebhook_url = 'https://x.example.org/hooks/trello/studio'\n";
        assert!(built(&format!("{TABLE}{hooked}")).hooks.is_some());
    }

    #[test]
    fn a_comment_is_shown_as_the_text_that_is_sent() {
        let blocks = vec![Block::Line(vec![Span::Plain("due *now*".to_owned())])];
        let shown = rendered(&Text { summary: "due".to_owned(), blocks });
        assert!(shown["markdown"].as_str().is_some_and(|text| !text.contains("due *now*")), "{shown}");
    }
}
