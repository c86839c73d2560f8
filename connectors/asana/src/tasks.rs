//! The stream of tasks: lists page by page, and between them what events tell of.

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use jiff::Timestamp;

use crate::answers::{Answer, expect_ok, is_expired_offset};
use crate::call::{Ask, PAGE};
use crate::events::News;
use crate::fill::{Past, RECENT, Rows};
use crate::stand::{List, Next, Stand, Walk, millis};
use crate::wire::{self, LINK_FIELDS, TASK_FIELDS};
use crate::{Asana, items};

/// Tasks that events told of and that are read in one go.
const MOST_HEARD: usize = 50;

/// Rows a page of a first pass within a small budget: each of them costs a request for its stories, and a page is to be over
/// within a minute.
const FEW: usize = 25;

impl Asana {
    /// The next page of whatever is due.
    pub(crate) async fn next_of_tasks(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut stand = Stand::from_cursor(cursor);
        if !cursor.backfilled && stand.walk.is_none() {
            // A first pass begins, or begins anew.
            stand = Stand::default();
        }
        let now = millis(self.there_now());
        match stand.next(now) {
            Next::Walk(walk) => self.walk_on(scope, stand, walk, cursor.backfilled).await,
            Next::Read => {
                let page = Page::new(self.clock.now(), Cursor::default());
                self.read_heard(scope, stand, page).await
            }
            Next::Listen => self.listen(scope, stand, now).await,
        }
    }

    /// Events since the last time; the tasks they told of, and where none could be told, all that is open.
    async fn listen(&self, scope: &Scope, mut stand: Stand, now: i64) -> Result<Page, ConnectorError> {
        let news = self.events_since(&scope.handle, stand.sync.as_deref()).await?;
        let mut page = Page::new(self.clock.now(), Cursor::default());
        match news {
            News::Heard { heard, sync, more, asked_at } => {
                page.asked_at = asked_at;
                stand.sync = sync;
                let late = std::mem::take(&mut stand.late);
                page.unchanged = heard.is_empty() && late.is_empty() && !more;
                page.more = more;
                for one in heard.into_iter().chain(late) {
                    stand.hear(one.gid, one.came);
                }
                if !stand.pending.is_empty() {
                    return self.read_heard(scope, stand, page).await;
                }
            }
            News::Begin(sync) => {
                // What happened in between is lost.
                stand.sync = Some(sync);
                stand.walk = Some(stand.sweep(now));
                page.more = true;
            }
            News::Deaf => {
                self.warn(DEAF);
                stand.deaf = true;
                page.more = true;
            }
        }
        page.next = stand.to_cursor(true);
        Ok(page)
    }

    async fn read_heard(&self, scope: &Scope, mut stand: Stand, mut page: Page) -> Result<Page, ConnectorError> {
        let count = stand.pending.len().min(MOST_HEARD);
        let heard: Vec<_> = stand.pending.drain(..count).collect();
        let since = stand.looked.unwrap_or(0);
        let late = self.fill_heard(&mut page, scope, &heard, since).await?;
        stand.late.extend(late);
        page.more |= !stand.pending.is_empty();
        page.next = stand.to_cursor(true);
        Ok(page)
    }

