//! Lengths of time as people write them: wall time, or working time in days and hours.

use jiff::SignedDuration;

use super::calendar::Calendar;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Wall time.
    Elapsed(SignedDuration),
    /// Working days of whoever is concerned.
    Workdays(f64),
    /// Working hours of whoever is concerned.
    Workhours(f64),
}

impl Length {
    /// Working seconds by a calendar. `None`: it is wall time.
    pub fn work_secs(self, calendar: &Calendar) -> Option<i64> {
        match self {
            Length::Elapsed(_) => None,
            Length::Workdays(days) => Some((days * calendar.day_secs() as f64).round() as i64),
            Length::Workhours(hours) => Some((hours * 3600.0).round() as i64),
        }
    }

    /// The instant so much later than `from`.
    pub fn after(self, from: jiff::Timestamp, calendar: &Calendar) -> jiff::Timestamp {
        match (self, self.work_secs(calendar)) {
            (_, Some(secs)) => calendar.after(from, secs),
            (Length::Elapsed(wall), None) => super::calendar::later(from, wall),
            (_, None) => from,
        }
    }
}
