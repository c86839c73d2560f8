//! `people` and `calendar`: who is who, whom nobody knows, and when they work. The file is the truth: a link is proposed
//! as lines to add, and written by nobody but its owner.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::open::{From, Stopped, View, no_csv, print_json};
use super::table::{drawn, plain, table};
use super::{Exit, Output};
use crate::config::Origin;
use crate::domain::away::DateRange;
use crate::domain::ids::AccountId;
use crate::domain::people::{AccountRec, Person};
use crate::store::PersonSeen;

/// `gapwatch.people/1`
#[derive(Debug, Serialize)]
struct Listed {
    schema: &'static str,
    people: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    person: String,
    name: String,
    email: Option<String>,
    manager: Option<String>,
    zone: String,
    zone_from: String,
    /// Whose hours count: `calendar berlin, part time`.
    calendar: String,
    deputy: Option<String>,
    /// When they are back. `null`: they are here.
    away_until: Option<Timestamp>,
    /// How they are told: `slack`, `comments`. Empty: by no way.
    reach: Vec<&'static str>,
    slack: Option<String>,
    accounts: Vec<String>,
    open_tasks: usize,
}

/// `gapwatch.unmatched/1`
#[derive(Debug, Serialize)]
struct Unmatched {
    schema: &'static str,
    accounts: Vec<Stranger>,
}

/// Somebody with open work who is none of the people of the configuration.
#[derive(Debug, Serialize)]
pub(super) struct Stranger {
    /// Login.
    pub(super) account: String,
    name: Option<String>,
    email: Option<String>,
    open_tasks: usize,
    /// The person it may be, by address or name.
    perhaps: Option<String>,
}

/// Everybody of the configuration.
pub(super) fn list(from: &From) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let view = View::open(from, None)?;
    let seen = view.reader.people_seen()?;
    let tasks = open_tasks(&view);
    let people = &view.board.people;
    let mut persons: Vec<&Person> = people.persons.values().collect();
    persons.sort_by(|one, other| one.handle.cmp(&other.handle));
    let row = |person: &&Person| {
        let own = |one: &&AccountRec| one.person == Some(person.id) && one.id != person.own_account;
        let accounts: Vec<&AccountRec> = people.accounts.values().filter(own).collect();
        let mut logins: Vec<String> = accounts.iter().filter_map(|one| one.handle.clone()).collect();
        logins.sort();
        let (zone, zone_from) = zone(&view, person, &seen);
        Row {
            person: person.handle.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            manager: people.manager(person.own_account).map(|manager| manager.handle.clone()),
            zone,
            zone_from,
            calendar: hours_from(&view, &person.handle),
            deputy: people.deputy(person.own_account).map(|deputy| deputy.handle.clone()),
            away_until: people.back_at(person.own_account, view.now),
            reach: [("slack", person.slack.is_some() || person.email.is_some()), ("comments", !logins.is_empty())]
                .into_iter()
                .filter_map(|(way, is_there)| is_there.then_some(way))
                .collect(),
            slack: person.slack.clone(),
            accounts: logins,
            open_tasks: accounts.iter().filter_map(|one| tasks.get(&one.id)).sum(),
        }
    };
    let document = Listed { schema: "gapwatch.people/1", people: persons.iter().map(row).collect() };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => print_list(&document.people),
    }
    Ok(Exit::Done)
}

fn print_list(people: &[Row]) {
    if people.is_empty() {
        anstream::println!(
            "There is nobody in [people] yet. `gapwatch people unmatched` lists everybody who has open tasks."
        );
        return;
    }
    let mut rows = table(&["PERSON", "NAME", "MANAGER", "ACCOUNTS", "SLACK", "E-MAIL", "ZONE", "CALENDAR", "OPEN"]);
    for row in people {
        let or_none = |text: &Option<String>| plain(text.as_deref().unwrap_or("-"));
        rows.add_row([
            row.person.clone(),
            plain(&row.name),
            or_none(&row.manager),
            plain(&row.accounts.join(", ")),
            or_none(&row.slack),
            or_none(&row.email),
            format!("{} ({})", row.zone, row.zone_from),
            plain(&row.calendar),
            row.open_tasks.to_string(),
        ]);
    }
    anstream::println!("{}", drawn(&rows));
}

/// Open tasks by whom they are assigned to.
fn open_tasks(view: &View) -> BTreeMap<AccountId, usize> {
    let mut counts = BTreeMap::new();
    let open = view.board.tasks().filter(|task| task.category().is_open() && task.ineligible().is_none());
    for owner in open.flat_map(|task| task.owners()) {
        *counts.entry(owner).or_default() += 1;
    }
    counts
}

