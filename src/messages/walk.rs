//! Random walks through readings, time, failures of the channels and changes of hands: what must hold whatever happens.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use connector_kit::{Found, MessageRef, WriteError};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::retry::{Job, Outcome, due, next_due};
use super::*;
use crate::alerts::Judgement;
use crate::alerts::testing::*;
use crate::domain::alert::{AlertState, Ending};
use crate::domain::finding::{Grounds, Reading, Why};

#[derive(Debug, Clone)]
enum Step {
    Judge { task: i64, pace: u8, overdue: u8, stalled: u8 },
    Wait { minutes: i64 },
    Assign { task: i64, owners: u8 },
    Act { task: i64 },
    Hold(bool),
    Channel(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1i64..4, 0u8..6, 0u8..4, 0u8..6)
            .prop_map(|(task, pace, overdue, stalled)| Step::Judge { task, pace, overdue, stalled }),
        4 => prop_oneof![1i64..30, 30i64..3000].prop_map(|minutes| Step::Wait { minutes }),
        1 => (1i64..4, 0u8..8).prop_map(|(task, owners)| Step::Assign { task, owners }),
        1 => (1i64..4).prop_map(|task| Step::Act { task }),
        1 => any::<bool>().prop_map(Step::Hold),
        4 => (0u8..8).prop_map(Step::Channel),
    ];
    proptest::collection::vec(step, 1..60)
}

fn reading(code: u8, finding: impl Fn(Stage) -> crate::domain::finding::Finding) -> Reading {
    match code {
        0 => Reading::gap(finding(Stage::Opens)),
        1 => Reading::gap(finding(Stage::Widens)),
        2 => Reading::gap(finding(Stage::Failure)),
        3 => Reading::edge(finding(Stage::Opens).evidence),
        4 => Reading::Unknown(Why::HistoryBehind),
        _ => Reading::Clear(Grounds::Because("all is well")),
    }
}

fn readings(task: i64, codes: (u8, u8, u8)) -> Judgement {
    let overdue = |_| overdue("2025-03-10");
    judged(
        task,
        vec![
            (PACE, reading(codes.0, pace)),
            (OVERDUE, reading(codes.1 + 2, overdue)),
            (STALLED, reading(codes.2, stalled)),
        ],
    )
}

struct Walk {
    world: World,
    last: [(u8, u8, u8); 4],
    channel: u8,
}

impl Walk {
    fn new(slack: bool, comments: bool) -> Walk {
        let mut world = World::new();
        world.policy.slack = slack;
        world.policy.slack_channel = Some("#delivery".to_owned());
        if comments {
            world.policy.comments_on.insert(GITHUB);
        }
        world.task(2, |task| task.rec.owners = Box::new([BO]));
        world.task(3, |task| task.rec.parent = Some(TaskId(1)));
        Walk { world, last: [(5, 3, 5); 4], channel: 0 }
    }

    fn step(&mut self, step: &Step) {
        let world = &mut self.world;
        match *step {
            Step::Judge { task, pace, overdue, stalled } => {
                self.last[task as usize] = (pace, overdue, stalled);
                self.judge(task);
            }
            Step::Wait { minutes } => {
                let to = world.now + SignedDuration::from_mins(minutes);
                self.until(to);
            }
            Step::Assign { task, owners } => {
                let all = [ANA, BO, MAX].into_iter().enumerate();
                let owners: Vec<_> = all.filter(|(bit, _)| owners >> bit & 1 == 1).map(|(_, owner)| owner).collect();
                let now = world.now;
                world.task(task, |task| {
                    task.rec.facts.assigned = owners.iter().map(|owner| (*owner, now)).collect();
                    task.rec.owners = owners.into();
                });
                self.judge(task);
            }
            Step::Act { task } => {
                let now = world.now;
                world.task(task, |task| {
                    task.rec.facts.acts = vec![(ANA, now)];
                    task.rec.facts.changed_at = Some(now);
                });
                self.judge(task);
            }
            Step::Hold(on) => {
                let since = on.then_some(world.now);
                world.container(|home| home.failing_since = since);
                (1..4).for_each(|task| self.judge(task));
            }
            Step::Channel(code) => self.channel = code,
        }
        self.deliver();
        self.check();
    }

    fn judge(&mut self, task: i64) {
        let judgement = readings(task, self.last[task as usize]);
        self.world.round(&[judgement]);
    }

