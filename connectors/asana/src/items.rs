//! Reading an answer's items one by one: one that cannot be read costs itself, not the page.

use connector_kit::{ConnectorError, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::{Answer, malformed};

/// A list, as every list of Asana comes.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed<'a> {
    #[serde(borrow)]
    pub(crate) data: Vec<&'a RawValue>,
    #[serde(default)]
    next_page: Option<NextPage>,
}

#[derive(Debug, Deserialize)]
struct NextPage {
    offset: Option<String>,
}

impl Listed<'_> {
    /// The place at which the list goes on. `None`: it is over.
    pub(crate) fn next(&self) -> Option<String> {
        self.next_page.as_ref()?.offset.clone().filter(|offset| !offset.is_empty())
    }
}

#[derive(Deserialize)]
struct Single<T> {
    data: T,
}

/// Reads a list. `what` names it in errors.
pub(crate) fn list<'a>(answer: &'a Answer, what: &str) -> Result<Listed<'a>, ConnectorError> {
    one(text(answer, what)?).map_err(|because| malformed(format!("{what}: {because}")))
}

/// Reads a single thing. `what` names it in errors.
pub(crate) fn single<'a, T: Deserialize<'a>>(answer: &'a Answer, what: &str) -> Result<T, ConnectorError> {
    let read: Result<Single<T>, String> = one(text(answer, what)?);
    read.map(|single| single.data).map_err(|because| malformed(format!("{what}: {because}")))
}

fn text<'a>(answer: &'a Answer, what: &str) -> Result<&'a str, ConnectorError> {
    std::str::from_utf8(&answer.body).map_err(|_| malformed(format!("{what}: not text")))
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

/// Reads each of these; what cannot be read is named by its gid.
pub(crate) fn each<'a, T: Deserialize<'a>>(raws: &[&'a RawValue], unreadable: &mut Vec<Unreadable>) -> Vec<T> {
    let mut read = Vec::with_capacity(raws.len());
    for (at, raw) in raws.iter().enumerate() {
        match one(raw.get()) {
            Ok(item) => read.push(item),
            Err(because) => unreadable.push(Unreadable { what: name_of(raw, at), because }),
        }
    }
    read
}

/// What can still be made out: the gid, else its place on the page.
fn name_of(raw: &RawValue, at: usize) -> String {
    #[derive(Deserialize)]
    struct GidOnly {
        gid: String,
    }
    match serde_json::from_str::<GidOnly>(raw.get()) {
        Ok(one) => format!("gid {}", one.gid),
        Err(_) => format!("item {} of the page", at + 1),
    }
}
