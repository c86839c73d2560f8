//! One task of a page: found by its id, compared by its hash, written only where it differs.
//!
//! A race accepted: an equal answer writes nothing, so that an even older, different one that arrives out of order after
//! it is not recognised as older. Pages of one stream come in order, and the next read puts it right.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use connector_model::{ContainerRef, Due, Field, Ineligible, Task, TaskRef};
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, ToSql, params, params_from_iter};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::history::{self, Span};
use super::values::{at_in, at_opt, id_list, json, us, us_of};
use super::{Work, census, containers, facts, links, observed, said};
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, ContainerId, SiteId, TaskId};

/// Where a page's tasks come from.
pub(super) struct Origin {
    pub(super) site: SiteId,
    pub(super) asked_at: Timestamp,
    /// Fields of which the tool keeps no history.
    pub(super) observed: &'static [Field],
}

/// What became of a task of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Written for the first time.
    New,
    /// It differed, and was written.
    Changed,
    /// As it had been, or older than what is known.
    Same,
}

/// How long a list may lag behind what was seen elsewhere.
const LAG: SignedDuration = SignedDuration::from_mins(15);

/// Columns compared one by one when the hash differs, in the order of [`Columns::of`].
pub(super) const COLUMNS: [&str; 28] = [
    "key",
    "url",
    "handle",
    "title",
    "kind",
    "container",
    "status_raw",
    "category",
    "declared",
    "start",
    "due",
    "due_source",
    "created_at",
    "closed_at",
    "priority",
    "progress",
    "progress_source",
    "progress_items",
    "estimate",
    "spent",
    "remaining",
    "parent",
    "parent_ref",
    "reporter",
    "labels",
    "description_hash",
    "restricted",
    "ineligible",
];

/// What else a read writes of a task: where it stands among reads.
pub(super) const STANDING: [&str; 5] = ["updated_at", "hash", "links_hash", "asked_at", "changed_at"];

/// A task's columns, resolved to rows of this store.
struct Columns {
    values: Vec<Value>,
    container: ContainerId,
    owners: BTreeSet<i64>,
    homes: BTreeSet<i64>,
}

/// What a probe finds of a stored task.
struct Stored {
    id: TaskId,
    hash: Vec<u8>,
    links_hash: Option<Vec<u8>>,
    asked_at: Timestamp,
    gone_at: Option<Timestamp>,
    updated_at: Timestamp,
    /// It was not to be seen when it was asked for directly.
    unseen: bool,
}

/// Takes up one task.
pub(super) fn see(work: &mut Work<'_>, origin: &Origin, task: &Task) -> Result<Seen, StoreError> {
    let hash = hash(task)?;
    let links_hash = task.links.as_deref().map(links::hash);
    let Some(stored) = probe(work, origin.site, &task.ext)? else {
        let joined = said::joined(work, origin.site, task, None)?;
        let id = insert(work, origin, joined.as_ref().map_or(task, |(task, _)| task), &hash, links_hash)?;
        if let Some((_, own)) = joined {
            said::keep(work, id, &own)?;
        }
        return Ok(Seen::New);
    };
    let links_differ = links_hash.is_some() && links_hash != stored.links_hash;
    let same = stored.hash == hash && !links_differ && stored.gone_at.is_none() && !stored.unseen;
    // A list may lag behind: what it shows now can be older than what was seen just before. Later it is believed, for a
    // server may have been set back.
    let lags = stored.updated_at > task.updated_at && later(stored.asked_at, LAG) > origin.asked_at;
    if same || stored.asked_at > origin.asked_at || lags {
        return Ok(Seen::Same);
    }
    let Some((joined, own)) = said::joined(work, origin.site, task, Some(stored.id))? else {
        // A board may have spoken of it under a name that it has no more.
        said::forget(work, stored.id)?;
        return update(work, origin, task, &stored, &hash, links_hash);
    };
    said::keep(work, stored.id, &own)?;
    update(work, origin, &joined, &stored, &hash, links_hash)
}

