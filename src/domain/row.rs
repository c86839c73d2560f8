//! A task as the board keeps it: what is there, and nothing else, in a run of bytes.
//!
//! A million tasks are kept, and most of what may be known of a task is not known of most of them. A word at the beginning
//! says what is there; instants take six bytes, counted from the creation of the task, and row numbers four; where one of a
//! task's does not fit, all of its take eight. Instants are kept to the microsecond, as the store keeps them.

mod pack;
mod told;

use connector_model::{Due, DueSource, DueStated, Ineligible, Progress, ProgressSource, Share, StatusCategory};
use jiff::Timestamp;
use jiff::civil::Date;

use super::ids::{AccountId, ContainerId, TaskId};
use super::past::{Asked, AssignedBy, DueMove};
use super::task::{TaskRec, TaskWords};
use pack::Packing;
pub use told::Told;

/// A task, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Row.
    pub id: TaskId,
    bytes: Box<[u8]>,
    rare: Option<Box<Rare>>,
}

/// What few tasks have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rare {
    pub(super) words: Option<Box<TaskWords>>,
    pub(super) due_moves: Box<[DueMove]>,
    pub(super) asked: Box<[Asked]>,
}

/// An instant that may be known of a task, by the bit that says whether it is.
#[derive(Clone, Copy)]
pub(super) enum When {
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
pub(super) enum Number {
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
struct Bits(u32, u32);

const INSTANTS: u64 = 0xf_ffff;
const NUMBERS: u64 = 0x1_fff0_0000;
const HAS_SHARE: Bits = Bits(33, 1);
const HAS_KIND: Bits = Bits(34, 1);
const HAS_UNMAPPED: Bits = Bits(35, 1);
const WIDE_INSTANTS: Bits = Bits(36, 1);
const WIDE_NUMBERS: Bits = Bits(37, 1);
const WIDE_COUNTS: Bits = Bits(38, 1);
const CATEGORY: Bits = Bits(39, 3);
const DECLARED: Bits = Bits(42, 1);
const RESTRICTED: Bits = Bits(43, 1);
const UNSEEN: Bits = Bits(44, 1);
const INELIGIBLE: Bits = Bits(45, 3);
const DUE_SOURCE: Bits = Bits(48, 3);
const PROGRESS_SOURCE: Bits = Bits(51, 3);
/// 0: none.
const PRIORITY: Bits = Bits(54, 9);

/// The lists behind instants and numbers, and the texts behind these; how long each is stands at the beginning.
#[derive(Clone, Copy)]
enum List {
    Owners,
    Homes,
    Acts,
    Assigned,
    AssignedBy,
    Ext,
    Kind,
    Unmapped,
}

const LISTS: usize = 8;
/// Where what each task has ends: the bits, and the creation.
const HEAD: usize = 16;

impl Bits {
    fn of(self, word: u64) -> u64 {
        word >> self.0 & ((1 << self.1) - 1)
    }

    fn is_set(self, word: u64) -> bool {
        self.of(word) != 0
    }

    fn put(self, value: u64) -> u64 {
        value << self.0
    }
}

/// What stands where in the bytes of one task.
#[derive(Clone, Copy)]
struct Layout {
    word: u64,
    instant: usize,
    number: usize,
    count: usize,
}

impl Layout {
    fn of(word: u64) -> Layout {
        let width = |wide: Bits, narrow| if wide.is_set(word) { 8 } else { narrow };
        let count = if WIDE_COUNTS.is_set(word) { 4 } else { 1 };
        Layout { word, instant: width(WIDE_INSTANTS, 6), number: width(WIDE_NUMBERS, 4), count }
    }

    fn share(self) -> usize {
        HEAD + LISTS * self.count
    }

    fn instants(self) -> usize {
        self.share() + if HAS_SHARE.is_set(self.word) { 8 } else { 0 }
    }

    fn numbers(self) -> usize {
        self.instants() + self.instant * (self.word & INSTANTS).count_ones() as usize
    }

    fn lists(self) -> usize {
        self.numbers() + self.number * (self.word & NUMBERS).count_ones() as usize
    }

