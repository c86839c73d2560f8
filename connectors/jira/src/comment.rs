//! Our one comment on an issue: made, edited, found again, taken away.
//!
//! In a service project a comment is its customer's to read unless it says otherwise in the same call. So it is looked
//! first what kind of project the issue is in now, and nothing is written there unless the operator allowed it, and then
//! for agents alone.

use std::collections::HashMap;

use connector_kit::http::{Method, Response};
use connector_kit::{ConnectorError, Found, MessageRef, Text, WriteError};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::{expect_ok, refusal, refused, words};
use crate::call::{Call, not_written};
use crate::config::Edition;
use crate::discover::account_of;
use crate::text::{adf, wiki};
use crate::{COMMENTS, EDITS, Jira, TOOL, mark, when};

/// How long before the attempt a comment is looked for: clocks differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(2);

/// Comments a page; Jira gives no more.
const PAGE: usize = 100;

/// Pages of comments looked through for one of ours.
const MOST_PAGES: usize = 50;

/// What hides a comment of a service project from its customer.
const FOR_AGENTS: &str = "sd.public.comment";

/// What is needed of a comment that was made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: String,
    /// In a service project: whether the customer sees it.
    jsd_public: Option<bool>,
}

/// An issue, as far as it tells its project.
#[derive(Deserialize)]
struct Placed {
    key: Option<String>,
    fields: PlacedFields,
}

#[derive(Deserialize)]
struct PlacedFields {
    project: Project,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    id: String,
    project_type_key: Option<String>,
}

/// A page of comments.
#[derive(Deserialize)]
struct Comments {
    comments: Vec<Value>,
    total: Option<usize>,
}

/// A comment as a list shows it.
#[derive(Deserialize)]
struct Listed {
    id: String,
    author: Option<Value>,
    created: Option<String>,
}

/// Comments with their properties.
#[derive(Deserialize)]
struct Owned {
    values: Vec<WithProperties>,
}

#[derive(Deserialize)]
struct WithProperties {
    id: String,
    #[serde(default)]
    properties: Vec<Value>,
}

/// Who reads what is written on an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Whoever may see the issue.
    OfIssue,
    /// A service project's agents, if we say so.
    Agents,
}

/// Whether a server sorts comments newest first, as far as it was read. One that does not is read to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Nothing read yet.
    Unknown,
    /// All at one instant, so far.
    Level(Timestamp),
    /// Each older than the one before, down to this.
    Falling(Timestamp),
    /// Not by age.
    None,
}

impl Order {
    fn then(self, at: Option<Timestamp>) -> Order {
        let Some(at) = at else { return Order::None };
        match self {
            Order::Unknown => Order::Level(at),
            Order::Level(last) if at == last => self,
            Order::Level(last) | Order::Falling(last) if at < last => Order::Falling(at),
            Order::Falling(last) if at == last => self,
            _ => Order::None,
        }
    }

    /// Whether everything that follows is older than this.
    fn is_past(self, since: Timestamp) -> bool {
        matches!(self, Order::Falling(last) if last < since)
    }
}

/// How a body is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Full,
    /// Words alone.
    Bare,
}

impl Jira {
    pub(crate) async fn post_comment(&self, task: &str, text: &Text, mark: &Mark) -> Result<MessageRef, WriteError> {
        let issue = issue(task)?;
        let (readers, key) = self.readers(issue).await?;
        let key = key.as_deref().unwrap_or(issue);
        let (mut who, mut because) = self.unreached(key, text).await.map_err(not_written)?;
        if !who.is_empty() && who.len() == text.mentions().len() {
            return Err(WriteError::Unheard { at: None, who, because });
        }
        let call = Call::new(Method::POST, format!("issue/{issue}/comment")).budget(COMMENTS);
        let (response, form) = self.say(call, text, mark, readers).await?;
        if response.status != 201 {
            return Err(why_not(&response, "Add Comments"));
        }
        let made: Made = serde_json::from_slice(&response.body)
            .map_err(|_| WriteError::Unsure { because: "the answer does not tell the comment's id".to_owned() })?;
        let at = MessageRef(made.id);
        if readers == Readers::Agents && made.jsd_public == Some(true) {
            self.delete_comment(task, &at).await?;
            let because = "this service project shows every comment to its customers; it was taken away again";
            return Err(WriteError::Refused { because: because.to_owned() });
        }
        if form == Form::Bare && !text.mentions().is_empty() {
            who = text.mentions().into_iter().map(str::to_owned).collect();
            "Jira takes no mention in it".clone_into(&mut because);
        }
        if who.is_empty() { Ok(at) } else { Err(WriteError::Unheard { at: Some(at), who, because }) }
    }

