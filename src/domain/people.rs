//! Accounts grouped into people: who is behind an account, who leads whom, in which zone they work.

use std::collections::HashMap;
use std::sync::Arc;

use connector_model::AccountKind;

use super::calendar::Calendar;
use super::ids::{AccountId, PersonId, SiteId};

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
    /// Working hours and zone.
    pub calendar: Arc<Calendar>,
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
}

/// Everybody known.
#[derive(Debug, Clone)]
pub struct People {
    /// Persons of the configuration.
    pub persons: HashMap<PersonId, Person>,
    /// Accounts named by open tasks, and the persons' own.
    pub accounts: HashMap<AccountId, AccountRec>,
    /// For persons without a manager of their own.
    pub default_manager: Option<PersonId>,
    /// Who is told about the system itself.
    pub operators: Vec<PersonId>,
    /// Hours and zone of everybody who has none of their own.
    pub default_calendar: Arc<Calendar>,
}

impl People {
    /// Nobody, in this calendar.
    pub fn empty(default_calendar: Arc<Calendar>) -> People {
        People {
            persons: HashMap::new(),
            accounts: HashMap::new(),
            default_manager: None,
            operators: Vec::new(),
            default_calendar,
        }
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
        account.and_then(|account| self.person(account)).map_or(&self.default_calendar, |person| &person.calendar)
    }

    /// Who leads the person behind an account: their own manager, else the default one; never themselves.
    pub fn manager(&self, account: AccountId) -> Option<&Person> {
        let person = self.person(account);
        let own = person.map(|person| person.id);
        person
            .and_then(|person| person.manager)
            .or(self.default_manager)
            .filter(|manager| Some(*manager) != own)
            .and_then(|manager| self.persons.get(&manager))
    }

    /// How people call whoever is behind an account: the person's handle, else the account's login or name.
    pub fn handle(&self, account: AccountId) -> String {
        if let Some(person) = self.person(account) {
            return person.handle.clone();
        }
        let rec = self.accounts.get(&account);
        rec.and_then(|rec| rec.handle.clone().or_else(|| rec.name.clone()))
            .unwrap_or_else(|| format!("account {account}"))
    }

    /// The same for people to read: where a login is an id that tells them nothing, the account's name.
    pub fn shown(&self, account: AccountId) -> String {
        let rec = self.accounts.get(&account).filter(|_| self.person(account).is_none());
        let name = rec.filter(|rec| rec.handle.as_deref().is_some_and(is_mere_id)).and_then(|rec| rec.name.clone());
        name.unwrap_or_else(|| self.handle(account))
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

/// `5b10a2844c20165700ede21g`, `712020:f58131cb-b67d-43c7-b30d-6b58d40bd077`: nobody chose it.
fn is_mere_id(handle: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    match handle.split_once(':') {
        Some((number, rest)) => number.bytes().all(|b| b.is_ascii_digit()) && rest.len() == 36 && is_hex(rest),
        None => {
            let digits = handle.bytes().filter(u8::is_ascii_digit).count();
            handle.len() == 24 && handle.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()) && digits >= 6
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_mere_id;

    #[test]
    fn an_id_that_nobody_chose_is_told_from_a_login() {
        for id in [
            "5b10a2844c20165700ede21g",
            "712020:f58131cb-b67d-43c7-b30d-6b58d40bd077",
            "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
        ] {
            assert!(is_mere_id(id), "{id}");
        }
        for login in [
            "",
            "ana",
            "JIRAUSER10100",
            "ana:b",
            "release-engineering-robot",
            "averylongloginofsomebody",
            "ana.lopez@acme.example",
        ] {
            assert!(!is_mere_id(login), "{login}");
        }
    }
}
