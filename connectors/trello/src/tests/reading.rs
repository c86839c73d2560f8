//! Reading cards: which requests are made, and what comes of the answers.

use connector_kit::{ConnectorError, Cursor, KnownTask, Page, Source, StreamKey, StreamKind};
use connector_model::{Due, Field, Ineligible, LinkKind, StatusCategory, Task, TaskRef};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::server::{Asked, BOARD, Server, World, action, card, id, pass, stream};
use crate::{Fields, Trello};

fn tasks() -> StreamKey {
    stream(StreamKind::Tasks, BOARD)
}

/// The calls about cards and history, without those that ask what a board calls things.
fn steady(asked: &[Asked]) -> Vec<String> {
    let about = ["lists", "customFields", "members", "memberships"];
    asked.iter().filter(|one| !about.iter().any(|part| one.path().ends_with(part))).map(Asked::call).collect()
}

fn cards_call() -> String {
    format!("GET boards/{BOARD}/cards")
}

fn actions_call() -> String {
    format!("GET boards/{BOARD}/actions")
}

#[tokio::test]
async fn a_first_pass_reads_all_cards_and_then_all_actions_before_ids() {
    let mut world = World::small();
    world.cards = (0..2_300).map(|n| card(&id(n), "l1")).collect();
    world.cards[0]["closed"] = true.into();
    let moved = |n: u32| {
        let data = json!({"card": {"id": id(0), "idList": "l2"}, "old": {"idList": "l1"},
            "listBefore": {"id": "l1", "name": "To Do"}, "listAfter": {"id": "l2", "name": "Doing"}});
        action(&id(10_000 + n), "updateCard", "2026-03-01T10:00:00.000Z", data)
    };
    world.actions = (0..1_500).map(moved).collect();
    let server = Server::new(world).await;
    let trello = server.trello();
    let (pages, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    let read: usize = pages.iter().map(|page| page.tasks.len()).sum();
    let changes: usize = pages.iter().map(|page| page.changes.len()).sum();
    assert_eq!((read, changes, pages.len()), (2_300, 1_500, 5));
    assert_eq!(pages[4].history_since, Some(Timestamp::UNIX_EPOCH));
    assert!(cursor.backfilled && !pages[3].next.backfilled);
    let asked = server.asked();
    assert_eq!(steady(&asked), [cards_call(), cards_call(), cards_call(), actions_call(), actions_call()]);
    let of_cards: Vec<&Asked> = asked.iter().filter(|one| one.path().ends_with("/cards")).collect();
    assert_eq!(of_cards[1].query("before"), Some(id(1_300)));
    assert!(of_cards.iter().all(|one| one.query("filter").unwrap() == "all" && one.query("limit").unwrap() == "1000"));
    assert!(asked.iter().all(|one| !one.target.contains("trelloKey") && !one.target.contains("trelloToken")));
    let login = "OAuth oauth_consumer_key=\"trelloKey\", oauth_token=\"trelloToken\"";
    assert!(asked.iter().all(|one| one.header("authorization") == Some(login)));
}

#[tokio::test]
async fn a_poll_is_two_calls_and_brings_what_changed() {
    let mut world = World::small();
    world.cards = (0..3).map(|n| card(&id(n), "l1")).collect();
    let server = Server::new(world).await;
    let (trello, clock) = server.trello_with(|_| {});
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    server.asked();
    clock.advance(SignedDuration::from_mins(5));
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()]);
    assert!(pages[0].tasks.is_empty() && pages[0].changes.is_empty() && pages[0].history_since.is_none());
    {
        let mut world = server.world.lock().unwrap();
        world.change(&id(1), json!({"due": "2026-03-20T16:00:00.000Z", "idList": "l2"}));
        let data = json!({"card": {"id": id(1), "due": "2026-03-20T16:00:00.000Z"}, "old": {"due": null}});
        world.actions.push(action(&id(900_000), "updateCard", "2026-03-11T09:03:00.000Z", data));
    }
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()]);
    let [task] = &pages[0].tasks[..] else { panic!("{:?}", pages[0].tasks) };
    assert_eq!((task.ext.as_str(), task.status.category), (id(1).as_str(), StatusCategory::Active));
    assert_eq!(task.due.unwrap().due, Due::At("2026-03-20T16:00:00Z".parse().unwrap()));
    let [change] = &pages[0].changes[..] else { panic!("{:?}", pages[0].changes) };
    assert_eq!((change.field, change.to.as_deref()), (Field::Due, Some("2026-03-20T16:00:00Z")));
    // From a little before the newest one on, and once an hour from far before.
    let (_, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.asked()[1].query("since").as_deref(), Some("2026-03-11T09:01:00Z"));
    clock.advance(SignedDuration::from_hours(1));
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.asked().last().unwrap().query("since").as_deref(), Some("2026-03-11T03:03:00Z"));
}

