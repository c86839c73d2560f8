//! What happens on boards: each deed leaves its action in the feed, where Trello leaves one, and moves the last activity of
//! its card, where Trello does.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Attachment, Card, CardDraft, Deed, Label, List, shown};
use super::store::Store;

/// Distance between two neighbours in a list.
const STEP: u64 = 16_384;

impl Store {
    pub(super) fn ensure_list(&mut self, deed: &Deed, board: &str, name: &str) -> String {
        let found = self.board(board).and_then(|one| one.lists.iter().find(|list| list.name == name));
        if let Some(list) = found {
            return list.id.clone();
        }
        let id = self.fresh_id(deed.at);
        let board = self.board_named(board);
        let pos = json!((board.lists.len() as u64 + 1) * STEP);
        let list = List { id: id.clone(), name: name.to_owned(), closed: false, pos, soft_limit: None };
        let data = json!({ "list": Store::list_ref(&list), "board": Store::board_ref(board) });
        board.lists.push(list);
        let board = board.id.clone();
        self.note(deed, "createList", &board, None, data);
        id
    }

    pub(super) fn list_mut(&mut self, board: &str, name: &str) -> (String, &mut List) {
        let board = self.board_named(board);
        let id = board.id.clone();
        let hit = |list: &&mut List| list.name == name || list.id == name;
        let list = board.lists.iter_mut().find(hit).unwrap_or_else(|| panic!("the simulator has no list {name}"));
        (id, list)
    }

    /// Changes a field of a list.
    pub(super) fn change_list(
        &mut self,
        deed: &Deed,
        (board, name): (&str, &str),
        field: &str,
        change: impl FnOnce(&mut List) -> (Value, Value),
    ) {
        let (board, list) = self.list_mut(board, name);
        let (old, new) = change(list);
        if old == new {
            return;
        }
        let mut told = Store::list_ref(list);
        told[field] = new;
        let board_ref = self.board(&board).map_or(Value::Null, Store::board_ref);
        let data = json!({ "list": told, "board": board_ref, "old": { field: old } });
        self.note(deed, "updateList", &board, None, data);
    }

    pub(super) fn move_list(&mut self, deed: &Deed, board: &str, name: &str, target: &str) {
        let target = self.board_named(target).id.clone();
        let (source, list) = self.list_mut(board, name);
        let list = list.clone();
        self.board_named(&source).lists.retain(|one| one.id != list.id);
        let refs = |store: &Store, id: &str| store.board(id).map_or(Value::Null, Store::board_ref);
        let (from, to) = (refs(self, &source), refs(self, &target));
        let told = Store::list_ref(&list);
        self.board_named(&target).lists.push(list.clone());
        let left = json!({ "list": told, "board": from, "boardTarget": to });
        self.note(deed, "moveListFromBoard", &source, None, left);
        let came = json!({ "list": told, "board": to, "boardSource": from });
        self.note(deed, "moveListToBoard", &target, None, came);
        for card in self.cards.values_mut().filter(|card| card.list == list.id) {
            card.board.clone_from(&target);
        }
    }

    pub(super) fn ensure_label(&mut self, board: &str, name: &str, at: Timestamp) -> String {
        const COLORS: [&str; 6] = ["green", "yellow", "orange", "red", "purple", "blue_dark"];
        let board = self.board_named(board).id.clone();
        let known = self.board(&board).map_or(&[][..], |board| &board.labels);
        if let Some(label) = known.iter().find(|label| label.name == name) {
            return label.id.clone();
        }
        let color = Some(COLORS[known.len() % COLORS.len()].to_owned());
        let id = self.fresh_id(at);
        self.board_named(&board).labels.push(Label { id: id.clone(), name: name.to_owned(), color });
        id
    }

