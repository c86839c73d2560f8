//! Words that are answered, words that need not be said any more, and answers that are forgotten; on every tracker.

use jiff::SignedDuration;

use crate::contract::trackers::{ALL, Tracker};
use crate::world::{World, at};

/// Words are repeated as they usually are.
const REPEATS: &str = "[limits]\nrepeat = [1, 3, 7, 15]\n";

/// Messages of their own to somebody, without answers in threads.
fn to<'s>(who: &str, sent: &'s [String]) -> Vec<&'s String> {
    sent.iter().filter(|sent| sent.starts_with(&format!("slack @{who}:"))).collect()
}

/// Everything that is sent until a moment, read every so many minutes.
async fn until(world: &mut World, moment: &str, minutes: i64) -> Vec<String> {
    let mut sent = Vec::new();
    while world.now() < at(moment) {
        world.later(SignedDuration::from_mins(minutes)).run().await;
        sent.extend(world.sent());
    }
    sent
}

/// Ana's task, in her hands since Monday and due the Monday after.
async fn due_on_monday(tracker: Tracker, more: &str) -> (World, String) {
    let mut world = tracker.plan().more(more).begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Send the offer", Some("ana"));
    tracker.due(&world, &key, "2026-03-09");
    world.run().await;
    world.at("2026-03-04T10:00:00Z");
    tracker.start(&world, &key, "ana");
    world.run().await;
    world.sent();
    (world, key)
}

#[tokio::test]
async fn d02_an_answer_silences_the_rule_for_three_working_days_and_a_failure_speaks() {
    for tracker in ALL {
        let more = "[limits]\nrepeat = [1, 3, 7, 15]\n[rules.stalled]\nidle_3d = \"1 workday\"\nidle_7d = \"1 workday\"\nidle_0d = \"1 workday\"\n";
        let mut world = tracker.plan().more(more).begin("2026-03-02T09:00:00Z").await;
        let key = tracker.task(&world, "Send the offer", Some("ana"));
        tracker.due(&world, &key, "2026-03-19");
        world.run().await;
        world.at("2026-03-04T10:00:00Z");
        tracker.start(&world, &key, "ana");
        world.run().await;
        world.sent();
        let first = until(&mut world, "2026-03-16T12:00:00Z", 240).await;
        let stalled = |sent: &[String]| to("ana", sent).iter().any(|sent| sent.contains("not moved"));
        assert!(stalled(&first), "{tracker:?}: {first:#?}");
        tracker.comment(&world, &key, "ana", "the client has it");
        let quiet = until(&mut world, "2026-03-18T17:00:00Z", 150).await;
        assert!(!stalled(&quiet), "{tracker:?}: it does not move again, and she is not asked: {quiet:#?}");
        let open = world.open().await;
        assert!(open.iter().any(|gap| gap.starts_with("stalled ")), "{tracker:?}: the condition holds: {open:#?}");
        world.at("2026-03-19T12:30:00Z");
        tracker.comment(&world, &key, "ana", "tomorrow");
        let failed = until(&mut world, "2026-03-20T10:00:00Z", 60).await;
        let late = to("ana", &failed).into_iter().filter(|sent| sent.contains("past its date"));
        assert_eq!(late.count(), 1, "{tracker:?}: whatever was answered: {failed:#?}");
    }
}

