//! Tasks, links, containers.

use connector_model::{DueSource, DueStated, Progress, ProgressSource, Share};
use proptest::prelude::*;

use super::*;
use crate::store::Reader;

#[test]
fn the_same_page_twice_writes_nothing_the_second_time() {
    let mut world = World::new();
    let first = world.tasks(vec![task("1"), task("2")]);
    assert_eq!((first.new, first.changed, first.same), (2, 0, 0));
    world.now = mins(5);
    let again = world.tasks(vec![task("1"), Task { updated_at: mins(4), ..task("2") }]);
    assert_eq!((again.new, again.changed, again.same), (0, 0, 2));
    assert!(again.delta.tasks.is_empty() && again.delta.removed.is_empty());
    assert_eq!(world.rec("1").changed_at, start());
    world.assert_board();
}

#[test]
fn a_store_whose_board_nobody_keeps_writes_the_same_and_looks_nothing_up() {
    let read = |mut world: World| {
        world.select(&["web"]);
        let parent = Task { parent: Some(ext("2")), links: Some(vec![link(LinkKind::BlockedBy, "3")]), ..task("1") };
        let first = world.tasks(vec![parent, task("2"), closed("3", "2025-01-05")]);
        world.now = mins(5);
        let second = world.tasks(vec![Task { priority: Some(1), ..task("2") }]);
        world.events(vec![change(ext("1"), "e1", Field::Comment, "2026-03-01T00:00:00Z", "u2")]);
        world.fail(StreamKind::Comments, "web", FailureKind::Unavailable);
        (world, first, second)
    };
    let (watched, ..) = read(World::bare(&plan()));
    let unwatched = World::on(Store::open_unwatched(&StorePath::Memory, start()).unwrap(), &plan());
    let (mut unwatched, first, second) = read(unwatched);
    assert_eq!((first.new, second.changed), (3, 1));
    assert_eq!((first.delta, second.delta), Default::default());
    assert_eq!(unwatched.store.load(unwatched.now, rule).unwrap().tasks, []);
    unwatched.store.finish().unwrap();
    unwatched.store.watched = true;
    unwatched.board = Board::new(unwatched.store.load(unwatched.now, rule).unwrap());
    assert_eq!(tasks_of(&watched.board), tasks_of(&unwatched.board));
    assert_eq!(containers_of(&watched.board), containers_of(&unwatched.board));
    assert!(unwatched.board.task(unwatched.id("3")).is_some(), "closed long ago, and what an open one waits for");
}

#[test]
fn writes_without_a_board_are_committed_together_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = StorePath::File(folder.path().join("g.db"));
    let mut world = World::on(Store::open_unwatched(&path, start()).unwrap(), &plan());
    world.select(&["web"]);
    world.store.finish().unwrap();
    let counted =
        |path: &StorePath| Reader::open(path).unwrap().counts().unwrap().iter().map(|one| one.open).sum::<u64>();
    world.tasks(vec![task("1")]);
    assert_eq!((counted(&path), world.count("tasks")), (0, 1), "the next page sees it, and nobody else");
    // A page that comes before its connection's site is known is refused in the middle.
    let stream = StreamRow { connection: ConnectionId(99), ..world.stream(StreamKind::Tasks, "web") };
    let page = Page { tasks: vec![task("2")], ..world.page() };
    world.store.apply_page(&PageWrite { stream: &stream, page: &page, now: world.now }).unwrap_err();
    world.tasks(vec![task("3")]);
    world.store.finish().unwrap();
    assert_eq!((counted(&path), world.count("tasks")), (2, 2));
    world.tasks(vec![task("4")]);
    world.now += SignedDuration::from_secs(2);
    world.tasks(vec![task("5")]);
    assert_eq!(counted(&path), 4, "two seconds are long enough");
    for n in 6..=21 {
        assert_eq!(counted(&path), 4);
        world.tasks(vec![task(&n.to_string())]);
    }
    assert_eq!(counted(&path), 20, "and so are sixteen pages");
    world.tasks(vec![task("22")]);
    drop(world);
    let again = World::on(Store::open(&path, start()).unwrap(), &plan());
    assert_eq!(again.count("tasks"), 20, "what was not committed is read again");
}

