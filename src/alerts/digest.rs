//! Which digests are due, and what each takes with it.
//!
//! A digest has one turn a day. At its turn it takes the lines that wait for it, or is left out where it would be empty; what
//! comes up later waits for the next turn. A turn waits a while for reading that is behind, so that it says nothing stale.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::digest_way::address;
use super::draft::Draft;
use super::held;
use super::routing::stale_at;
use super::teams::{Team, is_quiet_backlog, leads};
use crate::domain::alert::{Alert, AlertState};
use crate::domain::calendar::{Calendar, later};
use crate::domain::digest::{DigestOf, DigestTurn, WeeklyTo};
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::ids::{AccountId, NoticeId};
use crate::domain::notice::{Address, DigestDue, Message, MessageState, Notice, NoticeState, PostAbout, Reason};
use crate::domain::policy::{Mode, Policy};
use crate::domain::record::ContainerRec;
use crate::domain::rhythm::Slot;
use crate::domain::row::TaskRow;
use crate::domain::snapshot::Snapshot;

/// How long a digest waits for reading that is behind.
const WAITS: SignedDuration = SignedDuration::from_mins(15);
/// A look that decided nothing is repeated after this.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// Working days after the first word from which a gap is spoken of once a month.
const LONG_OPEN: i64 = 15;

/// Takes what is due.
pub(super) fn gather(draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    baselines(draft);
    if !is_live(snapshot.policy) {
        return;
    }
    free_missed(draft);
    let due: Vec<(DigestOf, Slot)> =
        all(snapshot).into_iter().filter_map(|of| Some((of, due_slot(of, snapshot)?))).collect();
    if due.is_empty() {
        return;
    }
    let mut lines = waiting(draft);
    for (of, slot) in due {
        let lines = lines.remove(&of).unwrap_or_default();
        if is_behind(of, &lines, draft) && snapshot.now < later(slot.from, WAITS) {
            continue;
        }
        let fresh: Vec<NoticeId> = lines.iter().filter(|line| is_fresh(line, draft)).map(|line| line.id).collect();
        let said = is_wanted(of, slot, &lines, &fresh, draft);
        let turn = snapshot.board.turn(of);
        let made_at = if said { Some(snapshot.now) } else { turn.and_then(|turn| turn.made_at) };
        draft.turns.push(DigestTurn { of, day: slot.day, made_at });
        if let (true, Some(address)) = (said, address(of, snapshot)) {
            take(DigestDue { of, day: slot.day, address, lines: fresh }, draft);
        }
    }
}

/// The digest as it would be if it had its turn now. Nothing where it has no address or nothing to say.
pub(super) fn force(of: DigestOf, draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    let lines: Vec<NoticeId> = waiting(draft).remove(&of).unwrap_or_default().iter().map(|line| line.id).collect();
    let day = calendar(of, snapshot).date(snapshot.now);
    if matches!(of, DigestOf::Person(_)) && lines.is_empty() {
        return;
    }
    let shown = Address::Digest(of.account().map_or("operators".to_owned(), |it| snapshot.board.people.handle(it)));
    let address = address(of, snapshot).unwrap_or(shown);
    take(DigestDue { of, day, address, lines }, draft);
}

/// Digests that wait to be sent though their day is over.
pub(crate) fn missed<'a>(snapshot: &'a Snapshot<'a>) -> impl Iterator<Item = &'a Message> {
    snapshot.board.messages().filter(|message| {
        let about = snapshot.board.post(message.post).map(|post| post.about);
        let Some(PostAbout::Digest(of, day)) = about.filter(|_| message.state == MessageState::Sealed) else {
            return false;
        };
        of.account().is_some() && calendar(of, snapshot).date(snapshot.now) > day
    })
}

/// The lines of a digest that could not leave on its day wait for the next one.
fn free_missed(draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    for message in missed(snapshot) {
        for line in snapshot.board.notices_in(message.post) {
            let unsent = line.message == Some(message.id) && line.state == NoticeState::Sealed;
            if let Some(line) =
                draft.notice(line.id).filter(|line| unsent && line.state == NoticeState::Sealed).cloned()
            {
                // What is said once more belongs to no digest: it is decided anew.
                let state =
                    if matches!(line.address, Address::Digest(_)) { NoticeState::Open } else { NoticeState::Withdrawn };
                draft.put_notice(Notice { state, message: None, post: None, ..line });
            }
        }
    }
}

