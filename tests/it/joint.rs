//! Streams that rest are asked for together: one request for all containers of a connection, and each by itself only where
//! something is wrong with one of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use connector_kit::clock::SetClock;
use connector_kit::{
    BoxFuture, Clock, ConnectorError, Cursor, Page, Source, StreamKey, StreamKind, StreamSpec, TaskLook, Whoami,
};
use connector_model::{Container, ContainerKind, ContainerRef, SiteKey};
use gapwatch::daemon::Engine;
use gapwatch::jobs::pull::PullReport;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::lab::{at, company, configuration, parse};

/// A tool with three projects that can be asked for together, and what was asked of it.
struct Tool {
    clock: Arc<SetClock>,
    asked: Mutex<Vec<String>>,
    /// What asking for these together ends with.
    fails: Mutex<Option<fn() -> ConnectorError>>,
    /// The one that cannot be read by itself.
    hidden: Mutex<Option<&'static str>>,
}

impl Tool {
    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    fn page(&self) -> Page {
        let mut page = Page::new(self.clock.now(), Cursor { at: Some("x".to_owned()), etag: None, backfilled: true });
        page.history_since = Some(Timestamp::UNIX_EPOCH);
        page
    }
}

fn scope(stream: &StreamKey) -> &str {
    stream.scope.as_ref().map_or("", |scope| scope.name.as_str())
}

impl Source for Tool {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        let site = SiteKey { tool: "github".to_owned(), origin: "x".to_owned(), tenant: String::new() };
        Box::pin(async { Ok(Whoami { site, account: None, warnings: Vec::new() }) })
    }

    fn streams(&self) -> Vec<StreamSpec> {
        Vec::new()
    }

    fn joins(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Tasks
    }

    fn pull<'a>(&'a self, stream: &'a StreamKey, _cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        Box::pin(async move {
            let mut page = self.page();
            match stream.kind {
                StreamKind::Containers => {
                    let project = |name: &str| Container {
                        at: ContainerRef { kind: ContainerKind::Project, ext: name.to_owned() },
                        name: name.to_owned(),
                        handle: name.to_owned(),
                        due: None,
                        open: true,
                        responsible: None,
                    };
                    page.containers = ["A", "B", "C"].into_iter().map(project).collect();
                }
                StreamKind::Tasks => {
                    self.note(scope(stream).to_owned());
                    if *self.hidden.lock().unwrap() == Some(scope(stream)) {
                        return Err(ConnectorError::NotVisible { tool: "x", what: scope(stream).to_owned() });
                    }
                }
                _ => {}
            }
            Ok(page)
        })
    }

    fn pull_joint<'a>(
        &'a self,
        streams: &'a [(StreamKey, Cursor)],
    ) -> BoxFuture<'a, Result<Vec<Page>, ConnectorError>> {
        Box::pin(async move {
            let names: BTreeSet<&str> = streams.iter().map(|(stream, _)| scope(stream)).collect();
            self.note(names.into_iter().collect::<Vec<_>>().join("+"));
            match *self.fails.lock().unwrap() {
                Some(failure) => Err(failure()),
                None => Ok(streams.iter().map(|_| self.page()).collect()),
            }
        })
    }

    fn task<'a>(&'a self, _handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        Box::pin(async { Ok(TaskLook::Hidden) })
    }
}

struct World {
    tool: Arc<Tool>,
    clock: Arc<SetClock>,
    engine: Engine,
    _folder: TempDir,
}

impl World {
    async fn new() -> World {
        let clock = Arc::new(SetClock::leaping(at("2026-03-02T09:00:00Z")));
        let shown = clock.clone();
        let sim = company(Arc::new(move || shown.now())).await;
        let folder = TempDir::new().unwrap();
        let settings = parse(&configuration(&sim, "", "", ""));
        let store = StorePath::File(folder.path().join("gapwatch.db"));
        let mut engine = Engine::start(&settings, store, clock.clone()).unwrap();
        let (asked, fails, hidden) = (Mutex::default(), Mutex::default(), Mutex::default());
        let tool = Arc::new(Tool { clock: clock.clone(), asked, fails, hidden });
        engine.connections[0].source = tool.clone();
        World { tool, clock, engine, _folder: folder }
    }

    /// A pass over what is due after so long; says what was asked for tasks.
    async fn after(&self, wait: SignedDuration) -> (Vec<String>, PullReport) {
        self.clock.advance(wait);
        self.tool.asked.lock().unwrap().clear();
        let reports = self.engine.pull(false).await.unwrap();
        let asked = self.tool.asked.lock().unwrap().clone();
        (asked, reports.into_values().next().unwrap())
    }

    async fn asked_after(&self, wait: SignedDuration) -> Vec<String> {
        self.after(wait).await.0
    }
}

const POLL: SignedDuration = SignedDuration::from_mins(2);

#[tokio::test]
async fn what_is_read_for_the_first_time_goes_by_itself_and_what_rests_together() {
    let world = World::new().await;
    assert_eq!(world.asked_after(SignedDuration::ZERO).await, ["A", "B", "C"]);
    for _ in 0..3 {
        let (asked, report) = world.after(POLL).await;
        assert_eq!((asked, report.pages), (vec!["A+B+C".to_owned()], 1));
    }
    assert_eq!(world.asked_after(POLL / 4).await, [""; 0], "nothing is due");
}

#[tokio::test]
async fn one_that_cannot_be_read_is_found_out_and_left_out() {
    let world = World::new().await;
    world.after(SignedDuration::ZERO).await;
    let missing = || ConnectorError::NotVisible { tool: "x", what: "one of them".to_owned() };
    *world.tool.fails.lock().unwrap() = Some(missing);
    *world.tool.hidden.lock().unwrap() = Some("B");
    let (asked, report) = world.after(POLL).await;
    assert_eq!(asked, ["A+B+C", "A", "B", "C"]);
    assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
    *world.tool.fails.lock().unwrap() = None;
    assert_eq!(world.asked_after(POLL).await, ["A+C"]);
    *world.tool.hidden.lock().unwrap() = None;
    world.after(SignedDuration::from_hours(1)).await;
    assert_eq!(world.asked_after(POLL).await, ["A+B+C"], "they are in step again");
}

#[tokio::test]
async fn an_outage_is_everybodys_and_asks_no_further() {
    let world = World::new().await;
    world.after(SignedDuration::ZERO).await;
    let down = || ConnectorError::Transient { tool: "x", what: "HTTP 503".to_owned(), retry_after: None, source: None };
    *world.tool.fails.lock().unwrap() = Some(down);
    let (asked, report) = world.after(POLL).await;
    assert_eq!(asked, ["A+B+C"]);
    assert_eq!(report.failures.len(), 3);
    *world.tool.fails.lock().unwrap() = None;
    assert_eq!(world.asked_after(POLL).await, ["A+B+C"]);
}
