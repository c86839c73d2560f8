#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use connector_model::Mark;
use serde_json::{Value, json};

use super::*;
use crate::config::{Fields, States};
use crate::normalise::tests::raw;

/// The changes of a task with these stories, each a minute after the one before and by Ana unless it says otherwise.
fn told(stories: Vec<Value>) -> Vec<Change> {
    let stories: Vec<Story> = stories
        .into_iter()
        .enumerate()
        .map(|(at, change)| {
            let mut story = json!({"gid": format!("{}", 500 + at), "created_at": format!("2025-03-05T10:{at:02}:00.000Z"),
                "type": "system", "created_by": {"gid": "7", "name": "Ana", "resource_type": "user"}});
            story.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            serde_json::from_value(story).unwrap()
        })
        .collect();
    let task: wire::Task = serde_json::from_value(raw("12", json!({}))).unwrap();
    let (states, fields, people) = (States::default(), Fields::default(), HashMap::new());
    let reading = Reading { states: &states, fields: &fields, people: &people, own: "77", is_free: false };
    changes(&task, "100", &stories, &reading, &mut Named::default())
}

fn values(stories: Vec<Value>) -> Vec<(Field, Option<String>, Option<String>)> {
    told(stories).into_iter().map(|change| (change.field, change.from, change.to)).collect()
}

fn own(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn owners_follow_one_another() {
    let assigned = |gid: &str| json!({"resource_subtype": "assigned", "assignee": {"gid": gid, "name": "x"}});
    let off = json!({"resource_subtype": "unassigned"});
    assert_eq!(
        values(vec![assigned("7"), assigned("8"), off]),
        [(Field::Owner, None, own("7")), (Field::Owner, own("7"), own("8")), (Field::Owner, own("8"), None)]
    );
}

#[test]
fn dates_move_with_their_old_values() {
    let moved =
        |old: Value, new: Value| json!({"resource_subtype": "due_date_changed", "old_dates": old, "new_dates": new});
    let day = |due: &str| json!({"start_on": null, "due_on": due, "due_at": null});
    let timed = json!({"due_on": "2025-03-12", "due_at": "2025-03-12T15:00:00.000Z"});
    let planned = json!({"start_on": "2025-03-08", "due_on": "2025-03-20"});
    let stories = vec![
        moved(json!(null), day("2025-03-10")),
        moved(day("2025-03-10"), timed.clone()),
        moved(timed, day("2025-03-20")),
        moved(day("2025-03-20"), planned.clone()),
        moved(planned, json!({"start_on": null, "due_on": null, "due_at": null})),
        json!({"resource_subtype": "due_date_changed"}),
    ];
    assert_eq!(
        values(stories),
        [
            (Field::Due, None, own("2025-03-10")),
            (Field::Due, own("2025-03-10"), own("2025-03-12T15:00:00Z")),
            (Field::Due, own("2025-03-12T15:00:00Z"), own("2025-03-20")),
            (Field::Start, None, own("2025-03-08")),
            (Field::Due, own("2025-03-20"), None),
            (Field::Due, None, own("2025-03-20")),
        ]
    );
}

#[test]
fn states_tell_what_was_there_before() {
    let section = |old: &str, new: &str| {
        json!({"resource_subtype": "section_changed", "old_section": {"gid": "1", "name": old},
            "new_section": {"gid": "2", "name": new}})
    };
    let stories = vec![
        section("To do", "Doing"),
        json!({"resource_subtype": "marked_complete"}),
        section("Doing", "Archive"),
        json!({"resource_subtype": "marked_incomplete"}),
    ];
    assert_eq!(
        values(stories),
        [
            (Field::Status, own("todo/To do"), own("active/Doing")),
            (Field::Status, own("active/Doing"), own("done/completed")),
            (Field::Other, None, None),
            (Field::Status, own("done/completed"), own("active/Doing")),
        ]
    );
    let mut elsewhere = section("To do", "Doing");
    elsewhere["project"] = json!({"gid": "900"});
    assert_eq!(values(vec![elsewhere]), [(Field::Other, None, None)], "another project's column");
}

#[test]
fn an_approval_speaks_for_its_tick() {
    let approval = |old: &str, new: &str| json!({"resource_subtype": "approval_status_changed", "old_approval_status": old, "new_approval_status": new});
    let ticked = json!({"resource_subtype": "marked_complete"});
    assert_eq!(
        values(vec![approval("pending", "rejected"), ticked, approval("rejected", "approved")]),
        [
            (Field::Status, own("todo/pending"), own("active/rejected")),
            (Field::Other, None, None),
            (Field::Status, own("active/rejected"), own("done/approved")),
        ]
    );
}

#[test]
fn what_asana_writes_in_somebodys_name_is_no_act_of_theirs() {
    assert!(told(vec![json!({"resource_subtype": "due_today"}), json!({"resource_subtype": "liked"})]).is_empty());
    let by_a_rule = told(vec![json!({"resource_subtype": "marked_complete", "created_by": null})]);
    assert_eq!(by_a_rule[0].account.as_deref(), Some("asana"));
    let unheard_of = told(vec![json!({"resource_subtype": "task_was_sung_to", "old_name": "x"})]);
    assert_eq!((unheard_of[0].field, unheard_of[0].vkey.as_str()), (Field::Other, "story:500"));
}

#[test]
fn a_comment_is_ours_by_account_and_reference() {
    let mark = Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) };
    let said = |gid: &str, text: &str| json!({"resource_subtype": "comment_added", "type": "comment", "text": text, "created_by": {"gid": gid}});
    let ours = format!("due tomorrow\n{}", mark::line(&mark));
    let changes =
        told(vec![said("77", &ours), said("7", &ours), said("7", "/gapwatch snooze 3d\nholiday"), said("7", "ok")]);
    let told: Vec<_> = changes.iter().map(|change| (change.field, change.mark.clone(), change.to.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Field::Comment, Some(mark), None),
            (Field::Comment, None, None),
            (Field::Comment, None, Some("/gapwatch snooze 3d")),
            (Field::Comment, None, None),
        ]
    );
}

