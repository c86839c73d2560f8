//! `snooze`, `unsnooze`, `health` and `reload`: through the running daemon's socket, or, when none runs, straight into the inbox.

use jiff::{SignedDuration, Timestamp};

use super::open::{From, LOOKING, Stopped, View, likely_store, no_csv, settings};
use super::table::when;
use super::{Exit, Output};
use crate::alerts::{self, TooLong};
use crate::config::Length;
use crate::daemon::store_path;
use crate::domain::alert::Wish;
use crate::domain::calendar::Calendar;
use crate::domain::finding::GapId;
use crate::jobs::listen::{self, Ask, Reply};
use crate::store::Store;

/// Keeps a gap silent; `3d` is three calendar days, rounded up to the next start of work.
pub(super) async fn snooze(
    from: &From,
    gap: &str,
    length: Option<String>,
    until: Option<String>,
    reason: Option<String>,
) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    if !view.board.alerts().any(|alert| alert.gap.0 == gap) {
        return Err(Stopped::usage(format!("there is no open gap {gap}; `gapwatch gaps list` lists them")));
    }
    let until = end(&view, length.as_deref(), until.as_deref())?;
    if let Some(why) = alerts::is_too_long(until, reason.is_some(), view.now) {
        return Err(Stopped::usage(match why {
            TooLong::Ever { days } => format!("a gap can be snoozed for {days} days at most"),
            TooLong::WithoutReason { days } => format!("to snooze a gap for more than {days} days, add --reason \"…\""),
        }));
    }
    drop(view);
    if reason.is_none() && !from.quiet {
        anstream::eprintln!("A reason helps whoever later asks why nobody was told: add --reason \"…\"");
    }
    put(from, Wish::Snooze { gap: GapId(gap.to_owned()), until, reason }).await?;
    anstream::println!("{gap} is snoozed until {}.", when(until));
    Ok(Exit::Done)
}

/// Ends a silence.
pub(super) async fn unsnooze(from: &From, gap: &str) -> Result<Exit, Stopped> {
    put(from, Wish::Unsnooze { gap: GapId(gap.to_owned()) }).await?;
    anstream::println!("{gap} is no longer snoozed.");
    Ok(Exit::Done)
}

/// Ends the hold of a container. Each of its missing tasks is still asked for before it is called gone.
pub(super) async fn release(from: &From, container: &str) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let mut held: Vec<String> =
        view.board.containers().filter(|home| home.hold.is_some()).map(|home| home.name.to_string()).collect();
    held.sort_unstable();
    if !held.iter().any(|name| name == container) {
        let known = if held.is_empty() { "nothing is".to_owned() } else { format!("held: {}", held.join(", ")) };
        return Err(Stopped::usage(format!("{container} is not being held back; {known}")));
    }
    drop(view);
    put(from, Wish::Release { container: container.to_owned() }).await?;
    anstream::println!("{container} is judged again from now on.");
    Ok(Exit::Done)
}

fn end(view: &View, length: Option<&str>, until: Option<&str>) -> Result<Timestamp, Stopped> {
    let calendar = Calendar::usual(jiff::tz::TimeZone::system());
    let at = match (length, until) {
        (Some(length), _) => {
            let length: Length = length.parse().map_err(Stopped::usage)?;
            length.after(view.now, &calendar)
        }
        (None, Some(until)) => {
            let date = until
                .parse()
                .map_err(|_| Stopped::usage(format!("\"{until}\" is not a day; expected e.g. 2026-11-27")))?;
            calendar.day_begins(date)
        }
        (None, None) => return Err(Stopped::usage("say for how long: --for 3d, or --until 2026-11-27")),
    };
    if at <= view.now {
        return Err(Stopped::usage("that is in the past"));
    }
    // A silence ends with the start of a working day, so that nobody is surprised on a Saturday, or at five to five.
    Ok(calendar.next_day_start(at - SignedDuration::from_secs(1)))
}

/// Puts a wish into the inbox: through the daemon, or straight.
pub(super) async fn put(from: &From, wish: Wish) -> Result<(), Stopped> {
    let settings = settings(from, LOOKING)?;
    let file = View::store_file(&settings);
    let clock = crate::clock::system();
    let key = uuid::Uuid::new_v4().simple().to_string();
    let ask = Ask::Wish { key: key.clone(), wish: wish.clone() };
    match listen::ask(&file, &ask).await.map_err(Stopped::failed)? {
        Some(Reply { ok: true, .. }) => Ok(()),
        Some(Reply { because, .. }) => Err(Stopped::failed(because.unwrap_or_default())),
        None => {
            let now = clock.now();
            let mut store = Store::open(&store_path(&settings), now)?;
            store.put_answer("cli", &key, now, None, &wish)?;
            Ok(())
        }
    }
}

