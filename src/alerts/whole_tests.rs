//! A whole and its parts, gaps that swing, and who is only informed.
#![allow(clippy::unwrap_used)]

use insta::assert_snapshot;
use jiff::SignedDuration;

use super::testing::*;
use super::*;
use crate::domain::finding::{Evidence, Finding, LateTask, Stage};
use crate::domain::ids::{AlertId, TaskId};

/// Whole #1 with parts #2 and #3, and #4 as a part of #3; all Ana's.
fn nested() -> World {
    let mut world = World::new();
    for (part, parent) in [(2, 1), (3, 1), (4, 3)] {
        world.task(part, |task| task.rec.parent = Some(TaskId(parent)));
    }
    world
}

fn all_late() -> Vec<Judgement> {
    (1..=4).map(|id| gap(id, OVERDUE, overdue("2025-03-10"))).collect()
}

#[test]
fn the_outermost_whole_speaks_for_all_that_is_in_it() {
    let mut world = nested();
    world.run(&all_late());
    assert_eq!(world.sent.len(), 1, "{:?}", world.sent);
    let said = world.said();
    assert!(said.contains("The same goes for 3 sub-tasks."), "{said}");
    let by: Vec<_> = (2..=4).map(|id| world.alert(OVERDUE, id).withheld.clone()).collect();
    let whole = Some(Withheld::Inhibited(world.alert(OVERDUE, 1).gap.clone()));
    assert_eq!(by, [whole.clone(), whole.clone(), whole]);
}

