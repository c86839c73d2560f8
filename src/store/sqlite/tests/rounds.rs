//! Alerts, notices, posts, messages and answers: what goes in comes out.

use connector_kit::{Block, Destination, Span, Text};
use connector_model::Mark;

use super::*;
use crate::domain::alert::*;
use crate::domain::digest::{DigestOf, DigestTurn};
use crate::domain::finding::{Addressee, Evidence, Finding, GapId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, ConnectionId, MessageId, NoticeId, PostId};
use crate::domain::mover::{Deed, Mover};
use crate::domain::notice::*;
use crate::store::{NoticeFilter, StoreError};

fn finding() -> Finding {
    Finding {
        stage: Stage::Widens,
        scope: String::new(),
        addressee: Addressee::Owners,
        first: None,
        deadline: None,
        evidence: Evidence::Stalled {
            human_at: start(),
            limit_secs: 3600,
            deadline: None,
            norm: Some(crate::domain::norms::Source::Elsewhere),
        },
    }
}

pub(super) fn alert(id: i64, rule: &'static str, task: TaskId) -> Alert {
    Alert {
        id: AlertId(id),
        gap: GapId::new(RuleId(rule), "s", &task.to_string(), ""),
        rule: RuleId(rule),
        subject: SubjectKey::Task(task),
        scope: String::new(),
        episode: 1,
        state: AlertState::Firing,
        stage: Stage::Widens,
        stage_at: start(),
        backlog: true,
        opened_at: start(),
        fired_at: Some(mins(1)),
        clear_since: None,
        resolved_at: None,
        ending: None,
        rung: 1,
        round: 2,
        acked_until: Some(mins(3)),
        snoozed_until: None,
        said: Some(Box::new(crate::domain::said::Said {
            by: AccountId(7),
            at: mins(2),
            stage: Stage::Opens,
            what: crate::domain::said::Claim::OnIt,
            words: None,
            lapsed: true,
        })),
        snooze_reason: Some("later".to_owned()),
        step_at: Some(mins(9)),
        withheld: Some(Withheld::Inhibited(GapId("abc".to_owned()))),
        finding: finding(),
        told: vec![Told { account: AccountId(1), address: slack(), rung: 1, at: mins(2) }],
        moved: Some(Mover { what: Deed::Date, by: Some(AccountId(7)), to: None }),
        earlier: Some(Box::new(Earlier {
            opened_at: mins(1),
            over_at: mins(2),
            resumes: true,
            told: vec![Told { account: AccountId(1), address: slack(), rung: 2, at: mins(1) }],
        })),
    }
}

fn resolved(alert: Alert, when: Timestamp) -> Alert {
    let state = AlertState::Resolved;
    Alert { state, resolved_at: Some(when), ending: Some(Ending::Resolved), step_at: None, ..alert }
}

fn slack() -> Address {
    Address::Slack(Destination::User("U1".to_owned()))
}

fn mark(n: u8) -> Mark {
    Mark { wire: format!("{n:032x}"), mac: format!("{:032x}", 255 - n) }
}

fn text(words: &str) -> Text {
    Text { summary: words.to_owned(), blocks: vec![Block::Line(vec![Span::Plain(words.to_owned())])] }
}

pub(super) fn post(id: i64, about: PostAbout) -> Post {
    let mark = mark(u8::try_from(id).unwrap());
    Post {
        id: PostId(id),
        place: slack(),
        about,
        generation: 1,
        mark,
        at: None,
        want: text("w"),
        remark: Some("no".to_owned()),
        have: None,
        open: true,
    }
}

fn message(id: i64, op: MessageOp, post: i64, mark: Mark) -> Message {
    Message {
        id: MessageId(id),
        mark,
        op,
        address: slack(),
        post: PostId(post),
        body: text("hello"),
        state: MessageState::Sealed,
        due_at: mins(4),
        attempts: 0,
        attempt_at: None,
        attempt_epoch: None,
        error: None,
        insist: false,
        gate: Gate::Free,
    }
}

