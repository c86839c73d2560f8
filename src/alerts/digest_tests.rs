//! Digests: who gets which, when, what is in them, and what becomes of their lines.
#![allow(clippy::unwrap_used)]

use connector_kit::WriteError;
use insta::assert_snapshot;
use jiff::Timestamp;

use super::testing::*;
use super::*;
use crate::domain::alert::Round;
use crate::domain::digest::{DigestOf, Schedule, WeeklyTo};
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Stage};
use crate::domain::ids::PersonId;
use crate::domain::notice::{MessageState, NoticeState};
use crate::domain::record::BoardDelta;
use crate::messages::retry::{Outcome, due};
use connector_model::StatusCategory;

const NO_DUE: RuleId = RuleId("due.none");

/// A world in which digests are due as the defaults have it, and everything is judged.
fn world() -> World {
    let mut world = World::new();
    world.policy.schedule = Schedule {
        person: "start of work".parse().unwrap(),
        manager: "start of work".parse().unwrap(),
        weekly: "0 15 * * 5".parse().unwrap(),
        weekly_to: vec![WeeklyTo::Managers],
    };
    world
}

/// Plays on at a moment, with everything judged.
fn run(world: &mut World, moment: &str, judgements: &[Judgement]) -> String {
    world.at(moment);
    rest(world);
    world.run(judgements);
    rest(world);
    world.run(&[]);
    world.said()
}

fn rest(world: &mut World) {
    for subject in world.board.due(world.now, usize::MAX).subjects {
        world.board.judged(subject, None);
    }
}

fn no_due() -> Finding {
    finding(Stage::Opens, None, Evidence::NoDue { category: StatusCategory::Active })
}

/// A gap about which the manager is to hear in their digest.
fn drift() -> Finding {
    Finding { addressee: Addressee::Manager, first: Some(FirstWord::Digest), ..no_due() }
}

#[test]
fn a_gap_that_opens_is_a_line_of_the_owners_next_morning_and_told_by_it() {
    let mut world = world();
    assert_eq!(run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]), "", "today's had its turn");
    assert_eq!(world.withheld(NO_DUE, 1), Some("digest"));
    assert!(world.alert(NO_DUE, 1).told.is_empty());
    assert_eq!(run(&mut world, "2025-03-12 08:59", &[]), "");
    assert_snapshot!(run(&mut world, "2025-03-12 09:00", &[]), @r"
    slack UANA
    [Your Wednesday, Ana: 1 to look at: acme/web#1]
    *Your Wednesday, Ana*: 1 to look at
    ▲ <acme/web#1> “Task 1” *has no date*
      Being worked on, and no date from the task, a sprint or a milestone. Next: give it a date, or a milestone, sprint or version that has one.
    ");
    let told = &world.alert(NO_DUE, 1).told;
    assert_eq!((told.len(), told[0].account, told[0].rung), (1, ANA, 0));
    assert_eq!(run(&mut world, "2025-03-12 12:00", &[]), "", "once");
    assert_eq!(run(&mut world, "2025-03-13 09:00", &[]), "", "nothing is new, so there is none");
    run(&mut world, "2025-03-13 10:00", &[clear(1, NO_DUE)]);
    assert_eq!(run(&mut world, "2025-03-13 10:11", &[]), "");
    assert_snapshot!(run(&mut world, "2025-03-14 09:00", &[]), @r"
    slack UANA
    [Your Friday, Ana: nothing new to look at]
    *Your Friday, Ana*: nothing new to look at
    ● Fixed since yesterday: acme/web#1
    ");
    assert_eq!(run(&mut world, "2025-03-17 09:00", &[]), "");
}

#[test]
fn what_is_over_before_the_morning_is_never_spoken_of() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    run(&mut world, "2025-03-11 12:00", &[clear(1, NO_DUE)]);
    run(&mut world, "2025-03-11 12:11", &[]);
    assert_eq!(run(&mut world, "2025-03-12 09:00", &[]), "");
}

#[test]
fn five_lines_stand_alone_and_the_rest_is_named() {
    let mut world = world();
    let mut gaps = Vec::new();
    for id in 1..=8 {
        world.task(id, |_| {});
        gaps.push(gap(id, NO_DUE, no_due()));
    }
    run(&mut world, "2025-03-11 11:00", &gaps);
    let said = run(&mut world, "2025-03-12 09:00", &[]);
    assert!(said.contains("8 to look at") && said.contains("and 3 more: acme/web#6, acme/web#7, acme/web#8"), "{said}");
    for id in 1..=8 {
        assert_eq!(world.alert(NO_DUE, id).told.len(), 1, "all of them are told");
    }
}

#[test]
fn a_digest_missed_while_nobody_watched_is_sent_once_the_same_day_and_not_the_next() {
    let mut world = world();
    run(&mut world, "2025-03-10 11:00", &[gap(1, NO_DUE, no_due())]);
    // Back at eleven.
    assert!(run(&mut world, "2025-03-11 11:00", &[]).starts_with("slack UANA"));
    run(&mut world, "2025-03-11 12:00", &[gap(2, NO_DUE, no_due())]);
    world.task(2, |_| {});
    run(&mut world, "2025-03-11 13:00", &[gap(2, NO_DUE, no_due())]);
    // Away the whole day after, back in the evening: the morning after is the next.
    assert_eq!(run(&mut world, "2025-03-12 18:00", &[]), "");
    assert!(run(&mut world, "2025-03-13 09:00", &[]).contains("acme/web#2"));
}

#[test]
fn whoever_is_away_finds_it_when_they_are_back() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    let days = crate::domain::away::DateRange::new("2025-03-12".parse().unwrap(), "2025-03-13".parse().unwrap());
    world.board.people.add_away([(ANA, days.unwrap())]);
    let said = run(&mut world, "2025-03-12 09:00", &[gap(1, NO_DUE, no_due())]);
    assert!(!said.contains("slack UANA"), "{said}");
    let said = run(&mut world, "2025-03-14 09:00", &[gap(1, NO_DUE, no_due())]);
    assert!(said.contains("slack UANA"), "{said}");
}

