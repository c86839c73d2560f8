//! What long chains and wide stars cost, counted.

use std::rc::Rc;

use connector_model::{Due, DueSource, DueStated};

use super::testing::{Sketch, policy};
use crate::domain::board::Board;
use crate::domain::chains::Chains;
use crate::domain::facts::Facts;
use crate::domain::finding::SubjectKey;
use crate::domain::ids::TaskId;
use crate::domain::look::Look;
use crate::domain::record::{BoardDelta, TaskImage};
use crate::domain::snapshot::Snapshot;

const MANY: i64 = 10_000;

/// So many tasks on one board, each made from the first by its number.
fn many(change: impl Fn(&mut TaskImage, i64)) -> (Board, Vec<TaskImage>) {
    let mut sketch = Sketch::new();
    sketch.line("now 2025-03-10 12:00");
    sketch.line("task A todo owner ana estimate 8h");
    let first = sketch.images().swap_remove(0);
    let (mut board, _) = sketch.board(false);
    let images = (1..=MANY).map(|nth| {
        let mut image = first.clone();
        image.rec.id = TaskId(nth);
        image.rec.ext = nth.to_string().into();
        change(&mut image, nth);
        image
    });
    let images: Vec<TaskImage> = images.collect();
    board.apply(BoardDelta { tasks: images.clone(), ..BoardDelta::default() });
    for subject in board.due(jiff::Timestamp::MAX, usize::MAX).subjects {
        board.judged(subject, None);
    }
    (board, images)
}

/// How many tasks a change of one touches.
fn touched(board: &mut Board, image: &TaskImage, change: impl Fn(&mut TaskImage)) -> usize {
    let mut image = image.clone();
    change(&mut image);
    board.apply(BoardDelta { tasks: vec![image], ..BoardDelta::default() });
    let due = board.due(jiff::Timestamp::MAX, usize::MAX).subjects;
    due.iter().for_each(|subject| board.judged(*subject, None));
    due.iter().filter(|subject| matches!(subject, SubjectKey::Task(_))).count()
}

fn a_comment(image: &mut TaskImage) {
    image.rec.facts = Facts { human_at: Some(jiff::Timestamp::UNIX_EPOCH), ..Facts::default() };
}

fn a_date(image: &mut TaskImage) {
    image.rec.due = Some(DueStated { due: Due::On(jiff::civil::date(2025, 4, 1)), source: DueSource::Item });
}

#[test]
fn a_chain_of_ten_thousand_is_thought_through_once_and_its_middle_sleeps() {
    let (mut board, images) =
        many(|image, nth| image.blocked_by = (nth > 1).then(|| TaskId(nth - 1)).into_iter().collect());
    let policy = policy();
    let chains: Rc<Chains> = Rc::default();
    let snapshot = Snapshot { board: &board, policy: &policy, now: jiff::Timestamp::UNIX_EPOCH };
    for id in 1..=MANY {
        let look = Look::sharing(&snapshot, &chains, false);
        let task = board.task(TaskId(id)).map(|task| look.needed_by(task));
        assert_eq!(task, Some(jiff::Timestamp::MAX));
    }
    assert_eq!(chains.steps(), 9_999, "each but the first once, whoever asks");
    let last = &images[images.len() - 1];
    assert_eq!(touched(&mut board, last, a_comment), 1);
    let far = touched(&mut board, last, a_date);
    assert!(far <= 3, "itself, what it waits for, and the one at the beginning: {far}");
}

#[test]
fn a_star_of_ten_thousand_sleeps_while_nothing_moves_that_it_reads() {
    let (mut board, images) =
        many(|image, nth| image.blocked_by = (nth > 1).then_some(TaskId(1)).into_iter().collect());
    assert_eq!(touched(&mut board, &images[0], a_comment), 1);
    assert_eq!(touched(&mut board, &images[9], a_date), 2, "itself and what it waits for");
    assert_eq!(touched(&mut board, &images[0], a_date), 10_000, "what waits for it reads its date");
    assert_eq!(board.due(jiff::Timestamp::MAX, usize::MAX).subjects, Vec::<SubjectKey>::new());
}
