//! The calls as they go over the wire, against a small Slack that answers from a script.
#![allow(clippy::unwrap_used)]

mod looking;
mod people;
mod places;
mod server;
mod webhook;

use connector_kit::{Block, Span};
use serde_json::{Value, json};

use super::*;
use crate::look::HISTORY_PAGES;
use server::{Answer, Clockwork, Server, at};

const WIRE: &str = "0123456789abcdef0123456789abcdef";
const MAC: &str = "fedcba9876543210fedcba9876543210";

fn mark() -> Mark {
    Mark { wire: WIRE.to_owned(), mac: MAC.to_owned() }
}

fn metadata() -> Value {
    json!({"event_type": "gapwatch_message", "event_payload": {"wire": format!("{WIRE}.{MAC}")}})
}

fn body() -> Text {
    Text {
        summary: "OPS-1 is late".to_owned(),
        blocks: vec![Block::Line(vec![Span::Strong("OPS-1".to_owned()), Span::Plain(" is late".to_owned())])],
    }
}

fn channel(name: &str) -> Destination {
    Destination::Channel(name.to_owned())
}

fn user(id: &str) -> Destination {
    Destination::User(id.to_owned())
}

fn config(server: &Server, channels: &[&str]) -> Config {
    Config {
        url: format!("{}/api", server.url).parse().unwrap(),
        bot_token: Secret::fixed("xoxb-test"),
        app_token: None,
        signing_secret: None,
        ca_file: None,
        proxy: None,
        channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
    }
}