fn take(due: DigestDue, draft: &mut Draft<'_>) {
    for id in &due.lines {
        if let Some(line) = draft.notice(*id).cloned() {
            draft.put_notice(Notice { state: NoticeState::Sealed, ..line });
        }
    }
    draft.digests.push(due);
}

/// When digests are to be thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestsDue {
    /// No round before this instant needs to: none is due, and none waits.
    pub quiet_until: Timestamp,
    /// When a round has to. `None`: never.
    pub wake_at: Option<Timestamp>,
}

impl DigestsDue {
    /// Nothing is known: the next round looks.
    pub const UNKNOWN: DigestsDue = DigestsDue { quiet_until: Timestamp::MIN, wake_at: None };
}

/// When digests are due after this round.
pub fn digests_due(snapshot: &Snapshot<'_>) -> DigestsDue {
    if !is_live(snapshot.policy) {
        return DigestsDue { quiet_until: Timestamp::MAX, wake_at: None };
    }
    let all = all(snapshot);
    let waits = all.iter().any(|of| due_slot(*of, snapshot).is_some());
    let wake_at = next_at(&all, snapshot);
    let quiet_until = if waits { Timestamp::MIN } else { wake_at.unwrap_or(Timestamp::MAX) };
    DigestsDue { quiet_until, wake_at }
}

/// When each digest is due next.
pub(crate) fn coming(snapshot: &Snapshot<'_>) -> Vec<(DigestOf, Timestamp)> {
    if !is_live(snapshot.policy) {
        return Vec::new();
    }
    let all = all(snapshot).into_iter();
    all.filter_map(|of| Some((of, next_at(&[of], snapshot)?))).collect()
}

/// When the digest leaves that takes a line which was just decided. `None`: it has no way, or no rhythm.
pub(crate) fn taken_at(line: &Notice, snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let (of, policy, now) = (digest_of(line, snapshot), snapshot.policy, snapshot.now);
    address(of, snapshot)?;
    let (rhythm, calendar) = (policy.schedule.of(of)?, calendar(of, snapshot));
    let slot = rhythm.slot(calendar, policy.work_hours_only, now).filter(|slot| slot.from == now);
    slot.map(|slot| slot.from).or_else(|| rhythm.next(calendar, policy.work_hours_only, now))
}

/// How many lines wait for a digest.
pub(crate) fn lines_for(of: DigestOf, snapshot: &Snapshot<'_>) -> usize {
    snapshot.board.waiting_lines().filter(|line| digest_of(line, snapshot) == of).count()
}

/// When the next of these digests is due, after now. `None`: none is.
fn next_at(all: &[DigestOf], snapshot: &Snapshot<'_>) -> Option<Timestamp> {
    let (policy, now) = (snapshot.policy, snapshot.now);
    let next = |of: DigestOf| {
        let rhythm = policy.schedule.of(of)?;
        let coming = rhythm.next(calendar(of, snapshot), policy.work_hours_only, now);
        // One that waits for reading does so until then, and is thought of whenever something was read.
        let waits = due_slot(of, snapshot).map(|slot| later(slot.from, WAITS).max(later(now, AGAIN)));
        coming.into_iter().chain(waits).min()
    };
    all.iter().copied().filter_map(next).min()
}

fn is_live(policy: &Policy) -> bool {
    policy.mode == Mode::Live || policy.connection_modes.values().any(|mode| *mode == Mode::Live)
}

/// The slot of a digest that had no turn in it yet.
fn due_slot(of: DigestOf, snapshot: &Snapshot<'_>) -> Option<Slot> {
    let policy = snapshot.policy;
    let slot = policy.schedule.of(of)?.slot(calendar(of, snapshot), policy.work_hours_only, snapshot.now)?;
    snapshot.board.turn(of).is_none_or(|turn| turn.day < slot.day).then_some(slot)
}

