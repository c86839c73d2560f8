//! What a board calls things: its lists, its custom fields and who is on it. Read each hour, and a list that nobody has heard
//! of at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_model::words::{Meaning, meaning};
use connector_model::{Account, AccountKind, Lack, Need, StatusCategory};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::{Query, segment};
use crate::config::{Fields, States};
use crate::normalise::fingerprint;
use crate::wire::{self, FieldDefinition, Member, Membership};
use crate::{Trello, items};

/// So long what a board calls things is not asked for again.
const KEPT: SignedDuration = SignedDuration::from_mins(90);

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) name: String,
    /// Archived; its cards are not, by their own word.
    pub(crate) closed: bool,
    /// What it says of its cards. `None`: nothing.
    pub(crate) meaning: Option<Meaning>,
}

/// Custom fields that mean something to us, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) start: Option<String>,
    pub(crate) progress: Option<String>,
    pub(crate) estimate: Option<String>,
    pub(crate) priority: Option<String>,
    /// By which status the board refused to show its custom fields. `None`: it did not.
    pub(crate) refused: Option<u16>,
    /// What the configuration calls fields that the board does not have.
    pub(crate) unfound: Fields,
    /// What each field of the board holds: `number`, `text`, `date`, `list`, `checkbox`.
    pub(crate) kinds: HashMap<String, String>,
    /// What the entries of list fields say, by their ids.
    pub(crate) options: HashMap<String, String>,
}

/// A board, as its cards are read with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    pub(crate) lists: HashMap<String, List>,
    pub(crate) roles: Roles,
    /// Everybody on it.
    pub(crate) accounts: Vec<Account>,
    /// By which status the board refused to say who has left. `None`: it did not.
    pub(crate) people_refused: Option<u16>,
    /// Fingerprint of all that changes what a card means.
    pub(crate) hash: u64,
    pub(crate) read_at: Timestamp,
}

/// Who is on a board.
pub(crate) struct Members {
    pub(crate) members: Vec<Member>,
    pub(crate) memberships: Vec<Membership>,
    /// By which status the board refused to tell how they are on it. `None`: it did not.
    refused: Option<u16>,
}

impl Trello {
    /// The board as it was told within the last while; else it is asked.
    pub(crate) async fn board(&self, id: &str) -> Result<Arc<Board>, ConnectorError> {
        let known = self.known_boards().get(id).cloned();
        match known {
            Some(board) if self.clock.now().duration_since(board.read_at).abs() < KEPT => Ok(board),
            _ => self.read_board(id).await,
        }
    }

    /// Asks for lists, fields and members.
    pub(crate) async fn read_board(&self, id: &str) -> Result<Arc<Board>, ConnectorError> {
        let lists = self.read_lists(id).await?;
        let roles = self.read_roles(id).await?;
        let (accounts, people_refused) = self.read_members(id).await?;
        Ok(self.know(id, Board { lists, roles, accounts, people_refused, ..Board::default() }))
    }

    /// Has everything be asked for again.
    pub(crate) fn forget_board(&self, id: &str) {
        self.known_boards().remove(id);
    }

    /// Asks for the lists alone.
    pub(crate) async fn read_board_lists(&self, id: &str) -> Result<Arc<Board>, ConnectorError> {
        let board = self.board(id).await?;
        let lists = self.read_lists(id).await?;
        let read_at = board.read_at;
        let board = self.know(id, Board { lists, ..(*board).clone() });
        let board = Arc::new(Board { read_at, ..(*board).clone() });
        self.known_boards().insert(id.to_owned(), board.clone());
        Ok(board)
    }

    fn know(&self, id: &str, mut board: Board) -> Arc<Board> {
        board.hash = board.fingerprint();
        board.read_at = self.clock.now();
        let board = Arc::new(board);
        self.known_boards().insert(id.to_owned(), board.clone());
        board
    }

    async fn read_lists(&self, id: &str) -> Result<HashMap<String, List>, ConnectorError> {
        let what = "lists of a board";
        let query = vec![("filter", "all".to_owned()), ("fields", "id,name,closed,pos".to_owned())];
        let response = expect_ok(self.get(format!("boards/{}/lists", segment(id)), query).await?, what)?;
        let listed: Vec<wire::List> = items::single(&response, what)?;
        let states = &self.config.states;
        Ok(listed.into_iter().map(|list| (list.id.clone(), List::new(list, states))).collect())
    }

