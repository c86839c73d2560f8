//! When a digest is due: at the start of the reader's work, at an hour of their working days, or by a cron line; always in
//! their own zone.

use std::str::FromStr;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::calendar::{Calendar, later};

/// Days that are looked at for the next one of which an hour is meant: more than any holiday or absence lasts.
const MOST_DAYS: usize = 800;

/// When something that is due again and again is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Rhythm {
    /// Never.
    Off,
    /// When the reader's working day begins.
    StartOfWork,
    /// At this hour of every working day of the reader.
    Daily(Time),
    /// By a cron line of five fields.
    Cron(Box<Cron>),
}

/// The time in which the digest of one day may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Which day's it is, in the reader's zone.
    pub day: Date,
    /// When it is due.
    pub from: Timestamp,
    /// From when on it is too late for it.
    pub until: Timestamp,
}

impl FromStr for Rhythm {
    type Err = ();

    fn from_str(text: &str) -> Result<Rhythm, ()> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "off" => return Ok(Rhythm::Off),
            "start of work" => return Ok(Rhythm::StartOfWork),
            _ => {}
        }
        if let Some(time) = hour(text) {
            return Ok(Rhythm::Daily(time));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser.parse(text).map(|cron| Rhythm::Cron(Box::new(cron))).map_err(|_| ())
    }
}

impl std::fmt::Display for Rhythm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rhythm::Off => f.write_str("off"),
            Rhythm::StartOfWork => f.write_str("start of work"),
            Rhythm::Daily(time) => write!(f, "{}", time.strftime("%H:%M")),
            Rhythm::Cron(cron) => f.write_str(cron.as_str()),
        }
    }
}

/// `08:30`
fn hour(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(hours) && minutes.len() == 2 && digits(minutes)).then_some(())?;
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

impl Rhythm {
    /// True where nothing is ever due.
    pub fn is_off(&self) -> bool {
        *self == Rhythm::Off
    }

    /// The slot that `now` lies in. `None`: nothing is due, or it is too late for what was. `in_hours`: whoever reads it is
    /// written to in their working hours alone, so what is due outside of them is due when they begin again.
    pub fn slot(&self, calendar: &Calendar, in_hours: bool, now: Timestamp) -> Option<Slot> {
        let from = match self {
            Rhythm::Off => return None,
            Rhythm::StartOfWork => calendar.last_day_start(now)?,
            Rhythm::Daily(time) => {
                let day = calendar.date(now);
                works_on(calendar, day).then(|| instant(calendar, day, *time))?
            }
            Rhythm::Cron(cron) => shifted(previous(cron, calendar, now)?, calendar, in_hours),
        };
        let day = calendar.date(from);
        let (ends, over) = (calendar.day_ends(day), midnight_after(calendar, day));
        let until = if in_hours && ends > from { ends } else { over };
        (from <= now && now < until).then_some(Slot { day, from, until })
    }

    /// When it is due next, after `now`. `None`: never again, as far as anybody has planned.
    pub fn next(&self, calendar: &Calendar, in_hours: bool, now: Timestamp) -> Option<Timestamp> {
        let at = match self {
            Rhythm::Off => return None,
            Rhythm::StartOfWork => calendar.next_day_start(now),
            Rhythm::Daily(time) => next_daily(*time, calendar, now)?,
            Rhythm::Cron(cron) => {
                let postponed = previous(cron, calendar, now).map(|at| shifted(at, calendar, in_hours));
                let postponed = postponed.filter(|at| *at > now);
                let coming = cron.find_next_occurrence(&zoned(calendar, now), false).ok();
                let coming = coming.map(|at| shifted(at.timestamp(), calendar, in_hours));
                postponed.into_iter().chain(coming).min()?
            }
        };
        (at < Timestamp::MAX).then_some(at)
    }
}

