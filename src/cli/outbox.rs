//! `outbox`: what was given up and what a flood holds back, and what is to become of it.

use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, Stopped, View, print_json};
use super::table::{csv, drawn, plain, table, when};
use super::{Exit, Output, wish};
use crate::domain::alert::Wish;
use crate::domain::ids::MessageId;
use crate::domain::notice::{Message, Notice};
use crate::store::GivenUp;

/// What is to be done with what was given up.
#[derive(Debug, clap::Subcommand)]
pub(super) enum OutboxVerb {
    /// List messages that were given up, failing or held back, and why.
    List,
    /// Send one again, unless its gap has closed meanwhile.
    Retry {
        /// Its id, for example `m12` or `e7`.
        id: String,
    },
    /// Send the messages held back because there were too many at once.
    Release,
    /// Discard them: nobody is told of these gaps unless they get worse.
    Drop,
}

/// Does it.
pub(super) async fn outbox(from: &From, verb: OutboxVerb) -> Result<Exit, Stopped> {
    match verb {
        OutboxVerb::List => list(from),
        OutboxVerb::Retry { id } => retry(from, &id).await,
        OutboxVerb::Release => decide(from, true).await,
        OutboxVerb::Drop => decide(from, false).await,
    }
}

/// `gapwatch.outbox/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    at: Timestamp,
    given_up: Vec<Row>,
    /// Messages that their channel did not take so far, and that are tried again.
    failing: Vec<Failing>,
    /// Messages that are held back for being too many at once.
    held: Vec<Held>,
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

/// A message that is tried again.
#[derive(Debug, Serialize)]
struct Failing {
    id: String,
    /// `slack`, `email`, or the connection of a comment.
    to: String,
    recipient: Option<String>,
    gaps: Vec<String>,
    attempts: u32,
    next_at: Timestamp,
    because: String,
}

/// A message that is held back.
#[derive(Debug, Serialize)]
struct Held {
    id: String,
    /// `slack` or `email`.
    to: &'static str,
    recipient: Option<String>,
    gaps: Vec<String>,
    since: Timestamp,
    /// In one line.
    summary: String,
}

/// A webhook that is out of use.
#[derive(Debug, Serialize)]
struct Disabled {
    webhook: String,
    since: Timestamp,
    because: String,
}

/// What becomes of a flood is for the operators to say.
pub(super) const HOW_TO_DECIDE: &str = "Too many messages at once: `gapwatch outbox list` shows what is held back, \
     `gapwatch outbox release` sends it, `gapwatch outbox drop` does not.";

/// Lists what was given up, the latest first.
fn list(from: &From) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let given_up: Vec<Row> = view.reader.given_up()?.into_iter().map(row).collect();
    let disabled = view.reader.disabled_hooks()?.into_iter().map(|hook| Disabled {
        webhook: format!("webhooks.{}", hook.name),
        since: hook.disabled_at,
        because: hook.because,
    });
    let (failing, held, disabled) = (failing(&view), held(&view), disabled.collect());
    let document = Document { schema: "gapwatch.outbox/1", at: view.now, given_up, failing, held, disabled };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Csv => anstream::print!("{}", csv(&HEAD, document.given_up.iter().map(cells))),
        Output::Table => print(&document),
    }
    Ok(Exit::Done)
}

const HEAD: [&str; 7] = ["ID", "TO", "REASON", "GAPS", "TRIES", "LAST TRIED", "BECAUSE"];

/// Whom a message tells, and of which gaps.
fn carried(view: &View, message: &Message) -> (Option<String>, Vec<String>) {
    let board = &view.board;
    let lines = board.notices_in(message.post).into_iter();
    let lines: Vec<&Notice> = lines.filter(|notice| notice.message == Some(message.id)).collect();
    let gap = |notice: &&Notice| board.alert(notice.alert).map(|alert| alert.gap.0.clone());
    let recipient = lines.first().map(|notice| board.people.called(notice.account));
    (recipient, lines.iter().filter_map(gap).collect())
}

