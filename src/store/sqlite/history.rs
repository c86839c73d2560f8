//! History entries, and the facts folded from them. Entries are stored raw; an entry for a task that is not mirrored yet
//! waits for it; an entry of the tool's own takes the place of a difference we observed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use connector_model::{Change, Field, Mark, Mentions, TaskRef};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::chosen::Chosen;
use super::values::{at_in, code_in, id_list, us};
use super::{Work, bulk, facts, inbox, links, planning};
use crate::domain::alert::Wish;
use crate::domain::calendar::later;
use crate::domain::command;
use crate::domain::facts::{FOLD_VERSION, Facts, FoldContext, RawChange, fold};
use crate::domain::ids::{AccountId, ContainerId, SiteId, TaskId};
use crate::domain::said::About;

/// Observed and told instants of the same change differ by at most so much.
const SAME_CHANGE: SignedDuration = SignedDuration::from_mins(10);
/// How long an entry waits for its task.
const WAIT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When something that was observed can have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// When it was not so yet, by the read before. `None`: that is not known.
    pub(super) after: Option<Timestamp>,
    /// When it had happened at the latest, by the tool's own clock; it is dated so.
    pub(super) at: Timestamp,
}

/// What stands between an entry's instant and that of the read before it, in the entry's id.
pub(super) const AFTER: &str = ":after:";

impl Span {
    /// The span of an entry, as its id keeps it.
    pub(super) fn of(vkey: &str, at: Timestamp) -> Span {
        Span { after: vkey.rsplit_once(AFTER).and_then(|(_, after)| after.parse().ok()), at }
    }
}

/// An entry to be written.
pub(super) struct Entry<'a> {
    pub(super) at: Timestamp,
    pub(super) vkey: &'a str,
    pub(super) field: Field,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) account: Option<AccountId>,
    pub(super) via: Option<&'a str>,
    pub(super) mentions: Option<String>,
    pub(super) mark: Option<String>,
    pub(super) observed: bool,
}

/// Stores the entries of a page; gives how many were new.
pub(super) fn see(work: &mut Work<'_>, site: SiteId, changes: &[Change]) -> Result<u32, StoreError> {
    let mut known: HashMap<&TaskRef, Option<TaskId>> = HashMap::new();
    let mut written = 0;
    for change in changes {
        let task = match known.get(&change.task) {
            Some(task) => *task,
            None => links::resolve(work, site, &change.task)?,
        };
        known.insert(&change.task, task);
        let entry = entry(work, site, change)?;
        if let Some(account) = entry.account.filter(|_| !is_automatic(work, &entry)) {
            work.acted(account, entry.at)?;
        }
        let new = match task {
            Some(task) => insert(work, task, &entry)?,
            None => wait(work, site, &change.task, &entry)?,
        };
        written += u32::from(new);
    }
    Ok(written)
}

/// True for an entry that an account's owner did not make with their own hands: an app did, or we.
fn is_automatic(work: &Work<'_>, entry: &Entry<'_>) -> bool {
    entry.mark.is_some() || entry.via.is_some_and(|via| work.cache.who.bots.contains(via))
}

fn entry<'a>(work: &mut Work<'_>, site: SiteId, change: &'a Change) -> Result<Entry<'a>, StoreError> {
    let mut value = |text: &Option<String>| match text {
        Some(ext) if change.field == Field::Owner => work.account(site, ext).map(|id| Some(id.to_string())),
        other => Ok(other.clone()),
    };
    let (from, to) = (value(&change.from)?, value(&change.to)?);
    Ok(Entry {
        at: change.at,
        vkey: &change.vkey,
        field: change.field,
        from,
        to,
        account: change.account.as_ref().map(|ext| work.account(site, ext)).transpose()?,
        via: change.via.as_deref(),
        mentions: change.mentions.to_text(),
        mark: change.mark.as_ref().map(Mark::to_text),
        observed: change.observed,
    })
}

