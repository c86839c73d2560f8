//! Taking up a configuration: connections and their streams, persons and their accounts, the three revisions. What is no
//! longer configured is let go, never deleted: its tasks leave the board and stay in the mirror.

use std::collections::{BTreeSet, HashMap};

use connector_kit::StreamKind;
use connector_model::{Account, AccountKind, SiteKey};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::super::{ConfigApplied, ConfigPlan, ConnectionPlan, PersonPlan, ProfileSeen, SiteSeen, StoreError};
use super::cache::{Cache, KeptHours, Settled};
use super::values::{id_list, json, us};
use super::{Work, accounts, board, containers, history, load, streams, supplements};
use crate::domain::away::DateRange;
use crate::domain::calendar::Calendar;
use crate::domain::ids::{ConnectionId, ContainerId, PersonId, SiteId, TaskId};
use crate::domain::record::BoardDelta;

/// How many tasks are folded anew in one transaction.
const FOLD_STEP: usize = 1000;

/// Everything but the fold; gives what was applied and whether facts must be folded anew.
pub(super) fn apply(work: &mut Work<'_>, plan: &ConfigPlan) -> Result<(ConfigApplied, bool), StoreError> {
    let before = revisions(work.db)?;
    let reselect = before.select.as_deref() != Some(&plan.select_rev);
    let connections = put_connections(work, plan)?;
    put_persons(work, plan)?;
    settle(work.db, plan)?;
    // Who is who has changed: everything at hand is read anew.
    *work.cache = Cache::read(work.db)?;
    link_accounts(work)?;
    let_go(work, &connections)?;
    for planned in &plan.connections {
        put_streams(work, planned, connections[&planned.name], reselect)?;
    }
    // Another revision of the rules counts as taken up once everything has been judged by it.
    work.db.execute(
        "UPDATE org SET rules_rev = coalesce(rules_rev, ?), select_rev = ?",
        params![plan.rules_rev, plan.select_rev],
    )?;
    let applied = ConfigApplied {
        connections,
        rules_changed: before.rules.as_ref().is_some_and(|rules| *rules != plan.rules_rev),
        first: before.rules.is_none(),
    };
    Ok((applied, before.read.as_deref() != Some(&work.facts_rev())))
}

struct Revisions {
    rules: Option<String>,
    read: Option<String>,
    select: Option<String>,
}

fn revisions(db: &Connection) -> Result<Revisions, StoreError> {
    Ok(db.query_row("SELECT rules_rev, read_rev, select_rev FROM org", [], |row| {
        Ok(Revisions { rules: row.get(0)?, read: row.get(1)?, select: row.get(2)? })
    })?)
}

fn put_connections(work: &Work<'_>, plan: &ConfigPlan) -> Result<HashMap<String, ConnectionId>, StoreError> {
    work.db.execute("UPDATE connections SET configured = 0", [])?;
    let mut ids = HashMap::new();
    let planned_names: Vec<&str> = plan.connections.iter().map(|planned| planned.name.as_str()).collect();
    for planned in &plan.connections {
        rename(work.db, planned, &planned_names)?;
        let mut put = work.db.prepare_cached(
            "INSERT INTO connections(name, poll) VALUES (?, ?)
             ON CONFLICT(name) DO UPDATE SET configured = 1, poll = excluded.poll RETURNING id",
        )?;
        let id = put.query_row(params![planned.name, planned.poll.as_secs()], |row| row.get(0))?;
        ids.insert(planned.name.clone(), ConnectionId(id));
    }
    Ok(ids)
}

