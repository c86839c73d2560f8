//! What was there before we began to look, which is backlog: the first judgement of a container, and the first one by changed
//! rules. What cannot be judged for a while is not judged by it: its first judgement comes when it is free again.

use super::Core;
use crate::alerts::{self, Judgement};
use crate::domain::finding::SubjectKey;
use crate::domain::ids::ContainerId;
use crate::domain::snapshot::Snapshot;
use crate::rules;

impl Core {
    /// What the rules say of subjects, but for tasks and people about whom nothing was found and nothing was ever open: they
    /// change nothing, and at the first start there may be a million of them.
    pub(super) fn judgements(&self, judged: &[rules::SubjectJudged], snapshot: &Snapshot<'_>) -> Vec<Judgement> {
        let matters = |one: &&rules::SubjectJudged| {
            !one.readings.is_empty()
                || !matches!(one.subject, SubjectKey::Task(_) | SubjectKey::Person(_))
                || self.board.alerts_of(one.subject).next().is_some()
        };
        judged.iter().filter(matters).map(|judged| self.judgement(judged, snapshot)).collect()
    }

    /// What the rules say of a subject, and whether it was there before we began to look.
    fn judgement(&self, judged: &rules::SubjectJudged, snapshot: &Snapshot<'_>) -> Judgement {
        let baseline = (self.rules_rev.is_some() && judged.subject != SubjectKey::System)
            || match judged.subject {
                SubjectKey::Task(id) => self
                    .board
                    .task(id)
                    .and_then(|task| self.board.container(task.container()))
                    .is_some_and(|home| home.baseline_at.is_none()),
                SubjectKey::Person(id) => {
                    let homes = self.board.owned_by(id).into_iter().filter_map(|task| self.board.task(task));
                    let mut homes = homes.filter_map(|task| self.board.container(task.container()));
                    homes.any(|home| home.baseline_at.is_none())
                }
                SubjectKey::Container(_) => {
                    self.board.places(judged.subject).iter().any(|place| place.baseline_at.is_none())
                }
                SubjectKey::Connection(_) | SubjectKey::System => false,
            };
        Judgement {
            subject: judged.subject,
            readings: judged.readings.clone(),
            judged: rules::unjudged(judged.subject, snapshot).is_none(),
            baseline,
        }
    }

    /// Containers whose first full judgement is over with this round: read completely, history and all, or without one. Where
    /// nothing may be concluded at present, it is still to come.
    pub(super) fn settled_baselines(&self) -> Vec<ContainerId> {
        let mut settled: Vec<ContainerId> = self
            .board
            .containers()
            .filter(|container| container.baseline_at.is_none() && container.warm_at.is_some())
            .filter(|container| !self.board.awaits_history(container.id))
            .filter(|container| !alerts::is_closed_off(container, &self.board))
            .map(|container| container.id)
            .collect();
        settled.sort_unstable();
        settled
    }

    /// Containers about which nothing could be concluded while changed rules were judged for the first time: what these rules
    /// find there is still to come, however long it takes, and is backlog like what they found elsewhere.
    pub(super) fn unsettled_baselines(&self) -> Vec<ContainerId> {
        let mut unsettled: Vec<ContainerId> = self
            .board
            .containers()
            .filter(|container| container.baseline_at.is_some() && alerts::is_closed_off(container, &self.board))
            .map(|container| container.id)
            .collect();
        unsettled.sort_unstable();
        unsettled
    }
}
