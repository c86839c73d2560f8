//! The whole way of a gap: found, told to its owner, told to the manager if it stays, told as resolved to both.

use jiff::SignedDuration;

use super::HOSTED;
use crate::contract::trackers::{ALL, Tracker};
use crate::world::World;

/// Ana's task of Max's, due on a Monday evening; looked at every so many minutes until Tuesday morning.
pub(super) async fn until_tuesday(tracker: Tracker) -> (World, String) {
    let plan = tracker.plan().more("[rules.stalled]\nenabled = false\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Send the offer", Some("ana"));
    world.run().await;
    world.at("2026-03-02T10:00:00Z");
    if HOSTED.contains(&tracker) {
        tracker.due_at(&world, &key, "2026-03-09T17:00:00Z");
    } else {
        tracker.due(&world, &key, "2026-03-09");
    }
    world.at("2026-03-06T15:00:00Z");
    tracker.comment(&world, &key, "ana", "nearly there");
    world.run().await;
    world.at("2026-03-09T16:58:00Z").run().await;
    (world, key)
}

/// Everything that is said until this moment, polled as the daemon does every so many minutes.
pub(super) async fn heard(world: &mut World, until: &str, minutes: i64) -> String {
    let mut said = Vec::new();
    while world.now() < crate::world::at(until) {
        world.later(SignedDuration::from_mins(minutes)).poll().await;
        said.extend(world.sent());
    }
    said.join("\n")
}

/// What people call the task: by its title where the tool has no keys that they know.
fn called(tracker: Tracker, key: &str) -> String {
    if HOSTED.contains(&tracker) { "“Send the offer”".to_owned() } else { key.to_owned() }
}

/// Comments that were made, or edited, in what was sent.
fn comments(said: &str, did: &str) -> usize {
    said.lines().filter(|line| line.starts_with(&format!("{did}comment "))).count()
}

#[tokio::test]
async fn the_owner_hears_within_the_poll_acts_and_hears_the_end() {
    for tracker in ALL {
        let (mut world, key) = until_tuesday(tracker).await;
        world.sent();
        let said = heard(&mut world, "2026-03-10T09:06:00Z", 2).await;
        println!("{tracker:?}\n{said}");
        assert_eq!(said.matches("slack @ana: ").count(), 1, "{tracker:?}: {said}");
        assert_eq!(comments(&said, ""), 1, "{tracker:?}: {said}");
        let late = format!("⬣ {} is past its date", called(tracker, &key));
        assert!(said.contains(&late), "{tracker:?}: {said}");
        let quiet = heard(&mut world, "2026-03-10T09:40:00Z", 2).await;
        assert_eq!(quiet, "", "{tracker:?}: further polls say nothing");
        tracker.finish(&world, &key, "ana");
        let end = heard(&mut world, "2026-03-10T10:30:00Z", 2).await;
        println!("{end}");
        assert!(end.contains("slack @ana (thread): ● "), "{tracker:?}: {end}");
        assert_eq!((comments(&end, ""), comments(&end, "edited ")), (0, 1), "{tracker:?}: {end}");
        let ours = tracker.our_comments(&world, &key);
        assert!(ours.len() == 1 && ours[0].contains("resolved"), "{tracker:?}: {ours:?}");
        assert_eq!(world.open().await, [""; 0], "{tracker:?}: who leads her finds it resolved");
        let later = heard(&mut world, "2026-03-13T12:00:00Z", 60).await;
        assert!(!later.contains("@max"), "{tracker:?}: and never had to hear of it: {later}");
    }
}

#[tokio::test]
async fn the_manager_hears_when_the_owner_stays_silent_and_both_hear_the_end() {
    for tracker in ALL {
        let (mut world, key) = until_tuesday(tracker).await;
        world.sent();
        let said = heard(&mut world, "2026-03-11T17:58:00Z", 15).await;
        println!("{tracker:?}\n{said}");
        let (ana, max) = (said.find("slack @ana"), said.find("slack @max"));
        assert!(
            ana.is_some() && ana < max,
            "{tracker:?}: the owner first, who leads her on the next working day: {said}"
        );
        let words = world.last_words("@max");
        assert!(words.contains("was told Tue 10 Mar"), "{tracker:?}: {words}");
        tracker.finish(&world, &key, "ana");
        let end = heard(&mut world, "2026-03-12T12:00:00Z", 15).await;
        println!("{end}");
        for who in ["@ana", "@max"] {
            let threads = end.lines().filter(|line| line.starts_with(&format!("slack {who} (thread): ● ")));
            assert_eq!(threads.count(), 1, "{tracker:?} {who}: {end}");
        }
        assert_eq!(world.open().await, [""; 0], "{tracker:?}");
    }
}
