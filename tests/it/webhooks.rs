//! Outgoing webhooks, through the whole program: what is posted, that nothing is lost and nothing is there twice, and that
//! what stands in a title stays there.

use connector_simulator::hook::{Received, Receiver, SECRET, Trouble};
use connector_simulator::{Fault, Tool};
use serde_json::Value;

use crate::pipeline::{lives, plant};
use crate::world::{Plan, REPO, World, at};

/// Lines for a receiver.
fn table(receiver: &Receiver, lines: &str) -> String {
    format!("[webhooks.ops]\nurl = \"{}\"\nsecret = \"{SECRET}\"\nallow_private = true\n{lines}\n", receiver.url())
}

/// Monday morning: Ana's task was due on Friday.
async fn overdue_in(plan: Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T08:50:00Z").run().await;
    world
}

/// Looks every half an hour in working hours, and a few times in the night.
async fn runs_until(world: &mut World, moment: &str) {
    while world.now() < at(moment) {
        let hour = world.now().to_zoned(jiff::tz::TimeZone::UTC).hour();
        world.later_by_minutes(if (8..17).contains(&hour) { 31 } else { 5 * 60 });
        world.clock.set(world.now().min(at(moment)));
        world.run().await;
    }
}

/// `opened overdue to ana by slack`, in the order in which they came.
fn told(events: &[Received]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let shown = |event: &Received| {
        let data = &event.body["data"];
        let [event, rule, to, by] = ["event", "rule", "recipient", "channel"].map(|key| text(&data[key]));
        format!("{event} {rule} to {to} by {by}")
    };
    events.iter().map(shown).collect()
}

#[tokio::test]
async fn everything_that_is_told_is_posted_once_signed_and_after_it_was_told() {
    let receiver = Receiver::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    assert_eq!(receiver.received(), []);
    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    world.github().close(REPO, 1, "ana-k", at("2026-03-18T10:00:00Z"), "completed");
    runs_until(&mut world, "2026-03-18T12:00:00Z").await;
    let events = receiver.events();
    let mut all = told(&events);
    all.sort();
    assert_eq!(
        all,
        [
            "escalated overdue to max by slack",
            "opened overdue to ana by comment",
            "opened overdue to ana by slack",
            "resolved overdue to ana by comment",
            "resolved overdue to ana by slack",
            "resolved overdue to max by slack",
        ]
    );
    assert_eq!(receiver.received().len(), events.len(), "each once");
    assert!(events.iter().all(|event| event.verified && event.path == "/hooks/gapwatch"), "{events:#?}");
    let first = &events[0];
    assert_eq!((&first.body["schema"], &first.body["type"]), (&"gapwatch.message/1".into(), &"gap.opened".into()));
    let task = &first.body["data"]["task"];
    assert_eq!(
        (&task["key"], &task["url"], &task["title"]),
        (&"acme/web#1".into(), &"https://github.example/acme/web/issues/1".into(), &"Redesign homepage".into())
    );
    assert!(first.body["data"]["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{first:#?}");
    let told_at: jiff::Timestamp = first.body["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(told_at <= jiff::Timestamp::from_second(first.timestamp + 1).unwrap());
    let over = events.iter().find(|event| event.body["type"] == "gap.resolved").unwrap();
    assert_eq!(over.body["data"]["ending"], "resolved");
    assert_eq!(over.body["data"]["gap"], first.body["data"]["gap"]);
    assert!(!world.words().iter().any(|words| words.contains("webhook")), "it is nobody: {:#?}", world.words());
}

#[tokio::test]
async fn only_the_events_that_are_wanted_are_posted() {
    let receiver = Receiver::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&table(&receiver, "events = [\"escalated\"]"))).await;
    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    assert_eq!(told(&receiver.events()), ["escalated overdue to max by slack"]);
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_posted_again_under_the_same_id() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::KeepAndReset, 2);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    let mut all = told(&receiver.events());
    all.sort();
    assert_eq!(all, ["opened overdue to ana by comment", "opened overdue to ana by slack"]);
    assert!(receiver.received().len() > 2, "they were posted again");
    assert!(receiver.received().iter().all(|one| one.verified), "each attempt is signed anew");
}

