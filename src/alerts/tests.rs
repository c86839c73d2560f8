//! The state table, the ladder and every reason for silence.
#![allow(clippy::unwrap_used)]

use insta::assert_snapshot;
use jiff::SignedDuration;

use super::testing::*;
use super::*;
use crate::domain::alert::{Ending, LogKind, Wish};
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Stage, Why};
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::policy::Mode;
use crate::domain::record::BoardDelta;
use connector_model::StatusCategory;

fn states(world: &World, rule: RuleId) -> (AlertState, u32) {
    let alert = world.alert(rule, 1);
    (alert.state, alert.episode)
}

#[test]
fn what_is_still_being_edited_is_pending_and_vanishes_without_a_word() {
    let mut world = World::new();
    world.task(1, |task| task.rec.facts.changed_at = Some(at("2025-03-11 08:55")));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(states(&world, OVERDUE), (AlertState::Pending, 1));
    assert_eq!(world.withheld(OVERDUE, 1), Some("settling"));
    assert_eq!(world.alert(OVERDUE, 1).step_at, Some(at("2025-03-11 09:10")));
    world.at("2025-03-11 09:05").run(&[clear(1, OVERDUE)]);
    assert_eq!(states(&world, OVERDUE), (AlertState::Resolved, 1));
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::Vanished));
    assert_eq!(world.said(), "");
    assert!(world.board.notices_of(AlertId(1)).next().is_none());
}

#[test]
fn a_pending_gap_fires_once_its_task_was_left_alone_and_is_told() {
    let mut world = World::new();
    world.task(1, |task| task.rec.facts.changed_at = Some(at("2025-03-11 08:55")));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-11 09:10").run(&[]);
    assert_eq!(states(&world, OVERDUE), (AlertState::Firing, 1));
    assert_eq!(world.sent.len(), 1);
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 1);
    let kinds: Vec<LogKind> = world
        .rounds
        .iter()
        .flat_map(|round| &round.alerts)
        .flat_map(|change| &change.log)
        .map(|log| log.what)
        .collect();
    assert_eq!(
        kinds,
        [LogKind::Opened, LogKind::Withheld, LogKind::Fired, LogKind::Withheld, LogKind::Told],
        "each step leaves one line"
    );
}

#[test]
fn a_threshold_crossed_by_time_on_a_quiet_task_is_told_in_the_same_round() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.sent.len(), 1);
    assert_eq!(world.alert(OVERDUE, 1).rung, 1);
}

#[test]
fn resolved_is_told_to_exactly_those_who_were_told_and_only_after_it_stayed_clear() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-11 11:00").run(&[clear(1, OVERDUE)]);
    assert_eq!((states(&world, OVERDUE).0, world.said().as_str()), (AlertState::Firing, ""));
    world.at("2025-03-11 11:10").run(&[]);
    assert_eq!(states(&world, OVERDUE).0, AlertState::Resolved);
    assert_snapshot!(world.said(), @r"
    reply slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 11:10: <acme/web#1> “Task 1”
      Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.
    ---
    edit slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 11:10: <acme/web#1> “Task 1”
    Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.
    ");
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened ana slack UANA rung 1 Told
    resolved ana slack UANA rung 1 Told
    ");
    world.at("2025-03-11 12:00").run(&[clear(1, OVERDUE)]);
    assert_eq!(world.said(), "", "once");
}

#[test]
fn a_gap_that_turns_back_within_ten_minutes_had_not_gone() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    for minutes in 1..30 {
        world.at(&plus("2025-03-11 10:00", minutes * 6)).run(&[clear(1, OVERDUE)]);
        world.at(&plus("2025-03-11 10:03", minutes * 6)).run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    }
    assert_eq!(states(&world, OVERDUE), (AlertState::Firing, 1));
    assert_eq!(world.sent.len(), 1, "one message in all");
}

