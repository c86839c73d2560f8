//! How plain values are written into columns and read back: instants as microseconds, the rest as JSON text where only
//! this program reads it.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Error, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Microseconds since 1970; what is finer is cut off.
pub(super) fn us(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// [`us`] of an instant that may be absent.
pub(super) fn us_of(at: Option<Timestamp>) -> Option<i64> {
    at.map(us)
}

/// The inverse of [`us`]; out of range reads as the first or last instant there is.
pub(super) fn at(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or(if us < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The instant in a column.
pub(super) fn at_in(row: &Row<'_>, column: usize) -> Result<Timestamp, Error> {
    Ok(at(row.get(column)?))
}

/// The instant in a column that may be NULL.
pub(super) fn at_opt(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Error> {
    Ok(row.get::<_, Option<i64>>(column)?.map(at))
}

/// A small code in a column; one that does not fit reads as 255, which every `from_code` takes as unknown.
pub(super) fn code_in(row: &Row<'_>, column: usize) -> Result<u8, Error> {
    Ok(u8::try_from(row.get::<_, i64>(column)?).unwrap_or(u8::MAX))
}

/// A value in a column by its text.
pub(super) fn parsed_in<T>(row: &Row<'_>, column: usize) -> Result<T, Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// JSON text of a value.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

/// The inverse of [`json`], from a column.
pub(super) fn json_in<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text, column)
}

/// [`json_in`] for a column that may be NULL.
pub(super) fn json_opt<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>, Error> {
    row.get_ref(column)?.as_str_or_null()?.map(|text| parse(text, column)).transpose()
}

fn parse<T: DeserializeOwned>(text: &str, column: usize) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// A list of row numbers as JSON, for `IN (SELECT value FROM json_each(?))`: one statement for any number of rows.
pub(super) fn id_list(ids: impl IntoIterator<Item = i64>) -> String {
    let mut list = String::from("[");
    for id in ids {
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(&id.to_string());
    }
    list.push(']');
    list
}

/// 20260314
pub(super) fn day_code(date: Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// The inverse of [`day_code`]. `None`: no day is written so.
pub(super) fn day_from(code: i64) -> Option<Date> {
    let (year, month, day) = (code / 10_000, code / 100 % 100, code % 100);
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}
