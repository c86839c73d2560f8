//! Whose a gap is: who has the task, who leads them, who is spoken to first, who is obeyed, and when they last acted.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::ids::{AccountId, ContainerId, PersonId};
use crate::domain::people::Person;
use crate::domain::snapshot::Snapshot;

/// Managers of managers are followed no further than this.
const MANAGERS: usize = 8;

/// The accounts the rule speaks to first, in a fixed order.
pub(crate) fn heads(alert: &Alert, snapshot: &Snapshot<'_>) -> Vec<AccountId> {
    match alert.finding.addressee {
        Addressee::Owners => owners(alert, snapshot),
        Addressee::Account(account) => vec![account],
        Addressee::Manager => {
            let people = &snapshot.board.people;
            let owners = match alert.subject {
                SubjectKey::Container(id) => workers(id, snapshot),
                _ => owners(alert, snapshot),
            };
            let responsible = responsible(alert.subject, snapshot);
            let own = match owners.first() {
                Some(owner) => people.manager_or(*owner, responsible),
                None => responsible.and_then(|id| people.persons.get(&id)),
            };
            let manager = own.or_else(|| people.default_manager.and_then(|id| people.persons.get(&id)));
            let here = manager.filter(|manager| people.back_at(manager.own_account, snapshot.now).is_none());
            let stands = here.or_else(|| leader(&owners, alert.subject, snapshot)).or(manager);
            match (stands, alert.subject) {
                (Some(manager), _) => vec![manager.own_account],
                // Nobody leads them: whoever works on it knows best.
                (None, SubjectKey::Container(_)) => owners,
                (None, _) => Vec::new(),
            }
        }
        Addressee::Operators => Vec::new(),
    }
}

/// Every owner of the task who can act, in the tool's order, one account for each person; of a gap about a person, they
/// themselves.
pub(crate) fn owners(alert: &Alert, snapshot: &Snapshot<'_>) -> Vec<AccountId> {
    if let SubjectKey::Person(id) = alert.subject {
        return snapshot.board.somebody(id).map(|who| who.account).into_iter().collect();
    }
    let SubjectKey::Task(task) = alert.subject else { return Vec::new() };
    let Some(task) = snapshot.board.task(task) else { return Vec::new() };
    let people = &snapshot.board.people;
    let mut owners: Vec<AccountId> = Vec::new();
    for owner in task.owners() {
        if people.is_there(owner) && !owners.iter().any(|other| people.same(*other, owner)) {
            owners.push(owner);
        }
    }
    owners
}

/// Everybody who owns open work of a container, one account for each person; whoever has most of it comes first.
fn workers(container: ContainerId, snapshot: &Snapshot<'_>) -> Vec<AccountId> {
    let board = snapshot.board;
    let mut counts: BTreeMap<PersonId, (usize, AccountId)> = BTreeMap::new();
    for task in board.members(container).filter(|task| task.is_work()) {
        for owner in task.owners().filter(|owner| board.people.is_there(*owner)) {
            counts.entry(board.stands_for(owner)).or_insert((0, owner)).0 += 1;
        }
    }
    let mut workers: Vec<(usize, AccountId)> = counts.into_values().collect();
    workers.sort_unstable_by_key(|(tasks, account)| (std::cmp::Reverse(*tasks), *account));
    workers.into_iter().map(|(_, account)| account).collect()
}

/// The last act on the task by whoever is behind an account. `None`: none is known.
pub(crate) fn last_act(account: AccountId, alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let people = &snapshot.board.people;
    let acts = snapshot.board.task(task)?.facts().acts();
    acts.filter(|(who, _)| people.same(*who, account)).map(|(_, at)| at).max()
}

/// Who leads the first of them and is none of them: by the configuration, else whoever answers for the project. `None`: nobody
/// does.
pub(crate) fn leader<'a>(heads: &[AccountId], about: SubjectKey, snapshot: &Snapshot<'a>) -> Option<&'a Person> {
    let above = above(heads, about, snapshot);
    above.iter().find_map(|person| stands(person, snapshot)).or(above.first().copied())
}

/// Who leads whoever was told as the manager, else whoever answers for the project: none of those who know. `None`: nobody.
pub(super) fn sponsor<'a>(heads: &[AccountId], alert: &Alert, snapshot: &Snapshot<'a>) -> Option<&'a Person> {
    let people = &snapshot.board.people;
    let knows = |person: &&Person| {
        let told = alert.told.iter().filter(|told| told.rung == 2).map(|told| told.account);
        heads.iter().copied().chain(told).any(|one| people.same(one, person.own_account))
    };
    let answers = responsible(alert.subject, snapshot).and_then(|id| people.persons.get(&id));
    let higher = above(heads, alert.subject, snapshot).into_iter().skip(1).chain(answers);
    higher.filter(|person| !knows(person)).find_map(|person| stands(person, snapshot).filter(|one| !knows(one)))
}

/// Everybody above the first of them who is none of them, the next one first.
fn above<'a>(heads: &[AccountId], about: SubjectKey, snapshot: &Snapshot<'a>) -> Vec<&'a Person> {
    let people = &snapshot.board.people;
    let responsible = responsible(about, snapshot);
    let first = match heads.first() {
        Some(first) => people.manager_or(*first, responsible),
        None => responsible.or(people.default_manager).and_then(|id| people.persons.get(&id)),
    };
    let chain = std::iter::successors(first, |person| people.manager(person.own_account)).take(MANAGERS);
    chain.filter(|person| !heads.iter().any(|head| people.same(*head, person.own_account))).collect()
}

/// Whoever hears what is for a manager: of who is on leave the deputy. `None`: neither is here.
fn stands<'a>(person: &'a Person, snapshot: &Snapshot<'a>) -> Option<&'a Person> {
    let people = &snapshot.board.people;
    let here = |person: &&Person| people.back_at(person.own_account, snapshot.now).is_none();
    Some(person).filter(here).or_else(|| people.deputy(person.own_account).filter(here))
}

/// Whom the tool names as answering for the place that a gap is in, where they are known.
pub(super) fn responsible(about: SubjectKey, snapshot: &Snapshot<'_>) -> Option<PersonId> {
    let people = &snapshot.board.people;
    let account = super::home(about, snapshot)?.responsible.filter(|account| people.is_there(*account))?;
    Some(people.person(account)?.id)
}

/// Owners of the task now, whoever leads them, and the operators.
pub(crate) fn is_obeyed(account: AccountId, alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let people = &snapshot.board.people;
    let person = people.person(account).map(|person| person.id);
    if person.is_some_and(|person| people.operators.contains(&person)) {
        return true;
    }
    let leads = |owner| people.manager(owner).is_some_and(|manager| Some(manager.id) == person);
    match alert.subject {
        SubjectKey::Task(task) => {
            let Some(task) = snapshot.board.task(task) else { return false };
            // Of what nobody owns, whoever was asked may answer.
            let asked = alert.told.iter().any(|told| people.same(told.account, account));
            let unowned = task.owners().len() == 0 && asked;
            unowned || task.owners().any(|owner| people.same(owner, account) || leads(owner))
        }
        SubjectKey::Person(_) => {
            owners(alert, snapshot).iter().any(|owner| people.same(*owner, account) || leads(*owner))
        }
        SubjectKey::Container(_) => heads(alert, snapshot).iter().any(|head| people.same(*head, account)),
        SubjectKey::Connection(_) | SubjectKey::System => false,
    }
}
