//! Recorded answers are served again as they were told.

use serde_json::{Value, json};

use super::desk;
use crate::asana::AsanaRecorded;

/// Whether an answer tells all that another one does: members, rows and values.
fn holds(answer: &Value, recorded: &Value) -> bool {
    match (answer, recorded) {
        (Value::Object(answer), Value::Object(recorded)) => {
            recorded.iter().all(|(name, value)| answer.get(name).is_some_and(|answer| holds(answer, value)))
        }
        (Value::Array(answer), Value::Array(recorded)) => {
            answer.len() == recorded.len() && answer.iter().zip(recorded).all(|(answer, row)| holds(answer, row))
        }
        _ => answer == recorded,
    }
}

#[tokio::test]
async fn one_recording_becomes_objects_under_their_own_gids() {
    let desk = desk().await;
    let answer = |params: Value, data: Value| json!({ "response": { "data": data }, "status": 200, "request": { "params": params } });
    let recording = json!({ "api": { "get": {
        "/api/1.0/workspaces": answer(json!({}), json!([{ "gid": "900", "name": "Recorded" }])),
        "/api/1.0/workspaces/900/users": answer(json!({}), json!([{ "gid": "901", "name": "Bo", "email": "bo@example.com" }])),
        "/api/1.0/workspaces/900/projects": answer(json!({}), json!([{ "gid": "902", "name": "Sandbox" }])),
        "/api/1.0/tasks": [answer(json!({ "project": "902" }), json!([{
            "gid": "903", "name": "Brief", "completed": false, "due_on": "2025-09-25", "assignee": { "gid": "901" },
            "modified_at": "2025-09-24T21:01:28.889Z", "workspace": { "gid": "900" } }]))],
        "/api/1.0/tasks/903/stories": answer(json!({}), json!([{
            "gid": "904", "created_at": "2025-09-23T14:42:26.851Z", "resource_subtype": "due_date_changed", "type": "system",
            "text": "Bo changed the due date", "created_by": { "gid": "901", "name": "Bo" } }])),
    } } });
    let recorded = AsanaRecorded::of(&recording);
    assert_eq!(recorded.len(), 5);
    desk.asana.serve(&recorded);
    let list = desk.data("/tasks?project=902&limit=100&opt_fields=name,due_on,assignee.email,modified_at").await;
    let expected = json!([{ "gid": "903", "name": "Brief", "due_on": "2025-09-25", "modified_at": "2025-09-24T21:01:28.889Z",
        "assignee": { "gid": "901", "email": "bo@example.com" } }]);
    assert_eq!(list, expected);
    let stories = desk.data("/tasks/903/stories?limit=100&opt_fields=resource_subtype,created_by.name").await;
    let expected =
        json!([{ "gid": "904", "resource_subtype": "due_date_changed", "created_by": { "gid": "901", "name": "Bo" } }]);
    assert_eq!(stories, expected);
    desk.asana.comment("903", "New ones go on", "ana");
    assert_eq!(desk.data("/tasks/903/stories").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_recorded_story_and_task_is_told_as_it_was() {
    let Some(path) = crate::testing::recorded("fixtures/asana/http-recorded-dev.tar.gz") else { return };
    let desk = desk().await;
    let recorded = AsanaRecorded::load(&path).unwrap();
    desk.asana.serve(&recorded);
    // Who recorded it, whose own comments may be edited.
    desk.asana.default_user("1211440844472372");
    let mut compared = Vec::new();
    for (path, params, body) in recorded.answers() {
        // What was read on another day, or tells of what the model has not.
        let kept =
            path.ends_with("/stories") || path.ends_with("/subtasks") || path.ends_with("/users") || path == "/tasks";
        if !kept {
            continue;
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in params.as_object().into_iter().flatten() {
            query.append_pair(name, value.as_str().unwrap());
        }
        let answer = desk.get(&format!("{path}?{}", query.finish())).await;
        let same = match path.as_str() {
            // The list was read after the task changed again; and people come from one recording only.
            "/tasks" => gids(&answer) == gids(body),
            _ if path.ends_with("/users") => gids(body).iter().all(|gid| gids(&answer).contains(gid)),
            _ => holds(&answer["data"], &body["data"]),
        };
        assert!(same, "{path} {params}:\n{answer}\n{body}");
        compared.push(path.clone());
    }
    assert!(compared.len() >= 13, "{compared:?}");
}

/// Gids of a list, in order of their numbers.
fn gids(answer: &Value) -> Vec<String> {
    let rows = answer["data"].as_array().unwrap();
    let mut gids: Vec<String> = rows.iter().map(|row| row["gid"].as_str().unwrap().to_owned()).collect();
    gids.sort();
    gids
}
