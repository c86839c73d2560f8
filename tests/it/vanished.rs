//! What vanishes: deleted, moved in and out, hidden, missing from a list all at once. It is noticed by the daily count, asked
//! for directly, and told to exactly those who were told of it.

use connector_kit::StreamKind;
use connector_simulator::{Fault, Tool};
use gapwatch::domain::alert::{Ending, Wish};
use jiff::SignedDuration;

use crate::world::{PEOPLE, Plan, REPO, World, at, github_day};

/// At any hour, so that nothing waits for the morning.
fn plan() -> Plan {
    World::plan().messages("backlog = \"tell\"\nwork_hours_only = false")
}

fn with_ops() -> Plan {
    plan().more("[operators]\nchannel = \"#ops\"\n")
}

/// Ana's task, past its date, of which she has been told.
async fn overdue(plan: Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let issue = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    issue.milestone("Alpha", github_day("2026-03-06")).open();
    world.run().await;
    world.github().comment_as(REPO, 1, "max-w", "still wanted", at("2026-03-06T12:00:00Z"));
    world.at("2026-03-06T19:00:00Z").run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣ acme/web#1 is past its date")), "{sent:#?}");
    world
}

/// Past the next count of every repository.
async fn counted(world: &mut World) {
    world.later(SignedDuration::from_hours(37)).run().await;
}

fn rows(world: &World, sql: &str) -> Vec<String> {
    crate::lab::rows(&world.store(), sql)
}

fn gone(world: &World) -> Vec<String> {
    rows(world, "SELECT key FROM tasks WHERE gone_at IS NOT NULL")
}

/// So many plain tasks nobody says anything about, made long ago and one by one.
fn fill(world: &World, count: u32) {
    for n in 0..count {
        let made = at("2026-01-05T09:00:00Z") + SignedDuration::from_hours(i64::from(n));
        world.github().issue(REPO, &format!("Plain {n}")).by("max-w").created(made).open();
    }
}

#[tokio::test]
async fn whoever_was_told_hears_that_the_task_was_deleted_and_nobody_calls_it_resolved() {
    let mut world = overdue(plan()).await;
    world.github().delete_issue(REPO, 1);
    world.later(SignedDuration::from_mins(10)).run().await;
    assert_eq!((world.sent(), gone(&world).len()), (Vec::<String>::new(), 0), "no list tells");
    counted(&mut world).await;
    assert_eq!(gone(&world), ["acme/web#1"]);
    let sent = world.sent();
    let told: Vec<_> = sent.iter().filter(|sent| sent.starts_with("slack @ana (thread)")).collect();
    assert_eq!(told.len(), 1, "{sent:#?}");
    assert!(told[0].contains("acme/web#1 was deleted: past its date"), "{told:#?}");
    assert!(sent.iter().all(|sent| !sent.contains("esolved") && !sent.contains("omment")), "{sent:#?}");
    assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::Deleted));
    assert!(world.open().await.is_empty());
    counted(&mut world).await;
    assert_eq!(world.sent(), Vec::<String>::new(), "and nothing more, ever");
}

#[tokio::test]
async fn what_happened_while_we_were_killed_is_told_all_the_same() {
    let mut world = overdue(plan()).await;
    world.github().delete_issue(REPO, 1);
    world.later(SignedDuration::from_hours(37));
    world.engine().pull(true).await.unwrap();
    assert_eq!(gone(&world), ["acme/web#1"]);
    world.restart().await;
    world.run().await;
    let sent = world.sent();
    assert_eq!(sent.iter().filter(|sent| sent.contains("(thread): ● acme/web#1 was deleted")).count(), 1, "{sent:#?}");
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn a_task_that_moved_where_nobody_looks_is_told_as_moved_away() {
    let mut world = overdue(plan()).await;
    world.github().repo("acme/attic");
    world.github().transfer_issue(REPO, 1, "acme/attic", world.now());
    counted(&mut world).await;
    assert!(world.sent().iter().all(|sent| !sent.contains("moved")), "it may still arrive where somebody looks");
    world.later(SignedDuration::from_mins(16)).run().await;
    let sent = world.sent();
    assert_eq!(
        sent.iter().filter(|sent| sent.contains("(thread): ● acme/web#1 was moved away")).count(),
        1,
        "{sent:#?}"
    );
    assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::MovedAway));
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn a_task_that_moved_to_a_watched_repository_goes_on_under_its_new_name() {
    let mut world = overdue(plan().repos(&[REPO, "acme/api"])).await;
    world.github().milestone("acme/api", "Alpha", Some(github_day("2026-03-06")));
    world.later(SignedDuration::from_mins(10));
    let number = world.github().transfer_issue(REPO, 1, "acme/api", world.now());
    world.github().set_milestone("acme/api", number, "max-w", Some("Alpha"), world.now());
    world.later(SignedDuration::from_mins(2)).run().await;
    assert_eq!(rows(&world, "SELECT key FROM tasks"), [format!("acme/api#{number}")]);
    world.later(SignedDuration::from_mins(40)).run().await;
    let gap = world.gap("overdue").await;
    assert_eq!((gap.alert.episode, gap.name.unwrap().key), (1, format!("acme/api#{number}")));
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("is past its date") && !sent.contains("moved")), "{sent:#?}");
    assert_eq!(gone(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_task_that_is_not_to_be_seen_any_more_is_never_called_gone() {
    let mut world = overdue(with_ops()).await;
    world.github().repo("acme/vault");
    world.github().transfer_issue(REPO, 1, "acme/vault", world.now());
    world.github().hide_repo("acme/vault", true);
    counted(&mut world).await;
    assert!(world.open().await.iter().any(|gap| gap.contains("overdue") && gap.contains("not_visible")));
    assert_eq!(world.sent(), Vec::<String>::new(), "one sight says nothing");
    world.later(SignedDuration::from_hours(25)).run().await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].starts_with("slack #ops: ■ github.acme hides 1 task"), "{sent:#?}");
    assert_eq!(gone(&world), Vec::<String>::new());
    world.github().hide_repo("acme/vault", false);
    world.later(SignedDuration::from_hours(25)).run().await;
    world.later(SignedDuration::from_mins(16)).run().await;
    assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::MovedAway), "now it is known where it went");
}

