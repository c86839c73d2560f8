//! `[calendars.NAME]` and what people say of their own time: weekly hours, days off, part time, absences.
//!
//! Files with dates (ICS) are read when the configuration is taken up, once at each start and reload; what they say is kept
//! beside what the configuration says itself, and a mistake in one is told with the line it stands in.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};
use super::values::{CAPACITY, DAYS, Parsed, STRETCH, parsed};
use super::{Settings, Zone, ics};
use crate::domain::away::DateRange;
use crate::domain::calendar::Hours;

/// `[calendars.NAME]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// `None`: the server's zone.
    pub tz: Option<Zone>,
    /// `None`: Monday to Friday, 9 to 17.
    pub hours: Option<WeekHours>,
    /// Days on which nobody works.
    pub holidays: Vec<Days>,
    /// A file of such days. `None`: none.
    pub holidays_ics: Option<PathBuf>,
    /// What that file says.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) from_ics: Vec<DateRange>,
}

impl CalendarSettings {
    /// Which hours of which weekdays are worked.
    pub fn week(&self) -> Hours {
        self.hours.as_ref().map_or_else(Hours::usual, WeekHours::week)
    }

    /// Days on which nobody works: those of the configuration and those of the file.
    pub fn days_off(&self) -> Vec<DateRange> {
        self.holidays.iter().map(|days| days.0).chain(self.from_ics.iter().copied()).collect()
    }
}

/// A day, or days in a row: `2026-12-24..2026-12-26`, the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub DateRange);

impl Days {
    fn parse(text: &str) -> Result<Days, &'static str> {
        let day = |text: &str| text.trim().parse::<Date>().map_err(|_| DAYS);
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        DateRange::new(day(from)?, day(to)?).map(Days).ok_or(DAYS)
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let DateRange { from, to } = self.0;
        if from == to { serializer.collect_str(&from) } else { serializer.collect_str(&format_args!("{from}..{to}")) }
    }
}

/// Hours of one day: `09:00-17:00`, the end at most 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    from: i32,
    to: i32,
}

impl Stretch {
    fn parse(text: &str) -> Result<Stretch, &'static str> {
        let minutes = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let part =
                |text: &str| text.parse::<i32>().ok().filter(|_| text.len() <= 2 && !text.starts_with(['+', '-']));
            let all = part(hour)? * 60 + part(minute).filter(|minute| *minute < 60)?;
            (all <= 24 * 60).then_some(all)
        };
        let (from, to) = text.split_once('-').ok_or(STRETCH)?;
        let (from, to) = (minutes(from).ok_or(STRETCH)?, minutes(to).ok_or(STRETCH)?);
        if from < to { Ok(Stretch { from, to }) } else { Err(STRETCH) }
    }
}

impl Serialize for Stretch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let clock = |minutes: i32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        serializer.collect_str(&format_args!("{}-{}", clock(self.from), clock(self.to)))
    }
}

/// How much somebody works in a week: `32h/week`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity(f64);

impl Capacity {
    fn parse(text: &str) -> Result<Capacity, &'static str> {
        let (hours, _) = text.split_once('/').filter(|(_, each)| each.trim() == "week").ok_or(CAPACITY)?;
        let hours = hours.trim().strip_suffix('h').ok_or(CAPACITY)?.trim();
        let plain = !hours.is_empty() && hours.chars().all(|c| c.is_ascii_digit() || c == '.');
        let hours: f64 = hours.parse().ok().filter(|_| plain).ok_or(CAPACITY)?;
        if hours > 0.0 && hours <= 168.0 { Ok(Capacity(hours)) } else { Err(CAPACITY) }
    }

    /// Minutes a week.
    pub fn minutes(self) -> i32 {
        (self.0 * 60.0).round() as i32
    }
}

impl Serialize for Capacity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}h/week", self.0))
    }
}

parsed!(Days, DAYS);
parsed!(Stretch, STRETCH);
parsed!(Capacity, CAPACITY);

