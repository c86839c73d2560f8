//! Trello's switches (credentials, limits, lag, recordings), and what tests look at afterwards.

use jiff::Timestamp;
use serde_json::Value;

use super::comments::text_of;
use super::handle::Trello;
use super::model::{Card, CardSeen, CommentSeen, Credential, Write};
use super::recorded::TrelloRecorded;
use super::store::Store;

impl Trello {
    /// Accepts this key with this token, as that person's. From the first one on, only those named so are accepted; until
    /// then any are, as [`Trello::default_member`]'s.
    pub fn token(&self, key: &str, token: &str, username: &str) {
        let now = self.now();
        let mut store = self.store();
        let member = store.ensure_member(username);
        store.settings.credentials.push(Credential {
            key: key.to_owned(),
            token: token.to_owned(),
            member,
            write: true,
            created_at: now,
            expires_at: None,
            revoked: false,
        });
    }

    fn with_token(&self, token: &str, change: impl Fn(&mut Credential)) {
        let mut store = self.store();
        let found = store.settings.credentials.iter_mut().filter(|one| one.token == token);
        found.for_each(change);
    }

    /// A token may read and no more.
    pub fn read_only(&self, token: &str) {
        self.with_token(token, |one| one.write = false);
    }

    /// A token ends at this instant; `None`: never.
    pub fn expires(&self, token: &str, at: Option<Timestamp>) {
        self.with_token(token, |one| one.expires_at = at);
    }

    /// A token is taken back, and the hooks that were made with it are gone.
    pub fn revoke(&self, token: &str) {
        self.with_token(token, |one| one.revoked = true);
        self.store().hooks.retain(|hook| hook.token != token);
    }

    /// Whose a credential is while any is accepted; `gapwatch` if it is not said.
    pub fn default_member(&self, username: &str) {
        let mut store = self.store();
        store.settings.default_member = store.ensure_member(username);
    }

    /// The id of the app behind a key, which marks what is done with it.
    pub fn app_id(&self, key: &str) -> String {
        Store::app_of(key)
    }

    /// Enforces the limits: 300 requests of a key and 100 of a token in ten seconds, 100 about members in fifteen minutes, and
    /// nothing more for a key that was refused more than 200 times in ten seconds. Off by default, because a set clock stands
    /// still.
    pub fn limits(&self, on: bool) {
        let mut store = self.store();
        store.settings.limits = on;
        store.counts = super::model::Counts::default();
    }

    /// Requests about members that fifteen minutes hold.
    pub fn member_limit(&self, requests: usize) {
        self.store().settings.member_limit = requests;
    }

    /// Tells what is left of the limits in headers, as the API does now and then and does not promise.
    pub fn limit_headers(&self, on: bool) {
        self.store().settings.limit_headers = on;
    }

    /// Cards above which a read that nests their actions is refused; 300 if it is not said.
    pub fn nested_limit(&self, cards: usize) {
        self.store().settings.nested_cards = cards;
    }

    /// Cards above which any page of them is refused, as the API does where cards are heavy. `None`: none is.
    pub fn page_limit(&self, cards: Option<usize>) {
        self.store().settings.largest_page = cards.unwrap_or(usize::MAX);
    }

    /// Answers every write 202 with nothing, although it took effect.
    pub fn accepted_only(&self, on: bool) {
        self.store().settings.accepted_only = on;
    }

    /// Shows the last activity of each board so many seconds late.
    pub fn lag(&self, seconds: u64) {
        self.store().settings.board_lag = seconds;
    }

    /// Brings each action into the feed so many seconds late.
    pub fn action_lag(&self, seconds: u64) {
        self.store().settings.action_lag = seconds;
    }

    /// Shows a recorded board beside what is there; tells its id.
    pub fn serve(&self, recorded: &TrelloRecorded) -> String {
        let mut store = self.store();
        let id = recorded.add_to(&mut store);
        let at = store.as_of;
        store.show_as_of(at);
        id
    }

    /// Shows every recorded board as it was then; what was made later is absent. `None`: as at the end.
    pub fn as_of(&self, at: impl Into<Option<Timestamp>>) {
        self.store().show_as_of(at.into());
    }

    /// Comments on a card, the oldest first.
    pub fn comments(&self, card: &str) -> Vec<CommentSeen> {
        let store = self.store();
        let id = store.card_id(card);
        let seen = store.comments_on(&id).map(|action| CommentSeen {
            id: action.id.clone(),
            author: action.by.as_deref().map_or_else(String::new, |id| store.username(id)),
            text: text_of(action),
            edits: action.edits,
            at: action.at,
            by_app: action.app.is_some(),
        });
        seen.collect()
    }

    /// A card as it stands. `None`: not there.
    pub fn look(&self, card: &str) -> Option<CardSeen> {
        let store = self.store();
        store.card(card).map(|card| seen(&store, card))
    }

    /// The cards of a board, the oldest first.
    pub fn cards(&self, board: &str) -> Vec<CardSeen> {
        let mut store = self.store();
        let id = store.board_named(board).id.clone();
        store.cards_of(&id).map(|card| seen(&store, card)).collect()
    }

    /// Every comment that was written, edited or deleted over the wire, the oldest first, even when it is gone.
    pub fn writes(&self) -> Vec<Write> {
        self.store().writes.clone()
    }

    /// The hooks that were asked for, as the API shows them.
    pub fn hooks(&self) -> Vec<Value> {
        self.store().hooks.iter().map(Store::show_hook).collect()
    }
}

fn seen(store: &Store, card: &Card) -> CardSeen {
    let board = store.board(&card.board);
    let label = |id: &String| board?.labels.iter().find(|label| label.id == *id).map(|label| label.name.clone());
    CardSeen {
        id: card.id.clone(),
        short_link: card.short_link.clone(),
        board: board.map_or_else(String::new, |board| board.name.clone()),
        list: store.list(&card.list).map_or_else(String::new, |(_, list)| list.name.clone()),
        name: card.name.clone(),
        desc: card.desc.clone(),
        closed: card.closed,
        members: card.members.iter().map(|id| store.username(id)).collect(),
        labels: card.labels.iter().filter_map(label).collect(),
        start: card.start,
        due: card.due,
        complete: card.complete,
        checks: (card.items().filter(|item| item.done).count(), card.items().count()),
        updated_at: card.updated_at,
    }
}
