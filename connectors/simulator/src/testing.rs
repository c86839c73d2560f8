//! What the tests of this crate share: a simulator with a clock that is set, and a client that follows no redirects.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::Simulator;

pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) http: Client,
    clock: Arc<AtomicI64>,
}

pub(crate) fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Bench {
    /// It is Monday, 2 March 2026, 09:00.
    #[expect(clippy::disallowed_methods, reason = "this client stands for the product, and must not be it")]
    pub(crate) async fn new() -> Bench {
        let clock = Arc::new(AtomicI64::new(ts("2026-03-02T09:00:00Z").as_second()));
        let seen = Arc::clone(&clock);
        let now = Arc::new(move || Timestamp::from_second(seen.load(Ordering::SeqCst)).unwrap());
        let http = Client::builder().redirect(Policy::none()).no_proxy().user_agent("tests").build().unwrap();
        Bench { sim: Simulator::start(now).await.unwrap(), http, clock }
    }

    pub(crate) fn at(&self, text: &str) -> Timestamp {
        self.clock.store(ts(text).as_second(), Ordering::SeqCst);
        ts(text)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.sim.github_url()) };
        self.http.request(method, url).bearer_auth("t")
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// A Slack method with a JSON body.
    pub(crate) async fn slack(&self, method: &str, body: Value) -> Value {
        let url = format!("{}/{method}", self.sim.slack_url());
        self.http.post(url).bearer_auth("x").json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// A Slack method with a query.
    pub(crate) async fn slack_get(&self, method: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/{method}", self.sim.slack_url());
        self.http.get(url).bearer_auth("x").query(query).send().await.unwrap().json().await.unwrap()
    }
}

/// The address behind a `rel` of a `Link` header.
pub(crate) fn link(response: &Response, rel: &str) -> Option<String> {
    let header = response.headers().get("link")?.to_str().unwrap();
    let found = header.split(", ").find(|part| part.contains(&format!("rel=\"{rel}\"")))?;
    Some(found.trim_start_matches('<').split('>').next().unwrap().to_owned())
}

pub(crate) fn etag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

pub(crate) fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

/// Where recorded answers lie: `fixtures/jira/…`, `specs/…`. `None`, with a word on stderr: they are not here.
pub(crate) fn recorded(name: &str) -> Option<std::path::PathBuf> {
    let root = std::env::var_os("GAPWATCH_FIXTURES").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        std::path::PathBuf::from,
    );
    let path = root.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: no fixtures");
    None
}
