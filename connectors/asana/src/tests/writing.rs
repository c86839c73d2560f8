//! Our comment: made, found, edited, taken away.

use connector_kit::{Block, Commenter, Found, MessageRef, Span, Text, WriteError};
use connector_model::Mark;
use serde_json::{Value, json};

use super::server::*;
use crate::mark;

fn the_mark() -> Mark {
    Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) }
}

fn words() -> Text {
    let line = vec![Span::Mention("7".to_owned()), Span::Plain(" R&D is late".to_owned())];
    Text { summary: "late".to_owned(), blocks: vec![Block::Line(line)] }
}

fn reference() -> String {
    mark::line(&the_mark())
}

fn made(gid: &str) -> Answer {
    answer(201, json!({"data": {"gid": gid, "type": "comment"}}))
}

#[tokio::test]
async fn a_comment_is_one_rich_text_with_its_reference() {
    let server = Server::new(|_| made("500")).await;
    let asana = server.asana();
    let at = asana.post("12", &words(), &the_mark()).await.unwrap();
    assert_eq!(at, MessageRef("500".to_owned()));
    let asked = server.asked();
    assert_eq!((asked[0].call().as_str(), asked[1].call().as_str()), ("GET tasks/12", "POST tasks/12/stories"));
    let expected = format!("<body><a data-asana-gid=\"7\"/> R&amp;D is late\n<code>{}</code></body>", reference());
    assert_eq!(asked[1].json(), json!({"data": {"html_text": expected}}), "never text and html_text together");
}

#[tokio::test]
async fn what_asana_does_not_like_is_said_more_plainly() {
    let server = Server::new(|asked| match html(asked) {
        _ if asked.method == "GET" => around(&[]),
        Some(rich) if rich.contains("data-asana-gid") => bad(400, "user: Not a recognized ID"),
        Some(_) => made("501"),
        None => made("502"),
    })
    .await;
    let unheard = server.asana().post("12", &words(), &the_mark()).await.unwrap_err();
    assert!(
        matches!(&unheard, WriteError::Unheard { at: Some(at), who, .. } if at.0 == "501" && who == &["7"]),
        "it stands there, and whom it was for does not know: {unheard:?}"
    );
    assert_eq!(server.calls().len(), 3);
    let plain = |followers: &'static [&'static str]| {
        Server::new(move |asked| match html(asked) {
            _ if asked.method == "GET" => around(followers),
            Some(_) => bad(400, "XML is invalid"),
            None => made("502"),
        })
    };
    let unheard = plain(&["9"]).await.asana().post("12", &words(), &the_mark()).await.unwrap_err();
    assert!(matches!(&unheard, WriteError::Unheard { at: Some(at), .. } if at.0 == "502"), "{unheard:?}");
    let server = plain(&["7"]).await;
    assert_eq!(server.asana().post("12", &words(), &the_mark()).await.unwrap().0, "502");
    let last = server.asked().pop().unwrap().json();
    assert_eq!(last, json!({"data": {"text": format!("R&D is late\n{}", reference())}}));
}

/// Words of a write, where they are rich ones.
fn html(asked: &Asked) -> Option<String> {
    let body: Value = serde_json::from_str(&asked.body).ok()?;
    body["data"]["html_text"].as_str().map(str::to_owned)
}

/// A task of the workspace, which these follow.
fn around(followers: &[&str]) -> Answer {
    let followers: Vec<Value> = followers.iter().map(|gid| json!({"gid": gid})).collect();
    good(json!({"gid": "12", "workspace": {"gid": "1"}, "assignee": null, "followers": followers}))
}

