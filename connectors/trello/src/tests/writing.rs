//! Our comment: made, edited, found again, taken away.

use connector_kit::{Block, Commenter, Found, MessageRef, Span, Text, WriteError};
use connector_model::Mark;
use serde_json::json;

use super::server::{BOARD, Server, World, action, id};
use crate::mark;

fn sign(digit: &str) -> Mark {
    Mark { wire: digit.repeat(32), mac: "f".repeat(32) }
}

fn text(words: &str) -> Text {
    Text { summary: String::new(), blocks: vec![Block::Line(vec![Span::Plain(words.to_owned())])] }
}

fn handle() -> String {
    format!("{BOARD}/{}", id(1))
}

/// A world that answers writes so.
fn writes(status: u16, body: serde_json::Value) -> World {
    let mut world = World::small();
    world.instead = Some(Box::new(move |asked| (asked.method != "GET").then(|| (status, body.clone()))));
    world
}

#[tokio::test]
async fn a_comment_goes_in_the_body_and_carries_its_reference() {
    let server = Server::new(writes(200, json!({"id": "a1", "data": {"text": "x"}}))).await;
    let trello = server.trello();
    let at = trello.post(&handle(), &text("Hello @ana"), &sign("1")).await.unwrap();
    assert_eq!(at, MessageRef("a1".to_owned()));
    trello.edit(&handle(), &at, &text("Hello again"), &sign("1")).await.unwrap();
    trello.delete(&handle(), &at).await.unwrap();
    let asked = server.asked();
    let calls: Vec<String> = asked.iter().map(|one| one.call()).collect();
    let comments = format!("cards/{}/actions", id(1));
    assert_eq!(
        calls,
        [
            format!("POST {comments}/comments"),
            format!("PUT {comments}/a1/comments"),
            format!("DELETE {comments}/a1/comments")
        ]
    );
    assert!(asked.iter().all(|one| !one.target.contains('?')), "nothing in the address");
    let said = asked[0].json()["text"].as_str().unwrap().to_owned();
    assert!(said.starts_with("Hello @\u{200B}ana\n\ngapwatch ref "), "{said}");
    assert_eq!(mark::of_text(&said), Some(sign("1")));
    // An item of a checklist is spoken of on its card.
    let item = format!("{}/{}", handle(), id(2));
    trello.post(&item, &text("x"), &sign("1")).await.unwrap();
    assert_eq!(server.calls(), [format!("POST {comments}/comments")]);
}

#[tokio::test]
async fn what_an_answer_to_a_write_means() {
    for (status, body, expected) in [
        (202, json!(""), "unsure"),
        (200, json!(""), "unsure"),
        (500, json!("oops"), "unsure"),
        (401, json!("unauthorized card permission requested"), "refused"),
        (401, json!("invalid token"), "unauthorized"),
        (403, json!("x"), "refused"),
        (404, json!("The requested resource was not found."), "refused"),
        (414, json!("too long"), "refused"),
        (409, json!("conflict"), "not sent"),
        (429, json!({"error": "API_KEY_LIMIT_EXCEEDED"}), "not sent"),
    ] {
        let server = Server::new(writes(status, body)).await;
        let got = match server.trello().post(&handle(), &text("x"), &sign("1")).await.unwrap_err() {
            WriteError::Unsure { .. } => "unsure",
            WriteError::Refused { .. } => "refused",
            WriteError::Unauthorized { .. } => "unauthorized",
            WriteError::NotSent { .. } => "not sent",
            WriteError::Gone { .. } => "gone",
            WriteError::Unheard { .. } => "unheard",
        };
        assert_eq!(got, expected, "{status}");
        assert_eq!(server.calls().len(), 1, "a write is sent once");
    }
    let server = Server::new(writes(404, json!("model not found"))).await;
    let trello = server.trello();
    let at = MessageRef("a1".to_owned());
    assert!(matches!(trello.edit(&handle(), &at, &text("x"), &sign("1")).await, Err(WriteError::Gone { .. })));
    assert!(trello.delete(&handle(), &at).await.is_ok(), "gone already");
    let crooked = MessageRef("a1/../../x".to_owned());
    assert!(matches!(trello.delete(&handle(), &crooked).await, Err(WriteError::Refused { .. })));
}

