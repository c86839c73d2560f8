//! The file: its lock, its owner, what is refused and what is never harmed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::domain::alert::Round;
use crate::store::{Reader, StoreError};

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gapwatch.db");
    (dir, path)
}

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(&StorePath::File(path.to_owned()), start())
}

fn refusal<T>(result: Result<T, StoreError>) -> String {
    match result.err() {
        Some(StoreError::Unusable { what }) => what,
        Some(other) => panic!("not refused but {other:?}"),
        None => panic!("not refused"),
    }
}

#[test]
fn each_start_raises_the_epoch_and_keeps_the_key() {
    let (_dir, path) = place();
    let store = open(&path).unwrap();
    let mark = store.key().sign("00112233445566778899aabbccddeeff");
    assert_eq!((store.epoch(), store.last_tick()), (1, start()));
    drop(store);
    let mut store = Store::open(&StorePath::File(path.clone()), mins(7)).unwrap();
    assert_eq!((store.epoch(), store.last_tick()), (2, start()));
    assert!(store.key().believes(&mark));
    store.tick(mins(8)).unwrap();
    drop(store);
    assert_eq!(open(&path).unwrap().last_tick(), mins(8));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_commit_is_on_the_disk_when_it_returns() {
    let (_dir, path) = place();
    let store = open(&path).unwrap();
    let setting = |name: &str| -> String {
        store
            .db
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(setting("journal_mode"), "Text(\"wal\")");
    assert_eq!(setting("synchronous"), "Integer(2)");
    assert_eq!(setting("foreign_keys"), "Integer(1)");
    assert!(rusqlite::version_number() >= 3_051_003);
}

#[test]
fn a_second_process_is_refused_until_the_first_is_gone() {
    let (_dir, path) = place();
    let first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(StoreError::Locked { .. })));
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_foreign_file_is_refused_and_left_as_it_is() {
    let (_dir, path) = place();
    std::fs::write(&path, "dear diary, a long enough text to be no database").unwrap();
    assert!(refusal(open(&path)).contains("not a gapwatch store"));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("dear diary"));
    assert!(refusal(Reader::open(&StorePath::File(path.clone()))).contains("not a gapwatch store"));
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs(a)").unwrap();
    drop(other);
    assert!(refusal(open(&path)).contains("not a gapwatch store"));
    let tables: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn a_store_whose_making_was_cut_short_is_made_by_the_next_start() {
    for step in 0..3 {
        let (_dir, path) = place();
        let db = rusqlite::Connection::open(&path).unwrap();
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
        if step > 0 {
            db.pragma_update(None, "application_id", 0x6761_7077).unwrap();
        }
        if step > 1 {
            let made = "CREATE TABLE refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255),
                          applied_on VARCHAR(255), checksum VARCHAR(255))";
            db.execute_batch(made).unwrap();
        }
        drop(db);
        drop(open(&path).unwrap());
        Reader::open(&StorePath::File(path)).unwrap();
    }
}

