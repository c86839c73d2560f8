//! A page's issues with what stands around them: histories, comments, marks, sprints. Asked for of changed issues alone.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Page, Unreadable};
use connector_model::{Container, Ineligible, Mark};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::answers::expect_ok;
use crate::call::{Api, Call};
use crate::cloud::Histories;
use crate::config::Edition;
use crate::normalise::{self, Named, Reading, bare_sprints, ext_of};
use crate::site::Site;
use crate::wire::{Comment, Comments, Fields, History, Issue, Sprint};
use crate::{Jira, TOOL, history, items, mark};

/// Comments on a page of an issue's.
const COMMENT_PAGE: usize = 100;

/// Pages of one issue's comments.
const MOST_COMMENT_PAGES: usize = 1_000;

/// Comments whose properties are asked for in one call.
const MOST_IDS: usize = 1_000;

/// So long a sprint is not asked for again.
const SPRINT_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What of an issue's past is put on the page with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// History, comments, marks.
    Whole,
    /// Nothing.
    None,
}

/// A changed issue as it came, and whether the selection covers it.
pub(crate) struct Changed<'a> {
    pub(crate) id: u64,
    pub(crate) raw: &'a RawValue,
    pub(crate) covered: bool,
}

/// Answers about a page's issues.
#[derive(Default)]
struct Around {
    histories: Histories,
    /// Pages of comments of issues that brought not all of them.
    comments: BTreeMap<u64, Vec<Response>>,
    /// Marks by comment.
    marks: HashMap<String, Mark>,
    sprints: HashMap<String, Option<Container>>,
}

impl Jira {
    /// Adds these issues to the page. Gives the ids of those that are on it now.
    pub(crate) async fn fill(
        &self,
        page: &mut Page,
        changed: &[Changed<'_>],
        past: Past,
    ) -> Result<HashSet<u64>, ConnectorError> {
        if changed.is_empty() {
            return Ok(HashSet::new());
        }
        let (edition, site) = (self.edition().await?, self.site().await?);
        let mut issues: Vec<(&Changed<'_>, Issue<'_>)> = Vec::with_capacity(changed.len());
        for (at, one) in changed.iter().enumerate() {
            match items::one::<Issue<'_>>(one.raw.get()) {
                Ok(issue) => issues.push((one, issue)),
                Err(because) => page.unreadable.push(Unreadable { what: items::name_of(one.raw, at), because }),
            }
        }
        let around = match past {
            Past::Whole => self.around(&issues, edition, &site).await?,
            Past::None => self.sprints_around(&issues, &site).await?,
        };
        let web = self.site.as_str().trim_end_matches('/').to_owned();
        let reading = Reading {
            edition,
            web: &web,
            site: &site,
            states: &self.config.states,
            blocking: &self.config.blocking,
            sprints: &around.sprints,
        };
        translate(page, issues, past, &around, &reading)
    }

    async fn around(
        &self,
        issues: &[(&Changed<'_>, Issue<'_>)],
        edition: Edition,
        site: &Site,
    ) -> Result<Around, ConnectorError> {
        let mut around = self.sprints_around(issues, site).await?;
        if edition == Edition::Cloud {
            let ids: Vec<u64> = issues.iter().map(|(one, _)| one.id).collect();
            let must = issues.iter().filter(|(_, issue)| issue.fields.as_ref().is_some_and(has_history));
            let must: Vec<u64> = must.map(|(one, _)| one.id).collect();
            around.histories = self.histories(&ids, &must).await?;
        }
        for (one, issue) in issues {
            let Some(fields) = &issue.fields else { continue };
            if lacks_comments(fields) {
                around.comments.insert(one.id, self.all_comments(one.id).await?);
            }
        }
        let own = self.own_account().await?.ext;
        let mut ours: Vec<String> = Vec::new();
        for (one, issue) in issues {
            each_comment(issue, around.comments.get(&one.id), |comment| {
                let by = comment.author.as_ref().and_then(|author| ext_of(author, edition));
                ours.extend((by == Some(own.as_str())).then(|| comment.id.to_string()));
            })?;
        }
        around.marks = self.marks(&ours, edition).await?;
        Ok(around)
    }

