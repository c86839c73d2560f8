//! Websockets towards servers that speak them over TLS, or something else.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use super::HttpConfig;
use super::socket::{Frame, Socket};
use super::testing::{Server, answer};
use super::tls_tests::Company;
use crate::ConnectorError;
use crate::clock::SetClock;

/// What stands in an address and in no text.
const TICKET: &str = "canary-of-the-ticket";

fn config(ca_file: Option<PathBuf>, max_body: usize) -> HttpConfig {
    let clock = Arc::new(SetClock::leaping(Timestamp::UNIX_EPOCH));
    let config = Server::at(([127, 0, 0, 1], 1).into()).config(clock);
    HttpConfig { ca_file, max_body, deadline: SignedDuration::from_secs(1), ..config }
}

async fn open(address: &str, ca_file: Option<PathBuf>) -> Result<Socket, ConnectorError> {
    Socket::open(config(ca_file, 100_000), &address.parse().unwrap()).await
}

async fn refused(address: &str) -> String {
    let error = open(address, None).await.err().unwrap_or_else(|| panic!("{address} was opened"));
    let text = format!("{error} {error:?}");
    assert!(!text.contains(TICKET), "{text}");
    text
}

/// Repeats what it is told, over TLS; it would rather speak HTTP/2.
async fn echo(company: &Company) -> SocketAddr {
    let mut certified = company.certified("127.0.0.1", 2100);
    certified.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(certified));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() && socket.send(message).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn it_speaks_over_tls_to_a_server_that_prefers_http_2_and_outlives_the_deadline_of_requests() {
    let company = Company::new();
    let address = format!("wss://127.0.0.1:{}/link/?ticket={TICKET}", echo(&company).await.port());
    let mut socket = open(&address, Some(company.ca_file())).await.unwrap();
    socket.send("hello".to_owned()).await.unwrap();
    assert_eq!(socket.next().await, Some(Frame::Text("hello".to_owned())));
    let silence = tokio::time::timeout(Duration::from_millis(1_300), socket.next()).await;
    assert!(silence.is_err(), "nothing comes, and nothing ends: {silence:?}");
    socket.ping().await.unwrap();
    assert_eq!(socket.next().await, Some(Frame::Other), "a sign of life");
    socket.send("later".to_owned()).await.unwrap();
    assert_eq!(socket.next().await, Some(Frame::Text("later".to_owned())));
    // A CA that nobody named.
    assert!(open(&address, None).await.is_err());
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_it() {
    let company = Company::new();
    let address = format!("wss://127.0.0.1:{}/", echo(&company).await.port());
    let config = config(Some(company.ca_file()), 1_000);
    let mut socket = Socket::open(config, &address.parse().unwrap()).await.unwrap();
    socket.send("x".repeat(2_000)).await.unwrap();
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn what_does_not_speak_websocket_is_refused_and_the_ticket_told_nobody() {
    let other = Server::new([
        answer(200, &[], "{}"),
        answer(302, &["Location: https://evil.example/"], ""),
        answer(101, &["Upgrade: websocket", "Sec-WebSocket-Accept: bm90aGluZw=="], ""),
    ])
    .await;
    let address = format!("ws://{}/?ticket={TICKET}", other.address);
    assert!(refused(&address).await.contains("HTTP 200 instead of a websocket"));
    assert!(refused(&address).await.contains("HTTP 302 instead of a websocket"), "no redirect is followed");
    assert!(refused(&address).await.contains("does not speak websocket"));
    let asked = other.seen().join("\n").to_lowercase();
    assert!(asked.contains("sec-websocket-key: ") && !asked.contains("authorization"), "{asked}");
    assert!(refused(&format!("ws://slack.example/?ticket={TICKET}")).await.contains("plain http"));
    assert!(refused(&format!("https://slack.example/?ticket={TICKET}")).await.contains("wss://"));
    assert!(refused(&format!("ws://127.0.0.1:1/?ticket={TICKET}")).await.contains("no websocket to 127.0.0.1"));
}

#[tokio::test]
async fn a_server_that_hangs_up_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        socket.send(Message::text("one")).await.unwrap();
        socket.send(Message::binary(vec![1])).await.unwrap();
    });
    let mut socket = open(&format!("ws://{address}/"), None).await.unwrap();
    assert_eq!(socket.next().await, Some(Frame::Text("one".to_owned())));
    assert_eq!(socket.next().await, Some(Frame::Other));
    assert_eq!(socket.next().await, None);
}
