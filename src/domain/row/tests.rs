#![allow(clippy::unwrap_used)]

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::domain::facts::Facts;
use crate::domain::past::{Asks, Past};

/// A whole number of so many microseconds.
fn an_instant(unit: i64) -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => 1_500_000_000_000_000..1_900_000_000_000_000_i64,
        1 => Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond(),
    ]
    .prop_map(move |micros| instant(micros / unit * unit))
}

fn a_row() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..2_000_000_000_i64, 1 => 0..i64::MAX / 2]
}

fn a_due(unit: i64) -> impl Strategy<Value = Due> {
    let day =
        (-9_999..=9_999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| jiff::civil::date(year, month, day));
    prop_oneof![2 => day.prop_map(Due::On), 1 => an_instant(unit).prop_map(Due::At)]
}

fn dated(unit: i64) -> impl Strategy<Value = Vec<(AccountId, Timestamp)>> {
    proptest::collection::vec((a_row().prop_map(AccountId), an_instant(unit)), 0..4)
}

fn a_past(unit: i64) -> BoxedStrategy<Past> {
    let maybe = || proptest::option::of(an_instant(unit));
    let moved =
        (an_instant(unit), proptest::option::of(a_due(unit)), proptest::option::of(a_due(unit)), any::<[bool; 2]>())
            .prop_map(|(at, from, to, [bulk, said])| DueMove { at, from, to, by: None, bulk, said });
    let asked = (a_row(), an_instant(unit)).prop_map(|(whom, at)| Asked {
        by: None,
        whom: AccountId(whom),
        at,
        how: Asks::Mention,
    });
    let lists = (proptest::collection::vec(moved, 0..3), proptest::collection::vec(asked, 0..3));
    let others = (maybe(), maybe(), maybe(), maybe());
    (maybe(), maybe(), maybe(), maybe(), others, lists)
        .prop_map(
            |(
                progress_at,
                reopened_at,
                unlinked_at,
                start_set_at,
                (done_before, waits_since, named_at, booked_at),
                lists,
            )| Past {
                progress_at,
                booked_at,
                reopened_at,
                done_before,
                waits_since,
                unlinked_at,
                start_set_at,
                due_moves: lists.0.into(),
                named_at,
                asked: lists.1.into(),
            },
        )
        .boxed()
}

fn some_facts(unit: i64) -> BoxedStrategy<Facts> {
    let maybe = || proptest::option::of(an_instant(unit));
    let given = (a_row(), a_row(), any::<bool>()).prop_map(|(owner, by, planning)| AssignedBy {
        owner: AccountId(owner),
        by: AccountId(by),
        planning,
    });
    let lists = (dated(unit), dated(unit), proptest::collection::vec(given, 0..3), proptest::option::of(a_past(unit)));
    let instants = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let others = (proptest::option::of(a_due(unit)), any::<u32>(), proptest::option::of(a_row()), 0..3_u32);
    (lists, instants, others)
        .prop_map(|((acts, assigned, assigned_by, past), instants, others)| {
            let (human_at, changed_at, first_owner_at, first_due_at, due_set_at, started_at, state_since) = instants;
            let (first_due, slips, due_set_by, reopened) = others;
            Facts {
                human_at,
                changed_at,
                acts,
                assigned,
                first_owner_at,
                first_due_at,
                first_due,
                slips,
                due_set_by: due_set_by.map(AccountId),
                due_set_at,
                started_at,
                reopened,
                state_since,
                assigned_by: assigned_by.into(),
                past: past.filter(|past| *past != Past::default()).map(Box::new),
            }
        })
        .boxed()
}

