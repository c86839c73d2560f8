//! Recorded answers and hostile strings. They are no part of the product; where they are absent, the tests that read them say
//! so and end.

use std::path::PathBuf;

/// Where `fixtures/<name>` lies. `None`, with a word on stderr: it is not here.
pub fn path(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GAPWATCH_FIXTURES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let path = root.join("fixtures").join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: no fixtures");
    None
}
