//! Channels that are down and recipients that are refused: nothing is lost, and who hears next hears the true reason.
#![allow(clippy::unwrap_used)]

use connector_kit::{Found, MessageRef, WriteError};
use insta::{allow_duplicates, assert_snapshot};

use super::testing::*;
use crate::domain::finding::{Addressee, Evidence, Finding, FirstWord, Reading, Stage, SubjectKey, Undelivered};
use crate::domain::ids::PersonId;
use crate::domain::notice::{Address, Message, MessageState};
use crate::messages::retry::{Job, Outcome, due, next_due};

fn down() -> Outcome {
    Outcome::Failed(WriteError::NotSent { retry_after: None, because: "service_unavailable".to_owned() })
}

fn refused() -> Outcome {
    Outcome::Failed(WriteError::Refused { because: "permanent error (550): no such user".to_owned() })
}

/// Everything that is due until then, Slack being down; time passes from one attempt to the next.
fn outage(world: &mut World, until: &str) {
    loop {
        let now = world.now;
        world.container(|home| home.fresh_at = Some(now));
        world.round(&[]);
        match due(&world.board, EPOCH, world.now).first().copied() {
            Some(Job::Send(id)) => world.attempt(id, Some(down())),
            Some(Job::Look(id)) => {
                let message = world.board.message(id).unwrap().clone();
                world.end(&message, &Outcome::CannotLook("service_unavailable".to_owned()));
            }
            None => {
                let steps = world.board.alerts().filter_map(|alert| alert.step_at).min();
                let next = [steps, next_due(&world.board, EPOCH)].into_iter().flatten().min();
                match next.filter(|next| *next < at(until)) {
                    Some(at) => world.now = at.max(world.now),
                    None => break,
                }
            }
        }
    }
    world.at(until);
}

fn only(world: &World) -> Message {
    world.board.messages().next().cloned().unwrap()
}

#[test]
fn who_has_no_other_way_hears_once_the_channel_works_again() {
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    outage(&mut world, "2025-03-12 15:00");
    let ana = |world: &World| world.board.messages().any(|one| address(&one.address) == "slack UANA");
    assert!(ana(&world), "it waits, however long that takes");
    assert!(world.alert(OVERDUE, 1).told.is_empty(), "told is empty until success");
    world.said();
    world.at("2025-03-12 15:40");
    world.run(&[]);
    let said = world.said();
    assert!(said.contains("slack UANA") && said.contains("2 working days ago"), "as things stand by then: {said}");
    assert_eq!(world.board.messages().count(), 0);
}

#[test]
fn what_is_over_when_the_channel_works_again_is_not_said() {
    let mut world = World::new();
    world.policy.clear_after = jiff::SignedDuration::ZERO;
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    outage(&mut world, "2025-03-11 16:00");
    world.run(&[clear(1, OVERDUE)]);
    world.run(&[clear(1, OVERDUE)]);
    assert_eq!((world.said().as_str(), world.board.messages().count()), ("", 0));
}

#[test]
fn meanwhile_the_manager_hears_by_another_channel_why_the_owner_does_not_know() {
    let mut world = World::new();
    world.policy.email = true;
    world.policy.unwanted.insert(("max".to_owned(), "slack"));
    world.board.people.persons.get_mut(&PersonId(3)).unwrap().email = Some("max@example.org".to_owned());
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    outage(&mut world, "2025-03-12 08:59");
    world.at("2025-03-12 09:00").round(&[]);
    let mail = world.board.messages().find(|one| matches!(one.address, Address::Email(_))).unwrap().id;
    world.attempt(mail, None);
    assert_snapshot!(world.said(), @r"
    mail max@example.org
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 1 working day ago]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
    Due Mon 10 Mar (milestone), 1 working day ago.
    Ana could not be told: Slack takes nothing at present, and is tried again (service_unavailable).
    ");
}

