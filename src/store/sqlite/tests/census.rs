//! What vanished: counted in passes, asked for one by one, never concluded from a list.

use connector_kit::TaskLook;

use super::super::super::{LookWrite, Suspect};
use super::*;
use crate::domain::record::Gone;

fn counted() -> ConfigPlan {
    let mut plan = plan();
    plan.connections[0].streams.push(StreamSpec { kind: StreamKind::Census, every: Every::Daily });
    plan
}

pub(super) fn exts(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

/// So many open tasks in a container that has been read completely.
fn with_tasks(store: Store, count: u32) -> World {
    let mut world = World::on(store, &counted());
    world.select(&["web"]);
    world.tasks(exts(1..=count).iter().map(|ext| task(ext)).collect());
    world
}

fn memory(count: u32) -> World {
    with_tasks(Store::open(&StorePath::Memory, start()).unwrap(), count)
}

impl World {
    fn census_row(&self) -> StreamRow {
        let at = self.now + SignedDuration::from_hours(48);
        let due = self.store.due_streams(self.connection, at, false).unwrap();
        due.into_iter().find(|row| row.key.kind == StreamKind::Census).unwrap()
    }

    /// One page of a census that shows these.
    pub(super) fn shows(&mut self, shown: &[String], more: bool, change: impl FnOnce(&mut Page)) {
        let stream = self.census_row();
        let mut page = Page { present: shown.iter().map(|one| ext(one)).collect(), more, ..self.page() };
        page.next.at = more.then(|| "further".to_owned());
        change(&mut page);
        let applied = self.store.apply_page(&PageWrite { stream: &stream, page: &page, now: self.now }).unwrap();
        self.board.apply(applied.delta);
    }

    pub(super) fn suspects(&self) -> Vec<String> {
        let mut query =
            self.store.db.prepare("SELECT t.ext FROM suspects s JOIN tasks t ON t.id = s.task ORDER BY t.id").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn due(&self) -> Vec<Suspect> {
        self.store.due_suspects(self.connection, self.now).unwrap()
    }

    /// Asks for everything that is due, with this answer; tells how many that were.
    pub(super) fn looks(&mut self, look: impl Fn(&World, &Suspect) -> Option<TaskLook>) -> usize {
        let due = self.due();
        let asked = due.len();
        for suspect in due {
            let look = look(self, &suspect);
            let again_at = self.now + SignedDuration::from_mins(1);
            let write = LookWrite { suspect: &suspect, look: look.as_ref(), again_at, now: self.now };
            let looked = self.store.apply_look(&write).unwrap();
            if looked.reload {
                self.board = Board::new(self.store.load(self.now, rule).unwrap());
            } else {
                self.board.apply(looked.delta);
            }
        }
        self.store.pause_looks(self.connection, asked, self.now).unwrap();
        asked
    }

    pub(super) fn gone(&self, ext: &str) -> Option<Gone> {
        self.board.gone(self.id(ext))
    }
}

fn is_gone(_: &World, _: &Suspect) -> Option<TaskLook> {
    Some(TaskLook::Gone)
}

fn is_hidden(_: &World, _: &Suspect) -> Option<TaskLook> {
    Some(TaskLook::Hidden)
}

#[test]
fn a_census_comes_once_a_day_and_never_because_everything_is_read() {
    let mut world = memory(3);
    let census = |world: &World, all| {
        let due = world.store.due_streams(world.connection, world.now, all).unwrap();
        due.iter().any(|row| row.key.kind == StreamKind::Census)
    };
    assert!(!census(&world, true), "what was just read whole is not counted");
    let first = world.census_row().next_pull_at;
    assert!(first >= start() + SignedDuration::from_hours(12) && first <= start() + SignedDuration::from_hours(36));
    world.now = first;
    assert!(census(&world, false));
    world.shows(&exts(1..=3), false, |_| {});
    assert_eq!(world.census_row().next_pull_at, first + SignedDuration::from_hours(24));
}

#[test]
fn one_of_ten_that_is_missing_is_asked_for_and_gone_by_the_tools_own_word() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    assert_eq!((world.suspects(), world.web().hold), (vec!["10".to_owned()], None));
    assert!(world.board.task(world.id("10")).is_some(), "absence is no deletion");
    world.assert_board();
    assert_eq!(world.looks(is_gone), 1);
    assert_eq!((world.board.task(world.id("10")), world.gone("10")), (None, Some(Gone::Deleted)));
    assert!(world.suspects().is_empty());
    world.assert_board();
}

#[test]
fn a_task_that_is_there_after_all_stays_as_it_is() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    let asked = world.looks(|world, suspect| {
        let shown = task(suspect.key.rsplit('#').next().unwrap());
        Some(TaskLook::There(Box::new(Page { tasks: vec![shown], ..world.page() })))
    });
    assert_eq!((asked, world.suspects().len(), world.count("tasks")), (1, 0, 10));
    assert!(world.board.task(world.id("10")).is_some());
    world.assert_board();
}

