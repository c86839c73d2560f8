//! The census: every open issue of a repository once a day, in the order of their creation, so that what vanished is missed.
//!
//! A deleted issue leaves every list without a word, and so does one that was moved away. The issues on a page are read like
//! any others, which also mends what an increment may have missed. An issue that is closed while the pages are walked moves
//! those behind it up by one place, and one of them may be skipped: absence here is a reason to ask, never a fact.

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use connector_model::TaskRef;

use crate::address::Place;
use crate::answers::partial;
use crate::call::{Query, expect_ok};
use crate::pull::{carry, endless, page_of, unchanged};
use crate::walk::{self, PAGE, Walk, next_of};
use crate::wire::Issue;
use crate::{GitHub, items};

impl GitHub {
    /// One page of open issues, oldest first. Where one page holds them all, its entity tag says whether anything is new.
    pub(crate) async fn pull_census(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let what = format!("open issues of {}", scope.name);
        let mut walk: Walk = walk::read(cursor);
        let is_first = walk.next.is_empty();
        let tag = cursor.etag.as_deref().filter(|_| is_first);
        let mut query: Query = [("state", "open"), ("sort", "created"), ("direction", "asc")]
            .map(|(name, value)| (name, value.into()))
            .into();
        query.push(("per_page", PAGE.to_string()));
        carry(&walk, &mut query);
        let response = self.get_at(&Place::of(scope), "issues", query, tag).await?;
        if response.status == 304 && tag.is_some() {
            return Ok(unchanged(&response, cursor));
        }
        let response = expect_ok(response, &what)?;
        let items = items::list::<Issue<'_>>(&response.body, &what)?;
        let ids = items.read.iter().map(|issue| issue.id);
        let done = walk.turn(ids, next_of(response.next_link())).map_err(|because| endless(&what, because))?;
        // One more would not show on a page that is full, and what was not read whole must be read again.
        let is_telling = items.unreadable.is_empty() && partial(&response).is_none() && items.read.len() < PAGE;
        let etag = response.header("etag").filter(|_| is_first && done && is_telling);
        let next =
            Cursor { at: walk::write(&walk), etag: etag.map(str::to_owned), backfilled: cursor.backfilled || done };
        let mut page = page_of(&response, next);
        page.more = !done;
        // What they wait for is asked for by the stream of links.
        self.fill(&mut page, items, scope, &mut Vec::new(), false);
        page.present = page.tasks.iter().map(|task| TaskRef::Ext(task.ext.clone())).collect();
        Ok(page)
    }
}
