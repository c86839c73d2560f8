//! What a digest says, before words are found for it: its lines, and what is looked up for it on the board.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::desk::Desk;
use super::letter::{items, spoken_of};
use super::scene::Scene;
use super::wording::{Audience, Item};
use crate::alerts::{Decided, Team, gets_weekly, is_long_open, is_of, is_quiet_backlog};
use crate::domain::alert::{Alert, AlertState, Ending, Withheld};
use crate::domain::board::Board;
use crate::domain::calendar::{Calendar, later};
use crate::domain::digest::DigestOf;
use crate::domain::finding::{Deadline, Evidence as Facts, RuleId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, TaskId};
use crate::domain::look::Look;
use crate::domain::notice::{MessageOp, MessageState, Notice, PostAbout, Reason};
use crate::domain::record::{ContainerRec, HistoryReach};
use crate::domain::snapshot::Snapshot;
use crate::rules::people::load_overloaded::due_share;

/// Working days ahead for which is said how much of their hours people have filled.
pub(super) const LOAD_DAYS: i64 = 5;
/// Tasks of a list that is not a list of lines.
pub(super) const LISTED: usize = 3;
/// What was closed is counted over so long.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A person's digest.
#[derive(Debug)]
pub(super) struct Personal {
    pub(super) name: String,
    pub(super) items: Vec<Item>,
    pub(super) fixed: Vec<Item>,
    /// The day of the digest before this one. `None`: this is the first.
    pub(super) since: Option<Date>,
    /// Their open tasks that are due until Sunday, and how many of them have a gap.
    pub(super) due: (usize, usize),
    /// Gaps of which the reader has not been told because they were told enough for a day.
    pub(super) held: usize,
}

/// A manager's digest, and a weekly report.
#[derive(Debug)]
pub(super) struct Overview {
    /// The manager's name. `None`: of what nobody leads, or of everything.
    pub(super) name: Option<String>,
    /// True: everything that is watched.
    pub(super) whole: bool,
    pub(super) items: Vec<Item>,
    pub(super) fixed: Vec<Item>,
    pub(super) since: Option<Date>,
    pub(super) tasks: usize,
    /// Of these, in places that could not be looked at.
    pub(super) unseen: usize,
    pub(super) people: usize,
    /// Tasks without a date.
    pub(super) undated: usize,
    /// Open gaps by stage: those that speak for themselves.
    pub(super) stages: [usize; 3],
    /// Open gaps for which one of these speaks.
    pub(super) beside: usize,
    /// Open gaps by what is the matter, most first.
    pub(super) rules: Vec<(String, usize)>,
    /// Gaps that were there before, and the tasks of which the date comes first.
    pub(super) backlog: (usize, Vec<(TaskId, Option<Deadline>)>),
    /// Gaps that opened, and that were closed, within a week; of the latter those of which nobody above the owner was told.
    pub(super) opened: usize,
    pub(super) closed: (usize, usize),
    /// Everybody by name, with the share of their hours that is filled, and how many tasks are due within it.
    pub(super) loads: Vec<(String, Option<f64>, usize)>,
    /// Who wants to hear nothing but the digest, since when.
    pub(super) muted: Vec<(String, Timestamp)>,
    /// What has been open for long, with since when.
    pub(super) long: Vec<(TaskId, Timestamp)>,
    /// The next date of the team's.
    pub(super) nearest: Option<(TaskId, Deadline)>,
    pub(super) evidence: Evidence,
}

/// What an all-clear rests on.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Connections that were read.
    pub(super) connections: usize,
    /// How long ago the one of them that was read least lately was. `None`: nothing was.
    pub(super) age: Option<SignedDuration>,
    /// What could not be checked, and why.
    pub(super) unchecked: Vec<Unchecked>,
}

/// Something that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unchecked {
    pub(super) what: String,
    pub(super) why: Blind,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blind {
    /// It cannot be read, since then.
    Failing(Timestamp),
    /// Its credential is refused.
    Refused,
    /// It is being read for the first time.
    Cold,
    /// Its history is.
    NoHistory,
    /// Much of it changed or was missing at once.
    Held,
    /// It was last read then.
    Late(Timestamp),
}

