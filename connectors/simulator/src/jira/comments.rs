//! Comments: lists, and the only writes this model takes over the wire besides a comment's own properties.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::model::{Comment, Text, Write, WriteKind};
use super::site::Site;
use super::{Call, adf, bad, bad_field, error, no_issue, unauthorized, unknown};
use crate::reply::Reply;

/// Comments in a page of an issue's list, and ids in a list by id.
const PAGE: usize = 100;
const BY_ID: usize = 1_000;
/// Characters of a property's key and value.
const LONGEST_KEY: usize = 255;
pub(super) const LONGEST_VALUE: usize = 32_768;

/// A comment as it came in.
struct Written {
    text: Text,
    properties: Vec<(String, Value)>,
    visibility: Option<Value>,
}

impl Site {
    pub(super) fn comment_page(&self, call: &Call<'_>, id: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return no_issue() };
        let start = call.number("startAt", 0);
        // A server gives all of them, unless it is told otherwise.
        let most = if call.is_cloud() { PAGE } else { usize::MAX };
        let size = call.number("maxResults", most).min(most);
        let mut found: Vec<&Comment> = issue.comments.iter().collect();
        match call.get("orderBy") {
            None | Some("created" | "+created") => {}
            Some("-created") => found.reverse(),
            Some(odd) => return bad(&format!("The orderBy value '{odd}' is not supported.")),
        }
        // Properties come with this list on a server alone.
        let properties = !call.is_cloud() && call.all("expand").iter().any(|one| one == "properties");
        let page = found.iter().skip(start).take(size);
        let rows: Vec<Value> = page.map(|comment| self.comment_json(call, issue, comment, properties)).collect();
        let size = if size == usize::MAX { 1_048_576 } else { size };
        let total = issue.comments.len();
        Reply::json(200, &json!({ "startAt": start, "maxResults": size, "total": total, "comments": rows }))
    }