#[tokio::test]
async fn a_board_that_is_closed_says_so_with_the_next_poll_and_only_once() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l1")];
    let server = Server::new(world).await;
    let trello = server.trello();
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    let set = |n: u32, closed: bool| {
        let mut world = server.world.lock().unwrap();
        world.boards[0]["closed"] = closed.into();
        let data = json!({"old": {"closed": !closed}});
        world.actions.push(action(&id(900_000 + n), "updateBoard", "2026-03-11T09:03:00.000Z", data));
        server.asked();
    };
    set(1, true);
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call(), format!("GET boards/{BOARD}")]);
    let [board] = &pages[0].containers[..] else { panic!("{:?}", pages[0].containers) };
    assert!(!board.open && board.at.ext == BOARD);
    set(2, false);
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert!(pages[0].containers.is_empty(), "it is open again");
    server.asked();
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()], "what was heard of costs nothing more");
    // Closed while nobody looked.
    let later = server.trello();
    set(3, true);
    let (pages, _) = pass(&later, &tasks(), &cursor).await;
    assert_eq!(pages.iter().flat_map(|page| &page.containers).filter(|board| !board.open).count(), 1);
}

#[tokio::test]
async fn what_happens_to_an_archived_card_is_heard_of_with_the_next_poll() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l1"), card(&id(2), "l1")];
    world.cards[0]["closed"] = true.into();
    let server = Server::new(world).await;
    let trello = server.trello();
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    {
        let mut world = server.world.lock().unwrap();
        for (n, name) in [(1, "another"), (2, "listed")] {
            world.change(&id(n), json!({"name": name}));
            let data = json!({"card": {"id": id(n)}, "old": {"name": "x"}});
            world.actions.push(action(&id(900_000 + n), "updateCard", "2026-03-11T09:03:00.000Z", data));
        }
    }
    server.asked();
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call(), format!("GET cards/{}", id(1))]);
    let mut titles: Vec<&str> = pages[0].tasks.iter().map(|task| task.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["another", "listed"]);
    server.asked();
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()], "once");
}

#[tokio::test]
async fn a_card_that_left_the_list_is_asked_for_by_itself() {
    let mut world = World::small();
    world.cards = (0..3).map(|n| card(&id(n), "l1")).collect();
    let server = Server::new(world).await;
    let trello = server.trello();
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    {
        let mut world = server.world.lock().unwrap();
        world.change(&id(1), json!({"closed": true, "dateClosed": "2026-03-11T08:30:00.000Z"}));
        world.cards.remove(0);
    }
    server.asked();
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    let [task] = &pages[0].tasks[..] else { panic!("{:?}", pages[0].tasks) };
    assert_eq!((task.ext.as_str(), task.status.category), (id(1).as_str(), StatusCategory::Cancelled));
    assert_eq!(task.closed_at, Some("2026-03-11T08:30:00Z".parse().unwrap()));
    let mut calls = server.calls();
    calls[2..].sort();
    assert_eq!(calls[2..], [format!("GET cards/{}", id(0)), format!("GET cards/{}", id(1))]);
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls().len(), 2, "what is gone is not asked for again");
    // The census misses the deleted one, and a look tells that it is.
    let (pages, _) = pass(&trello, &stream(StreamKind::Census, BOARD), &Cursor::default()).await;
    assert_eq!(pages[0].present, [TaskRef::Ext(id(2))]);
    let look = trello.task(&format!("{BOARD}/{}", id(0))).await.unwrap();
    assert_eq!(look, connector_kit::TaskLook::Gone);
}

