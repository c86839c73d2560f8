//! Builds everything from the settings, starts the jobs, and stops them in order. `run --once`, `sync`, the demo and the
//! tests drive the same [`Engine`] by hand.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::{Clock, ConnectorError, Notifier};
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Backlog, FromStage, Revisions, Settings, SlackSettings};
use crate::core::{Core, CoreHandle, Setup};
use crate::domain::calendar::Calendar;
use crate::domain::finding::Stage;
use crate::domain::policy::{Mode, Policy};
use crate::jobs::decide::{self, Skews};
use crate::jobs::deliver::{self, Channels};
use crate::jobs::listen;
use crate::jobs::people::{self, Wanted};
use crate::jobs::pull::{self, Connection, PullReport};
use crate::registry::{self, Built, Skew, elapsed};
use crate::rules::Rules;
use crate::store::{ConfigPlan, ConnectionPlan, PersonPlan, Store, StoreError, StorePath};

/// Why it could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A connection that cannot work as it is configured.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// The socket beside the store.
    #[error("the socket beside the store cannot be made: {0}")]
    Socket(#[source] std::io::Error),
}

/// Everything at work: the core, the connections, the channels, a clock.
pub struct Engine {
    /// The way to the core.
    pub core: CoreHandle,
    /// What is read.
    pub connections: Vec<Connection>,
    /// What is written to.
    pub channels: Channels,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How far the tools' clocks lie from ours.
    pub skews: Skews,
    wanted: Vec<Wanted>,
    store: StorePath,
}

impl Engine {
    /// Opens the store, takes up the settings, loads the board; asks no tool yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(settings: &Settings, store: StorePath, clock: Arc<dyn Clock>) -> Result<Engine, StartError> {
        let built = registry::connections(settings, &clock)?;
        let notifier = registry::notifier(settings, &clock)?;
        let now = clock.now();
        let setup = setup(settings, &built);
        let wanted = people::wanted(&setup.plan.persons);
        let core = Core::open(Store::open(&store, now)?, setup, now)?;
        let ids = core.connections().clone();
        let mut skews: Vec<(String, Skew)> =
            built.iter().map(|built| (built.name.clone(), built.skew.clone())).collect();
        skews.extend(notifier.as_ref().map(|notifier| ("slack".to_owned(), notifier.skew.clone())));
        let commenters = built.iter().map(|built| (built.name.clone(), built.commenter.clone())).collect();
        let channels = Channels { notifier: notifier.map(|built| -> Arc<dyn Notifier> { built.notifier }), commenters };
        let skews: Skews = Arc::new(move || skews.iter().map(|(tool, skew)| (tool.clone(), skew())).collect());
        let connections = built.into_iter().filter_map(|built| connection(built, &ids, &skews)).collect();
        Ok(Engine { core: CoreHandle::start(core), connections, channels, clock, skews, wanted, store })
    }

    /// Pulls every connection until none has more; with `all`, every stream counts as due.
    ///
    /// # Errors
    /// Only the store's: what a tool did wrong is in the report.
    pub async fn pull(&self, all: bool) -> Result<BTreeMap<String, PullReport>, StoreError> {
        self.pull_until(all, &CancellationToken::new()).await
    }

    /// The same, ended early by `stop`.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn pull_until(
        &self,
        all: bool,
        stop: &CancellationToken,
    ) -> Result<BTreeMap<String, PullReport>, StoreError> {
        pull::pass_all(&self.core, &self.connections, &*self.clock, all, stop).await
    }

    /// Asks Slack about people whom the configuration does not describe fully.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn meet(&self) -> Result<(), StoreError> {
        if let Some(notifier) = &self.channels.notifier {
            people::meet(&self.core, &**notifier, &self.wanted, &*self.clock).await?;
        }
        Ok(())
    }

    /// Judges what is due, unless the clock is in doubt; says whether it was.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn decide(&self) -> Result<Option<decide::ClockDoubt>, StoreError> {
        let now = self.clock.now();
        if let Some(doubt) = decide::doubt(now, self.core.last_tick().await, &(self.skews)()) {
            return Ok(Some(doubt));
        }
        decide::until_idle(&self.core, now).await?;
        Ok(None)
    }

    /// Sends what is due; says how many attempts that were.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn deliver(&self) -> Result<u32, StoreError> {
        deliver::until_idle(&self.core, &self.channels, &*self.clock).await
    }

    /// Runs until `stop`; then finishes the call in flight and ends, the rest staying in the store.
    ///
    /// # Errors
    /// The socket cannot be made. Whatever happens later is handled where it happens.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StartError> {
        let jobs = TaskTracker::new();
        if let StorePath::File(path) = &self.store {
            match listen::bind(path) {
                Ok(listener) => {
                    jobs.spawn(listen::run(self.core.clone(), listener, self.clock.clone(), stop.clone()));
                }
                // A path too long for a socket must not keep the watcher from watching.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                    tracing::warn!(%error, "socket.unavailable: writing commands need the daemon stopped");
                }
                Err(error) => return Err(StartError::Socket(error)),
            }
        }
        for connection in self.connections {
            jobs.spawn(pull::run(self.core.clone(), connection, self.clock.clone(), stop.clone()));
        }
        if let Some(notifier) = self.channels.notifier.clone() {
            jobs.spawn(people::run(self.core.clone(), notifier, self.wanted, self.clock.clone(), stop.clone()));
        }
        jobs.spawn(decide::run(self.core.clone(), self.clock.clone(), self.skews.clone(), stop.clone()));
        jobs.spawn(deliver::run(self.core.clone(), self.channels, self.clock.clone(), self.skews, stop.clone()));
        tracing::info!("daemon.started");
        stop.cancelled().await;
        jobs.close();
        jobs.wait().await;
        if let StorePath::File(path) = &self.store {
            // Gone already is fine: the lock, not the socket, says who owns the store.
            let _ = std::fs::remove_file(listen::socket_path(path));
        }
        tracing::info!("daemon.stopped");
        Ok(())
    }
}

