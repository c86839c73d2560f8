//! Lists, events, subtasks and stories.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use connector_kit::{ConnectorError, Cursor, Page, Scope, Source, StreamKey, StreamKind};
use connector_model::{ContainerKind, ContainerRef, Field, Ineligible, Need, TaskRef};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::server::*;
use crate::normalise::tests::raw;
use crate::{Asana, wire};

fn stream(kind: StreamKind) -> StreamKey {
    let at = ContainerRef { kind: ContainerKind::Project, ext: "100".to_owned() };
    StreamKey { kind, scope: Some(Scope { at, handle: "100".to_owned(), name: "Web".to_owned() }) }
}

async fn pull(asana: &Asana, cursor: &Cursor) -> Page {
    asana.pull(&stream(StreamKind::Tasks), cursor).await.unwrap()
}

/// Pulls until there is no more, and gives everything on one page.
async fn pass(asana: &Asana, cursor: &Cursor) -> Page {
    let mut all = pull(asana, cursor).await;
    while all.more {
        let page = pull(asana, &all.next).await;
        all.tasks.extend(page.tasks);
        all.changes.extend(page.changes);
        all.unreadable.extend(page.unreadable);
        (all.more, all.next, all.history_since) = (page.more, page.next, page.history_since);
    }
    all
}

fn gids(page: &Page) -> Vec<&str> {
    page.tasks.iter().map(|task| task.ext.as_str()).collect()
}

fn story(gid: &str) -> Value {
    json!([{"gid": gid, "created_at": "2025-03-05T10:00:00.000Z", "resource_subtype": "comment_added", "type": "comment",
        "text": "hello", "created_by": {"gid": "7", "name": "Ana"}}])
}

/// A project with tasks on two pages, subtasks two deep, one task that lives elsewhere, and no events.
fn company(asked: &Asked) -> Answer {
    let (first, second) = (asked.query("offset").is_none(), asked.query("offset").as_deref() == Some("second"));
    match asked.call().as_str() {
        "POST batch" => Answer::default(),
        "GET events" if asked.query("sync").is_none() => {
            answer(412, json!({"errors": [{"message": "Sync token invalid or too old."}], "sync": "s1"}))
        }
        "GET events" => answer(200, json!({"data": [], "sync": "s2", "has_more": false})),
        "GET tasks" if first => {
            page(json!([raw("1", json!({"num_subtasks": 1})), raw("2", json!({}))]), Some("second"))
        }
        "GET tasks" if second => page(
            json!([
                raw(
                    "3",
                    json!({"completed": true, "completed_at": "2020-01-01T00:00:00.000Z",
                    "modified_at": "2020-01-01T00:00:00.000Z"})
                ),
                raw(
                    "4",
                    json!({"projects": [{"gid": "100"}, {"gid": "50"}], "memberships": [{"project": {"gid": "50"}}]})
                )
            ]),
            None,
        ),
        "GET tasks/1/subtasks" => page(
            json!([raw("11", json!({"projects": [], "memberships": [], "parent": {"gid": "1"}, "num_subtasks": 1}))]),
            None,
        ),
        "GET tasks/11/subtasks" => {
            page(json!([raw("111", json!({"projects": [], "memberships": [], "parent": {"gid": "11"}}))]), None)
        }
        path if path.ends_with("/stories") => page(story("9"), None),
        _ => bad(404, "no"),
    }
}

#[tokio::test]
async fn a_first_pass_brings_everything_with_subtasks_and_stories() {
    let server = Server::new(company).await;
    let asana = server.asana();
    let page = pass(&asana, &Cursor::default()).await;
    assert_eq!(gids(&page), ["1", "2", "11", "111", "3", "4"]);
    let deep = page.tasks.iter().find(|task| task.ext == "111").unwrap();
    assert_eq!((deep.container.ext.as_str(), &deep.parent), ("100", &Some(TaskRef::Ext("11".to_owned()))));
    let mut with_history: Vec<&TaskRef> = page.changes.iter().map(|change| &change.task).collect();
    with_history.dedup();
    assert_eq!(with_history.len(), 5, "not of what was finished years ago");
    assert!(page.changes.iter().all(|change| change.field == Field::Comment));
    assert_eq!(page.history_since, Some(Timestamp::UNIX_EPOCH));
    assert!(page.next.backfilled && page.unreadable.is_empty());
    let asked = server.asked();
    assert_eq!(asked[0].call(), "GET events", "before the list, so that nothing is missed while it is read");
    let lists: Vec<&Asked> = asked.iter().filter(|one| one.call() == "GET tasks").collect();
    let since: Vec<_> = lists.iter().map(|one| one.query("completed_since")).collect();
    assert!(since.len() == 2 && since[0] == since[1], "{since:?}");
    let half_a_year_ago = (NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(180 * 24)).to_string();
    assert_eq!(since[0].as_deref(), Some(half_a_year_ago.as_str()), "what was finished long ago is not asked for");
    let fields: Vec<_> = asked.iter().filter(|one| one.method == "GET").map(|one| one.query("opt_fields")).collect();
    assert!(fields.iter().all(Option::is_some), "fields are always named: {fields:?}");
}

