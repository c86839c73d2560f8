//! Where a read stands: from when the next pass asks. Pure: it is fed with what a page showed and says what to ask next.
//!
//! [`Walk`] follows the list's own `next` from page to page. [`Feed`] reads a list that is sorted by `updated`, oldest
//! first, and asks anew from the last items seen instead of by page number: an item that is changed meanwhile moves to the
//! end and shifts nothing, a pass that was interrupted for days goes on where it was, and no page number ever gets large.
//! Only where a page full of items was changed within one second are the pages of that second walked. Where more items
//! than a page holds were changed shortly before the list came to rest, it is first looked at from its newest end: there
//! an addition shows whatever stands behind it, so that the entity tag of that one page tells whether anything is new.
//!
//! Both refuse a list that goes in circles.

use connector_kit::Cursor;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::walk::{Next, PAGE, Walk, earlier, is_default, is_zero, read, write};

/// A pass starts this long before the last change known, because lists lag behind: a list may show one change before an
/// earlier one. Ten minutes and one: what is missed here and was closed meanwhile would not be met again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(11);

/// GitHub counts in seconds, and does not say whether `since` includes its own.
const ONE_SECOND: SignedDuration = SignedDuration::from_secs(1);

/// How many of a page's last items tell how far it reaches, by the earliest of them: an item changed just now may still
/// stand at its old place in the list, with its new time.
const LAST_FEW: usize = 3;

/// An issue whose surroundings are still to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Its number.
    pub(crate) number: u64,
    /// Its id.
    pub(crate) id: u64,
    /// Its global id; empty where the answer had none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) node: String,
    /// False: it waits for nothing, but its parent's count may have changed with it, which GraphQL alone tells along.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(crate) is_blocked: bool,
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

/// An item of a page: its id, and when it was last changed.
pub(crate) type Row = (u64, Timestamp);

/// What a page says beside its rows.
#[derive(Debug, Default)]
pub(crate) struct Told<'a> {
    /// Its `next` link.
    pub(crate) next: Option<Next>,
    /// Its entity tag.
    pub(crate) etag: Option<&'a str>,
    /// How many items it had, those that could not be read included; 0: as many as rows.
    pub(crate) items: usize,
    /// When the server says it is. No row later than that is believed: it would move the feed into the future.
    pub(crate) date: Option<Timestamp>,
}

/// Where a list sorted by `updated` stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Feed {
    /// The next request asks from here. `None`: from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// The pages within one second; at rest otherwise.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) walk: Walk,
    /// `since` of this pass's first request.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Timestamp>,
    /// Pages read in this pass; 0 between two passes.
    #[serde(skip_serializing_if = "is_zero")]
    pages: u32,
    /// The last change seen in this pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
    /// The last change seen in the pass before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Timestamp>,
    /// Entity tag for the first request of the next pass, kept here while something else is asked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// Asked for before the next page: many at once by GraphQL, else one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) waiting: Vec<Waiting>,
    /// Rows of the page before that the next page shows again, because it asks from the last of them on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    again: Vec<Row>,
    /// What the next pass asks from on fills a page: it begins with a glance at the newest.
    #[serde(skip_serializing_if = "is_default")]
    crowded: bool,
    /// The last pass ended after the second of the last change was over: all of that second is known.
    #[serde(skip_serializing_if = "is_default")]
    whole: bool,
    /// When the last pass ended that read everything from `since` on, by the tool's clock: no glance was among it.
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_at: Option<Timestamp>,
    /// Such a pass came after lists had had the time to catch up with the last change.
    #[serde(skip_serializing_if = "is_default")]
    caught_up: bool,
    /// The glance this pass began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    glance: Option<Glance>,
    /// This pass goes on with the next poll, not at once.
    #[serde(skip)]
    rests_meanwhile: bool,
}

/// The newest items of a list, with more behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Glance {
    /// Its entity tag.
    etag: Option<String>,
    /// When it was made, by the tool's clock.
    date: Option<Timestamp>,
    /// The earliest change on it: what was changed later had been read with it.
    down_to: Timestamp,
}

impl Feed {
    /// True for a row that this pass has shown already.
    pub(crate) fn was_shown(&self, row: Row) -> bool {
        self.again.contains(&row)
    }

    /// Reads a cursor. One that cannot be read starts from the beginning: everything read twice is the same twice.
    pub(crate) fn from_cursor(cursor: &Cursor) -> Feed {
        let mut feed: Feed = read(cursor);
        feed.etag = cursor.etag.clone().or(feed.etag);
        feed
    }

    /// The inverse of [`Feed::from_cursor`]. The first complete pass is over once nothing is left to be asked.
    pub(crate) fn into_cursor(mut self, backfilled: bool) -> Cursor {
        let done = !self.has_more();
        let etag = if done { self.etag.take() } else { None };
        Cursor { at: write(&self), etag, backfilled: backfilled || done }
    }

    /// The tool refuses the position at which this pass stands: with the next poll it goes on from the instant it has
    /// reached. False: it stands at none.
    pub(crate) fn forget_position(&mut self) -> bool {
        self.rests_meanwhile = std::mem::take(&mut self.walk) != Walk::default();
        self.rests_meanwhile
    }

    /// Whether the next page is to be asked for at once.
    pub(crate) fn goes_on_at_once(&self) -> bool {
        self.has_more() && !self.rests_meanwhile
    }

    /// Whether this pass goes on.
    pub(crate) fn has_more(&self) -> bool {
        self.pages > 0 || !self.waiting.is_empty()
    }

