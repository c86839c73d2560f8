//! How much is said, what could not be said, and what was of no use.

use connector_simulator::{Fault, Tool};
use gapwatch::domain::alert::Wish;
use gapwatch::store::{Reader, StorePath};

use crate::pipeline::{lives, plant};
use crate::world::{PEOPLE, Plan, REPO, World, at, github_day};

const FOR_EVER: u32 = 1_000_000;

/// Max looks after the program; nothing is said in comments.
fn watched(more: &str) -> Plan {
    World::plan().people(PEOPLE).more(&format!(
        "[operators]\npeople = [\"max\"]\n[comments]\non = []\n[rules.milestone.at_risk]\nenabled = false\n{more}"
    ))
}

/// Sixty tasks of Ana's whose date passes in one night, and the morning after.
async fn sixty(plan: Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    for nth in 1..=60 {
        let issue = world.github().issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
        issue.milestone("Spring", github_day("2026-03-12")).open();
    }
    world.at("2026-03-03T15:00:00Z").run().await;
    world.sent();
    world.at("2026-03-13T10:00:00Z").run().await;
    world
}

fn to(sent: &[String], who: &str) -> usize {
    sent.iter().filter(|sent| sent.starts_with(&format!("slack {who}"))).count()
}

fn reader(world: &World) -> Reader {
    Reader::open(&StorePath::File(world.store())).unwrap()
}

async fn wish(world: &mut World, key: &str, wish: Wish) {
    let now = world.now();
    world.engine().core.answer("test".to_owned(), key.to_owned(), wish, now).await.unwrap();
    world.run().await;
}

#[tokio::test]
async fn d09_sixty_direct_messages_in_one_hour_are_held_and_the_operator_gets_the_list() {
    let mut world = sixty(watched("[limits]\nrepeat = []\n")).await;
    let sent = world.sent();
    assert_eq!(to(&sent, "@ana"), 0, "{sent:#?}");
    let asked: Vec<&String> = sent.iter().filter(|sent| sent.contains("holds back 60 messages")).collect();
    assert_eq!((asked.len(), to(&sent, "@max")), (1, 1), "{sent:#?}");
    let words = world.last_words("@max");
    for part in ["60 messages to 1 person", "50 an hour", "ana 60", "by rule: overdue 60", "gapwatch outbox release"] {
        assert!(words.contains(part), "{part} in {words}");
    }
    let open = world.open().await;
    let held = open.iter().filter(|gap| gap.starts_with("overdue") && gap.contains("(budget)")).count();
    assert_eq!(held, 60, "{open:#?}");

    // Another start sends nothing because of itself.
    world.restart().await;
    world.at("2026-03-13T15:00:00Z").run().await;
    assert_eq!(to(&world.sent(), "@ana"), 0);

    let until = world.now();
    wish(&mut world, "1", Wish::Flood { send: true, until }).await;
    let sent = world.sent();
    assert_eq!(to(&sent, "@ana"), 60, "{sent:#?}");
    wish(&mut world, "2", Wish::Flood { send: true, until }).await;
    world.restart().await;
    world.at("2026-03-13T15:30:00Z").run().await;
    let sent = world.sent();
    assert_eq!(to(&sent, "@ana"), 0, "each of them once: {sent:#?}");
    assert!(sent.iter().any(|sent| sent.contains("(thread)") && sent.contains("@max")), "it is over: {sent:#?}");
    let open = world.open().await;
    assert!(!open.iter().any(|gap| gap.starts_with("sys.volume")), "{open:#?}");
}

#[tokio::test]
async fn what_an_operator_drops_is_told_to_nobody_and_its_gaps_stay() {
    let mut world = sixty(watched("[limits]\nrepeat = []\n")).await;
    world.sent();
    let until = world.now();
    wish(&mut world, "1", Wish::Flood { send: false, until }).await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-17T10:00:00Z").run().await;
    let sent = world.sent();
    assert_eq!(to(&sent, "@ana"), 0, "{sent:#?}");
    let open = world.open().await;
    assert_eq!(open.iter().filter(|gap| gap.starts_with("overdue")).count(), 60, "{open:#?}");
}

