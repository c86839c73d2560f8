//! Lists that move while they are read, and lists that lag behind: nothing is missed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use connector_simulator::Tool;
use jiff::SignedDuration;

use super::figure;
use crate::faults::watch;
use crate::lab::{Dice, Lab, REPO, github_day};
use crate::world::{World, at, checklist};

/// Worlds side by side, and histories in each.
const WORLDS: u64 = 4;
const HISTORIES: usize = 50;
/// More than a page.
const ISSUES: u64 = 125;

/// More of them: `HISTORIES=250`.
fn in_each() -> usize {
    std::env::var("HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES)
}

/// What each issue says, as the mirror and as the tool have it.
fn differs(lab: &Lab) -> Vec<String> {
    let mirror: BTreeSet<String> =
        lab.rows("SELECT t.key, t.title, t.closed_at IS NOT NULL FROM tasks t").into_iter().collect();
    let issues = lab.github().issues(REPO);
    let row = |issue: &connector_simulator::IssueSeen| {
        format!("{REPO}#{} | {} | {}", issue.number, issue.title, u8::from(issue.closed))
    };
    let tool: BTreeSet<String> = issues.iter().map(row).collect();
    tool.difference(&mirror).cloned().collect()
}

/// One of a few things that move an issue to another place of the list, or put a new one there.
fn meddle(lab: &Arc<Lab>, dice: &mut Dice) {
    let github = lab.github();
    for _ in 0..dice.below(12) {
        let number = 1 + dice.next() % ISSUES;
        // Many changes within one second, as after a bulk edit.
        let now = lab.now() + SignedDuration::from_secs(i64::try_from(dice.below(3)).unwrap());
        match dice.below(6) {
            0 => github.close(REPO, number, "max-w", now, "completed"),
            1 => github.reopen(REPO, number, "max-w", now),
            2 => drop(github.issue(REPO, "A new one").by("max-w").created(now).open()),
            _ => github.edit_title(REPO, number, "max-w", &format!("Now {}", dice.below(1000)), now),
        }
    }
}

/// So many passes over a list that changes after each of its pages; after each, a quiet one. Returns what was missed.
async fn histories(seed: u64) -> usize {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
    for number in 0..ISSUES {
        lab.github().issue(REPO, &format!("Task {number}")).by("max-w").created(at("2026-03-02T08:00:00Z")).open();
    }
    lab.engine().pull(true).await.unwrap();
    let lab = Arc::new(lab);
    let dice = Arc::new(Mutex::new(Dice(seed)));
    let mut missed = 0;
    for history in 0..in_each() {
        lab.later(SignedDuration::from_secs(7));
        let bulk = dice.lock().unwrap().below(25) == 0;
        if bulk {
            // All of them at once: the next pass walks every page while they move on.
            let now = lab.now();
            (1..=ISSUES).for_each(|number| lab.github().edit_title(REPO, number, "max-w", "All of them", now));
        }
        let left = Arc::new(AtomicUsize::new(6));
        let (meddled, theirs) = (lab.clone(), dice.clone());
        lab.sim.meddle(move |tool| {
            if tool == Tool::Github
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
            {
                meddle(&meddled, &mut theirs.lock().unwrap());
            }
        });
        lab.later(SignedDuration::from_mins(2));
        lab.engine().pull(false).await.unwrap();
        lab.sim.let_be();
        // The next poll, without anybody meddling.
        lab.later(SignedDuration::from_mins(2));
        lab.engine().pull(false).await.unwrap();
        let found = differs(&lab);
        missed += found.len();
        assert!(found.is_empty(), "seed {seed}, history {history}: {found:#?}");
    }
    missed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_moves_while_a_list_is_read_nothing_is_missed() {
    let worlds = (0..WORLDS).map(|seed| tokio::spawn(histories(seed * 7919 + 5)));
    let mut missed = 0;
    for world in worlds.collect::<Vec<_>>() {
        missed += world.await.unwrap();
    }
    figure("F14", format!("{missed} tasks missed over {} random histories", WORLDS * in_each() as u64));
    assert_eq!(missed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_lag_ten_minutes_and_out_of_order_hide_no_change() {
    let mut missed = 0;
    let mut changes = 0;
    let mut hidden = 0;
    for seed in [3, 5, 8] {
        let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
        for number in 0..40 {
            lab.github().issue(REPO, &format!("Task {number}")).by("max-w").created(at("2026-03-02T08:00:00Z")).open();
        }
        lab.engine().pull(true).await.unwrap();
        lab.github().lag(seed, 600);
        let mut dice = Dice(seed);
        for _ in 0..60 {
            for _ in 0..dice.below(3) {
                let number = 1 + dice.next() % 40;
                changes += 1;
                match dice.below(4) {
                    0 => lab.github().close(REPO, number, "max-w", lab.now(), "completed"),
                    1 => lab.github().reopen(REPO, number, "max-w", lab.now()),
                    _ => lab.github().edit_title(REPO, number, "max-w", &format!("Change {changes}"), lab.now()),
                }
            }
            lab.later(SignedDuration::from_mins(2));
            lab.engine().pull(false).await.unwrap();
            hidden += differs(&lab).len();
        }
        // The lag is over, and one poll later everything is as it is there.
        lab.later(SignedDuration::from_mins(11));
        lab.engine().pull(false).await.unwrap();
        missed += differs(&lab).len();
    }
    figure("F15", format!("{missed} of {changes} updates missed behind a lag of 0 to 10 minutes"));
    assert_eq!(missed, 0);
    assert!(hidden > 0, "nothing ever lagged");
}

#[tokio::test]
async fn a_lag_makes_nobody_look_idle_and_resolves_nothing() {
    let mut alerts = 0;
    for seed in 1..4 {
        let mut world = World::live("2026-03-02T09:00:00Z").await;
        let issue = world.github().issue(crate::world::REPO, "Redesign").by("max-w").assignee("ana-k");
        issue.milestone("Spring", github_day("2026-03-20")).body(&checklist(5, 10)).open();
        world.run().await;
        world.github().lag(seed, 600);
        // She does something every morning: with a day left, a day without a sign is too long.
        for day in 3..=18 {
            world.github().comment_as(
                crate::world::REPO,
                1,
                "ana-k",
                "still on it",
                at(&format!("2026-03-{day:02}T09:30:00Z")),
            );
            world.at(&format!("2026-03-{day:02}T09:31:00Z")).run().await;
            watch(&mut world, &format!("2026-03-{day:02}T09:50:00Z")).await;
            alerts += world.open().await.iter().filter(|gap| gap.starts_with("stalled")).count();
        }
    }
    figure("F15", format!("{alerts} false alerts behind a lag"));
    assert_eq!(alerts, 0);
}
