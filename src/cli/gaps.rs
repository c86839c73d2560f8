//! `gaps list` and `gaps show`: what is open, as the store has it.

use jiff::Timestamp;

use super::documents::{self, Gap};
use super::open::{From, Stopped, View, print_json, print_text, since};
use super::table::{csv, drawn, is_narrow, plain, shortened, table, when};
use super::{Exit, GapsFilter, Output};
use crate::config::diagnose;
use crate::domain::alert::{Alert, AlertState};
use crate::domain::names::called;

/// Prints the gaps that pass the filter.
pub(super) fn list(from: &From, filter: &GapsFilter) -> Result<Exit, Stopped> {
    if let Some(rule) = &filter.rule
        && crate::rules::known(rule).is_none()
    {
        let meant = did_you_mean(rule, crate::rules::ids().map(|id| id.0));
        return Err(Stopped::usage(format!("there is no rule {rule}{meant}; `gapwatch rules list` lists them")));
    }
    let view = View::open(from, None)?;
    let owner = filter.owner.as_deref().map(|name| owner(&view, name)).transpose()?;
    let mut alerts: Vec<Alert> =
        view.board.alerts().filter(|alert| alert.state != AlertState::Resolved).cloned().collect();
    if filter.all {
        alerts.extend(view.reader.alerts_resolved(Timestamp::MIN, crate::rules::known)?);
    }
    alerts.retain(|alert| {
        filter.stage.is_none_or(|stage| alert.stage >= stage)
            && filter.rule.as_ref().is_none_or(|rule| alert.rule.0 == rule)
    });
    let mut document = documents::gaps(&view, &alerts)?;
    if let Some(owner) = &owner {
        document.gaps.retain(|gap| gap.owners.contains(owner));
    }
    if let Some(text) = &filter.since {
        let since = since(view.now, text)?;
        document.gaps.retain(|gap| gap.opened_at >= since || gap.resolved_at.is_some_and(|at| at >= since));
    }
    if from.output == Output::Table && alerts.is_empty() && is_unjudged(&view) {
        anstream::println!(
            "Nothing has been judged yet: `gapwatch run --once` judges it, `gapwatch check` judges it without keeping the result."
        );
        print_connections(&document.connections);
        return Ok(Exit::Done);
    }
    put(from, &document)?;
    Ok(Exit::Done)
}

/// True when something was read, and no part of it has ever been judged to its end.
fn is_unjudged(view: &View) -> bool {
    let mut read = view.board.containers().filter(|container| container.warm_at.is_some()).peekable();
    read.peek().is_some() && read.all(|container| container.baseline_at.is_none())
}

/// What stands in the list for a person's table, a login, or a name.
fn owner(view: &View, name: &str) -> Result<String, Stopped> {
    let people = &view.board.people;
    if people.persons.values().any(|person| person.handle == name) {
        return Ok(name.to_owned());
    }
    let logins = || people.accounts.iter().filter_map(|(id, one)| Some((*id, one.handle.as_deref()?)));
    if let Some((account, _)) = logins().find(|(_, login)| login.eq_ignore_ascii_case(name)) {
        return Ok(people.called(account));
    }
    if people.accounts.keys().any(|account| people.called(*account) == name) {
        return Ok(name.to_owned());
    }
    let known = people.persons.values().map(|person| person.handle.as_str()).chain(logins().map(|(_, login)| login));
    let meant = did_you_mean(name, known);
    Err(Stopped::usage(format!("nobody is called {name}{meant}; `gapwatch people list` lists everybody")))
}

/// `; did you mean overdue?`, or nothing.
pub(super) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    diagnose::meant(name, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

/// Prints one gap, open or resolved.
pub(super) fn show(from: &From, id: &str) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let live = view.board.alerts().find(|alert| alert.gap.0 == id).cloned();
    let found = match live {
        Some(alert) => Some(alert),
        None => view
            .reader
            .alerts_resolved(Timestamp::MIN, crate::rules::known)?
            .into_iter()
            .find(|alert| alert.gap.0 == id),
    };
    let Some(alert) = found else {
        return Err(Stopped::usage(format!("there is no gap {id}; `gapwatch gaps list --all` lists them all")));
    };
    let document = documents::gaps(&view, &[alert])?;
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Csv => print_text(&as_csv(&document))?,
        Output::Table => document.gaps.iter().for_each(print_one),
    }
    Ok(Exit::Done)
}

/// Prints the gaps in the form that was asked for.
pub(super) fn put(from: &From, document: &documents::Gaps) -> Result<(), Stopped> {
    match from.output {
        Output::Json => print_json(document)?,
        Output::Csv => print_text(&as_csv(document))?,
        Output::Table => print(document),
    }
    Ok(())
}

