//! When streams are due, what their passes and failures mean.

use connector_kit::webhook::Wake;

use super::*;
use crate::domain::record::HistoryReach;

fn kinds(world: &World, now: Timestamp, all: bool) -> Vec<StreamKind> {
    world.store.due_streams(world.connection, now, all).unwrap().iter().map(|row| row.key.kind).collect()
}

#[test]
fn the_selection_is_read_first_then_tasks_before_what_hangs_on_them() {
    let mut world = World::bare(&plan());
    assert_eq!(kinds(&world, start(), false), [StreamKind::Containers]);
    world.select(&["web"]);
    assert_eq!(
        kinds(&world, start(), false),
        [StreamKind::Tasks, StreamKind::Comments, StreamKind::Events, StreamKind::Homes]
    );
    assert_eq!(world.store.next_pull_at(world.connection).unwrap(), Some(start()));
}

#[test]
fn a_pass_is_due_again_by_its_period_and_history_at_once_when_tasks_changed() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.events(vec![]);
    world.comments(vec![]);
    world.links(vec![]);
    assert_eq!(world.store.next_pull_at(world.connection).unwrap(), Some(mins(5)));
    world.now = mins(5);
    let mut first = world.page();
    first.tasks = vec![Task { priority: Some(1), ..task("1") }];
    first.more = true;
    world.pull(StreamKind::Tasks, "web", first);
    assert_eq!(kinds(&world, mins(5), false), [StreamKind::Tasks]);
    world.tasks(vec![]);
    assert_eq!(kinds(&world, mins(5), false), [StreamKind::Comments, StreamKind::Events]);
    world.events(vec![]);
    world.comments(vec![]);
    world.now = mins(10);
    world.tasks(vec![Task { priority: Some(1), ..task("1") }]);
    assert!(kinds(&world, mins(10), false).is_empty(), "nothing was new");
    assert_eq!(kinds(&world, mins(10), true).len(), 5);
}

#[test]
fn a_container_is_warm_after_its_first_whole_pass() {
    let mut world = World::new();
    let mut first = world.page();
    first.more = true;
    first.next.backfilled = false;
    world.pull(StreamKind::Tasks, "web", first);
    assert_eq!((world.web().warm_at, world.web().fresh_at), (None, None));
    world.now = mins(3);
    world.tasks(vec![task("1")]);
    assert_eq!((world.web().warm_at, world.web().fresh_at), (Some(mins(3)), Some(mins(3))));
    world.now = mins(8);
    let unchanged = Page { unchanged: true, ..world.page() };
    let applied = world.pull(StreamKind::Tasks, "web", unchanged);
    assert_eq!((world.web().warm_at, world.web().fresh_at), (Some(mins(3)), Some(mins(8))));
    assert_eq!(applied.delta.containers.len(), 1);
    world.assert_board();
}

#[test]
fn history_reaches_as_far_as_its_shortest_stream() {
    let mut world = World::new();
    assert_eq!(world.web().history, HistoryReach::Pending);
    world.comments(vec![]);
    assert_eq!(world.web().history, HistoryReach::Pending);
    world.now = mins(1);
    let mut first = world.page();
    first.more = true;
    world.pull(StreamKind::Events, "web", first);
    world.now = mins(2);
    let last = Page { history_since: Some(at("2025-01-01T00:00:00Z")), ..world.page() };
    world.pull(StreamKind::Events, "web", last);
    let from = at("2025-01-01T00:00:00Z");
    assert_eq!(world.web().history, HistoryReach::Known { from, read_at: start() });
    world.now = mins(9);
    world.comments(vec![]);
    assert_eq!(world.web().history, HistoryReach::Known { from, read_at: mins(1) }, "when its pass began");
    world.assert_board();
}

#[test]
fn a_history_we_may_not_read_is_absent_and_asked_for_daily() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.comments(vec![]);
    world.fail(StreamKind::Events, "web", FailureKind::NotVisible);
    assert_eq!(world.web().history, HistoryReach::Absent);
    assert_eq!(world.web().failing_since, None);
    assert!(!kinds(&world, start() + SignedDuration::from_hours(23), false).contains(&StreamKind::Events));
    assert!(kinds(&world, days(1), false).contains(&StreamKind::Events));
    world.now = days(1);
    world.events(vec![]);
    assert!(matches!(world.web().history, HistoryReach::Known { .. }));
    world.assert_board();
}

#[test]
fn without_history_streams_there_is_none() {
    let mut bare = plan();
    bare.connections[0].streams.retain(|spec| !spec.kind.is_history());
    let mut world = World::bare(&bare);
    world.select(&["web"]);
    assert_eq!(world.web().history, HistoryReach::Absent);
}

