//! Recorded answers for tests. They are no part of the product; where they are absent, the tests that read them are skipped.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

/// The text of `fixtures/<path>`, unpacked. `None`, with a word on stderr: there are no fixtures here.
pub(crate) fn text(path: &str) -> Option<String> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let Ok(file) = std::fs::File::open(root.join("fixtures").join(path)) else {
        eprintln!("skipped: no fixtures");
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

/// The lines of a `.jsonl.gz` as one JSON list; of `{"data": …}` lines, the data.
pub(crate) fn list(path: &str) -> Option<Vec<u8>> {
    let text = text(path)?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if !lines[0].starts_with(r#"{"url":"#) || !lines[0].contains(r#""data":"#) {
        return Some(format!("[{}]", lines.join(",")).into_bytes());
    }
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        data: &'a serde_json::value::RawValue,
    }
    let data: Vec<_> = lines.iter().map(|line| serde_json::from_str::<Line<'_>>(line).unwrap().data.get()).collect();
    Some(format!("[{}]", data.join(",")).into_bytes())
}

/// Strings that break parsers and renderers; none where there are no fixtures.
pub(crate) fn naughty_strings() -> Vec<String> {
    let Some(text) = text("adversarial/naughty-strings.json.gz") else { return Vec::new() };
    serde_json::from_str(&text).unwrap()
}

/// Answers and hooks recorded at real sites, people and hosts replaced.
pub(crate) fn recorded() -> Option<serde_json::Value> {
    description("jira-recorded.json")
}

/// A vendor's own description of an interface.
pub(crate) fn description(name: &str) -> Option<serde_json::Value> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let Ok(mut file) = std::fs::File::open(root.join("specs").join(name)) else {
        eprintln!("skipped: no {name}");
        return None;
    };
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => GzDecoder::new(file).read_to_string(&mut text).unwrap(),
        false => file.read_to_string(&mut text).unwrap(),
    };
    Some(serde_json::from_str(&text).unwrap())
}
