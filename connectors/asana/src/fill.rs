//! A page's tasks with what stands around them: subtasks to any depth, the places of those that are in no project, stories.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use connector_kit::{ConnectorError, Page, Scope, Unreadable};

use crate::answers::{Answer, expect_ok};
use crate::call::{Ask, BATCH, is_gid};
use crate::normalise::{self, Named, Reading, is_open, lacks_scope, place};
use crate::stand::{Heard, OVERLAP, millis};
use crate::wire::{self, STORY_FIELDS};
use crate::{Asana, history, items};

/// So far back what is finished is read, and its stories; no norm looks at older ones.
pub(crate) const RECENT: i64 = 180 * 24 * 60 * 60 * 1_000;

/// Tasks of a page whose stories cannot be had; where there are more, the page has failed.
const MOST_FAILED: usize = 3;

/// Deeper than any task nests.
const DEEPEST: usize = 32;

/// Of which tasks the stories are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// Of all.
    Whole,
    /// Of those that are open, or that were touched within half a year before this.
    OfRecent(i64),
    /// Of those modified since.
    Since(i64),
    /// Of none.
    None,
}

impl Past {
    fn covers(self, task: &wire::Task) -> bool {
        let modified = task.modified_at.map_or(i64::MAX, millis);
        match self {
            Past::Whole => true,
            Past::OfRecent(now) => is_open(task) || modified >= now - RECENT,
            Past::Since(since) => modified >= since,
            Past::None => false,
        }
    }
}

/// A task on its way onto a page.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) task: wire::Task,
    pub(crate) past: Past,
    /// The past of its subtasks.
    pub(crate) below: Past,
}

/// The tasks of a page.
#[derive(Debug)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// What lives elsewhere is read there.
    only_here: bool,
}

impl Rows {
    /// A project's list.
    pub(crate) fn listed(tasks: Vec<wire::Task>, past: Past) -> Rows {
        Rows { rows: tasks.into_iter().map(|task| Row { task, past, below: past }).collect(), only_here: true }
    }

    /// Tasks asked for by themselves.
    pub(crate) fn single(rows: Vec<Row>) -> Rows {
        Rows { rows, only_here: false }
    }
}

/// A task and the project it lives in. `None`: in none that is watched.
struct Placed {
    row: Row,
    at: Option<String>,
}

impl Asana {
    /// Adds these tasks and all below them to the page. Returns those that are to be asked for again.
    pub(crate) async fn fill(&self, page: &mut Page, scope: &Scope, rows: Rows) -> Result<Vec<Heard>, ConnectorError> {
        if rows.rows.is_empty() {
            return Ok(Vec::new());
        }
        let places = self.places().await?;
        let mut watched = places.watched.clone();
        watched.insert(scope.at.ext.clone());
        let own = self.myself().await?.gid;
        if rows.rows.iter().any(|row| lacks_scope(&row.task)) {
            self.warn(
                "the token lacks scopes (projects:read, project_sections:read): tasks come without their sections",
            );
        }
        let only_here = rows.only_here;
        let placed = self.placed(page, rows, &watched, scope).await?;
        let mut here: Vec<Placed> =
            placed.into_iter().filter(|one| !only_here || one.at.as_deref() == Some(&*scope.at.ext)).collect();
        let reading = Reading {
            states: &self.config.states,
            fields: &self.config.fields,
            people: &places.people,
            own: &own,
            is_free: self.plan_is_free(&scope.at.ext),
        };
        for one in &mut here {
            let (task, place) = (&one.row.task, one.at.as_deref().unwrap_or(&scope.at.ext));
            // A move may modify nothing, and its event may get lost: then only the place itself tells of it.
            if self.has_moved(&task.gid, &normalise::status(task, place, &reading).raw) {
                one.row.past = Past::Whole;
            }
        }
        let Told { mut stories, failed } = self.stories(&here).await?;
        let mut late = Vec::new();
        here.retain(|one| {
            let gid = &one.row.task.gid;
            if failed.contains(gid) {
                let because = "its stories cannot be had; it stays as it was, and is asked for again".to_owned();
                page.unreadable.push(Unreadable { what: format!("gid {gid}"), because });
                late.push(Heard { gid: gid.clone(), came: one.row.below == Past::Whole });
            }
            !failed.contains(gid)
        });
        let mut named = Named::default();
        for one in &here {
            let task = &one.row.task;
            match normalise::task(task, one.at.as_deref(), &scope.at.ext, &reading, &mut named) {
                Ok(read) => {
                    self.note_standing(&task.gid, &read.status.raw, is_open(task));
                    page.tasks.push(read);
                }
                Err(because) => {
                    page.unreadable.push(Unreadable { what: format!("gid {}", task.gid), because: because.to_owned() });
                    continue;
                }
            }
            if let Some(told) = stories.remove(&task.gid) {
                let place = one.at.as_deref().unwrap_or(&scope.at.ext);
                page.changes.extend(history::changes(task, place, &told, &reading, &mut named));
            }
        }
        page.accounts.extend(named.into_accounts());
        Ok(late)
    }

