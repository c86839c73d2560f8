//! A server whose answers are a function of the request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::{Cursor, Page, Scope, Source, StreamKey, StreamKind};
use connector_model::{ContainerKind, ContainerRef, StatusCategory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Config, Credential, Fields, Filter, GitHub, Project, States, Statuses};

/// What the clock of the tests shows.
pub(super) const NOW: &str = "2025-03-11T09:00:00Z";

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// `GET`
    pub(super) method: String,
    /// `/repos/acme/web/issues?state=all`
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
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

    /// Names a further page, on a host that is not ours.
    pub(super) fn next(self, query: &str) -> Answer {
        self.with(&format!("link: <https://evil.example/repositories/1000/issues?{query}>; rel=\"next\""))
    }
}

/// A token alone.
pub(super) fn token(token: &str) -> Credential {
    Credential::Token { token: Secret::fixed(token), comment_token: None }
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

    pub(super) fn github(&self) -> GitHub {
        self.github_of(&["acme/web"])
    }

    pub(super) fn github_of(&self, repos: &[&str]) -> GitHub {
        self.github_with(token("ghp_secret"), repos).0
    }

    /// With another credential, and the clock it goes by.
    pub(super) fn github_with(&self, credential: Credential, repos: &[&str]) -> (GitHub, Arc<SetClock>) {
        let clock = Arc::new(SetClock::leaping(NOW.parse().unwrap()));
        let config = Config {
            url: format!("http://{}", self.address).parse().unwrap(),
            graphql_url: None,
            credential,
            repos: repos.iter().map(ToString::to_string).collect(),
            filter: Filter::default(),
            states: States::default(),
            projects: vec![Project { owner: "acme".to_owned(), number: 7 }],
            fields: Fields::usual(),
            statuses: Statuses::new([("In Progress".to_owned(), StatusCategory::Active)], &["Backlog".to_owned()]),
            ca_file: None,
            proxy: None,
        };
        (GitHub::new(config, clock.clone()).unwrap(), clock)
    }

    /// Everything asked so far, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// `GET /path?query` of everything asked so far, and forgets it.
    pub(super) fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
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

/// A stream of the repository `acme/web`, whose id is 1000.
pub(super) fn stream(kind: StreamKind) -> StreamKey {
    let at = ContainerRef { kind: ContainerKind::Repository, ext: "1000".to_owned() };
    let scope = Scope { at, handle: "repos/acme/web".to_owned(), name: "acme/web".to_owned() };
    StreamKey { kind, scope: (kind != StreamKind::Containers).then_some(scope) }
}

/// Pulls until there is no more; all pages, and where the stream stands then.
pub(super) async fn pass(github: &GitHub, kind: StreamKind, cursor: &Cursor) -> (Vec<Page>, Cursor) {
    let (mut pages, mut cursor) = (Vec::new(), cursor.clone());
    loop {
        let page = github.pull(&stream(kind), &cursor).await.unwrap();
        cursor = page.next.clone();
        let more = page.more;
        pages.push(page);
        assert!(pages.len() < 1_000, "no end");
        if !more {
            return (pages, cursor);
        }
    }
}
