//! The command line: one file a verb. Every verb ends in an [`Exit`], and prints what a person reads or, with `-o json`, a
//! document with a schema.

mod check;
mod config;
mod db;
mod demo;
mod doctor;
mod documents;
mod enable;
mod explain;
mod gaps;
mod heeded;
mod init;
mod lacking;
mod live;
mod manual;
mod norms;
mod open;
mod outbox;
mod parsed;
mod people;
mod places;
mod preview;
mod preview_digest;
mod progress;
mod rehearsal;
mod rules;
mod route;
mod routed;
mod rules_test;
mod schedule;
mod subject;
mod table;
mod tracker;
mod trouble;
mod validate;
mod verbs;
mod why;
mod wish;

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{Parser, ValueEnum};

use crate::store::FailureKind;
use crate::telemetry::LogFormat;
use tracker::Tracker;
use verbs::{CalendarVerb, DbVerb, GapsFilter, GapsVerb, PeopleVerb, Verb};

/// How it went. Of several the worst one wins: the highest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed inside.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Found what was asked for (`check --fail-on`).
    Found = 10,
    /// A service did not answer.
    Unavailable = 69,
    /// Try again: rate limit, or the store is in use.
    TryAgain = 75,
    /// Refused: token or scope.
    Refused = 77,
    /// The configuration.
    Config = 78,
}

impl Exit {
    /// What a failed connection means for the exit code.
    pub fn of(kind: FailureKind) -> Exit {
        match kind {
            FailureKind::Unavailable | FailureKind::NotVisible => Exit::Unavailable,
            FailureKind::Limited => Exit::TryAgain,
            FailureKind::Refused | FailureKind::Forbidden => Exit::Refused,
            FailureKind::Misconfigured => Exit::Config,
        }
    }
}

/// Watches the work in your trackers and speaks up while there is still time to act.
#[derive(Debug, Parser)]
#[command(name = "gapwatch", version, disable_help_subcommand = true, propagate_version = false)]
struct Cli {
    /// Configuration file, or a folder with several; repeatable.
    #[arg(short, long = "config", value_name = "PATH", global = true)]
    config: Vec<PathBuf>,
    /// How to print results.
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    output: Output,
    /// What to log: error, warn, info, debug or trace, or a filter such as info,connector_github=debug.
    #[arg(long, value_name = "LEVEL", global = true, env = "GAPWATCH_LOG_LEVEL", hide_env_values = true,
          value_parser = crate::telemetry::checked_filter)]
    log_level: Option<String>,
    /// How to write the log: auto means text on a terminal and JSON elsewhere.
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        global = true,
        env = "GAPWATCH_LOG_FORMAT",
        hide_env_values = true
    )]
    log_format: LogFormat,
    /// Print only the result and what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Log more; repeatable.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// When to use colours; NO_COLOR in the environment means never.
    #[arg(long, value_enum, default_value = "auto", global = true)]
    color: clap::ColorChoice,
    #[command(subcommand)]
    verb: Verb,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table, for people.
    Table,
    /// A JSON document with a documented schema, for programs.
    Json,
    /// CSV, for spreadsheets; only lists have it.
    Csv,
}

/// `docs/cli.md`: every command with its options.
pub fn reference() -> String {
    manual::markdown()
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    cli.color_choice().write_global();
    let daemon = matches!(cli.verb, Verb::Run { once: false, .. });
    crate::telemetry::start(cli.log_level(daemon), cli.log_format, daemon);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("{}", trouble::Stopped::failed(error).words);
            return ExitCode::from(Exit::Failed as u8);
        }
    };
    let exit = match runtime.block_on(carry_out(cli)) {
        Ok(exit) => exit,
        Err(open::Stopped { exit, words }) => {
            if !words.is_empty() {
                anstream::eprintln!("{words}");
            }
            exit
        }
    };
    // A task that still hangs in a system call must not keep us from ending.
    runtime.shutdown_background();
    ExitCode::from(exit as u8)
}

