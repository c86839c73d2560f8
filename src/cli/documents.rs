//! What `-o json` prints: documents with a schema, a contract. What is unknown is `null`, never left out.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::lacking::Lacking;
use super::open::{Stopped, View};
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{ITSELF, SubjectKey};
use crate::domain::ids::{ConnectionId, TaskId};
use crate::domain::names::TaskName;
use crate::messages::scene::Scene;
use crate::messages::wording;
use crate::rules;
use crate::store::ConnectionState;

/// `gapwatch.gaps/1`
#[derive(Debug, Serialize)]
pub(super) struct Gaps {
    /// `gapwatch.gaps/1`
    pub(super) schema: &'static str,
    /// When.
    pub(super) at: Timestamp,
    /// `observe` or `live`.
    pub(super) mode: &'static str,
    /// Every connection.
    pub(super) connections: Vec<Connection>,
    /// Every gap, worst first.
    pub(super) gaps: Vec<Gap>,
}

/// How a connection stands.
#[derive(Debug, Serialize)]
pub(super) struct Connection {
    /// `github.acme`
    pub(super) id: String,
    /// `ok`, `backfilling`, `stale` or `blind`.
    pub(super) state: &'static str,
    /// Last complete pass.
    pub(super) last_success_at: Option<Timestamp>,
    /// What is wrong.
    pub(super) because: Option<String>,
    /// What it does not tell though its tool could, and why: rules that need it say nothing there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lacks: Vec<Lacking>,
}

/// One gap.
#[derive(Debug, Serialize)]
pub(super) struct Gap {
    /// What people see and type.
    pub(super) id: String,
    /// Counts from 1.
    pub(super) episode: u32,
    /// Rule id.
    pub(super) rule: &'static str,
    /// `opens`, `widens` or `failure`.
    pub(super) stage: &'static str,
    /// `pending`, `firing` or `resolved`.
    pub(super) state: &'static str,
    /// Silent until, because somebody is on it.
    pub(super) acknowledged_until: Option<Timestamp>,
    /// Silent until, by wish.
    pub(super) snoozed_until: Option<Timestamp>,
    /// Was there before we began to speak.
    pub(super) backlog: bool,
    /// Why nothing is opened, resolved or sent at present.
    pub(super) held_because: Option<&'static str>,
    /// The stronger gap.
    pub(super) inhibited_by: Option<String>,
    /// What it is about.
    pub(super) subject: Subject,
    /// What tells several gaps of one rule on one subject apart.
    pub(super) scope: Option<String>,
    /// Handles.
    pub(super) owners: Vec<String>,
    /// When this episode began.
    pub(super) opened_at: Timestamp,
    /// When the present stage was reached.
    pub(super) stage_at: Timestamp,
    /// When it resolved.
    pub(super) resolved_at: Option<Timestamp>,
    /// One line with the numbers.
    pub(super) summary: String,
    /// The numbers.
    pub(super) evidence: Map<String, Value>,
    /// Who was told; only what a channel has confirmed.
    pub(super) told: Vec<Told>,
    /// When it is judged again by itself.
    pub(super) next_check_at: Option<Timestamp>,
    /// When the next step of its ladder is due.
    pub(super) next_step_at: Option<Timestamp>,
}

/// What a gap is about.
#[derive(Debug, Serialize)]
pub(super) struct Subject {
    /// `task`, `person`, `container` or `system`.
    pub(super) kind: &'static str,
    /// `github.acme`
    pub(super) connection: Option<String>,
    /// `acme/web#12`
    pub(super) key: Option<String>,
    /// Browser address.
    pub(super) url: Option<String>,
    /// Title.
    pub(super) title: Option<String>,
}

/// Somebody who was told.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// Handle.
    pub(super) person: String,
    /// `slack`, `comment`, `log`
    pub(super) channel: &'static str,
    /// When the channel confirmed it.
    pub(super) at: Timestamp,
}

