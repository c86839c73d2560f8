//! History entries and the facts folded from them.

use connector_model::{Progress, ProgressSource, Share};
use proptest::prelude::*;

use super::*;

fn owner(vkey: &str, to: &str, when: &str) -> Change {
    Change { to: Some(to.to_owned()), ..change(ext("1"), vkey, Field::Owner, when, "u9") }
}

#[test]
fn an_entry_waits_for_its_task() {
    let mut world = World::new();
    let by_key = change(TaskRef::Key("Acme/Web#1".to_owned()), "e1", Field::Comment, "2026-02-01T08:00:00Z", "u1");
    let applied = world.events(vec![by_key, owner("e2", "u1", "2026-01-20T08:00:00Z")]);
    assert_eq!(applied.changes, 2);
    assert_eq!((world.count("changes"), world.count("changes_waiting")), (0, 2));
    world.tasks(vec![Task { owners: vec!["u1".to_owned()], ..task("1") }]);
    assert_eq!((world.count("changes"), world.count("changes_waiting")), (2, 0));
    let facts = &world.rec("1").facts;
    assert_eq!(facts.human_at, Some(at("2026-02-01T08:00:00Z")));
    assert_eq!(facts.first_owner_at, Some(at("2026-01-20T08:00:00Z")));
    world.assert_board();
}

#[test]
fn an_entry_that_waits_in_vain_is_dropped_after_thirty_days() {
    let mut world = World::new();
    world.events(vec![change(ext("pr"), "e1", Field::Comment, "2026-02-01T08:00:00Z", "u1")]);
    world.store.tick(days(29)).unwrap();
    assert_eq!(world.count("changes_waiting"), 1);
    world.store.tick(days(31)).unwrap();
    assert_eq!(world.count("changes_waiting"), 0);
}

#[test]
fn entries_are_written_once_and_touch_only_their_task() {
    let mut world = World::new();
    world.tasks(vec![task("1"), task("2")]);
    let comment = || change(ext("1"), "c1", Field::Comment, "2026-02-01T08:00:00Z", "u1");
    assert_eq!(world.comments(vec![comment()]).changes, 1);
    let again = world.comments(vec![comment()]);
    assert_eq!(again.changes, 0);
    assert!(again.delta.tasks.is_empty());
    assert_eq!(world.rec("1").facts.human_at, Some(at("2026-02-01T08:00:00Z")));
    world.assert_board();
}

#[test]
fn a_difference_between_two_reads_is_observed_but_never_the_first_read() {
    let mut world = World::new();
    let share = |part| Some(Progress { share: Share::of(part, 4), source: ProgressSource::Checklist, items: 4 });
    world.tasks(vec![Task { progress: share(1), ..task("1") }]);
    assert!(world.changes("1").is_empty());
    world.now = mins(5);
    let updated_at = mins(3);
    world.tasks(vec![Task { progress: share(2), description_hash: 7, updated_at, ..task("1") }]);
    let changes = world.changes("1");
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|change| change.observed && change.at == updated_at && change.account.is_none()));
    let progress = changes.iter().find(|change| change.field == Field::Progress).unwrap();
    assert_eq!((progress.from.as_deref(), progress.to.as_deref()), (Some("0.25"), Some("0.5")));
    assert_eq!(world.rec("1").facts.human_at, Some(updated_at));
    world.assert_board();
}

#[test]
fn the_tools_own_entry_takes_the_place_of_an_observed_one() {
    let edited = |when: &str| change(ext("1"), "e1", Field::Description, when, "u1");
    let reread = || Task { description_hash: 7, updated_at: mins(3), ..task("1") };
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.tasks(vec![reread()]);
    world.events(vec![edited("2026-03-02T08:01:00Z")]);
    let one = world.changes("1");
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.events(vec![edited("2026-03-02T08:01:00Z")]);
    world.tasks(vec![reread()]);
    assert_eq!(one, world.changes("1"));
    assert_eq!(one.len(), 1);
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.tasks(vec![reread()]);
    world.events(vec![edited("2026-03-01T08:01:00Z")]);
    assert_eq!(world.changes("1").len(), 2, "another edit, another day");
}

