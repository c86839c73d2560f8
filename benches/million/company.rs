//! A company of a size of your choice, written into a store by the store's own operations: projects with owners, dates,
//! releases, parts, links, and several changes of history a task. The same size gives the same company.

use std::path::Path;

use connector_kit::{Clock, Cursor, Page, StreamKind};
use connector_model::{
    Account, AccountKind, Change, Container, ContainerKind, ContainerRef, Due, DueSource, DueStated, Field, Link,
    LinkKind, Mentions, Progress, ProgressSource, Share, SiteKey, Status, StatusCategory, Task, TaskRef,
};
use gapwatch::config::Settings;
use gapwatch::domain::ids::ConnectionId;
use gapwatch::store::{PageWrite, SiteSeen, Store, StorePath, StreamRow};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Tasks of one project.
const PROJECT: u64 = 5_000;
/// Tasks of one page.
const PAGE: u64 = 1_000;
/// Tasks for each account.
const TASKS_EACH: u64 = 50;
/// Releases of one project.
const RELEASES: u64 = 10;
/// Where the tool is said to be; nobody ever asks there.
pub(crate) const URL: &str = "http://127.0.0.1:9";

/// Writes a company of so many tasks.
pub(crate) fn write(path: &Path, settings: &Settings, clock: &std::sync::Arc<dyn Clock>, tasks: u64) {
    let now = clock.now();
    let built = gapwatch::registry::connections(settings, clock).expect("the configuration is valid");
    let setup = gapwatch::daemon::setup(settings, &built);
    let mut store = Store::open_unwatched(&StorePath::File(path.to_owned()), now).expect("a new store");
    let applied = store.apply_config(&setup.plan, now).expect("the configuration is taken up");
    let connection = applied.connections["jira.bench"];
    let site = SiteKey { tool: "jira".to_owned(), origin: URL.to_owned(), tenant: String::new() };
    store.set_site(&SiteSeen { connection, site: &site, account: None }, now).expect("the site is noted");
    let mut page = last_page(now);
    page.containers = (0..tasks.div_ceil(PROJECT)).map(project).collect();
    let stream = stream_of(&store, connection, StreamKind::Containers, now).remove(0);
    put(&mut store, &stream, &page, now);
    for kind in [StreamKind::Homes, StreamKind::Tasks, StreamKind::Links] {
        for stream in stream_of(&store, connection, kind, now) {
            let nth = nth_of(&stream);
            let pages = if kind == StreamKind::Tasks { task_pages(nth, tasks, now) } else { vec![last_page(now)] };
            for mut page in pages {
                if kind == StreamKind::Homes {
                    page.containers = (0..RELEASES).map(|release| release_of(nth, release, now)).collect();
                }
                put(&mut store, &stream, &page, now);
            }
        }
    }
    store.finish().expect("the store is finished");
}

/// The streams of a kind, as they stand.
pub(crate) fn stream_of(store: &Store, connection: ConnectionId, kind: StreamKind, now: Timestamp) -> Vec<StreamRow> {
    let due = store.due_streams(connection, now, true).expect("the streams can be read");
    due.into_iter().filter(|stream| stream.key.kind == kind).collect()
}

/// Which project a stream reads.
pub(crate) fn nth_of(stream: &StreamRow) -> u64 {
    let scope = stream.key.scope.as_ref().expect("the stream is of a project");
    scope.at.ext.parse().expect("projects are numbered")
}

fn put(store: &mut Store, stream: &StreamRow, page: &Page, now: Timestamp) {
    store.apply_page(&PageWrite { stream, page, now }).expect("the page is stored");
}

fn last_page(now: Timestamp) -> Page {
    Page::new(now, Cursor { at: Some("read".to_owned()), etag: None, backfilled: true })
}

fn task_pages(project: u64, tasks: u64, now: Timestamp) -> Vec<Page> {
    let (from, to) = (project * PROJECT, ((project + 1) * PROJECT).min(tasks));
    let starts: Vec<u64> = (from..to).step_by(usize::try_from(PAGE).expect("a page is short")).collect();
    let last = starts.len() - 1;
    let pages = starts.into_iter().enumerate().map(|(nth, start)| {
        let mut page = page_of(start..(start + PAGE).min(to), now);
        page.more = nth < last;
        page.next.backfilled = nth == last;
        page.history_since = (nth == last).then_some(Timestamp::UNIX_EPOCH);
        page
    });
    pages.collect()
}

