//! The ladder, and every reason for silence of one person or one gap.
#![allow(clippy::unwrap_used)]

use insta::assert_snapshot;
use jiff::SignedDuration;

use super::testing::*;
use super::*;
use crate::domain::alert::Wish;
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Stage};
use crate::domain::ids::{AlertId, TaskId};
use connector_model::StatusCategory;

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
    let said = world.said();
    assert!(said.contains("---\nslack UBO") && said.starts_with("edit slack UANA"), "{said}");
    assign(&mut world, ANA, "2025-03-11 10:30");
    world.at("2025-03-11 11:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.contains("reply slack UANA") && said.contains("edit slack UBO"), "{said}");
    assert_eq!(world.alert(OVERDUE, 1).told.len(), 2);
}

#[test]
fn snoozed_is_silent_and_only_those_concerned_are_obeyed() {
    let mut world = World::new();
    world.at("2025-03-11 08:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let gap_id = world.alert(OVERDUE, 1).gap.clone();
    let snooze = |gap| Wish::Snooze { gap, until: at("2025-03-13 09:00"), reason: Some("vendor".to_owned()) };
    assert!(world.ask(Some(BO), snooze(gap_id.clone())).starts_with("Only the task's owner"));
    assert!(world.ask(None, snooze(crate::domain::finding::GapId("nothing".to_owned()))).starts_with("no gap"));
    assert!(world.ask(Some(MAX), snooze(gap_id.clone())).contains("is silent until"));
    world.at("2025-03-12 10:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    assert_eq!((world.said().as_str(), world.withheld(OVERDUE, 1)), ("", Some("snoozed")));
    world.at("2025-03-13 09:00").run(&[]);
    let said = world.said();
    assert!(
        said.contains("slack UANA") && said.contains("slack UMAX"),
        "who silenced it hears that it is over: {said}"
    );
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
                (PACE, Reading::gap(pace(Stage::Widens))),
                (STALLED, Reading::gap(stalled(Stage::Widens))),
            ],
        )
    };
    world.run(&[both(Reading::gap(overdue("2025-03-10")))]);
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
    let cascade = Evidence::Cascade {
        finish_at: at("2025-03-20 17:00"),
        late: Vec::new(),
        downstream: 1,
        priority: None,
        deadline: None,
    };
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
    let evidence =
        Evidence::NoOwner { deadline: Some(deadline("2025-03-21")), category: StatusCategory::Active, left: false };
    let finding = to_account(BO, FirstWord::Direct, finding(Stage::Opens, Some(deadline("2025-03-21")), evidence));
    world.run(&[judged(1, vec![(none, Reading::gap(finding)), (OVERDUE, Reading::gap(overdue("2025-03-10")))])]);
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
        let readings = vec![(RuleId("sys.mirror_stale"), Reading::gap(finding))];
        Judgement { subject: SubjectKey::Connection(GITHUB), ..judged(1, readings) }
    };
    let mut world = World::new();
    world.run(&[stale(true)]);
    assert_eq!(world.said(), "");
    assert_snapshot!(world.notices(AlertId(1)).join("\n"), @"opened nobody log rung 1 Told");
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
      If nothing changes within a working day, Max hears of it too.
    ---
    comment #1
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    *gapwatch* · ⬣ past its date since Mon 10 Mar
    Due Mon 10 Mar (milestone). Next: close it if it is done, or set a new date.
      Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.
      About “Task 1”. This comment is kept up to date by gapwatch, which changes nothing else here.
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
    Due Mon 10 Mar (milestone). Next: close it if it is done, or set a new date.
      Answer with a comment: `/gapwatch on it`, `/gapwatch snooze 3d why`, `/gapwatch not mine` or `/gapwatch done`.
      About “Task 1”. This comment is kept up to date by gapwatch, which changes nothing else here.
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
fn whoever_answers_for_the_project_leads_those_who_have_no_manager_of_their_own() {
    let told = |own: Option<i64>, responsible: Option<AccountId>| {
        let mut world = World::new();
        world.board.people.default_manager = Some(crate::domain::ids::PersonId(4));
        world.board.people.persons.get_mut(&crate::domain::ids::PersonId(1)).unwrap().manager =
            own.map(crate::domain::ids::PersonId);
        world.container(|web| web.responsible = responsible);
        world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
        world.at("2025-03-12 09:00").run(&[]);
        world.said().lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(told(Some(3), Some(AccountId(2))), "slack UMAX", "the configuration comes first");
    assert_eq!(told(None, Some(AccountId(2))), "slack UBO");
    assert_eq!(told(None, Some(ANA)), "slack UEVE", "nobody leads themselves");
    assert_eq!(told(None, Some(AccountId(99))), "slack UEVE", "nobody is known behind it");
    assert_eq!(told(None, None), "slack UEVE");
}

#[test]
fn that_all_parts_are_done_is_said_once_and_not_that_it_is_nearly_done() {
    let (near, whole) = (RuleId("pace.stuck_near_done"), RuleId("state.parent_child"));
    let mut world = World::new();
    let since = at("2025-03-03 10:00");
    let nearly = Evidence::NearDone {
        progress: 1.0,
        source: connector_model::ProgressSource::Children,
        items: 3,
        since,
        limit_secs: 3 * 8 * 3600,
        deadline: None,
    };
    let done = Evidence::PartsDone { parts: 3, done_at: since };
    let gaps = vec![
        (near, Reading::gap(finding(Stage::Widens, None, nearly))),
        (whole, Reading::gap(finding(Stage::Opens, None, done))),
    ];
    world.run(&[judged(1, gaps)]);
    assert_eq!((world.withheld(near, 1), world.withheld(whole, 1)), (Some("inhibited"), Some("digest")));
}