#[test]
fn our_own_marked_comment_is_no_activity_unless_another_account_copied_it() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    let mark = Some(world.store.key().sign("00112233445566778899aabbccddeeff"));
    let ours = Change { mark: mark.clone(), ..change(ext("1"), "c1", Field::Comment, "2026-02-01T08:00:00Z", "me") };
    world.comments(vec![ours]);
    assert_eq!(world.rec("1").facts.changed_at, None);
    let copied = Change { mark, ..change(ext("1"), "c2", Field::Comment, "2026-02-02T08:00:00Z", "u1") };
    world.comments(vec![copied]);
    assert_eq!(world.rec("1").facts.human_at, Some(at("2026-02-02T08:00:00Z")));
    // The token now belongs to somebody else: what the old account wrote for us stays ours.
    let site = SiteKey { tool: "github".into(), origin: "https://api.github.com".into(), tenant: String::new() };
    let now_me = account("u1", "ana-k", AccountKind::Human);
    let seen = SiteSeen { connection: world.connection, site: &site, account: Some(&now_me) };
    let (_, _, delta) = world.store.set_site(&seen, mins(1)).unwrap();
    world.board.apply(delta);
    assert_eq!(world.rec("1").facts.changed_at, None);
    world.assert_board();
}

#[test]
fn facts_after_an_edit_of_the_bots_equal_a_fresh_mirrors() {
    let fill = |world: &mut World| {
        world.tasks(vec![Task { owners: vec!["u1".to_owned()], ..task("1") }, task("2")]);
        let mut page = world.page();
        page.accounts =
            vec![account("u1", "ana-k", AccountKind::Human), account("u5", "Renovator", AccountKind::Human)];
        page.changes = vec![
            change(ext("1"), "c1", Field::Comment, "2026-02-01T08:00:00Z", "u1"),
            change(ext("1"), "c2", Field::Comment, "2026-02-03T08:00:00Z", "u5"),
            Change {
                via: Some("Zapper".to_owned()),
                ..change(ext("2"), "c3", Field::Comment, "2026-02-03T08:00:00Z", "u1")
            },
            Change {
                to: Some("Doing".to_owned()),
                ..change(ext("2"), "c4", Field::Label, "2026-02-02T08:00:00Z", "u1")
            },
        ];
        world.pull(StreamKind::Comments, "web", page);
    };
    let bots =
        ConfigPlan { bots: vec!["renovator".to_owned(), "zapper".to_owned()], read_rev: "read2".to_owned(), ..plan() };
    let mut world = World::new();
    fill(&mut world);
    assert_eq!(world.rec("1").facts.human_at, Some(at("2026-02-03T08:00:00Z")));
    world.store.apply_config(&bots, mins(1)).unwrap();
    let edited = Board::new(world.store.load(mins(1), rule).unwrap());
    let mut fresh = World::bare(&bots);
    fresh.select(&["web"]);
    fill(&mut fresh);
    for name in ["1", "2"] {
        assert_eq!(edited.task(world.id(name)).unwrap().unpack().facts, fresh.rec(name).facts, "{name}");
    }
    assert_eq!(fresh.rec("1").facts.human_at, Some(at("2026-02-01T08:00:00Z")));
    assert_eq!(fresh.rec("2").facts.human_at, Some(at("2026-02-02T08:00:00Z")));
    assert!(edited.people.accounts.values().any(|rec| rec.bot));
}

