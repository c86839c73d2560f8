//! What changes without an issue being touched, and what is not told where it is asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use connector_kit::{ConnectorError, Cursor, KnownTask, Page, Source, StreamKind, TaskLook};
use connector_model::{AccountKind, Ineligible, Need, StatusCategory};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::reading::{LATELY, empty, issue, ok, site};
use super::site::{Answer, Server, answer, pass, stream};
use crate::Edition;

/// Long ago.
const BEFORE: &str = "2025-02-11T09:58:00.000+0100";

fn known(ids: &[u64]) -> Vec<KnownTask> {
    ids.iter().map(|id| KnownTask { ext: id.to_string(), handle: id.to_string(), status: String::new() }).collect()
}

fn told(page: &Page) -> Vec<(String, Option<Ineligible>)> {
    page.tasks.iter().map(|task| (task.ext.clone(), task.ineligible)).collect()
}

#[tokio::test]
async fn open_issues_are_read_again_once_a_day_though_nobody_touched_them() {
    let server = Server::new(|asked| {
        // The status counts otherwise now, and whoever owns it has left.
        let mut one = issue(1, "10003", BEFORE);
        one["fields"]["status"]["statusCategory"]["key"] = json!("indeterminate");
        one["fields"]["assignee"] = json!({"accountId": "ann", "key": "ann", "displayName": "Ann", "active": false});
        // One of ours that was made this moment. Its mark is not asked for here, so it is not taken up here either.
        let me = json!({"accountId": "me", "key": "me", "displayName": "gapwatch"});
        let comment = json!({"id": "77", "author": me, "body": "It is late.", "created": BEFORE, "updated": BEFORE});
        one["fields"]["comment"] = json!({"comments": [comment], "total": 1, "startAt": 0, "maxResults": 20});
        match asked.path() {
            "/rest/api/3/issue/bulkfetch" => {
                assert_eq!(asked.json()["issueIdsOrKeys"], json!(["1", "2"]));
                ok(json!({"issues": [one], "issueErrors": []}))
            }
            "/rest/api/2/search" => match asked.json()["jql"].as_str().unwrap() {
                "id in (1)" => ok(json!({"issues": [one], "total": 1})),
                _ => answer(400, json!({"errorMessages": ["there is none"]})).with("x-ausername: me"),
            },
            _ => site(asked, ""),
        }
    })
    .await;
    for edition in [Edition::Cloud, Edition::DataCenter] {
        let (jira, clock) = server.jira(server.config(edition));
        let open = stream(StreamKind::Links);
        assert_eq!(jira.wants(&open, &Cursor::default()), None, "a first read has just brought everything");
        let page = jira.pull(&open, &Cursor::default()).await.unwrap();
        assert!(page.unchanged && !page.more);
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(jira.wants(&open, &page.next), None);
        assert_eq!(jira.pull(&open, &page.next).await.unwrap().next, page.next);
        clock.advance(SignedDuration::from_hours(23));
        assert_eq!(jira.wants(&open, &page.next).map(|wanted| wanted.after), Some(None));
        let page = jira.refresh(&open, &page.next, &known(&[1, 2])).await.unwrap();
        assert_eq!(page.tasks[0].status.category, StatusCategory::Active);
        assert_eq!((page.tasks.len(), page.accounts[0].kind), (1, AccountKind::Gone));
        assert!(!page.more && page.changes.is_empty());
        assert_eq!(jira.wants(&open, &page.next), None, "once a day");
        // A hundred are not all.
        let some: Vec<u64> = (1..=100).collect();
        if edition == Edition::DataCenter {
            let page = jira.refresh(&open, &page.next, &known(&some)).await.unwrap();
            assert_eq!(jira.wants(&open, &page.next).and_then(|wanted| wanted.after).as_deref(), Some("100"));
            assert!(page.more && page.tasks.len() == 1);
        }
    }
}

