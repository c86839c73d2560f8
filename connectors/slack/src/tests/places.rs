//! Channels by name and id, limits in every form, and looking with a small budget.

use super::*;

fn listed(channels: &[(&str, &str)], next: &str) -> Answer {
    let channels: Vec<Value> = channels.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Answer::ok(json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
}

#[tokio::test]
async fn a_name_becomes_an_id_once_and_the_id_outlives_a_renaming() {
    let server = Server::start([
        ("conversations.list", vec![listed(&[("C0", "general")], "N"), listed(&[("C1", "delivery")], "")]),
        ("chat.postMessage", vec![posted(), posted()]),
    ])
    .await;
    let slack = slack(&server);
    for _ in 0..2 {
        slack.send(&channel("#Delivery"), &body(), &mark(), None).await.unwrap();
    }
    let methods = ["conversations.list", "conversations.list", "chat.postMessage", "chat.postMessage"];
    assert_eq!(server.methods(), methods);
    assert!(server.calls()[2..].iter().all(|call| call.json()["channel"] == "C1"));
}

#[tokio::test]
async fn without_the_scope_for_names_slack_is_given_the_name() {
    let denied = || Answer::no("missing_scope");
    let server = Server::start([
        ("conversations.list", vec![denied(), denied()]),
        ("chat.postMessage", vec![posted(), posted()]),
    ])
    .await;
    let slack = slack(&server);
    for _ in 0..2 {
        slack.send(&channel("#delivery"), &body(), &mark(), None).await.unwrap();
    }
    let posts: Vec<Value> = server.calls()[2..].iter().map(|call| call.json()["channel"].clone()).collect();
    assert_eq!(posts, ["#delivery", "C1"], "and its answer tells the id");
}

#[tokio::test]
async fn with_one_of_the_two_scopes_public_channels_are_found() {
    let server = Server::start([
        ("conversations.list", vec![Answer::no("missing_scope"), listed(&[("C1", "delivery")], "")]),
        ("chat.postMessage", vec![posted()]),
    ])
    .await;
    slack(&server).send(&channel("#delivery"), &body(), &mark(), None).await.unwrap();
    assert_eq!(server.calls()[1].query("types").as_deref(), Some("public_channel"));
    assert_eq!(server.calls()[2].json()["channel"], "C1");
}

#[tokio::test]
async fn trouble_with_the_list_of_channels_is_surely_not_sent() {
    for (answers, dead) in [(vec![Answer::Cut; 3], false), (vec![Answer::no("token_revoked")], true)] {
        let server = Server::start([("conversations.list", answers)]).await;
        let sent = slack(&server).send(&channel("#delivery"), &body(), &mark(), None).await;
        assert_eq!(matches!(sent, Err(WriteError::Unauthorized { .. })), dead, "{sent:?}");
        assert_eq!(matches!(sent, Err(WriteError::NotSent { .. })), !dead, "{sent:?}");
    }
}

#[tokio::test]
async fn a_public_channel_is_joined_where_the_app_may_and_must() {
    let server = Server::start([
        ("chat.postMessage", vec![Answer::no("not_in_channel"), posted()]),
        ("conversations.join", vec![Answer::ok(json!({"channel": {"id": "C1"}}))]),
    ])
    .await;
    slack(&server).send(&channel("C1"), &body(), &mark(), None).await.unwrap();
    assert_eq!(server.methods(), ["chat.postMessage", "conversations.join", "chat.postMessage"]);

    let server = Server::start([
        ("chat.postMessage", vec![Answer::no("not_in_channel")]),
        ("conversations.join", vec![Answer::no("missing_scope")]),
    ])
    .await;
    let sent = slack(&server).send(&channel("C1"), &body(), &mark(), None).await;
    assert!(matches!(&sent, Err(WriteError::Refused { because }) if because.contains("invite")), "{sent:?}");
    assert_eq!(server.methods(), ["chat.postMessage", "conversations.join"]);
}

#[tokio::test]
async fn a_channel_is_joined_to_look_into_it() {
    let server = Server::start([
        ("auth.test", vec![whoami_answer()]),
        ("conversations.history", vec![Answer::no("not_in_channel"), history(vec![], "")]),
        ("conversations.join", vec![Answer::ok(json!({"channel": {"id": "C1"}}))]),
    ])
    .await;
    let found = slack(&server).find(&channel("C1"), &mark(), at("2025-03-11T09:00:00Z"), None).await;
    assert_eq!(found.unwrap(), Found::Absent);
}

#[tokio::test]
async fn every_configured_channel_is_looked_at_when_the_token_is_checked() {
    let info = |fields: Value| Answer::ok(json!({"channel": fields}));
    let server = Server::start([
        ("auth.test", vec![whoami_answer()]),
        ("conversations.list", vec![listed(&[], "")]),
        (
            "conversations.info",
            vec![
                info(json!({"id": "C1", "is_member": true})),
                info(json!({"id": "C2", "is_member": true, "is_ext_shared": true})),
                info(json!({"id": "C3", "is_archived": true})),
                Answer::no("channel_not_found"),
            ],
        ),
    ])
    .await;
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let slack = Slack::new(config(&server, &["#gone", "C1", "C2", "C3", "C4"]), clock).unwrap();
    let warnings = slack.whoami().await.unwrap();
    assert_eq!(warnings.len(), 4, "{warnings:#?}");
    for (warning, words) in warnings.iter().zip(["#gone", "another organisation", "archived", "channel_not_found"]) {
        assert!(warning.contains(words), "{warning}");
    }
}

#[tokio::test]
async fn a_limit_of_any_form_holds_its_method_and_no_other() {
    let limited = |wait: Option<&str>| {
        let answer = Answer::status(429, r#"{"ok":false,"error":"ratelimited"}"#);
        wait.into_iter().fold(answer, |answer, wait| answer.with("retry-after", wait))
    };
    for (told, least, most) in [
        (Some("30"), 30, 30),
        (Some("0"), 1, 1),
        (None, 60, 60),
        (Some("-5"), 60, 60),
        (Some("soon"), 60, 60),
        (Some("999999999999"), 24 * 3600, 24 * 3600),
    ] {
        let server = Server::start([
            ("chat.postMessage", vec![limited(told), posted()]),
            ("chat.update", vec![Answer::ok(json!({"channel": "C1", "ts": "1.2"}))]),
        ])
        .await;
        let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
        let slack = Slack::new(config(&server, &[]), clock.clone()).unwrap();
        let sent = slack.send(&channel("C1"), &body(), &mark(), None).await;
        let Err(WriteError::NotSent { retry_after: Some(wait), .. }) = sent else { panic!("{told:?}: {sent:?}") };
        assert!((least..=most).contains(&wait.as_secs()), "{told:?}: {wait:?}");
        slack.edit(&MessageRef("C1/1.2".to_owned()), &body(), &mark()).await.unwrap();
        assert_eq!(clock.now(), at("2025-03-11T09:00:00Z"), "an edit does not wait: {told:?}");
        let again = slack.send(&channel("C2"), &body(), &mark(), None).await;
        match again {
            Ok(_) => assert!(clock.now() >= at("2025-03-11T09:00:00Z") + wait, "{told:?}"),
            Err(WriteError::NotSent { retry_after: Some(rest), .. }) => assert!(rest <= wait, "{told:?}"),
            other => panic!("{told:?}: {other:?}"),
        }
        let posts = server.methods().iter().filter(|method| *method == "chat.postMessage").count();
        assert!(posts == 1 || clock.now() >= at("2025-03-11T09:00:00Z") + wait, "nothing inside the wait: {told:?}");
    }
}

#[tokio::test]
async fn a_look_with_a_page_a_minute_goes_on_where_it_was() {
    let limited = || Answer::status(429, r#"{"ok":false,"error":"ratelimited"}"#).with("retry-after", "60");
    let pages = vec![
        history(vec![message("9.9", "B1", Value::Null)], "NEXT"),
        limited(),
        history(vec![message("5.000100", "B1", metadata())], ""),
    ];
    let (found, server) = find_in_channel(pages).await;
    assert_eq!(found.unwrap(), Found::There(MessageRef("C1/5.000100".to_owned())));
    assert_eq!(server.calls()[3].query("cursor").as_deref(), Some("NEXT"));
    let long = || Answer::status(429, r#"{"ok":false,"error":"ratelimited"}"#).with("retry-after", "600");
    let (found, server) = find_in_channel(vec![long()]).await;
    assert!(matches!(found, Err(ConnectorError::Limited { .. })), "{found:?}");
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn an_edit_that_fits_in_no_form_is_gone() {
    let updates = vec![Answer::no("invalid_blocks"), Answer::no("block_mismatch")];
    let server = Server::start([("chat.update", updates)]).await;
    let edited = slack(&server).edit(&MessageRef("D1/1.2".to_owned()), &body(), &mark()).await;
    assert!(matches!(edited, Err(WriteError::Gone { .. })), "{edited:?}");
}
