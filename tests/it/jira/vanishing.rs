//! What vanishes from Jira: moved, deleted, hidden, archived, all at once. Jira tells a deleted issue from a hidden one nowhere,
//! so neither is ever called deleted, nor resolved.

use connector_simulator::jira::IssueDraft;
use gapwatch::domain::alert::Ending;
use gapwatch::store::FailureKind;
use jiff::SignedDuration;
use jiff::civil::date;

use super::faults::{EDITIONS, plan, watch};
use crate::lab::rows;
use crate::world::{Edition, World};

/// Ana's issue, past its date, of which she has been told.
async fn overdue(edition: Edition, lines: &str) -> World {
    let plan = plan(edition, lines).messages("backlog = \"tell\"\nwork_hours_only = false");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    world.jira().project("OPS", "Operations");
    let late = IssueDraft { assignee: Some("ana".to_owned()), due: Some(date(2026, 3, 6)), ..IssueDraft::new("Offer") };
    world.jira().issue("WEB", late);
    world.run().await;
    world.at("2026-03-06T12:00:00Z");
    world.jira().comment("WEB-1", "still wanted", "max");
    world.at("2026-03-06T19:00:00Z").run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣ WEB-1 is past its date")), "{sent:#?}");
    world
}

/// Past the next count of every project.
async fn counted(world: &mut World) {
    world.later(SignedDuration::from_hours(37)).run().await;
}

/// Nobody hears of an end, and nothing is called gone.
async fn nobody_hears_of_an_end(world: &mut World, why: &str) {
    let sent = world.sent();
    let ends = |sent: &&String| sent.contains("esolved") || sent.contains("deleted") || sent.contains("moved away");
    let ends: Vec<_> = sent.iter().filter(|sent| !sent.contains("#ops")).filter(ends).collect();
    assert!(ends.is_empty(), "{why}: {ends:#?}");
    assert_eq!(rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL"), [""; 0], "{why}");
}

#[tokio::test]
async fn an_issue_that_moved_into_another_project_stays_the_same_one_under_its_new_key() {
    for edition in EDITIONS {
        let mut world = overdue(edition, "").await;
        world.later(SignedDuration::from_mins(10));
        let key = world.jira().move_to("WEB-1", "OPS");
        world.later(SignedDuration::from_mins(2)).run().await;
        assert_eq!(rows(&world.store(), "SELECT key FROM tasks"), [key.as_str()], "{edition:?}");
        counted(&mut world).await;
        let gap = world.gap("overdue").await;
        assert_eq!((gap.alert.episode, gap.name.unwrap().key), (1, key), "{edition:?}");
        nobody_hears_of_an_end(&mut world, &format!("{edition:?}")).await;
        let other = world.jira().move_to("OPS-1", "WEB");
        world.later(SignedDuration::from_mins(2)).run().await;
        assert_eq!(rows(&world.store(), "SELECT key FROM tasks"), [other.as_str()], "{edition:?}: and back");
    }
}

#[tokio::test]
async fn an_issue_that_moved_into_a_project_that_is_not_watched_is_never_called_gone_or_resolved() {
    for edition in EDITIONS {
        let mut world = overdue(edition, "projects = [\"WEB\"]\n").await;
        world.jira().move_to("WEB-1", "OPS");
        world.later(SignedDuration::from_mins(2)).run().await;
        counted(&mut world).await;
        counted(&mut world).await;
        let ending = world.gap("overdue").await.alert.ending;
        assert_eq!(ending, Some(Ending::NoLongerWatched), "{edition:?}");
        assert!(world.sent().iter().all(|sent| !sent.contains("esolved") && !sent.contains("deleted")), "{edition:?}");
    }
}

#[tokio::test]
async fn an_issue_that_was_deleted_or_hidden_is_told_to_the_operators_and_never_called_gone() {
    type Deed = fn(&World);
    let deeds: [(&str, Deed); 2] = [
        ("deleted", |world| world.jira().delete("WEB-1")),
        ("under a security level", |world| world.jira().security("WEB-1", true)),
    ];
    for edition in EDITIONS {
        for (what, deed) in deeds {
            let why = format!("{edition:?} {what}");
            let mut world = overdue(edition, "").await;
            world.jira().issue("WEB", IssueDraft::new("Another one"));
            deed(&world);
            world.later(SignedDuration::from_mins(10)).run().await;
            assert_eq!(world.sent(), Vec::<String>::new(), "{why}: no list tells");
            counted(&mut world).await;
            let open = world.open().await;
            assert!(open.iter().any(|gap| gap.contains("overdue") && gap.contains("not_visible")), "{why}: {open:?}");
            world.later(SignedDuration::from_hours(25)).run().await;
            let sent = world.sent();
            assert!(
                sent.iter().any(|sent| sent.starts_with("slack #ops: ■ jira.acme hides 1 task")),
                "{why}: {sent:#?}"
            );
            counted(&mut world).await;
            nobody_hears_of_an_end(&mut world, &why).await;
        }
    }
}

#[tokio::test]
async fn an_issue_that_is_shown_again_goes_on_where_it_was() {
    for edition in EDITIONS {
        let mut world = overdue(edition, "").await;
        world.jira().security("WEB-1", true);
        counted(&mut world).await;
        world.jira().security("WEB-1", false);
        counted(&mut world).await;
        world.later(SignedDuration::from_mins(16)).run().await;
        let gap = world.gap("overdue").await;
        assert_eq!((gap.alert.episode, gap.alert.withheld), (1, None), "{edition:?}");
        world.jira().status("WEB-1", "Done", "ana");
        world.later(SignedDuration::from_mins(16)).run().await;
        world.later(SignedDuration::from_mins(16)).run().await;
        assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::Resolved), "{edition:?}");
    }
}

