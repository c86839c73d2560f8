//! Stories one by one, and comments as they are written over the wire: text or rich text, own ones alone.

use serde_json::Value;

use super::model::{Write, WriteKind};
use super::org::Org;
use super::show::{Kind, Node};
use super::tasks::forbidden;
use super::{Answer, Call, no_object, refuse, rich};
use crate::reply::Reply;

/// What a comment says: as it was sent, as plain text, and as rich text where it is.
struct Words {
    sent: String,
    text: String,
    html: Option<String>,
}

impl Org {
    pub(super) fn visible_story(&self, call: &Call, text: &str) -> Result<u64, Reply> {
        let gid = text.parse::<u64>().map_err(|_| refuse(400, &format!("story: Not a recognized ID: {text}")))?;
        let (task, _) = self.story(gid).ok_or_else(|| no_object("story", text))?;
        if self.sees(call.me, task.gid) { Ok(gid) } else { Err(no_object("story", text)) }
    }

    /// `text` or `html_text`, never both. `None`: neither.
    fn words(&self, data: &Value) -> Result<Option<Words>, Reply> {
        match (data.get("text"), data.get("html_text")) {
            (Some(_), Some(_)) => Err(refuse(400, "You may only specify one of text and html_text.")),
            (Some(text), None) => {
                let text = text.as_str().ok_or_else(|| refuse(400, "text: Not a string"))?;
                Ok(Some(Words { sent: text.to_owned(), text: text.to_owned(), html: None }))
            }
            (None, Some(html)) => {
                let sent = html.as_str().ok_or_else(|| refuse(400, "html_text: Not a string"))?;
                let mention = |gid: &str| self.mentioned_name(gid);
                let rich =
                    rich::read(sent, &mention).map_err(|problem| refuse(400, &format!("html_text: {problem}")))?;
                Ok(Some(Words { sent: sent.to_owned(), text: rich.text, html: Some(rich.html) }))
            }
            (None, None) => Ok(None),
        }
    }

    /// What a mention is written out as: kind and name. `None`: nobody, or not to be seen.
    fn mentioned_name(&self, gid: &str) -> Option<(&'static str, String)> {
        let gid: u64 = gid.parse().ok()?;
        let user = self.users.get(&gid).filter(|user| user.active).map(|user| ("user", format!("@{}", user.name)));
        let task = || {
            let task = self.tasks.get(&gid).filter(|task| !task.deleted && !task.private)?;
            Some(("task", task.name.clone()))
        };
        let project = || {
            let project = self.projects.get(&gid).filter(|project| !project.hidden)?;
            Some(("project", project.name.clone()))
        };
        user.or_else(task).or_else(project)
    }

    pub(super) fn post_comment(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let task = self.visible_task(call, "task", text)?;
        if self.comments_denied(task) {
            return Err(forbidden());
        }
        let words = self.words(&call.data()?)?.ok_or_else(|| refuse(400, "text: Missing input"))?;
        if words.text.trim().is_empty() {
            return Err(refuse(400, "text: The comment must not be empty."));
        }
        let pinned = call.data()?["is_pinned"] == true;
        let gid = self.comment(task, Some(call.me), &words.text, call.now);
        self.with_story(gid, |story| {
            story.html = words.html;
            story.source = "api";
            story.pinned = pinned;
        });
        if let Some(found) = self.tasks.get_mut(&task) {
            found.followers.insert(call.me);
        }
        self.note(call, WriteKind::Created, task, gid, words.sent, true);
        Ok(Answer::Made(Node::Ref(Kind::Story, gid)))
    }

    /// The story is a comment of the account's own. `Err`: 403, and 400 for what the system said.
    fn own(&self, call: &Call, text: &str) -> Result<(u64, u64), Reply> {
        let gid = self.visible_story(call, text)?;
        let (task, story) = self.story(gid).ok_or_else(|| no_object("story", text))?;
        if !story.is_comment() {
            return Err(refuse(400, "story: Only comment stories can be edited."));
        }
        if story.by != Some(call.me) {
            return Err(forbidden());
        }
        Ok((task.gid, gid))
    }

    /// An edit tells nobody, and no feed either.
    pub(super) fn edit_story(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let (task, gid) = self.own(call, text)?;
        let data = call.data()?;
        let words = self.words(&data)?;
        let pinned = data.get("is_pinned").and_then(Value::as_bool);
        if words.is_none() && pinned.is_none() {
            return Err(refuse(400, "text: Missing input"));
        }
        let sent = words.as_ref().map(|words| words.sent.clone());
        self.with_story(gid, |story| {
            if let Some(words) = words {
                story.text = words.text;
                story.html = words.html;
                story.edits += 1;
            }
            story.pinned = pinned.unwrap_or(story.pinned);
        });
        if let Some(sent) = sent {
            self.note(call, WriteKind::Edited, task, gid, sent, false);
        }
        Ok(super::one(Kind::Story, gid))
    }

    pub(super) fn delete_story(&mut self, call: &Call, text: &str) -> Result<Answer, Reply> {
        let (task, gid) = self.own(call, text)?;
        let was = self.story(gid).map(|(_, story)| story.text.clone()).unwrap_or_default();
        self.trash_story(gid, Some(call.me), call.now);
        self.note(call, WriteKind::Deleted, task, gid, was, false);
        Ok(Answer::Done)
    }

    fn note(&mut self, call: &Call, kind: WriteKind, task: u64, story: u64, body: String, notified: bool) {
        let author = self.login(call.me);
        let (task, story) = (task.to_string(), story.to_string());
        self.writes.push(Write { at: call.now, kind, task, story, author, body, notified });
    }
}