fn slack(server: &Server) -> Slack {
    Slack::new(config(server, &[]), Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")))).unwrap()
}

fn posted() -> Answer {
    Answer::ok(json!({"channel": "C1", "ts": "1712345678.123400"}))
}

fn whoami_answer() -> Answer {
    Answer::ok(json!({"user_id": "UBOT", "bot_id": "B1", "app_id": "A1"}))
}

async fn sent_to_channel(answers: Vec<Answer>) -> (Result<MessageRef, WriteError>, Server) {
    let server = Server::start([("chat.postMessage", answers)]).await;
    let outcome = slack(&server).send(&channel("C1"), &body(), &mark(), None).await;
    (outcome, server)
}

#[tokio::test]
async fn a_channel_message_carries_text_blocks_and_the_mark_and_its_address_comes_from_the_answer() {
    let (sent, server) = sent_to_channel(vec![posted()]).await;
    assert_eq!(sent.unwrap(), MessageRef("C1/1712345678.123400".to_owned()));
    let call = &server.calls()[0];
    assert_eq!((call.verb.as_str(), call.path.as_str()), ("POST", "/api/chat.postMessage"));
    assert_eq!(call.header("authorization"), Some("Bearer xoxb-test"));
    assert_eq!(call.header("content-type"), Some("application/json; charset=utf-8"));
    let sent = call.json();
    assert_eq!(sent["channel"], "C1");
    assert_eq!(sent["text"], "OPS-1 is late");
    assert_eq!(sent["blocks"][0]["type"], "rich_text");
    assert_eq!(sent["metadata"], metadata());
    assert_eq!((&sent["unfurl_links"], &sent["unfurl_media"]), (&json!(false), &json!(false)));
    for absent in ["link_names", "parse", "thread_ts", "username", "icon_emoji", "attachments"] {
        assert!(sent.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn a_person_is_written_to_in_an_opened_conversation_which_is_opened_once() {
    let server = Server::start([
        ("conversations.open", vec![Answer::ok(json!({"channel": {"id": "D1"}}))]),
        ("chat.postMessage", vec![Answer::ok(json!({"channel": "D1", "ts": "1.1"})), posted()]),
    ])
    .await;
    let slack = slack(&server);
    for _ in 0..2 {
        slack.send(&user("U024BE7LH"), &body(), &mark(), None).await.unwrap();
    }
    assert_eq!(server.methods(), ["conversations.open", "chat.postMessage", "chat.postMessage"]);
    assert_eq!(server.calls()[0].json(), json!({"users": "U024BE7LH"}));
    assert_eq!(server.calls()[1].json()["channel"], "D1");
}

#[tokio::test]
async fn an_email_is_looked_up_with_a_query_and_never_with_json() {
    let user = json!({"user": {"id": "U1", "tz": "Europe/Berlin", "deleted": false, "is_bot": false}});
    let server = Server::start([
        ("users.lookupByEmail", vec![Answer::ok(user)]),
        ("conversations.open", vec![Answer::ok(json!({"channel": {"id": "D1"}}))]),
        ("chat.postMessage", vec![posted()]),
    ])
    .await;
    let slack = slack(&server);
    let profile = slack.lookup(&Destination::Email("Ana+x@Example.org".to_owned())).await.unwrap().unwrap();
    assert_eq!(profile, Profile { id: "U1".to_owned(), zone: Some("Europe/Berlin".to_owned()) });
    slack.send(&Destination::Email("ana+x@example.org".to_owned()), &body(), &mark(), None).await.unwrap();
    assert_eq!(server.methods(), ["users.lookupByEmail", "conversations.open", "chat.postMessage"]);
    let call = &server.calls()[0];
    assert_eq!((call.verb.as_str(), call.query("email").as_deref()), ("GET", Some("ana+x@example.org")));
    assert!(call.body.is_empty());
}

#[tokio::test]
async fn a_configured_id_tells_its_zone() {
    let user = json!({"user": {"id": "U1", "tz": "Asia/Tokyo"}});
    let server = Server::start([("users.info", vec![Answer::ok(user), Answer::no("user_not_found")])]).await;
    let slack = slack(&server);
    let who = Destination::User("U1".to_owned());
    let found = Profile { id: "U1".to_owned(), zone: Some("Asia/Tokyo".to_owned()) };
    assert_eq!(slack.lookup(&who).await.unwrap(), Some(found));
    assert_eq!(slack.lookup(&who).await.unwrap(), None);
    assert_eq!(server.calls()[0].query("user").as_deref(), Some("U1"));
}

#[tokio::test]
async fn a_lookup_without_its_scope_is_a_feature_that_is_not_there() {
    let server = Server::start([("users.lookupByEmail", vec![Answer::no("missing_scope")])]).await;
    let error = slack(&server).lookup(&Destination::Email("a@example.org".to_owned())).await.unwrap_err();
    assert!(matches!(error, ConnectorError::NotVisible { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_in_a_thread_goes_under_its_message_wherever_that_stands() {
    let server = Server::start([("chat.postMessage", vec![posted()])]).await;
    let parent = MessageRef("C9/1700000000.000100".to_owned());
    slack(&server).send(&channel("#delivery"), &body(), &mark(), Some(&parent)).await.unwrap();
    let sent = server.calls()[0].json();
    assert_eq!((&sent["channel"], &sent["thread_ts"]), (&json!("C9"), &json!("1700000000.000100")));
    assert!(sent.get("reply_broadcast").is_none());
}

#[tokio::test]
async fn refused_blocks_are_sent_again_once_as_plain_text() {
    for word in ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"] {
        let (sent, server) = sent_to_channel(vec![Answer::no(word), posted()]).await;
        assert!(sent.is_ok(), "{word}");
        let second = server.calls()[1].json();
        assert_eq!((&second["text"], &second["blocks"]), (&json!("OPS-1 is late"), &json!([])));
        assert_eq!(second["metadata"], metadata());
        let (sent, server) = sent_to_channel(vec![Answer::no(word), Answer::no(word)]).await;
        assert!(matches!(sent, Err(WriteError::Refused { .. })), "{word}");
        assert_eq!(server.calls().len(), 2);
    }
}

#[tokio::test]
async fn a_write_is_never_repeated_when_its_outcome_is_unknown() {
    let unsure = [
        Answer::no("internal_error"),
        Answer::no("fatal_error"),
        Answer::no("request_timeout"),
        Answer::status(500, "oops"),
        Answer::status(503, r#"{"ok":false,"error":"service_unavailable"}"#),
        Answer::status(200, "<html>a proxy's page</html>"),
        Answer::status(200, "{}"),
        Answer::ok(json!({})),
        Answer::Cut,
    ];
    for answer in unsure {
        let label = format!("{answer:?}");
        let (sent, server) = sent_to_channel(vec![answer]).await;
        assert!(matches!(sent, Err(WriteError::Unsure { .. })), "{label}: {sent:?}");
        assert_eq!(server.calls().len(), 1, "{label}");
    }
}

#[tokio::test]
async fn a_limit_is_not_sent_and_says_when_to_come_back() {
    let body_text = r#"{"ok":false,"error":"ratelimited"}"#;
    for (status, wait) in [(429, 30), (200, 30)] {
        let answer = Answer::status(status, body_text).with("retry-after", "30");
        let (sent, _server) = sent_to_channel(vec![answer]).await;
        let Err(WriteError::NotSent { retry_after, .. }) = sent else { panic!("{status}: {sent:?}") };
        assert_eq!(retry_after, Some(SignedDuration::from_secs(wait)), "{status}");
    }
}

#[tokio::test]
async fn each_refusal_leads_to_its_own_next_step() {
    type Is = fn(&WriteError) -> bool;
    let refused: Is = |error| matches!(error, WriteError::Refused { .. });
    let unauthorized: Is = |error| matches!(error, WriteError::Unauthorized { .. });
    let gone: Is = |error| matches!(error, WriteError::Gone { .. });
    let table: [(&str, Is); 8] = [
        ("channel_not_found", refused),
        ("not_in_channel", refused),
        ("is_archived", refused),
        ("a_word_of_next_year", refused),
        ("missing_scope", refused),
        ("invalid_auth", unauthorized),
        ("token_revoked", unauthorized),
        ("thread_not_found", gone),
    ];
    for (word, expected) in table {
        let (sent, _server) = sent_to_channel(vec![Answer::no(word)]).await;
        let error = sent.unwrap_err();
        assert!(expected(&error) && error.to_string().contains(word), "{word}: {error}");
        assert!(!error.to_string().contains("xoxb-test"));
    }
}

#[tokio::test]
async fn trouble_while_opening_a_conversation_is_surely_not_sent() {
    let cases = [vec![Answer::Cut; 3], vec![Answer::status(500, ""); 3], vec![Answer::no("internal_error")]];
    for answers in cases {
        let label = format!("{answers:?}");
        let server = Server::start([("conversations.open", answers)]).await;
        let sent = slack(&server).send(&user("U1"), &body(), &mark(), None).await;
        assert!(matches!(sent, Err(WriteError::NotSent { .. })), "{label}: {sent:?}");
        assert!(!server.methods().contains(&"chat.postMessage".to_owned()));
    }
    for word in ["user_not_found", "user_disabled", "cannot_dm_bot", "missing_scope"] {
        let server = Server::start([("conversations.open", vec![Answer::no(word)])]).await;
        let sent = slack(&server).send(&user("U1"), &body(), &mark(), None).await;
        assert!(matches!(sent, Err(WriteError::Refused { .. })), "{word}: {sent:?}");
    }
}

#[tokio::test]
async fn an_edit_replaces_text_and_blocks_and_resets_nothing() {
    let server = Server::start([("chat.update", vec![Answer::ok(json!({"channel": "D1", "ts": "1.2"}))])]).await;
    slack(&server).edit(&MessageRef("D1/1.2".to_owned()), &body(), &mark()).await.unwrap();
    let sent = server.calls()[0].json();
    assert_eq!((&sent["channel"], &sent["ts"], &sent["parse"]), (&json!("D1"), &json!("1.2"), &json!("none")));
    assert_eq!(sent["blocks"][0]["type"], "rich_text");
    assert_eq!(sent["metadata"], metadata());
}

#[tokio::test]
async fn a_message_that_cannot_be_edited_any_more_is_gone() {
    for word in ["message_not_found", "edit_window_closed", "cant_update_message"] {
        let server = Server::start([("chat.update", vec![Answer::no(word)])]).await;
        let edited = slack(&server).edit(&MessageRef("D1/1.2".to_owned()), &body(), &mark()).await;
        assert!(matches!(edited, Err(WriteError::Gone { .. })), "{word}: {edited:?}");
    }
}

#[tokio::test]
async fn an_edit_whose_blocks_are_refused_becomes_plain_text_and_the_old_blocks_go() {
    let updates = vec![Answer::no("invalid_blocks"), Answer::ok(json!({"channel": "D1", "ts": "1.2"}))];
    let server = Server::start([("chat.update", updates)]).await;
    slack(&server).edit(&MessageRef("D1/1.2".to_owned()), &body(), &mark()).await.unwrap();
    let second = server.calls()[1].json();
    assert_eq!((&second["text"], &second["blocks"]), (&json!("OPS-1 is late"), &json!([])));
    assert_eq!((&second["parse"], &second["metadata"]), (&json!("none"), &metadata()));
}

#[tokio::test]
async fn a_conversation_that_refuses_is_opened_anew_the_next_time() {
    let opened = || Answer::ok(json!({"channel": {"id": "D1"}}));
    let server = Server::start([
        ("conversations.open", vec![opened(), opened()]),
        ("chat.postMessage", vec![Answer::no("channel_not_found"), posted()]),
    ])
    .await;
    let slack = slack(&server);
    assert!(slack.send(&user("U1"), &body(), &mark(), None).await.is_err());
    assert!(slack.send(&user("U1"), &body(), &mark(), None).await.is_ok());
    let expected = ["conversations.open", "chat.postMessage", "conversations.open", "chat.postMessage"];
    assert_eq!(server.methods(), expected);
}

#[tokio::test]
async fn one_message_goes_at_once_and_a_flood_to_one_channel_is_spread() {
    let server = Server::start([("chat.postMessage", vec![posted(); 6])]).await;
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let slack = Slack::new(config(&server, &[]), clock.clone()).unwrap();
    for _ in 0..3 {
        slack.send(&channel("C1"), &body(), &mark(), None).await.unwrap();
    }
    assert_eq!(clock.now(), at("2025-03-11T09:00:00Z"));
    for _ in 0..2 {
        slack.send(&channel("C1"), &body(), &mark(), None).await.unwrap();
    }
    assert_eq!(clock.now(), at("2025-03-11T09:00:02Z"));
    slack.send(&channel("C2"), &body(), &mark(), None).await.unwrap();
    assert_eq!(clock.now(), at("2025-03-11T09:00:02Z"));
}

#[tokio::test]
async fn a_reference_that_is_not_ours_is_refused_without_a_call() {
    let server = Server::start([]).await;
    for at in ["", "D1", "/1.2", "D1/"] {
        let edited = slack(&server).edit(&MessageRef(at.to_owned()), &body(), &mark()).await;
        assert!(matches!(edited, Err(WriteError::Refused { .. })), "{at}: {edited:?}");
    }
    assert!(server.calls().is_empty());
}

fn message(ts: &str, bot: &str, metadata: Value) -> Value {
    json!({"type": "message", "ts": ts, "bot_id": bot, "user": "UX", "metadata": metadata})
}

fn history(messages: Vec<Value>, next: &str) -> Answer {
    Answer::ok(json!({
        "messages": messages, "has_more": !next.is_empty(), "response_metadata": {"next_cursor": next}
    }))
}

async fn find_in_channel(pages: Vec<Answer>) -> (Result<Found, ConnectorError>, Server) {
    let server = Server::start([("auth.test", vec![whoami_answer()]), ("conversations.history", pages)]).await;
    let found = slack(&server).find(&channel("C1"), &mark(), at("2025-03-11T09:00:00Z"), None).await;
    (found, server)
}

#[tokio::test]
async fn a_message_with_the_mark_is_found_on_any_page() {
    let pages = vec![
        history(vec![message("9.9", "B1", Value::Null), json!({"type": "message"})], "NEXT"),
        history(vec![message("5.000100", "B1", metadata())], ""),
    ];
    let (found, server) = find_in_channel(pages).await;
    assert_eq!(found.unwrap(), Found::There(MessageRef("C1/5.000100".to_owned())));
    let calls = server.calls();
    assert_eq!(calls[1].query("oldest").as_deref(), Some("1741683540.000000"));
    assert_eq!(calls[1].query("include_all_metadata").as_deref(), Some("true"));
    assert_eq!(calls[1].query("channel").as_deref(), Some("C1"));
    assert_eq!(calls[2].query("cursor").as_deref(), Some("NEXT"));
}

#[tokio::test]
async fn what_carries_another_mark_or_was_written_by_another_app_is_not_ours() {
    let other = json!({"event_type": "gapwatch_message", "event_payload": {"wire": format!("{MAC}.{MAC}")}});
    let strange = json!({"event_type": "gapwatch_message", "event_payload": [1, null]});
    let messages = vec![
        message("1.1", "B1", other),
        message("1.2", "B1", strange),
        message("1.3", "BSTRANGER", metadata()),
        message("1.4", "B1", json!("no object")),
    ];
    let (found, _server) = find_in_channel(vec![history(messages, "")]).await;
    assert_eq!(found.unwrap(), Found::Absent);
}

#[tokio::test]
async fn where_slack_does_not_let_us_look_we_cannot_tell() {
    for word in ["missing_scope", "not_in_channel", "channel_not_found", "no_permission"] {
        let (found, _server) = find_in_channel(vec![Answer::no(word)]).await;
        assert!(matches!(found.unwrap(), Found::CannotTell(reason) if reason.contains(word)), "{word}");
    }
    let cut_short = Answer::ok(json!({"messages": [], "has_more": true}));
    assert!(matches!(find_in_channel(vec![cut_short]).await.0.unwrap(), Found::CannotTell(_)));
    let endless = vec![history(vec![], "NEXT"); HISTORY_PAGES];
    assert!(matches!(find_in_channel(endless).await.0.unwrap(), Found::CannotTell(_)));
}

#[tokio::test]
async fn a_failed_look_is_an_error_and_not_an_answer() {
    let (found, _server) = find_in_channel(vec![Answer::status(500, ""); 3]).await;
    assert!(matches!(found, Err(ConnectorError::Transient { .. })), "{found:?}");
    let (found, _server) = find_in_channel(vec![Answer::no("invalid_auth")]).await;
    assert!(matches!(found, Err(ConnectorError::Unauthorized { .. })), "{found:?}");
    let (found, _server) = find_in_channel(vec![Answer::status(200, "<html>")]).await;
    assert!(matches!(found, Err(ConnectorError::Malformed { .. })), "{found:?}");
}

#[tokio::test]
async fn an_answer_in_a_thread_is_looked_for_in_the_thread() {
    let replies = history(vec![message("7.1", "B1", Value::Null), message("7.2", "B1", metadata())], "");
    let server = Server::start([("auth.test", vec![whoami_answer()]), ("conversations.replies", vec![replies])]).await;
    let parent = MessageRef("D1/7.1".to_owned());
    let found = slack(&server).find(&user("U1"), &mark(), at("2025-03-11T09:00:00Z"), Some(&parent)).await;
    assert_eq!(found.unwrap(), Found::There(MessageRef("D1/7.2".to_owned())));
    let call = &server.calls()[1];
    assert_eq!((call.verb.as_str(), call.query("ts").as_deref()), ("GET", Some("7.1")));
}

#[tokio::test]
async fn a_persons_messages_are_looked_for_in_their_conversation() {
    let server = Server::start([
        ("auth.test", vec![whoami_answer()]),
        ("conversations.open", vec![Answer::ok(json!({"channel": {"id": "D7"}}))]),
        ("conversations.history", vec![history(vec![], "")]),
    ])
    .await;
    let found = slack(&server).find(&user("U1"), &mark(), at("2025-03-11T09:00:00Z"), None).await;
    assert_eq!(found.unwrap(), Found::Absent);
    assert_eq!(server.calls()[2].query("channel").as_deref(), Some("D7"));
}

#[tokio::test]
async fn a_channel_known_by_name_alone_is_looked_up_before_its_history_is_read() {
    let list = |names: &[&str], next: &str| {
        let channels: Vec<Value> = names.iter().map(|name| json!({"id": format!("C{name}"), "name": name})).collect();
        Answer::ok(json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
    };
    let server = Server::start([
        ("auth.test", vec![whoami_answer()]),
        ("conversations.list", vec![list(&["general"], "N"), list(&["delivery"], ""), list(&["general"], "")]),
        ("conversations.history", vec![history(vec![], ""), history(vec![], "")]),
    ])
    .await;
    let slack = slack(&server);
    let since = at("2025-03-11T09:00:00Z");
    for _ in 0..2 {
        assert_eq!(slack.find(&channel("#delivery"), &mark(), since, None).await.unwrap(), Found::Absent);
    }
    assert_eq!(server.calls()[3].query("channel").as_deref(), Some("Cdelivery"));
    assert_eq!(server.methods().iter().filter(|method| *method == "conversations.list").count(), 2);
    let nowhere = slack.find(&channel("#gone"), &mark(), since, None).await.unwrap();
    assert!(matches!(nowhere, Found::CannotTell(_)));
}

#[tokio::test]
async fn to_whom_nobody_in_slack_is_nothing_was_sent() {
    let server = Server::start([
        ("auth.test", vec![whoami_answer()]),
        ("users.lookupByEmail", vec![Answer::no("users_not_found")]),
        ("users.list", vec![Answer::ok(json!({"members": []}))]),
    ])
    .await;
    let to = Destination::Email("ana@example.org".to_owned());
    let found = slack(&server).find(&to, &mark(), at("2025-03-11T09:00:00Z"), None).await.unwrap();
    assert_eq!(found, Found::Absent, "the next attempt is refused, and the next channel takes it");
}

#[tokio::test]
async fn whoami_names_missing_scopes_and_an_expiry_and_fails_for_a_dead_token() {
    let scopes = "chat:write,chat:write.public,channels:join,im:write,im:history,channels:history,groups:history,\
                  channels:read,groups:read,users:read";
    let expiring = Answer::ok(json!({"user_id": "UBOT", "expires_in": 7200})).with("x-oauth-scopes", scopes);
    let server = Server::start([("auth.test", vec![expiring, whoami_answer(), Answer::no("token_revoked")])]).await;
    let slack = slack(&server);
    let warnings = slack.whoami().await.unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("users:read.email") && warnings[1].contains("2 h"), "{warnings:?}");
    assert_eq!(slack.whoami().await.unwrap(), Vec::<String>::new());
    assert!(matches!(slack.whoami().await, Err(ConnectorError::Unauthorized { .. })));
    assert_eq!(server.calls()[0].verb, "POST");
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_sends_nothing() {
    let server = Server::start([]).await;
    let config = Config {
        url: server.url.parse().unwrap(),
        bot_token: Secret::new(|| Err("/run/secrets/slack: no such file".to_owned())),
        app_token: None,
        signing_secret: None,
        ca_file: None,
        proxy: None,
        channels: Vec::new(),
    };
    let slack = Slack::new(config, Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")))).unwrap();
    let sent = slack.send(&channel("C1"), &body(), &mark(), None).await;
    assert!(matches!(sent, Err(WriteError::NotSent { .. })), "{sent:?}");
    assert!(matches!(slack.whoami().await, Err(ConnectorError::Misconfigured { .. })));
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn nobody_listening_is_surely_not_sent() {
    let server = Server::start([]).await;
    let slack = slack(&server);
    server.stop().await;
    let sent = slack.send(&channel("C1"), &body(), &mark(), None).await;
    assert!(matches!(sent, Err(WriteError::NotSent { .. })), "{sent:?}");
}

#[tokio::test]
async fn a_base_that_is_not_the_api_is_the_operators_to_put_right() {
    let server = Server::start([("auth.test", vec![Answer::status(404, "not found")])]).await;
    let error = slack(&server).whoami().await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Misconfigured { what, .. } if what.contains("url")), "{error}");
}