#[tokio::test]
async fn a_steady_poll_is_one_call() {
    let server = Server::new(company).await;
    let asana = server.asana();
    let page = pass(&asana, &Cursor::default()).await;
    server.asked();
    let mut cursor = page.next;
    for _ in 0..5 {
        let page = pull(&asana, &cursor).await;
        assert!(page.unchanged && !page.more && page.tasks.is_empty());
        cursor = page.next;
    }
    assert_eq!(server.calls(), ["GET events"; 5]);
}

#[tokio::test]
async fn a_task_in_two_watched_projects_is_read_where_it_lives() {
    let server = Server::new(company).await;
    let both = server.asana_with(|config| config.projects.clear());
    let read = pass(&both, &Cursor::default()).await;
    assert!(gids(&read).contains(&"4"), "project 50 is not watched");
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET tasks" => page(
            json!([
                raw("4", json!({"projects": [{"gid": "100"}, {"gid": "200"}]})),
                raw("5", json!({"projects": [{"gid": "200"}], "memberships": [{"project": {"gid": "200"}}]}))
            ]),
            None,
        ),
        _ => company(asked),
    })
    .await;
    let both = server.asana_with(|config| config.projects.clear());
    assert_eq!(gids(&pass(&both, &Cursor::default()).await), ["4"]);
}

#[tokio::test]
async fn events_tell_what_to_read_and_a_subtask_is_found_its_place() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET events" if asked.query("sync").as_deref() == Some("s1") => answer(
            200,
            json!({"sync": "s2", "has_more": true, "data": [
                {"action": "changed", "resource": {"gid": "111", "resource_type": "task"}, "parent": null},
                {"action": "added", "resource": {"gid": "70", "resource_type": "story", "resource_subtype": "comment_added"},
                    "parent": {"gid": "2", "resource_type": "task"}},
                {"action": "deleted", "resource": {"gid": "6", "resource_type": "task"}}]}),
        ),
        "GET events" if asked.query("sync").as_deref() == Some("s2") => answer(
            200,
            json!({"sync": "s3", "has_more": false, "data": [
                {"action": "changed", "resource": {"gid": "2", "resource_type": "task"}},
                {"action": "removed", "resource": {"gid": "8", "resource_type": "task"},
                    "parent": {"gid": "100", "resource_type": "project"}}]}),
        ),
        "GET tasks/111" => good(raw("111", json!({"projects": [], "memberships": [], "parent": {"gid": "11"}}))),
        "GET tasks/11" => good(json!({"gid": "11", "parent": {"gid": "1"}, "projects": [], "memberships": []})),
        "GET tasks/1" => good(json!({"gid": "1", "parent": null, "projects": [{"gid": "100"}], "memberships": []})),
        "GET tasks/2" => good(raw("2", json!({}))),
        "GET tasks/8" => good(raw("8", json!({"projects": [{"gid": "900"}], "memberships": []}))),
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let first = pass(&asana, &Cursor::default()).await;
    server.asked();
    let page = pass(&asana, &first.next).await;
    assert_eq!(gids(&page), ["111", "2", "8"], "each once; what is deleted is left to the census");
    assert!(page.tasks.iter().all(|task| task.container.ext == "100"));
    let why: Vec<_> = page.tasks.iter().map(|task| task.ineligible).collect();
    assert_eq!(why, [None, None, Some(Ineligible::Filtered)], "it left for a project that is not watched");
    assert_eq!(page.changes.len(), 3);
    assert!(page.next.at.unwrap().contains("\"sync\":\"s3\""));
    let look = asana.task("6").await.unwrap();
    assert_eq!(look, connector_kit::TaskLook::Gone, "an event said so");
}