#[tokio::test]
async fn a_repository_that_cannot_be_read_or_has_its_issues_switched_off_loses_nothing() {
    type Deed = fn(&World, bool);
    let deeds: [Deed; 2] =
        [|world, off| world.github().hide_repo(REPO, off), |world, off| world.github().issues_enabled(REPO, !off)];
    for deed in deeds {
        let mut world = overdue(plan()).await;
        let before = rows(&world, "SELECT id, state FROM alerts WHERE rule = 'overdue'");
        deed(&world, true);
        for _ in 0..3 {
            counted(&mut world).await;
        }
        assert_eq!((gone(&world).len(), rows(&world, "SELECT task FROM suspects").len()), (0, 0));
        assert_eq!(rows(&world, "SELECT id, state FROM alerts WHERE rule = 'overdue'"), before);
        let sent = world.sent();
        assert!(sent.iter().all(|sent| !sent.contains("deleted") && !sent.contains("esolved")), "{sent:#?}");
        deed(&world, false);
        counted(&mut world).await;
        assert_eq!(gone(&world), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_issue_that_became_a_discussion_is_closed_and_told_as_any_closed_one() {
    let mut world = overdue(plan()).await;
    world.github().lock(REPO, 1, "max-w", world.now());
    world.github().close(REPO, 1, "max-w", world.now(), "");
    world.later(SignedDuration::from_mins(20)).run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::Resolved));
    world.sent();
    counted(&mut world).await;
    assert_eq!((world.sent(), gone(&world).len()), (Vec::<String>::new(), 0));
}

/// Sixty tasks of which thirty are missing at the next count; what is said is the operators' alone.
async fn thirty_of_sixty_missing(vanish: fn(&World, u64)) -> World {
    let mut world = with_ops().begin("2026-03-02T09:00:00Z").await;
    fill(&world, 60);
    world.run().await;
    world.sent();
    for number in 1..=30 {
        vanish(&world, number);
    }
    counted(&mut world).await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].starts_with("slack #ops: ■ acme/web misses 30 tasks at once: 30 of 60 open tasks"), "{sent:#?}");
    assert_eq!(rows(&world, "SELECT hold FROM containers WHERE kind = 2"), ["missing"]);
    world
}

#[tokio::test]
async fn half_of_a_repository_gone_at_once_is_believed_only_one_by_one() {
    let mut world = thirty_of_sixty_missing(|world, number| world.github().delete_issue(REPO, number)).await;
    assert_eq!(gone(&world).len(), 20, "a slice was asked for");
    world.later(SignedDuration::from_mins(5)).run().await;
    assert_eq!(gone(&world).len(), 20, "and the next one waits");
    for _ in 0..3 {
        world.later(SignedDuration::from_mins(10)).run().await;
    }
    assert_eq!(gone(&world).len(), 30);
    assert_eq!(rows(&world, "SELECT hold FROM containers WHERE kind = 2"), ["-"]);
    world.later(SignedDuration::from_mins(15)).run().await;
    let sent = world.sent();
    assert!(sent.iter().all(|sent| sent.contains("#ops")), "{sent:#?}");
    assert!(sent.iter().any(|sent| sent.contains("(thread): ● acme/web is resolved")), "{sent:#?}");
}

