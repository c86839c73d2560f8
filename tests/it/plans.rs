//! What a plan, a token or a server does not tell: nothing is concluded from it, what is open stays as it was, and all is
//! judged again once it is told.

use connector_model::{Lack, Need};
use connector_simulator::ProjectValue;
use gapwatch::domain::board::Board;
use gapwatch::domain::finding::{Reading, RuleId, SubjectKey, Why};
use gapwatch::domain::snapshot::Snapshot;
use gapwatch::rules::{self, Rules};
use gapwatch::store::{Reader, StorePath};
use jiff::SignedDuration;

use crate::contract::trackers::Tracker;
use crate::world::{REPO, WEB_SHOP, World, github_day};

/// What a rule says of a task now, by the store alone.
fn reading(world: &World, rule: &'static str, key: &str) -> Reading {
    let reader = Reader::open(&StorePath::File(world.store())).unwrap();
    let board = Board::new(reader.load(world.now(), rules::known).unwrap());
    let policy = gapwatch::daemon::policy(world.settings());
    let snapshot = Snapshot { board: &board, policy: &policy, now: world.now() };
    let task = reader.find_task(key).unwrap();
    let all = Rules::new(&world.settings().rules);
    let said = rules::explain(&all, SubjectKey::Task(task[0]), &snapshot);
    said.into_iter().find(|one| one.rule == rules::known(rule).unwrap_or(RuleId(rule))).unwrap().reading
}

/// What the connection does not tell, and whether nothing at all tells it.
async fn lacking(world: &World) -> Vec<(Need, bool)> {
    world.connection().await.lacks.into_iter().map(|seen| (seen.lack.need, seen.lack.whole)).collect()
}

async fn is_open(world: &World, rule: &str) -> bool {
    world.open().await.iter().any(|gap| gap.starts_with(rule))
}

/// A day later, when everything that is asked for daily is due; and once more, when what is clear has settled.
async fn next_day(world: &mut World) {
    world.later(SignedDuration::from_hours(25)).run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
}

fn hide_links(tracker: Tracker, world: &World, hidden: bool) {
    match tracker {
        Tracker::Asana => {
            world.sim.asana().refuse_paid_fields(true);
            world.sim.asana().free(hidden);
        }
        _ => world.jira().linking(!hidden),
    }
}

#[tokio::test]
async fn links_that_are_hidden_for_a_while_neither_open_nor_resolve_a_gap() {
    for tracker in [Tracker::Asana, Tracker::JiraCloud, Tracker::JiraDataCenter] {
        let mut world = tracker.plan().begin("2026-03-02T09:00:00Z").await;
        let base = tracker.task(&world, "Lay the ground", Some("ana"));
        let roof = tracker.task(&world, "Put the roof on", Some("max"));
        tracker.due(&world, &base, "2026-03-25");
        tracker.due(&world, &roof, "2026-03-20");
        match tracker {
            Tracker::Asana => world.sim.asana().block(&base, &roof),
            _ => world.jira().link(&base, &roof),
        }
        world.run().await;
        world.later(SignedDuration::from_mins(30)).run().await;
        assert!(is_open(&world, "dep.date_conflict").await, "{tracker:?}: {:?}", world.open().await);
        assert_eq!(lacking(&world).await, [], "{tracker:?}");

        hide_links(tracker, &world, true);
        next_day(&mut world).await;
        // It would be over by that, if it could be seen.
        tracker.due(&world, &base, "2026-03-13");
        next_day(&mut world).await;
        let told = lacking(&world).await;
        assert!(told.contains(&(Need::Blocking, true)), "{tracker:?}: {told:?}");
        assert!(is_open(&world, "dep.date_conflict").await, "{tracker:?}: nothing says that it is mended");
        for rule in ["dep.date_conflict", "blocker.cascade", "blocker.stale"] {
            let untold = Reading::Unknown(Why::NotTold(Need::Blocking));
            assert_eq!(reading(&world, rule, &roof), untold, "{tracker:?}: {rule}");
        }
        assert!(!matches!(reading(&world, "overdue", &roof), Reading::Unknown(_)), "{tracker:?}: dates are told");
        world.restart().await;
        assert_eq!(lacking(&world).await, told, "{tracker:?}: it is known after a start");

        hide_links(tracker, &world, false);
        next_day(&mut world).await;
        next_day(&mut world).await;
        assert_eq!(lacking(&world).await, [], "{tracker:?}");
        assert!(!is_open(&world, "dep.date_conflict").await, "{tracker:?}: {:?}", world.open().await);
    }
}

