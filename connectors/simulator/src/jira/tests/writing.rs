//! Comments: documents and wiki text, rights, silence, properties and limits.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Cloud, Desk, Server, desk};
use crate::WriteKind;
use crate::jira::IssueDraft;
use crate::testing::ts;

fn document(content: Value) -> Value {
    json!({ "type": "doc", "version": 1, "content": content })
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

async fn say(desk: &Desk, key: &str, text: &str) -> (u16, Value) {
    desk.post(Cloud, &format!("api:/issue/{key}/comment"), json!({ "body": document(json!([paragraph(text)])) })).await
}

#[tokio::test]
async fn a_document_is_checked_as_the_tool_checks_it() {
    let desk = desk().await;
    let list =
        |inside: Value| json!([{ "type": "bulletList", "content": [{ "type": "listItem", "content": [inside] }] }]);
    let good = json!([
        { "type": "paragraph", "content": [
            { "type": "mention", "attrs": { "id": desk.jira.account_id("ana"), "text": "@Ana" } },
            { "type": "text", "text": " see", "marks": [{ "type": "strong" }] },
            { "type": "text", "text": "here", "marks": [{ "type": "link", "attrs": { "href": "https://example.com" } }] },
            { "type": "status", "attrs": { "text": "late", "color": "red" } },
        ] },
        { "type": "panel", "attrs": { "panelType": "warning" }, "content": [paragraph("Behind")] },
    ]);
    let cases = [
        (good, 201),
        (list(paragraph("fine")), 201),
        (json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "" }] }]), 400),
        (list(json!({ "type": "heading", "attrs": { "level": 2 }, "content": [] })), 400),
        (list(json!({ "type": "text", "text": "loose" })), 400),
        (json!([{ "type": "banner", "content": [paragraph("x")] }]), 400),
        (json!([{ "type": "panel", "attrs": { "panelType": "loud" }, "content": [paragraph("x")] }]), 400),
        (json!([{ "type": "bulletList", "content": [] }]), 400),
        (json!([]), 400),
        (json!([paragraph(&"x".repeat(32_768))]), 400),
    ];
    for (content, expected) in cases {
        let (status, answer) =
            desk.post(Cloud, "api:/issue/WEB-1/comment", json!({ "body": document(content.clone()) })).await;
        assert_eq!(status, expected, "{content}: {answer}");
    }
    let (status, answer) = desk.post(Cloud, "api:/issue/WEB-1/comment", json!({ "body": "plain" })).await;
    assert_eq!((status, &answer["errors"]["comment"]), (400, &json!("INVALID_INPUT")));
    let (status, made) = desk.post(Server, "api:/issue/WEB-1/comment", json!({ "body": "*Late* [~ana]" })).await;
    assert_eq!((status, &made["body"]), (201, &json!("*Late* [~ana]")));
    let long = json!({ "body": "x".repeat(32_768) });
    let (status, answer) = desk.post(Server, "api:/issue/WEB-1/comment", long).await;
    assert!(status == 400 && answer.to_string().contains("32,767 characters"), "{answer}");
    assert_eq!(desk.jira.comments("WEB-1").len(), 3);
}

