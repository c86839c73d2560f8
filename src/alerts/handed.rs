//! What was given to somebody else: what its former owner was told is changed, in silence, and nothing more is said to them.

use jiff::Timestamp;

use super::draft::Draft;
use super::route::route_of;
use super::ways::Want;
use super::whose::owners;
use crate::domain::alert::Alert;
use crate::domain::calendar::later;
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::ids::{AccountId, NoticeId};
use crate::domain::notice::{Address, Notice, Reason};
use crate::domain::routes::{Step, To};
use crate::domain::snapshot::Snapshot;
use connector_kit::Destination;

/// What is to be said to former owners.
#[derive(Debug, Default)]
pub(super) struct Handed {
    pub(super) say: Vec<Want>,
    /// Notices that stay as they are.
    pub(super) keep: Vec<NoticeId>,
    /// When to look again: it may be given to somebody else at once.
    pub(super) wake: Option<Timestamp>,
}

/// True for whoever was told of a task as its owner, or in the place of one, and is neither by now.
pub(crate) fn is_former(alert: &Alert, notice: &Notice, snapshot: &Snapshot<'_>) -> bool {
    let is_owners = alert.finding.addressee == Addressee::Owners && matches!(alert.subject, SubjectKey::Task(_));
    let by_route = || route_of(alert, snapshot).is_some_and(|route| is_named(notice.account, &route.steps, snapshot));
    // Whoever is asked whether an answer still holds need not have had it.
    let as_owner = matches!(notice.reason, Reason::Opened | Reason::Worsened | Reason::Repeated | Reason::Handed);
    is_owners && as_owner && notice.rung == 1 && is_nobodys(notice.account, alert, snapshot) && !by_route()
}

/// True for whom a route may speak to first though they are not the owner.
fn is_named(account: AccountId, steps: &[Step], snapshot: &Snapshot<'_>) -> bool {
    let person = snapshot.board.people.person(account);
    let by_name =
        |step: &Step| matches!((&step.to, person), (To::Person(name), Some(person)) if *name == person.handle);
    steps.first().is_some_and(|first| first.to != To::Owner) || steps.iter().any(by_name)
}

/// True for whoever neither has the task nor stands in for somebody who does.
fn is_nobodys(account: AccountId, alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let SubjectKey::Task(task) = alert.subject else { return false };
    let people = &snapshot.board.people;
    let stands_in = |owner| people.deputy(owner).is_some_and(|deputy| people.same(deputy.own_account, account));
    let Some(task) = snapshot.board.task(task) else { return false };
    account != AccountId::NOBODY && !task.owners().any(|owner| people.same(owner, account) || stands_in(owner))
}

/// Every former owner who was told by a message of theirs that can be changed, once for each time it changes hands.
pub(super) fn handed(alert: &Alert, draft: &Draft<'_>) -> Handed {
    let snapshot = draft.snapshot;
    let mut handed = Handed::default();
    let SubjectKey::Task(task) = alert.subject else { return handed };
    let Some(facts) = snapshot.board.task(task).map(|task| task.facts()) else { return handed };
    let given_at = owners(alert, snapshot).into_iter().filter_map(|owner| facts.assigned_since(owner)).max();
    let notices = draft.notices(alert);
    let in_person = |address: &Address| {
        matches!(address, Address::Slack(Destination::User(_) | Destination::Email(_)))
            && snapshot.policy.edits(address)
    };
    for told in notices.iter().filter(|notice| in_person(&notice.address) && notice.told_at.is_some()) {
        if told.reason.is_farewell() || !is_former(alert, told, snapshot) {
            continue;
        }
        let said = notices.iter().rev().find(|other| {
            other.reason == Reason::Handed && other.account == told.account && other.address == told.address
        });
        match said.filter(|said| said.id > told.id && given_at.is_none_or(|at| said.decided_at >= at)) {
            Some(said) => handed.keep.push(said.id),
            None if given_at.is_some_and(|at| later(at, snapshot.policy.settle) > snapshot.now) => {
                handed.wake = given_at.map(|at| later(at, snapshot.policy.settle));
            }
            None => {
                let (account, address) = (told.account, told.address.clone());
                let want = Want { account, address, rung: 1, reason: Reason::Handed };
                if !handed.say.contains(&want) {
                    handed.say.push(want);
                }
            }
        }
    }
    handed
}
