//! `schedule`: what happens next by itself: reading, judging, steps, messages.

use std::collections::BTreeMap;

use connector_kit::StreamKind;
use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, Stopped, View, no_csv, print_json};
use super::places;
use super::table::when;
use super::trouble::NO_DAEMON;
use super::{Exit, Output};
use crate::alerts;
use crate::domain::alert::AlertState;
use crate::domain::digest::DigestOf;
use crate::domain::ids::AccountId;
use crate::domain::notice::MessageState;
use crate::jobs::listen;

/// Instants that are shown of each kind.
const MOST_SHOWN: usize = 10;

/// `gapwatch.schedule/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    at: Timestamp,
    /// False: nothing of this happens until one runs.
    daemon_runs: bool,
    reads: Vec<Read>,
    /// When something is judged again although nothing changed. `null`: only a change makes it so.
    next_judgement_at: Option<Timestamp>,
    /// Gaps of which something is next, soonest first.
    steps: Vec<Step>,
    messages: Vec<Waiting>,
    /// Digests, soonest first.
    digests: Vec<Digest>,
}

#[derive(Debug, Serialize)]
struct Read {
    connection: String,
    stream: &'static str,
    /// `null`: the whole connection.
    part: Option<String>,
    next_at: Timestamp,
    last_good_at: Option<Timestamp>,
    failures: u32,
}

#[derive(Debug, Serialize)]
struct Step {
    gap: String,
    rule: &'static str,
    at: Timestamp,
    /// Why nothing is said at present.
    held_because: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Waiting {
    channel: &'static str,
    state: &'static str,
    due_at: Timestamp,
    because: Option<String>,
}

#[derive(Debug, Serialize)]
struct Digest {
    /// `person`, `manager` or `weekly`
    what: &'static str,
    /// Whose. `null`: a channel's.
    person: Option<String>,
    at: Timestamp,
    /// Lines that wait for it.
    lines: usize,
}

/// Prints it.
pub(super) async fn schedule(from: &From) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let mut view = View::open(from, None)?;
    // One that cannot be asked runs as somebody else.
    let daemon_runs = listen::is_running(&View::store_file(&view.settings)).await.unwrap_or(true);
    let document = Document { schema: "gapwatch.schedule/1", daemon_runs, ..look(&mut view)? };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document),
    }
    Ok(Exit::Done)
}

fn look(view: &mut View) -> Result<Document, Stopped> {
    let reads = view.reader.streams()?.into_iter().map(|one| Read {
        stream: places::read_by(&one.connection, one.kind),
        connection: one.connection,
        part: one.part,
        next_at: one.next_pull_at,
        last_good_at: one.good_at,
        failures: one.failures,
    });
    let mut reads: Vec<Read> = reads.collect();
    reads.sort_by_key(|one| one.next_at);
    let open = view.board.alerts().filter(|alert| alert.state != AlertState::Resolved);
    let mut steps: Vec<Step> = open
        .filter_map(|alert| {
            let held_because = alert.withheld.as_ref().map(crate::domain::alert::Withheld::word);
            Some(Step { gap: alert.gap.0.clone(), rule: alert.rule.0, at: alert.step_at?, held_because })
        })
        .collect();
    steps.sort_by(|one, other| (one.at, &one.gap).cmp(&(other.at, &other.gap)));
    let live = view.board.messages().filter(|message| message.state.is_live());
    let mut messages: Vec<Waiting> = live
        .map(|message| Waiting {
            channel: message.address.channel(),
            state: match message.state {
                MessageState::Sending => "sending",
                MessageState::Unsure => "unsure",
                _ if message.is_held() => "held",
                _ => "sealed",
            },
            due_at: message.due_at,
            because: message.error.clone(),
        })
        .collect();
    messages.sort_by_key(|one| one.due_at);
    let digests = digests(view);
    super::check::judge_all(view);
    let next_judgement_at = view.board.next_due().map(|at| at.max(view.now));
    Ok(Document { schema: "", at: view.now, daemon_runs: false, reads, next_judgement_at, steps, messages, digests })
}