#[test]
fn custom_fields_are_told_by_what_they_mean() {
    let field = |kind: &str, made_as: &str, rest: Value| {
        let mut story = json!({"resource_subtype": format!("{kind}_custom_field_changed"),
            "custom_field": {"gid": "1", "name": "?", "asana_created_field": made_as, "resource_subtype": kind,
                "format": "percentage"}});
        story.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        story
    };
    let progress = field("number", "progress", json!({"old_number_value": null, "new_number_value": 0.25}));
    let names = json!({"old_enum_value": {"name": "Waiting"}, "new_enum_value": {"name": "In progress"}});
    let priority = json!({"old_enum_value": null, "new_enum_value": {"name": "High"}});
    assert_eq!(
        values(vec![
            progress,
            field("enum", "status", names),
            field("enum", "priority", priority),
            field("text", "notes", json!({}))
        ]),
        [
            (Field::Progress, None, own("0.25")),
            (Field::Status, own("waiting/Waiting"), own("active/In progress")),
            (Field::Priority, None, own("High")),
            (Field::Other, None, None),
        ]
    );
}

#[test]
fn recorded_stories_are_read() {
    let Some(recorded) = crate::fixtures::recorded() else { return };
    let stories: Vec<Story> = serde_json::from_value(recorded["list-stories-for-task"].clone()).unwrap();
    let kinds: Vec<_> = stories.iter().map(|story| story.resource_subtype.as_deref().unwrap()).collect();
    assert_eq!(kinds, ["added_to_project", "due_date_changed", "due_today", "comment_added"]);
    let task: wire::Task = serde_json::from_value(recorded["get-task"].clone()).unwrap();
    let (states, fields, people) = (States::default(), Fields::default(), HashMap::new());
    let reading = Reading { states: &states, fields: &fields, people: &people, own: "77", is_free: false };
    let changes = changes(&task, "100", &stories, &reading, &mut Named::default());
    let fields: Vec<Field> = changes.iter().map(|change| change.field).collect();
    assert_eq!(fields, [Field::Other, Field::Due, Field::Comment], "the reminder is nobody's act");
    assert_eq!(changes[1].to.as_deref(), Some("2025-09-25"));
}
