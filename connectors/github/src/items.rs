//! A page's list, item by item: one that cannot be read costs itself, not the page.

use connector_kit::items::{self, one};
use connector_kit::{ConnectorError, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::TOOL;
use crate::wire::Stump;

/// What a list brought.
#[derive(Debug)]
pub(crate) struct Items<T> {
    pub(crate) read: Vec<T>,
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Reads a list. `what` names it in errors: `issues of acme/web`.
///
/// Fails only when the answer is no list at all. A page whose items are all well is read in one pass; only a page with a
/// bad item is taken apart first.
pub(crate) fn list<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<Items<T>, ConnectorError> {
    let text = std::str::from_utf8(body).map_err(|err| no_list(what, Box::new(err)))?;
    if let Ok(read) = serde_json::from_str::<Vec<T>>(text) {
        return Ok(Items { read, unreadable: Vec::new() });
    }
    let raws: Vec<&RawValue> = serde_json::from_str(text).map_err(|err| no_list(what, Box::new(err)))?;
    let mut unreadable = Vec::new();
    let read = items::each(raws, name_of, &mut unreadable);
    Ok(Items { read, unreadable })
}

/// Reads a single thing. `what` names it in errors.
pub(crate) fn single<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, ConnectorError> {
    let malformed =
        |because: String| ConnectorError::Malformed { tool: TOOL, what: format!("{what}: {because}"), source: None };
    let text = std::str::from_utf8(body).map_err(|_| malformed("not text".to_owned()))?;
    one(text).map_err(malformed)
}

fn no_list(what: &str, source: connector_kit::error::BoxError) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: format!("{what}: expected a list"), source: Some(source) }
}

/// What can still be made out: number, else id, else its place on the page.
fn name_of(raw: &RawValue, at: usize) -> String {
    let stump: Stump = serde_json::from_str(raw.get()).unwrap_or_default();
    match (stump.number, stump.id) {
        (Some(number), _) => format!("#{number}"),
        (None, Some(id)) => format!("id {id}"),
        (None, None) => format!("item {} of the page", at + 1),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::wire::Milestone;

    #[test]
    fn a_bad_item_is_named_without_its_content_and_the_rest_is_read() {
        let body = br#"[{"id":1,"number":1,"title":"a"},{"id":2,"number":7,"title":{"secret":1}},
            {"id":"x9","number":null},3,{"id":4,"number":4,"title":"b"}]"#;
        let items = list::<Milestone<'_>>(body, "milestones").unwrap();
        assert_eq!(items.read.iter().map(|m| m.id).collect::<Vec<_>>(), [1, 4]);
        let named: Vec<_> = items.unreadable.iter().map(|u| (u.what.as_str(), u.because.as_str())).collect();
        assert_eq!(
            named,
            [
                ("#7", "an unexpected value at title"),
                ("item 3 of the page", "an unexpected value at id"),
                ("item 4 of the page", "an unexpected value at .")
            ]
        );
    }

    #[test]
    fn an_answer_that_is_no_list_fails_as_a_whole() {
        for body in [&br#"{"message":"hello"}"#[..], b"<html>", b"", b"\xff", b"[{\"id\":1,"] {
            let err = list::<Milestone<'_>>(body, "milestones of acme/web").unwrap_err();
            assert!(matches!(err, ConnectorError::Malformed { .. }), "{err}");
        }
    }

    #[test]
    fn a_half_surrogate_spoils_its_item_alone() {
        let body = br#"[{"id":1,"number":1,"title":"\ud800"},{"id":2,"number":2,"title":"b"}]"#;
        let items = list::<Milestone<'_>>(body, "milestones").unwrap();
        assert_eq!((items.read.len(), items.unreadable[0].what.as_str()), (1, "#1"));
    }
}
