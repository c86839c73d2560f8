//! Who is let in, and how often.

use reqwest::Method;
use serde_json::{Value, json};

use super::{desk, words};
use crate::testing::ts;

#[tokio::test]
async fn key_and_token_come_by_header_or_query_and_each_refusal_has_its_words() {
    let desk = desk().await;
    let trello = &desk.trello;
    trello.token("key", "token", "gapwatch");
    assert_eq!(desk.get("/members/me?fields=username").await["username"], "gapwatch");
    let ask = async |header: Option<&str>, query: &str| {
        let url = format!("{}/members/me{query}", desk.bench.sim.trello_url());
        let request = desk.bench.http.get(url);
        let request = header.into_iter().fold(request, |request, value| request.header("authorization", value));
        let response = request.send().await.unwrap();
        assert!(!response.headers()["content-type"].to_str().unwrap().contains("json") || response.status() == 200);
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(ask(None, "?key=key&token=token").await.0, 200);
    assert_eq!(ask(None, "").await, words(401, "invalid key"));
    assert_eq!(ask(None, "?key=other&token=token").await, words(401, "invalid key"));
    assert_eq!(ask(None, "?key=key").await, words(401, "unauthorized permission requested"));
    let header = "OAuth oauth_consumer_key=\"key\", oauth_token=\"secret\"";
    assert_eq!(ask(Some(header), "").await, words(401, "invalid token"));
    assert_eq!(ask(Some("Bearer token"), "").await, words(401, "invalid token"));
    trello.expires("token", Some(ts("2026-03-02T09:30:00Z")));
    let about = desk.get("/tokens/token?fields=all").await;
    assert_eq!(about["dateExpires"], "2026-03-02T09:30:00.000Z");
    assert_eq!(about["idMember"], json!(trello.member_id("gapwatch")));
    desk.bench.at("2026-03-02T09:30:00Z");
    assert_eq!(desk.refused("/members/me").await, words(401, "expired token"));
    trello.expires("token", None);
    assert_eq!(desk.get("/tokens/token").await["dateExpires"], json!(null));
    trello.revoke("token");
    assert_eq!(desk.refused("/members/me").await, words(401, "invalid token"));
}

#[tokio::test]
async fn a_token_that_may_only_read_says_so() {
    let desk = desk().await;
    desk.trello.token("key", "token", "gapwatch");
    desk.trello.read_only("token");
    let about = desk.get("/tokens/token").await;
    let permissions = about["permissions"].as_array().unwrap();
    assert!(permissions.iter().all(|one| one["read"] == true && one["write"] == false));
    assert_eq!(desk.refused("/tokens/another").await.0, 404);
    // Its owner is told the same without its name in the address.
    assert_eq!(desk.get("/members/me/tokens").await, json!([about]));
    desk.trello.person("ana", "Ana");
    assert_eq!(desk.refused("/members/ana/tokens").await, words(401, "unauthorized permission requested"));
}

async fn error(desk: &super::Desk, path: &str) -> (u16, String, bool) {
    let response = desk.ask(path).await;
    let (status, has_header) = (response.status().as_u16(), response.headers().contains_key("retry-after"));
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned(), has_header)
}

#[tokio::test]
async fn a_token_has_a_hundred_requests_in_ten_seconds_and_no_word_about_them() {
    let desk = desk().await;
    desk.trello.limits(true);
    let path = format!("/boards/{}?fields=name", desk.board);
    for number in 0..100 {
        let response = desk.ask(&path).await;
        assert_eq!(response.status(), 200, "{number}");
        assert!(response.headers().keys().all(|name| !name.as_str().contains("rate")));
    }
    assert_eq!(error(&desk, &path).await, (429, "API_TOKEN_LIMIT_EXCEEDED".to_owned(), false));
    desk.bench.at("2026-03-02T09:00:10Z");
    assert_eq!(error(&desk, &path).await.0, 200);
    desk.trello.limit_headers(true);
    let told = desk.ask(&path).await;
    assert_eq!(told.headers()["x-rate-limit-api-token-remaining"], "98");
}

#[tokio::test]
async fn a_key_has_three_hundred_and_is_locked_after_two_hundred_refusals() {
    let desk = desk().await;
    desk.trello.limits(true);
    let url = format!("{}/boards/{}?fields=name", desk.bench.sim.trello_url(), desk.board);
    let ask = async |token: usize| {
        let shown = format!("OAuth oauth_consumer_key=\"key\", oauth_token=\"token{token}\"");
        let response = desk.bench.http.get(&url).header("authorization", shown).send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    };
    for number in 0..300 {
        assert_eq!(ask(number % 4).await.0, 200);
    }
    let key = (429, "API_KEY_LIMIT_EXCEEDED".to_owned());
    desk.bench.at("2026-03-02T09:00:08Z");
    for _ in 0..201 {
        assert_eq!(ask(4).await, key);
    }
    // Its window is over, and it is locked for what it asked meanwhile.
    desk.bench.at("2026-03-02T09:00:12Z");
    assert_eq!(ask(4).await, key);
    desk.bench.at("2026-03-02T09:00:18Z");
    assert_eq!(ask(4).await.0, 200);
}

#[tokio::test]
async fn requests_about_members_are_counted_apart_and_long() {
    let desk = desk().await;
    desk.trello.limits(true);
    desk.trello.member_limit(30);
    for _ in 0..30 {
        assert_eq!(error(&desk, "/members/me").await.0, 200);
    }
    assert_eq!(error(&desk, "/members/me/boards").await.1, "RATE_LIMIT_EXCEEDED");
    assert_eq!(error(&desk, &format!("/boards/{}/members", desk.board)).await.0, 200);
    desk.bench.at("2026-03-02T09:14:59Z");
    assert_eq!(error(&desk, "/members/me").await.0, 429);
    desk.bench.at("2026-03-02T09:15:00Z");
    assert_eq!(error(&desk, "/members/me").await.0, 200);
    // What a batch holds counts one by one.
    let urls = vec!["/members/me"; 10].join(",");
    let batch = desk.request(Method::GET, &format!("/batch?urls={urls}"));
    for _ in 0..2 {
        batch.try_clone().unwrap().send().await.unwrap();
    }
    let last: Value = batch.send().await.unwrap().json().await.unwrap();
    assert_eq!((&last[8]["200"]["username"], &last[9]["statusCode"]), (&json!("gapwatch"), &json!(429)));
}
