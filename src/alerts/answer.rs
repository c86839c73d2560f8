//! Wishes of people, from whichever way they came: obeyed or refused, and always answered.

use jiff::Timestamp;

use super::draft::Draft;
use crate::domain::alert::{Alert, AlertState, Answer, LogKind, Wish};
use crate::domain::finding::{GapId, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, InboxId};
use crate::domain::people::Person;
use crate::domain::snapshot::Snapshot;

/// Deals with every answer, in the order in which they came.
pub(super) fn obey(answers: &[Answer], draft: &mut Draft<'_>) -> Vec<(InboxId, String)> {
    answers.iter().map(|answer| (answer.id, obey_one(answer, draft))).collect()
}

fn obey_one(answer: &Answer, draft: &mut Draft<'_>) -> String {
    let gap = match &answer.wish {
        Wish::Snooze { gap, .. } | Wish::Unsnooze { gap } => gap,
        Wish::Release { container } => return release(container, answer.account, draft),
        // Done before anything is decided, for what is to be said again is thought about like everything else.
        Wish::Resend { id } => return format!("{id} is sent once more"),
    };
    let Some(alert) = find(gap, draft) else { return format!("no gap {gap} is known") };
    if alert.state == AlertState::Resolved {
        return format!("gap {gap} is resolved, there is nothing to silence");
    }
    if !answer.account.is_none_or(|account| is_obeyed(account, alert, draft.snapshot)) {
        return "only the task's owner, their manager and the operators can do this".to_owned();
    }
    let id = alert.id;
    match &answer.wish {
        Wish::Snooze { until, reason, .. } => snooze(id, *until, reason.clone(), answer.account, draft),
        Wish::Unsnooze { .. } => unsnooze(id, answer.account, draft),
        Wish::Release { .. } | Wish::Resend { .. } => String::new(),
    }
}

/// The operators have looked at what is missing.
fn release(name: &str, account: Option<AccountId>, draft: &mut Draft<'_>) -> String {
    let snapshot = draft.snapshot;
    let people = &snapshot.board.people;
    let is_operator =
        |account| people.person(account).is_some_and(|person: &Person| people.operators.contains(&person.id));
    if !account.is_none_or(is_operator) {
        return "only the operators can do this".to_owned();
    }
    let named = snapshot.board.containers().filter(|container| *container.name == *name && container.hold.is_some());
    let mut held: Vec<_> = named.map(|container| container.id).collect();
    if held.is_empty() {
        return format!("{name} is not held");
    }
    held.sort_unstable();
    draft.released.extend(held);
    format!("{name} is judged again")
}

/// The number of alerts is small enough to look through them for the few wishes there are.
fn find<'d>(gap: &GapId, draft: &'d Draft<'_>) -> Option<&'d Alert> {
    let same = draft.snapshot.board.alerts().filter(|alert| alert.gap == *gap);
    same.min_by_key(|alert| (alert.state == AlertState::Resolved, alert.id)).and_then(|alert| draft.alert(alert.id))
}

fn snooze(
    id: AlertId,
    until: Timestamp,
    reason: Option<String>,
    account: Option<AccountId>,
    draft: &mut Draft<'_>,
) -> String {
    if until <= draft.snapshot.now {
        return format!("{until} has passed already");
    }
    let Some(change) = draft.change(id) else { return String::new() };
    change.alert.snoozed_until = Some(until);
    change.alert.snooze_reason.clone_from(&reason);
    let gap = change.alert.gap.clone();
    draft.log(id, LogKind::Snoozed, reason, account);
    format!("gap {gap} is silent until {until}")
}

fn unsnooze(id: AlertId, account: Option<AccountId>, draft: &mut Draft<'_>) -> String {
    let now = draft.snapshot.now;
    let Some(change) = draft.change(id) else { return String::new() };
    let gap = change.alert.gap.clone();
    if change.alert.snoozed_until.is_none_or(|until| until <= now) {
        return format!("gap {gap} is not silent");
    }
    change.alert.snoozed_until = None;
    change.alert.snooze_reason = None;
    draft.log(id, LogKind::Snoozed, Some("the silence was ended".to_owned()), account);
    format!("gap {gap} may speak again")
}

/// Owners of the task now, whoever leads them, and the operators.
fn is_obeyed(account: AccountId, alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let people = &snapshot.board.people;
    let person = people.person(account).map(|person| person.id);
    if person.is_some_and(|person| people.operators.contains(&person)) {
        return true;
    }
    let SubjectKey::Task(task) = alert.subject else { return false };
    let Some(task) = snapshot.board.task(task) else { return false };
    let leads = |owner| people.manager(owner).is_some_and(|manager| Some(manager.id) == person);
    task.owners.iter().any(|owner| people.same(*owner, account) || leads(*owner))
}
