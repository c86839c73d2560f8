//! Too many messages at once: held, asked about, sent once or not at all.
#![allow(clippy::unwrap_used)]

use jiff::SignedDuration;

use super::flood;
use super::retry::{due, next_due};
use crate::alerts::testing::*;
use crate::alerts::{Judgement, held_back};
use crate::domain::alert::AlertState;
use crate::domain::finding::{Finding, Grounds, Reading, Stage};
use crate::domain::ids::TaskId;
use crate::domain::notice::NoticeState;

/// So many tasks of Ana's, each past its date.
fn late(world: &mut World, tasks: std::ops::RangeInclusive<i64>) -> Vec<Judgement> {
    tasks.clone().for_each(|id| world.task(id, |_| {}));
    tasks.map(|id| judged(id, vec![(OVERDUE, Reading::gap(overdue("2025-03-10")))])).collect()
}

/// As the core does before every call.
fn hold(world: &mut World) {
    let round = flood::hold(&world.snapshot());
    world.apply(round);
}

/// Rounds and calls until nothing is due, with the look that comes before every call.
fn run(world: &mut World, judgements: &[Judgement]) {
    world.round(judgements);
    loop {
        hold(world);
        if due(&world.board, EPOCH, world.now).is_empty() && world.board.due(world.now, 0).alerts.is_empty() {
            return;
        }
        world.deliver();
        world.round(&[]);
    }
}

fn held(world: &World) -> usize {
    world.board.messages().filter(|message| message.is_held()).count()
}

#[test]
fn d09_sixty_direct_messages_in_one_hour_are_held_and_none_is_sent() {
    let mut world = World::new();
    let judgements = late(&mut world, 1..=60);
    run(&mut world, &judgements);
    assert_eq!((world.said().as_str(), held(&world)), ("", 60));
    assert_eq!((world.withheld(OVERDUE, 1), world.withheld(OVERDUE, 60)), (Some("budget"), Some("budget")));
    assert_eq!(held_back(ANA, &world.snapshot()), 60);
    assert_eq!(held_back(BO, &world.snapshot()), 0);
    assert_eq!(next_due(&world.board, EPOCH), None, "they wait for somebody, not for a time");
    let flood = world.board.flood(world.policy.per_hour).unwrap();
    assert_eq!((flood.held, flood.limit, flood.usual), (60, 50, None));
    assert_eq!(
        (flood.to.as_slice(), flood.rules.as_slice()),
        (&[("ana".to_owned(), 60)][..], &[("overdue".to_owned(), 60)][..])
    );
}

#[test]
fn fifty_in_one_hour_are_sent_and_the_next_one_is_held() {
    let mut world = World::new();
    let judgements = late(&mut world, 1..=50);
    run(&mut world, &judgements);
    assert_eq!((world.said().matches("---").count() + 1, held(&world)), (50, 0));
    world.at("2025-03-11 09:30");
    let judgements = late(&mut world, 51..=53);
    run(&mut world, &judgements);
    assert_eq!((world.said().as_str(), held(&world)), ("", 3), "of that hour no more is sent");
    world.at("2025-03-11 10:31");
    let judgements = late(&mut world, 54..=54);
    run(&mut world, &judgements);
    assert!(world.said().contains("acme/web#54"), "what comes up an hour later is counted anew");
    assert_eq!(held(&world), 3);
}

#[test]
fn what_is_held_back_is_sent_once_when_somebody_lets_it_go() {
    let mut world = World::new();
    let judgements = late(&mut world, 1..=60);
    run(&mut world, &judgements);
    let since = world.now;
    world.at("2025-03-11 11:00");
    world.apply(flood::release(since - SignedDuration::from_secs(1), &world.snapshot()));
    assert_eq!(held(&world), 60, "what began later than was seen stays");
    let round = flood::release(since, &world.snapshot());
    world.apply(round);
    run(&mut world, &[]);
    assert_eq!(world.said().matches("---").count() + 1, 60);
    assert_eq!((world.withheld(OVERDUE, 1), held(&world)), (None, 0));
    assert!(flood::release(world.now, &world.snapshot()).is_empty());
    // They were too many, and do not make the next one too many.
    let judgements = late(&mut world, 61..=61);
    run(&mut world, &judgements);
    assert_eq!((world.said().matches("---").count(), held(&world)), (0, 0));
}

