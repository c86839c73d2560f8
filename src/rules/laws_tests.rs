//! Laws that hold for every rule, on boards made up at random: around changes of clocks, over weekends, in several zones.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::fields::FIELDS;
use super::overrides::Override;
use super::settings::OwnRule;
use super::testing::{Sketch, policy, settings};
use super::{Explained, Rules, explain, judge, judge_briefly};
use crate::domain::board::Board;
use crate::domain::finding::{Reading, SubjectKey};
use crate::domain::ids::{ConnectionId, ContainerId, PersonId, TaskId};
use crate::domain::record::{BoardDelta, TaskImage};
use crate::domain::snapshot::Snapshot;

/// Keys of the tasks of a made up board.
pub(super) const KEYS: [&str; 5] = ["A", "B", "C", "D", "E"];

/// Lines of a board, and the moment it is looked at.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    pub(super) lines: Vec<String>,
}

impl Drawing {
    fn board(&self, shuffle: bool) -> (Board, Timestamp) {
        let mut sketch = Sketch::new();
        for line in &self.lines {
            sketch.line(line);
        }
        let now = sketch.now;
        (sketch.board(shuffle).0, now)
    }

    /// A task as it would be, were its line another one.
    fn replaced(&self, nth: usize, line: &str) -> TaskImage {
        let task = format!("task {} ", KEYS[nth]);
        let mut sketch = Sketch::new();
        for old in &self.lines {
            sketch.line(if old.starts_with(&task) { line } else { old });
        }
        sketch.images().swap_remove(nth)
    }
}

/// A day so many days after the beginning of March: from there both clock changes of the spring are near.
fn day(nth: i64) -> jiff::civil::Date {
    let first = jiff::civil::date(2025, 3, 1);
    first.checked_add(jiff::Span::new().days(nth)).unwrap_or(first)
}

fn a_day(range: std::ops::Range<i64>) -> impl Strategy<Value = String> {
    range.prop_map(|nth| day(nth).to_string())
}

fn an_instant(range: std::ops::Range<i64>) -> impl Strategy<Value = String> {
    (range, 0..24u8, 0..60u8).prop_map(|(nth, hour, minute)| format!("{} {hour:02}:{minute:02}", day(nth)))
}

fn a_due(range: std::ops::Range<i64>) -> impl Strategy<Value = String> {
    prop_oneof![3 => a_day(range.clone()), 1 => an_instant(range)]
}

fn maybe(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::option::of(text).prop_map(Option::unwrap_or_default)
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(words)
}

const WHO: &[&str] = &["ana", "lee", "mo", "bot-ci"];

fn a_task(key: &'static str) -> BoxedStrategy<String> {
    let status = one_of(&["todo", "open", "active", "active", "review", "waiting", "done"]);
    let progress = one_of(&["", "progress 10%", "progress 60%", "progress 100%", "checklist 1/4", "children 2/5"]);
    let dates = (
        maybe(a_due(20..60).prop_map(|due| format!("due {due}"))),
        maybe(a_day(0..40).prop_map(|start| format!("start {start}"))),
        maybe(an_instant(0..25).prop_map(|at| format!("created {at}"))),
    );
    let place = (
        maybe(one_of(&["in M", "in S", "in M,S"]).prop_map(str::to_owned)),
        maybe(one_of(&KEYS).prop_map(|key| format!("blocked-by {key}"))),
        maybe(one_of(&KEYS).prop_filter("itself", move |other| *other != key).prop_map(|key| format!("parent {key}"))),
        maybe((1..80i64).prop_map(|hours| format!("estimate {hours}h"))),
    );
    let raw = maybe(one_of(&["raw QA", "raw Staging"]).prop_map(str::to_owned));
    let owner = maybe(one_of(WHO).prop_map(|name| format!("owner {name}")));
    (status, owner, progress, dates, place, raw).prop_map(move |(status, owner, progress, dates, place, raw)| {
        let ((due, start, created), (home, blocked, parent, estimate)) = (dates, place);
        format!(
            "task {key} {status} {owner} {progress} {due} {start} {created} {home} {blocked} {parent} {estimate} {raw}"
        )
    }).boxed()
}

fn a_change() -> impl Strategy<Value = String> {
    let deed = prop_oneof![
        one_of(&["comment KEY", "commit KEY", "edit KEY", "rank KEY", "ours KEY"]).prop_map(str::to_owned),
        one_of(WHO).prop_map(|name| format!("assign KEY to {name}")),
        a_due(20..60).prop_map(|due| format!("date KEY to {due}")),
        Just("plan KEY to M".to_owned()),
        one_of(&["active/Doing to done/Closed", "done/Closed to active/Doing", "todo/Open to waiting/needinfo-lee"])
            .prop_map(|moved| format!("state KEY from {moved}")),
    ];
    let names = maybe((one_of(&["asks", "names"]), one_of(WHO)).prop_map(|(how, name)| format!("{how} {name}")));
    (deed, one_of(&KEYS), one_of(WHO), names, an_instant(0..50)).prop_map(|(deed, key, who, names, at)| {
        let names = if deed.starts_with("comment") { names } else { String::new() };
        format!("{} by {who} {names} at {at}", deed.replace("KEY", key))
    })
}

