//! Credentials, limits, and what a workspace does not give.

use std::sync::{Arc, Mutex};

use connector_kit::secret::Secret;
use connector_kit::survey::{Examine, Survey, Verdict};
use connector_kit::{Commenter, ConnectorError, Cursor, Source, StreamKey, StreamKind};
use connector_model::{Absences, DaysAway};
use secrecy::SecretString;
use serde_json::json;

use super::server::*;

fn containers() -> StreamKey {
    StreamKey { kind: StreamKind::Containers, scope: None }
}

#[tokio::test]
async fn the_token_goes_into_the_header_alone() {
    let server = Server::new(|_| bad(404, "no")).await;
    let asana = server.asana_with(|config| config.projects = vec!["999".to_owned()]);
    let who = asana.whoami().await.unwrap();
    assert_eq!(who.account.unwrap().ext, "77");
    let _ = asana.task("5").await;
    for asked in server.asked() {
        assert_eq!(asked.header("authorization"), Some("Bearer asana_secret"));
        assert!(!asked.target.contains("asana_secret") && !asked.body.contains("asana_secret"));
    }
    let error = asana.pull(&containers(), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::NotVisible { .. }), "{error}");
    assert!(!format!("{error:?}").contains("asana_secret"));
}

#[tokio::test]
async fn a_token_that_was_changed_is_tried_at_once() {
    let server = Server::new(|asked| match asked.header("authorization") {
        Some("Bearer new") => good(json!({"gid": "5"})),
        _ => bad(401, "Not Authorized"),
    })
    .await;
    let token = Arc::new(Mutex::new("old"));
    let (read, turns) = (token.clone(), Arc::new(Mutex::new(0)));
    let secret = Secret::new(move || {
        // The file is exchanged between the first call and its refusal.
        let mut turn = turns.lock().unwrap();
        *turn += 1;
        Ok(SecretString::from(if *turn == 1 { "old" } else { *read.lock().unwrap() }))
    });
    let asana = server.asana_with(|config| config.token = secret);
    let refused = asana.task("5").await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Unauthorized { .. }), "{refused}");
    assert!(!asana.renewed());
    *token.lock().unwrap() = "new";
    assert!(asana.renewed());
    let read = asana.task("5").await;
    assert!(!matches!(read, Err(ConnectorError::Unauthorized { .. })), "{read:?}");
    assert!(!asana.renewed());
}

#[tokio::test]
async fn projects_are_found_by_gid_and_by_name_and_people_who_left_are_known() {
    let server = Server::new(|_| bad(404, "no")).await;
    let asana = server.asana_with(|config| config.projects = vec!["100".into(), "shop".into(), "Nowhere".into()]);
    let page = asana.pull(&containers(), &Cursor::default()).await.unwrap();
    let names: Vec<&str> = page.containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Web", "Shop"]);
    assert_eq!(page.unreadable[0].what, "Nowhere");
    assert!(page.partial.is_some(), "what is not shown is no proof that it is gone");
    let kinds: Vec<_> = page.accounts.iter().map(|one| (one.ext.as_str(), one.kind)).collect();
    assert_eq!(kinds, [("7", connector_model::AccountKind::Human), ("8", connector_model::AccountKind::Gone)]);
    let all = server.asana_with(|config| config.projects.clear());
    let page = all.pull(&containers(), &Cursor::default()).await.unwrap();
    assert_eq!((page.containers.len(), page.partial), (2, None));
    let wrong = server.asana_with(|config| config.workspace = Some("Other".to_owned()));
    let error = wrong.pull(&containers(), &Cursor::default()).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Misconfigured { what, .. } if what.contains("Acme")), "{error}");
}

#[tokio::test]
async fn a_limit_is_told_with_its_wait() {
    let server = Server::new(|_| bad(429, "You've made too many requests").with("retry-after: 120")).await;
    let asana = server.asana();
    let error = asana.task("5").await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Limited { retry_after, .. } if retry_after.as_secs() >= 100), "{error}");
    assert_eq!(server.asked().len(), 1, "asking again prolongs it");
}

