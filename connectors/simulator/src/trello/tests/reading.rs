//! Boards, lists and cards as they are read.

use serde_json::json;

use super::{desk, strings, words};
use crate::testing::ts;
use crate::trello::CardDraft;
use crate::{Fault, Tool};

#[tokio::test]
async fn a_card_tells_its_birth_by_its_id_and_everything_else_by_its_fields() {
    let desk = desk().await;
    let card = desk.get(&format!("/cards/{}", desk.card)).await;
    assert_eq!(i64::from_str_radix(&desk.card[..8], 16).unwrap(), ts("2026-02-20T09:00:00Z").as_second());
    assert_eq!(card["due"], "2026-03-20T16:00:00.000Z");
    assert_eq!(card["idMembers"], json!([desk.trello.member_id("ana")]));
    assert_eq!((&card["dueComplete"], &card["closed"], &card["start"]), (&json!(false), &json!(false), &json!(null)));
    assert_eq!(card["badges"]["checkItems"], 0);
    assert!(card.get("checklists").is_none() && card.get("customFieldItems").is_none());
    let by_link = desk.get(&format!("/cards/{}?fields=name,idList", card["shortLink"].as_str().unwrap())).await;
    assert_eq!(by_link, json!({ "id": desk.card, "name": "Sell shoes", "idList": card["idList"] }));
    desk.trello.complete(&desk.card, true, "ana");
    let card = desk.get(&format!("/cards/{}", desk.card)).await;
    assert_eq!((&card["dueComplete"], &card["dateCompleted"]), (&json!(true), &json!("2026-03-02T09:00:00.000Z")));
}

#[tokio::test]
async fn a_card_in_an_archived_list_or_a_closed_board_is_not_closed() {
    let desk = desk().await;
    desk.trello.archive_list("Web shop", "To Do", true);
    let count = async |filter: &str| desk.get(&format!("/boards/{}/cards?filter={filter}", desk.board)).await;
    assert_eq!(count("visible").await, json!([]));
    assert_eq!(count("open").await[0]["closed"], false);
    assert_eq!(desk.get(&format!("/boards/{}/cards", desk.board)).await, json!([]));
    assert_eq!(count("all").await.as_array().unwrap().len(), 1);
    let lists = desk.get(&format!("/boards/{}/lists?fields=name,closed", desk.board)).await;
    assert_eq!(strings(&lists, "name"), ["Doing", "Done"]);
    let lists = desk.get(&format!("/boards/{}/lists?filter=all", desk.board)).await;
    assert_eq!((&lists[0]["name"], &lists[0]["closed"]), (&json!("To Do"), &json!(true)));
    desk.trello.close_board("Web shop", true);
    assert_eq!(count("open").await[0]["closed"], false);
    let boards = desk.get("/members/me/boards?filter=open&fields=name,closed").await;
    assert_eq!(boards, json!([]));
    // A filter of several words lets closed ones through.
    let boards = desk.get("/members/me/boards?filter=open,starred&fields=name,closed").await;
    assert_eq!(boards[0]["closed"], true);
    assert_eq!(desk.refused(&format!("/boards/{}/cards?filter=nearly", desk.board)).await.0, 400);
}

#[tokio::test]
async fn more_than_a_thousand_cards_are_read_from_new_to_old_and_nothing_says_that_some_are_missing() {
    let desk = desk().await;
    for number in 0..1_204 {
        let created = ts("2026-02-21T09:00:00Z") + jiff::SignedDuration::from_secs(number / 3);
        let draft = CardDraft { created: Some(created), ..CardDraft::new(&format!("Card {number}")) };
        desk.trello.card("Web shop", "Doing", draft);
    }
    let path = format!("/boards/{}/cards?filter=all&fields=name", desk.board);
    let first = desk.get(&path).await;
    assert_eq!(first.as_array().unwrap().len(), 1_000);
    assert!(!strings(&first, "id").contains(&desk.card));
    let newest = desk.get(&format!("{path}&limit=1")).await;
    assert_eq!(newest[0]["name"], "Card 1203");
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page = desk.get(&format!("{path}&limit=400{before}")).await;
        let ids = strings(&page, "id");
        assert!(ids.is_sorted_by(|a, b| a > b));
        before = format!("&before={}", ids.last().unwrap());
        seen.extend(ids);
        if page.as_array().unwrap().len() < 400 {
            break;
        }
    }
    assert_eq!(seen.len(), 1_205);
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 1_205);
    // `since` is about birth, whatever happened since.
    desk.trello.rename(&desk.card, "Sell boots", "ana");
    let since = desk.get(&format!("{path}&since=2026-02-21T09:06:40Z&limit=1000")).await;
    assert_eq!(since.as_array().unwrap().len(), 4);
    for refused in ["limit=0", "limit=1001", "limit=some", "since=yesterday"] {
        let (status, text) = desk.refused(&format!("{path}&{refused}")).await;
        assert_eq!(status, 400, "{refused}");
        assert!(text.starts_with("invalid value for "), "{text}");
    }
    let nested = desk.ask(&format!("{path}&actions=all")).await;
    assert_eq!(nested.status(), 429);
    let nested: serde_json::Value = nested.json().await.unwrap();
    assert_eq!(nested["error"], "API_TOO_MANY_CARDS_REQUESTED");
    desk.trello.page_limit(Some(500));
    assert_eq!(desk.ask(&format!("{path}&limit=501")).await.status(), 429);
    assert_eq!(desk.ask(&format!("{path}&limit=500")).await.status(), 200);
}

