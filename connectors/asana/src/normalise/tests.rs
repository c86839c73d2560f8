#![allow(clippy::unwrap_used)]

use connector_model::{DueStated, Share};
use serde_json::{Value, json};

use super::*;

/// A task of project 100 with these members in the place of, or beside, the usual ones.
pub(crate) fn raw(gid: &str, change: Value) -> Value {
    let mut task = json!({"gid": gid, "name": "Draft brief", "resource_type": "task", "resource_subtype": "default_task",
        "completed": false, "completed_at": null, "created_at": "2025-03-01T09:00:00.000Z",
        "modified_at": "2025-03-10T09:00:00.000Z", "created_by": {"gid": "9", "name": "Cy", "resource_type": "user"},
        "assignee": {"gid": "7", "name": "Ana", "email": "ana@acme.example", "resource_type": "user"},
        "due_on": "2025-03-20", "due_at": null, "start_on": null, "start_at": null, "parent": null, "num_subtasks": 0,
        "projects": [{"gid": "100"}],
        "memberships": [{"project": {"gid": "100"}, "section": {"gid": "11", "name": "In progress"}}],
        "tags": [], "notes": "", "custom_fields": [], "dependencies": [], "dependents": [],
        "permalink_url": "https://app.asana.com/1/1/project/100/task/12"});
    for (name, value) in change.as_object().unwrap() {
        task[name] = value.clone();
    }
    task
}

