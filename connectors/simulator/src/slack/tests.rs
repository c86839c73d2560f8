//! Slack as a client sees it.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use crate::testing::Bench;
use crate::{Fault, Tool};

async fn office() -> (Bench, String) {
    let bench = Bench::new().await;
    let slack = bench.sim.slack();
    slack.user("U024BE7LH", "ana@example.org", "Ana", "Europe/Berlin");
    let channel = slack.channel("#delivery");
    (bench, channel)
}

fn section(text: &str) -> Value {
    json!([{ "type": "section", "text": { "type": "mrkdwn", "text": text } }])
}

#[tokio::test]
async fn a_message_is_posted_found_by_its_metadata_edited_and_answered() {
    let (bench, channel) = office().await;
    let metadata = json!({ "event_type": "alert", "event_payload": { "wire": "aa.bb" } });
    let body = json!({ "channel": "#delivery", "text": "hello", "blocks": section("hello"), "metadata": metadata });
    let posted = bench.slack("chat.postMessage", body).await;
    assert_eq!((&posted["ok"], &posted["channel"]), (&json!(true), &json!(channel)));
    let ts = posted["ts"].as_str().unwrap();

    let query = json!({ "channel": channel, "oldest": "1772441940.0", "include_all_metadata": true, "limit": 10 });
    let history = bench.slack("conversations.history", query).await;
    assert_eq!(history["messages"][0]["metadata"], metadata);
    let plain = bench.slack("conversations.history", json!({ "channel": channel })).await;
    assert!(plain["messages"][0].get("metadata").is_none());

    let answer = json!({ "channel": channel, "text": "resolved", "thread_ts": ts });
    let answer = bench.slack("chat.postMessage", answer).await;
    assert_ne!(answer["ts"], posted["ts"]);
    let history = bench.slack("conversations.history", json!({ "channel": channel })).await;
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
    let replies = bench.slack_get("conversations.replies", &[("channel", &channel), ("ts", ts)]).await;
    assert_eq!(replies["messages"].as_array().unwrap().len(), 2);

    let update = json!({ "channel": channel, "ts": ts, "text": "changed", "blocks": section("changed") });
    assert_eq!(bench.slack("chat.update", update).await["ok"], true);
    let seen = &bench.sim.slack().messages()[0];
    assert_eq!((seen.text.as_str(), seen.edits, seen.metadata.clone()), ("changed", 1, Some(metadata)));
    assert_eq!(bench.sim.slack().markers().values().copied().collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn people_are_found_by_a_form_or_a_query_and_never_by_json() {
    let (bench, _) = office().await;
    let found = bench.slack_get("users.lookupByEmail", &[("email", "Ana@example.org")]).await;
    assert_eq!((&found["user"]["id"], &found["user"]["tz"]), (&json!("U024BE7LH"), &json!("Europe/Berlin")));
    let wrong = bench.slack("users.lookupByEmail", json!({ "email": "ana@example.org" })).await;
    assert_eq!(wrong["error"], "invalid_arguments");
    let url = format!("{}/users.lookupByEmail", bench.sim.slack_url());
    let form = bench.http.post(url).bearer_auth("x").form(&[("email", "nobody@example.org")]).send().await.unwrap();
    assert_eq!(form.json::<Value>().await.unwrap()["error"], "users_not_found");
    bench.sim.slack().deactivate("U024BE7LH");
    let gone = bench.slack_get("users.lookupByEmail", &[("email", "ana@example.org")]).await;
    assert_eq!(gone["error"], "users_not_found");
    assert_eq!(bench.slack_get("users.list", &[("limit", "1")]).await["members"][0]["deleted"], true);
}

#[tokio::test]
async fn a_direct_message_lives_in_a_d_channel_and_is_edited_there() {
    let (bench, _) = office().await;
    let opened = bench.slack("conversations.open", json!({ "users": "U024BE7LH" })).await;
    let id = opened["channel"]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with('D'));
    let posted = bench.slack("chat.postMessage", json!({ "channel": "U024BE7LH", "text": "hi" })).await;
    assert_eq!(posted["channel"], id);
    let by_user = json!({ "channel": "U024BE7LH", "ts": posted["ts"], "text": "x" });
    assert_eq!(bench.slack("chat.update", by_user).await["error"], "channel_not_found");
    let seen = &bench.sim.slack().messages()[0];
    assert_eq!((seen.user.as_deref(), seen.channel_name.as_deref()), (Some("U024BE7LH"), None));
    bench.sim.slack().refuse_messages("U024BE7LH", true);
    let refused = bench.slack("chat.postMessage", json!({ "channel": id, "text": "hi" })).await;
    assert_eq!(refused["error"], "messages_tab_disabled");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_ok_false() {
    let (bench, channel) = office().await;
    let post = async |body: Value| bench.slack("chat.postMessage", body).await;
    assert_eq!(post(json!({ "channel": channel })).await["error"], "no_text");
    assert_eq!(post(json!({ "channel": "#none", "text": "x" })).await["error"], "channel_not_found");
    let long = post(json!({ "channel": channel, "text": "x", "blocks": section(&"x".repeat(3001)) })).await;
    assert_eq!(long["error"], "invalid_blocks");
    assert!(long["response_metadata"]["messages"][0].as_str().unwrap().contains("3001"));
    let odd = json!({ "channel": channel, "text": "x", "blocks": [{ "type": "hologram" }] });
    assert_eq!(post(odd).await["error"], "invalid_blocks");
    let many = vec![json!({ "type": "divider" }); 51];
    assert_eq!(post(json!({ "channel": channel, "text": "x", "blocks": many })).await["error"], "invalid_blocks");
    let sum: Vec<Value> = (0..5).map(|_| section(&"x".repeat(2900))[0].clone()).collect();
    assert_eq!(post(json!({ "channel": channel, "text": "x", "blocks": sum })).await["error"], "msg_blocks_too_long");
    for payload in [json!({ "a": ["b"] }), json!({ "a": null }), json!({ "a": { "b": { "c": 1 } } })] {
        let metadata = json!({ "event_type": "t", "event_payload": payload });
        let answer = post(json!({ "channel": channel, "text": "x", "metadata": metadata })).await;
        assert_eq!(answer["error"], "invalid_metadata_schema");
    }
    let update = json!({ "channel": channel, "ts": "1.000001", "text": "x" });
    assert_eq!(bench.slack("chat.update", update).await["error"], "message_not_found");
    assert!(bench.sim.slack().messages().is_empty());
}

#[tokio::test]
async fn channels_tokens_scopes_and_limits_are_checked() {
    let (bench, channel) = office().await;
    let slack = bench.sim.slack();
    let post = async |text: &str| bench.slack("chat.postMessage", json!({ "channel": channel, "text": text })).await;
    slack.without_scope("channels:history");
    let history = bench.slack("conversations.history", json!({ "channel": channel })).await;
    assert_eq!((&history["error"], &history["needed"]), (&json!("missing_scope"), &json!("channels:history")));
    slack.post_limit(true);
    assert_eq!(post("one").await["ok"], true);
    assert_eq!(post("two").await["error"], "ratelimited");
    bench.at("2026-03-02T09:00:02Z");
    assert_eq!(post("three").await["ok"], true);
    slack.post_limit(false);
    slack.kick("#delivery");
    assert_eq!(post("x").await["ok"], true, "chat:write.public");
    slack.without_scope("chat:write.public");
    assert_eq!(post("x").await["error"], "not_in_channel");
    slack.archive("#delivery");
    assert_eq!(post("x").await["error"], "is_archived");
    let private = slack.private_channel("#board", false);
    let hidden = bench.slack("chat.postMessage", json!({ "channel": private, "text": "x" })).await;
    assert_eq!(hidden["error"], "channel_not_found");
    slack.revoke("x");
    assert_eq!(post("x").await["error"], "token_revoked");
}

#[tokio::test]
async fn an_answer_lost_after_commit_leaves_the_message_and_a_retry_makes_two() {
    let (bench, channel) = office().await;
    let metadata = json!({ "event_type": "alert", "event_payload": { "wire": "aa.bb" } });
    let body = json!({ "channel": channel, "text": "x", "metadata": metadata });
    bench.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::AfterCommit(Box::new(Fault::Reset)), 1);
    let url = format!("{}/chat.postMessage", bench.sim.slack_url());
    assert!(bench.http.post(url).bearer_auth("x").json(&body).send().await.is_err());
    assert_eq!(bench.slack("chat.postMessage", body).await["ok"], true);
    assert_eq!(bench.sim.slack().markers().values().copied().collect::<Vec<_>>(), [2]);
    let stamps: Vec<String> = bench.sim.slack().messages().into_iter().map(|message| message.ts).collect();
    assert!(stamps[0] < stamps[1]);
}

#[tokio::test]
async fn a_webhook_posts_into_its_channel_and_answers_with_a_word() {
    let (bench, channel) = office().await;
    let slack = bench.sim.slack();
    let url = bench.sim.slack_webhook("#delivery");
    let post = async |body: Value| {
        let answer = bench.http.post(&url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(post(json!({ "text": "hello", "blocks": [] })).await, (200, "ok".to_owned()));
    let seen = &slack.messages()[0];
    assert_eq!((seen.channel.clone(), seen.text.as_str(), &seen.blocks), (channel, "hello", &None));
    assert_eq!(post(json!({})).await, (400, "no_text".to_owned()));
    assert_eq!(
        post(json!({ "text": "x", "blocks": [{ "type": "hologram" }] })).await,
        (400, "invalid_blocks".to_owned())
    );
    slack.break_webhooks(Some((404, "no_service")));
    assert_eq!(post(json!({ "text": "x" })).await, (404, "no_service".to_owned()));
    slack.break_webhooks(None);
    slack.archive("#delivery");
    assert_eq!(post(json!({ "text": "x" })).await, (410, "channel_is_archived".to_owned()));
    let other = url.replace("/services/", "/services/nobody");
    assert_eq!(bench.http.post(other).json(&json!({ "text": "x" })).send().await.unwrap().status().as_u16(), 404);
}
