//! The second clock: while the tools' clocks and ours disagree nothing is kept, judged or said, and what comes after is what a
//! correct clock would have said, once.

use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::Simulator;
use gapwatch::daemon::Engine;
use gapwatch::jobs::decide::ClockDoubt;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::lab::{REPO, at, company, configuration, github_day, parse, rows};

/// The tools with their clock, the engine with another one.
struct Clocks {
    sim: Simulator,
    tools: Arc<SetClock>,
    ours: Arc<SetClock>,
    engine: Engine,
    folder: TempDir,
}

impl Clocks {
    /// Ana's task, due on Friday; it is Monday.
    async fn new() -> Clocks {
        let now = at("2026-03-02T09:00:00Z");
        let (tools, ours) = (Arc::new(SetClock::leaping(now)), Arc::new(SetClock::leaping(now)));
        let shown = tools.clone();
        let sim = company(Arc::new(move || shown.now())).await;
        let issue = sim.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
        issue.milestone("Alpha", github_day("2026-03-06")).open();
        let folder = TempDir::new().unwrap();
        let settings = parse(&configuration(&sim, "", "", ""));
        let store = StorePath::File(folder.path().join("gapwatch.db"));
        let engine = Engine::start(&settings, store, ours.clone()).unwrap();
        Clocks { sim, tools, ours, engine, folder }
    }

    /// Both clocks show this.
    fn both(&self, now: Timestamp) {
        self.tools.set(now);
        self.ours.set(now);
    }

    async fn run(&self) -> Option<ClockDoubt> {
        self.engine.pull(true).await.unwrap();
        let doubt = self.engine.decide().await.unwrap();
        if doubt.is_none() {
            while self.engine.deliver().await.unwrap() > 0 {
                assert_eq!(self.engine.decide().await.unwrap(), None);
            }
        }
        doubt
    }

    fn said(&self) -> usize {
        self.sim.slack().messages().iter().filter(|message| message.ours).count() + self.sim.github().markers().len()
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.folder.path().join("gapwatch.db"), sql)
    }
}

#[tokio::test]
async fn a_clock_that_leaps_keeps_judges_and_says_nothing_until_it_is_right_again() {
    for days in [30, -30, 1, -1] {
        let clocks = Clocks::new().await;
        assert_eq!(clocks.run().await, None);
        let (before, now) = (clocks.rows("SELECT * FROM tasks"), clocks.ours.now());
        clocks.sim.github().edit_title(REPO, 1, "max-w", "Another title", now);
        clocks.ours.set(now + SignedDuration::from_hours(24 * days));
        for _ in 0..4 {
            let doubt = clocks.run().await.expect("the clock is not believed");
            assert!(matches!(doubt, ClockDoubt::ToolsDisagree(_)), "{doubt:?}");
            assert!(doubt.words().contains("github"), "the operator learns which tool: {}", doubt.words());
        }
        assert_eq!((clocks.said(), clocks.rows("SELECT id FROM alerts").len()), (0, 0), "{days} days");
        assert_eq!(clocks.rows("SELECT * FROM tasks"), before, "what came under a wrong time is not kept");
        clocks.both(now + SignedDuration::from_hours(1));
        assert_eq!(clocks.run().await, None);
        assert_eq!(clocks.rows("SELECT title FROM tasks"), ["Another title"]);
        assert_eq!((clocks.said(), clocks.rows("SELECT id FROM alerts").len()), (0, 0), "it is still due on Friday");
    }
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_is_not_believed_and_four_minutes_are() {
    let clocks = Clocks::new().await;
    clocks.run().await;
    let now = clocks.ours.now();
    clocks.ours.set(now + SignedDuration::from_hours(1));
    assert!(clocks.run().await.is_some());
    clocks.ours.set(now + SignedDuration::from_mins(4));
    assert_eq!(clocks.run().await, None);
}

#[tokio::test]
async fn a_clock_that_stands_still_says_nothing_twice() {
    let clocks = Clocks::new().await;
    clocks.run().await;
    clocks.both(at("2026-03-06T19:00:00Z"));
    clocks.run().await;
    clocks.both(at("2026-03-06T20:00:00Z"));
    clocks.run().await;
    let said = clocks.said();
    assert!(said > 0);
    for _ in 0..5 {
        clocks.run().await;
    }
    assert_eq!(clocks.said(), said);
}
