//! Projects: their items page by page, their fields by id, and what is concluded from what is missing.

use std::sync::atomic::{AtomicUsize, Ordering};

use connector_kit::{ConnectorError, Cursor, Page, Source, StreamKind};
use connector_model::{Due, DueSource, Need, TaskRef};
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server, answer, pass, stream};

fn item(n: u64) -> Value {
    json!({"id": format!("PVTI_{n}"), "type": "ISSUE", "updatedAt": "2025-03-10T09:00:00Z", "isArchived": false,
        "content": {"__typename": "Issue", "fullDatabaseId": (100_000 + n).to_string(), "number": n,
            "repository": {"nameWithOwner": "acme/web"}},
        "status": {"name": "In Progress", "optionId": "o1"}, "start": null, "target": {"date": "2025-03-20"},
        "iteration": null, "estimate": null, "priority": null, "progress": null})
}

fn fields(names: &[(&str, &str)]) -> Value {
    let nodes: Vec<Value> = names.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    json!({"nodes": nodes})
}

const USUAL: &[(&str, &str)] = &[("F_s", "Status"), ("F_t", "Target date")];

fn project(fields: &Value, items: &[Value], next: Option<&str>, total: usize) -> Value {
    json!({"projectV2": {"id": "PVT_1", "title": "Plan", "fields": fields, "items": {"totalCount": total,
        "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": items}}})
}

fn variables(asked: &Asked) -> Value {
    serde_json::from_str::<Value>(&asked.body).unwrap()["variables"].clone()
}

fn org(project: Value) -> Answer {
    answer(200, json!({"data": {"organization": project}}))
}

async fn read(server: &Server, cursor: &Cursor) -> (Vec<Page>, Cursor) {
    pass(&server.github(), StreamKind::Boards, cursor).await
}

#[tokio::test]
async fn a_project_is_read_page_by_page_and_is_complete_at_its_end() {
    let server = Server::new(|asked| match variables(asked)["after"].as_str() {
        None => org(project(&fields(USUAL), &[item(1), item(2)], Some("c2"), 3)),
        Some("c2") => org(project(&fields(USUAL), &[item(3)], None, 3)),
        other => panic!("{other:?}"),
    })
    .await;
    let (pages, cursor) = read(&server, &Cursor::default()).await;
    assert_eq!(pages.iter().map(|page| page.supplements.len()).collect::<Vec<_>>(), [2, 1]);
    let first = &pages[0].supplements[0];
    assert_eq!((&first.task, first.source.as_str()), (&TaskRef::Ext("100001".to_owned()), "acme/7"));
    let due = first.values.due.unwrap();
    assert_eq!((due.due, due.source), (Due::On("2025-03-20".parse().unwrap()), DueSource::Field));
    assert_eq!((pages[0].source_read.is_none(), pages[0].sources.is_none()), (true, true));
    assert_eq!(pages[1].source_read.as_ref().map(|read| read.source.as_str()), Some("acme/7"));
    assert_eq!(pages[1].sources, Some(vec!["acme/7".to_owned()]));
    assert!(cursor.backfilled && pages[1].partial.is_none());
    let asked = server.asked();
    assert_eq!((&variables(&asked[0])["org"], &variables(&asked[0])["num"]), (&json!("acme"), &json!(7)));
    assert_eq!(asked.len(), 2);
}

