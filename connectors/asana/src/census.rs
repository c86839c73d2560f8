//! The census: gids of all open tasks of a project once a day, so that what vanished is missed. A deleted task leaves every
//! list without a word, and so does one that became private.

use std::collections::HashSet;

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use connector_model::TaskRef;

use crate::answers::{expect_ok, is_expired_offset};
use crate::call::{Ask, is_gid};
use crate::wire::Task;
use crate::{Asana, items};

/// What is asked of each.
const FIELDS: &str = "num_subtasks";

/// Deeper than any task nests.
const DEEPEST: usize = 32;

impl Asana {
    /// One page of gids, and those of all below them.
    pub(crate) async fn pull_census(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let what = format!("open tasks of {}", scope.name);
        // `now` stands for what is not ticked off at all.
        let query = vec![("project", scope.handle.clone()), ("completed_since", "now".to_owned())];
        let answer = self.ask(&Ask::list("tasks", FIELDS).query(query).at(cursor.at.clone())).await?;
        if cursor.at.is_some() && is_expired_offset(&answer) {
            // A pass that was begun long ago: it is begun anew.
            let mut page = Page::new(answer.asked_at, Cursor { backfilled: cursor.backfilled, ..Cursor::default() });
            page.partial = Some(format!("{what}: the place in the list has expired; it is read from its beginning"));
            return Ok(page);
        }
        let answer = expect_ok(answer, &what)?;
        let listed = items::list(&answer, &what)?;
        let mut page = Page::new(answer.asked_at, Cursor::default());
        let mut unreadable = Vec::new();
        let tasks: Vec<Task> = items::each(&listed.data, &mut unreadable);
        let next = listed.next().filter(|next| cursor.at.as_ref() != Some(next));
        let mut known: HashSet<String> = HashSet::new();
        let mut level = tasks;
        for _ in 0..DEEPEST {
            level.retain(|task| is_gid(&task.gid) && known.insert(task.gid.clone()));
            let parents = level.iter().filter(|task| task.num_subtasks.unwrap_or(0) > 0);
            let asks: Vec<Ask> =
                parents.map(|task| Ask::list(format!("tasks/{}/subtasks", task.gid), FIELDS)).collect();
            page.present.extend(level.drain(..).map(|task| TaskRef::Ext(task.gid)));
            if asks.is_empty() {
                break;
            }
            let answers = self.ask_many(&asks).await?;
            for (ask, answer) in asks.iter().zip(answers) {
                if matches!(answer.status, 403 | 404 | 410) {
                    continue;
                }
                let first = expect_ok(answer, "subtasks")?;
                for answer in self.rest_of(ask, first, "subtasks").await? {
                    level.extend(items::each::<Task>(&items::list(&answer, "subtasks")?.data, &mut unreadable));
                }
            }
        }
        if !unreadable.is_empty() {
            page.partial = Some(format!("{what}: some could not be read"));
        }
        page.more = next.is_some();
        page.next = Cursor { backfilled: cursor.backfilled || next.is_none(), at: next, etag: None };
        Ok(page)
    }
}
