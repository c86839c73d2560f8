//! The census: all cards of a board that are not archived, once a day, so that what vanished is missed. A deleted card leaves
//! every list without a word, and one that was moved to a board we are not on just so.

use connector_kit::{ConnectorError, Cursor, Page, Scope, Unreadable};
use connector_model::TaskRef;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::answers::{expect_ok, is_too_much};
use crate::call::{Query, segment};
use crate::listing::PAGE;
use crate::tasks::malformed;
use crate::wire::{Badges, Checklist, Stub};
use crate::{Trello, items};

/// Tried in turn where Trello finds a page too large.
const SMALLER_PAGES: [usize; 2] = [PAGE, 200];

/// Where a census stands.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counting {
    /// Cards made before this one.
    before: Option<String>,
    /// Some card has a checklist.
    lists: bool,
}

/// A card, as far as a census needs it.
#[derive(Debug, Deserialize)]
struct Counted {
    id: String,
    badges: Option<Badges>,
}

impl Trello {
    /// One page of ids; the last one brings those of checklists' items as well.
    pub(crate) async fn pull_census(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let what = format!("open cards of {}", scope.name);
        let read = cursor.at.as_deref().and_then(|text| serde_json::from_str::<Counting>(text).ok());
        let mut stand = read.unwrap_or_default();
        let (response, asked) = self.page_of_ids(scope, stand.before.as_deref(), &what).await?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        let listed: Vec<&RawValue> = items::single(&response, &what)?;
        let count = listed.len();
        let here: Vec<Stub> = items::each(listed.iter().copied(), &mut Vec::new());
        let mut unreadable: Vec<Unreadable> = Vec::new();
        let cards: Vec<Counted> = items::each(listed, &mut unreadable);
        if cards.len() < count || here.len() < count {
            page.partial = Some(format!("{what}: some could not be read"));
        }
        page.present = here.iter().map(|stub| TaskRef::Ext(stub.id.clone())).collect();
        stand.lists |= cards.iter().any(|card| card.badges.as_ref().is_none_or(|b| b.check_items > 0));
        let oldest = cards.into_iter().map(|card| card.id).min().filter(|_| count >= asked);
        match oldest {
            Some(oldest) if stand.before.as_ref().is_some_and(|before| oldest >= *before) => {
                return Err(malformed(&format!("{what}: the same page comes again")));
            }
            Some(oldest) => {
                stand.before = Some(oldest);
                page.more = true;
                let at = serde_json::to_string(&stand).expect("names are always JSON");
                page.next = Cursor { at: Some(at), etag: None, backfilled: cursor.backfilled };
            }
            None => {
                if stand.lists {
                    self.add_items(scope, &mut page).await?;
                }
                page.next = Cursor { backfilled: true, ..Cursor::default() };
            }
        }
        Ok(page)
    }

    async fn page_of_ids(
        &self,
        scope: &Scope,
        before: Option<&str>,
        what: &str,
    ) -> Result<(connector_kit::http::Response, usize), ConnectorError> {
        for size in SMALLER_PAGES {
            let mut query: Query = vec![
                ("filter", "open".to_owned()),
                ("fields", "id,idBoard,badges".to_owned()),
                ("limit", size.to_string()),
            ];
            query.extend(before.map(|before| ("before", before.to_owned())));
            let response = self.get(format!("boards/{}/cards", segment(&scope.handle)), query).await?;
            if !is_too_much(&response) {
                return Ok((expect_ok(response, what)?, size));
            }
        }
        Err(malformed(&format!("{what}: even a short page of them is too large")))
    }

    /// Items that are tasks of their own are there as long as their checklist is and they have a date.
    async fn add_items(&self, scope: &Scope, page: &mut Page) -> Result<(), ConnectorError> {
        let what = "checklists of a board";
        let path = format!("boards/{}/checklists", segment(&scope.handle));
        let response = expect_ok(self.get(path, Query::new()).await?, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let mut unreadable = Vec::new();
        let lists: Vec<Checklist> = items::each(listed, &mut unreadable);
        if !unreadable.is_empty() {
            page.partial = Some(format!("{what}: some could not be read"));
        }
        let all = lists.into_iter().flat_map(|list| list.check_items);
        let dated = all.filter(|item| item.due.0.is_some());
        page.present.extend(dated.map(|item| TaskRef::Ext(item.id)));
        Ok(())
    }
}