#[tokio::test]
async fn doctor_says_what_is_lacking() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET tasks" => page(json!([{"gid": "1", "assignee": null, "memberships": [{}]}]), None),
        "GET events" => bad(403, "not for you"),
        "GET projects/100/sections" => {
            page(json!([{"gid": "1", "name": "Doing"}, {"gid": "2", "name": "Stage 7"}]), None)
        }
        _ => bad(402, "plan"),
    })
    .await;
    let asana = server.asana_with(|config| config.fields.progress = Some("Progress".to_owned()));
    let findings = asana.examine(&["100".to_owned(), "Nowhere".to_owned()]).await;
    let says = |verdict: Verdict, word: &str| {
        assert!(findings.iter().any(|one| one.verdict == verdict && one.what.contains(word)), "{word}: {findings:#?}");
    };
    says(Verdict::Good, "logged in as Gapwatch");
    says(Verdict::Warning, "free plan");
    says(Verdict::Refused, "without their sections");
    says(Verdict::Warning, "this token cannot read events");
    says(Verdict::Warning, "1 of its 2 sections");
    says(Verdict::Unavailable, "Nowhere");
    assert!(findings.iter().filter(|one| one.verdict != Verdict::Good).all(|one| one.todo.is_some()));
}

#[tokio::test]
async fn doctor_names_states_that_nothing_is_called_by() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET tasks" => page(json!([]), None),
        "GET projects/100/sections" => page(json!([{"gid": "1", "name": "Legal check"}]), None),
        "GET projects/100/custom_field_settings" => {
            let choices = json!([{"gid": "6", "name": "At the printer"}]);
            page(json!([{"custom_field": {"gid": "5", "name": "Status", "enum_options": choices}}]), None)
        }
        _ => bad(402, "plan"),
    })
    .await;
    let asana = server.asana_with(|config| {
        let words = ["legal CHECK", "At the printer", "rejected", "Nowhere"];
        config.states =
            words.map(|word| (word.to_owned(), connector_model::StatusCategory::Review)).into_iter().collect();
    });
    let unheard = |findings: Vec<connector_kit::survey::Finding>| -> Vec<String> {
        findings.into_iter().map(|one| one.what).filter(|what| what.starts_with("`states` names")).collect()
    };
    let found = unheard(asana.examine(&["100".to_owned()]).await);
    assert_eq!(found, ["`states` names \"nowhere\": no section and no choice of a field is called so"]);
    let found = unheard(asana.examine(&["100".to_owned(), "Nowhere".to_owned()]).await);
    assert!(found.is_empty(), "a project that is not seen may have it");
}

#[tokio::test]
async fn names_that_no_project_has_are_told_and_nothing_is_asked_where_none_is_given() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET projects/100/sections" => page(json!([{"gid": "1", "name": "Legal check"}]), None),
        "GET projects/100/custom_field_settings" => {
            page(json!([{"custom_field": {"gid": "5", "name": "Share done"}}]), None)
        }
        _ => bad(402, "plan"),
    })
    .await;
    let parts = ["100".to_owned()];
    let asana = server.asana_with(|config| {
        let words = ["legal check", "Nowhere"];
        config.states =
            words.map(|word| (word.to_owned(), connector_model::StatusCategory::Review)).into_iter().collect();
        config.fields.progress = Some("share DONE".to_owned());
        config.fields.estimate = Some("Hours".to_owned());
    });
    let found: Vec<String> = asana.misnamed(&parts).await.unwrap().into_iter().map(|one| one.what).collect();
    assert_eq!(
        found,
        [
            "`states` names \"nowhere\": no section and no choice of a field is called so",
            "`fields` names \"Hours\", which no project has"
        ]
    );
    server.asked();
    assert_eq!(server.asana().misnamed(&parts).await.unwrap(), []);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_survey_shows_projects_people_and_sections() {
    let server = Server::new(|asked| match asked.call().as_str() {
        "GET projects/100/task_counts" => good(json!({"num_incomplete_tasks": 4})),
        "GET tasks" => page(
            json!([{"gid": "1", "assignee": {"gid": "7", "name": "Ana"}}, {"gid": "2", "assignee": {"gid": "8", "name": "Bo"}},
                {"gid": "3", "assignee": {"gid": "9", "name": "Cy"}}, {"gid": "4", "assignee": null},
                {"gid": "5", "assignee": {"gid": "9", "name": "Cy"}}]),
            None,
        ),
        "GET projects/100/sections" => page(json!([{"gid": "1", "name": "Doing"}]), None),
        "GET users/ana%40acme%2Eexample" => good(json!({"gid": "7", "name": "Ana", "email": "ana@acme.example"})),
        _ => bad(404, "no"),
    })
    .await;
    let asana = server.asana();
    let sight = asana.visible().await.unwrap();
    let seen: Vec<_> = sight.containers.iter().map(|one| (one.name.as_str(), one.open)).collect();
    assert_eq!(seen, [("Web", 4), ("Shop", 0)]);
    let people = asana.assignees("Web").await.unwrap();
    assert_eq!(people.iter().map(|one| one.ext.as_str()).collect::<Vec<_>>(), ["9", "7"], "Bo has left");
    assert_eq!(asana.labels("Web").await.unwrap(), ["Doing"]);
    assert_eq!(asana.profile("ana@acme.example").await.unwrap().unwrap().ext, "7");
    assert_eq!(asana.profile("nobody").await.unwrap(), None);
    let _: &dyn Commenter = &asana;
}

