//! Against the model of Trello: what people do there, and what comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::{Commenter, Cursor, Found, Page, Source, StreamKey, StreamKind, TaskLook, Text};
use connector_model::{Change, Due, Field, LinkKind, Mark, Need, StatusCategory, Task, TaskRef};
use connector_simulator::trello::CardDraft;
use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp};

use super::server::{pass, stream};
use crate::{Config, Fields, States, Trello};

/// The model, the connector, and one clock for both.
struct Bench {
    sim: Simulator,
    trello: Trello,
    clock: Arc<SetClock>,
    seconds: Arc<AtomicI64>,
    board: String,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Bench {
    async fn new() -> Bench {
        let start = at("2026-03-02T09:00:00Z");
        let seconds = Arc::new(AtomicI64::new(start.as_second()));
        let seen = seconds.clone();
        let now = Arc::new(move || Timestamp::from_second(seen.load(Ordering::SeqCst)).unwrap());
        let sim = Simulator::start(now).await.unwrap();
        let board = sim.trello().board("Studio");
        for list in ["To Do", "Doing", "Done"] {
            sim.trello().list("Studio", list);
        }
        let clock = Arc::new(SetClock::leaping(start));
        let mut bench = Bench { trello: connect(&sim, &clock), sim, clock, seconds, board };
        bench.pass_time(1);
        bench
    }

    fn pass_time(&mut self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.seconds.fetch_add(minutes * 60, Ordering::SeqCst);
    }

    fn tasks(&self) -> StreamKey {
        stream(StreamKind::Tasks, &self.board)
    }

    async fn read(&self, cursor: &Cursor) -> (Vec<Task>, Vec<Page>, Cursor) {
        let (pages, cursor) = pass(&self.trello, &self.tasks(), cursor).await;
        assert!(pages.iter().all(|page| page.unreadable.is_empty()));
        (pages.iter().flat_map(|page| page.tasks.clone()).collect(), pages, cursor)
    }
}

fn connect(sim: &Simulator, clock: &Arc<SetClock>) -> Trello {
    let config = Config {
        url: format!("{}/1", sim.trello_url().trim_end_matches('/').trim_end_matches("/1")).parse().unwrap(),
        key: Secret::fixed("key0123456789"),
        token: Secret::fixed("token0123456789"),
        boards: Vec::new(),
        states: States::default(),
        fields: Fields::default(),
        ca_file: None,
        proxy: None,
    };
    Trello::new(config, clock.clone()).unwrap()
}

fn only<T: Clone>(all: &[T]) -> T {
    assert_eq!(all.len(), 1);
    all[0].clone()
}

#[tokio::test]
async fn what_people_do_to_a_card_is_told_by_two_calls_a_poll() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let card = model.card("Studio", "To Do", CardDraft::new("Paint the sign"));
    let (tasks, pages, mut cursor) = bench.read(&Cursor::default()).await;
    assert_eq!(only(&tasks).status.category, StatusCategory::Todo);
    assert!(pages.last().unwrap().history_since.is_some());
    model.assign(&card, "ana", "max");
    type Deed<'a> = (&'a str, Box<dyn Fn() + 'a>, Field);
    let due = at("2026-03-20T16:00:00Z");
    let deeds: Vec<Deed<'_>> = vec![
        ("due", Box::new(|| model.due(&card, Some(due), "max")), Field::Due),
        ("moved", Box::new(|| model.to_list(&card, "Doing", "ana")), Field::Status),
        ("said", Box::new(|| drop(model.comment(&card, "half of it is there", "ana"))), Field::Comment),
        ("renamed", Box::new(|| model.rename(&card, "Paint both signs", "max")), Field::Title),
        ("taken off", Box::new(|| model.unassign(&card, "ana", "max")), Field::Owner),
        ("ticked off", Box::new(|| model.complete(&card, true, "ana")), Field::Status),
        ("archived", Box::new(|| model.archive(&card, true, "max")), Field::Status),
    ];
    for (name, deed, field) in deeds {
        deed();
        bench.pass_time(3);
        bench.sim.forget_requests();
        let (tasks, pages, next) = bench.read(&cursor).await;
        cursor = next;
        let asked = bench.sim.requests().len();
        assert!(asked == if name == "archived" { 3 } else { 2 }, "{name}: {asked}");
        assert!(pages[0].changes.iter().any(|change| change.field == field), "{name}: {:?}", pages[0].changes);
        let task = only(&tasks);
        match name {
            "due" => assert_eq!(task.due.unwrap().due, Due::At(due)),
            "moved" => assert_eq!(task.status.category, StatusCategory::Active),
            "renamed" => assert_eq!(task.title, "Paint both signs"),
            "taken off" => assert!(task.owners.is_empty()),
            "ticked off" | "archived" => assert_eq!(task.status.category, StatusCategory::Done),
            _ => assert_eq!(task.owners, [model.member_id("ana")]),
        }
    }
    bench.pass_time(3);
    bench.sim.forget_requests();
    let (tasks, ..) = bench.read(&cursor).await;
    assert_eq!((tasks.len(), bench.sim.requests().len()), (0, 2));
}

