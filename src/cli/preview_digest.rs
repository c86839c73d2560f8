//! `preview digest`: a digest as it leaves next, once everything before it is said, and a report as it would be.

use connector_kit::Destination;
use jiff::Timestamp;

use super::open::{From, Stopped, View, no_csv, print_json};
use super::preview::{About, Document, Shown, called, print, read, send};
use super::rehearsal::{self, Live, Said};
use super::{Exit, Output};
use crate::config::Backlog;
use crate::domain::digest::DigestOf;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Message, PostAbout};
use crate::domain::policy::Mode;
use crate::registry;

/// Prints them.
pub(super) async fn preview(from: &From, about: &About) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let mut view = View::open(from, None)?;
    let at = view.now;
    let wanted = wanted(&view, about)?;
    let mut messages = played(&mut view, &wanted)?;
    if let Some(id) = &about.gap {
        messages.retain(|shown| shown.gaps.contains(id));
    }
    let sent = match (&about.send_to, messages.first()) {
        (Some(me), Some(first)) => {
            send(from, &view, me, first).await?;
            Some(me)
        }
        _ => None,
    };
    match from.output {
        Output::Json => print_json(&Document { schema: "gapwatch.preview/1", at, messages })?,
        Output::Table | Output::Csv => print(&messages, "in a digest", sent),
    }
    Ok(Exit::Done)
}

/// Plays on until the turn of those that come daily, which are shown as they leave then. What would not leave is shown where
/// it was asked for by its name.
fn played(view: &mut View, wanted: &[DigestOf]) -> Result<Vec<Shown>, Stopped> {
    let at = view.now;
    let live = |mode: &Mode| *mode == Mode::Live;
    let observes = !live(&view.policy.mode) && !view.policy.connection_modes.values().any(live);
    let daily = |of: &&DigestOf| matches!(of, DigestOf::Person(_) | DigestOf::Manager(_));
    let until = wanted.iter().filter(daily).map(|of| leaves_at(view, *of)).max().unwrap_or(at);
    // Told as new where nothing is told yet: what is there would be silent on the first day.
    let how = if observes { Live::All } else { Live::AsItIs };
    let times: Vec<Timestamp> = wanted.iter().map(|of| leaves_at(view, *of)).collect();
    let said = rehearsal::rehearse(view, how, observes, until)?;
    view.policy.tell_backlog = view.settings.messages.backlog == Backlog::Tell;
    let mut messages = Vec::new();
    for (of, leaves_at) in wanted.iter().zip(times) {
        let about = |one: &&Said| view.board.post(one.message.post).map(|post| post.about);
        let leaves = |one: &&Said| matches!(about(one), Some(PostAbout::Digest(whose, _)) if whose == *of);
        if let Some(one) = said.iter().find(leaves) {
            let reasons = one.notices.iter().map(|line| line.reason.word()).collect();
            messages.push(shown(view, *of, one.at, &one.message, one.gaps.clone(), reasons));
            continue;
        }
        view.now = if matches!(of, DigestOf::Baseline(_)) { at } else { leaves_at.max(at) };
        let now = view.now;
        rehearsal::keep_fresh(view);
        messages.extend(forced(view, *of, wanted.len() == 1)?.map(|shown| Shown { at: now, ..shown }));
    }
    Ok(messages)
}

/// Whose digests are meant.
fn wanted(view: &View, about: &About) -> Result<Vec<DigestOf>, Stopped> {
    let words: Vec<&str> = about.whose.iter().chain(&about.person).map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(everybodys(view)),
        ["channel"] | ["manager", "channel"] => Ok(vec![DigestOf::Manager(AccountId::NOBODY)]),
        ["manager"] => Ok(managers(view).into_iter().map(DigestOf::Manager).collect()),
        ["manager", name] => Ok(vec![DigestOf::Manager(person(view, name)?)]),
        ["weekly"] => Ok(weeklies(view)),
        ["weekly", "channel"] => Ok(vec![DigestOf::Weekly(AccountId::NOBODY)]),
        ["weekly", name] => Ok(vec![DigestOf::Weekly(person(view, name)?)]),
        ["baseline"] => Ok(view.board.connections().map(|one| DigestOf::Baseline(one.id)).collect()),
        ["baseline", name] => match view.board.connections().find(|one| *one.name == **name) {
            Some(connection) => Ok(vec![DigestOf::Baseline(connection.id)]),
            None => Err(Stopped::usage(format!("{name} is no connection of the configuration"))),
        },
        [name] => Ok(vec![DigestOf::Person(person(view, name)?)]),
        _ => Err(Stopped::usage("say a person, `manager NAME`, `weekly`, or `baseline CONNECTION`")),
    }
}

