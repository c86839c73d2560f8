//! Slack's JSON as serde types, nothing more. Fields that are not used are not named; unknown ones are ignored.
//!
//! Message timestamps are text everywhere: as numbers they lose digits, and name another message.

use connector_model::Mark;
use serde::{Deserialize, Serialize};

/// `event_type` of the metadata that carries our mark.
pub(crate) const EVENT_TYPE: &str = "gapwatch_message";

/// What every answer begins with, at whatever HTTP status it comes.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) ok: bool,
    pub(crate) error: Option<String>,
    /// Scopes the call wants, where the error is `missing_scope`.
    pub(crate) needed: Option<String>,
    /// Scopes the token has.
    pub(crate) provided: Option<String>,
    #[serde(default)]
    pub(crate) response_metadata: AnswerMetadata,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct AnswerMetadata {
    /// What is wrong with the blocks, as pointers into them.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
    /// Empty or left out: the end.
    pub(crate) next_cursor: Option<String>,
}

impl AnswerMetadata {
    pub(crate) fn next(self) -> Option<String> {
        self.next_cursor.filter(|cursor| !cursor.is_empty())
    }
}

/// `auth.test`. A user token has no `bot_id`; older answers have no `app_id`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Identity {
    pub(crate) user_id: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
    /// Seconds the token still lives; only with token rotation.
    pub(crate) expires_in: Option<i64>,
}

/// `users.lookupByEmail`
#[derive(Debug, Deserialize)]
pub(crate) struct UserAnswer {
    pub(crate) user: User,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) deleted: bool,
    #[serde(default)]
    pub(crate) is_bot: bool,
    /// A guest of several channels.
    #[serde(default)]
    pub(crate) is_restricted: bool,
    /// A guest of a single channel.
    #[serde(default)]
    pub(crate) is_ultra_restricted: bool,
    /// Of another organisation.
    #[serde(default)]
    pub(crate) is_stranger: bool,
    pub(crate) tz: Option<String>,
    #[serde(default)]
    pub(crate) profile: UserProfile,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct UserProfile {
    /// Absent without the scope for it.
    pub(crate) email: Option<String>,
}

/// `users.list`
#[derive(Debug, Deserialize)]
pub(crate) struct MembersAnswer {
    #[serde(default)]
    pub(crate) members: Vec<User>,
    #[serde(default)]
    pub(crate) response_metadata: AnswerMetadata,
}

/// `conversations.open`
#[derive(Debug, Deserialize)]
pub(crate) struct OpenAnswer {
    pub(crate) channel: Conversation,
}

/// `conversations.list`
#[derive(Debug, Deserialize)]
pub(crate) struct ListAnswer {
    #[serde(default)]
    pub(crate) channels: Vec<Conversation>,
    #[serde(default)]
    pub(crate) response_metadata: AnswerMetadata,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    /// Direct messages have none.
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) is_archived: bool,
    #[serde(default)]
    pub(crate) is_private: bool,
    /// Whether the app is in it. `None`: not told.
    pub(crate) is_member: Option<bool>,
    /// Shared with another organisation.
    #[serde(default)]
    pub(crate) is_ext_shared: bool,
    /// About to be.
    #[serde(default)]
    pub(crate) is_pending_ext_shared: bool,
}

/// `conversations.info`
#[derive(Debug, Deserialize)]
pub(crate) struct InfoAnswer {
    pub(crate) channel: Conversation,
}

/// `chat.postMessage`
#[derive(Debug, Deserialize)]
pub(crate) struct PostAnswer {
    pub(crate) channel: String,
    pub(crate) ts: String,
}

/// `conversations.history` and `conversations.replies`
#[derive(Debug, Deserialize)]
pub(crate) struct MessagesAnswer {
    #[serde(default)]
    pub(crate) messages: Vec<Message>,
    #[serde(default)]
    pub(crate) has_more: bool,
    #[serde(default)]
    pub(crate) response_metadata: AnswerMetadata,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) ts: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
    /// Of any app, in any shape, so it is looked at only as far as needed.
    pub(crate) metadata: Option<serde_json::Value>,
}

impl Message {
    /// Whether its metadata is ours and carries exactly this mark.
    pub(crate) fn carries(&self, mark: &str) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| {
            metadata["event_type"] == EVENT_TYPE && metadata["event_payload"]["wire"].as_str() == Some(mark)
        })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct OpenCall<'a> {
    pub(crate) users: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct JoinCall<'a> {
    pub(crate) channel: &'a str,
}

/// What an incoming webhook takes: its channel is its own.
#[derive(Debug, Serialize)]
pub(crate) struct HookCall<'a> {
    #[serde(flatten)]
    pub(crate) content: &'a Content,
    pub(crate) unfurl_links: bool,
    pub(crate) unfurl_media: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct PostCall<'a> {
    pub(crate) channel: &'a str,
    #[serde(flatten)]
    pub(crate) content: &'a Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread_ts: Option<&'a str>,
    /// Off: every task link would unfold into a preview.
    pub(crate) unfurl_links: bool,
    pub(crate) unfurl_media: bool,
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Serialize)]
pub(crate) struct UpdateCall<'a> {
    pub(crate) channel: &'a str,
    pub(crate) ts: &'a str,
    #[serde(flatten)]
    pub(crate) content: &'a Content,
    /// `none`: an update's own default turns bare names and addresses into links.
    pub(crate) parse: &'static str,
    pub(crate) metadata: Metadata,
}

/// Readable by every app of the workspace, so it holds the mark and no content.
#[derive(Debug, Serialize)]
pub(crate) struct Metadata {
    event_type: &'static str,
    event_payload: Payload,
}

#[derive(Debug, Serialize)]
struct Payload {
    wire: String,
}

impl Metadata {
    pub(crate) fn of(mark: &Mark) -> Metadata {
        Metadata { event_type: EVENT_TYPE, event_payload: Payload { wire: mark.to_text() } }
    }
}

/// What is shown.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Content {
    /// Notification and screen-reader text; all there is where the blocks are not shown.
    pub(crate) text: String,
    /// Empty: none, and those of an edited message go.
    pub(crate) blocks: Vec<Shown>,
}

/// One block.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    /// Words.
    Rich(RichText),
    /// Buttons and menus.
    Actions(serde_json::Value),
}

/// One `rich_text` block with one section.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RichText {
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) elements: [Section; 1],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Section {
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) elements: Vec<Element>,
}

impl RichText {
    pub(crate) fn of(elements: Vec<Element>) -> RichText {
        RichText { kind: "rich_text", elements: [Section { kind: "rich_text_section", elements }] }
    }
}

/// A piece of a section. Slack shows `text` as it is: nothing in it is parsed.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Element {
    Text {
        text: String,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    Link {
        url: String,
        text: String,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    User {
        user_id: String,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Style {
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) bold: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) italic: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) code: bool,
}

impl Style {
    fn is_plain(&self) -> bool {
        *self == Style::default()
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
