//! Answers that never end, and answers whose end is not where they said: each request has a deadline, and no half of a body
//! is taken for the whole.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_kit::clock::SetClock;
use connector_kit::http::{Http, HttpConfig, Request};
use connector_kit::limits::Limits;
use connector_kit::{Clock, ConnectorError};
use jiff::SignedDuration;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::figure;
use crate::lab::at;

const DEADLINE_MS: u128 = 400;
/// A slow machine is late, and an answer without end would be later than anything.
const SLACK_MS: u128 = 5_000;

/// What a connection gets.
#[derive(Clone, Copy)]
enum Reply {
    /// This, then the end.
    Ends(&'static str),
    /// This, then nothing.
    Stuck(&'static str),
    /// This, then that again and again, so many milliseconds apart.
    Forever(&'static str, &'static str, u64),
}

/// A server that gives every connection the same reply, byte for byte.
async fn server(reply: Reply) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, reply));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, reply: Reply) {
    let mut asked = [0; 4096];
    let _ = stream.read(&mut asked).await;
    let (Reply::Ends(start) | Reply::Stuck(start) | Reply::Forever(start, ..)) = reply;
    let _ = stream.write_all(start.as_bytes()).await;
    match reply {
        Reply::Ends(_) => drop(stream.shutdown().await),
        Reply::Stuck(_) => std::future::pending().await,
        Reply::Forever(_, again, millis) => {
            while stream.write_all(again.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
        }
    }
}

fn read() -> Request {
    Request::get("issues", "core").bearer(SecretString::from("ghp_token"))
}

fn hurried(server: SocketAddr) -> Http {
    client(server, DEADLINE_MS)
}

fn client(server: SocketAddr, deadline_ms: u128) -> Http {
    let clock: Arc<dyn Clock> = Arc::new(SetClock::new(at("2026-03-02T09:00:00Z")));
    let config = HttpConfig {
        tool: "github",
        base: format!("http://{server}/api").parse().unwrap(),
        also: Vec::new(),
        ca_file: None,
        proxy: None,
        deadline: SignedDuration::from_millis(i64::try_from(deadline_ms).unwrap()),
        max_body: 100_000,
        read_attempts: 1,
        clock: clock.clone(),
        limits: Arc::new(Limits::new(clock)),
    };
    Http::new(config).unwrap()
}

#[tokio::test]
async fn an_answer_that_never_ends_ends_with_the_deadline() {
    let endless = [
        ("it is accepted, and nothing comes", Reply::Stuck("")),
        ("one byte at a time", Reply::Forever("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", " ", 20)),
        (
            "one chunk at a time",
            Reply::Forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", 20),
        ),
        ("one header at a time", Reply::Forever("HTTP/1.1 200 OK\r\n", "X-More: of it\r\n", 20)),
        ("one byte of a header at a time", Reply::Forever("HTTP/1.1 200 OK\r\nX-Long: ", "x", 20)),
        ("interim answers", Reply::Forever("", "HTTP/1.1 103 Early Hints\r\n\r\n", 20)),
    ];
    let mut longest = 0;
    for (what, reply) in endless {
        let server = server(reply).await;
        let began = Instant::now();
        let error = hurried(server).read(read()).await.unwrap_err();
        let took = began.elapsed().as_millis();
        longest = longest.max(took);
        assert!(matches!(error, ConnectorError::Transient { .. }), "{what}: {error}");
        assert!(took < DEADLINE_MS + SLACK_MS, "{what}: {took} ms");
    }
    figure("F10", format!("the longest of 6 endless answers took {longest} ms with a deadline of {DEADLINE_MS} ms"));
}

#[tokio::test]
async fn headers_without_end_are_refused_however_fast_they_come() {
    let server = server(Reply::Forever("HTTP/1.1 200 OK\r\n", "X-More: of it\r\n", 0)).await;
    let began = Instant::now();
    let error = hurried(server).read(read()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Transient { .. }), "{error}");
    assert!(began.elapsed().as_millis() < DEADLINE_MS + SLACK_MS);
}

#[tokio::test]
async fn a_body_that_ends_elsewhere_than_it_said_is_not_taken_for_the_whole() {
    let cut = [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[1,2]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[1,2]\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[1,2]",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[1,2]",
    ];
    for head in cut {
        let server = server(Reply::Ends(head)).await;
        let error = client(server, SLACK_MS).read(read()).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Transient { .. }), "{head:?}: {error}");
    }
    // Shorter than what comes: what was declared is the body, and it is no JSON.
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n[1,2]";
    let server = server(Reply::Ends(short)).await;
    let answer = client(server, SLACK_MS).read(read()).await.unwrap();
    assert!(matches!(answer.json::<Vec<u8>>("github", "numbers"), Err(ConnectorError::Malformed { .. })));
    figure("F11", format!("{} bodies that end elsewhere than they said, 0 taken for whole", cut.len() + 1));
}
