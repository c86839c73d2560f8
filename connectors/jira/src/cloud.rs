//! What is Cloud's own: searches by token, histories of many issues in one call.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Unreadable};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::Call;
use crate::items;
use crate::search::Search;
use crate::wire::{History, Str};
use crate::{Jira, SEARCH, TOOL};

/// The largest page of issues with their fields.
pub(crate) const PAGE: u32 = 100;

/// The largest page of bare ids.
pub(crate) const CENSUS_PAGE: u32 = 5_000;

/// Histories on one page of many issues'.
const HISTORIES: u32 = 1_000;

/// Issues whose histories are asked for in one call.
pub(crate) const MOST_HISTORIES: usize = 1_000;

/// The budget of histories.
const CHANGELOG: &str = "core:changelog";

/// Pages of histories read in one go.
const MOST_PAGES: usize = 1_000;

/// So many issues in a row whose own histories were empty, though something happened to them, are enough: this site tells
/// none, and a request for each issue would bring nothing.
const BARREN: u32 = 5;

/// So long no such history is asked for again.
const BARREN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is asked of every issue, beside the site's own fields.
pub(crate) const FIELDS: &[&str] = &[
    "summary",
    "status",
    "created",
    "updated",
    "resolutiondate",
    "statuscategorychangedate",
    "duedate",
    "priority",
    "labels",
    "project",
    "issuetype",
    "assignee",
    "reporter",
    "parent",
    "subtasks",
    "issuelinks",
    "fixVersions",
    "timeoriginalestimate",
    "timeestimate",
    "timespent",
    "comment",
    "description",
    "security",
    "issuerestriction",
];

/// `POST search/jql`: no offset, no total.
pub(crate) fn search(asked: &Search) -> Call {
    let mut body = json!({"jql": asked.jql, "fields": asked.fields, "maxResults": asked.size});
    if let Some(token) = &asked.token {
        body["nextPageToken"] = json!(token);
    }
    Call::new(Method::POST, "search/jql").json(&body).budget(SEARCH)
}

/// A page of histories of many issues; one issue may stand on several pages.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bulk<'a> {
    #[serde(borrow, default)]
    issue_change_logs: Vec<OfIssue<'a>>,
    #[serde(borrow)]
    next_page_token: Option<Str<'a>>,
}

/// See [`Bulk`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfIssue<'a> {
    #[serde(borrow)]
    issue_id: Str<'a>,
    #[serde(borrow, default)]
    change_histories: Vec<&'a RawValue>,
}

/// A page of one issue's history.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Single<'a> {
    #[serde(borrow, default)]
    values: Vec<&'a RawValue>,
    total: Option<u64>,
    is_last: Option<bool>,
}

/// Answers that hold histories.
#[derive(Default)]
pub(crate) struct Histories {
    bulk: Vec<Response>,
    single: Vec<(u64, Response)>,
}

impl Histories {
    /// Histories by issue, each entry once.
    pub(crate) fn read<'a>(
        &'a self,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<BTreeMap<u64, Vec<History<'a>>>, ConnectorError> {
        let mut all: BTreeMap<u64, Vec<History<'a>>> = BTreeMap::new();
        let mut known: HashSet<(u64, Str<'a>)> = HashSet::new();
        let mut add = |id: u64, raws: Vec<&'a RawValue>| {
            let told = all.entry(id).or_default();
            let mut bad = Vec::new();
            for history in items::each::<History<'_>>(raws, &mut bad) {
                if known.insert((id, history.id.clone())) {
                    told.push(history);
                }
            }
            unreadable.extend(bad.into_iter().map(|one| Unreadable {
                what: format!("an entry of the history of issue {id}"),
                because: one.because,
            }));
        };
        for response in &self.bulk {
            let page: Bulk<'a> = items::single(response, "histories")?;
            for one in page.issue_change_logs {
                if let Ok(id) = one.issue_id.parse() {
                    add(id, one.change_histories);
                }
            }
        }
        for (id, response) in &self.single {
            let page: Single<'a> = items::single(response, "history")?;
            add(*id, page.values);
        }
        Ok(all)
    }

    /// Issues of which something was told by the call for many.
    fn told(&self) -> Result<HashSet<u64>, ConnectorError> {
        let mut told = HashSet::new();
        for response in &self.bulk {
            let page: Bulk<'_> = items::single(response, "histories")?;
            let some = page.issue_change_logs.iter().filter(|one| !one.change_histories.is_empty());
            told.extend(some.filter_map(|one| one.issue_id.parse::<u64>().ok()));
        }
        Ok(told)
    }
}

