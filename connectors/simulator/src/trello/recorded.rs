//! Boards as somebody exported them, made part of the site, with every action that the export tells of.
//!
//! An export is one JSON object: the board, with its cards, lists, labels, members, checklists, custom fields and at most
//! the last thousand actions.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::model::{
    Action, Attachment, Board, Card, CheckItem, Checklist, Label, List, Member, Membership, Reach, born,
};
use super::store::Store;

/// Begins every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What stands in an export beside the board's own fields.
const PARTS: [&str; 9] =
    ["actions", "cards", "lists", "labels", "members", "checklists", "customFields", "memberships", "pluginData"];

/// A recording of one board.
#[derive(Debug, Clone)]
pub struct TrelloRecorded(Value);

impl TrelloRecorded {
    /// Reads an export, plain or gzipped.
    ///
    /// # Errors
    /// When the file cannot be read, or is no export of a board.
    pub fn load(path: impl AsRef<Path>) -> io::Result<TrelloRecorded> {
        let mut file = BufReader::new(File::open(path)?);
        let is_gzip = file.fill_buf()?.starts_with(&GZIP);
        let mut text = String::new();
        if is_gzip {
            MultiGzDecoder::new(file).read_to_string(&mut text)?
        } else {
            file.read_to_string(&mut text)?
        };
        TrelloRecorded::parse(&text)
    }

    /// Reads an export from text.
    ///
    /// # Errors
    /// When it is no export of a board.
    pub fn parse(text: &str) -> io::Result<TrelloRecorded> {
        let trouble = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let board: Value = serde_json::from_str(text).map_err(|error| trouble(error.to_string()))?;
        let is_board = board["id"].is_string() && board["cards"].is_array() && board["lists"].is_array();
        if is_board { Ok(TrelloRecorded(board)) } else { Err(trouble("no export of a board".to_owned())) }
    }

    /// The export as it was read.
    pub fn board(&self) -> &Value {
        &self.0
    }

    /// How many cards there are.
    pub fn len(&self) -> usize {
        list(&self.0["cards"]).len()
    }

