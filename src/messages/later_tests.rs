//! The words of a gap's later life: over and by whose doing, back again, with somebody else, answered by somebody else.
#![allow(clippy::unwrap_used)]

use connector_model::{Due, DueSource, DueStated, Field, StatusCategory};
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::alerts::testing::*;
use crate::domain::alert::Wish;
use crate::domain::finding::{Evidence, Grounds, Reading, Stage, Still};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::repeats::Repeats;
use crate::domain::said::About;

/// A world in which what is clear is over at once.
fn world() -> World {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world
}

fn say(world: &mut World, who: AccountId, words: &str) -> String {
    world.ask(Some(who), Wish::Say { about: About::Task(TaskId(1)), words: words.to_owned() })
}

fn assign(world: &mut World, to: AccountId, when: &str) {
    world.task(1, |task| {
        task.rec.owners = Box::new([to]);
        task.rec.facts.assigned = vec![(to, at(when))];
    });
}

/// What an overdue task of Ana's is said to be when it ends so.
fn ended(how: impl FnOnce(&mut World)) -> String {
    let mut world = world();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 11:10");
    how(&mut world);
    world.run(&[clear(1, OVERDUE)]);
    let said = world.said();
    let reply = said.split("\n---\n").find(|one| one.starts_with("reply slack UANA")).unwrap().to_owned();
    reply.lines().last().unwrap().trim().to_owned()
}

fn close(world: &mut World) {
    world.task(1, |task| {
        task.rec.category = StatusCategory::Done;
        task.rec.closed_at = Some(at("2025-03-11 11:00"));
    });
}

fn move_date(world: &mut World) {
    let date = jiff::civil::date(2025, 3, 31);
    world.task(1, |task| task.rec.due = Some(DueStated { due: Due::On(date), source: DueSource::Item }));
}

#[test]
fn whoever_mended_it_is_named_in_the_third_person_to_everybody() {
    let closed = ended(|world| {
        close(world);
        world.did(1, "2025-03-11 11:00", Field::Status, Some(ANA));
        world.did(1, "2025-03-11 11:01", Field::Comment, Some(BO));
    });
    assert_snapshot!(closed, @"Ana closed it 2 working hours after its date. Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.");
    let moved = ended(|world| {
        move_date(world);
        world.did(1, "2025-03-11 11:00", Field::Due, Some(MAX));
    });
    assert_snapshot!(moved, @"Max moved its date by 15 working days, from Mon 10 Mar to Mon 31 Mar. Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.");
}

#[test]
fn nobody_is_named_for_what_a_program_or_time_did_or_the_tool_does_not_tell() {
    let by_program = ended(|world| {
        close(world);
        world.did(1, "2025-03-11 11:00", Field::Status, None);
    });
    assert!(by_program.starts_with("Closed 2 working hours after its date. Was"), "{by_program}");
    let with_its_sprint = ended(|world| {
        move_date(world);
        world.did(1, "2025-03-11 11:00", Field::Comment, Some(ANA));
    });
    assert!(with_its_sprint.starts_with("Moved by 15 working days, from Mon 10 Mar"), "{with_its_sprint}");
    let mut world = world();
    world.run(&[gap(1, STALLED, stalled(Stage::Failure))]).said();
    world.did(1, "2025-03-11 08:00", Field::Comment, Some(ANA));
    world.at("2025-03-11 11:10").run(&[clear(1, STALLED)]);
    let said = world.said();
    assert!(said.contains("Nobody changed it: time has passed, or what it hangs on has changed. Was"), "{said}");
    world.at("2025-03-12 09:00").run(&[gap(1, STALLED, stalled(Stage::Failure))]).said();
    world.task(1, |task| task.rec.changed_at = at("2025-03-12 10:00"));
    world.at("2025-03-12 11:10").run(&[clear(1, STALLED)]);
    let said = world.said();
    assert!(said.contains("It was changed. Was"), "no history tells of a text that was edited: {said}");
    let no_history = ended(|world| {
        world.container(|home| home.history = crate::domain::record::HistoryReach::Absent);
        close(world);
    });
    assert!(no_history.starts_with("Closed 2 working hours after its date."), "{no_history}");
}

