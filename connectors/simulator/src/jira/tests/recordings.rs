//! Recorded issues in both editions, and as they were.

use serde_json::{Value, json};

use super::{Cloud, Server, desk};
use crate::jira::{IssueDraft, JiraRecorded};
use crate::testing::ts;

fn line(key: &str, more: &Value) -> String {
    let status = |id: u32, name: &str, category: &str| json!({ "id": id.to_string(), "name": name, "statusCategory": { "id": 2, "key": category } });
    let person = |name: &str| json!({ "name": name, "key": name, "displayName": name.to_uppercase(), "active": true });
    let mut issue = json!({
        "id": "9001", "key": key, "fields": {
            "summary": "Recorded", "project": { "id": "555", "key": "REC", "name": "Recording" },
            "issuetype": { "id": "4", "name": "Improvement", "subtask": false }, "status": status(6, "Closed", "done"),
            "resolution": { "id": "1", "name": "Fixed" }, "resolutiondate": "2012-03-01T10:00:00.000+0000",
            "created": "2012-01-01T10:00:00.000+0000", "updated": "2012-03-05T10:00:00.000+0000",
            "duedate": "2012-02-20", "assignee": person("bob"), "reporter": person("ann"), "labels": [],
            "issuelinks": [], "fixVersions": [],
            "comment": { "comments": [
                { "id": "1", "author": person("ann"), "body": "early", "created": "2012-01-05T10:00:00.000+0000" },
                { "id": "2", "author": person("bob"), "body": "late", "created": "2012-03-05T10:00:00.000+0000" },
            ] },
        },
        "changelog": { "histories": [
            { "id": "11", "author": person("ann"), "created": "2012-01-10T10:00:00.000+0000", "items": [
                { "field": "assignee", "fieldtype": "jira", "from": null, "fromString": null, "to": "bob", "toString": "BOB" },
                { "field": "duedate", "fieldtype": "jira", "from": null, "to": "2012-02-01", "toString": "2012-02-01 00:00:00.0" },
            ] },
            { "id": "12", "created": "2012-02-02T10:00:00.000+0000", "items": [
                { "field": "duedate", "fieldtype": "jira", "from": null, "fromString": "2012-02-01 00:00:00.0", "to": null },
            ] },
            { "id": "13", "author": person("ann"), "created": "2012-02-03T10:00:00.000+0000", "items": [
                { "field": "duedate", "fieldtype": "jira", "from": null, "to": "2012-02-20" },
            ] },
            { "id": "14", "author": person("bob"), "created": "2012-03-01T10:00:00.000+0000", "items": [
                { "field": "resolution", "fieldtype": "jira", "from": null, "to": "1", "toString": "Fixed" },
                { "field": "status", "fieldtype": "jira", "from": "1", "fromString": "Open", "to": "6", "toString": "Closed" },
            ] },
        ] },
    });
    if let (Some(fields), Some(more)) = (issue["fields"].as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    issue.to_string()
}

#[tokio::test]
async fn a_recorded_issue_is_served_in_both_editions_and_as_it_was() {
    let desk = desk().await;
    let recorded = JiraRecorded::parse(&line("REC-1", &json!({ "customfield_1234": 5 }))).unwrap();
    desk.jira.serve(&recorded);
    let cloud = desk.get(Cloud, "api:/issue/REC-1/changelog").await;
    assert_eq!(cloud["total"], 4);
    assert_eq!(cloud["values"][0]["items"][0]["fieldId"], "assignee");
    assert_eq!(cloud["values"][0]["items"][0]["to"], json!(desk.jira.account_id("bob")));
    assert!(cloud["values"][1].get("author").is_none());
    let server = desk.get(Server, "api:/issue/REC-1?expand=changelog").await;
    assert_eq!(server["id"], "9001");
    assert_eq!(server["changelog"]["histories"][0]["items"][0]["to"], "bob");
    assert_eq!(server["fields"]["resolution"]["name"], "Fixed");
    let look = || async {
        let issue = desk.get(Cloud, "api:/issue/REC-1").await;
        let fields = &issue["fields"];
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        (
            text(&fields["status"]["name"]),
            text(&fields["assignee"]["displayName"]),
            text(&fields["duedate"]),
            text(&fields["resolutiondate"]),
            fields["comment"]["total"].as_u64().unwrap(),
        )
    };
    let row = |a: &str, b: &str, c: &str, d: &str, e: u64| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned(), e);
    for (at, expected) in [
        ("2012-01-02T00:00:00Z", row("Open", "-", "-", "-", 0)),
        ("2012-01-11T00:00:00Z", row("Open", "BOB", "2012-02-01", "-", 1)),
        ("2012-02-02T12:00:00Z", row("Open", "BOB", "-", "-", 1)),
        ("2012-02-10T00:00:00Z", row("Open", "BOB", "2012-02-20", "-", 1)),
        ("2012-03-02T00:00:00Z", row("Closed", "BOB", "2012-02-20", "2012-03-01T10:00:00.000+0000", 1)),
        ("2012-04-01T00:00:00Z", row("Closed", "BOB", "2012-02-20", "2012-03-01T10:00:00.000+0000", 2)),
    ] {
        desk.jira.as_of(ts(at));
        assert_eq!(look().await, expected, "{at}");
        assert!(desk.jira.look("REC-1").unwrap().updated_at <= ts(at));
    }
    desk.jira.as_of(ts("2011-12-31T00:00:00Z"));
    assert!(desk.jira.look("REC-1").is_none());
    assert_eq!(desk.found("project = REC").await.len(), 0);
    // What is not recorded stays, whatever the day.
    assert!(desk.jira.look("WEB-1").is_some());
    desk.jira.as_of(ts("2012-02-10T00:00:00Z"));
    desk.post(Server, "api:/issue/REC-1/comment", json!({ "body": "Behind" })).await;
    desk.jira.as_of(None);
    assert_eq!(desk.jira.comments("REC-1").len(), 3);
    desk.jira.issue("WEB", IssueDraft::new("Its id is above all recorded ones"));
}

