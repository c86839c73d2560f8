#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::config::Fields as Wanted;
use crate::site::{Field, KnownStatus, Roles, roles};
use crate::{fixtures, history, items};

const FIELDS: &str = r#"[
    {"id":"customfield_10015","name":"Start date","schema":{"type":"date","custom":"x:datepicker"}},
    {"id":"customfield_10020","name":"Sprint","schema":{"type":"array","custom":"com.pyxis.greenhopper.jira:gh-sprint"}},
    {"id":"customfield_10014","name":"Epic Link","schema":{"type":"any","custom":"com.pyxis.greenhopper.jira:gh-epic-link"}},
    {"id":"customfield_10021","name":"Flagged","schema":{"type":"array","custom":"x:multicheckboxes"}},
    {"id":"customfield_10030","name":"Done %","schema":{"type":"number","custom":"x:float"}},
    {"id":"customfield_10031","name":"Promised","schema":{"type":"date","custom":"x:datepicker"}}
]"#;

pub(crate) fn site(edition: Edition) -> Site {
    let fields: Vec<Field<'_>> = serde_json::from_str(FIELDS).unwrap();
    let wanted = Wanted { progress: Some("Done %".to_owned()), due: Some("Promised".to_owned()), ..Wanted::default() };
    let mut site = Site::new(roles(&fields, &wanted, edition).0, &fields, Timestamp::UNIX_EPOCH);
    site.priorities = [("1".to_owned(), 1), ("3".to_owned(), 3)].into();
    let status =
        |name: &str, category: &str| KnownStatus { name: name.to_owned(), category: Some(category.to_owned()) };
    site.statuses = [
        ("1".to_owned(), status("Open", "new")),
        ("3".to_owned(), status("开发中", "indeterminate")),
        ("6".to_owned(), status("Closed", "done")),
    ]
    .into();
    site
}

fn issue(fields: Value) -> Value {
    let mut all = json!({
        "summary": "Fix *it*", "created": "2026-06-02T11:43:42.000+0200", "updated": "2026-06-03T11:43:42.000+0200",
        "project": {"id": "10003", "key": "EE"},
        "status": {"id": "1", "name": "Open", "statusCategory": {"id": 2, "key": "new"}},
        "assignee": null
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"id": "10063", "key": "EE-1", "fields": all})
}

