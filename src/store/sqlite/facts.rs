//! Facts as they are kept with their task: short, and quick to read, for all of them are read at start. Older rows hold them
//! as JSON, and are read as well; whatever is folded anew is kept in this form.
//!
//! Numbers take as many bytes as they need. Instants are microseconds, counted from the one before.

use connector_model::Due;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Row;
use rusqlite::types::Type;

use crate::domain::facts::Facts;
use crate::domain::ids::AccountId;
use crate::domain::past::{Asked, Asks, AssignedBy, DueMove, Past};

/// How facts in this form begin; JSON never does.
const FORM: u8 = 1;

/// Facts as kept.
pub(super) fn blob(facts: &Facts) -> Vec<u8> {
    let mut out = Writer { bytes: vec![FORM], last: 0 };
    // Taken apart, so that nothing is forgotten.
    let Facts {
        human_at,
        changed_at,
        acts,
        assigned,
        first_owner_at,
        first_due_at,
        first_due,
        slips,
        due_set_by,
        due_set_at,
        started_at,
        reopened,
        state_since,
        assigned_by,
        past,
    } = facts;
    out.perhaps_all([human_at, changed_at, first_owner_at, first_due_at, due_set_at, started_at, state_since]);
    out.dated(acts);
    out.dated(assigned);
    out.due(*first_due);
    out.number(u64::from(*slips));
    out.account(*due_set_by);
    out.number(u64::from(*reopened));
    out.list(assigned_by, |out, given| {
        out.signed(given.owner.0);
        out.signed(given.by.0);
        out.number(given.planning.into());
    });
    let Some(past) = past else { return out.bytes };
    let Past {
        progress_at,
        booked_at,
        reopened_at,
        done_before,
        waits_since,
        unlinked_at,
        start_set_at,
        due_moves,
        named_at,
        asked,
    } = &**past;
    out.perhaps_all([
        progress_at,
        reopened_at,
        unlinked_at,
        start_set_at,
        done_before,
        waits_since,
        named_at,
        booked_at,
    ]);
    out.list(due_moves, |out, one| {
        out.instant(one.at);
        out.due(one.from);
        out.due(one.to);
        out.account(one.by);
        out.number(u64::from(one.bulk) | u64::from(one.said) << 1);
    });
    out.list(asked, |out, asked| {
        out.account(asked.by);
        out.signed(asked.whom.0);
        out.instant(asked.at);
        let how = match asked.how {
            Asks::Question => 0,
            Asks::Mention => 1,
            Asks::State => 2,
        };
        out.number(how);
    });
    out.bytes
}

/// Facts of a column, in this form or as JSON.
pub(super) fn of_row(row: &Row<'_>, column: usize) -> Result<Facts, rusqlite::Error> {
    let blob = row.get_ref(column)?.as_blob()?;
    of_blob(blob).map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, error))
}

/// Facts as they are kept, as text that can be read: JSON. `None`: these are none.
pub fn facts_as_json(blob: &[u8]) -> Option<String> {
    serde_json::to_string(&of_blob(blob).ok()?).ok()
}

fn of_blob(blob: &[u8]) -> Result<Facts, Box<dyn std::error::Error + Send + Sync>> {
    match blob {
        [FORM, bytes @ ..] => read(bytes).ok_or_else(|| "these are no facts".into()),
        json => {
            let mut facts: Facts = serde_json::from_slice(json)?;
            facts.shrink();
            Ok(facts)
        }
    }
}

/// `None`: it was not written by [`blob`].
fn read(bytes: &[u8]) -> Option<Facts> {
    let mut from = Reader { bytes, last: 0 };
    let [human_at, changed_at, first_owner_at, first_due_at, due_set_at, started_at, state_since] =
        from.perhaps_all()?;
    let mut facts = Facts {
        human_at,
        changed_at,
        first_owner_at,
        first_due_at,
        due_set_at,
        started_at,
        state_since,
        acts: from.dated()?,
        assigned: from.dated()?,
        first_due: from.due()?,
        slips: from.small()?,
        due_set_by: from.account()?,
        reopened: from.small()?,
        assigned_by: from
            .list(|from| {
                let (owner, by) = (AccountId(from.signed()?), AccountId(from.signed()?));
                Some(AssignedBy { owner, by, planning: from.number()? != 0 })
            })?
            .into(),
        past: None,
    };
    if from.bytes.is_empty() {
        return Some(facts);
    }
    let [progress_at, reopened_at, unlinked_at, start_set_at, done_before, waits_since, named_at, booked_at] =
        from.perhaps_all()?;
    let due_moves = from.list(|from| {
        let (at, was, is) = (from.instant()?, from.due()?, from.due()?);
        let (by, bits) = (from.account()?, from.number()?);
        Some(DueMove { at, from: was, to: is, by, bulk: bits & 1 != 0, said: bits & 2 != 0 })
    })?;
    let asked = from.list(|from| {
        let (by, whom, at) = (from.account()?, AccountId(from.signed()?), from.instant()?);
        let how = match from.number()? {
            0 => Asks::Question,
            1 => Asks::Mention,
            2 => Asks::State,
            _ => return None,
        };
        Some(Asked { by, whom, at, how })
    })?;
    facts.past = Some(Box::new(Past {
        progress_at,
        booked_at,
        reopened_at,
        done_before,
        waits_since,
        unlinked_at,
        start_set_at,
        due_moves: due_moves.into(),
        named_at,
        asked: asked.into(),
    }));
    from.bytes.is_empty().then_some(facts)
}

struct Writer {
    bytes: Vec<u8>,
    /// The instant written last.
    last: i64,
}

impl Writer {
    /// Seven bits a byte, the lowest first; the highest bit says that there is more.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Small whichever sign it has.
    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    fn instant(&mut self, at: Timestamp) {
        let micros = at.as_microsecond();
        self.signed(micros.wrapping_sub(self.last));
        self.last = micros;
    }

