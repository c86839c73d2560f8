//! Whole boards as their owners exported them, served through the API: mirrored card for card, with their history.

use std::collections::{HashMap, HashSet};

use connector_kit::{Cursor, Page, StreamKind};
use connector_model::{Due, Field, Ineligible, StatusCategory, TaskRef};
use jiff::SignedDuration;
use serde_json::Value;

use super::server::{Server, World, pass, stream};
use crate::fixtures;

/// An exported board as a world. `None`: there are no fixtures.
fn exported(name: &str) -> Option<(String, Value, World)> {
    let board = fixtures::packed(&format!("trello/board-{name}-dev.json.gz"))?;
    let all = |part: &str| board[part].as_array().cloned().unwrap_or_default();
    let world = World {
        boards: vec![board.clone()],
        lists: all("lists"),
        cards: all("cards"),
        actions: all("actions"),
        checklists: all("checklists"),
        fields: all("customFields"),
        members: all("members"),
        memberships: all("memberships"),
        ..World::default()
    };
    Some((board["id"].as_str().unwrap().to_owned(), board, world))
}

async fn mirrored(name: &str) -> Option<(Value, Vec<Page>)> {
    let (id, board, world) = exported(name)?;
    let server = Server::new(world).await;
    let trello = server.trello();
    let key = stream(StreamKind::Tasks, &id);
    let (pages, cursor) = pass(&trello, &key, &Cursor::default()).await;
    server.asked();
    let (steady, _) = pass(&trello, &key, &cursor).await;
    assert_eq!(server.calls().len(), 2, "{name}: a steady poll");
    assert!(steady[0].tasks.is_empty() && steady[0].relations.is_empty(), "{name}: nothing changed");
    Some((board, pages))
}

#[tokio::test]
async fn every_exported_board_is_mirrored_card_for_card() {
    for name in ["inovation", "test-drive", "sidelinehd", "fda-food-recalls"] {
        let Some((board, pages)) = mirrored(name).await else { return };
        let unreadable: Vec<_> = pages.iter().flat_map(|page| &page.unreadable).collect();
        assert!(unreadable.is_empty(), "{name}: {unreadable:?}");
        let tasks: HashMap<&str, _> =
            pages.iter().flat_map(|page| &page.tasks).map(|task| (task.ext.as_str(), task)).collect();
        let cards = board["cards"].as_array().unwrap();
        assert_eq!(tasks.len(), cards.len(), "{name}");
        for card in cards {
            let task = tasks[card["id"].as_str().unwrap()];
            assert_eq!(task.title, card["name"].as_str().unwrap());
            let due = task.due.map(|due| due.due);
            let told = card["due"].as_str().map(|due| Due::At(due.parse().unwrap()));
            assert_eq!(due, told, "{name}: {}", task.ext);
            assert_eq!(task.status.category.is_open(), task.closed_at.is_none());
            if card["closed"] == true || card["dueComplete"] == true {
                assert!(!task.status.category.is_open(), "{name}: {}", task.ext);
            }
        }
        // Every change of a date, a list, completion or archive of a card, and every comment.
        let changes: Vec<_> = pages.iter().flat_map(|page| &page.changes).collect();
        let count = |field: Field| changes.iter().filter(|change| change.field == field).count();
        let told = |key: &str| {
            let all = board["actions"].as_array().unwrap().iter();
            all.filter(|action| action["type"] == "updateCard" && action["data"]["old"].get(key).is_some()).count()
        };
        assert_eq!(count(Field::Due), told("due"), "{name}");
        assert_eq!(count(Field::Status), told("idList") + told("dueComplete") + told("closed"), "{name}");
        let comments = board["actions"].as_array().unwrap().iter().filter(|action| action["type"] == "commentCard");
        assert_eq!(count(Field::Comment), comments.count(), "{name}");
        let keys: HashSet<_> = changes.iter().map(|change| (&change.task, &change.vkey)).collect();
        assert_eq!(keys.len(), changes.len(), "{name}: each entry has a name of its own");
    }
}

#[tokio::test]
async fn cards_of_archived_lists_are_not_judged() {
    let Some((board, pages)) = mirrored("test-drive").await else { return };
    let closed: HashSet<&str> = board["lists"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|list| list["closed"] == true)
        .map(|list| list["id"].as_str().unwrap())
        .collect();
    let archived: Vec<&str> = board["cards"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|card| closed.contains(card["idList"].as_str().unwrap()))
        .map(|card| card["id"].as_str().unwrap())
        .collect();
    assert!(!archived.is_empty());
    for task in pages.iter().flat_map(|page| &page.tasks).filter(|task| archived.contains(&task.ext.as_str())) {
        assert_eq!(task.ineligible, Some(Ineligible::Archived), "{}", task.ext);
    }
}

#[tokio::test]
async fn a_date_that_was_set_after_the_work_is_told_with_the_hour_it_was_set() {
    let Some((_, pages)) = mirrored("inovation").await else { return };
    let dated: Vec<_> = pages.iter().flat_map(|page| &page.tasks).filter(|task| task.due.is_some()).collect();
    assert_eq!(dated.len(), 63);
    assert!(dated.iter().all(|task| task.status.category == StatusCategory::Done));
    let changes: Vec<_> = pages.iter().flat_map(|page| &page.changes).filter(|one| one.field == Field::Due).collect();
    let stood = |task: &&&connector_model::Task| {
        let Due::At(due) = task.due.unwrap().due else { return false };
        let of_task = TaskRef::Ext(task.ext.clone());
        let set = changes.iter().filter(|one| one.task == of_task && one.to.is_some()).map(|one| one.at).max();
        set.is_some_and(|set| due.duration_since(set) >= SignedDuration::from_hours(12))
    };
    assert_eq!(dated.iter().filter(stood).count(), 13, "deadlines that stood for half a day");
}