    pub(crate) async fn edit_comment(
        &self,
        task: &str,
        at: &MessageRef,
        text: &Text,
        mark: &Mark,
    ) -> Result<(), WriteError> {
        let (issue, comment) = (issue(task)?, comment(at)?);
        let (readers, _) = self.readers(issue).await?;
        let mut call = Call::new(Method::PUT, format!("issue/{issue}/comment/{comment}")).budget(EDITS);
        if self.edition().await.map_err(not_written)? == Edition::Cloud {
            call = call.query(vec![("notifyUsers", "false".to_owned())]);
        }
        let (response, _) = self.say(call, text, mark, readers).await?;
        match response.status {
            200 => Ok(()),
            404 | 410 => Err(WriteError::Gone { because: "the comment is not there any more".to_owned() }),
            _ => Err(why_not(&response, "Edit Own Comments")),
        }
    }

    pub(crate) async fn delete_comment(&self, task: &str, at: &MessageRef) -> Result<(), WriteError> {
        let (issue, comment) = (issue(task)?, comment(at)?);
        let call = Call::new(Method::DELETE, format!("issue/{issue}/comment/{comment}")).budget(EDITS);
        let response = self.write(&call).await?;
        match response.status {
            200 | 204 | 404 | 410 => Ok(()),
            _ => Err(why_not(&response, "Delete Own Comments")),
        }
    }

    /// Writes the words, and where Jira finds fault with the document once more without all that could be at fault. Says which
    /// of these it was.
    async fn say(
        &self,
        call: Call,
        text: &Text,
        mark: &Mark,
        readers: Readers,
    ) -> Result<(Response, Form), WriteError> {
        let edition = self.edition().await.map_err(not_written)?;
        let response = self.write(&call.clone().json(&body(edition, Form::Full, text, mark, readers))).await?;
        if edition == Edition::Cloud && is_unfit_document(&response) {
            let bare = call.json(&body(edition, Form::Bare, text, mark, readers));
            return Ok((self.write(&bare).await?, Form::Bare));
        }
        Ok((response, Form::Full))
    }

    /// Who would read a comment there, and what the issue is called. Refused where that may be a customer and the operator has
    /// not allowed it.
    async fn readers(&self, issue: &str) -> Result<(Readers, Option<String>), WriteError> {
        let what = format!("issue {issue}");
        let query = vec![("fields", "project".to_owned())];
        let response = self.get(format!("issue/{issue}"), query).await.map_err(not_written)?;
        if matches!(response.status, 403 | 404 | 410) {
            let because = "the issue is not there, or not to be seen by this account".to_owned();
            return Err(WriteError::Refused { because });
        }
        let response = expect_ok(response, &what).map_err(not_written)?;
        let placed: Placed = response.json(TOOL, &what).map_err(not_written)?;
        let (project, key) = (placed.fields.project, placed.key);
        let kind = match project.project_type_key {
            Some(kind) => Some(kind),
            None => self.kind_of_project(&project.id).await.map_err(not_written)?,
        };
        match kind.as_deref() {
            Some("service_desk" | "customer_service") if self.config.comment_service_projects => {
                Ok((Readers::Agents, key))
            }
            Some("service_desk" | "customer_service") => Err(WriteError::Refused {
                because: "a service project, whose comments customers may read: `comment_service_projects` allows \
                          comments for its agents"
                    .to_owned(),
            }),
            _ => Ok((Readers::OfIssue, key)),
        }
    }

