//! Real boards as their owners exported them, through the whole program. Where the recordings are absent these tests say so
//! and end.

use std::collections::{BTreeMap, BTreeSet};

use connector_simulator::Tool;
use connector_simulator::trello::TrelloRecorded;
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use crate::fixtures;
use crate::lab::{reader, rows};
use crate::world::{World, at};

/// Long after the last of the recorded actions.
const TODAY: &str = "2026-11-02T09:00:00Z";

/// The lists of the board whose due dates were set after the work.
const BACKLOG: &str = "BACKLOG";
const DONE: &str = "DONE";

/// What a working day holds, as long as nothing else is configured: nine to five, Monday to Friday, Greenwich.
const WORKING_DAY: i64 = 8 * 60;

/// A recorded board. `None`: there are no fixtures.
fn board(name: &str) -> Option<TrelloRecorded> {
    let path = fixtures::path(&format!("trello/board-{name}-dev.json.gz"))?;
    Some(TrelloRecorded::load(path).unwrap())
}

/// A world whose Trello serves a recording, and watches nothing else.
async fn serving(recorded: &TrelloRecorded, now: &str) -> World {
    let lines = format!("boards = [\"{}\"]", words(&recorded.board()["id"]));
    let plan = World::plan().on_trello(&lines).top("mode = \"observe\"").messages("backlog = \"hold\"");
    let world = plan.begin(now).await;
    world.sim.trello().serve(recorded);
    world
}

/// Reads everything; fails on whatever could not be read.
async fn read(world: &World) -> (u32, u32, u32) {
    let report = world.engine().pull(true).await.unwrap().remove("trello.acme").unwrap();
    assert_eq!((&report.unreadable[..], &report.failures[..]), (&[][..], &[][..]));
    (report.new, report.changed, report.history)
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list<'a>(board: &'a Value, part: &str) -> &'a [Value] {
    board[part].as_array().map_or(&[], Vec::as_slice)
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn count(world: &World, sql: &str) -> usize {
    rows(&world.store(), sql).join("").parse().unwrap()
}

/// Title, list, deadline, members and whether it is over, by the card's id, as the recording has them.
fn recorded_cards(board: &Value) -> BTreeMap<String, String> {
    let lists: BTreeMap<String, &Value> =
        list(board, "lists").iter().map(|one| (words(&one["id"]), &one["name"])).collect();
    let card = |card: &Value| {
        let due = instant(&card["due"]).map_or_else(|| "-".to_owned(), |due| due.to_string());
        let members: BTreeSet<String> = list(card, "idMembers").iter().map(words).collect();
        let is_over = card["closed"] == true || card["dueComplete"] == true;
        let list = words(lists[&words(&card["idList"])]);
        let shown = format!("{:?} in {list:?} due {due} of {members:?}", words(&card["name"]));
        (words(&card["id"]), if is_over { format!("{shown} over") } else { shown })
    };
    list(board, "cards").iter().map(card).collect()
}

/// The same as it was mirrored. Cards of lists that mean done are over as well: of these only the recorded ones say so.
fn mirrored_cards(world: &World, over: &BTreeSet<String>) -> BTreeMap<String, String> {
    let db = reader(&world.store()).unwrap();
    let sql = "SELECT t.ext, t.title, t.status_raw, t.due, t.closed_at IS NOT NULL,
        (SELECT group_concat(a.ext) FROM task_owners o JOIN accounts a ON a.id = o.account WHERE o.task = t.id)
      FROM tasks t WHERE t.gone_at IS NULL AND coalesce(t.kind, '') <> 'check item'";
    let mut query = db.prepare(sql).unwrap();
    let card = |row: &rusqlite::Row<'_>| {
        let (id, title, list): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (due, is_over, owners): (Option<String>, bool, Option<String>) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let due = due.map_or_else(|| "-".to_owned(), |due| due.parse::<Timestamp>().unwrap().to_string());
        let owners: BTreeSet<String> = owners.iter().flat_map(|all| all.split(',')).map(str::to_owned).collect();
        let shown = format!("{title:?} in {list:?} due {due} of {owners:?}");
        let is_told = is_over && over.contains(&id);
        Ok((id, if is_told { format!("{shown} over") } else { shown }))
    };
    query.query_map([], card).unwrap().map(Result::unwrap).collect()
}