fn probe(work: &Work<'_>, site: SiteId, ext: &str) -> Result<Option<Stored>, StoreError> {
    const FIND: &str = "SELECT id, hash, links_hash, asked_at, gone_at, updated_at, missing FROM tasks WHERE ";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Stored {
            id: TaskId(row.get(0)?),
            hash: row.get(1)?,
            links_hash: row.get(2)?,
            asked_at: at_in(row, 3)?,
            gone_at: at_opt(row, 4)?,
            updated_at: at_in(row, 5)?,
            unseen: row.get(6)?,
        })
    };
    let mut query = work.db.prepare_cached(&format!("{FIND} site = ? AND ext = ?"))?;
    let found = query.query_row(params![site.0, ext], read).optional()?;
    if found.is_some() || !work.has_alias {
        return Ok(found);
    }
    let sql = format!("{FIND} id = (SELECT task FROM task_alias WHERE site = ? AND ext = ?)");
    Ok(work.db.prepare_cached(&sql)?.query_row(params![site.0, ext], read).optional()?)
}

fn insert(
    work: &mut Work<'_>,
    origin: &Origin,
    task: &Task,
    hash: &[u8],
    links_hash: Option<Vec<u8>>,
) -> Result<TaskId, StoreError> {
    let columns = Columns::of(work, origin.site, task)?;
    let owners: Vec<AccountId> = columns.owners.iter().map(|id| AccountId(*id)).collect();
    let reporter = task.reporter.as_ref().map(|ext| work.account(origin.site, ext)).transpose()?;
    let facts = work.fold(origin.site, columns.container, &[], &owners, (reporter, task.created_at))?;
    let (facts, rev) = (facts::blob(&facts), work.facts_rev());
    let rest: [&dyn ToSql; 9] = [
        &origin.site.0,
        &task.ext,
        &us(task.updated_at),
        &hash,
        &links_hash,
        &us(origin.asked_at),
        &us(origin.asked_at),
        &facts,
        &rev,
    ];
    let values = columns.values.iter().map(|value| value as &dyn ToSql).chain(rest);
    work.db.prepare_cached(&INSERT)?.execute(params_from_iter(values))?;
    let id = TaskId(work.db.last_insert_rowid());
    OWNERS.fill(work, id, &columns.owners)?;
    HOMES.fill(work, id, &columns.homes)?;
    if let Some(links) = task.links.as_deref().filter(|links| !links.is_empty()) {
        links::replace(work, origin.site, id, links)?;
    }
    if !task.mentions.is_empty() {
        links::mention(work, origin.site, id, &task.mentions)?;
    }
    work.touched.new.insert(id);
    work.touched.tasks.insert(id);
    work.touched.around.insert(id);
    census::suspect_move(work, origin.site, task, id, origin.asked_at)?;
    introduce(work, origin.site, id, task)?;
    Ok(id)
}

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let marks = "?,".repeat(COLUMNS.len() + 8);
    format!(
        "INSERT INTO tasks({}, site, ext, updated_at, hash, links_hash, asked_at, changed_at, facts, facts_rev)
         VALUES ({marks}?)",
        COLUMNS.join(",")
    )
});

/// Others may have named this task before it came, or before it got its present key.
fn introduce(work: &mut Work<'_>, site: SiteId, id: TaskId, task: &Task) -> Result<(), StoreError> {
    if work.has_dangling || work.has_orphans || work.has_waiting {
        let names = links::names(&task.ext, &task.key, &task.url);
        let named = links::named(work, site, &names)?;
        if named.in_links || named.as_parent {
            links::attach(work, site, id, &names)?;
        }
        if named.in_history {
            history::adopt(work, site, id, &names)?;
        }
    }
    // What this task itself left dangling may be on the same page.
    work.has_dangling |= !task.mentions.is_empty() || task.links.as_ref().is_some_and(|links| !links.is_empty());
    work.has_orphans |= task.parent.is_some();
    Ok(())
}

