//! Tasks that wait for each other, and wholes with their parts.

use crate::neighbours::blocked;
use crate::pipeline::lives;
use crate::world::{REPO, World, at, github_day};

#[tokio::test]
async fn d12_what_a_task_waits_for_changed_and_the_task_itself_did_not() {
    let mut world = blocked("2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    world.github().comment_as(REPO, 2, "tom-b", "still on it", at("2026-03-17T16:00:00Z"));
    world.at("2026-03-18T09:00:00Z").run().await;
    assert!(
        world.open().await.contains(&"pace.behind acme/web#1 widens firing (blocked)".to_owned())
            || world.open().await.contains(&"pace.behind acme/web#1 widens firing (inhibited)".to_owned())
    );
    world.sent();
    world.github().close(REPO, 2, "tom-b", at("2026-03-18T10:00:00Z"), "completed");
    world.at("2026-03-18T10:20:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ■ acme/web#1 is behind its pace")), "{sent:#?}");
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("blocker.cascade")));
}

#[tokio::test]
async fn d15_a_parent_and_its_late_parts_are_one_message() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for title in ["Whole", "Part 1", "Part 2", "Part 3"] {
        let issue = github.issue(REPO, title).by("max-w").assignee("ana-k");
        issue.milestone("Spring", github_day("2026-03-20")).open();
    }
    for part in 2..=4 {
        github.add_sub_issue((REPO, 1), (REPO, part), "max-w", at("2026-03-02T09:30:00Z"));
    }
    for number in 1..=4 {
        github.comment_as(REPO, number, "ana-k", "on it", at("2026-03-20T10:00:00Z"));
    }
    world.at("2026-03-20T16:00:00Z").run().await;
    world.sent();
    world.at("2026-03-23T09:00:00Z").run().await;
    let direct: Vec<String> = world.sent().into_iter().filter(|sent| sent.starts_with("slack @ana:")).collect();
    assert_eq!(direct.len(), 1, "{direct:#?}");
    let words = world.last_words("@ana");
    assert!(words.contains("The same goes for 3 sub-tasks."), "{words}");
}

#[tokio::test]
async fn d16_who_is_blocked_is_not_nagged_and_the_blockers_owner_hears() {
    let mut world = blocked("2026-03-27").await;
    world.run_until("2026-03-25T12:00:00Z", 60 * 3).await;
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("@ana")), "{sent:#?}");
    assert!(sent.iter().any(|sent| sent.starts_with("slack @U0TOM: ")), "{sent:#?}");
    let open = world.open().await;
    assert!(open.iter().any(|gap| gap.starts_with("pace.behind acme/web#1 widens firing (")), "{open:#?}");
}
