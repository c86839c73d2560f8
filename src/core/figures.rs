//! How things stand, counted on the board: no task row is read for it.

use std::collections::BTreeMap;

use connector_model::StatusCategory;

use super::Core;
use crate::domain::alert::AlertState;
use crate::store::StoreError;
use crate::telemetry::metrics::Figures;

fn state(category: StatusCategory) -> &'static str {
    match category {
        StatusCategory::Todo => "todo",
        StatusCategory::Active => "active",
        StatusCategory::Review => "review",
        StatusCategory::Waiting => "waiting",
        StatusCategory::Done => "done",
        StatusCategory::Cancelled => "cancelled",
    }
}

impl Core {
    /// The figures of this moment.
    ///
    /// # Errors
    /// The store cannot be asked how the connections stand.
    pub fn figures(&self) -> Result<Figures, StoreError> {
        let mut tasks: BTreeMap<&'static str, u64> = BTreeMap::new();
        for task in self.board.tasks() {
            *tasks.entry(state(task.category)).or_default() += 1;
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
            outbox: self.board.messages().filter(|message| message.state.is_live()).count() as u64,
        })
    }
}
