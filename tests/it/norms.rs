//! What is normal: from a team's own finished work, once a day, and the same after a restart.

use jiff::SignedDuration;

use crate::lab::rows;
use crate::world::{REPO, World, at};

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// An issue that Ana was given on a day, began on the next, and closed so many days later; no two within ten minutes.
fn finished(world: &World, nth: i64, day: &str, days: i64) {
    let github = world.github();
    let given = at(day) + SignedDuration::from_mins(12 * nth);
    let issue = github.issue(REPO, &format!("Done {nth}")).by("max-w").assignee("ana-k").created(given).open();
    github.comment_as(REPO, issue, "ana-k", "on it", given + hours(24));
    github.close(REPO, issue, "ana-k", given + hours(24 * (1 + days)), "completed");
}

/// Likewise, and not closed yet.
fn begun(world: &World, nth: i64, day: &str) -> u64 {
    let github = world.github();
    let given = at(day) + SignedDuration::from_mins(12 * nth);
    let issue = github.issue(REPO, &format!("Slow {nth}")).by("max-w").assignee("ana-k").created(given).open();
    github.comment_as(REPO, issue, "ana-k", "on it", given + hours(24));
    issue
}

/// Twenty that took two working days each, and one that Ana has worked on for a week.
async fn winter() -> World {
    let mut world = planted().await;
    world.run().await;
    world
}

async fn planted() -> World {
    let world = World::live("2026-03-02T09:00:00Z").await;
    for nth in 1..=20 {
        finished(&world, nth, "2026-01-12T09:00:00Z", 2);
    }
    let github = world.github();
    let open = github.issue(REPO, "Move billing").by("max-w").assignee("ana-k").created(at("2026-02-16T09:00:00Z"));
    assert_eq!(open.open(), 21);
    github.comment_as(REPO, 21, "ana-k", "begun", at("2026-02-23T10:00:00Z"));
    world
}

fn norms(world: &World) -> Vec<String> {
    rows(&world.store(), "SELECT about, kind, metric, p50, p70, p85, p95, samples, rev FROM norms")
}

fn aging(open: &[String]) -> Vec<&String> {
    open.iter().filter(|gap| gap.starts_with("aging ")).collect()
}

#[tokio::test]
async fn a_task_is_measured_against_the_teams_own_finished_ones() {
    let world = winter().await;
    let open = world.open().await;
    assert_eq!(aging(&open), ["aging acme/web#21 widens firing (digest)"], "{open:#?}");
    let said = world.gap("aging").await.summary;
    assert!(said.contains("85 of 100 are within 2 working days (usual here, from 20 finished tasks)"), "{said}");
}

#[tokio::test]
async fn norms_stand_still_during_the_day_and_over_a_restart() {
    let mut world = planted().await;
    let slow: Vec<u64> = (1..=20).map(|nth| begun(&world, nth, "2026-01-19T09:00:00Z")).collect();
    world.run().await;
    let before = norms(&world);
    assert!(!before.is_empty());
    // Much work that took long is finished on this day; it counts from tomorrow on.
    for (issue, nth) in slow.into_iter().zip(0..) {
        let done = at("2026-03-02T10:00:00Z") + SignedDuration::from_mins(12 * nth);
        world.github().close(REPO, issue, "ana-k", done, "completed");
    }
    world.at("2026-03-02T16:00:00Z").run().await;
    world.at("2026-03-02T16:20:00Z").run().await;
    assert_eq!(aging(&world.open().await).len(), 1);
    assert_eq!(norms(&world), before);
    world.restart().await;
    world.later(SignedDuration::from_mins(5)).run().await;
    assert_eq!(norms(&world), before);
    world.at("2026-03-03T09:00:00Z").run().await;
    assert_ne!(norms(&world), before);
    let after = norms(&world);
    world.restart().await;
    world.later(SignedDuration::from_mins(11)).run().await;
    assert_eq!(norms(&world), after);
    world.at("2026-03-03T10:00:00Z").run().await;
    let open = world.open().await;
    assert!(aging(&open).is_empty(), "85 of 100 take six weeks by now: {open:#?} {after:#?}");
}

#[tokio::test]
async fn a_norm_that_hardly_moved_changes_nothing() {
    let mut world = winter().await;
    let before = norms(&world);
    finished(&world, 40, "2026-01-19T09:00:00Z", 2);
    world.at("2026-03-03T09:00:00Z").run().await;
    assert_eq!(norms(&world), before);
}