fn connection(
    built: Built,
    ids: &HashMap<String, crate::domain::ids::ConnectionId>,
    skews: &Skews,
) -> Option<Connection> {
    let id = ids.get(&built.name).copied()?;
    let Built { name, poll, source, commenter, .. } = built;
    Some(Connection { id, name, poll, source, commenter, skews: skews.clone() })
}

/// Where the settings keep everything.
pub fn store_path(settings: &Settings) -> StorePath {
    StorePath::File(PathBuf::from(settings.store.url.path()))
}

/// What the core works by.
pub fn setup(settings: &Settings, built: &[Built]) -> Setup {
    let modes = built.iter().filter_map(|built| Some((built.name.clone(), built.mode?))).collect();
    let comments_on = match &settings.comments.on {
        Some(on) => on.clone(),
        None => settings.connections().collect(),
    };
    Setup {
        rules: Rules::new(&settings.rules),
        policy: policy(settings),
        plan: plan(settings, built),
        connection_modes: modes,
        comments_on,
    }
}

/// How, when and to whom anything may be said; what belongs to a connection is filled in by the core.
pub fn policy(settings: &Settings) -> Policy {
    Policy {
        mode: settings.mode,
        connection_modes: HashMap::new(),
        rule_modes: rule_modes(settings),
        settle: elapsed(settings.messages.settle),
        clear_after: elapsed(settings.messages.clear_after),
        recent_action: settings.messages.recent_action,
        work_hours_only: settings.messages.work_hours_only,
        tell_backlog: settings.messages.backlog == Backlog::Tell,
        comments_on: Default::default(),
        comments_from: match settings.comments.from_stage {
            FromStage::Opens => Stage::Opens,
            FromStage::Widens => Stage::Widens,
            FromStage::Failure => Stage::Failure,
        },
        slack: settings.slack.as_ref().is_some_and(SlackSettings::reaches_people),
        slack_webhook: settings.slack.as_ref().is_some_and(|slack| !slack.reaches_people()),
        slack_channel: settings.slack.as_ref().and_then(SlackSettings::open_channel),
        operators_channel: settings.operators.channel.clone(),
    }
}

fn rule_modes(settings: &Settings) -> HashMap<crate::domain::finding::RuleId, Mode> {
    let switches = settings.rules.switches().into_iter();
    switches.filter_map(|(id, _, mode)| Some((crate::rules::known(id)?, mode?))).collect()
}

/// What the store must know of the settings.
fn plan(settings: &Settings, built: &[Built]) -> ConfigPlan {
    let default_calendar = Arc::new(Calendar::usual(TimeZone::system()));
    let revisions = Revisions::of(settings);
    ConfigPlan {
        connections: built.iter().map(connection_plan).collect(),
        persons: persons(settings, &default_calendar),
        bots: settings.directory.bots.clone(),
        match_by_email: settings.directory.match_by_email,
        default_manager: settings.directory.default_manager.clone(),
        operators: settings.operators.people.clone(),
        default_calendar,
        rules_rev: revisions.rules,
        read_rev: revisions.reading,
        select_rev: revisions.selection,
    }
}

fn connection_plan(built: &Built) -> ConnectionPlan {
    ConnectionPlan {
        name: built.name.clone(),
        origin: built.origin.clone(),
        poll: built.poll,
        streams: built.source.streams(),
        observed: built.source.observed(),
        state_labels: built.state_labels.clone(),
    }
}

fn persons(settings: &Settings, default_calendar: &Arc<Calendar>) -> Vec<PersonPlan> {
    let mut zones: HashMap<String, Arc<Calendar>> = HashMap::new();
    let person = |(handle, person): (&String, &crate::config::PersonSettings)| {
        let calendar = person.tz.as_ref().map(|tz| {
            let laid_out = || Arc::new(Calendar::usual(tz.zone().clone()));
            zones.entry(tz.name().to_owned()).or_insert_with(laid_out).clone()
        });
        PersonPlan {
            handle: handle.clone(),
            name: person.name.clone().unwrap_or_else(|| handle.clone()),
            email: person.email.clone(),
            manager: person.manager.clone(),
            slack: person.also.slack.0.first().cloned(),
            accounts: person.also.github.0.iter().map(|login| ("github".to_owned(), login.clone())).collect(),
            zone_stated: calendar.is_some(),
            calendar: calendar.unwrap_or_else(|| default_calendar.clone()),
        }
    };
    settings.people.iter().map(person).collect()
}