    /// Sprints of which the issues tell no more than the id, each asked for once a page.
    async fn sprints_around(
        &self,
        issues: &[(&Changed<'_>, Issue<'_>)],
        site: &Site,
    ) -> Result<Around, ConnectorError> {
        let mut around = Around::default();
        for fields in issues.iter().filter_map(|(_, issue)| issue.fields.as_ref()) {
            for sprint in bare_sprints(fields, site) {
                if let Entry::Vacant(unknown) = around.sprints.entry(sprint) {
                    let told = self.known_sprint(unknown.key()).await?;
                    unknown.insert(told);
                }
            }
        }
        Ok(around)
    }

    /// A sprint, from memory where it was asked for within the hour; one that is over is over for good.
    async fn known_sprint(&self, id: &str) -> Result<Option<Container>, ConnectorError> {
        let now = self.clock.now();
        let remembered = self.sprint_memory().get(id).cloned();
        if let Some((told, at)) = remembered {
            let is_over = told.as_ref().is_some_and(|sprint| !sprint.open);
            if is_over || now.duration_since(at).abs() < SPRINT_KEPT {
                return Ok(told);
            }
        }
        let told = self.sprint(id).await?;
        self.sprint_memory().insert(id.to_owned(), (told.clone(), now));
        Ok(told)
    }

    fn sprint_memory(&self) -> MutexGuard<'_, HashMap<String, (Option<Container>, Timestamp)>> {
        self.sprints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every comment of an issue, by pages.
    async fn all_comments(&self, id: u64) -> Result<Vec<Response>, ConnectorError> {
        let what = format!("comments of issue {id}");
        let (mut pages, mut offset) = (Vec::new(), 0);
        for _ in 0..MOST_COMMENT_PAGES {
            let query = vec![
                ("startAt", offset.to_string()),
                ("maxResults", COMMENT_PAGE.to_string()),
                ("orderBy", "created".to_owned()),
            ];
            let response = self.get(format!("issue/{id}/comment"), query).await?;
            if response.status == 404 {
                // It has gone since the search: the census will tell.
                return Ok(pages);
            }
            let response = expect_ok(response, &what)?;
            let page: Comments<'_> = items::single(&response, &what)?;
            let count = page.comments.len();
            offset += count;
            let is_over = count == 0 || page.total.is_none_or(|total| offset as u64 >= total);
            pages.push(response);
            if is_over {
                return Ok(pages);
            }
        }
        Err(ConnectorError::Malformed { tool: TOOL, what: format!("{what}: the pages do not end"), source: None })
    }

    /// Marks of comments of our own account: properties of the comments, which nobody sees.
    async fn marks(&self, comments: &[String], edition: Edition) -> Result<HashMap<String, Mark>, ConnectorError> {
        let mut marks = HashMap::new();
        match edition {
            Edition::Cloud => {
                for some in comments.chunks(MOST_IDS) {
                    self.marks_of_many(some, &mut marks).await?;
                }
            }
            Edition::DataCenter => {
                for id in comments {
                    let path = format!("comment/{id}/properties/{}", mark::KEY);
                    let response = self.get(path, Vec::new()).await?;
                    if response.status != 404 {
                        let response = expect_ok(response, "a comment's property")?;
                        let property: Property = items::single(&response, "a comment's property")?;
                        marks.extend(mark::read(&property.value).map(|mark| (id.clone(), mark)));
                    }
                }
            }
        }
        Ok(marks)
    }

