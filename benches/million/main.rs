//! What a large company costs: start, memory, a full judgement, a tick with a thousand changed tasks. Prints figures; CPU is
//! that of all threads. `cargo bench --bench million` for a million tasks, `-- 100000` for fewer.
//!
//! The store is made once and kept below `target/`; each figure is taken in a process of its own, so that none pays for
//! another.

#![allow(clippy::disallowed_methods, reason = "a bench reads the real time")]

mod company;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use connector_kit::clock::SetClock;
use connector_kit::{Clock, StreamKind};
use connector_model::{Due, DueSource, DueStated};
use gapwatch::config::{self, Flags, Settings, Sources};
use gapwatch::daemon::Engine;
use gapwatch::domain::board::Board;
use gapwatch::domain::record::{BoardDelta, TaskImage, TaskPacked};
use gapwatch::domain::snapshot::Snapshot;
use gapwatch::rules;
use gapwatch::store::{Store, StorePath};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Tasks that change in one tick.
const CHANGED: u64 = 1_000;
/// Pages in which they come.
const PAGES: u64 = 10;
/// How the store was made; another number makes it anew.
const MADE: u32 = 2;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", path, tasks] => make(Path::new(path), tasks.parse().expect("a number of tasks")),
        ["daemon", path, tasks] => daemon(Path::new(path), tasks.parse().expect("a number of tasks")),
        ["rules", path] => judged(Path::new(path)),
        [] => all(1_000_000),
        [tasks] => all(tasks.parse().expect("a number of tasks")),
        _ => panic!("say how many tasks, or nothing"),
    }
}

fn all(tasks: u64) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("million-{MADE}-{tasks}.db"));
    let made = path.with_extension("made");
    if !made.exists() {
        again(&["make", &path.to_string_lossy(), &tasks.to_string()]);
        std::fs::write(&made, "").expect("the folder can be written to");
    }
    again(&["daemon", &path.to_string_lossy(), &tasks.to_string()]);
    again(&["rules", &path.to_string_lossy()]);
}

/// Runs this program once more for one step.
fn again(words: &[&str]) {
    let program = std::env::current_exe().expect("this program is somewhere");
    let status = Command::new(program).args(words).status().expect("this program can be run");
    assert!(status.success(), "{words:?} failed");
}

fn make(path: &Path, tasks: u64) {
    for end in ["db", "db-wal", "db-shm", "db.lock"] {
        std::fs::remove_file(path.with_extension(end)).ok();
    }
    let took = Took::begin();
    let (settings, clock) = (settings(), clock());
    company::write(path, &settings, &clock, tasks);
    took.print("the company is written");
    let took = Took::begin();
    let (runtime, engine) = start(path, &settings, clock.clone());
    let alerts = runtime.block_on(rest(&engine, clock.now()));
    took.print(&format!("first start, and first judgement, which opens {alerts} gaps"));
    drop(engine);
}

/// Start, memory and a tick of the whole program but for the network.
fn daemon(path: &Path, tasks: u64) {
    let (settings, clock) = (settings(), clock());
    let now = clock.now() + SignedDuration::from_secs(60);
    let took = Took::begin();
    let (runtime, engine) = start(path, &settings, clock);
    took.print("start: loaded");
    runtime.block_on(rest(&engine, now));
    took.print("start: ready, everything judged (P13: at most 5 s)");
    println!("{:>10} MB resident (P12: at most 400 MB)", resident_mb());
    let took = Took::begin();
    runtime.block_on(engine.core.round(now)).expect("a round");
    took.print("a round at rest");
    let connection = engine.connections[0].id;
    // Other changes with each run, for the store is kept.
    let run = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    for tick in 1..=3_i64 {
        let at = now + SignedDuration::from_secs(60 * tick);
        let pages: Vec<_> = (0..PAGES).map(|nth| changed(nth, tasks, tick, run, at)).collect();
        let streams = runtime.block_on(engine.core.due_streams(connection, at, true)).expect("the streams can be read");
        let stream = streams.into_iter().find(|stream| stream.key.kind == StreamKind::Tasks).expect("tasks are read");
        let took = Took::begin();
        for page in pages {
            let applied = runtime.block_on(engine.core.page(stream.clone(), page, at)).expect("the page is stored");
            assert_eq!(u64::from(applied.changed), CHANGED / PAGES, "a page of changed tasks");
        }
        took.print("tick: ten pages of a hundred changed tasks stored");
        runtime.block_on(rest(&engine, at));
        took.print("tick: and judged (P9: at most 0.3 s)");
    }
    println!("{:>10} MB resident after the ticks", resident_mb());
}

