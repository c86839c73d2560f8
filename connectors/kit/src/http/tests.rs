//! The client against a server that answers, refuses, cuts, hangs and lies.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::testing::{Reply, START, Server, answer};
use super::{Http, HttpConfig, Method, Request};
use crate::clock::SetClock;
use crate::{Clock, ConnectorError, WriteError};

const TOKEN: &str = "ghp_canary";

fn read() -> Request {
    Request::get("issues", "core").query("state", "canary-query").bearer(SecretString::from(TOKEN))
}

fn write() -> Request {
    Request::post("issues/1/comments", "core:comment").json(&json!({"body": "x"})).bearer(SecretString::from(TOKEN))
}

fn writing(server: &Server) -> Http {
    server.client().allow_writes(&[(Method::POST, "issues/*/comments")])
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// Every text an error can show, causes included.
fn texts(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = causes.map(|error| format!("{error} {error:?}")).collect();
    texts.join("\n")
}

#[tokio::test]
async fn what_is_used_is_counted_by_status_beside_what_the_tool_says_is_left() {
    let told = ["X-RateLimit-Limit: 5000", "X-RateLimit-Remaining: 4990", "X-RateLimit-Reset: 600"];
    let server = Server::new([answer(200, &told, "{}"), answer(404, &[], "{}"), answer(200, &told, "{}")]).await;
    let http = server.client();
    for _ in 0..3 {
        http.read(read()).await.unwrap();
    }
    let usage = http.usage();
    assert_eq!(usage.answers, [("200".to_owned(), 2), ("404".to_owned(), 1)]);
    assert_eq!(usage.remaining, [("core".to_owned(), 4990)]);
}

#[tokio::test]
async fn a_path_that_is_a_secret_and_a_query_of_the_operators_own_go_out_and_are_shown_nowhere() {
    let server = Server::new([answer(200, &[], "{}")]).await;
    let pairs = [("status".to_owned(), "up".to_owned()), ("k e&y".to_owned(), "c=1".to_owned())];
    let request = Request::get("ping/canary", "core").with_query(pairs).hide_path();
    assert!(!format!("{request:?}").contains("canary"));
    server.client().read(request).await.unwrap();
    assert!(
        server.seen()[0].starts_with("GET /api/ping/canary?status=up&k+e%26y=c%3D1 HTTP/1.1"),
        "{}",
        server.seen()[0]
    );
}

#[tokio::test]
async fn a_request_carries_what_it_was_given_and_the_answer_comes_whole() {
    let server = Server::new([answer(200, &["ETag: W/\"7\"", "Content-Type: application/json"], "{\"a\":1}")]).await;
    let http = server.client();
    let response = http.read(read().header("accept", "application/json")).await.unwrap();
    assert_eq!((response.status, response.header("etag")), (200, Some("W/\"7\"")));
    assert_eq!(response.json::<Value>("github", "x").unwrap(), json!({"a": 1}));
    assert_eq!(response.asked_at, START.parse::<Timestamp>().unwrap());
    let seen = &server.seen()[0].to_ascii_lowercase();
    for part in [
        "get /api/issues?state=canary-query http/1.1",
        "authorization: bearer ghp_canary",
        concat!("user-agent: gapwatch/", env!("CARGO_PKG_VERSION")),
        "accept-encoding: gzip",
    ] {
        assert!(seen.contains(part), "{part} in {seen}");
    }
    assert!(!seen.contains("referer"));
}

#[tokio::test]
async fn a_redirect_is_handed_over_and_never_followed() {
    let foreign = Server::new([]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: http://{}/steal", foreign.address);
        let server = Server::new([answer(status, &[&location], ""), answer(status, &[&location], "")]).await;
        assert_eq!(server.client().read(read()).await.unwrap().status, status);
        assert_eq!(writing(&server).write(write()).await.unwrap().status, status);
        assert_eq!(server.seen().len(), 2);
    }
    assert_eq!(foreign.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_elsewhere_is_refused_before_anything_is_sent() {
    let foreign = Server::new([]).await;
    let server = Server::new([]).await;
    let http = writing(&server).allow_writes(&[(Method::POST, "*/*/*/*")]);
    let elsewhere = format!("http://{}/", foreign.address).parse().unwrap();
    let error = http.read(read().at(&elsewhere)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Misconfigured { .. }), "{error}");
    let error = http.read(Request::get(format!("//{}/x", foreign.address), "core")).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Misconfigured { .. }), "{error}");
    let error = http.write(Request::post("a/../b/c", "core")).await.unwrap_err();
    assert!(matches!(error, WriteError::NotSent { .. }), "{error}");
    let error = http.read(read().header("host", "evil.example")).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Misconfigured { .. }), "{error}");
    assert_eq!((server.seen().len(), foreign.seen().len(), http.requests()), (0, 0, 0));
}

