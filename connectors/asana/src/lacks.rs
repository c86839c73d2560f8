//! What the plan or the token does not tell of tasks, and of people; and when that is over.
//!
//! What a plan lacked is told again only once all that is open was read with it: until then the mirror holds nothing of it,
//! or what was true when the plan still had it.

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use connector_model::{Lack, Need};

use crate::Asana;
use crate::stand::{List, Stand, millis};

impl Asana {
    /// What this stream does not tell, as far as its answers have shown it. Nothing, where the plan is not known.
    fn lacking(&self, project: &str) -> Vec<Lack> {
        let mut lacks = Vec::new();
        if !self.has_links(project) || self.plan_is_free(project) {
            lacks.push(Lack::whole(Need::Blocking, "the workspace's plan has no dependencies (HTTP 402)"));
        }
        if self.plan_is_free(project) {
            let because = "the workspace's plan has no custom fields (HTTP 402)";
            // What is made of sub-tasks is told on every plan.
            lacks.push(Lack::part(Need::Progress, because));
            lacks.push(Lack::whole(Need::Priority, because));
            lacks.push(Lack::whole(Need::Estimate, because));
        }
        lacks
    }

    /// The next page of tasks, with what it does not tell.
    pub(crate) async fn pull_tasks(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let project = scope.at.ext.as_str();
        let before = self.begun(project, cursor);
        let mut page = self.next_of_tasks(scope, &before).await?;
        let mut stand = Stand::from_cursor(&page.next);
        let lacks = self.lacking(project);
        // What is not known to be told is not told again by that.
        let is_lean = !lacks.is_empty() || (stand.lean && !self.plan_is_paid(project));
        if is_lean {
            stand.lean = true;
            stand.walk.iter_mut().for_each(|walk| walk.lean = true);
        }
        page.next = stand.to_cursor(page.next.backfilled);
        page.lacks = match (lacks.is_empty(), stand.lean) {
            (false, _) => Some(lacks),
            (true, true) => None,
            (true, false) => (!page.more || (cursor.backfilled && self.plan_is_paid(project))).then(Vec::new),
        };
        Ok(page)
    }

    /// Where to go on: with all that is open, where it was last read without what is told by now.
    fn begun(&self, project: &str, cursor: &Cursor) -> Cursor {
        let mut stand = Stand::from_cursor(cursor);
        let is_at_it = stand.walk.as_ref().is_some_and(|walk| walk.of != List::Modified && !walk.lean);
        if !cursor.backfilled
            || !stand.lean
            || is_at_it
            || !self.plan_is_paid(project)
            || !self.lacking(project).is_empty()
        {
            return cursor.clone();
        }
        stand.walk = Some(stand.sweep(millis(self.there_now())));
        stand.to_cursor(true)
    }

    /// Who has left, where that is not told. `None`: that could not be asked.
    pub(crate) fn lacks_of_people(told: bool, refused: Option<u16>) -> Option<Vec<Lack>> {
        let because = |status| format!("the people of the workspace are not shown to this token (HTTP {status})");
        match (refused, told) {
            (Some(status), _) => Some(vec![Lack::whole(Need::Leavers, because(status))]),
            (None, true) => Some(Vec::new()),
            (None, false) => None,
        }
    }
}
