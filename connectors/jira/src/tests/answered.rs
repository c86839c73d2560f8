//! A [`Server`] that answers by itself who asks: the account `bot`, which every answer names.

use connector_kit::clock::SetClock;
use serde_json::{Value, json};
use std::sync::Arc;

use super::server::{Answer, Asked, NOW, Server, answer};
use crate::{Config, Edition, Jira};

/// An account in the shape of either edition.
pub(super) fn person(id: &str) -> Value {
    json!({"accountId": id, "accountType": "atlassian", "key": id, "name": id, "displayName": id, "active": true})
}

/// `POST issue/10005/comment`
pub(super) fn call(asked: &Asked) -> String {
    let path = asked.path();
    let below = path.strip_prefix("/rest/api/3/").or_else(|| path.strip_prefix("/rest/api/2/")).unwrap_or(path);
    format!("{} {below}", asked.method)
}

/// What was sent, as JSON.
pub(super) fn sent(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

pub(super) struct Answered(Server);

impl Answered {
    pub(super) async fn new(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Answered {
        let respond = move |asked: &Asked| match call(asked).as_str() {
            "GET myself" => answer(200, person("bot")),
            _ => respond(asked),
        };
        Answered(Server::new(move |asked| respond(asked).with("x-aaccountid: bot")).await)
    }

    pub(super) fn jira(&self, edition: Edition) -> Jira {
        self.jira_with(edition, |_| {})
    }

    /// With another configuration.
    pub(super) fn jira_with(&self, edition: Edition, change: impl FnOnce(&mut Config)) -> Jira {
        let mut config = self.0.config(edition);
        change(&mut config);
        Jira::new(config, Arc::new(SetClock::leaping(NOW.parse().unwrap()))).unwrap()
    }

    /// Everything asked so far but who we are, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.0.asked().into_iter().filter(|asked| call(asked) != "GET myself").collect()
    }

    /// `GET issue/10005` of everything asked so far, and forgets it.
    pub(super) fn calls(&self) -> Vec<String> {
        self.asked().iter().map(call).collect()
    }
}
