//! Cards that are deleted or leave, and boards that for a while do not say what their lists are.

use connector_simulator::Fault;
use connector_simulator::trello::CardDraft;

use crate::contract::trackers::Tracker::Trello;
use crate::lab::rows;
use crate::trackers::faults::{FOR_EVER, LATE, SECOND, late, nothing_is_lost, troubled, watch};
use crate::world::World;

fn gone(world: &World) -> Vec<String> {
    rows(&world.store(), "SELECT title FROM tasks WHERE gone_at IS NOT NULL")
}

#[tokio::test]
async fn a_deleted_card_is_gone_with_the_next_polls() {
    let (mut world, keys) = troubled(Trello).await;
    Trello.delete(&world, &keys[0]);
    watch(&mut world, "2026-03-16T11:10:00Z").await;
    assert_eq!(gone(&world), ["Redesign homepage"]);
    assert_eq!(late(&world).await, [""; 0]);
    world.later_by_minutes(20);
    watch(&mut world, "2026-03-16T12:30:00Z").await;
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.starts_with("comment Redesign")), "{sent:#?}");
    assert_eq!(late(&world).await, [SECOND]);
}

#[tokio::test]
async fn a_card_that_was_deleted_while_nobody_looked_is_gone_as_well() {
    let (mut world, keys) = troubled(Trello).await;
    world.stop().await;
    Trello.delete(&world, &keys[0]);
    world.at("2026-03-16T11:40:00Z").start();
    watch(&mut world, "2026-03-16T11:50:00Z").await;
    assert_eq!(gone(&world), ["Redesign homepage"]);
    assert_eq!(late(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_card_that_moved_out_of_reach_is_not_called_late_any_more_and_comes_back() {
    let (mut world, keys) = troubled(Trello).await;
    let trello = world.sim.trello();
    trello.board("Elsewhere");
    trello.hide("Elsewhere", true);
    trello.move_to_board(&keys[0], "Elsewhere", "Doing", "max");
    watch(&mut world, "2026-03-16T11:10:00Z").await;
    assert_eq!(gone(&world), [""; 0], "what is not seen is not gone");
    let open = late(&world).await;
    assert!(!open.contains(&LATE.to_owned()), "it is not called late as if it were seen: {open:?}");
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("resolved")), "{sent:#?}");
    trello.move_to_board(&keys[0], crate::world::WEB_SHOP, "Doing", "max");
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    assert_eq!(late(&world).await, [LATE]);
}

#[tokio::test]
async fn a_board_that_does_not_show_its_lists_opens_and_ends_nothing() {
    let (mut world, keys) = troubled(Trello).await;
    let done = Trello.task(&world, "Over", Some("ana"));
    world.sim.trello().to_list(&done, "Done", "ana");
    Trello.due(&world, &done, "2026-03-13");
    world.run().await;
    let before = world.open().await;
    world.sim.fail_next(Trello.tool(), "/lists", Fault::Status(200, "[]".to_owned()), FOR_EVER);
    Trello.rename(&world, &done, "Over and done");
    world.at("2026-03-16T11:10:00Z").run().await;
    world.later_by_minutes(30);
    world.run().await;
    assert_eq!(world.open().await, before, "as it was");
    nothing_is_lost(&mut world, "no lists").await;
    world.sim.heal();
    Trello.finish(&world, &keys[0], "ana");
    world.later_by_minutes(5);
    world.run().await;
    world.later_by_minutes(20);
    world.run().await;
    assert!(world.store_titles().contains(&"Over and done".to_owned()));
    assert!(late(&world).await.iter().all(|gap| !gap.starts_with(LATE)));
}

#[tokio::test]
async fn items_of_a_checklist_that_end_otherwise_than_by_a_tick_are_gone_with_the_next_polls() {
    let (mut world, keys) = troubled(Trello).await;
    let trello = world.sim.trello();
    trello.checklist(&keys[1], "Steps", &["Call them", "Write it down"]);
    for line in ["Call them", "Write it down"] {
        trello.check_item(&keys[1], line, Some(crate::world::at("2026-03-13T12:00:00Z")), Some("ana"));
    }
    watch(&mut world, "2026-03-16T11:10:00Z").await;
    assert_eq!(world.store_titles(), ["Call them", "Redesign homepage", "Second", "Write it down"]);
    trello.convert_item(&keys[1], "Call them");
    watch(&mut world, "2026-03-16T11:20:00Z").await;
    assert_eq!(gone(&world), ["Call them"], "the item; the card made of it is there");
    assert_eq!(world.store_titles(), ["Call them", "Redesign homepage", "Second", "Write it down"]);
    trello.remove_checklist(&keys[1], "Steps");
    watch(&mut world, "2026-03-16T11:30:00Z").await;
    assert_eq!(gone(&world), ["Call them", "Write it down"]);
}

#[tokio::test]
async fn a_board_that_is_taken_from_our_sight_is_missed_where_all_boards_are_watched() {
    let plan = World::plan().on_trello("").more("[operators]\nchannel = \"#ops\"\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    trello.board("Operations");
    let draft = CardDraft { members: vec!["ana".to_owned()], ..CardDraft::new("Redesign homepage") };
    let key = trello.card("Operations", "Doing", draft);
    Trello.due(&world, &key, "2026-03-13");
    world.run().await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(late(&world).await, [LATE]);
    world.restart().await;
    trello.hide("Operations", true);
    watch(&mut world, "2026-03-16T14:00:00Z").await;
    let open = late(&world).await;
    assert!(open.iter().any(|gap| gap.starts_with(LATE)), "what is not seen is not over: {open:?}");
    assert!(open.iter().any(|gap| gap.starts_with("sys.mirror_stale")), "and it is said: {open:?}");
    trello.hide("Operations", false);
    Trello.finish(&world, &key, "ana");
    watch(&mut world, "2026-03-16T16:00:00Z").await;
    assert_eq!(late(&world).await, [""; 0]);

    trello.close_board("Operations", true);
    watch(&mut world, "2026-03-16T17:30:00Z").await;
    assert_eq!(world.connection().await.failure, None, "a closed board is over");
}

/// A late card of Ana's on the board Operations, told by a comment that mentions her: the only way she is told.
async fn late_and_told_by_comment(lines: &str) -> (World, String) {
    let plan = World::plan().on_trello(lines).without_slack();
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    trello.board("Operations");
    let draft = CardDraft { members: vec!["ana".to_owned()], ..CardDraft::new("Redesign homepage") };
    let key = trello.card("Operations", "Doing", draft);
    Trello.due(&world, &key, "2026-03-13");
    world.run().await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-16T11:00:00Z").run().await;
    assert!(late(&world).await.contains(&LATE.to_owned()));
    let ours = Trello.our_comments(&world, &key);
    assert!(ours.len() == 1 && ours[0].contains("@ana"), "{ours:?}");
    world.sent();
    (world, key)
}

#[tokio::test]
async fn gaps_of_a_board_that_is_closed_end_with_the_poll_and_opened_again_it_keeps_one_comment() {
    for lines in ["", "boards = [\"Operations\"]"] {
        let (mut world, key) = late_and_told_by_comment(lines).await;
        let trello = world.sim.trello();
        trello.close_board("Operations", true);
        watch(&mut world, "2026-03-16T11:04:00Z").await;
        assert!(!late(&world).await.contains(&LATE.to_owned()), "{lines}");
        watch(&mut world, "2026-03-16T13:30:00Z").await;
        assert_eq!(world.sent(), [""; 0], "{lines}: what was said stays");
        trello.close_board("Operations", false);
        watch(&mut world, "2026-03-16T15:30:00Z").await;
        assert!(late(&world).await.contains(&LATE.to_owned()), "{lines}: {:?}", late(&world).await);
        let ours = Trello.our_comments(&world, &key);
        assert!(ours.len() == 1 && ours[0].contains("past its date") && ours[0].contains("@ana"), "{lines}: {ours:?}");
    }
}

#[tokio::test]
async fn a_list_that_was_archived_for_a_while_leaves_one_comment() {
    let (mut world, key) = late_and_told_by_comment("").await;
    let trello = world.sim.trello();
    trello.archive_list("Operations", "Doing", true);
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    assert!(!late(&world).await.contains(&LATE.to_owned()));
    let ours = Trello.our_comments(&world, &key);
    assert!(ours.len() == 1 && ours[0].contains("resolved"), "{ours:?}");
    trello.archive_list("Operations", "Doing", false);
    watch(&mut world, "2026-03-16T12:10:00Z").await;
    assert!(late(&world).await.contains(&LATE.to_owned()));
    let ours = Trello.our_comments(&world, &key);
    assert!(ours.len() == 1 && ours[0].contains("past its date") && ours[0].contains("@ana"), "{ours:?}");
}
