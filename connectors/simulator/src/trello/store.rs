//! Everything Trello holds, and how things are found in it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::model::{
    Action, Board, Card, Counts, Deed, Hook, List, Member, Membership, Reach, Settings, Write, born, is_id,
};
use crate::text::digest;

/// Ids of this site have it in the middle.
const MACHINE: &str = "c0de5eed42";

/// All of Trello.
pub(crate) struct Store {
    next: u64,
    pub(super) members: Vec<Member>,
    pub(super) boards: Vec<Board>,
    pub(super) cards: BTreeMap<String, Card>,
    /// In the order in which they happened.
    pub(super) actions: Vec<Action>,
    pub(super) hooks: Vec<Hook>,
    pub(super) writes: Vec<Write>,
    pub(super) settings: Settings,
    pub(super) counts: Counts,
    /// Recorded cards as they were at the end.
    pub(super) originals: Vec<Card>,
    /// Lists of recorded boards as they were at the end, by the board's id.
    pub(super) original_lists: Vec<(String, Vec<List>)>,
    /// What is recorded of later instants is not shown. `None`: all is.
    pub(super) as_of: Option<Timestamp>,
    pub(super) answered: u64,
}

impl Store {
    pub(crate) fn new() -> Store {
        let mut store = Store {
            next: 1,
            members: Vec::new(),
            boards: Vec::new(),
            cards: BTreeMap::new(),
            actions: Vec::new(),
            hooks: Vec::new(),
            writes: Vec::new(),
            settings: Settings {
                credentials: Vec::new(),
                default_member: String::new(),
                limits: false,
                member_limit: 100,
                limit_headers: false,
                accepted_only: false,
                board_lag: 0,
                action_lag: 0,
                nested_cards: 300,
                largest_page: usize::MAX,
            },
            counts: Counts::default(),
            originals: Vec::new(),
            original_lists: Vec::new(),
            as_of: None,
            answered: 0,
        };
        store.settings.default_member = store.ensure_member("gapwatch");
        store
    }

    /// 24 hex digits: the second, this site, and a number that rises.
    pub(super) fn fresh_id(&mut self, at: Timestamp) -> String {
        let number = self.next;
        self.next += 1;
        format!("{:08x}{MACHINE}{number:06x}", at.as_second().clamp(0, i64::from(u32::MAX)))
    }