#[test]
fn an_answer_asked_for_earlier_never_overwrites_a_later_one() {
    let mut world = World::new();
    world.now = mins(10);
    world.tasks(vec![Task { title: "new".to_owned(), ..task("1") }]);
    let mut late = world.page();
    late.asked_at = mins(5);
    late.tasks = vec![Task { title: "old".to_owned(), ..task("1") }];
    let applied = world.pull(StreamKind::Tasks, "web", late);
    assert_eq!(applied.same, 1);
    assert_eq!(world.store.names(&[world.id("1")]).unwrap()[&world.id("1")].title, "new");
}

#[test]
fn every_value_of_a_task_survives() {
    let mut world = World::new();
    let full = Task {
        title: "nul \0 and \u{1F6A7}\r\n".to_owned(),
        kind: Some("Bug".to_owned()),
        homes: vec![ContainerRef { kind: ContainerKind::Milestone, ext: "m1".to_owned() }],
        owners: vec!["u2".to_owned(), "u1".to_owned()],
        start: Some(Due::At(at("2026-03-01T08:00:00.123456Z"))),
        due: Some(DueStated { due: Due::On("2026-03-14".parse().unwrap()), source: DueSource::Field }),
        priority: Some(2),
        labels: vec!["b".to_owned(), "a".to_owned()],
        progress: Some(Progress { share: Share::of(1, 3), source: ProgressSource::Checklist, items: 3 }),
        estimate_secs: Some(7200),
        restricted: true,
        ineligible: Some(connector_model::Ineligible::Backlog),
        ..task("1")
    };
    world.tasks(vec![full.clone()]);
    let rec = world.rec("1");
    assert_eq!((rec.start, rec.due, rec.priority), (full.start, full.due, full.priority));
    assert_eq!((rec.progress, rec.estimate_secs, rec.restricted), (full.progress, Some(7200), true));
    assert_eq!((rec.owners.len(), rec.homes.len(), rec.ineligible), (2, 1, full.ineligible));
    let name = world.store.names(&[rec.id]).unwrap().remove(&rec.id).unwrap();
    assert_eq!((name.title.as_str(), name.connection.as_str()), (full.title.as_str(), NAME));
    world.now = mins(1);
    assert_eq!(world.tasks(vec![Task { owners: vec!["u1".to_owned(), "u2".to_owned()], ..full }]).same, 1);
    world.assert_board();
}

#[test]
fn only_what_differs_is_written_and_the_rest_stays() {
    let mut world = World::new();
    world.tasks(vec![Task {
        owners: vec!["u1".to_owned()],
        links: Some(vec![link(LinkKind::Blocks, "2")]),
        ..task("1")
    }]);
    world.now = mins(5);
    let moved = Task { owners: vec!["u2".to_owned()], priority: Some(1), ..task("1") };
    assert_eq!(world.tasks(vec![moved]).changed, 1);
    let rec = world.rec("1");
    assert_eq!((rec.owners.len(), rec.priority, rec.changed_at), (1, Some(1), mins(5)));
    assert_eq!(world.count("links"), 1, "an answer without links keeps those known");
    world.assert_board();
}

#[test]
fn what_an_answer_does_not_tell_stays_as_it_was_until_one_tells_it() {
    let mut world = World::new();
    let share = |percent: f64| Progress { share: Share::new(percent), source: ProgressSource::Native, items: 0 };
    let full = Task { progress: Some(share(0.4)), estimate_secs: Some(7_200), priority: Some(1), ..task("1") };
    world.tasks(vec![full]);
    world.now = mins(5);
    let untold = vec![Field::Progress, Field::Estimate];
    let less = Task { spent_secs: Some(60), restricted: true, untold, ..task("1") };
    assert_eq!(world.tasks(vec![less.clone()]).changed, 1);
    let rec = world.rec("1");
    assert_eq!((rec.progress, rec.estimate_secs), (Some(share(0.4)), Some(7_200)));
    assert_eq!(rec.priority, None, "that it has none was told");
    world.now = mins(10);
    assert_eq!(world.tasks(vec![less.clone()]).same, 1);
    world.now = mins(15);
    world.tasks(vec![Task { untold: Vec::new(), ..less }]);
    assert_eq!((world.rec("1").progress, world.rec("1").estimate_secs), (None, None), "now it is told");
    world.assert_board();
}

