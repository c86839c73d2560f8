//! A person as the subject of rules: what they have at hand, when they are away, whether they are still there.

use connector_model::StatusCategory;
use jiff::Timestamp;
use jiff::civil::Date;

use super::away::DateRange;
use super::board::Board;
use super::calendar::Calendar;
use super::finding::{SubjectKey, Why};
use super::ids::{AccountId, PersonId, TaskId};
use super::look::{Look, Reads};
use super::norms::Habits;
use super::people::Person;
use super::row::TaskRow;

/// Somebody: a person of the configuration, or an account that nobody is known behind. Never a team, never a bot.
#[derive(Debug, Clone, Copy)]
pub struct Somebody<'a> {
    /// As a subject.
    pub id: PersonId,
    /// The account that stands for them.
    pub account: AccountId,
    /// `None`: nobody of the configuration.
    pub person: Option<&'a Person>,
}

/// An absence, as instants of whoever is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Its days.
    pub days: DateRange,
    /// When the first of them begins.
    pub from_at: Timestamp,
    /// When they are back: the day after the last begins.
    pub back_at: Timestamp,
    /// Working time that falls into it, seconds, had they been here.
    pub work_secs: i64,
}

impl Absence {
    /// The first day after it.
    pub fn back_on(&self) -> Date {
        self.days.to.tomorrow().unwrap_or(self.days.to)
    }
}

