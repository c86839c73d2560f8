//! Reading issues: which requests are made, and what comes of the answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use connector_kit::{ConnectorError, Cursor, Page, Source, StreamKind, TaskLook};
use connector_model::{Due, Field, Ineligible, Need, TaskRef};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::site::{Answer, Asked, Server, answer, pass, project, stream};
use crate::Edition;

/// Who we are, by either edition's names.
pub(super) fn myself() -> Answer {
    let body = json!({"accountId": "me", "key": "me", "name": "me", "displayName": "Gapwatch", "active": true});
    answer(200, body).with("x-aaccountid: me")
}

pub(super) fn empty() -> Answer {
    ok(json!({"issues": [], "isLast": true, "total": 0}))
}

pub(super) fn ok(body: Value) -> Answer {
    answer(200, body).with("x-aaccountid: me").with("date: Tue, 11 Mar 2025 09:00:00 GMT")
}

/// What every site answers, below this address.
pub(super) fn site(asked: &Asked, below: &str) -> Answer {
    let path = asked.path().strip_prefix(below).unwrap();
    match path.rsplit('/').next().unwrap() {
        "myself" => myself(),
        "field" => ok(json!([
            {"id": "customfield_10020", "name": "Sprint", "schema": {"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"}}
        ])),
        "status" => ok(json!([{"id": "1", "name": "Open", "statusCategory": {"key": "new"}},
            {"id": "6", "name": "Closed", "statusCategory": {"key": "done"}}])),
        "priority" => ok(json!([{"id": "1", "name": "High"}])),
        "bulkfetch" => ok(json!({"issueChangeLogs": []})),
        _ => answer(404, json!({"errorMessages": ["nothing there"], "errors": {}})).with("x-aaccountid: me"),
    }
}

pub(super) fn issue(id: u64, project: &str, updated: &str) -> Value {
    json!({"id": id.to_string(), "key": format!("EE-{id}"), "fields": {
        "summary": format!("task {id}"), "created": "2025-03-01T10:00:00.000+0100", "updated": updated,
        "project": {"id": project, "key": "EE"}, "status": {"id": "1", "name": "Open", "statusCategory": {"key": "new"}},
        "assignee": null, "duedate": null, "comment": {"comments": [], "total": 0}
    }})
}

pub(super) const LATELY: &str = "2025-03-11T09:58:00.000+0100";

/// A stream that rests since the clock's start.
async fn rested(jira: &crate::Jira) -> Cursor {
    pass(jira, StreamKind::Tasks, &Cursor::default()).await.1
}

#[tokio::test]
async fn a_first_read_walks_by_token_and_names_its_fields() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => match asked.json()["nextPageToken"].as_str() {
            None => ok(json!({"issues": [issue(1, "10003", LATELY), issue(2, "10003", LATELY)], "nextPageToken": "t2", "isLast": false})),
            Some("t2") => ok(json!({"issues": [issue(3, "10003", LATELY)], "isLast": true})),
            other => panic!("{other:?}"),
        },
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let (pages, cursor) = pass(&jira, StreamKind::Tasks, &Cursor::default()).await;
    let titles: Vec<&str> = pages.iter().flat_map(|page| &page.tasks).map(|task| task.title.as_str()).collect();
    assert_eq!(titles, ["task 1", "task 2", "task 3"]);
    assert_eq!((pages[0].history_since, pages[1].history_since), (None, Some(Timestamp::UNIX_EPOCH)));
    assert!(cursor.backfilled);
    let searches: Vec<Value> =
        server.asked().iter().filter(|asked| asked.path().ends_with("/search/jql")).map(Asked::json).collect();
    assert_eq!(searches[0]["jql"], "project = \"EE\" ORDER BY created ASC, key ASC");
    assert_eq!(searches[0]["jql"], searches[1]["jql"], "a token belongs to its question");
    let fields = searches[0]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!("duedate")) && fields.contains(&json!("customfield_10020")));
}