/// `gapwatch.health/1`
#[derive(Debug, serde::Serialize)]
struct HealthDocument<'r> {
    schema: &'static str,
    ok: bool,
    because: Option<&'r str>,
    last_tick_at: Option<jiff::Timestamp>,
    connections: Vec<ConnectionHealth<'r>>,
    /// Why nothing is judged or sent. `null`: the clock is believed.
    clock_doubt: Option<&'r str>,
}

#[derive(Debug, serde::Serialize)]
struct ConnectionHealth<'r> {
    id: &'r str,
    /// What is wrong with it. `null`: nothing.
    because: Option<&'r str>,
    /// What it does not tell though its tool could, and why.
    lacks: Vec<&'r str>,
}

impl HealthDocument<'_> {
    fn of(reply: &Reply) -> HealthDocument<'_> {
        let lacks = |id: &String| reply.lacks.iter().filter(|(of, _)| of == id).map(|(_, words)| &**words).collect();
        let connections = reply.connections.iter().map(|(id, because)| ConnectionHealth {
            id,
            because: because.as_deref(),
            lacks: lacks(id),
        });
        HealthDocument {
            schema: "gapwatch.health/1",
            ok: reply.ok,
            because: reply.because.as_deref(),
            last_tick_at: reply.last_tick_at,
            connections: connections.collect(),
            clock_doubt: reply.clock_doubt.as_deref(),
        }
    }
}

/// How old a tick may be before the daemon counts as stuck.
const LIVELY: SignedDuration = SignedDuration::from_mins(5);

/// Asks the running daemon; exit 69 when none answers, or its core stands still. A mistake in the configuration does not
/// keep it from being asked: it goes on with what it took before.
pub(super) async fn health(from: &From) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let (store, refused) = match settings(from, LOOKING) {
        Ok(settings) => (View::store_file(&settings), None),
        Err(stopped) => match likely_store(from) {
            Some(store) => (store, Some(stopped)),
            None => return Err(stopped),
        },
    };
    let reply = match (listen::ask(&store, &Ask::Health).await, refused) {
        (Ok(Some(reply)), refused) => {
            if refused.is_some() && !from.quiet {
                anstream::eprintln!(
                    "The configuration file has a mistake; the daemon goes on with the last good one. `gapwatch validate` shows \
                     the mistake."
                );
            }
            reply
        }
        // Whether the right one was asked is not known then.
        (_, Some(stopped)) => return Err(stopped),
        (Ok(None), None) => return Err(Stopped::no_daemon()),
        (Err(error), None) => return Err(Stopped::failed(error)),
    };
    let now = crate::clock::system().now();
    let lively = reply.last_tick_at.is_some_and(|at| now.duration_since(at) < LIVELY);
    match from.output {
        Output::Json => super::open::print_json(&HealthDocument::of(&reply))?,
        Output::Table | Output::Csv => print(&reply, lively),
    }
    Ok(if reply.ok && lively && reply.clock_doubt.is_none() { Exit::Done } else { Exit::Unavailable })
}

/// Has the running daemon read its configuration again; exit 78 with its words when it refuses.
pub(super) async fn reload(from: &From) -> Result<Exit, Stopped> {
    // Only to find the store: what is wrong otherwise is for the daemon to say.
    let settings = settings(from, LOOKING)?;
    match listen::ask(&View::store_file(&settings), &Ask::Reload).await.map_err(Stopped::failed)? {
        Some(Reply { ok: true, .. }) => {
            anstream::println!("The configuration was reloaded.");
            Ok(Exit::Done)
        }
        Some(Reply { because, .. }) => Err(Stopped::new(Exit::Config, because.unwrap_or_default())),
        None => Err(Stopped::no_daemon()),
    }
}

fn print(reply: &Reply, lively: bool) {
    let tick = reply.last_tick_at.map_or("never".to_owned(), when);
    anstream::println!("{}, last round {tick}", if reply.ok && lively { "alive" } else { "stuck" });
    for words in reply.because.iter().chain(&reply.clock_doubt) {
        anstream::println!("  {words}");
    }
    for (name, failure) in &reply.connections {
        anstream::println!("  {name}: {}", failure.as_deref().unwrap_or("ok"));
        for (_, words) in reply.lacks.iter().filter(|(of, _)| of == name) {
            anstream::println!("    {words}");
        }
    }
}
