//! Issues as they are now: the feed of what changed, the walk over all open ones, the blockers of those that have any,
//! and a direct look at one.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Scope, TaskLinks, TaskLook};
use connector_model::{Link, LinkKind, TaskRef};
use serde::{Deserialize, Serialize};

use crate::address::{Place, TaskHandle, moved_to, repo_at};
use crate::answers::{date, is_redirect, refusal};
use crate::call::{Query, expect_ok};
use crate::edition::Feature;
use crate::feed::{self, Feed, PAGE, Row, Waiting, Walk, next_of};
use crate::items::Items;
use crate::normalise::{Named, Reading, blockers, task};
use crate::pull::{carry, endless, page_of, told, unchanged};
use crate::wire::{Blocker, Issue};
use crate::{GitHub, TOOL, items};

/// Where the walk over open issues stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct OpenIssues {
    walk: Walk,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
}

impl GitHub {
    /// What changed, oldest change first. Blockers of the issues on a page are asked for, one a call, before the next page.
    pub(crate) async fn pull_tasks(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut feed = Feed::from_cursor(cursor);
        let mut page = match feed.waiting.first().copied() {
            Some(waiting) => {
                feed.waiting.remove(0);
                self.blockers(scope, waiting).await?
            }
            None => match self.changed_issues(scope, &mut feed, cursor).await? {
                page if page.unchanged => return Ok(page),
                page => page,
            },
        };
        page.more = feed.has_more();
        page.next = feed.into_cursor(cursor.backfilled);
        Ok(page)
    }