#[test]
fn a_task_that_was_closed_without_a_word_is_closed_by_the_look() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    world.looks(|world, _| {
        Some(TaskLook::There(Box::new(Page { tasks: vec![closed("10", "2026-03-02")], ..world.page() })))
    });
    assert!(world.rec("10").closed_at.is_some() && world.suspects().is_empty());
    world.assert_board();
}

#[test]
fn what_a_list_has_lost_is_asked_for_at_once_and_only_the_answer_counts() {
    let mut world = memory(3);
    world.now = days(1);
    let seen = Page {
        tasks: vec![closed("2", "2026-03-02")],
        missed: exts(1..=9).iter().map(|one| ext(one)).collect(),
        ..world.page()
    };
    world.pull(StreamKind::Tasks, "web", seen);
    assert_eq!(world.suspects(), ["1", "3"], "what is over, unknown or on the same page is none");
    assert!(world.board.task(world.id("1")).is_some(), "what is missed is not gone");
    let asked = world.looks(|world, suspect| match suspect.task == world.id("1") {
        true => Some(TaskLook::Gone),
        false => is_hidden(world, suspect),
    });
    assert_eq!((asked, world.board.task(world.id("1")).is_none()), (2, true));
    assert!(world.board.task(world.id("3")).is_some(), "what is not to be seen is not gone");
    world.assert_board();
}

#[test]
fn what_was_made_or_seen_differently_since_the_pass_began_is_no_suspect() {
    let mut world = memory(3);
    world.now = days(1);
    world.shows(&exts(1..=1), true, |_| {});
    let began_at = world.now;
    world.now = days(1) + SignedDuration::from_mins(2);
    let new = Task { created_at: began_at + SignedDuration::from_secs(30), ..task("4") };
    world.tasks(vec![new, Task { title: "changed".to_owned(), ..task("2") }]);
    world.shows(&[], false, |_| {});
    assert_eq!(world.suspects(), ["3"]);
}

#[test]
fn a_pass_that_was_cut_off_half_way_goes_on_after_a_crash() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = StorePath::File(dir.path().join("gapwatch.db"));
    let mut world = with_tasks(Store::open(&path, start()).unwrap(), 4);
    world.now = days(1);
    world.shows(&exts(1..=2), true, |_| {});
    assert!(world.suspects().is_empty(), "half a pass says nothing");
    drop(world.store);
    let mut world = World::on(Store::open(&path, days(1)).unwrap(), &counted());
    world.now = days(1) + SignedDuration::from_mins(3);
    assert!(world.suspects().is_empty() && world.due().is_empty());
    world.shows(&exts(3..=3), false, |_| {});
    assert_eq!((world.suspects(), world.count("census")), (vec!["4".to_owned()], 0));
}

#[test]
fn a_pass_that_begins_anew_forgets_what_the_one_before_had_shown() {
    let mut world = memory(4);
    world.now = days(1);
    world.shows(&exts(1..=4), true, |_| {});
    world.store.db.execute("UPDATE streams SET cursor = NULL, pass_at = NULL WHERE kind = 6", []).unwrap();
    world.now = days(2);
    world.shows(&exts(1..=3), false, |_| {});
    assert_eq!(world.suspects(), ["4"]);
}

#[test]
fn nothing_is_concluded_from_a_pass_in_which_something_was_left_out() {
    type Spoil = fn(&mut Page);
    let spoils: [Spoil; 3] = [
        |page| page.partial = Some("single sign-on".to_owned()),
        |page| page.unchanged = true,
        |page| {
            page.unreadable.push(connector_kit::Unreadable { what: "5".to_owned(), because: "odd".to_owned() });
        },
    ];
    for spoil in spoils {
        let mut world = memory(20);
        world.now = days(1);
        world.shows(&exts(1..=1), true, spoil);
        world.shows(&exts(2..=2), false, |_| {});
        assert_eq!((world.suspects().len(), world.web().hold), (0, None));
    }
    let mut world = memory(20);
    world.now = days(1);
    world.fail(StreamKind::Tasks, "web", FailureKind::NotVisible);
    world.shows(&exts(1..=2), false, |_| {});
    assert!(world.suspects().is_empty(), "its tasks cannot be read at present");
}

