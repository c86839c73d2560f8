//! A table of rows by number: the rows stand one after the other, without gaps, and finding one costs four to eight bytes
//! each. With a million rows, a table that keeps room to spare inside itself takes twice as much.

/// A row, by a number of its own.
pub(super) trait Keyed {
    fn key(&self) -> i64;
}

/// Rows by number, in no order that means anything; the same operations give the same order.
#[derive(Debug, Clone)]
pub(super) struct Table<R> {
    rows: Vec<R>,
    /// Where each row stands, at the place its number belongs or the next that was free; [`FREE`] for none. A power of two
    /// long, and never more than three quarters full.
    places: Vec<u32>,
}

const FREE: u32 = u32::MAX;

impl<R> Default for Table<R> {
    fn default() -> Self {
        Table { rows: Vec::new(), places: Vec::new() }
    }
}

impl<R: Keyed> Table<R> {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let mut table = Table { rows: Vec::with_capacity(rows), places: Vec::new() };
        table.make_room(rows);
        table
    }

    /// The rows as they stand: a new one comes last, and the last takes the place of one that goes.
    pub(super) fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Which of the rows has a number.
    pub(super) fn nth_of(&self, key: i64) -> Option<usize> {
        self.find(key).ok().map(|(_, nth)| nth)
    }

    /// Lets two rows change places.
    pub(super) fn swap(&mut self, one: usize, other: usize) {
        let places = [one, other].map(|nth| self.find(self.rows[nth].key()));
        self.rows.swap(one, other);
        for (place, nth) in places.into_iter().zip([other, one]) {
            if let Ok((place, _)) = place {
                self.places[place] = nth as u32;
            }
        }
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, R> {
        self.rows.iter()
    }

    pub(super) fn contains(&self, key: i64) -> bool {
        self.find(key).is_ok()
    }

    pub(super) fn get(&self, key: i64) -> Option<&R> {
        let (_, nth) = self.find(key).ok()?;
        self.rows.get(nth)
    }

    pub(super) fn get_mut(&mut self, key: i64) -> Option<&mut R> {
        let (_, nth) = self.find(key).ok()?;
        self.rows.get_mut(nth)
    }

    /// Puts a row in the place of the one with its number, which is given back.
    pub(super) fn insert(&mut self, row: R) -> Option<R> {
        if (self.rows.len() + 1) * 4 > self.places.len() * 3 {
            // A little more than there is, which is twice the places.
            self.make_room((self.rows.len() + 1) * 5 / 4);
        }
        match self.find(row.key()) {
            Ok((_, nth)) => Some(std::mem::replace(&mut self.rows[nth], row)),
            Err(place) => {
                self.places[place] = self.rows.len() as u32;
                self.rows.push(row);
                None
            }
        }
    }

    /// The row of a number, made where there is none.
    pub(super) fn entry(&mut self, key: i64, make: impl FnOnce() -> R) -> &mut R {
        let nth = match self.find(key) {
            Ok((_, nth)) => nth,
            Err(_) => {
                self.insert(make());
                self.rows.len() - 1
            }
        };
        &mut self.rows[nth]
    }

    pub(super) fn remove(&mut self, key: i64) -> Option<R> {
        let (place, nth) = self.find(key).ok()?;
        self.free(place);
        let last = self.rows.len() - 1;
        if nth != last {
            // The last row takes the place of the one that goes.
            let moved = self.rows[last].key();
            if let Ok((place, _)) = self.find(moved) {
                self.places[place] = nth as u32;
            }
        }
        Some(self.rows.swap_remove(nth))
    }

    /// The place and the row of a number; without one, the place where it would be noted.
    fn find(&self, key: i64) -> Result<(usize, usize), usize> {
        if self.places.is_empty() {
            return Err(0);
        }
        let mut place = self.home(key);
        loop {
            match self.places[place] {
                FREE => return Err(place),
                nth if self.rows[nth as usize].key() == key => return Ok((place, nth as usize)),
                _ => place = self.after(place),
            }
        }
    }

    /// Frees a place, and moves up those behind it that stand where they do because it was taken.
    fn free(&mut self, place: usize) {
        let (mut free, mut next) = (place, self.after(place));
        while self.places[next] != FREE {
            let home = self.home(self.rows[self.places[next] as usize].key());
            let mask = self.places.len() - 1;
            // How far it stands from its home, and how far it would.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(free) & mask {
                self.places[free] = self.places[next];
                free = next;
            }
            next = self.after(next);
        }
        self.places[free] = FREE;
    }

    fn make_room(&mut self, rows: usize) {
        let length = (rows * 4 / 3 + 1).next_power_of_two().max(8);
        if length <= self.places.len() {
            return;
        }
        self.places = vec![FREE; length];
        for nth in 0..self.rows.len() {
            if let Err(place) = self.find(self.rows[nth].key()) {
                self.places[place] = nth as u32;
            }
        }
    }

    fn home(&self, key: i64) -> usize {
        let product = u128::from(key as u64) * 0x9e37_79b9_7f4a_7c15;
        ((product >> 64) as u64 ^ product as u64) as usize & (self.places.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl Keyed for (i64, u8) {
        fn key(&self) -> i64 {
            self.0
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_and_not_taken(steps in proptest::collection::vec((0..3u8, -20..60i64, any::<u8>()), 0..400)) {
            let (mut table, mut known) = (Table::<(i64, u8)>::default(), BTreeMap::new());
            for (what, key, value) in steps {
                match what {
                    0 => prop_assert_eq!(table.remove(key).map(|row| row.1), known.remove(&key)),
                    1 => prop_assert_eq!(table.insert((key, value)).map(|row| row.1), known.insert(key, value)),
                    _ => prop_assert_eq!(table.entry(key, || (key, value)).1, *known.entry(key).or_insert(value)),
                }
                prop_assert_eq!(table.iter().len(), known.len());
                for key in -20..60 {
                    prop_assert_eq!(table.get(key).map(|row| row.1), known.get(&key).copied());
                }
                let mut all: Vec<_> = table.iter().copied().collect();
                all.sort_unstable();
                prop_assert_eq!(all, known.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
            }
        }
    }
}
