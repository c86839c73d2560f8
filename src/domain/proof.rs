//! Whether the score says anything here: what finished tasks show of it, the ones that missed their date against the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_model::Due;
use jiff::{SignedDuration, Timestamp};

use super::calendar::{Calendar, later};
use super::forecast::{Forecast, Proof, RANKED, risk, score};
use super::ids::{AccountId, ContainerId};
use super::outcome::Finished;

/// How long it holds what finished tasks have shown.
const HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// So many finished tasks weigh as much as what was measured elsewhere.
const PRIOR: f64 = 20.0;

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
