//! What people answer, and what follows from it.
#![allow(clippy::unwrap_used)]

use super::testing::*;
use crate::domain::alert::{AlertState, Wish};
use crate::domain::finding::{Stage, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::said::{About, Claim};

fn say(world: &mut World, account: AccountId, words: &str) -> String {
    let reply = world.ask(Some(account), Wish::Say { about: About::Task(TaskId(1)), words: words.to_owned() });
    world.deliver();
    reply
}

/// Ana was told on Tuesday morning that her task is behind its pace.
fn told() -> World {
    let mut world = World::new();
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert!(world.said().starts_with("slack UANA"));
    world.at("2025-03-11 11:00");
    world
}

/// The pace holds on; what is said then.
fn on(world: &mut World, moment: &str) -> String {
    world.at(moment).run(&[gap(1, PACE, pace(Stage::Widens))]);
    world.said()
}

#[test]
fn who_works_on_it_is_left_alone_then_asked_and_then_the_manager_hears() {
    let mut world = told();
    assert_eq!(say(&mut world, ANA, "on it"), "Noted.");
    assert_eq!(
        world.said(),
        "edit slack UANA\n\
         [■ acme/web#1 · you are on it; quiet until Fri 14 Mar 09:00]\n\
         ■ <acme/web#1> “Task 1” · you are on it; quiet until Fri 14 Mar 09:00"
    );
    assert_eq!(world.withheld(PACE, 1), Some("acknowledged"));
    // Due on Friday at five: a working day before that.
    assert_eq!(world.alert(PACE, 1).acked_until, Some(at("2025-03-14 09:00")));
    assert_eq!(on(&mut world, "2025-03-13 16:00"), "");
    let asked = on(&mut world, "2025-03-14 09:00");
    assert!(asked.starts_with("reply slack UANA"), "so near its date it has a message of its own: {asked}");
    assert!(
        asked.contains("You were on it on Tue 11 Mar, and the gap is still there. ") && asked.contains("Still on it?"),
        "{asked}"
    );
    assert_eq!(on(&mut world, "2025-03-14 16:00"), "", "nobody hears before the answer had its day");
    let escalated = on(&mut world, "2025-03-17 09:00");
    assert!(escalated.contains("slack UMAX"), "{escalated}");
    assert!(world.alert(PACE, 1).said.as_ref().unwrap().lapsed, "nobody answered");
    assert!(escalated.contains("Ana was on it on Tue 11 Mar, and the gap is still there."), "{escalated}");
}

#[test]
fn an_answer_to_the_question_counts_anew() {
    let mut world = told();
    say(&mut world, ANA, "on it");
    on(&mut world, "2025-03-14 09:00");
    world.at("2025-03-14 10:00");
    say(&mut world, ANA, "on it");
    assert_eq!(world.withheld(PACE, 1), Some("acknowledged"));
    world.said();
    assert_eq!(on(&mut world, "2025-03-14 13:59"), "");
}

#[test]
fn a_snooze_ends_on_a_working_morning_and_says_so() {
    let mut world = told();
    say(&mut world, ANA, "snooze 3d waiting for the vendor");
    assert!(world.said().ends_with("“Task 1” · snoozed until Mon 17 Mar 09:00 by you: “waiting for the vendor”"));
    assert_eq!(world.alert(PACE, 1).snoozed_until, Some(at("2025-03-17 09:00")), "Friday at eleven is no morning");
    assert_eq!(on(&mut world, "2025-03-14 12:00"), "");
    let woken = on(&mut world, "2025-03-17 09:00");
    assert!(woken.contains("Snoozed until now by you: “waiting for the vendor”"), "{woken}");
    assert!(woken.contains("slack UANA"), "{woken}");
}

#[test]
fn a_failure_is_said_whatever_was_answered_before_it_but_a_snooze_is_kept() {
    let mut world = told();
    say(&mut world, ANA, "wrong because it is nearly done");
    assert_eq!(world.withheld(PACE, 1), Some("dismissed"));
    world.said();
    world.at("2025-03-12 10:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    assert!(world.said().contains("slack UANA"));
    let mut world = told();
    say(&mut world, ANA, "snooze 7d");
    world.said();
    world.at("2025-03-12 10:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    assert_eq!(world.said(), "");
}

#[test]
fn what_is_not_theirs_goes_to_who_leads_them_at_once_and_only_an_owner_can_say_so() {
    let mut world = told();
    assert_eq!(say(&mut world, MAX, "not mine"), "Only who has the task can say that it is not theirs.");
    say(&mut world, ANA, "not mine → @bo");
    world.at("2025-03-11 11:01").run(&[]);
    let said = world.said();
    assert!(said.contains("slack UMAX"), "{said}");
    assert!(said.contains("Ana says it is not theirs but “bo”’s"), "{said}");
    // Bo has it by now: it is told to Bo, as if nothing had been said.
    world.task(1, |task| task.rec.owners = Box::new([BO]));
    world.at("2025-03-12 10:00").run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert!(world.alert(PACE, 1).said.is_none());
    assert!(world.said().contains("slack UBO"));
}

#[test]
fn what_is_said_to_be_done_is_looked_at_in_the_data() {
    let mut world = told();
    say(&mut world, ANA, "done");
    world.said();
    assert_eq!(on(&mut world, "2025-03-12 10:00"), "");
    let asked = on(&mut world, "2025-03-12 11:00");
    assert!(asked.contains("If it is done, close it in the tracker."), "{asked}");
    let mut world = told();
    say(&mut world, ANA, "done");
    world.said();
    world.at("2025-03-11 11:30").run(&[clear(1, PACE)]);
    world.at("2025-03-11 11:40").run(&[clear(1, PACE)]);
    assert_eq!(world.alert(PACE, 1).state, AlertState::Resolved);
    assert!(world.said().contains("Resolved"));
}

#[test]
fn a_new_date_lies_ahead() {
    let mut world = told();
    assert_eq!(say(&mut world, ANA, "date 2025-03-10"), "That day has passed already.");
    assert!(world.alert(PACE, 1).said.is_none());
    assert!(say(&mut world, ANA, "date 2025-03-11").starts_with("Noted"));
    assert!(world.alert(PACE, 1).said.is_some());
}

#[test]
fn only_owner_manager_and_operators_are_obeyed() {
    let mut world = told();
    assert!(say(&mut world, BO, "snooze 30d").starts_with("Only the task's owner"));
    assert!(say(&mut world, AccountId::NOBODY, "snooze 30d").starts_with("Only the task's owner"));
    assert!(say(&mut world, EVE, "on it").starts_with("Only the task's owner"), "she leads Max, who leads Ana");
    assert_eq!(world.withheld(PACE, 1), None);
    assert_eq!(say(&mut world, MAX, "on it"), "Noted.");
    assert_eq!(world.withheld(PACE, 1), Some("acknowledged"));
}

#[test]
fn an_answer_concerns_what_was_open_when_it_was_given() {
    let mut world = World::new();
    assert_eq!(say(&mut world, ANA, "snooze 30d"), "There is nothing open here.");
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert!(world.said().contains("slack UANA"));
    let old = at("2025-03-11 08:00");
    let answer = crate::domain::alert::Answer {
        id: crate::domain::ids::InboxId(9),
        at: old,
        account: Some(ANA),
        wish: Wish::Say { about: About::Task(TaskId(1)), words: "snooze 30d".to_owned() },
    };
    world.board.apply(crate::domain::record::BoardDelta { answers: vec![answer], ..Default::default() });
    let round = world.round(&[]);
    assert_eq!(round.answered[0].1, "There is nothing open here.");
    assert!(world.alert(PACE, 1).snoozed_until.is_none());
}

#[test]
fn what_is_taken_back_speaks_again() {
    let mut world = told();
    say(&mut world, ANA, "snooze 3d");
    assert_eq!(say(&mut world, ANA, "undo"), format!("gap {} may speak again", world.alert(PACE, 1).gap));
    let alert = world.alert(PACE, 1);
    let said = alert.said.as_ref().unwrap();
    assert_eq!((alert.snoozed_until, said.what, said.by), (None, Claim::TakenBack, ANA));
    assert!(alert.asks_again_at().is_none() && !said.settles());
    let escalated = on(&mut world, "2025-03-17 09:00");
    assert!(escalated.contains("Ana answered, and took it back on Tue 11 Mar."), "{escalated}");
}

#[test]
fn whoever_wants_to_hear_nothing_but_their_digest_does_and_the_manager_hears_as_ever() {
    let mut world = World::new();
    world.ask(Some(ANA), Wish::Say { about: About::Task(TaskId(1)), words: "stop".to_owned() });
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert_eq!(world.said(), "");
    assert_eq!(world.notices(world.alert(PACE, 1).id), ["opened ana digest ana rung 0 Open"]);
    // So near its date a working day without a word from her.
    let said = on(&mut world, "2025-03-12 09:00");
    assert!(said.contains("slack UMAX"), "{said}");
    world.ask(Some(ANA), Wish::Say { about: About::Task(TaskId(1)), words: "start".to_owned() });
    assert!(on(&mut world, "2025-03-12 10:00").contains("slack UANA"));
}

#[test]
fn an_owners_act_counts_as_an_answer_to_what_then_got_worse() {
    let mut world = World::new();
    let mut opens = pace(Stage::Opens);
    opens.first = Some(crate::domain::finding::FirstWord::Direct);
    world.run(&[gap(1, PACE, opens)]);
    assert!(world.said().contains("slack UANA"));
    world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-11 10:00"))]);
    let said = on(&mut world, "2025-03-12 09:00");
    assert!(said.starts_with("edit slack UANA") && !said.contains("---"), "shown, and nobody is notified: {said}");
    assert_eq!(world.withheld(PACE, 1), Some("answered"));
    assert!(on(&mut world, "2025-03-14 10:00").contains("slack UANA"), "three working days later");
}

#[test]
fn an_answer_that_is_not_understood_is_answered_in_the_comment_and_a_strangers_is_not() {
    let mut world = World::new();
    world.policy.slack = false;
    world.policy.comments_on.insert(GITHUB);
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert!(world.said().starts_with("comment #1"));
    world.at("2025-03-11 11:00");
    say(&mut world, ANA, "snoze 3d");
    let said = world.said();
    assert!(
        said.contains("edit comment #1") && said.contains("“/gapwatch snoze 3d”: “snoze 3d” is no answer I know"),
        "{said}"
    );
    say(&mut world, AccountId(99), "snooze 99d");
    assert_eq!(world.said(), "");
    say(&mut world, ANA, "snooze 3d");
    let said = world.said();
    assert!(said.contains("Snoozed until Mon 17 Mar 09:00 by Ana") && !said.contains("snoze"), "{said}");
    assert!(world.board.alerts_of(SubjectKey::Task(TaskId(1))).all(|alert| alert.snoozed_until.is_some()));
}