fn notice(id: i64, alert: i64) -> Notice {
    Notice {
        id: NoticeId(id),
        alert: AlertId(alert),
        episode: 1,
        reason: Reason::Opened,
        rung: 1,
        round: 0,
        account: AccountId(1),
        address: slack(),
        state: NoticeState::Sealed,
        why: None,
        message: Some(MessageId(1)),
        post: Some(PostId(1)),
        finding: finding(),
        decided_at: mins(1),
        told_at: None,
    }
}

fn of(alert: Alert) -> AlertChange {
    let log = [LogKind::Opened, LogKind::Fired].map(|what| LogEntry { what, reason: None, account: None });
    AlertChange { alert, log: log.to_vec() }
}

fn full(world: &World) -> Round {
    let task = world.id("1");
    Round {
        alerts: vec![of(alert(1, "overdue", task))],
        notices: vec![notice(1, 1)],
        posts: vec![
            post(1, PostAbout::Task(task)),
            post(2, PostAbout::Day("2026-03-02".parse().unwrap())),
            post(3, PostAbout::Alert(AlertId(1), 1)),
            post(4, PostAbout::Digest(DigestOf::Manager(AccountId(1)), "2026-03-02".parse().unwrap())),
        ],
        messages: vec![message(1, MessageOp::Post, 1, mark(1)), message(2, MessageOp::Edit, 1, mark(1))],
        events: Vec::new(),
        answered: Vec::new(),
        released: Vec::new(),
        baselines: Vec::new(),
        unsettled: Vec::new(),
        mutes: Vec::new(),
        turns: turns(),
        heeds: Vec::new(),
        at: None,
    }
}

fn turns() -> Vec<DigestTurn> {
    let day = "2026-03-02".parse().unwrap();
    let of = [DigestOf::Person(AccountId(1)), DigestOf::Weekly(AccountId::NOBODY), DigestOf::Baseline(ConnectionId(1))];
    of.into_iter()
        .zip([None, Some(mins(3)), Some(mins(4))])
        .map(|(of, made_at)| DigestTurn { of, day, made_at })
        .collect()
}

fn world() -> World {
    let mut world = World::new();
    world.tasks(vec![task("1"), closed("2", "2025-01-01")]);
    world
}

#[test]
fn a_round_comes_back_as_it_went_in() {
    let mut world = world();
    let round = full(&world);
    world.store.commit_round(&round, None, mins(1)).unwrap();
    world.store.commit_round(&round, None, mins(2)).unwrap();
    let image = world.store.load(mins(2), rule).unwrap();
    assert_eq!(image.alerts, [round.alerts[0].alert.clone()]);
    assert_eq!(image.turns, round.turns);
    assert_eq!(image.notices, round.notices);
    assert_eq!(image.posts, round.posts);
    assert_eq!(image.messages, round.messages);
    assert_eq!((image.ids.alert, image.ids.notice, image.ids.post, image.ids.message), (2, 2, 5, 3));
    assert_eq!(world.count("alert_log"), 4);
    assert_eq!(world.store.last_tick(), mins(2));
}

