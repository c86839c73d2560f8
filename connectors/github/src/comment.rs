//! Our one comment on an issue: made, edited, found again, taken away.

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Found, MessageRef, Text, WriteError};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::TaskHandle;
use crate::answers::refused;
use crate::call::{Write, expect_ok, json};
use crate::pull::{carry, endless};
use crate::walk::{PAGE, Walk, earlier, next_of};
use crate::wire::Comment;
use crate::{COMMENTS, CORE, GitHub, TOOL, items, mark, text};

/// How long before the attempt a comment is looked for: clocks differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(2);

/// Pages of comments looked through for one of ours.
const MOST_PAGES: usize = 50;

/// What a comment is sent as.
#[derive(Serialize)]
struct Body {
    body: String,
}

/// What is needed of a comment that was made.
#[derive(Deserialize)]
struct Made {
    id: u64,
}

impl Body {
    fn new(text: &Text, mark: &Mark) -> Body {
        Body { body: format!("{}\n{}", mark::line(mark), text::markdown(text)) }
    }
}

impl GitHub {
    pub(crate) async fn post_comment(&self, task: &str, text: &Text, mark: &Mark) -> Result<MessageRef, WriteError> {
        let handle = handle(task)?;
        let tail = format!("issues/{}/comments", handle.number);
        let (place, body) = (self.place_of(&handle), json(&Body::new(text, mark)));
        let response = self.send(Write { method: Method::POST, place: &place, tail, body, budget: COMMENTS }).await?;
        if response.status != 201 {
            return Err(refused(&response));
        }
        let made: Made = serde_json::from_slice(&response.body)
            .map_err(|_| WriteError::Unsure { because: "the answer does not tell the comment's id".to_owned() })?;
        Ok(MessageRef(made.id.to_string()))
    }

    pub(crate) async fn edit_comment(
        &self,
        task: &str,
        at: &MessageRef,
        text: &Text,
        mark: &Mark,
    ) -> Result<(), WriteError> {
        let response = self.on_comment(Method::PATCH, task, at, json(&Body::new(text, mark))).await?;
        match response.status {
            200 => Ok(()),
            404 | 410 => Err(WriteError::Gone { because: "the comment is not there any more".to_owned() }),
            _ => Err(refused(&response)),
        }
    }

    pub(crate) async fn delete_comment(&self, task: &str, at: &MessageRef) -> Result<(), WriteError> {
        let response = self.on_comment(Method::DELETE, task, at, None).await?;
        match response.status {
            200 | 204 | 404 | 410 => Ok(()),
            _ => Err(refused(&response)),
        }
    }

    async fn on_comment(
        &self,
        method: Method,
        task: &str,
        at: &MessageRef,
        body: Option<Vec<u8>>,
    ) -> Result<Response, WriteError> {
        let handle = handle(task)?;
        let id: u64 =
            at.0.parse().map_err(|_| WriteError::Refused { because: format!("no comment's id: {}", at.0) })?;
        let (place, tail) = (self.place_of(&handle), format!("issues/comments/{id}"));
        self.send(Write { method, place: &place, tail, body, budget: CORE }).await
    }

    pub(crate) async fn find_comment(
        &self,
        task: &str,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, ConnectorError> {
        let handle = TaskHandle::from_text(task).ok_or_else(|| {
            let what = "a task's handle that this connector did not write".to_owned();
            ConnectorError::Misconfigured { tool: TOOL, what }
        })?;
        let own = self.own_account().await?;
        let since = self.there(since);
        let (mut place, tail) = (self.place_of(&handle), format!("issues/{}/comments", handle.number));
        let what = format!("comments of {}#{}", handle.name, handle.number);
        let mut walk = Walk::default();
        for _ in 0..MOST_PAGES {
            let mut query = vec![("since", since.to_string()), ("per_page", PAGE.to_string())];
            carry(&walk, &mut query);
            let mut response = self.get_at(&place, &tail, query.clone(), None).await?;
            if response.status == 404 && self.knows_names_only(&place).await {
                place = self.place_of(&handle);
                response = self.get_at(&place, &tail, query, None).await?;
            }
            let response = expect_ok(response, &what)?;
            let items = items::list::<Comment<'_>>(&response.body, &what)?;
            if let Some(ours) = items.read.iter().find(|comment| is_ours(comment, mark, own.as_deref())) {
                return Ok(Found::There(MessageRef(ours.id.to_string())));
            }
            if !items.unreadable.is_empty() {
                return Ok(Found::CannotTell("a comment there cannot be read".to_owned()));
            }
            let ids = items.read.iter().map(|comment| comment.id);
            if walk.turn(ids, next_of(response.next_link())).map_err(|because| endless(&what, because))? {
                return Ok(Found::Absent);
            }
        }
        Ok(Found::CannotTell("too many comments since".to_owned()))
    }

    /// An instant of our clock as GitHub's may have had it, and a little earlier.
    fn there(&self, at: Timestamp) -> Timestamp {
        let behind = self.skew().map_or(SignedDuration::ZERO, |skew| (-skew).max(SignedDuration::ZERO));
        let at = earlier(earlier(at, behind), LOOK_BACK);
        Timestamp::from_second(at.as_second()).unwrap_or(at)
    }
}

/// Anybody can copy a mark: where our account is known, the author must be it.
fn is_ours(comment: &Comment<'_>, mark: &Mark, own: Option<&str>) -> bool {
    let first_line = comment.body.as_deref().and_then(|body| body.lines().next()).unwrap_or("");
    let by = comment.user.as_ref().map(|user| user.id.to_string());
    mark::read(first_line).as_ref() == Some(mark) && own.is_none_or(|own| by.as_deref() == Some(own))
}

fn handle(task: &str) -> Result<TaskHandle, WriteError> {
    let because = "a task's handle that this connector did not write";
    TaskHandle::from_text(task).ok_or_else(|| WriteError::Refused { because: because.to_owned() })
}
