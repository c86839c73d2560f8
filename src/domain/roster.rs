//! Who has which open work, under which accounts, and where somebody is at work at all: kept up to date, so that a question
//! about one person costs what that person has.

use std::collections::BTreeSet;

use connector_model::AccountKind;
use jiff::Timestamp;

use super::ids::{AccountId, IdMap, PersonId, SiteId, TaskId};
use super::people::{AccountRec, People};
use super::row::TaskRow;
use super::sorted::Sorted;

/// Who has what.
#[derive(Default)]
pub(super) struct Roster {
    owned: IdMap<AccountId, Sorted>,
    accounts: IdMap<PersonId, BTreeSet<AccountId>>,
    /// The day, Greenwich, on which a person was last seen to act.
    active: IdMap<SiteId, Timestamp>,
}

impl Roster {
    /// Everybody's accounts; nobody has any work yet.
    pub(super) fn new(people: &People) -> Roster {
        let mut roster = Roster::default();
        for rec in people.accounts.values() {
            roster.put(None, rec);
        }
        roster
    }

    /// Takes up an account; true when somebody acts where nobody did all day.
    pub(super) fn put(&mut self, before: Option<&AccountRec>, rec: &AccountRec) -> bool {
        if let Some(accounts) = before.and_then(|before| self.accounts.get_mut(&before.stands_for())) {
            accounts.remove(&rec.id);
        }
        self.accounts.entry(rec.stands_for()).or_default().insert(rec.id);
        let Some(acted_at) = rec.acted_at.filter(|_| !rec.bot) else { return false };
        let day = day_of(acted_at);
        let last = self.active.entry(rec.site).or_insert(Timestamp::MIN);
        let later = day > *last;
        *last = day.max(*last);
        later
    }

    /// Counts a task in.
    pub(super) fn add(&mut self, task: &TaskRow) {
        if counts(task) {
            for owner in task.owners() {
                self.owned.entry(owner).or_default().insert(task.id);
            }
        }
    }

    /// Counts a task out.
    pub(super) fn remove(&mut self, task: &TaskRow) {
        for owner in task.owners().filter(|_| counts(task)) {
            if let Some(owned) = self.owned.get_mut(&owner) {
                owned.remove(task.id);
                if owned.all().is_empty() {
                    self.owned.remove(&owner);
                }
            }
        }
    }

    /// Open work of an account, in a fixed order.
    pub(super) fn owned(&self, account: AccountId) -> impl Iterator<Item = TaskId> {
        self.owned.get(&account).map_or(&[][..], Sorted::all).iter().copied()
    }

    /// Everybody who has open work.
    pub(super) fn owners(&self) -> impl Iterator<Item = AccountId> {
        self.owned.keys().copied()
    }

    /// All accounts of a person, in a fixed order.
    pub(super) fn accounts(&self, person: PersonId) -> impl Iterator<Item = AccountId> {
        self.accounts.get(&person).into_iter().flatten().copied()
    }

    /// The start of the day, Greenwich, on which a person was last seen to act there. `None`: nobody ever was.
    pub(super) fn active_on(&self, site: SiteId) -> Option<Timestamp> {
        self.active.get(&site).copied()
    }
}

impl AccountRec {
    /// The person of the configuration behind it; an account that nobody is known behind is a person by itself.
    pub fn stands_for(&self) -> PersonId {
        self.person.unwrap_or(PersonId::of(self.id))
    }

    /// True once the tool says that whoever it belonged to has left.
    pub fn has_left(&self) -> bool {
        self.kind == AccountKind::Gone
    }
}

fn counts(task: &TaskRow) -> bool {
    task.is_work()
}

fn day_of(at: Timestamp) -> Timestamp {
    super::norms::instant(at)
}
