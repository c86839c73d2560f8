//! Who ought to have heard by now where the configuration says so itself: the steps of the first route that a gap is on.
//!
//! What holds for the ladder holds here as well: nobody hears before the first step was heard, whoever acts on the task or
//! answers has their time, and what the first channel refuses goes to the next.

use jiff::Timestamp;

use super::draft::Draft;
use super::inform::inform;
use super::lapse::lapses_at;
use super::reach::{all_wait, were_refused};
use super::repeat::repeat;
use super::sponsor;
use super::ways::{Climb, Want, by, firsts, heard_at, is_dead, is_muted, is_same_question, manager, reason};
use super::whose::last_act;
use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, SubjectKey};
use crate::domain::ids::AccountId;
use crate::domain::look::Look;
use crate::domain::notice::{Address, Notice, Reason};
use crate::domain::routes::{Route, Step, To};
use crate::domain::snapshot::Snapshot;
use crate::rules::condition::Condition;
use connector_kit::Destination;

/// The route that a gap is on. `None`: the usual ladder.
pub(crate) fn route_of<'a>(alert: &Alert, snapshot: &Snapshot<'a>) -> Option<&'a Route> {
    if alert.finding.addressee == Addressee::Operators {
        return None;
    }
    let look = Look::new(snapshot);
    let is_for = |route: &&Route| match (&route.which, alert.subject) {
        (None, _) => true,
        (Some(which), SubjectKey::Task(task)) => {
            let condition = which.downcast_ref::<Condition>().zip(snapshot.board.task(task));
            condition.is_some_and(|(condition, task)| condition.holds(task, &look, look.people()).unwrap_or(false))
        }
        (Some(_), _) => false,
    };
    let fits = |route: &&Route| alert.stage >= route.from && route.is_of(alert.rule);
    snapshot.policy.routes.iter().filter(fits).find(is_for)
}

/// Adds what the steps of a route ask for by now.
pub(super) fn follow(route: &Route, heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, climb: &mut Climb) {
    let now = draft.snapshot.now;
    let Some((first, rest)) = route.steps.split_first() else { return };
    let calendar = draft.snapshot.board.people.calendar(heads.first().copied());
    let begins = alert.fired_at.unwrap_or(alert.opened_at).max(alert.stage_at);
    let begins = first.after.map_or(begins, |after| after.after(begins, calendar));
    if begins > now {
        climb.wakes.push(begins);
        return;
    }
    let wants = told(first, true, heads, alert, draft);
    // Who wants to hear nothing but a digest keeps nobody else waiting.
    let muted = first.to == To::Owner && heads.iter().all(|head| is_muted(*head, draft));
    climb.unreachable = wants.is_empty() || muted || all_wait(&wants, alert, draft);
    let refused = climb.unreachable && were_refused(heads, alert, draft);
    let since = if first.to == To::Owner {
        heard_at(heads, alert, draft, climb.unreachable)
    } else {
        heard(&wants, alert, draft).or(climb.unreachable.then_some(begins))
    };
    climb.wants.extend(wants);
    if route.steps.iter().any(|step| step.to == To::Owner) {
        repeat(heads, alert, draft, climb);
    }
    inform(heads, alert, draft, climb);
    let Some(since) = since else { return };
    let acted = heads.iter().filter_map(|head| last_act(*head, alert, draft.snapshot)).max();
    let from = acted.map_or(since, |at| at.max(since));
    for step in rest {
        let at = step.after.map_or(since, |after| after.after(from, calendar));
        let at = lapses_at(alert, draft).map_or(at, |lapses| lapses.max(at));
        let at = if refused && step.to == To::Manager { since } else { at };
        if at > now {
            climb.wakes.push(at);
            continue;
        }
        let further = told(step, false, heads, alert, draft);
        let new =
            |want: &Want| !climb.wants.iter().any(|one| one.account == want.account && one.address == want.address);
        let further: Vec<Want> = further.into_iter().filter(new).collect();
        climb.wants.extend(further);
    }
}

