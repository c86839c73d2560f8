//! The last rung: who hears when a failure that concerns many, or matters much, goes unanswered below.

use jiff::Timestamp;

use super::draft::Draft;
use super::lapse::lapses_at;
use super::ways::{Climb, Want, by};
use super::whose::{last_act, sponsor};
use crate::domain::alert::Alert;
use crate::domain::calendar::Calendar;
use crate::domain::finding::{Stage, SubjectKey};
use crate::domain::graph::Downstream;
use crate::domain::ids::AccountId;
use crate::domain::look::Look;
use crate::domain::notice::{Address, Notice, Reason};
use crate::domain::routes::Via;
use crate::domain::snapshot::Snapshot;

/// Working days without an answer, from the owner's word on.
const UNANSWERED_DAYS: i64 = 3;
/// Working days that the manager has in any case, and that a failure has which had come so far before.
const LEAST_DAYS: i64 = 1;
/// Open tasks that wait for one: from so many on it concerns others as well.
const MANY: usize = 3;
/// Priorities up to this are high; 1 is the highest.
const HIGH: u8 = 2;

/// Adds whoever is above the manager. `since`: when the owner heard.
pub(super) fn rise(
    heads: &[AccountId],
    since: Timestamp,
    alert: &Alert,
    calendar: &Calendar,
    draft: &Draft<'_>,
    climb: &mut Climb,
) {
    let snapshot = draft.snapshot;
    let (Stage::Failure, SubjectKey::Task(_)) = (alert.stage, alert.subject) else { return };
    let Some(at) = rises_at(heads, since, alert, calendar, draft) else { return };
    if at > snapshot.now {
        climb.wakes.push(at);
        return;
    }
    if is_grave(alert, snapshot) {
        climb.wants.extend(word(heads, None, alert, draft));
    }
}

/// The word for whoever is above the manager. `None`: nobody is.
pub(super) fn word(heads: &[AccountId], via: Option<Via>, alert: &Alert, draft: &Draft<'_>) -> Option<Want> {
    let person = sponsor(heads, alert, draft.snapshot)?;
    let account = person.own_account;
    let address = by(via, account, alert, draft).unwrap_or_else(|| Address::Digest(person.handle.clone()));
    Some(Want { account, address, rung: 3, reason: Reason::Escalated })
}

/// When it goes further up. `None`: the manager has not heard yet, and comes first.
fn rises_at(
    heads: &[AccountId],
    since: Timestamp,
    alert: &Alert,
    calendar: &Calendar,
    draft: &Draft<'_>,
) -> Option<Timestamp> {
    let days = |at, days| calendar.after(at, days * calendar.day_secs());
    let notices = draft.notices(alert);
    let heard = |notice: &&Notice| notice.heard_at();
    let managers = || {
        let told = |notice: &&&Notice| notice.rung == 2 && notice.reason != Reason::Resolved;
        notices.iter().filter(told).copied().filter(|notice| notice.finding.stage == alert.stage)
    };
    let led_at = managers().filter_map(|notice| heard(&notice)).min()?;
    let resumed = alert.rung >= 3 && alert.told.iter().all(|told| told.rung < 3);
    let plain = days(since, if resumed { LEAST_DAYS } else { UNANSWERED_DAYS });
    let all = heads.iter().copied().chain(managers().map(|notice| notice.account));
    let acted = all.filter_map(|one| last_act(one, alert, draft.snapshot)).max().filter(|at| *at > since);
    let acted = acted.map(|at| days(at, UNANSWERED_DAYS));
    [Some(plain), Some(days(led_at, LEAST_DAYS)), acted, lapses_at(alert, draft)].into_iter().flatten().max()
}

/// True where it matters much, or to many.
fn is_grave(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    let SubjectKey::Task(task) = alert.subject else { return false };
    let Some(task) = snapshot.board.task(task) else { return false };
    task.priority().is_some_and(|priority| priority <= HIGH) || downstream(alert.subject, snapshot) >= MANY
}

