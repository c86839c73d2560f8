//! The built program is killed with -9 a hundred times, wherever it happens to be, and started again. In the end nothing is
//! missing and nothing was said twice: its mirror, its gaps and its words are those of a program that nobody disturbed.

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

/// Goes through the story undisturbed.
async fn undisturbed() -> Rig {
    let story = story();
    let mut rig = Rig::new(story[0].at - 5.minutes()).await;
    rig.start();
    rig.rest().await;
    for moment in story {
        rig.move_on(moment);
        rig.rest().await;
    }
    rig
}

/// Goes through the same story with kills.
async fn killed(hits: &mut Hits) -> Rig {
    let story = story();
    let mut dice = Dice(seed() ^ 0xdead);
    let mut rig = Rig::new(story[0].at - 5.minutes()).await;
    rig.start();
    tokio::time::sleep(Duration::from_millis(dice.next() % 100)).await;
    for moment in story {
        rig.move_on(moment);
        while moment.kills && hits.all() < KILLS && strike(&mut rig, &mut dice, hits).await && dice.chance(72) {}
        rig.rest().await;
    }
    // How many moments the story has for kills depends on the machine: what is missing is made up for at its end.
    for _ in 0..4 * KILLS {
        if hits.all() >= KILLS {
            break;
        }
        strike(&mut rig, &mut dice, hits).await;
    }
    rig.rest().await;
    rig
}

