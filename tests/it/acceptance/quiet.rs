//! What must not become a message, or not more than one.

use connector_simulator::Fault;
use connector_simulator::asana::TaskDraft;
use connector_simulator::jira::IssueDraft;
use connector_simulator::trello::CardDraft;
use jiff::SignedDuration;

use crate::contract::trackers::{ALL, Tracker};
use crate::lab::rows;
use crate::world::{Plan, REPO, WEB_SHOP, World, at, checklist};

const OPERATORS: &str = "[operators]\nchannel = \"#ops\"\n";

const NEAR: &str = "2026-03-13";
const FAR: &str = "2026-03-31";

/// Messages to Ana that stand for themselves, and are no answer in a thread.
fn to_ana(sent: &[String]) -> usize {
    sent.iter().filter(|sent| sent.starts_with("slack @ana:")).count()
}

async fn is_open(world: &World, rule: &str) -> bool {
    world.open().await.iter().any(|gap| gap.starts_with(&format!("{rule} ")))
}

/// Ana's task, of which two steps of ten are done.
fn a_fifth_done(tracker: Tracker, world: &World) -> String {
    let steps = || (0..10).map(|nth| (format!("step {nth}"), nth < 2));
    match tracker {
        Tracker::GitHub => {
            let issue = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
            format!("{REPO}#{}", issue.body(&checklist(2, 10)).open())
        }
        Tracker::Trello => {
            let (members, checks) = (vec!["ana".to_owned()], steps().collect());
            let card = CardDraft { members, checks, creator: Some("max".to_owned()), ..CardDraft::new("Ship it") };
            world.sim.trello().card(WEB_SHOP, "Doing", card)
        }
        Tracker::Asana => {
            let key = tracker.task(world, "Ship it", Some("ana"));
            for (name, done) in steps() {
                let step = world.sim.asana().subtask(&key, TaskDraft::new(&name));
                if done {
                    world.sim.asana().complete(&step, "max");
                }
            }
            key
        }
        Tracker::JiraCloud | Tracker::JiraDataCenter => {
            let key = tracker.task(world, "Ship it", Some("ana"));
            for (name, done) in steps() {
                let draft = IssueDraft::new(&name);
                let draft = IssueDraft { kind: "Sub-task".to_owned(), parent: Some(key.clone()), ..draft };
                let step = world.jira().issue("WEB", draft);
                if done {
                    world.jira().status(&step, "Done", "max");
                }
            }
            key
        }
    }
}

#[tokio::test]
async fn d04_a_value_that_swings_around_a_threshold_all_day_is_one_message() {
    for tracker in ALL {
        let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
        let key = a_fifth_done(tracker, &world);
        tracker.due(&world, &key, NEAR);
        world.run().await;
        world.sent();
        world.at("2026-03-09T09:05:00Z");
        // Half of the time has gone by for a fifth of the work, or a quarter, as the date is moved back and forth.
        let (mut late, mut opened) = (true, 0);
        while world.now() < at("2026-03-09T17:00:00Z") {
            for _ in 0..2 {
                world.later(SignedDuration::from_mins(20)).run().await;
            }
            opened += usize::from(late && is_open(&world, "pace.behind").await);
            late = !late;
            tracker.due(&world, &key, if late { NEAR } else { FAR });
        }
        assert!(opened >= 4, "{tracker:?}: it crossed the threshold {opened} times");
        let sent = world.sent();
        assert_eq!(to_ana(&sent), 1, "{tracker:?}: {sent:#?}");
    }
}

/// Ana's task that fell due on Friday; on Monday she works on it, or does not, and is looked for at ten.
async fn on_monday(tracker: Tracker, works: bool) -> (World, Vec<String>) {
    let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Ship it", Some("ana"));
    tracker.due(&world, &key, "2026-03-06");
    world.run().await;
    world.sent();
    world.at("2026-03-09T09:40:00Z");
    tracker.comment(&world, &key, if works { "ana" } else { "max" }, "where this stands");
    world.later_by_minutes(10);
    world.run().await;
    // What somebody edits settles first.
    world.at("2026-03-09T10:00:00Z").run().await;
    let sent = world.sent();
    assert!(is_open(&world, "overdue").await, "{tracker:?}: {:?}", world.open().await);
    (world, sent)
}

#[tokio::test]
async fn d06_whoever_acted_a_moment_ago_hears_nothing_until_four_working_hours_later() {
    for tracker in ALL {
        let (_, sent) = on_monday(tracker, false).await;
        assert_eq!(to_ana(&sent), 1, "{tracker:?}: somebody else did: {sent:#?}");
        let (mut world, sent) = on_monday(tracker, true).await;
        assert_eq!(to_ana(&sent), 0, "{tracker:?}: {sent:#?}");
        world.at("2026-03-09T13:35:00Z").run().await;
        assert_eq!(to_ana(&world.sent()), 0, "{tracker:?}");
        world.at("2026-03-09T13:45:00Z").run().await;
        let sent = world.sent();
        assert_eq!(to_ana(&sent), 1, "{tracker:?}: {sent:#?}");
    }
}