/// Changes of these fields as the recording has them: of dates, of state (list, completion, archive), and comments.
fn recorded_changes(board: &Value) -> [usize; 3] {
    let told = |key: &str| {
        let updates = list(board, "actions").iter().filter(|action| action["type"] == "updateCard");
        updates.filter(|action| action["data"]["old"].get(key).is_some()).count()
    };
    let comments = list(board, "actions").iter().filter(|action| action["type"] == "commentCard").count();
    [told("due"), told("idList") + told("dueComplete") + told("closed"), comments]
}

#[tokio::test]
async fn every_exported_board_is_mirrored_card_for_card_with_its_history() {
    for (name, cards) in [("inovation", 71), ("test-drive", 122), ("sidelinehd", 682), ("fda-food-recalls", 69)] {
        let Some(recorded) = board(name) else { return };
        let world = serving(&recorded, TODAY).await;
        let (new, ..) = read(&world).await;
        assert!(usize::try_from(new).unwrap() >= cards, "{name}: {new}");
        let wanted = recorded_cards(recorded.board());
        assert_eq!(wanted.len(), cards, "{name}");
        let over = wanted.iter().filter(|(_, shown)| shown.ends_with(" over")).map(|(id, _)| id.clone()).collect();
        assert_eq!(mirrored_cards(&world, &over), wanted, "{name}");
        let fields = [2, 0, 13]
            .map(|field| count(&world, &format!("SELECT count(*) FROM changes WHERE field = {field} AND origin = 0")));
        // What is told of a card that is not there any more has no task it could be of.
        let there: BTreeSet<&String> = wanted.keys().collect();
        let mut known = recorded.board().clone();
        let is_known = |action: &Value| there.contains(&words(&action["data"]["card"]["id"]));
        known["actions"] = list(recorded.board(), "actions").iter().filter(|one| is_known(one)).cloned().collect();
        assert_eq!(fields, recorded_changes(&known), "{name}: dates, states, comments");

        for _ in 0..3 {
            world.later_by_minutes(5);
            assert_eq!(read(&world).await, (0, 0, 0), "{name}: read again");
        }
        for _ in 0..3 {
            world.sim.forget_requests();
            world.later_by_minutes(5);
            world.engine().pull(false).await.unwrap();
            let asked = world.sim.requests().into_iter().filter(|request| request.tool == Tool::Trello);
            let asked: Vec<String> = asked.map(|request| request.path).collect();
            assert_eq!(asked.len(), 2, "{name}: a steady poll: {asked:?}");
        }
        println!("figure T-R: {name}: {cards} cards, {fields:?} changes of dates, states and comments, 2 calls a poll");
    }
}

/// A card's present deadline and where it lies, as its actions tell, without a word of ours.
#[derive(Debug, Clone, Default)]
struct Told {
    due: Option<Timestamp>,
    set_at: Option<Timestamp>,
    complete: bool,
    list: String,
}