/// Hours by weekday: `{ mon_thu = "09:00-17:00", fri = "09:00-15:00" }`. A day of its own counts more than one within others;
/// a day that is not named is not worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeekHours(Vec<(&'static str, Stretch)>);

impl WeekHours {
    /// Monday first.
    pub fn week(&self) -> Hours {
        let mut week = [None; 7];
        // The longest runs of days first, so that whatever is said more closely comes after.
        let mut named: Vec<_> = self.0.iter().map(|(name, hours)| (days_of(name), hours)).collect();
        named.sort_by_key(|(days, _)| std::cmp::Reverse(days.clone().count()));
        for (days, hours) in named {
            days.for_each(|day| week[day] = Some((hours.from, hours.to)));
        }
        Hours { week }
    }

    /// Two runs of days that have one in common, neither of which is a single day.
    fn overlap(&self) -> Option<(&'static str, &'static str)> {
        let runs: Vec<&'static str> = self.0.iter().map(|(name, _)| *name).filter(|name| name.contains('_')).collect();
        let common = |one: &str, other: &str| days_of(one).any(|day| days_of(other).any(|also| also == day));
        runs.iter()
            .enumerate()
            .find_map(|(nth, one)| runs[nth + 1..].iter().find(|other| common(one, other)).map(|other| (*one, *other)))
    }
}

const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Every way to name days: one, or a run from one to another.
const NAMES: [&str; 28] = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon_tue", "mon_wed", "mon_thu", "mon_fri", "mon_sat", "mon_sun",
    "tue_wed", "tue_thu", "tue_fri", "tue_sat", "tue_sun", "wed_thu", "wed_fri", "wed_sat", "wed_sun", "thu_fri",
    "thu_sat", "thu_sun", "fri_sat", "fri_sun", "sat_sun",
];

fn days_of(name: &str) -> std::ops::RangeInclusive<usize> {
    let day = |name: &str| DAY_NAMES.iter().position(|known| *known == name).unwrap_or_default();
    let (from, to) = name.split_once('_').unwrap_or((name, name));
    day(from)..=day(to)
}

impl<'de> Deserialize<'de> for WeekHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WeekHours, D::Error> {
        deserializer.deserialize_map(Week)
    }
}

struct Week;

impl<'de> Visitor<'de> for Week {
    type Value = WeekHours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WeekHours, A::Error> {
        let mut all = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let name = NAMES.into_iter().find(|name| *name == key);
            let name = name.ok_or_else(|| de::Error::unknown_field(&key, &NAMES))?;
            all.push((name, map.next_value()?));
        }
        all.sort_by_key(|(name, _)| NAMES.iter().position(|known| known == name));
        Ok(WeekHours(all))
    }
}

/// A file of dates that could not be taken.
#[derive(Debug, Clone)]
pub(super) struct BadFile {
    path: String,
    problem: String,
    is_error: bool,
}

/// Reads every file of dates into the settings, and gives what is wrong with them.
pub(super) fn read(settings: &mut Settings) -> Vec<BadFile> {
    let mut bad = Vec::new();
    for (name, calendar) in &mut settings.calendars {
        let path = format!("calendars.{name}.holidays_ics");
        calendar.from_ics = days_in(calendar.holidays_ics.as_deref(), ics::Kind::Holidays, &path, &mut bad);
    }
    for (name, person) in &mut settings.people {
        let path = format!("people.{name}.away_ics");
        person.from_ics = days_in(person.away_ics.as_deref(), ics::Kind::Absences, &path, &mut bad);
    }
    bad
}

fn days_in(file: Option<&Path>, kind: ics::Kind, path: &str, bad: &mut Vec<BadFile>) -> Vec<DateRange> {
    let Some(file) = file else { return Vec::new() };
    let mut problem = |problem, is_error| bad.push(BadFile { path: path.to_owned(), problem, is_error });
    let name = file.display();
    match std::fs::read_to_string(file) {
        Err(error) => problem(format!("{name} cannot be read: {error}"), true),
        Ok(text) => match ics::days(&text, kind) {
            Err(ics::Mistake { line, what }) => problem(format!("{name}, line {line}: {what}"), true),
            Ok(read) => {
                for ics::Mistake { line, what } in read.odd {
                    problem(format!("{name}, line {line}: {what}"), false);
                }
                return read.days;
            }
        },
    }
    Vec::new()
}

