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

/// The text of `fixtures/<path>`, unpacked.
pub(crate) fn text(path: &str) -> Option<String> {
    let mut text = String::new();
    GzDecoder::new(open(&format!("fixtures/{path}"))?).read_to_string(&mut text).unwrap();
    Some(text)
}

/// Strings that break parsers and renderers; none where there are no fixtures.
pub(crate) fn naughty_strings() -> Vec<String> {
    let Some(file) = open("fixtures/adversarial/naughty-strings.json.gz") else { return Vec::new() };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Answers and hooks recorded at real sites, people and hosts replaced.
pub(crate) fn recorded() -> Option<Value> {
    let mut text = String::new();
    open("specs/jira-recorded.json")?.read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}
