//! Rules and overrides of the configuration, about one task.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use serde_json::{Value, json};

use super::overrides::Override;
use super::testing::{Sketch, policy, settings};
use super::{Explained, Rules, explain};
use crate::domain::board::Board;
use crate::domain::finding::{Addressee, Evidence, Grounds, Reading, Stage, SubjectKey, Why};
use crate::domain::ids::TaskId;
use crate::domain::look::Look;
use crate::domain::record::TaskWords;
use crate::domain::snapshot::Snapshot;

const HEAD: [&str; 3] = ["person ana", "person lee", "now 2025-03-14 10:00"];

fn board(lines: &[&str]) -> (Board, Timestamp) {
    let mut sketch = Sketch::new();
    HEAD.iter().chain(lines).for_each(|line| sketch.line(line));
    let now = sketch.now;
    (sketch.board(false).0, now)
}

fn rules(when: &str, more: Value) -> Rules {
    let mut settings = settings();
    let mut own = json!({ "enabled": true, "when": when, "stage": "widens", "tell": "owner" });
    super::overrides::overlay(&mut own, &more);
    settings.custom.insert("mine".to_owned(), serde_json::from_value(own).unwrap());
    Rules::new(&settings)
}

fn mine(rules: &Rules, lines: &[&str]) -> Explained {
    let (board, now) = board(lines);
    about(rules, &board, now, "custom.mine").unwrap()
}

fn about(rules: &Rules, board: &Board, now: Timestamp, rule: &str) -> Option<Explained> {
    let policy = policy();
    let said = explain(rules, SubjectKey::Task(TaskId(1)), &Snapshot { board, policy: &policy, now });
    said.into_iter().find(|said| said.rule.0 == rule)
}

#[test]
fn a_rule_of_ones_own_opens_with_its_words_and_looks_again_when_a_step_is_full() {
    let rules = rules(
        "task.state == 'active' and task.idle_days > 2",
        json!({ "message": "quiet for {{ task.idle_days }} days" }),
    );
    let quiet = mine(&rules, &["task A active owner ana created 2025-03-12 10:00"]);
    assert_eq!(quiet.reading, Reading::Clear(Grounds::Because("its condition does not hold")));
    // Two working days are full; the third is on Monday at ten.
    assert_eq!(quiet.recheck_at, Some("2025-03-17T09:00:00Z".parse().unwrap()));
    let open = mine(&rules, &["task A active owner ana created 2025-03-10 10:00", "now 2025-03-14 10:00"]);
    let Reading::Gap(finding) = open.reading else { panic!("{:?}", open.reading) };
    assert_eq!((finding.stage, &finding.addressee), (Stage::Widens, &Addressee::Owners));
    assert!(
        matches!(finding.evidence, Evidence::Own { ref rule, ref says, .. } if rule == "mine" && says == "quiet for 4 days")
    );
}

#[test]
fn it_says_nothing_that_it_does_not_know() {
    let by_history = rules("task.idle_days > 0", json!({}));
    let unread = mine(&by_history, &["history pending", "task A active owner ana"]);
    assert_eq!(unread.reading, Reading::Unknown(Why::HistoryPending));
    let endless = rules("range(100000)|sum > 3", json!({}));
    assert_eq!(mine(&endless, &["task A active"]).reading, Reading::Unknown(Why::ConditionFails));
}

#[test]
fn an_empty_field_is_neither_more_nor_less() {
    let unknown = [
        "task.days_left < 3",
        "task.estimate_hours > 3",
        "not task.days_left > 3",
        "task.days_left > task.estimate_hours",
    ];
    for when in unknown {
        let reading = mine(&rules(when, json!({})), &["task A active owner ana"]).reading;
        assert_eq!(reading, Reading::Clear(Grounds::Because("its condition does not hold")), "{when}");
    }
    for when in [
        "task.days_left < 3 or task.state == 'active'",
        "task.due is none",
        "not (task.days_left < 3 and task.is_part)",
    ] {
        let reading = mine(&rules(when, json!({})), &["task A active owner ana"]).reading;
        assert!(matches!(reading, Reading::Gap(_)), "{when}: {reading:?}");
    }
}

#[test]
fn it_may_speak_to_the_author() {
    let rules = rules("task.owners|length == 0", json!({ "tell": "author" }));
    let open = mine(&rules, &["task A active reporter lee"]);
    let Reading::Gap(finding) = open.reading else { panic!("{:?}", open.reading) };
    assert!(matches!(finding.addressee, Addressee::Account(_)));
}