#[test]
fn too_many_at_once_hold_the_container_until_direct_looks_have_settled_enough() {
    let mut world = memory(794);
    world.now = days(1);
    world.shows(&exts(1..=658), false, |_| {});
    let hold = world.web().hold.unwrap();
    assert_eq!((hold.missing, hold.of, hold.since), (136, 794, days(1)));
    world.assert_board();
    let mut slices = Vec::new();
    for _ in 0..20 {
        let asked = world.looks(is_gone);
        if asked == 0 && world.suspects().is_empty() {
            break;
        }
        slices.push((asked, world.web().hold.is_some()));
        assert!(world.looks(is_gone) == 0 || world.suspects().is_empty(), "some at a time");
        world.now += SignedDuration::from_mins(10);
    }
    // 96 of 136 have to be settled before no more than 39 are left.
    assert_eq!(slices, [(20, true), (20, true), (20, true), (20, true), (20, false), (20, false), (16, false)]);
    world.assert_board();
}

#[test]
fn a_list_that_came_back_whole_ends_the_hold() {
    let mut world = memory(60);
    world.now = days(1);
    world.shows(&exts(1..=20), false, |_| {});
    assert!(world.web().hold.is_some());
    world.now = days(2);
    world.shows(&exts(1..=60), false, |_| {});
    assert_eq!((world.web().hold, world.suspects().len()), (None, 0));
    world.assert_board();
}

#[test]
fn what_is_not_to_be_seen_is_called_so_only_at_a_second_sight_on_another_day() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    world.looks(is_hidden);
    assert!(world.rec("10").unseen, "nothing more is said about it");
    let unseen = |world: &World| world.board.connection(world.connection).unwrap().unseen;
    assert_eq!((unseen(&world), world.due().len()), (0, 0));
    world.now = days(1) + SignedDuration::from_hours(23);
    assert!(world.due().is_empty());
    world.now = days(2);
    world.looks(is_hidden);
    assert_eq!((unseen(&world), world.gone("10")), (1, None));
    world.assert_board();
    world.now = days(3);
    world.tasks(vec![task("10")]);
    assert!(!world.rec("10").unseen, "it can be seen again");
    assert_eq!(unseen(&world), 0);
    world.assert_board();
}

#[test]
fn a_look_that_failed_is_made_again_later() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    assert_eq!(world.looks(|_, _| None), 1);
    assert_eq!((world.due().len(), world.suspects().len()), (0, 1));
    world.now += SignedDuration::from_mins(1);
    assert_eq!(world.due().len(), 1);
}

#[test]
fn a_task_that_came_under_another_name_is_the_same_task() {
    let mut world = memory(3);
    world.select(&["web", "api"]);
    let page = world.page();
    world.pull(StreamKind::Tasks, "api", page);
    world.events(vec![change(ext("3"), "e1", Field::Comment, "2026-02-10T10:00:00Z", "u1")]);
    let old = world.id("3");
    world.now = mins(30);
    let moved = Task { key: "acme/api#1".to_owned(), title: "Task 3".to_owned(), container: repo("api"), ..task("77") };
    let page = Page { tasks: vec![moved.clone()], ..world.page() };
    world.pull(StreamKind::Tasks, "api", page);
    assert_eq!(world.suspects(), ["3"], "the same name and birthday: it is asked for at once");
    let new = world.id("77");
    world.looks(|_, _| Some(TaskLook::Moved(ext("77"))));
    assert_eq!((world.count("tasks"), world.board.task(new)), (3, None));
    let rec = world.board.task(old).unwrap();
    assert_eq!(world.board.container(rec.container()).unwrap().name.as_ref(), "acme/api");
    assert_eq!(world.changes("3").len(), 1, "with its history");
    world.assert_board();
    world.now = mins(40);
    let page = Page { tasks: vec![Task { title: "Renamed".to_owned(), ..moved }], ..world.page() };
    let applied = world.pull(StreamKind::Tasks, "api", page);
    assert_eq!((applied.new, applied.changed, world.count("tasks")), (0, 1, 3));
    world.assert_board();
}

#[test]
fn a_task_that_moved_where_nobody_looks_is_gone_once_it_had_the_time_to_arrive() {
    let mut world = memory(10);
    world.now = days(1);
    world.shows(&exts(1..=9), false, |_| {});
    world.looks(|_, _| Some(TaskLook::Moved(ext("500"))));
    assert_eq!((world.gone("10"), world.due().len()), (None, 0));
    world.now += SignedDuration::from_mins(15);
    world.looks(|_, _| Some(TaskLook::Moved(ext("500"))));
    assert_eq!(world.gone("10"), Some(Gone::MovedAway));
    world.assert_board();
    world.now = days(2);
    world.tasks(vec![task("500")]);
    assert_eq!((world.count("tasks"), world.rec("10").unseen), (10, false), "under its new name it is the same task");
    world.assert_board();
}

