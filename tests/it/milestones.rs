//! What is to be done by one date: foretold from what was finished in each week, asked about once where many tasks share it.

use connector_simulator::jira::IssueDraft;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use crate::lab::rows;
use crate::world::{Edition, REPO, World, at, github_day};

/// The first of eight Mondays before the world begins.
const FIRST: &str = "2026-01-05T10:00:00Z";

/// A moment of one of eight weeks; no two tasks within ten minutes.
fn moment(week: i64, nth: i64) -> Timestamp {
    at(FIRST) + SignedDuration::from_hours(24 * 7 * week + 24 * nth) + SignedDuration::from_mins(11 * nth)
}

/// A milestone that is due four weeks from now, in which four issues were closed in each of the last eight weeks, and so many
/// are open.
async fn github(open: usize, due: &str) -> World {
    let world = World::live("2026-03-02T09:00:00Z").await;
    let (hub, made) = (world.github(), at("2025-12-15T10:00:00Z"));
    let issue = |title: &str| {
        let draft = hub.issue(REPO, title).by("max-w").assignee("ana-k").created(made);
        draft.milestone("Spring release", github_day(due)).open()
    };
    // One that was closed before, so that all eight weeks are whole ones after it.
    hub.close(REPO, issue("Begin"), "ana-k", at("2026-01-02T10:00:00Z"), "completed");
    for week in 0..8 {
        for nth in 0..4 {
            hub.close(REPO, issue(&format!("Done {week} {nth}")), "ana-k", moment(week, nth), "completed");
        }
    }
    for nth in 0..open {
        issue(&format!("Open {nth}"));
    }
    world
}

fn of<'a>(open: &'a [String], rule: &str) -> Vec<&'a String> {
    open.iter().filter(|gap| gap.starts_with(&format!("{rule} "))).collect()
}

#[tokio::test]
async fn a_milestone_that_will_not_be_done_by_its_date_is_told_to_the_manager_and_not_to_owners() {
    let mut world = github(30, "2026-03-27").await;
    world.run().await;
    let open = world.open().await;
    assert_eq!(of(&open, "milestone.at_risk"), ["milestone.at_risk - failure firing"], "{open:#?}");
    let said = world.gap("milestone.at_risk").await.summary;
    for part in [
        "due Fri 27 Mar (milestone); 0 % likely to be done by then",
        "30 tasks open (30 not begun)",
        "4 tasks fewer a week over 8 weeks, additions taken off",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let sent = world.sent();
    let told: Vec<&String> = sent.iter().filter(|sent| sent.contains("Spring release")).collect();
    assert_eq!(told.len(), 1, "{sent:#?}");
    assert!(told[0].starts_with("slack @max") && told[0].contains("will hardly be done by its date"), "{told:#?}");
    // Its date moves: it is over at once, and whoever was told hears.
    world.github().milestone_due(REPO, "Spring release", Some(github_day("2026-06-26")));
    for _ in 0..4 {
        world.later(SignedDuration::from_mins(10)).run().await;
    }
    let open = world.open().await;
    assert!(of(&open, "milestone.at_risk").is_empty(), "{open:#?}");
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @max (thread)") && sent.contains("resolved")), "{sent:#?}");
}

#[tokio::test]
async fn a_forecast_is_the_same_after_a_restart_and_all_day() {
    let mut world = github(17, "2026-03-27").await;
    world.run().await;
    let open = world.open().await;
    assert_eq!(of(&open, "milestone.at_risk").len(), 1, "17 of them take more than four weeks: {open:#?}");
    let finding = |world: &World| rows(&world.store(), "SELECT finding FROM alerts WHERE rule = 'milestone.at_risk'");
    let before = finding(&world);
    world.at("2026-03-02T16:00:00Z").run().await;
    world.restart().await;
    world.at("2026-03-02T16:30:00Z").run().await;
    assert_eq!(finding(&world), before);
}

#[tokio::test]
async fn a_milestone_that_is_in_time_is_no_gap() {
    let mut world = github(14, "2026-03-27").await;
    world.run().await;
    let open = world.open().await;
    assert!(of(&open, "milestone.at_risk").is_empty(), "{open:#?}");
}

#[tokio::test]
async fn a_date_that_many_share_is_one_question_and_one_that_few_share_one_for_each() {
    for (tasks, together, each) in [(11, 1, 0), (10, 0, 10)] {
        let asked = World::plan().more("[rules.due.at_risk]\nenabled = true\n");
        let mut world = asked.begin("2026-03-02T09:00:00Z").await;
        let hub = world.github();
        for nth in 0..tasks {
            let issue = hub.issue(REPO, &format!("Open {nth}")).by("max-w").assignee("ana-k");
            issue.created(at("2026-02-16T10:00:00Z")).milestone("Spring release", github_day("2026-03-13")).open();
        }
        world.run().await;
        world.sent();
        world.at("2026-03-10T09:00:00Z").run().await;
        world.at("2026-03-10T09:20:00Z").run().await;
        let open = world.open().await;
        assert_eq!(of(&open, "milestone.at_risk").len(), together, "{tasks}: {open:#?}");
        assert_eq!(of(&open, "due.at_risk").len(), each, "{tasks}: {open:#?}");
        let sent = world.sent();
        let to_max = sent.iter().filter(|sent| sent.starts_with("slack @max") && sent.contains("Spring release"));
        assert_eq!(to_max.count(), together, "{tasks}: {sent:#?}");
    }
}

#[tokio::test]
async fn a_version_of_jira_and_what_is_in_it() {
    for edition in [Edition::Cloud, Edition::DataCenter] {
        let mut world = World::plan().on_jira(edition, "").begin("2026-03-02T09:00:00Z").await;
        let jira = world.jira();
        jira.version("WEB", "2.0", Some(date(2026, 3, 27)));
        let made = at("2025-12-15T10:00:00Z");
        let issue = |title: &str| {
            let draft = IssueDraft {
                assignee: Some("ana".to_owned()),
                versions: vec!["2.0".to_owned()],
                created: Some(made),
                ..IssueDraft::new(title)
            };
            jira.issue("WEB", draft)
        };
        jira.at(at("2026-01-02T10:00:00Z")).status(&issue("Begin"), "Done", "ana");
        for week in 0..8 {
            for nth in 0..4 {
                jira.at(moment(week, nth)).status(&issue(&format!("Done {week} {nth}")), "Done", "ana");
            }
        }
        for nth in 0..30 {
            issue(&format!("Open {nth}"));
        }
        world.run().await;
        let open = world.open().await;
        assert_eq!(of(&open, "milestone.at_risk"), ["milestone.at_risk - failure firing"], "{edition:?}: {open:#?}");
        let said = world.gap("milestone.at_risk").await.summary;
        assert!(said.contains("due Fri 27 Mar (release); 0 % likely"), "{edition:?}: {said}");
        assert!(said.contains("4 tasks fewer a week over 8 weeks"), "{edition:?}: {said}");
        // It is released with what is open in it.
        jira.release("2.0");
        for _ in 0..8 {
            world.later(SignedDuration::from_mins(10)).run().await;
        }
        let open = world.open().await;
        assert!(of(&open, "milestone.at_risk").is_empty(), "{edition:?}: {open:#?}");
    }
}
