//! The words themselves.
#![allow(clippy::unwrap_used)]

use connector_model::{ProgressSource, StatusCategory};
use insta::assert_snapshot;

use super::scene::Scene;
use super::wording::{Audience, because, summary};
use super::*;
use crate::alerts::testing::*;
use crate::domain::finding::{Evidence, Finding, Grounds, LateTask, Mismatch, Reading, RuleId, Still, Why};
use crate::domain::norms::Source;

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
    ⬣ <acme/web#1> “<!channel> @ana [x](javascript:1) *b* ⬣ web#9 evil xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” *is past its date*
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
    Scene { names, now: at(now), calendar, common: calendar }
}

/// Every kind of evidence, with the rule it belongs to.
fn findings() -> Vec<(RuleId, Finding)> {
    let due = deadline("2025-03-14");
    let late = LateTask { task: TaskId(8), deadline: deadline("2025-03-13"), finish_at: at("2025-03-18 12:00") };
    let cascade = |late: Vec<LateTask>| Evidence::Cascade {
        finish_at: at("2025-03-17 12:00"),
        late,
        downstream: 3,
        priority: None,
        deadline: None,
    };
    let stalled = |deadline| Evidence::Stalled {
        human_at: at("2025-03-05 10:00"),
        limit_secs: 3 * 8 * 3600,
        deadline,
        norm: deadline.is_none().then_some(Source::Elsewhere),
    };
    let estimate = |spent_secs, nothing_left, active_since| Evidence::Estimate {
        estimate_secs: 20 * 3600,
        spent_secs,
        nothing_left,
        active_since,
        deadline: Some(due),
    };
    let aging = |source, samples| Evidence::Aging {
        category: StatusCategory::Review,
        since: at("2025-03-03 10:00"),
        limit_secs: 5 * 8 * 3600,
        usual_secs: None,
        source,
        samples,
    };
    let mirror = |refused| Evidence::MirrorStale {
        since: at("2025-03-11 08:14"),
        because: "502 from api.github.com".to_owned(),
        refused,
    };
    let moved = connector_model::Due::On("2025-03-07".parse().unwrap());
    let still = |still, waiting: &[i64], nearest| Evidence::BlockerStale {
        still,
        waiting: waiting.iter().map(|id| TaskId(*id)).collect(),
        nearest,
    };
    let mismatch = |how| Evidence::CrossMismatch { other: TaskId(8), how };
    let evidence = vec![
        ("pace.behind", pace(Stage::Widens).evidence),
        ("start.never", Evidence::NeverStarted { assigned_at: None, start_at: at("2025-03-03 09:00"), deadline: due }),
        ("stalled", stalled(Some(due))),
        ("stalled", stalled(None)),
        (
            "pace.stuck_near_done",
            Evidence::NearDone {
                progress: 0.9,
                source: ProgressSource::Checklist,
                items: 10,
                since: at("2025-03-05 10:00"),
                limit_secs: 3 * 8 * 3600,
                deadline: Some(due),
            },
        ),
        ("estimate.exceeded", estimate(30 * 3600, false, None)),
        ("estimate.exceeded", estimate(0, true, Some(at("2025-03-05 10:00")))),
        ("aging", aging(Source::Container, 47)),
        ("aging", aging(Source::Elsewhere, 0)),
        (
            "high_priority.silent",
            Evidence::UrgentSilent {
                human_at: at("2025-03-05 10:00"),
                limit_secs: 2 * 8 * 3600,
                priority: 1,
                deadline: None,
            },
        ),
        ("high_priority.silent", Evidence::UrgentCrowd { share: 0.42, tasks: 130, most_share: 0.3 }),
        ("overdue", Evidence::Overdue { deadline: deadline("2025-03-07"), first_due: None, in_review: false }),
        ("overdue", Evidence::Overdue { deadline: due, first_due: Some(moved), in_review: false }),
        ("owner.none", Evidence::NoOwner { deadline: Some(due), category: StatusCategory::Todo, left: false }),
        ("due.none", Evidence::NoDue { category: StatusCategory::Active }),
        (
            "due.child_after_parent",
            Evidence::ChildAfterParent { deadline: deadline("2025-03-21"), parent: TaskId(9), parent_deadline: due },
        ),
        ("blocker.cascade", cascade(vec![late])),
        ("blocker.cascade", cascade(Vec::new())),
        ("state.parent_child", Evidence::PartsDone { parts: 3, done_at: at("2025-03-07 12:00") }),
        ("state.parent_child", Evidence::ParentDone { parent: TaskId(9), done_at: Some(at("2025-03-07 12:00")) }),
        ("state.parent_child", Evidence::PartBegun { part: TaskId(8) }),
        ("blocker.resolved", Evidence::BlockerDone { blocker: Some(TaskId(8)), free_at: at("2025-03-10 12:00") }),
        ("blocker.resolved", Evidence::BlockerDone { blocker: None, free_at: at("2025-03-10 12:00") }),
        ("blocker.unnamed", Evidence::BlockerUnnamed { since: at("2025-03-06 12:00") }),
        ("blocker.stale", still(Still::Since(at("2025-03-03 12:00")), &[8, 9], Some(due))),
        ("blocker.stale", still(Still::NeverStarted, &[8], None)),
        ("blocker.stale", still(Still::NoOwner, &[8], Some(due))),
        ("dep.cycle", Evidence::Circle { tasks: vec![TaskId(8), TaskId(9)], nested: false }),
        ("dep.cycle", Evidence::Circle { tasks: vec![TaskId(8), TaskId(9)], nested: true }),
        (
            "dep.date_conflict",
            Evidence::DateConflict {
                blocker: TaskId(8),
                blocker_deadline: deadline("2025-03-21"),
                deadline: Some(due),
                start: Some(moved),
                others: 1,
            },
        ),
        ("sys.cross_mismatch", mismatch(Mismatch::Done { at: at("2025-03-07 12:00") })),
        ("sys.cross_mismatch", mismatch(Mismatch::Owners)),
        ("sys.cross_mismatch", mismatch(Mismatch::Dates { deadline: due, there: deadline("2025-03-21") })),
        ("sys.mirror_stale", mirror(false)),
        ("sys.mirror_stale", mirror(true)),
        (
            "start.late",
            Evidence::StartLate {
                start: connector_model::Due::On("2025-03-05".parse().unwrap()),
                start_at: at("2025-03-05 09:00"),
                limit_secs: 8 * 3600,
                deadline: Some(due),
            },
        ),
        (
            "ack.missing",
            Evidence::PlanNotAcknowledged {
                tasks: vec![TaskId(8), TaskId(9)],
                by: crate::domain::ids::AccountId(2),
                assigned_at: at("2025-03-07 09:00"),
                limit_secs: 8 * 3600,
            },
        ),
        ("overdue", Evidence::Overdue { deadline: deadline("2025-03-07"), first_due: None, in_review: true }),
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
    pace.stuck_near_done: 90 % done (9 of 10 checklist items) since Wed 5 Mar, 4 working days ago (the limit is 3 working days), due Fri 14 Mar (milestone)
    estimate.exceeded: 30 h booked of 20 h estimated (150 %), due Fri 14 Mar (milestone)
    estimate.exceeded: 20 h estimated, nothing is said to be left, and it is not done, worked on for 31 h, due Fri 14 Mar (milestone)
    aging: in review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (usual here, from 47 finished tasks)
    aging: in review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (typical elsewhere)
    high_priority.silent: last change by a person Wed 5 Mar, 4 working days ago (the limit is 2 working days), no date
    high_priority.silent: 42 % of 130 open tasks are in the top two priorities, which says little beyond 30 %
    overdue: due Fri 7 Mar (milestone), 1 working day ago
    overdue: due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left
    owner.none: not begun, due Fri 14 Mar (milestone)
    due.none: being worked on, and no date from the task, a sprint or a milestone
    due.child_after_parent: due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone)
    blocker.cascade: 3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest
    blocker.cascade: 3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); no date is at risk
    state.parent_child: 3 parts, all closed since Fri 7 Mar 12:00
    state.parent_child: its parent acme/web#9 is done since Fri 7 Mar 12:00
    state.parent_child: its part acme/web#8 is being worked on
    blocker.resolved: it waited for acme/web#8, which is done since Mon 10 Mar 12:00
    blocker.resolved: the link to what it waited for was removed Mon 10 Mar 12:00
    blocker.unnamed: waiting since Thu 6 Mar, 3 working days, without a link to a task or a question to anybody
    blocker.stale: 2 tasks wait for it, first acme/web#8, due Fri 14 Mar (milestone); last change by a person Mon 3 Mar
    blocker.stale: 1 task waits for it, acme/web#8; no sign of work on it
    blocker.stale: 1 task waits for it, acme/web#8, due Fri 14 Mar (milestone); nobody is assigned to it
    dep.cycle: 2 tasks: acme/web#8, acme/web#9
    dep.cycle: 2 tasks: acme/web#8, acme/web#9
    dep.date_conflict: planned to begin Fri 7 Mar, due Fri 14 Mar (milestone); acme/web#8, which it waits for, is due Fri 21 Mar (milestone) (and 1 more like that)
    sys.cross_mismatch: it is linked with acme/web#8, which is done since Fri 7 Mar 12:00
    sys.cross_mismatch: it is linked with acme/web#8, which belongs to somebody else
    sys.cross_mismatch: due Fri 14 Mar (milestone); it is linked with acme/web#8, which is due Fri 21 Mar (milestone)
    sys.mirror_stale: no good pass since Tue 11 Mar 08:14: 502 from api.github.com
    sys.mirror_stale: no good pass since Tue 11 Mar 08:14: 502 from api.github.com
    start.late: planned to begin Wed 5 Mar, 4 working days ago, due Fri 14 Mar (milestone)
    ack.missing: 2 tasks assigned Fri 7 Mar, no sign of their owner for 2 working days: acme/web#8, acme/web#9
    overdue: due Fri 7 Mar (milestone), 1 working day ago
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
            ending: None,
            closed: false,
            outcome: None,
            moved: None,
            first_noticed_at: None,
            was_over_at: None,
            handed: None,
            spoken_by: None,
            hearing: super::wording::Hearing { owners: vec!["Ana".to_owned()], is_readers: true, ..Default::default() },
            answered: None,
            controls: Vec::new(),
            also: Vec::new(),
            children: 0,
            again: None,
            with: Vec::new(),
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

    [■ acme/web#1 is stuck just before its end: 90 % done (9 of 10 checklist items) since Wed 5 Mar, 4 working days ago (the limit is 3 working days), due Fri 14 Mar (milestone)]
    ■ <acme/web#1> “Move billing” *is stuck just before its end*
    90 % done (9 of 10 checklist items) since Wed 5 Mar, 4 working days ago (the limit is 3 working days), due Fri 14 Mar (milestone).
    Next: finish it, or say in the task what is still missing.

    [⬣ acme/web#1 takes longer than estimated: 30 h booked of 20 h estimated (150 %), due Fri 14 Mar (milestone)]
    ⬣ <acme/web#1> “Move billing” *takes longer than estimated*
    30 h booked of 20 h estimated (150 %), due Fri 14 Mar (milestone).
    Next: bring the estimate up to date, or agree on what can be left out.

    [▲ acme/web#1 takes longer than estimated: 20 h estimated, nothing is said to be left, and it is not done, worked on for 31 h, due Fri 14 Mar (milestone)]
    ▲ <acme/web#1> “Move billing” *takes longer than estimated*
    20 h estimated, nothing is said to be left, and it is not done, worked on for 31 h, due Fri 14 Mar (milestone).
    Next: bring the estimate up to date, or agree on what can be left out.

    [■ acme/web#1 stays long in its state: in review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (usual here, from 47 finished tasks)]
    ■ <acme/web#1> “Move billing” *stays long in its state*
    In review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (usual here, from 47 finished tasks).
    Next: say in the task what it takes to move on, or move it to where it stands.

    [⬣ acme/web#1 stays long in its state: in review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (typical elsewhere)]
    ⬣ <acme/web#1> “Move billing” *stays long in its state*
    In review since Mon 3 Mar, 6 working days; 85 of 100 are within 5 working days (typical elsewhere).
    Next: say in the task what it takes to move on, or move it to where it stands.

    [▲ acme/web#1 is urgent and has not moved: last change by a person Wed 5 Mar, 4 working days ago (the limit is 2 working days), no date]
    ▲ <acme/web#1> “Move billing” *is urgent and has not moved*
    Last change by a person Wed 5 Mar, 4 working days ago (the limit is 2 working days), no date.
    Next: leave a line about where it stands, or lower its priority.

    [■ acme/web#1 calls too much urgent: 42 % of 130 open tasks are in the top two priorities, which says little beyond 30 %]
    ■ <acme/web#1> “Move billing” *calls too much urgent*
    42 % of 130 open tasks are in the top two priorities, which says little beyond 30 %.
    Next: nothing, or lower priorities; until then none of its tasks is flagged for being urgent.

    [⬣ acme/web#1 is past its date: due Fri 7 Mar (milestone), 1 working day ago]
    ⬣ <acme/web#1> “Move billing” *is past its date*
    Due Fri 7 Mar (milestone), 1 working day ago.
    Next: close it if it is done, or set a new date.

    [▲ acme/web#1 is past its date: due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left]
    ▲ <acme/web#1> “Move billing” *is past its date*
    Due Fri 14 Mar (milestone), first planned for Fri 7 Mar, 4 working days left.
    Next: close it if it is done, or set a new date.

    [■ acme/web#1 has nobody assigned: not begun, due Fri 14 Mar (milestone)]
    ■ <acme/web#1> “Move billing” *has nobody assigned*
    Not begun, due Fri 14 Mar (milestone).
    Next: assign somebody.

    [⬣ acme/web#1 has no date: being worked on, and no date from the task, a sprint or a milestone]
    ⬣ <acme/web#1> “Move billing” *has no date*
    Being worked on, and no date from the task, a sprint or a milestone.
    Next: give it a date, or a milestone, sprint or version that has one.

    [▲ acme/web#1 is due after its parent: due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone)]
    ▲ <acme/web#1> “Move billing” *is due after its parent*
    Due Fri 21 Mar (milestone); its parent acme/web#9 is due Fri 14 Mar (milestone).
    Next: move one of the two dates.

    [■ acme/web#1 makes 1 task late: 3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest]
    ■ <acme/web#1> “Move billing” *makes 1 task late*
    3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); first at risk acme/web#8, due Thu 13 Mar (milestone), possible Tue 18 Mar at the earliest.
    Next: finish it first, or tell those who wait when it will be.

    [⬣ acme/web#1 is expected to be done Mon 17 Mar: 3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); no date is at risk]
    ⬣ <acme/web#1> “Move billing” *is expected to be done Mon 17 Mar*
    3 tasks wait for it; it is expected to be done Mon 17 Mar (by what is usual); no date is at risk.
    Next: finish it first, or tell those who wait when it will be.

    [▲ acme/web#1 is open although all its parts are done: 3 parts, all closed since Fri 7 Mar 12:00]
    ▲ <acme/web#1> “Move billing” *is open although all its parts are done*
    3 parts, all closed since Fri 7 Mar 12:00.
    Next: close it, or say in it what is left.

    [■ acme/web#1 is open although its parent is done: its parent acme/web#9 is done since Fri 7 Mar 12:00]
    ■ <acme/web#1> “Move billing” *is open although its parent is done*
    Its parent acme/web#9 is done since Fri 7 Mar 12:00.
    Next: close it, move it elsewhere, or open the parent again.

    [⬣ acme/web#1 is not begun although a part of it is: its part acme/web#8 is being worked on]
    ⬣ <acme/web#1> “Move billing” *is not begun although a part of it is*
    Its part acme/web#8 is being worked on.
    Next: set it to being worked on.

    [▲ acme/web#1 can go on: it waited for acme/web#8, which is done since Mon 10 Mar 12:00]
    ▲ <acme/web#1> “Move billing” *can go on*
    It waited for acme/web#8, which is done since Mon 10 Mar 12:00.
    Next: go on with it, or link what it waits for now.

    [■ acme/web#1 can go on: the link to what it waited for was removed Mon 10 Mar 12:00]
    ■ <acme/web#1> “Move billing” *can go on*
    The link to what it waited for was removed Mon 10 Mar 12:00.
    Next: go on with it, or link what it waits for now.

    [⬣ acme/web#1 is waiting, and nothing says for what: waiting since Thu 6 Mar, 3 working days, without a link to a task or a question to anybody]
    ⬣ <acme/web#1> “Move billing” *is waiting, and nothing says for what*
    Waiting since Thu 6 Mar, 3 working days, without a link to a task or a question to anybody.
    Next: link what it waits for, or ask somebody by name.

    [▲ acme/web#1 keeps 2 tasks waiting and does not move: 2 tasks wait for it, first acme/web#8, due Fri 14 Mar (milestone); last change by a person Mon 3 Mar]
    ▲ <acme/web#1> “Move billing” *keeps 2 tasks waiting and does not move*
    2 tasks wait for it, first acme/web#8, due Fri 14 Mar (milestone); last change by a person Mon 3 Mar.
    Next: go on with it, or say when it will go on.

    [■ acme/web#1 keeps 1 task waiting and does not move: 1 task waits for it, acme/web#8; no sign of work on it]
    ■ <acme/web#1> “Move billing” *keeps 1 task waiting and does not move*
    1 task waits for it, acme/web#8; no sign of work on it.
    Next: go on with it, or say when it will go on.

    [⬣ acme/web#1 keeps 1 task waiting and does not move: 1 task waits for it, acme/web#8, due Fri 14 Mar (milestone); nobody is assigned to it]
    ⬣ <acme/web#1> “Move billing” *keeps 1 task waiting and does not move*
    1 task waits for it, acme/web#8, due Fri 14 Mar (milestone); nobody is assigned to it.
    Next: assign somebody.

    [▲ acme/web#1 waits for itself, in a circle: 2 tasks: acme/web#8, acme/web#9]
    ▲ <acme/web#1> “Move billing” *waits for itself, in a circle*
    2 tasks: acme/web#8, acme/web#9.
    Next: remove the link that does not hold.

    [■ acme/web#1 is part of itself, in a circle: 2 tasks: acme/web#8, acme/web#9]
    ■ <acme/web#1> “Move billing” *is part of itself, in a circle*
    2 tasks: acme/web#8, acme/web#9.
    Next: take one of them out of its parent.

    [⬣ acme/web#1 is planned for before what it waits for: planned to begin Fri 7 Mar, due Fri 14 Mar (milestone); acme/web#8, which it waits for, is due Fri 21 Mar (milestone) (and 1 more like that)]
    ⬣ <acme/web#1> “Move billing” *is planned for before what it waits for*
    Planned to begin Fri 7 Mar, due Fri 14 Mar (milestone); acme/web#8, which it waits for, is due Fri 21 Mar (milestone) (and 1 more like that).
    Next: move one of the two dates, or remove the link if it does not hold.

    [▲ acme/web#1 is open here and done in another tracker: it is linked with acme/web#8, which is done since Fri 7 Mar 12:00]
    ▲ <acme/web#1> “Move billing” *is open here and done in another tracker*
    It is linked with acme/web#8, which is done since Fri 7 Mar 12:00.
    Next: close it, or say in it what is left.

    [■ acme/web#1 has other owners in another tracker: it is linked with acme/web#8, which belongs to somebody else]
    ■ <acme/web#1> “Move billing” *has other owners in another tracker*
    It is linked with acme/web#8, which belongs to somebody else.
    Next: bring the two together, or remove the link if it is other work.

    [⬣ acme/web#1 has another date in another tracker: due Fri 14 Mar (milestone); it is linked with acme/web#8, which is due Fri 21 Mar (milestone)]
    ⬣ <acme/web#1> “Move billing” *has another date in another tracker*
    Due Fri 14 Mar (milestone); it is linked with acme/web#8, which is due Fri 21 Mar (milestone).
    Next: bring the two together, or remove the link if it is other work.

    [▲ acme/web#1 cannot be read: no good pass since Tue 11 Mar 08:14: 502 from api.github.com]
    ▲ <acme/web#1> “Move billing” *cannot be read*
    No good pass since Tue 11 Mar 08:14: 502 from api.github.com.
    Next: look at the service and the way to it; until then nothing in it is judged.

    [■ acme/web#1 refuses our credential: no good pass since Tue 11 Mar 08:14: 502 from api.github.com]
    ■ <acme/web#1> “Move billing” *refuses our credential*
    No good pass since Tue 11 Mar 08:14: 502 from api.github.com.
    Next: renew the credential; until then nothing in it is judged.

    [⬣ acme/web#1 has not been started as planned: planned to begin Wed 5 Mar, 4 working days ago, due Fri 14 Mar (milestone)]
    ⬣ <acme/web#1> “Move billing” *has not been started as planned*
    Planned to begin Wed 5 Mar, 4 working days ago, due Fri 14 Mar (milestone).
    Next: start it, or plan another day for that.

    [▲ acme/web#1 was given 2 tasks in one go, and there is no sign of it being taken up: 2 tasks assigned Fri 7 Mar, no sign of their owner for 2 working days: acme/web#8, acme/web#9]
    ▲ <acme/web#1> “Move billing” *was given 2 tasks in one go, and there is no sign of it being taken up*
    2 tasks assigned Fri 7 Mar, no sign of their owner for 2 working days: acme/web#8, acme/web#9.
    Next: look through them, leave a line in one, and hand back what is not yours.

    [■ acme/web#1 is waiting for review past its date: due Fri 7 Mar (milestone), 1 working day ago]
    ■ <acme/web#1> “Move billing” *is waiting for review past its date*
    Due Fri 7 Mar (milestone), 1 working day ago.
    Next: review it, close it if that is done, or set a new date.
    ");
}

#[test]
fn explain_says_why_for_every_kind_of_reading() {
    let calendar = calendar();
    let names = HashMap::new();
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let finding = pace(Stage::Widens);
    let readings = [
        Reading::gap(finding.clone()),
        Reading::edge(finding.evidence.clone()),
        Reading::measured(finding.evidence),
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
    assert!(words(ProgressSource::Time, 0).starts_with("20 % done (by booked time) after"));
}

#[test]
fn what_gapwatch_says_of_its_own_sight_names_numbers_and_a_next_step() {
    let (calendar, names) = (calendar(), HashMap::new());
    let scene = scene(&names, "2025-03-11 09:00", &calendar);
    let since = at("2025-03-10 10:00");
    let said = |evidence: Evidence| {
        let matter = super::facts::matter(&evidence, scene);
        format!("{matter} | {} | {}", super::facts::facts(&evidence, scene), super::facts::next_step(&evidence))
    };
    let missing = said(Evidence::MassMissing { since, missing: 136, of: 794 });
    assert!(missing.starts_with("misses 136 tasks at once | 136 of 794 open tasks were not in its list"), "{missing}");
    assert!(missing.contains("gapwatch release"), "{missing}");
    let edited = said(Evidence::MassEdit { from_at: since, to_at: plus_minutes(since, 7), tasks: 60 });
    assert!(edited.starts_with("had 60 tasks changed at once | one account changed 60 tasks from"), "{edited}");
    assert!(edited.contains("within 7 minutes"), "{edited}");
    let unseen = said(Evidence::TasksUnseen { since, tasks: 1 });
    assert!(unseen.starts_with("hides 1 task that it showed before | 1 open task not to be seen since"), "{unseen}");
    let names = |count: usize| (0..count).map(|n| format!("n{n}")).collect::<Vec<_>>();
    let unmapped = said(Evidence::Unmapped { states: names(1), owners: names(7), unbegun: None });
    let expected = "states without a meaning: n0; owners who are nobody in [people]: n0, n1, n2, n3, n4 and 2 more";
    assert!(unmapped.contains(expected), "{unmapped}");
    assert!(
        said(Evidence::Unmapped { states: vec!["<!channel>".to_owned()], owners: names(0), unbegun: None })
            .contains("states")
    );
}

fn plus_minutes(at: jiff::Timestamp, minutes: i64) -> jiff::Timestamp {
    at + jiff::SignedDuration::from_mins(minutes)
}

#[test]
fn what_was_deleted_or_moved_away_is_not_called_resolved() {
    let mut world = World::new();
    world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let finding = world.alert(OVERDUE, 1).finding.clone();
    let (calendar, names) = (calendar(), HashMap::new());
    let scene = scene(&names, "2025-03-11 12:00", &calendar);
    let words = |ending| {
        let item = super::wording::Item {
            key: "acme/web#1".to_owned(),
            url: None,
            title: None,
            finding: finding.clone(),
            noticed_at: at("2025-03-10 10:00"),
            over_at: Some(at("2025-03-11 12:00")),
            ending: Some(ending),
            closed: false,
            outcome: None,
            moved: None,
            first_noticed_at: None,
            was_over_at: None,
            handed: None,
            spoken_by: None,
            hearing: Default::default(),
            answered: None,
            controls: Vec::new(),
            also: Vec::new(),
            children: 0,
            again: None,
            with: Vec::new(),
        };
        text(&super::wording::single(&item, Audience::Owner, scene))
    };
    let deleted = words(crate::domain::alert::Ending::Deleted);
    assert!(deleted.contains("acme/web#1 was deleted") && deleted.contains("The task was deleted"), "{deleted}");
    let moved = words(crate::domain::alert::Ending::MovedAway);
    assert!(moved.contains("acme/web#1 was moved away") && moved.contains("not watched"), "{moved}");
    assert!(!deleted.contains("esolved") && !moved.contains("esolved"));
    assert!(words(crate::domain::alert::Ending::Resolved).contains("Resolved"));
}

#[test]
fn gaps_in_how_work_is_given_asked_about_and_planned_are_told_with_their_numbers() {
    use crate::domain::finding::TooSoon;
    use crate::domain::past::Asks;
    let (calendar, names) = (calendar(), HashMap::new());
    let scene = scene(&names, "2025-03-13 10:00", &calendar);
    let (ana, mo) = (crate::domain::ids::AccountId(1), crate::domain::ids::AccountId(2));
    let due = Some(deadline("2025-03-14"));
    let day = 8 * 3600;
    let promised = Some(connector_model::Due::On("2025-03-07".parse().unwrap()));
    let drift = |slip_secs, late_move_at| Evidence::Drift {
        times: 2,
        promised,
        slip_secs,
        span_secs: 8 * day,
        late_move_at,
        deadline: deadline("2025-03-14"),
    };
    let too_soon = |how| Evidence::Unrealistic {
        set_at: at("2025-03-12 10:00"),
        deadline: deadline("2025-03-14"),
        how,
        typical_days: 3.0,
    };
    let asked = |how, deadline| Evidence::Unanswered {
        whom: ana,
        by: Some(mo),
        how,
        asked_at: at("2025-03-11 10:00"),
        limit_secs: 2 * day,
        deadline,
    };
    let given = Evidence::NotAcknowledged {
        owner: ana,
        by: mo,
        assigned_at: at("2025-03-11 10:00"),
        limit_secs: day,
        deadline: due,
    };
    let all = [
        given,
        asked(Asks::Question, None),
        asked(Asks::Mention, due),
        asked(Asks::State, due),
        Evidence::Reopened { times: 2, last_at: at("2025-03-11 10:00"), deadline: None },
        drift(5 * day, None),
        drift(-day, Some(at("2025-03-06 12:00"))),
        too_soon(TooSoon::Past),
        too_soon(TooSoon::Unstarted),
        too_soon(TooSoon::Short),
    ];
    let said: Vec<String> = all
        .iter()
        .map(|evidence| format!("{}: {}", super::facts::heading(evidence, scene), super::facts::facts(evidence, scene)))
        .collect();
    let expected = [
        "no sign of it being taken up: assigned Tue 11 Mar, no sign of its owner for 2 working days, due Fri 14 Mar (milestone)",
        "waits for an answer: a question was put Tue 11 Mar, no answer for 2 working days, no date",
        "waits for an answer: somebody wrote to its owner Tue 11 Mar, no answer for 2 working days, due Fri 14 Mar (milestone)",
        "waits for an answer: it was set to wait for an answer Tue 11 Mar, no answer for 2 working days, due Fri 14 Mar (milestone)",
        "done, and open again: reopened 2 times, last Tue 11 Mar, no date",
        "a date that keeps moving: due Fri 14 Mar (milestone), first planned for Fri 7 Mar: moved later 2 times, by 5 working days (63 % of the time there was)",
        "a date that keeps moving: due Fri 14 Mar (milestone), first planned for Fri 7 Mar: moved later 2 times, Thu 6 Mar within a day of its date",
        "a date that is hard to meet: due Fri 14 Mar (milestone), set Wed 12 Mar, when it had passed",
        "a date that is hard to meet: due Fri 14 Mar (milestone), set Wed 12 Mar, 3 working days ahead, before anybody had begun",
        "a date that is hard to meet: due Fri 14 Mar (milestone), set Wed 12 Mar; half of such tasks take longer than 3 working days",
    ];
    assert_eq!(said, expected);
}
