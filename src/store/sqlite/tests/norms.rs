//! Finished tasks and what is normal.

use std::collections::BTreeSet;

use connector_model::{DueSource, DueStated};
use proptest::prelude::*;

use super::*;
use crate::domain::forecast::{Forecast, Proof};
use crate::domain::moved::Moved;
use crate::domain::norms::{self, Book, Metric, RowKey, Rows};
use crate::domain::outcome::{self, Finished};

/// A task, no two at the same minute, that Ana was given on the first of January, began so many days later, and finished after so many more.
fn finished(nth: i64, days: i64) -> (Task, Vec<Change>) {
    let ext = format!("f{nth}");
    let day = |n: i64| at("2026-01-05T10:00:00Z") + SignedDuration::from_mins(24 * 60 * n + 11 * nth);
    let closed_at = day(7 + 7 * days);
    let status = |vkey: &str, from: StatusCategory, to: StatusCategory, when: Timestamp| Change {
        from: Some(from.entry("x")),
        to: Some(to.entry("y")),
        ..change(super::ext(&ext), vkey, Field::Status, &when.to_string(), "u1")
    };
    let changes = vec![
        status("s1", StatusCategory::Todo, StatusCategory::Active, day(7)),
        change(super::ext(&ext), "c1", Field::Comment, &day(8).to_string(), "u1"),
        status("s2", StatusCategory::Active, StatusCategory::Done, closed_at),
    ];
    let status = Status { raw: "closed".to_owned(), category: StatusCategory::Done, declared: true };
    let task = Task {
        status,
        created_at: day(0),
        updated_at: closed_at,
        closed_at: Some(closed_at),
        owners: vec!["u1".to_owned()],
        ..task(&ext)
    };
    (task, changes)
}

fn window() -> (BTreeSet<ContainerId>, Timestamp) {
    (BTreeSet::from([ContainerId(1)]), norms::instant(start()))
}

impl World {
    fn measured(&mut self) -> (Vec<Finished>, Rows) {
        let web = BTreeSet::from([self.web().id]);
        let as_of = norms::instant(self.now);
        while self.store.fold_outcomes(&web, as_of, self.now).unwrap() {}
        let (finished, _) = self.store.finished(&web, as_of).unwrap();
        let rows = outcome::norms(&finished, |_| &self.board.people.default_calendar);
        (finished, rows)
    }
}

fn key(metric: Metric) -> RowKey {
    RowKey { about: 0, kind: String::new(), metric }
}

#[test]
fn a_finished_task_leaves_behind_how_long_it_took() {
    let mut world = World::new();
    let all: Vec<(Task, Vec<Change>)> = (0..20).map(|nth| finished(nth, 1 + nth / 17)).collect();
    world.tasks(all.iter().map(|(task, _)| task.clone()).collect());
    world.events(all.into_iter().flat_map(|(_, changes)| changes).collect());
    let (_, rows) = world.measured();
    let of = |metric| rows.get(&key(metric)).map(|norm| (norm.p50, norm.p85, norm.p95, norm.samples));
    assert_eq!(of(Metric::Work), Some((5.0, 5.0, 10.0, 20)), "a week is five working days");
    assert_eq!(of(Metric::Active), of(Metric::Work));
    assert_eq!(of(Metric::Todo), Some((5.0, 5.0, 5.0, 20)));
    assert_eq!(of(Metric::Idle), Some((1.0, 4.0, 9.0, 20)), "pauses end with acts, and with the end");
    assert_eq!(of(Metric::NearDone), None);
}

#[test]
fn nineteen_are_too_few_and_who_gave_up_finished_nothing() {
    let mut world = World::new();
    let mut all: Vec<(Task, Vec<Change>)> = (0..20).map(|nth| finished(nth, 1)).collect();
    all[7].0.status.category = StatusCategory::Cancelled;
    world.tasks(all.iter().map(|(task, _)| task.clone()).collect());
    world.events(all.into_iter().flat_map(|(_, changes)| changes).collect());
    let (finished, rows) = world.measured();
    assert_eq!((finished.len(), rows.len()), (19, 0));
}

#[test]
fn what_is_opened_again_and_what_comes_late_is_folded_anew() {
    let mut world = World::new();
    let (task, changes) = finished(1, 1);
    world.tasks(vec![task.clone()]);
    world.events(changes[..1].to_vec());
    assert_eq!(world.measured().0[0].outcome.acts.len(), 0);
    world.comments(changes[1..2].to_vec());
    assert_eq!(world.measured().0[0].outcome.acts.len(), 1, "a comment that was read later");
    world.now = mins(5);
    let open = Status { category: StatusCategory::Active, ..task.status.clone() };
    world.tasks(vec![Task { status: open, closed_at: None, updated_at: mins(2), ..task }]);
    assert!(world.measured().0.is_empty());
    assert_eq!(world.count("outcomes"), 0);
}