fn with(fields: Value, edition: Edition, states: &States, blocking: &[String]) -> (Task, Named) {
    let text = issue(fields).to_string();
    let site = site(edition);
    let sprints = HashMap::from([(
        "7".to_owned(),
        Some(sprint(
            &serde_json::from_str(r#"{"id":7,"name":"S","state":"active","endDate":"2026-06-20T08:00:00.000Z"}"#)
                .unwrap(),
        )),
    )]);
    let mut named = Named::default();
    let reading =
        Reading { edition, web: "https://acme.atlassian.net", site: &site, states, blocking, sprints: &sprints };
    let task = task(&serde_json::from_str(&text).unwrap(), &[], &reading, &mut named).unwrap();
    (task, named)
}

#[test]
fn what_cannot_be_understood_is_not_taken_for_nothing() {
    let (states, sprints, site) = (States::default(), HashMap::new(), site(Edition::Cloud));
    let (edition, web) = (Edition::Cloud, "https://acme.atlassian.net");
    let reading = Reading { edition, web, site: &site, states: &states, blocking: &[], sprints: &sprints };
    for (fields, why) in [(json!({"duedate": "2026/11/19"}), "`duedate`"), (json!({"status": null}), "`status`")] {
        let text = issue(fields).to_string();
        let read = task(&serde_json::from_str(&text).unwrap(), &[], &reading, &mut Named::default());
        assert!(read.is_err_and(|because| because.contains(why)));
    }
}

fn read(fields: Value) -> Task {
    with(fields, Edition::Cloud, &States::default(), &[]).0
}

#[test]
fn an_issue_is_identified_by_its_number_and_called_by_its_key() {
    let task = read(json!({"summary": "  a\u{202E}b <b> "}));
    assert_eq!((task.ext.as_str(), task.key.as_str(), task.handle.as_str()), ("10063", "EE-1", "10063"));
    assert_eq!(task.title, "  a\u{202E}b <b> ");
    assert_eq!(task.url, "https://acme.atlassian.net/browse/EE-1");
    assert_eq!(task.container.ext, "10003");
    assert_eq!(task.created_at, "2026-06-02T09:43:42Z".parse().unwrap());
    assert_eq!((task.owners.len(), task.links, task.progress), (0, None, None));
}

#[test]
fn a_status_means_what_is_configured_or_else_what_its_category_says() {
    let of = |key: &str, states: &[(&str, StatusCategory)]| {
        let states: States = states.iter().map(|(word, state)| ((*word).to_owned(), *state)).collect();
        let status = json!({"id": "10068", "name": "已完成", "statusCategory": {"id": 3, "key": key, "name": "x"}});
        let task = with(json!({"status": status}), Edition::Cloud, &states, &[]).0;
        (task.status.category, task.status.declared, task.closed_at.is_some())
    };
    assert_eq!(of("done", &[]), (StatusCategory::Done, true, true));
    assert_eq!(of("indeterminate", &[]), (StatusCategory::Active, true, false));
    assert_eq!(of("new", &[]), (StatusCategory::Todo, true, false));
    assert_eq!(of("undefined", &[]), (StatusCategory::Todo, false, false));
    assert_eq!(of("done", &[("已完成", StatusCategory::Review)]), (StatusCategory::Review, true, false));
    assert_eq!(of("new", &[("10068", StatusCategory::Cancelled)]), (StatusCategory::Cancelled, true, true));
}

#[test]
fn resolved_is_not_done_and_done_needs_no_resolution() {
    let resolved = read(json!({"resolution": {"id": "1"}, "resolutiondate": "2026-06-03T11:43:42.000+0200"}));
    assert_eq!((resolved.status.category, resolved.closed_at), (StatusCategory::Todo, None));
    let done = json!({"id": "6", "name": "Closed", "statusCategory": {"key": "done"}});
    let task = read(
        json!({"status": done, "resolutiondate": null, "statuscategorychangedate": "2026-06-03T11:00:00.000+0200"}),
    );
    assert_eq!(task.closed_at, Some("2026-06-03T09:00:00Z".parse().unwrap()));
    assert_eq!(read(json!({"status": done})).closed_at, Some("2026-06-03T09:43:42Z".parse().unwrap()));
}

#[test]
fn a_flag_makes_open_work_wait_and_leaves_finished_work_alone() {
    let flag = json!([{"value": "Impediment"}]);
    let task = read(json!({"customfield_10021": flag}));
    assert_eq!((task.status.category, task.status.raw.as_str()), (StatusCategory::Waiting, "Open"));
    assert_eq!(read(json!({"customfield_10021": null})).status.category, StatusCategory::Todo);
    assert_eq!(read(json!({"customfield_10021": []})).status.category, StatusCategory::Todo);
    let done = json!({"id": "6", "name": "Closed", "statusCategory": {"key": "done"}});
    assert_eq!(read(json!({"status": done, "customfield_10021": flag})).status.category, StatusCategory::Done);
}

#[test]
fn a_deadline_is_the_issues_own_before_the_configured_field() {
    let due = |fields: Value| read(fields).due.map(|due| (due.due.to_text(), due.source));
    let own = json!({"duedate": "2026-05-01", "customfield_10031": "2026-07-01"});
    assert_eq!(due(own), Some(("2026-05-01".to_owned(), DueSource::Item)));
    let other = json!({"duedate": null, "customfield_10031": "2026-07-01"});
    assert_eq!(due(other), Some(("2026-07-01".to_owned(), DueSource::Field)));
    let start = read(json!({"customfield_10015": "2026-04-01"})).start;
    assert_eq!(start.map(Due::to_text).as_deref(), Some("2026-04-01"));
}

#[test]
fn progress_is_the_configured_field_then_sub_tasks_then_time_and_never_jiras_own() {
    let of = |fields: Value| read(fields).progress.map(|one| (one.share.get(), one.source, one.items));
    assert_eq!(of(json!({"progress": {"progress": 5, "total": 5, "percent": 100}})), None);
    let subtask = |key: &str| json!({"id": "1", "fields": {"status": {"id": "x", "statusCategory": {"key": key}}}});
    let children = json!([subtask("done"), subtask("new")]);
    assert_eq!(of(json!({"subtasks": children, "customfield_10030": 20.0})), Some((0.2, ProgressSource::Native, 0)));
    assert_eq!(of(json!({"subtasks": children})), Some((0.5, ProgressSource::Children, 2)));
    assert_eq!(of(json!({"subtasks": [subtask("done")]})), None);
    assert_eq!(of(json!({"timespent": 3600, "timeestimate": 10800})), Some((0.25, ProgressSource::Time, 0)));
    assert_eq!(of(json!({"timespent": 3600, "timeestimate": 0})), None, "nothing left is not finished");
    assert_eq!(of(json!({"customfield_10030": "35 %"})), Some((0.35, ProgressSource::Native, 0)));
}

#[test]
fn a_link_is_read_from_the_side_of_the_issue_that_carries_it() {
    let link = |name: &str, outward: &str, member: &str| json!({"id": "1", "type": {"id": "10000", "name": name, "inward": "x", "outward": outward}, member: {"id": "20", "key": "EE-2"}});
    let kind = |link: Value, blocking: &[&str]| {
        let blocking: Vec<String> = blocking.iter().map(ToString::to_string).collect();
        let (task, _) = with(json!({"issuelinks": [link]}), Edition::Cloud, &States::default(), &blocking);
        let links = task.links.unwrap();
        assert_eq!(links[0].other, TaskRef::Ext("20".to_owned()));
        links[0].kind
    };
    assert_eq!(kind(link("Blocks", "blocks", "outwardIssue"), &[]), LinkKind::Blocks);
    assert_eq!(kind(link("Blocks", "blocks", "inwardIssue"), &[]), LinkKind::BlockedBy);
    assert_eq!(kind(link("Blockiert", "blockiert", "inwardIssue"), &[]), LinkKind::Relates);
    assert_eq!(kind(link("Blockiert", "blockiert", "inwardIssue"), &["blockiert"]), LinkKind::BlockedBy);
    assert_eq!(kind(link("Blockiert", "blockiert", "outwardIssue"), &["10000"]), LinkKind::Blocks);
    assert_eq!(kind(link("Blocks", "blocks", "outwardIssue"), &["other"]), LinkKind::Relates);
    assert_eq!(kind(link("Duplicate", "duplicates", "outwardIssue"), &[]), LinkKind::Duplicates);
    assert_eq!(read(json!({"issuelinks": []})).links, Some(vec![]));
}

#[test]
fn a_parent_is_told_by_number_and_an_epic_of_data_center_by_key() {
    assert_eq!(read(json!({"parent": {"id": "9", "key": "EE-9"}})).parent, Some(TaskRef::Ext("9".to_owned())));
    assert_eq!(read(json!({"customfield_10014": "EE-8"})).parent, None, "on Cloud it is `parent`");
    let of = |fields: Value| with(fields, Edition::DataCenter, &States::default(), &[]).0.parent;
    assert_eq!(of(json!({"customfield_10014": "EE-8"})), Some(TaskRef::Key("EE-8".to_owned())));
    assert_eq!(of(json!({"customfield_10014": null})), None);
}

#[test]
fn sprints_that_are_not_over_and_versions_are_homes() {
    let sprints = json!([
        {"id": 37, "name": "old", "state": "closed", "endDate": "2026-05-20T08:00:00.000Z"},
        {"id": 38, "name": "now", "state": "active", "endDate": "2026-06-20T08:00:00.000Z"},
        {"id": 39, "name": "next", "state": "future", "endDate": "2026-07-20T08:00:00.000Z"}
    ]);
    let versions =
        json!([{"id": "5", "name": "1.0", "released": false, "archived": false, "releaseDate": "2026-06-30"}]);
    let fields = json!({"customfield_10020": sprints, "fixVersions": versions});
    let (task, named) = with(fields, Edition::Cloud, &States::default(), &[]);
    let exts: Vec<&str> = task.homes.iter().map(|home| home.ext.as_str()).collect();
    assert_eq!(exts, ["38", "39", "5"]);
    let dues: Vec<Option<String>> = named.into_parts().1.iter().map(|home| home.due.map(Due::to_text)).collect();
    assert_eq!(dues, [Some("2026-06-20T08:00:00Z".to_owned()), None, Some("2026-06-30".to_owned())]);
}

#[test]
fn of_a_sprint_written_as_text_only_the_id_is_read() {
    let text = "com.atlassian.greenhopper.service.sprint.Sprint@a88a698[rapidViewId=1,name=a,b [x],state=ACTIVE,id=7,goal=<null>]";
    assert_eq!(sprint_id(text).as_deref(), Some("7"));
    assert_eq!(sprint_id("Sprint@1[id=12]").as_deref(), Some("12"));
    assert_eq!(sprint_id("Sprint@1[name=id=3]"), None);
    assert_eq!(sprint_id(""), None);
    let (task, _) = with(json!({"customfield_10020": [text]}), Edition::DataCenter, &States::default(), &[]);
    assert_eq!(task.homes.len(), 1);
}

#[test]
fn people_are_told_by_account_id_or_by_key() {
    let cloud = json!({"accountId": "5f8", "displayName": "Ana", "active": true, "accountType": "atlassian"});
    let (task, named) = with(json!({"assignee": cloud}), Edition::Cloud, &States::default(), &[]);
    assert_eq!(task.owners, ["5f8"]);
    let account = named.into_parts().0.remove(0);
    assert_eq!((account.handle.as_deref(), account.kind), (Some("5f8"), AccountKind::Human));
    let of = |user: Value, edition| {
        let (_, named) = with(json!({"reporter": user}), edition, &States::default(), &[]);
        named.into_parts().0.pop().map(|one| (one.ext, one.handle.unwrap_or_default(), one.kind))
    };
    let app = json!({"accountId": "a", "accountType": "app", "active": true});
    assert_eq!(of(app, Edition::Cloud), Some(("a".to_owned(), "a".to_owned(), AccountKind::Bot)));
    assert_eq!(of(json!({"accountId": "", "active": false}), Edition::Cloud), None);
    let server = json!({"key": "JIRAUSER10100", "name": "jdoe", "active": false});
    assert_eq!(
        of(server, Edition::DataCenter),
        Some(("JIRAUSER10100".to_owned(), "jdoe".to_owned(), AccountKind::Gone))
    );
    let old = json!({"name": "jdoe"});
    assert_eq!(of(old, Edition::DataCenter), Some(("jdoe".to_owned(), "jdoe".to_owned(), AccountKind::Human)));
}

#[test]
fn what_few_may_see_is_restricted() {
    assert!(read(json!({"security": {"id": "1", "name": "Board"}})).restricted);
    assert!(
        !read(json!({"security": null, "issuerestriction": {"issuerestrictions": {}, "shouldDisplay": false}}))
            .restricted
    );
    let roles = json!({"issuerestrictions": {"projectrole": [{"value": "1"}]}, "shouldDisplay": true});
    assert!(read(json!({"issuerestriction": roles})).restricted);
    assert_eq!(read(json!({"priority": {"id": "3", "name": "Mittel"}})).priority, Some(3));
}

/// Tasks, changes, and each issue as it was recorded.
type Recording = (Vec<Task>, Vec<connector_model::Change>, Vec<(String, Value)>);

/// Every issue of a recording, with its history, read as Data Center's are.
fn read_all(path: &str) -> Option<Recording> {
    let text = fixtures::text(path)?;
    let site = Site::new(Roles::default(), &[], Timestamp::UNIX_EPOCH);
    let (states, sprints) = (States::default(), HashMap::new());
    let reading = Reading {
        edition: Edition::DataCenter,
        web: "https://x",
        site: &site,
        states: &states,
        blocking: &[],
        sprints: &sprints,
    };
    let (mut tasks, mut changes, mut raws) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let whole: Value = serde_json::from_str(line).unwrap();
        let raw = whole.get("issue").unwrap_or(&whole).clone();
        let text = raw.to_string();
        let issue: Issue<'_> = items::one(&text).unwrap();
        let mut named = Named::default();
        let histories = issue.changelog.as_ref().map_or(&[][..], |log| &log.histories);
        tasks.push(task(&issue, histories, &reading, &mut named).unwrap());
        for one in histories {
            history::changes(&issue.id, one, &reading, &mut named, &mut changes);
        }
        for comment in issue.fields.iter().flat_map(|fields| &fields.comment).flat_map(|all| &all.comments) {
            changes.extend(history::comment(&issue.id, comment, None, &reading, &mut named));
        }
        raws.push((issue.key.to_string(), raw));
    }
    for (task, (key, raw)) in tasks.iter().zip(&raws) {
        assert_eq!(Some(task.title.as_str()), raw["fields"]["summary"].as_str(), "{key}");
    }
    Some((tasks, changes, raws))
}

