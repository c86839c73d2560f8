//! Recorded boards, card for card, and as they were.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Desk, comment, desk, strings};
use crate::testing::ts;
use crate::trello::TrelloRecorded;

/// A board of March 2020: one card, moved, dated, ticked and completed.
fn export() -> Value {
    let (board, todo, done) = ("5e5cd2000000000000000001", "5e5cd2010000000000000001", "5e5cd2010000000000000002");
    let (card, ann) = ("5e5cd2100000000000000001", "5e0000000000000000000001");
    let reference = json!({ "id": card, "name": "Recorded", "idShort": 1, "shortLink": "AbCdEf12" });
    let act = |number: u32, day: u32, kind: &str, more: Value| {
        let at = format!("2020-03-{day:02}T10:00:00.000Z");
        let seconds = ts(&at).as_second();
        let mut data = json!({ "card": reference, "board": { "id": board, "name": "Old" } });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "id": format!("{seconds:08x}00000000000000{number:02}"), "idMemberCreator": ann, "type": kind, "date": at,
            "data": data, "memberCreator": { "id": ann, "username": "ann", "fullName": "Ann" },
        })
    };
    json!({
        "id": board, "name": "Old", "shortLink": "ZyXwVu98", "closed": false, "nodeId": "kept",
        "dateLastActivity": "2020-03-20T10:00:00.000Z",
        "lists": [
            { "id": todo, "name": "A fazer", "closed": false, "pos": 1, "idBoard": board },
            { "id": done, "name": "Feito", "closed": true, "pos": 2.5, "idBoard": board },
        ],
        "labels": [{ "id": "5e5cd2020000000000000001", "idBoard": board, "name": "", "color": "sky_light" }],
        "members": [], "memberships": [{ "id": "5e5cd2030000000000000001", "idMember": ann, "memberType": "admin" }],
        "checklists": [{ "id": "5e5cd2200000000000000001", "name": "Steps", "idCard": card, "pos": 3, "checkItems": [
            { "id": "5e5cd2210000000000000001", "name": "One", "state": "complete", "pos": 7 },
        ] }],
        "cards": [{
            "id": card, "idBoard": board, "idList": done, "idShort": 1, "shortLink": "AbCdEf12", "name": "Recorded",
            "desc": "", "closed": false, "due": "2020-03-18T12:00:00.000Z", "dueComplete": true, "idMembers": [ann],
            "idLabels": ["5e5cd2020000000000000001"], "labels": [], "pos": 65535.5, "newField": { "kept": true },
            "dateLastActivity": "2020-03-20T10:00:00.000Z", "badges": { "comments": 1, "votes": 2 }, "attachments": [],
        }],
        "actions": [
            act(9, 20, "updateList", json!({ "list": { "id": done }, "old": { "closed": false } })),
            act(8, 19, "updateCard", json!({ "old": { "dueComplete": false } })),
            act(7, 18, "updateCard", json!({ "old": { "idList": todo } })),
            act(6, 14, "updateCheckItemStateOnCard", json!({ "checkItem": { "id": "5e5cd2210000000000000001", "state": "complete" } })),
            act(5, 12, "commentCard", json!({ "text": "Halfway" })),
            act(4, 10, "updateCard", json!({ "old": { "due": "2020-03-11T12:00:00.000Z" } })),
            act(3, 6, "updateCard", json!({ "old": { "due": null } })),
            act(2, 5, "addMemberToCard", json!({ "idMember": ann })),
            act(1, 4, "createCard", json!({})),
        ],
    })
}

