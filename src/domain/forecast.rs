//! The forecast: how likely a task that is still open so many days before its date is to miss it, and what has to be known
//! before that may be said.
//!
//! Two facts make the score, as measured on public histories: how long nobody has touched the task, and whether it was begun.
//! A score from elsewhere may have the wrong sign for a team, so it ranks nothing before the team's own finished tasks show
//! that it orders them. That, and who belongs to the riskiest third, are norms: found out at fixed instants, stored, and
//! still in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_model::{Due, Field};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, later};
use super::facts::{FoldContext, RawChange, fold};
use super::ids::{AccountId, ContainerId};
use super::norms::Moved;
use super::outcome::Finished;

/// Calendar days before the date at which a task that is still open is looked at, the earliest first.
pub const CHECKPOINTS: [u32; 4] = [14, 7, 3, 1];
/// Those at which some are riskier than others; later, all of them are at risk.
pub const RANKED: [u32; 2] = [14, 7];
/// Fewer open tasks at a checkpoint have no riskiest third.
pub const FEWEST_RANKED: usize = 3;
/// How long it holds what finished tasks have shown.
const HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So many finished tasks weigh as much as what was measured elsewhere.
const PRIOR: f64 = 20.0;
/// A threshold that moved by this share of itself or less stays what it was.
const STILL: f64 = 0.1;

/// The score of a task that is open so many days before its date: the log-odds of missing it.
pub fn score(days: u32, idle_days: f64, started: bool) -> f64 {
    let (base, idle, begun) = match days {
        14.. => (-1.96, 0.50, -1.05),
        7..14 => (-1.04, 0.36, -0.99),
        _ => (-0.55, 0.30, -0.70),
    };
    base + idle * idle_days.max(0.0).ln_1p() + if started { begun } else { 0.0 }
}

/// A score as a share of tasks: so many of those like it miss their date.
pub fn risk(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// Where a finished task stood at a checkpoint, by what was to be seen then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stood {
    /// Which checkpoint.
    pub days: u32,
    /// When that was.
    pub at: Timestamp,
    /// The date it had.
    pub due: Due,
    /// The last act of a human until then; its creation counts as one.
    pub human_at: Timestamp,
    /// There had been a sign of work.
    pub started: bool,
}

/// A date, and from when to when a task had it.
struct Dated {
    due: Due,
    from: Timestamp,
    until: Timestamp,
}

/// Where a task stood at each checkpoint of the dates it had, from its changes in order. `due` is the date it has now. Nothing
/// that came later is looked at. Of several dates the last one that stood at a checkpoint counts: each task has one vote.
pub fn stood(sorted: &[RawChange], done_at: Timestamp, due: Option<Due>, context: &FoldContext<'_>) -> Vec<Stood> {
    let dates = dates(sorted, due, context);
    let at_checkpoint = |days: u32| {
        let (due, at) = dates.iter().rev().find_map(|dated| {
            let at = begins(dated.due, days)?;
            (dated.from <= at && at < dated.until && at < done_at).then_some((dated.due, at))
        })?;
        let until = sorted.partition_point(|change| change.at <= at);
        let owners = owners_before(&sorted[until..], context.owners);
        let facts = fold(&sorted[..until], &FoldContext { owners: &owners, is_planning: &|_, _| false, ..*context });
        let human_at = facts.human_at.map_or(context.created_at, |human| human.max(context.created_at));
        Some(Stood { days, at, due, human_at, started: facts.started_at.is_some() })
    };
    CHECKPOINTS.into_iter().filter_map(at_checkpoint).collect()
}

/// The dates it had, in order.
fn dates(sorted: &[RawChange], due: Option<Due>, context: &FoldContext<'_>) -> Vec<Dated> {
    let of = |text: &Option<String>| text.as_deref().and_then(Due::from_text);
    let moves: Vec<&RawChange> = sorted.iter().filter(|change| change.field == Field::Due).collect();
    let mut since: Vec<(Timestamp, Option<Due>)> = Vec::new();
    match moves.first() {
        Some(first) => {
            since.push((context.created_at, of(&first.from)));
            since.extend(moves.iter().map(|change| (change.at, of(&change.to))));
        }
        // It is that of its home, and it was so since it came there.
        None => {
            let came = sorted.iter().rev().find(|change| change.field == Field::Home).map(|change| change.at);
            since.push((came.unwrap_or(context.created_at), due));
        }
    }
    let ends = since.iter().skip(1).map(|(at, _)| *at).chain([Timestamp::MAX]).collect::<Vec<_>>();
    let dated = since.into_iter().zip(ends);
    dated.filter_map(|((from, due), until)| Some(Dated { due: due?, from, until })).collect()
}