    async fn changed_issues(&self, scope: &Scope, feed: &mut Feed, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let what = format!("issues of {}", scope.name);
        let query = changes_query(feed, vec![("state", "all".to_owned())]);
        let response = self.get_at(&Place::of(scope), "issues", query, feed.tag()).await?;
        if response.status == 304 && feed.tag().is_some() {
            return Ok(unchanged_feed(&response, cursor, feed));
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Issue<'_>>(&response.body, &what)?;
        let rows: Vec<Row> = items.read.iter().map(|issue| (issue.id, issue.updated_at)).collect();
        let is_pull = |issue: &&Issue<'_>| issue.pull_request.is_some();
        let shown =
            items.read.iter().filter(is_pull).filter(|issue| feed.was_shown((issue.id, issue.updated_at))).count();
        feed.turn(&rows, told(&response)).map_err(|because| endless(&what, because))?;
        let mut page = page_of(&response, Cursor::default());
        self.fill(&mut page, items, scope, &mut feed.waiting);
        // What is left out is counted once, however often the pages of a pass overlap.
        page.skipped = page.skipped.saturating_sub(u32::try_from(shown).unwrap_or(u32::MAX));
        Ok(page)
    }

    /// All open issues, for what moves no `updated_at`: children, blockers, parents.
    pub(crate) async fn pull_links(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut open: OpenIssues = feed::read(cursor);
        let mut page = match open.waiting.first().copied() {
            Some(waiting) => {
                open.waiting.remove(0);
                self.blockers(scope, waiting).await?
            }
            None => self.open_issues(scope, &mut open).await?,
        };
        page.more = !open.waiting.is_empty() || !open.walk.next.is_empty();
        page.next = Cursor { at: feed::write(&open), etag: None, backfilled: cursor.backfilled || !page.more };
        Ok(page)
    }

    async fn open_issues(&self, scope: &Scope, open: &mut OpenIssues) -> Result<Page, ConnectorError> {
        let what = format!("open issues of {}", scope.name);
        let mut query = vec![("state", "open"), ("sort", "created"), ("direction", "asc")]
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect::<Query>();
        query.push(("per_page", PAGE.to_string()));
        carry(&open.walk, &mut query);
        let response = expect_ok(self.get_at(&Place::of(scope), "issues", query, None).await?, &what)?;
        let items = items::list::<Issue<'_>>(&response.body, &what)?;
        let ids = items.read.iter().map(|issue| issue.id);
        open.walk.turn(ids, next_of(response.next_link())).map_err(|because| endless(&what, because))?;
        let mut page = page_of(&response, Cursor::default());
        self.fill(&mut page, items, scope, &mut open.waiting);
        Ok(page)
    }

    /// Puts the issues on the page, and those that wait for others into the queue.
    fn fill(&self, page: &mut Page, items: Items<Issue<'_>>, scope: &Scope, waiting: &mut Vec<Waiting>) {
        let reading = self.reading(&scope.at.ext, &scope.name);
        let mut named = Named::default();
        page.unreadable = items.unreadable;
        page.tasks.reserve(items.read.len());
        for issue in &items.read {
            if issue.pull_request.is_some() {
                page.skipped += 1;
                continue;
            }
            page.tasks.push(task(issue, &reading, &mut named));
            let is_known = waiting.iter().any(|other| other.id == issue.id);
            if &*issue.state == "open" && blockers(issue).is_some_and(|count| count > 0) && !is_known {
                waiting.push(Waiting { number: issue.number, id: issue.id });
            }
        }
        (page.accounts, page.containers) = named.into_parts();
    }

    fn reading<'a>(&'a self, repo_id: &'a str, name: &'a str) -> Reading<'a> {
        Reading { repo_id, name, web: &self.web, states: &self.states, filter: &self.filter }
    }

    /// What one issue waits for. Finished blockers are among them: the board knows their state. A server without the
    /// feature, or an issue that is gone meanwhile, tells nothing, and nothing is changed.
    async fn blockers(&self, scope: &Scope, of: Waiting) -> Result<Page, ConnectorError> {
        if !self.features().await?.has(Feature::Dependencies) {
            return Ok(Page::new(self.clock.now(), Cursor::default()));
        }
        let what = format!("blockers of {}#{}", scope.name, of.number);
        let tail = format!("issues/{}/dependencies/blocked_by", of.number);
        let query = vec![("per_page", PAGE.to_string())];
        let response = self.get_at(&Place::of(scope), &tail, query, None).await?;
        let mut page = page_of(&response, Cursor::default());
        match response.status {
            200 => {}
            status if is_redirect(status) || matches!(status, 404 | 410 | 451) => return Ok(page),
            _ => return Err(refusal(&response, &what)),
        }
        let items = items::list::<Blocker>(&response.body, &what)?;
        if items.unreadable.is_empty() {
            let link =
                |blocker: &Blocker| Link { kind: LinkKind::BlockedBy, other: TaskRef::Ext(blocker.id.to_string()) };
            let links = items.read.iter().map(link).collect();
            page.links.push(TaskLinks { task: TaskRef::Ext(of.id.to_string()), links });
        }
        page.unreadable = items.unreadable;
        Ok(page)
    }

    /// One issue by its handle.
    pub(crate) async fn look_at_task(&self, handle: &str) -> Result<TaskLook, ConnectorError> {
        let Some(handle) = TaskHandle::from_text(handle) else {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        };
        let (place, tail) = (handle.place(), format!("issues/{}", handle.number));
        let response = self.get(&place.owner, place.below(&tail), Query::new(), None).await?;
        if is_redirect(response.status) {
            return self.look_where_it_moved(&response, &handle, &tail).await;
        }
        self.look(&response, &handle)
    }

    fn look(&self, response: &Response, handle: &TaskHandle) -> Result<TaskLook, ConnectorError> {
        let what = format!("{}#{}", handle.name, handle.number);
        match response.status {
            200 => {
                let issue: Issue<'_> = items::single(&response.body, &what)?;
                let name = issue.repository_url.as_deref().and_then(repo_at).unwrap_or(&handle.name).to_owned();
                let mut page = page_of(response, Cursor::default());
                let mut named = Named::default();
                page.tasks.push(task(&issue, &self.reading(&handle.repo_id, &name), &mut named));
                (page.accounts, page.containers) = named.into_parts();
                Ok(TaskLook::There(Box::new(page)))
            }
            410 => Ok(TaskLook::Gone),
            404 | 451 => Ok(TaskLook::Hidden),
            status if is_redirect(status) => Ok(TaskLook::Hidden),
            _ => Err(refusal(response, &what)),
        }
    }

    /// An issue in another repository has been transferred: its new id is its name from now on.
    async fn look_where_it_moved(
        &self,
        redirect: &Response,
        handle: &TaskHandle,
        tail: &str,
    ) -> Result<TaskLook, ConnectorError> {
        let (id, rest) = match redirect.header("location").and_then(moved_to) {
            Some((id, rest)) if is_issue(rest) => (id, rest),
            _ => (handle.repo_id.as_str(), tail),
        };
        if id == handle.repo_id && rest == tail {
            return Ok(TaskLook::Hidden); // it leads to where it was asked
        }
        let response = self.get(&handle.place().owner, Place::below_id(id, rest), Query::new(), None).await?;
        match response.status {
            200 => {
                let issue: Issue<'_> = items::single(&response.body, "a transferred issue")?;
                Ok(TaskLook::Moved(TaskRef::Ext(issue.id.to_string())))
            }
            404 | 410 | 451 => Ok(TaskLook::Hidden),
            status if is_redirect(status) => Ok(TaskLook::Hidden),
            _ => Err(refusal(&response, "a transferred issue")),
        }
    }
}

/// Nothing has changed; at times the feed looks once more nevertheless.
pub(crate) fn unchanged_feed(response: &Response, cursor: &Cursor, feed: &mut Feed) -> Page {
    let mut page = unchanged(response, cursor);
    page.unchanged = feed.rests(date(response));
    page
}

/// Adds what every feed asks with.
pub(crate) fn changes_query(feed: &Feed, mut query: Query) -> Query {
    let direction = if feed.begins_with_a_glance() { "desc" } else { "asc" };
    query.extend([("sort", "updated".to_owned()), ("direction", direction.to_owned()), ("per_page", PAGE.to_string())]);
    query.extend(feed.since.map(|since| ("since", since.to_string())));
    carry(&feed.walk, &mut query);
    query
}

/// `issues/7`
fn is_issue(tail: &str) -> bool {
    tail.strip_prefix("issues/").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
