//! People on the board: their accounts, what they own, and whom a change of them concerns.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Board;
use crate::domain::finding::SubjectKey;
use crate::domain::ids::{AccountId, PersonId, SiteId, TaskId};
use crate::domain::people::AccountRec;
use crate::domain::row::TaskRow;

impl Board {
    /// An account that turns out to be a bot, deactivated, or somebody else's, changes who owns its tasks; one that acts, or
    /// is the first to act on a day, changes what is known of people.
    pub(super) fn put_account(&mut self, rec: AccountRec) {
        let (id, now) = (rec.id, (rec.bot, rec.kind, rec.person));
        let (person, acted_at) = (rec.stands_for(), rec.acted_at);
        let before = self.people.accounts.get(&id).cloned();
        let is_new_day = self.roster.put(before.as_ref(), &rec);
        self.people.accounts.insert(id, rec);
        if is_new_day {
            self.touch_people();
        }
        if before.as_ref().is_none_or(|before| before.acted_at != acted_at) {
            self.touched.insert(SubjectKey::Person(person));
        }
        if let Some(before) = before.filter(|before| (before.bot, before.kind, before.person) != now) {
            self.touched.extend([before.stands_for(), person].map(SubjectKey::Person));
            let named = |task: &&TaskRow| {
                task.owners().any(|who| who == id) || task.reporter() == Some(id) || task.facts().names(id)
            };
            let tasks: Vec<&TaskRow> = self.tasks.iter().filter(named).collect();
            self.touched.extend(tasks.iter().map(|task| SubjectKey::Container(task.container())));
            let tasks: BTreeSet<TaskId> = tasks.into_iter().map(|task| task.id).collect();
            self.touch_around(&tasks);
        }
    }

    /// Marks everybody who has open work.
    fn touch_people(&mut self) {
        let owners: Vec<PersonId> = self.roster.owners().map(|owner| self.stands_for(owner)).collect();
        self.touched.extend(owners.into_iter().map(SubjectKey::Person));
    }

    /// Marks a subject.
    pub(in crate::domain) fn touch(&mut self, subject: SubjectKey) {
        self.touched.insert(subject);
    }

    /// All accounts of a person, in a fixed order.
    pub fn accounts_of(&self, person: PersonId) -> impl Iterator<Item = AccountId> {
        let own = person.account();
        own.into_iter().chain(self.roster.accounts(person).filter(move |account| Some(*account) != own))
    }

    /// Open work of an account, in a fixed order.
    pub fn owned(&self, account: AccountId) -> impl Iterator<Item = TaskId> {
        self.roster.owned(account)
    }

    /// The start of the day, Greenwich, on which anybody was last seen to act on a site. `None`: nobody ever was.
    pub fn active_on(&self, site: SiteId) -> Option<Timestamp> {
        self.roster.active_on(site)
    }
}
