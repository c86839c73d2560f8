//! Trello's REST API over one world of boards.
//!
//! Address: [`crate::Simulator::trello_url`]. The world is changed and looked at through [`Trello`]:
//!
//! - people: `person`, `ghost`, `observer`, `deactivate`, `rename_person`, `forget`, `member_id`
//! - boards: `board`, `close_board`, `hide`, `conceal`, `deny_comments`, `free_plan`, `history_depth`, `add_field`
//! - lists: `list`, `rename_list`, `archive_list`, `move_list`, `soft_limit`, `list_id`
//! - cards: `card` with a [`CardDraft`], then `to_list`, `complete`, `assign`, `unassign`, `due`, `start`, `comment`,
//!   `edit_comment`, `delete_comment`, `rename`, `describe`, `archive`, `rank`, `checklist`, `tick`, `untick`, `check_item`,
//!   `add_line`, `tick_line`, `rename_item`, `remove_checklist`, `convert_item`, `label`, `unlabel`, `block`, `unblock`, `attach`, `set_field`,
//!   `move_to_board`, `copy`, `by_email`, `delete`, `vote`
//! - credentials: `token`, `read_only`, `expires`, `revoke`, `default_member`
//! - limits: `limits`, `member_limit`, `limit_headers`, `nested_limit`, `page_limit`; lag: `lag`, `action_lag`; answers: `accepted_only`
//! - recordings: `serve`, `as_of`; looks: `comments`, `look`, `cards`, `writes`, `hooks`, `app_id`
//!
//! `trello.at(instant)` and `trello.acting(username)` say when, and by whom, what names nobody is done. A board is named by
//! its name, short link or id, a list by its name, a card by its id or short link.

mod comments;
mod deeds;
mod feed;
mod guard;
mod handle;
mod hooks;
mod items;
mod model;
mod reading;
mod recorded;
mod render;
mod rewind;
mod store;
mod switches;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use handle::Trello;
pub use model::{CardDraft, CardSeen, CommentSeen, Write, WriteKind};
pub use recorded::TrelloRecorded;

pub(crate) use store::Store;

use guard::Who;

use crate::reply::Reply;
use crate::server::Asked;
use crate::text::pairs;
use crate::world::World;

/// Path of the API, before its version.
pub(crate) const PATH: &str = "/trello";
/// The only version there ever was.
pub(crate) const VERSION: &str = "/1";

/// What the edge takes of an address, in bytes.
const LONGEST_URL: usize = 8 << 10;
/// Requests that one batch holds.
const BATCH: usize = 10;

/// A request that was let in.
struct Call<'a> {
    method: &'a Method,
    query: Vec<(String, String)>,
    /// Fields of the body.
    body: Vec<(String, String)>,
    who: &'a Who,
    now: Timestamp,
}

impl Call<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let all = self.body.iter().chain(&self.query).rev();
        all.into_iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "all" | "open"))
    }

    /// The fields that `name` asks for; `otherwise` if it asks for nothing.
    fn fields<'b>(&'b self, name: &str, otherwise: &'b str) -> Fields<'b> {
        Fields(self.get(name).unwrap_or(otherwise))
    }
}

/// Which fields of a model are wanted: `all`, or names with commas.
#[derive(Debug, Clone, Copy)]
struct Fields<'a>(&'a str);

impl Fields<'_> {
    fn pick(self, mut model: Map<String, Value>) -> Map<String, Value> {
        if self.0 == "all" {
            return model;
        }
        let wanted: Vec<&str> = self.0.split(',').map(str::trim).collect();
        model.retain(|name, _| name == "id" || wanted.contains(&name.as_str()));
        model
    }
}

/// Answers a request with its path below [`PATH`].
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    let now = world.now();
    let mut store = world.trello();
    store.answered += 1;
    store.answer(asked, now)
}

