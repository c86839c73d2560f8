//! Decide: asks the core for rounds, as long as the clock can be believed.

use std::sync::Arc;

use connector_kit::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::core::{CoreHandle, RoundReport};
use crate::domain::calendar::later;
use crate::store::StoreError;

/// How far the tools' clocks and ours may lie apart before nothing is judged or sent.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A clock that moved further than this since the last tick was set, or we were away: a tool has to confirm it first.
const LEAP: SignedDuration = SignedDuration::from_mins(10);
/// How often a leap is looked at, every few seconds, before it is believed unconfirmed: no tool answers.
const PATIENCE: u32 = 24;

/// How far each tool's clock lies from ours; `None` where no answer has told lately.
pub type Skews = Arc<dyn Fn() -> Vec<(String, Option<SignedDuration>)> + Send + Sync>;

/// Why nothing may be judged or sent at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockDoubt {
    /// Every tool that tells the time disagrees with us.
    ToolsDisagree(String),
    /// It is earlier than the last committed tick, and no tool agrees with it.
    RanBack {
        /// That tick.
        last_tick: Timestamp,
    },
}

impl ClockDoubt {
    /// For the operator.
    pub fn words(&self) -> String {
        match self {
            ClockDoubt::ToolsDisagree(skews) => format!("this machine's clock and the trackers' disagree: {skews}"),
            ClockDoubt::RanBack { last_tick } => {
                format!(
                    "this machine's clock is behind {last_tick}, when gapwatch last worked, and no tracker agrees with it"
                )
            }
        }
    }
}

/// Holds the clock against the tools' and against the last tick. `None`: it can be believed.
///
/// One tool with a wrong clock among several right ones is that tool's trouble; ours is doubted when none agrees. Where one
/// agrees it was the last tick that was wrong.
pub fn doubt(now: Timestamp, last_tick: Timestamp, skews: &[(String, Option<SignedDuration>)]) -> Option<ClockDoubt> {
    let told: Vec<(&String, SignedDuration)> =
        skews.iter().filter_map(|(tool, skew)| skew.map(|skew| (tool, skew))).collect();
    if told.is_empty() {
        return (later(now, TOLERANCE) < last_tick).then_some(ClockDoubt::RanBack { last_tick });
    }
    if told.iter().any(|(_, skew)| skew.abs() <= TOLERANCE) {
        return None;
    }
    let words = told.iter().map(|(tool, skew)| {
        format!("{tool} is {:#} {}", skew.abs(), if skew.is_negative() { "behind" } else { "ahead" })
    });
    Some(ClockDoubt::ToolsDisagree(words.collect::<Vec<_>>().join(", ")))
}

/// True when the clock has leapt since the last tick and no tool has told the time since: whoever wakes first must not judge
/// or send by a clock that was just set wrong.
pub fn is_unconfirmed(now: Timestamp, last_tick: Timestamp, skews: &[(String, Option<SignedDuration>)]) -> bool {
    now.duration_since(last_tick) > LEAP && skews.iter().all(|(_, skew)| skew.is_none()) && !skews.is_empty()
}

/// Rounds until nothing is due.
///
/// # Errors
/// Only the store's.
pub async fn until_idle(core: &CoreHandle, now: Timestamp) -> Result<RoundReport, StoreError> {
    let mut total = RoundReport::default();
    loop {
        let report = core.round(now).await?;
        total = RoundReport {
            judged: total.judged + report.judged,
            alerts: total.alerts + report.alerts,
            differing: total.differing + report.differing,
            messages: total.messages + report.messages,
            ..report
        };
        if !report.more {
            return Ok(total);
        }
    }
}

/// How often everything is judged although nothing is due.
const ORACLE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Judges everything and compares: when nothing was due, nothing may change. A difference is applied and said aloud.
async fn oracle(core: &CoreHandle, now: Timestamp) -> Result<(), StoreError> {
    let changed = core.oracle(now).await?;
    core.metrics().oracle(changed);
    core.pulse().judged_everything(changed == 0);
    match changed {
        0 => tracing::info!("oracle.agrees"),
        changed => tracing::error!(changed, "oracle.differs: alerts changed although nothing was due"),
    }
    Ok(())
}

/// Runs rounds for as long as the program runs.
pub async fn run(core: CoreHandle, clock: Arc<dyn Clock>, skews: Skews, stop: CancellationToken) {
    let mut changes = core.changes();
    let mut doubted = None;
    let mut oracle_at = later(clock.now(), ORACLE_EVERY);
    let mut patience = PATIENCE;
    loop {
        changes.mark_unchanged();
        let (now, last_tick, told) = (clock.now(), core.last_tick().await, skews());
        core.pulse().beat();
        let doubt = doubt(now, last_tick, &told);
        let waits = is_unconfirmed(now, last_tick, &told) && patience > 0;
        patience = if waits { patience - 1 } else { PATIENCE };
        if doubt != doubted {
            match &doubt {
                Some(doubt) => {
                    tracing::error!(
                        because = doubt.words(),
                        "clock.doubted: nothing is judged or sent until it agrees"
                    );
                }
                None => tracing::info!("clock.agrees"),
            }
            core.metrics().clock(doubt.is_some());
            core.doubt_clock(doubt.as_ref().map(ClockDoubt::words));
            doubted.clone_from(&doubt);
        }
        let next = if doubt.is_some() || waits {
            Some(later(now, super::AFTER_FAILURE))
        } else {
            let round = until_idle(&core, now).await;
            if round.is_ok() && now >= oracle_at {
                oracle_at = later(now, ORACLE_EVERY);
                // What goes wrong is logged by the core, and what was due is still due.
                let _ = oracle(&core, now).await;
            }
            match round {
                Ok(report) => report.next_due,
                Err(StoreError::TakenOver) => return stop.cancel(),
                Err(_) => Some(later(now, super::AFTER_FAILURE)),
            }
        };
        if !super::sleep(&*clock, next, Some(&mut changes), &stop).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_clock_is_doubted_when_it_runs_back_or_every_tool_disagrees() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let month = SignedDuration::from_hours(24 * 30);
        let skew = |tool: &str, skew: Option<SignedDuration>| (tool.to_owned(), skew);
        assert_eq!(doubt(now, now, &[]), None);
        assert_eq!(doubt(now, now, &[skew("github", None)]), None);
        assert_eq!(doubt(now, now, &[skew("github", Some(SignedDuration::from_mins(4)))]), None);
        assert!(matches!(doubt(now, now, &[skew("github", Some(-month))]), Some(ClockDoubt::ToolsDisagree(_))));
        let one_wrong = [skew("github", Some(-month)), skew("slack", Some(SignedDuration::ZERO))];
        assert_eq!(doubt(now, now, &one_wrong), None);
        assert!(matches!(doubt(now, later(now, month), &[]), Some(ClockDoubt::RanBack { .. })));
        let agrees = [skew("github", Some(SignedDuration::ZERO))];
        assert_eq!(doubt(now, later(now, month), &agrees), None, "it was the tick that was wrong");
    }

    #[test]
    fn after_a_leap_a_tool_has_to_tell_the_time_first() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let told = |skew: Option<SignedDuration>| [("github".to_owned(), skew), ("slack".to_owned(), None)];
        let ago = |minutes| later(now, -SignedDuration::from_mins(minutes));
        assert!(is_unconfirmed(now, ago(11), &told(None)));
        assert!(!is_unconfirmed(now, ago(9), &told(None)));
        assert!(!is_unconfirmed(now, ago(11), &told(Some(SignedDuration::ZERO))));
        assert!(!is_unconfirmed(now, ago(11), &[]), "there is nobody to ask");
    }
}