/// A page with some tasks as they are, and their histories.
pub(crate) fn page_of(tasks: impl Iterator<Item = u64>, now: Timestamp) -> Page {
    let mut page = last_page(now);
    for n in tasks {
        page.accounts.extend(owner(n).into_iter().chain([reporter(n)]).map(account));
        page.changes.extend(history(n, now));
        page.tasks.push(task(n, now));
    }
    page.accounts.sort_by(|one, other| one.ext.cmp(&other.ext));
    page.accounts.dedup();
    page
}

fn project(nth: u64) -> Container {
    let at = ContainerRef { kind: ContainerKind::Project, ext: nth.to_string() };
    Container {
        at,
        name: format!("Project {nth}"),
        handle: format!("P{nth}"),
        due: None,
        open: true,
        responsible: None,
    }
}

fn release_of(project: u64, nth: u64, now: Timestamp) -> Container {
    let due = Some(day(now, 10 + i64::try_from(nth).unwrap_or(0) * 9));
    let at = release(project, nth);
    Container {
        at,
        name: format!("Release {nth} of project {project}"),
        handle: nth.to_string(),
        due,
        open: true,
        responsible: None,
    }
}

fn release(project: u64, nth: u64) -> ContainerRef {
    ContainerRef { kind: ContainerKind::Release, ext: format!("{project}-{nth}") }
}

fn account(nth: u64) -> Account {
    let (handle, name) = (Some(format!("user{nth}")), Some(format!("User {nth}")));
    Account { ext: format!("u{nth}"), handle, name, email: None, kind: AccountKind::Human }
}

/// A number that looks like chance, the same for the same task and purpose; 0 to 99.
fn chance(n: u64, salt: u64) -> u64 {
    let mixed = (n ^ (salt << 40)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33) % 100
}

/// Two tasks of a hundred have nobody.
fn owner(n: u64) -> Option<u64> {
    (chance(n, 1) >= 2).then_some(n / PROJECT * (PROJECT / TASKS_EACH) + n % (PROJECT / TASKS_EACH))
}

fn reporter(n: u64) -> u64 {
    n / PROJECT * (PROJECT / TASKS_EACH)
}

fn category(n: u64) -> StatusCategory {
    match chance(n, 2) {
        0..50 => StatusCategory::Todo,
        50..75 => StatusCategory::Active,
        75..80 => StatusCategory::Review,
        80..83 => StatusCategory::Waiting,
        83..98 => StatusCategory::Done,
        _ => StatusCategory::Cancelled,
    }
}

fn days_ago(now: Timestamp, days: u64) -> Timestamp {
    now - SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(0))
}

/// A tenth is old, the others are of the last weeks.
fn created(n: u64, now: Timestamp) -> Timestamp {
    let age = if chance(n, 3) < 10 { 40 + chance(n, 4) } else { 8 + chance(n, 4) % 12 };
    days_ago(now, age) - SignedDuration::from_secs(i64::try_from(n % 3_000).unwrap_or(0))
}

fn day(now: Timestamp, days: i64) -> Due {
    Due::On(now.to_zoned(TimeZone::UTC).date().saturating_add(days.days()))
}

/// Half of the tasks have a day of their own; one in fifty of these is past it.
fn due(n: u64, now: Timestamp) -> Option<Due> {
    let days = if chance(n, 5) < 2 { -5 } else { 14 + i64::try_from(chance(n, 6)).unwrap_or(0) };
    (chance(n, 7) < 50).then(|| day(now, days))
}

/// Two of eight neighbours are parts of the first of them.
fn parent(n: u64) -> Option<u64> {
    matches!(n % 8, 1 | 2).then_some(n - n % 8)
}

fn ext(n: u64) -> TaskRef {
    TaskRef::Ext(format!("{}", 1_000_000 + n))
}