/// Whose hours count for a person, and where that is from.
fn zone(view: &View, person: &Person, seen: &[PersonSeen]) -> (String, String) {
    let zone = person.calendar.zone().iana_name().unwrap_or("the machine's").to_owned();
    let stated = view.settings.people.get(&person.handle).is_some_and(|table| table.tz.is_some());
    let by_slack = seen.iter().any(|one| one.handle == person.handle && one.zone.as_deref() == Some(zone.as_str()));
    let from = if stated {
        match view.settings.origin(&format!("people.{}.tz", person.handle)) {
            Origin::Default => "configuration".to_owned(),
            origin => origin.to_string(),
        }
    } else if by_slack {
        "Slack".to_owned()
    } else {
        "this machine".to_owned()
    };
    (zone, from)
}

/// Everybody with open tasks who is nobody of the configuration: no manager, no hours, no private message.
pub(super) fn strangers(view: &View) -> Vec<Stranger> {
    let people = &view.board.people;
    let mut found: Vec<Stranger> = open_tasks(view)
        .into_iter()
        .filter_map(|(id, open_tasks)| Some((people.accounts.get(&id)?, open_tasks)))
        .filter(|(account, _)| !account.bot && account.person.is_none())
        .map(|(account, open_tasks)| Stranger {
            account: account.handle.clone().unwrap_or_else(|| format!("account {}", account.id)),
            name: account.name.clone(),
            email: account.email.clone(),
            open_tasks,
            perhaps: perhaps(view, account),
        })
        .collect();
    found.sort_by(|one, other| (other.open_tasks, &one.account).cmp(&(one.open_tasks, &other.account)));
    found
}

/// The person an account may belong to: the same address or its first part, the same name, the same login elsewhere. Only
/// ever a proposal.
fn perhaps(view: &View, account: &AccountRec) -> Option<String> {
    let people = &view.board.people;
    let keys = |texts: &[Option<&String>]| -> Vec<String> {
        let texts = texts.iter().flatten().map(|text| text.trim().to_lowercase());
        texts.flat_map(|text| [local_part(&text).to_owned(), text]).filter(|text| !text.is_empty()).collect()
    };
    let of_account = |rec: &AccountRec| keys(&[rec.handle.as_ref(), rec.name.as_ref(), rec.email.as_ref()]);
    let own = of_account(account);
    let same = |person: &&Person| {
        let mut known = keys(&[Some(&person.handle), Some(&person.name), person.email.as_ref()]);
        let accounts = view.board.accounts_of(person.id).filter_map(|id| people.accounts.get(&id));
        known.extend(accounts.flat_map(of_account));
        known.iter().any(|key| own.contains(key))
    };
    people.persons.values().filter(|person| !person.team).filter(same).map(|person| person.handle.clone()).min()
}

/// `ana.k` of `ana.k@example.org`; anything else as it is.
fn local_part(text: &str) -> &str {
    text.split_once('@').map_or(text, |(local, _)| local)
}

/// Prints them, with the lines that would make them known.
pub(super) fn unmatched(from: &From) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let view = View::open(from, None)?;
    let document = Unmatched { schema: "gapwatch.unmatched/1", accounts: strangers(&view) };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv if document.accounts.is_empty() => {
            anstream::println!("Everybody with open tasks is in [people].");
        }
        Output::Table | Output::Csv => {
            let mut rows = table(&["ACCOUNT", "NAME", "OPEN", "PERHAPS"]);
            for one in &document.accounts {
                let or_none = |text: &Option<String>| plain(text.as_deref().unwrap_or("-"));
                rows.add_row([
                    plain(&one.account),
                    or_none(&one.name),
                    one.open_tasks.to_string(),
                    or_none(&one.perhaps),
                ]);
            }
            anstream::println!(
                "{}\n`gapwatch people link PERSON ACCOUNT` prints the lines that link one to a person.",
                drawn(&rows)
            );
        }
    }
    Ok(Exit::Done)
}

