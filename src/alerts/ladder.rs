//! Who ought to have heard of a gap by now, and when the next one ought to: the ladder, without any reason for silence.
//!
//! Rung 0 is a line of the owner's digest, rung 1 the owner in person, rung 2 the manager, rung 3 whoever leads the manager.
//! Nobody above the owner hears before the owner did, except where there is no owner who can be told.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::digest_way::reaches;
use super::draft::Draft;
use super::inform::inform;
use super::lapse::lapses_at;
use super::reach::{all_wait, were_refused};
use super::repeat::repeat;
use super::route;
use super::sponsor;
use super::ways::{
    Climb, MANAGER_SOON, Want, digest, firsts, heard_at, is_dead, is_muted, is_told_once, manager, private, quiet_days,
    reason,
};
use super::whose::{heads, last_act, leader};
use crate::domain::alert::Alert;
use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, FirstWord, RuleId, Stage};
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Reason};
use crate::domain::people::Person;
use crate::domain::said::Claim;
use crate::domain::snapshot::Snapshot;
use connector_kit::Destination;
use connector_model::Due;

/// Calendar days to the deadline from which a widening gap cannot wait.
const NEAR_DAYS: i32 = 3;
/// Working days after the owner's word until the manager hears of a gap that can wait.
const MANAGER_LATER: i64 = 2;

/// Asks the ladder.
pub(super) fn climb(alert: &Alert, draft: &Draft<'_>) -> Climb {
    let mut climb = Climb::default();
    let all = heads(alert, draft.snapshot);
    let heads = present(&all, alert, draft.snapshot, &mut climb);
    if heads.is_empty() && !all.is_empty() {
        // Nobody who ought to hear first is here, and nobody acts for them: it is for whoever leads them to know.
        let disowned = alert.said.as_ref().is_some_and(|said| said.what == Claim::NotMine);
        let direct = is_direct(alert) || disowned;
        climb.wants.push(manager(&all, direct, None, alert, draft));
        return climb;
    }
    if let Some(way) = route::route_of(alert, draft.snapshot) {
        route::follow(way, &heads, alert, draft, &mut climb);
        climb.wants.extend(asked(&heads, alert, draft));
        return climb;
    }
    if !is_direct(alert) {
        climb.wants = heads.iter().map(|head| digest(*head, alert, draft)).collect();
        climb.unreachable = !climb.wants.iter().any(|want| reaches(want.account, draft.snapshot));
        return climb;
    }
    climb.wants = match alert.finding.addressee {
        Addressee::Operators => operators(alert, draft),
        Addressee::Owners | Addressee::Account(_) | Addressee::Manager => firsts(&heads, None, alert, draft),
    };
    let muted = !heads.is_empty() && heads.iter().all(|head| is_muted(*head, draft));
    climb.unreachable = climb.wants.is_empty() || muted || all_wait(&climb.wants, alert, draft);
    climb.wants.extend(asked(&heads, alert, draft));
    repeat(&heads, alert, draft, &mut climb);
    escalate(&heads, alert, draft, &mut climb);
    inform(&heads, alert, draft, &mut climb);
    climb
}

/// True when the first word goes to the person, false when it is a line of a digest.
fn is_direct(alert: &Alert) -> bool {
    match alert.finding.first {
        Some(FirstWord::Direct) => true,
        Some(FirstWord::Digest) => false,
        None => alert.stage >= Stage::Widens,
    }
}

/// Whoever asked for time, once it is over: does it still hold?
fn asked(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>) -> Vec<Want> {
    let is_over = |at: Timestamp| at <= draft.snapshot.now;
    let Some(said) = alert.said.as_ref().filter(|_| alert.asks_again_at().is_some_and(is_over)) else {
        return Vec::new();
    };
    let whom = if said.by == AccountId::NOBODY { heads.first().copied() } else { Some(said.by) };
    let wants = whom.map(|whom| firsts(&[whom], None, alert, draft)).unwrap_or_default();
    let to_person = |want: &Want| !matches!(want.address, Address::Comment { mention: None, .. });
    wants.into_iter().filter(to_person).map(|want| Want { reason: Reason::Asked, ..want }).collect()
}

/// True for what goes at once, as a message of its own.
pub(crate) fn cannot_wait(alert: &Alert, calendar: &Calendar, now: Timestamp) -> bool {
    if is_told_once(alert) {
        return false;
    }
    alert.stage == Stage::Failure
        || (alert.stage == Stage::Widens && near_from(alert, calendar).is_some_and(|at| at <= now))
}

/// From when on at most three calendar days are left. `None`: it has no deadline.
fn near_from(alert: &Alert, calendar: &Calendar) -> Option<Timestamp> {
    let deadline = alert.finding.deadline?;
    let date = match deadline.due {
        Due::On(date) => date,
        Due::At(at) => calendar.date(at),
    };
    Some(date.checked_sub(NEAR_DAYS.days()).map_or(Timestamp::MIN, |date| calendar.day_begins(date)))
}

/// Of those who ought to hear first the ones who are here, and in the place of each who is away their deputy. Looks again
/// when somebody is back.
fn present(heads: &[AccountId], alert: &Alert, snapshot: &Snapshot<'_>, climb: &mut Climb) -> Vec<AccountId> {
    let people = &snapshot.board.people;
    let mut here: Vec<AccountId> = Vec::new();
    let disowned = alert.said.as_ref().filter(|said| said.what == Claim::NotMine).map(|said| said.by);
    for head in heads.iter().filter(|head| disowned.is_none_or(|by| !people.same(by, **head))) {
        let stands = match people.back_at(*head, snapshot.now) {
            None => Some(*head),
            Some(back_at) => {
                climb.wakes.push(back_at);
                let deputy = people.deputy(*head).filter(|one| people.back_at(one.own_account, snapshot.now).is_none());
                deputy.map(|deputy| account_there(deputy, alert, snapshot))
            }
        };
        here.extend(stands.filter(|one| !here.iter().any(|other| people.same(*other, *one))));
    }
    here
}

