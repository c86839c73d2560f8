//! The feed of actions.

use serde_json::{Value, json};

use super::{desk, strings};
use crate::testing::ts;
use crate::trello::CardDraft;

#[tokio::test]
async fn each_deed_leaves_the_action_that_it_leaves_in_life() {
    let desk = desk().await;
    let trello = &desk.trello;
    trello.to_list(&desk.card, "Doing", "ana");
    trello.due(&desk.card, None, "ana");
    trello.complete(&desk.card, true, "ana");
    trello.archive(&desk.card, true, "bob");
    trello.unassign(&desk.card, "ana", "bob");
    trello.checklist(&desk.card, "Steps", &["Buy", "Paint"]);
    trello.tick(&desk.card, 1, "ana");
    let line = trello.add_line(&desk.card, "Steps", "Wrap");
    trello.tick_line(&desk.card, &line, "ana");
    trello.untick(&desk.card, 1, "ana");
    assert_eq!(trello.look(&desk.card).unwrap().checks, (1, 3));
    let other = trello.convert_item(&desk.card, "Paint");
    trello.rename_list("Web shop", "Doing", "In progress");
    let feed = desk.get(&format!("/boards/{}/actions?limit=1000&since=2026-03-02T09:00:00Z", desk.board)).await;
    let list = |name: &str| json!({ "id": trello.list_id("Web shop", name), "name": name });
    let find = |kind: &str, field: &str| -> Value {
        let all = feed.as_array().unwrap();
        all.iter().find(|one| one["type"] == kind && one["data"]["old"].get(field).is_some()).unwrap().clone()
    };
    let moved = find("updateCard", "idList");
    assert_eq!(moved["data"]["listBefore"], list("To Do"));
    assert_eq!(moved["data"]["listAfter"]["name"], "Doing");
    assert_eq!(moved["data"]["old"]["idList"], list("To Do")["id"]);
    assert!(moved["data"].get("list").is_none());
    assert_eq!(moved["memberCreator"]["username"], "ana");
    assert_eq!(moved["date"], "2026-03-02T09:00:00.000Z");
    let due = find("updateCard", "due");
    assert_eq!(
        (&due["data"]["old"]["due"], &due["data"]["card"]["due"]),
        (&json!("2026-03-20T16:00:00.000Z"), &json!(null))
    );
    assert_eq!(find("updateCard", "dueComplete")["data"]["old"], json!({ "dueComplete": false }));
    assert_eq!(find("updateCard", "closed")["data"]["card"]["closed"], true);
    assert_eq!(find("updateList", "name")["data"]["list"]["name"], "In progress");
    let of = |kind: &str| feed.as_array().unwrap().iter().find(|one| one["type"] == kind).unwrap().clone();
    assert_eq!(of("removeMemberFromCard")["data"]["idMember"], json!(trello.member_id("ana")));
    assert_eq!(of("removeMemberFromCard")["member"]["username"], "ana");
    let ticks: Vec<&Value> =
        feed.as_array().unwrap().iter().filter(|one| one["type"] == "updateCheckItemStateOnCard").collect();
    let tick = |at: usize| {
        let item = &ticks[at]["data"]["checkItem"];
        (item["name"].as_str().unwrap(), item["state"].as_str().unwrap())
    };
    assert_eq!([tick(0), tick(1), tick(2)], [("Wrap", "incomplete"), ("Wrap", "complete"), ("Buy", "complete")]);
    let converted = of("convertToCardFromCheckItem");
    assert_eq!(
        (&converted["data"]["card"]["id"], &converted["data"]["cardSource"]["id"]),
        (&json!(other), &json!(desk.card))
    );
}