#[test]
fn what_is_over_leaves_the_image_in_its_time() {
    let mut world = world();
    let mut round = full(&world);
    world.store.commit_round(&round, None, mins(1)).unwrap();
    round.alerts[0].alert = resolved(round.alerts[0].alert.clone(), mins(5));
    round.notices[0].state = NoticeState::Told;
    round.notices[0].told_at = Some(mins(3));
    for message in &mut round.messages {
        message.state = MessageState::Sent;
    }
    let gone = resolved(alert(2, "stalled", world.id("2")), mins(5));
    round.alerts.push(AlertChange { alert: gone, log: Vec::new() });
    world.store.commit_round(&round, None, mins(5)).unwrap();
    let image = world.store.load(mins(6), rule).unwrap();
    assert_eq!(image.alerts, [round.alerts[0].alert.clone()], "the other's subject is not on the board");
    assert_eq!((image.notices.len(), image.messages.len()), (1, 0));
    let later = world.store.load(days(4), rule).unwrap();
    assert_eq!((later.alerts.len(), later.notices.len()), (1, 0));
    assert_eq!(later.posts.iter().map(|post| post.id.0).collect::<Vec<_>>(), [1, 3]);
    let reader = world.store.reader().unwrap();
    assert_eq!(reader.alerts_resolved(start(), rule).unwrap().len(), 2);
    assert_eq!(reader.alerts_resolved(mins(6), rule).unwrap().len(), 0);
}

#[test]
fn what_is_not_all_said_yet_is_loaded_with_everything_that_was_said_about_it() {
    let mut world = world();
    let mut round = full(&world);
    round.alerts[0].alert = resolved(round.alerts[0].alert.clone(), mins(5));
    let told = Notice { state: NoticeState::Told, told_at: Some(mins(3)), ..notice(1, 1) };
    let waits = Notice { account: AccountId(2), ..notice(2, 1) };
    round.notices = vec![told.clone(), waits.clone()];
    world.store.commit_round(&round, None, mins(5)).unwrap();
    let later = world.store.load(days(9), rule).unwrap();
    assert_eq!(later.notices, round.notices, "one of two has still to hear");
    let heard = Notice { state: NoticeState::Told, told_at: Some(days(9)), ..waits };
    let mut thought_about = round.alerts[0].clone();
    thought_about.alert.step_at = Some(days(9));
    let last = Round { alerts: vec![thought_about], notices: vec![heard.clone()], ..Round::default() };
    world.store.commit_round(&last, None, days(9)).unwrap();
    let later = world.store.load(days(9), rule).unwrap();
    assert_eq!(later.notices, [told, heard], "it is thought about once more");
}

#[test]
fn an_alert_of_an_unknown_rule_is_left_out() {
    let mut world = world();
    let unknown = alert(1, "of.the.future", world.id("1"));
    world.store.commit_round(&Round { alerts: vec![of(unknown)], ..Round::default() }, None, mins(1)).unwrap();
    let image = world.store.load(mins(1), rule).unwrap();
    assert!(image.alerts.is_empty());
    assert_eq!(image.ids.alert, 2);
}

#[test]
fn nobody_is_told_the_same_twice_but_another_channel_may_try() {
    let mut world = world();
    world.store.commit_round(&full(&world), None, mins(1)).unwrap();
    let again = Round { notices: vec![notice(2, 1)], ..Round::default() };
    assert!(matches!(world.store.commit_round(&again, None, mins(2)), Err(StoreError::Failed(_))));
    // Nothing of it was kept, and the store goes on.
    assert_eq!(world.count("notices"), 1);
    let dead = Notice { state: NoticeState::Dead, why: Some("gone".to_owned()), ..notice(1, 1) };
    let next = Round { notices: vec![dead, notice(2, 1)], ..Round::default() };
    world.store.commit_round(&next, None, mins(3)).unwrap();
    let rows = world.store.notices(&NoticeFilter::All, start()).unwrap();
    assert_eq!(rows.iter().map(|row| row.state).collect::<Vec<_>>(), [NoticeState::Sealed, NoticeState::Dead]);
    assert_eq!(rows[0].message, Some(MessageState::Sealed));
    assert_eq!((rows[0].due_at, rows[0].task), (Some(mins(4)), Some(world.id("1"))));
    assert_eq!(rows[1].why.as_deref(), Some("gone"));
}

