//! Tools that fail: nothing is concluded from what was not seen, the operators hear of it, and afterwards all is as if it had
//! never been.

use connector_simulator::{Fault, Tool};
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use crate::pipeline::{lives, plant};
use crate::world::{REPO, World, at, checklist, github_day};

const FOR_EVER: u32 = 1_000_000;

fn refusal(status: u16) -> Fault {
    Fault::Status(status, "{\"message\":\"simulated\"}".to_owned())
}

/// One gap is open and told (#1). Another one (#2) will open an hour later, by time alone.
pub async fn troubled() -> World {
    let mut world = World::plan().more("[operators]\nchannel = \"#ops\"\n").begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    let github = world.github();
    let second = github.issue(REPO, "Second").by("max-w").assignee("ana-k").body(&checklist(2, 10));
    second.created(at("2026-03-02T11:00:00Z")).milestone("Spring", github_day("2026-03-27")).open();
    lives(&world, "2026-03-13T10:00:00Z");
    github.comment_as(REPO, 2, "ana-k", "begun", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing"]);
    world.sent();
    world
}

/// Polls as the daemon does, until this moment.
pub async fn watch(world: &mut World, until: &str) {
    while world.now() < at(until) {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
}

/// Under this fault nothing opens and nothing resolves, the connection is blind, the operators are told in time, and
/// everything is made up for afterwards.
async fn is_survived(fault: Fault, kind: FailureKind, told_by: &str) {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "", fault, FOR_EVER);
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:30:00Z"));
    world.at("2026-03-16T11:31:00Z").poll().await;
    let failure = world.connection().await.failure;
    assert_eq!(failure.map(|(kind, _)| kind), Some(kind));
    watch(&mut world, told_by).await;
    let told = world.sent();
    assert!(told.len() == 1 && told[0].starts_with("slack #ops: ■ github.acme"), "{told:#?}");
    watch(&mut world, "2026-03-16T14:00:00Z").await;
    assert_eq!(world.sent(), Vec::<String>::new(), "nothing else is said, and nothing twice");
    let open = world.open().await;
    assert_eq!(open, ["pace.behind acme/web#1 widens firing (source_stale)", "sys.mirror_stale - widens firing"]);

    world.sim.heal();
    watch(&mut world, "2026-03-16T15:40:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(world.open().await, ["pace.behind acme/web#2 widens firing"]);
    let sent = world.sent();
    let said = |words: &str| sent.iter().any(|sent| sent.starts_with(words));
    assert!(said("slack #ops (thread): ● github.acme is resolved"), "{sent:#?}");
    assert!(said("slack @ana (thread): ● acme/web#1 is resolved"), "{sent:#?}");
    assert!(said("comment #2: **gapwatch** · ■ behind its pace"), "{sent:#?}");
    assert_eq!(world.sim.foreign_hits(), []);
}

const AT_ONCE: &str = "2026-03-16T11:31:00Z";
const AFTER_THREE_POLLS: &str = "2026-03-16T11:38:00Z";

#[tokio::test]
async fn a_revoked_token_is_survived() {
    is_survived(refusal(401), FailureKind::Refused, AT_ONCE).await;
}

#[tokio::test]
async fn a_missing_permission_is_survived() {
    is_survived(refusal(403), FailureKind::Refused, AT_ONCE).await;
}

#[tokio::test]
async fn a_repository_that_is_hidden_is_survived() {
    is_survived(refusal(404), FailureKind::NotVisible, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn a_server_error_is_survived() {
    is_survived(refusal(500), FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn an_outage_is_survived() {
    is_survived(refusal(503), FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn a_connection_that_is_reset_is_survived() {
    is_survived(Fault::Reset, FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn a_login_page_is_survived() {
    is_survived(Fault::Html200, FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn a_body_that_is_cut_is_survived() {
    is_survived(Fault::CutBody, FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn an_empty_object_is_survived() {
    is_survived(Fault::Status(200, "{}".to_owned()), FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn an_error_that_claims_to_be_fine_is_survived() {
    let body = "{\"message\":\"Server Error\",\"status\":\"500\"}".to_owned();
    is_survived(Fault::Status(200, body), FailureKind::Unavailable, AFTER_THREE_POLLS).await;
}

#[tokio::test]
async fn a_redirect_to_somewhere_else_is_survived_and_nobody_there_hears_of_us() {
    for status in [301, 302, 307, 308] {
        let mut world = troubled().await;
        let foreign = format!("{}/stolen", world.sim.foreign_url());
        world.sim.fail_next(Tool::Github, "", Fault::Redirect(foreign, status), FOR_EVER);
        watch(&mut world, "2026-03-16T12:00:00Z").await;
        assert!(world.connection().await.failure.is_some(), "{status}");
        assert_eq!(world.sim.foreign_hits(), [], "{status}");
        assert!(world.open().await.contains(&"pace.behind acme/web#1 widens firing (source_stale)".to_owned()));
        world.sim.heal();
        watch(&mut world, "2026-03-16T14:30:00Z").await;
        assert_eq!(world.connection().await.failure, None, "{status}");
    }
}

#[tokio::test]
async fn during_a_wait_that_was_asked_for_nothing_is_asked() {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "", Fault::RateLimited(900), 1);
    world.at("2026-03-16T11:10:00Z").poll().await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(FailureKind::Limited));
    world.sim.forget_requests();
    watch(&mut world, "2026-03-16T11:21:00Z").await;
    // Even when everything counts as due.
    let before = world.now();
    world.engine().pull(true).await.unwrap();
    assert_eq!(world.now(), before, "and nobody slept through it");
    assert!(world.sim.requests().iter().all(|request| request.tool != Tool::Github));
    watch(&mut world, "2026-03-16T11:27:00Z").await;
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn a_limit_that_only_its_text_tells_is_waited_for_as_well() {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "", Fault::SecondaryLimit403, 1);
    world.at("2026-03-16T11:10:00Z").poll().await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(FailureKind::Limited));
    world.sim.forget_requests();
    world.at("2026-03-16T11:10:50Z").poll().await;
    assert_eq!(world.sim.requests().len(), 0);
    watch(&mut world, "2026-03-16T11:15:00Z").await;
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn a_refused_token_is_tried_once_an_hour() {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "", refusal(401), FOR_EVER);
    world.at("2026-03-16T11:31:00Z").poll().await;
    world.sim.forget_requests();
    watch(&mut world, "2026-03-16T13:29:00Z").await;
    assert_eq!(world.sim.requests().iter().filter(|request| request.tool == Tool::Github).count(), 1);
}

#[tokio::test]
async fn lists_that_come_back_empty_take_nothing_away() {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "GET /issues", Fault::Status(200, "[]".to_owned()), FOR_EVER);
    watch(&mut world, "2026-03-16T11:30:00Z").await;
    assert_eq!(world.connection().await.tasks, 2);
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing"]);
    assert_eq!(world.sent(), Vec::<String>::new());
}

#[tokio::test]
async fn an_issue_that_is_left_out_of_every_list_is_not_gone() {
    let mut world = troubled().await;
    world.github().unlist(REPO, 1, true);
    watch(&mut world, "2026-03-16T11:30:00Z").await;
    assert_eq!(world.open().await, ["pace.behind acme/web#1 widens firing"]);
    assert_eq!(world.sent(), Vec::<String>::new());
}

#[tokio::test]
async fn a_next_link_to_somewhere_else_is_not_followed() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for number in 0..250 {
        github.issue(REPO, &format!("Task {number}")).created(at("2026-03-02T08:00:00Z")).open();
    }
    github.hostile_next_link(true);
    world.run().await;
    assert_eq!(world.sim.foreign_hits(), []);
    assert_eq!(world.connection().await.tasks, 250, "only the position is taken out of it");
}

#[tokio::test]
async fn a_next_link_that_points_to_its_own_page_ends_in_an_error_and_not_never() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for number in 0..250 {
        github.issue(REPO, &format!("Task {number}")).created(at("2026-03-02T08:00:00Z")).open();
    }
    github.repeating_next_link(true);
    world.run().await;
    assert!(world.connection().await.failure.is_some());
    assert!(world.sim.requests().len() < 60, "{}", world.sim.requests().len());
    github.repeating_next_link(false);
    world.later(SignedDuration::from_hours(2)).run().await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(world.connection().await.tasks, 250);
}

#[tokio::test]
async fn a_repository_that_fails_does_not_hold_back_another() {
    let mut world = World::plan().repos(&[REPO, "acme/api"]).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.github().issue("acme/api", "Other").by("max-w").assignee("ana-k").open();
    world.at("2026-03-16T09:00:00Z").run().await;
    for fault in [refusal(404), refusal(500)] {
        world.sim.fail_next(Tool::Github, "/repos/acme/api", fault, 20);
    }
    world.at("2026-03-16T10:00:00Z").poll().await;
    assert!(world.connection().await.failure.is_some());
    watch(&mut world, "2026-03-16T10:50:00Z").await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ■ acme/web#1 is behind its pace")), "{sent:#?}");
}

#[tokio::test]
async fn a_history_that_cannot_be_read_keeps_no_task_from_being_read() {
    let mut world = troubled().await;
    world.sim.fail_next(Tool::Github, "/issues/comments", refusal(500), FOR_EVER);
    world.github().issue(REPO, "Third").by("max-w").assignee("ana-k").open();
    watch(&mut world, "2026-03-16T11:20:00Z").await;
    assert_eq!(world.connection().await.tasks, 3);
}

#[tokio::test]
async fn one_connection_that_fails_does_not_hold_back_another() {
    let other = "[github.other]\nurl = \"{github}\"\ntoken = \"other-token\"\nrepos = [\"acme/api\"]\n";
    let mut world = World::plan().more(other).begin("2026-03-02T09:00:00Z").await;
    world.github().repo("acme/api");
    world.github().token("test-token", "gapwatch-bot");
    world.github().token("other-token", "other-bot");
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.github().revoke("other-token");
    watch(&mut world, "2026-03-02T10:00:00Z").await;
    world.at("2026-03-16T10:30:00Z").poll().await;
    world.at("2026-03-16T10:40:00Z").poll().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ■ acme/web#1 is behind its pace")), "{sent:#?}");
    let states = world.engine().core.connection_states().await.unwrap();
    let failing: Vec<&str> = states.iter().filter(|state| state.failure.is_some()).map(|state| &*state.name).collect();
    assert_eq!(failing, ["github.other"]);
}

#[tokio::test]
async fn an_error_in_the_middle_of_the_first_reading_loses_nothing() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for number in 0..250 {
        let minute = number % 60;
        github.issue(REPO, &format!("Task {number}")).created(at(&format!("2026-03-02T08:{minute:02}:00Z"))).open();
    }
    for fault in [Fault::CutBody, Fault::Reset, refusal(502)] {
        world.sim.fail_next(Tool::Github, "/issues? since", fault, 1);
    }
    for _ in 0..6 {
        world.later(SignedDuration::from_hours(1)).poll().await;
    }
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(world.connection().await.tasks, 250);
}

#[tokio::test]
async fn when_time_runs_back_nothing_is_judged_until_it_has_caught_up() {
    let world = troubled().await;
    let before = world.now();
    world.clock.set(before - SignedDuration::from_hours(24));
    assert!(world.engine().decide().await.unwrap().is_some());
    world.clock.set(before);
    assert_eq!(world.engine().decide().await.unwrap(), None);
}