#[tokio::test]
async fn after_a_restart_or_a_lost_page_everything_is_taken_up_again() {
    let mut world = World::small();
    world.cards = (0..3).map(|n| card(&id(n), "l1")).collect();
    let server = Server::new(world).await;
    let trello = server.trello();
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    server.world.lock().unwrap().change(&id(1), json!({"name": "another"}));
    let lost = trello.pull(&tasks(), &cursor).await.unwrap();
    assert_eq!(lost.tasks.len(), 1);
    // The page was not kept: the cursor is the old one.
    let (pages, _) = pass(&trello, &tasks(), &cursor).await;
    let read: Vec<&str> = pages.iter().flat_map(|page| &page.tasks).map(|task| task.title.as_str()).collect();
    assert!(read.contains(&"another"), "{read:?}");
    let (pages, next) = pass(&server.trello(), &tasks(), &cursor).await;
    assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 3);
    assert!(next.backfilled && pages.iter().all(|page| page.history_since.is_none()));
    assert!(server.asked().iter().any(|one| one.path().ends_with("/actions") && one.query("since").is_some()));
}

#[tokio::test]
async fn a_list_that_means_something_else_is_heard_of_at_once() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l4"), card(&id(2), "l1")];
    let server = Server::new(world).await;
    let trello = server.trello();
    let (pages, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    let unsaid = pages[0].tasks.iter().find(|task| task.ext == id(1)).unwrap();
    assert!(!unsaid.status.declared, "a list called Misc says nothing");
    {
        let mut world = server.world.lock().unwrap();
        world.lists[3]["name"] = "Done at last".into();
        let data = json!({"list": {"id": "l4", "name": "Done at last"}, "old": {"name": "Misc"}});
        world.actions.push(action(&id(900_000), "updateList", "2026-03-11T08:59:00.000Z", data));
    }
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    let tasks_read: Vec<_> = pages.iter().flat_map(|page| &page.tasks).collect();
    let done = tasks_read.iter().find(|task| task.ext == id(1)).unwrap();
    assert_eq!(done.status.category, StatusCategory::Done);
    server.asked();
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()], "one action is heard once");
}

#[tokio::test]
async fn items_with_a_date_are_tasks_under_their_card_and_named_cards_are_its_children() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l2"), card(&id(2), "l1")];
    let child = world.cards[1]["shortLink"].as_str().unwrap().to_owned();
    world.cards[0]["badges"] = json!({"checkItems": 3, "checkItemsChecked": 1, "attachments": 0});
    let item = |n: u32, name: &str, due: Option<&str>| json!({"id": id(100 + n), "name": name, "state": "incomplete", "due": due, "idMember": if n == 1 { Some("m2") } else { None }});
    let items = [
        item(1, "paint it", Some("2026-03-15T12:00:00.000Z")),
        item(2, &format!("see https://trello.com/c/{child}/7-x"), None),
        item(3, "plain", None),
    ];
    world.checklists = vec![json!({"id": id(90), "idCard": id(1), "idBoard": BOARD, "checkItems": items})];
    let server = Server::new(world).await;
    let trello = server.trello();
    let (pages, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    let read = &pages[0].tasks;
    assert_eq!(read.len(), 3);
    let item = read.iter().find(|task| task.ext == id(101)).unwrap();
    assert_eq!((item.parent.clone(), &item.owners[..]), (Some(TaskRef::Ext(id(1))), &["m2".to_owned()][..]));
    assert_eq!(item.handle, format!("{BOARD}/{}/{}", id(1), id(101)));
    let named = read.iter().find(|task| task.ext == id(2)).unwrap();
    assert_eq!(named.parent, Some(TaskRef::Ext(id(1))));
    let progress = read.iter().find(|task| task.ext == id(1)).unwrap().progress.unwrap();
    assert_eq!((progress.items, (progress.share.get() * 3.0).round()), (3, 1.0));
    assert_eq!(pages[0].relations[0].parent, Some(Some(TaskRef::Ext(id(1)))));
    let (census, _) = pass(&trello, &stream(StreamKind::Census, BOARD), &Cursor::default()).await;
    assert!(census[0].present.contains(&TaskRef::Ext(id(101))) && !census[0].present.contains(&TaskRef::Ext(id(103))));
    let looked = trello.task(&item.handle).await.unwrap();
    assert!(matches!(looked, connector_kit::TaskLook::There(page) if page.tasks[0].ext == id(101)));
    // Its date is taken away: it is a line like any other now.
    {
        let mut world = server.world.lock().unwrap();
        world.checklists[0]["checkItems"][0]["due"] = json!(null);
        world.change(&id(1), json!({}));
    }
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    let item = pages[0].tasks.iter().find(|task| task.ext == id(101)).unwrap();
    assert_eq!((item.due, item.ineligible), (None, Some(Ineligible::NotWork)));
    assert_eq!(pages[0].missed, [], "it is there");
    let looked = trello.task(&item.handle).await.unwrap();
    assert!(matches!(looked, connector_kit::TaskLook::Gone), "whoever counts the tasks does not find it: {looked:?}");
    server.world.lock().unwrap().change(&id(1), json!({"name": "another"}));
    let (pages, _) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(pages[0].tasks.iter().map(|task| task.ext.clone()).collect::<Vec<_>>(), [id(1)]);
}

