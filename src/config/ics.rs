//! Days out of a calendar file (iCalendar, RFC 5545): holidays of a country, somebody's absences. Pure.
//!
//! Only events and only whole days matter here, so only their dates are read: when they begin and end, whether they were
//! called off, and whether they come again every year. Every mistake carries the line it stands in.

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

use crate::domain::away::{DateRange, joined};

/// Further than any calendar is laid out.
const LAST_YEAR: i16 = 2060;

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Days on which nobody works. That such an event leaves its day free for meetings means nothing.
    Holidays,
    /// When one person is away. An event that leaves the time free is none.
    Absences,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Beginning with 1.
    pub(super) line: usize,
    /// In words.
    pub(super) what: String,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// In order, apart from each other.
    pub(super) days: Vec<DateRange>,
    /// What was left out.
    pub(super) odd: Vec<Mistake>,
}

/// One line as it is meant: name, parameters, value.
struct Property<'t> {
    line: usize,
    name: String,
    params: Vec<&'t str>,
    value: &'t str,
}

#[derive(Default)]
struct Event {
    line: usize,
    start: Option<(usize, Moment)>,
    end: Option<(usize, Moment)>,
    duration: Option<(usize, Span)>,
    rule: Option<(usize, String)>,
    cancelled: bool,
    free: bool,
}

/// When something begins or ends.
#[derive(Clone, Copy)]
enum Moment {
    Day(Date),
    Time(DateTime),
}

/// The days of a file.
pub(super) fn days(text: &str, kind: Kind) -> Result<Read, Mistake> {
    let lines = unfolded(text);
    let properties: Vec<Property<'_>> =
        lines.iter().map(|(line, text)| property(*line, text)).collect::<Result<_, _>>()?;
    if !properties.first().is_some_and(|first| first.name == "BEGIN" && first.value.eq_ignore_ascii_case("VCALENDAR")) {
        return Err(Mistake { line: 1, what: "this is no calendar file: it begins with BEGIN:VCALENDAR".to_owned() });
    }
    let mut read = Read { days: Vec::new(), odd: Vec::new() };
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Option<Event> = None;
    for property in &properties {
        let value = property.value.trim().to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => {
                if value == "VEVENT" {
                    event = Some(Event { line: property.line, ..Event::default() });
                }
                open.push((value, property.line));
            }
            "END" => {
                let begun = open.pop().filter(|(what, _)| *what == value);
                if begun.is_none() {
                    return Err(property.wrong(&format!("END:{value} without its BEGIN")));
                }
                if value == "VEVENT"
                    && let Some(event) = event.take()
                {
                    event.put(kind, &mut read)?;
                }
            }
            // What stands in an alarm of the event is about the alarm.
            _ if open.last().is_some_and(|(what, _)| what == "VEVENT") => {
                if let Some(event) = &mut event {
                    event.see(property)?;
                }
            }
            _ => {}
        }
    }
    if let Some((what, line)) = open.pop() {
        return Err(Mistake { line, what: format!("BEGIN:{what} without its END") });
    }
    read.days = joined(read.days);
    Ok(read)
}

/// A line that begins with a blank goes on with the one before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (nth, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((nth + 1, line.to_owned())),
        }
    }
    lines
}

fn property(line: usize, text: &str) -> Result<Property<'_>, Mistake> {
    let mut quoted = false;
    let colon = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let Some((colon, _)) = colon else {
        return Err(Mistake { line, what: "this line has no value: a line is NAME:VALUE".to_owned() });
    };
    let mut params = text[..colon].split(';');
    let name = params.next().unwrap_or_default().trim().to_ascii_uppercase();
    Ok(Property { line, name, params: params.collect(), value: &text[colon + 1..] })
}

impl Property<'_> {
    fn wrong(&self, what: &str) -> Mistake {
        Mistake { line: self.line, what: what.to_owned() }
    }

    fn moment(&self) -> Result<(usize, Moment), Mistake> {
        let value = self.value.trim();
        let is_day = self.params.iter().any(|param| param.eq_ignore_ascii_case("VALUE=DATE"));
        let day = Date::strptime("%Y%m%d", value).ok().map(Moment::Day);
        let time = || DateTime::strptime("%Y%m%dT%H%M%S", value.trim_end_matches('Z')).ok().map(Moment::Time);
        let moment = if is_day { day } else { day.or_else(time) };
        moment.map(|moment| (self.line, moment)).ok_or_else(|| self.wrong(&format!("`{value}` is no date as 20261224")))
    }
}