    async fn marks_of_many(&self, ids: &[String], marks: &mut HashMap<String, Mark>) -> Result<(), ConnectorError> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default)]
            values: Vec<WithProperties>,
        }
        #[derive(Deserialize)]
        struct WithProperties {
            id: String,
            #[serde(default)]
            properties: Vec<Value>,
        }
        let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let call = Call::new(Method::POST, "comment/list")
            .query(vec![("expand", "properties".to_owned())])
            .json(&json!({"ids": ids}));
        let what = "properties of our comments";
        let response = expect_ok(self.read(&call).await?, what)?;
        let list: List = items::single(&response, what)?;
        for comment in list.values {
            marks.extend(mark::among(&comment.properties).map(|mark| (comment.id, mark)));
        }
        Ok(())
    }

    /// A sprint by its id. `None`: it is not to be seen, or there are none on this site.
    pub(crate) async fn sprint(&self, id: &str) -> Result<Option<Container>, ConnectorError> {
        let call = Call::get(format!("sprint/{id}"), Vec::new()).of(Api::Agile);
        let response = match self.read(&call).await {
            Err(ConnectorError::Forbidden { .. }) => return Ok(None),
            answer => answer?,
        };
        if response.status != 200 {
            return Ok(None);
        }
        let sprint: Sprint<'_> = items::single(&response, "a sprint")?;
        Ok(Some(normalise::sprint(&sprint)))
    }
}

/// A property of a comment.
#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    value: Value,
}

/// Its state changed after it was made, so some entry must say so.
fn has_history(fields: &Fields<'_>) -> bool {
    let Some(created) = fields.created else { return false };
    let later =
        |when: Option<crate::when::When>| when.is_some_and(|when| when.0.duration_since(created.0).as_secs() > 5);
    later(fields.category_since) || later(fields.resolution_date)
}

fn lacks_comments(fields: &Fields<'_>) -> bool {
    let embedded = fields.comment.as_ref();
    embedded.is_some_and(|embedded| embedded.total.is_some_and(|total| total > embedded.comments.len() as u64))
}

/// Looks at all comments of an issue: those it brought, or those of the pages that were asked for.
fn each_comment(
    issue: &Issue<'_>,
    pages: Option<&Vec<Response>>,
    mut look: impl FnMut(&Comment<'_>),
) -> Result<(), ConnectorError> {
    let Some(pages) = pages else {
        let embedded = issue.fields.as_ref().and_then(|fields| fields.comment.as_ref());
        embedded.into_iter().flat_map(|embedded| &embedded.comments).for_each(look);
        return Ok(());
    };
    for response in pages {
        let page: Comments<'_> = items::single(response, "comments")?;
        page.comments.iter().for_each(&mut look);
    }
    Ok(())
}

/// Puts issues and changes on the page.
fn translate(
    page: &mut Page,
    issues: Vec<(&Changed<'_>, Issue<'_>)>,
    past: Past,
    around: &Around,
    reading: &Reading<'_>,
) -> Result<HashSet<u64>, ConnectorError> {
    let told = around.histories.read(&mut page.unreadable)?;
    let mut named = Named::default();
    let mut taken = HashSet::new();
    for (one, issue) in issues {
        let embedded: &[History<'_>] = issue.changelog.as_ref().map_or(&[], |log| &log.histories);
        let histories = told.get(&one.id).map_or(embedded, Vec::as_slice);
        let mut task = match normalise::task(&issue, histories, reading, &mut named) {
            Ok(task) => task,
            Err(because) => {
                page.unreadable.push(Unreadable { what: issue.key.to_string(), because: because.to_owned() });
                continue;
            }
        };
        if !one.covered {
            task.ineligible = Some(Ineligible::Filtered);
        }
        // Whoever did not ask for the past has no marks either: a comment of ours would be kept as a stranger's.
        if past == Past::Whole {
            for history in histories {
                history::changes(&issue.id, history, reading, &mut named, &mut page.changes);
            }
            each_comment(&issue, around.comments.get(&one.id), |comment| {
                let mark = around.marks.get(&*comment.id).cloned();
                page.changes.extend(history::comment(&issue.id, comment, mark, reading, &mut named));
            })?;
        }
        page.tasks.push(task);
        taken.insert(one.id);
    }
    let (accounts, homes) = named.into_parts();
    page.accounts.extend(accounts);
    page.containers.extend(homes);
    Ok(taken)
}
