//! A gap about a milestone: it belongs to nobody alone, and stands as the places of its tasks do.
#![allow(clippy::unwrap_used)]

use connector_model::ContainerKind;
use jiff::Timestamp;

use super::testing::*;
use super::*;
use crate::domain::alert::AlertState;
use crate::domain::finding::{Addressee, Evidence, Finding, Outlook, Pace, RuleId, Stage};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::record::{BoardDelta, ConnectionRec, ContainerRec};

const RULE: RuleId = RuleId("milestone.at_risk");
const MILESTONE: ContainerId = ContainerId(9);
const SUBJECT: SubjectKey = SubjectKey::Container(MILESTONE);

/// Ana has two of its three tasks, Bo one; it is due in two weeks.
fn world() -> World {
    let mut world = World::new();
    let home = ContainerRec {
        id: MILESTONE,
        ext: "M1".into(),
        kind: ContainerKind::Milestone,
        name: "Spring release".into(),
        warm_at: None,
        fresh_at: None,
        ..world.board.container(WEB).unwrap().clone()
    };
    world.board.apply(BoardDelta { containers: vec![home], ..BoardDelta::default() });
    for (id, owner) in [(1, ANA), (2, ANA), (3, BO)] {
        world.task(id, |image| {
            image.rec.homes = Box::new([MILESTONE]);
            image.rec.owners = Box::new([owner]);
        });
    }
    world
}

fn at_risk(week: u32, odds: f64) -> Reading {
    let deadline = deadline("2025-03-25");
    let stage = if odds < 0.5 { Stage::Failure } else { Stage::Widens };
    let days = ["2025-03-26", "2025-04-02", "2025-04-10"].map(|day| day.parse().ok());
    let outlook = Outlook {
        deadline,
        open: 3,
        todo: 1,
        weeks: 8,
        finished: 24,
        pace: Some(Pace { week, odds, per_week: 3.0, days }),
        late: None,
        checkpoint_days: None,
        worst: vec![TaskId(3), TaskId(1), TaskId(2)],
    };
    let evidence = Evidence::Milestone(Box::new(outlook));
    Reading::gap(Finding { addressee: Addressee::Manager, ..finding(stage, Some(deadline), evidence) })
}

fn judged(reading: Reading) -> Judgement {
    Judgement { subject: SUBJECT, readings: vec![(RULE, reading)], judged: true, baseline: false }
}

fn clear() -> Reading {
    Reading::Clear(crate::domain::finding::Grounds::Because("nothing in it is open"))
}

fn alert(world: &World) -> Alert {
    world.board.alerts_of(SUBJECT).next().unwrap().clone()
}

/// What was said anew; a message that was kept up to date is none.
fn news(world: &mut World) -> String {
    let said = world.said();
    said.split("\n---\n").filter(|one| !one.starts_with("edit ")).collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn whoever_leads_those_who_have_most_of_it_hears_first_and_then_theirs() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.31))]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UMAX"), "{said}");
    for part in [
        "Spring release will hardly be done by its date",
        "31 % likely to be done by then; likely finish Wed 26 Mar, 85 % by Wed 2 Apr, 95 % by Thu 10 Apr",
        "3 tasks open (1 not begun)",
        "3 tasks fewer a week over 8 weeks",
        "look first at acme/web#3, acme/web#1, acme/web#2.",
        "take something out of it",
        "Eve hears of it too",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    world.at("2025-03-12 09:30").run(&[judged(at_risk(10, 0.31))]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UEVE"), "{said}");
    assert!(said.contains("(Max)") && said.contains("Max was told Tue 11 Mar 09:00"), "{said}");
    world.at("2025-03-14 09:30").run(&[judged(at_risk(10, 0.31))]);
    assert_eq!(news(&mut world), "", "each of them once");
}

#[test]
fn each_week_is_a_new_word_and_so_is_getting_worse() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.72))]);
    assert!(news(&mut world).contains("may not be done by its date"));
    world.at("2025-03-11 15:00").run(&[judged(at_risk(10, 0.68))]);
    assert_eq!(news(&mut world), "", "other numbers alone are no news");
    world.at("2025-03-17 09:00").run(&[judged(at_risk(11, 0.66))]);
    let said = news(&mut world);
    assert!(said.contains("slack UMAX") && said.contains("66 % likely"), "{said}");
    world.at("2025-03-18 09:00").run(&[judged(at_risk(11, 0.20))]);
    let said = news(&mut world);
    assert!(said.contains("slack UMAX") && said.contains("will hardly be done"), "{said}");
    assert_eq!((alert(&world).stage, alert(&world).episode), (Stage::Failure, 1));
}

