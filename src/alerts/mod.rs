//! From readings to alerts and notices: what opens, what closes, who hears of it, and why nobody does.
//!
//! ```text
//!              finding                 settled                   clear for `clear_after`, in fresh data
//!   (nothing) ────────▶ pending ──────────────────▶ firing ───────────────────────────────────────────▶ resolved
//!                          │ clear: vanished,          │  ▲ a gap again before that: it had not gone       │
//!                          │ nobody hears              ▼  │                                                │
//!                          └──────────▶ resolved     clear_since                                           │
//!                                          ▲            a finding again: the next episode of the same gap  │
//!                                          └───────────────────────────────────────────────────────────────┘
//!   any open state ── no longer watched ──▶ resolved, and nobody hears
//! ```
//!
//! `Edge` and `Unknown` open nothing and close nothing; what is held opens nothing, closes nothing and says nothing.
//! Everything after `reconcile` asks what *ought to be* and compares it with what is: which notices an alert ought to have
//! by now, which of those it has. So a lost wake-up, a failed channel or a crash needs no memory of its own.

mod answer;
#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod away_tests;
mod budget;
mod credit;
mod digest;
#[cfg(test)]
mod digest_tests;
mod digest_way;
mod draft;
mod handed;
mod heed;
#[cfg(test)]
mod heard_tests;
mod inform;
mod inhibit;
mod ladder;
mod lapse;
#[cfg(test)]
mod ladder_tests;
#[cfg(test)]
mod plan_tests;
mod met;
mod other_way;
mod reach;
#[cfg(test)]
mod reach_tests;
#[cfg(test)]
mod stale_tests;
#[cfg(test)]
mod whole_tests;
#[cfg(test)]
mod risk_tests;
mod reconcile;
mod repeat;
mod route;
mod routing;
mod speaks;
mod sponsor;
mod step;
mod teams;
mod ways;
mod whose;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::alert::{Alert, AlertChange, AlertState, Withheld};
use crate::domain::board::{Board, DueNow};
use crate::domain::digest::{DigestOf, DigestTurn};
use crate::domain::finding::{Reading, RuleId, SubjectKey};
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, InboxId, TaskId};
use crate::domain::notice::{DigestDue, Notice};
use crate::domain::record::{ContainerRec, NextIds};
use crate::domain::snapshot::Snapshot;

use draft::Draft;

pub(crate) use answer::{TooLong, is_operator, is_too_long};
pub(crate) use budget::held_back;
pub use credit::{credit, mended};
pub use digest::{DigestsDue, digests_due};
pub(crate) use digest::{
    calendar as digest_calendar, coming as coming_digests, gets_weekly, is_long_open, is_reading, lines_for,
    missed as missed_digests, taken_at,
};
pub(crate) use handed::is_former;
pub(crate) use heed::{heard, verdicts};
pub(crate) use inhibit::parts;
pub(crate) use ladder::cannot_wait;
pub(crate) use other_way::has_other_way;
pub(crate) use reach::{FEWEST_ATTEMPTS, is_stuck, tried_until};
pub(crate) use reconcile::resumes;
pub(crate) use route::route_of;
pub(crate) use speaks::may_send;
pub(crate) use teams::{Team, is_of, is_quiet_backlog, leads};
pub(crate) use whose::{heads, is_obeyed, last_act, leader, owners};

/// What the rules say about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// About what.
    pub subject: SubjectKey,
    /// Every rule that was asked, with each of its answers: several gaps of one rule differ in scope.
    pub readings: Vec<(RuleId, Reading)>,
    /// False: it could not be judged (cold, or nobody reads it); what is, stays.
    pub judged: bool,
    /// True when what is found now was there before we began to look: its container has just become warm, sending was just
    /// switched on, or the rules have changed.
    pub baseline: bool,
}

/// What a round decided, before words are found for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decided {
    /// Alerts that changed, in the order of their rows.
    pub alerts: Vec<AlertChange>,
    /// Notices, new and changed, in the order of their rows; a new one that is to be sent has no message and no post yet.
    pub notices: Vec<Notice>,
    /// Answers that were dealt with, and what to tell who asked.
    pub answered: Vec<(InboxId, String)>,
    /// Those of them by which nothing was done.
    pub refused: Vec<InboxId>,
    /// Containers whose hold was ended by wish.
    pub released: Vec<ContainerId>,
    /// What to write under our comment on a task for whoever was not obeyed. `None`: nothing any more.
    pub remarks: BTreeMap<TaskId, Option<String>>,
    /// See [`crate::domain::alert::Round::mutes`].
    pub mutes: Vec<(AccountId, Option<Timestamp>)>,
    /// Digests to be worded.
    pub digests: Vec<DigestDue>,
    /// Digests that had their turn.
    pub turns: Vec<DigestTurn>,
}