#[test]
fn what_cannot_be_told_or_is_at_the_edge_neither_opens_nor_resolves() {
    let mut world = World::new();
    let unknown = judged(1, vec![(OVERDUE, Reading::Unknown(Why::HistoryShort))]);
    world.run(std::slice::from_ref(&unknown));
    assert_eq!(world.board.alerts().count(), 0);
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-11 10:00").run(&[clear(1, OVERDUE)]);
    world.at("2025-03-11 10:05").run(&[unknown]);
    world.at("2025-03-11 10:30").run(&[]);
    assert_eq!(states(&world, OVERDUE).0, AlertState::Firing, "clear in doubtful data is not clear");
    world.run(&[clear(1, OVERDUE)]);
    let edge = judged(1, vec![(OVERDUE, Reading::Edge(overdue("2025-03-10").evidence))]);
    world.at("2025-03-11 10:35").run(&[edge]);
    world.at("2025-03-11 11:30").run(&[]);
    assert_eq!(states(&world, OVERDUE).0, AlertState::Firing);
}

#[test]
fn the_same_gap_comes_back_as_its_next_episode_under_the_same_id() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let gap_id = world.alert(OVERDUE, 1).gap.clone();
    world.at("2025-03-11 11:00").run(&[clear(1, OVERDUE)]);
    assert_eq!(states(&world, OVERDUE), (AlertState::Resolved, 1));
    world.at("2025-03-12 11:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(states(&world, OVERDUE), (AlertState::Firing, 2));
    assert_eq!(world.alert(OVERDUE, 1).gap, gap_id);
    assert_eq!(world.alert(OVERDUE, 1).id, AlertId(1));
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 1, "told anew, in its own episode");
}

#[test]
fn the_ladder_resumes_within_five_working_days_and_begins_anew_after() {
    for (back, manager_at_once) in [("2025-03-17 11:00", true), ("2025-03-24 11:00", false)] {
        let mut world = World::new();
        world.policy.clear_after = SignedDuration::ZERO;
        world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        world.at("2025-03-12 10:00").run(&[]);
        assert_eq!(world.alert(OVERDUE, 1).rung, 2);
        world.at("2025-03-12 11:00").run(&[clear(1, OVERDUE)]).said();
        world.at(back).run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        assert_eq!(world.said().contains("slack UMAX"), manager_at_once, "{back}");
    }
}

#[test]
fn what_left_the_configuration_is_never_called_resolved() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.container(|home| home.reader = None);
    let judgement = Judgement { judged: false, ..judged(1, Vec::new()) };
    world.at("2025-03-12 08:00").run(&[judgement]);
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::NoLongerWatched));
    assert_eq!(world.said(), "");
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.board.apply(BoardDelta { removed: vec![TaskId(1)], ..BoardDelta::default() });
    world.run(&[judged(1, Vec::new())]);
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::NoLongerWatched));
    assert_eq!(world.said(), "");
}

#[test]
fn a_rule_that_is_switched_off_ends_its_gap_and_a_closed_task_resolves_it() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.run(&[clear(1, PACE)]);
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::NoLongerWatched));
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.task(1, |task| task.rec.category = StatusCategory::Done);
    world.run(&[judged(1, Vec::new())]);
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::Resolved));
}

#[test]
fn a_cold_or_held_container_opens_and_resolves_nothing() {
    let mut world = World::new();
    let cold = Judgement { judged: false, ..gap(1, OVERDUE, overdue("2025-03-10")) };
    world.run(&[cold]);
    assert_eq!(world.board.alerts().count(), 0);
    world.container(|home| home.failing_since = Some(at("2025-03-11 08:00")));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.board.alerts().count(), 0);
    world.container(|home| home.failing_since = None);
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.container(|home| home.hold = Some("the operator".into()));
    world.at("2025-03-11 12:00").run(&[clear(1, OVERDUE)]);
    world.at("2025-03-11 13:00").run(&[]);
    assert_eq!(states(&world, OVERDUE).0, AlertState::Firing);
    assert_eq!(world.withheld(OVERDUE, 1), Some("source_stale"));
    world.container(|home| home.hold = None);
    world.at("2025-03-11 13:30").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
}

