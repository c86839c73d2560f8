//! Every recorded board as it was at an instant: what its actions tell of later is undone. A history that was cut reaches
//! no further back than its first action; before it, what it began with is shown.

use jiff::Timestamp;
use serde_json::Value;

use super::model::{Action, Card, List, born};
use super::recorded::{instant, last_set};
use super::store::Store;

impl Store {
    /// Shows what is recorded as it was then. `None`: as at the end.
    pub(super) fn show_as_of(&mut self, at: Option<Timestamp>) {
        self.as_of = at;
        let originals = std::mem::take(&mut self.originals);
        for original in &originals {
            self.cards.remove(&original.id);
            let mut card = original.clone();
            if let Some(at) = at {
                if born(&card.id).is_some_and(|born| born > at) {
                    continue;
                }
                self.rewind(&mut card, at);
            }
            // What was said of it over the wire stays said.
            let said = self.actions.iter().filter(|action| !action.recorded && action.card.as_ref() == Some(&card.id));
            card.updated_at = said.map(|action| action.at).max().map_or(card.updated_at, |at| card.updated_at.max(at));
            self.cards.insert(card.id.clone(), card);
        }
        self.originals = originals;
        self.rewind_lists(at);
    }

    fn later(&self, at: Timestamp) -> impl Iterator<Item = &Action> {
        self.actions.iter().rev().filter(move |action| action.recorded && action.at > at)
    }

    fn rewind_lists(&mut self, at: Option<Timestamp>) {
        for (board, mut lists) in self.original_lists.clone() {
            if let Some(at) = at {
                // A cut history leaves cards in lists that were not there yet.
                let is_used = |list: &List| self.cards.values().any(|card| card.list == list.id);
                lists.retain(|list| born(&list.id).is_none_or(|born| born <= at) || is_used(list));
                for action in self.later(at).filter(|action| action.kind == "updateList" && action.board == board) {
                    let id = &action.data["list"]["id"];
                    let Some(list) = lists.iter_mut().find(|list| *id == list.id.as_str()) else { continue };
                    let old = &action.data["old"];
                    list.name = old["name"].as_str().map_or(list.name.clone(), str::to_owned);
                    list.closed = old["closed"].as_bool().unwrap_or(list.closed);
                    if !old["pos"].is_null() {
                        list.pos = old["pos"].clone();
                    }
                }
            }
            if let Some(found) = self.boards.iter_mut().find(|one| one.id == board) {
                found.lists = lists;
            }
        }
    }

    fn rewind(&self, card: &mut Card, at: Timestamp) {
        let id = card.id.clone();
        for action in self.later(at).filter(|action| action.card.as_ref() == Some(&id)) {
            undo(card, action);
        }
        let made = |id: &str| born(id).is_none_or(|born| born <= at);
        card.checklists.retain(|checklist| made(&checklist.id));
        card.checklists.iter_mut().for_each(|checklist| checklist.items.retain(|item| made(&item.id)));
        card.attachments.retain(|attachment| attachment.at <= at);
        let told = || self.actions.iter().filter(|action| action.recorded && action.at <= at);
        card.completed_at = last_set(told(), &card.id, "dueComplete").or(card.completed_at).filter(|_| card.complete);
        card.closed_at = last_set(told(), &card.id, "closed").or(card.closed_at).filter(|_| card.closed);
        if card.updated_at > at {
            let mine = told().filter(|action| action.card.as_ref() == Some(&card.id)).map(|action| action.at);
            card.updated_at = mine.max().or_else(|| born(&card.id)).unwrap_or(at);
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn undo(card: &mut Card, action: &Action) {
    let data = &action.data;
    let member = data["idMember"].as_str().unwrap_or_default().to_owned();
    match action.kind.as_str() {
        "updateCard" => {
            let fields = data["old"].as_object().into_iter().flatten();
            fields.for_each(|(field, old)| undo_field(card, field, old));
        }
        "addMemberToCard" => card.members.retain(|known| *known != member),
        "removeMemberFromCard" if !card.members.contains(&member) => card.members.push(member),
        "updateCheckItemStateOnCard" => {
            let was_done = data["checkItem"]["state"] == "incomplete";
            let items = card.checklists.iter_mut().flat_map(|checklist| &mut checklist.items);
            let id = &data["checkItem"]["id"];
            items.filter(|item| *id == item.id.as_str()).for_each(|item| item.done = was_done);
        }
        _ => {}
    }
}

fn undo_field(card: &mut Card, field: &str, old: &Value) {
    let words = || old.as_str().unwrap_or_default().to_owned();
    match field {
        "idList" => card.list = words(),
        "name" => card.name = words(),
        "desc" => card.desc = words(),
        "due" => card.due = instant(old),
        "start" => card.start = instant(old),
        "dueComplete" => card.complete = *old == true,
        "closed" => card.closed = *old == true,
        "pos" => card.pos = old.clone(),
        "idLabels" => card.labels = texts(old),
        "idMembers" => card.members = texts(old),
        _ => {}
    }
}
