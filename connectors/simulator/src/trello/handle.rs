//! Trello as a test or the demo changes it. Nothing here goes over the wire.
//!
//! A deed happens now, or at the instant of [`Trello::at`]; it never moves a last activity back. Naming a board, card or
//! line that does not exist is a mistake in the test and panics with its name; an unknown user name is simply a new
//! account, and so are a list and a label that a card is put into. An empty user name is automation, which nobody is told
//! of.

use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{CardDraft, Deed, Member, Reach, shown};
use super::store::Store;
use crate::world::World;

/// A handle on Trello's world; cheap to clone.
#[derive(Clone)]
pub struct Trello {
    world: Arc<World>,
    at: Option<Timestamp>,
    actor: String,
}

impl Trello {
    pub(crate) fn new(world: Arc<World>) -> Trello {
        Trello { world, at: None, actor: "max".to_owned() }
    }

    /// The same world, with every deed at this instant.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Trello {
        Trello { at: Some(at), ..self.clone() }
    }

    /// The same world, with deeds that name nobody done by this person; `max` if it is not said.
    #[must_use]
    pub fn acting(&self, username: &str) -> Trello {
        Trello { actor: username.to_owned(), ..self.clone() }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.world.trello()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| self.world.now())
    }

    fn deed(&self, store: &mut Store, by: &str) -> Deed {
        let by = (!by.is_empty()).then(|| store.ensure_member(by));
        Deed { at: self.now(), by, app: None }
    }

    /// Something done to a card by somebody.
    fn on_card<T>(&self, card: &str, by: &str, act: impl FnOnce(&mut Store, &Deed, &str) -> T) -> T {
        let mut store = self.store();
        let id = store.card_id(card);
        let deed = self.deed(&mut store, by);
        act(&mut store, &deed, &id)
    }

    /// Something done by whoever acts.
    fn act<T>(&self, act: impl FnOnce(&mut Store, &Deed) -> T) -> T {
        let mut store = self.store();
        let deed = self.deed(&mut store, &self.actor.clone());
        act(&mut store, &deed)
    }

    fn with_member(&self, username: &str, change: impl FnOnce(&mut Member)) {
        let mut store = self.store();
        let id = store.ensure_member(username);
        store.members.iter_mut().filter(|member| member.id == id).take(1).for_each(change_once(change));
    }

    /// Makes a person's account, or gives it this name.
    pub fn person(&self, username: &str, name: &str) {
        self.with_member(username, |member| member.name = name.to_owned());
    }

    /// Makes somebody who is invited by e-mail and has not come yet.
    pub fn ghost(&self, username: &str, name: &str) {
        self.with_member(username, |member| {
            member.name = name.to_owned();
            member.ghost = true;
        });
    }

    /// Gives a person another user name; the id stays.
    pub fn rename_person(&self, username: &str, new_username: &str) {
        self.with_member(username, |member| member.username = new_username.to_owned());
    }

    /// Deletes an account: actions keep its id, and no longer say who that was.
    pub fn forget(&self, username: &str) {
        self.with_member(username, |member| member.gone = true);
    }

    /// The id of a person.
    pub fn member_id(&self, username: &str) -> String {
        self.store().ensure_member(username)
    }

    fn with_membership(&self, board: &str, username: &str, change: impl FnOnce(&mut super::model::Membership)) {
        let now = self.now();
        let mut store = self.store();
        let id = store.ensure_member(username);
        let board = store.board_named(board).id.clone();
        store.join(&board, &id, now);
        let found = store.board_named(&board).memberships.iter_mut().find(|one| one.member == id);
        found.into_iter().for_each(change_once(change));
    }

    /// Puts somebody on a board.
    pub fn join(&self, board: &str, username: &str) {
        self.with_membership(board, username, |_| {});
    }

    /// Lets somebody look at a board, and no more.
    pub fn observer(&self, board: &str, username: &str) {
        self.with_membership(board, username, |membership| membership.kind = "observer".to_owned());
    }

    /// Deactivates somebody on a board. Cards keep such a member.
    pub fn deactivate(&self, board: &str, username: &str) {
        self.with_membership(board, username, |membership| membership.deactivated = true);
    }

    /// Makes a board, nothing if it is there; tells its id.
    pub fn board(&self, name: &str) -> String {
        let now = self.now();
        self.store().add_board(name, now)
    }

    /// The short link of a board.
    pub fn board_link(&self, board: &str) -> String {
        self.store().board_named(board).short_link.clone()
    }

    /// Closes a board, or opens it again. Its cards stay as they are.
    pub fn close_board(&self, board: &str, closed: bool) {
        self.act(|store, deed| store.set_board_closed(deed, board, closed));
    }

    /// Takes every account off a board, or puts them back: it leaves the list, and answers 401 with words that are not about
    /// the token.
    pub fn hide(&self, board: &str, hidden: bool) {
        self.store().board_named(board).reach = if hidden { Reach::Refused } else { Reach::Open };
    }

    /// The same, answering 404.
    pub fn conceal(&self, board: &str, hidden: bool) {
        self.store().board_named(board).reach = if hidden { Reach::Missing } else { Reach::Open };
    }

    /// Takes the right to comment away on a board.
    pub fn deny_comments(&self, board: &str, denied: bool) {
        self.store().board_named(board).comments_denied = denied;
    }

    /// Puts a board on the free plan: no custom fields, and no dates or owners of check items.
    pub fn free_plan(&self, board: &str, free: bool) {
        self.store().board_named(board).free = free;
    }

    /// Lets only so many of a board's newest actions be read. `None`: all.
    pub fn history_depth(&self, board: &str, actions: Option<usize>) {
        self.store().board_named(board).depth = actions;
    }

    /// Adds a custom field to a board: `text`, `number`, `date`, `checkbox`, or `list` with its options. Tells its id.
    pub fn add_field(&self, board: &str, name: &str, kind: &str, options: &[&str]) -> String {
        self.act(|store, deed| store.add_field(deed, board, name, kind, options))
    }

    /// Makes a list at the right end of a board, nothing if it is there; tells its id.
    pub fn list(&self, board: &str, name: &str) -> String {
        self.act(|store, deed| {
            let board = store.board_named(board).id.clone();
            store.ensure_list(deed, &board, name)
        })
    }

    /// The id of a list.
    pub fn list_id(&self, board: &str, name: &str) -> String {
        self.store().list_mut(board, name).1.id.clone()
    }

    /// Gives a list another name.
    pub fn rename_list(&self, board: &str, name: &str, new_name: &str) {
        self.act(|store, deed| {
            store.change_list(deed, (board, name), "name", |list| {
                let old = std::mem::replace(&mut list.name, new_name.to_owned());
                (json!(old), json!(new_name))
            });
        });
    }

    /// Archives a list, or takes it back. Its cards stay as they are.
    pub fn archive_list(&self, board: &str, name: &str, closed: bool) {
        self.act(|store, deed| {
            store.change_list(deed, (board, name), "closed", |list| {
                let old = std::mem::replace(&mut list.closed, closed);
                (json!(old), json!(closed))
            });
        });
    }

    /// Moves a list, with its cards, to the right end of another board.
    pub fn move_list(&self, board: &str, name: &str, target: &str) {
        self.act(|store, deed| store.move_list(deed, board, name, target));
    }

    /// How many cards a list is meant to hold.
    pub fn soft_limit(&self, board: &str, name: &str, cards: Option<u64>) {
        self.store().list_mut(board, name).1.soft_limit = cards;
    }

    /// Makes a card in a list; tells its id.
    pub fn card(&self, board: &str, list: &str, draft: CardDraft) -> String {
        let this = draft.created.map_or_else(|| self.clone(), |at| self.at(at));
        let this = draft.creator.as_deref().map_or_else(|| this.clone(), |by| this.acting(by));
        this.act(|store, deed| store.add_card(deed, (board, list), draft, ("createCard", Value::Null)))
    }

    /// Makes a card from an e-mail; tells its id.
    pub fn by_email(&self, board: &str, list: &str, name: &str) -> String {
        self.act(|store, deed| store.add_card(deed, (board, list), CardDraft::new(name), ("emailCard", Value::Null)))
    }

    /// Makes a card like another one, in the same list; tells its id.
    pub fn copy(&self, card: &str, name: &str) -> String {
        self.on_card(card, &self.actor, |store, deed, id| {
            let source = store.card_mut(id).clone();
            let list = store.list(&source.list).map_or_else(String::new, |(_, list)| list.name.clone());
            let more = json!({ "cardSource": Store::card_ref(&source) });
            let draft = CardDraft { desc: source.desc, due: source.due, ..CardDraft::new(name) };
            store.add_card(deed, (&source.board, &list), draft, ("copyCard", more))
        })
    }

    /// The address of a card, as people paste it.
    pub fn card_url(&self, card: &str) -> String {
        let store = self.store();
        store.card_url(&store.card_id(card))
    }

    /// The short link of a card.
    pub fn short_link(&self, card: &str) -> String {
        let mut store = self.store();
        let id = store.card_id(card);
        store.card_mut(&id).short_link.clone()
    }

    /// Moves it to a list of its board, made if it is new.
    pub fn to_list(&self, card: &str, list: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| store.to_list(deed, id, list));
    }

    /// Marks it complete, or not.
    pub fn complete(&self, card: &str, complete: bool, by: &str) {
        self.on_card(card, by, |store, deed, id| store.set_complete(deed, id, complete));
    }

    /// Puts somebody on it, beside whoever is.
    pub fn assign(&self, card: &str, username: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            let member = store.ensure_member(username);
            store.add_member(deed, id, &member);
        });
    }

    /// Takes somebody off it.
    pub fn unassign(&self, card: &str, username: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            let member = store.ensure_member(username);
            store.remove_member(deed, id, &member);
        });
    }

    /// Sets when it is due, or takes that away.
    pub fn due(&self, card: &str, due: Option<Timestamp>, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            store.change(deed, id, "due", |card| (shown(std::mem::replace(&mut card.due, due)), shown(due)));
        });
    }

    /// Sets when it is to begin, or takes that away.
    pub fn start(&self, card: &str, start: Option<Timestamp>, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            store.change(deed, id, "start", |card| (shown(std::mem::replace(&mut card.start, start)), shown(start)));
        });
    }

    /// Changes its title.
    pub fn rename(&self, card: &str, name: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            store.change(deed, id, "name", |card| {
                (json!(std::mem::replace(&mut card.name, name.to_owned())), json!(name))
            });
        });
    }

    /// Changes its text.
    pub fn describe(&self, card: &str, text: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            store.change(deed, id, "desc", |card| {
                (json!(std::mem::replace(&mut card.desc, text.to_owned())), json!(text))
            });
        });
    }

    /// Gives it another place in its list, which is not work on it.
    pub fn rank(&self, card: &str, place: f64, by: &str) {
        self.on_card(card, by, |store, deed, id| {
            store.change(deed, id, "pos", |card| (std::mem::replace(&mut card.pos, json!(place)), json!(place)));
        });
    }

    /// Archives it, or takes it back.
    pub fn archive(&self, card: &str, closed: bool, by: &str) {
        self.on_card(card, by, |store, deed, id| store.set_closed(deed, id, closed));
    }

    /// Comments on it; tells the comment's id.
    pub fn comment(&self, card: &str, text: &str, by: &str) -> String {
        self.on_card(card, by, |store, deed, id| store.say(deed, id, text))
    }

    /// Edits a comment, as a person does in the browser.
    pub fn edit_comment(&self, comment: &str, text: &str) {
        self.act(|store, deed| store.reword(comment, text, deed));
    }

    /// Takes a comment away, as a person does in the browser.
    pub fn delete_comment(&self, comment: &str) {
        self.act(|store, deed| store.unsay(comment, deed));
    }

    /// Adds a checklist with these lines, none of them ticked; tells its id.
    pub fn checklist(&self, card: &str, name: &str, lines: &[&str]) -> String {
        let lines: Vec<(String, bool)> = lines.iter().map(|line| ((*line).to_owned(), false)).collect();
        self.on_card(card, &self.actor, |store, deed, id| store.add_checklist(deed, id, name, &lines))
    }

    /// Adds a line to a checklist, made if it is new; tells the line's id. The feed does not tell of the line.
    pub fn add_line(&self, card: &str, checklist: &str, line: &str) -> String {
        self.on_card(card, &self.actor, |store, deed, id| store.add_line(deed, id, checklist, line))
    }

    /// Ticks one line, by its id or its words.
    pub fn tick_line(&self, card: &str, line: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| store.tick_line(deed, id, line));
    }

    /// Takes a checklist away.
    pub fn remove_checklist(&self, card: &str, name: &str) {
        self.on_card(card, &self.actor, |store, deed, id| store.remove_checklist(deed, id, name));
    }

    /// Ticks the next lines of its checklists.
    pub fn tick(&self, card: &str, lines: usize, by: &str) {
        self.on_card(card, by, |store, deed, id| store.tick(deed, id, lines, true));
    }

    /// Takes the last ticks back.
    pub fn untick(&self, card: &str, lines: usize, by: &str) {
        self.on_card(card, by, |store, deed, id| store.tick(deed, id, lines, false));
    }

    /// Gives a line a date and an owner; the feed does not tell of it.
    pub fn check_item(&self, card: &str, line: &str, due: Option<Timestamp>, username: Option<&str>) {
        self.on_card(card, &self.actor, |store, deed, id| {
            let member = username.map(|username| store.ensure_member(username));
            store.change_item(deed, id, line, |item| {
                item.due = due;
                item.member = member;
            });
        });
    }

    /// Gives a line other words; the feed does not tell of it.
    pub fn rename_item(&self, card: &str, line: &str, name: &str) {
        self.on_card(card, &self.actor, |store, deed, id| {
            store.change_item(deed, id, line, |item| item.name = name.to_owned());
        });
    }

    /// Makes a card of a line; tells its id.
    pub fn convert_item(&self, card: &str, line: &str) -> String {
        self.on_card(card, &self.actor, |store, deed, id| store.convert(deed, id, line))
    }

    /// Adds a label, made if it is new. The feed does not tell of it.
    pub fn label(&self, card: &str, label: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| store.set_label(deed, id, label, true));
    }

    /// Takes a label away. The feed does not tell of it.
    pub fn unlabel(&self, card: &str, label: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| store.set_label(deed, id, label, false));
    }

    /// `blocker` blocks `card`, in the only way there is: the one's address is attached to the other.
    pub fn block(&self, card: &str, blocker: &str) {
        self.on_card(card, &self.actor, |store, deed, id| {
            let url = store.card_url(&store.card_id(blocker));
            store.attach(deed, id, &url);
        });
    }

    /// Takes that attachment away.
    pub fn unblock(&self, card: &str, blocker: &str) {
        self.on_card(card, &self.actor, |store, deed, id| {
            let url = store.card_url(&store.card_id(blocker));
            store.detach(deed, id, &url);
        });
    }

    /// Attaches an address; tells the attachment's id.
    pub fn attach(&self, card: &str, url: &str) -> String {
        self.on_card(card, &self.actor, |store, deed, id| store.attach(deed, id, url))
    }

    /// Sets a custom field by its name; `null` empties it. A list takes the words of one of its options.
    pub fn set_field(&self, card: &str, name: &str, value: impl Into<Value>) {
        let value = value.into();
        self.on_card(card, &self.actor, |store, deed, id| store.set_field(deed, id, name, &value));
    }

    /// Moves it to a list of another board. Its id stays.
    pub fn move_to_board(&self, card: &str, board: &str, list: &str, by: &str) {
        self.on_card(card, by, |store, deed, id| store.move_card(deed, id, board, list));
    }

    /// Deletes it, with all that was told of it but its end.
    pub fn delete(&self, card: &str) {
        self.on_card(card, &self.actor, |store, deed, id| store.delete_card(deed, id));
    }

    /// Votes for it, which moves it without being work on it; the feed does not tell of it.
    pub fn vote(&self, card: &str) {
        self.on_card(card, &self.actor, |store, deed, id| store.touch(id, deed.at));
    }
}

/// A change of the one thing that was found.
fn change_once<T>(change: impl FnOnce(&mut T)) -> impl FnMut(&mut T) {
    let mut change = Some(change);
    move |found| {
        if let Some(change) = change.take() {
            change(found);
        }
    }
}