#[tokio::test]
async fn checklists_and_custom_fields_come_when_they_are_asked_for_and_not_all_on_the_free_plan() {
    let desk = desk().await;
    let trello = &desk.trello;
    trello.checklist(&desk.card, "Steps", &["Buy", "Paint", "Ship"]);
    trello.check_item(&desk.card, "Paint", Some(ts("2026-03-10T16:00:00Z")), Some("bob"));
    trello.tick(&desk.card, 1, "ana");
    trello.add_field("Web shop", "Estimate", "number", &[]);
    trello.add_field("Web shop", "Priority", "list", &["High", "Low"]);
    trello.add_field("Web shop", "Billable", "checkbox", &[]);
    trello.set_field(&desk.card, "Estimate", 3.5);
    trello.set_field(&desk.card, "Priority", "Low");
    trello.set_field(&desk.card, "Billable", true);
    let path = format!("/boards/{}/cards?checklists=all&customFieldItems=true&attachments=true", desk.board);
    let card = &desk.get(&path).await[0];
    let items = &card["checklists"][0]["checkItems"];
    assert_eq!((&items[0]["state"], &items[1]["state"]), (&json!("complete"), &json!("incomplete")));
    assert_eq!(items[1]["due"], "2026-03-10T16:00:00.000Z");
    assert_eq!(items[1]["idMember"], json!(trello.member_id("bob")));
    assert_eq!((&card["badges"]["checkItems"], &card["badges"]["checkItemsChecked"]), (&json!(3), &json!(1)));
    assert_eq!(card["badges"]["checkItemsEarliestDue"], "2026-03-10T16:00:00.000Z");
    let fields = desk.get(&format!("/boards/{}/customFields", desk.board)).await;
    let values = &card["customFieldItems"];
    assert_eq!(values[0]["value"], json!({ "number": "3.5" }));
    assert_eq!((&values[1]["value"], &values[1]["idValue"]), (&json!(null), &fields[1]["options"][1]["id"]));
    assert_eq!(values[2]["value"], json!({ "checked": "true" }));
    assert_eq!(desk.get(&format!("/boards/{}/checklists", desk.board)).await, card["checklists"]);

    trello.free_plan("Web shop", true);
    let card = &desk.get(&path).await[0];
    assert!(card["checklists"][0]["checkItems"][1].get("due").is_none());
    assert!(card["checklists"][0]["checkItems"][1].get("idMember").is_none());
    assert_eq!(card["customFieldItems"], json!([]));
    assert_eq!(desk.get(&format!("/boards/{}/customFields", desk.board)).await, json!([]));
}

