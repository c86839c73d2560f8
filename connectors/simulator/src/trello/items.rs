//! Checklists, their lines, and custom fields. Only ticking a line stands in the feed; other changes of it move the card
//! alone.

use serde_json::{Value, json};

use super::model::{CardDraft, CheckItem, Checklist, Deed};
use super::store::Store;

impl Store {
    pub(super) fn add_checklist(&mut self, deed: &Deed, id: &str, name: &str, lines: &[(String, bool)]) -> String {
        let checklist = self.fresh_id(deed.at);
        let mut items = Vec::new();
        for (line, done) in lines {
            let id = self.fresh_id(deed.at);
            let pos = json!((items.len() as u64 + 1) * 17_000);
            items.push(CheckItem { id, name: line.clone(), done: *done, due: None, member: None, pos });
        }
        let card = self.card_mut(id);
        let pos = json!((card.checklists.len() as u64 + 1) * 16_384);
        card.checklists.push(Checklist { id: checklist.clone(), name: name.to_owned(), pos, items });
        self.tell(deed, id, "addChecklistToCard", json!({ "checklist": { "id": checklist, "name": name } }));
        checklist
    }

    pub(super) fn remove_checklist(&mut self, deed: &Deed, id: &str, name: &str) {
        let card = self.card_mut(id);
        let Some(at) = card.checklists.iter().position(|one| one.name == name || one.id == name) else { return };
        let gone = card.checklists.remove(at);
        let told = json!({ "checklist": { "id": gone.id, "name": gone.name } });
        self.tell(deed, id, "removeChecklistFromCard", told);
    }

    /// Ticks the next lines that are not, or takes the last ticks back.
    pub(super) fn tick(&mut self, deed: &Deed, id: &str, lines: usize, done: bool) {
        for _ in 0..lines {
            let mut items: Vec<&mut CheckItem> =
                self.card_mut(id).checklists.iter_mut().flat_map(|checklist| &mut checklist.items).collect();
            if !done {
                items.reverse();
            }
            let Some(item) = items.into_iter().find(|item| item.done != done) else { return };
            item.done = done;
            let line = item.id.clone();
            self.tell_tick(deed, id, &line);
        }
    }

    /// Adds a line to a checklist, made if it is new. Of the line itself only hooks are told.
    pub(super) fn add_line(&mut self, deed: &Deed, id: &str, checklist: &str, line: &str) -> String {
        if self.card_mut(id).checklists.iter().all(|known| known.name != checklist) {
            self.add_checklist(deed, id, checklist, &[]);
        }
        let made = self.fresh_id(deed.at);
        if let Some(checklist) = self.card_mut(id).checklists.iter_mut().find(|known| known.name == checklist) {
            let pos = json!((checklist.items.len() as u64 + 1) * 17_000);
            let name = line.to_owned();
            checklist.items.push(CheckItem { id: made.clone(), name, done: false, due: None, member: None, pos });
        }
        self.touch(id, deed.at);
        made
    }

    /// Ticks one line; nothing if it is ticked.
    pub(super) fn tick_line(&mut self, deed: &Deed, id: &str, line: &str) {
        if std::mem::replace(&mut self.item_mut(id, line).done, true) {
            return;
        }
        self.tell_tick(deed, id, line);
    }

    /// Tells that a line is ticked, or no longer.
    fn tell_tick(&mut self, deed: &Deed, id: &str, line: &str) {
        let hit = |item: &&CheckItem| item.id == line || item.name == line;
        let lists = &self.card_mut(id).checklists;
        let found = lists.iter().find_map(|list| Some((list, list.items.iter().find(hit)?)));
        let Some((list, item)) = found else { return };
        let told = json!({
            "checklist": { "id": list.id, "name": list.name },
            "checkItem": {
                "id": item.id, "name": item.name, "state": if item.done { "complete" } else { "incomplete" },
            },
        });
        self.tell(deed, id, "updateCheckItemStateOnCard", told);
    }

    /// A line by its id or its words.
    fn item_mut(&mut self, id: &str, line: &str) -> &mut CheckItem {
        let items = self.card_mut(id).checklists.iter_mut().flat_map(|checklist| &mut checklist.items);
        let mut hits = items.filter(|item| item.id == line || item.name == line);
        hits.next().unwrap_or_else(|| panic!("the simulator has no line {line}"))
    }