/// Hours and zone of whoever reads a digest.
pub(crate) fn calendar<'a>(of: DigestOf, snapshot: &Snapshot<'a>) -> &'a Calendar {
    let account = of.account().filter(|account| *account != AccountId::NOBODY);
    snapshot.board.people.calendar(account)
}

/// Every digest that has an address and a rhythm, in order.
fn all(snapshot: &Snapshot<'_>) -> Vec<DigestOf> {
    let schedule = &snapshot.policy.schedule;
    let people = &snapshot.board.people;
    let mut all = Vec::new();
    let persons = people.persons.values().filter(|person| !person.team).map(|person| person.own_account);
    for account in persons.chain([AccountId::NOBODY]) {
        if account != AccountId::NOBODY {
            all.push(DigestOf::Person(account));
        }
        all.push(DigestOf::Manager(account));
        if gets_weekly(account, snapshot).is_some() {
            all.push(DigestOf::Weekly(account));
        }
    }
    all.retain(|of| schedule.of(*of).is_some_and(|rhythm| !rhythm.is_off()) && address(*of, snapshot).is_some());
    all.sort_unstable();
    all
}

/// What somebody's weekly report is about: `Some(None)` everything, `Some(Some(account))` whom they lead. `None`: they get
/// none.
pub(crate) fn gets_weekly(account: AccountId, snapshot: &Snapshot<'_>) -> Option<Option<AccountId>> {
    let (people, to) = (&snapshot.board.people, &snapshot.policy.schedule.weekly_to);
    let person = people.person(account);
    let about_all = to.iter().any(|to| match (to, person) {
        (WeeklyTo::Managers, _) => false,
        (WeeklyTo::Operators, Some(person)) => people.operators.contains(&person.id),
        (WeeklyTo::Person(handle), Some(person)) => person.handle == *handle,
        (WeeklyTo::Channel, None) => account == AccountId::NOBODY,
        _ => false,
    });
    if about_all {
        return Some(None);
    }
    let managers = to.contains(&WeeklyTo::Managers) && (account == AccountId::NOBODY || leads(account, snapshot));
    managers.then_some(Some(account))
}

/// Lines that wait, by the digest they wait for, in the order of their rows.
fn waiting(draft: &Draft<'_>) -> BTreeMap<DigestOf, Vec<Notice>> {
    let mut waiting: BTreeMap<DigestOf, Vec<Notice>> = BTreeMap::new();
    for line in draft.waiting_lines() {
        waiting.entry(digest_of(line, draft.snapshot)).or_default().push(line.clone());
    }
    waiting.values_mut().for_each(|lines| lines.sort_by_key(|line| line.id));
    waiting
}

fn digest_of(line: &Notice, snapshot: &Snapshot<'_>) -> DigestOf {
    let account = snapshot.board.people.stands(line.account);
    let to_manager = line.rung >= 2 || line.finding.addressee == Addressee::Manager;
    if to_manager { DigestOf::Manager(account) } else { DigestOf::Person(account) }
}

/// True where what a line says was read of late; that something is over was read before that was said.
fn is_fresh(line: &Notice, draft: &Draft<'_>) -> bool {
    line.reason == Reason::Resolved
        || draft.alert(line.alert).is_some_and(|alert| stale_at(alert, draft.snapshot) >= draft.snapshot.now)
}

/// True while places are not read of late though nothing is known to be wrong with them.
pub(crate) fn is_reading(snapshot: &Snapshot<'_>) -> bool {
    snapshot.board.containers().any(|home| is_late(home, snapshot))
}

/// True while a digest waits for reading that is behind, though nothing is known to be wrong with it.
fn is_behind(of: DigestOf, lines: &[Notice], draft: &Draft<'_>) -> bool {
    let snapshot = draft.snapshot;
    let about_all = matches!(of, DigestOf::Manager(_) | DigestOf::Weekly(_));
    lines.iter().any(|line| !is_fresh(line, draft)) || (about_all && is_reading(snapshot))
}

/// True for a place that was read completely before, does not fail, and was not read of late.
fn is_late(home: &ContainerRec, snapshot: &Snapshot<'_>) -> bool {
    let goes = home.reader.is_some() && home.warm_at.is_some() && home.failing_since.is_none() && !home.archived;
    let subject = SubjectKey::Container(home.id);
    goes && !snapshot.board.is_home(home.id)
        && held(subject, snapshot).is_none()
        && super::routing::fresh_until(home, snapshot) < snapshot.now
}

