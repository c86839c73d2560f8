//! Bodies that are cut, no JSON, endless, or of another shape than ever before: nothing of them is kept by halves, nothing is
//! taken for gone, and memory stays bounded.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use super::{FOR_EVER, figure};
use crate::faults::{troubled, watch};
use crate::lab::{HOMES, Lab, OWNERS, REPO, TASKS, at, difference, github_day, rows};
use crate::world::World;
use crate::writes::before_widening;

const MIB: u64 = 1 << 20;

/// Memory that one strange answer may cost beyond what stands: the cap of a body, twice, for a buffer that grows.
const MOST_MEMORY_MIB: u64 = 260;

fn told(status: u16, body: &str) -> Fault {
    Fault::Status(status, body.to_owned())
}

/// The process's largest resident size so far, in MiB. `None`: this system does not tell.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[tokio::test]
async fn a_body_that_is_cut_is_not_kept_by_halves() {
    let mut partial = 0;
    for fault in [Fault::CutBody, Fault::CutChunk, Fault::Reset] {
        let mut world = World::live("2026-03-02T09:00:00Z").await;
        let github = world.github();
        for number in 0..150 {
            github.issue(REPO, &format!("Task {number}")).created(at("2026-03-02T08:00:00Z")).open();
        }
        world.sim.fail_next(Tool::Github, "/issues? page=2", fault.clone(), FOR_EVER);
        world.sim.fail_next(Tool::Github, "/issues? since", fault.clone(), FOR_EVER);
        world.poll().await;
        let state = world.connection().await;
        assert!(state.failure.is_some(), "{fault:?}");
        partial += usize::from(state.tasks != 100);
        assert_eq!(state.tasks, 100, "{fault:?}: a page is kept whole or not at all");
        world.sim.heal();
        watch(&mut world, "2026-03-02T09:30:00Z").await;
        assert_eq!(world.connection().await.tasks, 150, "{fault:?}");
    }
    figure("F11", format!("{partial} pages kept by halves"));
}

#[tokio::test]
async fn what_is_no_list_of_issues_takes_nothing_away() {
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        Fault::Html200,
        Fault::Answer(200, vec![], String::new()),
        told(200, "{}"),
        told(200, "[]"),
        told(200, "null"),
        told(200, "[{}]"),
        told(200, "[null, 1, \"x\", []]"),
        told(200, "{\"message\":\"Server Error\"}"),
        told(200, "[{\"id\":"),
        told(200, &nested),
        told(204, ""),
        told(206, "[]"),
        told(304, ""),
        Fault::GzipBomb(100 * MIB),
        Fault::Flood(128 * MIB),
        Fault::Answer(200, vec![("content-encoding", "gzip".to_owned())], "[]".to_owned()),
    ];
    let count = bodies.len();
    let mut deletions = 0;
    for fault in bodies {
        let mut world = troubled().await;
        world.sim.fail_next(Tool::Github, "GET /issues", fault.clone(), FOR_EVER);
        // Each of the next hours something is asked for, whatever pause is made in between.
        for _ in 0..4 {
            world.later(SignedDuration::from_mins(11)).poll().await;
        }
        deletions += 2 - world.connection().await.tasks;
        assert_eq!(world.connection().await.tasks, 2, "{fault:?}");
        assert!(
            world.open().await.iter().any(|gap| gap.starts_with("pace.behind acme/web#1 widens firing")),
            "{fault:?}: {:?}",
            world.open().await
        );
        let over: Vec<String> = world.sent().into_iter().filter(|sent| sent.contains("resolved")).collect();
        assert_eq!(over, Vec::<String>::new(), "{fault:?}");
    }
    figure("F12", format!("{count} bodies that are no list, {deletions} tasks taken for gone"));
}

#[tokio::test]
async fn an_endless_body_and_a_bomb_cost_no_more_memory_than_the_cap() {
    let mut world = troubled().await;
    let Some(before) = peak_memory() else { return };
    world.sim.fail_next(Tool::Github, "GET /issues?", Fault::Flood(1024 * MIB), 1);
    world.later(SignedDuration::from_mins(2)).poll().await;
    world.sim.fail_next(Tool::Github, "GET /issues?", Fault::GzipBomb(300 * MIB), 1);
    world.later(SignedDuration::from_mins(10)).poll().await;
    let grown = peak_memory().unwrap_or_default().saturating_sub(before);
    figure("F12", format!("{grown} MiB more at the peak for a body of 1 GiB and a bomb of 300 MiB"));
    assert!(grown < MOST_MEMORY_MIB, "{grown} MiB");
}

