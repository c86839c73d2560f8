//! What actions mean.

#![allow(clippy::unwrap_used)]

use connector_model::Field;
use serde_json::{Value, json};

use super::*;
use crate::fixtures;

fn read(action: &Value) -> Vec<Change> {
    let action: Action = serde_json::from_value(action.clone()).unwrap();
    let mut out = Vec::new();
    changes(&action, &Board::default(), &States::default(), &mut out);
    out
}

fn values(action: &Value) -> Vec<(Field, Option<String>, Option<String>)> {
    read(action).into_iter().map(|change| (change.field, change.from, change.to)).collect()
}

fn update(card: Value, old: Value, more: Value) -> Value {
    let mut data = json!({"card": card, "old": old});
    for (name, value) in more.as_object().unwrap() {
        data[name] = value.clone();
    }
    json!({"id": "a1", "type": "updateCard", "date": "2026-03-01T10:00:00.000Z", "idMemberCreator": "m1", "data": data})
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn moves_ticks_and_archiving_are_changes_of_state() {
    let doing = json!({"list": {"id": "x", "name": "Doing"}});
    let moved =
        json!({"listBefore": {"id": "a", "name": "To Do"}, "listAfter": {"id": "b", "name": "2026-03 Release"}});
    assert_eq!(
        values(&update(json!({"id": "c"}), json!({"idList": "a"}), moved)),
        [(Field::Status, text("todo/To Do"), text("2026-03 Release"))]
    );
    let ticked = update(json!({"id": "c", "dueComplete": true}), json!({"dueComplete": false}), doing.clone());
    assert_eq!(values(&ticked), [(Field::Status, text("active/Doing"), text("done/complete"))]);
    let unticked = update(json!({"id": "c", "dueComplete": false}), json!({"dueComplete": true}), json!({}));
    assert_eq!(values(&unticked), [(Field::Status, text("done/complete"), text("todo/incomplete"))]);
    let archived = update(json!({"id": "c", "closed": true}), json!({"closed": false}), doing);
    assert_eq!(values(&archived), [(Field::Status, text("active/Doing"), text("cancelled/archived"))]);
    let back = update(json!({"id": "c"}), json!({"closed": true}), json!({"list": {"name": "Done"}}));
    assert_eq!(values(&back), [(Field::Status, text("done/archived"), text("done/Done"))]);
}

#[test]
fn several_fields_of_one_action_are_several_entries_and_a_place_is_none() {
    let old = json!({"due": null, "name": "before", "pos": 7, "cover": {}});
    let changed = read(&update(json!({"id": "c", "due": "2026-03-05T10:00:00.000Z", "pos": 9}), old, json!({})));
    let told: Vec<(&str, Field)> = changed.iter().map(|change| (change.vkey.as_str(), change.field)).collect();
    assert_eq!(
        told,
        [("action:a1:cover", Field::Other), ("action:a1:due", Field::Due), ("action:a1:name", Field::Title)]
    );
    assert_eq!((changed[1].from.clone(), changed[1].to.clone()), (None, text("2026-03-05T10:00:00Z")));
}

#[test]
fn comments_bring_commands_and_marks() {
    let comment = |words: &str| {
        read(&json!({"id": "a1", "type": "commentCard", "date": "2026-03-01T10:00:00.000Z", "idMemberCreator": "m1",
            "appCreator": {"id": "app1"}, "data": {"card": {"id": "c"}, "text": words}}))
    };
    let told = &comment("/gapwatch snooze 3d\nbecause")[0];
    assert_eq!((told.vkey.as_str(), told.to.as_deref()), ("comment:a1", Some("/gapwatch snooze 3d")));
    assert_eq!((told.account.as_deref(), told.via.as_deref()), (Some("m1"), Some("app1")));
    let mark = connector_model::Mark { wire: "1".repeat(32), mac: "2".repeat(32) };
    assert_eq!(comment(&mark::marked("words", &mark))[0].mark, Some(mark));
    assert_eq!(comment("words")[0].to, None);
}

#[test]
fn every_recorded_action_is_read() {
    let Some(recorded) = fixtures::recorded() else { return };
    let actions = &recorded["webhook_actions"];
    for (kind, action) in actions.as_object().unwrap() {
        let expected: &[Field] = match kind.as_str() {
            "card-list" | "card-archive" => &[Field::Status],
            "card-due" => &[Field::Due],
            "card-name" => &[Field::Title],
            "card-desc" => &[Field::Description],
            "card-addmember" | "card-removemember" => &[Field::Owner],
            "card-movefromboard" | "card-movetoboard" => &[Field::Home],
            "checkitem-mark" => &[Field::Progress],
            "comment-add" => &[Field::Comment],
            "card-cover"
            | "card-create"
            | "card-copy"
            | "card-email"
            | "card-createfromcheckitem"
            | "checklist-add"
            | "checklist-delete" => &[Field::Other],
            _ => &[],
        };
        let told: Vec<Field> = read(action).into_iter().map(|change| change.field).collect();
        assert_eq!(told, expected, "{kind}");
    }
    assert_eq!(values(&actions["card-addmember"]), [(Field::Owner, None, text("5582275285b9d6d4782f2fa4"))]);
    let mut many = 0;
    for (name, answer) in recorded["responses"].as_object().unwrap() {
        if let Some(list) = answer.as_array().filter(|_| name.contains("action")) {
            for action in list {
                serde_json::from_value::<Action>(action.clone()).unwrap();
                many += 1;
            }
        }
    }
    assert!(many > 20, "{many}");
}