#[tokio::test]
async fn a_further_base_is_used_where_it_is_asked_for() {
    let server = Server::new([answer(200, &[], "{}")]).await;
    let mut config = server.config(Arc::new(SetClock::new(Timestamp::UNIX_EPOCH)));
    let graphql: url::Url = format!("http://{}/other", server.address).parse().unwrap();
    config.also = vec![graphql.clone()];
    let http = Http::new(config).unwrap();
    http.read(Request::post("graphql", "graphql").at(&graphql).json(&json!({"query": "{}"}))).await.unwrap();
    assert!(server.seen()[0].starts_with("POST /other/graphql "));
}

#[tokio::test]
async fn a_read_is_tried_again_where_the_failure_passes() {
    let cut = || Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":".to_vec());
    let silent = || Reply::Bytes(Vec::new());
    let chunk_cut = || Reply::Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,".to_vec());
    for trouble in [
        answer(500, &[], ""),
        answer(502, &[], ""),
        answer(503, &[], ""),
        answer(504, &[], ""),
        cut(),
        silent(),
        chunk_cut(),
    ] {
        let server = Server::new([trouble, answer(200, &[], "[]")]).await;
        assert_eq!(server.client().read(read()).await.unwrap().status, 200);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_read_that_keeps_failing_ends_after_its_attempts_with_pauses_between() {
    let server =
        Server::new([answer(503, &[], ""), answer(503, &[], ""), answer(502, &[], ""), answer(200, &[], "")]).await;
    let clock = Arc::new(SetClock::leaping(START.parse().unwrap()));
    let http = Http::new(server.config(clock.clone())).unwrap();
    let error = http.read(read()).await.unwrap_err();
    assert!(
        matches!(&error, ConnectorError::Transient { what, retry_after: None, .. } if what == "HTTP 502"),
        "{error}"
    );
    assert_eq!((server.seen().len(), http.requests()), (3, 3));
    let waited = clock.now().duration_since(START.parse().unwrap());
    assert!(waited >= SignedDuration::from_millis(1500) && waited <= secs(3), "{waited}"); // 0.5 + 1 s, up to doubled
}

#[tokio::test]
async fn with_one_attempt_a_read_is_sent_once() {
    for trouble in [answer(503, &[], ""), answer(429, &["Retry-After: 1"], "")] {
        let server = Server::new([trouble, answer(200, &[], "")]).await;
        let config = server.config(Arc::new(SetClock::leaping(START.parse().unwrap())));
        let http = Http::new(HttpConfig { read_attempts: 1, ..config }).unwrap();
        assert!(http.read(read()).await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_status_that_is_the_connectors_is_handed_over_at_once() {
    for status in [200, 201, 204, 304, 400, 403, 404, 410, 422] {
        let server = Server::new([answer(status, &[], ""), answer(status, &[], "")]).await;
        assert_eq!(server.client().read(read()).await.unwrap().status, status);
        assert_eq!(writing(&server).write(write()).await.unwrap().status, status);
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_refused_credential_is_told_at_once() {
    let server = Server::new([answer(401, &[], ""), answer(401, &[], "")]).await;
    assert!(matches!(server.client().read(read()).await, Err(ConnectorError::Unauthorized { .. })));
    assert!(matches!(writing(&server).write(write()).await, Err(WriteError::Unauthorized { .. })));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_refusal_whose_body_tells_more_is_handed_over_where_it_is_wanted() {
    let server = Server::new([
        answer(401, &[], "unauthorized permission requested"),
        answer(401, &[], "invalid token"),
        answer(429, &["Retry-After: 30"], "too many cards"),
    ])
    .await;
    let client = writing(&server);
    let told = client.read(read().hear(&[401, 429])).await.unwrap();
    assert_eq!((told.status, &told.body[..]), (401, &b"unauthorized permission requested"[..]));
    assert_eq!(client.write(write().hear(&[401])).await.unwrap().status, 401);
    assert_eq!(client.read(read().hear(&[401, 429])).await.unwrap().status, 429);
    let held = client.write(write().hear(&[401])).await;
    assert!(matches!(held, Err(WriteError::NotSent { .. })), "a limit that tells its time is noted all the same");
    let server =
        Server::new([answer(429, &[], "too many cards"), answer(200, &[], "fewer"), answer(503, &[], "down")]).await;
    let client = writing(&server);
    assert_eq!(client.read(read().hear(&[401, 429])).await.unwrap().status, 429);
    assert_eq!(client.read(read().hear(&[401, 429])).await.unwrap().status, 200, "it is no limit, as its body says");
    let client = Http::new(HttpConfig {
        read_attempts: 1,
        ..server.config(Arc::new(SetClock::leaping(START.parse().unwrap())))
    });
    assert!(matches!(client.unwrap().read(read().hear(&[401])).await, Err(ConnectorError::Transient { .. })));
}

#[tokio::test]
async fn a_limit_is_waited_for_if_short_and_told_if_long() {
    let far = "Retry-After: Tue, 11 Mar 2025 10:00:00 GMT";
    let check = async |status: u16, headers: &[&str], told: Option<i64>| {
        let server = Server::new([answer(status, headers, ""), answer(200, &[], "[]")]).await;
        let result = server.client().read(read()).await;
        match told {
            None => assert_eq!(result.unwrap().status, 200, "{headers:?}"),
            Some(wait) => {
                let error = result.unwrap_err();
                let ConnectorError::Limited { retry_after, .. } = error else { panic!("{headers:?}: {error}") };
                assert_eq!(retry_after, secs(wait), "{headers:?}");
            }
        }
        assert_eq!(server.seen().len(), if told.is_some() { 1 } else { 2 });
    };
    check(429, &["Retry-After: 5"], None).await;
    check(429, &["Retry-After: 0"], None).await;
    check(429, &["Retry-After: 6"], Some(6)).await;
    check(429, &[far], Some(3600)).await;
    check(429, &["Date: Tue, 11 Mar 2025 09:59:50 GMT", far], Some(10)).await; // by the tool's own clock
    check(429, &["Retry-After: Mon, 10 Mar 2025 10:00:00 GMT"], None).await;
    check(429, &[], Some(60)).await;
    check(429, &["Retry-After: -5"], Some(60)).await;
    check(429, &["Retry-After: soon"], Some(60)).await;
    check(429, &["Retry-After: 99999999999999999999999"], Some(24 * 3600)).await;
    check(403, &["Retry-After: 30"], Some(30)).await;
    check(403, &["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1741683900"], Some(301)).await; // 09:05
    check(403, &["X-RateLimit-Remaining: 0"], Some(60)).await;
}

#[tokio::test]
async fn a_limit_told_a_second_time_is_told_to_the_caller_however_short() {
    let server = Server::new([1, 2, 3].map(|wait| answer(429, &[&format!("Retry-After: {wait}")], ""))).await;
    let Err(ConnectorError::Limited { retry_after, .. }) = server.client().read(read()).await else { panic!() };
    assert_eq!((retry_after, server.seen().len()), (secs(2), 2));
}

#[tokio::test]
async fn nothing_is_sent_inside_a_wait() {
    let server = Server::new([answer(429, &["Retry-After: 300"], ""), answer(200, &[], "")]).await;
    let clock = Arc::new(SetClock::new(START.parse().unwrap()));
    let http = Http::new(server.config(clock.clone())).unwrap().allow_writes(&[(Method::POST, "issues/*/comments")]);
    assert!(matches!(http.read(read()).await, Err(ConnectorError::Limited { .. })));
    clock.advance(secs(100));
    let Err(ConnectorError::Limited { retry_after, .. }) = http.read(read()).await else { panic!() };
    assert_eq!(retry_after, secs(200));
    let Err(WriteError::NotSent { retry_after, .. }) = http.write(write()).await else { panic!() };
    assert_eq!(retry_after, Some(secs(200)));
    assert_eq!(server.seen().len(), 1);
    clock.advance(secs(200));
    assert_eq!(http.read(read()).await.unwrap().status, 200);
}

#[tokio::test]
async fn an_outage_with_a_told_wait_is_waited_out() {
    let server = Server::new([answer(503, &["Retry-After: 120"], "")]).await;
    let error = server.client().read(read()).await.unwrap_err();
    let ConnectorError::Transient { retry_after, .. } = &error else { panic!("{error}") };
    assert_eq!(*retry_after, Some(secs(120)));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_write_is_sent_once_and_what_is_known_of_it_is_told() {
    #[derive(Debug, PartialEq)]
    enum Known {
        Unsure,
        NotSent(Option<i64>),
    }
    let cut = Reply::Bytes(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":".to_vec());
    for (reply, expected) in [
        (answer(500, &[], ""), Known::Unsure),
        (answer(502, &[], ""), Known::Unsure),
        (answer(503, &["Retry-After: 1"], ""), Known::Unsure),
        (answer(408, &[], ""), Known::Unsure),
        (Reply::Bytes(Vec::new()), Known::Unsure),
        (cut, Known::Unsure),
        (answer(201, &[], vec![b' '; 100_001]), Known::Unsure),
        (answer(429, &["Retry-After: 2"], ""), Known::NotSent(Some(2))),
        (answer(403, &["Retry-After: 90"], ""), Known::NotSent(Some(90))),
    ] {
        let server = Server::new([reply, answer(201, &[], "")]).await;
        let known = match writing(&server).write(write()).await.unwrap_err() {
            WriteError::Unsure { .. } => Known::Unsure,
            WriteError::NotSent { retry_after, .. } => Known::NotSent(retry_after.map(|wait| wait.as_secs())),
            other => panic!("{other}"),
        };
        assert_eq!(known, expected);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn without_a_connection_a_write_is_surely_not_sent_and_a_read_passes_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = Server::at(listener.local_addr().unwrap());
    drop(listener);
    let error = writing(&nobody).write(write()).await.unwrap_err();
    assert!(matches!(&error, WriteError::NotSent { because, .. } if because.contains("refused")), "{error}");
    let http = nobody.client();
    let error = http.read(read()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Transient { .. }), "{error}");
    assert_eq!(http.requests(), 3);
}

#[tokio::test]
async fn no_request_outlives_its_deadline() {
    for start in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"] {
        let server = Server::new([Reply::Stuck(start.into()), Reply::Stuck(start.into())]).await;
        let clock = Arc::new(SetClock::new(START.parse().unwrap()));
        let config =
            HttpConfig { deadline: SignedDuration::from_millis(150), read_attempts: 1, ..server.config(clock) };
        let http = Http::new(config).unwrap().allow_writes(&[(Method::POST, "issues/*/comments")]);
        let error = http.read(read()).await.unwrap_err();
        assert!(matches!(&error, ConnectorError::Transient { what, .. } if what.contains("deadline")), "{error}");
        assert!(matches!(http.write(write()).await, Err(WriteError::Unsure { .. })));
    }
}

#[tokio::test]
async fn a_body_is_cut_off_at_the_cap_and_a_bomb_does_not_go_off() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let small = gzip(b"[1,2]");
    let bomb = gzip(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    let server = Server::new([
        answer(200, &["Content-Encoding: gzip"], small),
        answer(200, &[], vec![b' '; 100_000]),
        answer(200, &[], vec![b' '; 100_001]),
        answer(200, &["Content-Encoding: gzip"], bomb),
    ])
    .await;
    let http = server.client();
    assert_eq!(http.read(read()).await.unwrap().json::<Value>("github", "x").unwrap(), json!([1, 2]));
    assert_eq!(http.read(read()).await.unwrap().body.len(), 100_000);
    for _ in 0..2 {
        let error = http.read(read()).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Malformed { .. }), "{error}");
    }
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn what_is_said_to_be_gzip_and_is_not_passes_like_a_cut_body() {
    let server = Server::new([answer(200, &["Content-Encoding: gzip"], "[]"), answer(200, &[], "[]")]).await;
    assert_eq!(server.client().read(read()).await.unwrap().body, "[]");
}

#[tokio::test]
async fn only_allowed_writes_are_sent_and_only_reading_verbs_read() {
    let server = Server::new([answer(201, &[], "")]).await;
    assert!(matches!(server.client().write(write()).await, Err(WriteError::Refused { .. })));
    let http = writing(&server);
    for request in [
        Request::delete("issues/1/comments", "core"),
        Request::post("issues/1", "core"),
        Request::patch("issues/1", "core"),
    ] {
        assert!(matches!(http.write(request).await, Err(WriteError::Refused { .. })));
    }
    assert!(matches!(http.read(Request::delete("issues/1", "core")).await, Err(ConnectorError::Misconfigured { .. })));
    assert_eq!(server.seen().len(), 0);
    assert_eq!(http.write(write()).await.unwrap().status, 201);
    assert!(server.seen()[0].ends_with("\r\n\r\n{\"body\":\"x\"}"));
    assert!(server.seen()[0].to_ascii_lowercase().contains("content-type: application/json"));
}

#[tokio::test]
async fn a_form_is_sent_as_one() {
    let server = Server::new([answer(200, &[], "{}")]).await;
    let form = [("channel", "C1".to_owned()), ("text", "a&b=ü".to_owned())];
    server.client().read(Request::post("conversations.history", "x").form(form)).await.unwrap();
    let seen = &server.seen()[0];
    assert!(seen.ends_with("\r\n\r\nchannel=C1&text=a%26b%3D%C3%BC"), "{seen}");
    assert!(seen.to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn the_tools_clock_is_compared_with_ours() {
    let server = Server::new([
        answer(200, &[], ""),
        answer(404, &["Date: Tue, 11 Mar 2025 09:06:40 GMT"], ""),
        answer(200, &["Date: Tue, 11 Mar 2025 09:00:00 GMT", "Age: 400"], ""),
        answer(200, &["Date: yesterday"], ""),
    ])
    .await;
    let http = server.client();
    for expected in [None, Some(secs(400)), Some(secs(400)), Some(secs(400))] {
        http.read(read()).await.unwrap();
        assert_eq!(http.skew(), expected);
    }
}

#[tokio::test]
async fn no_error_and_no_debug_text_carries_a_secret_or_a_query() {
    let server = Server::new([Reply::Bytes(Vec::new()), Reply::Bytes(b"nonsense\r\n\r\n".to_vec())]).await;
    let nobody = Server::at("127.0.0.1:1".parse().unwrap());
    let mut all = String::new();
    for server in [&server, &nobody] {
        let error = server.client().read(read()).await.unwrap_err();
        all += &texts(&error);
        all += &texts(&writing(server).write(write().query("state", "canary-query")).await.unwrap_err());
    }
    all += &texts(&nobody.client().read(read().bearer(SecretString::from("canary\nline"))).await.unwrap_err());
    all += &format!("{:?}", read().header("authorization", TOKEN));
    assert!(!all.contains("canary"), "{all}");
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let not_pem = folder.path().join("ca.pem");
    std::fs::write(&not_pem, "hello").unwrap();
    let server = Server::at("127.0.0.1:1".parse().unwrap());
    let check = |change: &dyn Fn(&mut HttpConfig), part: &str| {
        let mut config = server.config(Arc::new(SetClock::new(Timestamp::UNIX_EPOCH)));
        change(&mut config);
        let error = Http::new(config).expect_err(part).to_string();
        assert!(error.contains(part) && !error.contains("canary"), "{error}");
    };
    let url = |text: &str| text.parse::<url::Url>().unwrap();
    check(&|c| c.base = url("http://tracker.example/"), "plain http");
    check(&|c| c.base = url("https://ana:canary@tracker.example/"), "must not contain a user");
    check(&|c| c.also = vec![url("http://tracker.example/")], "plain http");
    check(&|c| c.also = vec![url("https://tracker.example/")], "cannot be used together");
    check(&|c| c.ca_file = Some("/nowhere/ca.pem".into()), "/nowhere/ca.pem cannot be read");
    check(&|c| c.ca_file = Some(not_pem.clone()), "holds no certificate");
    check(&|c| c.deadline = secs(-1), "deadline");
    check(
        &|c| {
            c.base = url("https://tracker.example/");
            c.proxy = Some(url("socks5://ana:canary@proxy.example/"));
        },
        "proxy must be",
    );
}

#[tokio::test]
async fn towards_this_machine_no_proxy_is_used() {
    let proxy = Server::new([]).await;
    let server = Server::new([answer(200, &[], "")]).await;
    let mut config = server.config(Arc::new(SetClock::new(Timestamp::UNIX_EPOCH)));
    config.read_attempts = 1;
    config.proxy = Some(format!("http://{}/", proxy.address).parse().unwrap());
    Http::new(config).unwrap().read(read()).await.unwrap();
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}

#[tokio::test]
async fn through_a_proxy_only_the_host_is_told() {
    let proxy = Server::new([answer(502, &[], "")]).await;
    let mut config = proxy.config(Arc::new(SetClock::new(Timestamp::UNIX_EPOCH)));
    config.base = "https://tracker.example/".parse().unwrap();
    config.proxy = Some(format!("http://{}/", proxy.address).parse().unwrap());
    config.read_attempts = 1;
    let error = Http::new(config).unwrap().read(read()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Transient { .. }), "{error}");
    assert!(proxy.seen()[0].starts_with("CONNECT tracker.example:443 "));
    assert!(!proxy.seen()[0].contains("canary"));
}
