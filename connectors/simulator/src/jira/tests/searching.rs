//! Search: queries, pages, and an index that is late.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Cloud, Server, desk, keys};
use crate::jira::IssueDraft;
use crate::testing::ts;

#[tokio::test]
async fn queries_are_understood() {
    let desk = desk().await;
    let jira = &desk.jira;
    jira.project("AND", "Odd");
    let bug = IssueDraft { kind: "Bug".to_owned(), labels: vec!["red".to_owned()], ..IssueDraft::new("Broken lamp") };
    let bug = jira.issue("WEB", bug);
    let odd = jira.issue("AND", IssueDraft { priority: Some("High".to_owned()), ..IssueDraft::new("Other") });
    jira.status(&bug, "Done", "ana");
    let (web, bug, odd) = ("WEB-1", bug.as_str(), odd.as_str());
    for (query, expected) in [
        ("project = WEB ORDER BY key ASC", vec![web, bug]),
        ("project in (\"AND\", WEB) AND statusCategory != Done ORDER BY key", vec![odd, web]),
        ("project = \"AND\"", vec![odd]),
        ("statusCategory = \"In Progress\" OR status = Done", vec![bug]),
        ("NOT (project = WEB) and created > -1d", vec![odd]),
        ("issuetype = bug and resolutiondate >= startOfDay()", vec![bug]),
        ("assignee is EMPTY AND labels in (red, blue)", vec![bug]),
        ("assignee in (ana) && duedate <= \"2026-03-20\"", vec![web]),
        ("duedate is not empty", vec![web]),
        ("assignee = currentUser() or key = web-1", vec![web]),
        ("summary ~ \"broken\"", vec![bug]),
        ("key in (WEB-1, WEB-2) ORDER BY created DESC, key ASC", vec![bug, web]),
        ("priority > Medium AND project not in (WEB)", vec![odd]),
        // What has no label is not unequal to one either.
        ("labels != blue", vec![bug]),
        ("lamp broken", vec![bug]),
        ("this is not jql", vec![]),
    ] {
        assert_eq!(desk.found(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_a_query_may_not_say() {
    let desk = desk().await;
    for (query, words) in [
        ("", "Unbounded JQL"),
        ("ORDER BY updated ASC", "Unbounded JQL"),
        ("project = \"unterminated", "has not been completed"),
        ("project = NOPE AND updated > -1d", "The value 'NOPE' does not exist for the field 'project'."),
        ("project = AND", "'AND' is a reserved JQL word."),
        ("project = WEB AND", "Expecting a field name"),
        ("universe = 42", "Field 'universe' does not exist"),
        ("summary = test", "The operator '=' is not supported by the 'summary' field."),
        ("project was WEB", "History searches do not support the 'project' field."),
        ("updated > \"2026-03-01 09:00:00\"", "Date value '2026-03-01 09:00:00' for field 'updated' is invalid."),
        ("status = Nowhere", "The value 'Nowhere' does not exist for the field 'status'."),
        ("key = WEB-77", "An issue with key 'WEB-77' does not exist for field 'key'."),
        ("labels in red", "does not support the non-list value 'red'"),
        (
            "project = WEB ORDER BY key, created, updated, duedate, priority, status, summary, assignee",
            "JQL can be ordered by at most 7 fields.",
        ),
    ] {
        let (status, message) = desk.refused(query).await;
        assert_eq!(status, 400, "{query}: {message}");
        assert!(message.contains(words), "{query}: {message}");
    }
    let (status, answer) = desk.post(Cloud, "api:/search", json!({ "jql": "project = WEB" })).await;
    assert_eq!(status, 410);
    assert!(answer["errorMessages"][0].as_str().unwrap().contains("/rest/api/3/search/jql"));
    // A hidden project is no other than one that does not exist, and an archived one neither.
    desk.jira.hide("WEB", true);
    assert_eq!(desk.refused("project = WEB").await.0, 400);
    desk.jira.hide("WEB", false);
    desk.jira.archive("WEB", true);
    assert_eq!(desk.refused("project = WEB").await.0, 400);
    // Loose words are an error where no document format is spoken.
    let (status, _) = desk.post(Server, "api:/search", json!({ "jql": "this is not jql" })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn minutes_are_read_in_the_callers_zone_and_milliseconds_are_exact() {
    let desk = desk().await;
    desk.jira.set_zone("gapwatch", "America/New_York");
    desk.jira.at(ts("2026-03-01T12:00:30Z")).comment("WEB-1", "Hello", "ana");
    assert_eq!(desk.found("updated >= \"2026-03-01 07:00\"").await.len(), 1);
    assert_eq!(desk.found("updated >= \"2026/03/01 07:01\"").await.len(), 0);
    let at = ts("2026-03-01T12:00:30Z").as_millisecond();
    assert_eq!(desk.found(&format!("updated >= {at}")).await.len(), 1);
    assert_eq!(desk.found(&format!("updated > {at}")).await.len(), 0);
    assert_eq!(desk.found("updated >= -15m").await.len(), 0);
    assert_eq!(desk.found("updated >= -22h").await.len(), 1);
    assert_eq!(desk.found("updated >= \"1970-01-01\"").await.len(), 1);
}

#[tokio::test]
async fn tokens_lead_from_page_to_page_and_fields_have_to_be_named() {
    let desk = desk().await;
    for number in 2..=7 {
        desk.jira.issue("WEB", IssueDraft::new(&format!("Task {number}")));
    }
    let mut body = json!({ "jql": "project = WEB ORDER BY key ASC", "fields": ["summary"], "maxResults": 3 });
    let mut seen = Vec::new();
    loop {
        let (status, page) = desk.post(Cloud, "api:/search/jql", body.clone()).await;
        assert_eq!(status, 200);
        assert!(page.get("total").is_none() && page.get("startAt").is_none());
        seen.extend(keys(&page));
        if page["isLast"] == true {
            assert!(page.get("nextPageToken").is_none());
            break;
        }
        body["nextPageToken"] = page["nextPageToken"].clone();
        // One that goes away in between makes a page short, and what is new is for the next search.
        if desk.jira.look("WEB-6").is_some() {
            desk.jira.delete("WEB-6");
            desk.jira.issue("WEB", IssueDraft::new("New"));
        }
    }
    assert_eq!(seen, ["WEB-1", "WEB-2", "WEB-3", "WEB-4", "WEB-5", "WEB-7"]);
    body["jql"] = json!("project = WEB");
    assert_eq!(desk.post(Cloud, "api:/search/jql", body).await.0, 400);
    assert_eq!(desk.post(Cloud, "api:/search/jql", json!({ "jql": "project = WEB", "startAt": 0 })).await.0, 400);
    let bare = desk.get(Cloud, "api:/search/jql?jql=key%3DWEB-1").await;
    assert_eq!(bare["issues"], json!([{ "id": desk.jira.id("WEB-1") }]));
    let empty = desk.get(Cloud, "api:/search/jql?jql=labels%3Dnone&fields=summary").await;
    assert_eq!(empty, json!({ "issues": [], "isLast": true }));
}

#[tokio::test]
async fn a_page_holds_a_hundred_with_fields_and_thousands_of_ids() {
    let desk = desk().await;
    for number in 0..120 {
        desk.jira.issue("WEB", IssueDraft::new(&format!("Task {number}")));
    }
    let count = |page: &Value| page["issues"].as_array().unwrap().len();
    let ask = |fields: Value| json!({ "jql": "project = WEB", "fields": fields, "maxResults": 5000 });
    assert_eq!(count(&desk.post(Cloud, "api:/search/jql", ask(json!(["summary"]))).await.1), 100);
    assert_eq!(count(&desk.post(Cloud, "api:/search/jql", ask(json!(["id"]))).await.1), 121);
    desk.jira.page_cap(50);
    let body = json!({ "jql": "project = WEB ORDER BY created ASC, key ASC", "startAt": 100, "maxResults": 1000 });
    let (_, page) = desk.post(Server, "api:/search", body).await;
    assert_eq!((&page["maxResults"], &page["total"], count(&page)), (&json!(50), &json!(121), 21));
    assert!(page["issues"][0]["fields"].get("comment").is_none(), "comments are not navigable");
    let (_, counted) = desk.post(Cloud, "api:/search/approximate-count", json!({ "jql": "project = WEB" })).await;
    assert_eq!(counted, json!({ "count": 121 }));
}

#[tokio::test]
async fn search_is_late_and_a_direct_look_is_not() {
    let desk = desk().await;
    desk.jira.lag(60);
    let new = desk.jira.issue("WEB", IssueDraft::new("New"));
    desk.jira.due("WEB-1", Some(date(2026, 5, 1)), "ana");
    assert_eq!(desk.found("project = WEB").await, ["WEB-1"]);
    assert_eq!(desk.found("duedate = 2026-05-01").await.len(), 0);
    let id: u64 = desk.jira.id(&new).parse().unwrap();
    let body = json!({ "jql": "project = WEB", "fields": ["summary"], "reconcileIssues": [id] });
    assert_eq!(keys(&desk.post(Cloud, "api:/search/jql", body).await.1), [new.as_str(), "WEB-1"]);
    assert_eq!(desk.get(Cloud, "api:/issue/WEB-1").await["fields"]["duedate"], "2026-05-01");
    let (_, bulk) = desk.post(Cloud, "api:/issue/bulkfetch", json!({ "issueIdsOrKeys": [new, "WEB-9"] })).await;
    assert_eq!(keys(&bulk), [new.as_str()]);
    desk.bench.at("2026-03-02T09:01:00Z");
    assert_eq!(desk.found("project = WEB ORDER BY key").await, ["WEB-1", new.as_str()]);
    // By dice, an issue seen once may be missing from a later answer, and is there in the end.
    desk.jira.lag_by_dice(7, 600);
    let flickers = desk.jira.issue("WEB", IssueDraft::new("Flickers"));
    let mut seen = Vec::new();
    for minute in 1..=30 {
        desk.bench.at(&format!("2026-03-02T09:{:02}:00Z", minute + 1));
        seen.push(desk.found("project = WEB").await.contains(&flickers));
    }
    let first = seen.iter().position(|there| *there).unwrap();
    assert!(seen[first..].iter().any(|there| !there), "{seen:?}");
    assert!(seen[25..].iter().all(|there| *there), "{seen:?}");
}

#[tokio::test]
async fn a_token_may_lead_nowhere_and_what_was_deleted_does_not_come_back() {
    let desk = desk().await;
    desk.jira.issue("WEB", IssueDraft::new("Second"));
    desk.jira.repeating_token(true);
    let mut body = json!({ "jql": "project = WEB ORDER BY key", "fields": ["key"], "maxResults": 1 });
    let (_, first) = desk.post(Cloud, "api:/search/jql", body.clone()).await;
    body["nextPageToken"] = first["nextPageToken"].clone();
    assert_eq!(desk.post(Cloud, "api:/search/jql", body).await.1, first);
    desk.jira.repeating_token(false);
    for dice in 0..8 {
        desk.jira.lag_by_dice(dice, 600);
        let key = desk.jira.issue("WEB", IssueDraft::new("Short-lived"));
        for minute in 1..5 {
            desk.jira
                .at(ts("2026-03-02T09:00:00Z") + jiff::SignedDuration::from_mins(minute))
                .rename(&key, "Again", "ana");
        }
        desk.jira.delete(&key);
        desk.jira.lag(600);
    }
    desk.bench.at("2026-03-02T12:00:00Z");
    assert_eq!(desk.found("project = WEB ORDER BY key").await, ["WEB-1", "WEB-2"]);
}

#[tokio::test]
async fn queries_can_be_taken_apart_and_tried_without_a_search() {
    let desk = desk().await;
    let queries = ["project = WEB ORDER BY updated DESC", "urgent things", "summary = x", "project = NOPE", "a ="];
    let (_, parsed) = desk.post(Cloud, "api:/jql/parse", json!({ "queries": queries })).await;
    let all = parsed["queries"].as_array().unwrap();
    assert_eq!(all[0]["structure"]["where"]["field"]["name"], "project");
    assert_eq!(all[0]["structure"]["orderBy"]["fields"][0]["direction"], "desc");
    assert_eq!(all[1]["structure"]["where"]["field"]["name"], "text");
    assert!(all[2]["errors"][0].as_str().unwrap().contains("is not supported by the 'summary' field"));
    assert!(all[3]["warnings"][0].as_str().unwrap().contains("'NOPE'"));
    assert!(all[4].get("structure").is_none());
    let id: u64 = desk.jira.id("WEB-1").parse().unwrap();
    let body = json!({ "issueIds": [id, 99], "jqls": ["assignee = ana", "assignee is EMPTY", "nonsense ="] });
    let (_, matched) = desk.post(Cloud, "api:/jql/match", body).await;
    assert_eq!(matched["matches"][0], json!({ "matchedIssues": [id], "errors": [] }));
    assert_eq!(matched["matches"][1]["matchedIssues"], json!([]));
    assert_eq!(matched["matches"][2]["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn open_sprints_and_parents_can_be_asked_for() {
    let desk = desk().await;
    let board = desk.jira.board("WEB", "Shop");
    let sprint = desk.jira.sprint(board, "One", None, None);
    desk.jira.to_sprint("WEB-1", sprint);
    assert_eq!(desk.found("sprint in openSprints()").await.len(), 0);
    desk.jira.start_sprint(sprint);
    assert_eq!(desk.found("sprint in openSprints()").await, ["WEB-1"]);
    let epic = desk.jira.issue("WEB", IssueDraft { kind: "Epic".to_owned(), ..IssueDraft::new("Epic") });
    desk.jira.reparent("WEB-1", Some(&epic), "ana");
    assert_eq!(desk.found(&format!("parent = {epic}")).await, ["WEB-1"]);
    let response = desk.send(Server, Method::GET, &format!("api:/search?jql=%22Epic%20Link%22%3D{epic}"), None).await;
    assert_eq!(keys(&response.json().await.unwrap()), ["WEB-1"]);
}