#[tokio::test]
async fn a_list_that_silently_lacks_half_takes_nothing_away() {
    let mut world = thirty_of_sixty_missing(|world, number| world.github().unlist(REPO, number, true)).await;
    for _ in 0..6 {
        world.later(SignedDuration::from_mins(10)).run().await;
    }
    assert_eq!((gone(&world).len(), rows(&world, "SELECT task FROM suspects").len()), (0, 0));
    assert_eq!(rows(&world, "SELECT hold FROM containers WHERE kind = 2"), ["-"]);
    assert!(world.sent().iter().all(|sent| sent.contains("#ops")));
}

#[tokio::test]
async fn the_operator_may_end_a_hold_and_the_next_count_does_not_bring_it_back() {
    let mut world = thirty_of_sixty_missing(|world, number| world.github().delete_issue(REPO, number)).await;
    let wish = Wish::Release { container: REPO.to_owned() };
    world.engine().core.answer("cli".into(), "r1".into(), wish.clone(), world.now()).await.unwrap();
    world.decide_and_deliver().await;
    assert_eq!(rows(&world, "SELECT hold FROM containers WHERE kind = 2"), ["-"]);
    assert_eq!(rows(&world, "SELECT answer FROM inbox"), ["acme/web is judged again"]);
    assert_eq!(gone(&world).len(), 20, "what was not asked for is not called gone");
    world.engine().core.answer("cli".into(), "r2".into(), wish, world.now()).await.unwrap();
    world.decide_and_deliver().await;
    assert_eq!(rows(&world, "SELECT answer FROM inbox ORDER BY id")[1], "acme/web is not held");
    counted(&mut world).await;
    assert_eq!(gone(&world).len(), 30);
}

/// What a rule finds that was changed while the repository was held.
async fn held_under_changed_rules(restarts: bool) {
    let off = "[rules.overdue]\nenabled = false\n";
    let calm = || World::plan().messages("work_hours_only = false");
    let mut world = calm().more(off).begin("2026-03-02T09:00:00Z").await;
    fill(&world, 60);
    let issue = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    issue.milestone("Alpha", github_day("2026-02-20")).open();
    world.run().await;
    for number in 1..=30 {
        world.github().delete_issue(REPO, number);
    }
    counted(&mut world).await;
    assert_eq!(rows(&world, "SELECT hold FROM containers WHERE kind = 2"), ["missing"]);
    world.reconfigured(|_| calm()).await;
    world.run().await;
    assert!(world.gaps().await.iter().all(|gap| gap.alert.rule.0 != "overdue"), "nothing is opened there");
    if restarts {
        world.restart().await;
        world.later(SignedDuration::from_mins(1)).run().await;
    }
    let wish = Wish::Release { container: REPO.to_owned() };
    world.engine().core.answer("cli".into(), "r1".into(), wish, world.now()).await.unwrap();
    world.decide_and_deliver().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    assert!(world.gap("overdue").await.alert.backlog);
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.starts_with("slack @ana")), "{sent:#?}");
}

#[tokio::test]
async fn what_a_changed_rule_finds_in_a_held_repository_is_backlog_once_the_hold_ends() {
    held_under_changed_rules(false).await;
}

#[tokio::test]
async fn what_a_changed_rule_finds_in_a_held_repository_is_backlog_after_a_restart_too() {
    held_under_changed_rules(true).await;
}

#[tokio::test]
async fn a_count_with_results_left_out_by_single_sign_on_concludes_nothing() {
    let mut world = overdue(plan()).await;
    world.github().unlist(REPO, 1, true);
    world.github().sso_partial(Some("1,2"));
    counted(&mut world).await;
    assert_eq!((gone(&world).len(), rows(&world, "SELECT task FROM suspects").len()), (0, 0));
    assert!(world.sent().iter().all(|sent| !sent.contains("deleted")));
}

/// Killed between two pages of a count: the second page fails, the program starts anew, and the count goes on.
#[tokio::test]
async fn a_count_that_is_cut_off_half_way_goes_on_after_a_restart() {
    let mut world = plan().begin("2026-03-02T09:00:00Z").await;
    fill(&world, 130);
    world.run().await;
    world.github().delete_issue(REPO, 7);
    world.sim.forget_requests();
    world.later(SignedDuration::from_hours(37));
    world.sim.fail_next(Tool::Github, "GET sort=created page=2", Fault::Status(500, "{}".to_owned()), 99);
    world.run().await;
    assert_eq!(rows(&world, "SELECT task FROM suspects").len(), 0, "half a count says nothing");
    world.sim.heal();
    world.restart().await;
    world.later(SignedDuration::from_mins(70)).run().await;
    assert_eq!(gone(&world), ["acme/web#7"]);
    counted(&mut world).await;
    assert_eq!(gone(&world).len(), 1);
}

