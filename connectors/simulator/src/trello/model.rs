//! What Trello holds: members, boards with their lists and labels, cards with their checklists, and the actions that tell
//! what happened.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use crate::github::WriteKind;

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    /// Invited by e-mail, and not yet there.
    pub(crate) ghost: bool,
    /// The account was deleted: only its id is left in what it did.
    pub(crate) gone: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) id: String,
    pub(crate) member: String,
    /// `admin`, `normal` or `observer`.
    pub(crate) kind: String,
    pub(crate) deactivated: bool,
}

/// How a board answers an account that is not on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reach {
    /// It is on it.
    #[default]
    Open,
    /// 401, with words that are not about the token.
    Refused,
    /// 404.
    Missing,
}

#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) short_link: String,
    pub(crate) closed: bool,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) reach: Reach,
    pub(crate) comments_denied: bool,
    /// Without custom fields, and without dates and owners of check items.
    pub(crate) free: bool,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) lists: Vec<List>,
    pub(crate) labels: Vec<Label>,
    /// Definitions of custom fields, as they are shown.
    pub(crate) fields: Vec<Value>,
    pub(crate) next_number: u64,
    /// When something happened on it, in the order it became known.
    pub(crate) touched: Vec<Timestamp>,
    /// How many of its newest actions can be read. `None`: all.
    pub(crate) depth: Option<usize>,
    /// What a recording knows beyond this.
    pub(crate) extra: Map<String, Value>,
}

#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) closed: bool,
    pub(crate) pos: Value,
    pub(crate) soft_limit: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) color: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) board: String,
    pub(crate) list: String,
    pub(crate) number: u64,
    pub(crate) short_link: String,
    pub(crate) name: String,
    pub(crate) desc: String,
    pub(crate) closed: bool,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) due: Option<Timestamp>,
    pub(crate) complete: bool,
    pub(crate) completed_at: Option<Timestamp>,
    /// Ids.
    pub(crate) members: Vec<String>,
    /// Ids.
    pub(crate) labels: Vec<String>,
    pub(crate) pos: Value,
    pub(crate) creator: Option<String>,
    /// `separator`, `board`, `mirror` or `link`. `None`: a task.
    pub(crate) role: Option<String>,
    pub(crate) mirror_of: Option<String>,
    pub(crate) template: bool,
    pub(crate) updated_at: Timestamp,
    pub(crate) checklists: Vec<Checklist>,
    /// As they are shown.
    pub(crate) field_items: Vec<Value>,
    pub(crate) attachments: Vec<Attachment>,
    /// What a recording knows beyond this. Empty: it is not recorded.
    pub(crate) extra: Map<String, Value>,
}

impl Card {
    pub(crate) fn items(&self) -> impl Iterator<Item = &CheckItem> {
        self.checklists.iter().flat_map(|checklist| &checklist.items)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Checklist {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) pos: Value,
    pub(crate) items: Vec<CheckItem>,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckItem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) done: bool,
    pub(crate) due: Option<Timestamp>,
    pub(crate) member: Option<String>,
    pub(crate) pos: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) at: Timestamp,
    pub(crate) member: Option<String>,
    pub(crate) extra: Map<String, Value>,
}

/// An entry of the feed.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) board: String,
    pub(crate) card: Option<String>,
    /// Member's id. `None`: nobody is told.
    pub(crate) by: Option<String>,
    /// The app by whose key it was done.
    pub(crate) app: Option<String>,
    pub(crate) data: Value,
    pub(crate) edits: u32,
    pub(crate) recorded: bool,
}