#[tokio::test]
async fn labels_are_cut_at_fifty_and_move_a_card_without_an_action() {
    let desk = desk().await;
    desk.bench.at("2026-03-03T10:00:00Z");
    (0..60).for_each(|number| desk.trello.label(&desk.card, &format!("Label {number}"), "ana"));
    let labels = |query: &str| format!("/boards/{}/labels{query}", desk.board);
    assert_eq!(desk.get(&labels("")).await.as_array().unwrap().len(), 50);
    assert_eq!(desk.get(&labels("?limit=1000")).await.as_array().unwrap().len(), 60);
    let card = desk.get(&format!("/cards/{}", desk.card)).await;
    assert_eq!(card["idLabels"].as_array().unwrap().len(), 60);
    assert_eq!(card["labels"][59]["name"], "Label 59");
    assert_eq!(card["dateLastActivity"], "2026-03-03T10:00:00.000Z");
    let board = desk.get(&format!("/boards/{}?fields=dateLastActivity,closed", desk.board)).await;
    assert_eq!(board["dateLastActivity"], "2026-03-03T10:00:00.000Z");
    assert_eq!(desk.kinds("since=2026-03-03").await, Vec::<String>::new());
    desk.trello.lag(3_600);
    let board = desk.get(&format!("/boards/{}?fields=dateLastActivity", desk.board)).await;
    assert_eq!(board["dateLastActivity"], "2026-03-02T09:00:00.000Z");
}

#[tokio::test]
async fn a_small_board_comes_in_one_answer() {
    let desk = desk().await;
    let query = "fields=name,dateLastActivity&lists=all&cards=all&card_fields=name,idList&card_checklists=all&\
                 card_customFieldItems=true&labels=all&labels_limit=1000&members=all&customFields=true&memberships=all";
    let whole = desk.get(&format!("/boards/{}?{query}", desk.board)).await;
    assert_eq!(strings(&whole["lists"], "name"), ["To Do", "Doing", "Done"]);
    let card = json!({
        "id": desk.card, "name": "Sell shoes", "idList": whole["lists"][0]["id"], "checklists": [], "customFieldItems": [],
    });
    assert_eq!(whole["cards"], json!([card]));
    assert_eq!(strings(&whole["members"], "username"), ["gapwatch", "ana"]);
    assert!(whole.get("prefs").is_none());
    let plain = desk.get(&format!("/boards/{}", desk.trello.board_link("Web shop"))).await;
    assert_eq!(plain["id"], json!(desk.board));
    assert!(plain.get("dateLastActivity").is_none() && plain.get("cards").is_none());
}

#[tokio::test]
async fn who_is_on_a_board_stands_in_memberships_and_stays_on_cards() {
    let desk = desk().await;
    desk.trello.deactivate("Web shop", "ana");
    desk.trello.observer("Web shop", "olga");
    desk.trello.ghost("guest1", "Guest");
    desk.trello.join("Web shop", "guest1");
    let memberships = desk.get(&format!("/boards/{}/memberships?filter=all", desk.board)).await;
    let of = |name: &str| {
        let id = desk.trello.member_id(name);
        memberships.as_array().unwrap().iter().find(|one| one["idMember"] == id.as_str()).unwrap().clone()
    };
    assert_eq!((&of("ana")["deactivated"], &of("olga")["memberType"]), (&json!(true), &json!("observer")));
    assert_eq!(of("guest1")["unconfirmed"], true);
    let card = desk.get(&format!("/cards/{}", desk.card)).await;
    assert_eq!(card["idMembers"], json!([desk.trello.member_id("ana")]));
    let members = desk.get(&format!("/boards/{}/members?fields=all", desk.board)).await;
    assert_eq!(members.as_array().unwrap().last().unwrap()["memberType"], "ghost");
    desk.trello.rename_person("ana", "ana_k");
    assert_eq!(desk.get("/members/ana_k").await["id"], json!(desk.trello.member_id("ana_k")));
    assert_eq!(desk.refused("/members/ana").await.0, 404);
}

#[tokio::test]
async fn what_is_no_task_says_so() {
    let desk = desk().await;
    let made = |role: Option<&str>, mirror_of: Option<&str>, template: bool| {
        let (role, mirror_of) = (role.map(str::to_owned), mirror_of.map(str::to_owned));
        let id = desk.trello.card("Web shop", "Doing", CardDraft { role, mirror_of, template, ..CardDraft::new("-") });
        format!("/cards/{id}")
    };
    assert_eq!(desk.get(&made(Some("separator"), None, false)).await["cardRole"], "separator");
    let mirror = desk.get(&made(Some("mirror"), Some(&desk.card), false)).await;
    assert_eq!((&mirror["cardRole"], &mirror["mirrorSourceId"]), (&json!("mirror"), &json!(desk.card)));
    assert_eq!(desk.get(&made(None, None, true)).await["isTemplate"], true);
}