#[tokio::test]
async fn a_blocker_is_an_attached_card_and_a_label() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let card = model.card("Studio", "Doing", CardDraft::new("Paint the sign"));
    let other = model.card("Studio", "To Do", CardDraft::new("Buy paint"));
    model.block(&card, &other);
    model.label(&card, "Blocked", "max");
    bench.pass_time(1);
    let (tasks, ..) = bench.read(&Cursor::default()).await;
    let blocked = tasks.iter().find(|task| task.ext == card).unwrap();
    assert_eq!(blocked.status.category, StatusCategory::Waiting);
    let link = only(blocked.links.as_ref().unwrap());
    assert_eq!((link.kind, link.other), (LinkKind::BlockedBy, TaskRef::Key(model.short_link(&other))));
}

#[tokio::test]
async fn our_comment_is_made_found_edited_and_taken_away() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let card = model.card("Studio", "Doing", CardDraft::new("Paint the sign"));
    let (tasks, _, cursor) = bench.read(&Cursor::default()).await;
    let handle = only(&tasks).handle;
    let mark = Mark { wire: "1".repeat(32), mac: "2".repeat(32) };
    let since = at("2026-03-02T09:00:00Z");
    assert_eq!(bench.trello.find(&handle, &mark, since).await.unwrap(), Found::Absent);
    let text = Text { summary: "Behind @ana's pace: 50% *now*".to_owned(), blocks: Vec::new() };
    let made = bench.trello.post(&handle, &text, &mark).await.unwrap();
    assert_eq!(bench.trello.find(&handle, &mark, since).await.unwrap(), Found::There(made.clone()));
    bench.trello.edit(&handle, &made, &text, &mark).await.unwrap();
    let seen = only(&model.comments(&card));
    assert!(seen.by_app && seen.edits == 1 && seen.text.ends_with(&mark.to_text()), "{}", seen.text);
    bench.pass_time(2);
    let (_, pages, _) = bench.read(&cursor).await;
    let marks: Vec<Mark> = pages[0].changes.iter().filter_map(|change| change.mark.clone()).collect();
    assert_eq!(only(&marks), mark);
    bench.trello.delete(&handle, &made).await.unwrap();
    assert!(model.comments(&card).is_empty());
    bench.trello.delete(&handle, &made).await.unwrap();
    // An answer without a word: then it is looked for.
    model.accepted_only(true);
    let unsure = bench.trello.post(&handle, &text, &mark).await.unwrap_err();
    assert!(matches!(unsure, connector_kit::WriteError::Unsure { .. }), "{unsure}");
    assert!(matches!(bench.trello.find(&handle, &mark, since).await.unwrap(), Found::There(_)));
}

#[tokio::test]
async fn deleted_and_moved_cards_are_missed_and_looked_for() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let hidden = model.board("Elsewhere");
    model.list("Elsewhere", "Doing");
    let [deleted, moved, stays] = ["a", "b", "c"].map(|name| model.card("Studio", "Doing", CardDraft::new(name)));
    let (tasks, _, cursor) = bench.read(&Cursor::default()).await;
    let handle = |id: &str| tasks.iter().find(|task| task.ext == id).unwrap().handle.clone();
    model.delete(&deleted);
    model.move_to_board(&moved, "Elsewhere", "Doing", "max");
    bench.pass_time(2);
    let (left, ..) = bench.read(&cursor).await;
    assert!(left.is_empty());
    let (census, _) = pass(&bench.trello, &stream(StreamKind::Census, &bench.board), &Cursor::default()).await;
    assert_eq!(census[0].present, [TaskRef::Ext(stays)]);
    assert_eq!(bench.trello.task(&handle(&deleted)).await.unwrap(), TaskLook::Gone);
    let TaskLook::There(page) = bench.trello.task(&handle(&moved)).await.unwrap() else { panic!("it is there") };
    assert_eq!(page.tasks[0].container.ext, hidden);
    model.hide("Elsewhere", true);
    assert_eq!(bench.trello.task(&handle(&moved)).await.unwrap(), TaskLook::Hidden);
}

#[tokio::test]
async fn no_request_of_a_whole_day_holds_a_credential_in_its_address() {
    let bench = Bench::new().await;
    bench.sim.trello().card("Studio", "Doing", CardDraft::new("Paint the sign"));
    let who = bench.trello.whoami().await.unwrap();
    assert!(who.account.is_some());
    let page = bench.trello.pull(&StreamKey { kind: StreamKind::Containers, scope: None }, &Cursor::default()).await;
    assert_eq!(only(&page.unwrap().containers).name, "Studio");
    bench.read(&Cursor::default()).await;
    let asked = bench.sim.requests();
    assert!(asked.len() > 5);
    for one in asked {
        let text = format!("{one:?}");
        assert!(!text.contains("token0123456789") && !text.contains("key0123456789"), "{text}");
    }
}