#[tokio::test]
async fn what_a_crash_left_unrecorded_is_posted_again_under_the_same_id_and_nothing_is_lost() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::Answer(500, Vec::new()), 2);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    world.at("2026-03-16T09:05:00Z").run().await;
    assert_eq!(receiver.events(), []);
    let before: Vec<String> = receiver.received().into_iter().map(|one| one.id).collect();
    assert!(!before.is_empty());
    // As a kill between the post and its record would leave it.
    world.restart().await;
    world.run().await;
    runs_until(&mut world, "2026-03-16T10:30:00Z").await;
    let after: Vec<String> = receiver.events().into_iter().map(|one| one.id).collect();
    assert!(before.iter().all(|id| after.contains(id)), "{before:?} {after:?}");
    assert_eq!(after.len(), 2, "{:#?}", told(&receiver.events()));
}

#[tokio::test]
async fn a_receiver_that_is_down_for_two_days_gets_everything_and_one_that_stays_down_is_given_up() {
    let receiver = Receiver::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    receiver.fail_next(Trouble::Answer(503, Vec::new()), 1_000_000);
    runs_until(&mut world, "2026-03-18T12:00:00Z").await;
    assert_eq!(receiver.events(), []);
    receiver.heal();
    runs_until(&mut world, "2026-03-19T16:00:00Z").await;
    let mut all = told(&receiver.events());
    all.sort();
    let expected =
        ["escalated overdue to max by slack", "opened overdue to ana by comment", "opened overdue to ana by slack"];
    assert_eq!(all, expected);

    receiver.fail_next(Trouble::Answer(404, Vec::new()), 1_000_000);
    world.github().close(REPO, 1, "ana-k", at("2026-03-19T16:10:00Z"), "completed");
    let before = receiver.received().len();
    runs_until(&mut world, "2026-03-25T12:00:00Z").await;
    let tries = receiver.received().len() - before;
    assert_eq!(tries, 30, "ten times each of three");
    let reader = gapwatch::store::Reader::open(&gapwatch::store::StorePath::File(world.store())).unwrap();
    let given_up = reader.given_up().unwrap();
    assert_eq!(given_up.len(), 3, "{given_up:#?}");
    assert!(given_up.iter().all(|one| one.to == "webhooks.ops" && one.attempts == 10), "{given_up:#?}");
    receiver.heal();
    let wish = gapwatch::domain::alert::Wish::Resend { id: given_up[0].id.clone() };
    let now = world.now();
    world.engine().core.answer("test".to_owned(), "1".to_owned(), wish, now).await.unwrap();
    world.run().await;
    assert_eq!((receiver.events().len(), reader.given_up().unwrap().len()), (4, 2));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_its_address_changes() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::Answer(410, Vec::new()), 1_000_000);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    assert_eq!(receiver.received().len(), 1, "one word was enough");
    let reader = gapwatch::store::Reader::open(&gapwatch::store::StorePath::File(world.store())).unwrap();
    assert_eq!(reader.disabled_hooks().unwrap()[0].name, "ops");
    drop(reader);
    receiver.heal();
    world.restart().await;
    runs_until(&mut world, "2026-03-17T14:00:00Z").await;
    assert_eq!(receiver.received().len(), 1, "a start alone changes nothing");
    let moved = table(&receiver, "").replace("/hooks/gapwatch", "/hooks/other");
    world.reconfigured(|plan| plan.more(&moved)).await;
    world.github().close(REPO, 1, "ana-k", at("2026-03-17T14:10:00Z"), "completed");
    runs_until(&mut world, "2026-03-17T16:00:00Z").await;
    let events = receiver.events();
    assert!(!events.is_empty() && events.iter().all(|event| event.path == "/hooks/other"), "{events:#?}");
    assert!(events.iter().all(|event| event.body["type"] == "gap.resolved"), "{:#?}", told(&events));
}

