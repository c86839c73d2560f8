//! What a finished task leaves behind for norms: instants, folded from its raw changes; and norms from many of them.
//!
//! Pure. How long something took is told only when norms are computed, by the calendar of whoever did it: another calendar
//! needs no other outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_model::{Due, Field, StatusCategory};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::facts::{FoldContext, RawChange, fold, is_act, is_ours};
use super::ids::{AccountId, ContainerId};
use super::norms::{FEWEST, Metric, Percentiles, RowKey, Rows};
use super::stood::{Stood, stood};

/// Pauses of one task that count; a task that is talked about all day must not outweigh the others.
const MOST_PAUSES: usize = 50;
/// Acts within an hour of work are one sitting.
const SITTING: i64 = 3600;
/// Declared share from which a task is nearly done.
pub const NEARLY_DONE: f64 = 0.8;

/// A finished task, as instants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whose calendar counts: its first human owner. `None`: nobody had it.
    pub owner: Option<AccountId>,
    /// When it was done.
    pub done_at: Timestamp,
    /// First sign of work. `None`: none was ever seen.
    pub started_at: Option<Timestamp>,
    /// The states it went through, with when each was entered, in order.
    pub states: Vec<(StatusCategory, Timestamp)>,
    /// Acts of people after the start, in order; of one sitting the first.
    pub acts: Vec<Timestamp>,
    /// When it was last declared to be nearly done. `None`: never.
    pub near_done_at: Option<Timestamp>,
    /// Where it stood so many days before its date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stood: Vec<Stood>,
}

/// An outcome, with what it is a sample of.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Where it was done.
    pub container: ContainerId,
    /// Kind of task; empty for none.
    pub kind: String,
    /// What it left behind.
    pub outcome: Outcome,
}

/// Folds a finished task's changes, in any order; `due` is the date it has now.
pub fn outcome(changes: &[RawChange], done_at: Timestamp, due: Option<Due>, context: &FoldContext<'_>) -> Outcome {
    let told = |change: &&RawChange| change.at <= done_at && !is_ours(change, context);
    let mut sorted: Vec<RawChange> = changes.iter().filter(told).cloned().collect();
    sorted.sort_by(|a, b| (a.at, &a.vkey).cmp(&(b.at, &b.vkey)));
    let facts = fold(&sorted, context);
    let started_at = facts.started_at.filter(|at| *at < done_at);
    let mut acts: Vec<Timestamp> = started_at.into_iter().collect();
    let later = sorted.iter().filter(|change| is_act(change, context)).map(|change| change.at);
    acts.extend(later.filter(|at| started_at.is_some_and(|started| *at > started) && *at < done_at));
    acts.dedup_by(|later, earlier| later.duration_since(*earlier).as_secs() < SITTING);
    Outcome {
        owner: context.owners.iter().copied().find(|owner| !(context.is_bot)(*owner)),
        done_at,
        started_at,
        states: states(&sorted, started_at, context.created_at),
        acts: acts.into_iter().skip(1).take(MOST_PAUSES).collect(),
        near_done_at: near_done(&sorted),
        stood: stood(&sorted, done_at, due, context),
    }
}

/// The states in order. A tool that tells open from closed alone has those that the signs of work tell.
fn states(
    sorted: &[RawChange],
    started_at: Option<Timestamp>,
    created_at: Timestamp,
) -> Vec<(StatusCategory, Timestamp)> {
    let moves = sorted.iter().filter(|change| change.field == Field::Status).filter_map(|change| {
        let [from, to] = [&change.from, &change.to].map(|text| text.as_deref().and_then(StatusCategory::of_entry));
        Some((from, to?, change.at))
    });
    let mut states: Vec<(StatusCategory, Timestamp)> = Vec::new();
    for (from, to, at) in moves {
        if let (true, Some(from)) = (states.is_empty(), from) {
            states.push((from, created_at));
        }
        if states.last().is_none_or(|(state, _)| *state != to) {
            states.push((to, at));
        }
    }
    if states.is_empty() {
        states.push((StatusCategory::Todo, created_at));
        states.extend(started_at.map(|at| (StatusCategory::Active, at)));
    }
    states
}

/// When the declared share last rose to what is nearly done.
fn near_done(sorted: &[RawChange]) -> Option<Timestamp> {
    let mut since = None;
    for change in sorted.iter().filter(|change| change.field == Field::Progress) {
        let share = change.to.as_deref().and_then(|text| text.parse::<f64>().ok());
        since = match share {
            Some(share) if share >= NEARLY_DONE => since.or(Some(change.at)),
            _ => None,
        };
    }
    since
}

impl Outcome {
    /// Its lengths, in working days of this calendar.
    fn lengths(&self, calendar: &Calendar) -> BTreeMap<Metric, Vec<f64>> {
        let day = calendar.day_secs().max(1) as f64;
        let days = |from: Timestamp, to: Timestamp| calendar.working(from, to) as f64 / day;
        let mut lengths: BTreeMap<Metric, Vec<f64>> = BTreeMap::new();
        if let Some(started_at) = self.started_at {
            lengths.insert(Metric::Work, vec![days(started_at, self.done_at)]);
            let ends = self.acts.iter().copied().chain([self.done_at]);
            let begins = [started_at].into_iter().chain(self.acts.iter().copied());
            lengths.insert(Metric::Idle, begins.zip(ends).map(|(from, to)| days(from, to)).collect());
        }
        // Of several stays in one state the longest: each task has one vote.
        let ends = self.states.iter().skip(1).map(|(_, at)| *at).chain([self.done_at]);
        for ((state, from), to) in self.states.iter().zip(ends) {
            let Some(metric) = Metric::of_state(*state) else { continue };
            let stay = days(*from, to);
            let longest = lengths.entry(metric).or_insert_with(|| vec![0.0]);
            longest[0] = longest[0].max(stay);
        }
        if let Some(at) = self.near_done_at {
            lengths.insert(Metric::NearDone, vec![days(at, self.done_at)]);
        }
        lengths
    }
}

