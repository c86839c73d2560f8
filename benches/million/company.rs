//! A company of a size of your choice, written into a store by the store's own operations: projects with owners, dates,
//! releases, parts, links, and several changes of history a task. The same size gives the same company.
//!
//! It is in good health, as a company is that has been told for a while what it forgets: a few of a hundred tasks have a
//! gap, of every kind that tasks have. Finished ones took as long as the open ones may take, so that every rule has something
//! to measure by.

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
    dice(n, salt) % 100
}

fn dice(n: u64, salt: u64) -> u64 {
    let mixed = (n ^ (salt << 40)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33) ^ mixed >> 45
}

/// The first account of a project.
fn first_account(n: u64) -> u64 {
    n / PROJECT * (PROJECT / TASKS_EACH)
}

/// One task of two hundred has nobody.
fn owner(n: u64) -> Option<u64> {
    (!dice(n, 1).is_multiple_of(200)).then_some(first_account(n) + n % (PROJECT / TASKS_EACH))
}

/// A dozen people of a project write its tasks.
fn reporter(n: u64) -> u64 {
    first_account(n) + dice(n, 15) % 12 * 8
}

/// Of eight neighbours, the second and third are parts of the first, and the sixth waits for the fifth.
fn parent(n: u64) -> Option<u64> {
    matches!(n % 8, 1 | 2).then_some(n - n % 8)
}

fn blocker(n: u64) -> Option<u64> {
    (n % 8 == 5).then_some(n - 1)
}

/// A whole is as far as its parts; whoever waits has not begun. One in a hundred is neither.
fn category(n: u64) -> StatusCategory {
    if chance(n, 16) < 1 {
        return own_category(n);
    }
    let parts = [n + 1, n + 2].map(own_category);
    match n % 8 {
        0 if parts.iter().all(|part| matches!(part, StatusCategory::Todo | StatusCategory::Cancelled)) => {
            StatusCategory::Todo
        }
        0 if parts.iter().any(|part| part.is_open()) => StatusCategory::Active,
        0 => StatusCategory::Done,
        5 if own_category(n - 1).is_open() => StatusCategory::Waiting,
        _ => own_category(n),
    }
}

fn own_category(n: u64) -> StatusCategory {
    match chance(n, 2) {
        0..46 => StatusCategory::Todo,
        46..74 => StatusCategory::Active,
        74..80 => StatusCategory::Review,
        80..97 => StatusCategory::Done,
        _ => StatusCategory::Cancelled,
    }
}

fn days_ago(now: Timestamp, days: u64) -> Timestamp {
    now - SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(0))
}

/// How many days ago it was made, begun and closed; some of them only count where its state says so.
struct Ages {
    made: u64,
    begun: u64,
    closed: u64,
}

fn ages(n: u64) -> Ages {
    let category = category(n);
    let closed = if category.is_open() { 0 } else { 1 + chance(n, 10) % 26 };
    // Of two hundred open ones, one is old.
    let old = if category.is_open() && dice(n, 3) % 200 < 1 { 60 } else { 0 };
    let begun = match category {
        StatusCategory::Todo => 0,
        StatusCategory::Waiting => 1 + chance(n, 17) % 5,
        StatusCategory::Active => 1 + chance(n, 17) % 8,
        StatusCategory::Review => 1 + chance(n, 17) % 3,
        StatusCategory::Done | StatusCategory::Cancelled => closed + 2 + chance(n, 17) % 24,
    };
    let waited = if category == StatusCategory::Todo { chance(n, 4) % 16 } else { 2 + chance(n, 4) % 25 };
    Ages { made: begun + old + waited + 1, begun: begun + old, closed }
}

/// At any time of the day.
fn created(n: u64, now: Timestamp) -> Timestamp {
    days_ago(now, ages(n).made) - SignedDuration::from_secs(i64::try_from(dice(n, 18) % 36_000).unwrap_or(0))
}

fn day(now: Timestamp, days: i64) -> Due {
    Due::On(now.to_zoned(TimeZone::UTC).date().saturating_add(days.days()))
}

