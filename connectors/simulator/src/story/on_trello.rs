//! The same story at Trello: a repository is a board, a milestone the date that its cards are due, and work that somebody
//! speaks of is in `Doing`. Items of a text are a checklist; what belongs to a larger card is a line of it that holds the
//! smaller one's address; what waits has the address of what it waits for attached, and a label. Pull requests have no place there.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

use super::{Deed, Person, StoryKey, What, cast};
use crate::trello::{CardDraft, Trello};

/// The lists of each board.
const LISTS: [&str; 3] = ["To do", "Doing", "Done"];
/// The checklist whose lines are other cards.
const PARTS: &str = "Parts";

/// The label of a card that waits for another.
const BLOCKED: &str = "Blocked";

/// Where the story stands at Trello.
#[derive(Debug, Clone, Default)]
pub(super) struct OnTrello {
    /// Id of each card.
    cards: HashMap<StoryKey, String>,
    /// The larger card of each smaller one.
    wholes: HashMap<StoryKey, StoryKey>,
    /// When each milestone is due, by board and name.
    dates: HashMap<(String, String), Timestamp>,
}

/// `acme/web` is the board `Acme web`.
fn board(repo: &str) -> String {
    format!("Acme {}", repo.rsplit('/').next().unwrap_or(repo))
}

/// The end of work, UTC, on the day that a milestone means: its midnight is Pacific.
fn due_of(due: Timestamp) -> Timestamp {
    let pacific = TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
    let evening = due.to_zoned(pacific).date().to_datetime(time(17, 0, 0, 0));
    evening.to_zoned(TimeZone::UTC).map_or(due, |evening| evening.timestamp())
}

/// `ana-k` at GitHub is `ana` at Trello.
fn username<'a>(people: &'a [Person], who: &'a str) -> &'a str {
    people.iter().find(|person| person.github_login == who).map_or(who, |person| person.handle.as_str())
}

/// The items of a text, and what is left of it.
fn items(body: &str) -> (Vec<(String, bool)>, String) {
    let mut found = Vec::new();
    let mut left = Vec::new();
    for line in body.lines() {
        let item = |mark: &str, done: bool| line.strip_prefix(mark).map(|item| (item.to_owned(), done));
        match item("- [ ] ", false).or_else(|| item("- [x] ", true)) {
            Some(item) => found.push(item),
            None => left.push(line),
        }
    }
    (found, left.join("\n").trim().to_owned())
}

impl OnTrello {
    pub(super) fn stage(trello: &Trello, people: &[Person], start: Option<Timestamp>) {
        for person in people {
            trello.person(&person.handle, &person.name);
        }
        let trello = start.map_or_else(|| trello.clone(), |start| trello.at(start));
        for repo in cast::REPOS {
            let board = board(repo);
            trello.board(&board);
            LISTS.iter().for_each(|list| drop(trello.list(&board, list)));
            people.iter().for_each(|person| trello.join(&board, &person.handle));
        }
    }

    pub(super) fn play(&mut self, trello: &Trello, people: &[Person], deed: &Deed) {
        let who = username(people, &deed.who);
        let trello = trello.at(deed.at).acting(who);
        let card_of = |key: &StoryKey| self.cards.get(key).cloned();
        match &deed.what {
            What::Milestone { repo, title, due } => {
                self.dates.insert((board(repo), title.clone()), due_of(*due));
            }
            What::Open { pull: true, .. } => {}
            What::Open { key, repo, title, body, assignee, milestone, .. } => {
                let board = board(repo);
                let due = milestone.as_ref().and_then(|title| self.dates.get(&(board.clone(), title.clone())));
                let (checks, desc) = items(body);
                let draft = CardDraft {
                    desc,
                    checks,
                    members: assignee.iter().map(|assignee| username(people, assignee).to_owned()).collect(),
                    due: due.copied(),
                    ..CardDraft::new(title)
                };
                self.cards.insert(*key, trello.card(&board, LISTS[0], draft));
            }
            What::Assign { key, login } => {
                let Some(card) = card_of(key) else { return };
                trello.assign(&card, username(people, login), who);
            }
            What::Comment { key, text } => {
                let Some(card) = card_of(key) else { return };
                trello.comment(&card, text, who);
                begin(&trello, &card, who);
            }
            What::Tick { key, boxes } => {
                let Some(card) = card_of(key) else { return };
                trello.tick(&card, *boxes, who);
                begin(&trello, &card, who);
            }
            What::Close { key } => {
                let Some(card) = card_of(key) else { return };
                trello.to_list(&card, LISTS[2], who);
                trello.complete(&card, true, who);
                if let Some(whole) = self.wholes.get(key).and_then(|whole| self.cards.get(whole)) {
                    trello.tick_line(whole, &trello.card_url(&card), who);
                }
            }
            What::Move { key, milestone } => {
                let Some(card) = card_of(key) else { return };
                let board = trello.look(&card).map_or_else(String::new, |card| card.board);
                trello.due(&card, self.dates.get(&(board, milestone.clone())).copied(), who);
            }
            What::SubIssue { parent, child } => {
                let (Some(whole), Some(part)) = (card_of(parent), card_of(child)) else { return };
                trello.add_line(&whole, PARTS, &trello.card_url(&part));
                self.wholes.insert(*child, *parent);
            }
            What::Block { blocked, blocker } => {
                let (Some(blocked), Some(blocker)) = (card_of(blocked), card_of(blocker)) else { return };
                trello.block(&blocked, &blocker);
                trello.label(&blocked, BLOCKED, who);
            }
        }
    }
}

/// Whoever has it and speaks of it has begun.
fn begin(trello: &Trello, card: &str, who: &str) {
    let seen = trello.look(card);
    if seen.is_some_and(|card| card.list == LISTS[0] && card.members.iter().any(|member| member == who)) {
        trello.to_list(card, LISTS[1], who);
    }
}
