//! Who ought to have heard of a gap by now, and when the next one ought to: the ladder, without any reason for silence.
//!
//! Rung 0 is a line of the owner's digest, rung 1 the owner in person, rung 2 the manager, rung 3 whoever leads the manager.
//! Nobody above the owner hears before the owner did, except where there is no owner who can be told.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::draft::Draft;
use super::inform::inform;
use super::lapse::lapses_at;
use super::repeat::repeat;
use super::route;
use super::sponsor;
use super::whose::{heads, last_act, leader};
use crate::domain::alert::Alert;
use crate::domain::calendar::Calendar;
use crate::domain::finding::{Addressee, FirstWord, RuleId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::notice::{Address, Notice, NoticeState, Reason};
use crate::domain::people::Person;
use crate::domain::routes::Via;
use crate::domain::said::Claim;
use crate::domain::snapshot::Snapshot;
use connector_kit::Destination;
use connector_model::Due;

/// Calendar days to the deadline from which a widening gap cannot wait.
const NEAR_DAYS: i32 = 3;
/// Working days after the owner's word until the manager hears: a failure, or a gap near its date.
const MANAGER_SOON: i64 = 1;
/// Any other gap.
const MANAGER_LATER: i64 = 2;
/// Working days of the owner's silence after an act of theirs that postponed it, for a gap that is no failure.
pub(super) const QUIET_AFTER_ACT: i64 = 3;

/// One word that ought to be said, or have been said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Want {
    /// To whom.
    pub(super) account: AccountId,
    /// Where.
    pub(super) address: Address,
    /// 0 digest, 1 owner, 2 manager, 3 whoever leads the manager.
    pub(super) rung: u8,
    /// Why.
    pub(super) reason: Reason,
}

/// What the ladder asks for at present.
#[derive(Debug, Default)]
pub(super) struct Climb {
    /// Everything that ought to be said, or have been said, at the present stage.
    pub(super) wants: Vec<Want>,
    /// When it may ask for more.
    pub(super) wakes: Vec<Timestamp>,
    /// Nobody of those who ought to hear first can be reached.
    pub(super) unreachable: bool,
}

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
        climb.unreachable = climb.wants.is_empty();
        return climb;
    }
    climb.wants = match alert.finding.addressee {
        Addressee::Operators => operators(alert, draft),
        Addressee::Owners | Addressee::Account(_) | Addressee::Manager => firsts(&heads, None, alert, draft),
    };
    let muted = !heads.is_empty() && heads.iter().all(|head| is_muted(*head, draft));
    climb.unreachable = climb.wants.is_empty() || muted;
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

pub(super) fn is_muted(account: AccountId, draft: &Draft<'_>) -> bool {
    draft.snapshot.board.people.is_muted(account)
}

