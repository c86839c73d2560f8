//! A board's cards as they are now, with its history: first all, then what changed.
//!
//! A poll is two calls: the cards that are not archived, compared with those known, and the actions since the newest one
//! seen. A card that was listed and is not any more is asked for by itself. Whenever it is not sure what was known (a
//! restart, a list that means something else now), and every few hours anyway, all cards are read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, KnownTask, Page, Scope, TaskRelations, Unreadable};
use connector_model::{Account, TaskRef};
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::answers::date;
use crate::board::{Board, account};
use crate::call::{Query, segment};
use crate::listing::{MOST_AT_ONCE, Which, read_cards, stubs};
use crate::memory::{Known, Memory, Tick};
use crate::normalise::{Reading, fingerprint, item_task, short_link, task};
use crate::stand::{At, Stand, Walk};
use crate::wire::{Action, Card, Stub};
use crate::{TOOL, Trello, history, items, when};

/// Pages of one list within one pass.
const MOST_PAGES: u32 = 2_000;

/// Cards that left the list and are asked for one by one; where there are more, everything is read.
const MOST_GONE: usize = 20;

/// What is asked of a card. Of its description only the addresses of tasks are kept; it comes with the list, for asking for it
/// by itself would cost a call for every card that has one.
const FIELDS: &str = "id,name,desc,closed,idBoard,idList,idMembers,idMemberCreator,labels,start,due,dueComplete,\
                      dateLastActivity,dateClosed,dateCompleted,shortLink,shortUrl,isTemplate,cardRole,badges";

/// What is asked of each card: always the same, so that a card that did not change is told in the same words.
pub(crate) fn card_query() -> Query {
    vec![
        ("fields", FIELDS.to_owned()),
        ("customFieldItems", "true".to_owned()),
        ("members", "false".to_owned()),
        ("attachments", "true".to_owned()),
        ("attachment_fields", "url".to_owned()),
    ]
}

/// What is to be kept of a page of actions.
#[derive(Default)]
struct News {
    newest: Option<Timestamp>,
    oldest: Option<Timestamp>,
    /// Actions about lists.
    of_lists: BTreeSet<String>,
    /// Actions that closed the board, or opened it again.
    of_closing: BTreeSet<String>,
    /// Actions that changed a card, by the card.
    of_cards: BTreeMap<String, BTreeSet<String>>,
    /// Cards that were deleted, or moved to another board.
    left: BTreeSet<String>,
    /// What was done to items of checklists, oldest first.
    ticks: Vec<(String, Tick)>,
}

impl Trello {
    /// Whether nothing is remembered of a board, so that the mirror is to tell what it holds.
    pub(crate) fn is_forgotten(&self, board: &str, cursor: &Cursor) -> bool {
        cursor.at.as_deref().is_some_and(|at| self.memories.at(board, at).is_none())
    }

    /// The next page of a pass over everything, or all that changed. `mirrored`: what the mirror holds, where it was asked for.
    pub(crate) async fn pull_tasks(
        &self,
        scope: &Scope,
        cursor: &Cursor,
        mirrored: &[KnownTask],
    ) -> Result<Page, ConnectorError> {
        let mut stand = Stand::from_cursor(cursor);
        let known = self.memories.at(&scope.at.ext, cursor.at.as_deref().unwrap_or_default());
        let memory = || known.as_ref().map_or_else(|| Memory::recalled(mirrored), |known| (**known).clone());
        stand.page += 1;
        if let Some(walk) = stand.walk.take() {
            return self.walk_on(scope, stand, walk, memory(), cursor).await;
        }
        let now = self.clock.now();
        if let Some(memory) = &known
            && cursor.backfilled
            && !stand.is_whole_due(now)
            && let Some(page) = self.increment(scope, &mut stand, memory).await?
        {
            return Ok(page);
        }
        stand.begin(now);
        match stand.walk.take() {
            Some(walk) => self.walk_on(scope, stand, walk, memory(), cursor).await,
            None => Err(malformed("a pass was lost")),
        }
    }