#[test]
fn where_nobody_leads_them_those_who_work_on_it_hear() {
    let mut world = world();
    for person in world.board.people.persons.values_mut() {
        person.manager = None;
    }
    world.run(&[judged(at_risk(10, 0.31))]);
    let said = news(&mut world);
    assert!(said.contains("slack UANA") && said.contains("slack UBO") && !said.contains("slack UMAX"), "{said}");
    world.at("2025-03-12 09:30").run(&[judged(at_risk(10, 0.31))]);
    assert_eq!(news(&mut world), "", "and nobody after them");
}

#[test]
fn it_is_held_while_one_of_its_places_cannot_be_read() {
    let mut world = world();
    world.container(|web| web.failing_since = Some(web.fresh_at.unwrap()));
    world.run(&[judged(at_risk(10, 0.31))]);
    assert_eq!((world.said().as_str(), world.board.alerts_of(SUBJECT).count()), ("", 0));
    world.container(|web| web.failing_since = None);
    world.run(&[judged(at_risk(10, 0.31))]);
    assert!(news(&mut world).starts_with("slack UMAX"));
    world.container(|web| web.failing_since = Some(web.fresh_at.unwrap()));
    world.run(&[judged(clear())]);
    assert_eq!(alert(&world).clear_since, None, "what is held does not become clear");
}

#[test]
fn the_first_word_leaves_only_while_its_places_were_read_lately() {
    let mut world = world();
    world.container(|web| web.fresh_at = Some(at("2025-03-11 08:00")));
    world.run(&[judged(at_risk(10, 0.31))]);
    assert_eq!((news(&mut world).as_str(), alert(&world).withheld.unwrap().word()), ("", "source_stale"));
    world.at("2025-03-11 09:02").run(&[Judgement {
        subject: SubjectKey::Container(WEB),
        readings: Vec::new(),
        judged: true,
        baseline: false,
    }]);
    assert!(news(&mut world).starts_with("slack UMAX"), "its place was read");
}

#[test]
fn it_is_over_when_all_is_done_and_whoever_was_told_hears() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.72))]).said();
    world.at("2025-03-12 10:00").run(&[judged(clear())]);
    world.at("2025-03-12 10:11").run(&[]);
    let said = news(&mut world);
    assert!(said.contains("slack UMAX") && said.contains("Resolved"), "{said}");
    assert!(!said.contains("UEVE"), "{said}");
}

#[test]
fn what_nobody_reads_any_more_ends_without_a_word() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.72))]).said();
    for id in 1..=3 {
        world.task(id, |image| image.rec.homes = Box::new([]));
    }
    world.at("2025-03-12 10:00").run(&[judged(clear())]);
    let ended = alert(&world);
    assert_eq!(
        (ended.state, ended.ending),
        (AlertState::Resolved, Some(crate::domain::alert::Ending::NoLongerWatched))
    );
    assert!(!news(&mut world).contains("Resolved"));
}

#[test]
fn a_version_and_a_sprint_of_one_number_are_two_gaps() {
    let of = |kind: ContainerKind| {
        let mut world = world();
        let home = ContainerRec { kind, ..world.board.container(MILESTONE).unwrap().clone() };
        world.board.apply(BoardDelta { containers: vec![home], ..BoardDelta::default() });
        world.run(&[judged(at_risk(10, 0.31))]);
        alert(&world).gap
    };
    assert_ne!(of(ContainerKind::Release), of(ContainerKind::Sprint));
}

#[test]
fn whoever_is_told_may_silence_it_and_nobody_else() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.31))]).said();
    let gap = alert(&world).gap;
    let until: Timestamp = at("2025-03-14 09:00");
    let wish = || crate::domain::alert::Wish::Snooze { gap: gap.clone(), until, reason: None };
    let ask = |world: &mut World, who: AccountId| world.ask(Some(who), wish());
    assert!(ask(&mut world, ANA).starts_with("Only "));
    assert!(ask(&mut world, MAX).contains("is silent until"));
}

#[test]
fn where_its_connection_is_gone_it_is_not_watched() {
    let mut world = world();
    world.run(&[judged(at_risk(10, 0.72))]).said();
    let home = ContainerRec { reader: Some(ConnectionId(8)), ..world.board.container(MILESTONE).unwrap().clone() };
    world.board.apply(BoardDelta { containers: vec![home], ..BoardDelta::default() });
    assert!(world.board.connections().all(|rec: &ConnectionRec| rec.id != ConnectionId(8)));
    world.at("2025-03-12 10:00").run(&[judged(clear())]);
    assert_eq!(alert(&world).ending, Some(crate::domain::alert::Ending::NoLongerWatched));
}
