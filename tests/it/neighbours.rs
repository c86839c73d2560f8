//! What a task's surroundings do to it: blockers, parents, milestones, and moves from place to place.

use jiff::SignedDuration;

use crate::pipeline::{lives, plant, redesign};
use crate::world::{PEOPLE, REPO, World, at, checklist, github_day};

const TOM: &str = "\n[people.tom]\nname = \"Tom\"\nmanager = \"max\"\ntz = \"Etc/UTC\"\n\
    also = { github = \"tom-b\", slack = \"U0TOM\" }\n";

async fn with_tom() -> World {
    let world = World::plan().people(&format!("{PEOPLE}{TOM}")).begin("2026-03-02T09:00:00Z").await;
    world.slack().user("U0TOM", "tom@example.org", "Tom", "Etc/UTC");
    world
}

/// Ana's task #1 waits for Tom's #2.
pub(crate) async fn blocked(due: &str) -> World {
    let mut world = with_tom().await;
    plant(&mut world, 2, due).await;
    let github = world.github();
    github.issue(REPO, "Vendor contract").by("max-w").assignee("tom-b").body(&checklist(3, 10)).open();
    github.comment_as(REPO, 2, "tom-b", "begun", at("2026-03-03T10:00:00Z"));
    github.block((REPO, 1), (REPO, 2), "max-w", at("2026-03-03T10:00:00Z"));
    world.at("2026-03-04T12:00:00Z").run().await;
    world
}

#[tokio::test]
async fn a_link_that_is_taken_away_frees_the_task_as_well() {
    let mut world = blocked("2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    world.github().comment_as(REPO, 2, "tom-b", "still on it", at("2026-03-17T16:00:00Z"));
    world.at("2026-03-18T09:00:00Z").run().await;
    world.sent();
    world.github().unblock((REPO, 1), (REPO, 2), "max-w", at("2026-03-18T10:00:00Z"));
    world.at("2026-03-18T10:20:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ■ acme/web#1 is behind its pace")), "{sent:#?}");
}

#[tokio::test]
async fn a_milestone_that_is_moved_resolves_what_was_overdue() {
    let mut world = redesign(9, "2026-03-13").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T09:30:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    let before = world.github().look(REPO, 1).unwrap().updated_at;
    world.github().milestone_due(REPO, "Spring", Some(github_day("2026-04-10")));
    assert_eq!(world.github().look(REPO, 1).unwrap().updated_at, before, "the issue tells nothing of it");
    world.at("2026-03-16T09:40:00Z").run().await;
    world.at("2026-03-16T09:55:00Z").run().await;
    assert!(world.open().await.is_empty(), "{:?}", world.open().await);
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana (thread): ● acme/web#1 is resolved")), "{sent:#?}");
}

#[tokio::test]
async fn a_date_that_is_taken_away_clears_what_hung_on_it() {
    let mut world = redesign(2, "2026-03-13").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T09:30:00Z").run().await;
    world.sent();
    world.github().set_milestone(REPO, 1, "max-w", None, at("2026-03-16T10:00:00Z"));
    world.at("2026-03-16T10:01:00Z").run().await;
    world.at("2026-03-16T10:30:00Z").run().await;
    assert_eq!(world.open().await, ["due.none acme/web#1 opens firing (digest)"]);
}

#[tokio::test]
async fn a_closed_issue_resolves_and_a_reopened_one_is_the_same_gap_again() {
    let mut world = redesign(9, "2026-03-13").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T09:30:00Z").run().await;
    let gap = world.gap("overdue").await.alert.gap;
    world.github().close(REPO, 1, "ana-k", at("2026-03-16T14:00:00Z"), "completed");
    world.at("2026-03-16T14:01:00Z").run().await;
    world.at("2026-03-16T14:12:00Z").run().await;
    assert!(world.open().await.is_empty());
    world.sent();
    world.github().reopen(REPO, 1, "max-w", at("2026-03-17T10:00:00Z"));
    world.at("2026-03-17T10:01:00Z").run().await;
    world.at("2026-03-17T10:20:00Z").run().await;
    let again = world.gap("overdue").await.alert;
    assert_eq!((again.gap, again.episode), (gap, 2));
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.contains("slack @ana") && sent.contains("is past its date")), "{sent:#?}");
    assert_eq!(world.our_comment(1).lines().count(), 4, "and it is the same comment: {}", world.our_comment(1));
}

#[tokio::test]
async fn a_renamed_repository_goes_on() {
    let mut world = redesign(2, "2026-03-27").await;
    world.at("2026-03-16T15:00:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.github().rename_repo(REPO, "acme/shop");
    world.at("2026-03-16T15:30:00Z").run().await;
    assert!(world.connection().await.failure.is_none(), "{:?}", world.connection().await.failure);
    world.github().tick(REPO, 1, 8, at("2026-03-16T15:35:00Z"));
    world.at("2026-03-16T15:36:00Z").run().await;
    world.at("2026-03-16T15:50:00Z").run().await;
    assert!(world.open().await.is_empty());
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("edited comment #1")), "{sent:#?}");
    assert_eq!(world.gap("pace.behind").await.name.unwrap().key, "acme/shop#1");
}

#[tokio::test]
async fn an_issue_that_is_transferred_to_a_watched_repository_stays_the_same_task() {
    let mut world = World::plan().repos(&[REPO, "acme/api"]).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    world.github().milestone("acme/api", "Spring", Some(github_day("2026-03-27")));
    world.at("2026-03-16T15:00:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    let gap = world.gap("pace.behind").await.alert.gap;
    let number = world.github().transfer_issue(REPO, 1, "acme/api", at("2026-03-16T15:10:00Z"));
    world.github().set_milestone("acme/api", number, "max-w", Some("Spring"), at("2026-03-16T15:10:00Z"));
    world.at("2026-03-16T15:20:00Z").run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    let now = world.gap("pace.behind").await;
    assert_eq!((now.alert.gap, now.alert.episode), (gap, 1));
    assert_eq!(now.name.unwrap().key, format!("acme/api#{number}"));
    assert!(world.sent().iter().all(|sent| !sent.starts_with("comment")), "one comment a task");
}
