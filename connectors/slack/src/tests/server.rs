//! A server that gives each method its scripted answers, one after the other, and keeps what it was asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use connector_kit::{BoxFuture, Clock};
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Status {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection is closed once the request has been read.
    Cut,
}

impl Answer {
    /// `ok: true` and these fields.
    pub(super) fn ok(mut fields: Value) -> Answer {
        fields["ok"] = Value::Bool(true);
        Answer::status(200, &fields.to_string())
    }

    /// `ok: false`, with status 200 as Slack does it.
    pub(super) fn no(word: &str) -> Answer {
        Answer::status(200, &serde_json::json!({"ok": false, "error": word}).to_string())
    }

    pub(super) fn status(status: u16, body: &str) -> Answer {
        Answer::Status { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Answer {
        if let Answer::Status { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) verb: String,
    pub(super) path: String,
    pub(super) body: String,
    query: String,
    headers: HashMap<String, String>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://x/?{}", self.query)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn method(&self) -> String {
        self.path.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

pub(super) struct Server {
    pub(super) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    accepting: JoinHandle<()>,
}

type Script = Arc<Mutex<HashMap<String, VecDeque<Answer>>>>;

impl Server {
    pub(super) async fn start<const N: usize>(script: [(&str, Vec<Answer>); N]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let script = script.into_iter().map(|(method, answers)| (method.to_owned(), answers.into())).collect();
        let accepting = tokio::spawn(accept(listener, Arc::new(Mutex::new(script)), calls.clone()));
        Server { url, calls, accepting }
    }

    pub(super) async fn stop(&self) {
        self.accepting.abort();
        while !self.accepting.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The methods called, in order.
    pub(super) fn methods(&self) -> Vec<String> {
        self.calls().iter().map(Call::method).collect()
    }
}

async fn accept(listener: TcpListener, script: Script, calls: Arc<Mutex<Vec<Call>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, script.clone(), calls.clone()));
    }
}

async fn serve(mut stream: TcpStream, script: Script, calls: Arc<Mutex<Vec<Call>>>) {
    let Some(call) = receive(&mut stream).await else { return };
    let answer = script.lock().unwrap().get_mut(&call.method()).and_then(VecDeque::pop_front);
    calls.lock().unwrap().push(call);
    let answer = answer.unwrap_or_else(|| Answer::status(200, r#"{"ok":false,"error":"not_in_the_script"}"#));
    if let Answer::Status { status, headers, body } = answer {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (verb, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = String::from_utf8(bytes[head_end..].to_vec()).unwrap();
    Some(Call { verb, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// A clock that jumps to whatever is waited for.
pub(super) struct Clockwork(Mutex<Timestamp>);

impl Clockwork {
    pub(super) fn new(now: Timestamp) -> Clockwork {
        Clockwork(Mutex::new(now))
    }
}

impl Clock for Clockwork {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut now = self.0.lock().unwrap();
            *now = at.max(*now);
        })
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
