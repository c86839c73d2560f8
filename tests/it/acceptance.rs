//! What people complained of in other tools, each as a test under its number.

use crate::world::{REPO, World, at};

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