/// Most tasks that are worked on have a day of their own, and of the others half; one in two hundred is past it.
fn due(n: u64, now: Timestamp) -> Option<Due> {
    let whole = parent(n).or(n.is_multiple_of(8).then_some(n));
    let ahead = |n: u64| i64::try_from(chance(n, 6) % 60).unwrap_or(0);
    let days = match (whole, n % 8) {
        _ if dice(n, 5) % 200 < 1 => -5,
        // Parts before the whole, and whoever waits after what they wait for.
        (Some(whole), 0) => 60 + ahead(whole),
        (Some(whole), _) => 30 + ahead(whole) / 2,
        (None, 4) => 20 + ahead(n),
        (None, 5) => 50 + ahead(n - 1),
        _ => 20 + ahead(n),
    };
    let share = if category(n) == StatusCategory::Todo { 50 } else { 99 };
    (chance(n, 7) < share || whole.is_some()).then(|| day(now, days))
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
    let waits = blocker(n).map(|blocker| Link { kind: LinkKind::BlockedBy, other: ext(blocker) });
    // Nearly as far as its time is.
    let share = Share::new(0.3 + chance(n, 8) as f64 / 200.0);
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
        homes: if chance(n, 9) < 30 && n % 8 > 5 { vec![release(project, n % RELEASES)] } else { Vec::new() },
        status: Status { raw: word.to_owned(), category, declared: true },
        owners: owner(n).map(|owner| format!("u{owner}")).into_iter().collect(),
        reporter: Some(format!("u{}", reporter(n))),
        created_at: created(n, now),
        updated_at: now,
        closed_at: (!category.is_open()).then(|| days_ago(now, ages(n).closed)),
        start: None,
        due: due(n, now).map(|due| DueStated { due, source: DueSource::Item }),
        priority: Some(u8::try_from(2 + n % 3).unwrap_or(3)),
        labels: if n.is_multiple_of(4) { vec!["backend".to_owned()] } else { Vec::new() },
        progress: (began && chance(n, 11) < 30).then_some(Progress { share, source: ProgressSource::Native, items: 0 }),
        estimate_secs: (chance(n, 12) < 30).then_some(if chance(n, 19) < 1 { 8 } else { 120 } * 3_600),
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
    let (made, ages, category) = (created(n, now), ages(n), category(n));
    let (owner, reporter) = (owner(n), format!("u{}", reporter(n)));
    let by = owner.map_or_else(|| reporter.clone(), |owner| format!("u{owner}"));
    let hour = SignedDuration::from_hours(1);
    let seen = days_ago(now, if dice(n, 13).is_multiple_of(200) { 25 } else { ages.closed + chance(n, 14) % 2 })
        .max(made + hour * 12);
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
    if owner.is_some() {
        add(Field::Owner, made + hour * 2, None, Some(&by), &reporter);
    }
    if let Some(due) = due(n, now) {
        add(Field::Due, made + hour * 3, None, Some(&due.to_text()), &reporter);
    }
    add(Field::Estimate, made + hour * 4, None, Some("432000"), &by);
    add(Field::Comment, made + hour * 8, None, None, &reporter);
    let begun = days_ago(now, ages.begun);
    match category {
        StatusCategory::Todo => {}
        StatusCategory::Review => {
            add(Field::Status, begun - hour * 24, Some("todo/To Do"), Some("active/In Progress"), &by);
            add(Field::Status, begun, Some("active/In Progress"), Some("review/In Review"), &by);
        }
        StatusCategory::Waiting => add(Field::Status, begun, Some("todo/To Do"), Some("waiting/Waiting"), &by),
        _ => add(Field::Status, begun, Some("todo/To Do"), Some("active/In Progress"), &by),
    }
    if !category.is_open() {
        add(Field::Status, days_ago(now, ages.closed), Some("active/In Progress"), Some("done/Done"), &by);
    }
    add(Field::Comment, seen, None, None, &by);
    entries
}
