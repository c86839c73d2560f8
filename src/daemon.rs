//! Builds everything from the settings. The service starts the jobs, takes up another configuration while they rest, and
//! stops them in order; `run --once`, the demo and the tests drive the same [`Engine`] by hand, `sync` its reading
//! half, the [`Mirror`].

mod mirror;
mod roster;
mod service;
mod systemd;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::control::Presses;
use connector_kit::webhook::Hooks;
use connector_kit::{Clock, ConnectorError, Notifier};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::config::{
    Backlog, ByMail, FromStage, HookEvent, PersonSettings, Revisions, RouteSettings, Settings, SlackSettings,
    StepSettings, ViaSettings, WebhookSettings,
};
use crate::core::{Core, CoreHandle, Setup};
use crate::domain::event;
use crate::domain::finding::Stage;
use crate::domain::ids::ConnectionId;
use crate::domain::notice::Reason;
use crate::domain::policy::{Mode, Policy};
use crate::domain::repeats::Repeats;
use crate::domain::routes::{Route, Step, To};
use crate::jobs::decide::{self, Skews};
use crate::jobs::deliver::{self, Channels};
use crate::jobs::events;
use crate::jobs::people::{self, Wanted};
use crate::jobs::presses::Ear;
use crate::jobs::pull::{self, Connection, PullReport};
use crate::registry::{self, Built, BuiltNotifier, Hook, Skew, UsageOf, elapsed};
use crate::rules::Rules;
use crate::store::{self, ConfigPlan, ConnectionPlan, Store, StoreError, StorePath};

pub use mirror::Mirror;
pub use service::{Reread, Service};

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
    /// A job panicked.
    #[error("gapwatch failed, and its log names the place; started again it goes on where it was")]
    Panicked,
}

/// Everything at work: the core, the connections, the channels, a clock.
pub struct Engine {
    /// The way to the core.
    pub core: CoreHandle,
    /// What is read.
    pub connections: Vec<Connection>,
    /// What is written to.
    pub channels: Channels,
    /// What events are posted to.
    pub hooks: Vec<Hook>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How far the tools' clocks lie from ours.
    pub skews: Skews,
    /// Where `skews` asks.
    asked: Arc<Mutex<Vec<(String, Skew)>>>,
    wanted: Vec<Wanted>,
    store: StorePath,
    outside: Outside,
    settings: Settings,
}

/// What the web server needs of the present configuration.
#[derive(Clone, Default)]
struct Outside {
    hooks: Vec<(String, Arc<dyn Hooks>)>,
    presses: Option<Arc<dyn Presses>>,
    usage: Vec<(String, UsageOf)>,
}

/// What a configuration is made into before anybody asks for it.
struct Parts {
    built: Vec<Built>,
    notifier: Option<BuiltNotifier>,
    mailer: Option<Arc<dyn Notifier>>,
    hooks: Vec<Hook>,
    setup: Setup,
}

impl Parts {
    fn build(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Parts, ConnectorError> {
        let built = registry::connections(settings, clock)?;
        let notifier = registry::notifier(settings, clock)?;
        let mailer = registry::mailer(settings, clock)?;
        let hooks = registry::hooks(settings, clock)?;
        let setup = setup(settings, &built);
        Ok(Parts { built, notifier, mailer, hooks, setup })
    }
}

impl Engine {
    /// Opens the store, takes up the settings, loads the board; asks no tool yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(settings: &Settings, store: StorePath, clock: Arc<dyn Clock>) -> Result<Engine, StartError> {
        Engine::build(settings, store, clock, Store::open)
    }