#[tokio::test]
async fn an_issue_that_left_the_selection_untouched_is_left_alone_and_one_the_index_lacks_stays_as_it_is() {
    let server = Server::new(|asked| {
        let ids = |ids: &[u64]| {
            let issues: Vec<Value> = ids.iter().map(|id| json!({"id": id.to_string()})).collect();
            ok(json!({"issues": issues, "isLast": true}))
        };
        match asked.path() {
            "/rest/api/3/issue/bulkfetch" => ok(json!({"issues": [
                issue(1, "10003", BEFORE), issue(2, "10003", BEFORE), issue(3, "10003", BEFORE)]})),
            "/rest/api/3/issue/1" => ok(issue(1, "10003", BEFORE)),
            "/rest/api/3/issue/2" => ok(issue(2, "10003", BEFORE)),
            "/rest/api/3/issue/3" => ok(issue(3, "10003", BEFORE)),
            "/rest/api/3/search/jql" => match asked.json()["jql"].as_str().unwrap() {
                "(id in (1,2,3)) AND (sprint in openSprints())" | "(id in (1)) AND (sprint in openSprints())" => {
                    ids(&[1])
                }
                "id in (2,3)" | "id in (2)" => ids(&[2]),
                _ => ids(&[]),
            },
            _ => site(asked, ""),
        }
    })
    .await;
    let mut config = server.config(Edition::Cloud);
    config.select = Some("sprint in openSprints()".to_owned());
    let (jira, clock) = server.jira(config);
    let page = jira.pull(&stream(StreamKind::Links), &Cursor::default()).await.unwrap();
    clock.advance(SignedDuration::from_hours(24));
    let page = jira.refresh(&stream(StreamKind::Links), &page.next, &known(&[1, 2, 3])).await.unwrap();
    assert_eq!(told(&page), [("1".to_owned(), None), ("2".to_owned(), Some(Ineligible::Filtered))]);
    let look = |found: TaskLook| match found {
        TaskLook::There(page) => told(&page)[0].1,
        other => panic!("{other:?}"),
    };
    assert_eq!(look(jira.task("1").await.unwrap()), None);
    assert_eq!(look(jira.task("2").await.unwrap()), Some(Ineligible::Filtered));
    assert!(matches!(jira.task("3").await, Err(ConnectorError::NotVisible { .. })), "asked again later");
}

#[tokio::test]
async fn what_a_selection_begins_to_cover_is_found_without_a_change() {
    let covered: Arc<Mutex<Vec<Value>>> = Arc::default();
    let shown = covered.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/search/jql" => match asked.json()["jql"].as_str().unwrap() {
            jql if jql.starts_with("(project = \"EE\") AND (sprint in openSprints()) ORDER BY created") => {
                ok(json!({"issues": *shown.lock().unwrap(), "isLast": true}))
            }
            jql if jql.contains("updated >=") => empty(),
            jql => panic!("{jql}"),
        },
        _ => site(asked, ""),
    })
    .await;
    let mut config = server.config(Edition::Cloud);
    config.select = Some("sprint in openSprints()".to_owned());
    let (jira, clock) = server.jira(config);
    let (_, cursor) = pass(&jira, StreamKind::Tasks, &Cursor::default()).await;
    // The sprint begins; the issue lay in it for weeks.
    covered.lock().unwrap().push(issue(1, "10003", BEFORE));
    clock.advance(SignedDuration::from_hours(1));
    let (pages, cursor) = pass(&jira, StreamKind::Tasks, &cursor).await;
    assert!(pages.iter().all(|page| page.tasks.is_empty()));
    clock.advance(SignedDuration::from_hours(6));
    let (pages, cursor) = pass(&jira, StreamKind::Tasks, &cursor).await;
    assert_eq!(told(pages.last().unwrap()), [("1".to_owned(), None)]);
    let (pages, _) = pass(&jira, StreamKind::Tasks, &cursor).await;
    assert!(pages.iter().all(|page| page.tasks.is_empty()), "not at every poll");
}

#[tokio::test]
async fn a_project_that_vanished_is_known_in_every_language() {
    let gone = Arc::new(AtomicU64::new(0));
    let flag = gone.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/search/jql" => {
            answer(400, json!({"errorMessages": ["Der Wert 'EE' existiert nicht."]})).with("x-aaccountid: me")
        }
        "/rest/api/3/project/10003" if flag.load(Ordering::Relaxed) == 0 => ok(json!({"id": "10003", "key": "EE"})),
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Misconfigured { .. }), "{error:?}");
    gone.store(1, Ordering::Relaxed);
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::NotVisible { .. }), "{error:?}");
}

