//! Which boards the selection covers: those it names by id, short link or name, or all open ones of the account. One that is
//! closed is listed as closed, and not read.
//!
//! What is not shown is no proof that it is gone: such a page is partial, and nothing is concluded from the pass.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use connector_kit::{ConnectorError, Cursor, Page, Unreadable};
use connector_model::{Container, ContainerKind, ContainerRef};
use jiff::SignedDuration;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, refusal};
use crate::call::segment;
use crate::wire::BoardStub;
use crate::{TOOL, Trello, items};

/// So long a list of boards is good enough to find one by its name.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

/// What is asked of a board.
pub(crate) const FIELDS: &str = "id,name,closed,idOrganization,shortLink,dateLastActivity";

impl Trello {
    /// All boards, and what each calls things.
    pub(crate) async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut page = Page::new(self.clock.now(), Cursor { backfilled: true, ..Cursor::default() });
        let listed = self.listed_boards(&mut page.unreadable).await?;
        if !page.unreadable.is_empty() {
            page.partial = Some("boards: some could not be read".to_owned());
        }
        let boards = match self.config.boards.is_empty() {
            true => self.all_open(listed, cursor, &mut page).await?,
            false => self.selected(listed, cursor, &mut page).await?,
        };
        page.containers = boards.iter().map(container).collect();
        if page.containers.is_empty() && page.partial.is_none() {
            let because = "none is shown to this account: invite it to the boards".to_owned();
            leave_out(&mut page, "boards", because);
        }
        for board in boards.iter().filter(|board| board.closed != Some(true)) {
            match self.read_board(&board.id).await {
                Ok(known) => page.accounts.extend(known.accounts.iter().cloned()),
                // That board's own stream tells it.
                Err(ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    /// All open boards of the account. One that was watched until now and is not listed any more is asked for by itself: it
    /// ends with its closing or its deletion, and never because this account was taken off it.
    async fn all_open(
        &self,
        listed: Vec<BoardStub>,
        cursor: &Cursor,
        page: &mut Page,
    ) -> Result<Vec<BoardStub>, ConnectorError> {
        let mut boards: Vec<BoardStub> = listed.into_iter().filter(|board| board.closed != Some(true)).collect();
        let mut watched: BTreeMap<String, String> = BTreeMap::new();
        for (id, name) in watched_before(cursor) {
            if boards.iter().any(|board| board.id == id) {
                continue;
            }
            let query = vec![("fields", FIELDS.to_owned())];
            let response = self.get(format!("boards/{}", segment(&id)), query).await?;
            match response.status {
                200 => {
                    let board: BoardStub = items::single(&response, "a board")?;
                    boards.extend(Some(board).filter(|board| board.closed != Some(true)));
                }
                404 | 410 => {}
                401 | 403 => {
                    let because = "it was watched, and this account may not see it any more: invite it again, or name the \
                                   boards to be watched in `boards`";
                    leave_out(page, &name, because.to_owned());
                    watched.insert(id, name);
                }
                _ => return Err(refusal(&response, &format!("board {name}"))),
            }
        }
        watched.extend(boards.iter().map(|board| (board.id.clone(), board.name.clone().unwrap_or_default())));
        page.next.at = serde_json::to_string(&watched).ok();
        Ok(boards)
    }

    /// Every board that is listed for our account, open ones by its own word.
    pub(crate) async fn listed_boards(
        &self,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<Vec<BoardStub>, ConnectorError> {
        let query = vec![("filter", "open".to_owned()), ("fields", FIELDS.to_owned())];
        let response = expect_ok(self.get("members/me/boards", query).await?, "boards")?;
        let listed: Vec<&RawValue> = items::single(&response, "boards")?;
        let boards: Vec<BoardStub> = items::each(listed, unreadable);
        *self.listed.lock().unwrap_or_else(PoisonError::into_inner) = Some((boards.clone(), response.asked_at));
        Ok(boards)
    }

    /// The same as it was a little while ago: the list is below `/members`, where few calls are allowed.
    pub(crate) async fn recently_listed_boards(&self) -> Result<Vec<BoardStub>, ConnectorError> {
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((boards, at)) if self.clock.now().duration_since(at).abs() < RECENT => Ok(boards),
            _ => self.listed_boards(&mut Vec::new()).await,
        }
    }

    /// The boards that the configuration names. One that was found by its name once is known by its id from then on: closed
    /// boards are not listed, and only by its id can it be asked whether it was closed.
    async fn selected(
        &self,
        listed: Vec<BoardStub>,
        cursor: &Cursor,
        page: &mut Page,
    ) -> Result<Vec<BoardStub>, ConnectorError> {
        let before = watched_before(cursor);
        let mut watched: BTreeMap<String, String> = BTreeMap::new();
        let mut boards: Vec<BoardStub> = Vec::new();
        let mut hidden = Vec::new();
        for wanted in &self.config.boards {
            let mut found: Vec<BoardStub> = listed.iter().filter(|board| is_called(board, wanted)).cloned().collect();
            if found.is_empty() {
                let known: Vec<&String> =
                    before.iter().filter(|(_, name)| is_same_name(name, wanted)).map(|(id, _)| id).collect();
                for name in if known.is_empty() { vec![wanted] } else { known.clone() } {
                    found.extend(self.board_called(name).await?);
                }
                if found.is_empty() {
                    hidden.push(wanted.as_str());
                    watched.extend(known.into_iter().map(|id| (id.clone(), wanted.clone())));
                }
            }
            for board in found {
                watched.insert(board.id.clone(), wanted.clone());
                if !boards.iter().any(|known| known.id == board.id) {
                    boards.push(board);
                }
            }
        }
        if boards.is_empty() {
            let what = format!("board {}: not there, or this account was not invited to it", hidden.join(", "));
            return Err(ConnectorError::NotVisible { tool: TOOL, what });
        }
        for name in hidden {
            leave_out(page, name, "not there, or this account was not invited to it".to_owned());
        }
        page.next.at = serde_json::to_string(&watched).ok();
        Ok(boards)
    }

    /// A board by its id, if it is closed now.
    pub(crate) async fn closed_board(&self, id: &str) -> Result<Option<Container>, ConnectorError> {
        let query = vec![("fields", FIELDS.to_owned())];
        let response = expect_ok(self.get(format!("boards/{}", segment(id)), query).await?, "a board")?;
        let board: BoardStub = items::single(&response, "a board")?;
        Ok(Some(container(&board)).filter(|board| !board.open))
    }

    /// A board that is not listed, by id or short link: it may be closed, or seen through its workspace alone.
    pub(crate) async fn board_called(&self, wanted: &str) -> Result<Option<BoardStub>, ConnectorError> {
        if !may_be_id(wanted) {
            return Ok(None);
        }
        let query = vec![("fields", FIELDS.to_owned())];
        let response = self.get(format!("boards/{}", segment(wanted)), query).await?;
        match response.status {
            200 => items::single(&response, "a board").map(Some),
            400 | 401 | 403 | 404 => Ok(None),
            _ => Err(refusal(&response, &format!("board {wanted}"))),
        }
    }
}

/// Ids of the boards that the last pass covered, with their names, or what the configuration calls them; as its cursor keeps
/// them.
fn watched_before(cursor: &Cursor) -> BTreeMap<String, String> {
    cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Whether the operator means this board.
pub(crate) fn is_called(board: &BoardStub, wanted: &str) -> bool {
    let name = board.name.as_deref().unwrap_or_default();
    board.id == wanted || board.short_link.as_deref() == Some(wanted) || is_same_name(name, wanted)
}

fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// An id or a short link.
fn may_be_id(text: &str) -> bool {
    matches!(text.len(), 8 | 24) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A board as the place its cards live in.
fn container(board: &BoardStub) -> Container {
    let name = board.name.clone().filter(|name| !name.is_empty());
    Container {
        at: ContainerRef { kind: ContainerKind::Board, ext: board.id.clone() },
        name: name.unwrap_or_else(|| board.id.clone()),
        handle: board.id.clone(),
        due: None,
        open: board.closed != Some(true),
        responsible: None,
    }
}

/// Names what is left out, so that nothing is concluded from its absence.
fn leave_out(page: &mut Page, what: &str, because: String) {
    page.partial = Some(format!("{what}: {because}"));
    page.unreadable.push(Unreadable { what: what.to_owned(), because });
}
