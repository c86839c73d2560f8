//! Reading an answer's items one by one: one that cannot be read costs itself, not the page.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Unreadable};
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

/// Reads one item. On failure says which field, never what was in it.
pub(crate) fn one<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    if let Ok(read) = serde_json::from_str(text) {
        return Ok(read);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let Err(err) = serde_path_to_error::deserialize::<_, T>(&mut json) else {
        return Err("more than one value".to_owned());
    };
    let path = err.path().to_string();
    let cause = err.into_inner();
    let said = cause.to_string();
    Err(if said.starts_with("missing field") {
        said
    } else if cause.is_data() {
        format!("an unexpected value at {path}")
    } else {
        "no valid JSON".to_owned()
    })
}

/// Reads each of these; what cannot be read is named by its id.
pub(crate) fn each<'a, T: Deserialize<'a>>(
    raws: impl IntoIterator<Item = &'a RawValue>,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<T> {
    let mut read = Vec::new();
    for (at, raw) in raws.into_iter().enumerate() {
        match one(raw.get()) {
            Ok(item) => read.push(item),
            Err(because) => unreadable.push(Unreadable { what: name_of(raw, at), because }),
        }
    }
    read
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
