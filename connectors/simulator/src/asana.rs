//! Asana: one API for all plans, over a world of projects, tasks and the stories about them.
//!
//! Address: [`crate::Simulator::asana_url`]. The world is changed and looked at through [`Asana`]; projects, tasks and fields
//! are named by gid or by name:
//!
//! - people: `person`, `guest`, `deactivate`, `hide_email`, `away`, `user_gid`
//! - projects: `project`, `project_in`, `section`, `owner`, `archive`, `finish_project`, `project_dates`, `hide`,
//!   `deny_comments`, `status_update`, `add_field` with a [`FieldDraft`]
//! - tasks: `task` and `subtask` with a [`TaskDraft`], then `complete`, `reopen`, `approval`, `assign`, `due`, `due_at`,
//!   `start`, `comment`, `delete_comment`, `tick`, `section_move`, `add_to_project`, `remove_from_project`, `move_to`,
//!   `reparent`, `block`, `unblock`, `tag`, `untag`, `set_field`, `rename`, `describe`, `follow`, `like`, `log_time`,
//!   `due_today`, `delete`, `undelete`, `hide_task`
//! - credentials: `token`, `revoke`, `block_token`, `lack_scope`, `default_user`
//! - plan and limits: `free`, `refuse_paid_fields`, `limit`, `cost_limit`
//! - lag and loss: `event_lag`, `search_lag`, `lose_events`, `expire_syncs`, `expire_offsets`, `cut_unpaged`,
//!   `quiet_moves`, `forbid_hidden`, `announce`
//! - recordings: `serve`; looks: `comments`, `look`, `tasks`, `writes`
//!
//! `asana.at(instant)` and `asana.acting(login)` say when, and by whom, what names nobody is done. Not modelled: how many
//! requests run at once, webhooks (a target on the loopback is refused, as Asana does), and writes other than comments.

mod batch;
mod deeds;
mod directory;
mod events;
mod guard;
mod handle;
mod members;
mod model;
mod org;
mod pages;
mod recorded;
mod rich;
mod search;
mod show;
mod stories;
mod switches;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use handle::Asana;
pub use model::{CommentSeen, FieldDraft, TaskDraft, TaskSeen, Write, WriteKind};
pub use recorded::AsanaRecorded;

pub(crate) use org::Org;

use pages::envelope;
use show::{Fields, Node, Show};

use crate::reply::Reply;
use crate::server::Asked;
use crate::text::{digest, pairs};
use crate::world::World;

/// Path of the API.
pub(crate) const ASANA_PATH: &str = "/asana/api/1.0";

/// A request that was let in.
struct Call {
    method: Method,
    /// Below the API's path.
    path: String,
    query: Vec<(String, String)>,
    body: Bytes,
    fields: Fields,
    me: u64,
    token: String,
    lacks: BTreeSet<String>,
    now: Timestamp,
}

impl Call {
    fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `data` of the body. `Err` is the refusal.
    fn data(&self) -> Result<Value, Reply> {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        match body.get("data") {
            Some(data) if data.is_object() => Ok(data.clone()),
            _ => Err(refuse(400, "Could not parse request data, invalid JSON")),
        }
    }

    fn show<'a>(&self, org: &'a Org) -> Show<'a> {
        let bare = self.lacks.contains("projects:read") || self.lacks.contains("project_sections:read");
        Show { org, me: self.me, bare_memberships: bare, touched: 0 }
    }
}

/// What a request found.
enum Answer {
    /// One object.
    One(Node),
    /// One object that was made.
    Made(Node),
    /// A list, with pages where they are asked for.
    Rows(Vec<(u64, Node)>),
    /// A list without pages.
    All(Vec<Node>),
    /// `{"data": {}}`
    Done,
    /// A body of its own, and how many objects stand in it.
    Whole(Value, u64),
}

/// Answers a request with its path below the API's.
pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    let now = world.now();
    let mut org = world.org();
    org.wall = now;
    org.answered += 1;
    let number = digest(org.answered);
    let reply = org.answer(asked, now);
    let reply = match &org.settings.deprecation {
        Some(change) => reply.with("asana-change", change),
        None => reply,
    };
    reply.or_with("asana-api-version", "1.1").or_with("x-asana-request-id", format!("{number:016x}"))
}

impl Org {
    fn answer(&mut self, asked: &Asked, now: Timestamp) -> Reply {
        let who = match self.admit(asked) {
            Ok(who) => who,
            Err(refusal) => return refusal,
        };
        let query = pairs(asked.query.as_bytes());
        let fields = query.iter().rev().find(|(name, _)| name == "opt_fields");
        let call = Call {
            method: asked.method.clone(),
            path: asked.path.clone(),
            fields: Fields::read(fields.map_or("", |(_, value)| value)),
            query,
            body: asked.body.clone(),
            me: who.me,
            token: who.token,
            lacks: who.lacks,
            now,
        };
        if let Err(refusal) = self.afford(&call.token, now) {
            return refusal;
        }
        self.call(&call)
    }

    /// One request, or one of a batch.
    fn call(&mut self, call: &Call) -> Reply {
        let answer = self.count(&call.token, &call.path, call.now).and_then(|()| call.in_scope());
        let answer = answer.and_then(|()| self.route(call)).and_then(|answer| self.shown(call, answer));
        answer.unwrap_or_else(|refusal| refusal)
    }

