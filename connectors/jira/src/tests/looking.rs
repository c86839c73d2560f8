//! Looking around before anything is watched, and at oneself.

use connector_kit::ConnectorError;
use connector_kit::survey::{Examine, Finding, Survey, Verdict};
use connector_model::StatusCategory;
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server, answer, person};
use crate::Edition;

const EDITIONS: [Edition; 2] = [Edition::Cloud, Edition::DataCenter];

#[tokio::test]
async fn projects_of_a_site_are_listed_to_the_end_with_their_open_issues() {
    let server = Server::new(|asked: &Asked| match asked.call().as_str() {
        "GET project/search" => {
            assert_eq!(asked.query("orderBy").as_deref(), Some("-lastIssueUpdatedDate"));
            match asked.query("startAt").as_deref() {
                Some("0") => {
                    answer(200, json!({"values": [{"key": "WEB"}, {"key": "AND"}, {"no": "key"}], "isLast": false}))
                }
                start => {
                    assert_eq!(start, Some("3"), "what came, and not what was wished");
                    answer(200, json!({"values": [{"key": "OPS"}], "isLast": true}))
                }
            }
        }
        "POST search/approximate-count" => {
            let jql = asked.json()["jql"].as_str().unwrap().to_owned();
            let count = ["WEB", "AND", "OPS"].iter().position(|key| jql.contains(&format!("\"{key}\""))).unwrap();
            assert!(jql.ends_with("statusCategory != Done"), "{jql}");
            answer(200, json!({"count": count + 5}))
        }
        call => panic!("{call}"),
    })
    .await;
    let sight = server.jira(Edition::Cloud).visible().await.unwrap();
    let seen: Vec<(&str, u64)> = sight.containers.iter().map(|one| (one.name.as_str(), one.open)).collect();
    assert_eq!(seen, [("WEB", 5), ("AND", 6), ("OPS", 7)]);
    assert_eq!(sight.partial, None);
}

#[tokio::test]
async fn projects_of_a_server_come_at_once_and_an_archived_one_is_unfit() {
    let server = Server::new(|asked: &Asked| match asked.call().as_str() {
        "GET project" => answer(200, json!([{"id": "1", "key": "WEB"}, {"id": "2", "key": "OLD", "archived": true}])),
        "POST search" => {
            assert_eq!(asked.json()["maxResults"], 0);
            answer(200, json!({"startAt": 0, "maxResults": 0, "total": 12, "issues": []}))
        }
        call => panic!("{call}"),
    })
    .await;
    let sight = server.jira(Edition::DataCenter).visible().await.unwrap();
    let seen: Vec<_> = sight.containers.iter().map(|one| (one.name.as_str(), one.open, one.unfit)).collect();
    assert_eq!(seen, [("WEB", 12, None), ("OLD", 0, Some("archived"))]);
    assert_eq!(server.calls(), ["GET project", "POST search"]);
}

#[tokio::test]
async fn a_site_of_very_many_projects_says_what_was_not_counted() {
    let server = Server::new(|asked: &Asked| match asked.call().as_str() {
        "GET project/search" => {
            let start: usize = asked.query("startAt").unwrap().parse().unwrap();
            let values: Vec<Value> = (start..start + 75).map(|at| json!({"key": format!("P{at}")})).collect();
            answer(200, json!({"values": values, "isLast": start == 75}))
        }
        _ => answer(200, json!({"count": 1})),
    })
    .await;
    let sight = server.jira(Edition::Cloud).visible().await.unwrap();
    assert_eq!(sight.containers.len(), 150);
    assert_eq!(sight.partial.as_deref(), Some("the open issues of 50 projects were not counted"));
    let none = Server::new(|_: &Asked| answer(404, json!({"errorMessages": ["No projects"]}))).await;
    assert!(none.jira(Edition::Cloud).visible().await.unwrap().containers.is_empty());
}

fn page_of(asked: &Asked, people: &[Value]) -> Answer {
    let body = asked.json();
    assert_eq!(body["fields"], json!(["assignee"]));
    let issues = |people: &[Value]| -> Vec<Value> {
        people.iter().map(|one| json!({"id": "1", "key": "WEB-1", "fields": {"assignee": one}})).collect()
    };
    let half = people.len() / 2;
    match asked.call().as_str() {
        "POST search/jql" if body.get("nextPageToken").is_none() => {
            answer(200, json!({"issues": issues(&people[..half]), "nextPageToken": "t", "isLast": false}))
        }
        "POST search/jql" => answer(200, json!({"issues": issues(&people[half..]), "isLast": true})),
        "POST search" => {
            let start = usize::try_from(body["startAt"].as_u64().unwrap()).unwrap();
            let end = (start + half).min(people.len());
            answer(200, json!({"issues": issues(&people[start..end]), "startAt": start, "total": people.len()}))
        }
        call => panic!("{call}"),
    }
}