    /// Changes a line in a way that only hooks are told of.
    pub(super) fn change_item(&mut self, deed: &Deed, id: &str, line: &str, change: impl FnOnce(&mut CheckItem)) {
        change(self.item_mut(id, line));
        self.touch(id, deed.at);
    }

    /// Makes a card of a line, in the same list; tells its id.
    pub(super) fn convert(&mut self, deed: &Deed, id: &str, line: &str) -> String {
        let gone = self.item_mut(id, line).clone();
        let card = self.card_mut(id);
        let mut told = Value::Null;
        for checklist in &mut card.checklists {
            let before = checklist.items.len();
            checklist.items.retain(|item| item.id != gone.id);
            if checklist.items.len() < before {
                told = json!({ "id": checklist.id, "name": checklist.name });
            }
        }
        let (board, list, source) = (card.board.clone(), card.list.clone(), Store::card_ref(card));
        let list = self.list(&list).map_or_else(String::new, |(_, list)| list.name.clone());
        self.touch(id, deed.at);
        let members = gone.member.iter().map(|member| self.username(member)).collect();
        let draft = CardDraft { due: gone.due, members, ..CardDraft::new(&gone.name) };
        let more = json!({ "cardSource": source, "checklist": told });
        self.add_card(deed, (&board, &list), draft, ("convertToCardFromCheckItem", more))
    }

    /// Adds a custom field to a board; tells its id.
    pub(super) fn add_field(&mut self, deed: &Deed, board: &str, name: &str, kind: &str, options: &[&str]) -> String {
        let id = self.fresh_id(deed.at);
        let options: Vec<Value> = options
            .iter()
            .enumerate()
            .map(|(at, option)| {
                json!({
                    "id": self.fresh_id(deed.at), "idCustomField": id, "value": { "text": option }, "color": "none",
                    "pos": (at + 1) * 16_384,
                })
            })
            .collect();
        let board = self.board_named(board);
        let mut field = json!({
            "id": id, "idModel": board.id, "modelType": "board", "fieldGroup": "0".repeat(64), "name": name,
            "type": kind, "pos": (board.fields.len() + 1) * 16_384, "display": { "cardFront": true },
        });
        if kind == "list" {
            field["options"] = json!(options);
        }
        board.fields.push(field);
        id
    }

    /// Sets a custom field by its name, or empties it with `null`. A list takes the words of an option; numbers and ticks
    /// are kept as text, as Trello does.
    pub(super) fn set_field(&mut self, deed: &Deed, id: &str, name: &str, value: &Value) {
        let board = self.card_mut(id).board.clone();
        let fields = &self.board_named(&board).fields;
        let field = fields.iter().find(|field| field["name"] == name);
        let field = field.unwrap_or_else(|| panic!("the simulator has no field {name}")).clone();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (shown, option) = match field["type"].as_str().unwrap_or_default() {
            _ if value.is_null() => (Value::Null, Value::Null),
            "list" => {
                let options = field["options"].as_array().map_or(&[][..], Vec::as_slice);
                let option = options.iter().find(|option| option["value"]["text"] == text.as_str());
                let option = option.unwrap_or_else(|| panic!("the field {name} has no option {text}"));
                (Value::Null, option["id"].clone())
            }
            "number" => (json!({ "number": text }), Value::Null),
            "checkbox" => (json!({ "checked": text }), Value::Null),
            "date" => (json!({ "date": text }), Value::Null),
            _ => (json!({ "text": text }), Value::Null),
        };
        let item = json!({
            "id": self.fresh_id(deed.at), "idCustomField": field["id"], "value": shown, "idValue": option,
            "idModel": id, "modelType": "card",
        });
        let card = self.card_mut(id);
        card.field_items.retain(|known| known["idCustomField"] != field["id"]);
        if !value.is_null() {
            card.field_items.push(item.clone());
        }
        let told = json!({ "id": field["id"], "name": name, "type": field["type"] });
        self.tell(deed, id, "updateCustomFieldItem", json!({ "customField": told, "customFieldItem": item }));
    }
}
