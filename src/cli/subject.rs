//! What a word at the command line means: a task, a gap about anything, a person, a place, a connection, or gapwatch itself.

use std::collections::HashSet;

use super::open::{Stopped, View};
use super::places;
use crate::alerts::heads;
use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, GapId, ITSELF, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};

/// The gap of this id. `None`: none is on the board.
pub(super) fn gap<'v>(view: &'v View, text: &str) -> Option<&'v Alert> {
    let word = text.trim().to_ascii_lowercase();
    GapId::looks_like(&word).then(|| view.board.alerts().find(|alert| alert.gap.0 == word)).flatten()
}

/// The task that a text names: a browser address, a gap id, `CONNECTION:KEY`, or a key that only one task has.
///
/// # Errors
/// None, or several: they are named.
pub(super) fn task(view: &View, text: &str) -> Result<TaskId, Stopped> {
    let by_key = places::key_of(text).map(|key| view.reader.find_task(key)).transpose()?;
    let found = match by_key {
        Some(found) if !found.is_empty() => found,
        _ => view.reader.find_task(text)?,
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Stopped::usage(format!(
            "nothing is called \"{text}\": no task that gapwatch has read, no gap, person or project"
        ))),
        several => {
            let names = view.reader.names(several)?;
            let mut candidates: Vec<String> =
                names.values().map(|name| format!("  {}:{} {}", name.connection, name.key, name.url)).collect();
            candidates.sort();
            Err(Stopped::usage(format!("\"{text}\" is not unique:\n{}", candidates.join("\n"))))
        }
    }
}

/// What is meant: of a gap what it is about; else a task, as [`task`] says, a person, or what has this name.
///
/// # Errors
/// Nothing is called so, or several tasks are: they are named.
pub(super) fn find(view: &View, text: &str) -> Result<SubjectKey, Stopped> {
    if let Some(alert) = gap(view, text) {
        return Ok(alert.subject);
    }
    if is_itself(text) {
        return Ok(SubjectKey::System);
    }
    let task = task(view, text);
    if let Some(named) = task.is_err().then(|| named(view, text.trim())).flatten() {
        return Ok(named);
    }
    task.map(SubjectKey::Task)
}

fn named(view: &View, name: &str) -> Option<SubjectKey> {
    let board = &view.board;
    let container = board.containers().filter(|rec| *rec.name == *name).map(|rec| rec.id).min();
    let connection = || board.connections().find(|rec| *rec.name == *name).map(|rec| SubjectKey::Connection(rec.id));
    let person = || {
        let account = accounts(view, name).into_iter().min()?;
        Some(SubjectKey::Person(board.stands_for(account)))
    };
    container.map(SubjectKey::Container).or_else(connection).or_else(person)
}

/// True for the name of the program, whatever else is called so: our account in a tool is by good custom.
pub(super) fn is_itself(text: &str) -> bool {
    text.trim() == ITSELF
}

/// Accounts of a person by the name of their table, their own name or address; else of whoever has this login or is called so.
pub(super) fn accounts(view: &View, name: &str) -> HashSet<AccountId> {
    let people = &view.board.people;
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    let by_handle = people.persons.values().find(|person| person.handle == name);
    let person = by_handle.or_else(|| {
        people.persons.values().find(|person| same(&person.name) || person.email.as_deref().is_some_and(same))
    });
    let own = person.map(|person| person.own_account);
    let theirs = people.accounts.values().filter(|rec| match person {
        Some(person) => rec.person == Some(person.id),
        None => rec.handle.as_deref().is_some_and(same) || people.called(rec.id) == name,
    });
    theirs.map(|rec| rec.id).chain(own).collect()
}

/// Who hears of a gap first.
pub(super) fn recipients(view: &View, alert: &Alert) -> Vec<AccountId> {
    let people = &view.board.people;
    if alert.finding.addressee == Addressee::Operators {
        let operators = people.operators.iter().filter_map(|id| people.persons.get(id));
        return operators.map(|person| person.own_account).collect();
    }
    heads(alert, &view.snapshot())
}
