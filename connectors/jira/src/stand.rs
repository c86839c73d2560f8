//! Where the reading of a project's issues stands, as its cursor keeps it. Pure.
//!
//! A pass asks for what changed since the last complete pass *began*, by Jira's clock, and a stretch before that; never
//! from the newest change seen: the index that searches read lags, and what is indexed late would be skipped for ever. What
//! was taken up within that stretch is remembered by id and instant, so that it costs nothing when it comes again.
//!
//! A first pass walks by the instant of creation, which no later change moves. Where pages are told by number, each one is
//! asked for anew from the last minute seen, so that an issue that leaves shifts nothing; numbers count within a minute alone.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::Cursor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::when::millis;

/// Looked back at with each poll.
pub(crate) const NARROW: i64 = 15 * MINUTE;

/// Looked back at once in [`WIDE_EVERY`].
pub(crate) const WIDE: i64 = 14 * 60 * MINUTE;

/// How often the wide look back is made.
const WIDE_EVERY: i64 = 60 * MINUTE;

const MINUTE: i64 = 60_000;

/// Issues remembered at most: the newest. What falls out is read once more.
const MOST_SEEN: usize = 4_000;

/// Ids near the place in the list that are remembered at most.
const MOST_NEAR: usize = 2_000;

/// Pages of one pass.
const MOST_PAGES: u32 = 200_000;

/// Where a project's issues stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stand {
    /// Version of this text; another one is the beginning.
    v: u8,
    /// When the last complete pass began, by Jira's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<i64>,
    /// When the last complete pass with the wide look back began.
    #[serde(skip_serializing_if = "Option::is_none")]
    wide: Option<i64>,
    /// When the last complete walk over everything began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<i64>,
    /// What was taken up: ids, and when they last changed then.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    seen: BTreeMap<u64, i64>,
    /// The walk that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<Walk>,
}

/// A walk over all issues of a project, or over those changed since an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Walk {
    /// When it began, by Jira's clock. `None`: nothing was answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<i64>,
    /// Changed at or after this. `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<i64>,
    /// Made at or after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<i64>,
    /// So many of those are to be passed over.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) offset: u64,
    /// How far a walk by tokens has come; they belong to one question, so that it stays out of it until they end.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<i64>,
    /// The next page's token, where pages are told by tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Ids made at or after `floor` that were on a page already.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    near: BTreeSet<u64>,
    /// Pages in a row that brought nothing new.
    idle: u8,
    pages: u32,
}

/// How a page says what comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing does.
    Last,
    /// A token.
    Token(String),
    /// So many were on it; the next ones by number.
    After(u64),
}

/// One row of a page: id and when it was made.
pub(crate) type Row = (u64, Option<i64>);

impl Stand {
    /// Reads a cursor; anything else than what [`Stand::to_cursor`] made is the beginning.
    pub(crate) fn from_cursor(cursor: &Cursor) -> Stand {
        let read: Option<Stand> = cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok());
        read.filter(|stand| stand.v == 1).unwrap_or(Stand { v: 1, ..Stand::default() })
    }

    pub(crate) fn to_cursor(&self, backfilled: bool) -> Cursor {
        let text = serde_json::to_string(self).expect("a position holds nothing that JSON cannot");
        Cursor { at: Some(text), etag: None, backfilled }
    }

    /// Between two passes.
    pub(crate) fn rests(&self) -> bool {
        self.walk.is_none() && self.began.is_some()
    }

    /// From when the next increment asks, and whether it looks back far. `now`: Jira's.
    pub(crate) fn from(&self, now: i64) -> (i64, bool) {
        let began = self.began.unwrap_or_default();
        let is_wide = self.wide.is_none_or(|wide| (now - wide).abs() >= WIDE_EVERY);
        (began.min(now) - if is_wide { WIDE } else { NARROW }, is_wide)
    }

    /// Whether this very state of an issue has been taken up.
    pub(crate) fn has_seen(&self, id: u64, updated: i64) -> bool {
        self.seen.get(&id) == Some(&updated)
    }

    /// Remembers it as taken up in a pass that began then, if a later one can meet it again.
    pub(crate) fn see(&mut self, id: u64, updated: i64, began: i64) {
        if updated >= began - WIDE - NARROW {
            self.seen.insert(id, updated);
        }
    }

    /// A pass is over that began then, by Jira's clock.
    pub(crate) fn complete(&mut self, began: i64, is_wide: bool) {
        self.began = Some(began);
        if is_wide {
            self.wide = Some(began);
        }
        self.walk = None;
        self.seen.retain(|_, updated| *updated >= began - WIDE - NARROW);
        if self.seen.len() > MOST_SEEN {
            let mut instants: Vec<i64> = self.seen.values().copied().collect();
            instants.sort_unstable();
            let oldest = instants[instants.len() - MOST_SEEN];
            self.seen.retain(|_, updated| *updated >= oldest);
        }
    }
}