#[test]
fn a_digest_waits_a_while_for_reading_that_is_behind_and_then_leaves_out_what_is() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    world.now = at("2025-03-12 09:00");
    rest(&mut world);
    world.run(&[]);
    assert_eq!(world.said(), "", "read yesterday");
    let due_at = digests_due(&world.snapshot());
    assert_eq!((due_at.quiet_until, due_at.wake_at), (Timestamp::MIN, Some(at("2025-03-12 09:15"))));
    let mut late = world.board.container(WEB).unwrap().clone();
    world.now = at("2025-03-12 09:15");
    rest(&mut world);
    world.run(&[]);
    assert_eq!(world.said(), "");
    assert!(world.board.waiting_lines().next().is_some(), "it waits for tomorrow");
    late.fresh_at = Some(at("2025-03-13 09:00"));
    world.board.apply(BoardDelta { containers: vec![late], ..BoardDelta::default() });
    assert!(run(&mut world, "2025-03-13 09:00", &[]).contains("acme/web#1"));
}

#[test]
fn whoever_has_no_private_channel_is_not_told_by_a_comment_and_the_gap_says_so() {
    let mut world = world();
    world.policy.slack = false;
    world.policy.comments_on.insert(GITHUB);
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    assert_eq!(world.withheld(NO_DUE, 1), Some("no_addressee"));
    assert_eq!(run(&mut world, "2025-03-12 09:00", &[]), "");
    world.policy.slack = true;
    assert!(run(&mut world, "2025-03-13 09:00", &[gap(1, NO_DUE, no_due())]).starts_with("slack UANA"));
}

#[test]
fn who_wants_digests_by_mail_gets_them_there_and_everything_else_in_slack() {
    let mut world = world();
    world.policy.email = true;
    world.policy.unwanted.insert(("ana".to_owned(), "email"));
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().email = Some("ana@example.org".to_owned());
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    assert!(run(&mut world, "2025-03-12 09:00", &[]).starts_with("mail ana@example.org"));
    world.policy.unwanted.insert(("ana".to_owned(), "digest"));
    world.task(2, |_| {});
    run(&mut world, "2025-03-12 11:00", &[gap(2, NO_DUE, no_due())]);
    assert!(run(&mut world, "2025-03-13 09:00", &[]).starts_with("slack UANA"));
}