impl Store {
    fn answer(&mut self, asked: &Asked, now: Timestamp) -> Reply {
        if PATH.len() + asked.path.len() + asked.query.len() > LONGEST_URL {
            let page = "<html><head><title>414 Request-URI Too Large</title></head><body></body></html>";
            return Reply::new(414, Bytes::from_static(page.as_bytes())).with("content-type", "text/html");
        }
        let Some(path) = asked.path.strip_prefix(VERSION).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        else {
            return no_route(&asked.method, &asked.path);
        };
        let who = match self.admit(asked, now) {
            Ok(who) => who,
            Err(refusal) => return self.finish(refusal, None, now),
        };
        let query = pairs(asked.query.as_bytes());
        let call = Call { method: &asked.method, query, body: body_fields(asked), who: &who, now };
        let reply = if path == "/batch" { self.batch(&call) } else { self.one(&call, path) };
        self.finish(reply, Some(&who), now)
    }

    /// One request, counted.
    fn one(&mut self, call: &Call<'_>, path: &str) -> Reply {
        if let Err(refusal) = self.count(call.who, path, call.now) {
            return refusal;
        }
        let parts: Vec<String> = path.split('/').skip(1).filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if call.method == Method::GET || call.method == Method::HEAD {
            self.read(call, &parts).unwrap_or_else(|refusal| refusal)
        } else if !call.who.write {
            unauthorized()
        } else {
            let reply = self.write(call, &parts).unwrap_or_else(|refusal| refusal);
            let silent = self.settings.accepted_only && reply.status == 200;
            if silent { Reply::new(202, Bytes::new()) } else { reply }
        }
    }

    fn write(&mut self, call: &Call<'_>, parts: &[&str]) -> Result<Reply, Reply> {
        match (call.method.as_str(), parts) {
            ("POST", ["cards", card, "actions", "comments"]) => self.post_comment(call, card),
            ("PUT", ["cards", card, "actions", action, "comments"]) => self.edit_comment(call, Some(card), action),
            ("PUT", ["actions", action]) => self.edit_comment(call, None, action),
            ("DELETE", ["cards", card, "actions", action, "comments"]) => self.drop_comment(call, Some(card), action),
            ("DELETE", ["actions", action]) => self.drop_comment(call, None, action),
            (_, ["webhooks", rest @ ..]) => self.write_hook(call, rest),
            (_, ["tokens", token, "webhooks", rest @ ..]) if *token == call.who.token => self.write_hook(call, rest),
            _ => Err(no_route(call.method, &format!("{VERSION}/{}", parts.join("/")))),
        }
    }

    /// Up to ten reads in one; each counts.
    fn batch(&mut self, call: &Call<'_>) -> Reply {
        let raw = call.get("urls").unwrap_or_default();
        let urls: Vec<&str> = raw.split(',').filter(|url| !url.is_empty()).collect();
        if call.method != Method::GET || urls.is_empty() || urls.len() > BATCH {
            return text(400, "invalid value for urls");
        }
        let mut answers = Vec::new();
        for url in urls {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let path = path.strip_prefix(VERSION).unwrap_or(path);
            let inner = Call {
                method: call.method,
                query: pairs(query.as_bytes()),
                body: Vec::new(),
                who: call.who,
                now: call.now,
            };
            let reply = if path.starts_with("/batch") { text(400, "invalid id") } else { self.one(&inner, path) };
            let body: Value = serde_json::from_slice(&reply.body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&reply.body).into_owned()));
            answers.push(if reply.status == 200 {
                json!({ "200": body })
            } else {
                json!({ "name": "Error", "message": body, "statusCode": reply.status })
            });
        }
        Reply::json(200, &answers)
    }
}

/// The fields of a body: a form, or an object in JSON.
fn body_fields(asked: &Asked) -> Vec<(String, String)> {
    let kind = asked.header("content-type").unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return pairs(&asked.body);
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(&asked.body) else { return Vec::new() };
    let told = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    fields.into_iter().map(|(name, value)| (name, told(value))).collect()
}

/// Percent-decoded, as names are in a path.
fn decoded(part: &str) -> String {
    let pair = format!("x={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

/// A refusal is plain text.
fn text(status: u16, words: &str) -> Reply {
    Reply::new(status, Bytes::from(words.to_owned())).with("content-type", "text/plain; charset=utf-8")
}

fn bad(name: &str) -> Reply {
    text(400, &format!("invalid value for {name}"))
}

fn not_found() -> Reply {
    text(404, "The requested resource was not found.")
}

fn unauthorized() -> Reply {
    text(401, "unauthorized permission requested")
}

fn no_route(method: &Method, path: &str) -> Reply {
    text(404, &format!("Cannot {method} {path}"))
}
