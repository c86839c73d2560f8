//! A task that does not exist, with the fields that somebody names.

use connector_model::{Due, DueSource, DueStated, StatusCategory};

use super::super::gaps::did_you_mean;
use super::super::open::{Stopped, View};
use crate::domain::facts::Facts;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::record::{BoardDelta, ContainerRec, TaskImage, TaskRec};
use crate::domain::task::TaskWords;

/// Fields that a task can be given here, as `rules fields` calls them.
const FIELDS: [&str; 9] = ["project", "connection", "owners", "priority", "labels", "kind", "status", "key", "due"];

/// Puts one on the board in memory.
pub(super) fn task(view: &mut View, fields: &[String]) -> Result<TaskId, Stopped> {
    let fields = fields.iter().map(|field| read(field)).collect::<Result<Vec<_>, _>>()?;
    let value = |name: &str| fields.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let list = |name: &str| -> Vec<String> {
        let text = value(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
    };
    let home = home(view, value("project").as_deref(), value("connection").as_deref())?;
    let owners = list("owners").iter().map(|name| owner(view, name, &home)).collect::<Result<Vec<_>, _>>()?;
    let number = |text: String| {
        text.parse().map_err(|_| Stopped::usage(format!("priority={text}: a number, 1 being the highest")))
    };
    let priority = value("priority").map(number).transpose()?;
    let day = |text: String| {
        let date = text.parse().map_err(|_| Stopped::usage(format!("due={text}: a day, as 2026-11-27")));
        date.map(|date| DueStated { due: Due::On(date), source: DueSource::Item })
    };
    let due = value("due").map(day).transpose()?;
    let long_ago = view.now.checked_sub(jiff::SignedDuration::from_hours(24 * 30)).unwrap_or(view.now);
    let words = TaskWords {
        key: value("key").unwrap_or_default(),
        status: value("status").unwrap_or_default(),
        labels: list("labels"),
    };
    let id = TaskId(i64::MAX);
    let rec = TaskRec {
        id,
        ext: "".into(),
        container: home.id,
        kind: value("kind").map(Into::into),
        homes: Box::default(),
        category: StatusCategory::Active,
        declared: true,
        unmapped: None,
        start: None,
        due,
        created_at: long_ago,
        closed_at: None,
        priority,
        progress: None,
        estimate_secs: None,
        spent_secs: None,
        remaining_secs: None,
        parent: None,
        owners: owners.into(),
        reporter: None,
        ineligible: None,
        restricted: false,
        unseen: false,
        changed_at: long_ago,
        facts: Facts::default(),
        words: Some(Box::new(words)),
    };
    let (blocked_by, blocks, linked) = (Vec::new(), Vec::new(), Vec::new());
    let image = TaskImage { rec: Box::new(rec), blocked_by, blocks, linked };
    view.board.apply(BoardDelta { tasks: vec![image], ..BoardDelta::default() });
    Ok(id)
}

fn read(field: &str) -> Result<(&'static str, String), Stopped> {
    let Some((key, value)) = field.split_once('=') else {
        return Err(Stopped::usage(format!("--field {field}: expected KEY=VALUE, as project=OPS")));
    };
    let key = key.trim().trim_start_matches("task.");
    match FIELDS.iter().find(|name| **name == key) {
        Some(name) => Ok((name, value.trim().to_owned())),
        None => {
            let meant = did_you_mean(key, FIELDS.iter().copied());
            Err(Stopped::usage(format!("--field {key}: it is one of {}{meant}", FIELDS.join(", "))))
        }
    }
}

/// The project of this name on this connection; where none is named, any that is read.
fn home(view: &View, project: Option<&str>, connection: Option<&str>) -> Result<ContainerRec, Stopped> {
    let reader = |home: &ContainerRec| home.reader.and_then(|id| view.board.connection(id));
    let fits = |home: &&ContainerRec| {
        !view.board.is_home(home.id)
            && reader(home).is_some_and(|reader| connection.is_none_or(|name| *reader.name == *name))
            && project.is_none_or(|name| home.name.eq_ignore_ascii_case(name))
    };
    let found = view.board.containers().filter(fits).min_by_key(|home| home.id).cloned();
    found.ok_or_else(|| {
        let meant = project.map(|name| did_you_mean(name, view.board.containers().map(|home| &*home.name)));
        let what = [connection, project].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let what = if what.is_empty() { "repository or project".to_owned() } else { what };
        Stopped::usage(format!("there is no {what} in the store{}", meant.unwrap_or_default()))
    })
}

/// The account by which somebody has tasks there; else the one that stands for them.
fn owner(view: &View, name: &str, home: &ContainerRec) -> Result<AccountId, Stopped> {
    let people = &view.board.people;
    let there = |account: &AccountId| people.accounts.get(account).is_some_and(|rec| rec.site == home.site);
    if let Some(person) = people.persons.values().find(|person| person.handle == name) {
        return Ok(view.board.accounts_of(person.id).find(there).unwrap_or(person.own_account));
    }
    let login = |rec: &&crate::domain::people::AccountRec| {
        rec.site == home.site && rec.handle.as_deref().is_some_and(|login| login.eq_ignore_ascii_case(name))
    };
    people.accounts.values().find(login).map(|rec| rec.id).ok_or_else(|| {
        let meant = did_you_mean(name, people.persons.values().map(|person| person.handle.as_str()));
        Stopped::usage(format!("owners={name}: nobody is called so{meant}"))
    })
}