#[tokio::test]
async fn an_old_place_in_the_events_reads_all_that_is_open_again() {
    let is_old = Arc::new(AtomicBool::new(false));
    let old = is_old.clone();
    let server = Server::new(move |asked| match asked.call().as_str() {
        "GET events" if asked.query("sync").as_deref() == Some("s1") && old.load(Ordering::Relaxed) => {
            answer(412, json!({"errors": [{"message": "Sync token invalid or too old."}], "sync": "s7"}))
        }
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let first = pass(&asana, &Cursor::default()).await;
    server.asked();
    is_old.store(true, Ordering::Relaxed);
    let page = pass(&asana, &first.next).await;
    assert_eq!(gids(&page), ["1", "2", "11", "111", "3", "4"]);
    let asked = server.asked();
    let list = asked.iter().find(|one| one.call() == "GET tasks").unwrap();
    assert_eq!(list.query("completed_since").as_deref(), Some("2025-03-11T08:50:00Z"));
    assert!(page.next.at.as_ref().unwrap().contains("s7"));
    assert!(page.history_since.is_none());
}

#[tokio::test]
async fn lists_make_good_what_events_lost() {
    let server = Server::new(company).await;
    let first = pass(&server.asana(), &Cursor::default()).await;
    server.asked();
    let later = server.asana_at("2025-03-11T10:05:00Z", |_| {});
    let page = pass(&later, &first.next).await;
    let asked = server.asked();
    assert_eq!(asked[0].query("modified_since").as_deref(), Some("2025-03-11T08:50:00Z"));
    assert!(!asked.iter().any(|one| one.call() == "GET events"));
    assert!(page.changes.is_empty(), "nothing was modified since");
    let much_later = server.asana_at("2025-03-11T15:10:00Z", |_| {});
    pass(&much_later, &page.next).await;
    let asked = server.asked();
    assert_eq!(asked[0].query("completed_since").as_deref(), Some("2025-03-11T08:50:00Z"));
}

#[tokio::test]
async fn without_events_lists_are_asked_for() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET events" => bad(403, "Insufficient scope"),
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let first = pass(&asana, &Cursor::default()).await;
    assert_eq!(first.tasks.len(), 6);
    server.asked();
    pass(&asana, &first.next).await;
    let calls = server.asked();
    assert!(calls[0].query("modified_since").is_some(), "{}", calls[0].target);
    assert!(asana.whoami().await.unwrap().warnings.iter().any(|warning| warning.contains("events")));
}

#[tokio::test]
async fn a_place_that_expires_begins_its_list_anew() {
    let times = Arc::new(AtomicUsize::new(0));
    let server = Server::new(move |asked| match asked.call().as_str() {
        "GET tasks" if asked.query("offset").is_some() && times.fetch_add(1, Ordering::Relaxed) == 0 => {
            bad(400, "offset: Your pagination token has expired.")
        }
        _ => company(asked),
    })
    .await;
    let page = pass(&server.asana(), &Cursor::default()).await;
    assert_eq!(gids(&page), ["1", "2", "11", "111", "1", "2", "11", "111", "3", "4"]);
    assert!(page.next.backfilled);
}

#[tokio::test]
async fn a_free_plan_has_no_links_and_says_so() {
    let server = Server::new(|asked| {
        let wants_links = asked.query("opt_fields").is_some_and(|fields| fields.contains("dependencies"));
        match asked.call().as_str() {
            path if wants_links && path.starts_with("GET tasks") => bad(402, "Dependencies are for premium users"),
            "GET tasks" => {
                let mut task = raw("1", json!({}));
                task.as_object_mut().unwrap().remove("dependencies");
                task.as_object_mut().unwrap().remove("dependents");
                page(json!([task]), None)
            }
            _ => company(asked),
        }
    })
    .await;
    let asana = server.asana();
    let page = pass(&asana, &Cursor::default()).await;
    assert_eq!((gids(&page), page.tasks[0].links.clone()), (vec!["1"], None));
    assert!(asana.whoami().await.unwrap().warnings.iter().any(|warning| warning.contains("dependencies")));
}

#[tokio::test]
async fn a_free_workspace_takes_nothing_from_a_paid_one_of_the_same_account() {
    let server = Server::of_workspaces(true, |asked| {
        let wants_links = asked.query("opt_fields").is_some_and(|fields| fields.contains("dependencies"));
        match (asked.call().as_str(), asked.query("project").as_deref()) {
            ("GET tasks", Some("200")) if wants_links => bad(402, "Dependencies are for premium users"),
            ("GET tasks", Some("200")) => {
                let place = json!([{"project": {"gid": "200"}, "section": {"gid": "21", "name": "Doing"}}]);
                let mut task = raw("9", json!({"custom_fields": [], "projects": [], "memberships": place}));
                task.as_object_mut().unwrap().remove("dependencies");
                task.as_object_mut().unwrap().remove("dependents");
                page(json!([task]), None)
            }
            ("GET tasks", _) => page(json!([raw("1", json!({}))]), None),
            _ => company(asked),
        }
    })
    .await;
    let asana = server.asana_with(|config| config.projects = vec!["100".to_owned(), "200".to_owned()]);
    asana.pull(&StreamKey { kind: StreamKind::Containers, scope: None }, &Cursor::default()).await.unwrap();
    let read = async |gid: &str| {
        let at = ContainerRef { kind: ContainerKind::Project, ext: gid.to_owned() };
        let scope = Scope { at, handle: gid.to_owned(), name: gid.to_owned() };
        asana.pull(&StreamKey { kind: StreamKind::Tasks, scope: Some(scope) }, &Cursor::default()).await.unwrap()
    };
    for _ in 0..2 {
        let free = read("200").await;
        let lacks: Vec<Need> = free.lacks.unwrap().into_iter().map(|lack| lack.need).collect();
        assert!(lacks.contains(&Need::Blocking) && lacks.contains(&Need::Priority), "{lacks:?}");
        assert_eq!(free.tasks[0].links, None);
        let paid = read("100").await;
        assert!(paid.tasks[0].links.is_some(), "asked for as before");
        assert_eq!(paid.lacks, Some(Vec::new()));
    }
    let warnings = asana.whoami().await.unwrap().warnings;
    assert!(warnings.iter().any(|one| one.contains("workspace Club is on a free plan")), "{warnings:?}");
    assert!(warnings.iter().all(|one| !one.contains("Acme")), "{warnings:?}");
}

#[tokio::test]
async fn without_batches_each_is_asked_for_by_itself() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "POST batch" => bad(403, "no batches"),
        _ => company(asked),
    })
    .await;
    let page = pass(&server.asana(), &Cursor::default()).await;
    assert_eq!(page.tasks.len(), 6);
    assert_eq!(server.calls().iter().filter(|call| *call == "POST batch").count(), 1);
}