#[test]
fn links_and_parents_resolve_whichever_side_comes_first() {
    let child = || Task { parent: Some(TaskRef::Key("ACME/web#2".to_owned())), ..task("1") };
    let waits = || Task { links: Some(vec![link(LinkKind::BlockedBy, "2")]), ..task("3") };
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]] {
        let mut world = World::new();
        for (n, which) in order.into_iter().enumerate() {
            world.now = mins(n as i64);
            let one = [task("2"), child(), waits()].into_iter().nth(which).unwrap();
            world.tasks(vec![one]);
            world.assert_board();
        }
        assert_eq!(world.rec("1").parent, Some(world.id("2")), "{order:?}");
        assert_eq!(world.board.blockers(world.id("3")).count(), 1, "{order:?}");
    }
    let mut world = World::new();
    world.tasks(vec![child(), waits(), task("2")]);
    assert_eq!(world.board.children(world.id("2")).count(), 1);
    world.assert_board();
}

#[test]
fn a_task_that_is_its_own_parent_or_blocker_is_neither() {
    let mut world = World::new();
    let knot = Task { parent: Some(ext("1")), links: Some(vec![link(LinkKind::Blocks, "1")]), ..task("1") };
    world.tasks(vec![knot.clone()]);
    world.now = mins(5);
    world.tasks(vec![Task { priority: Some(1), ..knot }]);
    assert_eq!(world.rec("1").parent, None);
    assert_eq!(world.board.blockers(world.id("1")).count(), 0);
    world.assert_board();
}

#[test]
fn links_told_without_their_task_replace_its_own_side_and_leave_its_age() {
    let mut world = World::new();
    world.tasks(vec![task("1"), task("2"), task("3")]);
    world.now = mins(5);
    world.links(vec![TaskLinks { task: ext("1"), links: vec![link(LinkKind::BlockedBy, "2")] }]);
    assert_eq!(world.rec("1").changed_at, start());
    assert_eq!(world.board.blockers(world.id("1")).count(), 1);
    world.links(vec![TaskLinks { task: ext("1"), links: vec![link(LinkKind::BlockedBy, "3")] }]);
    assert_eq!(world.board.blockers(world.id("1")).map(|rec| rec.id).collect::<Vec<_>>(), [world.id("3")]);
    world.assert_board();
}

#[test]
fn old_closed_tasks_are_on_the_board_only_beside_open_ones() {
    let mut world = World::new();
    world.tasks(vec![closed("1", "2025-06-01"), closed("2", "2026-02-20")]);
    assert!(world.board.task(world.id("1")).is_none());
    assert!(world.board.task(world.id("2")).is_some());
    world.now = mins(5);
    world.tasks(vec![Task { links: Some(vec![link(LinkKind::BlockedBy, "1")]), ..task("3") }]);
    assert!(world.board.task(world.id("1")).is_some());
    world.assert_board();
    world.now = mins(10);
    world.tasks(vec![closed("3", "2026-03-01")]);
    assert!(world.board.task(world.id("1")).is_none());
    world.assert_board();
    world.now = days(40);
    world.tasks(vec![Task { title: "x".to_owned(), ..closed("3", "2026-03-01") }]);
    assert!(world.board.task(world.id("3")).is_none());
}

#[test]
fn an_old_blocker_leaves_the_board_when_nobody_waits_for_it_any_more() {
    for kind in [LinkKind::BlockedBy, LinkKind::Blocks] {
        let mut world = World::new();
        let (waits, old) = if kind == LinkKind::BlockedBy { ("2", "1") } else { ("1", "2") };
        let old = closed(old, "2025-06-01");
        let open = task(waits);
        let with = |mut one: Task, links| {
            if one.ext == "2" {
                one.links = Some(links);
            }
            one
        };
        let linked = vec![link(kind, "1")];
        world.tasks(vec![with(old.clone(), linked.clone()), with(open.clone(), linked.clone())]);
        assert!(world.board.task(world.id(&old.ext)).is_some());
        world.assert_board();
        world.now = mins(5);
        world.tasks(vec![with(old.clone(), vec![]), with(open.clone(), vec![])]);
        assert!(world.board.task(world.id(&old.ext)).is_none());
        world.assert_board();
        world.now = mins(10);
        world.tasks(vec![with(old, linked.clone()), with(open, linked)]);
        assert_eq!(world.board.tasks().count(), 2, "and comes back when somebody does");
        world.assert_board();
    }
}

