//! When each day begins and ends, worked out once a month of days that are asked for: a date is turned into an instant by
//! nearly every question about a deadline, and rules about time zones are slow to ask.

use std::sync::OnceLock;

use jiff::civil::Date;

/// The days of a month, by their number less one.
type Month = Box<[(i64, i64)]>;

/// Days of a fixed range of years.
#[derive(Debug)]
pub(super) struct Almanac {
    first_year: i16,
    months: Box<[OnceLock<Month>]>,
}

impl Almanac {
    /// Knows nothing yet.
    pub(super) fn of((first, last): (i16, i16)) -> Almanac {
        let months = usize::try_from(last - first + 1).unwrap_or_default() * 12;
        Almanac { first_year: first, months: (0..months).map(|_| OnceLock::new()).collect() }
    }

    /// What `find` says of a day, which is always the same.
    pub(super) fn day(&self, date: Date, find: impl Fn(Date) -> (i64, i64)) -> (i64, i64) {
        let nth = (i32::from(date.year()) - i32::from(self.first_year)) * 12 + i32::from(date.month()) - 1;
        let month = usize::try_from(nth).ok().and_then(|nth| self.months.get(nth));
        let known = month.and_then(|month| {
            let days = month.get_or_init(|| {
                let days = (1..=date.days_in_month()).filter_map(|day| Date::new(date.year(), date.month(), day).ok());
                days.map(&find).collect()
            });
            days.get(usize::try_from(date.day()).ok()?.checked_sub(1)?).copied()
        });
        known.unwrap_or_else(|| find(date))
    }
}
