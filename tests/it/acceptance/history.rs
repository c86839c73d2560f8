//! What counts as somebody's act, and what a date leaves behind.

use connector_model::DueSource;
use connector_simulator::asana::FieldDraft;
use jiff::SignedDuration;

use crate::contract::trackers::{ALL, Tracker};
use crate::contract::{only, read, signed, words};
use crate::lab::rows;
use crate::world::{REPO, World, at};

#[tokio::test]
async fn d01_our_own_comment_and_another_bots_move_no_human_clock() {
    for tracker in ALL {
        // Not every tool tells a robot from a person.
        let bots = "[directory]\nbots = [\"Tom B.\", \"tom-b\"]\n";
        let world = tracker.plan().more(bots).begin("2026-03-02T09:00:00Z").await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        read(&world).await;
        let handle = only(&world, "SELECT handle FROM tasks");
        let human = "SELECT coalesce(json_extract(facts_json(facts), '$.human_at'), '-') FROM tasks";
        let before = only(&world, human);
        let changed = "SELECT count(*) FROM changes";
        let entries: u32 = only(&world, changed).parse().unwrap();
        world.later_by_minutes(60);
        let commenter = world.engine().connections[0].commenter.clone();
        commenter.post(&handle, &words("a reminder"), &signed(&world)).await.unwrap();
        world.later_by_minutes(20);
        tracker.comment(&world, &key, "tom", "this has been quiet for a while");
        if tracker == Tracker::GitHub {
            world.github().label(REPO, 1, "max-w", "stale", world.now());
        }
        world.later_by_minutes(20);
        read(&world).await;
        assert!(only(&world, changed).parse::<u32>().unwrap() >= entries + 2, "{tracker:?}: both were read");
        assert_eq!(only(&world, human), before, "{tracker:?}");
        tracker.comment(&world, &key, "max", "I had a look");
        world.later_by_minutes(5);
        read(&world).await;
        assert_ne!(only(&world, human), before, "{tracker:?}: a person does");
    }
}

/// A task that fell due on Friday, with its gap, on Monday.
async fn overdue_on_monday(tracker: Tracker) -> (World, String) {
    let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Ship it", Some("ana"));
    tracker.due(&world, &key, "2026-03-06");
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    assert!(is_open(&world, "overdue").await, "{tracker:?}: {:?}", world.open().await);
    (world, key)
}

async fn is_open(world: &World, rule: &str) -> bool {
    world.open().await.iter().any(|gap| gap.starts_with(&format!("{rule} ")))
}

/// Reads, and waits until what is clear has been so for long enough.
async fn settle(world: &mut World) {
    for _ in 0..3 {
        world.later(SignedDuration::from_mins(10)).run().await;
    }
}

#[tokio::test]
async fn d11_a_reopened_task_continues_the_same_history() {
    for tracker in ALL {
        let (mut world, key) = overdue_on_monday(tracker).await;
        let gap = world.gap("overdue").await.alert.gap;
        let begun = "SELECT facts ->> '$.first_owner_at', facts ->> '$.first_due_at'
            FROM (SELECT facts_json(facts) AS facts FROM tasks)";
        let before = only(&world, begun);
        tracker.finish(&world, &key, "max");
        settle(&mut world).await;
        assert!(!is_open(&world, "overdue").await, "{tracker:?}: it is done");
        world.later(SignedDuration::from_mins(60));
        tracker.reopen(&world, &key, "max");
        settle(&mut world).await;
        assert!(is_open(&world, "overdue").await, "{tracker:?}: it is not");
        let again = world.gap("overdue").await.alert;
        assert_eq!((&again.gap, again.episode), (&gap, 2), "{tracker:?}: the next episode of the same gap");
        assert_eq!(only(&world, begun), before, "{tracker:?}");
        let told = "SELECT count(*), sum(json_extract(facts_json(facts), '$.reopened')) FROM tasks";
        assert_eq!(only(&world, told), "1 | 1", "{tracker:?}");
    }
}

#[tokio::test]
async fn d13_a_date_that_is_taken_away_clears_the_rules_about_dates() {
    for tracker in ALL {
        let (mut world, key) = overdue_on_monday(tracker).await;
        tracker.undue(&world, &key);
        settle(&mut world).await;
        let open = world.open().await;
        let about_dates = ["overdue ", "pace.", "start.", "due.drift ", "due.unrealistic ", "due.at_risk "];
        assert!(!open.iter().any(|gap| about_dates.iter().any(|rule| gap.starts_with(rule))), "{tracker:?}: {open:?}");
    }
}

#[tokio::test]
async fn d17_a_new_date_resolves_overdue_and_the_first_one_and_the_slip_stay_in_sight() {
    for tracker in ALL {
        let (mut world, key) = overdue_on_monday(tracker).await;
        tracker.due(&world, &key, "2026-03-16");
        settle(&mut world).await;
        assert!(!is_open(&world, "overdue").await, "{tracker:?}: {:?}", world.open().await);
        // A milestone's date is not the task's own: what moves there is the milestone.
        if tracker == Tracker::GitHub {
            continue;
        }
        let drift = world.gap("due.drift").await;
        let deadline = drift.alert.finding.deadline.expect("it has a date");
        assert_eq!(deadline.source, DueSource::Item, "{tracker:?}");
        assert!(drift.summary.contains("first planned for Fri 6 Mar"), "{tracker:?}: {}", drift.summary);
        assert!(drift.summary.contains("moved later 1 time, by 6 working days"), "{tracker:?}: {}", drift.summary);
        let slips = rows(&world.store(), "SELECT json_extract(facts_json(facts), '$.slips') FROM tasks");
        assert_eq!(slips, ["1"], "{tracker:?}");
    }
}