/// Ana is away for two days.
fn away(asked: &Asked) -> Answer {
    match (asked.call().as_str(), asked.query("user").as_deref()) {
        ("GET ooo_entries", Some("7")) => page(
            json!([{"gid": "1", "start_date": "2026-03-09", "end_date": "2026-03-10"},
                {"gid": "2", "start_date": "2026-03-12", "end_date": null}, {"gid": "3", "start_date": "soon"}]),
            None,
        ),
        ("GET ooo_entries", _) => panic!("whoever has left is not asked about"),
        _ => bad(404, "no"),
    }
}

#[tokio::test]
async fn who_is_out_of_office_is_asked_about_some_times_a_day() {
    let server = Server::new(away).await;
    let asana = server.asana();
    let first = asana.pull(&containers(), &Cursor::default()).await.unwrap();
    let days = DaysAway { from: "2026-03-09".parse().unwrap(), to: "2026-03-10".parse().unwrap() };
    assert_eq!(first.absences, [Absences { account: "7".to_owned(), away: vec![days] }]);
    let asked = server.asked();
    let entry = asked.iter().find(|one| one.call() == "GET ooo_entries").unwrap();
    assert_eq!(entry.query("workspace").as_deref(), Some("1"));
    assert!(entry.query("start_date").is_some_and(|day| day.as_str() < "2026-02-15"), "{entry:?}");
    let again = asana.pull(&containers(), &first.next).await.unwrap();
    assert_eq!((again.absences, &again.next), (Vec::new(), &first.next), "not yet");
    let late = server.asana_at("2026-03-02T18:00:00Z", |_| {});
    assert_eq!(late.pull(&containers(), &first.next).await.unwrap().absences, first.absences);
}

#[tokio::test]
async fn times_away_that_are_not_told_are_said_once_and_stop_nothing() {
    for status in [402, 403] {
        let server = Server::new(move |_| bad(status, "not for you")).await;
        let asana = server.asana();
        let first = asana.pull(&containers(), &Cursor::default()).await.unwrap();
        assert_eq!((first.containers.len(), first.absences.len(), first.partial), (1, 0, None), "{status}");
        asana.pull(&containers(), &first.next).await.unwrap();
        let told = asana.warnings().into_iter().filter(|warning| warning.contains("out of office")).count();
        let asked = server.calls().into_iter().filter(|call| call == "GET ooo_entries").count();
        assert_eq!((told, asked), (1, 1), "{status}");
        let findings = asana.examine(&[]).await;
        let said = findings.iter().filter(|one| one.what.contains("out of office")).count();
        assert_eq!(said, 1, "{status}: {findings:#?}");
    }
}

#[tokio::test]
async fn a_server_that_fails_to_tell_times_away_is_asked_again_the_next_time() {
    let server = Server::new(|_| bad(500, "later")).await;
    let asana = server.asana();
    let first = asana.pull(&containers(), &Cursor::default()).await.unwrap();
    assert_eq!((first.containers.len(), first.absences.len()), (1, 0));
    let at = first.next.at.unwrap();
    assert!(!at.contains("over") && !at.contains("after"), "it is the same people's turn: {at}");
}
