//! A server whose answers are a function of the request. Who asks is answered by itself: the account `bot`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use serde_json::{Value, json};
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
    /// `/rest/api/3/issue/10005?fields=project`
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// `POST issue/10005/comment`
    pub(super) fn call(&self) -> String {
        let path = self.path();
        let below = path.strip_prefix("/rest/api/3/").or_else(|| path.strip_prefix("/rest/api/2/")).unwrap_or(path);
        format!("{} {below}", self.method)
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

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
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
    let headers = vec!["content-type: application/json".to_owned(), "x-aaccountid: bot".to_owned()];
    Answer { status, headers, body: body.to_string() }
}

impl Answer {
    pub(super) fn with(mut self, header: &str) -> Answer {
        self.headers.push(header.to_owned());
        self
    }
}

/// An account in the shape of either edition.
pub(super) fn person(id: &str) -> Value {
    json!({"accountId": id, "accountType": "atlassian", "key": id, "name": id, "displayName": id, "active": true})
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
                let Answer { status, headers, body } = if request.call() == "GET myself" {
                    answer(200, person("bot"))
                } else {
                    seen.lock().unwrap().push(request.clone());
                    respond(&request)
                };
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

    pub(super) fn jira(&self, edition: Edition) -> Jira {
        self.jira_with(edition, |_| {})
    }

    /// With another configuration.
    pub(super) fn jira_with(&self, edition: Edition, change: impl FnOnce(&mut Config)) -> Jira {
        let mut config = Config {
            url: format!("http://{}", self.address).parse().unwrap(),
            gateway_url: None,
            edition: Some(edition),
            login: Login { user: Some("bot@acme.example".to_owned()), token: Secret::fixed("jira_secret") },
            projects: vec!["ABC".to_owned()],
            select: None,
            states: States::default(),
            fields: Fields::default(),
            blocking: Vec::new(),
            comment_service_projects: false,
            ca_file: None,
            proxy: None,
        };
        change(&mut config);
        Jira::new(config, Arc::new(SetClock::leaping(NOW.parse().unwrap()))).unwrap()
    }

    /// Everything asked so far but who we are, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// `GET issue/10005` of everything asked so far, and forgets it.
    pub(super) fn calls(&self) -> Vec<String> {
        self.asked().iter().map(Asked::call).collect()
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
