//! What is on the board, read from its rows: all of it at start, and what one transaction changed.
//!
//! On the board are, of containers that somebody reads: open tasks, those closed within thirty days, closed children and
//! parents of open ones, closed blockers of open tasks and what is linked with these without an order between them. The rule stands here twice, as a set for loading and as a condition for
//! a few tasks; a test holds the two together. The set is in [`super::present`].

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use connector_kit::StreamKind;
use connector_model::{
    ContainerKind, Due, DueSource, DueStated, Ineligible, LinkKind, Progress, ProgressSource, Share, StatusCategory,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::chosen::Chosen;
use super::values::{at_in, at_opt, code_in, id_list, json_in, us};
use super::{Work, bulk, census, facts, history, lacks, streams};
use crate::domain::absence::Hold;
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, SiteId, TaskId};
use crate::domain::look::is_home;
use crate::domain::record::{
    BoardDelta, ConnectionRec, ContainerRec, Gone, HistoryReach, TaskImage, TaskPacked, TaskRec, TaskWords,
};

/// How long a closed task stays on the board for its own sake.
const CLOSED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Tasks closed before this are on the board only as neighbours.
pub(super) fn closed_since(now: Timestamp) -> Timestamp {
    later(now, -CLOSED_KEPT)
}

/// Those of some tasks that are on the board.
fn among(db: &Connection, ids: &BTreeSet<TaskId>, since: Timestamp) -> Result<Vec<TaskId>, StoreError> {
    const OPEN: &str = "closed_at IS NULL AND gone_at IS NULL AND container IN
      (SELECT id FROM containers WHERE reader IS NOT NULL)";
    let mut query = db.prepare_cached(&format!(
        "SELECT t.id FROM tasks t JOIN containers c ON c.id = t.container
         WHERE t.id IN (SELECT value FROM json_each(?1)) AND c.reader IS NOT NULL AND t.gone_at IS NULL AND (
           t.closed_at IS NULL OR t.closed_at >= ?2
           OR EXISTS(SELECT 1 FROM tasks WHERE id = t.parent AND {OPEN})
           OR EXISTS(SELECT 1 FROM tasks WHERE parent = t.id AND {OPEN})
           OR EXISTS(SELECT 1 FROM links l WHERE l.other = t.id AND l.kind <> 1
                     AND EXISTS(SELECT 1 FROM tasks WHERE id = l.task AND {OPEN}))
           OR EXISTS(SELECT 1 FROM links l WHERE l.task = t.id AND l.kind <> 0
                     AND EXISTS(SELECT 1 FROM tasks WHERE id = l.other AND {OPEN})))
         ORDER BY t.id"
    ))?;
    let list = id_list(ids.iter().map(|id| id.0));
    let rows = query.query_map(params![list, us(since)], |row| Ok(TaskId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Closed neighbours that are on the board, or not, because of these tasks.
fn neighbours(db: &Connection, ids: &BTreeSet<TaskId>, since: Timestamp) -> Result<Vec<TaskId>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id FROM tasks WHERE parent IN (SELECT value FROM json_each(?1)) AND closed_at < ?2
         UNION SELECT t.id FROM tasks child JOIN tasks t ON t.id = child.parent
           WHERE child.id IN (SELECT value FROM json_each(?1)) AND t.closed_at < ?2
         UNION SELECT t.id FROM links l JOIN tasks t ON t.id = l.other
           WHERE l.task IN (SELECT value FROM json_each(?1)) AND l.kind <> 1 AND t.closed_at < ?2
         UNION SELECT t.id FROM links l JOIN tasks t ON t.id = l.task
           WHERE l.other IN (SELECT value FROM json_each(?1)) AND l.kind <> 0 AND t.closed_at < ?2",
    )?;
    let list = id_list(ids.iter().map(|id| id.0));
    let rows = query.query_map(params![list, us(since)], |row| Ok(TaskId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What the present transaction changes on the board.
pub(super) fn delta(work: &mut Work<'_>) -> Result<BoardDelta, StoreError> {
    let touched = std::mem::take(&mut work.touched);
    if !work.watched {
        return Ok(BoardDelta::default());
    }
    let since = work.closed_since();
    let mut candidates = touched.tasks;
    candidates.extend(touched.maybe);
    if !touched.around.is_empty() {
        candidates.extend(neighbours(work.db, &touched.around, since)?);
    }
    let mut delta = BoardDelta::default();
    if !candidates.is_empty() {
        let here = among(work.db, &candidates, since)?;
        delta.tasks = images(work.db, &here, work.plan.is_some_and(|plan| plan.words))?;
        let here: HashSet<TaskId> = here.into_iter().collect();
        let left = candidates.into_iter().filter(|id| !here.contains(id) && !touched.new.contains(id));
        delta.removed = left.collect();
        delta.gone = gone(work.db, delta.removed.iter().copied())?;
    }
    if !touched.containers.is_empty() {
        delta.containers = containers(work.db, Some(&touched.containers))?;
    }
    if !touched.connections.is_empty() {
        delta.connections = connections(work.db)?;
        delta.connections.retain(|rec| touched.connections.contains(&rec.id));
    }
    delta.answers = touched.answers;
    delta.accounts = touched.accounts.iter().filter_map(|id| work.cache.accounts.get(id).cloned()).collect();
    Ok(delta)
}

/// Those of some tasks that are not there any more, by the tool's own word.
pub(super) fn gone(db: &Connection, ids: impl IntoIterator<Item = TaskId>) -> Result<Vec<(TaskId, Gone)>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id, missing FROM tasks WHERE id IN (SELECT value FROM json_each(?)) AND gone_at IS NOT NULL ORDER BY id",
    )?;
    let rows = query.query_map([id_list(ids.into_iter().map(|id| id.0))], |row| {
        let how = if row.get::<_, i64>(1)? == census::MOVED_AWAY { Gone::MovedAway } else { Gone::Deleted };
        Ok((TaskId(row.get(0)?), how))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Work<'_> {
    pub(super) fn closed_since(&self) -> Timestamp {
        closed_since(self.now)
    }
}

/// Tasks as the board keeps them, in the order asked for: never more than some of them are here whole at once.
pub(super) fn packed(db: &Connection, ids: &[TaskId], words: bool) -> Result<Vec<TaskPacked>, StoreError> {
    let mut packed = Vec::with_capacity(ids.len());
    each(db, ids, words, |image| packed.push(image.into()))?;
    Ok(packed)
}

/// Tasks whole, with their owners, homes and links, in the order asked for; `words`: with what the tools call things.
pub(super) fn images(db: &Connection, ids: &[TaskId], words: bool) -> Result<Vec<TaskImage>, StoreError> {
    let mut images = Vec::with_capacity(ids.len());
    each(db, ids, words, |image| images.push(image))?;
    Ok(images)
}

fn each(db: &Connection, ids: &[TaskId], words: bool, mut take: impl FnMut(TaskImage)) -> Result<(), StoreError> {
    let mut kinds: HashSet<Arc<str>> = HashSet::new();
    for some in ids.chunks(1000) {
        let chosen = Chosen::of(some);
        let mut owners = InStep::of(history::owners(db, &chosen)?);
        let mut homes = InStep::of(homes_of(db, &chosen)?);
        let mut links = InStep::of(links_of(db, &chosen)?);
        let mut told = if words { words_of(db, &chosen)? } else { HashMap::new() };
        let mut query = db.prepare_cached(&format!(
            "SELECT id, ext, container, category, declared, start, due, due_source, created_at, closed_at, priority, progress,
               progress_source, progress_items, estimate, parent, reporter, ineligible, restricted, changed_at, facts,
               missing <> 0, CASE WHEN declared = 0 AND status_raw <> 'open' THEN status_raw END, kind, spent, remaining
             FROM tasks WHERE {} ORDER BY id",
            chosen.holds("id")
        ))?;
        let mut rows = query.query(chosen.values())?;
        while let Some(row) = rows.next()? {
            let id = TaskId(row.get(0)?);
            if matches!(chosen, Chosen::Stretch(..)) && some.binary_search(&id).is_err() {
                continue;
            }
            let mut rec = task(row, &mut kinds)?;
            rec.owners = owners.of_task(id).collect();
            rec.homes = homes.of_task(id).collect();
            rec.words = told.remove(&id);
            let mut image = TaskImage { rec, blocked_by: Vec::new(), blocks: Vec::new(), linked: Vec::new() };
            for (kind, other) in links.of_task(id) {
                match kind {
                    LinkKind::BlockedBy => image.blocked_by.push(other),
                    LinkKind::Blocks => image.blocks.push(other),
                    LinkKind::Relates | LinkKind::Duplicates | LinkKind::Mentions => {
                        if !image.linked.contains(&other) {
                            image.linked.push(other);
                        }
                    }
                }
            }
            take(image);
        }
    }
    Ok(())
}

/// Rows of several tasks, in the order of the tasks, which are asked for in this order.
struct InStep<T> {
    rows: std::iter::Peekable<std::vec::IntoIter<(TaskId, T)>>,
}

impl<T> InStep<T> {
    fn of(rows: Vec<(TaskId, T)>) -> InStep<T> {
        InStep { rows: rows.into_iter().peekable() }
    }

    /// Those of a task; what lies before it is left out.
    fn of_task(&mut self, task: TaskId) -> impl Iterator<Item = T> {
        while self.rows.next_if(|(of, _)| *of < task).is_some() {}
        std::iter::from_fn(move || self.rows.next_if(|(of, _)| *of == task).map(|(_, value)| value))
    }
}

fn task(row: &Row<'_>, kinds: &mut HashSet<Arc<str>>) -> Result<Box<TaskRec>, rusqlite::Error> {
    let due = row.get_ref(6)?.as_str_or_null()?.and_then(Due::from_text);
    Ok(Box::new(TaskRec {
        id: TaskId(row.get(0)?),
        ext: row.get_ref(1)?.as_str()?.into(),
        container: ContainerId(row.get(2)?),
        kind: row.get_ref(23)?.as_str_or_null()?.map(|kind| shared(kind, kinds)),
        homes: Box::default(),
        category: StatusCategory::from_code(code_in(row, 3)?),
        declared: row.get(4)?,
        start: row.get_ref(5)?.as_str_or_null()?.and_then(Due::from_text),
        due: match due {
            Some(due) => Some(DueStated { due, source: due_source(row, 7)? }),
            None => None,
        },
        created_at: at_in(row, 8)?,
        closed_at: at_opt(row, 9)?,
        priority: row.get(10)?,
        progress: progress(row, 11)?,
        estimate_secs: row.get(14)?,
        spent_secs: secs(row, 24)?,
        remaining_secs: secs(row, 25)?,
        parent: row.get::<_, Option<i64>>(15)?.map(TaskId),
        owners: Box::default(),
        reporter: row.get::<_, Option<i64>>(16)?.map(AccountId),
        ineligible: Ineligible::from_code(code_in(row, 17)?),
        restricted: row.get(18)?,
        unseen: row.get(21)?,
        // A tool that only tells open from closed says "open", which is mapped by what its owners do.
        unmapped: row.get_ref(22)?.as_str_or_null()?.map(Into::into),
        changed_at: at_in(row, 19)?,
        facts: facts::of_row(row, 20)?,
        words: None,
    }))
}

/// Seconds that may be left untold; what is out of range is.
fn secs(row: &Row<'_>, column: usize) -> Result<Option<u32>, rusqlite::Error> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|secs| u32::try_from(secs).ok()))
}

/// The same few words for a million tasks.
fn shared(kind: &str, kinds: &mut HashSet<Arc<str>>) -> Arc<str> {
    if let Some(known) = kinds.get(kind) {
        return Arc::clone(known);
    }
    let new: Arc<str> = kind.into();
    kinds.insert(Arc::clone(&new));
    new
}

fn words_of(db: &Connection, chosen: &Chosen) -> Result<HashMap<TaskId, Box<TaskWords>>, StoreError> {
    let sql = format!("SELECT id, key, status_raw, labels FROM tasks WHERE {}", chosen.holds("id"));
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map(chosen.values(), |row| {
        let words = TaskWords { key: row.get(1)?, status: row.get(2)?, labels: json_in(row, 3)? };
        Ok((TaskId(row.get(0)?), Box::new(words)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn due_source(row: &Row<'_>, column: usize) -> Result<DueSource, rusqlite::Error> {
    let code: Option<u8> = row.get(column)?;
    Ok(DueSource::from_code(code.unwrap_or_default()))
}

fn progress(row: &Row<'_>, column: usize) -> Result<Option<Progress>, rusqlite::Error> {
    let Some(share) = row.get::<_, Option<f64>>(column)? else { return Ok(None) };
    let (source, items): (Option<u8>, Option<u32>) = (row.get(column + 1)?, row.get(column + 2)?);
    let source = ProgressSource::from_code(source.unwrap_or_default());
    Ok(Some(Progress { share: Share::new(share), source, items: items.unwrap_or_default() }))
}

fn homes_of(db: &Connection, chosen: &Chosen) -> Result<Vec<(TaskId, ContainerId)>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT task, container FROM task_homes WHERE {} ORDER BY task, container",
        chosen.holds("task")
    ))?;
    let rows = query.query_map(chosen.values(), |row| Ok((TaskId(row.get(0)?), ContainerId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A task's own side of its links.
type Link = (LinkKind, TaskId);

fn links_of(db: &Connection, chosen: &Chosen) -> Result<Vec<(TaskId, Link)>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT DISTINCT task, kind, coalesce(other, 0) FROM links WHERE {}
           AND (other <> task OR (other IS NULL AND kind = 0)) ORDER BY task, kind, other",
        chosen.holds("task")
    ))?;
    let rows = query.query_map(chosen.values(), |row| {
        Ok((TaskId(row.get(0)?), (LinkKind::from_code(code_in(row, 1)?), TaskId(row.get(2)?))))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Containers whole; all of them, or only some.
pub(super) fn containers(
    db: &Connection,
    only: Option<&BTreeSet<ContainerId>>,
) -> Result<Vec<ContainerRec>, StoreError> {
    let list = only.map(|ids| id_list(ids.iter().map(|id| id.0)));
    let mut streams = container_streams(db, list.as_deref())?;
    let mut bulks = bulk::latest(db, list.as_deref())?;
    let mut lacks = lacks::of_containers(db, list.as_deref())?;
    let sql = format!(
        "SELECT id, site, ext, kind, name, reader, due, warm_at, hold, fresh_at, baseline_at, hold_at,
           missing, missing_of, open, responsible
         FROM containers {} ORDER BY id",
        if only.is_some() { "WHERE id IN (SELECT value FROM json_each(?1))" } else { "WHERE ?1 IS NULL" }
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map([&list], |row| {
        let id = ContainerId(row.get(0)?);
        let reads = streams.remove(&id).unwrap_or_default();
        let kind = ContainerKind::from_code(code_in(row, 3)?);
        Ok(ContainerRec {
            id,
            site: SiteId(row.get(1)?),
            ext: row.get::<_, String>(2)?.into(),
            kind,
            name: row.get::<_, String>(4)?.into(),
            reader: row.get::<_, Option<i64>>(5)?.map(ConnectionId),
            archived: !is_home(kind) && !row.get::<_, bool>(14)?,
            over: is_home(kind) && !row.get::<_, bool>(14)?,
            due: row.get_ref(6)?.as_str_or_null()?.and_then(Due::from_text),
            warm_at: at_opt(row, 7)?,
            baseline_at: at_opt(row, 10)?,
            hold: hold(row, 8)?,
            bulks: bulks.remove(&id).unwrap_or_default().into(),
            failing_since: reads.failing_since,
            fresh_at: at_opt(row, 9)?,
            history: reads.reach(),
            lacks: lacks.remove(&id).unwrap_or_default().into(),
            responsible: row.get::<_, Option<i64>>(15)?.map(AccountId),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// From `hold` on: whether, and three columns further since when, how many and of how many.
fn hold(row: &Row<'_>, column: usize) -> Result<Option<Hold>, rusqlite::Error> {
    if row.get::<_, Option<String>>(column)?.is_none() {
        return Ok(None);
    }
    let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or_default());
    let since = at_opt(row, column + 3)?.unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Some(Hold { since, missing: count(column + 4)?, of: count(column + 5)? }))
}

/// What a container's streams say together.
#[derive(Default)]
struct Reads {
    failing_since: Option<Timestamp>,
    /// Of each history stream: since when, and up to when.
    histories: Vec<(Option<Timestamp>, Option<Timestamp>)>,
    absent: bool,
}

impl Reads {
    fn reach(&self) -> HistoryReach {
        if self.absent || self.histories.is_empty() {
            return HistoryReach::Absent;
        }
        let since = self.histories.iter().map(|(since, _)| *since).collect::<Option<Vec<_>>>();
        let read_at = self.histories.iter().map(|(_, read_at)| *read_at).collect::<Option<Vec<_>>>();
        match (since.and_then(|all| all.into_iter().max()), read_at.and_then(|all| all.into_iter().min())) {
            (Some(from), Some(read_at)) => HistoryReach::Known { from, read_at },
            _ => HistoryReach::Pending,
        }
    }
}

fn container_streams(db: &Connection, list: Option<&str>) -> Result<HashMap<ContainerId, Reads>, StoreError> {
    let sql = format!(
        "SELECT scope, kind, failing_since, history_since, read_at, absent FROM streams WHERE {}",
        if list.is_some() { "scope IN (SELECT value FROM json_each(?1))" } else { "scope <> 0 AND ?1 IS NULL" }
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut all: HashMap<ContainerId, Reads> = HashMap::new();
    let mut rows = query.query([list])?;
    while let Some(row) = rows.next()? {
        let reads = all.entry(ContainerId(row.get(0)?)).or_default();
        let failing = at_opt(row, 2)?;
        reads.failing_since = reads.failing_since.into_iter().chain(failing).min();
        let since = at_opt(row, 3)?;
        match StreamKind::from_code(code_in(row, 1)?) {
            Some(kind) if kind.is_history() => {
                reads.histories.push((since, at_opt(row, 4)?));
                reads.absent |= row.get::<_, bool>(5)?;
            }
            // Where tasks come with their history, their stream says since when.
            Some(StreamKind::Tasks) if since.is_some() => reads.histories.push((since, at_opt(row, 4)?)),
            _ => {}
        }
    }
    Ok(all)
}

/// See [`connections`]. Asked after every pass: it begins with what is missing, which is little, and never with all tasks.
pub(super) const CONNECTIONS: &str =
    "SELECT n.id, n.name, n.site, n.poll, n.fresh_at, coalesce(u.many, 0), u.hidden_at FROM connections n
     LEFT JOIN (SELECT c.reader, count(*) AS many, min(s.hidden_at) AS hidden_at FROM suspects s
       CROSS JOIN tasks t ON t.id = s.task CROSS JOIN containers c ON c.id = t.container
       WHERE t.missing = 2 AND t.closed_at IS NULL GROUP BY c.reader) u ON u.reader = n.id
     WHERE n.configured ORDER BY n.id";

/// Connections of the configuration, whole.
pub(super) fn connections(db: &Connection) -> Result<Vec<ConnectionRec>, StoreError> {
    let mut query = db.prepare_cached(CONNECTIONS)?;
    let rows = query.query_map([], |row| {
        Ok(ConnectionRec {
            id: ConnectionId(row.get(0)?),
            name: row.get::<_, String>(1)?.into(),
            site: row.get::<_, Option<i64>>(2)?.map(SiteId),
            poll: SignedDuration::from_secs(row.get(3)?),
            failing_since: None,
            failure: None,
            refused: false,
            fresh_at: at_opt(row, 4)?,
            unseen: row.get(5)?,
            unseen_since: at_opt(row, 6)?,
        })
    })?;
    let mut recs: Vec<ConnectionRec> = rows.collect::<Result<_, _>>()?;
    for rec in &mut recs {
        let failing = streams::failing(db, rec.id)?;
        rec.failing_since = failing.since;
        rec.refused = failing.worst.as_ref().is_some_and(|(kind, _)| kind.is_of_connection());
        rec.failure = failing.worst.map(|(_, text)| text.into());
    }
    Ok(recs)
}
