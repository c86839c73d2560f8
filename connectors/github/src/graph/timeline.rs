//! History that the repository's list of events does not tell: moves between the columns of a project, and work elsewhere
//! that names an issue. Pure.
//!
//! Everything else stands in that list, and is read there: the two call the same entry by different ids, so that each kind
//! is taken from one of them alone.

use connector_model::{Account, AccountKind, Change, Field, Mentions, TaskRef};
use serde_json::value::RawValue;

use super::projects::Statuses;
use super::wire::{Actor, Entry, LinkNode, Source};
use crate::normalise::Named;

/// An entry as a change. `None`: of another kind, or it lacks what would place it.
pub(super) fn change(raw: &RawValue, task: &TaskRef, statuses: &Statuses, named: &mut Named) -> Option<Change> {
    let entry: Entry = serde_json::from_str(raw.get()).ok()?;
    let (id, at) = (entry.id.as_deref()?, entry.created_at?);
    let (field, from, to) = match entry.kind.as_deref()? {
        "ProjectV2ItemStatusChangedEvent" => status(&entry, statuses)?,
        "CrossReferencedEvent" => reference(&entry)?,
        _ => return None,
    };
    Some(Change {
        task: task.clone(),
        at,
        vkey: format!("timeline:{id}"),
        field,
        from,
        to,
        account: entry.actor.as_ref().and_then(|actor| account(actor, named)),
        via: None,
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    })
}

/// The last edit of an issue's text, which is all that is told of its edits: its checklist stands there. `None`: it is as it
/// was written.
pub(super) fn edit(node: &LinkNode, task: &TaskRef, named: &mut Named) -> Option<Change> {
    let at = node.last_edited_at?;
    Some(Change {
        task: task.clone(),
        at,
        vkey: format!("edited:{at}"),
        field: Field::Description,
        from: None,
        to: None,
        account: node.editor.as_ref().and_then(|editor| account(editor, named)),
        via: None,
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    })
}

type Moved = (Field, Option<String>, Option<String>);

/// A move by the project's own automation is nobody's act.
fn status(entry: &Entry, statuses: &Statuses) -> Option<Moved> {
    // What a column counts as stands before its name. One of what is done says nothing: closing the issue does, on its own.
    let counted = |name: &str| match statuses.of(name).filter(|state| state.is_open()) {
        Some(state) => format!("{}/{}", state.word(), column(name)),
        None => column(name),
    };
    let told = |word: &Option<String>| word.as_deref().filter(|word| !word.is_empty()).map(counted);
    let field = if entry.was_automated == Some(true) { Field::Other } else { Field::Status };
    Some((field, told(&entry.previous_status), told(&entry.status)))
}

/// As the state of an open issue is written whose column it is.
pub(super) fn column(name: &str) -> String {
    format!("open [{name}]")
}

/// A pull request that will close the issue is work on it (`pull:acme/web#7`) unless it was given up.
fn reference(entry: &Entry) -> Option<Moved> {
    let source = entry.source.as_ref()?;
    let name = key(source);
    if source.kind.as_deref() != Some("PullRequest") {
        return Some((Field::Other, None, name));
    }
    let closes = entry.will_close_target == Some(true) && source.state.as_deref() != Some("CLOSED");
    Some((Field::Reference, None, name.map(|name| if closes { format!("pull:{name}") } else { name })))
}

fn key(source: &Source) -> Option<String> {
    Some(format!("{}#{}", source.repository.as_ref()?.name_with_owner.as_deref()?, source.number?))
}