    /// Bytes of one entry of a list.
    fn entry(self, list: List) -> usize {
        match list {
            List::Owners | List::Homes => self.number,
            List::Acts | List::Assigned => self.number + self.instant,
            List::AssignedBy => 2 * self.number,
            List::Ext | List::Kind | List::Unmapped => 1,
        }
    }
}

const ALL_LISTS: [List; LISTS] =
    [List::Owners, List::Homes, List::Acts, List::Assigned, List::AssignedBy, List::Ext, List::Kind, List::Unmapped];

impl TaskRow {
    /// Without what need not be there.
    pub fn pack(rec: TaskRec) -> TaskRow {
        let id = rec.id;
        let (bytes, rare) = Packing::of(rec);
        TaskRow { id, bytes: bytes.into(), rare }
    }

    /// Whole again, to be changed.
    pub fn unpack(&self) -> TaskRec {
        TaskRec {
            id: self.id,
            ext: self.ext().into(),
            container: self.container(),
            kind: self.kind().map(Into::into),
            homes: self.homes().collect(),
            category: self.category(),
            declared: self.declared(),
            unmapped: self.unmapped().map(Into::into),
            start: self.start(),
            due: self.due(),
            created_at: self.created_at(),
            closed_at: self.closed_at(),
            priority: self.priority(),
            progress: self.progress(),
            estimate_secs: self.estimate_secs(),
            spent_secs: self.spent_secs(),
            remaining_secs: self.remaining_secs(),
            parent: self.parent(),
            owners: self.owners().collect(),
            reporter: self.reporter(),
            ineligible: self.ineligible(),
            restricted: self.restricted(),
            unseen: self.unseen(),
            changed_at: self.changed_at(),
            facts: self.facts().to_facts(),
            words: self.words().cloned().map(Box::new),
        }
    }

    fn word(&self) -> u64 {
        u64_at(&self.bytes, 0)
    }

    fn layout(&self) -> Layout {
        Layout::of(self.word())
    }

    fn read_instant(&self, at: usize, width: usize) -> Timestamp {
        instant(self.created().wrapping_add(signed_at(&self.bytes, at, width)))
    }

    fn read_number(&self, at: usize, width: usize) -> i64 {
        number_at(&self.bytes, at, width)
    }

    fn created(&self) -> i64 {
        u64_at(&self.bytes, 8) as i64
    }

    pub(super) fn when(&self, which: When) -> Option<Timestamp> {
        let (word, bit) = (self.word(), which as u32);
        if word >> bit & 1 == 0 {
            return None;
        }
        let layout = Layout::of(word);
        let nth = (word & INSTANTS & ((1 << bit) - 1)).count_ones() as usize;
        Some(self.read_instant(layout.instants() + nth * layout.instant, layout.instant))
    }

    pub(super) fn number(&self, which: Number) -> Option<i64> {
        let (word, bit) = (self.word(), which as u32);
        if word >> bit & 1 == 0 {
            return None;
        }
        let layout = Layout::of(word);
        let nth = (word & NUMBERS & ((1 << bit) - 1)).count_ones() as usize;
        Some(self.read_number(layout.numbers() + nth * layout.number, layout.number))
    }

    pub(super) fn due_of(&self, at: When, on: Number) -> Option<Due> {
        self.number(on).map(|day| Due::On(date(day))).or_else(|| self.when(at).map(Due::At))
    }

    /// How many entries a list has.
    fn count(&self, layout: Layout, list: List) -> usize {
        let at = HEAD + list as usize * layout.count;
        if layout.count == 1 {
            usize::from(self.bytes.get(at).copied().unwrap_or_default())
        } else {
            usize::try_from(number_at(&self.bytes, at, 4)).unwrap_or_default()
        }
    }

    /// Where each entry of a list begins.
    fn entries(&self, list: List) -> (Layout, impl ExactSizeIterator<Item = usize> + Clone + use<>) {
        let layout = self.layout();
        let before: usize =
            ALL_LISTS[..list as usize].iter().map(|list| self.count(layout, *list) * layout.entry(*list)).sum();
        let (from, each) = (layout.lists() + before, layout.entry(list));
        (layout, (0..self.count(layout, list)).map(move |nth| from + nth * each))
    }