#[tokio::test]
async fn a_poll_that_failed_halfway_is_made_again_and_loses_nothing() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let card = model.card("Studio", "Doing", CardDraft::new("Paint the sign"));
    let (_, _, mut cursor) = bench.read(&Cursor::default()).await;
    for (n, part) in ["/cards", "/actions"].into_iter().enumerate() {
        for fault in [Fault::Html200, Fault::CutBody, Fault::Status(503, "down".to_owned()), Fault::RateLimited(120)] {
            bench.pass_time(5);
            let words = format!("{n} {fault:?}");
            let at = Timestamp::from_second(bench.seconds.load(Ordering::SeqCst)).unwrap();
            model.rename(&card, &words, "ana");
            bench.sim.fail_next(Tool::Trello, &format!("GET {part}?"), fault, 4);
            let failed = bench.trello.pull(&bench.tasks(), &cursor).await;
            assert!(failed.is_err(), "{words}");
            bench.sim.heal();
            bench.pass_time(5);
            let (tasks, pages, next) = bench.read(&cursor).await;
            cursor = next;
            assert_eq!(only(&tasks).title, words);
            // Earlier ones may be told again.
            let is_this = |change: &&Change| change.field == Field::Title && change.at == at;
            let renamed = |page: &Page| page.changes.iter().filter(is_this).count();
            assert_eq!(pages.iter().map(renamed).sum::<usize>(), 1, "{words}");
        }
    }
}

#[tokio::test]
async fn fields_that_a_plan_takes_away_are_said_and_what_was_known_of_them_stays() {
    let mut bench = Bench::new().await;
    let named = |word: &str| Some(word.to_owned());
    let fields = Fields { start: None, progress: named("Done %"), estimate: named("Hours") };
    bench.trello = Trello::new(Config { fields, ..bench.trello.config.clone() }, bench.clock.clone()).unwrap();
    bench.sim.trello().card("Studio", "To Do", CardDraft::new("Paint"));
    bench.pass_time(1);
    let needs = |pages: &[Page]| -> Vec<(Need, bool)> {
        pages.last().and_then(|page| page.lacks.clone()).unwrap().iter().map(|lack| (lack.need, lack.whole)).collect()
    };
    let (tasks, pages, cursor) = bench.read(&Cursor::default()).await;
    assert_eq!(needs(&pages), [(Need::Progress, false), (Need::Estimate, true)], "the board has no such fields");
    assert_eq!(only(&tasks).untold, [Field::Progress, Field::Estimate]);
    let refused = Fault::Status(403, "forbidden".to_owned());
    bench.sim.fail_next(Tool::Trello, "/customFields", refused, 100);
    bench.pass_time(120);
    let (tasks, pages, _) = bench.read(&cursor).await;
    assert_eq!(needs(&pages), [(Need::Progress, false), (Need::Priority, false), (Need::Estimate, true)]);
    assert_eq!(only(&tasks).untold, [Field::Start, Field::Progress, Field::Estimate, Field::Priority]);
}

#[tokio::test]
async fn a_ticked_item_is_done_since_it_was_ticked_whatever_is_said_on_its_card_since() {
    let mut bench = Bench::new().await;
    let model = bench.sim.trello();
    let card = model.card("Studio", "Doing", CardDraft::new("Paint the sign"));
    model.checklist(&card, "Parts", &["front", "back"]);
    for line in ["front", "back"] {
        model.check_item(&card, line, Some(at("2026-03-20T16:00:00Z")), None);
    }
    bench.pass_time(10);
    model.tick_line(&card, "front", "ana");
    let ticked_at = at("2026-03-02T09:11:00Z");
    bench.pass_time(3 * 24 * 60);
    model.comment(&card, "nice", "max");
    bench.pass_time(1);
    let closed = |tasks: &[Task], title: &str| {
        tasks.iter().find(|task| task.title == title).map(|task| (task.closed_at, task.untold.clone()))
    };
    let (tasks, _, cursor) = bench.read(&Cursor::default()).await;
    assert_eq!(closed(&tasks, "front"), Some((Some(ticked_at), vec![])), "by a first read");
    bench.pass_time(5);
    model.tick_line(&card, "back", "ana");
    let then_at = at("2026-03-05T09:17:00Z");
    let before = bench.trello.requests();
    let (tasks, _, _) = bench.read(&cursor).await;
    assert_eq!(closed(&tasks, "back"), Some((Some(then_at), vec![])), "by a poll");
    assert_eq!(bench.trello.requests() - before, 3, "cards, actions, and the checklists of the one that changed");
    model.comment(&card, "nice again", "max");
    bench.pass_time(60 * 7);
    let (tasks, _, _) = bench.read(&Cursor::default()).await;
    assert_eq!(closed(&tasks, "front"), Some((Some(ticked_at), vec![])));
}