#[tokio::test]
async fn custom_fields_labels_and_attached_cards_are_read() {
    let mut world = World::small();
    world.fields = vec![
        json!({"id": "f1", "name": "Hours", "type": "number"}),
        json!({"id": "f2", "name": "Percent", "type": "number"}),
        json!({"id": "f3", "name": "Begin", "type": "date"}),
        json!({"id": "f4", "name": "Priority", "type": "list", "options": [{"id": "o1", "value": {"text": "High"}}]}),
    ];
    world.cards = vec![card(&id(1), "l2")];
    world.change(
        &id(1),
        json!({
            "customFieldItems": [
                {"idCustomField": "f1", "value": {"number": "2.5"}}, {"idCustomField": "f2", "value": {"number": "40"}},
                {"idCustomField": "f3", "value": {"date": "2026-03-02T08:00:00.000Z"}},
                {"idCustomField": "f4", "value": null, "idValue": "o1"}],
            "labels": [{"id": "x", "name": "Blocked", "color": "red"}, {"id": "y", "name": "", "color": "green_light"}],
            "attachments": [{"url": "https://trello.com/c/aI4od6Yd/11-name"}, {"url": "https://elsewhere.example/c/aI4od6Yf"}],
        }),
    );
    let server = Server::new(world).await;
    let named = |text: &str| Some(text.to_owned());
    let fields = Fields { start: named("begin"), progress: named("f2"), estimate: named("hours") };
    let (trello, _) = server.trello_with(|config| config.fields = fields);
    let (pages, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    server.world.lock().unwrap().card(&id(1)).as_object_mut().unwrap().remove("customFieldItems");
    let (lacking, _) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(lacking[0].tasks[0].untold, [Field::Start, Field::Progress, Field::Estimate, Field::Priority]);
    let task = &pages[0].tasks[0];
    assert_eq!(task.untold, []);
    assert_eq!((task.estimate_secs, task.priority), (Some(9_000), Some(2)));
    assert!((task.progress.unwrap().share.get() - 0.4).abs() < 1e-9);
    assert_eq!(task.start, Some(Due::At("2026-03-02T08:00:00Z".parse().unwrap())));
    assert_eq!(task.labels, ["Blocked", "green_light"]);
    assert_eq!(task.status.category, StatusCategory::Waiting);
    let links = task.links.clone().unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].kind, links[0].other.clone()), (LinkKind::BlockedBy, TaskRef::Key("aI4od6Yd".to_owned())));
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let mut world = World::small();
    world.cards = (0..3).map(|n| card(&id(n), "l1")).collect();
    world.instead = Some(Box::new(|asked| {
        let large = asked.query("limit").as_deref() == Some("1000") && asked.path().ends_with("/cards");
        large.then(|| (429, json!({"error": "API_TOO_MANY_CARDS_REQUESTED", "message": "Requested too many cards"})))
    }));
    let server = Server::new(world).await;
    let (pages, _) = pass(&server.trello(), &tasks(), &Cursor::default()).await;
    assert_eq!(pages[0].tasks.len(), 3);
}