/// Every connection, as the store has it.
///
/// # Errors
/// The store cannot be read.
pub(super) fn connections(view: &View) -> Result<Vec<(ConnectionState, Connection)>, Stopped> {
    let configured: Vec<String> = view.settings.connections().collect();
    let states = view.reader.connection_states()?;
    Ok(states
        .into_iter()
        .filter(|state| configured.contains(&state.name))
        .map(|state| {
            let shown = connection(view, &state);
            (state, shown)
        })
        .collect())
}

fn connection(view: &View, state: &ConnectionState) -> Connection {
    let rec = view.board.connection(state.id);
    let stale = state
        .last_success_at
        .is_some_and(|at| rec.is_some_and(|rec| view.now.duration_since(at) > rec.poll.saturating_mul(3)));
    let word = match (&state.failure, state.cold > 0 || state.last_success_at.is_none(), stale) {
        (Some(_), _, _) => "blind",
        (None, true, _) => "backfilling",
        (None, false, true) => "stale",
        (None, false, false) => "ok",
    };
    Connection {
        id: state.name.clone(),
        state: word,
        last_success_at: state.last_success_at,
        because: state.failure.as_ref().map(|(_, because)| because.clone()).or_else(|| blind_spots(view, state.id)),
        lacks: state.lacks.iter().map(Lacking::from).collect(),
    }
}

/// What is not judged although the connection works: containers of which much was missing at once, tasks not to be seen.
fn blind_spots(view: &View, id: ConnectionId) -> Option<String> {
    let read = view.board.containers().filter(|container| container.reader == Some(id));
    let mut spots: Vec<String> = read
        .filter_map(|container| {
            let hold = container.hold?;
            Some(format!("{} is held: {} of {} open tasks were missing at once", container.name, hold.missing, hold.of))
        })
        .collect();
    spots.sort_unstable();
    let unseen = view.board.connection(id).map_or(0, |rec| rec.unseen);
    if unseen > 0 {
        spots.push(format!("open tasks that are not to be seen any more: {unseen}"));
    }
    (!spots.is_empty()).then(|| spots.join("; "))
}

/// The gaps document of these alerts, worst first.
///
/// # Errors
/// The store cannot be read.
pub(super) fn gaps(view: &View, alerts: &[Alert]) -> Result<Gaps, Stopped> {
    let connections = connections(view)?.into_iter().map(|(_, shown)| shown).collect();
    Ok(Gaps {
        schema: "gapwatch.gaps/1",
        at: view.now,
        mode: view.settings.mode.word(),
        connections,
        gaps: gap_list(view, alerts)?,
    })
}

/// Gaps, worst first: by stage, then by deadline, then by how long they are open.
///
/// # Errors
/// The store cannot be read.
pub(super) fn gap_list(view: &View, alerts: &[Alert]) -> Result<Vec<Gap>, Stopped> {
    let mut sorted: Vec<&Alert> = alerts.iter().collect();
    sorted.sort_by_key(|alert| {
        let deadline = alert.finding.deadline.map_or(Timestamp::MAX, |deadline| deadline.at);
        (alert.state, std::cmp::Reverse(alert.stage), deadline, alert.opened_at, alert.id)
    });
    sorted.sort_by_key(|alert| alert.state == AlertState::Resolved);
    let snapshot = view.snapshot();
    let mut tasks: Vec<TaskId> = sorted
        .iter()
        .flat_map(|alert| wording::named(&alert.finding).into_iter().chain(task_of(alert.subject)))
        .collect();
    tasks.sort_unstable();
    tasks.dedup();
    let names = view.reader.names(&tasks)?;
    Ok(sorted.into_iter().map(|alert| gap(view, alert, &names, &snapshot)).collect())
}

