//! Answers that never end, and answers whose end is not where they said: each request has a deadline, and no half of a body
//! is taken for the whole.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Instant;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::testing::{Reply, START, Server};
use super::{Http, HttpConfig, Request};
use crate::ConnectorError;
use crate::clock::SetClock;

const DEADLINE_MS: u128 = 400;

fn read() -> Request {
    Request::get("issues", "core").bearer(SecretString::from("ghp_token"))
}

fn hurried(server: &Server) -> Http {
    let deadline = SignedDuration::from_millis(i64::try_from(DEADLINE_MS).unwrap());
    let clock = Arc::new(SetClock::new(START.parse().unwrap()));
    Http::new(HttpConfig { deadline, read_attempts: 1, ..server.config(clock) }).unwrap()
}

#[tokio::test]
async fn an_answer_that_never_ends_ends_with_the_deadline() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}").into_bytes();
    let endless = [
        ("it is accepted, and nothing comes", Reply::Stuck(Vec::new())),
        ("one byte at a time", Reply::Forever(head("Content-Length: 100000\r\n\r\n"), " ", 20)),
        ("one chunk at a time", Reply::Forever(head("Transfer-Encoding: chunked\r\n\r\n"), "1\r\n \r\n", 20)),
        ("one header at a time", Reply::Forever(head(""), "X-More: of it\r\n", 20)),
        ("one byte of a header at a time", Reply::Forever(head("X-Long: "), "x", 20)),
        ("interim answers", Reply::Forever(Vec::new(), "HTTP/1.1 103 Early Hints\r\n\r\n", 20)),
    ];
    let mut longest = 0;
    for (what, reply) in endless {
        let server = Server::new([reply]).await;
        let began = Instant::now();
        let error = hurried(&server).read(read()).await.unwrap_err();
        let took = began.elapsed().as_millis();
        longest = longest.max(took);
        assert!(matches!(error, ConnectorError::Transient { .. }), "{what}: {error}");
        assert!(took < 4 * DEADLINE_MS, "{what}: {took} ms");
    }
    println!("figure F10: the longest of 6 endless answers took {longest} ms with a deadline of {DEADLINE_MS} ms");
}

#[tokio::test]
async fn headers_without_end_are_refused_however_fast_they_come() {
    let server = Server::new([Reply::Forever(b"HTTP/1.1 200 OK\r\n".to_vec(), "X-More: of it\r\n", 0)]).await;
    let began = Instant::now();
    let error = hurried(&server).read(read()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Transient { .. }), "{error}");
    assert!(began.elapsed().as_millis() < 4 * DEADLINE_MS);
}

#[tokio::test]
async fn a_body_that_ends_elsewhere_than_it_said_is_not_taken_for_the_whole() {
    let cut = [
        "Content-Length: 100\r\n\r\n[1,2]",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n",
        "Transfer-Encoding: chunked\r\n\r\nff\r\n[1,2]",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n[1,2]\r\n0\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\n[1,2]",
        "Content-Length: many\r\n\r\n[1,2]",
    ];
    for head in cut {
        let server = Server::new([Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes())]).await;
        let error = hurried(&server).read(read()).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Transient { .. }), "{head:?}: {error}");
    }
    // Shorter than what comes: what was declared is the body, and it is no JSON.
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n[1,2]".to_vec();
    let server = Server::new([Reply::Bytes(short)]).await;
    let answer = hurried(&server).read(read()).await.unwrap();
    assert!(matches!(answer.json::<Vec<u8>>("github", "numbers"), Err(ConnectorError::Malformed { .. })));
    println!("figure F11: {} bodies that end elsewhere than they said, 0 taken for whole", cut.len() + 1);
}
