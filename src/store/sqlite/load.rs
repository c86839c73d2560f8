//! The whole board in one read: at start, after a transaction of doubtful outcome, and for a command that only looks.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::super::{ConfigPlan, StoreError};
use super::cache::{KeptHours, Settled, Week};
use super::values::{at_in, json_in, us};
use super::{absences, accounts, board, digests, inbox, norms, open, present, round, traffic};
use crate::domain::alert::{Alert, AlertState};
use crate::domain::away::DateRange;
use crate::domain::calendar::{Calendar, Hours, later};
use crate::domain::finding::{RuleId, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, PersonId, PostId, SiteId, TaskId};
use crate::domain::norms::Book;
use crate::domain::notice::{Message, Notice, Post, PostAbout};
use crate::domain::people::{People, Person};
use crate::domain::record::{BoardImage, NextIds, TaskPacked};

/// How long what was said about a resolved alert is kept at hand.
const SAID_KEPT: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Pages that are kept while everything is read once, as `cache_size` counts them: kibibytes, below nothing.
const READ_ONCE: i64 = -4 * 1024;

pub(super) fn image(
    db: &Connection,
    plan: Option<&ConfigPlan>,
    now: Timestamp,
    rule: fn(&str) -> Option<RuleId>,
) -> Result<BoardImage, StoreError> {
    // Whatever is kept of this is not what is needed next.
    let kept: i64 = db.query_row("PRAGMA cache_size", [], |row| row.get(0))?;
    db.pragma_update(None, "cache_size", kept.max(READ_ONCE))?;
    let read = whole(db, plan, now, rule);
    db.pragma_update(None, "cache_size", kept)?;
    read
}

fn whole(
    db: &Connection,
    plan: Option<&ConfigPlan>,
    now: Timestamp,
    rule: fn(&str) -> Option<RuleId>,
) -> Result<BoardImage, StoreError> {
    let ids = present::task_ids(db, now)?;
    // A command that only looks has no plan; it may show whatever there is.
    let words = plan.is_none_or(|plan| plan.words);
    let tasks = if plan.is_some() { shared_out(db, &ids, words)? } else { board::packed(db, &ids, words)? };
    let here = |task: &TaskId| ids.binary_search(task).is_ok();
    let since = later(now, -SAID_KEPT);
    let notices = notices(db, since)?;
    let alerts = alerts(db, rule, here, &notices)?;
    let messages = messages(db)?;
    let posts = posts(db, since, here, &alerts, &notices, &messages)?;
    let live = alerts.iter().filter(|alert| alert.state != AlertState::Resolved);
    let departed = live.filter_map(|alert| match alert.subject {
        SubjectKey::Task(task) => (!here(&task)).then_some(task),
        _ => None,
    });
    Ok(BoardImage {
        gone: board::gone(db, departed)?,
        tasks,
        containers: board::containers(db, None)?,
        connections: board::connections(db)?,
        sites: sites(db)?,
        people: people(db, plan)?,
        alerts,
        notices,
        posts,
        messages,
        answers: inbox::waiting(db)?,
        norms: norms::book(db)?,
        turns: digests::read_all(db)?,
        traffic: traffic::image(db, now, rule)?,
        ids: next_ids(db)?,
    })
}

/// From how many tasks on it is worth the while to read them on all processors.
const MANY: usize = 50_000;

/// Tasks, read over as many connections as there are processors. Only for the store's owner: nobody else writes, so each sees
/// the same.
fn shared_out(db: &Connection, ids: &[TaskId], words: bool) -> Result<Vec<TaskPacked>, StoreError> {
    let processors = if ids.len() < MANY { 1 } else { thread::available_parallelism().map_or(1, NonZero::get) };
    let more = || {
        let db = open::reader(Path::new(db.path().filter(|path| !path.is_empty())?)).ok()?;
        db.pragma_update(None, "cache_size", READ_ONCE).ok()?;
        Some(db)
    };
    // A store that cannot be opened beside itself, as one in memory, is read by its owner alone.
    let others: Vec<Connection> = (1..processors).map_while(|_| more()).collect();
    let mut parts = ids.chunks(ids.len().div_ceil(others.len() + 1).max(1));
    let first = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let reads: Vec<_> = others
            .into_iter()
            .zip(parts)
            .map(|(db, part)| scope.spawn(move || board::packed(&db, part, words)))
            .collect();
        let mut tasks = board::packed(db, first, words)?;
        tasks.reserve_exact(ids.len() - tasks.len());
        for read in reads {
            tasks.append(&mut read.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(tasks)
    })
}

