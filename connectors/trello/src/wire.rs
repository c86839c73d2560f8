//! Trello's JSON as serde types: what we read of it, and nothing more.
//!
//! New fields and words appear without notice, and what a plan does not include is left out. So everything that a card can
//! do without is an `Option`, and unknown words stay text.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::when::When;

/// An id of Trello's: 24 hexadecimal digits. Anything else is no thing that was made there.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = String::deserialize(from)?;
    let is_id = id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { Ok(id) } else { Err(D::Error::custom("no id of Trello's")) }
}

/// What may be null, and is never left out.
fn demanded<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(from)
}

/// What may be left out, and is never null where it is told.
fn told<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A card. What every answer holds is demanded: taken for "none", what is lacking would mend or open gaps by itself. What came
/// to Trello later, and what some plans lack, may be absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) desc: Option<String>,
    pub(crate) closed: bool,
    pub(crate) id_board: String,
    pub(crate) id_list: String,
    pub(crate) id_members: Vec<String>,
    pub(crate) id_member_creator: Option<String>,
    pub(crate) labels: Vec<Label>,
    #[serde(default)]
    pub(crate) start: When,
    #[serde(deserialize_with = "demanded")]
    pub(crate) due: When,
    #[serde(default, deserialize_with = "told")]
    pub(crate) due_complete: Option<bool>,
    #[serde(default)]
    pub(crate) date_last_activity: When,
    #[serde(default)]
    pub(crate) date_closed: When,
    #[serde(default)]
    pub(crate) date_completed: When,
    pub(crate) short_link: Option<String>,
    pub(crate) short_url: Option<String>,
    pub(crate) url: Option<String>,
    #[serde(default, deserialize_with = "told")]
    pub(crate) is_template: Option<bool>,
    /// Outer `None`: not told, as before there were roles.
    #[serde(default, deserialize_with = "told")]
    pub(crate) card_role: Option<Option<String>>,
    pub(crate) badges: Badges,
    pub(crate) custom_field_items: Option<Vec<FieldItem>>,
    pub(crate) attachments: Option<Vec<Attachment>>,
    pub(crate) checklists: Option<Vec<Checklist>>,
}

/// What tells a page's cards apart before they are read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stub {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) id_board: Option<String>,
    pub(crate) id_list: Option<String>,
}

/// A label.
#[derive(Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) color: Option<String>,
}

impl Label {
    /// Its name; one without a name is known by its colour.
    pub(crate) fn word(&self) -> Option<&str> {
        let told = |text: &'_ Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        if told(&self.name) { self.name.as_deref() } else { self.color.as_deref().filter(|_| told(&self.color)) }
    }
}

/// Sums that a card shows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Badges {
    pub(crate) check_items: u32,
    pub(crate) check_items_checked: u32,
    pub(crate) attachments: Option<u32>,
}

/// The value of a custom field on a card. Numbers and yes or no are texts; of a list the option's id stands beside the value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldItem {
    pub(crate) id_custom_field: Option<String>,
    pub(crate) id_value: Option<String>,
    pub(crate) value: Option<Value>,
}

/// A custom field of a board.
#[derive(Debug, Deserialize)]
pub(crate) struct FieldDefinition {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) options: Option<Vec<FieldOption>>,
}

/// An entry of a list field.
#[derive(Debug, Deserialize)]
pub(crate) struct FieldOption {
    pub(crate) id: Option<String>,
    pub(crate) value: Option<Value>,
}

/// Something attached to a card.
#[derive(Debug, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) url: Option<String>,
}

/// A checklist.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checklist {
    pub(crate) id_card: Option<String>,
    pub(crate) check_items: Vec<CheckItem>,
}

/// An item of a checklist. Date and owner are there on paid plans alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckItem {
    #[serde(deserialize_with = "id")]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) due: When,
    pub(crate) id_member: Option<String>,
}

/// A board.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoardStub {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) closed: Option<bool>,
    pub(crate) short_link: Option<String>,
    pub(crate) date_last_activity: Option<String>,
}

/// A list.
#[derive(Debug, Deserialize)]
pub(crate) struct List {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) closed: Option<bool>,
}

/// A member.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) full_name: Option<String>,
    /// `ghost`: invited by mail, and not there yet.
    pub(crate) member_type: Option<String>,
    pub(crate) confirmed: Option<bool>,
}

/// Who is on a board, and how.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Membership {
    pub(crate) id_member: Option<String>,
    pub(crate) deactivated: Option<bool>,
    /// Invited, and not there yet.
    pub(crate) unconfirmed: Option<bool>,
}

/// An entry of a board's history.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    pub(crate) id: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) date: When,
    pub(crate) id_member_creator: Option<String>,
    pub(crate) member_creator: Option<Member>,
    pub(crate) member: Option<Member>,
    pub(crate) app_creator: Option<App>,
    #[serde(default)]
    pub(crate) data: Data,
}

/// The app through which something was done.
#[derive(Debug, Deserialize)]
pub(crate) struct App {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

/// What an action is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Data {
    pub(crate) card: Option<ActionCard>,
    pub(crate) list: Option<Named>,
    pub(crate) list_before: Option<Named>,
    pub(crate) list_after: Option<Named>,
    pub(crate) board: Option<Named>,
    pub(crate) board_source: Option<Named>,
    pub(crate) board_target: Option<Named>,
    pub(crate) old: Option<serde_json::Map<String, Value>>,
    pub(crate) text: Option<String>,
    pub(crate) id_member: Option<String>,
    pub(crate) member: Option<Named>,
    pub(crate) check_item: Option<ActionItem>,
    pub(crate) custom_field: Option<Named>,
    pub(crate) custom_field_item: Option<FieldItem>,
}

/// An item of a checklist as an action shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct ActionItem {
    pub(crate) id: Option<String>,
    pub(crate) state: Option<String>,
}

/// A card as an action shows it: what changed, as it is after that.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionCard {
    pub(crate) id: Option<String>,
    pub(crate) closed: Option<bool>,
    pub(crate) due: Option<Value>,
    pub(crate) start: Option<Value>,
    pub(crate) due_complete: Option<bool>,
}

/// A list, board or member as an action shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

/// A token, without itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    pub(crate) identifier: Option<String>,
    #[serde(default)]
    pub(crate) date_expires: When,
    pub(crate) permissions: Option<Vec<Permission>>,
}

/// What a token may do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permission {
    pub(crate) model_type: Option<String>,
    pub(crate) write: Option<bool>,
}