#[test]
fn an_account_that_turns_out_to_be_a_bot_later_is_folded_as_one() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    world.comments(vec![change(ext("1"), "c1", Field::Comment, "2026-02-01T08:00:00Z", "u7")]);
    assert!(world.rec("1").facts.human_at.is_some());
    let page = Page { accounts: vec![account("u7", "dependabot", AccountKind::Bot)], ..world.page() };
    world.pull(StreamKind::Events, "web", page);
    assert_eq!(world.rec("1").facts.human_at, None);
    world.assert_board();
}

#[test]
fn people_are_found_by_login_and_by_mail_and_let_go_with_the_configuration() {
    let mut world = World::new();
    let mut page = world.page();
    let mail = Account { email: Some("MO@acme.example".to_owned()), ..account("u2", "whoever", AccountKind::Human) };
    page.accounts = vec![account("u1", "Ana-K", AccountKind::Human), mail];
    world.pull(StreamKind::Tasks, "web", page);
    let who = |board: &Board, login: &str| {
        let rec = board.people.accounts.values().find(|rec| rec.handle.as_deref() == Some(login)).unwrap();
        board.people.person(rec.id).map(|person| person.handle.clone())
    };
    assert_eq!(who(&world.board, "Ana-K").as_deref(), Some("ana"));
    assert_eq!(who(&world.board, "whoever").as_deref(), Some("mo"));
    world.assert_board();
    let mut less = plan();
    less.persons.remove(0);
    less.match_by_email = false;
    world.store.apply_config(&less, mins(1)).unwrap();
    let board = Board::new(world.store.load(mins(1), rule).unwrap());
    assert_eq!((who(&board, "Ana-K"), who(&board, "whoever")), (None, None));
    assert_eq!(board.people.persons.len(), 1);
    let reader = world.store.reader().unwrap();
    let people = reader.load(mins(1), rule).unwrap().people;
    assert_eq!(people.persons.len(), 1);
    assert_eq!(people.default_manager, board.people.default_manager);
    assert_eq!(people.operators, board.people.operators);
    assert!(people.default_manager.is_some());
}

/// Everything the history says, by stable names, for comparing mirrors filled in another order.
fn told(world: &World) -> Vec<String> {
    let mut query = world
        .store
        .db
        .prepare(
            "SELECT t.ext || ' ' || c.at || ' ' || c.vkey || ' ' || a.ext || ' ' || coalesce(o.ext, '') FROM changes c
             JOIN tasks t ON t.id = c.task JOIN accounts a ON a.id = c.account
             LEFT JOIN accounts o ON o.id = CAST(c.new AS INTEGER) AND c.field = 1 ORDER BY 1",
        )
        .unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn the_order_of_pages_is_irrelevant(order in Just((0..7usize).collect::<Vec<_>>()).prop_shuffle()) {
        let fill = |order: &[usize]| {
            let mut world = World::new();
            for which in order {
                match which {
                    0 => world.tasks(vec![Task { owners: vec!["u1".to_owned()], ..task("1") }]),
                    1 => world.tasks(vec![Task { parent: Some(ext("1")), ..task("2") }]),
                    2 => world.events(vec![owner("e1", "u1", "2026-01-20T08:00:00Z")]),
                    3 => world.comments(vec![change(ext("1"), "c1", Field::Comment, "2026-02-01T08:00:00Z", "u1")]),
                    4 => world.comments(vec![change(ext("1"), "c2", Field::Comment, "2026-02-02T08:00:00Z", "u7")]),
                    5 => {
                        let accounts = vec![account("u7", "robot", AccountKind::Bot), account("u1", "ana-k", AccountKind::Human)];
                        let page = Page { accounts, history_since: Some(Timestamp::UNIX_EPOCH), ..world.page() };
                        world.pull(StreamKind::Events, "web", page)
                    }
                    _ => world.events(vec![change(TaskRef::Key("acme/web#2".into()), "e2", Field::Status, "2026-02-02T08:00:00Z", "u1")]),
                };
                world.assert_board();
            }
            world
        };
        let (one, other) = (fill(&[0, 1, 2, 3, 4, 5, 6]), fill(&order));
        prop_assert_eq!(told(&one), told(&other));
        prop_assert_eq!(one.rec("1").facts.human_at, Some(at("2026-02-01T08:00:00Z")));
        for name in ["1", "2"] {
            let (a, b) = (&one.rec(name).facts, &other.rec(name).facts);
            prop_assert_eq!((a.human_at, a.changed_at, a.started_at), (b.human_at, b.changed_at, b.started_at));
        }
        prop_assert_eq!(other.rec("2").parent, Some(other.id("1")));
    }
}