/// The account's id, which alone tells who it is; without one nobody in particular did it.
fn account(actor: &Actor, named: &mut Named) -> Option<String> {
    let (id, login) = (actor.database_id?, actor.login.as_deref()?);
    let kind = match actor.kind.as_deref() {
        _ if login == "ghost" => AccountKind::Gone,
        Some("Bot") => AccountKind::Bot,
        Some("Mannequin") => AccountKind::Gone,
        _ => AccountKind::Human,
    };
    // REST calls a bot `name[bot]`, and everybody else reads that.
    let handle =
        if kind == AccountKind::Bot && !login.ends_with("[bot]") { format!("{login}[bot]") } else { login.to_owned() };
    Some(named.add(id, Account { ext: id.to_string(), handle: Some(handle), name: None, email: None, kind }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_model::StatusCategory;
    use serde_json::{Value, json};

    use super::*;

    fn read(fields: Value) -> (Option<Change>, Vec<Account>) {
        let mut entry = json!({"id": "E_1", "createdAt": "2026-03-02T09:00:00Z",
            "actor": {"__typename": "User", "login": "ana", "databaseId": 5}});
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let raw = RawValue::from_string(entry.to_string()).unwrap();
        let mut named = Named::default();
        let states = [("Blocked", StatusCategory::Waiting), ("Done", StatusCategory::Done)];
        let statuses = Statuses::new(states.map(|(word, state)| (word.to_owned(), state)), &[]);
        let change = change(&raw, &TaskRef::Ext("7".to_owned()), &statuses, &mut named);
        (change, named.into_parts().0)
    }

    fn status(fields: Value) -> Change {
        let mut all = json!({"__typename": "ProjectV2ItemStatusChangedEvent", "previousStatus": "Todo",
            "status": "In Progress", "wasAutomated": false, "project": {"id": "PVT_1", "number": 7}});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read(all).0.unwrap()
    }

    #[test]
    fn a_move_between_columns_is_an_act_unless_the_project_did_it_itself() {
        let change = status(json!({}));
        assert_eq!((change.field, change.vkey.as_str()), (Field::Status, "timeline:E_1"));
        assert_eq!(change.from.as_deref(), Some("open [Todo]"));
        assert_eq!((change.to.as_deref(), change.account.as_deref()), (Some("open [In Progress]"), Some("5")));
        assert_eq!(status(json!({"wasAutomated": true})).field, Field::Other);
        assert_eq!(status(json!({"actor": null})).account, None);
        assert_eq!(status(json!({"previousStatus": ""})).from, None);
        let counted = status(json!({"previousStatus": "Done", "status": "Blocked"}));
        assert_eq!(counted.from.as_deref(), Some("open [Done]"), "the issue is not closed by that");
        assert_eq!(counted.to.as_deref(), Some("waiting/open [Blocked]"));
    }

    #[test]
    fn a_pull_request_that_will_close_the_issue_is_work_on_it() {
        let of = |closes: bool, state: &str, kind: &str| {
            let (change, _) = read(json!({"__typename": "CrossReferencedEvent", "willCloseTarget": closes,
                "source": {"__typename": kind, "number": 9, "state": state, "repository": {"nameWithOwner": "acme/web"}}}));
            let change = change.unwrap();
            (change.field, change.to.unwrap())
        };
        assert_eq!(of(true, "OPEN", "PullRequest"), (Field::Reference, "pull:acme/web#9".to_owned()));
        assert_eq!(of(true, "MERGED", "PullRequest"), (Field::Reference, "pull:acme/web#9".to_owned()));
        assert_eq!(of(true, "CLOSED", "PullRequest"), (Field::Reference, "acme/web#9".to_owned()));
        assert_eq!(of(false, "OPEN", "PullRequest"), (Field::Reference, "acme/web#9".to_owned()));
        assert_eq!(of(false, "OPEN", "Issue").0, Field::Other);
    }

    #[test]
    fn the_last_edit_of_the_text_is_an_act_of_whoever_made_it() {
        let read = |node: Value| {
            let mut named = Named::default();
            edit(&serde_json::from_value(node).unwrap(), &TaskRef::Ext("7".to_owned()), &mut named)
        };
        let edited = json!({"lastEditedAt": "2026-03-10T16:00:00Z",
            "editor": {"__typename": "User", "login": "ana", "databaseId": 5}});
        let change = read(edited).unwrap();
        assert_eq!((change.field, change.account.as_deref()), (Field::Description, Some("5")));
        assert_eq!((change.at.to_string(), change.observed), ("2026-03-10T16:00:00Z".to_owned(), false));
        assert_eq!(read(json!({"lastEditedAt": null, "editor": null})), None);
        assert_eq!(read(json!({"lastEditedAt": "2026-03-10T16:00:00Z", "editor": null})).unwrap().account, None);
        assert!(include_str!("links.graphql").contains("lastEditedAt"));
    }

    #[test]
    fn a_robot_is_called_as_it_is_everywhere_else() {
        let bot = json!({"__typename": "CrossReferencedEvent", "source": {"__typename": "Issue"},
            "actor": {"__typename": "Bot", "login": "renovate", "databaseId": 9}});
        let (_, accounts) = read(bot);
        assert_eq!((accounts[0].handle.as_deref(), accounts[0].kind), (Some("renovate[bot]"), AccountKind::Bot));
    }

    #[test]
    fn an_entry_of_another_kind_or_without_a_place_is_passed_over() {
        assert_eq!(read(json!({"__typename": "SomeDayNewEvent"})).0, None);
        assert_eq!(read(json!({})).0, None);
        assert_eq!(read(json!({"__typename": "CrossReferencedEvent", "createdAt": null})).0, None);
    }
}
