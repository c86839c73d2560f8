//! Where the reading of one project stands: the cursor's text. Pure.

use connector_kit::Cursor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long the order in which Asana shows changes may lag behind, and clocks may differ: looked back so far each time.
pub(crate) const OVERLAP: i64 = 10 * 60 * 1_000;

/// How often the list of what was modified is asked for, for events that got lost.
pub(crate) const LOOK_EVERY: i64 = 60 * 60 * 1_000;

/// How often all that is open is read: the move to another section may modify nothing.
pub(crate) const SWEEP_EVERY: i64 = 6 * 60 * 60 * 1_000;

/// Where the reading of one project stands; instants in milliseconds, by Asana's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stand {
    /// The place in the project's events. `None`: none was given yet, or it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sync: Option<String>,
    /// Events are not for this credential: lists are asked for in their place.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deaf: bool,
    /// All that is open was last read on a plan that did not tell all of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) lean: bool,
    /// When the last complete reading of all that is open began. `None`: there was none.
    pub(crate) swept: Option<i64>,
    /// When the last reading of what was modified began.
    pub(crate) looked: Option<i64>,
    /// The list that is being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<Walk>,
    /// Tasks that events told of, to be read yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pending: Vec<Heard>,
    /// Tasks of which something could not be had, to be read again when events are asked for the next time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) late: Vec<Heard>,
}

/// A task that an event told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) gid: String,
    /// It came into the project: its subtasks may never have been read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) came: bool,
}

/// A list that is being read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) of: List,
    /// When it was begun.
    pub(crate) began: i64,
    /// What was modified since is told with its stories. `None`: everything of which the stories count.
    pub(crate) since: Option<i64>,
    /// Where it goes on.
    pub(crate) offset: Option<String>,
    /// Some of it was read on a plan that did not tell all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) lean: bool,
}

/// Which list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum List {
    /// Every task.
    #[default]
    All,
    /// What is open, or was finished since.
    Open,
    /// What was modified since.
    Modified,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Read on in this list, or begin it.
    Walk(Walk),
    /// Read the tasks that events told of.
    Read,
    /// Ask for events.
    Listen,
}

impl Stand {
    /// One that cannot be understood is begun anew.
    pub(crate) fn from_cursor(cursor: &Cursor) -> Stand {
        cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub(crate) fn to_cursor(&self, backfilled: bool) -> Cursor {
        let at = serde_json::to_string(self).expect("words and numbers are always JSON");
        Cursor { at: Some(at), etag: None, backfilled }
    }

    /// What is to be done at this instant.
    pub(crate) fn next(&self, now: i64) -> Next {
        if let Some(walk) = &self.walk {
            return Next::Walk(walk.clone());
        }
        let Some(swept) = self.swept else {
            return Next::Walk(Walk { began: now, ..Walk::default() });
        };
        if !self.pending.is_empty() {
            return Next::Read;
        }
        // A clock that ran back makes due what was done in its future.
        let is_due = |at: i64, every: i64| now - at >= every || at - now > OVERLAP;
        let looked = self.looked.unwrap_or(swept).max(swept);
        if is_due(swept, SWEEP_EVERY) {
            Next::Walk(self.sweep(now))
        } else if self.deaf || is_due(looked, LOOK_EVERY) {
            let since = Some(looked.min(now) - OVERLAP);
            Next::Walk(Walk { of: List::Modified, began: now, since, ..Walk::default() })
        } else {
            Next::Listen
        }
    }

    /// A reading of all that is open, and of what was finished since the last one.
    pub(crate) fn sweep(&self, now: i64) -> Walk {
        match self.swept {
            Some(swept) => {
                let since = Some(swept.min(now) - OVERLAP);
                Walk { of: List::Open, began: now, since, ..Walk::default() }
            }
            None => Walk { began: now, ..Walk::default() },
        }
    }

    /// A list was read to its end.
    pub(crate) fn complete(&mut self, walk: &Walk) {
        self.walk = None;
        match walk.of {
            List::All | List::Open => {
                self.swept = Some(walk.began);
                self.looked = Some(walk.began);
                self.lean = walk.lean;
            }
            List::Modified => self.looked = Some(walk.began),
        }
    }

    /// Notes what events told of, each once.
    pub(crate) fn hear(&mut self, gid: String, came: bool) {
        match self.pending.iter_mut().find(|one| one.gid == gid) {
            Some(known) => known.came |= came,
            None => self.pending.push(Heard { gid, came }),
        }
    }
}

/// An instant in milliseconds.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1_000;

    fn rested() -> Stand {
        Stand { sync: Some("s".to_owned()), swept: Some(0), looked: Some(0), ..Stand::default() }
    }

    #[test]
    fn everything_is_read_first_and_then_events_are_listened_to() {
        let mut stand = Stand::default();
        let Next::Walk(walk) = stand.next(5) else { panic!("a walk") };
        assert_eq!((walk.of, walk.since, walk.began), (List::All, None, 5));
        stand.complete(&walk);
        assert_eq!(stand.next(6), Next::Listen);
    }

    #[test]
    fn lost_events_are_made_good_hourly_and_all_that_is_open_is_read_every_six_hours() {
        let stand = rested();
        assert_eq!(stand.next(HOUR - 1), Next::Listen);
        let of = |stand: &Stand, now| match stand.next(now) {
            Next::Walk(walk) => Some((walk.of, walk.since)),
            _ => None,
        };
        assert_eq!(of(&stand, HOUR), Some((List::Modified, Some(-OVERLAP))));
        assert_eq!(of(&stand, 6 * HOUR), Some((List::Open, Some(-OVERLAP))));
        let deaf = Stand { deaf: true, ..rested() };
        assert_eq!(of(&deaf, 1), Some((List::Modified, Some(-OVERLAP))), "without events lists are asked for");
        let ahead = Stand { swept: Some(9 * HOUR), looked: Some(9 * HOUR), ..rested() };
        assert!(of(&ahead, HOUR).is_some(), "a clock that ran back");
    }

    #[test]
    fn what_was_heard_is_read_before_anything_else_is_asked() {
        let mut stand = rested();
        stand.hear("1".to_owned(), false);
        stand.hear("1".to_owned(), true);
        assert_eq!(stand.pending, [Heard { gid: "1".to_owned(), came: true }]);
        assert_eq!(stand.next(7 * HOUR), Next::Read);
    }

    #[test]
    fn a_stand_comes_back_from_its_cursor_and_an_unknown_one_begins_anew() {
        let mut stand = rested();
        stand.hear("12".to_owned(), true);
        stand.walk =
            Some(Walk { of: List::Open, began: 4, since: Some(1), offset: Some("eyJ".to_owned()), ..Walk::default() });
        assert_eq!(Stand::from_cursor(&stand.to_cursor(true)), stand);
        let odd = Cursor { at: Some("page 7".to_owned()), ..Cursor::default() };
        assert_eq!(Stand::from_cursor(&odd), Stand::default());
    }
}
