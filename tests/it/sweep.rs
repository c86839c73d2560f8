//! The program is killed at one system call after another of a pass that reads, judges and tells, and of one that tells what
//! is over. It is run again, and in the end everything is as if nobody had touched it.
//!
//! It takes minutes and needs `strace`, so it is run by hand: `tests/sweep`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use connector_simulator::Simulator;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::lab::{
    ALERTS, CHANGES, Counted, OWNERS, REPO, TASKS, TOLD, at, company, configuration, counted, difference, github_day,
    rows,
};

/// Where it is killed: what goes to the disk, to the other side, and what comes back.
/// Which of two names a call goes by differs from system to system; one that is not made is passed over.
const CALLS: [&str; 7] = ["write", "writev", "pwrite64", "fsync", "fdatasync", "sendto", "recvfrom"];

/// Every k-th call: `SWEEP_STEP=1` for all of them. `None`: nobody asked for a sweep.
fn step() -> Option<usize> {
    std::env::var("SWEEP_STEP").ok()?.parse().ok().filter(|step| *step > 0)
}

/// Which pass is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// The first: everything is read, found late, and told.
    Telling,
    /// The last: it is over, and whoever was told hears so.
    Resolving,
}

/// A store, a simulator and a clock for one kill.
struct Bench {
    sim: Simulator,
    now: Arc<Mutex<Timestamp>>,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Bench {
        let now = Arc::new(Mutex::new(at("2026-03-03T10:00:00Z")));
        let shown = now.clone();
        let sim = company(Arc::new(move || *shown.lock().unwrap())).await;
        for nth in 0..3 {
            let draft = sim.github().issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
            draft.milestone("Alpha", github_day("2026-03-02")).created(at("2026-02-23T09:00:00Z")).open();
        }
        let bench = Bench { sim, now, folder: TempDir::new().unwrap() };
        let store = format!("\n[store]\nurl = \"sqlite:{}\"\n", bench.path("gapwatch.db").display());
        std::fs::write(bench.path("gapwatch.toml"), configuration(&bench.sim, "", "", "") + &store).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn on(&self, minutes: i64) {
        let moment = *self.now.lock().unwrap() + SignedDuration::from_mins(minutes);
        *self.now.lock().unwrap() = moment;
        std::fs::write(self.path("clock"), moment.to_string()).unwrap();
    }

    /// One pass of the program, perhaps under strace. True: it was killed.
    async fn pass(&self, strace: &[String]) -> bool {
        let program = env!("CARGO_BIN_EXE_gapwatch");
        let mut command = match strace {
            [] => Command::new(program),
            args => {
                let mut command = Command::new("strace");
                command.args(args).arg(program);
                command
            }
        };
        command.arg("-c").arg(self.path("gapwatch.toml")).args(["run", "--once"]);
        command.env("GAPWATCH_TEST_CLOCK", self.path("clock")).env_remove("RUST_LOG");
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("strace and the program can be started");
        let status = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
        // strace ends as the program did: by a signal, or with its code.
        status.code().is_none()
    }

    /// The whole story with one kill. True: there was a call to be killed at.
    async fn story(&self, which: Option<Pass>, strace: &[String]) -> bool {
        let args = |pass| if which == Some(pass) { strace } else { &[] };
        self.on(0);
        let mut killed = self.pass(args(Pass::Telling)).await;
        for _ in 0..3 {
            self.on(2);
            self.pass(&[]).await;
        }
        for number in 1..=3 {
            self.sim.github().close(REPO, number, "max-w", *self.now.lock().unwrap(), "completed");
        }
        self.on(1);
        self.pass(&[]).await;
        self.on(11);
        killed |= self.pass(args(Pass::Resolving)).await;
        for _ in 0..3 {
            self.on(2);
            self.pass(&[]).await;
        }
        killed
    }

    /// The store is sound, and has what every store has.
    fn is_whole(&self) -> bool {
        let whole = self.rows("PRAGMA integrity_check") == ["ok"];
        let tables = self.rows("SELECT count(*) FROM sqlite_schema WHERE name = 'tasks'") == ["1"];
        if !whole || !tables {
            println!("{}", std::fs::read_to_string(self.path("log")).unwrap_or_default());
        }
        whole && tables
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.path("gapwatch.db"), sql)
    }
}