/// A person's account where the task lives, by which they can be mentioned there; else their own.
fn account_there(person: &Person, alert: &Alert, snapshot: &Snapshot<'_>) -> AccountId {
    let board = snapshot.board;
    let site = super::home(alert.subject, snapshot).map(|home| home.site);
    let there = |account: &AccountId| board.people.accounts.get(account).is_some_and(|rec| Some(rec.site) == site);
    board.accounts_of(person.id).find(there).unwrap_or(person.own_account)
}

/// The operators in person, else their channel, else the log.
fn operators(alert: &Alert, draft: &Draft<'_>) -> Vec<Want> {
    let (people, policy) = (&draft.snapshot.board.people, draft.snapshot.policy);
    let want = |account, address| Want { account, address, rung: 1, reason: reason(account, alert, draft) };
    let persons = people.operators.iter().filter_map(|id| people.persons.get(id));
    let reached: Vec<Want> = persons
        .filter_map(|person| Some(want(person.own_account, private(person.own_account, alert, draft)?)))
        .collect();
    if !reached.is_empty() {
        return reached;
    }
    let channel = policy.operators_channel.as_ref().filter(|_| policy.slack);
    let channel = channel.map(|channel| Address::Slack(Destination::Channel(channel.clone())));
    let channel = channel.filter(|address| !is_dead(AccountId::NOBODY, address, alert, draft));
    vec![want(AccountId::NOBODY, channel.unwrap_or(Address::Log))]
}

/// A question that is not answered is between two people, unless the task is in danger otherwise: then it is for whoever leads
/// them to know as well. `open`: what is open about the task.
pub(crate) fn concerns_manager<'a>(alert: &Alert, mut open: impl Iterator<Item = &'a Alert>) -> bool {
    let endangers = |other: &'a Alert| {
        other.id != alert.id && (other.stage >= Stage::Widens || other.rule == RuleId("due.at_risk"))
    };
    alert.rule != RuleId("answer.waiting") || open.any(endangers)
}

/// Adds the manager, once the owner has had the time to do something.
fn escalate(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, climb: &mut Climb) {
    // That there is no sign of somebody is a line for whoever leads them, however near the date.
    let only_line = alert.rule == RuleId("ack.missing");
    let climbs = alert.stage >= Stage::Widens || only_line || alert.rule == RuleId("owner.none");
    let snapshot = draft.snapshot;
    // What is told to the manager is for them to settle, but for what a whole plan hangs on.
    let is_told = match alert.finding.addressee {
        Addressee::Owners | Addressee::Account(_) => true,
        Addressee::Manager => {
            alert.rule == RuleId("milestone.at_risk") && leader(heads, alert.subject, snapshot).is_some()
        }
        Addressee::Operators => false,
    };
    if !climbs || !is_told || is_told_once(alert) || !concerns_manager(alert, draft.live(alert.subject)) {
        return;
    }
    let Some(since) = heard_at(heads, alert, draft, climb.unreachable) else { return };
    let calendar = snapshot.board.people.calendar(heads.first().copied());
    let near = near_from(alert, calendar);
    let soon = alert.stage == Stage::Failure || (!only_line && near.is_some_and(|at| at <= snapshot.now));
    if alert.rule == RuleId("due.at_risk") && !soon {
        // A week before its date it is between us and the owner.
        climb.wakes.extend(near);
        return;
    }
    let refused = climb.unreachable && were_refused(heads, alert, draft);
    let at = if refused { since } else { escalates_at(since, soon, heads, alert, calendar, draft) };
    if at > snapshot.now {
        climb.wakes.push(at);
        climb.wakes.extend(near);
        return;
    }
    if !soon {
        climb.wakes.extend(near);
    }
    climb.wants.push(manager(heads, soon, None, alert, draft));
    sponsor::rise(heads, since, alert, calendar, draft, climb);
}

fn escalates_at(
    since: Timestamp,
    soon: bool,
    heads: &[AccountId],
    alert: &Alert,
    calendar: &Arc<Calendar>,
    draft: &Draft<'_>,
) -> Timestamp {
    let (snapshot, lapses) = (draft.snapshot, lapses_at(alert, draft));
    let days = |at, days| calendar.after(at, days * calendar.day_secs());
    // It had come as far as the manager in the episode before, and goes on there.
    let resumed = alert.rung >= 2 && alert.told.iter().all(|told| told.rung < 2);
    let plain = match (resumed, soon) {
        (true, _) | (false, true) => days(since, MANAGER_SOON),
        (false, false) if alert.rule == RuleId("load.overloaded") => days(since, MANAGER_SOON),
        (false, false) => days(since, MANAGER_LATER),
    };
    let quiet = i64::from(quiet_days(alert));
    let acted = heads.iter().filter_map(|head| last_act(*head, alert, snapshot)).max();
    let acted = acted.filter(|at| *at > since).map(|at| days(at, quiet));
    // Whoever asked for time has it, and is asked first when it is over.
    [Some(plain), acted, lapses].into_iter().flatten().max().unwrap_or(plain)
}