fn failing(view: &View) -> Vec<Failing> {
    let tried = |message: &&Message| message.attempts > 0 && !message.is_held();
    let row = |message: &Message| {
        let (recipient, gaps) = carried(view, message);
        let because = message.error.clone()?;
        let (id, to) = (format!("m{}", message.id), message.address.way());
        Some(Failing { id, to, recipient, gaps, attempts: message.attempts, next_at: message.due_at, because })
    };
    let mut failing: Vec<Failing> = view.board.messages().filter(tried).filter_map(row).collect();
    failing.sort_by(|one, other| (one.next_at, &one.id).cmp(&(other.next_at, &other.id)));
    failing
}

fn held(view: &View) -> Vec<Held> {
    let board = &view.board;
    let messages = board.traffic().held().filter_map(|id| Some((id, board.message(id)?)));
    let row = |(id, message): (MessageId, &Message)| {
        let (recipient, gaps) = carried(view, message);
        Some(Held {
            id: format!("m{id}"),
            to: message.address.channel(),
            recipient,
            gaps,
            since: message.held_since()?,
            summary: message.body.summary.clone(),
        })
    };
    messages.filter_map(row).collect()
}

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
            "{} has been switched off since {}: {}. Give it another `url`, or run `outbox retry` for one of its events, to switch it on again.",
            hook.webhook,
            when(hook.since),
            plain(&hook.because)
        );
    }
    print_held(&document.held);
    print_failing(&document.failing);
    if document.given_up.is_empty() {
        anstream::println!("No messages were given up.");
        return;
    }
    let mut shown = table(&HEAD);
    for row in &document.given_up {
        shown.add_row(cells(row));
    }
    anstream::println!("{}", drawn(&shown));
}

fn print_failing(failing: &[Failing]) {
    if failing.is_empty() {
        return;
    }
    anstream::println!("Refused by their channel so far; gapwatch keeps trying:");
    let mut shown = table(&["ID", "BY", "TO", "GAPS", "TRIES", "NEXT", "BECAUSE"]);
    for one in failing {
        let (to, tries) = (one.recipient.clone().unwrap_or_default(), one.attempts.to_string());
        let (next, because) = (when(one.next_at), plain(&one.because));
        shown.add_row([one.id.clone(), one.to.clone(), to, one.gaps.join(" "), tries, next, because]);
    }
    anstream::println!("{}", drawn(&shown));
}

fn print_held(held: &[Held]) {
    let Some(since) = held.iter().map(|held| held.since).min() else { return };
    anstream::println!(
        "Too many messages at once since {}: {} held back. `gapwatch outbox release` sends them, `gapwatch outbox drop` discards them.",
        when(since),
        held.len()
    );
    let mut shown = table(&["ID", "BY", "TO", "GAPS", "WHAT"]);
    for held in held {
        let to = held.recipient.clone().unwrap_or_default();
        shown.add_row([held.id.clone(), held.to.to_owned(), to, held.gaps.join(" "), plain(&held.summary)]);
    }
    anstream::println!("{}", drawn(&shown));
}

/// Sends what is held back, or drops it: what is shown now, and nothing that is held back later.
async fn decide(from: &From, send: bool) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let since: Vec<Timestamp> = held(&view).into_iter().map(|held| held.since).collect();
    let Some(until) = since.iter().max().copied() else {
        return Err(Stopped::usage("no messages are being held back"));
    };
    drop(view);
    wish::put(from, Wish::Flood { send, until }).await?;
    let messages = since.len();
    match send {
        true => anstream::println!("Releasing {messages} held back: each is sent in its reader's working hours."),
        false => anstream::println!("Dropped {messages} held back; their gaps stay open."),
    }
    Ok(Exit::Done)
}

/// Sends once more what was given up. Whether a word is still to be said is thought about first.
async fn retry(from: &From, id: &str) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    if !view.reader.given_up()?.iter().any(|one| one.id == id) {
        return Err(Stopped::usage(format!(
            "{id} is not among the messages that were given up; `gapwatch outbox list` lists them"
        )));
    }
    drop(view);
    wish::put(from, Wish::Resend { id: id.to_owned() }).await?;
    anstream::println!("{id} will be sent again, unless its gap has closed meanwhile.");
    Ok(Exit::Done)
}
