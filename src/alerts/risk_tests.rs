//! A rule that asks at several checkpoints: each question is a new word of the same gap.
#![allow(clippy::unwrap_used)]

use connector_model::{DueSource, DueStated, StatusCategory};

use super::testing::*;
use super::*;
use crate::domain::alert::{AlertState, Ending, Wish};
use crate::domain::finding::{Evidence, Finding, RiskReason, RuleId, Stage};
use crate::domain::ids::AlertId;
use crate::domain::said::About;

const AT_RISK: RuleId = RuleId("due.at_risk");

fn asked(days: u32, due: &str) -> Finding {
    let (stage, deadline) = (if days == 14 { Stage::Opens } else { Stage::Widens }, deadline(due));
    let reasons = vec![RiskReason::NotStarted, RiskReason::Idle { human_at: at("2025-02-24 10:00") }];
    let risk = (days > 3).then_some(0.62);
    let evidence = Evidence::AtRisk { days, asked_at: at("2025-03-11 00:00"), deadline, red: true, risk, reasons };
    finding(stage, Some(deadline), evidence)
}

/// What was said anew; a message that was kept up to date is none.
fn news(world: &mut World) -> String {
    let said = world.said();
    said.split("\n---\n").filter(|one| !one.starts_with("edit ")).collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn each_checkpoint_is_a_new_word_to_the_owner_and_the_manager_hears_three_days_before() {
    let mut world = World::new();
    world.run(&[gap(1, AT_RISK, asked(14, "2025-03-21"))]);
    assert_eq!((world.said().as_str(), world.withheld(AT_RISK, 1)), ("", Some("digest")));
    world.at("2025-03-14 09:00").run(&[gap(1, AT_RISK, asked(7, "2025-03-21"))]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UANA") && said.contains("may miss its date"), "{said}");
    assert!(said.contains("not started; last change by a person Mon 24 Feb"), "{said}");
    assert!(said.contains("62 % of tasks like it miss their date"), "{said}");
    world.at("2025-03-17 16:00").run(&[gap(1, AT_RISK, asked(7, "2025-03-21"))]);
    assert_eq!(news(&mut world), "", "said once, and a week before its date nobody else hears");
    world.at("2025-03-18 09:00").run(&[gap(1, AT_RISK, asked(3, "2025-03-21"))]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UANA") && said.contains("is due soon"), "{said}");
    world.at("2025-03-19 09:00").run(&[gap(1, AT_RISK, asked(3, "2025-03-21"))]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UMAX"), "a working day without an answer: {said}");
    world.at("2025-03-20 09:00").run(&[gap(1, AT_RISK, asked(1, "2025-03-21"))]);
    let said = news(&mut world);
    assert!(said.starts_with("reply slack UANA"), "and once more the day before: {said}");
    assert_eq!((world.alert(AT_RISK, 1).episode, world.alert(AT_RISK, 1).stage), (1, Stage::Widens));
}

#[test]
fn what_was_there_at_the_beginning_is_asked_at_its_next_checkpoint() {
    let mut world = World::new();
    let judgement = |days| gap(1, AT_RISK, asked(days, "2025-03-14"));
    world.run(&[Judgement { baseline: true, ..judgement(7) }]);
    assert_eq!((world.said().as_str(), world.withheld(AT_RISK, 1)), ("", Some("backlog")));
    world.at("2025-03-11 10:00").run(&[judgement(3)]);
    let said = news(&mut world);
    assert!(said.starts_with("slack UANA"), "{said}");
}

#[test]
fn an_acknowledgement_holds_until_the_next_checkpoint() {
    let mut world = World::new();
    world.run(&[gap(1, AT_RISK, asked(3, "2025-03-14"))]).said();
    let mut alert = world.alert(AT_RISK, 1).clone();
    alert.acked_until = Some(at("2025-03-17 09:00"));
    world.board.put_alert(alert);
    world.at("2025-03-12 12:00").run(&[gap(1, AT_RISK, asked(3, "2025-03-14"))]);
    assert_eq!((world.said().as_str(), world.withheld(AT_RISK, 1)), ("", Some("acknowledged")));
    world.at("2025-03-13 09:00").run(&[gap(1, AT_RISK, asked(1, "2025-03-14"))]);
    let said = news(&mut world);
    assert!(said.starts_with("reply slack UANA"), "{said}");
}

#[test]
fn it_takes_the_word_from_the_gaps_that_are_its_reasons() {
    let mut world = World::new();
    let both =
        judged(1, vec![(AT_RISK, Reading::gap(asked(3, "2025-03-14"))), (PACE, Reading::gap(pace(Stage::Widens)))]);
    world.run(&[both]);
    assert!(world.said().contains("is due soon"));
    assert_eq!(world.withheld(PACE, 1), Some("inhibited"));
    assert_eq!(world.alert(PACE, 1).state, AlertState::Firing);
    assert!(world.notices(AlertId(1)).iter().any(|notice| notice.starts_with("opened ana slack")));
}

#[test]
fn once_its_date_has_passed_the_comment_asks_one_question() {
    let mut world = World::new();
    world.policy.slack = false;
    world.policy.comments_on.insert(GITHUB);
    world.run(&[gap(1, AT_RISK, asked(3, "2025-03-11"))]);
    assert!(world.said().contains("due soon"));
    let both = [(AT_RISK, asked(1, "2025-03-11")), (OVERDUE, overdue("2025-03-11"))];
    let both = both.map(|(rule, finding)| (rule, Reading::gap(finding))).to_vec();
    world.at("2025-03-12 10:00").run(&[judged(1, both)]);
    let said = world.said();
    assert!(said.contains("past its date") && !said.contains("due soon"), "{said}");
}

#[test]
fn who_says_that_there_is_no_problem_is_asked_nothing_more_before_the_date_has_passed() {
    let mut world = World::new();
    world.run(&[gap(1, AT_RISK, asked(3, "2025-03-14"))]).said();
    let id = world.alert(AT_RISK, 1).gap.clone();
    let wrong = "wrong the client knows".to_owned();
    world.ask(Some(ANA), Wish::Say { about: About::Gap(id), words: wrong });
    world.said();
    world.at("2025-03-13 09:00").run(&[gap(1, AT_RISK, asked(1, "2025-03-14"))]);
    world.at("2025-03-14 10:00").run(&[gap(1, AT_RISK, asked(1, "2025-03-14"))]);
    assert_eq!((news(&mut world).as_str(), world.withheld(AT_RISK, 1)), ("", Some("dismissed")));
    world.at("2025-03-17 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-14"))]);
    assert!(news(&mut world).contains("is past its date"));
}

/// Asked three days before its date; what was said once that was clear again, and how it ended.
fn after_its_date(change: impl FnOnce(&mut crate::domain::record::TaskRec)) -> (String, Option<Ending>) {
    let mut world = World::new();
    let due = |due: &str| Some(DueStated { due: deadline(due).due, source: DueSource::Milestone });
    world.task(1, |image| image.rec.due = due("2025-03-14"));
    world.run(&[gap(1, AT_RISK, asked(3, "2025-03-14"))]);
    assert!(world.said().contains("is due soon"));
    world.task(1, |image| change(&mut image.rec));
    world.at("2025-03-14 17:00").run(&[clear(1, AT_RISK)]);
    world.at("2025-03-14 17:10").run(&[]);
    world.at("2025-03-17 09:00").run(&[]);
    (world.said(), world.alert(AT_RISK, 1).ending)
}

#[test]
fn that_its_date_has_passed_is_no_good_news() {
    let (said, ending) = after_its_date(|_| {});
    assert_eq!((said.as_str(), ending), ("", Some(Ending::Overtaken)));
}

#[test]
fn a_new_date_and_a_task_that_is_done_are_good_news() {
    let (said, ending) = after_its_date(|rec| {
        rec.due = Some(DueStated { due: deadline("2025-03-28").due, source: DueSource::Milestone });
    });
    assert!(said.contains("Resolved") && ending == Some(Ending::Resolved), "{said}");
    let (said, ending) = after_its_date(|rec| rec.category = StatusCategory::Done);
    assert!(said.contains("Resolved") && ending == Some(Ending::Resolved), "{said}");
}
