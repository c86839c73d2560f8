//! What a drawing says of people: who stands in for whom, when they are away or were last seen, what they usually have.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::words::Words;
use super::{date, number, zone};
use crate::domain::away::DateRange;
use crate::domain::board::Board;
use crate::domain::calendar::Hours;
use crate::domain::ids::PersonId;
use crate::domain::norms::{Book, Metric, Percentiles, RowKey};
use crate::domain::people::People;

/// `person ana zone Europe/Berlin deputy lee away 2025-03-10..2025-03-14 week 32 seen 2025-03-01 due 4 hand 2`
#[derive(Default)]
pub(super) struct Folk {
    deputies: Vec<(String, String)>,
    managers: Vec<(String, String)>,
    teams: Vec<String>,
    away: Vec<(String, DateRange)>,
    weeks: Vec<(String, i32)>,
    seen: Vec<(String, Date)>,
    usual: Vec<(String, Metric, f64)>,
}

impl Folk {
    /// Takes a line behind `person`; who it is about, and their zone where they are of the configuration.
    pub(super) fn take(&mut self, words: &mut Words<'_>) -> (String, Option<TimeZone>) {
        let name = words.next().to_owned();
        let mut own = None;
        while let Some(word) = words.peek() {
            words.next();
            match word {
                "zone" => own = Some(zone(words.next())),
                "deputy" => self.deputies.push((name.clone(), words.next().to_owned())),
                "manager" => self.managers.push((name.clone(), words.next().to_owned())),
                "team" => self.teams.push(name.clone()),
                "away" => {
                    let text = words.next();
                    let (from, to) = text.split_once("..").unwrap_or((text, text));
                    let range = DateRange::new(date(from), date(to)).unwrap_or_else(|| panic!("{text} ends too early"));
                    self.away.push((name.clone(), range));
                }
                "week" => self.weeks.push((name.clone(), 60 * number::<i32>(words.next()))),
                "seen" => self.seen.push((name.clone(), date(words.next()))),
                "due" => self.usual.push((name.clone(), Metric::DueSoon, number(words.next()))),
                "hand" => self.usual.push((name.clone(), Metric::InHand, number(words.next()))),
                other => panic!("no such property of a person: {other}"),
            }
        }
        (name, own)
    }

    /// `silence 2025-03-01`: nobody was seen after this day.
    pub(super) fn silence(&mut self, day: &str) {
        let day = date(day);
        self.seen.iter_mut().for_each(|(_, seen)| *seen = (*seen).min(day));
    }

    pub(super) fn hours(&self, name: &str, whole: &Hours) -> Hours {
        let week = self.weeks.iter().find(|(known, _)| known == name);
        week.map_or_else(|| whole.clone(), |(_, minutes)| whole.shortened(*minutes))
    }

    /// Everything but hours and norms.
    pub(super) fn settle(&self, people: &mut People) {
        let account = |name: &str, people: &People| {
            let found = people.accounts.values().find(|rec| rec.handle.as_deref() == Some(name));
            found.unwrap_or_else(|| panic!("nobody is called {name}")).id
        };
        for (name, day) in &self.seen {
            let id = account(name, people);
            let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map(|at| at.timestamp());
            people.accounts.entry(id).and_modify(|rec| rec.acted_at = noon.ok());
        }
        for (names, is_deputy) in [(&self.deputies, true), (&self.managers, false)] {
            for (name, other) in names {
                let (one, other) = (PersonId(account(name, people).0), PersonId(account(other, people).0));
                let person = people.persons.get_mut(&one).unwrap_or_else(|| panic!("{name} has no zone"));
                *(if is_deputy { &mut person.deputy } else { &mut person.manager }) = Some(other);
            }
        }
        for name in &self.teams {
            let id = PersonId(account(name, people).0);
            people.persons.entry(id).and_modify(|person| person.team = true);
        }
        let away: Vec<_> = self.away.iter().map(|(name, range)| (account(name, people), *range)).collect();
        people.add_away(away);
    }

    /// What people usually have at hand, beside what is measured already; `everybody` is the organisation.
    pub(super) fn measure(&self, people: &[(String, Option<TimeZone>)], board: &mut Board) {
        if self.usual.is_empty() {
            return;
        }
        let id = |name: &str| match name {
            "everybody" => 0,
            name => people.iter().position(|(known, _)| known == name).map_or(-1, |nth| nth as i64 + 1),
        };
        let row = |(name, metric, value): &(String, Metric, f64)| {
            let key = RowKey { about: id(name), kind: String::new(), metric: *metric };
            (key, Percentiles { p50: *value, p70: *value, p85: *value, p95: *value, samples: 60 })
        };
        let (as_of, counted) = (board.norms().as_of, board.norms().counted.clone());
        let mut rows = board.norms().rows().clone();
        rows.extend(self.usual.iter().map(row));
        let forecast = board.norms().forecast.clone();
        board.put_norms(Book::new(as_of, counted, rows).with_forecast(forecast), &BTreeSet::new());
    }
}
