//! What is asked by GraphQL: links and timelines of many issues at once, and what is done where it cannot be had.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_kit::{ChildCount, ConnectorError, Cursor, KnownTask, Page, Source, StreamKind, TaskRelations, Wanted};
use connector_model::{Field, Link, LinkKind, TaskRef};
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server, answer, stream};
use crate::GitHub;

fn known(count: u64) -> Vec<KnownTask> {
    let task = |n: u64| KnownTask {
        ext: (100_000 + n).to_string(),
        handle: format!("1000/acme/web/{n}/I_{n}"),
        status: String::new(),
    };
    (1..=count).map(task).collect()
}

/// As the caller does it: hands over what is wanted, as long as there is more.
async fn run(github: &GitHub, tasks: &[KnownTask], cursor: &Cursor) -> (Vec<Page>, Cursor) {
    let (mut pages, mut cursor) = (Vec::new(), cursor.clone());
    loop {
        let links = stream(StreamKind::Links);
        let page = match github.wants(&links, &cursor) {
            Some(Wanted { after, most }) => {
                let from = after.map_or(0, |after| tasks.iter().position(|task| task.ext == after).unwrap() + 1);
                let slice: Vec<KnownTask> = tasks[from..].iter().take(most as usize).cloned().collect();
                github.refresh(&links, &cursor, &slice).await.unwrap()
            }
            None => github.pull(&links, &cursor).await.unwrap(),
        };
        cursor = page.next.clone();
        let more = page.more;
        pages.push(page);
        assert!(pages.len() < 500, "no end");
        if !more {
            return (pages, cursor);
        }
    }
}

fn ids(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    body["variables"]["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn plain(id: &str) -> Value {
    json!({"id": id, "parent": null, "subIssuesSummary": {"total": 0, "completed": 0},
        "issueDependenciesSummary": {"blockedBy": 0, "totalBlockedBy": 0},
        "blockedBy": {"pageInfo": {"hasNextPage": false}, "nodes": []},
        "timelineItems": {"pageInfo": {"hasNextPage": false}, "nodes": []}})
}

fn told(asked: &Asked, node: impl Fn(&str) -> Value) -> Answer {
    let nodes: Vec<Value> = ids(asked).iter().map(|id| node(id)).collect();
    answer(
        200,
        json!({"data": {"rateLimit": {"cost": 2, "remaining": 4000, "resetAt": "2025-03-11T10:00:00Z"}, "nodes": nodes}}),
    )
}

#[tokio::test]
async fn links_of_all_open_issues_cost_a_call_for_each_hundred_of_them() {
    let server = Server::new(|asked| told(asked, plain)).await;
    let github = server.github();
    for (count, calls) in [(0, 0), (1, 1), (100, 1), (101, 2), (250, 3)] {
        let (pages, cursor) = run(&github, &known(count), &Cursor::default()).await;
        let asked = server.asked();
        assert_eq!(asked.len(), calls, "{count}");
        let all: Vec<String> = asked.iter().flat_map(ids).collect();
        assert_eq!(all, (1..=count).map(|n| format!("I_{n}")).collect::<Vec<_>>());
        assert!(cursor.backfilled && pages.iter().all(|page| page.tasks.is_empty()));
        assert_eq!(pages.iter().map(|page| page.links.len()).sum::<usize>() as u64, count);
    }
}

#[tokio::test]
async fn a_call_is_a_post_of_a_named_operation_with_the_token_and_no_write() {
    let server = Server::new(|asked| told(asked, plain)).await;
    run(&server.github(), &known(1), &Cursor::default()).await;
    let asked = server.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/graphql"));
    assert_eq!(asked.header("authorization"), Some("Bearer ghp_secret"));
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["operationName"], "RefreshLinks");
    let query = body["query"].as_str().unwrap();
    assert!(query.starts_with("query RefreshLinks(") && !query.contains("mutation"));
}

