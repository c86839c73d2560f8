//! Words that do not arrive: what is tried again, what is looked for, and who is told instead.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use crate::pipeline::{lives, plant};
use crate::world::{REPO, World, at};

const FOR_EVER: u32 = 1_000_000;

/// A moment before Ana's task is behind its pace (stage 2, eleven days left).
pub async fn before_widening() -> World {
    before_widening_in(World::plan()).await
}

async fn before_widening_in(plan: crate::world::Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T10:30:00Z").run().await;
    assert_eq!(world.sent(), Vec::<String>::new());
    world
}

/// A moment before Ana's task is past its date (stage 3): Friday's end, told on Monday at nine.
async fn before_failure() -> World {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T08:50:00Z").run().await;
    assert_eq!(world.sent(), Vec::<String>::new());
    world
}

/// Runs on, a look every few minutes, and gathers what is written.
async fn written_until(world: &mut World, moment: &str) -> Vec<String> {
    world.run_until(moment, 7).await;
    world.sent()
}

fn count(sent: &[String], words: &str) -> usize {
    sent.iter().filter(|sent| sent.starts_with(words)).count()
}

/// Nothing was posted twice.
fn nothing_twice(world: &World) {
    assert!(world.github().markers().values().all(|times| *times == 1), "{:?}", world.github().markers());
    assert!(world.slack().markers().values().all(|times| *times == 1), "{:?}", world.slack().markers());
}

const TO_ANA: &str = "slack @ana: ■ acme/web#1 is behind its pace";
const OURS: &str = "comment #1: **gapwatch** · ■ behind its pace";

#[tokio::test]
async fn a_limit_is_waited_for() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::RateLimited(600), 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    let sent = world.sent();
    assert_eq!((count(&sent, OURS), count(&sent, TO_ANA)), (1, 0), "the comment does not wait for Slack: {sent:#?}");
    world.sim.forget_requests();
    world.at("2026-03-16T10:45:00Z").run().await;
    assert!(world.sim.requests().iter().all(|request| request.tool != Tool::Slack), "nothing is asked meanwhile");
    let sent = written_until(&mut world, "2026-03-16T11:00:00Z").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(count(&sent, TO_ANA), 1);
    nothing_twice(&world);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_and_not_said_again() {
    for lost in [Fault::Reset, Fault::Status(500, "{}".to_owned()), Fault::Html200] {
        let mut world = before_widening().await;
        let lost = Fault::AfterCommit(Box::new(lost));
        world.sim.fail_next(Tool::Slack, "chat.postMessage", lost.clone(), 1);
        world.sim.fail_next(Tool::Github, "POST /comments", lost.clone(), 1);
        world.at("2026-03-16T10:37:00Z").run().await;
        let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
        assert_eq!((count(&sent, TO_ANA), count(&sent, OURS), sent.len()), (1, 1, 2), "{lost:?} {sent:#?}");
        assert_eq!(world.gap("pace.behind").await.alert.told.len(), 2, "{lost:?}: and both count as told");
        nothing_twice(&world);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_looked_for_as_well() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::CutBody, 1);
    world.sim.fail_next(Tool::Github, "POST /comments", Fault::CutBody, 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!((count(&sent, TO_ANA), count(&sent, OURS), sent.len()), (1, 1, 2), "{sent:#?}");
    nothing_twice(&world);
}

#[tokio::test]
async fn what_was_never_sent_is_sent_once() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::Reset, 1);
    world.sim.fail_next(Tool::Github, "POST /comments", Fault::Reset, 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    assert_eq!(world.sent(), Vec::<String>::new());
    let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!((count(&sent, TO_ANA), count(&sent, OURS), sent.len()), (1, 1, 2), "{sent:#?}");
    nothing_twice(&world);
}