fn person(view: &View, name: &str) -> Result<AccountId, Stopped> {
    let people = &view.board.people;
    let called = |login: &str| login.eq_ignore_ascii_case(name);
    let by_login = people.accounts.values().find(|one| one.handle.as_deref().is_some_and(called));
    let configured = people.persons.values().find(|person| person.handle == name).map(|person| person.own_account);
    configured
        .or(by_login.map(|account| people.stands(account.id)))
        .ok_or_else(|| Stopped::usage(format!("nobody is called {name}; `gapwatch people list` lists everybody")))
}

fn everybodys(view: &View) -> Vec<DigestOf> {
    let mut accounts: Vec<AccountId> = view.board.people.persons.values().map(|person| person.own_account).collect();
    accounts.sort_unstable();
    let managers = managers(view).into_iter().map(DigestOf::Manager);
    accounts.into_iter().map(DigestOf::Person).chain(managers).chain(weeklies(view)).collect()
}

fn managers(view: &View) -> Vec<AccountId> {
    let snapshot = view.snapshot();
    let mut all: Vec<AccountId> = view.board.people.persons.values().map(|person| person.own_account).collect();
    all.sort_unstable();
    all.retain(|account| crate::alerts::leads(*account, &snapshot));
    all
}

fn weeklies(view: &View) -> Vec<DigestOf> {
    let snapshot = view.snapshot();
    let mut all: Vec<AccountId> = view.board.people.persons.values().map(|person| person.own_account).collect();
    all.push(AccountId::NOBODY);
    all.sort_unstable();
    all.retain(|account| {
        let about = crate::alerts::gets_weekly(*account, &snapshot);
        about.is_some_and(|about| about.is_none() || !crate::alerts::Team::of(about, &snapshot).tasks.is_empty())
    });
    all.into_iter().map(DigestOf::Weekly).collect()
}

/// A digest as it would be if its time were now. `None`: it would be empty. `alone`: it was asked for by its name, and is shown
/// though it would not be sent.
fn forced(view: &mut View, of: DigestOf, alone: bool) -> Result<Option<Shown>, Stopped> {
    let daily = matches!(of, DigestOf::Person(_) | DigestOf::Manager(_));
    if daily && !alone {
        return Ok(None);
    }
    let Some(message) = rehearsal::digest(view, of)? else { return Ok(None) };
    let lines: Vec<_> = view
        .board
        .waiting_lines()
        .filter(|line| Some(view.board.people.stands(line.account)) == of.account())
        .collect();
    let mut gaps: Vec<String> =
        lines.iter().filter_map(|line| Some(view.board.alert(line.alert)?.gap.0.clone())).collect();
    gaps.sort();
    gaps.dedup();
    let reasons = lines.iter().map(|line| line.reason.word()).collect();
    let idle = daily.then_some("it would not leave: there is nothing new in it");
    Ok(Some(Shown { idle, ..shown(view, of, view.now, &message, gaps, reasons) }))
}

fn shown(
    view: &View,
    of: DigestOf,
    at: Timestamp,
    message: &Message,
    gaps: Vec<String>,
    mut reasons: Vec<&'static str>,
) -> Shown {
    reasons.sort_unstable();
    reasons.dedup();
    let place = match &message.address {
        Address::Slack(Destination::Channel(name)) => Some(name.clone()),
        _ => None,
    };
    let whose = of.account().filter(|account| place.is_none() && *account != AccountId::NOBODY);
    Shown {
        at,
        channel: message.address.channel(),
        does: "post",
        to: whose.into_iter().map(|account| view.board.people.called(account)).collect(),
        place,
        gaps,
        reasons,
        idle: None,
        text: read(&message.body, &|login| called(view, login)),
        rendered: registry::rendered(&view.settings, &message.address, &message.body),
        body: message.body.clone(),
    }
}

/// When its time is next.
fn leaves_at(view: &View, of: DigestOf) -> Timestamp {
    let snapshot = view.snapshot();
    let rhythm = view.policy.schedule.of(of);
    let calendar = crate::alerts::digest_calendar(of, &snapshot);
    rhythm.and_then(|rhythm| rhythm.next(calendar, view.policy.work_hours_only, view.now)).unwrap_or(view.now)
}
