//! Finished tasks of a case, from which its norms are computed as in production.
//!
//! `finished 20 active 4 days`, with `kind Epic` for a kind, and `elsewhere` for another container of the organisation;
//! `weeks M 5 5 5+2 0` for what was finished (and added) in the latest whole weeks of a milestone, or of a task with parts;
//! `proven 14 misses 40 of 90 auc 0.75` for what finished tasks show of the forecast, with `elsewhere` for the organisation's.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_model::StatusCategory;
use jiff::Timestamp;

use super::words::Words;
use super::{PLACE, number, policy};
use crate::domain::board::Board;
use crate::domain::burndown::{self, Planned, Week, Weeks};
use crate::domain::calendar::Calendar;
use crate::domain::forecast::{Forecast, Proof};
use crate::domain::ids::ContainerId;
use crate::domain::norms::{self, Book, Metric};
use crate::domain::outcome::{self, Finished, Outcome};
use crate::domain::snapshot::Snapshot;
use crate::rules::{at_hand, outlook};

/// A line of finished tasks that are all alike.
#[derive(Debug, Clone)]
pub(super) struct Line {
    count: usize,
    metric: Metric,
    days: f64,
    kind: String,
    container: ContainerId,
}

impl Line {
    pub(super) fn read(words: &mut Words<'_>) -> Line {
        let count = number(words.next());
        let word = words.next();
        let metric = Metric::LENGTHS.into_iter().find(|metric| metric.word() == word);
        let metric = metric.unwrap_or_else(|| panic!("nothing is measured that is called {word}"));
        let days = number(words.next());
        assert!(words.optional("days"), "lengths are days");
        let kind = if words.optional("kind") { words.next().to_owned() } else { String::new() };
        let container = if words.optional("elsewhere") { ContainerId(50) } else { PLACE };
        Line { count, metric, days, kind, container }
    }

    fn finished(&self, calendar: &Calendar, from: Timestamp) -> impl Iterator<Item = Finished> {
        let done_at = calendar.after(from, (self.days * calendar.day_secs() as f64).round() as i64);
        let state = match self.metric {
            Metric::Todo => Some(StatusCategory::Todo),
            Metric::Active => Some(StatusCategory::Active),
            Metric::Review => Some(StatusCategory::Review),
            Metric::Waiting => Some(StatusCategory::Waiting),
            _ => None,
        };
        let worked = matches!(self.metric, Metric::Idle | Metric::Work);
        let outcome = Outcome {
            owner: None,
            done_at,
            started_at: worked.then_some(from),
            states: state.map(|state| [(state, from), (StatusCategory::Done, done_at)]).into_iter().flatten().collect(),
            acts: Vec::new(),
            near_done_at: (self.metric == Metric::NearDone).then_some(from),
            stood: Vec::new(),
        };
        let finished = Finished { container: self.container, kind: self.kind.clone(), outcome };
        std::iter::repeat_n(finished, self.count)
    }
}

/// Computes the norms of a board, from these finished tasks and from what is open on it.
pub(super) fn measure(board: &mut Board, lines: &[Line], now: Timestamp) {
    let calendar: Arc<Calendar> = board.people.default_calendar.clone();
    let from = calendar.next_open(now - jiff::SignedDuration::from_hours(24 * 150));
    let finished: Vec<Finished> = lines.iter().flat_map(|line| line.finished(&calendar, from)).collect();
    let mut rows = outcome::norms(&finished, |_| &calendar);
    let policy = policy();
    rows.extend(at_hand::top_priorities(&Snapshot { board, policy: &policy, now }));
    board.put_norms(Book::new(Some(norms::instant(now)), BTreeSet::from([PLACE]), rows), &BTreeSet::new());
}

/// What finished tasks show of the score at a checkpoint.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    about: i64,
    days: u32,
    proof: Proof,
}

impl Shown {
    pub(super) fn read(words: &mut Words<'_>) -> Shown {
        let days = number(words.next());
        let misses = number(words.after("misses"));
        let tasks = number(words.after("of"));
        let auc = Some(number(words.after("auc")));
        let about = if words.optional("elsewhere") { 0 } else { PLACE.0 };
        Shown { about, days, proof: Proof { tasks, misses, auc, shift: 0.0, as_of: Timestamp::UNIX_EPOCH } }
    }
}

/// What was finished and added in the latest whole weeks.
#[derive(Debug, Clone)]
pub(super) struct Past(Vec<Week>);

impl Past {
    pub(super) fn read(words: &mut Words<'_>) -> Past {
        let week = |text: &str| {
            let (done, added) = text.split_once('+').unwrap_or((text, "0"));
            Week { done: number(done), added: number(added) }
        };
        Past(words.rest().split_whitespace().map(week).collect())
    }
}

/// Puts what is known beforehand about dates: what finished tasks show, what the open tasks of the board do, and what
/// happened in plans.
pub(super) fn foretell(board: &mut Board, shown: &[Shown], plans: Vec<(i64, &Past)>, now: Timestamp) {
    let mut forecast = Forecast::default();
    for Shown { about, days, proof } in shown {
        forecast.outlooks.entry(*about).or_default().proofs.insert(*days, proof.clone());
    }
    let policy = policy();
    let forecast = outlook::with_open_tasks(forecast, &Snapshot { board, policy: &policy, now: norms::instant(now) });
    let blank = burndown::weeks(&[Planned { plan: 0, came_at: now, closed_at: None }], norms::instant(now));
    let until = blank.get(&0).map_or(Timestamp::MIN, |blank| blank.until);
    let weeks = plans.into_iter().map(|(plan, past)| (plan, Weeks { until, weeks: past.0.clone() }));
    let forecast = forecast.with_weeks(weeks.collect());
    let (as_of, counted, rows) = (board.norms().as_of, board.norms().counted.clone(), board.norms().rows().clone());
    board.put_norms(Book::new(as_of, counted, rows).with_forecast(forecast), &BTreeSet::new());
}