/// Writes an entry unless it is there; true when it was new. Its task is folded anew.
pub(super) fn insert(work: &mut Work<'_>, task: TaskId, entry: &Entry<'_>) -> Result<bool, StoreError> {
    let replaced = if entry.observed {
        if told(work, task, entry)? {
            return Ok(false);
        }
        0
    } else if can_be_observed(entry.field) {
        forget_observed(work, task, entry)?
    } else {
        0
    };
    let written = work
        .db
        .prepare_cached(
            "INSERT INTO changes(task, at, vkey, field, old, new, account, via, mark, origin, mentions)
             VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            task.0,
            us(entry.at),
            entry.vkey,
            entry.field.code(),
            entry.from,
            entry.to,
            entry.account.map(|id| id.0),
            entry.via,
            entry.mark,
            entry.observed,
            entry.mentions
        ])?;
    let edited = written == 0 && entry.field == Field::Comment && edit(work, task, entry)?;
    if written + replaced > 0 || edited {
        work.touched.refold.insert(task);
    }
    if let (true, Some(words)) = (written > 0, answer(entry)) {
        let wish = Wish::Say { about: About::Task(task), words: words.to_owned() };
        // Whoever wrote it, be it nobody that is known, is no operator at the command line.
        let account = entry.account.unwrap_or(AccountId::NOBODY);
        let key = format!("{task}:{}", entry.vkey);
        if let Some(answer) = inbox::put(work.db, ("comment", &key), entry.at, Some(account), &wish)? {
            work.touched.answers.push(answer);
        }
    }
    if let (true, Field::Owner, Some(_), Some(account)) = (written > 0, entry.field, &entry.to, entry.account) {
        work.touched.assigned.insert((account, entry.at));
    }
    Ok(written > 0)
}

/// What a comment says to us. `None`: it is for others, or our own.
fn answer<'e>(entry: &'e Entry<'_>) -> Option<&'e str> {
    let is_comment = entry.field == Field::Comment && !entry.observed && entry.mark.is_none();
    entry.to.as_deref().filter(|_| is_comment)?.strip_prefix(command::PREFIX)
}

/// A comment asks what it says now, whatever it said when it was written.
fn edit(work: &Work<'_>, task: TaskId, entry: &Entry<'_>) -> Result<bool, StoreError> {
    let mut update = work.db.prepare_cached(
        "UPDATE changes SET mentions = ?1 WHERE task = ?2 AND at = ?3 AND vkey = ?4 AND mentions IS NOT ?1",
    )?;
    Ok(update.execute(params![entry.mentions, task.0, us(entry.at), entry.vkey])? > 0)
}

fn can_be_observed(field: Field) -> bool {
    matches!(
        field,
        Field::Due
            | Field::Start
            | Field::Title
            | Field::Description
            | Field::Progress
            | Field::Estimate
            | Field::Priority
    )
}

fn told(work: &Work<'_>, task: TaskId, entry: &Entry<'_>) -> Result<bool, StoreError> {
    let (from, to) = around(Span::of(entry.vkey, entry.at));
    let mut query = work.db.prepare_cached(
        "SELECT EXISTS(SELECT 1 FROM changes WHERE task = ? AND at BETWEEN ? AND ? AND field = ? AND origin = 0)",
    )?;
    Ok(query.query_row(params![task.0, from, to, entry.field.code()], |row| row.get(0))?)
}

/// What was observed of this very change, or of the time in which it happened.
fn forget_observed(work: &Work<'_>, task: TaskId, entry: &Entry<'_>) -> Result<usize, StoreError> {
    let mut query = work
        .db
        .prepare_cached("SELECT at, vkey FROM changes WHERE task = ? AND at >= ? AND field = ? AND origin = 1")?;
    let from = us(later(entry.at, -SAME_CHANGE));
    let rows = query
        .query_map(params![task.0, from, entry.field.code()], |row| Ok((at_in(row, 0)?, row.get::<_, String>(1)?)))?;
    let observed: Vec<(Timestamp, String)> = rows.collect::<Result<_, _>>()?;
    let mut forgotten = 0;
    for (at, vkey) in observed {
        let (from, to) = around(Span::of(&vkey, at));
        if (from..=to).contains(&us(entry.at)) {
            let mut delete = work.db.prepare_cached("DELETE FROM changes WHERE task = ? AND at = ? AND vkey = ?")?;
            forgotten += delete.execute(params![task.0, us(at), vkey])?;
        }
    }
    Ok(forgotten)
}

fn around(span: Span) -> (i64, i64) {
    let near = later(span.at, -SAME_CHANGE);
    (us(span.after.map_or(near, |after| after.min(near))), us(later(span.at, SAME_CHANGE)))
}

fn wait(work: &mut Work<'_>, site: SiteId, task: &TaskRef, entry: &Entry<'_>) -> Result<bool, StoreError> {
    let mut query = work.db.prepare_cached(
        "INSERT INTO changes_waiting(site, ref, at, vkey, field, old, new, account, via, mark, seen_at, mentions)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
    )?;
    let written = query.execute(params![
        site.0,
        links::ref_text(task),
        us(entry.at),
        entry.vkey,
        entry.field.code(),
        entry.from,
        entry.to,
        entry.account.map(|id| id.0),
        entry.via,
        entry.mark,
        us(work.now),
        entry.mentions
    ])?;
    Ok(written > 0)
}