#[tokio::test]
async fn a_recorded_board_is_served_with_its_actions_and_as_it_was() {
    let desk = desk().await;
    let recorded = TrelloRecorded::parse(&export().to_string()).unwrap();
    let board = desk.trello.serve(&recorded);
    let card = desk.get("/cards/AbCdEf12").await;
    assert_eq!((&card["pos"], &card["newField"]), (&json!(65535.5), &json!({ "kept": true })));
    assert_eq!((&card["badges"]["votes"], &card["badges"]["comments"]), (&json!(2), &json!(1)));
    assert_eq!((&card["dateCompleted"], &card["dateClosed"]), (&json!("2020-03-19T10:00:00.000Z"), &json!(null)));
    assert_eq!(card["labels"][0]["color"], "sky_light");
    let feed = desk.get(&format!("/boards/{board}/actions?limit=1000")).await;
    assert_eq!(feed.as_array().unwrap().len(), 9);
    assert_eq!(feed[0]["memberCreator"]["username"], "ann");
    let card = || desk.trello.look("AbCdEf12").unwrap();
    for (day, list, due, members, checks, complete) in [
        ("2020-03-04T11:00:00Z", "A fazer", None, 0, 0, false),
        ("2020-03-06T11:00:00Z", "A fazer", Some("2020-03-11T12:00:00Z"), 1, 0, false),
        ("2020-03-13T11:00:00Z", "A fazer", Some("2020-03-18T12:00:00Z"), 1, 0, false),
        ("2020-03-18T11:00:00Z", "Feito", Some("2020-03-18T12:00:00Z"), 1, 1, false),
        ("2020-03-19T11:00:00Z", "Feito", Some("2020-03-18T12:00:00Z"), 1, 1, true),
    ] {
        desk.trello.as_of(ts(day));
        let seen = card();
        let found = (seen.list.as_str(), seen.due, seen.members.len(), seen.checks.0, seen.complete);
        assert_eq!(found, (list, due.map(ts), members, checks, complete), "{day}");
        assert!(seen.updated_at <= ts(day));
        let feed = desk.get(&format!("/boards/{board}/actions?limit=1000")).await;
        assert!(strings(&feed, "date").iter().all(|date| ts(date) <= ts(day)));
        let shown = desk.get(&format!("/boards/{board}?fields=dateLastActivity")).await;
        assert!(ts(shown["dateLastActivity"].as_str().unwrap()) <= ts(day));
        let lists = desk.get(&format!("/boards/{board}/lists")).await;
        assert_eq!(lists.as_array().unwrap().len(), 2, "{day}");
    }
    desk.trello.as_of(ts("2020-03-01T11:00:00Z"));
    assert!(desk.trello.look("AbCdEf12").is_none());
    // What is not recorded stays, whatever the day.
    assert!(desk.trello.look(&desk.card).is_some());
    desk.trello.as_of(ts("2020-03-13T11:00:00Z"));
    let path = "/cards/AbCdEf12/actions/comments";
    assert_eq!(desk.send(reqwest::Method::POST, path, comment("Behind")).await.0, 200);
    assert_eq!(desk.trello.comments("AbCdEf12").len(), 2);
    desk.trello.as_of(None);
    assert_eq!(desk.trello.comments("AbCdEf12").len(), 2);
    assert_eq!(desk.get("/cards/AbCdEf12").await["badges"]["comments"], 2);
    let lists = desk.get(&format!("/boards/{board}/lists")).await;
    assert_eq!(lists.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_board_is_no_recording() {
    assert!(TrelloRecorded::parse("[]").is_err());
    assert!(TrelloRecorded::parse("{\"id\":\"1\"").is_err());
}

#[tokio::test]
async fn real_boards_are_served_card_for_card() {
    for (name, cards, actions) in [
        ("board-test-drive-dev.json.gz", 122, 1_000),
        ("board-inovation-dev.json.gz", 71, 633),
        ("board-sidelinehd-dev.json.gz", 682, 1_000),
        ("board-fda-food-recalls-dev.json.gz", 69, 392),
    ] {
        let Some(file) = crate::testing::recorded(&format!("fixtures/trello/{name}")) else { return };
        let recorded = TrelloRecorded::load(file).unwrap();
        let desk = desk().await;
        let board = desk.trello.serve(&recorded);
        assert_eq!(served(&desk, &board, &recorded).await, (cards, actions), "{name}");
        shown_on_every_day(&desk, &recorded).await;
    }
}

/// How many cards and actions the API gives; each must be the recorded one.
async fn served(desk: &Desk, board: &str, recorded: &TrelloRecorded) -> (usize, usize) {
    let query = "filter=all&limit=1000&checklists=all&customFieldItems=true&attachments=true";
    let cards = desk.get(&format!("/boards/{board}/cards?{query}")).await;
    let cards = cards.as_array().unwrap();
    let find = |list: &[Value], id: &Value| list.iter().find(|one| one["id"] == *id).cloned().unwrap_or_default();
    for original in recorded.board()["cards"].as_array().unwrap() {
        let shown = find(cards, &original["id"]);
        for (name, value) in original.as_object().unwrap() {
            match name.as_str() {
                "badges" => {
                    for (name, value) in value.as_object().unwrap() {
                        assert_eq!(shown["badges"][name], *value, "{}: badges.{name}", original["id"]);
                    }
                }
                "attachments" => {
                    for attachment in value.as_array().unwrap() {
                        let shown = find(shown["attachments"].as_array().unwrap(), &attachment["id"]);
                        assert_eq!((&shown["url"], &shown["date"]), (&attachment["url"], &attachment["date"]));
                    }
                }
                "labels" => assert_eq!(strings(&shown["labels"], "id"), strings(value, "id")),
                "pluginData" => {}
                _ => assert_eq!(shown[name], *value, "{}: {name}", original["id"]),
            }
        }
    }
    let mut actions = Vec::new();
    loop {
        let before =
            actions.last().map_or_else(String::new, |one: &Value| format!("&before={}", one["id"].as_str().unwrap()));
        let page = desk.get(&format!("/boards/{board}/actions?limit=300{before}")).await;
        let page = page.as_array().unwrap();
        actions.extend(page.iter().cloned());
        if page.len() < 300 {
            break;
        }
    }
    let originals = recorded.board()["actions"].as_array().unwrap();
    for (shown, original) in actions.iter().zip(originals) {
        for name in ["id", "type", "date", "data", "idMemberCreator"] {
            assert_eq!(shown[name], original[name], "{}: {name}", original["id"]);
        }
    }
    let ids: BTreeSet<&str> = actions.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), actions.len());
    (cards.len(), actions.len())
}

async fn shown_on_every_day(desk: &Desk, recorded: &TrelloRecorded) {
    let name = recorded.board()["name"].as_str().unwrap();
    let (first, last) = recorded.span().unwrap();
    let mut shown = 0;
    for part in 1..=4_i64 {
        let at = first + jiff::SignedDuration::from_secs((last.as_second() - first.as_second()) * part / 4 + part / 4);
        desk.trello.as_of(at);
        let cards = desk.trello.cards(name);
        assert!(cards.len() >= shown, "{at}");
        shown = cards.len();
        assert!(cards.iter().all(|card| card.updated_at <= at && !card.list.is_empty()), "{at}");
    }
    assert_eq!(shown, recorded.len());
}
