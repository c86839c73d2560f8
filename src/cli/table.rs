//! Tables and times as people read them in a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An empty table with this head.
pub(super) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(head);
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
