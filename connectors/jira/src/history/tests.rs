#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use serde_json::{Value, json};

use super::*;
use crate::config::{Edition, States};
use crate::normalise::tests::site;

fn read(edition: Edition, items: Value) -> Vec<Change> {
    let text = json!({"id": "10013", "created": "2026-04-28T15:33:31.783+0200", "items": items,
        "author": {"accountId": "5f8", "key": "jdoe", "name": "jdoe"}})
    .to_string();
    let site = site(edition);
    let (states, sprints) = (States::default(), HashMap::new());
    let reading = Reading { edition, web: "https://x", site: &site, states: &states, blocking: &[], sprints: &sprints };
    let mut out = Vec::new();
    changes("77", &serde_json::from_str(&text).unwrap(), &reading, &mut Named::default(), &mut out);
    out
}

fn one(edition: Edition, item: Value) -> (Field, Option<String>, Option<String>) {
    let change = read(edition, json!([item])).pop().unwrap();
    (change.field, change.from, change.to)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn an_entry_is_known_by_its_id_and_its_place() {
    let changes = read(
        Edition::Cloud,
        json!([{"field": "summary", "fieldId": "summary"}, {"field": "labels", "fieldId": "labels"}]),
    );
    let keys: Vec<&str> = changes.iter().map(|change| change.vkey.as_str()).collect();
    assert_eq!(keys, ["history:10013:0", "history:10013:1"]);
    assert_eq!(changes[0].account.as_deref(), Some("5f8"));
    assert_eq!(changes[0].at, "2026-04-28T13:33:31.783Z".parse().unwrap());
    assert_eq!((changes[0].field, changes[1].field), (Field::Title, Field::Label));
}

#[test]
fn a_status_is_kept_with_what_it_counts_as() {
    let item = json!({"field": "status", "fieldId": "status", "from": "1", "fromString": "Open", "to": "3", "toString": "开发中"});
    assert_eq!(one(Edition::Cloud, item), (Field::Status, some("todo/Open"), some("active/开发中")));
    let gone = json!({"field": "status", "from": "999", "fromString": "Lost", "to": "6", "toString": "Closed"});
    assert_eq!(one(Edition::DataCenter, gone), (Field::Status, some("Lost"), some("done/Closed")));
}

#[test]
fn a_status_that_came_with_another_workflow_is_nobodys_act() {
    let items = json!([
        {"field": "status", "fieldId": "status", "from": "6", "fromString": "Closed", "to": "1", "toString": "Open"},
        {"field": "Workflow", "from": "16951", "to": "20819"}
    ]);
    assert!(read(Edition::Cloud, items).iter().all(|change| change.field == Field::Other));
}

#[test]
fn a_date_is_taken_from_its_value_and_a_value_that_is_gone_is_a_removal() {
    let item = json!({"field": "duedate", "fieldId": "duedate", "from": "2025-08-20", "to": "2025-08-22", "toString": "2025-08-22 00:00:00.0"});
    assert_eq!(one(Edition::Cloud, item), (Field::Due, some("2025-08-20"), some("2025-08-22")));
    let removed = json!({"field": "duedate", "from": "2025-08-20", "fromString": "2025-08-20 00:00:00.0", "to": null, "toString": null});
    assert_eq!(one(Edition::DataCenter, removed), (Field::Due, some("2025-08-20"), None));
    let in_words =
        |words: &str| json!({"field": "duedate", "from": null, "fromString": null, "to": null, "toString": words});
    assert_eq!(one(Edition::DataCenter, in_words("22/Aug/25")), (Field::Due, None, None));
    assert_eq!(one(Edition::DataCenter, in_words("2009-07-25 00:00:00.0")), (Field::Due, None, some("2009-07-25")));
}

#[test]
fn people_sprints_and_versions_are_told_by_their_ids() {
    let item = json!({"field": "assignee", "fieldId": "assignee", "from": null, "to": "5ec", "toString": "Ana"});
    assert_eq!(one(Edition::Cloud, item), (Field::Owner, None, some("5ec")));
    let item =
        json!({"field": "Sprint", "fieldId": "customfield_10020", "from": "38", "to": "38, 40", "toString": "a, b"});
    assert_eq!(one(Edition::Cloud, item), (Field::Home, some("38"), some("38, 40")));
    let item =
        json!({"field": "Sprint", "fieldtype": "custom", "from": "", "fromString": "", "to": "34", "toString": "x"});
    assert_eq!(one(Edition::DataCenter, item), (Field::Home, None, some("34")));
    let item = json!({"field": "Fix Version", "from": null, "to": "5", "toString": "1.0"});
    assert_eq!(one(Edition::DataCenter, item), (Field::Home, None, some("5")));
    let item = json!({"field": "Epic Link", "from": null, "to": "9", "toString": "EE-9"});
    assert_eq!(one(Edition::DataCenter, item).0, Field::Parent);
}

#[test]
fn what_says_nothing_of_the_work_is_kept_and_counts_for_nothing() {
    let field = |name: &str| one(Edition::Cloud, json!({"field": name, "from": "a", "to": "b"})).0;
    for name in ["Rank", "Attachment", "WorklogId", "Key", "project", "Workflow", "resolution", "whatever"] {
        assert_eq!(field(name), Field::Other, "{name}");
    }
    assert_eq!((field("Link"), field("RemoteIssueLink")), (Field::Link, Field::Reference));
    let text = json!({"field": "description", "fieldId": "description", "from": null, "to": "{\"id\":\"ari:…\"}", "toString": "long"});
    assert_eq!(one(Edition::Cloud, text), (Field::Description, None, None));
    let progress = json!({"field": "Done %", "fieldId": "customfield_10030", "from": null, "fromString": "20", "to": null, "toString": "45"});
    assert_eq!(one(Edition::Cloud, progress), (Field::Progress, some("0.2"), some("0.45")));
    let time = json!({"field": "timeestimate", "fieldId": "timeestimate", "from": null, "to": "7200"});
    assert_eq!(one(Edition::Cloud, time), (Field::Estimate, None, some("7200")));
}

#[test]
fn a_flag_lies_over_the_state_from_when_it_is_put_on_until_it_is_taken_off() {
    let flag = |from: Value, to: Value| {
        let item =
            json!({"field": "Flagged", "fieldtype": "custom", "fieldId": "customfield_10021", "from": from, "to": to});
        one(Edition::Cloud, item)
    };
    let flagged = || Some(FLAGGED.to_owned());
    assert_eq!(flag(json!(""), json!("[10019]")), (Field::Label, None, flagged()));
    assert_eq!(flag(json!("[10019]"), Value::Null), (Field::Label, flagged(), None));
    assert_eq!(flag(json!("[10019]"), json!("[10019, 10020]")).0, Field::Other);
    let words = json!({"field": "Flagged", "from": null, "fromString": "", "to": null, "toString": "Impediment"});
    assert_eq!(one(Edition::DataCenter, words), (Field::Label, None, flagged()));
}

#[test]
fn a_link_to_what_it_waits_for_is_told_from_every_other_one() {
    let link = |from: Option<&str>, to: Option<&str>| {
        let key = |words: Option<&str>| words.and_then(|words| words.rsplit(' ').next()).map(str::to_owned);
        let item = json!({"field": "Link", "from": key(from), "fromString": from, "to": key(to), "toString": to});
        let (field, from, to) = one(Edition::Cloud, item);
        assert_eq!(field, Field::Link);
        (from, to)
    };
    assert_eq!(link(Some("This issue is blocked by ENG-5"), None), (some("ENG-5"), None));
    assert_eq!(link(None, Some("This work item is blocked by ENG-5")), (None, some("ENG-5")));
    assert_eq!(link(Some("This issue blocks ENG-5"), None), (None, None));
    assert_eq!(link(Some("This issue relates to ENG-5"), None), (None, None));
}
