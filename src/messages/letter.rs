//! What a post consists of: its lines as they stand, and from them its words.

use std::collections::{BTreeMap, HashMap};

use connector_kit::{Destination, Text};
use jiff::Timestamp;
use jiff::civil::Date;

use super::answered::Answered;
use super::controls::{controls, gathered};
use super::desk::{Desk, is_dropped, is_silenced_by};
use super::facts::{facts, heading};
use super::guard::{Named, worded};
use super::handed::handed;
use super::over::Moved;
use super::scene::Scene;
use super::unheard;
use super::when::{due_date, lateness};
use super::wording::{Audience, Heard, Hearing, Item, comment, day, reply, single};
use crate::alerts::{cannot_wait, heads, is_former, last_act, leader, owners, parts};
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{Addressee, Evidence, Finding, ITSELF, Stage, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, TaskId};
use crate::domain::look::Look;
use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Notice, NoticeState, Post, PostAbout, Reason};
use crate::domain::row::TaskRow;
use crate::domain::said::Claim;

/// Names of the tasks that are spoken of.
pub(super) type Names = HashMap<TaskId, TaskName>;

/// What a post should say. `None`: it has nothing to say any more.
pub(super) fn words(post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    worded(|| full_words(post, desk, names), || about(&desk.lines(post.id), desk, names))
}

fn full_words(post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    let lines = own_lines(post, desk);
    let first = *lines.first()?;
    let audience = audience(first);
    let now = desk.read_at(post.about, desk.calendar(first));
    let scene = Scene { now, ..desk.scene(first, names) };
    let items = items(&lines, audience, desk, scene);
    let items = if matches!(post.about, PostAbout::Day(_)) { of_a_day(items) } else { items };
    let text = match post.about {
        PostAbout::Task(_) => comment(&items, &mentions(&lines, desk), post.remark.as_deref(), scene),
        PostAbout::Day(_) => day(&items, scene),
        PostAbout::Alert(alert, _) => return own_with_repeats(alert, &lines, audience, desk, scene),
        PostAbout::Digest(..) => single(items.first()?, audience, scene),
    };
    (!items.is_empty()).then_some(text)
}

/// What a post speaks of: that another gap of the same task is over is said below it, and shown by that gap's own post.
fn own_lines<'d>(post: &Post, desk: &'d Desk<'_>) -> Vec<&'d Notice> {
    let lines = desk.lines(post.id);
    let told = |alert: AlertId| lines.iter().any(|line| line.alert == alert && line.reason != Reason::Resolved);
    let is_own = |line: &&Notice| match post.about {
        PostAbout::Alert(alert, _) => line.alert == alert || told(line.alert),
        PostAbout::Day(_) => told(line.alert) || !desk.is_shown_elsewhere(line),
        PostAbout::Task(_) | PostAbout::Digest(..) => true,
    };
    let own: Vec<&Notice> = lines.iter().copied().filter(is_own).collect();
    if own.is_empty() { lines } else { own }
}

/// The words of a message about one gap, with what was said before and is said once more beside it.
fn own_with_repeats(
    alert: AlertId,
    lines: &[&Notice],
    audience: Audience,
    desk: &Desk<'_>,
    scene: Scene<'_>,
) -> Option<Text> {
    let (own, others): (Vec<&Notice>, Vec<&Notice>) = lines.iter().copied().partition(|line| line.alert == alert);
    let others = items(&others, audience, desk, scene);
    let Some(own) = items(&own, audience, desk, scene).into_iter().next() else {
        return (!others.is_empty()).then(|| day(&others, scene));
    };
    let mut text = single(&own, audience, scene);
    if !others.is_empty() {
        text.blocks.extend(day(&others, scene).blocks);
    }
    Some(text)
}