#[tokio::test]
async fn parents_children_and_blockers_are_read_as_rest_calls_them() {
    let server = Server::new(|asked| {
        told(asked, |id| {
            let mut node = plain(id);
            if id == "I_1" {
                node["parent"] = json!({"number": 5, "repository": {"nameWithOwner": "acme/plan"},
                    "subIssuesSummary": {"total": 9, "completed": 3}});
                node["subIssuesSummary"] = json!({"total": 4, "completed": 1});
                node["issueDependenciesSummary"]["totalBlockedBy"] = json!(2);
                node["blockedBy"]["nodes"] = json!([{"fullDatabaseId": "4570308119", "number": 8, "state": "CLOSED"},
                    {"number": 9, "state": "OPEN", "repository": {"nameWithOwner": "acme/web"}}]);
            }
            node
        })
    })
    .await;
    let (pages, _) = run(&server.github(), &known(2), &Cursor::default()).await;
    let one = TaskRef::Ext("100001".to_owned());
    let to = |other| Link { kind: LinkKind::BlockedBy, other };
    let key = |key: &str| TaskRef::Key(key.to_owned());
    assert_eq!(pages[0].links[0].task, one);
    assert_eq!(pages[0].links[0].links, [to(TaskRef::Ext("4570308119".to_owned())), to(key("acme/web#9"))]);
    let count = |done, all| Some(ChildCount { done, all });
    let of_parent = TaskRelations { task: key("acme/plan#5"), parent: None, children: count(3, 9) };
    let own = TaskRelations { task: one, parent: Some(Some(key("acme/plan#5"))), children: count(1, 4) };
    let two = TaskRelations { task: TaskRef::Ext("100002".to_owned()), parent: Some(None), children: count(0, 0) };
    assert_eq!(pages[0].relations, [of_parent, own, two]);
}

#[tokio::test]
async fn what_an_error_left_out_is_unknown_and_not_empty() {
    let server = Server::new(|asked| {
        let mut nodes: Vec<Value> = ids(asked).iter().map(|id| plain(id)).collect();
        nodes[0]["blockedBy"] = json!(null);
        nodes[1] = json!(null);
        nodes[2]["issueDependenciesSummary"]["totalBlockedBy"] = json!(1);
        nodes[3]["blockedBy"]["nodes"] = json!([null]);
        let error = |path: Value, kind: &str| json!({"type": kind, "path": path, "message": "no", "extensions": {"saml_failure": true}});
        let errors = json!([error(json!(["nodes", 0, "blockedBy"]), "FORBIDDEN"),
            error(json!(["nodes", 0, "parent"]), "FORBIDDEN"), error(json!(["nodes", 1]), "NOT_FOUND")]);
        answer(200, json!({"data": {"nodes": nodes}, "errors": errors}))
    })
    .await;
    let (pages, _) = run(&server.github(), &known(5), &Cursor::default()).await;
    let linked: Vec<_> = pages[0].links.iter().map(|links| links.task.clone()).collect();
    assert_eq!(linked, [TaskRef::Ext("100005".to_owned())], "hidden blockers do not go away");
    let parents: Vec<_> = pages[0].relations.iter().map(|one| (one.task.clone(), one.parent.is_some())).collect();
    let ext = |n: u64| TaskRef::Ext((100_000 + n).to_string());
    assert_eq!(parents, [(ext(1), false), (ext(3), true), (ext(4), true), (ext(5), true)]);
}

#[tokio::test]
async fn an_answer_without_what_was_not_known_there_says_nothing_of_it() {
    let server = Server::new(|asked| told(asked, |id| json!({"id": id, "number": 1, "state": "OPEN"}))).await;
    let (pages, _) = run(&server.github(), &known(3), &Cursor::default()).await;
    assert_eq!((pages[0].links.len(), pages[0].relations.len(), pages[0].unreadable.len()), (0, 0, 0));
}

