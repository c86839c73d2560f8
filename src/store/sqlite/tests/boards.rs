//! What boards say of tasks, and what stands around them: joined with what the task says itself, in whichever order they come.

use connector_kit::{ChildCount, SourceRead, Supplement, TaskRelations, Values, Wanted};
use connector_model::{DueSource, DueStated};
use proptest::prelude::*;

use super::*;

pub(super) fn due(day: &str, source: DueSource) -> Option<DueStated> {
    Some(DueStated { due: Due::from_text(day).unwrap(), source })
}

pub(super) fn said(task: TaskRef, source: &str, rank: u32, day: Option<&str>) -> Supplement {
    let due = day.and_then(|day| due(day, DueSource::Field));
    let values = Values { due, ..Values::default() };
    Supplement { task, source: source.to_owned(), rank, at: start(), values }
}

fn boarded() -> World {
    let mut plan = plan();
    let every = Every::Period(SignedDuration::from_mins(30));
    plan.connections[0].streams.push(StreamSpec { kind: StreamKind::Boards, every });
    plan.connections[0].streams.push(StreamSpec { kind: StreamKind::Links, every });
    plan.connections[0].observed = &[Field::Due];
    let mut world = World::bare(&plan);
    world.select(&["web"]);
    world
}

impl World {
    pub(super) fn board(&mut self, supplements: Vec<Supplement>, read: Option<&str>) -> PageApplied {
        let source_read = read.map(|source| SourceRead { source: source.to_owned(), began_at: self.now });
        let page = Page { supplements, source_read, ..self.page() };
        self.pull(StreamKind::Boards, "", page)
    }

    fn relate(&mut self, relations: TaskRelations) -> PageApplied {
        let page = Page { relations: vec![relations], ..self.page() };
        self.pull(StreamKind::Links, "web", page)
    }
}

#[test]
fn what_a_board_says_waits_for_its_task_and_is_there_when_it_comes() {
    let mut world = boarded();
    let by_key = TaskRef::Key("ACME/web#2".to_owned());
    let page = vec![said(ext("1"), "acme/7", 0, Some("2026-03-20")), said(by_key, "acme/7", 0, Some("2026-03-21"))];
    world.board(page, Some("acme/7"));
    world.tasks(vec![task("1"), task("2"), task("3")]);
    assert_eq!(world.rec("1").due, due("2026-03-20", DueSource::Field));
    assert_eq!(world.rec("2").due, due("2026-03-21", DueSource::Field));
    assert_eq!(world.rec("3").due, None);
    assert_eq!((world.count("task_base"), world.count("changes")), (2, 0));
    world.assert_board();
}

#[test]
fn the_same_again_touches_no_task_and_what_differs_is_an_observed_change() {
    let mut world = boarded();
    world.tasks(vec![task("1")]);
    let first = world.board(vec![said(ext("1"), "acme/7", 0, Some("2026-03-20"))], Some("acme/7"));
    assert_eq!(first.delta.tasks.len(), 1);
    world.now = mins(30);
    let again = world.board(vec![said(ext("1"), "acme/7", 0, Some("2026-03-20"))], Some("acme/7"));
    assert!(again.delta.tasks.is_empty() && again.delta.removed.is_empty());
    let moved = Supplement { at: mins(40), ..said(ext("1"), "acme/7", 0, Some("2026-03-27")) };
    world.now = mins(60);
    world.board(vec![moved], Some("acme/7"));
    let changes = world.changes("1");
    let of: Vec<_> = changes.iter().map(|one| (one.at, one.from.as_deref(), one.to.as_deref(), one.observed)).collect();
    assert_eq!(of[1], (mins(40), Some("2026-03-20"), Some("2026-03-27"), true));
    assert_eq!(world.rec("1").facts.slips, 1);
    world.assert_board();
}

#[test]
fn an_item_that_is_gone_takes_back_what_it_said_only_after_a_complete_reading() {
    let mut world = boarded();
    world.tasks(vec![task("1")]);
    world.board(vec![said(ext("1"), "acme/7", 0, Some("2026-03-20"))], Some("acme/7"));
    world.now = mins(30);
    world.board(Vec::new(), None);
    assert!(world.rec("1").due.is_some(), "something was left out of that reading");
    world.board(Vec::new(), Some("acme/8"));
    assert!(world.rec("1").due.is_some(), "that was another board");
    world.board(Vec::new(), Some("acme/7"));
    assert_eq!((world.rec("1").due, world.count("task_base"), world.count("supplements")), (None, 0, 0));
    world.assert_board();
}

#[test]
fn boards_that_are_not_read_any_more_say_nothing() {
    let mut world = boarded();
    world.tasks(vec![task("1")]);
    world.board(vec![said(ext("1"), "acme/7", 0, Some("2026-03-20"))], Some("acme/7"));
    let page = Page { sources: Some(vec!["acme/8".to_owned()]), ..world.page() };
    world.pull(StreamKind::Boards, "", page);
    assert_eq!(world.rec("1").due, None);
    world.board(vec![said(ext("1"), "acme/7", 0, Some("2026-03-20"))], Some("acme/7"));
    world.store.apply_config(&plan(), start()).unwrap();
    assert_eq!(world.count("supplements"), 0, "the connection has no boards");
}

