//! The later life of a gap on every tracker: by whose doing it is over, that it is back, and whose it is by now.

use super::HOSTED;
use super::story::{heard, until_tuesday};
use crate::contract::trackers::{ALL, Tracker};
use crate::world::World;

/// What somebody was answered in threads, all of it.
fn threads(world: &World, channel_of: &str) -> String {
    let messages = world.slack().messages();
    let theirs = messages.iter().filter(|message| message.ours && message.thread_ts.is_some());
    let theirs = theirs.filter(|message| message.text.contains(channel_of));
    theirs.map(|message| message.text.clone()).collect::<Vec<_>>().join("\n---\n")
}

fn move_date(tracker: Tracker, world: &World, key: &str) {
    if HOSTED.contains(&tracker) {
        tracker.due_at(world, key, "2026-03-31T17:00:00Z");
    } else {
        tracker.due(world, key, "2026-03-31");
    }
}

/// The task is late, and Ana was told.
async fn told(tracker: Tracker) -> (World, String) {
    let (mut world, key) = until_tuesday(tracker).await;
    let said = heard(&mut world, "2026-03-10T09:40:00Z", 5).await;
    assert!(said.contains("slack @ana: "), "{tracker:?}: {said}");
    (world, key)
}

#[tokio::test]
async fn whoever_closed_it_or_moved_its_date_is_named_and_what_nobody_did_is_nobodys() {
    for tracker in ALL {
        let (mut world, key) = told(tracker).await;
        tracker.finish(&world, &key, "max");
        heard(&mut world, "2026-03-10T10:30:00Z", 5).await;
        let words = world.last_words("@ana");
        assert!(words.contains("Max W. closed it"), "{tracker:?}: {words}");
        let thread = threads(&world, "Max W. closed it");
        assert!(thread.contains("Noticed") && thread.contains("open for"), "{tracker:?}: {thread}");
        let ours = tracker.our_comments(&world, &key);
        assert!(ours.iter().any(|words| words.contains("closed it")), "{tracker:?}: {ours:?}");

        let (mut world, key) = told(tracker).await;
        move_date(tracker, &world, &key);
        heard(&mut world, "2026-03-10T10:30:00Z", 5).await;
        let words = world.last_words("@ana");
        assert!(words.contains("Max W. moved its date by 1"), "{tracker:?}: {words}");
    }
}

#[tokio::test]
async fn what_is_open_again_says_when_it_was_resolved() {
    for tracker in ALL {
        let (mut world, key) = told(tracker).await;
        tracker.finish(&world, &key, "ana");
        heard(&mut world, "2026-03-10T10:30:00Z", 5).await;
        world.at("2026-03-12T09:00:00Z");
        tracker.reopen(&world, &key, "max");
        let said = heard(&mut world, "2026-03-13T12:00:00Z", 20).await;
        let words = world.last_words("@ana");
        assert!(words.contains("It was resolved Tue 10 Mar and is open again."), "{tracker:?}: {words}\n{said}");
    }
}

#[tokio::test]
async fn whoever_gave_it_away_reads_so_and_hears_no_more_of_it() {
    for tracker in ALL {
        let (mut world, key) = told(tracker).await;
        tracker.give(&world, &key, "ana", "tom");
        let said = heard(&mut world, "2026-03-10T11:00:00Z", 5).await;
        assert!(said.contains("edited slack @ana: ● "), "{tracker:?}: {said}");
        let words = world.last_words("@ana");
        assert!(words.to_lowercase().contains("handed to tom"), "{tracker:?}: {words}");
        assert!(words.contains(" on Tue 10 Mar; nothing for you to do"), "{tracker:?}: {words}");
        let said = heard(&mut world, "2026-03-17T12:00:00Z", 60).await;
        assert!(!said.contains("slack @ana"), "{tracker:?}: {said}");
        tracker.finish(&world, &key, "tom");
        let said = heard(&mut world, "2026-03-17T13:30:00Z", 5).await;
        assert!(!said.contains("slack @ana (thread)"), "{tracker:?}: {said}");
        assert!(world.last_words("@ana").contains("Resolved"), "{tracker:?}: {}", world.last_words("@ana"));
    }
}
