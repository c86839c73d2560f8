//! A server for tests: each connection gets the next of its replies, byte for byte, and what it was asked is kept.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Http, HttpConfig};
use crate::clock::SetClock;
use crate::limits::Limits;

/// What the tests' clock shows first.
pub(super) const START: &str = "2025-03-11T09:00:00Z";

/// What one connection gets.
pub(super) enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes, then nothing, the connection stays open.
    Stuck(Vec<u8>),
}

/// An answer with this status, these further header lines and this body.
pub(super) fn answer(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.as_ref().len());
    for header in headers {
        bytes += header;
        bytes += "\r\n";
    }
    bytes += "\r\n";
    Reply::Bytes([bytes.as_bytes(), body.as_ref()].concat())
}

/// The server. Connections beyond its replies are closed without a word, and kept among the seen.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn new(replies: impl IntoIterator<Item = Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, replies.into_iter().collect(), seen.clone()));
        Server { address, seen }
    }

    /// Nobody listens there.
    pub(super) fn at(address: SocketAddr) -> Server {
        Server { address, seen: Arc::default() }
    }

    /// Each request as it came: head and body.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// A client of this server on a clock that leaps over every wait.
    pub(super) fn client(&self) -> Http {
        Http::new(self.config(Arc::new(SetClock::leaping(START.parse::<Timestamp>().unwrap())))).unwrap()
    }

    pub(super) fn config(&self, clock: Arc<SetClock>) -> HttpConfig {
        HttpConfig {
            tool: "github",
            base: format!("http://{}/api", self.address).parse().unwrap(),
            also: Vec::new(),
            ca_file: None,
            proxy: None,
            deadline: SignedDuration::from_secs(5),
            max_body: 100_000,
            read_attempts: 3,
            clock: clock.clone(),
            limits: Arc::new(Limits::new(clock)),
        }
    }
}

async fn serve(listener: TcpListener, replies: Vec<Reply>, seen: Arc<Mutex<Vec<String>>>) {
    let mut replies = replies.into_iter();
    let mut kept = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        seen.lock().unwrap().push(request);
        match replies.next() {
            Some(Reply::Bytes(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            }
            Some(Reply::Stuck(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                kept.push(stream);
            }
            None => {}
        }
    }
}

pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&text) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn is_whole(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
}