    pub(super) fn comments_by_id(&self, call: &Call<'_>) -> Reply {
        let body = match call.body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let Some(ids) = body["ids"].as_array() else { return bad("The 'ids' field is required.") };
        if ids.is_empty() || ids.len() > BY_ID {
            return bad("The number of ids must be between 1 and 1000.");
        }
        let ids: Vec<u64> = ids.iter().filter_map(Value::as_u64).collect();
        let properties = call.all("expand").iter().any(|one| one == "properties");
        let visible = self.issues.values().filter(|issue| self.sees(issue, call.me.as_deref()));
        let found = visible.flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)));
        let found = found.filter(|(_, comment)| ids.contains(&comment.id));
        let rows: Vec<Value> =
            found.map(|(issue, comment)| self.comment_json(call, issue, comment, properties)).collect();
        let total = rows.len();
        Reply::json(
            200,
            &json!({
                "self": format!("{}/comment/list", call.api), "startAt": 0, "maxResults": BY_ID, "total": total,
                "isLast": true, "values": rows,
            }),
        )
    }

    pub(super) fn one_comment(&mut self, call: &Call<'_>, id: u64, comment: &str) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return no_issue() };
        let Some(found) = issue.comments.iter().find(|one| one.id.to_string() == comment) else {
            return error(404, &format!("Can not find a comment for the id: {comment}."));
        };
        let number = found.id;
        match call.asked.method {
            Method::GET | Method::HEAD => {
                let properties = call.all("expand").iter().any(|one| one == "properties");
                Reply::json(200, &self.comment_json(call, issue, found, properties))
            }
            Method::PUT => self.edit_comment(call, id, number),
            Method::DELETE => self.delete_comment(call, id, number),
            _ => unknown(call),
        }
    }

    /// Text and properties of a body; `Err` is the refusal.
    fn written(call: &Call<'_>) -> Result<Written, Reply> {
        let body = call.body()?;
        let Some(text) = body.get("body").and_then(|body| Text::of(call, body)) else {
            return Err(bad_field("comment", "Comment body can not be empty!"));
        };
        let length = match &text {
            Text::Adf(document) if !adf::is_valid(document) => return Err(bad_field("comment", "INVALID_INPUT")),
            Text::Adf(document) => adf::plain(document).chars().count(),
            Text::Wiki(text) => text.trim().chars().count(),
        };
        if length == 0 {
            return Err(bad_field("comment", "Comment body can not be empty!"));
        }
        if length > adf::LONGEST {
            let text = "The entered text is too long. It exceeds the allowed limit of 32,767 characters.";
            return Err(bad_field("comment", text));
        }
        let mut properties = Vec::new();
        for property in body["properties"].as_array().into_iter().flatten() {
            let (Some(key), Some(value)) = (property["key"].as_str(), property.get("value")) else {
                return Err(bad_field("properties", "A property needs a key and a value."));
            };
            if key.is_empty() || key.len() > LONGEST_KEY || value.to_string().len() > LONGEST_VALUE {
                return Err(bad_field("properties", "The key or the value of a property is too long."));
            }
            properties.push((key.to_owned(), value.clone()));
        }
        Ok(Written { text, properties, visibility: body.get("visibility").cloned() })
    }

    /// What keeps the account from commenting here. `None`: go on.
    fn refuse_comment(&mut self, call: &Call<'_>, id: u64) -> Option<Reply> {
        let issue = self.issues.get(&id)?;
        let Some(me) = &call.me else { return Some(unauthorized()) };
        let name = self.users.get(me).map_or(me.as_str(), |user| user.name.as_str());
        let project = self.project(issue.project)?;
        if project.archived {
            return Some(bad("The project is archived. Its issues are read-only."));
        }
        if project.comments_denied {
            let text = format!("{name}, you do not have the permission to comment on this issue.");
            return Some(bad_field("comment", &text));
        }
        self.refuse_write(call, id)
    }

    pub(super) fn post_comment(&mut self, call: &Call<'_>, id: u64) -> Reply {
        if let Some(refusal) = self.refuse_comment(call, id) {
            return refusal;
        }
        let Written { text, properties, visibility } = match Site::written(call) {
            Ok(written) => written,
            Err(refusal) => return refusal,
        };
        if self.issues.get(&id).is_some_and(|issue| issue.full) {
            return error(413, "The issue has reached the limit of 5000 comments.");
        }
        let me = call.me.clone().unwrap_or_default();
        let body = text.as_written();
        let comment = self.comment(id, &me, text, call.now);
        let Some(issue) = self.issues.get_mut(&id) else { return no_issue() };
        issue.watchers.insert(me);
        if let Some(made) = issue.comments.iter_mut().find(|one| one.id == comment) {
            made.properties.extend(properties);
            made.visibility = visibility;
        }
        self.note(call, WriteKind::Created, id, comment, body, true);
        self.noticed(id, call.now);
        self.told(call, 201, id, comment)
    }

    fn told(&self, call: &Call<'_>, status: u16, id: u64, comment: u64) -> Reply {
        let Some(issue) = self.issues.get(&id) else { return no_issue() };
        let Some(found) = issue.comments.iter().find(|one| one.id == comment) else { return no_issue() };
        Reply::json(status, &self.comment_json(call, issue, found, false))
    }

    /// What keeps the account from changing a comment: 400, as the tool answers a missing right. `None`: go on.
    fn refuse_change(&mut self, call: &Call<'_>, id: u64, comment: u64, word: &str) -> Option<Reply> {
        let issue = self.issues.get(&id)?;
        let Some(me) = &call.me else { return Some(unauthorized()) };
        let mine = issue.comments.iter().any(|one| one.id == comment && one.author.as_ref() == Some(me));
        let denied = self.project(issue.project).is_some_and(|project| project.edits_denied || project.archived);
        if !mine || denied {
            let name = self.users.get(me).map_or(me.as_str(), |user| user.name.as_str());
            let text = format!("{name}, you do not have the permission to {word} this comment.");
            return Some(bad(&text));
        }
        self.refuse_write(call, id)
    }

    fn edit_comment(&mut self, call: &Call<'_>, id: u64, comment: u64) -> Reply {
        if let Some(refusal) = self.refuse_change(call, id, comment, "edit") {
            return refusal;
        }
        let Written { text, properties, visibility } = match Site::written(call) {
            Ok(written) => written,
            Err(refusal) => return refusal,
        };
        // Only Cloud can be asked to be silent.
        let notifies = !(call.is_cloud() && call.get("notifyUsers") == Some("false"));
        let body = text.as_written();
        let now = call.now;
        let Some(issue) = self.issues.get_mut(&id) else { return no_issue() };
        issue.updated_at = issue.updated_at.max(now);
        if let Some(found) = issue.comments.iter_mut().find(|one| one.id == comment) {
            found.body = text;
            found.editor = call.me.clone();
            found.updated_at = found.updated_at.max(now);
            found.edits += 1;
            found.notified += u32::from(notifies);
            found.properties.extend(properties);
            if visibility.is_some() {
                found.visibility = visibility;
            }
        }
        self.noticed(id, now);
        self.note(call, WriteKind::Edited, id, comment, body, notifies);
        self.told(call, 200, id, comment)
    }

    fn delete_comment(&mut self, call: &Call<'_>, id: u64, comment: u64) -> Reply {
        if let Some(refusal) = self.refuse_change(call, id, comment, "delete") {
            return refusal;
        }
        let now = call.now;
        let Some(issue) = self.issues.get_mut(&id) else { return no_issue() };
        issue.updated_at = issue.updated_at.max(now);
        let Some(at) = issue.comments.iter().position(|one| one.id == comment) else { return no_issue() };
        let gone = issue.comments.remove(at);
        self.noticed(id, now);
        self.note(call, WriteKind::Deleted, id, comment, gone.body.as_written(), false);
        Reply::new(204, Bytes::new())
    }

    fn note(&mut self, call: &Call<'_>, kind: WriteKind, id: u64, comment: u64, body: Value, notified: bool) {
        let key = self.issues.get(&id).map(|issue| issue.key.clone()).unwrap_or_default();
        let author = call.me.clone().unwrap_or_default();
        self.writes.push(Write { at: call.now, kind, key, comment: comment.to_string(), author, body, notified });
    }
}