#[tokio::test]
async fn a_poll_with_nothing_new_is_one_search_for_all_projects() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => ok(json!({"issues": [issue(1, "10003", LATELY), issue(2, "10004", LATELY), issue(9, "777", LATELY)], "isLast": true})),
        _ => site(asked, ""),
    })
    .await;
    let (jira, clock) = server.jira(server.config(Edition::Cloud));
    let (mut streams, scopes) = (Vec::new(), [project("10003", "EE"), project("10004", "AND")]);
    for scope in scopes {
        let key = connector_kit::StreamKey { kind: StreamKind::Tasks, scope: Some(scope) };
        let page = jira.pull(&key, &Cursor::default()).await.unwrap();
        assert_eq!(page.tasks.len(), 1, "an issue of another project is left out");
        streams.push((key, page.next));
    }
    server.asked();
    clock.advance(SignedDuration::from_mins(5));
    assert!(jira.joins(StreamKind::Tasks));
    for _ in 0..2 {
        let pages = jira.pull_joint(&streams).await.unwrap();
        assert!(pages.iter().all(|page| page.tasks.is_empty() && !page.more));
        for (stream, page) in streams.iter_mut().zip(pages) {
            stream.1 = page.next;
        }
        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        let since = "2025-03-11T08:45:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(
            asked[0].json()["jql"],
            format!("project in (\"EE\",\"AND\") AND updated >= {since} ORDER BY updated ASC, key ASC")
        );
    }
    // Once an hour, far back.
    clock.advance(SignedDuration::from_hours(1));
    jira.pull_joint(&streams).await.unwrap();
    let since = "2025-03-10T19:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    assert!(server.asked()[0].json()["jql"].as_str().unwrap().contains(&format!("updated >= {since} ")));
}

#[tokio::test]
async fn an_issue_that_the_index_shows_late_is_not_lost() {
    let shown: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = shown.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/search/jql" => ok(json!({"issues": *seen.lock().unwrap(), "isLast": true})),
        _ => site(asked, ""),
    })
    .await;
    let (jira, clock) = server.jira(server.config(Edition::Cloud));
    let cursor = rested(&jira).await;
    clock.advance(SignedDuration::from_mins(5));
    shown.lock().unwrap().push(issue(2, "10003", "2025-03-11T10:04:00.000+0100"));
    let page = jira.pull(&stream(StreamKind::Tasks), &cursor).await.unwrap();
    assert_eq!(page.tasks.len(), 1);
    // Changed before that one, and indexed only now.
    shown.lock().unwrap().push(issue(1, "10003", "2025-03-11T10:01:00.000+0100"));
    let page = jira.pull(&stream(StreamKind::Tasks), &page.next).await.unwrap();
    assert_eq!(page.tasks.iter().map(|task| task.ext.as_str()).collect::<Vec<_>>(), ["1"]);
    let page = jira.pull(&stream(StreamKind::Tasks), &page.next).await.unwrap();
    assert_eq!(page.tasks, [], "each state once");
}