#[test]
fn what_the_selection_no_longer_lists_leaves_the_board_and_comes_back_cold() {
    let mut world = World::new();
    world.select(&["web", "api"]);
    world.tasks(vec![task("1")]);
    assert!(world.web().warm_at.is_some());
    world.now = mins(5);
    assert_eq!(world.select(&["api"]).delta.removed, [], "a list may lack one for once");
    world.now = mins(6);
    let mut partial = world.page();
    partial.partial = Some("SSO".to_owned());
    assert_eq!(world.pull(StreamKind::Containers, "", partial).delta.removed, [], "a partial one is no second sight");
    world.now = mins(7);
    let applied = world.select(&["api"]);
    assert_eq!(applied.delta.removed, [world.id("1")]);
    assert_eq!((world.web().reader, world.web().warm_at), (None, None));
    world.assert_board();
    world.now = mins(10);
    let mut partial = world.page();
    partial.partial = Some("SSO".to_owned());
    partial.containers = vec![container("other")];
    world.pull(StreamKind::Containers, "", partial);
    let api = world.board.containers().find(|rec| &*rec.ext == "api").unwrap();
    assert!(api.reader.is_some(), "nothing is concluded from an answer that may lack items");
    world.select(&[]);
    assert!(world.board.containers().any(|rec| rec.reader.is_some()), "nor from an empty one");
    world.select(&["web"]);
    assert!(world.board.task(world.id("1")).is_some());
    assert_eq!(world.stream(StreamKind::Tasks, "web").cursor, Cursor::default());
    world.assert_board();
}

#[test]
fn the_first_connection_to_list_a_container_reads_it() {
    let mut both = plan();
    both.connections.push(ConnectionPlan { name: "github.other".to_owned(), ..both.connections[0].clone() });
    let mut world = World::bare(&both);
    world.select(&["web"]);
    let first = world.web().reader;
    let applied = world.store.apply_config(&both, start()).unwrap();
    let other = applied.connections["github.other"];
    let site = SiteKey { tool: "github".into(), origin: "https://api.github.com".into(), tenant: String::new() };
    world.store.set_site(&SiteSeen { connection: other, site: &site, account: None }, start()).unwrap();
    let stream = world.store.due_streams(other, start(), true).unwrap().remove(0);
    let page = Page { containers: vec![container("web"), container("api")], ..world.page() };
    let delta = world.store.apply_page(&PageWrite { stream: &stream, page: &page, now: start() }).unwrap().delta;
    world.board.apply(delta);
    assert_eq!(world.web().reader, first);
    let api = world.board.containers().find(|rec| &*rec.ext == "api").unwrap();
    assert_eq!(api.reader, Some(other));
    // Without the first connection the second may have it.
    both.connections.remove(0);
    world.store.apply_config(&both, mins(1)).unwrap();
    world.store.apply_page(&PageWrite { stream: &stream, page: &page, now: mins(1) }).unwrap();
    let fresh = Board::new(world.store.load(mins(1), rule).unwrap());
    assert!(fresh.containers().all(|rec| rec.reader == Some(other)));
    assert_eq!(fresh.connections().count(), 1);
}

#[test]
fn a_milestone_that_moves_moves_the_deadline_of_its_tasks() {
    let mut world = World::new();
    let homes = |due| Page { containers: vec![milestone("m1", due)], ..Page::new(start(), Cursor::default()) };
    world.pull(StreamKind::Homes, "web", homes(Some("2026-03-20")));
    let in_it = vec![milestone("m1", None).at];
    let own = Some(DueStated { due: Due::On("2026-03-10".parse().unwrap()), source: DueSource::Item });
    world.tasks(vec![
        Task { homes: in_it.clone(), ..task("1") },
        Task { homes: in_it.clone(), due: own, ..task("2") },
        Task { homes: in_it, ..closed("3", "2026-02-20") },
    ]);
    world.now = mins(5);
    let applied = world.pull(StreamKind::Homes, "web", Page { asked_at: mins(5), ..homes(Some("2026-03-27")) });
    assert_eq!(applied.delta.tasks.len(), 1);
    let changes = world.changes("1");
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].from.as_deref(), changes[0].to.as_deref()), (Some("2026-03-20"), Some("2026-03-27")));
    assert!(changes[0].observed);
    assert_eq!(world.rec("1").facts.slips, 1);
    assert!(world.changes("2").is_empty() && world.changes("3").is_empty());
    world.assert_board();
}

