//! What the tests of crashes share: a small company on the simulator, its configuration, dice that fall the same way every
//! time, and what is read back from a store or from the tools.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Github, Now, Simulator};
use gapwatch::config::{self, Flags, Settings, Sources};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

/// The repository of the company.
pub const REPO: &str = "acme/web";
/// Who may own a task.
pub const PEOPLE: [&str; 2] = ["ana-k", "max-w"];
/// Our account on GitHub.
pub const US: &str = "gapwatch-bot";

/// Parses an instant, or panics with the text.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text} is an instant"))
}

/// Midnight Pacific of a day, as GitHub keeps a milestone's date.
pub fn github_day(day: &str) -> Timestamp {
    let date: jiff::civil::Date = day.parse().unwrap_or_else(|_| panic!("{day} is a day"));
    date.in_tz("America/Los_Angeles").expect("a zone of the database").timestamp()
}

/// Both tools with the company in them: Ana works for Max, both are in Slack; Tom is in neither, and there is a bot.
pub async fn company(now: Now) -> Simulator {
    let sim = Simulator::start(now).await.expect("a loopback port is free");
    let (github, slack) = (sim.github(), sim.slack());
    github.repo(REPO);
    for login in PEOPLE.iter().chain(&["tom-b", US]) {
        github.user(login);
    }
    github.bot("renovate[bot]");
    github.default_user(US);
    slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
    slack.user("U0MAX", "max@example.org", "Max W.", "Etc/UTC");
    slack.channel("#delivery");
    sim
}

/// The company's configuration: live, at any hour, the backlog too. `top` goes above the tables, `messages` into `[messages]`,
/// `rest` below everything.
pub fn configuration(sim: &Simulator, top: &str, messages: &str, rest: &str) -> String {
    crate::world::unasked(format!(
        "mode = \"live\"\n{top}\n[github.acme]\nurl = \"{}\"\ntoken = \"test-token\"\nrepos = [\"{REPO}\"]\n\n\
         [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\n\
         [messages]\nbacklog = \"tell\"\nwork_hours_only = false\n{messages}\n\n\
         [people.ana]\nname = \"Ana K.\"\nemail = \"ana@example.org\"\nmanager = \"max\"\ntz = \"Etc/UTC\"\n\
         also = {{ github = \"ana-k\", slack = \"U0ANA\" }}\n\n\
         [people.max]\nname = \"Max W.\"\nemail = \"max@example.org\"\ntz = \"Etc/UTC\"\n\
         also = {{ github = \"max-w\", slack = \"U0MAX\" }}\n\n{rest}",
        sim.github_url(),
        sim.slack_url(),
    ))
}

/// Dice that fall the same way for the same seed (splitmix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("it is below a usize")
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them. `None`: there is none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }
}

/// A store, to be read beside whoever writes it; `facts_json(facts)` is what is folded of a task, to be looked into.
pub fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("facts_json", 1, flags, |call| {
        Ok(gapwatch::store::facts_as_json(call.get_raw(0).as_blob()?))
    })?;
    Ok(db)
}

/// The rows of a query, each as one line, in the order of the lines.
pub fn rows(path: &Path, sql: &str) -> Vec<String> {
    let db = reader(path).expect("the store can be read");
    let mut query = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let columns = query.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let cell = |at| row.get::<_, rusqlite::types::Value>(at).map(|value| shown(&value));
        (0..columns).map(cell).collect::<Result<Vec<_>, _>>().map(|cells| cells.join(" | "))
    };
    let mut lines: Vec<String> =
        query.query_map([], line).expect("the query runs").collect::<Result<_, _>>().expect("every row can be read");
    lines.sort();
    lines
}

