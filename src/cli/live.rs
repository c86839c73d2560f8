//! The verbs that talk to the tools: `run`, `run --once`, `sync`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::open::{From, Stopped, View, no_csv, print_json, reread, settings};
use super::table::{plain, when};
use super::{Exit, Output};
use super::{places, progress, rehearsal};
use crate::config::{Backlog, Flags, Mode, Origin, Settings};
use crate::core::CoreHandle;
use crate::daemon::{Engine, Mirror, Reread, Service, store_path};
use crate::domain::notice::{MessageOp, MessageState};
use crate::jobs::decide::ClockDoubt;
use crate::jobs::deliver::Delivered;
use crate::jobs::pull::PullReport;
use crate::jobs::reload::Reloads;
use crate::store::ConnectionState;
use crate::web;

/// Turns of sending and thinking over in one pass; what is left then waits for the next one.
const MOST_TURNS: u32 = 100;

/// Watches until stopped: SIGTERM or SIGINT end it in order, a second one at once.
pub(super) async fn run(from: &From, mode: Option<Mode>, backlog: Option<Backlog>) -> Result<Exit, Stopped> {
    let settings = settings(from, Flags { mode, backlog, only_looks: false })?;
    let (stop, (reloads, askers)) = (CancellationToken::new(), Reloads::channel());
    // Unheard, the signal would end us; one that comes while we start is answered afterwards.
    let hangup = signal(SignalKind::hangup()).map_err(Stopped::failed)?;
    tokio::spawn(reload_on_signal(hangup, reloads.clone()));
    let engine = Engine::start(&settings, store_path(&settings), crate::clock::system())?;
    let listener = listener(&settings).await?;
    tokio::spawn(stop_on_signals(stop.clone()));
    let files = from.files.clone();
    let flags = Flags { mode, backlog, only_looks: false };
    let reread: Reread = Arc::new(move || reread(&files, flags));
    if settings.mode == Mode::Observe {
        tokio::spawn(announce(from.clone(), engine.core.clone(), stop.clone()));
    }
    engine.run(Service { reread, reloads, askers, listener }, stop).await?;
    Ok(Exit::Done)
}

/// The web server's place. One that nobody asked for and that is taken is no reason not to watch.
async fn listener(settings: &Settings) -> Result<Option<TcpListener>, Stopped> {
    let listen = settings.server.listen;
    let error = match web::bind(listen).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    match settings.origin("server.listen") {
        Origin::Default => {
            tracing::warn!(%listen, %error, "server.unavailable: no health, metrics and hooks over HTTP");
            Ok(None)
        }
        origin => {
            let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
            let exit = if in_use { Exit::TryAgain } else { Exit::Config };
            Err(Stopped::cannot_listen(exit, &format!("{listen} ({origin})"), &error))
        }
    }
}

/// SIGHUP: the configuration is read again. How it went is in the log.
async fn reload_on_signal(mut hangup: Signal, reloads: Reloads) {
    while hangup.recv().await.is_some() {
        let reloads = reloads.clone();
        // Not waited for: those that come meanwhile are answered together.
        tokio::spawn(async move { reloads.ask().await });
    }
}

/// Tasks up to which a second board is loaded for an announcement.
const MOST_ANNOUNCED: u64 = 20_000;
/// How long to wait before looking again whether everything has been read.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// Once everything has been read, says in the log what live mode would have meant.
async fn announce(from: From, core: CoreHandle, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = crate::clock::nap(LOOK_AGAIN) => {}
        }
        let Ok(states) = core.connection_states().await else { continue };
        if states.iter().any(|state| state.cold > 0 || state.last_success_at.is_none()) {
            continue;
        }
        if states.iter().map(|state| state.tasks).sum::<u64>() > MOST_ANNOUNCED {
            return tracing::info!("observing: nothing is sent; `gapwatch enable` says what live mode would send");
        }
        let words = tokio::task::spawn_blocking(move || {
            View::open(&from, None).and_then(|mut view| rehearsal::announcement(&mut view))
        });
        match words.await {
            Ok(Ok(Some((words, _)))) => tracing::info!("observing: nothing is sent; {words}"),
            Ok(Ok(None)) => {}
            Ok(Err(stopped)) => tracing::debug!(why = stopped.words, "observing.unannounced"),
            Err(error) => tracing::debug!(%error, "observing.unannounced"),
        }
        return;
    }
}

async fn stop_on_signals(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return tracing::error!("signals.unavailable");
    };
    for again in [false, true] {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        if again {
            // Whatever is under way is an orphan in the store, and is looked up by the next start.
            std::process::exit(130);
        }
        stop.cancel();
    }
}