    fn build(
        settings: &Settings,
        store: StorePath,
        clock: Arc<dyn Clock>,
        open: fn(&StorePath, Timestamp) -> Result<Store, StoreError>,
    ) -> Result<Engine, StartError> {
        let Parts { built, notifier, mailer, hooks, setup } = Parts::build(settings, &clock)?;
        if let StorePath::File(path) = &store
            && !settings.store.allow_network_fs
        {
            store::refuse_network_fs(path)?;
        }
        let now = clock.now();
        let wanted = people::wanted(&setup.plan.persons);
        let core = Core::open(open(&store, now)?, setup, now)?;
        let ids = core.connections().clone();
        let asked: Arc<Mutex<Vec<(String, Skew)>>> = Arc::default();
        let told = asked.clone();
        let skews: Skews = Arc::new(move || {
            let asked = told.lock().unwrap_or_else(PoisonError::into_inner);
            asked.iter().map(|(tool, skew)| (tool.clone(), skew())).collect()
        });
        let mut engine = Engine {
            core: CoreHandle::start(core),
            connections: Vec::new(),
            channels: Channels::default(),
            hooks,
            clock,
            skews,
            asked,
            wanted,
            store,
            outside: Outside::default(),
            settings: settings.clone(),
        };
        engine.put(built, notifier, mailer, &ids);
        Ok(engine)
    }

    /// Takes up other settings between two rounds, as a start would; another store is not among what can be changed so.
    ///
    /// # Errors
    /// See [`StartError`]. What a tool's table or the store refuses leaves everything as it was; doing it again does the
    /// rest.
    pub async fn reload(&mut self, settings: &Settings) -> Result<(), StartError> {
        let parts = Parts::build(settings, &self.clock)?;
        self.take_up(parts, settings).await?;
        Ok(())
    }

    async fn take_up(&mut self, parts: Parts, settings: &Settings) -> Result<(), StoreError> {
        let Parts { built, notifier, mailer, hooks, setup } = parts;
        self.wanted = people::wanted(&setup.plan.persons);
        let ids = self.core.reconfigure(setup, self.clock.now()).await?;
        self.settings = settings.clone();
        self.hooks = hooks;
        self.put(built, notifier, mailer, &ids);
        Ok(())
    }

    /// Puts what was built into its place.
    fn put(
        &mut self,
        built: Vec<Built>,
        notifier: Option<BuiltNotifier>,
        mailer: Option<Arc<dyn Notifier>>,
        ids: &HashMap<String, ConnectionId>,
    ) {
        let mut skews: Vec<(String, Skew)> =
            built.iter().map(|built| (built.name.clone(), built.skew.clone())).collect();
        skews.extend(notifier.as_ref().map(|notifier| ("slack".to_owned(), notifier.skew.clone())));
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = skews;
        let mut usage: Vec<(String, UsageOf)> =
            built.iter().map(|built| (built.name.clone(), built.usage.clone())).collect();
        usage.extend(notifier.as_ref().map(|notifier| ("slack".to_owned(), notifier.usage.clone())));
        let hooks = built.iter().filter_map(|built| Some((built.name.clone(), built.hooks.clone()?))).collect();
        let presses = notifier.as_ref().and_then(|notifier| notifier.presses.clone());
        self.outside = Outside { hooks, presses, usage };
        let commenters = built.iter().map(|built| (built.name.clone(), built.commenter.clone())).collect();
        let notifier = notifier.map(|built| -> Arc<dyn Notifier> { built.notifier });
        self.channels = Channels { notifier, mailer, commenters };
        self.connections = built.into_iter().filter_map(|built| connection(built, ids, &self.skews)).collect();
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

    /// Hears presses of buttons. `None`: messages have none.
    pub fn ear(&self) -> Option<Ear> {
        let presses = self.outside.presses.clone()?;
        Some(Ear::new(self.core.clone(), presses, self.clock.clone()))
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
        Ok(self.deliver_and_tell().await?.attempts)
    }

    /// The same, and how it went.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn deliver_and_tell(&self) -> Result<deliver::Delivered, StoreError> {
        let delivered = deliver::until_idle(&self.core, &self.channels, &*self.clock).await?;
        let posted = events::until_idle(&self.core, &self.hooks, &*self.clock).await?;
        Ok(delivered.and(deliver::Delivered { attempts: posted.attempts, sent: posted.taken, failed: posted.failed }))
    }
}

