//! What a post consists of: its lines as they stand, and from them its words.

use std::collections::{BTreeMap, HashMap};

use connector_kit::{Destination, Text};

use super::answered::Answered;
use super::desk::{Desk, is_dropped};
use super::facts::heading;
use super::guard::{Named, worded};
use super::scene::Scene;
use super::wording::{Audience, Hearing, Item, comment, day, reply, single};
use crate::alerts::{cannot_wait, last_act, leader, owners};
use crate::domain::alert::{Alert, AlertState, Withheld};
use crate::domain::finding::{Addressee, Evidence, Finding, Stage, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, TaskId};
use crate::domain::names::TaskName;
use crate::domain::notice::{Address, Notice, NoticeState, Post, PostAbout, Reason};

/// Names of the tasks that are spoken of.
pub(super) type Names = HashMap<TaskId, TaskName>;

/// What a post should say. `None`: it has nothing to say any more.
pub(super) fn words(post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    worded(|| full_words(post, desk, names), || about(&desk.lines(post.id), desk, names))
}

fn full_words(post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    let lines = desk.lines(post.id);
    let first = *lines.first()?;
    let audience = audience(first);
    let scene = Scene { names, now: desk.snapshot.now, calendar: desk.calendar(first) };
    let items = items(&lines, audience, desk, scene);
    let text = match post.about {
        PostAbout::Task(_) => comment(&items, &mentions(&lines, desk), post.remark.as_deref(), scene),
        PostAbout::Day(_) => day(&items, scene),
        PostAbout::Alert(..) => single(items.first()?, audience, scene),
    };
    (!items.is_empty()).then_some(text)
}