async fn carry_out(cli: Cli) -> Result<Exit, open::Stopped> {
    let from = open::From { files: cli.config, output: cli.output, quiet: cli.quiet };
    match cli.verb {
        Verb::Run { mode, once: false, backlog } => live::run(&from, mode, backlog).await,
        Verb::Run { mode, once: true, backlog } => live::once(&from, mode, backlog).await,
        Verb::Sync { connection, full } => live::sync(&from, connection, full).await,
        Verb::Demo { seed, speed, days } => demo::demo(seed, speed, days).await,
        Verb::Validate { offline, deny_warnings, format } => {
            validate::validate(&from, validate::Wanted { offline, deny_warnings, format, in_use: true }).await
        }
        Verb::Config { verb } => config::config(&from, &verb),
        Verb::Rules { verb } => rules::rules(&from, &verb),
        Verb::Init { tracker, print, from_env, force } => {
            init::init(&from, &init::Wishes { trackers: tracker, print, from_env, force }).await
        }
        Verb::Doctor { connection, bundle } => doctor::doctor(&from, connection.as_deref(), bundle.as_deref()).await,
        Verb::Preview { kind: preview::Kind::Digest, about } => preview_digest::preview(&from, &about).await,
        Verb::Preview { kind, about } => preview::preview(&from, kind, &about).await,
        Verb::Enable { what } => enable::enable(&from, what.as_deref()),
        Verb::People { verb: PeopleVerb::List } => people::list(&from),
        Verb::People { verb: PeopleVerb::Unmatched } => people::unmatched(&from),
        Verb::People { verb: PeopleVerb::Link { person, account } } => people::link(&from, &person, &account),
        Verb::Calendar { verb: CalendarVerb::Show { person, days } } => people::calendar(&from, &person, days),
        Verb::Schedule => schedule::schedule(&from).await,
        Verb::Check { at, fail_on, project } => check::check(&from, at.as_deref(), fail_on, project.as_deref()),
        Verb::Gaps { verb: GapsVerb::List(filter) } => gaps::list(&from, &filter),
        Verb::Gaps { verb: GapsVerb::Show { id } } => gaps::show(&from, &id),
        Verb::Explain { task, at } => explain::explain(&from, &task, at.as_deref()),
        Verb::Why { about, since } => why::why(&from, &about, since.as_deref()),
        Verb::Route(verb) => route::route(&from, &verb),
        Verb::Snooze { gap, length, until, reason } => wish::snooze(&from, &gap, length, until, reason).await,
        Verb::Unsnooze { gap } => wish::unsnooze(&from, &gap).await,
        Verb::Release { container } => wish::release(&from, &container).await,
        Verb::Outbox { verb } => outbox::outbox(&from, verb).await,
        Verb::Health => wish::health(&from).await,
        Verb::Reload => wish::reload(&from).await,
        Verb::Db { verb: DbVerb::Backup { file } } => db::backup(&from, &file),
        Verb::Db { verb: DbVerb::Check } => db::check(&from),
        Verb::Help { topic, id } => validate::help(topic.as_deref(), id.as_deref()),
        Verb::Completions { shell } => manual::completions(shell),
        Verb::Man { dir } => manual::man(&from, dir.as_deref()),
        Verb::Version => manual::version(&from),
    }
}

impl Cli {
    fn color_choice(&self) -> ColorChoice {
        match self.color {
            clap::ColorChoice::Always => ColorChoice::Always,
            clap::ColorChoice::Never => ColorChoice::Never,
            clap::ColorChoice::Auto => ColorChoice::Auto,
        }
    }

    /// The level that is named, else as loud as `-q` and `-v` say. `None`: the usual one.
    fn log_level(&self, daemon: bool) -> Option<&str> {
        const STEPS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
        let usual = if daemon { 2 } else { 0 };
        self.log_level.as_deref().or(match (self.quiet, self.verbose) {
            (true, _) => Some(if daemon { "warn" } else { "error" }),
            (false, 0) => None,
            (false, more) => Some(STEPS[(usual + usize::from(more)).min(STEPS.len() - 1)]),
        })
    }
}

/// A value that nobody typed came from the environment, and the message alone would not say so.
fn name_the_variable(args: &[std::ffi::OsString]) {
    for (name, option) in [("GAPWATCH_LOG_LEVEL", "--log-level"), ("GAPWATCH_LOG_FORMAT", "--log-format")] {
        let is_typed = args.iter().any(|arg| arg.to_string_lossy().starts_with(option));
        let Ok(value) = std::env::var(name) else { continue };
        let fits = match option {
            "--log-level" => crate::telemetry::checked_filter(&value).is_ok(),
            _ => LogFormat::from_str(&value, false).is_ok(),
        };
        if !is_typed && !fits {
            anstream::eprintln!("The value of {option} stands in the variable {name}.");
        }
    }
}

/// Help and the version are no mistakes; everything else is, and looks like all others.
fn not_understood(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        anstream::print!("{}", error.render().ansi());
        return ExitCode::from(Exit::Done as u8);
    }
    // What was not understood still says whether colours are wanted.
    let args: Vec<_> = std::env::args_os().collect();
    if args.iter().any(|arg| arg == "--color=never")
        || args.windows(2).any(|two| two[0] == "--color" && two[1] == "never")
    {
        ColorChoice::Never.write_global();
    }
    anstream::eprint!("{}", trouble::of_usage(&error.render().ansi().to_string()));
    name_the_variable(&args);
    ExitCode::from(Exit::Usage as u8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_v_is_one_level_more_and_a_named_level_wins() {
        let level = |args: &[&str], daemon| {
            let cli = Cli::try_parse_from(["gapwatch"].iter().chain(args).chain(&["version"])).unwrap();
            cli.log_level(daemon).map(str::to_owned)
        };
        assert_eq!((level(&[], true), level(&[], false)), (None, None));
        assert_eq!(level(&["-v"], false).as_deref(), Some("warn"));
        assert_eq!(level(&["-vv"], false).as_deref(), Some("info"));
        assert_eq!(
            (level(&["-v"], true).as_deref(), level(&["-vvvvv"], true).as_deref()),
            (Some("debug"), Some("trace"))
        );
        assert_eq!(level(&["-q"], true).as_deref(), Some("warn"));
        assert_eq!(level(&["-q", "--log-level", "debug"], false).as_deref(), Some("debug"));
        assert!(Cli::try_parse_from(["gapwatch", "-q", "-v", "version"]).is_err());
        assert!(Cli::try_parse_from(["gapwatch", "--log-level", "loud", "version"]).is_err());
    }
}