/// Answers → reconcile → step → route → notices. Pure: the same input gives the same output, row numbers included.
pub fn decide(judgements: &[Judgement], due: &DueNow, snapshot: &Snapshot<'_>, ids: &mut NextIds) -> Decided {
    let mut draft = Draft::new(snapshot, ids);
    let answered = answer::obey(&due.answers, &mut draft);
    for judgement in judgements {
        reconcile::reconcile(judgement, &mut draft);
    }
    draft.awake.extend(due.alerts.iter().copied());
    wake_with_sources(judgements, &mut draft);
    for id in draft.awake.clone() {
        step::advance(id, &mut draft);
    }
    inhibit::wake_neighbours(judgements, &mut draft);
    for id in draft.awake.clone() {
        routing::route(id, &mut draft);
    }
    if due.rests {
        digest::gather(&mut draft);
    }
    let (released, mutes) = (std::mem::take(&mut draft.released), std::mem::take(&mut draft.mutes));
    let (remarks, refused) = (std::mem::take(&mut draft.remarks), std::mem::take(&mut draft.refused));
    let (digests, turns) = (std::mem::take(&mut draft.digests), std::mem::take(&mut draft.turns));
    let (alerts, notices) = draft.finish();
    Decided { alerts, notices, answered, refused, released, remarks, mutes, digests, turns }
}

/// One digest as it would be if it had its turn now, whatever its time. Nothing else is decided.
pub fn digest_now(of: DigestOf, snapshot: &Snapshot<'_>, ids: &mut NextIds) -> Decided {
    let mut draft = Draft::new(snapshot, ids);
    digest::force(of, &mut draft);
    let digests = std::mem::take(&mut draft.digests);
    let (alerts, notices) = draft.finish();
    Decided { alerts, notices, digests, ..Decided::default() }
}

/// A connection that fails, or works again, holds or frees what it reads.
fn wake_with_sources(judgements: &[Judgement], draft: &mut Draft<'_>) {
    let mut containers: BTreeSet<ContainerId> = BTreeSet::new();
    let mut connections: BTreeSet<ConnectionId> = BTreeSet::new();
    for judgement in judgements {
        match judgement.subject {
            SubjectKey::Container(id) => drop(containers.insert(id)),
            SubjectKey::Connection(id) => drop(connections.insert(id)),
            SubjectKey::Task(_) | SubjectKey::Person(_) | SubjectKey::System => {}
        }
    }
    if containers.is_empty() && connections.is_empty() {
        return;
    }
    let snapshot = draft.snapshot;
    let concerns = |alert: &&Alert| {
        let homes = snapshot.board.places(alert.subject);
        homes
            .iter()
            .any(|home| containers.contains(&home.id) || home.reader.is_some_and(|id| connections.contains(&id)))
            && (matches!(alert.withheld, Some(Withheld::SourceStale | Withheld::MassChange))
                || is_held(alert.subject, snapshot))
    };
    let open = snapshot.board.alerts().filter(|alert| alert.state != AlertState::Resolved);
    draft.awake.extend(open.filter(concerns).map(|alert| alert.id));
}

/// The container that a subject lives in, or is. `None`: it has none.
fn home<'a>(subject: SubjectKey, snapshot: &Snapshot<'a>) -> Option<&'a ContainerRec> {
    match subject {
        SubjectKey::Task(id) => snapshot.board.container(snapshot.board.task(id)?.container()),
        SubjectKey::Container(id) => snapshot.board.container(id),
        SubjectKey::Connection(_) | SubjectKey::Person(_) | SubjectKey::System => None,
    }
}

/// The connection that a subject is read through, or is.
fn reader(subject: SubjectKey, snapshot: &Snapshot<'_>) -> Option<ConnectionId> {
    match subject {
        SubjectKey::Connection(id) => Some(id),
        // What somebody has is mostly read in one place.
        SubjectKey::Person(id) => {
            let board = snapshot.board;
            let tasks = board.owned_by(id).into_iter();
            tasks.filter_map(|task| board.reader(board.task(task)?)).map(|reader| reader.id).next()
        }
        _ => home(subject, snapshot)?.reader,
    }
}

/// Why nothing may be opened, resolved or said about a subject: its container is held, or could not be read, or the
/// credential it is read with is refused, or it is itself not to be seen. That another container of the same connection
/// fails is no reason. `None`: it may. A connection is never held: that it cannot be read is what there is to say about it;
/// nor is a container by its own hold.
fn held(subject: SubjectKey, snapshot: &Snapshot<'_>) -> Option<Withheld> {
    let home = home(subject, snapshot)?;
    // Of a milestone, sprint or version all places count that its tasks live in.
    let places = snapshot.board.places(subject);
    if is_stale(home, snapshot.board) || places.iter().any(|place| is_stale(place, snapshot.board)) {
        return Some(Withheld::SourceStale);
    }
    if snapshot.board.is_home(home.id) {
        return places.iter().any(|place| place.hold.is_some()).then_some(Withheld::MassChange);
    }
    let SubjectKey::Task(task) = subject else { return None };
    if home.hold.is_some() {
        return Some(Withheld::MassChange);
    }
    // Frozen as it is, and not read: nobody can act on it, and it may be brought back.
    if home.archived {
        return Some(Withheld::NotVisible);
    }
    snapshot.board.task(task).is_some_and(|task| task.unseen()).then_some(Withheld::NotVisible)
}

fn is_stale(home: &ContainerRec, board: &Board) -> bool {
    let reader = home.reader.and_then(|id| board.connection(id));
    home.failing_since.is_some() || reader.is_some_and(|reader| reader.refused)
}

/// True while nothing may be opened, resolved or said about any task of a container. See [`held`].
pub(crate) fn is_closed_off(home: &ContainerRec, board: &Board) -> bool {
    home.hold.is_some() || is_stale(home, board)
}

/// See [`held`].
fn is_held(subject: SubjectKey, snapshot: &Snapshot<'_>) -> bool {
    held(subject, snapshot).is_some()
}
