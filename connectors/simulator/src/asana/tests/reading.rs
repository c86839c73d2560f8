//! Envelope, fields, pages, lists and who sees what.

use jiff::civil::date;
use serde_json::{Value, json};

use super::{desk, names};
use crate::asana::{FieldDraft, TaskDraft};
use crate::testing::ts;

#[tokio::test]
async fn a_list_is_compact_and_what_is_asked_comes_alone_with_the_gid() {
    let desk = desk().await;
    let path = format!("/tasks?project={}&limit=100", desk.shop);
    let compact = desk.get(&path).await;
    let expected =
        json!({ "gid": desk.shoes, "name": "Sell shoes", "resource_type": "task", "resource_subtype": "default_task" });
    assert_eq!(compact, json!({ "data": [expected], "next_page": null }));
    let fields =
        "name,assignee.(gid|email),due_on,due_at,parent.gid,memberships.section.name,memberships.project.gid,no_such";
    let chosen = desk.data(&format!("{path}&opt_fields={fields}")).await;
    let ana = desk.asana.user_gid("ana");
    assert_eq!(
        chosen[0],
        json!({
            "gid": desk.shoes, "name": "Sell shoes", "assignee": { "gid": ana, "email": "ana@example.com" },
            "due_on": "2026-03-20", "due_at": null, "parent": null,
            "memberships": [{ "project": { "gid": desk.shop }, "section": { "gid": chosen[0]["memberships"][0]["section"]["gid"], "name": "To do" } }],
        })
    );
}

#[tokio::test]
async fn one_task_is_told_in_full_but_for_what_comes_only_on_request() {
    let desk = desk().await;
    let task = desk.data(&format!("/tasks/{}", desk.shoes)).await;
    assert_eq!(task["assignee"]["name"], "Ana K");
    assert_eq!(task["memberships"][0]["section"]["name"], "To do");
    assert_eq!(task["created_at"], "2026-02-20T09:00:00.000Z");
    for absent in ["num_subtasks", "dependencies", "dependents", "created_by", "html_notes", "is_rendered_as_separator"]
    {
        assert!(task.get(absent).is_none(), "{absent}");
    }
    assert!(task.get("approval_status").is_none(), "of approvals alone");
    let more = desk.data(&format!("/tasks/{}?opt_fields=num_subtasks,created_by.name", desk.shoes)).await;
    assert_eq!(
        more,
        json!({ "gid": desk.shoes, "num_subtasks": 0, "created_by": { "gid": more["created_by"]["gid"], "name": "max" } })
    );
}

#[tokio::test]
async fn pages_need_a_limit_and_their_tokens_expire() {
    let desk = desk().await;
    for at in 0..4 {
        desk.asana.task("Web shop", TaskDraft::new(&format!("Task {at}")));
    }
    let path = format!("/tasks?project={}", desk.shop);
    assert!(desk.get(&path).await.get("next_page").is_none());
    for bad in ["0", "101", "x"] {
        assert_eq!(desk.refused(&format!("{path}&limit={bad}")).await.0, 400, "{bad}");
    }
    let first = desk.get(&format!("{path}&limit=2")).await;
    assert_eq!(names(&first["data"]), ["Sell shoes", "Task 0"]);
    let uri = first["next_page"]["uri"].as_str().unwrap();
    let rest = uri.strip_prefix(&desk.bench.sim.asana_url()).unwrap();
    assert_eq!(rest, first["next_page"]["path"].as_str().unwrap());
    let second = desk.get(rest).await;
    assert_eq!(names(&second["data"]), ["Task 1", "Task 2"]);
    let third = desk.get(second["next_page"]["path"].as_str().unwrap()).await;
    assert_eq!((names(&third["data"]), &third["next_page"]), (vec!["Task 3"], &Value::Null));

    let offset = first["next_page"]["offset"].as_str().unwrap();
    let other = desk.refused(&format!("/users?limit=2&offset={offset}")).await;
    assert_eq!(other, (400, "offset: Your pagination token is invalid.".to_owned()));
    assert_eq!(desk.refused(&format!("{path}&offset={offset}")).await.0, 400, "an offset needs its limit");
    desk.asana.expire_offsets();
    assert_eq!(desk.refused(rest).await, (400, "offset: Your pagination token has expired.".to_owned()));
}

