//! Recorded answers for tests. They are no part of the product; where they are absent, the tests that read them are skipped.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde_json::Value;

fn open(path: &str) -> Option<std::fs::File> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let file = std::fs::File::open(root.join(path)).ok();
    if file.is_none() {
        eprintln!("skipped: no fixtures");
    }
    file
}

/// A file of packed JSON: a whole board as its owner exported it, or the naughty strings.
pub(crate) fn packed(path: &str) -> Option<Value> {
    let mut text = String::new();
    GzDecoder::new(open(&format!("fixtures/{path}"))?).read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Answers and hooks recorded at Trello, people replaced.
pub(crate) fn recorded() -> Option<Value> {
    let mut text = String::new();
    open("specs/trello-recorded.json")?.read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Strings that break parsers and renderers; none where there are no fixtures.
pub(crate) fn naughty_strings() -> Vec<String> {
    packed("adversarial/naughty-strings.json.gz").map(|all| serde_json::from_value(all).unwrap()).unwrap_or_default()
}
