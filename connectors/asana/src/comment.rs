//! Our one comment on a task: made, edited, found again by the reference in its last line, taken away.

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Found, MessageRef, Text, WriteError};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::{refused, said, words};
use crate::call::{Ask, is_gid, not_written};
use crate::reach::Form;
use crate::text::{Mentions, bare, rich_with};
use crate::wire::Story;
use crate::{Asana, TOOL, items, mark};

/// How long before the attempt a comment is looked for: clocks differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(2);

/// What is needed of each story to find one of ours.
const FIELDS: &str = "created_at,created_by.gid,resource_subtype,type,text";

#[derive(Deserialize)]
struct Made {
    data: MadeStory,
}

#[derive(Deserialize)]
struct MadeStory {
    gid: String,
}

impl Asana {
    pub(crate) async fn post_comment(&self, task: &str, text: &Text, mark: &Mark) -> Result<MessageRef, WriteError> {
        let task = gid(task)?;
        let reach = self.reach(task, text).await.map_err(not_written)?;
        if reach.is_nobody() {
            let (who, because) = reach.missed(Form::Addressed);
            return Err(WriteError::Unheard { at: None, who, because });
        }
        let text = reach.addressed(text);
        let (response, form) = self.say(&Method::POST, &format!("tasks/{task}/stories"), &text, mark).await?;
        match response.status {
            200 | 201 => {}
            404 | 410 => {
                let because = "the task is not there, or not to be seen by this account".to_owned();
                return Err(WriteError::Refused { because });
            }
            _ => return Err(why_not(&response)),
        }
        let made: Made = serde_json::from_slice(&response.body)
            .map_err(|_| WriteError::Unsure { because: "the answer does not tell the comment's gid".to_owned() })?;
        let at = MessageRef(made.data.gid);
        let (who, because) = reach.missed(form);
        if who.is_empty() { Ok(at) } else { Err(WriteError::Unheard { at: Some(at), who, because }) }
    }

    pub(crate) async fn edit_comment(&self, at: &MessageRef, text: &Text, mark: &Mark) -> Result<(), WriteError> {
        let story = gid(&at.0)?;
        let (response, _) = self.say(&Method::PUT, &format!("stories/{story}"), text, mark).await?;
        match response.status {
            200 => Ok(()),
            404 | 410 => Err(WriteError::Gone { because: "the comment is not there any more".to_owned() }),
            _ => Err(why_not(&response)),
        }
    }

    pub(crate) async fn delete_comment(&self, at: &MessageRef) -> Result<(), WriteError> {
        let story = gid(&at.0)?;
        let response = self.write(Method::DELETE, format!("stories/{story}"), None::<&Value>).await?;
        match response.status {
            200 | 204 | 404 | 410 => Ok(()),
            _ => Err(why_not(&response)),
        }
    }

    /// Writes the words. A 400 wrote nothing: then without the mention, which Asana refuses of whoever does not see the task,
    /// and at last as plain words. Says which of these it was.
    async fn say(&self, method: &Method, path: &str, text: &Text, mark: &Mark) -> Result<(Response, Form), WriteError> {
        let full = rich_with(text, Some(mark), Mentions::There);
        let unaddressed = rich_with(text, Some(mark), Mentions::LeftOut);
        let mut bodies = vec![(json!({ "html_text": full }), Form::Addressed)];
        if unaddressed != full {
            bodies.push((json!({ "html_text": unaddressed }), Form::Unaddressed));
        }
        for (body, form) in bodies {
            let response = self.write(method.clone(), path.to_owned(), Some(&body)).await?;
            if response.status != 400 {
                return Ok((response, form));
            }
        }
        let body = json!({ "text": bare(text, mark) });
        Ok((self.write(method.clone(), path.to_owned(), Some(&body)).await?, Form::Bare))
    }

    pub(crate) async fn find_comment(
        &self,
        task: &str,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, ConnectorError> {
        if !is_gid(task) {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        }
        let (own, since) = (self.myself().await?.gid, self.there(since));
        let what = format!("stories of task {task}");
        let mut is_blurred = false;
        for answer in self.ask_all(&Ask::list(format!("tasks/{task}/stories"), FIELDS), &what).await? {
            let listed = items::list(&answer, &what)?;
            let mut unreadable = Vec::new();
            let stories: Vec<Story> = items::each(&listed.data, &mut unreadable);
            is_blurred |= !unreadable.is_empty();
            for story in stories.iter().filter(|story| story.is_comment()) {
                let author = story.created_by.as_ref().and_then(|user| user.gid.as_deref());
                let is_ours = author == Some(&*own) && story.created_at.is_none_or(|at| at >= since);
                if is_ours && story.text.as_deref().and_then(mark::of_text).as_ref() == Some(mark) {
                    return Ok(Found::There(MessageRef(story.gid.clone())));
                }
            }
        }
        Ok(match is_blurred {
            true => Found::CannotTell("a comment there cannot be read".to_owned()),
            false => Found::Absent,
        })
    }

    /// An instant of our clock as Asana's may have had it, and a little earlier.
    fn there(&self, at: Timestamp) -> Timestamp {
        let behind = self.skew().map_or(SignedDuration::ZERO, |skew| (-skew).max(SignedDuration::ZERO));
        at.saturating_sub(behind.saturating_add(LOOK_BACK)).unwrap_or(Timestamp::MIN)
    }
}

/// Why a write was not done.
fn why_not(response: &Response) -> WriteError {
    match response.status {
        402 => {
            let because = format!("the workspace's plan does not allow it (HTTP 402{})", said(&response.body));
            WriteError::Refused { because }
        }
        403 => {
            let said = words(&response.body).unwrap_or_default();
            let because = format!("HTTP 403 ({said}); the account needs the right to comment in this project");
            WriteError::Refused { because }
        }
        _ => refused(response),
    }
}

/// The gid in a handle.
fn gid(text: &str) -> Result<&str, WriteError> {
    let because = "an id that this connector did not write";
    if is_gid(text) { Ok(text) } else { Err(WriteError::Refused { because: because.to_owned() }) }
}