#[tokio::test]
async fn a_receiver_that_asks_to_wait_is_left_alone_with_all_its_events() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::Answer(429, vec![("retry-after", "3600".to_owned())]), 1);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    world.at("2026-03-16T09:05:00Z").run().await;
    assert_eq!(receiver.received().len(), 1, "the second event waits as well");
    world.at("2026-03-16T10:00:00Z").run().await;
    assert_eq!(receiver.received().len(), 1);
    world.at("2026-03-16T10:20:00Z").run().await;
    assert_eq!(receiver.events().len(), 2);
}

#[tokio::test]
async fn a_receiver_that_is_down_keeps_nobody_from_being_told_and_slack_that_is_down_posts_nothing() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::Reset, 1_000_000);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    world.at("2026-03-16T09:05:00Z").run().await;
    assert!(world.sent().iter().any(|sent| sent.starts_with("slack @ana: ⬣")));

    let receiver = Receiver::start().await.unwrap();
    let lines = format!("[comments]\non = []\n{}", table(&receiver, ""));
    let mut world = overdue_in(World::plan().more(&lines)).await;
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), 1_000_000);
    runs_until(&mut world, "2026-03-18T12:00:00Z").await;
    let nobody = "opened sys.delivery_failed to - by log";
    assert_eq!(told(&receiver.events()), [nobody], "nobody was told but whoever reads the log");
}

#[tokio::test]
async fn no_title_breaks_an_event_and_one_that_may_not_be_shown_is_left_out() {
    let receiver = Receiver::start().await.unwrap();
    let mut world = World::plan().more(&table(&receiver, "")).begin("2026-03-02T09:00:00Z").await;
    let mut titles: Vec<String> = [
        "\"}, \"data\": {\"event\": \"resolved\"",
        "a\r\nwebhook-id: forged\r\n\r\n",
        "\\u0000 \\\" \u{202e}\u{2028}",
        "</script><!--",
        "\u{1f980}\u{0}",
    ]
    .map(str::to_owned)
    .to_vec();
    titles.extend(crate::adversarial::recorded().unwrap_or_default().into_iter().step_by(40));
    for title in &titles {
        let issue = world.github().issue(REPO, title).by("max-w").assignee("ana-k");
        issue.milestone("Spring", crate::world::github_day("2026-03-13")).open();
    }
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    let mut events = receiver.events();
    assert!(events.iter().all(|event| event.verified && event.body["schema"] == "gapwatch.message/1"), "{events:#?}");
    events.retain(|event| event.body["data"]["rule"] == "overdue");
    assert!(events.iter().all(|event| event.body["data"]["event"] == "opened"), "{events:#?}");
    for (number, title) in (1u64..).zip(&titles) {
        let key = format!("acme/web#{number}");
        let own = events.iter().filter(|event| event.body["data"]["task"]["key"] == key.as_str());
        let shown: Vec<&Value> = own.map(|event| &event.body["data"]["task"]["title"]).collect();
        assert!(!shown.is_empty() && shown.iter().all(|shown| *shown == title), "{number} {title:?}: {shown:?}");
    }
}

#[tokio::test]
async fn no_secret_and_no_signature_is_in_the_store() {
    let receiver = Receiver::start().await.unwrap();
    receiver.fail_next(Trouble::Answer(500, Vec::new()), 1_000_000);
    let mut world = overdue_in(World::plan().more(&table(&receiver, ""))).await;
    world.at("2026-03-16T09:05:00Z").run().await;
    world.stop().await;
    let bytes = std::fs::read(world.store()).unwrap();
    for secret in [SECRET.trim_start_matches("whsec_"), "v1,", receiver.url().as_str()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    world.start();
}
