//! Working time: between two instants, and its inverse. A calendar is a zone, weekly hours, days off for all who share it,
//! and the absences of one person.
//!
//! Spans of work are laid out once for a fixed range of years, with the working time before each, so both questions are
//! one binary search. Daylight saving is settled when the spans are laid out: hours are civil, spans are instants. What is
//! laid out is shared by everybody with the same hours; an absence only says how much of it one person lacks.

use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::almanac::Almanac;
use super::away::{DateRange, joined};

/// First and last year that spans are laid out for; outside of them no time is working time.
const YEARS: (i16, i16) = (2000, 2060);

/// When somebody works: hours, days off and absences, in one zone. Cheap to copy.
#[derive(Debug, Clone)]
pub struct Calendar {
    plan: Arc<Plan>,
    /// In order, apart from each other.
    away: Arc<[Away]>,
}

/// Which hours of which weekdays are worked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hours {
    /// Monday first; minutes since midnight from and to. `None`: not a working day.
    pub week: [Option<(i32, i32)>; 7],
}

impl Hours {
    /// Monday to Friday, 9 to 17.
    pub fn usual() -> Hours {
        let day = Some((9 * 60, 17 * 60));
        Hours { week: [day, day, day, day, day, None, None] }
    }

    /// Minutes of a whole week.
    pub fn week_minutes(&self) -> i32 {
        self.week.iter().flatten().map(|(from, to)| to - from).sum()
    }

    /// The same days for somebody who works so many minutes a week: each ends earlier, all by the same share, to the minute.
    /// Whoever works as much as these hours, or more, has them whole.
    pub fn shortened(&self, minutes: i32) -> Hours {
        let whole = self.week_minutes();
        if minutes >= whole || whole == 0 {
            return self.clone();
        }
        let share = f64::from(minutes.max(0)) / f64::from(whole);
        let short = |(from, to): (i32, i32)| (from, from + (f64::from(to - from) * share).round() as i32);
        Hours { week: self.week.map(|day| day.map(short).filter(|(from, to)| to > from)) }
    }
}

/// What everybody with the same hours shares.
#[derive(Debug)]
struct Plan {
    zone: TimeZone,
    hours: Hours,
    /// The longest of the week.
    day_secs: i64,
    holidays: Vec<DateRange>,
    spans: Vec<Span>,
    /// How many spans have opened by the end of each day, Greenwich, since the first.
    opened: Vec<u32>,
    almanac: Almanac,
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// One stretch of work.
#[derive(Debug, Clone, Copy)]
struct Span {
    open: i64,
    close: i64,
    /// Working seconds of all spans before this one.
    before: i64,
}

/// One absence.
#[derive(Debug, Clone, Copy)]
struct Away {
    days: DateRange,
    from: i64,
    /// The first second after it.
    to: i64,
    /// Working seconds of the plan up to its beginning.
    planned: i64,
    /// Of those how many fell into earlier absences.
    before: i64,
    /// How many it takes itself.
    lost: i64,
}

impl Calendar {
    /// Lays the hours out in the zone.
    pub fn new(zone: TimeZone, hours: Hours) -> Calendar {
        Calendar::with_holidays(zone, hours, &[])
    }