#[tokio::test]
async fn histories_come_from_one_call_and_are_put_together_from_its_pages() {
    let server = Server::new(|asked| {
        let entry = |id: u64, created: Value| json!({"id": id.to_string(), "created": created, "author": {"accountId": "5f8"},
            "items": [{"field": "duedate", "fieldId": "duedate", "from": null, "to": "2025-04-01"}]});
        match asked.path() {
            "/rest/api/3/search/jql" => ok(json!({"issues": [issue(1, "10003", LATELY)], "isLast": true})),
            "/rest/api/3/changelog/bulkfetch" => match asked.json()["nextPageToken"].as_str() {
                None => ok(json!({"issueChangeLogs": [{"issueId": "1", "changeHistories": [entry(7, json!(1_741_600_000))]}], "nextPageToken": "n"})),
                Some(_) => ok(json!({"issueChangeLogs": [{"issueId": "1", "changeHistories": [
                    entry(8, json!(1_741_600_001_000_i64)), entry(9, json!("2025-03-10T10:00:00.000+0100")), {"id": "10", "created": "soon"}]}]})),
            },
            _ => site(asked, ""),
        }
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let page = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    let keys: Vec<&str> = page.changes.iter().map(|change| change.vkey.as_str()).collect();
    assert_eq!(keys, ["history:7:0", "history:8:0", "history:9:0"]);
    assert!(
        page.changes.iter().all(|change| change.field == Field::Due && change.task == TaskRef::Ext("1".to_owned()))
    );
    assert_eq!(page.unreadable.len(), 1, "one entry that cannot be read costs itself");
}

#[tokio::test]
async fn where_the_call_for_many_is_missing_or_silent_each_history_is_asked_for() {
    for status in [404, 200] {
        let server = Server::new(move |asked| match asked.path() {
            "/rest/api/3/search/jql" => {
                let mut one = issue(1, "10003", LATELY);
                one["fields"]["statuscategorychangedate"] = json!("2025-03-05T10:00:00.000+0100");
                ok(json!({"issues": [one], "isLast": true}))
            }
            "/rest/api/3/changelog/bulkfetch" => Answer { status, ..ok(json!({"issueChangeLogs": []})) },
            "/rest/api/3/issue/1/changelog" => ok(json!({"values": [{"id": "5", "created": LATELY, "items": [
                {"field": "status", "fieldId": "status", "from": "1", "fromString": "Open", "to": "6", "toString": "Closed"}]}], "isLast": true, "total": 1})),
            _ => site(asked, ""),
        })
        .await;
        let (jira, _) = server.jira(server.config(Edition::Cloud));
        let page = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
        assert_eq!(page.changes[0].to.as_deref(), Some("done/Closed"));
        assert_eq!(page.changes[0].account, None);
    }
}

#[tokio::test]
async fn comments_are_read_whole_and_ours_are_told_by_their_property() {
    let wire = "0123456789abcdef0123456789abcdef";
    let server = Server::new(move |asked| {
        let comment = |id: u64, by: &str, body: Value| json!({"id": id.to_string(), "author": {"accountId": by}, "created": LATELY, "body": body});
        let document = json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "/gapwatch snooze 3d"}]}]});
        match asked.path() {
            "/rest/api/3/search/jql" => {
                let mut one = issue(1, "10003", LATELY);
                one["fields"]["comment"] = json!({"comments": [comment(3, "5f8", document)], "total": 3});
                ok(json!({"issues": [one], "isLast": true}))
            }
            "/rest/api/3/issue/1/comment" => match asked.query("startAt").unwrap().as_str() {
                "0" => ok(json!({"comments": [comment(1, "5f8", json!("plain")), comment(2, "me", json!("ours"))], "total": 3})),
                _ => ok(json!({"comments": [comment(3, "5f8", document)], "total": 3})),
            },
            "/rest/api/3/comment/list" => {
                assert_eq!((asked.json(), asked.query("expand").as_deref()), (json!({"ids": [2]}), Some("properties")));
                let value = json!({"v": 1, "mark": format!("{wire}.{wire}")});
                ok(json!({"values": [{"id": "2", "properties": [{"key": "gapwatch.flag", "value": value}]}]}))
            }
            _ => site(asked, ""),
        }
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let page = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    let told: Vec<_> = page
        .changes
        .iter()
        .map(|change| (change.vkey.as_str(), change.to.as_deref(), change.mark.as_ref().map(|mark| mark.wire.as_str())))
        .collect();
    assert_eq!(
        told,
        [("comment:1", None, None), ("comment:2", None, Some(wire)), ("comment:3", Some("/gapwatch snooze 3d"), None)]
    );
}