#[test]
fn a_line_in_the_task_a_handover_and_a_change_of_state_are_each_called_so() {
    let ended = |field, by, to: Option<AccountId>| {
        let mut world = world();
        world.run(&[gap(1, STALLED, stalled(Stage::Failure))]).said();
        world.did(1, "2025-03-11 11:00", field, by);
        world.acts.get_mut(&TaskId(1)).unwrap()[0].to = to;
        world.at("2025-03-11 11:10").run(&[clear(1, STALLED)]);
        let said = world.said();
        let line = said.lines().find(|line| line.contains("Was: ")).unwrap().trim().to_owned();
        line.split(" Was: ").next().unwrap().to_owned()
    };
    assert_eq!(ended(Field::Comment, Some(ANA), None), "Ana left a line in it.");
    assert_eq!(ended(Field::Status, Some(ANA), None), "Ana changed its state.");
    assert_eq!(ended(Field::Owner, Some(MAX), Some(BO)), "Max gave it to Bo.");
    assert_eq!(ended(Field::Owner, Some(BO), Some(BO)), "Bo took it.");
    assert_eq!(ended(Field::Owner, None, Some(BO)), "It was given to Bo.");
    assert_eq!(ended(Field::Title, Some(ANA), None), "Ana updated it.");
}

#[test]
fn two_gaps_that_end_by_one_act_are_one_answer_to_each_who_heard_of_both() {
    let mut world = world();
    world.run(&[gap(1, STALLED, stalled(Stage::Widens))]).said();
    let both = |stalled: Reading, overdue: Reading| judged(1, vec![(STALLED, stalled), (OVERDUE, overdue)]);
    let is_stalled = || Reading::gap(stalled(Stage::Widens));
    world.at("2025-03-12 09:00").run(&[both(is_stalled(), Reading::gap(overdue("2025-03-11")))]);
    let edited = world.said();
    assert!(edited.contains("There is another line about it by now: past its date."), "{edited}");
    assert!(!edited.contains("leave a line in the task"), "nothing is asked twice: {edited}");
    close(&mut world);
    world.did(1, "2025-03-12 11:00", Field::Status, Some(ANA));
    let over = || Reading::Clear(Grounds::Because("it is closed"));
    world.at("2025-03-12 11:10").run(&[both(over(), over())]);
    let said = world.said();
    let replies: Vec<&str> = said.split("\n---\n").filter(|one| one.starts_with("reply")).collect();
    assert_eq!(replies.len(), 1, "{said}");
    assert_snapshot!(replies[0], @r"
    reply slack UANA
    [● acme/web#1 is resolved: past its date, no movement]
    ● *Resolved* Wed 12 Mar 11:10: <acme/web#1> “Task 1”
      Ana closed it. Was: past its date. Noticed Wed 12 Mar, open for 2 working hours. Was: no movement. Noticed Tue 11 Mar, open for 1 working day.
    ");
    assert_eq!(said.matches("edit slack UANA").count(), 2, "each of both messages shows its own end: {said}");
    assert!(!said.contains("*Resolved* Wed 12 Mar 11:10: <acme/web#1> “Task 1”\n● *Resolved*"), "{said}");
    let resolved = world.notices(world.alert(STALLED, 1).id);
    assert!(resolved.iter().any(|one| one == "resolved ana slack UANA rung 1 Told"), "{resolved:?}");
}

#[test]
fn what_comes_back_says_so_and_goes_on_where_it_stood() {
    let mut world = world();
    world.policy.repeats = Repeats::on(&[1, 3]);
    let late = || gap(1, OVERDUE, overdue("2025-03-10"));
    world.run(&[late()]).said();
    world.at("2025-03-12 09:00").run(&[late()]);
    assert!(world.said().contains("slack UMAX"));
    world.at("2025-03-12 11:00").run(&[clear(1, OVERDUE)]).said();
    world.at("2025-03-14 09:00").run(&[late()]);
    assert_snapshot!(world.said(), @r"
    edit slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 3 working days ago]
    ⬣ <acme/web#1> “Task 1” *is past its date*
    Due Mon 10 Mar (milestone), 3 working days ago. It was resolved Wed 12 Mar and is open again.
    Next: close it if it is done, or set a new date.
    ");
    world.at("2025-03-17 09:00").run(&[late()]);
    let said = world.said();
    assert!(said.contains("First told Tue 11 Mar."), "{said}");
    assert!(said.contains("Ana was told Fri 14 Mar 09:00, and before that Tue 11 Mar; no change"), "{said}");
    world.at("2025-03-18 09:00").run(&[clear(1, OVERDUE)]);
    let said = world.said();
    assert!(said.contains("Noticed Tue 11 Mar, back since Fri 14 Mar, open for 2 working days."), "{said}");
}

#[test]
fn what_comes_back_after_long_begins_anew_and_says_that_it_was_over() {
    let mut world = world();
    world.policy.repeats = Repeats::on(&[1]);
    let late = || gap(1, OVERDUE, overdue("2025-03-10"));
    world.run(&[late()]).said();
    world.at("2025-03-12 09:00").run(&[late()]).said();
    world.at("2025-03-12 11:00").run(&[clear(1, OVERDUE)]).said();
    world.at("2025-03-24 09:00").run(&[late()]);
    let said = world.said();
    assert!(said.contains("It was resolved Wed 12 Mar and is open again."), "{said}");
    assert!(said.contains("If nothing changes within a working day, Max hears of it too."), "{said}");
    world.at("2025-03-25 09:00").run(&[late()]);
    let said = world.said();
    assert!(said.contains("First told Mon 24 Mar.") && !said.contains("before that"), "{said}");
}

#[test]
fn what_was_over_before_anybody_heard_is_not_said_to_be_back() {
    let mut world = world();
    world.at("2025-03-11 03:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-11 04:00").run(&[clear(1, OVERDUE)]);
    world.at("2025-03-11 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.starts_with("slack UANA") && !said.contains("open again"), "{said}");
}

#[test]
fn who_gave_it_away_is_told_that_nothing_is_left_to_do_and_is_asked_nothing_more() {
    let mut world = world();
    world.policy.repeats = Repeats::on(&[1, 3]);
    let late = || gap(1, OVERDUE, overdue("2025-03-10"));
    world.run(&[late()]).said();
    assign(&mut world, BO, "2025-03-11 11:00");
    world.at("2025-03-11 11:05").run(&[late()]);
    assert_eq!(world.said(), "", "it may be given to somebody else at once");
    world.at("2025-03-11 11:15").run(&[late()]);
    let said = world.said();
    let hers: Vec<&str> = said.split("\n---\n").filter(|one| one.contains("UANA")).collect();
    assert_snapshot!(hers.join("\n"), @r"
    edit slack UANA
    [● acme/web#1 · handed to Bo on Tue 11 Mar; nothing for you to do]
    ● <acme/web#1> “Task 1” · handed to Bo on Tue 11 Mar; nothing for you to do
    ");
    assert!(said.contains("---\nslack UBO"), "{said}");
    for day in ["12", "13", "14", "17"] {
        world.at(&format!("2025-03-{day} 09:00")).run(&[late()]);
        let said = world.said();
        assert!(!said.contains("UANA"), "{said}");
    }
    world.at("2025-03-18 09:00").run(&[clear(1, OVERDUE)]);
    let said = world.said();
    assert!(
        said.contains("edit slack UANA\n[● acme/web#1 is resolved") && !said.contains("reply slack UANA"),
        "{said}"
    );
    let notices = world.notices(world.alert(OVERDUE, 1).id);
    assert!(notices.iter().any(|one| one == "handed ana slack UANA rung 1 Told"), "{notices:?}");
    assert!(notices.iter().any(|one| one == "resolved ana slack UANA rung 1 Told"), "{notices:?}");
}

#[test]
fn who_gets_it_back_is_asked_again() {
    let mut world = world();
    let late = || gap(1, OVERDUE, overdue("2025-03-10"));
    world.run(&[late()]).said();
    assign(&mut world, BO, "2025-03-11 10:00");
    world.at("2025-03-11 10:30").run(&[late()]).said();
    assign(&mut world, ANA, "2025-03-11 11:00");
    world.at("2025-03-11 11:30").run(&[late()]);
    let said = world.said();
    assert!(said.contains("reply slack UANA") && said.contains("handed to Ana on Tue 11 Mar"), "{said}");
    assert!(!said.contains("handed to Bo"), "{said}");
}

#[test]
fn whoever_answered_is_asked_whether_it_still_holds_and_nobody_else() {
    let mut world = world();
    world.run(&[gap(1, PACE, pace(Stage::Widens))]).said();
    world.at("2025-03-12 09:00").run(&[gap(1, PACE, pace(Stage::Widens))]).said();
    assert_eq!(say(&mut world, MAX, "on it"), "Noted.");
    world.deliver();
    let said = world.said();
    assert!(said.contains("edit slack UMAX") && said.contains("you are on it; quiet until"), "{said}");
    assert!(said.contains("edit slack UANA") && said.contains("Max is on it; quiet until"), "{said}");
    let over = world.alert(PACE, 1).acked_until.unwrap();
    world.now = over;
    let over = over.to_zoned(berlin()).strftime("%Y-%m-%d %H:%M").to_string();
    world.at(&over).run(&[gap(1, PACE, pace(Stage::Widens))]);
    let said = world.said();
    let to = |who: &str| said.split("\n---\n").filter(|one| one.contains(who)).collect::<Vec<_>>().join("\n");
    assert!(to("UMAX").contains("You were on it on Wed 12 Mar, and the gap is still there. Still on it?"), "{said}");
    assert!(!to("UANA").contains("Still on it?"), "{said}");
    assert!(to("UMAX").contains("*is behind its pace* (Ana)"), "whose it is: {said}");
    assert!(to("UANA").contains("Max was on it on Wed 12 Mar, and the gap is still there.\nNext: bring"), "{said}");
}

#[test]
fn what_is_not_theirs_asks_nothing_of_them_and_promises_no_word_to_who_has_heard() {
    let mut world = world();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 11:00");
    say(&mut world, ANA, "not mine @bo");
    world.deliver();
    let said = world.said();
    let hers: Vec<&str> = said.split("\n---\n").filter(|one| one.starts_with("edit slack UANA")).collect();
    assert_snapshot!(hers.join("\n"), @r"
    edit slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 2 working hours ago]
    ⬣ <acme/web#1> “Task 1” *is past its date*
    Due Mon 10 Mar (milestone), 2 working hours ago. You say it is not yours but “bo”’s.
    Next: nothing; whoever leads you settles whose it is.
    ");
}

#[test]
fn a_silence_needs_its_reason_and_has_its_end() {
    let mut world = world();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 11:00");
    let refused = say(&mut world, ANA, "snooze 60d");
    assert_eq!(refused, "A silence of more than 35 days needs a reason behind its end.");
    assert_eq!(say(&mut world, ANA, "snooze 400d because the fair"), "A silence lasts 370 days at most.");
    assert!(world.alert(OVERDUE, 1).snoozed_until.is_none());
    assert!(say(&mut world, ANA, "snooze 60d because of the fair").contains("is silent until"));
    assert!(say(&mut world, ANA, "snooze 30d").contains("is silent until"));
}

#[test]
fn what_a_gap_says_by_itself_is_not_said_beside_it() {
    let mut world = world();
    world.task(2, |_| {});
    let (deadline, waiting) = (deadline("2025-04-30"), vec![TaskId(2)]);
    let stale = Evidence::BlockerStale { still: Still::Since(at("2025-02-24 10:00")), waiting, nearest: None };
    let stale = finding(Stage::Widens, Some(deadline), stale);
    let readings = vec![
        (crate::domain::finding::RuleId("blocker.stale"), Reading::gap(stale)),
        (STALLED, Reading::gap(stalled(Stage::Widens))),
    ];
    world.run(&[judged(1, readings)]);
    let said = world.said();
    assert!(said.contains("last change by a person Mon 24 Feb") && !said.contains("Also:"), "{said}");
}

#[test]
fn what_somebody_wants_to_hear_is_shown_as_taken_in_our_comment() {
    let mut world = world();
    world.policy.comments_on.insert(GITHUB);
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 11:00");
    say(&mut world, ANA, "stop");
    world.deliver();
    let said = world.said();
    assert!(said.contains("“/gapwatch stop”: Noted: nothing is told to you in person any more."), "{said}");
    say(&mut world, ANA, "start");
    world.deliver();
    let said = world.said();
    assert!(said.contains("“/gapwatch start”: Noted: you are told in person again."), "{said}");
}