/// Values and from how many tasks.
type Samples = BTreeMap<RowKey, (Vec<f64>, u32)>;

/// Norms of lengths from finished tasks, in any order; where there are too few, none.
pub fn norms<'c>(finished: &[Finished], calendar: impl Fn(Option<AccountId>) -> &'c Arc<Calendar>) -> Rows {
    let mut samples = Samples::new();
    for Finished { container, kind, outcome } in finished {
        for (metric, values) in outcome.lengths(calendar(outcome.owner)) {
            let mut groups = vec![(container.0, kind.as_str()), (0, "")];
            groups.extend((!kind.is_empty()).then_some((0, kind.as_str())));
            for (about, kind) in groups {
                let (all, tasks) = samples.entry(RowKey { about, kind: kind.to_owned(), metric }).or_default();
                all.extend(&values);
                *tasks += 1;
            }
        }
    }
    let enough = samples.into_iter().filter(|(_, (_, tasks))| *tasks >= FEWEST);
    let lengths = enough.filter_map(|(key, (values, tasks))| Some((key, Percentiles::of(values, tasks)?)));
    lengths.chain(begun(finished)).collect()
}

/// How many of the finished tasks of each container were ever being worked on, where there are enough of them. Only those
/// count whose end the tool told as a state: one that tells open from closed alone has no such habit.
fn begun(finished: &[Finished]) -> impl Iterator<Item = (RowKey, Percentiles)> + use<> {
    let mut counts: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    let told = |one: &&Finished| one.outcome.states.iter().any(|(state, _)| !state.is_open());
    for Finished { container, outcome, .. } in finished.iter().filter(told) {
        let was =
            outcome.states.iter().any(|(state, _)| matches!(state, StatusCategory::Active | StatusCategory::Review));
        let (begun, tasks) = counts.entry(container.0).or_default();
        *begun += u32::from(was);
        *tasks += 1;
    }
    counts.into_iter().filter(|(_, (_, tasks))| *tasks >= FEWEST).filter_map(|(about, (begun, tasks))| {
        let share = f64::from(begun) / f64::from(tasks);
        let key = RowKey { about, kind: String::new(), metric: Metric::Begun };
        Some((key, Percentiles::of(vec![share], tasks)?))
    })
}

/// What an account had at hand on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Whose.
    pub account: AccountId,
    /// The day, as the instant it began, Greenwich.
    pub day: Timestamp,
    /// Open tasks due within ten days, or due already.
    pub due_soon: u32,
    /// Tasks worked on.
    pub in_hand: u32,
}

/// Norms of what people have at hand, by all accounts of each: from the days since the first on which anything was seen of
/// them. `stands_for` gives the account that stands for everybody behind one.
pub fn habits(loads: &[Load], stands_for: impl Fn(AccountId) -> AccountId) -> Rows {
    let days: std::collections::BTreeSet<Timestamp> = loads.iter().map(|load| load.day).collect();
    let mut accounts: BTreeMap<AccountId, Vec<AccountId>> = BTreeMap::new();
    let mut by_person: BTreeMap<AccountId, BTreeMap<Timestamp, (u32, u32)>> = BTreeMap::new();
    for load in loads {
        let person = stands_for(load.account);
        let all = accounts.entry(person).or_default();
        if !all.contains(&load.account) {
            all.push(load.account);
        }
        let day = by_person.entry(person).or_default().entry(load.day).or_default();
        *day = (day.0 + load.due_soon, day.1 + load.in_hand);
    }
    let mut rows = Rows::new();
    let mut put = |about: i64, metric, values: Vec<f64>| {
        let samples = u32::try_from(values.len()).unwrap_or(u32::MAX);
        if samples >= FEWEST
            && let Some(percentiles) = Percentiles::of(values, samples)
        {
            rows.insert(RowKey { about, kind: String::new(), metric }, percentiles);
        }
    };
    let mut team: (Vec<f64>, Vec<f64>) = Default::default();
    for (person, seen) in &by_person {
        let Some((first, _)) = seen.first_key_value() else { continue };
        // A day on which nothing was seen of somebody is a day with nothing at hand.
        let counts = days.range(first..).map(|day| seen.get(day).copied().unwrap_or_default());
        let (due_soon, in_hand): (Vec<f64>, Vec<f64>) =
            counts.map(|(due_soon, in_hand)| (f64::from(due_soon), f64::from(in_hand))).unzip();
        team.0.extend(&due_soon);
        team.1.extend(&in_hand);
        for account in accounts.get(person).into_iter().flatten() {
            put(account.0, Metric::DueSoon, due_soon.clone());
            put(account.0, Metric::InHand, in_hand.clone());
        }
    }
    put(0, Metric::DueSoon, team.0);
    put(0, Metric::InHand, team.1);
    rows
}