    /// Lays the hours out in the zone, without the days on which nobody works.
    pub fn with_holidays(zone: TimeZone, hours: Hours, holidays: &[DateRange]) -> Calendar {
        let holidays = joined(holidays.to_vec());
        let mut spans = Vec::new();
        let mut before = 0;
        let mut off = holidays.iter().copied().peekable();
        let mut date = Date::constant(YEARS.0, 1, 1);
        while date.year() <= YEARS.1 {
            while off.peek().is_some_and(|range| range.to < date) {
                off.next();
            }
            let worked = !off.peek().is_some_and(|range| range.contains(date));
            if let Some((from, to)) = hours.week[weekday(date)].filter(|_| worked) {
                let open = instant(&zone, date, from);
                let close = instant(&zone, date, to);
                if close > open {
                    spans.push(Span { open, close, before });
                    before += close - open;
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        spans.shrink_to_fit();
        let opened = opened(&spans);
        let almanac = Almanac::of(YEARS);
        let day_secs =
            hours.week.iter().flatten().map(|(from, to)| i64::from(to - from) * 60).max().unwrap_or(8 * 3600);
        Calendar {
            plan: Arc::new(Plan { zone, hours, day_secs, holidays, spans, opened, almanac }),
            away: Arc::default(),
        }
    }

    /// Monday to Friday, 9 to 17, in this zone.
    pub fn usual(zone: TimeZone) -> Calendar {
        Calendar::new(zone, Hours::usual())
    }

    /// The same hours for somebody who is away on these days, and on no others.
    pub fn without(&self, days: &[DateRange]) -> Calendar {
        let mut before = 0;
        let away = joined(days.to_vec()).into_iter().map(|days| {
            let from = self.day_begins(days.from).as_second();
            let to = days.to.tomorrow().map_or(i64::MAX, |next| self.day_begins(next).as_second());
            let planned = self.plan.total(from);
            let lost = self.plan.total(to) - planned;
            before += lost;
            Away { days, from, to, planned, before: before - lost, lost }
        });
        Calendar { plan: Arc::clone(&self.plan), away: away.collect() }
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.plan.zone
    }

    /// The weekly hours.
    pub fn hours(&self) -> &Hours {
        &self.plan.hours
    }

    /// Days on which nobody with these hours works, in order, apart from each other.
    pub fn holidays(&self) -> &[DateRange] {
        &self.plan.holidays
    }

    /// Days on which this one is away, in order, apart from each other.
    pub fn absences(&self) -> impl DoubleEndedIterator<Item = DateRange> {
        self.away.iter().map(|away| away.days)
    }

    /// Length of a full working day, seconds: the longest of the week.
    pub fn day_secs(&self) -> i64 {
        self.plan.day_secs
    }

    /// Working time from `from` to `to`, seconds; 0 when `to` is not later.
    pub fn working(&self, from: Timestamp, to: Timestamp) -> i64 {
        (self.total(to.as_second()) - self.total(from.as_second())).max(0)
    }

    /// The first instant at which so much working time has passed since `from`; `from` itself for none.
    ///
    /// `working(from, after(from, w)) == w` for every `w` that fits into the laid out years; beyond them the last instant.
    pub fn after(&self, from: Timestamp, work_secs: i64) -> Timestamp {
        if work_secs <= 0 {
            return from;
        }
        let target = self.total(from.as_second()) + work_secs;
        if self.away.is_empty() {
            return self.plan.reaches(target, from.as_second()).map_or(Timestamp::MAX, seconds);
        }
        // Every absence that begins before the target is reached has to be made up for.
        let gone = self.away.partition_point(|away| away.planned - away.before < target);
        let lost = gone.checked_sub(1).map_or(0, |last| self.away[last].before + self.away[last].lost);
        self.plan.reaches(target + lost, from.as_second()).map_or(Timestamp::MAX, seconds)
    }

    /// The last instant from which so much working time passes until `to`; `to` itself for none.
    pub fn before(&self, to: Timestamp, work_secs: i64) -> Timestamp {
        if work_secs <= 0 {
            return to;
        }
        let target = self.total(to.as_second()) - work_secs;
        if target < 0 {
            return Timestamp::MIN;
        }
        // Where that much has been worked and the next stretch begins: what lies between is no working time.
        self.next_open(if target == 0 { Timestamp::MIN } else { self.after(Timestamp::MIN, target) })
    }

    /// True within working hours.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let at = at.as_second();
        self.away_at(at).is_none() && self.plan.span_from(at).is_some_and(|span| span.open <= at)
    }

    /// `at` itself within working hours, else the next start of work.
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        let mut second = at.as_second();
        while let Some(span) = self.plan.span_from(second) {
            let open = span.open.max(second);
            match self.away_at(open) {
                Some(away) => second = away.to,
                None if open == at.as_second() => return at,
                None => return seconds(open),
            }
        }
        Timestamp::MAX
    }

    /// The first start of a working day after `at`.
    pub fn next_day_start(&self, at: Timestamp) -> Timestamp {
        let mut second = at.as_second();
        loop {
            let next = self.plan.opened_by(second);
            let Some(span) = self.plan.spans.get(next) else { return Timestamp::MAX };
            match self.away_at(span.open) {
                Some(away) => second = away.to - 1,
                None => return seconds(span.open),
            }
        }
    }

    /// The latest start of a working day up to `at`. `None`: no day was worked before it.
    pub fn last_day_start(&self, at: Timestamp) -> Option<Timestamp> {
        let mut second = at.as_second();
        loop {
            let next = self.plan.opened_by(second);
            let span = self.plan.spans[next.checked_sub(1)?];
            match self.away_at(span.open) {
                Some(away) => second = away.from - 1,
                None => return Some(seconds(span.open)),
            }
        }
    }

    /// The calendar day in this zone.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone().clone()).date()
    }

