//! Which repositories the selection covers: those it names, and all of an owner that the credential is shown.
//!
//! An App is told what its installation covers. With a token the owner is asked for as an organisation first; where it is
//! none, as a person: what everybody sees of theirs, then what this account was let into. One that is archived, disabled or
//! keeps no issues is listed as closed, and not read.
//!
//! What is not shown is no proof that it is gone: such a page is partial, and nothing is concluded from the pass.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Unreadable};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::address::{Place, Wanted};
use crate::answers::{is_redirect, refusal};
use crate::call::Query;
use crate::items::Items;
use crate::pull::{carry, endless, page_of};
use crate::walk::{self, PAGE, Walk, next_of};
use crate::wire::Repository;
use crate::{GitHub, items, normalise};

/// Where the walk over the selection stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Selecting {
    /// Place in the configured list.
    at: usize,
    /// How an owner is asked for.
    #[serde(skip_serializing_if = "is_first")]
    way: Way,
    /// The pages of that list.
    walk: Walk,
    /// Something of this owner has been shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shown: bool,
}

/// How all repositories of an owner are asked for, one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    /// As an organisation; an App's installation needs no other.
    #[default]
    Organisation,
    /// As a person: what everybody sees.
    Person,
    /// What the account was let into.
    Own,
}

fn is_first(way: &Way) -> bool {
    *way == Way::Organisation
}

/// A list in an envelope, as an installation's is.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    repositories: &'a RawValue,
}