/// How many open tasks wait for one, or are parts of it, whatever the way.
pub(super) fn downstream(subject: SubjectKey, snapshot: &Snapshot<'_>) -> usize {
    let SubjectKey::Task(task) = subject else { return 0 };
    let Some(task) = snapshot.board.task(task) else { return 0 };
    let look = Look::new(snapshot);
    let after = |task| look.dependants(task).chain(look.children(task)).filter(|other| look.counts(other));
    Downstream::of(task, after).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::*;
    use crate::domain::ids::TaskId;
    use insta::assert_snapshot;

    /// Ana's task that missed its date on Monday; she and Max do nothing. What Eve, who leads Max, was told by when.
    fn heard_by_eve(world: &mut World) -> Vec<String> {
        let mut said = Vec::new();
        for day in 11..=19 {
            for hour in 9..=17 {
                world.at(&format!("2025-03-{day} {hour:02}:00")).run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
                let all = world.said();
                let to_eve = all.split("\n---\n").filter(|one| one.starts_with("slack UEVE"));
                said.extend(to_eve.map(|one| format!("{day} {hour:02}:00 {one}")));
            }
        }
        said
    }

    #[test]
    fn what_matters_much_reaches_who_leads_the_manager_after_three_working_days() {
        let mut world = World::new();
        world.task(1, |task| task.rec.priority = Some(2));
        assert_snapshot!(heard_by_eve(&mut world).join("\n"), @r"
        14 09:00 slack UEVE
        [⬣ acme/web#1 is past its date: due Mon 10 Mar (milestone), 3 working days ago]
        ⬣ <acme/web#1> “Task 1” *is past its date* (Ana)
        Due Mon 10 Mar (milestone), 3 working days ago.
        Ana was told Tue 11 Mar 09:00, Max was told Wed 12 Mar 09:00; no change by them since.
        ");
    }

    #[test]
    fn so_does_what_holds_up_three_tasks_and_nothing_else() {
        let mut world = World::new();
        world.task(1, |task| task.rec.priority = Some(3));
        assert_eq!(heard_by_eve(&mut world), [""; 0]);
        let mut world = World::new();
        for other in 2..=4 {
            world.task(other, |task| task.blocked_by = vec![TaskId(other - 1)]);
        }
        assert_eq!(heard_by_eve(&mut world).len(), 1, "they wait for it in a row");
        let mut world = World::new();
        for other in 2..=3 {
            world.task(other, |task| task.blocked_by = vec![TaskId(1)]);
        }
        assert_eq!(heard_by_eve(&mut world), [""; 0], "two are not many");
    }

    #[test]
    fn an_act_of_the_owner_or_the_manager_postpones_it_and_so_does_their_answer() {
        for who in [ANA, MAX] {
            let mut world = World::new();
            world.task(1, |task| task.rec.priority = Some(1));
            world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
            world.at("2025-03-12 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
            world.task(1, |task| task.rec.facts.acts = vec![(who, at("2025-03-13 12:00"))]);
            world.said();
            world.at("2025-03-14 16:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
            assert!(!world.said().contains("UEVE"), "{who:?}");
            world.at("2025-03-18 12:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
            assert!(world.said().contains("UEVE"), "{who:?}: three working days after the act");
        }
    }

    #[test]
    fn nobody_hears_twice_where_people_lead_themselves_or_each_other() {
        let mut world = World::new();
        world.task(1, |task| {
            task.rec.priority = Some(1);
            task.rec.owners = Box::new([MAX]);
        });
        let heard = heard_by_eve(&mut world);
        assert_eq!(heard.len(), 1, "she is his manager, and nobody is above her: {heard:?}");
        let mut world = World::new();
        world.task(1, |task| task.rec.priority = Some(1));
        let eve = crate::domain::ids::PersonId(4);
        world.board.people.persons.get_mut(&eve).unwrap().manager = Some(crate::domain::ids::PersonId(3));
        assert_eq!(heard_by_eve(&mut world).len(), 1, "a circle has an end");
    }
}
