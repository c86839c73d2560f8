//! Trello as a client sees it.
#![allow(clippy::unwrap_used)]

mod access;
mod feeds;
mod reading;
mod recordings;
mod writing;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{CardDraft, Trello};
use crate::testing::{Bench, ts};

pub(super) struct Desk {
    pub(super) bench: Bench,
    pub(super) trello: Trello,
    /// The board's id.
    pub(super) board: String,
    /// The card's id.
    pub(super) card: String,
}

/// It is Monday, 2 March 2026, 09:00; the board `Web shop` has three lists and one card, which is Ana's.
pub(super) async fn desk() -> Desk {
    let bench = Bench::new().await;
    let trello = bench.sim.trello();
    trello.person("ana", "Ana K");
    let board = trello.at(ts("2026-02-01T09:00:00Z")).board("Web shop");
    ["To Do", "Doing", "Done"].iter().for_each(|list| drop(trello.list("Web shop", list)));
    let draft = CardDraft {
        members: vec!["ana".to_owned()],
        due: Some(ts("2026-03-20T16:00:00Z")),
        created: Some(ts("2026-02-20T09:00:00Z")),
        ..CardDraft::new("Sell shoes")
    };
    let card = trello.card("Web shop", "To Do", draft);
    Desk { bench, trello, board, card }
}

impl Desk {
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.bench.sim.trello_url());
        let shown = "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\"";
        self.bench.http.request(method, url).header("authorization", shown)
    }

    pub(super) async fn ask(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let response = self.ask(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Status and words of a refusal, which are no JSON.
    pub(super) async fn refused(&self, path: &str) -> (u16, String) {
        let response = self.ask(path).await;
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let response = self.request(method, path).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Kinds in the board's feed, the newest first.
    pub(super) async fn kinds(&self, query: &str) -> Vec<String> {
        let feed = self.get(&format!("/boards/{}/actions?{query}", self.board)).await;
        strings(&feed, "type")
    }
}

/// One field of each item of a list.
pub(super) fn strings(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

pub(super) fn words(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

pub(super) fn comment(text: &str) -> Value {
    json!({ "text": text })
}