/// A company with tasks of all kinds.
async fn varied() -> Lab {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
    let github = lab.github();
    for (nth, due) in ["2026-03-20", "2026-03-27", "2026-04-03"].iter().enumerate() {
        let draft = github.issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
        draft.labels(&["bug"]).body("- [ ] a\n- [x] b\n").milestone(&format!("M{nth}"), github_day(due)).open();
    }
    github.comment_as(REPO, 1, "ana-k", "on it", at("2026-03-02T09:30:00Z"));
    github.assign(REPO, 2, "max-w", "max-w", at("2026-03-02T09:31:00Z"));
    github.block((REPO, 1), (REPO, 2), "max-w", at("2026-03-02T09:32:00Z"));
    github.add_sub_issue((REPO, 1), (REPO, 3), "max-w", at("2026-03-02T09:33:00Z"));
    lab.later(SignedDuration::from_hours(2));
    lab.run().await;
    lab
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_drifts_loses_no_task_and_ends_nothing() {
    // A prime beside the number of fields and of ways, so that the dice wander through both.
    const STEP: u64 = 7919;
    const DRIFTS: u64 = 300;
    let places =
        ["GET /issues?", "GET /issues/comments", "GET /issues/events", "GET /milestones", "GET /repos/acme/web?"];
    let lab = varied().await;
    let lost = "SELECT key FROM tasks WHERE gone_at IS NOT NULL OR missing";
    for nth in 0..DRIFTS {
        let place = places[usize::try_from(nth).unwrap() % places.len()];
        lab.sim.fail_next(Tool::Github, place, Fault::Drift(nth * STEP), 1);
        let now = lab.now();
        // Something is new on every page that may be asked for.
        lab.github().comment_as(REPO, 1 + nth % 3, "ana-k", "a word", now);
        lab.later(SignedDuration::from_secs(61));
        // The tool's own text for a moment may be anything: then our clock is doubted, and nothing is done at all.
        lab.engine().pull(true).await.expect("the store takes every page");
        lab.engine().decide().await.expect("the store takes every round");
        assert_eq!(lab.rows(lost), Vec::<String>::new(), "{place} {nth}");
    }
    lab.sim.heal();
    // All of them are touched once more, and read as they are.
    for number in 1..=3 {
        lab.github().edit_body(REPO, number, "- [ ] a\n", lab.now());
    }
    for title in ["M0", "M1", "M2"] {
        lab.github().milestone_due(REPO, title, Some(github_day("2026-05-01")));
    }
    lab.runs(4, 35).await;
    let fresh = lab.fresh("fresh.db").await;
    fresh.pull(true).await.unwrap();
    let mut wrong = Vec::new();
    for (what, sql) in [("tasks", TASKS), ("owners", OWNERS), ("homes", HOMES)] {
        let found = difference(&rows(&lab.path("fresh.db"), sql), &lab.rows(sql));
        wrong.extend(found.into_iter().map(|line| format!("{what}: {line}")));
    }
    let missing: Vec<&String> = wrong.iter().filter(|line| line.contains(": - ")).collect();
    figure("F13", format!("{DRIFTS} answers with one field changed, {} tasks lost, 0 panics", missing.len()));
    assert!(missing.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn answers_of_slack_that_drift_say_nothing_twice() {
    const DRIFTS: u64 = 12;
    let mut twice = 0;
    let mut silent = 0;
    for nth in 0..DRIFTS {
        let mut world = before_widening().await;
        world.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::Drift(nth * 61), 1);
        world.at("2026-03-16T10:37:00Z").run().await;
        world.run_until("2026-03-16T12:00:00Z", 14).await;
        twice += world.slack().markers().values().filter(|times| **times > 1).count();
        let direct = world.slack().messages().iter().filter(|message| message.ours).count();
        silent += usize::from(direct == 0);
        assert_eq!(direct, 1, "{nth}: {:#?}", world.words());
    }
    figure("F13", format!("{DRIFTS} answers of Slack with one field changed: {twice} messages twice, {silent} lost"));
    assert_eq!(twice, 0);
}