#[tokio::test]
async fn whoever_refuses_messages_is_mentioned_in_the_comment() {
    for trouble in ["refuses", "deactivated"] {
        let mut world = before_widening().await;
        match trouble {
            "refuses" => world.slack().refuse_messages("U0ANA", true),
            _ => world.slack().deactivate("U0ANA"),
        }
        world.at("2026-03-16T10:37:00Z").run().await;
        let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
        assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ■ behind its pace"), 1, "{trouble} {sent:#?}");
        assert_eq!(count(&sent, "slack"), 0, "{trouble} {sent:#?}");
        let told = world.gap("pace.behind").await.alert.told;
        assert!(told.iter().all(|told| told.address.channel() == "comment"), "{told:?}");
    }
}

#[tokio::test]
async fn while_slack_is_down_a_widening_gap_waits_four_working_hours_and_then_takes_the_comment() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    world.at("2026-03-16T10:37:00Z").run().await;
    assert_eq!(count(&world.sent(), OURS), 1);
    let sent = written_until(&mut world, "2026-03-16T14:30:00Z").await;
    assert_eq!(sent, Vec::<String>::new());
    let sent = written_until(&mut world, "2026-03-16T15:30:00Z").await;
    assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch**"), 1, "{sent:#?}");
    world.sim.heal();
    let sent = written_until(&mut world, "2026-03-16T16:50:00Z").await;
    assert_eq!(sent, Vec::<String>::new(), "she has been told");
    nothing_twice(&world);
}

#[tokio::test]
async fn while_slack_is_down_a_failure_takes_the_comment_after_an_hour() {
    let mut world = before_failure().await;
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    let sent = written_until(&mut world, "2026-03-16T09:50:00Z").await;
    assert_eq!((count(&sent, "comment #1: **gapwatch** · ⬣ past its date"), sent.len()), (1, 1), "{sent:#?}");
    let sent = written_until(&mut world, "2026-03-16T11:00:00Z").await;
    assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ⬣ past its date"), 1, "{sent:#?}");
}

#[tokio::test]
async fn a_revoked_slack_token_is_tried_once_an_hour() {
    let mut world = before_widening().await;
    world.slack().revoke("xoxb-test");
    world.at("2026-03-16T10:37:00Z").run().await;
    world.sim.forget_requests();
    written_until(&mut world, "2026-03-16T13:30:00Z").await;
    let tries = world.sim.requests().iter().filter(|request| request.tool == Tool::Slack).count();
    assert!(tries <= 3, "{tries}");
}

#[tokio::test]
async fn where_nobody_can_look_only_a_failure_is_said_again_and_says_so() {
    let lost = || Fault::AfterCommit(Box::new(Fault::Reset));
    let mut world = before_widening().await;
    world.slack().without_scope("im:history");
    world.sim.fail_next(Tool::Slack, "chat.postMessage", lost(), 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    let sent = written_until(&mut world, "2026-03-16T16:00:00Z").await;
    assert_eq!(count(&sent, TO_ANA), 1, "it did arrive, and is not repeated: {sent:#?}");
    assert!(world.words().iter().any(|words| words.contains("by slack: Unsure")), "{:#?}", world.words());

    let mut world = before_failure().await;
    world.slack().without_scope("im:history");
    world.sim.fail_next(Tool::Slack, "chat.postMessage", lost(), 1);
    let sent = written_until(&mut world, "2026-03-16T11:00:00Z").await;
    assert_eq!(count(&sent, "slack @ana: ⬣ acme/web#1 is past its date"), 2, "{sent:#?}");
    assert!(world.last_words("@ana").ends_with("(may be a repeat)"), "{}", world.last_words("@ana"));
}

#[tokio::test]
async fn a_comment_that_is_refused_is_tried_once_and_the_owner_hears_anyway() {
    for trouble in ["locked", "read only"] {
        let mut world = before_widening().await;
        match trouble {
            "locked" => world.github().lock(REPO, 1, "max-w", at("2026-03-16T10:00:00Z")),
            _ => world.github().read_only(true),
        }
        world.at("2026-03-16T10:37:00Z").run().await;
        world.at("2026-03-16T10:50:00Z").run().await;
        let sent = written_until(&mut world, "2026-03-16T16:00:00Z").await;
        assert_eq!((count(&sent, TO_ANA), sent.len()), (1, 1), "{trouble} {sent:#?}");
        let posts = world
            .sim
            .requests()
            .into_iter()
            .filter(|request| request.method == "POST" && request.path.ends_with("/comments"));
        assert!(posts.count() <= 1, "{trouble}");
    }
}

#[tokio::test]
async fn too_many_comments_wait_and_none_is_lost() {
    let mut world = before_widening().await;
    let limit = "{\"message\":\"You have exceeded a secondary rate limit and have been temporarily blocked from content creation.\"}";
    world.sim.fail_next(Tool::Github, "POST /comments", Fault::Status(403, limit.to_owned()), 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    assert_eq!(count(&world.sent(), OURS), 0);
    let sent = written_until(&mut world, "2026-03-16T11:00:00Z").await;
    assert_eq!(count(&sent, OURS), 1, "{sent:#?}");
}

#[tokio::test]
async fn an_edit_that_fails_is_made_again() {
    let mut world = before_widening().await;
    world.at("2026-03-16T10:37:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.sim.fail_next(Tool::Github, "PATCH /comments", Fault::Status(502, "{}".to_owned()), 2);
    world.sim.fail_next(Tool::Slack, "chat.update", Fault::Reset, 2);
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:00:00Z"));
    let sent = written_until(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(count(&sent, "edited comment #1: **gapwatch** · ● resolved"), 1, "{sent:#?}");
    assert_eq!(count(&sent, "edited slack @ana: ● acme/web#1 is resolved"), 1, "{sent:#?}");
    assert_eq!(count(&sent, "slack @ana (thread): ● acme/web#1 is resolved"), 1, "{sent:#?}");
    nothing_twice(&world);
}

#[tokio::test]
async fn a_message_that_can_no_longer_be_edited_is_answered_all_the_same() {
    let mut world = before_widening().await;
    world.slack().edit_window(Some(60));
    world.at("2026-03-16T10:37:00Z").run().await;
    world.sent();
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:00:00Z"));
    let sent = written_until(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(count(&sent, "slack @ana (thread): ● acme/web#1 is resolved"), 1, "{sent:#?}");
    assert_eq!(count(&sent, "slack @ana: "), 0, "{sent:#?}");
}

#[tokio::test]
async fn a_message_that_was_deleted_is_not_made_again() {
    let mut world = before_widening().await;
    world.at("2026-03-16T10:37:00Z").run().await;
    world.sent();
    let message = world.slack().messages().into_iter().find(|message| message.ours).unwrap();
    world.slack().delete_message(&message.channel, &message.ts);
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:00:00Z"));
    let sent = written_until(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(count(&sent, "slack @ana: ■"), 0, "{sent:#?}");
}

#[tokio::test]
async fn a_channel_that_is_archived_leaves_the_gap_in_the_digest() {
    let people =
        "[people.ana]\nname = \"Ana K.\"\ntz = \"Etc/UTC\"\nalso = { github = \"ana-k\", slack = \"U0ANA\" }\n";
    let mut world = World::plan().people(people).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T10:00:00Z").run().await;
    assert_eq!(world.sent().len(), 2);
    world.slack().archive("#delivery");
    world.at("2026-03-17T10:05:00Z").run().await;
    world.later(SignedDuration::from_mins(5)).run().await;
    assert_eq!(count(&world.sent(), "slack #delivery"), 0);
    let words = world.words();
    assert!(words.iter().any(|words| words == "escalated by digest of channel: Open"), "{words:#?}");
}

#[tokio::test]
async fn a_waiting_message_is_taken_back_when_its_gap_goes() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    world.sim.fail_next(Tool::Github, "POST /comments", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    world.at("2026-03-16T10:37:00Z").run().await;
    world.github().tick(REPO, 1, 8, at("2026-03-16T10:40:00Z"));
    world.at("2026-03-16T10:41:00Z").run().await;
    world.at("2026-03-16T10:52:00Z").run().await;
    world.sim.heal();
    let sent = written_until(&mut world, "2026-03-16T16:00:00Z").await;
    assert_eq!(sent, Vec::<String>::new());
}

#[tokio::test]
async fn what_waited_to_be_sent_is_not_sent_once_we_only_observe() {
    let mut world = before_widening().await;
    world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::Status(503, "{}".to_owned()), 1);
    world.sim.fail_next(Tool::Github, "POST /comments", Fault::RateLimited(120), 1);
    world.at("2026-03-16T10:37:00Z").run().await;
    world.reconfigured(|plan| plan.top("mode = \"observe\"")).await;
    world.at("2026-03-16T10:45:00Z");
    assert_eq!(world.engine().deliver().await.unwrap(), 0, "not before it was thought about again");
    let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(sent, Vec::<String>::new());
}
