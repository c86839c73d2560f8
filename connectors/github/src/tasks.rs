//! Issues as they are now: the feed of what changed, the walk over all open ones, and the blockers of those that have any.

use connector_kit::{ConnectorError, Cursor, Page, Scope, TaskLinks};
use connector_model::{Link, LinkKind, TaskRef};
use serde::{Deserialize, Serialize};

use crate::address::Place;
use crate::answers::{is_redirect, refusal};
use crate::call::{Query, expect_ok};
use crate::feed::{self, Feed, PAGE, Row, Waiting, Walk, next_of};
use crate::items::Items;
use crate::normalise::{Named, Reading, blockers, task};
use crate::pull::{carry, endless, page_of, told, unchanged};
use crate::wire::{Blocker, Issue};
use crate::{GitHub, items};

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
            return Ok(unchanged(&response, cursor));
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
    pub(crate) fn fill(&self, page: &mut Page, items: Items<Issue<'_>>, scope: &Scope, waiting: &mut Vec<Waiting>) {
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

    pub(crate) fn reading<'a>(&'a self, repo_id: &'a str, name: &'a str) -> Reading<'a> {
        Reading { repo_id, name, web: &self.web, states: &self.states, filter: &self.filter }
    }

    /// What one issue waits for. Finished blockers are among them: the board knows their state. A server without the
    /// feature, or an issue that is gone meanwhile, tells nothing, and nothing is changed.
    async fn blockers(&self, scope: &Scope, of: Waiting) -> Result<Page, ConnectorError> {
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
}

/// Adds what every feed asks with.
pub(crate) fn changes_query(feed: &Feed, mut query: Query) -> Query {
    query.extend([("sort", "updated".to_owned()), ("direction", "asc".to_owned()), ("per_page", PAGE.to_string())]);
    query.extend(feed.since.map(|since| ("since", since.to_string())));
    carry(&feed.walk, &mut query);
    query
}
