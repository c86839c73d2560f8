//! A company of a size of your choice, mirrored: what both benches measure.

use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::clock::SetClock;
use connector_kit::{Clock, Page, StreamKind};
use connector_simulator::Simulator;
use gapwatch::config::{self, Flags, Settings, Sources};
use gapwatch::daemon::Engine;
use gapwatch::store::{StorePath, StreamRow};
use jiff::{Timestamp, ToSpan};
use tokio::runtime::Runtime;

/// The one repository.
const REPO: &str = "acme/web";

/// A mirror in memory, read completely and judged once, and the pages it was read from.
pub(crate) struct Mirror {
    /// Runs what is asynchronous.
    runtime: Runtime,
    engine: Engine,
    now: Timestamp,
    pages: Vec<(StreamRow, Page)>,
}

impl Mirror {
    /// So many open issues: every second with an owner and a milestone, every fourth with a task list.
    pub(crate) fn of(issues: u64) -> Mirror {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be built");
        let now: Timestamp = "2026-03-11T09:00:00Z".parse().expect("an instant");
        let clock = Arc::new(SetClock::leaping(now));
        let (engine, pages) = runtime.block_on(read(clock, issues));
        Mirror { runtime, engine, now, pages }
    }

    /// Judges every subject; the board is at rest afterwards, as it was before.
    pub(crate) fn judge_everything(&self) {
        let changed = self.runtime.block_on(self.engine.core.oracle(self.now)).expect("the store is in memory");
        assert_eq!(changed, 0, "a board at rest was judged differently");
    }

    /// A round in which nothing is due.
    pub(crate) fn round_at_rest(&self) {
        let report = self.runtime.block_on(self.engine.core.round(self.now)).expect("the store is in memory");
        assert_eq!(report.judged, 0);
    }

    /// Reads a page of a hundred issues once more of which none has changed.
    pub(crate) fn same_page_again(&self) {
        let (stream, page) = &self.pages[0];
        let mut page = page.clone();
        page.asked_at = self.now;
        let applied = self.runtime.block_on(self.engine.core.page(stream.clone(), page, self.now));
        assert_eq!(applied.expect("the store is in memory").changed, 0);
    }

    /// Reads a page of a hundred issues all of which have another title, and judges what that touches.
    pub(crate) fn changed_page(&self, title: &str) {
        let (stream, page) = &self.pages[0];
        let mut page = page.clone();
        page.asked_at = self.now;
        let count = u32::try_from(page.tasks.len()).expect("a page is short");
        for task in &mut page.tasks {
            task.title = title.to_owned();
        }
        self.runtime.block_on(async {
            let applied = self.engine.core.page(stream.clone(), page, self.now).await;
            assert_eq!(applied.expect("the store is in memory").changed, count);
            while self.engine.core.round(self.now).await.expect("the store is in memory").more {}
        });
    }
}

async fn read(clock: Arc<SetClock>, issues: u64) -> (Engine, Vec<(StreamRow, Page)>) {
    let now = clock.now();
    let shown = clock.clone();
    let sim = Simulator::start(Arc::new(move || shown.now())).await.expect("a loopback port is free");
    let github = sim.github();
    github.repo(REPO);
    for login in ["ana-k", "max-w", "gapwatch-bot"] {
        github.user(login);
    }
    github.default_user("gapwatch-bot");
    for number in 0..issues {
        let created = now - i64::try_from(number % 600).unwrap_or(0).hours();
        let mut draft = github.issue(REPO, &format!("Issue {number} of many")).by("max-w").created(created);
        if number % 2 == 0 {
            let due = now + 24.hours() * i64::try_from(number % 50).unwrap_or(0);
            draft = draft.assignee("ana-k").milestone(&format!("Release {}", number % 50), due);
        }
        if number % 4 == 0 {
            draft = draft.body("- [x] one\n- [ ] two\n- [ ] three\n- [ ] four\n");
        }
        draft.open();
    }
    let settings = settings(&sim.github_url());
    let engine = Engine::start(&settings, StorePath::Memory, clock).expect("an engine in memory");
    let pages = pages(&engine, now).await;
    engine.pull(true).await.expect("the store is in memory");
    engine.decide().await.expect("the store is in memory");
    (engine, pages)
}

/// Reads the repositories and the first page of issues by hand, so that they can be read again.
async fn pages(engine: &Engine, now: Timestamp) -> Vec<(StreamRow, Page)> {
    let connection = &engine.connections[0];
    let mut pages = Vec::new();
    for kind in [StreamKind::Containers, StreamKind::Tasks] {
        if kind == StreamKind::Containers {
            let who = connection.source.whoami().await.expect("the simulator answers");
            engine.core.connected(connection.id, who, now).await.expect("the store is in memory");
        }
        let due = engine.core.due_streams(connection.id, now, true).await.expect("the store is in memory");
        let stream = due.into_iter().find(|stream| stream.key.kind == kind).expect("the stream is due");
        let page = connection.source.pull(&stream.key, &stream.cursor).await.expect("the simulator answers");
        engine.core.page(stream.clone(), page.clone(), now).await.expect("the store is in memory");
        if kind == StreamKind::Tasks {
            pages.push((stream, page));
        }
    }
    pages
}

fn settings(url: &str) -> Settings {
    let text = format!("[github.acme]\nurl = \"{url}\"\ntoken = \"bench\"\nrepos = [\"{REPO}\"]\n");
    let files = vec![(PathBuf::from("bench.toml"), text)];
    let loaded = config::load(&Sources { files, env: Default::default(), flags: Flags::default() });
    loaded.expect("the configuration above is valid").settings
}
