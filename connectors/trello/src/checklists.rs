//! What stands around changed cards and did not come with them: checklists and attachments, asked for where there are any.

use std::collections::HashMap;

use connector_kit::ConnectorError;
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::{Query, segment};
use crate::wire::{Attachment, Card, Checklist};
use crate::{Trello, items};

/// Cards whose checklists are asked for one by one; for more than that the whole board's cost less.
const ONE_BY_ONE: usize = 4;

/// Cards of a page whose attachments are asked for one by one. Of the others none are known.
const MOST_ATTACHMENTS: usize = 50;

impl Trello {
    /// Completes cards. One that is gone meanwhile stays as it is.
    pub(crate) async fn complete_cards(&self, board: &str, cards: &mut [Card]) -> Result<(), ConnectorError> {
        let bare = |card: &Card| card.checklists.is_none() && badge(card, |badges| badges.check_items) > 0;
        let lacking = cards.iter().filter(|card| bare(card)).count();
        if lacking > ONE_BY_ONE {
            let path = format!("boards/{}/checklists", segment(board));
            let mut by_card: HashMap<String, Vec<Checklist>> = HashMap::new();
            for one in self.checklists_at(path, "checklists of a board").await? {
                by_card.entry(one.id_card.clone().unwrap_or_default()).or_default().push(one);
            }
            for card in cards.iter_mut().filter(|card| bare(card)) {
                card.checklists = by_card.remove(&card.id);
            }
        } else {
            for card in cards.iter_mut().filter(|card| bare(card)) {
                card.checklists = self.checklists_of(&card.id).await?;
            }
        }
        let unattached = |card: &Card| card.attachments.is_none() && badge(card, |badges| badges.attachments) > 0;
        for card in cards.iter_mut().filter(|card| unattached(card)).take(MOST_ATTACHMENTS) {
            card.attachments = self.attachments_of(&card.id).await?;
        }
        // Nothing is left to be told of those that show none.
        for card in cards.iter_mut() {
            if card.badges.as_ref().is_some_and(|badges| badges.attachments == Some(0)) {
                card.attachments.get_or_insert_default();
            }
        }
        Ok(())
    }

    /// The checklists of one card. `None`: it is not to be seen any more.
    pub(crate) async fn checklists_of(&self, card: &str) -> Result<Option<Vec<Checklist>>, ConnectorError> {
        match self.checklists_at(format!("cards/{}/checklists", segment(card)), "checklists of a card").await {
            Ok(found) => Ok(Some(found)),
            Err(ConnectorError::NotVisible { .. } | ConnectorError::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn checklists_at(&self, path: String, what: &str) -> Result<Vec<Checklist>, ConnectorError> {
        let response = expect_ok(self.get(path, Query::new()).await?, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        // What cannot be read of a checklist costs that list; its card is there all the same.
        Ok(items::each(listed, &mut Vec::new()))
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

fn badge(card: &Card, of: impl Fn(&crate::wire::Badges) -> Option<u32>) -> u32 {
    card.badges.as_ref().and_then(of).unwrap_or(0)
}
