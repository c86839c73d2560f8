//! Parents and links: a task may name another before that one is mirrored. Such a reference is kept as text and resolved
//! in the transaction that brings the other task; both are touched then.

use std::collections::BTreeMap;

use connector_kit::TaskLinks;
use connector_model::{Address, Link, LinkKind, TaskRef};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::Work;
use crate::domain::ids::{SiteId, TaskId};

/// The form kept in the store; keys in lower case, for people and tools do not agree about that, and addresses in one form
/// of many.
pub(super) fn ref_text(task: &TaskRef) -> String {
    match task {
        TaskRef::Key(key) => TaskRef::Key(key.to_ascii_lowercase()).to_text(),
        TaskRef::Url(url) => TaskRef::Url(Address::of(url).map_or_else(|| url.clone(), |known| known.text)).to_text(),
        other => other.to_text(),
    }
}

/// The names under which others may refer to a task.
pub(super) fn names(ext: &str, key: &str, url: &str) -> [String; 3] {
    [
        TaskRef::Ext(ext.to_owned()).to_text(),
        ref_text(&TaskRef::Key(key.to_owned())),
        ref_text(&TaskRef::Url(url.to_owned())),
    ]
}

/// The same for a task that is mirrored, with every id it is kept or was ever known under.
pub(super) fn all_names(db: &Connection, task: TaskId, names: [String; 3]) -> Result<Vec<String>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT ext FROM tasks WHERE id = ?1 UNION SELECT ext FROM task_alias WHERE task = ?1")?;
    let mut all = Vec::from(names);
    for ext in query.query_map([task.0], |row| row.get(0))? {
        let name = TaskRef::Ext(ext?).to_text();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(all)
}

/// The task of this stable id, also of one it had before.
pub(super) fn by_ext(work: &Work<'_>, site: SiteId, ext: &str) -> Result<Option<TaskId>, StoreError> {
    let mut query = work.db.prepare_cached("SELECT id FROM tasks WHERE site = ? AND ext = ?")?;
    let found = query.query_row(params![site.0, ext], |row| Ok(TaskId(row.get(0)?))).optional()?;
    if found.is_some() || !work.has_alias {
        return Ok(found);
    }
    let mut query = work.db.prepare_cached("SELECT task FROM task_alias WHERE site = ? AND ext = ?")?;
    Ok(query.query_row(params![site.0, ext], |row| Ok(TaskId(row.get(0)?))).optional()?)
}

/// The task an answer refers to. `None`: it is not mirrored.
pub(super) fn resolve(work: &Work<'_>, site: SiteId, task: &TaskRef) -> Result<Option<TaskId>, StoreError> {
    match task {
        TaskRef::Ext(ext) => by_ext(work, site, ext),
        TaskRef::Key(key) => {
            let mut query = work.db.prepare_cached(
                "SELECT id FROM tasks WHERE site = ?1 AND key = ?2
                 ORDER BY key <> ?2 COLLATE BINARY, gone_at IS NOT NULL, id DESC",
            )?;
            Ok(query.query_row(params![site.0, key], |row| Ok(TaskId(row.get(0)?))).optional()?)
        }
        TaskRef::Url(url) => {
            let mut query = work.db.prepare_cached("SELECT id FROM tasks WHERE url = ? ORDER BY id DESC")?;
            let exact = query.query_row([url], |row| Ok(TaskId(row.get(0)?))).optional()?;
            drop(query);
            match exact {
                Some(task) => Ok(Some(task)),
                None => by_address(work, url),
            }
        }
    }
}

/// The task on whatever site that has this address, however it is written.
fn by_address(work: &Work<'_>, url: &str) -> Result<Option<TaskId>, StoreError> {
    let Some(address) = Address::of(url) else { return Ok(None) };
    let (column, name) = match &address.name {
        TaskRef::Ext(name) => ("ext", name),
        TaskRef::Key(name) | TaskRef::Url(name) => ("key", name),
    };
    let mut query = work.db.prepare_cached(&format!(
        "SELECT id, url FROM tasks WHERE site IN (SELECT id FROM sites) AND {column} = ? ORDER BY gone_at IS NOT NULL, id DESC"
    ))?;
    let mut rows = query.query([name])?;
    while let Some(row) = rows.next()? {
        let written: String = row.get(1)?;
        if Address::of(&written).is_some_and(|found| found.text == address.text) {
            return Ok(Some(TaskId(row.get(0)?)));
        }
    }
    Ok(None)
}

/// Fingerprint of a task's own side of its links, whatever their order.
pub(super) fn hash(links: &[Link]) -> Vec<u8> {
    let mut lines: Vec<String> =
        links.iter().map(|link| format!("{} {}", link.kind.code(), ref_text(&link.other))).collect();
    lines.sort_unstable();
    lines.dedup();
    Sha256::digest(lines.join("\n"))[..16].to_vec()
}

