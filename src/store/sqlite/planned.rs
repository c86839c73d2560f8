//! What is in plans, and was: when each task of a milestone, sprint, version, project or task with parts came into it, and
//! when it was closed.

use connector_model::{Field, Ineligible};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::StoreError;
use super::Store;
use super::values::{at_in, at_opt, id_list, us};
use crate::domain::board::Plans;
use crate::domain::burndown::Planned;

/// A task came into a home when its history says so: by the home's name (GitHub), by its id (Jira's versions), or in a list of
/// ids (Jira's sprints, of which the last one counts that names it anew). Else it was made in it.
const PLANNED: &str = "WITH homes AS MATERIALIZED (
    SELECT c.id, c.name, ', ' || c.ext || ',' AS listed FROM containers c WHERE c.id IN (SELECT value FROM json_each(?1)))
  SELECT p.id, coalesce((SELECT max(c.at) FROM changes c WHERE c.task = t.id AND c.field = ?3 AND c.at < ?4
      AND (c.new = p.name OR instr(', ' || c.new || ',', p.listed) > 0)
      AND (c.old IS NULL OR (c.old <> p.name AND instr(', ' || c.old || ',', p.listed) = 0))), t.created_at), t.closed_at
    FROM homes p CROSS JOIN task_homes h ON h.container = p.id CROSS JOIN tasks t ON t.id = h.task
    WHERE t.gone_at IS NULL AND t.ineligible <> ?5 AND (t.ineligible = 0 OR t.closed_at IS NOT NULL)
  UNION ALL SELECT t.container, t.created_at, t.closed_at FROM tasks t
    WHERE t.container IN (SELECT value FROM json_each(?1))
      AND t.gone_at IS NULL AND t.ineligible <> ?5 AND (t.ineligible = 0 OR t.closed_at IS NOT NULL)
  UNION ALL SELECT -t.parent, t.created_at, t.closed_at FROM tasks t
    WHERE t.parent IN (SELECT value FROM json_each(?2))
      AND t.gone_at IS NULL AND t.ineligible <> ?5 AND (t.ineligible = 0 OR t.closed_at IS NOT NULL)";

impl Store {
    /// Every task of some plans, with when it came into its plan and when it was closed, as of an instant.
    ///
    /// # Errors
    /// `Failed`.
    pub fn planned(&self, plans: &Plans, as_of: Timestamp) -> Result<Vec<Planned>, StoreError> {
        planned(&self.db, plans, as_of)
    }
}

pub(super) fn planned(db: &Connection, plans: &Plans, as_of: Timestamp) -> Result<Vec<Planned>, StoreError> {
    let containers = id_list(plans.containers.iter().map(|id| id.0));
    let tasks = id_list(plans.tasks.iter().map(|id| id.0));
    let no_work = Ineligible::code(Some(Ineligible::NotWork));
    let mut query = db.prepare(PLANNED)?;
    let rows = query.query_map(params![containers, tasks, Field::Home.code(), us(as_of), no_work], |row| {
        Ok(Planned { plan: row.get(0)?, came_at: at_in(row, 1)?, closed_at: at_opt(row, 2)? })
    })?;
    let mut all: Vec<Planned> = rows.collect::<Result<_, _>>()?;
    // As it was then.
    all.retain(|task| task.came_at < as_of);
    for task in &mut all {
        task.closed_at = task.closed_at.filter(|at| *at < as_of);
    }
    Ok(all)
}