/// The tasks that digests name which are made or may be worded anew in this round.
pub(super) fn named(decided: &Decided, desk: &Desk<'_>) -> BTreeSet<TaskId> {
    let mut named = BTreeSet::new();
    let notice = |id| desk.notices.get(id).or_else(|| desk.snapshot.board.notice(*id));
    for due in &decided.digests {
        let lines: Vec<&Notice> = due.lines.iter().filter_map(notice).collect();
        named.extend(named_by(due.of, &lines, desk));
    }
    let waits = |id| desk.message(id, MessageOp::Post, |state| state == MessageState::Sealed).is_some();
    for id in desk.affected() {
        if let Some(PostAbout::Digest(of, _)) = desk.post(id).map(|post| post.about)
            && waits(id)
        {
            named.extend(named_by(of, &desk.lines(id), desk));
        }
    }
    named
}

fn named_by(of: DigestOf, lines: &[&Notice], desk: &Desk<'_>) -> BTreeSet<TaskId> {
    let mut named = BTreeSet::new();
    for line in lines {
        if let Some(alert) = desk.alert(line.alert) {
            named.extend(spoken_of(alert, &[line]));
        }
    }
    let about = match of {
        DigestOf::Person(_) => return named,
        DigestOf::Manager(account) => Some(account),
        DigestOf::Weekly(account) => gets_weekly(account, desk.snapshot).unwrap_or(Some(account)),
        DigestOf::Baseline(connection) => {
            named.extend(baseline(connection, desk).oldest.iter().filter_map(|(task, ..)| *task));
            return named;
        }
    };
    let team = Team::of(about, desk.snapshot);
    named.extend(backlog(&team, desk).1.into_iter().map(|(task, _)| task));
    named.extend(long_open(&team, lines, desk).into_iter().map(|(task, _)| task));
    named.extend(nearest(&team, desk.snapshot).map(|(task, _)| task));
    named
}

fn split<'n>(lines: &[&'n Notice]) -> (Vec<&'n Notice>, Vec<&'n Notice>) {
    lines.iter().copied().partition(|line| line.reason != Reason::Resolved)
}

pub(super) fn personal(
    account: AccountId,
    of: DigestOf,
    day: Date,
    lines: &[&Notice],
    desk: &Desk<'_>,
    scene: Scene<'_>,
) -> Personal {
    let snapshot = desk.snapshot;
    let (open, over) = split(lines);
    let by_limit = |alert: &&Alert| alert.withheld.as_ref().map(Withheld::word) == Some("budget");
    let held = desk.all().filter(by_limit).filter(|alert| is_of(account, alert, snapshot)).count();
    Personal {
        name: snapshot.board.people.name(account),
        items: items(&open, Audience::Owner, desk, scene),
        fixed: items(&over, Audience::Owner, desk, scene),
        since: since(of, day, snapshot.board),
        due: due_this_week(account, day, desk, scene.calendar),
        held,
    }
}

/// The day of the digest before this one.
fn since(of: DigestOf, day: Date, board: &Board) -> Option<Date> {
    board.turn(of).map(|turn| turn.day).filter(|before| *before < day)
}

/// Somebody's open tasks that are due from this day until Sunday, and how many of them have a gap.
fn due_this_week(account: AccountId, day: Date, desk: &Desk<'_>, calendar: &Calendar) -> (usize, usize) {
    let board = desk.snapshot.board;
    let look = Look::new(desk.snapshot);
    let monday = day.nth_weekday(1, Weekday::Monday).unwrap_or(day);
    let (from_at, until_at) = (calendar.day_begins(day), calendar.day_begins(monday));
    let due = |id: &TaskId| {
        let deadline = board.task(*id).filter(|task| task.is_work()).and_then(|task| look.deadline(task));
        deadline.is_some_and(|deadline| deadline.at >= from_at && deadline.at < until_at)
    };
    let tasks: Vec<TaskId> = board.owned_by(board.stands_for(account)).into_iter().filter(due).collect();
    let has_gap = |id: &&TaskId| desk.of(SubjectKey::Task(**id)).any(|alert| alert.state != AlertState::Resolved);
    (tasks.len(), tasks.iter().filter(has_gap).count())
}

