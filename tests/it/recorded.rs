//! Real issues, as real repositories answered, through the whole reading side. The recordings are no part of the product;
//! where they are absent these tests say so and end.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use connector_simulator::Recorded;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::fixtures;
use crate::world::{REPO, World};

fn issues(path: &PathBuf) -> Vec<Value> {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if value["issue"].is_object() { value["issue"].take() } else { value }
    };
    text.lines().filter(|text| !text.trim().is_empty()).map(line).collect()
}

fn store(world: &World) -> Connection {
    Connection::open_with_flags(world.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// A world that serves a recording, one page after another, and nothing else.
async fn serving(path: &PathBuf, by_polls: bool) -> World {
    let world = World::with("2026-11-02T09:00:00Z", "mode = \"observe\"", "backlog = \"hold\"").await;
    let recorded = if by_polls { Recorded::load_polls(path) } else { Recorded::load(path) };
    world.github().serve_recorded(REPO, recorded.unwrap());
    world
}

#[tokio::test]
async fn ten_thousand_real_issues_are_read_without_a_gap_and_the_second_time_nothing_is_written() {
    let Some(path) = fixtures::path("github/rust-issues-1-9999-dev.jsonl.gz") else { return };
    let world = serving(&path, false).await;
    let first = world.engine().pull(true).await.unwrap().remove("github.acme").unwrap();
    assert_eq!((first.new, first.skipped, first.unreadable.len()), (6078, 3921, 0));
    assert!(first.failures.is_empty(), "{:?}", first.failures);
    assert_eq!(world.connection().await.tasks, 6078);
    world.later_by_minutes(5);
    let second = world.engine().pull(true).await.unwrap().remove("github.acme").unwrap();
    assert_eq!((second.new, second.changed, second.history), (0, 0, 0));
}

/// What is compared of an issue.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    title: String,
    closed_at: Option<String>,
    reason: String,
    labels: Vec<String>,
    milestones: Vec<String>,
    assignees: Vec<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn recorded(issue: &Value) -> Seen {
    let list = |name: &str, member: &str| {
        let items = issue[name].as_array().cloned().unwrap_or_default();
        let mut items: Vec<String> = items.iter().map(|item| text(&item[member])).collect();
        items.sort();
        items
    };
    let closed = issue["state"] == "closed";
    Seen {
        title: text(&issue["title"]),
        closed_at: closed.then(|| text(&issue["closed_at"])),
        reason: match (closed, issue["state_reason"].as_str()) {
            (false, _) => "open".to_owned(),
            (true, None) => "closed".to_owned(),
            (true, Some(reason)) => format!("closed:{reason}"),
        },
        labels: list("labels", "name"),
        milestones: issue["milestone"]["id"].as_u64().into_iter().map(|id| id.to_string()).collect(),
        assignees: list("assignees", "login"),
    }
}

fn mirrored(store: &Connection) -> BTreeMap<String, Seen> {
    let list = |sql: &str, task: i64| -> Vec<String> {
        let mut query = store.prepare(sql).unwrap();
        let mut items: Vec<String> = query.query_map([task], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        items.sort();
        items
    };
    let mut query = store.prepare("SELECT id, ext, title, status_raw, labels, closed_at FROM tasks").unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let task: i64 = row.get(0)?;
        let labels: String = row.get(4)?;
        let closed_at: Option<i64> = row.get(5)?;
        let mut labels: Vec<String> = serde_json::from_str(&labels).unwrap();
        labels.sort();
        let seen = Seen {
            title: row.get(2)?,
            closed_at: closed_at.map(|at| jiff::Timestamp::from_microsecond(at).unwrap().to_string()),
            reason: row.get(3)?,
            labels,
            milestones: list(
                "SELECT ext FROM task_homes JOIN containers ON containers.id = container WHERE task = ?",
                task,
            ),
            assignees: list(
                "SELECT handle FROM task_owners JOIN accounts ON accounts.id = account WHERE task = ?",
                task,
            ),
        };
        Ok((row.get::<_, String>(1)?, seen))
    };
    query.query_map([], row).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn three_years_of_polls_end_in_what_the_last_one_showed() {
    let Some(path) = fixtures::path("github/gui-issue-polls-dev.jsonl.gz") else { return };
    let world = serving(&path, true).await;
    let mut polls = 1;
    loop {
        let report = world.engine().pull(true).await.unwrap().remove("github.acme").unwrap();
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        assert!(report.unreadable.is_empty(), "{:?}", report.unreadable);
        if world.github().next_poll() == 0 {
            break;
        }
        polls += 1;
        world.later_by_minutes(60);
    }
    assert_eq!(polls, 345);
    let mut last: BTreeMap<String, Seen> = BTreeMap::new();
    for issue in issues(&path) {
        last.insert(issue["id"].to_string(), recorded(&issue));
    }
    let mirrored = mirrored(&store(&world));
    assert_eq!((last.len(), mirrored.len()), (341, 341));
    let wrong: Vec<_> = last.iter().filter(|(id, issue)| mirrored.get(*id) != Some(issue)).collect();
    for (id, issue) in &wrong {
        println!("{issue:?}\n  {:?}", mirrored.get(*id));
    }
    assert!(wrong.is_empty(), "{} differ", wrong.len());
}

#[tokio::test]
async fn odd_titles_are_kept_byte_for_byte() {
    let Some(path) = fixtures::path("adversarial/github-odd.jsonl.gz") else { return };
    let mut world = serving(&path, false).await;
    let report = world.engine().pull(true).await.unwrap().remove("github.acme").unwrap();
    assert!(report.unreadable.is_empty(), "{:?}", report.unreadable);
    let mirrored = mirrored(&store(&world));
    let tasks = issues(&path).into_iter().filter(|issue| issue["pull_request"].is_null());
    let mut count = 0;
    for issue in tasks {
        count += 1;
        let seen = &mirrored[&issue["id"].to_string()];
        assert_eq!(seen.title.as_bytes(), text(&issue["title"]).as_bytes());
    }
    assert_eq!(count, mirrored.len());
    world.run().await;
}
