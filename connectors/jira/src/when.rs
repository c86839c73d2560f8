//! Instants as Jira writes them, and as JQL reads them. Pure.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// An instant in any of Jira's forms: `2026-04-28T15:54:48.559+0200`, with `Z`, seconds or milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct When(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<When, D::Error> {
        struct AnyForm;
        impl Visitor<'_> for AnyForm {
            type Value = When;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<When, E> {
                instant(text).map(When).ok_or_else(|| E::custom("no instant"))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<When, E> {
                since_epoch(number).map(When).ok_or_else(|| E::custom("no instant"))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<When, E> {
                self.visit_i64(i64::try_from(number).map_err(E::custom)?)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<When, E> {
                let millis = number * if number.abs() < SECONDS_BELOW as f64 { 1_000.0 } else { 1.0 };
                Timestamp::from_millisecond(millis as i64).map(When).map_err(E::custom)
            }
        }
        from.deserialize_any(AnyForm)
    }
}

/// Numbers below this are seconds: the year 5138; in milliseconds it is 1973, before there was any Jira.
const SECONDS_BELOW: i64 = 100_000_000_000;

fn since_epoch(number: i64) -> Option<Timestamp> {
    if number.abs() < SECONDS_BELOW {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

/// Reads an instant; Jira's own form first, without a general parser: a page holds thousands of them.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    jiras(text.as_bytes()).or_else(|| text.parse().ok()).or_else(|| text.parse().ok().and_then(since_epoch))
}

/// `2026-04-28T15:54:48.559+0200`, with or without the fraction.
fn jiras(text: &[u8]) -> Option<Timestamp> {
    let (fixed, rest) = text.split_at_checked(19)?;
    let separators =
        fixed[4] == b'-' && fixed[7] == b'-' && fixed[10] == b'T' && fixed[13] == b':' && fixed[16] == b':';
    if !separators {
        return None;
    }
    let (fraction, zone) = rest.split_at_checked(rest.len().checked_sub(5)?)?;
    let sign = match zone[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let nanos = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            let scale = 10_i64.pow(9 - u32::try_from(digits.len()).ok()?);
            number(digits)? * scale
        }
        _ => return None,
    };
    let two = |at: usize| number(&fixed[at..at + 2]).and_then(|n| i8::try_from(n).ok());
    let year = i16::try_from(number(&fixed[..4])?).ok()?;
    if !(1..=12).contains(&two(5)?) || !(1..=31).contains(&two(8)?) {
        return None;
    }
    let day = Date::new(year, two(5)?, two(8)?).ok()?;
    let (hour, minute, second) = (i64::from(two(11)?), i64::from(two(14)?), i64::from(two(17)?));
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = sign * (number(&zone[1..3])? * 3_600 + number(&zone[3..5])? * 60);
    let days = i64::from((day - date(1970, 1, 1)).get_days());
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |n, digit| digit.is_ascii_digit().then(|| n * 10 + i64::from(digit - b'0')))
}

/// A calendar day: `2026-05-01`, whatever stands behind it.
pub(crate) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// An instant as JQL compares it without asking for anybody's time zone.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_instant_is_read_in_every_form_jira_has() {
        let expected: Timestamp = "2026-04-28T13:54:48.559Z".parse().unwrap();
        for text in [
            "2026-04-28T15:54:48.559+0200",
            "2026-04-28T13:54:48.559Z",
            "2026-04-28T15:54:48.559+02:00",
            "2026-04-28T08:24:48.559-0530",
            "1777384488559",
        ] {
            assert_eq!(instant(text), Some(expected), "{text}");
        }
        assert_eq!(instant("2020-06-12T08:13:13+0800"), Some("2020-06-12T00:13:13Z".parse().unwrap()));
        let of = |json: &str| serde_json::from_str::<When>(json).unwrap().0;
        assert_eq!(of("1492070429"), "2017-04-13T08:00:29Z".parse().unwrap());
        assert_eq!(of("1492070429000"), "2017-04-13T08:00:29Z".parse().unwrap());
        assert_eq!(of("1492070429.5"), "2017-04-13T08:00:29.5Z".parse().unwrap());
        assert_eq!(of("\"1969-12-31T23:59:59.000+0000\""), "1969-12-31T23:59:59Z".parse().unwrap());
        for text in [
            "",
            "soon",
            "2026-04-28",
            "2026-13-28T15:54:48.559+0200",
            "2026-02-30T15:54:48.559+0200",
            "é".repeat(12).as_str(),
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_read_without_any_zone() {
        assert_eq!(day("2025-08-22"), Some(date(2025, 8, 22)));
        assert_eq!(day("2025-08-22 00:00:00.0"), Some(date(2025, 8, 22)));
        assert_eq!(day("22/Aug/25"), None);
    }
}
