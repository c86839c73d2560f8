//! What can be asked for on the command line, word by word.

use std::path::PathBuf;

use clap::Subcommand;

use super::parsed::{backlog, mode, stage};
use super::tracker::Tracker;
use super::{config, demo, init, outbox, preview, route, rules, validate};
use crate::config::{Backlog, Mode};
use crate::domain::finding::Stage;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Watch until stopped: read the trackers, judge the work, tell people.
    Run {
        /// Use this mode instead of the configured one.
        #[arg(long, value_name = "observe|live", value_parser = mode)]
        mode: Option<Mode>,
        /// Do it once: read everything, judge it, send what is due, print what is waiting, and exit.
        #[arg(long)]
        once: bool,
        /// Use this instead of `[messages] backlog`.
        #[arg(long, value_name = "hold|tell", value_parser = backlog)]
        backlog: Option<Backlog>,
    },
    /// Play a made-up company: six weeks of history, then time goes on. Needs no account.
    Demo {
        /// Which made-up company: any number; the same number gives the same one.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How fast time passes after the replay: 300x is five minutes a second.
        #[arg(long, default_value = "300x", value_parser = demo::speed)]
        speed: u32,
        /// Stop after this many simulated days; without it, at the end of the story.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Create the first configuration: test the token, find repositories or projects, states and people.
    #[command(after_help = init::variables())]
    Init {
        /// Which tracker you use; repeatable. If left out, init asks, or looks at the environment.
        #[arg(long, value_enum, value_delimiter = ',')]
        tracker: Vec<Tracker>,
        /// Print the file instead of writing it.
        #[arg(long)]
        print: bool,
        /// Ask nothing and take the answers from the environment variables listed below.
        #[arg(long)]
        from_env: bool,
        /// Replace an existing file.
        #[arg(long)]
        force: bool,
    },
    /// Check everything (credentials, limits, people, store, daemon) and say what to do about each problem.
    Doctor {
        /// Check only this connection, for example `github.acme`, `trello.acme` or `slack`.
        connection: Option<String>,
        /// Also write the result into a file that you can send to somebody who helps you. It has no secrets and no titles.
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
    /// Show what would be sent, word for word, without sending it.
    Preview {
        /// What to show.
        kind: preview::Kind,
        #[command(flatten)]
        about: preview::About,
    },
    /// Print the lines that switch sending on, and the messages this would cause. Changes nothing.
    Enable {
        /// A rule or a connection; if left out, everything.
        what: Option<String>,
    },
    /// Show who is who across your tools.
    People {
        #[command(subcommand)]
        verb: PeopleVerb,
    },
    /// Show when people work.
    Calendar {
        #[command(subcommand)]
        verb: CalendarVerb,
    },
    /// Show what happens next by itself: reading, judging, messages.
    Schedule,
    /// Check the configuration, and log in to every service unless `--offline` is given.
    Validate {
        /// Check only the files; connect to nothing.
        #[arg(long)]
        offline: bool,
        /// Treat warnings as errors.
        #[arg(long)]
        deny_warnings: bool,
        /// How to print the findings; if left out, as `-o` says.
        #[arg(long, value_enum)]
        format: Option<validate::Format>,
    },
    /// Show the settings in force and those there are, and update files of an older version.
    Config {
        #[command(subcommand)]
        verb: config::ConfigVerb,
    },
    /// Read every connection now, without judging or sending anything.
    Sync {
        /// Read only this connection, for example `github.acme`.
        connection: Option<String>,
        /// Read everything from the beginning and count it, so that deletions are noticed now rather than within a day.
        #[arg(long)]
        full: bool,
    },
    /// Judge everything now, without changing anything, and print the gaps.
    Check {
        /// Judge as if it were this time: a moment or a day.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Exit with 10 if there is a gap at this stage or a worse one.
        #[arg(long, value_name = "opens|widens|failure", value_parser = stage)]
        fail_on: Option<Stage>,
        /// Show only tasks of this repository or project.
        #[arg(long)]
        project: Option<String>,
    },
    /// List gaps, or show one.
    Gaps {
        #[command(subcommand)]
        verb: GapsVerb,
    },
    /// Show the rules and their fields, and test them.
    Rules {
        #[command(subcommand)]
        verb: rules::RulesVerb,
    },
    /// Explain why a task is flagged, or is not: every rule with its numbers, its thresholds and when it is next judged. Works
    /// for a person, a repository or project, a connection, and for `gapwatch` itself as well.
    Explain {
        /// A URL, a gap id, CONNECTION:KEY, a key, or a name.
        task: String,
        /// Judge as if it were this time: a moment or a day.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Explain why a message was sent, or was not.
    Why {
        /// A task or a gap (as for `explain`), or a person.
        about: String,
        /// How far to look back: a length of time or a day. Default: a week for a person, everything for a task or a gap.
        #[arg(long)]
        since: Option<String>,
    },
    /// Show who would be told of a gap, and in which order.
    #[command(subcommand)]
    Route(route::RouteVerb),
    /// Keep a gap quiet for a while.
    Snooze {
        /// Id of the gap.
        gap: String,
        /// For this long (`3d`), rounded up to the next start of work.
        #[arg(long = "for", value_name = "LENGTH", conflicts_with = "until")]
        length: Option<String>,
        /// Until work starts on this day.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why, for whoever asks later.
        #[arg(long)]
        reason: Option<String>,
    },
    /// End a snooze.
    Unsnooze {
        /// Id of the gap.
        gap: String,
    },
    /// Judge a repository or project again that was held back because much of it was missing at once.
    Release {
        /// Its name, for example `acme/web` or `OPS`.
        container: String,
    },
    /// Show messages that could not be sent, and try again, release or drop them.
    Outbox {
        #[command(subcommand)]
        verb: outbox::OutboxVerb,
    },
    /// Ask the running daemon whether all is well.
    Health,
    /// Make the running daemon read its configuration again. If the file has a mistake, nothing changes.
    Reload,
    /// Back up or check the database.
    Db {
        #[command(subcommand)]
        verb: DbVerb,
    },
    /// Show the options of a command, or what an error id means.
    Help {
        /// A command, or `error`.
        topic: Option<String>,
        /// The error id.
        id: Option<String>,
    },
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write all of them.
    Man {
        /// Write one page for each command into this folder.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Print the version; with `-o json` also what it was built with.
    Version,
}

#[derive(Debug, Subcommand)]
pub(super) enum GapsVerb {
    /// List the open gaps, worst first.
    List(GapsFilter),
    /// Show one gap.
    Show {
        /// Id of the gap.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum PeopleVerb {
    /// List everybody in the configuration.
    List,
    /// List accounts with open tasks that belong to nobody in the configuration.
    Unmatched,
    /// Print the lines that give an account to a person. Changes nothing.
    Link {
        /// Name of the person's table, existing or new.
        person: String,
        /// Login of the account.
        account: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum CalendarVerb {
    /// Show a person's working hours, and where they come from.
    Show {
        /// Name of the person's table.
        person: String,
        /// How many days to show, from today.
        #[arg(long, default_value_t = 14)]
        days: u16,
    },
}

/// Which gaps.
#[derive(Debug, Default, clap::Args)]
pub(super) struct GapsFilter {
    /// Include resolved gaps.
    #[arg(long)]
    pub(super) all: bool,
    /// Only gaps at this stage or a worse one.
    #[arg(long, value_name = "opens|widens|failure", value_parser = stage)]
    pub(super) stage: Option<Stage>,
    /// Only gaps of this owner.
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// Only gaps of this rule.
    #[arg(long)]
    pub(super) rule: Option<String>,
    /// Only gaps that opened or were resolved since: a length of time (`7d`) or a day.
    #[arg(long)]
    pub(super) since: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DbVerb {
    /// Copy the database, even while it is in use, and check the copy.
    Backup {
        /// The file to write.
        file: PathBuf,
    },
    /// Check the database for damage.
    Check,
}
