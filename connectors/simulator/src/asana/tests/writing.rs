//! Comments over the wire: rich text, mentions, own ones alone, and whom they reach.

use reqwest::Method;
use serde_json::json;

use super::desk;
use crate::asana::{TaskDraft, WriteKind};

#[tokio::test]
async fn a_comment_is_made_edited_pinned_and_deleted_by_its_author() {
    let desk = desk().await;
    let ana = desk.asana.user_gid("ana");
    let html = format!("<body><strong>Late</strong>, <a data-asana-gid=\"{ana}\"/>: R&amp;D</body>");
    let (status, made) = desk.comment(json!({ "html_text": html })).await;
    assert_eq!(status, 201);
    let made = &made["data"];
    assert_eq!(made["text"], "Late, @Ana K: R&D");
    assert_eq!(
        (&made["type"], &made["source"], &made["is_editable"]),
        (&json!("comment"), &json!("api"), &json!(true))
    );
    assert_eq!(made["target"]["gid"], json!(desk.shoes));
    assert!(made.get("html_text").is_none(), "only on request");
    let path = format!("/stories/{}", made["gid"].as_str().unwrap());
    let html = desk.data(&format!("{path}?opt_fields=html_text")).await["html_text"].clone();
    assert!(html.as_str().unwrap().contains(&format!("data-asana-gid=\"{ana}\" data-asana-accessible=\"true\"")));

    let edit = json!({ "data": { "html_text": "<body>On time</body>", "is_pinned": true } });
    let (status, edited) = desk.send(Method::PUT, &path, Some(edit)).await;
    assert_eq!((status, &edited["data"]["text"]), (200, &json!("On time")));
    let seen = &desk.asana.comments(&desk.shoes)[0];
    assert_eq!((seen.edits, seen.notified, seen.pinned, seen.author.as_str()), (1, 1, true, "gapwatch"));

    assert_eq!(desk.send(Method::DELETE, &path, None).await, (200, json!({ "data": {} })));
    assert!(desk.asana.comments(&desk.shoes).is_empty());
    assert_eq!(desk.refused(&path).await.0, 404);
    let kinds: Vec<_> = desk.asana.writes().iter().map(|write| (write.kind, write.notified)).collect();
    assert_eq!(kinds, [(WriteKind::Created, true), (WriteKind::Edited, false), (WriteKind::Deleted, false)]);
}

#[tokio::test]
async fn what_asana_cannot_take_is_refused_as_a_whole() {
    let desk = desk().await;
    for (data, word) in [
        (json!({ "html_text": "<body>a & b</body>" }), "XML is invalid"),
        (json!({ "html_text": "<body><p>x</p></body>" }), "not supported"),
        (json!({ "html_text": "no body" }), "<body>"),
        (json!({ "html_text": "<body><a data-asana-gid=\"12345\"/></body>" }), "Unknown object"),
        (json!({ "text": "a", "html_text": "<body>b</body>" }), "only specify one"),
        (json!({ "text": "  " }), "empty"),
        (json!({}), "Missing input"),
    ] {
        let (status, answer) = desk.comment(data.clone()).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(word), "{data}: {message}");
    }
    assert!(desk.asana.comments(&desk.shoes).is_empty() && desk.asana.writes().is_empty());
}

#[tokio::test]
async fn others_words_and_what_the_system_said_stay_as_they_are() {
    let desk = desk().await;
    let theirs = desk.asana.comment(&desk.shoes, "Mine", "ana");
    let stories = desk.data(&format!("/tasks/{}/stories", desk.shoes)).await;
    let system = stories[0]["gid"].as_str().unwrap().to_owned();
    let edit = json!({ "data": { "text": "Ours" } });
    for (gid, expected) in [(&theirs, 403), (&system, 400)] {
        let path = format!("/stories/{gid}");
        assert_eq!(desk.send(Method::PUT, &path, Some(edit.clone())).await.0, expected);
        assert_eq!(desk.send(Method::DELETE, &path, None).await.0, expected);
    }
    desk.asana.deny_comments("Web shop", true);
    assert_eq!(desk.comment(json!({ "text": "No" })).await.0, 403);
    let (status, _) =
        desk.send(Method::PUT, &format!("/tasks/{}", desk.shoes), Some(json!({ "data": { "completed": true } }))).await;
    assert_eq!(status, 404, "nothing but comments is written");
    let hook = json!({ "data": { "resource": desk.shop, "target": "http://localhost/hook" } });
    assert_eq!(desk.send(Method::POST, "/webhooks", Some(hook)).await.0, 403);
}

#[tokio::test]
async fn our_comment_moves_the_task_and_makes_us_a_follower_and_an_edit_does_neither() {
    let desk = desk().await;
    desk.bench.at("2026-03-04T09:00:00Z");
    let (_, made) = desk.comment(json!({ "text": "Hello" })).await;
    let fields = format!("/tasks/{}?opt_fields=modified_at,followers.name", desk.shoes);
    let task = desk.data(&fields).await;
    assert_eq!(task["modified_at"], "2026-03-04T09:00:00.000Z");
    assert!(super::names(&task["followers"]).contains(&"gapwatch"));
    desk.bench.at("2026-03-05T09:00:00Z");
    let path = format!("/stories/{}", made["data"]["gid"].as_str().unwrap());
    desk.send(Method::PUT, &path, Some(json!({ "data": { "text": "Hello again" } }))).await;
    assert_eq!(desk.data(&fields).await["modified_at"], "2026-03-04T09:00:00.000Z");
}

#[tokio::test]
async fn a_mention_of_who_left_or_of_what_is_hidden_is_unknown() {
    let desk = desk().await;
    let ana = desk.asana.user_gid("ana");
    desk.asana.deactivate("ana");
    let hidden = desk.asana.task("Web shop", TaskDraft::new("Secret"));
    desk.asana.hide_task(&hidden, true);
    for gid in [ana, hidden] {
        let (status, _) =
            desk.comment(json!({ "html_text": format!("<body><a data-asana-gid=\"{gid}\"/></body>") })).await;
        assert_eq!(status, 400);
    }
}
