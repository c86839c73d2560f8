//! Some tasks, as a condition of a query. Where they lie close together, as they do when a whole board is loaded, one scan
//! over their stretch of the table is several times cheaper than looking up each.

use rusqlite::types::Value;

use super::values::id_list;
use crate::domain::ids::TaskId;

/// A scan may meet so many rows for each one that is wanted.
const SPARSE: usize = 3;

/// Some tasks.
pub(super) enum Chosen {
    /// All rows from the first to the last; others may lie between them, for the caller to leave out.
    Stretch(i64, i64),
    /// These rows, as [`id_list`] writes them.
    Each(String),
}

impl Chosen {
    /// Those with these row numbers.
    pub(super) fn of(ids: &[TaskId]) -> Chosen {
        if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
            let dense = usize::try_from(last.0 - first.0).is_ok_and(|length| length < ids.len() * SPARSE);
            if dense && ids.is_sorted() {
                return Chosen::Stretch(first.0, last.0);
            }
        }
        Chosen::Each(id_list(ids.iter().map(|id| id.0)))
    }

    /// The condition on a column, for the first two parameters of a query.
    pub(super) fn holds(&self, column: &str) -> String {
        match self {
            Chosen::Stretch(..) => format!("{column} BETWEEN ?1 AND ?2"),
            Chosen::Each(_) => format!("{column} IN (SELECT value FROM json_each(?1)) AND ?2 IS NULL"),
        }
    }

    /// The two parameters.
    pub(super) fn values(&self) -> [Value; 2] {
        match self {
            Chosen::Stretch(first, last) => [Value::Integer(*first), Value::Integer(*last)],
            Chosen::Each(list) => [Value::Text(list.clone()), Value::Null],
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rusqlite::{Connection, params_from_iter};

    use super::*;

    fn found(ids: &[i64]) -> Vec<i64> {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t(id INTEGER PRIMARY KEY)").unwrap();
        for id in 1..=100 {
            db.execute("INSERT INTO t VALUES (?)", [id]).unwrap();
        }
        let chosen = Chosen::of(&ids.iter().map(|id| TaskId(*id)).collect::<Vec<_>>());
        let mut query = db.prepare(&format!("SELECT id FROM t WHERE {}", chosen.holds("id"))).unwrap();
        let rows = query.query_map(params_from_iter(chosen.values()), |row| row.get(0)).unwrap();
        rows.map(|row| row.unwrap()).collect()
    }

    #[test]
    fn close_ones_are_a_stretch_with_what_lies_between_and_far_ones_are_looked_up() {
        assert_eq!(found(&[10, 12, 13]), [10, 11, 12, 13]);
        assert_eq!(found(&[10, 40, 90]), [10, 40, 90]);
        assert_eq!(found(&[13, 10, 12]), [10, 12, 13], "only what is in order has a beginning and an end");
        assert_eq!(found(&[]), [0_i64; 0]);
    }
}
