//! Opening: the lock, the checks that refuse a file rather than harm it, the settings of a connection, migrations with a
//! copy beside them. Nothing here is ever overwritten or made anew in place of something that could not be read.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::super::StoreError;

/// `gapw`, in the header of every store.
const APPLICATION_ID: i64 = 0x6761_7077;
/// The first release of the library without known faults in what we rely on.
const OLDEST_SQLITE: i32 = 3_051_003;

mod embedded {
    #![allow(missing_docs, unreachable_pub)]
    refinery::embed_migrations!("src/store/sqlite/migrations");
}

/// The schema this program writes.
pub(super) fn newest_schema() -> i64 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// `<file>.lock` and the like.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the exclusive lock; it is given back when the file is dropped, also by a crash.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let name = beside(path, ".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&name);
    let file = opened.map_err(|error| unreachable(&name, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(unreachable(&name, &error)),
    }
}

/// Opens the file for writing, makes it if it is not there, and brings its schema up to date.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    library_is_new_enough()?;
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| unreachable(path, &error))?;
    is_database(path, &mut file)?;
    keep_private(&file);
    drop(file);
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| unusable(path, error))?;
    prepare(path, &mut db).map_err(|error| explained(path, error))?;
    Ok(db)
}

/// Opens a database in memory, shared by its name within this process.
pub(super) fn memory(name: &str) -> Result<Connection, StoreError> {
    library_is_new_enough()?;
    let mut db = memory_connection(name, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    set_up(&db)?;
    migrate(&mut db)?;
    Ok(db)
}

/// A second connection to a database in memory.
pub(super) fn memory_reader(name: &str) -> Result<Connection, StoreError> {
    let db = memory_connection(name, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

fn memory_connection(name: &str, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(format!("file:/{name}?vfs=memdb"), flags)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(200);
    Ok(db)
}

/// Opens the file to read only, beside whoever writes it; takes no lock.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    library_is_new_enough()?;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(words(format!(
                "there is no store at {} yet; `gapwatch run --once` creates and fills it",
                path.display()
            )));
        }
        Err(error) => return Err(unreachable(path, &error)),
    };
    is_database(path, &mut file)?;
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| unusable(path, error))?;
    let found = schema_of(path, &db).map_err(|error| explained(path, error))?;
    if found < newest_schema() {
        let text = format!(
            "the store {} was written by an older version; run `gapwatch sync` once to update it",
            path.display()
        );
        return Err(words(text));
    }
    Ok(db)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(200);
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "temp_store", "memory")?;
    Ok(db)
}

fn prepare(path: &Path, db: &mut Connection) -> Result<(), StoreError> {
    let found = schema_of(path, db)?;
    set_up(db)?;
    if found == 0 {
        // Before anything else: a store whose making was cut short must be known as ours by the next start.
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    if found > 0 && found < newest_schema() {
        let copy = beside(path, &format!(".before-v{}", newest_schema()));
        copy_to(db, &copy, true)?;
    }
    migrate(db)
}

/// The settings of the writing connection. A commit is on the disk when it returns.
fn set_up(db: &Connection) -> Result<(), StoreError> {
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update_and_check(None, "journal_size_limit", 64 * 1024 * 1024, |_| Ok(()))?;
    // The default of 1,000 pages halves the first read of a large tracker.
    db.pragma_update_and_check(None, "wal_autocheckpoint", 8_000, |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -32 * 1024)?;
    Ok(())
}

/// For a command that reads a tracker from one end to the other: it comes back to few pages, and more of them in memory only
/// cost what it takes to fill them.
pub(super) fn save_memory(db: &Connection) -> Result<(), StoreError> {
    Ok(db.pragma_update(None, "cache_size", -16 * 1024)?)
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let done = embedded::migrations::runner().set_grouped(true).run(db);
    done.map(|_| ()).map_err(|error| {
        let cause = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source()).last();
        words(format!("the store could not be made or updated: {}", cause.unwrap_or(&error)))
    })
}

/// The schema's version; 0 for an empty file. Refuses what is not ours, or newer than we are.
fn schema_of(path: &Path, db: &Connection) -> Result<i64, StoreError> {
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(0);
    }
    let id: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(foreign(path));
    }
    let found = db.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0)).optional()?;
    let found: i64 = found.flatten().unwrap_or(0);
    if found > newest_schema() {
        return Err(words(format!(
            "the store {} was written by a newer gapwatch (schema {found}, this one knows {}); install that version again, \
             or restore the copy made before the update",
            path.display(),
            newest_schema()
        )));
    }
    Ok(found)
}

