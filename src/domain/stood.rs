//! How a task stood at the checkpoints before its date: only what was visible then.

use connector_model::{Due, Field};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::facts::{FoldContext, RawChange, fold};
use super::forecast::CHECKPOINTS;
use super::ids::AccountId;

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