fn next_daily(time: Time, calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    let mut day = calendar.date(now);
    for _ in 0..MOST_DAYS {
        let at = instant(calendar, day, time);
        if at > now && works_on(calendar, day) {
            return Some(at);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

fn zoned(calendar: &Calendar, at: Timestamp) -> Zoned {
    at.to_zoned(calendar.zone().clone())
}

/// The latest time of a cron line up to `now`.
fn previous(cron: &Cron, calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
    cron.find_previous_occurrence(&zoned(calendar, now), true).ok().map(|at| at.timestamp())
}

fn shifted(at: Timestamp, calendar: &Calendar, in_hours: bool) -> Timestamp {
    if in_hours { calendar.next_open(at) } else { at }
}

/// An hour of a day; one that the clocks leave out is the first after it, of one that comes twice the first is meant.
fn instant(calendar: &Calendar, day: Date, time: Time) -> Timestamp {
    let there = day.to_datetime(time).to_zoned(calendar.zone().clone());
    there.map_or(Timestamp::MAX, |there| there.timestamp())
}

fn works_on(calendar: &Calendar, day: Date) -> bool {
    calendar.date(calendar.next_open(calendar.day_begins(day))) == day
}

fn midnight_after(calendar: &Calendar, day: Date) -> Timestamp {
    let next = day.tomorrow().map_or(Timestamp::MAX, |next| calendar.day_begins(next));
    // A calendar that knows no such day ends it a day later.
    next.max(later(calendar.day_begins(day), SignedDuration::from_hours(23)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::away::DateRange;
    use crate::domain::calendar::Hours;

    fn berlin() -> Calendar {
        Calendar::usual(TimeZone::get("Europe/Berlin").unwrap())
    }

    fn at(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.replace(' ', "T").parse().unwrap();
        civil.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).unwrap().timestamp()
    }

    fn rhythm(text: &str) -> Rhythm {
        text.parse().unwrap()
    }

    fn days(calendar: &Calendar, from: &str, to: &str) -> Calendar {
        calendar.without(&[DateRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()])
    }

    #[test]
    fn what_is_not_an_hour_a_cron_line_or_a_word_is_refused() {
        for good in
            ["off", "start of work", "Start of work", "08:30", "7:05", "0 15 * * 5", "0 9 1 * *", "0 9 * * MON#1"]
        {
            assert_eq!(rhythm(good).to_string().parse::<Rhythm>().unwrap(), rhythm(good), "{good}");
        }
        for bad in ["", "now", "25:00", "8:5", "8.30", "+8:30", "* * * *", "0 0 15 * * 5", "0 15 * * 9", "every day"] {
            assert!(bad.parse::<Rhythm>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_start_of_work_is_the_readers_own_and_lasts_until_their_day_is_over() {
        let calendar = berlin();
        let start = Rhythm::StartOfWork;
        assert_eq!(start.slot(&calendar, true, at("2027-03-09 08:59")), None);
        let slot = start.slot(&calendar, true, at("2027-03-09 10:00")).unwrap();
        assert_eq!((slot.from, slot.until), (at("2027-03-09 09:00"), at("2027-03-09 17:00")));
        assert_eq!(slot.day.to_string(), "2027-03-09");
        assert_eq!(start.slot(&calendar, true, at("2027-03-09 17:00")), None, "tomorrow is another day");
        assert!(start.slot(&calendar, false, at("2027-03-09 21:00")).is_some(), "at any hour of that day");
        assert_eq!(start.slot(&calendar, false, at("2027-03-13 10:00")), None, "a Saturday");
        assert_eq!(
            start.next(&calendar, true, at("2027-03-12 09:00")),
            Some(at("2027-03-15 09:00")),
            "over the weekend"
        );
    }

    #[test]
    fn holidays_and_days_away_have_no_digest() {
        let calendar = days(&berlin(), "2027-03-09", "2027-03-10");
        assert_eq!(Rhythm::StartOfWork.slot(&calendar, true, at("2027-03-09 10:00")), None);
        assert_eq!(Rhythm::StartOfWork.next(&calendar, true, at("2027-03-08 12:00")), Some(at("2027-03-11 09:00")));
        assert_eq!(rhythm("08:30").slot(&calendar, true, at("2027-03-09 10:00")), None);
        assert_eq!(rhythm("08:30").next(&calendar, true, at("2027-03-08 12:00")), Some(at("2027-03-11 08:30")));
        // The first working moment after the line's own.
        assert_eq!(rhythm("0 15 * * 2").next(&calendar, true, at("2027-03-08 12:00")), Some(at("2027-03-11 09:00")));
        let slot = rhythm("0 15 * * 2").slot(&calendar, true, at("2027-03-11 09:30")).unwrap();
        assert_eq!((slot.from, slot.until), (at("2027-03-11 09:00"), at("2027-03-11 17:00")));
        assert_eq!(rhythm("0 15 * * 2").slot(&calendar, true, at("2027-03-12 09:30")), None, "a day too late");
        assert_eq!(rhythm("0 15 * * 2").next(&calendar, false, at("2027-03-08 12:00")), Some(at("2027-03-09 15:00")));
    }

    #[test]
    fn part_time_begins_when_it_begins() {
        let mut week = Hours::usual().week;
        week[0] = None;
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), Hours { week });
        assert_eq!(Rhythm::StartOfWork.slot(&calendar, true, at("2027-03-08 10:00")), None, "no Mondays");
        assert_eq!(Rhythm::StartOfWork.next(&calendar, true, at("2027-03-05 12:00")), Some(at("2027-03-09 09:00")));
        assert_eq!(rhythm("09:15").next(&calendar, true, at("2027-03-05 12:00")), Some(at("2027-03-09 09:15")));
    }

    #[test]
    fn the_hour_is_the_one_on_the_wall_when_the_clocks_change() {
        let calendar = berlin();
        for (before, next) in [("2027-03-26 18:00", "2027-03-29 08:30"), ("2027-10-29 18:00", "2027-11-01 08:30")] {
            assert_eq!(rhythm("08:30").next(&calendar, true, at(before)), Some(at(next)));
            assert_eq!(rhythm("30 8 * * 1").next(&calendar, false, at(before)), Some(at(next)));
        }
        let every = Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), Hours { week: [Hours::usual().week[0]; 7] });
        // The clocks go from 2:00 to 3:00, and from 3:00 to 2:00.
        assert_eq!(rhythm("02:30").next(&every, false, at("2027-03-27 12:00")), Some(at("2027-03-28 03:30")));
        let first: Timestamp = "2027-10-31T00:30:00Z".parse().unwrap();
        assert_eq!(rhythm("02:30").next(&every, false, at("2027-10-30 12:00")), Some(first));
        let after = rhythm("30 2 * * *").next(&every, false, first).unwrap();
        assert_eq!(after, at("2027-11-01 02:30"), "once, though the hour comes twice");
    }

    #[test]
    fn the_next_one_is_always_later_and_lies_in_its_own_slot() {
        let calendar = days(&berlin(), "2027-05-03", "2027-05-07");
        for text in ["start of work", "08:30", "16:59", "20:00", "0 15 * * 5", "*/30 * * * *", "0 9 1 * *"] {
            for in_hours in [true, false] {
                let mut now = at("2027-03-01 00:00");
                for _ in 0..150 {
                    let next = rhythm(text).next(&calendar, in_hours, now).unwrap();
                    assert!(next > now, "{text}");
                    let slot = rhythm(text).slot(&calendar, in_hours, next);
                    assert_eq!(slot.map(|slot| slot.from), Some(next), "{text} {in_hours} {next}");
                    now = next;
                }
            }
        }
        assert_eq!(rhythm("0 9 30 2 *").next(&berlin(), true, at("2027-03-01 00:00")), None, "there is no such day");
        assert_eq!(Rhythm::Off.next(&berlin(), true, at("2027-03-01 00:00")), None);
    }
}