#[tokio::test]
async fn a_project_that_is_hidden_or_archived_takes_nothing_away_and_comes_back() {
    type Deed = fn(&World, bool);
    let deeds: [(&str, Deed); 2] = [
        ("hidden", |world, on| world.jira().hide("WEB", on)),
        ("archived", |world, on| world.jira().archive("WEB", on)),
    ];
    for edition in EDITIONS {
        for lines in ["", "projects = [\"WEB\"]\n", "projects = [\"WEB\", \"OPS\"]\n"] {
            for (what, deed) in deeds {
                let why = format!("{edition:?} {lines:?} {what}");
                let mut world = overdue(edition, lines).await;
                world.jira().issue("OPS", IssueDraft::new("Elsewhere"));
                world.later(SignedDuration::from_mins(10)).run().await;
                world.sent();
                deed(&world, true);
                for _ in 0..3 {
                    counted(&mut world).await;
                }
                nobody_hears_of_an_end(&mut world, &why).await;
                let state = world.gap("overdue").await.alert.ending;
                // Where nobody named it, a project that no list shows has left the selection.
                let ought = (lines.is_empty() || what == "archived").then_some(Ending::NoLongerWatched);
                assert_eq!(state, ought, "{why}");
                deed(&world, false);
                counted(&mut world).await;
                world.later(SignedDuration::from_hours(2)).run().await;
                world.jira().rename("WEB-1", "Offer, again", "ana");
                world.later(SignedDuration::from_mins(5)).run().await;
                assert!(world.store_titles().contains(&"Offer, again".to_owned()), "{why}: {:?}", world.store_titles());
            }
        }
    }
}

#[tokio::test]
async fn one_project_that_is_hidden_does_not_hold_back_the_others() {
    for edition in EDITIONS {
        for lines in ["", "projects = [\"WEB\", \"OPS\"]\n"] {
            let why = format!("{edition:?} {lines:?}");
            let mut world = overdue(edition, lines).await;
            world.jira().issue("OPS", IssueDraft::new("Elsewhere"));
            world.later(SignedDuration::from_mins(10)).run().await;
            world.jira().hide("WEB", true);
            world.later(SignedDuration::from_mins(2)).poll().await;
            world.jira().rename("OPS-1", "Elsewhere, again", "max");
            for _ in 0..10 {
                world.later(SignedDuration::from_mins(2)).poll().await;
            }
            assert!(world.store_titles().contains(&"Elsewhere, again".to_owned()), "{why}: {:?}", world.store_titles());
        }
    }
}

#[tokio::test]
async fn half_of_a_project_that_is_gone_at_once_holds_it() {
    for edition in EDITIONS {
        let plan = plan(edition, "").messages("backlog = \"tell\"\nwork_hours_only = false");
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        for nth in 0..60 {
            let made = "2026-01-05T09:00:00Z".parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(nth);
            world.jira().at(made).issue("WEB", IssueDraft::new(&format!("Plain {nth}")));
        }
        world.run().await;
        world.sent();
        for number in 1..=30 {
            world.jira().delete(&format!("WEB-{number}"));
        }
        counted(&mut world).await;
        let hold = "SELECT hold FROM containers WHERE hold IS NOT NULL";
        assert_eq!(rows(&world.store(), hold), ["missing"], "{edition:?}");
        let sent = world.sent();
        assert_eq!(sent.len(), 1, "{edition:?}: {sent:#?}");
        assert!(sent[0].starts_with("slack #ops: ") && sent[0].contains("WEB"), "{edition:?}: {sent:#?}");
        nobody_hears_of_an_end(&mut world, &format!("{edition:?}")).await;
    }
}

#[tokio::test]
async fn a_project_of_the_configuration_that_is_not_there_is_told_and_the_others_are_read() {
    for edition in EDITIONS {
        let lines = "projects = [\"WEB\", \"TYPO\"]\n";
        let mut world = plan(edition, lines).begin("2026-03-02T09:00:00Z").await;
        world.jira().issue("WEB", IssueDraft::new("One"));
        world.run().await;
        assert_eq!(world.store_titles(), ["One"], "{edition:?}");
        world.jira().issue("WEB", IssueDraft::new("Two"));
        watch(&mut world, "2026-03-02T09:10:00Z").await;
        assert_eq!(world.store_titles(), ["One", "Two"], "{edition:?}");

        let mut world = plan(edition, "projects = [\"TYPO\"]\n").begin("2026-03-02T09:00:00Z").await;
        watch(&mut world, "2026-03-02T09:30:00Z").await;
        let (kind, what) = world.connection().await.failure.unwrap();
        assert_eq!(kind, FailureKind::NotVisible, "{edition:?}");
        assert!(format!("{what:?}").contains("TYPO"), "{edition:?}: {what:?}");
        assert!(world.sent().iter().any(|sent| sent.starts_with("slack #ops: ■ jira.acme")), "{edition:?}");
    }
}
