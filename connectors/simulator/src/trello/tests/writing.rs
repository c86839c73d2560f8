//! Comments over the wire.

use reqwest::Method;
use serde_json::json;

use super::{comment, desk};
use crate::trello::WriteKind;

#[tokio::test]
async fn a_comment_is_written_found_edited_and_taken_away() {
    let desk = desk().await;
    let path = format!("/cards/{}/actions/comments", desk.card);
    let (status, posted) = desk.send(Method::POST, &path, comment("Behind\n[gw]")).await;
    assert_eq!(
        (status, &posted["type"], &posted["data"]["text"]),
        (200, &json!("commentCard"), &json!("Behind\n[gw]"))
    );
    assert_eq!(posted["appCreator"]["id"], json!(desk.trello.app_id("key")));
    assert_eq!(posted["idMemberCreator"], json!(desk.trello.member_id("gapwatch")));
    let id = posted["id"].as_str().unwrap();
    desk.trello.comment(&desk.card, "I know", "ana");
    let found = format!("/cards/{}/actions?filter=commentCard&limit=1000&since=2026-03-02T09:00:00Z", desk.card);
    let found = desk.get(&found).await;
    assert_eq!(
        (found.as_array().unwrap().len(), &found[0]["appCreator"], &found[1]["id"]),
        (2, &json!(null), &json!(id))
    );
    assert_eq!(desk.get(&format!("/cards/{}", desk.card)).await["badges"]["comments"], 2);

    desk.bench.at("2026-03-02T11:00:00Z");
    let (status, edited) = desk.send(Method::PUT, &format!("/actions/{id}"), comment("On track")).await;
    assert_eq!((status, &edited["data"]["text"]), (200, &json!("On track")));
    assert_eq!(edited["data"]["dateLastEdited"], "2026-03-02T11:00:00.000Z");
    let by_card = format!("/cards/{}/actions/{id}/comments", desk.card);
    assert_eq!(desk.send(Method::PUT, &by_card, comment("Done")).await.0, 200);
    // It moves the card like anybody's.
    assert_eq!(desk.trello.look(&desk.card).unwrap().updated_at, desk.bench.at("2026-03-02T11:00:00Z"));
    let seen = &desk.trello.comments(&desk.card)[0];
    assert_eq!((seen.text.as_str(), seen.edits, seen.by_app, seen.author.as_str()), ("Done", 2, true, "gapwatch"));
    assert_eq!(desk.send(Method::DELETE, &by_card, json!(null)).await, (200, json!({ "_value": null })));
    assert_eq!(desk.send(Method::PUT, &by_card, comment("Gone")).await.0, 404);
    let kinds: Vec<WriteKind> = desk.trello.writes().into_iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [WriteKind::Created, WriteKind::Edited, WriteKind::Edited, WriteKind::Deleted]);
    assert_eq!(desk.trello.comments(&desk.card).len(), 1);
}

#[tokio::test]
async fn only_who_wrote_a_comment_edits_it_and_some_may_not_write_at_all() {
    let desk = desk().await;
    let refusal = (401, json!("unauthorized permission requested"));
    let said = desk.trello.comment(&desk.card, "On it", "ana");
    assert_eq!(desk.send(Method::PUT, &format!("/actions/{said}"), comment("Late")).await, refusal);
    assert_eq!(desk.send(Method::DELETE, &format!("/actions/{said}"), json!(null)).await, refusal);
    let path = format!("/cards/{}/actions/comments", desk.card);
    desk.trello.deny_comments("Web shop", true);
    assert_eq!(desk.send(Method::POST, &path, comment("Late")).await, refusal);
    desk.trello.deny_comments("Web shop", false);
    desk.trello.token("key", "token", "gapwatch");
    desk.trello.read_only("token");
    assert_eq!(desk.send(Method::POST, &path, comment("Late")).await, refusal);
    assert!(desk.trello.writes().is_empty());
}

#[tokio::test]
async fn a_text_has_its_length_and_an_address_too() {
    let desk = desk().await;
    let path = format!("/cards/{}/actions/comments", desk.card);
    assert_eq!(desk.send(Method::POST, &path, comment("")).await, (400, json!("invalid value for text")));
    assert_eq!(desk.send(Method::POST, &path, comment(&"語".repeat(16_385))).await.0, 400);
    assert_eq!(desk.send(Method::POST, &path, comment(&"語".repeat(16_384))).await.0, 200);
    let form = desk.request(Method::POST, &path).form(&[("text", "From a form")]).send().await.unwrap();
    assert_eq!(form.status(), 200);
    let query = desk.request(Method::POST, &path).query(&[("text", "語".repeat(950))]).send().await.unwrap();
    assert_eq!(query.status(), 414);
    assert_eq!(query.headers()["content-type"], "text/html");
    assert_eq!(desk.trello.comments(&desk.card).len(), 2);
}

#[tokio::test]
async fn a_write_may_be_answered_with_nothing_although_it_took_effect() {
    let desk = desk().await;
    desk.trello.accepted_only(true);
    let path = format!("/cards/{}/actions/comments", desk.card);
    assert_eq!(desk.send(Method::POST, &path, comment("Behind")).await, (202, json!("")));
    assert_eq!(desk.trello.comments(&desk.card).len(), 1);
}

#[tokio::test]
async fn other_writes_are_not_known_here() {
    let desk = desk().await;
    let path = format!("/cards/{}", desk.card);
    assert_eq!(desk.send(Method::PUT, &path, json!({ "closed": true })).await.0, 404);
    assert!(!desk.trello.look(&desk.card).unwrap().closed);
}

#[tokio::test]
async fn hooks_are_kept_by_token_and_go_with_it() {
    let desk = desk().await;
    let body = json!({ "idModel": desk.board, "callbackURL": "https://example.org/hooks/trello" });
    let (status, hook) = desk.send(Method::POST, "/webhooks/", body.clone()).await;
    assert_eq!((status, &hook["active"]), (200, &json!(true)));
    assert_eq!(desk.send(Method::POST, "/webhooks", body).await.0, 400);
    assert_eq!(desk.get("/tokens/token/webhooks").await, json!([hook]));
    let one = format!("/webhooks/{}", hook["id"].as_str().unwrap());
    assert_eq!(desk.get(&one).await, hook);
    assert_eq!(desk.send(Method::DELETE, &one, json!(null)).await, (200, json!({ "_value": null })));
    assert_eq!(desk.refused(&one).await.0, 404);
}