/// The answer under a post, about those of its lines.
pub(super) fn answer(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Option<Text> {
    worded(|| full_answer(lines, desk, names), || about(lines, desk, names))
}

/// What lines are about, by the names that are known.
fn about(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Vec<Named> {
    let mut about: Vec<Named> = Vec::new();
    for notice in lines {
        let named = match desk.alert(notice.alert).map(|alert| alert.subject) {
            Some(SubjectKey::Task(id)) => names.get(&id).map(|name| (name.key.clone(), Some(name.url.clone()))),
            _ => None,
        };
        let named = named.unwrap_or_else(|| ("gapwatch".to_owned(), None));
        if !about.contains(&named) {
            about.push(named);
        }
    }
    about
}

fn full_answer(lines: &[&Notice], desk: &Desk<'_>, names: &Names) -> Option<Text> {
    let first = *lines.first()?;
    let scene = Scene { names, now: desk.snapshot.now, calendar: desk.calendar(first) };
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
fn items(lines: &[&Notice], audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Vec<Item> {
    let mut latest: BTreeMap<AlertId, &Notice> = BTreeMap::new();
    for notice in lines {
        latest.insert(notice.alert, notice);
    }
    let mut items: Vec<(bool, std::cmp::Reverse<Stage>, AlertId, Item)> = Vec::new();
    for (id, notice) in latest {
        // A line of an earlier episode has had its last word.
        let Some(alert) = desk.alert(id).filter(|alert| alert.episode == notice.episode && !is_dropped(alert)) else {
            continue;
        };
        let item = item(alert, audience, desk, scene);
        items.push((item.over_at.is_some(), std::cmp::Reverse(item.finding.stage), id, item));
    }
    items.sort_by_key(|(over, stage, id, _)| (*over, *stage, *id));
    items.into_iter().map(|(.., item)| item).collect()
}

fn item(alert: &Alert, audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Item {
    let board = desk.snapshot.board;
    let over_at = (alert.state == AlertState::Resolved).then_some(alert.resolved_at).flatten();
    let (key, url, title) = subject(alert, audience, desk, scene.names);
    let task = match alert.subject {
        SubjectKey::Task(id) => board.task(id),
        _ => None,
    };
    Item {
        key,
        url,
        title,
        finding: Finding { stage: alert.stage, ..alert.finding.clone() },
        noticed_at: alert.opened_at,
        over_at,
        ending: alert.ending.filter(|_| over_at.is_some()),
        closed: task.is_some_and(|task| !task.category.is_open()),
        hearing: hearing(alert, audience, desk, scene),
        answered: Answered::of(alert, &board.people),
        also: also(alert, desk, scene),
        children: children(alert, desk),
    }
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
            let restricted = board.task(id).is_none_or(|task| task.restricted);
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
    }
}

fn hearing(alert: &Alert, audience: Audience, desk: &Desk<'_>, scene: Scene<'_>) -> Hearing {
    let people = &desk.snapshot.board.people;
    let heads = match (&alert.finding.addressee, &alert.finding.evidence) {
        (Addressee::Manager, Evidence::Milestone(_)) => heard(alert),
        (Addressee::Account(_), Evidence::NoOwner { .. }) | (Addressee::Operators, _) => Vec::new(),
        (Addressee::Account(account), _) => vec![*account],
        (Addressee::Owners | Addressee::Manager, _) => owners(alert, desk.snapshot),
    };
    let notices = desk.notices_of(alert);
    let first = |notice: &&&Notice| notice.rung == 1 && notice.reason != Reason::Resolved;
    let told_at = notices.iter().filter(first).filter_map(|notice| notice.told_at).min();
    let unsure = notices.iter().filter(first).find(|notice| notice.state == NoticeState::Unsure);
    let heard_at = told_at.or(unsure.map(|notice| notice.decided_at));
    let acts = heads.iter().filter_map(|head| last_act(*head, alert, desk.snapshot));
    Hearing {
        owners: heads.iter().map(|head| people.name(*head)).collect(),
        told_at: heard_at,
        unsure: told_at.is_none() && unsure.is_some(),
        acted_at: acts.max().filter(|at| heard_at.is_some_and(|heard| *at > heard)),
        back_at: heads.first().and_then(|head| people.back_at(*head, desk.snapshot.now)),
        manager: next(alert, audience, &heads, desk, scene),
    }
}

/// Who was told first of what belongs to nobody alone.
fn heard(alert: &Alert) -> Vec<AccountId> {
    let mut heard: Vec<AccountId> = Vec::new();
    for told in alert.told.iter().filter(|told| told.rung == 1) {
        if !heard.contains(&told.account) {
            heard.push(told.account);
        }
    }
    heard
}

/// Who hears within a working day if nothing changes. `None`: nobody does, or has heard already, or not in person.
fn next(alert: &Alert, audience: Audience, heads: &[AccountId], desk: &Desk<'_>, scene: Scene<'_>) -> Option<String> {
    if audience != Audience::Owner || heads.is_empty() || !cannot_wait(alert, scene.calendar, scene.now) {
        return None;
    }
    let manager = leader(heads, alert.subject, desk.snapshot)?;
    let reached = desk.snapshot.policy.slack && (manager.slack.is_some() || manager.email.is_some());
    let heard = alert.told.iter().any(|told| told.rung >= 2);
    (reached && !heard).then(|| manager.name.clone())
}

/// Weaker gaps of the same task that keep silent because of this one.
fn also(alert: &Alert, desk: &Desk<'_>, scene: Scene<'_>) -> Vec<String> {
    let others = desk.of(alert.subject).filter(|other| is_silenced_by(other, alert));
    others.map(|other| heading(&other.finding.evidence, scene)).collect()
}

/// Sub-tasks with the same gap that keep silent because of this one.
fn children(alert: &Alert, desk: &Desk<'_>) -> usize {
    let SubjectKey::Task(id) = alert.subject else { return 0 };
    let board = desk.snapshot.board;
    let same = |child: TaskId| {
        let mut others = desk.of(SubjectKey::Task(child));
        others.any(|other| other.rule == alert.rule && is_silenced_by(other, alert))
    };
    board.children(id).filter(|child| same(child.id)).count()
}

fn is_silenced_by(other: &Alert, alert: &Alert) -> bool {
    other.state != AlertState::Resolved && other.withheld == Some(Withheld::Inhibited(alert.gap.clone()))
}

/// Everybody for whom the comment is the only channel, while it has something to say to them.
fn mentions(lines: &[&Notice], desk: &Desk<'_>) -> Vec<String> {
    let mut logins: Vec<String> = Vec::new();
    for notice in lines {
        let Address::Comment { mention: Some(login), .. } = &notice.address else { continue };
        let open = desk.alert(notice.alert).is_some_and(|alert| {
            alert.state != AlertState::Resolved && alert.episode == notice.episode && notice.reason != Reason::Resolved
        });
        if open && !logins.contains(login) {
            logins.push(login.clone());
        }
    }
    logins
}