#[tokio::test]
async fn timelines_come_along_from_a_little_before_the_last_pass_on_and_long_ones_to_their_end() {
    let entry = |n: u64| {
        json!({"__typename": "ProjectV2ItemStatusChangedEvent", "id": format!("E_{n}"), "createdAt": "2025-03-10T09:00:00Z",
            "previousStatus": "Todo", "status": "In Progress", "wasAutomated": false,
            "actor": {"__typename": "User", "login": "ana", "databaseId": 5}})
    };
    let server = Server::new(move |asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let page = |after: Value, nodes: Value| json!({"pageInfo": {"hasNextPage": !after.is_null(), "endCursor": after}, "nodes": nodes});
        if body["operationName"] == "IssueHistory" {
            assert_eq!((&body["variables"]["id"], &body["variables"]["after"]), (&json!("I_1"), &json!("c1")));
            let items = page(json!(null), json!([entry(2), {"__typename": "SomeDayNewEvent"}, null]));
            return answer(200, json!({"data": {"node": {"timelineItems": items}}}));
        }
        told(asked, |id| {
            let mut node = plain(id);
            if id == "I_1" && body["variables"]["since"].is_null() {
                node["timelineItems"] = page(json!("c1"), json!([entry(1)]));
            }
            node
        })
    })
    .await;
    let github = server.github();
    let (pages, cursor) = run(&github, &known(2), &Cursor::default()).await;
    let changes: Vec<_> = pages.iter().flat_map(|page| &page.changes).map(|change| change.vkey.as_str()).collect();
    assert_eq!(changes, ["timeline:E_1", "timeline:E_2"]);
    assert_eq!((pages[0].changes[0].field, pages[0].accounts[0].ext.as_str()), (Field::Status, "5"));
    assert_eq!(server.asked().len(), 2);
    run(&github, &known(2), &cursor).await;
    let again: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(again["variables"]["since"], "2025-03-11T08:50:00Z");
}

#[tokio::test]
async fn a_server_that_does_not_know_timelines_is_asked_for_links_alone_from_then_on() {
    let server = Server::new(|asked| {
        if asked.body.contains("timelineItems") {
            let error = json!({"message": "Field 'timelineItems' doesn't exist on type 'Issue'", "extensions": {"code": "undefinedField"}});
            return answer(200, json!({"errors": [error]}));
        }
        told(asked, plain)
    })
    .await;
    let github = server.github();
    run(&github, &known(150), &Cursor::default()).await;
    assert_eq!(server.asked().len(), 3);
    let (pages, _) = run(&github, &known(150), &Cursor::default()).await;
    assert_eq!((pages.len(), server.asked().len()), (2, 2));
}

#[tokio::test]
async fn too_much_at_once_is_halved_and_goes_on_where_it_was() {
    for status in [200, 502] {
        let server = Server::new(move |asked| match (ids(asked).len() > 30, status) {
            (true, 502) => answer(502, "<html>"),
            (true, _) => answer(
                200,
                json!({"data": null, "errors": [{"message": "Something went wrong while executing your query. Please include `1:2`"}]}),
            ),
            _ => told(asked, plain),
        })
        .await;
        let (pages, _) = run(&server.github(), &known(100), &Cursor::default()).await;
        let linked: Vec<_> = pages.iter().flat_map(|page| &page.links).map(|links| links.task.clone()).collect();
        let expected: Vec<_> = (1..=100).map(|n: u64| TaskRef::Ext((100_000 + n).to_string())).collect();
        assert_eq!(linked, expected, "{status}");
    }
}

fn by_rest(asked: &Asked) -> Answer {
    assert_eq!(asked.path(), "/repos/acme/web/issues");
    answer(
        200,
        json!([{"id": 100_001, "node_id": "I_1", "number": 1, "title": "t", "state": "open",
        "created_at": "2025-03-01T09:00:00Z", "updated_at": "2025-03-01T09:00:00Z"}]),
    )
}

#[tokio::test]
async fn without_graphql_links_are_walked_by_rest_and_nobody_asks_again_that_day() {
    let limited = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}).to_string();
    let failing = json!({"errors": [{"message": "Was never seen"}]}).to_string();
    for (status, body) in [
        (404, "{}".to_owned()),
        (405, String::new()),
        (403, "<html>blocked".to_owned()),
        (200, limited),
        (200, failing),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = Server::new(move |asked| {
            if asked.path() != "/graphql" {
                return by_rest(asked);
            }
            counted.fetch_add(1, Ordering::Relaxed);
            answer(status, &body)
        })
        .await;
        let github = server.github();
        let since = Some("{\"known\":\"2025-03-11T08:00:00Z\"}".to_owned());
        let from = Cursor { at: since, etag: None, backfilled: true };
        let (pages, cursor) = run(&github, &known(1), &from).await;
        assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 1, "{status}");
        let at = cursor.at.clone().unwrap();
        assert!(at.starts_with("{\"known\":\"2025-03-11T08:00:00Z\",\"walked\":"), "known up to there: {at}");
        run(&github, &known(1), &cursor).await;
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{status}");
    }
}

