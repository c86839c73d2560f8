//! Tables and times as people read them in a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Columns of a terminal below which lists are written as paragraphs.
const NARROW: u16 = 110;

/// An empty table with this head.
pub(super) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(head);
    if table.width() == Some(0) {
        // A terminal that does not say how wide it is; nothing is to be squeezed into nothing.
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table
}

/// A table as it is printed: no line ends in blanks.
pub(super) fn drawn(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// True for a terminal so narrow that the last column of a wide table would be a strip.
pub(super) fn is_narrow() -> bool {
    Table::new().width().is_some_and(|width| (1..NARROW).contains(&width))
}

/// `Tue 24 Nov 09:00`, in this machine's zone; of another year with that year.
pub(super) fn when(at: Timestamp) -> String {
    when_seen_from(at, crate::clock::system().now(), &TimeZone::system())
}

fn when_seen_from(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = if at.year() == now.year() { "%a %-d %b %H:%M" } else { "%a %-d %b %Y %H:%M" };
    at.strftime(form).to_string()
}

/// So much of a text, with a mark where something is left out.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Text of a tool, safe for a terminal: no control or direction characters.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

/// A list for other programs: a head and rows with commas, each ended by CR LF, as RFC 4180 has it.
pub(super) fn csv<R: AsRef<[String]>>(head: &[&str], rows: impl Iterator<Item = R>) -> String {
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let mut text = line(head.iter().map(|text| cell(text)).collect());
    rows.for_each(|row| text += &line(row.as_ref().iter().map(|text| cell(text)).collect()));
    text
}

fn cell(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_year_is_named_where_it_is_another_one() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let seen = |text| when_seen_from(at(text), at("2026-11-23T09:00:00Z"), &TimeZone::UTC);
        assert_eq!(seen("2026-12-29T09:00:00Z"), "Tue 29 Dec 09:00");
        assert_eq!(seen("2027-12-29T09:00:00Z"), "Wed 29 Dec 2027 09:00");
    }

    #[test]
    fn no_line_of_a_table_ends_in_blanks() {
        let mut rows = table(&["KEY", "WHAT"]);
        rows.add_row(["a", "short"]).add_row(["b", "much longer"]);
        let drawn = drawn(&rows);
        assert_eq!(drawn.lines().count(), 3, "{drawn}");
        assert!(drawn.lines().all(|line| line == line.trim_end()), "{drawn:?}");
    }

    #[test]
    fn a_long_title_is_cut() {
        assert_eq!(shortened("Redesign homepage", 40), "Redesign homepage");
        assert_eq!(shortened("Redesign homepage", 10), "Redesign…");
    }

    #[test]
    fn what_would_break_a_row_is_quoted() {
        let rows = [["a".to_owned(), "b, c".to_owned()], ["say \"x\"".to_owned(), "two\nlines".to_owned()]];
        assert_eq!(csv(&["K", "V"], rows.into_iter()), "K,V\r\na,\"b, c\"\r\n\"say \"\"x\"\"\",\"two\nlines\"\r\n");
    }
}