/// Aims, kills, starts again; false when the program came to rest before and was left alone.
async fn strike(rig: &mut Rig, dice: &mut Dice, hits: &mut Hits) -> bool {
    let aim = Aim::next(dice);
    if matches!(aim, Aim::Start(_)) {
        rig.kill();
        hits.note(&rig.sim.requests(), false, false);
        rig.start();
    }
    rig.sim.forget_requests();
    aim.prepare(&rig.sim);
    let at_rest = aim.wait(rig).await;
    let strikes = !at_rest || dice.chance(AT_REST);
    if strikes {
        rig.kill();
        hits.note(&rig.sim.requests(), matches!(aim, Aim::Start(_)), at_rest);
        if hits.all().is_multiple_of(10) {
            assert_eq!(rig.integrity(), "ok", "after {} kills", hits.all());
        }
        rig.start();
    }
    rig.sim.heal();
    strikes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_and_repeat_nothing() {
    if !cfg!(feature = "test-clock") {
        panic!("this test moves the program's clock: run it with `cargo test --features test-clock --test it`");
    }
    let began = Instant::now();
    let calm = tokio::spawn(undisturbed());
    let mut hits = Hits::default();
    let rig = killed(&mut hits).await;
    let calm = calm.await.unwrap();

    let (calm_counted, rig_counted) = (counted(&calm.sim), counted(&rig.sim));
    println!(
        "seed {}: {} kills {hits:?}; {rig_counted:?}, undisturbed {calm_counted:?}; {} s",
        seed(),
        hits.all(),
        began.elapsed().as_secs(),
    );
    let mut wrong: Vec<String> = Vec::new();
    for (what, sql) in [
        ("tasks", TASKS),
        ("owners", OWNERS),
        ("links", LINKS),
        ("homes", HOMES),
        ("containers", CONTAINERS),
        ("changes", CHANGES),
        ("alerts", ALERTS),
        ("told", TOLD),
    ] {
        let (here, there) = (rows(&calm.store(), sql), rows(&rig.store(), sql));
        assert!(what == "links" || !here.is_empty(), "there is nothing to compare in {what}");
        wrong.extend(difference(&here, &there).into_iter().map(|line| format!("{what}: {line}")));
    }
    let fresh = rig.fresh_mirror();
    for (what, sql) in [("tasks", TASKS), ("owners", OWNERS), ("links", LINKS), ("homes", HOMES), ("changes", CHANGES)]
    {
        let found = difference(&rows(&fresh, sql), &rows(&rig.store(), sql));
        wrong.extend(found.into_iter().map(|line| format!("fresh {what}: {line}")));
    }
    let unsettled = "SELECT id, op, state, error FROM messages WHERE state IN (1, 2, 3)";
    wrong.extend(rows(&rig.store(), unsettled).into_iter().map(|line| format!("under way: {line}")));
    let lost = "SELECT id, why FROM notices WHERE state IN (3, 5)";
    wrong.extend(rows(&rig.store(), lost).into_iter().map(|line| format!("given up: {line}")));
    if let (false, Ok(folder)) = (wrong.is_empty(), std::env::var("KILLS_KEEP")) {
        for (rig, name) in [(&calm, "calm"), (&rig, "killed")] {
            let copy =
                |file: &str| std::fs::copy(rig.path(file), PathBuf::from(&folder).join(format!("{name}.{file}")));
            let db = rusqlite::Connection::open(rig.store()).unwrap();
            db.execute("VACUUM INTO ?", [format!("{folder}/{name}.db")]).unwrap();
            copy("log").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let answers = calm_counted.answers.min(rig_counted.answers);
    assert!(rig_counted.answers <= calm_counted.answers, "more answers than without a kill");
    assert_eq!(rig_counted, Counted { answers, duplicates: 0, crowded: Vec::new(), ..calm_counted });
    assert!(hits.all() >= KILLS, "the story is too short for so many kills: {hits:?}");
}

/// What anybody was told, as the tools count it.
fn said(rig: &Rig) -> (usize, usize) {
    let counted = counted(&rig.sim);
    (counted.messages + counted.answers, rig.sim.github().writes().len())
}

/// Our clock alone jumps a month ahead, stays so for an hour, and is put right. `restarts`: the program is started anew
/// meanwhile.
async fn a_month_ahead(restarts: bool) {
    let mut rig = Rig::new("2026-03-03T10:00:00Z".parse().unwrap()).await;
    let github = rig.sim.github();
    let open = |title: &str, milestone: &str| {
        let draft = github.issue(REPO, title).by("max-w").assignee("ana-k").milestone(milestone, None);
        draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open()
    };
    github.milestone(REPO, "Passed", Some(github_day("2026-03-02")));
    let (late, _) = (open("Late", "Passed"), open("Not late", "Delta"));
    rig.start();
    rig.rest().await;
    let on = async |rig: &mut Rig, minutes: i64| {
        rig.show(rig.now() + SignedDuration::from_mins(minutes));
        rig.rest().await;
    };
    for _ in 0..3 {
        on(&mut rig, 20).await;
    }
    let stood = (said(&rig), rows(&rig.store(), ALERTS));
    assert!(stood.0.0 > 0 && stood.0.1 > 0, "there is nothing that could be repeated");

    let right = rig.now();
    for tick in 0..30 {
        let there = right + SignedDuration::from_mins(2 * tick);
        std::fs::write(rig.path("clock.new"), (there + SignedDuration::from_hours(30 * 24)).to_string()).unwrap();
        std::fs::rename(rig.path("clock.new"), rig.path("clock")).unwrap();
        *rig.now.lock().unwrap() = there;
        if restarts && tick == 10 {
            rig.kill();
            rig.start();
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!((said(&rig), rows(&rig.store(), ALERTS)), stood, "restarts: {restarts}: while the clock was wrong");
    rig.show(right + SignedDuration::from_hours(1));
    // So long the program may take to see that the clock was set back.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    on(&mut rig, 3).await;
    assert_eq!((said(&rig), rows(&rig.store(), ALERTS)), stood, "restarts: {restarts}: once it was put right");

    github.close(REPO, late, "max-w", rig.now(), "completed");
    for _ in 0..3 {
        on(&mut rig, 20).await;
    }
    assert!(said(&rig).0 > stood.0.0, "restarts: {restarts}: it does not speak any more:\n{}", rig.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_a_month_ahead_for_an_hour_says_nothing() {
    if !cfg!(feature = "test-clock") {
        panic!("run it with `cargo test --features test-clock --test it`");
    }
    for restarts in [false, true] {
        a_month_ahead(restarts).await;
    }
}
