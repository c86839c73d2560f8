//! All a rule may see of a snapshot. A rule has no clock: it asks `passed(instant)`, and every *no* becomes a candidate for
//! `recheck_at`, the first instant at which the answer could differ while the data stays the same.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use connector_model::{AccountKind, ContainerKind, Due, Ineligible, StatusCategory};
use jiff::Timestamp;

use super::calendar::Calendar;
use super::chains::Chains;
use super::finding::{Deadline, Evidence, Grounds, Reading, Why};
use super::forecast::{Proof, Third};
use super::ids::{AccountId, ContainerId, TaskId};
use super::norms::Norms;
use super::people::People;
use super::record::{ConnectionRec, ContainerRec, HistoryReach};
use super::row::TaskRow;
use super::row::Told;
use super::snapshot::Snapshot;

/// What a rule reads besides its subject; declared by the rule, recorded by [`Look`], compared in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads(u16);

impl Reads {
    /// Nothing but the subject itself.
    pub const SUBJECT: Reads = Reads(0);
    /// Its owners.
    pub const OWNERS: Reads = Reads(1);
    /// Its parent.
    pub const PARENT: Reads = Reads(2);
    /// Its children.
    pub const CHILDREN: Reads = Reads(4);
    /// What it waits for.
    pub const BLOCKERS: Reads = Reads(8);
    /// What waits for it.
    pub const DEPENDANTS: Reads = Reads(16);
    /// Its containers and homes.
    pub const CONTAINERS: Reads = Reads(32);
    /// Of a container: what its open tasks are called by and owned by. Of a person: what they own.
    pub const MEMBERS: Reads = Reads(64);
    /// What it is linked with, in no order between them.
    pub const LINKED: Reads = Reads(256);

    /// Both.
    pub const fn and(self, other: Reads) -> Reads {
        Reads(self.0 | other.0)
    }

    /// True when everything of `other` is in it.
    pub const fn contains(self, other: Reads) -> bool {
        self.0 & other.0 == other.0
    }
}

/// When an owner last acted, if that can be relied on.
type Acted = Result<Option<Timestamp>, Why>;

