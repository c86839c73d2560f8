//! Our clock is wrong while the tools' are right: late rather than twice, and nothing that a right clock would not have said.

use std::sync::{Arc, Mutex};

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::Simulator;
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::figure;
use crate::lab::{ALERTS, REPO, at, company, configuration, counted, freed, github_day, parse, rows};

/// The company, its own time, and ours.
struct Watchers {
    sim: Simulator,
    right: Arc<Mutex<Timestamp>>,
    ours: Arc<SetClock>,
    text: String,
    folder: TempDir,
    engine: Option<Engine>,
}

impl Watchers {
    /// One task is late and told; another one will be late by its time alone tomorrow, a third in a month.
    async fn new() -> Watchers {
        let start = at("2026-03-03T10:00:00Z");
        let right = Arc::new(Mutex::new(start));
        let shown = right.clone();
        let sim = company(Arc::new(move || *shown.lock().unwrap())).await;
        for (title, due) in [("Passed", "2026-03-02"), ("Soon", "2026-03-04"), ("Later", "2026-04-03")] {
            let draft = sim.github().issue(REPO, title).by("max-w").assignee("ana-k");
            draft.milestone(title, github_day(due)).created(at("2026-02-23T09:00:00Z")).open();
        }
        let text = configuration(&sim, "", "", "");
        let ours = Arc::new(SetClock::leaping(start));
        let mut watchers = Watchers { sim, right, ours, text, folder: TempDir::new().unwrap(), engine: None };
        watchers.start();
        for _ in 0..6 {
            watchers.on(SignedDuration::from_mins(5), SignedDuration::ZERO).await;
        }
        watchers
    }

    fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("gapwatch.db")
    }

    fn start(&mut self) {
        let engine = Engine::start(&parse(&self.text), StorePath::File(self.store()), self.ours.clone());
        self.engine = Some(engine.unwrap());
    }

    async fn restart(&mut self) {
        self.engine = None;
        freed(&self.store()).await;
        self.start();
    }

    /// Time moves on; ours is off by so much. One look as the daemon makes it. Says whether our clock was believed.
    async fn on(&mut self, by: SignedDuration, off: SignedDuration) -> bool {
        let now = *self.right.lock().unwrap() + by;
        *self.right.lock().unwrap() = now;
        self.ours.set(now + off);
        self.look().await
    }

    async fn look(&self) -> bool {
        let engine = self.engine.as_ref().unwrap();
        engine.pull(false).await.unwrap();
        for _ in 0..10 {
            if engine.decide().await.unwrap().is_some() {
                return false;
            }
            if engine.deliver().await.unwrap() == 0 {
                return true;
            }
        }
        panic!("there is no end of messages");
    }

    /// What was said, and what is open.
    fn stands(&self) -> (String, usize, Vec<String>) {
        (format!("{:?}", counted(&self.sim)), self.sim.github().writes().len(), rows(&self.store(), ALERTS))
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_clock_that_is_wrong_for_an_hour_says_nothing_that_a_right_one_would_not() {
    let day = SignedDuration::from_hours(24);
    let mut wrong = 0;
    let offs = [HOUR, -HOUR, day * 30, -(day * 30)];
    for off in offs {
        for restarts in [false, true] {
            let mut watchers = Watchers::new().await;
            let stood = watchers.stands();
            assert!(stood.1 > 0, "there is nothing that could be repeated");
            for tick in 0..30 {
                if restarts && tick == 10 {
                    watchers.restart().await;
                }
                watchers.on(SignedDuration::from_mins(2), off).await;
            }
            wrong += usize::from(watchers.stands() != stood);
            assert_eq!(watchers.stands(), stood, "{off:?}, restarts: {restarts}: while it was wrong");
            for _ in 0..10 {
                watchers.on(SignedDuration::from_mins(2), SignedDuration::ZERO).await;
            }
            wrong += usize::from(watchers.stands() != stood);
            assert_eq!(watchers.stands(), stood, "{off:?}, restarts: {restarts}: once it was right again");
            // It does speak again: what has ended meanwhile is told.
            watchers.sim.github().close(REPO, 1, "ana-k", *watchers.right.lock().unwrap(), "completed");
            for _ in 0..12 {
                watchers.on(SignedDuration::from_mins(3), SignedDuration::ZERO).await;
            }
            assert!(watchers.stands().2 != stood.2, "{off:?}, restarts: {restarts}: it does not speak any more");
            assert_eq!(counted(&watchers.sim).duplicates, 0);
        }
    }
    figure("F22", format!("{wrong} double or premature messages over {} wrong clocks", 2 * offs.len()));
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn a_clock_that_stands_still_is_late_and_never_says_a_thing_twice() {
    let mut watchers = Watchers::new().await;
    let stood = watchers.stands();
    let stopped = watchers.ours.now();
    for _ in 0..30 {
        *watchers.right.lock().unwrap() += SignedDuration::from_mins(2);
        watchers.ours.set(stopped);
        watchers.look().await;
    }
    assert_eq!(watchers.stands(), stood, "while it stood still");
    for _ in 0..10 {
        watchers.on(SignedDuration::from_mins(2), SignedDuration::ZERO).await;
    }
    assert_eq!(watchers.stands(), stood, "once it went on");
    figure("F22", "0 double or premature messages while the clock stood still for an hour");
}