#[test]
fn a_failing_connection_holds_all_it_reads_and_frees_it_when_it_works_again() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    let mut failing = world.board.connection(GITHUB).unwrap().clone();
    failing.failing_since = Some(at("2025-03-11 10:00"));
    world.board.apply(BoardDelta { connections: vec![failing.clone()], ..BoardDelta::default() });
    let connection = Judgement { subject: SubjectKey::Connection(GITHUB), ..judged(1, Vec::new()) };
    world.at("2025-03-11 10:01").run(std::slice::from_ref(&connection));
    assert_eq!(world.withheld(OVERDUE, 1), Some("source_stale"));
    world.at("2025-03-12 12:00").run(&[]);
    assert_eq!(world.said(), "", "the manager does not hear from an old mirror");
    failing.failing_since = None;
    world.board.apply(BoardDelta { connections: vec![failing], ..BoardDelta::default() });
    world.at("2025-03-12 12:01").run(&[connection]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
    assert!(world.said().starts_with("slack UMAX"));
}

#[test]
fn the_first_word_waits_until_its_container_was_read_within_three_polls() {
    let mut world = World::new();
    world.container(|home| home.fresh_at = Some(at("2025-03-11 08:53")));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("source_stale"));
    world.container(|home| home.fresh_at = Some(at("2025-03-11 09:00")));
    let container = Judgement { subject: SubjectKey::Container(WEB), ..judged(1, Vec::new()) };
    world.run(&[container]);
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn backlog_is_silent_until_its_stage_rises() {
    let mut world = World::new();
    let baseline = |judgement: Judgement| Judgement { baseline: true, ..judgement };
    world.run(&[baseline(gap(1, PACE, pace(Stage::Widens)))]);
    assert_eq!((states(&world, PACE).0, world.withheld(PACE, 1)), (AlertState::Firing, Some("backlog")));
    world.at("2025-03-13 10:00").run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert_eq!(world.said(), "");
    world.run(&[gap(1, PACE, pace(Stage::Failure))]);
    assert!(!world.alert(PACE, 1).backlog);
    assert_eq!(world.sent.len(), 1);
    let mut told = World::new();
    told.policy.tell_backlog = true;
    told.run(&[baseline(gap(1, PACE, pace(Stage::Widens)))]);
    assert_eq!(told.sent.len(), 1);
}

