//! How statements are answered that are asked again and again: what is asked of a store at rest must not grow with its tasks.

use super::super::{board, bulk, census, streams};
use super::*;

impl World {
    /// The steps of a statement, as the library lays them out.
    fn steps(&self, sql: &str) -> Vec<String> {
        let mut query = self.store.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = query.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get(3).unwrap());
        }
        steps
    }
}

/// True for a step that walks through all tasks, or all open ones of a container.
fn walks_tasks(step: &str) -> bool {
    ["SCAN tasks", "SCAN t", "tasks_open", "tasks_key"].iter().any(|walk| step.contains(walk))
}

#[test]
fn nothing_that_a_quiet_tick_asks_walks_through_tasks() {
    let world = World::new();
    let quiet = [
        board::CONNECTIONS.to_owned(),
        census::DUE.to_owned(),
        census::NEXT_DUE.to_owned(),
        census::UNSETTLED.to_owned(),
        streams::due_sql(),
        streams::next_due_sql(),
        bulk::latest_sql(true),
        bulk::latest_sql(false),
    ];
    for sql in quiet {
        let steps = world.steps(&sql);
        assert!(!steps.is_empty() && !steps.iter().any(|step| walks_tasks(step)), "{sql}\n{steps:#?}");
    }
    let begins_with_tasks = "SELECT count(s.task) FROM tasks t LEFT JOIN suspects s ON s.task = t.id";
    assert!(world.steps(begins_with_tasks).iter().any(|step| walks_tasks(step)), "the check sees what it looks for");
}

#[test]
fn what_pages_ask_of_many_tasks_is_found_by_an_index() {
    let world = World::new();
    let steps = world.steps(census::ALIKE);
    assert!(steps.iter().any(|step| step.contains("tasks_made (site=? AND created_at=?)")), "{steps:#?}");
    let steps = world.steps(bulk::ACTS);
    for index in ["tasks_open (container=?)", "tasks_closed (closed_at>?)", "PRIMARY KEY (task=? AND at>? AND at<?)"] {
        assert!(steps.iter().any(|step| step.contains(index)), "{index}: {steps:#?}");
    }
    assert!(!steps.iter().any(|step| step.contains("SCAN tasks")), "{steps:#?}");
    let steps = world.steps(&bulk::latest_sql(true));
    assert!(steps.iter().any(|step| step.contains("bulks_latest (container=? AND to_at>?)")), "{steps:#?}");
    let steps = world.steps("SELECT ext FROM task_alias WHERE task = ?1");
    assert!(steps.iter().any(|step| step.contains("task_alias_of")), "{steps:#?}");
}
