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
        /// How far back: a length of time, or a day. Without it a week of a person, and all of a task or a gap.
        #[arg(long)]
        since: Option<String>,
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
pub(super) enum GapsVerb {
    /// Open gaps, worst first.
    List(GapsFilter),
    /// One gap.
    Show {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum PeopleVerb {
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
pub(super) enum CalendarVerb {
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
pub(super) struct GapsFilter {
    /// Resolved ones too.
    #[arg(long)]
    pub(super) all: bool,
    /// Only of this stage or above.
    #[arg(long, value_name = "opens|widens|failure", value_parser = stage)]
    pub(super) stage: Option<Stage>,
    /// Only of this owner.
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// Only of this rule.
    #[arg(long)]
    pub(super) rule: Option<String>,
    /// Only what opened or was resolved since: a length of time (`7d`), or a day.
    #[arg(long)]
    pub(super) since: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DbVerb {
    /// Copy the database while it may be in use, and check the copy.
    Backup {
        /// Where to.
        file: PathBuf,
    },
    /// Check the database.
    Check,
}
