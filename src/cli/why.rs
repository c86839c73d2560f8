//! `why`: every message about a task or a gap, or to a person, sent or held back, with its reason.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::open::{From, Stopped, View, print_json, print_text, since};
use super::routed::RouteShown;
use super::subject::{self, recipients};
use super::table::{csv, drawn, table, when};
use super::{Exit, Output};
use crate::alerts::held_back;
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{GapId, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, TaskId};
use crate::domain::notice::{MessageState, NoticeState};
use crate::store::{NoticeFilter, NoticeRow, WithheldRow};

#[derive(Debug, Serialize)]
struct Row {
    /// When it was decided, or since when it was held back.
    at: Timestamp,
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

/// What is asked about.
enum About {
    Task(TaskId),
    Gap(GapId),
    Accounts(HashSet<AccountId>),
    Itself,
}

/// How far back is looked at somebody without being told.
const USUAL: &str = "7d";

/// Prints what was said, held back or taken back.
pub(super) fn why(from: &From, about: &str, back: Option<&str>) -> Result<Exit, Stopped> {
    let view = View::open(from, None)?;
    let about = About::read(&view, about)?;
    let since = match (back, &about) {
        (Some(back), _) => since(view.now, back)?,
        (None, About::Task(_) | About::Gap(_)) => Timestamp::UNIX_EPOCH,
        (None, About::Accounts(_) | About::Itself) => since(view.now, USUAL)?,
    };
    let mut rows: Vec<Row> = view.reader.notices(&about.filter(), since)?.iter().map(|row| sent(&view, row)).collect();
    rows.extend(held(&view, &about, since)?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    match from.output {
        Output::Json => print_json(&rows)?,
        Output::Csv => print_text(&as_csv(&rows))?,
        Output::Table => {
            print(&rows);
            if back.is_none() && since > Timestamp::UNIX_EPOCH {
                anstream::println!("Of the last {USUAL}; `--since` looks further back.");
            }
            print_limits(&view, &about);
        }
    }
    Ok(Exit::Done)
}

impl About {
    /// A gap by its id, a person, else a task; a place, a connection and gapwatch itself stand for their only gap.
    fn read(view: &View, text: &str) -> Result<About, Stopped> {
        if let Some(alert) = subject::gap(view, text) {
            return Ok(About::Gap(alert.gap.clone()));
        }
        if subject::is_itself(text) {
            return Ok(About::Itself);
        }
        let accounts = subject::accounts(view, text.trim());
        if !accounts.is_empty() {
            return Ok(About::Accounts(accounts));
        }
        Ok(About::Task(super::subject::task(view, text)?))
    }

    fn filter(&self) -> NoticeFilter {
        match self {
            About::Task(task) => NoticeFilter::Task(*task),
            About::Gap(gap) => NoticeFilter::Gap(gap.clone()),
            About::Itself => NoticeFilter::Itself,
            About::Accounts(accounts) => NoticeFilter::Accounts(accounts.iter().copied().collect()),
        }
    }

    /// The gaps that it concerns, with who hears of each first.
    fn alerts<'v>(&self, view: &'v View) -> Vec<(&'v Alert, Vec<AccountId>)> {
        let mut alerts: Vec<&Alert> = match self {
            About::Task(task) => view.board.alerts_of(SubjectKey::Task(*task)).collect(),
            About::Gap(gap) => view.board.alerts().filter(|alert| alert.gap == *gap).collect(),
            About::Itself => view.board.alerts_of(SubjectKey::System).collect(),
            About::Accounts(_) => view.board.alerts().collect(),
        };
        alerts.sort_by_key(|alert| alert.id);
        let concerned = |alert: &'v Alert| {
            let mut who = recipients(view, alert);
            if let About::Accounts(accounts) = self {
                who.retain(|account| accounts.contains(account));
                if who.is_empty() {
                    return None;
                }
            }
            Some((alert, who))
        };
        alerts.into_iter().filter_map(concerned).collect()
    }
}

