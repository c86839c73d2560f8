//! Accounts grouped into people: who is behind an account, who leads whom, in which zone they work.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_model::AccountKind;
use jiff::Timestamp;

use super::away::{self, DateRange};
use super::calendar::Calendar;
use super::ids::{AccountId, IdMap, PersonId, SiteId};

/// A person of the configuration.
#[derive(Debug, Clone)]
pub struct Person {
    /// Row.
    pub id: PersonId,
    /// Name of its table: `ana`.
    pub handle: String,
    /// As shown.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Who leads. `None`: not stated; then the default manager counts.
    pub manager: Option<PersonId>,
    /// The notifier's own id (`U024BE7LH`), configured or looked up. `None`: not known.
    pub slack: Option<String>,
    /// The account that stands for the person where no tracker account is meant.
    pub own_account: AccountId,
    /// Working hours and zone, less the days on which they are away.
    pub calendar: Arc<Calendar>,
    /// Who hears in their place while they are away. `None`: whoever leads them.
    pub deputy: Option<PersonId>,
    /// True: a team, which is nobody: what is assigned to it is heard of by who leads it.
    pub team: bool,
}

/// An account, with who is behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRec {
    /// Row.
    pub id: AccountId,
    /// Where it is.
    pub site: SiteId,
    /// Login, as typed in a mention.
    pub handle: Option<String>,
    /// As shown.
    pub name: Option<String>,
    /// E-mail, where the tool shows it.
    pub email: Option<String>,
    /// What the tool says it is.
    pub kind: AccountKind,
    /// True when the tool or the configuration says it is no human.
    pub bot: bool,
    /// Who is behind it. `None`: nobody of the configuration.
    pub person: Option<PersonId>,
    /// When it was last seen to act, on whatever task, to the hour. `None`: never.
    pub acted_at: Option<Timestamp>,
}

/// Everybody known.
#[derive(Debug, Clone)]
pub struct People {
    /// Persons of the configuration.
    pub persons: IdMap<PersonId, Person>,
    /// Accounts named by open tasks, and the persons' own.
    pub accounts: IdMap<AccountId, AccountRec>,
    /// For persons without a manager of their own.
    pub default_manager: Option<PersonId>,
    /// Who is told about the system itself.
    pub operators: Vec<PersonId>,
    /// Hours and zone of everybody who has none of their own.
    pub default_calendar: Arc<Calendar>,
    /// Who wants to hear nothing but their digest, and since when: by the account that stands for them.
    pub muted: IdMap<AccountId, Timestamp>,
    /// When whom is away: by the own account of a person, by the account itself where nobody is known behind it.
    away: IdMap<AccountId, Vec<DateRange>>,
    /// Hours of accounts that nobody is known behind, less the days on which they are away.
    calendars: IdMap<AccountId, Arc<Calendar>>,
}

impl People {
    /// Nobody, in this calendar.
    pub fn empty(default_calendar: Arc<Calendar>) -> People {
        People {
            persons: IdMap::default(),
            accounts: IdMap::default(),
            default_manager: None,
            operators: Vec::new(),
            default_calendar,
            muted: IdMap::default(),
            away: IdMap::default(),
            calendars: IdMap::default(),
        }
    }

    /// When whoever is behind an account is away, whichever of their accounts it was told of: in order, apart from each other.
    pub fn away(&self, account: AccountId) -> &[DateRange] {
        self.away.get(&self.stands(account)).map_or(&[], Vec::as_slice)
    }

    /// Takes up that whoever is behind these accounts is away, beside what is known already.
    pub fn add_away(&mut self, told: impl IntoIterator<Item = (AccountId, DateRange)>) {
        let mut moved = BTreeSet::new();
        for (account, range) in told {
            let stands = self.stands(account);
            let known = self.away.entry(stands).or_default();
            known.push(range);
            *known = away::joined(std::mem::take(known));
            moved.insert((stands, self.person(account).map(|person| person.id)));
        }
        for (stands, person) in moved {
            let days = self.away.get(&stands).map_or(&[][..], Vec::as_slice);
            match person.and_then(|id| self.persons.get_mut(&id)) {
                Some(person) => person.calendar = Arc::new(person.calendar.without(days)),
                None => drop(self.calendars.insert(stands, Arc::new(self.default_calendar.without(days)))),
            }
        }
    }