fn update(
    work: &mut Work<'_>,
    origin: &Origin,
    task: &Task,
    stored: &Stored,
    hash: &[u8],
    links_hash: Option<Vec<u8>>,
) -> Result<Seen, StoreError> {
    let id = stored.id;
    let mut columns = Columns::of(work, origin.site, task)?;
    let before = read_columns(work, id)?;
    for i in untold(&task.untold) {
        columns.values[i] = before[i].clone();
    }
    if task.untold.contains(&Field::Status) {
        keep_closed(&before, &mut columns.values);
    }
    let differing: Vec<usize> = (0..COLUMNS.len()).filter(|i| before[*i] != columns.values[*i]).collect();
    let span = Span { after: Some(stored.asked_at), at: task.updated_at };
    observed::keep(work, id, origin.observed, span, pair(&before, &columns.values))?;
    let owners = OWNERS.put(work, id, &columns.owners)?;
    let homes = HOMES.put(work, id, &columns.homes)?;
    let linked = match &task.links {
        Some(links) => links::replace(work, origin.site, id, links)?,
        None => false,
    };
    let linked = links::mention(work, origin.site, id, &task.mentions)? || linked;
    let returned = stored.gone_at.is_some() || stored.unseen;
    let differs = owners || homes || linked || returned || !differing.is_empty();
    write(work, origin, task, stored, hash, links_hash, (&differing, &columns.values, differs))?;
    if !differs {
        return Ok(Seen::Same);
    }
    let moved = |names: &[&str]| differing.iter().any(|i| names.contains(&COLUMNS[*i]));
    // What it was a part of may be on the board for its sake alone.
    if let Some(Value::Integer(parent)) = differing.iter().find(|i| COLUMNS[**i] == "parent").map(|i| &before[*i]) {
        work.touched.maybe.insert(TaskId(*parent));
    }
    work.touched.tasks.insert(id);
    if returned || moved(&["closed_at", "container", "parent"]) {
        work.touched.around.insert(id);
    }
    if owners || moved(&["container", "created_at"]) {
        work.touched.refold.insert(id);
    }
    if moved(&["closed_at", "category", "container", "kind"]) {
        history::forget_outcomes(work.db, &id_list([id.0]))?;
    }
    if moved(&["key", "url"]) {
        introduce(work, origin.site, id, task)?;
    }
    work.has_dangling |= linked;
    work.has_orphans |= moved(&["parent_ref"]);
    Ok(Seen::Changed)
}

/// Places of the columns that these fields stand in.
fn untold(fields: &[Field]) -> impl Iterator<Item = usize> {
    fields
        .iter()
        .flat_map(|field| -> &[&str] {
            match field {
                Field::Start => &["start"],
                Field::Due => &["due", "due_source"],
                Field::Priority => &["priority"],
                Field::Progress => &["progress", "progress_source", "progress_items"],
                Field::Estimate => &["estimate", "spent", "remaining"],
                _ => &[],
            }
        })
        .filter_map(|name| COLUMNS.iter().position(|column| column == name))
}

/// Of a task that was over before and still is, where its tool does not tell since when: what was known of it stays.
fn keep_closed(before: &[Value], after: &mut [Value]) {
    let place = |name: &str| COLUMNS.iter().position(|column| *column == name);
    if let (Some(at), Some(category)) = (place("closed_at"), place("category"))
        && before[at] != Value::Null
        && after[at] != Value::Null
        && before[category] == after[category]
    {
        after[at] = before[at].clone();
    }
}