#[test]
fn boards_are_read_before_tasks_and_after_the_selection() {
    let world = boarded();
    let rows = world.store.due_streams(world.connection, world.now, true).unwrap();
    let kinds: Vec<StreamKind> = rows.iter().map(|row| row.key.kind).take(3).collect();
    assert_eq!(kinds, [StreamKind::Containers, StreamKind::Boards, StreamKind::Tasks]);
}

#[test]
fn parents_and_counts_are_taken_up_without_the_task_and_do_not_hide_what_it_says_later() {
    let mut world = boarded();
    world.tasks(vec![task("1"), task("2")]);
    world.now = mins(30);
    let count = Some(ChildCount { done: 1, all: 4 });
    let parent = Some(Some(TaskRef::Key("acme/web#1".to_owned())));
    world.relate(TaskRelations { task: ext("2"), parent: parent.clone(), children: None });
    world.relate(TaskRelations { task: ext("1"), parent: Some(None), children: count });
    assert_eq!(world.rec("2").parent, Some(world.id("1")));
    assert_eq!(world.rec("1").progress.map(|progress| progress.share.get()), Some(0.25));
    let again = world.relate(TaskRelations { task: ext("1"), parent: Some(None), children: count });
    assert!(again.delta.tasks.is_empty());
    // The same answer as before about the task itself, asked for later: it has no parent any more.
    world.now = mins(40);
    world.tasks(vec![task("2")]);
    assert_eq!(world.rec("2").parent, None);
    // An older answer changes nothing.
    world.now = mins(20);
    world.relate(TaskRelations { task: ext("2"), parent, children: None });
    assert_eq!(world.rec("2").parent, None);
    world.assert_board();
}

#[test]
fn open_tasks_are_handed_over_in_an_order_that_does_not_move() {
    let mut world = boarded();
    world.tasks(vec![task("1"), closed("2", "2026-02-20"), task("3"), task("4")]);
    let web = world.web().id;
    let names = |after: Option<&str>, most| -> Vec<String> {
        let wanted = Wanted { after: after.map(str::to_owned), most };
        world.store.open_tasks(web, &wanted).unwrap().into_iter().map(|task| task.ext).collect()
    };
    assert_eq!(names(None, 2), ["1", "3"]);
    assert_eq!(names(Some("3"), 2), ["4"]);
    assert_eq!(names(Some("2"), 9), ["3", "4"], "a task that was closed meanwhile still has its place");
    assert_eq!(names(Some("4"), 9), [""; 0]);
    assert_eq!(names(None, 0), [""; 0]);
}

/// One thing that arrives.
#[derive(Debug, Clone)]
enum Arrives {
    Task(Option<u8>),
    Board(usize, Option<u8>),
    Gone(usize),
}

fn arrives() -> impl Strategy<Value = Arrives> {
    let day = || prop::option::of(1_u8..28);
    prop_oneof![
        day().prop_map(Arrives::Task),
        (0_usize..2, day()).prop_map(|(board, day)| Arrives::Board(board, day)),
        (0_usize..2).prop_map(Arrives::Gone),
    ]
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn whatever_comes_in_whichever_order_the_task_is_the_join_of_what_was_said_last(
        events in prop::collection::vec(arrives(), 1..12)
    ) {
        let mut world = boarded();
        let (mut own, mut boards): (Option<Option<u8>>, [Option<u8>; 2]) = (None, [None, None]);
        let day = |day: u8| format!("2026-04-{day:02}");
        for (minute, event) in events.into_iter().enumerate() {
            world.now = mins(i64::try_from(minute).unwrap());
            match event {
                Arrives::Task(on) => {
                    own = Some(on);
                    let due = on.and_then(|on| due(&day(on), DueSource::Item));
                    world.tasks(vec![Task { due, updated_at: world.now, ..task("1") }]);
                }
                Arrives::Board(which, on) => {
                    boards[which] = on;
                    let (source, rank) = (format!("acme/{which}"), u32::try_from(which).unwrap());
                    let on = on.map(day);
                    world.board(vec![said(ext("1"), &source, rank, on.as_deref())], Some(&source));
                }
                Arrives::Gone(which) => {
                    boards[which] = None;
                    world.board(Vec::new(), Some(&format!("acme/{which}")));
                }
            }
        }
        if let Some(own) = own {
            let expected = own.and_then(|on| due(&day(on), DueSource::Item));
            let of_boards = boards.into_iter().flatten().next().and_then(|on| due(&day(on), DueSource::Field));
            prop_assert_eq!(world.rec("1").due, expected.or(of_boards));
            world.assert_board();
        }
    }
}