    /// When whoever is behind an account is back, if they are away at this instant: the day after the last begins. `None`:
    /// they are here, or it is a day off like every other.
    pub fn back_at(&self, account: AccountId, at: Timestamp) -> Option<Timestamp> {
        let ranges = self.away(account);
        if ranges.is_empty() {
            return None;
        }
        let calendar = self.calendar(Some(account));
        let day = calendar.date(at);
        let range = ranges.iter().find(|range| range.contains(day))?;
        Some(range.to.tomorrow().map_or(Timestamp::MAX, |next| calendar.day_begins(next)))
    }

    /// The account by which whoever is behind an account is known where none of a tracker is meant.
    pub fn stands(&self, account: AccountId) -> AccountId {
        self.person(account).map_or(account, |person| person.own_account)
    }

    /// True when whoever is behind an account wants to hear nothing but their digest.
    pub fn is_muted(&self, account: AccountId) -> bool {
        self.muted.contains_key(&self.stands(account))
    }

    /// Who acts in the place of whoever is behind an account: their deputy. `None`: nobody is named.
    pub fn deputy(&self, account: AccountId) -> Option<&Person> {
        self.persons.get(&self.person(account)?.deputy?)
    }

    /// The person behind an account. `None`: nobody of the configuration.
    pub fn person(&self, account: AccountId) -> Option<&Person> {
        self.accounts.get(&account)?.person.and_then(|id| self.persons.get(&id))
    }

    /// True when both accounts are the same, or belong to the same person.
    pub fn same(&self, one: AccountId, other: AccountId) -> bool {
        one == other || matches!((self.person(one), self.person(other)), (Some(a), Some(b)) if a.id == b.id)
    }

    /// False for bots; an account that was never described counts as human.
    pub fn is_human(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_none_or(|rec| !rec.bot)
    }

    /// Whether somebody is behind an account who can still act: no bot, and not deactivated.
    pub fn is_there(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_none_or(|rec| !rec.bot && rec.kind != AccountKind::Gone)
    }

    /// Hours and zone of whoever is behind an account.
    pub fn calendar(&self, account: Option<AccountId>) -> &Arc<Calendar> {
        let Some(account) = account else { return &self.default_calendar };
        match self.person(account) {
            Some(person) => &person.calendar,
            None => self.calendars.get(&account).unwrap_or(&self.default_calendar),
        }
    }

    /// Who leads the person behind an account: their own manager, else the default one; never themselves.
    pub fn manager(&self, account: AccountId) -> Option<&Person> {
        self.manager_or(account, None)
    }

    /// The same, where this one counts before the default manager: whoever answers for what it is about.
    pub fn manager_or(&self, account: AccountId, responsible: Option<PersonId>) -> Option<&Person> {
        let person = self.person(account);
        let own = person.map(|person| person.id);
        let stated = person.and_then(|person| person.manager).or(responsible.filter(|one| Some(*one) != own));
        let manager = stated.or(self.default_manager).filter(|manager| Some(*manager) != own);
        manager.and_then(|manager| self.persons.get(&manager))
    }

    /// How people call whoever is behind an account: the person's handle, else the account's login or name.
    pub fn handle(&self, account: AccountId) -> String {
        if account == AccountId::NOBODY {
            // A channel, or the log.
            return "nobody".to_owned();
        }
        if let Some(person) = self.person(account) {
            return person.handle.clone();
        }
        let rec = self.accounts.get(&account);
        rec.and_then(|rec| rec.handle.clone().or_else(|| rec.name.clone()))
            .unwrap_or_else(|| format!("account {account}"))
    }