    /// Midnight at which a day begins.
    pub fn day_begins(&self, date: Date) -> Timestamp {
        seconds(self.plan.day(date).0)
    }

    /// End of work on a day; for a weekday that is not worked, the hour at which the week's last working day ends. A holiday
    /// and a day away end like any other day of that name.
    pub fn day_ends(&self, date: Date) -> Timestamp {
        seconds(self.plan.day(date).1)
    }

    fn total(&self, at: i64) -> i64 {
        if self.away.is_empty() {
            return self.plan.total(at);
        }
        let begun = self.away.partition_point(|away| away.from <= at);
        let lost = begun.checked_sub(1).map_or(0, |last| {
            let away = self.away[last];
            away.before + self.plan.total(at.min(away.to)) - away.planned
        });
        self.plan.total(at) - lost
    }

    fn away_at(&self, at: i64) -> Option<Away> {
        let begun = self.away.partition_point(|away| away.from <= at);
        begun.checked_sub(1).map(|last| self.away[last]).filter(|away| at < away.to)
    }
}

impl Plan {
    /// Working seconds up to an instant.
    fn total(&self, at: i64) -> i64 {
        match self.opened_by(at).checked_sub(1).map(|i| self.spans[i]) {
            Some(span) => span.before + (at.min(span.close) - span.open),
            None => 0,
        }
    }

    /// How many spans have opened by an instant.
    fn opened_by(&self, at: i64) -> usize {
        let Some(first) = self.spans.first() else { return 0 };
        let Ok(day) = usize::try_from((at - first.open).div_euclid(DAY)) else { return 0 };
        // Those of the days before have opened; of this day's there are one or two.
        let known = day.checked_sub(1).and_then(|before| self.opened.get(before.min(self.opened.len() - 1)));
        let known = known.map_or(0, |known| *known as usize);
        known + self.spans[known..].iter().take_while(|span| span.open <= at).count()
    }

    /// When a day begins, and when it ends.
    fn day(&self, date: Date) -> (i64, i64) {
        self.almanac.day(date, |date| {
            let week = &self.hours.week;
            let end = week[weekday(date)].or_else(|| week.iter().rev().flatten().next().copied());
            let end = end.map_or(24 * 60 - 1, |(_, to)| to);
            (instant(&self.zone, date, 0), instant(&self.zone, date, end))
        })
    }

    /// The first instant up to which there are so many working seconds; `near` is one from which on it may lie.
    fn reaches(&self, total: i64, near: i64) -> Option<i64> {
        // The last span that begins before the total is reached; it reaches it, or none does. Mostly it is a few days ahead.
        let from = self.opened_by(near).saturating_sub(1);
        let is_before = |nth: usize| self.spans.get(nth).is_some_and(|span| span.before < total);
        let (mut low, mut step) = (if is_before(from) { from } else { 0 }, 4);
        while is_before(low + step) {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.spans.len());
        let at = low + self.spans[low..high].partition_point(|span| span.before < total);
        let span = self.spans[at.checked_sub(1)?];
        let reached = span.open + (total - span.before);
        (reached <= span.close).then_some(reached)
    }

    fn span_from(&self, at: i64) -> Option<Span> {
        // The last that has opened, unless it has closed as well.
        let opened = self.opened_by(at);
        let last = opened.checked_sub(1).filter(|last| self.spans[*last].close > at);
        self.spans.get(last.unwrap_or(opened)).copied()
    }
}

fn opened(spans: &[Span]) -> Vec<u32> {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Vec::new() };
    let mut opened = Vec::new();
    let (mut end, mut count) = (first.open + DAY, 0);
    for span in spans {
        while span.open >= end {
            opened.push(count);
            end += DAY;
        }
        count += 1;
    }
    while end <= last.open + DAY {
        opened.push(count);
        end += DAY;
    }
    opened
}