#[tokio::test]
async fn a_field_that_is_renamed_is_still_the_same_field() {
    static NAME: AtomicUsize = AtomicUsize::new(0);
    let server = Server::new(|asked| {
        let name = ["Target date", "Deadline"][NAME.load(Ordering::Relaxed)];
        let mut one = item(1);
        if variables(asked)["target"] != name {
            one["target"] = json!(null);
        }
        org(project(&fields(&[("F_s", "Status"), ("F_t", name)]), &[one], None, 1))
    })
    .await;
    let (_, cursor) = read(&server, &Cursor::default()).await;
    assert_eq!(server.asked().len(), 1);
    NAME.store(1, Ordering::Relaxed);
    let (pages, cursor) = read(&server, &cursor).await;
    assert!(pages[0].supplements[0].values.due.is_some());
    assert_eq!(server.asked().len(), 2, "once by the old name, once by the new one");
    read(&server, &cursor).await;
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_field_that_is_gone_is_told() {
    let server = Server::new(|_| org(project(&fields(&[("F_s", "Status")]), &[item(1)], None, 1))).await;
    let known = "{\"project\":0,\"seen\":0,\"pages\":0,\"fields\":{\"acme/7\":{\"target\":{\"id\":\"F_t\",\"name\":\"Target date\"}}}}";
    let from = Cursor { at: Some(known.to_owned()), etag: None, backfilled: true };
    let (pages, _) = read(&server, &from).await;
    assert_eq!(pages[0].unreadable[0].what, "field \"Target date\" of project acme/7");
}

#[tokio::test]
async fn what_is_withheld_or_unreadable_is_not_gone() {
    let forbidden = json!({"type": "FORBIDDEN", "path": ["organization", "projectV2", "items", "nodes", 1, "target"], "message": "no"});
    let answers = [
        json!({"data": {"organization": project(&fields(USUAL), &[item(1), item(2)], None, 2)}, "errors": [forbidden]}),
        json!({"data": {"organization": project(&fields(USUAL), &[item(1), json!(null)], None, 2)}}),
        json!({"data": {"organization": project(&fields(USUAL), &[item(1), json!({"id": 7, "type": []})], None, 2)}}),
        json!({"data": {"organization": project(&fields(USUAL), &[item(1)], None, 2)}}),
    ];
    for body in answers {
        let shown = body.to_string();
        let server = Server::new(move |_| answer(200, &body)).await;
        let (pages, _) = read(&server, &Cursor::default()).await;
        assert_eq!(pages[0].supplements.len(), 1, "{shown}");
        assert!(pages[0].source_read.is_none() && pages[0].partial.is_some(), "{shown}");
    }
}

#[tokio::test]
async fn drafts_pull_requests_and_what_is_withheld_on_purpose_are_counted_and_left_out() {
    let draft = json!({"type": "DRAFT_ISSUE", "content": {"__typename": "DraftIssue", "title": "x"}});
    let redacted = json!({"type": "REDACTED", "content": null});
    let server =
        Server::new(move |_| org(project(&fields(USUAL), &[draft.clone(), redacted.clone(), item(1)], None, 3))).await;
    let (pages, _) = read(&server, &Cursor::default()).await;
    assert_eq!((pages[0].skipped, pages[0].supplements.len()), (2, 1));
    assert!(pages[0].source_read.is_some());
}

#[tokio::test]
async fn a_users_project_is_found_and_then_asked_for_at_once() {
    let server = Server::new(|asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        if body["query"].as_str().unwrap().contains("organization(login") {
            let error = json!({"type": "NOT_FOUND", "path": ["organization"], "message": "Could not resolve to an Organization"});
            return answer(200, json!({"data": {"organization": null}, "errors": [error]}));
        }
        answer(200, json!({"data": {"user": project(&fields(USUAL), &[item(1)], None, 1)}}))
    })
    .await;
    let (pages, cursor) = read(&server, &Cursor::default()).await;
    assert!(pages[0].source_read.is_some());
    assert_eq!(server.asked().len(), 2);
    read(&server, &cursor).await;
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_project_that_is_not_to_be_seen_is_named_and_nothing_is_concluded() {
    let error = json!({"type": "FORBIDDEN", "path": ["organization", "projectV2"], "message": "Resource not accessible by integration"});
    let server =
        Server::new(move |_| answer(200, json!({"data": {"organization": {"projectV2": null}}, "errors": [error]})))
            .await;
    let (pages, cursor) = read(&server, &Cursor::default()).await;
    assert_eq!(pages[0].unreadable[0].what, "project acme/7");
    assert!(pages[0].partial.as_ref().unwrap().contains("Resource not accessible by integration"));
    assert!(pages[0].source_read.is_none() && cursor.backfilled);
    let lacks = pages[0].lacks.clone().unwrap();
    let needs: Vec<Need> = lacks.iter().map(|lack| lack.need).collect();
    assert_eq!(needs, [Need::Due, Need::Priority]);
    assert!(
        lacks.iter().all(|lack| !lack.whole && lack.because.contains("acme/7") && lack.because.contains("accessible"))
    );
}

#[tokio::test]
async fn without_graphql_projects_stay_as_they_were_read_and_that_is_said() {
    let server = Server::new(|_| answer(404, "{}")).await;
    let github = server.github();
    for calls in [1, 0] {
        let page = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap();
        assert!(page.partial.is_some() && page.sources.is_none() && page.source_read.is_none() && !page.more);
        assert!(page.lacks.is_some_and(|lacks| lacks.iter().any(|lack| lack.need == Need::Due)));
        assert_eq!(server.asked().len(), calls);
    }
}

#[tokio::test]
async fn a_limit_told_with_status_200_is_obeyed_until_its_reset() {
    let server = Server::new(|_| {
        let body = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]});
        answer(200, body).with("x-ratelimit-remaining: 0").with("x-ratelimit-reset: 1741684200")
    })
    .await;
    let github = server.github();
    let error = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap_err();
    let ConnectorError::Limited { retry_after, .. } = error else { panic!("{error:?}") };
    assert!((590..=601).contains(&retry_after.as_secs()), "{retry_after:?}");
    let again = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap_err();
    assert!(matches!(again, ConnectorError::Limited { .. }));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_page_that_is_too_heavy_is_asked_for_by_halves() {
    let server = Server::new(|asked| {
        if variables(asked)["first"].as_u64().unwrap() > 25 {
            let error =
                json!({"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."});
            return answer(200, json!({"data": {"organization": null}, "errors": [error]}));
        }
        org(project(&fields(USUAL), &[item(1)], None, 1))
    })
    .await;
    let (pages, _) = read(&server, &Cursor::default()).await;
    assert_eq!(pages[0].supplements.len(), 1);
    let asked: Vec<_> = server.asked().iter().map(|asked| variables(asked)["first"].clone()).collect();
    assert_eq!(asked, [100, 50, 25]);
}