/// Who does something, when, and by which app.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) at: Timestamp,
    /// Member's id. `None`: nobody is told.
    pub(crate) by: Option<String>,
    pub(crate) app: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) key: String,
    pub(crate) token: String,
    /// Member's id.
    pub(crate) member: String,
    pub(crate) write: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) credentials: Vec<Credential>,
    /// Member's id of whoever shows a credential while any is accepted.
    pub(crate) default_member: String,
    pub(crate) limits: bool,
    pub(crate) member_limit: usize,
    pub(crate) limit_headers: bool,
    /// Writes are answered 202 with nothing.
    pub(crate) accepted_only: bool,
    /// Seconds by which a board's last activity is shown late.
    pub(crate) board_lag: u64,
    /// Seconds by which an action comes into the feed late.
    pub(crate) action_lag: u64,
    /// Cards above which a read that nests their actions is refused.
    pub(crate) nested_cards: usize,
    /// Cards above which any read is refused.
    pub(crate) largest_page: usize,
}

/// How often whoever was let in, and refused.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) keys: HashMap<String, VecDeque<Timestamp>>,
    pub(crate) tokens: HashMap<String, VecDeque<Timestamp>>,
    pub(crate) members: HashMap<String, VecDeque<Timestamp>>,
    pub(crate) refusals: HashMap<String, VecDeque<Timestamp>>,
}

/// A hook as it was asked for. Nothing is ever sent to it.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) model: String,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) active: bool,
}

/// A card to be made.
#[derive(Debug, Clone, Default)]
pub struct CardDraft {
    /// Its title.
    pub name: String,
    /// Its text, in Markdown.
    pub desc: String,
    /// User names of its members.
    pub members: Vec<String>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// When it is to begin.
    pub start: Option<Timestamp>,
    /// Names of labels, made if they are new.
    pub labels: Vec<String>,
    /// Lines of one checklist, and whether each is ticked.
    pub checks: Vec<(String, bool)>,
    /// `separator`, `board`, `mirror` or `link`. `None`: a task.
    pub role: Option<String>,
    /// The card it is a second view of.
    pub mirror_of: Option<String>,
    /// It is a template, from which others are copied.
    pub template: bool,
    /// User name of who makes it; whoever acts if `None`.
    pub creator: Option<String>,
    /// When it is made; now if `None`.
    pub created: Option<Timestamp>,
}

impl CardDraft {
    /// A card with nothing but a title.
    pub fn new(name: &str) -> CardDraft {
        CardDraft { name: name.to_owned(), ..CardDraft::default() }
    }
}

/// A card as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CardSeen {
    /// 24 hex digits.
    pub id: String,
    /// Eight characters that stand for the id in addresses.
    pub short_link: String,
    /// Name of its board.
    pub board: String,
    /// Name of its list.
    pub list: String,
    /// Its title.
    pub name: String,
    /// Its text.
    pub desc: String,
    /// It is archived. A card in an archived list is not.
    pub closed: bool,
    /// User names of its members.
    pub members: Vec<String>,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// When it is to begin.
    pub start: Option<Timestamp>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// It is marked complete.
    pub complete: bool,
    /// Ticked lines of its checklists, and all of them.
    pub checks: (usize, usize),
    /// When something last happened on it.
    pub updated_at: Timestamp,
}

/// A comment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentSeen {
    /// Id of its action.
    pub id: String,
    /// User name of who wrote it.
    pub author: String,
    /// Its text, in Markdown.
    pub text: String,
    /// How often it was edited.
    pub edits: u32,
    /// When it was written.
    pub at: Timestamp,
    /// Whether an app wrote it.
    pub by_app: bool,
}

/// A comment that was written, edited or deleted over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub kind: WriteKind,
    /// Id of the card.
    pub card: String,
    /// Id of the comment's action.
    pub comment: String,
    /// User name of who did it.
    pub author: String,
    /// The text; of a deleted comment, its last one.
    pub text: String,
}

/// `2026-09-30T16:00:00.000Z`
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub(crate) fn shown(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(stamp(at)))
}

/// When something with this id was made: its first eight digits are seconds.
pub(crate) fn born(id: &str) -> Option<Timestamp> {
    let seconds = i64::from_str_radix(id.get(..8)?, 16).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// Whether this is 24 hex digits.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