#[tokio::test]
async fn data_center_pages_by_number_from_the_last_minute_and_brings_histories_along() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/2/search" => {
            let body = asked.json();
            assert_eq!(body["expand"], json!(["changelog"]));
            let made = |id: u64, created: &str| {
                let mut one = issue(id, "10003", LATELY);
                one["fields"]["created"] = json!(created);
                one["changelog"] = json!({"total": 1, "histories": [{"id": id.to_string(), "created": LATELY, "author": {"name": "jdoe"},
                    "items": [{"field": "assignee", "from": null, "to": "jdoe"}]}]});
                one
            };
            let all = [
                made(1, "2025-03-01T10:00:00.000+0000"), made(2, "2025-03-01T10:01:10.000+0000"), made(3, "2025-03-01T10:01:20.000+0000"),
                made(4, "2025-03-01T10:01:30.000+0000"), made(5, "2025-03-02T10:00:00.000+0000"),
            ];
            let jql = body["jql"].as_str().unwrap();
            let floor: i64 = jql.split("created >= ").nth(1).map_or(0, |rest| rest.split(' ').next().unwrap().parse().unwrap());
            let from: Vec<&Value> = all.iter().filter(|one| {
                crate::when::instant(one["fields"]["created"].as_str().unwrap()).unwrap().as_millisecond() >= floor
            }).collect();
            let at = usize::try_from(body["startAt"].as_u64().unwrap()).unwrap();
            // The server gives fewer than asked for.
            let page: Vec<&Value> = from.iter().skip(at).take(2).copied().collect();
            ok(json!({"startAt": at, "maxResults": 2, "total": from.len(), "issues": page}))
        }
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::DataCenter));
    let (pages, cursor) = pass(&jira, StreamKind::Tasks, &Cursor::default()).await;
    let mut ids: Vec<&str> = pages.iter().flat_map(|page| &page.tasks).map(|task| task.ext.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids, ["1", "2", "3", "4", "5"]);
    assert!(cursor.backfilled);
    assert!(
        pages
            .iter()
            .flat_map(|page| &page.changes)
            .all(|change| change.field == Field::Owner && change.account.as_deref() == Some("jdoe"))
    );
}

#[tokio::test]
async fn a_token_that_has_ended_does_not_begin_the_read_anew() {
    let asked_twice = Arc::new(AtomicU64::new(0));
    let count = asked_twice.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/search/jql" => match asked.json()["nextPageToken"].as_str() {
            None if count.fetch_add(1, Ordering::Relaxed) == 0 => {
                ok(json!({"issues": [issue(1, "10003", LATELY)], "nextPageToken": "old", "isLast": false}))
            }
            None => ok(json!({"issues": [issue(2, "10003", LATELY)], "isLast": true})),
            Some(_) => Answer {
                status: 400,
                ..ok(json!({"errorMessages": ["The provided next page token is invalid or expired."]}))
            },
        },
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let (pages, _) = pass(&jira, StreamKind::Tasks, &Cursor::default()).await;
    assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 2);
    let last = server.asked().iter().rfind(|asked| asked.path().ends_with("/search/jql")).map(Asked::json).unwrap();
    let floor = "2025-03-01T09:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    assert!(last["jql"].as_str().unwrap().contains(&format!("created >= {floor} ")), "{last}");
}

#[tokio::test]
async fn what_the_selection_does_not_cover_is_known_and_left_alone() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => match asked.json()["jql"].as_str().unwrap() {
            jql if jql.starts_with("(id in (1,2)) AND (labels = x OR labels = y)") => {
                ok(json!({"issues": [{"id": "2", "key": "EE-2"}], "isLast": true}))
            }
            jql if jql.contains("updated >=") && !jql.contains("labels") => {
                ok(json!({"issues": [issue(1, "10003", LATELY), issue(2, "10003", LATELY)], "isLast": true}))
            }
            jql if jql.starts_with("(project = \"EE\") AND (labels = x OR labels = y) ORDER BY created") => empty(),
            jql if jql.starts_with("(id in (1)) AND") => empty(),
            jql => panic!("{jql}"),
        },
        _ => site(asked, ""),
    })
    .await;
    let mut config = server.config(Edition::Cloud);
    config.select = Some("labels = x OR labels = y ORDER BY rank".to_owned());
    let (jira, _) = server.jira(config);
    let cursor = rested(&jira).await;
    let page = jira.pull(&stream(StreamKind::Tasks), &cursor).await.unwrap();
    let told = |page: &Page| page.tasks.iter().map(|task| (task.ext.clone(), task.ineligible)).collect::<Vec<_>>();
    assert_eq!(told(&page), [("1".to_owned(), Some(Ineligible::Filtered)), ("2".to_owned(), None)]);
    // The index may lag: what it did not show is asked for again.
    let page = jira.pull(&stream(StreamKind::Tasks), &page.next).await.unwrap();
    assert_eq!(told(&page), [("1".to_owned(), Some(Ineligible::Filtered))]);
}

