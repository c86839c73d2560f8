//! The reference in the last line of a comment of ours: `gapwatch:WIRE-MAC`. A comment of Asana's holds nothing hidden, so it
//! is there to be seen.

use connector_model::Mark;

const PREFIX: &str = "gapwatch:";

/// The line.
pub(crate) fn line(mark: &Mark) -> String {
    format!("{PREFIX}{}", mark.to_text())
}

/// The mark of a comment's plain text: its last line alone counts, as words of a title may say anything.
pub(crate) fn of_text(text: &str) -> Option<Mark> {
    Mark::from_text(text.trim_end().lines().next_back()?.trim().trim_matches('`').strip_prefix(PREFIX)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_from_the_last_line_alone() {
        let short = Mark { wire: "0123456789".to_owned(), mac: "abcdefgh".to_owned() };
        let long = Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) };
        for mark in [short, long] {
            let line = line(&mark);
            assert_eq!(of_text(&format!("due tomorrow\n{line}\n")), Some(mark.clone()));
            assert_eq!(of_text(&line), Some(mark));
            for other in [format!("{line}\nsays the title"), format!("x {line}"), line[1..].to_owned(), String::new()] {
                assert_eq!(of_text(&other), None, "{other}");
            }
        }
    }
}