#[tokio::test]
async fn fields_that_are_withheld_are_not_gone_and_nothing_is_written_over_their_values() {
    let error = json!({"type": "FORBIDDEN", "path": ["organization", "projectV2", "fields"], "message": "no"});
    let mut empty = item(2);
    empty["target"] = json!(null);
    let items = [item(1), empty];
    let bodies = [
        json!({"data": {"organization": project(&json!(null), &items, None, 2)}, "errors": [error]}),
        json!({"data": {"organization": project(&json!({"nodes": [{"id": "F_s", "name": "Status"}, null]}), &items, None, 2)}}),
    ];
    let known = "{\"project\":0,\"seen\":0,\"pages\":0,\"fields\":{\"acme/7\":{\"target\":{\"id\":\"F_t\",\"name\":\"Target date\"}}}}";
    for body in bodies {
        let shown = body.to_string();
        let server = Server::new(move |_| answer(200, &body)).await;
        let from = Cursor { at: Some(known.to_owned()), etag: None, backfilled: true };
        let (pages, cursor) = read(&server, &from).await;
        let tasks: Vec<_> = pages[0].supplements.iter().map(|one| one.task.clone()).collect();
        assert_eq!(tasks, [TaskRef::Ext("100001".to_owned())], "{shown}");
        assert!(pages[0].source_read.is_none() && pages[0].partial.is_some() && pages[0].unreadable.is_empty());
        assert!(cursor.at.unwrap().contains("F_t"), "{shown}");
    }
}

#[tokio::test]
async fn a_field_that_is_called_otherwise_each_time_is_asked_for_twice_at_most() {
    let calls = AtomicUsize::new(0);
    let server = Server::new(move |_| {
        let name = format!("Target {}", calls.fetch_add(1, Ordering::Relaxed));
        org(project(&fields(&[("F_t", &name)]), &[item(1)], None, 1))
    })
    .await;
    let known = "{\"project\":0,\"seen\":0,\"pages\":0,\"fields\":{\"acme/7\":{\"target\":{\"id\":\"F_t\",\"name\":\"Target date\"}}}}";
    let from = Cursor { at: Some(known.to_owned()), etag: None, backfilled: true };
    let error = server.github().pull(&stream(StreamKind::Boards), &from).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed { .. }), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_page_that_does_not_say_where_the_next_one_begins_ends_no_project() {
    let mut cut = project(&fields(USUAL), &[item(1)], None, 1);
    cut["projectV2"]["items"]["pageInfo"] = json!({"hasNextPage": true, "endCursor": null});
    let server = Server::new(move |_| org(cut.clone())).await;
    let (pages, _) = read(&server, &Cursor::default()).await;
    assert!(pages[0].source_read.is_none() && pages[0].partial.is_some());
}

#[tokio::test]
async fn a_project_that_is_forbidden_is_named_and_is_no_reason_to_do_without_graphql() {
    let server = Server::new(|_| answer(403, json!({"message": "Resource not accessible"}))).await;
    let github = server.github();
    for _ in 0..2 {
        let page = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap();
        assert_eq!(page.unreadable[0].what, "project acme/7");
        assert!(page.partial.is_some() && page.source_read.is_none() && !page.more);
        assert_eq!(server.asked().len(), 1);
    }
}
