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

#[test]
fn a_value_of_a_custom_field_is_a_change_of_what_the_field_means() {
    let roles = Roles {
        progress: Some("f1".into()),
        estimate: Some("f2".into()),
        start: Some("f3".into()),
        ..Roles::default()
    };
    let board = Board { roles, ..Board::default() };
    let read = |field: &str, old: Value, new: Value| {
        let item = json!({"id": "i", "idCustomField": field, "value": new, "idModel": "c", "modelType": "card"});
        let data = json!({"card": {"id": "c"}, "customField": {"id": field, "name": "x"}, "customFieldItem": item,
            "old": {"value": old}});
        let action = json!({"id": "a1", "type": "updateCustomFieldItem", "date": "2026-03-08T10:00:00.000Z",
            "idMemberCreator": "m1", "data": data});
        let mut out = Vec::new();
        changes(&serde_json::from_value(action).unwrap(), &board, &States::default(), &mut out);
        let change = out.pop().unwrap();
        assert_eq!((change.at.to_string().as_str(), change.account.as_deref()), ("2026-03-08T10:00:00Z", Some("m1")));
        (change.field, change.from, change.to)
    };
    let number = |text: &str| json!({"number": text});
    assert_eq!(read("f1", number("20"), number("90")), (Field::Progress, text("0.2"), text("0.9")));
    assert_eq!(read("f2", Value::Null, number("2")), (Field::Estimate, None, text("7200")));
    let day = json!({"date": "2026-03-09T00:00:00.000Z"});
    assert_eq!(read("f3", Value::Null, day), (Field::Start, None, text("2026-03-09T00:00:00Z")));
    assert_eq!(read("f4", Value::Null, number("7")), (Field::Other, None, None));
    assert!(KINDS.contains("updateCustomFieldItem"));
}

#[test]
fn the_last_that_was_done_to_an_item_counts() {
    let read = |state: &str, minute: u32| {
        let data = json!({"card": {"id": "c"}, "checkItem": {"id": "i", "name": "x", "state": state}});
        let date = format!("2026-03-08T10:{minute:02}:00.000Z");
        let action = json!({"id": "a1", "type": "updateCheckItemStateOnCard", "date": date, "data": data});
        tick(&serde_json::from_value(action).unwrap()).unwrap()
    };
    let mut memory = crate::memory::Memory::default();
    memory.note_ticks([read("incomplete", 5), read("complete", 9), read("complete", 1)]);
    assert_eq!((memory.ticks["i"].is_done, memory.ticks["i"].at.to_string().as_str()), (true, "2026-03-08T10:09:00Z"));
    memory.note_ticks([read("incomplete", 12)]);
    assert!(!memory.ticks["i"].is_done);
}