/// A page of changed tasks from all over the company: another title, and half of them another day.
fn changed(nth: u64, tasks: u64, tick: i64, run: u64, at: Timestamp) -> connector_kit::Page {
    let each = CHANGED / PAGES;
    let step = (tasks / CHANGED).max(1);
    let chosen = (0..each).map(|n| ((nth * each + n) * step + u64::try_from(tick).unwrap_or(0) * 7) % tasks);
    let mut page = company::page_of(chosen, clock().now());
    page.asked_at = at;
    page.changes.clear();
    for (n, task) in page.tasks.iter_mut().enumerate() {
        task.title = format!("{} again {tick} of {run}", task.title);
        task.updated_at = at;
        if n % 2 == 0 {
            let day = at.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add((30 + tick + run as i64 % 30).days());
            task.due = Some(DueStated { due: Due::On(day), source: DueSource::Item });
        }
    }
    page
}

/// The rules alone, on a board of its own.
fn judged(path: &Path) {
    let (settings, clock) = (settings(), clock());
    let now = clock.now() + SignedDuration::from_secs(600);
    let built = gapwatch::registry::connections(&settings, &clock).expect("the configuration is valid");
    let setup = gapwatch::daemon::setup(&settings, &built);
    let mut store = Store::open(&StorePath::File(path.to_owned()), now).expect("the store");
    store.apply_config(&setup.plan, now).expect("the configuration is taken up");
    let took = Took::begin();
    let image = store.load(now, rules::known).expect("the board is loaded");
    took.print("rows of the board read");
    let step = (image.tasks.len() / 1_000).max(1);
    let some = image.tasks.iter().step_by(step).take(1_000);
    let some: Vec<TaskImage> = some.map(TaskPacked::unpack).collect();
    let took = Took::begin();
    let mut board = Board::new(image);
    took.print("board built");
    println!("{:>10} MB resident", resident_mb());
    let took = Took::begin();
    let mut subjects = 0;
    loop {
        let due = board.due(now, 20_000);
        if due.subjects.is_empty() {
            break;
        }
        subjects += due.subjects.len();
        let judged =
            rules::judge_briefly(&setup.rules, &due.subjects, &Snapshot { board: &board, policy: &setup.policy, now });
        for subject in judged {
            board.judged(subject.subject, subject.recheck_at);
        }
    }
    took.print(&format!("{subjects} subjects judged by all rules (P11: at most 1.5 s)"));
    println!("{:>10} MB resident", resident_mb());
    for tick in 1..=3_i64 {
        let mut delta = BoardDelta { tasks: some.clone(), ..BoardDelta::default() };
        for image in &mut delta.tasks {
            let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add((40 + tick).days());
            image.rec.due = Some(DueStated { due: Due::On(day), source: DueSource::Item });
        }
        let took = Took::begin();
        board.apply(delta);
        let due = board.due(now, 20_000);
        took.print(&format!("tick: on the board, {} subjects", due.subjects.len()));
        let took = Took::begin();
        let judged =
            rules::judge_briefly(&setup.rules, &due.subjects, &Snapshot { board: &board, policy: &setup.policy, now });
        took.print("tick: the rules (P10: at most 3 ms)");
        let took = Took::begin();
        for subject in judged {
            board.judged(subject.subject, subject.recheck_at);
        }
        took.print("tick: when to look again");
    }
}

fn start(path: &Path, settings: &Settings, clock: Arc<dyn Clock>) -> (tokio::runtime::Runtime, Engine) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    let store = StorePath::File(path.to_owned());
    let engine = runtime.block_on(async { Engine::start(settings, store, clock) }).expect("an engine");
    (runtime, engine)
}

/// Rounds until nothing is due; how many alerts they changed.
async fn rest(engine: &Engine, now: Timestamp) -> usize {
    let mut alerts = 0;
    loop {
        let report = engine.core.round(now).await.expect("a round");
        alerts += report.alerts;
        if !report.more {
            return alerts;
        }
    }
}

fn clock() -> Arc<dyn Clock> {
    let now: Timestamp = "2026-03-11T09:00:00Z".parse().expect("an instant");
    Arc::new(SetClock::leaping(now))
}

fn settings() -> Settings {
    let text = format!("[jira.bench]\nurl = \"{}\"\nemail = \"bench@example.org\"\ntoken = \"bench\"\n", company::URL);
    let files = vec![(PathBuf::from("bench.toml"), text)];
    let loaded = config::load(&Sources { files, env: Default::default(), flags: Flags::default() });
    loaded.expect("the configuration above is valid").settings
}

/// CPU of all threads and time on the wall since some moment.
struct Took {
    cpu: u64,
    wall: Instant,
}

impl Took {
    fn begin() -> Took {
        Took { cpu: cpu_nanos(), wall: Instant::now() }
    }

    fn print(&self, what: &str) {
        let cpu = (cpu_nanos() - self.cpu) as f64 / 1e9;
        println!("{cpu:>10.4} s CPU {:>9.4} s wall  {what}", self.wall.elapsed().as_secs_f64());
    }
}

/// What this process has used of the processors, with the threads that have ended.
fn cpu_nanos() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(used.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(used.tv_nsec).unwrap_or(0)
}

/// Memory that is really there, of this process.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line of the kernel");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
