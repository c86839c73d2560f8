//! Who is only informed: whoever has what waits for a task that is late or does not move. Nothing is asked of them.

use super::draft::Draft;
use super::ways::{Climb, Want, heard_at};
use crate::domain::alert::Alert;
use crate::domain::finding::Evidence;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::notice::{Address, Reason};

/// Tasks that wait, by the words of a gap.
fn waiting(evidence: &Evidence) -> Vec<TaskId> {
    match evidence {
        Evidence::Cascade { late, .. } => late.iter().map(|late| late.task).collect(),
        Evidence::BlockerStale { waiting, .. } => waiting.clone(),
        _ => Vec::new(),
    }
}

/// Adds a line in the digest of everybody who has what waits, once whoever can do something about it was told.
pub(super) fn inform(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, climb: &mut Climb) {
    let board = draft.snapshot.board;
    let waiting = waiting(&alert.finding.evidence);
    if waiting.is_empty() || heard_at(heads, alert, draft, climb.unreachable).is_none() {
        return;
    }
    let people = &board.people;
    let mut told: Vec<AccountId> = heads.to_vec();
    let owners = waiting.iter().filter_map(|task| board.task(*task)).flat_map(|task| task.owners());
    for owner in owners.filter(|owner| people.is_there(*owner)) {
        if told.iter().any(|one| people.same(*one, owner)) {
            continue;
        }
        told.push(owner);
        let address = Address::Digest(people.handle(owner));
        climb.wants.push(Want { account: owner, address, rung: 0, reason: Reason::Opened });
    }
}