    /// The entity tag to send with the next page's request.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.etag.as_deref().filter(|_| self.pages == 0)
    }

    /// Whether the next request looks at the newest first.
    pub(crate) fn begins_with_a_glance(&self) -> bool {
        self.pages == 0 && self.crowded && self.since.is_some()
    }

    /// Nothing has changed, says the tool at `date`. True: rest. False: the whole stretch is to be read once more, for what
    /// the list was late with.
    pub(crate) fn rests(&mut self, date: Option<Timestamp>) -> bool {
        if !self.is_late(date) {
            return true;
        }
        self.base = self.since;
        self.pages = 1;
        self.etag = None;
        false
    }

    /// True once lists have had the time to catch up with a crowded stretch of which glances show only a part.
    fn is_late(&self, date: Option<Timestamp>) -> bool {
        let Some((date, complete_at)) = date.zip(self.complete_at) else { return false };
        self.crowded && !self.caught_up && self.pages == 0 && earlier(date, OVERLAP) >= complete_at
    }

    /// Takes a page. Fails, with the reason, where going on would never end.
    pub(crate) fn turn(&mut self, rows: &[Row], told: Told<'_>) -> Result<(), &'static str> {
        let glances = self.begins_with_a_glance();
        let is_late = self.is_late(told.date);
        if self.pages == 0 {
            self.base = self.since;
        }
        self.pages += 1;
        self.etag = None;
        let believed = rows.iter().map(|(_, at)| told.date.map_or(*at, |date| (*at).min(date)));
        self.seen = self.seen.max(believed.max());
        match &told.next {
            Some(_) if glances && is_late => Ok(()),
            Some(_) if glances => {
                self.glance_at(rows, &told);
                Ok(())
            }
            Some(next) if !self.is_read_to_the_glance(rows) => self.go_on(rows, next.clone()),
            _ => {
                self.finish(rows, &told, glances);
                Ok(())
            }
        }
    }

    /// The newest of more than a page holds. Where they reach down to what is known, that was all; else what lies between
    /// is read from its oldest on.
    fn glance_at(&mut self, rows: &[Row], told: &Told<'_>) {
        let Some(down_to) = rows.iter().map(|(_, at)| *at).min() else { return };
        self.glance = Some(Glance { etag: told.etag.map(str::to_owned), date: told.date, down_to });
        let is_known = |before| down_to < before || (self.whole && down_to == before);
        if self.before.is_some_and(is_known) {
            return self.finish(rows, told, true);
        }
        // What was changed within the last known second may not all be known.
        self.since = self.before.map(|before| earlier(before, ONE_SECOND)).max(self.since);
    }

    /// True once a page has reached what the glance had shown.
    fn is_read_to_the_glance(&self, rows: &[Row]) -> bool {
        let last = rows.iter().map(|(_, at)| *at).max();
        self.glance.as_ref().is_some_and(|glance| last > Some(glance.down_to))
    }

    /// Asks from the last items on; where that is no later than before, by the list's own `next`.
    fn go_on(&mut self, rows: &[Row], next: Next) -> Result<(), &'static str> {
        if !rows.is_empty() && rows.iter().all(|(_, at)| Some(*at) < self.since) {
            return Err("items came that were changed before the instant asked from");
        }
        let few = &rows[rows.len().saturating_sub(LAST_FEW)..];
        let reached = few.iter().map(|(_, at)| earlier(*at, ONE_SECOND)).min();
        if reached > self.since {
            self.since = reached;
            self.again = rows.iter().filter(|(_, at)| Some(*at) >= reached).copied().collect();
            self.walk = Walk::default();
            return Ok(());
        }
        self.walk.turn(rows.iter().map(|(id, _)| *id), Some(next)).map(|_| ())
    }

    /// The pass is over: the next one starts a little before the last change, and never before this one did. After a glance
    /// it starts where this one did: what the list is late with may stand behind what was looked at.
    ///
    /// An entity tag is of use only for the same request again, and only where an addition must show in it: on a page that
    /// is the whole list with room for more, or on a glance at the newest.
    fn finish(&mut self, rows: &[Row], told: &Told<'_>, glanced: bool) {
        let glance = self.glance.take();
        let is_complete = !glanced && glance.is_none();
        let moved = self.seen.map(|seen| earlier(seen, OVERLAP)).max(self.base);
        let since = if is_complete { moved } else { self.base };
        let is_same = since == self.base;
        let is_new = self.seen > self.before;
        let before = self.seen.max(self.before);
        let unread = told.items.saturating_sub(rows.len());
        let asked_again = rows.iter().filter(|(_, at)| Some(*at) >= since).count() + unread;
        // After several pages only a second reading that brings nothing new is believed to have been all.
        let crowded = (asked_again >= PAGE && (glanced || self.pages == 1))
            || glance.as_ref().is_some_and(|glance| is_same || Some(glance.down_to) >= since)
            || (is_same && !is_new && self.pages > 1);
        let of_list =
            told.etag.filter(|_| if glanced { crowded } else { self.pages == 1 && rows.len() + unread < PAGE });
        let etag = glance.as_ref().map_or(of_list, |glance| glance.etag.as_deref().filter(|_| crowded));
        let etag = etag.filter(|_| is_same).map(str::to_owned);
        let is_past = |date: Option<Timestamp>, length: SignedDuration| {
            date.zip(before).is_some_and(|(date, before)| earlier(date, length) >= before)
        };
        let complete_at = if is_complete { told.date } else { self.complete_at };
        let caught_up = if is_complete { is_past(told.date, OVERLAP) } else { !is_new && self.caught_up };
        let whole = is_past(glance.map_or(told.date, |glance| glance.date), ONE_SECOND.saturating_mul(2));
        let waiting = std::mem::take(&mut self.waiting);
        *self = Feed { since, before, etag, waiting, crowded, whole, complete_at, caught_up, ..Feed::default() };
    }
}

#[cfg(test)]
mod tests;
