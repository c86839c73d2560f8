//! History of a repository's issues: the feed of comments, and events from the newest down.

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use jiff::Timestamp;

use crate::address::Place;
use crate::backward::Backward;
use crate::call::{Query, expect_ok};
use crate::feed::{Feed, Row};
use crate::history::{self, Entry};
use crate::normalise::Named;
use crate::pull::{carry, endless, page_of, told, unchanged};
use crate::tasks::{changes_query, unchanged_feed};
use crate::walk::PAGE;
use crate::wire::{Comment, Event};
use crate::{GitHub, items};

impl GitHub {
    pub(crate) async fn pull_comments(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut feed = Feed::from_cursor(cursor);
        let what = format!("comments of {}", scope.name);
        let query = changes_query(&feed, Query::new());
        let response = self.get_at(&Place::of(scope), "issues/comments", query, feed.tag()).await?;
        if response.status == 304 && feed.tag().is_some() {
            let mut page = unchanged_feed(&response, cursor, &mut feed);
            if !page.unchanged {
                page.more = true;
                page.next = feed.into_cursor(cursor.backfilled);
            }
            return Ok(page);
        }
        if matches!(response.status, 400 | 404 | 422) && feed.forget_position() {
            let mut page = page_of(&response, feed.into_cursor(cursor.backfilled));
            page.partial = Some(format!("{what}: the place in the list was refused; it is read from an earlier one"));
            return Ok(page);
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Comment<'_>>(&response.body, &what)?;
        let row = |comment: &Comment<'_>| (comment.id, comment.updated_at.unwrap_or(comment.created_at));
        let rows: Vec<Row> = items.read.iter().map(row).collect();
        feed.turn(&rows, told(&response, items.read.len() + items.unreadable.len()))
            .map_err(|because| endless(&what, because))?;
        let mut page = page_of(&response, Cursor::default());
        page.unreadable = items.unreadable;
        let mut named = Named::default();
        let entries = items.read.iter().map(|comment| history::comment(comment, &scope.name, &mut named));
        add(entries, &mut page);
        (page.accounts, _) = named.into_parts();
        page.more = feed.has_more();
        page.history_since = (!page.more && !cursor.backfilled).then_some(Timestamp::UNIX_EPOCH);
        page.next = feed.into_cursor(cursor.backfilled);
        Ok(page)
    }

    pub(crate) async fn pull_events(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut back = Backward::from_cursor(cursor);
        let what = format!("events of {}", scope.name);
        let mut query = vec![("per_page", PAGE.to_string())];
        carry(&back.walk, &mut query);
        let tag = cursor.etag.as_deref().filter(|_| back.pages == 0);
        let response = self.get_at(&Place::of(scope), "issues/events", query, tag).await?;
        if response.status == 304 && tag.is_some() {
            return Ok(unchanged(&response, cursor));
        }
        if response.status == 422 && back.pages > 0 {
            // As far back as GitHub shows.
            let mut page = page_of(&response, Cursor::default());
            page.history_since = back.oldest;
            back.finish();
            page.next = back.into_cursor(cursor.backfilled);
            return Ok(page);
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Event<'_>>(&response.body, &what)?;
        let rows: Vec<Row> = items.read.iter().filter_map(|event| Some((event.id?, event.created_at?))).collect();
        back.turn(&rows, told(&response, items.read.len() + items.unreadable.len()))
            .map_err(|because| endless(&what, because))?;
        let mut page = page_of(&response, Cursor::default());
        page.unreadable = items.unreadable;
        let mut named = Named::default();
        add(items.read.iter().map(|event| history::event(event, &mut named)), &mut page);
        (page.accounts, _) = named.into_parts();
        page.more = back.pages > 0;
        page.history_since = (!page.more && !cursor.backfilled).then_some(Timestamp::UNIX_EPOCH);
        page.next = back.into_cursor(cursor.backfilled);
        Ok(page)
    }
}

fn add(entries: impl Iterator<Item = Entry>, page: &mut Page) {
    for entry in entries {
        match entry {
            Entry::Of(change) => page.changes.push(*change),
            Entry::PullRequest => page.skipped += 1,
            Entry::Nowhere => {}
        }
    }
}
