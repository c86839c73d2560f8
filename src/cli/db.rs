//! `db backup` and `db check`.

use std::path::Path;

use super::Exit;
use super::open::{From, LOOKING, Stopped, settings};
use crate::daemon::store_path;
use crate::store::{Reader, StorePath};

/// Copies the database while it may be in use, and checks the copy.
pub(super) fn backup(from: &From, file: &Path) -> Result<Exit, Stopped> {
    let settings = settings(from, LOOKING)?;
    if file.exists() {
        return Err(Stopped::usage(format!("{} is there already; a backup overwrites nothing", file.display())));
    }
    Reader::open(&store_path(&settings))?.backup(file)?;
    let wrong = Reader::open(&StorePath::File(file.to_owned()))?.check()?;
    if wrong.is_empty() {
        anstream::println!("{} written and checked.", file.display());
        return Ok(Exit::Done);
    }
    Err(Stopped::failed(format!("the copy is damaged: {}", wrong.join("; "))))
}

/// Checks the database.
pub(super) fn check(from: &From) -> Result<Exit, Stopped> {
    let settings = settings(from, LOOKING)?;
    let wrong = Reader::open(&store_path(&settings))?.check()?;
    if wrong.is_empty() {
        anstream::println!("The database is sound.");
        return Ok(Exit::Done);
    }
    Err(Stopped::failed(format!("the database is damaged; restore a backup:\n{}", wrong.join("\n"))))
}
