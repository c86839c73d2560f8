//! Lists of a board's cards and actions: a page of each, newest first, and smaller ones where Trello finds them too large.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Scope, Unreadable};
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, is_too_much};
use crate::call::{Query, segment};
use crate::normalise::fingerprint;
use crate::tasks::{card_query, malformed};
use crate::wire::{Card, Stub};
use crate::{Trello, history, items};

/// Cards or actions on a page; Trello gives no more.
pub(crate) const PAGE: usize = 1_000;

/// Tried in turn where Trello finds a page too large.
const SMALLER_PAGES: [usize; 3] = [PAGE, 200, 50];

/// Pages of open cards, and of new actions, that one poll reads; where there are more, everything is read page by page.
pub(crate) const MOST_AT_ONCE: usize = 20;

/// Which cards of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All.
    All,
    /// Those that are not archived by themselves.
    Open,
}

impl Trello {
    /// All pages of cards that are not archived. `None`: there are too many.
    pub(crate) async fn open_cards(&self, scope: &Scope) -> Result<Option<Vec<Response>>, ConnectorError> {
        let (mut pages, mut before) = (Vec::new(), None);
        while pages.len() < MOST_AT_ONCE {
            let (response, asked) = self.page_of_cards(scope, Which::Open, before.as_deref()).await?;
            let what = format!("cards of {}", scope.name);
            let ids: Vec<String> =
                stubs(&response, &what, &mut Vec::new())?.into_iter().map(|(.., stub)| stub.id).collect();
            let count = items::single::<Vec<&RawValue>>(&response, &what)?.len();
            pages.push(response);
            let oldest = ids.into_iter().min();
            match oldest.filter(|_| count >= asked) {
                None => return Ok(Some(pages)),
                Some(oldest) if before.as_ref().is_some_and(|before| oldest >= *before) => {
                    return Err(malformed(&format!("{what}: the same page comes again")));
                }
                Some(oldest) => before = Some(oldest),
            }
        }
        Ok(None)
    }

    /// One page of cards, newest first, and how many were asked for.
    pub(crate) async fn page_of_cards(
        &self,
        scope: &Scope,
        which: Which,
        before: Option<&str>,
    ) -> Result<(Response, usize), ConnectorError> {
        let what = format!("cards of {}", scope.name);
        let filter = if which == Which::All { "all" } else { "open" };
        let most = self.page_sizes().get(&scope.at.ext).copied().unwrap_or(PAGE);
        for size in SMALLER_PAGES.into_iter().filter(|size| *size <= most) {
            let mut query = card_query();
            query.extend([("filter", filter.to_owned()), ("limit", size.to_string())]);
            query.extend(before.map(|before| ("before", before.to_owned())));
            let response = self.get(format!("boards/{}/cards", segment(&scope.handle)), query).await?;
            if !is_too_much(&response) {
                if size < most {
                    self.page_sizes().insert(scope.at.ext.clone(), size);
                }
                return Ok((expect_ok(response, &what)?, size));
            }
        }
        Err(malformed(&format!("{what}: even a short page of them is too large")))
    }

    fn page_sizes(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.page_sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One page of actions, newest first, and how many were asked for.
    pub(crate) async fn page_of_actions(
        &self,
        scope: &Scope,
        since: Option<Timestamp>,
        before: Option<&str>,
    ) -> Result<(Response, usize), ConnectorError> {
        let what = format!("actions of {}", scope.name);
        for size in SMALLER_PAGES {
            let mut query: Query = vec![
                ("filter", history::KINDS.to_owned()),
                ("limit", size.to_string()),
                ("memberCreator_fields", "id,username,fullName".to_owned()),
                ("member_fields", "id,username,fullName".to_owned()),
            ];
            query.extend(since.map(|since| ("since", since.to_string())));
            query.extend(before.map(|before| ("before", before.to_owned())));
            let response = self.get(format!("boards/{}/actions", segment(&scope.handle)), query).await?;
            if !is_too_much(&response) {
                return Ok((expect_ok(response, &what)?, size));
            }
        }
        Err(malformed(&format!("{what}: even a short page of them is too large")))
    }
}

/// The cards of a page, told apart: fingerprint, text, id.
pub(crate) fn stubs<'a>(
    response: &'a Response,
    what: &str,
    unreadable: &mut Vec<Unreadable>,
) -> Result<Vec<(u64, &'a RawValue, Stub)>, ConnectorError> {
    let raws: Vec<&'a RawValue> = items::single(response, what)?;
    let mut read = Vec::with_capacity(raws.len());
    for (at, raw) in raws.into_iter().enumerate() {
        match items::one::<Stub>(raw.get()) {
            Ok(stub) => read.push((fingerprint(raw.get()), raw, stub)),
            Err(because) => unreadable.push(Unreadable { what: items::name_of(raw, at), because }),
        }
    }
    Ok(read)
}

/// The cards themselves.
pub(crate) fn read_cards(fresh: Vec<(u64, &RawValue, Stub)>, unreadable: &mut Vec<Unreadable>) -> Vec<(u64, Card)> {
    let mut cards = Vec::with_capacity(fresh.len());
    for (at, (hash, raw, _)) in fresh.into_iter().enumerate() {
        match items::one::<Card>(raw.get()) {
            Ok(card) => cards.push((hash, card)),
            Err(because) => unreadable.push(Unreadable { what: items::name_of(raw, at), because }),
        }
    }
    cards
}
