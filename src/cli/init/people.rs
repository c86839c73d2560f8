//! People in `init`: who has open work, who of them is the same person in several trackers, and who leads.

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::survey::Survey;
use connector_model::Account;

use super::super::open::Stopped;
use super::super::table::plain;
use super::Tracker;
use super::draft::{Person, handle};
use super::find::{MOST_PEOPLE, TRIES, Wizard, stopped};

/// Who hears when a gap stays, where nobody can be asked.
const MANAGERS: [&str; 4] = ["GITHUB_MANAGER", "JIRA_MANAGER", "ASANA_MANAGER", "TRELLO_MANAGER"];

impl Wizard {
    pub(super) async fn find_people(
        &mut self,
        survey: &dyn Survey,
        places: &[String],
        tracker: Tracker,
    ) -> Result<(), Stopped> {
        let mut found: Vec<Account> = Vec::new();
        let seen: Vec<&String> = places.iter().filter(|place| !self.unseen.contains(place)).collect();
        for place in seen {
            match survey.assignees(place).await {
                Ok(people) => {
                    found.extend(
                        people
                            .into_iter()
                            .filter(|one| !found.iter().any(|known| known.ext == one.ext))
                            .collect::<Vec<_>>(),
                    );
                }
                Err(error) => self.say(format!("  note: {error}"))?,
            }
        }
        let (count, more) = (found.len().min(MOST_PEOPLE), found.len().saturating_sub(MOST_PEOPLE));
        for account in found.into_iter().take(MOST_PEOPLE) {
            self.add_person(survey, &account, tracker).await?;
        }
        self.say(format!("{count} {} open work assigned.", if count == 1 { "person has" } else { "people have" }))?;
        if more > 0 {
            self.say(format!("  note: {more} more are left out; `gapwatch people unmatched` lists them later"))?;
        }
        Ok(())
    }

    /// Adds a table for an account, or the account to the table of who has its address; says the table's name.
    async fn add_person(
        &mut self,
        survey: &dyn Survey,
        account: &Account,
        tracker: Tracker,
    ) -> Result<Option<String>, Stopped> {
        let Some(login) = account.handle.clone() else { return Ok(None) };
        let known = self.draft.people.iter().find(|person| person.is(tracker, &login));
        if let Some(known) = known {
            return Ok(Some(known.handle.clone()));
        }
        // What a profile does not tell is left out: the login alone is enough.
        let full = survey.profile(&login).await.ok().flatten();
        let full = full.as_ref().unwrap_or(account);
        let same = |person: &&mut Person| {
            let both = person.email.as_ref().zip(full.email.as_ref());
            both.is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        };
        let mut email = full.email.clone();
        if let Some(known) = self.draft.people.iter_mut().find(same) {
            // The same address in two trackers is one person; twice in one, it is only one who may carry it.
            if known.account(tracker).is_none() {
                *known.account(tracker) = Some(login);
                return Ok(Some(known.handle.clone()));
            }
            email = None;
        }
        let taken = self.draft.people.iter().map(|person| person.handle.clone()).collect();
        let name = called(&login, full, tracker, &taken);
        let mut person = Person { handle: name.clone(), name: full.name.clone(), email, ..Person::default() };
        *person.account(tracker) = Some(login);
        self.draft.people.push(person);
        Ok(Some(name))
    }

    /// Proposes whoever has the same whole name in several trackers; a name alone decides nothing.
    pub(super) async fn join_namesakes(&mut self) -> Result<(), Stopped> {
        let same = pairs(&self.draft.people);
        let Some(asker) = self.asker.clone().filter(|_| !same.is_empty()) else { return Ok(()) };
        let there = |tracker: &Tracker| self.draft.people.iter().any(|one| one.account_in(*tracker).is_some());
        let trackers: Vec<&str> = Tracker::ALL.into_iter().filter(there).map(Tracker::name).collect();
        asker.say(format!("{} have people with the same name:", trackers.join(" and ")))?;
        for (one, _) in &same {
            let person = &self.draft.people[*one];
            asker.say(format!(
                "  {:<20} {}",
                plain(person.shown()),
                plain(person.name.as_deref().unwrap_or_default())
            ))?;
        }
        if !asker.agrees("Are they the same people?", false).await? {
            return Ok(());
        }
        // From the end, so that places before stay where they are.
        let mut same = same;
        same.sort_by_key(|(_, other)| std::cmp::Reverse(*other));
        for (one, other) in same {
            let mut other = self.draft.people.remove(other);
            let person = &mut self.draft.people[one];
            for tracker in Tracker::ALL {
                let account = other.account(tracker).take();
                let own = person.account(tracker);
                *own = own.take().or(account);
            }
            person.email = person.email.take().or(other.email);
        }
        Ok(())
    }

