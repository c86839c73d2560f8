//! The same word once more, on a few working days: a line of that day's message, never a message or a comment of its own.

use jiff::Timestamp;

use super::draft::Draft;
use super::ways::{Climb, Want, is_muted, is_same_question, is_told_once, private, quiet_days};
use super::whose::last_act;
use crate::domain::alert::Alert;
use crate::domain::finding::{Addressee, Stage};
use crate::domain::ids::AccountId;
use crate::domain::notice::{Notice, NoticeState, Reason};
use crate::domain::repeats::nth_day;

/// Adds the repeats that are due by now, and wakes for the next. Who is reached by a mention alone is not written to again,
/// and what asks again by itself, at its own checkpoints, needs no repeat.
pub(super) fn repeat(heads: &[AccountId], alert: &Alert, draft: &Draft<'_>, climb: &mut Climb) {
    let is_theirs = matches!(alert.finding.addressee, Addressee::Owners | Addressee::Account(_));
    // Whoever answered is asked whether it still holds, which is a word already.
    let asks = alert.finding.evidence.question().is_some() || alert.asks_again_at().is_some() || is_told_once(alert);
    if !is_theirs || alert.stage < Stage::Widens || asks {
        return;
    }
    for head in heads.iter().filter(|head| !is_muted(**head, draft)) {
        let Some(address) = private(*head, alert, draft) else { continue };
        match due_at(*head, alert, draft) {
            Some(at) if at > draft.snapshot.now => climb.wakes.push(at),
            Some(_) => {
                climb.wants.push(Want { account: *head, address, rung: 1, reason: Reason::Repeated });
            }
            None => {}
        }
    }
}

