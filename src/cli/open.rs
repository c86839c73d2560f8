//! What every verb begins with: the settings, the store, the moment.

use std::io::Write as _;
use std::path::PathBuf;

use connector_kit::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) use super::trouble::{Stopped, colored};
use super::{Exit, Output};
use crate::config::{self, Diagnostic, Flags, Length, Loaded, Settings, Sources, diagnose};
use crate::domain::board::Board;
use crate::domain::calendar::Calendar;
use crate::domain::policy::Policy;
use crate::domain::snapshot::Snapshot;
use crate::rules::{self, Rules};
use crate::store::{Reader, StorePath};

/// Where the settings come from, and how results are printed.
#[derive(Clone)]
pub(super) struct From {
    /// `-c`
    pub(super) files: Vec<PathBuf>,
    /// `-o`
    pub(super) output: Output,
    /// `-q`: no warnings, no notes.
    pub(super) quiet: bool,
}

/// For a command that only looks at the store.
pub(super) const LOOKING: Flags = Flags { mode: None, backlog: None, only_looks: true };

/// Reads and checks the configuration; warnings are printed, mistakes end the verb.
///
/// # Errors
/// The configuration is refused.
pub(super) fn settings(from: &From, flags: Flags) -> Result<Settings, Stopped> {
    let Loaded { settings, warnings, .. } = load(from, flags, false)?;
    for warning in warnings.iter().filter(|_| !from.quiet) {
        anstream::eprintln!("{}", warning.render(colored()));
    }
    Ok(settings)
}

/// The same while something runs: nothing is printed.
///
/// # Errors
/// Every mistake.
pub(super) fn reread(files: &[PathBuf], flags: Flags) -> Result<Loaded, Vec<Diagnostic>> {
    let env = config::environment();
    let files = config::find_and_read(files, &env)?;
    config::load(&Sources { files, env, flags })
}

/// The same, with its warnings unprinted. `unchanged`: a mistake changes nothing that runs, and says so.
///
/// # Errors
/// The configuration is refused.
pub(super) fn load(from: &From, flags: Flags, unchanged: bool) -> Result<Loaded, Stopped> {
    let env = config::environment();
    let files = config::find_and_read(&from.files, &env).map_err(|found| refused(&found, 0, false))?;
    let count = files.len();
    config::load(&Sources { files, env, flags }).map_err(|found| refused(&found, count, unchanged))
}

/// The store's file as far as a refused configuration tells; what cannot be read of it counts as not written.
pub(super) fn likely_store(from: &From) -> Option<PathBuf> {
    let env = config::environment();
    let files = config::find_and_read(&from.files, &env).unwrap_or_default();
    config::store_url(&Sources { files, env, flags: LOOKING }).map(|url| PathBuf::from(url.path()))
}

fn refused(found: &[Diagnostic], files: usize, unchanged: bool) -> Stopped {
    let words = match files {
        0 => found.iter().map(|diagnostic| diagnostic.render(colored())).collect::<Vec<_>>().join("\n\n"),
        _ => diagnose::report(found, files, unchanged, colored()),
    };
    Stopped::new(Exit::Config, words.trim_end())
}

/// The store, its board and everything needed to judge it, read-only.
pub(super) struct View {
    /// The settings.
    pub(super) settings: Settings,
    /// The store.
    pub(super) reader: Reader,
    /// Its board.
    pub(super) board: Board,
    /// The rules.
    pub(super) rules: Rules,
    /// How, when and to whom anything may be said.
    pub(super) policy: Policy,
    /// The moment.
    pub(super) now: Timestamp,
}

