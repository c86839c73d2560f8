//! What every connector promises, asked of each of them: the same few worlds, in each tracker.

pub mod trackers;

use connector_kit::{Block, Found, Span, TaskLook, Text};
use connector_model::Mark;
use connector_simulator::Fault;
use jiff::{SignedDuration, Timestamp};

use crate::lab::rows;
use crate::world::World;
use trackers::{ALL, Tracker};

/// Monday.
const NOW: &str = "2026-03-02T09:00:00Z";

async fn world(tracker: Tracker) -> World {
    tracker.plan().begin(NOW).await
}

/// Reads what is due; fails where something could not be read.
pub async fn read(world: &World) -> (u32, u32) {
    let reports = world.engine().pull(true).await.unwrap();
    let report = reports.into_values().next().unwrap();
    assert_eq!((&report.unreadable[..], &report.failures[..]), (&[][..], &[][..]));
    (report.new, report.changed)
}

/// Title, state and owners of every task, sorted.
fn mirrored(world: &World) -> Vec<String> {
    let sql = "SELECT t.title, CASE WHEN t.closed_at IS NULL THEN 'open' ELSE 'done' END,
        (SELECT group_concat(coalesce(p.handle, a.handle), '+') FROM task_owners o JOIN accounts a ON a.id = o.account
           LEFT JOIN persons p ON p.id = a.person WHERE o.task = t.id)
      FROM tasks t WHERE t.gone_at IS NULL";
    rows(&world.store(), sql)
}

pub fn only(world: &World, sql: &str) -> String {
    rows(&world.store(), sql).join("\n")
}

fn mark(nth: u8) -> Mark {
    Mark { wire: format!("{nth:032x}"), mac: format!("{:032x}", u128::from(nth) << 64) }
}

pub fn words(text: &str) -> Text {
    Text { summary: text.to_owned(), blocks: vec![Block::Line(vec![Span::Plain(text.to_owned())])] }
}

#[tokio::test]
async fn what_is_there_is_mirrored_once_and_read_again_writes_nothing() {
    for tracker in ALL {
        let world = world(tracker).await;
        tracker.task(&world, "Ship it", Some("ana"));
        tracker.task(&world, "Triage", None);
        let done = tracker.task(&world, "Old work", Some("max"));
        tracker.finish(&world, &done, "max");
        assert_eq!(read(&world).await.0, 3, "{tracker:?}");
        assert_eq!(
            mirrored(&world),
            ["Old work | done | max", "Ship it | open | ana", "Triage | open | -"],
            "{tracker:?}"
        );
        for _ in 0..3 {
            world.later_by_minutes(5);
            assert_eq!(read(&world).await, (0, 0), "{tracker:?}");
        }
    }
}

#[tokio::test]
async fn what_changes_shows_with_the_next_read_and_its_history_with_it() {
    for tracker in ALL {
        let world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        read(&world).await;
        world.later_by_minutes(60);
        tracker.rename(&world, &key, "Ship it now");
        tracker.give(&world, &key, "ana", "max");
        read(&world).await;
        assert_eq!(mirrored(&world), ["Ship it now | open | max"], "{tracker:?}");
        world.later_by_minutes(60);
        tracker.finish(&world, &key, "max");
        read(&world).await;
        assert_eq!(mirrored(&world), ["Ship it now | done | max"], "{tracker:?}");
        world.later_by_minutes(60);
        tracker.reopen(&world, &key, "max");
        tracker.comment(&world, &key, "max", "not yet");
        read(&world).await;
        assert_eq!(mirrored(&world), ["Ship it now | open | max"], "{tracker:?}");
        let facts = only(
            &world,
            "SELECT facts ->> '$.reopened', substr(facts ->> '$.human_at', 1, 16)
             FROM (SELECT facts_json(facts) AS facts FROM tasks)",
        );
        assert_eq!(facts, "1 | 2026-03-02T12:00", "{tracker:?}");
    }
}

#[tokio::test]
async fn who_waits_for_whom_is_told_in_the_right_direction() {
    for tracker in ALL {
        let mut world = world(tracker).await;
        let blocker = tracker.task(&world, "Foundation", Some("ana"));
        let blocked = tracker.task(&world, "Roof", Some("max"));
        tracker.block(&world, &blocker, &blocked);
        world.run().await;
        let sql = "SELECT DISTINCT CASE l.kind WHEN 0 THEN t.title ELSE o.title END || ' waits for ' ||
            CASE l.kind WHEN 0 THEN o.title ELSE t.title END
          FROM links l JOIN tasks t ON t.id = l.task JOIN tasks o ON o.id = l.other WHERE l.kind IN (0, 1)";
        assert_eq!(rows(&world.store(), sql), ["Roof waits for Foundation"], "{tracker:?}");
    }
}