/// With one menu for each of several gaps: more would be in sight than the lines themselves.
fn of_a_day(items: Vec<Item>) -> Vec<Item> {
    let mut items = of_one_absence(items);
    if items.iter().filter(|item| item.over_at.is_none()).count() > 1 {
        items.iter_mut().for_each(|item| item.controls = gathered(&item.controls));
    }
    items
}

/// What is due during the same absence of the same person is one line, which names the tasks. Its answers would be about one
/// of them alone, so that none is offered.
fn of_one_absence(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for item in items {
        let of = absent(&item);
        match all.iter_mut().find(|other| of.is_some() && absent(other) == of) {
            Some(first) => {
                first.controls = Vec::new();
                first.with = [first.tasks(), item.tasks()].concat();
            }
            None => all.push(item),
        }
    }
    all
}

/// Whose absence a line is about, from when until when, and at which stage. `None`: another matter, or there is more to be
/// said of it.
fn absent(item: &Item) -> Option<(AccountId, Date, Date, Stage)> {
    let says_more = item.over_at.is_some() || item.is_handed() || item.answered.is_some() || item.again.is_some();
    match &item.finding.evidence {
        Evidence::OwnerAbsent { owner, from_on, back_on, .. } if !says_more => {
            Some((*owner, *from_on, *back_on, item.finding.stage))
        }
        _ => None,
    }
}