/// One row a gap; the columns keep their names and their order.
fn as_csv(document: &documents::Gaps) -> String {
    const HEAD: [&str; 14] = [
        "id",
        "rule",
        "stage",
        "state",
        "connection",
        "key",
        "title",
        "url",
        "owners",
        "opened_at",
        "stage_at",
        "resolved_at",
        "held_because",
        "summary",
    ];
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let row = |gap: &Gap| {
        [
            gap.id.clone(),
            gap.rule.to_owned(),
            gap.stage.to_owned(),
            gap.state.to_owned(),
            text(&gap.subject.connection),
            text(&gap.subject.key),
            text(&gap.subject.title),
            text(&gap.subject.url),
            gap.owners.join(" "),
            gap.opened_at.to_string(),
            gap.stage_at.to_string(),
            gap.resolved_at.map(|at| at.to_string()).unwrap_or_default(),
            gap.held_because.unwrap_or_default().to_owned(),
            gap.summary.clone(),
        ]
    };
    csv(&HEAD, document.gaps.iter().map(row))
}

/// The gaps as a table, and what could not be seen.
fn print(document: &documents::Gaps) {
    if document.gaps.is_empty() {
        anstream::println!("No gaps.");
    } else {
        let rows: Vec<[String; 6]> = document.gaps.iter().map(cells).collect();
        if is_narrow() {
            rows.iter().for_each(|row| anstream::println!("{}", paragraph(row)));
        } else {
            let mut all = table(&["GAP", "STAGE", "STATE", "TASK", "OWNER", "WHAT"]);
            for row in rows {
                all.add_row(row);
            }
            anstream::println!("{}", drawn(&all));
        }
    }
    print_connections(&document.connections);
}

fn cells(gap: &Gap) -> [String; 6] {
    let what = format!("{}: {}", gap.rule, plain(&gap.summary));
    let subject = &gap.subject;
    let name = subject.key.as_deref().map_or_else(|| "-".to_owned(), |key| named(key, subject.title.as_deref()));
    [gap.id.clone(), shape(gap.stage), state(gap), name, gap.owners.join(", "), what]
}

/// The state, and what keeps the gap silent.
fn state(gap: &Gap) -> String {
    let wish = gap.snoozed_until.map(|_| "snoozed").or(gap.acknowledged_until.map(|_| "acknowledged"));
    let held = gap.held_because.filter(|because| Some(*because) != wish);
    match wish.into_iter().chain(held).collect::<Vec<_>>().join(", ").replace('_', " ") {
        silent if silent.is_empty() => gap.state.to_owned(),
        silent => format!("{} ({silent})", gap.state),
    }
}

/// The key with so much of the title that the task is known; where the key says nothing, the title alone.
pub(super) fn named(key: &str, title: Option<&str>) -> String {
    let known = called(key, title);
    match title.map(str::trim).filter(|title| known == key && !title.is_empty()) {
        Some(title) => format!("{} {}", plain(key), shortened(&plain(title), 40)),
        None => plain(&known),
    }
}

/// A row as it is read where a table does not fit.
fn paragraph([id, stage, state, name, owners, what]: &[String; 6]) -> String {
    let owners = if owners.is_empty() { String::new() } else { format!(" · {owners}") };
    format!("{id} {stage} · {name}{owners}\n    {what}\n    {state}")
}

/// Names every connection that is not simply read.
pub(super) fn print_connections(connections: &[documents::Connection]) {
    if connections.is_empty() {
        anstream::println!("Nothing has been read yet; `gapwatch run --once` reads and judges.");
    }
    for connection in connections.iter().filter(|connection| connection.state != "ok") {
        let since = connection.last_success_at.map_or("never read".to_owned(), |at| format!("last read {}", when(at)));
        let because = connection.because.as_ref().map(|because| format!(": {}", plain(because))).unwrap_or_default();
        anstream::println!("{} is {}, {since}{because}", connection.id, connection.state);
    }
}

/// Shape and word, never a colour alone.
pub(super) fn shape(stage: &str) -> String {
    match stage {
        "opens" => "▲ opens".to_owned(),
        "widens" => "■ widens".to_owned(),
        "failure" => "⬣ failure".to_owned(),
        other => other.to_owned(),
    }
}

fn print_one(gap: &Gap) {
    let title = gap.subject.title.as_deref().map(|title| format!(" \"{}\"", plain(title))).unwrap_or_default();
    anstream::println!("{} {} {}{title}", gap.id, shape(gap.stage), plain(gap.subject.key.as_deref().unwrap_or("-")));
    anstream::println!("  {}: {}", gap.rule, plain(&gap.summary));
    anstream::println!("  {}, episode {}, since {}", gap.state, gap.episode, when(gap.opened_at));
    if let Some(url) = &gap.subject.url {
        anstream::println!("  {}", plain(url));
    }
    if !gap.owners.is_empty() {
        anstream::println!("  owner: {}", plain(&gap.owners.join(", ")));
    }
    if let Some(because) = gap.held_because {
        anstream::println!("  held back: {}", because.replace('_', " "));
    }
    if let Some(until) = gap.snoozed_until {
        anstream::println!("  snoozed until {}", when(until));
    }
    for told in &gap.told {
        anstream::println!("  told {} by {} on {}", told.person, told.channel, when(told.at));
    }
    if let Some(at) = gap.resolved_at {
        anstream::println!("  resolved {}", when(at));
    }
    if let Some(at) = gap.next_check_at {
        anstream::println!("  judged again {}", when(at));
    }
    if let Some(at) = gap.next_step_at {
        anstream::println!("  next step {}", when(at));
    }
}