fn shown(value: &rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Every task of the mirror with what the tool says of it, by key: nothing of row numbers, nor of when it was asked.
pub const TASKS: &str =
    "SELECT t.key, t.title, t.kind, c.name, t.status_raw, t.category, t.declared, t.start, t.due, t.due_source,
    t.created_at, t.closed_at, t.priority, t.progress, t.progress_source, t.progress_items, t.estimate,
    (SELECT key FROM tasks WHERE id = t.parent), (SELECT handle FROM accounts WHERE id = t.reporter), t.labels,
    t.description_hash, t.restricted, t.ineligible, t.missing
  FROM tasks t JOIN containers c ON c.id = t.container WHERE t.gone_at IS NULL";
/// Owners by key.
pub const OWNERS: &str = "SELECT t.key, a.handle FROM task_owners o JOIN tasks t ON t.id = o.task JOIN accounts a ON a.id = o.account WHERE t.gone_at IS NULL";
/// Links by key.
pub const LINKS: &str = "SELECT t.key, l.kind, o.key FROM links l JOIN tasks t ON t.id = l.task LEFT JOIN tasks o ON o.id = l.other WHERE t.closed_at IS NULL AND t.gone_at IS NULL";
/// Homes by key.
pub const HOMES: &str = "SELECT t.key, c.name, c.due FROM task_homes h JOIN tasks t ON t.id = h.task JOIN containers c ON c.id = h.container WHERE t.gone_at IS NULL";
/// Containers.
pub const CONTAINERS: &str =
    "SELECT kind, name, due, open, reader IS NOT NULL, warm_at IS NOT NULL, hold FROM containers";
/// The tool's own history, without what we did ourselves.
pub const CHANGES: &str = "SELECT t.key, x.at, x.field,
    CASE x.field WHEN 1 THEN (SELECT handle FROM accounts WHERE id = x.old) ELSE x.old END,
    CASE x.field WHEN 1 THEN (SELECT handle FROM accounts WHERE id = x.new) ELSE x.new END, a.handle, x.via
  FROM changes x JOIN tasks t ON t.id = x.task LEFT JOIN accounts a ON a.id = x.account WHERE x.origin = 0 AND coalesce(a.handle, '') <> 'gapwatch-bot'";

/// Alerts by what they are about, without those that went before they settled.
pub const ALERTS: &str = "SELECT a.rule, coalesce(t.key, '-'), a.scope, a.stage, a.state FROM alerts a
  LEFT JOIN tasks t ON a.subject_kind = 0 AND t.id = a.subject WHERE coalesce(a.ending, '') NOT LIKE '%vanished%'";
/// What was surely said, and to whom.
pub const TOLD: &str = "SELECT a.rule, coalesce(t.key, '-'), n.reason, n.rung, coalesce(p.handle, x.handle, '-'), n.channel, n.finding_stage
  FROM (SELECT *, json_extract(evidence, '$.stage') AS finding_stage FROM notices) n JOIN alerts a ON a.id = n.alert
  LEFT JOIN tasks t ON a.subject_kind = 0 AND t.id = a.subject
  LEFT JOIN accounts x ON x.id = n.account LEFT JOIN persons p ON p.id = x.person WHERE n.state = 2";

/// What differs between two lists of lines: `- only here`, `+ only there`.
pub fn difference(here: &[String], there: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, i32> = BTreeMap::new();
    here.iter().for_each(|line| *counts.entry(line).or_default() -= 1);
    there.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    let told = |(line, count): (&String, i32)| match count {
        0 => None,
        count if count < 0 => Some(format!("- {line}")),
        _ => Some(format!("+ {line}")),
    };
    counts.into_iter().filter_map(told).collect()
}

/// What both tools can count: each mark once, one living comment an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Comments made.
    pub comments: usize,
    /// Slack messages posted, answers in threads left out.
    pub messages: usize,
    /// Answers in threads. One may tell of two things that ended while it waited.
    pub answers: usize,
    /// Marks that came more than once.
    pub duplicates: usize,
    /// Issues with more than one comment of ours that is not a farewell to a newer one.
    pub crowded: Vec<u64>,
}

/// Counts.
pub fn counted(sim: &Simulator) -> Counted {
    let (github, slack) = (sim.github(), sim.slack());
    let comments = github.markers();
    let messages = slack.markers();
    let more = |count: &&u32| **count > 1;
    let duplicates = comments.values().filter(more).count() + messages.values().filter(more).count();
    let crowded = github.issues(REPO).into_iter().map(|issue| issue.number).filter(|number| {
        let ours = github.comments(REPO, *number);
        ours.iter().filter(|comment| comment.author == US).count() > 1
    });
    let posted = slack.messages();
    let (answers, messages): (Vec<_>, Vec<_>) =
        posted.iter().filter(|message| message.ours).partition(|message| message.thread_ts.is_some());
    let (answers, messages) = (answers.len(), messages.len());
    Counted { comments: comments.len(), messages, answers, duplicates, crowded: crowded.collect() }
}