/// Every mistake, each with the key it is about.
pub(super) fn all(settings: &Settings, context: &Context, files: &[BadFile]) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, calendar) in &settings.calendars {
        let path = format!("calendars.{name}.hours");
        let Some(hours) = &calendar.hours else { continue };
        if let Some((one, other)) = hours.overlap() {
            let title = format!("`{one}` and `{other}` have a day in common");
            let problem = context.error("bad-value", About::Value, &path, &title, "which hours does it have?");
            found.push((path.clone(), problem.help("a single day may stand beside days in a row, and counts more")));
        }
        if calendar.week().week_minutes() == 0 {
            let title = "nobody who has this calendar ever works";
            let problem = context.error("bad-value", About::Value, &path, title, "no hours");
            found.push((path, problem.help("name days: { mon_fri = \"09:00-17:00\" }")));
        }
    }
    for BadFile { path, problem, is_error } in files {
        let make = if *is_error { Context::error } else { Context::warning };
        let problem = make(context, "bad-calendar", About::Value, path, problem, "read from here");
        found.push((path.clone(), problem.help("a calendar file (.ics) as calendar programs export it")));
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_or_days_in_a_row() {
        let range = |from: &str, to: &str| DateRange::new(from.parse().unwrap(), to.parse().unwrap()).map(Days);
        assert_eq!(Days::parse("2027-01-01").ok(), range("2027-01-01", "2027-01-01"));
        assert_eq!(Days::parse("2026-12-24 .. 2026-12-26").ok(), range("2026-12-24", "2026-12-26"));
        for text in ["", "2026-13-01", "2026-12-26..2026-12-24", "2026-12-24..", "24.12.2026", "2026-12"] {
            assert_eq!(Days::parse(text), Err(DAYS), "{text}");
        }
    }

    #[test]
    fn hours_of_a_day_end_after_they_begin() {
        assert_eq!(Stretch::parse("09:00-17:30"), Ok(Stretch { from: 540, to: 1050 }));
        assert_eq!(Stretch::parse("0:00 - 24:00"), Ok(Stretch { from: 0, to: 1440 }));
        for text in ["", "9-17", "17:00-09:00", "09:00-09:00", "09:60-17:00", "22:00-24:30", "09:00", "-1:00-2:00"] {
            assert_eq!(Stretch::parse(text), Err(STRETCH), "{text}");
        }
    }

    #[test]
    fn part_time_is_hours_of_a_week() {
        assert_eq!(Capacity::parse("32h/week").unwrap().minutes(), 32 * 60);
        assert_eq!(Capacity::parse(" 37.5 h / week").unwrap().minutes(), 2250);
        for text in ["", "32", "32h", "32h/day", "0h/week", "169h/week", "-3h/week", "infh/week", "80%"] {
            assert_eq!(Capacity::parse(text), Err(CAPACITY), "{text}");
        }
    }

    #[test]
    fn a_day_of_its_own_counts_more_than_one_within_others() {
        let hours = |text: &str| Stretch::parse(text).unwrap();
        let week = WeekHours(vec![("wed", hours("09:00-12:00")), ("mon_fri", hours("09:00-17:00"))]);
        let (long, short) = (Some((540, 1020)), Some((540, 720)));
        assert_eq!(week.week().week, [long, long, short, long, long, None, None]);
        assert_eq!(week.overlap(), None);
        let twice = WeekHours(vec![("mon_wed", hours("09:00-12:00")), ("wed_fri", hours("09:00-17:00"))]);
        assert_eq!(twice.overlap(), Some(("mon_wed", "wed_fri")));
    }
}
