//! Comments: lists, and the only writes this model takes over the wire.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::model::{Comment, CommentWrite, WriteKind};
use super::pages::tagged;
use super::{Call, Hub, error, not_found};
use crate::reply::Reply;
use crate::text::{digest, whole};

/// Characters in a comment's text at most.
const LONGEST_BODY: usize = 65_536;

#[derive(Deserialize)]
struct Written {
    body: Option<String>,
}

impl Hub {
    /// Comments of one issue: ascending by id; `since` is all there is to choose.
    pub(super) fn comments_of_issue(&self, call: &Call<'_>, index: usize, number: u64) -> Reply {
        if self.repos[index].listing.get(number).is_none() {
            return not_found();
        }
        let found = self.comments_since(call, index).filter(|comment| comment.issue == number);
        let all: Vec<_> = found.map(|comment| self.comment_json(&self.repos[index], comment)).collect();
        self.page_of(call, self.list_url(index, &format!("issues/{number}/comments")), &all)
    }

    /// Comments of a whole repository. Without `sort` the direction is ignored and ids ascend.
    pub(super) fn comments_of_repo(&self, call: &Call<'_>, index: usize) -> Reply {
        let mut found: Vec<&Comment> = self.comments_since(call, index).collect();
        match call.params.get("sort") {
            Some("updated") => found.sort_by_key(|comment| (comment.updated_at, comment.id)),
            Some("created") => found.sort_by_key(|comment| (comment.created_at, comment.id)),
            _ => {}
        }
        // With a sort, GitHub's direction is descending unless told otherwise.
        if call.params.get("sort").is_some() && call.params.get("direction") != Some("asc") {
            found.reverse();
        }
        let offset = call.params.offset(self.settings.page_cap).unwrap_or(0);
        let here = offset..offset.saturating_add(call.params.per_page());
        // Only the page's own comments are rendered; the others only count.
        let blank = RawValue::NULL;
        let render = |(at, comment): (usize, &&Comment)| {
            if here.contains(&at) { self.comment_json(&self.repos[index], comment) } else { blank.to_owned() }
        };
        let all: Vec<_> = found.iter().enumerate().map(render).collect();
        self.page_of(call, self.list_url(index, "issues/comments"), &all)
    }

    fn comments_since(&self, call: &Call<'_>, index: usize) -> impl Iterator<Item = &Comment> {
        let since = call.params.since().unwrap_or(Timestamp::MIN);
        self.repos[index].comments.values().filter(move |comment| comment.updated_at >= since)
    }

    pub(super) fn one_comment(&mut self, call: &Call<'_>, index: usize, id: &str) -> Reply {
        let known = id.parse().ok().filter(|id| self.repos[index].comments.contains_key(id));
        let Some(id) = known else { return not_found() };
        match call.asked.method.as_str() {
            "GET" | "HEAD" => {
                let body = self.comment_json(&self.repos[index], &self.repos[index].comments[&id]);
                let print = digest(body.get());
                tagged(call.asked, Reply::json_text(200, body.get().to_owned()), print)
            }
            "PATCH" => self.edit_comment(call, index, id),
            "DELETE" => self.delete_comment(call, index, id),
            _ => not_found(),
        }
    }

    pub(super) fn post_comment(&mut self, call: &Call<'_>, index: usize, number: u64) -> Reply {
        if self.repos[index].issues.get(&number).is_some_and(|issue| issue.locked) {
            return error(403, "Unable to create comment because issue is locked.");
        }
        let body = match written(&call.asked.body) {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let me = self.users.get(&call.me).map_or_else(|| call.me.clone(), |user| user.login.clone());
        let Some(id) = self.comment((index, number), &me, &body, call.now) else { return not_found() };
        self.note_content(call.now);
        self.note_write(call, index, WriteKind::Created, id, number, body);
        let repo = &self.repos[index];
        let json = self.comment_json(repo, &repo.comments[&id]);
        let location = format!("{}/issues/comments/{id}", self.repo_url(repo));
        if let Some(bot) = self.settings.echo_bot.clone() {
            self.comment((index, number), &bot, "Thank you for your comment!", call.now);
        }
        Reply::json_text(201, json.get().to_owned()).with("location", location)
    }

    fn edit_comment(&mut self, call: &Call<'_>, index: usize, id: u64) -> Reply {
        let body = match written(&call.asked.body) {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let Some(comment) = self.repos[index].comments.get_mut(&id) else { return not_found() };
        if comment.author != call.me {
            return error(403, "Must have admin rights to Repository.");
        }
        comment.body.clone_from(&body);
        comment.edits += 1;
        comment.updated_at = comment.updated_at.max(whole(call.now));
        let number = comment.issue;
        self.note_write(call, index, WriteKind::Edited, id, number, body);
        let repo = &self.repos[index];
        Reply::json_text(200, self.comment_json(repo, &repo.comments[&id]).get().to_owned())
    }

    fn delete_comment(&mut self, call: &Call<'_>, index: usize, id: u64) -> Reply {
        if self.repos[index].comments.get(&id).is_some_and(|comment| comment.author != call.me) {
            return error(403, "Must have admin rights to Repository.");
        }
        let Some(comment) = self.uncomment(index, id, call.now) else { return not_found() };
        self.note_write(call, index, WriteKind::Deleted, id, comment.issue, comment.body);
        Reply::new(204, bytes::Bytes::new())
    }

    fn note_write(&mut self, call: &Call<'_>, index: usize, kind: WriteKind, comment: u64, number: u64, body: String) {
        let repo = self.repos[index].full_name.clone();
        let author = self.users.get(&call.me).map_or_else(|| call.me.clone(), |user| user.login.clone());
        self.writes.push(CommentWrite { at: call.now, kind, repo, number, comment, author, body });
    }
}

fn written(body: &[u8]) -> Result<String, Reply> {
    let Ok(written) = serde_json::from_slice::<Written>(body) else {
        return Err(error(400, "Problems parsing JSON"));
    };
    let text = written.body.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(invalid("missing_field", "body", "Body can't be blank"));
    }
    if text.chars().count() > LONGEST_BODY {
        return Err(invalid("unprocessable", "data", "Body is too long (maximum is 65536 characters)"));
    }
    Ok(text)
}

fn invalid(code: &str, field: &str, message: &str) -> Reply {
    let body = json!({
        "message": "Validation Failed",
        "errors": [{ "resource": "IssueComment", "code": code, "field": field, "message": message }],
        "documentation_url": "https://docs.github.com/rest/issues/comments#create-an-issue-comment", "status": "422",
    });
    Reply::json(422, &body)
}