#[tokio::test]
async fn a_site_that_tells_no_histories_is_not_asked_for_each_of_them() {
    for body in [json!([]), json!({"issueChangeLogs": []})] {
        let server = Server::new(move |asked| match asked.path() {
            "/rest/api/3/search/jql" => {
                let at: u64 = asked.json()["nextPageToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let one = |id| {
                    let mut one = issue(id, "10003", LATELY);
                    one["fields"]["statuscategorychangedate"] = json!(LATELY);
                    one
                };
                let issues: Vec<Value> = (at * 10..at * 10 + 10).map(one).collect();
                let mut page = json!({"issues": issues, "isLast": at == 4});
                if at < 4 {
                    page["nextPageToken"] = json!((at + 1).to_string());
                }
                ok(page)
            }
            "/rest/api/3/changelog/bulkfetch" => Answer { status: 200, ..ok(body.clone()) },
            path if path.ends_with("/changelog") => ok(json!({"values": [], "total": 0, "isLast": true})),
            _ => site(asked, ""),
        })
        .await;
        let (jira, _) = server.jira(server.config(Edition::Cloud));
        let (pages, _) = pass(&jira, StreamKind::Tasks, &Cursor::default()).await;
        assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 50);
        let alone = server.asked().iter().filter(|asked| asked.path().ends_with("/changelog")).count();
        assert_eq!(alone, 5);
    }
}

#[tokio::test]
async fn sprints_of_a_team_managed_board_are_homes_and_a_kanban_board_is_not_asked() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/3/project/EE/versions" => ok(json!([])),
        "/rest/agile/1.0/board" => {
            assert_eq!(asked.query("type"), None);
            ok(json!({"values": [{"id": 8, "type": "simple"}, {"id": 9, "type": "kanban"}, {"id": 10, "type": "scrum"}], "isLast": true}))
        }
        "/rest/agile/1.0/board/8/sprint" => ok(json!({"values": [
            {"id": 38, "name": "S1", "state": "active", "endDate": "2025-03-20T08:00:00.000Z"}], "isLast": true})),
        "/rest/agile/1.0/board/9/sprint" => panic!("a kanban board has no sprints"),
        "/rest/agile/1.0/board/10/sprint" => ok(json!({"values": [], "isLast": true})),
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let page = jira.pull(&stream(StreamKind::Homes), &Cursor::default()).await.unwrap();
    assert_eq!(page.containers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["S1"]);
}

#[tokio::test]
async fn what_is_switched_off_on_a_site_is_said_and_told_again_after_a_pass_with_it() {
    let linking = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = linking.clone();
    let server = Server::new(move |asked| match asked.path() {
        "/rest/api/3/configuration" => {
            let is_on = flag.load(std::sync::atomic::Ordering::SeqCst);
            ok(json!({"timeTrackingEnabled": false, "issueLinkingEnabled": is_on}))
        }
        "/rest/api/3/issue/bulkfetch" => ok(json!({"issues": [issue(1, "10003", BEFORE)]})),
        "/rest/api/3/search/jql" => ok(json!({"issues": [{"id": "1"}], "isLast": true})),
        _ => site(asked, ""),
    })
    .await;
    let (jira, clock) = server.jira(server.config(Edition::Cloud));
    let needs = |page: &Page| page.lacks.as_ref().map(|lacks| lacks.iter().map(|lack| lack.need).collect::<Vec<_>>());
    jira.site().await.unwrap();
    let page = jira.pull(&stream(StreamKind::Links), &Cursor::default()).await.unwrap();
    assert_eq!(needs(&page), Some(vec![Need::Blocking, Need::Estimate]));
    linking.store(true, std::sync::atomic::Ordering::SeqCst);
    clock.advance(SignedDuration::from_hours(24));
    jira.recent_site().await.unwrap();
    let page = jira.refresh(&stream(StreamKind::Links), &page.next, &known(&[1])).await.unwrap();
    assert_eq!(needs(&page), Some(vec![Need::Estimate]), "this pass has read the links");
    assert_eq!(page.tasks[0].untold, [connector_model::Field::Estimate], "what was known of it stays");
}