/// When everybody's digests are due next.
fn digests(view: &View) -> Vec<Digest> {
    let snapshot = view.snapshot();
    let next = |(of, at): (DigestOf, Timestamp)| {
        let whose = of.account().filter(|account| *account != AccountId::NOBODY);
        Digest {
            what: of.word(),
            person: whose.map(|account| view.board.people.called(account)),
            at,
            lines: alerts::lines_for(of, &snapshot),
        }
    };
    // Whoever leads nobody gets one only when something is given to them to settle.
    let is_one = |(of, _): &(DigestOf, Timestamp)| match of {
        DigestOf::Manager(account) => alerts::leads(*account, &snapshot) || alerts::lines_for(*of, &snapshot) > 0,
        _ => true,
    };
    let coming = alerts::coming_digests(&snapshot).into_iter().filter(is_one);
    let mut digests: Vec<Digest> = coming.map(next).collect();
    digests.sort_by(|one, other| (one.at, one.what, &one.person).cmp(&(other.at, other.what, &other.person)));
    digests
}

fn print(document: &Document) {
    if document.reads.is_empty() {
        anstream::println!("Nothing has been read yet; `gapwatch run --once` reads and judges.");
    }
    if !document.daemon_runs {
        anstream::println!("None of this happens yet: {NO_DAEMON}.");
    }
    let moment = |at: Timestamp| match (at <= document.at, document.daemon_runs) {
        (true, true) => "now".to_owned(),
        (true, false) => "now, once it runs".to_owned(),
        (false, _) => when(at),
    };
    let mut streams: BTreeMap<(&str, &str), (usize, Timestamp)> = BTreeMap::new();
    for read in &document.reads {
        let entry = streams.entry((&read.connection, read.stream)).or_insert((0, read.next_at));
        *entry = (entry.0 + 1, entry.1.min(read.next_at));
    }
    for ((connection, stream), (count, at)) in streams {
        let (one, several) = places::of(connection);
        let parts = if count > 1 { format!(" of {count} {several}, the first") } else { String::new() };
        if stream == places::read_by(connection, StreamKind::Census) {
            let of = if count > 1 { format!("{count} {several}, the first") } else { format!("a {one}") };
            anstream::println!("{connection}: counts what is open in {of} {}", moment(at));
            continue;
        }
        anstream::println!("{connection}: reads {stream}{parts} {}", moment(at));
    }
    match document.next_judgement_at {
        Some(at) => anstream::println!("Next judgement: {}", moment(at)),
        None => anstream::println!("Next judgement: when something changes."),
    }
    for step in document.steps.iter().take(MOST_SHOWN) {
        let held = step.held_because.map(|why| format!(" (held back: {})", why.replace('_', " "))).unwrap_or_default();
        anstream::println!("Gap {} {}: next step {}{held}", step.gap, step.rule, moment(step.at));
    }
    if document.steps.len() > MOST_SHOWN {
        anstream::println!("… and {} more steps", document.steps.len() - MOST_SHOWN);
    }
    let mut coming: BTreeMap<(Timestamp, &str), Vec<String>> = BTreeMap::new();
    for one in &document.digests {
        let lines = match one.lines {
            0 => String::new(),
            1 => " (1 line)".to_owned(),
            many => format!(" ({many} lines)"),
        };
        let whose = one.person.as_deref().map_or("the channel".to_owned(), super::table::plain);
        coming.entry((one.at, one.what)).or_default().push(format!("{whose}{lines}"));
    }
    for ((at, what), whose) in coming.into_iter().take(MOST_SHOWN) {
        let what = match what {
            "person" => "Digest",
            "manager" => "Manager's digest",
            _ => "Weekly report",
        };
        let more = whose.len().saturating_sub(MOST_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = whose.into_iter().take(MOST_SHOWN).collect::<Vec<_>>().join(", ");
        anstream::println!("{what} {}: {named}{more}", when(at));
    }
    match document.messages.len() {
        0 => anstream::println!("No messages are waiting."),
        _ => document.messages.iter().take(MOST_SHOWN).for_each(|one| {
            let because = one.because.as_ref().map(|why| format!(": {}", super::table::plain(why))).unwrap_or_default();
            anstream::println!("A {} message ({}) is due {}{because}", one.channel, one.state, moment(one.due_at));
        }),
    }
}