/// The start of the day, Greenwich, that is so many days before a date.
fn begins(due: Due, days: u32) -> Option<Timestamp> {
    let utc = jiff::tz::TimeZone::UTC;
    let date = match due {
        Due::On(date) => date,
        Due::At(at) => at.to_zoned(utc.clone()).date(),
    };
    let day = date.checked_sub(i64::from(days).days()).ok()?;
    Some(day.to_zoned(utc).ok()?.timestamp())
}

/// Who had it before these changes, where those who have it now are known.
fn owners_before(later: &[RawChange], now: &[AccountId]) -> Vec<AccountId> {
    let mut owners = now.to_vec();
    let account = |text: &Option<String>| text.as_deref().and_then(|id| id.parse().ok()).map(AccountId);
    for change in later.iter().rev().filter(|change| change.field == Field::Owner) {
        let (off, on) = (account(&change.from), account(&change.to));
        owners.retain(|owner| Some(*owner) != on);
        owners.extend(off.filter(|off| !owners.contains(off)));
    }
    owners
}

/// What finished tasks show of the score at one checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// How many stood there.
    pub tasks: u32,
    /// How many of them missed their date.
    pub misses: u32,
    /// How often one that missed it had the higher score than one that did not. `None`: there were none of one of the two.
    pub auc: Option<f64>,
    /// What is to be added to the score for it to tell the share of those that miss their date here.
    pub shift: f64,
    /// When this was found out.
    pub as_of: Timestamp,
}

/// From how many tasks a threshold is, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Third {
    /// How many open tasks stood at the checkpoint.
    pub of: u32,
    /// From this risk on, by the score alone, a task belongs to the riskiest third. `None`: they are all alike.
    pub from: Option<f64>,
}

/// What is known beforehand about the dates of a container, or of the whole organisation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outlook {
    /// What finished tasks show, by checkpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub proofs: BTreeMap<u32, Proof>,
    /// Who belongs to the riskiest third, by checkpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub thirds: BTreeMap<u32, Third>,
}

/// The outlook of each container by its row, and of the organisation under 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    /// By row.
    pub outlooks: BTreeMap<i64, Outlook>,
}

impl Forecast {
    /// What finished tasks of a container show at a checkpoint, and those of the whole organisation.
    pub fn proofs(&self, container: ContainerId, days: u32) -> [Option<&Proof>; 2] {
        [container.0, 0].map(|about| self.outlooks.get(&about)?.proofs.get(&days))
    }

    /// Who belongs to the riskiest third of a container's open tasks at a checkpoint. `None`: too few stood there.
    pub fn third(&self, container: ContainerId, days: u32) -> Option<Third> {
        self.outlooks.get(&container.0)?.thirds.get(&days).copied()
    }

    /// Takes this in the place of an older one: a threshold that stood still keeps its value. Says what moved.
    pub fn settle(&mut self, before: &Forecast) -> BTreeSet<Moved> {
        for (about, outlook) in &mut self.outlooks {
            let Some(old) = before.outlooks.get(about) else { continue };
            for (days, third) in &mut outlook.thirds {
                if let Some(old) = old.thirds.get(days).filter(|old| old.stands_still(third)) {
                    *third = *old;
                }
            }
        }
        let rows = before.outlooks.keys().chain(self.outlooks.keys());
        let moved = rows.filter(|about| before.outlooks.get(about) != self.outlooks.get(about));
        moved
            .map(|about| if *about == 0 { Moved::Organisation } else { Moved::Container(ContainerId(*about)) })
            .collect()
    }

    /// Puts what open tasks of a container show at a checkpoint.
    pub fn put_third(&mut self, container: ContainerId, days: u32, risks: Vec<f64>) {
        if let Some(third) = third(risks) {
            self.outlooks.entry(container.0).or_default().thirds.insert(days, third);
        }
    }
}

