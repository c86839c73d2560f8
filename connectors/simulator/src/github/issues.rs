//! Answers about issues: the list, one issue, and what it is related to.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::listing::{Begin, Listing};
use super::model::{Away, Relations};
use super::pages::{Around, tagged, write_cursor};
use super::{Call, Hub, array, error, moved, not_found, with_link};
use crate::reply::Reply;
use crate::text::{digest, http_date};

impl Hub {
    pub(super) fn issue_list(&self, call: &Call<'_>, index: usize) -> Reply {
        let (begin, page) = match call.params.begin(self.settings.page_cap) {
            Ok(begin) => begin,
            Err(refusal) => return refusal,
        };
        let wanted = call.params.wanted();
        let window = self.repos[index].listing.window(&wanted, begin, call.params.per_page());
        let last = window.rows.last().map(|row| write_cursor(Listing::key(row, wanted.sort)));
        let around = Around {
            url: self.list_url(index, "issues"),
            params: &call.params,
            page,
            more: window.more,
            after: last,
            total: window.total,
        };
        let link = around.link(&self.settings, &self.foreign);
        // The digests of the rows stand for their text: a page of 100 is tagged without reading 400 kB.
        let prints: Vec<u64> = window.rows.iter().map(|row| row.print).collect();
        let print = digest((prints, &link, matches!(begin, Begin::After(_))));
        let rows: Vec<&RawValue> = window.rows.iter().map(|row| &*row.body).collect();
        tagged(call.asked, with_link(array(&rows), link), print)
    }

    pub(super) fn one_issue(&self, call: &Call<'_>, index: usize, number: u64) -> Reply {
        let Some(row) = self.repos[index].listing.get(number) else { return not_found() };
        let reply = Reply::json_text(200, row.body.get().to_owned());
        tagged(call.asked, reply.with("last-modified", http_date(row.updated_at)), row.print)
    }

    /// The answer for an issue that is no longer here: 410 deleted, 301 transferred. `None`: it is here, or never was.
    pub(super) fn away(&self, index: usize, number: u64, rest: &[&str]) -> Option<Reply> {
        match self.repos[index].away.get(&number)? {
            Away::Deleted => Some(error(410, "This issue was deleted")),
            Away::Transferred(id) => {
                let Some((to, new_number)) = self.places.get(id) else {
                    return Some(error(410, "This issue was deleted"));
                };
                if self.repos[*to].hidden {
                    return Some(not_found());
                }
                let mut url = self.list_url(*to, &format!("issues/{new_number}"));
                for part in rest {
                    url.push('/');
                    url.push_str(part);
                }
                Some(moved(301, url))
            }
        }
    }

    /// Sub-issues, blockers or blocked ones, closed ones too; what lies in a hidden repository is left out.
    pub(super) fn related(
        &mut self,
        call: &Call<'_>,
        index: usize,
        number: u64,
        which: impl Fn(&Relations) -> &HashMap<u64, Vec<u64>>,
    ) -> Reply {
        let Some(id) = self.repos[index].listing.get(number).map(|row| row.id) else { return not_found() };
        let others = which(&self.relations).get(&id).cloned().unwrap_or_default();
        let all: Vec<_> = others.into_iter().filter_map(|other| self.visible_body(other)).collect();
        let rest = call.asked.path.rsplit_once("/issues/").map_or("", |(_, rest)| rest);
        self.page_of(call, self.list_url(index, &format!("issues/{rest}")), &all)
    }

    pub(super) fn parent(&mut self, call: &Call<'_>, index: usize, number: u64) -> Reply {
        let row = self.repos[index].listing.get(number);
        let parent = row.and_then(|row| self.relations.parent.get(&row.id)).copied();
        let Some(body) = parent.and_then(|parent| self.visible_body(parent)) else { return not_found() };
        let print = digest(body.get());
        tagged(call.asked, Reply::json_text(200, body.get().to_owned()), print)
    }

    fn visible_body(&mut self, id: u64) -> Option<Box<RawValue>> {
        let (index, number) = *self.places.get(&id)?;
        if self.repos[index].hidden {
            return None;
        }
        self.refresh(index);
        self.repos[index].listing.get(number).map(|row| row.body.clone())
    }
}