#[test]
fn the_log_of_words_is_found_by_task_and_by_account() {
    let mut world = world();
    world.store.commit_round(&full(&world), None, mins(1)).unwrap();
    let reader = world.store.reader().unwrap();
    let found = |filter: NoticeFilter, since| reader.notices(&filter, since).unwrap().len();
    assert_eq!(found(NoticeFilter::Task(world.id("1")), start()), 1);
    assert_eq!(found(NoticeFilter::Task(world.id("2")), start()), 0);
    assert_eq!(found(NoticeFilter::Accounts(vec![AccountId(1), AccountId(5)]), start()), 1);
    assert_eq!(found(NoticeFilter::Accounts(vec![AccountId(5)]), start()), 0);
    assert_eq!(found(NoticeFilter::All, mins(2)), 0);
}

#[test]
fn an_answer_counts_once_and_until_it_is_dealt_with() {
    let mut world = world();
    let wish = Wish::Snooze { gap: GapId("abc".to_owned()), until: mins(60), reason: Some("later".to_owned()) };
    let answer = world.store.put_answer("slack", "k1", mins(1), Some(AccountId(1)), &wish).unwrap().unwrap();
    assert_eq!(world.store.put_answer("slack", "k1", mins(2), None, &wish).unwrap(), None);
    assert!(
        world
            .store
            .put_answer("cli", "k1", mins(2), None, &Wish::Unsnooze { gap: GapId("abc".to_owned()) })
            .unwrap()
            .is_some()
    );
    let image = world.store.load(mins(2), rule).unwrap();
    assert_eq!(image.answers[0], answer);
    assert_eq!(image.answers.len(), 2);
    let round = Round { answered: vec![(answer.id, "done".to_owned())], ..Round::default() };
    world.store.commit_round(&round, None, mins(3)).unwrap();
    assert_eq!(world.store.load(mins(3), rule).unwrap().answers.len(), 1);
}

#[test]
fn keys_that_differ_in_case_alone_are_told_apart() {
    let mut world = World::new();
    let called = |ext: &str, key: &str| connector_model::Task { key: key.to_owned(), ..task(ext) };
    let child = connector_model::Task { parent: Some(TaskRef::Key("aB3dE5gH".to_owned())), ..task("3") };
    world.tasks(vec![called("1", "aB3dE5gH"), called("2", "AB3DE5GH"), child]);
    let reader = world.store.reader().unwrap();
    let (one, two) = (world.id("1"), world.id("2"));
    for text in ["aB3dE5gH", "github.acme:aB3dE5gH"] {
        assert_eq!(reader.find_task(text).unwrap(), [one], "{text}");
    }
    assert_eq!(reader.find_task("AB3DE5GH").unwrap(), [two]);
    assert_eq!(reader.find_task("ab3de5gh").unwrap(), [one, two], "neither of them");
    let image = world.store.load(start(), rule).unwrap();
    let child = image.tasks.iter().find(|task| task.row.id == world.id("3")).unwrap();
    assert_eq!(child.row.parent(), Some(one));
}

#[test]
fn a_task_is_found_by_key_connection_address_and_gap() {
    let mut world = world();
    world.store.commit_round(&full(&world), None, mins(1)).unwrap();
    let reader = world.store.reader().unwrap();
    let one = world.id("1");
    let gap = alert(1, "overdue", one).gap.0;
    for text in [
        "acme/web#1",
        "ACME/web#1",
        "github.acme:acme/web#1",
        "https://github.com/acme/web/issues/1",
        "https://github.com/acme/web/issues/1/#issuecomment-5",
        &gap,
        &gap.to_uppercase(),
    ] {
        assert_eq!(reader.find_task(text).unwrap(), [one], "{text}");
    }
    for text in ["", "acme/web#9", "other:acme/web#1", "https://github.com/acme/web/issues"] {
        assert!(reader.find_task(text).unwrap().is_empty(), "{text}");
    }
    let counts = reader.counts().unwrap();
    assert_eq!((counts[0].open, counts[0].closed), (1, 1));
    assert_eq!(reader.names(&[one]).unwrap()[&one].key, "acme/web#1");
}
