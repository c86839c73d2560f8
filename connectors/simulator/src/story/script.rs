//! The paper the story is written on: working days counted from today, and one line for each deed.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::cast::{Person, REPOS};
use super::{Deed, StoryKey as Key, What};

/// Weeks that are told before today, and working days that are told after it.
const PAST_DAYS: i64 = 42;
pub(super) const FIRST_DAY: i32 = -29;
pub(super) const LAST_DAY: i32 = 9;

/// Milestones of every repository: title, and the working day it is due.
pub(super) const MILESTONES: [(&str, i32); 6] = [
    ("January polish", -16),
    ("February", -8),
    ("Spring release", 6),
    ("Checkout 2", 14),
    ("Self-service", 26),
    ("Summer", 48),
];

/// Minutes of a working day.
const DAY_MINUTES: i32 = 480;

/// A stream of numbers that depends on the seed alone (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u64::from(high.abs_diff(low)) + 1;
        low + i32::try_from(self.next() % width).unwrap_or(0)
    }

    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.next() % all.len() as u64;
        &all[usize::try_from(at).unwrap_or(0)]
    }
}

/// What is written so far.
pub(super) struct Script {
    pub(super) dice: Dice,
    today: Date,
    start: Timestamp,
    keys: Key,
    deeds: Vec<Deed>,
}

/// An issue as the script opens it.
pub(super) struct Sheet<'a> {
    pub(super) team: usize,
    pub(super) title: &'a str,
    pub(super) body: String,
    pub(super) assignee: Option<&'a str>,
    pub(super) milestone: Option<&'a str>,
}

impl Script {
    pub(super) fn new(seed: u64, start: Timestamp) -> Script {
        let start_day = start.to_zoned(TimeZone::UTC).date();
        let today = start_day.saturating_add(PAST_DAYS.days());
        Script { dice: Dice(seed), today, start, keys: 0, deeds: Vec::new() }
    }

    /// The date of a working day; 0 is today, or the Monday after it.
    fn date(&self, workday: i32) -> Date {
        let is_work = |date: Date| date.weekday().to_monday_one_offset() <= 5;
        let step = |date: Date, days: i64| date.saturating_add(Span::new().days(days));
        let mut date = self.today;
        while !is_work(date) {
            date = step(date, 1);
        }
        for _ in 0..workday.abs() {
            let way = i64::from(workday.signum());
            date = step(date, way);
            while !is_work(date) {
                date = step(date, way);
            }
        }
        date
    }

    /// An instant of working time: days and minutes since today 09:00, both may be negative or too many.
    pub(super) fn at(&self, workday: i32, minute: i32) -> Timestamp {
        let (day, minute) = (workday + minute.div_euclid(DAY_MINUTES), minute.rem_euclid(DAY_MINUTES));
        let nine = self.date(day).at(9, 0, 0, 0).to_zoned(TimeZone::UTC).expect("UTC has every local time").timestamp();
        nine + Span::new().minutes(minute)
    }

    /// A working day as GitHub keeps a milestone's date: midnight Pacific.
    fn due(&self, workday: i32) -> Timestamp {
        let date = self.date(workday);
        let pacific = TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
        pacific.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().expect("a date of this century")
    }

    pub(super) fn milestones(&mut self, people: &[Person]) {
        for repo in REPOS {
            for (title, workday) in MILESTONES {
                let what = What::Milestone { repo: repo.to_owned(), title: title.to_owned(), due: self.due(workday) };
                self.write(FIRST_DAY, 0, &people[0].github_login, what);
            }
        }
    }

    /// The first milestone that is due on this working day or later.
    pub(super) fn milestone_after(workday: i32) -> &'static str {
        MILESTONES.iter().find(|(_, due)| *due >= workday).map_or("Summer", |(title, _)| title)
    }

    pub(super) fn write(&mut self, workday: i32, minute: i32, who: &str, what: What) {
        let at = self.at(workday, minute);
        self.deeds.push(Deed { at, who: who.to_owned(), what });
    }

    pub(super) fn open(&mut self, workday: i32, minute: i32, who: &str, sheet: Sheet<'_>) -> Key {
        self.put(workday, minute, who, sheet, false)
    }

    pub(super) fn open_pull(&mut self, workday: i32, minute: i32, who: &str, sheet: Sheet<'_>) -> Key {
        self.put(workday, minute, who, sheet, true)
    }

    fn put(&mut self, workday: i32, minute: i32, who: &str, sheet: Sheet<'_>, pull: bool) -> Key {
        self.keys += 1;
        let key = self.keys;
        let what = What::Open {
            key,
            repo: REPOS[sheet.team].to_owned(),
            title: sheet.title.to_owned(),
            body: sheet.body,
            assignee: sheet.assignee.map(str::to_owned),
            milestone: sheet.milestone.map(str::to_owned),
            pull,
        };
        self.write(workday, minute, who, what);
        key
    }

    pub(super) fn comment(&mut self, workday: i32, minute: i32, who: &str, key: Key, text: &str) {
        self.write(workday, minute, who, What::Comment { key, text: text.to_owned() });
    }

    pub(super) fn tick(&mut self, workday: i32, minute: i32, who: &str, key: Key, boxes: usize) {
        self.write(workday, minute, who, What::Tick { key, boxes });
    }

    pub(super) fn close(&mut self, workday: i32, minute: i32, who: &str, key: Key) {
        self.write(workday, minute, who, What::Close { key });
    }

    /// At three in the morning of a working day, when only machines are up.
    pub(super) fn bot_comment(&mut self, workday: i32, who: &str, key: Key, text: &str) {
        let at = self.at(workday, 0) - Span::new().hours(6);
        self.deeds.push(Deed { at, who: who.to_owned(), what: What::Comment { key, text: text.to_owned() } });
    }

    /// All deeds of the told time, in order; what was written first stays first within an instant.
    pub(super) fn finish(mut self) -> Vec<Deed> {
        let (first, end) = (self.start, self.at(LAST_DAY + 1, 0));
        self.deeds.retain(|deed| deed.at < end);
        for deed in &mut self.deeds {
            deed.at = deed.at.max(first);
        }
        self.deeds.sort_by_key(|deed| deed.at);
        self.deeds
    }
}

/// A text with so many open checklist items.
pub(super) fn checklist(intro: &str, items: &[&str]) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("- [ ] {item}")).collect();
    format!("{intro}\n\n{}\n", lines.join("\n"))
}