#[tokio::test]
async fn a_comment_is_found_by_its_mark_alone_edited_in_place_and_taken_away() {
    for tracker in ALL {
        let world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        read(&world).await;
        let handle = only(&world, "SELECT handle FROM tasks");
        let commenter = world.engine().connections[0].commenter.clone();
        let since = world.now() - SignedDuration::from_mins(1);
        assert_eq!(commenter.find(&handle, &mark(1), since).await.unwrap(), Found::Absent, "{tracker:?}");
        let at = commenter.post(&handle, &words("first words"), &mark(1)).await.unwrap();
        tracker.comment(&world, &key, "tom", "me too");
        assert_eq!(commenter.find(&handle, &mark(1), since).await.unwrap(), Found::There(at.clone()), "{tracker:?}");
        assert_eq!(commenter.find(&handle, &mark(2), since).await.unwrap(), Found::Absent, "{tracker:?}");
        world.later_by_minutes(1);
        commenter.edit(&handle, &at, &words("other words"), &mark(1)).await.unwrap();
        let ours = tracker.our_comments(&world, &key);
        assert!(ours.len() == 1 && ours[0].contains("other words"), "{tracker:?}: {ours:?}");
        assert_eq!(commenter.find(&handle, &mark(1), since).await.unwrap(), Found::There(at.clone()), "{tracker:?}");
        commenter.delete(&handle, &at).await.unwrap();
        assert_eq!(tracker.our_comments(&world, &key), [""; 0]);
        commenter.delete(&handle, &at).await.unwrap();
        let gone = commenter.edit(&handle, &at, &words("again"), &mark(1)).await;
        assert!(matches!(gone, Err(connector_kit::WriteError::Gone { .. })), "{tracker:?}: {gone:?}");
    }
}

#[tokio::test]
async fn our_own_comment_is_no_sign_of_life_and_a_colleagues_is() {
    for tracker in ALL {
        let world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        read(&world).await;
        let handle = only(&world, "SELECT handle FROM tasks");
        let human = "SELECT coalesce(json_extract(facts_json(facts), '$.human_at'), '-') FROM tasks";
        let before = only(&world, human);
        world.later_by_minutes(60);
        let commenter = world.engine().connections[0].commenter.clone();
        commenter.post(&handle, &words("a reminder"), &signed(&world)).await.unwrap();
        world.later_by_minutes(20);
        read(&world).await;
        assert_eq!(only(&world, human), before, "{tracker:?}: ours");
        tracker.comment(&world, &key, "tom", "I had a look");
        let looked = world.now();
        world.later_by_minutes(5);
        read(&world).await;
        assert_eq!(only(&world, human).parse::<Timestamp>().unwrap(), looked, "{tracker:?}: Tom's");
    }
}

#[tokio::test]
async fn who_is_named_in_a_comment_and_whether_that_asks_is_told_and_nothing_else_of_it() {
    for tracker in ALL {
        let world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        // Whoever is named is known by something they did.
        tracker.comment(&world, &key, "tom", "I had a look");
        read(&world).await;
        let asked = "SELECT a.name, json_extract(q.value, '$.how') FROM tasks t,
              json_each(facts_json(t.facts), '$.past.asked') q
            JOIN accounts a ON a.id = json_extract(q.value, '$.whom') ORDER BY 1";
        let tom = tracker.mention(&world, "tom");
        for (nth, (words, expected)) in [
            (format!("{tom} is the canary-text ready?"), vec!["question"]),
            (format!("{tom} the canary-text is ready."), vec!["mention"]),
            (format!("thanks {tom}?"), vec![]),
            ("is it ready?".to_owned(), vec![]),
            (format!("Is it ready? {tom}"), vec!["question"]),
        ]
        .into_iter()
        .enumerate()
        {
            world.later_by_minutes(5);
            tracker.comment(&world, &key, "max", &words);
            world.later_by_minutes(1);
            read(&world).await;
            let found = rows(&world.store(), asked);
            let hows: Vec<&str> = found.iter().filter_map(|row| row.rsplit(" | ").next()).collect();
            assert_eq!(hows, expected, "{tracker:?} {nth}: {words}");
        }
        world.later_by_minutes(5);
        tracker.comment(&world, &key, "tom", "it is");
        world.later_by_minutes(1);
        read(&world).await;
        assert_eq!(rows(&world.store(), asked), [""; 0], "{tracker:?}: Tom has answered");
        let kept = only(&world, "SELECT group_concat(coalesce(new, '') || coalesce(mentions, ''), ' ') FROM changes");
        assert!(!kept.contains("canary-text"), "{tracker:?}: {kept}");
    }
}