#[tokio::test]
async fn stories_that_cannot_be_had_cost_one_task_which_is_asked_for_with_each_poll() {
    for has_batches in [true, false] {
        let is_well = Arc::new(AtomicBool::new(false));
        let seen = is_well.clone();
        let server = Server::new(move |asked| match asked.call().as_str() {
            "GET tasks/2/stories" if !seen.load(Ordering::SeqCst) => bad(500, "Server Error"),
            "GET tasks/2" => good(raw("2", json!({}))),
            "POST batch" if !has_batches => bad(403, "no batches"),
            _ => company(asked),
        })
        .await;
        let asana = server.asana();
        let first = pass(&asana, &Cursor::default()).await;
        assert_eq!((gids(&first), first.unreadable.len()), (vec!["1", "11", "111", "3", "4"], 1));
        assert!(first.next.backfilled, "the project is read to its end");
        let again = pass(&asana, &first.next).await;
        assert_eq!((gids(&again).len(), again.unreadable.len(), again.unchanged), (0, 1, false));
        is_well.store(true, Ordering::SeqCst);
        let healed = pass(&asana, &again.next).await;
        assert_eq!((gids(&healed), healed.changes.len()), (vec!["2"], 1));
        assert!(pass(&asana, &healed.next).await.unchanged);
    }
}

