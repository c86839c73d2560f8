//! Texts that people see, kept as files so that a change of one is seen: `tests/errors/<id>.txt`. `tests/generate` writes
//! them anew.
#![allow(clippy::unwrap_used)]

use std::path::Path;

/// Compares what an error id looks like with what is kept, or keeps it where `UPDATE_GENERATED` is set.
#[track_caller]
pub(crate) fn golden(id: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors").join(format!("{id}.txt"));
    let text = format!("{}\n", anstream::adapter::strip_str(text.trim_end()));
    assert!(text.contains(&format!("[{id}]")), "{id} is not what this shows:\n{text}");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, kept, "{} differs; tests/generate writes it anew", path.display());
}