    /// What changed. `None`: that cannot be told from what is known; everything is to be read.
    async fn increment(
        &self,
        scope: &Scope,
        stand: &mut Stand,
        known: &Arc<Memory>,
    ) -> Result<Option<Page>, ConnectorError> {
        let mut board = self.board(&scope.at.ext).await?;
        if known.board != board.hash {
            return Ok(None);
        }
        let Some(responses) = self.open_cards(scope).await? else { return Ok(None) };
        let what = format!("cards of {}", scope.name);
        let Some(first) = responses.first() else { return Err(malformed("a page was lost")) };
        let mut page = Page::new(first.asked_at, Cursor::default());
        let mut memory = (**known).clone();
        let mut fresh: Vec<(u64, &RawValue, Stub)> = Vec::new();
        let mut listed: HashSet<String> = HashSet::new();
        for response in &responses {
            for (hash, raw, stub) in stubs(response, &what, &mut page.unreadable)? {
                listed.insert(stub.id.clone());
                let is_known = memory.cards.get(&stub.id).is_some_and(|known| known.open && known.hash == hash);
                if !is_known && stub.id_board.as_deref().is_none_or(|at| at == scope.at.ext) {
                    fresh.push((hash, raw, stub));
                }
            }
        }
        let Some(news) = self.new_actions(scope, stand, &board, &mut page).await? else { return Ok(None) };
        if memory.hear(news.of_closing.clone()) {
            page.containers.extend(self.closed_board(&scope.at.ext).await?);
        }
        memory.note_ticks(news.ticks);
        let is_unheard = |(_, _, stub): &(u64, &RawValue, Stub)| {
            stub.id_list.as_deref().is_some_and(|list| board.list(list).is_none())
        };
        if memory.hear(news.of_lists) || fresh.iter().any(is_unheard) {
            board = self.read_board_lists(&scope.at.ext).await?;
            if known.board != board.hash {
                return Ok(None);
            }
        }
        let left: Vec<String> = memory
            .cards
            .iter()
            .filter(|(id, known)| known.open && !listed.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        if left.len() > MOST_GONE {
            return Ok(None);
        }
        let mut changed: Vec<(u64, Card)> = read_cards(fresh, &mut page.unreadable);
        // Archived ones stand in no list that is asked for: what happens to them is told by actions alone.
        let is_archived = |id: &String, memory: &Memory| memory.cards.get(id).is_some_and(|known| !known.open);
        let mut touched: Vec<String> = Vec::new();
        for (id, actions) in news.of_cards {
            let is_away = !listed.contains(&id) && is_archived(&id, &memory);
            if memory.hear(actions) && is_away {
                touched.push(id);
            }
        }
        for id in left.into_iter().chain(touched.into_iter().take(MOST_GONE)) {
            match self.card_that_left(scope, &id).await? {
                Some(card) => changed.push(card),
                None => page.missed.extend(memory.forget(&id).into_iter().map(TaskRef::Ext)),
            }
        }
        let told = news.left.iter().filter(|id| !listed.contains(*id) && memory.cards.contains_key(*id));
        page.missed.extend(told.map(|id| TaskRef::Ext(id.clone())));
        self.take_up(scope, &mut page, changed, &board, &mut memory).await?;
        stand.newest = stand.newest.max(news.newest);
        page.lacks = Some(board.lacks(&self.config.fields));
        page.next = stand.to_cursor(true);
        self.memories.keep(&scope.at.ext, page.next.at.as_deref().unwrap_or_default(), memory);
        Ok(Some(page))
    }

    /// A card that is not listed any more: archived, as a rule. `None`: gone, or on another board.
    async fn card_that_left(&self, scope: &Scope, id: &str) -> Result<Option<(u64, Card)>, ConnectorError> {
        let response = self.get(format!("cards/{}", segment(id)), card_query()).await?;
        if response.status != 200 {
            return match response.status {
                400..=404 | 410 => Ok(None),
                _ => Err(crate::answers::refusal(&response, "a card")),
            };
        }
        let raw: &RawValue = items::single(&response, "a card")?;
        let card: Option<Card> = items::one(raw.get()).ok();
        Ok(card.filter(|card| card.id_board == scope.at.ext).map(|card| (fingerprint(raw.get()), card)))
    }

    /// One page of a pass over everything.
    async fn walk_on(
        &self,
        scope: &Scope,
        mut stand: Stand,
        mut walk: Walk,
        mut memory: Memory,
        cursor: &Cursor,
    ) -> Result<Page, ConnectorError> {
        let board = self.board(&scope.at.ext).await?;
        walk.pages += 1;
        if walk.pages > MOST_PAGES {
            return Err(malformed(&format!("{}: the pages do not end", scope.name)));
        }
        if memory.board != board.hash {
            memory.cards.values_mut().for_each(|known| known.hash = 0);
            memory.board = board.hash;
        }
        let (mut page, next) = match walk.at.clone() {
            At::Cards(before) => self.walk_cards(scope, before, &mut walk, &board, &mut memory).await?,
            At::Actions(before) => self.walk_actions(scope, before, &mut walk, &board, &mut memory).await?,
        };
        if matches!(walk.at, At::Cards(None)) {
            page.accounts.extend(board.accounts.iter().cloned());
        }
        match next {
            Some(at) => {
                walk.at = at;
                stand.walk = Some(walk);
                page.more = true;
            }
            None => {
                stand.complete(&walk);
                page.history_since = (!cursor.backfilled).then(|| walk.whole_since());
            }
        }
        // What is told again counts once all cards were read with it.
        let lacks = board.lacks(&self.config.fields);
        page.lacks = (!lacks.is_empty() || !page.more).then_some(lacks);
        page.next = stand.to_cursor(cursor.backfilled || !page.more);
        self.memories.keep(&scope.at.ext, page.next.at.as_deref().unwrap_or_default(), memory);
        Ok(page)
    }

    async fn walk_cards(
        &self,
        scope: &Scope,
        before: Option<String>,
        walk: &mut Walk,
        board: &Board,
        memory: &mut Memory,
    ) -> Result<(Page, Option<At>), ConnectorError> {
        let what = format!("cards of {}", scope.name);
        let (response, asked) = self.page_of_cards(scope, Which::All, before.as_deref()).await?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        let count = items::single::<Vec<&RawValue>>(&response, &what)?.len();
        let seen = stubs(&response, &what, &mut page.unreadable)?;
        if before.is_none() {
            memory.await_all();
        }
        seen.iter().for_each(|(.., stub)| memory.show(&stub.id));
        let oldest = seen.iter().map(|(.., stub)| stub.id.clone()).min();
        walk.first_card = oldest.as_deref().and_then(when::of_id).into_iter().chain(walk.first_card).min();
        let is_here = |stub: &Stub| stub.id_board.as_deref().is_none_or(|at| at == scope.at.ext);
        let fresh = seen.into_iter().filter(|(hash, _, stub)| {
            is_here(stub) && memory.cards.get(&stub.id).is_none_or(|known| known.hash != *hash)
        });
        let changed = read_cards(fresh.collect(), &mut page.unreadable);
        self.take_up(scope, &mut page, changed, board, memory).await?;
        let next = match oldest.filter(|_| count >= asked) {
            None => {
                // A list that lacks more than that is left to the census.
                let is_much = memory.count_unseen() > MOST_GONE;
                page.missed.extend(memory.missed().into_iter().filter(|_| !is_much).map(TaskRef::Ext));
                At::Actions(None)
            }
            Some(oldest) if before.is_some_and(|before| oldest >= before) => {
                return Err(malformed(&format!("{what}: the same page comes again")));
            }
            Some(oldest) => At::Cards(Some(oldest)),
        };
        Ok((page, Some(next)))
    }

    async fn walk_actions(
        &self,
        scope: &Scope,
        before: Option<String>,
        walk: &mut Walk,
        board: &Board,
        memory: &mut Memory,
    ) -> Result<(Page, Option<At>), ConnectorError> {
        let (response, asked) = self.page_of_actions(scope, walk.since, before.as_deref()).await?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        let (news, next) = self.take_actions((&response, asked), scope, before.as_deref(), board, &mut page)?;
        walk.newest = walk.newest.max(news.newest).or_else(|| Some(date(&response)));
        walk.first_action = news.oldest.into_iter().chain(walk.first_action).min();
        memory.hear(news.of_lists);
        memory.note_ticks(news.ticks);
        let is_news = memory.hear(news.of_closing);
        memory.hear(news.of_cards.into_values().flatten().collect());
        // Of what was before the first pass nothing is known here.
        if walk.since.is_some() {
            if is_news {
                page.containers.extend(self.closed_board(&scope.at.ext).await?);
            }
            page.missed.extend(news.left.iter().flat_map(|id| memory.forget(id)).map(TaskRef::Ext));
        }
        Ok((page, next.map(|oldest| At::Actions(Some(oldest)))))
    }

    /// Actions since the newest one seen, onto the page. `None`: too many.
    async fn new_actions(
        &self,
        scope: &Scope,
        stand: &mut Stand,
        board: &Board,
        page: &mut Page,
    ) -> Result<Option<News>, ConnectorError> {
        let (since, is_wide) = stand.since(self.clock.now());
        let (mut all, mut before): (News, Option<String>) = (News::default(), None);
        for _ in 0..MOST_AT_ONCE {
            let (response, asked) = self.page_of_actions(scope, since, before.as_deref()).await?;
            let (news, next) = self.take_actions((&response, asked), scope, before.as_deref(), board, page)?;
            all.newest = all.newest.max(news.newest);
            all.of_lists.extend(news.of_lists);
            all.of_closing.extend(news.of_closing);
            news.of_cards.into_iter().for_each(|(id, own)| all.of_cards.entry(id).or_default().extend(own));
            all.left.extend(news.left);
            // A further page is an older one.
            all.ticks.splice(0..0, news.ticks);
            before = next;
            if before.is_none() {
                if is_wide {
                    stand.wide = Some(self.clock.now());
                }
                return Ok(Some(all));
            }
        }
        Ok(None)
    }

    /// Puts a page of actions onto a page. The id before which the list goes on; `None`: it ends here.
    fn take_actions(
        &self,
        (response, asked): (&Response, usize),
        scope: &Scope,
        before: Option<&str>,
        board: &Board,
        page: &mut Page,
    ) -> Result<(News, Option<String>), ConnectorError> {
        let what = format!("actions of {}", scope.name);
        let listed: Vec<&RawValue> = items::single(response, &what)?;
        let count = listed.len();
        let actions: Vec<Action> = items::each(listed, &mut page.unreadable);
        let known: HashMap<&str, &Account> = board.accounts.iter().map(|one| (one.ext.as_str(), one)).collect();
        let mut named: BTreeMap<&str, Account> = BTreeMap::new();
        for action in &actions {
            history::changes(action, board, &self.config.states, &mut page.changes);
            for member in action.member_creator.iter().chain(&action.member) {
                let told =
                    || known.get(member.id.as_str()).map_or_else(|| account(member, false), |one| (*one).clone());
                named.entry(&member.id).or_insert_with(told);
            }
        }
        page.accounts.extend(named.into_values());
        let ids_of =
            |is: fn(&Action) -> bool| actions.iter().filter(move |one| is(one)).map(|one| one.id.clone()).collect();
        let (of_lists, of_closing) = (ids_of(history::is_of_list), ids_of(history::is_of_closing));
        let dates = || actions.iter().filter_map(|action| action.date.0);
        let left = actions.iter().filter_map(|action| history::left(action)).map(str::to_owned).collect();
        let ticks = actions.iter().rev().filter_map(history::tick).collect();
        let mut of_cards: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for action in &actions {
            if let Some(card) = history::changed(action) {
                of_cards.entry(card.to_owned()).or_default().insert(action.id.clone());
            }
        }
        let (newest, oldest) = (dates().max(), dates().min());
        let news = News { newest, oldest, of_lists, of_closing, of_cards, left, ticks };
        // Those of one second stand in the order in which they happened, which their ids need not tell.
        let last = actions.last().map(|action| action.id.clone()).filter(|_| count >= asked);
        if last.is_some() && last.as_deref() == before {
            return Err(malformed(&format!("{what}: the same page comes again")));
        }
        Ok((news, last))
    }

    /// Puts changed cards onto the page, with what their checklists say, and remembers them.
    async fn take_up(
        &self,
        scope: &Scope,
        page: &mut Page,
        changed: Vec<(u64, Card)>,
        board: &Board,
        memory: &mut Memory,
    ) -> Result<(), ConnectorError> {
        let (changed, odd): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|(_, card)| board.list(&card.id_list).is_some());
        if !odd.is_empty() {
            // What a card's list means is all there is of its state: it is kept as it was, and the lists are asked for again.
            self.forget_board(&scope.at.ext);
            let because = "it lies in a list that the board does not show".to_owned();
            let name = |card: &Card| format!("card {}", short_link(card));
            page.unreadable
                .extend(odd.iter().map(|(_, card)| Unreadable { what: name(card), because: because.clone() }));
        }
        let (hashes, mut cards): (Vec<u64>, Vec<Card>) = changed.into_iter().unzip();
        self.complete_cards(&scope.handle, &mut cards).await?;
        self.ask_for_ticks(&cards, memory).await?;
        let mut items_before: Vec<Known> = Vec::with_capacity(cards.len());
        for (card, hash) in cards.iter().zip(hashes) {
            let before = memory.cards.remove(&card.id).unwrap_or_default();
            memory.cards.insert(card.id.clone(), Known::of(card, hash, &before));
            items_before.push(before);
        }
        let parents = memory.parents();
        let reading = Reading {
            board,
            states: &self.config.states,
            parents: &parents,
            ticks: &memory.ticks,
            seen_at: page.asked_at,
        };
        for (card, before) in cards.iter().zip(items_before) {
            page.tasks.push(task(card, &reading));
            let mut here: HashSet<&str> = HashSet::new();
            for item in card.checklists.iter().flatten().flat_map(|list| &list.check_items) {
                here.insert(&item.id);
                // One whose date was taken away is told once more, as what is no work; then it is a line like any other.
                if item.due.0.is_some() || before.items.contains(&item.id) {
                    page.tasks.push(item_task(item, card, &reading));
                }
            }
            let now = memory.cards.get(&card.id);
            let is_lost =
                |item: &&String| !here.contains(item.as_str()) && now.is_some_and(|now| !now.items.contains(*item));
            page.missed.extend(before.items.iter().filter(is_lost).cloned().map(TaskRef::Ext));
            let now = now.map(|known| &known.children);
            for child in before.children.iter().chain(now.into_iter().flatten()) {
                let parent = parents.get(child).map(|id| TaskRef::Ext(id.clone()));
                let relations =
                    TaskRelations { task: TaskRef::Key(child.clone()), parent: Some(parent), children: None };
                if !page.relations.contains(&relations) {
                    page.relations.push(relations);
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn malformed(what: &str) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: what.to_owned(), source: None }
}
