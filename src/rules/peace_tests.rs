//! The same on boards made up at random: whoever does what a gap asks for brings up no gap of another rule.
//!
//! Every gap of a board is followed in each way that its next step names. Where that step leaves something open (which
//! date, whom), one good choice must be there; what is new after every choice was brought up by the advice. What had been
//! so before, and only had nobody to tell it to, is in `stood.rs`, each with its reason.

mod deeds;
mod page;
mod stood;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::laws_tests::{KEYS, a_drawing};
use super::testing::{policy, settings};
use super::{Rules, judge};
use crate::domain::finding::{Finding, Reading, SubjectKey};
use crate::domain::ids::TaskId;
use crate::domain::snapshot::Snapshot;
use deeds::{Deed, Follower, Way};
use page::{Drawn, LINKED, Page, straightened};
use stood::{Case, stood};

/// A gap: which rule's, and about what.
type Gap = (&'static str, SubjectKey);

/// All gaps of a board.
fn gaps(drawn: &Drawn) -> BTreeMap<Gap, Finding> {
    let policy = policy();
    let snapshot = Snapshot { board: &drawn.board, policy: &policy, now: drawn.now };
    let tasks = (1..=KEYS.len() as i64 + 1).map(|id| SubjectKey::Task(TaskId(id)));
    let people: BTreeSet<SubjectKey> =
        drawn.board.people.accounts.values().map(|rec| SubjectKey::Person(rec.stands_for())).collect();
    let subjects: Vec<SubjectKey> = tasks.chain(people).collect();
    let mut found = BTreeMap::new();
    for judged in judge(&Rules::new(&settings()), &subjects, &snapshot) {
        for (rule, reading) in judged.readings {
            if let Reading::Gap(finding) = reading {
                found.insert((rule.0, judged.subject), *finding);
            }
        }
    }
    found
}

/// Without what lies ahead: an act at a later hour than the board is looked at, a bulk edit that has not ended.
fn until_now(page: Page) -> Page {
    let now = page.now();
    let at = |line: &String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let last = words.get(words.len().saturating_sub(3)..).unwrap_or_default();
        let dated = matches!(last, ["at" | "to", _, _]) && !line.starts_with("task ");
        dated.then(|| format!("{} {}", last[1], last[2]))
    };
    Page(page.0.iter().filter(|line| at(line).is_none_or(|at| at < now)).cloned().collect())
}

/// A board, now and then with what the laws do not need.
fn a_page() -> impl Strategy<Value = Page> {
    let linked = proptest::option::of(("(active|todo|done)", 20..60i64, "(ana|lee)"));
    let more = (proptest::option::of((0..KEYS.len(), "(priority [12]|spent 60h|reporter (ana|lee|mo))")), linked);
    (a_drawing(), more, proptest::bool::weighted(0.2)).prop_map(|(drawing, (more, linked), bent)| {
        let mut page = until_now(Page(drawing.lines));
        if let Some((nth, words)) = more {
            let (word, value) = words.split_once(' ').unwrap_or_default();
            page = page.with(KEYS[nth], word, Some(value));
        }
        if let Some((status, due, owner)) = linked {
            page = page.with(KEYS[0], "linked", Some(LINKED));
            let due = jiff::civil::date(2025, 3, 1).saturating_add(jiff::Span::new().days(due));
            let last = page.0.iter().rposition(|line| line.starts_with("task ")).unwrap_or_default();
            page.0.insert(last + 1, format!("task {LINKED} {status} owner {owner} due {due} elsewhere"));
        }
        if bent { page } else { straightened(page) }
    })
}

/// Follows one gap in one way: what every choice brings up, where none leaves peace.
fn troubles(page: &Page, drawn: &Drawn, before: &BTreeMap<Gap, Finding>, gap: Gap, way: &Way) -> Option<Vec<Vec<Gap>>> {
    let finding = before.get(&gap)?;
    let actor = Follower { page, drawn }.actor(gap.1, finding);
    let (deed, choices) = way;
    let mut troubles = Vec::new();
    for deeds in choices {
        let after = deeds.iter().fold(page.clone(), |page, (key, deed)| deed.done(page, key, &actor)).draw();
        let found = gaps(&after);
        let is_new = |(new, finding): &(&Gap, &Finding)| {
            let case = Case { before: drawn, after: &after, deed, subject: new.1, finding };
            !before.contains_key(*new) && new.0 != gap.0 && !stood(&case, new.0)
        };
        let new: Vec<Gap> = found.iter().filter(is_new).map(|(new, _)| *new).collect();
        if new.is_empty() {
            return None;
        }
        troubles.push(new);
    }
    (!troubles.is_empty()).then_some(troubles)
}

/// Rules whose gaps the boards must have had, or the law says nothing about them.
const FOLLOWED: [&str; 27] = [
    "ack.missing",
    "aging",
    "answer.waiting",
    "blocker.cascade",
    "blocker.stale",
    "blocker.unnamed",
    "churn.reopened",
    "dep.cycle",
    "dep.date_conflict",
    "due.at_risk",
    "due.child_after_parent",
    "due.none",
    "due.unrealistic",
    "estimate.exceeded",
    "high_priority.silent",
    "load.overloaded",
    "overdue",
    "owner.absent",
    "owner.gone",
    "owner.none",
    "pace.behind",
    "pace.stuck_near_done",
    "start.late",
    "start.never",
    "stalled",
    "state.parent_child",
    "sys.cross_mismatch",
];

/// Half as many boards as usual, the same ones each time: each is followed in dozens of ways. `PROPTEST_CASES` takes more.
#[test]
fn d19_no_advice_brings_up_another_rule_on_any_board() {
    let usual = ProptestConfig::default();
    let config = ProptestConfig { cases: usual.cases / 2, failure_persistence: None, ..usual };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let followed: RefCell<BTreeSet<&str>> = RefCell::default();
    let outcome = runner.run(&a_page(), |page| {
        let drawn = page.draw();
        let before = gaps(&drawn);
        let straight = page.is_straight();
        // In a circle no date is right; what is asked for is to open it.
        for (gap, finding) in before.iter().filter(|(gap, _)| straight || gap.0 == "dep.cycle") {
            for way in (Follower { page: &page, drawn: &drawn }).ways(gap.1, finding) {
                followed.borrow_mut().insert(gap.0);
                let troubles = troubles(&page, &drawn, &before, *gap, &way);
                let board = || page.0.join("\n    ");
                prop_assert!(troubles.is_none(), "{gap:?}: {} leads to {troubles:?}\n    {}", way.0, board());
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let followed = followed.into_inner();
    let missing: Vec<&str> = FOLLOWED.into_iter().filter(|rule| !followed.contains(rule)).collect();
    assert!(missing.is_empty(), "no board had a gap of {missing:?}, but of {followed:?}");
}