/// The words of one step. Empty: nobody of it can be reached.
fn told(step: &Step, first: bool, heads: &[AccountId], alert: &Alert, draft: &Draft<'_>) -> Vec<Want> {
    let why = |account| if first { reason(account, alert, draft) } else { Reason::Escalated };
    let rung = if first { 1 } else { step.to.rung() };
    match &step.to {
        To::Owner => {
            let wants = firsts(heads, step.via, alert, draft).into_iter();
            wants.map(|want| if first { want } else { Want { reason: Reason::Escalated, ..want } }).collect()
        }
        To::Manager => {
            let want = manager(heads, true, step.via, alert, draft);
            vec![Want { rung, reason: why(want.account), ..want }]
        }
        To::Sponsor => {
            let want = sponsor::word(heads, step.via, alert, draft);
            want.map(|want| Want { rung, reason: why(want.account), ..want }).into_iter().collect()
        }
        To::Person(name) => {
            let persons = &draft.snapshot.board.people.persons;
            let person = persons.values().find(|person| person.handle == *name);
            let want = person.map(|person| {
                let account = person.own_account;
                let address = by(step.via, account, alert, draft);
                let address = address.unwrap_or_else(|| Address::Digest(person.handle.clone()));
                Want { account, address, rung, reason: why(account) }
            });
            want.into_iter().collect()
        }
        To::Channel(name) => {
            let address = Address::Slack(Destination::Channel(name.clone()));
            if is_dead(AccountId::NOBODY, &address, alert, draft) {
                return Vec::new();
            }
            vec![Want { account: AccountId::NOBODY, address, rung, reason: why(AccountId::NOBODY) }]
        }
    }
}