pub(super) fn a_drawing() -> BoxedStrategy<Drawing> {
    let frame = (
        one_of(&["Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe"]),
        one_of(&["calendar mon-fri 09-17", "calendar mon-fri 00-24", "calendar mon-fri 22-24"]),
        one_of(&["America/New_York", "Asia/Tokyo"]),
        maybe(one_of(&["history absent", "history pending", "history from 2025-03-10 00:00"]).prop_map(str::to_owned)),
        a_due(20..60),
        maybe(a_day(20..60).prop_map(|due| format!("due {due}"))),
        an_instant(15..60),
        maybe(an_instant(58..60).prop_map(|at| format!("connection github.acme poll 30 failing {at}"))),
        (
            maybe(a_day(40..60).prop_map(|day| format!("bulk 60 from {day} 09:00 to {day} 09:07"))),
            maybe((0..60i64, 0..9i64).prop_map(|(from, more)| format!("away {}..{}", day(from), day(from + more)))),
            maybe(a_day(0..50).prop_map(|day| format!("deputy mo week 24 seen {day}"))),
        ),
    );
    let weeks = one_of(&["M 1 2 0 1 1 2 1", "S 3 4 2 5 1 6 4", "M 9+1 4+9 3 5 7 6", "A 4 5 4 5 4 5"]);
    let proven = one_of(&["proven 7 misses 40 of 90 auc 0.75", "proven 14 misses 40 of 90 auc 0.75"]);
    let plans = (
        prop_oneof![4 => Just(String::new()), 1 => weeks.prop_map(|weeks| format!("weeks {weeks}"))],
        maybe(proven.prop_map(str::to_owned)),
    );
    let tasks = KEYS.map(a_task);
    (frame, (tasks, plans), proptest::collection::vec(a_change(), 0..12))
        .prop_map(|(frame, (tasks, (weeks, proven)), changes)| {
            let (zone, calendar, other, history, milestone, sprint, now, connection, (bulk, ana, lee)) = frame;
            let head = [
                format!("zone {zone}"),
                calendar.to_owned(),
                format!("person ana {ana}"),
                format!("person lee zone {other} {lee}"),
                "person mo seen 2025-04-10 hand 1 due 0".to_owned(),
                "person everybody due 1".to_owned(),
                "person bot-ci".to_owned(),
                history,
                format!("milestone M due {milestone}"),
                format!("sprint S {sprint}"),
                format!("now {now}"),
                connection,
                bulk,
                weeks,
                proven,
            ];
            let lines = head.into_iter().chain(tasks).chain(changes).filter(|line| !line.is_empty());
            Drawing { lines: lines.collect() }
        })
        .boxed()
}

fn subjects() -> Vec<SubjectKey> {
    let tasks = (1..=KEYS.len()).map(|nth| SubjectKey::Task(TaskId(i64::try_from(nth).unwrap_or_default())));
    let people = [PersonId(-1), PersonId(2), PersonId(-3)].map(SubjectKey::Person);
    tasks
        .chain([SubjectKey::Connection(ConnectionId(1)), SubjectKey::Container(ContainerId(1)), SubjectKey::System])
        .chain([100, 101].map(|home| SubjectKey::Container(ContainerId(home))))
        .chain(people)
        .collect()
}

fn all(rules: &Rules, board: &Board, now: Timestamp) -> Vec<Explained> {
    subjects().into_iter().flat_map(|subject| about(rules, board, subject, now)).collect()
}

fn about(rules: &Rules, board: &Board, subject: SubjectKey, now: Timestamp) -> Vec<Explained> {
    let policy = policy();
    explain(rules, subject, &Snapshot { board, policy: &policy, now })
}