fn task(n: u64, now: Timestamp) -> Task {
    let category = category(n);
    let project = n / PROJECT;
    let key = format!("P{project}-{}", n % PROJECT + 1);
    let word = match category {
        StatusCategory::Todo => "To Do",
        StatusCategory::Active => "In Progress",
        StatusCategory::Review => "In Review",
        StatusCategory::Waiting => "Waiting",
        StatusCategory::Done => "Done",
        StatusCategory::Cancelled => "Won't do",
    };
    let waits = (n % 8 == 5).then(|| Link { kind: LinkKind::BlockedBy, other: ext(n - 1) });
    let share = Share::new(chance(n, 8) as f64 / 100.0);
    let began = matches!(category, StatusCategory::Active | StatusCategory::Review);
    Task {
        untold: Vec::new(),
        ext: format!("{}", 1_000_000 + n),
        url: format!("{URL}/browse/{key}"),
        handle: key.clone(),
        title: format!("Make the {} of the {} work for everybody ({key})", n % 97, n % 89),
        key,
        kind: Some(["Story", "Task", "Bug"][usize::try_from(n % 3).unwrap_or(0)].to_owned()),
        container: ContainerRef { kind: ContainerKind::Project, ext: project.to_string() },
        homes: if chance(n, 9) < 30 { vec![release(project, n % RELEASES)] } else { Vec::new() },
        status: Status { raw: word.to_owned(), category, declared: true },
        owners: owner(n).map(|owner| format!("u{owner}")).into_iter().collect(),
        reporter: Some(format!("u{}", reporter(n))),
        created_at: created(n, now),
        updated_at: now,
        closed_at: (!category.is_open()).then(|| days_ago(now, 1 + chance(n, 10) % 7)),
        start: None,
        due: due(n, now).map(|due| DueStated { due, source: DueSource::Item }),
        priority: Some(u8::try_from(2 + n % 3).unwrap_or(3)),
        labels: if n.is_multiple_of(4) { vec!["backend".to_owned()] } else { Vec::new() },
        progress: (began && chance(n, 11) < 30).then_some(Progress { share, source: ProgressSource::Native, items: 0 }),
        estimate_secs: (chance(n, 12) < 30).then_some(8 * 3_600),
        spent_secs: None,
        remaining_secs: None,
        parent: parent(n).map(ext),
        links: Some(waits.into_iter().collect()),
        mentions: Vec::new(),
        description_hash: n,
        restricted: false,
        ineligible: None,
    }
}

/// Five to seven entries: who got it, its state, its date, what was said, how long it takes.
fn history(n: u64, now: Timestamp) -> Vec<Change> {
    let made = created(n, now);
    let (owner, reporter) = (owner(n), format!("u{}", reporter(n)));
    let by = owner.map_or_else(|| reporter.clone(), |owner| format!("u{owner}"));
    let late = |days: u64| days_ago(now, days).max(made + SignedDuration::from_hours(30));
    let seen = late(if chance(n, 13) < 95 { chance(n, 14) % 3 } else { 9 });
    let mut entries = Vec::with_capacity(7);
    let mut add = |field, at: Timestamp, from: Option<&str>, to: Option<&str>, account: &str| {
        entries.push(Change {
            task: ext(n),
            at,
            vkey: format!("{n}:{}", entries.len()),
            field,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            account: Some(account.to_owned()),
            via: None,
            mentions: Mentions::default(),
            mark: None,
            observed: false,
        });
    };
    let hour = SignedDuration::from_hours(1);
    if owner.is_some() {
        add(Field::Owner, made + hour * 2, None, Some(&by), &reporter);
    }
    if let Some(due) = due(n, now) {
        add(Field::Due, made + hour * 3, None, Some(&due.to_text()), &reporter);
    }
    if category(n) != StatusCategory::Todo {
        add(Field::Status, made + hour * 26, Some("todo/To Do"), Some("active/In Progress"), &by);
    }
    add(Field::Estimate, made + hour * 4, None, Some("28800"), &by);
    add(Field::Comment, made + hour * 28, None, None, &reporter);
    add(Field::Comment, seen, None, None, &by);
    if !category(n).is_open() {
        let closed = days_ago(now, 1 + chance(n, 10) % 7);
        add(Field::Status, closed, Some("active/In Progress"), Some("done/Done"), &by);
    }
    entries
}
