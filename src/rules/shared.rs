//! What many judgements of one snapshot have in common.

use std::cell::OnceCell;
use std::rc::Rc;

use super::overrides::Lists;
use crate::domain::chains::Chains;
use crate::domain::snapshot::Snapshot;

/// What is worked out once for all subjects of a round.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) chains: Rc<Chains>,
    pub(super) lists: Lists,
    /// Some place does not tell everything.
    lacking: OnceCell<bool>,
}

impl Shared {
    pub(super) fn is_lacking(&self, snapshot: &Snapshot<'_>) -> bool {
        *self.lacking.get_or_init(|| snapshot.board.containers().any(|container| !container.lacks.is_empty()))
    }
}
