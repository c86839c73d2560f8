//! What only looks like work, or like none: workflows that are exchanged, words in other languages, people who left, places
//! where nobody may write; and issues of a shape that nobody has seen before.

use connector_simulator::jira::IssueDraft;
use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;
use jiff::civil::date;

use super::faults::{BEHIND, EDITIONS, FOR_EVER, asked, nothing_is_lost, plan, troubled, watch};
use crate::lab::rows;
use crate::world::{Edition, World};

/// An issue of Ana's that was due on Friday, in this project.
fn late(world: &World, project: &str) -> String {
    let due = Some(date(2026, 3, 6));
    world.jira().issue(project, IssueDraft { assignee: Some("ana".to_owned()), due, ..IssueDraft::new("Offer") })
}

#[tokio::test]
async fn another_workflow_for_a_project_opens_nothing_resolves_nothing_and_is_nobodys_work() {
    const ISSUES: usize = 1_200;
    for edition in EDITIONS {
        let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
        let jira = world.jira();
        for nth in 0..ISSUES {
            let assignee = (nth < 30).then(|| "ana".to_owned());
            let status = if nth < 60 { "In Progress" } else { "To Do" };
            let made = jira.at("2026-02-02T09:00:00Z".parse().unwrap());
            let draft =
                IssueDraft { assignee, status: Some(status.to_owned()), ..IssueDraft::new(&format!("T {nth}")) };
            made.issue("WEB", draft);
        }
        world.run().await;
        world.at("2026-03-10T09:00:00Z").run().await;
        world.later(SignedDuration::from_mins(30)).run().await;
        world.sent();
        let (open, acts) = (world.open().await, "SELECT key, json_extract(facts_json(facts), '$.human_at') FROM tasks");
        assert!(open.len() >= 30, "{edition:?}: there is nothing that could be resolved: {open:?}");
        let acted = rows(&world.store(), acts);
        jira.add_status("Selected", "new");
        jira.migrate_workflow("WEB", "To Do", "Selected");
        jira.migrate_workflow("WEB", "In Progress", "Doing");
        for _ in 0..4 {
            world.later(SignedDuration::from_mins(15)).run().await;
        }
        let seen = rows(&world.store(), "SELECT count(*) FROM tasks WHERE status_raw IN ('Selected', 'Doing')");
        assert_eq!(seen, [ISSUES.to_string()], "{edition:?}: the new words are known");
        let strange = |gap: &&String| !gap.starts_with("sys.");
        let now: Vec<String> = world.open().await.into_iter().filter(|gap| strange(&gap)).collect();
        let open: Vec<String> = open.into_iter().filter(|gap| strange(&gap)).collect();
        assert_eq!(crate::lab::difference(&open, &now), [""; 0], "{edition:?}");
        assert_eq!(crate::lab::difference(&acted, &rows(&world.store(), acts)), [""; 0], "{edition:?}: nobody worked");
        let sent = world.sent();
        assert!(sent.iter().all(|sent| sent.contains("#ops")), "{edition:?}: {sent:#?}");
        println!("figure J-19: {edition:?}: {ISSUES} issues in another workflow, 0 gaps opened, 0 resolved");
    }
}

#[tokio::test]
async fn statuses_in_any_language_mean_what_their_category_says() {
    for edition in EDITIONS {
        let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
        let jira = world.jira();
        for (name, category) in [("进行中", "indeterminate"), ("已完成", "done"), ("Zu erledigen", "new")] {
            jira.add_status(name, category);
        }
        let key = late(&world, "WEB");
        jira.status(&key, "进行中", "ana");
        world.at("2026-03-09T10:00:00Z").run().await;
        world.later(SignedDuration::from_mins(20)).run().await;
        assert!(world.open().await.iter().any(|gap| gap.starts_with("overdue")), "{edition:?}");
        jira.status(&key, "已完成", "ana");
        // As team-managed projects leave it.
        jira.unresolve(&key);
        world.later(SignedDuration::from_mins(2)).run().await;
        world.later(SignedDuration::from_mins(20)).run().await;
        assert_eq!(world.open().await, [""; 0], "{edition:?}");
        jira.status(&key, "Zu erledigen", "ana");
        world.later(SignedDuration::from_mins(2)).run().await;
        world.later(SignedDuration::from_mins(20)).run().await;
        assert!(world.open().await.iter().any(|gap| gap.starts_with("overdue")), "{edition:?}: it is open again");
    }
}

const WAITS: &str = "SELECT t.key, o.key FROM links l JOIN tasks t ON t.id = l.task JOIN tasks o ON o.id = l.other";

#[tokio::test]
async fn a_kind_of_link_that_was_given_another_name_goes_on_where_the_configuration_names_it() {
    for edition in EDITIONS {
        let mut world = plan(edition, "blocking = [\"Blockiert\"]\n").begin("2026-03-02T09:00:00Z").await;
        let jira = world.jira();
        let keys: Vec<String> = (0..2).map(|nth| jira.issue("WEB", IssueDraft::new(&format!("T {nth}")))).collect();
        jira.rename_link_type("Blocks", "Blockiert", "wird blockiert von", "blockiert");
        jira.link_as("Blockiert", &keys[0], &keys[1]);
        world.run().await;
        let links = rows(&world.store(), WAITS);
        assert!(!links.is_empty(), "{edition:?}");
        for key in &keys {
            jira.rename(key, &format!("{key} again"), "ana");
        }
        world.later(SignedDuration::from_mins(2)).run().await;
        assert_eq!(rows(&world.store(), WAITS), links, "{edition:?}");
    }
}

