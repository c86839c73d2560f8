//! A server whose answers are a function of the request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::{Cursor, Page, Scope, Source, StreamKey, StreamKind};
use connector_model::{ContainerKind, ContainerRef};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Config, Edition, Fields, Jira, Login, States};

/// What the clock of the tests shows.
pub(super) const NOW: &str = "2025-03-11T09:00:00Z";

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// `GET`
    pub(super) method: String,
    /// `/rest/api/3/field?startAt=0`
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a query pair, decoded.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://x{}", self.target)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

pub(super) fn answer(status: u16, body: impl ToString) -> Answer {
    Answer { status, headers: vec!["content-type: application/json".to_owned()], body: body.to_string() }
}

impl Answer {
    pub(super) fn with(mut self, header: &str) -> Answer {
        self.headers.push(header.to_owned());
        self
    }
}

pub(super) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(super) async fn new(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else { continue };
                seen.lock().unwrap().push(request.clone());
                let Answer { status, headers, body } = respond(&request);
                let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
                );
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Server { address, asked }
    }

    pub(super) fn config(&self, edition: Edition) -> Config {
        Config {
            url: format!("http://{}", self.address).parse().unwrap(),
            gateway_url: None,
            edition: Some(edition),
            login: Login { user: Some("bot@acme.example".to_owned()), token: Secret::fixed("s3cret-token") },
            projects: vec!["EE".to_owned()],
            select: None,
            states: States::default(),
            fields: Fields::default(),
            blocking: Vec::new(),
            comment_service_projects: false,
            ca_file: None,
            proxy: None,
        }
    }

    /// A connection, and the clock it goes by.
    pub(super) fn jira(&self, config: Config) -> (Jira, Arc<SetClock>) {
        let clock = Arc::new(SetClock::leaping(NOW.parse().unwrap()));
        let gateway = Some(format!("http://{}/gateway", self.address).parse().unwrap());
        (Jira::behind(config, gateway, clock.clone()).unwrap(), clock)
    }

    /// Everything asked so far, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Verb and path of everything asked so far, and forgets it.
    pub(super) fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.path())).collect()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut text = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&buffer[..count]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let (first, head) = head.split_once("\r\n")?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let asked = Asked { method, target, head: head.to_owned(), body: body.to_owned() };
        if asked.header("content-length").map_or(0, |length| length.parse().unwrap()) == body.len() {
            return Some(asked);
        }
    }
}

/// A stream of the project `EE`, whose id is 10003.
pub(super) fn stream(kind: StreamKind) -> StreamKey {
    StreamKey { kind, scope: (kind != StreamKind::Containers).then(|| project("10003", "EE")) }
}

/// A project.
pub(super) fn project(id: &str, key: &str) -> Scope {
    let at = ContainerRef { kind: ContainerKind::Project, ext: id.to_owned() };
    Scope { at, handle: key.to_owned(), name: key.to_owned() }
}

/// Pulls until there is no more; all pages, and where the stream stands then.
pub(super) async fn pass(jira: &Jira, kind: StreamKind, cursor: &Cursor) -> (Vec<Page>, Cursor) {
    let (mut pages, mut cursor) = (Vec::new(), cursor.clone());
    loop {
        let page = jira.pull(&stream(kind), &cursor).await.unwrap();
        cursor = page.next.clone();
        let more = page.more;
        pages.push(page);
        assert!(pages.len() < 1_000, "no end");
        if !more {
            return (pages, cursor);
        }
    }
}