#[tokio::test]
async fn a_long_list_without_a_limit_is_refused_or_cut() {
    let desk = desk().await;
    for at in 0..1000 {
        desk.asana.task("Web shop", TaskDraft::new(&format!("Task {at}")));
    }
    let path = format!("/tasks?project={}", desk.shop);
    let (status, message) = desk.refused(&path).await;
    assert_eq!(status, 400);
    assert!(message.starts_with("The result is too large."), "{message}");
    desk.asana.cut_unpaged(true);
    let cut = desk.get(&path).await;
    assert_eq!(cut["data"].as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn filters_are_inclusive_and_a_list_needs_one_place() {
    let desk = desk().await;
    let bug = desk.asana.task("Web shop", TaskDraft::new("Bug"));
    let now = desk.bench.at("2026-03-03T10:00:00Z");
    desk.asana.complete(&bug, "ana");
    let path = format!("/tasks?project={}&limit=100", desk.shop);
    for (filter, expected) in [
        ("modified_since=2026-03-03T10:00:00Z", vec!["Bug"]),
        ("modified_since=2026-03-03T10:00:00.001Z", vec![]),
        ("modified_since=2026-02-01", vec!["Sell shoes", "Bug"]),
        ("completed_since=now", vec!["Sell shoes", "Bug"]),
        ("completed_since=2026-03-03T10:00:01Z", vec!["Sell shoes"]),
    ] {
        assert_eq!(names(&desk.data(&format!("{path}&{filter}")).await), expected, "{filter} at {now}");
    }
    assert_eq!(desk.refused(&format!("{path}&modified_since=yesterday")).await.0, 400);
    for bad in ["/tasks?limit=10", "/tasks?assignee=me", "/tasks?project=x"] {
        assert_eq!(desk.refused(bad).await.0, 400, "{bad}");
    }
    assert_eq!(desk.refused("/tasks?project=12345").await, (404, "project: Unknown object: 12345".to_owned()));
    let own = format!("/tasks?assignee={}&workspace={}", desk.asana.user_gid("ana"), desk.asana.workspace_gid());
    assert_eq!(names(&desk.data(&own).await), ["Sell shoes"]);
}

#[tokio::test]
async fn subtasks_stand_in_no_project_and_do_not_move_their_parent() {
    let desk = desk().await;
    let part =
        desk.asana.subtask(&desk.shoes, TaskDraft { assignee: Some("ana".to_owned()), ..TaskDraft::new("Photos") });
    desk.asana.subtask(&part, TaskDraft { separator: true, ..TaskDraft::new("Later:") });
    let list =
        desk.data(&format!("/projects/{}/tasks?limit=100&opt_fields=name,num_subtasks,modified_at", desk.shop)).await;
    assert_eq!(names(&list), ["Sell shoes"]);
    assert_eq!(list[0]["num_subtasks"], 1);
    assert_eq!(list[0]["modified_at"], "2026-02-20T09:00:00.000Z");
    let parts = desk
        .data(&format!("/tasks/{}/subtasks?opt_fields=name,projects,memberships,parent,completed", desk.shoes))
        .await;
    let parent =
        json!({ "gid": desk.shoes, "name": "Sell shoes", "resource_type": "task", "resource_subtype": "default_task" });
    assert_eq!(
        parts[0],
        json!({ "gid": part, "name": "Photos", "projects": [], "memberships": [], "parent": parent, "completed": false })
    );
    let below = desk.data(&format!("/tasks/{part}/subtasks?opt_fields=is_rendered_as_separator")).await;
    assert_eq!(below[0]["is_rendered_as_separator"], true);
}

#[tokio::test]
async fn a_task_in_two_projects_has_one_gid_and_a_section_in_each() {
    let desk = desk().await;
    desk.asana.project("Launch");
    desk.asana.add_to_project(&desk.shoes, "Launch", Some("Doing"), "max");
    let launch = desk.asana.project("Launch");
    for project in [&desk.shop, &launch] {
        let list = desk.data(&format!("/tasks?project={project}&opt_fields=memberships.(project|section).name")).await;
        assert_eq!(list[0]["gid"], json!(desk.shoes));
        let sections = list[0]["memberships"].as_array().unwrap().iter().map(|one| &one["section"]["name"]);
        assert_eq!(sections.collect::<Vec<_>>(), ["To do", "Doing"]);
    }
    desk.asana.hide("Launch", true);
    let seen = desk.data(&format!("/tasks/{}?opt_fields=projects.name", desk.shoes)).await;
    assert_eq!(names(&seen["projects"]), ["Web shop"]);
    assert_eq!(desk.refused(&format!("/tasks?project={launch}")).await.0, 403);
}

#[tokio::test]
async fn what_is_deleted_or_private_answers_404_alike() {
    let desk = desk().await;
    let path = format!("/tasks/{}", desk.shoes);
    desk.asana.hide_task(&desk.shoes, true);
    let private = desk.refused(&path).await;
    desk.asana.hide_task(&desk.shoes, false);
    desk.asana.delete(&desk.shoes, "ana");
    assert_eq!(desk.refused(&path).await, private);
    assert_eq!(private.0, 404);
    assert!(desk.data(&format!("/tasks?project={}", desk.shop)).await.as_array().unwrap().is_empty());
    desk.asana.undelete(&desk.shoes, "ana");
    assert_eq!(desk.data(&path).await["name"], "Sell shoes");
    desk.asana.forbid_hidden(true);
    desk.asana.hide_task(&desk.shoes, true);
    assert_eq!(desk.refused(&path).await.0, 403);
}

#[tokio::test]
async fn custom_fields_tell_their_template_format_and_value() {
    let desk = desk().await;
    let progress = FieldDraft {
        format: "percentage",
        created_from: Some("task_progress".to_owned()),
        ..FieldDraft::number("Fortschritt")
    };
    desk.asana.add_field(progress);
    desk.asana.add_field(FieldDraft::choice("Priority", &["High", "Low"]));
    desk.asana.add_field(FieldDraft { disabled: true, ..FieldDraft::of("date", "Old date") });
    desk.asana.add_field(FieldDraft::of("people", "Reviewers"));
    desk.asana.set_field(&desk.shoes, "Fortschritt", 0.25, "ana");
    desk.asana.set_field(&desk.shoes, "Priority", "High", "ana");
    desk.asana.set_field(&desk.shoes, "Old date", "2026-01-01", "ana");
    desk.asana.set_field(&desk.shoes, "Reviewers", json!(["ana"]), "ana");
    let fields = "custom_fields.name,custom_fields.format,custom_fields.asana_created_field,custom_fields.display_value,\
                  custom_fields.number_value,custom_fields.enum_value.name,custom_fields.enabled,custom_fields.date_value,\
                  custom_fields.people_value.gid";
    let task = desk.data(&format!("/tasks/{}?opt_fields={fields}", desk.shoes)).await;
    let field = |at: usize| &task["custom_fields"][at];
    assert_eq!(field(0)["number_value"], 0.25);
    assert_eq!((&field(0)["display_value"], &field(0)["format"]), (&json!("25%"), &json!("percentage")));
    assert_eq!(field(0)["asana_created_field"], "task_progress");
    assert_eq!(field(1)["enum_value"]["name"], "High");
    assert_eq!((&field(2)["enabled"], &field(2)["date_value"]["date"]), (&json!(false), &json!("2026-01-01")));
    assert_eq!(field(3)["people_value"][0], json!({ "gid": desk.asana.user_gid("ana") }));
    let settings = desk
        .data(&format!(
            "/projects/{}/custom_field_settings?opt_fields=custom_field.(name|enum_options).name",
            desk.shop
        ))
        .await;
    assert_eq!(settings.as_array().unwrap().len(), 4);
    let stories = desk.data(&format!("/tasks/{}/stories?opt_fields=resource_subtype,new_number_value,old_number_value,new_enum_value.name,custom_field.name,new_date_value", desk.shoes)).await;
    let stories = stories.as_array().unwrap();
    let of = |subtype: &str| stories.iter().find(|story| story["resource_subtype"] == subtype).unwrap();
    let number = of("number_custom_field_changed");
    assert_eq!((&number["old_number_value"], &number["new_number_value"]), (&Value::Null, &json!(0.25)));
    assert_eq!(of("enum_custom_field_changed")["new_enum_value"]["name"], "High");
    assert_eq!(of("date_custom_field_changed")["new_date_value"]["due_on"], "2026-01-01");
}

#[tokio::test]
async fn stories_tell_the_history_the_oldest_first() {
    let desk = desk().await;
    let asana = desk.asana.at(ts("2026-02-25T10:00:00Z"));
    asana.due(&desk.shoes, Some(date(2026, 3, 27)), "ana");
    asana.at(ts("2026-02-24T10:00:00Z")).section_move(&desk.shoes, "Web shop", "Doing", "ana");
    asana.at(ts("2026-02-26T10:00:00Z")).complete(&desk.shoes, "");
    asana.at(ts("2026-02-27T10:00:00Z")).reopen(&desk.shoes, "ana");
    asana.at(ts("2026-02-28T21:01:28Z")).due_today(&desk.shoes);
    asana.at(ts("2026-03-01T10:00:00Z")).comment(&desk.shoes, "Half & half", "ana");
    let fields = "resource_subtype,type,created_by.name,text,html_text,old_dates,new_dates,old_section.name,new_section.name,\
                  project.gid,assignee.name,is_editable,is_edited";
    let stories = desk.data(&format!("/tasks/{}/stories?limit=100&opt_fields={fields}", desk.shoes)).await;
    let subtypes: Vec<_> =
        stories.as_array().unwrap().iter().map(|story| story["resource_subtype"].as_str().unwrap()).collect();
    assert_eq!(
        subtypes,
        [
            "added_to_project",
            "assigned",
            "due_date_changed",
            "section_changed",
            "due_date_changed",
            "marked_complete",
            "marked_incomplete",
            "due_today",
            "comment_added"
        ]
    );
    assert_eq!(stories[1]["assignee"]["name"], "Ana K");
    assert_eq!(
        (&stories[3]["old_section"]["name"], &stories[3]["new_section"]["name"]),
        (&json!("To do"), &json!("Doing"))
    );
    assert_eq!(stories[4]["old_dates"], json!({ "start_on": null, "due_at": null, "due_on": "2026-03-20" }));
    assert_eq!(stories[4]["new_dates"]["due_on"], "2026-03-27");
    assert_eq!(stories[5]["created_by"], Value::Null, "a rule did it");
    assert_eq!(stories[7]["created_by"]["name"], "Ana K", "although nobody did it");
    assert_eq!(stories[7]["type"], "system");
    assert!(stories[7].get("is_edited").is_none());
    assert_eq!(
        (&stories[8]["text"], &stories[8]["html_text"]),
        (&json!("Half & half"), &json!("<body>Half &amp; half</body>"))
    );
    assert!(!stories[5]["html_text"].as_str().unwrap().contains("<body>"));
    let task = desk.data(&format!("/tasks/{}?opt_fields=modified_at", desk.shoes)).await;
    assert_eq!(task["modified_at"], "2026-03-01T10:00:00.000Z");
}

#[tokio::test]
async fn a_move_between_sections_tells_a_story_and_leaves_the_task_where_it_was_in_time() {
    let desk = desk().await;
    let modified =
        || async { desk.data(&format!("/tasks/{}?opt_fields=modified_at", desk.shoes)).await["modified_at"].clone() };
    let before = modified().await;
    desk.asana.section_move(&desk.shoes, "Web shop", "Doing", "ana");
    assert_eq!(modified().await, before);
    desk.asana.quiet_moves(false);
    desk.asana.section_move(&desk.shoes, "Web shop", "Done", "ana");
    assert_eq!(modified().await, "2026-03-02T09:00:00.000Z");
}

#[tokio::test]
async fn a_refused_approval_is_completed_all_the_same() {
    let desk = desk().await;
    let gid = desk.asana.task("Web shop", TaskDraft { kind: "approval", ..TaskDraft::new("Logo") });
    desk.asana.approval(&gid, "rejected", "ana");
    let task = desk.data(&format!("/tasks/{gid}?opt_fields=completed,approval_status,resource_subtype")).await;
    assert_eq!(
        task,
        json!({ "gid": gid, "completed": true, "approval_status": "rejected", "resource_subtype": "approval" })
    );
}

#[tokio::test]
async fn a_due_moment_brings_the_day_of_its_zone() {
    let desk = desk().await;
    desk.asana.due_at(&desk.shoes, ts("2026-03-21T03:30:00Z"), "America/New_York", "ana");
    let task = desk.data(&format!("/tasks/{}?opt_fields=due_on,due_at", desk.shoes)).await;
    assert_eq!((&task["due_on"], &task["due_at"]), (&json!("2026-03-20"), &json!("2026-03-21T03:30:00.000Z")));
    desk.asana.start(&desk.shoes, Some(date(2026, 3, 2)), "ana");
    desk.asana.due(&desk.shoes, None, "ana");
    let task = desk.data(&format!("/tasks/{}?opt_fields=due_on,due_at,start_on", desk.shoes)).await;
    assert_eq!(
        task,
        json!({ "gid": desk.shoes, "due_on": null, "due_at": null, "start_on": null }),
        "no start without an end"
    );
}

#[tokio::test]
async fn dependencies_are_told_by_gid_alone_even_when_the_other_side_is_not_seen() {
    let desk = desk().await;
    desk.asana.project("Secret");
    let glue = desk.asana.task("Secret", TaskDraft::new("Glue"));
    desk.asana.block(&glue, &desk.shoes);
    desk.asana.hide("Secret", true);
    let task = desk.data(&format!("/tasks/{}?opt_fields=dependencies.name,dependencies.gid", desk.shoes)).await;
    assert_eq!(task["dependencies"], json!([{ "gid": glue }]));
    assert_eq!(desk.refused(&format!("/tasks/{glue}")).await.0, 404);
}

#[tokio::test]
async fn people_and_absences_are_listed_and_who_left_is_only_inactive() {
    let desk = desk().await;
    let workspace = desk.asana.workspace_gid();
    desk.asana.away("ana", date(2026, 3, 9), date(2026, 3, 13));
    let me = desk.data("/users/me?opt_fields=name,email,workspaces.name").await;
    assert_eq!((&me["name"], &me["workspaces"][0]["name"]), (&json!("gapwatch"), &json!("Acme")));
    let ana = desk.asana.user_gid("ana");
    let path = format!("/ooo_entries?workspace={workspace}&user={ana}");
    let away = desk.data(&format!("{path}&start_date=2026-03-13&end_date=2026-04-01")).await;
    assert_eq!((&away[0]["start_date"], &away[0]["end_date"]), (&json!("2026-03-09"), &json!("2026-03-13")));
    assert_eq!(desk.data(&format!("{path}&start_date=2026-03-14")).await, json!([]));
    assert_eq!(desk.refused(&format!("/ooo_entries?workspace={workspace}")).await.0, 400);
    desk.asana.deactivate("ana");
    let people = desk.data(&format!("/users?workspace={workspace}&limit=100&opt_fields=name,email")).await;
    assert!(!names(&people).contains(&"Ana K"));
    let members = desk
        .data(&format!(
            "/workspaces/{workspace}/workspace_memberships?limit=100&opt_fields=user.gid,is_active,is_guest"
        ))
        .await;
    let of_ana = members.as_array().unwrap().iter().find(|one| one["user"]["gid"] == json!(ana)).unwrap();
    assert_eq!(of_ana["is_active"], false);
    assert_eq!(desk.data("/users/ana@example.com").await["gid"], json!(ana));
}

#[tokio::test]
async fn projects_are_listed_by_workspace_and_whether_they_are_archived() {
    let desk = desk().await;
    desk.asana.project("Old");
    desk.asana.archive("Old", true);
    desk.asana.project_in("Other", "Elsewhere");
    desk.asana.owner("Web shop", "ana");
    desk.asana.status_update("Web shop", "at_risk", "Late", "ana");
    let workspace = desk.asana.workspace_gid();
    let fields = "name,owner.gid,current_status_update.(title|status_type)";
    let open = desk.data(&format!("/projects?workspace={workspace}&archived=false&limit=1&opt_fields={fields}")).await;
    assert_eq!(names(&open), ["Web shop"]);
    assert_eq!(open[0]["owner"]["gid"], json!(desk.asana.user_gid("ana")));
    assert_eq!(open[0]["current_status_update"]["status_type"], "at_risk");
    assert_eq!(names(&desk.data(&format!("/workspaces/{workspace}/projects")).await), ["Web shop", "Old"]);
    assert_eq!(names(&desk.data(&format!("/projects/{}/sections", desk.shop)).await), ["To do", "Doing", "Done"]);
    let counts =
        desk.data(&format!("/projects/{}/task_counts?opt_fields=num_tasks,num_incomplete_tasks", desk.shop)).await;
    assert_eq!(counts, json!({ "num_tasks": 1, "num_incomplete_tasks": 1 }));
    let old = desk.asana.task("Old", TaskDraft::new("Still here"));
    assert_eq!(desk.data(&format!("/tasks/{old}")).await["name"], "Still here");
}