impl Board {
    /// Somebody, if this is one. `None`: a team, a bot, or nobody we know (any more).
    pub fn somebody(&self, id: PersonId) -> Option<Somebody<'_>> {
        let Some(account) = id.account() else {
            let person = self.people.persons.get(&id).filter(|person| !person.team)?;
            return Some(Somebody { id, account: person.own_account, person: Some(person) });
        };
        let rec = self.people.accounts.get(&account)?;
        (rec.person.is_none() && !rec.bot).then_some(Somebody { id, account, person: None })
    }

    /// Open work of somebody under all their accounts, in a fixed order, each task once.
    pub fn owned_by(&self, person: PersonId) -> Vec<TaskId> {
        let mut all: Vec<TaskId> = self.accounts_of(person).flat_map(|account| self.owned(account)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Marks whoever owns a task.
    pub(super) fn touch_owners(&mut self, task: TaskId) {
        let Some(rec) = self.task(task) else { return };
        let owners: Vec<PersonId> = rec.owners().map(|owner| self.stands_for(owner)).collect();
        owners.into_iter().for_each(|owner| self.touch(SubjectKey::Person(owner)));
    }

    /// The person behind an account, or that it is by itself.
    pub fn stands_for(&self, account: AccountId) -> PersonId {
        self.people.accounts.get(&account).map_or(PersonId::of(account), |rec| rec.stands_for())
    }
}

impl<'a> Look<'a> {
    /// Open work of somebody that may be spoken of, in a fixed order.
    pub fn work_of(&self, who: &Somebody<'_>) -> Vec<&'a TaskRow> {
        self.note(Reads::MEMBERS.and(Reads::OWNERS));
        let all = self.board().owned_by(who.id).into_iter();
        all.filter_map(|id| self.board().task(id)).filter(|task| self.watched(task)).collect()
    }

    /// What somebody has of a task: one part of as many as there are owners who can act, whichever of their accounts.
    pub fn part_of(&self, task: &'a TaskRow) -> f64 {
        let board = self.board();
        let mut owners: Vec<PersonId> = self.owners(task).map(|owner| board.stands_for(owner)).collect();
        owners.sort_unstable();
        owners.dedup();
        1.0 / owners.len().max(1) as f64
    }

    /// True for what is only the sum of its open parts.
    pub fn is_umbrella(&self, task: &TaskRow) -> bool {
        self.children(task).any(|child| child.category().is_open())
    }

    /// Whether somebody works on a task: it is active, and not moved by others alone since they got it.
    ///
    /// # Errors
    /// Where that stands in a history that cannot be relied on.
    pub fn is_in_hand(&self, task: &'a TaskRow, who: &Somebody<'_>) -> Result<bool, Why> {
        if self.category(task)? != StatusCategory::Active || self.is_umbrella(task) {
            return Ok(false);
        }
        let Some(facts) = self.facts(task)? else { return Ok(true) };
        let people = &self.board().people;
        let mine = |account: AccountId| people.same(account, who.account) || self.board().stands_for(account) == who.id;
        let since = facts.assigned().filter(|(owner, _)| mine(*owner)).map(|(_, at)| at).max();
        let acted = |own: bool| {
            let acts = facts.acts().filter(move |(account, _)| mine(*account) == own);
            acts.map(|(_, at)| at).filter(|at| since.is_none_or(|since| *at > since)).max()
        };
        Ok(acted(true).is_some() || acted(false).is_none())
    }

    /// What somebody usually has at hand, and what people usually have.
    pub fn usual(&self, who: &Somebody<'_>) -> (Habits, Habits) {
        let own = self.board().accounts_of(who.id).map(|account| self.habits(account));
        let own = own.into_iter().find(|habits| habits.in_hand.is_some() || habits.due_soon.is_some());
        (own.unwrap_or_default(), self.team_habits())
    }

    /// When whoever is behind an account is away, in order; days that are no working days for them anyway left out.
    pub fn absences(&self, account: AccountId) -> Vec<Absence> {
        self.note(Reads::OWNERS);
        let people = &self.board().people;
        let days = people.away(account);
        if days.is_empty() {
            return Vec::new();
        }
        let calendar = people.calendar(Some(account));
        let whole = calendar.without(&[]);
        let absence = |days: &DateRange| {
            let (from_at, back) = (calendar.day_begins(days.from), days.to.tomorrow().ok());
            let back_at = back.map_or(Timestamp::MAX, |day| calendar.day_begins(day));
            Absence { days: *days, from_at, back_at, work_secs: whole.working(from_at, back_at) }
        };
        days.iter().map(absence).filter(|absence| absence.work_secs > 0).collect()
    }

    /// Hours of whoever is behind an account, less their absences.
    pub fn hours(&self, account: AccountId) -> &'a Calendar {
        self.note(Reads::OWNERS);
        self.board().people.calendar(Some(account))
    }

    /// Somebody's hours, less their absences.
    pub fn hours_of(&self, who: &Somebody<'_>) -> &'a Calendar {
        self.hours(who.account)
    }

    /// Hours of everybody who has none of their own.
    pub fn usual_hours(&self) -> &'a Calendar {
        &self.board().people.default_calendar
    }

    /// Who acts in the place of whoever is behind an account, unless they are the same. `None`: nobody is named.
    pub fn deputy(&self, account: AccountId) -> Option<AccountId> {
        self.note(Reads::OWNERS);
        self.board().people.deputy(account).map(|deputy| deputy.own_account)
    }

    /// When any account of somebody was last seen to act. `None`: never.
    pub fn acted_at(&self, who: &Somebody<'_>) -> Option<Timestamp> {
        self.note(Reads::OWNERS);
        let accounts = &self.board().people.accounts;
        self.board().accounts_of(who.id).filter_map(|account| accounts.get(&account)?.acted_at).max()
    }

    /// The start of the latest day on which anybody acted where somebody has accounts. `None`: nobody ever did.
    pub fn colleagues_active_on(&self, who: &Somebody<'_>) -> Option<Timestamp> {
        self.note(Reads::OWNERS);
        let accounts = &self.board().people.accounts;
        let sites = self.board().accounts_of(who.id).filter_map(|account| Some(accounts.get(&account)?.site));
        sites.filter_map(|site| self.board().active_on(site)).max()
    }

    /// True when any of somebody's accounts was deactivated.
    pub fn has_gone_accounts(&self, who: &Somebody<'_>) -> bool {
        self.note(Reads::OWNERS);
        let accounts = &self.board().people.accounts;
        let gone = |account: AccountId| accounts.get(&account).is_some_and(|rec| rec.has_left());
        self.board().accounts_of(who.id).any(gone)
    }

    /// True when one of somebody's accounts was deactivated, and owns this.
    pub fn is_of_the_gone(&self, task: &TaskRow, who: &Somebody<'_>) -> bool {
        self.note(Reads::OWNERS);
        let accounts = &self.board().people.accounts;
        let gone =
            |owner: AccountId| accounts.get(&owner).is_some_and(|rec| rec.has_left() && rec.stands_for() == who.id);
        task.owners().any(gone)
    }

    /// True while the place of a task cannot be read, so that what people do there is not seen.
    pub fn is_blind(&self, task: &TaskRow) -> bool {
        let Some(home) = self.container(task) else { return true };
        let reader = home.reader.and_then(|id| self.board().connection(id));
        home.failing_since.is_some() || reader.is_none_or(|reader| reader.refused)
    }
}