    /// Lets time pass as the core does: from one due instant to the next.
    fn until(&mut self, to: Timestamp) {
        for _ in 0..10_000 {
            let steps = self.world.board.alerts().filter_map(|alert| alert.step_at).min();
            let next = [steps, next_due(&self.world.board, EPOCH)].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= to) else { break };
            self.world.now = self.world.now.max(next);
            self.fresh();
            self.deliver();
            self.check();
        }
        self.world.now = self.world.now.max(to);
        self.fresh();
    }

    fn fresh(&mut self) {
        let now = self.world.now;
        self.world
            .container(|home| home.fresh_at = Some(now).filter(|_| home.failing_since.is_none()).or(home.fresh_at));
    }

    fn deliver(&mut self) {
        for _ in 0..1000 {
            let step = self.world.board.alerts().any(|alert| alert.step_at.is_some_and(|at| at <= self.world.now));
            if step {
                self.world.round(&[]);
            }
            match due(&self.world.board, EPOCH, self.world.now).first().copied() {
                Some(Job::Send(id)) => {
                    let outcome = self.outcome(self.world.board.message(id).unwrap().op);
                    self.world.attempt(id, outcome);
                }
                Some(Job::Look(id)) => {
                    let message = self.world.board.message(id).unwrap().clone();
                    let found = match self.channel % 3 {
                        0 => Found::There(MessageRef("found".to_owned())),
                        1 => Found::Absent,
                        _ => Found::CannotTell("blind".to_owned()),
                    };
                    self.world.end(&message, &Outcome::Looked(found));
                }
                None if !step => return,
                None => {}
            }
        }
        panic!("delivery does not come to rest");
    }

    fn outcome(&self, op: MessageOp) -> Option<Outcome> {
        let because = "test".to_owned();
        Some(Outcome::Failed(match self.channel {
            1 => WriteError::NotSent { retry_after: None, because },
            2 => WriteError::Unsure { because },
            3 => WriteError::Refused { because },
            4 if op == MessageOp::Edit => WriteError::Gone { because },
            5 => WriteError::Unauthorized { because },
            6 if op == MessageOp::Post => {
                let at = (self.world.board.ids.message % 2 == 0).then(|| MessageRef("unheard".to_owned()));
                WriteError::Unheard { at, who: vec!["ana-gh".to_owned()], because }
            }
            _ => return None,
        }))
    }

    fn check(&self) {
        let (board, now) = (&self.world.board, self.world.now);
        let mut once = BTreeSet::new();
        for alert in board.alerts() {
            assert!(alert.step_at.is_none_or(|at| at > now), "a step in the past: {alert:?}");
            for notice in board.notices_of(alert.id).filter(|notice| notice.state != NoticeState::Withdrawn) {
                let key = (
                    notice.alert,
                    notice.episode,
                    notice.reason,
                    notice.rung,
                    notice.round,
                    notice.account,
                    notice.state,
                );
                let key = (key.0, key.1, key.2.code(), key.3, key.4, key.5);
                assert!(once.insert(key), "the same notice twice: {notice:?}");
                self.check_notice(notice);
            }
        }
        for post in board.posts() {
            let waiting = board.messages().filter(|message| {
                message.post == post.id && message.op == MessageOp::Edit && message.state == MessageState::Sealed
            });
            assert!(waiting.count() <= 1, "more than one edit waits");
        }
    }

    fn check_notice(&self, notice: &Notice) {
        let board = &self.world.board;
        if notice.state == NoticeState::Sealed {
            let message = notice.message.and_then(|id| board.message(id));
            assert!(message.is_some_and(|message| message.state.is_live()), "nothing carries {notice:?}");
            assert!(notice.post.is_some());
        }
        assert_eq!(notice.state == NoticeState::Told, notice.told_at.is_some());
    }

    /// Every channel works again: whatever may be told has been, to somebody.
    fn recover(&mut self) {
        self.channel = 0;
        self.world.container(|home| home.failing_since = None);
        self.fresh();
        (1..4).for_each(|task| self.judge(task));
        let to = self.world.now + SignedDuration::from_hours(24 * 7);
        self.until(to);
        let board = &self.world.board;
        for alert in board.alerts().filter(|alert| alert.state == AlertState::Firing && alert.withheld.is_none()) {
            let mut notices = board.notices_of(alert.id).filter(|notice| notice.episode == alert.episode);
            let said = notices.any(|notice| !matches!(notice.state, NoticeState::Withdrawn | NoticeState::Dead));
            assert!(said || !alert.told.is_empty(), "nobody hears of {alert:?}");
        }
    }

    /// Everything is well again.
    fn end(&mut self) {
        for task in 1..4 {
            self.last[task as usize] = (5, 3, 5);
            self.judge(task);
        }
        let to = self.world.now + SignedDuration::from_hours(24 * 7);
        self.until(to);
        self.deliver();
        let board = &self.world.board;
        assert_eq!(board.messages().count(), 0, "{:?}", board.messages().collect::<Vec<_>>());
        for alert in board.alerts() {
            assert_eq!(alert.state, AlertState::Resolved);
            let told: BTreeSet<(i64, Address)> =
                alert.told.iter().map(|told| (told.account.0, told.address.clone())).collect();
            let farewells = board.notices_of(alert.id).filter(|notice| {
                notice.episode == alert.episode
                    && notice.reason == Reason::Resolved
                    && notice.state != NoticeState::Withdrawn
            });
            let heard: BTreeSet<(i64, Address)> =
                farewells.map(|notice| (notice.account.0, notice.address.clone())).collect();
            let expected = if alert.ending.is_some_and(Ending::is_told) { told } else { BTreeSet::new() };
            assert_eq!(heard, expected, "resolved is told to exactly those who were told: {alert:?}");
        }
        let rest: Vec<Judgement> = (1..4).map(|task| readings(task, (5, 3, 5))).collect();
        let round = self.world.round(&rest);
        assert!(round.is_empty(), "{round:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_or_said_twice(steps in steps(), slack: bool, comments: bool) {
        let mut walk = Walk::new(slack, comments);
        for step in &steps {
            walk.step(step);
        }
        walk.recover();
        walk.end();
    }

    #[test]
    fn the_same_walk_ends_the_same(steps in steps()) {
        let run = || {
            let mut walk = Walk::new(true, true);
            steps.iter().for_each(|step| walk.step(step));
            (walk.world.rounds, walk.world.sent)
        };
        prop_assert_eq!(run(), run());
    }
}