    pub(super) async fn ask_for_manager(&mut self, trackers: &[Tracker]) -> Result<(), Stopped> {
        let on_github = trackers == [Tracker::Github];
        let question = if on_github {
            "Who should be told when a gap stays open? A GitHub login (Enter for nobody):"
        } else {
            "Who should be told when a gap stays open? A login, a user name, an e-mail address or a name (Enter for nobody):"
        };
        for _ in 0..TRIES {
            let answer = match &self.asker {
                Some(asker) => asker.line(question).await?,
                None => MANAGERS.iter().find_map(|name| self.variable(name)).unwrap_or_default(),
            };
            let answer = answer.trim_start_matches('@').to_owned();
            if answer.is_empty() {
                return Ok(());
            }
            self.draft.manager = self.manager(&answer, trackers).await?;
            if self.draft.manager.is_some() {
                return Ok(());
            }
            let who = if on_github { "GitHub shows" } else { "the trackers show" };
            self.say(format!("  note: {who} no account called {}", plain(&answer)))?;
            if self.asker.is_none() {
                break;
            }
        }
        self.say("  note: there is no manager until you set `default_manager` in [directory]")
    }

    /// The table of whoever is called so, made where there is none.
    async fn manager(&mut self, answer: &str, trackers: &[Tracker]) -> Result<Option<String>, Stopped> {
        if let Some(person) = only(self.draft.people.iter().filter(|person| person.answers_to(answer))) {
            return Ok(Some(person.handle.clone()));
        }
        for (tracker, survey) in trackers.iter().copied().zip(self.surveys.clone()) {
            if let Some(account) = survey.profile(answer).await.map_err(|error| stopped(&error))? {
                return self.add_person(&*survey, &account, tracker).await;
            }
        }
        Ok(None)
    }
}

/// A name for somebody's table: the login, or the name where the login is a mere id.
fn called(login: &str, account: &Account, tracker: Tracker, taken: &BTreeSet<String>) -> String {
    // An account id of Jira Cloud is long, or has a colon in it, and Asana has numbers alone; nobody is called so.
    let is_id = match tracker {
        Tracker::Jira => login.contains(':') || login.len() >= 24,
        Tracker::Asana => login.chars().all(|c| c.is_ascii_digit()),
        Tracker::Github | Tracker::Trello => false,
    };
    if !is_id {
        return handle(login, taken);
    }
    let mailbox = account.email.as_deref().and_then(|email| email.split('@').next());
    let readable = |text: &&str| text.chars().filter(char::is_ascii_alphabetic).count() >= 2;
    let name = [account.name.as_deref(), mailbox].into_iter().flatten().find(readable);
    handle(name.unwrap_or("person"), taken)
}

/// The only one there is.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// People of the same whole name whose accounts are in different trackers: the first of them, with each of the others.
fn pairs(people: &[Person]) -> Vec<(usize, usize)> {
    let folded = |person: &Person| {
        let name = person.name.as_deref().unwrap_or_default().to_lowercase();
        let words: Vec<&str> = name.split_whitespace().collect();
        (words.len() > 1).then(|| words.join(" "))
    };
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, person) in people.iter().enumerate() {
        if let Some(name) = folded(person) {
            by_name.entry(name).or_default().push(at);
        }
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for all in by_name.into_values() {
        let once = |tracker: Tracker| all.iter().filter(|at| people[**at].account_in(tracker).is_some()).count() <= 1;
        if Tracker::ALL.into_iter().all(once) {
            found.extend(all.iter().skip(1).map(|other| (all[0], *other)));
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: Option<&str>, email: Option<&str>) -> Account {
        Account {
            ext: "x".to_owned(),
            handle: None,
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            kind: connector_model::AccountKind::Human,
        }
    }

    #[test]
    fn a_table_is_called_like_the_login_or_like_the_person_where_that_is_an_id() {
        let none = BTreeSet::new();
        let id = "5b10a2844c20165700ede21g";
        let called = |login: &str, name, email| called(login, &account(name, email), Tracker::Jira, &none);
        assert_eq!(called("ana.k", Some("Ana Kovač"), None), "ana_k");
        assert_eq!(called(id, Some("Ana Kovac"), None), "ana_kovac");
        assert_eq!(called("712020:ab-cd", Some("田中"), Some("tanaka@example.org")), "tanaka");
        assert_eq!(called(id, None, None), "person");
        let asana = account(Some("Ana Kovac"), None);
        assert_eq!(super::called("1200000000000011", &asana, Tracker::Asana, &none), "ana_kovac");
    }

    #[test]
    fn only_whole_names_that_are_there_once_in_each_tracker_are_proposed() {
        let github = |name: &str| Person { github: Some("x".into()), name: Some(name.into()), ..Person::default() };
        let jira = |name: &str| Person { jira: Some("x".into()), name: Some(name.into()), ..Person::default() };
        let trello = |name: &str| Person { trello: Some("x".into()), name: Some(name.into()), ..Person::default() };
        let three = [trello("Sue Winter"), github("Sue Winter"), jira("sue winter")];
        assert_eq!(pairs(&three), [(0, 1), (0, 2)]);
        let people = [
            github("Ana Kovac"),
            github("Max Winter"),
            github("Tom"),
            jira("max  winter"),
            jira("ANA KOVAC"),
            jira("Tom"),
            jira("Max Winter"),
        ];
        assert_eq!(pairs(&people), [(0, 4)]);
    }
}
