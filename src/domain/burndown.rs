//! When a plan is done if it goes on as it went: how many of its tasks were finished and added in each whole week, and what
//! drawing such weeks again and again says of those that are left.
//!
//! Weeks are drawn whole, in stretches of up to [`STRETCH`] that followed each other. A release day on which fifty tasks are
//! closed at once is one week among twelve, and the quiet weeks before it are drawn with it: a rhythm stays a rhythm, and a
//! single clearing up does not become a speed. What was added is taken off in the same week, so that a plan that grows as
//! fast as it is worked off never ends. The filling of a plan is no growth: neither what came before the first task was
//! finished, nor what was put in by the dozen within an hour.
//!
//! The same plan draws the same numbers all week: with fewer tasks left it is never later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, later};
use super::past::{AT_ONCE, PLANNED_AT_ONCE};

/// The latest so many whole weeks count.
pub const WEEKS: usize = 12;
/// Weeks that are drawn as they followed each other: from one release to the next, as most are.
const STRETCH: usize = 4;
/// Of three weeks with work in them at least two must have finished something: where tasks are closed in batches, closing
/// them says nothing about when the next are done.
const BUSY: f64 = 2.0 / 3.0;
/// How often the future is drawn.
const DRAWS: usize = 1000;
/// Weeks that are drawn at most; what takes longer has no end in sight.
const FURTHEST: usize = 52;
/// Seconds of a week.
const WEEK: i64 = 7 * 86_400;
/// The first Monday of the epoch.
const MONDAY: i64 = 4 * 86_400;

/// A task of a plan: when it came into it, and when it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Which plan: a container's row, or a task's with a minus before it.
    pub plan: i64,
    /// When it came.
    pub came_at: Timestamp,
    /// When it was closed. `None`: it is open.
    pub closed_at: Option<Timestamp>,
}

/// What happened in one week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Week {
    /// Tasks that were closed.
    pub done: u32,
    /// Tasks that were added.
    pub added: u32,
}

/// The whole weeks of a plan, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weeks {
    /// The end of the last one: the start of a Monday, Greenwich.
    pub until: Timestamp,
    /// Each of them. Empty: nothing was finished before the present week.
    pub weeks: Vec<Week>,
}

/// Working time in which a plan got so many tasks smaller.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    net: f64,
    work_secs: f64,
}

/// The whole weeks of each plan before an instant, from all its tasks, in any order.
pub fn weeks(planned: &[Planned], as_of: Timestamp) -> BTreeMap<i64, Weeks> {
    let mut plans: BTreeMap<i64, (Vec<Timestamp>, Vec<Timestamp>)> = BTreeMap::new();
    for task in planned {
        let (came, closed) = plans.entry(task.plan).or_default();
        came.push(task.came_at);
        closed.extend(task.closed_at);
    }
    let last = number(as_of);
    let until = Timestamp::from_second(MONDAY + last * WEEK).unwrap_or(Timestamp::MIN);
    let of = |(plan, (came, closed)): (i64, (Vec<Timestamp>, Vec<Timestamp>))| {
        let first = closed.iter().min().map_or(last, |at| number(*at) + 1);
        let first = first.max(last - WEEKS as i64);
        let mut weeks = vec![Week::default(); usize::try_from(last - first).unwrap_or_default()];
        let mut week = |at: &Timestamp| usize::try_from(number(*at) - first).ok();
        for nth in closed.iter().filter_map(&mut week) {
            weeks.get_mut(nth).into_iter().for_each(|week| week.done += 1);
        }
        for nth in one_by_one(came).iter().filter_map(&mut week) {
            weeks.get_mut(nth).into_iter().for_each(|week| week.added += 1);
        }
        (plan, Weeks { until, weeks })
    };
    plans.into_iter().map(of).collect()
}

/// The week an instant lies in, counted from the first of the epoch.
fn number(at: Timestamp) -> i64 {
    (at.as_second() - MONDAY).div_euclid(WEEK)
}

/// Without what was put in by the dozen within an hour.
fn one_by_one(mut came: Vec<Timestamp>) -> Vec<Timestamp> {
    came.sort_unstable();
    let mut at_once = vec![false; came.len()];
    for from in 0..came.len().saturating_sub(PLANNED_AT_ONCE) {
        let to = from + PLANNED_AT_ONCE;
        if came[to].duration_since(came[from]) <= AT_ONCE {
            at_once[from..=to].fill(true);
        }
    }
    came.into_iter().zip(at_once).filter(|(_, at_once)| !at_once).map(|(at, _)| at).collect()
}