#[test]
fn a_digest_that_slack_refuses_goes_by_mail_and_where_there_is_none_its_lines_wait() {
    for mail in [true, false] {
        let mut world = world();
        world.policy.email = mail;
        world.board.people.persons.get_mut(&PersonId(1)).unwrap().email = Some("ana@example.org".to_owned());
        run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
        world.at("2025-03-12 09:00");
        rest(&mut world);
        world.round(&[]);
        let id = world.board.messages().next().unwrap().id;
        let refused = Outcome::Failed(WriteError::Refused { because: "user_not_found".to_owned() });
        world.attempt(id, Some(refused));
        assert!(world.alert(NO_DUE, 1).told.is_empty(), "refused is not told");
        world.deliver();
        let said = world.said();
        assert_eq!(said.starts_with("mail ana@example.org"), mail, "{said}");
        assert_eq!(world.alert(NO_DUE, 1).told.len(), usize::from(mail));
        world.run(&[]);
        rest(&mut world);
        assert_eq!(world.board.waiting_lines().count(), usize::from(!mail));
        assert_eq!(run(&mut world, "2025-03-12 10:00", &[]), "", "not twice a day");
        assert_eq!(run(&mut world, "2025-03-13 09:00", &[]).is_empty(), mail);
    }
}

#[test]
fn a_digest_that_could_not_leave_all_day_makes_room_for_the_next() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    world.at("2025-03-12 09:00");
    rest(&mut world);
    world.round(&[]);
    for _ in 0..100 {
        let Some(message) = world.board.messages().find(|one| one.state == MessageState::Sealed) else { break };
        let (id, due_at) = (message.id, message.due_at);
        assert!(due_at < at("2025-03-12 18:00"), "{due_at}");
        world.now = world.now.max(due_at);
        assert!(!due(&world.board, EPOCH, world.now).is_empty());
        let down = WriteError::NotSent { retry_after: None, because: "down".to_owned() };
        world.attempt(id, Some(Outcome::Failed(down)));
    }
    assert!(world.board.messages().all(|message| message.state == MessageState::Dead));
    world.run(&[]);
    let said = run(&mut world, "2025-03-13 09:00", &[gap(1, NO_DUE, no_due())]);
    assert!(said.contains("acme/web#1"), "{said}");
}

#[test]
fn a_digest_on_its_way_loses_the_line_that_is_over_and_goes_when_it_was_the_last() {
    let mut world = world();
    world.task(2, |_| {});
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due()), gap(2, NO_DUE, no_due())]);
    world.at("2025-03-12 09:00");
    rest(&mut world);
    world.round(&[]);
    let body = |world: &World| text(&world.board.messages().next().unwrap().body);
    assert!(body(&world).contains("2 to look at"));
    world.round(&[clear(1, NO_DUE)]);
    world.at("2025-03-12 09:11").round(&[]);
    assert!(body(&world).contains("1 to look at") && !body(&world).contains("web#1"), "{}", body(&world));
    world.round(&[clear(2, NO_DUE)]);
    world.at("2025-03-12 09:22").round(&[]);
    assert!(world.board.messages().all(|message| message.state == MessageState::Withdrawn));
}

