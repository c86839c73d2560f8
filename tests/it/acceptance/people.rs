//! Working time, and people who are not there.

use super::graph::TOM;
use crate::contract::trackers::ALL;
use crate::pipeline::{lives, plant};
use crate::world::{PEOPLE, REPO, World, at};

/// Ana, with these lines of her own, works for Max.
fn people(of_ana: &str) -> String {
    format!(
        "[people.ana]\nname = \"Ana K.\"\nmanager = \"max\"\ntz = \"Etc/UTC\"\n{of_ana}\n\
         also = {{ github = \"ana-k\", slack = \"U0ANA\" }}\n\
         [people.max]\nname = \"Max W.\"\ntz = \"Etc/UTC\"\nalso = {{ github = \"max-w\", slack = \"U0MAX\" }}\n\
         [calendars.closed]\ntz = \"Etc/UTC\"\nholidays = [\"2026-03-16\"]\n"
    )
}

/// Of what was sent since the last call what Max was told of a date that passed.
fn to_max(world: &mut World) -> Vec<String> {
    let late = |sent: &String| sent.starts_with("slack @max") && sent.contains("past its date");
    world.sent().into_iter().filter(late).collect()
}

#[tokio::test]
async fn d05_one_working_day_after_friday_afternoon_is_monday_afternoon_holidays_and_part_time_honoured() {
    for (of_ana, told, quiet, hears) in [
        ("", "2026-03-13T16:00:00Z", "2026-03-16T15:58:00Z", "2026-03-16T16:02:00Z"),
        ("calendar = \"closed\"", "2026-03-13T16:00:00Z", "2026-03-17T15:58:00Z", "2026-03-17T16:02:00Z"),
        ("capacity = \"20h/week\"", "2026-03-13T12:00:00Z", "2026-03-16T11:58:00Z", "2026-03-16T12:02:00Z"),
        ("away = [\"2026-03-16\"]", "2026-03-13T16:00:00Z", "2026-03-17T15:58:00Z", "2026-03-17T16:02:00Z"),
    ] {
        let mut world = World::plan().people(&people(of_ana)).begin("2026-03-02T09:00:00Z").await;
        plant(&mut world, 9, "2026-03-12").await;
        lives(&world, "2026-03-12T10:00:00Z");
        world.at(told).run().await;
        let first = world.sent();
        assert!(
            first.iter().any(|sent| sent.starts_with("slack @ana") && sent.contains("past its date")),
            "{first:#?}"
        );
        world.at(quiet).run().await;
        assert_eq!(to_max(&mut world), [""; 0], "{of_ana}");
        world.at(hears).run().await;
        let said = to_max(&mut world);
        assert_eq!(said.len(), 1, "{of_ana}: {said:#?}");
        assert!(said[0].contains("working day"), "{said:#?}");
    }
}

#[tokio::test]
async fn d21_whoever_is_away_is_not_written_to_and_their_deputy_hears() {
    let people = people("deputy = \"max\"\naway = [\"2026-03-12..2026-03-20\"]");
    let mut world = World::plan().people(&people).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-12").await;
    world.sent();
    world.at("2026-03-13T10:00:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @max") && sent.contains("past its date")), "{sent:#?}");
    assert!(!sent.iter().any(|sent| sent.starts_with("slack @ana")), "{sent:#?}");
}

#[tokio::test]
async fn d21_whoever_left_leaves_one_list_to_their_manager() {
    let mut world = World::plan().people(&people("")).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-05-29").await;
    assert_eq!(world.github().issue(REPO, "Another").by("max-w").assignee("ana-k").open(), 2);
    lives(&world, "2026-03-04T11:00:00Z");
    world.at("2026-03-05T09:00:00Z").run().await;
    let gone = |open: &[String]| open.iter().filter(|gap| gap.starts_with("owner.gone ")).count();
    assert_eq!(gone(&world.open().await), 0);
    world.github().comment_as(REPO, 2, "max-w", "any news?", at("2026-04-02T08:00:00Z"));
    world.at("2026-04-02T09:00:00Z").run().await;
    world.at("2026-04-02T09:30:00Z").run().await;
    assert_eq!(gone(&world.open().await), 1, "{:#?}", world.open().await);
    let gap = world.gap("owner.gone").await;
    assert!(gap.summary.contains("2 open tasks: acme/web#1, acme/web#2"), "{}", gap.summary);
    assert_eq!(gap.alert.told.len(), 1, "one list: {:#?}", gap.alert.told);
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @max") && sent.contains("Ana K.")), "{sent:#?}");
}

#[tokio::test]
async fn d21_on_every_tracker_the_deputy_of_whoever_is_away_hears() {
    for tracker in ALL {
        let away = "manager = \"max\"\ndeputy = \"tom\"\naway = [\"2026-03-12..2026-03-20\"]";
        let people = format!("{}{TOM}", PEOPLE.replacen("manager = \"max\"", away, 1));
        let mut world = tracker.plan().people(&people).begin("2026-03-02T09:00:00Z").await;
        world.slack().user("U0TOM", "tom@example.org", "Tom B.", "Etc/UTC");
        let key = tracker.task(&world, "Send the offer", Some("ana"));
        tracker.due(&world, &key, "2026-03-12");
        world.run().await;
        world.at("2026-03-04T10:00:00Z");
        tracker.start(&world, &key, "ana");
        world.run().await;
        world.at("2026-03-11T16:55:00Z").run().await;
        world.sent();
        world.run_until("2026-03-13T12:00:00Z", 60).await;
        let sent = world.sent();
        let late = |to: &str| sent.iter().any(|one| one.starts_with(to) && one.contains("past its date"));
        assert!(late("slack @U0TOM"), "{tracker:?}: {sent:#?}");
        assert!(!sent.iter().any(|one| one.starts_with("slack @ana")), "{tracker:?}: {sent:#?}");
        let words = world.last_words("@U0TOM");
        assert!(words.contains("in the place of Ana K."), "{tracker:?}: {words}");
    }
}

#[tokio::test]
async fn d21_on_every_tracker_whoever_left_leaves_one_list_to_their_manager() {
    for tracker in ALL {
        let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
        let keys: Vec<String> =
            ["Send the offer", "Order the paper"].map(|title| tracker.task(&world, title, Some("ana"))).into();
        world.run().await;
        world.at("2026-03-04T11:00:00Z");
        tracker.comment(&world, &keys[0], "ana", "begun");
        world.run().await;
        world.at("2026-03-05T09:00:00Z").run().await;
        let gone = |open: &[String]| open.iter().filter(|gap| gap.starts_with("owner.gone ")).count();
        assert_eq!(gone(&world.open().await), 0, "{tracker:?}");
        world.sent();
        world.at("2026-04-02T08:00:00Z");
        tracker.comment(&world, &keys[1], "max", "any news?");
        world.at("2026-04-02T09:00:00Z").run().await;
        world.at("2026-04-02T09:30:00Z").run().await;
        assert_eq!(gone(&world.open().await), 1, "{tracker:?}: {:#?}", world.open().await);
        let gap = world.gap("owner.gone").await;
        assert!(gap.summary.contains("2 open tasks: "), "{tracker:?}: {}", gap.summary);
        assert_eq!(gap.alert.told.len(), 1, "{tracker:?}: one list: {:#?}", gap.alert.told);
        let sent = world.sent();
        assert!(
            sent.iter().any(|one| one.starts_with("slack @max") && one.contains("Ana K.")),
            "{tracker:?}: {sent:#?}"
        );
    }
}