    /// Whether there is no card in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the first card was made and the last action happened. `None`: nothing in it.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = list(&self.0["cards"]).iter().filter_map(|card| born(card["id"].as_str()?)).min()?;
        let last = list(&self.0["actions"]).iter().filter_map(|action| instant(&action["date"])).max()?;
        Some((first, last))
    }

    /// Tells the board's id.
    pub(super) fn add_to(&self, store: &mut Store) -> String {
        let raw = &self.0;
        let id = words(&raw["id"]);
        store.boards.retain(|board| board.id != id);
        list(&raw["members"]).iter().for_each(|member| know(store, member));
        for action in list(&raw["actions"]) {
            know(store, &action["memberCreator"]);
            know(store, &action["member"]);
        }
        let mut extra = object(raw);
        extra.retain(|name, _| !PARTS.contains(&name.as_str()));
        let lists: Vec<List> = list(&raw["lists"]).iter().map(a_list).collect();
        let actions: Vec<Action> = list(&raw["actions"]).iter().filter_map(|raw| an_action(raw, &id)).collect();
        let numbers = list(&raw["cards"]).iter().filter_map(|card| card["idShort"].as_u64());
        store.boards.push(Board {
            id: id.clone(),
            name: words(&raw["name"]),
            short_link: words(&raw["shortLink"]),
            closed: raw["closed"] == true,
            closed_at: instant(&raw["dateClosed"]),
            reach: Reach::Open,
            comments_denied: false,
            free: false,
            memberships: list(&raw["memberships"]).iter().map(a_membership).collect(),
            lists: lists.clone(),
            labels: list(&raw["labels"]).iter().map(a_label).collect(),
            fields: list(&raw["customFields"]).to_vec(),
            next_number: numbers.max().unwrap_or(0) + 1,
            touched: actions.iter().map(|action| action.at).chain(instant(&raw["dateLastActivity"])).collect(),
            depth: None,
            extra,
        });
        store.original_lists.retain(|(board, _)| *board != id);
        store.original_lists.push((id.clone(), lists));
        store.originals.retain(|card| card.board != id);
        store.actions.retain(|action| !(action.recorded && action.board == id));
        let checklists = list(&raw["checklists"]);
        store.originals.extend(list(&raw["cards"]).iter().filter_map(|raw| a_card(raw, checklists, &actions)));
        store.actions.extend(actions);
        // An export begins with the newest, also within a second.
        store.actions.sort_by_key(|action| action.at);
        id
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn some_words(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn ids(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(some_words).collect()
}

/// A member that a recording names.
fn know(store: &mut Store, raw: &Value) {
    let Some(id) = some_words(&raw["id"]) else { return };
    if store.member(&id).is_some() {
        return;
    }
    let (username, name) = (words(&raw["username"]), words(&raw["fullName"]));
    let ghost = raw["memberType"] == "ghost";
    store.members.push(Member { id, username, name, ghost, gone: false });
}

fn a_list(raw: &Value) -> List {
    List {
        id: words(&raw["id"]),
        name: words(&raw["name"]),
        closed: raw["closed"] == true,
        pos: raw["pos"].clone(),
        soft_limit: raw["softLimit"].as_u64(),
    }
}

fn a_label(raw: &Value) -> Label {
    Label { id: words(&raw["id"]), name: words(&raw["name"]), color: some_words(&raw["color"]) }
}

fn a_membership(raw: &Value) -> Membership {
    Membership {
        id: words(&raw["id"]),
        member: words(&raw["idMember"]),
        kind: words(&raw["memberType"]),
        deactivated: raw["deactivated"] == true,
    }
}

fn an_action(raw: &Value, board: &str) -> Option<Action> {
    Some(Action {
        id: some_words(&raw["id"])?,
        at: instant(&raw["date"])?,
        kind: words(&raw["type"]),
        board: board.to_owned(),
        card: some_words(&raw["data"]["card"]["id"]),
        by: some_words(&raw["idMemberCreator"]),
        app: some_words(&raw["appCreator"]["id"]),
        data: raw["data"].clone(),
        edits: 0,
        recorded: true,
    })
}

fn a_checklist(raw: &Value) -> Checklist {
    let item = |raw: &Value| CheckItem {
        id: words(&raw["id"]),
        name: words(&raw["name"]),
        done: raw["state"] == "complete",
        due: instant(&raw["due"]),
        member: some_words(&raw["idMember"]),
        pos: raw["pos"].clone(),
    };
    Checklist {
        id: words(&raw["id"]),
        name: words(&raw["name"]),
        pos: raw["pos"].clone(),
        items: list(&raw["checkItems"]).iter().map(item).collect(),
    }
}

fn an_attachment(raw: &Value) -> Option<Attachment> {
    Some(Attachment {
        id: some_words(&raw["id"])?,
        name: words(&raw["name"]),
        url: words(&raw["url"]),
        at: instant(&raw["date"])?,
        member: some_words(&raw["idMember"]),
        extra: object(raw),
    })
}

/// The last of the actions that set a field of a card to `true`.
pub(super) fn last_set<'a>(actions: impl Iterator<Item = &'a Action>, card: &str, field: &str) -> Option<Timestamp> {
    let set = actions.filter(|action| action.card.as_deref() == Some(card) && action.kind == "updateCard");
    set.filter(|action| action.data["old"][field] == false).map(|action| action.at).max()
}

fn a_card(raw: &Value, checklists: &[Value], actions: &[Action]) -> Option<Card> {
    let id = some_words(&raw["id"])?;
    let mut extra = object(raw);
    for part in ["attachments", "pluginData", "customFieldItems", "checklists", "actions"] {
        extra.remove(part);
    }
    let (closed, complete) = (raw["closed"] == true, raw["dueComplete"] == true);
    let since = |field: &str, told: &Value| instant(told).or_else(|| last_set(actions.iter(), &id, field));
    Some(Card {
        board: words(&raw["idBoard"]),
        list: words(&raw["idList"]),
        number: raw["idShort"].as_u64().unwrap_or(0),
        short_link: words(&raw["shortLink"]),
        name: words(&raw["name"]),
        desc: words(&raw["desc"]),
        closed,
        closed_at: since("closed", &raw["dateClosed"]).filter(|_| closed),
        start: instant(&raw["start"]),
        due: instant(&raw["due"]),
        complete,
        completed_at: since("dueComplete", &raw["dateCompleted"]).filter(|_| complete),
        members: ids(&raw["idMembers"]),
        labels: ids(&raw["idLabels"]),
        pos: raw["pos"].clone(),
        creator: some_words(&raw["idMemberCreator"]),
        role: some_words(&raw["cardRole"]),
        mirror_of: some_words(&raw["mirrorSourceId"]),
        template: raw["isTemplate"] == true,
        updated_at: instant(&raw["dateLastActivity"]).or_else(|| born(&id))?,
        checklists: checklists.iter().filter(|one| one["idCard"] == id.as_str()).map(a_checklist).collect(),
        field_items: list(&raw["customFieldItems"]).to_vec(),
        attachments: list(&raw["attachments"]).iter().filter_map(an_attachment).collect(),
        extra,
        id,
    })
}