    /// Older servers tell it only of the project itself; those that do not tell it know no service projects.
    async fn kind_of_project(&self, id: &str) -> Result<Option<String>, ConnectorError> {
        if !is_id(id) {
            let what = "a project without an id".to_owned();
            return Err(ConnectorError::Malformed { tool: TOOL, what, source: None });
        }
        let what = format!("project {id}");
        let response = expect_ok(self.get(format!("project/{id}"), Vec::new()).await?, &what)?;
        let project: Project = response.json(TOOL, &what)?;
        Ok(project.project_type_key)
    }

    pub(crate) async fn find_comment(
        &self,
        task: &str,
        mark: &Mark,
        since: Timestamp,
    ) -> Result<Found, ConnectorError> {
        let issue = issue(task).map_err(|_| {
            let what = "a task's handle that this connector did not write".to_owned();
            ConnectorError::Misconfigured { tool: TOOL, what }
        })?;
        let (edition, own) = (self.edition().await?, self.own_account().await?.ext);
        let since = self.there(since);
        let what = format!("comments of issue {issue}");
        let (mut seen, mut total_before, mut order) = (0, None, Order::Unknown);
        for _ in 0..MOST_PAGES {
            let query = vec![
                ("startAt", seen.to_string()),
                ("maxResults", PAGE.to_string()),
                ("orderBy", "-created".to_owned()),
            ];
            let response = expect_ok(self.get(format!("issue/{issue}/comment"), query).await?, &what)?;
            let page: Comments = response.json(TOOL, &what)?;
            if page.total < total_before {
                // Everything has moved towards the beginning: one may have slipped past us.
                let what = format!("{what}: some were deleted while they were read");
                return Err(ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None });
            }
            total_before = page.total;
            let read = page.comments.iter().map(Listed::deserialize);
            let Ok(listed) = read.collect::<Result<Vec<Listed>, _>>() else {
                return Ok(Found::CannotTell("a comment there cannot be read".to_owned()));
            };
            let ours: Vec<&str> = listed
                .iter()
                .filter(|one| is_by(one, edition, &own) && instant(one).is_none_or(|at| at >= since))
                .map(|one| one.id.as_str())
                .collect();
            if let Some(id) = self.marked(edition, &ours, mark).await? {
                return Ok(Found::There(MessageRef(id)));
            }
            seen += page.comments.len();
            let is_last = page.total.is_some_and(|total| seen >= total);
            if page.comments.is_empty() || is_last {
                return Ok(Found::Absent);
            }
            order = listed.iter().map(instant).fold(order, Order::then);
            if order.is_past(since) {
                return Ok(Found::Absent);
            }
        }
        Ok(Found::CannotTell("too many comments since".to_owned()))
    }

    /// The one of these comments that carries the mark.
    async fn marked(&self, edition: Edition, ids: &[&str], mark: &Mark) -> Result<Option<String>, ConnectorError> {
        let mut known = match edition {
            Edition::Cloud if !ids.is_empty() => self.marks_together(ids).await?,
            _ => HashMap::new(),
        };
        for id in ids {
            let found = match known.remove(*id) {
                Some(found) => found,
                None => self.mark_of(id).await?,
            };
            if found.as_ref() == Some(mark) {
                return Ok(Some((*id).to_owned()));
            }
        }
        Ok(None)
    }

    /// What many comments carry, of those that are told; none where this way is closed to us.
    async fn marks_together(&self, ids: &[&str]) -> Result<HashMap<String, Option<Mark>>, ConnectorError> {
        let numbers: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let call = Call::new(Method::POST, "comment/list")
            .query(vec![("expand", "properties".to_owned())])
            .json(&json!({"ids": numbers}));
        let response = match self.read(&call).await {
            Ok(response) if response.status == 200 => response,
            Ok(_) | Err(ConnectorError::Forbidden { .. }) => return Ok(HashMap::new()),
            Err(error) => return Err(error),
        };
        let owned: Owned = response.json(TOOL, "properties of comments")?;
        // One without any may be one whose properties were not expanded: it is asked for by itself.
        let told = owned.values.into_iter().filter(|one| !one.properties.is_empty());
        Ok(told.map(|one| (one.id, mark::among(&one.properties))).collect())
    }

    async fn mark_of(&self, id: &str) -> Result<Option<Mark>, ConnectorError> {
        if !is_id(id) {
            return Ok(None);
        }
        let path = format!("comment/{id}/properties/{}", mark::KEY);
        let response = self.get(path, Vec::new()).await?;
        match response.status {
            200 => Ok(mark::among(&[response.json::<Value>(TOOL, "a comment's property")?])),
            404 => Ok(None),
            _ => Err(refusal(&response, "a comment's property")),
        }
    }

    /// An instant of our clock as Jira's may have had it, and a little earlier.
    fn there(&self, at: Timestamp) -> Timestamp {
        let behind = self.skew().map_or(SignedDuration::ZERO, |skew| (-skew).max(SignedDuration::ZERO));
        at.saturating_sub(behind.saturating_add(LOOK_BACK)).unwrap_or(Timestamp::MIN)
    }
}

