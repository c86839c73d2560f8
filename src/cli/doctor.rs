//! `doctor`: everything worth knowing of the configuration, the connections, the people, the store and the daemon, each
//! with what to do. Reads only, and beside a running daemon too.

mod bundle;
mod local;
mod outgoing;

use std::path::Path;

use connector_kit::WriteError;
use connector_kit::survey::{Finding, Verdict};
use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, LOOKING, Stopped, View, load, no_csv, print_json};
use super::table::plain;
use super::{Exit, Output};
use crate::config::{Flags, Loaded, Settings};
use crate::registry;

/// `gapwatch.doctor/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    at: Timestamp,
    version: &'static str,
    findings: Vec<Row>,
}

/// One finding about one part.
#[derive(Debug, Serialize)]
struct Row {
    /// `configuration`, a connection, `slack`, `email`, `webhooks.NAME`, `people`, `outbox`, `store` or `daemon`.
    about: String,
    /// `ok`, `warning` or `problem`.
    verdict: &'static str,
    what: String,
    todo: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

/// What a finding means for the exit code.
pub(super) fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Good | Verdict::Warning => Exit::Done,
        Verdict::Unavailable => Exit::Unavailable,
        Verdict::Limited => Exit::TryAgain,
        Verdict::Refused => Exit::Refused,
        Verdict::Misconfigured => Exit::Config,
    }
}

/// What a write that did not succeed means for the exit code.
pub(super) fn exit_of_write(error: &WriteError) -> Exit {
    match error {
        WriteError::NotSent { .. } | WriteError::Unsure { .. } => Exit::Unavailable,
        WriteError::Refused { .. }
        | WriteError::Gone { .. }
        | WriteError::Unheard { .. }
        | WriteError::Unauthorized { .. } => Exit::Refused,
    }
}

/// Looks at everything, or at one connection; with `bundle` writes it into a file as well.
pub(super) async fn doctor(from: &From, only: Option<&str>, bundle: Option<&Path>) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let now = crate::clock::system().now();
    let mut rows: Vec<Row> = Vec::new();
    let (settings, complete) = configuration(from, &mut rows)?;
    let mut parts: Vec<String> = settings.connections().collect();
    parts.extend(settings.slack.is_some().then(|| "slack".to_owned()));
    parts.extend(settings.email.is_some().then(|| "email".to_owned()));
    parts.extend(settings.webhooks.keys().map(|name| format!("webhooks.{name}")));
    if let Some(only) = only
        && !parts.iter().any(|part| part == only)
    {
        return Err(Stopped::usage(format!("there is no connection {only}; there is {}", parts.join(", "))));
    }
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    let view = View::open(from, None);
    if complete {
        ask_services(&settings, view.as_ref().ok(), &wanted, &mut rows).await;
        outgoing::ask(&settings, &wanted, &mut |about, findings| put(&mut rows, about, findings)).await;
    }
    match &view {
        Ok(view) => {
            for connection in settings.connections().filter(|name| wanted(name)) {
                put(&mut rows, &connection, local::mirror(view, &connection)?);
            }
            if only.is_none() {
                put(&mut rows, "people", local::people(view));
                put(&mut rows, "outbox", outgoing::outbox(view)?);
                put(&mut rows, "store", local::store(&settings, view)?);
            }
        }
        Err(stopped) if only.is_none() => {
            rows.push(no_store(&settings, stopped));
        }
        Err(_) => {}
    }
    if only.is_none() {
        put(&mut rows, "daemon", vec![local::daemon(&settings, now).await]);
    }
    grouped(&mut rows);
    let worst = rows.iter().map(|row| row.exit).max().unwrap_or(Exit::Done);
    let version = env!("CARGO_PKG_VERSION");
    let document = Document { schema: "gapwatch.doctor/1", at: now, version, findings: rows };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document),
    }
    // What was found is shown even where the file cannot be written.
    if let Some(path) = bundle {
        bundle::write(path, &document, &settings, view.as_ref().ok())?;
        anstream::eprintln!(
            "{} is written. It has no secrets, no titles and nobody's texts; read it before you send it.",
            path.display()
        );
    }
    Ok(worst)
}

