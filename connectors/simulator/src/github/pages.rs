//! Query parameters, pages, `Link` headers and entity tags, as GitHub does them.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;

use super::listing::{Begin, Key, Sort, Wanted};
use super::model::{NextLink, Settings};
use crate::reply::Reply;
use crate::server::Asked;
use crate::text::{digest, pairs, whole};

/// The parameters of a request.
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn of(asked: &Asked) -> Params {
        Params(pairs(asked.query.as_bytes()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// 1 to 100; 30 if nothing or nonsense is asked for.
    pub(crate) fn per_page(&self) -> usize {
        self.get("per_page").and_then(|value| value.parse().ok()).map_or(30, |count: usize| count.clamp(1, 100))
    }

    pub(crate) fn page(&self) -> u64 {
        self.get("page").and_then(|value| value.parse().ok()).map_or(1, |page: u64| page.max(1))
    }

    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.get("since").and_then(|value| value.parse().ok()).map(whole)
    }

    /// What an issue list is asked for; the defaults are GitHub's: open ones, newest first.
    pub(crate) fn wanted(&self) -> Wanted {
        let lower = |name: &str| self.get(name).map(str::to_lowercase);
        Wanted {
            sort: match self.get("sort") {
                Some("updated") => Sort::Updated,
                Some("comments") => Sort::Comments,
                _ => Sort::Created,
            },
            ascending: self.get("direction") == Some("asc"),
            since: self.since(),
            closed: match self.get("state") {
                Some("all") => None,
                Some("closed") => Some(true),
                _ => Some(false),
            },
            labels: lower("labels").map(|all| all.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            assignee: lower("assignee"),
            creator: lower("creator"),
            milestone: lower("milestone"),
        }
    }

    /// Where the page begins, and its number. A cursor wins over the number.
    ///
    /// `Err` is the answer to a page number too far: 422.
    pub(crate) fn begin(&self, cap: u64) -> Result<(Begin, u64), Reply> {
        let page = self.page();
        if let Some(after) = self.get("after") {
            let key = read_cursor(after).ok_or_else(|| unprocessable("Invalid value for after"))?;
            return Ok((Begin::After(key), page));
        }
        self.offset(cap).map(|offset| (Begin::Offset(offset), page))
    }

    /// Items before the page, for lists by page number only. `Err`: 422, too far.
    pub(crate) fn offset(&self, cap: u64) -> Result<usize, Reply> {
        let per_page = self.per_page() as u64;
        let page = self.page();
        if page > 1 && page.saturating_mul(per_page) > cap {
            return Err(unprocessable(
                "Pagination with the page parameter is not supported for large datasets, please use cursor based \
                 pagination (after/before)",
            ));
        }
        Ok(usize::try_from((page - 1) * per_page).unwrap_or(usize::MAX))
    }

    /// The same query with other places.
    fn moved(&self, page: u64, after: Option<&str>) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "page" | "after" | "before")) {
            out.append_pair(name, value);
        }
        if let Some(after) = after {
            out.append_pair("after", after);
        }
        out.append_pair("page", &page.to_string());
        out.finish()
    }
}

fn unprocessable(message: &str) -> Reply {
    let documentation = "https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api";
    Reply::json(422, &json!({ "message": message, "documentation_url": documentation, "status": "422" }))
}

/// An opaque cursor; hexadecimal, so that nothing in it needs encoding.
pub(crate) fn write_cursor(key: Key) -> String {
    format!("Y3Vyc29yOnYyOpL{:016x}{:016x}", key.0, key.1)
}

fn read_cursor(text: &str) -> Option<Key> {
    let hex = text.strip_prefix("Y3Vyc29yOnYyOpL")?;
    let first = u64::from_str_radix(hex.get(..16)?, 16).ok()?;
    Some((first.cast_signed(), u64::from_str_radix(hex.get(16..32)?, 16).ok()?))
}

/// What a page links to.
pub(crate) struct Around<'a> {
    /// Base and path with the repository's id: `http://…/github/repositories/7/issues`.
    pub(crate) url: String,
    pub(crate) params: &'a Params,
    pub(crate) page: u64,
    pub(crate) more: bool,
    /// Cursor of the last item, where the list has cursors.
    pub(crate) after: Option<String>,
    /// All items, where they were counted.
    pub(crate) total: Option<usize>,
}

impl Around<'_> {
    /// The `Link` header. `None`: everything is on this page.
    pub(crate) fn link(&self, settings: &Settings, foreign: &str) -> Option<String> {
        let mut out = String::new();
        let mut add = |url: &str, page: u64, after: Option<&str>, rel: &str| {
            let comma = if out.is_empty() { "" } else { ", " };
            let _ = write!(out, "{comma}<{url}?{}>; rel=\"{rel}\"", self.params.moved(page, after));
        };
        let per_page = self.params.per_page();
        if self.page > 1 {
            add(&self.url, self.page - 1, None, "prev");
        }
        if self.more {
            let path = self.url.split_once("/github").map_or("", |(_, path)| path);
            match settings.next_link {
                NextLink::Honest => add(&self.url, self.page + 1, self.after.as_deref(), "next"),
                NextLink::Foreign => add(&format!("{foreign}{path}"), self.page + 1, self.after.as_deref(), "next"),
                NextLink::Itself => add(&self.url, self.page, self.params.get("after"), "next"),
            }
            // Beyond the cap there is no page to link to, so the real thing leaves it out too.
            if let Some(total) = self.total.filter(|total| *total as u64 <= settings.page_cap) {
                add(&self.url, total.div_ceil(per_page) as u64, None, "last");
            }
        }
        if self.page > 1 {
            add(&self.url, 1, None, "first");
        }
        (!out.is_empty()).then_some(out)
    }
}

/// Adds an entity tag of this content for this token, and makes the answer a 304 if the client holds it.
pub(crate) fn tagged(asked: &Asked, reply: Reply, print: u64) -> Reply {
    // Tags belong to a token: a new one makes every stored tag useless, as in life.
    let tag = format!("W/\"{:016x}{:016x}\"", print, digest((print, asked.token())));
    let known = asked.header("if-none-match").is_some_and(|held| held.split(',').any(|one| one.trim() == tag));
    if !known {
        return reply.with("etag", tag);
    }
    let mut unchanged = Reply::new(304, bytes::Bytes::new()).with("etag", tag);
    unchanged.headers.extend(reply.headers.into_iter().filter(|(name, _)| *name == "link"));
    unchanged
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_foreign_ones_are_refused() {
        for key in [(0, 1), (1_700_000_000, 9_999), (-5, u64::MAX)] {
            assert_eq!(read_cursor(&write_cursor(key)), Some(key));
        }
        assert_eq!(read_cursor("nonsense"), None);
        assert_eq!(read_cursor("Y3Vyc29yOnYyOpL12"), None);
    }
}