#[test]
fn what_is_let_go_at_night_leaves_in_the_morning() {
    let mut world = World::new();
    let judgements = late(&mut world, 1..=60);
    run(&mut world, &judgements);
    let since = world.now;
    world.at("2025-03-11 20:00");
    world.apply(flood::release(since, &world.snapshot()));
    run(&mut world, &[]);
    assert_eq!(world.said(), "");
    world.at("2025-03-12 09:00");
    run(&mut world, &[]);
    assert_eq!((world.said().matches("---").count() + 1, held(&world)), (60, 0));
}

#[test]
fn what_is_dropped_is_not_said_again_until_it_gets_worse() {
    let mut world = World::new();
    (1..=60).for_each(|id| world.task(id, |_| {}));
    let gap = |stage| Reading::gap(Finding { first: Some(crate::domain::finding::FirstWord::Direct), ..pace(stage) });
    let judgements: Vec<Judgement> = (1..=60).map(|id| judged(id, vec![(PACE, gap(Stage::Widens))])).collect();
    world.policy.per_hour = 0;
    run(&mut world, &judgements);
    assert!(held(&world) > 0, "a grouped message counts like any other");
    world.apply(flood::drop(world.now, &world.snapshot()));
    run(&mut world, &[]);
    world.policy.per_hour = 50;
    world.at("2025-03-12 09:00");
    run(&mut world, &judgements);
    assert_eq!((world.said().as_str(), held(&world)), ("", 0));
    assert!(world.board.notices_of(world.alert(PACE, 1).id).any(|notice| notice.state == NoticeState::Dropped));
    run(&mut world, &[judged(1, vec![(PACE, gap(Stage::Failure))])]);
    assert!(world.said().contains("acme/web#1"));
}

#[test]
fn what_is_over_meanwhile_is_not_sent() {
    let mut world = World::new();
    let judgements = late(&mut world, 1..=60);
    run(&mut world, &judgements);
    let clear = |id| judged(id, vec![(OVERDUE, Reading::Clear(Grounds::Because("it has another date")))]);
    run(&mut world, &(1..=59).map(clear).collect::<Vec<_>>());
    world.at("2025-03-11 09:11");
    run(&mut world, &[]);
    assert_eq!((held(&world), world.said().as_str()), (1, ""));
    assert_eq!(world.alert(OVERDUE, 1).state, AlertState::Resolved);
    world.apply(flood::release(world.now, &world.snapshot()));
    run(&mut world, &[]);
    let said = world.said();
    assert!(said.contains("acme/web#60") && !said.contains("---"), "{said}");
    assert!(world.board.task(TaskId(60)).is_some());
}

#[test]
fn a_person_gets_as_many_grouped_messages_a_day_as_they_may() {
    for (most, messages) in [(1, 1), (2, 2), (3, 3)] {
        let mut world = World::new();
        world.policy.direct_per_day = most;
        (1..=4).for_each(|id| world.task(id, |_| {}));
        for (nth, time) in (1..=4).zip(["09:00", "10:00", "11:00", "12:00"]) {
            world.at(&format!("2025-03-11 {time}"));
            let far = Finding { deadline: None, ..stalled(Stage::Widens) };
            run(&mut world, &[judged(nth, vec![(STALLED, Reading::gap(far))])]);
        }
        let said = world.said();
        let new = said.split("\n---\n").filter(|sent| !sent.starts_with("edit ") && !sent.is_empty()).count();
        assert_eq!(new, messages, "{said}");
        assert!(said.contains("acme/web#4"), "what comes later is added to the last of them: {said}");
    }
}