/// One connection's share of a report.
#[derive(Debug, Serialize)]
struct Connection {
    id: String,
    tasks: u64,
    new: u32,
    changed: u32,
    skipped: u32,
    history: u32,
    requests_answered: u32,
    unreadable: Vec<Named>,
    partial: Vec<String>,
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Named {
    what: String,
    because: String,
}

#[derive(Debug, Serialize)]
struct Failure {
    stream: String,
    kind: &'static str,
    because: String,
}

/// `gapwatch.sync/1`
#[derive(Debug, Serialize)]
struct SyncDocument {
    schema: &'static str,
    at: Timestamp,
    connections: Vec<Connection>,
}

/// `gapwatch.run/1`
#[derive(Debug, Serialize)]
struct OnceDocument {
    schema: &'static str,
    at: Timestamp,
    mode: &'static str,
    connections: Vec<Connection>,
    /// Attempts made to send something.
    attempts: u32,
    /// Of these, those that were taken.
    sent: u32,
    /// What waits, and until when.
    waiting: Vec<Waiting>,
    /// Why nothing was judged or sent.
    clock_doubt: Option<String>,
    /// What live mode would have sent by the end of the working day, had all gaps come up just now. `null`: it is live, or
    /// there are too many tasks to play it on.
    would_send: Option<rehearsal::Counts>,
}

#[derive(Debug, Serialize)]
struct Waiting {
    channel: &'static str,
    does: &'static str,
    state: &'static str,
    due_at: Timestamp,
    because: Option<String>,
}

/// Reads everything now; judges and sends nothing.
pub(super) async fn sync(from: &From, connection: Option<String>, full: bool) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let settings = settings(from, Flags::default())?;
    let clock = crate::clock::system();
    let mut mirror = Mirror::start(&settings, store_path(&settings), clock.clone())?;
    if let Some(name) = &connection {
        mirror.connections().retain(|connection| connection.name == *name);
        if mirror.connections().is_empty() {
            let known: Vec<String> = settings.connections().collect();
            return Err(Stopped::usage(format!("there is no connection {name}; there is {}", known.join(", "))));
        }
    }
    if full {
        mirror.start_over().await?;
    }
    let shown = progress::show(mirror.connections());
    let reports = mirror.pull().await?;
    drop(shown);
    let connections = connections(&mirror.states().await?, &reports);
    match from.output {
        Output::Json => {
            print_json(&SyncDocument { schema: "gapwatch.sync/1", at: clock.now(), connections })?;
        }
        Output::Table | Output::Csv => connections.iter().for_each(print),
    }
    Ok(worst(&reports))
}

/// Reads, judges, sends what is due, says what waits.
pub(super) async fn once(from: &From, mode: Option<Mode>, backlog: Option<Backlog>) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let settings = settings(from, Flags { mode, backlog, only_looks: false })?;
    let mut engine = Engine::start(&settings, store_path(&settings), crate::clock::system())?;
    let shown = progress::show(&mut engine.connections);
    let reports = engine.pull(true).await?;
    drop(shown);
    engine.meet().await?;
    let doubt = engine.decide().await?;
    let delivered = if doubt.is_none() { send_what_is_due(&engine).await? } else { Delivered::default() };
    let waiting = waiting(&engine).await;
    let connections = connections(&engine.core.connection_states().await?, &reports);
    let at = engine.clock.now();
    // What was judged is in the store by now, and a second board beside the first would be one too many.
    drop(engine);
    let few = connections.iter().map(|connection| connection.tasks).sum::<u64>() <= MOST_ANNOUNCED;
    let observes = settings.mode == Mode::Observe && doubt.is_none() && few;
    let observed = if observes { rehearsal::announcement(&mut View::open(from, None)?)? } else { None };
    match from.output {
        Output::Json => print_json(&OnceDocument {
            schema: "gapwatch.run/1",
            at,
            mode: settings.mode.word(),
            connections,
            attempts: delivered.attempts,
            sent: delivered.sent,
            waiting,
            clock_doubt: doubt.as_ref().map(ClockDoubt::words),
            would_send: observed.map(|(_, counts)| counts),
        })?,
        Output::Table | Output::Csv => {
            connections.iter().for_each(print);
            print_once(&settings, delivered, &waiting, observed.as_ref().map(|(words, _)| words.as_str()));
            if let Some(doubt) = &doubt {
                anstream::println!("Nothing was judged or sent: {}.", doubt.words());
            }
        }
    }
    let clock = if doubt.is_some() { Exit::TryAgain } else { Exit::Done };
    let channels = delivered.failed.map_or(Exit::Done, Exit::of);
    Ok(worst(&reports).max(clock).max(channels))
}

/// Sends and thinks over in turns: what was said frees the next word about the same gap, and an outcome may have sealed the
/// next channel's. Says how many attempts that were.
async fn send_what_is_due(engine: &Engine) -> Result<Delivered, Stopped> {
    let mut delivered = Delivered::default();
    for _ in 0..MOST_TURNS {
        let turn = engine.deliver_and_tell().await?;
        delivered = delivered.and(turn);
        if turn.attempts == 0 || engine.decide().await?.is_some() {
            break;
        }
    }
    Ok(delivered)
}