#[test]
fn what_a_deleted_task_was_linked_with_stands_without_it() {
    let mut world = World::on(Store::open(&StorePath::Memory, start()).unwrap(), &counted());
    world.select(&["web"]);
    let waits = Task { links: Some(vec![link(LinkKind::BlockedBy, "2")]), ..task("1") };
    world.tasks(vec![waits, task("2"), Task { parent: Some(ext("2")), ..task("3") }]);
    world.now = days(1);
    world.shows(&["1".to_owned(), "3".to_owned()], false, |_| {});
    world.looks(is_gone);
    assert_eq!((world.count("links"), world.rec("3").parent), (0, None));
    assert_eq!(world.board.blockers(world.id("1")).count(), 0);
    world.assert_board();
}

#[test]
fn a_list_that_lags_behind_does_not_bring_back_what_was_before() {
    let mut world = memory(1);
    world.now = days(1);
    world.tasks(vec![Task { updated_at: at("2026-03-03T07:00:00Z"), ..closed("1", "2026-03-03") }]);
    world.now = days(1) + SignedDuration::from_mins(3);
    assert_eq!(world.tasks(vec![task("1")]).same, 1);
    assert!(world.rec("1").closed_at.is_some());
    world.now = days(1) + SignedDuration::from_mins(16);
    assert_eq!(world.tasks(vec![task("1")]).changed, 1, "a server that was set back is believed");
}

#[test]
fn many_tasks_changed_at_once_are_nobodys_work_however_the_pages_were_cut() {
    let mut world = memory(100);
    let moved = |n: u32| {
        let at = start() - SignedDuration::from_mins(30) + SignedDuration::from_secs(i64::from(n));
        Change { at, ..change(ext(&n.to_string()), &format!("e{n}"), Field::Title, "2026-03-01T00:00:00Z", "u2") }
    };
    world.events((1..=12).map(moved).collect());
    assert_eq!(world.web().bulks.len(), 0, "twelve of a hundred are a plan");
    assert!(world.rec("1").facts.human_at.is_some());
    world.events((13..=24).map(moved).collect());
    let bulk = world.web().bulks[0];
    assert_eq!((bulk.tasks, bulk.to_at.duration_since(bulk.from_at).as_secs()), (24, 23));
    assert_eq!(world.rec("1").facts.human_at, None);
    world.assert_board();
    let later = change(ext("1"), "e99", Field::Comment, "2026-03-02T09:00:00Z", "u2");
    world.events(vec![later]);
    assert!(world.rec("1").facts.human_at.is_some(), "an act by itself counts");
}

#[test]
fn two_that_change_much_on_one_day_are_both_known_until_the_later_ones_day_is_over() {
    let mut world = memory(100);
    let moved = |by: &'static str, hours: i64| {
        (1..=24).map(move |n| {
            let at = start() + SignedDuration::from_secs(3600 * hours + i64::from(n));
            Change { at, ..change(ext(&n.to_string()), &format!("{by}{n}"), Field::Title, "2026-03-01T00:00:00Z", by) }
        })
    };
    let began = |world: &World| -> Vec<i64> {
        world.web().bulks.iter().map(|bulk| bulk.from_at.duration_since(start()).as_hours()).collect()
    };
    world.events(moved("u2", 0).collect());
    world.events(moved("u3", 5).collect());
    assert_eq!(began(&world), [0, 5]);
    world.events(moved("u4", 27).collect());
    assert_eq!(began(&world), [5, 27], "what is calm by then is none of its concern");
    world.assert_board();
}

#[test]
fn a_count_that_was_not_judged_is_made_whole_the_next_time() {
    let mut world = memory(10);
    let kept = |world: &World| {
        let row = world.census_row();
        (row.cursor.at, row.cursor.etag)
    };
    let told = |page: &mut Page| (page.next.at, page.next.etag) = (Some("rest".to_owned()), Some("e1".to_owned()));
    world.now = days(1);
    world.shows(&exts(1..=9), false, |page| {
        told(page);
        page.partial = Some("an organisation's sign-on was left out".to_owned());
    });
    assert_eq!((kept(&world), world.suspects().len()), ((None, None), 0));
    world.now = days(2);
    world.fail(StreamKind::Tasks, "web", FailureKind::Unavailable);
    world.shows(&exts(1..=9), false, told);
    assert_eq!((kept(&world), world.suspects().len()), ((None, None), 0), "its tasks cannot be read at present");
    world.tasks(Vec::new());
    world.now = days(3);
    world.shows(&exts(1..=9), false, told);
    let judged = (Some("rest".to_owned()), Some("e1".to_owned()));
    assert_eq!((kept(&world), world.suspects().len()), (judged.clone(), 1));
    world.now = days(4);
    world.shows(&[], false, |page| {
        told(page);
        page.unchanged = true;
    });
    assert_eq!((kept(&world), world.suspects().len()), (judged, 1), "nothing is new since it was judged");
}