    /// Makes a card; `kind` is the action that tells of it, and `more` what that action knows besides.
    pub(super) fn add_card(
        &mut self,
        deed: &Deed,
        (board, list): (&str, &str),
        draft: CardDraft,
        (kind, more): (&str, Value),
    ) -> String {
        let board = self.board_named(board).id.clone();
        let list = self.ensure_list(deed, &board, list);
        let id = self.fresh_id(deed.at);
        let members = draft.members.iter().map(|name| self.ensure_member(name)).collect::<Vec<_>>();
        members.iter().for_each(|member| self.join(&board, member, deed.at));
        let labels = draft.labels.iter().map(|name| self.ensure_label(&board, name, deed.at)).collect();
        let number = {
            let board = self.board_named(&board);
            board.next_number += 1;
            board.next_number - 1
        };
        let card = Card {
            short_link: Store::short_link(&id),
            id: id.clone(),
            board: board.clone(),
            list,
            number,
            name: draft.name,
            desc: draft.desc,
            closed: false,
            closed_at: None,
            start: draft.start,
            due: draft.due,
            complete: false,
            completed_at: None,
            members: Vec::new(),
            labels,
            pos: json!(number * STEP),
            creator: deed.by.clone(),
            role: draft.role,
            mirror_of: draft.mirror_of.map(|name| self.card_id(&name)),
            template: draft.template,
            updated_at: deed.at,
            checklists: Vec::new(),
            field_items: Vec::new(),
            attachments: Vec::new(),
            extra: Map::new(),
        };
        let mut data = self.place(&card);
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        // What a card is made with is told by the action that makes it, if at all.
        if let Some(due) = card.due {
            data["card"]["due"] = shown(Some(due));
        }
        self.cards.insert(id.clone(), card);
        self.note(deed, kind, &board, Some(&id), data);
        for member in members {
            self.add_member(deed, &id, &member);
        }
        if !draft.checks.is_empty() {
            self.add_checklist(deed, &id, "Checklist", &draft.checks);
        }
        id
    }

    /// An action on a card that says where it happened and this.
    pub(super) fn tell(&mut self, deed: &Deed, id: &str, kind: &str, more: Value) {
        let Some(card) = self.cards.get(id) else { return };
        let mut data = self.place(card);
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        let board = card.board.clone();
        self.note(deed, kind, &board, Some(id), data);
        self.touch(id, deed.at);
    }

    /// Changes a field of a card; nothing if it stays what it is. A change of the place alone moves no activity.
    pub(super) fn change(
        &mut self,
        deed: &Deed,
        id: &str,
        field: &str,
        change: impl FnOnce(&mut Card) -> (Value, Value),
    ) {
        let card = self.card_mut(id);
        let (old, new) = change(card);
        if old == new {
            return;
        }
        let card = card.clone();
        let mut data = self.place(&card);
        data["card"][field] = new.clone();
        data["old"] = json!({ field: old });
        if field == "idList" {
            let list = |id: &Value| self.list(id.as_str().unwrap_or_default()).map(|(_, list)| Store::list_ref(list));
            let (before, after) = (list(&old), list(&new));
            data["listBefore"] = json!(before);
            data["listAfter"] = json!(after);
            data.as_object_mut().into_iter().for_each(|data| drop(data.remove("list")));
        }
        self.note(deed, "updateCard", &card.board, Some(id), data);
        if field == "pos" {
            return;
        }
        self.touch(id, deed.at);
    }

    pub(super) fn to_list(&mut self, deed: &Deed, id: &str, name: &str) {
        let board = self.card_mut(id).board.clone();
        let list = self.ensure_list(deed, &board, name);
        self.change(deed, id, "idList", |card| {
            let old = std::mem::replace(&mut card.list, list);
            (json!(old), json!(card.list))
        });
    }

    pub(super) fn set_complete(&mut self, deed: &Deed, id: &str, complete: bool) {
        self.change(deed, id, "dueComplete", |card| {
            let old = std::mem::replace(&mut card.complete, complete);
            card.completed_at = complete.then_some(card.completed_at.filter(|_| old).unwrap_or(deed.at));
            (json!(old), json!(complete))
        });
    }

    pub(super) fn set_closed(&mut self, deed: &Deed, id: &str, closed: bool) {
        self.change(deed, id, "closed", |card| {
            let old = std::mem::replace(&mut card.closed, closed);
            card.closed_at = closed.then_some(card.closed_at.filter(|_| old).unwrap_or(deed.at));
            (json!(old), json!(closed))
        });
    }

    pub(super) fn add_member(&mut self, deed: &Deed, id: &str, member: &str) {
        let card = self.card_mut(id);
        if card.members.iter().any(|known| known == member) {
            return;
        }
        card.members.push(member.to_owned());
        let board = card.board.clone();
        self.join(&board, member, deed.at);
        self.tell(deed, id, "addMemberToCard", self.about_member(member));
    }

    pub(super) fn remove_member(&mut self, deed: &Deed, id: &str, member: &str) {
        let card = self.card_mut(id);
        let before = card.members.len();
        card.members.retain(|known| known != member);
        if card.members.len() == before {
            return;
        }
        let mut about = self.about_member(member);
        about["deactivated"] = json!(false);
        self.tell(deed, id, "removeMemberFromCard", about);
    }