/// Gives a task that has just come into the mirror the entries that waited for it under one of its names.
pub(super) fn adopt(work: &mut Work<'_>, site: SiteId, task: TaskId, names: &[String; 3]) -> Result<(), StoreError> {
    for name in names {
        let mut query = work.db.prepare_cached(
            "SELECT at, vkey, field, old, new, account, via, mark, 0, mentions FROM changes_waiting
             WHERE site = ? AND ref = ?",
        )?;
        let waiting: Vec<RawChange> = query.query_map(params![site.0, name], raw)?.collect::<Result<_, _>>()?;
        drop(query);
        for change in &waiting {
            insert(work, task, &stored(change))?;
        }
        if !waiting.is_empty() {
            let mut done = work.db.prepare_cached("DELETE FROM changes_waiting WHERE site = ? AND ref = ?")?;
            done.execute(params![site.0, name])?;
        }
    }
    Ok(())
}

fn stored(change: &RawChange) -> Entry<'_> {
    Entry {
        at: change.at,
        vkey: &change.vkey,
        field: change.field,
        from: change.from.clone(),
        to: change.to.clone(),
        account: change.account,
        via: change.via.as_deref(),
        mentions: change.mentions.to_text(),
        mark: change.mark.as_ref().map(Mark::to_text),
        observed: change.observed,
    }
}

/// Drops what has waited too long: it belongs to something that is no task (a pull request, a filtered item).
pub(super) fn forget_waiting(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    db.execute("DELETE FROM changes_waiting WHERE seen_at < ?", [us(later(now, -WAIT))])?;
    Ok(())
}

/// Columns from `at` on, in the order `at, vkey, field, old, new, account, via, mark, origin, mentions`.
fn raw(row: &Row<'_>) -> Result<RawChange, rusqlite::Error> {
    Ok(RawChange {
        at: at_in(row, 0)?,
        vkey: row.get(1)?,
        field: Field::from_code(code_in(row, 2)?),
        from: row.get(3)?,
        to: row.get(4)?,
        account: row.get::<_, Option<i64>>(5)?.map(AccountId),
        via: row.get(6)?,
        mark: row.get_ref(7)?.as_str_or_null()?.and_then(Mark::from_text),
        observed: row.get(8)?,
        mentions: row.get_ref(9)?.as_str_or_null()?.map(Mentions::from_text).unwrap_or_default(),
    })
}

/// All entries of one task, oldest first.
pub(super) fn read(db: &Connection, task: TaskId) -> Result<Vec<RawChange>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT at, vkey, field, old, new, account, via, mark, origin, mentions FROM changes WHERE task = ?
         ORDER BY at, vkey",
    )?;
    let rows = query.query_map([task.0], raw)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A task as far as the fold needs it.
struct Folded {
    id: TaskId,
    site: SiteId,
    container: ContainerId,
    reporter: Option<AccountId>,
    created_at: Timestamp,
    facts: Vec<u8>,
}

/// Folds these tasks anew and writes what came out differently; those are touched.
pub(super) fn refold(work: &mut Work<'_>, ids: &[TaskId]) -> Result<(), StoreError> {
    let list = id_list(ids.iter().map(|id| id.0));
    forget_outcomes(work.db, &list)?;
    let mut owners = owners_of(work.db, &Chosen::of(ids))?;
    let tasks = folded(work.db, &list)?;
    let rev = work.facts_rev();
    for task in tasks {
        let changes = read(work.db, task.id)?;
        let folded = work.fold(
            task.site,
            task.container,
            &changes,
            &owners.remove(&task.id).unwrap_or_default(),
            (task.reporter, task.created_at),
        )?;
        let blob = facts::blob(&folded);
        if blob != task.facts {
            work.touched.tasks.insert(task.id);
        }
        let mut update = work.db.prepare_cached(
            "UPDATE tasks SET facts = ?1, facts_rev = ?2 WHERE id = ?3 AND (facts <> ?1 OR facts_rev <> ?2)",
        )?;
        update.execute(params![blob, rev, task.id.0])?;
    }
    Ok(())
}

/// Forgets what these tasks left behind for norms: something about them is different now. It is folded anew when norms are.
pub(super) fn forget_outcomes(db: &Connection, list: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM outcomes WHERE task IN (SELECT value FROM json_each(?))")?.execute([list])?;
    Ok(())
}

