//! A server whose answers are a function of the request. Who asks, in which workspace, and who else is there is answered by
//! itself.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Asana, Config, Fields, States};

/// What the clock of the tests shows.
pub(super) const NOW: &str = "2025-03-11T09:00:00Z";

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// `GET tasks/12/stories`
    pub(super) fn call(&self) -> String {
        format!("{} {}", self.method, self.path().strip_prefix("/api/1.0/").unwrap())
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
    Answer { status, headers: vec!["content-type: application/json".to_owned()], body: body.to_string() }
}

/// Asana's own form of success.
pub(super) fn good(data: Value) -> Answer {
    answer(200, json!({ "data": data }))
}

/// A page of a list.
pub(super) fn page(data: Value, offset: Option<&str>) -> Answer {
    let next = offset.map(|offset| json!({"offset": offset, "path": "/x", "uri": "https://elsewhere.example/steal"}));
    answer(200, json!({"data": data, "next_page": next}))
}

/// Asana's own form of failure.
pub(super) fn bad(status: u16, message: &str) -> Answer {
    answer(status, json!({"errors": [{"message": message, "help": "See the docs"}]}))
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

type Respond = dyn Fn(&Asked) -> Answer + Send + Sync;

/// What every test's workspace is like: two projects, one of them watched. `both`: it is on a paid plan, and there is another
/// one, on a free plan.
fn by_itself(asked: &Asked, both: bool) -> Option<Answer> {
    let of = |gid: &str, name: &str, workspace: &str| json!({"gid": gid, "name": name, "archived": false, "completed": false, "workspace": {"gid": workspace}});
    let project = |gid: &str, name: &str| json!({"gid": gid, "name": name, "archived": false, "completed": false});
    match asked.call().as_str() {
        "GET users/me" if both => Some(good(json!({"gid": "77", "name": "Gapwatch",
            "workspaces": [{"gid": "1", "name": "Acme"}, {"gid": "2", "name": "Club"}]}))),
        "GET projects/100" if both => Some(good(of("100", "Web", "1"))),
        "GET projects/200" if both => Some(good(of("200", "Party", "2"))),
        "GET workspaces/1/tasks/search" if both => Some(page(json!([]), None)),
        "GET workspaces/2/tasks/search" => Some(bad(402, "Search is only available to premium users")),
        "GET workspaces/2/workspace_memberships" => Some(page(json!([]), None)),
        "GET users/me" => Some(good(json!({"gid": "77", "name": "Gapwatch", "email": "bot@acme.example",
            "workspaces": [{"gid": "1", "name": "Acme"}]}))),
        "GET projects/100" => Some(good(project("100", "Web"))),
        "GET projects" => Some(page(json!([project("100", "Web"), project("200", "Shop")]), None)),
        "GET workspaces/1/tasks/search" => Some(bad(402, "Search is only available to premium users")),
        "GET workspaces/1/workspace_memberships" => Some(page(
            json!([
                {"user": {"gid": "7", "name": "Ana", "email": "ana@acme.example"}, "is_active": true},
                {"user": {"gid": "8", "name": "Bo", "email": "bo@acme.example"}, "is_active": false},
            ]),
            None,
        )),
        _ => None,
    }
}

/// Answers a batch by what each of its parts would have been answered.
fn batch(asked: &Asked, respond: &Respond) -> Answer {
    let actions = asked.json()["data"]["actions"].as_array().unwrap().clone();
    assert!((1..=10).contains(&actions.len()), "a batch of {}", actions.len());
    let parts: Vec<Value> = actions
        .iter()
        .map(|action| {
            let path = action["relative_path"].as_str().unwrap();
            assert!(!path.contains('?'), "no query in a batch");
            let options = &action["options"];
            let fields: Vec<&str> = options["fields"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
            let mut query = vec![format!("opt_fields={}", fields.join(","))];
            query.extend(options["limit"].as_u64().map(|limit| format!("limit={limit}")));
            query.extend(options["offset"].as_str().map(|offset| format!("offset={offset}")));
            let part = Asked {
                method: action["method"].as_str().unwrap().to_uppercase(),
                target: format!("/api/1.0{path}?{}", query.join("&")),
                head: asked.head.clone(),
                body: String::new(),
            };
            let answer = respond(&part);
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            json!({"status_code": answer.status, "headers": {}, "body": body})
        })
        .collect();
    good(json!(parts))
}

impl Server {
    pub(super) async fn new(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Server {
        Server::of_workspaces(false, respond).await
    }

    /// See [`by_itself`].
    pub(super) async fn of_workspaces(
        both: bool,
        respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else { continue };
                let Answer { status, headers, body } = match by_itself(&request, both) {
                    Some(answer) => answer,
                    None => {
                        seen.lock().unwrap().push(request.clone());
                        let own = respond(&request);
                        // Whoever says nothing of batches has them.
                        match request.call() == "POST batch" && own.status == 0 {
                            true => batch(&request, &respond),
                            false => own,
                        }
                    }
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

    pub(super) fn asana(&self) -> Asana {
        self.asana_with(|_| {})
    }

    /// With another configuration.
    pub(super) fn asana_with(&self, change: impl FnOnce(&mut Config)) -> Asana {
        self.asana_at(NOW, change)
    }

    /// At another time.
    pub(super) fn asana_at(&self, now: &str, change: impl FnOnce(&mut Config)) -> Asana {
        let mut config = Config {
            url: format!("http://{}/api/1.0", self.address).parse().unwrap(),
            token: Secret::fixed("asana_secret"),
            workspace: None,
            projects: vec!["100".to_owned()],
            states: States::default(),
            fields: Fields::default(),
            ca_file: None,
            proxy: None,
        };
        change(&mut config);
        Asana::new(config, Arc::new(SetClock::leaping(now.parse().unwrap()))).unwrap()
    }

    /// Everything asked so far but what is answered by itself, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// `GET tasks/12` of everything asked so far, and forgets it.
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
