//! A board's actions as changes. Pure.
//!
//! What an `updateCard` changed stands in `data.old`, each field by its former value. Where a card lies is the only state
//! Trello tells, so that moving it, ticking it off and archiving it are all changes of state, told by what the lists mean now.

use connector_model::words::meaning;
use connector_model::{Change, Due, Field, Mentions, StatusCategory, TaskRef};
use serde_json::Value;

use crate::board::{Board, Roles};
use crate::config::States;
use crate::memory::Tick;
use crate::normalise::{date_of, hours, number_of};
use crate::wire::{Action, Data, FieldItem, Named};
use crate::{mark, when};

/// What is asked for. Of cards everything that changes them; `updateCard` in full, for it is always told so.
pub(crate) const KINDS: &str = "createCard,copyCard,convertToCardFromCheckItem,emailCard,updateCard,commentCard,\
                                addMemberToCard,removeMemberFromCard,moveCardToBoard,moveCardFromBoard,\
                                updateCheckItemStateOnCard,updateCustomFieldItem,addChecklistToCard,removeChecklistFromCard,deleteCard,\
                                updateList,createList,moveListToBoard,moveListFromBoard,updateBoard";

/// The longest command line kept.
const LONGEST_COMMAND: usize = 200;

/// Whether an action is about a list: what the board calls its states may be another thing now.
pub(crate) fn is_of_list(action: &Action) -> bool {
    matches!(action.kind.as_str(), "updateList" | "createList" | "moveListToBoard" | "moveListFromBoard")
}

/// Whether an action tells that the board was closed, or opened again.
pub(crate) fn is_of_closing(action: &Action) -> bool {
    action.kind == "updateBoard" && action.data.old.as_ref().is_some_and(|old| old.contains_key("closed"))
}

/// The card that an action says was changed.
pub(crate) fn changed(action: &Action) -> Option<&str> {
    let is_change = !matches!(action.kind.as_str(), "commentCard" | "copyCommentCard") && left(action).is_none();
    action.data.card.as_ref().filter(|_| is_change)?.id.as_deref()
}

/// The card that an action says left the board for good, or for another one.
pub(crate) fn left(action: &Action) -> Option<&str> {
    let is_end = matches!(action.kind.as_str(), "deleteCard" | "moveCardFromBoard");
    action.data.card.as_ref().filter(|_| is_end)?.id.as_deref()
}

/// The changes that an action tells of; none for one about no card, or without an instant.
pub(crate) fn changes(action: &Action, board: &Board, states: &States, out: &mut Vec<Change>) {
    let Some(card) = action.data.card.as_ref().and_then(|card| card.id.as_deref()) else { return };
    let Some(at) = action.date.0.or_else(|| when::of_id(&action.id)) else { return };
    let change = |part: &str, field: Field, from: Option<String>, to: Option<String>| Change {
        task: TaskRef::Ext(card.to_owned()),
        at,
        vkey: format!("action:{}{part}", action.id),
        field,
        from,
        to,
        account: author(action),
        via: app(action),
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    };
    let words = Words { board, states };
    match action.kind.as_str() {
        "updateCard" => {
            for (name, old) in action.data.old.iter().flatten() {
                if let Some((field, from, to)) = meaning_of(name, old, &action.data, &words) {
                    out.push(change(&format!(":{name}"), field, from, to));
                }
            }
        }
        "addMemberToCard" => out.extend(member(action).map(|who| change("", Field::Owner, None, Some(who)))),
        "removeMemberFromCard" => out.extend(member(action).map(|who| change("", Field::Owner, Some(who), None))),
        "commentCard" | "copyCommentCard" => {
            let text = action.data.text.as_deref().unwrap_or_default();
            let mut said = change("", Field::Comment, None, command(text));
            said.mentions = connector_kit::mentions::in_markdown(text);
            // Whoever is on the card or on the board is nobody.
            said.mentions.who.retain(|name| !matches!(name.as_str(), "card" | "board"));
            (said.vkey, said.mark) = (format!("comment:{}", action.id), mark::of_text(text));
            out.push(said);
        }
        "updateCheckItemStateOnCard" => out.push(change("", Field::Progress, None, None)),
        "updateCustomFieldItem" => {
            let (field, from, to) = of_custom_field(&action.data, &board.roles);
            out.push(change("", field, from, to));
        }
        "moveCardToBoard" | "moveCardFromBoard" => {
            let id = |named: &Option<Named>| named.as_ref().and_then(|named| named.id.clone());
            let (here, source, target) =
                (id(&action.data.board), id(&action.data.board_source), id(&action.data.board_target));
            out.push(match source {
                Some(source) => change("", Field::Home, Some(source), here),
                None => change("", Field::Home, here, target),
            });
        }
        "createCard"
        | "copyCard"
        | "convertToCardFromCheckItem"
        | "emailCard"
        | "addChecklistToCard"
        | "removeChecklistFromCard" => out.push(change("", Field::Other, None, None)),
        _ => {}
    }
}