#[tokio::test]
async fn d30_where_everything_is_urgent_nothing_is_and_the_operators_are_told_once() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let made = at("2026-02-20T09:00:00Z");
    for nth in 1..=12 {
        let issue = github.issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k").created(made);
        let labels: &[&str] = if nth <= 5 { &["P1"] } else { &["P3"] };
        assert_eq!(issue.labels(labels).open(), nth);
    }
    world.run().await;
    let urgent = |open: Vec<String>| -> Vec<String> {
        open.into_iter().filter(|gap| gap.starts_with("high_priority.silent ")).collect()
    };
    assert_eq!(urgent(world.open().await), ["high_priority.silent - opens firing"]);
    let said = world.gap("high_priority.silent").await.summary;
    assert!(said.starts_with("42 % of 12 open tasks are in the top two priorities"), "{said}");
    // Two of them stay urgent; the share is looked at once a day.
    for nth in 3..=5 {
        github.unlabel(REPO, nth, "max-w", "P1", at("2026-03-02T10:00:00Z"));
    }
    world.at("2026-03-02T11:00:00Z").run().await;
    assert_eq!(urgent(world.open().await), ["high_priority.silent - opens firing"]);
    world.at("2026-03-03T09:00:00Z").run().await;
    world.at("2026-03-03T09:20:00Z").run().await;
    let open = urgent(world.open().await);
    let spoken = ["acme/web#1 widens", "acme/web#2 widens"];
    assert_eq!(open.len(), 2, "{open:#?}");
    for (gap, spoken) in open.iter().zip(spoken) {
        assert!(gap.contains(spoken), "{open:#?}");
    }
}

#[tokio::test]
async fn d30_on_every_tracker_that_tells_priorities() {
    for tracker in ALL {
        let plan = match tracker {
            Tracker::Asana => World::plan().on_asana("projects = [\"Web shop\"]\nfields = { priority = \"Priority\" }"),
            _ => tracker.plan(),
        };
        let mut world = plan.more("[operators]\nchannel = \"#ops\"\n").begin("2026-02-20T09:00:00Z").await;
        if tracker == Tracker::Asana {
            world.sim.asana().add_field(FieldDraft::choice("Priority", &["High", "Low"]));
        }
        let keys: Vec<String> = (1..=12).map(|nth| tracker.task(&world, &format!("Task {nth}"), Some("ana"))).collect();
        let urgent = |world: &World, nth: usize, is: bool| match tracker {
            Tracker::GitHub if is => world.github().label(REPO, nth as u64 + 1, "max-w", "P1", world.now()),
            Tracker::GitHub => world.github().unlabel(REPO, nth as u64 + 1, "max-w", "P1", world.now()),
            Tracker::Asana => {
                world.sim.asana().set_field(&keys[nth], "Priority", if is { "High" } else { "Low" }, "max");
            }
            Tracker::Trello if is => world.sim.trello().label(&keys[nth], "P1", "max"),
            Tracker::Trello => world.sim.trello().unlabel(&keys[nth], "P1", "max"),
            _ => world.jira().priority(&keys[nth], if is { "Highest" } else { "Low" }, "max"),
        };
        let labels = matches!(tracker, Tracker::GitHub | Tracker::Trello);
        (0..if labels { 5 } else { 12 }).for_each(|nth| urgent(&world, nth, nth < 5));
        world.run().await;
        world.at("2026-03-02T09:00:00Z").run().await;
        world.at("2026-03-02T09:20:00Z").run().await;
        let silent = |open: Vec<String>| -> Vec<String> {
            open.into_iter().filter(|gap| gap.starts_with("high_priority.silent ")).collect()
        };
        let open = silent(world.open().await);
        assert_eq!(open.len(), 1, "{tracker:?}: {open:#?}");
        assert!(open[0].starts_with("high_priority.silent - opens"), "{tracker:?}: {open:#?}");
        let said = world.gap("high_priority.silent").await.summary;
        assert!(said.starts_with("42 % of 12 open tasks"), "{tracker:?}: {said}");
        let sent = world.sent();
        let about = sent.iter().filter(|sent| sent.contains("top two priorities")).collect::<Vec<_>>();
        assert!(about.iter().all(|sent| sent.contains("#ops")) && about.len() == 1, "{tracker:?}: {sent:#?}");
        for nth in 2..5 {
            urgent(&world, nth, false);
        }
        world.at("2026-03-03T09:00:00Z").run().await;
        world.at("2026-03-05T09:20:00Z").run().await;
        let open = silent(world.open().await);
        let speaking = open.iter().filter(|gap| gap.contains(" widens ")).count();
        assert_eq!((open.len(), speaking), (2, 2), "{tracker:?}: {open:#?}");
    }
}
