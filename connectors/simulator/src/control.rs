//! The control paths of the program: `POST /__sim/next`, `POST /__sim/fault`, `GET /__sim/stats`, `GET /__sim/requests`.
//!
//! In a test the same is done by calling [`crate::Simulator`]; these are for a simulator that runs on its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::reply::Reply;
use crate::server::Asked;
use crate::world::{Tool, World};

/// A fault as it is written in JSON: `{"tool":"github","path":"/issues","fault":{"status":502},"times":3}`.
#[derive(Deserialize)]
struct Order {
    tool: Tool,
    #[serde(default)]
    path: String,
    fault: Told,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// The JSON names of the faults; numbers are seconds or a status.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Status(u16),
    StatusBody(u16, String),
    RateLimited(u64),
    SecondaryLimit,
    Html,
    CutBody,
    Reset,
    Hang(u64),
    Redirect(String, u16),
    AfterCommit(Box<Told>),
    Drip(u64),
    CutChunk,
    Flood(u64),
    GzipBomb(u64),
    Drift(u64),
}

impl From<Told> for Fault {
    fn from(told: Told) -> Fault {
        match told {
            Told::Status(status) => Fault::Status(status, "{\"message\":\"simulated\"}".to_owned()),
            Told::StatusBody(status, body) => Fault::Status(status, body),
            Told::RateLimited(secs) => Fault::RateLimited(secs),
            Told::SecondaryLimit => Fault::SecondaryLimit403,
            Told::Html => Fault::Html200,
            Told::CutBody => Fault::CutBody,
            Told::Reset => Fault::Reset,
            Told::Hang(secs) => Fault::Hang(secs),
            Told::Redirect(url, status) => Fault::Redirect(url, status),
            Told::Drip(millis) => Fault::Drip(millis),
            Told::CutChunk => Fault::CutChunk,
            Told::Flood(bytes) => Fault::Flood(bytes),
            Told::GzipBomb(bytes) => Fault::GzipBomb(bytes),
            Told::Drift(dice) => Fault::Drift(dice),
            Told::AfterCommit(then) => Fault::AfterCommit(Box::new(Fault::from(*then))),
        }
    }
}

pub(crate) fn answer(world: &World, asked: &Asked) -> Reply {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/__sim/next") => Reply::json(200, &json!({ "shown": world.hub().next_poll() })),
        ("POST", "/__sim/fault") => plan(world, &asked.body),
        ("POST", "/__sim/reset") => {
            world.forget_requests();
            Reply::json(200, &json!({ "ok": true }))
        }
        ("GET", "/__sim/stats") => Reply::json(200, &stats(world)),
        ("GET", "/__sim/requests") => Reply::json(200, &world.requests()),
        _ => Reply::json(404, &json!({ "message": "Not Found" })),
    }
}

fn plan(world: &World, body: &[u8]) -> Reply {
    match serde_json::from_slice::<Order>(body) {
        Ok(order) => {
            world.faults().add(order.tool, &order.path, order.fault.into(), order.times.max(1));
            Reply::json(200, &json!({ "ok": true }))
        }
        Err(error) => Reply::json(400, &json!({ "message": error.to_string() })),
    }
}

fn stats(world: &World) -> Value {
    let requests = world.requests();
    let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
    for request in &requests {
        let status = request.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        *by_status.entry(status).or_default() += 1;
    }
    let count = |tool: Tool| requests.iter().filter(|request| request.tool == tool).count();
    json!({
        "requests": { "github": count(Tool::Github), "slack": count(Tool::Slack), "jira": count(Tool::Jira),
            "trello": count(Tool::Trello) },
        "by_status": by_status,
        "github": world.hub().stats(),
        "slack": world.workspace().stats(),
        "jira": world.site().stats(),
        "trello": world.trello().stats(),
    })
}