#[tokio::test]
async fn a_count_costs_a_request_for_each_hundred_open_tasks_once_a_day() {
    let mut world = plan().begin("2026-03-02T09:00:00Z").await;
    fill(&world, 130);
    world.run().await;
    let is_census = |world: &World| {
        let due = world.engine().connections[0].clone();
        let (core, now) = (world.engine().core.clone(), world.now());
        async move {
            let due = core.due_streams(due.id, now, true).await.unwrap();
            due.iter().any(|row| row.key.kind == StreamKind::Census)
        }
    };
    assert!(!is_census(&world).await, "what was just read whole is not counted");
    world.later(SignedDuration::from_hours(37));
    assert!(is_census(&world).await);
    world.run().await;
    assert!(!is_census(&world).await);
    assert_eq!(rows(&world, "SELECT * FROM suspects").len() + rows(&world, "SELECT * FROM census").len(), 0);
}

#[tokio::test]
async fn a_bulk_edit_is_nobodys_work_and_what_it_brings_up_waits_for_a_day() {
    let mut world = with_ops().begin("2026-03-02T09:00:00Z").await;
    fill(&world, 40);
    world.run().await;
    world.sent();
    world.at("2026-03-10T09:00:00Z");
    world.github().milestone(REPO, "Passed", Some(github_day("2026-03-04")));
    for number in 1..=20 {
        world.github().set_milestone(REPO, number, "max-w", Some("Passed"), world.now());
        world.github().assign(REPO, number, "max-w", "ana-k", world.now());
    }
    world.later(SignedDuration::from_mins(5)).run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].starts_with("slack #ops: ▲ acme/web had 20 tasks changed at once"), "{sent:#?}");
    let acts = "SELECT count(*) FROM tasks WHERE json_extract(facts_json(facts), '$.human_at') IS NOT NULL";
    assert_eq!(rows(&world, acts), ["0"]);
    world.run_until("2026-03-11T09:30:00Z", 120).await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana")), "a day later it is spoken of: {sent:#?}");
}

#[tokio::test]
async fn the_operators_hear_of_owners_who_are_nobody_in_the_configuration() {
    let mut world = with_ops().people(PEOPLE).begin("2026-03-02T09:00:00Z").await;
    world.github().issue(REPO, "Known").by("max-w").assignee("ana-k").open();
    world.github().issue(REPO, "Unknown").by("max-w").assignee("tom-b").open();
    world.run().await;
    world.later(SignedDuration::from_mins(20)).run().await;
    let sent = world.sent();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert!(sent[0].starts_with("slack #ops: ▲ acme/web has something that nobody mapped"), "{sent:#?}");
    assert!(sent[1].starts_with("slack #ops: What github.acme was found with"), "{sent:#?}");
    assert!(sent[0].contains("tom-b") && !sent[0].contains("ana-k"), "{sent:#?}");
    world.github().unassign(REPO, 2, "max-w", "tom-b", world.now());
    world.later(SignedDuration::from_mins(5)).run().await;
    world.later(SignedDuration::from_mins(15)).run().await;
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("sys.unmapped")));
}

#[tokio::test]
async fn a_list_that_lags_behind_says_nothing_false() {
    let mut world = overdue(plan()).await;
    world.run().await;
    world.github().list_lag(SignedDuration::from_mins(10));
    world.github().close(REPO, 1, "ana-k", world.now(), "completed");
    world.github().issue(REPO, "New").by("max-w").open();
    for _ in 0..4 {
        world.later(SignedDuration::from_mins(2)).run().await;
        let sent = world.sent();
        assert!(sent.iter().all(|sent| !sent.contains("esolved") && !sent.contains("deleted")), "{sent:#?}");
    }
    for _ in 0..6 {
        world.later(SignedDuration::from_mins(5)).run().await;
    }
    assert_eq!(world.gap("overdue").await.alert.ending, Some(Ending::Resolved));
    assert_eq!(rows(&world, "SELECT key FROM tasks"), ["acme/web#1", "acme/web#2"]);
    counted(&mut world).await;
    assert_eq!((gone(&world).len(), rows(&world, "SELECT task FROM suspects").len()), (0, 0));
}

#[tokio::test]
async fn reading_from_the_beginning_finds_what_was_deleted_at_once() {
    let mut world = overdue(plan()).await;
    fill(&world, 3);
    world.github().delete_issue(REPO, 1);
    world.later(SignedDuration::from_mins(10)).run().await;
    assert_eq!(gone(&world).len(), 0, "no list tells");
    let engine = world.engine();
    engine.core.start_over(engine.connections[0].id, world.now()).await.unwrap();
    let report = engine.pull(true).await.unwrap().remove("github.acme").unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert_eq!(gone(&world), ["acme/web#1"]);
    assert_eq!(world.connection().await.tasks, 3);
}