#[test]
fn overrides_count_in_order_and_only_where_they_match() {
    let overrides: Vec<Override> = serde_json::from_value(json!([
        { "match": "task.project == 'acme/web'", "rules": { "stalled": { "idle_30d": "20 workdays", "idle_0d": "2 workdays" } } },
        { "match": "'urgent' in task.labels", "rules": { "stalled": { "idle_30d": "8 workdays" } } },
        { "match": "task.key == 'acme/web#7'", "rules": { "stalled": { "enabled": false } } },
        { "match": "task.project == 'acme/app'", "rules": { "stalled": { "idle_30d": "1 workday" } } },
    ]))
    .unwrap();
    let rules = Rules::with_overrides(&settings(), &overrides);
    let threshold = |labels: &[&str], key: &str| {
        let mut sketch = Sketch::new();
        HEAD.iter().chain(&["task A active owner ana"]).for_each(|line| sketch.line(line));
        let now = sketch.now;
        let mut images = sketch.images();
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        images[0].rec.words = Some(Box::new(TaskWords { key: key.to_owned(), labels, ..TaskWords::default() }));
        let mut board = sketch.board(false).0;
        board.apply(crate::domain::record::BoardDelta { tasks: images, ..Default::default() });
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        let matching = rules.overriding(board.task(TaskId(1)).unwrap(), &Look::new(&snapshot));
        let said = about(&rules, &board, now, "stalled");
        let value = said.and_then(|said| said.thresholds.into_iter().find(|(key, _)| *key == "idle_30d"));
        (matching, value.map(|(_, value)| value))
    };
    assert_eq!(threshold(&[], "acme/web#1"), (vec![0], Some(json!("20 workdays"))));
    assert_eq!(threshold(&["urgent"], "acme/web#1"), (vec![0, 1], Some(json!("8 workdays"))));
    assert_eq!(threshold(&["urgent"], "acme/web#7"), (vec![0, 1, 2], None));
}

/// What `owner.none` says of a task with these labels that nobody has.
fn of_nobody(exclude: &str, overrides: &[Override], labels: &[&str]) -> Explained {
    let mut settings = settings();
    settings.owner.none.exclude = Some(exclude.to_owned().into());
    let mut sketch = Sketch::new();
    HEAD.iter().chain(&["task A active"]).for_each(|line| sketch.line(line));
    let now = sketch.now;
    let mut images = sketch.images();
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    images[0].rec.words = Some(Box::new(TaskWords { labels, ..TaskWords::default() }));
    let mut board = sketch.board(false).0;
    board.apply(crate::domain::record::BoardDelta { tasks: images, ..Default::default() });
    about(&Rules::with_overrides(&settings, overrides), &board, now, "owner.none").unwrap()
}

#[test]
fn a_task_that_a_rule_excludes_is_left_out_of_that_rule_alone() {
    let exclude = "'triage' in task.labels";
    let out = of_nobody(exclude, &[], &["triage"]);
    assert_eq!(out.reading, Reading::Clear(Grounds::NotApplicable("left out by `exclude`")));
    assert!(out.thresholds.contains(&("exclude", json!(exclude))), "{:?}", out.thresholds);
    let other = of_nobody(exclude, &[], &["bug"]);
    assert!(matches!(other.reading, Reading::Gap(_)), "{:?}", other.reading);
    // What cannot be worked out leaves nothing out, and an override has the last word.
    let broken = of_nobody("range(100000)|sum > 3", &[], &["triage"]);
    assert!(matches!(broken.reading, Reading::Gap(_)), "{:?}", broken.reading);
    let over: Vec<Override> = serde_json::from_value(json!([
        { "match": "true", "rules": { "owner": { "none": { "exclude": "'bug' in task.labels" } } } },
    ]))
    .unwrap();
    assert!(matches!(of_nobody(exclude, &over, &["triage"]).reading, Reading::Gap(_)));
    assert!(matches!(of_nobody(exclude, &over, &["bug"]).reading, Reading::Clear(Grounds::NotApplicable(_))));
}

#[test]
fn every_rule_about_tasks_can_leave_some_out_and_no_other_can() {
    let mut value = serde_json::to_value(settings()).unwrap();
    for (id, _, _) in settings().switches() {
        let path = format!("/{}", id.replace('.', "/"));
        let table = value.pointer_mut(&path).and_then(Value::as_object_mut).unwrap();
        if table.contains_key("exclude") {
            table.insert("exclude".to_owned(), json!("true"));
        }
    }
    let rules = Rules::new(&serde_json::from_value(value).unwrap());
    let (board, now) = board(&["task A active"]);
    let policy = policy();
    let said = explain(&rules, SubjectKey::Task(TaskId(1)), &Snapshot { board: &board, policy: &policy, now });
    assert!(said.len() > 15, "{}", said.len());
    for one in said {
        assert_eq!(one.reading, Reading::Clear(Grounds::NotApplicable("left out by `exclude`")), "{}", one.rule);
    }
}
