//! The engine as a service: its jobs, the socket, the web server, and another configuration while it runs.
//!
//! What depends on the configuration (reading, delivering, people, hooks, the heartbeat) is one generation of jobs. For
//! another configuration they end first, each after the call it is making; then the core takes it up between two rounds;
//! then the next generation begins. Rounds, the socket and the web server go on throughout. A store that fails in between
//! is asked again until it does not: a start would do the same.

use std::sync::Arc;

use connector_kit::webhook::Hooks;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Engine, Parts, StartError, systemd};
use crate::config::{Diagnostic, Loaded, Revisions, Settings, Severity};
use crate::jobs::guard::Watch;
use crate::jobs::heartbeat::{self, Heartbeat};
use crate::jobs::reload::{Asker, Reloaded, Reloads};
use crate::jobs::{decide, deliver, events, listen, people, presses, pull, wake};
use crate::registry::elapsed;
use crate::store::{StoreError, StorePath};
use crate::web::{self, Live, Shared};

/// Reads the configuration again, as the start did: files, environment, flags.
pub type Reread = Arc<dyn Fn() -> Result<Loaded, Vec<Diagnostic>> + Send + Sync>;

/// How long the end may take; what still runs then is left as a kill would leave it.
const LAST_MOMENT: SignedDuration = SignedDuration::from_millis(1500);
/// How long a store that failed rests before it is asked again.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(5);

/// What the engine needs besides to run as a service.
pub struct Service {
    /// Where another configuration comes from.
    pub reread: Reread,
    /// How a reload is asked for.
    pub reloads: Reloads,
    /// Where those who ask wait.
    pub askers: mpsc::Receiver<Asker>,
    /// Where the web server listens. `None`: nowhere.
    pub listener: Option<TcpListener>,
}

/// The jobs of one configuration.
struct Generation {
    stop: CancellationToken,
    jobs: TaskTracker,
}

/// A configuration that was read, checked and built.
struct Prepared {
    settings: Settings,
    parts: Parts,
    /// Which of the three revisions are others.
    changed: Vec<&'static str>,
}

impl Engine {
    /// Runs until `stop`; then gives the calls in flight a moment and ends, the rest staying in the store.
    ///
    /// # Errors
    /// The socket cannot be made. Whatever happens later is handled where it happens.
    pub async fn run(mut self, service: Service, stop: CancellationToken) -> Result<(), StartError> {
        let Service { reread, reloads, mut askers, listener } = service;
        let jobs = TaskTracker::new();
        let watch = Watch::new(stop.clone());
        self.open_socket(&jobs, &watch, &reloads, &stop)?;
        let shared = Arc::new(Shared::new(self.core.clone(), reloads, self.clock.clone()));
        if let Some(listener) = listener {
            jobs.spawn(watch.clone().over(web::serve(listener, shared.clone(), stop.clone())));
        }
        let decides = decide::run(self.core.clone(), self.clock.clone(), self.skews.clone(), stop.clone());
        jobs.spawn(watch.clone().over(decides));
        jobs.spawn(watch.clone().over(systemd::watch(self.core.clone(), stop.clone())));
        let mut generation = self.begin(&shared, &watch, &stop);
        tracing::info!(connections = self.connections.len(), mode = self.settings.mode.word(), "daemon.started");
        self.core.metrics().reloaded(true, self.clock.now());
        systemd::ready(&self.words());
        while let Some((next, waiting)) = self.next(&generation, &reread, &mut askers, &stop).await {
            generation.end().await;
            let changed = next.changed.clone();
            let taken = tokio::select! {
                taken = self.swap(next, &stop) => taken,
                // The core may be folding a whole history; the next start does the rest.
                () = stop.cancelled() => false,
            };
            if !taken {
                break;
            }
            generation = self.begin(&shared, &watch, &stop);
            self.core.metrics().reloaded(true, self.clock.now());
            tracing::info!(changed = changed.join(" "), "config.reloaded");
            systemd::ready(&self.words());
            answer(waiting, &Reloaded::Done(changed));
        }
        systemd::stopping();
        generation.stop.cancel();
        generation.jobs.close();
        jobs.close();
        tokio::select! {
            ((), ()) = async { tokio::join!(jobs.wait(), generation.jobs.wait()) } => {}
            () = crate::clock::nap(LAST_MOMENT) => tracing::warn!("daemon.left_under_way"),
        }
        if let StorePath::File(path) = &self.store {
            // Gone already is fine: the lock, not the socket, says who owns the store.
            let _ = std::fs::remove_file(listen::socket_path(path));
        }
        tracing::info!("daemon.stopped");
        if watch.has_panicked() { Err(StartError::Panicked) } else { Ok(()) }
    }

