//! Who is said to have been told, and from when on the next one's time counts.
#![allow(clippy::unwrap_used)]

use connector_model::{Due, DueSource, DueStated, StatusCategory};

use super::testing::*;
use crate::domain::finding::Stage;
use crate::domain::ids::AccountId;

fn give(world: &mut World, to: AccountId, moment: &str) {
    world.task(1, |task| {
        task.rec.owners = Box::new([to]);
        task.rec.facts.assigned = vec![(to, at(moment))];
    });
}

#[test]
fn a_new_owner_has_their_own_time_before_the_manager_hears_and_is_named_with_their_own_hour() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().contains("slack UANA"));
    give(&mut world, BO, "2025-03-11 16:00");
    let late = |world: &mut World, moment: &str| {
        world.at(moment).run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        world.said()
    };
    assert_eq!(late(&mut world, "2025-03-11 16:05"), "", "it may be given on at once");
    assert_eq!(world.withheld(OVERDUE, 1), Some("settling"));
    assert!(late(&mut world, "2025-03-11 16:15").contains("slack UBO"));
    assert!(!late(&mut world, "2025-03-12 09:00").contains("UMAX"), "a working day after Ana heard");
    let said = late(&mut world, "2025-03-12 16:15");
    assert!(said.contains("slack UMAX") && said.contains("Bo was told Tue 11 Mar 16:15; no change by them"), "{said}");
}

#[test]
fn an_act_after_the_word_keeps_the_gap_quiet_even_when_it_goes_and_comes_back() {
    let mut world = World::new();
    world.policy.clear_after = jiff::SignedDuration::ZERO;
    world.run(&[gap(1, STALLED, stalled(Stage::Widens))]);
    assert!(world.said().contains("slack UANA"));
    world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-11 14:00"))]);
    world.at("2025-03-11 15:00").run(&[clear(1, STALLED)]);
    world.at("2025-03-11 15:10").run(&[clear(1, STALLED)]);
    assert!(world.said().contains("Resolved"));
    world.at("2025-03-12 15:00").run(&[gap(1, STALLED, stalled(Stage::Widens))]);
    assert_eq!((world.said().as_str(), world.withheld(STALLED, 1)), ("", Some("answered")));
    world.at("2025-03-14 14:00").run(&[gap(1, STALLED, stalled(Stage::Widens))]);
    let said = world.said();
    assert!(said.contains("slack UANA") && !said.contains("UMAX"), "three working days later, and she alone: {said}");
}

#[test]
fn what_is_told_to_a_channel_is_told_to_nobody_in_particular() {
    let mut world = World::new();
    world.policy.slack_channel = Some("#delivery".to_owned());
    give(&mut world, EVE, "2025-03-03 10:00");
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-12 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let told = &world.alert(OVERDUE, 1).told;
    assert_eq!(told.iter().map(|told| told.account).collect::<Vec<_>>(), [EVE, AccountId::NOBODY]);
}

#[test]
fn the_end_says_how_late_it_was_or_where_the_date_went() {
    let end = |change: fn(&mut crate::domain::record::TaskImage)| {
        let mut world = World::new();
        world.policy.clear_after = jiff::SignedDuration::ZERO;
        world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        world.said();
        world.task(1, change);
        world.at("2025-03-13 09:00").run(&[clear(1, OVERDUE)]);
        world.run(&[clear(1, OVERDUE)]);
        world.said()
    };
    let closed = end(|task| {
        task.rec.category = StatusCategory::Done;
        task.rec.closed_at = Some(at("2025-03-12 17:00"));
    });
    assert!(closed.contains("Closed 2 working days after its date. Was: past its date."), "{closed}");
    let moved = end(|task| {
        let due = Due::On(jiff::civil::date(2025, 3, 17));
        task.rec.due = Some(DueStated { due, source: DueSource::Item });
    });
    assert!(moved.contains("Moved by 5 working days, from Mon 10 Mar to Mon 17 Mar. Was:"), "{moved}");
}