/// The most calls of this kind that one thread makes in a pass.
async fn calls(pass: Pass, call: &str) -> usize {
    let bench = Bench::new().await;
    let trace = bench.path("trace");
    let args = ["-f", "-qq", "-o", &trace.to_string_lossy(), "-e", &format!("trace={call}")].map(str::to_owned);
    bench.story(Some(pass), &args).await;
    let text = std::fs::read_to_string(trace).unwrap();
    let mut threads: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains(&format!("{call}("))) {
        *threads.entry(line.split(' ').next().unwrap_or_default()).or_default() += 1;
    }
    threads.into_values().max().unwrap_or(0)
}

#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    lost: usize,
    twice: usize,
    broken: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_system_call_nothing_is_lost_and_nothing_is_said_twice() {
    let Some(step) = step() else { return println!("skipped: SWEEP_STEP is not set; tests/sweep sets it") };
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it by tests/sweep");
    }
    let began = Instant::now();
    let calm = Bench::new().await;
    calm.story(None, &[]).await;
    let expected = counted(&calm.sim);
    assert!(expected.comments > 0 && expected.messages > 0 && expected.answers > 0, "{expected:?}");
    let mut tally = Tally::default();
    let mut wrong: Vec<String> = Vec::new();
    for pass in [Pass::Telling, Pass::Resolving] {
        for call in CALLS {
            let all = calls(pass, call).await;
            if all == 0 {
                continue;
            }
            let before = tally.kills;
            for k in (1..=all).step_by(step) {
                let bench = Bench::new().await;
                let inject = format!("inject={call}:signal=KILL:when={k}");
                let args = ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject];
                if !bench.story(Some(pass), &args.map(str::to_owned)).await {
                    continue;
                }
                tally.kills += 1;
                let place = format!("{pass:?} {call} {k}");
                let found = counted(&bench.sim);
                tally.twice += found.duplicates + found.crowded.len();
                if !bench.is_whole() {
                    tally.broken += 1;
                    continue;
                }
                let mut differs: Vec<String> = Vec::new();
                for sql in [TASKS, OWNERS, CHANGES, ALERTS, TOLD] {
                    differs.extend(difference(&calm.rows(sql), &bench.rows(sql)));
                }
                differs.extend(
                    bench.rows("SELECT 'under way', id, op, state, error FROM messages WHERE state IN (1, 2, 3)"),
                );
                // Two messages of one day may be one, and two answers one, where a kill lay between.
                let said = Counted { answers: 0, messages: 0, ..found.clone() };
                if said != (Counted { answers: 0, messages: 0, ..expected.clone() })
                    || found.messages > expected.messages
                {
                    differs.push(format!("{found:?} instead of {expected:?}"));
                }
                tally.lost += usize::from(!differs.is_empty());
                wrong.extend(differs.into_iter().map(|line| format!("{place}: {line}")));
            }
            println!("{pass:?} {call}: {} of {all} calls", tally.kills - before);
        }
    }
    println!(
        "figure F1: {} kills at every {}. system call ({}): lost {}, twice {}, broken stores {}; {} s",
        tally.kills,
        step,
        CALLS.join(", "),
        tally.lost,
        tally.twice,
        tally.broken,
        began.elapsed().as_secs()
    );
    assert!(tally.kills > 0, "nothing was killed: is strace allowed to trace here?");
    assert!(wrong.is_empty() && tally.twice + tally.broken == 0, "{tally:?}\n{}", wrong.join("\n"));
}