#[tokio::test]
async fn without_a_history_the_dates_tell() {
    let desk = desk().await;
    let sprint = json!([{ "id": 50, "state": "closed", "name": "Sprint 9", "startDate": "2012-02-01T10:00:00.000Z",
        "endDate": "2012-02-14T10:00:00.000Z", "completeDate": "2012-02-15T10:00:00.000Z", "originBoardId": 3 }]);
    let mut issue: Value = serde_json::from_str(&line("REC-1", &json!({ "closedSprints": sprint }))).unwrap();
    issue.as_object_mut().unwrap().remove("changelog");
    desk.jira.serve(&JiraRecorded::parse(&issue.to_string()).unwrap());
    desk.jira.as_of(ts("2012-02-10T00:00:00Z"));
    let seen = desk.jira.look("REC-1").unwrap();
    assert_eq!((seen.status.as_str(), seen.category.as_str()), ("Open", "new"));
    assert_eq!(desk.found("sprint in openSprints()").await, ["REC-1"]);
    desk.jira.as_of(ts("2012-01-20T00:00:00Z"));
    assert_eq!(desk.found("sprint is EMPTY AND project = REC").await, ["REC-1"]);
    assert_eq!(desk.get(Cloud, "/rest/agile/1.0/sprint/50").await["state"], "future");
    desk.jira.as_of(None);
    assert_eq!(desk.jira.look("REC-1").unwrap().category, "done");
}

#[tokio::test]
async fn real_recordings_are_shown_on_every_day_of_theirs() {
    for (name, least) in [
        ("asf-duraspace-changelog-dev.jsonl.gz", 2_000),
        ("tidev-dev.jsonl.gz", 9_000),
        ("devlake-issues.jsonl.gz", 30),
    ] {
        let Some(file) = crate::testing::recorded(&format!("fixtures/jira/{name}")) else { return };
        shown_on_every_day(&file, least).await;
    }
}

async fn shown_on_every_day(file: &std::path::Path, least: usize) {
    let desk = desk().await;
    let recorded = JiraRecorded::load(file).unwrap();
    assert!(recorded.len() >= least);
    desk.jira.serve(&recorded);
    for issue in &desk.jira.site().originals {
        // What a history tells last is what is.
        let last = |field: &str| {
            let items = issue.histories.iter().rev().flat_map(|history| history.items.iter().rev());
            items.filter(|item| item.field == field).map(|item| item.to.clone()).next()
        };
        assert!(last("status").is_none_or(|to| to == Some(issue.status.to_string())), "{}", issue.key);
        assert!(last("assignee").is_none_or(|to| to == issue.assignee), "{}", issue.key);
    }
    let (first, last) = recorded.span().unwrap();
    let mut shown = 0;
    for part in 1..=4_i64 {
        let at = first + jiff::SignedDuration::from_secs((last.as_second() - first.as_second()) * part / 4 + part / 4);
        desk.jira.as_of(at);
        let issues = desk.jira.issues();
        assert!(issues.len() >= shown, "{at}");
        shown = issues.len();
        assert!(issues.iter().filter(|issue| issue.key != "WEB-1").all(|issue| issue.updated_at <= at));
    }
    assert_eq!(shown, recorded.len() + 1);
    let jql = "project is not EMPTY ORDER BY created ASC, key ASC";
    let body = json!({ "jql": jql, "fields": ["*all"], "expand": "changelog", "maxResults": 100 });
    let (status, page) = desk.post(Cloud, "api:/search/jql", body).await;
    assert_eq!((status, page["issues"].as_array().unwrap().len()), (200, 100.min(shown)));
    let body = json!({ "jql": jql, "fields": ["*all"], "expand": ["changelog"], "maxResults": 100 });
    let (status, page) = desk.post(Server, "api:/search", body).await;
    assert_eq!((status, page["total"].as_u64()), (200, Some(shown as u64)));
}
