//! When a gap is told again to whoever does nothing about it, in working days, and from when on it is not.

use jiff::Timestamp;

use super::calendar::Calendar;

/// Working days after the first word on which it is repeated, growing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repeats(Vec<u16>);

impl Repeats {
    /// On these days; what does not come after the one before it is left out.
    pub fn on(days: &[u16]) -> Repeats {
        let mut all: Vec<u16> = Vec::new();
        for day in days {
            if all.last().copied().unwrap_or(0) < *day {
                all.push(*day);
            }
        }
        Repeats(all)
    }

    /// When the next word is due, after so many repeats, of which the last word came at `last`: at the start of a working
    /// day. What was held up does not come in a heap: each keeps its distance from the one before. `None`: there is none.
    pub fn due(&self, said: usize, first: Timestamp, last: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let day = *self.0.get(said)?;
        let before = said.checked_sub(1).map_or(0, |nth| self.0[nth]);
        Some(nth_day(first, day, calendar).max(nth_day(last, day - before, calendar)))
    }

    /// From when on nothing more is said in person of what was first told at an instant: what is left is a line a month for
    /// whoever leads.
    pub fn over_at(&self, first: Timestamp, calendar: &Calendar) -> Timestamp {
        let last = self.0.last().copied().unwrap_or(0);
        calendar.day_ends(calendar.date(nth_day(first, last, calendar)))
    }
}

/// The start of the n-th working day after the day of an instant; `at` itself for none.
pub fn nth_day(at: Timestamp, days: u16, calendar: &Calendar) -> Timestamp {
    let ends = |at| calendar.day_ends(calendar.date(at)).max(at);
    (0..days).fold(at, |at, _| if at < Timestamp::MAX { calendar.next_day_start(ends(at)) } else { at })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_working_days_and_begin_with_the_work() {
        let calendar = Calendar::usual(TimeZone::UTC);
        for told in ["2026-03-06T09:00:00Z", "2026-03-06T16:59:00Z", "2026-03-06T18:00:00Z"] {
            assert_eq!(nth_day(at(told), 1, &calendar), at("2026-03-09T09:00:00Z"), "{told}");
            assert_eq!(nth_day(at(told), 15, &calendar), at("2026-03-27T09:00:00Z"), "{told}");
        }
        assert_eq!(nth_day(at("2026-03-07T12:00:00Z"), 1, &calendar), at("2026-03-09T09:00:00Z"), "a Saturday");
    }

    #[test]
    fn what_was_held_up_keeps_its_distance_and_comes_to_an_end() {
        let calendar = Calendar::usual(TimeZone::UTC);
        let repeats = Repeats::on(&[1, 3, 3, 2, 7]);
        let first = at("2026-03-02T10:00:00Z");
        let due = |said, last: &str| repeats.due(said, first, at(last), &calendar);
        assert_eq!(due(0, "2026-03-02T10:00:00Z"), Some(at("2026-03-03T09:00:00Z")));
        assert_eq!(due(1, "2026-03-03T09:00:00Z"), Some(at("2026-03-05T09:00:00Z")));
        assert_eq!(due(1, "2026-03-10T09:00:00Z"), Some(at("2026-03-12T09:00:00Z")), "two days after the last one");
        assert_eq!(due(2, "2026-03-05T09:00:00Z"), Some(at("2026-03-11T09:00:00Z")), "the seventh day");
        assert_eq!(due(3, "2026-03-11T09:00:00Z"), None);
        assert_eq!(repeats.over_at(first, &calendar), at("2026-03-11T17:00:00Z"));
        assert_eq!(Repeats::default().due(0, first, first, &calendar), None, "switched off");
    }
}