/// Whether there is anything to say: lines; for a manager also what was there before, once, and once a month what is open
/// for long. The weekly report always has something to say.
fn is_wanted(of: DigestOf, slot: Slot, lines: &[Notice], fresh: &[NoticeId], draft: &Draft<'_>) -> bool {
    let snapshot = draft.snapshot;
    let turn = snapshot.board.turn(of);
    // Whoever has just begun to be told hears from the next day on.
    if turn.is_none() && !began_before(of, slot.from, lines, snapshot) {
        return false;
    }
    match of {
        DigestOf::Weekly(account) => {
            let about = gets_weekly(account, snapshot).flatten();
            about.is_none() || !Team::of(about, snapshot).tasks.is_empty()
        }
        DigestOf::Manager(_) if !fresh.is_empty() => true,
        DigestOf::Manager(account) => {
            let first = turn.is_none_or(|turn| turn.made_at.is_none());
            let month = turn.is_some_and(|turn| turn.day.first_of_month() < slot.day.first_of_month());
            if !first && !month {
                return false;
            }
            let team = Team::of(Some(account), snapshot);
            let mut open = team.open(draft.all(), snapshot);
            let quiet = |alert: &Alert| is_quiet_backlog(alert, draft.of(alert.subject));
            open.any(|alert| (first && quiet(alert)) || (month && is_long_open(alert, snapshot)))
        }
        DigestOf::Person(_) | DigestOf::Baseline(_) => !fresh.is_empty(),
    }
}

/// Whether what a digest would say was there already when it was due.
fn began_before(of: DigestOf, at: Timestamp, lines: &[Notice], snapshot: &Snapshot<'_>) -> bool {
    if !matches!(of, DigestOf::Weekly(_)) && !lines.is_empty() {
        return lines.iter().any(|line| line.decided_at < at);
    }
    snapshot.board.containers().filter_map(|home| home.baseline_at).any(|since| since < at)
}

/// True for a gap of which whoever has it was told long ago, that is still open, and that nobody has answered to.
pub(crate) fn is_long_open(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let calendar = &snapshot.board.people.default_calendar;
    let quiet = [alert.acked_until, alert.snoozed_until].into_iter().flatten().any(|until| until > snapshot.now);
    let told_at = alert.told.iter().filter(|told| told.rung <= 1).map(|told| told.at).min();
    alert.state == AlertState::Firing
        && !quiet
        && told_at.is_some_and(|at| calendar.after(at, LONG_OPEN * calendar.day_secs()) <= snapshot.now)
}

/// What a connection was found with is told once, when all of it has been read and judged. Where that happens while it only
/// observes, nothing is sent: `preview digest baseline` has the report, and later it would be about another day. Of a
/// connection without open work there is nothing to tell.
fn baselines(draft: &mut Draft<'_>) {
    let snapshot = draft.snapshot;
    let board = snapshot.board;
    for connection in board.connections() {
        let of = DigestOf::Baseline(connection.id);
        if board.turn(of).is_some() {
            continue;
        }
        let own = snapshot.policy.connection_modes.get(&connection.id).copied().unwrap_or(snapshot.policy.mode);
        let read = board.containers().filter(|home| home.reader == Some(connection.id) && !board.is_home(home.id));
        let judged: Vec<bool> = read.map(|home| home.baseline_at.is_some() || home.archived).collect();
        if judged.is_empty() || judged.contains(&false) {
            continue;
        }
        let day = board.people.default_calendar.date(snapshot.now);
        let is_of = |task: &&TaskRow| board.reader(task).is_some_and(|reader| reader.id == connection.id);
        let has_work = || board.tasks().filter(|task| task.is_work()).any(|task| is_of(&task));
        let address = address(of, snapshot).filter(|_| own == Mode::Live && has_work());
        draft.turns.push(DigestTurn { of, day, made_at: address.is_some().then_some(snapshot.now) });
        if let Some(address) = address {
            take(DigestDue { of, day, address, lines: Vec::new() }, draft);
        }
    }
}