    /// Eight characters that stand for an id in addresses.
    pub(super) fn short_link(id: &str) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut left = digest(("link", id));
        let letter = |_| {
            let found = LETTERS[usize::try_from(left % 62).unwrap_or(0)];
            left /= 62;
            char::from(found)
        };
        (0..8).map(letter).collect()
    }

    /// The id of the app that owns a key.
    pub(super) fn app_of(key: &str) -> String {
        format!("{:08x}{:016x}", 0x5f00_0000, digest(("app", key)))
    }

    /// The id of a member, made if the user name is new.
    pub(super) fn ensure_member(&mut self, username: &str) -> String {
        if let Some(member) = self.members.iter().find(|member| member.username == username) {
            return member.id.clone();
        }
        let id = self.fresh_id(Timestamp::from_second(1_300_000_000).unwrap_or(Timestamp::UNIX_EPOCH));
        let name = username.to_owned();
        self.members.push(Member { id: id.clone(), username: name.clone(), name, ghost: false, gone: false });
        id
    }

    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(super) fn username(&self, id: &str) -> String {
        self.member(id).map_or_else(String::new, |member| member.username.clone())
    }

    /// A board by id or short link, as a path names it.
    pub(super) fn board(&self, name: &str) -> Option<&Board> {
        self.boards.iter().find(|board| board.id == name || board.short_link == name)
    }

    /// A board as a test names it: also by its name.
    pub(super) fn board_named(&mut self, name: &str) -> &mut Board {
        let hit = |board: &&mut Board| board.id == name || board.short_link == name || board.name == name;
        self.boards.iter_mut().find(hit).unwrap_or_else(|| panic!("the simulator has no board {name}"))
    }

    /// The board that holds a list, and the list.
    pub(super) fn list(&self, id: &str) -> Option<(&Board, &List)> {
        self.boards.iter().find_map(|board| Some((board, board.lists.iter().find(|list| list.id == id)?)))
    }

    pub(super) fn card(&self, name: &str) -> Option<&Card> {
        let by_link = || self.cards.values().find(|card| card.short_link == name);
        if is_id(name) { self.cards.get(name) } else { by_link() }
    }

    /// The id of a card that a test names.
    pub(super) fn card_id(&self, name: &str) -> String {
        self.card(name).unwrap_or_else(|| panic!("the simulator has no card {name}")).id.clone()
    }

    pub(super) fn card_mut(&mut self, id: &str) -> &mut Card {
        self.cards.get_mut(id).unwrap_or_else(|| panic!("the simulator has no card {id}"))
    }

    pub(super) fn cards_of<'a>(&'a self, board: &'a str) -> impl Iterator<Item = &'a Card> {
        self.cards.values().filter(move |card| card.board == board)
    }

    pub(super) fn add_board(&mut self, name: &str, at: Timestamp) -> String {
        if let Some(board) = self.boards.iter().find(|board| board.name == name) {
            return board.id.clone();
        }
        let id = self.fresh_id(at);
        let mine = self.settings.default_member.clone();
        let membership = self.membership(&mine, "normal", at);
        self.boards.push(Board {
            short_link: Store::short_link(&id),
            id: id.clone(),
            name: name.to_owned(),
            closed: false,
            closed_at: None,
            reach: Reach::Open,
            comments_denied: false,
            free: false,
            memberships: vec![membership],
            lists: Vec::new(),
            labels: Vec::new(),
            fields: Vec::new(),
            next_number: 1,
            touched: vec![at],
            depth: None,
            extra: Map::new(),
        });
        id
    }

    pub(super) fn membership(&mut self, member: &str, kind: &str, at: Timestamp) -> Membership {
        let id = self.fresh_id(at);
        Membership { id, member: member.to_owned(), kind: kind.to_owned(), deactivated: false }
    }

    /// Puts somebody on a board who is not on it yet.
    pub(super) fn join(&mut self, board: &str, member: &str, at: Timestamp) {
        let membership = self.membership(member, "normal", at);
        if let Some(board) = self.boards.iter_mut().find(|one| one.id == board)
            && board.memberships.iter().all(|known| known.member != member)
        {
            board.memberships.push(membership);
        }
    }

    /// When something last happened on a board, as it shows it.
    pub(super) fn last_activity(&self, board: &Board, now: Timestamp) -> Option<Timestamp> {
        let lag = SignedDuration::from_secs(self.settings.board_lag.cast_signed());
        let is_shown = |at: &&Timestamp| lag.is_zero() || at.saturating_add(lag).is_ok_and(|at| at <= now);
        let hidden = |at: &&Timestamp| self.as_of.is_none_or(|limit| board.extra.is_empty() || **at <= limit);
        let latest = board.touched.iter().filter(is_shown).filter(hidden).max().copied();
        latest.or_else(|| born(&board.id))
    }

    /// Something happened on a card: it and its board move.
    pub(super) fn touch(&mut self, card: &str, at: Timestamp) {
        let Some(card) = self.cards.get_mut(card) else { return };
        card.updated_at = card.updated_at.max(at);
        let board = card.board.clone();
        self.touch_board(&board, at);
    }

    pub(super) fn touch_board(&mut self, board: &str, at: Timestamp) {
        let found = self.boards.iter_mut().find(|one| one.id == board);
        found.into_iter().for_each(|board| board.touched.push(at));
    }

    /// Puts an entry into the feed; tells its id.
    pub(super) fn note(&mut self, deed: &Deed, kind: &str, board: &str, card: Option<&str>, data: Value) -> String {
        let id = self.fresh_id(deed.at);
        let action = Action {
            id: id.clone(),
            at: deed.at,
            kind: kind.to_owned(),
            board: board.to_owned(),
            card: card.map(str::to_owned),
            by: deed.by.clone(),
            app: deed.app.clone(),
            data,
            edits: 0,
            recorded: false,
        };
        // A story may be told out of order.
        let place = self.actions.partition_point(|one| one.at <= deed.at);
        self.actions.insert(place, action);
        self.touch_board(board, deed.at);
        id
    }

    /// How an action names a board.
    pub(super) fn board_ref(board: &Board) -> Value {
        json!({ "id": board.id, "name": board.name, "shortLink": board.short_link })
    }

    /// How an action names a card.
    pub(super) fn card_ref(card: &Card) -> Value {
        json!({ "id": card.id, "name": card.name, "idShort": card.number, "shortLink": card.short_link })
    }

    pub(super) fn list_ref(list: &List) -> Value {
        json!({ "id": list.id, "name": list.name })
    }

    /// What an action on a card says of where it happened: card, board and list.
    pub(super) fn place(&self, card: &Card) -> Value {
        let board = self.board(&card.board).map_or(Value::Null, Store::board_ref);
        let list = self.list(&card.list).map_or(Value::Null, |(_, list)| Store::list_ref(list));
        json!({ "card": Store::card_ref(card), "board": board, "list": list })
    }

    pub(crate) fn stats(&self) -> Value {
        json!({
            "answered": self.answered, "boards": self.boards.len(), "cards": self.cards.len(),
            "actions": self.actions.len(), "writes": self.writes.len(),
        })
    }
}