#[tokio::test]
async fn fields_that_a_board_shows_no_more_keep_what_they_held_and_close_nothing() {
    const BIG: &str = "[rules.custom.big]\nwhen = \"task.estimate_hours >= 10\"\n";
    let plan =
        World::plan().on_trello("boards = [\"Web shop\"]\nfields = { progress = \"Done\", estimate = \"Hours\" }");
    let mut world = plan.more(BIG).begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    trello.add_field(WEB_SHOP, "Done", "number", &[]);
    trello.add_field(WEB_SHOP, "Hours", "number", &[]);
    let card = Tracker::Trello.task(&world, "Paint the sign", Some("ana"));
    trello.set_field(&card, "Hours", 16);
    let link = trello.short_link(&card);
    world.run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    assert!(is_open(&world, "custom.big").await, "{:?}", world.open().await);
    assert_eq!(lacking(&world).await, []);

    trello.free_plan(WEB_SHOP, true);
    next_day(&mut world).await;
    assert_eq!(lacking(&world).await, [(Need::Progress, false), (Need::Estimate, true)]);
    assert!(is_open(&world, "custom.big").await, "nothing says that it is smaller");
    assert_eq!(reading(&world, "custom.big", &link), Reading::Unknown(Why::NotTold(Need::Estimate)));
    assert_eq!(reading(&world, "pace.behind", &link), Reading::Unknown(Why::NotTold(Need::Progress)));

    trello.free_plan(WEB_SHOP, false);
    trello.set_field(&card, "Hours", 4);
    next_day(&mut world).await;
    assert_eq!(lacking(&world).await, []);
    assert!(!is_open(&world, "custom.big").await, "{:?}", world.open().await);
}

#[tokio::test]
async fn dates_of_a_project_that_is_shown_no_more_are_neither_missed_nor_met() {
    const PLAN: &str = "acme/7";
    let mut world = World::plan().github("projects = [\"acme/7\"]").begin("2026-03-02T09:00:00Z").await;
    world.github().project(PLAN);
    world.github().issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").open();
    let own = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    own.milestone("Spring", github_day("2026-03-04")).open();
    let day = |text: &str| ProjectValue::Date(text.parse().unwrap());
    world.github().project_set(PLAN, (REPO, 1), "Target date", day("2026-03-05"), world.now());
    world.run().await;
    world.github().hide_project(PLAN, true);
    world.github().project_set(PLAN, (REPO, 1), "Target date", day("2026-03-27"), world.now());
    world.at("2026-03-09T10:00:00Z").run().await;
    assert!(lacking(&world).await.contains(&(Need::Due, false)), "{:?}", lacking(&world).await);
    let untold = Reading::Unknown(Why::NotTold(Need::Due));
    assert_eq!(reading(&world, "overdue", "acme/web#1"), untold, "its date may be another by now");
    assert!(matches!(reading(&world, "overdue", "acme/web#2"), Reading::Gap(_)), "a milestone's is told");
    let because = world.connection().await.lacks.remove(0).lack.because;
    assert!(because.contains("acme/7"), "{because}");
    world.github().hide_project(PLAN, false);
    world.later(SignedDuration::from_hours(1)).run().await;
    assert_eq!(lacking(&world).await, []);
    assert!(matches!(reading(&world, "overdue", "acme/web#1"), Reading::Clear(_)));
}

#[tokio::test]
async fn a_server_without_links_says_so_until_it_is_newer() {
    let mut world = World::plan().begin("2026-03-02T09:00:00Z").await;
    world.github().server_version(Some("3.18.1"));
    world.github().issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").open();
    world.run().await;
    let lacks: Vec<Lack> = world.connection().await.lacks.into_iter().map(|seen| seen.lack).collect();
    assert!(
        lacks.contains(&Lack::whole(Need::Blocking, "Enterprise Server 3.18.1 has no blocked-by links")),
        "{lacks:?}"
    );
    let untold = Reading::Unknown(Why::NotTold(Need::Blocking));
    assert_eq!(reading(&world, "blocker.cascade", "acme/web#1"), untold);
    world.github().server_version(Some("3.21.0"));
    next_day(&mut world).await;
    assert_eq!(lacking(&world).await, []);
    assert!(matches!(reading(&world, "blocker.cascade", "acme/web#1"), Reading::Clear(_)));
}
