//! What was not read of late waits until it is read again, and still leaves on its day.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use crate::domain::finding::{Finding, Stage};
use crate::domain::ids::PersonId;
use crate::domain::repeats::Repeats;

fn far() -> Finding {
    Finding { deadline: Some(deadline("2025-04-30")), ..pace(Stage::Widens) }
}

/// Ana is reached by mail alone. She was told of the first task on Tuesday morning; the second came up at eleven and waits
/// for the mail of Wednesday.
fn one_waits() -> World {
    let mut world = World::new();
    (world.policy.slack, world.policy.email) = (false, true);
    world.policy.repeats = Repeats::on(&[1, 3, 7, 15]);
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().email = Some("ana@example.org".to_owned());
    world.task(2, |_| {});
    world.run(&[gap(1, PACE, far())]);
    assert_eq!(to_ana(&mut world), ["acme/web#1 is behind its pace"]);
    world.at("2025-03-11 11:00").run(&[gap(2, PACE, far())]);
    assert_eq!(to_ana(&mut world), [""; 0]);
    world
}

/// Subjects of the mails that Ana got since the last call, without their numbers.
fn to_ana(world: &mut World) -> Vec<String> {
    let said = world.said();
    let hers = said.split("\n---\n").filter(|one| one.contains("mail ana@example.org"));
    let subject = |one: &str| {
        let subject = one.lines().nth(1).unwrap_or_default().trim_matches(['[', ']']);
        subject.split(": ").next().unwrap_or_default().trim_start_matches("■ ").to_owned()
    };
    hers.map(subject).collect()
}

/// It is this late, and nothing was read since the last time.
fn unread(world: &mut World, moment: &str) {
    world.now = at(moment);
    world.run(&[]);
}

#[test]
fn what_waited_to_be_read_again_leaves_on_that_day_though_the_mail_of_the_day_has_left() {
    let mut world = one_waits();
    unread(&mut world, "2025-03-12 09:00");
    let said = to_ana(&mut world);
    assert_eq!(said, ["acme/web#1 is behind its pace"], "what is said once more needs no reading");
    assert_eq!(world.withheld(PACE, 2), Some("source_stale"));
    world.at("2025-03-12 09:20").run(&[gap(1, PACE, far()), gap(2, PACE, far())]);
    assert_eq!(to_ana(&mut world), ["acme/web#2 is behind its pace"]);
    assert_eq!(world.withheld(PACE, 2), None);
    // What comes up by itself after that waits for the next morning.
    world.task(3, |_| {});
    world.at("2025-03-12 11:00").run(&[gap(3, PACE, far())]);
    assert_eq!(to_ana(&mut world), [""; 0]);
    world.at("2025-03-13 09:00").run(&[gap(3, PACE, far())]);
    let said = world.said();
    assert_eq!(said.matches("mail ana@example.org").count(), 1, "{said}");
    assert!(said.contains("acme/web#3> “Task 3” *is behind its pace*"), "{said}");
}

#[test]
fn several_that_are_read_again_at_once_are_one_mail() {
    let mut world = one_waits();
    world.task(3, |_| {});
    world.at("2025-03-11 12:00").run(&[gap(3, PACE, far())]);
    unread(&mut world, "2025-03-12 09:00");
    to_ana(&mut world);
    world.at("2025-03-12 09:20").run(&[gap(2, PACE, far()), gap(3, PACE, far())]);
    assert_eq!(to_ana(&mut world), ["2 tasks"]);
}

#[test]
fn what_waits_for_the_next_morning_anyway_waits_for_it_also_where_nothing_is_read_meanwhile() {
    let mut world = one_waits();
    unread(&mut world, "2025-03-11 16:00");
    assert_eq!(world.withheld(PACE, 2), Some("budget"), "it is looked at when it may leave");
    world.at("2025-03-11 16:02").run(&[gap(1, PACE, far()), gap(2, PACE, far())]);
    assert_eq!(to_ana(&mut world), [""; 0]);
    world.at("2025-03-12 09:00").run(&[gap(1, PACE, far()), gap(2, PACE, far())]);
    let said = world.said();
    assert_eq!(said.matches("mail ana@example.org").count(), 1, "{said}");
    assert!(said.contains("acme/web#1") && said.contains("acme/web#2"), "{said}");
}

#[test]
fn what_is_mended_while_it_waits_is_never_said() {
    let mut world = one_waits();
    unread(&mut world, "2025-03-12 09:00");
    to_ana(&mut world);
    world.at("2025-03-12 09:20").run(&[clear(2, PACE)]);
    world.at("2025-03-12 10:00").run(&[clear(2, PACE)]);
    assert_eq!(to_ana(&mut world), [""; 0]);
}

#[test]
fn a_message_that_can_be_changed_takes_it_as_a_line() {
    let mut world = World::new();
    world.task(2, |_| {});
    world.run(&[gap(1, PACE, far())]).said();
    world.at("2025-03-11 09:30").container(|home| home.fresh_at = Some(at("2025-03-11 09:00")));
    world.run(&[gap(2, PACE, far())]);
    assert_eq!((world.said().as_str(), world.withheld(PACE, 2)), ("", Some("source_stale")));
    world.at("2025-03-11 09:40").run(&[gap(2, PACE, far())]);
    let said = world.said();
    assert!(said.starts_with("edit slack UANA"), "{said}");
}