    /// Boards of plans without custom fields have none, or refuse to tell.
    async fn read_roles(&self, id: &str) -> Result<Roles, ConnectorError> {
        let what = "custom fields of a board";
        let response = self.get(format!("boards/{}/customFields", segment(id)), Query::new()).await?;
        if matches!(response.status, 401 | 403 | 404) {
            return Ok(Roles { refused: Some(response.status), ..Roles::default() });
        }
        let response = expect_ok(response, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let fields: Vec<FieldDefinition> = items::each(listed, &mut Vec::new());
        Ok(Roles::new(&fields, &self.config.fields))
    }

    async fn read_members(&self, id: &str) -> Result<(Vec<Account>, Option<u16>), ConnectorError> {
        let Members { members, memberships, refused } = self.members_of(id).await?;
        let gone: HashSet<String> = memberships
            .into_iter()
            .filter(|one| one.deactivated == Some(true))
            .filter_map(|one| one.id_member)
            .collect();
        Ok((members.iter().map(|member| account(member, gone.contains(&member.id))).collect(), refused))
    }

    /// Everybody on a board, and how they are on it.
    pub(crate) async fn members_of(&self, id: &str) -> Result<Members, ConnectorError> {
        let what = "members of a board";
        let query = vec![("fields", "id,username,fullName,memberType,confirmed".to_owned())];
        let response = expect_ok(self.get(format!("boards/{}/members", segment(id)), query).await?, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let members: Vec<Member> = items::each(listed, &mut Vec::new());
        let query = vec![("filter", "all".to_owned())];
        let response = self.get(format!("boards/{}/memberships", segment(id)), query).await?;
        // Nobody is taken for gone where that is not told.
        let memberships: Vec<Membership> = match response.status {
            200 => items::each(items::single::<Vec<&RawValue>>(&response, what)?, &mut Vec::new()),
            _ => Vec::new(),
        };
        let refused = Some(response.status).filter(|status| matches!(status, 401 | 403 | 404));
        Ok(Members { members, memberships, refused })
    }

    /// Ids of the members of a board as it was read last, by their names.
    pub(crate) fn known_accounts(&self, id: &str) -> HashMap<String, String> {
        let known = self.known_boards().get(id).cloned();
        let accounts = known.iter().flat_map(|board| &board.accounts);
        accounts.filter_map(|account| Some((account.handle.clone()?, account.ext.clone()))).collect()
    }

    fn known_boards(&self) -> MutexGuard<'_, HashMap<String, Arc<Board>>> {
        self.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    pub(crate) fn new(list: wire::List, states: &States) -> List {
        let name = list.name.unwrap_or_default();
        let configured = states.of(&list.id, &name).map(|category| Meaning { category, backlog: false });
        List { meaning: configured.or_else(|| meaning(&name)), name, closed: list.closed == Some(true) }
    }

    pub(crate) fn category(&self) -> Option<StatusCategory> {
        self.meaning.map(|meaning| meaning.category)
    }
}

impl Roles {
    pub(crate) fn new(fields: &[FieldDefinition], config: &Fields) -> Roles {
        let called = |field: &FieldDefinition, word: &str| {
            field.id == word
                || field.name.as_deref().is_some_and(|name| name.trim().to_lowercase() == word.trim().to_lowercase())
        };
        let find = |word: &Option<String>| {
            let word = word.as_deref()?;
            fields.iter().find(|field| called(field, word)).map(|field| field.id.clone())
        };
        let priority =
            ["priority", "priorität", "priorité", "prioridad", "prioridade", "priorità", "prioriteit", "приоритет"];
        let priority = fields.iter().find(|field| priority.iter().any(|word| called(field, word)));
        let options = fields.iter().flat_map(|field| field.options.iter().flatten());
        let options = options.filter_map(|option| {
            let text = option.value.as_ref()?.get("text")?.as_str()?;
            Some((option.id.clone()?, text.to_owned()))
        });
        let unfound = |word: &Option<String>| word.clone().filter(|_| find(word).is_none());
        Roles {
            start: find(&config.start),
            progress: find(&config.progress),
            estimate: find(&config.estimate),
            priority: priority.map(|field| field.id.clone()),
            refused: None,
            unfound: Fields {
                start: unfound(&config.start),
                progress: unfound(&config.progress),
                estimate: unfound(&config.estimate),
            },
            kinds: fields.iter().filter_map(|field| Some((field.id.clone(), field.kind.clone()?))).collect(),
            options: options.collect(),
        }
    }
}

impl Board {
    fn fingerprint(&self) -> u64 {
        let mut lists: Vec<_> = self.lists.iter().collect();
        lists.sort_by_key(|(id, _)| *id);
        let mut options: Vec<_> = self.roles.options.iter().collect();
        options.sort();
        let Roles { start, progress, estimate, priority, refused, .. } = &self.roles;
        fingerprint(&format!("{lists:?} {start:?} {progress:?} {estimate:?} {priority:?} {refused:?} {options:?}"))
    }

    /// What the board does not tell of its cards, for want of custom fields; checklists and labels tell some of it still.
    pub(crate) fn lacks(&self, wanted: &Fields) -> Vec<Lack> {
        let because = |status| format!("the board does not show who has left it (HTTP {status})");
        let people = self.people_refused.map(|status| Lack::whole(Need::Leavers, because(status)));
        self.lacks_of_fields(wanted).into_iter().chain(people).collect()
    }

    fn lacks_of_fields(&self, wanted: &Fields) -> Vec<Lack> {
        if let Some(status) = self.roles.refused {
            let because = format!("the board does not show its custom fields (HTTP {status})");
            let progress = wanted.progress.is_some().then(|| Lack::part(Need::Progress, because.clone()));
            let others = [Lack::part(Need::Priority, because.clone()), Lack::whole(Need::Estimate, because)];
            return progress.into_iter().chain(others).collect();
        }
        let because = |word: &String| format!("no custom field of the board is called \"{word}\"");
        let Fields { progress, estimate, .. } = &self.roles.unfound;
        let progress = progress.as_ref().map(|word| Lack::part(Need::Progress, because(word)));
        let estimate = estimate.as_ref().map(|word| Lack::whole(Need::Estimate, because(word)));
        progress.into_iter().chain(estimate).collect()
    }

    /// The list of this id.
    pub(crate) fn list(&self, id: &str) -> Option<&List> {
        self.lists.get(id)
    }
}

/// A member as an account.
pub(crate) fn account(member: &Member, is_gone: bool) -> Account {
    let told = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Account {
        ext: member.id.clone(),
        handle: told(&member.username),
        name: told(&member.full_name),
        email: None,
        kind: if is_gone { AccountKind::Gone } else { AccountKind::Human },
    }
}
