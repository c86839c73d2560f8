//! What stands around changed cards and did not come with them: checklists and attachments, asked for where there are any.

use std::collections::{HashMap, HashSet};

use connector_kit::ConnectorError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::{Query, segment};
use crate::listing::PAGE;
use crate::memory::{Memory, Tick};
use crate::wire::{Action, Attachment, Card, CheckItem, Checklist};
use crate::{Trello, history, items};

/// Cards whose checklists are asked for one by one; for more than that the whole board's cost less.
const ONE_BY_ONE: usize = 4;

/// Cards of a page whose attachments are asked for one by one. Of the others none are known.
const MOST_ATTACHMENTS: usize = 50;

/// Cards of a page that are asked when their items were ticked. Of the others it counts when they were seen so.
const MOST_TICKED: usize = 200;

impl Trello {
    /// Completes cards. One that is gone meanwhile stays as it is.
    pub(crate) async fn complete_cards(&self, board: &str, cards: &mut [Card]) -> Result<(), ConnectorError> {
        let bare = |card: &Card| card.checklists.is_none() && card.badges.check_items > 0;
        let lacking = cards.iter().filter(|card| bare(card)).count();
        if lacking > ONE_BY_ONE {
            let path = format!("boards/{}/checklists", segment(board));
            let mut all = self.checklists_at(path, "checklists of a board").await?;
            for card in cards.iter_mut().filter(|card| bare(card)) {
                card.checklists = all.take(&card.id);
            }
        } else {
            for card in cards.iter_mut().filter(|card| bare(card)) {
                card.checklists = self.checklists_of(&card.id).await?;
            }
        }
        let unattached = |card: &Card| card.attachments.is_none() && card.badges.attachments.unwrap_or(0) > 0;
        for card in cards.iter_mut().filter(|card| unattached(card)).take(MOST_ATTACHMENTS) {
            card.attachments = self.attachments_of(&card.id).await?;
        }
        // Nothing is left to be told of those that show none.
        for card in cards.iter_mut() {
            if card.badges.attachments == Some(0) {
                card.attachments.get_or_insert_default();
            }
        }
        Ok(())
    }

    /// The checklists of one card. `None`: it is not to be seen any more, or one of them cannot be read.
    pub(crate) async fn checklists_of(&self, card: &str) -> Result<Option<Vec<Checklist>>, ConnectorError> {
        match self.checklists_at(format!("cards/{}/checklists", segment(card)), "checklists of a card").await {
            Ok(found) => Ok(found.whole()),
            Err(ConnectorError::NotVisible { .. } | ConnectorError::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn checklists_at(&self, path: String, what: &str) -> Result<Lists, ConnectorError> {
        let response = expect_ok(self.get(path, Query::new()).await?, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let mut lists = Lists::default();
        for raw in listed {
            match items::one::<Checklist>(raw.get()) {
                Ok(list) => lists.by_card.entry(list.id_card.clone().unwrap_or_default()).or_default().push(list),
                // What else is on that card may be in it: nothing is known of its items then.
                Err(_) => match items::one::<Owner>(raw.get()) {
                    Ok(of) => drop(lists.odd.insert(of.id_card)),
                    Err(_) => lists.is_odd = true,
                },
            }
        }
        Ok(lists)
    }

    /// When items that are tasks of their own were ticked stands in the history alone, which a board tells after its cards:
    /// of a card that is worked on it is asked for at once, unless it is known.
    pub(crate) async fn ask_for_ticks(&self, cards: &[Card], memory: &mut Memory) -> Result<(), ConnectorError> {
        let is_over = |card: &Card| card.closed || card.due_complete == Some(true) || card.date_completed.0.is_some();
        let is_unknown = |memory: &Memory, item: &CheckItem| {
            let is_known = memory.ticks.get(&item.id).is_some_and(|tick| tick.is_done);
            item.due.0.is_some() && item.state == "complete" && !is_known
        };
        let lacks = |memory: &Memory, card: &Card| {
            let mut items = card.checklists.iter().flatten().flat_map(|list| &list.check_items);
            items.any(|item| is_unknown(memory, item))
        };
        let mut asked = 0;
        for card in cards.iter().filter(|card| !is_over(card)) {
            if asked < MOST_TICKED && lacks(memory, card) {
                asked += 1;
                memory.note_ticks(self.ticks_of(&card.id).await?);
            }
        }
        Ok(())
    }

    /// What was done to the items of a card. Nothing where that is not told.
    async fn ticks_of(&self, card: &str) -> Result<Vec<(String, Tick)>, ConnectorError> {
        let (path, what) = (format!("cards/{}/actions", segment(card)), "actions of a card");
        let query = vec![("filter", "updateCheckItemStateOnCard".to_owned()), ("limit", PAGE.to_string())];
        let response = self.get(path, query).await?;
        if response.status != 200 {
            return Ok(Vec::new());
        }
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let actions: Vec<Action> = items::each(listed, &mut Vec::new());
        Ok(actions.iter().rev().filter_map(history::tick).collect())
    }

    async fn attachments_of(&self, card: &str) -> Result<Option<Vec<Attachment>>, ConnectorError> {
        let (path, what) = (format!("cards/{}/attachments", segment(card)), "attachments of a card");
        let response = self.get(path, vec![("fields", "url".to_owned())]).await?;
        if response.status != 200 {
            return Ok(None);
        }
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        Ok(Some(items::each(listed, &mut Vec::new())))
    }
}

/// Checklists by card.
#[derive(Default)]
struct Lists {
    by_card: HashMap<String, Vec<Checklist>>,
    /// Cards of which one checklist cannot be read.
    odd: HashSet<String>,
    /// One cannot be read, and does not tell its card either.
    is_odd: bool,
}

impl Lists {
    /// Those of a card. `None`: it has none here, or not all of them can be read.
    fn take(&mut self, card: &str) -> Option<Vec<Checklist>> {
        let lists = self.by_card.remove(card)?;
        (!self.is_odd && !self.odd.contains(card)).then_some(lists)
    }

    /// All of them. `None`: one cannot be read.
    fn whole(self) -> Option<Vec<Checklist>> {
        let is_whole = !self.is_odd && self.odd.is_empty();
        is_whole.then(|| self.by_card.into_values().flatten().collect())
    }
}

/// The card that a checklist is on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    id_card: String,
}