#[test]
fn what_the_tool_tells_of_the_time_between_two_reads_is_not_observed_as_of_later() {
    let share = |part| Some(Progress { share: Share::of(part, 4), source: ProgressSource::Checklist, items: 4 });
    let first = || Task { progress: share(1), ..task("1") };
    let again = || Task { progress: share(2), updated_at: at("2026-03-05T08:00:00Z"), ..task("1") };
    let ticked = |when: &str| change(ext("1"), "a1", Field::Progress, when, "u1");
    let read = |when: &str, told_first: bool| {
        let mut world = World::new();
        world.tasks(vec![first()]);
        world.now = at("2026-03-05T09:00:00Z");
        if told_first {
            world.events(vec![ticked(when)]);
        }
        world.tasks(vec![again()]);
        if !told_first {
            world.events(vec![ticked(when)]);
        }
        world.assert_board();
        (world.changes("1").len(), world.rec("1").facts.progress_at())
    };
    let days_before = "2026-03-03T08:00:00Z";
    for told_first in [true, false] {
        assert_eq!(read(days_before, told_first), (1, Some(at(days_before))), "told first: {told_first}");
        let (count, last) = read("2026-02-20T08:00:00Z", told_first);
        assert_eq!(
            (count, last),
            (2, Some(at("2026-03-05T08:00:00Z"))),
            "it was known before: told first: {told_first}"
        );
    }
}

#[test]
fn when_something_was_closed_stays_where_the_tool_does_not_tell() {
    let mut world = World::new();
    let read = |world: &mut World, day: &str, untold: &[Field]| {
        world.now = at(&format!("{day}T09:00:00Z"));
        world.tasks(vec![Task { untold: untold.to_vec(), ..closed("1", day) }]);
        world.rec("1").closed_at.unwrap().to_string()
    };
    assert_eq!(read(&mut world, "2026-03-02", &[Field::Status]), "2026-03-02T08:00:00Z");
    assert_eq!(read(&mut world, "2026-03-04", &[Field::Status]), "2026-03-02T08:00:00Z");
    assert_eq!(read(&mut world, "2026-03-05", &[]), "2026-03-05T08:00:00Z", "where it tells, its word counts");
    world.tasks(vec![Task { updated_at: at("2026-03-06T08:00:00Z"), ..task("1") }]);
    assert_eq!(read(&mut world, "2026-03-07", &[Field::Status]), "2026-03-07T08:00:00Z");
}

#[test]
fn somebody_of_the_configuration_is_asked_by_their_login_before_they_were_ever_seen_there() {
    let mut world = World::new();
    world.tasks(vec![task("1")]);
    let asks = |vkey: &str, when: &str, whom: &str| Change {
        mentions: Mentions { who: vec![whom.to_owned()], asks: true },
        ..change(ext("1"), vkey, Field::Comment, when, "u1")
    };
    world.comments(vec![asks("c1", "2026-02-01T08:00:00Z", "Mo-X")]);
    let asked = world.rec("1").facts.asked()[0];
    assert_eq!(world.board.people.person(asked.whom).unwrap().handle, "mo");
    world.comments(vec![asks("c2", "2026-02-02T08:00:00Z", "whoever")]);
    assert_eq!(world.rec("1").facts.asked(), []);
    assert_eq!(world.rec("1").facts.named_at(), Some(at("2026-02-02T08:00:00Z")), "somebody all the same");
    world.assert_board();
}