#[tokio::test]
async fn d03_what_is_over_before_it_settled_is_never_said_and_what_was_said_ends_once() {
    for tracker in ALL {
        let (mut world, key) =
            due_on_monday(tracker, "[rules.churn.reopened]\nenabled = false\n[rules.stalled]\nenabled = false\n").await;
        world.at("2026-03-09T12:00:00Z");
        tracker.finish(&world, &key, "max");
        world.run().await;
        world.at("2026-03-10T10:00:00Z");
        tracker.reopen(&world, &key, "max");
        let mut sent = until(&mut world, "2026-03-10T10:08:00Z", 2).await;
        let open = world.open().await;
        assert!(open.iter().any(|gap| gap.starts_with("overdue ")), "{tracker:?}: it is in sight at once: {open:#?}");
        tracker.finish(&world, &key, "max");
        sent.extend(until(&mut world, "2026-03-10T11:00:00Z", 4).await);
        assert_eq!(sent, [""; 0], "{tracker:?}: and nobody was told");
        tracker.reopen(&world, &key, "max");
        let told = until(&mut world, "2026-03-10T11:30:00Z", 4).await;
        assert_eq!(to("ana", &told).len(), 1, "{tracker:?}: {told:#?}");
        tracker.finish(&world, &key, "max");
        let end = until(&mut world, "2026-03-10T13:00:00Z", 4).await;
        let threads: Vec<&String> = end.iter().filter(|sent| sent.contains("(thread)")).collect();
        assert_eq!(threads.len(), 1, "{tracker:?}: {end:#?}");
        assert!(threads[0].starts_with("slack @ana (thread): ● "), "{tracker:?}: {end:#?}");
        assert!(!end.iter().any(|sent| sent.contains("@max")), "{tracker:?}: who never heard of it: {end:#?}");
    }
}

#[tokio::test]
async fn d22_who_said_on_it_and_forgot_is_asked_after_three_days_and_it_counts_for_one_more() {
    for tracker in ALL {
        let (mut world, key) = due_on_monday(tracker, &format!("{REPEATS}[rules.stalled]\nenabled = false\n")).await;
        world.at("2026-03-10T08:00:00Z");
        let told = until(&mut world, "2026-03-10T10:00:00Z", 30).await;
        assert_eq!(to("ana", &told).len(), 1, "{tracker:?}: {told:#?}");
        tracker.comment(&world, &key, "ana", "/gapwatch on it");
        let quiet = until(&mut world, "2026-03-13T09:00:00Z", 60).await;
        assert_eq!((to("ana", &quiet).len(), to("max", &quiet).len()), (0, 0), "{tracker:?}: {quiet:#?}");
        let asked = until(&mut world, "2026-03-13T16:00:00Z", 60).await;
        let threads = asked.iter().filter(|sent| sent.starts_with("slack @ana (thread)")).count();
        assert_eq!(threads, 1, "{tracker:?}: does it still hold? {asked:#?}");
        assert!(!asked.iter().any(|sent| sent.contains("@max")), "{tracker:?}: {asked:#?}");
        let open = world.gap("overdue").await;
        let counts = |said: &gapwatch::domain::said::Said| !said.lapsed;
        assert!(open.alert.said.as_deref().is_some_and(counts), "{tracker:?}: it counts for one more working day");
        let later = until(&mut world, "2026-03-17T12:00:00Z", 90).await;
        let open = world.gap("overdue").await;
        assert!(!open.alert.said.as_deref().is_some_and(counts), "{tracker:?}: and is forgotten");
        assert_eq!(to("max", &later).len(), 1, "{tracker:?}: so who leads her hears: {later:#?}");
    }
}

#[tokio::test]
async fn who_does_nothing_is_told_once_more_in_the_message_of_the_day_and_never_by_a_comment() {
    for tracker in ALL {
        let more = format!("{REPEATS}[rules.stalled]\nenabled = false\n");
        let (mut world, key) = due_on_monday(tracker, &more).await;
        world.at("2026-03-10T08:00:00Z").run().await;
        let mut days = Vec::new();
        while world.now() < at("2026-04-03T17:00:00Z") {
            world.later(SignedDuration::from_mins(150)).run().await;
            let sent = world.sent();
            let day = world.now().to_string()[5..10].to_owned();
            days.extend(to("ana", &sent).iter().map(|_| day.clone()));
            let comments = sent.iter().filter(|sent| sent.starts_with("comment ")).count();
            assert!(comments == 0 || day == "03-10", "{tracker:?}: {sent:#?}");
        }
        assert_eq!(days, ["03-10", "03-11", "03-13", "03-19", "03-31"], "{tracker:?}");
        let words = world.last_words("@ana");
        assert!(words.contains("First told Tue 10 Mar."), "{tracker:?}: {words}");
        tracker.finish(&world, &key, "max");
        let end = until(&mut world, "2026-04-06T13:00:00Z", 240).await;
        let threads = end.iter().filter(|sent| sent.starts_with("slack @ana (thread)")).count();
        assert_eq!(threads, 1, "{tracker:?}: {end:#?}");
    }
}
