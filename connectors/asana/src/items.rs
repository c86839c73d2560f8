//! Reading an answer's items one by one: one that cannot be read costs itself, not the page.

pub(crate) use connector_kit::items::one;
use connector_kit::{ConnectorError, Unreadable, items};
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

/// Reads each of these; what cannot be read is named by its gid.
pub(crate) fn each<'a, T: Deserialize<'a>>(raws: &[&'a RawValue], unreadable: &mut Vec<Unreadable>) -> Vec<T> {
    items::each(raws.iter().copied(), name_of, unreadable)
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