/// When the first of these words was heard, at this stage. `None`: none was.
fn heard(wants: &[Want], alert: &Alert, draft: &Draft<'_>) -> Option<Timestamp> {
    let is_one = |notice: &&&Notice| {
        !notice.reason.is_farewell()
            && notice.finding.stage == alert.stage
            && is_same_question(notice, alert)
            && wants.iter().any(|want| want.account == notice.account && want.rung == notice.rung)
    };
    let at = |notice: &&Notice| notice.heard_at();
    draft.notices(alert).iter().filter(is_one).filter_map(at).min()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::super::testing::*;
    use super::*;
    use crate::domain::finding::{Finding, Stage};
    use crate::domain::routes::Via;

    fn step(to: &str, via: Option<Via>, after: &str) -> Step {
        let after = (!after.is_empty()).then(|| after.parse().unwrap());
        Step { to: To::read(to), via, after }
    }

    fn route(condition: Option<&str>, steps: Vec<Step>) -> Route {
        let which = condition.map(|text| Arc::new(Condition::from(text.to_owned())) as Arc<_>);
        let (name, key, rules) = ("ops".to_owned(), "routes[0]".to_owned(), Vec::new());
        Route { name, key, rules, from: Stage::Widens, which, steps }
    }

    fn ops() -> Route {
        let steps = vec![
            step("owner", Some(Via::Slack), ""),
            step("manager", Some(Via::Slack), "2 workhours"),
            step("#ops-alerts", Some(Via::Slack), "1 workday"),
        ];
        route(Some("task.project == 'acme/web' and task.priority in [1, 2]"), steps)
    }

    /// Who is told by when, looked at every hour of three days; Ana's task of this priority is late.
    fn told(world: &mut World, finding: &Finding) -> Vec<String> {
        let mut said = Vec::new();
        for hour in 0..60 {
            let moment = plus("2025-03-11 09:00", hour * 60);
            world.at(&moment).run(&[gap(1, OVERDUE, finding.clone())]);
            let all = world.said();
            let to = all.split("\n---\n").filter_map(|one| one.lines().next());
            said.extend(to.map(|to| format!("{} {to}", &moment[8..])));
        }
        said
    }

    fn late(priority: u8) -> World {
        let mut world = World::new();
        world.policy.routes = vec![ops()];
        world.task(1, |task| task.rec.priority = Some(priority));
        world
    }

    #[test]
    fn the_steps_of_a_route_take_the_place_of_the_ladder_for_the_tasks_it_is_for() {
        assert_eq!(
            told(&mut late(1), &overdue("2025-03-10")),
            ["11 09:00 slack UANA", "11 11:00 slack UMAX", "12 09:00 slack #ops-alerts"]
        );
        assert_eq!(
            told(&mut late(3), &overdue("2025-03-10")),
            ["11 09:00 slack UANA", "12 09:00 slack UMAX"],
            "the ladder"
        );
    }

    #[test]
    fn below_its_stage_and_for_other_rules_the_ladder_holds() {
        let mut world = late(1);
        world.run(&[gap(1, PACE, pace(Stage::Opens))]);
        assert_eq!((world.said().as_str(), world.withheld(PACE, 1)), ("", Some("digest")));
        let mut world = late(1);
        world.policy.routes[0].rules = vec!["pace.*".to_owned(), "stalled".to_owned()];
        assert_eq!(told(&mut world, &overdue("2025-03-10")).len(), 2);
        world.policy.routes[0].from = Stage::Opens;
        world.task(2, |task| task.rec.priority = Some(1));
        world.at("2025-03-17 09:00").run(&[gap(2, PACE, pace(Stage::Opens))]);
        let said = world.said();
        assert!(said.contains("slack UANA\n[▲ "), "{said}");
    }

    #[test]
    fn an_act_begins_the_time_again_and_an_answer_stops_it() {
        let mut world = late(1);
        world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
        world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-11 10:30"))]);
        world.at("2025-03-11 11:30").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        assert_eq!(world.said(), "");
        world.at("2025-03-11 12:30").run(&[]);
        assert!(world.said().starts_with("slack UMAX"), "two working hours after the act");
        let wish = crate::domain::alert::Wish::Snooze {
            gap: world.alert(OVERDUE, 1).gap.clone(),
            until: at("2025-03-20 09:00"),
            reason: None,
        };
        world.ask(Some(ANA), wish);
        world.deliver();
        world.said();
        world.at("2025-03-13 12:30").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        assert_eq!(world.said(), "");
    }

    #[test]
    fn who_is_away_or_cannot_be_reached_holds_nobody_else_up() {
        let mut world = late(1);
        world.board.people.persons.get_mut(&crate::domain::ids::PersonId(1)).unwrap().slack = None;
        assert_eq!(told(&mut world, &overdue("2025-03-10")), ["11 11:00 slack UMAX", "12 09:00 slack #ops-alerts"]);
        let mut world = late(1);
        world.policy.routes = vec![route(None, vec![step("bo", None, ""), step("sponsor", None, "1 workday")])];
        assert_eq!(told(&mut world, &overdue("2025-03-10")), ["11 09:00 slack UBO", "12 09:00 slack UEVE"]);
    }

    #[test]
    fn who_wants_only_a_digest_gets_a_line_of_it_and_the_next_step_comes_in_its_time() {
        let mut world = late(1);
        world.board.people.muted.insert(ANA, at("2025-03-10 12:00"));
        assert_eq!(told(&mut world, &overdue("2025-03-10")), ["11 11:00 slack UMAX", "12 09:00 slack #ops-alerts"]);
    }

    #[test]
    fn everybody_of_a_route_hears_the_end() {
        let mut world = late(1);
        world.policy.clear_after = jiff::SignedDuration::ZERO;
        told(&mut world, &overdue("2025-03-10"));
        world.at("2025-03-14 10:00").run(&[clear(1, OVERDUE)]);
        world.run(&[clear(1, OVERDUE)]);
        let said = world.said();
        for whom in ["UANA", "UMAX", "#ops-alerts"] {
            assert!(said.contains(&format!("reply slack {whom}")), "{whom}: {said}");
        }
    }
}
