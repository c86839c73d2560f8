//! The story with kills and without, and what is the same afterwards.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::aim::{Aim, Hits};
use super::rig::{Plan, Rig, Scene};
use super::{KILLS, People, begun, plan, seed};
use crate::lab::{
    ALERTS, CHANGES, CONTAINERS, Counted, Dice, HOMES, LINKS, OWNERS, REPO, TASKS, TOLD, counted, difference,
    github_day, rows,
};

/// Kills at rest, where nothing can go wrong, are not worth more than so many of a hundred moments.
const AT_REST: usize = 15;

/// When a program is started first.
pub fn before(plan: &Plan) -> Timestamp {
    plan.story[0].at - 5.minutes()
}

/// Goes through the story undisturbed.
pub async fn undisturbed<S: Scene>(mut rig: Rig<S>, plan: Plan) -> Rig<S> {
    rig.start();
    rig.rest().await;
    for moment in plan.story {
        rig.move_on(moment);
        rig.rest().await;
    }
    rig
}

/// Goes through the same story with kills.
pub async fn killed<S: Scene>(mut rig: Rig<S>, plan: Plan, hits: &mut Hits) -> Rig<S> {
    let mut dice = Dice(plan.seed ^ 0xdead);
    rig.start();
    tokio::time::sleep(Duration::from_millis(dice.next() % 100)).await;
    let (mut passed, chances) = (0, plan.story.iter().filter(|moment| moment.kills).count());
    for moment in plan.story {
        rig.move_on(moment);
        passed += usize::from(moment.kills);
        let most = plan.kills.min(plan.kills * passed / chances + plan.ahead);
        while moment.kills && hits.all() < most && strike(&mut rig, &mut dice, hits).await && dice.chance(plan.again) {}
        rig.rest().await;
    }
    // How many moments the story has for kills depends on the machine: what is missing is made up for at its end.
    for _ in 0..4 * plan.kills {
        if hits.all() >= plan.kills {
            break;
        }
        strike(&mut rig, &mut dice, hits).await;
    }
    rig.rest().await;
    rig
}

/// Aims, kills, starts again; false when the program came to rest before and was left alone.
async fn strike<S: Scene>(rig: &mut Rig<S>, dice: &mut Dice, hits: &mut Hits) -> bool {
    let aim = Aim::next(dice, rig.scene.is_blind());
    if matches!(aim, Aim::Start(_)) {
        rig.kill();
        hits.note(&rig.sim.requests(), rig.calls_beside(), false, false);
        rig.start();
    }
    rig.forget_calls();
    aim.prepare(rig);
    let at_rest = aim.wait(rig).await;
    let strikes = !at_rest || dice.chance(AT_REST);
    if strikes {
        rig.kill();
        hits.note(&rig.sim.requests(), rig.calls_beside(), matches!(aim, Aim::Start(_)), at_rest);
        if hits.all().is_multiple_of(10) {
            assert_eq!(rig.integrity(), "ok", "after {} kills", hits.all());
        }
        rig.start();
    }
    rig.sim.heal();
    rig.scene.heal();
    strikes
}