async fn waiting(engine: &Engine) -> Vec<Waiting> {
    let messages = engine.core.waiting().await;
    messages
        .into_iter()
        .map(|message| Waiting {
            channel: message.address.channel(),
            does: match message.op {
                MessageOp::Post => "post",
                MessageOp::Edit => "edit",
                MessageOp::Reply => "reply",
            },
            state: match message.state {
                MessageState::Sealed if message.is_held() => "held",
                MessageState::Sealed => "sealed",
                MessageState::Sending => "sending",
                MessageState::Unsure => "unsure",
                MessageState::Sent | MessageState::Dead | MessageState::Withdrawn => "done",
            },
            due_at: message.due_at,
            because: message.error,
        })
        .collect()
}

fn print_once(settings: &Settings, delivered: Delivered, waiting: &[Waiting], observed: Option<&str>) {
    match settings.mode {
        Mode::Observe => {
            anstream::println!(
                "Observe mode: nothing was sent. `gapwatch gaps list` lists the gaps, `gapwatch preview digest baseline` shows \
                 the report about them."
            );
            if let Some(words) = observed {
                anstream::println!("{words}");
                if words.contains("`gapwatch enable`") {
                    anstream::println!("`gapwatch preview message` and `gapwatch preview comment` show them.");
                }
            }
        }
        Mode::Live => {
            let Delivered { attempts, sent, .. } = delivered;
            let failed = match attempts - sent {
                0 => String::new(),
                1 => " One more attempt failed; `gapwatch why` and the lines below show what happens to it.".to_owned(),
                more => format!(
                    " {more} more attempts failed; `gapwatch why` and the lines below show what happens to them."
                ),
            };
            anstream::println!("{sent} message{} sent.{failed}", if sent == 1 { "" } else { "s" });
        }
    }
    let held = waiting.iter().filter(|message| message.state == "held").count();
    if held > 0 {
        anstream::println!("{held} held back. {}", super::outbox::HOW_TO_DECIDE);
    }
    for message in waiting.iter().filter(|message| message.state != "held") {
        let because = message.because.as_ref().map(|because| format!(" ({})", plain(because))).unwrap_or_default();
        anstream::println!("Waits until {}: {} {}{because}", when(message.due_at), message.channel, message.does);
    }
}

fn connections(states: &[ConnectionState], reports: &BTreeMap<String, PullReport>) -> Vec<Connection> {
    let state = |name: &String| states.iter().find(|state| state.name == *name);
    reports.iter().map(|(name, report)| connection(name, report, state(name))).collect()
}

fn connection(name: &str, report: &PullReport, state: Option<&ConnectionState>) -> Connection {
    let failure = |(stream, kind, because): &(String, crate::store::FailureKind, String)| Failure {
        stream: stream.clone(),
        kind: kind.word(),
        because: because.clone(),
    };
    let mut unreadable: Vec<Named> = Vec::new();
    for (what, because) in &report.unreadable {
        // Two streams may meet the same item; it is one.
        if !unreadable.iter().any(|named| named.what == *what) {
            unreadable.push(Named { what: what.clone(), because: because.clone() });
        }
    }
    Connection {
        id: name.to_owned(),
        tasks: state.map_or(0, |state| state.tasks),
        new: report.new,
        changed: report.changed,
        skipped: report.skipped,
        history: report.history,
        requests_answered: report.pages,
        unreadable,
        partial: report.partial.clone(),
        failures: report.failures.iter().map(failure).collect(),
    }
}

fn print(connection: &Connection) {
    let Connection { id, tasks, new, changed, skipped, unreadable, .. } = connection;
    let pulls = if id.starts_with("github.") { "pull requests skipped" } else { "left out" };
    let pulls = if *skipped > 0 { format!(", {skipped} {pulls}") } else { String::new() };
    anstream::println!(
        "{id}: {tasks} tasks read ({new} new, {changed} changed){pulls}, {} unreadable",
        unreadable.len()
    );
    for Named { what, because } in unreadable {
        anstream::println!("  unreadable {}: {}", plain(what), plain(because));
    }
    for words in &connection.partial {
        anstream::println!("  may be incomplete: {}", plain(words));
    }
    for failure in &connection.failures {
        let stream = places::named(id, &failure.stream);
        anstream::println!("  {stream} could not be read: {}", plain(&failure.because));
    }
}

fn worst(reports: &BTreeMap<String, PullReport>) -> Exit {
    let failures = reports.values().flat_map(|report| &report.failures);
    failures
        .filter(|(stream, kind, _)| counts(stream, *kind))
        .map(|(_, kind, _)| Exit::of(*kind))
        .max()
        .unwrap_or(Exit::Done)
}

/// A tool without a history is a poorer tool, not a failure; everything else that failed is.
fn counts(stream: &str, kind: crate::store::FailureKind) -> bool {
    let optional = ["comments", "events", "links", "milestones"].iter().any(|name| stream.starts_with(name));
    !(optional && kind == crate::store::FailureKind::NotVisible)
}