/// True for what goes at once, as a message of its own.
pub(crate) fn cannot_wait(alert: &Alert, calendar: &Calendar, now: Timestamp) -> bool {
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

fn digest(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Want {
    let handle = draft.snapshot.board.people.handle(account);
    Want { account, address: Address::Digest(handle), rung: 0, reason: reason(account, alert, draft) }
}

/// The first word about it to this account, or a further one because it got worse.
pub(super) fn reason(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Reason {
    let said_milder = |notice: &&Notice| {
        let earlier = notice.finding.stage < alert.stage || !is_same_question(notice, alert);
        notice.account == account && notice.told_at.is_some() && notice.rung <= 1 && earlier
    };
    if draft.notices(alert).iter().any(said_milder) { Reason::Worsened } else { Reason::Opened }
}

/// False for a word about an earlier question of a rule that asks again and again.
pub(super) fn is_same_question(notice: &Notice, alert: &Alert) -> bool {
    notice.finding.evidence.question() == alert.finding.evidence.question()
}

/// Every head in private, and one comment on the task; a mention in it for whom it is the only way, or the one that is asked
/// for.
pub(super) fn firsts(heads: &[AccountId], via: Option<Via>, alert: &Alert, draft: &Draft<'_>) -> Vec<Want> {
    let comment = comment(alert, draft);
    let mut wants = Vec::new();
    let mut mentioned = false;
    for head in heads {
        if is_muted(*head, draft) {
            wants.push(digest(*head, alert, draft));
            continue;
        }
        let mut want =
            |address| wants.push(Want { account: *head, address, rung: 1, reason: reason(*head, alert, draft) });
        let mention = || {
            let ((connection, task), login) = (comment.clone()?, login(*head, alert, draft)?);
            Some(Address::Comment { connection, task, mention: Some(login) })
        };
        let (slack, mail) = (|| slack(*head, alert, draft), || mail(*head, alert, draft));
        let address = match via {
            None | Some(Via::Slack) => slack().or_else(mention).or_else(mail),
            Some(Via::Email) => mail().or_else(slack).or_else(mention),
            Some(Via::Comment) => mention().or_else(slack).or_else(mail),
        };
        if let Some(address) = address {
            mentioned |= matches!(address, Address::Comment { .. });
            want(address);
        }
    }
    // It belongs to the first owner, who has been told in private; so nobody is mentioned.
    if let (Some((connection, task)), false, Some(first)) = (comment, mentioned, heads.first())
        && !wants.is_empty()
    {
        let address = Address::Comment { connection, task, mention: None };
        wants.push(Want { account: *first, address, rung: 1, reason: reason(*first, alert, draft) });
    }
    wants
}

/// Where a person is told in Slack. `None`: not known, muted, or refused in this episode.
fn slack(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    let snapshot = draft.snapshot;
    let person = snapshot.board.people.person(account).filter(|_| !is_muted(account, draft))?;
    let address = snapshot.policy.in_slack(person)?;
    (!is_dead(account, &address, alert, draft)).then_some(address)
}

/// Where a person is told by mail, likewise.
fn mail(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    let snapshot = draft.snapshot;
    let person = snapshot.board.people.person(account).filter(|_| !is_muted(account, draft))?;
    let address = snapshot.policy.by_mail(person)?;
    (!is_dead(account, &address, alert, draft)).then_some(address)
}

/// Where a person is told in private: in Slack, else by mail. `None`: neither is known, or both refused in this episode.
pub(super) fn private(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    slack(account, alert, draft).or_else(|| mail(account, alert, draft))
}

/// The same, by the channel that is asked for where it is there.
pub(super) fn by(via: Option<Via>, account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Address> {
    match via {
        Some(Via::Email) => mail(account, alert, draft).or_else(|| slack(account, alert, draft)),
        Some(Via::Slack | Via::Comment) | None => private(account, alert, draft),
    }
}

/// The connection and task on which our comment may be written. `None`: not here, not at this stage, or not any more.
fn comment(alert: &Alert, draft: &Draft<'_>) -> Option<(String, TaskId)> {
    let snapshot = draft.snapshot;
    let (SubjectKey::Task(id), Addressee::Owners) = (alert.subject, &alert.finding.addressee) else { return None };
    let reader = snapshot.board.reader(snapshot.board.task(id)?)?;
    let allowed = snapshot.policy.comments_on.contains(&reader.id) && alert.stage >= snapshot.policy.comments_from;
    (allowed && draft.takes_comments(id)).then(|| (reader.name.to_string(), id))
}

/// The login by which an owner is mentioned. `None`: it has none, or a mention was refused in this episode.
fn login(account: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<String> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let board = draft.snapshot.board;
    let rec = board.people.accounts.get(&account)?;
    // The account that stands for a person of the configuration is none of the tool's.
    let elsewhere = super::home(alert.subject, draft.snapshot).is_some_and(|home| home.site != rec.site);
    let login = rec.handle.clone().filter(|_| !elsewhere)?;
    let address = Address::Comment { connection: String::new(), task, mention: Some(login.clone()) };
    (!is_dead(account, &address, alert, draft)).then_some(login)
}

/// True when the channel has given up on this account in this episode.
pub(super) fn is_dead(account: AccountId, address: &Address, alert: &Alert, draft: &Draft<'_>) -> bool {
    let dead = |notice: &&Notice| {
        notice.state == NoticeState::Dead && notice.account == account && is_same_way(&notice.address, address)
    };
    draft.notices(alert).iter().any(dead)
}

/// The same channel for the same kind of word; a person's other address within it is no other way.
fn is_same_way(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Slack(a), Address::Slack(b)) => is_channel(a) == is_channel(b),
        _ => one.channel() == other.channel(),
    }
}

fn is_channel(destination: &Destination) -> bool {
    matches!(destination, Destination::Channel(_))
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
    if !climbs || !is_told {
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
    let at = escalates_at(since, soon, heads, alert, calendar, draft);
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

/// Working days for which an act on the task counts as an answer.
pub(super) fn quiet_days(alert: &Alert) -> u16 {
    u16::try_from(if alert.stage == Stage::Failure { MANAGER_SOON } else { QUIET_AFTER_ACT }).unwrap_or(u16::MAX)
}

/// When the first of them was told at this stage, and since it was given to them; where none of them can be, when it fired.
/// `None`: they have not been told yet, so nobody else is.
pub(super) fn heard_at(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, unreachable: bool) -> Option<Timestamp> {
    let people = &draft.snapshot.board.people;
    let given_at = |account: AccountId| match alert.subject {
        SubjectKey::Task(task) => draft.snapshot.board.task(task).and_then(|task| task.facts().assigned_since(account)),
        _ => None,
    };
    let said = |notice: &&Notice| {
        let to_them = heads.iter().any(|head| people.same(*head, notice.account));
        if !to_them || given_at(notice.account).is_some_and(|at| notice.decided_at < at) {
            return None;
        }
        let heard = notice.told_at.or((notice.state == NoticeState::Unsure).then_some(notice.decided_at));
        let at_this_stage = notice.finding.stage == alert.stage && is_same_question(notice, alert);
        heard.filter(|_| notice.rung == 1 && notice.reason != Reason::Resolved && at_this_stage)
    };
    let said = draft.notices(alert).iter().filter_map(said).min();
    said.or_else(|| alert.fired_at.filter(|_| unreachable).map(|at| at.max(alert.stage_at)))
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

/// The manager in person, or a line of their digest; without a manager the channel for what has none.
pub(super) fn manager(heads: &[AccountId], direct: bool, via: Option<Via>, alert: &Alert, draft: &Draft<'_>) -> Want {
    let policy = draft.snapshot.policy;
    let manager = leader(heads, alert.subject, draft.snapshot);
    let account = manager.map_or(AccountId::NOBODY, |person| person.own_account);
    let reaches = policy.slack || policy.slack_webhook;
    let channel = policy.slack_channel.as_ref().filter(|_| reaches && alert.stage == Stage::Failure);
    let channel = channel.map(|channel| Address::Slack(Destination::Channel(channel.clone())));
    // What goes to a channel is told to nobody in particular.
    let channel = channel.filter(|address| !is_dead(AccountId::NOBODY, address, alert, draft));
    let digest = Address::Digest(manager.map_or_else(|| "channel".to_owned(), |person| person.handle.clone()));
    let private = manager.filter(|_| direct).and_then(|person| by(via, person.own_account, alert, draft));
    let account = if private.is_none() && channel.is_some() { AccountId::NOBODY } else { account };
    let address = private.or(channel).unwrap_or(digest);
    Want { account, address, rung: 2, reason: Reason::Escalated }
}

/// The notice by which a want has been met, or is about to be.
pub(super) fn met_by<'d>(want: &Want, alert: &Alert, notices: &[&'d Notice], draft: &Draft<'_>) -> Option<&'d Notice> {
    let since = assigned_since(want, alert, draft.snapshot);
    let asked_since = if want.reason == Reason::Asked { alert.asks_again_at() } else { None };
    let meets = |notice: &&&Notice| {
        notice.state != NoticeState::Dead
            && notice.reason != Reason::Resolved
            && notice.finding.stage >= alert.stage
            && (notice.reason == Reason::Repeated) == (want.reason == Reason::Repeated)
            // A repeat that has left is the one before.
            && (want.reason != Reason::Repeated || draft.is_unsent(notice))
            && (want.rung > 1 || is_same_question(notice, alert))
            && asked_since.is_none_or(|since| notice.reason == Reason::Asked && notice.decided_at >= since)
            && is_met_there(want, notice)
            && since.is_none_or(|since| notice.decided_at >= since)
    };
    notices.iter().rev().find(meets).copied()
}

fn is_met_there(want: &Want, notice: &Notice) -> bool {
    match (&want.address, &notice.address) {
        // A comment that mentions nobody is the task's, whoever has it now.
        (Address::Comment { mention: None, .. }, Address::Comment { .. }) => notice.rung == want.rung,
        // Who goes by another name by now has been told all the same.
        (Address::Comment { mention, .. }, Address::Comment { mention: said, .. }) => {
            notice.account == want.account && mention.is_some() == said.is_some()
        }
        // Who was told directly needs no line in the digest.
        (Address::Digest(_), _) => {
            notice.account == want.account
                && (notice.rung == want.rung || (want.rung == 0 && notice.rung == 1))
                && !matches!(notice.address, Address::Comment { mention: None, .. })
        }
        (address, said) => notice.account == want.account && notice.rung == want.rung && is_same_way(address, said),
    }
}

/// An owner who got the task back hears again. `None`: it does not matter since when.
fn assigned_since(want: &Want, alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let personal = !matches!(want.address, Address::Comment { mention: None, .. });
    let SubjectKey::Task(task) = alert.subject else { return None };
    let facts = &snapshot.board.task(task)?.facts();
    if want.rung != 1 || !personal || alert.finding.addressee != Addressee::Owners {
        return None;
    }
    facts.assigned_since(want.account)
}