/// Whether histories of single issues bring anything on this site.
#[derive(Debug, Default)]
pub(crate) struct Singles(Mutex<(u32, Option<Timestamp>)>);

impl Singles {
    /// Notes whether one of an issue to which something happened brought anything.
    fn note(&self, brought: bool, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = if brought { (0, None) } else { (state.0.saturating_add(1), Some(now)) };
    }

    /// False while it is of no use to ask.
    fn are_worth_it(&self, now: Timestamp) -> bool {
        let (barren, last) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        barren < BARREN || last.is_none_or(|last| now.duration_since(last).abs() >= BARREN_FOR)
    }
}

impl Jira {
    /// Histories of these issues, complete. `must` are those that surely have one: where the call for many brings nothing of
    /// them, each is asked for by itself, unless this site tells nothing there either.
    pub(crate) async fn histories(&self, ids: &[u64], must: &[u64]) -> Result<Histories, ConnectorError> {
        let mut found = Histories::default();
        let mut apart: Vec<u64> = Vec::new();
        for some in ids.chunks(MOST_HISTORIES) {
            if !self.histories_of_many(some, &mut found.bulk).await? {
                apart = ids.to_vec();
                found.bulk.clear();
                break;
            }
        }
        if apart.is_empty() && !must.is_empty() {
            let told = found.told()?;
            apart = must.iter().filter(|id| !told.contains(id)).copied().collect();
        }
        for id in apart {
            let now = self.clock.now();
            if !self.singles.are_worth_it(now) {
                break;
            }
            let brought = self.history_of_one(id, &mut found.single).await?;
            if brought || must.contains(&id) {
                self.singles.note(brought, now);
            }
        }
        Ok(found)
    }

    /// False: this site has no such call.
    async fn histories_of_many(&self, ids: &[u64], found: &mut Vec<Response>) -> Result<bool, ConnectorError> {
        let what = "histories of changed issues";
        let names: Vec<String> = ids.iter().map(u64::to_string).collect();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut body = json!({"issueIdsOrKeys": names, "maxResults": HISTORIES});
            if let Some(token) = &token {
                body["nextPageToken"] = json!(token);
            }
            let response = self.post_read("changelog/bulkfetch", &body, CHANGELOG).await?;
            if matches!(response.status, 404 | 405 | 410) {
                return Ok(false);
            }
            let response = expect_ok(response, what)?;
            if response.body.trim_ascii_start().first() == Some(&b'[') {
                // A list of nothing in particular, as of a server that answers whatever it is asked.
                return Ok(false);
            }
            let page: Bulk<'_> = items::single(&response, what)?;
            let next = page.next_page_token.map(|token| token.to_string()).filter(|token| !token.is_empty());
            let is_over = next.is_none();
            if !is_over && next == token {
                break;
            }
            token = next;
            found.push(response);
            if is_over {
                return Ok(true);
            }
        }
        Err(ConnectorError::Malformed { tool: TOOL, what: format!("{what}: the pages do not end"), source: None })
    }

    /// True where there was any.
    async fn history_of_one(&self, id: u64, found: &mut Vec<(u64, Response)>) -> Result<bool, ConnectorError> {
        let what = format!("the history of issue {id}");
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let query = vec![("startAt", offset.to_string()), ("maxResults", "100".to_owned())];
            let response = self.read(&Call::get(format!("issue/{id}/changelog"), query).budget(CHANGELOG)).await?;
            if response.status == 404 {
                // It has gone since the search: the census will tell.
                return Ok(offset > 0);
            }
            let response = expect_ok(response, &what)?;
            let page: Single<'_> = items::single(&response, &what)?;
            let count = page.values.len() as u64;
            offset += count;
            let is_over = count == 0 || page.is_last == Some(true) || page.total.is_some_and(|total| offset >= total);
            found.push((id, response));
            if is_over {
                return Ok(offset > 0);
            }
        }
        Err(ConnectorError::Malformed { tool: TOOL, what: format!("{what}: the pages do not end"), source: None })
    }
}