/// A board without anything on it, for whoever judges nothing.
pub(super) fn empty(db: &Connection, plan: Option<&ConfigPlan>) -> Result<BoardImage, StoreError> {
    Ok(BoardImage {
        tasks: Vec::new(),
        gone: Vec::new(),
        containers: Vec::new(),
        connections: Vec::new(),
        sites: HashMap::new(),
        people: people(db, plan)?,
        alerts: Vec::new(),
        notices: Vec::new(),
        posts: Vec::new(),
        messages: Vec::new(),
        answers: Vec::new(),
        norms: Book::default(),
        turns: Vec::new(),
        traffic: Default::default(),
        ids: next_ids(db)?,
    })
}

/// Of live alerts, of those resolved of late, and of those about which something is still to be told: all of each, for what
/// is not seen to have been said is said again.
fn notices(db: &Connection, since: Timestamp) -> Result<Vec<Notice>, StoreError> {
    let mut query = db.prepare(&format!(
        "SELECT {} FROM notices WHERE id IN (
           SELECT n.id FROM alerts a CROSS JOIN notices n ON n.alert = a.id WHERE a.state < 2 OR a.resolved_at >= ?
             OR a.step_at IS NOT NULL
           UNION SELECT n.id FROM notices w CROSS JOIN notices n ON n.alert = w.alert WHERE w.state < 2) ORDER BY id",
        round::NOTICE
    ))?;
    let rows = query.query_map([us(since)], round::notice)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Live ones, those about something on the board, and those the loaded notices are about; of rules that are known.
fn alerts(
    db: &Connection,
    rule: fn(&str) -> Option<RuleId>,
    here: impl Fn(&TaskId) -> bool,
    notices: &[Notice],
) -> Result<Vec<Alert>, StoreError> {
    let said: HashSet<AlertId> = notices.iter().map(|notice| notice.alert).collect();
    let mut query = db.prepare(&format!("SELECT {} FROM alerts ORDER BY id", round::ALERT))?;
    let mut rows = query.query([])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        let Some((rule, subject)) = round::alert_of(row, rule)? else { continue };
        let live = row.get::<_, i64>(7)? < 2;
        let on_board = !matches!(subject, SubjectKey::Task(task) if !here(&task));
        if live || on_board || said.contains(&AlertId(row.get(0)?)) {
            alerts.push(round::alert(row, rule, subject)?);
        }
    }
    Ok(alerts)
}