#[tokio::test]
async fn a_property_finds_a_comment_again_and_an_edit_can_be_silent() {
    let desk = desk().await;
    desk.jira.comment("WEB-1", "Mine", "ana");
    let body = json!({
        "body": document(json!([paragraph("Behind")])),
        "properties": [{ "key": "gap", "value": { "wire": "abc" } }],
    });
    let (status, made) = desk.post(Cloud, "api:/issue/WEB-1/comment", body).await;
    assert_eq!((status, &made["jsdPublic"]), (201, &json!(true)));
    assert!(made.get("properties").is_none());
    let id = made["id"].as_str().unwrap().to_owned();
    let listed = desk.get(Cloud, "api:/issue/WEB-1/comment?orderBy=-created&expand=properties").await;
    assert_eq!(listed["comments"][0]["id"], json!(id));
    assert!(listed["comments"][0].get("properties").is_none(), "only a server tells them here");
    let server = desk.get(Server, "api:/issue/WEB-1/comment?expand=properties").await;
    assert_eq!(server["comments"][1]["properties"][0]["value"]["wire"], "abc");
    let number: u64 = id.parse().unwrap();
    let (_, by_id) = desk.post(Cloud, "api:/comment/list?expand=properties", json!({ "ids": [number, 1] })).await;
    assert_eq!(by_id["values"][0]["properties"], json!([{ "key": "gap", "value": { "wire": "abc" } }]));
    let property = format!("api:/comment/{id}/properties/gap");
    assert_eq!(desk.get(Cloud, &property).await["value"]["wire"], "abc");
    let before = desk.jira.look("WEB-1").unwrap().updated_at;
    desk.bench.at("2026-03-02T10:00:00Z");
    let put = desk.send(Cloud, Method::PUT, &property, Some(json!({ "wire": "def" }))).await;
    assert_eq!(put.status(), 200);
    assert_eq!(desk.jira.look("WEB-1").unwrap().updated_at, before);
    let path = format!("api:/issue/WEB-1/comment/{id}?notifyUsers=false");
    let body = json!({ "body": document(json!([paragraph("Done")])) });
    assert_eq!(desk.send(Cloud, Method::PUT, &path, Some(body)).await.status(), 200);
    assert_eq!(desk.jira.look("WEB-1").unwrap().updated_at, ts("2026-03-02T10:00:00Z"));
    let seen = desk.jira.comments("WEB-1");
    assert_eq!((seen[1].edits, seen[1].notified, &seen[1].properties["gap"]), (1, 1, &json!({ "wire": "def" })));
    // A server knows no silence.
    let body = json!({ "body": "Done" });
    assert_eq!(desk.send(Server, Method::PUT, &path, Some(body)).await.status(), 200);
    assert_eq!(desk.jira.comments("WEB-1")[1].notified, 2);
    let kinds: Vec<(WriteKind, bool)> = desk.jira.writes().iter().map(|one| (one.kind, one.notified)).collect();
    assert_eq!(kinds, [(WriteKind::Created, true), (WriteKind::Edited, false), (WriteKind::Edited, true)]);
    let path = format!("api:/issue/WEB-1/comment/{id}");
    assert_eq!(desk.send(Cloud, Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(desk.send(Cloud, Method::GET, &path, None).await.status(), 404);
    assert_eq!(desk.send(Cloud, Method::GET, &property, None).await.status(), 404);
}

#[tokio::test]
async fn a_missing_right_is_a_bad_request_and_a_full_issue_too_large() {
    let desk = desk().await;
    let (_, made) = say(&desk, "WEB-1", "First").await;
    let theirs = desk.jira.comment("WEB-1", "Mine", "ana");
    let edit = |id: &str| {
        let path = format!("api:/issue/WEB-1/comment/{id}");
        let body = json!({ "body": document(json!([paragraph("Edited")])) });
        let desk = &desk;
        async move { desk.send(Cloud, Method::PUT, &path, Some(body)).await.status().as_u16() }
    };
    assert_eq!(edit(&theirs).await, 400);
    let mine = made["id"].as_str().unwrap();
    assert_eq!(edit(mine).await, 200);
    desk.jira.deny_edits("WEB", true);
    assert_eq!(edit(mine).await, 400);
    assert_eq!(edit("77").await, 404);
    desk.jira.fill("WEB-1", true);
    assert_eq!(say(&desk, "WEB-1", "Second").await.0, 413);
    desk.jira.deny_comments("WEB", true);
    let (status, answer) = say(&desk, "WEB-1", "Third").await;
    assert_eq!(status, 400);
    assert!(
        answer["errors"]["comment"].as_str().unwrap().ends_with("do not have the permission to comment on this issue.")
    );
    assert_eq!(say(&desk, "WEB-77", "Fourth").await.0, 404);
}

#[tokio::test]
async fn customers_read_comments_unless_they_are_internal() {
    let desk = desk().await;
    desk.jira.service_project("HELP", "Help desk");
    let key = desk.jira.issue("HELP", IssueDraft::new("Printer"));
    say(&desk, &key, "For all").await;
    let body = json!({
        "body": document(json!([paragraph("Ours")])),
        "properties": [{ "key": "sd.public.comment", "value": { "internal": true } }],
    });
    let (_, made) = desk.post(Cloud, &format!("api:/issue/{key}/comment"), body).await;
    assert_eq!(made["jsdPublic"], false);
    let internal: Vec<bool> = desk.jira.comments(&key).iter().map(|comment| comment.internal).collect();
    assert_eq!(internal, [false, true]);
}

#[tokio::test]
async fn an_issue_carries_part_of_its_comments_and_takes_twenty_writes_in_two_seconds() {
    let desk = desk().await;
    desk.jira.write_limit(true);
    desk.jira.comments_embedded(5);
    for number in 0..20 {
        assert_eq!(say(&desk, "WEB-1", &format!("Number {number}")).await.0, 201);
    }
    let body = json!({ "body": document(json!([paragraph("One more")])) });
    let limited = desk.send(Cloud, Method::POST, "api:/issue/WEB-1/comment", Some(body)).await;
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["ratelimit-reason"], "jira-per-issue-on-write");
    assert_eq!(limited.headers()["retry-after"], "2");
    desk.bench.at("2026-03-02T09:00:02Z");
    assert_eq!(say(&desk, "WEB-1", "Now").await.0, 201);
    let issue = desk.get(Cloud, "api:/issue/WEB-1?fields=comment").await;
    let comments = &issue["fields"]["comment"];
    assert_eq!((comments["total"].as_u64(), comments["comments"].as_array().unwrap().len()), (Some(21), 5));
}
