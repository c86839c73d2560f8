//! What an account lets us see before anything is watched: boards, who works there, what their lists are called.

use std::collections::HashMap;

use connector_kit::survey::{Sight, Survey, Visible};
use connector_kit::{BoxFuture, ConnectorError};
use connector_model::{Account, AccountKind};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, refusal};
use crate::board::account;
use crate::call::segment;
use crate::containers::is_called;
use crate::tasks::malformed;
use crate::wire::{BoardStub, Member};
use crate::{Trello, items};

/// Boards whose open cards are counted; each costs a call.
const MOST_COUNTED: usize = 40;

/// Whose card it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    #[serde(default)]
    id_members: Vec<String>,
}

impl Trello {
    async fn sight(&self) -> Result<Sight, ConnectorError> {
        let mut unreadable = Vec::new();
        let mut boards = self.listed_boards(&mut unreadable).await?;
        boards.sort_by(|one, other| other.date_last_activity.cmp(&one.date_last_activity));
        let mut sight = Sight::default();
        let names: Vec<String> = boards.iter().map(|board| board.name.clone().unwrap_or_default()).collect();
        for (at, board) in boards.iter().enumerate() {
            let unfit = (board.closed == Some(true)).then_some("closed");
            let open = match unfit.is_none() && at < MOST_COUNTED {
                true => self.assigned(&board.id).await?.len() as u64,
                false => 0,
            };
            // A name that several boards have tells none of them.
            let is_one = names.iter().filter(|name| **name == names[at]).count() == 1 && !names[at].is_empty();
            let name = if is_one { names[at].clone() } else { board.id.clone() };
            sight.containers.push(Visible { name, open, unfit });
        }
        if boards.len() > MOST_COUNTED {
            sight.partial = Some(format!("the open cards of {} boards were not counted", boards.len() - MOST_COUNTED));
        }
        if !unreadable.is_empty() {
            sight.partial = Some(format!("{} boards could not be read", unreadable.len()));
        }
        Ok(sight)
    }

    /// The owners of each open card of a board, of at most a thousand.
    async fn assigned(&self, board: &str) -> Result<Vec<Assigned>, ConnectorError> {
        let query =
            vec![("filter", "visible".to_owned()), ("fields", "id,idMembers".to_owned()), ("limit", "1000".to_owned())];
        let what = "open cards of a board";
        let response = expect_ok(self.get(format!("boards/{}/cards", segment(board)), query).await?, what)?;
        Ok(items::each(items::single::<Vec<&RawValue>>(&response, what)?, &mut Vec::new()))
    }

    /// The board that a name of the configuration means.
    pub(crate) async fn board_named(&self, name: &str) -> Result<BoardStub, ConnectorError> {
        let listed = self.recently_listed_boards().await?;
        if let Some(board) = listed.into_iter().find(|board| is_called(board, name)) {
            return Ok(board);
        }
        let what = format!("board {name}: not there, or this account was not invited to it");
        self.board_called(name).await?.ok_or(ConnectorError::NotVisible { tool: crate::TOOL, what })
    }

    async fn people_of(&self, name: &str) -> Result<Vec<Account>, ConnectorError> {
        let id = self.board_named(name).await?.id;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for card in self.assigned(&id).await? {
            for member in card.id_members {
                *counts.entry(member).or_default() += 1;
            }
        }
        let board = self.board(&id).await?;
        let is_person = |one: &&Account| one.kind == AccountKind::Human && counts.contains_key(&one.ext);
        let mut people: Vec<Account> = board.accounts.iter().filter(is_person).cloned().collect();
        people.sort_by(|one, other| {
            counts.get(&other.ext).cmp(&counts.get(&one.ext)).then_with(|| one.handle.cmp(&other.handle))
        });
        Ok(people)
    }

    /// The words whose meaning is not told by themselves: open lists. The others need none.
    async fn lists_of(&self, name: &str) -> Result<Vec<String>, ConnectorError> {
        let board = self.board_named(name).await?;
        let board = self.read_board(&board.id).await?;
        let open = board.lists.values().filter(|list| !list.closed && list.meaning.is_none());
        let mut names: Vec<String> = open.map(|list| list.name.clone()).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn profile_of(&self, handle: &str) -> Result<Option<Account>, ConnectorError> {
        let query = vec![("fields", "id,username,fullName".to_owned())];
        let response = self.get(format!("members/{}", segment(handle.trim_start_matches('@'))), query).await?;
        match response.status {
            200 => {
                let member: Member = items::single(&response, "the account").map_err(|_| malformed("an account"))?;
                Ok(Some(account(&member, false)))
            }
            400 | 401 | 403 | 404 => Ok(None),
            _ => Err(refusal(&response, "the account")),
        }
    }
}

impl Survey for Trello {
    fn visible(&self) -> BoxFuture<'_, Result<Sight, ConnectorError>> {
        Box::pin(self.sight())
    }

    fn assignees<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<Account>, ConnectorError>> {
        Box::pin(self.people_of(container))
    }

    fn labels<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<String>, ConnectorError>> {
        Box::pin(self.lists_of(container))
    }

    fn profile<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<Option<Account>, ConnectorError>> {
        Box::pin(self.profile_of(handle))
    }
}
