//! When whoever is behind an account is away, by the tool's word.

use connector_model::Absences;
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::Work;
use super::values::parsed_in;
use crate::domain::away::DateRange;
use crate::domain::ids::{AccountId, SiteId};

/// Of accounts on sites that are still read.
pub(super) fn read_all(db: &Connection) -> Result<Vec<(AccountId, DateRange)>, StoreError> {
    let mut query = db.prepare(
        "SELECT b.account, b.from_day, b.to_day FROM absences b JOIN accounts a ON a.id = b.account
         WHERE EXISTS(SELECT 1 FROM connections n WHERE n.site = a.site AND n.configured)
         ORDER BY b.account, b.from_day, b.to_day",
    )?;
    let rows = query.query_map([], |row| Ok((AccountId(row.get(0)?), range(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn range(row: &Row<'_>, column: usize) -> Result<DateRange, rusqlite::Error> {
    Ok(DateRange { from: parsed_in(row, column)?, to: parsed_in(row, column + 1)? })
}

/// Puts what an answer tells in place of what was known of these accounts. True: somebody is away at other times than before.
pub(super) fn see(work: &mut Work<'_>, site: SiteId, told: &[Absences]) -> Result<bool, StoreError> {
    let mut differs = false;
    for absences in told {
        let mut away: Vec<DateRange> =
            absences.away.iter().filter_map(|days| DateRange::new(days.from, days.to)).collect();
        away.sort_unstable();
        away.dedup();
        let account = work.account(site, &absences.account)?;
        if away == known(work.db, account)? {
            continue;
        }
        differs = true;
        work.db.prepare_cached("DELETE FROM absences WHERE account = ?")?.execute([account.0])?;
        let mut insert = work.db.prepare_cached("INSERT INTO absences(account, from_day, to_day) VALUES (?,?,?)")?;
        for range in away {
            insert.execute(params![account.0, range.from.to_string(), range.to.to_string()])?;
        }
    }
    Ok(differs)
}

/// What is known of an account, in order.
pub(super) fn known(db: &Connection, account: AccountId) -> Result<Vec<DateRange>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT from_day, to_day FROM absences WHERE account = ? ORDER BY from_day, to_day")?;
    let rows = query.query_map([account.0], |row| range(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
