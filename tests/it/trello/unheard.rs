//! Owners whom a mention on their card does not reach.

use jiff::SignedDuration;

use crate::contract::trackers::Tracker::Trello;
use crate::world::{WEB_SHOP, World, at};

/// Max alone is known in Slack, and leads whoever is not.
const MAX: &str = r#"
[people]
default_manager = "max"

[people.max]
name = "Max W."
email = "max@example.org"
tz = "Etc/UTC"
also = { slack = "U0MAX", trello = "max" }
"#;

/// Everything that is said until Tuesday noon of a card that was due on Monday, whose owner is known on Trello alone.
async fn told(owner: &str, ghost: bool) -> (World, Vec<String>) {
    let plan = Trello.plan().people(MAX).more("[rules.stalled]\nenabled = false\n");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    if ghost {
        trello.ghost(owner, "Ivo N.");
    }
    trello.join(WEB_SHOP, owner);
    let key = Trello.task(&world, "Send the offer", Some(owner));
    Trello.due(&world, &key, "2026-03-09");
    world.run().await;
    let mut sent = world.sent();
    world.at("2026-03-09T16:00:00Z");
    while world.now() < at("2026-03-10T12:00:00Z") {
        world.later(SignedDuration::from_mins(20)).poll().await;
        sent.extend(world.sent());
    }
    (world, sent)
}

#[tokio::test]
async fn whoever_did_not_take_up_the_invitation_is_not_told_by_a_comment_and_the_manager_hears_why() {
    let (world, sent) = told("ivo", true).await;
    assert!(sent.iter().all(|sent| !sent.starts_with("comment ")), "{sent:#?}");
    assert_eq!(sent.iter().filter(|sent| sent.starts_with("slack @max: ⬣")).count(), 1, "{sent:#?}");
    let words = world.last_words("@max");
    let why = "could not be told: a mention does not reach them (they have not taken up the invitation to the board)";
    assert!(words.contains(why), "{words}");
    let (world, sent) = told("tom", false).await;
    let comments: Vec<&String> = sent.iter().filter(|sent| sent.starts_with("comment ")).collect();
    assert!(comments.len() == 1 && comments[0].contains("@tom"), "who is there is told by it: {sent:#?}");
    assert_eq!(world.sim.foreign_hits(), []);
}
