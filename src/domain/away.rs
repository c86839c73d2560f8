//! When people are away: whole days, as they count them in their own zone. Pure.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days in a row, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DateRange {
    /// The first day.
    pub from: Date,
    /// The last day; never before the first.
    pub to: Date,
}

impl DateRange {
    /// From the first day to the last. `None`: the last comes before the first.
    pub fn new(from: Date, to: Date) -> Option<DateRange> {
        (from <= to).then_some(DateRange { from, to })
    }

    /// True on its days.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The same days in order, with those joined that overlap or follow upon each other.
pub fn joined(mut ranges: Vec<DateRange>) -> Vec<DateRange> {
    ranges.sort_unstable();
    let mut whole: Vec<DateRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match whole.last_mut() {
            // The day after the last there can be has no successor, and then everything lies before it.
            Some(last) if last.to.tomorrow().is_ok_and(|next| next < range.from) => whole.push(range),
            Some(last) => last.to = last.to.max(range.to),
            None => whole.push(range),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range(from: &str, to: &str) -> DateRange {
        DateRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_first_day_and_the_last_belong_to_it() {
        let week = range("2026-03-02", "2026-03-06");
        for (day, is_in) in [("2026-03-01", false), ("2026-03-02", true), ("2026-03-06", true), ("2026-03-07", false)] {
            assert_eq!(week.contains(day.parse().unwrap()), is_in, "{day}");
        }
        assert_eq!(DateRange::new(week.to, week.from), None);
        assert!(DateRange::new(week.to, week.to).unwrap().contains(week.to));
    }

    #[test]
    fn days_that_touch_are_one_time_away_and_others_stay_apart() {
        let told = vec![
            range("2026-03-09", "2026-03-10"),
            range("2026-03-02", "2026-03-06"),
            range("2026-03-03", "2026-03-04"),
            range("2026-03-11", "2026-03-13"),
        ];
        assert_eq!(joined(told), [range("2026-03-02", "2026-03-06"), range("2026-03-09", "2026-03-13")]);
        assert_eq!(joined(vec![range("2026-03-02", "9999-12-31"), range("2026-03-05", "2026-03-06")]).len(), 1);
        assert_eq!(joined(Vec::new()), []);
    }
}
