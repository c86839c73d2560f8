//! Issues as they are now: the feed of what changed, the walk over all open ones, and the blockers of those that have any.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Scope, TaskLinks};
use connector_model::{Link, LinkKind, TaskRef};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::Place;
use crate::answers::{date, is_redirect, refusal};
use crate::call::{Query, expect_ok};
use crate::edition;
use crate::feed::{Feed, Row, Waiting};
use crate::graph::{Asked, Feature, Long, MOST_IDS, Trouble};
use crate::items::Items;
use crate::normalise::{Named, Reading, blockers, task};
use crate::pull::{carry, endless, page_of, told, unchanged};
use crate::walk::{self, PAGE, Walk, next_of};
use crate::wire::{Blocker, Issue};
use crate::{GitHub, items};

/// Where a pass over open issues stands: a walk by REST, or a run by GraphQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OpenIssues {
    #[serde(skip_serializing_if = "Walk::is_at_rest")]
    walk: Walk,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
    /// The last issue asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// When this pass began, by GitHub's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<Timestamp>,
    /// When the last complete one by GraphQL began: timelines are known up to there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<Timestamp>,
    /// When all open issues were last read by REST, where they are usually not: what only an issue's own answer tells, and
    /// what moves no `updated_at` (values of fields), is seen then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) walked: Option<Timestamp>,
    /// Timelines still to be read to their end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) long: Vec<Long>,
}

impl OpenIssues {
    /// Between two passes.
    pub(crate) fn at_rest(known: Option<Timestamp>, walked: Option<Timestamp>) -> OpenIssues {
        OpenIssues { known, walked, ..OpenIssues::default() }
    }

    /// A day after the last walk by REST.
    pub(crate) fn is_walk_due(&self, now: Timestamp) -> bool {
        const EVERY: SignedDuration = SignedDuration::from_hours(24);
        self.walked.is_some_and(|walked| now.duration_since(walked) >= EVERY)
    }

    /// The last walk by REST, or the first read, is more recent than two of them should be.
    fn was_walked_just_now(&self, now: Timestamp) -> bool {
        const SOON: SignedDuration = SignedDuration::from_mins(25);
        self.walked.is_some_and(|walked| now.duration_since(walked).abs() < SOON)
    }

    /// In the middle of a walk by REST.
    pub(crate) fn is_walking(&self) -> bool {
        !self.walk.is_at_rest() || !self.waiting.is_empty()
    }
}

