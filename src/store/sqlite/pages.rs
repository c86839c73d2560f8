//! One page, one transaction: accounts, containers, tasks, links and history entries, the facts that follow from them, and
//! the stream's cursor. What the board must learn is read back from the rows before the commit.

use connector_kit::StreamKind;

use super::super::{PageApplied, PageWrite, StoreError};
use super::tasks::{self, Origin, Seen};
use super::{Work, absences, board, bulk, cache, census, containers, history, lacks, links, streams, supplements};

pub(super) fn apply(work: &mut Work<'_>, write: &PageWrite<'_>) -> Result<PageApplied, StoreError> {
    let mut applied = PageApplied::default();
    let mut wrote = false;
    if !write.page.unchanged {
        wrote = take_up(work, write, &mut applied)?;
        history::refold_touched(work)?;
    }
    if let Some(began_at) = streams::advance(work, write, wrote || applied.new + applied.changed > 0)? {
        containers::release_unlisted(work, write.stream.connection, began_at)?;
    }
    lacks::see(work, write.stream, write.page)?;
    containers::release_closed(work, write)?;
    // Containers that a completed pass over the selection gave or took change what is on the board, and how it folds.
    history::refold_touched(work)?;
    applied.reload = work.touched.away;
    applied.delta = board::delta(work)?;
    Ok(applied)
}

/// True when something of a task was written without the task itself.
fn take_up(work: &mut Work<'_>, write: &PageWrite<'_>, applied: &mut PageApplied) -> Result<bool, StoreError> {
    let (stream, page) = (write.stream, write.page);
    let connection = work.cache.connections.get(&stream.connection);
    let Some((name, Some(site))) = connection.map(|row| (row.name.clone(), row.site)) else {
        let what = "a page came before its connection's site was known; this is a fault of the program".to_owned();
        return Err(StoreError::Unusable { what });
    };
    work.look_around()?;
    for account in &page.accounts {
        work.see_account(site, account)?;
    }
    work.touched.away |= absences::see(work, site, &page.absences)?;
    containers::see(work, stream, site, page)?;
    let origin = Origin { site, asked_at: page.asked_at, observed: cache::observed(work.plan, &name) };
    for task in &page.tasks {
        match tasks::see(work, &origin, task)? {
            Seen::New => applied.new += 1,
            Seen::Changed => applied.changed += 1,
            Seen::Same => applied.same += 1,
        }
    }
    let linked = links::see(work, site, &page.links)?;
    let wrote = supplements::see(work, write, &origin)? || linked;
    applied.changes = history::see(work, site, &page.changes)?;
    bulk::find(work, stream, site, page)?;
    census::suspect(work, site, page)?;
    if stream.key.kind == StreamKind::Census {
        census::note(work, stream, site, page)?;
    }
    Ok(wrote)
}

impl Work<'_> {
    /// Which of the rare things are there at all, so that most tasks need not be asked about them.
    pub(super) fn look_around(&mut self) -> Result<(), StoreError> {
        let mut query = self.db.prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM task_alias), EXISTS(SELECT 1 FROM links WHERE other IS NULL),
               EXISTS(SELECT 1 FROM tasks WHERE parent IS NULL AND parent_ref IS NOT NULL),
               EXISTS(SELECT 1 FROM changes_waiting), EXISTS(SELECT 1 FROM supplements)",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        let found = query.query_row([], read)?;
        (self.has_alias, self.has_dangling, self.has_orphans, self.has_waiting, self.has_supplements) = found;
        Ok(())
    }
}