#[test]
fn the_manager_gets_what_waits_for_them_with_the_state_of_their_team() {
    let mut world = world();
    world.task(2, |task| task.rec.owners = Box::new([BO]));
    let mut far = pace(Stage::Widens);
    far.deadline = Some(deadline("2025-04-30"));
    assert!(run(&mut world, "2025-03-11 10:00", &[gap(1, PACE, far)]).starts_with("slack UANA"));
    assert_eq!(run(&mut world, "2025-03-12 09:00", &[]), "", "it is between us and the owner");
    run(&mut world, "2025-03-13 10:00", &[]);
    assert_snapshot!(run(&mut world, "2025-03-14 09:00", &[]), @"");
    assert_eq!(world.alert(PACE, 1).rung, 2);
    world.board.people.muted.insert(BO, at("2025-03-13 10:00"));
    run(&mut world, "2025-03-14 10:00", &[clear(1, PACE)]);
    run(&mut world, "2025-03-14 10:11", &[gap(2, NO_DUE, drift())]);
    let said = run(&mut world, "2025-03-17 09:00", &[]);
    assert_snapshot!(said, @r"
    slack UMAX
    [Team of Max, Mon 17 Mar: 1 gap waits for you: acme/web#2]
    *Team of Max, Mon 17 Mar*: 2 tasks, 2 people
    ⬣ 0 failed   ■ 0 widening   ▲ 1 opening
    *Needs you: 1*
    ▲ <acme/web#2> “Task 2” *has no date* (Bo)
      Being worked on, and no date from the task, a sprint or a milestone. Next: give it a date, or a milestone, sprint or version that has one.
    ● Fixed since Fri 14 Mar: acme/web#1
      Closed by owners without you within a week: 0 of 1
      Wants the digest alone and no other message: Bo (since Thu 13 Mar)
    ");
}

#[test]
fn what_was_there_before_is_told_to_the_manager_once() {
    let mut world = world();
    let before = Judgement { baseline: true, ..gap(1, OVERDUE, overdue("2025-03-03")) };
    run(&mut world, "2025-03-11 11:00", &[before]);
    assert_snapshot!(run(&mut world, "2025-03-12 09:00", &[]), @"");
    assert_eq!(run(&mut world, "2025-03-13 09:00", &[]), "");
}

#[test]
fn what_stays_open_for_long_is_told_to_the_manager_once_a_month() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    run(&mut world, "2025-03-12 09:00", &[]);
    assert_eq!(run(&mut world, "2025-04-01 09:00", &[]), "", "fourteen working days");
    assert_eq!(run(&mut world, "2025-04-30 09:00", &[]), "");
    let said = run(&mut world, "2025-05-02 09:00", &[]);
    assert!(said.contains("Told long ago and still open: acme/web#1 (since Tue 11 Mar)"), "{said}");
    assert_eq!(run(&mut world, "2025-05-05 09:00", &[]), "");
    assert!(run(&mut world, "2025-06-02 09:00", &[]).contains("still open"));
}

#[test]
fn once_a_week_whoever_leads_hears_that_all_is_on_track_with_what_that_rests_on() {
    let mut world = world();
    world.task(2, |task| {
        task.rec.owners = Box::new([BO]);
        task.rec.due = Some(connector_model::DueStated {
            due: connector_model::Due::On("2025-03-20".parse().unwrap()),
            source: connector_model::DueSource::Item,
        });
    });
    assert_eq!(run(&mut world, "2025-03-14 14:59", &[]), "");
    assert_snapshot!(run(&mut world, "2025-03-14 15:00", &[]), @r"
    slack UMAX
    [● Team of Max, Fri 14 Mar: everything is on track]
    ● *Team of Max, Fri 14 Mar*: everything is on track.
    2 tasks watched, the one connection read within 1 minute, 0 gaps open, 0 opened and 0 closed this week. Next date: acme/web#2 (due Thu 20 Mar). 1 task has no date, so nothing can be said about when.
    ");
    assert_eq!(run(&mut world, "2025-03-14 16:00", &[]), "", "once");
    assert_eq!(run(&mut world, "2025-03-20 15:00", &[]), "");
    // Nothing is well while something cannot be seen.
    world.container(|home| home.failing_since = Some(at("2025-03-20 16:00")));
    assert_snapshot!(run(&mut world, "2025-03-21 15:00", &[]), @r"
    slack UMAX
    [Team of Max, Fri 21 Mar: no gap is open, but not everything could be checked]
    *Team of Max, Fri 21 Mar*: no gap is open, but not everything could be checked.
    2 tasks, 2 of them out of sight, 0 gaps open, 0 opened and 0 closed this week. 1 task has no date, so nothing can be said about when.
      Could not be checked: acme/web (cannot be read since Thu 20 Mar 16:00)
    ");
}

#[test]
fn the_weekly_report_says_what_is_open_and_never_all_is_well_beside_it() {
    let mut world = world();
    world.policy.schedule.weekly_to = vec![WeeklyTo::Channel, WeeklyTo::Person("eve".to_owned())];
    world.policy.slack_channel = Some("#delivery".to_owned());
    run(&mut world, "2025-03-13 11:00", &[gap(1, NO_DUE, no_due())]);
    run(&mut world, "2025-03-14 09:00", &[]);
    assert_snapshot!(run(&mut world, "2025-03-14 15:30", &[]), @r"
    slack #delivery
    [Everything watched, Fri 14 Mar: 1 gap open]
    *Everything watched, Fri 14 Mar*: 1 gap open.
    1 task watched, the one connection read within 1 minute, 1 gap open, 1 opened and 0 closed this week. 1 task has no date, so nothing can be said about when.
    ⬣ 0 failed   ■ 0 widening   ▲ 1 opening
      What is open: 1 no date
    ---
    slack UEVE
    [Everything watched, Fri 14 Mar: 1 gap open]
    *Everything watched, Fri 14 Mar*: 1 gap open.
    1 task watched, the one connection read within 1 minute, 1 gap open, 1 opened and 0 closed this week. 1 task has no date, so nothing can be said about when.
    ⬣ 0 failed   ■ 0 widening   ▲ 1 opening
      What is open: 1 no date
    ");
}

#[test]
fn what_cannot_be_all_well() {
    let blind: [fn(&mut crate::domain::record::ContainerRec); 4] = [
        |home| home.warm_at = None,
        |home| home.failing_since = Some(at("2025-03-14 09:00")),
        |home| home.history = crate::domain::record::HistoryReach::Pending,
        |home| home.fresh_at = Some(at("2025-03-13 09:00")),
    ];
    for change in blind {
        let mut world = world();
        run(&mut world, "2025-03-14 14:00", &[]);
        world.container(change);
        world.now = at("2025-03-14 15:20");
        rest(&mut world);
        world.run(&[]);
        let said = world.said();
        assert!(said.contains("Could not be checked: acme/web") && !said.contains("on track"), "{said}");
    }
}

#[test]
fn while_nothing_may_be_sent_there_is_no_digest_either() {
    let mut world = world();
    world.policy.mode = crate::domain::policy::Mode::Observe;
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    assert_eq!(run(&mut world, "2025-03-12 09:00", &[]), "");
    assert_eq!(run(&mut world, "2025-03-14 15:00", &[]), "");
    assert_eq!(digests_due(&world.snapshot()).wake_at, None);
}

#[test]
fn what_a_connection_was_found_with_is_told_once() {
    let mut world = world();
    world.board.people.operators = vec![PersonId(4)];
    world.container(|home| home.baseline_at = None);
    let before = Judgement { baseline: true, ..gap(1, OVERDUE, overdue("2025-03-03")) };
    assert_eq!(run(&mut world, "2025-03-11 11:00", &[before]), "");
    world.container(|home| home.baseline_at = Some(at("2025-03-11 11:00")));
    assert_snapshot!(run(&mut world, "2025-03-11 11:01", &[]), @r"
    slack UEVE
    [What github.acme was found with: 1 gap in 1 of 1 open task (100 %)]
    *What github.acme was found with*: 1 gap in 1 of 1 open task (100 %). Whoever has them is told when they get worse, or at their next checkpoint.
    `overdue`: 1 (100 % of the open tasks), 1 of them of the last 30 days
      Of these, 1 began within the last 30 days: told as they came up, that would have been 1 line in messages to owners and 0 lines in digests. What came up in that time and is over again is not counted.
    *The oldest*
      acme/web#1: overdue since Mon 3 Mar
      1 of the open tasks have no date and 0 nobody assigned: little can be said of these.
      Worth listening to first: overdue, due.at_risk, blocker.stale, blocker.cascade, blocker.resolved. `gapwatch enable RULE` prints the lines for one, and the messages they would cause.
    ");
    assert_eq!(run(&mut world, "2025-03-11 11:02", &[]), "");
}

#[test]
fn a_hostile_title_stays_one_harmless_line() {
    let mut world = world();
    world.titles.insert(TaskId(1), "x\n<!channel> @here\r\n⬣ *You are fired*\u{202e}".to_owned());
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    let said = run(&mut world, "2025-03-12 09:00", &[]);
    let line = said.lines().find(|line| line.contains("channel")).unwrap();
    assert!(line.contains("“x <!channel> @here ⬣ *You are fired*”"), "{said}");
}

#[test]
fn when_to_look_again_is_the_next_turn_of_anybody() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[]);
    let next = digests_due(&world.snapshot());
    assert_eq!((next.quiet_until, next.wake_at), (at("2025-03-12 09:00"), Some(at("2025-03-12 09:00"))));
    run(&mut world, "2025-03-14 10:00", &[]);
    assert_eq!(digests_due(&world.snapshot()).wake_at, Some(at("2025-03-14 15:00")));
    run(&mut world, "2025-03-14 15:00", &[]);
    assert_eq!(digests_due(&world.snapshot()).wake_at, Some(at("2025-03-17 09:00")));
}

#[test]
fn the_same_day_is_never_had_twice_whatever_the_clock_does() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    assert!(!run(&mut world, "2025-03-12 09:00", &[]).is_empty());
    let turns = |round: &Round| round.turns.len();
    assert!(world.rounds.iter().map(turns).sum::<usize>() > 0);
    world.task(2, |_| {});
    run(&mut world, "2025-03-12 10:00", &[gap(2, NO_DUE, no_due())]);
    let turn = *world.board.turn(DigestOf::Person(ANA)).unwrap();
    assert_eq!(turn.day.to_string(), "2025-03-12");
    assert_eq!(run(&mut world, "2025-03-11 12:00", &[]), "", "set back by a day");
    let open = world.board.waiting_lines().filter(|line| line.state == NoticeState::Open);
    assert_eq!(open.count(), 1);
}

#[test]
fn the_lines_of_a_digest_that_nobody_was_there_to_send_are_in_the_next_one_alone() {
    let mut world = world();
    run(&mut world, "2025-03-11 11:00", &[gap(1, NO_DUE, no_due())]);
    world.at("2025-03-12 16:59");
    rest(&mut world);
    world.round(&[]);
    assert_eq!(world.board.messages().count(), 1, "decided, and then nobody was there");
    let said = run(&mut world, "2025-03-13 09:00", &[]);
    assert!(said.contains("Your Thursday, Ana") && !said.contains("---"), "{said}");
    assert_eq!(world.alert(NO_DUE, 1).told.len(), 1);
}

#[test]
fn what_was_found_while_nothing_is_sent_and_an_empty_connection_are_told_to_nobody() {
    let found = |change: &dyn Fn(&mut World)| {
        let mut world = world();
        change(&mut world);
        world.board.people.operators = [crate::domain::ids::PersonId(4)].into_iter().collect();
        world.container(|home| home.baseline_at = Some(at("2025-03-11 11:00")));
        let before = run(&mut world, "2025-03-11 11:01", &[]);
        world.policy.mode = crate::domain::policy::Mode::Live;
        let later = run(&mut world, "2025-03-12 11:00", &[]);
        (before.contains("was found with"), later.contains("was found with"))
    };
    assert_eq!(found(&|_| {}), (true, false), "once");
    let observe = |world: &mut World| world.policy.mode = crate::domain::policy::Mode::Observe;
    assert_eq!(found(&observe), (false, false), "later it would be about another day");
    let empty = |world: &mut World| {
        world.task(1, |task| task.rec.category = connector_model::StatusCategory::Done);
    };
    assert_eq!(found(&empty), (false, false), "nothing to tell");
}

#[test]
fn the_numbers_of_a_team_add_up_and_name_no_rule_by_its_id() {
    let mut world = world();
    let stronger = overdue("2025-03-10");
    let both = judged(1, vec![(OVERDUE, Reading::gap(stronger)), (STALLED, Reading::gap(stalled(Stage::Widens)))]);
    run(&mut world, "2025-03-11 11:00", &[both]);
    let said = run(&mut world, "2025-03-14 15:00", &[]);
    assert!(said.contains("2 gaps open"), "{said}");
    assert!(said.contains("⬣ 1 failed   ■ 0 widening   ▲ 0 opening   and 1 more on the same tasks"), "{said}");
    assert!(said.contains("What is open: 1 past its date\n"), "{said}");
}

#[test]
fn what_is_said_once_more_is_a_line_of_the_digest_and_its_end_is_told_in_the_thread_of_the_first() {
    let mut world = world();
    world.policy.repeats = crate::domain::repeats::Repeats::on(&[1, 3]);
    world.policy.clear_after = jiff::SignedDuration::ZERO;
    world.task(2, |_| {});
    let far = Finding { deadline: Some(deadline("2025-04-30")), ..pace(Stage::Widens) };
    assert!(run(&mut world, "2025-03-11 11:00", &[gap(1, PACE, far)]).starts_with("slack UANA"));
    assert_eq!(run(&mut world, "2025-03-11 12:00", &[gap(2, NO_DUE, no_due())]), "");
    let said = run(&mut world, "2025-03-12 09:00", &[]);
    let hers: Vec<&str> = said.split("\n---\n").filter(|one| one.starts_with("slack UANA")).collect();
    assert_eq!(hers.len(), 1, "one message that morning: {said}");
    assert!(
        hers[0].contains("Your Wednesday, Ana: 2 to look at") && hers[0].contains("First told Tue 11 Mar."),
        "{said}"
    );
    let said = run(&mut world, "2025-03-13 09:00", &[]);
    assert_eq!(said, "", "the next one is due on the third working day");
    let said = run(&mut world, "2025-03-14 09:00", &[]);
    let own = |one: &str| one.starts_with("slack UANA") && one.contains("First told Tue 11 Mar.");
    assert!(said.split("\n---\n").any(own), "without a digest: {said}");
    run(&mut world, "2025-03-14 11:00", &[clear(1, PACE)]);
    let said = run(&mut world, "2025-03-14 11:30", &[clear(1, PACE)]);
    let all = world.notices(world.alert(PACE, 1).id).join("\n");
    assert!(all.contains("resolved ana slack UANA"), "{said}\n{all}");
}
