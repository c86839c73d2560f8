//! Nobody is written to while they are away: whoever stands in for them hears, else whoever leads them.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use crate::domain::away::DateRange;
use crate::domain::finding::{Addressee, Evidence, Finding, Stage};
use crate::domain::ids::{AccountId, PersonId};

const MAX: AccountId = AccountId(3);

fn away(world: &mut World, account: AccountId, from: &str, to: &str) {
    let range = DateRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    world.board.people.add_away([(account, range)]);
}

#[test]
fn the_manager_hears_at_once_of_an_owner_who_is_away_and_until_when() {
    let mut world = World::new();
    away(&mut world, ANA, "2025-03-10", "2025-03-14");
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.starts_with("slack UMAX") && !said.contains("slack UANA"), "{said}");
    assert!(said.contains("Ana is away, back Mon 17 Mar."), "{said}");
    world.at("2025-03-17 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().starts_with("slack UANA"), "back at work, the owner hears");
}

#[test]
fn a_deputy_hears_in_the_owners_place() {
    let mut world = World::new();
    away(&mut world, ANA, "2025-03-10", "2025-03-14");
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().deputy = Some(PersonId(2));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.starts_with("slack UBO") && !said.contains("slack UANA"), "{said}");
}

#[test]
fn nobody_on_leave_is_written_to_at_any_hour() {
    let mut world = World::new();
    world.policy.work_hours_only = false;
    away(&mut world, ANA, "2025-03-10", "2025-03-14");
    away(&mut world, MAX, "2025-03-10", "2025-03-14");
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.starts_with("slack UEVE"), "who leads them both is here: {said}");
    assert!(!said.contains("slack UANA") && !said.contains("slack UMAX"), "{said}");
}

#[test]
fn a_gap_about_a_person_is_told_to_them_and_of_one_who_left_to_who_leads_them() {
    let finding = |addressee, evidence| Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee,
        first: None,
        deadline: None,
        evidence,
    };
    let gone = Evidence::OwnerGone { tasks: vec![crate::domain::ids::TaskId(1)], acted_at: None, left: true };
    for (addressee, evidence, to) in [
        (Addressee::Owners, Evidence::WipLimit { active: 4.0, limit: 3 }, "slack UANA"),
        (Addressee::Manager, gone, "slack UMAX"),
    ] {
        let mut world = World::new();
        let judgement = super::Judgement {
            subject: crate::domain::finding::SubjectKey::Person(PersonId(1)),
            readings: vec![(OVERDUE, crate::domain::finding::Reading::gap(finding(addressee, evidence)))],
            judged: true,
            baseline: false,
        };
        world.run(&[judgement]);
        let said = world.said();
        assert!(said.starts_with(to), "{said}");
    }
}

#[test]
fn what_is_due_in_the_same_absence_is_one_line_that_names_the_tasks() {
    let mut world = World::new();
    let finding = |date: &str, back: &str| {
        let deadline = deadline(date);
        let evidence = Evidence::OwnerAbsent {
            owner: ANA,
            from_on: "2025-03-13".parse().unwrap(),
            back_on: back.parse().unwrap(),
            deadline,
            checkpoint: None,
        };
        let first = Some(crate::domain::finding::FirstWord::Direct);
        Finding { first, ..finding(Stage::Opens, Some(deadline), evidence) }
    };
    let rule = crate::domain::finding::RuleId("owner.absent");
    for task in 2..=7 {
        world.task(task, |_| {});
    }
    let mut all: Vec<_> = (1..=6)
        .map(|task| gap(task, rule, finding(if task == 1 { "2025-03-14" } else { "2025-03-17" }, "2025-03-18")))
        .collect();
    all.push(gap(7, rule, finding("2025-03-25", "2025-03-26")));
    world.run(&all);
    insta::assert_snapshot!(world.said(), @r"
    slack UANA
    [7 tasks: acme/web#1, acme/web#2, acme/web#3, acme/web#4, acme/web#5]
    *Tue 11 Mar: 2 to look at*
    ▲ *6 tasks are due while their owner is away*: <acme/web#1> (Fri 14 Mar), <acme/web#2> (Mon 17 Mar), <acme/web#3> (Mon 17 Mar), <acme/web#4> (Mon 17 Mar), <acme/web#5> (Mon 17 Mar) and 1 more
      Away from Thu 13 Mar, back Tue 18 Mar. Next: hand them over, or agree on other dates.
    ▲ <acme/web#7> “Task 7” *is due while its owner is away*
      Away from Thu 13 Mar, back Wed 26 Mar; due Tue 25 Mar (milestone). Next: hand it over, or agree on another date.
    ");
    let one_fewer = clear(1, rule);
    world.at("2025-03-11 10:00").run(&[one_fewer]);
    world.at("2025-03-11 10:20").run(&[]);
    let said = world.said();
    assert!(said.contains("5 tasks are due while their owner is away"), "{said}");
}