pub(super) fn overview(
    about: Option<AccountId>,
    of: DigestOf,
    lines: &[&Notice],
    in_channel: bool,
    desk: &Desk<'_>,
    scene: Scene<'_>,
) -> Overview {
    let (snapshot, now) = (desk.snapshot, desk.snapshot.now);
    let people = &snapshot.board.people;
    let team = Team::of(about, snapshot);
    let (open, over) = split(lines);
    let audience = if in_channel { Audience::Channel } else { Audience::Manager };
    let mut stages = [0; 3];
    let mut rules: BTreeMap<RuleId, (String, usize)> = BTreeMap::new();
    let mut beside = 0;
    for alert in team.open(desk.all(), snapshot).filter(|alert| !is_quiet_backlog(alert, desk.of(alert.subject))) {
        if alert.backlog || matches!(alert.withheld, Some(Withheld::Inhibited(_))) {
            beside += 1;
            continue;
        }
        stages[usize::from(alert.stage.code() - 1)] += 1;
        rules.entry(alert.rule).or_insert_with(|| (called(alert, scene), 0)).1 += 1;
    }
    let mut rules: Vec<(String, usize)> = rules.into_values().collect();
    rules.sort_by(|(one, few), (other, many)| (many, one).cmp(&(few, other)));
    let week = later(now, -WEEK);
    let of_team = || desk.all().filter(|alert| !alert.backlog && team.has(alert, snapshot));
    let closed: Vec<&Alert> = of_team()
        .filter(|alert| alert.ending == Some(Ending::Resolved) && alert.resolved_at.is_some_and(|at| at > week))
        .collect();
    let alone = closed.iter().filter(|alert| alert.told.iter().all(|told| told.rung < 2)).count();
    let look = Look::new(snapshot);
    let tasks = team.tasks.iter().filter_map(|id| snapshot.board.task(*id));
    let undated = tasks.filter(|task| look.deadline(task).is_none()).count();
    let own_name = about.filter(|account| *account != AccountId::NOBODY).map(|account| people.name(account));
    let day = scene.calendar.date(now);
    Overview {
        name: own_name,
        whole: about.is_none(),
        items: items(&open, audience, desk, scene),
        fixed: items(&over, audience, desk, scene),
        since: since(of, day, snapshot.board),
        tasks: team.tasks.len(),
        unseen: unseen(&team, snapshot),
        people: team.people.len(),
        undated,
        stages,
        beside,
        rules,
        backlog: backlog(&team, desk),
        opened: of_team().filter(|alert| alert.opened_at > week).count(),
        closed: (closed.len(), alone),
        loads: loads(&team, snapshot),
        muted: muted(&team, snapshot),
        long: long_open(&team, lines, desk),
        nearest: nearest(&team, snapshot),
        evidence: evidence(&team, snapshot),
    }
}

/// What is the matter with all gaps of a rule: its words without the numbers of one of them.
fn called(alert: &Alert, scene: Scene<'_>) -> String {
    let words = super::facts::heading(&alert.finding.evidence, scene);
    match &alert.finding.evidence {
        Facts::Cascade { .. } => "makes others late".to_owned(),
        Facts::BlockerStale { .. } => "keeps others waiting".to_owned(),
        _ if words.contains(|letter: char| letter.is_ascii_digit()) => {
            let is_word = |word: &&str| !word.contains(|letter: char| letter.is_ascii_digit());
            words.split(' ').filter(is_word).collect::<Vec<_>>().join(" ")
        }
        _ => words,
    }
}

/// What was there before we began to speak, and the tasks of which the date comes first.
fn backlog(team: &Team, desk: &Desk<'_>) -> (usize, Vec<(TaskId, Option<Deadline>)>) {
    let snapshot = desk.snapshot;
    let is_backlog = |alert: &&Alert| is_quiet_backlog(alert, desk.of(alert.subject));
    let gaps: Vec<&Alert> = team.open(desk.all(), snapshot).filter(is_backlog).collect();
    let task = |alert: &&Alert| match alert.subject {
        SubjectKey::Task(id) => {
            Some((alert.finding.deadline.map_or(Timestamp::MAX, |it| it.at), id, alert.finding.deadline))
        }
        _ => None,
    };
    let mut tasks: Vec<_> = gaps.iter().filter_map(task).collect();
    tasks.sort_by_key(|(at, id, _)| (*at, *id));
    tasks.dedup_by_key(|(_, id, _)| *id);
    (gaps.len(), tasks.into_iter().map(|(_, id, deadline)| (id, deadline)).take(LISTED).collect())
}

