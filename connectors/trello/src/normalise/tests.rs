//! What a card means.

#![allow(clippy::unwrap_used)]

use connector_model::StatusCategory::{self, Active, Cancelled, Done, Todo, Waiting};
use serde_json::{Value, json};

use super::*;
use crate::board::List;

fn board() -> Board {
    let list = |id: &str, name: &str, closed: bool| {
        let told = json!({"id": id, "name": name, "closed": closed});
        (id.to_owned(), List::new(serde_json::from_value(told).unwrap(), &States::default()))
    };
    let lists = [
        list("todo", "To Do", false),
        list("doing", "Doing", false),
        list("done", "Done", false),
        list("misc", "Misc", false),
        list("later", "Backlog", false),
        list("old", "Doing", true),
    ];
    Board { lists: lists.into(), ..Board::default() }
}

fn read(fields: Value) -> Task {
    read_with(fields, &States::default())
}

fn read_with(fields: Value, states: &States) -> Task {
    let mut card = json!({
        "id": "5582b73a8cb4e3ec6701ed69", "name": "x", "closed": false, "idBoard": "b", "idList": "doing", "idMembers": [],
        "labels": [], "due": null, "badges": {"checkItems": 0, "checkItemsChecked": 0},
    });
    for (name, value) in fields.as_object().unwrap() {
        card[name] = value.clone();
    }
    let card: Card = serde_json::from_value(card).unwrap();
    task(&card, &Reading { board: &board(), states, parents: &HashMap::new() })
}

#[test]
fn the_list_says_the_state_unless_the_card_is_complete_or_archived() {
    let check = |fields: Value, expected: StatusCategory, declared: bool| {
        let status = read(fields.clone()).status;
        assert_eq!((status.category, status.declared), (expected, declared), "{fields}");
    };
    check(json!({}), Active, true);
    check(json!({"idList": "todo"}), Todo, true);
    check(json!({"idList": "misc"}), Todo, false);
    check(json!({"idList": "nowhere"}), Todo, false);
    check(json!({"idList": "done"}), Done, true);
    check(json!({"idList": "done", "dueComplete": false, "due": "2020-01-01T00:00:00Z"}), Done, true);
    check(json!({"dueComplete": true}), Done, true);
    check(json!({"dateCompleted": "2026-01-01T00:00:00Z"}), Done, true);
    check(json!({"closed": true}), Cancelled, true);
    check(json!({"closed": true, "dueComplete": true}), Done, true);
    check(json!({"closed": true, "idList": "done"}), Done, true);
    check(json!({"labels": [{"name": "Blocked"}]}), Waiting, true);
    check(json!({"labels": [{"name": "Blocked"}], "idList": "done"}), Done, true);
    check(json!({"labels": [{"name": "Blocked"}], "closed": true}), Cancelled, true);
}

#[test]
fn the_operators_word_counts_before_a_name() {
    let states: States = [("doing", Waiting), ("Misc", Done), ("on ice", Waiting), ("blocked", Active)]
        .map(|(word, state)| (word.to_owned(), state))
        .into_iter()
        .collect();
    let told = json!({"id": "doing", "name": "Doing", "closed": false});
    assert_eq!(List::new(serde_json::from_value(told).unwrap(), &states).category(), Some(Waiting));
    let label = |name: &str| read_with(json!({"labels": [{"id": "x", "name": name}]}), &states).status.category;
    assert_eq!((label("On Ice"), label("Blocked"), label("Bug")), (Waiting, Active, Active));
}

#[test]
fn what_only_looks_like_work_is_not_judged() {
    let check =
        |fields: Value, expected: Option<Ineligible>| assert_eq!(read(fields.clone()).ineligible, expected, "{fields}");
    for role in ["separator", "board", "mirror", "link", "something new"] {
        check(json!({"cardRole": role}), Some(Ineligible::NotWork));
    }
    check(json!({"isTemplate": true}), Some(Ineligible::NotWork));
    check(json!({"name": "-----"}), Some(Ineligible::NotWork));
    check(json!({"name": "--"}), None);
    check(json!({"idList": "later"}), Some(Ineligible::Backlog));
    check(json!({"idList": "old"}), Some(Ineligible::Archived));
    check(json!({"cardRole": null, "isTemplate": false}), None);
}

#[test]
fn dates_owners_and_addresses_are_read() {
    let task = read(json!({
        "idMembers": ["m1", "m2"], "idMemberCreator": "m3", "due": "2026-09-30T16:00:00.000Z", "start": "2026-09-01T08:00:00.000Z",
        "dateLastActivity": "2026-08-01T00:00:00.000Z", "shortUrl": "https://trello.com/c/aI4od6Yd",
    }));
    assert_eq!((task.key.as_str(), task.owners.len(), task.reporter.as_deref()), ("aI4od6Yd", 2, Some("m3")));
    assert_eq!(task.created_at.to_string(), "2015-06-18T12:19:06Z");
    assert_eq!(task.updated_at.to_string(), "2026-08-01T00:00:00Z");
    assert_eq!(task.due.unwrap().due.to_text(), "2026-09-30T16:00:00Z");
    assert_eq!((task.closed_at, task.links, task.progress), (None, None, None));
}

#[test]
fn few_items_declare_no_progress() {
    let progress = |all: u32, checked: u32| {
        read(json!({"badges": {"checkItems": all, "checkItemsChecked": checked}})).progress.map(|one| one.share.get())
    };
    assert_eq!((progress(0, 0), progress(2, 1), progress(4, 1)), (None, None, Some(0.25)));
}

#[test]
fn a_label_says_a_priority_only_where_it_can_mean_nothing_else() {
    let priority = |name: &str| read(json!({"labels": [{"name": name}]})).priority;
    assert_eq!(
        (priority("P0"), priority("High priority"), priority("Priority: low"), priority("Urgent")),
        (Some(1), Some(2), Some(4), Some(1))
    );
    assert_eq!((priority("High"), priority("media"), priority("pr"), priority("")), (None, None, None, None));
}

#[test]
fn addresses_of_cards_are_found_in_text() {
    assert_eq!(card_link("https://trello.com/c/aI4od6Yd/11-name"), Some("aI4od6Yd"));
    for wrong in
        ["https://trello.com/b/aI4od6Yd", "https://trello.com/c/short", "trello.com/c/aI4od6Yd", "", "https://x"]
    {
        assert_eq!(card_link(wrong), None, "{wrong}");
    }
    let text = "first [it](https://trello.com/c/aI4od6Yd), then https://www.trello.com/c/aI4od6Ye?x and https://x.example/c/aI4od6Yf";
    assert_eq!(cards_in(text, "").collect::<Vec<_>>(), ["aI4od6Yd", "aI4od6Ye"]);
    assert_eq!(cards_in(text, "https://x.example/c/aI4od6Yz").count(), 3);
}
