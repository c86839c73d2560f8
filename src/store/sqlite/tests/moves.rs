//! Tasks that change their place or their name while boards speak of them and passes count them.

use connector_kit::TaskLook;
use connector_model::DueSource;

use super::super::supplements;
use super::boards::{due, said};
use super::census::exts;
use super::rounds::{alert, post};
use super::*;
use crate::domain::alert::{AlertChange, Round};
use crate::domain::notice::{Post, PostAbout};
use crate::domain::record::Gone;

const DAY: &str = "2026-03-20";

/// With two repositories that have been read, boards and a daily census.
fn world(tasks: u32) -> World {
    let mut plan = plan();
    let every = Every::Period(SignedDuration::from_mins(30));
    plan.connections[0].streams.push(StreamSpec { kind: StreamKind::Boards, every });
    plan.connections[0].streams.push(StreamSpec { kind: StreamKind::Census, every: Every::Daily });
    let mut world = World::bare(&plan);
    world.select(&["web", "api"]);
    world.tasks(exts(1..=tasks).iter().map(|ext| task(ext)).collect());
    let page = world.page();
    world.pull(StreamKind::Tasks, "api", page);
    world
}

/// Task 1 under the name it has in the other repository.
fn transferred() -> Task {
    let (key, url) = ("acme/api#1".to_owned(), "https://github.com/acme/api/issues/1".to_owned());
    Task { key, url, title: "Task 1".to_owned(), container: repo("api"), ..task("77") }
}

impl World {
    fn api(&mut self, task: Task) {
        let page = Page { tasks: vec![task], ..self.page() };
        self.pull(StreamKind::Tasks, "api", page);
    }

    fn transfer(&mut self) {
        self.api(transferred());
        assert_eq!(self.suspects(), ["1"]);
        self.looks(|_, _| Some(TaskLook::Moved(ext("77"))));
    }
}

#[test]
fn a_task_that_moved_keeps_what_boards_say_of_it_under_either_id() {
    let mut world = world(2);
    let stated = due(DAY, DueSource::Field);
    world.board(vec![said(ext("1"), "acme/7", 0, Some(DAY))], Some("acme/7"));
    let old = world.id("1");
    world.now = mins(30);
    world.transfer();
    assert_eq!((world.id("1"), world.rec("1").due), (old, stated), "what was said of the older row counts");
    world.assert_board();
    world.now = mins(60);
    world.board(vec![said(ext("77"), "acme/7", 0, Some(DAY))], Some("acme/7"));
    assert_eq!((world.count("supplements"), world.rec("1").due), (1, stated), "the item goes by the new id");
    assert_eq!(supplements::read(&world.store.db, old).unwrap().len(), 1);
    world.now = mins(90);
    world.api(Task { title: "Renamed".to_owned(), ..transferred() });
    assert_eq!(world.rec("1").due, stated);
    world.assert_board();
    world.now = mins(120);
    world.board(Vec::new(), Some("acme/7"));
    assert_eq!((world.rec("1").due, world.count("task_base")), (None, 0));
    world.assert_board();
}

#[test]
fn a_task_that_arrives_under_another_id_has_what_boards_say_of_that_one() {
    let mut world = world(10);
    world.now = days(1);
    world.shows(&exts(2..=10), false, |_| {});
    world.looks(|_, _| Some(TaskLook::Moved(ext("77"))));
    world.board(vec![said(ext("77"), "acme/7", 0, Some(DAY))], Some("acme/7"));
    world.now += SignedDuration::from_mins(5);
    world.api(transferred());
    assert_eq!(world.rec("1").due, due(DAY, DueSource::Field));
    world.assert_board();
}

