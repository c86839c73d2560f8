//! A server that holds boards and answers as Trello does: pages before an id, limits, filters, plain-text refusals.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::{Cursor, Page, Scope, Source, StreamKey, StreamKind};
use connector_model::{ContainerKind, ContainerRef};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Config, Fields, States, Trello};

/// What the clock of the tests shows.
pub(super) const NOW: &str = "2026-03-11T09:00:00Z";

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    /// `/1/cards/c1?fields=…`
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    /// Below `/1/`.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap().strip_prefix("/1/").unwrap()
    }

    /// `GET boards/b1/cards`
    pub(super) fn call(&self) -> String {
        format!("{} {}", self.method, self.path())
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

/// Status and body; a text is sent as it is, without quotes.
pub(super) type Answer = (u16, Value);

/// What the server holds.
#[derive(Default)]
pub(super) struct World {
    pub(super) boards: Vec<Value>,
    pub(super) lists: Vec<Value>,
    pub(super) cards: Vec<Value>,
    pub(super) actions: Vec<Value>,
    pub(super) checklists: Vec<Value>,
    pub(super) fields: Vec<Value>,
    pub(super) labels: Vec<Value>,
    pub(super) members: Vec<Value>,
    pub(super) memberships: Vec<Value>,
    pub(super) tokens: Vec<Value>,
    /// Asked first.
    #[allow(clippy::type_complexity)]
    pub(super) instead: Option<Box<dyn Fn(&Asked) -> Option<Answer> + Send>>,
}

impl World {
    /// One board with a few lists and two people.
    pub(super) fn small() -> World {
        let list = |id: &str, name: &str| json!({"id": id, "name": name, "closed": false, "pos": 1, "idBoard": BOARD});
        let member = |id: &str, name: &str| json!({"id": id, "username": name, "fullName": name.to_uppercase()});
        World {
            boards: vec![json!({"id": BOARD, "name": "Studio", "closed": false, "shortLink": "aB3dE5gH"})],
            lists: vec![list("l1", "To Do"), list("l2", "Doing"), list("l3", "Done"), list("l4", "Misc")],
            members: vec![member("m1", "ana"), member("m2", "ben"), member("bot", "gapwatch")],
            ..World::default()
        }
    }

    pub(super) fn card(&mut self, id: &str) -> &mut Value {
        self.cards.iter_mut().find(|card| card["id"] == id).unwrap()
    }

    /// Changes fields of a card; it has moved then.
    pub(super) fn change(&mut self, id: &str, fields: Value) {
        let at = format!("2026-03-11T08:{:02}:00.000Z", self.actions.len() % 60);
        let card = self.card(id);
        card["dateLastActivity"] = at.into();
        for (name, value) in fields.as_object().unwrap() {
            card[name] = value.clone();
        }
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if let Some(answer) = self.instead.as_ref().and_then(|instead| instead(asked)) {
            return answer;
        }
        let parts: Vec<&str> = asked.path().split('/').collect();
        let of_board = |all: &[Value], id: &str| -> Value {
            all.iter().filter(|one| one["idBoard"] == id || one["idBoard"].is_null()).cloned().collect()
        };
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["members", "me"]) => (200, json!({"id": "bot", "username": "gapwatch", "fullName": "Gapwatch"})),
            ("GET", ["members", "me", "boards"]) => {
                (200, self.boards.iter().filter(|board| board["hidden"] != true).cloned().collect())
            }
            ("GET", ["members", "me", "tokens"]) => (200, self.tokens.clone().into()),
            ("GET", ["boards", id]) => {
                let is = |board: &&Value| board["id"] == *id || board["shortLink"] == *id;
                self.boards.iter().find(is).map_or((404, "model not found".into()), |board| (200, board.clone()))
            }
            ("GET", ["boards", id, "lists"]) => (200, of_board(&self.lists, id)),
            ("GET", ["boards", _, "labels"]) => (200, self.labels.clone().into()),
            ("GET", ["boards", _, "customFields"]) => (200, self.fields.clone().into()),
            ("GET", ["boards", _, "members"]) => (200, self.members.clone().into()),
            ("GET", ["boards", _, "memberships"]) => (200, self.memberships.clone().into()),
            ("GET", ["boards", _, "checklists"]) => (200, self.checklists.clone().into()),
            ("GET", ["boards", id, "cards"]) => (200, self.cards_of(id, asked)),
            ("GET", ["boards", id, "actions"]) => (200, self.actions_of(asked, |data| data["board"]["id"] == *id)),
            ("GET", ["cards", id, "actions"]) => (200, self.actions_of(asked, |data| data["card"]["id"] == *id)),
            ("GET", ["cards", id, "checklists"]) => {
                (200, self.checklists.iter().filter(|list| list["idCard"] == *id).cloned().collect())
            }
            ("GET", ["cards", id]) => {
                let found = self.cards.iter().find(|card| card["id"] == *id);
                found.map_or((404, "The requested resource was not found.".into()), |card| (200, card.clone()))
            }
            _ => (404, "The requested resource was not found.".into()),
        }
    }

    fn cards_of(&self, board: &str, asked: &Asked) -> Value {
        let is_all = asked.query("filter").as_deref() == Some("all");
        let fits = |card: &&Value| card["idBoard"] == board && (is_all || card["closed"] != true);
        page(self.cards.iter().filter(fits), asked)
    }

    fn actions_of(&self, asked: &Asked, of: impl Fn(&Value) -> bool) -> Value {
        let filter = asked.query("filter").unwrap_or_default();
        let kinds: Vec<&str> = filter.split(',').collect();
        let since = asked.query("since").map(|since| since.parse::<jiff::Timestamp>().unwrap());
        let fits = |action: &&Value| {
            let at: jiff::Timestamp = action["date"].as_str().unwrap().parse().unwrap();
            of(&action["data"])
                && kinds.contains(&action["type"].as_str().unwrap())
                && since.is_none_or(|since| at > since)
        };
        page(self.actions.iter().filter(fits), asked)
    }
}

