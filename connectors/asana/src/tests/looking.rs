//! Direct looks and the census.

use connector_kit::{Cursor, Scope, Source, StreamKey, StreamKind, TaskLook};
use connector_model::{ContainerKind, ContainerRef, TaskRef};
use serde_json::json;

use super::server::*;
use crate::normalise::tests::raw;

#[tokio::test]
async fn a_task_is_there_or_hidden_and_nothing_is_concluded() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET tasks/1" => good(raw("1", json!({}))),
        "GET tasks/11" => good(raw("11", json!({"projects": [], "memberships": [], "parent": {"gid": "1"}}))),
        "GET tasks/2" => good(raw("2", json!({"projects": [], "memberships": []}))),
        "GET tasks/3" => good(raw("3", json!({"projects": [{"gid": "900"}], "memberships": []}))),
        "GET tasks/4" => bad(403, "Forbidden"),
        _ => bad(404, "Unknown object"),
    })
    .await;
    let asana = server.asana();
    for gid in ["1", "11"] {
        let TaskLook::There(page) = asana.task(gid).await.unwrap() else { panic!("{gid} is there") };
        assert_eq!((page.tasks[0].ext.as_str(), page.tasks[0].container.ext.as_str()), (gid, "100"));
    }
    for gid in ["2", "3", "4", "5"] {
        assert_eq!(asana.task(gid).await.unwrap(), TaskLook::Hidden, "{gid}");
    }
    assert!(asana.task("../users/me").await.is_err());
}

#[tokio::test]
async fn the_census_names_all_that_is_open_with_what_is_below() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "POST batch" => Answer::default(),
        "GET tasks" => {
            assert_eq!(asked.query("completed_since").as_deref(), Some("now"));
            match asked.query("offset") {
                None => page(json!([{"gid": "1", "num_subtasks": 1}, {"gid": "2", "num_subtasks": 0}]), Some("o2")),
                Some(_) => page(json!([{"gid": "3", "num_subtasks": 0}]), None),
            }
        }
        "GET tasks/1/subtasks" => page(json!([{"gid": "11", "num_subtasks": 1}, {"gid": "12"}]), None),
        "GET tasks/11/subtasks" => page(json!([{"gid": "111", "num_subtasks": 0}]), None),
        _ => bad(404, "no"),
    })
    .await;
    let asana = server.asana();
    let at = ContainerRef { kind: ContainerKind::Project, ext: "100".to_owned() };
    let scope = Scope { at, handle: "100".to_owned(), name: "Web".to_owned() };
    let stream = StreamKey { kind: StreamKind::Census, scope: Some(scope) };
    let first = asana.pull(&stream, &Cursor::default()).await.unwrap();
    let second = asana.pull(&stream, &first.next).await.unwrap();
    let named = first.present.iter().chain(&second.present);
    let named: Vec<&str> = named
        .map(|one| match one {
            TaskRef::Ext(gid) => gid.as_str(),
            _ => "?",
        })
        .collect();
    assert_eq!(named, ["1", "2", "11", "12", "111", "3"]);
    assert!(first.more && !second.more && second.partial.is_none());
    assert_eq!(second.next, Cursor { at: None, etag: None, backfilled: true });
}
