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

/// Strings that break parsers and renderers; none where there are no fixtures.
pub(crate) fn naughty_strings() -> Vec<String> {
    let Some(file) = open("fixtures/adversarial/naughty-strings.json.gz") else { return Vec::new() };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Answers recorded at the real service, by what was asked: each the first answer's `data`.
pub(crate) fn recorded() -> Option<Value> {
    let mut archive = Vec::new();
    GzDecoder::new(open("fixtures/asana/http-recorded-dev.tar.gz")?).read_to_end(&mut archive).unwrap();
    let mut all = serde_json::Map::new();
    for (name, text) in files(&archive) {
        let recorded: Value = serde_json::from_slice(text).unwrap();
        let Some(answer) = answers(&recorded["api"]).into_iter().find_map(|answer| answer.get("data").cloned()) else {
            continue;
        };
        all.insert(name.trim_end_matches(".json").to_owned(), answer);
    }
    Some(all.into())
}

/// Every answer's body below this.
fn answers(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(map) if map.contains_key("response") => vec![&map["response"]],
        Value::Object(map) => map.values().flat_map(answers).collect(),
        Value::Array(all) => all.iter().flat_map(answers).collect(),
        _ => Vec::new(),
    }
}

/// Names and contents of the files of a tar archive.
fn files(archive: &[u8]) -> Vec<(String, &[u8])> {
    let (mut at, mut files) = (0, Vec::new());
    while at + 512 <= archive.len() && archive[at] != 0 {
        let header = &archive[at..at + 512];
        let text = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(&header[range]).trim_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&text(124..136), 8).unwrap();
        let name = text(0..100);
        if header[156] == b'0' || header[156] == 0 {
            files.push((name.trim_start_matches("./").to_owned(), &archive[at + 512..at + 512 + size]));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    files
}