/// Newest first, before an id, no more than the limit.
fn page<'a>(all: impl Iterator<Item = &'a Value>, asked: &Asked) -> Value {
    let before = asked.query("before");
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let mut all: Vec<&Value> = all.filter(|one| before.as_ref().is_none_or(|before| id(one) < *before)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(id(one)));
    let limit = asked.query("limit").map_or(50, |limit| limit.parse().unwrap());
    all.into_iter().take(limit).cloned().collect()
}

/// The board of [`World::small`].
pub(super) const BOARD: &str = "5aaaaaaaaaaaaaaaaaaaaaaa";

/// An id that was made so many seconds after midnight of 2026-03-01.
pub(super) fn id(seconds: u32) -> String {
    format!("{:08x}0000000000000000", 1_772_323_200 + seconds)
}

/// A card of [`World::small`].
pub(super) fn card(id: &str, list: &str) -> Value {
    json!({
        "id": id, "name": format!("card {id}"), "closed": false, "idBoard": BOARD, "idList": list, "idMembers": ["m1"],
        "labels": [], "due": null, "dueComplete": false, "dateLastActivity": "2026-03-10T10:00:00.000Z",
        "shortLink": format!("S{}", &id[1..8]), "shortUrl": format!("https://trello.com/c/S{}", &id[1..8]),
        "badges": {"checkItems": 0, "checkItemsChecked": 0, "attachments": 0}, "customFieldItems": [], "attachments": [],
    })
}

/// An action of [`World::small`].
pub(super) fn action(id: &str, kind: &str, at: &str, mut data: Value) -> Value {
    data["board"] = json!({"id": BOARD});
    let by = json!({"id": "m1", "username": "ana", "fullName": "ANA"});
    json!({"id": id, "type": kind, "date": at, "idMemberCreator": "m1", "memberCreator": by, "data": data})
}

pub(super) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(super) world: Arc<Mutex<World>>,
}

impl Server {
    pub(super) async fn new(world: World) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let world = Arc::new(Mutex::new(world));
        let (seen, held) = (asked.clone(), world.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else { continue };
                seen.lock().unwrap().push(request.clone());
                let (status, body) = held.lock().unwrap().answer(&request);
                let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                let head = "connection: close\r\ndate: Wed, 11 Mar 2026 09:00:00 GMT\r\n";
                let text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{head}\r\n{body}", body.len());
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Server { address, asked, world }
    }

    pub(super) fn trello(&self) -> Trello {
        self.trello_with(|_| {}).0
    }

    /// With another configuration, and its clock.
    pub(super) fn trello_with(&self, change: impl FnOnce(&mut Config)) -> (Trello, Arc<SetClock>) {
        let mut config = Config {
            url: format!("http://{}/1", self.address).parse().unwrap(),
            key: Secret::fixed("trelloKey"),
            token: Secret::fixed("trelloToken"),
            boards: Vec::new(),
            states: States::default(),
            fields: Fields::default(),
            ca_file: None,
            proxy: None,
        };
        change(&mut config);
        let clock = Arc::new(SetClock::leaping(NOW.parse().unwrap()));
        (Trello::new(config, clock.clone()).unwrap(), clock)
    }

    /// Everything asked so far, and forgets it.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// `GET boards/b1/cards` of everything asked so far, and forgets it.
    pub(super) fn calls(&self) -> Vec<String> {
        self.asked().iter().map(Asked::call).collect()
    }
}

/// The board as a stream's scope.
pub(super) fn scope(board: &str) -> Scope {
    let at = ContainerRef { kind: ContainerKind::Board, ext: board.to_owned() };
    Scope { at, handle: board.to_owned(), name: "Studio".to_owned() }
}

pub(super) fn stream(kind: StreamKind, board: &str) -> StreamKey {
    StreamKey { kind, scope: Some(scope(board)) }
}

/// Pulls until nothing more is to come at once.
pub(super) async fn pass(trello: &Trello, key: &StreamKey, cursor: &Cursor) -> (Vec<Page>, Cursor) {
    let (mut pages, mut cursor) = (Vec::new(), cursor.clone());
    loop {
        let page = trello.pull(key, &cursor).await.unwrap();
        cursor = page.next.clone();
        let more = page.more;
        pages.push(page);
        assert!(pages.len() < 100, "it does not end");
        if !more {
            return (pages, cursor);
        }
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