impl GitHub {
    /// One repository of the configured list, or one page of an owner's.
    pub(crate) async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut stand: Selecting = walk::read(cursor);
        let Some(wanted) = self.repos.get(stand.at) else {
            return Ok(Page::new(self.clock.now(), Cursor { at: None, etag: None, backfilled: true }));
        };
        let at = stand.at;
        let mut page = match &wanted.name {
            Some(_) => {
                stand = Selecting { at: at + 1, ..Selecting::default() };
                self.named_repository(wanted).await?
            }
            None => self.repositories_of(wanted, &mut stand).await?,
        };
        page.more = stand.at < self.repos.len();
        page.next = Cursor {
            at: if page.more { walk::write(&stand) } else { None },
            etag: None,
            backfilled: cursor.backfilled || !page.more,
        };
        Ok(page)
    }

    async fn named_repository(&self, wanted: &Wanted) -> Result<Page, ConnectorError> {
        let what = format!("repository {wanted}");
        let answer = self.get_at(&Place::named(&wanted.to_string()), "", Query::new(), None).await;
        let response = match answer {
            Ok(response) => response,
            Err(error) => return self.hidden(wanted, error),
        };
        let mut page = page_of(&response, Cursor::default());
        match response.status {
            200 => {
                let repository: Repository<'_> = items::single(&response.body, &what)?;
                page.containers.push(normalise::repository(&repository));
                Ok(page)
            }
            404 | 410 | 451 => {
                leave_out(&mut page, wanted, "not there, or the token may not see it".to_owned());
                Ok(page)
            }
            _ => self.hidden(wanted, refusal(&response, &what)),
        }
    }

    async fn repositories_of(&self, wanted: &Wanted, stand: &mut Selecting) -> Result<Page, ConnectorError> {
        let what = format!("repositories of {}", wanted.owner);
        let response = match self.ask_for_list(wanted, stand).await {
            Ok(response) => response,
            Err(error) => {
                *stand = Selecting { at: stand.at + 1, ..Selecting::default() };
                return self.hidden(wanted, error);
            }
        };
        let mut page = page_of(&response, Cursor::default());
        match response.status {
            200 => {}
            // It is no organisation, or none we may know of.
            404 | 410 | 451 if stand.way != Way::Own && self.access.app().is_none() => {
                self.next_way(wanted, stand, &mut page);
                return Ok(page);
            }
            status if matches!(status, 404 | 410 | 451) || is_redirect(status) => {
                *stand = Selecting { at: stand.at + 1, ..Selecting::default() };
                leave_out(&mut page, wanted, "no such owner, or the token may not see it".to_owned());
                return Ok(page);
            }
            _ => {
                *stand = Selecting { at: stand.at + 1, ..Selecting::default() };
                return self.hidden(wanted, refusal(&response, &what));
            }
        }
        let list = self.read_list(&response, &what)?;
        let is_owners = |full_name: &str| full_name.split('/').next().unwrap_or("").eq_ignore_ascii_case(&wanted.owner);
        let ids = list.read.iter().map(|repository| repository.id);
        let over = stand.walk.turn(ids, next_of(response.next_link())).map_err(|because| endless(&what, because))?;
        // These two lists may show what is another owner's: a given installation is whoever's it is.
        let is_of_several = stand.way == Way::Own || self.access.app().is_some();
        let covered = list.read.iter().filter(|one| !is_of_several || is_owners(&one.full_name));
        page.containers = covered.map(normalise::repository).collect();
        page.unreadable = list.unreadable;
        stand.shown |= !page.containers.is_empty();
        if over {
            self.next_way(wanted, stand, &mut page);
        }
        Ok(page)
    }

    async fn ask_for_list(&self, wanted: &Wanted, stand: &Selecting) -> Result<Response, ConnectorError> {
        let owner = &wanted.owner;
        let (path, more): (String, Query) = match stand.way {
            _ if self.access.app().is_some() => ("installation/repositories".to_owned(), Query::new()),
            Way::Organisation => (format!("orgs/{owner}/repos"), vec![("type", "all".to_owned())]),
            Way::Person => (format!("users/{owner}/repos"), vec![("type", "owner".to_owned())]),
            Way::Own => {
                let affiliation = "owner,collaborator,organization_member".to_owned();
                ("user/repos".to_owned(), vec![("affiliation", affiliation)])
            }
        };
        let mut query: Query = more;
        query.push(("per_page", PAGE.to_string()));
        carry(&stand.walk, &mut query);
        self.get(owner, path, query, None).await
    }

    fn read_list<'a>(&self, response: &'a Response, what: &str) -> Result<Items<Repository<'a>>, ConnectorError> {
        if self.access.app().is_none() {
            return items::list(&response.body, what);
        }
        let envelope: Envelope<'a> = items::single(&response.body, what)?;
        items::list(envelope.repositories.get().as_bytes(), what)
    }

    /// The list is over. A person is asked for in two ways; an owner of whom nothing was shown at all is a suspicion.
    fn next_way(&self, wanted: &Wanted, stand: &mut Selecting, page: &mut Page) {
        let next = match stand.way {
            Way::Organisation if stand.shown || self.access.app().is_some() => None,
            Way::Organisation => Some(Way::Person),
            Way::Person => Some(Way::Own),
            Way::Own => None,
        };
        match next {
            Some(way) => *stand = Selecting { at: stand.at, way, walk: Walk::default(), shown: stand.shown },
            None => {
                if !stand.shown {
                    leave_out(page, wanted, "none of its repositories is shown".to_owned());
                }
                *stand = Selecting { at: stand.at + 1, ..Selecting::default() };
            }
        }
    }

    /// One that may not be seen must not hide the others; where it is all there is, the refusal is everything there is to say.
    fn hidden(&self, wanted: &Wanted, error: ConnectorError) -> Result<Page, ConnectorError> {
        match error {
            ConnectorError::Forbidden { what, .. } | ConnectorError::NotVisible { what, .. }
                if self.repos.len() > 1 =>
            {
                let mut page = Page::new(self.clock.now(), Cursor::default());
                leave_out(&mut page, wanted, what);
                Ok(page)
            }
            error => Err(error),
        }
    }
}

/// Names what is left out, so that nothing is concluded from its absence.
fn leave_out(page: &mut Page, wanted: &Wanted, because: String) {
    page.partial = Some(format!("{wanted}: {because}"));
    page.unreadable.push(Unreadable { what: wanted.to_string(), because });
}