#[test]
fn a_failure_keeps_the_cursor_and_says_since_when() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    let cursor = world.stream(StreamKind::Tasks, "web").cursor;
    world.now = mins(5);
    world.fail(StreamKind::Tasks, "web", FailureKind::Unavailable);
    world.now = mins(6);
    world.fail(StreamKind::Tasks, "web", FailureKind::Limited);
    world.fail(StreamKind::Homes, "web", FailureKind::Unavailable);
    let row = world.stream(StreamKind::Tasks, "web");
    assert_eq!((row.cursor, row.failures, row.next_pull_at), (cursor, 2, mins(7)));
    assert_eq!(world.web().failing_since, Some(mins(5)));
    let connection = world.board.connection(world.connection).unwrap();
    assert_eq!(connection.failing_since, Some(mins(5)));
    assert_eq!(connection.failure.as_deref(), Some("because unavailable"));
    assert!(!connection.refused);
    world.assert_board();
    world.now = mins(7);
    world.tasks(vec![task("1")]);
    world.links(vec![]);
    assert_eq!(world.web().failing_since, None);
    assert_eq!(world.board.connection(world.connection).unwrap().failing_since, None);
    world.assert_board();
}

#[test]
fn a_refused_credential_stops_the_whole_connection() {
    let mut world = World::new();
    world.now = mins(5);
    world.fail(StreamKind::Tasks, "web", FailureKind::Refused);
    assert!(kinds(&world, mins(5), false).is_empty());
    assert_eq!(kinds(&world, mins(6), false).len(), 5);
    assert!(world.board.connection(world.connection).unwrap().refused);
    world.assert_board();
}

#[test]
fn a_wait_the_tool_asked_for_is_obeyed_even_when_everything_is_wished() {
    let mut world = World::new();
    let stream = world.stream(StreamKind::Tasks, "web");
    let failure = PullFailure {
        stream: &stream,
        kind: FailureKind::Limited,
        because: "limit".to_owned(),
        next_pull_at: mins(1),
        not_before: Some(mins(30)),
        now: start(),
    };
    world.store.pull_failed(&failure).unwrap();
    assert!(!kinds(&world, mins(10), true).contains(&StreamKind::Tasks));
    assert!(kinds(&world, mins(30), true).contains(&StreamKind::Tasks));
}

#[test]
fn an_archived_container_is_not_pulled() {
    let mut world = World::new();
    let page = Page {
        containers: vec![Container { open: false, ..container("web") }],
        ..Page::new(mins(1), Cursor::default())
    };
    world.pull(StreamKind::Containers, "", page);
    assert_eq!(kinds(&world, mins(1), true), [StreamKind::Containers]);
}

#[test]
fn whoever_answers_for_a_container_is_known_and_may_change() {
    let mut world = World::new();
    let mut seen = |minute: i64, responsible: Option<&str>| {
        let web = Container { responsible: responsible.map(str::to_owned), ..container("web") };
        world.pull(
            StreamKind::Containers,
            "",
            Page { containers: vec![web], ..Page::new(mins(minute), Cursor::default()) },
        );
        world.assert_board();
        let account = world.web().responsible;
        account.and_then(|id| world.board.people.accounts.get(&id)).map(|rec| rec.id == account.unwrap())
    };
    assert_eq!(seen(1, None), None);
    assert_eq!(seen(2, Some("u1")), Some(true));
    assert_eq!(seen(3, Some("u2")), Some(true));
    assert_eq!(seen(4, None), None);
}

#[test]
fn a_container_whose_own_tasks_tell_that_it_was_closed_is_read_no_more() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.now = mins(5);
    let closed = Container { open: false, ..container("web") };
    world.pull(StreamKind::Tasks, "web", Page { containers: vec![closed.clone()], ..world.page() });
    assert_eq!(world.web().reader, None);
    assert_eq!(kinds(&world, mins(10), true), [StreamKind::Containers]);
    world.now = mins(60);
    world.pull(StreamKind::Containers, "", Page { containers: vec![closed], ..world.page() });
    assert_eq!(kinds(&world, mins(60), true), [StreamKind::Containers], "named, and not read as long as it is closed");
    world.now = mins(120);
    world.pull(StreamKind::Containers, "", Page { containers: vec![container("web")], ..world.page() });
    assert!(kinds(&world, mins(120), false).contains(&StreamKind::Tasks));
}

#[test]
fn another_selection_is_asked_for_at_once_and_another_set_of_streams_taken_up() {
    let mut world = World::new();
    world.links(vec![]);
    let mut other = plan();
    other.select_rev = "select2".to_owned();
    other.connections[0].streams.retain(|spec| spec.kind != StreamKind::Homes);
    let spec = StreamSpec { kind: StreamKind::Links, every: Every::Poll };
    other.connections[0].streams.push(spec);
    let applied = world.store.apply_config(&other, mins(1)).unwrap();
    assert!(!applied.first && !applied.rules_changed);
    let due = kinds(&world, mins(1), false);
    assert!(due.contains(&StreamKind::Containers) && due.contains(&StreamKind::Links));
    assert!(!due.contains(&StreamKind::Homes));
    other.rules_rev = "rules2".to_owned();
    assert!(world.store.apply_config(&other, mins(1)).unwrap().rules_changed);
}

