//! Tasks that wait for each other, and wholes with their parts.

use connector_simulator::asana::TaskDraft;
use connector_simulator::jira::IssueDraft;

use crate::contract::trackers::{ALL, Tracker};
use crate::neighbours::blocked;
use crate::pipeline::lives;
use crate::world::{PEOPLE, REPO, World, at};

#[tokio::test]
async fn d12_what_a_task_waits_for_changed_and_the_task_itself_did_not() {
    let mut world = blocked("2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    world.github().comment_as(REPO, 2, "tom-b", "still on it", at("2026-03-17T16:00:00Z"));
    world.at("2026-03-18T09:00:00Z").run().await;
    assert!(
        world.open().await.contains(&"pace.behind acme/web#1 widens firing (blocked)".to_owned())
            || world.open().await.contains(&"pace.behind acme/web#1 widens firing (inhibited)".to_owned())
    );
    world.sent();
    world.github().close(REPO, 2, "tom-b", at("2026-03-18T10:00:00Z"), "completed");
    world.at("2026-03-18T10:20:00Z").run().await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ■ acme/web#1 is behind its pace")), "{sent:#?}");
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("blocker.cascade")));
}

/// A part of Ana's of a task; on Trello there are none that have owners and dates and are tasks.
fn part(tracker: Tracker, world: &World, whole: &str, title: &str) -> String {
    match tracker {
        Tracker::GitHub => {
            let part = tracker.task(world, title, Some("ana"));
            let number = |key: &str| key.rsplit('#').next().and_then(|number| number.parse().ok()).expect("a number");
            world.github().add_sub_issue((REPO, number(whole)), (REPO, number(&part)), "max-w", world.now());
            part
        }
        Tracker::Asana => {
            let draft = TaskDraft { assignee: Some("ana".to_owned()), ..TaskDraft::new(title) };
            world.sim.asana().subtask(whole, draft)
        }
        _ => {
            let (kind, parent) = ("Sub-task".to_owned(), Some(whole.to_owned()));
            let draft = IssueDraft { assignee: Some("ana".to_owned()), kind, parent, ..IssueDraft::new(title) };
            world.jira().issue("WEB", draft)
        }
    }
}

#[tokio::test]
async fn d15_a_parent_and_its_five_late_parts_are_one_message() {
    for tracker in ALL.into_iter().filter(|tracker| *tracker != Tracker::Trello) {
        let plan = tracker.plan().more("[rules.stalled]\nenabled = false\n");
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        let whole = tracker.task(&world, "Whole", Some("ana"));
        let parts: Vec<String> = (1..=5).map(|nth| part(tracker, &world, &whole, &format!("Part {nth}"))).collect();
        for key in [&whole].into_iter().chain(&parts) {
            tracker.due(&world, key, "2026-03-20");
        }
        world.run().await;
        world.at("2026-03-20T10:00:00Z");
        for key in [&whole].into_iter().chain(&parts) {
            tracker.comment(&world, key, "ana", "on it");
        }
        world.run().await;
        world.at("2026-03-20T16:30:00Z").run().await;
        world.sent();
        world.at("2026-03-23T09:00:00Z").run().await;
        world.later_by_minutes(30);
        world.run().await;
        let sent = world.sent();
        let direct: Vec<&String> = sent.iter().filter(|sent| sent.starts_with("slack @ana:")).collect();
        assert_eq!(direct.len(), 1, "{tracker:?}: {sent:#?}");
        let is_comment = |sent: &&String| sent.starts_with("comment ") || sent.starts_with("edited comment ");
        let comments = sent.iter().filter(is_comment).count();
        assert_eq!(comments, 1, "{tracker:?}: {sent:#?}");
        let words = world.last_words("@ana");
        assert!(words.contains("The same goes for 5 sub-tasks"), "{tracker:?}: {words}");
        // Of what the parent does not say, nothing is lost when it ends: the parts speak for themselves.
        tracker.finish(&world, &whole, "max");
        for _ in 0..3 {
            world.later_by_minutes(20);
            world.run().await;
        }
        let open = world.open().await;
        assert_eq!(open.iter().filter(|gap| gap.starts_with("overdue ")).count(), 5, "{tracker:?}: {open:#?}");
    }
}