#[test]
fn observing_is_silent_and_what_it_saw_is_backlog_when_sending_begins() {
    let mut world = World::new();
    world.policy.mode = Mode::Observe;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!((states(&world, OVERDUE).0, world.withheld(OVERDUE, 1)), (AlertState::Firing, Some("observing")));
    world.policy.mode = Mode::Live;
    world.at("2025-03-11 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("backlog"));
    assert_eq!(world.said(), "");
    world.task(2, |_| {});
    world.run(&[gap(2, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.sent.len(), 1, "what is new is told");
}

#[test]
fn the_owner_hears_first_and_the_manager_only_if_it_stays() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    ⬣ <acme/web#1> “Task 1” *is past its date*
    Due Mon 10 Mar (milestone), just passed.
    Next: close it if it is done, or set a new date.
      Only you see this. If nothing changes within a working day, Max hears of it too.
    ");
    world.at("2025-03-12 08:59").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.said(), "");
    assert_eq!(world.alert(OVERDUE, 1).step_at, Some(at("2025-03-12 09:00")));
    world.at("2025-03-12 09:00").run(&[]);
    assert_snapshot!(world.said(), @r"
    slack UMAX
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 1 working day ago]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
    Due Mon 10 Mar (milestone), 1 working day ago.
    Ana was told Tue 11 Mar 09:00; no change by them since.
    ");
    assert_eq!(world.alert(OVERDUE, 1).rung, 2);
    world.at("2025-03-20 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.said(), "", "nobody hears twice");
}

#[test]
fn an_owner_who_acts_postpones_the_manager() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-11 15:00"))]);
    world.at("2025-03-12 12:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.said(), "");
    assert_eq!(world.alert(OVERDUE, 1).step_at, Some(at("2025-03-12 15:00")));
    world.at("2025-03-12 15:00").run(&[]);
    assert_snapshot!(world.said(), @r"
    slack UMAX
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 2 working days ago]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
    Due Mon 10 Mar (milestone), 2 working days ago.
    Ana was told Tue 11 Mar 09:00; last act on the task Tue 11 Mar 15:00.
    ");
}

#[test]
fn a_widening_gap_reaches_the_manager_in_person_only_near_its_date() {
    let mut world = World::new();
    let mut far = pace(Stage::Widens);
    far.deadline = Some(deadline("2025-04-30"));
    world.run(&[gap(1, PACE, far)]).said();
    assert_eq!(world.alert(PACE, 1).step_at, Some(at("2025-03-12 17:00")));
    world.at("2025-03-13 09:00").run(&[]);
    assert_eq!(world.said(), "");
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened ana slack UANA rung 1 Told
    escalated max digest max rung 2 Open
    ");
    let mut world = World::new();
    world.run(&[gap(1, PACE, pace(Stage::Widens))]).said();
    world.at("2025-03-12 09:00").run(&[]);
    assert!(world.said().starts_with("slack UMAX"));
}

#[test]
fn without_a_manager_a_failure_goes_to_the_channel_and_a_manager_who_owns_it_is_skipped() {
    let mut world = World::new();
    world.policy.slack_channel = Some("#delivery".to_owned());
    world.task(1, |task| task.rec.owners = Box::new([EVE]));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-12 09:00").run(&[]);
    assert_snapshot!(world.said(), @r"
    slack #delivery
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 1 working day ago]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Eve)
    Due Mon 10 Mar (milestone), 1 working day ago.
      Eve was told Tue 11 Mar 09:00; no change by them since.
    ");
    let mut world = World::new();
    world.task(1, |task| task.rec.owners = Box::new([ANA, MAX]));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.at("2025-03-12 09:00").run(&[]);
    assert!(world.said().starts_with("slack UEVE"));
}

#[test]
fn stage_one_is_a_line_of_the_digest_and_waits() {
    let mut world = World::new();
    world.run(&[gap(1, PACE, pace(Stage::Opens))]);
    world.run(&[gap(1, PACE, pace(Stage::Opens))]);
    assert_eq!((world.said().as_str(), world.withheld(PACE, 1)), ("", Some("digest")));
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @"opened ana digest ana rung 0 Open");
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened ana digest ana rung 0 Withdrawn
    opened ana slack UANA rung 1 Told
    ");
}

#[test]
fn who_touched_it_lately_hears_later_and_others_hear_now() {
    let mut world = World::new();
    world.task(1, |task| {
        task.rec.owners = Box::new([ANA, BO]);
        task.rec.facts.acts = vec![(ANA, at("2025-03-11 08:00"))];
    });
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("recent_action"));
    assert_eq!(world.alert(OVERDUE, 1).step_at, Some(at("2025-03-11 13:00")), "four working hours after opening");
    assert_eq!(world.sent.len(), 1);
    assert!(world.said().starts_with("slack UBO"));
    world.at("2025-03-11 13:00").run(&[]);
    assert!(world.said().starts_with("slack UANA"));
}

#[test]
fn nobody_hears_outside_working_hours() {
    let mut world = World::new();
    world.at("2025-03-14 17:30").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("quiet_hours"));
    assert_eq!(world.alert(OVERDUE, 1).step_at, Some(at("2025-03-17 09:00")));
    world.at("2025-03-17 09:00").run(&[]);
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn rising_to_failure_is_news_once_and_a_message_of_its_own() {
    let mut world = World::new();
    let mut far = pace(Stage::Widens);
    far.deadline = Some(deadline("2025-04-30"));
    world.run(&[gap(1, PACE, far)]).said();
    world.at("2025-03-11 12:00").run(&[gap(1, PACE, pace(Stage::Failure))]);
    let said = world.said();
    assert!(said.contains("slack UANA\n[⬣"), "{said}");
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    assert_eq!(world.alert(PACE, 1).stage, Stage::Failure, "a stage never falls");
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @r"
    opened ana slack UANA rung 1 Told
    worsened ana slack UANA rung 1 Told
    ");
}