#[test]
fn what_was_finished_today_or_long_ago_does_not_count() {
    let mut world = World::new();
    let closed = |nth: i64, when: Timestamp| Task { closed_at: Some(when), updated_at: when, ..finished(nth, 1).0 };
    let midnight = norms::instant(start());
    let second = SignedDuration::from_secs(1);
    world.tasks(vec![
        closed(1, midnight),
        closed(2, midnight - second),
        closed(3, norms::since(midnight)),
        closed(4, norms::since(midnight) - second),
    ]);
    let mut counted: Vec<Timestamp> = world.measured().0.iter().map(|one| one.outcome.done_at).collect();
    counted.sort_unstable();
    assert_eq!(counted, [norms::since(midnight), midnight - second]);
}

#[test]
fn a_finished_task_tells_where_it_stood_before_its_date() {
    let mut world = World::new();
    let due = |day: &str| DueStated { due: Due::from_text(day).unwrap(), source: DueSource::Item };
    let (plain, changes) = finished(1, 1);
    world.tasks(vec![Task { due: Some(due("2026-01-20")), ..plain }]);
    world.events(changes);
    let stood = world.measured().0.swap_remove(0).outcome.stood;
    let shown: Vec<_> = stood.iter().map(|one| (one.days, one.started)).collect();
    assert_eq!(shown, [(14, false), (7, true), (3, true), (1, true)]);
    assert!(stood.iter().all(|one| one.due.to_text() == "2026-01-20"));
}

#[test]
fn norms_are_found_again_as_they_were_put() {
    let mut world = World::new();
    let all: Vec<(Task, Vec<Change>)> = (0..20).map(|nth| finished(nth, 1)).collect();
    world.tasks(all.iter().map(|(task, _)| task.clone()).collect());
    world.events(all.into_iter().flat_map(|(_, changes)| changes).collect());
    let (_, rows) = world.measured();
    let (counted, as_of) = window();
    let mut forecast = Forecast::default();
    forecast.put_third(ContainerId(1), 14, vec![0.1, 0.2, 0.6]);
    let proof = Proof { tasks: 90, misses: 31, auc: Some(0.7), shift: 0.25, as_of };
    forecast.outlooks.entry(0).or_default().proofs.insert(7, proof);
    let book = Book::new(Some(as_of), counted.clone(), rows).with_forecast(forecast);
    world.store.put_norms(&book, &[], world.now).unwrap();
    assert_eq!(world.store.load(world.now, rule).unwrap().norms, book);
    let empty = Book::new(Some(as_of), counted, Rows::new());
    world.store.put_norms(&empty, &[], world.now).unwrap();
    assert_eq!(world.store.load(world.now, rule).unwrap().norms, empty, "and what is not there any more is gone");
}

#[test]
fn a_norm_that_moved_by_a_tenth_stays_what_it_was() {
    let of = |p85: f64| {
        let percentiles = norms::Percentiles { p50: 1.0, p70: 2.0, p85, p95: 20.0, samples: 30 };
        Rows::from([(RowKey { about: 7, kind: "Bug".to_owned(), metric: Metric::Active }, percentiles)])
    };
    let (rows, moved) = norms::renewed(&of(10.0), of(11.0));
    assert_eq!((rows, moved.len()), (of(10.0), 0), "and does not creep: it is held against what it was first");
    let (rows, moved) = norms::renewed(&of(10.0), of(11.1));
    assert_eq!((rows, moved), (of(11.1), BTreeSet::from([Moved::Container(ContainerId(7))])));
    let (rows, moved) = norms::renewed(&of(10.0), Rows::new());
    assert_eq!((rows.len(), moved.len()), (0, 1), "what is not known any more is a change as well");
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn norms_do_not_depend_on_the_order_of_pages(
        lengths in proptest::collection::vec(0..4i64, 20..26),
        order in Just((0..26usize).collect::<Vec<_>>()).prop_shuffle(),
        cut in 1..9usize,
        events_first in proptest::bool::ANY,
    ) {
        let all: Vec<(Task, Vec<Change>)> =
            lengths.iter().zip(0..).map(|(days, nth)| finished(nth, *days)).collect();
        let mut straight = World::new();
        straight.tasks(all.iter().map(|(task, _)| task.clone()).collect());
        straight.events(all.iter().flat_map(|(_, changes)| changes.clone()).collect());
        let mut mixed = World::new();
        let order: Vec<usize> = order.into_iter().filter(|nth| *nth < all.len()).collect();
        for some in order.chunks(cut) {
            let tasks = some.iter().map(|nth| all[*nth].0.clone()).collect::<Vec<_>>();
            let changes = some.iter().rev().flat_map(|nth| all[*nth].1.iter().rev().cloned()).collect::<Vec<_>>();
            if events_first {
                mixed.events(changes);
                mixed.tasks(tasks);
            } else {
                mixed.tasks(tasks);
                // Norms that are computed half-way leave nothing behind that is wrong later.
                mixed.measured();
                mixed.events(changes);
            }
        }
        prop_assert_eq!(straight.measured().1, mixed.measured().1);
    }
}
