//! Finished tasks of a case, from which its norms are computed as in production.
//!
//! `finished 20 active 4 days`, with `kind Epic` for a kind, and `elsewhere` for another container of the organisation.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_model::StatusCategory;
use jiff::Timestamp;

use super::words::Words;
use super::{PLACE, number, policy};
use crate::domain::board::Board;
use crate::domain::calendar::Calendar;
use crate::domain::ids::ContainerId;
use crate::domain::norms::{self, Book, Metric};
use crate::domain::outcome::{self, Finished, Outcome};
use crate::domain::snapshot::Snapshot;
use crate::rules::at_hand;

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
            states: state.map(|state| (state, from)).into_iter().collect(),
            acts: Vec::new(),
            near_done_at: (self.metric == Metric::NearDone).then_some(from),
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
