//! `outbox list` and `outbox retry`: what was given up, and sending it once more by hand.

use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, Stopped, View, print_json};
use super::table::{csv, plain, table, when};
use super::{Exit, Output, wish};
use crate::domain::alert::Wish;
use crate::store::GivenUp;

/// What is to be done with what was given up.
#[derive(Debug, clap::Subcommand)]
pub(super) enum OutboxVerb {
    /// List what was given up, and why.
    List,
    /// Send it once more, unless it is over by now.
    Retry {
        /// Its id, as `m12` or `e7`.
        id: String,
    },
}

/// Does it.
pub(super) async fn outbox(from: &From, verb: OutboxVerb) -> Result<Exit, Stopped> {
    match verb {
        OutboxVerb::List => list(from),
        OutboxVerb::Retry { id } => retry(from, &id).await,
    }
}

/// `gapwatch.outbox/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    at: Timestamp,
    given_up: Vec<Row>,
    /// Webhooks to which nothing is posted because their receiver wants no more events.
    disabled: Vec<Disabled>,
}

/// A message or an event that was given up.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    /// `slack`, `email`, `comment`, or `webhooks.NAME`.
    to: String,
    /// `opened`, `worsened`, `escalated` or `resolved`.
    reason: String,
    gaps: Vec<String>,
    decided_at: Timestamp,
    last_tried_at: Timestamp,
    attempts: u32,
    because: String,
}

/// A webhook that is out of use.
#[derive(Debug, Serialize)]
struct Disabled {
    webhook: String,
    since: Timestamp,
    because: String,
}

/// Lists what was given up, the latest first.
fn list(from: &From) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let given_up: Vec<Row> = view.reader.given_up()?.into_iter().map(row).collect();
    let disabled = view.reader.disabled_hooks()?.into_iter().map(|hook| Disabled {
        webhook: format!("webhooks.{}", hook.name),
        since: hook.disabled_at,
        because: hook.because,
    });
    let document = Document { schema: "gapwatch.outbox/1", at: view.now, given_up, disabled: disabled.collect() };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Csv => anstream::print!("{}", csv(&HEAD, document.given_up.iter().map(cells))),
        Output::Table => print(&document),
    }
    Ok(Exit::Done)
}

const HEAD: [&str; 7] = ["ID", "TO", "REASON", "GAPS", "TRIES", "LAST TRIED", "BECAUSE"];

fn row(given_up: GivenUp) -> Row {
    let GivenUp { id, to, reason, gaps, made_at, given_up_at, attempts, because } = given_up;
    Row { id, to, reason, gaps, decided_at: made_at, last_tried_at: given_up_at, attempts, because }
}

fn cells(row: &Row) -> [String; 7] {
    let (id, to, reason) = (row.id.clone(), row.to.clone(), row.reason.clone());
    [id, to, reason, row.gaps.join(" "), row.attempts.to_string(), when(row.last_tried_at), plain(&row.because)]
}

fn print(document: &Document) {
    for hook in &document.disabled {
        anstream::println!(
            "{} is out of use since {}: {}. Another `url`, or `outbox retry` of one of its events, ends that.",
            hook.webhook,
            when(hook.since),
            plain(&hook.because)
        );
    }
    if document.given_up.is_empty() {
        anstream::println!("Nothing was given up.");
        return;
    }
    let mut shown = table(&HEAD);
    for row in &document.given_up {
        shown.add_row(cells(row));
    }
    anstream::println!("{shown}");
}

/// Sends once more what was given up. Whether a word is still to be said is thought about first.
async fn retry(from: &From, id: &str) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    if !view.reader.given_up()?.iter().any(|one| one.id == id) {
        return Err(Stopped::usage(format!(
            "there is no {id} among what was given up; `gapwatch outbox list` names it"
        )));
    }
    drop(view);
    wish::put(from, Wish::Resend { id: id.to_owned() }).await?;
    anstream::println!("{id} is sent once more, unless it is over by now.");
    Ok(Exit::Done)
}
