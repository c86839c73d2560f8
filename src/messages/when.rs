//! Dates, lengths and foreign text, as people read them.

use connector_model::{Due, DueSource};
use jiff::Timestamp;
use jiff::civil::Date;

use super::scene::Scene;
use crate::domain::finding::Deadline;
use crate::domain::ids::TaskId;
use crate::domain::names::{TaskName, called};

/// Longest title that is shown, in characters.
const TITLE: usize = 150;

/// `Fri 14 Mar`; with the year where it is not the present one.
pub(super) fn day(date: Date, scene: Scene<'_>) -> String {
    let this_year = scene.calendar.date(scene.now).year() == date.year();
    date.strftime(if this_year { "%a %-d %b" } else { "%a %-d %b %Y" }).to_string()
}

/// `Fri 14 Mar 16:00`, in the reader's zone. Never `today`: words stay where they are.
pub(super) fn moment(at: Timestamp, scene: Scene<'_>) -> String {
    let there = at.to_zoned(scene.calendar.zone().clone());
    format!("{} {}", day(there.date(), scene), there.strftime("%H:%M"))
}

/// `Fri 14 Mar`, in the reader's zone.
pub(super) fn day_of(at: Timestamp, scene: Scene<'_>) -> String {
    day(scene.calendar.date(at), scene)
}

/// When it is due, or that it has no date.
pub(super) fn due_or_none(deadline: Option<&Deadline>, scene: Scene<'_>) -> String {
    deadline.map_or_else(|| "no date".to_owned(), |deadline| due(deadline, scene))
}

/// `due Fri 14 Mar (milestone)`
pub(super) fn due(deadline: &Deadline, scene: Scene<'_>) -> String {
    format!("due {}{}", due_date(deadline.due, scene), source(deadline.source))
}

/// `Fri 14 Mar`, or `Fri 14 Mar 16:00` where the tool gives an hour.
pub(super) fn due_date(due: Due, scene: Scene<'_>) -> String {
    match due {
        Due::On(date) => day(date, scene),
        Due::At(at) => moment(at, scene),
    }
}

fn source(source: DueSource) -> &'static str {
    match source {
        DueSource::Item => "",
        DueSource::Field => " (date field)",
        DueSource::Sprint => " (sprint)",
        DueSource::Milestone => " (milestone)",
        DueSource::Release => " (release)",
        DueSource::Parent => " (from its parent)",
    }
}

/// `3 working days`, `5 working hours`, `less than a working hour`.
pub(super) fn work(secs: i64, scene: Scene<'_>) -> String {
    let day = scene.calendar.day_secs();
    match (rounded(secs, day), rounded(secs, 3600)) {
        (_, 0) => "less than a working hour".to_owned(),
        (days, _) if secs >= day => count(days, "working day"),
        (_, hours) => count(hours, "working hour"),
    }
}

/// `6 of 10 working days`; in hours where the whole is less than two days.
pub(super) fn part_of(part: i64, whole: i64, scene: Scene<'_>) -> String {
    let day = scene.calendar.day_secs();
    let (unit, word) = if whole < 2 * day { (3600, "working hour") } else { (day, "working day") };
    format!("{} of {}", rounded(part, unit), count(rounded(whole, unit), word))
}

/// Working time between two instants, as [`work`] says it.
pub(super) fn between(from: Timestamp, to: Timestamp, scene: Scene<'_>) -> String {
    work(scene.calendar.working(from, to), scene)
}

/// The same for how late something is: by everybody's hours, whoever reads it.
pub(super) fn lateness(from: Timestamp, to: Timestamp, scene: Scene<'_>) -> String {
    work(scene.common.working(from, to), Scene { calendar: scene.common, ..scene })
}

/// `1 task`, `2 tasks`.
pub(super) fn count(number: i64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn rounded(secs: i64, unit: i64) -> i64 {
    (secs + unit / 2).div_euclid(unit.max(1))
}

/// `60 %`
pub(super) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0).round())
}

/// Foreign text as one line that cannot be taken for ours: no control characters, nothing that turns the direction of
/// writing or cannot be seen; of a long one the first 150 characters, and `…`.
pub(super) fn clean(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_shown(*c)).collect();
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= TITLE {
        return line;
    }
    let mut cut: String = line.chars().take(TITLE).collect();
    cut.push('…');
    cut
}

fn is_shown(c: char) -> bool {
    let invisible = matches!(c,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !invisible
}

/// Most names of one kind in a line; the rest is counted.
pub(super) const NAMED: usize = 5;

/// `3 tasks`, or `2.5 tasks` where some are shared.
pub(super) fn tasks(many: f64) -> String {
    let rounded = (many * 10.0).round() / 10.0;
    format!("{rounded} task{}", if rounded == 1.0 { "" } else { "s" })
}

/// How people call a task; without a name, only that it is one.
pub(super) fn key(task: TaskId, scene: Scene<'_>) -> String {
    let called = |name: &TaskName| clean(&called(&name.key, Some(name.title.as_str()).filter(|_| !name.restricted)));
    scene.names.get(&task).map_or_else(|| "another task".to_owned(), called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_harmless_line() {
        assert_eq!(clean("a\r\n\tb \u{202e}evil\u{2066}\u{200b}\u{7}  c"), "a b evil c");
        assert_eq!(clean(&"x".repeat(150)), "x".repeat(150));
        assert_eq!(clean(&"x".repeat(151)), format!("{}…", "x".repeat(150)));
        assert_eq!(clean("👩\u{200d}💻 naïve"), "👩\u{200d}💻 naïve");
    }
}
