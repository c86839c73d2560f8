//! What is said where, edited, taken back, tried again.
#![allow(clippy::unwrap_used)]

use connector_kit::{Found, MessageRef, WriteError};
use connector_model::Field;
use insta::assert_snapshot;
use jiff::SignedDuration;

use super::retry::{Job, Outcome, due, next_due};
use super::*;
use crate::alerts::Judgement;
use crate::alerts::testing::*;
use crate::domain::alert::AlertState;
use crate::domain::finding::{Evidence, Finding};

/// A widening gap whose date is far: a line of the day's message.
fn far(stage: Stage) -> Finding {
    let mut finding = pace(stage);
    finding.deadline = Some(deadline("2025-04-30"));
    finding
}

/// Ana can be told by mail as well.
fn with_mail() -> World {
    let mut world = World::new();
    world.policy.email = true;
    world.board.people.persons.get_mut(&crate::domain::ids::PersonId(1)).unwrap().email =
        Some("ana@example.org".to_owned());
    world
}

fn message(world: &World) -> Message {
    let mut messages: Vec<&Message> = world.board.messages().collect();
    messages.sort_by_key(|message| message.id);
    messages.first().copied().cloned().unwrap()
}

fn not_sent() -> Outcome {
    Outcome::Failed(WriteError::NotSent { retry_after: None, because: "down".to_owned() })
}

fn refused() -> Outcome {
    Outcome::Failed(WriteError::Refused { because: "deactivated".to_owned() })
}