impl View {
    /// Opens it at `now`, or at the moment named by `at`.
    ///
    /// # Errors
    /// The configuration is refused, the store cannot be read, or the moment is not one.
    pub(super) fn open(from: &From, at: Option<&str>) -> Result<View, Stopped> {
        // Warnings are said where something is done, not at every look.
        let Loaded { settings, .. } = load(from, LOOKING, false)?;
        let clock = crate::clock::system();
        let now = moment(&*clock, at)?;
        let reader = Reader::open(&crate::daemon::store_path(&settings))?;
        let board = Board::new(reader.load(now, rules::known)?);
        let mut policy = crate::daemon::policy(&settings);
        let named = |name: &str| board.connections().find(|rec| *rec.name == *name).map(|rec| rec.id);
        policy.connection_modes =
            settings.connection_modes().filter_map(|(name, mode)| Some((named(&name)?, mode?))).collect();
        let on: Vec<String> = settings.comments.on.clone().unwrap_or_else(|| settings.connections().collect());
        policy.comments_on = on.iter().filter_map(|name| named(name)).collect();
        let rules = Rules::with_overrides(&settings.rules, &settings.overrides);
        Ok(View { settings, reader, board, rules, policy, now })
    }

    /// The board at the moment.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot { board: &self.board, policy: &self.policy, now: self.now }
    }

    /// The store's path, for the socket beside it.
    pub(super) fn store_file(settings: &Settings) -> PathBuf {
        match crate::daemon::store_path(settings) {
            StorePath::File(path) => path,
            StorePath::Memory => PathBuf::new(),
        }
    }
}

/// The moment that `--at` names; a day is its start of work. Looking back comes with `backtest`.
fn moment(clock: &dyn Clock, at: Option<&str>) -> Result<Timestamp, Stopped> {
    let now = clock.now();
    let Some(text) = at else { return Ok(now) };
    let zone = TimeZone::system();
    let day =
        || text.parse().ok().map(|date| Calendar::usual(zone).day_begins(date) + jiff::SignedDuration::from_hours(9));
    let at: Timestamp = text.parse().ok().or_else(day).ok_or_else(|| {
        Stopped::usage(format!("\"{text}\" is not a time; expected e.g. 2026-11-27 or 2026-11-27T09:00:00Z"))
    })?;
    if at < now {
        return Err(Stopped::usage("--at cannot look back: this version takes only a later time"));
    }
    Ok(at)
}

/// The moment so long before `now` (`7d`), or a day or instant that is named itself.
///
/// # Errors
/// It is neither.
pub(super) fn since(now: Timestamp, text: &str) -> Result<Timestamp, Stopped> {
    let length = text.parse::<Length>().ok();
    let back = length.map(|length| now.checked_sub(crate::registry::elapsed(length)).unwrap_or(Timestamp::MIN));
    let day = || text.parse().ok().map(|date| Calendar::usual(TimeZone::system()).day_begins(date));
    back.or_else(|| text.parse().ok()).or_else(day).ok_or_else(|| {
        Stopped::usage(format!("\"{text}\" is neither a length of time nor a day; expected e.g. 7d or 2026-11-20"))
    })
}

/// Refuses a form of output that a verb has not.
///
/// # Errors
/// It is CSV, and this is no list.
pub(super) fn no_csv(from: &From) -> Result<(), Stopped> {
    match from.output {
        Output::Csv => Err(Stopped::usage(
            "this command has no CSV output; `gaps list`, `check`, `why`, `outbox list` and `rules list` have",
        )),
        Output::Table | Output::Json => Ok(()),
    }
}

/// Prints a document as JSON.
///
/// # Errors
/// It cannot be written down, which would be our mistake.
pub(super) fn print_json(document: &impl serde::Serialize) -> Result<(), Stopped> {
    let text = serde_json::to_string_pretty(document).map_err(Stopped::failed)?;
    print_text(&format!("{text}\n"))
}

/// Prints a long text. Whoever has read enough of it (`… | head`) may close the pipe.
///
/// # Errors
/// It cannot be written for another reason.
pub(super) fn print_text(text: &str) -> Result<(), Stopped> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Stopped::failed(error)),
        _ => Ok(()),
    }
}