fn with<T>(read: impl FnOnce(&Reading<'_>) -> T) -> T {
    let states: States = [
        ("Won't fix".to_owned(), StatusCategory::Cancelled),
        ("Legal".to_owned(), StatusCategory::Waiting),
        ("Shipped".to_owned(), StatusCategory::Done),
    ]
    .into_iter()
    .collect();
    let gone = Account {
        ext: "8".to_owned(),
        handle: Some("8".to_owned()),
        name: Some("Bo".to_owned()),
        email: Some("bo@acme.example".to_owned()),
        kind: AccountKind::Gone,
    };
    let people = HashMap::from([("8".to_owned(), gone)]);
    read(&Reading { states: &states, fields: &Fields::default(), people: &people, own: "77", is_free: false })
}

fn read(change: Value) -> Task {
    let raw: wire::Task = serde_json::from_value(raw("12", change)).unwrap();
    with(|reading| task(&raw, Some("100"), "100", reading, &mut Named::default())).unwrap()
}

fn state(change: Value) -> (String, StatusCategory, bool) {
    let status = read(change).status;
    (status.raw, status.category, status.declared)
}

fn in_section(name: &str) -> Value {
    json!([{"project": {"gid": "100"}, "section": {"gid": "11", "name": name}}])
}

#[test]
fn a_task_is_read_whole() {
    let task = read(json!({"dependencies": [{"gid": "3"}], "dependents": [{"gid": "4"}], "parent": {"gid": "5"},
        "tags": [{"gid": "1", "name": "urgent"}], "actual_time_minutes": 90, "notes": "x", "start_on": "2025-03-05"}));
    assert_eq!((task.ext.as_str(), task.title.as_str(), task.kind.as_deref()), ("12", "Draft brief", None));
    assert_eq!((task.owners, task.reporter), (vec!["7".to_owned()], Some("9".to_owned())));
    assert_eq!(task.due, Some(DueStated { due: Due::On("2025-03-20".parse().unwrap()), source: DueSource::Item }));
    assert_eq!(task.start, Some(Due::On("2025-03-05".parse().unwrap())));
    assert_eq!(task.parent, Some(TaskRef::Ext("5".to_owned())));
    let link = |kind, gid: &str| Link { kind, other: TaskRef::Ext(gid.to_owned()) };
    assert_eq!(task.links, Some(vec![link(LinkKind::BlockedBy, "3"), link(LinkKind::Blocks, "4")]));
    assert_eq!((task.labels, task.spent_secs), (vec!["urgent".to_owned()], Some(5_400)));
    assert_eq!((task.container, task.ineligible, task.closed_at), (project_at("100"), None, None));
    assert_ne!(task.description_hash, 0);
}

#[test]
fn a_day_stays_a_day_and_an_instant_counts_more() {
    let due = |change| read(change).due.unwrap().due;
    assert_eq!(due(json!({})), Due::On("2025-03-20".parse().unwrap()));
    let both = json!({"due_on": "2025-03-20", "due_at": "2025-03-20T22:30:00.000Z"});
    assert_eq!(due(both), Due::At("2025-03-20T22:30:00Z".parse().unwrap()));
}

#[test]
fn a_section_says_the_state_of_what_is_not_ticked_off() {
    use StatusCategory::{Active, Cancelled, Done, Todo, Waiting};
    let of = |name: &str| state(json!({"memberships": in_section(name)}));
    assert_eq!(of("In progress"), ("In progress".to_owned(), Active, true));
    assert_eq!(of("legal"), ("legal".to_owned(), Waiting, true));
    assert_eq!(of("Shipped"), ("Shipped".to_owned(), Done, true), "the configuration says so");
    assert_eq!(of("✅ Done"), ("✅ Done".to_owned(), Done, true), "so does a word that everybody uses");
    assert_eq!(of("Complete").1, Done);
    assert_eq!(of("Live events"), ("Live events".to_owned(), Todo, false), "which has to be the whole name");
    assert_eq!(of("Sprint 12"), ("Sprint 12".to_owned(), Todo, false));
    for nowhere in [json!([]), in_section("Untitled section"), in_section("(no section)")] {
        assert_eq!(
            state(json!({"memberships": nowhere})),
            ("open".to_owned(), Todo, false),
            "nothing that could be mapped"
        );
    }
    let ticked = |name: &str| {
        state(json!({"completed": true, "completed_at": "2025-03-09T10:00:00.000Z", "memberships": in_section(name)}))
    };
    assert_eq!(ticked("In progress"), (COMPLETED.to_owned(), Done, true));
    assert_eq!(ticked("Won't fix"), ("Won't fix".to_owned(), Cancelled, true));
    assert_eq!(ticked("Cancelled").1, Cancelled);
    let elsewhere = json!([{"project": {"gid": "900"}, "section": {"gid": "1", "name": "Review"}},
        {"project": {"gid": "100"}, "section": {"gid": "2", "name": "To do"}}]);
    assert_eq!(state(json!({"memberships": elsewhere})).1, Todo, "the section of the project it lives in");
}

#[test]
fn nobody_is_to_work_on_what_lies_in_a_backlog() {
    let of = |name: &str| read(json!({"memberships": in_section(name)})).ineligible;
    assert_eq!(
        (of("Backlog"), of("Icebox"), of("To do")),
        (Some(Ineligible::Backlog), Some(Ineligible::Backlog), None)
    );
}

#[test]
fn a_rejected_approval_is_not_done() {
    let approval = |word: &str| {
        let ticked = word != "pending";
        read(json!({"resource_subtype": "approval", "approval_status": word, "completed": ticked,
            "completed_at": ticked.then_some("2025-03-09T10:00:00.000Z")}))
    };
    for word in ["rejected", "changes_requested"] {
        let task = approval(word);
        assert_eq!((task.status.category, task.closed_at), (StatusCategory::Active, None), "{word}");
    }
    let approved = approval("approved");
    assert_eq!(approved.status.category, StatusCategory::Done);
    assert_eq!(approved.closed_at, Some("2025-03-09T10:00:00Z".parse().unwrap()));
    assert!(approval("pending").status.category.is_open());
}

#[test]
fn headings_and_milestones_are_no_work() {
    let why = |change| read(change).ineligible;
    assert_eq!(why(json!({"is_rendered_as_separator": true})), Some(Ineligible::NotWork));
    assert_eq!(why(json!({"resource_subtype": "section"})), Some(Ineligible::NotWork));
    assert_eq!(why(json!({"name": "Next week: ", "assignee": null, "due_on": null})), Some(Ineligible::NotWork));
    assert_eq!(why(json!({"name": "Call back:"})), None, "somebody is to do it");
    assert_eq!(why(json!({"resource_subtype": "milestone"})), Some(Ineligible::NotWork));
    assert_eq!(why(json!({"resource_subtype": "approval"})), None);
    assert_eq!(read(json!({"resource_subtype": "milestone"})).kind.as_deref(), Some("milestone"));
}

#[test]
fn custom_fields_are_read_by_their_template_and_not_where_they_do_not_apply() {
    let field = |made_as: &str, rest: Value| {
        let mut field = json!({"gid": "1", "name": "?", "enabled": true, "asana_created_field": made_as});
        field.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        field
    };
    let progress = |enabled: bool| {
        let rest =
            json!({"resource_subtype": "number", "format": "percentage", "number_value": 0.25, "enabled": enabled});
        read(json!({"custom_fields": [field("progress", rest)]})).progress.map(|progress| progress.share)
    };
    assert_eq!((progress(true), progress(false)), (Some(Share::new(0.25)), None));
    let task = read(json!({"custom_fields": [
        field("priority", json!({"resource_subtype": "enum", "enum_value": {"gid": "1", "name": "Hoch"}})),
        field("estimated_time", json!({"resource_subtype": "number", "format": "duration", "number_value": 30})),
        field("status", json!({"resource_subtype": "enum", "enum_value": {"gid": "2", "name": "Waiting"}})),
    ]}));
    assert_eq!((task.priority, task.estimate_secs), (Some(1), Some(1_800)));
    assert_eq!((task.status.raw.as_str(), task.status.category), ("Waiting", StatusCategory::Waiting));
}

#[test]
fn what_was_not_told_is_not_taken_for_nothing() {
    let mut no_assignee = raw("12", json!({}));
    no_assignee.as_object_mut().unwrap().remove("assignee");
    let refused = |raw: Value| {
        let raw: wire::Task = serde_json::from_value(raw).unwrap();
        with(|reading| task(&raw, Some("100"), "100", reading, &mut Named::default())).unwrap_err()
    };
    assert_eq!(refused(no_assignee), "missing field `assignee`");
    assert_eq!(refused(raw("12", json!({"modified_at": null}))), "missing field `modified_at`");
    assert!(read(json!({"assignee": null})).owners.is_empty());
    let mut no_links = raw("12", json!({}));
    for name in ["dependencies", "dependents"] {
        no_links.as_object_mut().unwrap().remove(name);
    }
    let raw: wire::Task = serde_json::from_value(no_links).unwrap();
    let task = with(|reading| task(&raw, Some("100"), "100", reading, &mut Named::default())).unwrap();
    assert_eq!(task.links, None, "what is known of links is kept");
    assert_eq!(task.untold, []);
    let bare: wire::Task = serde_json::from_value(json!({"gid": "1", "memberships": [{}]})).unwrap();
    assert!(lacks_scope(&bare));
}

#[test]
fn a_free_plan_and_an_answer_without_fields_leave_what_was_known() {
    let fields = ["Progress", "Estimate", "Priority"];
    let of = |change: Value, is_free: bool| {
        let mut all = raw("12", json!({"dependencies": [], "dependents": [], "custom_fields": []}));
        for (name, value) in change.as_object().unwrap() {
            match value.is_null() {
                true => drop(all.as_object_mut().unwrap().remove(name)),
                false => all[name] = value.clone(),
            }
        }
        let raw: wire::Task = serde_json::from_value(all).unwrap();
        let read = with(|reading| {
            let reading = Reading { is_free, ..*reading };
            super::task(&raw, Some("100"), "100", &reading, &mut Named::default())
        });
        let read = read.unwrap();
        let untold: Vec<String> = read.untold.iter().map(|field| format!("{field:?}")).collect();
        (read.links.map(|links| links.len()), untold)
    };
    assert_eq!(of(json!({}), false), (Some(0), Vec::new()), "a paid plan says that there are none");
    assert_eq!(of(json!({}), true), (None, fields.map(str::to_owned).to_vec()));
    assert_eq!(of(json!({"dependencies": [{"gid": "13"}]}), true).0, Some(1), "what is told is believed");
    assert_eq!(of(json!({"dependents": null}), false).0, None, "half of it is not all");
    assert_eq!(of(json!({"custom_fields": null}), false).1, fields);
    assert_eq!(of(json!({"custom_fields": [{"gid": "1", "name": "Risk"}]}), true).1, Vec::<String>::new());
}

#[test]
fn a_task_lives_in_the_first_of_its_watched_projects() {
    let task: wire::Task = serde_json::from_value(raw(
        "1",
        json!({"projects": [{"gid": "1000"}, {"gid": "200"}],
        "memberships": [{"project": {"gid": "100"}}]}),
    ))
    .unwrap();
    let of = |watched: &[&str]| place(&task, &watched.iter().map(|gid| (*gid).to_owned()).collect());
    assert_eq!(of(&["200", "1000", "100"]).as_deref(), Some("100"));
    assert_eq!(of(&["1000", "200"]).as_deref(), Some("200"), "the older one");
    assert_eq!(of(&["300"]), None);
    let left = with(|reading| super::task(&task, None, "300", reading, &mut Named::default())).unwrap();
    assert_eq!((left.container, left.ineligible), (project_at("300"), Some(Ineligible::Filtered)));
}

#[test]
fn who_has_left_is_known_from_the_workspace() {
    let raw: wire::Task = serde_json::from_value(raw(
        "12",
        json!({"assignee": {"gid": "8", "name": "Bo", "resource_type": "user"},
            "created_by": {"gid": "55", "name": "Flow", "resource_type": "agent"}}),
    ))
    .unwrap();
    let mut named = Named::default();
    with(|reading| task(&raw, Some("100"), "100", reading, &mut named)).unwrap();
    let accounts = named.into_accounts();
    let of = |gid: &str| accounts.iter().find(|account| account.ext == gid).unwrap();
    assert_eq!((of("8").kind, of("8").email.as_deref()), (AccountKind::Gone, Some("bo@acme.example")));
    assert_eq!(of("55").kind, AccountKind::Bot);
}
