//! Where the reading of a board's cards stands, as its cursor keeps it. Pure.
//!
//! A pass is made of two walks: over all cards, newest first, then over the actions since the last pass, likewise. A list is
//! continued before the last id seen, never by number: what is made or goes away meanwhile shifts nothing.

use connector_kit::Cursor;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often all cards are read, archived ones too, whether they seem to have changed or not.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(6);

/// How far back actions are asked for with each poll, before the newest one seen.
const NARROW: SignedDuration = SignedDuration::from_mins(2);

/// The same once in [`WIDE_EVERY`]: an action may come into the list late.
const WIDE: SignedDuration = SignedDuration::from_hours(6);

/// How often that is.
const WIDE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A card so much older than the first action shows that the beginning is not told.
const CUT: SignedDuration = SignedDuration::from_hours(24);

/// Where a board's cards stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stand {
    /// Version of this text; another one is the beginning.
    v: u8,
    /// Counts the pages, so that no two cursors are the same.
    pub(crate) page: u64,
    /// The newest action seen, by Trello's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<Timestamp>,
    /// When all cards were read last, by our clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<Timestamp>,
    /// When actions were asked for far back last, by our clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wide: Option<Timestamp>,
    /// The pass that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<Walk>,
}

/// A pass over all cards, and then over the actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walk {
    /// What is being read.
    pub(crate) at: At,
    /// When it began, by our clock.
    pub(crate) began: Timestamp,
    /// Actions made after this. `None`: all there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// The newest action seen, or when the actions were first asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<Timestamp>,
    /// When the oldest card was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_card: Option<Timestamp>,
    /// The oldest action that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_action: Option<Timestamp>,
    /// So many pages.
    pub(crate) pages: u32,
}

impl Walk {
    /// Since when the history is whole. Of a board that has cards from long before its first action some were not told.
    pub(crate) fn whole_since(&self) -> Timestamp {
        match (self.first_card, self.first_action) {
            (Some(card), Some(action)) if action.duration_since(card) > CUT => action,
            _ => Timestamp::UNIX_EPOCH,
        }
    }
}

/// A place in one of the two lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum At {
    /// Cards made before this one. `None`: from the newest.
    Cards(Option<String>),
    /// Actions made before this one.
    Actions(Option<String>),
}

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

    /// Whether all cards are due to be read again.
    pub(crate) fn is_whole_due(&self, now: Timestamp) -> bool {
        is_due(self.whole, WHOLE_EVERY, now)
    }

    /// Since when actions are asked for, and whether that is far back. `None`: since ever.
    pub(crate) fn since(&self, now: Timestamp) -> (Option<Timestamp>, bool) {
        let is_wide = is_due(self.wide, WIDE_EVERY, now);
        let back = if is_wide { WIDE } else { NARROW };
        (self.newest.map(|newest| newest.saturating_sub(back).unwrap_or(Timestamp::MIN)), is_wide)
    }

    /// A pass over everything begins.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        let since = self.since(now).0.map(|since| since.saturating_sub(WIDE).unwrap_or(since));
        let (newest, first_card, first_action) = (None, None, None);
        self.walk = Some(Walk { at: At::Cards(None), began: now, since, newest, first_card, first_action, pages: 0 });
    }

    /// It is over.
    pub(crate) fn complete(&mut self, walk: &Walk) {
        self.newest = self.newest.max(walk.newest);
        (self.whole, self.wide) = (Some(walk.began), Some(walk.began));
        self.walk = None;
    }
}

/// A clock that ran back makes it due.
fn is_due(last: Option<Timestamp>, every: SignedDuration, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last).abs() >= every)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn actions_are_asked_for_from_a_little_before_the_newest_one_and_now_and_then_from_far_before() {
        let noon = at("2026-03-02T12:00:00Z");
        let mut stand = Stand::from_cursor(&Cursor::default());
        assert_eq!(stand.since(noon), (None, true));
        stand.begin(noon);
        let mut walk = stand.walk.take().unwrap();
        walk.newest = Some(at("2026-03-02T11:00:00Z"));
        stand.complete(&walk);
        let stand = Stand::from_cursor(&stand.to_cursor(true));
        assert_eq!(stand.since(at("2026-03-02T12:05:00Z")), (Some(at("2026-03-02T10:58:00Z")), false));
        assert_eq!(stand.since(at("2026-03-02T13:00:00Z")), (Some(at("2026-03-02T05:00:00Z")), true));
        assert!(!stand.is_whole_due(at("2026-03-02T17:59:00Z")) && stand.is_whole_due(at("2026-03-02T18:00:00Z")));
        assert!(stand.is_whole_due(at("2026-03-01T12:00:00Z")), "a clock that was ahead");
    }

    #[test]
    fn a_history_that_begins_long_after_the_oldest_card_is_known_from_there_on() {
        let mut stand = Stand::from_cursor(&Cursor::default());
        stand.begin(at("2026-03-02T12:00:00Z"));
        let walk = stand.walk.take().unwrap();
        let since = |card: Option<&str>, action: Option<&str>| {
            Walk { first_card: card.map(at), first_action: action.map(at), ..walk.clone() }.whole_since()
        };
        let (old, first) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(since(Some(old), Some(first)), at(first));
        assert_eq!(since(Some(first), Some(first)), Timestamp::UNIX_EPOCH);
        assert_eq!((since(Some(old), None), since(None, Some(first))), (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_foreign_cursor_is_the_beginning() {
        for text in ["", "7", "{}", r#"{"v":9,"page":3}"#] {
            let cursor = Cursor { at: Some(text.to_owned()), etag: None, backfilled: true };
            assert_eq!(Stand::from_cursor(&cursor), Stand { v: 1, ..Stand::default() }, "{text}");
        }
    }
}
