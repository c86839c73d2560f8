//! A direct look at one card, or at an item of it.

use std::collections::HashMap;

use connector_kit::{ConnectorError, Cursor, Page, TaskLook};

use crate::answers::refusal;
use crate::call::segment;
use crate::normalise::{Reading, item_task, task};
use crate::tasks::{card_query, malformed};
use crate::wire::Card;
use crate::{TOOL, Trello, items};

/// A handle taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle<'a> {
    pub(crate) board: &'a str,
    pub(crate) card: &'a str,
    /// An item of a checklist of the card.
    pub(crate) item: Option<&'a str>,
}

impl<'a> Handle<'a> {
    /// `None`: this connector did not write it.
    pub(crate) fn from_text(text: &'a str) -> Option<Handle<'a>> {
        let mut parts = text.split('/');
        let handle = Handle { board: parts.next()?, card: parts.next()?, item: parts.next() };
        let all_ids = [Some(handle.board), Some(handle.card), handle.item].into_iter().flatten().all(is_id);
        (all_ids && parts.next().is_none()).then_some(handle)
    }
}

/// An id of Trello's; in a path it can be nothing else.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Trello {
    /// One card by its id, wherever it is now. Where it is not to be seen, its board tells whether it was deleted.
    pub(crate) async fn look_at_task(&self, text: &str) -> Result<TaskLook, ConnectorError> {
        let Some(handle) = Handle::from_text(text) else {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        };
        let what = format!("card {}", handle.card);
        let response = self.get(format!("cards/{}", segment(handle.card)), card_query()).await?;
        match response.status {
            200 => {}
            404 | 410 => return self.look_at_place(handle).await,
            // On a board that this account is not on.
            401 | 403 => return Ok(TaskLook::Hidden),
            _ => return Err(refusal(&response, &what)),
        }
        let mut cards: Vec<Card> = vec![items::single(&response, &what)?];
        let here = cards[0].id_board.clone();
        self.complete_cards(&here, &mut cards).await?;
        let board = match self.board(&here).await {
            Ok(board) => board,
            Err(ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. }) => return Ok(TaskLook::Hidden),
            Err(error) => return Err(error),
        };
        let board = match board.list(&cards[0].id_list) {
            Some(_) => board,
            None => self.read_board_lists(&here).await?,
        };
        if board.list(&cards[0].id_list).is_none() {
            return Err(malformed(&format!("{what}: it lies in a list that the board does not show")));
        }
        let mut page = Page::new(response.asked_at, Cursor::default());
        let parents = self.parents_in(&here);
        let mut known = self.memories.last(&here).map(|memory| (*memory).clone()).unwrap_or_default();
        self.ask_for_ticks(&cards, &mut known).await?;
        let (ticks, seen_at) = (&known.ticks, response.asked_at);
        let reading = Reading { board: &board, states: &self.config.states, parents: &parents, ticks, seen_at };
        let card = &cards[0];
        match handle.item {
            None => page.tasks.push(task(card, &reading)),
            Some(id) => {
                let Some(lists) = &card.checklists else {
                    // A card that shows no items has none.
                    let shows_none = card.badges.check_items == 0;
                    return if shows_none {
                        Ok(TaskLook::Gone)
                    } else {
                        Err(malformed("a card without its checklists"))
                    };
                };
                // Without a date it is no task any more.
                let mut all = lists.iter().flat_map(|list| &list.check_items).filter(|item| item.due.0.is_some());
                match all.find(|item| item.id == id) {
                    Some(item) => page.tasks.push(item_task(item, card, &reading)),
                    None => return Ok(TaskLook::Gone),
                }
            }
        }
        Ok(TaskLook::There(Box::new(page)))
    }

    /// A card that is nowhere was deleted, as long as the board it was on can be seen.
    async fn look_at_place(&self, handle: Handle<'_>) -> Result<TaskLook, ConnectorError> {
        let query = vec![("fields", "id,closed".to_owned())];
        let response = self.get(format!("boards/{}", segment(handle.board)), query).await?;
        match response.status {
            200 => Ok(TaskLook::Gone),
            401 | 403 | 404 | 410 => Ok(TaskLook::Hidden),
            _ => Err(refusal(&response, "a board")),
        }
    }

    fn parents_in(&self, board: &str) -> HashMap<String, String> {
        self.memories.last(board).map(|memory| memory.parents()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_ids_and_nothing_else() {
        let handle = Handle { board: "b1", card: "c1", item: None };
        assert_eq!(Handle::from_text("b1/c1"), Some(handle));
        assert_eq!(Handle::from_text("b1/c1/i1"), Some(Handle { item: Some("i1"), ..handle }));
        for wrong in ["", "b1", "b1/", "/c1", "b1/c1/", "b1/c1/i1/x", "../c1", "b1/c1?x", "b1/c%2f"] {
            assert_eq!(Handle::from_text(wrong), None, "{wrong}");
        }
    }
}
