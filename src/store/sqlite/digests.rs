//! Which digests had their turn.

use jiff::civil::Date;
use rusqlite::{Connection, params};

use super::super::StoreError;
use super::values::{at_opt, code_in, day_code, day_from, us_of};
use crate::domain::digest::{DigestOf, DigestTurn};

/// All of them; those of a kind that this program does not know left out.
pub(super) fn read_all(db: &Connection) -> Result<Vec<DigestTurn>, StoreError> {
    let mut query = db.prepare("SELECT kind, whose, day, made_at FROM digests")?;
    let rows = query.query_map([], |row| {
        let of = DigestOf::from_code(code_in(row, 0)?, row.get(1)?);
        let day = day_from(row.get(2)?).unwrap_or(Date::MIN);
        let made_at = at_opt(row, 3)?;
        Ok(of.map(|of| DigestTurn { of, day, made_at }))
    })?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

pub(super) fn put(db: &Connection, turns: &[DigestTurn]) -> Result<(), StoreError> {
    for DigestTurn { of, day, made_at } in turns {
        let (kind, whose) = of.code();
        db.prepare_cached(
            "INSERT INTO digests(kind, whose, day, made_at) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET day = excluded.day, made_at = excluded.made_at",
        )?
        .execute(params![kind, whose, day_code(*day), us_of(*made_at)])?;
    }
    Ok(())
}