/// So many tasks of Ana's that nobody has begun, all moved from the summer to Friday within one minute.
async fn moved_at_once(tracker: Tracker, tasks: usize) -> World {
    let mut world = tracker.plan().more(OPERATORS).begin("2026-02-02T09:00:00Z").await;
    let keys: Vec<String> = (0..tasks).map(|nth| tracker.task(&world, &format!("Task {nth}"), Some("ana"))).collect();
    keys.iter().for_each(|key| tracker.due(&world, key, "2026-06-30"));
    world.run().await;
    world.at("2026-02-06T09:00:00Z").run().await;
    world.at("2026-03-10T09:00:00Z").run().await;
    world.sent();
    keys.iter().for_each(|key| tracker.due(&world, key, "2026-03-13"));
    for _ in 0..6 {
        world.later(SignedDuration::from_mins(10)).run().await;
    }
    world
}

#[tokio::test]
async fn d07_hundreds_of_dates_moved_in_a_minute_are_one_note_to_the_operators() {
    for tracker in ALL {
        let tasks = if tracker == Tracker::JiraCloud { 400 } else { 120 };
        let mut world = moved_at_once(tracker, tasks).await;
        let open = world.open().await;
        let late = open.iter().filter(|gap| gap.starts_with("start.never ")).count();
        assert_eq!(late, tasks, "{tracker:?}: all of it is in sight");
        let sent = world.sent();
        assert_eq!(sent.len(), 1, "{tracker:?}: {sent:#?}");
        assert!(sent[0].starts_with("slack #ops: ▲ "), "{tracker:?}: {sent:#?}");
        assert!(sent[0].contains("tasks changed at once"), "{tracker:?}: {sent:#?}");
    }
}

/// What a list of the tracker calls a task by.
fn called(tracker: Tracker, key: &str) -> String {
    match tracker {
        Tracker::GitHub => key.rsplit('#').next().unwrap_or_default().to_owned(),
        _ => key.to_owned(),
    }
}

#[tokio::test]
async fn d10_a_list_that_tells_658_of_794_with_200_resolves_and_deletes_nothing() {
    for tracker in ALL {
        // All of them on one tracker, and a fifth of them on the others.
        let (all, missing) = if tracker == Tracker::GitHub { (794, 136) } else { (159, 27) };
        let plan: Plan = tracker.plan().more(OPERATORS);
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        let late = tracker.task(&world, "Ship it", Some("ana"));
        tracker.due(&world, &late, "2026-03-06");
        let keys: Vec<String> = (1..all).map(|nth| tracker.task(&world, &format!("Plain {nth}"), None)).collect();
        world.run().await;
        world.at("2026-03-09T10:00:00Z").run().await;
        assert!(is_open(&world, "overdue").await, "{tracker:?}: {:?}", world.open().await);
        let told = world.sent();
        assert_eq!(to_ana(&told), 1, "{tracker:?}: {told:#?}");
        // From here and there, as a broken index loses them; no page is empty.
        let some = keys.iter().step_by(5).take(missing - 1);
        let lacking: Vec<String> = [&late].into_iter().chain(some).map(|key| called(tracker, key)).collect();
        let lacks = |world: &World| world.sim.fail_next(tracker.tool(), "GET", Fault::Lacks(lacking.clone()), 100_000);
        lacks(&world);
        world.sim.fail_next(tracker.tool(), "POST /search", Fault::Lacks(lacking.clone()), 100_000);
        for _ in 0..6 {
            world.later(SignedDuration::from_hours(7)).run().await;
            world.later(SignedDuration::from_mins(20)).run().await;
        }
        assert_eq!(
            rows(&world.store(), "SELECT count(*) FROM tasks WHERE gone_at IS NULL"),
            [all.to_string()],
            "{tracker:?}"
        );
        assert!(is_open(&world, "overdue").await, "{tracker:?}: {:?}", world.open().await);
        let sent = world.sent();
        assert!(!sent.iter().any(|sent| sent.contains("resolved") && !sent.contains("#ops")), "{tracker:?}: {sent:#?}");
        // What the operators hear is looked at where as many are missing as in the complaint.
        let noted = sent.iter().any(|sent| sent.starts_with("slack #ops") && sent.contains("misses 136 tasks at once"));
        assert!(noted || tracker != Tracker::GitHub, "{tracker:?}: {sent:#?}");
    }
}
