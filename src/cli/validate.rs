//! `validate`: the very code that `run` runs, and then a login everywhere; and `help error ID`.

use std::sync::Arc;

use clap::ValueEnum;
use serde::Serialize;

use super::open::{From, Stopped, colored, no_csv, print_json};
use super::{Exit, Output, places, trouble};
use crate::config::{self, Diagnostic, Flags, Loaded, Severity, Sources, diagnose};
use crate::registry::{self, Built};
use connector_kit::survey::Finding;
use connector_kit::{Clock, ConnectorError, Cursor, StreamKey, StreamKind};
use connector_model::Container;

/// How it says what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the line it is about.
    Human,
    /// As one document.
    Json,
}

/// What `validate` was asked to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) offline: bool,
    pub(super) deny_warnings: bool,
    pub(super) format: Option<Format>,
    /// Something may be running by this configuration: a mistake leaves it as it is.
    pub(super) in_use: bool,
}

/// `gapwatch.validate/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    ok: bool,
    errors: usize,
    warnings: usize,
    files: Vec<String>,
    found: Vec<Found>,
    connections: Vec<Login>,
}

#[derive(Debug, Serialize)]
struct Found {
    id: &'static str,
    severity: &'static str,
    title: String,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    key: Option<String>,
    help: Option<String>,
}

/// One service that was asked. Offline there is none.
#[derive(Debug, Serialize)]
struct Login {
    connection: String,
    logged_in_as: Option<String>,
}

/// Everything that came to light.
#[derive(Default)]
struct Outcome {
    files: Vec<String>,
    found: Vec<Diagnostic>,
    connections: Vec<Login>,
    /// The worst that a service did.
    exit: Option<Exit>,
}

/// Checks the configuration; without `offline` also asks every service who we are.
pub(super) async fn validate(from: &From, wanted: Wanted) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let outcome = look(from, wanted.offline).await;
    let count = |severity| outcome.found.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let exit = match outcome.exit {
        Some(worst) => worst,
        None if errors > 0 || (wanted.deny_warnings && warnings > 0) => Exit::Config,
        None => Exit::Done,
    };
    let json = wanted.format.map_or(from.output == Output::Json, |format| format == Format::Json);
    if json {
        print_json(&document(outcome, errors, warnings, exit))?;
    } else {
        print(&outcome, wanted.in_use);
        if exit == Exit::Config && errors == 0 && outcome.exit.is_none() {
            anstream::eprintln!("It fails because of `--deny-warnings`.");
        }
    }
    Ok(exit)
}

async fn look(from: &From, offline: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let env = config::environment();
    let files = match config::find_and_read(&from.files, &env) {
        Ok(files) => files,
        Err(found) => return Outcome { found, ..outcome },
    };
    outcome.files = files.iter().map(|(path, _)| path.display().to_string()).collect();
    match config::load(&Sources { files, env, flags: Flags::default() }) {
        Ok(loaded) => ask(loaded, offline, &mut outcome).await,
        Err(found) => outcome.found = found,
    }
    outcome
}

/// Builds every connection, and logs in.
async fn ask(loaded: Loaded, offline: bool, outcome: &mut Outcome) {
    let settings = loaded.settings;
    outcome.found = loaded.warnings;
    let clock = crate::clock::system();
    let (connections, notifier) =
        match (registry::connections(&settings, &clock), registry::notifier(&settings, &clock)) {
            (Ok(connections), Ok(notifier)) => (connections, notifier),
            (Err(error), _) | (_, Err(error)) => return outcome.failed(trouble::cannot_begin(&error)),
        };
    if offline {
        return;
    }
    for connection in &connections {
        let who = connection.source.whoami().await.map(|who| {
            let as_whom = who.account.and_then(|account| places::called(&connection.name, account));
            (as_whom.unwrap_or_else(|| "an app".to_owned()), who.warnings)
        });
        let is_in = who.is_ok();
        outcome.login(&connection.name, who, &settings);
        if is_in && !connection.name.starts_with("github.") {
            outcome.selection(connection, &settings).await;
        }
    }
    if let Some(built) = &notifier {
        let as_whom =
            if built.notifier.reaches_people() { "the bot" } else { "an incoming webhook, tried by its first message" };
        let mut as_whom = as_whom.to_owned();
        let who = built.notifier.whoami().await;
        if let (Ok(_), Some(examine)) = (&who, &built.examine)
            && let Some(name) = named(&examine.examine(&[]).await)
        {
            as_whom = name;
        }
        let who = who.map(|warnings| (as_whom, warnings));
        outcome.login("slack", who, &settings);
    }
    outgoing(&settings, &clock, outcome).await;
}