/// Folds whatever the transaction gave new entries or owners, or whose actors turned out to be bots.
pub(super) fn refold_touched(work: &mut Work<'_>) -> Result<(), StoreError> {
    let actors = std::mem::take(&mut work.touched.judged_anew);
    if !actors.is_empty() {
        let list = id_list(actors.iter().map(|id| id.0));
        let mut query = work
            .db
            .prepare_cached("SELECT DISTINCT task FROM changes WHERE account IN (SELECT value FROM json_each(?))")?;
        let tasks: Vec<TaskId> = query.query_map([list], |row| Ok(TaskId(row.get(0)?)))?.collect::<Result<_, _>>()?;
        work.touched.refold.extend(tasks);
    }
    planning::find(work)?;
    let ids: Vec<TaskId> = std::mem::take(&mut work.touched.refold).into_iter().collect();
    for some in ids.chunks(1000) {
        refold(work, some)?;
    }
    Ok(())
}

fn folded(db: &Connection, list: &str) -> Result<Vec<Folded>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id, site, container, created_at, facts, reporter FROM tasks WHERE id IN (SELECT value FROM json_each(?))",
    )?;
    let rows = query.query_map([list], |row| {
        Ok(Folded {
            id: TaskId(row.get(0)?),
            site: SiteId(row.get(1)?),
            container: ContainerId(row.get(2)?),
            created_at: at_in(row, 3)?,
            facts: row.get(4)?,
            reporter: row.get::<_, Option<i64>>(5)?.map(AccountId),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Owners of several tasks, in a fixed order.
pub(super) fn owners_of(db: &Connection, chosen: &Chosen) -> Result<BTreeMap<TaskId, Vec<AccountId>>, StoreError> {
    let mut owners: BTreeMap<TaskId, Vec<AccountId>> = BTreeMap::new();
    for (task, account) in self::owners(db, chosen)? {
        owners.entry(task).or_default().push(account);
    }
    Ok(owners)
}

/// The same, task by task.
pub(super) fn owners(db: &Connection, chosen: &Chosen) -> Result<Vec<(TaskId, AccountId)>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT task, account FROM task_owners WHERE {} ORDER BY task, account",
        chosen.holds("task")
    ))?;
    let rows = query.query_map(chosen.values(), |row| Ok((TaskId(row.get(0)?), AccountId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Work<'_> {
    /// What stored facts were folded with; others are folded anew.
    pub(super) fn facts_rev(&self) -> String {
        facts_rev(self.plan.map_or("", |plan| &plan.read_rev))
    }

    /// Folds the entries of one task, made by whom and when, under the present configuration.
    pub(super) fn fold(
        &self,
        site: SiteId,
        container: ContainerId,
        changes: &[RawChange],
        owners: &[AccountId],
        made: (Option<AccountId>, Timestamp),
    ) -> Result<Facts, StoreError> {
        self.with_context(site, container, owners, made, |context| fold(changes, context))
    }

    /// What the entries of one task are folded with under the present configuration.
    pub(super) fn with_context<T>(
        &self,
        site: SiteId,
        container: ContainerId,
        owners: &[AccountId],
        (reporter, created_at): (Option<AccountId>, Timestamp),
        fold: impl FnOnce(&FoldContext<'_>) -> T,
    ) -> Result<T, StoreError> {
        let nobody = HashSet::new();
        let failed = RefCell::new(None);
        let cache = &*self.cache;
        let ours = cache.ours.get(&site).unwrap_or(&nobody);
        let reader = cache.reader(container).and_then(|id| cache.connections.get(&id));
        let planned = reader.and_then(|connection| super::cache::planned(self.plan, &connection.name));
        let labels = planned.map_or(&[][..], |connection| &connection.state_labels);
        let context = FoldContext {
            is_bot: &|account| cache.accounts.get(&account).is_some_and(|rec| rec.bot),
            is_bot_name: &|name| cache.who.bots.contains(name),
            is_ours: &|mark, account| {
                self.key.believes(mark) && (ours.is_empty() || account.is_some_and(|account| ours.contains(&account)))
            },
            state_of_label: &|label| {
                let label = label.to_lowercase();
                labels.iter().find(|(known, _)| *known == label).map(|(_, state)| *state)
            },
            is_bulk: &|account, at| bulk::is_part(&cache.bulks, container, account, at),
            is_planning: &|account, at| {
                let part = planning::is_part(self.db, account, at);
                part.unwrap_or_else(|error| {
                    failed.replace(Some(error));
                    false
                })
            },
            account_of: &|name| cache.account_called(site, name),
            date_of_home: &|name| cache.milestone_due(container, name),
            owners,
            reporter,
            created_at,
        };
        let folded = fold(&context);
        failed.into_inner().map_or(Ok(folded), Err)
    }
}

/// The fold's version and the revision of what it reads.
pub(super) fn facts_rev(read_rev: &str) -> String {
    format!("{FOLD_VERSION}:{read_rev}")
}