#[tokio::test]
async fn an_issue_that_cannot_be_read_costs_itself_and_a_page_of_bare_ids_everything() {
    let page = |issues: Value| {
        Server::new(move |asked| match asked.path() {
            "/rest/api/3/search/jql" => ok(json!({"issues": issues, "isLast": true})),
            _ => site(asked, ""),
        })
    };
    let mut bad = issue(1, "10003", LATELY);
    bad["fields"]["issuelinks"] = json!({"secret": 1});
    let server = page(json!([bad, issue(2, "10003", LATELY)])).await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let read = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    assert_eq!((read.tasks.len(), read.unreadable.len()), (1, 1));
    assert_eq!(read.unreadable[0].what, "EE-1");
    assert!(read.unreadable[0].because.contains("issuelinks") && !read.unreadable[0].because.contains("secret"));
    let server = page(json!([{"id": "1", "key": "EE-1"}])).await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn a_project_that_cannot_be_seen_is_named() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => Answer { status: 400, ..ok(json!({"errorMessages": ["The value 'EE' does not exist for the field 'project'."]})) },
        "/rest/api/3/project/search" => {
            assert_eq!(asked.query("keys").as_deref(), Some("EE"));
            ok(json!({"values": [{"id": "10003", "key": "EE", "name": "Enterprise"}, {"id": "10005", "key": "OLD", "name": "Old", "archived": true}], "isLast": true}))
        }
        _ => site(asked, ""),
    })
    .await;
    let mut config = server.config(Edition::Cloud);
    config.projects = vec!["EE".to_owned(), "GONE".to_owned(), "old".to_owned()];
    let (jira, _) = server.jira(config);
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::NotVisible { .. }), "{error}");
    let page = jira.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap();
    let listed: Vec<_> = page.containers.iter().map(|one| (one.name.as_str(), one.open)).collect();
    assert_eq!(listed, [("EE", true), ("OLD", false)]);
    assert!(page.partial.as_deref().is_some_and(|words| words.starts_with("GONE: ")), "{:?}", page.partial);
}

#[tokio::test]
async fn versions_and_running_sprints_are_homes_and_one_that_ended_is_told_once() {
    let ended = Arc::new(AtomicU64::new(0));
    let flag = ended.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/project/EE/versions" => {
            ok(json!([{"id": "5", "name": "1.0", "releaseDate": "2025-04-01", "released": false}]))
        }
        "/rest/agile/1.0/board" => ok(json!({"values": [{"id": 8}, {"id": 9}], "isLast": true})),
        "/rest/agile/1.0/board/8/sprint" if flag.load(Ordering::Relaxed) == 0 => ok(json!({"values": [
            {"id": 38, "name": "S1", "state": "active", "endDate": "2025-03-20T08:00:00.000Z"}], "isLast": true})),
        "/rest/agile/1.0/board/8/sprint" => ok(json!({"values": [], "isLast": true})),
        "/rest/agile/1.0/board/9/sprint" => {
            Answer { status: 400, ..ok(json!({"errorMessages": ["The board does not support sprints"]})) }
        }
        "/rest/agile/1.0/sprint/38" => {
            ok(json!({"id": 38, "name": "S1", "state": "closed", "endDate": "2025-03-20T08:00:00.000Z"}))
        }
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let told = |page: &Page| {
        page.containers.iter().map(|one| (one.name.clone(), one.open, one.due.map(Due::to_text))).collect::<Vec<_>>()
    };
    let page = jira.pull(&stream(StreamKind::Homes), &Cursor::default()).await.unwrap();
    let version = ("1.0".to_owned(), true, Some("2025-04-01".to_owned()));
    assert_eq!(told(&page), [version.clone(), ("S1".to_owned(), true, Some("2025-03-20T08:00:00Z".to_owned()))]);
    ended.store(1, Ordering::Relaxed);
    let page = jira.pull(&stream(StreamKind::Homes), &page.next).await.unwrap();
    assert_eq!(told(&page), [version.clone(), ("S1".to_owned(), false, None)]);
    let page = jira.pull(&stream(StreamKind::Homes), &page.next).await.unwrap();
    assert_eq!(told(&page), [version]);
}

