//! What was given to somebody else: whoever had it before is told that nothing is left for them to do.

use super::desk::Desk;
use super::scene::Scene;
use super::when::{clean, day_of};
use crate::alerts::{is_former, owners};
use crate::domain::alert::Alert;
use crate::domain::finding::SubjectKey;
use crate::domain::notice::Notice;

/// `handed to Eva on Fri 13 Mar; nothing for you to do`. `None`: its reader has it, or never had.
pub(super) fn handed(alert: &Alert, reader: &Notice, desk: &Desk<'_>, scene: Scene<'_>) -> Option<String> {
    if !reader.address.is_private() || !is_former(alert, reader, desk.snapshot) {
        return None;
    }
    let (board, people) = (desk.snapshot.board, &desk.snapshot.board.people);
    let SubjectKey::Task(task) = alert.subject else { return None };
    let owners = owners(alert, desk.snapshot);
    let facts = board.task(task)?.facts();
    let given_at = owners.iter().filter_map(|owner| facts.assigned_since(*owner)).max();
    let on = given_at.map_or(String::new(), |at| format!(" on {}", day_of(at, scene)));
    let names: Vec<String> = owners.iter().map(|owner| clean(&people.name(*owner))).collect();
    Some(match names.as_slice() {
        [] => "not assigned to you any more; nothing for you to do".to_owned(),
        names => format!("handed to {}{on}; nothing for you to do", names.join(" and ")),
    })
}
