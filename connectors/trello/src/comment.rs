//! Our one comment on a card: made, edited, found again, taken away.
//!
//! The words go in the body, for an address has no room for them. Trello knows no way to make a call twice and mean it once:
//! what was perhaps written is looked for by its reference.

use connector_kit::http::{Request, Response};
use connector_kit::{ConnectorError, Found, MessageRef, Text, WriteError};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, refused};
use crate::call::{Query, not_written, segment};
use crate::look::{Handle, is_id};
use crate::text::markdown;
use crate::wire::Action;
use crate::{TOOL, Trello, WRITES, items, mark};

/// How long before the attempt a comment is looked for: clocks differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(2);

/// Comments a page.
const PAGE: usize = 1_000;

/// Pages of comments looked through for one of ours.
const MOST_PAGES: usize = 20;

/// A comment that was made.
#[derive(Deserialize)]
struct Made {
    id: String,
}

impl Trello {
    pub(crate) async fn post_comment(&self, task: &str, text: &Text, mark: &Mark) -> Result<MessageRef, WriteError> {
        let handle = handle(task)?;
        let names = text.mentions();
        let reach = self.reach(handle.board, &names).await.map_err(not_written)?;
        let (who, because) = reach.missed();
        if !who.is_empty() && who.len() == names.len() {
            return Err(WriteError::Unheard { at: None, who, because });
        }
        let body = json!({"text": mark::marked(&markdown(&reach.addressed(text)), mark)});
        let path = format!("cards/{}/actions/comments", segment(handle.card));
        let response = self.write(|| Request::post(path.as_str(), WRITES).json(&body)).await?;
        if !response.is_success() {
            return Err(why_not(&response));
        }
        // 202, or nothing in the answer, has been seen: then it is looked for.
        let made: Made = serde_json::from_slice(&response.body)
            .map_err(|_| WriteError::Unsure { because: "the answer does not tell the comment's id".to_owned() })?;
        let at = MessageRef(made.id);
        if who.is_empty() { Ok(at) } else { Err(WriteError::Unheard { at: Some(at), who, because }) }
    }

    pub(crate) async fn edit_comment(
        &self,
        task: &str,
        at: &MessageRef,
        text: &Text,
        mark: &Mark,
    ) -> Result<(), WriteError> {
        let path = comment_path(task, at)?;
        let body = json!({"text": mark::marked(&markdown(text), mark)});
        let response = self.write(|| Request::put(path.as_str(), WRITES).json(&body)).await?;
        match response.status {
            200..=299 => Ok(()),
            404 | 410 => Err(WriteError::Gone { because: "the comment is not there any more".to_owned() }),
            _ => Err(why_not(&response)),
        }
    }

    pub(crate) async fn delete_comment(&self, task: &str, at: &MessageRef) -> Result<(), WriteError> {
        let path = comment_path(task, at)?;
        let response = self.write(|| Request::delete(path.as_str(), WRITES)).await?;
        match response.status {
            200..=299 | 404 | 410 => Ok(()),
            _ => Err(why_not(&response)),
        }
    }

    pub(crate) async fn find_comment(
        &self,
        task: &str,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, ConnectorError> {
        let Some(handle) = Handle::from_text(task) else {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        };
        let own = self.own_account().await?.ext;
        let (since, what) = (self.there(since), format!("comments of card {}", handle.card));
        let mut before: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query: Query =
                vec![("filter", "commentCard".to_owned()), ("limit", PAGE.to_string()), ("since", since.to_string())];
            query.extend(before.clone().map(|before| ("before", before)));
            let response = self.get(format!("cards/{}/actions", segment(handle.card)), query).await?;
            let response = expect_ok(response, &what)?;
            let listed: Vec<&RawValue> = items::single(&response, &what)?;
            let (count, mut unreadable) = (listed.len(), Vec::new());
            let comments: Vec<Action> = items::each(listed, &mut unreadable);
            if let Some(ours) = comments.iter().find(|comment| is_ours(comment, mark, &own)) {
                return Ok(Found::There(MessageRef(ours.id.clone())));
            }
            if !unreadable.is_empty() {
                return Ok(Found::CannotTell("a comment there cannot be read".to_owned()));
            }
            let last = comments.into_iter().next_back().map(|comment| comment.id);
            match last.filter(|_| count >= PAGE) {
                Some(last) if before.as_ref() != Some(&last) => before = Some(last),
                Some(_) => return Ok(Found::CannotTell("the same page of comments comes again".to_owned())),
                None => return Ok(Found::Absent),
            }
        }
        Ok(Found::CannotTell("too many comments since".to_owned()))
    }

    /// An instant of our clock as Trello's may have had it, and a little earlier.
    fn there(&self, at: Timestamp) -> Timestamp {
        let behind = self.skew().map_or(SignedDuration::ZERO, |skew| (-skew).max(SignedDuration::ZERO));
        at.saturating_sub(behind.saturating_add(LOOK_BACK)).unwrap_or(Timestamp::MIN)
    }
}

/// Anybody can copy a mark: the author must be our account.
fn is_ours(comment: &Action, mark: &Mark, own: &str) -> bool {
    let by = comment.id_member_creator.as_deref().or_else(|| Some(comment.member_creator.as_ref()?.id.as_str()));
    by == Some(own) && mark::of_text(comment.data.text.as_deref().unwrap_or_default()).as_ref() == Some(mark)
}

/// Why a write was not done.
fn why_not(response: &Response) -> WriteError {
    match response.status {
        401 | 403 => {
            let WriteError::Refused { because } = refused(response) else { return refused(response) };
            let hint = "this account needs a token with `write`, and the right to comment on the board";
            WriteError::Refused { because: format!("{because}; {hint}") }
        }
        404 | 410 => {
            let because = "the card is not there, or not to be seen by this account".to_owned();
            WriteError::Refused { because }
        }
        _ => refused(response),
    }
}

/// The card of a task's handle; an item of a checklist is spoken of on its card.
fn card(task: &str) -> Result<&str, WriteError> {
    handle(task).map(|handle| handle.card)
}

fn handle(task: &str) -> Result<Handle<'_>, WriteError> {
    let because = "a task's handle that this connector did not write";
    Handle::from_text(task).ok_or_else(|| WriteError::Refused { because: because.to_owned() })
}

fn comment_path(task: &str, at: &MessageRef) -> Result<String, WriteError> {
    let card = card(task)?;
    match is_id(&at.0) {
        true => Ok(format!("cards/{}/actions/{}/comments", segment(card), segment(&at.0))),
        false => Err(WriteError::Refused { because: "no comment's id".to_owned() }),
    }
}
