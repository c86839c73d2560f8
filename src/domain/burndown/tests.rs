#![allow(clippy::unwrap_used)]

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::calendar::Hours;
use super::*;

/// A Monday.
const UNTIL: &str = "2026-03-02T00:00:00Z";
const LEAST: (u32, u32) = (6, 20);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many days before the end of the last week, at noon.
fn ago(days: i64) -> Timestamp {
    at(UNTIL) - SignedDuration::from_hours(24 * days - 12)
}

fn of(done: &[u32], added: u32) -> Weeks {
    Weeks { until: at(UNTIL), weeks: done.iter().map(|done| Week { done: *done, added }).collect() }
}

fn calendar() -> Calendar {
    Calendar::usual(TimeZone::UTC)
}

const DAY: i64 = 8 * 3600;

fn foretold(weeks: &Weeks, open: usize) -> Option<Foretold> {
    weeks.foretell(open, LEAST, 7, &calendar())
}

#[test]
fn whole_weeks_count_from_the_first_after_something_was_finished() {
    let task = |came: i64, closed: Option<i64>| Planned { plan: 1, came_at: ago(came), closed_at: closed.map(ago) };
    let weeks =
        weeks(&[task(60, Some(16)), task(60, Some(3)), task(20, None), task(12, None), task(5, Some(-1))], ago(-2));
    let [one] = &weeks.values().collect::<Vec<_>>()[..] else { panic!("{weeks:?}") };
    assert_eq!(one.until, at(UNTIL), "the present week is none yet");
    assert_eq!(one.weeks, [Week { done: 0, added: 1 }, Week { done: 1, added: 1 }]);
    assert_eq!(one.number(), number(at(UNTIL)) as u32);
}

#[test]
fn what_is_put_in_by_the_dozen_within_an_hour_is_a_plan_and_no_growth() {
    let came = |nth: i64| ago(20) + SignedDuration::from_mins(2 * nth);
    let of = |many: i64| {
        let mut all: Vec<Planned> =
            (0..many).map(|nth| Planned { plan: 1, came_at: came(nth), closed_at: None }).collect();
        all.push(Planned { plan: 1, came_at: ago(80), closed_at: Some(ago(79)) });
        weeks(&all, at(UNTIL))[&1].weeks.iter().map(|week| week.added).sum::<u32>()
    };
    assert_eq!((of(20), of(21), of(30)), (20, 0, 0));
}

#[test]
fn a_steady_team_is_done_when_its_pace_says() {
    let five = of(&[5; 8], 0);
    let told = foretold(&five, 20).unwrap();
    assert_eq!((told.likely(0.5), told.likely(0.95)), (Some(20 * DAY), Some(20 * DAY)));
    assert_eq!((told.within(20 * DAY), told.within(20 * DAY - 1)), (1.0, 0.0));
    assert_eq!((told.weeks, told.per_week), (8, 5.0));
}

#[test]
fn what_is_added_is_taken_off_and_what_grows_as_fast_never_ends() {
    let told = foretold(&of(&[5; 8], 3), 20).unwrap();
    assert_eq!(told.likely(0.5), Some(50 * DAY));
    let never = foretold(&of(&[5; 8], 5), 20).unwrap();
    assert_eq!((never.likely(0.5), never.within(i64::MAX)), (None, 0.0));
}

#[test]
fn one_clearing_up_is_one_week_among_twelve_and_no_speed() {
    let told = foretold(&of(&[2, 2, 2, 50, 2, 2, 2, 2, 2, 2, 2, 2], 0), 40).unwrap();
    let odds = told.within(20 * DAY);
    assert!((0.25..0.45).contains(&odds), "4 weeks of 12 begin so that it falls into the next four: {odds}");
    assert!(told.per_week * 4.0 < 40.0 && told.per_week * 8.0 > 40.0, "the average would say nearly eight weeks");
}

#[test]
fn a_rhythm_of_release_days_stays_one() {
    let told = foretold(&of(&[2, 2, 2, 50, 2, 2, 2, 50, 2, 2, 2, 50], 0), 40).unwrap();
    assert_eq!(told.within(20 * DAY), 1.0, "each stretch of four weeks has a release day in it");
}

#[test]
fn where_tasks_are_closed_in_batches_weeks_say_nothing() {
    assert_eq!(foretold(&of(&[0, 0, 0, 50, 0, 0, 0, 50, 0, 0, 0, 50], 0), 40), None);
    assert_eq!(foretold(&of(&[0, 20, 0, 20, 0, 20, 0, 20], 0), 40), None);
    assert!(foretold(&of(&[0, 20, 20, 0, 20, 20], 0), 40).is_some());
}

#[test]
fn five_weeks_or_nineteen_tasks_are_too_few() {
    assert_eq!(foretold(&of(&[8; 5], 0), 10), None);
    assert!(foretold(&of(&[8; 6], 0), 10).is_some());
    assert_eq!(foretold(&of(&[3, 3, 3, 3, 3, 4], 0), 10), None);
    assert!(foretold(&of(&[3, 3, 3, 3, 4, 4], 0), 10).is_some());
}

#[test]
fn a_week_without_work_is_no_sample_and_half_a_week_counts_half() {
    let off = |from: &str, to: &str| {
        let days = crate::domain::away::DateRange { from: from.parse().unwrap(), to: to.parse().unwrap() };
        Calendar::with_holidays(TimeZone::UTC, Hours::usual(), &[days])
    };
    let weeks = of(&[5, 5, 5, 5, 5, 5, 0], 0);
    let told = |calendar: &Calendar| weeks.foretell(5, LEAST, 7, calendar).unwrap();
    assert!(told(&calendar()).within(5 * DAY) < 0.95);
    assert_eq!(told(&off("2026-02-23", "2026-03-01")).within(5 * DAY), 1.0, "nobody worked in the last week");
    let halved = told(&off("2026-02-16", "2026-02-17"));
    assert!(halved.likely(0.05) < Some(5 * DAY), "five tasks in three days are more than five in five");
}

#[test]
fn nothing_left_is_done() {
    assert_eq!(foretold(&of(&[5; 8], 9), 0).unwrap().within(0), 1.0);
}

#[test]
fn a_seed_tells_its_parts_apart() {
    let other = at(UNTIL) + SignedDuration::from_hours(168);
    assert_eq!(seed(&["a", "b"], at(UNTIL)), seed(&["a", "b"], at(UNTIL)));
    assert_ne!(seed(&["a", "b"], at(UNTIL)), seed(&["ab", ""], at(UNTIL)));
    assert_ne!(seed(&["a", "b"], at(UNTIL)), seed(&["a", "b"], other));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn with_fewer_left_it_is_never_later_and_more_time_never_hurts(
        done in proptest::collection::vec(1..12u32, 6..=12),
        added in 0..4u32,
        (open, fewer) in (1..80usize).prop_flat_map(|open| (Just(open), 0..open)),
        seed in any::<u64>(),
        (days, more) in (0..100i64, 0..20i64),
    ) {
        let weeks = of(&done, added);
        let told = |open| weeks.foretell(open, (6, 1), seed, &calendar()).unwrap();
        let (one, other) = (told(open), told(fewer));
        prop_assert!(other.within(days * DAY) >= one.within(days * DAY));
        prop_assert!(one.within((days + more) * DAY) >= one.within(days * DAY));
        for share in [0.5, 0.85, 0.95] {
            prop_assert!(other.likely(share).unwrap_or(i64::MAX) <= one.likely(share).unwrap_or(i64::MAX));
        }
    }
}