/// Every built-in rule, one of one's own about each field that turns with every step of its value, and an override.
fn rules() -> Rules {
    let mut settings = settings();
    settings.milestone.at_risk.shared_by = 1;
    for (nth, field) in FIELDS.iter().enumerate().filter(|(_, field)| !field.steady) {
        let when = format!("({} ~ '')[-1:] in '02468'", field.name);
        let own = json!({ "enabled": true, "when": when, "stage": "opens", "tell": "author", "message": format!("{{{{ {} }}}}", field.name) });
        let own: OwnRule = serde_json::from_value(own).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((own.when.wrong(), own.message.as_ref().and_then(|words| words.wrong())), (None, None));
        settings.custom.insert(format!("field_{nth}"), own);
    }
    let overrides = json!([
        { "match": "'ana' in task.owners or task.in_sprint", "rules": { "stalled": { "idle_7d": "1 workday" } } },
        { "match": "task.is_part", "rules": { "stalled": { "idle_7d": "2 workdays" }, "due": { "none": { "enabled": false } } } },
    ]);
    let overrides: Vec<Override> = serde_json::from_value(overrides).unwrap_or_else(|error| panic!("{error}"));
    Rules::with_overrides(&settings, &overrides)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_reading_stays_until_it_is_to_be_looked_at_again(drawing in a_drawing(), later in [0..7_776_000i64, 0..400_000i64]) {
        let rules = rules();
        let (board, now) = drawing.board(false);
        let before = all(&rules, &board, now);
        let horizon = now + SignedDuration::from_hours(24 * 90);
        let mut instants: Vec<Timestamp> = before.iter().filter_map(|said| said.recheck_at).collect();
        instants.push(horizon);
        let just_before = instants.iter().map(|at| *at - SignedDuration::from_nanos(1));
        let between = later.map(|secs| now + SignedDuration::from_secs(secs));
        let probes: Vec<Timestamp> = just_before.chain(between).filter(|at| *at >= now).collect();
        for probe in probes {
            for (first, again) in before.iter().zip(all(&rules, &board, probe)) {
                if first.recheck_at.is_none_or(|recheck_at| probe < recheck_at) {
                    prop_assert_eq!(&first.reading, &again.reading, "{} at {}", first.rule, probe);
                    prop_assert_eq!(first.recheck_at, again.recheck_at);
                }
            }
        }
    }

    #[test]
    fn the_order_of_tasks_and_of_history_is_irrelevant(drawing in a_drawing()) {
        let rules = rules();
        let ((board, now), (shuffled, _)) = (drawing.board(false), drawing.board(true));
        prop_assert_eq!(all(&rules, &board, now), all(&rules, &shuffled, now));
    }

    #[test]
    fn a_rule_reads_nothing_that_it_does_not_declare(drawing in a_drawing()) {
        let rules = rules();
        let (board, now) = drawing.board(false);
        for said in all(&rules, &board, now) {
            let declared = rules.get(said.rule).map(super::Rule::reads).unwrap_or_default();
            prop_assert!(declared.contains(said.reads), "{} read {:?}", said.rule, said.reads);
        }
    }

    #[test]
    fn a_change_touches_everybody_whose_reading_it_changes(
        drawing in a_drawing(),
        (nth, other) in (0..KEYS.len()).prop_flat_map(|nth| (Just(nth), a_task(KEYS[nth]))),
    ) {
        let rules = rules();
        let (mut board, now) = drawing.board(false);
        let before = subjects().into_iter().map(|subject| (subject, about(&rules, &board, subject, now))).collect::<Vec<_>>();
        for (subject, _) in &before {
            board.judged(*subject, None);
        }
        board.apply(BoardDelta { tasks: vec![drawing.replaced(nth, &other)], ..BoardDelta::default() });
        let due = board.due(now, usize::MAX).subjects;
        for (subject, said) in before.into_iter().filter(|(subject, _)| !due.contains(subject)) {
            prop_assert_eq!(said, about(&rules, &board, subject, now), "{:?} was not touched", subject);
        }
    }

    #[test]
    fn judging_says_what_explaining_says(drawing in a_drawing()) {
        let rules = rules();
        let (board, now) = drawing.board(false);
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        for judged in judge(&rules, &subjects(), &snapshot) {
            let explained = explain(&rules, judged.subject, &snapshot);
            prop_assert_eq!(judged.recheck_at, explained.iter().filter_map(|said| said.recheck_at).min());
            let said: Vec<_> = explained.into_iter().map(|said| (said.rule, said.reading)).collect();
            prop_assert_eq!(judged.readings, said);
            prop_assert!(judged.recheck_at.is_none_or(|at| at > now));
        }
    }

    #[test]
    fn judging_briefly_leaves_out_what_is_clear_where_nothing_is_open_and_nothing_else(drawing in a_drawing()) {
        let rules = rules();
        let (board, now) = drawing.board(false);
        let policy = policy();
        let snapshot = Snapshot { board: &board, policy: &policy, now };
        let briefly = judge_briefly(&rules, &subjects(), &snapshot);
        for (whole, brief) in judge(&rules, &subjects(), &snapshot).into_iter().zip(briefly) {
            let said = whole.readings.into_iter().filter(|(_, reading)| !matches!(reading, Reading::Clear(_)));
            prop_assert_eq!(brief.readings, said.collect::<Vec<_>>());
            prop_assert_eq!((brief.subject, brief.recheck_at), (whole.subject, whole.recheck_at));
        }
    }
}
