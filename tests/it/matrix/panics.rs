//! Code of ours that panics: that unit has failed and is reported, everything else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use connector_kit::{
    BoxFuture, ConnectorError, Cursor, Destination, Found, MessageRef, Notifier, Page, Profile, Source, StreamKey,
    StreamKind, StreamSpec, TaskLook, Text, Whoami, WriteError,
};
use connector_model::{Field, Mark};
use gapwatch::core::{Core, CoreHandle};
use gapwatch::domain::finding::{Reading, RuleId};
use gapwatch::domain::look::{Look, Reads};
use gapwatch::rules::{Rule, Subject};
use gapwatch::store::{FailureKind, Store, StorePath};
use gapwatch::{daemon, registry};
use jiff::{SignedDuration, Timestamp};

use super::figure;
use crate::faults::{troubled, watch};
use crate::world::{REPO, World, at};
use crate::writes::before_widening;

/// Panics so many times on the issues of a repository, then does what the true one does.
struct BadReader {
    inner: Arc<dyn Source>,
    left: AtomicU32,
}

fn used_up(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
}

impl Source for BadReader {
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
        Box::pin(async move {
            assert!(stream.kind != StreamKind::Tasks || used_up(&self.left), "an adapter that fails");
            self.inner.pull(stream, cursor).await
        })
    }

    fn task<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<TaskLook, ConnectorError>> {
        self.inner.task(handle)
    }
}

/// Panics once after a message was sent, before anybody hears of it.
struct BadTeller {
    inner: Arc<dyn Notifier>,
    left: AtomicU32,
}

impl Notifier for BadTeller {
    fn whoami(&self) -> BoxFuture<'_, Result<Vec<String>, ConnectorError>> {
        self.inner.whoami()
    }

    fn lookup<'a>(&'a self, who: &'a Destination) -> BoxFuture<'a, Result<Option<Profile>, ConnectorError>> {
        self.inner.lookup(who)
    }

    fn send<'a>(
        &'a self,
        to: &'a Destination,
        body: &'a Text,
        mark: &'a Mark,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<MessageRef, WriteError>> {
        Box::pin(async move {
            let sent = self.inner.send(to, body, mark, thread).await;
            assert!(used_up(&self.left), "an adapter that fails");
            sent
        })
    }

    fn edit<'a>(&'a self, at: &'a MessageRef, body: &'a Text, mark: &'a Mark) -> BoxFuture<'a, Result<(), WriteError>> {
        self.inner.edit(at, body, mark)
    }

    fn find<'a>(
        &'a self,
        to: &'a Destination,
        mark: &'a Mark,
        since: Timestamp,
        thread: Option<&'a MessageRef>,
    ) -> BoxFuture<'a, Result<Found, ConnectorError>> {
        self.inner.find(to, mark, since, thread)
    }
}

#[tokio::test]
async fn a_connector_that_panics_has_failed_and_is_told_and_the_rest_goes_on() {
    let mut world = troubled().await;
    let connection = &mut world.engine_mut().connections[0];
    let bad = BadReader { inner: connection.source.clone(), left: AtomicU32::new(3) };
    connection.source = Arc::new(bad);
    world.at("2026-03-16T11:31:00Z").poll().await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(FailureKind::Unavailable));
    watch(&mut world, "2026-03-16T11:43:00Z").await;
    let told = world.sent();
    assert!(told.iter().any(|sent| sent.starts_with("slack #ops: ■ github.acme")), "{told:#?}");
    let open = world.open().await;
    assert!(open.contains(&"pace.behind acme/web#1 widens firing (source_stale)".to_owned()), "{open:#?}");
    watch(&mut world, "2026-03-16T13:00:00Z").await;
    assert_eq!(world.connection().await.failure, None);
    figure("F27", "an adapter panicked 3 times: held, told once, read again");
}

#[tokio::test]
async fn a_message_whose_connector_panics_is_looked_for_and_not_said_again() {
    let mut world = before_widening().await;
    let inner = world.engine().channels.notifier.clone().unwrap();
    world.engine_mut().channels.notifier = Some(Arc::new(BadTeller { inner, left: AtomicU32::new(1) }));
    world.at("2026-03-16T10:37:00Z").run().await;
    world.run_until("2026-03-16T12:00:00Z", 7).await;
    let sent = world.sent();
    assert_eq!(sent.iter().filter(|sent| sent.starts_with("slack @ana: ■")).count(), 1, "{sent:#?}");
    assert!(world.slack().markers().values().all(|times| *times == 1));
    assert_eq!(world.gap("pace.behind").await.alert.told.len(), 2, "and it counts as told");
    figure("F27", "an adapter panicked after sending: 1 message, 0 twice");
}

/// Fails about every task.
struct Broken;

impl Rule for Broken {
    fn id(&self) -> RuleId {
        RuleId("broken")
    }

    fn reads(&self) -> Reads {
        Reads::SUBJECT
    }

    fn judge<'a>(&self, subject: Subject<'a>, _: &Look<'a>) -> Reading {
        match subject {
            Subject::Task(task) => panic!("a rule that fails about {:?}", task.id),
            _ => unreachable!("it is about tasks"),
        }
    }
}

#[tokio::test]
async fn a_rule_that_panics_is_reported_and_every_other_rule_goes_on() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    crate::pipeline::plant(&mut world, 2, "2026-03-27").await;
    world.github().issue(REPO, "Another").by("max-w").assignee("ana-k").open();
    crate::pipeline::lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T09:00:00Z").run().await;
    let clock: Arc<dyn connector_kit::Clock> = world.clock.clone();
    let built = registry::connections(world.settings(), &clock).unwrap();
    let mut setup = daemon::setup(world.settings(), &built);
    setup.rules = setup.rules.with(Box::new(Broken));
    world.stop().await;

    let now = at("2026-03-16T11:00:00Z");
    let core = Core::open(Store::open(&StorePath::File(world.store()), now).unwrap(), setup, now).unwrap();
    let core = CoreHandle::start(core);
    let mut rounds = 0;
    while core.round(now + SignedDuration::from_mins(rounds)).await.unwrap().more || rounds < 20 {
        rounds += 1;
    }
    let gaps = core.gaps(now).await.unwrap();
    assert!(gaps.iter().any(|gap| gap.alert.rule.0 == "pace.behind"), "the other rules go on");
    assert!(gaps.iter().all(|gap| gap.alert.rule.0 != "broken"), "it opens nothing");
    let troubles = core.troubles().await;
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].starts_with("the rule broken fails about 2 of its subjects"), "{troubles:?}");
    let built = registry::connections(world.settings(), &clock).unwrap();
    core.reconfigure(daemon::setup(world.settings(), &built), now).await.unwrap();
    core.round(now).await.unwrap();
    assert_eq!(core.troubles().await, Vec::<String>::new(), "a rule that is not asked any more fails about nothing");
    figure("F27", format!("a rule panicked about every task: {rounds} rounds made, every other rule went on"));
}

#[test]
fn a_release_unwinds() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let profiles = manifest.get("profile").and_then(toml::Value::as_table).into_iter().flatten();
    for (name, profile) in profiles {
        assert_ne!(profile.get("panic").and_then(toml::Value::as_str), Some("abort"), "profile {name}");
    }
}