    fn about_member(&self, member: &str) -> Value {
        let name = self.member(member).map_or("", |member| member.name.as_str());
        json!({ "idMember": member, "member": { "id": member, "name": name } })
    }

    /// Labels are changed without an action in the feed, and move the card.
    pub(super) fn set_label(&mut self, deed: &Deed, id: &str, name: &str, on: bool) {
        let board = self.card_mut(id).board.clone();
        let label = self.ensure_label(&board, name, deed.at);
        let card = self.card_mut(id);
        let had = card.labels.contains(&label);
        if had == on {
            return;
        }
        if on {
            card.labels.push(label);
        } else {
            card.labels.retain(|known| *known != label);
        }
        self.touch(id, deed.at);
    }

    pub(super) fn attach(&mut self, deed: &Deed, id: &str, url: &str) -> String {
        let attachment = Attachment {
            id: self.fresh_id(deed.at),
            name: url.to_owned(),
            url: url.to_owned(),
            at: deed.at,
            member: deed.by.clone(),
            extra: Map::new(),
        };
        let told = json!({ "attachment": { "id": attachment.id, "name": attachment.name, "url": attachment.url } });
        let attached = attachment.id.clone();
        self.card_mut(id).attachments.push(attachment);
        self.tell(deed, id, "addAttachmentToCard", told);
        attached
    }

    /// Takes every attachment of this address away.
    pub(super) fn detach(&mut self, deed: &Deed, id: &str, url: &str) {
        let card = self.card_mut(id);
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut card.attachments).into_iter().partition(|one| one.url == url);
        card.attachments = kept;
        for one in gone {
            let told = json!({ "attachment": { "id": one.id, "name": one.name } });
            self.tell(deed, id, "deleteAttachmentFromCard", told);
        }
    }

    pub(super) fn card_url(&self, id: &str) -> String {
        self.cards.get(id).map_or_else(String::new, |card| format!("https://trello.com/c/{}", card.short_link))
    }

    /// Its id stays, its number does not.
    pub(super) fn move_card(&mut self, deed: &Deed, id: &str, target: &str, list: &str) {
        let target = self.board_named(target).id.clone();
        let list = self.ensure_list(deed, &target, list);
        let number = {
            let board = self.board_named(&target);
            board.next_number += 1;
            board.next_number - 1
        };
        let card = self.card_mut(id).clone();
        let refs = |store: &Store, id: &str| store.board(id).map_or(Value::Null, Store::board_ref);
        let (from, to) = (refs(self, &card.board), refs(self, &target));
        let old_list = self.list(&card.list).map_or(Value::Null, |(_, list)| Store::list_ref(list));
        // Whoever is left behind learns little of it.
        let told = json!({ "id": card.id, "name": card.name });
        let left = json!({ "card": told, "board": from, "boardTarget": to, "list": old_list });
        self.note(deed, "moveCardFromBoard", &card.board, Some(id), left);
        let moved = self.card_mut(id);
        moved.board.clone_from(&target);
        moved.list = list;
        moved.number = number;
        // Labels and fields belong to the board.
        moved.labels.clear();
        moved.field_items.clear();
        self.tell(deed, id, "moveCardToBoard", json!({ "boardSource": from }));
    }

    /// Its actions go with it, but for the one that tells of its end.
    pub(super) fn delete_card(&mut self, deed: &Deed, id: &str) {
        let Some(card) = self.cards.remove(id) else { return };
        self.originals.retain(|one| one.id != id);
        self.actions.retain(|action| action.card.as_deref() != Some(id));
        let mut data = self.place(&card);
        data["card"] = json!({ "id": card.id, "idShort": card.number, "shortLink": card.short_link });
        self.note(deed, "deleteCard", &card.board, Some(id), data);
    }

    pub(super) fn set_board_closed(&mut self, deed: &Deed, name: &str, closed: bool) {
        let board = self.board_named(name);
        let old = std::mem::replace(&mut board.closed, closed);
        board.closed_at = closed.then_some(deed.at);
        let mut told = Store::board_ref(board);
        told["closed"] = json!(closed);
        let id = board.id.clone();
        self.note(deed, "updateBoard", &id, None, json!({ "board": told, "old": { "closed": old } }));
    }
}
