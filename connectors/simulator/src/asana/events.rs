//! The feed of what happened, by project or task: at most a hundred events a call, at most once, under a token that lives a day.
//! No token, or an old one, is answered 412 with a new one, and what lies between is lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::Event;
use super::org::Org;
use super::show::{Fields, Kind, Node, Show};
use super::{Answer, Call, refuse};
use crate::reply::Reply;

/// Events of one call.
const AT_ONCE: usize = 100;

/// Life of a token, in hours.
const TOKEN_HOURS: i64 = 24;

/// Tokens kept before the dead ones are thrown away.
const TOKENS_KEPT: usize = 10_000;

/// Where a token stands in the feed of its resource.
#[derive(Debug, Clone)]
pub(crate) struct Sync {
    resource: u64,
    /// The first event it has not shown.
    at: usize,
    made_at: Timestamp,
}

impl Org {
    /// Notes an event in the feeds of a task, of what it is part of, and of their projects.
    pub(super) fn happened(
        &mut self,
        task: u64,
        user: Option<u64>,
        at: Timestamp,
        action: &'static str,
        resource: (Kind, u64),
        about: (Option<Node>, Option<Node>),
    ) {
        if self.settings.events_lost > 0 {
            self.settings.events_lost -= 1;
            return;
        }
        let mut feeds = self.lineage(task);
        let projects = feeds.iter().filter_map(|gid| self.tasks.get(gid)).flat_map(|task| &task.memberships);
        let projects: Vec<u64> = projects.map(|(project, _)| *project).collect();
        feeds.extend(projects);
        let lag = SignedDuration::from_secs(i64::try_from(self.settings.event_lag).unwrap_or(i64::MAX));
        let visible_at = self.wall.saturating_add(lag).unwrap_or(self.wall);
        let (parent, change) = about;
        self.events.push(Event {
            visible_at,
            at,
            feeds,
            user,
            action,
            resource: self.mentioned(resource.0, resource.1),
            kind: resource.0.word(),
            parent,
            change,
        });
    }

    /// An object as events name it: told now, for it may be gone when somebody asks.
    pub(super) fn mentioned(&self, kind: Kind, gid: u64) -> Node {
        let mut members = vec![("gid", Node::gid(gid)), ("resource_type", Node::text(kind.word()))];
        let names: &[&'static str] = match kind {
            Kind::Story => &["resource_subtype"],
            Kind::Task => &["resource_subtype", "name"],
            _ => &["name"],
        };
        for name in names {
            if let Some(node) = self.member(0, kind, gid, name) {
                members.push((name, node));
            }
        }
        Node::record(members)
    }

    /// A field of a task changed; with `to`, into this object.
    pub(super) fn changed(
        &mut self,
        task: u64,
        user: Option<u64>,
        at: Timestamp,
        field: &'static str,
        to: Option<(Kind, u64)>,
    ) {
        let mut change = vec![("field", Node::text(field)), ("action", Node::text("changed"))];
        if let Some((kind, gid)) = to {
            let object = vec![("gid", Node::gid(gid)), ("resource_type", Node::text(kind.word()))];
            change.push(("new_value", Node::record(object)));
        }
        self.happened(task, user, at, "changed", (Kind::Task, task), (None, Some(Node::record(change))));
    }

    pub(super) fn feed(&mut self, call: &Call) -> Result<Answer, Reply> {
        let Some(resource) = call.get("resource") else { return Err(refuse(400, "resource: Missing input")) };
        let Ok(gid) = resource.parse::<u64>() else {
            return Err(refuse(400, &format!("resource: Not a recognized ID: {resource}")));
        };
        if self.projects.contains_key(&gid) {
            self.visible_project(call, "resource", resource)?;
        } else {
            self.visible_task(call, "resource", resource)?;
        }
        let seen = self.events.iter().position(|event| event.visible_at > call.now).unwrap_or(self.events.len());
        let alive = |sync: &&Sync| {
            sync.resource == gid && call.now.duration_since(sync.made_at) <= SignedDuration::from_hours(TOKEN_HOURS)
        };
        let known = call.get("sync").and_then(|token| self.syncs.get(token)).filter(alive).cloned();
        let Some(sync) = known else {
            let token = self.new_sync(gid, seen, call.now);
            let message = "Sync token invalid or too old. If you are attempting to keep resources in sync, you must fetch the full \
                           dataset for this query now and use the new sync token for the next sync.";
            return Err(Reply::json(412, &json!({ "errors": [{ "message": message }], "sync": token })));
        };
        let from = sync.at.min(seen);
        let of_feed = self.events[from..seen].iter().enumerate().filter(|(_, event)| event.feeds.contains(&gid));
        let found: Vec<(usize, Event)> =
            of_feed.take(AT_ONCE + 1).map(|(at, event)| (from + at, event.clone())).collect();
        let has_more = found.len() > AT_ONCE;
        let next = if has_more { found[AT_ONCE].0 } else { seen };
        let token = self.new_sync(gid, next, call.now);
        let mut show = call.show(self);
        let rows = found.iter().take(AT_ONCE).map(|(_, event)| event_json(&mut show, event, &call.fields));
        let rows: Vec<Value> = rows.collect();
        let touched = show.touched;
        Ok(Answer::Whole(json!({ "data": rows, "sync": token, "has_more": has_more }), touched))
    }

    fn new_sync(&mut self, resource: u64, at: usize, now: Timestamp) -> String {
        if self.syncs.len() >= TOKENS_KEPT {
            let life = SignedDuration::from_hours(TOKEN_HOURS);
            self.syncs.retain(|_, sync| now.duration_since(sync.made_at) <= life);
        }
        let token = self.fresh_token();
        self.syncs.insert(token.clone(), Sync { resource, at, made_at: now });
        token
    }
}

fn event_json(show: &mut Show<'_>, event: &Event, fields: &Fields) -> Value {
    let mut members = vec![
        ("user", Node::maybe(Kind::User, event.user)),
        ("created_at", Node::instant(Some(event.at))),
        ("type", Node::text(event.kind)),
        ("action", Node::text(event.action)),
        ("resource", event.resource.clone()),
        ("parent", event.parent.clone().unwrap_or_else(Node::null)),
    ];
    if let Some(change) = &event.change {
        members.push(("change", change.clone()));
    }
    show.node(&Node::record(members), fields)
}