/// What has been open for long and is none of the lines, oldest first.
fn long_open(team: &Team, lines: &[&Notice], desk: &Desk<'_>) -> Vec<(TaskId, Timestamp)> {
    let snapshot = desk.snapshot;
    let is_line = |alert: &Alert| lines.iter().any(|line| line.alert == alert.id);
    let long = team.open(desk.all(), snapshot).filter(|alert| is_long_open(alert, snapshot) && !is_line(alert));
    let mut tasks: BTreeMap<TaskId, Timestamp> = BTreeMap::new();
    for alert in long {
        if let SubjectKey::Task(id) = alert.subject {
            let since = tasks.entry(id).or_insert(alert.opened_at);
            *since = (*since).min(alert.opened_at);
        }
    }
    let mut tasks: Vec<(TaskId, Timestamp)> = tasks.into_iter().collect();
    tasks.sort_by_key(|(id, since)| (*since, *id));
    tasks
}

/// The open task of the team that is due next.
fn nearest(team: &Team, snapshot: &Snapshot<'_>) -> Option<(TaskId, Deadline)> {
    let look = Look::new(snapshot);
    let dated = team.tasks.iter().filter_map(|id| Some((*id, look.deadline(snapshot.board.task(*id)?)?)));
    dated.filter(|(_, deadline)| deadline.at > snapshot.now).min_by_key(|(id, deadline)| (deadline.at, *id))
}

/// Everybody in the order of their names: nobody is ranked.
fn loads(team: &Team, snapshot: &Snapshot<'_>) -> Vec<(String, Option<f64>, usize)> {
    let look = Look::new(snapshot);
    let somebody = team.people.iter().filter_map(|id| snapshot.board.somebody(*id));
    let mut loads: Vec<_> = somebody
        .map(|who| {
            let (share, due) = due_share(&who, LOAD_DAYS, &look);
            (snapshot.board.people.name(who.account), share, due)
        })
        .collect();
    loads.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    loads
}

fn muted(team: &Team, snapshot: &Snapshot<'_>) -> Vec<(String, Timestamp)> {
    let people = &snapshot.board.people;
    let theirs = |account: &AccountId| team.of.is_none() || team.people.contains(&snapshot.board.stands_for(*account));
    let muted = people.muted.iter().filter(|(account, _)| theirs(account));
    let mut muted: Vec<(String, Timestamp)> = muted.map(|(account, since)| (people.name(*account), *since)).collect();
    muted.sort();
    muted
}

/// What an all-clear about a team rests on.
fn evidence(team: &Team, snapshot: &Snapshot<'_>) -> Evidence {
    let board = snapshot.board;
    let homes: BTreeSet<ContainerId> = team.tasks.iter().filter_map(|id| Some(board.task(*id)?.container())).collect();
    let concerns = |home: &&ContainerRec| {
        let known = homes.contains(&home.id);
        // What has not been read yet may be anybody's.
        home.reader.is_some()
            && !board.is_home(home.id)
            && (team.of.is_none() || known || blind(home, snapshot).is_some())
    };
    let mut evidence = Evidence::default();
    let mut connections: BTreeSet<ConnectionId> = BTreeSet::new();
    for home in board.containers().filter(concerns).filter(|home| !home.archived) {
        connections.extend(home.reader);
        match blind(home, snapshot) {
            Some(why) => evidence.unchecked.push(Unchecked { what: home.name.to_string(), why }),
            None => {
                let age = home.fresh_at.map(|at| snapshot.now.duration_since(at).max(SignedDuration::ZERO));
                evidence.age = evidence.age.max(age);
            }
        }
    }
    for connection in board.connections() {
        let has_homes = board.containers().any(|home| home.reader == Some(connection.id));
        if !has_homes {
            let why = match (connection.refused, connection.failing_since) {
                (true, _) => Blind::Refused,
                (_, Some(since)) => Blind::Failing(since),
                _ => Blind::Cold,
            };
            evidence.unchecked.push(Unchecked { what: connection.name.to_string(), why });
        }
    }
    evidence.connections = connections.len();
    evidence.unchecked.sort();
    evidence
}

/// Tasks in places of which what is said is not the whole truth.
fn unseen(team: &Team, snapshot: &Snapshot<'_>) -> usize {
    let board = snapshot.board;
    let place = |id: &TaskId| board.container(board.task(*id)?.container());
    team.tasks.iter().filter_map(place).filter(|place| blind(place, snapshot).is_some()).count()
}