fn library_is_new_enough() -> Result<(), StoreError> {
    if rusqlite::version_number() >= OLDEST_SQLITE {
        return Ok(());
    }
    Err(words(format!("SQLite {} is too old, 3.51.3 is needed; use the released program", rusqlite::version())))
}

fn is_database(path: &Path, file: &mut File) -> Result<(), StoreError> {
    let mut head = Vec::with_capacity(16);
    file.take(16).read_to_end(&mut head).map_err(|error| unreachable(path, &error))?;
    if head.is_empty() || head == *b"SQLite format 3\0" { Ok(()) } else { Err(foreign(path)) }
}

/// Titles and names are in it: nobody else on the machine reads it. What we may not change we leave as it is.
fn keep_private(file: &File) {
    let open_to_others = file.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if open_to_others && let Err(error) = file.set_permissions(std::fs::Permissions::from_mode(0o600)) {
        tracing::warn!(%error, "the store can be read by others");
    }
}

/// An online copy into a new file; `replace` allows one that is there already.
pub(super) fn copy_to(db: &Connection, to: &Path, replace: bool) -> Result<(), StoreError> {
    if !replace && to.exists() {
        return Err(words(format!("{} is there already; name a file that is not", to.display())));
    }
    let part = beside(to, ".part");
    let made = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&part);
    drop(made.map_err(|error| unreachable(&part, &error))?);
    let mut copy = Connection::open(&part)?;
    Backup::new(db, &mut copy)?.run_to_completion(10_000, Duration::ZERO, None)?;
    // Whole in one file, so that it can be carried away.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)?;
    std::fs::rename(&part, to).map_err(|error| unreachable(to, &error))
}

/// What is wrong with the file, one line each; empty: nothing.
pub(super) fn check(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    let mut whole = db.prepare("PRAGMA integrity_check")?;
    for line in whole.query_map([], |row| row.get::<_, String>(0))? {
        lines.push(line?);
    }
    lines.retain(|line| line != "ok");
    let mut keys = db.prepare("PRAGMA foreign_key_check")?;
    let broken = keys.query_map([], |row| {
        let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{table} row {} refers to a row of {parent} that is not there", id.unwrap_or(0)))
    })?;
    for line in broken {
        lines.push(line?);
    }
    Ok(lines)
}

fn words(what: String) -> StoreError {
    StoreError::Unusable { what }
}

fn foreign(path: &Path) -> StoreError {
    words(format!(
        "{} is not a gapwatch store, so it was left alone; set another file as `url` in [store]",
        path.display()
    ))
}

/// A file or folder that cannot be reached: says what to do about it.
fn unreachable(path: &Path, error: &io::Error) -> StoreError {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match error.kind() {
        io::ErrorKind::NotFound => words(format!(
            "the folder {} for the store is not there; make it: mkdir -p {}",
            parent.display(),
            parent.display()
        )),
        io::ErrorKind::PermissionDenied => {
            let owner = std::fs::metadata(parent).map_or_else(|_| "?".to_owned(), |meta| meta.uid().to_string());
            let us = std::fs::metadata("/proc/self").map_or_else(|_| "?".to_owned(), |meta| meta.uid().to_string());
            words(format!(
                "{} may not be opened by user {us} (its folder belongs to user {owner}); give it away: \
                 chown -R {us} {}",
                path.display(),
                parent.display()
            ))
        }
        _ => words(format!("{} cannot be opened: {error}", path.display())),
    }
}

/// Faults of the file itself become words for the operator; everything else stays what it is.
fn unusable(path: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign(path),
        Some(ErrorCode::DatabaseCorrupt) => words(format!(
            "the store {} is damaged ({error}); move it away together with its -wal and -shm files and restore a backup",
            path.display()
        )),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => words(format!(
            "the store {} cannot be opened ({error}); check that this user may write the file and its folder",
            path.display()
        )),
        _ => StoreError::Failed(error),
    }
}

fn explained(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Failed(error) => unusable(path, error),
        other => other,
    }
}
