//! Who hears of an alert and when, or why nobody does: compares what ought to be said with what has been.

use jiff::{SignedDuration, Timestamp};

use super::draft::Draft;
use super::handed::handed;
use super::ladder::climb;
use super::lapse::lapses_at;
use super::met::met_by;
use super::reach::tried_again_at;
use super::reconcile::resolves_at;
use super::speaks::may_send;
use super::step::settles_at;
use super::ways::{QUIET_AFTER_ACT, Want};
use super::whose::last_act;
use super::{budget, held, home, inhibit};
use crate::domain::alert::{Alert, AlertState, Ending, LogKind, Told, Withheld};
use crate::domain::calendar::{Calendar, later};
use crate::domain::finding::{Stage, SubjectKey};
use crate::domain::ids::{AlertId, NoticeId};
use crate::domain::notice::{Address, MessageState, Notice, NoticeState, Reason};
use crate::domain::record::{ContainerRec, HistoryReach};
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;
use connector_kit::Destination;

/// The first word leaves only if its task was read within so many polls.
const FRESH_POLLS: i32 = 3;
/// Instants are kept to the microsecond.
const JUST_AFTER: SignedDuration = SignedDuration::from_micros(1);

/// What is to be done about an alert.
#[derive(Debug, Default)]
struct Plan {
    say: Vec<Want>,
    /// Notices that stay as they are.
    keep: Vec<NoticeId>,
    withheld: Option<Withheld>,
    wakes: Vec<Timestamp>,
}

/// Settles what is said about one alert, and when it is thought about again.
pub(super) fn route(id: AlertId, draft: &mut Draft<'_>) {
    let Some(alert) = draft.alert(id).cloned() else { return };
    let mut plan = if alert.state == AlertState::Resolved { farewell(&alert, draft) } else { plan(&alert, draft) };
    if alert.state != AlertState::Resolved
        && held(alert.subject, draft.snapshot).is_none()
        && may_send(&alert, draft.snapshot)
    {
        let former = handed(&alert, draft);
        plan.say.extend(former.say);
        plan.keep.extend(former.keep);
        plan.wakes.extend(former.wake);
    }
    withdraw(&alert, &plan, draft);
    for want in plan.say {
        say(&alert, want, draft);
    }
    let now = draft.snapshot.now;
    let step_at = plan.wakes.into_iter().filter(|at| *at > now && *at < Timestamp::MAX).min();
    if alert.step_at != step_at
        && let Some(change) = draft.change(id)
    {
        change.alert.step_at = step_at;
    }
    if alert.withheld != plan.withheld && alert.state != AlertState::Resolved {
        let word = plan.withheld.as_ref().map_or("nothing", Withheld::word).to_owned();
        if let Some(change) = draft.change(id) {
            change.alert.withheld = plan.withheld;
        }
        draft.log(id, LogKind::Withheld, Some(word), None);
    }
}

fn plan(alert: &Alert, draft: &Draft<'_>) -> Plan {
    let mut plan = Plan::default();
    if alert.state == AlertState::Pending {
        plan.wakes.extend(settles_at(alert, draft.snapshot));
    }
    plan.wakes.extend(resolves_at(alert, draft.snapshot));
    plan.wakes.extend(lapses_at(alert, draft));
    if let Some((withheld, until)) = silenced(alert, draft) {
        plan.withheld = Some(withheld);
        plan.wakes.extend(until);
        return plan;
    }
    if alert.clear_since.is_some() {
        // What reads clear at present is not said: it goes soon, or comes back.
        plan.withheld = alert.told.is_empty().then_some(Withheld::Settling);
        return plan;
    }
    let asked = climb(alert, draft);
    plan.wakes.extend(asked.wakes);
    let notices = draft.notices(alert);
    let first_word_until = if alert.told.is_empty() { Some(stale_at(alert, draft.snapshot)) } else { None };
    for want in asked.wants {
        let met = met_by(&want, alert, &notices, draft);
        let held = held_back(&want, alert, draft);
        let leaves_at = met.and_then(|notice| leaves_at(notice, draft.snapshot));
        // What leaves later is looked at then.
        let fresh_until = first_word_until.filter(|_| want.address.is_sent() && leaves_at.is_none());
        plan.wakes.extend(leaves_at);
        match (met, held) {
            (Some(notice), _) if !draft.is_unsent(notice) => plan.keep.push(notice.id),
            // What waits for the channel anyway waits for the morning as well.
            (Some(notice), Some((Withheld::QuietHours | Withheld::Away, _))) => {
                plan.keep.push(notice.id);
                if budget::holds(notice, draft) {
                    plan.withheld.get_or_insert(Withheld::Budget);
                }
            }
            (_, Some((why, until))) => {
                plan.withheld.get_or_insert(why);
                plan.wakes.push(until);
            }
            // The next complete reading wakes it.
            (_, None) if fresh_until.is_some_and(|at| at < draft.snapshot.now) => {
                plan.withheld.get_or_insert(Withheld::SourceStale);
            }
            // What is about to be read of it may end the gap; that wakes it, too.
            (None, None) if want.address.is_sent() && is_behind(alert, draft.snapshot) => {
                plan.withheld.get_or_insert(Withheld::SourceStale);
            }
            (met, None) => {
                plan.wakes.extend(fresh_until.map(|at| later(at, JUST_AFTER)));
                plan.wakes.extend(met.and_then(|met| tried_again_at(met, draft.snapshot)));
                let is_held =
                    met.map_or_else(|| budget::will_hold(&want, alert, draft), |met| budget::holds(met, draft));
                if is_held {
                    plan.withheld.get_or_insert(Withheld::Budget);
                }
                match met {
                    Some(notice) => plan.keep.push(notice.id),
                    None => plan.say.push(want),
                }
            }
        }
    }
    if plan.withheld.is_none() {
        plan.withheld = waits_for(alert, asked.unreachable, &plan, &notices);
    }
    plan
}