#[tokio::test]
async fn once_a_day_the_open_issues_themselves_are_read() {
    let server =
        Server::new(|asked| if asked.path() == "/graphql" { told(asked, plain) } else { by_rest(asked) }).await;
    let github = server.github();
    let (_, cursor) = run(&github, &known(1), &Cursor::default()).await;
    let (pages, _) = run(&github, &known(1), &cursor).await;
    assert_eq!(pages[0].tasks.len(), 0);
    let yesterday = cursor.at.unwrap().replace("\"walked\":\"2025-03-11", "\"walked\":\"2025-03-10");
    let cursor = Cursor { at: Some(yesterday), etag: None, backfilled: true };
    let (pages, cursor) = run(&github, &known(1), &cursor).await;
    assert_eq!(pages[0].tasks.len(), 1);
    let (pages, _) = run(&github, &known(1), &cursor).await;
    assert_eq!(pages[0].tasks.len(), 0);
}

#[tokio::test]
async fn a_refused_credential_is_no_reason_to_go_on_by_rest() {
    let server = Server::new(|_| answer(401, json!({"message": "Bad credentials"}))).await;
    let github = server.github();
    let error = github.refresh(&stream(StreamKind::Links), &Cursor::default(), &known(1)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unauthorized { .. }), "{error:?}");
}

#[tokio::test]
async fn what_stands_around_changed_issues_is_one_call_and_tells_their_parents_count() {
    let issue = |n: u64, fields: Value| {
        let mut issue = json!({"id": 100_000 + n, "node_id": format!("I_{n}"), "number": n, "title": "t", "state": "open",
            "created_at": "2025-03-01T09:00:00Z", "updated_at": "2025-03-01T09:00:00Z"});
        issue.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        issue
    };
    let all = json!([
        issue(1, json!({"issue_dependencies_summary": {"total_blocked_by": 2}})),
        issue(2, json!({"issue_dependencies_summary": {"total_blocked_by": 1}})),
        issue(3, json!({"state": "closed", "parent_issue_url": "https://api.github.com/repos/acme/web/issues/9"})),
        issue(4, json!({})),
    ]);
    let server = Server::new(move |asked| match asked.path() {
        "/graphql" => told(asked, |id| {
            let mut node = plain(id);
            if id == "I_3" {
                node["parent"] = json!({"number": 9, "repository": {"nameWithOwner": "acme/web"},
                    "subIssuesSummary": {"total": 2, "completed": 1}});
            }
            node
        }),
        _ => answer(200, &all),
    })
    .await;
    let github = server.github();
    let tasks = stream(StreamKind::Tasks);
    let mut asked = Vec::new();
    for backfilled in [false, true] {
        let from = Cursor { backfilled, ..Cursor::default() };
        let first = github.pull(&tasks, &from).await.unwrap();
        assert!(first.more);
        let second = github.pull(&tasks, &first.next).await.unwrap();
        assert!(!second.more);
        let calls: Vec<Asked> = server.asked().into_iter().filter(|asked| asked.path() == "/graphql").collect();
        assert_eq!(calls.len(), 1);
        asked.push(ids(&calls[0]));
        if backfilled {
            let parent = TaskRef::Key("acme/web#9".to_owned());
            let count = Some(ChildCount { done: 1, all: 2 });
            assert!(second.relations.contains(&TaskRelations { task: parent, parent: None, children: count }));
        }
    }
    assert_eq!(asked, [vec!["I_1", "I_2"], vec!["I_1", "I_2", "I_3"]], "the first read tells every count itself");
}

fn heavy() -> Answer {
    let error = json!({"message": "Something went wrong while executing your query. Please include `1:2`"});
    answer(200, json!({"data": null, "errors": [error]}))
}

