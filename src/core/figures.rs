//! How things stand, counted on the board: no task row is read for it. And what a round is called in the log.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Core;
use crate::domain::alert::{AlertChange, AlertState, LogEntry, LogKind, Round};
use crate::store::StoreError;
use crate::telemetry::metrics::Figures;

impl Core {
    /// The figures of this moment.
    ///
    /// # Errors
    /// The store cannot be asked how the connections stand.
    pub fn figures(&self) -> Result<Figures, StoreError> {
        let mut tasks: BTreeMap<&'static str, u64> = BTreeMap::new();
        for task in self.board.tasks() {
            *tasks.entry(task.category.word()).or_default() += 1;
        }
        let mut gaps: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
        for alert in self.board.alerts().filter(|alert| alert.state != AlertState::Resolved) {
            *gaps.entry((alert.rule.0, alert.stage.word())).or_default() += 1;
        }
        let states = self.store.connections_now()?;
        Ok(Figures {
            connections: states.into_iter().map(|state| (state.name, state.last_success_at)).collect(),
            tasks: tasks.into_iter().collect(),
            gaps: gaps.into_iter().map(|((rule, stage), count)| (rule, stage, count)).collect(),
            outbox: self.board.messages().filter(|message| message.state.is_live()).count() as u64
                + self.store.waiting_events()?,
        })
    }
}

/// What the log calls it.
pub(super) fn event(entry: &LogEntry) -> String {
    match (entry.what, entry.reason.as_deref()) {
        (LogKind::Withheld, Some("nothing")) => "message.freed".to_owned(),
        (LogKind::Withheld, _) => "message.held".to_owned(),
        (other, _) => format!("gap.{}", other.word()),
    }
}

/// How long each gap had been open that a round resolved.
pub(super) fn lifetimes(round: &Round) -> Vec<SignedDuration> {
    let resolved = |change: &&AlertChange| change.log.iter().any(|entry| entry.what == LogKind::Resolved);
    let length = |change: &AlertChange| {
        let alert = &change.alert;
        Some(alert.resolved_at?.duration_since(alert.opened_at))
    };
    round.alerts.iter().filter(resolved).filter_map(length).collect()
}
