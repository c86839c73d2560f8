//! A length of time as people write it: elapsed (`90m`) or working time (`3 workdays`).
//!
//! What a working day is, is a calendar's business: a [`Length`] only carries the number and its unit. Every length in
//! the configuration is one of these, and whoever uses it decides by whose calendar it counts.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::calendar::{self, Calendar};

/// A length of time, never negative, at most about ten years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Time on the wall clock, in whole seconds; a day is 24 hours here.
    Elapsed(SignedDuration),
    /// Working days of a calendar; 0.5 is half of one.
    Workdays(f64),
    /// Working hours of a calendar.
    Workhours(f64),
}

/// Why a text is not a [`Length`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// No number, no unit we know, a sign, or a fraction of a second.
    #[error("not a length of time; expected {}", Length::EXAMPLES)]
    NotALength,
    /// Longer than ten years: a slip of the pen, and far from every overflow.
    #[error("longer than ten years")]
    TooLong,
}

impl Length {
    /// What a length of time is called in messages.
    pub const NAME: &str = "a length of time";
    /// What one is called that is not too long.
    pub const BOUNDED_NAME: &str = "a length of time below ten years";
    /// How one is written, for messages.
    pub const EXAMPLES: &str = r#"e.g. "90m", "3 workdays", "2 workhours""#;
    /// The units, for messages.
    pub const UNITS: &str = "s m h d w, workhours, workdays";

    /// Whether it lasts no time at all.
    pub fn is_zero(self) -> bool {
        match self {
            Length::Elapsed(duration) => duration.is_zero(),
            Length::Workdays(count) | Length::Workhours(count) => count == 0.0,
        }
    }

    /// Its time on the wall clock; `None` for working time, which only a calendar can tell.
    pub fn elapsed(self) -> Option<SignedDuration> {
        match self {
            Length::Elapsed(duration) => Some(duration),
            Length::Workdays(_) | Length::Workhours(_) => None,
        }
    }

    /// Working seconds by a calendar. `None`: it is wall time.
    pub fn work_secs(self, calendar: &Calendar) -> Option<i64> {
        match self {
            Length::Elapsed(_) => None,
            Length::Workdays(days) => Some((days * calendar.day_secs() as f64).round() as i64),
            Length::Workhours(hours) => Some((hours * 3600.0).round() as i64),
        }
    }

    /// Working seconds by a calendar; of wall time those in as much of it from an instant on.
    pub fn working(self, from: Timestamp, calendar: &Calendar) -> i64 {
        self.work_secs(calendar).unwrap_or_else(|| calendar.working(from, self.after(from, calendar)))
    }

    /// The instant so much later than `from`.
    pub fn after(self, from: Timestamp, calendar: &Calendar) -> Timestamp {
        match self {
            Length::Elapsed(wall) => calendar::later(from, wall),
            Length::Workdays(_) | Length::Workhours(_) => {
                calendar.after(from, self.work_secs(calendar).unwrap_or_default())
            }
        }
    }
}

/// Seconds in each unit of elapsed time, the longest first.
const ELAPSED: [(&str, i64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
const MOST_DAYS: f64 = 3_660.0;

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Length, LengthError> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(LengthError::NotALength)?;
        let (number, unit) = text.split_at(end);
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(LengthError::NotALength);
        }
        let number: f64 = number.parse().map_err(|_| LengthError::NotALength)?;
        match unit.trim_start() {
            "workday" | "workdays" => up_to(number, MOST_DAYS).map(Length::Workdays),
            "workhour" | "workhours" => up_to(number, MOST_DAYS * 24.0).map(Length::Workhours),
            unit => elapsed(number, unit),
        }
    }
}

fn up_to(number: f64, most: f64) -> Result<f64, LengthError> {
    if number <= most { Ok(number) } else { Err(LengthError::TooLong) }
}

fn elapsed(number: f64, unit: &str) -> Result<Length, LengthError> {
    let (_, each) = ELAPSED.into_iter().find(|(name, _)| *name == unit).ok_or(LengthError::NotALength)?;
    let seconds = up_to(number * each as f64, MOST_DAYS * 86_400.0)?;
    // "1.5h" is a whole number of seconds and means something; "0.1s" is finer than anything is ever looked at.
    if (seconds - seconds.round()).abs() > 1e-6 {
        return Err(LengthError::NotALength);
    }
    Ok(Length::Elapsed(SignedDuration::from_secs(seconds.round() as i64)))
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |f: &mut fmt::Formatter<'_>, count: f64, unit: &str| {
            write!(f, "{count} {unit}{}", if count == 1.0 { "" } else { "s" })
        };
        match self {
            Length::Elapsed(duration) => {
                let seconds = duration.as_secs();
                let unit = ELAPSED.into_iter().find(|(_, each)| seconds != 0 && seconds % each == 0);
                let (name, each) = unit.unwrap_or(("s", 1));
                write!(f, "{}{name}", seconds / each)
            }
            Length::Workdays(count) => counted(f, *count, "workday"),
            Length::Workhours(count) => counted(f, *count, "workhour"),
        }
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
        deserializer.deserialize_str(Words)
    }
}

struct Words;

impl Visitor<'_> for Words {
    type Value = Length;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Length::NAME)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Length, E> {
        text.parse().map_err(|error| match error {
            LengthError::NotALength => E::invalid_value(Unexpected::Str(text), &self),
            LengthError::TooLong => E::invalid_value(Unexpected::Str(text), &Length::BOUNDED_NAME),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn secs(seconds: i64) -> Length {
        Length::Elapsed(SignedDuration::from_secs(seconds))
    }

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        for (text, length) in [
            ("90s", secs(90)),
            ("0s", secs(0)),
            ("15m", secs(900)),
            ("2h", secs(7_200)),
            ("1.5h", secs(5_400)),
            ("3d", secs(259_200)),
            (" 1w ", secs(604_800)),
            ("2 h", secs(7_200)),
            ("1 workday", Length::Workdays(1.0)),
            ("3 workdays", Length::Workdays(3.0)),
            ("0.5workdays", Length::Workdays(0.5)),
            ("2 workhours", Length::Workhours(2.0)),
        ] {
            assert_eq!(text.parse::<Length>(), Ok(length), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "3", "h", "3 fortnights", "-1d", "+1d", "1e3s", "1..5h", ".5h", "0.1s", "1h30m", "nan d", "3 D"]
        {
            assert_eq!(text.parse::<Length>(), Err(LengthError::NotALength), "{text}");
        }
        for text in ["3661d", "99999999999999999999999999999999w", "4000 workdays"] {
            assert_eq!(text.parse::<Length>(), Err(LengthError::TooLong), "{text}");
        }
    }

    #[test]
    fn what_is_displayed_reads_back_the_same() {
        for text in ["0s", "90s", "15m", "36h", "3d", "1w", "1 workday", "1.5 workdays", "2 workhours"] {
            let length: Length = text.parse().unwrap();
            assert_eq!(length.to_string(), text);
        }
        assert_eq!("60s".parse::<Length>().unwrap().to_string(), "1m");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,20}|[0-9.]{0,30} ?[a-z]{0,9}") {
            if let Ok(length) = text.parse::<Length>() {
                proptest::prop_assert_eq!(length.to_string().parse::<Length>(), Ok(length));
            }
        }
    }
}
