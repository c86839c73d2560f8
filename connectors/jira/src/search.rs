//! Searches: one page of issues, or the ids of all that match.

use connector_kit::ConnectorError;
use connector_kit::http::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::{refusal, words};
use crate::call::Call;
use crate::config::Edition;
use crate::stand::Next;
use crate::wire::{Str, Stump};
use crate::{Jira, TOOL, cloud, dc, items};

/// Pages of ids read in one go.
const MOST_ID_PAGES: usize = 100;

/// A search as both editions understand it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// With its order.
    pub(crate) jql: String,
    /// What is wanted of each issue. Never empty: Cloud would send bare ids.
    pub(crate) fields: Vec<String>,
    /// The most on a page.
    pub(crate) size: u32,
    /// Where the page begins, where pages are told by tokens.
    pub(crate) token: Option<String>,
    /// Where it begins, where they are told by number.
    pub(crate) offset: u64,
    /// Histories in the same answer, where the edition can.
    pub(crate) with_history: bool,
}

/// One page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found<'a> {
    #[serde(borrow)]
    pub(crate) issues: Vec<&'a RawValue>,
    #[serde(borrow)]
    next_page_token: Option<Str<'a>>,
    is_last: Option<bool>,
    total: Option<u64>,
}

impl Found<'_> {
    /// What comes after this page. A full page that says nothing of its end by number is not believed to be the last.
    pub(crate) fn next(&self, edition: Edition, asked: &Search) -> Next {
        let count = self.issues.len() as u64;
        match edition {
            Edition::Cloud => match &self.next_page_token {
                Some(token) if self.is_last != Some(true) && !token.is_empty() => Next::Token(token.to_string()),
                _ => Next::Last,
            },
            Edition::DataCenter if count == 0 => Next::Last,
            Edition::DataCenter => match self.total {
                Some(total) if asked.offset + count >= total => Next::Last,
                _ => Next::After(count),
            },
        }
    }
}

impl Jira {
    /// One page. `what` names it in errors. A refused token is `None`.
    pub(crate) async fn search(&self, asked: &Search, what: &str) -> Result<Option<Response>, ConnectorError> {
        let call: Call = match self.edition().await? {
            Edition::Cloud => cloud::search(asked),
            Edition::DataCenter => dc::search(asked),
        };
        let response = self.read(&call).await?;
        match response.status {
            200 => Ok(Some(response)),
            400 if is_unknown_project(&response) => {
                let said = words(&response).unwrap_or_default();
                Err(ConnectorError::NotVisible { tool: TOOL, what: format!("{what} ({said})") })
            }
            400 if asked.token.is_some() => Ok(None),
            _ => Err(refusal(&response, what)),
        }
    }

    /// One page that needs no token, read.
    pub(crate) async fn search_first(&self, asked: &Search, what: &str) -> Result<Response, ConnectorError> {
        let refused =
            || ConnectorError::Malformed { tool: TOOL, what: format!("{what}: a page is refused"), source: None };
        self.search(asked, what).await?.ok_or_else(refused)
    }

    /// Ids of all issues that match.
    pub(crate) async fn matching_ids(&self, jql: &str, what: &str) -> Result<Vec<u64>, ConnectorError> {
        let edition = self.edition().await?;
        let mut ids = Vec::new();
        let mut asked = Search { jql: jql.to_owned(), fields: vec!["id".to_owned()], size: 1_000, ..Search::default() };
        for _ in 0..MOST_ID_PAGES {
            let response = self.search_first(&asked, what).await?;
            let found: Found<'_> = items::single(&response, what)?;
            ids.extend(found.issues.iter().filter_map(|raw| id_of(raw)));
            match found.next(edition, &asked) {
                Next::Last => return Ok(ids),
                Next::Token(token) if asked.token.as_ref() == Some(&token) => break,
                Next::Token(token) => asked.token = Some(token),
                Next::After(count) => asked.offset += count,
            }
        }
        Err(ConnectorError::Malformed { tool: TOOL, what: format!("{what}: the pages do not end"), source: None })
    }
}

/// An issue's number.
pub(crate) fn id_of(raw: &RawValue) -> Option<u64> {
    serde_json::from_str::<Stump<'_>>(raw.get()).ok()?.id.parse().ok()
}

/// One project that cannot be seen makes the whole query fail.
fn is_unknown_project(response: &Response) -> bool {
    let said = words(response).unwrap_or_default();
    said.contains("for the field 'project'") || said.contains("for field 'project'")
}
