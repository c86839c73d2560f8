//! Whose acts count: ours never do, a bot's never do, a colleague's always do, under whichever token we write.

use crate::pipeline::{plant, redesign};
use crate::world::{PEOPLE, REPO, World, at, github_day};

/// Ana's task in the week of its date: a day without a sign of life is too long. Ours is a comment on it.
async fn commented() -> World {
    commented_in(World::plan()).await
}

async fn commented_in(plan: crate::world::Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-20").await;
    world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-16T10:00:00Z"));
    world.at("2026-03-16T15:00:00Z").run().await;
    world.our_comment(1);
    world.sent();
    world
}

/// Whether Ana's task counts as without movement on Thursday at noon, with one day left.
async fn is_stalled(world: &mut World) -> bool {
    world.at("2026-03-19T12:00:00Z").run().await;
    world.open().await.iter().any(|gap| gap.starts_with("stalled "))
}

#[tokio::test]
async fn our_own_comment_is_no_sign_of_life() {
    let mut world = commented().await;
    assert!(is_stalled(&mut world).await);
}

#[tokio::test]
async fn a_bots_comment_is_none_and_anybody_elses_is_one() {
    let configured = || World::plan().more("[directory]\nbots = [\"ci-user\"]\n");
    for (who, moves) in
        [("renovate[bot]", false), ("ci-user", false), ("tom-b", true), ("ana-k", true), ("gapwatch-bot", true)]
    {
        let mut world = commented_in(configured()).await;
        world.github().comment_as(REPO, 1, who, "a word", at("2026-03-19T10:00:00Z"));
        assert_eq!(is_stalled(&mut world).await, !moves, "{who}");
    }
}

#[tokio::test]
async fn a_marker_that_somebody_else_copied_makes_no_comment_ours() {
    let mut world = commented().await;
    let ours = world.github().comments(REPO, 1).into_iter().find(|one| one.author == "gapwatch-bot").unwrap();
    world.github().comment_as(REPO, 1, "tom-b", &ours.body, at("2026-03-19T10:00:00Z"));
    assert!(!is_stalled(&mut world).await, "Tom did say something");
}

#[tokio::test]
async fn a_marker_that_is_made_up_makes_no_comment_ours() {
    let mut world = commented().await;
    let made_up = format!("<!-- gapwatch:1 {}.{} -->\nhello", "0".repeat(32), "A".repeat(22));
    world.github().comment_as(REPO, 1, "gapwatch-bot", &made_up, at("2026-03-19T10:00:00Z"));
    assert!(!is_stalled(&mut world).await);
}

#[tokio::test]
async fn under_a_colleagues_token_our_comments_are_ours_and_hers_are_hers() {
    for hers in [false, true] {
        let mut world = World::live("2026-03-02T09:00:00Z").await;
        world.github().default_user("ana-k");
        plant(&mut world, 2, "2026-03-20").await;
        world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-16T10:00:00Z"));
        world.at("2026-03-16T15:00:00Z").run().await;
        world.our_comment(1);
        if hers {
            world.github().comment_as(REPO, 1, "ana-k", "nearly there", at("2026-03-19T10:00:00Z"));
        }
        assert_eq!(is_stalled(&mut world).await, !hers);
    }
}

#[tokio::test]
async fn a_bot_that_answers_every_comment_meets_no_answer() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    world.github().echo_bot(Some("helper[bot]"));
    plant(&mut world, 2, "2026-03-20").await;
    world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-16T10:00:00Z"));
    world.at("2026-03-16T15:00:00Z").run().await;
    world.run_until("2026-03-18T15:00:00Z", 60).await;
    let made =
        world.github().writes().iter().filter(|write| write.kind == connector_simulator::WriteKind::Created).count();
    assert_eq!(made, 1);
    assert!(is_stalled(&mut world).await);
}

#[tokio::test]
async fn a_comment_that_somebody_took_away_is_not_made_again() {
    let mut world = commented().await;
    let ours = world.github().comments(REPO, 1).into_iter().find(|one| one.author == "gapwatch-bot").unwrap();
    world.github().delete_comment(REPO, ours.id);
    world.run_until("2026-03-24T15:00:00Z", 60 * 4).await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣ acme/web#1 is past its date")), "{sent:#?}");
    assert!(sent.iter().all(|sent| !sent.starts_with("comment")), "{sent:#?}");
    assert!(world.github().comments(REPO, 1).iter().all(|one| one.author != "gapwatch-bot"));
}

#[tokio::test]
async fn whoever_gets_the_task_hears_of_it() {
    let people = format!(
        "{PEOPLE}\n[people.tom]\nname = \"Tom\"\nmanager = \"max\"\ntz = \"Etc/UTC\"\nalso = {{ github = \"tom-b\", slack = \"U0TOM\" }}\n"
    );
    let mut world = World::plan().people(&people).begin("2026-03-02T09:00:00Z").await;
    world.slack().user("U0TOM", "tom@example.org", "Tom", "Etc/UTC");
    plant(&mut world, 9, "2026-03-20").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly", at("2026-03-20T10:00:00Z"));
    world.at("2026-03-23T09:30:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.github().unassign(REPO, 1, "max-w", "ana-k", at("2026-03-23T10:00:00Z"));
    world.github().assign(REPO, 1, "max-w", "tom-b", at("2026-03-23T10:00:00Z"));
    world.at("2026-03-23T10:30:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @U0TOM: ⬣ acme/web#1 is past its date")), "{sent:#?}");
    assert!(sent.iter().all(|sent| !sent.starts_with("comment")), "the comment is the task's: {sent:#?}");
}

#[tokio::test]
async fn an_answer_in_the_task_keeps_the_manager_out() {
    let mut world = redesign(9, "2026-03-20").await;
    world.github().comment_as(REPO, 1, "ana-k", "nearly", at("2026-03-20T10:00:00Z"));
    world.at("2026-03-23T09:30:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.github().comment_as(REPO, 1, "ana-k", "the last step is at the printer's", at("2026-03-24T09:00:00Z"));
    world.at("2026-03-24T16:00:00Z").run().await;
    assert!(world.sent().iter().all(|sent| !sent.contains("@max")));
    world.at("2026-03-25T09:05:00Z").run().await;
    assert!(world.sent().iter().any(|sent| sent.starts_with("slack @max:")), "a failure waits a working day, no more");
}

#[tokio::test]
async fn a_pull_request_is_no_task() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let pull = world.github().issue(REPO, "Fix").by("ana-k").assignee("ana-k").pull_request();
    pull.milestone("Spring", github_day("2026-03-06")).open();
    world.run().await;
    world.at("2026-03-12T12:00:00Z").run().await;
    assert!(world.open().await.is_empty());
    assert_eq!(world.connection().await.tasks, 0);
}