/// Why nothing more is being said although nothing is held back.
fn waits_for(alert: &Alert, unreachable: bool, plan: &Plan, notices: &[&Notice]) -> Option<Withheld> {
    let on_its_way = |notice: &&Notice| {
        plan.keep.contains(&notice.id) && notice.state == NoticeState::Sealed && notice.address.is_sent()
    };
    let goes = plan.say.iter().any(|want| want.address.is_sent()) || notices.iter().any(on_its_way);
    if unreachable && alert.told.is_empty() && !goes {
        return Some(Withheld::NoAddressee);
    }
    let is_kept_line =
        |notice: &&&Notice| plan.keep.contains(&notice.id) && notice.state == NoticeState::Open && notice.rung == 0;
    let line = plan.say.iter().any(|want| want.rung == 0) || notices.iter().any(|notice| is_kept_line(&notice));
    // Who is only informed keeps nobody waiting.
    (line && alert.told.is_empty() && !goes).then_some(Withheld::Digest)
}

/// Why nothing at all may be said about an alert, and until when, where time ends it: the first reason that applies.
fn silenced(alert: &Alert, draft: &Draft<'_>) -> Option<(Withheld, Option<Timestamp>)> {
    let (snapshot, now) = (draft.snapshot, draft.snapshot.now);
    if let Some(why) = held(alert.subject, snapshot) {
        return Some((why, None));
    }
    if !may_send(alert, snapshot) {
        return Some((Withheld::Observing, None));
    }
    if alert.backlog && !snapshot.policy.tell_backlog {
        return Some((Withheld::Backlog, None));
    }
    if let Some(until) = alert.snoozed_until.filter(|until| *until > now) {
        return Some((Withheld::Snoozed, Some(until)));
    }
    if let Some(until) = alert.acked_until.filter(|until| *until > now) {
        return Some((Withheld::Acknowledged, Some(until)));
    }
    if alert.said.as_ref().is_some_and(|said| said.settles()) {
        return Some((Withheld::Dismissed, None));
    }
    if alert.state == AlertState::Pending {
        return Some((Withheld::Settling, None));
    }
    if let Some(until) = calms_at(alert, snapshot).filter(|until| *until > now) {
        return Some((Withheld::MassChange, Some(until)));
    }
    inhibit::inhibitor(alert, draft).map(|by| (by, None))
}

/// When a gap may be spoken of that came up after much of its container was changed at once: the day after, unless it was
/// told before. What was changed at once after it came up is not its concern. `None`: it did not.
fn calms_at(alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let SubjectKey::Task(_) = alert.subject else { return None };
    let before = home(alert.subject, snapshot)?.bulks.iter().filter(|bulk| alert.opened_at >= bulk.from_at);
    before.map(|bulk| bulk.calms_at()).max().filter(|_| alert.told.is_empty())
}