fn as_csv(rows: &[Row]) -> String {
    const HEAD: [&str; 9] = ["gap", "reason", "recipient", "channel", "decision", "because", "due_at", "told_at", "at"];
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
            row.at.to_string(),
        ]
    };
    csv(&HEAD, rows.iter().map(row))
}

fn sent(view: &View, row: &NoticeRow) -> Row {
    let is_held = row.held_since.is_some();
    let decision = match (row.state, row.message) {
        (NoticeState::Told, _) => "sent",
        (NoticeState::Unsure, _) | (_, Some(MessageState::Unsure)) => "unsure",
        (NoticeState::Withdrawn | NoticeState::Dropped, _) => "withdrawn",
        (NoticeState::Dead, _) => "dead",
        (NoticeState::Sealed, _) if is_held => "held",
        (NoticeState::Sealed, _) if row.why.is_some() => "failed",
        (NoticeState::Open | NoticeState::Sealed, _) => "pending",
    };
    let waits = (row.state == NoticeState::Open).then(|| "waits for the digest".to_owned());
    let budget = (is_held && row.state == NoticeState::Sealed).then(|| Withheld::Budget.word().to_owned());
    Row {
        at: row.decided_at,
        gap: row.gap.clone(),
        reason: row.reason.clone(),
        recipient: view.board.people.called(row.account),
        channel: Some(row.address.channel()),
        decision,
        because: row.why.clone().or(budget).or(waits),
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

/// What would have been said and was held back, then or now: it stands on the alert, and in its log once it is another reason.
fn held(view: &View, about: &About, since: Timestamp) -> Result<Vec<Row>, Stopped> {
    let alerts = about.alerts(view);
    let ids: Vec<AlertId> = alerts.iter().map(|(alert, _)| alert.id).collect();
    let mut logs: HashMap<AlertId, Vec<WithheldRow>> = HashMap::new();
    for row in view.reader.withheld(&ids, since)? {
        logs.entry(row.alert).or_default().push(row);
    }
    let mut rows = Vec::new();
    for (alert, who) in alerts {
        let mut log = logs.remove(&alert.id).unwrap_or_default();
        let now = alert.withheld.as_ref().filter(|_| alert.state != AlertState::Resolved).map(Withheld::word);
        // The last entry is what stands on the alert.
        let present = now.map(|because| {
            let is_last = log.last().is_some_and(|last| last.because == because);
            let at = log.pop_if(|_| is_last).map_or(alert.stage_at, |last| last.at);
            (at, because.to_owned(), alert.step_at)
        });
        let past = log.into_iter().filter(|row| row.because != NOTHING).map(|row| (row.at, row.because, None));
        for (at, because, due_at) in past.chain(present) {
            rows.extend(who.iter().map(|account| Row {
                at,
                gap: alert.gap.0.clone(),
                reason: if alert.told.is_empty() { "opened" } else { "escalated" }.to_owned(),
                recipient: view.board.people.called(*account),
                channel: None,
                decision: "held",
                because: Some(because.clone()),
                due_at,
                told_at: None,
                route: RouteShown::of(view, alert),
            }));
        }
    }
    Ok(rows)
}

/// What stands in the log where nothing is held back any more.
const NOTHING: &str = "nothing";

fn print(rows: &[Row]) {
    if rows.is_empty() {
        anstream::println!("Nobody was told anything, and nothing is held back.");
        return;
    }
    let mut shown = table(&["GAP", "REASON", "TO", "BY", "DECISION", "BECAUSE", "WHEN"]);
    for row in rows {
        let at = when(row.told_at.or(row.due_at).unwrap_or(row.at));
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
    anstream::println!("{}", drawn(&shown));
}

/// What a limit keeps from somebody at present.
fn print_limits(view: &View, about: &About) {
    let About::Accounts(accounts) = about else { return };
    let Some(account) = accounts.iter().min() else { return };
    let held = held_back(*account, &view.snapshot());
    if held > 0 {
        anstream::println!("Held back by a limit: {held}");
        if view.board.traffic().held().next().is_some() {
            anstream::println!("{}", super::outbox::HOW_TO_DECIDE);
        }
    }
}
