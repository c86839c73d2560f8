//! Which projects the selection covers: those it names, or all that the account can see. One that is archived is listed as
//! closed, and not read.
//!
//! What is not shown is no proof that it is gone: such a page is partial, and nothing is concluded from the pass.

use std::collections::BTreeSet;

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Cursor, Page, Unreadable};
use connector_model::{Container, ContainerKind, ContainerRef};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::answers::{expect_ok, refusal, words};
use crate::call::{Call, Query, segment};
use crate::config::Edition;
use crate::normalise::{account, ext_of};
use crate::search::{Found, Search};
use crate::wire::Place;
use crate::{Jira, TOOL, dc, items, jql};

/// Projects on a page, and keys named in one question.
const PAGE: usize = 50;

/// Where the walk over projects stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Selecting {
    /// So many projects, or configured keys, have been asked for.
    offset: usize,
    /// Some project was shown.
    shown: bool,
}

/// A page of projects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Projects<'a> {
    #[serde(borrow)]
    values: Vec<&'a RawValue>,
    total: Option<u64>,
    is_last: Option<bool>,
}

impl Jira {
    /// One page of projects. Before the first one, what the site calls things, and whether the selection can be asked for.
    pub(crate) async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut stand: Selecting =
            cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        if stand.offset == 0 {
            self.recent_site().await?;
            self.check_select().await?;
        }
        let is_first = stand.offset == 0;
        let (mut page, is_over) = match self.edition().await? {
            Edition::Cloud => self.page_of_projects(&mut stand).await?,
            Edition::DataCenter => self.all_projects().await?,
        };
        stand.shown |= !page.containers.is_empty();
        if is_over && !stand.shown && page.partial.is_none() {
            leave_out(&mut page, "projects", "none is shown to this account; it needs \"Browse projects\"".to_owned());
        }
        if is_first && self.selects_nothing(&page).await? {
            let because = "finds no issue of these projects at present; is it what you mean?".to_owned();
            page.unreadable.push(Unreadable { what: "`select`".to_owned(), because });
        }
        page.more = !is_over;
        let at = (!is_over).then(|| serde_json::to_string(&stand).expect("numbers are always JSON"));
        page.next = Cursor { at, etag: None, backfilled: cursor.backfilled || is_over };
        Ok(page)
    }

    async fn page_of_projects(&self, stand: &mut Selecting) -> Result<(Page, bool), ConnectorError> {
        let wanted = &self.config.projects;
        let keys: Vec<String> = wanted.iter().skip(stand.offset).take(PAGE).cloned().collect();
        let mut query: Query = vec![("maxResults", PAGE.to_string()), ("status", "live".to_owned())];
        query.extend([("status", "archived".to_owned()), ("expand", "lead,insight".to_owned())]);
        match wanted.is_empty() {
            true => query.extend([("startAt", stand.offset.to_string()), ("orderBy", "key".to_owned())]),
            false => query.extend(keys.iter().map(|key| ("keys", key.clone()))),
        }
        let response = expect_ok(self.get("project/search", query).await?, "projects")?;
        let found: Projects<'_> = items::single(&response, "projects")?;
        let mut page = page_of(&response);
        let places: Vec<Place<'_>> = items::each(found.values.iter().copied(), &mut page.unreadable);
        take_up(&mut page, &places, Edition::Cloud);
        if !wanted.is_empty() {
            self.look_for(&keys, &mut page).await?;
            stand.offset += keys.len();
            let is_over = stand.offset >= wanted.len();
            return Ok((page, is_over));
        }
        stand.offset += found.values.len();
        let is_over = found.values.is_empty()
            || found.is_last == Some(true)
            || found.total.is_some_and(|total| stand.offset as u64 >= total);
        Ok((page, is_over))
    }

    async fn all_projects(&self) -> Result<(Page, bool), ConnectorError> {
        let query = vec![("includeArchived", "true".to_owned()), ("expand", "lead".to_owned())];
        let response = expect_ok(self.get("project", query).await?, "projects")?;
        let listed: Vec<&RawValue> = items::single(&response, "projects")?;
        let mut page = page_of(&response);
        let places: Vec<Place<'_>> = items::each(listed, &mut page.unreadable);
        take_up(&mut page, &places, Edition::DataCenter);
        let wanted = &self.config.projects;
        if !wanted.is_empty() {
            page.containers.retain(|project| wanted.iter().any(|key| key.eq_ignore_ascii_case(&project.handle)));
            self.look_for(wanted, &mut page).await?;
        }
        Ok((page, true))
    }

    /// Keys that a list did not show may be former ones, which are known when asked for directly.
    async fn look_for(&self, keys: &[String], page: &mut Page) -> Result<(), ConnectorError> {
        let shown: BTreeSet<String> =
            page.containers.iter().map(|project| project.handle.to_ascii_uppercase()).collect();
        let mut hidden = Vec::new();
        for key in keys.iter().filter(|key| !shown.contains(&key.to_ascii_uppercase())) {
            let response = self.get(format!("project/{}", segment(key)), Query::new()).await?;
            match response.status {
                200 => {
                    let place: Place<'_> = items::single(&response, "a project")?;
                    let is_known = page.containers.iter().any(|other| *other.at.ext == *place.id);
                    if !is_known {
                        take_up(page, &[place], self.edition().await?);
                    }
                }
                403 | 404 => hidden.push(key.clone()),
                _ => return Err(refusal(&response, &format!("project {key}"))),
            }
        }
        if hidden.len() == self.config.projects.len() {
            let what = format!("project {}: not there, or the account may not browse it", hidden.join(", "));
            return Err(ConnectorError::NotVisible { tool: TOOL, what });
        }
        for key in hidden {
            leave_out(page, &key, "not there, or the account may not browse it".to_owned());
        }
        Ok(())
    }

    /// Whether the operator's query finds nothing in the projects of this page. Where it cannot be asked, that shows elsewhere.
    async fn selects_nothing(&self, page: &Page) -> Result<bool, ConnectorError> {
        let open: Vec<&str> = page.containers.iter().filter(|one| one.open).map(|one| one.handle.as_str()).collect();
        let Some(select) = self.config.select.as_deref().filter(|_| !open.is_empty()) else { return Ok(false) };
        let jql = jql::narrowed(&jql::projects(open), Some(select));
        let asked = Search { jql, fields: vec!["id".to_owned()], size: 1, ..Search::default() };
        match self.search_first(&asked, "what `select` covers").await {
            Ok(response) => {
                let found: Found<'_> = items::single(&response, "what `select` covers")?;
                Ok(found.issues.is_empty())
            }
            Err(ConnectorError::Misconfigured { .. } | ConnectorError::NotVisible { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The operator's query, asked about before it is relied on: a mistyped one is taken as a text search by Cloud, and
    /// finds nothing.
    async fn check_select(&self) -> Result<(), ConnectorError> {
        let Some(select) = self.config.select.as_deref() else { return Ok(()) };
        let wrong = |because: &str| {
            let what = format!("`select` ({select}): {because}");
            ConnectorError::Misconfigured { tool: TOOL, what }
        };
        let condition = jql::condition(select);
        if condition.is_empty() {
            return Ok(());
        }
        match self.edition().await? {
            Edition::Cloud => {
                let call = Call::new(Method::POST, "jql/parse")
                    .query(vec![("validation", "strict".to_owned())])
                    .json(&json!({"queries": [condition]}));
                let response = self.read(&call).await?;
                if response.status == 400 {
                    return Err(wrong(&words(&response).unwrap_or_else(|| "it is no JQL".to_owned())));
                }
                let response = expect_ok(response, "the check of `select`")?;
                let parsed: Value = items::single(&response, "the check of `select`")?;
                match trouble(&parsed, condition) {
                    Some(because) => Err(wrong(&because)),
                    None => Ok(()),
                }
            }
            Edition::DataCenter => {
                let asked =
                    Search { jql: condition.to_owned(), fields: vec!["id".to_owned()], size: 1, ..Search::default() };
                let response = self.read(&dc::search(&asked)).await?;
                match response.status {
                    200 => Ok(()),
                    400 => Err(wrong(&words(&response).unwrap_or_else(|| "it is no JQL".to_owned()))),
                    _ => Err(refusal(&response, "the check of `select`")),
                }
            }
        }
    }
}

/// What is wrong with a parsed query. `None`: nothing.
fn trouble(parsed: &Value, condition: &str) -> Option<String> {
    let query = parsed.get("queries").and_then(|queries| queries.get(0))?;
    let errors = query.get("errors").and_then(Value::as_array).into_iter().flatten();
    let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
    if !errors.is_empty() {
        return Some(errors.join("; "));
    }
    let parts = query.get("structure").and_then(|structure| structure.get("where"));
    let bare = parts.is_some_and(|clause| has_bare_text(clause, jql::has_word(condition, "text")));
    bare.then(|| "it holds loose words, which Jira takes for a text search; write FIELD = VALUE".to_owned())
}

/// A clause without a field, or without an operator, is loose words; so is one about `text` where nobody wrote that.
fn has_bare_text(clause: &Value, writes_text: bool) -> bool {
    match clause.get("clauses").and_then(Value::as_array) {
        Some(clauses) => clauses.iter().any(|one| has_bare_text(one, writes_text)),
        None => match clause.get("clause") {
            Some(negated) => has_bare_text(negated, writes_text),
            None => {
                let field = clause.get("field").map(|field| field.get("name").unwrap_or(field));
                let is_text = field.and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("text"));
                field.is_none() || clause.get("operator").is_none() || (is_text && !writes_text)
            }
        },
    }
}

fn page_of(response: &Response) -> Page {
    Page::new(response.asked_at, Cursor::default())
}

/// Puts projects onto the page, with whoever leads them.
fn take_up(page: &mut Page, places: &[Place<'_>], edition: Edition) {
    page.containers.extend(places.iter().filter_map(|place| container(place, edition)));
    let leads = places.iter().filter_map(|place| account(place.lead.as_ref()?, edition));
    page.accounts.extend(leads);
    page.accounts.sort_by(|one, other| one.ext.cmp(&other.ext));
    page.accounts.dedup_by(|one, other| one.ext == other.ext);
}

/// A project as the place its issues live in. `None`: it is called nothing.
fn container(place: &Place<'_>, edition: Edition) -> Option<Container> {
    let key = place.key.as_deref().filter(|key| !key.is_empty())?.to_owned();
    Some(Container {
        at: ContainerRef { kind: ContainerKind::Project, ext: place.id.to_string() },
        name: key.clone(),
        handle: key,
        due: None,
        open: place.archived != Some(true) && place.deleted != Some(true),
        responsible: place.lead.as_ref().and_then(|lead| ext_of(lead, edition)).map(str::to_owned),
    })
}

/// Names what is left out, so that nothing is concluded from its absence.
fn leave_out(page: &mut Page, what: &str, because: String) {
    page.partial = Some(format!("{what}: {because}"));
    page.unreadable.push(Unreadable { what: what.to_owned(), because });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_of_a_project_answers_for_it() {
        let read = |text: &str, edition| {
            let place: Place<'_> = serde_json::from_str(text).expect("a project");
            let mut page = Page::new(jiff::Timestamp::UNIX_EPOCH, Cursor::default());
            take_up(&mut page, &[place], edition);
            let names: Vec<_> = page.accounts.iter().map(|one| one.ext.clone()).collect();
            (page.containers[0].responsible.clone(), names)
        };
        let cloud = r#"{"id":"10000","key":"ENG","lead":{"accountId":"712020:7","displayName":"Pia","active":true}}"#;
        assert_eq!(read(cloud, Edition::Cloud), (Some("712020:7".to_owned()), vec!["712020:7".to_owned()]));
        let server = r#"{"id":"10000","key":"ENG","lead":{"key":"JIRAUSER7","name":"pia","displayName":"Pia"}}"#;
        assert_eq!(read(server, Edition::DataCenter).0.as_deref(), Some("JIRAUSER7"));
        assert_eq!(read(r#"{"id":"10000","key":"ENG"}"#, Edition::Cloud), (None, Vec::new()));
    }

    #[test]
    fn loose_words_in_a_selection_are_seen() {
        let parsed = |clause: Value| json!({"queries": [{"query": "x", "structure": {"where": clause}}]});
        let good = json!({"field": {"name": "labels"}, "operator": "=", "operand": {"value": "x"}});
        let loose = json!({"operand": {"value": "this is"}});
        let trouble = |parsed: &Value| super::trouble(parsed, "this is");
        assert_eq!(trouble(&parsed(good.clone())), None);
        assert!(trouble(&parsed(loose.clone())).is_some());
        assert!(trouble(&parsed(json!({"operator": "and", "clauses": [good.clone(), loose]}))).is_some());
        assert_eq!(trouble(&parsed(json!({"operator": "not", "clause": good}))), None);
        let taken_for_text =
            parsed(json!({"field": {"name": "text"}, "operator": "~", "operand": {"value": "this is"}}));
        assert!(trouble(&taken_for_text).is_some());
        assert_eq!(super::trouble(&taken_for_text, "Text ~ 'this is'"), None, "it was written so");
        assert!(super::trouble(&taken_for_text, "'text' context").is_some());
        let refused = json!({"queries": [{"query": "x", "errors": ["Error in the JQL Query: …"]}]});
        assert_eq!(trouble(&refused).as_deref(), Some("Error in the JQL Query: …"));
    }
}