impl Third {
    fn stands_still(&self, now: &Third) -> bool {
        match (self.from, now.from) {
            (Some(before), Some(now)) => (now - before).abs() <= STILL * before,
            (before, now) => before == now,
        }
    }
}

/// The smallest risk that at most a third of them reach; of equal ones none is the riskier.
fn third(mut risks: Vec<f64>) -> Option<Third> {
    if risks.len() < FEWEST_RANKED {
        return None;
    }
    risks.sort_by(|one, other| other.total_cmp(one));
    let most = risks.len() / 3;
    let from = (1..=most).rev().find(|count| risks[*count] < risks[count - 1]).map(|count| risks[count - 1]);
    Some(Third { of: u32::try_from(risks.len()).unwrap_or(u32::MAX), from })
}

/// What finished tasks show, of each container and of all. What was found out within the last month, of containers that were
/// counted then already, is kept.
pub fn proofs<'c>(
    before: &Forecast,
    (counted_before, counted): (&BTreeSet<ContainerId>, &BTreeSet<ContainerId>),
    finished: &[Finished],
    as_of: Timestamp,
    calendar: impl Fn(Option<AccountId>) -> &'c Arc<Calendar>,
) -> Forecast {
    let mut samples: BTreeMap<(i64, u32), Vec<(f64, bool)>> = BTreeMap::new();
    for Finished { container, outcome, .. } in finished {
        let calendar = calendar(outcome.owner);
        for stood in outcome.stood.iter().filter(|stood| RANKED.contains(&stood.days)) {
            let idle = calendar.working(stood.human_at, stood.at) as f64 / calendar.day_secs().max(1) as f64;
            let ends = match stood.due {
                Due::At(at) => at,
                Due::On(date) => calendar.day_ends(date),
            };
            let sample = (score(stood.days, idle, stood.started), outcome.done_at > ends);
            for about in [container.0, 0] {
                samples.entry((about, stood.days)).or_default().push(sample);
            }
        }
    }
    let mut forecast = Forecast::default();
    for ((about, days), samples) in samples {
        let known =
            if about == 0 { counted.is_subset(counted_before) } else { counted_before.contains(&ContainerId(about)) };
        let old = before.outlooks.get(&about).and_then(|outlook| outlook.proofs.get(&days));
        let old = old.filter(|proof| known && as_of < later(proof.as_of, HOLDS)).cloned();
        let proof = old.unwrap_or_else(|| proof(&samples, as_of));
        forecast.outlooks.entry(about).or_default().proofs.insert(days, proof);
    }
    forecast
}

fn proof(samples: &[(f64, bool)], as_of: Timestamp) -> Proof {
    let misses = samples.iter().filter(|(_, missed)| *missed).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Proof {
        tasks: count(samples.len()),
        misses: count(misses),
        auc: auc(samples),
        shift: shift(samples, misses),
        as_of,
    }
}

/// How often a missed one has the higher score than a met one; equal scores count half.
fn auc(samples: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let misses = sorted.iter().filter(|(_, missed)| *missed).count() as f64;
    let met = sorted.len() as f64 - misses;
    let mut below = 0.0;
    let mut won = 0.0;
    for alike in sorted.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let missed = alike.iter().filter(|(_, missed)| *missed).count() as f64;
        let equal = alike.len() as f64 - missed;
        won += missed * (below + equal / 2.0);
        below += equal;
    }
    (misses > 0.0 && met > 0.0).then(|| won / (misses * met))
}

/// What makes the risks add up to the misses, with what was measured elsewhere as so many tasks more.
fn shift(samples: &[(f64, bool)], misses: usize) -> f64 {
    let many = samples.len() as f64;
    let foretold: f64 = samples.iter().map(|(score, _)| risk(*score)).sum();
    let weight = many / (many + PRIOR);
    let wanted = weight * misses as f64 + (1.0 - weight) * foretold;
    let (mut low, mut high) = (-10.0, 10.0);
    // The sum rises with the shift; sixty halvings leave nothing of the interval.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let sum: f64 = samples.iter().map(|(score, _)| risk(score + middle)).sum();
        if sum < wanted { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests;