#[derive(Debug, Clone)]
struct Wild {
    which: u8,
    closed: Option<bool>,
    parent: Option<u8>,
    blocked_by: Vec<u8>,
    blocks: Vec<u8>,
    elsewhere: bool,
}

fn wild() -> impl Strategy<Value = Wild> {
    let some = || proptest::collection::vec(0..6u8, 0..2);
    let one =
        (0..6u8, proptest::option::of(any::<bool>()), proptest::option::of(0..6u8), some(), some(), any::<bool>());
    one.prop_map(|(which, closed, parent, blocked_by, blocks, elsewhere)| Wild {
        which,
        closed,
        parent,
        blocked_by,
        blocks,
        elsewhere,
    })
}

impl Wild {
    fn task(&self) -> Task {
        let name = self.which.to_string();
        let base = match self.closed {
            None => task(&name),
            Some(old) => closed(&name, if old { "2025-01-01" } else { "2026-02-20" }),
        };
        let to = |kind, others: &[u8]| others.iter().map(|n| link(kind, &n.to_string())).collect::<Vec<_>>();
        let links = [to(LinkKind::BlockedBy, &self.blocked_by), to(LinkKind::Blocks, &self.blocks)].concat();
        let parent = self.parent.map(|n| ext(&n.to_string()));
        let container = repo(if self.elsewhere { "elsewhere" } else { "web" });
        Task { parent, links: Some(links), container, ..base }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_board_that_learns_deltas_equals_one_just_loaded(pages in proptest::collection::vec(proptest::collection::vec(wild(), 1..4), 1..8)) {
        let mut world = World::new();
        for (n, page) in pages.iter().enumerate() {
            world.now = mins(n as i64);
            world.tasks(page.iter().map(Wild::task).collect());
            world.assert_board();
        }
        world.now = mins(100);
        world.select(&["other"]);
        world.assert_board();
        world.select(&["elsewhere", "other"]);
        world.assert_board();
    }
}

#[test]
fn a_text_that_names_a_task_links_it_whichever_comes_first_and_however_it_is_written() {
    let named =
        || Task { url: "https://acme.atlassian.net/browse/ENG-7".to_owned(), key: "ENG-7".to_owned(), ..task("7") };
    let text = "https://acme.atlassian.net/browse/eng-7?focusedCommentId=1";
    let naming = || Task { mentions: vec![TaskRef::Url(text.to_owned())], ..task("1") };
    for order in [vec![naming(), named()], vec![named(), naming()]] {
        let mut world = World::new();
        for task in order {
            world.tasks(vec![task]);
        }
        let linked: Vec<TaskId> = world.board.linked(world.id("7")).map(|task| task.id).collect();
        assert_eq!(linked, [world.id("1")]);
        world.links(vec![TaskLinks { task: ext("1"), links: Vec::new() }]);
        assert_eq!(world.board.linked(world.id("7")).count(), 1, "its other links are told apart from its text");
        world.assert_board();
        world.now = mins(5);
        world.tasks(vec![Task { updated_at: mins(4), ..task("1") }]);
        assert_eq!(world.board.linked(world.id("7")).count(), 0, "the text was edited");
        world.assert_board();
    }
}

#[test]
fn a_whole_and_a_linked_task_closed_long_ago_stay_with_what_is_open() {
    let mut world = World::new();
    let part = Task { parent: Some(ext("2")), links: Some(vec![link(LinkKind::Relates, "3")]), ..task("1") };
    world.tasks(vec![part, closed("2", "2025-01-05"), closed("3", "2025-01-05"), closed("4", "2025-01-05")]);
    assert!(world.board.task(world.id("2")).is_some() && world.board.task(world.id("3")).is_some());
    assert!(world.board.task(world.id("4")).is_none());
    world.assert_board();
    world.now = mins(5);
    world.tasks(vec![Task { updated_at: mins(4), ..closed("1", "2025-01-06") }]);
    assert!(world.board.task(world.id("2")).is_none() && world.board.task(world.id("3")).is_none());
    world.assert_board();
}
