//! Comments: actions like any other, written, edited and deleted by id. Nothing about a post can be repeated safely.

use serde_json::{Value, json};

use super::model::{Action, Deed, Write, WriteKind, stamp};
use super::store::Store;
use super::{Call, bad, not_found, unauthorized};
use crate::reply::Reply;

/// Characters of a comment.
const LONGEST: usize = 16_384;

impl Store {
    /// Comments on a card that are told, the oldest first.
    pub(super) fn comments_on<'a>(&'a self, card: &'a str) -> impl Iterator<Item = &'a Action> {
        let said = self.actions.iter().filter(move |action| action.card.as_deref() == Some(card));
        said.filter(|action| action.kind == "commentCard" && self.is_told(action))
    }

    /// Comments on a card; tells the action's id.
    pub(super) fn say(&mut self, deed: &Deed, card: &str, words: &str) -> String {
        let Some(found) = self.cards.get(card) else { return String::new() };
        let mut data = self.place(found);
        data["text"] = json!(words);
        data["textData"] = json!({ "emoji": {} });
        let board = found.board.clone();
        let id = self.note(deed, "commentCard", &board, Some(card), data);
        self.touch(card, deed.at);
        id
    }

    /// Another text for a comment.
    pub(super) fn reword(&mut self, id: &str, words: &str, deed: &Deed) {
        let Some(action) = self.actions.iter_mut().find(|action| action.id == id) else { return };
        action.data["text"] = json!(words);
        action.data["dateLastEdited"] = json!(stamp(deed.at));
        action.edits += 1;
        let card = action.card.clone().unwrap_or_default();
        self.touch(&card, deed.at);
    }

    /// Takes a comment away; the feed does not tell of it.
    pub(super) fn unsay(&mut self, id: &str, deed: &Deed) {
        let Some(at) = self.actions.iter().position(|action| action.id == id) else { return };
        let gone = self.actions.remove(at);
        let card = gone.card.unwrap_or_default();
        self.touch(&card, deed.at);
    }

    pub(super) fn post_comment(&mut self, call: &Call<'_>, name: &str) -> Result<Reply, Reply> {
        let card = self.reach_card(name)?.id.clone();
        if self.reach(&self.cards[&card].board)?.comments_denied {
            return Err(unauthorized());
        }
        let words = words(call)?;
        let deed = deed(call);
        let id = self.say(&deed, &card, &words);
        self.written(call, WriteKind::Created, &id);
        self.told_comment(&id)
    }

    pub(super) fn edit_comment(&mut self, call: &Call<'_>, card: Option<&str>, id: &str) -> Result<Reply, Reply> {
        self.own_comment(call, card, id)?;
        let words = words(call)?;
        self.reword(id, &words, &deed(call));
        self.written(call, WriteKind::Edited, id);
        self.told_comment(id)
    }

    pub(super) fn drop_comment(&mut self, call: &Call<'_>, card: Option<&str>, id: &str) -> Result<Reply, Reply> {
        self.own_comment(call, card, id)?;
        self.written(call, WriteKind::Deleted, id);
        self.unsay(id, &deed(call));
        Ok(Reply::json(200, &json!({ "_value": null })))
    }

    /// Only who wrote a comment changes it.
    fn own_comment(&self, call: &Call<'_>, card: Option<&str>, id: &str) -> Result<(), Reply> {
        let card = card.map(|name| self.reach_card(name)).transpose()?.map(|card| card.id.clone());
        let hit = |action: &&Action| action.id == id && action.kind == "commentCard" && self.is_told(action);
        let action = self.actions.iter().find(hit).ok_or_else(not_found)?;
        if card.is_some() && action.card != card {
            return Err(not_found());
        }
        self.reach(&action.board)?;
        if action.by.as_deref() == Some(call.who.member.as_str()) { Ok(()) } else { Err(unauthorized()) }
    }

    fn told_comment(&self, id: &str) -> Result<Reply, Reply> {
        let action = self.actions.iter().find(|action| action.id == id).ok_or_else(not_found)?;
        let mut shown = self.whole_action(action);
        shown.insert("entities".to_owned(), json!([]));
        shown.insert("display".to_owned(), json!({ "translationKey": "action_comment_on_card" }));
        Ok(Reply::json(200, &shown))
    }

    fn written(&mut self, call: &Call<'_>, kind: WriteKind, id: &str) {
        let Some(action) = self.actions.iter().find(|action| action.id == id) else { return };
        let write = Write {
            at: call.now,
            kind,
            card: action.card.clone().unwrap_or_default(),
            comment: id.to_owned(),
            author: self.username(&call.who.member),
            text: action.data["text"].as_str().unwrap_or_default().to_owned(),
        };
        self.writes.push(write);
    }
}

fn deed(call: &Call<'_>) -> Deed {
    Deed { at: call.now, by: Some(call.who.member.clone()), app: Some(Store::app_of(&call.who.key)) }
}

fn words(call: &Call<'_>) -> Result<String, Reply> {
    let words = call.get("text").unwrap_or_default();
    let fits = (1..=LONGEST).contains(&words.chars().count());
    if fits { Ok(words.to_owned()) } else { Err(bad("text")) }
}

/// The text of a comment's action.
pub(super) fn text_of(action: &Action) -> String {
    action.data.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
}