    fn open_socket(
        &self,
        jobs: &TaskTracker,
        watch: &Watch,
        reloads: &Reloads,
        stop: &CancellationToken,
    ) -> Result<(), StartError> {
        let StorePath::File(path) = &self.store else { return Ok(()) };
        match listen::bind(path) {
            Ok(listener) => {
                let (core, clock) = (self.core.clone(), self.clock.clone());
                jobs.spawn(watch.clone().over(listen::run(core, listener, reloads.clone(), clock, stop.clone())));
                Ok(())
            }
            // A path too long for a socket must not keep the watcher from watching.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                tracing::warn!(%error, "socket.unavailable: writing commands need the daemon stopped");
                Ok(())
            }
            Err(error) => Err(StartError::Socket(error)),
        }
    }

    /// Starts the jobs of the present configuration.
    fn begin(&self, shared: &Shared, watch: &Watch, end: &CancellationToken) -> Generation {
        let (stop, jobs) = (end.child_token(), TaskTracker::new());
        let (core, clock) = (&self.core, &self.clock);
        for connection in &self.connections {
            jobs.spawn(watch.clone().over(pull::run(core.clone(), connection.clone(), clock.clone(), stop.clone())));
            let (id, waker) = (connection.id, connection.waker.clone());
            jobs.spawn(watch.clone().over(wake::run(core.clone(), id, waker, clock.clone(), stop.clone())));
        }
        if let Some(notifier) = self.channels.notifier.clone() {
            jobs.spawn(watch.clone().over(people::run(
                core.clone(),
                notifier,
                self.wanted.clone(),
                clock.clone(),
                stop.clone(),
            )));
        }
        match self.ear() {
            Some(ear) => drop(jobs.spawn(watch.clone().over(presses::run(ear, stop.clone())))),
            None => core.note_deaf(None),
        }
        let (hooks, skews) = (self.hooks.clone(), self.skews.clone());
        jobs.spawn(watch.clone().over(events::run(core.clone(), hooks, clock.clone(), skews, stop.clone())));
        let (channels, skews) = (self.channels.clone(), self.skews.clone());
        jobs.spawn(watch.clone().over(deliver::run(
            core.clone(),
            channels,
            clock.clone(),
            skews,
            stop.clone(),
            end.clone(),
        )));
        if let Some(settings) = &self.settings.heartbeat {
            let polls = self.connections.iter().map(|one| (one.name.clone(), one.poll)).collect();
            let heartbeat = Heartbeat {
                url: settings.url.secret(),
                every: elapsed(settings.every),
                proxy: settings.proxy.as_ref().map(|proxy| proxy.url().clone()),
            };
            jobs.spawn(watch.clone().over(heartbeat::run(core.clone(), heartbeat, polls, clock.clone(), stop.clone())));
        }
        shared.put(self.live());
        Generation { stop, jobs }
    }

    fn live(&self) -> Live {
        let door = |(name, hooks): &(String, Arc<dyn Hooks>)| {
            let connection = self.connections.iter().find(|connection| connection.name == *name)?;
            Some((name.clone(), web::Door { hooks: hooks.clone(), waker: connection.waker.clone() }))
        };
        Live {
            settings: Some(self.settings.server.clone()),
            doors: self.outside.hooks.iter().filter_map(door).collect(),
            ear: self.ear(),
            usage: self.outside.usage.clone(),
        }
    }

    /// A few words for the service manager.
    fn words(&self) -> String {
        let connections = self.connections.len();
        format!("{}, {connections} connection{}", self.settings.mode.word(), if connections == 1 { "" } else { "s" })
    }

    /// Waits for a configuration that can be taken up, and for whom; those that cannot are answered here. `None`: the end.
    async fn next(
        &self,
        generation: &Generation,
        reread: &Reread,
        askers: &mut mpsc::Receiver<Asker>,
        stop: &CancellationToken,
    ) -> Option<(Prepared, Vec<Asker>)> {
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => return None,
                // A job that found the store taken over ends its generation: then everything ends.
                () = generation.stop.cancelled() => {
                    stop.cancel();
                    return None;
                }
                Some(asker) = askers.recv() => asker,
            };
            let mut waiting = vec![first];
            while let Ok(asker) = askers.try_recv() {
                // All who have asked by now are answered by one reading.
                waiting.push(asker);
            }
            systemd::reloading();
            let prepared = tokio::select! {
                () = stop.cancelled() => return None,
                prepared = self.prepare(reread) => prepared,
            };
            match prepared {
                Ok(prepared) => return Some((prepared, waiting)),
                Err(words) => {
                    self.core.metrics().reloaded(false, self.clock.now());
                    systemd::ready(&format!("{}; the last reload was refused", self.words()));
                    answer(waiting, &Reloaded::Refused(words));
                }
            }
        }
    }

    /// Reads, checks and builds a configuration aside. `Err`: the words for the operator, which are in the log as well.
    async fn prepare(&self, reread: &Reread) -> Result<Prepared, String> {
        let (reread, clock) = (reread.clone(), self.clock.clone());
        // Reads files: the configuration, secrets, certificates.
        let made = tokio::task::spawn_blocking(move || {
            let loaded = reread().map_err(|found| refused(&found))?;
            let parts = Parts::build(&loaded.settings, &clock).map_err(|error| {
                tracing::error!(%error, "config.refused: what ran before runs on");
                error.to_string()
            })?;
            Ok::<_, String>((loaded, parts))
        });
        let (Loaded { settings, warnings, .. }, parts) = made.await.map_err(|error| error.to_string())??;
        for warning in warnings {
            tracing::warn!(id = warning.id, warning = warning.render(false), "config.warning");
        }
        if super::store_path(&settings) != self.store {
            let words = "[store] url: another store needs a restart; what ran before runs on".to_owned();
            tracing::error!(words, "config.refused");
            return Err(words);
        }
        if settings.server.listen != self.settings.server.listen {
            tracing::warn!("config.needs_restart: [server] listen is read at start only");
        }
        let changed = Revisions::of(&settings).changed_since(&Revisions::of(&self.settings));
        Ok(Prepared { settings, parts, changed })
    }

    /// Builds the parts once more: whoever took the last ones did not get to use them.
    async fn built(&self, settings: &Settings) -> Result<Parts, String> {
        let (settings, clock) = (settings.clone(), self.clock.clone());
        // Reads files: secrets, certificates.
        let made = tokio::task::spawn_blocking(move || Parts::build(&settings, &clock));
        made.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// Takes up what was prepared; a store that fails is asked again. False: it is not ours any more, and the end has come.
    async fn swap(&mut self, next: Prepared, stop: &CancellationToken) -> bool {
        let Prepared { settings, parts, .. } = next;
        let mut parts = Some(parts);
        loop {
            let done = match parts.take() {
                Some(parts) => self.take_up(parts, &settings).await.map_err(StartError::Store),
                None => match self.built(&settings).await {
                    Ok(parts) => self.take_up(parts, &settings).await.map_err(StartError::Store),
                    Err(words) => {
                        tracing::error!(words, "config.not_taken_up: it is tried again");
                        crate::clock::nap(AFTER_FAILURE).await;
                        continue;
                    }
                },
            };
            match done {
                Ok(()) => return true,
                Err(StartError::Store(StoreError::TakenOver)) => {
                    stop.cancel();
                    return false;
                }
                Err(error) => tracing::error!(%error, "config.not_taken_up: it is tried again"),
            }
            crate::clock::nap(AFTER_FAILURE).await;
        }
    }
}

impl Generation {
    /// Ends its jobs, each after the call it is making.
    async fn end(&self) {
        self.stop.cancel();
        self.jobs.close();
        self.jobs.wait().await;
    }
}

fn answer(askers: Vec<Asker>, how: &Reloaded) {
    for asker in askers {
        // Whoever no longer waits need not be told.
        let _ = asker.send(how.clone());
    }
}

/// Every mistake on a line of its own in the log; all of them as words.
fn refused(found: &[Diagnostic]) -> String {
    for diagnostic in found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        tracing::error!(id = diagnostic.id, diagnostic = diagnostic.render(false), "config.refused");
    }
    found.iter().map(|diagnostic| diagnostic.render(false)).collect::<Vec<_>>().join("\n\n")
}