/// Until when the last reading of the alert's container counts as fresh. What lives in no container is always fresh.
pub(super) fn stale_at(alert: &Alert, snapshot: &Snapshot<'_>) -> Timestamp {
    let places = snapshot.board.places(alert.subject).into_iter();
    places.map(|home| fresh_until(home, snapshot)).min().unwrap_or(Timestamp::MAX)
}

/// Until when what was read of a place counts as fresh.
pub(super) fn fresh_until(home: &ContainerRec, snapshot: &Snapshot<'_>) -> Timestamp {
    let poll = home.reader.and_then(|id| snapshot.board.connection(id)).map(|reader| reader.poll);
    let (Some(fresh_at), Some(poll)) = (home.fresh_at, poll) else { return Timestamp::MIN };
    later(fresh_at, poll.saturating_mul(FRESH_POLLS))
}

/// True while a task is newer than the history that was read for it, as between two pages of one poll.
fn is_behind(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let SubjectKey::Task(id) = alert.subject else { return false };
    let changed_at = snapshot.board.task(id).map(TaskRow::changed_at);
    match home(alert.subject, snapshot).map(|home| home.history) {
        Some(HistoryReach::Known { read_at, .. }) => changed_at.is_some_and(|at| at > read_at),
        Some(HistoryReach::Pending | HistoryReach::Absent) | None => false,
    }
}

/// When a word leaves that is sealed and waits for its time. `None`: it may leave now, has left, or is not sealed yet.
fn leaves_at(notice: &Notice, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let message = snapshot.board.message(notice.message.filter(|_| notice.state == NoticeState::Sealed)?)?;
    (message.state == MessageState::Sealed && message.due_at > snapshot.now).then_some(message.due_at)
}

/// Why one person is not told now, and until when.
fn held_back(want: &Want, alert: &Alert, draft: &Draft<'_>) -> Option<(Withheld, Timestamp)> {
    let snapshot = draft.snapshot;
    if !want.address.is_sent() {
        return None;
    }
    let people = &snapshot.board.people;
    let in_channel = matches!(want.address, Address::Slack(Destination::Channel(_)));
    let calendar = if in_channel { &people.default_calendar } else { people.calendar(Some(want.account)) };
    // Nobody is written to while they are away, at whatever hour.
    let back_at = people.back_at(want.account, snapshot.now).filter(|_| !in_channel);
    if let Some(back_at) = back_at {
        return Some((Withheld::Away, calendar.next_open(back_at)));
    }
    let acted = last_act(want.account, alert, snapshot).filter(|_| !in_channel);
    if let Some(until) = acted.map(|at| snapshot.policy.recent_action.after(at, calendar))
        && until > snapshot.now
    {
        return Some((Withheld::RecentAction, until));
    }
    let later_than_now = |until: &Timestamp| *until > snapshot.now;
    if let Some(until) = given_until(want, alert, snapshot).filter(later_than_now) {
        return Some((Withheld::Settling, until));
    }
    if let Some(until) = answered_until(want, alert, calendar, draft).filter(later_than_now) {
        return Some((Withheld::Answered, until));
    }
    let closed = snapshot.policy.work_hours_only && !calendar.is_open(snapshot.now);
    closed.then(|| (Withheld::QuietHours, calendar.next_open(snapshot.now)))
}

/// Until when an act on the task by whoever was told of it counts as an answer, and it is not put to them again: neither
/// because it got worse, nor because it came back. A failure is another matter, and so is a further question on another
/// day. `None`: they have not acted since they were told.
fn answered_until(want: &Want, alert: &Alert, calendar: &Calendar, draft: &Draft<'_>) -> Option<Timestamp> {
    let is_first = matches!(want.reason, Reason::Opened | Reason::Worsened);
    if want.rung != 1 || !is_first || alert.stage == Stage::Failure {
        return None;
    }
    let (snapshot, people) = (draft.snapshot, &draft.snapshot.board.people);
    let told = snapshot
        .board
        .notices_of(alert.id)
        .filter(|notice| !notice.reason.is_farewell() && people.same(notice.account, want.account));
    // What they did before they were told again is no answer to that.
    let told_at = told.filter_map(|notice| notice.told_at).max()?;
    let acted_at = last_act(want.account, alert, snapshot).filter(|at| *at > told_at)?;
    let anew = alert.finding.evidence.question().is_some() && calendar.date(acted_at) < calendar.date(snapshot.now);
    (!anew).then(|| calendar.after(acted_at, QUIET_AFTER_ACT * calendar.day_secs()))
}