/// Links of tasks that were asked for without the task itself.
pub(super) fn see(work: &mut Work<'_>, site: SiteId, pages: &[TaskLinks]) -> Result<bool, StoreError> {
    let mut wrote = false;
    for page in pages {
        // Of a task that is not mirrored nothing is kept: its own first read tells its links again.
        let Some(task) = resolve(work, site, &page.task)? else { continue };
        let before: Option<Vec<u8>> = work
            .db
            .prepare_cached("SELECT links_hash FROM tasks WHERE id = ?")?
            .query_row([task.0], |row| row.get(0))?;
        let hash = hash(&page.links);
        if before.as_deref() == Some(&hash[..]) {
            continue;
        }
        work.db.prepare_cached("UPDATE tasks SET links_hash = ? WHERE id = ?")?.execute(params![hash, task.0])?;
        wrote |= replace(work, site, task, &page.links)?;
    }
    Ok(wrote)
}

/// Replaces a task's own side; true when anything differed. Those at the other end are touched too, for a closed one may
/// come onto the board or leave it.
pub(super) fn replace(work: &mut Work<'_>, site: SiteId, task: TaskId, links: &[Link]) -> Result<bool, StoreError> {
    put(work, site, task, links, false)
}

/// Replaces what a task's text names; true when anything differed.
pub(super) fn mention(work: &mut Work<'_>, site: SiteId, task: TaskId, named: &[TaskRef]) -> Result<bool, StoreError> {
    let links = named.iter().map(|other| Link { kind: LinkKind::Mentions, other: other.clone() });
    put(work, site, task, &links.collect::<Vec<_>>(), true)
}

/// What the text names is told with the text, the other links often apart from it: each replaces its own.
fn put(work: &mut Work<'_>, site: SiteId, task: TaskId, links: &[Link], in_text: bool) -> Result<bool, StoreError> {
    let mut query = work.db.prepare_cached("SELECT kind, ref, other FROM links WHERE task = ? AND (kind = 4) = ?")?;
    let rows = query.query_map(params![task.0, in_text], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    let mut before: BTreeMap<(u8, String), Option<i64>> = rows.collect::<Result<_, _>>()?;
    drop(query);
    let mut differs = false;
    for link in links {
        let name = ref_text(&link.other);
        if before.remove(&(link.kind.code(), name.clone())).is_some() {
            continue;
        }
        let other = resolve(work, site, &link.other)?;
        let mut insert = work
            .db
            .prepare_cached("INSERT INTO links(task, kind, ref, other) VALUES (?,?,?,?) ON CONFLICT DO NOTHING")?;
        insert.execute(params![task.0, link.kind.code(), name, other.map(|id| id.0)])?;
        work.touched.maybe.extend(other);
        differs = true;
    }
    for ((kind, name), other) in before {
        let mut delete = work.db.prepare_cached("DELETE FROM links WHERE task = ? AND kind = ? AND ref = ?")?;
        delete.execute(params![task.0, kind, name])?;
        work.touched.maybe.extend(other.map(TaskId));
        differs = true;
    }
    if differs {
        work.touched.tasks.insert(task);
    }
    Ok(differs)
}

/// Where something named a task before it was mirrored.
pub(super) struct Named {
    pub(super) in_links: bool,
    pub(super) as_parent: bool,
    pub(super) in_history: bool,
}

/// Asks once for all, for most tasks were never named.
pub(super) fn named(work: &Work<'_>, site: SiteId, names: &[String; 3]) -> Result<Named, StoreError> {
    let mut query = work.db.prepare_cached(
        "SELECT EXISTS(SELECT 1 FROM links WHERE other IS NULL AND ref IN (?1, ?2, ?3)),
           EXISTS(SELECT 1 FROM tasks WHERE parent IS NULL AND parent_ref IN (?1, ?2, ?3)),
           EXISTS(SELECT 1 FROM changes_waiting WHERE site = ?4 AND ref IN (?1, ?2, ?3))",
    )?;
    Ok(query.query_row(params![names[0], names[1], names[2], site.0], |row| {
        Ok(Named { in_links: row.get(0)?, as_parent: row.get(1)?, in_history: row.get(2)? })
    })?)
}

/// Resolves what named this task before it was mirrored.
pub(super) fn attach(work: &mut Work<'_>, site: SiteId, task: TaskId, names: &[String; 3]) -> Result<(), StoreError> {
    for sql in [
        "UPDATE links SET other = ?1 WHERE other IS NULL AND ref = ?2 AND task <> ?1
           AND (?3 IS NULL OR (SELECT site FROM tasks WHERE id = links.task) = ?3) RETURNING task",
        "UPDATE tasks SET parent = ?1 WHERE parent IS NULL AND parent_ref = ?2 AND id <> ?1
           AND (?3 IS NULL OR site = ?3) RETURNING id",
    ] {
        for name in names {
            // A browser address is the same everywhere; ids and keys are those of one site.
            let only = (!name.starts_with("url:")).then_some(site.0);
            let mut update = work.db.prepare_cached(sql)?;
            let rows = update.query_map(params![task.0, name, only], |row| Ok(TaskId(row.get(0)?)))?;
            let resolved: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
            if !resolved.is_empty() {
                work.touched.tasks.extend(&resolved);
                work.touched.tasks.insert(task);
            }
        }
    }
    Ok(())
}
