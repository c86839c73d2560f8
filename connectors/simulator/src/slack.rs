//! A working model of Slack's Web API for one workspace: people, conversations, messages.
//!
//! Errors come as HTTP 200 with `ok:false`. Methods that take no JSON body refuse one, scopes are checked, and message
//! ids grow strictly. This file finds the method and checks the credential; the methods are beside it.

mod args;
mod blocks;
mod chat;
mod conversations;
mod handle;
mod hooks;
mod model;
mod press;
pub(crate) mod socket;
#[cfg(test)]
mod tests;
mod users;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use args::Args;
pub use handle::{Slack, SlackMessage};
pub(crate) use model::Workspace;
pub use press::{Form, Posted};

use crate::reply::Reply;
use crate::server::Asked;
use crate::world::World;

/// What a method says when it does not do what it was asked.
enum Refusal {
    /// `ok:false` with this error.
    Error(&'static str),
    /// `ok:false`, and what is wrong in the blocks or arguments.
    Because(&'static str, Vec<String>),
    /// The token lacks one of these scopes.
    MissingScope(&'static str),
    /// 429, seconds to wait.
    RateLimited(u64),
}

type Answer = Result<Value, Refusal>;

/// Answers a request below the base path.
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    let now = world.now();
    let mut workspace = world.workspace();
    if let Some(name) = asked.path.strip_prefix(crate::HOOKS_PATH) {
        return workspace.hook(name.trim_start_matches('/'), asked, now);
    }
    if let Some(to) = asked.path.strip_prefix(crate::REPLIES_PATH) {
        return workspace.whispered(to.trim_start_matches('/'), asked);
    }
    let method = asked.path.trim_start_matches('/').to_owned();
    let answer = workspace.admit(&method, asked).and_then(|()| workspace.call(&method, asked, now));
    let scopes = workspace.scopes.iter().cloned().collect::<Vec<_>>().join(",");
    let reply = match answer {
        Ok(mut body) => {
            body["ok"] = json!(true);
            Reply::json(200, &body)
        }
        Err(refusal) => refused(refusal, &scopes),
    };
    reply
        .with("x-oauth-scopes", scopes)
        .with("x-slack-req-id", format!("sim{:08x}", crate::text::digest(&method) >> 32))
}

fn refused(refusal: Refusal, scopes: &str) -> Reply {
    match refusal {
        Refusal::Error(error) => Reply::json(200, &json!({ "ok": false, "error": error })),
        Refusal::Because(error, messages) => {
            let metadata = json!({ "messages": messages });
            Reply::json(200, &json!({ "ok": false, "error": error, "response_metadata": metadata }))
        }
        Refusal::MissingScope(needed) => {
            let body = json!({ "ok": false, "error": "missing_scope", "needed": needed, "provided": scopes });
            Reply::json(200, &body)
        }
        Refusal::RateLimited(secs) => {
            Reply::json(429, &json!({ "ok": false, "error": "ratelimited" })).with("retry-after", secs)
        }
    }
}

impl Workspace {
    fn admit(&self, method: &str, asked: &Asked) -> Result<(), Refusal> {
        let Some(token) = asked.token() else { return Err(Refusal::Error("not_authed")) };
        if let Some(error) = self.revoked.get(token) {
            return Err(Refusal::Error(error));
        }
        // The app's own token is good for this method alone, and no other token is.
        let is_app_s = token.starts_with("xapp-");
        if is_app_s != (method == "apps.connections.open") {
            return Err(Refusal::Error("not_allowed_token_type"));
        }
        if is_app_s {
            return Ok(());
        }
        if !self.tokens.is_empty() && !self.tokens.contains(token) {
            return Err(Refusal::Error("invalid_auth"));
        }
        Ok(())
    }

    fn call(&mut self, method: &str, asked: &Asked, now: Timestamp) -> Answer {
        if !matches!(asked.method, Method::GET | Method::POST) {
            return Err(Refusal::Error("method_not_supported"));
        }
        let args = Args::read(asked, takes_json(method))?;
        match method {
            "auth.test" => Ok(self.auth_test()),
            "api.test" => Ok(json!({})),
            "users.lookupByEmail" => self.lookup_by_email(&args),
            "users.info" => self.user_info(&args),
            "users.list" => self.user_list(&args),
            "conversations.open" => self.conversations_open(&args, now),
            "conversations.info" => self.conversations_info(&args),
            "conversations.list" => self.conversations_list(&args),
            "conversations.join" => self.conversations_join(&args),
            "conversations.history" => self.history(&args),
            "conversations.replies" => self.replies(&args),
            "chat.postMessage" => self.post_message(&args, now),
            "chat.update" => self.update(&args, now),
            "chat.delete" => self.delete(&args),
            "apps.connections.open" => self.open_connection(),
            "views.open" => self.open_view(&args, now),
            "chat.getPermalink" => self.permalink(&args),
            _ => Err(Refusal::Error("unknown_method")),
        }
    }

    fn auth_test(&self) -> Value {
        json!({
            "url": "https://acme.slack.example/", "team": "Acme", "user": "gapwatch", "team_id": model::TEAM,
            "user_id": model::BOT_USER, "bot_id": model::BOT, "is_enterprise_install": false, "app_id": model::APP,
            "app_name": "gapwatch",
        })
    }

    /// Refuses unless one of the scopes is granted; the first is named as the missing one.
    fn need(&self, scopes: &[&'static str]) -> Result<(), Refusal> {
        if scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Ok(());
        }
        Err(Refusal::MissingScope(scopes.first().copied().unwrap_or_default()))
    }
}

/// Methods that understand a JSON body; all others want a form or a query.
fn takes_json(method: &str) -> bool {
    matches!(
        method,
        "auth.test"
            | "api.test"
            | "chat.postMessage"
            | "chat.update"
            | "chat.delete"
            | "views.open"
            | "apps.connections.open"
            | "conversations.open"
            | "conversations.join"
            | "conversations.history"
    )
}