/// Writes the columns that differ, by row number.
fn write(
    work: &Work<'_>,
    origin: &Origin,
    task: &Task,
    stored: &Stored,
    hash: &[u8],
    links_hash: Option<Vec<u8>>,
    (differing, values, differs): (&[usize], &[Value], bool),
) -> Result<(), StoreError> {
    let sets: String = differing.iter().map(|i| format!("{} = ?, ", COLUMNS[*i])).collect();
    let changed = if differs { "changed_at = ?, " } else { "changed_at = coalesce(changed_at, ?), " };
    let sql = format!(
        "UPDATE tasks SET {sets}{changed}updated_at = ?, hash = ?, links_hash = coalesce(?, links_hash),
           asked_at = ?, missing = 0, gone_at = NULL WHERE id = ?"
    );
    let asked_at = us(origin.asked_at);
    let rest: [&dyn ToSql; 6] = [&asked_at, &us(task.updated_at), &hash, &links_hash, &asked_at, &stored.id.0];
    let values = differing.iter().map(|i| &values[*i] as &dyn ToSql).chain(rest);
    work.db.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Writes some columns of a task where they differ; true where they did. What the tool keeps no history of is dated `at`.
pub(super) fn patch(
    work: &mut Work<'_>,
    origin: &Origin,
    id: TaskId,
    at: Timestamp,
    columns: &[(&'static str, Value)],
) -> Result<bool, StoreError> {
    let before = read_columns(work, id)?;
    let mut after = before.clone();
    for (name, value) in columns {
        if let Some(i) = COLUMNS.iter().position(|column| column == name) {
            after[i] = value.clone();
        }
    }
    let differing: Vec<usize> = (0..COLUMNS.len()).filter(|i| before[*i] != after[*i]).collect();
    if differing.is_empty() {
        return Ok(false);
    }
    observed::keep(work, id, origin.observed, Span { after: None, at }, pair(&before, &after))?;
    let sets: String = differing.iter().map(|i| format!("{} = ?, ", COLUMNS[*i])).collect();
    let sql = format!("UPDATE tasks SET {sets}changed_at = ? WHERE id = ?");
    let rest: [&dyn ToSql; 2] = [&us(origin.asked_at), &id.0];
    let values = differing.iter().map(|i| &after[*i] as &dyn ToSql).chain(rest);
    work.db.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    work.touched.tasks.insert(id);
    Ok(true)
}

/// A column before and after, by its name.
fn pair<'v>(before: &'v [Value], after: &'v [Value]) -> impl Fn(&str) -> Option<(&'v Value, &'v Value)> {
    |name| COLUMNS.iter().position(|column| *column == name).map(|i| (&before[i], &after[i]))
}

fn read_columns(work: &Work<'_>, id: TaskId) -> Result<Vec<Value>, StoreError> {
    let sql = format!("SELECT {} FROM tasks WHERE id = ?", COLUMNS.join(","));
    let mut query = work.db.prepare_cached(&sql)?;
    Ok(query.query_row([id.0], |row| (0..COLUMNS.len()).map(|i| row.get(i)).collect())?)
}

/// One of the sets that belong to a task.
struct SetTable {
    select: &'static str,
    delete: &'static str,
    insert: &'static str,
}

const OWNERS: SetTable = SetTable {
    select: "SELECT account FROM task_owners WHERE task = ?",
    delete: "DELETE FROM task_owners WHERE task = ? AND account = ?",
    insert: "INSERT INTO task_owners(task, account) VALUES (?, ?)",
};

const HOMES: SetTable = SetTable {
    select: "SELECT container FROM task_homes WHERE task = ?",
    delete: "DELETE FROM task_homes WHERE task = ? AND container = ?",
    insert: "INSERT INTO task_homes(task, container) VALUES (?, ?)",
};

impl SetTable {
    /// Writes the set of a new task.
    fn fill(&self, work: &Work<'_>, id: TaskId, wanted: &BTreeSet<i64>) -> Result<(), StoreError> {
        for other in wanted {
            work.db.prepare_cached(self.insert)?.execute([id.0, *other])?;
        }
        Ok(())
    }

    /// Brings the rows in line; true when anything differed.
    fn put(&self, work: &Work<'_>, id: TaskId, wanted: &BTreeSet<i64>) -> Result<bool, StoreError> {
        let mut query = work.db.prepare_cached(self.select)?;
        let before: BTreeSet<i64> = query.query_map([id.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for other in before.difference(wanted) {
            work.db.prepare_cached(self.delete)?.execute([id.0, *other])?;
        }
        for other in wanted.difference(&before) {
            work.db.prepare_cached(self.insert)?.execute([id.0, *other])?;
        }
        Ok(before != *wanted)
    }
}

impl Columns {
    fn of(work: &mut Work<'_>, site: SiteId, task: &Task) -> Result<Columns, StoreError> {
        let container = containers::id_of(work, site, &task.container)?;
        let reporter = task.reporter.as_ref().map(|ext| work.account(site, ext)).transpose()?;
        if let Some(reporter) = reporter {
            work.acted(reporter, task.created_at)?;
        }
        let parent = parent_of(work, site, task)?;
        let owners = task.owners.iter().map(|ext| Ok(work.account(site, ext)?.0)).collect::<Result<_, StoreError>>()?;
        let homes =
            task.homes.iter().map(|at| Ok(containers::id_of(work, site, at)?.0)).collect::<Result<_, StoreError>>()?;
        let progress = task.progress;
        let values = vec![
            task.key.clone().into(),
            task.url.clone().into(),
            task.handle.clone().into(),
            task.title.clone().into(),
            task.kind.clone().into(),
            container.0.into(),
            task.status.raw.clone().into(),
            i64::from(task.status.category.code()).into(),
            i64::from(task.status.declared).into(),
            task.start.map(Due::to_text).into(),
            task.due.map(|stated| stated.due.to_text()).into(),
            task.due.map(|stated| i64::from(stated.source.code())).into(),
            us(task.created_at).into(),
            us_of(task.closed_at).into(),
            task.priority.map(i64::from).into(),
            progress.map(|progress| progress.share.get()).into(),
            progress.map(|progress| i64::from(progress.source.code())).into(),
            progress.map(|progress| i64::from(progress.items)).into(),
            task.estimate_secs.into(),
            task.spent_secs.into(),
            task.remaining_secs.into(),
            parent.map(|id| id.0).into(),
            task.parent.as_ref().map(links::ref_text).into(),
            reporter.map(|id| id.0).into(),
            json(&task.labels)?.into(),
            task.description_hash.cast_signed().into(),
            i64::from(task.restricted).into(),
            i64::from(Ineligible::code(task.ineligible)).into(),
        ];
        Ok(Columns { values, container, owners, homes })
    }
}

/// A task that names itself as its parent has none.
fn parent_of(work: &Work<'_>, site: SiteId, task: &Task) -> Result<Option<TaskId>, StoreError> {
    let Some(parent) = &task.parent else { return Ok(None) };
    let parent = links::resolve(work, site, parent)?;
    Ok(if parent.is_some() && parent == links::by_ext(work, site, &task.ext)? { None } else { parent })
}

/// Everything of a task that counts as content: not its `updated`, which a comment moves, and not its links, which an
/// answer may leave out.
#[derive(Serialize)]
struct Content<'a> {
    names: [&'a str; 4],
    kind: &'a Option<String>,
    container: &'a ContainerRef,
    homes: BTreeSet<&'a ContainerRef>,
    status: &'a connector_model::Status,
    owners: BTreeSet<&'a String>,
    reporter: &'a Option<String>,
    instants: (Timestamp, Option<Timestamp>),
    start: Option<Due>,
    due: Option<connector_model::DueStated>,
    priority: Option<u8>,
    labels: &'a [String],
    progress: Option<connector_model::Progress>,
    effort: [Option<i64>; 3],
    parent: &'a Option<TaskRef>,
    description: u64,
    #[serde(skip_serializing_if = "<[TaskRef]>::is_empty")]
    mentions: &'a [TaskRef],
    restricted: bool,
    ineligible: Option<Ineligible>,
    #[serde(skip_serializing_if = "<[Field]>::is_empty")]
    untold: &'a [Field],
}

/// Fingerprint of a task's content, whatever the order of its owners and homes.
fn hash(task: &Task) -> Result<Vec<u8>, StoreError> {
    let content = Content {
        names: [&task.key, &task.url, &task.handle, &task.title],
        kind: &task.kind,
        container: &task.container,
        homes: task.homes.iter().collect(),
        status: &task.status,
        owners: task.owners.iter().collect(),
        reporter: &task.reporter,
        instants: (task.created_at, task.closed_at),
        start: task.start,
        due: task.due,
        priority: task.priority,
        labels: &task.labels,
        progress: task.progress,
        effort: [task.estimate_secs, task.spent_secs, task.remaining_secs],
        parent: &task.parent,
        description: task.description_hash,
        mentions: &task.mentions,
        restricted: task.restricted,
        ineligible: task.ineligible,
        untold: &task.untold,
    };
    Ok(Sha256::digest(json(&content)?)[..16].to_vec())
}