#[tokio::test]
async fn people_are_those_with_open_issues_most_first_without_apps_and_those_who_left() {
    for edition in EDITIONS {
        let server = Server::new(|asked: &Asked| {
            let mut app = person("app");
            app["accountType"] = "app".into();
            let mut gone = person("gone");
            gone["active"] = false.into();
            page_of(asked, &[person("ana"), app, Value::Null, person("max"), gone, person("max")])
        })
        .await;
        let people = server.jira(edition).assignees("AND").await.unwrap();
        let handles: Vec<&str> = people.iter().map(|one| one.handle.as_deref().unwrap()).collect();
        assert_eq!(handles, ["max", "ana"]);
        assert!(server.asked()[0].json()["jql"].as_str().unwrap().starts_with("project = \"AND\" AND"));
    }
}

#[tokio::test]
async fn only_statuses_of_work_under_way_may_need_a_word() {
    let status = |name: &str, category: &str| json!({"id": "1", "name": name, "statusCategory": {"key": category}});
    let server = Server::new(move |asked: &Asked| match asked.call().as_str() {
        "GET project/WEB/statuses" => answer(
            200,
            json!([
                {"name": "Task", "statuses": [status("To Do", "new"), status("Blocked", "indeterminate"), status("Done", "done")]},
                {"name": "Bug", "statuses": [status("В работе", "indeterminate"), status("Blocked", "indeterminate")]},
            ]),
        ),
        _ => answer(404, json!({"errorMessages": ["No project could be found with key '..'."]})),
    })
    .await;
    for edition in EDITIONS {
        assert_eq!(server.jira(edition).labels("WEB").await.unwrap(), ["Blocked", "В работе"]);
    }
    let err = server.jira(Edition::Cloud).labels("../x").await.unwrap_err();
    assert!(matches!(err, ConnectorError::NotVisible { .. }), "{err}");
    assert_eq!(server.asked().pop().unwrap().path(), "/rest/api/3/project/%2E%2E%2Fx/statuses");
}

#[tokio::test]
async fn a_profile_that_is_not_shown_is_none() {
    let server =
        Server::new(|asked: &Asked| match asked.query("accountId").or_else(|| asked.query("username")).as_deref() {
            Some("ana") => {
                let mut ana = person("ana");
                ana["emailAddress"] = "ana@example.org".into();
                answer(200, ana)
            }
            Some("hidden") => answer(403, "{}"),
            _ => answer(404, "{}"),
        })
        .await;
    for edition in EDITIONS {
        let jira = server.jira(edition);
        assert_eq!(jira.profile("ana").await.unwrap().unwrap().email.as_deref(), Some("ana@example.org"));
        assert_eq!(jira.profile("hidden").await.unwrap(), None);
        assert_eq!(jira.profile("nobody").await.unwrap(), None);
    }
}