#[test]
fn what_is_said_of_the_newer_of_two_rows_goes_on_under_the_older_unless_that_has_its_own() {
    let mut world = world(2);
    world.now = mins(30);
    world.api(transferred());
    let (old, new) = (world.id("1"), world.id("77"));
    let alerts = [alert(1, "overdue", old), alert(2, "overdue", new), alert(3, "stalled", new)];
    let change = |alert| AlertChange { alert, log: Vec::new() };
    let second = Post { generation: 2, ..post(3, PostAbout::Task(new)) };
    let posts = vec![post(1, PostAbout::Task(old)), post(2, PostAbout::Task(new)), second];
    let round = Round { alerts: alerts.map(change).to_vec(), posts, ..Round::default() };
    world.store.commit_round(&round, None, world.now).unwrap();
    world.looks(|_, _| Some(TaskLook::Moved(ext("77"))));
    let of = |sql: &str| -> Vec<(i64, i64)> {
        let mut query = world.store.db.prepare(sql).unwrap();
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let (old, new) = (old.0, new.0);
    assert_eq!(of("SELECT id, subject FROM alerts ORDER BY id"), [(1, old), (2, new), (3, old)]);
    assert_eq!(of("SELECT id, about FROM posts ORDER BY id"), [(1, old), (2, new), (3, old)]);
}

#[test]
fn what_a_board_says_is_no_sight_of_the_task() {
    let mut world = world(10);
    world.now = days(1);
    world.shows(&exts(1..=9), true, |_| {});
    world.now += SignedDuration::from_mins(5);
    world.board(vec![said(ext("10"), "acme/7", 0, Some(DAY))], None);
    world.shows(&[], false, |_| {});
    assert_eq!(world.suspects(), ["10"], "a pass that did not show it");
    world.looks(|_, _| Some(TaskLook::Moved(ext("500"))));
    world.now += SignedDuration::from_mins(5);
    world.board(vec![said(ext("10"), "acme/7", 0, Some("2026-03-27"))], None);
    world.now += SignedDuration::from_mins(15);
    world.looks(|_, _| Some(TaskLook::Moved(ext("500"))));
    assert_eq!(world.gone("10"), Some(Gone::MovedAway), "it never came where it is said to be");
    world.assert_board();
}

#[test]
fn what_a_task_said_beside_a_board_is_forgotten_with_the_name_the_board_knows_it_by() {
    let mut world = world(1);
    let by_key = TaskRef::Key("acme/web#1".to_owned());
    world.board(vec![said(by_key, "acme/7", 0, Some(DAY))], None);
    assert_eq!((world.rec("1").due, world.count("task_base")), (due(DAY, DueSource::Field), 1));
    world.now = mins(30);
    world.tasks(vec![Task { key: "acme/web#9".to_owned(), priority: Some(2), ..task("1") }]);
    assert_eq!((world.rec("1").due, world.count("task_base")), (None, 0));
    world.now = mins(60);
    world.board(vec![said(ext("1"), "acme/8", 0, Some(DAY))], None);
    assert_eq!(world.rec("1").priority, Some(2), "what it says now counts");
    world.assert_board();
}

#[test]
fn a_hold_says_since_when_things_were_missing_first() {
    let mut world = world(60);
    for day in [1, 2, 3] {
        world.now = days(day);
        world.shows(&exts(1..=20), false, |_| {});
    }
    assert_eq!(world.web().hold.map(|hold| hold.since), Some(days(1)));
    world.assert_board();
}

#[test]
fn a_container_that_is_read_no_more_is_missing_nothing_when_it_is_read_again() {
    let mut world = world(60);
    world.now = days(1);
    world.shows(&exts(1..=20), false, |_| {});
    world.looks(|_, _| Some(TaskLook::Hidden));
    world.now = days(2);
    world.shows(&exts(1..=5), true, |_| {});
    assert!(world.web().hold.is_some() && world.count("census") > 0 && world.count("suspects") > 0);
    for hour in [1, 2, 3] {
        world.now = days(2) + SignedDuration::from_hours(hour);
        world.select(&["api"]);
    }
    assert_eq!((world.web().hold, world.web().reader), (None, None));
    assert_eq!((world.count("census"), world.count("suspects"), world.count("tasks WHERE missing <> 0")), (0, 0, 0));
    world.assert_board();
    world.select(&["web", "api"]);
    assert_eq!((world.web().hold, world.web().reader), (None, Some(world.connection)));
    world.assert_board();
}

#[test]
fn all_facts_are_folded_anew_in_as_many_steps_as_that_takes() {
    let mut world = world(2100);
    let mut plan = plan();
    plan.bots = vec!["ana-k".to_owned()];
    plan.read_rev = "read2".to_owned();
    world.store.apply_config(&plan, mins(5)).unwrap();
    let revs = "SELECT count(DISTINCT facts_rev), max(facts_rev) = (SELECT read_rev FROM org) FROM tasks";
    let found: (i64, bool) = world.store.db.query_row(revs, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(found, (1, true));
}