/// What happened to a value of a custom field.
fn of_custom_field(data: &Data, roles: &Roles) -> Meaning {
    let item = data.custom_field_item.as_ref();
    let id = item.and_then(|item| item.id_custom_field.as_deref());
    let id = id.or_else(|| data.custom_field.as_ref()?.id.as_deref());
    let is = |role: &Option<String>| id.is_some() && role.as_deref() == id;
    let old = data.old.as_ref().and_then(|old| old.get("value")).cloned();
    let old = FieldItem { id_custom_field: None, id_value: None, value: old };
    let both = |text: fn(&FieldItem) -> Option<String>| (text(&old), item.and_then(text));
    let (field, (from, to)) = match () {
        () if is(&roles.progress) => {
            (Field::Progress, both(|item| number_of(item).map(|percent| (percent / 100.0).to_string())))
        }
        () if is(&roles.estimate) => (Field::Estimate, both(|item| Some(hours(number_of(item)?)?.to_string()))),
        () if is(&roles.start) => (Field::Start, both(|item| date_of(item).map(Due::to_text))),
        () if is(&roles.priority) => (Field::Priority, (None, None)),
        () => (Field::Other, (None, None)),
    };
    (field, from, to)
}

/// An item of a checklist that was ticked, or no longer is, and when.
pub(crate) fn tick(action: &Action) -> Option<(String, Tick)> {
    let item = action.data.check_item.as_ref().filter(|_| action.kind == "updateCheckItemStateOnCard")?;
    let at = action.date.0.or_else(|| when::of_id(&action.id))?;
    Some((item.id.clone()?, Tick { at, is_done: item.state.as_deref() == Some("complete") }))
}

/// Who did it: the one that made it may not exist any more, its id stays.
fn author(action: &Action) -> Option<String> {
    let told = action.id_member_creator.clone().filter(|id| !id.is_empty());
    told.or_else(|| action.member_creator.as_ref().map(|member| member.id.clone()))
}

/// The app whose key was used.
fn app(action: &Action) -> Option<String> {
    let app = action.app_creator.as_ref()?;
    app.name.clone().or_else(|| app.id.clone()).filter(|name| !name.is_empty())
}

fn member(action: &Action) -> Option<String> {
    let by_id = action.data.id_member.clone();
    let whole = || action.member.as_ref().map(|member| member.id.clone());
    by_id.or_else(whole).or_else(|| action.data.member.as_ref()?.id.clone())
}

/// What the states of a history entry are told with.
struct Words<'a> {
    board: &'a Board,
    states: &'a States,
}

impl Words<'_> {
    fn category(&self, list: &Named) -> Option<StatusCategory> {
        let (id, name) = (list.id.as_deref().unwrap_or_default(), list.name.as_deref().unwrap_or_default());
        let known = self.board.list(id).map(|list| list.category());
        // One that is not there any more, or lies on another board, is known by its name alone.
        known.unwrap_or_else(|| self.states.of(id, name).or_else(|| meaning(name).map(|meaning| meaning.category)))
    }

    /// A list as the state of a card in it.
    fn entry(&self, list: &Named) -> Option<String> {
        let word = list.name.clone().filter(|name| !name.is_empty()).or_else(|| list.id.clone())?;
        Some(self.category(list).map_or_else(|| word.clone(), |category| category.entry(&word)))
    }
}

type Meaning = (Field, Option<String>, Option<String>);

/// What it means that a field had this value before. `None`: nothing worth keeping (its place within the list).
fn meaning_of(name: &str, old: &Value, data: &Data, words: &Words<'_>) -> Option<Meaning> {
    let card = data.card.as_ref()?;
    let plain = |field| Some((field, None, None));
    match name {
        "idList" => {
            let entry = |list: &Option<Named>| words.entry(list.as_ref()?);
            Some((Field::Status, entry(&data.list_before), entry(&data.list_after)))
        }
        "dueComplete" => {
            let open = || here(data, words, StatusCategory::is_open, "incomplete");
            let done = || Some(StatusCategory::Done.entry("complete"));
            match card.due_complete.or_else(|| old.as_bool().map(|old| !old))? {
                true => Some((Field::Status, open(), done())),
                false => Some((Field::Status, done(), open())),
            }
        }
        "closed" => {
            let open = || here(data, words, |_| true, "on the board");
            let archived = || {
                let of_list = data.list.as_ref().and_then(|list| words.category(list));
                let over = of_list.filter(|category| !category.is_open()).unwrap_or(StatusCategory::Cancelled);
                Some(over.entry("archived"))
            };
            match card.closed.or_else(|| old.as_bool().map(|old| !old))? {
                true => Some((Field::Status, open(), archived())),
                false => Some((Field::Status, archived(), open())),
            }
        }
        "due" => Some((Field::Due, date(Some(old)), date(card.due.as_ref()))),
        "start" => Some((Field::Start, date(Some(old)), date(card.start.as_ref()))),
        "name" => plain(Field::Title),
        "desc" => plain(Field::Description),
        "idLabels" => plain(Field::Label),
        "pos" => None,
        _ => plain(Field::Other),
    }
}

/// The list a card lies in as its state, where that is one of these.
fn here(data: &Data, words: &Words<'_>, fits: impl Fn(StatusCategory) -> bool, else_word: &str) -> Option<String> {
    let list = data.list.as_ref();
    let category = list.and_then(|list| words.category(list));
    match category {
        Some(category) if fits(category) => words.entry(list?),
        _ => Some(StatusCategory::Todo.entry(else_word)),
    }
}

/// A date as the store writes it.
fn date(value: Option<&Value>) -> Option<String> {
    when::instant(value?.as_str()?).map(|at| Due::At(at).to_text())
}

/// The first line, where it is a command.
fn command(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default().trim();
    line.starts_with("/gapwatch ").then(|| line.chars().take(LONGEST_COMMAND).collect())
}

#[cfg(test)]
mod tests;
