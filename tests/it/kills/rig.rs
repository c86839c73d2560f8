//! The built program beside a simulator, with a clock that both read from a file: to be killed, started, and waited for.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connector_simulator::Simulator;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tempfile::TempDir;

use crate::lab::{reader, rows};

/// At a quiet moment so much time has passed at least: what was being sent when the program was killed is looked for after a
/// minute and a half, and is to be found before people do something that makes it needless.
const QUIET: SignedDuration = SignedDuration::from_mins(2);
/// A program that is not at rest by then hangs.
pub const LONGEST_REST: Duration = Duration::from_secs(180);

/// One moment of a story: when, and whether people do something then.
#[derive(Clone, Copy)]
pub struct Moment {
    pub at: Timestamp,
    pub deeds: bool,
    /// Whether the program may be killed then.
    pub kills: bool,
}

/// A story, and how often the program is killed in it.
#[derive(Clone)]
pub struct Plan {
    pub story: Vec<Moment>,
    /// Of the dice.
    pub seed: u64,
    pub kills: usize,
    /// How many more kills there may have been than the share of the story that has passed.
    pub ahead: usize,
    /// In so many of a hundred cases a kill is followed by another one at the same moment.
    pub again: usize,
}

/// The world around the program, but for the tools: who acts in it, and what else is called.
pub trait Scene: Send {
    /// People do something.
    fn act(&mut self, sim: &Simulator, at: Timestamp);

    /// How often something beside the simulator was called so far.
    fn calls(&self) -> usize {
        0
    }

    /// Whether something is called that cannot be asked what it has taken.
    fn is_blind(&self) -> bool {
        false
    }

    /// How much that has taken so far.
    fn taken(&self) -> usize {
        0
    }

    /// Lets the next call of each of these hang for so many seconds; `done`: it takes effect before.
    fn hang(&self, _secs: u64, _done: bool) {}

    /// Nothing hangs any more.
    fn heal(&self) {}

    /// The program was killed, and this is its store.
    fn killed(&mut self, _store: &Path) {}
}

/// The program on a store of its own, with a simulator of its own and a clock that is a file.
pub struct Rig<S> {
    pub sim: Simulator,
    pub now: Arc<Mutex<Timestamp>>,
    folder: TempDir,
    child: Option<Child>,
    pub scene: S,
    /// Calls to what stands beside the simulator, when they were last forgotten.
    forgotten: usize,
    /// What had moved when time was last thought about.
    paced: Option<(i64, i64, usize)>,
}