    /// Adds the tasks that events told of; those that are not to be seen any more are left to the census.
    pub(crate) async fn fill_heard(
        &self,
        page: &mut Page,
        scope: &Scope,
        heard: &[Heard],
        since: i64,
    ) -> Result<Vec<Heard>, ConnectorError> {
        let asks = heard.iter().map(|one| Ask::one(format!("tasks/{}", one.gid), "")).collect();
        let answers = self.ask_many_tasks(&scope.at.ext, asks).await?;
        let mut rows = Vec::with_capacity(heard.len());
        for (one, answer) in heard.iter().zip(answers) {
            if matches!(answer.status, 403 | 404 | 410) {
                continue;
            }
            let what = format!("task {}", one.gid);
            let answer = expect_ok(answer, &what)?;
            let below = if one.came { Past::Whole } else { Past::Since(since - OVERLAP) };
            match items::single::<wire::Task>(&answer, &what) {
                Ok(task) => rows.push(Row { task, past: Past::Whole, below }),
                Err(error) => {
                    page.unreadable.push(Unreadable { what: format!("gid {}", one.gid), because: error.to_string() });
                }
            }
        }
        self.fill(page, scope, Rows::single(rows)).await
    }

    /// Finds out where each task lives, and adds all that is below them.
    async fn placed(
        &self,
        page: &mut Page,
        rows: Rows,
        watched: &BTreeSet<String>,
        scope: &Scope,
    ) -> Result<Vec<Placed>, ConnectorError> {
        let homeless = rows.rows.iter().map(|row| &row.task).filter(|task| place(task, watched).is_none());
        let parents: BTreeSet<String> = homeless.filter_map(|task| task.parent.as_ref()?.gid.clone()).collect();
        let homes = self.homes_of(parents, watched).await?;
        let mut known: HashSet<String> = HashSet::new();
        let mut all: Vec<Placed> = Vec::with_capacity(rows.rows.len());
        for row in rows.rows {
            if !known.insert(row.task.gid.clone()) {
                continue;
            }
            let of_parent = || homes.get(row.task.parent.as_ref()?.gid.as_ref()?)?.clone();
            // Where a scope is lacking nothing tells its place but the list it came in.
            let of_list = || rows.only_here.then(|| scope.at.ext.clone());
            let at = place(&row.task, watched).or_else(of_parent).or_else(of_list);
            all.push(Placed { row, at });
        }
        let has_subtasks = |one: &Placed| {
            let here = !rows.only_here || one.at.as_deref() == Some(&*scope.at.ext);
            here && one.row.task.num_subtasks.unwrap_or(0) > 0 && is_gid(&one.row.task.gid)
        };
        let mut from = 0;
        for _ in 0..DEEPEST {
            let parents: Vec<(String, Option<String>, Past)> = all[from..]
                .iter()
                .filter(|one| has_subtasks(one))
                .map(|one| (one.row.task.gid.clone(), one.at.clone(), one.row.below))
                .collect();
            from = all.len();
            if parents.is_empty() {
                break;
            }
            let gids: Vec<&str> = parents.iter().map(|(gid, ..)| gid.as_str()).collect();
            let lists = self.subtasks_of(page, scope, &gids).await?;
            for ((parent, at, past), subtasks) in parents.into_iter().zip(lists) {
                for mut task in subtasks {
                    if !known.insert(task.gid.clone()) {
                        continue;
                    }
                    // A list of subtasks may leave out what it is a list of.
                    task.parent.get_or_insert_with(|| wire::Named { gid: Some(parent.clone()), name: None });
                    let own = place(&task, watched);
                    all.push(Placed { at: own.or_else(|| at.clone()), row: Row { task, past, below: past } });
                }
            }
        }
        Ok(all)
    }

    /// The subtasks of each, one level down.
    async fn subtasks_of(
        &self,
        page: &mut Page,
        scope: &Scope,
        parents: &[&str],
    ) -> Result<Vec<Vec<wire::Task>>, ConnectorError> {
        let asks: Vec<Ask> = parents.iter().map(|gid| Ask::list(format!("tasks/{gid}/subtasks"), "")).collect();
        let answers = self.ask_many_tasks(&scope.at.ext, asks.clone()).await?;
        let mut lists = Vec::with_capacity(parents.len());
        for ((gid, mut ask), answer) in parents.iter().zip(asks).zip(answers) {
            let what = format!("subtasks of task {gid}");
            // It has gone since its own answer.
            if matches!(answer.status, 403 | 404 | 410) {
                lists.push(Vec::new());
                continue;
            }
            let first = expect_ok(answer, &what)?;
            ask.fields = self.task_fields(&scope.at.ext);
            let mut tasks = Vec::new();
            for answer in self.rest_of(&ask, first, &what).await? {
                let listed = items::list(&answer, &what)?;
                tasks.extend(items::each::<wire::Task>(&listed.data, &mut page.unreadable));
            }
            lists.push(tasks);
        }
        Ok(lists)
    }

