//! A list of events, newest first, read down to the newest event of the pass before. Pure, like [`crate::feed`].

use connector_kit::Cursor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::feed::{Row, Told};
use crate::walk::{Walk, is_zero, read, write};

/// Where a list of events, newest first, stands. It is read down to the newest event of the pass before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Backward {
    pub(crate) walk: Walk,
    /// Id of the newest event of the last complete pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<u64>,
    /// Id of the newest event of this pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<u64>,
    /// The earliest event of this pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest: Option<Timestamp>,
    /// Pages read in this pass; 0 between two passes.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) pages: u32,
    /// Entity tag of this pass's first page: whatever is added shows there.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

impl Backward {
    /// Reads a cursor; one that cannot be read starts from the beginning.
    pub(crate) fn from_cursor(cursor: &Cursor) -> Backward {
        read(cursor)
    }

    /// The inverse of [`Backward::from_cursor`].
    pub(crate) fn into_cursor(mut self, backfilled: bool) -> Cursor {
        let done = self.pages == 0;
        let etag = if done { self.etag.take() } else { None };
        Cursor { at: write(&self), etag, backfilled: backfilled || done }
    }

    /// Takes a page. Fails, with the reason, where going on would never end.
    pub(crate) fn turn(&mut self, rows: &[Row], told: Told<'_>) -> Result<(), &'static str> {
        if self.pages == 0 {
            self.etag = told.etag.map(str::to_owned);
        }
        self.pages += 1;
        self.top = self.top.max(rows.iter().map(|(id, _)| *id).max());
        self.oldest = rows.iter().map(|(_, at)| *at).chain(self.oldest).min();
        let met = self.known.is_some_and(|known| rows.iter().any(|(id, _)| *id <= known));
        if self.walk.turn(rows.iter().map(|(id, _)| *id), told.next.filter(|_| !met))? {
            self.finish();
        }
        Ok(())
    }

    /// The pass is over: all there was, or all that the tool still shows.
    pub(crate) fn finish(&mut self) {
        let known = self.known.max(self.top);
        *self = Backward { known, etag: self.etag.take(), ..Backward::default() };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    use crate::walk::Next;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + secs).unwrap()
    }

    fn rows(times: impl IntoIterator<Item = i64>) -> Vec<Row> {
        times.into_iter().map(|secs| (secs.unsigned_abs(), at(secs))).collect()
    }

    fn page(n: u32) -> Next {
        vec![("page".to_owned(), n.to_string())]
    }

    #[test]
    fn events_are_read_down_to_the_newest_known_one() {
        let mut back = Backward::default();
        back.turn(&rows([9, 8]), Told { next: Some(page(2)), etag: Some("first"), ..Told::default() }).unwrap();
        assert_eq!(back.clone().into_cursor(false).etag, None);
        back.turn(&rows([7, 6]), Told { etag: Some("second"), ..Told::default() }).unwrap();
        let cursor = back.into_cursor(false);
        assert_eq!((cursor.etag.as_deref(), cursor.backfilled), (Some("first"), true));

        let mut back = Backward::from_cursor(&cursor);
        back.turn(&rows([12, 11]), Told { next: Some(page(2)), ..Told::default() }).unwrap();
        assert_eq!(back.pages, 1);
        back.turn(&rows([10, 9]), Told { next: Some(page(3)), ..Told::default() }).unwrap();
        assert_eq!((back.pages, back.known), (0, Some(12)));
    }
}
