//! A direct look at one task: there, or not to be seen.
//!
//! Asana answers 404 for a task that was deleted and just so for one that became private, and tells nowhere which; only an
//! event says that it was deleted. Without one, a task that is not there is hidden, and nothing is concluded from it.

use std::collections::BTreeSet;

use connector_kit::{ConnectorError, Cursor, Page, Scope, TaskLook};

use crate::answers::{expect_ok, malformed};
use crate::call::{Ask, is_gid};
use crate::containers::project_at;
use crate::fill::{Past, Row, Rows};
use crate::normalise::place;
use crate::wire::Task;
use crate::{Asana, TOOL, items};

impl Asana {
    /// One task by its gid.
    pub(crate) async fn look_at_task(&self, handle: &str) -> Result<TaskLook, ConnectorError> {
        if !is_gid(handle) {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        }
        let what = format!("task {handle}");
        // In which project it is, its answer tells.
        let answer = self.ask_tasks("", Ask::one(format!("tasks/{handle}"), "")).await?;
        match answer.status {
            404 | 410 if self.is_deleted(handle) => return Ok(TaskLook::Gone),
            403 | 404 | 410 => return Ok(TaskLook::Hidden),
            _ => {}
        }
        let answer = expect_ok(answer, &what)?;
        let task: Task = items::single(&answer, &what)?;
        let watched = &self.places().await?.watched;
        let home = match place(&task, watched) {
            Some(home) => Some(home),
            None => match task.parent.as_ref().and_then(|parent| parent.gid.clone()) {
                Some(parent) => {
                    self.homes_of(BTreeSet::from([parent.clone()]), watched).await?.remove(&parent).flatten()
                }
                None => None,
            },
        };
        // In no project any more (somebody's own list), or in none that is watched: it is out of sight.
        let Some(home) = home else { return Ok(TaskLook::Hidden) };
        let scope = Scope { at: project_at(&home), handle: home.clone(), name: home };
        let mut page = Page::new(answer.asked_at, Cursor::default());
        let row = Row { task, past: Past::None, below: Past::None };
        self.fill(&mut page, &scope, Rows::single(vec![row])).await?;
        match page.unreadable.first() {
            Some(bad) if page.tasks.is_empty() => Err(malformed(format!("{what}: {}", bad.because))),
            _ => Ok(TaskLook::There(Box::new(page))),
        }
    }
}