/// A site with a bit of everything that is not as it should be.
fn odd_site(asked: &Asked) -> Answer {
    let right = |have: bool| json!({"havePermission": have});
    let project = |key: &str, kind: &str| json!({"id": "1", "key": key, "projectTypeKey": kind});
    match asked.call().as_str() {
        "GET /rest/api/2/serverInfo" | "GET serverInfo" => {
            answer(200, json!({"version": "10.3.24", "deploymentType": "Server"}))
        }
        "GET project/search" => answer(200, json!({"values": [{"key": "WEB"}, {"key": "HELP"}], "isLast": true})),
        "GET project" => answer(200, json!([{"key": "WEB"}, {"key": "HELP"}])),
        "GET project/WEB" => answer(200, project("WEB", "software")),
        "GET project/RO" => answer(200, project("RO", "software")),
        "GET project/HELP" => answer(200, project("HELP", "service_desk")),
        "GET project/OLD" => answer(200, project("NEW", "software")),
        "GET project/ARCH" => answer(200, json!({"id": "1", "key": "ARCH", "archived": true})),
        "GET mypermissions" => {
            let read_only = asked.query("projectKey").as_deref() == Some("RO");
            let (add, edit) = if asked.path().contains("/2/") {
                ("COMMENT_ISSUE", "COMMENT_EDIT_OWN")
            } else {
                assert!(asked.query("permissions").unwrap().contains("DELETE_OWN_COMMENTS"), "it is required there");
                ("ADD_COMMENTS", "EDIT_OWN_COMMENTS")
            };
            let rights = json!({"BROWSE_PROJECTS": right(true), add: right(!read_only), edit: right(true)});
            answer(200, json!({"permissions": rights}))
        }
        "GET configuration" => answer(200, json!({"timeTrackingEnabled": false, "issueLinkingEnabled": true})),
        "GET issueLinkType" => answer(
            200,
            json!({"issueLinkTypes": [
                {"id": "1", "name": "Blockade", "inward": "is blocked by", "outward": "blocks"},
                {"id": "2", "name": "Relates", "inward": "relates to", "outward": "relates to"}]}),
        ),
        "GET status" => answer(200, json!([{"id": "3", "name": "In Progress"}, {"id": "10001", "name": "Warten"}])),
        "GET field" => {
            let date =
                json!({"type": "date", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"});
            let sprint = json!({"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"});
            answer(
                200,
                json!([
                    {"id": "customfield_10015", "name": "Start date", "schema": date},
                    {"id": "customfield_10090", "name": "Start date", "schema": date},
                    {"id": "customfield_10020", "name": "Iteration", "schema": sprint}]),
            )
        }
        "GET priority" => answer(200, json!([])),
        "GET /rest/agile/1.0/board" => answer(403, json!({"message": "no licence"})),
        _ => answer(404, json!({"errorMessages": ["not there"]})),
    }
}

fn assert_found(findings: &[Finding], expected: &[(Verdict, &str)]) {
    for (verdict, words) in expected {
        let has = findings.iter().any(|one| one.verdict == *verdict && one.what.contains(words));
        assert!(has, "{verdict:?} {words}: {findings:#?}");
    }
    assert!(findings.iter().all(|one| one.verdict == Verdict::Good || one.todo.is_some()), "each says what to do");
}

#[tokio::test]
async fn a_connection_says_who_it_is_what_it_may_and_what_it_does_not_find() {
    for edition in EDITIONS {
        let server = Server::new(odd_site).await;
        let jira = server.jira_with(edition, |config| {
            let states = [
                ("Warten", StatusCategory::Waiting),
                ("3", StatusCategory::Active),
                ("Nirgends", StatusCategory::Todo),
            ];
            config.fields.due = Some("Nowhere".to_owned());
            config.states = states.into_iter().map(|(word, state)| (word.to_owned(), state)).collect();
        });
        let parts = ["WEB", "RO", "HELP", "OLD", "ARCH", "GONE"].map(str::to_owned);
        let findings = jira.examine(&parts).await;
        assert_found(
            &findings,
            &[
                (Verdict::Good, "logged in as bot at http://127.0.0.1"),
                (Verdict::Good, if edition == Edition::Cloud { "Jira Cloud" } else { "Server 10.3.24" }),
                (Verdict::Good, "the account can see 2 projects"),
                (Verdict::Good, "WEB can be read and commented on"),
                (Verdict::Warning, "RO: the account lacks \"Add Comments\""),
                (Verdict::Good, "HELP is a service project: it is read, but not commented on"),
                (Verdict::Warning, "OLD is now called NEW"),
                (Verdict::Warning, "ARCH is archived"),
                (Verdict::Unavailable, "GONE is not there"),
                (Verdict::Warning, "time tracking is switched off"),
                (Verdict::Good, "count as blocking: \"Blockade\""),
                (Verdict::Warning, "the status \"nirgends\""),
                (Verdict::Warning, "boards cannot be read"),
                (
                    Verdict::Good,
                    "the start date from \"Start date\" (customfield_10015), and where that is empty from \"Start date\" \
                     (customfield_10090); the sprint from \"Iteration\" (customfield_10020)",
                ),
                (Verdict::Warning, "`fields` names \"Nowhere\""),
            ],
        );
        let told = |words: &str| findings.iter().any(|one| one.what.contains(words));
        assert!(!told("issue linking") && !told("\"warten\"") && !told("jira_secret"), "{findings:#?}");
        let asked = server.asked();
        assert!(asked.iter().all(|one| one.method == "GET"), "it only reads");
    }
}

#[tokio::test]
async fn link_types_that_were_named_and_are_not_there_are_told() {
    let server = Server::new(odd_site).await;
    let jira =
        server.jira_with(Edition::Cloud, |config| config.blocking = vec!["relates".to_owned(), "Stops".to_owned()]);
    let expected = [(Verdict::Warning, "the link type \"Stops\""), (Verdict::Good, "count as blocking: \"Relates\"")];
    assert_found(&jira.examine(&[]).await, &expected);
    let jira = server.jira_with(Edition::Cloud, |config| config.blocking = vec!["Stops".to_owned()]);
    assert_found(&jira.examine(&[]).await, &[(Verdict::Warning, "no link type counts as blocking")]);
}

#[tokio::test]
async fn an_account_that_sees_nothing_is_told_so() {
    let server = Server::new(|asked: &Asked| match asked.call().as_str() {
        "GET project/search" => answer(200, json!({"values": [], "isLast": true})),
        _ => odd_site(asked),
    })
    .await;
    assert_found(&server.jira(Edition::Cloud).examine(&[]).await, &[(Verdict::Refused, "can see no project at all")]);
}

#[tokio::test]
async fn a_refused_token_is_the_only_thing_said() {
    let server = Server::new(|_: &Asked| answer(401, json!({"message": "Unauthorized"}))).await;
    let jira = server.jira_with(Edition::Cloud, |config| config.edition = None);
    let findings = jira.examine(&["WEB".to_owned()]).await;
    assert_eq!(findings.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::Refused], "{findings:?}");
    assert!(!findings[0].what.contains("jira_secret"));
}