#[test]
fn whoever_else_has_a_part_hears_of_it_and_so_does_who_no_longer_has_the_whole() {
    let mut world = nested();
    world.task(3, |task| task.rec.owners = Box::new([BO]));
    world.run(&all_late());
    let said = world.said();
    assert_eq!(said.matches("slack UANA").count(), 1, "{said}");
    assert!(said.contains("slack UBO\n[⬣ acme/web#3"), "{said}");
    assert!(said.contains("The same goes for 2 sub-tasks."), "hers alone: {said}");
    world.task(1, |task| task.rec.owners = Box::new([BO]));
    world.at("2025-03-11 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.contains("slack UANA\n[⬣ acme/web#2"), "the whole is no longer hers: {said}");
}

#[test]
fn a_part_that_is_worse_than_the_whole_speaks_and_so_does_one_whose_whole_keeps_silent() {
    let mut world = nested();
    let far = |stage| Finding { deadline: Some(deadline("2025-04-30")), ..pace(stage) };
    world.run(&[gap(1, PACE, far(Stage::Opens)), gap(2, PACE, far(Stage::Widens))]);
    let said = world.said();
    assert!(said.starts_with("slack UANA\n[■ acme/web#2"), "{said}");
    let mut world = nested();
    world.task(9, |task| task.rec.owners = Box::new([BO]));
    world.task(1, |task| task.blocked_by = vec![TaskId(9)]);
    world.run(&[gap(1, STALLED, stalled(Stage::Widens)), gap(2, STALLED, stalled(Stage::Widens))]);
    assert_eq!((world.withheld(STALLED, 1), world.withheld(STALLED, 2)), (Some("blocked"), None));
    assert!(world.said().contains("acme/web#2"));
}

#[test]
fn a_gap_that_swings_near_its_date_is_one_message_and_one_end_a_day() {
    let mut world = World::new();
    let mut said = Vec::new();
    for nth in 0..12 {
        world.at(&plus("2025-03-12 09:00", nth * 30));
        let judgement = if nth % 2 == 0 { gap(1, PACE, pace(Stage::Widens)) } else { clear(1, PACE) };
        world.run(&[judgement]);
        world.at(&plus("2025-03-12 09:00", nth * 30 + 15)).run(&[]);
        said.push(world.said());
    }
    assert_eq!(world.alert(PACE, 1).episode, 6, "it came back each time");
    let all = said.join("\n---\n");
    let first = |kind: &str| all.split("\n---\n").filter(|one| one.trim_start().starts_with(kind)).count();
    assert_eq!((first("slack UANA"), first("reply slack UANA")), (1, 1), "{all}");
    assert!(first("edit slack UANA") >= 5, "what it says is kept up to date: {all}");
    world.at("2025-03-13 10:00").run(&[gap(1, PACE, pace(Stage::Widens))]);
    let next = world.said();
    assert!(next.starts_with("slack UANA"), "on another day it is news: {next}");
    world.at("2025-03-13 11:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    let worse = world.said();
    assert!(worse.contains("UANA"), "and so is what gets worse: {worse}");
}

#[test]
fn an_act_is_no_answer_to_what_was_told_after_it() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    let far = |stage| Finding { deadline: Some(deadline("2025-04-30")), ..pace(stage) };
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-11 09:30"))]);
    world.at("2025-03-11 14:00").run(&[gap(1, PACE, far(Stage::Failure))]);
    assert!(world.said().contains("slack UANA"), "a failure speaks");
    world.at("2025-03-11 15:00").run(&[clear(1, PACE)]);
    world.run(&[clear(1, PACE)]).said();
    world.at("2025-03-12 10:00").run(&[gap(1, PACE, far(Stage::Widens))]);
    assert_eq!(world.withheld(PACE, 1), None);
    assert!(world.said().contains("slack UANA"), "she did nothing since");
}

#[test]
fn who_waits_for_a_late_task_is_informed_once_its_owner_was_told_and_asked_nothing() {
    let mut world = World::new();
    world.task(2, |task| task.rec.owners = Box::new([BO]));
    world.task(1, |task| task.blocked_by = vec![TaskId(2)]);
    let late = LateTask { task: TaskId(1), deadline: deadline("2025-03-14"), finish_at: at("2025-03-20 17:00") };
    let evidence = Evidence::Cascade {
        finish_at: at("2025-03-20 17:00"),
        late: vec![late],
        downstream: 1,
        priority: None,
        deadline: None,
    };
    world.run(&[gap(2, RuleId("blocker.cascade"), finding(Stage::Widens, None, evidence))]);
    world.at("2025-03-11 10:00").run(&[]);
    world.run(&[gap(2, RuleId("blocker.cascade"), world.alert(RuleId("blocker.cascade"), 2).finding.clone())]);
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened bo slack UBO rung 1 Told
    opened ana digest ana rung 0 Open
    ");
    assert_eq!(world.withheld(RuleId("blocker.cascade"), 2), None);
}

#[test]
fn that_there_is_no_sign_of_somebody_is_a_line_for_who_leads_them_two_days_later() {
    let mut world = World::new();
    let missing = RuleId("ack.missing");
    let evidence = Evidence::NotAcknowledged {
        owner: ANA,
        by: MAX,
        assigned_at: at("2025-03-07 09:00"),
        limit_secs: 8 * 3600,
        deadline: Some(deadline("2025-03-13")),
    };
    let finding = finding(Stage::Opens, Some(deadline("2025-03-13")), evidence);
    let finding = Finding { first: Some(crate::domain::finding::FirstWord::Direct), ..finding };
    world.run(&[gap(1, missing, finding.clone())]);
    world.at("2025-03-12 17:00").run(&[gap(1, missing, finding.clone())]);
    world.at("2025-03-13 10:00").run(&[gap(1, missing, finding)]);
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened ana slack UANA rung 1 Told
    escalated max digest max rung 2 Open
    ");
}

#[test]
fn of_a_chain_whoever_is_first_hears_and_the_next_once_that_is_done() {
    let cascade = || {
        let finish_at = at("2025-03-20 17:00");
        let late = LateTask { task: TaskId(1), deadline: deadline("2025-03-14"), finish_at };
        let late = vec![late];
        let evidence = Evidence::Cascade { finish_at, late, downstream: 1, priority: None, deadline: None };
        finding(Stage::Widens, None, evidence)
    };
    let rule = RuleId("blocker.cascade");
    let mut world = World::new();
    world.task(3, |task| task.rec.owners = Box::new([MAX]));
    world.task(2, |task| {
        task.rec.owners = Box::new([BO]);
        task.blocked_by = vec![TaskId(3)];
    });
    world.task(1, |task| task.blocked_by = vec![TaskId(2)]);
    world.run(&[gap(2, rule, cascade()), gap(3, rule, cascade())]);
    assert_eq!((world.withheld(rule, 3), world.withheld(rule, 2)), (None, Some("inhibited")));
    let said = world.said();
    assert!(said.contains("slack UMAX") && !said.contains("slack UBO"), "{said}");
    world.task(3, |task| task.rec.category = connector_model::StatusCategory::Done);
    world.at("2025-03-11 12:00").run(&[clear(3, rule)]);
    world.at("2025-03-11 12:11").run(&[gap(2, rule, cascade())]);
    assert_eq!(world.withheld(rule, 2), None);
    assert!(world.said().contains("slack UBO"));
}
