//! `enable`: the lines of the next step towards live, and the messages that it would cause. Writes nothing.

use serde::Serialize;

use super::open::{From, Stopped, View, no_csv, print_json};
use super::rehearsal::{self, Counts, Live};
use super::table::table;
use super::{Exit, Output};
use crate::domain::alert::AlertState;
use crate::domain::policy::Mode;
use crate::rules;

/// Rules to begin with: they are about dates and about what holds up others.
const FIRST: [&str; 3] = ["overdue", "due.at_risk", "blocker.stale"];

/// `gapwatch.enable/1`
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    /// `everything`, a connection, or a rule.
    what: String,
    /// True: there is nothing to be done.
    live: bool,
    /// The lines to add.
    lines: Vec<String>,
    /// Gaps that are open.
    open: usize,
    /// Until when messages are counted: `today`, or a day.
    day: String,
    /// What would be sent until then as the file stands otherwise.
    now: Counts,
    /// What would be sent if nothing that is open counted as backlog.
    with_backlog: Counts,
    /// To whom, with the backlog.
    people: Vec<Person>,
}

#[derive(Debug, Serialize)]
struct Person {
    person: String,
    messages: usize,
}

/// What is to be switched on.
struct Step {
    what: String,
    live: Live,
    is_live: bool,
    lines: Vec<String>,
}

/// Prints the next step.
pub(super) fn enable(from: &From, what: Option<&str>) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let mut view = View::open(from, None)?;
    let step = step(&view, what)?;
    let open = view.board.alerts().filter(|alert| alert.state != AlertState::Resolved).count();
    let (until, day) = rehearsal::horizon(&view);
    let live = if step.is_live { Live::AsItIs } else { step.live };
    let said = rehearsal::rehearse(&mut view, live, false, until)?;
    let now = rehearsal::count(&view, &said);
    // A board that was played on is of no further use.
    let mut view = View::open(from, None)?;
    let said = rehearsal::rehearse(&mut view, live, true, until)?;
    let people = rehearsal::by_person(&view, &said);
    let document = Document {
        schema: "gapwatch.enable/1",
        what: step.what,
        live: step.is_live,
        lines: step.lines,
        open,
        day,
        now,
        with_backlog: rehearsal::count(&view, &said),
        people: people.into_iter().map(|(person, messages)| Person { person, messages }).collect(),
    };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print(&document),
    }
    Ok(Exit::Done)
}

fn step(view: &View, what: Option<&str>) -> Result<Step, Stopped> {
    let live = "mode = \"live\"".to_owned();
    let Some(what) = what else {
        return Ok(Step {
            what: "everything".to_owned(),
            live: Live::All,
            is_live: view.settings.mode == Mode::Live,
            lines: vec![live],
        });
    };
    if let Some(rule) = rules::known(what) {
        let lines = vec![format!("[rules.{rule}]"), live];
        let is_live = view.board.connections().all(|one| view.policy.mode_of(rule, Some(one.id)) == Mode::Live);
        return Ok(Step { what: what.to_owned(), live: Live::Rule(rule), is_live, lines });
    }
    let connection = view.board.connections().find(|one| *one.name == *what);
    let configured: Vec<String> = view.settings.connections().collect();
    let Some(connection) = connection.filter(|_| configured.iter().any(|name| name == what)) else {
        let rules: Vec<&str> = rules::ids().map(|id| id.0).collect();
        return Err(Stopped::usage(format!(
            "{what} is neither a connection nor a rule\n  connections: {}\n  rules: {}",
            configured.join(", "),
            rules.join(", ")
        )));
    };
    let mode = view.policy.connection_modes.get(&connection.id).copied().unwrap_or(view.settings.mode);
    Ok(Step {
        what: what.to_owned(),
        live: Live::Connection(connection.id),
        is_live: mode == Mode::Live,
        lines: vec![format!("[{what}]"), live],
    })
}

fn print(document: &Document) {
    if document.live {
        let what = if document.what == "everything" { "Everything" } else { &document.what };
        anstream::println!("{what} is already live.");
        anstream::println!("Due {}: {}.", document.day, document.now.words());
        return;
    }
    let place = match document.lines.as_slice() {
        [_] => "at the top of your configuration file, instead of any line `mode = …` there",
        _ => "into your configuration file (if the table is already there, add the line to it)",
    };
    anstream::println!("To switch {} on, write {place}:\n", document.what);
    document.lines.iter().for_each(|line| anstream::println!("    {line}"));
    if document.what == "everything" {
        let first = FIRST.map(|rule| format!("`gapwatch enable {rule}`")).join(", ");
        anstream::println!("\nOr start with the rules that are right most often, one at a time: {first}.");
    }
    anstream::println!("\nThen run `gapwatch validate`, and `gapwatch reload` if the daemon is running.\n");
    let (open, day) = (document.open, &document.day);
    anstream::println!("Messages this would cause {day}: {}.", document.now.words());
    if document.now == document.with_backlog {
        print_people(&document.people);
        return;
    }
    anstream::println!(
        "Gaps that are open when you switch ({open} now) count as backlog: they are listed, and nobody is told until one gets\n\
         worse. With `backlog = \"tell\"` in [messages] it would be: {}.",
        document.with_backlog.words()
    );
    print_people(&document.people);
}

fn print_people(people: &[Person]) {
    if people.is_empty() {
        return;
    }
    let mut rows = table(&["TO", "MESSAGES"]);
    for person in people {
        rows.add_row([super::table::plain(&person.person), person.messages.to_string()]);
    }
    anstream::println!(
        "\n{}\n`gapwatch preview message --for PERSON` and `gapwatch preview comment --for PERSON` show them.",
        super::table::drawn(&rows)
    );
}