/// The answer under a post, about those of its lines.
pub(super) fn answer(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Option<Text> {
    worded(|| full_answer(lines, desk, names), || about(lines, desk, names))
}

/// What lines are about, by the names that are known.
pub(super) fn about(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Vec<Named> {
    let mut about: Vec<Named> = Vec::new();
    for notice in lines {
        let named = match desk.alert(notice.alert).map(|alert| alert.subject) {
            Some(SubjectKey::Task(id)) => names.get(&id).map(|name| (name.key.clone(), Some(name.url.clone()))),
            _ => None,
        };
        let named = named.unwrap_or_else(|| (ITSELF.to_owned(), None));
        if !about.contains(&named) {
            about.push(named);
        }
    }
    about
}

fn full_answer(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Option<Text> {
    let first = *lines.first()?;
    let scene = desk.scene(first, names);
    let items = items(lines, audience(first), desk, scene);
    (!items.is_empty()).then(|| reply(&items, scene))
}

/// The tasks that the words about an alert name.
pub(super) fn spoken_of(alert: &Alert, lines: &[&Notice]) -> Vec<TaskId> {
    let mut tasks = super::wording::named(&alert.finding);
    tasks.extend(lines.iter().flat_map(|notice| super::wording::named(&notice.finding)));
    if let SubjectKey::Task(task) = alert.subject {
        tasks.push(task);
    }
    tasks
}

fn audience(notice: &Notice) -> Audience {
    match &notice.address {
        Address::Slack(Destination::Channel(_)) => Audience::Channel,
        _ if notice.rung >= 2 => Audience::Manager,
        _ => Audience::Owner,
    }
}

/// One item for each alert: what is open first, worst first, then what is over.
pub(super) fn items(lines: &[&Notice], audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Vec<Item> {
    let mut latest: BTreeMap<AlertId, &Notice> = BTreeMap::new();
    for notice in lines {
        latest.insert(notice.alert, notice);
    }
    let mut items: Vec<(bool, std::cmp::Reverse<Stage>, AlertId, Item)> = Vec::new();
    for (&id, &notice) in &latest {
        // A line of an earlier episode has had its last word.
        let Some(alert) = desk.alert(id).filter(|alert| alert.episode == notice.episode && !is_dropped(alert)) else {
            continue;
        };
        // What a stronger one beside it speaks for is no line of its own.
        let mut beside = latest.keys().filter_map(|other| desk.alert(*other));
        if beside.any(|other| other.state != AlertState::Resolved && is_said_by(alert, other)) {
            continue;
        }
        let item = item(alert, notice, audience, desk, scene);
        items.push((item.over_at.is_some(), std::cmp::Reverse(item.finding.stage), id, item));
    }
    items.sort_by_key(|(over, stage, id, _)| (*over, *stage, *id));
    items.into_iter().map(|(.., item)| item).collect()
}

/// True where another gap says it: it speaks for this one, or the date that this one asks about has passed.
fn is_said_by(alert: &Alert, other: &Alert) -> bool {
    let is_passed = alert.subject == other.subject
        && matches!(alert.finding.evidence, Evidence::AtRisk { .. })
        && matches!(other.finding.evidence, Evidence::Overdue { .. });
    (is_passed && alert.state != AlertState::Resolved) || is_silenced_by(alert, other)
}

fn item(alert: &Alert, reader: &Notice, audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Item {
    let board = desk.snapshot.board;
    let over_at = (alert.state == AlertState::Resolved).then_some(alert.resolved_at).flatten();
    let (key, url, title) = subject(alert, audience, desk, scene.names);
    let task = match alert.subject {
        SubjectKey::Task(id) => board.task(id),
        _ => None,
    };
    let owners = owners(alert, desk.snapshot);
    let answered = Answered::of(alert, reader, &owners, &board.people);
    let quiet = answered.as_ref().is_some_and(|answered| answered.is_quiet(scene));
    let handed = handed(alert, reader, desk, scene).filter(|_| over_at.is_none());
    let controls = match over_at {
        _ if handed.is_some() => Vec::new(),
        Some(_) => Vec::new(),
        None => controls(alert, reader, audience, quiet, url.as_deref(), desk.snapshot),
    };
    Item {
        key,
        url,
        title,
        finding: Finding { stage: alert.stage, ..alert.finding.clone() },
        noticed_at: alert.opened_at,
        over_at,
        ending: alert.ending.filter(|_| over_at.is_some()),
        closed: task.is_some_and(|task| !task.category().is_open()),
        moved: alert.moved.as_ref().filter(|_| over_at.is_some()).map(|mover| Moved::of(mover, &board.people)),
        first_noticed_at: alert.resumed().map(|earlier| earlier.opened_at),
        was_over_at: alert.earlier.as_ref().map(|earlier| earlier.over_at),
        handed,
        spoken_by: spoken_by(alert, reader, desk, scene),
        outcome: task.filter(|_| over_at.is_some()).and_then(|task| outcome(alert, task, desk, scene)),
        hearing: hearing(alert, reader, audience, desk, scene),
        answered,
        again: again(alert, reader, desk),
        controls,
        also: also(alert, desk, scene),
        children: children(alert, desk),
        with: Vec::new(),
    }
}

/// What became of a date that had passed: how late it was met, or where it was moved.
fn outcome(alert: &Alert, task: &TaskRow, desk: &Desk<'_>, scene: Scene<'_>) -> Option<String> {
    let Evidence::Overdue { deadline, first_due, .. } = &alert.finding.evidence else { return None };
    if let Some(closed_at) = task.closed_at().filter(|_| !task.category().is_open()) {
        return (closed_at > deadline.at)
            .then(|| format!("{} after its date", lateness(deadline.at, closed_at, scene)));
    }
    let present = Look::new(desk.snapshot).deadline(task)?;
    let first = first_due.filter(|first| *first != deadline.due);
    let first = first.map(|first| format!(", first planned for {}", due_date(first, scene))).unwrap_or_default();
    let (was, is) = (due_date(deadline.due, scene), due_date(present.due, scene));
    let later = lateness(deadline.at, present.at, scene);
    (present.at > deadline.at).then(|| format!("by {later}, from {was} to {is}{first}"))
}

/// Name, address and title; a task that not everybody may see shows its title in private only.
fn subject(
    alert: &Alert,
    audience: Audience,
    desk: &Desk<'_>,
    names: &Names,
) -> (String, Option<String>, Option<String>) {
    let board = desk.snapshot.board;
    match alert.subject {
        SubjectKey::Task(id) => {
            let restricted = board.task(id).is_none_or(|task| task.restricted());
            let hidden = restricted && audience == Audience::Channel;
            match names.get(&id) {
                Some(name) => (name.key.clone(), Some(name.url.clone()), (!hidden).then(|| name.title.clone())),
                None => ("a task".to_owned(), None, None),
            }
        }
        SubjectKey::Container(id) => (board.container(id).map_or("", |home| &home.name).to_owned(), None, None),
        SubjectKey::Connection(id) => (board.connection(id).map_or("", |reader| &reader.name).to_owned(), None, None),
        SubjectKey::Person(id) => {
            (board.somebody(id).map_or(String::new(), |who| board.people.name(who.account)), None, None)
        }
        SubjectKey::System => (ITSELF.to_owned(), None, None),
    }
}

fn hearing(alert: &Alert, reader: &Notice, audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Hearing {
    let people = &desk.snapshot.board.people;
    let whose = match (&alert.finding.addressee, &alert.finding.evidence) {
        (Addressee::Manager, Evidence::Milestone(_)) => heard(alert, desk),
        (_, Evidence::NoOwner { .. }) | (Addressee::Operators, _) => Vec::new(),
        _ => owners(alert, desk.snapshot),
    };
    let notices = desk.notices_of(alert);
    let asked = match alert.finding.addressee {
        Addressee::Account(account) => vec![account],
        _ => whose.clone(),
    };
    let mut told = told(alert, &asked, &notices, 1, desk);
    if reader.rung > 2 {
        told.extend(
            self::told(alert, &[], &notices, 2, desk).into_iter().filter(|one| one.account != AccountId::NOBODY),
        );
    }
    let since = told.iter().map(|told| told.at).min();
    let acts = told.iter().filter_map(|told| last_act(told.account, alert, desk.snapshot));
    let is_theirs = whose.iter().any(|one| people.same(*one, reader.account));
    Hearing {
        owners: whose.iter().map(|one| people.name(*one)).collect(),
        acted_at: acts.max().filter(|at| since.is_some_and(|since| *at > since)),
        unheard: if told.is_empty() { unheard::because(&asked, &notices, desk) } else { None },
        told,
        back_at: whose.first().and_then(|one| back_at(*one, desk)),
        stands_in: asked.iter().find_map(|one| stands_in(*one, reader.account, desk)),
        is_readers: is_theirs || whose.is_empty(),
        is_informed: is_informed(alert, reader, desk),
        is_private: !notices.iter().any(|notice| matches!(notice.address, Address::Comment { .. })),
        manager: next(alert, reader, audience, &asked, desk, scene),
    }
}

/// True for whoever only waits for it: nothing is asked of them.
fn is_informed(alert: &Alert, reader: &Notice, desk: &Desk<'_>) -> bool {
    let people = &desk.snapshot.board.people;
    let waits = matches!(alert.finding.evidence, Evidence::Cascade { .. } | Evidence::BlockerStale { .. });
    let asked = heads(alert, desk.snapshot);
    reader.rung == 0 && waits && !asked.iter().any(|one| people.same(*one, reader.account))
}

/// When whoever is told once more was told first. `None`: this is no repeat.
fn again(alert: &Alert, reader: &Notice, desk: &Desk<'_>) -> Option<Timestamp> {
    let notices = desk.notices_of(alert);
    let theirs = |notice: &&&Notice| notice.account == reader.account && notice.reason != Reason::Repeated;
    let told = notices.iter().filter(theirs).filter_map(|notice| notice.told_at).min();
    let told = first_told(alert, reader.account, desk).or(told);
    told.filter(|_| reader.reason == Reason::Repeated)
}

/// When an account was told first in the episodes that the present one goes on with. `None`: it was not.
fn first_told(alert: &Alert, account: AccountId, desk: &Desk<'_>) -> Option<Timestamp> {
    let people = &desk.snapshot.board.people;
    let earlier = alert.resumed()?;
    earlier.told.iter().filter(|told| people.same(told.account, account)).map(|told| told.at).min()
}

/// Who of those concerned was told, each with when first; the deputy in the place of who is away. Where none of them was,
/// everybody who was told first.
fn told(alert: &Alert, asked: &[AccountId], notices: &[&Notice], rung: u8, desk: &Desk<'_>) -> Vec<Heard> {
    let people = &desk.snapshot.board.people;
    let mut all: Vec<Heard> = Vec::new();
    for notice in notices.iter().filter(|notice| notice.rung == rung && !notice.reason.is_farewell()) {
        let at = notice.heard_at();
        let known = all.iter().any(|told| people.same(told.account, notice.account));
        if let (Some(at), false) = (at, known) {
            let stands_in = asked.iter().find_map(|one| stands_in(*one, notice.account, desk));
            let unsure = notice.told_at.is_none();
            let first_at = first_told(alert, notice.account, desk);
            let (account, name) = (notice.account, people.name(notice.account));
            all.push(Heard { account, name, at, first_at, unsure, stands_in });
        }
    }
    let concerned = |told: &&Heard| told.stands_in.is_some() || asked.iter().any(|one| people.same(*one, told.account));
    let now: Vec<Heard> = all.iter().filter(concerned).cloned().collect();
    if now.is_empty() { all } else { now }
}

/// Whom an account stands in for, and until when: for this one, who is away. `None`: it does not.
fn stands_in(away: AccountId, account: AccountId, desk: &Desk<'_>) -> Option<(String, Timestamp)> {
    let people = &desk.snapshot.board.people;
    let back_at = back_at(away, desk).filter(|_| !people.same(away, account))?;
    let deputy = people.deputy(away)?;
    people.same(deputy.own_account, account).then(|| (people.name(away), back_at))
}

/// When somebody who is away works again. `None`: they are here.
fn back_at(account: AccountId, desk: &Desk<'_>) -> Option<Timestamp> {
    let people = &desk.snapshot.board.people;
    let back_at = people.back_at(account, desk.snapshot.now)?;
    Some(people.calendar(Some(account)).next_open(back_at))
}

/// Who was told first of what belongs to nobody alone, else who is to be.
fn heard(alert: &Alert, desk: &Desk<'_>) -> Vec<AccountId> {
    let mut heard: Vec<AccountId> = Vec::new();
    for told in alert.told.iter().filter(|told| told.rung == 1) {
        if !heard.contains(&told.account) {
            heard.push(told.account);
        }
    }
    if heard.is_empty() { heads(alert, desk.snapshot) } else { heard }
}

/// Who hears within a working day if nothing changes. `None`: nobody does, or has heard already, or not in person.
fn next(
    alert: &Alert,
    reader: &Notice,
    audience: Audience,
    heads: &[AccountId],
    desk: &Desk<'_>,
    scene: Scene<'_>,
) -> Option<String> {
    if audience != Audience::Owner || heads.is_empty() || !cannot_wait(alert, scene.calendar, scene.now) {
        return None;
    }
    let (people, policy) = (&desk.snapshot.board.people, desk.snapshot.policy);
    let manager =
        leader(heads, alert.subject, desk.snapshot).filter(|one| !people.same(one.own_account, reader.account))?;
    let reached = policy.in_slack(manager).or_else(|| policy.by_mail(manager)).is_some();
    let before = alert.resumed().into_iter().flat_map(|earlier| &earlier.told);
    let heard = alert.told.iter().chain(before).any(|told| told.rung >= 2);
    // Whoever leads them hears of what is not theirs at once.
    let heard = heard || alert.said.as_ref().is_some_and(|said| said.what == Claim::NotMine);
    (reached && !heard).then(|| manager.name.clone())
}

/// Weaker gaps of the same task that keep silent because of this one.
fn also(alert: &Alert, desk: &Desk<'_>, scene: Scene<'_>) -> Vec<String> {
    // That the date was near is no news once it has passed.
    let is_past = matches!(alert.finding.evidence, Evidence::Overdue { .. });
    let says_more = |other: &&Alert| !(is_past && other.rule.0.starts_with("due."));
    let own = facts(&alert.finding.evidence, scene);
    let others = desk.of(alert.subject).filter(|other| is_silenced_by(other, alert)).filter(says_more);
    let others = others.filter(|other| !is_said(&own, &alert.finding.evidence, &other.finding.evidence));
    let others: Vec<&Alert> = others.collect();
    // One of them may say what another one says.
    let is_first = |one: &&&Alert| {
        let mut before = others.iter().filter(|other| other.id != one.id);
        !before.any(|other| is_said("", &other.finding.evidence, &one.finding.evidence))
    };
    let mut also: Vec<String> = Vec::new();
    for words in others.iter().filter(is_first).map(|other| heading(&other.finding.evidence, scene)) {
        if !also.contains(&words) {
            also.push(words);
        }
    }
    also
}

/// True where the words of a gap tell by themselves what the matter is with a weaker one.
fn is_said(own: &str, gap: &Evidence, weaker: &Evidence) -> bool {
    match weaker {
        Evidence::Stalled { .. } => {
            let is_silence = matches!(gap, Evidence::UrgentSilent { .. } | Evidence::BlockerStale { .. });
            is_silence || own.contains("last change by a person")
        }
        Evidence::NeverStarted { .. } | Evidence::StartLate { .. } => own.contains("no sign of work"),
        _ => false,
    }
}

/// What by now speaks for a gap to the same reader, in another post: nothing is asked twice. `None`: nothing does.
fn spoken_by(alert: &Alert, reader: &Notice, desk: &Desk<'_>, scene: Scene<'_>) -> Option<String> {
    let Some(Withheld::Inhibited(gap)) = &alert.withheld else { return None };
    let stronger = desk.of(alert.subject).find(|other| other.gap == *gap && other.state != AlertState::Resolved)?;
    let said = |notice: &&Notice| {
        let is_said = matches!(notice.state, NoticeState::Sealed | NoticeState::Told | NoticeState::Unsure);
        notice.account == reader.account && is_said && notice.address.is_private()
    };
    let is_told = desk.notices_of(stronger).iter().copied().any(|notice| said(&notice));
    is_told.then(|| heading(&stronger.finding.evidence, scene))
}

/// Sub-tasks with the same gap that keep silent because of this one.
fn children(alert: &Alert, desk: &Desk<'_>) -> usize {
    let SubjectKey::Task(id) = alert.subject else { return 0 };
    let same = |child: TaskId| {
        let mut others = desk.of(SubjectKey::Task(child));
        others.any(|other| other.rule == alert.rule && is_silenced_by(other, alert))
    };
    parts(id, desk.snapshot).into_iter().filter(|part| same(*part)).count()
}

/// Everybody for whom the comment is the only channel, while it has something to say to them.
fn mentions(lines: &[&Notice], desk: &Desk<'_>) -> Vec<String> {
    let mut logins: Vec<String> = Vec::new();
    for notice in lines {
        let Address::Comment { mention: Some(login), .. } = &notice.address else { continue };
        let open = desk.alert(notice.alert).is_some_and(|alert| {
            !is_former(alert, notice, desk.snapshot)
                && alert.state != AlertState::Resolved
                && alert.episode == notice.episode
                && !notice.reason.is_farewell()
        });
        // By the name they go by now.
        let account = desk.snapshot.board.people.accounts.get(&notice.account);
        let login = account.and_then(|account| account.handle.as_ref()).unwrap_or(login);
        if open && !logins.contains(login) {
            logins.push(login.clone());
        }
    }
    logins
}