impl Weeks {
    /// Which week this is: another number, another week.
    pub fn number(&self) -> u32 {
        u32::try_from(number(self.until)).unwrap_or_default()
    }

    /// Tasks that were closed in all of them.
    pub fn done(&self) -> u32 {
        self.weeks.iter().map(|week| week.done).sum()
    }

    /// Those with working time in them, by a calendar, and whether they say anything about a pace.
    fn samples(&self, calendar: &Calendar) -> Vec<Sample> {
        let week = SignedDuration::from_secs(WEEK);
        let ends = std::iter::successors(Some(self.until), |end| Some(later(*end, -week)));
        let newest_first = self.weeks.iter().rev().zip(ends).map(|(of, end)| Sample {
            net: f64::from(of.done) - f64::from(of.added),
            work_secs: calendar.working(later(end, -week), end) as f64,
        });
        let mut samples: Vec<Sample> = newest_first.filter(|sample| sample.work_secs > 0.0).collect();
        samples.reverse();
        samples
    }

    /// When so many open tasks are done. `None`: these weeks say nothing about it.
    pub fn foretell(&self, open: usize, least: (u32, u32), seed: u64, calendar: &Calendar) -> Option<Foretold> {
        let (least_weeks, least_done) = least;
        let samples = self.samples(calendar);
        let busy = self.weeks.iter().filter(|week| week.done > 0).count() as f64;
        let enough = samples.len() >= least_weeks.max(1) as usize && self.done() >= least_done;
        if !enough || busy < BUSY * samples.len() as f64 {
            return None;
        }
        let draw = |nth: u64| run(open as f64, &samples, Random::new(seed, nth));
        let mut secs: Vec<f64> = (0..DRAWS as u64).map(draw).collect();
        secs.sort_by(f64::total_cmp);
        let net: f64 = samples.iter().map(|sample| sample.net).sum();
        Some(Foretold { secs, weeks: samples.len(), per_week: net / samples.len() as f64 })
    }
}

/// Working seconds until nothing is left; infinite where no end is in sight.
fn run(mut left: f64, samples: &[Sample], mut random: Random) -> f64 {
    let (mut secs, mut at) = (0.0, 0);
    for nth in 0..FURTHEST {
        if left <= 0.0 {
            return secs;
        }
        at = if nth % STRETCH == 0 { random.below(samples.len()) } else { (at + 1) % samples.len() };
        let Sample { net, work_secs } = samples[at];
        if net >= left {
            return secs + work_secs * left / net;
        }
        left -= net;
        secs += work_secs;
    }
    f64::INFINITY
}

/// When a plan is done, drawn many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// Working seconds from now, the soonest first.
    secs: Vec<f64>,
    /// From how many weeks.
    pub weeks: usize,
    /// By how many tasks it gets smaller in a week.
    pub per_week: f64,
}

impl Foretold {
    /// How likely it is done within so much working time, 0 to 1.
    pub fn within(&self, work_secs: i64) -> f64 {
        self.secs.partition_point(|secs| *secs <= work_secs as f64) as f64 / self.secs.len() as f64
    }

    /// The working time within which it is done with this likelihood. `None`: there is no end in sight.
    pub fn likely(&self, share: f64) -> Option<i64> {
        let nth = (share * self.secs.len() as f64).ceil().max(1.0) as usize;
        self.secs.get(nth - 1).filter(|secs| secs.is_finite()).map(|secs| secs.ceil() as i64)
    }
}

/// What stands for chance in a draw, the same for the same plan and week, in every build (SplitMix64).
struct Random(u64);

impl Random {
    fn new(seed: u64, nth: u64) -> Random {
        let mut random = Random(seed ^ nth.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        ((u128::from(self.next()) * most as u128) >> 64) as usize
    }
}

/// A seed from what tells a plan apart for good, and an instant (FNV-1a).
pub fn seed(parts: &[&str], at: Timestamp) -> u64 {
    let instant = at.as_second().to_be_bytes();
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0])).chain(instant);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