    fn shown(&mut self, call: &Call, answer: Answer) -> Result<Reply, Reply> {
        let (status, body, touched) = match answer {
            Answer::One(node) => {
                let mut show = call.show(self);
                let body = json!({ "data": show.single(&node, &call.fields) });
                (200, body, show.touched)
            }
            Answer::Made(node) => {
                let mut show = call.show(self);
                let body = json!({ "data": show.single(&node, &call.fields) });
                (201, body, show.touched)
            }
            Answer::Rows(rows) => {
                let (rows, next) = self.page(call, rows)?;
                let mut show = call.show(self);
                let rows = rows.iter().map(|node| show.node(node, &call.fields)).collect();
                let touched = show.touched;
                (200, envelope(rows, next), touched)
            }
            Answer::All(rows) => {
                let mut show = call.show(self);
                let rows = rows.iter().map(|node| show.node(node, &call.fields)).collect();
                let touched = show.touched;
                (200, envelope(rows, None), touched)
            }
            Answer::Done => (200, json!({ "data": {} }), 1),
            Answer::Whole(body, touched) => (200, body, touched),
        };
        self.spend(&call.token, touched);
        Ok(Reply::json(status, &body))
    }

    fn route(&mut self, call: &Call) -> Result<Answer, Reply> {
        let parts: Vec<&str> = call.path.split('/').skip(1).collect();
        if call.method != Method::GET && call.method != Method::HEAD {
            return self.route_writes(call, &parts);
        }
        match parts.as_slice() {
            ["users", "me"] => Ok(Answer::One(Node::Ref(show::Kind::User, call.me))),
            ["users"] => self.user_list(call),
            ["users", name] => self.one_user(name),
            ["workspaces"] => Ok(self.workspace_list()),
            ["workspaces", gid] => self.one_workspace(gid),
            ["workspaces", gid, "users"] => self.workspace_users(gid),
            ["workspaces", gid, "workspace_memberships"] => self.membership_list(call, gid),
            ["workspaces", gid, "projects"] => self.project_list(call, Some(gid)),
            ["workspaces", gid, "custom_fields"] => self.workspace_fields(gid),
            ["workspaces", gid, "tags"] => self.tag_list(gid),
            ["workspaces", gid, "teams"] => self.team_list(gid),
            ["workspaces", gid, "tasks", "search"] => self.search(call, gid),
            ["workspaces", gid, "typeahead"] => self.typeahead(call, gid),
            ["workspaces", _, "events"] => {
                Err(refuse(403, "This endpoint is reserved to service accounts of Enterprise organizations."))
            }
            ["projects"] => self.project_list(call, None),
            ["projects", gid] => self.visible_project(call, "project", gid).map(|gid| one(show::Kind::Project, gid)),
            ["projects", gid, "sections"] => self.section_list(call, gid),
            ["projects", gid, "tasks"] => self.tasks_of_project(call, gid),
            ["projects", gid, "custom_field_settings"] => self.field_settings(call, gid),
            ["projects", gid, "task_counts"] => self.task_counts(call, gid),
            ["sections", gid] => self.visible_section(call, gid).map(|gid| one(show::Kind::Section, gid)),
            ["sections", gid, "tasks"] => self.tasks_of_section(call, gid),
            ["tags", gid, "tasks"] => self.tasks_of_tag(call, gid),
            ["custom_fields", gid] => self.one_field(gid),
            ["status_updates"] => self.update_list(call),
            ["ooo_entries"] => self.absences(call),
            ["allocations"] => self.paid("Allocations are").map(|()| Answer::Rows(Vec::new())),
            ["time_tracking_entries"] => self.all_entries(call),
            ["webhooks"] => Ok(Answer::Rows(Vec::new())),
            ["events"] => self.feed(call),
            ["tasks"] => self.task_list(call),
            ["tasks", gid, rest @ ..] => self.below_task(call, gid, rest),
            ["stories", gid] => self.visible_story(call, gid).map(|gid| one(show::Kind::Story, gid)),
            _ => Err(unknown()),
        }
    }

    fn route_writes(&mut self, call: &Call, parts: &[&str]) -> Result<Answer, Reply> {
        match (parts, &call.method) {
            (["batch"], &Method::POST) => self.batch(call),
            (["tasks", gid, "stories"], &Method::POST) => self.post_comment(call, gid),
            (["stories", gid], &Method::PUT) => self.edit_story(call, gid),
            (["stories", gid], &Method::DELETE) => self.delete_story(call, gid),
            (["webhooks"], &Method::POST) => Err(refuse(403, "The target of a webhook must be reachable by Asana.")),
            _ => Err(unknown()),
        }
    }

    /// The plan includes this. `Err`: 402.
    fn paid(&self, what: &str) -> Result<(), Reply> {
        if !self.settings.free {
            return Ok(());
        }
        Err(refuse(402, &format!("Payment Required: {what} only available to premium users")))
    }
}

fn one(kind: show::Kind, gid: u64) -> Answer {
    Answer::One(Node::Ref(kind, gid))
}

/// A refusal in Asana's form.
fn refuse(status: u16, message: &str) -> Reply {
    let help = "For more information on API status codes and how to handle them, read the docs on errors: \
                https://developers.asana.com/docs/errors";
    Reply::json(status, &json!({ "errors": [{ "message": message, "help": help }] }))
}

fn unknown() -> Reply {
    refuse(404, "No matching route for request")
}

fn no_object(what: &str, gid: &str) -> Reply {
    refuse(404, &format!("{what}: Unknown object: {gid}"))
}
