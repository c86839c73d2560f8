//! What a gap says of itself, and how anybody finds out why there is one or none.

use jiff::civil::Date;

use crate::contract::only;
use crate::contract::trackers::{ALL, Tracker};
use crate::world::World;

/// Ana's task, past its date on Monday, among so many others that are as late, and Tom's.
async fn late_among(tracker: Tracker, others: usize) -> World {
    let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
    let key = tracker.task(&world, "Ship it", Some("ana"));
    tracker.due(&world, &key, "2026-03-05");
    for nth in 0..others {
        let other = tracker.task(&world, &format!("Zebra {nth}"), Some("tom"));
        tracker.due(&world, &other, "2026-03-04");
        tracker.comment(&world, &other, "max", "four score and seven");
    }
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    world
}

/// Each world's services listen somewhere else.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

#[tokio::test]
async fn d18_a_reason_holds_facts_of_its_task_alone_and_its_numbers_come_from_the_mirror() {
    for tracker in ALL {
        let (alone, among) = (late_among(tracker, 0).await, late_among(tracker, 7).await);
        let mut said = Vec::new();
        for world in [&alone, &among] {
            let gaps = world.gaps().await.into_iter();
            let mut own = gaps.filter(|gap| gap.name.as_ref().is_some_and(|name| name.title == "Ship it"));
            let gap = own.find(|gap| gap.alert.rule.0 == "overdue").expect("it is late");
            said.push((gap.summary, without_ports(&world.last_words("@ana"))));
        }
        assert_eq!(said[0].0, said[1].0, "{tracker:?}: others change nothing");
        assert_eq!(said[0].1, said[1].1, "{tracker:?}: nor in the words that are sent");
        assert!(!said[1].1.contains("Zebra") && !said[1].1.contains("Tom"), "{tracker:?}: {}", said[1].1);
        // Its numbers, once more from what is mirrored: Thursday to Monday morning.
        let due = "SELECT coalesce(t.due, c.due) FROM tasks t LEFT JOIN task_homes h ON h.task = t.id
            LEFT JOIN containers c ON c.id = h.container WHERE t.title = 'Ship it' AND coalesce(t.due, c.due) IS NOT NULL";
        let mirrored = only(&among, due);
        let day: Date = mirrored.get(..10).and_then(|day| day.parse().ok()).unwrap_or_else(|| panic!("{mirrored}"));
        let words = day.strftime("%a %-d %b").to_string();
        assert!(said[1].0.contains(&words), "{tracker:?}: {words} in {}", said[1].0);
        let days = (1..=4).map(|later| day + jiff::Span::new().days(later));
        let working = days.filter(|day| day.weekday().to_monday_zero_offset() < 5).count();
        assert_eq!(working, 2);
        assert!(said[1].0.contains("1 working day"), "{tracker:?}: one has gone by since: {}", said[1].0);
    }
}

/// What fits on a screen.
const LINES: usize = 50;
const COLUMNS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn d27_explain_answers_for_every_rule_on_one_screen() {
    let shop = crate::commands::Shop::open().await;
    shop.run(&["run", "--once"]);
    let table = shop.run(&["explain", "acme/web#1"]);
    assert_eq!(table.code, 0, "{}", table.err);
    assert!(table.out.lines().count() <= LINES, "{} lines:\n{}", table.out.lines().count(), table.out);
    let widest = table.out.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= COLUMNS), "{widest:?} columns:\n{}", table.out);
    let document = shop.run(&["explain", "acme/web#1", "-o", "json"]).json();
    let rules = document["rules"].as_array().expect("a list of rules");
    assert!(rules.len() >= 26, "every rule about tasks");
    for rule in rules {
        let name = rule["rule"].as_str().expect("a name");
        assert!(rule["because"].as_str().is_some_and(|because| !because.is_empty()), "{name} says why");
        assert!(table.out.contains(name), "{name} is on the screen");
        if rule["verdict"] == "gap" {
            assert!(!rule["thresholds"].is_null() && rule["evidence"].as_object().is_some_and(|told| !told.is_empty()));
        }
    }
}
