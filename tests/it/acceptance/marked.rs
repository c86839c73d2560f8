//! What looks like a task and is none, and what was copied from one.

use connector_simulator::asana::TaskDraft;
use connector_simulator::trello::CardDraft;

use crate::contract::trackers::Tracker;
use crate::world::{REPO, WEB_SHOP, World, at, github_day};

/// Two weeks in which somebody looks once a day; every gap there ever was, as `rule key`.
async fn gaps_of_two_weeks(world: &mut World) -> Vec<String> {
    let mut found = Vec::new();
    for _ in 0..14 {
        world.later_by_minutes(24 * 60);
        world.run().await;
        found.extend(world.open().await);
    }
    found
}

/// The rules about tasks that these worlds switch off.
const ALL_RULES: &str = "[rules.ack.missing]\nenabled = true\n[rules.due.at_risk]\nenabled = true\n\
    [rules.due.unrealistic]\nenabled = true\n[rules.load.overloaded]\nenabled = true\n";

#[tokio::test]
async fn d14_separators_mirrors_templates_and_links_on_trello_are_never_flagged() {
    let mut world = Tracker::Trello.plan().more(ALL_RULES).begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    let due = Some(at("2026-03-06T17:00:00Z"));
    let card = |name: &str| CardDraft {
        due,
        start: Some(at("2026-03-02T09:00:00Z")),
        members: vec!["ana".to_owned()],
        creator: Some("max".to_owned()),
        checks: (0..5).map(|nth| (format!("step {nth}"), false)).collect(),
        ..CardDraft::new(name)
    };
    let control = trello.card(WEB_SHOP, "Doing", card("A card"));
    for role in ["separator", "mirror", "link", "board"] {
        let mirror_of = (role == "mirror").then(|| control.clone());
        trello.card(WEB_SHOP, "Doing", CardDraft { role: Some(role.to_owned()), mirror_of, ..card(role) });
    }
    trello.card(WEB_SHOP, "Doing", CardDraft { template: true, ..card("template") });
    let keys: Vec<String> = ["separator", "mirror", "link", "board", "template"].map(str::to_owned).into();
    world.run().await;
    gaps_of_two_weeks(&mut world).await;
    let mut flagged: Vec<(String, &str)> = Vec::new();
    for gap in world.gaps().await {
        flagged.extend(gap.name.as_ref().map(|name| (name.title.clone(), gap.alert.rule.0)));
    }
    assert!(flagged.iter().any(|(title, rule)| title == "A card" && *rule == "overdue"), "{flagged:#?}");
    let wrong: Vec<&(String, &str)> = flagged.iter().filter(|(title, _)| keys.contains(title)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn d14_what_is_due_within_a_day_on_asana_has_no_start_and_is_not_late_to_begin() {
    let mut world = Tracker::Asana.plan().begin("2026-03-02T09:00:00Z").await;
    let asana = world.sim.asana();
    // One day's work cannot have a start there: it would be its due date.
    let day = |day: &str| Some(day.parse().expect("a day"));
    let draft =
        |name: &str| TaskDraft { assignee: Some("ana".to_owned()), due: day("2026-03-03"), ..TaskDraft::new(name) };
    asana.task(WEB_SHOP, draft("One day"));
    asana.task(WEB_SHOP, TaskDraft { kind: "approval", ..draft("Approve it") });
    asana.task(WEB_SHOP, TaskDraft { separator: true, ..draft("Phase two:") });
    world.run().await;
    let mut found = Vec::new();
    while world.now() < at("2026-03-03T16:30:00Z") {
        world.later_by_minutes(90);
        world.run().await;
        found.extend(world.open().await);
    }
    assert!(found.is_empty(), "{found:#?}");
    world.at("2026-03-05T10:00:00Z").run().await;
    let late: Vec<String> = world.gaps().await.into_iter().filter_map(|gap| Some(gap.name?.title)).collect();
    assert!(late.contains(&"One day".to_owned()), "it is judged: {late:?}");
    assert!(!late.contains(&"Phase two:".to_owned()), "{late:?}");
}

#[tokio::test]
async fn d14_pull_requests_are_never_flagged() {
    let mut world = World::plan().more(ALL_RULES).begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = |title: &str| github.issue(REPO, title).by("max-w").assignee("ana-k").labels(&["P1"]);
    let issue = |title: &str| issue(title).milestone("Alpha", github_day("2026-03-06"));
    assert_eq!(issue("An issue").open(), 1);
    assert_eq!(issue("A pull request").pull_request().open(), 2);
    world.run().await;
    let found = gaps_of_two_weeks(&mut world).await;
    assert!(found.iter().any(|gap| gap.starts_with("overdue acme/web#1 ")), "{found:#?}");
    assert!(!found.iter().any(|gap| gap.contains("acme/web#2")), "{found:#?}");
}

#[tokio::test]
async fn d24_a_copied_card_brings_neither_our_comment_nor_the_people_of_the_original() {
    let mut world = Tracker::Trello.plan().begin("2026-03-02T09:00:00Z").await;
    let key = Tracker::Trello.task(&world, "Ship it", Some("ana"));
    Tracker::Trello.due(&world, &key, "2026-03-06");
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    let ours = Tracker::Trello.our_comments(&world, &key);
    assert_eq!(ours.len(), 1, "{:#?}", world.sent());
    world.sent();
    // Somebody copies the card, our words with it, and hands it to nobody yet.
    let trello = world.sim.trello();
    let copied = trello.copy(&key, "Ship it again");
    trello.comment(&copied, &ours[0], "max");
    let before = trello.comments(&copied);
    for _ in 0..4 {
        world.later_by_minutes(20);
        world.run().await;
    }
    assert_eq!(trello.comments(&copied), before, "nothing is written on it, and what came with it is not edited");
    let sent = world.sent();
    assert!(!sent.iter().any(|sent| sent.contains("@ana")), "{sent:#?}");
}

#[tokio::test]
async fn d24_a_fork_pings_nobody_of_the_original() {
    let fork = "tom/web";
    let mut world = World::plan().repos(&[REPO, fork]).begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = github.issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    issue.milestone("Alpha", github_day("2026-03-06")).open();
    world.run().await;
    world.at("2026-03-09T10:00:00Z").run().await;
    let ours = world.our_comment(1);
    world.sent();
    // A copy of the issue in the fork, as scripts make them: text and comments, the names in them and our mark.
    let marked = github.comments(REPO, 1).into_iter().find(|comment| comment.author == "gapwatch-bot").expect("ours");
    let copy = github.issue(fork, "Ship it").by("tom-b").body("From acme/web#1 by @max-w, for @ana-k");
    let number = copy.milestone("Alpha", github_day("2026-03-06")).open();
    github.comment_as(fork, number, "tom-b", &marked.body, world.now());
    for _ in 0..4 {
        world.later_by_minutes(20);
        world.run().await;
    }
    let open = world.open().await;
    assert!(open.iter().any(|gap| gap.contains("tom/web#1")), "the fork is judged: {open:#?}");
    let copied = github.comments(fork, number);
    assert!(
        copied.iter().all(|comment| comment.author != "gapwatch-bot" || !comment.body.contains("@ana")),
        "{copied:#?}"
    );
    assert!(copied.iter().any(|comment| comment.body == marked.body), "the copy of our comment is not ours: {ours}");
    let sent = world.sent();
    assert!(!sent.iter().any(|sent| sent.contains("@ana") || sent.contains("#1: ")), "{sent:#?}");
}