/// On Trello the parts of a card are the items of its checklists, which may have dates and owners of their own.
#[tokio::test]
async fn d15_on_trello_a_card_and_its_five_late_items_are_one_message() {
    let tracker = Tracker::Trello;
    let mut world = tracker.plan().more("[rules.stalled]\nenabled = false\n").begin("2026-03-02T09:00:00Z").await;
    let card = tracker.task(&world, "Whole", Some("ana"));
    tracker.due(&world, &card, "2026-03-20");
    let trello = world.sim.trello();
    let items = ["Part 1", "Part 2", "Part 3", "Part 4", "Part 5"];
    trello.checklist(&card, "Parts", &items);
    for item in items {
        trello.check_item(&card, item, Some(at("2026-03-20T15:00:00Z")), Some("ana"));
    }
    world.run().await;
    world.at("2026-03-20T10:00:00Z");
    tracker.comment(&world, &card, "ana", "on it");
    world.run().await;
    world.at("2026-03-20T16:30:00Z").run().await;
    world.sent();
    world.at("2026-03-23T09:00:00Z").run().await;
    world.later_by_minutes(30);
    world.run().await;
    let sent = world.sent();
    let direct = sent.iter().filter(|sent| sent.starts_with("slack @ana:")).count();
    let comments = sent.iter().filter(|sent| sent.contains("comment ")).count();
    assert_eq!((direct, comments), (1, 1), "{sent:#?}");
    assert!(world.last_words("@ana").contains("past its date"), "{}", world.last_words("@ana"));
}

#[tokio::test]
async fn d16_who_is_blocked_is_not_nagged_and_the_blockers_owner_hears() {
    let mut world = blocked("2026-03-27").await;
    world.run_until("2026-03-25T12:00:00Z", 60 * 3).await;
    let sent = world.sent();
    assert!(sent.iter().all(|sent| !sent.contains("@ana")), "{sent:#?}");
    assert!(sent.iter().any(|sent| sent.starts_with("slack @U0TOM: ")), "{sent:#?}");
    let open = world.open().await;
    assert!(open.iter().any(|gap| gap.starts_with("pace.behind acme/web#1 widens firing (")), "{open:#?}");
}

/// Tom has what Ana waits for.
pub(super) const TOM: &str = "\n[people.tom]\nname = \"Tom B.\"\nemail = \"tom@example.org\"\nmanager = \"max\"\ntz = \"Etc/UTC\"\n\
                   also = { github = \"tom-b\", slack = \"U0TOM\", trello = \"tom\" }\n";

#[tokio::test]
async fn d16_on_every_tracker_the_one_who_can_do_something_hears() {
    for tracker in ALL {
        let mut world = tracker.plan().people(&format!("{PEOPLE}{TOM}")).begin("2026-03-02T09:00:00Z").await;
        world.slack().user("U0TOM", "tom@example.org", "Tom B.", "Etc/UTC");
        let blocked = tracker.task(&world, "Redesign", Some("ana"));
        let blocker = tracker.task(&world, "Vendor contract", Some("tom"));
        tracker.due(&world, &blocked, "2026-04-30");
        tracker.due(&world, &blocker, "2026-04-29");
        tracker.block(&world, &blocker, &blocked);
        world.run().await;
        world.at("2026-03-03T10:00:00Z");
        tracker.start(&world, &blocked, "ana");
        tracker.start(&world, &blocker, "tom");
        world.run().await;
        world.sent();
        world.run_until("2026-04-21T12:00:00Z", 60 * 6).await;
        let sent = world.sent();
        let open = world.open().await;
        let is_silent = |gap: &String| gap.contains("(blocked)") || gap.contains("(inhibited)");
        let of_ana = open.iter().filter(|gap| gap.starts_with("stalled ") && is_silent(gap)).count();
        assert!(of_ana >= 1, "{tracker:?}: nothing moves on hers either, and she is left alone: {open:#?}");
        assert!(!sent.iter().any(|sent| sent.starts_with("slack @ana")), "{tracker:?}: {sent:#?}");
        assert!(sent.iter().any(|sent| sent.starts_with("slack @U0TOM")), "{tracker:?}: {sent:#?}\n{open:#?}");
    }
}