fn task_of(subject: SubjectKey) -> Option<TaskId> {
    match subject {
        SubjectKey::Task(id) => Some(id),
        SubjectKey::Container(_) | SubjectKey::Connection(_) | SubjectKey::Person(_) | SubjectKey::System => None,
    }
}

fn gap(
    view: &View,
    alert: &Alert,
    names: &HashMap<TaskId, TaskName>,
    snapshot: &crate::domain::snapshot::Snapshot<'_>,
) -> Gap {
    let task = task_of(alert.subject).and_then(|id| view.board.task(id));
    let people = &view.board.people;
    let of_task = task.iter().flat_map(|task| task.owners()).filter(|owner| people.is_human(*owner));
    let themselves = match alert.subject {
        SubjectKey::Person(id) => view.board.somebody(id).map(|who| who.account),
        _ => None,
    };
    let owners: Vec<_> = of_task.chain(themselves).collect();
    let calendar = people.calendar(owners.first().copied());
    let live = alert.state != AlertState::Resolved;
    let explained = if live { rules::explain(&view.rules, alert.subject, snapshot) } else { Vec::new() };
    let next_check_at = explained.iter().find(|one| one.rule == alert.rule).and_then(|one| one.recheck_at);
    let inhibited_by = match &alert.withheld {
        Some(Withheld::Inhibited(gap)) => Some(gap.0.clone()),
        _ => None,
    };
    Gap {
        id: alert.gap.0.clone(),
        episode: alert.episode,
        rule: alert.rule.0,
        stage: alert.stage.word(),
        state: alert.state.word(),
        acknowledged_until: alert.acked_until.filter(|until| *until > view.now),
        snoozed_until: alert.snoozed_until.filter(|until| *until > view.now),
        backlog: alert.backlog,
        held_because: alert.withheld.as_ref().filter(|_| live).map(Withheld::word),
        inhibited_by: inhibited_by.filter(|_| live),
        subject: subject(view, alert.subject, names),
        scope: (!alert.scope.is_empty()).then(|| alert.scope.clone()),
        owners: owners.iter().map(|owner| people.called(*owner)).collect(),
        opened_at: alert.opened_at,
        stage_at: alert.stage_at,
        resolved_at: alert.resolved_at,
        summary: wording::summary(
            &alert.finding,
            Scene { names, now: view.now, calendar, common: &people.default_calendar },
        ),
        evidence: rules::numbers::numbers(&alert.finding.evidence, view.now, calendar),
        told: alert
            .told
            .iter()
            .map(|told| Told { person: people.called(told.account), channel: told.address.channel(), at: told.at })
            .collect(),
        next_check_at,
        next_step_at: alert.step_at.filter(|_| live),
    }
}

/// What a gap is about, as documents name it.
pub(super) fn subject(view: &View, subject: SubjectKey, names: &HashMap<TaskId, TaskName>) -> Subject {
    let nothing = Subject { kind: "task", connection: None, key: None, url: None, title: None };
    match subject {
        SubjectKey::Task(id) => names.get(&id).map_or(nothing, |name| Subject {
            kind: "task",
            connection: Some(name.connection.clone()),
            key: Some(name.key.clone()),
            url: Some(name.url.clone()),
            title: Some(name.title.clone()),
        }),
        SubjectKey::Container(id) => {
            let name = view.board.container(id).map(|rec| rec.name.to_string());
            Subject { kind: "container", key: name, connection: None, url: None, title: None }
        }
        SubjectKey::Connection(id) => {
            let name = view.board.connection(id).map(|rec| rec.name.to_string());
            Subject { kind: "container", connection: name.clone(), key: name, url: None, title: None }
        }
        SubjectKey::Person(id) => {
            let handle = view.board.somebody(id).map(|who| view.board.people.called(who.account));
            Subject { kind: "person", key: handle, connection: None, url: None, title: None }
        }
        SubjectKey::System => {
            Subject { kind: "system", key: Some(ITSELF.to_owned()), connection: None, url: None, title: None }
        }
    }
}