/// Why what is said of a place is not the whole truth. `None`: it is.
fn blind(home: &ContainerRec, snapshot: &Snapshot<'_>) -> Option<Blind> {
    let board = snapshot.board;
    let reader = home.reader.and_then(|id| board.connection(id));
    if reader.is_some_and(|reader| reader.refused) {
        return Some(Blind::Refused);
    }
    if let Some(since) = home.failing_since.or_else(|| reader.and_then(|reader| reader.failing_since)) {
        return Some(Blind::Failing(since));
    }
    if home.warm_at.is_none() {
        return Some(Blind::Cold);
    }
    if home.hold.is_some() {
        return Some(Blind::Held);
    }
    if home.history == HistoryReach::Pending {
        return Some(Blind::NoHistory);
    }
    let read_at = home.fresh_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let polls = reader.map_or(SignedDuration::ZERO, |reader| reader.poll.saturating_mul(3));
    (later(read_at, polls) < snapshot.now).then_some(Blind::Late(read_at))
}

/// What a connection was found with.
#[derive(Debug)]
pub(super) struct Baseline {
    pub(super) connection: String,
    pub(super) tasks: usize,
    /// Tasks with at least one gap.
    pub(super) with_gap: usize,
    pub(super) gaps: usize,
    /// What was there at first is told like anything else.
    pub(super) is_told: bool,
    /// Of each rule that found something: its gaps, those of them that a person would be told of in a message of their own,
    /// and how many of the gaps began within the last thirty days.
    pub(super) rules: Vec<Found>,
    /// The oldest gaps: the task, since when, by which rule.
    pub(super) oldest: Vec<(Option<TaskId>, Timestamp, RuleId)>,
    pub(super) undated: usize,
    pub(super) unowned: usize,
    pub(super) evidence: Vec<Unchecked>,
}

/// What a rule found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: RuleId,
    pub(super) gaps: usize,
    pub(super) recent: usize,
    pub(super) direct: usize,
}

/// What is looked back upon.
const BACK_DAYS: i64 = 30;
/// Oldest gaps that are listed.
const OLDEST: usize = 10;

pub(super) fn baseline(connection: ConnectionId, desk: &Desk<'_>) -> Baseline {
    let (snapshot, board) = (desk.snapshot, desk.snapshot.board);
    let of_connection = |task: TaskId| {
        board.task(task).and_then(|task| board.reader(task)).is_some_and(|reader| reader.id == connection)
    };
    let work: Vec<_> = board.tasks().filter(|task| task.is_work() && of_connection(task.id)).collect();
    let look = Look::new(snapshot);
    let from_at = snapshot.now.checked_sub((BACK_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let mut rules: BTreeMap<RuleId, Found> = BTreeMap::new();
    let mut oldest = Vec::new();
    let mut tasks: BTreeSet<TaskId> = BTreeSet::new();
    let mut gaps = 0;
    for alert in desk.all().filter(|alert| alert.state != AlertState::Resolved) {
        let SubjectKey::Task(task) = alert.subject else { continue };
        if !of_connection(task) {
            continue;
        }
        gaps += 1;
        tasks.insert(task);
        let since = super::facts::since(&alert.finding.evidence, alert.opened_at);
        let found = Found { rule: alert.rule, gaps: 0, recent: 0, direct: 0 };
        let found = rules.entry(alert.rule).or_insert(found);
        found.gaps += 1;
        if since > from_at {
            found.recent += 1;
            found.direct += usize::from(alert.stage >= Stage::Widens);
        }
        oldest.push((since, task, alert.rule));
    }
    oldest.sort();
    let mut rules: Vec<Found> = rules.into_values().collect();
    rules.sort_by_key(|found| (std::cmp::Reverse(found.gaps), found.rule));
    let homes = board.containers().filter(|home| home.reader == Some(connection) && !board.is_home(home.id));
    let unchecked =
        homes.filter_map(|home| Some(Unchecked { what: home.name.to_string(), why: blind(home, snapshot)? }));
    Baseline {
        connection: board.connection(connection).map_or_else(String::new, |one| one.name.to_string()),
        tasks: work.len(),
        with_gap: tasks.len(),
        gaps,
        is_told: snapshot.policy.tell_backlog,
        rules,
        oldest: oldest.into_iter().take(OLDEST).map(|(since, task, rule)| (Some(task), since, rule)).collect(),
        undated: work.iter().filter(|task| look.deadline(task).is_none()).count(),
        unowned: work.iter().filter(|task| task.owners().len() == 0).count(),
        evidence: unchecked.collect(),
    }
}
