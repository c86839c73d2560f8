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
    reading(states, &HashMap::new(), |reading| task(&card, reading))
}

fn reading<T>(states: &States, ticks: &HashMap<String, Tick>, with: impl FnOnce(&Reading<'_>) -> T) -> T {
    let (board, parents, seen_at) = (board(), HashMap::new(), "2026-03-16T09:00:00Z".parse().unwrap());
    with(&Reading { board: &board, states, parents: &parents, ticks, seen_at })
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
    check(json!({"name": "-----", "cardRole": null}), None);
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

fn card(fields: Value) -> Card {
    let mut card = json!({
        "id": "5582b73a8cb4e3ec6701ed69", "name": "x", "closed": false, "idBoard": "b", "idList": "doing", "idMembers": [],
        "labels": [], "due": null, "badges": {"checkItems": 0, "checkItemsChecked": 0},
        "dateLastActivity": "2026-03-15T16:15:00Z",
    });
    for (name, value) in fields.as_object().unwrap() {
        card[name] = value.clone();
    }
    serde_json::from_value(card).unwrap()
}

#[test]
fn tasks_of_other_trackers_are_named_by_the_description_and_by_what_is_attached() {
    let named = read(json!({
        "desc": "Waits for https://app.asana.com/0/11/1200 and https://trello.com/c/aI4od6Yd",
        "attachments": [{"url": "https://acme.atlassian.net/browse/ENG-41"}], "shortUrl": "https://trello.com/c/aI4od6Ye",
    }));
    let url = |text: &str| TaskRef::Url(text.to_owned());
    assert_eq!(
        named.mentions,
        [url("https://acme.atlassian.net/browse/ENG-41"), url("https://app.asana.com/task/1200")]
    );
    assert!(read(json!({"desc": null})).mentions.is_empty());
}

#[test]
fn a_card_that_waits_by_its_label_or_by_its_list_is_blocked_by_what_is_attached() {
    let states: States = [("misc".to_owned(), Waiting)].into_iter().collect();
    let lists = |states: &States| {
        let told = json!({"id": "misc", "name": "Misc", "closed": false});
        Board {
            lists: [("misc".to_owned(), List::new(serde_json::from_value(told).unwrap(), states))].into(),
            ..board()
        }
    };
    let kinds = |fields: Value, states: &States| {
        let mut fields = fields;
        fields["attachments"] = json!([{"url": "https://trello.com/c/aI4od6Yd/1-other"}]);
        let (board, parents, ticks) = (lists(states), HashMap::new(), HashMap::new());
        let seen_at = Timestamp::UNIX_EPOCH;
        let reading = Reading { board: &board, states, parents: &parents, ticks: &ticks, seen_at };
        task(&card(fields), &reading).links.unwrap().into_iter().map(|link| link.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(json!({"idList": "misc"}), &states), [LinkKind::BlockedBy]);
    assert_eq!(kinds(json!({"idList": "misc"}), &States::default()), [LinkKind::Relates]);
    assert_eq!(
        kinds(json!({"idList": "misc", "labels": [{"name": "Blocked"}]}), &States::default()),
        [LinkKind::BlockedBy]
    );
}

#[test]
fn an_item_is_done_since_it_was_ticked_and_open_although_its_card_is_complete() {
    let item = |state: &str| -> CheckItem {
        let item =
            json!({"id": "5582b73a8cb4e3ec6701ed70", "name": "part", "state": state, "due": "2026-03-20T16:00:00Z"});
        serde_json::from_value(item).unwrap()
    };
    let ticked_at: Timestamp = "2026-03-09T10:00:00Z".parse().unwrap();
    let ticks: HashMap<String, Tick> =
        [("5582b73a8cb4e3ec6701ed70".to_owned(), Tick { at: ticked_at, is_done: true })].into();
    let read = |state: &str, fields: Value, ticks: &HashMap<String, Tick>| {
        reading(&States::default(), ticks, |reading| item_task(&item(state), &card(fields), reading))
    };
    let told = read("complete", json!({}), &ticks);
    assert_eq!((told.closed_at, told.untold), (Some(ticked_at), vec![]));
    let untold = read("complete", json!({}), &HashMap::new());
    assert_eq!(
        untold.closed_at.unwrap().to_string(),
        "2026-03-16T09:00:00Z",
        "when it was read, not the last activity"
    );
    assert_eq!(untold.untold, [Field::Status]);
    for complete in [json!({"dueComplete": true}), json!({"idList": "done"})] {
        let left = read("incomplete", complete.clone(), &ticks);
        assert_eq!((left.status.category, left.closed_at), (Todo, None), "{complete}");
    }
    for over in [json!({"closed": true}), json!({"closed": true, "idList": "done"})] {
        assert!(!read("incomplete", over.clone(), &ticks).status.category.is_open(), "{over}");
    }
}

#[test]
fn when_a_card_came_to_lie_in_a_list_is_not_told() {
    assert_eq!(read(json!({"idList": "done", "dateLastActivity": "2026-03-15T16:15:00Z"})).untold, [Field::Status]);
    assert_eq!(read(json!({"dueComplete": true, "dateCompleted": "2026-03-15T16:15:00Z"})).untold, []);
    assert_eq!(read(json!({})).untold, []);
}