impl Told {
    /// Every card of a recording that was made by then.
    fn as_of(board: &Value, now: Timestamp) -> BTreeMap<String, Told> {
        let mut actions: Vec<&Value> = list(board, "actions").iter().collect();
        actions.sort_by_key(|action| instant(&action["date"]));
        let lists: BTreeMap<String, &Value> =
            list(board, "lists").iter().map(|one| (words(&one["id"]), &one["name"])).collect();
        let mut all = BTreeMap::new();
        for card in list(board, "cards") {
            let id = words(&card["id"]);
            let born = Timestamp::from_second(i64::from_str_radix(&id[..8], 16).unwrap()).unwrap();
            if born > now {
                continue;
            }
            let mine: Vec<&Value> = actions
                .iter()
                .filter(|action| action["type"] == "updateCard" && action["data"]["card"]["id"] == id.as_str())
                .copied()
                .collect();
            let moved = mine.iter().find(|action| action["data"]["listBefore"].is_object());
            let first =
                moved.map_or_else(|| lists[&words(&card["idList"])], |action| &action["data"]["listBefore"]["name"]);
            // What was there before any change of it.
            let due = match mine.iter().find_map(|action| action["data"]["old"].get("due")) {
                Some(old) => instant(old),
                None => instant(&card["due"]),
            };
            let complete = match mine.iter().find_map(|action| action["data"]["old"].get("dueComplete")) {
                Some(old) => old == true,
                None => card["dueComplete"] == true,
            };
            let mut told = Told { due, set_at: due.map(|_| born), complete, list: words(first) };
            for action in mine.iter().filter(|action| instant(&action["date"]).is_some_and(|at| at <= now)) {
                let (old, card) = (&action["data"]["old"], &action["data"]["card"]);
                if old.get("due").is_some() {
                    told.due = instant(&card["due"]);
                    told.set_at = instant(&action["date"]);
                }
                if old.get("dueComplete").is_some() {
                    told.complete = card["dueComplete"] == true;
                }
                if old.get("idList").is_some() {
                    told.list = words(&action["data"]["listAfter"]["name"]);
                }
            }
            all.insert(words(&card["shortLink"]), told);
        }
        all
    }

    /// Whether it is to be called overdue.
    fn is_overdue(&self, now: Timestamp) -> bool {
        let (Some(due), Some(set_at)) = (self.due, self.set_at) else { return false };
        if self.complete || self.list == DONE || self.list == BACKLOG || due > now {
            return false;
        }
        worked(set_at, due) >= WORKING_DAY || worked(due.max(set_at), now) >= WORKING_DAY
    }
}

/// Whole minutes of work between two instants, counted one by one.
fn worked(from: Timestamp, to: Timestamp) -> i64 {
    let (mut at, mut minutes) = (from, 0);
    while at + 1.minute() <= to {
        let local = at.to_zoned(jiff::tz::TimeZone::UTC);
        let is_weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        minutes += i64::from(!is_weekend && (9..17).contains(&local.hour()));
        at += 1.minute();
    }
    minutes
}

/// The keys of the cards that are called overdue now.
async fn overdue(world: &World) -> BTreeSet<String> {
    let open = world.open().await;
    let ours = open.iter().filter(|gap| gap.starts_with("overdue "));
    ours.map(|gap| gap.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_due_date_that_was_set_in_its_last_hours_or_after_the_work_is_no_missed_deadline() {
    let Some(recorded) = board("inovation") else { return };
    let board = recorded.board();
    let dated: BTreeSet<String> = list(board, "cards")
        .iter()
        .filter(|card| card["due"].is_string())
        .map(|card| words(&card["shortLink"]))
        .collect();
    assert_eq!(dated.len(), 63);
    let mut world = serving(&recorded, "2020-02-05T09:00:00Z").await;
    let (mut called, mut looks) = (BTreeSet::new(), 0);
    while world.now() < at("2020-06-18T09:00:00Z") {
        world.sim.trello().as_of(world.now());
        let told = Told::as_of(board, world.now());
        world.run().await;
        // What is over may be taken back at once, and is called so a little later.
        world.later(SignedDuration::from_mins(20)).run().await;
        let now = world.now();
        let wanted: BTreeSet<String> =
            told.iter().filter(|(_, card)| card.is_overdue(now)).map(|(key, _)| key.clone()).collect();
        let found = overdue(&world).await;
        assert_eq!(found, wanted, "{now}");
        called.extend(found);
        looks += 1;
        world.later(SignedDuration::from_mins(12 * 60 - 20));
    }
    println!("figure T-R: {} of {} dated cards called overdue in {looks} looks: {called:?}", called.len(), dated.len());
    assert!(called.is_subset(&dated));
    // Thirteen of the dates stood for half a day before they fell due.
    assert!((1..=13).contains(&called.len()), "{called:?}");
}