#[tokio::test]
async fn an_issue_that_always_fails_is_named_and_passed_over() {
    let server = Server::new(|asked| match ids(asked).iter().any(|id| id == "I_7") {
        true => heavy(),
        false => told(asked, plain),
    })
    .await;
    let (pages, cursor) = run(&server.github(), &known(150), &Cursor::default()).await;
    let unreadable: Vec<_> = pages.iter().flat_map(|page| &page.unreadable).map(|one| one.what.as_str()).collect();
    assert_eq!(unreadable, ["links of id 100007"]);
    let linked: Vec<_> = pages.iter().flat_map(|page| &page.links).map(|links| links.task.clone()).collect();
    let expected: Vec<_> =
        (1..=150).filter(|n| *n != 7).map(|n: u64| TaskRef::Ext((100_000 + n).to_string())).collect();
    assert_eq!(linked, expected);
    assert!(cursor.backfilled && server.asked().len() < 30);
}

#[tokio::test]
async fn where_everything_fails_graphql_is_left_alone_after_a_few() {
    let server = Server::new(|asked| if asked.path() == "/graphql" { heavy() } else { by_rest(asked) }).await;
    let from = Cursor { at: None, etag: None, backfilled: true };
    let (pages, _) = run(&server.github(), &known(100), &from).await;
    let calls = server.asked().iter().filter(|asked| asked.path() == "/graphql").count();
    assert!(calls < 15, "{calls}");
    assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 1, "by REST");
}

#[tokio::test]
async fn a_timeline_without_end_or_without_a_way_on_is_given_up_and_named() {
    for (fails, has_cursor) in [(false, true), (true, true), (false, false)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let server = Server::new(move |asked| {
            let body: Value = serde_json::from_str(&asked.body).unwrap();
            let next = format!("c{}", calls.fetch_add(1, Ordering::Relaxed));
            let end = if has_cursor { json!(next) } else { json!(null) };
            let items = json!({"pageInfo": {"hasNextPage": true, "endCursor": end}, "nodes": []});
            if body["operationName"] == "IssueHistory" {
                return if fails { heavy() } else { answer(200, json!({"data": {"node": {"timelineItems": items}}})) };
            }
            told(asked, |id| {
                let mut node = plain(id);
                if id == "I_1" {
                    node["timelineItems"] = items.clone();
                }
                node
            })
        })
        .await;
        let (pages, cursor) = run(&server.github(), &known(2), &Cursor::default()).await;
        let unreadable: Vec<_> = pages.iter().flat_map(|page| &page.unreadable).map(|one| one.what.as_str()).collect();
        assert_eq!(unreadable, ["the rest of the history of id 100001"], "{fails} {has_cursor}");
        assert!(cursor.backfilled);
    }
}

#[tokio::test]
async fn a_pass_without_history_does_not_count_as_one_that_read_it() {
    let server = Server::new(|asked| {
        if asked.body.contains("timelineItems") {
            let error = json!({"message": "Field 'timelineItems' doesn't exist on type 'Issue'", "extensions": {"code": "undefinedField"}});
            return answer(200, json!({"errors": [error]}));
        }
        told(asked, plain)
    })
    .await;
    let github = server.github();
    let at = "{\"known\":\"2025-03-11T08:00:00Z\",\"walked\":\"2025-03-11T08:00:00Z\"}";
    let mut cursor = Cursor { at: Some(at.to_owned()), etag: None, backfilled: true };
    for _ in 0..2 {
        (_, cursor) = run(&github, &known(150), &cursor).await;
        assert_eq!(cursor.at.as_deref(), Some(at));
    }
}

#[tokio::test]
async fn a_limit_of_all_holds_rest_as_well_and_one_of_points_does_not() {
    let of_points = || answer(403, "{}").with("x-ratelimit-remaining: 0").with("x-ratelimit-reset: 1741684200");
    for (refusal, holds) in [
        (answer(403, "{}").with("retry-after: 600"), true),
        (answer(429, "{}").with("retry-after: 600"), true),
        (of_points(), false),
    ] {
        let server = Server::new(move |_| refusal.clone()).await;
        let github = server.github();
        let error = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Limited { .. }), "{error}");
        assert!(github.limits.until("graphql").is_some());
        assert_eq!(github.limits.until("core").is_some(), holds);
    }
}
