//! Which stream is read how; and milestones.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Scope, StreamKey, StreamKind};

use crate::address::Place;
use crate::answers::{date, partial};
use crate::call::{Query, expect_ok};
use crate::feed::Told;
use crate::walk::{self, PAGE, Walk, next_of};
use crate::wire::Milestone;
use crate::{GitHub, TOOL, items, normalise};

impl GitHub {
    pub(crate) async fn pull_stream(&self, stream: &StreamKey, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let scope = match (&stream.scope, stream.kind) {
            (_, StreamKind::Containers) => return self.pull_containers(cursor).await,
            (_, StreamKind::Boards) => return self.pull_boards(cursor).await,
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

    async fn pull_homes(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut walk: Walk = walk::read(cursor);
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
        let is_full = items.read.len() + items.unreadable.len() >= PAGE;
        let etag = response.header("etag").filter(|_| is_first && done && !is_full);
        let next =
            Cursor { at: walk::write(&walk), etag: etag.map(str::to_owned), backfilled: cursor.backfilled || done };
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
pub(crate) fn told(response: &Response, items: usize) -> Told<'_> {
    Told { next: next_of(response.next_link()), etag: response.header("etag"), items, date: date(response) }
}

/// A list that would never end.
pub(crate) fn endless(what: &str, because: &str) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: format!("{what}: {because}"), source: None }
}

fn no_stream(what: &str) -> ConnectorError {
    ConnectorError::Misconfigured { tool: TOOL, what: format!("there is no stream {what}") }
}
