//! Rules and overrides that somebody has written: read, told, explained and resolved like the built-in ones.

use crate::pipeline::{lives, plant};
use crate::world::{World, at, github_day};

const OWN: &str = "[rules.custom.quiet_spring]
when = \"task.idle_days >= 3 and task.days_left < 20 and task.project == 'acme/web'\"
stage = \"widens\"
message = \"nobody wrote for {{ task.idle_days }} working days, {{ task.days_left }} days left\"
";

#[tokio::test]
async fn a_rule_of_ones_own_is_told_with_its_words_and_resolved_to_whoever_heard() {
    let mut world = World::plan().more(OWN).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 7, "2026-03-27").await;
    world.sent();
    lives(&world, "2026-03-09T10:00:00Z");
    world.at("2026-03-12T09:59:00Z").run().await;
    assert_eq!(world.open().await, Vec::<String>::new());
    // Nothing is read in between: the third working day is full.
    world.at("2026-03-12T10:00:30Z").decide_and_deliver().await;
    assert_eq!(world.open().await, ["custom.quiet_spring acme/web#1 widens firing"]);
    let words = world.sent().join("\n");
    assert!(words.contains("nobody wrote for 3 working days, 15 days left"), "{words}");
    world.github().comment_as(crate::world::REPO, 1, "ana-k", "here I am", at("2026-03-12T11:00:00Z"));
    world.at("2026-03-12T11:05:00Z").run().await;
    world.at("2026-03-12T11:20:00Z").run().await;
    assert!(world.open().await.is_empty());
    let words = world.sent().join("\n");
    assert!(words.to_lowercase().contains("resolved"), "{words}");
}

#[tokio::test]
async fn an_override_holds_for_the_tasks_it_matches_and_ends_with_the_configuration() {
    let urgent = "[[overrides]]\nmatch = \"'urgent' in task.labels\"\nrules.stalled.idle_7d = \"1 workday\"\n";
    let mut world = World::plan().more(urgent).begin("2026-03-02T09:00:00Z").await;
    for (title, label) in [("Redesign", "urgent"), ("Second", "calm")] {
        let issue = world.github().issue(crate::world::REPO, title).by("max-w").assignee("ana-k").labels(&[label]);
        issue.milestone("Spring", github_day("2026-03-20")).open();
    }
    for number in [1, 2] {
        world.github().comment_as(crate::world::REPO, number, "ana-k", "I have begun", at("2026-03-09T10:00:00Z"));
    }
    world.at("2026-03-09T12:00:00Z").run().await;
    world.at("2026-03-10T10:30:00Z").run().await;
    let stalled = |open: Vec<String>| open.into_iter().filter(|gap| gap.starts_with("stalled")).collect::<Vec<_>>();
    let open = stalled(world.open().await);
    assert!(matches!(open.as_slice(), [one] if one.starts_with("stalled acme/web#1 widens")), "{open:?}");
    world.reconfigured(|plan| plan.more("")).await;
    world.run().await;
    world.at("2026-03-10T10:45:00Z").run().await;
    assert_eq!(stalled(world.open().await), Vec::<String>::new());
}