#[test]
fn a_damaged_store_is_refused_in_words() {
    let (_dir, path) = place();
    drop(open(&path).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..].fill(0xAA);
    std::fs::write(&path, &bytes).unwrap();
    assert!(refusal(open(&path)).contains("restore a backup"));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn the_store_of_a_newer_program_is_refused() {
    let (_dir, path) = place();
    let store = open(&path).unwrap();
    store
        .db
        .execute(
            "UPDATE refinery_schema_history SET version = 99
           WHERE version = (SELECT max(version) FROM refinery_schema_history)",
            [],
        )
        .unwrap();
    drop(store);
    assert!(refusal(open(&path)).contains("newer gapwatch"));
    assert!(refusal(Reader::open(&StorePath::File(path.clone()))).contains("newer gapwatch"));
}

#[test]
fn a_missing_folder_and_a_missing_store_say_what_to_do() {
    let (dir, path) = place();
    let lost = dir.path().join("nowhere/gapwatch.db");
    assert!(refusal(open(&lost)).contains("mkdir -p"));
    assert!(
        refusal(Reader::open(&StorePath::File(path.clone()))).contains("`gapwatch run --once` creates and fills it")
    );
    assert!(!path.exists());
}

#[test]
fn a_process_that_is_no_longer_the_owner_cannot_write() {
    let (_dir, path) = place();
    let mut world = World::on(open(&path).unwrap(), &plan());
    world.select(&["web"]);
    world.tasks(vec![task("1")]);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute("UPDATE org SET epoch = epoch + 1, seq = seq + 5", []).unwrap();
    let page = Page { tasks: vec![task("2")], ..world.page() };
    let stream = world.stream(StreamKind::Tasks, "web");
    let write = PageWrite { stream: &stream, page: &page, now: start() };
    for _ in 0..2 {
        assert!(matches!(world.store.apply_page(&write), Err(StoreError::TakenOver)));
    }
    assert!(matches!(world.store.commit_round(&Round::default(), None, start()), Err(StoreError::TakenOver)));
    assert!(matches!(world.store.tick(start()), Err(StoreError::TakenOver)));
    assert_eq!(world.count("tasks"), 1);
}

#[test]
fn after_a_commit_of_doubtful_outcome_the_owner_goes_on() {
    let (_dir, path) = place();
    let mut world = World::on(open(&path).unwrap(), &plan());
    world.select(&["web"]);
    // As if a commit had returned an error after it had happened.
    world.store.db.execute("UPDATE org SET seq = seq + 1", []).unwrap();
    let page = Page { tasks: vec![task("1")], ..world.page() };
    let stream = world.stream(StreamKind::Tasks, "web");
    let write = PageWrite { stream: &stream, page: &page, now: start() };
    assert!(world.store.apply_page(&write).is_err());
    world.board = Board::new(world.store.load(start(), rule).unwrap());
    world.tasks(vec![task("1")]);
    world.assert_board();
}

#[test]
fn a_page_that_fails_leaves_nothing_behind() {
    let mut world = World::new();
    world
        .store
        .db
        .execute_batch("CREATE TRIGGER stop BEFORE UPDATE OF cursor ON streams BEGIN SELECT raise(ABORT, 'full'); END")
        .unwrap();
    let stream = world.stream(StreamKind::Tasks, "web");
    let mut page = world.page();
    page.tasks = vec![Task { owners: vec!["u1".to_owned()], ..task("1") }];
    page.containers = vec![milestone("m1", None)];
    assert!(world.store.apply_page(&PageWrite { stream: &stream, page: &page, now: start() }).is_err());
    assert_eq!((world.count("tasks"), world.count("accounts")), (0, 3));
    world.store.db.execute_batch("DROP TRIGGER stop").unwrap();
    world.pull(StreamKind::Tasks, "web", page);
    world.assert_board();
    assert_eq!(world.count("tasks"), 1);
}

#[test]
fn a_reader_works_beside_the_owner_and_alone() {
    let (_dir, path) = place();
    let mut world = World::on(open(&path).unwrap(), &plan());
    world.select(&["web"]);
    world.tasks(vec![task("1")]);
    let reader = Reader::open(&StorePath::File(path.clone())).unwrap();
    assert_eq!(reader.load(start(), rule).unwrap().tasks.len(), 1);
    world.now = mins(1);
    world.tasks(vec![task("2")]);
    assert_eq!(reader.load(start(), rule).unwrap().tasks.len(), 2);
    drop((world, reader));
    let reader = Reader::open(&StorePath::File(path.clone())).unwrap();
    let image = reader.load(start(), rule).unwrap();
    assert_eq!((image.tasks.len(), image.connections.len(), image.people.persons.len()), (2, 1, 2));
    assert!(reader.check().unwrap().is_empty());
}

#[test]
fn a_backup_is_a_store_and_overwrites_nothing() {
    let (dir, path) = place();
    let mut world = World::on(open(&path).unwrap(), &plan());
    world.select(&["web"]);
    world.tasks(vec![task("1")]);
    let copy = dir.path().join("copy.db");
    world.store.backup(&copy).unwrap();
    assert!(refusal(world.store.backup(&copy)).contains("there already"));
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let restored = open(&copy).unwrap();
    assert_eq!(restored.load(start(), rule).unwrap().tasks.len(), 1);
    assert!(restored.check().unwrap().is_empty());
}

#[test]
fn check_names_what_is_wrong() {
    let world = World::new();
    world.store.db.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO task_owners VALUES (77, 78);").unwrap();
    let lines = world.store.check().unwrap();
    assert!(lines.iter().any(|line| line.contains("task_owners")), "{lines:?}");
}