#[tokio::test]
async fn a_comment_that_was_perhaps_made_is_found_by_its_reference_and_author() {
    let mut world = World::small();
    let said = |n: u32, by: &str, words: String| {
        let data = json!({"card": {"id": id(1)}, "text": words});
        let mut one = action(&id(500 + n), "commentCard", "2026-03-11T09:00:00.000Z", data);
        one["idMemberCreator"] = by.into();
        one
    };
    world.actions = (0..1_200).map(|n| said(n, "m1", "chatter".to_owned())).collect();
    world.actions[0] = said(0, "bot", mark::marked("ours", &sign("1")));
    world.actions.push(said(2_000, "m1", mark::marked("copied", &sign("2"))));
    let server = Server::new(world).await;
    let trello = server.trello();
    let since = super::server::NOW.parse().unwrap();
    assert_eq!(trello.find(&handle(), &sign("1"), since).await.unwrap(), Found::There(MessageRef(id(500))));
    let asked = server.asked();
    let pages: Vec<_> = asked.iter().filter(|one| one.path().ends_with("/actions")).collect();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0].query("filter").as_deref(), Some("commentCard"));
    assert_eq!(pages[0].query("since").as_deref(), Some("2026-03-11T08:58:00Z"));
    assert_eq!(trello.find(&handle(), &sign("2"), since).await.unwrap(), Found::Absent, "anybody can copy a mark");
    assert_eq!(trello.find(&handle(), &sign("3"), since).await.unwrap(), Found::Absent);
}

/// A world that takes comments, and in which these are on the board so.
fn with_members(memberships: serde_json::Value) -> World {
    let mut world = writes(200, json!({"id": "a1", "data": {"text": "x"}}));
    world.memberships = memberships.as_array().unwrap().clone();
    world
}

fn mentioning(names: &[&str]) -> Text {
    let mut spans: Vec<Span> = names.iter().map(|name| Span::Mention((*name).to_owned())).collect();
    spans.push(Span::Plain(" is late".to_owned()));
    Text { summary: String::new(), blocks: vec![Block::Line(spans)] }
}

#[tokio::test]
async fn nothing_is_written_for_somebody_who_would_not_hear_of_it() {
    let mut world =
        with_members(json!([{"idMember": "m1", "deactivated": true}, {"idMember": "m2", "unconfirmed": true}]));
    world.members.push(json!({"id": "m3", "username": "cy", "memberType": "ghost", "confirmed": false}));
    let server = Server::new(world).await;
    let trello = server.trello();
    for (name, why) in
        [("ana", "deactivated"), ("ben", "invitation"), ("cy", "invitation"), ("left", "not on the board")]
    {
        let error = trello.post(&handle(), &mentioning(&[name]), &sign("1")).await.unwrap_err();
        assert!(
            matches!(&error, WriteError::Unheard { at: None, who, because } if who == &[name] && because.contains(why)),
            "{name}: {error:?}"
        );
    }
    assert!(server.calls().iter().all(|call| call.starts_with("GET ")));
    let both = trello.post(&handle(), &mentioning(&["left", "Gapwatch"]), &sign("1")).await.unwrap_err();
    assert!(
        matches!(&both, WriteError::Unheard { at: Some(at), who, .. } if at.0 == "a1" && who == &["left"]),
        "it is there for the other one: {both:?}"
    );
}

#[tokio::test]
async fn where_a_board_does_not_tell_who_is_on_it_the_mention_is_tried() {
    for (status, body) in [(401, json!("unauthorized permission requested")), (200, json!([]))] {
        let mut world = World::small();
        world.instead = Some(Box::new(move |asked| match (asked.method.as_str(), asked.path()) {
            ("GET", path) if path.ends_with("/members") => Some((status, body.clone())),
            ("GET", _) => None,
            _ => Some((200, json!({"id": "a1"}))),
        }));
        let server = Server::new(world).await;
        assert!(server.trello().post(&handle(), &mentioning(&["left"]), &sign("1")).await.is_ok(), "{status}");
    }
    let server = Server::new(with_members(json!([]))).await;
    server.world.lock().unwrap().instead =
        Some(Box::new(|asked| asked.path().ends_with("/members").then(|| (503, json!("down")))));
    let later = server.trello().post(&handle(), &mentioning(&["ana"]), &sign("1")).await.unwrap_err();
    assert!(matches!(later, WriteError::NotSent { .. }), "{later:?}");
}

#[tokio::test]
async fn whoever_took_another_name_is_mentioned_by_the_present_one() {
    let server = Server::new(with_members(json!([]))).await;
    let trello = server.trello();
    trello.board(BOARD).await.unwrap();
    server.world.lock().unwrap().members[0]["username"] = json!("ana_k");
    trello.post(&handle(), &mentioning(&["ana"]), &sign("1")).await.unwrap();
    let said = server.asked().pop().unwrap().json()["text"].as_str().unwrap().to_owned();
    assert!(said.starts_with("@ana_k is late"), "{said}");
}