impl Walk {
    /// A walk over what changed since, or over everything.
    pub(crate) fn new(since: Option<i64>) -> Walk {
        Walk { since, ..Walk::default() }
    }

    /// Takes a page. True: that was the last one.
    ///
    /// Fails, with the reason, where going on would never end.
    pub(crate) fn turn(&mut self, rows: &[Row], next: Next, asked_at: Timestamp) -> Result<bool, &'static str> {
        self.began = self.began.or(Some(millis(asked_at)));
        self.pages += 1;
        if next == Next::Last {
            return Ok(true);
        }
        if self.pages > MOST_PAGES {
            return Err("the pages do not end");
        }
        let is_idle = rows.iter().all(|(id, _)| self.near.contains(id));
        self.idle = if is_idle { self.idle + 1 } else { 0 };
        let newest = rows.iter().filter_map(|(_, created)| *created).max().map(|at| at - at.rem_euclid(MINUTE));
        let higher = newest.filter(|newest| self.floor.max(self.reached).is_none_or(|floor| *newest > floor));
        match next {
            Next::Token(token) if self.token.as_ref() == Some(&token) => return Err("the same token comes again"),
            Next::Token(token) => {
                self.token = Some(token);
                self.reached = higher.or(self.reached);
            }
            Next::After(0) => return Err("an empty page is not the last"),
            Next::After(count) => match higher {
                Some(floor) => {
                    self.near.clear();
                    (self.floor, self.offset, self.idle) = (Some(floor), 0, 0);
                }
                None => self.offset += count,
            },
            Next::Last => {}
        }
        if self.idle > 2 {
            return Err("the same page comes again and again");
        }
        let floor = self.floor.unwrap_or(i64::MIN);
        let is_near = |(_, created): &&Row| self.token.is_some() || created.is_none_or(|created| created >= floor);
        if self.token.is_some() || self.near.len() > MOST_NEAR {
            self.near.clear();
        }
        self.near.extend(rows.iter().filter(is_near).map(|(id, _)| *id));
        Ok(false)
    }

    /// The token is refused: tokens end after a week. True: the walk goes on from the last minute seen.
    pub(crate) fn forget_token(&mut self) -> bool {
        self.near.clear();
        self.floor = self.reached.or(self.floor);
        self.token.take().is_some()
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(text: &str) -> i64 {
        millis(text.parse().unwrap())
    }

    const NOON: &str = "2026-03-02T12:00:00Z";

    fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    #[test]
    fn the_next_pass_asks_from_the_begin_of_the_last_one_and_before() {
        let mut stand = Stand::from_cursor(&Cursor::default());
        assert!(!stand.rests());
        stand.complete(at(NOON), true);
        stand.see(1, at("2026-03-02T12:30:00Z"), at(NOON));
        let stand = Stand::from_cursor(&stand.to_cursor(true));
        assert!(stand.rests());
        assert_eq!(stand.from(at("2026-03-02T12:05:00Z")), (at("2026-03-02T11:45:00Z"), false));
        assert_eq!(stand.from(at("2026-03-02T13:00:00Z")), (at("2026-03-01T22:00:00Z"), true));
        let newest_change_seen = at("2026-03-02T12:30:00Z");
        assert!(stand.from(at("2026-03-02T12:31:00Z")).0 < newest_change_seen);
        assert_eq!(stand.from(at("2026-03-01T12:00:00Z")).0, at("2026-02-28T22:00:00Z"), "a clock that was ahead");
    }

    #[test]
    fn a_state_is_taken_up_once_while_it_can_come_again() {
        let mut stand = Stand::from_cursor(&Cursor::default());
        stand.see(1, at("2026-03-02T11:00:00Z"), at(NOON));
        stand.see(2, at("2026-02-01T11:00:00Z"), at(NOON));
        stand.complete(at(NOON), false);
        assert!(stand.has_seen(1, at("2026-03-02T11:00:00Z")));
        assert!(!stand.has_seen(1, at("2026-03-02T11:00:01Z")));
        assert!(!stand.has_seen(2, at("2026-02-01T11:00:00Z")), "beyond every look back");
        for id in 10..5_000 {
            stand.see(id, at(NOON) - i64::try_from(id).unwrap(), at(NOON));
        }
        stand.complete(at(NOON), false);
        assert!(stand.seen.len() <= MOST_SEEN && stand.seen.contains_key(&10));
    }

    #[test]
    fn pages_by_number_are_asked_for_from_the_last_minute_seen() {
        let mut walk = Walk::new(None);
        let row = |id: u64, time: &str| (id, Some(at(time)));
        let first = [row(1, "2026-01-01T00:00:10Z"), row(2, "2026-01-01T00:05:10Z"), row(3, "2026-01-01T00:05:40Z")];
        assert_eq!(walk.turn(&first, Next::After(3), noon()), Ok(false));
        assert_eq!((walk.floor, walk.offset), (Some(at("2026-01-01T00:05:00Z")), 0));
        // Many of one minute: only then numbers count.
        let same = [row(2, "2026-01-01T00:05:10Z"), row(3, "2026-01-01T00:05:40Z"), row(4, "2026-01-01T00:05:50Z")];
        assert_eq!(walk.turn(&same, Next::After(3), noon()), Ok(false));
        assert_eq!((walk.floor, walk.offset), (Some(at("2026-01-01T00:05:00Z")), 3));
        assert_eq!(walk.turn(&[row(5, "2026-01-01T00:07:00Z")], Next::Last, noon()), Ok(true));
        assert_eq!(walk.began, Some(at(NOON)));
    }

    #[test]
    fn a_walk_refuses_to_go_in_circles() {
        let rows = [(1, Some(at(NOON))), (2, Some(at(NOON)))];
        let mut walk = Walk::new(None);
        walk.turn(&rows, Next::Token("a".to_owned()), noon()).unwrap();
        assert!(walk.turn(&rows, Next::Token("a".to_owned()), noon()).is_err(), "the same token");
        let mut walk = Walk::new(None);
        let mut turns = (0..9).map(|n| walk.turn(&rows, Next::Token(n.to_string()), noon()));
        assert!(turns.any(|turn| turn.is_err()), "the same page under other tokens");
        let mut walk = Walk::new(None);
        let mut turns = (0..9).map(|_| walk.turn(&rows, Next::After(2), noon()));
        assert!(turns.any(|turn| turn.is_err()), "the same page whatever the number");
        assert!(Walk::new(None).turn(&[], Next::After(0), noon()).is_err());
        assert_eq!(Walk::new(None).turn(&[], Next::Last, noon()), Ok(true));
    }

    #[test]
    fn after_a_token_has_ended_the_walk_goes_on_where_it_was() {
        let mut walk = Walk::new(None);
        walk.turn(&[(1, Some(at("2026-01-01T00:00:10Z")))], Next::Token("a".to_owned()), noon()).unwrap();
        assert!(walk.forget_token());
        assert_eq!((walk.token.clone(), walk.floor), (None, Some(at("2026-01-01T00:00:00Z"))));
        assert!(!walk.forget_token(), "it was not the token");
        assert_eq!(walk.turn(&[(1, Some(at("2026-01-01T00:00:10Z")))], Next::Token("b".to_owned()), noon()), Ok(false));
    }
}