impl Event {
    fn see(&mut self, property: &Property<'_>) -> Result<(), Mistake> {
        let value = property.value.trim();
        match property.name.as_str() {
            "DTSTART" => self.start = Some(property.moment()?),
            "DTEND" => self.end = Some(property.moment()?),
            "DURATION" => {
                let duration =
                    value.parse().map_err(|_| property.wrong(&format!("`{value}` is no duration as P3D")))?;
                self.duration = Some((property.line, duration));
            }
            "RRULE" => self.rule = Some((property.line, value.to_ascii_uppercase())),
            "RDATE" => self.rule = Some((property.line, "RDATE".to_owned())),
            "STATUS" => self.cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "TRANSP" => self.free = value.eq_ignore_ascii_case("TRANSPARENT"),
            _ => {}
        }
        Ok(())
    }

    fn put(self, kind: Kind, read: &mut Read) -> Result<(), Mistake> {
        if self.cancelled || (self.free && kind == Kind::Absences) {
            return Ok(());
        }
        let Some((_, start)) = self.start else {
            return Err(Mistake { line: self.line, what: "an event without DTSTART".to_owned() });
        };
        let Some(first) = whole_days(start, self.last(start)?) else { return Ok(()) };
        read.days.push(first);
        let Some((line, rule)) = &self.rule else { return Ok(()) };
        match yearly(rule) {
            Some(again) => read.days.extend(again.after(first)),
            None => {
                let what =
                    format!("an event that comes again otherwise than every year ({rule}); only its first time counts");
                read.odd.push(Mistake { line: *line, what });
            }
        }
        Ok(())
    }

    /// When it is over; not included.
    fn last(&self, start: Moment) -> Result<Moment, Mistake> {
        let (line, last) = match (self.end, self.duration, start) {
            (Some((line, end)), _, _) => (line, Some(end)),
            (None, Some((line, span)), Moment::Day(day)) => (line, day.checked_add(span).ok().map(Moment::Day)),
            (None, Some((line, span)), Moment::Time(at)) => (line, at.checked_add(span).ok().map(Moment::Time)),
            (None, None, Moment::Day(day)) => (self.line, day.tomorrow().ok().map(Moment::Day)),
            (None, None, Moment::Time(_)) => (self.line, Some(start)),
        };
        let before = |last: &Moment| last.time() < start.time();
        last.filter(|last| !before(last))
            .ok_or(Mistake { line, what: "an event that ends before it begins".to_owned() })
    }
}

impl Moment {
    fn time(self) -> DateTime {
        match self {
            Moment::Day(day) => day.at(0, 0, 0, 0),
            Moment::Time(at) => at,
        }
    }
}

/// The days that lie wholly within. `None`: there are none. A day without an end of its own is one day.
fn whole_days(start: Moment, end: Moment) -> Option<DateRange> {
    let from = match start {
        Moment::Day(day) => day,
        Moment::Time(at) if at == at.date().at(0, 0, 0, 0) => at.date(),
        Moment::Time(at) => at.date().tomorrow().ok()?,
    };
    let to = match end {
        // Some programs write the same day as the end of a day.
        Moment::Day(day) if day == from => day,
        end => end.time().date().yesterday().ok()?,
    };
    DateRange::new(from, to)
}

/// Every so many years, so often or until a day.
struct Yearly {
    every: i16,
    times: Option<usize>,
    until: Option<Date>,
}

/// `FREQ=YEARLY` on the day itself. `None`: another rule.
fn yearly(rule: &str) -> Option<Yearly> {
    let mut yearly = Yearly { every: 1, times: None, until: None };
    let mut is_yearly = false;
    for (name, value) in
        rule.split(';').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
    {
        match (name, value) {
            ("FREQ", "YEARLY") => is_yearly = true,
            ("INTERVAL", every) => yearly.every = every.parse().ok().filter(|every| *every > 0)?,
            ("COUNT", times) => yearly.times = Some(times.parse().ok()?),
            ("UNTIL", until) => yearly.until = Some(Date::strptime("%Y%m%d", until.get(..8)?).ok()?),
            // The day it begins on says the same.
            ("WKST" | "BYMONTH" | "BYMONTHDAY", value) if !value.contains([',', '-']) => {}
            _ => return None,
        }
    }
    is_yearly.then_some(yearly)
}

impl Yearly {
    fn after(&self, first: DateRange) -> impl Iterator<Item = DateRange> {
        let later = move |nth: i32| {
            let years = nth * i32::from(self.every);
            let day = |day: Date| {
                let moved = day.checked_add(years.years()).ok()?;
                // The 29th of February comes again in leap years alone.
                (moved.day() == day.day()).then_some(moved)
            };
            (day(first.from), day(first.to))
        };
        let every = i32::from(self.every);
        let years = (1..).take_while(move |nth| i32::from(first.from.year()) + nth * every <= i32::from(LAST_YEAR));
        let all = years.take(self.times.map_or(usize::MAX, |times| times.saturating_sub(1)));
        let all = all.filter_map(move |nth| DateRange::new(later(nth).0?, later(nth).1?));
        all.filter(move |range| self.until.is_none_or(|until| range.from <= until))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn calendar(events: &[&str]) -> String {
        let events = events.iter().map(|event| format!("BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n"));
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.collect::<String>())
    }

