//! Channels that are down, gone, refused or small: what is told by which other way, that nothing is lost without a trace,
//! and that nobody is asked for ever.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use crate::pipeline::{lives, plant};
use crate::world::{REPO, World, at};

const FOR_EVER: u32 = 1_000_000;

/// Ana has no manager: what stays goes to the channel.
const ANA_ALONE: &str = r#"
[people.ana]
name = "Ana K."
tz = "Etc/UTC"
also = { github = "ana-k", slack = "U0ANA" }
"#;

/// Ana is known by her address alone.
const ANA_BY_EMAIL: &str = r#"
[people.ana]
name = "Ana K."
email = "Ana@example.org"
tz = "Etc/UTC"
also = { github = "ana-k" }
"#;

/// Monday nine o'clock: Ana's task was due on Friday.
async fn overdue_in(plan: crate::world::Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T08:50:00Z").run().await;
    assert_eq!(world.sent(), Vec::<String>::new());
    world
}

fn count(sent: &[String], words: &str) -> usize {
    sent.iter().filter(|sent| sent.starts_with(words)).count()
}

/// Runs on in working hours, a look every half an hour and a few in the night, and gathers what is written.
async fn written_until(world: &mut World, moment: &str) -> Vec<String> {
    while world.now() < at(moment) {
        let hour = world.now().to_zoned(jiff::tz::TimeZone::UTC).hour();
        world.later_by_minutes(if (8..17).contains(&hour) { 31 } else { 5 * 60 });
        world.clock.set(world.now().min(at(moment)));
        world.run().await;
    }
    world.sent()
}

/// How often Slack was asked something, by the end of the path.
fn calls(world: &World, end: &str) -> usize {
    let requests = world.sim.requests();
    requests.iter().filter(|request| request.tool == Tool::Slack && request.path.ends_with(end)).count()
}

fn comment_posts(world: &World) -> usize {
    let posted = |request: &&connector_simulator::Logged| {
        request.tool == Tool::Github && request.method == "POST" && request.path.ends_with("/comments")
    };
    world.sim.requests().iter().filter(posted).count()
}

fn has_word(world: &World, start: &str, part: &str) -> bool {
    world.words().iter().any(|words| words.starts_with(start) && words.contains(part))
}

fn nothing_twice(world: &World) {
    assert!(world.github().markers().values().all(|times| *times == 1), "{:?}", world.github().markers());
    assert!(world.slack().markers().values().all(|times| *times == 1), "{:?}", world.slack().markers());
}