#[test]
fn whoever_gets_a_task_hears_and_who_gets_it_back_hears_again() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().starts_with("slack UANA"));
    let assign = |world: &mut World, to, when: &str| {
        world.task(1, |task| {
            task.rec.owners = Box::new([to]);
            task.rec.facts.assigned = vec![(to, at(when))];
        });
    };
    assign(&mut world, BO, "2025-03-11 09:30");
    world.at("2025-03-11 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().starts_with("slack UBO"));
    assign(&mut world, ANA, "2025-03-11 10:30");
    world.at("2025-03-11 11:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert!(world.said().starts_with("reply slack UANA"));
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 2);
}

#[test]
fn snoozed_is_silent_and_only_those_concerned_are_obeyed() {
    let mut world = World::new();
    world.at("2025-03-11 08:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let gap_id = world.alert(OVERDUE, 1).gap.clone();
    let snooze = |gap| Wish::Snooze { gap, until: at("2025-03-13 09:00"), reason: Some("vendor".to_owned()) };
    assert!(world.ask(Some(BO), snooze(gap_id.clone())).starts_with("only the task's owner"));
    assert!(world.ask(None, snooze(crate::domain::finding::GapId("nothing".to_owned()))).starts_with("no gap"));
    assert!(world.ask(Some(MAX), snooze(gap_id.clone())).contains("is silent until"));
    world.at("2025-03-12 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!((world.said().as_str(), world.withheld(OVERDUE, 1)), ("", Some("snoozed")));
    world.at("2025-03-13 09:00").run(&[]);
    assert_eq!(world.sent.len(), 1);
    world.ask(Some(ANA), snooze(gap_id.clone()));
    assert!(world.ask(None, Wish::Unsnooze { gap: gap_id }).starts_with("gap"));
}

#[test]
fn overdue_speaks_for_the_weaker_gaps_of_its_task_and_they_return_when_it_is_gone() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    let both = |overdue_reading: Reading| {
        judged(
            1,
            vec![
                (OVERDUE, overdue_reading),
                (PACE, Reading::Gap(pace(Stage::Widens))),
                (STALLED, Reading::Gap(stalled(Stage::Widens))),
            ],
        )
    };
    world.run(&[both(Reading::Gap(overdue("2025-03-10")))]);
    assert_eq!(world.sent.len(), 1);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    ⬣ <acme/web#1> “Task 1” *is past its date*
    Due Mon 10 Mar (milestone), just passed. Also: behind its pace, no movement.
    Next: close it if it is done, or set a new date.
      Only you see this. If nothing changes within a working day, Max hears of it too.
    ");
    assert_eq!((world.withheld(PACE, 1), world.withheld(STALLED, 1)), (Some("inhibited"), Some("inhibited")));
    world.at("2025-03-11 12:00").run(&[both(clear(1, OVERDUE).readings[0].1.clone())]);
    assert_eq!((world.withheld(PACE, 1), world.withheld(STALLED, 1)), (None, None));
}

#[test]
fn a_task_that_waits_for_another_is_not_nagged() {
    let mut world = World::new();
    world.task(2, |task| task.rec.owners = Box::new([BO]));
    world.task(1, |task| task.blocked_by = vec![TaskId(2)]);
    world.run(&[gap(1, STALLED, stalled(Stage::Widens))]);
    assert_eq!(world.alert(STALLED, 1).withheld, Some(Withheld::Blocked(TaskId(2))));
    let cascade =
        Evidence::Cascade { finish_at: at("2025-03-20 17:00"), late: Vec::new(), downstream: 1, deadline: None };
    let cascade = finding(Stage::Widens, None, cascade);
    world.run(&[gap(2, RuleId("blocker.cascade"), cascade)]);
    assert_eq!(world.withheld(STALLED, 1), Some("inhibited"), "woken by the neighbour's alert");
    assert!(world.said().starts_with("slack UBO"));
    world.task(2, |task| task.rec.category = StatusCategory::Done);
    world.run(&[gap(1, STALLED, stalled(Stage::Widens))]);
    assert_eq!(world.withheld(STALLED, 1), None);
}

#[test]
fn a_parent_speaks_for_its_children_and_a_circle_of_parents_is_not_silent() {
    let mut world = World::new();
    for child in 2..7 {
        world.task(child, |task| task.rec.parent = Some(TaskId(1)));
    }
    let all: Vec<Judgement> = (1..7).map(|id| gap(id, OVERDUE, overdue("2025-03-10"))).collect();
    world.run(&all);
    assert_eq!(world.sent.len(), 1);
    assert!(world.said().contains("The same goes for 5 sub-tasks."));
    let mut world = World::new();
    world.task(2, |task| task.rec.parent = Some(TaskId(1)));
    world.task(1, |task| task.rec.parent = Some(TaskId(2)));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10")), gap(2, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!((world.withheld(OVERDUE, 1), world.withheld(OVERDUE, 2)), (None, Some("inhibited")));
}

#[test]
fn a_task_without_an_owner_is_asked_of_its_creator_and_then_of_the_manager() {
    let mut world = World::new();
    let none = RuleId("owner.none");
    world.task(1, |task| task.rec.owners = Box::new([]));
    let evidence = Evidence::NoOwner { deadline: Some(deadline("2025-03-21")), category: StatusCategory::Active };
    let finding = to_account(BO, FirstWord::Direct, finding(Stage::Opens, Some(deadline("2025-03-21")), evidence));
    world.run(&[judged(1, vec![(none, Reading::Gap(finding)), (OVERDUE, Reading::Gap(overdue("2025-03-10")))])]);
    assert_eq!(world.sent.len(), 1);
    assert!(world.said().starts_with("slack UBO"));
    assert_eq!(world.withheld(OVERDUE, 1), Some("inhibited"));
    world.at("2025-03-13 09:00").run(&[]);
    assert_snapshot!(world.notices(world.alert(none, 1).id).join("\n"), @r"
    opened bo slack UBO rung 1 Told
    escalated max digest max rung 2 Open
    ");
}

#[test]
fn operators_hear_in_person_else_in_their_channel_else_it_is_in_the_log() {
    let stale = |refused| {
        let evidence = Evidence::MirrorStale { since: at("2025-03-11 08:00"), because: "401".to_owned(), refused };
        let finding = finding(Stage::Failure, None, evidence);
        let finding = Finding { addressee: Addressee::Operators, ..finding };
        let readings = vec![(RuleId("sys.mirror_stale"), Reading::Gap(finding))];
        Judgement { subject: SubjectKey::Connection(GITHUB), ..judged(1, readings) }
    };
    let mut world = World::new();
    world.run(&[stale(true)]);
    assert_eq!(world.said(), "");
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @"opened account 0 log rung 1 Told");
    assert_eq!(world.board.alert(AlertId(1)).unwrap().told.len(), 1);
    let mut world = World::new();
    world.policy.operators_channel = Some("#ops".to_owned());
    world.run(&[stale(true)]);
    assert_snapshot!(world.said(), @r"
    slack #ops
    [⬣ github.acme refuses our credential: no good pass since Tue 11 Mar 08:00: 401]
    ⬣ github.acme *refuses our credential*
    No good pass since Tue 11 Mar 08:00: 401.
    Next: renew the credential; until then nothing in it is judged.
    ");
    let mut world = World::new();
    world.board.people.operators = vec![crate::domain::ids::PersonId(4)];
    world.run(&[stale(false)]);
    assert_snapshot!(world.said(), @r"
    slack UEVE
    [⬣ github.acme cannot be read: no good pass since Tue 11 Mar 08:00: 401]
    ⬣ github.acme *cannot be read*
    No good pass since Tue 11 Mar 08:00: 401.
    Next: look at the service and the way to it; until then nothing in it is judged.
    ");
}

#[test]
fn who_cannot_be_reached_in_private_is_mentioned_in_the_comment_as_the_only_channel() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_snapshot!(world.said(), @r"
    slack UANA
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    ⬣ <acme/web#1> “Task 1” *is past its date*
    Due Mon 10 Mar (milestone), just passed.
    Next: close it if it is done, or set a new date.
      Only you see this. If nothing changes within a working day, Max hears of it too.
    ---
    comment #1
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    *gapwatch* · ⬣ past its date since Mon 10 Mar
    Due Mon 10 Mar (milestone), just passed. Next: close it if it is done, or set a new date.
      This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.task(1, |task| task.rec.owners = Box::new([ANA, BO]));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_snapshot!(world.said(), @r"
    comment #1
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    @ana-gh @bo-gh *gapwatch* · ⬣ past its date since Mon 10 Mar
    Due Mon 10 Mar (milestone), just passed. Next: close it if it is done, or set a new date.
      This comment is kept up to date by gapwatch, which changes nothing else here.
    ");
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 2);
}

#[test]
fn an_owner_without_any_channel_is_named_and_the_manager_hears_in_time() {
    let mut world = World::new();
    world.board.people.persons.get_mut(&crate::domain::ids::PersonId(1)).unwrap().slack = None;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("no_addressee"));
    world.at("2025-03-12 09:00").run(&[]);
    assert_snapshot!(world.said(), @r"
    slack UMAX
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 1 working day ago]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
    Due Mon 10 Mar (milestone), 1 working day ago.
    Ana could not be told: no way to reach them is known.
    ");
}

#[test]
fn gaps_of_one_rule_that_differ_in_scope_open_and_close_apart() {
    let mut world = World::new();
    let scoped = |scope: &str| Reading::Gap(Finding { scope: scope.to_owned(), ..stalled(Stage::Widens) });
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[judged(1, vec![(STALLED, scoped("a")), (STALLED, scoped("b"))])]);
    let gaps: std::collections::BTreeSet<_> = world.board.alerts().map(|alert| alert.gap.clone()).collect();
    assert_eq!(gaps.len(), 2);
    world.run(&[judged(1, vec![(STALLED, scoped("b"))])]);
    let open: Vec<&str> = world
        .board
        .alerts()
        .filter(|alert| alert.state != AlertState::Resolved)
        .map(|alert| alert.scope.as_str())
        .collect();
    assert_eq!(open, ["b"]);
}

#[test]
fn the_same_input_decides_the_same_and_at_rest_nothing_changes() {
    let scene = || {
        let mut world = World::new();
        for id in 2..6 {
            world.task(id, |task| task.rec.owners = Box::new([if id % 2 == 0 { ANA } else { BO }]));
        }
        let all: Vec<Judgement> = (1..6)
            .map(|id| {
                judged(
                    id,
                    vec![(OVERDUE, Reading::Gap(overdue("2025-03-10"))), (PACE, Reading::Gap(pace(Stage::Widens)))],
                )
            })
            .collect();
        world.run(&all);
        let again = world.round(&all);
        assert!(again.is_empty(), "{again:?}");
        (world.rounds, world.sent)
    };
    assert_eq!(scene(), scene());
}

#[test]
fn a_next_step_never_lies_in_the_past() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.run(&[gap(1, PACE, pace(Stage::Widens))]);
    for minutes in 0..500 {
        world.at(&plus("2025-03-11 09:00", minutes * 37)).run(&[]);
        assert!(world.alert(PACE, 1).step_at.is_none_or(|at| at > world.now));
    }
}