#[tokio::test]
async fn boards_that_are_not_shown_are_said_and_a_site_without_any_lacks_nothing() {
    for (status, is_lacking) in [(403, true), (404, false), (400, false)] {
        let server = Server::new(move |asked| match asked.path() {
            "/rest/api/3/project/EE/versions" => ok(json!([])),
            "/rest/agile/1.0/board" => Answer { status, ..ok(json!({})) },
            _ => site(asked, ""),
        })
        .await;
        let (jira, _) = server.jira(server.config(Edition::Cloud));
        let page = jira.pull(&stream(StreamKind::Homes), &Cursor::default()).await.unwrap();
        let lacks = page.lacks.unwrap();
        assert_eq!(lacks.iter().any(|lack| lack.need == Need::Sprint && lack.because.contains("403")), is_lacking);
    }
}

#[tokio::test]
async fn the_census_lists_bare_ids_of_open_issues() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => {
            let body = asked.json();
            assert_eq!((body["fields"].clone(), body["maxResults"].clone()), (json!(["id"]), json!(5_000)));
            assert!(body["jql"].as_str().unwrap().starts_with("project = \"EE\" AND statusCategory != Done ORDER BY"));
            match body["nextPageToken"].as_str() {
                None => ok(json!({"issues": [{"id": "1"}, {"id": "2"}], "nextPageToken": "n", "isLast": false})),
                Some(_) => ok(json!({"issues": [{"id": "3"}], "isLast": true})),
            }
        }
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let (pages, cursor) = pass(&jira, StreamKind::Census, &Cursor::default()).await;
    let present: Vec<String> = pages.iter().flat_map(|page| &page.present).map(TaskRef::to_text).collect();
    assert_eq!(present, ["ext:1", "ext:2", "ext:3"]);
    assert!(cursor.backfilled && cursor.at.is_none() && pages.iter().all(|page| page.partial.is_none()));
}

#[tokio::test]
async fn a_look_finds_an_issue_by_its_number_and_never_says_that_one_is_gone() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/issue/1" => ok(issue(1, "10009", LATELY)),
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let TaskLook::There(page) = jira.task("1").await.unwrap() else { panic!() };
    assert_eq!(page.tasks[0].container.ext, "10009");
    assert_eq!(jira.task("2").await.unwrap(), TaskLook::Hidden);
    assert!(matches!(jira.task("EE-1").await, Err(ConnectorError::Misconfigured { .. })));
}

#[tokio::test]
async fn more_than_fits_one_go_is_walked_project_by_project_without_a_loss() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/search/jql" => {
            let body = asked.json();
            let jql = body["jql"].as_str().unwrap();
            if !jql.contains("updated >=") {
                return empty();
            }
            let at: u64 = body["nextPageToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let mut page = json!({"issues": [issue(at + 1, "10003", LATELY)], "isLast": at == 29});
            if at < 29 {
                page["nextPageToken"] = json!((at + 1).to_string());
            }
            ok(page)
        }
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let cursor = rested(&jira).await;
    let (pages, cursor) = pass(&jira, StreamKind::Tasks, &cursor).await;
    assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 30);
    assert!(pages.len() > 25 && pages.iter().all(|page| page.history_since.is_none()));
    let (pages, _) = pass(&jira, StreamKind::Tasks, &cursor).await;
    assert!(pages.iter().all(|page| page.tasks.is_empty()), "what was taken up is not read again");
}