/// Until when a task that has just been given to somebody is left alone: it may be given to somebody else at once.
fn given_until(want: &Want, alert: &Alert, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let SubjectKey::Task(task) = alert.subject else { return None };
    let given_at = snapshot.board.task(task)?.facts().assigned_since(want.account).filter(|_| want.rung == 1)?;
    Some(later(given_at, snapshot.policy.settle))
}

/// Everybody who was told hears that it is over, by the way they were told; nobody else does.
fn farewell(alert: &Alert, draft: &Draft<'_>) -> Plan {
    let mut plan = Plan::default();
    let notices = draft.notices(alert);
    plan.keep.extend(notices.iter().filter(|notice| notice.reason == Reason::Resolved).map(|notice| notice.id));
    if !alert.ending.is_some_and(Ending::is_told) || !may_send(alert, draft.snapshot) {
        return plan;
    }
    // There is nothing left to comment on.
    let in_comment = |told: &&Told| matches!(told.address, Address::Comment { .. });
    let is_there = alert.ending == Some(Ending::Resolved);
    for told in alert.told.iter().filter(|told| is_there || !in_comment(told)) {
        let same = |account, address: &Address| account == told.account && *address == told.address;
        let said =
            notices.iter().any(|notice| notice.reason == Reason::Resolved && same(notice.account, &notice.address));
        if !said
            && !hears_at_once(told, alert, &notices)
            && !plan.say.iter().any(|want| same(want.account, &want.address))
        {
            let (account, address) = (told.account, told.address.clone());
            plan.say.push(Want { account, address, rung: told.rung, reason: Reason::Resolved });
        }
    }
    plan
}

/// True for a line of a digest to whom was told in person as well: that it is over they hear there, and once.
fn hears_at_once(told: &Told, alert: &Alert, notices: &[&Notice]) -> bool {
    let in_person = |other: &&Told| other.account == told.account && other.address.is_private();
    let is_lost = |other: &Told| {
        notices.iter().any(|notice| {
            notice.reason == Reason::Resolved && notice.address == other.address && notice.state == NoticeState::Dead
        })
    };
    matches!(told.address, Address::Digest(_)) && alert.told.iter().filter(in_person).any(|other| !is_lost(other))
}

/// Takes back what was not sent and is not true, or not wanted, any more.
fn withdraw(alert: &Alert, plan: &Plan, draft: &mut Draft<'_>) {
    let why = match (&plan.withheld, alert.state) {
        (_, AlertState::Resolved) => "it is over",
        (Some(withheld), _) => withheld.word(),
        (None, _) => "overtaken by what came after",
    };
    draft.withdraw(alert.id, &plan.keep, why);
}

/// Writes the decision down.
fn say(alert: &Alert, want: Want, draft: &mut Draft<'_>) {
    let now = draft.snapshot.now;
    let alike =
        |notice: &&&Notice| notice.account == want.account && notice.reason == want.reason && notice.rung == want.rung;
    let round = draft.notices(alert).iter().filter(alike).map(|notice| notice.round + 1).max().unwrap_or(0);
    let id = NoticeId(draft.ids.notice);
    draft.ids.notice += 1;
    let logged = want.address == Address::Log;
    let state = match want.address {
        Address::Log => NoticeState::Told,
        Address::Digest(_) => NoticeState::Open,
        Address::Slack(_) | Address::Email(_) | Address::Comment { .. } => NoticeState::Sealed,
    };
    let mut finding = alert.finding.clone();
    finding.stage = alert.stage;
    draft.put_notice(Notice {
        id,
        alert: alert.id,
        episode: alert.episode,
        reason: want.reason,
        rung: want.rung,
        round,
        account: want.account,
        address: want.address.clone(),
        state,
        why: None,
        message: None,
        post: None,
        finding,
        decided_at: now,
        told_at: logged.then_some(now),
    });
    if logged {
        logged_now(alert.id, &want, draft);
    }
}

/// The log is told at once.
fn logged_now(id: AlertId, want: &Want, draft: &mut Draft<'_>) {
    let at = draft.snapshot.now;
    if want.reason != Reason::Resolved
        && let Some(change) = draft.change(id)
    {
        change.alert.hears(Told { account: want.account, address: want.address.clone(), rung: want.rung, at });
    }
    draft.log(id, LogKind::Told, Some("in the log".to_owned()), None);
}