#[test]
fn a_recorded_history_of_years_is_read_without_a_loss() {
    let Some((tasks, changes, raws)) = read_all("jira/asf-duraspace-changelog-dev.jsonl.gz") else { return };
    assert_eq!((tasks.len(), raws.len()), (2_475, 2_475));
    assert_eq!(tasks.iter().filter(|task| task.due.is_some()).count(), 193);
    let dues: Vec<_> = changes.iter().filter(|change| change.field == connector_model::Field::Due).collect();
    let mut of: Vec<_> = dues.iter().map(|change| change.task.to_text()).collect();
    of.sort();
    of.dedup();
    assert_eq!((dues.len(), of.len()), (28, 27));
    // 22 have no value in `to`; of 15 of these the words have it, and the issue's own date is the same.
    assert_eq!(dues.iter().filter(|change| change.to.is_none()).count(), 7);
    let without_value =
        |item: &&Value| item["field"] == "duedate" && item["to"].is_null() && item["toString"].is_string();
    let entries = raws.iter().flat_map(|(_, raw)| raw["changelog"]["histories"].as_array().unwrap());
    assert_eq!(entries.flat_map(|entry| entry["items"].as_array().unwrap()).filter(without_value).count(), 15);
    let count = |raws: &[(String, Value)], at: &str| -> usize {
        let items = |raw: &Value| raw.pointer(at).and_then(Value::as_array).map_or(0, Vec::len);
        raws.iter().map(|(_, raw)| items(raw)).sum()
    };
    let items: usize = raws
        .iter()
        .flat_map(|(_, raw)| raw["changelog"]["histories"].as_array().unwrap())
        .map(|entry| entry["items"].as_array().unwrap().len())
        .sum();
    assert_eq!(changes.len(), items + count(&raws, "/fields/comment/comments"));
}

#[test]
fn recorded_issues_without_history_are_read_without_a_loss() {
    let Some((tasks, ..)) = read_all("jira/tidev-dev.jsonl.gz") else { return };
    assert_eq!(tasks.len(), 9_046);
    assert!(tasks.iter().all(|task| task.status.category.is_open() == task.closed_at.is_none()));
    let links: usize = tasks.iter().map(|task| task.links.as_ref().map_or(0, Vec::len)).sum();
    assert!(links > 4_000, "{links}");
}

#[test]
fn odd_issues_are_read_without_a_loss() {
    let Some((tasks, changes, _)) = read_all("adversarial/jira-odd.jsonl.gz") else { return };
    assert_eq!(tasks.len(), 83);
    assert!(changes.iter().any(|change| change.account.is_none()));
}
