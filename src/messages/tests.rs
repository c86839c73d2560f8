//! What is said where, edited, taken back, tried again; and the words themselves.
#![allow(clippy::unwrap_used)]

use connector_kit::{Found, MessageRef, WriteError};
use connector_model::{ProgressSource, StatusCategory};
use insta::assert_snapshot;
use jiff::SignedDuration;

use super::retry::{Job, Outcome, due, next_due};
use super::scene::Scene;
use super::wording::{Audience, because, summary};
use super::*;
use crate::alerts::testing::*;
use crate::domain::alert::AlertState;
use crate::domain::finding::{Evidence, Finding, Grounds, LateTask, Reading, RuleId, Why};

/// A widening gap whose date is far: a line of the day's message.
fn far(stage: Stage) -> Finding {
    let mut finding = pace(stage);
    finding.deadline = Some(deadline("2025-04-30"));
    finding
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
      This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    world.at("2025-03-12 10:00").run(&[clear(1, PACE)]);
    assert_snapshot!(world.said(), @r"
    reply slack UANA
    [● acme/web#1 is resolved: behind its pace]
    ● *Resolved* Wed 12 Mar 10:00: <acme/web#1> “Task 1”
      Was: behind its pace. Noticed Tue 11 Mar, open for 1 working day.
    ---
    edit slack UANA
    [● acme/web#1 is resolved: behind its pace]
    ● *Resolved* Wed 12 Mar 10:00: <acme/web#1> “Task 1”
      Was: behind its pace. Noticed Tue 11 Mar, open for 1 working day.
    ---
    edit comment #1
    [● acme/web#1 is resolved: behind its pace]
    *gapwatch* · ● resolved Wed 12 Mar 10:00: behind its pace
    Open for 1 working day.
      This comment is kept up to date by gapwatch, which changes nothing else here.
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
      This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    let generations: Vec<u32> = {
        let mut posts: Vec<&Post> = world.board.posts().collect();
        posts.sort_by_key(|post| post.id);
        posts.iter().map(|post| post.generation).collect()
    };
    assert_eq!(generations, [1, 2]);
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
    assert_eq!(world.withheld(OVERDUE, 1), Some("no_addressee"));
    world.at("2025-03-12 09:00").run(&[]);
    assert!(world.said().starts_with("slack UMAX"));
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
    Was: past its date. Noticed Tue 11 Mar, open for less than a working hour.
    ---
    reply slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 09:00: <acme/web#1> “Task 1”
      Was: past its date. Noticed Tue 11 Mar, open for less than a working hour.
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

#[test]
fn a_title_is_shown_as_one_harmless_line_and_a_restricted_one_not_in_channels() {
    let hostile =
        "<!channel> @ana [x](javascript:1) *b*\r\n⬣ web#9 \u{202e}evil\u{2066} ".to_owned() + &"x".repeat(200);
    let mut world = World::new();
    world.titles.insert(TaskId(1), hostile.clone());
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    ⬣ <acme/web#1> “<!channel> @ana [x](javascript:1) *b* ⬣ web#9 evil xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” *is past its date*
    Due Mon 10 Mar (milestone), just passed.
    Next: close it if it is done, or set a new date.
      Only you see this. If nothing changes within a working day, Max hears of it too.
    ");
    let mut world = World::new();
    world.titles.insert(TaskId(1), "Secret merger".to_owned());
    world.policy.slack_channel = Some("#delivery".to_owned());
    world.task(1, |task| {
        task.rec.owners = Box::new([EVE]);
        task.rec.restricted = true;
    });
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().contains("Secret merger"), "in private");
    world.at("2025-03-12 09:00").run(&[]);
    let said = world.said();
    assert!(said.starts_with("slack #delivery") && !said.contains("Secret"), "{said}");
}

fn scene<'a>(
    names: &'a HashMap<TaskId, TaskName>,
    now: &str,
    calendar: &'a crate::domain::calendar::Calendar,
) -> Scene<'a> {
    Scene { names, now: at(now), calendar }
}

/// Every kind of evidence, with the rule it belongs to.
fn findings() -> Vec<(RuleId, Finding)> {
    let due = deadline("2025-03-14");
    let late = LateTask { task: TaskId(8), deadline: deadline("2025-03-13"), finish_at: at("2025-03-18 12:00") };
    let cascade = |late: Vec<LateTask>| Evidence::Cascade {
        finish_at: at("2025-03-17 12:00"),
        late,
        downstream: 3,
        deadline: None,
    };
    let stalled = |deadline| Evidence::Stalled { human_at: at("2025-03-05 10:00"), limit_secs: 3 * 8 * 3600, deadline };
    let mirror = |refused| Evidence::MirrorStale {
        since: at("2025-03-11 08:14"),
        because: "502 from api.github.com".to_owned(),
        refused,
    };
    let moved = connector_model::Due::On("2025-03-07".parse().unwrap());
    let evidence = vec![
        ("pace.behind", pace(Stage::Widens).evidence),
        ("start.never", Evidence::NeverStarted { assigned_at: None, start_at: at("2025-03-03 09:00"), deadline: due }),
        ("stalled", stalled(Some(due))),
        ("stalled", stalled(None)),
        ("overdue", Evidence::Overdue { deadline: deadline("2025-03-07"), first_due: None }),
        ("overdue", Evidence::Overdue { deadline: due, first_due: Some(moved) }),
        ("owner.none", Evidence::NoOwner { deadline: Some(due), category: StatusCategory::Todo }),
        ("due.none", Evidence::NoDue { category: StatusCategory::Active }),
        (
            "due.child_after_parent",
            Evidence::ChildAfterParent { deadline: deadline("2025-03-21"), parent: TaskId(9), parent_deadline: due },
        ),
        ("blocker.cascade", cascade(vec![late])),
        ("blocker.cascade", cascade(Vec::new())),
        ("sys.mirror_stale", mirror(false)),
        ("sys.mirror_stale", mirror(true)),
    ];
    evidence.into_iter().map(|(rule, evidence)| (RuleId(rule), finding(Stage::Widens, Some(due), evidence))).collect()
}

#[test]
fn the_summary_of_every_rule_has_its_numbers() {
    let (calendar, world) = (calendar(), World::new());
    let names: HashMap<TaskId, TaskName> = [8, 9].map(|id| (TaskId(id), world.name(TaskId(id)))).into();
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let lines: Vec<String> =
        findings().iter().map(|(rule, finding)| format!("{rule}: {}", summary(finding, scene))).collect();
    assert_snapshot!(lines.join("\n"), @r"
    pace.behind: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)
    start.never: no sign of work after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)
    stalled: last change by a person Wed 5 Mar, 4 working days ago (the limit this near its date is 3 working days), due Fri 14 Mar (milestone)
    stalled: last change by a person Wed 5 Mar, 4 working days ago (3 working days is typical elsewhere), no date
    overdue: due Fri 7 Mar (milestone), 1 working day ago
    overdue: due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left
    owner.none: not begun, due Fri 14 Mar (milestone)
    due.none: being worked on, and no date from the task, a sprint or a milestone
    due.child_after_parent: due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone)
    blocker.cascade: 3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest
    blocker.cascade: 3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); no date is at risk
    sys.mirror_stale: no good pass since Tue 11 Mar 08:14: 502 from api.github.com
    sys.mirror_stale: no good pass since Tue 11 Mar 08:14: 502 from api.github.com
    ");
}

