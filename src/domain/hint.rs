//! Which numbers may be in a table, in a bit each: for tables that hold few of those they are asked for. The answer is mostly
//! *no*, and comes from a few words of memory that are always near, where a table looks into two places that never are.

/// Numbers that may be there. Each has a bit, shared by those that stand a whole number of lengths apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Hint {
    /// As many as a power of two, or none.
    words: Vec<u64>,
    /// How many were noted since the last time there was not room enough.
    noted: usize,
}

/// Bits for each number that is there: so few of the others share one with them.
const EACH: usize = 8;

impl Hint {
    /// False for a number that was never noted.
    pub(super) fn may_hold(&self, key: i64) -> bool {
        let (word, bit) = self.place(key);
        self.words.get(word).is_some_and(|word| word >> bit & 1 != 0)
    }

    /// Notes one more; `all` are those that are there, itself among them. What has left is forgotten when room is made.
    pub(super) fn note(&mut self, key: i64, all: impl ExactSizeIterator<Item = i64>) {
        self.noted += 1;
        if self.noted * EACH > self.words.len() * u64::BITS as usize {
            let length = (all.len() * 2 * EACH / u64::BITS as usize).next_power_of_two().max(8);
            self.words = vec![0; length];
            self.noted = all.len();
            all.for_each(|key| self.set(key));
        }
        self.set(key);
    }

    fn set(&mut self, key: i64) {
        let (word, bit) = self.place(key);
        self.words[word] |= 1 << bit;
    }

    /// Which bit of which word.
    fn place(&self, key: i64) -> (usize, u32) {
        let (word, bit) = (key as u64 / u64::from(u64::BITS), key as u64 % u64::from(u64::BITS));
        (word as usize & self.words.len().wrapping_sub(1), bit as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_there_may_be_there(keys in proptest::collection::vec(-1_000_000..1_000_000i64, 0..300)) {
            let (mut hint, mut there) = (Hint::default(), BTreeSet::new());
            for key in keys {
                // As a table does: it takes out now and then.
                if key % 3 == 0 {
                    there.pop_first();
                }
                there.insert(key);
                hint.note(key, there.iter().copied());
                prop_assert!(there.iter().all(|key| hint.may_hold(*key)));
            }
        }
    }

    #[test]
    fn what_is_not_there_is_mostly_known_not_to_be() {
        let mut hint = Hint::default();
        assert!(!hint.may_hold(7));
        let there: Vec<i64> = (0..10_000).map(|nth| nth * 8).collect();
        for (nth, key) in there.iter().enumerate() {
            hint.note(*key, there[..=nth].iter().copied());
        }
        let mistaken = (0..80_000).filter(|key| key % 8 != 0 && hint.may_hold(*key)).count();
        assert!(mistaken < 1_000, "{mistaken}");
    }
}
