//! Instants as Trello writes them, and those that stand in its ids. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error};

/// As long as `2026-09-30`.
const DAY: usize = 10;

/// An instant, or nothing: `2026-09-30T16:00:00.000Z`, a day (its beginning in Greenwich), `null` or an empty text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct When(pub(crate) Option<Timestamp>);

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<When, D::Error> {
        match Option::<String>::deserialize(from)? {
            Some(text) if !text.is_empty() => match instant(&text) {
                Some(at) => Ok(When(Some(at))),
                None => Err(D::Error::custom("no instant")),
            },
            _ => Ok(When(None)),
        }
    }
}

/// Reads an instant, or a day.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    // A day and an hour without a zone is neither: its date alone would be another instant.
    let of_day = || {
        let day: Date = text.parse().ok().filter(|_| text.len() == DAY)?;
        day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    text.parse().ok().or_else(of_day)
}

/// When the thing of this id was made: the first eight digits are seconds since 1970. `None`: it is no id of Trello's.
pub(crate) fn of_id(id: &str) -> Option<Timestamp> {
    let is_id = id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit());
    Timestamp::from_second(i64::from_str_radix(id.get(..8).filter(|_| is_id)?, 16).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert_eq!(of_id("4eea503d91e31d174600008f").unwrap().to_string(), "2011-12-15T19:53:33Z");
        for id in ["", "4eea503d", "4eea503d91e31d174600008g", "üüüüüüüüüüüü", "aI4od6Yd"] {
            assert_eq!(of_id(id), None, "{id}");
        }
    }

    #[test]
    fn an_instant_may_be_a_day_or_nothing() {
        let read = |json: &str| serde_json::from_str::<When>(json).map(|when| when.0);
        assert_eq!(read(r#""2026-09-30T16:00:00.000Z""#).unwrap(), instant("2026-09-30T16:00:00Z"));
        assert_eq!(read(r#""2026-09-30""#).unwrap(), instant("2026-09-30T00:00:00Z"));
        assert_eq!((read("null").unwrap(), read("\"\"").unwrap()), (None, None));
        assert!(read("\"soon\"").is_err() && read("7").is_err());
        assert!(read(r#""2026-11-17T16:00:00""#).is_err(), "an hour of nowhere");
    }
}
