//! Histories and comments as changes. Pure.
//!
//! Values are taken from `from` and `to`, which are ids and plain dates; what stands beside them for people is translated. A
//! status that changed because its project was given another workflow is nobody's act.

use connector_model::{Change, FLAGGED, Field, Mark, Mentions, StatusCategory, TaskRef};

use crate::normalise::{Named, Reading};
use crate::plain::first_line;
use crate::site::Role;
use crate::when::day;
use crate::wire::{Comment, History, Item};

/// The longest command line kept.
const LONGEST_COMMAND: usize = 200;

/// All changes of one issue's history entry.
pub(crate) fn changes(
    issue: &str,
    history: &History<'_>,
    reading: &Reading<'_>,
    named: &mut Named,
    out: &mut Vec<Change>,
) {
    let account = history.author.as_ref().and_then(|author| named.account(author, reading.edition));
    let is_migration = history.items.iter().any(|item| item.field.as_deref() == Some("Workflow"));
    for (at, item) in history.items.iter().enumerate() {
        let (field, from, to) = meaning(item, is_migration, reading);
        out.push(Change {
            task: TaskRef::Ext(issue.to_owned()),
            at: history.created.0,
            vkey: format!("history:{}:{at}", &*history.id),
            field,
            from,
            to,
            account: account.clone(),
            via: None,
            mentions: Mentions::default(),
            mark: None,
            observed: false,
        });
    }
}

type Meaning = (Field, Option<String>, Option<String>);

fn meaning(item: &Item<'_>, is_migration: bool, reading: &Reading<'_>) -> Meaning {
    let field = field_of(item, is_migration, reading);
    let (from, to) = (raw(item.from.as_deref()), raw(item.to.as_deref()));
    let (from_words, to_words) = (raw(item.from_string.as_deref()), raw(item.to_string.as_deref()));
    let own = |text: Option<&str>| text.map(str::to_owned);
    if is_flag(item, reading) {
        let flag = |id: Option<&str>, name: Option<&str>| id.or(name).map(|_| FLAGGED.to_owned());
        return match (flag(from, from_words), flag(to, to_words)) {
            // Another of its values: it is flagged as before.
            (Some(_), Some(_)) => (Field::Other, None, None),
            (off, on) => (Field::Label, off, on),
        };
    }
    match field {
        // In which direction it is, stands in the words alone.
        Field::Link => (field, own(from.filter(|_| is_waiting(from_words))), own(to.filter(|_| is_waiting(to_words)))),
        Field::Status => {
            let entry = |id: Option<&str>, name: Option<&str>| status_entry(id, name, reading);
            (field, entry(from, from_words), entry(to, to_words))
        }
        Field::Due | Field::Start => (field, date(from, from_words), date(to, to_words)),
        Field::Progress => {
            let share = |text: Option<&str>| {
                let percent: f64 = text?.trim_end_matches('%').trim().parse().ok()?;
                Some((percent / 100.0).clamp(0.0, 1.0).to_string())
            };
            (field, share(from.or(from_words)), share(to.or(to_words)))
        }
        Field::Owner | Field::Home | Field::Parent => (field, own(from), own(to)),
        Field::Estimate => (field, own(from.or(from_words)), own(to.or(to_words))),
        Field::Priority | Field::Label => (field, own(from_words), own(to_words)),
        // Long texts, translated words: that they changed is all that counts.
        _ => (field, None, None),
    }
}

fn is_flag(item: &Item<'_>, reading: &Reading<'_>) -> bool {
    let name = item.field.as_deref().unwrap_or_default();
    let id = item.field_id.as_deref().filter(|id| !id.is_empty());
    reading.site.role(id, name).map_or(name == "Flagged", |role| role == Role::Flagged)
}

/// True for a link from a task to what it waits for: `This issue is blocked by ENG-5`.
fn is_waiting(words: Option<&str>) -> bool {
    let words = words.unwrap_or_default().to_lowercase();
    words.contains("blocked by") || words.contains("depends on")
}

/// A day. Entries of old servers lack the value and have it in the words alone, written as the database writes it
/// (`2009-07-25 00:00:00.0`); words in any other form are somebody's language and are not read.
fn date(value: Option<&str>, words: Option<&str>) -> Option<String> {
    let of_database = || words.filter(|words| words.get(10..) == Some(" 00:00:00.0")).and_then(day);
    value.and_then(day).or_else(of_database).map(|day| day.to_string())
}

/// An empty text stands for nothing.
fn raw(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn field_of(item: &Item<'_>, is_migration: bool, reading: &Reading<'_>) -> Field {
    let name = item.field.as_deref().unwrap_or_default();
    let id = item.field_id.as_deref().filter(|id| !id.is_empty());
    if let Some(role) = reading.site.role(id, name) {
        return match role {
            Role::Start => Field::Start,
            Role::Due => Field::Due,
            Role::Progress => Field::Progress,
            Role::Points => Field::Estimate,
            Role::Sprint => Field::Home,
            Role::Epic => Field::Parent,
            Role::Flagged => Field::Label,
        };
    }
    match id.unwrap_or(name) {
        "status" if is_migration => Field::Other,
        "status" => Field::Status,
        "assignee" => Field::Owner,
        "duedate" => Field::Due,
        "summary" => Field::Title,
        "description" => Field::Description,
        "priority" => Field::Priority,
        "labels" => Field::Label,
        "timeestimate" | "timeoriginalestimate" | "timespent" => Field::Estimate,
        "fixVersions" | "Fix Version" => Field::Home,
        "parent" => Field::Parent,
        _ => match name {
            "Sprint" => Field::Home,
            "IssueParentAssociation" | "Parent" | "Epic Link" | "Parent Link" | "Epic Child" => Field::Parent,
            "Link" => Field::Link,
            "RemoteIssueLink" => Field::Reference,
            _ => Field::Other,
        },
    }
}

/// The word of a status and what it counts as now; history keeps both. One that is no more is known by its word alone.
fn status_entry(id: Option<&str>, name: Option<&str>, reading: &Reading<'_>) -> Option<String> {
    let word = name.or(id)?;
    let state = id.and_then(|id| reading.site.state(reading.states, id, name));
    Some(state.map_or_else(|| word.to_owned(), |state: StatusCategory| state.entry(word)))
}

/// A comment as a change. `None`: it has no instant.
pub(crate) fn comment(
    issue: &str,
    comment: &Comment<'_>,
    mark: Option<Mark>,
    reading: &Reading<'_>,
    named: &mut Named,
) -> Option<Change> {
    Some(Change {
        task: TaskRef::Ext(issue.to_owned()),
        at: comment.created?.0,
        vkey: format!("comment:{}", &*comment.id),
        field: Field::Comment,
        from: None,
        to: comment.body.and_then(|body| command(&first_line(body.get()))),
        account: comment.author.as_ref().and_then(|author| named.account(author, reading.edition)),
        via: None,
        mentions: comment.body.map(|body| crate::said::said(body.get())).unwrap_or_default(),
        mark,
        observed: false,
    })
}

fn command(first_line: &str) -> Option<String> {
    let first_line = first_line.trim_start();
    first_line.starts_with("/gapwatch ").then(|| first_line.chars().take(LONGEST_COMMAND).collect())
}

#[cfg(test)]
mod tests;