/// The engine on a store of its own beside the company, and a clock that is moved by hand.
pub struct Lab {
    pub sim: Simulator,
    pub clock: Arc<SetClock>,
    engine: Option<Engine>,
    folder: TempDir,
    /// The configuration; another one is taken up by the next start.
    pub text: String,
}

impl Lab {
    /// See [`configuration`].
    pub async fn new(now: &str, top: &str, messages: &str, rest: &str) -> Lab {
        let clock = Arc::new(SetClock::leaping(at(now)));
        let shown = clock.clone();
        let sim = company(Arc::new(move || shown.now())).await;
        let text = configuration(&sim, top, messages, rest);
        let mut lab = Lab { sim, clock, engine: None, folder: TempDir::new().unwrap(), text };
        lab.start();
        lab
    }

    pub fn github(&self) -> Github {
        self.sim.github()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine runs but between stop and start")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("gapwatch.db")
    }

    pub fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.store(), sql)
    }

    pub fn start(&mut self) {
        let engine = Engine::start(&parse(&self.text), StorePath::File(self.store()), self.clock.clone());
        self.engine = Some(engine.expect("the engine starts"));
    }

    /// An engine on a store of its own that looks at the same tools for the first time. It is the same instance: it knows
    /// its own marks.
    pub async fn fresh(&self, name: &str) -> Engine {
        let path = self.path(name);
        let start = || Engine::start(&parse(&self.text), StorePath::File(path.clone()), self.clock.clone()).unwrap();
        drop(start());
        freed(&path).await;
        let db = Connection::open(&path).unwrap();
        db.execute("ATTACH ? AS old", [self.store().to_string_lossy()]).unwrap();
        db.execute("UPDATE main.org SET key = (SELECT key FROM old.org)", []).unwrap();
        drop(db);
        start()
    }

    /// Ends the engine as a crash would: nothing is told goodbye. Waits until the store is free.
    pub async fn stop(&mut self) {
        self.engine = None;
        freed(&self.store()).await;
    }

    /// Takes up the configuration while the engine runs.
    pub async fn reload(&mut self) {
        let settings = parse(&self.text);
        let engine = self.engine.as_mut().expect("the engine runs but between stop and start");
        engine.reload(&settings).await.expect("the store takes another configuration");
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start();
    }

    pub fn later(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub fn at(&self, moment: &str) {
        self.clock.set(at(moment).max(self.now()));
    }

    /// Reads everything, judges, sends, until nothing is due.
    pub async fn run(&self) {
        self.engine().pull(true).await.expect("the store takes every page");
        self.settle().await;
    }

    /// Judges and sends without reading.
    pub async fn settle(&self) {
        for _ in 0..50 {
            assert_eq!(
                self.engine().decide().await.expect("the store takes every round"),
                None,
                "the clock is believed"
            );
            if self.engine().deliver().await.expect("the store takes every outcome") == 0 {
                return;
            }
        }
        panic!("there is no end of messages");
    }

    /// Runs so often, so many minutes apart.
    pub async fn runs(&self, times: usize, minutes: i64) {
        for _ in 0..times {
            self.later(SignedDuration::from_mins(minutes));
            self.run().await;
        }
    }
}

/// Returns once nobody owns a store any more.
pub async fn freed(store: &Path) {
    let mut lock = store.as_os_str().to_owned();
    lock.push(".lock");
    for _ in 0..400 {
        if File::options().write(true).open(&lock).is_ok_and(|lock| lock.try_lock().is_ok()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store is still in use");
}

/// A configuration as a user's file would be read.
pub fn parse(text: &str) -> Settings {
    let files = vec![(PathBuf::from("test.toml"), text.to_owned())];
    let loaded = config::load(&Sources { files, env: Default::default(), flags: Flags::default() });
    match loaded {
        Ok(loaded) => loaded.settings,
        Err(found) => panic!("{}", found.iter().map(|one| one.render(false)).collect::<Vec<_>>().join("\n")),
    }
}