/// A rule's view of one snapshot, for one judgement.
pub struct Look<'a> {
    snapshot: &'a Snapshot<'a>,
    /// Nobody asks for the numbers of what is clear.
    brief: bool,
    next: Cell<Option<Timestamp>>,
    pub(super) reads: Cell<Reads>,
    chains: Rc<Chains>,
    /// What several rules ask of one task is found out once.
    pub(super) deadline: Cell<Option<(TaskId, Reads, Option<Deadline>)>>,
    calendar: Cell<Option<(TaskId, &'a Arc<Calendar>)>>,
    container: Cell<Option<(ContainerId, Option<&'a ContainerRec>)>>,
    told: Cell<Option<(TaskId, Result<bool, Why>)>>,
    owner_at: Cell<Option<(TaskId, Reads, Acted)>>,
    norms: Cell<Option<(TaskId, &'a Norms)>>,
}

/// From when to when a task's time counts, and how it was found out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Planned start, else the later of creation, first owner and first deadline.
    pub start_at: Timestamp,
    /// Its end.
    pub deadline: Deadline,
    /// Working time from start to deadline, seconds.
    pub work_secs: i64,
    /// True where no history can ever be had and the creation stands in for the start.
    pub guessed: bool,
}

impl<'a> Look<'a> {
    /// A fresh look.
    pub fn new(snapshot: &'a Snapshot<'a>) -> Look<'a> {
        Look::sharing(snapshot, &Rc::default(), false)
    }

    /// A fresh look, that shares with others at the same snapshot what they found out about chains. `brief`: nobody asks
    /// for the numbers of what is clear.
    pub fn sharing(snapshot: &'a Snapshot<'a>, chains: &Rc<Chains>, brief: bool) -> Look<'a> {
        Look {
            snapshot,
            brief,
            next: Cell::new(None),
            reads: Cell::new(Reads::SUBJECT),
            chains: Rc::clone(chains),
            deadline: Cell::new(None),
            calendar: Cell::new(None),
            container: Cell::new(None),
            told: Cell::new(None),
            owner_at: Cell::new(None),
            norms: Cell::new(None),
        }
    }

    /// Forgets what was asked, for the next rule about the same subject.
    pub fn begin(&self) {
        self.next.set(None);
        self.reads.set(Reads::SUBJECT);
    }

    pub(super) fn chains(&self) -> &Chains {
        &self.chains
    }

    /// True from `at` on. A *no* is remembered as an instant to look again.
    pub fn passed(&self, at: Timestamp) -> bool {
        if at <= self.snapshot.now {
            return true;
        }
        if at < Timestamp::MAX {
            self.next.set(Some(self.next.get().map_or(at, |next| next.min(at))));
        }
        false
    }

    /// Clear, with the facts, where anybody asks for them.
    pub fn measured(&self, evidence: impl FnOnce() -> Evidence) -> Reading {
        if self.brief { Reading::Clear(Grounds::Because("not asked for")) } else { Reading::measured(evidence()) }
    }

    /// The first instant at which an answer given so far could differ. `None`: never by itself.
    pub fn recheck_at(&self) -> Option<Timestamp> {
        self.next.get()
    }

    /// What was read so far.
    pub fn reads(&self) -> Reads {
        self.reads.get()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.snapshot.now
    }

    pub(super) fn board(&self) -> &'a super::board::Board {
        self.snapshot.board
    }

    pub(super) fn policy(&self) -> &'a super::policy::Policy {
        self.snapshot.policy
    }

    pub(super) fn note(&self, reads: Reads) {
        self.reads.set(self.reads.get().and(reads));
    }

    /// A task on the board. `None`: not mirrored, or left the open world.
    pub fn task(&self, id: TaskId) -> Option<&'a TaskRow> {
        self.snapshot.board.task(id)
    }

    /// A connection.
    pub fn connection(&self, id: super::ids::ConnectionId) -> Option<&'a ConnectionRec> {
        self.snapshot.board.connection(id)
    }

    /// True when a task may be spoken of: its container is read by a connection, and was read completely once.
    pub fn watched(&self, task: &TaskRow) -> bool {
        self.container(task).is_some_and(|container| container.reader.is_some() && container.warm_at.is_some())
    }

    /// What finished tasks of a task's container show of the score at a checkpoint, and those of the whole organisation.
    pub fn proofs(&self, task: &TaskRow, days: u32) -> [Option<&'a Proof>; 2] {
        self.snapshot.board.norms().forecast.proofs(task.container(), days)
    }

    /// Who belongs to the riskiest third of the open tasks of a task's container at a checkpoint, as of the start of the
    /// day. `None`: too few stood there to say.
    pub fn third(&self, task: &TaskRow, days: u32) -> Option<Third> {
        self.snapshot.board.norms().forecast.third(task.container(), days)
    }

    /// Everybody known.
    pub fn people(&self) -> &'a People {
        &self.snapshot.board.people
    }

    /// Whole working days that have passed since an instant, none before it. Looks again when the next one is full.
    pub fn workdays_since(&self, from: Timestamp, calendar: &Calendar) -> i64 {
        let day = calendar.day_secs();
        let full = calendar.working(from, self.snapshot.now) / day;
        self.passed(calendar.after(from, (full + 1) * day));
        full
    }

    /// How much of a task's time has passed, in whole hundredths of it, 0 to 100. Looks again when the next is full.
    pub fn hundredths(&self, task: &'a TaskRow, span: &Span) -> i64 {
        let calendar = self.calendar(task);
        let passed = calendar.working(span.start_at, self.snapshot.now) * 100 / span.work_secs;
        if passed >= 100 {
            return 100;
        }
        self.passed(calendar.after(span.start_at, ((passed + 1) * span.work_secs + 99) / 100));
        passed
    }

    /// True when it is planned into a sprint.
    pub fn in_sprint(&self, task: &TaskRow) -> bool {
        self.note(Reads::CONTAINERS);
        let homes = task.homes().filter_map(|id| self.snapshot.board.container(id));
        homes.into_iter().any(|home| home.kind == ContainerKind::Sprint)
    }

    /// What is normal for tasks like this one.
    pub fn norms(&self, task: &TaskRow) -> &'a Norms {
        if let Some((known, norms)) = self.norms.get()
            && known == task.id
        {
            return norms;
        }
        let norms = self.snapshot.board.norms().of(task.container(), task.kind().unwrap_or_default());
        self.norms.set(Some((task.id, norms)));
        norms
    }

    /// False for bots; an account that was never described counts as human.
    pub fn is_human(&self, account: AccountId) -> bool {
        self.note(Reads::OWNERS);
        self.snapshot.board.people.is_human(account)
    }

    /// Where a task lives.
    pub fn container(&self, task: &TaskRow) -> Option<&'a ContainerRec> {
        self.note(Reads::CONTAINERS);
        let id = task.container();
        if let Some((known, container)) = self.container.get()
            && known == id
        {
            return container;
        }
        let container = self.snapshot.board.container(id);
        self.container.set(Some((id, container)));
        container
    }

    /// Its parent. `None`: it has none, or it is not mirrored.
    pub fn parent(&self, task: &TaskRow) -> Option<&'a TaskRow> {
        self.note(Reads::PARENT);
        self.snapshot.board.task(task.parent()?)
    }

    /// Its parts, in a fixed order. What is no work is none of them: a heading among sub-tasks, a milestone, a line without a
    /// date.
    pub fn children(&self, task: &TaskRow) -> impl Iterator<Item = &'a TaskRow> + use<'a> {
        self.note(Reads::CHILDREN);
        self.snapshot.board.children(task.id).filter(|child| child.ineligible() != Some(Ineligible::NotWork))
    }

    /// What it waits for, in a fixed order.
    pub fn blockers(&self, task: &TaskRow) -> impl Iterator<Item = &'a TaskRow> + use<'a> {
        self.note(Reads::BLOCKERS);
        self.snapshot.board.blockers(task.id)
    }

    /// What waits for it, in a fixed order.
    pub fn dependants(&self, task: &TaskRow) -> impl Iterator<Item = &'a TaskRow> + use<'a> {
        self.note(Reads::DEPENDANTS);
        self.snapshot.board.dependants(task.id)
    }

    /// True when it waits for a task that is not on the board: not mirrored, or out of our sight.
    pub fn waits_elsewhere(&self, task: &TaskRow) -> bool {
        self.note(Reads::BLOCKERS);
        self.snapshot.board.waits_elsewhere(task.id)
    }

    /// What it is linked with and neither waits for nor keeps waiting, in a fixed order.
    pub fn linked(&self, task: &TaskRow) -> impl Iterator<Item = &'a TaskRow> + use<'a> {
        self.note(Reads::LINKED);
        self.snapshot.board.linked(task.id)
    }

    /// Open tasks that wait for each other in a circle, this one among them. Empty: it stands in none.
    pub fn waiting_circle(&self, task: &TaskRow) -> &'a [TaskId] {
        self.note(Reads::BLOCKERS.and(Reads::DEPENDANTS));
        self.snapshot.board.waiting_circle(task.id)
    }

    /// Open tasks that are parts of each other in a circle, this one among them. Empty: it stands in none.
    pub fn nested_circle(&self, task: &TaskRow) -> &'a [TaskId] {
        self.note(Reads::PARENT.and(Reads::CHILDREN));
        self.snapshot.board.nested_circle(task.id)
    }

    /// The site a task is on, as text: `jira|https://acme.atlassian.net|`.
    pub fn site(&self, task: &TaskRow) -> &'a str {
        self.container(task).map_or("", |container| self.snapshot.board.site(container.site))
    }

    /// Its owners who can act, in the tool's order: no bots, and nobody whose account was deactivated.
    pub fn owners(&self, task: &'a TaskRow) -> impl Iterator<Item = AccountId> + use<'a> {
        self.note(Reads::OWNERS);
        let people = &self.snapshot.board.people;
        task.owners().filter(move |owner| people.is_there(*owner))
    }

    /// Whether it is assigned to an account that was deactivated.
    pub fn has_left(&self, task: &'a TaskRow) -> bool {
        self.note(Reads::OWNERS);
        let accounts = &self.snapshot.board.people.accounts;
        task.owners().any(|owner| accounts.get(&owner).is_some_and(|rec| rec.kind == AccountKind::Gone))
    }

    /// Working hours of its first human owner, else the default ones.
    pub fn calendar(&self, task: &'a TaskRow) -> &'a Arc<Calendar> {
        self.note(Reads::OWNERS);
        if let Some((known, calendar)) = self.calendar.get()
            && known == task.id
        {
            return calendar;
        }
        let owner = self.owners(task).next();
        let calendar = self.snapshot.board.people.calendar(owner);
        self.calendar.set(Some((task.id, calendar)));
        calendar
    }

    /// Working hours of whoever is behind an account.
    pub fn calendar_of(&self, account: AccountId) -> &'a Arc<Calendar> {
        self.note(Reads::OWNERS);
        self.snapshot.board.people.calendar(Some(account))
    }

    /// True when both accounts are the same, or belong to the same person.
    pub fn same(&self, one: AccountId, other: AccountId) -> bool {
        self.note(Reads::OWNERS);
        self.snapshot.board.people.same(one, other)
    }

    /// Whether somebody is behind an account who can still act: no bot, and not deactivated.
    pub fn is_there(&self, account: AccountId) -> bool {
        self.note(Reads::OWNERS);
        self.snapshot.board.people.is_there(account)
    }

    /// Start of the working day we are in, or the last one before: what a projection counts from, so that it stands still
    /// during the day. Looks again at the next start of a working day.
    pub fn today(&self, calendar: &Calendar) -> Timestamp {
        self.passed(calendar.next_day_start(self.snapshot.now));
        // Where nothing was ever worked, any instant will do, as long as it is always the same.
        calendar.last_day_start(self.snapshot.now).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What its history says, once that can be relied on.
    ///
    /// # Errors
    /// Says why not: it is still being read, does not reach back to the task's creation, or is older than the task.
    /// A container without any history is `Ok(None)`.
    pub fn facts(&self, task: &'a TaskRow) -> Result<Option<Told<'a>>, Why> {
        self.note(Reads::CONTAINERS);
        let told = match self.told.get() {
            Some((known, told)) if known == task.id => told,
            _ => {
                let told = self.is_told(task);
                self.told.set(Some((task.id, told)));
                told
            }
        };
        Ok(told?.then(|| task.facts()))
    }

    /// False where there is no history at all.
    fn is_told(&self, task: &'a TaskRow) -> Result<bool, Why> {
        match self.container(task).map(|container| container.history) {
            None | Some(HistoryReach::Pending) => Err(Why::HistoryPending),
            Some(HistoryReach::Absent) => Ok(false),
            Some(HistoryReach::Known { from, .. }) if from > task.created_at() => Err(Why::HistoryShort),
            Some(HistoryReach::Known { read_at, .. }) if read_at < task.changed_at() => Err(Why::HistoryBehind),
            Some(HistoryReach::Known { .. }) => Ok(true),
        }
    }

    /// Our state of a task: the tool's where it tells, else active once an owner has acted since the assignment.
    ///
    /// # Errors
    /// Where the tool does not tell and the history cannot be relied on.
    pub fn category(&self, task: &'a TaskRow) -> Result<StatusCategory, Why> {
        if task.declared() || task.category() != StatusCategory::Todo {
            return Ok(task.category());
        }
        let told = self.facts(task)?.is_some_and(|facts| facts.started_at().is_some());
        // The fold knows accounts; an owner who acted through another account of theirs is known only here.
        let started = told || self.owner_at(task)?.is_some();
        Ok(if started { StatusCategory::Active } else { StatusCategory::Todo })
    }

    /// When it entered the state it is in, by the same word as [`Look::category`]; creation counts as one.
    /// `Ok(None)`: there is no history.
    ///
    /// # Errors
    /// Where the history cannot be relied on.
    pub fn state_since(&self, task: &'a TaskRow) -> Result<Option<Timestamp>, Why> {
        let Some(facts) = self.facts(task)? else { return Ok(None) };
        let waits = task.category() == StatusCategory::Waiting;
        let since = if waits { facts.waits_since() } else { facts.state_since() };
        let told = since.unwrap_or(task.created_at());
        if task.declared() || task.category() != StatusCategory::Todo {
            return Ok(Some(told));
        }
        // Begun by what its owners do, but for what was reopened since.
        let begun = [facts.started_at(), self.owner_at(task)?].into_iter().flatten().min();
        Ok(Some(begun.map_or(told, |begun| begun.max(told))))
    }

    /// The human clock: the last act of a human that touched content; creation counts as one. `Ok(None)`: there is no history.
    ///
    /// # Errors
    /// Where the history cannot be relied on.
    pub fn human_at(&self, task: &'a TaskRow) -> Result<Option<Timestamp>, Why> {
        let on_card = if task.is_check_item() { self.owner_at(task)? } else { None };
        let since =
            |facts: Told<'_>| facts.human_at().max(on_card).map_or(task.created_at(), |at| at.max(task.created_at()));
        Ok(self.facts(task)?.map(since))
    }

    /// The owner clock: the last act of any present owner (by any account of theirs) since the assignment.
    /// `Ok(None)`: none, or there is no history.
    ///
    /// # Errors
    /// Where the history cannot be relied on.
    pub fn owner_at(&self, task: &'a TaskRow) -> Result<Option<Timestamp>, Why> {
        if let Some((known, reads, acted)) = self.owner_at.get()
            && known == task.id
        {
            self.note(reads);
            return acted;
        }
        let before = self.reads.replace(Reads::SUBJECT);
        let acted = self.find_owner_at(task);
        self.owner_at.set(Some((task.id, self.reads(), acted)));
        self.note(before);
        acted
    }

    fn find_owner_at(&self, task: &'a TaskRow) -> Result<Option<Timestamp>, Why> {
        let people = &self.snapshot.board.people;
        let Some(facts) = self.facts(task)? else { return Ok(None) };
        let card = task.parent().filter(|_| task.is_check_item()).and_then(|card| self.snapshot.board.task(card));
        let acts = self.owners(task).flat_map(|owner| {
            let since = facts.assigned_since(owner).unwrap_or(task.created_at());
            let acts = facts.acts().chain(card.into_iter().flat_map(|card| card.facts().acts()));
            acts.filter(move |(who, at)| people.same(*who, owner) && *at > since).map(|(_, at)| at)
        });
        Ok(acts.max())
    }

    /// From when to when its time counts. `Ok(None)`: it has no deadline, or one before its start.
    ///
    /// # Errors
    /// Where the start stands in a history that cannot be relied on.
    pub fn span(&self, task: &'a TaskRow) -> Result<Option<Span>, Why> {
        let Some(deadline) = self.deadline(task) else { return Ok(None) };
        let (start_at, guessed) = self.start_origin(task)?;
        let work_secs = self.calendar(task).working(start_at, deadline.at);
        Ok((work_secs > 0).then_some(Span { start_at, deadline, work_secs, guessed }))
    }

    /// From when its time counts, and whether that is a guess.
    ///
    /// # Errors
    /// Where it stands in a history that cannot be relied on.
    pub fn start_origin(&self, task: &'a TaskRow) -> Result<(Timestamp, bool), Why> {
        let calendar = self.calendar(task);
        Ok(match task.start() {
            Some(Due::At(at)) => (at, false),
            Some(Due::On(date)) => (calendar.next_open(calendar.day_begins(date)), false),
            None => match self.facts(task)? {
                None => (task.created_at(), true),
                Some(facts) => {
                    let firsts = [Some(task.created_at()), facts.first_owner_at(), facts.first_due_at()];
                    (firsts.into_iter().flatten().max().unwrap_or(task.created_at()), false)
                }
            },
        })
    }
}

/// A container that is a home with a date, not a place.
pub fn is_home(kind: ContainerKind) -> bool {
    kind.due_source().is_some()
}