impl<S: Scene> Rig<S> {
    /// `now` is what the simulator reads.
    pub fn new(sim: Simulator, now: Arc<Mutex<Timestamp>>, text: &str, scene: S) -> Rig<S> {
        let at = *now.lock().unwrap();
        let rig = Rig { sim, now, folder: TempDir::new().unwrap(), child: None, scene, forgotten: 0, paced: None };
        let store = format!("\n[store]\nurl = \"sqlite:{}\"\n", rig.store().display());
        std::fs::write(rig.path("gapwatch.toml"), format!("{text}{store}")).unwrap();
        rig.show(at);
        rig
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("gapwatch.db")
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// Both the program and the simulator read this; the file is exchanged whole, so that nobody reads half an instant.
    pub fn show(&self, at: Timestamp) {
        std::fs::write(self.path("clock.new"), at.to_string()).unwrap();
        *self.now.lock().unwrap() = at;
        std::fs::rename(self.path("clock.new"), self.path("clock")).unwrap();
    }

    pub fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_gapwatch"))
            .args(["--log-format", "text", "-c"])
            .arg(self.path("gapwatch.toml"))
            .arg("run")
            .env("GAPWATCH_TEST_CLOCK", self.path("clock"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        // SIGKILL: nothing of it can be caught.
        child.kill().unwrap();
        child.wait().unwrap();
        let store = self.store();
        self.scene.killed(&store);
    }

    /// From here on calls are counted anew.
    pub fn forget_calls(&mut self) {
        self.sim.forget_requests();
        self.forgotten = self.scene.calls();
    }

    /// Calls since then to what stands beside the simulator.
    pub fn calls_beside(&self) -> usize {
        self.scene.calls() - self.forgotten
    }

    /// What is due, as far as the store tells, and what the program said last.
    pub fn log(&self) -> String {
        let now = self.now().as_microsecond();
        let due = |what: &str, sql: &str| {
            rows(&self.store(), &sql.replace("?1", &now.to_string()))
                .into_iter()
                .map(move |row| format!("{what}: {row}"))
                .collect::<Vec<_>>()
        };
        let mut lines = vec![format!("now {now}")];
        lines.extend(due(
            "stream",
            "SELECT kind, scope, next_pull_at, not_before, failures, failure FROM streams WHERE next_pull_at <= ?1",
        ));
        lines.extend(due("alert", "SELECT id, rule, state, step_at FROM alerts WHERE step_at <= ?1"));
        lines.extend(due(
            "message",
            "SELECT id, op, state, due_at, attempt_at, attempt_epoch, post, error FROM messages WHERE state < 4",
        ));
        lines.extend(due("event", "SELECT id, attempts, due_at, error FROM events WHERE state = 1"));
        lines.extend(due("org", "SELECT seq, epoch, last_tick FROM org"));
        lines.join("\n") + "\n" + &self.tail()
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// People act, then time moves on to this moment.
    pub fn move_on(&mut self, moment: Moment) {
        self.forget_calls();
        // A moment at which much is said at the pace of the tools may last longer than until the next one.
        let is_quiet = !moment.deeds && !moment.kills;
        let at = moment.at.max(self.now() + if is_quiet { QUIET } else { SignedDuration::ZERO });
        if moment.deeds {
            self.scene.act(&self.sim, at);
        }
        self.show(at);
    }

    /// Waits until nothing is due and nothing has moved for a while.
    pub async fn rest(&mut self) {
        let began = Instant::now();
        let (mut last, mut same, mut looks) = (None, 0, 0);
        while same < 5 {
            assert!(began.elapsed() < LONGEST_REST, "the program does not come to rest:\n{}", self.log());
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("the program ended by itself with {status}:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            looks += 1;
            if looks % 5 == 0 {
                self.pace();
            }
            let seen = self.standing();
            same = if seen.is_some() && seen == last { same + 1 } else { 0 };
            last = seen;
        }
    }

    /// Tools take so many calls a second: where nothing has moved since the last time and the program waits for the next call,
    /// time moves on by a second.
    pub fn pace(&mut self) {
        let seen = self.seen();
        if self.works() {
            // On a busy machine it is slow, and waits for nothing.
        } else if self.calls_wait() || (seen == self.paced && self.standing().is_none()) {
            self.show(self.now() + 1.second());
        }
        self.paced = seen;
    }

    /// True while the program runs, or would if it had a processor, or waits for its disk.
    fn works(&self) -> bool {
        let Some(child) = &self.child else { return false };
        let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).into_iter().flatten().flatten();
        let state = |text: &str| text.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        let mut states = threads.filter_map(|thread| state(&std::fs::read_to_string(thread.path().join("stat")).ok()?));
        states.any(|state| matches!(state, 'R' | 'D'))
    }

    /// True while the program has begun a call that it does not make yet.
    fn calls_wait(&self) -> bool {
        let sql = "SELECT count(*) FROM messages m, org WHERE m.state = 2 AND m.attempt_epoch = org.epoch";
        // On a slow machine there may be no store yet.
        let begun = |db: rusqlite::Connection| db.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
        reader(&self.store()).ok().and_then(begun).is_some_and(|calls| calls > 0)
    }

    /// What moves when something happens. `None`: there is no store yet.
    fn seen(&self) -> Option<(i64, i64, usize)> {
        let db = reader(&self.store()).ok()?;
        let (seq, tick) =
            db.query_row("SELECT seq, last_tick FROM org", [], |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
        Some((seq, tick, self.sim.requests().len() + self.scene.calls()))
    }

    /// What would move if something happened. `None`: something is due.
    pub fn standing(&self) -> Option<(i64, i64, usize)> {
        let db = reader(&self.store()).ok()?;
        let now = self.now().as_microsecond();
        let call_over = 90_000_000;
        let due: i64 = db
            .query_row(
                "SELECT (SELECT count(*) FROM streams s LEFT JOIN containers c ON c.id = s.scope
                           WHERE (s.scope = 0 OR (c.open AND c.reader = s.connection)) AND s.next_pull_at <= ?1
                             AND coalesce(s.not_before <= ?1, 1))
                   + (SELECT count(*) FROM alerts WHERE step_at <= ?1 AND state < 2)
                   + (SELECT count(*) FROM messages m WHERE m.state = 1 AND m.due_at <= ?1
                        AND (m.held_since IS NULL OR m.let_go)
                        AND NOT EXISTS(SELECT 1 FROM messages o WHERE o.post = m.post AND o.state IN (2, 3)))
                   + (SELECT count(*) FROM messages m, org WHERE m.state = 2
                        AND (m.attempt_epoch = org.epoch OR m.attempt_at + ?2 <= ?1))
                   + (SELECT count(*) FROM messages WHERE state = 3 AND due_at <= ?1)
                   + (SELECT count(*) FROM events WHERE state = 1 AND due_at <= ?1)
                   + (SELECT last_tick + 60000000 <= ?1 FROM org)
                   + (SELECT count(*) = 0 FROM streams)",
                [now, call_over],
                |row| row.get(0),
            )
            .ok()?;
        drop(db);
        if due == 0 { self.seen() } else { None }
    }

    pub fn integrity(&self) -> String {
        rows(&self.store(), "PRAGMA integrity_check").join("; ")
    }

    /// The mirror as a new program would read it now.
    pub fn fresh_mirror(&self) -> PathBuf {
        let store = self.path("fresh.db");
        let mut child = Command::new(env!("CARGO_BIN_EXE_gapwatch"))
            .arg("-c")
            .arg(self.path("gapwatch.toml"))
            .arg("sync")
            .env("GAPWATCH_TEST_CLOCK", self.path("clock"))
            .env("GAPWATCH_STORE__URL", format!("sqlite:{}", store.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.path("fresh.log")).unwrap())
            .spawn()
            .unwrap();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < LONGEST_REST, "a sync does not end");
            std::thread::sleep(Duration::from_millis(100));
            // Tools take so many calls a second.
            self.show(self.now() + 1.second());
        };
        assert!(status.success(), "{}", std::fs::read_to_string(self.path("fresh.log")).unwrap());
        store
    }
}

impl<S> Drop for Rig<S> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Already gone is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