/// The mail server and the webhooks: whether they can be reached, and nothing is sent.
async fn outgoing(settings: &config::Settings, clock: &Arc<dyn Clock>, outcome: &mut Outcome) {
    match registry::mailer(settings, clock) {
        Ok(None) => {}
        Ok(Some(mailer)) => {
            let user = settings.email.as_ref().and_then(|email| email.smtp.server().user.clone());
            let as_whom = user.unwrap_or_else(|| "nobody, as the mail server allows".to_owned());
            let who = mailer.whoami().await.map(|warnings| (as_whom, warnings));
            outcome.login("email", who, settings);
        }
        Err(error) => outcome.failed(trouble::cannot_begin(&error)),
    }
    match registry::hooks(settings, clock) {
        Ok(hooks) => {
            for hook in hooks {
                if let Err(error) = hook.webhook.check().await {
                    let name = format!("webhooks.{}", hook.name);
                    outcome.failed(trouble::of_service(&name, &error, Some(settings)));
                }
            }
        }
        Err(error) => outcome.failed(trouble::cannot_begin(&error)),
    }
}

/// As whom a bot is logged in, by what `doctor` finds.
fn named(findings: &[Finding]) -> Option<String> {
    findings.iter().find_map(|one| one.what.strip_prefix("logged in as ").map(str::to_owned))
}

impl Outcome {
    fn failed(&mut self, (exit, problem): (Exit, Diagnostic)) {
        self.found.push(problem);
        self.exit = self.exit.max(Some(exit));
    }

    /// What the selection names and is not there, or is not read.
    async fn selection(&mut self, connection: &Built, settings: &config::Settings) {
        let projects = StreamKey { kind: StreamKind::Containers, scope: None };
        match connection.source.pull(&projects, &Cursor::default()).await {
            Ok(page) => {
                let hidden = page.unreadable.iter().map(|one| format!("{}: {}", one.what, one.because));
                let (open, closed): (Vec<&Container>, Vec<&Container>) =
                    page.containers.iter().partition(|one| one.open);
                let parts: Vec<String> = open.iter().map(|one| one.handle.clone()).collect();
                let closed = closed.into_iter();
                let closed = closed.map(|one| format!("{}: archived or deleted, so it is not read", one.name));
                self.found.extend(hidden.chain(closed).map(|words| trouble::narrow(&connection.name, &words)));
                self.names(connection, &parts, settings).await;
            }
            Err(error) => self.failed(trouble::of_service(&connection.name, &error, Some(settings))),
        }
    }

    /// What `states` and `fields` name, and nothing there is called.
    async fn names(&mut self, connection: &Built, parts: &[String], settings: &config::Settings) {
        match connection.examine.misnamed(parts).await {
            Ok(findings) => {
                let told = findings.iter().map(|one| trouble::misnamed(&connection.name, one));
                self.found.extend(told);
            }
            Err(error) => self.failed(trouble::of_service(&connection.name, &error, Some(settings))),
        }
    }

    fn login(&mut self, name: &str, who: Result<(String, Vec<String>), ConnectorError>, settings: &config::Settings) {
        let logged_in_as = match who {
            Ok((as_whom, warnings)) => {
                self.found.extend(warnings.iter().map(|words| trouble::narrow(name, words)));
                Some(as_whom)
            }
            Err(error) => {
                self.failed(trouble::of_service(name, &error, Some(settings)));
                None
            }
        };
        self.connections.push(Login { connection: name.to_owned(), logged_in_as });
    }
}

fn print(outcome: &Outcome, in_use: bool) {
    for Login { connection, logged_in_as } in &outcome.connections {
        if let Some(as_whom) = logged_in_as {
            anstream::println!("{connection}: logged in as {as_whom}");
        }
    }
    anstream::eprint!("{}", diagnose::report(&outcome.found, outcome.files.len(), in_use, colored()));
}

fn document(outcome: Outcome, errors: usize, warnings: usize, exit: Exit) -> Document {
    let found = outcome.found.iter().map(|one| Found {
        id: one.id,
        severity: match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        title: one.title.clone(),
        file: one.position().map(|at| at.file.to_owned()),
        line: one.position().map(|at| at.line),
        column: one.position().map(|at| at.column),
        key: one.key.clone(),
        help: one.help.clone(),
    });
    Document {
        schema: "gapwatch.validate/1",
        ok: exit == Exit::Done,
        errors,
        warnings,
        found: found.collect(),
        files: outcome.files,
        connections: outcome.connections,
    }
}

/// `help error ID`: the page of an error id.
pub(super) fn help(topic: Option<&str>, id: Option<&str>) -> Result<Exit, Stopped> {
    let ids = diagnose::ids;
    match (topic, id) {
        (Some("error"), Some(id)) => match diagnose::page(id) {
            Some(page) => {
                anstream::println!("{page}");
                Ok(Exit::Done)
            }
            None => {
                let meant = diagnose::meant(id, ids());
                let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "));
                let all = ids().collect::<Vec<_>>().join(", ");
                Err(Stopped::usage(format!("there is no error {id}; {meant}all of them: {all}")))
            }
        },
        (Some("error"), None) => {
            ids().for_each(|id| anstream::println!("{id}"));
            Ok(Exit::Done)
        }
        _ => {
            let names: Vec<&str> = topic.into_iter().chain(id).collect();
            match super::manual::print_help(&names) {
                true => Ok(Exit::Done),
                false => Err(Stopped::usage(format!(
                    "there is no command {}; `gapwatch help` lists them, `gapwatch help error` the errors",
                    names.join(" ")
                ))),
            }
        }
    }
}