fn a_task_in(unit: i64) -> impl Strategy<Value = TaskRec> {
    let text = || prop_oneof!["[a-zA-Z0-9é]{0,30}", "[a-z]{300}"];
    let names = (text(), proptest::option::of(text()), proptest::option::of("[a-z]{0,9}"));
    let lists = (proptest::collection::vec(a_row(), 0..4), proptest::collection::vec(a_row(), 0..3));
    let flags = (0..6_u8, 0..5_u8, 0..6_u8, proptest::option::of(any::<u8>()), any::<[bool; 3]>());
    let maybe_due = || proptest::option::of(a_due(unit));
    let dates = (maybe_due(), maybe_due(), an_instant(unit), proptest::option::of(an_instant(unit)), an_instant(unit));
    let progress = proptest::option::of((0.0..=1.0, 0..9_u32));
    let secs =
        (proptest::option::of(any::<i64>()), proptest::option::of(any::<u32>()), proptest::option::of(any::<u32>()));
    let rows = (a_row(), proptest::option::of(a_row()), proptest::option::of(a_row()), any::<bool>());
    (names, lists, flags, dates, progress, secs, rows, some_facts(unit)).prop_map(
        |(names, lists, flags, dates, progress, secs, rows, facts)| {
            let (category, ineligible, source, priority, [declared, restricted, unseen]) = flags;
            let words = TaskWords { key: "acme/web#1".to_owned(), ..TaskWords::default() };
            TaskRec {
                id: TaskId(7),
                ext: names.0.into(),
                container: ContainerId(rows.0),
                kind: names.1.map(Into::into),
                homes: lists.1.into_iter().map(ContainerId).collect(),
                category: StatusCategory::from_code(category),
                declared,
                unmapped: names.2.map(Into::into),
                start: dates.0,
                due: dates.1.map(|due| DueStated { due, source: DueSource::from_code(source) }),
                created_at: dates.2,
                closed_at: dates.3,
                priority,
                progress: progress.map(|(share, items)| Progress {
                    share: Share::new(share),
                    source: ProgressSource::from_code(source),
                    items,
                }),
                estimate_secs: secs.0,
                spent_secs: secs.1,
                remaining_secs: secs.2,
                parent: rows.1.map(TaskId),
                owners: lists.0.into_iter().map(AccountId).collect(),
                reporter: rows.2.map(AccountId),
                ineligible: Ineligible::from_code(ineligible),
                restricted,
                unseen,
                changed_at: dates.4,
                facts,
                words: rows.3.then(|| Box::new(words)),
            }
        },
    )
}

/// A task of a tool that writes its instants in microseconds, milliseconds or seconds.
fn a_task() -> impl Strategy<Value = TaskRec> {
    prop_oneof![Just(1), Just(1_000), Just(1_000_000)].prop_flat_map(a_task_in)
}

/// As a task of a Jira looks after a few weeks.
fn usual() -> TaskRec {
    let at = |secs: i64| Timestamp::from_second(1_773_000_000 + secs).unwrap();
    let day = Due::On(jiff::civil::date(2026, 4, 1));
    let facts = Facts {
        human_at: Some(at(900)),
        changed_at: Some(at(900)),
        acts: vec![(AccountId(11), at(900)), (AccountId(12), at(800))],
        assigned: vec![(AccountId(11), at(100))],
        first_owner_at: Some(at(100)),
        first_due_at: Some(at(200)),
        first_due: Some(day),
        due_set_by: Some(AccountId(12)),
        due_set_at: Some(at(200)),
        started_at: Some(at(300)),
        state_since: Some(at(300)),
        assigned_by: Box::new([AssignedBy { owner: AccountId(11), by: AccountId(12), planning: false }]),
        ..Facts::default()
    };
    TaskRec {
        id: TaskId(1_000_000),
        ext: "1234567".into(),
        container: ContainerId(200),
        kind: Some("Story".into()),
        homes: Box::new([ContainerId(300)]),
        category: StatusCategory::Active,
        declared: true,
        unmapped: None,
        start: None,
        due: Some(DueStated { due: day, source: DueSource::Item }),
        created_at: at(0),
        closed_at: None,
        priority: Some(3),
        progress: None,
        estimate_secs: Some(28_800),
        spent_secs: Some(3_600),
        remaining_secs: None,
        parent: Some(TaskId(999_999)),
        owners: Box::new([AccountId(11)]),
        reporter: Some(AccountId(12)),
        ineligible: None,
        restricted: false,
        unseen: false,
        changed_at: at(1_000),
        facts,
        words: None,
    }
}