#[tokio::test]
async fn an_owner_who_left_is_known_to_have_and_nothing_is_lost() {
    for edition in EDITIONS {
        let mut world = troubled(edition).await;
        world.jira().deactivate("ana");
        world.jira().label("WEB-1", "x", "max");
        watch(&mut world, "2026-03-16T12:10:00Z").await;
        let kind = "SELECT kind FROM accounts a WHERE EXISTS(SELECT 1 FROM task_owners o WHERE o.account = a.id)";
        let before = rows(&world.store(), kind);
        world.jira().assign("WEB-1", Some("tom"), "max");
        world.later(SignedDuration::from_mins(2)).run().await;
        let after = rows(&world.store(), kind);
        assert_eq!((before.len(), after.len()), (1, 2), "{edition:?}");
        assert!(after.iter().any(|kind| *kind != before[0]), "{edition:?}: who left is of another kind: {after:?}");
        assert_eq!(world.connection().await.failure, None, "{edition:?}");
    }
}

#[tokio::test]
async fn a_service_project_is_not_commented_on_and_its_owner_hears_in_slack() {
    for edition in EDITIONS {
        let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
        world.jira().service_project("HELP", "Help desk");
        late(&world, "HELP");
        world.run().await;
        world.run_until("2026-03-10T17:00:00Z", 120).await;
        let sent = world.sent();
        assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣ HELP-1 is past its date")), "{sent:#?}");
        assert_eq!(world.jira().writes(), [], "{edition:?}: a customer reads what stands there");
    }
}

#[tokio::test]
async fn where_an_issue_takes_no_comment_slack_is_told_and_the_issue_is_left_alone() {
    type Deed = fn(&World);
    let deeds: [(&str, Deed); 2] = [
        ("full", |world| world.jira().fill("WEB-1", true)),
        ("without the right", |world| world.jira().deny_comments("WEB", true)),
    ];
    for edition in EDITIONS {
        for (what, deed) in deeds {
            let why = format!("{edition:?} {what}");
            // Tom is in no table and not in Slack: the comment would be where he is told.
            let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
            late(&world, "WEB");
            world.jira().assign("WEB-1", Some("tom"), "max");
            deed(&world);
            world.run().await;
            world.sim.forget_requests();
            world.run_until("2026-03-10T17:00:00Z", 120).await;
            let sent = world.sent();
            assert!(sent.iter().any(|sent| sent.starts_with("slack ") && sent.contains("WEB-1")), "{why}: {sent:#?}");
            let posts =
                asked(&world).iter().filter(|one| one.method == "POST" && one.path.ends_with("/comment")).count();
            assert!((1..=4).contains(&posts), "{why}: {posts} attempts");
            assert_eq!(world.jira().writes(), [], "{why}");
        }
    }
}

#[tokio::test]
async fn a_page_of_issues_that_cannot_be_read_takes_nothing_away_and_is_made_up_for() {
    for edition in EDITIONS {
        for (from, to) in [
            ("\"summary\":\"", "\"summary\":[],\"was\":\""),
            ("\"status\":{", "\"status\":7,\"was\":{"),
            ("\"project\":{", "\"was\":{"),
            ("\"updated\":\"2", "\"updated\":\"never 2"),
        ] {
            let why = format!("{edition:?} {from}");
            let mut world = troubled(edition).await;
            world.sim.fail_next(Tool::Jira, "/search", Fault::Replace(from.to_owned(), to.to_owned()), FOR_EVER);
            world.jira().rename("WEB-1", "Redesign, renamed", "ana");
            world.run_until("2026-03-16T13:00:00Z", 10).await;
            nothing_is_lost(&mut world, &why).await;
            assert_eq!(world.connection().await.tasks, 2, "{why}");
            world.sim.heal();
            watch(&mut world, "2026-03-16T14:40:00Z").await;
            assert!(
                world.store_titles().contains(&"Redesign, renamed".to_owned()),
                "{why}: {:?}",
                world.store_titles()
            );
            assert_eq!(world.connection().await.failure, None, "{why}");
        }
    }
}

#[tokio::test]
async fn one_issue_that_cannot_be_read_costs_itself_alone() {
    for edition in EDITIONS {
        let mut world = troubled(edition).await;
        let odd = Fault::Replace("\"summary\":\"Redesign homepage\"".to_owned(), "\"summary\":{}".to_owned());
        world.sim.fail_next(Tool::Jira, "/search", odd, FOR_EVER);
        world.jira().label("WEB-1", "odd", "ana");
        world.jira().rename("WEB-2", "Second, renamed", "ana");
        watch(&mut world, "2026-03-16T11:30:00Z").await;
        assert_eq!(world.store_titles(), ["Redesign homepage", "Second, renamed"], "{edition:?}");
        nothing_is_lost(&mut world, &format!("{edition:?}")).await;
        assert!(world.open().await.contains(&BEHIND.to_owned()), "{edition:?}");
    }
}

#[tokio::test]
async fn on_cloud_people_without_a_table_are_named_and_not_numbered() {
    for edition in EDITIONS {
        let mut world = plan(edition, "").begin("2026-03-02T09:00:00Z").await;
        world.jira().assign(&late(&world, "WEB"), Some("tom"), "max");
        world.run().await;
        world.later(SignedDuration::from_mins(20)).run().await;
        let sent = world.sent();
        let unmapped = sent.iter().find(|sent| sent.contains("nobody mapped")).unwrap_or_else(|| panic!("{sent:#?}"));
        let name = if edition == Edition::Cloud { "Tom B." } else { "tom" };
        assert!(unmapped.contains(&format!("owners who are nobody in [people]: {name}")), "{edition:?}: {unmapped}");
        assert!(!unmapped.contains(&world.jira().account_id("tom")), "{edition:?}: {unmapped}");
    }
}
