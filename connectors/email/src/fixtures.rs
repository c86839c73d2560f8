//! Strings that break parsers and renderers. They are no part of the product; where they are absent, the tests that read them
//! are skipped.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

/// None where there are no fixtures.
pub(crate) fn naughty_strings() -> Vec<String> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let Ok(file) = std::fs::File::open(root.join("fixtures/adversarial/naughty-strings.json.gz")) else {
        eprintln!("skipped: no fixtures");
        return Vec::new();
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}