fn weekday(date: Date) -> usize {
    match date.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// The instant of a civil minute; in a gap of the clock the first one after it, in a fold the earlier.
fn instant(zone: &TimeZone, date: Date, minute: i32) -> i64 {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let civil = midnight.checked_add(minute.minutes()).unwrap_or(midnight);
    zone.to_ambiguous_timestamp(civil).compatible().map_or(0, Timestamp::as_second)
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// `at` plus so much wall time; the last instant there is, beyond it.
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn berlin() -> Calendar {
        Calendar::usual(TimeZone::get("Europe/Berlin").unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn friday_afternoon_plus_one_day_is_monday_afternoon() {
        let calendar = berlin();
        let friday = at("2025-03-14T15:00:00Z"); // 16:00 in Berlin
        assert_eq!(calendar.after(friday, calendar.day_secs()), at("2025-03-17T15:00:00Z"));
        assert_eq!(calendar.working(friday, at("2025-03-17T15:00:00Z")), 8 * 3600);
    }

    #[test]
    fn the_inverse_holds_over_both_clock_changes() {
        let calendar = berlin();
        for start in ["2025-03-28T08:00:00Z", "2025-10-24T20:00:00Z", "2025-06-01T12:34:56Z"] {
            for work in [1, 3600, 8 * 3600, 8 * 3600 + 1, 40 * 3600, 400 * 3600] {
                let end = calendar.after(at(start), work);
                assert_eq!(calendar.working(at(start), end), work, "{start} {work}");
                let just_before = end - SignedDuration::from_secs(1);
                assert!(calendar.working(at(start), just_before) < work, "{start} {work}");
            }
        }
    }

    #[test]
    fn no_time_passes_at_the_weekend_and_the_next_start_is_monday() {
        let calendar = berlin();
        let saturday = at("2025-03-15T10:00:00Z");
        assert_eq!(calendar.working(saturday, at("2025-03-16T22:00:00Z")), 0);
        assert_eq!(calendar.next_open(saturday), at("2025-03-17T08:00:00Z"));
        assert!(!calendar.is_open(saturday));
        assert!(calendar.is_open(at("2025-03-17T08:00:00Z")));
        assert!(!calendar.is_open(at("2025-03-17T16:00:00Z")));
        assert_eq!(calendar.next_day_start(at("2025-03-17T08:00:00Z")), at("2025-03-18T08:00:00Z"));
    }

    #[test]
    fn the_last_start_of_work_stands_still_until_the_next() {
        let calendar = berlin();
        let friday = at("2025-03-14T08:00:00Z");
        for inside in ["2025-03-14T08:00:00Z", "2025-03-14T23:00:00Z", "2025-03-16T12:00:00Z", "2025-03-17T07:59:59Z"] {
            assert_eq!(calendar.last_day_start(at(inside)), Some(friday), "{inside}");
        }
        assert_eq!(calendar.last_day_start(at("2025-03-17T08:00:00Z")), Some(at("2025-03-17T08:00:00Z")));
        assert_eq!(calendar.last_day_start(at("1999-03-17T08:00:00Z")), None);
    }

    #[test]
    fn a_week_without_work_ends_no_span_and_never_panics() {
        let calendar = Calendar::new(TimeZone::UTC, Hours { week: [None; 7] });
        let now = at("2025-03-14T08:00:00Z");
        assert_eq!(calendar.after(now, 1), Timestamp::MAX);
        assert_eq!(calendar.next_day_start(now), Timestamp::MAX);
        assert_eq!(calendar.last_day_start(now), None);
        assert_eq!(calendar.working(now, Timestamp::MAX), 0);
    }

    #[test]
    fn a_day_ends_with_its_work_and_a_sunday_like_a_friday() {
        let calendar = berlin();
        assert_eq!(calendar.day_ends("2025-03-14".parse().unwrap()), at("2025-03-14T16:00:00Z"));
        assert_eq!(calendar.day_ends("2025-03-16".parse().unwrap()), at("2025-03-16T16:00:00Z"));
        assert_eq!(calendar.day_ends("2025-07-14".parse().unwrap()), at("2025-07-14T15:00:00Z"));
    }

    fn days(text: &str) -> DateRange {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        DateRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_holiday_and_a_day_away_are_no_working_time_and_the_inverse_leaps_over_them() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let shared =
            Calendar::with_holidays(zone, Hours::usual(), &[days("2025-12-24..2025-12-26"), days("2026-01-01")]);
        let ana = shared.without(&[days("2025-12-22"), days("2025-12-29..2025-12-30")]);
        let friday = at("2025-12-19T15:00:00Z"); // 16:00 in Berlin
        let hour = 3600;
        assert_eq!(shared.after(friday, 8 * hour), at("2025-12-22T15:00:00Z"));
        assert_eq!(ana.after(friday, 8 * hour), at("2025-12-23T15:00:00Z"));
        assert_eq!(ana.after(friday, 16 * hour), at("2025-12-31T15:00:00Z"));
        assert_eq!(ana.working(friday, at("2025-12-31T15:00:00Z")), 16 * hour);
        assert_eq!(ana.next_open(at("2025-12-24T10:00:00Z")), at("2025-12-31T08:00:00Z"));
        assert_eq!(ana.next_day_start(at("2025-12-23T08:00:00Z")), at("2025-12-31T08:00:00Z"));
        assert_eq!(ana.last_day_start(at("2025-12-30T12:00:00Z")), Some(at("2025-12-23T08:00:00Z")));
        assert!(!ana.is_open(at("2025-12-22T10:00:00Z")) && shared.is_open(at("2025-12-22T10:00:00Z")));
    }

    #[test]
    fn who_works_part_of_the_time_works_every_day_a_little_less() {
        let part = Hours::usual().shortened(32 * 60);
        assert_eq!(part.week[0], Some((9 * 60, 15 * 60 + 24)));
        assert_eq!(part.week_minutes(), 32 * 60);
        assert_eq!(Hours::usual().shortened(45 * 60), Hours::usual());
        let calendar = Calendar::new(TimeZone::UTC, part);
        assert_eq!(calendar.day_ends("2025-03-14".parse().unwrap()), at("2025-03-14T15:24:00Z"));
        assert_eq!(calendar.day_secs(), 32 * 3600 / 5);
    }

    #[test]
    fn another_absence_costs_no_other_layout() {
        let shared = berlin();
        let ana = shared.without(&[days("2025-03-14")]);
        assert!(Arc::ptr_eq(&shared.plan, &ana.plan));
        assert_eq!(ana.without(&[]).absences().count(), 0, "what is told is all there is");
    }

    fn a_calendar() -> impl Strategy<Value = Calendar> {
        let zone = sample::select(vec![
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "America/Sao_Paulo",
            "Africa/Casablanca",
            "Pacific/Apia",
            "UTC",
        ]);
        let day = option::of((0..1440i32, 1..1440i32).prop_map(|(a, b)| (a.min(b), a.max(b).max(a.min(b) + 1))));
        let ranges = || {
            let first = jiff::civil::date(2024, 12, 1);
            let one = (0..450i64, 0..12i64).prop_map(move |(from, more)| {
                let from = first.checked_add(from.days()).unwrap();
                DateRange::new(from, from.checked_add(more.days()).unwrap()).unwrap()
            });
            vec(one, 0..8)
        };
        (zone, array::uniform7(day), ranges(), ranges()).prop_map(|(zone, week, holidays, away)| {
            let zone = TimeZone::get(zone).unwrap();
            Calendar::with_holidays(zone, Hours { week }, &holidays).without(&away)
        })
    }

    use proptest::prelude::*;
    use proptest::{array, collection::vec, option, sample};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn the_inverse_holds_over_every_calendar(
            calendar in a_calendar(),
            starts in vec((1_733_000_000i64..1_775_000_000, 1i64..4_000_000), 32),
        ) {
            for (start, work) in starts {
                let start = seconds(start);
                let end = calendar.after(start, work);
                if end < Timestamp::MAX {
                    prop_assert_eq!(calendar.working(start, end), work);
                    prop_assert!(calendar.working(start, end - SignedDuration::from_secs(1)) < work);
                    prop_assert!(calendar.is_open(end - SignedDuration::from_secs(1)));
                }
                let (open, next) = (calendar.next_open(start), calendar.next_day_start(start));
                prop_assert_eq!(calendar.working(start, open), 0);
                prop_assert!(open == Timestamp::MAX || calendar.is_open(open));
                prop_assert!(next > start && (next == Timestamp::MAX || calendar.is_open(next)));
                let away = calendar.absences().any(|range| range.contains(calendar.date(open)));
                prop_assert!(open == Timestamp::MAX || !away);
                if let Some(last) = calendar.last_day_start(start) {
                    prop_assert!(last <= start && calendar.is_open(last));
                    prop_assert!(calendar.next_day_start(last) > start);
                }
            }
        }
    }
}