#[tokio::test]
async fn the_feed_is_newest_first_fifty_by_default_and_paged_by_the_last_id() {
    let desk = desk().await;
    for number in 0..130 {
        // Three in a second.
        let at = ts("2026-03-02T10:00:00Z") + jiff::SignedDuration::from_millis(number * 333);
        desk.trello.at(at).rename(&desk.card, &format!("Sell {number}"), "ana");
    }
    let path = format!("/boards/{}/actions", desk.board);
    assert_eq!(desk.get(&path).await.as_array().unwrap().len(), 50);
    let all = desk.get(&format!("{path}?limit=1000")).await;
    let all = strings(&all, "id");
    let mut seen: Vec<String> = Vec::new();
    loop {
        let before = seen.last().map_or_else(String::new, |id| format!("&before={id}"));
        let page = desk.get(&format!("{path}?limit=40{before}")).await;
        seen.extend(strings(&page, "id"));
        if page.as_array().unwrap().len() < 40 {
            break;
        }
    }
    assert_eq!(seen, all);
    let later = desk.get(&format!("{path}?limit=1000&since={}", all[9])).await;
    assert_eq!(strings(&later, "id"), all[..9]);
    assert_eq!(desk.get(&format!("{path}?limit=1000&since={}", all[0])).await, json!([]));
    assert_eq!(desk.refused(&format!("{path}?limit=100&page=10")).await.0, 400);
    assert_eq!(desk.refused(&format!("{path}?limit=1001")).await.0, 400);
    assert_eq!(desk.get(&format!("{path}?limit=1000&format=count&filter=createCard")).await, json!({ "_value": 1 }));
    desk.trello.history_depth("Web shop", Some(20));
    assert_eq!(desk.get(&format!("{path}?limit=1000")).await.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn a_cards_own_feed_leaves_most_kinds_out_unless_they_are_named() {
    let desk = desk().await;
    desk.trello.comment(&desk.card, "On it", "ana");
    desk.trello.due(&desk.card, None, "ana");
    desk.trello.to_list(&desk.card, "Done", "ana");
    let feed = async |query: &str| {
        let feed = desk.get(&format!("/cards/{}/actions{query}", desk.card)).await;
        strings(&feed, "type")
    };
    assert_eq!(feed("").await, ["updateCard", "commentCard"]);
    assert_eq!(feed("?filter=updateCard:due").await, ["updateCard"]);
    let all = ["updateCard", "updateCard", "commentCard", "addMemberToCard", "createCard"];
    assert_eq!(feed("?filter=all").await, all);
    assert_eq!(feed("?filter=updateCard:name,createCard").await, ["createCard"]);
}

#[tokio::test]
async fn lines_labels_and_edited_comments_are_not_in_the_feed_and_move_the_card() {
    let desk = desk().await;
    desk.trello.checklist(&desk.card, "Steps", &["Buy"]);
    let said = desk.trello.comment(&desk.card, "On it", "ana");
    for (minute, deed) in (1_i64..).zip(["line", "date", "label", "comment", "vote"]) {
        let at = ts("2026-03-02T09:00:00Z") + jiff::SignedDuration::from_mins(minute);
        let trello = desk.trello.at(at);
        match deed {
            "line" => trello.rename_item(&desk.card, "Buy", "Buy two"),
            "date" => trello.check_item(&desk.card, "Buy two", Some(at), None),
            "label" => trello.label(&desk.card, "Urgent", "ana"),
            "comment" => trello.edit_comment(&said, "On it now"),
            _ => trello.vote(&desk.card),
        }
        assert_eq!(desk.trello.look(&desk.card).unwrap().updated_at, at, "{deed}");
    }
    assert_eq!(desk.kinds("since=2026-03-02T09:00:01Z").await, Vec::<String>::new());
    // A new place in the list is an action, and no activity.
    let before = desk.trello.look(&desk.card).unwrap().updated_at;
    desk.bench.at("2026-03-02T12:00:00Z");
    desk.trello.rank(&desk.card, 1.5, "ana");
    assert_eq!(desk.kinds("since=2026-03-02T12:00:00Z").await, ["updateCard"]);
    assert_eq!(desk.trello.look(&desk.card).unwrap().updated_at, before);
    desk.trello.delete_comment(&said);
    assert_eq!(desk.kinds("filter=commentCard").await, Vec::<String>::new());
}

#[tokio::test]
async fn who_is_gone_and_what_was_deleted_leave_little_behind() {
    let desk = desk().await;
    desk.trello.to_list(&desk.card, "Doing", "bob");
    desk.trello.forget("bob");
    let feed = desk.get(&format!("/boards/{}/actions?filter=updateCard", desk.board)).await;
    assert!(feed[0].get("memberCreator").is_none());
    assert_eq!(feed[0]["idMemberCreator"].as_str().unwrap().len(), 24);
    let light = format!("/boards/{}/actions?filter=updateCard&memberCreator=false&fields=date,type", desk.board);
    assert_eq!(desk.get(&light).await[0].as_object().unwrap().len(), 3);
    let named = format!("/boards/{}/actions?filter=createCard&memberCreator_fields=username", desk.board);
    let creator = json!({ "id": desk.trello.member_id("max"), "username": "max" });
    assert_eq!(desk.get(&named).await[0]["memberCreator"], creator);
    let other = desk.trello.card("Web shop", "Doing", CardDraft::new("Stays"));
    desk.trello.delete(&desk.card);
    let feed = desk.get(&format!("/boards/{}/actions?limit=1000", desk.board)).await;
    assert_eq!((&feed[0]["type"], &feed[0]["data"]["card"]["id"]), (&json!("deleteCard"), &json!(desk.card)));
    assert!(feed[0]["data"]["card"].get("name").is_none());
    let about = |one: &&Value| one["data"]["card"]["id"] == desk.card.as_str();
    assert_eq!(feed.as_array().unwrap().iter().filter(about).count(), 1);
    assert!(desk.trello.look(&other).is_some());
}

#[tokio::test]
async fn a_card_that_moves_is_told_on_both_boards() {
    let desk = desk().await;
    let target = desk.trello.board("Elsewhere");
    desk.trello.move_to_board(&desk.card, "Elsewhere", "Inbox", "ana");
    assert_eq!(desk.kinds("limit=1").await, ["moveCardFromBoard"]);
    let feed = desk.get(&format!("/boards/{target}/actions?limit=1")).await;
    assert_eq!(
        (&feed[0]["type"], &feed[0]["data"]["boardSource"]["id"]),
        (&json!("moveCardToBoard"), &json!(desk.board))
    );
    desk.trello.copy(&desk.card, "Again");
    desk.trello.by_email("Elsewhere", "Inbox", "From outside");
    desk.trello.move_list("Elsewhere", "Inbox", "Web shop");
    let feed = desk.get(&format!("/boards/{target}/actions?limit=3")).await;
    assert_eq!(strings(&feed, "type"), ["moveListFromBoard", "emailCard", "copyCard"]);
    assert_eq!(desk.trello.cards("Web shop").len(), 3);
}

#[tokio::test]
async fn an_action_may_come_into_the_feed_late() {
    let desk = desk().await;
    desk.trello.action_lag(90);
    desk.bench.at("2026-03-02T10:00:00Z");
    desk.trello.to_list(&desk.card, "Doing", "ana");
    desk.bench.at("2026-03-02T10:01:29Z");
    assert_eq!(desk.kinds("since=2026-03-02T10:00:00Z").await, Vec::<String>::new());
    desk.bench.at("2026-03-02T10:01:30Z");
    assert_eq!(desk.kinds("since=2026-03-02T10:00:00Z").await, ["updateCard"]);
}
