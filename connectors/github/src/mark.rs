//! The mark as an invisible first line of a comment: `<!-- gapwatch:1 WIRE-MAC -->`.
//!
//! Only a first line that is exactly this is read as a mark; whether it is ours is told by its MAC, which is checked
//! elsewhere.

use connector_model::Mark;

const BEFORE: &str = "<!-- gapwatch:1 ";
const AFTER: &str = " -->";

/// The line that carries the mark.
pub(crate) fn line(mark: &Mark) -> String {
    format!("{BEFORE}{}{AFTER}", mark.to_text())
}

/// The inverse of [`line()`]; `None` for any other line.
pub(crate) fn read(first_line: &str) -> Option<Mark> {
    Mark::from_text(first_line.strip_prefix(BEFORE)?.strip_suffix(AFTER)?)
}
