//! The built program is killed with -9 a hundred times, wherever it happens to be, and started again. In the end nothing is
//! missing and nothing was said twice: its mirror, its gaps and its words are those of a program that nobody disturbed.

mod runs;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connector_simulator::{Fault, Github, Logged, Simulator, Tool};
use jiff::{SignedDuration, Timestamp, ToSpan};
use tempfile::TempDir;

use crate::lab::{
    ALERTS, CHANGES, CONTAINERS, Counted, Dice, HOMES, LINKS, OWNERS, PEOPLE, REPO, TASKS, TOLD, company,
    configuration, counted, difference, github_day, reader, rows,
};

const KILLS: usize = 100;
const SEED: u64 = 20_260_302;
/// Kills at rest, where nothing can go wrong, are not worth more than so many of a hundred moments.
const AT_REST: usize = 15;
/// A program that is not at rest by then hangs.
const LONGEST_REST: Duration = Duration::from_secs(180);

/// Another story with other kills: `KILLS_SEED=7`.
fn seed() -> u64 {
    std::env::var("KILLS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED)
}

/// One moment of the story: when, and whether people do something then.
#[derive(Clone, Copy)]
struct Moment {
    at: Timestamp,
    deeds: bool,
    /// Whether the program may be killed then.
    kills: bool,
}

/// Weeks: on each day two rounds of a look, deeds, and the time after they have settled, each followed by four quiet minutes
/// to find what a kill has left behind; then days on which only time passes.
///
/// What people do and what time does never fall together, so that the story has one outcome only: each working day begins
/// seven minutes later than the one before, so what falls due a working day after a message is seen before the next deeds.
fn story() -> Vec<Moment> {
    let first: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let moment = |day: i64, minutes: i64, deeds, kills| Moment {
        at: first + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(minutes),
        deeds,
        kills,
    };
    let acts = [(0, false), (6, true), (26, false)];
    let round = acts.map(|(at, deeds)| [(at, deeds, true), (at + 4, false, false)]).concat();
    let mut story = Vec::new();
    for (day, begin) in (0..26).filter(|day| day % 7 < 5).zip((537..).step_by(7)) {
        for begin in [begin, begin + 300] {
            story.extend(round.iter().map(|(at, deeds, kills)| moment(day, begin + at, *deeds, *kills)));
        }
    }
    story.extend((26..36).flat_map(|day| [600, 700, 960].map(|minutes| moment(day, minutes, false, false))));
    story
}

/// What people do, told by dice alone: the same on every simulator.
struct People {
    dice: Dice,
    open: Vec<u64>,
    opened: u32,
}

impl People {
    fn new() -> People {
        People { dice: Dice(seed()), open: Vec::new(), opened: 0 }
    }

    fn act(&mut self, github: &Github, at: Timestamp) {
        let deeds = 2 + self.dice.below(3);
        for _ in 0..deeds {
            self.deed(github, at);
        }
    }

    fn deed(&mut self, github: &Github, at: Timestamp) {
        let who = PEOPLE[self.dice.below(PEOPLE.len())];
        let issue = self.dice.pick(&self.open);
        match (self.dice.below(12), issue) {
            (0..=3, _) | (_, None) => self.open(github, at),
            (4, Some(issue)) => github.assign(REPO, issue, "max-w", who, at),
            (5, Some(issue)) => github.unassign(REPO, issue, "max-w", who, at),
            (6, Some(issue)) => github.tick(REPO, issue, 1, at),
            (7, Some(issue)) => drop(github.comment_as(REPO, issue, who, "On it.", at)),
            (8, Some(issue)) => drop(github.comment_as(REPO, issue, "renovate[bot]", "Bump.", at)),
            (9, Some(issue)) => {
                github.close(REPO, issue, who, at, "completed");
                self.open.retain(|other| *other != issue);
            }
            (10, Some(issue)) => github.set_milestone(REPO, issue, "max-w", Some(MILESTONES[self.dice.below(4)].0), at),
            (_, Some(issue)) => {
                let other = self.open[self.dice.below(self.open.len())];
                if other < issue {
                    github.block((REPO, issue), (REPO, other), "max-w", at);
                }
            }
        }
    }

    fn open(&mut self, github: &Github, at: Timestamp) {
        self.opened += 1;
        let mut draft = github.issue(REPO, &format!("Task {}", self.opened)).by("max-w").created(at);
        draft = draft.body("- [ ] one\n- [ ] two\n- [ ] three\n- [ ] four\n- [ ] five\n");
        if self.dice.chance(75) {
            draft = draft.assignee(PEOPLE[self.dice.below(PEOPLE.len())]);
        }
        if self.dice.chance(80) {
            let (title, due) = MILESTONES[self.dice.below(4)];
            draft = draft.milestone(title, github_day(due));
        }
        self.open.push(draft.open());
    }
}

const MILESTONES: [(&str, &str); 4] =
    [("Alpha", "2026-03-06"), ("Beta", "2026-03-12"), ("Gamma", "2026-03-19"), ("Delta", "2026-03-27")];

/// The program on a store of its own, with a simulator of its own and a clock that is a file.
struct Rig {
    sim: Simulator,
    now: Arc<Mutex<Timestamp>>,
    folder: TempDir,
    child: Option<Child>,
    people: People,
}

impl Rig {
    async fn new(at: Timestamp) -> Rig {
        let now = Arc::new(Mutex::new(at));
        let shown = now.clone();
        let sim = company(Arc::new(move || *shown.lock().unwrap())).await;
        for (title, due) in MILESTONES {
            sim.github().milestone(REPO, title, Some(github_day(due)));
        }
        let rig = Rig { sim, now, folder: TempDir::new().unwrap(), child: None, people: People::new() };
        let text = configuration(&rig.sim, "", "", "");
        let store = format!("\n[store]\nurl = \"sqlite:{}\"\n", rig.store().display());
        std::fs::write(rig.path("gapwatch.toml"), text + &store).unwrap();
        rig.show(at);
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("gapwatch.db")
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// Both the program and the simulator read this; the file is exchanged whole, so that nobody reads half an instant.
    fn show(&self, at: Timestamp) {
        std::fs::write(self.path("clock.new"), at.to_string()).unwrap();
        *self.now.lock().unwrap() = at;
        std::fs::rename(self.path("clock.new"), self.path("clock")).unwrap();
    }

    fn start(&mut self) {
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

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        // SIGKILL: nothing of it can be caught.
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What is due, as far as the store tells, and what the program said last.
    fn log(&self) -> String {
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
        lines.extend(due("org", "SELECT seq, epoch, last_tick FROM org"));
        lines.join("\n") + "\n" + &self.tail()
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// People act, then time moves on to this moment.
    fn move_on(&mut self, moment: Moment) {
        self.sim.forget_requests();
        if moment.deeds {
            self.people.act(&self.sim.github(), moment.at);
        }
        self.show(moment.at);
    }

    /// Waits until nothing is due and nothing has moved for a while.
    async fn rest(&mut self) {
        let began = Instant::now();
        let (mut last, mut same, mut looks) = (None, 0, 0);
        while same < 5 {
            assert!(began.elapsed() < LONGEST_REST, "the program does not come to rest:\n{}", self.log());
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("the program ended by itself with {status}:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            looks += 1;
            if looks % 25 == 0 && self.paces() {
                // A channel takes so many messages a second: the program waits for the next one.
                self.show(self.now() + 1.second());
            }
            let seen = self.standing();
            same = if seen.is_some() && seen == last { same + 1 } else { 0 };
            last = seen;
        }
    }

    /// True while the program has begun a call that it does not make yet.
    fn paces(&self) -> bool {
        let sql = "SELECT count(*) FROM messages m, org WHERE m.state = 2 AND m.attempt_epoch = org.epoch";
        // On a slow machine there may be no store yet.
        let begun = |db: rusqlite::Connection| db.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
        reader(&self.store()).ok().and_then(begun).is_some_and(|calls| calls > 0)
    }

    /// What would move if something happened. `None`: something is due.
    fn standing(&self) -> Option<(i64, i64, usize)> {
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
                   + (SELECT last_tick + 60000000 <= ?1 FROM org)
                   + (SELECT count(*) = 0 FROM streams)",
                [now, call_over],
                |row| row.get(0),
            )
            .ok()?;
        let (seq, tick) =
            db.query_row("SELECT seq, last_tick FROM org", [], |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
        (due == 0).then_some((seq, tick, self.sim.requests().len()))
    }

    fn integrity(&self) -> String {
        rows(&self.store(), "PRAGMA integrity_check").join("; ")
    }

    /// The mirror as a new program would read it now.
    fn fresh_mirror(&self) -> PathBuf {
        let store = self.path("fresh.db");
        let done = Command::new(env!("CARGO_BIN_EXE_gapwatch"))
            .arg("-c")
            .arg(self.path("gapwatch.toml"))
            .arg("sync")
            .env("GAPWATCH_TEST_CLOCK", self.path("clock"))
            .env("GAPWATCH_STORE__URL", format!("sqlite:{}", store.display()))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        store
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Already gone is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Where the program was when it was killed, as the tools saw it.
#[derive(Debug, Default)]
struct Hits {
    start: usize,
    pull: usize,
    decide: usize,
    deliver: usize,
    rest: usize,
}

fn is_write(request: &Logged) -> bool {
    let path = request.path.as_str();
    request.method == "PATCH"
        || path.ends_with("chat.postMessage")
        || path.ends_with("chat.update")
        || (request.method == "POST" && path.ends_with("/comments"))
}

impl Hits {
    fn all(&self) -> usize {
        self.start + self.pull + self.decide + self.deliver + self.rest
    }

    fn note(&mut self, requests: &[Logged], started: bool, at_rest: bool) {
        let place = match requests.last() {
            _ if at_rest => &mut self.rest,
            _ if started && requests.is_empty() => &mut self.start,
            Some(request) if is_write(request) => &mut self.deliver,
            Some(request) if request.status.is_none() => &mut self.pull,
            _ if requests.len() < 3 => &mut self.pull,
            _ => &mut self.decide,
        };
        *place += 1;
    }
}

/// How the moment of a kill is chosen.
#[derive(Debug, Clone, Copy)]
enum Aim {
    /// So many milliseconds after time moved.
    After(u64),
    /// As soon as so many requests have come.
    Request(usize),
    /// As soon as something is written, and so many microseconds later.
    Write(u64),
    /// The write hangs: nothing of it happens.
    BeforeWrite,
    /// The write happens, its answer hangs.
    AfterWrite,
    /// So many milliseconds after a start.
    Start(u64),
}

impl Aim {
    fn next(dice: &mut Dice) -> Aim {
        match dice.below(12) {
            0 => Aim::After(dice.next() % 60),
            1..=3 => Aim::Request(1 + dice.below(9)),
            4..=6 => Aim::Write(dice.next() % 6_000),
            7 | 8 => Aim::BeforeWrite,
            9 | 10 => Aim::AfterWrite,
            _ => Aim::Start(dice.next() % 120),
        }
    }

    fn prepare(self, sim: &Simulator) {
        let fault = match self {
            Aim::BeforeWrite => Fault::Hang(5),
            Aim::AfterWrite => Fault::AfterCommit(Box::new(Fault::Hang(5))),
            _ => return,
        };
        for (tool, matcher) in
            [(Tool::Slack, "chat.postMessage"), (Tool::Github, "POST /comments"), (Tool::Github, "PATCH /comments")]
        {
            sim.fail_next(tool, matcher, fault.clone(), 1);
        }
    }

    /// Waits for the moment; true when the program came to rest before it.
    async fn wait(self, rig: &mut Rig) -> bool {
        match self {
            Aim::After(millis) | Aim::Start(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                false
            }
            Aim::Request(count) => until(rig, |requests| requests.len() >= count).await,
            Aim::Write(micros) => {
                let rested = until(rig, |requests| requests.iter().any(is_write)).await;
                std::thread::sleep(Duration::from_micros(micros));
                rested
            }
            Aim::BeforeWrite | Aim::AfterWrite => until(rig, |requests| requests.iter().any(is_write)).await,
        }
    }
}

/// Waits until the requests are such, or the program rests; true for the latter.
async fn until(rig: &mut Rig, such: impl Fn(&[Logged]) -> bool) -> bool {
    let began = Instant::now();
    let mut looks = 0;
    loop {
        if such(&rig.sim.requests()) {
            return false;
        }
        looks += 1;
        if looks % 100 == 0 && rig.standing().is_some() {
            return true;
        }
        assert!(began.elapsed() < LONGEST_REST, "neither rest nor the moment of the kill:\n{}", rig.log());
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}
