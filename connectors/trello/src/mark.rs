//! The mark as the last line of a comment: `gapwatch ref WIRE-MAC`.
//!
//! Trello has nothing that comes back with a comment and is not shown, so the reference is there for everybody to see. Only
//! a last line that is exactly this is read as a mark; whether it is ours is told by its MAC, which is checked elsewhere.

use connector_model::Mark;

const BEFORE: &str = "gapwatch ref ";

/// A comment's words with the line that carries the mark.
pub(crate) fn marked(words: &str, mark: &Mark) -> String {
    format!("{words}\n\n{BEFORE}{}", mark.to_text())
}

/// The mark in a comment's text. `None`: its last line is another one.
pub(crate) fn of_text(text: &str) -> Option<Mark> {
    Mark::from_text(text.trim_end().lines().next_back()?.trim().strip_prefix(BEFORE)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_from_the_last_line_and_from_no_other() {
        let short = Mark { wire: "0123456789".to_owned(), mac: "abcdefgh".to_owned() };
        let long = Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) };
        for mark in [short, long] {
            let text = marked("Behind its pace.\nPlease look.", &mark);
            assert_eq!(of_text(&text), Some(mark.clone()));
            assert_eq!(of_text(&format!("{text}\n\n")), Some(mark.clone()));
            assert_eq!(of_text(&format!("{text}\nquoted by Ana")), None);
        }
        for wrong in ["", "gapwatch ref", "gapwatch ref a.b", "ref 7f3a9c"] {
            assert_eq!(of_text(wrong), None, "{wrong}");
        }
    }
}