    fn text(&self, list: List) -> &str {
        let (_, mut places) = self.entries(list);
        let (length, from) = (places.len(), places.next().unwrap_or_default());
        self.bytes.get(from..from + length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Accounts, each with an instant.
    fn dated(&self, list: List) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone {
        let (layout, places) = self.entries(list);
        places.map(move |at| {
            let account = AccountId(self.read_number(at, layout.number));
            (account, self.read_instant(at + layout.number, layout.instant))
        })
    }

    pub(super) fn acts(&self) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone {
        self.dated(List::Acts)
    }

    pub(super) fn assigned(&self) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone {
        self.dated(List::Assigned)
    }

    pub(super) fn assigned_by(&self) -> impl ExactSizeIterator<Item = AssignedBy> + Clone {
        let (layout, places) = self.entries(List::AssignedBy);
        places.map(move |at| {
            let by = self.read_number(at + layout.number, layout.number);
            let owner = AccountId(self.read_number(at, layout.number));
            AssignedBy { owner, by: AccountId(by >> 1), planning: by & 1 == 1 }
        })
    }

    pub(super) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The tool's stable id.
    pub fn ext(&self) -> &str {
        self.text(List::Ext)
    }

    /// Where it lives.
    pub fn container(&self) -> ContainerId {
        ContainerId(self.number(Number::Container).unwrap_or_default())
    }

    /// The tool's word for what it is (`Bug`). `None`: it has none.
    pub fn kind(&self) -> Option<&str> {
        HAS_KIND.is_set(self.word()).then(|| self.text(List::Kind))
    }

    /// Milestones, sprints and other homes.
    pub fn homes(&self) -> impl ExactSizeIterator<Item = ContainerId> + Clone {
        let (layout, places) = self.entries(List::Homes);
        places.map(move |at| ContainerId(self.read_number(at, layout.number)))
    }

    /// Our state; see `declared`.
    pub fn category(&self) -> StatusCategory {
        StatusCategory::from_code(CATEGORY.of(self.word()) as u8)
    }

    /// False: the tool does not tell todo from active.
    pub fn declared(&self) -> bool {
        DECLARED.is_set(self.word())
    }

    /// The tool's word for its state, where that means nothing to us. `None`: it does.
    pub fn unmapped(&self) -> Option<&str> {
        HAS_UNMAPPED.is_set(self.word()).then(|| self.text(List::Unmapped))
    }

    /// Planned start.
    pub fn start(&self) -> Option<Due> {
        self.due_of(When::StartAt, Number::StartOn)
    }

    /// Deadline of its own.
    pub fn due(&self) -> Option<DueStated> {
        let due = self.due_of(When::DueAt, Number::DueOn)?;
        Some(DueStated { due, source: DueSource::from_code(DUE_SOURCE.of(self.word()) as u8) })
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        instant(self.created())
    }

    /// When it was closed.
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.when(When::Closed)
    }

    /// 1 is the highest.
    pub fn priority(&self) -> Option<u8> {
        u8::try_from(PRIORITY.of(self.word()).checked_sub(1)?).ok()
    }

    /// Declared progress, but for that of its children.
    pub fn progress(&self) -> Option<Progress> {
        let layout = self.layout();
        HAS_SHARE.is_set(layout.word).then(|| Progress {
            share: Share::new(f64::from_bits(u64_at(&self.bytes, layout.share()))),
            source: ProgressSource::from_code(PROGRESS_SOURCE.of(layout.word) as u8),
            items: self.small(Number::ProgressItems).unwrap_or_default(),
        })
    }

    /// Seconds.
    pub fn estimate_secs(&self) -> Option<i64> {
        self.number(Number::Estimate)
    }

    /// Seconds booked on it. `None`: the tool does not tell.
    pub fn spent_secs(&self) -> Option<u32> {
        self.small(Number::Spent)
    }

    /// Seconds that are said to be left. `None`: nobody says.
    pub fn remaining_secs(&self) -> Option<u32> {
        self.small(Number::Remaining)
    }

    pub(super) fn small(&self, which: Number) -> Option<u32> {
        self.number(which).and_then(|number| u32::try_from(number).ok())
    }

    /// Its parent, if mirrored.
    pub fn parent(&self) -> Option<TaskId> {
        self.number(Number::Parent).map(TaskId)
    }

    /// Everybody assigned, bots included.
    pub fn owners(&self) -> impl ExactSizeIterator<Item = AccountId> + Clone {
        let (layout, places) = self.entries(List::Owners);
        places.map(move |at| AccountId(self.read_number(at, layout.number)))
    }

    /// Author.
    pub fn reporter(&self) -> Option<AccountId> {
        self.number(Number::Reporter).map(AccountId)
    }

    /// Why no rule looks at it.
    pub fn ineligible(&self) -> Option<Ineligible> {
        Ineligible::from_code(INELIGIBLE.of(self.word()) as u8)
    }

    /// May not be shown in open places.
    pub fn restricted(&self) -> bool {
        RESTRICTED.is_set(self.word())
    }

    /// It is not to be seen any more although its container is: what is known of it stays, and nothing is concluded.
    pub fn unseen(&self) -> bool {
        UNSEEN.is_set(self.word())
    }

    /// When it was last different from before, by the question that showed it.
    pub fn changed_at(&self) -> Timestamp {
        self.when(When::Changed).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What its history says.
    pub fn facts(&self) -> Told<'_> {
        Told::of(self)
    }

    /// What the tool calls things about it. `None`: no condition of the configuration reads any of it.
    pub fn words(&self) -> Option<&TaskWords> {
        self.rare.as_ref()?.words.as_deref()
    }

    /// True for an item of a checklist: nobody can write anything in it, so what its owners do on its card is done on it.
    pub fn is_check_item(&self) -> bool {
        self.kind() == Some("check item") && self.parent().is_some()
    }

    /// True for a task that rules are asked about, as far as the task itself tells.
    pub fn is_work(&self) -> bool {
        let word = self.word();
        !INELIGIBLE.is_set(word) && StatusCategory::from_code(CATEGORY.of(word) as u8).is_open()
    }

    /// True when two states of a task stand in the same place: the same homes, owners and whole, and both are work or not.
    pub(super) fn stands_like(&self, other: &TaskRow) -> bool {
        self.is_work() == other.is_work()
            && self.container() == other.container()
            && self.parent() == other.parent()
            && self.unmapped() == other.unmapped()
            && self.owners().eq(other.owners())
            && self.homes().eq(other.homes())
    }

    /// True when two states of a task differ in nothing that the readings of its neighbours hang on. When it changed and what
    /// people did on it is nobody else's concern; when work began is, where the tool does not tell.
    pub(super) fn is_alike(&self, other: &TaskRow) -> bool {
        // Everything that is only there or not, and how long each list is, without the instants.
        const WORD: u64 = !(INSTANTS
            | 1 << Number::Slips as u32
            | 1 << Number::Reopened as u32
            | 1 << Number::FirstDueOn as u32
            | 1 << WIDE_INSTANTS.0
            | 1 << WIDE_NUMBERS.0
            | 1 << WIDE_COUNTS.0);
        const NUMBERS: [Number; 10] = [
            Number::Container,
            Number::Reporter,
            Number::Parent,
            Number::DueOn,
            Number::StartOn,
            Number::DueSetBy,
            Number::Estimate,
            Number::Spent,
            Number::Remaining,
            Number::ProgressItems,
        ];
        const DATES: [When; 4] = [When::Closed, When::DueAt, When::StartAt, When::DueSet];
        let started = |row: &TaskRow| row.when(When::Started).is_some();
        self.id == other.id
            && self.word() & WORD == other.word() & WORD
            && self.created() == other.created()
            && NUMBERS.iter().all(|which| self.number(*which) == other.number(*which))
            && DATES.iter().all(|which| self.when(*which) == other.when(*which))
            && started(self) == started(other)
            && self.owners().eq(other.owners())
            && self.homes().eq(other.homes())
            && self.progress() == other.progress()
            && [List::Ext, List::Kind, List::Unmapped].iter().all(|list| self.text(*list) == other.text(*list))
            && self.words() == other.words()
    }
}

/// A day as one number, in the order of days; never below nothing.
fn day(date: Date) -> i64 {
    (i64::from(date.year()) + 10_000) << 9 | i64::from(date.month()) << 5 | i64::from(date.day())
}

fn date(day: i64) -> Date {
    let part = |shift: u32, bits: i64| i8::try_from(day >> shift & bits).unwrap_or_default();
    let year = i16::try_from((day >> 9) - 10_000).unwrap_or_default();
    Date::new(year, part(5, 0xf), part(0, 0x1f)).unwrap_or_default()
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// A distance of six bytes or eight.
fn signed_at(bytes: &[u8], at: usize, width: usize) -> i64 {
    if width == 8 {
        return u64_at(bytes, at) as i64;
    }
    let Some(six) = bytes.get(at..at + 6) else { return 0 };
    let [low, high] =
        [u32::from_le_bytes([six[0], six[1], six[2], six[3]]), u16::from_le_bytes([six[4], six[5]]).into()];
    i64::from(low) | i64::from(high as u16 as i16) << 32
}

/// A number of four bytes or eight.
fn number_at(bytes: &[u8], at: usize, width: usize) -> i64 {
    if width == 8 {
        return u64_at(bytes, at) as i64;
    }
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes).into()
}

#[cfg(test)]
mod tests;
