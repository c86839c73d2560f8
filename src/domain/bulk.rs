//! When one account changes much of a container within minutes: an import, a migration, a bulk edit. Pure.
//!
//! Such acts are no sign of anybody's work on a task, and whatever they bring up is not spoken of for a day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::calendar::later;
use super::ids::TaskId;

/// Changes this close together may be one act.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// More tasks than this are always one.
const MANY: usize = 50;
/// More than this share of the open tasks are one as well (a fifth) ...
const ONE_IN: usize = 5;
/// ... but never fewer than this: planning a small project touches most of it.
pub const FEWEST: usize = 10;
/// So long after it nothing new is spoken of.
pub const CALM: SignedDuration = SignedDuration::from_hours(24);

/// A stretch of time in which one account changed much of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    /// Its first change.
    pub from_at: Timestamp,
    /// Its last change.
    pub to_at: Timestamp,
    /// How many tasks it touched.
    pub tasks: u32,
}

impl Bulk {
    /// When what it brought up may be spoken of.
    pub fn calms_at(self) -> Timestamp {
        later(self.to_at, CALM)
    }
}

/// True when so many tasks at once are too many for one person's work, of a container with so many open ones.
pub fn is_bulk(tasks: usize, open: usize) -> bool {
    tasks > MANY || (tasks >= FEWEST && tasks.saturating_mul(ONE_IN) > open)
}

/// The stretches in which one account changed many tasks, from all its changes in a container, in any order. Stretches that
/// overlap are one.
pub fn bulks(acts: &[(Timestamp, TaskId)], open: usize) -> Vec<Bulk> {
    let mut acts = acts.to_vec();
    acts.sort_unstable();
    // How often each task occurs between `first` and `last`.
    let mut within: BTreeMap<TaskId, usize> = BTreeMap::new();
    let mut first = 0;
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for last in 0..acts.len() {
        *within.entry(acts[last].1).or_default() += 1;
        while acts[last].0.duration_since(acts[first].0) > WITHIN {
            if let Some(count) = within.get_mut(&acts[first].1) {
                *count -= 1;
                if *count == 0 {
                    within.remove(&acts[first].1);
                }
            }
            first += 1;
        }
        if is_bulk(within.len(), open) {
            match stretches.last_mut() {
                Some((_, end)) if *end >= first => *end = last,
                _ => stretches.push((first, last)),
            }
        }
    }
    stretches.into_iter().map(|(first, last)| stretch(&acts[first..=last])).collect()
}

fn stretch(acts: &[(Timestamp, TaskId)]) -> Bulk {
    let tasks: std::collections::BTreeSet<TaskId> = acts.iter().map(|(_, task)| *task).collect();
    let (from_at, to_at) = (acts[0].0, acts[acts.len() - 1].0);
    Bulk { from_at, to_at, tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + secs).unwrap()
    }

    fn acts(times: impl Iterator<Item = i64>) -> Vec<(Timestamp, TaskId)> {
        times.enumerate().map(|(nth, secs)| (at(secs), TaskId(nth as i64))).collect()
    }

    #[test]
    fn more_than_fifty_or_a_fifth_at_once_is_no_ones_work() {
        assert!(is_bulk(51, 1000) && !is_bulk(50, 1000));
        assert!(is_bulk(21, 100) && !is_bulk(20, 100));
        assert!(!is_bulk(9, 9), "a small project is planned in one go");
        assert!(is_bulk(10, 12));
    }

    #[test]
    fn a_stretch_holds_all_that_is_close_together() {
        let all = acts((0..60).map(|nth| nth * 20));
        assert_eq!(bulks(&all, 100), [Bulk { from_at: at(0), to_at: at(59 * 20), tasks: 60 }]);
        let mut reversed = all;
        reversed.reverse();
        assert_eq!(bulks(&reversed, 100).len(), 1, "whatever their order");
    }

    #[test]
    fn the_same_number_over_a_day_is_work() {
        assert_eq!(bulks(&acts((0..60).map(|nth| nth * 600)), 100), []);
        let one_task: Vec<_> = (0..60).map(|nth| (at(nth), TaskId(1))).collect();
        assert_eq!(bulks(&one_task, 100), [], "one task, however often");
    }

    #[test]
    fn two_bulks_an_hour_apart_are_two() {
        let all = acts((0..30).chain((0..30).map(|nth| 3600 + nth)));
        assert_eq!(bulks(&all, 100).iter().map(|bulk| bulk.tasks).collect::<Vec<_>>(), [30, 30]);
    }
}
