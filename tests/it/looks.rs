//! Direct looks at what a census missed, where the connector fails: it is asked again later, never without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use connector_kit::{
    BoxFuture, ConnectorError, Cursor, KnownTask, Page, Source, StreamKey, StreamSpec, TaskLook, Wanted, Whoami,
};
use connector_model::Field;
use jiff::SignedDuration;

use crate::lab::rows;
use crate::world::{REPO, World, at};

const TRUE: u8 = 0;
const PANICS: u8 = 1;
const DOWN: u8 = 2;
const REFUSES_WANTS: u8 = 3;

/// Does what the true one does, but for direct looks.
struct Looker {
    inner: Arc<dyn Source>,
    how: Arc<AtomicU8>,
    asked: Arc<AtomicU32>,
}

impl Source for Looker {
    fn whoami(&self) -> BoxFuture<'_, Result<Whoami, ConnectorError>> {
        self.inner.whoami()
    }

    fn streams(&self) -> Vec<StreamSpec> {
        self.inner.streams()
    }

    fn observed(&self) -> &'static [Field] {
        self.inner.observed()
    }

    fn pull<'a>(&'a self, stream: &'a StreamKey, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        self.inner.pull(stream, cursor)
    }

    fn wants(&self, stream: &StreamKey, cursor: &Cursor) -> Option<Wanted> {
        assert!(self.how.load(Ordering::SeqCst) != REFUSES_WANTS, "an adapter that fails");
        self.inner.wants(stream, cursor)
    }

    fn refresh<'a>(
        &'a self,
        stream: &'a StreamKey,
        cursor: &'a Cursor,
        tasks: &'a [KnownTask],
    ) -> BoxFuture<'a, Result<Page, ConnectorError>> {
        self.inner.refresh(stream, cursor, tasks)
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let how = self.how.load(Ordering::SeqCst);
        assert!(how != PANICS, "an adapter that fails");
        if how == DOWN {
            let what = "HTTP 503".to_owned();
            return Box::pin(async {
                Err(ConnectorError::Transient { tool: "github", what, retry_after: None, source: None })
            });
        }
        self.inner.task(handle)
    }
}

/// Five of forty plain issues are deleted, and the next count is due. Its looks go through a [`Looker`].
async fn five_deleted(how: u8) -> (World, Arc<AtomicU8>, Arc<AtomicU32>) {
    let mut world = World::plan().messages("work_hours_only = false").begin("2026-03-02T09:00:00Z").await;
    for n in 0..40 {
        let made = at("2026-01-05T09:00:00Z") + SignedDuration::from_hours(n);
        world.github().issue(REPO, &format!("Plain {n}")).by("max-w").created(made).open();
    }
    world.run().await;
    for number in 1..=5 {
        world.github().delete_issue(REPO, number);
    }
    let (how, asked) = (Arc::new(AtomicU8::new(how)), Arc::new(AtomicU32::new(0)));
    let connection = &mut world.engine_mut().connections[0];
    let inner = connection.source.clone();
    connection.source = Arc::new(Looker { inner, how: how.clone(), asked: asked.clone() });
    world.later(SignedDuration::from_hours(37)).run().await;
    (world, how, asked)
}

fn gone(world: &World) -> usize {
    rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL").len()
}

#[tokio::test]
async fn a_look_that_panics_has_failed_and_is_made_again() {
    let (mut world, how, asked) = five_deleted(PANICS).await;
    assert_eq!((asked.load(Ordering::SeqCst), gone(&world)), (5, 0), "each was asked for once, and is postponed");
    world.later(SignedDuration::from_mins(1)).run().await;
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    how.store(TRUE, Ordering::SeqCst);
    world.later(SignedDuration::from_mins(70)).run().await;
    assert_eq!((asked.load(Ordering::SeqCst), gone(&world)), (10, 5));
}

#[tokio::test]
async fn a_connection_that_does_not_answer_is_asked_for_one_and_the_others_wait_with_it() {
    let (mut world, how, asked) = five_deleted(DOWN).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let connection = world.engine().connections[0].id;
    let due = world.engine().core.due_suspects(connection, world.now()).await.unwrap();
    assert_eq!(due.len(), 0, "nothing is due that would be asked for at once");
    let first = rows(&world.store(), "SELECT task FROM suspects ORDER BY look_at LIMIT 1");
    let failed = rows(&world.store(), "SELECT task FROM suspects ORDER BY task LIMIT 1");
    assert_ne!(first, failed, "the one that failed comes last");
    how.store(TRUE, Ordering::SeqCst);
    world.later(SignedDuration::from_mins(20)).run().await;
    assert_eq!(gone(&world), 5);
}

#[tokio::test]
async fn a_connector_that_panics_before_it_asks_has_failed_as_well() {
    let (mut world, how, _) = five_deleted(REFUSES_WANTS).await;
    let failure = world.connection().await.failure;
    assert!(failure.is_some_and(|(_, because)| because.contains("an error of gapwatch")));
    how.store(TRUE, Ordering::SeqCst);
    world.later(SignedDuration::from_mins(70)).run().await;
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn a_page_that_comes_in_before_the_daily_check_is_no_difference() {
    let mut world = World::plan().messages("work_hours_only = false").begin("2026-03-02T09:00:00Z").await;
    let issue = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    issue.milestone("Alpha", crate::world::github_day("2026-03-06")).open();
    world.run().await;
    world.github().issue(REPO, "Nothing is said of it").by("max-w").assignee("ana-k").open();
    world.later(SignedDuration::from_hours(144));
    world.engine().pull(true).await.unwrap();
    let before = rows(&world.store(), "SELECT id FROM alerts").len();
    assert_eq!(world.engine().core.oracle(world.now()).await.unwrap(), 0);
    let after = rows(&world.store(), "SELECT id FROM alerts").len();
    assert!(after > before, "though it found what was due");
}

#[tokio::test]
async fn a_task_that_comes_back_among_new_ones_goes_on_where_it_was() {
    let mut world =
        World::plan().messages("backlog = \"tell\"\nwork_hours_only = false").begin("2026-03-02T09:00:00Z").await;
    let issue = world.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    issue.milestone("Alpha", crate::world::github_day("2026-03-06")).open();
    world.run().await;
    world.at("2026-03-07T09:00:00Z").run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    assert!(!world.gap("overdue").await.alert.told.is_empty());
    world.github().close(REPO, 1, "ana-k", world.now(), "completed");
    world.later(SignedDuration::from_mins(5)).run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    assert_eq!(world.gap("overdue").await.alert.ending, Some(gapwatch::domain::alert::Ending::Resolved));
    // Past the time for which what is closed stays on the board.
    world.later(SignedDuration::from_hours(24 * 32)).restart().await;
    world.run().await;
    assert!(world.gaps().await.is_empty(), "it is not on the board any more");
    // What is closed before it was ever seen does not come onto it.
    for n in 0..3 {
        let made = at("2026-01-05T09:00:00Z") + SignedDuration::from_hours(n);
        let number = world.github().issue(REPO, &format!("Old {n}")).by("max-w").created(made).open();
        world.github().close(REPO, number, "max-w", made + SignedDuration::from_hours(1), "completed");
    }
    world.github().reopen(REPO, 1, "max-w", world.now());
    world.later(SignedDuration::from_mins(5)).run().await;
    world.later(SignedDuration::from_mins(30)).run().await;
    assert_eq!(world.gap("overdue").await.alert.episode, 2);
    assert_eq!(rows(&world.store(), "SELECT id FROM alerts WHERE rule = 'overdue'").len(), 1);
}