/// When somebody is told once more of what they have been told. `None`: they have not been, or often enough.
fn due_at(head: AccountId, alert: &Alert, draft: &Draft<'_>) -> Option<Timestamp> {
    let people = &draft.snapshot.board.people;
    let calendar = people.calendar(Some(head));
    let notices = draft.notices(alert);
    let heard = |notice: &Notice| notice.heard_at();
    let theirs = |notice: &&&Notice| {
        notice.rung == 1
            && !notice.reason.is_farewell()
            && people.same(notice.account, head)
            && notice.finding.stage == alert.stage
            && is_same_question(notice, alert)
    };
    let words: Vec<&Notice> = notices.iter().filter(theirs).copied().collect();
    let first = words.iter().filter_map(|notice| heard(notice)).min()?;
    let repeats = || words.iter().filter(|notice| notice.reason == Reason::Repeated);
    // One that waits is wanted for as long as it waits, from when it was decided.
    if let Some(waits) = repeats().find(|notice| draft.is_unsent(notice)) {
        return Some(waits.decided_at);
    }
    // One that is on its way, and may have arrived, is one as well.
    let alive = || repeats().filter(|notice| notice.state != NoticeState::Dead);
    let under_way = alive().filter(|notice| heard(notice).is_none()).map(|notice| notice.decided_at);
    let last = words.iter().filter_map(|notice| heard(notice)).chain(under_way).max().unwrap_or(first);
    let said = alive().count();
    let due = draft.snapshot.policy.repeats.due(said, first, last, calendar)?;
    let acted = last_act(head, alert, draft.snapshot).filter(|at| *at > first);
    Some(acted.map_or(due, |at| due.max(nth_day(at, quiet_days(alert), calendar))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use insta::assert_snapshot;

    use super::super::testing::*;
    use crate::domain::alert::Wish;
    use crate::domain::finding::{Finding, Stage};
    use crate::domain::repeats::Repeats;

    fn far() -> Finding {
        Finding { deadline: Some(deadline("2025-04-30")), ..pace(Stage::Widens) }
    }

    fn world() -> World {
        let mut world = World::new();
        world.policy.repeats = Repeats::on(&[1, 3, 7, 15]);
        world
    }

    /// What Ana is sent, looked at every hour of these days of March.
    fn to_ana(world: &mut World, finding: &Finding, days: std::ops::RangeInclusive<i64>) -> Vec<String> {
        let mut said = Vec::new();
        for day in days {
            for hour in 8..=18 {
                let moment = plus("2025-03-01 00:00", (day - 1) * 24 * 60 + hour * 60);
                world.at(&moment).run(&[gap(1, PACE, finding.clone())]);
                let all = world.said();
                let hers = all.split("\n---\n").filter(|one| one.starts_with("slack UANA"));
                said.extend(hers.map(|one| format!("{moment} {}", one.lines().next().unwrap_or_default())));
            }
        }
        said
    }

    #[test]
    fn who_does_nothing_hears_on_the_first_third_seventh_and_fifteenth_working_day_and_then_no_more() {
        let mut world = world();
        world.run(&[gap(1, PACE, far())]).said();
        assert_snapshot!(to_ana(&mut world, &far(), 11..=50).join("\n"), @r"
        2025-03-12 09:00 slack UANA
        2025-03-14 09:00 slack UANA
        2025-03-20 09:00 slack UANA
        2025-04-01 09:00 slack UANA
        ");
        let told = world.alert(PACE, 1).told.len();
        assert_eq!(told, 1, "the first word is the one that counts");
    }

    #[test]
    fn a_repeat_is_a_line_of_the_days_message_beside_what_is_new_and_never_a_comment() {
        let mut world = world();
        world.policy.comments_on.insert(GITHUB);
        world.task(2, |_| {});
        world.run(&[gap(1, OVERDUE, overdue("2025-03-10"))]).said();
        world.at("2025-03-12 08:59").run(&[gap(2, STALLED, stalled(Stage::Widens))]);
        world.at("2025-03-12 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-10"))]);
        let said = world.said();
        let others: Vec<&str> = said.split("\n---\n").filter(|one| !one.starts_with("slack UMAX")).collect();
        assert!(others.len() == 2 && others[1].starts_with("comment #2\n"), "{said}");
        assert_snapshot!(others[0], @r"
        slack UANA
        [2 tasks: acme/web#1, acme/web#2]
        *Wed 12 Mar: 2 to look at*
        ⬣ <acme/web#1> “Task 1” *is past its date*
          Due Mon 10 Mar (milestone), 1 working day ago. First told Tue 11 Mar. Next: close it if it is done, or set a new date.
        ■ <acme/web#2> “Task 2” *has not moved*
          Last change by a person Mon 24 Feb, 12 working days ago (10 working days is typical elsewhere), no date. Next: leave a line in the task about where it stands.
        ");
    }

    #[test]
    fn an_act_or_an_answer_stops_it_and_it_goes_on_where_it_was() {
        let mut world = world();
        world.run(&[gap(1, PACE, far())]).said();
        assert_eq!(to_ana(&mut world, &far(), 11..=12).len(), 1);
        world.task(1, |task| task.rec.facts.acts = vec![(ANA, at("2025-03-13 10:00"))]);
        assert_snapshot!(to_ana(&mut world, &far(), 13..=28).join("\n"), @r"
        2025-03-18 09:00 slack UANA
        2025-03-24 09:00 slack UANA
        ");
        let gap_id = world.alert(PACE, 1).gap.clone();
        world.ask(Some(ANA), Wish::Snooze { gap: gap_id, until: at("2025-04-15 09:00"), reason: None });
        world.said();
        assert_eq!(to_ana(&mut world, &far(), 29..=45), [""; 0], "silent until the fifteenth of April");
        assert_eq!(to_ana(&mut world, &far(), 46..=46).len(), 1, "one word when it is over, and not two");
    }

    #[test]
    fn a_further_stage_is_news_and_counts_anew_and_the_end_is_told_once() {
        let mut world = world();
        world.policy.clear_after = jiff::SignedDuration::ZERO;
        world.run(&[gap(1, PACE, far())]).said();
        assert_eq!(to_ana(&mut world, &far(), 11..=14).len(), 2);
        let failed = Finding { stage: Stage::Failure, ..far() };
        assert_snapshot!(to_ana(&mut world, &failed, 17..=20).join("\n"), @r"
        2025-03-17 09:00 slack UANA
        2025-03-18 09:00 slack UANA
        2025-03-20 09:00 slack UANA
        ");
        world.at("2025-03-20 12:00").run(&[clear(1, PACE)]);
        world.run(&[clear(1, PACE)]);
        let said = world.said();
        assert_eq!(said.matches("reply slack UANA").count(), 1, "{said}");
    }

    #[test]
    fn who_is_away_or_wants_only_a_digest_is_not_repeated_to() {
        let mut world = world();
        world.run(&[gap(1, PACE, far())]).said();
        world.board.people.muted.insert(ANA, at("2025-03-11 12:00"));
        assert_eq!(to_ana(&mut world, &far(), 12..=20), [""; 0]);
    }

    #[test]
    fn a_repeat_goes_with_a_message_that_comes_on_that_day_anyway_and_makes_no_second_one() {
        let mut world = world();
        world.task(2, |_| {});
        world.run(&[gap(2, PACE, far())]).said();
        world.at("2025-03-12 08:59").run(&[gap(1, OVERDUE, overdue("2025-03-11"))]);
        world.at("2025-03-12 09:00").run(&[gap(1, OVERDUE, overdue("2025-03-11"))]);
        let said = world.said();
        let hers: Vec<&str> = said.split("\n---\n").filter(|one| one.starts_with("slack UANA")).collect();
        assert_eq!(hers.len(), 1, "{said}");
        assert!(hers[0].contains("acme/web#1> “Task 1” *is past its date*"), "{said}");
        assert!(hers[0].contains("acme/web#2> “Task 2” *is behind its pace*"), "{said}");
        assert!(hers[0].contains("First told Tue 11 Mar"), "{said}");
    }

    #[test]
    fn where_the_days_message_has_left_it_is_changed_in_silence() {
        let mut world = world();
        world.task(2, |_| {});
        world.at("2025-03-11 11:00").run(&[gap(2, PACE, far())]).said();
        world.at("2025-03-12 09:30").run(&[gap(1, OVERDUE, overdue("2025-03-11"))]);
        let said = world.said();
        let hers: Vec<&str> =
            said.split("\n---\n").filter_map(|one| one.lines().next()).filter(|one| one.contains("UANA")).collect();
        assert_eq!(hers.iter().filter(|one| **one == "slack UANA").count(), 1, "one message that notifies: {said}");
    }

    #[test]
    fn by_mail_a_repeat_is_an_answer_in_the_thread_and_several_are_one_mail() {
        let mut world = world();
        (world.policy.slack, world.policy.email) = (false, true);
        world.board.people.persons.get_mut(&crate::domain::ids::PersonId(1)).unwrap().email =
            Some("ana@example.org".to_owned());
        let late = overdue("2025-03-10");
        world.run(&[gap(1, OVERDUE, late.clone())]).said();
        world.at("2025-03-12 09:00").run(&[gap(1, OVERDUE, late.clone())]);
        let said = world.said();
        let to = |said: &str| {
            let hers = said.split("\n---\n").filter_map(|one| one.lines().next().map(str::to_owned));
            hers.filter(|one| one.contains("ana@example.org")).collect::<Vec<_>>()
        };
        assert_eq!(to(&said), ["reply mail ana@example.org"], "{said}");
        world.task(2, |_| {});
        world.run(&[gap(2, OVERDUE, late.clone())]);
        world.said();
        world.at("2025-03-13 09:00").run(&[gap(1, OVERDUE, late.clone()), gap(2, OVERDUE, late.clone())]);
        world.at("2025-03-14 09:00").run(&[gap(1, OVERDUE, late.clone()), gap(2, OVERDUE, late)]);
        let said = world.said();
        assert!(to(&said).len() <= 2, "never two on one day: {said}");
    }
}