/// Prints the lines that make an account a person's; writes nothing.
pub(super) fn link(from: &From, person: &str, account: &str) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let view = View::open(from, None)?;
    let login = account.trim_start_matches('@');
    let people = &view.board.people;
    let known =
        people.accounts.values().find(|one| one.handle.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(login)));
    let Some(known) = known else {
        return Err(Stopped::usage(format!(
            "gapwatch has read no account called {login}; `gapwatch people unmatched` lists those that belong to nobody"
        )));
    };
    if let Some(owner) = people.person(known.id) {
        return Err(Stopped::usage(format!("{login} belongs to {} already", owner.handle)));
    }
    let login = known.handle.as_deref().unwrap_or(login);
    let tool = view.board.site(known.site).split('|').next().unwrap_or_default();
    anstream::println!("Add to your configuration:\n");
    match view.settings.people.get(person) {
        Some(table) => {
            let quoted = |account: &String| format!("\"{account}\"");
            let tools = table.also.by_tool().into_iter().filter_map(|(of, accounts)| {
                let mut all: Vec<String> = accounts.iter().map(quoted).collect();
                all.extend((of == tool).then(|| quoted(&login.to_owned())));
                (!all.is_empty()).then(|| format!("{of} = [{}]", all.join(", ")))
            });
            anstream::println!("    [people.{person}]                  # the existing table; replace `also`");
            anstream::println!("    also = {{ {} }}", tools.collect::<Vec<_>>().join(", "));
        }
        None => {
            anstream::println!("    [people.{person}]");
            anstream::println!("    also = {{ {tool} = \"{login}\" }}");
        }
    }
    anstream::println!("\nNothing was written: only your file says who is who, so that others can see and review it.");
    Ok(Exit::Done)
}

/// `gapwatch.calendar/1`
#[derive(Debug, Serialize)]
struct Hours {
    schema: &'static str,
    person: String,
    zone: String,
    zone_from: String,
    hours_from: String,
    /// Hours of a whole week.
    week_hours: f64,
    days: Vec<Day>,
}

#[derive(Debug, Serialize)]
struct Day {
    date: Date,
    weekday: String,
    /// `null`: not worked.
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// As a clock in the person's zone shows it.
    hours: Option<String>,
    /// Why it is not worked although it is a weekday that is: `holiday` or `away`. `null`: neither.
    off: Option<&'static str>,
}

/// Prints a person's working hours.
pub(super) fn calendar(from: &From, name: &str, days: u16) -> Result<Exit, Stopped> {
    no_csv(from)?;
    let view = View::open(from, None)?;
    let Some(person) = view.board.people.persons.values().find(|person| person.handle == name) else {
        let mut known: Vec<&str> = view.board.people.persons.values().map(|person| person.handle.as_str()).collect();
        known.sort_unstable();
        return Err(Stopped::usage(format!("nobody is called {name}; there is {}", known.join(", "))));
    };
    let (zone, zone_from) = zone(&view, person, &view.reader.people_seen()?);
    let document = Hours {
        schema: "gapwatch.calendar/1",
        person: person.handle.clone(),
        zone,
        zone_from,
        hours_from: hours_from(&view, &person.handle),
        week_hours: f64::from(person.calendar.hours().week_minutes()) / 60.0,
        days: laid_out(person, view.now, days),
    };
    match from.output {
        Output::Json => print_json(&document)?,
        Output::Table | Output::Csv => {
            anstream::println!(
                "{} works in {} ({}); {}, {} h a week",
                document.person,
                document.zone,
                document.zone_from,
                document.hours_from,
                document.week_hours
            );
            for day in &document.days {
                anstream::println!(
                    "  {} {}  {}",
                    day.weekday,
                    day.date,
                    day.hours.as_deref().or(day.off).unwrap_or("-")
                );
            }
        }
    }
    Ok(Exit::Done)
}

/// Which hours a person has, and where that is from.
fn hours_from(view: &View, handle: &str) -> String {
    let table = view.settings.people.get(handle);
    let own = table.and_then(|person| person.calendar.as_deref());
    let name = own.or(view.settings.directory.default_calendar.as_deref());
    let calendar = name.map_or("default: Monday to Friday, 9 to 17".to_owned(), |name| format!("calendar {name}"));
    let part = table.is_some_and(|person| person.capacity.is_some());
    if part { format!("{calendar}, part time") } else { calendar }
}

fn laid_out(person: &Person, now: Timestamp, days: u16) -> Vec<Day> {
    let calendar = &person.calendar;
    let zone: &TimeZone = calendar.zone();
    let first = calendar.date(now);
    let day = |ahead: i32| {
        let date = first.checked_add(ahead.days()).ok()?;
        let opens = calendar.next_open(calendar.day_begins(date));
        let worked = calendar.date(opens) == date;
        let ends = calendar.day_ends(date);
        let holiday = calendar.holidays().iter().any(|range| range.contains(date));
        let away = calendar.absences().any(|range: DateRange| range.contains(date)).then_some("away");
        let off = away.or(holiday.then_some("holiday")).filter(|_| !worked);
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
        Some(Day {
            date,
            weekday: date.strftime("%a").to_string(),
            from: worked.then_some(opens),
            to: worked.then_some(ends),
            hours: worked.then(|| format!("{} - {}", clock(opens), clock(ends))),
            off,
        })
    };
    (0..i32::from(days)).map_while(day).collect()
}