fn connection(built: Built, ids: &HashMap<String, ConnectionId>, skews: &Skews) -> Option<Connection> {
    let id = ids.get(&built.name).copied()?;
    let Built { name, poll, source, commenter, .. } = built;
    let (skews, waker) = (skews.clone(), Arc::default());
    Some(Connection { id, name, poll, source, commenter, skews, waker, watcher: None })
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
        rules: Rules::with_overrides(&settings.rules, &settings.overrides),
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
        routes: settings.routes.iter().enumerate().map(route).collect(),
        repeats: Repeats::on(&settings.limits.repeat),
        tell_backlog: settings.messages.backlog == Backlog::Tell,
        comments_on: Default::default(),
        comments_from: settings.comments.from_stage.stage(),
        slack: settings.slack.as_ref().is_some_and(SlackSettings::reaches_people),
        slack_webhook: settings.slack.as_ref().is_some_and(|slack| !slack.reaches_people()),
        buttons: settings.slack.as_ref().is_some_and(SlackSettings::hears_presses),
        email: settings.email.is_some(),
        unwanted: unwanted(settings),
        hooks: settings.webhooks.iter().map(hook).collect(),
        slack_channel: settings.slack.as_ref().and_then(SlackSettings::open_channel),
        schedule: settings.schedule.plan(),
        operators_channel: settings.operators.channel.clone(),
        direct_per_day: settings.limits.direct_per_day,
        per_hour: settings.limits.per_hour,
    }
}

/// The hours of whoever has none of their own, and everybody who is configured.
pub fn people(settings: &Settings) -> (Arc<crate::domain::calendar::Calendar>, Vec<store::PersonPlan>) {
    let mut calendars = roster::Calendars::new(settings);
    (calendars.default(), roster::persons(settings, &mut calendars))
}

fn route((nth, table): (usize, &RouteSettings)) -> Route {
    let step = |step: &StepSettings| Step {
        to: To::read(&step.to),
        via: step.via.map(ViaSettings::via),
        after: step.after.filter(|after| !after.is_zero()),
    };
    Route {
        name: table.name.clone().unwrap_or_else(|| (nth + 1).to_string()),
        key: format!("routes[{nth}]"),
        rules: table.rules.clone().unwrap_or_default(),
        from: table.stage.map_or(Stage::Widens, FromStage::stage),
        which: table.r#match.clone().map(|condition| Arc::new(condition) as Arc<_>),
        steps: table.steps.iter().map(step).collect(),
    }
}

fn hook((name, table): (&String, &WebhookSettings)) -> event::Hook {
    let reason = |event: &HookEvent| match event {
        HookEvent::Opened => Reason::Opened,
        HookEvent::Worsened => Reason::Worsened,
        HookEvent::Escalated => Reason::Escalated,
        HookEvent::Resolved => Reason::Resolved,
    };
    event::Hook { name: name.clone(), reasons: table.events.iter().map(reason).collect() }
}

/// Who is not told by which channel.
fn unwanted(settings: &Settings) -> HashSet<(String, &'static str)> {
    let of = |(name, person): (&String, &PersonSettings)| {
        let slack = (!person.notify.slack).then(|| (name.clone(), "slack"));
        let email = (person.notify.email != ByMail::All).then(|| (name.clone(), "email"));
        let digest = (person.notify.email == ByMail::Nothing).then(|| (name.clone(), "digest"));
        [slack, email, digest].into_iter().flatten().collect::<Vec<_>>()
    };
    settings.people.iter().flat_map(of).collect()
}

fn rule_modes(settings: &Settings) -> HashMap<crate::domain::finding::RuleId, Mode> {
    let built_in = settings.rules.switches().into_iter().map(|(id, enabled, mode)| (id.to_owned(), enabled, mode));
    let switches = built_in.chain(settings.rules.own_switches());
    switches.filter_map(|(id, _, mode)| Some((crate::rules::known(&id)?, mode?))).collect()
}

/// What the store must know of the settings.
fn plan(settings: &Settings, built: &[Built]) -> ConfigPlan {
    let mut calendars = roster::Calendars::new(settings);
    let default_calendar = calendars.default();
    let revisions = Revisions::of(settings);
    ConfigPlan {
        connections: built.iter().map(connection_plan).collect(),
        persons: roster::persons(settings, &mut calendars),
        bots: settings.directory.bots.clone(),
        match_by_email: settings.directory.match_by_email,
        default_manager: settings.directory.default_manager.clone(),
        operators: settings.operators.people.clone(),
        default_calendar,
        words: settings.read_words(),
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
        reading: built.reading.clone(),
    }
}