    /// One page of a list, with subtasks and stories.
    async fn walk_on(
        &self,
        scope: &Scope,
        mut stand: Stand,
        mut walk: Walk,
        backfilled: bool,
    ) -> Result<Page, ConnectorError> {
        let what = format!("tasks of {}", scope.name);
        if walk.offset.is_none() && matches!(walk.of, List::All | List::Open) {
            // Before the list: what changes while it is read is told by events afterwards.
            if stand.sync.is_none() || stand.deaf {
                match self.events_since(&scope.handle, None).await? {
                    News::Begin(sync) => (stand.sync, stand.deaf) = (Some(sync), false),
                    News::Heard { sync, .. } => (stand.sync, stand.deaf) = (sync, false),
                    News::Deaf => {
                        self.warn(DEAF);
                        stand.deaf = true;
                    }
                }
            }
        }
        let mut query = vec![("project", scope.handle.clone())];
        match (walk.of, walk.since.and_then(instant)) {
            // What was finished long ago tells nothing that is asked for.
            (List::All, _) => query.extend(instant(walk.began - RECENT).map(|since| ("completed_since", since))),
            (List::Open, Some(since)) => query.push(("completed_since", since)),
            (List::Modified, Some(since)) => query.push(("modified_since", since)),
            _ => {}
        }
        let rows = if walk.of == List::All && !self.has_paid_plan() { FEW } else { PAGE };
        let ask = Ask::list("tasks", "").query(query).at(walk.offset.clone()).rows(rows);
        let answer = self.ask_tasks(&scope.at.ext, ask).await?;
        if walk.offset.is_some() && is_expired_offset(&answer) {
            walk.offset = None;
            stand.walk = Some(walk);
            let mut page = Page::new(answer.asked_at, stand.to_cursor(backfilled));
            page.more = true;
            return Ok(page);
        }
        let answer = expect_ok(answer, &what)?;
        let listed = items::list(&answer, &what)?;
        let next = listed.next();
        let mut page = Page::new(answer.asked_at, Cursor::default());
        let tasks: Vec<wire::Task> = items::each(&listed.data, &mut page.unreadable);
        let past = match walk.since {
            None => Past::OfRecent(walk.began),
            Some(since) => Past::Since(since),
        };
        let late = self.fill(&mut page, scope, Rows::listed(tasks, past)).await?;
        stand.late.extend(late);
        match next.filter(|next| walk.offset.as_ref() != Some(next)) {
            Some(next) => {
                walk.offset = Some(next);
                stand.walk = Some(walk);
                page.more = true;
                page.next = stand.to_cursor(backfilled);
            }
            None => {
                stand.complete(&walk);
                if stand.deaf {
                    // Nothing is listened to, where they would be asked for again.
                    std::mem::take(&mut stand.late).into_iter().for_each(|one| stand.hear(one.gid, one.came));
                }
                page.history_since = (!backfilled).then_some(Timestamp::UNIX_EPOCH);
                page.next = stand.to_cursor(true);
            }
        }
        Ok(page)
    }

    /// Asks for tasks of a project with all their fields; where its plan has no dependencies, without these.
    pub(crate) async fn ask_tasks(&self, project: &str, mut ask: Ask) -> Result<Answer, ConnectorError> {
        ask.fields = self.task_fields(project);
        let answer = self.ask(&ask).await?;
        if answer.status != 402 || !self.has_links(project) {
            return Ok(answer);
        }
        self.drop_links(project);
        ask.fields = self.task_fields(project);
        self.ask(&ask).await
    }

    /// The same for several tasks or lists of them.
    pub(crate) async fn ask_many_tasks(
        &self,
        project: &str,
        mut asks: Vec<Ask>,
    ) -> Result<Vec<Answer>, ConnectorError> {
        let fields = self.task_fields(project);
        asks.iter_mut().for_each(|ask| ask.fields.clone_from(&fields));
        let answers = self.ask_many(&asks).await?;
        if !self.has_links(project) || answers.iter().all(|answer| answer.status != 402) {
            return Ok(answers);
        }
        self.drop_links(project);
        let fields = self.task_fields(project);
        asks.iter_mut().for_each(|ask| ask.fields.clone_from(&fields));
        self.ask_many(&asks).await
    }

    pub(crate) fn task_fields(&self, project: &str) -> String {
        match self.has_links(project) {
            true => format!("{TASK_FIELDS},{LINK_FIELDS}"),
            false => TASK_FIELDS.to_owned(),
        }
    }

    fn drop_links(&self, project: &str) {
        self.plans(|plans| plans.drop_links(project));
        self.warn(NO_LINKS);
    }

    /// What time it is at Asana, as far as is known.
    pub(crate) fn there_now(&self) -> Timestamp {
        let now = self.clock.now();
        self.skew().and_then(|skew| now.checked_add(skew).ok()).unwrap_or(now)
    }
}

/// What the operator is told of a plan without dependencies.
pub(crate) const NO_LINKS: &str = "the workspace's plan has no dependencies (HTTP 402): what blocks what is not known";

const DEAF: &str =
    "events are not for this token, so that each poll asks for lists of tasks; a token without scopes has them";

/// As a query names it.
fn instant(millis: i64) -> Option<String> {
    Timestamp::from_millisecond(millis).ok().map(|at| at.to_string())
}