    fn read(events: &[&str], kind: Kind) -> Vec<String> {
        let days = days(&calendar(events), kind).unwrap().days;
        days.into_iter().map(|range| format!("{}..{}", range.from, range.to)).collect()
    }

    #[test]
    fn an_event_without_an_end_is_one_day_and_an_end_is_not_included() {
        let one = "SUMMARY:Neujahr\r\nDTSTART;VALUE=DATE:20270101";
        let three = "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227";
        let same = "DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260501";
        let long = "DTSTART;VALUE=DATE:20260601\r\nDURATION:P2D";
        assert_eq!(
            read(&[one, three, same, long], Kind::Holidays),
            ["2026-05-01..2026-05-01", "2026-06-01..2026-06-02", "2026-12-24..2026-12-26", "2027-01-01..2027-01-01"]
        );
    }

    #[test]
    fn a_folded_line_and_an_alarm_mean_no_other_day() {
        let event = "DTSTART;VALUE=DATE:2026\r\n 1003\r\nSUMMARY:a: b\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDURATION:PT5M\r\nEND:VALARM";
        assert_eq!(read(&[event], Kind::Holidays), ["2026-10-03..2026-10-03"]);
    }

    #[test]
    fn what_was_called_off_or_leaves_the_time_free_is_no_absence() {
        let off = "DTSTART;VALUE=DATE:20260601\r\nSTATUS:CANCELLED";
        let free = "DTSTART;VALUE=DATE:20260602\r\nTRANSP:TRANSPARENT";
        assert_eq!(read(&[off, free], Kind::Absences), [""; 0]);
        assert_eq!(read(&[off, free], Kind::Holidays), ["2026-06-02..2026-06-02"], "holidays leave the time free");
    }

    #[test]
    fn only_whole_days_of_a_timed_event_count() {
        let meeting = "DTSTART;TZID=Europe/Berlin:20260601T100000\r\nDTEND;TZID=Europe/Berlin:20260601T110000";
        let trip = "DTSTART:20260608T140000Z\r\nDTEND:20260612T120000Z";
        let whole = "DTSTART:20260615T000000\r\nDTEND:20260617T000000";
        assert_eq!(read(&[meeting, trip, whole], Kind::Absences), ["2026-06-09..2026-06-11", "2026-06-15..2026-06-16"]);
    }

    #[test]
    fn what_comes_every_year_does_so_until_it_is_said_to_end() {
        let christmas = "DTSTART;VALUE=DATE:20241225\r\nRRULE:FREQ=YEARLY;COUNT=3";
        assert_eq!(read(&[christmas], Kind::Holidays).len(), 3);
        let until = "DTSTART;VALUE=DATE:20241003\r\nRRULE:FREQ=YEARLY;UNTIL=20261003T000000Z";
        assert_eq!(read(&[until], Kind::Holidays).last().unwrap(), "2026-10-03..2026-10-03");
        let leap = "DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;UNTIL=20290101";
        assert_eq!(read(&[leap], Kind::Holidays), ["2024-02-29..2024-02-29", "2028-02-29..2028-02-29"]);
        let forever = "DTSTART;VALUE=DATE:20241225\r\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25";
        assert_eq!(read(&[forever], Kind::Holidays).len(), 2060 - 2024 + 1);
    }

    #[test]
    fn what_comes_again_otherwise_counts_once_and_is_said() {
        let weekly = "DTSTART;VALUE=DATE:20260601\r\nRRULE:FREQ=WEEKLY";
        let read = days(&calendar(&[weekly]), Kind::Absences).unwrap();
        assert_eq!((read.days.len(), read.odd[0].line), (1, 5));
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let wrong = |text: &str| days(text, Kind::Holidays).unwrap_err().line;
        assert_eq!(wrong("<html>\n"), 1);
        assert_eq!(wrong("BEGIN:VTODO\nEND:VTODO\n"), 1);
        assert_eq!(wrong("BEGIN:VCALENDAR\nEND:VEVENT\n"), 2);
        assert_eq!(wrong("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n"), 2);
        assert_eq!(wrong(&calendar(&["SUMMARY:x"])), 3);
        assert_eq!(wrong(&calendar(&["SUMMARY:x\r\nDTSTART:tomorrow"])), 5);
        assert_eq!(wrong(&calendar(&["DTSTART;VALUE=DATE:20260601\r\nDTEND;VALUE=DATE:20260530"])), 5);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(BEGIN:VCALENDAR\n)?(BEGIN:VEVENT\n)?([A-Z;=]{0,12}:[0-9A-Z=;T]{0,20}\n| \\PC{0,9}\n){0,6}(END:VEVENT\n)?") {
            let _ = days(&text, Kind::Absences);
        }
    }
}