#[tokio::test]
async fn a_limit_of_ones_own_lets_sixty_through() {
    let mut world = sixty(watched("[limits]\nper_hour = 60\n")).await;
    let sent = world.sent();
    assert_eq!((to(&sent, "@ana"), to(&sent, "@max")), (60, 0), "{sent:#?}");
}

#[tokio::test]
async fn d20_what_nobody_got_is_told_to_the_operator_until_somebody_got_it() {
    let mut world = watched("[limits]\nrepeat = []\n").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.sent();
    // The recipient is at fault, and there is no other way.
    world.slack().refuse_messages("U0ANA", true);
    world.at("2026-03-16T09:30:00Z").run().await;
    let sent = world.sent();
    assert!(
        to(&sent, "@ana") == 0 && sent.iter().any(|sent| sent.contains("could not deliver 1 message")),
        "{sent:#?}"
    );
    let told = &world.gap("overdue").await.alert.told;
    assert!(told.iter().all(|told| told.rung > 1), "told is empty until somebody was: {told:?}");
    let words = world.last_words("@max");
    assert!(
        words.contains("Slack: 1 message") && words.contains("for ana") && words.contains("gapwatch outbox retry"),
        "{words}"
    );

    world.slack().refuse_messages("U0ANA", false);
    let given_up = reader(&world).given_up().unwrap();
    assert_eq!(given_up.len(), 1, "{given_up:#?}");
    wish(&mut world, "1", Wish::Resend { id: given_up[0].id.clone() }).await;
    assert_eq!(to(&world.sent(), "@ana"), 1);
    world.at("2026-03-16T10:30:00Z").run().await;
    world.later_by_minutes(11);
    world.run().await;
    let open = world.open().await;
    assert!(!open.iter().any(|gap| gap.starts_with("sys.delivery_failed")), "{open:#?}");
}

#[tokio::test]
async fn d20_a_channel_that_is_down_is_named_after_its_fourth_attempt_and_no_more_once_it_works() {
    let mut world = watched("[limits]\nrepeat = []\n").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    let trouble = |open: Vec<String>| open.iter().any(|gap| gap.starts_with("sys.delivery_failed"));
    for (moment, is_down) in [
        ("2026-03-16T09:00:00Z", false),
        ("2026-03-16T09:02:00Z", false),
        ("2026-03-16T09:09:00Z", false),
        ("2026-03-16T09:46:00Z", true),
    ] {
        world.at(moment).run().await;
        assert_eq!(trouble(world.open().await), is_down, "{moment}");
    }
    world.sim.heal();
    world.at("2026-03-16T10:30:00Z").run().await;
    world.later_by_minutes(11);
    world.run().await;
    assert!(!trouble(world.open().await));
    assert!(to(&world.sent(), "@ana") == 1, "and it was told at last");
}

#[tokio::test]
async fn whether_a_word_led_to_anything_is_counted_once_over_restarts() {
    let mut world = watched("[limits]\nrepeat = []\n").begin("2026-03-02T09:00:00Z").await;
    for nth in 1..=2 {
        let issue = world.github().issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
        issue.milestone("Spring", github_day("2026-03-12")).open();
    }
    world.at("2026-03-13T10:00:00Z").run().await;
    let counts = |world: &World| {
        let heeds = reader(world).heeds(gapwatch::rules::known).unwrap();
        let count = heeds.since(gapwatch::domain::finding::RuleId("overdue"), "2026-03-01".parse().unwrap());
        (count.told, count.acted, count.wrong)
    };
    assert_eq!(counts(&world), (0, 0, 0), "nothing is known yet");
    world.restart().await;
    world.github().close(REPO, 1, "ana-k", at("2026-03-13T12:00:00Z"), "completed");
    world.at("2026-03-13T12:05:00Z").run().await;
    world.later_by_minutes(11);
    world.run().await;
    assert_eq!(counts(&world), (1, 1, 0), "one ended");
    world.restart().await;
    for moment in ["2026-03-16T10:00:00Z", "2026-03-17T10:00:00Z", "2026-03-18T09:30:00Z", "2026-03-18T10:30:00Z"] {
        world.at(moment).run().await;
    }
    let (told, acted, wrong) = counts(&world);
    assert_eq!((acted, wrong), (1, 0));
    assert!(told >= 2, "of the other nothing came within three working days: {told}");
}
