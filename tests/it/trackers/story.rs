//! The whole way of a gap: found, told to its owner, told to the manager if it stays, told as resolved to both.

use jiff::SignedDuration;

use super::HOSTED;
use crate::contract::trackers::Tracker;
use crate::world::World;

/// Ana's task of Max's, due on a Monday evening; looked at every so many minutes until Tuesday morning.
pub(super) async fn until_tuesday(tracker: Tracker) -> (World, String) {
    let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
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

#[tokio::test]
async fn the_owner_hears_within_the_poll_acts_and_hears_the_end() {
    for tracker in HOSTED {
        let (mut world, key) = until_tuesday(tracker).await;
        world.sent();
        let said = heard(&mut world, "2026-03-10T09:06:00Z", 2).await;
        println!("{tracker:?}\n{said}");
        assert_eq!(said.matches("slack @ana: ").count(), 1, "{tracker:?}: {said}");
        assert_eq!(said.matches("comment Send the offer: ").count(), 1, "{tracker:?}: {said}");
        assert!(said.contains("⬣ “Send the offer” is past its date"), "{tracker:?}: {said}");
        let quiet = heard(&mut world, "2026-03-10T09:40:00Z", 2).await;
        assert_eq!(quiet, "", "{tracker:?}: further polls say nothing");
        tracker.finish(&world, &key, "ana");
        let end = heard(&mut world, "2026-03-10T10:30:00Z", 2).await;
        println!("{end}");
        assert!(end.contains("slack @ana (thread): ● "), "{tracker:?}: {end}");
        assert_eq!(end.matches("edited comment Send the offer: ").count(), 1, "{tracker:?}: {end}");
        let ours = tracker.our_comments(&world, &key);
        assert!(ours.len() == 1 && ours[0].contains("resolved"), "{tracker:?}: {ours:?}");
        assert_eq!(world.open().await, [""; 0], "{tracker:?}");
    }
}

#[tokio::test]
async fn the_manager_hears_when_the_owner_stays_silent_and_both_hear_the_end() {
    for tracker in HOSTED {
        let (mut world, key) = until_tuesday(tracker).await;
        world.sent();
        let said = heard(&mut world, "2026-03-12T18:00:00Z", 15).await;
        println!("{tracker:?}\n{said}");
        let (ana, max) = (said.find("slack @ana"), said.find("slack @max"));
        assert!(ana.is_some() && ana < max, "{tracker:?}: the owner first: {said}");
        tracker.finish(&world, &key, "ana");
        let end = heard(&mut world, "2026-03-13T12:00:00Z", 15).await;
        println!("{end}");
        for who in ["@ana", "@max"] {
            let told = end.lines().any(|line| line.contains(who) && line.contains("resolved"));
            assert!(told, "{tracker:?} {who}: {end}");
        }
        assert_eq!(world.open().await, [""; 0], "{tracker:?}");
    }
}