    /// The same as people read it: where the login is a mere id, as on Jira Cloud, the account's name instead.
    pub fn called(&self, account: AccountId) -> String {
        let rec = self.accounts.get(&account).filter(|rec| rec.person.is_none());
        let named = rec.filter(|rec| rec.handle.as_deref().is_some_and(is_id)).and_then(|rec| rec.name.clone());
        named.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| self.handle(account))
    }

    /// The name shown to others: the person's, else the account's name or login.
    pub fn name(&self, account: AccountId) -> String {
        if let Some(person) = self.person(account) {
            return person.name.clone();
        }
        let rec = self.accounts.get(&account);
        rec.and_then(|rec| rec.name.clone().or_else(|| rec.handle.clone()))
            .unwrap_or_else(|| format!("account {account}"))
    }
}

/// A login that nobody chose and nobody types: `712020:0c5f4bb1-…`, `5b10ac8d82e05b22cc7d4ef5`, `1200000000000101`.
fn is_id(login: &str) -> bool {
    let is_number = login.len() >= 12 && login.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex =
        || login.bytes().all(|byte| byte.is_ascii_hexdigit()) && login.bytes().any(|byte| byte.is_ascii_digit());
    is_number || login.contains(':') || (login.len() >= 24 && is_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(login: &str, name: Option<&str>) -> People {
        let calendar = Arc::new(Calendar::usual(jiff::tz::TimeZone::UTC));
        let mut people = People::empty(calendar);
        let rec = AccountRec {
            id: AccountId(1),
            site: SiteId(1),
            handle: Some(login.to_owned()),
            name: name.map(str::to_owned),
            email: None,
            kind: AccountKind::Human,
            bot: false,
            person: None,
            acted_at: None,
        };
        people.accounts.insert(rec.id, rec);
        people
    }

    #[test]
    fn whoever_is_away_is_away_under_all_their_accounts() {
        let mut people = people("ana", None);
        let rec = AccountRec { id: AccountId(2), ..people.accounts[&AccountId(1)].clone() };
        people.accounts.insert(rec.id, rec);
        let person = Person {
            id: PersonId(1),
            handle: "ana".to_owned(),
            name: "Ana".to_owned(),
            email: None,
            manager: None,
            slack: None,
            own_account: AccountId(9),
            calendar: people.default_calendar.clone(),
            deputy: None,
            team: false,
        };
        people.persons.insert(person.id, person);
        let day = |text: &str| text.parse::<jiff::civil::Date>().expect("a day");
        let range = |from, to| DateRange::new(day(from), day(to)).expect("in order");
        people.add_away([(AccountId(7), range("2026-03-02", "2026-03-03"))]);
        for rec in people.accounts.values_mut() {
            rec.person = Some(PersonId(1));
        }
        people.add_away([
            (AccountId(1), range("2026-03-09", "2026-03-10")),
            (AccountId(2), range("2026-03-11", "2026-03-12")),
        ]);
        for account in [AccountId(1), AccountId(2)] {
            assert_eq!(people.away(account), [range("2026-03-09", "2026-03-12")]);
        }
        assert_eq!(people.away(AccountId(7)), [range("2026-03-02", "2026-03-03")], "nobody is known behind it");
        assert_eq!(people.away(AccountId(8)), []);
    }

    #[test]
    fn a_login_is_shown_and_a_mere_id_only_where_there_is_no_name() {
        for id in ["712020:0c5f4bb1-1d43-4c2c-8b4c-5a4f4f4a2b10", "5b10ac8d82e05b22cc7d4ef5", "1200000000000101"] {
            assert_eq!(people(id, Some("Tom B.")).called(AccountId(1)), "Tom B.");
            assert_eq!(people(id, Some(" ")).called(AccountId(1)), id);
            assert_eq!(people(id, None).called(AccountId(1)), id);
            assert_eq!(people(id, Some("Tom B.")).handle(AccountId(1)), id);
        }
        for login in ["tom-b", "tom.b@example.org", "deadbeef", "JIRAUSER10100", "a-very-long-login-with-24-characters"]
        {
            assert_eq!(people(login, Some("Tom B.")).called(AccountId(1)), login);
        }
        assert_eq!(people("tom", None).called(AccountId(2)), "account 2");
        assert_eq!(people("tom", None).called(AccountId::NOBODY), "nobody");
    }
}