/// The settings, and whether its secrets could be read; a configuration that is refused altogether ends the verb.
fn configuration(from: &From, rows: &mut Vec<Row>) -> Result<(Settings, bool), Stopped> {
    match load(from, Flags::default(), false) {
        Ok(Loaded { settings, warnings, files, .. }) => {
            let files = if files == 1 { "1 file is".to_owned() } else { format!("{files} files are") };
            let mut findings = vec![Finding::good(format!("{files} in use; the mode is {}", settings.mode.word()))];
            for warning in warnings {
                let place = warning.position().map(|at| format!("{}:{}: ", at.file, at.line)).unwrap_or_default();
                let todo = format!("`gapwatch help error {}`", warning.id);
                findings.push(Finding::warning(format!("{place}{}", warning.title), todo));
            }
            put(rows, "configuration", findings);
            Ok((settings, true))
        }
        // Perhaps only a secret is missing: the rest can be looked at all the same.
        Err(refused) => {
            let Loaded { settings, .. } = load(from, LOOKING, false)?;
            let what = "a secret or certificate cannot be used, so no service was asked".to_owned();
            let finding = Finding::problem(Verdict::Misconfigured, what, "see the message above");
            anstream::eprintln!("{}", refused.words);
            put(rows, "configuration", vec![finding]);
            Ok((settings, false))
        }
    }
}

async fn ask_services(settings: &Settings, view: Option<&View>, wanted: &dyn Fn(&str) -> bool, rows: &mut Vec<Row>) {
    let clock = crate::clock::system();
    match registry::connections(settings, &clock) {
        Ok(connections) => {
            for built in connections.into_iter().filter(|built| wanted(&built.name)) {
                let findings = built.examine.examine(&local::parts(settings, view, &built.name)).await;
                put(rows, &built.name, findings);
            }
        }
        Err(error) => put(rows, "configuration", vec![Finding::failed(&error)]),
    }
    if !wanted("slack") {
        return;
    }
    match registry::notifier(settings, &clock) {
        Ok(Some(built)) => {
            let channels = settings.slack.iter().filter_map(|slack| slack.channel.clone());
            let mut channels: Vec<String> = channels.chain(settings.operators.channel.clone()).collect();
            channels.dedup();
            if let Some(examine) = &built.examine {
                put(rows, "slack", examine.examine(&channels).await);
            }
            put(rows, "slack", local::matches(settings, &*built.notifier).await);
        }
        Ok(None) => {}
        Err(error) => put(rows, "slack", vec![Finding::failed(&error)]),
    }
}

/// Why the store cannot be looked at. That there is none yet is how everybody begins; anything else ends the command as it
/// ends every other.
fn no_store(settings: &Settings, stopped: &Stopped) -> Row {
    let path = settings.store.url.path();
    let about = "store".to_owned();
    if matches!(path.try_exists(), Ok(false)) {
        let what = format!("there is no store at {} yet", path.display());
        let todo = Some("`gapwatch run --once` creates and fills it".to_owned());
        return Row { about, verdict: "warning", what, todo, exit: Exit::Done };
    }
    let words = anstream::adapter::strip_str(&stopped.words).to_string();
    let (id, what) = match words.strip_prefix("error[").and_then(|rest| rest.split_once("]: ")) {
        Some((id, what)) => (id, what),
        None => ("store-failed", words.as_str()),
    };
    let todo = Some(format!("`gapwatch help error {id}`"));
    Row { about, verdict: "problem", what: what.to_owned(), todo, exit: stopped.exit }
}

fn put(rows: &mut Vec<Row>, about: &str, findings: Vec<Finding>) {
    rows.extend(findings.into_iter().map(|finding| Row {
        about: about.to_owned(),
        verdict: match finding.verdict {
            Verdict::Good => "ok",
            Verdict::Warning => "warning",
            _ => "problem",
        },
        what: finding.what,
        todo: finding.todo,
        exit: exit_of(finding.verdict),
    }));
}

/// What belongs to one part stands together, in the order in which the parts were first looked at.
fn grouped(rows: &mut [Row]) {
    let mut order: Vec<String> = Vec::new();
    for row in rows.iter() {
        if !order.contains(&row.about) {
            order.push(row.about.clone());
        }
    }
    rows.sort_by_key(|row| order.iter().position(|about| *about == row.about));
}

fn print(document: &Document) {
    lines(document).iter().for_each(|line| anstream::println!("{line}"));
}

/// The findings as people read them: shape and word, and what to do below.
fn lines(document: &Document) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before = "";
    for row in &document.findings {
        if row.about != before {
            lines.push(row.about.clone());
            before = &row.about;
        }
        let shape = match row.verdict {
            "ok" => "● ok     ",
            "warning" => "▲ warning",
            _ => "⬣ problem",
        };
        lines.push(format!("  {shape}  {}", plain(&row.what)));
        lines.extend(row.todo.iter().map(|todo| format!("             {}", plain(todo))));
    }
    let count = |verdict: &str| document.findings.iter().filter(|row| row.verdict == verdict).count();
    lines.push(match (count("problem"), count("warning")) {
        (0, 0) => "All is well.".to_owned(),
        (problems, warnings) => format!(
            "{problems} problem{}, {warnings} warning{}.",
            if problems == 1 { "" } else { "s" },
            if warnings == 1 { "" } else { "s" }
        ),
    });
    lines
}