/// A name that was never there, for a place that only a connection no longer configured was for, is that connection's new
/// name: nothing of it is read anew, and nothing is closed.
fn rename(db: &Connection, planned: &ConnectionPlan, names: &[&str]) -> Result<(), StoreError> {
    let known: bool =
        db.query_row("SELECT EXISTS(SELECT 1 FROM connections WHERE name = ?)", [&planned.name], |row| row.get(0))?;
    if known {
        return Ok(());
    }
    let tool = planned.name.split('.').next().unwrap_or_default();
    let mut query = db.prepare(
        "SELECT c.id, c.name FROM connections c JOIN sites s ON s.id = c.site WHERE s.tool = ? AND s.origin = ?",
    )?;
    let rows = query.query_map([tool, planned.origin.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let before: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    let gone: Vec<i64> = before.iter().filter(|(_, name)| !names.contains(&name.as_str())).map(|(id, _)| *id).collect();
    if let [only] = gone.as_slice() {
        db.execute("UPDATE connections SET name = ? WHERE id = ?", params![planned.name, only])?;
    }
    Ok(())
}

/// Containers of connections that are no longer configured have no reader, and their streams are forgotten.
fn let_go(work: &mut Work<'_>, configured: &HashMap<String, ConnectionId>) -> Result<(), StoreError> {
    let kept: BTreeSet<ConnectionId> = configured.values().copied().collect();
    let lost: Vec<ContainerId> = work
        .cache
        .containers
        .values()
        .filter(|row| row.reader.is_some_and(|reader| !kept.contains(&reader)))
        .map(|row| row.id)
        .collect();
    for container in lost {
        containers::release(work, container)?;
    }
    let unconfigured: Vec<ConnectionId> =
        work.cache.connections.keys().copied().filter(|id| !kept.contains(id)).collect();
    for connection in unconfigured {
        supplements::drop_of(work, connection)?;
    }
    let list = id_list(kept.iter().map(|id| id.0));
    work.db.execute("DELETE FROM streams WHERE connection NOT IN (SELECT value FROM json_each(?))", [list])?;
    Ok(())
}

/// Brings a connection's streams in line with what its connector has.
fn put_streams(
    work: &mut Work<'_>,
    planned: &ConnectionPlan,
    id: ConnectionId,
    reselect: bool,
) -> Result<(), StoreError> {
    let read: Vec<ContainerId> = work
        .cache
        .containers
        .values()
        .filter(|row| row.reader == Some(id) && row.at.kind.due_source().is_none())
        .map(|row| row.id)
        .collect();
    for spec in &planned.streams {
        let scopes = if spec.kind.is_of_connection() { &[ContainerId(0)][..] } else { &read };
        for scope in scopes {
            streams::put(work.db, id, spec.kind, *scope, work.now)?;
        }
        streams::hurry(work, id, spec, planned.poll)?;
    }
    let kinds = id_list(planned.streams.iter().map(|spec| i64::from(spec.kind.code())));
    work.db.execute(
        "DELETE FROM streams WHERE connection = ? AND kind NOT IN (SELECT value FROM json_each(?))",
        params![id.0, kinds],
    )?;
    if !planned.streams.iter().any(|spec| spec.kind == StreamKind::Boards) {
        supplements::drop_of(work, id)?;
    }
    reread(work, planned, id)?;
    if reselect {
        // The answer to an old question says nothing about a new one: neither its cursor nor its tag is used again.
        work.db.execute(
            "UPDATE streams SET next_pull_at = ?, cursor = NULL, etag = NULL, pass_at = NULL, pass_partial = 0, read_at = NULL
             WHERE connection = ? AND kind = ?",
            params![us(work.now), id.0, StreamKind::Containers.code()],
        )?;
    }
    Ok(())
}

/// The words for states or the names of fields are others now: what was read by the old ones is read again, from the
/// beginning. It stays warm meanwhile.
fn reread(work: &Work<'_>, planned: &ConnectionPlan, id: ConnectionId) -> Result<(), StoreError> {
    let mut query = work.db.prepare("SELECT reading FROM connections WHERE id = ?")?;
    let before: Option<String> = query.query_row([id.0], |row| row.get(0))?;
    if before.as_ref() == Some(&planned.reading) {
        return Ok(());
    }
    work.db.execute("UPDATE connections SET reading = ? WHERE id = ?", params![planned.reading, id.0])?;
    if before.is_some() {
        work.db.execute(
            "UPDATE streams SET next_pull_at = ?, cursor = NULL, etag = NULL, pass_at = NULL, pass_wrote = 0, pass_partial = 0
             WHERE connection = ? AND kind IN (?, ?)",
            params![us(work.now), id.0, StreamKind::Tasks.code(), StreamKind::Boards.code()],
        )?;
    }
    Ok(())
}

fn put_persons(work: &mut Work<'_>, plan: &ConfigPlan) -> Result<(), StoreError> {
    work.db.execute("UPDATE persons SET gone = 1, manager = NULL, deputy = NULL", [])?;
    let own_site = SiteKey { tool: accounts::OWN_TOOL.to_owned(), origin: "config".to_owned(), tenant: String::new() };
    let site = put_site(work, &own_site)?;
    let (mut ids, lists) = (HashMap::new(), holiday_lists(plan));
    for person in &plan.persons {
        let holidays = lists.iter().position(|list| *list == person.calendar.holidays());
        ids.insert(person.handle.as_str(), put_person(work, site, person, holidays.unwrap_or_default())?);
    }
    for person in &plan.persons {
        let id = |handle: &Option<String>| ids.get(handle.as_deref()?).map(|id: &PersonId| id.0);
        let (manager, deputy) = (id(&person.manager), id(&person.deputy));
        let own = ids[person.handle.as_str()].0;
        let mut put = work.db.prepare_cached("UPDATE persons SET manager = ?, deputy = ? WHERE id = ?")?;
        put.execute(params![manager, deputy, own])?;
    }
    Ok(())
}

/// Every list of holidays that somebody has, that of the default calendar first. Few, however many people there are.
fn holiday_lists(plan: &ConfigPlan) -> Vec<&[DateRange]> {
    let mut lists = vec![plan.default_calendar.holidays()];
    for person in &plan.persons {
        if !lists.contains(&person.calendar.holidays()) {
            lists.push(person.calendar.holidays());
        }
    }
    lists
}

fn put_person(work: &mut Work<'_>, site: SiteId, person: &PersonPlan, holidays: usize) -> Result<PersonId, StoreError> {
    let account = Account {
        ext: person.handle.clone(),
        handle: Some(person.handle.clone()),
        name: Some(person.name.clone()),
        email: person.email.clone(),
        kind: AccountKind::Human,
    };
    let own = work.see_account(site, &account)?;
    let mut put = work.db.prepare_cached(
        "INSERT INTO persons(handle, name, email, slack, zone, calendar, own_account, zone_stated, team)
           VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)
         ON CONFLICT(handle) DO UPDATE SET name = ?2, email = ?3, slack = ?4, zone = ?5, calendar = ?6, own_account = ?7,
           zone_stated = ?8, team = ?9, gone = 0
         RETURNING id",
    )?;
    let of = params![
        person.handle,
        person.name,
        person.email,
        person.slack,
        zone_name(&person.calendar),
        json(&KeptHours::Whole { week: person.calendar.hours().week, holidays, away: person.away.clone() })?,
        own.0,
        person.zone_stated,
        person.team,
    ];
    Ok(PersonId(put.query_row(of, |row| row.get(0))?))
}

/// Notes what Slack says of persons; true when that changes what is known of one.
pub(super) fn see_profiles(work: &Work<'_>, seen: &[ProfileSeen]) -> Result<bool, StoreError> {
    let mut changed = 0;
    for person in seen {
        let sql = "UPDATE persons SET seen_slack = ?2, seen_zone = coalesce(?3, seen_zone)
           WHERE handle = ?1 AND (seen_slack IS NOT ?2 OR (?3 IS NOT NULL AND seen_zone IS NOT ?3))";
        let of = params![person.handle, person.slack, person.zone];
        changed += work.db.prepare_cached(sql)?.execute(of)?;
    }
    Ok(changed > 0)
}

fn zone_name(calendar: &Calendar) -> String {
    calendar.zone().iana_name().unwrap_or("UTC").to_owned()
}

fn settle(db: &Connection, plan: &ConfigPlan) -> Result<(), StoreError> {
    let logins = plan.persons.iter().flat_map(|person| {
        person.accounts.iter().map(|(tool, login)| (person.handle.clone(), tool.clone(), login.clone()))
    });
    let settled = Settled {
        bots: plan.bots.clone(),
        match_by_email: plan.match_by_email,
        default_manager: plan.default_manager.clone(),
        operators: plan.operators.clone(),
        zone: zone_name(&plan.default_calendar),
        week: plan.default_calendar.hours().week,
        holidays: holiday_lists(plan).into_iter().map(<[DateRange]>::to_vec).collect(),
        logins: logins.collect(),
    };
    db.execute("UPDATE org SET people = ?", [json(&settled)?])?;
    Ok(())
}

/// Who is behind each account, under the present configuration.
fn link_accounts(work: &mut Work<'_>) -> Result<(), StoreError> {
    let mut moved = Vec::new();
    for (site, ids) in &work.cache.account_ids {
        let tool = work.cache.tool(*site);
        for (ext, id) in ids {
            let rec = &work.cache.accounts[id];
            let person = work.cache.who.person(tool, ext, rec);
            if person != rec.person {
                moved.push((*id, person));
            }
        }
    }
    for (id, person) in moved {
        work.db
            .prepare_cached("UPDATE accounts SET person = ? WHERE id = ?")?
            .execute(params![person.map(|id| id.0), id.0])?;
        if let Some(rec) = work.cache.accounts.get_mut(&id) {
            rec.person = person;
        }
    }
    Ok(())
}

/// Folds the next tasks after one of them whose facts are of another revision, and gives the last. `None`: there are none
/// left, which is then noted.
pub(super) fn fold_some(work: &mut Work<'_>, after: TaskId) -> Result<Option<TaskId>, StoreError> {
    let rev = work.facts_rev();
    let mut query =
        work.db.prepare_cached("SELECT id FROM tasks WHERE id > ? AND facts_rev <> ? ORDER BY id LIMIT ?")?;
    let limit = i64::try_from(FOLD_STEP).unwrap_or(i64::MAX);
    let rows = query.query_map(params![after.0, rev, limit], |row| Ok(TaskId(row.get(0)?)))?;
    let ids: Vec<TaskId> = rows.collect::<Result<_, _>>()?;
    history::refold(work, &ids)?;
    if ids.len() < FOLD_STEP {
        work.db.execute("UPDATE org SET read_rev = ?", [rev])?;
        return Ok(None);
    }
    Ok(ids.last().copied())
}

/// Notes which site a connection turned out to be on, and as whom it writes.
pub(super) fn see_site(work: &mut Work<'_>, seen: &SiteSeen<'_>) -> Result<(SiteId, String, BoardDelta), StoreError> {
    let site = put_site(work, seen.site)?;
    let before = work.cache.connections.get(&seen.connection).and_then(|row| row.site);
    if before.is_some_and(|before| before != site) {
        leave_site(work, seen.connection)?;
    }
    let account = seen.account.map(|account| work.see_account(site, account)).transpose()?;
    work.db.execute(
        "UPDATE connections SET site = ?, self_account = ? WHERE id = ?",
        params![site.0, account.map(|id| id.0), seen.connection.0],
    )?;
    if let Some(row) = work.cache.connections.get_mut(&seen.connection) {
        row.site = Some(site);
    }
    if let Some(account) = account
        && work.cache.ours.entry(site).or_default().insert(account)
    {
        work.db.execute("INSERT INTO self_accounts(site, account) VALUES (?, ?)", [site.0, account.0])?;
        fold_marked(work, site)?;
    }
    if before != Some(site) {
        work.touched.connections.insert(seen.connection);
    }
    let text = load::site_text(&seen.site.tool, &seen.site.origin, &seen.site.tenant);
    Ok((site, text, board::delta(work)?))
}

fn put_site(work: &mut Work<'_>, key: &SiteKey) -> Result<SiteId, StoreError> {
    let of = params![key.tool, key.origin, key.tenant];
    let mut find = work.db.prepare_cached("SELECT id FROM sites WHERE tool = ? AND origin = ? AND tenant = ?")?;
    let found = find.query_row(of, |row| row.get(0)).optional()?.map(SiteId);
    let id = match found {
        Some(id) => id,
        None => {
            work.db.execute("INSERT INTO sites(tool, origin, tenant) VALUES (?, ?, ?)", of)?;
            SiteId(work.db.last_insert_rowid())
        }
    };
    work.cache.sites.insert(id, key.clone());
    Ok(id)
}

/// The same name now leads to another tenant: nothing of the old one is read through it any more.
fn leave_site(work: &mut Work<'_>, connection: ConnectionId) -> Result<(), StoreError> {
    let held: Vec<ContainerId> =
        work.cache.containers.values().filter(|row| row.reader == Some(connection)).map(|row| row.id).collect();
    for container in held {
        containers::release(work, container)?;
    }
    work.db.execute(
        "UPDATE streams SET cursor = NULL, etag = NULL, backfilled = 0, next_pull_at = ?, pass_at = NULL WHERE connection = ?",
        params![us(work.now), connection.0],
    )?;
    Ok(())
}

/// Another account counts as ours now: entries that carry a mark may read differently.
fn fold_marked(work: &mut Work<'_>, site: SiteId) -> Result<(), StoreError> {
    let mut query = work.db.prepare(
        "SELECT DISTINCT c.task FROM changes c JOIN tasks t ON t.id = c.task WHERE c.mark IS NOT NULL AND t.site = ?",
    )?;
    let tasks: Vec<TaskId> = query.query_map([site.0], |row| Ok(TaskId(row.get(0)?)))?.collect::<Result<_, _>>()?;
    work.touched.refold.extend(tasks);
    history::refold_touched(work)
}

/// The first row of a new store: its id and its key are random and stay.
pub(super) fn found(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let (id, key) = (uuid::Uuid::new_v4(), secret_key());
    db.execute(
        "INSERT INTO org(one, id, key, seq, epoch, last_tick) VALUES (1, ?, ?, 0, 0, ?)",
        params![id.simple().to_string(), key.as_slice(), us(now)],
    )?;
    Ok(())
}

/// 32 random bytes. A version 4 id has 122 random bits and 6 fixed ones: three of them, hashed, fill the key.
fn secret_key() -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for _ in 0..3 {
        hash.update(uuid::Uuid::new_v4().as_bytes());
    }
    hash.finalize().into()
}
