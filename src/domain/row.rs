//! A task as the board keeps it: what is there, and nothing else, in a run of bytes.
//!
//! A million tasks are kept, and most of what may be known of a task is not known of most of them. A word at the beginning
//! says what is there. Instants are counted from the creation of the task, to the microsecond, as the store keeps them: in
//! whole seconds where all of a task's are, as GitHub's are, which takes four bytes each; in whole milliseconds, as those of
//! other tools are, in five; else in six. Row numbers take four bytes. Where one does not fit, all of its kind take eight.

mod layout;
mod pack;
mod told;

use connector_model::{Due, DueSource, DueStated, Ineligible, Progress, ProgressSource, Share, StatusCategory};
use jiff::Timestamp;
use jiff::civil::Date;

use super::ids::{AccountId, ContainerId, TaskId};
use super::past::{Asked, AssignedBy, DueMove};
use super::task::{TaskRec, TaskWords};
use layout::*;
use pack::Packing;
pub use told::Told;

/// A task, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Row.
    pub id: TaskId,
    body: Body,
}

/// What is known of a task. Few have more than bytes, and the others pay nothing for that.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    Usual(Box<[u8]>),
    More(Box<(Box<[u8]>, Rare)>),
}

/// What few tasks have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rare {
    pub(super) words: Option<Box<TaskWords>>,
    pub(super) due_moves: Box<[DueMove]>,
    pub(super) asked: Box<[Asked]>,
}

impl TaskRow {
    /// Without what need not be there.
    pub fn pack(rec: TaskRec) -> TaskRow {
        let id = rec.id;
        let (bytes, rare) = Packing::of(rec);
        let bytes = bytes.into_boxed_slice();
        let body = match rare {
            None => Body::Usual(bytes),
            Some(rare) => Body::More(Box::new((bytes, rare))),
        };
        TaskRow { id, body }
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

    fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Usual(bytes) => bytes,
            Body::More(more) => &more.0,
        }
    }

    fn word(&self) -> u64 {
        u64_at(self.bytes(), 0)
    }

    fn layout(&self) -> Layout {
        Layout::of(self.word())
    }

    fn read_instant(&self, at: usize, layout: Layout) -> Timestamp {
        let distance = signed_at(self.bytes(), at, layout.instant).wrapping_mul(layout.unit);
        instant(self.created().wrapping_add(distance))
    }

    fn read_number(&self, at: usize, width: usize) -> i64 {
        number_at(self.bytes(), at, width)
    }

    fn created(&self) -> i64 {
        u64_at(self.bytes(), 8) as i64
    }

    pub(super) fn when(&self, which: When) -> Option<Timestamp> {
        let (word, bit) = (self.word(), which as u32);
        if word >> bit & 1 == 0 {
            return None;
        }
        let layout = Layout::of(word);
        let nth = (word & INSTANTS & ((1 << bit) - 1)).count_ones() as usize;
        Some(self.read_instant(layout.instants() + nth * layout.instant, layout))
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
            usize::from(self.bytes().get(at).copied().unwrap_or_default())
        } else {
            usize::try_from(number_at(self.bytes(), at, 4)).unwrap_or_default()
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
        self.bytes().get(from..from + length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Accounts, each with an instant.
    fn dated(&self, list: List) -> impl ExactSizeIterator<Item = (AccountId, Timestamp)> + Clone {
        let (layout, places) = self.entries(list);
        places.map(move |at| {
            let account = AccountId(self.read_number(at, layout.number));
            (account, self.read_instant(at + layout.number, layout))
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
        match &self.body {
            Body::Usual(_) => None,
            Body::More(more) => Some(&more.1),
        }
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
            share: Share::new(f64::from_bits(u64_at(self.bytes(), layout.share()))),
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
        self.rare()?.words.as_deref()
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
            | 3 << INSTANT_AS.0
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

#[cfg(test)]
mod tests;