#[tokio::test]
async fn nothing_is_written_for_somebody_who_has_left_the_workspace() {
    let server = Server::new(|asked| if asked.method == "GET" { around(&["8"]) } else { made("500") }).await;
    let asana = server.asana();
    let mention = |gids: &[&str]| {
        let mut line: Vec<Span> = gids.iter().map(|gid| Span::Mention((*gid).to_owned())).collect();
        line.push(Span::Plain(" late".to_owned()));
        Text { summary: String::new(), blocks: vec![Block::Line(line)] }
    };
    for gid in ["8", "6"] {
        let error = asana.post("12", &mention(&[gid]), &the_mark()).await.unwrap_err();
        let is_right = |because: &str| because.contains("in the workspace no more");
        assert!(matches!(&error, WriteError::Unheard { at: None, because, .. } if is_right(because)), "{error:?}");
    }
    assert_eq!(server.calls(), ["GET tasks/12", "GET tasks/12"], "nothing is written");
    let error = asana.post("12", &mention(&["8", "7"]), &the_mark()).await.unwrap_err();
    assert!(matches!(&error, WriteError::Unheard { at: Some(_), who, .. } if who == &["8"]), "{error:?}");
    let said = html(&server.asked().pop().unwrap()).unwrap();
    assert!(said.contains("\"7\"") && !said.contains("\"8\""), "{said}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let with = async |status: u16| {
        let answer = move |asked: &Asked| if asked.method == "GET" { around(&[]) } else { bad(status, "why not") };
        let server = Server::new(answer).await;
        server.asana().post("12", &words(), &the_mark()).await.unwrap_err()
    };
    for status in [400, 402, 403, 404] {
        assert!(matches!(with(status).await, WriteError::Refused { .. }), "{status}");
    }
    assert!(matches!(with(401).await, WriteError::Unauthorized { .. }));
    assert!(matches!(with(429).await, WriteError::NotSent { .. }));
    assert!(matches!(with(500).await, WriteError::Unsure { .. }));
    let server = Server::new(|_| answer(201, "{}")).await;
    let unsure = server.asana().post("12", &words(), &the_mark()).await.unwrap_err();
    assert!(matches!(unsure, WriteError::Unsure { .. }), "it may be there: {unsure}");
    let refused = server.asana().post("12/stories/../../x", &words(), &the_mark()).await.unwrap_err();
    assert!(matches!(refused, WriteError::Refused { .. }));
}

#[tokio::test]
async fn a_comment_is_edited_and_taken_away_by_its_gid() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "PUT stories/500" => good(json!({"gid": "500"})),
        "DELETE stories/500" => good(json!({})),
        _ => bad(404, "Not Found"),
    })
    .await;
    let asana = server.asana();
    let at = |gid: &str| MessageRef(gid.to_owned());
    asana.edit("12", &at("500"), &words(), &the_mark()).await.unwrap();
    asana.delete("12", &at("500")).await.unwrap();
    let gone = asana.edit("12", &at("501"), &words(), &the_mark()).await.unwrap_err();
    assert!(matches!(gone, WriteError::Gone { .. }));
    asana.delete("12", &at("501")).await.unwrap();
    assert_eq!(server.calls(), ["PUT stories/500", "DELETE stories/500", "PUT stories/501", "DELETE stories/501"]);
}

fn said(gid: &str, by: &str, at: &str, text: &str) -> Value {
    json!({"gid": gid, "created_at": at, "resource_subtype": "comment_added", "type": "comment", "text": text,
        "created_by": {"gid": by}})
}

#[tokio::test]
async fn a_comment_is_found_by_account_and_reference() {
    let server = Server::new(|asked| {
        let ours = format!("R&D is late\n{}", reference());
        let now = "2025-03-11T08:59:30.000Z";
        match (asked.call().as_str(), asked.query("offset").is_some()) {
            ("GET tasks/12/stories", false) => {
                page(json!([said("1", "7", now, &ours), said("2", "77", now, "hello")]), Some("more"))
            }
            ("GET tasks/12/stories", true) => page(json!([said("3", "77", now, &ours)]), None),
            ("GET tasks/13/stories", _) => {
                page(json!([said("4", "77", "2025-03-01T09:00:00.000Z", &ours), said("5", "7", now, &ours)]), None)
            }
            ("GET tasks/14/stories", _) => page(json!([7]), None),
            _ => bad(404, "no"),
        }
    })
    .await;
    let asana = server.asana();
    let since = NOW.parse().unwrap();
    let found = async |task: &str| asana.find(task, &the_mark(), since).await.unwrap();
    assert_eq!(found("12").await, Found::There(MessageRef("3".to_owned())));
    assert_eq!(found("13").await, Found::Absent, "an older one, and somebody's copy");
    assert!(matches!(found("14").await, Found::CannotTell(_)));
    assert!(asana.find("15", &the_mark(), since).await.is_err());
}
