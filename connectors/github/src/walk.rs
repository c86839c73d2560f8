//! A list walked page by page, and how a place in it is kept in a cursor. Pure, like [`crate::feed`], which stands on it.

use connector_kit::Cursor;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The largest page GitHub gives.
pub(crate) const PAGE: usize = 100;

/// Pages walked by `next` in one go: two million items.
const MOST_PAGES: u32 = 20_000;

/// What a `next` link adds to the query; nothing else is taken out of it.
pub(crate) type Next = Vec<(String, String)>;

/// Takes `page` and `after` out of the query of a `next` link. `None`: there is no further page.
pub(crate) fn next_of(link: Option<Vec<(String, String)>>) -> Option<Next> {
    Some(link?.into_iter().filter(|(name, _)| matches!(name.as_str(), "page" | "after")).collect())
}

/// A list walked page by page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Walk {
    /// What `next` said; empty for the first page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) next: Next,
    #[serde(skip_serializing_if = "is_zero")]
    pages: u32,
    /// Fingerprint of the ids on the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u64>,
    /// The page before was the same as the one before it.
    #[serde(skip_serializing_if = "is_default")]
    repeated: bool,
}

impl Walk {
    /// At the beginning.
    pub(crate) fn is_at_rest(&self) -> bool {
        *self == Walk::default()
    }

    /// Takes a page's ids and its `next`. True: that was the last page, and the walk stands at the beginning again.
    ///
    /// Fails, with the reason, where going on would never end.
    pub(crate) fn turn(&mut self, ids: impl Iterator<Item = u64>, next: Option<Next>) -> Result<bool, &'static str> {
        let Some(next) = next else {
            *self = Walk::default();
            return Ok(true);
        };
        let print = fingerprint(ids).ok_or("an empty page names a further one")?;
        // Once it may: as many items as fill a page may have come in at the front.
        let repeated = self.last == Some(print);
        if repeated && self.repeated {
            return Err("the same page comes again and again");
        }
        if next.is_empty() {
            return Err("a further page is named, but neither by number nor by cursor");
        }
        if next == self.next || !is_later(&self.next, &next) {
            return Err("the further page named is not a later one");
        }
        *self = Walk { next, pages: self.pages + 1, last: Some(print), repeated };
        if self.pages > MOST_PAGES { Err("the pages do not end") } else { Ok(false) }
    }
}

/// Page numbers rise; cursors cannot be compared.
fn is_later(from: &Next, to: &Next) -> bool {
    let page = |next: &Next| next.iter().find(|(name, _)| name == "page")?.1.parse::<u64>().ok();
    let asked = if from.is_empty() { Some(1) } else { page(from) };
    !matches!((asked, page(to)), (Some(asked), Some(named)) if named <= asked)
}

/// FNV-1a over the ids, in their order. `None`: there are none.
fn fingerprint(ids: impl Iterator<Item = u64>) -> Option<u64> {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    ids.fold(None, |hash, id| Some((hash.unwrap_or(start) ^ id).wrapping_mul(0x0100_0000_01b3)))
}

/// Reads a cursor's text; anything else than what [`write()`] made is the beginning.
pub(crate) fn read<T: Default + for<'a> Deserialize<'a>>(cursor: &Cursor) -> T {
    cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// A position as a cursor's text; the beginning is `None`.
pub(crate) fn write<T: Default + PartialEq + Serialize>(position: &T) -> Option<String> {
    if *position == T::default() {
        return None;
    }
    Some(serde_json::to_string(position).expect("a position holds nothing that JSON cannot"))
}

/// `at - by`, held within what a timestamp can hold.
pub(crate) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

pub(crate) fn is_zero(n: &u32) -> bool {
    *n == 0
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn page(n: u32) -> Next {
        vec![("page".to_owned(), n.to_string())]
    }

    #[test]
    fn of_a_next_link_only_the_position_is_taken() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let link = vec![pair("since", "x"), pair("page", "2"), pair("token", "t"), pair("after", "Y3Vyc29y")];
        assert_eq!(next_of(Some(link)), Some(vec![pair("page", "2"), pair("after", "Y3Vyc29y")]));
        assert_eq!(next_of(None), None);
    }

    #[test]
    fn a_walk_ends_with_the_last_page_and_refuses_to_go_in_circles() {
        let mut walk = Walk::default();
        assert_eq!(walk.turn([1, 2].into_iter(), Some(page(2))), Ok(false));
        assert_eq!(walk.turn([3].into_iter(), None), Ok(true));
        assert_eq!(walk, Walk::default());

        let after_two = || {
            let mut walk = Walk::default();
            walk.turn([1, 2].into_iter(), Some(page(2))).unwrap();
            walk
        };
        assert!(after_two().turn([3].into_iter(), Some(page(2))).is_err(), "points to itself");
        assert!(after_two().turn([3].into_iter(), Some(page(1))).is_err(), "points back");
        let mut walk = after_two();
        assert_eq!(walk.turn([1, 2].into_iter(), Some(page(3))), Ok(false));
        assert!(walk.turn([1, 2].into_iter(), Some(page(4))).is_err(), "brings nothing new");
        assert!(after_two().turn([].into_iter(), Some(page(3))).is_err(), "empty, yet goes on");
        assert!(after_two().turn([3].into_iter(), Some(vec![])).is_err(), "names no position");
        assert!(Walk::default().turn([1].into_iter(), Some(page(1))).is_err(), "first page names itself");
        let cursor = vec![("after".to_owned(), "abc".to_owned())];
        assert_eq!(after_two().turn([3].into_iter(), Some(cursor.clone())), Ok(false));
        let mut walk = after_two();
        walk.turn([3].into_iter(), Some(cursor.clone())).unwrap();
        assert!(walk.turn([4].into_iter(), Some(cursor)).is_err(), "the cursor repeats");
    }
}