proptest! {
    #[test]
    fn a_task_is_the_same_after_it_was_packed(rec in a_task()) {
        let row = TaskRow::pack(rec.clone());
        prop_assert_eq!(row.unpack(), rec.clone());
        prop_assert_eq!(row.is_work(), rec.ineligible.is_none() && rec.category.is_open());
        prop_assert_eq!(TaskRow::pack(row.unpack()), row);
    }

    #[test]
    fn two_states_are_alike_when_only_what_people_did_differs(one in a_task(), facts in some_facts(1), at in an_instant(1)) {
        let read = |facts: &Facts| (facts.started_at.is_some(), facts.due_set_at, facts.due_set_by);
        let alike = read(&one.facts) == read(&facts);
        let other = TaskRec { facts, changed_at: at, ..one.clone() };
        prop_assert_eq!(TaskRow::pack(one).is_alike(&TaskRow::pack(other)), alike);
    }
}

#[test]
fn two_states_are_not_alike_when_something_else_differs() {
    let one = TaskRow::pack(usual());
    let changes: Vec<fn(&mut TaskRec)> = vec![
        |rec| rec.id = TaskId(1),
        |rec| rec.ext = "7654321".into(),
        |rec| rec.container = ContainerId(201),
        |rec| rec.kind = Some("Chore".into()),
        |rec| rec.kind = None,
        |rec| rec.homes = Box::new([ContainerId(301)]),
        |rec| rec.category = StatusCategory::Review,
        |rec| rec.declared = false,
        |rec| rec.unmapped = Some("QA".into()),
        |rec| rec.start = Some(Due::On(jiff::civil::date(2026, 3, 1))),
        |rec| rec.start = Some(Due::At(Timestamp::UNIX_EPOCH)),
        |rec| rec.due = None,
        |rec| rec.due.as_mut().unwrap().due = Due::On(jiff::civil::date(2026, 4, 2)),
        |rec| rec.due.as_mut().unwrap().source = DueSource::Field,
        |rec| rec.created_at = Timestamp::UNIX_EPOCH,
        |rec| rec.closed_at = Some(Timestamp::UNIX_EPOCH),
        |rec| rec.priority = None,
        |rec| rec.progress = Some(Progress { share: Share::new(0.5), source: ProgressSource::Native, items: 0 }),
        |rec| rec.estimate_secs = Some(1),
        |rec| rec.spent_secs = Some(1),
        |rec| rec.remaining_secs = Some(0),
        |rec| rec.parent = None,
        |rec| rec.owners = Box::new([AccountId(12)]),
        |rec| rec.reporter = None,
        |rec| rec.ineligible = Some(Ineligible::Backlog),
        |rec| rec.restricted = true,
        |rec| rec.unseen = true,
        |rec| rec.words = Some(Box::default()),
        |rec| rec.facts.started_at = None,
        |rec| rec.facts.due_set_at = None,
        |rec| rec.facts.due_set_by = Some(AccountId(11)),
    ];
    for (nth, change) in changes.iter().enumerate() {
        let mut rec = usual();
        change(&mut rec);
        assert!(!one.is_alike(&TaskRow::pack(rec)), "change number {nth}");
    }
    assert!(one.is_alike(&TaskRow::pack(usual())));
}

#[test]
fn a_task_takes_little_room() {
    let row = |micros: i64| {
        let mut rec = usual();
        rec.changed_at += SignedDuration::from_micros(micros);
        TaskRow::pack(rec)
    };
    let size = |row: &TaskRow| size_of::<TaskRow>() + row.bytes().len();
    // With instants in seconds, in milliseconds and in microseconds.
    let sizes = [row(0), row(1_000), row(1)].map(|row| size(&row));
    assert_eq!(sizes, [164, 175, 186], "a million of them are kept");
    assert!(row(0).rare().is_none());
}
