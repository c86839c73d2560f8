//! Credentials, scopes, plans, limits, batches and faults.

use reqwest::Method;
use serde_json::json;

use super::{desk, names};
use crate::asana::TaskDraft;
use crate::{Fault, Tool};

#[tokio::test]
async fn only_known_tokens_are_let_in_once_one_is_named() {
    let desk = desk().await;
    desk.asana.person("bot", "Gapwatch", "bot@example.com");
    desk.asana.token("good", "bot");
    desk.asana.token("old", "bot");
    desk.asana.revoke("old");
    desk.asana.token("app", "bot");
    desk.asana.block_token("app", true);
    for (token, status) in [("good", 200), ("old", 401), ("never", 401), ("app", 403)] {
        assert_eq!(desk.send_as(token, Method::GET, "/users/me", None).await.status(), status, "{token}");
    }
    let nobody = desk.bench.http.get(format!("{}/users/me", desk.bench.sim.asana_url())).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let body: serde_json::Value = nobody.json().await.unwrap();
    assert_eq!(body["errors"][0]["message"], "Not Authorized");
    desk.asana.deactivate("bot");
    assert_eq!(desk.send_as("good", Method::GET, "/users/me", None).await.status(), 401);
}

#[tokio::test]
async fn a_missing_scope_is_a_refusal_or_an_empty_object() {
    let desk = desk().await;
    desk.asana.token("pat", "ana");
    desk.asana.lack_scope("pat", "project_sections:read");
    desk.asana.lack_scope("pat", "stories:read");
    let task = desk.data(&format!("/tasks/{}?opt_fields=memberships.section.name,projects.name", desk.shoes)).await;
    assert_eq!(task["memberships"], json!([{}]));
    assert_eq!(names(&task["projects"]), ["Web shop"]);
    assert_eq!(desk.refused(&format!("/tasks/{}/stories", desk.shoes)).await.0, 403);
}

#[tokio::test]
async fn the_free_plan_answers_402_and_shows_no_fields() {
    let desk = desk().await;
    desk.asana.add_field(crate::asana::FieldDraft::number("Effort"));
    desk.asana.set_field(&desk.shoes, "Effort", 3, "ana");
    desk.asana.block(&desk.asana.task("Web shop", TaskDraft::new("Glue")), &desk.shoes);
    desk.asana.free(true);
    for path in [
        format!("/tasks/{}/dependencies", desk.shoes),
        format!("/tasks?project={}&opt_fields=name,dependencies", desk.shop),
        format!("/tasks/{}/time_tracking_entries", desk.shoes),
        format!("/projects/{}/custom_field_settings", desk.shop),
        "/allocations".to_owned(),
    ] {
        assert_eq!(desk.refused(&path).await.0, 402, "{path}");
    }
    desk.asana.refuse_paid_fields(false);
    let task = desk.data(&format!("/tasks/{}?opt_fields=dependencies,custom_fields", desk.shoes)).await;
    assert_eq!((&task["dependencies"], &task["custom_fields"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn refused_requests_count_as_well_so_hammering_prolongs_the_stop() {
    let desk = desk().await;
    desk.asana.limit(3);
    for _ in 0..3 {
        desk.get("/users/me").await;
    }
    let refusal = desk.send_as("pat", Method::GET, "/users/me", None).await;
    assert_eq!((refusal.status().as_u16(), refusal.headers()["retry-after"].to_str().unwrap()), (429, "60"));
    let body: serde_json::Value = refusal.json().await.unwrap();
    assert!(body["errors"][0]["message"].as_str().unwrap().starts_with("You've made too many requests"));
    desk.bench.at("2026-03-02T09:00:59Z");
    for _ in 0..3 {
        assert_eq!(desk.send(Method::GET, "/users/me", None).await.0, 429);
    }
    desk.bench.at("2026-03-02T09:01:30Z");
    assert_eq!(desk.send(Method::GET, "/users/me", None).await.0, 429, "what was refused counts");
    assert_eq!(desk.send_as("other", Method::GET, "/users/me", None).await.status(), 200, "each token has its own");
    desk.bench.at("2026-03-02T09:03:00Z");
    desk.get("/users/me").await;
}

#[tokio::test]
async fn a_request_may_overdraw_the_objects_and_the_next_one_pays() {
    let desk = desk().await;
    for at in 0..20 {
        desk.asana.task("Web shop", TaskDraft::new(&format!("Task {at}")));
    }
    desk.asana.cost_limit(12);
    let path = format!("/tasks?project={}&limit=100&opt_fields=name,assignee.name,memberships.section.name", desk.shop);
    desk.get(&path).await;
    let refusal = desk.send_as("pat", Method::GET, "/users/me", None).await;
    assert_eq!(refusal.status(), 429);
    let wait: u64 = refusal.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait > 60, "{wait}");
    desk.bench.at("2026-03-02T10:00:00Z");
    desk.get("/users/me").await;
}

#[tokio::test]
async fn a_batch_answers_each_action_by_itself_and_each_counts() {
    let desk = desk().await;
    let action = |path: String| json!({ "method": "get", "relative_path": path, "options": { "fields": ["name", "assignee.name"] } });
    let body = json!({ "data": { "actions": [
        action(format!("/tasks/{}", desk.shoes)), action("/tasks/12345".to_owned()),
        action(format!("/tasks/{}?opt_fields=name", desk.shoes)),
        { "method": "get", "relative_path": "/tasks", "data": { "project": desk.shop }, "options": { "limit": 1 } },
    ] } });
    let (status, answer) = desk.send(Method::POST, "/batch", Some(body.clone())).await;
    assert_eq!(status, 200);
    let statuses: Vec<_> =
        answer["data"].as_array().unwrap().iter().map(|one| one["status_code"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 404, 400, 200]);
    assert_eq!(answer["data"][0]["body"]["data"]["assignee"]["name"], "Ana K");
    assert_eq!(names(&answer["data"][3]["body"]["data"]), ["Sell shoes"]);
    desk.asana.limit(2);
    let (_, answer) = desk.send(Method::POST, "/batch", Some(body)).await;
    assert_eq!(answer["data"][3]["status_code"], 429);
    let eleven = json!({ "data": { "actions": vec![action(String::new()); 11] } });
    desk.asana.limit(None);
    assert_eq!(desk.send(Method::POST, "/batch", Some(eleven)).await.0, 400);
}

#[tokio::test]
async fn faults_reach_asana_as_they_reach_the_others() {
    let desk = desk().await;
    let sim = &desk.bench.sim;
    sim.fail_next(Tool::Asana, "GET /users/me", Fault::RateLimited(7), 1);
    let refusal = desk.send_as("pat", Method::GET, "/users/me", None).await;
    assert_eq!((refusal.status().as_u16(), refusal.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    sim.fail_next(Tool::Asana, "POST /stories", Fault::AfterCommit(Box::new(Fault::Reset)), 1);
    let path = format!("{}/tasks/{}/stories", sim.asana_url(), desk.shoes);
    let lost = desk.bench.http.post(path).bearer_auth("pat").json(&json!({ "data": { "text": "Once" } })).send().await;
    assert!(lost.is_err());
    assert_eq!(desk.asana.comments(&desk.shoes).len(), 1);
    desk.asana.announce(Some("name=new_ids;info=https://example.com;affected=true"));
    let answer = desk.send_as("pat", Method::GET, "/users/me", None).await;
    assert!(answer.headers()["asana-change"].to_str().unwrap().starts_with("name=new_ids"));
    assert!(sim.requests().iter().all(|request| request.tool == Tool::Asana && request.authorization_present));
}