/// Keeps both stores and logs in the folder that `KILLS_KEEP` names.
pub fn keep<S: Scene>(calm: &Rig<S>, killed: &Rig<S>) {
    let Ok(folder) = std::env::var("KILLS_KEEP") else { return };
    for (rig, name) in [(calm, "calm"), (killed, "killed")] {
        let db = rusqlite::Connection::open(rig.store()).unwrap();
        db.execute("VACUUM INTO ?", [format!("{folder}/{name}.db")]).unwrap();
        std::fs::copy(rig.path("log"), PathBuf::from(&folder).join(format!("{name}.log"))).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_and_repeat_nothing() {
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it with `cargo test --features test-clock --test it`");
    }
    let began = Instant::now();
    let plan = plan();
    let calm = tokio::spawn(undisturbed(begun(before(&plan)).await, plan.clone()));
    let mut hits = Hits::default();
    let rig = killed(begun(before(&plan)).await, plan, &mut hits).await;
    let calm = calm.await.unwrap();

    let (calm_counted, rig_counted) = (counted(&calm.sim), counted(&rig.sim));
    println!(
        "seed {}: {} kills {hits:?}; {rig_counted:?}, undisturbed {calm_counted:?}; {} s",
        seed(),
        hits.all(),
        began.elapsed().as_secs(),
    );
    let mut wrong: Vec<String> = Vec::new();
    for (what, sql) in [
        ("tasks", TASKS),
        ("owners", OWNERS),
        ("links", LINKS),
        ("homes", HOMES),
        ("containers", CONTAINERS),
        ("changes", CHANGES),
        ("alerts", ALERTS),
        ("told", TOLD),
    ] {
        let (here, there) = (rows(&calm.store(), sql), rows(&rig.store(), sql));
        assert!(what == "links" || !here.is_empty(), "there is nothing to compare in {what}");
        wrong.extend(difference(&here, &there).into_iter().map(|line| format!("{what}: {line}")));
    }
    let fresh = rig.fresh_mirror();
    for (what, sql) in [("tasks", TASKS), ("owners", OWNERS), ("links", LINKS), ("homes", HOMES), ("changes", CHANGES)]
    {
        let found = difference(&rows(&fresh, sql), &rows(&rig.store(), sql));
        wrong.extend(found.into_iter().map(|line| format!("fresh {what}: {line}")));
    }
    let unsettled = "SELECT id, op, state, error FROM messages WHERE state IN (1, 2, 3)";
    wrong.extend(rows(&rig.store(), unsettled).into_iter().map(|line| format!("under way: {line}")));
    let lost = "SELECT id, why FROM notices WHERE state IN (3, 5)";
    wrong.extend(rows(&rig.store(), lost).into_iter().map(|line| format!("given up: {line}")));
    if !wrong.is_empty() {
        keep(&calm, &rig);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let answers = calm_counted.answers.min(rig_counted.answers);
    assert!(rig_counted.answers <= calm_counted.answers, "more answers than without a kill");
    assert_eq!(rig_counted, Counted { answers, duplicates: 0, crowded: Vec::new(), ..calm_counted });
    assert!(hits.all() >= KILLS, "the story is too short for so many kills: {hits:?}");
}

/// What anybody was told, as the tools count it.
fn said(rig: &Rig<People>) -> (usize, usize) {
    let counted = counted(&rig.sim);
    (counted.messages + counted.answers, rig.sim.github().writes().len())
}

/// Our clock alone jumps a month ahead, stays so for an hour, and is put right. `restarts`: the program is started anew
/// meanwhile.
async fn a_month_ahead(restarts: bool) {
    let mut rig = begun("2026-03-03T10:00:00Z".parse().unwrap()).await;
    let github = rig.sim.github();
    let open = |title: &str, milestone: &str| {
        let draft = github.issue(REPO, title).by("max-w").assignee("ana-k").milestone(milestone, None);
        draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open()
    };
    github.milestone(REPO, "Passed", Some(github_day("2026-03-02")));
    let (late, _) = (open("Late", "Passed"), open("Not late", "Delta"));
    rig.start();
    rig.rest().await;
    let on = async |rig: &mut Rig<People>, minutes: i64| {
        rig.show(rig.now() + SignedDuration::from_mins(minutes));
        rig.rest().await;
    };
    for _ in 0..3 {
        on(&mut rig, 20).await;
    }
    let stood = (said(&rig), rows(&rig.store(), ALERTS));
    assert!(stood.0.0 > 0 && stood.0.1 > 0, "there is nothing that could be repeated");

    let right = rig.now();
    for tick in 0..30 {
        let there = right + SignedDuration::from_mins(2 * tick);
        std::fs::write(rig.path("clock.new"), (there + SignedDuration::from_hours(30 * 24)).to_string()).unwrap();
        std::fs::rename(rig.path("clock.new"), rig.path("clock")).unwrap();
        *rig.now.lock().unwrap() = there;
        if restarts && tick == 10 {
            rig.kill();
            rig.start();
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!((said(&rig), rows(&rig.store(), ALERTS)), stood, "restarts: {restarts}: while the clock was wrong");
    rig.show(right + SignedDuration::from_hours(1));
    // So long the program may take to see that the clock was set back.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    on(&mut rig, 3).await;
    assert_eq!((said(&rig), rows(&rig.store(), ALERTS)), stood, "restarts: {restarts}: once it was put right");

    github.close(REPO, late, "max-w", rig.now(), "completed");
    for _ in 0..3 {
        on(&mut rig, 20).await;
    }
    assert!(said(&rig).0 > stood.0.0, "restarts: {restarts}: it does not speak any more:\n{}", rig.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_a_month_ahead_for_an_hour_says_nothing() {
    if !cfg!(feature = "test-clock") {
        panic!("run it with `cargo test --features test-clock --test it`");
    }
    for restarts in [false, true] {
        a_month_ahead(restarts).await;
    }
}