/// A mark as this instance signs it.
pub fn signed(world: &World) -> Mark {
    let db = crate::lab::reader(&world.store()).unwrap();
    let key: Vec<u8> = db.query_row("SELECT key FROM org", [], |row| row.get(0)).unwrap();
    gapwatch::domain::mark::InstanceKey::from_bytes(&key).unwrap().sign(&format!("{:032x}", 7))
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_before_a_crash_is_found_again_and_not_repeated() {
    for tracker in ALL {
        for lost in [Fault::Reset, Fault::Status(500, "{}".to_owned())] {
            let why = format!("{tracker:?} {lost:?}");
            let mut world = world(tracker).await;
            let key = tracker.task(&world, "Ship it", Some("ana"));
            tracker.due(&world, &key, "2026-03-13");
            world.run().await;
            world.at("2026-03-16T10:00:00Z");
            world.sim.fail_next(tracker.tool(), tracker.comments(), Fault::AfterCommit(Box::new(lost)), 1);
            world.run().await;
            assert_eq!(tracker.our_comments(&world, &key).len(), 1, "{why}: it was made");
            let before = world.sim.requests().len();
            world.restart().await;
            for _ in 0..4 {
                world.later_by_minutes(5);
                world.run().await;
            }
            assert_eq!(tracker.our_comments(&world, &key).len(), 1, "{why}: and not again");
            assert_eq!(only(&world, "SELECT count(*) FROM messages WHERE state IN (1, 2, 3)"), "0", "{why}");
            let made =
                |asked: &&connector_simulator::Logged| asked.method == "POST" && is_comment(tracker, &asked.path);
            assert_eq!(world.sim.requests()[before..].iter().filter(made).count(), 0, "{why}: found, not tried");
            // What is adopted is kept up to date like any other.
            tracker.finish(&world, &key, "ana");
            for _ in 0..3 {
                world.later_by_minutes(15);
                world.run().await;
            }
            let ours = tracker.our_comments(&world, &key);
            assert!(ours.len() == 1 && ours[0].contains("resolved"), "{why}: {ours:?}");
        }
    }
}

fn is_comment(tracker: Tracker, path: &str) -> bool {
    tracker.comments().split_whitespace().skip(1).all(|word| path.contains(word))
}

#[tokio::test]
async fn a_direct_look_shows_what_the_lists_show() {
    for tracker in ALL {
        let world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        read(&world).await;
        let handle = only(&world, "SELECT handle FROM tasks");
        let source = world.engine().connections[0].source.clone();
        let TaskLook::There(page) = source.task(&handle).await.unwrap() else { panic!("{tracker:?}: it is there") };
        assert_eq!((page.tasks.len(), page.tasks[0].title.as_str()), (1, "Ship it"), "{tracker:?}");
        assert_eq!(page.tasks[0].key, only(&world, "SELECT key FROM tasks"));
        tracker.delete(&world, &key);
        let look = source.task(&handle).await.unwrap();
        assert!(matches!(look, TaskLook::Gone | TaskLook::Hidden), "{tracker:?}: {look:?}");
    }
}

#[tokio::test]
async fn an_outage_neither_opens_nor_resolves_and_nothing_is_missed_after_it() {
    for tracker in ALL {
        let mut world = world(tracker).await;
        let key = tracker.task(&world, "Ship it", Some("ana"));
        tracker.due(&world, &key, "2026-03-13");
        world.run().await;
        world.at("2026-03-16T10:00:00Z").run().await;
        // Why one is not spoken of meanwhile is another matter.
        let of_work = |gaps: Vec<String>| -> Vec<String> {
            let work = gaps.into_iter().filter(|gap| !gap.starts_with("sys."));
            work.map(|gap| gap.split(" (").next().unwrap_or_default().to_owned()).collect()
        };
        let open = of_work(world.open().await);
        assert!(!open.is_empty(), "{tracker:?}");
        for fault in [Fault::Status(503, "{}".to_owned()), Fault::Html200, Fault::Reset, Fault::CutBody] {
            world.sim.fail_next(tracker.tool(), "", fault.clone(), 100_000);
            world.later(SignedDuration::from_mins(3)).poll().await;
            world.sim.heal();
            assert_eq!(of_work(world.open().await), open, "{tracker:?} {fault:?}");
        }
        tracker.rename(&world, &key, "Ship it now");
        world.later(SignedDuration::from_mins(70)).run().await;
        assert_eq!(world.store_titles(), ["Ship it now"], "{tracker:?}");
    }
}

#[tokio::test]
async fn a_read_that_is_interrupted_anywhere_is_taken_up_again_and_lacks_nothing() {
    for tracker in ALL {
        for cut in 0..8 {
            let world = world(tracker).await;
            for nth in 0..12 {
                let key = tracker.task(&world, &format!("task {nth:02}"), Some("ana"));
                tracker.comment(&world, &key, "ana", "begun");
            }
            let before = world.sim.requests().len();
            let enough = async {
                while world.sim.requests().len() < before + cut {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                whole = world.engine().pull(true) => drop(whole.unwrap()),
                () = enough => {}
            }
            read(&world).await;
            let titles: Vec<String> = (0..12).map(|nth| format!("task {nth:02}")).collect();
            assert_eq!(world.store_titles(), titles, "{tracker:?} {cut}");
            let comments = only(&world, "SELECT count(DISTINCT task), count(*) FROM changes WHERE field = 13");
            assert_eq!(comments, "12 | 12", "{tracker:?} {cut}");
        }
    }
}