/// A comment with its mark, in one piece.
fn body(edition: Edition, form: Form, text: &Text, mark: &Mark, readers: Readers) -> Value {
    let words = match (edition, form) {
        (Edition::Cloud, Form::Full) => adf::document(text),
        (Edition::Cloud, Form::Bare) => adf::bare_document(text),
        (Edition::DataCenter, _) => wiki::wiki(text).into(),
    };
    let mut properties = vec![mark::property(edition, mark)];
    if readers == Readers::Agents {
        properties.push(json!({"key": FOR_AGENTS, "value": {"internal": true}}));
    }
    json!({"body": words, "properties": properties})
}

/// Jira says hardly more than that it does not like it.
fn is_unfit_document(response: &Response) -> bool {
    let says = |sign: &str| words(response).is_some_and(|words| words.to_ascii_lowercase().contains(sign));
    response.status == 400 && ["invalid_input", "comment body is not valid", "valid adf"].into_iter().any(says)
}

/// Why a write was not done; `right` is what the account needs for it.
fn why_not(response: &Response, right: &str) -> WriteError {
    let said = words(response).unwrap_or_default();
    match response.status {
        // Somebody else wrote at the same moment.
        409 => WriteError::NotSent { retry_after: None, because: format!("HTTP 409 ({said})") },
        413 => WriteError::Refused { because: "the issue takes no more comments (HTTP 413)".to_owned() },
        404 | 410 => {
            let because = "the issue is not there, or not to be seen by this account".to_owned();
            WriteError::Refused { because }
        }
        // A missing right is told by either status.
        400 | 403 if response.status == 403 || said.to_ascii_lowercase().contains("permission") => {
            let because = format!("HTTP {} ({said}); the account needs the permission \"{right}\"", response.status);
            WriteError::Refused { because }
        }
        _ => refused(response),
    }
}

/// The id in a task's handle.
fn issue(task: &str) -> Result<&str, WriteError> {
    let because = "a task's handle that this connector did not write";
    if is_id(task) { Ok(task) } else { Err(WriteError::Refused { because: because.to_owned() }) }
}

fn comment(at: &MessageRef) -> Result<&str, WriteError> {
    if is_id(&at.0) { Ok(&at.0) } else { Err(WriteError::Refused { because: format!("no comment's id: {}", at.0) }) }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_by(comment: &Listed, edition: Edition, own: &str) -> bool {
    comment.author.as_ref().and_then(|author| account_of(author, edition)).is_some_and(|author| author.ext == own)
}

/// When it was made. `None`: not told in a form we know.
fn instant(comment: &Listed) -> Option<Timestamp> {
    when::instant(comment.created.as_deref()?)
}
