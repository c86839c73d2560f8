//! `why`: every message about a task or to a person, sent or held back, with its reason.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, Stopped, View, print_json, print_text, since};
use super::routed::RouteShown;
use super::table::{csv, table, when};
use super::{Exit, Output};
use crate::alerts::heads;
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::notice::{MessageState, NoticeState};
use crate::store::{NoticeFilter, NoticeRow};

#[derive(Debug, Serialize)]
struct Row {
    gap: String,
    reason: String,
    recipient: String,
    channel: Option<&'static str>,
    decision: &'static str,
    because: Option<String>,
    due_at: Option<Timestamp>,
    told_at: Option<Timestamp>,
    /// Who hears in which order, where that is not the usual ladder.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<RouteShown>,
}

/// Prints what was said, held back or taken back.
pub(super) fn why(from: &From, about: &str, back: &str) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let since = since(view.now, back)?;
    let accounts = accounts_of(&view, about);
    let task = if accounts.is_empty() { Some(super::explain::find(&view, about)?) } else { None };
    let filter = match task {
        Some(task) => NoticeFilter::Task(task),
        None => NoticeFilter::Accounts(accounts.iter().copied().collect()),
    };
    let mut rows: Vec<Row> = view.reader.notices(&filter, since)?.iter().map(|row| sent(&view, row)).collect();
    rows.extend(held(&view, task, &accounts));
    match from.output {
        Output::Json => print_json(&rows)?,
        Output::Csv => print_text(&as_csv(&rows))?,
        Output::Table => print(&rows),
    }
    Ok(Exit::Done)
}

fn as_csv(rows: &[Row]) -> String {
    const HEAD: [&str; 8] = ["gap", "reason", "recipient", "channel", "decision", "because", "due_at", "told_at"];
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let row = |row: &Row| {
        [
            row.gap.clone(),
            row.reason.clone(),
            row.recipient.clone(),
            row.channel.unwrap_or_default().to_owned(),
            row.decision.to_owned(),
            row.because.clone().unwrap_or_default(),
            instant(row.due_at),
            instant(row.told_at),
        ]
    };
    csv(&HEAD, rows.iter().map(row))
}

/// Accounts of a person named by handle, or of whoever has this login or is called so.
fn accounts_of(view: &View, name: &str) -> HashSet<AccountId> {
    let people = &view.board.people;
    let person = people.persons.values().find(|person| person.handle == name);
    let own = person.map(|person| person.own_account);
    let theirs = people.accounts.values().filter(|rec| match person {
        Some(person) => rec.person == Some(person.id),
        None => {
            rec.handle.as_deref().is_some_and(|handle| handle.eq_ignore_ascii_case(name))
                || people.called(rec.id) == name
        }
    });
    theirs.map(|rec| rec.id).chain(own).collect()
}

fn sent(view: &View, row: &NoticeRow) -> Row {
    let decision = match (row.state, row.message) {
        (NoticeState::Told, _) => "sent",
        (NoticeState::Unsure, _) | (_, Some(MessageState::Unsure)) => "unsure",
        (NoticeState::Withdrawn, _) => "withdrawn",
        (NoticeState::Dead, _) => "dead",
        (NoticeState::Sealed, _) if row.why.is_some() => "failed",
        (NoticeState::Open | NoticeState::Sealed, _) => "pending",
    };
    Row {
        gap: row.gap.clone(),
        reason: row.reason.clone(),
        recipient: view.board.people.called(row.account),
        channel: Some(row.address.channel()),
        decision,
        because: row
            .why
            .clone()
            .or_else(|| (row.state == NoticeState::Open).then(|| "waits for the digest".to_owned())),
        due_at: row.due_at,
        told_at: row.told_at,
        route: route(view, &row.gap),
    }
}

/// The route of a gap as it is now.
fn route(view: &View, gap: &str) -> Option<RouteShown> {
    let alert = view.board.alerts().find(|alert| alert.gap.0 == gap && alert.state != AlertState::Resolved)?;
    RouteShown::of(view, alert)
}

/// What would have been said by now, and is held back: it stands on the alert.
fn held(view: &View, task: Option<TaskId>, accounts: &HashSet<AccountId>) -> Vec<Row> {
    let mut alerts: Vec<&Alert> =
        view.board.alerts().filter(|alert| alert.state != AlertState::Resolved && alert.withheld.is_some()).collect();
    alerts.sort_by_key(|alert| alert.id);
    alerts
        .into_iter()
        .flat_map(|alert| recipients(view, alert).into_iter().map(move |account| (alert, account)))
        .filter(|(alert, account)| match task {
            Some(task) => alert.subject == SubjectKey::Task(task),
            None => accounts.contains(account),
        })
        .map(|(alert, account)| Row {
            gap: alert.gap.0.clone(),
            reason: if alert.told.is_empty() { "opened" } else { "escalated" }.to_owned(),
            recipient: view.board.people.called(account),
            channel: None,
            decision: "held",
            because: alert.withheld.as_ref().map(|why| Withheld::word(why).to_owned()),
            due_at: alert.step_at,
            told_at: None,
            route: RouteShown::of(view, alert),
        })
        .collect()
}

fn recipients(view: &View, alert: &Alert) -> Vec<AccountId> {
    let people = &view.board.people;
    if let SubjectKey::Container(_) = alert.subject
        && alert.finding.addressee == Addressee::Manager
    {
        return heads(alert, &view.snapshot());
    }
    let task = match alert.subject {
        SubjectKey::Task(id) => view.board.task(id),
        SubjectKey::Container(_) | SubjectKey::Connection(_) | SubjectKey::Person(_) => None,
    };
    let owners: Vec<AccountId> =
        task.iter().flat_map(|task| task.owners()).filter(|owner| people.is_there(*owner)).collect();
    let person = |id: &crate::domain::ids::PersonId| people.persons.get(id).map(|person| person.own_account);
    match &alert.finding.addressee {
        Addressee::Owners => owners,
        Addressee::Account(account) => vec![*account],
        Addressee::Manager => match owners.first() {
            Some(owner) => people.manager(*owner).map(|person| person.own_account).into_iter().collect(),
            None => people.default_manager.iter().filter_map(person).collect(),
        },
        Addressee::Operators => people.operators.iter().filter_map(person).collect(),
    }
}

fn print(rows: &[Row]) {
    if rows.is_empty() {
        anstream::println!("Nothing was said, and nothing is held back.");
        return;
    }
    let mut shown = table(&["GAP", "REASON", "TO", "BY", "DECISION", "BECAUSE", "WHEN"]);
    for row in rows {
        let at = row.told_at.or(row.due_at).map(when).unwrap_or_default();
        let mut because = row.because.clone().unwrap_or_default().replace('_', " ");
        if let Some(route) = &row.route {
            because = format!("{because} · {}", route.words()).trim_start_matches(" · ").to_owned();
        }
        let by = row.channel.unwrap_or("-").to_owned();
        shown.add_row([
            row.gap.clone(),
            row.reason.clone(),
            row.recipient.clone(),
            by,
            row.decision.to_owned(),
            because,
            at,
        ]);
    }
    anstream::println!("{shown}");
}
