//! What is in plans: when each task came into its plan, and when it was closed.

use connector_model::{DueSource, DueStated, Ineligible};

use super::*;

use crate::domain::burndown;

/// What is known of the plans on the board, as `plan's name or task: came, closed`.
fn planned(world: &World, as_of: &str) -> Vec<String> {
    let all = world.store.planned(&world.board.plans(), at(as_of)).unwrap();
    let name = |plan: i64| match plan {
        task if task < 0 => world.rec_of(TaskId(-task)),
        container => world.board.container(ContainerId(container)).unwrap().name.to_string(),
    };
    let day = |at: Timestamp| at.to_string()[..10].to_owned();
    let line = |one: &burndown::Planned| {
        format!("{}: {}, {}", name(one.plan), day(one.came_at), one.closed_at.map_or("-".to_owned(), day))
    };
    let mut lines: Vec<String> = all.iter().map(line).collect();
    lines.sort();
    lines
}

impl World {
    fn rec_of(&self, id: TaskId) -> String {
        format!("task {}", self.board.task(id).unwrap().ext)
    }

    fn homes(&mut self, homes: Vec<Container>) {
        let page = Page { containers: homes, ..self.page() };
        self.pull(StreamKind::Homes, "web", page);
    }
}

fn home(at: &Container, task: Task) -> Task {
    Task { homes: vec![at.at.clone()], ..task }
}

fn moved(ext: &str, vkey: &str, when: &str, from: Option<&str>, to: Option<&str>) -> Change {
    let [from, to] = [from, to].map(|text| text.map(str::to_owned));
    Change { from, to, ..change(super::ext(ext), vkey, Field::Home, when, "u1") }
}

#[test]
fn a_task_came_when_its_history_says_so_by_name_or_by_id_and_else_when_it_was_made() {
    let mut world = World::new();
    let one = Container { name: "Spring release".to_owned(), ..milestone("7", Some("2026-03-20")) };
    world.homes(vec![one.clone()]);
    world.tasks(["1", "2", "3", "4", "5"].map(|ext| home(&one, task(ext))).to_vec());
    world.events(vec![
        // By name, the second time after it had been taken out.
        moved("1", "a", "2026-01-10T08:00:00Z", None, Some("Spring release")),
        moved("1", "b", "2026-01-12T08:00:00Z", Some("Spring release"), None),
        moved("1", "c", "2026-01-20T08:00:00Z", Some("Winter"), Some("Spring release")),
        // By id, alone and in a list; that another one was added later is no coming.
        moved("2", "a", "2026-01-15T08:00:00Z", None, Some("7")),
        moved("3", "a", "2026-01-16T08:00:00Z", Some("38"), Some("38, 7")),
        moved("3", "b", "2026-01-25T08:00:00Z", Some("38, 7"), Some("38, 7, 70")),
        // Another one whose number begins likewise.
        moved("4", "a", "2026-01-17T08:00:00Z", None, Some("70, 17")),
    ]);
    let name = "Spring release";
    let expected = ["2026-01-05", "2026-01-05", "2026-01-15", "2026-01-16", "2026-01-20"];
    assert_eq!(planned(&world, "2026-02-10T00:00:00Z"), expected.map(|came| format!("{name}: {came}, -")));
}

#[test]
fn as_of_an_instant_nothing_is_known_that_came_later() {
    let mut world = World::new();
    let one = milestone("m1", Some("2026-03-20"));
    world.homes(vec![one.clone()]);
    world.tasks(vec![
        home(&one, task("1")),
        home(&one, closed("2", "2026-01-20")),
        home(&one, closed("3", "2026-02-02")),
        home(&one, Task { created_at: at("2026-02-03T08:00:00Z"), ..task("4") }),
    ]);
    let expected = ["m1: 2026-01-05, -", "m1: 2026-01-05, -", "m1: 2026-01-05, 2026-01-20"];
    assert_eq!(planned(&world, "2026-02-01T00:00:00Z"), expected);
}

#[test]
fn plans_are_open_milestones_and_dated_tasks_with_parts_and_what_is_no_work_is_in_none() {
    let mut world = World::new();
    let over = Container { open: false, ..milestone("over", Some("2026-03-20")) };
    let one = milestone("m1", Some("2026-03-20"));
    world.homes(vec![one.clone(), over.clone(), milestone("empty", Some("2026-03-20"))]);
    let due = Some(DueStated { due: Due::On("2026-03-10".parse().unwrap()), source: DueSource::Item });
    world.tasks(vec![
        Task { due, ..task("epic") },
        task("umbrella"),
        Task { parent: Some(ext("epic")), ..task("part") },
        Task { parent: Some(ext("umbrella")), ..home(&over, task("other")) },
        Task { ineligible: Some(Ineligible::Backlog), ..home(&one, task("later")) },
        Task { ineligible: Some(Ineligible::NotWork), ..home(&one, closed("mirror", "2026-01-20")) },
        Task { ineligible: Some(Ineligible::Archived), ..home(&one, closed("put away", "2026-01-20")) },
    ]);
    let expected = ["m1: 2026-01-05, 2026-01-20", "task epic: 2026-01-05, -"];
    assert_eq!(planned(&world, "2026-02-10T00:00:00Z"), expected);
}

#[test]
fn weeks_and_shared_dates_are_kept_with_the_norms() {
    let mut world = World::new();
    let one = milestone("m1", Some("2026-03-20"));
    world.homes(vec![one.clone()]);
    world.tasks(vec![home(&one, task("1")), home(&one, closed("2", "2026-01-20"))]);
    let as_of = at("2026-02-03T00:00:00Z");
    let weeks = burndown::weeks(&world.store.planned(&world.board.plans(), as_of).unwrap(), as_of);
    let mut forecast = crate::domain::forecast::Forecast::default().with_weeks(weeks);
    let (about, outlook) = forecast.outlooks.iter_mut().next().unwrap();
    outlook.shared_by = 14;
    let (about, weeks) = (*about, outlook.weeks.clone().unwrap());
    assert_eq!((weeks.until, weeks.weeks.len()), (at("2026-02-02T00:00:00Z"), 1), "the week after something was done");
    let book = crate::domain::norms::Book::new(Some(as_of), Default::default(), Default::default());
    let book = book.with_forecast(forecast);
    world.store.put_norms(&book, &[], world.now).unwrap();
    let fresh = Board::new(world.store.load(world.now, rule).unwrap());
    assert_eq!(fresh.norms().forecast.weeks(about), Some(&weeks));
    assert_eq!(fresh.norms().forecast.shared_by(ContainerId(about)), 14);
    world.assert_board();
}
