//! The state table: what opens, what closes, what keeps everything as it is.
#![allow(clippy::unwrap_used)]

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};

use super::testing::*;
use super::*;
use crate::domain::absence::Hold;
use crate::domain::alert::{Ending, LogKind};
use crate::domain::bulk::Bulk;
use crate::domain::finding::{Finding, Stage, Why};
use crate::domain::ids::{AlertId, TaskId};
use crate::domain::policy::Mode;
use crate::domain::record::{BoardDelta, HistoryReach};
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
fn a_task_that_is_newer_than_its_history_settles_from_when_it_was_seen_to_differ() {
    let mut world = World::new();
    let now = world.now;
    world.container(|home| {
        home.history = HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: now - SignedDuration::from_mins(1) }
    });
    world.task(1, |task| task.rec.changed_at = now);
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!((world.withheld(OVERDUE, 1), world.sent.len()), (Some("settling"), 0));
    world.container(|home| home.history = HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: now });
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.sent.len(), 1, "its history tells nothing that would still have to settle");
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
      Its date was changed. Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.
    ---
    edit slack UANA
    [● acme/web#1 is resolved: past its date]
    ● *Resolved* Tue 11 Mar 11:10: <acme/web#1> “Task 1”
    Its date was changed. Was: past its date. Noticed Tue 11 Mar, open for 2 working hours.
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
    let edge = judged(1, vec![(OVERDUE, Reading::edge(overdue("2025-03-10").evidence))]);
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
fn a_failure_that_comes_back_is_the_owners_for_a_working_day_before_the_manager_hears_again() {
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-12 10:00").run(&[]);
    assert_eq!(world.alert(OVERDUE, 1).rung, 2);
    world.at("2025-03-12 11:00").run(&[clear(1, OVERDUE)]).said();
    world.at("2025-03-17 11:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.contains("slack UANA") && !said.contains("UMAX"), "{said}");
    world.at("2025-03-18 11:00").run(&[]);
    assert!(world.said().contains("slack UMAX"));
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
    let mut world = World::new();
    world.policy.clear_after = SignedDuration::ZERO;
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.task(1, |task| task.rec.ineligible = Some(connector_model::Ineligible::Filtered));
    world.run(&[clear(1, OVERDUE)]);
    assert_eq!(world.alert(OVERDUE, 1).ending, Some(Ending::NoLongerWatched), "it has left the filter");
    assert_eq!(world.said(), "");
}

#[test]
fn of_what_was_archived_nothing_is_said_or_concluded_until_it_comes_back() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    world.container(|home| home.archived = true);
    world.at("2025-03-19 08:00").run(&[clear(1, OVERDUE)]);
    let alert = world.alert(OVERDUE, 1);
    assert_eq!((alert.ending, alert.withheld.clone()), (None, Some(Withheld::NotVisible)));
    assert_eq!(world.said(), "", "nor is a manager told");
    world.container(|home| home.archived = false);
    world.at("2025-03-19 08:10").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_ne!(world.alert(OVERDUE, 1).withheld, Some(Withheld::NotVisible), "it goes on");
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
    world.container(|home| home.hold = Some(Hold { since: at("2025-03-11 08:00"), missing: 6, of: 10 }));
    world.at("2025-03-11 12:00").run(&[clear(1, OVERDUE)]);
    world.at("2025-03-11 13:00").run(&[]);
    assert_eq!(states(&world, OVERDUE).0, AlertState::Firing);
    assert_eq!(world.withheld(OVERDUE, 1), Some("mass_change"));
    world.container(|home| home.hold = None);
    world.at("2025-03-11 13:30").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
}

#[test]
fn a_refused_credential_holds_all_it_reads_and_frees_it_when_it_is_accepted_again() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
    let mut failing = world.board.connection(GITHUB).unwrap().clone();
    (failing.failing_since, failing.refused) = (Some(at("2025-03-11 10:00")), true);
    world.board.apply(BoardDelta { connections: vec![failing.clone()], ..BoardDelta::default() });
    let connection = Judgement { subject: SubjectKey::Connection(GITHUB), ..judged(1, Vec::new()) };
    world.at("2025-03-11 10:01").run(std::slice::from_ref(&connection));
    assert_eq!(world.withheld(OVERDUE, 1), Some("source_stale"));
    world.at("2025-03-12 12:00").run(&[]);
    assert_eq!(world.said(), "", "the manager does not hear from an old mirror");
    (failing.failing_since, failing.refused) = (None, false);
    world.board.apply(BoardDelta { connections: vec![failing], ..BoardDelta::default() });
    world.at("2025-03-12 12:01").run(&[connection]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
    assert!(world.said().starts_with("slack UMAX"));
}

#[test]
fn another_container_that_fails_holds_nothing_here() {
    let mut world = World::new();
    let mut failing = world.board.connection(GITHUB).unwrap().clone();
    failing.failing_since = Some(at("2025-03-11 08:00"));
    world.board.apply(BoardDelta { connections: vec![failing], ..BoardDelta::default() });
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
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
fn what_was_not_believed_or_not_seen_is_backlog_when_changed_rules_find_it_again() {
    let baseline = || Judgement { baseline: true, ..gap(1, OVERDUE, overdue("2025-03-10")) };
    let bulk = |from: &str, to: &str| [Bulk { from_at: at(from), to_at: at(to), tasks: 20 }];
    let mut world = World::new();
    world.container(|home| home.bulks = bulk("2025-03-11 08:00", "2025-03-11 08:05").into());
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("mass_change"));
    world.at("2025-03-11 10:00").run(&[baseline()]);
    world.at("2025-03-12 10:00").run(&[]);
    assert_eq!((world.withheld(OVERDUE, 1), world.said().as_str()), (Some("backlog"), ""));

    let mut world = World::new();
    world.task(1, |task| task.rec.facts.changed_at = Some(at("2025-03-11 08:55")));
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.task(1, |task| task.rec.unseen = true);
    world.at("2025-03-11 10:00").run(&[]);
    assert_eq!(world.withheld(OVERDUE, 1), Some("not_visible"));
    world.task(1, |task| task.rec.unseen = false);
    world.at("2025-03-11 11:00").run(&[baseline()]);
    assert_eq!((world.withheld(OVERDUE, 1), world.said().as_str()), (Some("backlog"), ""));
}

#[test]
fn what_one_bulk_brought_up_is_not_freed_by_the_next() {
    let mut world = World::new();
    let bulk = |from: &str, to: &str| [Bulk { from_at: at(from), to_at: at(to), tasks: 20 }];
    world.container(|home| home.bulks = bulk("2025-03-11 08:00", "2025-03-11 08:05").into());
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let container = || Judgement { subject: SubjectKey::Container(WEB), ..judged(1, Vec::new()) };
    world.container(|home| home.bulks = bulk("2025-03-11 08:00", "2025-03-11 16:00").into());
    world.at("2025-03-11 16:30").run(&[container()]);
    world.at("2025-03-12 10:00").run(&[container()]);
    assert_eq!((world.withheld(OVERDUE, 1), world.said().as_str()), (Some("mass_change"), ""));
    world.at("2025-03-13 10:00").run(&[container()]);
    assert_eq!(world.withheld(OVERDUE, 1), None);
}

#[test]
fn each_of_two_bulks_of_a_day_keeps_what_it_brought_up_quiet_for_its_own_day() {
    let bulk = |from: &str, to: &str| Bulk { from_at: at(from), to_at: at(to), tasks: 20 };
    let (morning, noon) = (bulk("2025-03-11 08:00", "2025-03-11 08:05"), bulk("2025-03-11 12:00", "2025-03-11 12:05"));
    let container = || Judgement { subject: SubjectKey::Container(WEB), ..judged(1, Vec::new()) };
    let mut world = World::new();
    world.container(|home| home.bulks = [morning].into());
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.container(|home| home.bulks = [morning, noon].into());
    world.at("2025-03-11 13:00").run(&[container()]);
    assert_eq!((world.withheld(OVERDUE, 1), world.said().as_str()), (Some("mass_change"), ""), "noon frees nothing");
    world.task(2, |_| {});
    world.run(&[gap(2, OVERDUE, overdue("2025-03-10"))]);
    world.at("2025-03-12 10:00").run(&[container()]);
    assert_eq!(world.withheld(OVERDUE, 1), None, "and holds back nothing of the morning's");
    assert_eq!(world.withheld(OVERDUE, 2), Some("mass_change"));
    world.at("2025-03-12 12:30").run(&[container()]);
    assert_eq!(world.withheld(OVERDUE, 2), None);
}

#[test]
fn gaps_of_one_rule_that_differ_in_scope_open_and_close_apart() {
    let mut world = World::new();
    let scoped = |scope: &str| Reading::gap(Finding { scope: scope.to_owned(), ..stalled(Stage::Widens) });
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
                    vec![(OVERDUE, Reading::gap(overdue("2025-03-10"))), (PACE, Reading::gap(pace(Stage::Widens)))],
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