fn messages(db: &Connection) -> Result<Vec<Message>, StoreError> {
    let sql = format!("SELECT {} FROM messages WHERE state IN (1, 2, 3) ORDER BY id", round::MESSAGE);
    let mut query = db.prepare(&sql)?;
    let rows = query.query_map([], round::message)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Posts that may still change or that forbid another: about tasks on the board and loaded alerts, closed ones too; of the
/// last days; those of loaded notices and messages.
fn posts(
    db: &Connection,
    since: Timestamp,
    here: impl Fn(&TaskId) -> bool,
    alerts: &[Alert],
    notices: &[Notice],
    messages: &[Message],
) -> Result<Vec<Post>, StoreError> {
    let alerts: HashSet<AlertId> = alerts.iter().map(|alert| alert.id).collect();
    let mut named: HashSet<PostId> = messages.iter().map(|message| message.post).collect();
    named.extend(notices.iter().filter_map(|notice| notice.post));
    let first_day = since.to_zoned(TimeZone::UTC).date();
    let mut query = db.prepare(&format!("SELECT {} FROM posts ORDER BY id", round::POST))?;
    let mut posts = Vec::new();
    for post in query.query_map([], round::post)? {
        let Some(post) = post? else { continue };
        let about = match post.about {
            PostAbout::Task(task) => here(&task),
            PostAbout::Day(day) | PostAbout::Digest(_, day) => day >= first_day,
            PostAbout::Alert(alert, _) => alerts.contains(&alert),
        };
        if about || named.contains(&post.id) {
            posts.push(post);
        }
    }
    Ok(posts)
}

/// A site as it goes into gap ids: `github|https://api.github.com|`.
pub(super) fn site_text(tool: &str, origin: &str, tenant: &str) -> String {
    format!("{tool}|{origin}|{tenant}")
}

fn sites(db: &Connection) -> Result<HashMap<SiteId, String>, StoreError> {
    let mut query = db.prepare("SELECT id, tool, origin, tenant FROM sites")?;
    let rows = query.query_map([], |row| {
        let text = |i| row.get_ref(i)?.as_str().map_err(rusqlite::Error::from);
        Ok((SiteId(row.get(0)?), site_text(text(1)?, text(2)?, text(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn next_ids(db: &Connection) -> Result<NextIds, StoreError> {
    let next = |table| db.query_row(&format!("SELECT coalesce(max(id), 0) + 1 FROM {table}"), [], |row| row.get(0));
    Ok(NextIds { alert: next("alerts")?, notice: next("notices")?, post: next("posts")?, message: next("messages")? })
}

/// Everybody, with the calendars of the plan where there is one, else as stored.
fn people(db: &Connection, plan: Option<&ConfigPlan>) -> Result<People, StoreError> {
    let settled = Settled::read(db)?;
    let mut calendars = Calendars { holidays: settled.holidays.clone(), known: HashMap::new() };
    let default_calendar = match plan {
        Some(plan) => plan.default_calendar.clone(),
        None => calendars.get(&settled.zone, settled.week, 0),
    };
    let mut people = People::empty(default_calendar);
    let mut away = Vec::new();
    for (person, days) in persons(db, plan, &mut calendars)? {
        away.extend(days.into_iter().map(|range| (person.own_account, range)));
        people.persons.insert(person.id, person);
    }
    let handles: HashMap<&str, PersonId> =
        people.persons.values().map(|person| (person.handle.as_str(), person.id)).collect();
    let find = |handle: &String| handles.get(handle.as_str()).copied();
    people.default_manager = settled.default_manager.as_ref().and_then(find);
    people.operators = settled.operators.iter().filter_map(find).collect();
    let all = accounts::read_all(db, &settled.bot_names())?;
    people.accounts = all.into_iter().map(|(_, rec)| (rec.id, rec)).collect();
    let mut muted = db.prepare("SELECT account, since FROM mutes")?;
    let muted = muted.query_map([], |row| Ok((AccountId(row.get(0)?), at_in(row, 1)?)))?;
    for row in muted {
        let (account, since) = row?;
        people.muted.insert(people.stands(account), since);
    }
    people.add_away(absences::read_all(db)?);
    people.add_away(away);
    Ok(people)
}

/// Laying out a calendar takes milliseconds, and most people share one.
struct Calendars {
    holidays: Vec<Vec<DateRange>>,
    known: HashMap<(String, Week, usize), Arc<Calendar>>,
}

impl Calendars {
    fn get(&mut self, zone: &str, week: Week, holidays: usize) -> Arc<Calendar> {
        let off = self.holidays.get(holidays).map_or(&[][..], Vec::as_slice);
        let made = self.known.entry((zone.to_owned(), week, holidays)).or_insert_with(|| {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            Arc::new(Calendar::with_holidays(zone, Hours { week }, off))
        });
        made.clone()
    }
}

/// Everybody configured, with the days on which the configuration says that they are away.
fn persons(
    db: &Connection,
    plan: Option<&ConfigPlan>,
    calendars: &mut Calendars,
) -> Result<Vec<(Person, Vec<DateRange>)>, StoreError> {
    let planned: HashMap<&str, &Arc<Calendar>> =
        plan.iter().flat_map(|plan| &plan.persons).map(|person| (person.handle.as_str(), &person.calendar)).collect();
    let mut query = db.prepare(
        "SELECT id, handle, name, email, manager, coalesce(slack, seen_slack), own_account,
           CASE WHEN zone_stated THEN zone ELSE coalesce(seen_zone, zone) END, calendar, deputy, team FROM persons
         WHERE gone = 0 AND own_account IS NOT NULL ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        let (week, holidays, away) = json_in::<KeptHours>(row, 8)?.parts();
        let person = Person {
            id: PersonId(row.get(0)?),
            handle: row.get(1)?,
            name: row.get(2)?,
            email: row.get(3)?,
            manager: row.get::<_, Option<i64>>(4)?.map(PersonId),
            slack: row.get(5)?,
            own_account: AccountId(row.get(6)?),
            calendar: match planned.get(row.get_ref(1)?.as_str()?) {
                // The plan's own is laid out already; a zone that only Slack tells is not among them.
                Some(calendar) if calendar.zone().iana_name() == Some(row.get_ref(7)?.as_str()?) => {
                    Arc::clone(calendar)
                }
                _ => calendars.get(row.get_ref(7)?.as_str()?, week, holidays),
            },
            deputy: row.get::<_, Option<i64>>(9)?.map(PersonId),
            team: row.get(10)?,
        };
        Ok((person, away))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