#[tokio::test]
async fn one_bad_card_costs_itself_and_an_unknown_form_costs_nothing() {
    let mut world = World::small();
    world.cards = (0..4).map(|n| card(&id(n), "l1")).collect();
    world.change(&id(1), json!({"due": "soon"}));
    world.change(&id(2), json!({"cardRole": "hologram", "agent": {"x": [1]}, "labels": [{"color": "puce_dark"}]}));
    let server = Server::new(world).await;
    let (pages, _) = pass(&server.trello(), &tasks(), &Cursor::default()).await;
    assert_eq!(pages[0].tasks.len(), 3);
    assert_eq!(pages[0].unreadable[0].what, format!("id {}", id(1)));
    let odd = pages[0].tasks.iter().find(|task| task.ext == id(2)).unwrap();
    assert_eq!(odd.ineligible, Some(Ineligible::NotWork));
    server.world.lock().unwrap().instead =
        Some(Box::new(|asked| asked.path().ends_with("/cards").then(|| (200, "<html>maintenance</html>".into()))));
    let error = server.trello().pull(&tasks(), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn what_every_card_has_is_never_taken_for_none_where_it_is_lacking() {
    let spoils: [(&str, Option<Value>); 12] = [
        ("due", None),
        ("due", Some(json!("2026-11-17T16:00:00"))),
        ("idMembers", Some(Value::Null)),
        ("idMembers", None),
        ("name", Some(Value::Null)),
        ("closed", None),
        ("closed", Some(Value::Null)),
        ("labels", None),
        ("dueComplete", Some(Value::Null)),
        ("badges", Some(json!({}))),
        ("idList", Some(Value::Null)),
        ("id", Some(json!("zz"))),
    ];
    for (name, value) in spoils {
        let mut world = World::small();
        world.cards = (0..3).map(|n| card(&id(n), "l1")).collect();
        let server = Server::new(world).await;
        let trello = server.trello();
        let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
        {
            let mut world = server.world.lock().unwrap();
            let card = world.card(&id(1)).as_object_mut().unwrap();
            match value.clone() {
                Some(value) => drop(card.insert(name.to_owned(), value)),
                None => drop(card.remove(name)),
            }
        }
        let (pages, _) = pass(&trello, &tasks(), &cursor).await;
        let (first, case) = (&pages[0], format!("{name} {value:?}"));
        assert_eq!((first.tasks.len(), first.unreadable.len()), (0, 1), "{case}: {:?}", first.unreadable);
        // Read anew, the others are there.
        let (pages, _) = pass(&server.trello(), &tasks(), &Cursor::default()).await;
        assert_eq!((pages[0].tasks.len(), pages[0].unreadable.len()), (2, 1), "{case}");
    }
}

#[tokio::test]
async fn what_came_to_trello_later_or_is_not_in_every_plan_may_be_lacking() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l1")];
    for name in ["dueComplete", "start", "cardRole", "isTemplate", "dateClosed", "dateCompleted", "customFieldItems"] {
        world.card(&id(1)).as_object_mut().unwrap().remove(name);
    }
    let (pages, _) = pass(&Server::new(world).await.trello(), &tasks(), &Cursor::default()).await;
    assert_eq!((pages[0].tasks.len(), pages[0].unreadable.len()), (1, 0));
}

/// What the mirror would hold after these pages.
fn mirrored(pages: &[Page]) -> Vec<KnownTask> {
    let open = pages.iter().flat_map(|page| &page.tasks).filter(|task| task.status.category.is_open());
    let known =
        |task: &Task| KnownTask { ext: task.ext.clone(), handle: task.handle.clone(), status: task.status.raw.clone() };
    open.map(known).collect()
}

/// A pass of a program that was just started.
async fn pass_anew(trello: &Trello, cursor: &Cursor, known: &[KnownTask]) -> Vec<TaskRef> {
    assert!(trello.wants(&tasks(), cursor).is_some(), "nothing is remembered");
    let first = trello.refresh(&tasks(), cursor, known).await.unwrap();
    assert!(trello.wants(&tasks(), &first.next).is_none(), "once is enough");
    let (rest, _) = pass(trello, &tasks(), &first.next.clone()).await;
    let missed: std::collections::BTreeSet<_> =
        std::iter::once(&first).chain(&rest).flat_map(|page| page.missed.clone()).collect();
    missed.into_iter().collect()
}

#[tokio::test]
async fn what_went_away_while_nobody_looked_is_missed_after_the_start() {
    let mut world = World::small();
    world.cards = (1..5).map(|n| card(&id(n), "l2")).collect();
    let item =
        |n: u32| json!({"id": id(n), "name": "paint it", "state": "incomplete", "due": "2026-03-15T12:00:00.000Z"});
    let list = |n: u32, items: Value| json!({"id": id(90 + n), "idCard": id(n), "idBoard": BOARD, "checkItems": items});
    world.checklists = vec![
        list(1, json!([item(101), item(102)])),
        list(2, json!([item(103)])),
        list(3, json!([item(104)])),
        list(4, json!([item(105)])),
    ];
    for n in 1..5 {
        world.change(&id(n), json!({"badges": {"checkItems": 2, "checkItemsChecked": 0, "attachments": 0}}));
    }
    let server = Server::new(world).await;
    let (pages, cursor) = pass(&server.trello(), &tasks(), &Cursor::default()).await;
    let known = mirrored(&pages);
    assert_eq!(known.len(), 9);
    assert_eq!(pass_anew(&server.trello(), &cursor, &known).await, [], "nothing has gone");
    {
        let mut world = server.world.lock().unwrap();
        // One item, all of a card's, one that nobody can read, and a whole card, of which no action tells.
        world.checklists[0]["checkItems"].as_array_mut().unwrap().pop();
        world.checklists.remove(1);
        world.change(&id(2), json!({"badges": {"checkItems": 0, "checkItemsChecked": 0, "attachments": 0}}));
        world.checklists[1]["checkItems"][0]["name"] = Value::Null;
        world.cards.pop();
        world.checklists.pop();
    }
    let missed = pass_anew(&server.trello(), &cursor, &known).await;
    assert_eq!(missed, [4, 102, 103, 105].map(|n| TaskRef::Ext(id(n))));
    let look = server.trello().task(&format!("{BOARD}/{}/{}", id(3), id(104))).await;
    assert!(matches!(look, Err(ConnectorError::Malformed { .. })), "what cannot be read is not gone: {look:?}");
}

#[tokio::test]
async fn a_list_that_lacks_very_much_leaves_that_to_the_census() {
    let mut world = World::small();
    world.cards = (0..60).map(|n| card(&id(n), "l1")).collect();
    let server = Server::new(world).await;
    let (pages, cursor) = pass(&server.trello(), &tasks(), &Cursor::default()).await;
    server.world.lock().unwrap().cards.truncate(10);
    let trello = server.trello();
    assert_eq!(pass_anew(&trello, &cursor, &mirrored(&pages)).await, []);
}

#[tokio::test]
async fn many_cards_that_went_at_once_are_read_over_once_and_not_with_each_poll() {
    let mut world = World::small();
    world.cards = (0..60).map(|n| card(&id(n), "l1")).collect();
    let server = Server::new(world).await;
    let trello = server.trello();
    let (_, cursor) = pass(&trello, &tasks(), &Cursor::default()).await;
    server.world.lock().unwrap().cards.truncate(10);
    let (pages, cursor) = pass(&trello, &tasks(), &cursor).await;
    assert_eq!(pages.len(), 2, "everything is read");
    server.asked();
    pass(&trello, &tasks(), &cursor).await;
    assert_eq!(server.calls(), [cards_call(), actions_call()]);
}

#[tokio::test]
async fn a_server_that_ignores_where_a_page_begins_is_found_out() {
    let mut world = World::small();
    let all: Vec<_> = (0..1_000).map(|n| card(&id(n), "l1")).collect();
    world.instead = Some(Box::new(move |asked| asked.path().ends_with("/cards").then(|| (200, all.clone().into()))));
    let server = Server::new(world).await;
    let trello = server.trello();
    let first = trello.pull(&tasks(), &Cursor::default()).await.unwrap();
    let error = trello.pull(&tasks(), &first.next).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Malformed { .. }), "{error}");
}