#[test]
fn the_gaps_of_a_day_are_lines_of_one_message_and_later_ones_are_added_by_an_edit() {
    let mut world = World::new();
    world.task(2, |_| {});
    world.task(3, |_| {});
    world.run(&[gap(1, PACE, far(Stage::Widens)), gap(2, STALLED, stalled(Stage::Widens))]);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [2 tasks: acme/web#1, acme/web#2]
    *Tue 11 Mar: 2 to look at*
    ■ <acme/web#1> “Task 1” *is behind its pace*
      20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ■ <acme/web#2> “Task 2” *has not moved*
      Last change by a person Mon 24 Feb, 11 working days ago (10 working days is typical elsewhere), no date. Next: leave a line in the task about where it stands.
    ");
    world.at("2025-03-11 14:00").run(&[gap(3, STALLED, stalled(Stage::Widens))]);
    assert_snapshot!(world.said(), @r"
    edit slack UANA
    [3 tasks: acme/web#1, acme/web#2, acme/web#3]
    *Tue 11 Mar: 3 to look at*
    ■ <acme/web#1> “Task 1” *is behind its pace*
      20 % done (2 of 10 sub-tasks) after 66 % of the time (7 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ■ <acme/web#2> “Task 2” *has not moved*
      Last change by a person Mon 24 Feb, 12 working days ago (10 working days is typical elsewhere), no date. Next: leave a line in the task about where it stands.
    ■ <acme/web#3> “Task 3” *has not moved*
      Last change by a person Mon 24 Feb, 12 working days ago (10 working days is typical elsewhere), no date. Next: leave a line in the task about where it stands.
    ");
    assert_eq!(world.board.posts().count(), 1);
    world.task(4, |_| {});
    world.at("2025-03-12 09:00").run(&[gap(4, STALLED, stalled(Stage::Widens))]);
    assert!(world.said().starts_with("slack UANA"), "another day, another message");
}

#[test]
fn more_than_five_lines_are_counted() {
    let mut world = World::new();
    let all: Vec<_> = (1..9).map(|id| gap(id, STALLED, stalled(Stage::Widens))).collect();
    for id in 2..9 {
        world.task(id, |_| {});
    }
    world.run(&all);
    assert_eq!(world.sent.len(), 1);
    assert!(world.said().ends_with("and 3 more"));
}

#[test]
fn what_cannot_wait_is_a_message_of_its_own() {
    let mut world = World::new();
    world.task(2, |_| {});
    world.task(3, |_| {});
    let all = [
        gap(1, PACE, pace(Stage::Widens)),
        gap(2, OVERDUE, overdue("2025-03-10")),
        gap(3, STALLED, stalled(Stage::Widens)),
    ];
    world.run(&all);
    assert_eq!(world.sent.len(), 3);
    let insist: Vec<bool> = world.rounds[0].messages.iter().map(|message| message.insist).collect();
    assert_eq!(insist, [false, true, false], "a failure is repeated rather than lost");
}

#[test]
fn a_line_of_the_day_is_edited_as_its_gap_changes_and_never_twice_the_same() {
    let mut world = World::new();
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    let mut better = far(Stage::Widens);
    if let Evidence::Pace { progress, .. } = &mut better.evidence {
        *progress = 0.3;
    }
    world.run(&[gap(1, PACE, better.clone())]);
    assert_snapshot!(world.said(), @r"
    edit slack UANA
    [■ acme/web#1 is behind its pace: 30 % done (3 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)]
    ■ <acme/web#1> “Task 1” *is behind its pace*
      30 % done (3 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ");
    world.run(&[gap(1, PACE, better)]);
    assert_eq!(world.said(), "");
}

#[test]
fn edits_that_wait_are_one_and_words_that_came_back_need_none() {
    let mut world = World::new();
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    for share in [0.3, 0.4, 0.5] {
        let mut finding = far(Stage::Widens);
        if let Evidence::Pace { progress, .. } = &mut finding.evidence {
            *progress = share;
        }
        world.round(&[gap(1, PACE, finding)]);
    }
    assert_eq!(world.board.messages().count(), 1);
    assert!(text(&message(&world).body).contains("50 % done"));
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    assert_eq!(world.board.messages().count(), 0, "it says that already");
}

#[test]
fn a_message_that_has_not_left_takes_new_lines_and_loses_those_that_are_over() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.task(2, |_| {});
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    world.round(&[gap(2, STALLED, stalled(Stage::Widens))]);
    assert_eq!(world.board.messages().count(), 1);
    assert!(text(&message(&world).body).contains("2 to look at"));
    world.round(&[clear(1, PACE)]);
    assert!(!text(&message(&world).body).contains("web#1"));
    world.round(&[clear(2, STALLED)]);
    assert_eq!(world.board.messages().count(), 0);
    let last = world.rounds.last().unwrap();
    assert_eq!(last.messages[0].state, MessageState::Withdrawn);
    assert_eq!(last.notices.iter().map(|notice| notice.state).collect::<Vec<_>>(), [NoticeState::Withdrawn]);
    world.deliver();
    assert_eq!(world.said(), "");
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    world.deliver();
    assert_eq!(world.sent.len(), 1, "and the day's message can still be made");
}

#[test]
fn an_answer_under_a_message_waits_for_the_morning_an_edit_does_not() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.at("2025-03-11 16:50").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 19:00").run(&[clear(1, OVERDUE)]);
    assert!(world.said().starts_with("edit slack UANA"));
    assert_eq!(next_due(&world.board, EPOCH), Some(at("2025-03-12 09:00")));
    world.at("2025-03-12 09:00").deliver();
    assert!(world.said().starts_with("reply slack UANA"));
}

#[test]
fn the_comment_is_one_and_lives_on_over_gaps_and_episodes() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, PACE, far(Stage::Widens))]);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [■ acme/web#1 is behind its pace: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)]
    ■ <acme/web#1> “Task 1” *is behind its pace*
      20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
    ---
    comment #1
    [■ acme/web#1 is behind its pace: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)]
    *gapwatch* · ■ behind its pace since Tue 11 Mar
    20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
      Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.
      About “Task 1”. This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    world.did(1, "2025-03-12 09:50", Field::Progress, Some(ANA));
    world.at("2025-03-12 10:00").run(&[clear(1, PACE)]);
    assert_snapshot!(world.said(), @r"
    reply slack UANA
    [● acme/web#1 is resolved: behind its pace]
    ● *Resolved* Wed 12 Mar 10:00: <acme/web#1> “Task 1”
      Ana brought its progress up to date. Was: behind its pace. Noticed Tue 11 Mar, open for 1 working day.
    ---
    edit slack UANA
    [● acme/web#1 is resolved: behind its pace]
    ● *Resolved* Wed 12 Mar 10:00: <acme/web#1> “Task 1”
      Ana brought its progress up to date. Was: behind its pace. Noticed Tue 11 Mar, open for 1 working day.
    ---
    edit comment #1
    [● acme/web#1 is resolved: behind its pace]
    *gapwatch* · ● resolved Wed 12 Mar 10:00: behind its pace
    Ana brought its progress up to date. Open for 1 working day.
      About “Task 1”. This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    world.at("2025-03-13 10:00").run(&[gap(1, PACE, far(Stage::Widens))]);
    assert_eq!(world.said().matches("edit comment #1").count(), 1);
    let comments = world.board.posts().filter(|post| matches!(post.about, PostAbout::Task(_)));
    assert_eq!(comments.count(), 1);
}

#[test]
fn a_comment_that_a_person_took_away_is_never_made_again() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    let mut worse = far(Stage::Widens);
    if let Evidence::Pace { progress, .. } = &mut worse.evidence {
        *progress = 0.1;
    }
    world.round(&[gap(1, PACE, worse)]);
    let gone = Outcome::Failed(WriteError::Gone { because: "404".to_owned() });
    world.attempt(message(&world).id, Some(gone));
    world.run(&[]);
    world.at("2025-03-12 09:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    assert_eq!(world.said(), "");
    assert_eq!(world.withheld(PACE, 1), None, "the manager's digest has it");
}

#[test]
fn a_new_comment_is_made_only_where_somebody_must_be_notified_anew() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    world.at("2025-03-12 09:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    assert_snapshot!(world.said(), @r"
    edit comment #1
    [gapwatch · a newer comment below has taken the place of this one]
      gapwatch · a newer comment below has taken the place of this one
    ---
    comment #1
    [⬣ acme/web#1 is behind its pace: 20 % done (2 of 10 sub-tasks) after 70 % of the time (7 of 10 working days), due Fri 14 Mar (milestone)]
    @ana-gh *gapwatch* · ⬣ behind its pace since Tue 11 Mar
    20 % done (2 of 10 sub-tasks) after 70 % of the time (7 of 10 working days), due Fri 14 Mar (milestone). Next: bring its progress up to date, or agree on another date.
      Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.
      About “Task 1”. This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    let generations: Vec<u32> = {
        let mut posts: Vec<&Post> = world.board.posts().collect();
        posts.sort_by_key(|post| post.id);
        posts.iter().map(|post| post.generation).collect()
    };
    assert_eq!(generations, [1, 2]);
}

/// A gap told by a comment alone that ended, and is back on a day with a stage; what is sent then, and how many comments
/// there are.
fn back_on(day: &str, stage: Stage, end: impl FnOnce(&mut World)) -> (String, usize) {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    end(world.at("2025-03-12 10:00"));
    world.said();
    world.container(|home| home.reader = Some(GITHUB));
    world.at(day).run(&[gap(1, PACE, far(stage))]);
    let comments = world.board.posts().filter(|post| matches!(post.about, PostAbout::Task(_))).count();
    let firsts: Vec<String> =
        world.said().split("\n---\n").map(|one| one.lines().next().unwrap_or_default().to_owned()).collect();
    (firsts.join(", "), comments)
}

#[test]
fn a_gap_that_is_back_soon_has_its_comment_edited_and_one_that_is_back_late_is_news() {
    let resolved = |world: &mut World| _ = world.run(&[clear(1, PACE)]);
    assert_eq!(back_on("2025-03-13 10:00", Stage::Widens, resolved), ("edit comment #1".to_owned(), 1));
    assert_eq!(back_on("2025-03-19 10:00", Stage::Widens, resolved), ("edit comment #1".to_owned(), 1));
    let anew = ("edit comment #1, comment #1".to_owned(), 2);
    assert_eq!(back_on("2025-03-19 10:01", Stage::Widens, resolved), anew, "five working days later");
    assert_eq!(back_on("2025-03-13 10:00", Stage::Failure, resolved), anew, "it is worse than what was told");
}

#[test]
fn somebody_who_goes_by_another_name_is_not_told_again_and_mentioned_by_the_new_one() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    let renamed = |account: &mut crate::domain::people::AccountRec| account.handle = Some("ana-new".to_owned());
    world.board.people.accounts.get_mut(&ANA).map(renamed).unwrap();
    world.at("2025-03-11 11:00").run(&[gap(1, PACE, far(Stage::Widens))]);
    assert_eq!(world.said(), "");
    world.at("2025-03-12 09:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    let said = world.said();
    assert!(said.contains("@ana-new *gapwatch*") && !said.contains("@ana-gh"), "{said}");
}

#[test]
fn whoever_never_heard_that_a_gap_was_over_needs_no_second_comment_about_it() {
    let unwatched = |world: &mut World| {
        world.container(|home| home.reader = None);
        world.run(&[Judgement { judged: false, ..clear(1, PACE) }]);
        assert_eq!(world.alert(PACE, 1).state, AlertState::Resolved);
    };
    assert_eq!(back_on("2025-05-13 10:00", Stage::Widens, unwatched), ("edit comment #1".to_owned(), 1));
}

#[test]
fn known_failures_are_tried_again_after_one_five_and_thirty_minutes() {
    let mut world = World::new();
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let id = message(&world).id;
        world.attempt(id, Some(not_sent()));
        let message = world.board.message(id).unwrap();
        assert_eq!(message.state, MessageState::Sealed);
        waits.push(world.now.duration_until(message.due_at).as_secs() / 60);
        let due_at = message.due_at;
        world.now = due_at;
    }
    assert!(waits.iter().zip([1, 5, 30, 30]).all(|(wait, least)| (least..=least * 6 / 5).contains(wait)), "{waits:?}");
    assert!(world.board.notices_of(world.alert(PACE, 1).id).all(|notice| notice.told_at.is_none()));
    assert!(world.alert(PACE, 1).told.is_empty(), "told is empty until success");
}

#[test]
fn a_wait_that_the_channel_asks_for_is_obeyed() {
    let mut world = World::new();
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    let id = message(&world).id;
    let wait = Some(SignedDuration::from_mins(47));
    world.attempt(id, Some(Outcome::Failed(WriteError::NotSent { retry_after: wait, because: "429".to_owned() })));
    assert_eq!(next_due(&world.board, EPOCH), Some(at("2025-03-11 09:47")));
    world.at("2025-03-11 09:47");
    world.attempt(id, Some(Outcome::Failed(WriteError::Unauthorized { because: "401".to_owned() })));
    assert_eq!(next_due(&world.board, EPOCH), Some(at("2025-03-11 10:47")));
}

#[test]
fn a_failure_changes_channel_after_an_hour_and_a_widening_gap_after_four_working_hours() {
    for (finding, rule, minutes) in [(overdue("2025-03-10"), OVERDUE, 60), (far(Stage::Widens), PACE, 240)] {
        let mut world = World::new();
        world.policy.comments_on.insert(GITHUB);
        world.policy.comments_from = Stage::Failure;
        if rule == PACE {
            world.policy.comments_from = Stage::Widens;
        }
        world.round(&[gap(1, rule, finding)]);
        let slack = world.board.messages().find(|message| matches!(message.address, Address::Slack(_))).unwrap().id;
        world.at(&plus("2025-03-11 09:00", minutes - 1)).attempt(slack, Some(not_sent()));
        assert!(world.board.message(slack).is_some());
        world.at(&plus("2025-03-11 09:00", minutes)).attempt(slack, Some(not_sent()));
        assert!(world.board.message(slack).is_none());
        world.run(&[]);
        assert!(world.said().contains("@ana-gh"), "the comment is the only channel now");
    }
}

#[test]
fn who_refuses_hears_by_the_next_channel_at_once_and_it_is_told_only_there() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let slack = world.board.messages().find(|message| matches!(message.address, Address::Slack(_))).unwrap().id;
    world.attempt(slack, Some(refused()));
    world.run(&[]);
    assert_snapshot!(world.notices(world.alert(OVERDUE, 1).id).join("\n"), @r"
    opened ana slack UANA rung 1 Dead
    opened ana comment #1 rung 1 Withdrawn
    opened ana comment #1 @ana-gh rung 1 Told
    ");
    let told: Vec<String> = world.alert(OVERDUE, 1).told.iter().map(|told| address(&told.address)).collect();
    assert_eq!(told, ["comment #1 @ana-gh"]);
}

#[test]
fn an_owner_whom_every_channel_refuses_leaves_it_to_the_manager() {
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    world.attempt(id, Some(refused()));
    world.run(&[]);
    assert!(world.said().starts_with("slack UMAX"), "at once: nobody else can do anything about it");
}

#[test]
fn what_may_have_been_sent_is_looked_for_before_it_is_sent_again() {
    let unsure = || Outcome::Failed(WriteError::Unsure { because: "timeout".to_owned() });
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    world.attempt(id, Some(unsure()));
    assert!(due(&world.board, EPOCH, world.now).is_empty(), "not before the call is surely over");
    world.now = at("2025-03-11 09:01") + SignedDuration::from_secs(30);
    assert_eq!(due(&world.board, EPOCH, world.now), [Job::Look(id)]);
    let begun = message(&world);
    world.end(&begun, &Outcome::CannotLook("502".to_owned()));
    assert_eq!(next_due(&world.board, EPOCH), Some(world.now + SignedDuration::from_mins(5)));
    world.end(&begun, &Outcome::Looked(Found::There(MessageRef("ts".to_owned()))));
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 1);
    assert_eq!(world.board.posts().next().unwrap().at.as_deref(), Some("ts"));
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.attempt(id, Some(unsure()));
    let begun = message(&world);
    world.end(&begun, &Outcome::Looked(Found::Absent));
    assert_eq!(due(&world.board, EPOCH, world.now), [Job::Send(id)]);
}

#[test]
fn a_failure_takes_the_next_channel_where_the_first_cannot_even_be_asked() {
    let mut world = with_mail();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    world.attempt(id, Some(Outcome::Failed(WriteError::Unsure { because: "503".to_owned() })));
    let cannot_look = |world: &mut World, moment: &str| {
        world.now = at(moment);
        world.end(&message(world), &Outcome::CannotLook("503".to_owned()));
    };
    for moment in ["2025-03-11 09:02", "2025-03-11 09:20", "2025-03-11 09:55"] {
        cannot_look(&mut world, moment);
        assert_eq!(message(&world).state, MessageState::Unsure, "{moment}");
    }
    cannot_look(&mut world, "2025-03-11 10:01");
    assert!(world.board.message(id).is_none());
    let notice = world.board.notices_of(world.alert(OVERDUE, 1).id).next().unwrap();
    assert_eq!(notice.state, NoticeState::Dead);
    assert!(notice.why.as_deref().unwrap().contains("may or may not have arrived"));
}

#[test]
fn however_long_a_tool_wants_to_be_left_alone_the_next_channel_is_taken_in_time() {
    let pause = || {
        Outcome::Failed(WriteError::NotSent {
            retry_after: Some(SignedDuration::from_hours(24)),
            because: "429".to_owned(),
        })
    };
    let mut world = with_mail();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    world.attempt(id, Some(pause()));
    assert_eq!(next_due(&world.board, EPOCH), Some(at("2025-03-11 10:00")), "an hour, for a failure");
    world.now = at("2025-03-11 10:00");
    world.attempt(id, Some(pause()));
    assert!(world.board.message(id).is_none());
}

#[test]
fn where_nobody_can_tell_a_failure_is_repeated_once_and_says_so_and_nothing_else_is() {
    let unsure = || Outcome::Failed(WriteError::Unsure { because: "timeout".to_owned() });
    let blind = || Outcome::Looked(Found::CannotTell("no history scope".to_owned()));
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    world.attempt(id, Some(unsure()));
    world.end(&message(&world), &blind());
    assert!(text(&message(&world).body).ends_with("(may be a repeat)"));
    world.attempt(id, Some(unsure()));
    world.end(&message(&world), &blind());
    assert!(world.board.message(id).is_none(), "once");
    let notice = world.board.notices_of(world.alert(OVERDUE, 1).id).next().unwrap();
    assert_eq!(notice.state, NoticeState::Unsure);
    world.run(&[]);
    assert_eq!(world.said(), "", "and by no other channel");
    world.at("2025-03-12 09:00").run(&[]);
    assert!(world.said().contains("Ana was sent a word about it Tue 11 Mar 09:00, perhaps in vain"));
    let mut world = World::new();
    world.round(&[gap(1, PACE, far(Stage::Widens))]);
    world.attempt(id, Some(unsure()));
    world.end(&message(&world), &blind());
    assert_eq!(world.board.messages().count(), 0);
}

#[test]
fn what_an_earlier_process_left_behind_is_looked_for() {
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = message(&world).id;
    let begun = super::retry::begin(&message(&world), EPOCH, world.now);
    world.apply(begun);
    assert_eq!(next_due(&world.board, EPOCH), None, "its call is being made");
    assert_eq!(next_due(&world.board, EPOCH + 1), Some(world.now + SignedDuration::from_secs(90)));
    world.now += SignedDuration::from_secs(90);
    assert_eq!(due(&world.board, EPOCH + 1, world.now), [Job::Look(id)]);
}

#[test]
fn a_message_under_way_when_its_gap_resolves_is_followed_by_the_resolved() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let begun = super::retry::begin(&message(&world), EPOCH, world.now);
    let sending = begun.messages[0].clone();
    world.apply(begun);
    world.round(&[clear(1, OVERDUE)]);
    assert_eq!(world.alert(OVERDUE, 1).state, AlertState::Resolved);
    assert!(due(&world.board, EPOCH, world.now).is_empty(), "the edit waits for its post");
    world.end(&sending, &Outcome::Sent(MessageRef("ts".to_owned())));
    world.run(&[]);
    assert_snapshot!(world.said(), @r"
    edit slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 09:00: <acme/web#1> “Task 1”
    Its date was changed. Was: past its date. Noticed Tue 11 Mar, open for less than a working hour.
    ---
    reply slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 09:00: <acme/web#1> “Task 1”
      Its date was changed. Was: past its date. Noticed Tue 11 Mar, open for less than a working hour.
    ");
}

#[test]
fn a_slack_message_that_was_deleted_is_made_anew_once_for_its_news() {
    let mut world = World::new();
    world.task(2, |_| {});
    world.task(3, |_| {});
    world.run(&[gap(1, PACE, far(Stage::Widens))]).said();
    let gone = || Outcome::Failed(WriteError::Gone { because: "message_not_found".to_owned() });
    world.round(&[gap(2, STALLED, stalled(Stage::Widens))]);
    world.attempt(message(&world).id, Some(gone()));
    world.run(&[]);
    assert!(world.said().starts_with("slack UANA\n[2 tasks:"));
    world.round(&[gap(3, STALLED, stalled(Stage::Widens))]);
    world.attempt(message(&world).id, Some(gone()));
    world.run(&[]);
    assert_eq!(world.said(), "");
    assert_eq!(world.withheld(STALLED, 3), Some("no_addressee"));
}

#[test]
fn a_mark_is_that_of_its_message_and_of_the_post_it_makes() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let round = &world.rounds[0];
    assert_eq!(round.posts[0].mark, round.messages[0].mark);
    let wires: std::collections::BTreeSet<String> =
        world.rounds.iter().flat_map(|round| &round.messages).map(|message| message.mark.wire.clone()).collect();
    assert_eq!(wires.len(), 1);
}
