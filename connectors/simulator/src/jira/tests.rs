//! Jira as a client sees it, in both editions.
#![allow(clippy::unwrap_used)]

mod reading;
mod recordings;
mod searching;
mod writing;

use jiff::civil::date;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{IssueDraft, Jira};
use crate::testing::{Bench, ts};

/// Which address is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Cloud,
    Gateway,
    Server,
}

pub(super) use At::{Cloud, Gateway, Server};

pub(super) struct Desk {
    pub(super) bench: Bench,
    pub(super) jira: Jira,
}

/// It is Monday, 2 March 2026, 09:00; `WEB` has one task, `WEB-1`.
pub(super) async fn desk() -> Desk {
    let bench = Bench::new().await;
    let jira = bench.sim.jira();
    jira.person("ana", "Ana K", "ana@example.com");
    jira.project("WEB", "Web shop");
    let draft = IssueDraft {
        assignee: Some("ana".to_owned()),
        due: Some(date(2026, 3, 20)),
        created: Some(ts("2026-02-20T09:00:00Z")),
        ..IssueDraft::new("Sell shoes")
    };
    assert_eq!(jira.issue("WEB", draft), "WEB-1");
    Desk { bench, jira }
}

impl Desk {
    pub(super) fn url(&self, at: At, path: &str) -> String {
        let base = match at {
            Cloud => self.bench.sim.jira_cloud_url(),
            Gateway => self.bench.sim.jira_gateway_url(),
            Server => self.bench.sim.jira_dc_url(),
        };
        // `api:` is the edition's own version.
        let version = if at == Server { "/rest/api/2" } else { "/rest/api/3" };
        format!("{base}{}", path.replace("api:", version))
    }

    pub(super) async fn send(&self, at: At, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.bench.http.request(method, self.url(at, path));
        request =
            if at == Server { request.bearer_auth("pat") } else { request.basic_auth("me@example.com", Some("token")) };
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(super) async fn get(&self, at: At, path: &str) -> Value {
        let response = self.send(at, Method::GET, path, None).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub(super) async fn post(&self, at: At, path: &str, body: Value) -> (u16, Value) {
        let response = self.send(at, Method::POST, path, Some(body)).await;
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// Keys that a query finds on Cloud.
    pub(super) async fn found(&self, jql: &str) -> Vec<String> {
        let body = json!({ "jql": jql, "fields": ["key", "summary"], "maxResults": 100 });
        let (status, answer) = self.post(Cloud, "api:/search/jql", body).await;
        assert_eq!(status, 200, "{jql}: {answer}");
        keys(&answer)
    }

    /// Status and first message of a query that is refused on Cloud.
    pub(super) async fn refused(&self, jql: &str) -> (u16, String) {
        let (status, answer) = self.post(Cloud, "api:/search/jql", json!({ "jql": jql })).await;
        (status, answer["errorMessages"][0].as_str().unwrap_or_default().to_owned())
    }
}

pub(super) fn keys(answer: &Value) -> Vec<String> {
    answer["issues"].as_array().unwrap().iter().map(|issue| issue["key"].as_str().unwrap().to_owned()).collect()
}