#[test]
fn every_rule_is_worded_for_a_person_at_every_stage() {
    let (calendar, world) = (calendar(), World::new());
    let names: HashMap<TaskId, TaskName> = [8, 9].map(|id| (TaskId(id), world.name(TaskId(id)))).into();
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let mut messages = Vec::new();
    for (number, (_, mut finding)) in findings().into_iter().enumerate() {
        finding.stage = [Stage::Opens, Stage::Widens, Stage::Failure][number % 3];
        let item = super::wording::Item {
            key: "acme/web#1".to_owned(),
            url: Some("https://github.com/acme/web/issues/1".to_owned()),
            title: Some("Move billing".to_owned()),
            finding,
            noticed_at: at("2025-03-10 10:00"),
            over_at: None,
            closed: false,
            hearing: super::wording::Hearing { owners: vec!["Ana".to_owned()], ..Default::default() },
            also: Vec::new(),
            children: 0,
        };
        messages.push(text(&super::wording::single(&item, Audience::Owner, scene)));
    }
    assert_snapshot!(messages.join("\n\n"), @r"
    [▲ acme/web#1 is behind its pace: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)]
    ▲ <acme/web#1> “Move billing” *is behind its pace*
    20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone).
    Next: bring its progress up to date, or agree on another date.

    [■ acme/web#1 has not been started: no sign of work after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)]
    ■ <acme/web#1> “Move billing” *has not been started*
    No sign of work after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone).
    Next: start it, or note in the task when it will be.

    [⬣ acme/web#1 has not moved: last change by a person Wed 5 Mar, 4 working days ago (the limit this near its date is 3 working days), due Fri 14 Mar (milestone)]
    ⬣ <acme/web#1> “Move billing” *has not moved*
    Last change by a person Wed 5 Mar, 4 working days ago (the limit this near its date is 3 working days), due Fri 14 Mar (milestone).
    Next: leave a line in the task about where it stands.

    [▲ acme/web#1 has not moved: last change by a person Wed 5 Mar, 4 working days ago (3 working days is typical elsewhere), no date]
    ▲ <acme/web#1> “Move billing” *has not moved*
    Last change by a person Wed 5 Mar, 4 working days ago (3 working days is typical elsewhere), no date.
    Next: leave a line in the task about where it stands.

    [■ acme/web#1 is past its date: due Fri 7 Mar (milestone), 1 working day ago]
    ■ <acme/web#1> “Move billing” *is past its date*
    Due Fri 7 Mar (milestone), 1 working day ago.
    Next: close it if it is done, or set a new date.

    [⬣ acme/web#1 is past its date: due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left]
    ⬣ <acme/web#1> “Move billing” *is past its date*
    Due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left.
    Next: close it if it is done, or set a new date.

    [▲ acme/web#1 has nobody assigned: not begun, due Fri 14 Mar (milestone)]
    ▲ <acme/web#1> “Move billing” *has nobody assigned*
    Not begun, due Fri 14 Mar (milestone).
    Next: assign somebody.

    [■ acme/web#1 has no date: being worked on, and no date from the task, a sprint or a milestone]
    ■ <acme/web#1> “Move billing” *has no date*
    Being worked on, and no date from the task, a sprint or a milestone.
    Next: give it a date or a milestone.

    [⬣ acme/web#1 is due after its parent: due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone)]
    ⬣ <acme/web#1> “Move billing” *is due after its parent*
    Due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone).
    Next: move one of the two dates.

    [▲ acme/web#1 makes 1 task late: 3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest]
    ▲ <acme/web#1> “Move billing” *makes 1 task late*
    3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest.
    Next: finish it first, or tell those who wait when it will be.

    [■ acme/web#1 is expected Mon 17 Mar: 3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); no date is at risk]
    ■ <acme/web#1> “Move billing” *is expected Mon 17 Mar*
    3 tasks wait for it; it is expected Mon 17 Mar (by what is typical elsewhere); no date is at risk.
    Next: finish it first, or tell those who wait when it will be.

    [⬣ acme/web#1 cannot be read: no good pass since Tue 11 Mar 08:14: 502 from api.github.com]
    ⬣ <acme/web#1> “Move billing” *cannot be read*
    No good pass since Tue 11 Mar 08:14: 502 from api.github.com.
    Next: look at the service and the way to it; until then nothing in it is judged.

    [▲ acme/web#1 refuses our credential: no good pass since Tue 11 Mar 08:14: 502 from api.github.com]
    ▲ <acme/web#1> “Move billing” *refuses our credential*
    No good pass since Tue 11 Mar 08:14: 502 from api.github.com.
    Next: renew the credential; until then nothing in it is judged.
    ");
}

#[test]
fn explain_says_why_for_every_kind_of_reading() {
    let calendar = calendar();
    let names = HashMap::new();
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let finding = pace(Stage::Widens);
    let readings = [
        Reading::Gap(finding.clone()),
        Reading::Edge(finding.evidence.clone()),
        Reading::Clear(Grounds::Measured(finding.evidence)),
        Reading::Clear(Grounds::Because("it has an owner")),
        Reading::Clear(Grounds::NotApplicable("it has no deadline")),
        Reading::Unknown(Why::HistoryShort),
    ];
    let lines: Vec<String> = readings.iter().map(|reading| because(reading, scene)).collect();
    assert_snapshot!(lines.join("\n"), @r"
    widens: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)
    too close to tell, so what is stays: 20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)
    20 % done (2 of 10 sub-tasks) after 60 % of the time (6 of 10 working days), due Fri 14 Mar (milestone)
    it has an owner
    it has no deadline
    its history could not be read back to its beginning
    ");
}

#[test]
fn progress_names_what_it_is_counted_from() {
    let calendar = calendar();
    let names = HashMap::new();
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let words = |source, items| {
        let mut finding = pace(Stage::Widens);
        if let Evidence::Pace { source: own, items: number, .. } = &mut finding.evidence {
            (*own, *number) = (source, items);
        }
        summary(&finding, scene)
    };
    assert!(words(ProgressSource::Native, 0).starts_with("20 % done after"));
    assert!(words(ProgressSource::Checklist, 5).starts_with("20 % done (1 of 5 checklist items) after"));
    assert!(words(ProgressSource::Time, 0).starts_with("20 % done by the time booked after"));
}