#[test]
fn a_shorter_poll_counts_for_what_was_read_before_it_and_brings_no_pause_forward() {
    let mut world = World::new();
    let mut slow = plan();
    slow.connections[0].poll = SignedDuration::from_hours(12);
    world.store.apply_config(&slow, start()).unwrap();
    world.tasks(vec![task("1")]);
    let next = |world: &World, now: Timestamp, kind: StreamKind| {
        let due = world.store.due_streams(world.connection, now, true).unwrap();
        due.into_iter().find(|row| row.key.kind == kind).unwrap().next_pull_at
    };
    assert_eq!(next(&world, start(), StreamKind::Tasks), mins(12 * 60));
    world.store.apply_config(&plan(), mins(10)).unwrap();
    assert_eq!(next(&world, mins(10), StreamKind::Tasks), mins(15));
    let hourly = next(&world, mins(10), StreamKind::Containers);
    assert_eq!(hourly, mins(60), "what has a period of its own keeps it");
    let stream = world.stream(StreamKind::Tasks, "web");
    let failure = PullFailure {
        stream: &stream,
        kind: FailureKind::Unavailable,
        because: "down".to_owned(),
        next_pull_at: mins(70),
        not_before: None,
        now: mins(10),
    };
    world.store.pull_failed(&failure).unwrap();
    world.store.apply_config(&plan(), mins(11)).unwrap();
    assert_eq!(next(&world, mins(11), StreamKind::Tasks), mins(70));
}

#[test]
fn a_connection_that_is_no_longer_configured_takes_its_tasks_off_the_board() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    let mut none = plan();
    none.connections.clear();
    world.store.apply_config(&none, mins(1)).unwrap();
    let image = world.store.load(mins(1), rule).unwrap();
    assert!(image.tasks.is_empty() && image.connections.is_empty());
    assert_eq!((world.count("tasks"), world.count("streams")), (1, 0));
    assert_eq!(world.store.next_pull_at(world.connection).unwrap(), None);
    world.store.apply_config(&plan(), mins(2)).unwrap();
    assert_eq!(kinds(&world, mins(2), false), [StreamKind::Containers]);
}

#[test]
fn how_a_connection_stands_is_told_in_whole_passes() {
    let mut world = World::new();
    world.select(&["web", "api"]);
    world.tasks(vec![task("1"), closed("2", "2025-01-01")]);
    let state = world.store.connection_states().unwrap().remove(0);
    assert_eq!((state.containers, state.cold, state.tasks, state.last_success_at), (2, 1, 2, None));
    world.now = mins(1);
    let page = world.page();
    world.pull(StreamKind::Tasks, "api", page);
    world.fail(StreamKind::Events, "web", FailureKind::Unavailable);
    let state = world.store.connection_states().unwrap().remove(0);
    assert_eq!((state.cold, state.last_success_at), (0, Some(start())));
    assert_eq!(state.failure, Some((FailureKind::Unavailable, "because unavailable".to_owned())));
}

#[test]
fn a_connection_under_a_new_name_is_the_same_connection() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    let mut renamed = plan();
    renamed.connections[0].name = "github.new".to_owned();
    let applied = world.store.apply_config(&renamed, mins(1)).unwrap();
    assert_eq!(applied.connections["github.new"], world.connection);
    let image = world.store.load(mins(1), rule).unwrap();
    assert_eq!(image.tasks.len(), 1);
    assert_eq!(world.count("connections"), 1);
    let mut elsewhere = renamed;
    elsewhere.connections[0].name = "github.third".to_owned();
    elsewhere.connections[0].origin = "https://elsewhere.example".to_owned();
    let applied = world.store.apply_config(&elsewhere, mins(2)).unwrap();
    assert_ne!(applied.connections["github.third"], world.connection, "another place is another connection");
}

#[test]
fn a_wake_brings_one_container_forward_or_where_it_names_none_all_of_them() {
    let mut world = World::bare(&plan());
    world.select(&["web", "app"]);
    for scope in ["web", "app"] {
        let page = world.page();
        world.pull(StreamKind::Tasks, scope, page);
    }
    let tasks_due =
        |world: &World, now| kinds(world, now, false).iter().filter(|kind| **kind == StreamKind::Tasks).count();
    assert_eq!(tasks_due(&world, mins(1)), 0);
    let wake = |container: Option<&str>| [Wake { kind: StreamKind::Tasks, container: container.map(str::to_owned) }];
    let moved = |world: &mut World, wake: &[Wake]| world.store.bring_forward(world.connection, wake, mins(1)).unwrap();
    assert_eq!(moved(&mut world, &wake(Some("elsewhere"))), 0);
    assert_eq!(moved(&mut world, &wake(Some("web"))), 1);
    assert_eq!(tasks_due(&world, mins(1)), 1);
    assert_eq!(moved(&mut world, &wake(None)), 1, "the other one");
    assert_eq!(tasks_due(&world, mins(1)), 2);
    assert_eq!(moved(&mut world, &[Wake { kind: StreamKind::Containers, container: None }]), 1);
}