    /// Where each of these tasks lives: by its own project, else by that of its nearest ancestor that is in one.
    pub(crate) async fn homes_of(
        &self,
        gids: BTreeSet<String>,
        watched: &BTreeSet<String>,
    ) -> Result<HashMap<String, Option<String>>, ConnectorError> {
        /// Its own place, and its parent.
        type Stump = (Option<String>, Option<String>);
        let mut stumps: BTreeMap<String, Stump> = BTreeMap::new();
        let mut next: BTreeSet<String> = gids.clone();
        for _ in 0..DEEPEST {
            let asked: Vec<String> =
                next.iter().filter(|gid| is_gid(gid) && !stumps.contains_key(*gid)).cloned().collect();
            if asked.is_empty() {
                break;
            }
            let fields = "parent.gid,projects.gid,memberships.project.gid";
            let asks: Vec<Ask> = asked.iter().map(|gid| Ask::one(format!("tasks/{gid}"), fields)).collect();
            let answers = self.ask_many(&asks).await?;
            next = BTreeSet::new();
            for (gid, answer) in asked.into_iter().zip(answers) {
                let stump = self.stump(&gid, answer, watched)?;
                next.extend(stump.1.clone().filter(|_| stump.0.is_none()));
                stumps.insert(gid, stump);
            }
        }
        let home = |gid: &String| {
            let mut gid = gid.clone();
            for _ in 0..DEEPEST {
                let (at, parent) = stumps.get(&gid)?;
                if at.is_some() {
                    return at.clone();
                }
                gid = parent.clone()?;
            }
            None
        };
        Ok(gids.iter().map(|gid| (gid.clone(), home(gid))).collect())
    }

    fn stump(
        &self,
        gid: &str,
        answer: Answer,
        watched: &BTreeSet<String>,
    ) -> Result<(Option<String>, Option<String>), ConnectorError> {
        if matches!(answer.status, 403 | 404 | 410) {
            return Ok((None, None));
        }
        let what = format!("task {gid}");
        let task: wire::Task = items::single(&expect_ok(answer, &what)?, &what)?;
        Ok((place(&task, watched), task.parent.and_then(|parent| parent.gid)))
    }

    /// The stories of those whose past counts, by task, and tasks of which they cannot be had now. Whoever is gone meanwhile
    /// is left out.
    async fn stories(&self, here: &[Placed]) -> Result<Told, ConnectorError> {
        let wanted: Vec<&str> = here
            .iter()
            .filter(|one| one.row.past.covers(&one.row.task) && is_gid(&one.row.task.gid))
            .map(|one| one.row.task.gid.as_str())
            .collect();
        let (mut told, mut rest) = (Told::default(), wanted.as_slice());
        while !rest.is_empty() {
            let most = if self.has_no_batches() { 1 } else { BATCH };
            let (some, others) = rest.split_at(most.min(rest.len()));
            let asks: Vec<Ask> =
                some.iter().map(|gid| Ask::list(format!("tasks/{gid}/stories"), STORY_FIELDS)).collect();
            let answers = match self.ask_many(&asks).await {
                // Asked by itself each, as it turned out.
                Err(error) if most > 1 && self.has_no_batches() && is_its_own(&error) => continue,
                Err(error) if some.len() == 1 && is_its_own(&error) => {
                    told.fail(some[0], error)?;
                    rest = others;
                    continue;
                }
                answers => answers?,
            };
            rest = others;
            for ((gid, ask), answer) in some.iter().zip(&asks).zip(answers) {
                match self.stories_from(gid, ask, answer).await {
                    Ok(Some(stories)) => drop(told.stories.insert((*gid).to_owned(), stories)),
                    Ok(None) => {}
                    Err(error) if is_its_own(&error) => told.fail(gid, error)?,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(told)
    }

    async fn stories_from(
        &self,
        gid: &str,
        ask: &Ask,
        answer: Answer,
    ) -> Result<Option<Vec<wire::Story>>, ConnectorError> {
        if matches!(answer.status, 403 | 404 | 410) {
            return Ok(None);
        }
        let what = format!("stories of task {gid}");
        let first = expect_ok(answer, &what)?;
        let mut stories = Vec::new();
        for answer in self.rest_of(ask, first, &what).await? {
            let listed = items::list(&answer, &what)?;
            // One that cannot be read is one entry less of a history that is never complete.
            stories.extend(items::each::<wire::Story>(&listed.data, &mut Vec::new()));
        }
        Ok(Some(stories))
    }
}

/// What stories were had.
#[derive(Default)]
struct Told {
    stories: HashMap<String, Vec<wire::Story>>,
    /// Tasks whose stories cannot be had.
    failed: BTreeSet<String>,
}

impl Told {
    /// Notes a failure. Where there are more than a few, Asana itself has failed.
    fn fail(&mut self, gid: &str, error: ConnectorError) -> Result<(), ConnectorError> {
        self.failed.insert(gid.to_owned());
        if self.failed.len() > MOST_FAILED { Err(error) } else { Ok(()) }
    }
}

/// True for a failure that may be that of one task's stories alone. Whoever says when to ask again has failed as a whole.
fn is_its_own(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Transient { retry_after: None, .. } | ConnectorError::Malformed { .. })
}
