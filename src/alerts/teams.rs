//! Whose work is whose to lead: what the digests of managers are about.

use std::collections::BTreeSet;

use super::whose::{heads, owners, responsible};
use super::{may_send, reader};
use crate::domain::alert::{Alert, AlertState};
use crate::domain::finding::SubjectKey;
use crate::domain::ids::{AccountId, PersonId, TaskId};
use crate::domain::people::Person;
use crate::domain::policy::Mode;
use crate::domain::record::ContainerRec;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// What somebody answers for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Team {
    /// Whose it is. `None`: everything that is watched.
    pub(crate) of: Option<AccountId>,
    /// Open work, in the order of its rows.
    pub(crate) tasks: Vec<TaskId>,
    /// Who has some of it.
    pub(crate) people: BTreeSet<PersonId>,
}

impl Team {
    /// The work of everybody whom an account leads, unassigned work included where they answer for its place; of
    /// [`AccountId::NOBODY`] what nobody leads. `None`: everything. Only what may be told.
    pub(crate) fn of(of: Option<AccountId>, snapshot: &Snapshot<'_>) -> Team {
        let board = snapshot.board;
        let mut team = Team { of, ..Team::default() };
        for task in board.tasks().filter(|task| task.is_work() && is_live(task, snapshot)) {
            if of.is_none_or(|of| lead(task, snapshot) == of) {
                team.tasks.push(task.id);
                let there = task.owners().filter(|owner| board.people.is_there(*owner));
                team.people.extend(there.map(|owner| board.stands_for(owner)));
            }
        }
        team.tasks.sort_unstable();
        team
    }

    /// Whether a gap is one of this team's. What is wrong with gapwatch itself is nobody's.
    pub(crate) fn has(&self, alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
        let Some(of) = self.of else { return !matches!(alert.subject, SubjectKey::Connection(_) | SubjectKey::System) };
        match alert.subject {
            SubjectKey::Task(id) => match snapshot.board.task(id) {
                Some(task) if !task.is_work() => lead(task, snapshot) == of,
                _ => self.tasks.binary_search(&id).is_ok(),
            },
            SubjectKey::Person(id) => self.people.contains(&id),
            SubjectKey::Container(_) => {
                let people = &snapshot.board.people;
                heads(alert, snapshot).into_iter().any(|head| people.same(head, of))
            }
            SubjectKey::Connection(_) | SubjectKey::System => false,
        }
    }

    /// The team's gaps that are open and may be told.
    pub(crate) fn open<'a>(
        &'a self,
        alerts: impl Iterator<Item = &'a Alert>,
        snapshot: &'a Snapshot<'a>,
    ) -> impl Iterator<Item = &'a Alert> {
        alerts.filter(|alert| {
            alert.state != AlertState::Resolved && may_send(alert, snapshot) && self.has(alert, snapshot)
        })
    }
}

/// True for a gap that was there before, while nothing else is said of what it is about: nobody has heard of it.
pub(crate) fn is_quiet_backlog<'a>(alert: &Alert, beside: impl Iterator<Item = &'a Alert>) -> bool {
    let speaks = |other: &Alert| other.state != AlertState::Resolved && !other.backlog;
    alert.backlog && !beside.into_iter().any(speaks)
}

/// True for somebody who leads somebody else, or answers for a place.
pub(crate) fn leads(account: AccountId, snapshot: &Snapshot<'_>) -> bool {
    let board = snapshot.board;
    let Some(id) = board.people.person(account).map(|person| person.id) else { return false };
    let leads = |person: &Person| person.manager == Some(id) && person.id != id;
    let answers = |home: &ContainerRec| home.responsible.is_some_and(|account| board.stands_for(account) == id);
    board.people.default_manager == Some(id)
        || board.people.persons.values().any(leads)
        || board.containers().any(answers)
}

fn is_live(task: &TaskRow, snapshot: &Snapshot<'_>) -> bool {
    let Some(reader) = reader(SubjectKey::Task(task.id), snapshot) else { return false };
    let own = snapshot.policy.connection_modes.get(&reader).copied();
    own.unwrap_or(snapshot.policy.mode) == Mode::Live
}

/// Who leads whoever has a task: the account that stands for them.
fn lead(task: &TaskRow, snapshot: &Snapshot<'_>) -> AccountId {
    let people = &snapshot.board.people;
    let responsible = responsible(SubjectKey::Task(task.id), snapshot);
    let leads = match task.owners().find(|owner| people.is_there(*owner)) {
        Some(owner) => people.manager_or(owner, responsible),
        None => responsible.or(people.default_manager).and_then(|id| people.persons.get(&id)),
    };
    leads.map_or(AccountId::NOBODY, |person| person.own_account)
}

/// True where whoever it concerns is this account.
pub(crate) fn is_of(account: AccountId, alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let people = &snapshot.board.people;
    owners(alert, snapshot).into_iter().any(|owner| people.same(owner, account))
}