#[tokio::test]
async fn a_webhook_carries_failures_alone_and_the_owner_is_mentioned_in_the_comment() {
    let mut world = World::plan().webhook().begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    world.at("2026-03-18T09:00:00Z").run().await;
    let sent = world.sent();
    assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ■ behind its pace"), 1, "{sent:#?}");
    for moment in ["2026-03-19T15:00:00Z", "2026-03-23T10:00:00Z", "2026-03-25T10:00:00Z", "2026-03-27T16:00:00Z"] {
        world.at(moment).run().await;
    }
    let sent = world.sent();
    assert_eq!(count(&sent, "slack"), 0, "a widening gap is not for the channel: {sent:#?}");
    let sent = written_until(&mut world, "2026-03-31T16:50:00Z").await;
    assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ⬣ past its date"), 1, "{sent:#?}");
    assert_eq!(count(&sent, "slack #delivery: ⬣ acme/web#1 is past its date"), 1, "{sent:#?}");
    assert!(sent.iter().filter(|sent| sent.contains("slack")).all(|sent| sent.contains("#delivery")), "{sent:#?}");

    world.github().close(REPO, 1, "ana-k", at("2026-04-01T10:00:00Z"), "completed");
    let sent = written_until(&mut world, "2026-04-01T12:00:00Z").await;
    assert_eq!(count(&sent, "slack #delivery: ● acme/web#1 is resolved"), 1, "a message of its own: {sent:#?}");
    assert_eq!(count(&sent, "edited slack") + count(&sent, "slack #delivery (thread)"), 0, "{sent:#?}");
    assert_eq!(calls(&world, "chat.postMessage") + calls(&world, "users.lookupByEmail"), 0);
    nothing_twice(&world);
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_tried_a_few_times_and_leaves_a_trace() {
    for (status, word) in [(404, "no_service"), (410, "channel_is_archived"), (403, "action_prohibited")] {
        let mut world = overdue_in(World::plan().webhook().people(ANA_ALONE)).await;
        world.slack().break_webhooks(Some((status, word)));
        world.sim.forget_requests();
        let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
        assert_eq!(count(&sent, "slack"), 0, "{word}: {sent:#?}");
        let tries = world.sim.requests().iter().filter(|request| request.path.contains("/services/")).count();
        assert!((1..=3).contains(&tries), "{word}: {tries}");
        assert!(has_word(&world, "escalated by slack: Dead", word), "{word}: {:#?}", world.words());
        assert!(world.words().contains(&"escalated by digest of channel: Open".to_owned()), "{:#?}", world.words());
    }
}

#[tokio::test]
async fn the_address_of_a_webhook_is_in_no_store() {
    let mut world = overdue_in(World::plan().webhook().people(ANA_ALONE)).await;
    world.slack().break_webhooks(Some((404, "no_service")));
    written_until(&mut world, "2026-03-18T12:00:00Z").await;
    let address = world.sim.requests().into_iter().find(|request| request.path.contains("/services/")).unwrap().path;
    let secret = address.rsplit('/').next().unwrap().to_owned();
    world.stop().await;
    let bytes = std::fs::read(world.store()).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    world.start();
}

#[tokio::test]
async fn a_webhook_whose_answer_is_lost_repeats_a_failure_once_and_says_so() {
    let mut world = overdue_in(World::plan().webhook().people(ANA_ALONE)).await;
    world.sim.fail_next(Tool::Slack, "/services/", Fault::AfterCommit(Box::new(Fault::Reset)), 1);
    let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
    assert_eq!(count(&sent, "slack #delivery: ⬣ acme/web#1 is past its date"), 2, "{sent:#?}");
    assert!(world.last_words("#delivery").ends_with("(may be a repeat)"), "{}", world.last_words("#delivery"));
}

#[tokio::test]
async fn while_slack_is_down_for_three_days_nothing_is_lost_and_nothing_floods_afterwards() {
    let mut world = overdue_in(World::plan()).await;
    let sent = written_until(&mut world, "2026-03-16T09:30:00Z").await;
    assert_eq!(count(&sent, "slack @ana: ⬣ acme/web#1 is past its date"), 1, "{sent:#?}");
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    world.sim.forget_requests();
    // Over while nobody can be told so.
    world.github().close(REPO, 1, "ana-k", at("2026-03-16T12:00:00Z"), "completed");
    let sent = written_until(&mut world, "2026-03-19T09:00:00Z").await;
    assert_eq!(count(&sent, "slack") + count(&sent, "edited slack"), 0, "{sent:#?}");
    let asked = world.sim.requests().iter().filter(|request| request.tool == Tool::Slack).count();
    assert!(asked < 400, "two words, an attempt or a look each half hour at most: {asked}");
    world.sim.heal();
    let sent = written_until(&mut world, "2026-03-19T16:00:00Z").await;
    assert_eq!(count(&sent, "slack @ana (thread): ● acme/web#1 is resolved"), 1, "{sent:#?}");
    assert_eq!(count(&sent, "edited slack @ana: ● acme/web#1 is resolved"), 1, "{sent:#?}");
    assert_eq!(sent.len(), 2, "{sent:#?}");
    nothing_twice(&world);
}

#[tokio::test]
async fn a_pause_of_days_is_kept_and_a_failure_takes_the_comment_meanwhile() {
    let mut world = overdue_in(World::plan()).await;
    world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::RateLimited(3 * 24 * 3600), 1);
    let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ⬣ past its date"), 1, "{sent:#?}");
    assert_eq!(calls(&world, "chat.postMessage"), 1, "nothing is asked within the pause");
}

#[tokio::test]
async fn a_channel_that_refuses_leaves_the_gap_in_the_digest_with_what_to_do() {
    for trouble in ["archived", "restricted", "private", "renamed away"] {
        let mut world = overdue_in(World::plan().people(ANA_ALONE)).await;
        world.at("2026-03-16T10:00:00Z").run().await;
        world.sent();
        let (word, advice) = match trouble {
            "archived" => {
                world.slack().archive("#delivery");
                ("channel_not_found", "invite")
            }
            "restricted" => {
                world.slack().restrict("#delivery", true);
                ("restricted_action", "name another channel")
            }
            "private" => {
                world.slack().rename("#delivery", "#old");
                world.slack().private_channel("#delivery", false);
                ("channel_not_found", "invite")
            }
            _ => {
                world.slack().rename("#delivery", "#shipping");
                ("channel_not_found", "use its id")
            }
        };
        world.at("2026-03-17T10:05:00Z").run().await;
        let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
        assert_eq!(count(&sent, "slack #"), 0, "{trouble}: {sent:#?}");
        let words = world.words();
        let dead = |line: &&String| line.starts_with("escalated by slack: Dead");
        let dead: Vec<&String> = words.iter().filter(dead).collect();
        assert_eq!(dead.len(), 1, "{trouble}: {words:#?}");
        let archived = trouble == "archived" && dead[0].contains("is_archived");
        assert!(archived || (dead[0].contains(word) && dead[0].contains(advice)), "{trouble}: {words:#?}");
        assert!(words.contains(&"escalated by digest of channel: Open".to_owned()), "{trouble}: {words:#?}");
    }
}

#[tokio::test]
async fn a_channel_that_is_renamed_meanwhile_is_still_reached() {
    let mut world = overdue_in(World::plan().people(ANA_ALONE)).await;
    let second = world.github().issue(REPO, "Second").by("max-w").assignee("ana-k");
    second.milestone("Later", crate::world::github_day("2026-03-17")).open();
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-17T10:05:00Z").run().await;
    assert_eq!(count(&world.sent(), "slack #delivery: ⬣ acme/web#1"), 1);
    world.slack().rename("#delivery", "#shipping");
    let sent = written_until(&mut world, "2026-03-19T16:00:00Z").await;
    assert_eq!(count(&sent, "slack #shipping: ⬣ acme/web#2"), 1, "{sent:#?}");
}

#[tokio::test]
async fn a_public_channel_is_joined_where_posting_needs_it() {
    let mut world = overdue_in(World::plan().people(ANA_ALONE)).await;
    world.slack().kick("#delivery");
    world.slack().without_scope("chat:write.public");
    let sent = written_until(&mut world, "2026-03-17T12:00:00Z").await;
    assert_eq!(count(&sent, "slack #delivery: ⬣ acme/web#1"), 1, "{sent:#?}");
    assert_eq!(calls(&world, "conversations.join"), 1);
}

#[tokio::test]
async fn somebody_who_left_or_is_a_guest_is_mentioned_in_the_comment_and_the_reason_is_kept() {
    for (trouble, words) in [("left", "deactivated"), ("guest", "guest"), ("unknown", "also.slack")] {
        let mut world = overdue_in(World::plan().people(ANA_BY_EMAIL)).await;
        match trouble {
            "left" => world.slack().deactivate("U0ANA"),
            "guest" => world.slack().make_guest("U0ANA"),
            _ => world.slack().user("U0ANA", "other@example.org", "Ana K.", "Etc/UTC"),
        }
        world.engine().meet().await.unwrap();
        let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
        assert_eq!(count(&sent, "comment #1: @ana-k **gapwatch** · ⬣ past its date"), 1, "{trouble}: {sent:#?}");
        assert_eq!(count(&sent, "slack @ana"), 0, "{trouble}: {sent:#?}");
        assert!(has_word(&world, "opened by slack: Dead", words), "{trouble}: {:#?}", world.words());
    }
}

#[tokio::test]
async fn whoever_becomes_a_guest_is_told_nothing_more_in_slack() {
    let mut world = World::plan().people(ANA_BY_EMAIL).begin("2026-03-02T09:00:00Z").await;
    world.engine().meet().await.unwrap();
    plant(&mut world, 9, "2026-03-13").await;
    world.slack().make_guest("U0ANA");
    world.at("2026-03-13T10:00:00Z");
    world.engine().meet().await.unwrap();
    lives(&world, "2026-03-13T11:00:00Z");
    let sent = written_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!((count(&sent, "slack @ana"), count(&sent, "comment #1: @ana-k")), (0, 1), "{sent:#?}");
}

#[tokio::test]
async fn a_comment_that_is_refused_for_good_is_tried_once_and_never_again() {
    let full = r#"{"message":"Validation Failed","errors":[{"message":"Commenting is disabled on issues with more than 2500 comments"}]}"#;
    let denied = r#"{"message":"Resource not accessible by personal access token"}"#;
    for (trouble, status, body) in [("full", 422, full), ("denied", 403, denied), ("gone", 410, "{}")] {
        let mut world = overdue_in(World::plan()).await;
        let fault = Fault::Status(status, body.to_owned());
        world.sim.fail_next(Tool::Github, "POST /comments", fault, FOR_EVER);
        world.sim.forget_requests();
        let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
        assert_eq!(count(&sent, "slack @ana: ⬣ acme/web#1 is past its date"), 1, "{trouble}: {sent:#?}");
        assert_eq!(comment_posts(&world), 1, "{trouble}");
        assert!(has_word(&world, "opened by comment: Dead", "HTTP"), "{trouble}: {:#?}", world.words());
    }
}

#[tokio::test]
async fn with_no_way_left_the_gap_stays_on_the_list_and_nobody_is_asked_for_ever() {
    for trouble in ["locked", "read only"] {
        let mut world = overdue_in(World::plan().without_slack().people(ANA_ALONE)).await;
        match trouble {
            "locked" => world.github().lock(REPO, 1, "max-w", at("2026-03-16T08:55:00Z")),
            _ => world.github().read_only(true),
        }
        world.sim.forget_requests();
        let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
        assert_eq!(sent, Vec::<String>::new(), "{trouble}");
        assert!(comment_posts(&world) <= 1, "{trouble}: {}", comment_posts(&world));
        let open = world.open().await;
        assert!(open.iter().any(|gap| gap.starts_with("overdue acme/web#1 failure")), "{trouble}: {open:#?}");
        assert!(has_word(&world, "opened by comment: Dead", ""), "{trouble}: {:#?}", world.words());
    }
}

#[tokio::test]
async fn a_flood_into_one_channel_keeps_its_pace_and_meets_no_limit() {
    let mut world = overdue_in(World::plan().people(ANA_ALONE)).await;
    for number in 2..=12 {
        let issue = world.github().issue(REPO, &format!("Task {number}")).by("max-w").assignee("ana-k");
        issue.milestone("Spring", crate::world::github_day("2026-03-13")).open();
    }
    world.slack().post_limit(false); // it is our own pace that is looked at
    let sent = written_until(&mut world, "2026-03-18T16:00:00Z").await;
    assert_eq!(count(&sent, "slack #delivery: ⬣"), 12, "{sent:#?}");
    let messages = world.slack().messages();
    let mut instants: Vec<_> = messages.iter().filter(|one| one.channel_name.is_some()).map(|one| one.at).collect();
    instants.sort();
    let burst = |window: &[jiff::Timestamp]| window[4].duration_since(window[0]) >= SignedDuration::from_secs(1);
    assert!(instants.windows(5).all(burst), "one a second after a burst of three: {instants:?}");
    nothing_twice(&world);
}
