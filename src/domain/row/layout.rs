//! What stands where in the bytes of a task.

/// An instant that may be known of a task, by the bit that says whether it is.
#[derive(Clone, Copy)]
pub(in crate::domain) enum When {
    Changed,
    Closed,
    DueAt,
    StartAt,
    Human,
    ChangedByOthers,
    FirstOwner,
    FirstDue,
    FirstDueAt,
    DueSet,
    Started,
    State,
    Progress,
    Reopened,
    Unlinked,
    StartSet,
    DoneBefore,
    Waits,
    Named,
    Booked,
}

/// A number that may be known of a task, by the bit that says whether it is; below the instants.
#[derive(Clone, Copy)]
pub(in crate::domain) enum Number {
    Container = 20,
    Reporter,
    Parent,
    DueOn,
    StartOn,
    FirstDueOn,
    DueSetBy,
    Estimate,
    Spent,
    Remaining,
    Slips,
    Reopened,
    ProgressItems,
}

/// What is neither, each in some bits of its own: where it begins, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct Bits(pub(super) u32, u32);

pub(super) const INSTANTS: u64 = 0xf_ffff;
pub(super) const NUMBERS: u64 = 0x1_fff0_0000;
pub(super) const HAS_SHARE: Bits = Bits(33, 1);
pub(super) const HAS_KIND: Bits = Bits(34, 1);
pub(super) const HAS_UNMAPPED: Bits = Bits(35, 1);
/// A place in [`INSTANTS_AS`].
pub(super) const INSTANT_AS: Bits = Bits(36, 2);
pub(super) const WIDE_NUMBERS: Bits = Bits(38, 1);
pub(super) const WIDE_COUNTS: Bits = Bits(39, 1);
pub(super) const CATEGORY: Bits = Bits(40, 3);
pub(super) const DECLARED: Bits = Bits(43, 1);
pub(super) const RESTRICTED: Bits = Bits(44, 1);
pub(super) const UNSEEN: Bits = Bits(45, 1);
pub(super) const INELIGIBLE: Bits = Bits(46, 3);
pub(super) const DUE_SOURCE: Bits = Bits(49, 3);
pub(super) const PROGRESS_SOURCE: Bits = Bits(52, 3);
/// 0: none.
pub(super) const PRIORITY: Bits = Bits(55, 9);

/// How the instants of a task are written: how many bytes each takes, and how many microseconds it counts by; the narrowest
/// first.
pub(super) const INSTANTS_AS: [(usize, i64); 4] = [(4, 1_000_000), (5, 1_000), (6, 1), (8, 1)];

/// The lists behind instants and numbers, and the texts behind these; how long each is stands at the beginning.
#[derive(Clone, Copy)]
pub(super) enum List {
    Owners,
    Homes,
    Acts,
    Assigned,
    AssignedBy,
    Ext,
    Kind,
    Unmapped,
}

pub(super) const LISTS: usize = 8;
/// Where what each task has ends: the bits, and the creation.
pub(super) const HEAD: usize = 16;

impl Bits {
    pub(super) fn of(self, word: u64) -> u64 {
        word >> self.0 & ((1 << self.1) - 1)
    }

    pub(super) fn is_set(self, word: u64) -> bool {
        self.of(word) != 0
    }

    pub(super) fn put(self, value: u64) -> u64 {
        value << self.0
    }
}

/// What stands where in the bytes of one task.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) word: u64,
    pub(super) instant: usize,
    /// Microseconds.
    pub(super) unit: i64,
    pub(super) number: usize,
    pub(super) count: usize,
}

impl Layout {
    pub(super) fn of(word: u64) -> Layout {
        let (instant, unit) = INSTANTS_AS[INSTANT_AS.of(word) as usize];
        let number = if WIDE_NUMBERS.is_set(word) { 8 } else { 4 };
        let count = if WIDE_COUNTS.is_set(word) { 4 } else { 1 };
        Layout { word, instant, unit, number, count }
    }

    pub(super) fn share(self) -> usize {
        HEAD + LISTS * self.count
    }

    pub(super) fn instants(self) -> usize {
        self.share() + if HAS_SHARE.is_set(self.word) { 8 } else { 0 }
    }

    pub(super) fn numbers(self) -> usize {
        self.instants() + self.instant * (self.word & INSTANTS).count_ones() as usize
    }

    pub(super) fn lists(self) -> usize {
        self.numbers() + self.number * (self.word & NUMBERS).count_ones() as usize
    }

    /// Bytes of one entry of a list.
    pub(super) fn entry(self, list: List) -> usize {
        match list {
            List::Owners | List::Homes => self.number,
            List::Acts | List::Assigned => self.number + self.instant,
            List::AssignedBy => 2 * self.number,
            List::Ext | List::Kind | List::Unmapped => 1,
        }
    }
}

pub(super) const ALL_LISTS: [List; LISTS] =
    [List::Owners, List::Homes, List::Acts, List::Assigned, List::AssignedBy, List::Ext, List::Kind, List::Unmapped];

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// A distance, in as many bytes as [`INSTANTS_AS`] has.
pub(super) fn signed_at(bytes: &[u8], at: usize, width: usize) -> i64 {
    let Some(bytes) = bytes.get(at..at + width) else { return 0 };
    match *bytes {
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, high] => i64::from(u32::from_le_bytes([a, b, c, d])) | i64::from(high as i8) << 32,
        [a, b, c, d, e, f] => i64::from(u32::from_le_bytes([a, b, c, d])) | i64::from(i16::from_le_bytes([e, f])) << 32,
        _ => u64_at(bytes, 0) as i64,
    }
}

/// A number of four bytes or eight.
pub(super) fn number_at(bytes: &[u8], at: usize, width: usize) -> i64 {
    if width == 8 {
        return u64_at(bytes, at) as i64;
    }
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes).into()
}