#[tokio::test]
async fn where_the_stories_of_all_cannot_be_had_nothing_is_taken_from_the_page() {
    let server = Server::new(|asked| match asked.call().as_str() {
        path if path.ends_with("/stories") => bad(500, "Server Error"),
        _ => company(asked),
    })
    .await;
    let failed = server.asana().pull(&stream(StreamKind::Tasks), &Cursor::default()).await;
    assert!(matches!(failed, Err(ConnectorError::Transient { .. })), "{failed:?}");
}

#[tokio::test]
async fn a_limit_inside_a_batch_is_a_limit() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "POST batch" => {
            let count = asked.json()["data"]["actions"].as_array().unwrap().len();
            let part = json!({"status_code": 429, "headers": {"Retry-After": "300"}, "body": {"errors": []}});
            good(json!(vec![part; count]))
        }
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let error = asana.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Limited { retry_after, .. } if retry_after.as_secs() == 300), "{error}");
}

#[tokio::test]
async fn one_bad_item_costs_itself() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET tasks" => {
            let mut compact = raw("2", json!({}));
            compact.as_object_mut().unwrap().remove("assignee");
            page(json!([raw("1", json!({})), compact, raw("3", json!({"due_on": "soon"})), 7]), None)
        }
        _ => company(asked),
    })
    .await;
    let page = pass(&server.asana(), &Cursor::default()).await;
    assert_eq!(gids(&page), ["1"]);
    let mut why: Vec<String> = page.unreadable.iter().map(|bad| format!("{}: {}", bad.what, bad.because)).collect();
    why.sort();
    assert_eq!(
        why,
        [
            "gid 2: missing field `assignee`",
            "gid 3: an unexpected value at due_on",
            "item 4 of the page: an unexpected value at .",
        ]
    );
}

#[tokio::test]
async fn events_that_never_end_are_put_off() {
    let count = Arc::new(Mutex::new(0));
    let server = Server::new(move |asked| match asked.call().as_str() {
        "GET events" if asked.query("sync").is_some() => {
            let mut count = count.lock().unwrap();
            *count += 1;
            answer(200, json!({"data": [], "sync": format!("n{count}"), "has_more": true}))
        }
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let first = pass(&asana, &Cursor::default()).await;
    server.asked();
    let page = pull(&asana, &first.next).await;
    assert!(!page.more);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn recorded_tasks_are_read() {
    let Some(recorded) = crate::fixtures::recorded() else { return };
    let task = recorded["get-task"].clone();
    let server = Server::new(move |asked| match asked.call().as_str() {
        "GET tasks" => page(json!([task]), None),
        path if path.ends_with("/stories") => page(recorded["list-stories-for-task"].clone(), None),
        _ => company(asked),
    })
    .await;
    let asana = server.asana();
    let at = ContainerRef { kind: ContainerKind::Project, ext: "1211440849237745".to_owned() };
    let scope = Scope { handle: at.ext.clone(), at, name: "Sandbox".to_owned() };
    let key = StreamKey { kind: StreamKind::Tasks, scope: Some(scope) };
    let page = asana.pull(&key, &Cursor::default()).await.unwrap();
    assert_eq!((page.tasks.len(), page.changes.len(), page.unreadable.len()), (1, 3, 0));
    assert_eq!(page.tasks[0].due.unwrap().due.to_text(), "2025-09-25");
    let warnings = asana.whoami().await.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("scopes")), "its memberships are empty: {warnings:?}");
}

#[test]
fn every_recorded_answer_is_read() {
    let Some(recorded) = crate::fixtures::recorded() else { return };
    let recorded = recorded.as_object().unwrap();
    assert!(recorded.len() >= 12, "{:?}", recorded.keys());
    for (name, data) in recorded {
        let all: Vec<Value> = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        for one in all {
            let gid = match one["resource_type"].as_str() {
                Some("task") => serde_json::from_value::<wire::Task>(one.clone()).unwrap().gid,
                Some("story") => serde_json::from_value::<wire::Story>(one.clone()).unwrap().gid,
                Some("project") => serde_json::from_value::<wire::Project>(one.clone()).unwrap().gid,
                Some("user") => serde_json::from_value::<wire::User>(one.clone()).unwrap().gid.unwrap(),
                _ => serde_json::from_value::<wire::Named>(one.clone()).unwrap().gid.unwrap_or_default(),
            };
            assert_eq!(gid, one["gid"].as_str().unwrap_or_default(), "{name}");
        }
    }
}
