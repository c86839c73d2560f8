//! Hooks as they are asked for, listed and taken away. Nothing is sent to them, not even the first question.

use serde_json::{Value, json};

use super::model::Hook;
use super::store::Store;
use super::{Call, bad, not_found, text};
use crate::reply::Reply;

impl Store {
    pub(super) fn show_hook(hook: &Hook) -> Value {
        json!({
            "id": hook.id, "description": hook.description, "idModel": hook.model, "callbackURL": hook.url,
            "active": hook.active, "consecutiveFailures": 0, "firstConsecutiveFailDate": null,
        })
    }

    pub(super) fn read_hook(&self, call: &Call<'_>, id: &str) -> Result<Reply, Reply> {
        let hook =
            self.hooks.iter().find(|hook| hook.id == id && hook.token == call.who.token).ok_or_else(not_found)?;
        Ok(Reply::json(200, &Store::show_hook(hook)))
    }

    pub(super) fn write_hook(&mut self, call: &Call<'_>, rest: &[&str]) -> Result<Reply, Reply> {
        let mine = |hook: &Hook| hook.token == call.who.token;
        match (call.method.as_str(), rest) {
            ("POST", []) => {
                let model = call.get("idModel").unwrap_or_default().to_owned();
                if self.reach(&model).is_err() && self.reach_card(&model).is_err() {
                    return Err(bad("idModel"));
                }
                let url = call.get("callbackURL").unwrap_or_default().to_owned();
                if !url.starts_with("http") {
                    return Err(bad("callbackURL"));
                }
                if self.hooks.iter().any(|hook| mine(hook) && hook.model == model && hook.url == url) {
                    return Err(text(400, "A webhook with that callback, model, and token already exists"));
                }
                let hook = Hook {
                    id: self.fresh_id(call.now),
                    token: call.who.token.clone(),
                    model,
                    url,
                    description: call.get("description").unwrap_or_default().to_owned(),
                    active: call.get("active") != Some("false"),
                };
                let shown = Store::show_hook(&hook);
                self.hooks.push(hook);
                Ok(Reply::json(200, &shown))
            }
            ("PUT", [id]) => {
                let hit = |hook: &&mut Hook| hook.id == *id && mine(hook);
                let hook = self.hooks.iter_mut().find(hit).ok_or_else(not_found)?;
                if let Some(active) = call.get("active") {
                    hook.active = active == "true";
                }
                Ok(Reply::json(200, &Store::show_hook(hook)))
            }
            ("DELETE", [id]) => {
                let before = self.hooks.len();
                self.hooks.retain(|hook| !(hook.id == *id && mine(hook)));
                if self.hooks.len() == before {
                    return Err(not_found());
                }
                Ok(Reply::json(200, &json!({ "_value": null })))
            }
            _ => Err(not_found()),
        }
    }
}
