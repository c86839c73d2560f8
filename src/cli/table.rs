//! Tables and times as people read them in a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;

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

/// `Tue 24 Nov 09:00`, in this machine's zone.
pub(super) fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%a %-d %b %H:%M").to_string()
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
    use super::*;

    #[test]
    fn what_would_break_a_row_is_quoted() {
        let rows = [["a".to_owned(), "b, c".to_owned()], ["say \"x\"".to_owned(), "two\nlines".to_owned()]];
        assert_eq!(csv(&["K", "V"], rows.into_iter()), "K,V\r\na,\"b, c\"\r\n\"say \"\"x\"\"\",\"two\nlines\"\r\n");
    }
}
