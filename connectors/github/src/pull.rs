//! Which stream is read how; repositories and milestones themselves.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Scope, StreamKey, StreamKind, Unreadable};

use crate::address::Place;
use crate::answers::{date, partial, refusal};
use crate::call::{Query, expect_ok};
use crate::feed::{self, PAGE, Told, Walk, next_of};
use crate::wire::{Milestone, Repository};
use crate::{GitHub, TOOL, items, normalise};

impl GitHub {
    pub(crate) async fn pull_stream(&self, stream: &StreamKey, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let scope = match (&stream.scope, stream.kind) {
            (_, StreamKind::Containers) => return self.pull_containers(cursor).await,
            (Some(scope), _) => scope,
            (None, kind) => return Err(no_stream(&format!("{kind:?} without a repository"))),
        };
        match stream.kind {
            StreamKind::Homes => self.pull_homes(scope, cursor).await,
            StreamKind::Tasks => self.pull_tasks(scope, cursor).await,
            StreamKind::Links => self.pull_links(scope, cursor).await,
            StreamKind::Comments => self.pull_comments(scope, cursor).await,
            StreamKind::Events => self.pull_events(scope, cursor).await,
            StreamKind::Census => self.pull_census(scope, cursor).await,
            kind => Err(no_stream(&format!("{kind:?}"))),
        }
    }

    /// One repository of the configured list; the cursor is its place in it.
    async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let at: usize = cursor.at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(0);
        let more = at + 1 < self.repos.len();
        let next =
            Cursor { at: more.then(|| (at + 1).to_string()), etag: None, backfilled: cursor.backfilled || !more };
        let Some(name) = self.repos.get(at) else { return Ok(Page::new(self.clock.now(), next)) };
        let response = self.get_at(&Place::named(name), "", Query::new(), None).await?;
        let mut page = page_of(&response, next);
        page.more = more;
        match response.status {
            200 => {
                let repository: Repository<'_> = items::single(&response.body, &format!("repository {name}"))?;
                page.containers.push(normalise::repository(&repository));
            }
            // One that is not to be seen must not hide the others; but nothing is concluded from its absence.
            404 | 410 | 451 => {
                let because = "not there, or the token may not see it".to_owned();
                page.partial = Some(format!("{name}: {because}"));
                page.unreadable.push(Unreadable { what: name.clone(), because });
            }
            _ => return Err(refusal(&response, &format!("repository {name}"))),
        }
        Ok(page)
    }

    async fn pull_homes(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut walk: Walk = feed::read(cursor);
        let is_first = walk.next.is_empty();
        let tag = cursor.etag.as_deref().filter(|_| is_first);
        let what = format!("milestones of {}", scope.name);
        let mut query = vec![("state", "all".to_owned()), ("per_page", PAGE.to_string())];
        carry(&walk, &mut query);
        let response = self.get_at(&Place::of(scope), "milestones", query, tag).await?;
        if response.status == 304 && tag.is_some() {
            return Ok(unchanged(&response, cursor));
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Milestone<'_>>(&response.body, &what)?;
        let done = walk
            .turn(items.read.iter().map(|milestone| milestone.id), next_of(response.next_link()))
            .map_err(|because| endless(&what, because))?;
        // A milestone more would not show on a page that is full.
        let etag = response.header("etag").filter(|_| is_first && done && items.read.len() < PAGE);
        let next =
            Cursor { at: feed::write(&walk), etag: etag.map(str::to_owned), backfilled: cursor.backfilled || done };
        let mut page = page_of(&response, next);
        page.more = !done;
        page.containers = items.read.iter().map(|milestone| normalise::home(milestone, &scope.name)).collect();
        page.unreadable = items.unreadable;
        Ok(page)
    }
}

/// An empty page that stands for this answer.
pub(crate) fn page_of(response: &Response, next: Cursor) -> Page {
    let mut page = Page::new(response.asked_at, next);
    page.partial = partial(response);
    page
}

/// Nothing has changed; the stream stands where it stood.
pub(crate) fn unchanged(response: &Response, cursor: &Cursor) -> Page {
    let mut page = Page::new(response.asked_at, cursor.clone());
    page.unchanged = true;
    page
}

/// Adds where a walk stands to the query.
pub(crate) fn carry(walk: &Walk, query: &mut Query) {
    for (name, value) in &walk.next {
        match name.as_str() {
            "page" => query.push(("page", value.clone())),
            "after" => query.push(("after", value.clone())),
            _ => {}
        }
    }
}

/// What an answer says beside its items.
pub(crate) fn told(response: &Response) -> Told<'_> {
    Told { next: next_of(response.next_link()), etag: response.header("etag"), date: date(response) }
}

/// A list that would never end.
pub(crate) fn endless(what: &str, because: &str) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: format!("{what}: {because}"), source: None }
}

fn no_stream(what: &str) -> ConnectorError {
    ConnectorError::Misconfigured { tool: TOOL, what: format!("there is no stream {what}") }
}
