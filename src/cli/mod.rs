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
mod why;
mod wish;

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};

use crate::config::{Backlog, Mode};
use crate::domain::finding::Stage;
use crate::store::FailureKind;
use crate::telemetry::LogFormat;
use tracker::Tracker;

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
    /// Configuration file, or a folder of them; repeatable.
    #[arg(short, long = "config", value_name = "PATH", global = true)]
    config: Vec<PathBuf>,
    /// How results are printed.
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    output: Output,
    /// What is logged: error, warn, info, debug, trace; or a filter such as info,connector_github=debug.
    #[arg(long, value_name = "LEVEL", global = true, env = "GAPWATCH_LOG_LEVEL", hide_env_values = true,
          value_parser = crate::telemetry::checked_filter)]
    log_level: Option<String>,
    /// How it is logged: auto is text on a terminal, JSON elsewhere.
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        global = true,
        env = "GAPWATCH_LOG_FORMAT",
        hide_env_values = true
    )]
    log_format: LogFormat,
    /// Say only what was asked for and what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Log one level more; repeatable.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// When to colour; NO_COLOR in the environment means never.
    #[arg(long, value_enum, default_value = "auto", global = true)]
    color: clap::ColorChoice,
    #[command(subcommand)]
    verb: Verb,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs; see the documented schemas.
    Json,
    /// For spreadsheets: lists alone.
    Csv,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Watch: read, judge, tell; until stopped.
    Run {
        /// Overrides the configured mode.
        #[arg(long, value_name = "observe|live", value_parser = mode)]
        mode: Option<Mode>,
        /// Read everything that is due until there is no more, judge, send what is due, say what waits, exit.
        #[arg(long)]
        once: bool,
        /// Overrides `[messages] backlog`.
        #[arg(long, value_name = "hold|tell", value_parser = backlog)]
        backlog: Option<Backlog>,
    },
    /// A made-up company, six weeks of its history, then time runs on; no account needed.
    Demo {
        /// Which company.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How fast time runs after the replay: 300x is five minutes a second.
        #[arg(long, default_value = "300x", value_parser = demo::speed)]
        speed: u32,
        /// Stop after so many simulated days; without it, when the story is over.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Make the first configuration: tests the token, finds repositories or projects, states and people.
    #[command(after_help = init::variables())]
    Init {
        /// What work is tracked in; may be repeated. Left out: it is asked, or follows from the environment.
        #[arg(long, value_enum, value_delimiter = ',')]
        tracker: Vec<Tracker>,
        /// Show the file instead of writing it.
        #[arg(long)]
        print: bool,
        /// Ask nothing: take the answers from the environment; the variables stand below.
        #[arg(long)]
        from_env: bool,
        /// Replace a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// Look at everything: credentials, limits, people, store, daemon; each with what to do.
    Doctor {
        /// Only this one, as `github.acme`, `trello.acme` or `slack`.
        connection: Option<String>,
        /// Also write it all into a file that can be sent to whoever helps: no secret, no title.
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
    /// What would be sent, word for word; sends nothing.
    Preview {
        /// Of what.
        kind: preview::Kind,
        #[command(flatten)]
        about: preview::About,
    },
    /// The lines that switch sending on, and the messages that would cause; writes nothing.
    Enable {
        /// A rule or a connection; without it, everything.
        what: Option<String>,
    },
    /// Who is who.
    People {
        #[command(subcommand)]
        verb: PeopleVerb,
    },
    /// When people work.
    Calendar {
        #[command(subcommand)]
        verb: CalendarVerb,
    },
    /// What happens next by itself: reading, judging, messages.
    Schedule,
    /// Check the configuration; with a connection to every service, unless `--offline`.
    Validate {
        /// Only what can be told from the files.
        #[arg(long)]
        offline: bool,
        /// A warning is an error.
        #[arg(long)]
        deny_warnings: bool,
        /// How it says what it found; else as `-o` says.
        #[arg(long, value_enum)]
        format: Option<validate::Format>,
    },
    /// What is in force, what can be set, and files of an older version.
    Config {
        #[command(subcommand)]
        verb: config::ConfigVerb,
    },
    /// Read every connection now; judges and sends nothing.
    Sync {
        /// Only this one, as `github.acme` or `jira.acme`.
        connection: Option<String>,
        /// From the beginning, and counting what is there: what was deleted is found now, not within a day.
        #[arg(long)]
        full: bool,
    },
    /// Judge now, without changing anything, and print the gaps.
    Check {
        /// As if it were this moment: an instant, or a day.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Exit with 10 when there is a gap of this stage or above.
        #[arg(long, value_name = "opens|widens|failure", value_parser = stage)]
        fail_on: Option<Stage>,
        /// Only tasks of this repository or project.
        #[arg(long)]
        project: Option<String>,
    },
    /// The gaps that are open.
    Gaps {
        #[command(subcommand)]
        verb: GapsVerb,
    },
    /// What is looked for.
    Rules {
        #[command(subcommand)]
        verb: rules::RulesVerb,
    },
    /// Why a task is flagged, or not: every rule, its numbers, its thresholds, the next look. The same of a person, a repository
    /// or project, a connection, and of `gapwatch` itself.
    Explain {
        /// A browser address, a gap id, CONNECTION:KEY, a key, or a name.
        task: String,
        /// As if it were this moment: an instant, or a day.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Why a message was sent, or was not.
    Why {
        /// A task or a gap (as for `explain`), or a person.
        about: String,
        /// How far back: a length of time, or a day.
        #[arg(long, default_value = "7d")]
        since: String,
    },
    /// Who hears of a gap, in which order.
    #[command(subcommand)]
    Route(route::RouteVerb),
    /// Keep a gap silent for a while.
    Snooze {
        /// Its id.
        gap: String,
        /// For so long (`3d`), rounded up to the next start of work.
        #[arg(long = "for", value_name = "LENGTH", conflicts_with = "until")]
        length: Option<String>,
        /// Until the start of work on this day.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// End a silence.
    Unsnooze {
        /// The gap's id.
        gap: String,
    },
    /// Judge a repository or project again of which much was missing at once.
    Release {
        /// Its name, as `acme/web` or `OPS`.
        container: String,
    },
    /// What could not be sent: messages that were given up, and sending them once more.
    Outbox {
        #[command(subcommand)]
        verb: outbox::OutboxVerb,
    },
    /// Ask the running daemon how it is.
    Health,
    /// Have the running daemon read its configuration again; what it refuses changes nothing.
    Reload,
    /// The database.
    Db {
        #[command(subcommand)]
        verb: DbVerb,
    },
    /// The options of a command, or what an error id means.
    Help {
        /// A command, or `error`.
        topic: Option<String>,
        /// The id.
        id: Option<String>,
    },
    /// Print what a shell needs to complete commands and options.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page.
    Man {
        /// Write one for each command into this folder.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// The version; with `-o json` also what it was built with.
    Version,
}

#[derive(Debug, Subcommand)]
enum GapsVerb {
    /// Open gaps, worst first.
    List(GapsFilter),
    /// One gap.
    Show {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum PeopleVerb {
    /// Everybody of the configuration.
    List,
    /// Whoever has open tasks and is none of them.
    Unmatched,
    /// The lines that make an account a person's; writes nothing.
    Link {
        /// Name of the person's table, there or new.
        person: String,
        /// Login of the account.
        account: String,
    },
}

#[derive(Debug, Subcommand)]
enum CalendarVerb {
    /// A person's working hours, and where they come from.
    Show {
        /// Name of the person's table.
        person: String,
        /// How many days, from today.
        #[arg(long, default_value_t = 14)]
        days: u16,
    },
}

/// Which gaps.
#[derive(Debug, Default, clap::Args)]
struct GapsFilter {
    /// Resolved ones too.
    #[arg(long)]
    all: bool,
    /// Only of this stage or above.
    #[arg(long, value_name = "opens|widens|failure", value_parser = stage)]
    stage: Option<Stage>,
    /// Only of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// Only of this rule.
    #[arg(long)]
    rule: Option<String>,
    /// Only what opened or was resolved since: a length of time (`7d`), or a day.
    #[arg(long)]
    since: Option<String>,
}

#[derive(Debug, Subcommand)]
enum DbVerb {
    /// Copy the database while it may be in use, and check the copy.
    Backup {
        /// Where to.
        file: PathBuf,
    },
    /// Check the database.
    Check,
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "observe" => Ok(Mode::Observe),
        "live" => Ok(Mode::Live),
        _ => Err("expected observe or live".to_owned()),
    }
}

fn backlog(text: &str) -> Result<Backlog, String> {
    match text {
        "hold" => Ok(Backlog::Hold),
        "tell" => Ok(Backlog::Tell),
        _ => Err("expected hold or tell".to_owned()),
    }
}

fn stage(text: &str) -> Result<Stage, String> {
    match text {
        "opens" => Ok(Stage::Opens),
        "widens" => Ok(Stage::Widens),
        "failure" => Ok(Stage::Failure),
        _ => Err("expected opens, widens or failure".to_owned()),
    }
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
        Verb::Why { about, since } => why::why(&from, &about, &since),
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