#[test]
fn an_owner_whom_a_mail_server_refuses_has_the_manager_told_at_once_and_why() {
    let mut world = World::new();
    (world.policy.slack, world.policy.email) = (false, true);
    for (id, email) in [(1, "ana@example.org"), (3, "max@example.org")] {
        world.board.people.persons.get_mut(&PersonId(id)).unwrap().email = Some(email.to_owned());
    }
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.attempt(only(&world).id, Some(refused()));
    world.run(&[]);
    assert_snapshot!(world.said(), @r"
    mail max@example.org
    [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
    ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
    Due Mon 10 Mar (milestone), just passed.
    Ana could not be told: the mail server refused it (permanent error (550): no such user).
    ");
}

#[test]
fn whoever_is_refused_by_one_channel_is_told_by_the_next_and_nobody_else_is() {
    let mut world = World::new();
    world.policy.email = true;
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().email = Some("ana@example.org".to_owned());
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    world.attempt(only(&world).id, Some(refused()));
    world.run(&[]);
    let said = world.said();
    assert!(said.starts_with("mail ana@example.org") && !said.contains("UMAX"), "{said}");
}

#[test]
fn the_operators_hear_after_an_outage_what_is_still_true() {
    let mut world = World::new();
    world.board.people.operators = [PersonId(4)].into_iter().collect();
    let finding = Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Operators,
        first: Some(FirstWord::Direct),
        deadline: None,
        evidence: Evidence::Undelivered {
            ways: vec![Undelivered {
                way: "slack".to_owned(),
                waiting: 0,
                lost: 1,
                since: world.now,
                because: "account_inactive".to_owned(),
                to: vec!["Ana".to_owned()],
            }],
        },
    };
    let rule = crate::domain::finding::RuleId("sys.delivery_failed");
    let judged = super::Judgement {
        subject: SubjectKey::System,
        readings: vec![(rule, Reading::gap(finding))],
        judged: true,
        baseline: false,
    };
    world.round(&[judged]);
    outage(&mut world, "2025-03-13 11:00");
    let waits = only(&world);
    assert_eq!((address(&waits.address).as_str(), waits.state), ("slack UEVE", MessageState::Sealed));
    assert_eq!(waits.error.as_deref(), Some("service_unavailable"));
    assert_eq!(world.board.undelivered(|_| false), [], "that this waits is no reason for itself");
    world.at("2025-03-13 12:00");
    world.run(&[]);
    assert!(world.said().starts_with("slack UEVE"), "said once it works");
}

#[test]
fn what_is_not_there_after_a_doubt_keeps_the_reason_for_the_doubt() {
    let mut world = World::new();
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = only(&world).id;
    world.attempt(id, Some(Outcome::Failed(WriteError::Unsure { because: "service_unavailable".to_owned() })));
    let message = only(&world);
    world.end(&message, &Outcome::Looked(Found::Absent));
    assert_eq!(only(&world).error.as_deref(), Some("service_unavailable"));
}

/// Ana has no Slack; her mention does not reach her, and this is what stands on the task for that.
fn unheard(at: Option<&str>) -> World {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().slack = None;
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let message = only(&world);
    assert_eq!(message.body.mentions(), ["ana-gh"]);
    let (at, who) = (at.map(|at| MessageRef(at.to_owned())), vec!["ana-gh".to_owned()]);
    let because = "they are not on the board".to_owned();
    world.attempt(message.id, Some(Outcome::Failed(WriteError::Unheard { at, who, because })));
    world
}

#[test]
fn an_owner_whom_a_mention_does_not_reach_has_the_manager_told_at_once_and_why() {
    for at in [None, Some("c1")] {
        let mut world = unheard(at);
        assert!(world.alert(OVERDUE, 1).told.is_empty(), "{at:?}: told is empty until somebody hears");
        world.run(&[]);
        allow_duplicates!(assert_snapshot!(world.said(), @r"
        slack UMAX
        [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), just passed]
        ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
        Due Mon 10 Mar (milestone), just passed.
        Ana could not be told: a mention does not reach them (they are not on the board).
        "));
        assert_eq!(world.board.messages().count(), 0, "{at:?}");
    }
}

#[test]
fn an_owner_whom_a_mention_does_not_reach_takes_the_next_channel() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    (world.policy.slack, world.policy.email) = (false, true);
    world.board.people.persons.get_mut(&PersonId(1)).unwrap().email = Some("ana@example.org".to_owned());
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = only(&world).id;
    let (who, because) = (vec!["ana-gh".to_owned()], "they have left".to_owned());
    world.attempt(id, Some(Outcome::Failed(WriteError::Unheard { at: None, who, because })));
    world.run(&[]);
    let said = world.said();
    assert!(said.contains("mail ana@example.org") && !said.contains("@ana-gh"), "{said}");
    assert!(said.starts_with("comment #1"), "the task's own comment is made all the same: {said}");
}

#[test]
fn a_comment_that_its_owner_does_not_hear_of_follows_its_gap_and_whoever_owns_it_next_hears() {
    let mut world = unheard(Some("c1"));
    world.run(&[]).said();
    world.task(1, |task| task.rec.owners = Box::new([BO]));
    world.board.people.persons.get_mut(&PersonId(2)).unwrap().slack = None;
    world.at("2025-03-11 14:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let said = world.said();
    assert!(said.contains("comment #1") && said.contains("@bo-gh") && !said.contains("@ana-gh"), "{said}");
    world.policy.clear_after = jiff::SignedDuration::ZERO;
    world.run(&[clear(1, OVERDUE)]);
    world.run(&[clear(1, OVERDUE)]);
    assert!(world.said().contains("edit comment #1"));
    let mut world = unheard(Some("c1"));
    world.run(&[]).said();
    world.policy.clear_after = jiff::SignedDuration::ZERO;
    world.at("2025-03-11 14:00").run(&[clear(1, OVERDUE)]);
    world.run(&[clear(1, OVERDUE)]);
    assert!(world.said().contains("edit comment #1"), "it does not stand there as it was");
}

#[test]
fn of_two_owners_only_the_one_whom_the_mention_does_not_reach_is_not_told() {
    let mut world = World::new();
    world.policy.comments_on.insert(GITHUB);
    world.policy.slack = false;
    world.task(1, |task| task.rec.owners = Box::new([ANA, BO]));
    world.round(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
    let id = only(&world).id;
    let (at, who) = (Some(MessageRef("c1".to_owned())), vec!["ana-gh".to_owned()]);
    let outcome = Outcome::Failed(WriteError::Unheard { at, who, because: "they have left".to_owned() });
    world.attempt(id, Some(outcome));
    let told: Vec<_> = world.alert(OVERDUE, 1).told.iter().map(|told| told.account).collect();
    assert_eq!(told, [BO]);
}