impl GitHub {
    /// What changed, oldest change first. What stands around the issues on a page is asked for before the next page.
    pub(crate) async fn pull_tasks(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut feed = Feed::from_cursor(cursor);
        let mut page = if feed.waiting.is_empty() {
            match self.changed_issues(scope, &mut feed, cursor).await? {
                page if page.unchanged => return Ok(page),
                page => page,
            }
        } else {
            self.surroundings(scope, &mut feed.waiting).await?
        };
        page.more = feed.goes_on_at_once();
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
        if matches!(response.status, 400 | 404 | 422) && feed.forget_position() {
            let mut page = page_of(&response, Cursor::default());
            page.partial = Some(format!("{what}: the place in the list was refused; it is read from an earlier one"));
            return Ok(page);
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Issue<'_>>(&response.body, &what)?;
        let rows: Vec<Row> = items.read.iter().map(|issue| (issue.id, issue.updated_at)).collect();
        let is_pull = |issue: &&Issue<'_>| issue.pull_request.is_some();
        let shown =
            items.read.iter().filter(is_pull).filter(|issue| feed.was_shown((issue.id, issue.updated_at))).count();
        feed.turn(&rows, told(&response, items.read.len() + items.unreadable.len()))
            .map_err(|because| endless(&what, because))?;
        let mut page = page_of(&response, Cursor::default());
        // The first read tells every parent's count itself.
        self.fill(&mut page, items, scope, &mut feed.waiting, cursor.backfilled);
        // What is left out is counted once, however often the pages of a pass overlap.
        page.skipped = page.skipped.saturating_sub(u32::try_from(shown).unwrap_or(u32::MAX));
        Ok(page)
    }

    /// The next of those that wait: many at once by GraphQL, or one by REST.
    async fn surroundings(&self, scope: &Scope, waiting: &mut Vec<Waiting>) -> Result<Page, ConnectorError> {
        let named = waiting.iter().take_while(|one| !one.node.is_empty()).take(MOST_IDS as usize);
        let asked: Vec<Asked> = named.map(|one| Asked { ext: one.id.to_string(), node: one.node.clone() }).collect();
        if !asked.is_empty() && self.graph.has(Feature::Links, self.clock.now()) {
            match self.related(&Place::of(scope).owner, &asked, None).await {
                Ok(related) => {
                    waiting.drain(..related.taken);
                    return Ok(related.page);
                }
                Err(Trouble::Refused(error)) => return Err(error),
                Err(trouble) => self.note_away(&trouble),
            }
        }
        waiting.retain(|one| one.is_blocked);
        if waiting.is_empty() {
            return Ok(Page::new(self.clock.now(), Cursor::default()));
        }
        let next = waiting.remove(0);
        self.blockers(scope, next).await
    }

    /// All open issues, for what moves no `updated_at`: children, blockers, parents. By REST, where there is no GraphQL.
    ///
    /// The very first pass asks nothing: the first read of the issues themselves, just over, has told it all. Nor does one
    /// soon after another, whoever asks for it: it costs a request for every hundred open issues.
    pub(crate) async fn pull_links(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut open: OpenIssues = walk::read(cursor);
        let now = self.clock.now();
        if cursor.at.is_none() && !cursor.backfilled {
            let first = OpenIssues::at_rest(None, Some(now));
            let next = Cursor { at: walk::write(&first), etag: None, backfilled: true };
            let mut page = Page::new(now, next);
            page.lacks = self.lacks_of_edition();
            return Ok(page);
        }
        if !open.is_walking() && open.was_walked_just_now(now) {
            return Ok(Page::new(now, Cursor { backfilled: true, ..cursor.clone() }));
        }
        let mut page = if open.waiting.is_empty() {
            self.open_issues(scope, &mut open).await?
        } else {
            self.surroundings(scope, &mut open.waiting).await?
        };
        page.more = !open.waiting.is_empty() || !open.walk.next.is_empty();
        if !page.more {
            open.walked = Some(page.asked_at);
            page.lacks = self.lacks_of_edition();
        }
        page.next = Cursor { at: walk::write(&open), etag: None, backfilled: cursor.backfilled || !page.more };
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
        self.fill(&mut page, items, scope, &mut open.waiting, false);
        Ok(page)
    }

    /// Puts the issues on the page, and those that wait for others into the queue; with `parents`, also those that have one.
    pub(crate) fn fill(
        &self,
        page: &mut Page,
        items: Items<Issue<'_>>,
        scope: &Scope,
        waiting: &mut Vec<Waiting>,
        parents: bool,
    ) {
        let reading = self.reading(&scope.at.ext, &scope.name);
        let parents = parents && self.graph.has(Feature::Links, self.clock.now());
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
            let is_blocked = &*issue.state == "open" && blockers(issue).is_some_and(|count| count > 0);
            let has_parent = parents && issue.parent_issue_url.is_some();
            if (is_blocked || has_parent) && !is_known {
                let node = issue.node_id.as_deref().unwrap_or_default().to_owned();
                waiting.push(Waiting { number: issue.number, id: issue.id, node, is_blocked });
            }
        }
        (page.accounts, page.containers) = named.into_parts();
    }

    pub(crate) fn reading<'a>(&'a self, repo_id: &'a str, name: &'a str) -> Reading<'a> {
        Reading { repo_id, name, web: &self.web, states: &self.states, filter: &self.filter, fields: &self.fields }
    }

    /// What one issue waits for. Finished blockers are among them: the board knows their state. A server without the
    /// feature, or an issue that is gone meanwhile, tells nothing, and nothing is changed.
    async fn blockers(&self, scope: &Scope, of: Waiting) -> Result<Page, ConnectorError> {
        if !self.features().await?.has(edition::Feature::Dependencies) {
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