    /// Which of them there are, and these.
    fn perhaps_all<const N: usize>(&mut self, all: [&Option<Timestamp>; N]) {
        self.number(all.iter().enumerate().fold(0, |bits, (nth, at)| bits | u64::from(at.is_some()) << nth));
        all.into_iter().flatten().for_each(|at| self.instant(*at));
    }

    fn list<T>(&mut self, list: &[T], one: impl Fn(&mut Writer, &T)) {
        self.number(list.len() as u64);
        list.iter().for_each(|entry| one(self, entry));
    }

    fn dated(&mut self, list: &[(AccountId, Timestamp)]) {
        self.list(list, |out, (account, at)| {
            out.signed(account.0);
            out.instant(*at);
        });
    }

    fn account(&mut self, account: Option<AccountId>) {
        self.number(account.is_some().into());
        account.into_iter().for_each(|account| self.signed(account.0));
    }

    fn due(&mut self, due: Option<Due>) {
        match due {
            None => self.number(0),
            Some(Due::On(date)) => {
                self.number(1);
                self.signed(date.year().into());
                self.signed(date.month().into());
                self.signed(date.day().into());
            }
            Some(Due::At(at)) => {
                self.number(2);
                self.instant(at);
            }
        }
    }
}

/// The inverse of [`Writer`]; `None` wherever something else stands.
struct Reader<'a> {
    bytes: &'a [u8],
    last: i64,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn instant(&mut self) -> Option<Timestamp> {
        self.last = self.last.wrapping_add(self.signed()?);
        Timestamp::from_microsecond(self.last).ok()
    }

    fn perhaps_all<const N: usize>(&mut self) -> Option<[Option<Timestamp>; N]> {
        let bits = self.number()?;
        let mut all = [None; N];
        for (_, at) in all.iter_mut().enumerate().filter(|(nth, _)| bits >> nth & 1 == 1) {
            *at = Some(self.instant()?);
        }
        Some(all)
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = usize::try_from(self.number()?).ok()?;
        // Each entry takes a byte at least.
        let mut list = Vec::with_capacity(length.min(self.bytes.len()));
        for _ in 0..length {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn dated(&mut self) -> Option<Vec<(AccountId, Timestamp)>> {
        self.list(|from| Some((AccountId(from.signed()?), from.instant()?)))
    }

    fn account(&mut self) -> Option<Option<AccountId>> {
        match self.number()? {
            0 => Some(None),
            _ => Some(Some(AccountId(self.signed()?))),
        }
    }

    fn due(&mut self) -> Option<Option<Due>> {
        let part = |number: i64| i8::try_from(number).ok();
        Some(match self.number()? {
            0 => None,
            1 => {
                let year = i16::try_from(self.signed()?).ok()?;
                Some(Due::On(Date::new(year, part(self.signed()?)?, part(self.signed()?)?).ok()?))
            }
            _ => Some(Due::At(self.instant()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    /// Of everything something.
    fn full() -> Facts {
        let day = Due::On(jiff::civil::date(2026, 3, 14));
        let moved =
            DueMove { at: at(90), from: Some(day), to: Some(Due::At(at(99))), by: None, bulk: true, said: false };
        let asked = Asked { by: Some(AccountId(3)), whom: AccountId(i64::MAX), at: at(-7), how: Asks::State };
        Facts {
            human_at: Some(at(1_773_000_000)),
            changed_at: Some(at(-5)),
            acts: vec![(AccountId(7), at(1_773_000_000)), (AccountId(300), at(4))],
            assigned: vec![(AccountId(7), Timestamp::from_microsecond(1_773_000_000_000_001).unwrap())],
            first_owner_at: Some(at(1)),
            first_due_at: None,
            first_due: Some(day),
            slips: 2,
            due_set_by: Some(AccountId(7)),
            due_set_at: Some(Timestamp::MIN),
            started_at: Some(at(2)),
            reopened: u32::MAX,
            state_since: Some(Timestamp::UNIX_EPOCH),
            assigned_by: Box::new([AssignedBy { owner: AccountId(7), by: AccountId(1), planning: true }]),
            past: Some(Box::new(Past {
                progress_at: Some(at(11)),
                reopened_at: None,
                unlinked_at: Some(at(12)),
                start_set_at: None,
                done_before: Some(at(10)),
                waits_since: None,
                due_moves: Box::new([
                    moved,
                    DueMove { from: None, bulk: false, by: Some(AccountId(2)), ..moved },
                    DueMove { said: true, ..moved },
                ]),
                named_at: Some(at(13)),
                booked_at: Some(at(14)),
                asked: Box::new([asked, Asked { by: None, how: Asks::Question, ..asked }]),
            })),
        }
    }

    fn again(blob: &[u8]) -> Result<Facts, rusqlite::Error> {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        db.query_row("SELECT ?", [blob], |row| of_row(row, 0))
    }

    #[test]
    fn facts_are_read_as_they_were_written_now_and_in_the_older_form() {
        for facts in [Facts::default(), Facts { past: None, ..full() }, full()] {
            assert_eq!(again(&blob(&facts)).unwrap(), facts);
            assert_eq!(again(&serde_json::to_vec(&facts).unwrap()).unwrap(), facts);
        }
    }

    #[test]
    fn what_is_cut_off_or_made_up_is_an_error_and_no_panic() {
        let whole = blob(&full());
        for length in 1..whole.len() {
            let cut = again(&whole[..length]);
            assert!(cut.is_err() || cut.is_ok_and(|facts| facts.past.is_none()), "{length} bytes of it");
        }
        assert!(again(&[]).is_err());
        assert!(again(&[FORM, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    }
}