#[tokio::test]
async fn what_is_gone_hidden_or_elsewhere_answers_each_in_its_way() {
    let desk = desk().await;
    let card = format!("/cards/{}", desk.card);
    assert_eq!(desk.refused("/cards/nothing-like-it").await, words(400, "invalid id"));
    let gone = words(404, "The requested resource was not found.");
    assert_eq!(desk.refused("/cards/5d017a722ef2f6428a1637ed").await, gone);
    desk.trello.hide("Web shop", true);
    let refused = words(401, "unauthorized permission requested");
    assert_eq!(desk.refused(&card).await, refused);
    assert_eq!(desk.refused(&format!("/boards/{}/lists", desk.board)).await, refused);
    assert_eq!(desk.get("/members/me/boards").await, json!([]));
    desk.trello.conceal("Web shop", true);
    assert_eq!(desk.refused(&card).await, gone);
    desk.trello.conceal("Web shop", false);
    assert_eq!(desk.get("/members/me/boards").await[0]["shortLink"], json!(desk.trello.board_link("Web shop")));

    desk.trello.board("Elsewhere");
    desk.trello.move_to_board(&desk.card, "Elsewhere", "Inbox", "ana");
    let moved = desk.get(&card).await;
    assert_eq!(moved["idBoard"], json!(desk.trello.board("Elsewhere")));
    assert_eq!(desk.get(&format!("/boards/{}/cards?filter=all", desk.board)).await, json!([]));
    desk.trello.delete(&desk.card);
    assert_eq!(desk.refused(&card).await, gone);
    assert_eq!(desk.refused("/nothing").await, words(404, "Cannot GET /1/nothing"));
    // There is one version, and nothing beside it.
    let beside = desk.bench.sim.trello_url().replace("/trello/1", "/trello");
    let beside = desk.bench.http.get(format!("{beside}/boards/{}", desk.board)).send().await.unwrap();
    assert_eq!(beside.status(), 404);
}

#[tokio::test]
async fn a_blocker_is_an_attached_address() {
    let desk = desk().await;
    let other = desk.trello.card("Web shop", "Doing", CardDraft::new("Find leather"));
    desk.trello.block(&desk.card, &other);
    let card = desk.get(&format!("/cards/{}?attachments=true&attachment_fields=url", desk.card)).await;
    let url = format!("https://trello.com/c/{}", desk.trello.short_link(&other));
    assert_eq!(card["attachments"][0]["url"], json!(url));
    assert_eq!(card["badges"]["attachments"], 1);
    desk.trello.unblock(&desk.card, &other);
    assert_eq!(desk.get(&format!("/cards/{}/attachments", desk.card)).await, json!([]));
    assert_eq!(desk.kinds("limit=2").await, ["deleteAttachmentFromCard", "addAttachmentToCard"]);
}

#[tokio::test]
async fn up_to_ten_reads_go_in_a_batch() {
    let desk = desk().await;
    let urls = format!(
        "/boards/{}?fields=name%252Cclosed,/boards/{}/lists,/cards/5d017a722ef2f6428a1637ed",
        desk.board, desk.board
    );
    let answers = desk.get(&format!("/batch?urls={urls}")).await;
    assert_eq!(answers[0]["200"], json!({ "id": desk.board, "name": "Web shop", "closed": false }));
    assert_eq!(answers[1]["200"].as_array().unwrap().len(), 3);
    assert_eq!(answers[2]["statusCode"], 404);
    let many = vec!["/members/me"; 11].join(",");
    assert_eq!(desk.refused(&format!("/batch?urls={many}")).await.0, 400);
    assert_eq!(desk.get("/batch?urls=/batch?urls=/members/me").await[0]["statusCode"], 400);
}

#[tokio::test]
async fn every_fault_can_befall_it() {
    let desk = desk().await;
    let sim = &desk.bench.sim;
    sim.fail_next(Tool::Trello, "/members/me", Fault::RateLimited(7), 1);
    let limited = desk.ask("/members/me").await;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    let body: serde_json::Value = limited.json().await.unwrap();
    assert_eq!(body["error"], "API_TOKEN_LIMIT_EXCEEDED");
    sim.fail_next(Tool::Trello, "POST /comments", Fault::AfterCommit(Box::new(Fault::Reset)), 1);
    let path = format!("/cards/{}/actions/comments", desk.card);
    let lost = desk.request(reqwest::Method::POST, &path).json(&super::comment("Behind")).send().await;
    assert!(lost.is_err());
    assert_eq!(desk.trello.comments(&desk.card).len(), 1);
    let log = sim.requests();
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|one| one.tool == Tool::Trello && one.authorization_present));
}
