//! Reading an answer's items one by one: one that cannot be read costs itself, not the page.

use connector_kit::http::Response;
pub(crate) use connector_kit::items::one;
use connector_kit::{ConnectorError, Unreadable, items};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::TOOL;

/// Reads a single thing. `what` names it in errors. A page for people, or no answer at all, is told as such.
pub(crate) fn single<'a, T: Deserialize<'a>>(response: &'a Response, what: &str) -> Result<T, ConnectorError> {
    let malformed =
        |because: String| ConnectorError::Malformed { tool: TOOL, what: format!("{what}: {because}"), source: None };
    let text = std::str::from_utf8(&response.body).map_err(|_| malformed("not text".to_owned()))?;
    match text.trim_start().chars().next() {
        None => return Err(malformed("an empty answer".to_owned())),
        Some('<') => return Err(malformed("a page for people instead of data".to_owned())),
        Some(_) => {}
    }
    one(text).map_err(malformed)
}

/// Reads each of these; what cannot be read is named by its id.
pub(crate) fn each<'a, T: Deserialize<'a>>(
    raws: impl IntoIterator<Item = &'a RawValue>,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<T> {
    items::each(raws, name_of, unreadable)
}

/// What can still be made out: its id, else its place on the page.
pub(crate) fn name_of(raw: &RawValue, at: usize) -> String {
    #[derive(Deserialize)]
    struct IdOnly {
        id: String,
    }
    match serde_json::from_str::<IdOnly>(raw.get()) {
        Ok(one) => format!("id {}", one.id.chars().take(40).collect::<String>()),
        Err(_) => format!("item {} of the page", at + 1),
    }
}
