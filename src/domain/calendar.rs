//! Working time: between two instants, and its inverse. One calendar is a zone, weekly hours and days off.
//!
//! Spans of work are laid out once for a fixed range of years, with the working time before each, so both questions are
//! one binary search. Daylight saving is settled when the spans are laid out: hours are civil, spans are instants.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// First and last year that spans are laid out for; outside of them no time is working time.
const YEARS: (i16, i16) = (2000, 2060);

/// Weekly hours in one zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    hours: Hours,
    spans: Vec<Span>,
}

/// Which hours of which weekdays are worked.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// One stretch of work.
#[derive(Debug, Clone, Copy)]
struct Span {
    open: i64,
    close: i64,
    /// Working seconds of all spans before this one.
    before: i64,
}

impl Calendar {
    /// Lays the hours out in the zone.
    pub fn new(zone: TimeZone, hours: Hours) -> Calendar {
        let mut spans = Vec::new();
        let mut before = 0;
        let mut date = Date::constant(YEARS.0, 1, 1);
        while date.year() <= YEARS.1 {
            if let Some((from, to)) = hours.week[weekday(date)] {
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
        Calendar { zone, hours, spans }
    }

    /// Monday to Friday, 9 to 17, in this zone.
    pub fn usual(zone: TimeZone) -> Calendar {
        Calendar::new(zone, Hours::usual())
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The weekly hours.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// Length of a full working day, seconds: the longest of the week.
    pub fn day_secs(&self) -> i64 {
        self.hours.week.iter().flatten().map(|(from, to)| i64::from(to - from) * 60).max().unwrap_or(8 * 3600)
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
        // The last span that begins before the target is reached; it reaches it, or none does.
        let at = self.spans.partition_point(|span| span.before < target);
        match at.checked_sub(1).map(|i| self.spans[i]) {
            Some(span) if span.open + (target - span.before) <= span.close => {
                seconds(span.open + (target - span.before))
            }
            _ => Timestamp::MAX,
        }
    }

    /// True within working hours.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let at = at.as_second();
        self.span_from(at).is_some_and(|span| span.open <= at)
    }

    /// `at` itself within working hours, else the next start of work.
    pub fn next_open(&self, at: Timestamp) -> Timestamp {
        let second = at.as_second();
        match self.span_from(second) {
            Some(span) if span.open > second => seconds(span.open),
            Some(_) => at,
            None => Timestamp::MAX,
        }
    }

    /// The first start of a working day after `at`.
    pub fn next_day_start(&self, at: Timestamp) -> Timestamp {
        let second = at.as_second();
        let next = self.spans.partition_point(|span| span.open <= second);
        self.spans.get(next).map_or(Timestamp::MAX, |span| seconds(span.open))
    }

    /// The latest start of a working day up to `at`. `None`: no day was worked before it.
    pub fn last_day_start(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.spans.partition_point(|span| span.open <= at.as_second());
        next.checked_sub(1).map(|i| seconds(self.spans[i].open))
    }

    /// The calendar day in this zone.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Midnight at which a day begins.
    pub fn day_begins(&self, date: Date) -> Timestamp {
        seconds(instant(&self.zone, date, 0))
    }

    /// End of work on a day; for a day that is not worked, the hour at which the week's last working day ends.
    pub fn day_ends(&self, date: Date) -> Timestamp {
        let end = self.hours.week[weekday(date)].or_else(|| self.hours.week.iter().rev().flatten().next().copied());
        seconds(instant(&self.zone, date, end.map_or(24 * 60 - 1, |(_, to)| to)))
    }

    fn total(&self, at: i64) -> i64 {
        let next = self.spans.partition_point(|span| span.open <= at);
        match next.checked_sub(1).map(|i| self.spans[i]) {
            Some(span) => span.before + (at.min(span.close) - span.open),
            None => 0,
        }
    }

    fn span_from(&self, at: i64) -> Option<Span> {
        self.spans.get(self.spans.partition_point(|span| span.close <= at)).copied()
    }
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
}
