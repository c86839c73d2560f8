//! Asana as a client sees it.
#![allow(clippy::unwrap_used)]

mod feeds;
mod limits;
mod reading;
mod recordings;
mod writing;

use jiff::civil::date;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Asana, TaskDraft};
use crate::testing::{Bench, ts};

pub(super) struct Desk {
    pub(super) bench: Bench,
    pub(super) asana: Asana,
    /// Gid of the project `Web shop`.
    pub(super) shop: String,
    /// Gid of its one task, `Sell shoes`: Ana's, in `To do`, due on 20 March.
    pub(super) shoes: String,
}

/// It is Monday, 2 March 2026, 09:00.
pub(super) async fn desk() -> Desk {
    let bench = Bench::new().await;
    let asana = bench.sim.asana();
    asana.person("ana", "Ana K", "ana@example.com");
    let shop = asana.project("Web shop");
    let draft = TaskDraft {
        assignee: Some("ana".to_owned()),
        due: Some(date(2026, 3, 20)),
        created: Some(ts("2026-02-20T09:00:00Z")),
        ..TaskDraft::new("Sell shoes")
    };
    let shoes = asana.task("Web shop", draft);
    Desk { bench, asana, shop, shoes }
}

impl Desk {
    pub(super) async fn send_as(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = format!("{}{path}", self.bench.sim.asana_url());
        let mut request = self.bench.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send_as("pat", method, path, body).await;
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// `data` of an answer.
    pub(super) async fn data(&self, path: &str) -> Value {
        self.get(path).await["data"].take()
    }

    /// Status and message of a refusal.
    pub(super) async fn refused(&self, path: &str) -> (u16, String) {
        let (status, body) = self.send(Method::GET, path, None).await;
        (status, body["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
    }

    /// Status and answer of a comment.
    pub(super) async fn comment(&self, data: Value) -> (u16, Value) {
        let path = format!("/tasks/{}/stories", self.shoes);
        self.send(Method::POST, &path, Some(json!({ "data": data }))).await
    }
}

pub(super) fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}
